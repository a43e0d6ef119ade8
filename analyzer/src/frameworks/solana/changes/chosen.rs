//! Which instruction a run is about: of the `match` that tells instructions apart only its arms are taken, and of what
//! the same function asks about the same binding before and after, only what holds for it. **Claim**: a way that is left
//! out is not taken by any run of this instruction that is not inside of another one's arm. In a loop, or where code leads
//! to the `match` in more than one way, a run may be about several: then nothing is left out.

use super::{Changes, Frame};
use crate::effects::ty::Ty;
use crate::ir::Span;
use crate::ir::hir::{BinOp, Body, Expr, ExprId, ItemId, Lit, LocalId, Pat, PatId, UnOp};
use std::sync::Arc;

/// One of several instructions.
pub(crate) struct Chosen {
    /// The `match` that tells instructions apart.
    pub(crate) place: Span,
    /// Its arms.
    pub(crate) arms: Vec<usize>,
    /// The code around the `match`, the binding in it that holds the instruction and never changes, and its enum and variant.
    pub(crate) told: Option<(Arc<Body>, LocalId, ItemId, u32)>,
}

/// The binding that is looked at, through references.
pub(crate) fn looked_at(body: &Body, e: ExprId) -> Option<LocalId> {
    match body.expr(e) {
        Expr::Local(local) => Some(*local),
        Expr::Ref(false, inner) | Expr::Deref(inner) => looked_at(body, *inner),
        _ => None,
    }
}

impl Changes<'_, '_> {
    /// True unless the instruction at hand never takes this arm of a `match`.
    pub(super) fn takes(&mut self, f: &Frame, place: Span, scrutinee: ExprId, at: usize, pat: PatId) -> bool {
        match &self.chosen {
            Some(chosen) if chosen.place == place && !self.inside => chosen.arms.contains(&at),
            _ => self.told(f, scrutinee, pat) != Some(false),
        }
    }

    /// Whether a condition holds for the instruction at hand, where that decides it.
    pub(super) fn holds(&mut self, f: &Frame, cond: ExprId) -> Option<bool> {
        let body = f.body.clone();
        match body.expr(cond) {
            Expr::Let(pat, value) => self.told(f, *value, *pat),
            Expr::Unary(UnOp::Not, inner) => self.holds(f, *inner).map(|holds| !holds),
            Expr::Binary(BinOp::And, a, b) => match (self.holds(f, *a), self.holds(f, *b)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Expr::Binary(BinOp::Or, a, b) => match (self.holds(f, *a), self.holds(f, *b)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            // `matches!`, too: the first arm that takes it has the answer.
            Expr::Match(value, arms) => {
                for arm in arms {
                    let taken = self.told(f, *value, arm.pat);
                    match (taken, body.expr(arm.body)) {
                        (Some(false), _) => {}
                        (Some(true), Expr::Lit(Lit::Bool(answer))) if arm.guard.is_none() => return Some(*answer),
                        _ => return None,
                    }
                }
                None
            }
            _ => None,
        }
    }

    /// Whether a pattern takes the instruction at hand, where the value is the binding that holds it.
    fn told(&mut self, f: &Frame, value: ExprId, pat: PatId) -> Option<bool> {
        let (body, local, of, variant) = self.chosen.as_ref().filter(|_| !self.inside)?.told.as_ref()?;
        let here = Arc::ptr_eq(body, &f.body) && looked_at(&f.body, value) == Some(*local);
        let (of, variant) = (*of, *variant);
        if here { self.fits(f, pat, of, variant) } else { None }
    }

    fn fits(&mut self, f: &Frame, pat: PatId, of: ItemId, variant: u32) -> Option<bool> {
        let body = f.body.clone();
        let (path, whole) = match body.pat(pat) {
            Pat::Wild | Pat::Bind(_, _, None) => return Some(true),
            Pat::Ref(inner) => return self.fits(f, *inner, of, variant),
            Pat::Or(parts) => {
                let each: Vec<Option<bool>> = parts.iter().map(|part| self.fits(f, *part, of, variant)).collect();
                return match each {
                    each if each.contains(&Some(true)) => Some(true),
                    each if each.iter().all(|one| *one == Some(false)) => Some(false),
                    _ => None,
                };
            }
            Pat::Path(path, _) => (path, true),
            // What is inside of the variant may not fit.
            Pat::TupleStruct(path, ..) | Pat::Struct(path, ..) => (path, false),
            _ => return None,
        };
        let env = f.env.clone();
        match self.engine.named_type(&body, &env, path) {
            (Ty::Adt(id, _), Some(named)) if id == of && named != variant => Some(false),
            (Ty::Adt(id, _), Some(named)) if id == of && named == variant && whole => Some(true),
            _ => None,
        }
    }
}
