//! State that is memory: a value whose fields stand in storage. Where a framework hands the whole state to a call as a
//! receiver, its fields are of two kinds. Types of a table with a function `stored_at` keep their content under keys of
//! their own; everything else is packed into one record, the root, which the framework loads and saves.
//!
//! A packed part is a cell of the root's unit. Its value begins as a load that nobody has used; using it (a branch, a
//! key, a result, a stored value) is what makes it a read, and an assignment below it is a write of it, at the line where
//! it stands. **Claim.** Every packed part that a call's outcome depends on has a read, every part that may differ when the
//! root is saved has a write; the root itself is accessed as a whole by the framework, which says so.

use super::homes::{Homes, leading};
use super::loops::same_value;
use super::record::{Did, Event, Load, Stored};
use super::ty::{Ty, TyEnv};
use super::value::{Alt, CellVal, Delta, Dep, Kind, Place, Proj, StructVal, Sym, Val, project};
use super::{Engine, Ev};
use crate::ir::hir::{ItemId, ItemKind, Name};
use crate::ir::{Access, CellId, Mode, Span, Term, UnknownReason};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::rc::Rc;

/// State is taken apart this deep.
const MAX_NESTED: usize = 8;

/// How the state meets an entry point.
#[derive(Clone, Debug, Default)]
pub(crate) enum Rooting {
    /// Not at all, or only through calls in the code.
    #[default]
    None,
    /// As the receiver: by mutable reference, or as a copy.
    Receiver { ty: Ty, mutable: bool },
    /// The result becomes the state.
    Built { ty: Ty },
}

/// A packed part of the root.
#[derive(Clone, Debug)]
struct Leaf {
    path: Vec<Proj>,
    cell: CellId,
}

/// A slot that stands for an entry of a cell: what is written to it is stored there.
#[derive(Clone, Debug)]
struct Entry {
    cell: Rc<CellVal>,
    id: CellId,
    key: Val,
    components: Vec<Rc<Sym>>,
    /// Lent out mutably: stored again, changed or not.
    lent: bool,
    span: Span,
    via: Rc<[String]>,
    conditions: u32,
    repeat: bool,
}

/// Slots that stand for state.
pub(super) struct Watched {
    slot: Option<u32>,
    entries: BTreeMap<u32, Entry>,
}

/// The state that the running call holds in memory.
#[derive(Default)]
pub(super) struct Rooted {
    /// The tier of packed parts; `None` where the framework has no root.
    tier: Option<Name>,
    ty: Option<Ty>,
    slot: Option<u32>,
    leaves: Vec<Leaf>,
    /// Loads that are reads only if somebody uses them, in order: packed parts, and what a write gives back.
    loads: Vec<u32>,
    own: FxHashSet<u32>,
    /// Where a packed part was first used.
    seen: BTreeMap<u32, (Span, Rc<[String]>)>,
    /// Where latent loads stand.
    latent: BTreeMap<u32, (Span, Rc<[String]>)>,
    entries: BTreeMap<u32, Entry>,
    /// The stored value whose inside is being built.
    home: Option<Sym>,
    /// Leading components of the keys of containers being built.
    pub(super) at: Option<Val>,
    /// A table's `stored_at` is running.
    building: bool,
    /// Where the field being built is declared.
    span: Span,
    pub(super) homes: Homes,
    holds: FxHashMap<Ty, bool>,
}

impl Rooted {
    /// Forgets the last call.
    pub(super) fn clear(&mut self) {
        self.slot = None;
        self.leaves.clear();
        self.loads.clear();
        self.own.clear();
        self.seen.clear();
        self.latent.clear();
        self.entries.clear();
        self.home = None;
        self.at = None;
        self.span = Span::NONE;
        self.homes.clear();
    }

    /// True for a load of a part of the root.
    pub(super) fn is_own(&self, load: u32) -> bool {
        self.own.contains(&load)
    }

    /// True when writes to a slot are writes to state.
    pub(super) fn watches(&self, slot: u32) -> bool {
        self.slot == Some(slot) || !self.entries.is_empty() && self.entries.contains_key(&slot)
    }
}

impl Engine<'_> {
    /// Says that the state is one record with an implicit cell of that name; gives the cell.
    pub(crate) fn root_record(&mut self, name: &str) -> CellId {
        let tier = name.trim_matches(['<', '>']).to_owned();
        self.rooted.tier = Some(Name::from(tier.as_str()));
        self.shared_unit(&tier, "key", name)
    }

    /// Writes to memory that stands for state count as none until [`Engine::watch`]; gives what was watched.
    pub(super) fn unwatch(&mut self) -> Watched {
        Watched { slot: self.rooted.slot.take(), entries: std::mem::take(&mut self.rooted.entries) }
    }

    /// True for the state itself, as a call holds it in memory, or a place in it.
    pub(super) fn is_state(&mut self, value: &Val) -> bool {
        match &value.kind {
            Kind::Ref(places) => places.iter().any(|place| self.rooted.watches(place.slot)),
            Kind::Struct(_) => {
                let loads = self.loads_of(value);
                !loads.is_empty() && loads.iter().all(|dep| self.rooted.own.contains(&dep.load))
            }
            _ => false,
        }
    }

    /// Ends what [`Engine::unwatch`] began.
    pub(super) fn watch(&mut self, watched: Watched) {
        (self.rooted.slot, self.rooted.entries) = (watched.slot, watched.entries);
    }

    /// What the framework does to the root around a call: loads it, and saves it where `saves`. A save without a change
    /// of any packed part puts the same bytes back.
    pub(crate) fn root_access(&self, root: CellId, accesses: &[Access], mode: RootMode, sure: bool) -> Access {
        let unit = &self.cells.get(root).unit;
        let writes = |mode: Mode| !matches!(mode, Mode::Read | Mode::Probe | Mode::Scan | Mode::Lock);
        let changed = accesses.iter().any(|access| writes(access.mode) && self.cells.get(access.cell).unit == *unit);
        let mode = match mode {
            RootMode::Loaded => Mode::Read,
            RootMode::Saved if changed || !sure => Mode::Update,
            RootMode::Saved => Mode::Rewrite,
            RootMode::Built => Mode::Write,
        };
        Access::implicit(root, mode)
    }

    /// True where state is a record that calls hold in memory.
    pub(super) fn has_root(&self) -> bool {
        self.rooted.tier.is_some()
    }

    /// The type of the state, for code that loads it without saying what it is.
    pub(crate) fn root_type(&mut self, ty: Option<Ty>) {
        self.rooted.ty = ty;
    }

    /// Says under which raw key the root is stored: code that reads or writes the key touches the root.
    pub(crate) fn root_key(&mut self, root: CellId, key: &[u8]) {
        self.cells.keyed(root, key);
    }

    /// The state as the receiver of a call.
    pub(super) fn root_receiver(&mut self, ty: &Ty, mutable: bool) -> Val {
        let value = self.root_value(ty);
        if !mutable {
            return value;
        }
        let mut leaves = Vec::new();
        self.leaves_of(&value, &mut Vec::new(), &mut leaves);
        let slot = self.store.alloc(value);
        self.rooted.slot = Some(slot);
        self.rooted.leaves = leaves;
        Val { ty: ty.clone(), kind: Kind::Ref(Rc::new(vec![Place { slot, path: Vec::new() }])) }
    }

    /// The state as the call finds it.
    pub(super) fn root_value(&mut self, ty: &Ty) -> Val {
        let own = self.rooted.ty.clone().filter(|_| ty.is_unknown());
        self.stored_value(own.as_ref().unwrap_or(ty), "", None, 0)
    }

    /// The value of a type at a place in storage: containers of tables with their cells, packed parts as loads that
    /// nobody used yet. `home` is the stored value it is a part of, where that is not the root.
    fn stored_value(&mut self, ty: &Ty, name: &str, home: Option<Sym>, depth: usize) -> Val {
        if depth <= MAX_NESTED {
            if let Some((item, env)) = self.stored_at(ty) {
                let outer = std::mem::replace(&mut self.rooted.home, home);
                let building = std::mem::replace(&mut self.rooted.building, true);
                let row = self.row_span.replace(self.rooted.span);
                let at = self.rooted.at.clone().unwrap_or_else(Val::unit);
                let args = vec![Val::text(name), at];
                let made = self.call_item(item, env, &[], None, args, ty, self.rooted.span);
                self.row_span = row;
                self.rooted.building = building;
                self.rooted.home = outer;
                return made.unwrap_or_else(|_| Val::any(ty.clone())).retyped(ty);
            }
            if self.holds_storage(ty, 0) || depth == 0 && home.is_none() && self.is_own_struct(ty) {
                return self.stored_parts(ty, name, home.as_ref(), depth);
            }
        }
        match home {
            Some(home) => Val::sym(ty.clone(), home),
            None => self.leaf(name, ty),
        }
    }

    /// A struct, enum or tuple with containers inside, part by part.
    fn stored_parts(&mut self, ty: &Ty, name: &str, home: Option<&Sym>, depth: usize) -> Val {
        let below = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
        let outer = self.rooted.span;
        let value = match ty {
            Ty::Tuple(types) => {
                let mut parts = Vec::new();
                for (at, part) in types.iter().enumerate() {
                    let inner = home.map(|home| project(home, &Name::from(at.to_string())));
                    parts.push(self.stored_value(part, &below(&at.to_string()), inner, depth + 1));
                }
                Val { ty: ty.clone(), kind: Kind::Tuple(Rc::new(parts)) }
            }
            Ty::Adt(id, _) => {
                let item = self.item(*id);
                match &item.kind {
                    ItemKind::Enum(def) => {
                        let mut alts = Vec::new();
                        for (at, variant) in def.variants.iter().enumerate() {
                            let at = at as u32;
                            let mut fields = Vec::new();
                            for (field, part) in self.field_types(ty, Some(at)).iter() {
                                // An option, and one payload without a name, have no name of their own.
                                let place = match (self.is_option(ty), variant.fields.tuple) {
                                    (true, _) => name.to_owned(),
                                    (false, true) => below(&variant.name),
                                    (false, false) => below(&format!("{}.{field}", variant.name)),
                                };
                                let inner = home.map(Sym::widened);
                                // The versions of a state are states.
                                let inside = depth + usize::from(depth > 0 || !self.is_own_struct(part));
                                fields.push((field.clone(), self.stored_value(part, &place, inner, inside)));
                            }
                            alts.push(Alt { variant: at, fields });
                        }
                        Val { ty: ty.clone(), kind: Kind::Enum(Rc::new(alts)) }
                    }
                    ItemKind::Struct(def) => {
                        let mut fields = Vec::new();
                        for (at, (field, part)) in self.field_types(ty, None).iter().enumerate() {
                            if let Some(written) = def.fields.fields.get(at) {
                                self.rooted.span = written.span;
                            }
                            let inner = home.map(|home| project(home, field));
                            fields.push((field.clone(), self.stored_value(part, &below(field), inner, depth + 1)));
                        }
                        Val { ty: ty.clone(), kind: Kind::Struct(Rc::new(StructVal { fields, base: None })) }
                    }
                    _ => Val::any(ty.clone()),
                }
            }
            _ => Val::any(ty.clone()),
        };
        self.rooted.span = outer;
        value
    }

    /// The name of a container's place: its path.
    pub(super) fn rooted_label(&self, namespace: Option<&[u8]>) -> Option<Rc<str>> {
        self.rooted.building.then(|| namespace.and_then(|path| std::str::from_utf8(path).ok()).map(Rc::from))?
    }

    fn is_own_struct(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Adt(id, _) => !self.is_model(id.krate) && matches!(self.item(*id).kind, ItemKind::Struct(_)),
            _ => false,
        }
    }

    /// The function of a table that gives a container at a place.
    fn stored_at(&mut self, ty: &Ty) -> Option<(ItemId, TyEnv)> {
        if !matches!(ty, Ty::Adt(..)) {
            return None;
        }
        for info in self.impls_of(ty).iter() {
            if !self.is_model(info.item.krate) {
                continue;
            }
            if let Some(&item) = info.assoc.get("stored_at") {
                return Some((item, self.impl_env(info, ty)?));
            }
        }
        None
    }

    /// True when parts of a type have keys of their own.
    pub(super) fn holds_storage(&mut self, ty: &Ty, depth: usize) -> bool {
        if depth > MAX_NESTED {
            return false;
        }
        if let Some(&known) = self.rooted.holds.get(ty) {
            return known;
        }
        self.rooted.holds.insert(ty.clone(), false);
        let holds = match ty {
            Ty::Tuple(parts) => parts.iter().any(|part| self.holds_storage(part, depth + 1)),
            Ty::Adt(id, _) => {
                self.stored_at(ty).is_some() || {
                    let item = self.item(*id);
                    let fields = match &item.kind {
                        ItemKind::Struct(_) => self.field_types(ty, None).to_vec(),
                        ItemKind::Enum(def) => (0..def.variants.len() as u32)
                            .flat_map(|at| self.field_types(ty, Some(at)).to_vec())
                            .collect(),
                        _ => Vec::new(),
                    };
                    fields.iter().any(|(_, field)| self.holds_storage(field, depth + 1))
                }
            }
            _ => false,
        };
        self.rooted.holds.insert(ty.clone(), holds);
        holds
    }

    /// A packed part of the root, loaded with it.
    fn leaf(&mut self, name: &str, ty: &Ty) -> Val {
        let span = self.rooted.span;
        let name = if name.is_empty() { "state" } else { name };
        let cell = CellVal {
            tier: self.rooted.tier.clone(),
            namespace: Some(name.as_bytes().to_vec()),
            kind: Name::new_static("field"),
            label: Some(Rc::from(name)),
            shape: None,
            key: Ty::unit(),
            value: ty.clone(),
            span,
        };
        let Some(id) = self.cell_id(&cell, span) else { return Val::any(ty.clone()) };
        let load = self.rec.loads.len() as u32;
        self.rec.loads.push(Load::new(id, Vec::new(), 0));
        self.rooted.loads.push(load);
        self.rooted.own.insert(load);
        let delta = Delta { load, path: Vec::new(), option: false, op: None, default: None, bounds: Vec::new() };
        let terms = vec![Term::Load { cell: id, key: Vec::new(), field: Vec::new() }];
        let sym = Sym { terms, loads: vec![Dep::whole(load)], delta: Some(Rc::new(delta)), ..Sym::default() };
        Val::sym(ty.clone(), sym)
    }

    fn leaves_of(&self, value: &Val, path: &mut Vec<Proj>, leaves: &mut Vec<Leaf>) {
        match &value.kind {
            Kind::Sym(sym) => {
                let load = sym.delta.as_ref().map(|delta| delta.load).filter(|load| self.rooted.own.contains(load));
                if let Some(load) = load {
                    leaves.push(Leaf { path: path.clone(), cell: self.rec.loads[load as usize].cell });
                }
            }
            Kind::Struct(fields) => {
                for (name, field) in &fields.fields {
                    path.push(Proj::Field(name.clone()));
                    self.leaves_of(field, path, leaves);
                    path.pop();
                }
            }
            Kind::Tuple(parts) => {
                for (at, part) in parts.iter().enumerate() {
                    path.push(Proj::Field(Name::from(at.to_string())));
                    self.leaves_of(part, path, leaves);
                    path.pop();
                }
            }
            Kind::Enum(alts) => {
                for alt in alts.iter() {
                    for (name, field) in &alt.fields {
                        path.push(Proj::Payload(alt.variant, name.clone()));
                        self.leaves_of(field, path, leaves);
                        path.pop();
                    }
                }
            }
            _ => {}
        }
    }

    /// A slot that stands for state was written: which parts of state that changes.
    pub(super) fn rooted_write(&mut self, place: &Place, old: &Val) {
        let span = self.user_span(self.here);
        let now = self.store.get(place.slot).clone();
        if self.rooted.slot != Some(place.slot) {
            if let Some(entry) = self.rooted.entries.get(&place.slot).cloned() {
                self.keep_nested(&entry.cell, &entry.key, &now, span);
                self.record_write(entry.id, entry.components, &now, span);
            }
            return;
        }
        for leaf in self.rooted.leaves.clone() {
            let inside = place.path.starts_with(&leaf.path);
            if !inside && !leaf.path.starts_with(&place.path) {
                continue;
            }
            let new = self.peek(&now, &leaf.path);
            if !inside || place.path.len() == leaf.path.len() {
                let before = self.peek(old, &leaf.path);
                if !inside && same_value(&before, &new) {
                    continue;
                }
            }
            self.record_write(leaf.cell, Vec::new(), &new, span);
        }
    }

    /// The value inside a result, or the value itself.
    pub(super) fn unwrapped_result(&mut self, value: &Val) -> Val {
        let value = self.settle(value.clone());
        match &value.kind {
            Kind::Enum(alts) if self.is_result(&value.ty) => match alts.iter().find_map(|alt| alt.fields.first()) {
                Some((_, inner)) => inner.clone(),
                None => value,
            },
            _ => value,
        }
    }

    fn peek(&mut self, value: &Val, path: &[Proj]) -> Val {
        let mut value = value.clone();
        for step in path {
            value = self.step(&value, step);
        }
        self.settle(value)
    }

    /// A value becomes the state: every packed part is written, and containers made by the call get their places.
    pub(super) fn keep_root(&mut self, ty: &Ty, value: &Val, span: Span) {
        let value = self.settle(value.clone());
        let template = self.root_value(ty);
        self.rooted.span = Span::NONE;
        self.keep(&template, &value, span, true);
    }

    fn keep(&mut self, template: &Val, value: &Val, span: Span, writes: bool) {
        let value = self.settle(value.clone());
        match &template.kind {
            Kind::Sym(sym) => {
                let load = sym.delta.as_ref().map(|delta| delta.load).filter(|load| self.rooted.own.contains(load));
                let (Some(load), true) = (load, writes) else { return };
                let cell = self.rec.loads[load as usize].cell;
                if !matches!(self.stored(cell, &[], &value), Stored::Same) {
                    self.record_write(cell, Vec::new(), &value, span);
                }
            }
            Kind::Cell(cell) => {
                self.keep_container(cell, &value, span);
            }
            Kind::Struct(fields) => {
                for (name, part) in fields.fields.clone() {
                    let inner = self.field(&value, &name);
                    self.keep(&part, &inner, span, writes);
                }
            }
            Kind::Tuple(parts) => {
                for (at, part) in parts.clone().iter().enumerate() {
                    let inner = self.field(&value, &Name::from(at.to_string()));
                    self.keep(part, &inner, span, writes);
                }
            }
            Kind::Enum(alts) => {
                for alt in alts.clone().iter() {
                    // Parts of a variant that the value is not are not there.
                    if let Kind::Enum(is) = &value.kind {
                        if !is.iter().any(|other| other.variant == alt.variant) {
                            continue;
                        }
                    }
                    for (name, part) in &alt.fields {
                        let inner = self.payload(&value, alt.variant, name);
                        self.keep(part, &inner, span, writes);
                    }
                }
            }
            _ => {}
        }
    }

    /// Remembers where a packed part is used.
    pub(super) fn note_seen(&mut self, value: &Val, span: Span) {
        if self.rooted.own.is_empty() {
            return;
        }
        let Kind::Sym(sym) = &value.kind else { return };
        for Dep { load, .. } in &sym.loads {
            if self.rooted.own.contains(load) && !self.rooted.seen.contains_key(load) {
                let place = (self.user_span(span), self.via.clone());
                self.rooted.seen.insert(*load, place);
            }
        }
    }

    /// Mutable references into entries that leave the expression that made them: what they are lent to may store.
    pub(super) fn lend(&mut self, places: &[Place]) {
        if self.rooted.entries.is_empty() {
            return;
        }
        for place in places {
            if let Some(entry) = self.rooted.entries.get_mut(&place.slot) {
                entry.lent = true;
            }
        }
    }

    /// Entries that were lent out are stored again, changed or not.
    pub(super) fn lent_writes(&mut self) {
        for (_, entry) in std::mem::take(&mut self.rooted.entries) {
            let stored = |event: &Event| {
                matches!(event.did, Did::Write(_)) && event.cell == entry.id && event.key == entry.components
            };
            if !entry.lent || self.rec.events.iter().any(stored) {
                continue;
            }
            self.rec.events.push(Event {
                did: Did::Write(Stored::Same),
                cell: entry.id,
                key: entry.components,
                span: entry.span,
                via: entry.via,
                conditions: entry.conditions,
                repeat: entry.repeat,
                implicit: false,
            });
        }
    }

    /// Records the reads of packed parts that mattered.
    pub(super) fn root_reads(&mut self, fallback: Span) {
        for load in self.rooted.loads.clone() {
            let known = &self.rec.loads[load as usize];
            let stored = |event: &Event| match &event.did {
                Did::Write(Stored::Delta(delta)) => delta.load == load,
                Did::Write(Stored::Fields(from, _)) => *from == load,
                _ => false,
            };
            let seen = self.rooted.seen.get(&load).cloned();
            let latent = self.rooted.latent.get(&load).cloned();
            if !known.is_seen() && known.bounds.is_empty() && seen.is_none() && !self.rec.events.iter().any(stored) {
                continue;
            }
            let (span, via) = latent.or(seen).unwrap_or((fallback, Rc::from([])));
            let (cell, key) = (known.cell, known.key.clone());
            self.rec.events.push(Event {
                did: Did::Read(load),
                cell,
                key,
                span,
                via,
                conditions: 0,
                repeat: false,
                implicit: false,
            });
        }
    }

    /// `host::stored::<T>(path, part)`: the value of a type at a place below a container's.
    pub(super) fn host_stored(&mut self, path: &Val, part: &Val, ty: &Ty) -> Val {
        let (path, part) = (self.text_of(path).unwrap_or_default(), self.text_of(part).unwrap_or_default());
        let name = match (path.is_empty(), part.is_empty()) {
            (_, true) => path,
            (true, _) => part.clone(),
            _ => format!("{path}.{part}"),
        };
        let home = self.rooted.home.clone();
        let inner = home.map(|home| if part.is_empty() { home } else { project(&home, &Name::from(part.as_str())) });
        self.stored_value(ty, &name, inner, 1)
    }

    /// `host::latent::<V>(&cell, key)`: what is there, as a value; using it reads the entry, not using it does not.
    pub(super) fn host_latent(&mut self, cell: &Val, key: &Val, ty: &Ty, span: Span) -> Val {
        let cell = self.settle(cell.clone());
        let option = self.option_of(ty.clone());
        let Kind::Cell(cell) = &cell.kind else { return Val::any(option) };
        let Some(id) = self.cell_id(cell, span) else { return Val::any(option) };
        let key = self.key_of(key, &cell.key);
        // Whether it is there is seen as well.
        let sym = Sym { delta: None, ..self.load(id, key, span, false) };
        for Dep { load, .. } in &sym.loads {
            self.rooted.loads.push(*load);
            self.rooted.latent.insert(*load, (span, self.via.clone()));
        }
        Val::sym(option, sym)
    }

    /// Containers made by the call that are stored inside an entry.
    pub(super) fn keep_nested(&mut self, cell: &CellVal, key: &Val, value: &Val, span: Span) {
        let ty = cell.value.clone();
        if self.rooted.tier.is_none() || !self.holds_storage(&ty, 0) {
            return;
        }
        let Some(label) = cell.label.clone() else { return };
        let key = self.settle(key.clone());
        let outer = self.rooted.at.replace(leading(key));
        let template = self.stored_value(&ty, &format!("{label}.items"), Some(Sym::default()), 1);
        self.keep(&template, value, span, false);
        self.rooted.at = outer;
    }

    /// `host::guard::<V>(&cell, key, value, lent)`: a mutable reference to the value of an entry; what is written through
    /// it is stored. Where `lent`, it is stored also if nothing is written.
    pub(super) fn host_guard(&mut self, cell: &Val, key: &Val, value: &Val, lent: bool, span: Span) -> Ev {
        let cell = self.settle(cell.clone());
        let value = self.settle(value.clone());
        let ty = value.ty.clone();
        let slot = self.store.alloc(value);
        match &cell.kind {
            Kind::Cell(cell) => {
                if let Some(id) = self.cell_id(&cell.clone(), span) {
                    let components = self.key_of(key, &cell.key);
                    let entry = Entry {
                        cell: cell.clone(),
                        id,
                        key: key.clone(),
                        components,
                        lent,
                        span,
                        via: self.via.clone(),
                        conditions: self.conditions,
                        repeat: self.repeats > 0,
                    };
                    self.rooted.entries.insert(slot, entry);
                }
            }
            _ => self.unknown(UnknownReason::UnknownCell, "a storage place that is not a constant".to_owned(), span),
        }
        Ok(Val { ty, kind: Kind::Ref(Rc::new(vec![Place { slot, path: Vec::new() }])) })
    }

    /// `host::nested::<V>(&cell, key, option)`: the content of an entry, where containers inside it have keys that begin
    /// with the entry's.
    pub(super) fn host_nested(&mut self, cell: &Val, key: &Val, value: &Val, ty: &Ty) -> Val {
        let value = self.settle(value.clone());
        if !self.holds_storage(ty, 0) {
            return value;
        }
        let Kind::Sym(sym) = &value.kind else { return value };
        let Kind::Cell(cell) = &self.settle(cell.clone()).kind else { return Val::any(value.ty) };
        let inner = super::native::option_payload(sym);
        let Some(label) = cell.label.clone() else { return Val::any(value.ty) };
        let key = self.settle(key.clone());
        let outer = self.rooted.at.replace(leading(key));
        let some = self.stored_value(ty, &format!("{label}.items"), Some(inner), 1);
        self.rooted.at = outer;
        let none = self.none(ty.clone());
        let some = self.some(some);
        super::value::join(&some, &none, 0)
    }
}

/// What happens to the root as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RootMode {
    Loaded,
    Saved,
    Built,
}
