//! What lints ask of a contract, computed once: which entry points count as traffic, who reads and writes each cell,
//! which accesses stand at a key that is the same in every call. Every predicate here errs towards "no finding".

use std::collections::BTreeSet;

use super::shapes::related;
use super::shapes::{self, Hot, Shape};
use super::words::Words;
use crate::ir::{
    Access, Callers, Cell, CellId, Contract, Entry, EntryKind, EnvScope, Mode, OpGroup, Reach, SourceMap, Term, Type,
};

/// An access of a contract: index of the entry point and of the access in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct At {
    /// Index in `Contract::entries`.
    pub(crate) entry: usize,
    /// Index in `Entry::accesses`.
    pub(crate) access: usize,
}

/// Who touches a cell; entry points by index, sorted, leaves only (a message that others refine is not among them).
#[derive(Clone, Debug, Default)]
pub(crate) struct Users {
    /// Messages that observe it, privileged ones included.
    pub(crate) reading_calls: Vec<usize>,
    /// Views that observe it.
    pub(crate) reading_views: Vec<usize>,
    /// Messages that change it.
    pub(crate) writing_calls: Vec<usize>,
    /// Messages that anyone may send and that change it.
    pub(crate) public_writers: Vec<usize>,
}

/// A contract as lints see it.
pub(crate) struct Cx<'a> {
    /// The contract.
    pub(crate) contract: &'a Contract,
    /// Its files.
    pub(crate) files: &'a SourceMap,
    /// The chain's nouns and habits.
    pub(crate) words: &'a Words,
    /// Indices of leaf entry points that are messages, instructions or callbacks.
    pub(crate) calls: Vec<usize>,
    /// Those of them that anyone may call.
    pub(crate) public: Vec<usize>,
    /// Per cell.
    users: Vec<Users>,
    /// All accesses, per cell, in order.
    by_cell: Vec<Vec<At>>,
    /// Names of messages that others refine.
    parents: BTreeSet<&'a str>,
    /// Hot cells, by cell.
    hot: Vec<Hot>,
    /// True when some message has an unknown that reaches every cell: "no message reads it" cannot be said.
    pub(crate) blind: bool,
}

impl<'a> Cx<'a> {
    /// Computes the facts of a contract.
    pub(crate) fn new(contract: &'a Contract, files: &'a SourceMap, words: &'a Words) -> Cx<'a> {
        let parents: BTreeSet<&str> = contract.entries.iter().filter_map(|entry| entry.refines.as_deref()).collect();
        let mut cx = Cx {
            contract,
            files,
            words,
            calls: Vec::new(),
            public: Vec::new(),
            users: vec![Users::default(); contract.cells.len()],
            by_cell: vec![Vec::new(); contract.cells.len()],
            hot: Vec::new(),
            blind: false,
            parents,
        };
        for (at, entry) in contract.entries.iter().enumerate() {
            for (access, value) in entry.accesses.iter().enumerate() {
                // What a linked callee keeps is told where that contract is.
                if let Some(list) = cx.by_cell.get_mut(value.cell.0 as usize).filter(|_| own(value)) {
                    list.push(At { entry: at, access });
                }
            }
            if cx.parents.contains(entry.name.as_str()) {
                continue;
            }
            let call = matches!(entry.kind, EntryKind::Call | EntryKind::Callback);
            if call {
                cx.calls.push(at);
                cx.blind |= entry.unknowns.iter().any(|unknown| !matches!(unknown.reach, Reach::Cell(_)));
            }
            let public = entry.kind == EntryKind::Call && !privileged(contract, entry);
            if public {
                cx.public.push(at);
            }
            for access in entry.accesses.iter().filter(|access| own(access)) {
                let Some(users) = cx.users.get_mut(access.cell.0 as usize) else { continue };
                if call && observes(access.mode) {
                    push(&mut users.reading_calls, at);
                }
                if entry.kind == EntryKind::View && observes(access.mode) {
                    push(&mut users.reading_views, at);
                }
                if call && writes(access.mode) {
                    push(&mut users.writing_calls, at);
                    if public {
                        push(&mut users.public_writers, at);
                    }
                }
            }
        }
        cx.hot = shapes::hot(&cx);
        cx
    }

    /// Hot cells of a shape, by cell.
    pub(crate) fn hot(&self, shape: Shape) -> Vec<Hot> {
        self.hot.iter().filter(|hot| hot.shape == shape).cloned().collect()
    }

    /// Who touches a cell.
    pub(crate) fn users(&self, cell: CellId) -> &Users {
        static NOBODY: Users = Users {
            reading_calls: Vec::new(),
            reading_views: Vec::new(),
            writing_calls: Vec::new(),
            public_writers: Vec::new(),
        };
        self.users.get(cell.0 as usize).unwrap_or(&NOBODY)
    }

    /// True for a message that others refine: what it does is told of them.
    pub(crate) fn is_parent(&self, entry: usize) -> bool {
        self.parents.contains(self.entry(entry).name.as_str())
    }

    /// The entry point of an index.
    pub(crate) fn entry(&self, at: usize) -> &'a Entry {
        &self.contract.entries[at]
    }

    /// The access of a place.
    pub(crate) fn access(&self, at: At) -> &'a Access {
        &self.contract.entries[at.entry].accesses[at.access]
    }

    /// The cell of an id, `None` when the contract has no such cell.
    pub(crate) fn cell(&self, id: CellId) -> Option<&'a Cell> {
        self.contract.cells.get(id.0 as usize)
    }

    /// Cells in order, without those that no line of the contract names.
    pub(crate) fn named_cells(&self) -> impl Iterator<Item = (CellId, &'a Cell)> + use<'a> {
        let cells = &self.contract.cells;
        cells.iter().enumerate().filter(|(_, cell)| !cell.implicit).map(|(at, cell)| (CellId(at as u32), cell))
    }

    /// The cell that keeps another as a part of itself (`requests` of `requests.keys`).
    pub(crate) fn owner(&self, part: &Cell) -> Option<&'a Cell> {
        let (owner, _) = part.name.rsplit_once('.')?;
        self.contract.cells.iter().find(|other| other.name == owner)
    }

    /// Accesses of some entry points (in order) to a cell.
    pub(crate) fn accesses_of(&self, entries: &[usize], cell: CellId) -> Vec<At> {
        let all = self.by_cell.get(cell.0 as usize).map_or(&[][..], Vec::as_slice);
        all.iter().copied().filter(|at| entries.binary_search(&at.entry).is_ok()).collect()
    }

    /// True when an access changes the contract's own state at a key that is the same in every call, where the chain does
    /// not let two of them overlap.
    pub(crate) fn hot_write(&self, at: At) -> bool {
        let access = self.access(at);
        own(access) && writes(access.mode) && fixed_key(&access.key) && self.words.conflict(access, access)
    }

    /// Such accesses of messages that anyone may send.
    pub(crate) fn hot_writes(&self, cell: CellId) -> Vec<At> {
        let mut found = self.accesses_of(&self.public, cell);
        found.retain(|&at| self.hot_write(at));
        found
    }

    /// The first access of each entry point among these.
    pub(crate) fn one_per_entry(&self, all: &[At]) -> Vec<At> {
        let mut found: Vec<At> = Vec::new();
        for &at in all {
            if found.iter().all(|known| known.entry != at.entry) {
                found.push(at);
            }
        }
        found
    }

    /// Type of what an access touches: of the field where it names one, else of the whole value.
    pub(crate) fn touched_type(&self, access: &Access) -> Option<&'a Type> {
        self.cell(access.cell)?.value.at(access.field.iter().flat_map(|field| field.split('.')))
    }

    /// True when what an access changes is a number.
    pub(crate) fn is_number(&self, access: &Access) -> bool {
        let arithmetic = access.op.as_ref().is_some_and(|op| op.group == OpGroup::Add);
        arithmetic || matches!(self.touched_type(access), Some(Type::Uint(_) | Type::Int(_)))
    }

    /// True when an entry point also changes a number kept per sender or argument, other than in `cell`: then the number
    /// in `cell` is a sum over them.
    pub(crate) fn moves_amount(&self, entry: usize, cell: CellId) -> bool {
        self.entry(entry).accesses.iter().any(|access| {
            access.cell != cell
                && matches!(access.mode, Mode::Update | Mode::Commute)
                && access.key.iter().any(per_call)
                && self.cell(access.cell).is_some_and(|other| !other.implicit)
                && self.is_number(access)
        })
    }

    /// True when an entry point also changes something kept per sender or argument: people send it for themselves, it
    /// does not only set what holds for all.
    pub(crate) fn serves_sender(&self, entry: usize) -> bool {
        self.entry(entry).accesses.iter().any(|access| {
            let named = self.cell(access.cell).is_some_and(|cell| !cell.implicit);
            named && writes(access.mode) && access.key.iter().any(per_call)
        })
    }

    /// True when a message turns a switch that is the same in every call from what it was: it sets up, and fails when it
    /// is called again.
    pub(crate) fn sets_up(&self, entry: usize) -> bool {
        self.entry(entry).accesses.iter().any(|access| {
            access.mode == Mode::Update
                && fixed_key(&access.key)
                && own(access)
                && matches!(self.touched_type(access), Some(Type::Bool))
        })
    }

    /// True when calls of an entry point meet each other anyway, at a place that is the same in every one of them.
    pub(crate) fn meets_itself(&self, entry: usize) -> bool {
        (0..self.entry(entry).accesses.len()).any(|access| {
            let at = At { entry, access };
            !self.access(at).implicit && self.hot_write(at)
        })
    }

    /// The write whose key contains the number that this access changes, in the same entry point: the number numbers
    /// things. Another field of the same record (whom to pay) does not.
    pub(crate) fn numbers_keys(&self, counter: At) -> Option<At> {
        let (cell, field) = (self.access(counter).cell, self.access(counter).field.as_deref());
        self.entry(counter.entry).accesses.iter().enumerate().find_map(|(at, access)| {
            let numbered = access.key.iter().any(|term| loads_field(term, cell, field));
            (numbered && writes(access.mode)).then_some(At { entry: counter.entry, access: at })
        })
    }
}

/// True when only one address that is kept in state may call, and it is a person's: an address that the contract itself
/// calls out to is a partner contract, which calls on behalf of anyone. Holders of a role that the contract keeps are
/// many; they count as anyone. A role that no cell keeps is given by who configures the chain, to those who govern it.
pub(crate) fn privileged(contract: &Contract, entry: &Entry) -> bool {
    let place = match &entry.callers {
        Callers::Address(place) => place,
        Callers::Role(role) => {
            let owner = |cell: &Cell| role.strip_prefix(cell.name.as_str());
            let kept = |cell: &Cell| owner(cell).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
            return !contract.cells.iter().any(kept);
        }
        _ => return false,
    };
    !contract.entries.iter().flat_map(|other| &other.externals).any(|external| {
        let Term::Load { cell, field, .. } = &external.target else { return false };
        contract.cells.get(cell.0 as usize).is_some_and(|cell| {
            let rest = place.strip_prefix(cell.name.as_str());
            let named = field.iter().filter(|part| !part.starts_with(|c: char| c.is_ascii_digit()));
            let path: String = named.map(|part| format!(".{part}")).collect();
            rest == Some(path.as_str())
        })
    })
}

fn push(list: &mut Vec<usize>, at: usize) {
    if list.last() != Some(&at) {
        list.push(at);
    }
}

/// True for modes whose result depends on what is stored.
pub(crate) fn observes(mode: Mode) -> bool {
    matches!(mode, Mode::Read | Mode::Probe | Mode::Scan | Mode::Update | Mode::Rewrite)
}

/// True for modes that may change what is stored.
pub(crate) fn writes(mode: Mode) -> bool {
    matches!(mode, Mode::Write | Mode::Update | Mode::Commute | Mode::Append | Mode::Delete)
}

/// True for storage of the contract itself.
pub(crate) fn own(access: &Access) -> bool {
    matches!(access.at, None | Some(Term::SelfAddr))
}

/// True when a key is one and the same in every call of every sender: no argument, caller, account or state in it.
/// The empty key of an item is one.
pub(crate) fn fixed_key(key: &[Term]) -> bool {
    key.iter().all(fixed)
}

/// True for a term that is the same in every call.
pub(crate) fn fixed(term: &Term) -> bool {
    match term {
        Term::Const(_) | Term::SelfAddr => true,
        Term::Env { scope, .. } => matches!(scope, EnvScope::Chain),
        Term::Fn { of, .. } | Term::Coalesce(of) => of.iter().all(fixed),
        Term::Arg(_)
        | Term::Caller
        | Term::Origin
        | Term::Account(_)
        | Term::Load { .. }
        | Term::Prefix(_)
        | Term::Any => false,
    }
}

/// True when a term contains the value of a cell.
pub(crate) fn loads(term: &Term, cell: CellId) -> bool {
    loads_field(term, cell, None)
}

/// True when a term contains the value of a field of a cell, or what the field lies in or consists of.
fn loads_field(term: &Term, cell: CellId, wanted: Option<&str>) -> bool {
    let mut found = false;
    term.walk(&mut |inner| {
        if let Term::Load { cell: loaded, field, .. } = inner {
            let same = wanted.is_none_or(|wanted| field.is_empty() || related(&field.join("."), wanted));
            found |= *loaded == cell && same;
        }
    });
    found
}

/// True when a term depends on what the sender of a call chooses or is.
pub(crate) fn per_call(term: &Term) -> bool {
    let mut found = false;
    term.walk(&mut |inner| found |= matches!(inner, Term::Arg(_) | Term::Caller | Term::Origin | Term::Account(_)));
    found
}
