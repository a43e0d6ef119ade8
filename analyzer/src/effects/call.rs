//! Calls: what a path names, how arguments meet parameters, how a body runs and how its ways out join.

use super::native;
use super::state::Changes;
use super::value::{Alt, CellVal, ClosureVal, Cond, FuncVal, Kind, StructVal, Sym, Val, join};
use super::{Div, Engine, Ev, Frame, MAX_CALLS, record::Guard, ty::Ty, ty::TyEnv};
use crate::ir::hir::{Expr, ExprId, ItemId, ItemKind, ModId, Name, Path, TypeRef};
use crate::ir::{Bound, Side, Span, Term, UnknownReason};
use crate::source::{Ns, Resolved};
use std::rc::Rc;

/// How often a function may stand on the call stack before its arguments are widened.
const EXACT_ROUNDS: usize = 2;

impl Engine<'_> {
    pub(super) fn eval_path(&mut self, f: &mut Frame, path: &Path, want: &Ty, span: Span) -> Ev {
        self.path_value(f, path, want, span)
    }

    /// What a path means as a value.
    pub(super) fn path_value(&mut self, f: &Frame, path: &Path, want: &Ty, span: Span) -> Ev {
        let env = f.env.clone();
        let Some(last) = path.segments.last() else { return Ok(Val::any(want.clone())) };
        let turbofish: Vec<Ty> = last.args.clone().iter().map(|arg| self.lower_ty(arg, &env)).collect();
        let first = &path.segments[0];
        let through_type = path.qself.is_some()
            || (!path.global
                && path.dollar_crate.is_none()
                && (first.name == "Self" || env.get(&first.name).is_some())
                && path.segments.len() > 1);
        if first.name == "Self" && path.segments.len() == 1 {
            return Ok(match &env.self_ty {
                Some(ty @ Ty::Adt(id, _)) => self.unit_or_ctor(*id, None, ty.clone()),
                _ => Val::any(want.clone()),
            });
        }
        if through_type {
            let (ty, of_trait) = self.qualified_base(path, &env);
            return self.assoc_value(&ty, of_trait, &last.name, turbofish, want, span);
        }
        match self.world.resolve(env.module, path, Ns::Value) {
            Resolved::Item(id) => self.item_value(id, turbofish, want),
            Resolved::Variant(id, variant) => {
                let ty = match self.variant_path(f, path) {
                    Some((ty, _)) => ty,
                    None => self.item_ty_with(id, Vec::new(), 0),
                };
                let ty = if want.same_head(&ty) && !want.is_unknown() { want.clone() } else { ty };
                Ok(self.unit_or_ctor(id, Some(variant), ty))
            }
            Resolved::Partial(id, at) => {
                let args: Vec<TypeRef> =
                    path.segments.get(at.wrapping_sub(1)).map(|seg| seg.args.clone()).unwrap_or_default();
                let args: Vec<Ty> = args.iter().map(|arg| self.lower_ty(arg, &env)).collect();
                if at + 1 < path.segments.len() {
                    // `Type::Assoc::f`
                    let mut base = path.clone();
                    base.segments.pop();
                    let ty = self.path_ty(&base, &env, 0);
                    return self.assoc_value(&ty, None, &last.name, turbofish, want, span);
                }
                if matches!(self.item(id).kind, ItemKind::Trait(_)) {
                    return Ok(self.trait_member(id, &last.name, turbofish, None));
                }
                let had_args = !args.is_empty();
                let ty = self.item_ty_with(id, args, 0);
                // A transparent type (`Box::new`) is found by the item itself.
                if !matches!(ty, Ty::Adt(..)) {
                    if let Some(value) = self.item_assoc(id, &ty, &last.name, &turbofish) {
                        return Ok(value);
                    }
                }
                let ty = if !had_args && want.same_head(&ty) && matches!(ty, Ty::Adt(..)) { want.clone() } else { ty };
                self.assoc_value(&ty, None, &last.name, turbofish, want, span)
            }
            Resolved::Builtin(name, at) => {
                if name.starts_with("host::") {
                    return Ok(Val::func(FuncVal::Native(name, turbofish)));
                }
                let ty = Ty::Prim(name);
                if at >= path.segments.len() {
                    return Ok(Val::any(want.clone()));
                }
                self.assoc_value(&ty, None, &last.name, turbofish, want, span)
            }
            Resolved::External(names) => {
                let is_value = !last.name.chars().next().is_some_and(char::is_lowercase);
                if is_value && last.name.chars().all(|c| c.is_uppercase() || c == '_' || c.is_ascii_digit()) {
                    // A constant of code that is not there.
                    return Ok(Val::any(want.clone()));
                }
                Ok(Val::func(FuncVal::External(names, turbofish)))
            }
            Resolved::Mod(_) | Resolved::Unresolved => {
                let names: Vec<Name> = path.segments.iter().map(|segment| segment.name.clone()).collect();
                if path.segments.len() > 1 {
                    // `Alias::f` where the alias is only a type.
                    let mut base = path.clone();
                    base.segments.pop();
                    let ty = self.path_ty(&base, &env, 0);
                    if !ty.is_unknown() && !matches!(ty, Ty::External(_)) {
                        return self.assoc_value(&ty, None, &last.name, turbofish, want, span);
                    }
                }
                Ok(Val::func(FuncVal::External(names, turbofish)))
            }
        }
    }

    /// `<T as Trait>::x`, `Self::x`, `T::x`: the type before the last segment, and the trait.
    fn qualified_base(&mut self, path: &Path, env: &TyEnv) -> (Ty, Option<ItemId>) {
        let mut base = path.clone();
        base.segments.pop();
        if let Some((qself, trait_len)) = &path.qself {
            let ty = self.lower_ty(qself, env);
            let mut of_trait = None;
            if *trait_len > 0 {
                let mut trait_path = path.clone_without_qself();
                trait_path.segments.truncate(*trait_len);
                if let Resolved::Item(id) = self.world.resolve(env.module, &trait_path, Ns::Type) {
                    of_trait = Some(id);
                }
            }
            if path.segments.len() > trait_len + 1 {
                let ty = self.path_ty(&base, env, 0);
                return (ty, None);
            }
            return (ty, of_trait);
        }
        (self.path_ty(&base, env, 0), None)
    }

    fn item_value(&mut self, id: ItemId, turbofish: Vec<Ty>, want: &Ty) -> Ev {
        let item = self.item(id);
        Ok(match &item.kind {
            ItemKind::Fn(_) => Val::func(FuncVal::Item { item: id, args: turbofish, self_ty: None, env: None }),
            ItemKind::Const(_) => self.const_value(id, None),
            ItemKind::Struct(_) => {
                let ty = self.item_ty_with(id, turbofish, 0);
                let ty = if want.same_head(&ty) && matches!(ty, Ty::Adt(..)) { want.clone() } else { ty };
                self.unit_or_ctor(id, None, ty)
            }
            ItemKind::TypeAlias(_) => match self.item_ty_with(id, turbofish, 0) {
                ty @ Ty::Adt(..) => {
                    let Ty::Adt(target, _) = &ty else { return Ok(Val::any(ty)) };
                    self.unit_or_ctor(*target, None, ty.clone())
                }
                ty => Val::any(ty),
            },
            _ => Val::any(want.clone()),
        })
    }

    fn unit_or_ctor(&mut self, id: ItemId, variant: Option<u32>, ty: Ty) -> Val {
        let item = self.item(id);
        let fields = match (&item.kind, variant) {
            (ItemKind::Struct(item), _) => Some(&item.fields),
            (ItemKind::Enum(item), Some(at)) => item.variants.get(at as usize).map(|variant| &variant.fields),
            _ => None,
        };
        match fields {
            Some(fields) if fields.tuple => Val::func(FuncVal::Ctor { item: id, variant, ty }),
            _ => match variant {
                Some(variant) => Val { ty, kind: Kind::Enum(Rc::new(vec![Alt { variant, fields: Vec::new() }])) },
                None => Val { ty, kind: Kind::Struct(Rc::new(StructVal { fields: Vec::new(), base: None })) },
            },
        }
    }

    /// `ty::name` as a value: variant, associated function or constant.
    pub(super) fn assoc_value(
        &mut self,
        ty: &Ty,
        of_trait: Option<ItemId>,
        name: &Name,
        turbofish: Vec<Ty>,
        want: &Ty,
        span: Span,
    ) -> Ev {
        let _ = span;
        if let (Some(variant), Ty::Adt(id, _)) = (self.variant_index(ty, name), ty) {
            let ty = if want.same_head(ty) && matches!(want, Ty::Adt(..)) { want.clone() } else { ty.clone() };
            return Ok(self.unit_or_ctor(*id, Some(variant), ty));
        }
        for info in self.impls_of(ty).iter() {
            if of_trait.is_some() && info.of_trait != of_trait {
                continue;
            }
            let Some(&id) = info.assoc.get(name) else { continue };
            let Some(env) = self.impl_env(info, ty) else { continue };
            match &self.item(id).kind {
                ItemKind::Fn(_) => {
                    return Ok(Val::func(FuncVal::Item {
                        item: id,
                        args: turbofish,
                        self_ty: Some(ty.clone()),
                        env: Some(Rc::new(env)),
                    }));
                }
                ItemKind::Const(_) => return Ok(self.const_value(id, Some(env))),
                _ => {}
            }
        }
        // A default of a trait the type implements.
        let mut traits = self.traits_of(ty, of_trait);
        for info in self.impls_of(ty).iter() {
            traits.extend(info.of_trait);
        }
        for trait_id in traits {
            if let Some(id) = self.trait_item(trait_id, name) {
                match &self.item(id).kind {
                    ItemKind::Fn(_) => return Ok(self.trait_member(trait_id, name, turbofish, Some(ty.clone()))),
                    ItemKind::Const(constant) if constant.has_value => {
                        let mut env = TyEnv::root(self.module_of(trait_id));
                        env.self_ty = Some(ty.clone());
                        return Ok(self.const_value(id, Some(env)));
                    }
                    _ => {}
                }
            }
        }
        if let Some(constant) = native::constant(ty, name) {
            return Ok(constant);
        }
        Ok(Val::func(FuncVal::NativeMethod { ty: ty.clone(), name: name.clone() }))
    }

    /// Associated functions found by the item a path names, for types that are transparent here.
    fn item_assoc(&mut self, id: ItemId, ty: &Ty, name: &Name, turbofish: &[Ty]) -> Option<Val> {
        for info in self.impls_of_item(id) {
            let Some(&assoc) = info.assoc.get(name) else { continue };
            if matches!(self.item(assoc).kind, ItemKind::Fn(_)) {
                let env = self.impl_env(&info, ty).unwrap_or_else(|| TyEnv::root(info.module));
                return Some(Val::func(FuncVal::Item {
                    item: assoc,
                    args: turbofish.to_vec(),
                    self_ty: Some(ty.clone()),
                    env: Some(Rc::new(env)),
                }));
            }
        }
        None
    }

    pub(super) fn trait_item(&self, trait_id: ItemId, name: &str) -> Option<ItemId> {
        let item = self.item(trait_id);
        let ItemKind::Trait(item) = &item.kind else { return None };
        item.items.iter().map(|&idx| ItemId { krate: trait_id.krate, idx }).find(|&id| self.item(id).name == name)
    }

    fn trait_member(&mut self, trait_id: ItemId, name: &Name, args: Vec<Ty>, self_ty: Option<Ty>) -> Val {
        match self.trait_item(trait_id, name) {
            Some(item) => Val::func(FuncVal::TraitMethod { item, trait_id, args, self_ty }),
            None => {
                let ty = self_ty.unwrap_or(Ty::Unknown);
                Val::func(FuncVal::NativeMethod { ty, name: name.clone() })
            }
        }
    }

    /// The value of a constant; evaluated once where it does not depend on generics.
    pub(super) fn const_value(&mut self, id: ItemId, env: Option<TyEnv>) -> Val {
        let generic = env.as_ref().is_some_and(|env| env.self_ty.is_some());
        if !generic {
            if let Some(known) = self.consts.get(&id) {
                return known.clone();
            }
        }
        let item = self.item(id);
        let ItemKind::Const(constant) = &item.kind else { return Val::any(Ty::Unknown) };
        let module = ModId { krate: id.krate, idx: item.module };
        let env = env.unwrap_or_else(|| TyEnv::root(module));
        let ty = self.lower_ty(&constant.ty, &env);
        if self.const_running.contains(&id) || self.const_running.len() > 32 {
            return Val::any(ty);
        }
        let Some(body) = self.world.body(id) else { return Val::any(ty) };
        let Some(root) = body.root else { return Val::any(ty) };
        self.const_running.push(id);
        let (conditions, repeats) = (std::mem::take(&mut self.conditions), std::mem::take(&mut self.repeats));
        let mut env = env;
        if let Some(inner) = body.module {
            env.module = inner;
        }
        let mut frame = Frame::new(body, Rc::new(env), Rc::from(item.name.as_str()), ty.clone(), &self.store);
        let value = self.eval(&mut frame, root, &ty).unwrap_or_else(|_| Val::any(ty.clone()));
        self.conditions = conditions;
        self.repeats = repeats;
        self.const_running.pop();
        let mut value = self.settle(value);
        if value.ty.is_unknown() || matches!(value.ty, Ty::Adt(..)) && value.ty.same_head(&ty) {
            value.ty = ty;
        }
        self.label(&mut value, &item.name, true);
        self.place_cells(&mut value, item.name_span);
        if !generic {
            self.consts.insert(id, value.clone());
        }
        value
    }

    /// Names the storage places inside a value after the constant or field that holds them.
    pub(super) fn label(&mut self, value: &mut Val, name: &Name, outer: bool) {
        let model = match &value.ty {
            Ty::Adt(id, _) => self.is_model(id.krate),
            _ => false,
        };
        let Kind::Struct(fields) = &value.kind else {
            if let Kind::Cell(cell) = &value.kind {
                if cell.label.is_none() || outer {
                    let cell = CellVal { label: Some(Rc::from(name.as_str())), ..cell.as_ref().clone() };
                    value.kind = Kind::Cell(Rc::new(cell));
                }
            }
            return;
        };
        let holders = fields.fields.iter().filter(|(_, field)| holds_cell(field, 0)).count();
        if holders == 0 {
            return;
        }
        let mut fields = fields.as_ref().clone();
        for (field, inner) in &mut fields.fields {
            if !holds_cell(inner, 0) {
                continue;
            }
            if model {
                match field.as_str() {
                    "cell" | "primary" => self.label(inner, name, true),
                    "parts" | "idx" => {
                        if let Kind::Struct(parts) = &inner.kind {
                            let mut parts = parts.as_ref().clone();
                            for (part, value) in &mut parts.fields {
                                let dotted = Name::from(format!("{name}.{part}"));
                                self.label(value, &dotted, true);
                            }
                            inner.kind = Kind::Struct(Rc::new(parts));
                        } else {
                            self.label(inner, name, true);
                        }
                    }
                    other => {
                        let dotted = Name::from(format!("{name}.{other}"));
                        self.label(inner, &dotted, true);
                    }
                }
            } else if holders == 1 || field.starts_with(|c: char| c.is_ascii_digit()) {
                self.label(inner, name, outer);
            } else {
                self.label(inner, field, false);
            }
        }
        value.kind = Kind::Struct(Rc::new(fields));
    }

    /// Gives storage places inside a constant the constant's span.
    fn place_cells(&mut self, value: &mut Val, span: Span) {
        match &value.kind {
            Kind::Cell(cell) => {
                let cell = CellVal { span, ..cell.as_ref().clone() };
                value.kind = Kind::Cell(Rc::new(cell));
            }
            Kind::Struct(fields) if holds_cell(value, 0) => {
                let mut fields = fields.as_ref().clone();
                for (_, field) in &mut fields.fields {
                    self.place_cells(field, span);
                }
                value.kind = Kind::Struct(Rc::new(fields));
            }
            _ => {}
        }
    }

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
                    self.call_item(*item, env, generic, recv, args, want, span)
                }
                FuncVal::Ctor { item: _, variant, ty } => {
                    let fields: Vec<(Name, Val)> =
                        args.into_iter().enumerate().map(|(at, arg)| (Name::from(at.to_string()), arg)).collect();
                    let ty = if want.same_head(ty) && matches!(want, Ty::Adt(..)) { want.clone() } else { ty.clone() };
                    let ty = self.infer_args(&ty, *variant, &fields);
                    match f {
                        Some(f) => self.construct(f, ty, *variant, fields, span),
                        None => Ok(built(ty, *variant, fields)),
                    }
                }
                FuncVal::Native(name, generic) => self.host_call(f, name, generic, args, want, span),
                FuncVal::TraitMethod { item, trait_id, args: generic, self_ty } => {
                    self.call_trait(*item, *trait_id, generic, self_ty.clone(), args, want, span)
                }
                FuncVal::NativeMethod { ty, name } => self.native_static(f, ty, name, args, want, span),
                FuncVal::External(path, _) => {
                    let name = path.iter().map(Name::as_str).collect::<Vec<_>>().join("::");
                    let missing = path.first().is_some_and(|first| self.is_missing(first));
                    let reason = if missing { UnknownReason::MissingDependency } else { UnknownReason::UnresolvedCall };
                    self.unseen_call(reason, &name, &args, want, span)
                }
            },
            Kind::Closure(closure) => {
                let closure = closure.clone();
                self.call_closure(&closure, args, want, span)
            }
            Kind::Multi(values) => {
                let values = values.clone();
                self.any_of(f, values.len(), &mut |engine, at| {
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
    pub(super) fn any_of(
        &mut self,
        _f: Option<&mut Frame>,
        count: usize,
        run: &mut dyn FnMut(&mut Self, usize) -> Ev,
    ) -> Ev {
        if count == 1 {
            return run(self, 0);
        }
        let in_try = std::mem::take(&mut self.try_context);
        let _ = in_try;
        let mut changes: Vec<Changes> = Vec::new();
        let mut value: Option<Val> = None;
        let mut fail = true;
        self.conditions += 1;
        for at in 0..count {
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

    /// A call whose code is not there (MODEL §4).
    pub(super) fn unseen_call(&mut self, reason: UnknownReason, name: &str, args: &[Val], want: &Ty, span: Span) -> Ev {
        let mut cap = false;
        let mut sym = Sym::default();
        for arg in args {
            cap |= self.carries_cap(arg, 0);
            let loads = self.loads_of(arg);
            sym.loads = super::value::union(&sym.loads, &loads);
        }
        for arg in args {
            self.run_escaping_closures(arg, span);
            self.havoc(arg, 0);
        }
        let ambient = self.ambient && self.may_touch_state(name);
        if cap || ambient {
            self.rec.observe(&sym.loads);
            self.unknown(reason, name.to_owned(), span);
            sym.cap = cap;
        }
        Ok(Val::sym(want.clone(), sym))
    }

    /// A closure handed to unseen code may be called there any number of times.
    fn run_escaping_closures(&mut self, value: &Val, span: Span) {
        if let Kind::Closure(closure) = &value.kind {
            let closure = closure.clone();
            let Expr::Closure(written) = closure.body.expr(closure.expr) else { return };
            let args = written.params.iter().map(|_| Val::any(Ty::Unknown)).collect::<Vec<_>>();
            self.conditions += 1;
            self.repeats += 1;
            let result = self.call_closure(&closure, args, &Ty::Unknown, span);
            self.conditions -= 1;
            self.repeats -= 1;
            if let Ok(result) = result {
                let loads = self.loads_of(&result);
                self.rec.observe(&loads);
            }
        }
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
        let result = self.finish_body(frame, written.body, &ret);
        self.stack.pop();
        self.row_span = outer_row;
        result
    }

    /// Runs a body to its ends and joins them.
    fn finish_body(&mut self, mut frame: Frame, root: ExprId, ret: &Ty) -> Ev {
        let in_try = std::mem::take(&mut self.try_context);
        self.pending_err = None;
        let (mark, conditions) = (frame.mark, self.conditions);
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
    fn fold_ends(&mut self, ends: Vec<(Changes, Val)>) -> Option<(Changes, Val)> {
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

    /// Leaves the function with a value.
    pub(super) fn exit_with(&mut self, f: &mut Frame, value: Val) -> Div {
        let fail = match &value.kind {
            Kind::Enum(alts) => self.is_result(&value.ty) && alts.iter().all(|alt| alt.variant == self.known.err),
            _ => false,
        };
        let mut changes = self.store.changes(f.mark);
        changes.0.retain(|slot, _| *slot < f.base);
        f.exits.push((changes, value));
        Div { fail }
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
            let err = self.converted_error(f, err);
            let _ = self.exit_with(f, err);
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
                    let err = self.converted_error(f, err);
                    let div = self.exit_with(f, err);
                    if payload.is_none() {
                        return Err(div);
                    }
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
                    self.observe_unless_presence(&value);
                    let in_option = self.is_option(&f.ret_ty);
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
                self.error_exit(f, sym);
                Ok(Val::sym(ty, inner))
            }
            _ => {
                let sym = self.whole_sym(&value);
                self.error_exit(f, &sym);
                Ok(value)
            }
        }
    }

    /// An end with an error of which nothing is known.
    fn error_exit(&mut self, f: &mut Frame, seen: &Sym) {
        let ty = f.ret_ty.clone();
        let mut err = self.err(ty.arg(0), seen.widened());
        if self.is_result(&ty) {
            err = err.retyped(&ty);
        }
        let _ = self.exit_with(f, err);
    }

    /// `?` converts the error; conversions of errors do not touch state through a modelled interface.
    fn converted_error(&mut self, f: &Frame, err: Val) -> Val {
        if self.is_result(&err.ty) && self.is_result(&f.ret_ty) {
            let taint = self.taint_of(&err);
            let ty = f.ret_ty.clone();
            return self.err(ty.arg(0), taint).retyped(&ty);
        }
        err.retyped(&f.ret_ty.clone())
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
            return self.unseen_call(UnknownReason::OpenTrait, &name, &all, want, span);
        }
        let Some(body) = self.world.body(id) else {
            let mut all: Vec<Val> = recv.into_iter().collect();
            all.extend(args);
            return self.unseen_call(UnknownReason::Unparsable, &item.name, &all, want, span);
        };
        let Some(root) = body.root else { return Ok(Val::any(want.clone())) };
        // Code that cannot reach state computes a value; only what it is given can be seen through it (MODEL §4).
        if !self.reaches_state(id.krate) {
            let mut all: Vec<Val> = recv.into_iter().collect();
            all.extend(args);
            let ret = self.lower_ty(&function.ret, &env);
            let ret = if ret.is_unknown() || matches!(ret, Ty::Param(..) | Ty::Dyn(_)) { want.clone() } else { ret };
            // Under ambient access, code of the contract that is handed over may touch state when it is called back.
            let own_code = |value: &Val| match (&value.kind, &value.ty) {
                (Kind::Closure(_) | Kind::Func(_) | Kind::Multi(_) | Kind::Iter(_), _) => true,
                (_, Ty::Adt(id, _)) => self.world.packages()[id.krate.0 as usize].analysed,
                _ => false,
            };
            let called_back = self.ambient && all.iter().any(own_code);
            let handed_over = called_back || all.iter().any(|value| self.carries_cap(value, 0));
            if !handed_over {
                return self.unseen_call(UnknownReason::UnresolvedCall, &item.name, &all, &ret, span);
            }
            // A closure or generic value with access to state goes in: follow it.
            let mut all = all.into_iter();
            let recv = if function.receiver.is_some() { all.next() } else { None };
            return self.enter(id, env, recv, all.collect(), want, span, &body, root);
        }
        self.enter(id, env, recv, args, want, span, &body, root)
    }

    /// Runs the body of a function whose generics are bound.
    #[allow(clippy::too_many_arguments)]
    fn enter(
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
        let ret = if ret.is_unknown() || matches!(ret, Ty::Dyn(_) | Ty::Param(..)) { want.clone() } else { ret };
        if let Some(inner) = body.module {
            env.module = inner;
        }
        let name: Rc<str> = Rc::from(item.name.as_str());
        let mut frame = Frame::new(body.clone(), Rc::new(env), name.clone(), ret.clone(), &self.store);
        let mut values: Vec<Val> = Vec::new();
        if function.receiver.is_some() {
            values.push(recv.unwrap_or_else(|| Val::any(Ty::Unknown)));
        }
        let self_offset = values.len();
        for (at, arg) in args.into_iter().enumerate() {
            let declared = function.params.get(at).map(|(_, ty)| ty.clone());
            let arg = match declared {
                Some(ty) => {
                    let env = frame.env.clone();
                    let ty = self.lower_ty(&ty, &env);
                    arg.retyped_if_unknown(&ty)
                }
                None => arg,
            };
            values.push(arg);
        }
        let _ = self_offset;
        let mut values = values.into_iter();
        for pat in &body.params {
            let value = values.next().unwrap_or_else(|| Val::any(Ty::Unknown));
            self.bind(&mut frame, *pat, value);
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
        let result = self.finish_body(frame, root, &ret);
        self.row_span = outer_row;
        self.via = outer_via;
        self.stack.pop();
        let result = result?;
        Ok(if result.ty.is_unknown() { result.retyped(&ret) } else { result })
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

    /// The type and variant a struct expression names.
    pub(super) fn constructed(&mut self, f: &Frame, path: &Path, want: &Ty) -> (Ty, Option<u32>) {
        if let Some((ty, variant)) = self.variant_path(f, path) {
            let ty = if want.same_head(&ty) && matches!(want, Ty::Adt(..)) { want.clone() } else { ty };
            return (ty, variant);
        }
        let env = f.env.clone();
        let ty = self.path_ty(path, &env, 0);
        let bare = path.segments.last().is_some_and(|last| last.args.is_empty()) && path.segments[0].name != "Self";
        let ty = if bare && want.same_head(&ty) && matches!(want, Ty::Adt(..)) { want.clone() } else { ty };
        (ty, None)
    }

    /// Fills unknown type arguments from the values of fields.
    pub(super) fn infer_args(&mut self, ty: &Ty, variant: Option<u32>, fields: &[(Name, Val)]) -> Ty {
        let Ty::Adt(id, args) = ty else { return ty.clone() };
        if args.iter().all(|arg| !arg.is_unknown()) {
            return ty.clone();
        }
        let item = self.item(*id);
        let generics = match &item.kind {
            ItemKind::Struct(item) => &item.generics,
            ItemKind::Enum(item) => &item.generics,
            _ => return ty.clone(),
        };
        let params: Vec<Ty> = generics.params.iter().map(|param| Ty::Param(param.name.clone(), Rc::from([]))).collect();
        let pattern = Ty::Adt(*id, params.into());
        let mut binds = Vec::new();
        for (name, field) in self.field_types(&pattern, variant).iter().cloned() {
            if let Some((_, value)) = fields.iter().find(|(known, _)| *known == name) {
                super::ty::unify(&field, &value.ty, &mut binds);
            }
        }
        let args: Vec<Ty> = generics
            .params
            .iter()
            .zip(args.iter())
            .map(|(param, arg)| match binds.iter().find(|(name, _)| *name == param.name) {
                Some((_, bound)) if arg.is_unknown() => bound.clone(),
                _ => arg.clone(),
            })
            .collect();
        Ty::Adt(*id, args.into())
    }

    /// Builds a struct or variant; a `[[constructs]]` row may say that building it does something.
    pub(super) fn construct(
        &mut self,
        f: &mut Frame,
        ty: Ty,
        variant: Option<u32>,
        fields: Vec<(Name, Val)>,
        span: Span,
    ) -> Ev {
        let _ = f;
        if let Ty::Adt(id, _) = &ty {
            let key = (*id, variant.unwrap_or(u32::MAX));
            if let Some(body) = self.constructs.get(&key).cloned() {
                self.run_construct(&body, *id, &fields, span)?;
            }
        }
        Ok(built(ty, variant, fields))
    }

    fn run_construct(
        &mut self,
        body: &std::sync::Arc<crate::ir::hir::Body>,
        id: ItemId,
        fields: &[(Name, Val)],
        span: Span,
    ) -> Result<(), Div> {
        let Some(root) = body.root else { return Ok(()) };
        let env = Rc::new(TyEnv::root(ModId { krate: id.krate, idx: 0 }));
        let mut frame = Frame::new(body.clone(), env, Rc::from("construct"), Ty::unit(), &self.store);
        let params = body.params.clone();
        for pat in params {
            if let crate::ir::hir::Pat::Bind(local, ..) = body.pat(pat) {
                let name = &body.locals[local.0 as usize];
                let value = fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone());
                let value = value.unwrap_or_else(|| Val::any(Ty::Unknown));
                self.set_local(&mut frame, *local, value);
            }
        }
        self.construct_span = Some(span);
        let result = self.eval(&mut frame, root, &Ty::unit());
        self.construct_span = None;
        result.map(|_| ())
    }

    /// What is known after a condition whose other side fails.
    pub(super) fn assume(&mut self, sym: &Rc<Sym>, truth: bool, span: Span) {
        let Some(cond) = sym.cond.clone() else {
            self.observe_sym(sym);
            return;
        };
        // A limit on a delta is a bound, not an observation.
        if let Some((load, bound)) = self.bound_of(&cond, truth) {
            if let Some(known) = self.rec.loads.get_mut(load as usize) {
                known.bounds.push(bound);
            }
            return;
        }
        self.observe_sym(sym);
        self.guards(&cond, truth, span, 0);
    }

    /// `new <= limit` must hold, where `new` is a loaded value changed by a delta and `limit` depends on no state.
    fn bound_of(&self, cond: &Cond, truth: bool) -> Option<(u32, Bound)> {
        let (op, a, b) = match cond {
            Cond::Not(inner) => return self.bound_of(inner, !truth),
            Cond::Order(op, a, b) if *op != "?" => (*op, a, b),
            _ => return None,
        };
        let changed =
            |sym: &Sym| sym.delta.as_ref().filter(|delta| delta.op.is_some() && !delta.option).map(|delta| delta.load);
        let (load, limit, left) = match (changed(a), changed(b)) {
            (Some(load), None) if b.loads.is_empty() => (load, b, true),
            (None, Some(load)) if a.loads.is_empty() => (load, a, false),
            _ => return None,
        };
        // Other loads in the changed value (the amount) decide as well.
        let whole = if left { a } else { b };
        if whole.loads.iter().any(|&other| other != load) {
            return None;
        }
        let less = matches!(op, "<" | "<=") == truth;
        let side = if less == left { Side::Upper } else { Side::Lower };
        let limit = limit.single().cloned().unwrap_or(Term::Any);
        Some((load, Bound { side, limit }))
    }

    fn guards(&mut self, cond: &Cond, truth: bool, span: Span, depth: usize) {
        if depth > 16 {
            return;
        }
        match cond {
            Cond::Not(inner) => self.guards(inner, !truth, span, depth + 1),
            Cond::And(a, b) if truth => {
                self.guards(a, true, span, depth + 1);
                self.guards(b, true, span, depth + 1);
            }
            Cond::Or(a, b) if !truth => {
                self.guards(a, false, span, depth + 1);
                self.guards(b, false, span, depth + 1);
            }
            Cond::Eq(equal, a, b) if *equal == truth => {
                let is_caller = |sym: &Sym| matches!(sym.single(), Some(Term::Caller | Term::Origin));
                let stored = match (is_caller(a), is_caller(b)) {
                    (true, false) => b,
                    (false, true) => a,
                    _ => return,
                };
                if let Some(Term::Load { cell, field, .. }) = stored.single() {
                    let (cell, field, conditions) = (*cell, field.clone(), self.conditions);
                    self.rec.guards.push(Guard { address: true, cell, field, span, conditions });
                }
            }
            Cond::Present(load) if truth => {
                let Some(load) = self.rec.loads.get(*load as usize) else { return };
                let by_caller = load.key.iter().any(|part| matches!(part.single(), Some(Term::Caller | Term::Origin)));
                if by_caller {
                    let cell = load.cell;
                    let conditions = self.conditions;
                    self.rec.guards.push(Guard { address: false, cell, field: Vec::new(), span, conditions });
                }
            }
            _ => {}
        }
    }
}

pub(super) fn built(ty: Ty, variant: Option<u32>, fields: Vec<(Name, Val)>) -> Val {
    match variant {
        Some(variant) => Val { ty, kind: Kind::Enum(Rc::new(vec![Alt { variant, fields }])) },
        None => Val { ty, kind: Kind::Struct(Rc::new(StructVal { fields, base: None })) },
    }
}

fn holds_cell(value: &Val, depth: usize) -> bool {
    if depth > 8 {
        return false;
    }
    match &value.kind {
        Kind::Cell(_) => true,
        Kind::Struct(fields) => fields.fields.iter().any(|(_, field)| holds_cell(field, depth + 1)),
        Kind::Tuple(parts) => parts.iter().any(|part| holds_cell(part, depth + 1)),
        _ => false,
    }
}
