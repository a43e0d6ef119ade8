//! Money: balances of addresses on the chain, which the host keeps and changes by adding and subtracting.

use super::record::{Did, Load, Stored};
use super::value::{Delta, Val};
use super::{Engine, ty::Ty};
use crate::ir::{Bound, Const, OpGroup, Side, Span, Term, Type};
use std::rc::Rc;

/// Name of the environment value that lists what was attached to the call.
pub(super) const ATTACHED: &str = "attached";

impl Engine<'_> {
    /// The code looks at what is inside the attached value: the host has moved it from the caller to this contract.
    pub(super) fn attached_used(&mut self, list: &Term, span: Span) {
        if matches!(list, Term::Env { name, .. } if name == ATTACHED) {
            self.attached(span);
        }
    }

    /// What is attached to the call has been moved from the caller to this contract.
    pub(super) fn attached(&mut self, span: Span) {
        if std::mem::replace(&mut self.rec.attached, true) {
            return;
        }
        // It was moved before the first line ran.
        let (conditions, repeats) = (std::mem::take(&mut self.conditions), std::mem::take(&mut self.repeats));
        for (who, what) in [(Term::Caller, "debit"), (Term::SelfAddr, "credit")] {
            self.host_balance(&[Val::term(Ty::Unknown, who), Val::text(what)], span);
        }
        (self.conditions, self.repeats) = (conditions, repeats);
    }

    /// `host::balance(at, what)`.
    pub(super) fn host_balance(&mut self, args: &[Val], span: Span) {
        let arg = |at: usize| args.get(at).cloned().unwrap_or_else(Val::unit);
        let at = self.whole_sym(&arg(0));
        let what = self.text_of(&arg(1)).unwrap_or_default();
        let address = self.address_type();
        let id = self.cells.implicit("<balance>", vec![address], Type::Opaque("balance".to_owned()), true);
        let key = vec![Rc::new(at)];
        let start = self.rec.events.len();
        let op = match what.as_str() {
            "credit" => Some("add"),
            "debit" => Some("sub"),
            _ => None,
        };
        let load = self.rec.loads.len() as u32;
        let known = Load::new(id, key.clone(), start as u32);
        self.rec.loads.push(if op.is_some() { known } else { known.seen() });
        self.event(Did::Read(load), id, key.clone(), span);
        match op {
            // The host adds and subtracts; who has too little fails.
            Some(name) => {
                let floor = Bound { side: Side::Lower, limit: Term::Const(Const::Int(0)) };
                let delta = Delta {
                    load,
                    path: Vec::new(),
                    option: false,
                    op: Some((OpGroup::Add, name)),
                    default: Some(Const::Int(0)),
                    bounds: if name == "sub" { vec![floor] } else { Vec::new() },
                };
                self.event(Did::Write(Stored::Delta(Rc::new(delta))), id, key, span);
            }
            None if what == "update" => self.event(Did::Write(Stored::Whole), id, key, span),
            None => {}
        }
        for event in &mut self.rec.events[start..] {
            event.implicit = true;
        }
    }
}
