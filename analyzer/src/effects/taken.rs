//! Which elements are the same element. A term of an element carries an id, and two terms with one id are one value, so
//! that `(x.from, x.to)` of one `x` is known to be a pair of the list. Ids must differ wherever the elements may: the id
//! stands for one taking of an element, that is for an expression in one activation of one function.

use super::value::{Kind, Sym, Val};
use super::{Engine, ExprId};
use crate::ir::{Step, Term};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// What a taking is known by. Rounds of one loop share it: what they leave to each other is widened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct At {
    /// The calls and written-out rounds that led here, mixed into one number.
    path: u64,
    /// The expression being executed.
    expr: u32,
}

/// The path of what is taken by its place in a list that stays as it is, wherever that happens.
const FIXED: u64 = u64::MAX;

/// Takings by list and where they were.
#[derive(Default)]
pub(super) struct Taken {
    at: At,
    ids: FxHashMap<(Term, At), u32>,
}

impl Engine<'_> {
    /// From here on elements are taken by this expression.
    pub(super) fn taking_in(&mut self, e: ExprId) {
        self.taken.at.expr = e.0;
    }

    /// Runs something at a place of its own: elements taken there are not those taken elsewhere. `which` tells places
    /// below one expression apart.
    pub(super) fn apart<T>(&mut self, which: u64, run: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.taken.at;
        let mixed = (outer.path ^ which).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23);
        let path = (mixed ^ u64::from(outer.expr)).wrapping_mul(0xD6E8_FEB8_6659_FD93).rotate_left(29);
        self.taken.at = At { path, expr: 0 };
        let result = run(self);
        self.taken.at = outer;
        result
    }

    /// The id of an element of a list taken now.
    pub(super) fn correlation(&mut self, list: &Term) -> u32 {
        self.id_of(list, self.taken.at)
    }

    /// The id of the element at a place of a list that stays as it is.
    pub(super) fn correlation_at(&mut self, list: &Term, at: usize) -> u32 {
        match u32::try_from(at) {
            Ok(expr) => self.id_of(list, At { path: FIXED, expr }),
            Err(_) => self.correlation(list),
        }
    }

    fn id_of(&mut self, list: &Term, at: At) -> u32 {
        let next = self.taken.ids.len() as u32;
        *self.taken.ids.entry((list.clone(), at)).or_insert(next)
    }

    /// An element of a list that was made of elements of another: that one of them was taken when the list was made does
    /// not make any two of its own the same.
    pub(super) fn retaken(&mut self, value: Val) -> Val {
        let mut found = false;
        value.symbols(&mut |sym| {
            sym.terms.iter().for_each(|term| {
                term.walk(&mut |term| {
                    found |= matches!(term, Term::Arg(path) if path.iter().any(|step| matches!(step, Step::Elem(_))));
                });
            });
        });
        if found { self.renamed(&value) } else { value }
    }

    fn renamed(&mut self, value: &Val) -> Val {
        let mut new = value.with_parts(&mut |part| self.renamed(part));
        match &mut new.kind {
            Kind::Sym(sym) => *sym = self.renamed_sym(sym),
            Kind::Struct(all) => {
                if let Some(base) = all.base.as_ref().map(|base| self.renamed_sym(base)) {
                    Rc::make_mut(all).base = Some(base);
                }
            }
            Kind::Seq(seq) => {
                let sym = self.renamed_sym(&seq.sym);
                Rc::make_mut(seq).sym = sym;
            }
            _ => {}
        }
        new
    }

    fn renamed_sym(&mut self, sym: &Rc<Sym>) -> Rc<Sym> {
        let terms: Vec<Term> = sym.terms.iter().map(|term| self.renamed_term(term)).collect();
        if terms == sym.terms { sym.clone() } else { Rc::new(Sym { terms, delta: None, ..sym.as_ref().clone() }) }
    }

    fn renamed_term(&mut self, term: &Term) -> Term {
        let list = |engine: &mut Self, of: &[Term]| of.iter().map(|term| engine.renamed_term(term)).collect();
        match term {
            Term::Arg(path) => {
                let mut new = Vec::with_capacity(path.len());
                for (at, step) in path.iter().enumerate() {
                    new.push(match step {
                        Step::Elem(_) => Step::Elem(self.correlation(&Term::Arg(path[..=at].to_vec()))),
                        other => other.clone(),
                    });
                }
                Term::Arg(new)
            }
            Term::Load { cell, key, field } => Term::Load { cell: *cell, key: list(self, key), field: field.clone() },
            Term::Fn { name, of, injective } => {
                Term::Fn { name: name.clone(), of: list(self, of), injective: *injective }
            }
            Term::Coalesce(of) => Term::Coalesce(list(self, of)),
            Term::Prefix(of) => Term::Prefix(list(self, of)),
            other => other.clone(),
        }
    }
}
