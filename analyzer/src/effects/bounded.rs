//! Code that is given no access to state computes a value and nothing else (MODEL §4, the capability rule). It is run, because
//! a key may come out of it, but only so far: beyond a share of the entry point's work its result is anything, and the work
//! that is left goes to code that matters.

use super::ty::{Ty, TyEnv};
use super::value::Val;
use super::{Div, Engine, Ev};
use crate::ir::Span;
use crate::ir::hir::{Body, ExprId, ItemId, ItemKind};
use std::sync::Arc;

/// Most steps of one such call.
const SHARE: u64 = super::BUDGET / 16;
/// So many functions of an entry point are cut short without counting against its work.
const FREE: usize = 64;

/// What a call is made of.
pub(super) struct Entered<'b> {
    pub(super) id: ItemId,
    pub(super) env: TyEnv,
    pub(super) recv: Option<Val>,
    pub(super) args: Vec<Val>,
    pub(super) body: &'b Arc<Body>,
    pub(super) root: ExprId,
}

impl Engine<'_> {
    /// Runs a function, one that is given no access to state within its share of work.
    pub(super) fn enter_bounded(&mut self, call: Entered<'_>, want: &Ty, span: Span) -> Ev {
        let Entered { id, env, recv, args, body, root } = call;
        let inside = self.limit.is_some() || self.ambient || self.is_model(id.krate);
        if inside || recv.iter().chain(&args).any(|value| self.carries_cap(value, 0)) {
            return self.enter(id, env, recv, args, want, span, body, root);
        }
        let outer = env.clone();
        let given: Vec<Val> = recv.iter().chain(&args).cloned().collect();
        if !self.too_long.contains(&id) {
            let before = self.steps;
            self.limit = Some(before + SHARE);
            let result = self.enter(id, env, recv, args, want, span, body, root);
            self.limit = None;
            if !std::mem::take(&mut self.cut) {
                return result;
            }
            // It will not be shorter the next time.
            self.too_long.insert(id);
            if self.too_long.len() < FREE {
                self.steps = before;
            }
        }
        // What it may have left in a static by then, and after, is not known.
        let statics: Vec<u32> = self.statics.values().copied().collect();
        for slot in statics {
            let known = Val::any(self.store.get(slot).ty.clone());
            self.store.set(slot, known);
        }
        let ItemKind::Fn(function) = &self.item(id).kind else { return self.unseen_value(&given, want, span) };
        let ret = self.lower_ty(&function.ret, &outer);
        let ret = if ret.is_unknown() || matches!(ret, Ty::Param(..) | Ty::Dyn(_)) { want.clone() } else { ret };
        self.unseen_value(&given, &ret, span)
    }

    /// Ends the work of such a call, on all its ways, when its share is spent.
    pub(super) fn within_share(&mut self) -> Result<(), Div> {
        match self.limit {
            Some(limit) if self.cut || self.steps > limit || self.nesting > super::MAX_NESTING => {
                self.cut = true;
                Err(Div { fail: true })
            }
            _ => Ok(()),
        }
    }
}
