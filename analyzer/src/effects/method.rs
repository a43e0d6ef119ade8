//! Method calls: which code `x.name(..)` means. Inherent methods come before trait methods, defaults of traits after
//! overriding ones, built-in methods and `Deref` last; what remains is judged by whether it could reach state.

use super::value::{Kind, Place, Val};
use super::{Div, Engine, Ev, Frame, ty::Ty, ty::TyEnv, ty::unify};
use super::{implied, native};
use crate::ir::hir::{Expr, ExprId, ItemId, ItemKind, ModId, Name, Receiver, TypeRef};
use crate::ir::{Span, UnknownReason};
use std::rc::Rc;

/// A found method.
#[derive(Clone)]
pub(crate) struct Found {
    /// The function.
    pub(crate) item: ItemId,
    /// What names in it mean.
    pub(crate) env: Rc<TyEnv>,
}

impl Engine<'_> {
    #[allow(clippy::too_many_arguments)]
    pub(super) fn eval_method(
        &mut self,
        f: &mut Frame,
        recv: ExprId,
        name: &Name,
        turbofish: &[TypeRef],
        args: &[ExprId],
        want: &Ty,
        span: Span,
    ) -> Ev {
        let in_try = std::mem::take(&mut self.try_context);
        let places = match f.body.clone().expr(recv) {
            // `(*guard).set(..)`: a method of what the guard guards.
            Expr::Deref(inner) => {
                let places = self.place(f, *inner)?;
                let ty = self.read(&places).ty;
                match self.is_guarded(&ty) && self.find_method(&ty, name).is_some() {
                    true => places,
                    false => self.deref_places(f, places)?,
                }
            }
            _ => self.place(f, recv)?,
        };
        let env = f.env.clone();
        let generic: Vec<Ty> = turbofish.iter().map(|arg| self.lower_ty(arg, &env)).collect();
        let places = self.follow(places);
        let value = self.read(&places);
        // Argument types help where the callee is plain.
        let hints = self.method_hints(&value.ty, name, &generic);
        let mut values = Vec::with_capacity(args.len());
        for (at, arg) in args.iter().enumerate() {
            let hint = hints.get(at).cloned().unwrap_or(Ty::Unknown);
            values.push(self.eval(f, *arg, &hint)?);
        }
        // The receiver may have been changed by its own arguments only through interior mutability: read again.
        let value = if args.is_empty() { value } else { self.read(&places) };
        self.taking_in(recv);
        self.try_context = in_try;
        let result = self.method(f, &places, value, name, &generic, values, want, span);
        self.try_context = false;
        result
    }

    fn method_hints(&mut self, ty: &Ty, name: &Name, generic: &[Ty]) -> Vec<Ty> {
        let Some(found) = self.find_method(ty, name) else { return Vec::new() };
        let info = self.item(found.item);
        let ItemKind::Fn(function) = &info.kind else { return Vec::new() };
        let mut env = found.env.as_ref().clone();
        for (param, arg) in function.generics.params.iter().zip(generic) {
            env.bind(param.name.clone(), arg.clone());
        }
        let params = function.params.clone();
        params.iter().map(|(_, ty)| self.lower_ty(ty, &env)).collect()
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn method(
        &mut self,
        f: &mut Frame,
        places: &[Place],
        value: Val,
        name: &Name,
        generic: &[Ty],
        args: Vec<Val>,
        want: &Ty,
        span: Span,
    ) -> Ev {
        self.here = span;
        self.note_seen(&value, span);
        self.implied_by(name, &value, &args, want, span);
        let clones = implied::CLONES.contains(&name.as_str());
        let (value, args) = match clones && !self.has_own_clone(&value.ty) {
            true => (self.copied(&value, 0), args.iter().map(|arg| self.copied(arg, 0)).collect()),
            false => (value, args),
        };
        if name == "write_fmt" {
            // `write!` on the contract's own writer, or on text.
            for written in ["write_str", "write_all", "write"].map(Name::new_static) {
                if self.own_method(&value.ty, &written).is_some() {
                    return self.method(f, places, value, &written, generic, args, want, span);
                }
            }
            if matches!(&value.ty, Ty::Prim(prim) if prim == "str") {
                let pushed = self.method(f, places, value, &Name::new_static("push_str"), generic, args, want, span)?;
                return Ok(self.ok(pushed));
            }
        }
        if let Kind::Multi(values) = &value.kind {
            let values = values.clone();
            self.try_context = false;
            let mut ways = Vec::new();
            for each in values.iter() {
                let way = self.way(f, &mut |engine, f| {
                    let places = engine.as_places(each.clone());
                    engine.method(f, &places, each.clone(), name, generic, args.clone(), want, span)
                });
                ways.push(way);
            }
            return self.merge_ways(f, ways);
        }
        // A call through a field that holds a function is `(x.f)(..)`; a method named `call` on a closure is rare.
        let builtin_first = !matches!(value.ty, Ty::Adt(..) | Ty::Dyn(_) | Ty::Param(..))
            || matches!(value.kind, Kind::Seq(_) | Kind::Iter(_) | Kind::Cell(_));
        if builtin_first {
            if let Some(result) = self.builtin_method(f, places, &value, name, generic, &args, want, span) {
                return result;
            }
        }
        if let Some(found) = self.find_method(&value.ty, name) {
            let lent = self.lent_ways(&value.ty, None, name, found.item);
            let ways: Vec<Found> = std::iter::once(found).chain(lent).collect();
            return self.any_of(ways.len(), &mut |engine, at| {
                let recv = engine.receiver(ways[at].item, places, &value);
                let env = ways[at].env.as_ref().clone();
                engine.call_item(ways[at].item, env, generic, Some(recv), args.clone(), want, span)
            });
        }
        // Methods of traits the receiver is only known by.
        let traits = self.traits_of(&value.ty.clone(), None);
        for trait_id in traits {
            if let Some(item) = self.trait_item(trait_id, name) {
                let recv = self.receiver(item, places, &value);
                let mut all = vec![recv];
                all.extend(args);
                return self.call_trait(item, trait_id, generic, Some(value.ty.clone()), all, want, span);
            }
        }
        if !builtin_first {
            if let Some(result) = self.builtin_method(f, places, &value, name, generic, &args, want, span) {
                return result;
            }
        }
        if let Some(target) = self.deref_value(f, &value, places)? {
            let places = self.as_places(target);
            let places = self.follow(places);
            let inner = self.read(&places);
            return self.method(f, &places, inner, name, generic, args, want, span);
        }
        if matches!(value.ty, Ty::Adt(..)) && self.own_method(&value.ty, &Name::new_static("next")).is_some() {
            // An adaptor on an iterator of the contract's own making.
            let own = Val { ty: value.ty.clone(), kind: Kind::Ref(Rc::new(places.to_vec())) };
            let iter = Val { ty: Ty::seq(Ty::Unknown), kind: Kind::Iter(Rc::new(super::value::Iter::Of(own))) };
            if let Some(result) = self.builtin_method(f, places, &iter, name, generic, &args, want, span) {
                return result;
            }
        }
        self.unseen_method(f, places, &value, name, generic, args, want, span)
    }

    /// The receiver as the callee takes it.
    pub(super) fn receiver(&mut self, item: ItemId, places: &[Place], value: &Val) -> Val {
        let info = self.item(item);
        let ItemKind::Fn(function) = &info.kind else { return value.clone() };
        match function.receiver {
            Some(Receiver::RefMut) => {
                self.lend(places);
                Val { ty: value.ty.clone(), kind: Kind::Ref(Rc::new(places.to_vec())) }
            }
            // A type with interior mutability is shared through its places.
            Some(Receiver::Ref) if self.holds_interior(value, 0) => {
                Val { ty: value.ty.clone(), kind: Kind::Ref(Rc::new(places.to_vec())) }
            }
            _ => value.clone(),
        }
    }

    pub(crate) fn find_method(&mut self, ty: &Ty, name: &Name) -> Option<Found> {
        if matches!(ty, Ty::Unknown | Ty::Never) {
            return None;
        }
        self.index_impls();
        let key = (ty.clone(), name.clone());
        if let Some(known) = self.memo.methods.get(&key) {
            return known.clone();
        }
        let found = self.search_method(ty, name);
        self.memo.methods.insert(key, found.clone());
        found
    }

    /// What the contract wrote for references to the type besides: types here do not tell how often a value is borrowed.
    /// What is running already forwards to what it stands for.
    pub(super) fn lent_ways(&mut self, ty: &Ty, of_trait: Option<ItemId>, name: &Name, but: ItemId) -> Vec<Found> {
        let mut found = Vec::new();
        if !matches!(ty, Ty::Adt(..) | Ty::Prim(_)) {
            return found;
        }
        for info in self.impls_of(ty).iter() {
            let same = of_trait.is_none() || info.of_trait == of_trait;
            let Some(&item) = info.assoc.get(name).filter(|_| same && info.is_trait && info.lent) else { continue };
            let runs = item == but || self.stack.iter().any(|(running, _)| *running == item);
            let is_method = matches!(&self.item(item).kind, ItemKind::Fn(function) if function.receiver.is_some());
            let fits =
                !matches!(info.self_ty, Ty::Param(..)) || self.blanket_fits(info, ty) && self.may_forward(info, ty);
            if runs || !is_method || !fits || self.is_model(item.krate) {
                continue;
            }
            found.extend(self.impl_env(info, ty).map(|env| Found { item, env: Rc::new(env) }));
        }
        found
    }

    /// False for `impl<T: Trait> Trait for &T` where the type does not have the trait.
    fn may_forward(&mut self, info: &super::ty::ImplInfo, ty: &Ty) -> bool {
        let item = self.item(info.item);
        let (ItemKind::Impl(block), Ty::Param(name, _), Some(of)) = (&item.kind, &info.self_ty, info.of_trait) else {
            return true;
        };
        let bounds = block.generics.bounds_of(name);
        if !self.bound_traits(&bounds, info.module).contains(&of) || self.traits_of(ty, None).contains(&of) {
            return true;
        }
        let impls = self.impls_of_trait(of);
        impls.iter().any(|other| !matches!(other.self_ty, Ty::Param(..)) && unify(&other.self_ty, ty, &mut Vec::new()))
    }

    /// A method that is no row of a table.
    pub(super) fn own_method(&mut self, ty: &Ty, name: &Name) -> Option<(ItemId, TyEnv)> {
        let found = self.find_method(ty, name)?;
        if self.is_model(found.item.krate) || self.std_crate == Some(found.item.krate) {
            return None;
        }
        Some((found.item, found.env.as_ref().clone()))
    }

    fn search_method(&mut self, ty: &Ty, name: &Name) -> Option<Found> {
        let impls = self.impls_of(ty);
        for info in impls.iter() {
            let Some(&item) = info.assoc.get(name) else { continue };
            let is_method = matches!(&self.item(item).kind, ItemKind::Fn(function) if function.receiver.is_some());
            if !is_method || (matches!(info.self_ty, Ty::Param(..)) && !self.blanket_fits(info, ty)) {
                continue;
            }
            if let Some(env) = self.impl_env(info, ty) {
                return Some(Found { item, env: Rc::new(env) });
            }
        }
        for info in impls.iter() {
            let Some(trait_id) = info.of_trait else { continue };
            if matches!(info.self_ty, Ty::Param(..)) && !self.blanket_fits(info, ty) {
                continue;
            }
            if let Some(found) = self.default_method(trait_id, name, ty, Some(info)) {
                return Some(found);
            }
        }
        None
    }

    /// A blanket impl `impl<T: Bound> Trait for T` fits when the type has the bounds, as far as impls are seen.
    fn blanket_fits(&mut self, info: &super::ty::ImplInfo, ty: &Ty) -> bool {
        let item = self.item(info.item);
        let ItemKind::Impl(block) = &item.kind else { return false };
        let Ty::Param(name, _) = &info.self_ty else { return true };
        let bounds = block.generics.bounds_of(name);
        let traits = self.bound_traits(&bounds, info.module);
        let own = self.traits_of(ty, None);
        traits.iter().all(|id| {
            own.contains(id)
                || self.is_model(id.krate)
                || self
                    .impls_of_trait(*id)
                    .iter()
                    .any(|other| !matches!(other.self_ty, Ty::Param(..)) && unify(&other.self_ty, ty, &mut Vec::new()))
        })
    }

    /// A method that a trait provides itself.
    fn default_method(
        &mut self,
        trait_id: ItemId,
        name: &Name,
        ty: &Ty,
        info: Option<&super::ty::ImplInfo>,
    ) -> Option<Found> {
        let item = self.trait_item(trait_id, name)?;
        match &self.item(item).kind {
            ItemKind::Fn(function) if function.has_body && function.receiver.is_some() => {}
            _ => return None,
        }
        let env = self.trait_env(trait_id, ty, info);
        Some(Found { item, env: Rc::new(env) })
    }

    /// The meaning of names in a trait's own methods when `Self` is `ty`.
    pub(crate) fn trait_env(&mut self, trait_id: ItemId, ty: &Ty, info: Option<&super::ty::ImplInfo>) -> TyEnv {
        let mut env = TyEnv::root(self.module_of(trait_id));
        env.self_ty = Some(ty.clone());
        env.of_trait = Some(trait_id);
        let item = self.item(trait_id);
        let ItemKind::Trait(def) = &item.kind else { return env };
        let mut args: Vec<Ty> = Vec::new();
        if let Some(info) = info {
            let block = self.item(info.item);
            if let ItemKind::Impl(block) = &block.kind {
                if let Some(last) = block.of_trait.as_ref().and_then(|path| path.segments.last()) {
                    if let Some(inner) = self.impl_env(info, ty) {
                        args = last.args.iter().map(|arg| self.lower_ty(arg, &inner)).collect();
                    }
                }
            }
        }
        if let (None, Ty::Param(path, _)) = (info, ty) {
            args = self.bound_args.get(&(path.clone(), trait_id)).cloned().unwrap_or_default();
        }
        for (at, param) in def.generics.params.iter().enumerate() {
            let arg = match args.get(at) {
                Some(arg) => arg.clone(),
                None => match &param.default {
                    Some(default) => self.lower_ty(default, &env.clone()),
                    None => Ty::Unknown,
                },
            };
            env.bind(param.name.clone(), arg);
        }
        env
    }

    /// A method or function named through its trait.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn call_trait(
        &mut self,
        item: ItemId,
        trait_id: ItemId,
        generic: &[Ty],
        self_ty: Option<Ty>,
        mut args: Vec<Val>,
        want: &Ty,
        span: Span,
    ) -> Ev {
        let info = self.item(item);
        let ItemKind::Fn(function) = &info.kind else { return Ok(Val::any(want.clone())) };
        let name = info.name.clone();
        let has_recv = function.receiver.is_some();
        let mut ty = self_ty.unwrap_or(Ty::Unknown);
        if has_recv {
            if let Some(first) = args.first() {
                let settled = self.settle(first.clone());
                let told = !settled.ty.is_unknown() && !matches!(settled.ty, Ty::Dyn(_) | Ty::Param(..));
                if told || ty.is_unknown() {
                    ty = settled.ty.clone();
                }
                if let Kind::Multi(values) = &settled.kind {
                    let values = values.clone();
                    let rest: Vec<Val> = args[1..].to_vec();
                    let generic = generic.to_vec();
                    return self.any_of(values.len(), &mut |engine, at| {
                        let mut args = vec![values[at].clone()];
                        args.extend(rest.iter().cloned());
                        engine.call_trait(item, trait_id, &generic, None, args, want, span)
                    });
                }
            }
        } else if ty.is_unknown() {
            ty = self.self_from_signature(trait_id, function, &args, want);
        }
        let concrete = !matches!(ty, Ty::Unknown | Ty::Dyn(_) | Ty::Param(..) | Ty::External(_));
        if concrete {
            for info in self.impls_of(&ty).iter() {
                if info.of_trait != Some(trait_id) {
                    continue;
                }
                if matches!(info.self_ty, Ty::Param(..)) && !self.blanket_fits(info, &ty) {
                    continue;
                }
                let Some(env) = self.impl_env(info, &ty) else { continue };
                if let Some(&own) = info.assoc.get(&name) {
                    // `impl From<A> for T` and `impl From<B> for T`: the argument decides.
                    if !self.accepts(own, &env, has_recv, &args) {
                        continue;
                    }
                    let recv = if has_recv && !args.is_empty() { Some(args.remove(0)) } else { None };
                    let lent = self.lent_ways(&ty, Some(trait_id), &name, own);
                    let own = Found { item: own, env: Rc::new(env) };
                    let ways: Vec<Found> = std::iter::once(own).chain(lent).collect();
                    return self.any_of(ways.len(), &mut |engine, at| {
                        let recv = recv.clone().map(|value| engine.adapted_receiver(ways[at].item, value));
                        let env = ways[at].env.as_ref().clone();
                        engine.call_item(ways[at].item, env, generic, recv, args.clone(), want, span)
                    });
                }
                let env = self.trait_env(trait_id, &ty, Some(info));
                if function.has_body {
                    let recv = if has_recv && !args.is_empty() { Some(args.remove(0)) } else { None };
                    return self.call_item(item, env, generic, recv, args, want, span);
                }
            }
        }
        // What others may replace is theirs where nobody knows who they are.
        let replaced = self.is_outside(&ty) && info.attrs.iter().any(|attr| attr.path == "provided");
        if self.is_model(trait_id.krate) && function.has_body && !replaced {
            // A row speaks for every implementation.
            let env = self.trait_env(trait_id, &ty, None);
            let recv = if has_recv && !args.is_empty() { Some(args.remove(0)) } else { None };
            return self.call_item(item, env, generic, recv, args, want, span);
        }
        if concrete || self.std_crate == Some(trait_id.krate) {
            return self.native_static(None, &ty, &name, args, want, span);
        }
        self.open_trait(item, trait_id, generic, &ty, args, want, span)
    }

    fn adapted_receiver(&mut self, item: ItemId, value: Val) -> Val {
        let info = self.item(item);
        match &info.kind {
            ItemKind::Fn(function) if function.receiver == Some(Receiver::RefMut) => {
                if matches!(value.kind, Kind::Ref(_)) {
                    return value;
                }
                let ty = value.ty.clone();
                let places = self.as_places(value);
                Val { ty, kind: Kind::Ref(Rc::new(places)) }
            }
            _ => value,
        }
    }

    /// True unless the declared parameters exclude the arguments.
    fn accepts(&mut self, item: ItemId, env: &TyEnv, has_recv: bool, args: &[Val]) -> bool {
        let info = self.item(item);
        let ItemKind::Fn(function) = &info.kind else { return false };
        let mut env = env.clone();
        for param in &function.generics.params {
            env.generics.retain(|(name, _)| *name != param.name);
            env.generics.push((param.name.clone(), Ty::Param(param.name.clone(), Rc::from([]))));
        }
        let skip = usize::from(has_recv);
        let params = function.params.clone();
        params.iter().zip(args.iter().skip(skip)).all(|((_, ty), arg)| {
            let ty = self.lower_ty(ty, &env);
            unify(&ty, &arg.ty, &mut Vec::new())
        })
    }

    /// `Default::default()`, `From::from(x)`: the self type from the expected result.
    fn self_from_signature(
        &mut self,
        trait_id: ItemId,
        function: &crate::ir::hir::Function,
        args: &[Val],
        want: &Ty,
    ) -> Ty {
        let _ = (trait_id, args);
        match &function.ret {
            TypeRef::Path(path) if path.segments.len() == 1 && path.segments[0].name == "Self" => want.clone(),
            TypeRef::Path(path)
                if path.segments.last().is_some_and(|last| last.name == "Result" || last.name == "Option") =>
            {
                want.arg(0)
            }
            _ => Ty::Unknown,
        }
    }

    /// A trait method whose implementation is not known: every implementation that is there, and an unknown when
    /// there may be others (MODEL §4).
    #[allow(clippy::too_many_arguments)]
    fn open_trait(
        &mut self,
        item: ItemId,
        trait_id: ItemId,
        generic: &[Ty],
        ty: &Ty,
        args: Vec<Val>,
        want: &Ty,
        span: Span,
    ) -> Ev {
        let name = self.item(item).name.clone();
        let trait_name = self.item(trait_id).name.clone();
        if self.is_outside(ty) {
            let mut want = want.clone();
            if want.is_unknown() {
                if let ItemKind::Fn(function) = &self.item(item).kind {
                    let env = self.trait_env(trait_id, ty, None);
                    want = self.lower_ty(&function.ret, &env);
                }
            }
            let want = &want;
            let value = self.call_outside(ty, &name, &args, want, span)?;
            if self.priced.is_some_and(|priced| priced(&self.target_name(ty))) {
                return Ok(value);
            }
            let supplied = self.supplied_here(item, trait_id, ty);
            if supplied.is_empty() {
                return Ok(value);
            }
            let has_recv = matches!(&self.item(item).kind, ItemKind::Fn(function) if function.receiver.is_some());
            return self.any_of(supplied.len() + 1, &mut |engine, at| match supplied.get(at) {
                Some((id, env)) => {
                    let mut args = args.clone();
                    let recv = if has_recv && !args.is_empty() { Some(args.remove(0)) } else { None };
                    engine.call_item(*id, env.clone(), generic, recv, args, want, span)
                }
                None => Ok(value.clone()),
            });
        }
        let mut cap = false;
        for arg in &args {
            cap |= self.carries_cap(arg, 0);
        }
        // A function of a type is not among the methods.
        let of_type = matches!(&self.item(item).kind, ItemKind::Fn(function) if function.receiver.is_none())
            && !self.is_pure(trait_id.krate);
        let ambient = self.ambient && (of_type || self.may_touch_state(&name));
        if !cap && !ambient {
            return self.unseen_call(UnknownReason::OpenTrait, &name, &args, want, span);
        }
        let impls: Vec<_> = self
            .impls_of_trait(trait_id)
            .into_iter()
            .filter(|info| {
                !matches!(info.self_ty, Ty::Param(..)) && unify(&info.self_ty, ty, &mut Vec::new())
                    || matches!(ty, Ty::Dyn(_) | Ty::Param(..) | Ty::Unknown)
            })
            .collect();
        let closed = !self.item(trait_id).public && self.world.packages()[trait_id.krate.0 as usize].analysed;
        let has_recv = matches!(&self.item(item).kind, ItemKind::Fn(function) if function.receiver.is_some());
        if !closed {
            self.unknown(UnknownReason::OpenTrait, format!("{trait_name}::{name}"), span);
        }
        let generic = generic.to_vec();
        let mut candidates: Vec<(ItemId, TyEnv)> = Vec::new();
        for info in impls {
            let self_ty = info.self_ty.clone();
            let Some(env) = self.impl_env(&info, &self_ty) else { continue };
            match info.assoc.get(&name) {
                Some(&own) => candidates.push((own, env)),
                None => {
                    let env = self.trait_env(trait_id, &self_ty, Some(&info));
                    candidates.push((item, env));
                }
            }
        }
        candidates.retain(|(id, _)| matches!(&self.item(*id).kind, ItemKind::Fn(function) if function.has_body));
        if candidates.is_empty() {
            return self.unseen_call(UnknownReason::OpenTrait, &format!("{trait_name}::{name}"), &args, want, span);
        }
        self.any_of(candidates.len(), &mut |engine, at| {
            let (id, env) = candidates[at].clone();
            let mut args = args.clone();
            let recv = if has_recv && !args.is_empty() { Some(args.remove(0)) } else { None };
            engine.call_item(id, env, &generic, recv, args, want, span)
        })
    }

    /// `x[i]` through an `Index` impl of a user type.
    pub(super) fn index_through_impl(
        &mut self,
        f: &mut Frame,
        places: &[Place],
        base: &Val,
        index: &Val,
    ) -> Result<Option<Vec<Place>>, Div> {
        let _ = f;
        if !matches!(base.ty, Ty::Adt(..)) {
            return Ok(None);
        }
        for name in ["index_mut", "index"] {
            let name = Name::new_static(name);
            if let Some(found) = self.find_method(&base.ty, &name) {
                let recv = self.receiver(found.item, places, base);
                let value = self.call_item(
                    found.item,
                    found.env.as_ref().clone(),
                    &[],
                    Some(recv),
                    vec![index.clone()],
                    &Ty::Unknown,
                    Span::NONE,
                )?;
                return Ok(Some(self.as_places(value)));
            }
        }
        Ok(None)
    }

    /// A method nobody knows on a value whose type is not known or whose code is not there.
    #[allow(clippy::too_many_arguments)]
    fn unseen_method(
        &mut self,
        f: &mut Frame,
        places: &[Place],
        value: &Val,
        name: &Name,
        generic: &[Ty],
        args: Vec<Val>,
        want: &Ty,
        span: Span,
    ) -> Ev {
        if self.is_stand_in(value) && name != "clone" {
            return self.remote_method(value, name, &args, want, span);
        }
        if let Some(result) = self.generic_method(f, places, value, name, generic, &args, want, span) {
            return result;
        }
        if self.is_outside(&value.ty) && !self.is_plain_outside(&value.ty) {
            let reference = Val { ty: value.ty.clone(), kind: Kind::Ref(Rc::new(places.to_vec())) };
            let mut all = vec![reference];
            all.extend(args);
            return self.call_outside(&value.ty, name, &all, want, span);
        }
        let pure = match &value.ty {
            Ty::Adt(id, _) => self.is_pure(id.krate),
            Ty::External(path) => path.first().is_some_and(|first| self.is_pure_name(first)),
            ty => self.is_plain_outside(ty),
        };
        if pure {
            let reference = Val { ty: value.ty.clone(), kind: Kind::Ref(Rc::new(places.to_vec())) };
            let mut all = vec![reference];
            all.extend(args);
            return self.unseen_value(&all, want, span);
        }
        let what = match &value.ty {
            Ty::Adt(id, _) => format!("{}::{name}", self.item(*id).name),
            Ty::External(path) => {
                format!("{}::{name}", path.iter().map(Name::as_str).collect::<Vec<_>>().join("::"))
            }
            _ => name.to_string(),
        };
        let reference = Val { ty: value.ty.clone(), kind: Kind::Ref(Rc::new(places.to_vec())) };
        let mut all = vec![reference];
        all.extend(args);
        if self.ambient && value.ty.is_unknown() {
            if let Some(result) = self.any_method_named(name, value, places, &all[1..], want, span) {
                return result;
            }
            // It may be a container of the framework.
            if !self.in_row() && self.is_row_of_state(name) {
                for arg in &all {
                    self.observe_value(arg);
                }
                self.unknown(UnknownReason::UnresolvedCall, what.clone(), span);
            }
        }
        // A value type that cannot be a state handle keeps what is known about it: `&self` methods of plain data.
        let plain = !self.carries_cap(value, 0) && matches!(value.ty, Ty::Prim(_));
        if plain {
            all[0] = value.clone();
        }
        self.unseen_call(UnknownReason::UnresolvedCall, &what, &all, want, span)
    }

    /// True when code of that name could touch state although nothing is passed to it (ambient frameworks).
    pub(super) fn may_touch_state(&mut self, name: &str) -> bool {
        self.index_impls();
        let last = name.rsplit("::").next().unwrap_or(name);
        match self.impls.methods.get(last) {
            Some(list) => list.iter().any(|id| !self.is_model(id.krate)),
            None => name.contains("::"),
        }
    }

    /// An attribute macro on a function that no table knows.
    pub(super) fn unknown_attribute(&mut self, id: ItemId) -> Option<String> {
        let item = self.item(id);
        if item.attrs.is_empty() || self.is_model(id.krate) {
            return None;
        }
        for attr in &item.attrs {
            let last = attr.name();
            if self.harmless_attributes.contains(last) || self.harmless_attributes.contains(attr.path.as_str()) {
                continue;
            }
            if self.world.rewrites_attribute(ModId { krate: id.krate, idx: item.module }, &attr.path) {
                continue;
            }
            return Some(format!("#[{}]", attr.path));
        }
        None
    }

    /// `Type::name(args)` of a built-in or foreign type, or a trait function nobody implements here.
    pub(super) fn native_static(
        &mut self,
        mut f: Option<&mut Frame>,
        ty: &Ty,
        name: &Name,
        args: Vec<Val>,
        want: &Ty,
        span: Span,
    ) -> Ev {
        if let Some(value) = self.made_handle(ty, name, &args) {
            return Ok(value);
        }
        if let ("from_iter", Ty::Seq(_) | Ty::Set(_) | Ty::Dict(..), [source], Some(f)) =
            (name.as_str(), ty, &args[..], f.as_mut())
        {
            return self.collect(f, source, ty);
        }
        if let Some((first, rest)) = args.split_first() {
            self.implied_by(name, first, rest, want, span);
        }
        if ty.is_unknown() {
            self.implied_statically(name, span);
        }
        if let ("default", Ty::Seq(_) | Ty::Set(_)) = (name.as_str(), if ty.is_unknown() { want } else { ty }) {
            // An array's default is that of its elements.
            self.implied_of(want, "Default", span);
        }
        if let Some(result) = self.native_function(ty, name, &args, want) {
            return result;
        }
        // `u64::pow(x, 2)`, `Vec::len(&v)`: a method with its receiver written out.
        if let Some(first) = args.first() {
            let places = self.as_places(first.clone());
            let places = self.follow(places);
            let value = self.read(&places).retyped_if_unknown(ty);
            let rest = args[1..].to_vec();
            if let Some(f) = f {
                if let Some(result) = self.builtin_method(f, &places, &value, name, &[], &rest, want, span) {
                    return result;
                }
                if let Some(result) = self.generic_method(f, &places, &value, name, &[], &rest, want, span) {
                    return result;
                }
            } else if let Some(value) = native::identity_method(name).then(|| value.clone()) {
                return Ok(value);
            } else if name == "into" && rest.is_empty() {
                return self.convert(&value, want, span);
            }
        }
        if self.is_outside(ty) {
            return self.call_outside(ty, name, &args, want, span);
        }
        let pure = match ty {
            Ty::Adt(id, _) => self.is_pure(id.krate),
            Ty::External(path) => path.first().is_some_and(|first| self.is_pure_name(first)),
            _ => false,
        };
        if pure {
            return self.unseen_value(&args, want, span);
        }
        let what = match ty {
            Ty::Adt(id, _) => format!("{}::{name}", self.item(*id).name),
            Ty::External(path) => format!("{}::{name}", path.iter().map(Name::as_str).collect::<Vec<_>>().join("::")),
            Ty::Unknown if !implied::of_traits(name) => {
                let name = format!("?::{name}");
                return self.unseen_function(UnknownReason::UnresolvedCall, &name, &args, want, span);
            }
            _ => name.to_string(),
        };
        self.unseen_call(UnknownReason::UnresolvedCall, &what, &args, want, span)
    }
}
