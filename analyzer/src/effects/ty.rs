//! Static types as far as they are needed to find code: which method a call means, which impl a trait call reaches,
//! what a field is. References are stripped (a `&T` is a `T`), smart pointers of the standard library are transparent,
//! lists of every kind are [`Ty::Seq`]. What cannot be told is [`Ty::Unknown`], never a guess.

use super::Engine;
use crate::ir::hir::{CrateId, Generics, ItemId, ItemKind, Lit, ModId, Name, Path, Segment, TypeRef};
use crate::source::{ItemRef, Ns, Resolved};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// A type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ty {
    Unknown,
    Never,
    /// Numbers, `bool`, `char`, and `str` for all text.
    Prim(Name),
    /// A struct or enum with its arguments.
    Adt(ItemId, Rc<[Ty]>),
    Tuple(Rc<[Ty]>),
    Seq(Rc<Ty>),
    /// A list that keeps its own order, each element once.
    Set(Rc<Ty>),
    Dict(Rc<Ty>, Rc<Ty>),
    Func(Rc<[Ty]>, Rc<Ty>),
    /// `dyn Trait`, `impl Trait` in argument position.
    Dyn(Rc<[(ItemId, Rc<[Ty]>)]>),
    /// A generic parameter nothing is known about, with the traits that bound it.
    Param(Name, Rc<[ItemId]>),
    /// A type of code that is not there.
    External(Rc<[Name]>),
    /// `host::Cell<K, V>`.
    Cell(Rc<Ty>, Rc<Ty>),
    /// A constant text as an argument.
    Text(Name),
}

impl Ty {
    pub(crate) fn unit() -> Ty {
        Ty::Tuple(Rc::from([]))
    }
    pub(crate) fn bool() -> Ty {
        Ty::Prim(Name::new_static("bool"))
    }
    pub(crate) fn str() -> Ty {
        Ty::Prim(Name::new_static("str"))
    }
    pub(crate) fn usize() -> Ty {
        Ty::Prim(Name::new_static("usize"))
    }
    pub(crate) fn seq(elem: Ty) -> Ty {
        Ty::Seq(Rc::new(elem))
    }
    /// True for a type that is or holds one of several.
    pub(crate) fn has_dyn(&self) -> bool {
        match self {
            Ty::Dyn(_) => true,
            Ty::Adt(_, parts) | Ty::Tuple(parts) => parts.iter().any(Ty::has_dyn),
            Ty::Seq(element) | Ty::Set(element) => element.has_dyn(),
            Ty::Dict(key, value) => key.has_dyn() || value.has_dyn(),
            _ => false,
        }
    }
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, Ty::Unknown)
    }
    pub(crate) fn same_head(&self, other: &Ty) -> bool {
        match (self, other) {
            (Ty::Adt(a, _), Ty::Adt(b, _)) => a == b,
            (Ty::Prim(a), Ty::Prim(b)) => a == b,
            (Ty::Tuple(a), Ty::Tuple(b)) => a.len() == b.len(),
            (Ty::Seq(_) | Ty::Set(_), Ty::Seq(_) | Ty::Set(_)) => true,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
    /// The same type, with what is not known of it taken from another.
    pub(crate) fn filled(&self, other: &Ty) -> Ty {
        let all = |a: &[Ty], b: &[Ty]| -> Rc<[Ty]> { a.iter().zip(b).map(|(a, b)| a.filled(b)).collect() };
        match (self, other) {
            (Ty::Unknown, _) => other.clone(),
            (Ty::Seq(a), Ty::Seq(b) | Ty::Set(b)) => Ty::seq(a.filled(b)),
            (Ty::Set(a), Ty::Seq(b) | Ty::Set(b)) => Ty::Set(Rc::new(a.filled(b))),
            (Ty::Dict(a, x), Ty::Dict(b, y)) => Ty::Dict(Rc::new(a.filled(b)), Rc::new(x.filled(y))),
            (Ty::Tuple(a), Ty::Tuple(b)) if a.len() == b.len() => Ty::Tuple(all(a, b)),
            (Ty::Adt(id, a), Ty::Adt(of, b)) if id == of && a.len() == b.len() => Ty::Adt(*id, all(a, b)),
            _ => self.clone(),
        }
    }
    pub(crate) fn arg(&self, index: usize) -> Ty {
        match self {
            Ty::Adt(_, args) => args.get(index).cloned().unwrap_or(Ty::Unknown),
            Ty::Seq(elem) | Ty::Set(elem) if index == 0 => elem.as_ref().clone(),
            Ty::Dict(key, _) if index == 0 => key.as_ref().clone(),
            Ty::Dict(_, value) if index == 1 => value.as_ref().clone(),
            _ => Ty::Unknown,
        }
    }
    /// True for collections that give their elements, or the last of those under one key, in an order of their own.
    pub(crate) fn sorts(&self) -> bool {
        matches!(self, Ty::Set(_) | Ty::Dict(..))
    }
    /// The type of the elements when iterated.
    pub(crate) fn element(&self) -> Ty {
        match self {
            Ty::Seq(elem) | Ty::Set(elem) => elem.as_ref().clone(),
            Ty::Dict(key, value) => Ty::Tuple(Rc::from([key.as_ref().clone(), value.as_ref().clone()])),
            _ => Ty::Unknown,
        }
    }
    pub(crate) fn is_number(&self) -> bool {
        match self {
            Ty::Prim(name) => matches!(
                name.as_str(),
                "u8" | "u16" | "u32" | "u64" | "u128" | "usize" | "i8" | "i16" | "i32" | "i64" | "i128" | "isize"
            ),
            _ => false,
        }
    }
    pub(crate) fn is_unsigned(&self) -> bool {
        matches!(self, Ty::Prim(name) if name.starts_with('u'))
    }
}

/// What names of generics, `Self` and paths mean at some place.
#[derive(Clone, Debug)]
pub(crate) struct TyEnv {
    pub(crate) generics: Vec<(Name, Ty)>,
    pub(crate) self_ty: Option<Ty>,
    pub(crate) module: ModId,
    /// The trait whose default method is running, so that `Self::f` finds the impl's version first.
    pub(crate) of_trait: Option<ItemId>,
}

impl TyEnv {
    pub(crate) fn root(module: ModId) -> TyEnv {
        TyEnv { generics: Vec::new(), self_ty: None, module, of_trait: None }
    }
    pub(crate) fn get(&self, name: &str) -> Option<&Ty> {
        self.generics.iter().rev().find(|(generic, _)| generic == name).map(|(_, ty)| ty)
    }
    pub(crate) fn bind(&mut self, name: Name, ty: Ty) {
        match self.generics.iter_mut().find(|(generic, _)| *generic == name) {
            Some((_, old)) => {
                if old.is_unknown() || matches!(old, Ty::Param(..)) {
                    *old = ty;
                }
            }
            None => self.generics.push((name, ty)),
        }
    }
}

/// The outermost constructor of an impl's self type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Head {
    Item(ItemId),
    Prim(Name),
    Seq,
    Dict,
    Tuple,
    Func,
    Dyn(ItemId),
    External(Name),
    /// `impl<T> Trait for T`.
    Blanket,
    Other,
}

/// One impl block, indexed.
#[derive(Debug)]
pub(crate) struct ImplInfo {
    pub(crate) item: ItemId,
    pub(crate) module: ModId,
    pub(crate) of_trait: Option<ItemId>,
    /// True for `impl Trait for ..`, also when the trait is not there.
    pub(crate) is_trait: bool,
    /// It is for references to the type.
    pub(crate) lent: bool,
    /// Last segment of the trait's path as written.
    pub(crate) trait_name: Option<Name>,
    pub(crate) generics: Vec<Name>,
    pub(crate) self_ty: Ty,
    pub(crate) assoc: FxHashMap<Name, ItemId>,
}

/// Names and types of fields.
pub(crate) type FieldTypes = Rc<[(Name, Ty)]>;

/// Answers to questions that are asked again and again; valid while no crate is loaded.
#[derive(Default)]
pub(crate) struct Memo {
    pub(super) impls: FxHashMap<Ty, Rc<[Rc<ImplInfo>]>>,
    fields: FxHashMap<(Ty, Option<u32>), FieldTypes>,
    pub(crate) methods: FxHashMap<(Ty, Name), Option<super::method::Found>>,
}

pub(crate) fn generic_names(generics: &Generics) -> Vec<Name> {
    generics.params.iter().map(|param| param.name.clone()).collect()
}

impl Engine<'_> {
    pub(crate) fn item(&self, id: ItemId) -> ItemRef {
        self.world.item(id)
    }

    /// True for crates made of table rows.
    pub(crate) fn is_model(&self, id: CrateId) -> bool {
        self.world.model(id).is_some()
    }

    pub(crate) fn module_of(&self, id: ItemId) -> ModId {
        ModId { krate: id.krate, idx: self.item(id).module }
    }

    /// The type a written type means.
    pub(crate) fn lower_ty(&mut self, written: &TypeRef, env: &TyEnv) -> Ty {
        self.lower_ty_at(written, env, 0)
    }

    fn lower_ty_at(&mut self, written: &TypeRef, env: &TyEnv, depth: usize) -> Ty {
        if depth > 24 {
            return Ty::Unknown;
        }
        match written {
            TypeRef::Path(path) => self.path_ty(path, env, depth + 1),
            TypeRef::Ref(_, inner) | TypeRef::Ptr(_, inner) => self.lower_ty_at(inner, env, depth + 1),
            TypeRef::Tuple(parts) => {
                Ty::Tuple(parts.iter().map(|part| self.lower_ty_at(part, env, depth + 1)).collect())
            }
            TypeRef::Slice(elem) | TypeRef::Array(elem, _) => Ty::seq(self.lower_ty_at(elem, env, depth + 1)),
            TypeRef::Fn(params, ret) => {
                let params = params.iter().map(|param| self.lower_ty_at(param, env, depth + 1)).collect();
                Ty::Func(params, Rc::new(self.lower_ty_at(ret, env, depth + 1)))
            }
            TypeRef::Impl(bounds) | TypeRef::Dyn(bounds) => self.bounds_ty(bounds, env, depth + 1),
            TypeRef::Never => Ty::Never,
            TypeRef::Const(Lit::Str(text)) => Ty::Text(Name::from(text.as_ref())),
            // A constant argument is told from others by its text.
            TypeRef::Const(Lit::Int(value, _)) => Ty::Prim(Name::from(value.to_string())),
            TypeRef::Const(_) | TypeRef::Infer | TypeRef::Opaque => Ty::Unknown,
        }
    }

    /// `impl A + B` and `dyn A + B`.
    fn bounds_ty(&mut self, bounds: &[TypeRef], env: &TyEnv, depth: usize) -> Ty {
        let mut traits: Vec<(ItemId, Rc<[Ty]>)> = Vec::new();
        for bound in bounds {
            let TypeRef::Path(path) = bound else { continue };
            let Some(last) = path.segments.last() else { continue };
            match last.name.as_str() {
                "Fn" | "FnMut" | "FnOnce" => {
                    let params = match last.args.first() {
                        Some(TypeRef::Tuple(parts)) => {
                            parts.iter().map(|part| self.lower_ty_at(part, env, depth + 1)).collect()
                        }
                        _ => Rc::from([]),
                    };
                    let ret = match last.bindings.iter().find(|(name, _)| name == "Output") {
                        Some((_, ret)) => self.lower_ty_at(ret, env, depth + 1),
                        None => Ty::unit(),
                    };
                    return Ty::Func(params, Rc::new(ret));
                }
                "Iterator" | "IntoIterator" | "DoubleEndedIterator" | "ExactSizeIterator" => {
                    let elem = match last.bindings.iter().find(|(name, _)| name == "Item") {
                        Some((_, item)) => self.lower_ty_at(item, env, depth + 1),
                        None => Ty::Unknown,
                    };
                    return Ty::seq(elem);
                }
                // Conversions into one type: the value is that type as far as anything is known.
                "Into" | "AsRef" | "Borrow" | "AsMut" | "BorrowMut" | "ToOwned" | "Deref" => {
                    if let Some(arg) = last.args.first() {
                        let target = self.lower_ty_at(arg, env, depth + 1);
                        if last.name != "Into" && !target.is_unknown() {
                            return target;
                        }
                    }
                    continue;
                }
                _ => {}
            }
            if let Resolved::Item(id) = self.world.resolve(env.module, path, Ns::Type) {
                if let ItemKind::Trait(_) = &self.item(id).kind {
                    let args = last.args.iter().map(|arg| self.lower_ty_at(arg, env, depth + 1)).collect();
                    traits.push((id, args));
                }
            }
        }
        if traits.is_empty() { Ty::Unknown } else { Ty::Dyn(traits.into()) }
    }

    /// The traits a list of bounds names.
    pub(crate) fn bound_traits(&mut self, bounds: &[TypeRef], module: ModId) -> Vec<ItemId> {
        let mut traits = Vec::new();
        for bound in bounds {
            let TypeRef::Path(path) = bound else { continue };
            if let Resolved::Item(id) = self.world.resolve(module, path, Ns::Type) {
                if matches!(self.item(id).kind, ItemKind::Trait(_)) {
                    traits.push(id);
                }
            }
        }
        traits
    }

    pub(crate) fn path_ty(&mut self, path: &Path, env: &TyEnv, depth: usize) -> Ty {
        if depth > 24 || path.segments.is_empty() {
            return Ty::Unknown;
        }
        if let Some((qself, trait_len)) = &path.qself {
            let base = self.lower_ty_at(qself, env, depth + 1);
            let of_trait = if *trait_len > 0 {
                let mut trait_path = path.clone_without_qself();
                trait_path.segments.truncate(*trait_len);
                match self.world.resolve(env.module, &trait_path, Ns::Type) {
                    Resolved::Item(id) => Some(id),
                    _ => None,
                }
            } else {
                None
            };
            let rest: Vec<Name> = path.segments.iter().skip(*trait_len).map(|segment| segment.name.clone()).collect();
            return rest.iter().fold(base, |ty, name| self.assoc_ty(&ty, of_trait, name, depth + 1));
        }
        let first = &path.segments[0];
        if !path.global && path.dollar_crate.is_none() {
            let base = if first.name == "Self" { env.self_ty.clone() } else { env.get(&first.name).cloned() };
            if let Some(base) = base {
                let mut rest = path.segments.iter().skip(1).map(|segment| segment.name.clone());
                let base = match rest.next() {
                    Some(name) => self.assoc_of_param(&base, &name, env.module, depth + 1),
                    None => base,
                };
                return rest.fold(base, |ty, name| self.assoc_ty(&ty, None, &name, depth + 1));
            }
        }
        match self.world.resolve(env.module, path, Ns::Type) {
            Resolved::Item(id) => self.item_ty(id, path.segments.last(), env, depth),
            Resolved::Partial(id, at) => {
                let base = self.item_ty(id, path.segments.get(at.wrapping_sub(1)), env, depth);
                let rest: Vec<Name> = path.segments.iter().skip(at).map(|segment| segment.name.clone()).collect();
                rest.iter().fold(base, |ty, name| self.assoc_ty(&ty, None, name, depth + 1))
            }
            Resolved::Builtin(name, _) => self.builtin_ty(&name, path, env, depth),
            Resolved::External(names) => Ty::External(names.into()),
            // A generated handle of another contract is in no source.
            _ => match self.stand_in_ty(path) {
                Some(names) => Ty::External(names),
                None => Ty::Unknown,
            },
        }
    }

    fn stand_in_ty(&self, path: &Path) -> Option<Rc<[Name]>> {
        let known = self.stand_ins?;
        let mut names: Vec<Name> = path.segments.iter().map(|segment| segment.name.clone()).collect();
        names.push(Name::new_static("new"));
        known(&names)?;
        names.pop();
        Some(names.into())
    }

    fn builtin_ty(&mut self, name: &Name, path: &Path, env: &TyEnv, depth: usize) -> Ty {
        let args = path.segments.last().map_or(&[][..], |last| &last.args);
        match name.as_str() {
            "host::Seq" => match args.first() {
                Some(elem) => Ty::seq(self.lower_ty_at(elem, env, depth + 1)),
                None => Ty::seq(Ty::Unknown),
            },
            "host::Cell" => {
                let mut args = args.iter().map(|arg| self.lower_ty_at(arg, env, depth + 1)).collect::<Vec<_>>();
                args.resize(2, Ty::Unknown);
                Ty::Cell(Rc::new(args[0].clone()), Rc::new(args[1].clone()))
            }
            host if host.starts_with("host::") => Ty::Unknown,
            _ => Ty::Prim(name.clone()),
        }
    }

    /// The type an item names, with written arguments.
    fn item_ty(&mut self, id: ItemId, written: Option<&Segment>, env: &TyEnv, depth: usize) -> Ty {
        let Some(written) = written else { return self.item_ty_with(id, Vec::new(), depth) };
        let mut args: Vec<Ty> = written.args.iter().map(|arg| self.lower_ty_at(arg, env, depth + 1)).collect();
        if !written.bindings.is_empty() {
            // Macros let arguments of structs be given by name.
            if let ItemKind::Struct(of) = &self.item(id).kind {
                for (name, ty) in &written.bindings {
                    let Some(at) = of.generics.params.iter().position(|param| param.name == *name) else { continue };
                    let ty = self.lower_ty_at(ty, env, depth + 1);
                    while args.len() <= at {
                        let default = of.generics.params[args.len()].default.as_ref();
                        let root = TyEnv::root(self.module_of(id));
                        args.push(default.map_or(Ty::Unknown, |default| self.lower_ty_at(default, &root, depth + 1)));
                    }
                    args[at] = ty;
                }
            }
        }
        self.item_ty_with(id, args, depth)
    }

    /// The type an item names, with arguments; missing ones take their defaults.
    pub(crate) fn item_ty_with(&mut self, id: ItemId, mut args: Vec<Ty>, depth: usize) -> Ty {
        if depth > 24 {
            return Ty::Unknown;
        }
        let item = self.item(id);
        let module = ModId { krate: id.krate, idx: item.module };
        match &item.kind {
            ItemKind::Struct(_) | ItemKind::Enum(_) => {
                if let Some(std) = self.std_crate {
                    if id.krate == std {
                        if let Some(ty) = transparent(&item.name, &args) {
                            return ty;
                        }
                    }
                }
                let generics = match &item.kind {
                    ItemKind::Struct(item) => &item.generics,
                    ItemKind::Enum(item) => &item.generics,
                    _ => return Ty::Unknown,
                };
                self.fill_defaults(generics, &mut args, module, depth);
                Ty::Adt(id, args.into())
            }
            ItemKind::TypeAlias(alias) => {
                let Some(target) = &alias.ty else { return Ty::Unknown };
                self.fill_defaults(&alias.generics, &mut args, module, depth);
                let mut inner = TyEnv::root(module);
                for (param, arg) in alias.generics.params.iter().zip(args) {
                    inner.bind(param.name.clone(), arg);
                }
                self.lower_ty_at(target, &inner, depth + 1)
            }
            ItemKind::Trait(_) => Ty::Dyn(Rc::from([(id, Rc::from(args))])),
            _ => Ty::Unknown,
        }
    }

    fn fill_defaults(&mut self, generics: &Generics, args: &mut Vec<Ty>, module: ModId, depth: usize) {
        args.truncate(generics.params.len());
        let mut env = TyEnv::root(module);
        for (at, param) in generics.params.iter().enumerate() {
            if at >= args.len() {
                let ty = match &param.default {
                    Some(default) => self.lower_ty_at(default, &env, depth + 1),
                    None => Ty::Unknown,
                };
                args.push(ty);
            }
            env.bind(param.name.clone(), args[at].clone());
        }
    }

    /// `<ty as of_trait>::name`.
    pub(crate) fn assoc_ty(&mut self, ty: &Ty, of_trait: Option<ItemId>, name: &Name, depth: usize) -> Ty {
        if depth > 24 {
            return Ty::Unknown;
        }
        if let Ty::Seq(elem) | Ty::Set(elem) = ty {
            if name == "Item" {
                return elem.as_ref().clone();
            }
        }
        if let Ty::Func(_, ret) = ty {
            if name == "Output" {
                return ret.as_ref().clone();
            }
        }
        for info in self.impls_of(ty).iter() {
            if of_trait.is_some() && info.of_trait != of_trait {
                continue;
            }
            let Some(&alias) = info.assoc.get(name) else { continue };
            let item = self.item(alias);
            let ItemKind::TypeAlias(alias) = &item.kind else { continue };
            let Some(target) = &alias.ty else { continue };
            if let Some(env) = self.impl_env(info, ty) {
                return self.lower_ty_at(target, &env, depth + 1);
            }
        }
        // A default of the trait.
        for trait_id in self.traits_of(ty, of_trait) {
            if let ItemKind::Trait(item) = &self.item(trait_id).kind {
                for &idx in &item.items {
                    let id = ItemId { krate: trait_id.krate, idx };
                    let assoc = self.item(id);
                    if assoc.name != *name {
                        continue;
                    }
                    if let ItemKind::TypeAlias(alias) = &assoc.kind {
                        let mut env = TyEnv::root(self.module_of(trait_id));
                        env.self_ty = Some(ty.clone());
                        if let Some(target) = &alias.ty {
                            return self.lower_ty_at(target, &env, depth + 1);
                        }
                        let bounds = self.bound_traits(&alias.bounds, env.module);
                        let found = self.outside_ty(ty, name, bounds);
                        if let (Ty::Param(..), false) = (&found, self.outside.is_empty()) {
                            env.of_trait = Some(trait_id);
                            let written = alias.bounds.clone();
                            self.note_bounds(&found, &written, &env);
                        }
                        return found;
                    }
                }
            }
        }
        if self.is_outside(ty) { self.outside_ty(ty, name, Vec::new()) } else { Ty::Unknown }
    }

    /// The traits a type is known to have by its own form (`dyn`, bounds), supertraits included.
    pub(crate) fn traits_of(&mut self, ty: &Ty, extra: Option<ItemId>) -> Vec<ItemId> {
        let mut todo: Vec<ItemId> = extra.into_iter().collect();
        match ty {
            Ty::Dyn(traits) => todo.extend(traits.iter().map(|(id, _)| *id)),
            Ty::Param(_, traits) => todo.extend(traits.iter().copied()),
            _ => {}
        }
        let mut seen = Vec::new();
        while let Some(id) = todo.pop() {
            if seen.contains(&id) || seen.len() > 64 {
                continue;
            }
            seen.push(id);
            if let ItemKind::Trait(item) = &self.item(id).kind {
                let module = self.module_of(id);
                let supers = item.supers.clone();
                todo.extend(self.bound_traits(&supers, module));
            }
        }
        seen
    }

    pub(super) fn matches(&self, pattern: &Ty, ty: &Ty) -> bool {
        unify(pattern, ty, &mut Vec::new())
    }

    /// The meaning of names inside an impl when its self type is `ty`; `None` when it does not fit.
    pub(crate) fn impl_env(&mut self, info: &ImplInfo, ty: &Ty) -> Option<TyEnv> {
        let mut binds = Vec::new();
        if !unify(&info.self_ty, ty, &mut binds) {
            return None;
        }
        let mut env = TyEnv::root(info.module);
        env.self_ty = Some(if ty.is_unknown() { info.self_ty.clone() } else { ty.clone() });
        env.of_trait = info.of_trait;
        for name in &info.generics {
            let bound = binds.iter().find(|(generic, _)| generic == name).map(|(_, ty)| ty.clone());
            env.bind(name.clone(), bound.unwrap_or(Ty::Unknown));
        }
        self.bound_outside(info, &mut env);
        Some(env)
    }

    /// Field types of a struct, or of a variant of an enum.
    pub(crate) fn field_types(&mut self, ty: &Ty, variant: Option<u32>) -> Rc<[(Name, Ty)]> {
        if !matches!(ty, Ty::Adt(..)) {
            return Rc::from([]);
        }
        let key = (ty.clone(), variant);
        if let Some(known) = self.memo.fields.get(&key) {
            return known.clone();
        }
        let found: Rc<[(Name, Ty)]> = self.find_field_types(ty, variant).into();
        self.memo.fields.insert(key, found.clone());
        found
    }

    fn find_field_types(&mut self, ty: &Ty, variant: Option<u32>) -> Vec<(Name, Ty)> {
        let Ty::Adt(id, args) = ty else { return Vec::new() };
        let item = self.item(*id);
        let (generics, fields) = match (&item.kind, variant) {
            (ItemKind::Struct(item), _) => (&item.generics, &item.fields),
            (ItemKind::Enum(item), Some(at)) => match item.variants.get(at as usize) {
                Some(variant) => (&item.generics, &variant.fields),
                None => return Vec::new(),
            },
            _ => return Vec::new(),
        };
        let mut env = TyEnv::root(ModId { krate: id.krate, idx: item.module });
        env.self_ty = Some(ty.clone());
        for (param, arg) in generics.params.iter().zip(args.iter()) {
            env.bind(param.name.clone(), arg.clone());
        }
        fields.fields.iter().map(|field| (field.name.clone(), self.lower_ty(&field.ty, &env))).collect()
    }

    /// True when values of this type give access to state.
    pub(crate) fn ty_has_cap(&mut self, ty: &Ty) -> bool {
        if let Some(&known) = self.caps.get(ty) {
            return known;
        }
        self.caps.insert(ty.clone(), false);
        let has = match ty {
            Ty::Adt(id, args) => {
                let args = args.clone();
                let item = self.item(*id);
                let own = self.is_capability(*id)
                    || match &item.kind {
                        ItemKind::Struct(_) => {
                            self.field_types(ty, None).iter().any(|(_, field)| self.ty_has_cap(field))
                        }
                        ItemKind::Enum(def) => (0..def.variants.len() as u32)
                            .any(|at| self.field_types(ty, Some(at)).iter().any(|(_, field)| self.ty_has_cap(field))),
                        _ => false,
                    };
                own || args.iter().any(|arg| self.ty_has_cap(arg))
            }
            Ty::Tuple(parts) => parts.iter().any(|part| self.ty_has_cap(part)),
            Ty::Seq(elem) | Ty::Set(elem) => self.ty_has_cap(elem),
            Ty::Dict(key, value) => self.ty_has_cap(key) || self.ty_has_cap(value),
            Ty::Dyn(traits) => traits.iter().any(|(id, _)| self.is_capability(*id)),
            Ty::Param(_, traits) => traits.iter().any(|id| self.is_capability(*id)),
            _ => false,
        };
        self.caps.insert(ty.clone(), has);
        has
    }

    fn is_capability(&self, id: ItemId) -> bool {
        self.capability_items.contains(&id)
    }
}

/// Smart pointers are what they point to; collections are lists.
fn transparent(name: &str, args: &[Ty]) -> Option<Ty> {
    let arg = |at: usize| args.get(at).cloned().unwrap_or(Ty::Unknown);
    Some(match name {
        "Box" | "Rc" | "Arc" | "Cow" | "Pin" | "ManuallyDrop" | "Weak" => arg(0),
        "Vec" | "VecDeque" | "LinkedList" => Ty::seq(arg(0)),
        "BTreeSet" | "HashSet" | "BinaryHeap" => Ty::Set(Rc::new(arg(0))),
        "BTreeMap" | "HashMap" => Ty::Dict(Rc::new(arg(0)), Rc::new(arg(1))),
        "String" | "OsString" | "PathBuf" => Ty::str(),
        _ => return None,
    })
}

pub(crate) fn head(ty: &Ty) -> Head {
    match ty {
        Ty::Adt(id, _) => Head::Item(*id),
        Ty::Prim(name) => Head::Prim(name.clone()),
        Ty::Seq(_) | Ty::Set(_) => Head::Seq,
        Ty::Dict(..) => Head::Dict,
        Ty::Tuple(_) => Head::Tuple,
        Ty::Func(..) => Head::Func,
        Ty::Dyn(traits) => traits.first().map_or(Head::Other, |(id, _)| Head::Dyn(*id)),
        Ty::Param(..) => Head::Blanket,
        Ty::External(path) => path.last().map_or(Head::Other, |name| Head::External(name.clone())),
        Ty::Cell(..) | Ty::Text(_) | Ty::Unknown | Ty::Never => Head::Other,
    }
}

/// Matches a pattern whose [`Ty::Param`]s may be bound against a type; unknown parts match.
pub(crate) fn unify(pattern: &Ty, ty: &Ty, binds: &mut Vec<(Name, Ty)>) -> bool {
    match (pattern, ty) {
        (Ty::Param(name, _), _) => match binds.iter_mut().find(|(generic, _)| generic == name) {
            Some((_, old)) => {
                if old.is_unknown() {
                    *old = ty.clone();
                    return true;
                }
                let old = old.clone();
                ty.is_unknown() || old == *ty || unify(&old, ty, &mut Vec::new()) || unify(ty, &old, &mut Vec::new())
            }
            None => {
                binds.push((name.clone(), ty.clone()));
                true
            }
        },
        (Ty::Unknown, _) | (_, Ty::Unknown) | (_, Ty::Param(..)) => true,
        (Ty::Adt(a, xs), Ty::Adt(b, ys)) => a == b && xs.iter().zip(ys.iter()).all(|(x, y)| unify(x, y, binds)),
        (Ty::Prim(a), Ty::Prim(b)) => a == b,
        (Ty::Tuple(xs), Ty::Tuple(ys)) => {
            xs.len() == ys.len() && xs.iter().zip(ys.iter()).all(|(x, y)| unify(x, y, binds))
        }
        (Ty::Seq(x) | Ty::Set(x), Ty::Seq(y) | Ty::Set(y)) => unify(x, y, binds),
        (Ty::Dict(a, b), Ty::Dict(x, y)) => unify(a, x, binds) && unify(b, y, binds),
        (Ty::Func(xs, x), Ty::Func(ys, y)) => {
            xs.len() == ys.len() && xs.iter().zip(ys.iter()).all(|(x, y)| unify(x, y, binds)) && unify(x, y, binds)
        }
        (Ty::Cell(a, b), Ty::Cell(x, y)) => unify(a, x, binds) && unify(b, y, binds),
        (Ty::Dyn(xs), Ty::Dyn(ys)) => xs.iter().any(|(x, _)| ys.iter().any(|(y, _)| x == y)),
        (Ty::External(a), Ty::External(b)) => a.last() == b.last(),
        (Ty::Never, Ty::Never) => true,
        (Ty::Text(a), Ty::Text(b)) => a == b,
        _ => false,
    }
}

impl Path {
    /// The same path without its self type.
    pub(crate) fn clone_without_qself(&self) -> Path {
        Path { qself: None, ..self.clone() }
    }
}
