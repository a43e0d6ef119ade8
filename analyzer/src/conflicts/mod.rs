//! Which calls conflict, when, and on what: verdicts on pairs of entry points and classes of each against itself (MODEL §3).
//!
//! For each pair of accesses whose modes conflict under the chain model, `compare` says when their keys meet. The union
//! over all pairs of accesses is the pair's condition. Nothing here knows a framework. Every simplification makes a
//! condition weaker, so a verdict `never`, or a condition that is false, can be relied on (MODEL §5).

mod access;
mod class;
mod compare;
pub mod condition;
pub mod evaluate;
#[cfg(feature = "source")]
pub(crate) mod link;
pub mod words;

#[doc(hidden)]
pub mod samples;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use crate::chains::{ChainModel, Outcome};
use crate::ir::{CellId, Contract, EntryKind, Mode};
pub(crate) use access::{OVERLAP, aliases, shared_by_key};
pub use class::Class;
pub use condition::{Atom, Condition, Conj, First};

/// Reasons of unknowns about what code does. Where transactions declare what they lock, such code can lock nothing more;
/// other reasons are about the declaration itself.
pub(crate) const IN_CODE: [&str; 9] = [
    "unresolved-call",
    "unknown-macro",
    "open-trait",
    "missing-dependency",
    "unknown-function",
    "unknown-cell",
    "budget",
    "too-deep",
    "unsafe",
];

/// Which frames a verdict is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// This contract's cells, in frames that the entry point opens.
    Own,
    /// All frames of the transaction: calls out that are not linked are unknowns.
    Transaction,
}

impl Scope {
    /// The word in manifests.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Own => "own",
            Scope::Transaction => "transaction",
        }
    }
}

/// What is known about a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VerdictKind {
    /// They never conflict.
    Never,
    /// They conflict when the condition holds.
    When,
    /// No knowledge of keys can separate them.
    Always,
    /// Something that could not be seen may make them conflict.
    Unknown,
}

/// What in an entry point meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Site {
    /// Index in the entry's `accesses`.
    Access(usize),
    /// Index in the entry's `accounts`: a declared lock.
    Account(usize),
    /// Index in the entry's `unknowns`.
    Unknown(usize),
    /// Index in the entry's `externals`.
    External(usize),
    /// The contract as a whole.
    Contract,
}

/// Two accesses that may meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meet {
    /// The cell of `a`'s access; none for declared locks, unknowns and whole contracts.
    pub cell: Option<CellId>,
    /// The cell of `b`'s access; another one where cells share a unit.
    pub other: Option<CellId>,
    /// Of call `a`.
    pub a: Site,
    /// Of call `b`.
    pub b: Site,
    /// When.
    pub when: Condition,
    /// True if one side is an unknown.
    pub unknown: bool,
}

/// The verdict on a pair `(a, b)` of entry points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The kind.
    pub kind: VerdictKind,
    /// When they conflict, as far as it is known; sorted, at most [`condition::LIMIT`] conjunctions of several equalities. Empty for `never`; a
    /// verdict `unknown` may have some.
    pub when: Condition,
    /// What meets, in order of cells.
    pub meets: Vec<Meet>,
    /// What a conflict does; `fails` if what one of them signed may be out of date after the other.
    pub outcome: Outcome,
    /// Assumptions without which the verdict would be stronger, sorted.
    pub assumes: Vec<String>,
}

impl Verdict {
    /// Cells on which known accesses meet, in order, without repetition.
    pub fn cells(&self) -> Vec<CellId> {
        let mut cells: Vec<CellId> =
            self.meets.iter().filter(|meet| !meet.unknown).flat_map(|meet| [meet.cell, meet.other]).flatten().collect();
        cells.sort();
        cells.dedup();
        cells
    }

    /// The verdict on `(b, a)`.
    fn flipped(&self) -> Verdict {
        let flip = |meet: &Meet| Meet {
            cell: meet.other,
            other: meet.cell,
            a: meet.b,
            b: meet.a,
            when: meet.when.flipped(),
            unknown: meet.unknown,
        };
        let mut meets: Vec<Meet> = self.meets.iter().map(flip).collect();
        meets.sort_by_key(|meet| (meet.cell, meet.other, meet.a, meet.b));
        Verdict { when: self.when.flipped(), meets, ..self.clone() }
    }
}

/// Verdicts on all pairs of a contract's entry points, and their classes.
#[derive(Clone, Debug)]
pub struct Verdicts {
    /// The scope they are about.
    pub scope: Scope,
    entries: usize,
    /// Pairs `a ≤ b`, row by row.
    pairs: Vec<Verdict>,
    /// The same the other way round, made when asked for.
    flipped: Vec<OnceLock<Verdict>>,
    classes: Vec<Class>,
    listed: Vec<usize>,
}

impl Verdicts {
    /// The verdict on entry points `a` and `b` (indices in the contract's `entries`), oriented as asked.
    ///
    /// # Panics
    /// If an index is not one of the contract analysed.
    pub fn pair(&self, a: usize, b: usize) -> &Verdict {
        let (low, high) = (a.min(b), a.max(b));
        assert!(high < self.entries, "no entry point {high}");
        let at = triangle(self.entries, low) + high - low;
        if a <= b { &self.pairs[at] } else { self.flipped[at].get_or_init(|| self.pairs[at].flipped()) }
    }

    /// The class of an entry point against itself, in scope `own`.
    ///
    /// # Panics
    /// If the index is not one of the contract analysed.
    pub fn class(&self, entry: usize) -> &Class {
        &self.classes[entry]
    }

    /// Entry points that stand for themselves: those that others refine are left out. Matrices, counts and lists of
    /// conflicts are over these.
    pub fn listed(&self) -> &[usize] {
        &self.listed
    }

    /// Pairs `a ≤ b` of [`Self::listed`] that are not `never`. Pairs of init, migrate and views among themselves are left
    /// out: inits and migrations are no traffic, and views change nothing.
    pub fn conflicts<'a>(&'a self, contract: &'a Contract) -> impl Iterator<Item = (usize, usize, &'a Verdict)> {
        let aside = |entry: usize| {
            matches!(contract.entries[entry].kind, EntryKind::Init | EntryKind::Migrate | EntryKind::View)
        };
        self.listed.iter().enumerate().flat_map(move |(at, &a)| {
            self.listed[at..].iter().filter_map(move |&b| {
                let verdict = self.pair(a, b);
                (verdict.kind != VerdictKind::Never && !(aside(a) && aside(b))).then_some((a, b, verdict))
            })
        })
    }
}

/// Verdicts on a contract under a chain model. Classes are always stated for scope `own` (MODEL §3).
pub fn analyse(contract: &Contract, chain: &ChainModel, scope: Scope) -> Verdicts {
    let entries = contract.entries.len();
    let facts = access::facts(contract, chain);
    let verdict = |scope, a, b| access::verdict(contract, chain, &facts, scope, a, b);
    let pairs: Vec<Verdict> =
        (0..entries).flat_map(|a| (a..entries).map(move |b| (a, b))).map(|(a, b)| verdict(scope, a, b)).collect();
    let classes = (0..entries)
        .map(|entry| match scope {
            Scope::Own => class::of(&pairs[triangle(entries, entry)]),
            Scope::Transaction => class::of(&verdict(Scope::Own, entry, entry)),
        })
        .collect();
    let refined =
        |name: &str| contract.entries.iter().any(|entry| entry.refines.as_deref() == Some(name) && entry.name != name);
    let listed = (0..entries).filter(|&entry| !refined(&contract.entries[entry].name)).collect();
    let flipped = vec![OnceLock::new(); pairs.len()];
    Verdicts { scope, entries, pairs, flipped, classes, listed }
}

/// Index of the pair `(row, row)`.
fn triangle(entries: usize, row: usize) -> usize {
    row * entries - row * row.saturating_sub(1) / 2
}

/// Entry points that observe a cell, without those that others refine (MODEL §8). Deltas nobody looks at, blind writes and
/// lifetime extensions observe nothing.
pub fn readers(contract: &Contract, cell: CellId) -> Vec<usize> {
    let observes = |mode| matches!(mode, Mode::Read | Mode::Probe | Mode::Scan | Mode::Update | Mode::Rewrite);
    let refined = |name: &str| contract.entries.iter().any(|entry| entry.refines.as_deref() == Some(name));
    (0..contract.entries.len())
        .filter(|&at| {
            let entry = &contract.entries[at];
            !refined(&entry.name)
                && entry.accesses.iter().any(|access| access.cell == cell && !access.ttl && observes(access.mode))
        })
        .collect()
}
