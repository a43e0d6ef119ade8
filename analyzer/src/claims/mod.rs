//! Claims: what contract code says about itself in `#[crosslane::footprint(…)]`, `#[crosslane::parallel]` and
//! `#[crosslane::trusted(…)]`, and what the analysis says about it.
//!
//! A footprint is an upper bound: every access that is found must be covered by some part of it. What an analysis cannot
//! see breaks no claim here; whether that is good enough is for the caller to decide (a macro sees little, `check` all).
//! Claims are collected while the engine is alive, because a claim may stand on a function that is no entry point: such
//! a function is run by itself, its parameters being the terms.

mod judge;
mod parse;
mod text;

pub use judge::{Breach, judge, named};
pub use parse::{ATTRIBUTES, Wrong, arguments};

use crate::effects::{Engine, EntrySpec};
use crate::ir::hir::{Attr, CrateId, Item, ItemId, ItemKind, ModId, Name};
use crate::ir::{Callers, Contract, Entry, EntryKind, Mode, Reach, Span, Term, Unknown, UnknownReason};
use crate::source::{Ns, Resolved};

/// A group of a footprint, by the word in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Looks at the value, or whether there is one.
    Reads,
    /// Looks only whether there is a value.
    Probes,
    /// Looks at everything below a prefix.
    Scans,
    /// Sets or removes without looking.
    Writes,
    /// Anything.
    Updates,
    /// Adds a delta that nobody looks at.
    Commutes,
    /// Adds at the end.
    Appends,
    /// Removes without looking.
    Deletes,
}

const LOOK: u8 = 1;
const PEEK: u8 = 2;
const WALK: u8 = 4;
const SET: u8 = 8;
const DELTA: u8 = 16;
const PUSH: u8 = 32;
const DROP: u8 = 64;

impl Word {
    /// All words.
    pub const ALL: &'static [Word] = &[
        Word::Reads,
        Word::Probes,
        Word::Scans,
        Word::Writes,
        Word::Updates,
        Word::Commutes,
        Word::Appends,
        Word::Deletes,
    ];

    /// The word as written.
    pub fn as_str(self) -> &'static str {
        match self {
            Word::Reads => "reads",
            Word::Probes => "probes",
            Word::Scans => "scans",
            Word::Writes => "writes",
            Word::Updates => "updates",
            Word::Commutes => "commutes",
            Word::Appends => "appends",
            Word::Deletes => "deletes",
        }
    }

    fn parse(text: &str) -> Option<Word> {
        Word::ALL.iter().copied().find(|word| word.as_str() == text)
    }

    /// What the word permits.
    fn permits(self) -> u8 {
        match self {
            Word::Reads => LOOK | PEEK,
            Word::Probes => PEEK,
            Word::Scans => LOOK | PEEK | WALK,
            Word::Writes => SET | DROP | PUSH,
            Word::Updates => u8::MAX,
            Word::Commutes => DELTA,
            Word::Appends => PUSH,
            Word::Deletes => DROP,
        }
    }

    /// The word that fits a mode best.
    fn of(mode: Mode) -> Word {
        match mode {
            Mode::Read => Word::Reads,
            Mode::Probe => Word::Probes,
            Mode::Scan => Word::Scans,
            Mode::Write => Word::Writes,
            Mode::Commute => Word::Commutes,
            Mode::Append => Word::Appends,
            Mode::Delete => Word::Deletes,
            Mode::Update | Mode::Rewrite | Mode::Lock => Word::Updates,
        }
    }
}

/// What a mode does, in the terms of [`Word::permits`].
fn does(mode: Mode) -> u8 {
    match mode {
        Mode::Read => LOOK,
        Mode::Probe => PEEK,
        Mode::Scan => WALK,
        Mode::Write => SET,
        Mode::Update | Mode::Rewrite => LOOK | SET,
        Mode::Commute => DELTA,
        Mode::Append => PUSH,
        Mode::Delete => DROP,
        Mode::Lock => 0,
    }
}

/// Places that are touched in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// How.
    pub word: Word,
    /// Where.
    pub places: Vec<Claimed>,
}

/// `CELL[key].field`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Name of the cell, perhaps with fields behind it.
    pub cell: String,
    /// Key components as terms are written; `_` is any. `None` is every key.
    pub keys: Option<Vec<String>>,
    /// Field inside the value; empty is all of it.
    pub field: String,
    /// Byte range in the arguments.
    pub lo: usize,
    /// One past the last byte.
    pub hi: usize,
}

/// Which of two calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The one with the attribute.
    A,
    /// The other.
    B,
}

/// `a.<term> = b.<term>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equality {
    /// Of the call with the attribute.
    pub a: String,
    /// Of the other.
    pub b: String,
}

/// What an attribute says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An upper bound of what the function touches.
    Footprint(Vec<Group>),
    /// What the function touches, in place of what its body does.
    Trusted(Vec<Group>),
    /// Calls of it can run at the same time.
    Parallel {
        /// As calls of these; empty means its own. Names with their byte ranges.
        with: Vec<(String, usize, usize)>,
        /// Except when one of these conjunctions holds.
        unless: Vec<Vec<Equality>>,
    },
    /// The attribute of a contract as a whole.
    Contract {
        /// The manifest goes into the binary.
        embed: bool,
    },
    /// A suppression; see the module of lints.
    Allow,
}

/// One attribute on one function.
#[derive(Clone, Debug)]
pub struct Claim {
    /// What it says, or what is wrong with it.
    pub kind: Result<Kind, Vec<Wrong>>,
    /// `footprint`, `parallel` …
    pub attribute: String,
    /// Name of the function.
    pub function: String,
    /// Where its arguments begin.
    pub span: Span,
    /// Name of the function, in the source.
    pub name_span: Span,
    /// The whole function.
    pub item_span: Span,
    /// Index in [`Claims::view`] of what the function does.
    pub own: usize,
    /// Indices in [`Claims::view`] of the entry points that run it.
    pub entries: Vec<usize>,
}

/// All claims of one package.
#[derive(Clone, Debug)]
pub struct Claims {
    /// The contract, and behind its entry points the functions with claims that are none.
    pub view: Contract,
    /// The claims, in source order.
    pub claims: Vec<Claim>,
}

/// The name of one of this tool's attributes, if it is one.
fn attribute(engine: &Engine<'_>, module: ModId, attr: &Attr) -> Option<&'static str> {
    let path: String = attr.path.chars().filter(|c| !c.is_whitespace()).collect();
    let path = path.trim_start_matches("::");
    if let Some(name) = path.strip_prefix("crosslane::") {
        return ATTRIBUTES.iter().copied().find(|known| *known == name);
    }
    let known = ATTRIBUTES.iter().copied().find(|known| *known == path)?;
    let of_crosslane = match engine.world.resolve_names(module, &[Name::from(path)], Ns::Macro) {
        Resolved::Item(id) => engine.world.packages().get(id.krate.0 as usize).is_some_and(|it| it.name == "crosslane"),
        Resolved::External(names) => names.first().is_some_and(|first| first == "crosslane"),
        _ => false,
    };
    of_crosslane.then_some(known)
}

/// Arguments of a `trusted` attribute on an item, with the place where they begin.
pub(crate) fn trusted(engine: &Engine<'_>, krate: CrateId, item: &Item) -> Option<(Vec<Group>, Span)> {
    if item.attrs.is_empty() || engine.is_model(krate) {
        return None;
    }
    let module = ModId { krate, idx: item.module };
    let attr = item.attrs.iter().find(|attr| attribute(engine, module, attr) == Some("trusted"))?;
    match arguments("trusted", &attr.tokens) {
        Ok(Kind::Trusted(groups)) => Some((groups, attr.span)),
        _ => None,
    }
}

/// Finds the claims of a crate. `contracts` are what was found in it.
pub(crate) fn collect(engine: &mut Engine<'_>, krate: CrateId, contracts: &[Contract]) -> Option<Claims> {
    let items = engine.world.krate(krate);
    let mut found: Vec<(ItemId, Attr, &'static str)> = Vec::new();
    for (idx, item) in items.items.iter().enumerate() {
        if !matches!(item.kind, ItemKind::Fn(_)) {
            continue;
        }
        for attr in &item.attrs {
            let module = ModId { krate, idx: item.module };
            match attribute(engine, module, attr) {
                Some("contract" | "allow") | None => {}
                Some(name) => found.push((ItemId { krate, idx: idx as u32 }, attr.clone(), name)),
            }
        }
    }
    if found.is_empty() {
        return None;
    }
    if contracts.is_empty() {
        engine.prepare();
    }
    let mut view = contracts.first().cloned().unwrap_or_else(|| nothing(engine, krate));
    // Some frameworks keep lists of cells of their own: an id means something only in its own list.
    for more in contracts.iter().skip(1).filter(|more| more.cells == contracts[0].cells) {
        view.entries.extend(more.entries.iter().cloned());
    }
    let of_engine = view.cells == engine.contract_cells() || contracts.is_empty();
    let entry_points = view.entries.len();
    let mut claims: Vec<Claim> = Vec::new();
    for (id, attr, name) in found {
        let item = engine.item(id);
        let entries: Vec<usize> = (0..entry_points).filter(|&at| runs(&view.entries[at], &item)).collect();
        let itself = |at: &usize| inside(view.entries[*at].span, item.name_span);
        let own = match claims.iter().find(|claim| claim.name_span == item.name_span) {
            Some(known) => known.own,
            None => match entries.iter().copied().find(itself) {
                Some(own) => own,
                None => {
                    let entry = by_itself(engine, id, &item, &view, &entries, of_engine);
                    view.entries.push(entry);
                    view.entries.len() - 1
                }
            },
        };
        claims.push(Claim {
            kind: arguments(name, &attr.tokens),
            attribute: name.to_owned(),
            function: item.name.to_string(),
            span: attr.span,
            name_span: item.name_span,
            item_span: item.span,
            own,
            entries,
        });
    }
    if of_engine {
        view.cells = engine.contract_cells();
    }
    Some(Claims { view, claims })
}

fn inside(inner: Span, outer: Span) -> bool {
    !inner.is_none() && inner.file == outer.file && outer.lo <= inner.lo && inner.hi <= outer.hi
}

/// True when an entry point is this function, or a path to one of its accesses or unknowns leads through it.
fn runs(entry: &Entry, item: &Item) -> bool {
    let through = |via: &[String], span: Span| {
        inside(span, item.span) || via.iter().any(|name| name.rsplit("::").next() == Some(item.name.as_str()))
    };
    inside(entry.span, item.name_span)
        || entry.accesses.iter().any(|access| through(&access.via, access.span))
        || entry.externals.iter().any(|external| through(&external.via, external.span))
        || entry.unknowns.iter().any(|unknown| through(&unknown.via, unknown.span))
}

/// What a function does that is no entry point: by itself, with its parameters as terms; where accounts or a receiver
/// come from the framework, what the entry points do in it.
fn by_itself(
    engine: &mut Engine<'_>,
    id: ItemId,
    item: &Item,
    view: &Contract,
    entries: &[usize],
    of_engine: bool,
) -> Entry {
    let mut entry = Entry {
        name: item.name.to_string(),
        kind: EntryKind::Call,
        refines: None,
        callers: Callers::Anyone,
        callers_span: Span::NONE,
        params: Vec::new(),
        accesses: Vec::new(),
        externals: Vec::new(),
        unknowns: Vec::new(),
        accounts: None,
        span: item.name_span,
    };
    let ItemKind::Fn(function) = &item.kind else { return entry };
    let joined = !of_engine || function.owner.is_some() || view.entries.iter().any(|entry| entry.accounts.is_some());
    if joined && !entries.is_empty() {
        let through =
            |via: &[String], span: Span| inside(span, item.span) || via.iter().any(|name| *name == *item.name);
        for &at in entries {
            let from = &view.entries[at];
            entry.accesses.extend(from.accesses.iter().filter(|it| through(&it.via, it.span)).cloned());
            entry.externals.extend(from.externals.iter().filter(|it| through(&it.via, it.span)).cloned());
            entry.unknowns.extend(from.unknowns.iter().filter(|it| through(&it.via, it.span)).cloned());
        }
        entry.accesses.sort();
        entry.accesses.dedup();
        return entry;
    }
    if !of_engine {
        let what = format!("`{}` outside of every entry point", item.name);
        let (reason, reach) = (UnknownReason::UnresolvedCall, Reach::Contract);
        entry.unknowns.push(Unknown { reason, what, reach, span: item.name_span, via: Vec::new() });
        return entry;
    }
    let env = crate::effects::ty::TyEnv::root(ModId { krate: id.krate, idx: item.module });
    let mut args = Vec::new();
    for (at, (name, ty)) in function.params.clone().iter().enumerate() {
        let ty = engine.lower_ty(ty, &env);
        let name = name.as_ref().map_or_else(|| format!("arg{at}"), |name| name.trim_start_matches('_').to_owned());
        args.push(match engine.parameter_row(&ty) {
            Some(row) => row,
            None => Engine::value_of_term(ty, Term::arg(name)),
        });
    }
    let found = engine.run(&EntrySpec { item: id, recv: None, args, env: None, assumptions: Vec::new(), paid: false });
    Entry { accesses: found.accesses, externals: found.externals, unknowns: found.unknowns, ..entry }
}

/// A contract without anything, for claims where no framework was recognised.
fn nothing(engine: &Engine<'_>, krate: CrateId) -> Contract {
    let package = engine.world.packages().get(krate.0 as usize).cloned().unwrap_or_default();
    Contract {
        name: package.name.clone(),
        package: package.name,
        package_version: package.version,
        framework: String::new(),
        framework_title: String::new(),
        chain: "keyed".to_owned(),
        entry_noun: "function".to_owned(),
        cells: Vec::new(),
        entries: Vec::new(),
        assumes: Vec::new(),
        dependencies: String::new(),
        features: Vec::new(),
        models: Vec::new(),
        source_hash: String::new(),
    }
}
