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
        if inside || !self.only_computes(id, &env, recv.iter().chain(&args)) {
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

    /// True when nothing but its result comes out of a call: it is given no access to state, and neither its result nor
    /// what it is lent can hold something the making of which is an effect, such as a message.
    fn only_computes<'v>(&mut self, id: ItemId, env: &TyEnv, mut given: impl Iterator<Item = &'v Val>) -> bool {
        let item = self.item(id);
        let ItemKind::Fn(function) = &item.kind else { return false };
        let ret = self.lower_ty(&function.ret, env);
        !self.may_hold_effects(&ret)
            && given.all(|value| !self.may_hold_effects(&value.ty) && !self.carries_cap(value, 0))
    }

    fn may_hold_effects(&mut self, ty: &Ty) -> bool {
        if let Some(&known) = self.effectful.get(ty) {
            return known;
        }
        // A type inside itself adds nothing.
        self.effectful.insert(ty.clone(), false);
        let holds = match ty {
            Ty::Adt(id, args) => {
                let (args, item) = (args.clone(), self.item(*id));
                let variants: Vec<Option<u32>> = match &item.kind {
                    ItemKind::Struct(_) => vec![None],
                    ItemKind::Enum(def) => (0..def.variants.len() as u32).map(Some).collect(),
                    _ => Vec::new(),
                };
                let made = variants.iter().any(|at| self.constructs.contains_key(&(*id, at.unwrap_or(u32::MAX))));
                made || variants.is_empty()
                    || args.iter().any(|arg| self.may_hold_effects(arg))
                    || variants.iter().any(|at| {
                        let fields = self.field_types(ty, *at);
                        fields.iter().any(|(_, field)| self.may_hold_effects(field))
                    })
            }
            Ty::Tuple(parts) => parts.iter().any(|part| self.may_hold_effects(part)),
            Ty::Seq(elem) | Ty::Set(elem) => self.may_hold_effects(elem),
            Ty::Dict(key, value) => self.may_hold_effects(key) || self.may_hold_effects(value),
            Ty::Prim(_) => false,
            _ => true,
        };
        self.effectful.insert(ty.clone(), holds);
        // What was found while this type counted as harmless may have rested on that.
        if holds {
            self.effectful.retain(|_, holds| *holds);
        }
        holds
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
