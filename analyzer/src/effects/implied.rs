//! Code that no call names: formatting a value runs its `Display`, comparing values their `PartialEq`, a map's keys their
//! `Ord` or `Hash`, a copy of a list the `Clone` of what is in it. Impls that the contract wrote run here for what they do:
//! once an entry point for each type, on any value of it and from any state, since nobody tells how often or when.

use super::value::{Kind, Val};
use super::{Engine, ty::Ty, ty::TyEnv};
use crate::ir::Span;
use crate::ir::hir::{ItemId, ItemKind};
use std::rc::Rc;

/// Types inside types deeper than this are not looked at.
const MAX_DEPTH: usize = 24;

pub(super) const SHOWN: &[&str] =
    &["Display", "Debug", "LowerHex", "UpperHex", "Binary", "Octal", "LowerExp", "UpperExp", "Pointer"];
pub(super) const EQUAL: &[&str] = &["PartialEq"];
pub(super) const ORDERED: &[&str] = &["PartialOrd", "Ord"];
/// Impls behind a map or set, ordered or hashed.
const KEYS: &[&str] = &["PartialOrd", "Ord", "Hash", "PartialEq"];

/// Methods that clone what is in their receiver or argument.
pub(super) const CLONES: &[&str] = &[
    "clone",
    "cloned",
    "to_vec",
    "to_owned",
    "into_owned",
    "resize",
    "fill",
    "extend_from_slice",
    "repeat",
    "concat",
    "make_mut",
    "clone_from",
    "cycle",
    "extend_from_within",
];

/// Functions of types that traits of std have.
const FUNCTIONS: &[(&str, &[&str])] = &[
    ("Default", &["default"]),
    ("From", &["from"]),
    ("TryFrom", &["try_from"]),
    ("FromStr", &["from_str"]),
    ("FromIterator", &["from_iter"]),
];

/// True for the name of a function of a type that a trait of std has.
pub(super) fn of_traits(name: &str) -> bool {
    FUNCTIONS.iter().any(|(_, functions)| functions.contains(&name))
}

/// Impls of a trait that values of a type may lead to: the type, a function, what names in it mean.
pub(super) type Impls = Rc<[(Ty, ItemId, TyEnv)]>;

impl Engine<'_> {
    /// What a method of std does besides, by its name.
    pub(super) fn implied_by(&mut self, name: &str, value: &Val, args: &[Val], want: &Ty, span: Span) {
        let traits: &[&'static str] = match name {
            "to_string" | "to_uppercase" => &["Display"],
            _ if CLONES.contains(&name) => &["Clone"],
            "eq" | "ne" | "starts_with" | "ends_with" | "dedup" => EQUAL,
            "sort" | "sort_unstable" | "max" | "min" | "clamp" | "binary_search" | "is_sorted" | "cmp"
            | "partial_cmp" | "lt" | "le" | "gt" | "ge" => ORDERED,
            "or_default" => &["Default"],
            "hash" => &["Hash"],
            "contains"
            | "insert"
            | "get"
            | "get_mut"
            | "get_key_value"
            | "remove"
            | "remove_entry"
            | "entry"
            | "contains_key"
            | "extend"
            | "append"
            | "range"
            | "range_mut"
            | "split_off"
            | "from"
            | "is_subset"
            | "is_superset"
            | "is_disjoint"
            | "union"
            | "intersection"
            | "difference"
            | "symmetric_difference"
            | "push"
            | "pop"
            | "into_sorted_vec" => KEYS,
            "collect" => {
                self.implied_of(want, "FromIterator", span);
                KEYS
            }
            "sum" => return self.implied_of(want, "Sum", span),
            "product" => return self.implied_of(want, "Product", span),
            "parse" if want.is_unknown() || want.arg(0).is_unknown() => {
                return self.implied_of(&Ty::Unknown, "FromStr", span);
            }
            "try_into" if want.is_unknown() || want.arg(0).is_unknown() => {
                return self.implied_of(&Ty::Unknown, "TryFrom", span);
            }
            "into" if want.is_unknown() => return self.implied_of(&Ty::Unknown, "From", span),
            _ if name.ends_with("_by_key") || name.ends_with("_by_cached_key") => {
                return KEYS.iter().for_each(|of_trait| self.implied_of(&Ty::Unknown, of_trait, span));
            }
            _ => return,
        };
        self.implied(value, traits, span);
        for arg in args {
            self.implied(arg, traits, span);
        }
    }

    /// What a function of a type that is not known does, where a trait of std has it: whatever the contract wrote.
    pub(super) fn implied_statically(&mut self, name: &str, span: Span) {
        for (of_trait, functions) in FUNCTIONS {
            if functions.contains(&name) {
                self.implied_of(&Ty::Unknown, of_trait, span);
            }
        }
    }

    /// Runs the contract's impls of these traits for a value and all inside it.
    pub(super) fn implied(&mut self, value: &Val, traits: &[&'static str], span: Span) {
        if !self.ambient && !self.carries_cap(value, 0) {
            return;
        }
        let mut types = Vec::new();
        self.types_in(value, &mut types, 0);
        for ty in types {
            for of_trait in traits {
                self.run_impls(&ty, of_trait, span);
            }
        }
    }

    /// Runs the contract's impls of a trait for a type and all inside it; all there are where the type is not known.
    pub(super) fn implied_of(&mut self, ty: &Ty, of_trait: &'static str, span: Span) {
        if self.ambient {
            self.run_impls(ty, of_trait, span);
        }
    }

    fn run_impls(&mut self, ty: &Ty, of_trait: &'static str, span: Span) {
        for (self_ty, item, env) in self.impls_inside(ty, of_trait).iter() {
            if !self.implied.insert((self_ty.clone(), *item)) {
                continue;
            }
            let info = self.item(*item);
            let ItemKind::Fn(function) = &info.kind else { continue };
            let params = function.params.clone();
            let args = params.iter().map(|(_, ty)| Val::any(self.lower_ty(ty, env))).collect();
            let recv = function.receiver.is_some().then(|| {
                let places = self.as_places(Val::any(self_ty.clone()));
                Val { ty: self_ty.clone(), kind: Kind::Ref(Rc::new(places)) }
            });
            self.some_time(|engine| {
                // However it ends.
                let _ = engine.call_item(*item, env.clone(), &[], recv, args, &Ty::Unknown, span);
            });
        }
    }

    /// Runs code that may run at any later point, any number of times: nothing it loads is of the initial state.
    pub(super) fn some_time(&mut self, run: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.rec.state_lost, true);
        let mark = self.store.mark();
        let (from, unknowns) = (self.rec.events.len(), self.rec.unknowns.len());
        self.conditions += 1;
        self.repeats += 1;
        run(self);
        self.repeats -= 1;
        self.conditions -= 1;
        let changes = self.store.changes(mark);
        self.store.rollback(mark);
        self.store.join(vec![super::Changes::default(), changes]);
        self.forget_for_good(from);
        self.rec.state_lost = before || self.rec.unknowns.len() > unknowns;
    }

    fn types_in(&mut self, value: &Val, found: &mut Vec<Ty>, depth: usize) {
        // Of a value whose type is not known, or too deep to tell, whatever the contract wrote.
        let plain = depth <= MAX_DEPTH
            && match &value.kind {
                Kind::Sym(sym) => sym.constant().is_some(),
                _ => true,
            };
        let ty = if depth > MAX_DEPTH { Ty::Unknown } else { value.ty.clone() };
        if !(ty.is_unknown() && plain || found.contains(&ty)) {
            found.push(ty);
        }
        if depth > MAX_DEPTH {
            return;
        }
        match &value.kind {
            Kind::Seq(seq) => {
                if let Some(element) = seq.any_element() {
                    self.types_in(&element, found, depth + 1);
                }
            }
            Kind::Struct(fields) => {
                fields.fields.iter().for_each(|(_, field)| self.types_in(field, found, depth + 1));
            }
            Kind::Enum(alts) => {
                let fields = alts.iter().flat_map(|alt| &alt.fields);
                fields.for_each(|(_, field)| self.types_in(field, found, depth + 1));
            }
            Kind::Tuple(parts) | Kind::Multi(parts) => {
                parts.iter().for_each(|part| self.types_in(part, found, depth + 1));
            }
            Kind::Iter(iter) => {
                let iter = iter.clone();
                iter.parts().into_iter().for_each(|part| self.types_in(part, found, depth + 1));
            }
            Kind::Ref(_) => {
                let inner = self.settle(value.clone());
                if !matches!(inner.kind, Kind::Ref(_)) {
                    self.types_in(&inner, found, depth + 1);
                }
            }
            _ => {}
        }
    }

    fn impls_inside(&mut self, ty: &Ty, of_trait: &'static str) -> Impls {
        let key = (ty.clone(), of_trait);
        if let Some(known) = self.implying.get(&key) {
            return known.clone();
        }
        let mut found = Vec::new();
        let mut seen = Vec::new();
        self.impls_below(ty, of_trait, &mut seen, &mut found, 0);
        let found: Impls = found.into();
        self.implying.insert(key, found.clone());
        found
    }

    fn impls_below(
        &mut self,
        ty: &Ty,
        of_trait: &'static str,
        seen: &mut Vec<Ty>,
        found: &mut Vec<(Ty, ItemId, TyEnv)>,
        depth: usize,
    ) {
        if depth > MAX_DEPTH || matches!(ty, Ty::Prim(_)) || seen.contains(ty) {
            return;
        }
        seen.push(ty.clone());
        let mut inside: Vec<Ty> = Vec::new();
        match ty {
            Ty::Adt(id, args) => {
                inside.extend(args.iter().cloned());
                let mut written = false;
                for info in self.impls_of(ty).iter() {
                    let named = info.trait_name.as_deref() == Some(of_trait);
                    if !named || self.is_model(info.item.krate) || !self.reaches_state(info.item.krate) {
                        continue;
                    }
                    let Some(env) = self.impl_env(info, ty) else { continue };
                    written = true;
                    let mut functions: Vec<ItemId> = info.assoc.values().copied().collect();
                    functions.sort();
                    found.extend(functions.into_iter().map(|item| (ty.clone(), item, env.clone())));
                }
                if !written && !self.is_model(id.krate) {
                    let variants = match &self.item(*id).kind {
                        ItemKind::Struct(_) => vec![None],
                        ItemKind::Enum(def) => (0..def.variants.len() as u32).map(Some).collect(),
                        _ => Vec::new(),
                    };
                    for variant in variants {
                        inside.extend(self.field_types(ty, variant).iter().map(|(_, ty)| ty.clone()));
                    }
                }
            }
            Ty::Tuple(parts) => inside.extend(parts.iter().cloned()),
            Ty::Seq(element) | Ty::Set(element) => inside.push(element.as_ref().clone()),
            Ty::Dict(key, value) => inside.extend([key.as_ref().clone(), value.as_ref().clone()]),
            Ty::Unknown if depth > 0 => {}
            // Behind a trait object only what implements its trait.
            Ty::Dyn(traits) => {
                for (id, _) in traits.iter() {
                    inside.extend(self.impls_of_trait(*id).iter().map(|info| info.self_ty.clone()));
                }
            }
            Ty::Unknown | Ty::Param(..) if !self.is_outside(ty) => {
                self.index_impls();
                let all: Vec<_> = self
                    .impls
                    .impls
                    .iter()
                    .filter(|info| info.trait_name.as_deref() == Some(of_trait) && matches!(info.self_ty, Ty::Adt(..)))
                    .cloned()
                    .collect();
                inside.extend(all.iter().map(|info| info.self_ty.clone()));
            }
            _ => {}
        }
        for ty in inside {
            self.impls_below(&ty, of_trait, seen, found, depth + 1);
        }
    }
}
