//! Paths as values: functions, constructors, constants and associated items; constants that hold storage places name
//! them.

use super::native;
use super::value::{Alt, CellVal, FuncVal, Kind, Place, StructVal, Sym, Val};
use super::{Engine, Ev, Frame, ty::Ty, ty::TyEnv};
use crate::ir::Span;
use crate::ir::hir::{Body, ItemId, ItemKind, ModId, Name, Path, TypeRef};
use crate::source::{Ns, Resolved};
use std::rc::Rc;
use std::sync::Arc;

impl Engine<'_> {
    /// What a path in a body means when it names code: for passes that follow values of their own through a program.
    pub(crate) fn named_code(
        &mut self,
        body: &Arc<Body>,
        env: &Rc<TyEnv>,
        path: &Path,
        span: Span,
    ) -> Option<Rc<FuncVal>> {
        let frame = Frame::new(body.clone(), env.clone(), Rc::from(""), Ty::Unknown, &self.store);
        match self.path_value(&frame, path, &Ty::Unknown, span).ok()?.kind {
            Kind::Func(func) => Some(func),
            _ => None,
        }
    }

    /// The type and variant a path in a body names.
    pub(crate) fn named_type(&mut self, body: &Arc<Body>, env: &Rc<TyEnv>, path: &Path) -> (Ty, Option<u32>) {
        let frame = Frame::new(body.clone(), env.clone(), Rc::from(""), Ty::Unknown, &self.store);
        self.constructed(&frame, path, &Ty::Unknown)
    }

    /// What a path means as a value.
    pub(super) fn path_value(&mut self, f: &Frame, path: &Path, want: &Ty, span: Span) -> Ev {
        let env = f.env.clone();
        let Some(last) = path.segments.last() else { return Ok(Val::any(want.clone())) };
        let turbofish: Vec<Ty> = last.args.clone().iter().map(|arg| self.lower_ty(arg, &env)).collect();
        let first = &path.segments[0];
        if let (1, Some(Ty::Text(text))) = (path.segments.len(), env.get(&first.name)) {
            return Ok(Val::text(text));
        }
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
            if let (Some((_, trait_len @ 1..)), None, true) =
                (&path.qself, of_trait, matches!(ty, Ty::Adt(..)) && path.segments.len() > 1)
            {
                // A trait that is not there: its impl is told by the name.
                let wanted = path.segments.get(trait_len - 1).map(|segment| segment.name.clone());
                if let Some(value) = self.assoc_of_named(&ty, wanted.as_ref(), &last.name, &turbofish) {
                    return Ok(value);
                }
            }
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
                // An alias of a type that is generated elsewhere: what it is called tells what it stands for.
                if ty.is_unknown() || matches!(ty, Ty::External(_)) {
                    let names: Vec<Name> = path.segments.iter().map(|segment| segment.name.clone()).collect();
                    if self.stand_ins.is_some_and(|known| known(&names).is_some()) {
                        return Ok(Val::func(FuncVal::External(names)));
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
                Ok(Val::func(FuncVal::External(names)))
            }
            Resolved::Mod(_) | Resolved::Unresolved => {
                let names: Vec<Name> = path.segments.iter().map(|segment| segment.name.clone()).collect();
                if let Some(value) = self.wrapper_named(&names) {
                    return Ok(value);
                }
                // The constructor of a struct that is there under another name.
                if let Resolved::Item(id) = self.world.resolve(env.module, path, Ns::Type) {
                    let alias = matches!(self.item(id).kind, ItemKind::TypeAlias(_));
                    if alias && matches!(self.item_ty_with(id, Vec::new(), 0), Ty::Adt(..)) {
                        return self.item_value(id, turbofish, want);
                    }
                }
                if path.segments.len() > 1 {
                    // `Alias::f` where the alias is only a type.
                    let mut base = path.clone();
                    base.segments.pop();
                    let ty = self.path_ty(&base, &env, 0);
                    if !ty.is_unknown() && !matches!(ty, Ty::External(_)) {
                        return self.assoc_value(&ty, None, &last.name, turbofish, want, span);
                    }
                }
                Ok(Val::func(FuncVal::External(names)))
            }
        }
    }

    /// `Ok`, `Err` and `Some` where nothing says what names mean.
    fn wrapper_named(&mut self, names: &[Name]) -> Option<Val> {
        let [name] = names else { return None };
        let (id, variant) = match name.as_str() {
            "Ok" => (self.known.result?, self.known.ok),
            "Err" => (self.known.result?, self.known.err),
            "Some" => (self.known.option?, self.known.some),
            _ => return None,
        };
        let ty = self.item_ty_with(id, Vec::new(), 0);
        Some(self.unit_or_ctor(id, Some(variant), ty))
    }

    /// `<T as Trait>::x`, `Self::x`, `T::x`: the type before the last segment, and the trait.
    pub(super) fn qualified_base(&mut self, path: &Path, env: &TyEnv) -> (Ty, Option<ItemId>) {
        let mut base = path.clone();
        base.segments.pop();
        if let Some((qself, trait_len)) = &path.qself {
            let ty = self.lower_ty(qself, env);
            let mut of_trait = None;
            if *trait_len > 0 {
                let mut trait_path = path.clone_without_qself();
                trait_path.segments.truncate(*trait_len);
                if let Resolved::Item(id) = self.world.resolve(env.module, &trait_path, Ns::Type) {
                    // A table may have the trait's functions on the type itself.
                    of_trait = matches!(self.item(id).kind, ItemKind::Trait(_)).then_some(id);
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

    pub(super) fn item_value(&mut self, id: ItemId, turbofish: Vec<Ty>, want: &Ty) -> Ev {
        let item = self.item(id);
        Ok(match &item.kind {
            ItemKind::Fn(_) => Val::func(FuncVal::Item { item: id, args: turbofish, self_ty: None, env: None }),
            ItemKind::Const(constant) if constant.is_static => self.static_value(id, constant.is_mut),
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

    pub(super) fn unit_or_ctor(&mut self, id: ItemId, variant: Option<u32>, ty: Ty) -> Val {
        let item = self.item(id);
        let fields = match (&item.kind, variant) {
            (ItemKind::Struct(item), _) => Some(&item.fields),
            (ItemKind::Enum(item), Some(at)) => item.variants.get(at as usize).map(|variant| &variant.fields),
            _ => None,
        };
        match fields {
            Some(fields) if fields.tuple => Val::func(FuncVal::Ctor { variant, ty }),
            _ => match variant {
                Some(variant) => Val { ty, kind: Kind::Enum(Rc::new(vec![Alt { variant, fields: Vec::new() }])) },
                None => Val { ty, kind: Kind::Struct(Rc::new(StructVal { fields: Vec::new(), base: None })) },
            },
        }
    }

    /// A function of the impl of a trait of this name.
    fn assoc_of_named(&mut self, ty: &Ty, of: Option<&Name>, name: &Name, turbofish: &[Ty]) -> Option<Val> {
        for info in self.impls_of(ty).iter() {
            if !info.is_trait || info.trait_name.as_ref() != of {
                continue;
            }
            let Some(&id) = info.assoc.get(name) else { continue };
            let Some(env) = self.impl_env(info, ty) else { continue };
            if matches!(self.item(id).kind, ItemKind::Fn(_)) {
                return Some(Val::func(FuncVal::Item {
                    item: id,
                    args: turbofish.to_vec(),
                    self_ty: Some(ty.clone()),
                    env: Some(Rc::new(env)),
                }));
            }
        }
        None
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
                    let lent = self.lent_ways(ty, info.of_trait, name, id);
                    let ways =
                        std::iter::once((id, Rc::new(env))).chain(lent.into_iter().map(|way| (way.item, way.env)));
                    let func = |(item, env)| {
                        let self_ty = Some(ty.clone());
                        Val::func(FuncVal::Item { item, args: turbofish.clone(), self_ty, env: Some(env) })
                    };
                    let mut ways: Vec<Val> = ways.map(func).collect();
                    return Ok(match ways.len() {
                        1 => ways.remove(0),
                        _ => Val { ty: Ty::Unknown, kind: Kind::Multi(Rc::new(ways)) },
                    });
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
        if let (Ty::Adt(id, _), Some(known)) = (ty, self.stand_ins.filter(|_| self.handle_for(ty).is_none())) {
            let names = [self.item(*id).name.clone(), name.clone()];
            if known(&names).is_some() {
                return Ok(Val::func(FuncVal::External(names.to_vec())));
            }
        }
        Ok(Val::func(FuncVal::NativeMethod { ty: ty.clone(), name: name.clone() }))
    }

    /// Associated functions found by the item a path names, for types that are transparent here.
    pub(super) fn item_assoc(&mut self, id: ItemId, ty: &Ty, name: &Name, turbofish: &[Ty]) -> Option<Val> {
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

    pub(super) fn trait_member(&mut self, trait_id: ItemId, name: &Name, args: Vec<Ty>, self_ty: Option<Ty>) -> Val {
        match self.trait_item(trait_id, name) {
            Some(item) => Val::func(FuncVal::TraitMethod { item, trait_id, args, self_ty }),
            None => {
                let ty = self_ty.unwrap_or(Ty::Unknown);
                Val::func(FuncVal::NativeMethod { ty, name: name.clone() })
            }
        }
    }

    /// The value of a static; the place of one that changes, which is a variable of the whole call. What
    /// earlier calls left there is not known.
    fn static_value(&mut self, id: ItemId, is_mut: bool) -> Val {
        let slot = match self.statics.get(&id) {
            Some(&slot) => slot,
            None => {
                let value = self.const_value(id, None);
                if !is_mut && !self.holds_interior(&value, 0) {
                    return value;
                }
                let cap = self.carries_cap(&value, 0);
                let slot = self.store.alloc(Val::sym(value.ty, Sym { cap, ..Sym::default() }));
                self.statics.insert(id, slot);
                slot
            }
        };
        let ty = self.store.get(slot).ty.clone();
        Val { ty, kind: Kind::Ref(Rc::new(vec![Place { slot, path: Vec::new() }])) }
    }

    /// True for the place of a static, as opposed to what lies in it.
    pub(super) fn is_static(&self, value: &Val) -> bool {
        let Kind::Ref(places) = &value.kind else { return false };
        let found = |place: &Place| place.path.is_empty() && self.statics.values().any(|slot| *slot == place.slot);
        !self.statics.is_empty() && places.iter().all(found)
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
        // Where state is memory, the place in it is the name.
        if self.has_root() {
            return;
        }
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
    pub(super) fn place_cells(&mut self, value: &mut Val, span: Span) {
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
