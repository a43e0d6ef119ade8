//! The in-memory state of one abstract execution: slots that hold values, and a journal that lets two branches run
//! from the same state and be joined. References are sets of places; a write through one place is strong, through
//! several weak (MODEL §6.5).

use super::value::Dep;
use super::value::{Alt, Kind, MAX_EXACT, Place, Proj, SeqVal, StructVal, Sym, Val, join};
use super::{Engine, ty::Ty};
use crate::ir::hir::Name;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Slots and the journal of their old values.
#[derive(Default)]
pub(super) struct Store {
    slots: Vec<Val>,
    journal: Vec<(u32, Val)>,
}

/// What one branch changed.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes(pub(super) BTreeMap<u32, Val>);

/// Dependencies that are looked through at the price of a step.
const DEPS_A_STEP: usize = 64;
/// References inside each other that are followed for a field.
const MAX_FOLLOWED: u32 = 24;
/// Dependencies a value keeps: a total over hundreds of entries would otherwise drag them all through every step.
const MAX_DEPS: usize = 256;

impl Store {
    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.journal.clear();
    }
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }
    pub(super) fn alloc(&mut self, value: Val) -> u32 {
        self.slots.push(value);
        self.slots.len() as u32 - 1
    }
    pub(super) fn get(&self, slot: u32) -> &Val {
        &self.slots[slot as usize]
    }
    pub(super) fn set(&mut self, slot: u32, value: Val) {
        let old = std::mem::replace(&mut self.slots[slot as usize], value);
        self.journal.push((slot, old));
    }
    /// Gives a slot that nobody has used yet the value it has on every way.
    pub(super) fn preset(&mut self, slot: u32, value: Val) {
        self.slots[slot as usize] = value;
    }
    pub(super) fn mark(&self) -> usize {
        self.journal.len()
    }
    /// The current values of all slots changed since `mark`.
    pub(super) fn changes(&self, mark: usize) -> Changes {
        Changes(self.journal[mark..].iter().map(|(slot, _)| (*slot, self.slots[*slot as usize].clone())).collect())
    }
    /// Undoes everything since `mark`.
    pub(super) fn rollback(&mut self, mark: usize) {
        while self.journal.len() > mark {
            if let Some((slot, old)) = self.journal.pop() {
                self.slots[slot as usize] = old;
            }
        }
    }
    pub(super) fn apply(&mut self, changes: Changes) {
        for (slot, value) in changes.0 {
            self.set(slot, value);
        }
    }
    /// Continues from whichever of these ways was taken. A way that did not touch a slot has its present value.
    pub(super) fn join(&mut self, ways: Vec<Changes>) {
        let mut slots: Vec<u32> = ways.iter().flat_map(|way| way.0.keys().copied()).collect();
        slots.sort_unstable();
        slots.dedup();
        for slot in slots {
            let present = self.slots[slot as usize].clone();
            let mut values = ways.iter().map(|way| way.0.get(&slot).unwrap_or(&present));
            let Some(first) = values.next() else { continue };
            let joined = values.fold(first.clone(), |all, next| join(&all, next, 0));
            self.set(slot, joined);
        }
    }
}

impl Engine<'_> {
    /// Follows references until the places hold something else.
    pub(super) fn follow(&mut self, places: Vec<Place>) -> Vec<Place> {
        let mut todo = places;
        let mut found: Vec<Place> = Vec::new();
        for _ in 0..16 {
            let mut next = Vec::new();
            for place in todo {
                let value = self.read_one(&place, false);
                match &value.kind {
                    Kind::Ref(targets) => next.extend(targets.iter().cloned()),
                    // One of several, some of them references.
                    Kind::Multi(parts) => {
                        for part in parts.iter() {
                            if let Kind::Ref(targets) = &part.kind {
                                next.extend(targets.iter().cloned());
                            }
                        }
                        if !parts.iter().all(|part| matches!(part.kind, Kind::Ref(_))) {
                            found.push(place);
                        }
                    }
                    _ => found.push(place),
                }
            }
            if next.is_empty() {
                break;
            }
            todo = next;
        }
        found.sort();
        found.dedup();
        found
    }

    /// The value at some of these places.
    pub(super) fn read(&mut self, places: &[Place]) -> Val {
        let mut value: Option<Val> = None;
        for place in places {
            let next = self.read_one(place, true);
            value = Some(match value {
                Some(all) => join(&all, &next, 0),
                None => next,
            });
        }
        value.unwrap_or_else(|| Val::any(Ty::Unknown))
    }

    fn read_one(&mut self, place: &Place, follow: bool) -> Val {
        let mut value = self.store.get(place.slot).clone();
        for step in &place.path {
            value = self.step(&value, step);
        }
        if follow { self.settle(value) } else { value }
    }

    /// A value with references replaced by what they point to.
    pub(super) fn settle(&mut self, value: Val) -> Val {
        let mut value = value;
        for _ in 0..8 {
            match &value.kind {
                Kind::Ref(places) => {
                    let places = places.as_ref().clone();
                    value = self.read(&places);
                }
                _ => break,
            }
        }
        value
    }

    pub(super) fn step(&mut self, value: &Val, step: &Proj) -> Val {
        match step {
            Proj::Field(name) => self.field(value, name),
            Proj::Payload(variant, name) => self.payload(value, *variant, name),
            Proj::Elem => self.element(value),
            Proj::Part => {
                let settled = self.settle(value.clone());
                self.widen(&settled)
            }
            Proj::Nth(at) => {
                let settled = self.settle(value.clone());
                match &settled.kind {
                    Kind::Seq(seq) => match &seq.exact {
                        Some(exact) => exact.get(*at).cloned().unwrap_or_else(|| Val::any(settled.ty.element())),
                        None => self.retaken(seq.elem.clone()),
                    },
                    Kind::Sym(sym) if matches!(settled.ty, Ty::Seq(_)) => {
                        let sym = self.element_sym(sym, Some(*at));
                        Val::sym(settled.ty.element(), sym)
                    }
                    _ => self.element(&settled),
                }
            }
        }
    }

    /// Writes to these places: strong when there is one and it has no `Elem`, else weak.
    pub(super) fn write(&mut self, places: &[Place], value: &Val) {
        let places = self.follow_parents(places);
        let strong = places.len() == 1;
        for place in &places {
            let weak = !strong || place.path.iter().any(|step| matches!(step, Proj::Elem | Proj::Part));
            let root = self.store.get(place.slot).clone();
            let new = self.replace(&root, &place.path, value, weak);
            self.store.set(place.slot, new);
            if self.rooted.watches(place.slot) {
                self.rooted_write(place, &root);
            }
        }
    }

    /// Replaces references in the middle of paths by their targets.
    fn follow_parents(&mut self, places: &[Place]) -> Vec<Place> {
        let mut result = Vec::new();
        for place in places {
            let mut current = vec![Place { slot: place.slot, path: Vec::new() }];
            for step in &place.path {
                current = self.follow(current);
                for place in &mut current {
                    place.path.push(step.clone());
                }
            }
            result.extend(current);
        }
        result.sort();
        result.dedup();
        result
    }

    fn replace(&mut self, old: &Val, path: &[Proj], value: &Val, weak: bool) -> Val {
        let Some((step, rest)) = path.split_first() else {
            return if weak { join(old, value, 0) } else { value.clone().retyped_if_unknown(&old.ty) };
        };
        match (step, &old.kind) {
            (Proj::Field(name), Kind::Struct(fields)) => {
                let inner = self.field(old, name);
                let new = self.replace(&inner, rest, value, weak);
                let mut fields = fields.as_ref().clone();
                match fields.fields.iter_mut().find(|(field, _)| field == name) {
                    Some((_, slot)) => *slot = new,
                    None => fields.fields.push((name.clone(), new)),
                }
                Val { ty: old.ty.clone(), kind: Kind::Struct(Rc::new(fields)) }
            }
            (Proj::Field(name), Kind::Sym(base)) => {
                let inner = self.field(old, name);
                let new = self.replace(&inner, rest, value, weak);
                let fields = StructVal { fields: vec![(name.clone(), new)], base: Some(base.clone()) };
                Val { ty: old.ty.clone(), kind: Kind::Struct(Rc::new(fields)) }
            }
            (Proj::Field(name), Kind::Tuple(parts)) => match name.parse::<usize>() {
                Ok(at) if at < parts.len() => {
                    let mut parts = parts.as_ref().clone();
                    parts[at] = self.replace(&parts[at].clone(), rest, value, weak);
                    Val { ty: old.ty.clone(), kind: Kind::Tuple(Rc::new(parts)) }
                }
                _ => old.clone(),
            },
            (Proj::Payload(variant, name), Kind::Enum(alts)) => {
                let mut alts: Vec<Alt> = alts.as_ref().clone();
                for alt in alts.iter_mut().filter(|alt| alt.variant == *variant) {
                    if let Some((_, slot)) = alt.fields.iter_mut().find(|(field, _)| field == name) {
                        *slot = self.replace(&slot.clone(), rest, value, weak);
                    }
                }
                Val { ty: old.ty.clone(), kind: Kind::Enum(Rc::new(alts)) }
            }
            (Proj::Payload(..), Kind::Sym(base)) => {
                // Part of an enum whose variant is not known: the rest of it stays what it was, the whole is not
                // the loaded or given value any more.
                let mut changed = base.widened();
                value.symbols(&mut |sym| {
                    changed.loads = super::value::union(&changed.loads, &sym.loads);
                    changed.cap |= sym.cap;
                });
                Val::sym(old.ty.clone(), changed)
            }
            (Proj::Nth(at), Kind::Seq(seq)) if seq.exact.as_ref().is_some_and(|exact| *at < exact.len()) => {
                let mut seq = seq.as_ref().clone();
                if let Some(exact) = &mut seq.exact {
                    exact[*at] = self.replace(&exact[*at].clone(), rest, value, weak);
                }
                seq.sym = Rc::new(seq.sym.widened());
                Val { ty: old.ty.clone(), kind: Kind::Seq(Rc::new(seq)) }
            }
            (Proj::Part, _) => {
                let inner = self.widen(old);
                let new = self.replace(&inner, rest, value, true);
                let elem = join(&self.element(old), &self.element(&new), 0);
                let sym = Sym::computed([&self.whole_sym(old), &self.whole_sym(&new)]);
                let all = SeqVal { exact: None, elem, sym: Rc::new(sym), range: false };
                Val { ty: old.ty.clone(), kind: Kind::Seq(Rc::new(all)) }
            }
            (Proj::Elem | Proj::Nth(_), _) => {
                let inner = self.element(old);
                let new = self.replace(&inner, rest, value, true);
                let elem = join(&inner, &new, 0);
                let sym = self.whole_sym(old).widened();
                let exact = match &old.kind {
                    Kind::Seq(seq) => seq
                        .exact
                        .as_ref()
                        .filter(|exact| exact.len() <= MAX_EXACT)
                        .map(|exact| exact.iter().map(|element| join(element, &new, 0)).collect::<Vec<_>>()),
                    _ => None,
                };
                Val {
                    ty: old.ty.clone(),
                    kind: Kind::Seq(Rc::new(SeqVal { exact, elem, sym: Rc::new(sym), range: false })),
                }
            }
            (_, Kind::Multi(values)) => {
                let values = values.iter().map(|each| self.replace(each, path, value, true)).collect();
                Val { ty: old.ty.clone(), kind: Kind::Multi(Rc::new(values)) }
            }
            _ => {
                let mut sym = Sym::default();
                for each in [old, value] {
                    each.symbols(&mut |part| {
                        sym.loads = super::value::union(&sym.loads, &part.loads);
                        sym.cap |= part.cap;
                    });
                }
                Val::sym(old.ty.clone(), sym)
            }
        }
    }

    /// The symbol of a value as a whole.
    pub(super) fn whole_sym(&mut self, value: &Val) -> Sym {
        let value = self.settle(value.clone());
        match &value.kind {
            Kind::Sym(sym) => sym.as_ref().clone(),
            Kind::Seq(seq) => {
                let mut sym = seq.sym.as_ref().clone();
                if let Some(exact) = &seq.exact {
                    for element in exact {
                        element.symbols(&mut |part| sym.loads = super::value::union(&sym.loads, &part.loads));
                    }
                }
                sym
            }
            Kind::Struct(fields) if fields.fields.is_empty() => match &fields.base {
                Some(base) => base.as_ref().clone(),
                None => Sym::default(),
            },
            // A newtype is what it wraps.
            Kind::Struct(fields) if fields.base.is_none() && fields.fields.len() == 1 => {
                let inner = fields.fields[0].1.clone();
                self.whole_sym(&inner)
            }
            Kind::Enum(alts) if alts.len() == 1 && alts[0].fields.is_empty() => {
                Sym::term(crate::ir::Term::Const(crate::ir::Const::Name(self.variant_name(&value.ty, alts[0].variant))))
            }
            _ => {
                let mut all = Sym::default();
                value.symbols(&mut |part| {
                    all.loads = super::value::union(&all.loads, &part.loads);
                    all.cap |= part.cap;
                });
                all
            }
        }
    }

    /// A value that depends on very many loads counts as seen already, so that it need not carry them on.
    pub(super) fn with_few_deps(&mut self, value: Val) -> Val {
        let Kind::Sym(sym) = &value.kind else { return value };
        if sym.loads.len() <= MAX_DEPS {
            return value;
        }
        self.rec.observe(&sym.loads);
        // Who the caller is and what is packed into the root are asked of the value later; both are few.
        let lasting = |dep: &&Dep| **dep == Dep::CALLER || self.rooted.is_own(dep.load);
        let loads: Vec<Dep> = sym.loads.iter().filter(lasting).cloned().collect();
        let quiet = sym.quiet.iter().filter(lasting).cloned().collect();
        Val::sym(value.ty.clone(), Sym { loads, quiet, ..sym.as_ref().clone() })
    }

    /// Loads a value depends on. Looking through very many is work that counts.
    pub(super) fn loads_of(&mut self, value: &Val) -> Vec<Dep> {
        let value = self.settle(value.clone());
        let mut loads = Vec::new();
        value.symbols(&mut |sym| loads.extend_from_slice(&sym.loads));
        self.steps += (loads.len() / DEPS_A_STEP) as u64;
        loads.sort_unstable();
        loads.dedup();
        loads
    }

    /// Loads that the value tells something about to whoever sees it, also when it is an error that ends the call.
    pub(super) fn told_loads(&mut self, value: &Val) -> Vec<Dep> {
        let value = self.settle(value.clone());
        let mut loads = Vec::new();
        value.symbols(&mut |sym| {
            let told: Vec<Dep> = sym.loads.iter().filter(|load| !sym.quiet.contains(load)).cloned().collect();
            loads = super::value::union(&loads, &told);
        });
        loads
    }

    /// The dependencies of an error, with what it does not tell.
    pub(super) fn taint_of(&mut self, value: &Val) -> Sym {
        let loads = self.loads_of(value);
        let told = self.told_loads(value);
        let quiet = loads.iter().filter(|load| !told.contains(load)).cloned().collect();
        Sym { loads, quiet, ..Sym::default() }
    }

    /// Types whose content changes through a shared reference.
    pub(super) fn is_interior(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Adt(id, _) => {
                self.std_crate == Some(id.krate)
                    && matches!(
                        self.item(*id).name.as_str(),
                        "RefCell" | "Cell" | "OnceCell" | "Mutex" | "RwLock" | "LazyCell" | "OnceLock"
                    )
            }
            _ => false,
        }
    }

    /// True for a value with something in it that changes through a shared reference.
    pub(super) fn holds_interior(&self, value: &Val, depth: usize) -> bool {
        let inside = |part: &Val| self.holds_interior(part, depth + 1);
        depth > super::value::MAX_DEPTH
            || self.is_interior(&value.ty)
            || match &value.kind {
                Kind::Struct(fields) => fields.fields.iter().any(|(_, field)| inside(field)),
                Kind::Enum(alts) => alts.iter().any(|alt| alt.fields.iter().any(|(_, field)| inside(field))),
                Kind::Tuple(parts) | Kind::Multi(parts) => parts.iter().any(inside),
                Kind::Seq(seq) => seq.any_element().is_some_and(|element| inside(&element)),
                _ => false,
            }
    }

    /// Places below which a reference to an element may be taken.
    pub(super) fn element_places(&mut self, places: &[Place], at: Option<usize>) -> Vec<Place> {
        let step = at.map_or(Proj::Elem, Proj::Nth);
        places
            .iter()
            .map(|place| {
                let mut place = place.clone();
                place.path.push(step.clone());
                place
            })
            .collect()
    }

    /// A value with what a declaration tells of its type and nothing else has told, also of what an `Option` or `Result`
    /// holds.
    pub(super) fn told(&self, mut value: Val, ty: &Ty) -> Val {
        if !self.is_option(&value.ty) && !self.is_result(&value.ty) {
            return value.retyped_if_unknown(ty);
        }
        let filled = value.ty.filled(ty);
        if let (Kind::Enum(alts), true) = (&mut value.kind, filled != value.ty) {
            let err = self.is_result(&filled).then_some(self.known.err);
            for alt in Rc::make_mut(alts) {
                let inner = filled.arg(usize::from(err == Some(alt.variant)));
                for (_, field) in &mut alt.fields {
                    *field = self.told(field.clone(), &inner);
                }
            }
        }
        value.ty = filled;
        value
    }

    /// True when a call that gets this value could reach state through it.
    pub(super) fn carries_cap(&mut self, value: &Val, depth: usize) -> bool {
        self.has_cap(value, true, depth)
    }

    /// The same of what the call gets into its own hands: what a closure captured only the closure's code uses.
    pub(super) fn hands_cap(&mut self, value: &Val) -> bool {
        self.has_cap(value, false, 0)
    }

    fn has_cap(&mut self, value: &Val, captured: bool, depth: usize) -> bool {
        if depth > 8 {
            return true;
        }
        match &value.kind {
            Kind::Sym(sym) => sym.cap || self.ty_has_cap(&value.ty.clone()),
            Kind::Struct(fields) => {
                let base = match &fields.base {
                    Some(base) => base.cap || self.ty_has_cap(&value.ty.clone()),
                    None => false,
                };
                base || fields.fields.iter().any(|(_, field)| self.has_cap(field, captured, depth + 1))
            }
            Kind::Enum(alts) => {
                alts.iter().any(|alt| alt.fields.iter().any(|(_, field)| self.has_cap(field, captured, depth + 1)))
            }
            Kind::Tuple(parts) | Kind::Multi(parts) => parts.iter().any(|part| self.has_cap(part, captured, depth + 1)),
            Kind::Seq(seq) => match seq.any_element() {
                Some(element) => self.has_cap(&element, captured, depth + 1),
                None => false,
            },
            Kind::Iter(iter) => {
                let iter = iter.clone();
                iter.parts().into_iter().any(|part| self.has_cap(part, captured, depth + 1))
            }
            Kind::Ref(places) => {
                let places = places.clone();
                places.iter().any(|place| {
                    let value = self.read_one(place, false);
                    self.has_cap(&value, captured, depth + 1)
                })
            }
            Kind::Closure(closure) if !captured && closure.params().is_some() => false,
            Kind::Closure(closure) => {
                let closure = closure.clone();
                closure.slots.iter().any(|(_, slot)| {
                    let value = self.store.get(*slot).clone();
                    self.has_cap(&value, captured, depth + 1)
                })
            }
            Kind::Func(_) => false,
            // Where access is ambient, a container in hand is all it takes.
            Kind::Cell(_) => self.ambient,
        }
    }

    /// Forgets what is known about everything a value lets others change.
    pub(super) fn havoc(&mut self, value: &Val, depth: usize) {
        if depth > 8 {
            return;
        }
        match &value.kind {
            Kind::Ref(places) => {
                for place in places.clone().iter() {
                    let old = self.read_one(place, false);
                    if matches!(old.kind, Kind::Ref(_)) {
                        self.havoc(&old, depth + 1);
                        continue;
                    }
                    // What it borrows itself may be changed as well.
                    self.havoc(&old, depth + 1);
                    let new = self.widen(&old);
                    self.write(std::slice::from_ref(place), &new);
                    // Built anew, by whoever it was lent to.
                    let span = self.here;
                    let _ = self.construct_again(&new, span);
                    let _ = self.constructs_after_write(std::slice::from_ref(place), span);
                }
            }
            Kind::Struct(fields) => {
                fields.fields.iter().for_each(|(_, field)| self.havoc(field, depth + 1));
            }
            Kind::Enum(alts) => {
                alts.iter().for_each(|alt| alt.fields.iter().for_each(|(_, field)| self.havoc(field, depth + 1)));
            }
            Kind::Tuple(parts) | Kind::Multi(parts) => parts.iter().for_each(|part| self.havoc(part, depth + 1)),
            Kind::Seq(seq) => {
                if let Some(element) = seq.any_element() {
                    self.havoc(&element, depth + 1);
                }
            }
            Kind::Iter(iter) => {
                let iter = iter.clone();
                iter.parts().into_iter().for_each(|part| self.havoc(part, depth + 1));
            }
            Kind::Closure(closure) => {
                // Whoever gets a closure may call it any number of times.
                for (_, slot) in closure.slots.clone() {
                    let inner = self.store.get(slot).clone();
                    if matches!(inner.kind, Kind::Ref(_)) {
                        self.havoc(&inner, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    /// The value with its shape kept and its terms forgotten.
    pub(super) fn widen(&mut self, value: &Val) -> Val {
        let kind = match &value.kind {
            Kind::Sym(sym) => Kind::Sym(Rc::new(sym.widened())),
            Kind::Struct(fields) => {
                let fields = StructVal {
                    fields: fields.fields.iter().map(|(name, field)| (name.clone(), self.widen(field))).collect(),
                    base: fields.base.as_ref().map(|base| Rc::new(base.widened())),
                };
                Kind::Struct(Rc::new(fields))
            }
            Kind::Tuple(parts) => Kind::Tuple(Rc::new(parts.iter().map(|part| self.widen(part)).collect())),
            Kind::Seq(seq) => {
                let elem = match seq.any_element() {
                    Some(element) => self.widen(&element),
                    None => Val::any(value.ty.element()),
                };
                Kind::Seq(Rc::new(SeqVal { exact: None, elem, sym: Rc::new(seq.sym.widened()), range: seq.range }))
            }
            Kind::Enum(alts) => {
                let mut all = Sym::default();
                let mut objects = false;
                for alt in alts.iter() {
                    for (_, field) in &alt.fields {
                        objects |= !matches!(field.kind, Kind::Sym(_));
                        field.symbols(&mut |sym| {
                            all.loads = super::value::union(&all.loads, &sym.loads);
                            all.cap |= sym.cap;
                        });
                    }
                }
                if objects {
                    let alts = alts
                        .iter()
                        .map(|alt| Alt {
                            variant: alt.variant,
                            fields: alt.fields.iter().map(|(name, field)| (name.clone(), self.widen(field))).collect(),
                        })
                        .collect();
                    Kind::Enum(Rc::new(alts))
                } else {
                    Kind::Sym(Rc::new(all))
                }
            }
            Kind::Multi(parts) => Kind::Multi(Rc::new(parts.iter().map(|part| self.widen(part)).collect())),
            other => other.clone(),
        };
        Val { ty: value.ty.clone(), kind }
    }

    /// A field of a value.
    pub(super) fn field(&mut self, value: &Val, name: &Name) -> Val {
        match &value.kind {
            Kind::Ref(places) => {
                let places = places.as_ref().clone();
                if self.following > MAX_FOLLOWED {
                    // A place that holds a reference to itself: who knows to what else.
                    return Val::sym(Ty::Unknown, Sym { cap: true, ..Sym::default() });
                }
                self.following += 1;
                let inner = self.read(&places);
                let field = self.field(&inner, name);
                self.following -= 1;
                field
            }
            Kind::Struct(fields) => match fields.get(name) {
                Some(field) => field.clone(),
                None => match &fields.base {
                    Some(base) => {
                        let ty = self.field_ty(&value.ty, name);
                        Val::sym(ty, super::value::project(base, name))
                    }
                    None => self.field_through_deref(value, name),
                },
            },
            Kind::Tuple(parts) => match name.parse::<usize>().ok().and_then(|at| parts.get(at)) {
                Some(part) => part.clone(),
                None => Val::any(Ty::Unknown),
            },
            // The inside of an opaque number or text is the number or text.
            Kind::Sym(sym) if name == "0" && self.is_opaque_scalar(&value.ty) => {
                let ty = self.field_ty(&value.ty, name);
                Val::sym(ty, sym.as_ref().clone())
            }
            Kind::Sym(sym) => {
                let ty = self.field_ty(&value.ty, name);
                if ty.is_unknown() && matches!(value.ty, Ty::Adt(..)) && !self.has_field(&value.ty, name) {
                    return self.field_through_deref(value, name);
                }
                Val::sym(ty, super::value::project(sym, name))
            }
            Kind::Multi(values) => {
                let values = values.clone();
                let mut parts = values.iter().map(|each| self.field(each, name)).collect::<Vec<_>>().into_iter();
                match parts.next() {
                    Some(first) => parts.fold(first, |all, next| join(&all, &next, 0)),
                    None => Val::any(Ty::Unknown),
                }
            }
            _ => {
                let sym = self.whole_sym(value).widened();
                Val::sym(Ty::Unknown, sym)
            }
        }
    }

    /// A type of a table that is a number, a text or bytes on the wire.
    pub(super) fn is_opaque_scalar(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Adt(id, _) if self.is_model(id.krate) => {
                self.type_rows.contains_key(&(id.krate, self.item(*id).name.to_string()))
            }
            _ => false,
        }
    }

    fn has_field(&mut self, ty: &Ty, name: &Name) -> bool {
        self.field_types(ty, None).iter().any(|(field, _)| field == name)
    }

    pub(super) fn field_ty(&mut self, ty: &Ty, name: &Name) -> Ty {
        if let Ty::Tuple(parts) = ty {
            return name.parse::<usize>().ok().and_then(|at| parts.get(at).cloned()).unwrap_or(Ty::Unknown);
        }
        let fields = self.field_types(ty, None);
        fields.iter().find(|(field, _)| field == name).map_or(Ty::Unknown, |(_, ty)| ty.clone())
    }

    /// A payload field of a variant.
    pub(super) fn payload(&mut self, value: &Val, variant: u32, name: &Name) -> Val {
        let value = self.settle(value.clone());
        match &value.kind {
            Kind::Enum(alts) => {
                let found = alts.iter().find(|alt| alt.variant == variant);
                match found.and_then(|alt| alt.fields.iter().find(|(field, _)| field == name)) {
                    Some((_, field)) => field.clone(),
                    None => Val::any(Ty::Unknown),
                }
            }
            Kind::Sym(sym) => {
                let types = self.field_types(&value.ty, Some(variant));
                let ty = types.iter().find(|(field, _)| field == name).map_or(Ty::Unknown, |(_, ty)| ty.clone());
                let variant_name = self.spelled_variant(&value.ty, variant);
                let option = self.is_option(&value.ty);
                let mut inner = if option {
                    super::native::option_payload(sym)
                } else {
                    super::native::variant_payload(sym, &variant_name, name)
                };
                inner.cap = sym.cap;
                Val::sym(ty, inner)
            }
            Kind::Multi(values) => {
                let parts: Vec<Val> = values.iter().map(|each| self.payload(each, variant, name)).collect();
                let mut parts = parts.into_iter();
                match parts.next() {
                    Some(first) => parts.fold(first, |all, next| join(&all, &next, 0)),
                    None => Val::any(Ty::Unknown),
                }
            }
            _ => {
                let sym = self.whole_sym(&value).widened();
                Val::sym(Ty::Unknown, sym)
            }
        }
    }
}

impl Val {
    pub(super) fn retyped_if_unknown(mut self, ty: &Ty) -> Val {
        // A collection may be one of what nobody has said so far.
        if matches!(self.ty, Ty::Unknown | Ty::Seq(_) | Ty::Set(_) | Ty::Dict(..)) {
            self.ty = self.ty.filled(ty);
        }
        self
    }
}
