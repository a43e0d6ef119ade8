//! Stores whose keys say by themselves where a value is: an enum variant, a symbol, a struct. [`Engine::host_named`]
//! splits such a key value into a storage place and the components of the key inside it; every variant that the value
//! may be is a place of its own. Besides, two intrinsics such stores need: an access that only prolongs an entry's life,
//! and the assertion that an address has authorised the call.

use super::record::{Did, Guard};
use super::ty::Ty;
use super::value::{CellVal, Kind, Sym, Val, project};
use super::{Engine, Ev};
use crate::ir::hir::{ItemKind, Name};
use crate::ir::{Span, Step, Term, Type};
use std::rc::Rc;

/// Keys with more alternatives than this are an unknown cell.
const MAX_PLACES: usize = 64;
/// Structs inside keys are taken apart this deep.
const MAX_FLAT: usize = 4;

/// A place of a self-describing key: how it is named and what its components are.
struct Named {
    name: String,
    /// What tells it from other places besides its name: the form of the encoded key.
    form: &'static str,
    components: Vec<Val>,
}

impl Engine<'_> {
    /// `host::named::<V>(tier, key)`: a place together with the key inside it, or several of which one is meant. A key
    /// that does not tell its place is no place at all; the access that uses it is then an unknown.
    pub(super) fn host_named(&mut self, tier: &Val, key: &Val, value: &Ty, span: Span) -> Val {
        let Some(tier) = self.text_of(tier) else { return Val::any(Ty::Unknown) };
        let mut names = Vec::new();
        let complete = self.names_of_key(key, &mut names, 0) && names.len() <= MAX_PLACES;
        names.truncate(MAX_PLACES);
        let mut places: Vec<Val> = Vec::new();
        for named in names {
            let mut parts = Vec::new();
            for component in &named.components {
                self.flatten_key(component, &mut parts, 0);
            }
            let key = Ty::Tuple(parts.iter().map(|part| part.ty.clone()).collect());
            let cell = CellVal {
                namespace: Some(named.name.clone().into_bytes()),
                kind: Name::new_static(named.form),
                tier: Some(Name::from(tier.as_str())),
                label: Some(Rc::from(named.name.as_str())),
                key: key.clone(),
                value: value.clone(),
                span,
            };
            let cell = Val { ty: Ty::Cell(Rc::new(key), Rc::new(value.clone())), kind: Kind::Cell(Rc::new(cell)) };
            places.push(Val::tuple(vec![cell, Val::tuple(parts)]));
        }
        if !complete {
            places.push(Val::any(Ty::Unknown));
        }
        match places.len() {
            0 => Val::any(Ty::Unknown),
            1 => places.remove(0),
            _ => Val { ty: Ty::Unknown, kind: Kind::Multi(Rc::new(places)) },
        }
    }

    /// Every place a key may name; false when there may be others.
    fn names_of_key(&mut self, key: &Val, names: &mut Vec<Named>, depth: usize) -> bool {
        let key = self.settle(key.clone());
        if depth > MAX_FLAT {
            return false;
        }
        if let Kind::Multi(values) = &key.kind {
            let values = values.clone();
            let mut complete = true;
            for value in values.iter() {
                complete &= self.names_of_key(value, names, depth + 1);
            }
            return complete;
        }
        if let Ty::Tuple(parts) = &key.ty {
            if parts.is_empty() {
                names.push(Named { name: "()".to_owned(), form: "item", components: Vec::new() });
                return true;
            }
            let parts = self.tuple_parts(&key, parts.len());
            // A constant text in front is what an enum's variant looks like.
            if let Some(text) = parts.first().and_then(|first| self.text_of(first)) {
                let form = if parts.len() > 1 { "map" } else { "item" };
                names.push(Named { name: text, form, components: parts[1..].to_vec() });
                return true;
            }
            let types: Vec<String> = parts.iter().map(|part| self.type_name(&part.ty.clone())).collect();
            names.push(Named { name: format!("({})", types.join(", ")), form: "map", components: parts });
            return true;
        }
        if let Some(text) = self.text_of(&key) {
            names.push(Named { name: text, form: "symbol", components: Vec::new() });
            return true;
        }
        let Ty::Adt(id, _) = &key.ty else {
            return match &key.ty {
                Ty::Prim(prim) if prim != "str" => {
                    names.push(Named { name: prim.to_string(), form: "map", components: vec![key.clone()] });
                    true
                }
                Ty::Seq(_) if matches!(key.kind, Kind::Seq(_)) => {
                    names.push(Named { name: self.type_name(&key.ty.clone()), form: "map", components: vec![key] });
                    true
                }
                _ => false,
            };
        };
        let id = *id;
        let item = self.item(id);
        if self.is_model(id.krate) || self.is_option(&key.ty) {
            // A text that is not constant may name anything.
            let name = item.name.to_string();
            if matches!(self.type_rows.get(&(id.krate, name.clone())), None | Some(Type::Text)) {
                return false;
            }
            names.push(Named { name, form: "map", components: vec![key] });
            return true;
        }
        match &item.kind {
            ItemKind::Enum(def) => {
                let variants: Vec<u32> = match &key.kind {
                    Kind::Enum(alts) => alts.iter().map(|alt| alt.variant).collect(),
                    _ => (0..def.variants.len() as u32).collect(),
                };
                for variant in variants {
                    let Some(written) = def.variants.get(variant as usize) else { return false };
                    let fields = self.field_types(&key.ty, Some(variant));
                    let mut components = Vec::new();
                    for (field, ty) in fields.iter() {
                        components.push(self.payload(&key, variant, field).retyped_if_unknown(ty));
                    }
                    let form = if components.is_empty() { "item" } else { "map" };
                    names.push(Named { name: written.name.to_string(), form, components });
                }
                true
            }
            ItemKind::Struct(_) => {
                let fields = self.field_types(&key.ty, None);
                let mut components = Vec::new();
                for (field, ty) in fields.iter() {
                    components.push(self.field(&key, field).retyped_if_unknown(ty));
                }
                let form = if components.is_empty() { "item" } else { "map" };
                names.push(Named { name: item.name.to_string(), form, components });
                true
            }
            _ => false,
        }
    }

    fn tuple_parts(&mut self, value: &Val, count: usize) -> Vec<Val> {
        match &value.kind {
            Kind::Tuple(parts) => parts.iter().map(|part| self.settle(part.clone())).collect(),
            Kind::Sym(sym) => {
                let types: Vec<Ty> = match &value.ty {
                    Ty::Tuple(types) => types.to_vec(),
                    _ => vec![Ty::Unknown; count],
                };
                let part = |(at, ty): (usize, Ty)| Val::sym(ty, project(sym, &Name::from(at.to_string())));
                types.into_iter().enumerate().map(part).collect()
            }
            _ => {
                let sym = self.whole_sym(value).widened();
                (0..count).map(|_| Val::sym(Ty::Unknown, sym.clone())).collect()
            }
        }
    }

    /// The components of a key: structs and tuples part by part, a variant with a payload as a function of its parts.
    fn flatten_key(&mut self, value: &Val, parts: &mut Vec<Val>, depth: usize) {
        let value = self.settle(value.clone());
        if depth < MAX_FLAT {
            if let Ty::Tuple(types) = &value.ty {
                for part in self.tuple_parts(&value, types.len()) {
                    self.flatten_key(&part, parts, depth + 1);
                }
                return;
            }
            if let Ty::Adt(id, _) = &value.ty {
                let own = !self.is_model(id.krate);
                let item = self.item(*id);
                if own && matches!(item.kind, ItemKind::Struct(_)) {
                    let fields = self.field_types(&value.ty, None);
                    for (field, ty) in fields.iter() {
                        let part = self.field(&value, field).retyped_if_unknown(ty);
                        self.flatten_key(&part, parts, depth + 1);
                    }
                    return;
                }
                if let Kind::Enum(alts) = &value.kind {
                    if let [alt] = alts.as_slice() {
                        if !alt.fields.is_empty() {
                            let mut inner = Vec::new();
                            for (_, field) in alt.fields.clone() {
                                self.flatten_key(&field, &mut inner, depth + 1);
                            }
                            let syms: Vec<Sym> = inner.iter().map(|part| self.whole_sym(part)).collect();
                            let name = self.variant_name(&value.ty, alt.variant);
                            let sym = self.function_sym(&name, true, &syms);
                            parts.push(Val::sym(value.ty.clone(), sym));
                            return;
                        }
                    }
                }
            }
        }
        let sym = self.whole_sym(&value);
        parts.push(Val::sym(value.ty.clone(), sym));
    }

    /// A short name of a type for a place that nothing else names.
    fn type_name(&mut self, ty: &Ty) -> String {
        match ty {
            Ty::Prim(name) => name.to_string(),
            Ty::Adt(id, _) => self.item(*id).name.to_string(),
            Ty::Seq(_) => "Vec".to_owned(),
            Ty::Dict(..) => "Map".to_owned(),
            Ty::Tuple(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.type_name(part)).collect();
                format!("({})", parts.join(", "))
            }
            _ => "_".to_owned(),
        }
    }

    /// `host::touch(store, &cell, key)`: the entry's life is prolonged; what it holds is neither read nor changed.
    pub(super) fn host_touch(&mut self, cell: &CellVal, args: &[Val], _: &Ty, _: &Ty, span: Span) -> Ev {
        if let Some(id) = self.cell_id(cell, span) {
            let key = self.key_of(&args.get(2).cloned().unwrap_or_else(Val::unit), &cell.key);
            self.event(Did::Touch, id, key, span);
        }
        Ok(Val::unit())
    }

    /// `host::authorize(address)`: the call fails unless this address has authorised it.
    pub(super) fn host_authorize(&mut self, address: &Val, span: Span) {
        let sym = self.whole_sym(address);
        let conditions = self.conditions;
        match sym.single() {
            Some(Term::Load { cell, field, key }) if key.is_empty() => {
                let (cell, field) = (*cell, field.clone());
                self.rec.guards.push(Guard { address: true, cell, field, span, conditions });
            }
            Some(Term::Arg(path)) if conditions == 0 => {
                if let [Step::Field(name)] = path.as_slice() {
                    self.rec.auths.insert(name.clone());
                }
            }
            _ => {}
        }
        // Who has to sign is seen from outside.
        self.rec.observe(&sym.loads);
    }
}
