//! What lists and maps of programs do.

use std::collections::BTreeMap;

use super::super::program::{E, From, ListGet, ListOp, MapGet, MapOp, Over, S, Var};
use super::{Frame, Machine, Run};

impl Machine<'_> {
    fn list(&mut self, frame: &Frame, var: Var) -> &mut Vec<u64> {
        let at = self.slots[self.slot(frame, var)][0] as usize;
        &mut self.lists[at]
    }

    fn map(&mut self, frame: &Frame, var: Var) -> &mut BTreeMap<u64, u64> {
        let at = self.slots[self.slot(frame, var)][0] as usize;
        &mut self.maps[at]
    }

    pub(super) fn list_from(&mut self, frame: &mut Frame, var: Var, from: &From) -> Run<()> {
        let mut made = Vec::new();
        match from {
            From::Parts(parts) => {
                for part in parts {
                    made.push(self.e(frame, part)?);
                }
            }
            From::Mapped(each, value) => {
                for element in self.args.list.clone() {
                    self.declare(frame, *each, [element, 0]);
                    made.push(self.e(frame, value)?);
                }
            }
            From::Without(value) => {
                let value = self.e(frame, value)?;
                made.extend(self.args.list.iter().copied().filter(|each| *each != value));
            }
            From::Backwards(other) => made.extend(self.list(frame, *other).iter().rev()),
            From::Keys(map, true) => made.extend(self.map(frame, *map).keys()),
            From::Keys(map, false) => made.extend(self.map(frame, *map).values()),
            From::Neighbours(other) => {
                let list = self.list(frame, *other).clone();
                for at in 1..list.len() {
                    made.push(Self::sum(list[at - 1], list[at])?);
                }
            }
        }
        self.lists.push(made);
        let at = self.lists.len() as u64 - 1;
        self.declare(frame, var, [at, 0]);
        Ok(())
    }

    pub(super) fn list_op(&mut self, frame: &mut Frame, var: Var, op: &ListOp) -> Run<()> {
        let value = match op {
            ListOp::Push(e) | ListOp::InsertFirst(e) | ListOp::Set(_, e) | ListOp::Retain(e) | ListOp::AddToEach(e) => {
                self.e(frame, e)?
            }
            _ => 0,
        };
        let more = match op {
            ListOp::Extend(other) => self.list(frame, *other).clone(),
            _ => Vec::new(),
        };
        let list = self.list(frame, var);
        match op {
            ListOp::Push(_) => list.push(value),
            ListOp::InsertFirst(_) => list.insert(0, value),
            ListOp::Set(at, _) => {
                if let Some(slot) = list.get_mut(*at) {
                    *slot = value;
                }
            }
            ListOp::Sort => list.sort(),
            ListOp::Reverse => list.reverse(),
            ListOp::Dedup => list.dedup(),
            ListOp::Retain(_) => list.retain(|each| *each != value),
            ListOp::Truncate(most) => list.truncate(*most),
            ListOp::Swap(a, b) => {
                if list.len() > *a.max(b) {
                    list.swap(*a, *b);
                }
            }
            ListOp::Extend(_) => list.extend(more),
            ListOp::Clear => list.clear(),
            ListOp::AddToEach(_) => {
                for each in list.iter_mut() {
                    *each = Self::sum(*each, value)?;
                }
            }
            ListOp::Rotate => {
                if !list.is_empty() {
                    list.rotate_left(1);
                }
            }
        }
        Ok(())
    }

    pub(super) fn list_get(&mut self, frame: &mut Frame, var: Var, get: &ListGet) -> Run<u64> {
        let value = match get {
            ListGet::At(e) | ListGet::Found(e) | ListGet::Folded(e) => self.e(frame, e)?,
            _ => 0,
        };
        let list = self.list(frame, var);
        Ok(match get {
            ListGet::At(_) => list.get((value % 4) as usize).copied().unwrap_or(0),
            ListGet::Nth(at) => list.get(*at).copied().unwrap_or(0),
            ListGet::First => list.first().copied().unwrap_or(0),
            ListGet::Last => list.last().copied().unwrap_or(0),
            ListGet::Most => list.iter().copied().max().unwrap_or(0),
            ListGet::Sum => list.clone().into_iter().try_fold(0, Self::sum)?,
            ListGet::Length => list.len() as u64,
            ListGet::Pop => list.pop().unwrap_or(0),
            ListGet::RemoveFirst if list.is_empty() => 0,
            ListGet::RemoveFirst => list.remove(0),
            ListGet::Found(_) => list.iter().rev().find(|each| **each <= value).copied().unwrap_or(9),
            ListGet::Folded(_) => list.iter().fold(value, |all, each| if all > *each { all } else { each + 1 }),
        })
    }

    pub(super) fn map_let(&mut self, frame: &mut Frame, var: Var, pairs: &[(E, E)]) -> Run<()> {
        let mut made = BTreeMap::new();
        for (key, value) in pairs {
            let pair = (self.e(frame, key)?, self.e(frame, value)?);
            made.insert(pair.0, pair.1);
        }
        self.maps.push(made);
        let at = self.maps.len() as u64 - 1;
        self.declare(frame, var, [at, 0]);
        Ok(())
    }

    pub(super) fn map_op(&mut self, frame: &mut Frame, var: Var, op: &MapOp) -> Run<()> {
        let (key, value) = match op {
            MapOp::Insert(a, b) | MapOp::Entry(a, _, b) | MapOp::Modify(a, _, b) | MapOp::Change(a, b) => {
                (self.e(frame, a)?, self.e(frame, b)?)
            }
            MapOp::Remove(a) | MapOp::Retain(a) => (self.e(frame, a)?, 0),
            MapOp::Extend(_) => (0, 0),
        };
        let more = match op {
            MapOp::Extend(list) => self.list(frame, *list).clone(),
            _ => Vec::new(),
        };
        let map = self.map(frame, var);
        match op {
            MapOp::Insert(..) => {
                map.insert(key, value);
            }
            MapOp::Remove(_) => {
                map.remove(&key);
            }
            MapOp::Entry(_, default, _) => {
                let slot = map.entry(key).or_insert(*default);
                *slot = Self::sum(*slot, value)?;
            }
            MapOp::Modify(_, default, _) => match map.get_mut(&key) {
                Some(slot) => *slot = Self::sum(*slot, value)?,
                None => {
                    map.insert(key, *default);
                }
            },
            MapOp::Change(..) => {
                if let Some(slot) = map.get_mut(&key) {
                    *slot = value;
                }
            }
            MapOp::Retain(_) => map.retain(|_, each| *each != key),
            MapOp::Extend(_) => map.extend(more.into_iter().enumerate().map(|(at, each)| (each, at as u64))),
        }
        Ok(())
    }

    pub(super) fn map_get(&mut self, frame: &mut Frame, var: Var, get: &MapGet) -> Run<u64> {
        let (key, value) = match get {
            MapGet::Value(a) | MapGet::Removed(a) => (self.e(frame, a)?, 0),
            MapGet::Replaced(a, b) => (self.e(frame, a)?, self.e(frame, b)?),
            _ => (0, 0),
        };
        let map = self.map(frame, var);
        Ok(match get {
            MapGet::Value(_) => map.get(&key).copied().unwrap_or(0),
            MapGet::FirstKey => map.keys().next().copied().unwrap_or(0),
            MapGet::LastValue => map.values().next_back().copied().unwrap_or(0),
            MapGet::Removed(_) => map.remove(&key).unwrap_or(0),
            MapGet::Length => map.len() as u64,
            MapGet::Replaced(..) => map.insert(key, value).unwrap_or(0),
        })
    }

    pub(super) fn over(&mut self, frame: &mut Frame, over: Over, of: Var, a: Var, b: Var, body: &[S]) -> Run<()> {
        let rounds: Vec<(u64, u64)> = match over {
            Over::Pairs => self.map(frame, of).iter().map(|(key, value)| (*key, *value)).collect(),
            Over::Places => self.list(frame, of).iter().enumerate().map(|(at, each)| (at as u64, *each)).collect(),
            Over::Windows | Over::Zipped => self.list(frame, of).windows(2).map(|pair| (pair[0], pair[1])).collect(),
        };
        for (first, second) in rounds {
            self.declare(frame, a, [first, 0]);
            self.declare(frame, b, [second, 0]);
            if !self.round(frame, body)? {
                break;
            }
        }
        Ok(())
    }
}
