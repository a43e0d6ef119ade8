//! Arithmetic, comparison, and the methods of numbers and text.

use super::value::{Cond, Delta, Kind, Sym, Val};
use super::{Engine, Ev, ty::Ty};
use crate::ir::hir::{BinOp, ItemKind, Name};
use crate::ir::{Bound, Const, OpGroup, Side, Span, Term};
use std::rc::Rc;

impl Engine<'_> {
    /// Arithmetic on symbols. A sum of a loaded value and something that does not depend on it is a delta.
    pub(super) fn arithmetic(&mut self, op: BinOp, a: &Sym, b: &Sym, ty: &Ty, traps: bool) -> Sym {
        if let (Some(Const::Int(x)), Some(Const::Int(y))) = (a.constant(), b.constant()) {
            let value = match op {
                BinOp::Add => x.checked_add(*y),
                BinOp::Sub => x.checked_sub(*y),
                BinOp::Mul => x.checked_mul(*y),
                BinOp::Div => x.checked_div(*y),
                BinOp::Rem => x.checked_rem(*y),
                BinOp::Shl => u32::try_from(*y).ok().and_then(|y| x.checked_shl(y)),
                BinOp::Shr => u32::try_from(*y).ok().and_then(|y| x.checked_shr(y)),
                BinOp::BitAnd => Some(x & y),
                BinOp::BitOr => Some(x | y),
                BinOp::BitXor => Some(x ^ y),
                _ => None,
            };
            if let Some(value) = value {
                return Sym::term(Term::Const(Const::Int(value)));
            }
        }
        let mut sym = Sym::computed([a, b]);
        sym.cap = false;
        sym.delta = self.delta_of(op, a, b, ty, traps);
        if let (Some(x), Some(y)) = (a.single(), b.single()) {
            let name = match op {
                BinOp::Add => "add",
                BinOp::Sub => "sub",
                BinOp::Mul => "mul",
                BinOp::Div => "div",
                BinOp::Rem => "rem",
                _ => "",
            };
            if !name.is_empty() {
                let term = Term::Fn { name: name.to_owned(), of: vec![x.clone(), y.clone()], injective: false };
                if term.size() <= super::value::MAX_TERM_SIZE {
                    sym.terms = vec![term];
                }
            }
        }
        sym
    }

    pub(super) fn delta_of(&mut self, op: BinOp, a: &Sym, b: &Sym, ty: &Ty, traps: bool) -> Option<Rc<Delta>> {
        let (base, other, name) = match op {
            BinOp::Add => match (&a.delta, &b.delta) {
                (Some(delta), _) if !b.loads.iter().any(|dep| dep.meets(delta)) => (delta, b, "add"),
                (_, Some(delta)) if !a.loads.iter().any(|dep| dep.meets(delta)) => (delta, a, "add"),
                _ => return None,
            },
            BinOp::Sub => match &a.delta {
                Some(delta) if !b.loads.iter().any(|dep| dep.meets(delta)) => (delta, b, "sub"),
                _ => return None,
            },
            _ => return None,
        };
        if base.option || matches!(base.op, Some((group, _)) if group != OpGroup::Add) {
            return None;
        }
        let _ = other;
        let mut delta = base.as_ref().clone();
        let name = match delta.op {
            Some((_, old)) if old != name => "add",
            _ => name,
        };
        delta.op = Some((OpGroup::Add, name));
        let unsigned = ty.is_unsigned() || !ty.is_number();
        if op == BinOp::Sub && traps && unsigned {
            delta.bounds.push(Bound { side: Side::Lower, limit: Term::Const(Const::Int(0)) });
            delta.bounds.dedup();
        }
        if op == BinOp::Add {
            self.assumes.insert("no-overflow".to_owned());
        }
        Some(Rc::new(delta))
    }

    /// A comparison.
    pub(super) fn compare(&mut self, op: BinOp, a: &Sym, b: &Sym) -> Val {
        if let (Some(x), Some(y)) = (a.constant(), b.constant()) {
            let known = match (x, y, op) {
                (x, y, BinOp::Eq) => Some(x == y),
                (x, y, BinOp::Ne) => Some(x != y),
                (Const::Int(x), Const::Int(y), BinOp::Lt) => Some(x < y),
                (Const::Int(x), Const::Int(y), BinOp::Le) => Some(x <= y),
                (Const::Int(x), Const::Int(y), BinOp::Gt) => Some(x > y),
                (Const::Int(x), Const::Int(y), BinOp::Ge) => Some(x >= y),
                _ => None,
            };
            // Constants of different kinds may still be one value (text and bytes).
            let comparable = std::mem::discriminant(x) == std::mem::discriminant(y);
            if let Some(known) = known.filter(|_| comparable) {
                return Val::bool(known);
            }
        }
        let (x, y) = (Rc::new(a.clone()), Rc::new(b.clone()));
        let cond = match op {
            BinOp::Eq => Cond::Eq(true, x, y),
            BinOp::Ne => Cond::Eq(false, x, y),
            BinOp::Lt => Cond::Order("<", x, y),
            BinOp::Le => Cond::Order("<=", x, y),
            BinOp::Gt => Cond::Order(">", x, y),
            _ => Cond::Order(">=", x, y),
        };
        let mut sym = Sym::computed([a, b]);
        sym.cap = false;
        sym.cond = Some(Rc::new(cond));
        if a.is_caller() != b.is_caller() {
            sym.loads = super::value::union(&sym.loads, &[super::value::Dep::CALLER]);
        }
        Val::sym(Ty::bool(), sym)
    }

    pub(super) fn text_method(&mut self, value: &Val, name: &str, args: &[Val]) -> Option<Val> {
        let sym = self.whole_sym(value);
        let mut parts = vec![sym.clone()];
        for arg in args {
            parts.push(self.whole_sym(arg));
        }
        let mut taint = Sym::computed(parts.iter());
        taint.cap = false;
        Some(match name {
            "as_bytes" | "into_bytes" | "bytes" | "to_vec" => Val::sym(Ty::seq(Ty::Prim(Name::new_static("u8"))), sym),
            "len" => Val::sym(Ty::usize(), taint),
            "is_empty" => match sym.constant() {
                Some(Const::Str(text)) => Val::bool(text.is_empty()),
                _ => Val::sym(Ty::bool(), taint),
            },
            "contains" | "starts_with" | "ends_with" | "eq_ignore_ascii_case" | "is_char_boundary" => {
                Val::sym(Ty::bool(), taint)
            }
            "trim" | "trim_start" | "trim_end" | "to_lowercase" | "to_uppercase" | "to_ascii_lowercase"
            | "to_ascii_uppercase" | "replace" | "replacen" | "repeat" => {
                let made = self.function_sym(name, false, &parts);
                Val::sym(Ty::str(), made)
            }
            "split" | "splitn" | "rsplit" | "lines" | "split_whitespace" | "char_indices" | "split_terminator"
            | "matches" => Val::seq(Ty::str(), None, Val::sym(Ty::str(), taint.clone()), taint),
            "chars" => {
                let ty = Ty::Prim(Name::new_static("char"));
                Val::seq(ty.clone(), None, Val::sym(ty, taint.clone()), taint)
            }
            "split_once" | "rsplit_once" => {
                let part = Val::sym(Ty::str(), taint);
                self.maybe(Val::tuple(vec![part.clone(), part]))
            }
            "strip_prefix" | "strip_suffix" => self.maybe(Val::sym(Ty::str(), taint)),
            "find" | "rfind" => self.maybe(Val::sym(Ty::usize(), taint)),
            "get" => self.maybe(Val::sym(Ty::str(), taint)),
            _ => return None,
        })
    }

    pub(super) fn number_method(&mut self, value: &Val, name: &str, args: &[Val]) -> Option<Val> {
        let a = self.whole_sym(value);
        let b = args.first().map(|arg| self.whole_sym(arg)).unwrap_or_default();
        let ty = value.ty.clone();
        let mut taint = Sym::computed([&a, &b]);
        taint.cap = false;
        let op = if name.ends_with("_add") {
            Some(BinOp::Add)
        } else if name.ends_with("_sub") {
            Some(BinOp::Sub)
        } else {
            None
        };
        Some(match (name, op) {
            ("checked_add" | "checked_sub", Some(op)) => {
                let sum = self.arithmetic(op, &a, &b, &ty, true);
                self.maybe_checked(Val::sym(ty, sum))
            }
            ("wrapping_add" | "wrapping_sub", Some(_)) => Val::sym(ty, taint),
            ("overflowing_add" | "overflowing_sub", _) => {
                Val::tuple(vec![Val::sym(ty, taint.clone()), Val::sym(Ty::bool(), taint)])
            }
            _ if name.starts_with("checked_") => self.maybe(Val::sym(ty, taint)),
            _ if name.starts_with("saturating_")
                || name.starts_with("wrapping_")
                || name.starts_with("overflowing_") =>
            {
                Val::sym(ty, taint)
            }
            ("to_be_bytes" | "to_le_bytes" | "to_ne_bytes", _) => {
                let bytes = self.function_sym(name, true, &[a]);
                Val::sym(Ty::seq(Ty::Prim(Name::new_static("u8"))), bytes)
            }
            (
                "pow"
                | "abs"
                | "isqrt"
                | "ilog2"
                | "ilog10"
                | "count_ones"
                | "leading_zeros"
                | "trailing_zeros"
                | "rotate_left"
                | "rotate_right"
                | "swap_bytes"
                | "signum"
                | "rem_euclid"
                | "div_euclid"
                | "abs_diff"
                | "div_ceil"
                | "next_power_of_two"
                | "unsigned_abs"
                | "is_power_of_two"
                | "is_positive"
                | "is_negative"
                | "is_ascii_digit"
                | "is_alphanumeric"
                | "is_ascii_alphanumeric"
                | "is_alphabetic"
                | "is_whitespace"
                | "is_numeric"
                | "to_digit"
                | "len_utf8"
                | "to_ascii_lowercase"
                | "then"
                | "then_some"
                | "not"
                | "is_nan"
                | "floor"
                | "ceil"
                | "round"
                | "sqrt"
                | "powi"
                | "powf",
                _,
            ) => {
                if name == "then" || name == "then_some" {
                    return None;
                }
                let ty = if name.starts_with("is_") { Ty::bool() } else { ty };
                Val::sym(ty, taint)
            }
            ("add" | "sub" | "mul" | "div" | "rem", _) if args.len() == 1 => {
                let op = match name {
                    "add" => BinOp::Add,
                    "sub" => BinOp::Sub,
                    "mul" => BinOp::Mul,
                    "div" => BinOp::Div,
                    _ => BinOp::Rem,
                };
                let made = self.arithmetic(op, &a, &b, &ty, true);
                Val::sym(ty, made)
            }
            _ => return None,
        })
    }

    /// `Some(sum)` or, on overflow, `None`: failing on it bounds the delta, which the delta says already.
    pub(super) fn maybe_checked(&mut self, sum: Val) -> Val {
        let delta = match &sum.kind {
            Kind::Sym(sym) => sym.delta.clone(),
            _ => None,
        };
        match (&sum.kind, delta) {
            (Kind::Sym(sym), Some(delta)) => {
                // An `Option` symbol whose absence is the bound.
                let mut optional = delta.as_ref().clone();
                optional.option = true;
                let inner = Sym { delta: Some(Rc::new(optional)), cond: None, ..sym.as_ref().clone() };
                Val::sym(self.option_of(sum.ty.clone()), inner)
            }
            _ => self.maybe(sum),
        }
    }

    /// Functions of built-in types named by path.
    pub(super) fn native_function(&mut self, ty: &Ty, name: &Name, args: &[Val], want: &Ty) -> Option<Ev> {
        match (name.as_str(), args.len()) {
            ("default", 0) => {
                let ty = if ty.is_unknown() { want } else { ty };
                Some(Ok(self.default_value(&ty.clone(), 0)))
            }
            ("new" | "with_capacity", _) if matches!(ty, Ty::Seq(_) | Ty::Set(_) | Ty::Dict(..)) => {
                let ty = if want.same_head(ty) { want } else { ty };
                let elem = ty.element();
                Some(Ok(self.list(Vec::new(), &elem).retyped(ty)))
            }
            ("new" | "with_capacity", _) if *ty == Ty::str() => Some(Ok(Val::text(""))),
            ("from" | "from_utf8_unchecked" | "from_iter", 1)
                if matches!(ty, Ty::Seq(_) | Ty::Set(_) | Ty::Prim(_) | Ty::Dict(..)) =>
            {
                let value = self.settle(args[0].clone());
                let value = self.kept_in(ty, value);
                let same_number = match (width_of(&value.ty), width_of(ty)) {
                    (Some(from), Some(to)) => to >= from,
                    _ => true,
                };
                let foreign = matches!(value.ty, Ty::Adt(..));
                if foreign || !same_number {
                    let sym = self.whole_sym(&value).widened();
                    return Some(Ok(Val::sym(ty.clone(), sym)));
                }
                if let (Ty::Dict(..), Kind::Seq(_), Ty::Tuple(pair)) = (ty, &value.kind, value.ty.element()) {
                    if let [key, of] = pair.as_ref() {
                        // A list of pairs as a map, whose types the pairs tell where nobody else does.
                        let told = Ty::Dict(Rc::new(key.clone()), Rc::new(of.clone()));
                        return Some(Ok(value.retyped(&ty.filled(&told))));
                    }
                }
                if matches!(value.kind, Kind::Seq(_) | Kind::Iter(_)) {
                    return Some(Ok(value));
                }
                Some(Ok(value.retyped(ty)))
            }
            ("from_utf8" | "try_from", 1) if matches!(ty, Ty::Prim(_)) => {
                let value = self.settle(args[0].clone());
                let sym = self.whole_sym(&value);
                let same = match (width_of(&value.ty), width_of(ty)) {
                    // A checked narrowing keeps the number or fails.
                    (Some(_), Some(_)) => true,
                    _ => name == "from_utf8",
                };
                let inner = if same { sym.clone() } else { sym.widened() };
                let failed = self.err(ty.clone(), sym);
                let good = self.ok(Val::sym(ty.clone(), inner));
                Some(Ok(super::value::join(&good, &failed, 0)))
            }
            ("from_be_bytes" | "from_le_bytes" | "from_str_radix", _) if ty.is_number() => {
                let parts: Vec<Sym> = args.iter().map(|arg| self.whole_sym(arg)).collect();
                let sym = self.function_sym(name, name != "from_str_radix", &parts);
                let value = Val::sym(ty.clone(), sym.clone());
                Some(Ok(if name == "from_str_radix" {
                    let failed = self.err(ty.clone(), sym);
                    let good = self.ok(value);
                    super::value::join(&good, &failed, 0)
                } else {
                    value
                }))
            }
            ("from_str", 1) => {
                let sym = self.whole_sym(&args[0]);
                let parsed = self.function_sym("parse", false, std::slice::from_ref(&sym));
                let failed = self.err(ty.clone(), sym);
                let good = self.ok(Val::sym(ty.clone(), parsed));
                Some(Ok(super::value::join(&good, &failed, 0)))
            }
            _ => None,
        }
    }

    /// The default of a type: what `#[derive(Default)]` and built-in impls give.
    pub(super) fn default_value(&mut self, ty: &Ty, depth: usize) -> Val {
        if depth > 6 {
            return Val::any(ty.clone());
        }
        match ty {
            Ty::Prim(name) if name == "bool" => Val::bool(false),
            Ty::Prim(name) if name == "str" => Val::text(""),
            Ty::Prim(_) if ty.is_number() => Val::int(0, ty.clone()),
            Ty::Seq(elem) | Ty::Set(elem) => self.list(Vec::new(), elem).retyped(ty),
            Ty::Dict(..) => {
                let elem = ty.element();
                self.list(Vec::new(), &elem).retyped(ty)
            }
            Ty::Tuple(parts) => {
                let parts = parts.iter().map(|part| self.default_value(part, depth + 1)).collect();
                Val::tuple(parts)
            }
            _ if self.is_option(ty) => self.none(ty.arg(0)),
            Ty::Adt(id, _) => {
                let default = Name::new_static("default");
                for info in self.impls_of(ty).iter() {
                    let Some(&item) = info.assoc.get(&default) else { continue };
                    if let Some(env) = self.impl_env(info, ty) {
                        let made = self.call_item(item, env, &[], None, Vec::new(), ty, Span::NONE);
                        return made.unwrap_or_else(|_| Val::any(ty.clone()));
                    }
                }
                let item = self.item(*id);
                let derived = item.attrs.iter().any(|attr| attr.path == "derive" && attr.tokens.contains("Default"));
                if derived && matches!(item.kind, ItemKind::Struct(_)) {
                    let fields = self.field_types(ty, None);
                    let fields = fields
                        .iter()
                        .cloned()
                        .map(|(name, field)| (name, self.default_value(&field, depth + 1)))
                        .collect();
                    return super::build::built(ty.clone(), None, fields);
                }
                Val::any(ty.clone())
            }
            _ => Val::any(ty.clone()),
        }
    }
}

fn width_of(ty: &Ty) -> Option<u32> {
    let Ty::Prim(name) = ty else { return None };
    Some(match name.as_str() {
        "u8" | "i8" => 8,
        "u16" | "i16" => 16,
        "u32" | "i32" | "usize" | "isize" | "char" => 32,
        "u64" | "i64" => 64,
        "u128" | "i128" => 128,
        _ => return None,
    })
}
