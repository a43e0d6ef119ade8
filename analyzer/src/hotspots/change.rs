//! What a cure does to a manifest.

use crate::manifest::v1::{
    Access, Cell, Contract, Entry, EntryKind, Mode, Op, OpGroup, Param, Path, Step, Term, Type, Unit,
};
use crate::workload::{Receivers, SHARD};

/// A change of one cell, or of one lock.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The lock of an account is declared as one for reading.
    Unlock {
        /// Entry points.
        entries: Vec<String>,
        /// The account parameter.
        account: String,
    },
    /// These entry points do not write the cell any more; what they read they go on reading.
    ReadOnly {
        /// Entry points.
        entries: Vec<String>,
        /// The cell.
        cell: String,
    },
    /// No call touches the cell any more.
    Delete {
        /// The cell.
        cell: String,
    },
    /// The cell does not share its unit with others any more.
    OwnUnit {
        /// The cell.
        cell: String,
    },
    /// Each field of the cell's value lies in a unit of its own.
    Split {
        /// The cell.
        cell: String,
    },
    /// What lay in one place lies in one place for each sender.
    BySender {
        /// The cell.
        cell: String,
    },
    /// The cell has several receivers, of which a call takes one.
    Shards {
        /// The cell, or the account parameter.
        cell: String,
    },
}

impl Change {
    /// Which of several receivers calls take, where the change makes several of one.
    pub(crate) fn receivers(&self) -> Option<Receivers> {
        match self {
            Change::Shards { cell } => Some(Receivers { account: cell.clone(), by_sender: false }),
            Change::BySender { cell } => Some(Receivers { account: cell.clone(), by_sender: true }),
            _ => None,
        }
    }

    /// The contract after the change. What does not fit is left as it is.
    pub fn apply(&self, contract: &Contract) -> Contract {
        let mut out = contract.clone();
        match self {
            Change::Unlock { entries, account } => {
                for entry in out.entries.iter_mut().filter(|entry| entries.contains(&entry.name)) {
                    for own in entry.accounts.iter_mut().flatten().filter(|own| own.name == *account) {
                        own.writable = false;
                    }
                }
            }
            Change::ReadOnly { entries, cell } => {
                for entry in out.entries.iter_mut().filter(|entry| entries.contains(&entry.name)) {
                    for access in entry.accesses.iter_mut().filter(|access| access.cell == *cell) {
                        if !matches!(access.mode, Mode::Probe | Mode::Scan) {
                            *access = reading(access);
                        }
                    }
                }
            }
            Change::Delete { cell } => {
                for entry in &mut out.entries {
                    if entry.kind != EntryKind::View {
                        entry.accesses.retain(|access| access.cell != *cell);
                    }
                }
            }
            Change::OwnUnit { cell } => own_unit(&mut out, cell),
            Change::Split { cell } => split(&mut out, cell),
            Change::BySender { cell } => keyed(&mut out, cell, &Term::Caller, &Type::Address { kind: String::new() }),
            Change::Shards { cell } => {
                let path = Path(vec![Step::Field(SHARD.to_owned())]);
                let term = Term::Arg { path, elem: Vec::new() };
                let without = |entry: &&mut Entry| entry.params.iter().all(|param| param.name != SHARD);
                for entry in out.entries.iter_mut().filter(without) {
                    entry.params.push(Param {
                        name: SHARD.to_owned(),
                        ty: Type::Uint(64),
                        optional: false,
                        default: None,
                        auth: false,
                    });
                }
                keyed(&mut out, cell, &term, &Type::Uint(64));
            }
        }
        // What is said about pairs and classes is of the contract before.
        out.conflicts.clear();
        out
    }
}

fn reading(access: &Access) -> Access {
    Access { mode: Mode::Read, op: None, bounds: Vec::new(), presence: None, ..access.clone() }
}

/// A unit for the cell alone. What the framework touches around it (an instance that holds all values) stays only where
/// something else of the same unit is touched.
fn own_unit(contract: &mut Contract, name: &str) {
    let Some(at) = contract.cells.iter().position(|cell| cell.id == name) else { return };
    let shared = contract.cells[at].unit.id.clone();
    contract.cells[at].unit = Unit { kind: contract.cells[at].unit.kind.clone(), ..Unit::default() };
    contract.cells[at].tier = None;
    if shared == "own" {
        return;
    }
    // The container itself: an implicit cell of the same unit. A call that writes no other part of it only reads it.
    let inside: Vec<String> = contract
        .cells
        .iter()
        .filter(|cell| cell.unit.id == shared && !cell.implicit)
        .map(|cell| cell.id.clone())
        .collect();
    let containers: Vec<String> = contract
        .cells
        .iter()
        .filter(|cell| cell.implicit && (cell.unit.id == shared || cell.id == shared))
        .map(|cell| cell.id.clone())
        .collect();
    for entry in &mut contract.entries {
        let writes_more = entry.accesses.iter().any(|access| inside.contains(&access.cell) && writes(access.mode));
        if writes_more {
            continue;
        }
        for access in entry.accesses.iter_mut().filter(|access| access.implicit && containers.contains(&access.cell)) {
            *access = reading(access);
        }
    }
}

/// One cell for each field; an access to the whole value touches all of them.
fn split(contract: &mut Contract, name: &str) {
    let Some(at) = contract.cells.iter().position(|cell| cell.id == name) else { return };
    let Type::Struct { fields, .. } = contract.cells[at].value.clone() else { return };
    let whole = contract.cells.remove(at);
    for (field, ty) in &fields {
        contract.cells.push(Cell {
            id: format!("{name}.{field}"),
            value: ty.clone(),
            unit: Unit { kind: whole.unit.kind.clone(), ..Unit::default() },
            ..whole.clone()
        });
    }
    for entry in &mut contract.entries {
        let mut accesses = Vec::new();
        for access in entry.accesses.drain(..) {
            if access.cell != name {
                accesses.push(access);
                continue;
            }
            let first = access.field.as_ref().and_then(|field| field.split('.').next().map(str::to_owned));
            let own: Vec<&String> = fields
                .iter()
                .map(|(field, _)| field)
                .filter(|field| first.as_ref().is_none_or(|first| first == *field))
                .collect();
            let rest = access.field.as_ref().and_then(|field| field.split_once('.')).map(|(_, rest)| rest.to_owned());
            for field in own {
                accesses.push(Access { cell: format!("{name}.{field}"), field: rest.clone(), ..access.clone() });
            }
        }
        entry.accesses = accesses;
    }
}

/// One more key component, in front of the others.
fn keyed(contract: &mut Contract, name: &str, term: &Term, ty: &Type) {
    for cell in contract.cells.iter_mut().filter(|cell| cell.id == name) {
        cell.keys.insert(0, ty.clone());
    }
    for entry in &mut contract.entries {
        for access in entry.accesses.iter_mut().filter(|access| access.cell == name) {
            let view = entry.kind == EntryKind::View;
            access.key.insert(0, if view { Term::Prefix(Vec::new()) } else { term.clone() });
        }
    }
}

/// Whether a mode changes something.
pub(crate) fn writes(mode: Mode) -> bool {
    !matches!(mode, Mode::Read | Mode::Probe | Mode::Scan | Mode::Rewrite)
}

/// Whether an access changes a number by what the call says and nothing else depends on the result.
pub(crate) fn pure_delta(access: &Access) -> bool {
    let commutes = |op: &Op| op.group != OpGroup::Other;
    access.mode == Mode::Commute && access.bounds.is_empty() && access.op.as_ref().is_some_and(commutes)
}
