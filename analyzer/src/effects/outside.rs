//! What a contract leaves open. Where a contract is generic over its environment, its type parameters stand for code
//! that whoever deploys it supplies: what hangs on such a parameter is named by its path (`T::Currency`), and a call
//! through it leaves the contract. It is a call out to that name, never nothing and never a guess; implementations of
//! the contract's own traits that stand beside it may be what is supplied, so they run besides.

use super::record::Guard;
use super::ty::{ImplInfo, Ty, TyEnv, unify};
use super::value::{Kind, Place, Sym, Val};
use super::{Engine, Ev};
use crate::ir::hir::{Expr, ItemId, ItemKind, ModId, Name, Path, Receiver, TypeRef};
use crate::ir::{CellId, Span, Type};
use crate::source::{Ns, Resolved};
use std::rc::Rc;

/// What rows use to touch state.
const TOUCHING: &[&str] = &[
    "read",
    "probe",
    "write",
    "delete",
    "append",
    "scan",
    "scan_keys",
    "value",
    "touch",
    "latent",
    "guard",
    "nested",
    "root",
    "save_root",
    "balance",
    "external",
    "send",
    "callback",
    "unknown",
];

/// Methods of one name that are tried on a value whose type is not known.
const MAX_CANDIDATES: usize = 8;

impl Engine<'_> {
    /// True for a type that whoever deploys the contract decides.
    pub(super) fn is_outside(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Param(name, _) => name.contains("::") || self.outside.iter().any(|open| open == name),
            _ => false,
        }
    }

    /// Inside an impl, a parameter of the contract's environment has at least the bounds that the impl asks for.
    pub(super) fn bound_outside(&mut self, info: &ImplInfo, env: &mut TyEnv) {
        if self.outside.is_empty() {
            return;
        }
        let block = self.item(info.item);
        let ItemKind::Impl(block) = &block.kind else { return };
        for param in &block.generics.params {
            let Some(Ty::Param(name, traits)) = env.get(&param.name).cloned() else { continue };
            if !traits.is_empty() || !self.outside.contains(&name) {
                continue;
            }
            let bounds = block.generics.bounds_of(&param.name);
            let traits = self.bound_traits(&bounds, info.module);
            let ty = Ty::Param(name, traits.into());
            if let Some((_, old)) = env.generics.iter_mut().find(|(generic, _)| *generic == param.name) {
                *old = ty;
            }
        }
    }

    /// Remembers what the bounds of a type nobody knows say: arguments of traits, and whether all of them are about
    /// plain values.
    pub(super) fn note_bounds(&mut self, ty: &Ty, bounds: &[TypeRef], env: &TyEnv) {
        let Ty::Param(name, _) = ty else { return };
        // Bounds may name the type itself.
        if !name.contains("::") || !self.noted_bounds.insert(name.clone()) {
            return;
        }
        let mut plain = !bounds.is_empty();
        let paths: Vec<Path> = bounds
            .iter()
            .filter_map(|bound| match bound {
                TypeRef::Path(path) => Some(path.as_ref().clone()),
                _ => None,
            })
            .collect();
        for path in paths {
            let resolved = self.world.resolve(env.module, &path, Ns::Type);
            let krate = match &resolved {
                Resolved::Item(id) => Some(id.krate),
                Resolved::External(names) => names.first().and_then(|first| self.world.model_named(first)),
                _ => None,
            };
            plain &= krate.and_then(|id| self.world.model(id)).is_some_and(|model| model.pure && !model.ambient);
            let (Resolved::Item(id), Some(last)) = (resolved, path.segments.last()) else { continue };
            let args: Vec<Ty> = last.args.iter().map(|arg| self.lower_ty(arg, env)).collect();
            if !args.is_empty() {
                self.bound_args.insert((name.clone(), id), args);
            }
        }
        if plain {
            self.plain_outside.insert(name.clone());
        }
    }

    /// True for a type of the environment that is a plain value by all its bounds.
    pub(super) fn is_plain_outside(&self, ty: &Ty) -> bool {
        matches!(ty, Ty::Param(name, _) if self.plain_outside.contains(name))
    }

    /// The type `name` of a type nobody knows. Bounds that a table calls a number make it one.
    pub(super) fn outside_ty(&mut self, of: &Ty, name: &Name, bounds: Vec<ItemId>) -> Ty {
        let name = match of {
            Ty::Param(outer, _) if self.is_outside(of) => Name::from(format!("{outer}::{name}")),
            _ => name.clone(),
        };
        let ty = Ty::Param(name, bounds.into());
        if self.outside.is_empty() {
            return ty;
        }
        for bound in self.traits_of(&ty, None) {
            let row = (bound.krate, self.item(bound).name.to_string());
            match self.type_rows.get(&row) {
                Some(Type::Uint(bits)) => return Ty::Prim(Name::from(format!("u{bits}"))),
                Some(Type::Int(bits)) => return Ty::Prim(Name::from(format!("i{bits}"))),
                _ => {}
            }
        }
        ty
    }

    /// How a type is called in messages and as the target of calls.
    pub(super) fn target_name(&self, ty: &Ty) -> String {
        match ty {
            Ty::Param(name, _) => name.to_string(),
            Ty::Adt(id, _) => self.item(*id).name.to_string(),
            Ty::External(path) => path.iter().map(Name::as_str).collect::<Vec<_>>().join("::"),
            Ty::Prim(name) => name.to_string(),
            _ => "?".to_owned(),
        }
    }

    /// A call of a function of such a type.
    pub(super) fn call_outside(&mut self, ty: &Ty, name: &str, args: &[Val], want: &Ty, span: Span) -> Ev {
        let target = self.target_name(ty);
        if self.priced.is_some_and(|priced| priced(&target)) {
            return self.unseen_value(args, want, span);
        }
        self.call_foreign(&target, name, args, want, span)
    }

    /// A call of code that is not the contract's, by the name of what it belongs to.
    pub(super) fn call_foreign(&mut self, target: &str, name: &str, args: &[Val], want: &Ty, span: Span) -> Ev {
        let mut sym = Sym::default();
        for arg in args {
            let loads = self.loads_of(arg);
            self.rec.observe(&loads);
            sym.loads = super::value::union(&sym.loads, &loads);
        }
        let out = [Val::text(target), Val::text("call"), Val::text(name), Val::bool(false)];
        self.host_external(&out, self.user_span(span));
        for arg in args {
            self.run_escaping_closures(arg, span);
            self.havoc(arg, 0);
        }
        self.call_back();
        Ok(Val::sym(want.clone(), sym))
    }

    /// While foreign code runs, what the contract wants to be told of may happen: its listeners run, once for all calls
    /// out of an entry point, since nothing is known of their arguments or number.
    fn call_back(&mut self) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        for (item, env) in self.listeners.clone() {
            let info = self.item(item);
            let ItemKind::Fn(function) = &info.kind else { continue };
            let params = function.params.clone();
            let args = params.iter().map(|(_, ty)| Val::any(self.lower_ty(ty, &env))).collect();
            let span = info.name_span;
            self.some_time(|engine| {
                // However it ends, the call out goes on.
                let _ = engine.call_item(item, env, &[], None, args, &Ty::Unknown, span);
            });
        }
    }

    /// Sets what is known of a contract's environment: its parameters, and types of its own that may be supplied.
    pub(crate) fn surround(&mut self, outside: Vec<Name>, beside: Vec<Ty>) {
        self.outside = outside;
        self.beside = beside;
        self.listeners.clear();
        self.bound_args.clear();
        self.noted_bounds.clear();
        self.plain_outside.clear();
    }

    /// `T::Name`, where `T` stands for a type at hand. Which trait is meant says the parameter's bound; of several that have
    /// such a name it is one of the module's crate, or one above it, and the nearest of those.
    pub(super) fn assoc_of_param(&mut self, ty: &Ty, name: &Name, module: ModId, depth: usize) -> Ty {
        if !matches!(ty, Ty::Adt(..)) {
            return self.assoc_ty(ty, None, name, depth);
        }
        let impls = self.impls_of(ty);
        let mut having: Vec<ItemId> =
            impls.iter().filter(|info| info.assoc.contains_key(name)).filter_map(|info| info.of_trait).collect();
        having.sort();
        having.dedup();
        if having.len() < 2 {
            return self.assoc_ty(ty, having.first().copied(), name, depth);
        }
        let near: Vec<ItemId> =
            impls.iter().filter_map(|info| info.of_trait).filter(|id| id.krate == module.krate).collect();
        let mut meant: Vec<ItemId> = having.iter().copied().filter(|id| near.contains(id)).collect();
        if meant.is_empty() {
            let above: Vec<ItemId> = near.into_iter().flat_map(|id| self.traits_of(&Ty::Unknown, Some(id))).collect();
            meant = having.into_iter().filter(|id| above.contains(id)).collect();
        }
        if meant.len() > 1 {
            let mut around = vec![module.idx];
            while let Some(parent) =
                around.last().and_then(|idx| self.world.module(ModId { krate: module.krate, idx: *idx }).parent)
            {
                around.push(parent);
            }
            let distance = |id: &ItemId| around.iter().position(|idx| *idx == self.item(*id).module);
            let nearest = meant.iter().filter_map(&distance).min();
            meant.retain(|id| nearest.is_some() && distance(id) == nearest);
        }
        match meant.as_slice() {
            [one] => self.assoc_ty(ty, Some(*one), name, depth),
            _ => Ty::Unknown,
        }
    }

    /// Implementations of a trait of the contract's own that stand beside it.
    pub(super) fn supplied_here(&mut self, item: ItemId, trait_id: ItemId, ty: &Ty) -> Vec<(ItemId, TyEnv)> {
        let name = self.item(item).name.clone();
        let mut found = Vec::new();
        let wanted = match ty {
            Ty::Param(path, _) => self.bound_args.get(&(path.clone(), trait_id)).cloned().unwrap_or_default(),
            _ => Vec::new(),
        };
        for own in self.beside.clone() {
            for info in self.impls_of(&own).iter() {
                if info.of_trait != Some(trait_id) {
                    continue;
                }
                let env = self.trait_env(trait_id, &own, Some(info));
                let fits = env.generics.iter().zip(&wanted).all(|((_, has), wants)| unify(has, wants, &mut Vec::new()));
                let (true, Some(inner)) = (fits, self.impl_env(info, &own)) else { continue };
                match info.assoc.get(&name) {
                    Some(&function) => found.push((function, inner)),
                    None => found.push((item, env)),
                }
            }
        }
        if !self.world.packages()[trait_id.krate.0 as usize].analysed {
            return found;
        }
        for info in self.impls_of_trait(trait_id) {
            // Of a blanket impl nothing is known that the trait does not say.
            if matches!(info.self_ty, Ty::Param(..)) {
                continue;
            }
            let self_ty = info.self_ty.clone();
            let Some(env) = self.impl_env(&info, &self_ty) else { continue };
            match info.assoc.get(&name) {
                Some(&own) => found.push((own, env)),
                None => {
                    let env = self.trait_env(trait_id, &self_ty, Some(&info));
                    found.push((item, env));
                }
            }
        }
        // A default that nobody has to override.
        found.push((item, self.trait_env(trait_id, ty, None)));
        found.retain(|(id, _)| matches!(&self.item(*id).kind, ItemKind::Fn(function) if function.has_body));
        found
    }
}

impl Engine<'_> {
    /// Runs every method of this name that code of the contract declares, on a value whose type is not known. `None` when
    /// there are none or too many, or when one of them is not of a type that is there.
    pub(super) fn any_method_named(
        &mut self,
        name: &Name,
        value: &Val,
        places: &[Place],
        args: &[Val],
        want: &Ty,
        span: Span,
    ) -> Option<Ev> {
        self.index_impls();
        let all: Vec<ItemId> =
            self.impls.methods.get(name)?.iter().copied().filter(|id| !self.is_model(id.krate)).collect();
        if all.is_empty() || all.len() > MAX_CANDIDATES {
            return None;
        }
        let mut found: Vec<(ItemId, TyEnv)> = Vec::new();
        for id in all {
            let item = self.item(id);
            let ItemKind::Fn(function) = &item.kind else { return None };
            let owner = ItemId { krate: id.krate, idx: function.owner? };
            if matches!(self.item(owner).kind, ItemKind::Trait(_)) {
                if function.has_body {
                    return None;
                }
                continue;
            }
            // As many arguments as it takes.
            if function.params.len() != args.len() {
                continue;
            }
            let info = self.impls.impls.iter().find(|info| info.item == owner).cloned()?;
            let self_ty = info.self_ty.clone();
            found.push((id, self.impl_env(&info, &self_ty)?));
        }
        if found.is_empty() {
            return None;
        }
        let rest = self.unseen_value(args, want, span);
        Some(self.any_of(found.len() + 1, &mut |engine, at| match found.get(at) {
            Some((id, env)) => {
                let by_place = matches!(&engine.item(*id).kind, ItemKind::Fn(function) if function.receiver == Some(Receiver::RefMut));
                let own = env.self_ty.clone().unwrap_or(Ty::Unknown);
                let recv = match by_place {
                    true => Val { ty: own, kind: Kind::Ref(Rc::new(places.to_vec())) },
                    false => value.clone().retyped_if_unknown(&own),
                };
                engine.call_item(*id, env.clone(), &[], Some(recv), args.to_vec(), want, span)
            }
            None => rest.clone(),
        }))
    }
}

impl Engine<'_> {
    /// `host::name_of::<T>()`, `host::role(name)`, `host::assume(what)`.
    pub(super) fn host_outside(&mut self, name: &str, ty: &Ty, arg: &Val, span: Span) -> Val {
        if name == "name_of" {
            return Val::text(&self.target_name(ty));
        }
        let Some(text) = self.text_of(arg) else { return Val::unit() };
        if name == "assume" {
            self.assumes.insert(text);
        } else {
            let (cell, conditions) = (CellId(u32::MAX), self.conditions);
            let role = Some(text);
            let guard = Guard { role, untold: false, address: false, cell, field: Vec::new(), span, conditions };
            self.rec.guards.push(guard);
        }
        Val::unit()
    }

    /// True when some table of a framework has a method of that name that touches state: one that contracts can ask a value
    /// for, no function of a type and no helper that only the table's rows call.
    pub(super) fn is_row_of_state(&mut self, name: &Name) -> bool {
        self.index_impls();
        let rows: Vec<ItemId> = self.impls.methods.get(name).map_or_else(Vec::new, |list| {
            let ambient = |id: &&ItemId| self.world.model(id.krate).is_some_and(|model| model.ambient);
            list.iter().filter(ambient).copied().collect()
        });
        rows.into_iter().any(|id| {
            let item = self.item(id);
            let asked = matches!(&item.kind, ItemKind::Fn(function) if function.receiver.is_some());
            let public = item.public;
            asked && self.row_touches_state(id) && (public || !self.is_inherent(id))
        })
    }

    /// True for a function in an impl of a type's own.
    fn is_inherent(&self, id: ItemId) -> bool {
        let item = self.item(id);
        let ItemKind::Fn(function) = &item.kind else { return false };
        let owner = function.owner.map(|idx| self.item(ItemId { krate: id.krate, idx }));
        owner.is_some_and(|owner| matches!(&owner.kind, ItemKind::Impl(block) if block.of_trait.is_none()))
    }

    /// True when the text of a row says so, or of any row of its crate that it may call: one whose name a path in it ends
    /// with, or a method call in it has.
    fn row_touches_state(&mut self, id: ItemId) -> bool {
        if let Some(&known) = self.touching.get(&id) {
            return known;
        }
        let mut seen = vec![id];
        let mut at = 0;
        let mut touches = false;
        while let (Some(&row), false) = (seen.get(at), touches) {
            at += 1;
            touches = self.touching.get(&row) == Some(&true);
            let Some(body) = self.world.body(row) else { continue };
            let mut names: Vec<&Name> = Vec::new();
            for (expr, _) in &body.exprs {
                match expr {
                    Expr::Path(path) => match path.segments.as_slice() {
                        [host, .., name] if host.name == "host" => touches |= TOUCHING.contains(&name.name.as_str()),
                        [.., name] => names.push(&name.name),
                        [] => {}
                    },
                    Expr::MethodCall(_, name, ..) => names.push(name),
                    _ => {}
                }
            }
            let items = self.world.krate(id.krate);
            for (idx, item) in items.items.iter().enumerate() {
                let next = ItemId { krate: id.krate, idx: idx as u32 };
                if matches!(item.kind, ItemKind::Fn(_)) && names.contains(&&item.name) && !seen.contains(&next) {
                    seen.push(next);
                }
            }
        }
        if touches {
            self.touching.insert(id, true);
        } else {
            // Nor do those that it may call.
            self.touching.extend(seen.into_iter().map(|row| (row, false)));
        }
        touches
    }

    /// True for a crate whose table says that what has no row touches no state.
    pub(super) fn is_pure_name(&self, name: &str) -> bool {
        self.world.model_named(name).is_some_and(|id| self.is_pure(id))
    }
}
