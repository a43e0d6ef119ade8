//! Sinks: touches become units and classes for scheduling, or owned descriptions for verification and messages.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::manifest::v1::Mode;

use super::super::batch::{Batch, BatchError, EXCLUSIVE, Limits, Rule};
use super::eval::{Buffers, Call, Home, Sink, Touched, Where, walk};
use super::plan::{AccessPlan, CellPlan, Comp};
use super::{CallError, Evaluator, Kind, UnitName, hash};

/// Marks an access that only matters if somebody touches all below its node.
const INTENT: u8 = 0x80;
/// Facets of a node.
const PRESENCE: u64 = 1;
const READERS: u64 = 2;
const WRITERS: u64 = 3;

/// Accesses of a batch before it is known which prefixes are in use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Compiled {
    pub(crate) units: Vec<u64>,
    classes: Vec<u8>,
    starts: Vec<u32>,
    pub(crate) costs: Vec<u64>,
    total: u64,
    /// Nodes touched as a whole.
    open: BTreeSet<u64>,
    pub(crate) wrote: Vec<u64>,
}

impl Compiled {
    /// Makes room for more calls of `accesses` accesses together.
    pub(crate) fn reserve(&mut self, calls: usize, accesses: usize) {
        self.units.reserve(accesses);
        self.classes.reserve(accesses);
        self.costs.reserve(calls);
        self.starts.reserve(calls);
    }

    fn clear(&mut self) {
        self.units.clear();
        self.classes.clear();
        self.starts.clear();
        self.costs.clear();
        self.total = 0;
        self.open.clear();
        self.wrote.clear();
    }

    #[inline(always)]
    fn add(&mut self, unit: u64, class: Option<u8>) {
        if let Some(class) = class {
            self.units.push(unit);
            self.classes.push(class);
        }
    }

    pub(crate) fn truncate(&mut self, accesses: usize) {
        self.units.truncate(accesses);
        self.classes.truncate(accesses);
    }

    /// Ends a call, or the line of a call that continues the one before.
    pub(crate) fn close(&mut self, cost: u64, joins: bool) -> Result<(), BatchError> {
        let total = self.total.checked_add(cost).ok_or(BatchError::CostOverflow)?;
        self.total = total;
        match (joins, self.costs.last_mut(), self.starts.last_mut()) {
            (true, Some(last), Some(end)) => {
                *last += cost;
                *end = self.units.len() as u32;
            }
            _ => {
                self.costs.push(cost);
                self.starts.push(self.units.len() as u32);
            }
        }
        Ok(())
    }

    /// A touch of everything.
    pub(crate) fn unknown(&mut self, _rule: Rule) {
        self.open.insert(hash::ROOT);
        self.add(hash::facet(hash::ROOT, READERS), Some(EXCLUSIVE));
        self.add(hash::facet(hash::ROOT, WRITERS), Some(EXCLUSIVE));
    }

    /// The batch: accesses that no prefix access meets are dropped.
    pub(crate) fn into_batch(self, rule: Rule, limits: Limits) -> Result<Batch, CallError> {
        let mut used = HashSet::with_capacity(self.open.len() * 2);
        for &node in &self.open {
            used.insert(hash::facet(node, READERS));
            used.insert(hash::facet(node, WRITERS));
        }
        let rows = (self.units, self.classes);
        Batch::from_rows((rule, limits), rows, (self.costs, self.starts), |unit, class| {
            let keep = class & INTENT == 0 || (!used.is_empty() && used.contains(&unit));
            keep.then_some(class & !INTENT)
        })
        .map_err(|error| CallError::new("id", error.to_string()))
    }
}

/// Calls that have been evaluated apart, to be taken over later.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fragment {
    pub(super) compiled: Compiled,
    pub(super) buffers: Buffers,
    pub(super) unresolved: u64,
    ends: Vec<u32>,
}

impl Fragment {
    /// Empties it and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.compiled.clear();
        self.ends.clear();
        self.unresolved = 0;
    }

    /// Ends a call.
    pub(crate) fn end_call(&mut self) {
        self.ends.push(self.compiled.units.len() as u32);
    }
}

impl Compiled {
    /// Takes over the accesses of a call of a fragment.
    #[inline]
    pub(crate) fn take(&mut self, from: &Fragment, call: usize) {
        if call == 0 {
            self.open.extend(from.compiled.open.iter().copied());
        }
        let begin = if call == 0 { 0 } else { from.ends[call - 1] as usize };
        let range = begin..from.ends[call] as usize;
        self.units.extend_from_slice(&from.compiled.units[range.clone()]);
        self.classes.extend_from_slice(&from.compiled.classes[range]);
    }
}

/// Turns touches into accesses.
pub(crate) struct UnitSink<'a> {
    evaluator: &'a Evaluator,
    home: Home<'a>,
    out: &'a mut Compiled,
    wrote: &'a mut Vec<u64>,
}

impl<'a> UnitSink<'a> {
    pub(crate) fn new(
        evaluator: &'a Evaluator,
        call: &'a Call,
        out: &'a mut Compiled,
        wrote: &'a mut Vec<u64>,
    ) -> UnitSink<'a> {
        UnitSink { evaluator, home: call.home(), out, wrote }
    }
}

impl Sink for UnitSink<'_> {
    #[inline]
    fn own_key(&mut self, access: &AccessPlan, cell: &CellPlan, call: &Call) -> bool {
        let this = self.evaluator;
        // Fields have paths, parts of a unit another mode, and prefixes in use more places to stand at.
        let long = this.classes.kind == Kind::Fields
            || access.field.is_some()
            || access.key.len() < cell.depth
            || this.root_open
            || this.address_open
            || cell.open.contains(&true)
            || (this.has_loads && cell.loaded);
        if long {
            return false;
        }
        let mut node = hash::join(self.home.node, cell.name);
        for comp in &access.key {
            let Comp::Slot { slot, elem } = comp else { return false };
            match call.slots.one(*slot) {
                Some(bytes) if elem.is_empty() => node = hash::below(node, bytes),
                _ => return false,
            }
        }
        let classes = this.classes.of(access.mode, access.keeps, &access.op, access.bounded);
        if classes.all.1.is_some() {
            self.out.add(node, classes.value);
            if cell.probed {
                self.out.add(hash::facet(node, PRESENCE), classes.presence);
            }
        }
        true
    }

    #[inline]
    fn touch(&mut self, touched: &Touched<'_>) {
        let this = self.evaluator;
        let classes = this.classes.of(touched.mode, touched.keeps, touched.op, touched.bounded);
        // What does nothing to a unit under this model (locks where nobody declares them).
        if classes.all.1.is_none() {
            return;
        }
        // Readers and writers below a node that may be touched as a whole stand at the node too.
        let mut last = hash::ROOT;
        let mut last_expected = this.root_open;
        let mut depth = 0usize;
        let out = &mut *self.out;
        walk(self.home, touched.place, touched.cell, touched.key, |node| {
            if last_expected {
                out.add(hash::facet(last, READERS), classes.below.0.map(|class| class | INTENT));
                out.add(hash::facet(last, WRITERS), classes.below.1.map(|class| class | INTENT));
            }
            last = node;
            last_expected = match (depth, touched.cell) {
                (0, _) => this.address_open,
                (_, Some(cell)) => cell.open.get(depth - 1).copied().unwrap_or(false),
                (_, None) => false,
            };
            depth += 1;
        });
        let has_loads = this.has_loads;
        if classes.writes && has_loads && (touched.open || touched.cell.is_some_and(|cell| cell.loaded)) {
            self.wrote.push(last);
        }
        let out = &mut *self.out;
        let mut node = last;
        let mut open = touched.open;
        if !open && this.classes.kind == Kind::Fields {
            if let Some(cell) = touched.cell {
                // The path of the field below the key. Fields above and below it that others name are prefixes.
                let path = touched.field.unwrap_or("");
                let deeper = |other: &str| {
                    path.is_empty() && !other.is_empty()
                        || other.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'))
                };
                open = cell.fields.iter().any(|other| deeper(other));
                let above = |prefix: &str| cell.values_whole && prefix.is_empty() || cell.fields.contains(prefix);
                let mut at = 0;
                while !path.is_empty() {
                    if above(if at == 0 { "" } else { &path[..at - 1] }) {
                        out.add(hash::facet(node, READERS), classes.below.0.map(|class| class | INTENT));
                        out.add(hash::facet(node, WRITERS), classes.below.1.map(|class| class | INTENT));
                    }
                    let end = path[at..].find('.').map_or(path.len(), |dot| at + dot);
                    node = hash::below(node, &path.as_bytes()[at..end]);
                    if end == path.len() {
                        break;
                    }
                    at = end + 1;
                }
            }
        }
        if open {
            out.open.insert(node);
            out.add(hash::facet(node, READERS), classes.all.0);
            out.add(hash::facet(node, WRITERS), classes.all.1);
        } else {
            out.add(node, classes.value);
            if touched.cell.is_none_or(|cell| cell.probed) {
                out.add(hash::facet(node, PRESENCE), classes.presence);
            }
        }
    }
}

/// A touch with everything it points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// `None`: any. Else the address, or `None` for the part of the state without instances.
    pub(crate) place: Option<Option<Vec<u8>>>,
    /// What tells the cell from others; `None`: all cells.
    pub(crate) cell: Option<Vec<u8>>,
    /// The cell's id, for people.
    pub(crate) cell_id: String,
    pub(crate) key: Vec<Vec<u8>>,
    pub(crate) open: bool,
    pub(crate) field: Option<String>,
    pub(crate) mode: Mode,
    pub(crate) keeps: bool,
    pub(crate) op: String,
    pub(crate) bounded: bool,
    node: u64,
}

impl Resolved {
    /// A touch of everything.
    pub(crate) fn everything() -> Resolved {
        Resolved {
            place: None,
            cell: None,
            cell_id: String::new(),
            key: Vec::new(),
            open: true,
            field: None,
            mode: Mode::Update,
            keeps: false,
            op: String::new(),
            bounded: false,
            node: hash::ROOT,
        }
    }

    /// The node that this touch may write.
    pub(crate) fn written_node(&self) -> Option<u64> {
        let reads = matches!(self.mode, Mode::Read | Mode::Probe | Mode::Scan | Mode::Rewrite | Mode::Lock);
        (!reads).then_some(self.node)
    }
}

/// Keeps touches.
pub(crate) struct Explicit<'a> {
    pub(crate) home: Home<'a>,
    pub(crate) out: &'a mut Vec<Resolved>,
}

impl Sink for Explicit<'_> {
    fn touch(&mut self, touched: &Touched<'_>) {
        let mut node = hash::ROOT;
        walk(self.home, touched.place, touched.cell, touched.key, |found| node = found);
        self.out.push(Resolved {
            place: match touched.place {
                Where::Any => None,
                Where::Chain => Some(None),
                Where::At(address) => Some(Some(address.to_vec())),
            },
            cell: touched.cell.map(|cell| cell.ident.clone()),
            cell_id: touched.cell.map(|cell| cell.id.clone()).unwrap_or_default(),
            key: touched.key.iter().map(<[u8]>::to_vec).collect(),
            open: touched.open,
            field: touched.field.map(str::to_owned),
            mode: touched.mode,
            keeps: touched.keeps,
            op: touched.op.to_owned(),
            bounded: touched.bounded,
            node,
        });
    }
}

/// Finds the touch that made a unit.
pub(crate) struct Naming<'a> {
    evaluator: &'a Evaluator,
    call: &'a Call,
    unit: u64,
    /// How canonical bytes were written.
    spelled: BTreeMap<Vec<u8>, String>,
    pub(crate) found: Option<UnitName>,
}

impl<'a> Naming<'a> {
    pub(crate) fn new(evaluator: &'a Evaluator, call: &'a Call, unit: u64, texts: &[String]) -> Naming<'a> {
        let mut spelled = BTreeMap::new();
        for text in texts {
            let mut bytes = Vec::new();
            super::address::neutral(text, &mut bytes);
            spelled.insert(bytes, text.clone());
            spelled.insert(text.clone().into_bytes(), text.clone());
        }
        Naming { evaluator, call, unit, spelled, found: None }
    }

    fn shown(&self, bytes: &[u8]) -> String {
        self.spelled.get(bytes).cloned().unwrap_or_else(|| shown(bytes))
    }
}

impl Sink for Naming<'_> {
    fn touch(&mut self, touched: &Touched<'_>) {
        if self.found.is_some() {
            return;
        }
        let (mut all, mut wrote) = (Compiled::default(), Vec::new());
        UnitSink::new(self.evaluator, self.call, &mut all, &mut wrote).touch(touched);
        if !all.units.contains(&self.unit) {
            return;
        }
        // A unit of a node above is told by the part of the path that leads there.
        let mut depth = 0usize;
        let mut at = None;
        let facets =
            |node: u64| [node, hash::facet(node, PRESENCE), hash::facet(node, READERS), hash::facet(node, WRITERS)];
        if facets(hash::ROOT).contains(&self.unit) {
            self.found = Some(UnitName::default());
            return;
        }
        walk(self.call.home(), touched.place, touched.cell, touched.key, |node| {
            if at.is_none() && facets(node).contains(&self.unit) {
                at = Some(depth);
            }
            depth += 1;
        });
        let depth = at.unwrap_or(usize::MAX);
        let mut name = UnitName::default();
        if let Where::At(address) = touched.place {
            name.address = self.shown(address);
        }
        if let (Some(cell), true) = (touched.cell, depth >= 1) {
            name.cell.clone_from(&cell.id);
            if let (Some(field), true) = (touched.field, self.evaluator.classes.kind == Kind::Fields) {
                name.cell = format!("{}.{field}", cell.id);
            }
            name.key = touched
                .key
                .iter()
                .take(depth.saturating_sub(1))
                .map(|part| match part.split_first() {
                    Some((b's', rest)) => self.shown(rest),
                    _ => component(part),
                })
                .collect();
        }
        self.found = Some(name);
    }
}

/// A component of a key for people.
pub(crate) fn component(bytes: &[u8]) -> String {
    match bytes.split_first() {
        Some((b's' | b'n', rest)) => shown(rest),
        Some((b'i', rest)) => match rest.split_first() {
            Some((sign, digits)) if digits.len() <= 16 => {
                let value = digits.iter().fold(0u128, |value, &byte| value << 8 | u128::from(byte));
                format!("{}{value}", if *sign == 1 { "-" } else { "" })
            }
            Some((_, digits)) => shown_hex(digits),
            None => "0".to_owned(),
        },
        Some((b'b', [0])) => "false".to_owned(),
        Some((b'b', [1])) => "true".to_owned(),
        Some((b'o', _)) => "null".to_owned(),
        _ => shown_hex(bytes),
    }
}

fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && text.chars().all(|c| !c.is_control()) => text.to_owned(),
        _ => shown_hex(bytes),
    }
}

fn shown_hex(bytes: &[u8]) -> String {
    let mut out = "0x".to_owned();
    for byte in bytes {
        out.push_str(&format!("{byte:02x}"));
    }
    out
}
