//! Ends of functions: the value at the end of the body, `return`s, and failing ends, which are kept apart from the others
//! as long as the caller can tell (`?`).

use super::ty::Ty;
use super::value::{Alt, Kind, Val, join};
use super::{Changes, Div, Engine, Ev, Frame};
use crate::ir::hir::{Body, Expr, ExprId};
use std::rc::Rc;

impl Engine<'_> {
    /// Runs a body to its ends and joins them.
    pub(super) fn finish_body(&mut self, mut frame: Frame, root: ExprId, ret: &Ty) -> Ev {
        let in_try = std::mem::take(&mut self.try_context);
        self.pending_err = None;
        let (mark, conditions) = (frame.mark, self.conditions);
        tails(&frame.body, root, false, &mut frame.tails);
        let result = self.eval(&mut frame, root, ret);
        self.conditions = conditions;
        let mut ends: Vec<(Changes, Val)> = std::mem::take(&mut frame.exits);
        let mut fail = true;
        match result {
            Ok(value) => {
                if ends.is_empty() && !(in_try && self.may_be_err(&value)) {
                    return Ok(value);
                }
                let mut changes = self.store.changes(mark);
                if !ends.is_empty() {
                    changes.0.retain(|slot, _| *slot < frame.base);
                }
                ends.push((changes, value));
            }
            Err(div) => fail = div.fail || ends.is_empty(),
        }
        self.store.rollback(mark);
        if ends.is_empty() {
            return Err(Div { fail });
        }
        // Ends with an error and ends without are kept apart as long as the caller can tell.
        let mut good: Vec<(Changes, Val)> = Vec::new();
        let mut bad: Vec<(Changes, Val)> = Vec::new();
        for (changes, value) in ends {
            match self.split_err(&value) {
                (Some(ok), Some(err)) => {
                    good.push((changes.clone(), ok));
                    bad.push((changes, err));
                }
                (None, Some(err)) => bad.push((changes, err)),
                (ok, None) => good.push((changes, ok.unwrap_or(value))),
            }
        }
        if in_try {
            let bad = self.fold_ends(bad);
            let good = self.fold_ends(good);
            self.pending_err = bad.map(|(changes, value)| (changes, value, mark));
            return match good {
                Some((changes, value)) => {
                    self.store.apply(changes);
                    Ok(value)
                }
                None => match self.pending_err.take() {
                    Some((changes, value, _)) => {
                        self.store.apply(changes);
                        Ok(value)
                    }
                    None => Err(Div { fail: true }),
                },
            };
        }
        good.extend(bad);
        match self.fold_ends(good) {
            Some((changes, value)) => {
                self.store.apply(changes);
                Ok(value)
            }
            None => Err(Div { fail }),
        }
    }

    /// Joins ends from the state before the call.
    pub(super) fn fold_ends(&mut self, ends: Vec<(Changes, Val)>) -> Option<(Changes, Val)> {
        if ends.len() == 1 {
            return ends.into_iter().next();
        }
        let mark = self.store.mark();
        let mut value: Option<Val> = None;
        let mut ways = Vec::new();
        for (changes, result) in ends {
            value = Some(match value {
                Some(all) => join(&all, &result, 0),
                None => result,
            });
            ways.push(changes);
        }
        let value = value?;
        self.store.join(ways);
        let changes = self.store.changes(mark);
        self.store.rollback(mark);
        Some((changes, value))
    }

    fn may_be_err(&self, value: &Val) -> bool {
        match &value.kind {
            Kind::Enum(alts) => self.is_result(&value.ty) && alts.iter().any(|alt| alt.variant == self.known.err),
            _ => false,
        }
    }

    /// The success part and the error part of a `Result`.
    pub(super) fn split_err(&mut self, value: &Val) -> (Option<Val>, Option<Val>) {
        let Kind::Enum(alts) = &value.kind else { return (Some(value.clone()), None) };
        if !self.is_result(&value.ty) {
            return (Some(value.clone()), None);
        }
        let part = |wanted: bool| {
            let picked: Vec<Alt> =
                alts.iter().filter(|alt| (alt.variant == self.known.err) == wanted).cloned().collect();
            (!picked.is_empty()).then(|| Val { ty: value.ty.clone(), kind: Kind::Enum(Rc::new(picked)) })
        };
        (part(false), part(true))
    }

    /// True for a `Result` that is an error.
    pub(super) fn is_failure(&self, value: &Val) -> bool {
        match &value.kind {
            Kind::Enum(alts) => self.is_result(&value.ty) && alts.iter().all(|alt| alt.variant == self.known.err),
            _ => false,
        }
    }

    /// Leaves the function with a value.
    pub(super) fn exit_with(&mut self, f: &mut Frame, value: Val) -> Div {
        let fail = self.is_failure(&value);
        let mut changes = self.store.changes(f.mark);
        changes.0.retain(|slot, _| *slot < f.base);
        f.exits.push((changes, value));
        f.early_exits += u32::from(!fail);
        Div { fail }
    }
}

/// Expressions below branches that are the value of the function when they are reached.
fn tails(body: &Body, e: ExprId, below: bool, out: &mut Vec<ExprId>) {
    match body.expr(e) {
        Expr::Block(block) if block.label.is_none() && !block.is_async => {
            if let Some(tail) = block.tail {
                tails(body, tail, below, out);
            }
        }
        Expr::If(_, then, otherwise) => {
            for way in [Some(*then), *otherwise].into_iter().flatten() {
                tails(body, way, true, out);
            }
        }
        Expr::Match(_, arms) => {
            for arm in arms {
                tails(body, arm.body, true, out);
            }
        }
        _ if below => out.push(e),
        _ => {}
    }
}
