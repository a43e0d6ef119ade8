//! Methods of built-in types (numbers, text, truth values) and methods that every type has.

use super::value::{Kind, Place, Sym, Val};
use super::{Engine, Ev, Frame, ty::Ty, ty::TyEnv};
use crate::ir::hir::{BinOp, ItemId, ItemKind, Name};
use crate::ir::{Span, Step, Term};
use std::rc::Rc;

/// The payload of an `Option` symbol.
pub(super) fn option_payload(sym: &Sym) -> Sym {
    let terms = sym
        .terms
        .iter()
        .map(|term| match term {
            Term::Arg(path) => {
                let mut path = path.clone();
                path.push(Step::Some);
                Term::Arg(path)
            }
            // A stored option: its content is part of the stored value.
            term => term.clone(),
        })
        .collect();
    let delta = sym.delta.as_ref().map(|delta| {
        let mut delta = delta.as_ref().clone();
        delta.option = false;
        Rc::new(delta)
    });
    Sym { terms, loads: sym.loads.clone(), quiet: Vec::new(), delta, cond: None, cap: sym.cap }
}

/// The payload of a `Result` symbol or another wrapper: the same value as far as terms go.
pub(super) fn unwrapped(sym: &Sym) -> Sym {
    Sym { cond: None, ..sym.clone() }
}

/// A payload field of a variant of a symbol.
pub(super) fn variant_payload(sym: &Sym, variant: &str, field: &Name) -> Sym {
    let mut known = true;
    let terms: Vec<Term> = sym
        .terms
        .iter()
        .map(|term| match term {
            Term::Arg(path) => {
                let mut path = path.clone();
                path.push(Step::Variant(variant.to_owned()));
                path.push(Step::Field(field.to_string()));
                Term::Arg(path)
            }
            Term::Load { cell, key, field: path } => {
                let mut path = path.clone();
                path.push(variant.to_owned());
                path.push(field.to_string());
                Term::Load { cell: *cell, key: key.clone(), field: path }
            }
            term @ Term::Fn { .. } => {
                Term::Fn { name: format!("#{variant}.{field}"), of: vec![term.clone()], injective: false }
            }
            _ => {
                known = false;
                Term::Any
            }
        })
        .collect();
    let known = known && !terms.iter().any(|term| term.size() > super::value::MAX_TERM_SIZE);
    Sym {
        terms: if known { terms } else { Vec::new() },
        loads: sym.loads.clone(),
        quiet: Vec::new(),
        delta: None,
        cond: None,
        cap: sym.cap,
    }
}

/// Methods that give back the same value in another dress.
pub(super) fn identity_method(name: &str) -> bool {
    matches!(
        name,
        "clone"
            | "to_owned"
            | "as_ref"
            | "as_str"
            | "as_bytes"
            | "as_slice"
            | "into_owned"
            | "into_boxed_str"
            | "into_boxed_slice"
            | "into_string"
            | "into_bytes"
            | "borrow"
            | "deref"
            | "to_vec"
            | "copied"
            | "cloned"
            | "as_deref"
            | "into_inner"
            | "unwrap_or_clone"
            | "by_ref"
            | "to_bytes"
            | "clone_into"
            | "as_any"
            | "leak"
    )
}

/// Methods of lists that keep what is handed to them: no code that goes in runs there.
const KEEPING: &[&str] =
    &["push", "push_back", "push_front", "insert", "replace", "fill", "resize", "extend", "append"];

/// The method behind an operator.
pub(super) fn operator(op: BinOp) -> Option<&'static str> {
    Some(match op {
        BinOp::Add => "add",
        BinOp::Sub => "sub",
        BinOp::Mul => "mul",
        BinOp::Div => "div",
        BinOp::Rem => "rem",
        BinOp::BitAnd => "bitand",
        BinOp::BitOr => "bitor",
        BinOp::BitXor => "bitxor",
        BinOp::Shl => "shl",
        BinOp::Shr => "shr",
        BinOp::Eq | BinOp::Ne => "eq",
        BinOp::Lt | BinOp::Le | BinOp::Gt | BinOp::Ge => "partial_cmp",
        BinOp::And | BinOp::Or => return None,
    })
}

/// The operator behind a method that assigns.
fn assigned(name: &str) -> Option<BinOp> {
    let op = name.strip_suffix("_assign")?;
    use BinOp::{Add, BitAnd, BitOr, BitXor, Div, Mul, Rem, Shl, Shr, Sub};
    [Add, Sub, Mul, Div, Rem, BitAnd, BitOr, BitXor, Shl, Shr].into_iter().find(|known| operator(*known) == Some(op))
}

/// Constants of built-in types.
pub(super) fn constant(ty: &Ty, name: &str) -> Option<Val> {
    let Ty::Prim(prim) = ty else { return None };
    let bits: u32 = match prim.as_str() {
        "u8" | "i8" => 8,
        "u16" | "i16" => 16,
        "u32" | "i32" | "usize" | "isize" => 32,
        "u64" | "i64" => 64,
        "u128" | "i128" => 128,
        _ => return None,
    };
    let signed = prim.starts_with('i');
    let value = match (name, signed, bits) {
        ("MAX", false, 128) | ("MAX" | "MIN", true, 128) => return Some(Val::any(ty.clone())),
        ("MAX", false, bits) => (1i128 << bits) - 1,
        ("MAX", true, bits) => (1i128 << (bits - 1)) - 1,
        ("MIN", false, _) => 0,
        ("MIN", true, bits) => -(1i128 << (bits - 1)),
        ("BITS", _, bits) => i128::from(bits),
        _ => return None,
    };
    // The width of `usize` differs between machines.
    if prim.ends_with("size") && name != "MIN" {
        return Some(Val::any(ty.clone()));
    }
    Some(Val::int(value, ty.clone()))
}

impl Engine<'_> {
    pub(super) fn binary(&mut self, f: &mut Frame, op: BinOp, a: Val, b: Val, want: &Ty, span: Span) -> Ev {
        let places = match &a.kind {
            Kind::Ref(places) => self.follow(places.as_ref().clone()),
            _ => Vec::new(),
        };
        let a = self.settle(a);
        let b = self.settle(b);
        if super::eval::is_comparison(op) {
            let traits =
                if matches!(op, BinOp::Eq | BinOp::Ne) { super::implied::EQUAL } else { super::implied::ORDERED };
            self.implied(&a, traits, span);
            self.implied(&b, traits, span);
        }
        if let Ty::Adt(..) = &a.ty {
            let name = Name::new_static(operator(op).unwrap_or(""));
            let found = self.find_method(&a.ty, &name);
            if found.is_some() && !name.is_empty() && !super::eval::is_comparison(op) {
                let places = if places.is_empty() { self.as_places(a.clone()) } else { places };
                return self.method(f, &places, a, &name, &[], vec![b], want, span);
            }
            if matches!(op, BinOp::Lt | BinOp::Le | BinOp::Gt | BinOp::Ge) && self.own_operator(&a.ty, &name) {
                // A user's own order: run it for its effects, the result is opaque.
                let places = self.as_places(a.clone());
                let result = self.method(f, &places, a, &name, &[], vec![b], &Ty::Unknown, span)?;
                let sym = self.whole_sym(&result);
                return Ok(Val::sym(Ty::bool(), Sym { terms: Vec::new(), cond: None, ..sym }));
            }
            if found.is_some() && matches!(op, BinOp::Eq | BinOp::Ne) {
                // A user's own equality: run it for its effects, the result is opaque.
                let places = self.as_places(a.clone());
                let model = matches!(&a.ty, Ty::Adt(id, _) if self.is_model(id.krate));
                if !model {
                    let result = self.method(f, &places, a, &name, &[], vec![b], &Ty::bool(), span)?;
                    let sym = self.whole_sym(&result);
                    return Ok(Val::sym(Ty::bool(), if op == BinOp::Ne { super::eval::negated(&sym) } else { sym }));
                }
            }
            if let (Kind::Enum(x), Kind::Enum(y), BinOp::Eq | BinOp::Ne) = (&a.kind, &b.kind, op) {
                if let ([x], [y]) = (x.as_slice(), y.as_slice()) {
                    if x.variant != y.variant {
                        return Ok(Val::bool(op == BinOp::Ne));
                    }
                    if let ([(_, x)], [(_, y)]) = (x.fields.as_slice(), y.fields.as_slice()) {
                        let (x, y) = (x.clone(), y.clone());
                        return self.binary(f, op, x, y, want, span);
                    }
                    if x.fields.is_empty() {
                        return Ok(Val::bool(op == BinOp::Eq));
                    }
                }
            }
        }
        if let (Ty::Prim(_), Ty::Adt(..), Some(name)) = (&a.ty, &b.ty, operator(op)) {
            // `5 + x` of a user's type.
            let name = Name::new_static(name);
            if let Some((item, env)) = self.own_method(&a.ty, &name) {
                return self.call_item(item, env, &[], Some(a), vec![b], want, span);
            }
        }
        let (x, y) = (self.comparand(&a), self.comparand(&b));
        if super::eval::is_comparison(op) {
            return Ok(self.compare(op, &x, &y));
        }
        let ty =
            if a.ty.is_unknown() { if b.ty.is_unknown() { want.clone() } else { b.ty.clone() } } else { a.ty.clone() };
        let sym = self.arithmetic(op, &x, &y, &ty, true);
        Ok(Val::sym(ty, sym))
    }

    /// What a comparison compares: `Some(x)` against a stored option is `x` against its content.
    fn comparand(&mut self, value: &Val) -> Sym {
        if let Kind::Enum(alts) = &value.kind {
            if let [alt] = alts.as_slice() {
                if alt.variant == self.known.some && self.is_option(&value.ty) {
                    if let Some((_, inner)) = alt.fields.first() {
                        let inner = inner.clone();
                        return self.whole_sym(&inner);
                    }
                }
            }
        }
        self.whole_sym(value)
    }

    /// Methods of values that are built in; `None` when the name is not one of them. Functions that go in and were neither
    /// called nor kept may run any number of times.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn builtin_method(
        &mut self,
        f: &mut Frame,
        places: &[Place],
        value: &Val,
        name: &Name,
        generic: &[Ty],
        args: &[Val],
        want: &Ty,
        span: Span,
    ) -> Option<Ev> {
        let before = self.called;
        let result = self.builtin_by_type(f, places, value, name, generic, args, want, span)?;
        let lazy = matches!(&result, Ok(Val { kind: Kind::Iter(_), .. }))
            // An array's `map` runs at once.
            && !(name == "map" && matches!(&value.kind, Kind::Seq(seq) if !seq.range));
        if self.called == before && !lazy && !KEEPING.contains(&name.as_str()) {
            for arg in args {
                self.run_escaping_closures(arg, span);
            }
        }
        Some(result)
    }

    #[allow(clippy::too_many_arguments)]
    fn builtin_by_type(
        &mut self,
        f: &mut Frame,
        places: &[Place],
        value: &Val,
        name: &Name,
        generic: &[Ty],
        args: &[Val],
        want: &Ty,
        span: Span,
    ) -> Option<Ev> {
        let is_list = matches!(value.kind, Kind::Seq(_) | Kind::Iter(_))
            || matches!(value.ty, Ty::Seq(_) | Ty::Set(_) | Ty::Dict(..));
        if is_list {
            if name == "clone" || name == "to_vec" && !matches!(value.kind, Kind::Iter(_)) {
                return Some(Ok(self.cloned(places, value)));
            }
            if let Some(result) = self.seq_method(f, places, value, name, generic, args, want, span) {
                return Some(result);
            }
            return self.conversion(f, value, name, generic, args, want, span);
        }
        if matches!(value.kind, Kind::Closure(_) | Kind::Func(_)) {
            return (name == "clone").then(|| Ok(value.clone()));
        }
        if let Ty::Prim(prim) = &value.ty {
            if let (Some(op), [arg]) = (assigned(name), args) {
                // `x.add_assign(y)` is `x += y`.
                let new = match self.binary(f, op, value.clone(), arg.clone(), &value.ty, span) {
                    Ok(new) => new,
                    Err(div) => return Some(Err(div)),
                };
                return Some(self.store_write(places, &new, span).map(|()| Val::unit()));
            }
            if prim == "str" {
                if let Some(result) = self.text_method(value, name, args) {
                    return Some(Ok(result));
                }
            } else if let Some(result) = self.number_method(value, name, args) {
                return Some(Ok(result));
            }
        }
        None
    }

    /// A copy of a value. Of what changes through shared references it may also be another handle to the same (`Rc`).
    fn cloned(&mut self, places: &[Place], value: &Val) -> Val {
        let value = &self.copied(value, 0);
        if !self.holds_interior(value, 0) {
            return value.clone();
        }
        let mut either = places.to_vec();
        either.push(Place { slot: self.store.alloc(value.clone()), path: Vec::new() });
        Val { ty: value.ty.clone(), kind: Kind::Ref(Rc::new(either)) }
    }

    /// A copy made by the `Clone` of what is inside: of parts with one that the contract wrote nothing is known.
    pub(super) fn copied(&mut self, value: &Val, depth: usize) -> Val {
        if depth > super::value::MAX_DEPTH || self.has_own_clone(&value.ty) {
            return self.widen(value);
        }
        value.with_parts(&mut |part| self.copied(part, depth + 1))
    }

    /// True where the contract wrote the type's `Clone`.
    pub(super) fn has_own_clone(&mut self, ty: &Ty) -> bool {
        matches!(ty, Ty::Adt(..)) && self.own_method(ty, &Name::new_static("clone")).is_some()
    }

    /// Methods that any value may have (clones, conversions, comparisons); tried last.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn generic_method(
        &mut self,
        f: &mut Frame,
        places: &[Place],
        value: &Val,
        name: &Name,
        generic: &[Ty],
        args: &[Val],
        want: &Ty,
        span: Span,
    ) -> Option<Ev> {
        match name.as_str() {
            "as_mut" | "borrow_mut" | "deref_mut" if args.is_empty() => {
                Some(Ok(Val { ty: value.ty.clone(), kind: Kind::Ref(Rc::new(places.to_vec())) }))
            }
            // Of an `Rc`: there is none while others hold it.
            "get_mut" if args.is_empty() => {
                let inside = Val { ty: value.ty.clone(), kind: Kind::Ref(Rc::new(places.to_vec())) };
                let none = self.none(value.ty.clone());
                let some = self.some(inside);
                Some(Ok(super::value::join(&some, &none, 0)))
            }
            "clone" if args.is_empty() => Some(Ok(self.cloned(places, value))),
            _ => self.conversion(f, value, name, generic, args, want, span),
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn conversion(
        &mut self,
        _f: &mut Frame,
        value: &Val,
        name: &Name,
        generic: &[Ty],
        args: &[Val],
        want: &Ty,
        span: Span,
    ) -> Option<Ev> {
        if identity_method(name) && args.is_empty() {
            return Some(Ok(value.clone()));
        }
        let scalar = matches!(value.ty, Ty::Prim(_));
        match name.as_str() {
            "into" | "try_into" if self.own_method(&value.ty, name).is_some() => {
                let (item, env) = self.own_method(&value.ty, name)?;
                Some(self.call_item(item, env, &[], Some(value.clone()), Vec::new(), want, span))
            }
            "into" => Some(self.convert(value, want, span)),
            "try_into" => {
                let inner = want.arg(0);
                if let Some(result) = self.written_conversion(&inner, "try_from", value, want, span) {
                    return Some(result);
                }
                let converted = match self.convert(value, &inner, span) {
                    Ok(converted) => converted,
                    Err(div) => return Some(Err(div)),
                };
                if self.is_result(&converted.ty) {
                    return Some(Ok(converted));
                }
                let sym = self.whole_sym(&converted);
                let failed = self.err(converted.ty.clone(), sym);
                let good = self.ok(converted);
                Some(Ok(super::value::join(&good, &failed, 0)))
            }
            "to_string" => {
                let sym = self.whole_sym(value);
                let text = matches!(&value.ty, Ty::Prim(prim) if prim == "str");
                let number = value.ty.is_number();
                Some(Ok(Val::sym(
                    Ty::str(),
                    if text {
                        sym
                    } else if number {
                        self.function_sym("to_string", true, &[sym])
                    } else {
                        Sym { cap: false, ..sym.widened() }
                    },
                )))
            }
            "eq" | "ne" | "lt" | "le" | "gt" | "ge" if args.len() == 1 => {
                let op = match name.as_str() {
                    "eq" => BinOp::Eq,
                    "ne" => BinOp::Ne,
                    "lt" => BinOp::Lt,
                    "le" => BinOp::Le,
                    "gt" => BinOp::Gt,
                    _ => BinOp::Ge,
                };
                let other = self.settle(args[0].clone());
                let (a, b) = (self.comparand(value), self.comparand(&other));
                Some(Ok(self.compare(op, &a, &b)))
            }
            "cmp" | "partial_cmp" | "total_cmp" | "hash" | "fmt" => {
                let mut parts = vec![self.whole_sym(value)];
                for arg in args {
                    parts.push(self.whole_sym(arg));
                }
                let mut sym = Sym::computed(parts.iter());
                sym.cap = false;
                Some(Ok(Val::sym(want.clone(), sym)))
            }
            "parse" => {
                let sym = self.whole_sym(value);
                let ty = generic.first().cloned().unwrap_or_else(|| want.arg(0));
                if let Some(result) = self.written_conversion(&ty, "from_str", value, want, span) {
                    return Some(result);
                }
                let parsed = self.function_sym("parse", false, std::slice::from_ref(&sym));
                let failed = self.err(ty.clone(), sym);
                let good = self.ok(Val::sym(ty, parsed));
                Some(Ok(super::value::join(&good, &failed, 0)))
            }
            "max" | "min" | "clamp" if scalar || !args.is_empty() => {
                let mut parts = vec![self.whole_sym(value)];
                for arg in args {
                    parts.push(self.whole_sym(arg));
                }
                let mut sym = Sym::computed(parts.iter());
                sym.cap = false;
                Some(Ok(Val::sym(value.ty.clone(), sym)))
            }
            _ => None,
        }
    }

    /// Bits of a number, also of an opaque one, and whether it has a sign.
    fn number_width(&self, ty: &Ty) -> Option<(u32, bool)> {
        match ty {
            Ty::Prim(_) if ty.is_number() => super::eval::width(ty),
            Ty::Adt(id, _) if self.is_model(id.krate) => {
                match self.type_rows.get(&(id.krate, self.item(*id).name.to_string()))? {
                    crate::ir::Type::Uint(bits) => Some((u32::from(*bits), false)),
                    crate::ir::Type::Int(bits) => Some((u32::from(*bits), true)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// `x.into()`: a written `From` impl is run; without one the value keeps its identity only among plain values.
    pub(super) fn convert(&mut self, value: &Val, want: &Ty, span: Span) -> Ev {
        if self.is_option(want) && !self.is_option(&value.ty) && !value.ty.is_unknown() {
            return Ok(self.some(value.clone()));
        }
        if want.same_head(&value.ty) && !want.is_unknown() {
            let same = match (want, &value.ty) {
                (Ty::Prim(a), Ty::Prim(b)) => a == b,
                _ => true,
            };
            if same {
                return Ok(self.kept_in(want, value.clone()));
            }
        }
        if let (Some((from, false)), Some((to, false))) = (self.number_width(&value.ty), self.number_width(want)) {
            if to >= from {
                return Ok(value.clone().retyped(want));
            }
        }
        if let Some(result) = self.written_conversion(want, "from", value, want, span) {
            return result;
        }
        let plain = |ty: &Ty| matches!(ty, Ty::Prim(_) | Ty::Seq(_) | Ty::Set(_) | Ty::Unknown);
        if plain(want) && plain(&value.ty) {
            return Ok(value.clone().retyped(want));
        }
        // `Addr` to `String` and the like: identity only where a table says so, which would have been found above.
        if want.is_unknown() {
            if self.carries_cap(value, 0) {
                // Into what is not known, so neither is the code that does it.
                self.unknown(crate::ir::UnknownReason::UnresolvedCall, "into".to_owned(), span);
            }
            return Ok(value.clone());
        }
        // Types of tables whose conversion has no row, and whatever else: it depends on what went in.
        let sym = self.whole_sym(value);
        Ok(Val::sym(want.clone(), sym.widened()))
    }

    /// A conversion into a type that somebody wrote: the impl that takes such a value, any of them where its type does not
    /// tell (references of both kinds are one type here).
    fn written_conversion(&mut self, into: &Ty, name: &'static str, value: &Val, want: &Ty, span: Span) -> Option<Ev> {
        let found = self.written_conversions(into, name, value);
        if found.is_empty() {
            return None;
        }
        Some(self.any_of(found.len(), &mut |engine, at| {
            let (item, env) = found[at].clone();
            engine.call_item(item, env, &[], None, vec![value.clone()], want, span)
        }))
    }

    /// The written conversions into a type that may take such a value; several where its type is not known.
    pub(super) fn written_conversions(&mut self, into: &Ty, name: &'static str, value: &Val) -> Vec<(ItemId, TyEnv)> {
        if !matches!(into, Ty::Adt(..)) {
            return Vec::new();
        }
        let name = Name::new_static(name);
        let mut found = Vec::new();
        for info in self.impls_of(into).iter() {
            let Some(&item) = info.assoc.get(&name) else { continue };
            if !matches!(self.item(item).kind, ItemKind::Fn(_)) {
                continue;
            }
            let Some(env) = self.impl_env(info, into) else { continue };
            if self.fits(item, &env, std::slice::from_ref(value)) {
                found.push((item, env));
            }
        }
        found
    }

    /// True if a type has code of its own for an operator; rows of tables are the engine's arithmetic.
    pub(super) fn own_operator(&mut self, ty: &Ty, name: &Name) -> bool {
        self.own_method(ty, name).is_some()
    }

    pub(super) fn fits(&mut self, item: crate::ir::hir::ItemId, env: &super::ty::TyEnv, args: &[Val]) -> bool {
        let info = self.item(item);
        let ItemKind::Fn(function) = &info.kind else { return false };
        let mut env = env.clone();
        for param in &function.generics.params {
            env.generics.retain(|(name, _)| *name != param.name);
            env.generics.push((param.name.clone(), Ty::Param(param.name.clone(), Rc::from([]))));
        }
        let params = function.params.clone();
        params.iter().zip(args).all(|((_, ty), arg)| {
            let ty = self.lower_ty(ty, &env);
            super::ty::unify(&ty, &arg.ty, &mut Vec::new())
        })
    }

    /// A named function of symbols.
    pub(super) fn function_sym(&mut self, name: &str, injective: bool, parts: &[Sym]) -> Sym {
        let mut sym = Sym::computed(parts.iter());
        sym.cap = false;
        let single: Option<Vec<Term>> = parts.iter().map(|part| part.single().cloned()).collect();
        if let Some(of) = single {
            let term = Term::Fn { name: name.to_owned(), of, injective };
            if term.size() <= super::value::MAX_TERM_SIZE {
                sym.terms = vec![term];
            }
        } else if let [part] = parts {
            // One term per alternative.
            sym.terms = part
                .terms
                .iter()
                .map(|term| Term::Fn { name: name.to_owned(), of: vec![term.clone()], injective })
                .filter(|term| term.size() <= super::value::MAX_TERM_SIZE)
                .collect();
            if sym.terms.len() != part.terms.len() {
                sym.terms.clear();
            }
        }
        sym
    }
}
