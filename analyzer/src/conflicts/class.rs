//! The class of an entry point against itself, from the verdict on the pair with itself.

use super::{Atom, Verdict, VerdictKind};
use crate::chains::Outcome;
use crate::ir::{CellId, Term};

/// How two calls of one entry point of one instance stand to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// Any number at once.
    Parallel,
    /// They may conflict only where values meet.
    Sharded {
        /// Each call has one tuple of values per element; two calls may conflict only if they have a tuple in common. For
        /// people: a disjunction (outer) of conjunctions (inner).
        by: Vec<Vec<Term>>,
        /// Where they meet.
        cells: Vec<CellId>,
        /// What a conflict does.
        outcome: Outcome,
    },
    /// One at a time.
    Serial {
        /// Cells on which any two of them meet; empty where the chain runs one call of a contract at a time.
        cells: Vec<CellId>,
        /// What a conflict does.
        outcome: Outcome,
    },
    /// Something that could not be seen decides.
    Unknown,
}

/// The class a verdict on `(e, e)` means.
pub(super) fn of(verdict: &Verdict) -> Class {
    let outcome = verdict.outcome;
    match verdict.kind {
        VerdictKind::Never => Class::Parallel,
        VerdictKind::Unknown => Class::Unknown,
        VerdictKind::Always => {
            let mut cells: Vec<CellId> = verdict
                .meets
                .iter()
                .filter(|meet| !meet.unknown && meet.when.is_always())
                .flat_map(|meet| [meet.cell, meet.other])
                .flatten()
                .collect();
            cells.sort();
            cells.dedup();
            Class::Serial { cells, outcome }
        }
        VerdictKind::When => Class::Sharded { by: tuples(&verdict.when.0), cells: verdict.cells(), outcome },
    }
}

/// The tuples of values whose meeting the condition is about. An equality across (`a.x = b.y`) is covered by listing both
/// sides, which may only say that more calls meet.
fn tuples(conjs: &[super::Conj]) -> Vec<Vec<Term>> {
    let mut all: Vec<Vec<Term>> = Vec::new();
    for conj in conjs {
        for side in [left as fn(&Atom) -> &Term, right] {
            // Both sides stand in the order of the conjunction's equalities, so that equal tuples mean that all hold.
            let tuple: Vec<Term> = conj.atoms.iter().map(|atom| side(atom).clone()).collect();
            if !all.contains(&tuple) {
                all.push(tuple);
            }
        }
    }
    all.sort_by_key(|tuple| (tuple.len(), tuple.clone()));
    all
}

fn left(atom: &Atom) -> &Term {
    &atom.left
}

fn right(atom: &Atom) -> &Term {
    &atom.right
}
