//! Loops: a body runs from what the rounds before it may have left, until nothing new comes, or with everything it
//! changes forgotten.

use super::state::Changes;
use super::value::{Kind, StructVal, Val, join};
use super::{Div, Engine, Ev, Frame, ty::Ty};
use crate::ir::hir::{Body, Expr, ExprId, Name, PatId, Stmt};
use std::rc::Rc;
use std::sync::Arc;

/// Rounds of a loop before everything it changes is forgotten.
const LOOP_ROUNDS: usize = 3;

impl Engine<'_> {
    /// A loop whose body runs any number of times (zero included when `may_skip`). The body answers whether it could
    /// run to its end.
    pub(super) fn run_loop(
        &mut self,
        f: &mut Frame,
        label: Option<Name>,
        may_skip: bool,
        want: &Ty,
        body: &mut dyn FnMut(&mut Self, &mut Frame) -> Result<bool, Div>,
    ) -> Ev {
        let slots_before = self.store.len() as u32;
        let early = f.early_exits;
        self.conditions += 1;
        self.repeats += 1;
        let mut exits: Vec<(Changes, Val)> = Vec::new();
        let mut ends: Vec<Changes> = Vec::new();
        for round in 0..=LOOP_ROUNDS + 1 {
            let mark = self.store.mark();
            f.push_loop(label.clone(), mark);
            let events = self.rec.events.len();
            let extra = f.extra_conditions;
            let result = body(self, f);
            self.conditions -= f.extra_conditions - extra;
            f.extra_conditions = extra;
            let ran = self.store.changes(mark);
            self.store.rollback(mark);
            let frame = f.pop_loop();
            ends = frame.continues;
            if matches!(result, Ok(true)) {
                ends.push(ran);
            }
            exits = frame.breaks;
            // What the next round starts from.
            let mut next: Changes = Changes::default();
            let mut grew = false;
            for way in &ends {
                for (slot, value) in &way.0 {
                    if *slot >= slots_before {
                        continue;
                    }
                    let old = next.0.get(slot).unwrap_or(self.store.get(*slot)).clone();
                    let mut new = join(&old, value, 0);
                    let moved = !same_value(&old, &new) || round + 1 >= LOOP_ROUNDS;
                    if moved && !same_value(self.store.get(*slot), value) {
                        grew |= round < LOOP_ROUNDS && !is_widened(self.store.get(*slot), value);
                        new = self.widen_changed(self.store.get(*slot).clone(), &new);
                    }
                    next.0.insert(*slot, new);
                }
            }
            // A write of this round is seen by the loads of the next one: as long as it is new, go again, and if that
            // does not end, no load is of the initial state.
            let wrote = self.rec.wrote_anew(events);
            if !grew && !wrote {
                break;
            }
            if wrote && round >= LOOP_ROUNDS {
                self.rec.state_lost = true;
            }
            self.store.apply(next);
        }
        self.repeats -= 1;
        self.conditions -= 1;
        let mut ways: Vec<Changes> = Vec::new();
        let mut value: Option<Val> = None;
        for (changes, result) in exits {
            ways.push(changes);
            value = Some(match value {
                Some(all) => join(&all, &result, 0),
                None => result,
            });
        }
        let endless = !may_skip && ways.is_empty();
        if may_skip {
            ways.push(Changes::default());
            ways.extend(ends);
            value = Some(Val::unit());
        }
        if endless {
            return Err(Div { fail: f.loops_diverge_by_failure() });
        }
        for way in &mut ways {
            way.0.retain(|slot, _| *slot < slots_before);
        }
        self.store.join(ways);
        if f.early_exits > early {
            self.more_conditions(f);
        }
        Ok(value.unwrap_or_else(|| Val::any(want.clone())))
    }

    pub(super) fn run_labelled(
        &mut self,
        f: &mut Frame,
        label: Name,
        want: &Ty,
        body: &mut dyn FnMut(&mut Self, &mut Frame) -> Ev,
    ) -> Ev {
        let mark = self.store.mark();
        f.push_loop(Some(label), mark);
        self.conditions += 1;
        let result = body(self, f);
        self.conditions -= 1;
        let changes = self.store.changes(mark);
        self.store.rollback(mark);
        let frame = f.pop_loop();
        let mut ways = Vec::new();
        let mut value: Option<Val> = None;
        let mut add = |changes: Changes, result: Val| {
            ways.push(changes);
            value = Some(match value.take() {
                Some(all) => join(&all, &result, 0),
                None => result,
            });
        };
        let failed = matches!(result, Err(Div { fail: true }));
        if let Ok(result) = result {
            add(changes, result);
        }
        for (changes, result) in frame.breaks {
            add(changes, result);
        }
        match value {
            Some(value) => {
                self.store.join(ways);
                Ok(value.retyped_if_unknown(want))
            }
            None => Err(Div { fail: failed }),
        }
    }

    /// Runs a loop body for every element of an iterated value.
    pub(super) fn for_loop(&mut self, f: &mut Frame, label: Option<Name>, pat: PatId, source: Val, body: ExprId) -> Ev {
        if let Some(elements) = self.exact_elements(&source) {
            if elements.len() <= super::value::MAX_EXACT && label.is_none() {
                let plain = self.loop_is_plain(f, body);
                if plain {
                    for (at, element) in elements.into_iter().enumerate() {
                        self.bind(f, pat, element);
                        self.apart(at as u64, |engine| engine.eval(f, body, &Ty::unit()))?;
                    }
                    return Ok(Val::unit());
                }
            }
        }
        let source = Rc::new(source);
        self.run_loop(f, label, true, &Ty::unit(), &mut |engine, f| {
            engine.taking_in(body);
            let element = match engine.next_element(f, &source)? {
                Some(element) => element,
                None => return Ok(false),
            };
            engine.bind(f, pat, element);
            engine.eval(f, body, &Ty::unit()).map(|_| true)
        })?;
        Ok(Val::unit())
    }

    /// True when a loop body has no `break` or `continue`, so that it can be run element by element.
    pub(super) fn loop_is_plain(&self, f: &Frame, body: ExprId) -> bool {
        let mut plain = true;
        walk(&f.body, body, &mut |expr| plain &= !matches!(expr, Expr::Break(..) | Expr::Continue(_)));
        plain
    }
}

impl Engine<'_> {
    /// Forgets what is known about the parts of a value that changed; of a struct the other fields stay.
    pub(super) fn widen_changed(&mut self, old: Val, new: &Val) -> Val {
        if same_value(&old, new) {
            return new.clone();
        }
        match (&old.kind, &new.kind) {
            (Kind::Struct(before), Kind::Struct(after)) if before.base == after.base => {
                let fields = after
                    .fields
                    .iter()
                    .map(|(name, field)| match before.get(name) {
                        Some(known) => (name.clone(), self.widen_changed(known.clone(), field)),
                        None => (name.clone(), self.widen(field)),
                    })
                    .collect();
                let all = StructVal { fields, base: after.base.clone() };
                Val { ty: new.ty.clone(), kind: Kind::Struct(Rc::new(all)) }
            }
            _ => self.widen(new),
        }
    }
}

/// Equal as far as the fixpoint of a loop is concerned.
pub(super) fn same_value(a: &Val, b: &Val) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Sym(x), Kind::Sym(y)) => x == y,
        (Kind::Tuple(x), Kind::Tuple(y)) => x.len() == y.len() && x.iter().zip(y.iter()).all(|(x, y)| same_value(x, y)),
        (Kind::Struct(x), Kind::Struct(y)) => {
            Rc::ptr_eq(x, y)
                || x.base == y.base
                    && x.fields.len() == y.fields.len()
                    && x.fields.iter().all(|(name, value)| y.get(name).is_some_and(|other| same_value(value, other)))
        }
        (Kind::Enum(x), Kind::Enum(y)) => {
            x.len() == y.len()
                && x.iter().zip(y.iter()).all(|(x, y)| {
                    x.variant == y.variant
                        && x.fields.len() == y.fields.len()
                        && x.fields.iter().zip(&y.fields).all(|((_, x), (_, y))| same_value(x, y))
                })
        }
        (Kind::Seq(x), Kind::Seq(y)) => {
            Rc::ptr_eq(x, y)
                || x.sym == y.sym
                    && match (&x.exact, &y.exact) {
                        (Some(p), Some(q)) => p.len() == q.len() && p.iter().zip(q).all(|(p, q)| same_value(p, q)),
                        (None, None) => same_value(&x.elem, &y.elem),
                        _ => false,
                    }
        }
        (Kind::Ref(x), Kind::Ref(y)) => x == y,
        (Kind::Cell(x), Kind::Cell(y)) => x == y,
        (Kind::Closure(x), Kind::Closure(y)) => Rc::ptr_eq(x, y),
        (Kind::Func(x), Kind::Func(y)) => Rc::ptr_eq(x, y),
        (Kind::Iter(x), Kind::Iter(y)) => Rc::ptr_eq(x, y),
        (Kind::Multi(x), Kind::Multi(y)) => x.len() == y.len() && x.iter().zip(y.iter()).all(|(x, y)| same_value(x, y)),
        _ => false,
    }
}

/// True when `new` says nothing that `old` does not allow already.
fn is_widened(old: &Val, new: &Val) -> bool {
    same_value(old, &join(old, new, 0))
}

/// Visits every sub-expression, closures included.
pub(super) fn walk(body: &Arc<Body>, e: ExprId, visit: &mut dyn FnMut(&Expr)) {
    let expr = body.expr(e);
    visit(expr);
    children(expr, &mut |child| walk(body, child, visit));
}

/// Visits the sub-expressions of an expression, not those inside them.
pub(crate) fn children(expr: &Expr, each: &mut dyn FnMut(ExprId)) {
    match expr {
        Expr::Local(_) | Expr::Path(_) | Expr::Lit(_) | Expr::Continue(_) | Expr::Opaque(_) => {}
        Expr::Call(callee, args) => {
            each(*callee);
            args.iter().for_each(|arg| each(*arg));
        }
        Expr::MethodCall(recv, _, _, args, _) => {
            each(*recv);
            args.iter().for_each(|arg| each(*arg));
        }
        Expr::Field(a, _)
        | Expr::Unary(_, a)
        | Expr::Deref(a)
        | Expr::Ref(_, a)
        | Expr::Let(_, a)
        | Expr::Loop(_, a)
        | Expr::Cast(a, _)
        | Expr::Try(a)
        | Expr::Await(a) => each(*a),
        Expr::Index(a, b)
        | Expr::Binary(_, a, b)
        | Expr::Assign(a, b)
        | Expr::AssignOp(_, a, b)
        | Expr::While(_, a, b)
        | Expr::For(_, _, a, b)
        | Expr::Repeat(a, b, _) => {
            each(*a);
            each(*b);
        }
        Expr::If(a, b, c) => {
            each(*a);
            each(*b);
            if let Some(c) = c {
                each(*c);
            }
        }
        Expr::Match(a, arms) => {
            each(*a);
            for arm in arms {
                if let Some(guard) = arm.guard {
                    each(guard);
                }
                each(arm.body);
            }
        }
        Expr::Break(_, a) | Expr::Return(a) => {
            if let Some(a) = a {
                each(*a);
            }
        }
        Expr::Range(a, b, _) => {
            for part in [a, b].into_iter().flatten() {
                each(*part);
            }
        }
        Expr::Block(block) => {
            for stmt in &block.stmts {
                match stmt {
                    Stmt::Expr(e) => each(*e),
                    Stmt::Let(_, _, init, otherwise) => {
                        for part in [init, otherwise].into_iter().flatten() {
                            each(*part);
                        }
                    }
                }
            }
            if let Some(tail) = block.tail {
                each(tail);
            }
        }
        Expr::Closure(closure) => each(closure.body),
        Expr::Struct(_, fields, base) => {
            fields.iter().for_each(|(_, field)| each(*field));
            if let Some(base) = base {
                each(*base);
            }
        }
        Expr::Tuple(parts)
        | Expr::Array(parts, _)
        | Expr::Format(_, parts)
        | Expr::Panic(parts)
        | Expr::Eval(parts) => {
            parts.iter().for_each(|part| each(*part));
        }
        Expr::UnknownMacro(_, parts, _) => parts.iter().for_each(|part| each(*part)),
    }
}
