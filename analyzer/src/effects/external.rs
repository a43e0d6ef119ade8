//! Calls out of the contract: other contracts, messages that run later, foreign code on own storage.

use super::value::{Kind, Val};
use super::{Engine, ty::Ty};
use crate::ir::hir::ItemKind;
use crate::ir::{External, ExternalMode, Reach, Span, Term, UnknownReason};

impl Engine<'_> {
    /// `host::external(target, mode, entry, value)`.
    pub(super) fn host_external(&mut self, args: &[Val], span: Span) {
        for arg in args {
            self.observe_value(arg);
        }
        let arg = |at: usize| args.get(at).cloned().unwrap_or_else(Val::unit);
        let target = self.whole_sym(&arg(0));
        let mode = mode_of(self.text_of(&arg(1)).as_deref().unwrap_or_default());
        let entry = self.text_of(&arg(2));
        let value = arg(3).as_bool() != Some(false) && args.len() > 3;
        let via = self.via.to_vec();
        let (args, callee, target) = (Vec::new(), None, target.key_terms());
        let call = External { target: Term::Any, mode, entry, args, callee, linked: false, value, span, via };
        self.goes_out(target, &call);
    }

    /// A call out to each of these targets.
    pub(super) fn goes_out(&mut self, targets: Vec<Term>, call: &External) {
        let (mode, span) = (call.mode, call.span);
        for target in targets {
            let external = External { target, ..call.clone() };
            if !self.rec.externals.contains(&external) {
                self.rec.externals.push(external);
            }
        }
        // A synchronous call may come back and change state; a message runs after this call, a query changes nothing.
        if self.reentrant && mode == ExternalMode::Call {
            self.rec.state_lost = true;
        }
        // Foreign code on this contract's own state: nothing is known of what it touches.
        if mode == ExternalMode::Delegate {
            let via = self.via.to_vec();
            let what = "code of another contract that runs on this one's storage".to_owned();
            self.rec.unknown(UnknownReason::UnresolvedCall, what, Reach::Contract, span, via);
            self.rec.state_lost = true;
        }
    }

    /// A message that the code did not build itself goes out.
    pub(super) fn host_send(&mut self, value: &Val, span: Span, depth: usize) {
        let value = self.settle(value.clone());
        if depth > 6 {
            return;
        }
        match &value.kind {
            // Built here: counted where it was built.
            Kind::Enum(_) => {}
            Kind::Struct(fields) => {
                for (_, field) in fields.fields.clone() {
                    if matches!(field.ty, Ty::Adt(..) | Ty::Seq(_) | Ty::Set(_)) {
                        self.host_send(&field, span, depth + 1);
                    }
                }
            }
            Kind::Seq(seq) => {
                if let Some(element) = seq.any_element() {
                    self.host_send(&element, span, depth + 1);
                }
            }
            Kind::Sym(sym) => {
                // Messages of the contract's own types that convert to chain messages, arguments, stored proposals.
                let is_message = match &value.ty {
                    Ty::Adt(id, _) => {
                        let item = self.item(*id);
                        matches!(item.kind, ItemKind::Enum(_)) && self.is_model(id.krate)
                    }
                    Ty::Unknown | Ty::Seq(_) | Ty::Set(_) => true,
                    _ => false,
                };
                if is_message && !(sym.terms.is_empty() && sym.loads.is_empty() && value.ty.is_unknown()) {
                    let external = External {
                        target: Term::Any,
                        mode: ExternalMode::Message,
                        entry: None,
                        args: Vec::new(),
                        callee: None,
                        linked: false,
                        value: true,
                        span,
                        via: self.via.to_vec(),
                    };
                    self.rec.observe(&sym.loads.clone());
                    if !self.rec.externals.contains(&external) {
                        self.rec.externals.push(external);
                    }
                }
            }
            _ => {}
        }
    }
}

/// How a table names a way to call out.
pub(super) fn mode_of(name: &str) -> ExternalMode {
    match name {
        "call" => ExternalMode::Call,
        "query" => ExternalMode::Query,
        "delegate" => ExternalMode::Delegate,
        _ => ExternalMode::Message,
    }
}
