//! Building structs and variants; a `[[constructs]]` row may say that building one does something.

use super::value::{Alt, Kind, Place, StructVal, Sym, Val};
use super::{Div, Engine, Ev, Frame, ty::Ty, ty::TyEnv};
use crate::ir::Span;
use crate::ir::hir::{ItemId, ItemKind, ModId, Name, Path};
use std::rc::Rc;

impl Engine<'_> {
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
    pub(super) fn construct(&mut self, ty: Ty, variant: Option<u32>, fields: Vec<(Name, Val)>, span: Span) -> Ev {
        if let Ty::Adt(id, _) = &ty {
            let key = (*id, variant.unwrap_or(u32::MAX));
            if let Some(body) = self.constructs.get(&key).cloned() {
                self.run_construct(&body, *id, &fields, span)?;
            }
        }
        let mut value = built(ty, variant, fields);
        let union = |id: &ItemId| matches!(&self.item(*id).kind, ItemKind::Struct(of) if of.is_union);
        if matches!(&value.ty, Ty::Adt(id, _) if union(id)) {
            // Each field is all of them, in other bits.
            let cap = self.carries_cap(&value, 0);
            let loads = self.loads_of(&value);
            value = Val::sym(value.ty, Sym { loads, cap, ..Sym::default() });
        }
        self.charge_drop(&value, span);
        Ok(value)
    }

    /// What a value's own `Drop` does, charged where the value is made: it may run at any later point, so nothing it loads
    /// is of the initial state, and nothing is known about the fields it finds.
    pub(super) fn charge_drop(&mut self, value: &Val, span: Span) {
        let Ty::Adt(id, _) = &value.ty else { return };
        if self.is_model(id.krate) || self.std_crate == Some(id.krate) {
            return;
        }
        let name = Name::new_static("drop");
        let impls = self.impls_of(&value.ty);
        let found = impls.iter().find_map(|info| {
            let item = *info.assoc.get(&name)?;
            let of_trait =
                info.of_trait.is_some_and(|id| self.item(id).name == "Drop" && Some(id.krate) == self.std_crate);
            of_trait.then(|| (item, info.clone()))
        });
        let Some((item, info)) = found else { return };
        let Some(env) = self.impl_env(&info, &value.ty) else { return };
        let widened = self.widen(value);
        let places = self.as_places(widened);
        let recv = Val { ty: value.ty.clone(), kind: Kind::Ref(Rc::new(places)) };
        self.some_time(|engine| {
            // Whether it fails or not: a `drop` returns nothing.
            let _ = engine.call_item(item, env, &[], Some(recv), Vec::new(), &Ty::unit(), span);
        });
    }

    /// A field of a value that has a `Drop` has changed: what it does then counts as well.
    pub(super) fn drops_after_write(&mut self, places: &[Place], span: Span) {
        for place in places {
            for depth in 0..place.path.len() {
                let whole = Place { slot: place.slot, path: place.path[..depth].to_vec() };
                let value = self.read(&[whole]);
                self.charge_drop(&value, span);
            }
        }
    }

    /// A part of a value has changed: what building it as it now is does counts as well.
    pub(super) fn constructs_after_write(&mut self, places: &[Place], span: Span) -> Result<(), Div> {
        if self.constructs.is_empty() {
            return Ok(());
        }
        for place in places {
            for depth in 0..place.path.len() {
                let whole = Place { slot: place.slot, path: place.path[..depth].to_vec() };
                let value = self.read(&[whole]);
                self.construct_again(&value, span)?;
            }
        }
        Ok(())
    }

    /// What building a value does, for one that came about by other means than naming all its fields.
    pub(super) fn construct_again(&mut self, value: &Val, span: Span) -> Result<(), Div> {
        let Ty::Adt(id, _) = &value.ty else { return Ok(()) };
        if let Some(body) = self.constructs.get(&(*id, u32::MAX)).cloned() {
            let names: Vec<Name> = self.field_types(&value.ty, None).iter().map(|(name, _)| name.clone()).collect();
            let fields: Vec<(Name, Val)> =
                names.into_iter().map(|name| (name.clone(), self.field(value, &name))).collect();
            self.run_construct(&body, *id, &fields, span)?;
        }
        if let Kind::Enum(alts) = &value.kind {
            for alt in alts.iter() {
                if let Some(body) = self.constructs.get(&(*id, alt.variant)).cloned() {
                    self.run_construct(&body, *id, &alt.fields, span)?;
                }
            }
        }
        Ok(())
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
}

pub(super) fn built(ty: Ty, variant: Option<u32>, fields: Vec<(Name, Val)>) -> Val {
    match variant {
        Some(variant) => Val { ty, kind: Kind::Enum(Rc::new(vec![Alt { variant, fields }])) },
        None => Val { ty, kind: Kind::Struct(Rc::new(StructVal { fields, base: None })) },
    }
}
