//! From modes of access to classes: how a chain model's table folds into runs.
//!
//! Each touch of a unit gives at most one class on the unit's value and one on its presence. Where some access touches
//! everything below a prefix, two more units stand at that prefix: one where readers below meet whoever writes all of it,
//! one where writers below meet whoever reads or writes all of it. Accesses below share their class there, so one prefix
//! access costs its readers and writers one look-up each and the table stays one pass.

use std::collections::BTreeMap;

use crate::chains::{ChainModel, MODES, Rule as Sign, UnitKind};
use crate::ir::Mode as IrMode;
use crate::manifest::v1::Mode;

use super::super::batch::{BLIND, CLASSES, DELTA, EXCLUSIVE, READ, Rule};
use super::Kind;

/// Class of writers below a prefix.
const BELOW: u8 = CLASSES - 2;
/// Class of accesses that change existence.
const MODIFIES: u8 = DELTA;
const APPENDS: u8 = DELTA;
const DELETES: u8 = DELTA + 1;
const FIRST_OP: u8 = DELTA + 2;

/// Classes of one touch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Classes {
    /// On the unit's value.
    pub(crate) value: Option<u8>,
    /// On its presence.
    pub(crate) presence: Option<u8>,
    /// Touching everything below: where readers below stand, where writers below stand.
    pub(crate) all: (Option<u8>, Option<u8>),
    /// Standing below a prefix: among readers, among writers.
    pub(crate) below: (Option<u8>, Option<u8>),
    /// May change what a `load` term sees.
    pub(crate) writes: bool,
}

/// Classes under one chain model. Ops get classes in the order in which they are met.
#[derive(Clone, Debug)]
pub(crate) struct ClassTable {
    pub(crate) rule: Rule,
    pub(crate) kind: Kind,
    runtime_bounds: bool,
    /// For models with locks: per mode, `None` does nothing.
    locks: [Option<u8>; 10],
    /// The same, worked out.
    fixed: [Classes; 10],
    ops: BTreeMap<String, u8>,
}

impl ClassTable {
    pub(crate) fn new(model: &ChainModel) -> ClassTable {
        let kind = match model.unit {
            UnitKind::Contract => Kind::Contract,
            UnitKind::Account if model.declared_locks => Kind::Accounts,
            UnitKind::Field => Kind::Fields,
            _ => Kind::Keys,
        };
        let rule = if model.directional { Rule::Versions } else { Rule::Locks };
        let mut locks = [None; 10];
        for (slot, &mode) in locks.iter_mut().zip(&MODES) {
            let free = |a: IrMode, b: IrMode| model.modes.rule(a, b) == Sign::Free;
            let harmless = MODES.iter().all(|&other| free(mode, other) && free(other, mode));
            let reads = free(mode, mode) && free(mode, IrMode::Read) && free(IrMode::Read, mode);
            *slot = match rule {
                _ if harmless => None,
                Rule::Locks if reads => Some(READ),
                Rule::Locks => Some(EXCLUSIVE),
                // Waits for nobody: sets blindly. Makes nobody wait: only observes.
                Rule::Versions if MODES.iter().all(|&other| free(other, mode)) => Some(BLIND),
                Rule::Versions if MODES.iter().all(|&other| free(mode, other)) => Some(READ),
                Rule::Versions => Some(EXCLUSIVE),
            };
        }
        let fixed = [Classes::default(); 10];
        let mut out =
            ClassTable { rule, kind, runtime_bounds: model.runtime_bounds, locks, fixed, ops: BTreeMap::new() };
        for at in 0..10 {
            out.fixed[at] = out.locks[at].map(|class| out.locking(class)).unwrap_or_default();
        }
        out
    }

    /// Gives an op its class; the table is full at some point, then ops commute with nothing.
    pub(crate) fn learn(&mut self, op: &str) {
        let next = FIRST_OP as usize + self.ops.len();
        if !op.is_empty() && !self.ops.contains_key(op) && next < BELOW as usize {
            self.ops.insert(op.to_owned(), next as u8);
        }
    }

    /// The classes of an access.
    #[inline]
    pub(crate) fn of(&self, mode: Mode, keeps: bool, op: &str, bounded: bool) -> Classes {
        if self.kind == Kind::Fields {
            return self.merging(mode, keeps, op, bounded);
        }
        self.fixed[position(mode)]
    }

    fn locking(&self, class: u8) -> Classes {
        match (self.rule, class) {
            (Rule::Locks, READ) => shared_read(Some(READ), None),
            (Rule::Locks, class) => Classes {
                value: Some(class),
                presence: None,
                all: (Some(class), Some(class)),
                below: (None, Some(BELOW)),
                writes: true,
            },
            (Rule::Versions, READ) => shared_read(Some(READ), None),
            (Rule::Versions, BLIND) => Classes {
                value: Some(BLIND),
                presence: None,
                all: (Some(BLIND), Some(BLIND)),
                below: (None, Some(BLIND)),
                writes: true,
            },
            (Rule::Versions, _) => Classes {
                value: Some(EXCLUSIVE),
                presence: None,
                all: (Some(EXCLUSIVE), Some(EXCLUSIVE)),
                below: (Some(READ), Some(BLIND)),
                writes: true,
            },
        }
    }

    fn merging(&self, mode: Mode, keeps: bool, op: &str, bounded: bool) -> Classes {
        let changes = if keeps { None } else { Some(MODIFIES) };
        let (value, presence) = match mode {
            Mode::Read | Mode::Scan | Mode::Rewrite => return shared_read(Some(READ), None),
            Mode::Probe => return shared_read(None, Some(READ)),
            Mode::Lock => return Classes::default(),
            Mode::Write | Mode::Update => (EXCLUSIVE, changes),
            Mode::Commute if bounded && !self.runtime_bounds => (EXCLUSIVE, changes),
            Mode::Commute => (self.ops.get(op).copied().unwrap_or(EXCLUSIVE), changes),
            Mode::Append => (APPENDS, changes),
            Mode::Delete => (DELETES, Some(MODIFIES)),
        };
        Classes {
            value: Some(value),
            presence,
            all: (Some(value), Some(value)),
            below: (None, Some(BELOW)),
            writes: true,
        }
    }
}

fn shared_read(value: Option<u8>, presence: Option<u8>) -> Classes {
    Classes { value, presence, all: (None, Some(READ)), below: (Some(READ), None), writes: false }
}

fn position(mode: Mode) -> usize {
    match mode {
        Mode::Read => 0,
        Mode::Probe => 1,
        Mode::Write => 2,
        Mode::Update => 3,
        Mode::Commute => 4,
        Mode::Append => 5,
        Mode::Delete => 6,
        Mode::Scan => 7,
        Mode::Rewrite => 8,
        Mode::Lock => 9,
    }
}

#[cfg(test)]
fn ir_mode(mode: Mode) -> IrMode {
    MODES[position(mode)]
}

#[cfg(test)]
mod tests {
    use super::super::super::batch::conflicts;
    use super::*;
    use crate::chains::{self, Touch};

    /// The folded classes say exactly what the model's table says, for every pair of accesses to one unit.
    #[test]
    fn classes_are_the_mode_table() {
        let ids = ["solana", "soroban", "occ", "evm", "keyed", "merge", "merge:bounds=runtime"];
        for id in ids {
            let model = chains::get(id).unwrap();
            let mut table = ClassTable::new(model);
            table.learn("add:0");
            table.learn("add:1");
            let mut all = Vec::new();
            for &mode in Mode::ALL {
                for keeps in [false, true] {
                    if keeps && matches!(mode, Mode::Delete) {
                        continue;
                    }
                    for op in ["", "add:0", "add:1"] {
                        for bounded in [false, true] {
                            if mode == Mode::Commute || (op.is_empty() && !bounded) {
                                all.push((mode, keeps, op, bounded));
                            }
                        }
                    }
                }
            }
            for &earlier in &all {
                for &later in &all {
                    let touch = |(mode, keeps, op, bounded): (Mode, bool, &'static str, bool)| Touch {
                        mode: ir_mode(mode),
                        keeps,
                        op: (!op.is_empty()).then(|| op.into()),
                        bounded,
                    };
                    let expected = model.conflict(&touch(earlier), &touch(later));
                    let of = |(mode, keeps, op, bounded): (Mode, bool, &str, bool)| table.of(mode, keeps, op, bounded);
                    let (a, b) = (of(earlier), of(later));
                    let meet = |a: Option<u8>, b: Option<u8>| match (a, b) {
                        (Some(a), Some(b)) => conflicts(table.rule, a, b),
                        _ => false,
                    };
                    let found = meet(a.value, b.value) || meet(a.presence, b.presence);
                    assert_eq!(found, expected, "{id}: {earlier:?} then {later:?}");
                    // One side on a whole prefix, the other on the prefix or below it, never misses a conflict.
                    let whole = meet(a.all.0, b.all.0) || meet(a.all.1, b.all.1);
                    let above = meet(a.all.0, b.below.0) || meet(a.all.1, b.below.1);
                    let below = meet(a.below.0, b.all.0) || meet(a.below.1, b.all.1);
                    assert!(!expected || (whole && above && below), "{id}: {earlier:?} then {later:?} on a prefix");
                    assert!(!meet(a.below.0, b.below.0) && !meet(a.below.1, b.below.1), "{id}: below");
                }
            }
        }
    }
}
