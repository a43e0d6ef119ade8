//! What an execution touched, in order, and how that becomes accesses.
//!
//! A read gives the value it returns a load id. Values remember the loads they depend on; a load counts as *observed*
//! when such a value decides a branch, a key, a stored value, a result or a message. A write that stores a loaded value
//! changed by a delta, at the same cell and key, whose load nobody observes, is a `commute`; every other read and write
//! of one key is an `update` (MODEL §2).

use super::value::{CellVal, Delta, Dep, Kind, StructVal, Sym, Val};
use crate::ir::hir::Name;
use crate::ir::{
    Access, Bound, Cell, CellId, Certainty, Const, External, Mode, Op, Reach, Span, Storage, Term, Type, Unit, Unknown,
    UnknownReason,
};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A read of one key.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub(super) cell: CellId,
    pub(super) key: Vec<Rc<Sym>>,
    /// Somebody sees the whole value, or that there is one.
    pub(super) observed: bool,
    /// Fields that somebody sees.
    pub(super) fields: BTreeSet<Name>,
    /// Limits on the changed value, or on a changed field of it, behind which the call fails.
    pub(super) bounds: Vec<(Option<Name>, Bound)>,
    pub(super) seq: u32,
}

impl Load {
    /// A read that nobody has looked at yet, before event number `seq`.
    pub(super) fn new(cell: CellId, key: Vec<Rc<Sym>>, seq: u32) -> Load {
        Load { cell, key, observed: false, fields: BTreeSet::new(), bounds: Vec::new(), seq }
    }

    /// The same, seen by somebody.
    pub(super) fn seen(self) -> Load {
        Load { observed: true, ..self }
    }

    /// True when somebody sees any part.
    pub(super) fn is_seen(&self) -> bool {
        self.observed || !self.fields.is_empty()
    }

    /// True when somebody sees the part that a delta changes.
    fn tells(&self, delta: &Delta) -> bool {
        self.observed
            || match delta.path.first() {
                Some(field) => self.fields.contains(field),
                None => !self.fields.is_empty(),
            }
    }
}

/// What a write stores.
#[derive(Clone, Debug)]
pub(super) enum Stored {
    /// A value that replaces the whole.
    Whole,
    /// The loaded value unchanged.
    Same,
    /// The loaded value with fields changed: path and, where it is one, the delta.
    Fields(u32, Vec<(Vec<Name>, Option<Rc<Delta>>)>),
    /// The loaded value changed by a delta.
    Delta(Rc<Delta>),
}

#[derive(Clone, Debug)]
pub(super) enum Did {
    Read(u32),
    Probe,
    Write(Stored),
    Delete,
    Append,
    Scan,
    ScanKeys,
    /// The entry's life is prolonged.
    Touch,
}

#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) did: Did,
    pub(super) cell: CellId,
    pub(super) key: Vec<Rc<Sym>>,
    pub(super) span: Span,
    pub(super) via: Rc<[String]>,
    /// Number of conditions around it that not every successful path takes.
    pub(super) conditions: u32,
    pub(super) repeat: bool,
    pub(super) implicit: bool,
}

/// Who-may-call evidence: the caller equals a stored value, or has an entry at a cell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Guard {
    /// A role that no cell of the contract keeps.
    pub(super) role: Option<String>,
    /// Something must hold of the caller that is not understood; nothing else is said.
    pub(super) untold: bool,
    pub(super) address: bool,
    pub(super) cell: CellId,
    pub(super) field: Vec<String>,
    pub(super) span: Span,
    /// Number of conditions around it that not every successful path takes.
    pub(super) conditions: u32,
}

/// All cells of a contract, shared by its entry points.
#[derive(Clone, Default)]
pub(super) struct Cells {
    cells: Vec<Cell>,
    /// Kinds whose raw keys are those of another kind (`[[kind]]` rows).
    forms: BTreeMap<String, String>,
    /// Tiers all of whose cells share one unit of storage.
    units: BTreeMap<String, Unit>,
}

/// What a cell is called that nobody names: by its namespace, without a length in front; bytes that are no text as `\x01`.
fn readable(prefix: &[u8]) -> String {
    let namespace = match prefix {
        [high, low, rest @ ..] if !rest.is_empty() && usize::from(u16::from_be_bytes([*high, *low])) == rest.len() => {
            rest
        }
        whole => whole,
    };
    let mut out = String::new();
    for chunk in namespace.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_ascii_control() { out.push_str(&format!("\\x{:02x}", u32::from(c))) } else { out.push(c) }
        }
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
    }
    out
}

impl Cells {
    /// Says that cells of kind `name` have the raw keys of kind `like`.
    pub(super) fn alike(&mut self, name: String, like: String) {
        self.forms.insert(name, like);
    }

    /// Says that all cells of a tier are parts of one unit.
    pub(super) fn share(&mut self, tier: &str, unit: Unit) {
        self.units.insert(tier.to_owned(), unit);
    }

    fn form<'a>(&'a self, kind: &'a str) -> &'a str {
        self.forms.get(kind).map_or(kind, String::as_str)
    }

    /// The id of a place in storage. The same namespace and raw form is the same cell, whatever its containers are
    /// called; of several names the shortest given one stays.
    pub(super) fn intern(&mut self, value: &CellVal, encoding: &str, keys: Vec<Type>, ty: Type) -> Option<CellId> {
        let prefix = value.namespace.clone()?;
        let form = self.form(&value.kind);
        let found = self.cells.iter().position(|cell| {
            cell.storage.prefix.as_ref() == Some(&prefix)
                && self.form(&cell.storage.kind) == form
                && cell.tier.as_deref() == value.tier.as_deref()
        });
        let unnamed = readable(&prefix);
        if let Some(at) = found {
            let cell = &mut self.cells[at];
            if matches!(&cell.value, Type::Opaque(name) if name == "?") {
                cell.value = ty.clone();
            }
            if let Some(shape) =
                value.shape.as_ref().filter(|shape| !cell.shapes.iter().any(|known| **known == ***shape))
            {
                cell.shapes.push(shape.to_string());
            }
            let shorter = |label: &&std::rc::Rc<str>| cell.name == unnamed || label.len() < cell.name.len();
            if let Some(label) = value.label.as_ref().filter(shorter) {
                cell.name = label.to_string();
                cell.storage.kind = value.kind.to_string();
                (cell.keys, cell.value, cell.span) = (keys, ty, value.span);
            }
            return Some(CellId(at as u32));
        }
        let name = value.label.as_ref().map_or(unnamed, |label| label.to_string());
        Some(self.push(Cell {
            name,
            storage: Storage {
                kind: value.kind.to_string(),
                prefix: Some(prefix),
                encoding: encoding.to_owned(),
                slot: None,
            },
            keys,
            value: ty,
            unit: match value.tier.as_ref().and_then(|tier| self.units.get(tier.as_str())) {
                Some(unit) => unit.clone(),
                None => Unit { kind: "key".to_owned(), id: "own".to_owned() },
            },
            tier: value.tier.as_ref().map(|tier| tier.to_string()),
            shapes: value.shape.iter().map(|shape| shape.to_string()).collect(),
            global: false,
            implicit: false,
            span: value.span,
        }))
    }

    /// A cell that no line of the contract names.
    pub(super) fn implicit(&mut self, name: &str, keys: Vec<Type>, value: Type, global: bool) -> CellId {
        if let Some(at) = self.cells.iter().position(|cell| cell.implicit && cell.name == name) {
            return CellId(at as u32);
        }
        self.push(Cell {
            name: name.to_owned(),
            storage: Storage { kind: "host".to_owned(), prefix: None, encoding: "host".to_owned(), slot: None },
            keys,
            value,
            unit: Unit { kind: "key".to_owned(), id: "own".to_owned() },
            tier: None,
            shapes: Vec::new(),
            global,
            implicit: true,
            span: Span::NONE,
        })
    }

    fn push(&mut self, cell: Cell) -> CellId {
        self.cells.push(cell);
        CellId(self.cells.len() as u32 - 1)
    }

    /// Gives an implicit cell its raw key.
    pub(super) fn keyed(&mut self, id: CellId, key: &[u8]) {
        let cell = &mut self.cells[id.0 as usize];
        cell.storage.prefix = Some(key.to_vec());
        cell.storage.kind = "raw".to_owned();
        cell.tier = None;
    }

    /// Puts a cell into a tier and a unit.
    pub(super) fn place(&mut self, id: CellId, tier: &str, unit: Unit) {
        let cell = &mut self.cells[id.0 as usize];
        cell.tier = Some(tier.to_owned());
        cell.unit = unit;
    }

    pub(super) fn get(&self, id: CellId) -> &Cell {
        &self.cells[id.0 as usize]
    }

    pub(super) fn list(&self) -> &[Cell] {
        &self.cells
    }
}

/// The record of one entry point's execution.
#[derive(Default)]
pub(super) struct Recorder {
    pub(super) loads: Vec<Load>,
    pub(super) events: Vec<Event>,
    pub(super) externals: Vec<External>,
    pub(super) unknowns: Vec<Unknown>,
    pub(super) guards: Vec<Guard>,
    /// Arguments that must have authorised every call.
    pub(super) auths: std::collections::BTreeSet<String>,
    /// Numbers under which the chain will call this contract back within the same transaction; `None` is any.
    pub(super) callbacks: Vec<Option<Const>>,
    /// The call looks at the value attached to it.
    pub(super) attached: bool,
    /// Set once a call that could not be seen may have changed any state.
    pub(super) state_lost: bool,
}

impl Recorder {
    /// True when state at this key may differ from what it was when the call started.
    pub(super) fn may_have_written(&self, cell: CellId, key: &[Rc<Sym>]) -> bool {
        self.state_lost
            || self.events.iter().any(|event| {
                event.cell == cell
                    && matches!(event.did, Did::Write(_) | Did::Delete | Did::Append)
                    && keys_may_equal(&event.key, key)
            })
    }

    /// True when an event since `from` writes a place that no event before it wrote.
    pub(super) fn wrote_anew(&self, from: usize) -> bool {
        let writes = |event: &&Event| matches!(event.did, Did::Write(_) | Did::Delete | Did::Append);
        let (old, new) = self.events.split_at(from.min(self.events.len()));
        new.iter()
            .filter(writes)
            .any(|event| !old.iter().filter(writes).any(|known| known.cell == event.cell && known.key == event.key))
    }

    pub(super) fn observe(&mut self, deps: &[Dep]) {
        for dep in deps {
            if let Some(load) = self.loads.get_mut(dep.load as usize) {
                match &dep.field {
                    Some(field) => {
                        load.fields.insert(field.clone());
                    }
                    None => load.observed = true,
                }
            }
        }
    }

    pub(super) fn unknown(&mut self, reason: UnknownReason, what: String, reach: Reach, span: Span, via: Vec<String>) {
        if !self.unknowns.iter().any(|known| known.reason == reason && known.span == span && known.what == what) {
            self.unknowns.push(Unknown { reason, what, reach, span, via });
        }
    }

    /// The accesses, sorted and merged.
    pub(super) fn accesses(&self) -> Vec<Access> {
        let mut found: Vec<Access> = Vec::new();
        // A load is explained by a write when the write is a delta of it, or changes fields of it.
        let mut commuting: Vec<Vec<Rc<Delta>>> = vec![Vec::new(); self.loads.len()];
        let mut changed: Vec<bool> = vec![false; self.loads.len()];
        for (at, event) in self.events.iter().enumerate() {
            let deltas: Vec<&Rc<Delta>> = match &event.did {
                Did::Write(Stored::Delta(delta)) => vec![delta],
                Did::Write(Stored::Fields(load, fields)) => {
                    changed[*load as usize] = true;
                    fields.iter().filter_map(|(_, delta)| delta.as_ref()).collect()
                }
                _ => continue,
            };
            for delta in deltas {
                if self.may_commute(delta, event, at) {
                    commuting[delta.load as usize].push(delta.clone());
                }
            }
        }
        for event in &self.events {
            match &event.did {
                Did::Read(id) => {
                    let load = &self.loads[*id as usize];
                    let explained = changed[*id as usize] || !commuting[*id as usize].is_empty();
                    if load.observed || (!explained && load.fields.is_empty()) {
                        self.push(&mut found, event, Mode::Read, None, None, Vec::new());
                    } else {
                        for field in &load.fields {
                            self.push(&mut found, event, Mode::Read, Some(field.to_string()), None, Vec::new());
                        }
                    }
                }
                Did::Touch => self.push(&mut found, event, Mode::Read, None, None, Vec::new()),
                Did::Probe => self.push(&mut found, event, Mode::Probe, None, None, Vec::new()),
                Did::Delete => self.push(&mut found, event, Mode::Delete, None, None, Vec::new()),
                Did::Append => {
                    let op = Op { group: crate::ir::OpGroup::Add, name: "append".to_owned(), default: None };
                    self.push(&mut found, event, Mode::Append, None, Some(op), Vec::new());
                }
                Did::Scan => self.push(&mut found, event, Mode::Scan, None, None, Vec::new()),
                Did::ScanKeys => self.push(&mut found, event, Mode::Probe, None, None, Vec::new()),
                Did::Write(Stored::Whole) => self.push(&mut found, event, Mode::Write, None, None, Vec::new()),
                Did::Write(Stored::Same) => self.push(&mut found, event, Mode::Update, None, None, Vec::new()),
                Did::Write(Stored::Delta(delta)) => self.push_change(&mut found, event, None, Some(delta), &commuting),
                Did::Write(Stored::Fields(_, fields)) => {
                    for (path, delta) in fields {
                        let field = path.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(".");
                        self.push_change(&mut found, event, Some(field), delta.as_ref(), &commuting);
                    }
                }
            }
        }
        merge(found)
    }

    /// A change of a loaded value or of one field of it: a delta where nobody sees old or new value, else an update.
    fn push_change(
        &self,
        found: &mut Vec<Access>,
        event: &Event,
        field: Option<String>,
        delta: Option<&Rc<Delta>>,
        commuting: &[Vec<Rc<Delta>>],
    ) {
        let known = delta.filter(|delta| {
            let all = &commuting[delta.load as usize];
            all.iter().any(|other| other.path == delta.path)
                && all.iter().all(|other| other.path != delta.path || other.op == delta.op)
        });
        match known.and_then(|delta| Some((delta, delta.op.as_ref()?))) {
            Some((delta, (group, name))) => {
                let mut bounds = delta.bounds.clone();
                let of_field = |(field, _): &&(Option<Name>, Bound)| field.as_ref() == delta.path.first();
                let limits = self.loads[delta.load as usize].bounds.iter().filter(of_field);
                bounds.extend(limits.map(|(_, bound)| bound.clone()));
                bounds.sort();
                bounds.dedup();
                let op = Op { group: *group, name: (*name).to_owned(), default: delta.default.clone() };
                self.push(found, event, Mode::Commute, field, Some(op), bounds);
            }
            None => self.push(found, event, Mode::Update, field, None, Vec::new()),
        }
    }

    /// MODEL §2: nobody observes the load, and no other load or store of a may-equal key lies between it and its store.
    fn may_commute(&self, delta: &Delta, write: &Event, at: usize) -> bool {
        let Some(load) = self.loads.get(delta.load as usize) else { return false };
        if delta.op.is_none()
            || load.tells(delta)
            || load.cell != write.cell
            || !same_key(&load.key, &write.key)
            || write.repeat
        {
            return false;
        }
        let begin = load.seq as usize;
        let outside = |other_at: usize| other_at < begin || other_at > at;
        // Overlap inside the load-store interval, or a later read that sees the new value.
        self.events.iter().enumerate().all(|(other_at, other)| {
            if other.cell != write.cell || other_at == at || !keys_may_equal(&other.key, &write.key) {
                return true;
            }
            match &other.did {
                Did::Read(id) if *id == delta.load => true,
                // Another load is fine when it does not tell the changed part, and what is stored of it is stored on the
                // same side of this interval.
                Did::Read(id) => {
                    outside(other_at)
                        && !self.loads[*id as usize].tells(delta)
                        && self.stays_outside(*id, other_at, begin, at)
                }
                Did::Write(Stored::Delta(inner)) => {
                    delta.path.is_empty()
                        && (inner.load == delta.load && inner.op == delta.op || outside(other_at) && inner.op.is_some())
                }
                // Fields that are stored as they were loaded keep their value.
                Did::Write(Stored::Fields(base, fields)) => {
                    let Some(changed) = delta.path.first() else { return false };
                    let inner = fields.iter().find(|(path, _)| path.first() == Some(changed));
                    match inner {
                        None => *base == delta.load || outside(other_at),
                        Some((_, Some(inner))) if *base == delta.load => inner.op == delta.op,
                        Some((_, Some(inner))) => outside(other_at) && inner.op.is_some(),
                        Some((_, None)) => false,
                    }
                }
                _ => false,
            }
        })
    }

    /// Every store of a value loaded before the interval comes before it, of one loaded after it after it.
    fn stays_outside(&self, load: u32, from: usize, begin: usize, end: usize) -> bool {
        self.events.iter().enumerate().all(|(at, event)| {
            let of_load = match &event.did {
                Did::Write(Stored::Delta(delta)) => delta.load == load,
                Did::Write(Stored::Fields(base, _)) => *base == load,
                _ => false,
            };
            !of_load || (at < begin && from < begin || from > end && at > end)
        })
    }

    fn push(
        &self,
        found: &mut Vec<Access>,
        event: &Event,
        mode: Mode,
        field: Option<String>,
        op: Option<Op>,
        bounds: Vec<Bound>,
    ) {
        let keys = expand(&event.key);
        let several = keys.len() > 1;
        for mut key in keys {
            if matches!(event.did, Did::Scan | Did::ScanKeys) {
                key.push(Term::Prefix(Vec::new()));
            }
            let sure = event.conditions == 0 && !several;
            found.push(Access {
                cell: event.cell,
                key,
                field: field.clone(),
                mode,
                op: op.clone(),
                bounds: bounds.clone(),
                keeps_presence: false,
                at: None,
                certainty: if sure { Certainty::Always } else { Certainty::Sometimes },
                repeat: event.repeat,
                implicit: event.implicit,
                ttl: matches!(event.did, Did::Touch),
                span: event.span,
                via: event.via.to_vec(),
            });
        }
    }
}

/// One access per combination of terms; too many combinations become `Any`.
fn expand(key: &[Rc<Sym>]) -> Vec<Vec<Term>> {
    let mut keys: Vec<Vec<Term>> = vec![Vec::new()];
    for part in key {
        let terms = part.key_terms();
        let terms = if keys.len() * terms.len() > 16 { vec![Term::Any] } else { terms };
        keys = keys
            .iter()
            .flat_map(|key| terms.iter().map(|term| [key.as_slice(), std::slice::from_ref(term)].concat()))
            .collect();
    }
    keys
}

/// Adds the footprint of a frame that runs later in the same transaction. Its arguments are not those of the first frame,
/// and its state is not the initial one: in its keys only what all frames share keeps its name.
pub(crate) fn append_frame(first: &mut Vec<Access>, later: &[Access], name: &str) {
    let mut all = std::mem::take(first);
    for access in later {
        let mut access = access.clone();
        for part in access.key.iter_mut().chain(access.bounds.iter_mut().map(|bound| &mut bound.limit)) {
            if !part.is_shared() {
                *part = Term::Any;
            }
        }
        access.certainty = Certainty::Sometimes;
        access.via.insert(0, name.to_owned());
        all.push(access);
    }
    *first = merge(all);
}

/// Joins accesses of one key: a read and a write are an update, the same thing twice is once.
fn merge(found: Vec<Access>) -> Vec<Access> {
    let mut merged: Vec<Access> = Vec::new();
    for access in found {
        let same = |other: &Access| {
            other.cell == access.cell
                && other.key == access.key
                && other.at == access.at
                && other.implicit == access.implicit
                && other.ttl == access.ttl
        };
        // The whole covers a field only when both are the same kind of thing; otherwise keep them apart.
        let at = merged
            .iter()
            .position(|other| same(other) && other.field == access.field && combine(other, &access).is_some());
        match at {
            Some(at) => {
                if let Some(mode) = combine(&merged[at], &access) {
                    let old = &mut merged[at];
                    // The span of the writing expression says more than that of the read.
                    if mode != old.mode && mode == access.mode || old.mode == Mode::Read && access.mode != Mode::Read {
                        old.span = access.span;
                        old.via = access.via.clone();
                    }
                    if access.certainty == Certainty::Always {
                        old.certainty = Certainty::Always;
                    }
                    if mode != old.mode && mode != Mode::Commute {
                        old.op = None;
                        old.bounds.clear();
                    }
                    old.mode = mode;
                    old.repeat |= access.repeat;
                    old.keeps_presence &= access.keeps_presence;
                }
            }
            None => merged.push(access),
        }
    }
    // A field update implies the read of the loaded struct it came from: the plain read of the same key adds nothing
    // about other calls in any model whose unit is the key, and is kept for those whose unit is the field.
    // Any other access of the key says more than that its life is prolonged.
    let plain: Vec<(CellId, Vec<Term>)> =
        merged.iter().filter(|access| !access.ttl).map(|access| (access.cell, access.key.clone())).collect();
    merged.retain(|access| !access.ttl || !plain.iter().any(|(cell, key)| *cell == access.cell && *key == access.key));
    merged.sort();
    // `M[any]` says all that `M[0]` says, when nothing else tells them apart.
    let all = merged.clone();
    merged.retain(|access| {
        let wider = |other: &&Access| {
            **other != *access && covers(&other.key, &access.key) && !covers(&access.key, &other.key) && {
                let mut other = (*other).clone();
                other.key.clone_from(&access.key);
                other.span = access.span;
                other.via.clone_from(&access.via);
                other.certainty = access.certainty;
                other.repeat = access.repeat;
                other == *access
            }
        };
        !all.iter().any(|other| wider(&other))
    });
    merged
}

/// True when every component of the wider key is anything or the same.
fn covers(wider: &[Term], key: &[Term]) -> bool {
    wider.len() == key.len() && wider.iter().zip(key).all(|(wide, term)| *wide == Term::Any || wide == term)
}

/// The mode of two accesses of one key together (rounded up); `None` keeps them apart.
fn combine(a: &Access, b: &Access) -> Option<Mode> {
    use Mode::{Append, Commute, Delete, Probe, Read, Rewrite, Scan, Update, Write};
    Some(match (a.mode, b.mode) {
        (x, y) if x == y => {
            if x == Commute && (a.op != b.op || a.bounds != b.bounds) {
                return if a.op == b.op { None } else { Some(Update) };
            }
            x
        }
        (Scan, _) | (_, Scan) | (Append, _) | (_, Append) => return None,
        (Read, Probe) | (Probe, Read) => Read,
        (Update, _) | (_, Update) => Update,
        (Read | Probe, Write) | (Write, Read | Probe) => Update,
        (Read | Probe, Delete) | (Delete, Read | Probe) => Update,
        (Write, Delete) | (Delete, Write) => Write,
        (Commute, Read | Probe | Write | Delete) | (Read | Probe | Write | Delete, Commute) => Update,
        (Rewrite, _) | (_, Rewrite) => Update,
        _ => return None,
    })
}

/// True only if two keys are certainly the same: of values that are not known, or one of several, equal descriptions say nothing.
pub(super) fn same_key(a: &[Rc<Sym>], b: &[Rc<Sym>]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| match (a.single(), b.single()) {
            (Some(x), Some(y)) => x == y && !x.has_any(),
            _ => false,
        })
}

/// True unless the keys must differ within one call.
pub(super) fn keys_may_equal(a: &[Rc<Sym>], b: &[Rc<Sym>]) -> bool {
    a.iter().zip(b).all(|(a, b)| {
        if a.terms.is_empty() || b.terms.is_empty() {
            return true;
        }
        a.terms.iter().any(|x| b.terms.iter().any(|y| terms_may_equal(x, y)))
    })
}

fn terms_may_equal(a: &Term, b: &Term) -> bool {
    match (a, b) {
        (Term::Const(x), Term::Const(y)) => x == y,
        (Term::Fn { name: f, of: xs, injective: true }, Term::Fn { name: g, of: ys, injective: true }) if f == g => {
            xs.len() != ys.len() || xs.iter().zip(ys).all(|(x, y)| terms_may_equal(x, y))
        }
        _ => true,
    }
}

/// A part of a value, by the names of fields.
pub(super) fn part(value: &Val, path: &[Name]) -> Option<Val> {
    path.iter().try_fold(value.clone(), |value, name| match &value.kind {
        Kind::Struct(fields) => fields.get(name).cloned(),
        _ => None,
    })
}

/// Fields of a struct made from what `load` gave that are not as they were loaded: path and, where it is one, the delta. A
/// field that is a struct made from its own old value counts by its fields, and no delta is told of those.
pub(super) fn changed_fields(
    fields: &StructVal,
    load: u32,
    path: &mut Vec<Name>,
    changed: &mut Vec<(Vec<Name>, Option<Rc<Delta>>)>,
) {
    for (name, field) in &fields.fields {
        path.push(name.clone());
        let from_here = |delta: &Rc<Delta>| delta.load == load && !delta.option && delta.path == *path;
        // Not what stands for a value that is absent.
        let as_loaded = |delta: &Rc<Delta>| delta.op.is_none() && delta.default.is_none();
        match &field.kind {
            Kind::Sym(sym) => match sym.delta.as_ref().filter(|delta| from_here(delta)) {
                Some(delta) if as_loaded(delta) => {}
                Some(delta) if path.len() == 1 => changed.push((path.clone(), Some(delta.clone()))),
                _ => changed.push((path.clone(), None)),
            },
            Kind::Struct(inner) => match inner.base.as_ref().and_then(|base| base.delta.as_ref()) {
                Some(delta) if from_here(delta) && as_loaded(delta) => changed_fields(inner, load, path, changed),
                _ => changed.push((path.clone(), None)),
            },
            _ => changed.push((path.clone(), None)),
        }
        path.pop();
    }
}
