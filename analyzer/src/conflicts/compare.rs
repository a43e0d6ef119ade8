//! When a term of call `a` and a term of call `b` may denote the same value (MODEL §1).
//!
//! The answer is a [`Condition`]: `never` only where the rules prove a difference, `always` where nothing can be said that a
//! batch could decide. All answers err towards equal.

use super::condition::Condition;
use crate::ir::{Const, Entry, EnvScope, Step, Term, Type};

/// The two entry points whose terms are compared.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) a: &'a Entry,
    pub(crate) b: &'a Entry,
    /// The calls may be of different instances (cells with one place on the whole chain).
    pub(crate) anywhere: bool,
}

/// Functions that join bytes without lengths between them; a PDA is a hash over such a joining.
const JOINING: [&str; 3] = ["concat", "pda", "seeds"];

impl Pair<'_> {
    /// When all components of the shorter common length may be equal. `types` are those of the components.
    pub(crate) fn keys(self, left: &[Term], right: &[Term], types: &[Type]) -> Condition {
        let (left, right) = (leading(left), leading(right));
        let mut condition = Condition::always();
        for (at, (left, right)) in left.iter().zip(&right).enumerate() {
            condition = condition.and(&self.terms(left, right, types.get(at)));
            if condition.is_never() {
                break;
            }
        }
        condition
    }

    /// When two terms may be equal; `ty` is the type of the place where they stand.
    pub(crate) fn terms(self, left: &Term, right: &Term, ty: Option<&Type>) -> Condition {
        match (left, right) {
            (Term::Coalesce(of), other) => {
                of.iter().fold(Condition::never(), |all, one| all.or(self.terms(one, other, ty)))
            }
            (other, Term::Coalesce(of)) => {
                of.iter().fold(Condition::never(), |all, one| all.or(self.terms(other, one, ty)))
            }
            (Term::Const(left), Term::Const(right)) => {
                if consts_may_equal(left, right, ty) {
                    Condition::always()
                } else {
                    Condition::never()
                }
            }
            (Term::Fn { name: f, of: x, injective: true }, Term::Fn { name: g, of: y, injective: true })
                if f == g && x.len() == y.len() && !JOINING.contains(&f.as_str()) =>
            {
                // Injectivity is a row of a table for one source type: of different types nothing is known.
                if x.iter().zip(y).any(|(x, y)| self.types_differ(x, y)) {
                    return Condition::always();
                }
                x.iter().zip(y).fold(Condition::always(), |all, (x, y)| all.and(&self.terms(x, y, None)))
            }
            (Term::Fn { name: f, of: x, .. }, Term::Fn { name: g, of: y, .. })
                if f == g && JOINING.contains(&f.as_str()) =>
            {
                self.joined(left, right, x, y)
            }
            // One block: the same value. Nothing proves a difference from anything else, but a batch may give the value.
            (Term::Env { name, .. }, Term::Env { name: other, .. }) if name == other => Condition::always(),
            (Term::SelfAddr, Term::SelfAddr) if !self.anywhere => Condition::always(),
            // Equal in the state both start in, and after one of them changed it neither known equal nor different.
            (Term::Load { .. }, _) if left == right && closed(left) && !self.anywhere => Condition::always(),
            _ if opaque(left) || opaque(right) => Condition::always(),
            _ => Condition::atom(left, right),
        }
    }

    /// True if the types of two terms are known and are not the same.
    fn types_differ(self, left: &Term, right: &Term) -> bool {
        let ty = |entry, term: &Term| match term {
            Term::Arg(path) => arg_type(entry, path).cloned(),
            Term::Const(Const::Bool(_)) => Some(Type::Bool),
            _ => None,
        };
        matches!((ty(self.a, left), ty(self.b, right)), (Some(left), Some(right)) if left != right)
    }

    /// Two joinings of bytes. They are compared part by part only if the parts' widths agree and at most one part has no
    /// known width; else by the constant bytes that both begin and end with.
    fn joined(self, left: &Term, right: &Term, x: &[Term], y: &[Term]) -> Condition {
        let widths = |entry: &Entry, of: &[Term]| of.iter().map(|term| width(entry, term)).collect::<Vec<_>>();
        let (wx, wy) = (widths(self.a, x), widths(self.b, y));
        let agree = wx.iter().zip(&wy).filter(|(x, y)| x.is_some() && x == y).count();
        let unknown = wx.iter().zip(&wy).filter(|(x, y)| x.is_none() || y.is_none()).count();
        if x.len() == y.len() && unknown <= 1 && agree + unknown == x.len() {
            return x.iter().zip(y).fold(Condition::always(), |all, (x, y)| all.and(&self.terms(x, y, None)));
        }
        let total = |widths: &[Option<usize>]| widths.iter().copied().sum::<Option<usize>>();
        if let (Some(left), Some(right)) = (total(&wx), total(&wy)) {
            if left != right {
                return Condition::never();
            }
        }
        let differ = |x: Vec<Option<u8>>, y: Vec<Option<u8>>| {
            x.iter().zip(&y).any(|pair| matches!(pair, (Some(x), Some(y)) if x != y))
        };
        if differ(pattern(x.iter(), &wx), pattern(y.iter(), &wy)) {
            return Condition::never();
        }
        let back = |of: &[Term], widths: &[Option<usize>]| {
            let widths: Vec<_> = widths.iter().rev().copied().collect();
            let reversed: Vec<Term> = of.iter().rev().map(reverse_bytes).collect();
            pattern(reversed.iter(), &widths)
        };
        if differ(back(x, &wx), back(y, &wy)) {
            return Condition::never();
        }
        if opaque(left) || opaque(right) { Condition::always() } else { Condition::atom(left, right) }
    }
}

/// Components before the point where a key is open: a `prefix` gives its own components and ends the key.
pub(crate) fn leading(key: &[Term]) -> Vec<Term> {
    let mut out = Vec::with_capacity(key.len());
    for term in key {
        if let Term::Prefix(of) = term {
            out.extend(leading(of));
            break;
        }
        out.push(term.clone());
    }
    out
}

/// True if nothing about the term's value can be said before the call runs.
pub(crate) fn opaque(term: &Term) -> bool {
    let mut found = false;
    term.walk(&mut |term| {
        found |= matches!(term, Term::Any | Term::Prefix(_) | Term::Env { scope: EnvScope::Tx | EnvScope::Call, .. });
    });
    found
}

/// True if the term does not depend on which call it is a term of.
pub(crate) fn closed(term: &Term) -> bool {
    let mut open = false;
    term.walk(&mut |term| {
        open |= matches!(
            term,
            Term::Arg(_)
                | Term::Caller
                | Term::Origin
                | Term::Account(_)
                | Term::Any
                | Term::Prefix(_)
                | Term::Env { scope: EnvScope::Tx | EnvScope::Call, .. }
        );
    });
    !open
}

/// False only if the encoded bytes of two constants at a place of this type differ.
pub(crate) fn consts_may_equal(left: &Const, right: &Const, ty: Option<&Type>) -> bool {
    match ty {
        Some(Type::Opaque(_)) => return true,
        // One address has several spellings; only two of one alphabet can be told apart by their text.
        Some(Type::Address(kind)) => {
            return match (left, right) {
                (Const::Str(left), Const::Str(right)) => match (spelling(kind, left), spelling(kind, right)) {
                    (Some(left), Some(right)) => left == right,
                    _ => true,
                },
                (Const::Bytes(left), Const::Bytes(right)) => left == right || left.len() != right.len(),
                _ => true,
            };
        }
        _ => {}
    }
    match (left, right) {
        (Const::Bool(left), Const::Bool(right)) => left == right,
        (Const::Int(left), Const::Int(right)) => left == right,
        (Const::Name(left), Const::Name(right)) => left == right,
        (Const::Str(left), Const::Str(right)) => left == right,
        (Const::Bytes(left), Const::Bytes(right)) => left == right,
        (Const::Str(text), Const::Bytes(bytes)) | (Const::Bytes(bytes), Const::Str(text)) => text.as_bytes() == bytes,
        // Encodings of different kinds of values can give the same bytes.
        _ => true,
    }
}

/// The one spelling of an address text of this kind; `None` when the text is not of the kind's usual form.
fn spelling(kind: &str, text: &str) -> Option<String> {
    let all = |text: &str, accept: fn(u8) -> bool| !text.is_empty() && text.bytes().all(accept);
    match kind {
        "base58" | "ss58" => {
            let digit = |byte: u8| byte.is_ascii_alphanumeric() && !b"0OIl".contains(&byte);
            all(text, digit).then(|| text.to_owned())
        }
        "evm" => {
            let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
            (digits.len() == 40 && all(digits, |byte| byte.is_ascii_hexdigit())).then(|| digits.to_ascii_lowercase())
        }
        "bech32" => {
            let (prefix, data) = text.rsplit_once('1')?;
            let usual = !prefix.is_empty() && data.len() >= 38 && all(data, |byte| byte.is_ascii_alphanumeric());
            usual.then(|| text.to_ascii_lowercase())
        }
        "strkey" => {
            let usual =
                text.len() == 56 && all(text, |byte| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte));
            usual.then(|| text.to_owned())
        }
        "near" => Some(text.to_owned()),
        _ => None,
    }
}

/// Width in bytes of a part of a joining, where it is fixed.
fn width(entry: &Entry, term: &Term) -> Option<usize> {
    match term {
        Term::Const(_) => const_bytes(term).map(|bytes| bytes.len()),
        Term::Account(_) => Some(32),
        Term::Arg(path) => match arg_type(entry, path)? {
            Type::Address(kind) => address_width(kind),
            _ => None,
        },
        Term::Fn { name, of, .. } => match name.as_str() {
            "to_le_bytes" | "to_be_bytes" | "to_ne_bytes" => match of.first()? {
                Term::Arg(path) => match arg_type(entry, path)? {
                    Type::Uint(bits) | Type::Int(bits) => Some(usize::from(*bits) / 8),
                    _ => None,
                },
                _ => None,
            },
            "pda" | "hash" | "sha256" | "keccak256" | "blake2_256" => Some(32),
            _ => None,
        },
        _ => None,
    }
}

fn address_width(kind: &str) -> Option<usize> {
    match kind {
        "base58" | "ss58" => Some(32),
        "evm" => Some(20),
        _ => None,
    }
}

/// The type an argument path leads to.
pub(crate) fn arg_type<'a>(entry: &'a Entry, path: &[Step]) -> Option<&'a Type> {
    let (Step::Field(name), rest) = path.split_first()? else { return None };
    let mut ty = &entry.params.iter().find(|param| &param.name == name)?.ty;
    for step in rest {
        ty = match (step, ty) {
            (Step::Field(name), Type::Struct(_, fields)) => &fields.iter().find(|(field, _)| field == name)?.1,
            (Step::Field(index), Type::Tuple(of)) => of.get(index.parse::<usize>().ok()?)?,
            (Step::Elem(_), Type::List(of)) | (Step::Some, Type::Option(of)) => of,
            (Step::MapKey, Type::Map(key, _)) => key,
            _ => return None,
        };
    }
    Some(ty)
}

fn const_bytes(term: &Term) -> Option<Vec<u8>> {
    match term {
        Term::Const(Const::Str(text)) => Some(text.clone().into_bytes()),
        Term::Const(Const::Bytes(bytes)) => Some(bytes.clone()),
        _ => None,
    }
}

/// The bytes a joining begins with, as far as widths are known; `None` for bytes that are not.
fn pattern<'a>(of: impl Iterator<Item = &'a Term>, widths: &[Option<usize>]) -> Vec<Option<u8>> {
    let mut out = Vec::new();
    for (term, width) in of.zip(widths) {
        let Some(width) = width else { break };
        match const_bytes(term) {
            Some(bytes) => out.extend(bytes.into_iter().map(Some)),
            None => out.extend(std::iter::repeat_n(None, *width)),
        }
    }
    out
}

fn reverse_bytes(term: &Term) -> Term {
    match const_bytes(term) {
        Some(mut bytes) => {
            bytes.reverse();
            Term::Const(Const::Bytes(bytes))
        }
        None => term.clone(),
    }
}
