//! Stores whose keys say by themselves where a value is: an enum variant, a symbol, a struct. [`Engine::host_named`]
//! splits such a key value into a storage place and the components of the key inside it; every variant that the value
//! may be is a place of its own. Besides, two intrinsics such stores need: an access that only prolongs an entry's life,
//! and the assertion that an address has authorised the call.

use super::record::{Did, Guard};
use super::ty::{ImplInfo, Ty};
use super::value::{CellVal, Kind, Sym, Val, project};
use super::{Engine, Ev};
use crate::ir::hir::{ItemId, ItemKind, Name};
use crate::ir::{Span, Step, Term, Type};
use std::rc::Rc;

/// Keys with more alternatives than this are an unknown cell.
const MAX_PLACES: usize = 64;
/// Structs inside keys are taken apart this deep.
const MAX_FLAT: usize = 4;

/// A place of a self-describing key: how it is named and what its components are.
struct Named {
    name: String,
    /// What the chain sees of the name; the name itself but for structs, which are told by their fields.
    identity: Option<String>,
    /// What tells it from other places besides its name: the form of the encoded key.
    form: &'static str,
    components: Vec<Val>,
    /// The one component is the whole key; the name is only its type's.
    bare: bool,
}

impl Named {
    fn new(name: impl Into<String>, form: &'static str, components: Vec<Val>) -> Named {
        Named { name: name.into(), identity: None, form, components, bare: false }
    }

    fn bare(name: impl Into<String>, value: Val) -> Named {
        Named { bare: true, ..Named::new(name, "map", vec![value]) }
    }
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
            let layout = self.key_layout(&named);
            for component in &named.components {
                self.flatten_key(component, &mut parts, 0);
            }
            let key = Ty::Tuple(parts.iter().map(|part| part.ty.clone()).collect());
            let cell = CellVal {
                namespace: Some(named.identity.unwrap_or_else(|| named.name.clone()).into_bytes()),
                kind: Name::new_static(named.form),
                tier: Some(Name::from(tier.as_str())),
                label: Some(Rc::from(named.name.as_str())),
                shape: Some(Rc::from(layout)),
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
                names.push(Named::new("()", "item", Vec::new()));
                return true;
            }
            let parts = self.tuple_parts(&key, parts.len());
            // A constant text in front is what an enum's variant looks like.
            if let Some(text) = parts.first().and_then(|first| self.text_of(first)) {
                let form = if parts.len() > 1 { "map" } else { "item" };
                names.push(Named::new(text, form, parts[1..].to_vec()));
                return true;
            }
            let types: Vec<String> = parts.iter().map(|part| self.type_name(&part.ty.clone())).collect();
            names.push(Named::new(format!("({})", types.join(", ")), "map", parts));
            return true;
        }
        if let Some(text) = self.text_of(&key) {
            names.push(Named::new(text, "symbol", Vec::new()));
            return true;
        }
        let Ty::Adt(id, _) = &key.ty else {
            return match &key.ty {
                Ty::Prim(prim) if prim != "str" => {
                    names.push(Named::bare(prim.to_string(), key.clone()));
                    true
                }
                Ty::Seq(_) | Ty::Set(_) if matches!(key.kind, Kind::Seq(_)) => {
                    names.push(Named::bare(self.type_name(&key.ty.clone()), key));
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
            names.push(Named::bare(name, key));
            return true;
        }
        if !self.key_attributes.is_empty() && !self.structure_is_key(&item.attrs) {
            // Made by hand: what the code makes of this value, or anything.
            return match self.converted_key(&key, id) {
                Some(made) if made.ty != key.ty => self.names_of_key(&made, names, depth + 1),
                _ => false,
            };
        }
        match &item.kind {
            // Variants with numbers are stored as these numbers.
            ItemKind::Enum(def) if def.variants.iter().any(|variant| variant.discriminant.is_some()) => {
                let variants: Vec<u32> = match &key.kind {
                    Kind::Enum(alts) => alts.iter().map(|alt| alt.variant).collect(),
                    _ => (0..def.variants.len() as u32).collect(),
                };
                let ty = Ty::Prim(Name::new_static("u32"));
                for variant in variants {
                    let number = self.discriminant(&key.ty, variant).unwrap_or(i128::from(variant));
                    names.push(Named::bare("u32", Val::int(number, ty.clone())));
                }
                true
            }
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
                    names.push(Named::new(written.name.as_str(), form, components));
                }
                true
            }
            ItemKind::Struct(def) => {
                let mut fields = self.field_types(&key.ty, None).to_vec();
                if !def.fields.tuple {
                    // Fields are stored by name.
                    fields.sort_by(|a, b| a.0.cmp(&b.0));
                }
                let mut components = Vec::new();
                for (field, ty) in fields.iter() {
                    components.push(self.field(&key, field).retyped_if_unknown(ty));
                }
                let form = if components.is_empty() { "item" } else { "map" };
                // The name of the type is not part of the key: a tuple struct is a tuple, others are told by their fields.
                if def.fields.tuple {
                    let parts = Val::tuple(components);
                    return self.names_of_key(&parts, names, depth + 1);
                }
                let mut fields: Vec<&str> = def.fields.fields.iter().map(|field| field.name.as_str()).collect();
                fields.sort_unstable();
                let identity = Some(format!("{{{}}}", fields.join(",")));
                names.push(Named { name: item.name.to_string(), identity, form, components, bare: false });
                true
            }
            _ => false,
        }
    }

    fn structure_is_key(&self, attrs: &[crate::ir::hir::Attr]) -> bool {
        let named = |path: &str| path.rsplit("::").next().unwrap_or(path).trim().to_owned();
        attrs.iter().any(|attr| self.key_attributes.contains(&named(&attr.path)))
    }

    /// What a conversion that the contract's code has for this type makes of the value; `None` when there is none, or
    /// more than one.
    fn converted_key(&mut self, key: &Val, id: ItemId) -> Option<Val> {
        self.index_impls();
        let names = self.key_conversions.clone();
        let mut found: Option<(ItemId, bool)> = None;
        let impls: Vec<Rc<ImplInfo>> = self.impls.impls.to_vec();
        for info in impls {
            if info.of_trait.is_none() && !self.is_foreign_trait(&info) || self.is_model(info.item.krate) {
                continue;
            }
            for (name, &item) in info.assoc.iter().filter(|(name, _)| names.iter().any(|known| known == name.as_str()))
            {
                let of_self = matches!(&info.self_ty, Ty::Adt(own, _) if *own == id);
                let function = self.item(item);
                let ItemKind::Fn(code) = &function.kind else { continue };
                let Some(env) = self.impl_env(&info, &info.self_ty.clone()) else { continue };
                let last = code.params.last().map(|(_, ty)| self.lower_ty(ty, &env));
                let takes = matches!(last, Some(Ty::Adt(own, _)) if own == id);
                let gives = if code.receiver.is_some() { of_self } else { takes && !of_self };
                // `from_val`, `try_from_val` of the type itself read a key back.
                if gives && !(of_self && name.as_str().contains("from")) {
                    if found.is_some() {
                        return None;
                    }
                    found = Some((item, code.receiver.is_some()));
                }
            }
        }
        let (item, method) = found?;
        let function = self.item(item);
        let ItemKind::Fn(code) = &function.kind else { return None };
        let info = self.impls.impls.iter().find(|info| info.assoc.values().any(|own| *own == item)).cloned()?;
        let env = self.impl_env(&info, &info.self_ty.clone())?;
        let rest = code.params.len() - usize::from(!method);
        let mut args = vec![Val::any(Ty::Unknown); rest];
        let recv = method.then(|| key.clone());
        if !method {
            args.push(key.clone());
        }
        let value = self.call_item(item, env, &[], recv, args, &Ty::Unknown, function.name_span).ok()?;
        let value = self.settle(value);
        if self.is_result(&value.ty) {
            let Kind::Enum(alts) = &value.kind else { return None };
            let good = alts.iter().find(|alt| alt.variant == self.known.ok)?;
            return good.fields.first().map(|(_, value)| value.clone());
        }
        Some(value)
    }

    fn is_foreign_trait(&self, info: &ImplInfo) -> bool {
        matches!(&self.item(info.item).kind, ItemKind::Impl(block) if block.of_trait.is_some())
    }

    fn key_layout(&mut self, named: &Named) -> String {
        let types: Vec<Ty> = named.components.iter().map(|part| part.ty.clone()).collect();
        let parts: Vec<String> = types.iter().map(|ty| self.layout_of(ty, 0)).collect();
        match (named.form, &named.identity) {
            ("symbol", _) => format!("'{}", named.name),
            (_, Some(fields)) => {
                let names = fields.trim_matches(['{', '}']).split(',');
                let fields: Vec<String> = names.zip(&parts).map(|(name, part)| format!("{name}:{part}")).collect();
                format!("map({})", fields.join(","))
            }
            _ if named.name.starts_with('(') => format!("vec({})", parts.join(",")),
            // A value that is a key by itself.
            _ if named.bare => parts.join(","),
            _ => {
                let all: Vec<String> = std::iter::once(format!("'{}", named.name)).chain(parts).collect();
                format!("vec({})", all.join(","))
            }
        }
    }

    /// How a key is encoded, in the chain's words: `vec('Balance,address)`, `map(from:address,spender:address)`; its
    /// leaves are the key's components in order, `_` one whose form is not known.
    fn layout_of(&mut self, ty: &Ty, depth: usize) -> String {
        let list = |engine: &mut Self, parts: &[Ty]| -> String {
            parts.iter().map(|part| engine.layout_of(part, depth + 1)).collect::<Vec<_>>().join(",")
        };
        match ty {
            Ty::Prim(name) => name.to_string(),
            Ty::Tuple(parts) if depth < MAX_FLAT => format!("vec({})", list(self, parts)),
            Ty::Adt(id, _) => {
                let item = self.item(*id);
                if self.is_model(id.krate) {
                    return match self.type_rows.get(&(id.krate, item.name.to_string())) {
                        Some(Type::Address(_)) => "address".to_owned(),
                        Some(Type::Bytes) => "bytes".to_owned(),
                        Some(_) => item.name.to_lowercase(),
                        None => "_".to_owned(),
                    };
                }
                match &item.kind {
                    ItemKind::Struct(def) if depth < MAX_FLAT => {
                        let mut fields = self.field_types(ty, None).to_vec();
                        if def.fields.tuple {
                            let types: Vec<Ty> = fields.into_iter().map(|(_, ty)| ty).collect();
                            return format!("vec({})", list(self, &types));
                        }
                        fields.sort_by(|a, b| a.0.cmp(&b.0));
                        let one = |(name, ty): &(Name, Ty)| format!("{name}:{}", self.layout_of(ty, depth + 1));
                        let fields: Vec<String> = fields.iter().map(one).collect();
                        format!("map({})", fields.join(","))
                    }
                    ItemKind::Enum(def) if def.variants.iter().any(|variant| variant.discriminant.is_some()) => {
                        "u32".to_owned()
                    }
                    ItemKind::Enum(_) => "enum".to_owned(),
                    _ => "_".to_owned(),
                }
            }
            Ty::Seq(_) | Ty::Set(_) => "list".to_owned(),
            Ty::Dict(..) => "dict".to_owned(),
            _ => "_".to_owned(),
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
                if let (true, ItemKind::Struct(def)) = (own, &item.kind) {
                    let mut fields = self.field_types(&value.ty, None).to_vec();
                    if !def.fields.tuple {
                        fields.sort_by(|a, b| a.0.cmp(&b.0));
                    }
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
            Ty::Seq(_) | Ty::Set(_) => "Vec".to_owned(),
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
                self.rec.guards.push(Guard { role: None, untold: false, address: true, cell, field, span, conditions });
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
