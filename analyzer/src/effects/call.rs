//! Calls: what a path names, how arguments meet parameters, how a body runs and how its ways out join.

use super::native;
use super::state::Changes;
use super::value::{Alt, ClosureVal, FuncVal, Kind, Place, Sym, Val, join};
use super::{Div, Engine, Ev, Frame, MAX_CALLS, ty::Ty, ty::TyEnv};
use crate::ir::hir::{Expr, ExprId, ItemId, ItemKind, ModId, Name, TypeRef};
use crate::ir::{Span, UnknownReason};
use std::rc::Rc;

/// How often a function may stand on the call stack before its arguments are widened.
const EXACT_ROUNDS: usize = 2;

impl Engine<'_> {
    pub(super) fn eval_call(&mut self, f: &mut Frame, callee: ExprId, args: &[ExprId], want: &Ty, span: Span) -> Ev {
        let in_try = std::mem::take(&mut self.try_context);
        let body = f.body.clone();
        let func = match body.expr(callee) {
            Expr::Path(path) => self.path_value(f, path, want, body.expr_span(callee))?,
            _ => self.eval(f, callee, &Ty::Unknown)?,
        };
        let func = self.settle(func);
        let hints = self.parameter_hints(&func, args.len(), want);
        let mut values = Vec::with_capacity(args.len());
        for (at, arg) in args.iter().enumerate() {
            let hint = hints.get(at).cloned().unwrap_or(Ty::Unknown);
            values.push(self.eval(f, *arg, &hint)?);
        }
        self.taking_in(callee);
        self.try_context = in_try;
        let result = self.call_value(Some(f), &func, values, want, span);
        self.try_context = false;
        result
    }

    /// What types the arguments of a function should have, where that is plain.
    fn parameter_hints(&mut self, func: &Val, count: usize, want: &Ty) -> Vec<Ty> {
        let Kind::Func(func) = &func.kind else { return Vec::new() };
        match func.as_ref() {
            FuncVal::Item { item, args, env, self_ty } => {
                let info = self.item(*item);
                let ItemKind::Fn(function) = &info.kind else { return Vec::new() };
                let mut tyenv = match env {
                    Some(env) => env.as_ref().clone(),
                    None => TyEnv::root(ModId { krate: item.krate, idx: info.module }),
                };
                if tyenv.self_ty.is_none() {
                    tyenv.self_ty.clone_from(self_ty);
                }
                for (param, arg) in function.generics.params.iter().zip(args) {
                    tyenv.bind(param.name.clone(), arg.clone());
                }
                let skip = usize::from(function.receiver.is_some() && function.params.len() < count);
                let params = function.params.clone();
                let mut hints = vec![Ty::Unknown; skip];
                hints.extend(params.iter().map(|(_, ty)| self.lower_ty(ty, &tyenv)));
                hints
            }
            FuncVal::Ctor { variant, ty, .. } => {
                let ty = if want.same_head(ty) && matches!(want, Ty::Adt(..)) { want.clone() } else { ty.clone() };
                self.field_types(&ty, *variant).iter().cloned().map(|(_, ty)| ty).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Calls a function value. `f` is the frame whose way continues after the call.
    pub(super) fn call_value(
        &mut self,
        f: Option<&mut Frame>,
        func: &Val,
        args: Vec<Val>,
        want: &Ty,
        span: Span,
    ) -> Ev {
        self.called += 1;
        match &func.kind {
            Kind::Func(func) => match func.as_ref() {
                FuncVal::Item { item, args: generic, self_ty, env } => {
                    let info = self.item(*item);
                    let ItemKind::Fn(function) = &info.kind else { return Ok(Val::any(want.clone())) };
                    let env = match env {
                        Some(env) => env.as_ref().clone(),
                        None => TyEnv::root(ModId { krate: item.krate, idx: info.module }),
                    };
                    let env = TyEnv { self_ty: env.self_ty.or_else(|| self_ty.clone()), ..env };
                    let mut args = args;
                    let recv =
                        if function.receiver.is_some() && !args.is_empty() { Some(args.remove(0)) } else { None };
                    let result = self.call_item(*item, env, generic, recv, args, want, span)?;
                    Ok(match self_ty {
                        Some(ty) => self.kept_in(ty, result),
                        None => result,
                    })
                }
                FuncVal::Ctor { variant, ty } => {
                    let fields: Vec<(Name, Val)> =
                        args.into_iter().enumerate().map(|(at, arg)| (Name::from(at.to_string()), arg)).collect();
                    let ty = if want.same_head(ty) && matches!(want, Ty::Adt(..)) { want.clone() } else { ty.clone() };
                    let ty = self.infer_args(&ty, *variant, &fields);
                    self.construct(ty, *variant, fields, span)
                }
                FuncVal::Native(name, generic) => self.host_call(f, name, generic, args, want, span),
                FuncVal::TraitMethod { item, trait_id, args: generic, self_ty } => {
                    self.call_trait(*item, *trait_id, generic, self_ty.clone(), args, want, span)
                }
                FuncVal::NativeMethod { ty, name } => self.native_static(f, ty, name, args, want, span),
                FuncVal::External(path) => {
                    if let Some(value) = self.stand_in(path, &args) {
                        return Ok(value);
                    }
                    if let Some(result) = self.remote_call(path, &args, want, span) {
                        return result;
                    }
                    if path.first().is_some_and(|first| self.is_pure_name(first)) {
                        return self.unseen_value(&args, want, span);
                    }
                    if let Some(target) = self.foreign.and_then(|known| known(path)) {
                        let name = path.last().map_or("", Name::as_str).to_owned();
                        return self.call_foreign(&target, &name, &args, want, span);
                    }
                    let name = path.iter().map(Name::as_str).collect::<Vec<_>>().join("::");
                    let missing = path.first().is_some_and(|first| self.is_missing(first));
                    let reason = if missing { UnknownReason::MissingDependency } else { UnknownReason::UnresolvedCall };
                    self.unseen_function(reason, &name, &args, want, span)
                }
            },
            Kind::Closure(closure) => {
                let closure = closure.clone();
                self.call_closure(&closure, args, want, span)
            }
            Kind::Multi(values) => {
                let values = values.clone();
                self.any_of(values.len(), &mut |engine, at| {
                    engine.call_value(None, &values[at].clone(), args.clone(), want, span)
                })
            }
            Kind::Ref(_) => {
                let settled = self.settle(func.clone());
                if matches!(settled.kind, Kind::Ref(_)) {
                    return Ok(Val::any(want.clone()));
                }
                self.call_value(f, &settled, args, want, span)
            }
            _ => {
                let ret = match &func.ty {
                    Ty::Func(_, ret) => ret.as_ref().clone(),
                    _ => want.clone(),
                };
                self.unseen_call(UnknownReason::UnknownFunction, "a function value", &args, &ret, span)
            }
        }
    }

    /// Runs alternatives of which one happens, without a frame to continue in.
    pub(super) fn any_of(&mut self, count: usize, run: &mut dyn FnMut(&mut Self, usize) -> Ev) -> Ev {
        if count == 1 {
            return run(self, 0);
        }
        self.try_context = false;
        let mut changes: Vec<Changes> = Vec::new();
        let mut value: Option<Val> = None;
        let mut fail = true;
        self.conditions += 1;
        for at in 0..count {
            self.steps += 1;
            let mark = self.store.mark();
            match run(self, at) {
                Ok(result) => {
                    value = Some(match value {
                        Some(all) => join(&all, &result, 0),
                        None => result,
                    });
                    changes.push(self.store.changes(mark));
                }
                Err(div) => fail &= div.fail,
            }
            self.store.rollback(mark);
        }
        self.conditions -= 1;
        match value {
            Some(value) => {
                self.store.join(changes);
                Ok(value)
            }
            None => Err(Div { fail }),
        }
    }

    /// The result of code that touches no state: it depends on what went in, and closures that went in may run.
    pub(super) fn unseen_value(&mut self, args: &[Val], want: &Ty, span: Span) -> Ev {
        for arg in args {
            self.run_escaping_closures(arg, span);
        }
        self.computed(args, want)
    }

    /// A value computed from others, by code that may have changed what it was lent.
    pub(super) fn computed(&mut self, args: &[Val], want: &Ty) -> Ev {
        let mut sym = Sym::default();
        for arg in args {
            let loads = self.loads_of(arg);
            sym.loads = super::value::union(&sym.loads, &loads);
            if *want == Ty::bool() && self.whole_sym(arg).is_caller() {
                sym.loads = super::value::union(&sym.loads, &[super::value::Dep::CALLER]);
            }
        }
        for arg in args {
            self.havoc(arg, 0);
        }
        Ok(Val::sym(want.clone(), sym))
    }

    /// A call whose code is not there (MODEL §4).
    pub(super) fn unseen_call(&mut self, reason: UnknownReason, name: &str, args: &[Val], want: &Ty, span: Span) -> Ev {
        let ambient = self.ambient && self.may_touch_state(name);
        self.unseen(ambient, reason, name, args, want, span)
    }

    /// A call of a function by a path to where no code is: where access is ambient, it may be anything.
    pub(super) fn unseen_function(
        &mut self,
        reason: UnknownReason,
        name: &str,
        args: &[Val],
        want: &Ty,
        span: Span,
    ) -> Ev {
        self.unseen(self.ambient, reason, name, args, want, span)
    }

    fn unseen(&mut self, ambient: bool, reason: UnknownReason, name: &str, args: &[Val], want: &Ty, span: Span) -> Ev {
        let mut cap = false;
        let mut sym = Sym::default();
        for arg in args {
            cap |= self.hands_cap(arg);
            let loads = self.loads_of(arg);
            sym.loads = super::value::union(&sym.loads, &loads);
        }
        for arg in args {
            // What a closure reaches it reaches in its own code, unless it gives it to whoever calls it.
            cap |= self.run_escaping_closures(arg, span);
            self.havoc(arg, 0);
        }
        if cap || ambient {
            self.rec.observe(&sym.loads);
            self.unknown(reason, name.to_owned(), span);
            sym.cap = cap;
        }
        Ok(Val::sym(want.clone(), sym))
    }

    /// A closure handed to unseen code, by itself or inside something, may be called there any number of times. True if
    /// one of them gives state away to its caller.
    pub(super) fn run_escaping_closures(&mut self, value: &Val, span: Span) -> bool {
        let mut found = Vec::new();
        self.escaping(value, &mut Vec::new(), &mut found);
        let mut given = false;
        for (func, count) in found {
            given |= self.run_any_number_of_times(&func, count, span);
        }
        given
    }

    /// The functions in a value and how many arguments each takes.
    fn escaping(&mut self, value: &Val, seen: &mut Vec<Place>, found: &mut Vec<(Val, usize)>) {
        let takes = |engine: &Self, item: ItemId| match &engine.item(item).kind {
            ItemKind::Fn(function) => Some(function.params.len() + usize::from(function.receiver.is_some())),
            _ => None,
        };
        let count = match &value.kind {
            Kind::Closure(closure) => closure.params(),
            Kind::Func(func) => match func.as_ref() {
                FuncVal::Item { item, .. } | FuncVal::TraitMethod { item, .. } if !self.is_model(item.krate) => {
                    takes(self, *item)
                }
                _ => None,
            },
            _ => None,
        };
        if let Some(count) = count {
            found.push((value.clone(), count));
        }
        match &value.kind {
            Kind::Ref(places) => {
                for place in places.iter() {
                    if !seen.contains(place) {
                        seen.push(place.clone());
                        let inner = self.read(std::slice::from_ref(place));
                        self.escaping(&inner, seen, found);
                    }
                }
            }
            Kind::Multi(parts) | Kind::Tuple(parts) => {
                parts.iter().for_each(|part| self.escaping(part, seen, found));
            }
            Kind::Struct(fields) => fields.fields.iter().for_each(|(_, field)| self.escaping(field, seen, found)),
            Kind::Enum(alts) => {
                let fields = alts.iter().flat_map(|alt| &alt.fields);
                fields.for_each(|(_, field)| self.escaping(field, seen, found));
            }
            Kind::Seq(seq) => {
                if let Some(element) = seq.any_element() {
                    self.escaping(&element, seen, found);
                }
            }
            Kind::Iter(iter) => iter.parts().into_iter().for_each(|part| self.escaping(part, seen, found)),
            _ => {}
        }
    }

    fn run_any_number_of_times(&mut self, func: &Val, count: usize, span: Span) -> bool {
        let args = vec![Val::any(Ty::Unknown); count];
        self.conditions += 1;
        self.repeats += 1;
        // Once to see what it changes, and again from a state in which that has happened any number of times.
        let mut result = Err(Div { fail: false });
        for _ in 0..2 {
            let mark = self.store.mark();
            result = self.call_value(None, func, args.clone(), &Ty::Unknown, span);
            let changed = self.store.changes(mark);
            self.store.rollback(mark);
            for (slot, value) in changed.0 {
                let either = join(self.store.get(slot), &value, 0);
                let old = self.store.get(slot).clone();
                let any = self.widen_changed(old, &either);
                self.store.set(slot, any);
            }
        }
        self.conditions -= 1;
        self.repeats -= 1;
        let Ok(result) = result else { return false };
        let loads = self.loads_of(&result);
        self.rec.observe(&loads);
        self.hands_cap(&result)
    }

    pub(super) fn call_closure(&mut self, closure: &Rc<ClosureVal>, args: Vec<Val>, want: &Ty, span: Span) -> Ev {
        let body = closure.body.clone();
        let Expr::Closure(written) = body.expr(closure.expr) else { return Ok(Val::any(want.clone())) };
        if self.stack.len() > MAX_CALLS {
            return self.too_deep(&closure.name.clone(), want, span);
        }
        let ret = match &written.ret {
            Some(ty) => {
                let env = closure.env.clone();
                self.lower_ty(ty, &env)
            }
            None => want.clone(),
        };
        let mut frame = Frame::new(body.clone(), closure.env.clone(), closure.name.clone(), ret.clone(), &self.store);
        for (local, slot) in &closure.slots {
            frame.set_slot(*local, *slot);
        }
        for (at, (pat, ty)) in written.params.iter().enumerate() {
            let mut value = args.get(at).cloned().unwrap_or_else(|| Val::any(Ty::Unknown));
            if let Some(ty) = ty {
                let env = closure.env.clone();
                let ty = self.lower_ty(ty, &env);
                value = value.retyped_if_unknown(&ty);
            }
            self.bind(&mut frame, *pat, value);
        }
        let outer_row = self.row_span;
        let from_contract = match body.module.or(Some(closure.env.module)) {
            Some(module) => !self.is_model(module.krate),
            None => true,
        };
        if from_contract {
            self.row_span = None;
        } else if self.row_span.is_none() {
            self.row_span = closure.row;
        }
        self.stack.push((super::CLOSURE, closure.name.clone()));
        let result = self.apart(0, |engine| engine.finish_body(frame, written.body, &ret));
        self.stack.pop();
        self.row_span = outer_row;
        result
    }

    pub(super) fn try_want(&self, want: &Ty, f: &Frame) -> Ty {
        let wrapper = match &f.ret_ty {
            Ty::Adt(id, _) if Some(*id) == self.known.option => self.known.option,
            _ => self.known.result,
        };
        match wrapper {
            Some(id) if Some(id) == self.known.option => Ty::Adt(id, Rc::from([want.clone()])),
            Some(id) => Ty::Adt(id, Rc::from([want.clone(), Ty::Unknown])),
            None => Ty::Unknown,
        }
    }

    /// `value?`.
    pub(super) fn unwrap_try(&mut self, f: &mut Frame, value: Val, want: &Ty) -> Ev {
        let pending = self.pending_err.take();
        self.try_context = false;
        if let Some((changes, err, before)) = pending {
            // The callee's failing end: leave this function from the state it had there, without what the good end
            // changed.
            let good = self.store.changes(before);
            self.store.rollback(before);
            self.store.apply(changes);
            if let Ok(err) = self.converted_error(f, err) {
                let _ = self.exit_with(f, err);
            }
            self.store.rollback(before);
            self.store.apply(good);
        }
        let value = self.settle(value);
        match &value.kind {
            Kind::Enum(alts) if self.is_result(&value.ty) || self.is_option(&value.ty) => {
                let option = self.is_option(&value.ty);
                let bad = if option { self.known.none } else { self.known.err };
                let mut payload: Option<Val> = None;
                let mut may_fail = None;
                for alt in alts.iter() {
                    if alt.variant == bad {
                        may_fail = Some(alt.clone());
                    } else {
                        let inner =
                            alt.fields.first().map_or_else(|| Val::any(want.clone()), |(_, value)| value.clone());
                        payload = Some(match payload {
                            Some(all) => join(&all, &inner, 0),
                            None => inner,
                        });
                    }
                }
                if let Some(alt) = may_fail {
                    let err = Val { ty: value.ty.clone(), kind: Kind::Enum(Rc::new(vec![alt])) };
                    let mark = self.store.mark();
                    let div = match self.converted_error(f, err) {
                        Ok(err) => self.exit_with(f, err),
                        Err(div) => div,
                    };
                    if payload.is_none() {
                        return Err(div);
                    }
                    // What the conversion changed is changed only where the function is left.
                    self.store.rollback(mark);
                    if option && !div.fail {
                        self.more_conditions(f);
                    }
                }
                Ok(payload.unwrap_or_else(|| Val::any(want.clone())))
            }
            Kind::Sym(sym) => {
                let ty = value.ty.arg(0);
                let ty = if ty.is_unknown() { want.clone() } else { ty };
                if self.is_option(&value.ty) {
                    let none = Val {
                        ty: f.ret_ty.clone(),
                        kind: Kind::Enum(Rc::new(vec![Alt { variant: self.known.none, fields: Vec::new() }])),
                    };
                    let in_option = self.is_option(&f.ret_ty);
                    if in_option {
                        // Whoever is given `None` sees it.
                        self.observe_value(&value);
                    } else {
                        self.observe_unless_presence(&value);
                    }
                    if in_option {
                        let div = self.exit_with(f, none);
                        if !div.fail {
                            self.more_conditions(f);
                        }
                    }
                    return Ok(Val::sym(ty, native::option_payload(sym)));
                }
                let mut inner = sym.as_ref().clone();
                if self.is_result(&value.ty) || !inner.terms.is_empty() {
                    inner = native::unwrapped(sym);
                }
                self.error_exit(f, &value.ty, sym);
                Ok(Val::sym(ty, inner))
            }
            _ => {
                let sym = self.whole_sym(&value);
                self.error_exit(f, &value.ty, &sym);
                Ok(value)
            }
        }
    }

    /// An end with an error of which nothing is known but its type.
    fn error_exit(&mut self, f: &mut Frame, of: &Ty, seen: &Sym) {
        let error = if self.is_result(of) { of.arg(1) } else { Ty::Unknown };
        let err = self.err(of.arg(0), seen.widened());
        let err = match &err.kind {
            Kind::Enum(alts) if !error.is_unknown() => {
                let alts = alts.iter().map(|alt| Alt {
                    variant: alt.variant,
                    fields: alt
                        .fields
                        .iter()
                        .map(|(name, value)| (name.clone(), value.clone().retyped(&error)))
                        .collect(),
                });
                Val { ty: err.ty.clone(), kind: Kind::Enum(Rc::new(alts.collect())) }
            }
            _ => err,
        };
        let mark = self.store.mark();
        if let Ok(mut err) = self.converted_error(f, err) {
            if self.is_result(&f.ret_ty) {
                err = err.retyped(&f.ret_ty.clone());
            }
            let _ = self.exit_with(f, err);
        }
        self.store.rollback(mark);
    }

    /// `?` converts the error; a conversion that the contract wrote is code like any other.
    fn converted_error(&mut self, f: &Frame, err: Val) -> Ev {
        if self.is_result(&err.ty) && self.is_result(&f.ret_ty) {
            let taint = self.taint_of(&err);
            let ty = f.ret_ty.clone();
            if let Kind::Enum(alts) = &err.kind {
                let errors: Vec<Val> =
                    alts.iter().flat_map(|alt| &alt.fields).map(|(_, value)| value.clone()).collect();
                for error in errors {
                    self.run_conversions(&ty.arg(1), &error)?;
                }
            }
            return Ok(self.err(ty.arg(0), taint).retyped(&ty));
        }
        Ok(err.retyped(&f.ret_ty.clone()))
    }

    /// Runs the contract's own conversions that may take such an error, for what they do; what they give is an error like
    /// any other.
    fn run_conversions(&mut self, into: &Ty, error: &Val) -> Result<(), Div> {
        let error = self.settle(error.clone());
        let Ty::Adt(id, _) = into else { return Ok(()) };
        if self.is_model(id.krate) || into == &error.ty {
            return Ok(());
        }
        let mut found = self.written_conversions(into, "from", &error);
        found.retain(|(item, _)| !self.is_model(item.krate));
        let span = self.here;
        match found.len() {
            0 => Ok(()),
            count => self
                .any_of(count, &mut |engine, at| {
                    let (item, env) = found[at].clone();
                    engine.call_item(item, env, &[], None, vec![error.clone()], into, span)
                })
                .map(|_| ()),
        }
    }

    pub(super) fn too_deep(&mut self, name: &str, want: &Ty, span: Span) -> Ev {
        self.unknown(UnknownReason::TooDeep, name.to_owned(), span);
        Ok(Val::any(want.clone()))
    }

    /// Calls a function item.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn call_item(
        &mut self,
        id: ItemId,
        mut env: TyEnv,
        generic: &[Ty],
        recv: Option<Val>,
        args: Vec<Val>,
        want: &Ty,
        span: Span,
    ) -> Ev {
        let item = self.item(id);
        let ItemKind::Fn(function) = &item.kind else { return Ok(Val::any(want.clone())) };
        if let Some(problem) = self.unknown_attribute(id) {
            self.unknown(UnknownReason::UnknownAttribute, problem, item.name_span);
        }
        if let Some(claimed) = self.trusted_call(id, &env, recv.as_ref(), &args, want, span) {
            return claimed;
        }
        // The function's own generics: written, or from the arguments, or from what the result must be.
        self.bind_self_generics(function.owner, id, &mut env, want, &function.ret);
        let mut pattern_env = env.clone();
        for param in &function.generics.params {
            let bounds = self.bound_traits(&param.bounds, env.module);
            pattern_env.generics.retain(|(name, _)| *name != param.name);
            // `F: Fn(A) -> R` and the like carry types of their own.
            let ty = Ty::Param(param.name.clone(), bounds.into());
            pattern_env.generics.push((param.name.clone(), ty));
        }
        let mut binds: Vec<(Name, Ty)> = Vec::new();
        for (param, ty) in function.generics.params.iter().zip(generic) {
            if !ty.is_unknown() {
                binds.push((param.name.clone(), ty.clone()));
            }
        }
        let params: Vec<Ty> = function.params.iter().map(|(_, ty)| self.lower_ty(ty, &pattern_env)).collect();
        for (pattern, arg) in params.iter().zip(&args) {
            super::ty::unify(pattern, &arg.ty, &mut binds);
        }
        let ret_pattern = self.lower_ty(&function.ret, &pattern_env);
        super::ty::unify(&ret_pattern, want, &mut binds);
        for param in &function.generics.params {
            let bound = binds.iter().find(|(name, _)| *name == param.name).map(|(_, ty)| ty.clone());
            env.generics.retain(|(name, _)| *name != param.name);
            let ty = match bound {
                Some(ty) if !ty.is_unknown() => ty,
                _ => {
                    let bounds = self.bound_traits(&param.bounds, env.module);
                    if bounds.is_empty() { Ty::Unknown } else { Ty::Param(param.name.clone(), bounds.into()) }
                }
            };
            env.generics.push((param.name.clone(), ty));
        }
        if !function.has_body {
            let name = item.name.to_string();
            let mut all: Vec<Val> = recv.into_iter().collect();
            all.extend(args);
            let analysed = self.world.packages()[id.krate.0 as usize].analysed;
            let reaches = analysed || self.ambient && self.reaches_state(id.krate) && !self.is_tabulated(id.krate);
            if function.owner.is_none() && !self.is_model(id.krate) && reaches {
                // Not Rust: the host's functions are called so.
                for value in &all {
                    self.observe_value(value);
                }
                self.unknown(UnknownReason::Unsafe, format!("extern fn {name}"), span);
            }
            return self.unseen_call(UnknownReason::OpenTrait, &name, &all, want, span);
        }
        let Some(body) = self.world.body(id) else {
            let mut all: Vec<Val> = recv.into_iter().collect();
            all.extend(args);
            return self.unseen_call(UnknownReason::Unparsable, &item.name, &all, want, span);
        };
        let Some(root) = body.root else { return Ok(Val::any(want.clone())) };
        // The framework's own code below what its table has rows for is no way to state.
        if self.is_tabulated(id.krate) {
            let mut all: Vec<Val> = recv.into_iter().collect();
            all.extend(args);
            let ret = self.lower_ty(&function.ret, &env);
            let ret = if ret.is_unknown() || matches!(ret, Ty::Param(..) | Ty::Dyn(_)) { want.clone() } else { ret };
            return self.unseen_value(&all, &ret, span);
        }
        // Code that cannot reach state computes a value; only what it is given can be seen through it (MODEL §4).
        if !self.reaches_state(id.krate) {
            let mut all: Vec<Val> = recv.into_iter().collect();
            all.extend(args);
            let ret = self.lower_ty(&function.ret, &env);
            let ret = if ret.is_unknown() || matches!(ret, Ty::Param(..) | Ty::Dyn(_)) { want.clone() } else { ret };
            // Under ambient access, code of the contract that is handed over may touch state when it is called back.
            let ambient = self.ambient;
            let called_back = all.iter().any(|value| ambient && self.calls_back(value));
            let handed_over = called_back || all.iter().any(|value| self.carries_cap(value, 0));
            if !handed_over {
                return self.unseen_value(&all, &ret, span);
            }
            // A closure or generic value with access to state goes in: follow it.
            let mut all = all.into_iter();
            let recv = if function.receiver.is_some() { all.next() } else { None };
            return self.enter(id, env, recv, all.collect(), want, span, &body, root);
        }
        let call = super::bounded::Entered { id, env, recv, args, body: &body, root };
        self.enter_bounded(call, want, span)
    }

    /// Runs the body of a function whose generics are bound.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn enter(
        &mut self,
        id: ItemId,
        mut env: TyEnv,
        recv: Option<Val>,
        args: Vec<Val>,
        want: &Ty,
        span: Span,
        body: &std::sync::Arc<crate::ir::hir::Body>,
        root: ExprId,
    ) -> Ev {
        let item = self.item(id);
        let ItemKind::Fn(function) = &item.kind else { return Ok(Val::any(want.clone())) };
        // Recursion: two exact rounds, one with widened arguments, and from there on the result is anything: the
        // widened round's effects cover those of all deeper ones (MODEL §6.4).
        let rounds = self.stack.iter().filter(|(running, _)| *running == id).count();
        let (mut recv, mut args) = (recv, args);
        if rounds >= EXACT_ROUNDS {
            if rounds > EXACT_ROUNDS {
                for value in recv.iter().chain(&args) {
                    self.havoc(value, 0);
                }
                let mut sym = Sym::default();
                for value in recv.iter().chain(&args) {
                    let loads = self.loads_of(value);
                    sym.loads = super::value::union(&sym.loads, &loads);
                    sym.cap |= self.carries_cap(value, 0);
                }
                let ret = self.lower_ty(&function.ret, &env);
                return Ok(Val::sym(if ret.is_unknown() { want.clone() } else { ret }, sym));
            }
            recv = recv.map(|value| {
                self.havoc(&value, 0);
                self.widen(&value)
            });
            args = args
                .into_iter()
                .map(|value| {
                    self.havoc(&value, 0);
                    self.widen(&value)
                })
                .collect();
        }
        if self.stack.len() > MAX_CALLS {
            return self.too_deep(&item.name, want, span);
        }
        let ret = self.lower_ty(&function.ret, &env);
        // What is given as `dyn` need not be of the type that its place held so far.
        let ret = if ret.is_unknown() || matches!(ret, Ty::Param(..)) { want.clone() } else { ret };
        if let Some(inner) = body.module {
            env.module = inner;
            self.index_body(inner);
        }
        let name: Rc<str> = Rc::from(item.name.as_str());
        let mut frame = Frame::new(body.clone(), Rc::new(env), name.clone(), ret.clone(), &self.store);
        let mut values: Vec<(Val, Ty)> = Vec::new();
        if function.receiver.is_some() {
            values.push((recv.unwrap_or_else(|| Val::any(Ty::Unknown)), Ty::Unknown));
        }
        for (at, arg) in args.into_iter().enumerate() {
            let declared = function.params.get(at).map(|(_, ty)| ty.clone());
            values.push(match declared {
                Some(ty) => {
                    let env = frame.env.clone();
                    let ty = self.lower_ty(&ty, &env);
                    self.coerced(&mut frame, &arg, &ty);
                    (arg.retyped_if_unknown(&ty), ty)
                }
                None => (arg, Ty::Unknown),
            });
        }
        let mut values = values.into_iter();
        for pat in &body.params {
            let (value, ty) = values.next().unwrap_or_else(|| (Val::any(Ty::Unknown), Ty::Unknown));
            self.bind(&mut frame, *pat, value);
            self.declared(&frame, *pat, &ty);
        }
        self.stack.push((id, name.clone()));
        let outer_via = self.via.clone();
        if !self.is_model(id.krate) {
            let mut via = self.via.to_vec();
            via.push(name.to_string());
            self.via = via.into();
        }
        // Inside a table's row, accesses belong to the contract's expression that led into it.
        let outer_row = self.row_span;
        if self.is_model(id.krate) {
            if outer_row.is_none() {
                self.row_span = Some(span);
            }
        } else {
            self.row_span = None;
        }
        let result = self.apart(0, |engine| engine.finish_body(frame, root, &ret));
        self.row_span = outer_row;
        self.via = outer_via;
        self.stack.pop();
        Ok(self.told(result?, &ret))
    }

    /// Type arguments of `Self` that only the expected result tells (`const X: Item<T> = Item::new(..)`).
    fn bind_self_generics(&mut self, owner: Option<u32>, id: ItemId, env: &mut TyEnv, want: &Ty, ret: &TypeRef) {
        let (Some(owner), Some(self_ty)) = (owner, env.self_ty.clone()) else { return };
        if want.is_unknown() || !want.same_head(&self_ty) {
            return;
        }
        let returns_self = match ret {
            TypeRef::Path(path) => path.segments.last().is_some_and(|last| {
                last.name == "Self" || matches!(&self_ty, Ty::Adt(id, _) if self.item(*id).name == last.name)
            }),
            _ => false,
        };
        let Ty::Adt(_, args) = &self_ty else { return };
        if !returns_self || args.iter().all(|arg| !arg.is_unknown()) {
            return;
        }
        let owner = ItemId { krate: id.krate, idx: owner };
        let info = self.impls_of(&self_ty).iter().find(|info| info.item == owner).cloned();
        if let Some(info) = info {
            if let Some(better) = self.impl_env(&info, want) {
                let (generics, self_ty) = (better.generics, better.self_ty);
                env.generics = generics;
                env.self_ty = self_ty;
            }
        }
    }
}
