//! What is known behind a condition whose other side fails: limits on deltas, and who may call.

use super::value::{Cond, Delta, Dep, Sym};
use super::{Engine, record::Guard};
use crate::ir::{Bound, CellId, Const, Side, Span, Term};
use std::rc::Rc;

/// A limit on a delta, and what state the limit itself is decided by.
pub(super) struct Limit {
    delta: Rc<Delta>,
    decided: Vec<Dep>,
    bound: Bound,
}

/// True when a condition that must have this outcome lets only some callers through. That the caller is no other than an
/// argument says, or is not one of some, is no restriction.
fn restricts(cond: &Cond, truth: bool) -> bool {
    let tested = |sym: &Sym| match &sym.cond {
        Some(inner) => restricts(inner, truth),
        None => sym.loads.contains(&Dep::CALLER),
    };
    match cond {
        Cond::Not(inner) => restricts(inner, !truth),
        Cond::And(a, b) if truth => restricts(a, truth) || restricts(b, truth),
        Cond::Or(a, b) if !truth => restricts(a, truth) || restricts(b, truth),
        Cond::And(a, b) | Cond::Or(a, b) => restricts(a, truth) && restricts(b, truth),
        Cond::Eq(equal, a, b) => {
            let other = match (a.is_caller(), b.is_caller()) {
                (true, false) => b,
                (false, true) => a,
                // `is_admin(caller) == true`
                _ => {
                    let known = [a, b].into_iter().find_map(|sym| match sym.constant() {
                        Some(Const::Bool(known)) => Some(*known),
                        _ => None,
                    });
                    return known.is_some_and(|known| known == (*equal == truth))
                        && [a, b].into_iter().any(|sym| sym.loads.contains(&Dep::CALLER));
                }
            };
            *equal == truth && !matches!(other.single(), Some(Term::Arg(_) | Term::Env { .. }))
        }
        // An opaque truth value.
        Cond::Order("?", sym, _) => truth && tested(sym),
        _ => false,
    }
}

impl Engine<'_> {
    /// What is known after a condition whose other side fails. True when it is a bound of a delta, which whoever catches
    /// the failure observes.
    pub(super) fn assume(&mut self, sym: &Rc<Sym>, truth: bool, span: Span) -> bool {
        let start = self.rec.guards.len();
        let Some(cond) = sym.cond.clone() else {
            self.observe_sym(sym);
            if truth {
                self.entry_guard(sym, span);
            }
            if truth && self.rec.guards.len() == start && sym.loads.contains(&Dep::CALLER) {
                self.untold_guard(span);
            }
            return false;
        };
        // A limit on a delta is a bound, not an observation.
        if let Some(Limit { delta, decided, bound }) = self.bound_of(&cond, truth) {
            self.rec.observe(&decided);
            if let Some(known) = self.rec.loads.get_mut(delta.load as usize) {
                known.bounds.push((delta.path.first().cloned(), bound));
            }
            return true;
        }
        self.observe_sym(sym);
        self.guards(&cond, truth, span, 0);
        if self.rec.guards.len() == start && restricts(&cond, truth) {
            self.untold_guard(span);
        }
        false
    }

    /// A stored truth value of the caller's own must hold.
    fn entry_guard(&mut self, sym: &Sym, span: Span) {
        let Some(Term::Load { cell, key, field }) = sym.single() else { return };
        if matches!(key.as_slice(), [Term::Caller | Term::Origin]) {
            let (cell, field, conditions) = (*cell, field.clone(), self.conditions);
            self.rec.guards.push(Guard { role: None, untold: false, address: false, cell, field, span, conditions });
        }
    }

    /// Something about the caller must hold that is not understood.
    pub(super) fn untold_guard(&mut self, span: Span) {
        let conditions = self.conditions;
        let cell = CellId(u32::MAX);
        let field = Vec::new();
        self.rec.guards.push(Guard { role: None, untold: true, address: false, cell, field, span, conditions });
    }

    /// `new <= limit` must hold, where `new` is a loaded value changed by a delta and `limit` depends on no state.
    pub(super) fn bound_of(&self, cond: &Cond, truth: bool) -> Option<Limit> {
        let (op, a, b) = match cond {
            Cond::Not(inner) => return self.bound_of(inner, !truth),
            Cond::Order(op, a, b) if *op != "?" => (*op, a, b),
            _ => return None,
        };
        let changed = |sym: &Sym| sym.delta.clone().filter(|delta| delta.op.is_some() && !delta.option);
        let free = |sym: &Sym, delta: &Delta| !sym.loads.iter().any(|dep| dep.meets(delta));
        let (delta, limit, left) = match (changed(a), changed(b)) {
            (Some(delta), None) if free(b, &delta) => (delta, b, true),
            (None, Some(delta)) if free(a, &delta) => (delta, a, false),
            _ => return None,
        };
        // Other loads in the changed value (the amount) decide as well.
        let whole = if left { a } else { b };
        if whole.loads.iter().any(|dep| !dep.meets(&delta)) {
            return None;
        }
        let less = matches!(op, "<" | "<=") == truth;
        let side = if less == left { Side::Upper } else { Side::Lower };
        let decided = limit.loads.clone();
        let limit = limit.single().cloned().unwrap_or(Term::Any);
        Some(Limit { delta, decided, bound: Bound { side, limit } })
    }

    pub(super) fn guards(&mut self, cond: &Cond, truth: bool, span: Span, depth: usize) {
        if depth > 16 {
            return;
        }
        match cond {
            Cond::Not(inner) => self.guards(inner, !truth, span, depth + 1),
            Cond::And(a, b) if truth => {
                self.guards(a, true, span, depth + 1);
                self.guards(b, true, span, depth + 1);
            }
            Cond::Or(a, b) if !truth => {
                self.guards(a, false, span, depth + 1);
                self.guards(b, false, span, depth + 1);
            }
            Cond::And(a, b) | Cond::Or(a, b) => {
                // One of two conditions holds: who may call is known if each of them says so.
                let start = self.rec.guards.len();
                self.guards(a, truth, span, depth + 1);
                let middle = self.rec.guards.len();
                self.guards(b, truth, span, depth + 1);
                if middle == start || self.rec.guards.len() == middle {
                    self.rec.guards.truncate(start);
                }
            }
            Cond::Eq(equal, a, b) if *equal == truth => {
                let stored = match (a.is_caller(), b.is_caller()) {
                    (true, false) => b,
                    (false, true) => a,
                    _ => return,
                };
                if let Some(Term::Load { cell, field, .. }) = stored.single() {
                    let (cell, field, conditions) = (*cell, field.clone(), self.conditions);
                    self.rec.guards.push(Guard {
                        role: None,
                        untold: false,
                        address: true,
                        cell,
                        field,
                        span,
                        conditions,
                    });
                }
            }
            Cond::Present(load) if truth => {
                let Some(load) = self.rec.loads.get(*load as usize) else { return };
                // An entry of the caller alone: one that also names somebody else is a relation, not a role.
                let by_caller = match load.key.as_slice() {
                    [part] => matches!(part.single(), Some(Term::Caller | Term::Origin)),
                    _ => false,
                };
                if by_caller {
                    let cell = load.cell;
                    let conditions = self.conditions;
                    let field = Vec::new();
                    self.rec.guards.push(Guard {
                        role: None,
                        untold: false,
                        address: false,
                        cell,
                        field,
                        span,
                        conditions,
                    });
                }
            }
            _ => {}
        }
    }
}
