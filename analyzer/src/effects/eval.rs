//! Expressions: symbolic execution of lowered bodies. Both sides of a condition that is not known run from the same
//! state and are joined; loops run until nothing they change is new (at most [`LOOP_ROUNDS`], then it is widened).

use super::implied::SHOWN;
use super::state::Changes;
use super::value::{ClosureVal, Cond, Kind, Place, Proj, SeqVal, StructVal, Sym, Val};
use super::{Div, Engine, Ev, Frame, native, ty::Ty};
use crate::ir::hir::{BinOp, Block, Expr, ExprId, Lit, Name, Stmt, TypeRef, UnOp};
use crate::ir::{Const, Span, Term, UnknownReason};
use std::rc::Rc;

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
    /// The function may have been left in this way, without failing.
    pub(super) leaves: bool,
    /// Recorded events of this way.
    pub(super) events: std::ops::Range<usize>,
    /// Recorded guards of this way.
    pub(super) guards: std::ops::Range<usize>,
    /// Ends of the function in this way.
    pub(super) exits: std::ops::Range<usize>,
}

impl Engine<'_> {
    pub(super) fn eval(&mut self, f: &mut Frame, e: ExprId, want: &Ty) -> Ev {
        self.tick(f, e)?;
        self.nesting += 1;
        let mut result = self.eval_here(f, e, want);
        self.nesting -= 1;
        if f.tails.contains(&e) {
            // `if bad { Err(..) } else { Ok(..) }` as the value of a function is `if bad { return Err(..) }`.
            result = match result {
                Ok(value) if self.is_failure(&value) => Err(self.exit_with(f, value)),
                other => other,
            };
        }
        result.map(|value| self.with_few_deps(value))
    }

    fn eval_here(&mut self, f: &mut Frame, e: ExprId, want: &Ty) -> Ev {
        let body = f.body.clone();
        let span = body.expr_span(e);
        self.taking_in(e);
        match body.expr(e) {
            Expr::Local(local) => match f.slot(*local) {
                Some(slot) => Ok(self.store.get(slot).clone().retyped_if_unknown(want)),
                None => Ok(Val::any(want.clone())),
            },
            Expr::Path(path) => {
                let value = self.path_value(f, path, want, span)?;
                if matches!(value.kind, Kind::Struct(_)) {
                    self.charge_drop(&value, span);
                }
                Ok(if self.is_static(&value) { self.settle(value) } else { value })
            }
            Expr::Lit(lit) => Ok(literal(lit, want)),
            Expr::Call(callee, args) => self.eval_call(f, *callee, args, want, span),
            Expr::MethodCall(recv, name, turbofish, args, name_span) => {
                self.eval_method(f, *recv, name, turbofish, args, want, *name_span)
            }
            Expr::Field(..) | Expr::Index(..) | Expr::Deref(_) => {
                let places = self.place(f, e)?;
                self.taking_in(e);
                let value = self.read_unsettled(&places);
                self.note_seen(&value, span);
                Ok(value)
            }
            Expr::Unary(op, inner) => {
                let value = self.eval(f, *inner, want)?;
                let name = Name::new_static(if *op == UnOp::Not { "not" } else { "neg" });
                if self.own_operator(&value.ty, &name) {
                    let places = self.as_places(value.clone());
                    return self.method(f, &places, value, &name, &[], Vec::new(), want, span);
                }
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
                let places = self.place(f, *target)?;
                self.store_write(&places, &new, span)?;
                Ok(Val::unit())
            }
            Expr::AssignOp(op, target, value) => {
                let places = self.place(f, *target)?;
                let places = self.follow(places);
                let old = self.read(&places);
                let hint = old.ty.clone();
                let right = self.eval(f, *value, &hint)?;
                // The right side runs first and may change what is on the left.
                let old = self.read(&places);
                self.note_seen(&old, span);
                if let (Ty::Adt(..), Some(name)) = (&old.ty, native::operator(*op)) {
                    // A type's own `+=` is code like any other.
                    let name = Name::from(format!("{name}_assign"));
                    if self.own_operator(&old.ty, &name) {
                        return self.method(f, &places, old, &name, &[], vec![right], &Ty::unit(), span);
                    }
                }
                if self.ambient && self.carries_cap(&old, 0) {
                    // A container's own `+=`, which no row tells.
                    self.unknown(UnknownReason::UnresolvedCall, "assigning to a container".to_owned(), span);
                }
                let new = self.binary(f, *op, old, right, &hint, span)?;
                self.store_write(&places, &new, span)?;
                Ok(Val::unit())
            }
            Expr::Ref(mutable, inner) => {
                if *mutable {
                    self.lent_place(f, *inner, want)
                } else {
                    // A shared reference is a copy: what it refers to cannot change while it lives, but for cells.
                    let value = self.eval(f, *inner, want)?;
                    let named = matches!(body.expr(*inner), Expr::Local(_) | Expr::Path(_));
                    if named && self.holds_interior(&value, 0) { self.lent_place(f, *inner, want) } else { Ok(value) }
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
                self.implied(&value, &["Clone"], span);
                let value = super::value::join(&value, &self.copied(&value, 0), 0);
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
                let values = SeqVal { exact: None, elem, sym: Rc::new(sym), range: true };
                Ok(Val { ty: Ty::seq(ty), kind: Kind::Seq(Rc::new(values)) })
            }
            Expr::Cast(inner, ty) => {
                let env = f.env.clone();
                let pointer = matches!(ty, TypeRef::Ptr(..));
                let ty = self.lower_ty(ty, &env);
                let value = self.eval(f, *inner, &Ty::Unknown)?;
                // A pointer leads where the reference does.
                Ok(if pointer && matches!(value.kind, Kind::Ref(_)) { value } else { self.cast(value, ty) })
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
                    self.implied(&value, SHOWN, span);
                    parts.push(self.whole_sym(&value));
                }
                if let Some(text) = formatted(text, &parts) {
                    return Ok(Val::text(&text));
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
                    self.implied(&value, SHOWN, span);
                    self.observe_value(&value);
                }
                Err(Div { fail: true })
            }
            Expr::Eval(args) => {
                for arg in args {
                    let value = self.eval(f, *arg, &Ty::Unknown)?;
                    self.implied(&value, SHOWN, span);
                    self.observe_value(&value);
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
                    "attribute" => UnknownReason::UnknownAttribute,
                    _ => UnknownReason::Unparsable,
                };
                self.unknown(reason, (*why).to_owned(), span);
                Ok(Val::any(want.clone()))
            }
        }
    }

    /// `&mut place`.
    pub(super) fn lent_place(&mut self, f: &mut Frame, e: ExprId, want: &Ty) -> Ev {
        let body = f.body.clone();
        let places = match body.expr(e) {
            // `&mut *guard` of a container: what a type without `DerefMut` lends is not what its `Deref` gives, so it is
            // the guard that the tables leave out.
            Expr::Deref(inner) => {
                let places = self.place(f, *inner)?;
                let ty = self.read(&places).ty;
                match self.is_guarded(&ty) {
                    true => places,
                    false => self.deref_places(f, places)?,
                }
            }
            Expr::Call(..) | Expr::MethodCall(..) => self.eval(f, e, want).map(|value| self.as_places(value))?,
            _ => self.place(f, e)?,
        };
        let places = self.follow(places);
        self.lend(&places);
        let ty = self.read(&places).ty;
        Ok(Val { ty, kind: Kind::Ref(Rc::new(places)) })
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
                        Proj::Part => self.step(&value, step),
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

    /// Writes, and does what building a value with such a part does.
    pub(super) fn store_write(&mut self, places: &[Place], value: &Val, span: Span) -> Result<(), Div> {
        self.here = span;
        self.write(places, value);
        self.drops_after_write(places, span);
        self.constructs_after_write(places, span)
    }

    /// Static type of a place expression without evaluating it, for literals on the right of an assignment.
    fn static_ty(&mut self, f: &mut Frame, e: ExprId) -> Ty {
        let body = f.body.clone();
        match body.expr(e) {
            Expr::Local(local) => match f.slot(*local).filter(|slot| !self.behind_dyn.contains(slot)) {
                Some(slot) => self.store.get(slot).ty.clone(),
                None => Ty::Unknown,
            },
            Expr::Field(base, name) => {
                let base = self.static_ty(f, *base);
                self.field_ty(&base, name)
            }
            Expr::Deref(inner) => self.static_ty(f, *inner),
            Expr::Index(base, _) => match self.static_ty(f, *base) {
                Ty::Dict(_, value) => value.as_ref().clone(),
                ty => ty.element(),
            },
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
            Expr::Path(path) => {
                let span = body.expr_span(e);
                let value = self.path_value(f, path, &Ty::Unknown, span)?;
                if matches!(value.kind, Kind::Struct(_)) {
                    self.charge_drop(&value, span);
                }
                Ok(self.as_places(value))
            }
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
                if let (Kind::Seq(_), Ty::Seq(_) | Ty::Set(_)) = (&index.kind, &index.ty) {
                    // A range: part of the list.
                    for place in &mut places {
                        place.path.push(Proj::Part);
                    }
                    return Ok(places);
                }
                if let Some(target) = self.index_through_impl(f, &places, &base, &index)? {
                    return Ok(target);
                }
                if let Some(target) = self.deref_value(f, &base, &places)? {
                    places = self.as_places(target);
                    places = self.follow(places);
                }
                let base = self.read(&places);
                let step = match (at, &base.kind) {
                    (Some(at), Kind::Seq(seq)) if seq.exact.as_ref().is_some_and(|exact| at < exact.len()) => {
                        Proj::Nth(at)
                    }
                    (Some(at), Kind::Sym(_)) if matches!(base.ty, Ty::Seq(_)) => Proj::Nth(at),
                    _ => Proj::Elem,
                };
                // What a map gives by its key is the second of a pair.
                let value = matches!(base.ty, Ty::Dict(..)).then(|| Proj::Field(Name::new_static("1")));
                for place in &mut places {
                    place.path.extend([step.clone()].into_iter().chain(value.clone()));
                }
                Ok(places)
            }
            Expr::Deref(inner) => {
                let places = self.place(f, *inner)?;
                self.deref_places(f, places)
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

    /// The places `*x` denotes, of those that `x` does.
    pub(super) fn deref_places(&mut self, f: &mut Frame, places: Vec<Place>) -> Result<Vec<Place>, Div> {
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

    /// True for a type of a table that can be read through but not written through.
    pub(super) fn is_guarded(&mut self, ty: &Ty) -> bool {
        matches!(ty, Ty::Adt(id, _) if self.is_model(id.krate))
            && self.find_method(ty, &Name::new_static("deref")).is_some()
            && self.find_method(ty, &Name::new_static("deref_mut")).is_none()
    }

    /// Places of a value: what it refers to, or a new slot that holds it.
    pub(super) fn as_places(&mut self, value: Val) -> Vec<Place> {
        match &value.kind {
            Kind::Ref(places) => places.as_ref().clone(),
            _ => vec![Place { slot: self.store.alloc(value), path: Vec::new() }],
        }
    }

    fn eval_block(&mut self, f: &mut Frame, block: &Block, want: &Ty) -> Ev {
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
                        self.declared(f, *pat, &hint);
                        continue;
                    };
                    let value = match super::pattern::lends(&f.body, *pat) {
                        true => self.lent_place(f, *init, &hint)?,
                        false => self.eval(f, *init, &hint)?,
                    };
                    let value = if hint.is_unknown() || matches!(hint, Ty::Dyn(_)) {
                        value
                    } else {
                        value.retyped_if_unknown(&hint)
                    };
                    match otherwise {
                        None => {
                            self.bind(f, *pat, value);
                            self.declared(f, *pat, &hint);
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

    fn eval_try(&mut self, f: &mut Frame, inner: ExprId, want: &Ty) -> Ev {
        let body = f.body.clone();
        let wanted = self.try_want(want, f);
        self.try_context = matches!(body.expr(inner), Expr::Call(..) | Expr::MethodCall(..));
        let value = self.eval(f, inner, &wanted)?;
        self.unwrap_try(f, value, want)
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
            let all = match &rest.kind {
                Kind::Struct(inner) => {
                    let mut all = inner.as_ref().clone();
                    for (name, value) in values {
                        match all.fields.iter_mut().find(|(field, _)| *field == name) {
                            Some((_, slot)) => *slot = value,
                            None => all.fields.push((name, value)),
                        }
                    }
                    all
                }
                _ => StructVal { fields: values, base: Some(Rc::new(self.whole_sym(&rest))) },
            };
            let value = Val { ty, kind: Kind::Struct(Rc::new(all)) };
            self.construct_again(&value, span)?;
            self.charge_drop(&value, span);
            return Ok(value);
        }
        let ty = self.infer_args(&ty, variant, &values);
        self.construct(ty, variant, values, span)
    }

    fn cast(&mut self, value: Val, ty: Ty) -> Val {
        if matches!(value.kind, Kind::Func(_) | Kind::Closure(_) | Kind::Multi(_) | Kind::Cell(_))
            || matches!(ty, Ty::Dyn(_) | Ty::Func(..) | Ty::Unknown)
        {
            return value;
        }
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

/// The text of a format of constant texts.
fn formatted(text: &str, parts: &[Sym]) -> Option<String> {
    let mut pieces = text.split("{}");
    let mut all = pieces.next()?.to_owned();
    for part in parts {
        let Some(Const::Str(inner)) = part.constant() else { return None };
        all.push_str(inner);
        all.push_str(pieces.next()?);
    }
    (pieces.next().is_none() && !text.contains("{{")).then_some(all)
}

pub(super) fn width(ty: &Ty) -> Option<(u32, bool)> {
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
    let cond = match &sym.cond {
        Some(cond) => match cond.as_ref() {
            Cond::Not(inner) => inner.clone(),
            Cond::Eq(equal, a, b) => Rc::new(Cond::Eq(!equal, a.clone(), b.clone())),
            _ => Rc::new(Cond::Not(cond.clone())),
        },
        // An opaque truth value is remembered as one, or nobody could tell it from its opposite.
        None => Rc::new(Cond::Not(Rc::new(Cond::Order("?", Rc::new(sym.clone()), Rc::new(Sym::default()))))),
    };
    Sym { cond: Some(cond), terms: Vec::new(), delta: None, ..sym.clone() }
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
