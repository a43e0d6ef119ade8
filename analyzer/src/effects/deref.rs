//! Types that stand for others: `Deref`, where a method or a field is not the type's own.

use super::method::Found;
use super::value::{Kind, Place, Val};
use super::{Div, Engine, Ev, Frame, ty::Ty};
use crate::ir::Span;
use crate::ir::hir::Name;

impl Engine<'_> {
    /// What `*x` is for a user type with `Deref`; `None` when there is no such impl.
    pub(super) fn deref_value(&mut self, f: &mut Frame, value: &Val, places: &[Place]) -> Result<Option<Val>, Div> {
        let _ = f;
        if !matches!(value.ty, Ty::Adt(..)) {
            return Ok(None);
        }
        let mut ways =
            ["deref_mut", "deref"].into_iter().filter_map(|name| self.find_method(&value.ty, &Name::new_static(name)));
        let Some(first) = ways.next() else { return Ok(None) };
        let Some(shared) = ways.next() else { return self.deref_by(&first, value, places).map(Some) };
        // Nobody says here whether the value is to be changed: what either does may happen.
        let run = |engine: &mut Self, found: &Found| {
            let mark = engine.store.mark();
            let result = engine.deref_by(found, value, places);
            let changes = engine.store.changes(mark);
            engine.store.rollback(mark);
            (result, changes)
        };
        self.conditions += 1;
        let (result, changed) = run(self, &first);
        let (other, seen) = run(self, &shared);
        self.conditions -= 1;
        let ways = [(&result, changed), (&other, seen)].into_iter().filter(|(way, _)| way.is_ok()).map(|(_, way)| way);
        self.store.join(ways.collect());
        result.or(other).map(Some)
    }

    fn deref_by(&mut self, found: &Found, value: &Val, places: &[Place]) -> Ev {
        let recv = self.receiver(found.item, places, value);
        self.call_item(found.item, found.env.as_ref().clone(), &[], Some(recv), Vec::new(), &Ty::Unknown, Span::NONE)
    }

    /// A value handed over as what it derefs to: the contract's own `Deref` runs.
    pub(super) fn coerced(&mut self, f: &mut Frame, value: &Val, ty: &Ty) {
        let concrete = matches!(ty, Ty::Adt(..) | Ty::Prim(_) | Ty::Seq(_) | Ty::Set(_) | Ty::Dict(..));
        if !concrete || !matches!(&value.ty, Ty::Adt(id, _) if !self.is_model(id.krate)) || value.ty.same_head(ty) {
            return;
        }
        let places = self.as_places(value.clone());
        let _ = self.deref_value(f, value, &places);
    }

    /// Places whose value has the field, going through `Deref` where the type itself has none.
    pub(super) fn deref_to_field(&mut self, f: &mut Frame, places: Vec<Place>, name: &Name) -> Result<Vec<Place>, Div> {
        let mut places = places;
        for _ in 0..4 {
            let value = self.read(&places);
            let Ty::Adt(..) = &value.ty else { return Ok(places) };
            let has = self.field_types(&value.ty, None).iter().any(|(field, _)| field == name);
            if has || matches!(&value.kind, Kind::Struct(fields) if fields.get(name).is_some()) {
                return Ok(places);
            }
            match self.deref_value(f, &value, &places)? {
                Some(target) => {
                    let next = self.as_places(target);
                    places = self.follow(next);
                }
                None => return Ok(places),
            }
        }
        Ok(places)
    }

    /// A field that the type itself does not have, outside of any frame.
    pub(super) fn field_through_deref(&mut self, value: &Val, name: &Name) -> Val {
        let deref = Name::new_static("deref");
        if let Some(found) = self.find_method(&value.ty, &deref) {
            let places = self.as_places(value.clone());
            let recv = self.receiver(found.item, &places, value);
            let target = self.call_item(
                found.item,
                found.env.as_ref().clone(),
                &[],
                Some(recv),
                Vec::new(),
                &Ty::Unknown,
                Span::NONE,
            );
            if let Ok(target) = target {
                let target = self.settle(target);
                if !target.ty.same_head(&value.ty) {
                    return self.field(&target, name);
                }
            }
        }
        let sym = match &value.kind {
            Kind::Sym(sym) => super::value::project(sym, name),
            _ => self.whole_sym(value).widened(),
        };
        Val::sym(Ty::Unknown, sym)
    }
}
