//! What the call itself has stored, by place. A read after an own write gives the value that was written, as a term of the
//! state the call began in, so that a key made of it stays known.
//!
//! Values stand in slots of the [`Store`], which branches undo and join like variables. A write at a key that may be the
//! key of a known place makes its value one that depends on whether the keys are equal (`if_equal`). In loops, and where
//! anything about a write is not known, nothing is kept.
//!
//! [`Store`]: super::state::Store

use super::record::{Did, keys_may_equal, same_key};
use super::value::{Kind, MAX_TERM_SIZE, Sym, Val};
use super::{Engine, ty::Ty};
use crate::ir::{CellId, EnvScope, Step, Term};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Places a call may have stored at and read again; further ones are read as unknown.
const MOST: u32 = 32;

/// A place with a key that is one value in the whole call.
struct Place {
    cell: CellId,
    key: Vec<Rc<Sym>>,
    slot: u32,
}

/// The places a call has written.
#[derive(Default)]
pub(super) struct Memory {
    places: Vec<Place>,
    first: u32,
    /// Writes that were seen here, by cell.
    seen: BTreeMap<CellId, usize>,
}

/// What is at places that a write may change, before it does.
pub(super) struct Before {
    others: Vec<(usize, Sym)>,
    /// The place of the write itself, and whether it is a new one.
    own: Option<usize>,
}

impl Engine<'_> {
    /// Takes slots that outlive all functions of the call.
    pub(super) fn start_memory(&mut self) {
        let first = self.store.len() as u32;
        for _ in 0..MOST {
            self.store.alloc(Val::any(Ty::Unknown));
        }
        self.memory = Memory { first, ..Memory::default() };
    }

    /// The terms of what is stored at a key that the call may have written; none when not known.
    pub(super) fn remembered(&self, cell: CellId, key: &[Rc<Sym>]) -> Vec<Term> {
        let writes = |did: &Did| matches!(did, Did::Write(_) | Did::Delete | Did::Append);
        let events = || self.rec.events.iter().filter(|event| event.cell == cell && writes(&event.did));
        if self.rec.state_lost || self.repeats > 0 || !is_fixed(key) {
            return Vec::new();
        }
        if self.memory.seen.get(&cell).copied().unwrap_or(0) != events().count() {
            return Vec::new();
        }
        if let Some(place) = self.memory.places.iter().find(|place| place.cell == cell && same_key(&place.key, key)) {
            return self.terms_in(place.slot);
        }
        // Not written under this key: what was there at the start, unless it is one of the places that were.
        let known =
            |key: &[Rc<Sym>]| self.memory.places.iter().any(|place| place.cell == cell && same_key(&place.key, key));
        if !events().filter(|event| keys_may_equal(&event.key, key)).all(|event| known(&event.key)) {
            return Vec::new();
        }
        let Some(initial) = initial(cell, key) else { return Vec::new() };
        let mut value = Sym::term(initial);
        for place in self.memory.places.iter().filter(|place| place.cell == cell && keys_may_equal(&place.key, key)) {
            value = either(key, &place.key, &self.slot(place.slot), &value);
        }
        value.terms
    }

    fn slot(&self, slot: u32) -> Sym {
        Sym { terms: self.terms_in(slot), ..Sym::default() }
    }

    fn terms_in(&self, slot: u32) -> Vec<Term> {
        match &self.store.get(slot).kind {
            Kind::Sym(sym) => sym.terms.clone(),
            _ => Vec::new(),
        }
    }

    /// Before a write at a key is recorded.
    pub(super) fn before_write(&mut self, cell: CellId, key: &[Rc<Sym>]) -> Before {
        let may = |place: &Place| place.cell == cell && !same_key(&place.key, key) && keys_may_equal(&place.key, key);
        let others = self.memory.places.iter().enumerate().filter(|(_, place)| may(place));
        let others = others.map(|(at, place)| (at, self.slot(place.slot))).collect();
        if self.repeats > 0 || self.rec.state_lost || !is_fixed(key) {
            return Before { others, own: None };
        }
        let known = self.memory.places.iter().position(|place| place.cell == cell && same_key(&place.key, key));
        let own = known.or_else(|| {
            let at = self.memory.places.len();
            if at as u32 >= MOST {
                return None;
            }
            let slot = self.memory.first + at as u32;
            // What it holds on ways that do not come here, if nothing may have been written there before.
            let untouched = !self.rec.may_have_written(cell, key);
            if let Some(term) = initial(cell, key).filter(|_| untouched) {
                self.store.preset(slot, Val::sym(Ty::Unknown, Sym::term(term)));
            }
            self.memory.places.push(Place { cell, key: key.to_vec(), slot });
            Some(at)
        });
        Before { others, own }
    }

    /// A write, deletion or append is recorded: what was known of places it may touch is not known any more.
    pub(super) fn forget(&mut self, cell: CellId, key: &[Rc<Sym>]) {
        *self.memory.seen.entry(cell).or_default() += 1;
        let touched = |place: &&Place| place.cell == cell && keys_may_equal(&place.key, key);
        let slots: Vec<u32> = self.memory.places.iter().filter(touched).map(|place| place.slot).collect();
        for slot in slots {
            self.store.set(slot, Val::any(Ty::Unknown));
        }
    }

    /// What code wrote that may run again at any later point: nothing of those cells is known for the rest of the call.
    pub(super) fn forget_for_good(&mut self, from: usize) {
        for event in &self.rec.events[from.min(self.rec.events.len())..] {
            if matches!(event.did, Did::Write(_) | Did::Delete | Did::Append) {
                self.memory.seen.remove(&event.cell);
            }
        }
    }

    /// After a write of `value` was recorded.
    pub(super) fn keep_write(&mut self, before: Before, key: &[Rc<Sym>], value: &Val) {
        if self.repeats > 0 || self.rec.state_lost {
            return;
        }
        let Kind::Sym(sym) = &value.kind else { return };
        let stored = Sym { terms: sym.terms.clone(), ..Sym::default() };
        for (at, old) in before.others {
            let place = &self.memory.places[at];
            let now = either(&place.key, key, &stored, &old);
            self.store.set(place.slot, Val::sym(Ty::Unknown, now));
        }
        if let Some(place) = before.own.and_then(|at| self.memory.places.get(at)) {
            self.store.set(place.slot, Val::sym(Ty::Unknown, stored));
        }
    }
}

/// `then` where the keys are equal, else `otherwise`; both where that cannot be said in one term.
fn either(a: &[Rc<Sym>], b: &[Rc<Sym>], then: &Sym, otherwise: &Sym) -> Sym {
    if then.terms.is_empty() || otherwise.terms.is_empty() {
        return Sym::default();
    }
    if then.terms == otherwise.terms {
        return then.clone();
    }
    let mut differing = a.iter().zip(b).filter(|(a, b)| a.single() != b.single());
    if let (Some((a, b)), None) = (differing.next(), differing.next()) {
        if let (Some(a), Some(b), Some(then), Some(otherwise)) =
            (a.single(), b.single(), then.single(), otherwise.single())
        {
            let of = vec![a.clone(), b.clone(), then.clone(), otherwise.clone()];
            let term = Term::Fn { name: "if_equal".to_owned(), of, injective: false };
            if term.size() <= MAX_TERM_SIZE {
                return Sym::term(term);
            }
        }
    }
    then.join(otherwise)
}

/// The term of what is at a key when the call begins.
fn initial(cell: CellId, key: &[Rc<Sym>]) -> Option<Term> {
    let key: Option<Vec<Term>> = key.iter().map(|part| part.single().cloned()).collect();
    let term = Term::Load { cell, key: key?, field: Vec::new() };
    (term.size() <= MAX_TERM_SIZE).then_some(term)
}

/// True for a key that is one and the same value wherever it stands in the call.
fn is_fixed(key: &[Rc<Sym>]) -> bool {
    key.iter().all(|part| {
        part.single().is_some_and(|term| {
            let mut fixed = !term.has_any();
            term.walk(&mut |inner| match inner {
                // One of several elements.
                Term::Arg(path) => fixed &= !path.iter().any(|step| matches!(step, Step::Elem(_) | Step::MapKey)),
                Term::Env { scope, .. } => fixed &= !matches!(scope, EnvScope::Call),
                Term::Prefix(_) | Term::Any => fixed = false,
                _ => {}
            });
            fixed
        })
    })
}

/// True for the term of a value that is there, whatever is stored.
pub(super) fn is_present(term: &Term) -> bool {
    match term {
        Term::Const(_) => true,
        Term::Fn { name, of, .. } if name == "if_equal" => of.iter().skip(2).all(is_present),
        Term::Fn { name, .. } => matches!(name.as_str(), "add" | "sub" | "mul"),
        _ => false,
    }
}
