//! Expressions: symbolic execution of lowered bodies. Both sides of a condition that is not known run from the same
//! state and are joined; loops run until nothing they change is new (at most [`LOOP_ROUNDS`], then it is widened).

use super::state::Changes;
use super::value::{Alt, ClosureVal, Cond, Kind, Place, Proj, StructVal, Sym, Val, join};
use super::{Div, Engine, Ev, Frame, ty::Ty};
use crate::ir::hir::{BinOp, Block, Body, Expr, ExprId, Lit, Name, Pat, PatId, Stmt, TypeRef, UnOp};
use crate::ir::{Const, Span, Term, UnknownReason};
use std::rc::Rc;
use std::sync::Arc;

/// Rounds of a loop before everything it changes is forgotten.
const LOOP_ROUNDS: usize = 3;

/// A condition's outcome.
pub(super) enum Truth {
    True,
    False,
    /// Not known; what it means and what it depends on.
    Maybe(Rc<Sym>),
}

/// One way through a branching construct.
pub(super) struct Way {
    pub(super) changes: Changes,
    pub(super) result: Ev,
    /// Recorded events of this way.
    pub(super) events: std::ops::Range<usize>,
    /// Recorded guards of this way.
    pub(super) guards: std::ops::Range<usize>,
}

impl Engine<'_> {
    pub(super) fn eval(&mut self, f: &mut Frame, e: ExprId, want: &Ty) -> Ev {
        self.tick(f, e)?;
        self.nesting += 1;
        let result = self.eval_here(f, e, want);
        self.nesting -= 1;
        result
    }

    fn eval_here(&mut self, f: &mut Frame, e: ExprId, want: &Ty) -> Ev {
        let body = f.body.clone();
        let span = body.expr_span(e);
        match body.expr(e) {
            Expr::Local(local) => match f.slot(*local) {
                Some(slot) => Ok(self.store.get(slot).clone().retyped_if_unknown(want)),
                None => Ok(Val::any(want.clone())),
            },
            Expr::Path(path) => self.eval_path(f, path, want, span),
            Expr::Lit(lit) => Ok(literal(lit, want)),
            Expr::Call(callee, args) => self.eval_call(f, *callee, args, want, span),
            Expr::MethodCall(recv, name, turbofish, args, name_span) => {
                self.eval_method(f, *recv, name, turbofish, args, want, *name_span)
            }
            Expr::Field(..) | Expr::Index(..) | Expr::Deref(_) => {
                let places = self.place(f, e)?;
                Ok(self.read_unsettled(&places))
            }
            Expr::Unary(op, inner) => {
                let value = self.eval(f, *inner, want)?;
                Ok(self.unary(*op, value))
            }
            Expr::Binary(op @ (BinOp::And | BinOp::Or), ..) => {
                let _ = op;
                let truth = self.cond(f, e)?;
                Ok(match truth {
                    Truth::True => Val::bool(true),
                    Truth::False => Val::bool(false),
                    Truth::Maybe(sym) => Val::sym(Ty::bool(), sym.as_ref().clone()),
                })
            }
            Expr::Binary(op, a, b) => {
                let left = self.eval(f, *a, if is_comparison(*op) { &Ty::Unknown } else { want })?;
                let hint = left.ty.clone();
                let right = self.eval(f, *b, &hint)?;
                self.binary(f, *op, left, right, want, span)
            }
            Expr::Assign(target, value) => {
                let hint = self.static_ty(f, *target);
                let new = self.eval(f, *value, &hint)?;
                if matches!(body.expr(*target), Expr::Path(path) if path.segments.len() == 1 && path.segments[0].name == "_")
                {
                    return Ok(Val::unit());
                }
                let places = self.assign_place(f, *target)?;
                self.store_write(&places, new);
                Ok(Val::unit())
            }
            Expr::AssignOp(op, target, value) => {
                let places = self.assign_place(f, *target)?;
                let places = self.follow(places);
                let old = self.read(&places);
                let hint = old.ty.clone();
                let right = self.eval(f, *value, &hint)?;
                let new = self.binary(f, *op, old, right, &hint, span)?;
                self.store_write(&places, new);
                Ok(Val::unit())
            }
            Expr::Ref(mutable, inner) => {
                if *mutable {
                    let places = self.place(f, *inner)?;
                    let places = self.follow(places);
                    let ty = self.read(&places).ty;
                    Ok(Val { ty, kind: Kind::Ref(Rc::new(places)) })
                } else {
                    // A shared reference is a copy: what it refers to cannot change while it lives.
                    self.eval(f, *inner, want)
                }
            }
            Expr::If(cond, then, otherwise) => self.eval_if(f, *cond, *then, *otherwise, want),
            Expr::Let(..) => {
                let truth = self.cond(f, e)?;
                Ok(match truth {
                    Truth::True => Val::bool(true),
                    Truth::False => Val::bool(false),
                    Truth::Maybe(sym) => Val::sym(Ty::bool(), sym.as_ref().clone()),
                })
            }
            Expr::Match(scrutinee, arms) => self.eval_match(f, *scrutinee, arms, want),
            Expr::Loop(label, inner) => {
                let inner = *inner;
                self.run_loop(f, label.clone(), false, want, &mut |engine, f| {
                    engine.eval(f, inner, &Ty::Unknown).map(|_| true)
                })
            }
            Expr::While(label, cond, inner) => {
                let (cond, inner) = (*cond, *inner);
                self.run_loop(f, label.clone(), true, want, &mut |engine, f| {
                    match engine.cond(f, cond)? {
                        Truth::False => return Ok(false),
                        Truth::True => {}
                        Truth::Maybe(sym) => engine.observe_sym(&sym),
                    }
                    engine.eval(f, inner, &Ty::Unknown).map(|_| true)
                })
            }
            Expr::For(label, pat, iter, inner) => {
                let source = self.eval_as_iterated(f, *iter)?;
                self.for_loop(f, label.clone(), *pat, source, *inner)
            }
            Expr::Break(label, value) => {
                let value = match value {
                    Some(value) => self.eval(f, *value, &Ty::Unknown)?,
                    None => Val::unit(),
                };
                f.break_to(&self.store, label.as_ref(), value);
                Err(Div { fail: false })
            }
            Expr::Continue(label) => {
                f.continue_to(&self.store, label.as_ref());
                Err(Div { fail: false })
            }
            Expr::Return(value) => {
                let ret = f.ret_ty.clone();
                let value = match value {
                    Some(value) => self.eval(f, *value, &ret)?,
                    None => Val::unit(),
                };
                Err(self.exit_with(f, value))
            }
            Expr::Block(block) => self.eval_block(f, block, want),
            Expr::Closure(closure) => {
                let mut slots = Vec::new();
                for &local in &closure.captures {
                    let Some(slot) = f.slot(local) else { continue };
                    if closure.is_move && !matches!(self.store.get(slot).kind, Kind::Ref(_)) {
                        let copy = self.store.get(slot).clone();
                        slots.push((local, self.store.alloc(copy)));
                    } else {
                        slots.push((local, slot));
                    }
                }
                let value = ClosureVal {
                    body: body.clone(),
                    expr: e,
                    slots,
                    env: f.env.clone(),
                    name: f.name.clone(),
                    row: self.row_span,
                };
                Ok(Val { ty: Ty::Unknown, kind: Kind::Closure(Rc::new(value)) })
            }
            Expr::Struct(path, fields, base) => self.eval_struct(f, path, fields, *base, want, span),
            Expr::Tuple(parts) => {
                let wants: Vec<Ty> = match want {
                    Ty::Tuple(types) if types.len() == parts.len() => types.to_vec(),
                    _ => vec![Ty::Unknown; parts.len()],
                };
                let mut values = Vec::with_capacity(parts.len());
                for (part, want) in parts.iter().zip(&wants) {
                    values.push(self.eval(f, *part, want)?);
                }
                Ok(Val::tuple(values))
            }
            Expr::Array(parts, _) => {
                let elem = want.element();
                let mut values = Vec::with_capacity(parts.len());
                for part in parts {
                    values.push(self.eval(f, *part, &elem)?);
                }
                Ok(self.list(values, &elem))
            }
            Expr::Repeat(value, count, _) => {
                let elem = want.element();
                let value = self.eval(f, *value, &elem)?;
                let count = self.eval(f, *count, &Ty::usize())?;
                let sym = self.whole_sym(&count).widened();
                Ok(Val::seq(value.ty.clone(), None, value, sym))
            }
            Expr::Range(from, to, _) => {
                let mut sym = Sym::default();
                let mut ty = Ty::Unknown;
                for part in [from, to].into_iter().flatten() {
                    let value = self.eval(f, *part, &ty)?;
                    ty = value.ty.clone();
                    let part = self.whole_sym(&value);
                    sym.loads = super::value::union(&sym.loads, &part.loads);
                }
                let elem = Val::sym(ty.clone(), sym.clone());
                Ok(Val::seq(ty, None, elem, sym))
            }
            Expr::Cast(inner, ty) => {
                let env = f.env.clone();
                let ty = self.lower_ty(ty, &env);
                let value = self.eval(f, *inner, &Ty::Unknown)?;
                Ok(self.cast(value, ty))
            }
            Expr::Try(inner) => self.eval_try(f, *inner, want),
            Expr::Await(inner) => self.eval(f, *inner, want),
            Expr::Format(text, args) => {
                if args.is_empty() && !text.contains('{') {
                    return Ok(Val::text(text));
                }
                let mut parts = Vec::new();
                for arg in args {
                    let value = self.eval(f, *arg, &Ty::Unknown)?;
                    parts.push(self.whole_sym(&value));
                }
                let mut sym = Sym::computed(parts.iter());
                // `format!("{}", x)` alone is the text of x.
                if text.as_ref() == "{}" && parts.len() == 1 {
                    sym.terms = parts[0].terms.clone();
                }
                sym.cap = false;
                Ok(Val::sym(Ty::str(), sym))
            }
            Expr::Panic(args) => {
                for arg in args {
                    let value = self.eval(f, *arg, &Ty::Unknown)?;
                    let loads = self.loads_of(&value);
                    self.rec.observe(&loads);
                }
                Err(Div { fail: true })
            }
            Expr::Eval(args) => {
                for arg in args {
                    let value = self.eval(f, *arg, &Ty::Unknown)?;
                    let loads = self.loads_of(&value);
                    self.rec.observe(&loads);
                }
                Ok(Val::unit())
            }
            Expr::UnknownMacro(name, args, captured) => {
                let mut cap = self.ambient;
                let mut values = Vec::new();
                for arg in args {
                    values.push(self.eval(f, *arg, &Ty::Unknown)?);
                }
                for local in captured {
                    if let Some(slot) = f.slot(*local) {
                        values.push(self.store.get(slot).clone());
                    }
                }
                for value in &values {
                    cap |= self.carries_cap(value, 0);
                    let loads = self.loads_of(value);
                    self.rec.observe(&loads);
                    self.havoc(value, 0);
                }
                if cap {
                    self.unknown(UnknownReason::UnknownMacro, format!("{name}!"), span);
                }
                Ok(Val::any(want.clone()))
            }
            Expr::Opaque(why) => {
                let reason = match *why {
                    "too-deep" => UnknownReason::TooDeep,
                    "asm" => UnknownReason::Unsafe,
                    _ => UnknownReason::Unparsable,
                };
                self.unknown(reason, (*why).to_owned(), span);
                Ok(Val::any(want.clone()))
            }
        }
    }

    /// One step of work; runs out at the budget or when calls are too deep.
    fn tick(&mut self, f: &Frame, e: ExprId) -> Result<(), Div> {
        self.steps += 1;
        self.depth_guard(f, e)
    }

    pub(super) fn read_unsettled(&mut self, places: &[Place]) -> Val {
        match places {
            [one] => {
                let mut value = self.store.get(one.slot).clone();
                if one.path.is_empty() {
                    return value;
                }
                for (at, step) in one.path.iter().enumerate() {
                    let last = at + 1 == one.path.len();
                    value = match step {
                        Proj::Field(name) => self.field(&value, name),
                        Proj::Payload(variant, name) => self.payload(&value, *variant, name),
                        Proj::Elem | Proj::Nth(_) => {
                            let place = Place { slot: self.store.alloc(value), path: vec![step.clone()] };
                            self.read(&[place])
                        }
                    };
                    if !last {
                        value = self.settle(value);
                    }
                }
                value
            }
            _ => self.read(places),
        }
    }

    /// Writes, replacing a reference only when the place itself holds none.
    fn store_write(&mut self, places: &[Place], value: Val) {
        self.write(places, &value);
        self.after_write(places, &value);
    }

    /// The place of an assignment's target: a binding that holds a reference is rebound, not written through.
    fn assign_place(&mut self, f: &mut Frame, e: ExprId) -> Result<Vec<Place>, Div> {
        self.place(f, e)
    }

    /// Static type of a place expression without evaluating it, for literals on the right of an assignment.
    fn static_ty(&mut self, f: &mut Frame, e: ExprId) -> Ty {
        let body = f.body.clone();
        match body.expr(e) {
            Expr::Local(local) => f.slot(*local).map_or(Ty::Unknown, |slot| self.store.get(slot).ty.clone()),
            Expr::Field(base, name) => {
                let base = self.static_ty(f, *base);
                self.field_ty(&base, name)
            }
            Expr::Deref(inner) => self.static_ty(f, *inner),
            Expr::Index(base, _) => self.static_ty(f, *base).element(),
            _ => Ty::Unknown,
        }
    }

    /// The places an expression denotes; a value that is no place gets a slot of its own.
    pub(super) fn place(&mut self, f: &mut Frame, e: ExprId) -> Result<Vec<Place>, Div> {
        self.tick(f, e)?;
        let body = f.body.clone();
        match body.expr(e) {
            Expr::Local(local) => match f.slot(*local) {
                Some(slot) => Ok(vec![Place { slot, path: Vec::new() }]),
                None => {
                    let slot = self.store.alloc(Val::any(Ty::Unknown));
                    Ok(vec![Place { slot, path: Vec::new() }])
                }
            },
            Expr::Field(base, name) => {
                let mut places = self.place(f, *base)?;
                places = self.follow(places);
                places = self.deref_to_field(f, places, name)?;
                for place in &mut places {
                    place.path.push(Proj::Field(name.clone()));
                }
                Ok(places)
            }
            Expr::Index(base, index) => {
                let mut places = self.place(f, *base)?;
                places = self.follow(places);
                let index = self.eval(f, *index, &Ty::usize())?;
                let at = match self.whole_sym(&index).constant() {
                    Some(Const::Int(at)) => usize::try_from(*at).ok(),
                    _ => None,
                };
                let loads = self.loads_of(&index);
                self.rec.observe(&loads);
                let base = self.read(&places);
                if let (Kind::Seq(_), Ty::Seq(_)) = (&index.kind, &index.ty) {
                    // A range: the slice stands for the list.
                    let widened = self.widen(&base);
                    let slot = self.store.alloc(widened);
                    return Ok(vec![Place { slot, path: Vec::new() }]);
                }
                if let Some(target) = self.index_through_impl(f, &places, &base, &index)? {
                    return Ok(target);
                }
                let step = match (at, &base.kind) {
                    (Some(at), Kind::Seq(seq)) if seq.exact.as_ref().is_some_and(|exact| at < exact.len()) => {
                        Proj::Nth(at)
                    }
                    _ => Proj::Elem,
                };
                for place in &mut places {
                    place.path.push(step.clone());
                }
                Ok(places)
            }
            Expr::Deref(inner) => {
                let places = self.place(f, *inner)?;
                let before = places.clone();
                let places = self.follow(places);
                if places == before {
                    // Not a reference: a user type with `Deref`, or a copy of what a shared reference points to.
                    let value = self.read(&places);
                    if let Some(target) = self.deref_value(f, &value, &places)? {
                        return Ok(self.as_places(target));
                    }
                }
                Ok(places)
            }
            Expr::Block(block) if block.stmts.is_empty() && block.tail.is_some() && block.label.is_none() => {
                match block.tail {
                    Some(tail) => self.place(f, tail),
                    None => Ok(Vec::new()),
                }
            }
            _ => {
                let value = self.eval(f, e, &Ty::Unknown)?;
                Ok(self.as_places(value))
            }
        }
    }

    /// Places of a value: what it refers to, or a new slot that holds it.
    pub(super) fn as_places(&mut self, value: Val) -> Vec<Place> {
        match &value.kind {
            Kind::Ref(places) => places.as_ref().clone(),
            _ => vec![Place { slot: self.store.alloc(value), path: Vec::new() }],
        }
    }

    pub(super) fn list(&mut self, values: Vec<Val>, elem: &Ty) -> Val {
        let ty = values.first().map_or_else(|| elem.clone(), |value| value.ty.clone());
        let any = Val::any(ty.clone());
        // An array of constant bytes is a byte string.
        let bytes: Option<Vec<u8>> = values
            .iter()
            .map(|value| match &value.kind {
                Kind::Sym(sym) => match sym.constant() {
                    Some(Const::Int(byte)) if value.ty == Ty::Prim(Name::new_static("u8")) => u8::try_from(*byte).ok(),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) {
            return Val::term(Ty::seq(ty), Term::Const(Const::Bytes(bytes)));
        }
        if values.len() <= super::value::MAX_EXACT {
            return Val::seq(ty, Some(values), any, Sym::default());
        }
        let mut iter = values.into_iter();
        let elem = match iter.next() {
            Some(first) => iter.fold(first, |all, next| join(&all, &next, 0)),
            None => any,
        };
        Val::seq(ty, None, elem, Sym::default())
    }

    fn eval_block(&mut self, f: &mut Frame, block: &Block, want: &Ty) -> Ev {
        if block.is_unsafe && self.ambient {
            f.in_unsafe = true;
        }
        if let Some(label) = &block.label {
            let (stmts, tail) = (block.stmts.clone(), block.tail);
            return self
                .run_labelled(f, label.clone(), want, &mut |engine, f| engine.statements(f, &stmts, tail, want));
        }
        self.statements(f, &block.stmts, block.tail, want)
    }

    fn statements(&mut self, f: &mut Frame, stmts: &[Stmt], tail: Option<ExprId>, want: &Ty) -> Ev {
        for stmt in stmts {
            match stmt {
                Stmt::Expr(e) => {
                    self.eval(f, *e, &Ty::Unknown)?;
                }
                Stmt::Let(pat, ty, init, otherwise) => {
                    let env = f.env.clone();
                    let hint = match ty {
                        Some(TypeRef::Infer) | None => self.pattern_ty(f, *pat),
                        Some(ty) => self.lower_ty(ty, &env),
                    };
                    let Some(init) = init else {
                        self.declare(f, *pat, &hint);
                        continue;
                    };
                    let value = self.eval(f, *init, &hint)?;
                    let value = if hint.is_unknown() || matches!(hint, Ty::Dyn(_)) {
                        value
                    } else {
                        value.retyped_if_unknown(&hint)
                    };
                    match otherwise {
                        None => {
                            self.bind(f, *pat, value);
                        }
                        Some(otherwise) => {
                            let (pat, otherwise) = (*pat, *otherwise);
                            self.let_else(f, pat, value, otherwise)?;
                        }
                    }
                }
            }
        }
        match tail {
            Some(tail) => self.eval(f, tail, want),
            None => Ok(Val::unit()),
        }
    }

    fn let_else(&mut self, f: &mut Frame, pat: PatId, value: Val, otherwise: ExprId) -> Result<(), Div> {
        match self.test_pattern(f, pat, &value) {
            super::pattern::Match::Yes => {
                self.bind(f, pat, value);
                Ok(())
            }
            super::pattern::Match::No => match self.eval(f, otherwise, &Ty::Never) {
                Err(div) => Err(div),
                Ok(_) => Err(Div { fail: true }),
            },
            super::pattern::Match::Maybe => {
                let otherwise_way = self.way(f, &mut |engine, f| engine.eval(f, otherwise, &Ty::Never));
                let fails = matches!(otherwise_way.result, Err(Div { fail: true }));
                if !fails {
                    self.observe_value(&value);
                    self.more_conditions(f);
                } else {
                    self.observe_unless_presence(&value);
                }
                self.bind(f, pat, value);
                Ok(())
            }
        }
    }

    /// Runs one way from the present state, records what it changed, and goes back.
    pub(super) fn way(&mut self, f: &mut Frame, run: &mut dyn FnMut(&mut Self, &mut Frame) -> Ev) -> Way {
        let mark = self.store.mark();
        let start = self.rec.events.len();
        let guards = self.rec.guards.len();
        self.conditions += 1;
        let outer = f.extra_conditions;
        let result = run(self, f);
        self.conditions -= 1 + (f.extra_conditions - outer);
        f.extra_conditions = outer;
        let changes = self.store.changes(mark);
        self.store.rollback(mark);
        Way { changes, result, events: start..self.rec.events.len(), guards: guards..self.rec.guards.len() }
    }

    /// Something after this point in the function is not reached by every successful path.
    pub(super) fn more_conditions(&mut self, f: &mut Frame) {
        f.extra_conditions += 1;
        self.conditions += 1;
    }

    /// Continues after ways that exclude each other. At least one is taken.
    pub(super) fn merge_ways(&mut self, f: &mut Frame, ways: Vec<Way>) -> Ev {
        let succeeding = ways.iter().filter(|way| !matches!(way.result, Err(Div { fail: true }))).count();
        if succeeding == 1 {
            // The other ways fail: on every successful path this one is taken.
            for way in &ways {
                if !matches!(way.result, Err(Div { fail: true })) {
                    for event in &mut self.rec.events[way.events.clone()] {
                        event.conditions = event.conditions.saturating_sub(1);
                    }
                    for guard in &mut self.rec.guards[way.guards.clone()] {
                        guard.conditions = guard.conditions.saturating_sub(1);
                    }
                }
            }
        }
        let leaves = ways.iter().any(|way| matches!(way.result, Err(Div { fail: false })));
        let all_fail = ways.iter().all(|way| matches!(way.result, Err(Div { fail: true })));
        let mut value: Option<Val> = None;
        let mut changes = Vec::new();
        for way in ways {
            if let Ok(result) = way.result {
                value = Some(match value {
                    Some(all) => join(&all, &result, 0),
                    None => result,
                });
                changes.push(way.changes);
            }
        }
        match value {
            Some(value) => {
                self.store.join(changes);
                if leaves {
                    self.more_conditions(f);
                }
                Ok(value)
            }
            None => Err(Div { fail: all_fail }),
        }
    }

    fn eval_if(&mut self, f: &mut Frame, cond: ExprId, then: ExprId, otherwise: Option<ExprId>, want: &Ty) -> Ev {
        // Bindings of `if let` live in the then-way only; they are new slots, so nothing has to be undone.
        match self.cond(f, cond)? {
            Truth::True => self.eval(f, then, want),
            Truth::False => match otherwise {
                Some(otherwise) => self.eval(f, otherwise, want),
                None => Ok(Val::unit()),
            },
            Truth::Maybe(sym) => {
                let first = self.way(f, &mut |engine, f| engine.eval(f, then, want));
                let second = self.way(f, &mut |engine, f| match otherwise {
                    Some(otherwise) => engine.eval(f, otherwise, want),
                    None => Ok(Val::unit()),
                });
                let fails = |way: &Way| matches!(way.result, Err(Div { fail: true }));
                let span = f.body.expr_span(cond);
                match (fails(&first), fails(&second)) {
                    (true, false) => self.assume(&sym, false, span),
                    (false, true) => self.assume(&sym, true, span),
                    _ => self.observe_branch(&sym, &[&first, &second]),
                }
                if let Some(value) = self.absent_default(&sym, &first, &second) {
                    let ways = vec![first, second];
                    self.merge_ways(f, ways)?;
                    return Ok(value);
                }
                self.merge_ways(f, vec![first, second])
            }
        }
    }

    /// `if let Some(x) = loaded { x } else { 0 }`: the default of an absent value, not an observation.
    pub(super) fn absent_default(&mut self, scrutinee: &Sym, some: &Way, none: &Way) -> Option<Val> {
        let delta = scrutinee.delta.as_ref().filter(|delta| delta.option)?;
        let (Ok(some), Ok(none)) = (&some.result, &none.result) else { return None };
        let (Kind::Sym(inner), Kind::Sym(default)) = (&some.kind, &none.kind) else { return None };
        let default = default.constant()?.clone();
        let inner_delta = inner.delta.as_ref()?;
        if inner_delta.load != delta.load || inner_delta.op.is_some() || inner_delta.default.is_some() {
            return None;
        }
        let mut with_default = inner_delta.as_ref().clone();
        with_default.default = Some(default);
        let sym = Sym { delta: Some(Rc::new(with_default)), terms: Vec::new(), ..inner.as_ref().clone() };
        Some(Val::sym(some.ty.clone(), sym))
    }

    /// Marks what a branch decides by, unless it only supplies the default of an absent value.
    pub(super) fn observe_branch(&mut self, sym: &Rc<Sym>, ways: &[&Way]) {
        if let [first, second] = ways {
            if self.absent_default(sym, first, second).is_some() {
                return;
            }
        }
        self.observe_sym(sym);
    }

    pub(super) fn observe_sym(&mut self, sym: &Sym) {
        self.rec.observe(&sym.loads);
    }

    pub(super) fn observe_value(&mut self, value: &Val) {
        let loads = self.loads_of(value);
        self.rec.observe(&loads);
    }

    /// Failing when a value is absent is no observation of the value.
    pub(super) fn observe_unless_presence(&mut self, value: &Val) {
        if let Kind::Sym(sym) = &value.kind {
            // Absent, or (for a checked sum) out of bounds: a bound of the delta.
            if sym.delta.as_ref().is_some_and(|delta| delta.option) {
                return;
            }
        }
        self.observe_value(value);
    }

    /// Evaluates a condition; `let` under `&&` binds.
    pub(super) fn cond(&mut self, f: &mut Frame, e: ExprId) -> Result<Truth, Div> {
        let body = f.body.clone();
        match body.expr(e) {
            Expr::Let(pat, value) => {
                let hint = self.pattern_ty(f, *pat);
                let value = self.eval_scrutinee(f, *value, &hint)?;
                let outcome = self.test_pattern(f, *pat, &value);
                match outcome {
                    super::pattern::Match::No => Ok(Truth::False),
                    super::pattern::Match::Yes => {
                        self.bind(f, *pat, value);
                        Ok(Truth::True)
                    }
                    super::pattern::Match::Maybe => {
                        let mut sym = self.whole_sym(&value);
                        let presence = self.presence_of(&value, *pat, f);
                        sym.cond = presence;
                        self.bind(f, *pat, value);
                        Ok(Truth::Maybe(Rc::new(sym)))
                    }
                }
            }
            Expr::Binary(op @ (BinOp::And | BinOp::Or), a, b) => {
                let is_and = *op == BinOp::And;
                let left = self.cond(f, *a)?;
                match (left, is_and) {
                    (Truth::False, true) => Ok(Truth::False),
                    (Truth::True, false) => Ok(Truth::True),
                    (Truth::True, true) | (Truth::False, false) => self.cond(f, *b),
                    (Truth::Maybe(left), _) => {
                        // The right side may not run: what it changes is joined with the state before it.
                        let mark = self.store.mark();
                        self.conditions += 1;
                        let right = self.cond(f, *b);
                        self.conditions -= 1;
                        let changes = self.store.changes(mark);
                        self.store.rollback(mark);
                        let right = match right {
                            Ok(right) => right,
                            Err(_) => return Ok(Truth::Maybe(Rc::new(left.widened()))),
                        };
                        self.store.join(vec![changes, Changes::default()]);
                        let right = match right {
                            Truth::True => Rc::new(Sym::term(Term::Const(Const::Bool(true)))),
                            Truth::False if is_and => return Ok(Truth::False),
                            Truth::False => Rc::new(Sym::term(Term::Const(Const::Bool(false)))),
                            Truth::Maybe(right) => right,
                        };
                        Ok(Truth::Maybe(Rc::new(both(is_and, &left, &right))))
                    }
                }
            }
            Expr::Unary(UnOp::Not, inner) => Ok(match self.cond(f, *inner)? {
                Truth::True => Truth::False,
                Truth::False => Truth::True,
                Truth::Maybe(sym) => Truth::Maybe(Rc::new(negated(&sym))),
            }),
            _ => {
                let value = self.eval(f, e, &Ty::bool())?;
                let value = self.settle(value);
                Ok(match value.as_bool() {
                    Some(true) => Truth::True,
                    Some(false) => Truth::False,
                    None => Truth::Maybe(Rc::new(self.whole_sym(&value))),
                })
            }
        }
    }

    fn unary(&mut self, op: UnOp, value: Val) -> Val {
        let value = self.settle(value);
        match op {
            UnOp::Not => match value.as_bool() {
                Some(known) => Val::bool(!known),
                None => {
                    let sym = self.whole_sym(&value);
                    Val::sym(value.ty.clone(), negated(&sym))
                }
            },
            UnOp::Neg => {
                let sym = self.whole_sym(&value);
                match sym.constant() {
                    Some(Const::Int(known)) => Val::int(-known, value.ty.clone()),
                    _ => Val::sym(value.ty.clone(), sym.widened()),
                }
            }
        }
    }

    fn eval_match(&mut self, f: &mut Frame, scrutinee: ExprId, arms: &[crate::ir::hir::Arm], want: &Ty) -> Ev {
        let hint =
            arms.iter().map(|arm| self.pattern_ty(f, arm.pat)).find(|ty| !ty.is_unknown()).unwrap_or(Ty::Unknown);
        let value = self.eval_scrutinee(f, scrutinee, &hint)?;
        let value = self.refine(value);
        let span = f.body.expr_span(scrutinee);
        let mut ways: Vec<Way> = Vec::new();
        let mut guards_open = false;
        for arm in arms {
            let outcome = self.test_pattern(f, arm.pat, &value);
            if matches!(outcome, super::pattern::Match::No) {
                continue;
            }
            let mut decided = matches!(outcome, super::pattern::Match::Yes);
            let mut skipped = false;
            let (pat, guard, result) = (arm.pat, arm.guard, arm.body);
            let matched = value.clone();
            let mut sure = true;
            let way = self.way(f, &mut |engine, f| {
                engine.bind(f, pat, matched.clone());
                if let Some(guard) = guard {
                    match engine.cond(f, guard)? {
                        Truth::False => {
                            skipped = true;
                            return Err(Div { fail: true });
                        }
                        Truth::True => {}
                        Truth::Maybe(sym) => {
                            engine.observe_sym(&sym);
                            sure = false;
                        }
                    }
                }
                engine.eval(f, result, want)
            });
            if skipped {
                // The guard's own accesses stay recorded; its arm is not taken.
                continue;
            }
            if !sure {
                decided = false;
                guards_open = true;
            }
            ways.push(way);
            if decided {
                break;
            }
        }
        if ways.is_empty() {
            // No arm can match as far as we see: the value was not understood. Take nothing for granted.
            self.observe_value(&value);
            return Ok(Val::any(want.clone()));
        }
        if ways.len() == 1 && !guards_open {
            return self.merge_ways(f, ways);
        }
        let sym = Rc::new(self.whole_sym(&value));
        // An arm whose value is an error counts as failing; the error remembers what it was decided by, so that code
        // that goes on after catching it counts as an observer.
        let mut failing = 0;
        let by_variant = self.is_result(&value.ty) && arms.iter().all(|arm| is_plain_pattern(&f.body, arm.pat));
        let decided_by = self.decided_by(&value, &sym, by_variant);
        for way in &mut ways {
            match &way.result {
                Err(Div { fail: true }) => failing += 1,
                Ok(result) if self.is_all_err(result) => {
                    failing += 1;
                    let result = result.clone();
                    let own = self.taint_of(&result);
                    let taint = Sym { terms: Vec::new(), ..decided_by.join(&own) };
                    way.result = Ok(self.err(result.ty.arg(0), taint).retyped(&result.ty));
                }
                _ => {}
            }
        }
        if ways.len() == 2 && !guards_open {
            for (some, none) in [(0, 1), (1, 0)] {
                if let Some(result) = self.absent_default(&sym, &ways[some], &ways[none]) {
                    self.merge_ways(f, ways)?;
                    return Ok(result);
                }
            }
        }
        if failing + 1 == ways.len() && failing > 0 && !guards_open {
            if !(by_variant && matches!(value.kind, Kind::Enum(_))) {
                self.observe_unless_presence(&value);
            }
            self.presence_guard(&sym, span);
        } else {
            self.observe_value(&value);
        }
        self.merge_ways(f, ways)
    }

    /// What an error that a failing arm makes depends on.
    fn decided_by(&mut self, value: &Val, sym: &Sym, by_variant: bool) -> Sym {
        match &value.kind {
            // Which variant this is was decided where it was made; the error remembers by what.
            Kind::Enum(alts) if by_variant => {
                let bad: Vec<Alt> = alts.iter().filter(|alt| alt.variant == self.known.err).cloned().collect();
                let bad = Val { ty: value.ty.clone(), kind: Kind::Enum(Rc::new(bad)) };
                self.taint_of(&bad)
            }
            // Absent or out of bounds: part of the delta.
            Kind::Sym(known) if known.delta.as_ref().is_some_and(|delta| delta.option) => {
                Sym { loads: sym.loads.clone(), quiet: sym.loads.clone(), ..Sym::default() }
            }
            _ => sym.widened(),
        }
    }

    /// A `Result` that can only be an error.
    pub(super) fn is_all_err(&self, value: &Val) -> bool {
        match &value.kind {
            Kind::Enum(alts) => self.is_result(&value.ty) && alts.iter().all(|alt| alt.variant == self.known.err),
            _ => false,
        }
    }

    /// A scrutinee: a place keeps being one, so that bindings may refer into it.
    pub(super) fn eval_scrutinee(&mut self, f: &mut Frame, e: ExprId, hint: &Ty) -> Ev {
        let value = self.eval(f, e, hint)?;
        Ok(match &value.kind {
            Kind::Ref(_) => value,
            _ => value.retyped_if_unknown(hint),
        })
    }

    fn eval_try(&mut self, f: &mut Frame, inner: ExprId, want: &Ty) -> Ev {
        let body = f.body.clone();
        let wanted = self.try_want(want, f);
        self.try_context = matches!(body.expr(inner), Expr::Call(..) | Expr::MethodCall(..));
        let value = self.eval(f, inner, &wanted)?;
        self.unwrap_try(f, value, want)
    }

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
        let before = self.store.mark();
        let slots_before = self.store.len() as u32;
        self.conditions += 1;
        self.repeats += 1;
        let mut exits: Vec<(Changes, Val)> = Vec::new();
        let mut ends: Vec<Changes> = Vec::new();
        for round in 0..=LOOP_ROUNDS {
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
                    if !same_value(&old, &new) || round + 1 >= LOOP_ROUNDS {
                        if !same_value(self.store.get(*slot), value) {
                            grew |= round < LOOP_ROUNDS && !is_widened(self.store.get(*slot), value);
                            new = self.widen(&new);
                        }
                    }
                    next.0.insert(*slot, new);
                }
            }
            if !grew {
                break;
            }
            // The loads of this round may be of values written by an earlier one: keep its events and go again.
            let _ = events;
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
        let _ = before;
        if endless {
            return Err(Div { fail: f.loops_diverge_by_failure() });
        }
        for way in &mut ways {
            way.0.retain(|slot, _| *slot < slots_before);
        }
        self.store.join(ways);
        Ok(value.unwrap_or_else(|| Val::any(want.clone())))
    }

    fn run_labelled(
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
                    for element in elements {
                        self.bind(f, pat, element);
                        self.eval(f, body, &Ty::unit())?;
                    }
                    return Ok(Val::unit());
                }
            }
        }
        let source = Rc::new(source);
        self.run_loop(f, label, true, &Ty::unit(), &mut |engine, f| {
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
    fn loop_is_plain(&self, f: &Frame, body: ExprId) -> bool {
        let mut plain = true;
        walk(&f.body, body, &mut |expr| plain &= !matches!(expr, Expr::Break(..) | Expr::Continue(_)));
        plain
    }

    fn eval_struct(
        &mut self,
        f: &mut Frame,
        path: &crate::ir::hir::Path,
        fields: &[(Name, ExprId)],
        base: Option<ExprId>,
        want: &Ty,
        span: Span,
    ) -> Ev {
        let (ty, variant) = self.constructed(f, path, want);
        let types = self.field_types(&ty, variant);
        let mut values: Vec<(Name, Val)> = Vec::new();
        for (name, value) in fields {
            let hint = types.iter().find(|(field, _)| field == name).map_or(Ty::Unknown, |(_, ty)| ty.clone());
            let mut value = self.eval(f, *value, &hint)?;
            value = value.retyped_if_unknown(&hint);
            // Fields of a table's container are no names for people.
            if !matches!(&ty, Ty::Adt(id, _) if self.is_model(id.krate)) {
                self.label(&mut value, name, false);
            }
            values.push((name.clone(), value));
        }
        if let Some(base) = base {
            let rest = self.eval(f, base, &ty)?;
            let rest = self.settle(rest);
            match &rest.kind {
                Kind::Struct(inner) => {
                    let mut all = inner.as_ref().clone();
                    for (name, value) in values {
                        match all.fields.iter_mut().find(|(field, _)| *field == name) {
                            Some((_, slot)) => *slot = value,
                            None => all.fields.push((name, value)),
                        }
                    }
                    return Ok(Val { ty, kind: Kind::Struct(Rc::new(all)) });
                }
                _ => {
                    let sym = self.whole_sym(&rest);
                    let all = StructVal { fields: values, base: Some(Rc::new(sym)) };
                    return Ok(Val { ty, kind: Kind::Struct(Rc::new(all)) });
                }
            }
        }
        let ty = self.infer_args(&ty, variant, &values);
        self.construct(f, ty, variant, values, span)
    }

    fn cast(&mut self, value: Val, ty: Ty) -> Val {
        let value = self.settle(value);
        if let Kind::Enum(alts) = &value.kind {
            if let [alt] = alts.as_slice() {
                let at = i128::from(alt.variant);
                return Val::int(self.discriminant(&value.ty, alt.variant).unwrap_or(at), ty);
            }
        }
        let sym = self.whole_sym(&value);
        // A widening cast keeps the number; a narrowing one does not (MODEL §1.3).
        let keeps = match (width(&value.ty), width(&ty)) {
            (Some((from, from_signed)), Some((to, to_signed))) => {
                (from_signed == to_signed && to >= from) || (!from_signed && to_signed && to > from)
            }
            _ => false,
        };
        match sym.constant() {
            Some(Const::Int(_)) => Val::sym(ty, sym),
            _ if keeps => Val::sym(ty, sym),
            _ => Val::sym(ty, sym.widened()),
        }
    }
}

fn width(ty: &Ty) -> Option<(u32, bool)> {
    let Ty::Prim(name) = ty else { return None };
    Some(match name.as_str() {
        "u8" => (8, false),
        "u16" => (16, false),
        "u32" => (32, false),
        "u64" => (64, false),
        "u128" => (128, false),
        // 32 bits where contracts run, 64 where they are tested: widening to it is safe from 32, from it to 64.
        "usize" => (32, false),
        "i8" => (8, true),
        "i16" => (16, true),
        "i32" => (32, true),
        "i64" => (64, true),
        "i128" => (128, true),
        "isize" => (32, true),
        "char" => (32, false),
        "bool" => (1, false),
        _ => return None,
    })
}

pub(super) fn both(is_and: bool, a: &Sym, b: &Sym) -> Sym {
    let mut sym = Sym::computed([a, b]);
    let opaque = |sym: &Sym| {
        sym.cond.clone().unwrap_or_else(|| Rc::new(Cond::Order("?", Rc::new(sym.clone()), Rc::new(Sym::default()))))
    };
    let (left, right) = (opaque(a), opaque(b));
    sym.cond = Some(Rc::new(if is_and { Cond::And(left, right) } else { Cond::Or(left, right) }));
    sym
}

pub(super) fn negated(sym: &Sym) -> Sym {
    let cond = sym.cond.as_ref().map(|cond| match cond.as_ref() {
        Cond::Not(inner) => inner.clone(),
        Cond::Eq(equal, a, b) => Rc::new(Cond::Eq(!equal, a.clone(), b.clone())),
        _ => Rc::new(Cond::Not(cond.clone())),
    });
    Sym { cond, terms: Vec::new(), delta: None, ..sym.clone() }
}

pub(super) fn is_comparison(op: BinOp) -> bool {
    matches!(op, BinOp::Eq | BinOp::Ne | BinOp::Lt | BinOp::Le | BinOp::Gt | BinOp::Ge)
}

pub(super) fn literal(lit: &Lit, want: &Ty) -> Val {
    match lit {
        Lit::Int(value, suffix) => {
            let ty = match suffix {
                Some(suffix) => Ty::Prim(suffix.clone()),
                None if want.is_number() => want.clone(),
                None => Ty::Unknown,
            };
            Val::int(*value, ty)
        }
        Lit::Str(text) => Val::text(text),
        Lit::Bytes(bytes) => {
            Val::term(Ty::seq(Ty::Prim(Name::new_static("u8"))), Term::Const(Const::Bytes(bytes.to_vec())))
        }
        Lit::Byte(byte) => Val::int(i128::from(*byte), Ty::Prim(Name::new_static("u8"))),
        Lit::Char(c) => Val::term(Ty::Prim(Name::new_static("char")), Term::Const(Const::Str(c.to_string()))),
        Lit::Bool(value) => Val::bool(*value),
        Lit::Float(_) => Val::any(Ty::Prim(Name::new_static("f64"))),
        Lit::Other => Val::any(want.clone()),
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

pub(super) fn children(expr: &Expr, each: &mut dyn FnMut(ExprId)) {
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

/// A pattern that looks at the variant and no further.
fn is_plain_pattern(body: &Body, pat: PatId) -> bool {
    let open = |pat: &PatId| matches!(body.pat(*pat), Pat::Wild | Pat::Bind(_, _, None));
    match body.pat(pat) {
        Pat::Wild | Pat::Bind(_, _, None) => true,
        Pat::TupleStruct(_, before, after) => before.iter().chain(after.iter().flatten()).all(open),
        _ => false,
    }
}
