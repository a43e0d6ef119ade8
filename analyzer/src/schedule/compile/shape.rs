//! The shape of what a term makes: among values of one shape, unequal bytes mean unequal values.

use super::plan::type_at;
use super::value::part;
use crate::manifest::v1::{self, Const, Step, Term, Type};

/// What kind of thing a term makes, so that unequal bytes mean unequal values only among terms of one shape. `None`: not
/// known at all. The empty shape is a plain value.
///
/// Inside a function the kind of each plain value counts too: a function is injective for one type of its argument, and
/// two types may have one encoding.
pub(super) fn shape(term: &Term, entry: &v1::Entry, inside: bool) -> Option<Vec<u8>> {
    match term {
        Term::Fn { name, of, injective: true } => {
            let mut out = Vec::new();
            part(name.as_bytes(), &mut out);
            for term in of {
                part(&shape(term, entry, true)?, &mut out);
            }
            Some(out)
        }
        Term::Fn { .. } | Term::Any | Term::Prefix(_) => None,
        Term::Env { name, scope } => match scope {
            v1::EnvScope::Chain | v1::EnvScope::Block => Some([b"env:", name.as_bytes()].concat()),
            v1::EnvScope::Tx | v1::EnvScope::Call => None,
        },
        Term::Coalesce(of) => {
            let mut shapes = of.iter().map(|term| shape(term, entry, inside));
            let first = shapes.next()??;
            shapes.all(|other| other.as_ref() == Some(&first)).then_some(first)
        }
        Term::Const(_)
        | Term::Arg { .. }
        | Term::Caller
        | Term::Origin
        | Term::SelfAddr
        | Term::Account(_)
        | Term::Load { .. } => Some(if inside { kind(term, entry).to_vec() } else { Vec::new() }),
    }
}

/// The kind of value that a plain term stands for.
fn kind(term: &Term, entry: &v1::Entry) -> &'static [u8] {
    let ty = match term {
        Term::Const(Const::Int(_)) => return b"number",
        Term::Const(Const::Bool(_)) => return b"truth",
        Term::Const(Const::Bytes(_)) => return b"bytes",
        Term::Load { .. } => return b"loaded",
        Term::Arg { path, .. } => {
            let Some(Step::Field(name)) = path.0.first() else { return b"?" };
            let param = entry.params.iter().find(|param| param.name == *name);
            param.and_then(|param| type_at(&param.ty, &path.0[1..]))
        }
        _ => return b"text",
    };
    match ty {
        Some(Type::Text { .. } | Type::Address { .. }) => b"text",
        Some(Type::Uint(_) | Type::Int(_)) => b"number",
        Some(Type::Bool) => b"truth",
        Some(Type::Bytes { .. }) => b"bytes",
        _ => b"?",
    }
}
