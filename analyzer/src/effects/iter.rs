//! Sequences and lazy iterators. An iterator keeps its closures and runs them where elements are taken, so their
//! effects are charged there, in the right order, as often as the loop that takes them may run.

use super::value::{Alt, Iter, Kind, Place, Proj, Sym, Val, join};
use super::{Div, Engine, Ev, Frame, ty::Ty, ty::TyEnv};
use crate::ir::hir::{ExprId, ItemId, Name};
use crate::ir::{Step, Term};
use std::rc::Rc;

impl Engine<'_> {
    /// The iterated expression of a `for`: references stay references.
    pub(super) fn eval_as_iterated(&mut self, f: &mut Frame, e: ExprId) -> Ev {
        self.site = f.body.expr_span(e);
        let value = self.eval(f, e, &Ty::Unknown)?;
        self.site = f.body.expr_span(e);
        Ok(value)
    }

    /// The elements when they are known apart and taking them runs no code.
    pub(super) fn exact_elements(&mut self, value: &Val) -> Option<Vec<Val>> {
        match &value.kind {
            Kind::Seq(seq) => seq.exact.clone(),
            Kind::Iter(iter) => match iter.as_ref() {
                Iter::Of(inner) => self.exact_elements(&inner.clone()),
                Iter::Enumerate(inner) => {
                    let inner = self.exact_elements(&inner.clone())?;
                    let number = |at: usize| Val::int(at as i128, Ty::usize());
                    Some(inner.into_iter().enumerate().map(|(at, each)| Val::tuple(vec![number(at), each])).collect())
                }
                Iter::Zip(a, b) => {
                    let a = self.exact_elements(&a.clone())?;
                    let b = self.exact_elements(&b.clone())?;
                    Some(a.into_iter().zip(b).map(|(a, b)| Val::tuple(vec![a, b])).collect())
                }
                Iter::Chain(a, b) => {
                    let mut a = self.exact_elements(&a.clone())?;
                    a.extend(self.exact_elements(&b.clone())?);
                    Some(a)
                }
                _ => None,
            },
            Kind::Ref(places) => {
                let places = self.follow(places.as_ref().clone());
                let inner = self.read(&places);
                match &inner.kind {
                    Kind::Seq(seq) => {
                        let n = seq.exact.as_ref()?.len();
                        Some((0..n).map(|at| self.reference_below(&places, Proj::Nth(at))).collect())
                    }
                    Kind::Iter(_) => self.exact_elements(&inner),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn reference_below(&mut self, places: &[Place], step: Proj) -> Val {
        let places: Vec<Place> = places
            .iter()
            .map(|place| {
                let mut place = place.clone();
                place.path.push(step.clone());
                place
            })
            .collect();
        let ty = self.read(&places).ty;
        Val { ty, kind: Kind::Ref(Rc::new(places)) }
    }

    /// Some element of a list, as a value.
    pub(super) fn element(&mut self, value: &Val) -> Val {
        let value = self.settle(value.clone());
        match &value.kind {
            Kind::Seq(seq) => {
                let element = seq.any_element().unwrap_or_else(|| Val::any(value.ty.element()));
                if seq.exact.is_some() { element } else { self.retaken(element) }
            }
            Kind::Tuple(parts) => {
                let parts = parts.clone();
                let mut parts = parts.iter();
                match parts.next() {
                    Some(first) => parts.fold(first.clone(), |all, next| join(&all, next, 0)),
                    None => Val::any(Ty::Unknown),
                }
            }
            Kind::Sym(sym) => {
                let ty = value.ty.element();
                let sym = self.element_sym(sym, None);
                self.element_of_dict(&value.ty, ty, sym)
            }
            Kind::Multi(parts) => {
                let elements: Vec<Val> = parts.iter().map(|part| self.element(part)).collect();
                let mut elements = elements.into_iter();
                match elements.next() {
                    Some(first) => elements.fold(first, |all, next| join(&all, &next, 0)),
                    None => Val::any(Ty::Unknown),
                }
            }
            _ => {
                let sym = self.whole_sym(&value).widened();
                Val::sym(Ty::Unknown, sym)
            }
        }
    }

    fn element_of_dict(&mut self, container: &Ty, ty: Ty, sym: Sym) -> Val {
        match container {
            // The key and the value of a map argument are parts of it.
            Ty::Dict(key, value) => {
                let rest = sym.widened();
                Val::tuple(vec![Val::sym(key.as_ref().clone(), sym), Val::sym(value.as_ref().clone(), rest)])
            }
            _ => Val::sym(ty, sym),
        }
    }

    /// An element of a list, or the one at a place where the list is the one that was given.
    pub(super) fn element_sym(&mut self, sym: &Sym, at: Option<usize>) -> Sym {
        let mut terms = Vec::new();
        for term in &sym.terms {
            self.attached_used(term, self.site);
            match term {
                Term::Arg(path) => {
                    let id = match at {
                        Some(at) => self.correlation_at(term, at),
                        None => self.correlation(term),
                    };
                    let mut path = path.clone();
                    path.push(Step::Elem(id));
                    terms.push(Term::Arg(path));
                }
                Term::Load { .. } | Term::Fn { .. } => {
                    terms.push(Term::Fn { name: "element".to_owned(), of: vec![term.clone()], injective: false });
                }
                _ => return Sym { terms: Vec::new(), ..sym.widened() },
            }
        }
        Sym { terms, delta: None, cond: None, ..sym.clone() }
    }

    /// Takes one element, running the closures of lazy iterators; `None` when there can be none.
    pub(super) fn next_element(&mut self, f: &mut Frame, source: &Val) -> Result<Option<Val>, Div> {
        match &source.kind {
            Kind::Ref(places) => {
                let places = self.follow(places.as_ref().clone());
                let inner = self.read(&places);
                match &inner.kind {
                    Kind::Iter(_) => self.next_element(f, &inner),
                    Kind::Seq(seq) => {
                        if seq.any_element().is_none() {
                            return Ok(None);
                        }
                        Ok(Some(self.reference_below(&places, Proj::Elem)))
                    }
                    Kind::Sym(_) if matches!(inner.ty, Ty::Seq(_) | Ty::Set(_) | Ty::Dict(..)) => {
                        Ok(Some(self.reference_below(&places, Proj::Elem)))
                    }
                    _ if self.is_option(&inner.ty) => Ok(self.option_payload_ref(&places, &inner)),
                    _ => self.next_of_object(f, &places, &inner, true),
                }
            }
            Kind::Seq(seq) if seq.exact.is_some() => Ok(seq.any_element()),
            Kind::Seq(_) => Ok(Some(self.element(source))),
            Kind::Iter(iter) => {
                let iter = iter.clone();
                self.next_of_iter(f, &iter)
            }
            Kind::Enum(_) if self.is_option(&source.ty) || self.is_result(&source.ty) => {
                Ok(self.success_payload(source))
            }
            Kind::Sym(_) if self.is_option(&source.ty) => Ok(self.success_payload(source)),
            Kind::Multi(values) => {
                let mut all: Option<Val> = None;
                for value in values.clone().iter() {
                    if let Some(next) = self.next_element(f, value)? {
                        all = Some(match all {
                            Some(all) => join(&all, &next, 0),
                            None => next,
                        });
                    }
                }
                Ok(all)
            }
            Kind::Struct(_) => {
                let places = self.as_places(source.clone());
                self.next_of_object(f, &places, source, false)
            }
            Kind::Sym(_) if matches!(source.ty, Ty::Adt(..)) => {
                let places = self.as_places(source.clone());
                self.next_of_object(f, &places, source, false)
            }
            _ => Ok(Some(self.element(source))),
        }
    }

    fn option_payload_ref(&mut self, places: &[Place], inner: &Val) -> Option<Val> {
        match &inner.kind {
            Kind::Enum(alts) if !alts.iter().any(|alt| alt.variant == self.known.some) => None,
            _ => Some(self.reference_below(places, Proj::Payload(self.known.some, Name::new_static("0")))),
        }
    }

    /// The payload of `Some` or `Ok`; `None` when the value cannot be that.
    pub(super) fn success_payload(&mut self, value: &Val) -> Option<Val> {
        let value = self.settle(value.clone());
        let good = if self.is_result(&value.ty) { self.known.ok } else { self.known.some };
        match &value.kind {
            Kind::Enum(alts) => alts
                .iter()
                .find(|alt| alt.variant == good)
                .and_then(|alt| alt.fields.first().map(|(_, value)| value.clone())),
            Kind::Sym(sym) => {
                let inner = if self.is_option(&value.ty) {
                    super::native::option_payload(sym)
                } else {
                    super::native::unwrapped(sym)
                };
                Some(Val::sym(value.ty.arg(0), inner))
            }
            _ => Some(value),
        }
    }

    /// What the contract wrote for iterating over its type.
    fn ways_into_iter(&mut self, ty: &Ty) -> Vec<(ItemId, TyEnv)> {
        if !matches!(ty, Ty::Adt(id, _) if !self.is_model(id.krate)) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for info in self.impls_of(ty).iter() {
            if let (Some(&item), Some(env)) = (info.assoc.get("into_iter"), self.impl_env(info, ty)) {
                found.push((item, env));
            }
        }
        found
    }

    /// An iterator of the contract's own making, or something that gives one; `lent` for what is borrowed mutably.
    fn next_of_object(&mut self, f: &mut Frame, places: &[Place], value: &Val, lent: bool) -> Result<Option<Val>, Div> {
        let next = Name::new_static("next");
        if self.find_method(&value.ty, &next).is_some() {
            let result = self.method(f, places, value.clone(), &next, &[], Vec::new(), &Ty::Unknown, self.site)?;
            return Ok(self.success_payload(&result));
        }
        let by_reference = Name::new_static("iter_mut");
        let into = match lent && self.find_method(&value.ty, &by_reference).is_some() {
            true => by_reference,
            false => Name::new_static("into_iter"),
        };
        let several = self.ways_into_iter(&value.ty);
        if several.len() > 1 {
            // For references and for values, of which only the type is known.
            let recv = Val { ty: value.ty.clone(), kind: Kind::Ref(Rc::new(places.to_vec())) };
            let inner = self.any_of(several.len(), &mut |engine, at| {
                let (item, env) = several[at].clone();
                engine.call_item(item, env, &[], Some(recv.clone()), Vec::new(), &Ty::Unknown, engine.site)
            })?;
            return self.next_element(f, &inner);
        }
        if self.find_method(&value.ty, &into).is_some() {
            let inner = self.method(f, places, value.clone(), &into, &[], Vec::new(), &Ty::Unknown, self.site)?;
            if !matches!(inner.kind, Kind::Struct(_)) {
                return self.next_element(f, &inner);
            }
        }
        // A row of a table that stands for a list of something.
        if let Kind::Struct(fields) = &value.kind {
            if let Some((_, inner)) = fields.fields.iter().find(|(name, _)| name == "seq") {
                let inner = inner.clone();
                return self.next_element(f, &inner);
            }
        }
        let cap = self.carries_cap(value, 0);
        if cap {
            let result = self.unseen_call(
                crate::ir::UnknownReason::UnresolvedCall,
                "an iterator",
                std::slice::from_ref(value),
                &Ty::Unknown,
                self.site,
            )?;
            return Ok(Some(result));
        }
        let sym = self.whole_sym(value).widened();
        Ok(Some(Val::sym(Ty::Unknown, sym)))
    }

    fn next_of_iter(&mut self, f: &mut Frame, iter: &Iter) -> Result<Option<Val>, Div> {
        match iter {
            Iter::Of(inner) | Iter::Some(inner) => self.next_element(f, inner),
            Iter::Map(inner, func) => match self.next_element(f, inner)? {
                Some(element) => self.call_value(Some(f), func, vec![element], &Ty::Unknown, self.site).map(Some),
                None => Ok(None),
            },
            Iter::Filter(inner, func) | Iter::TakeWhile(inner, func) => match self.next_element(f, inner)? {
                Some(element) => {
                    let keep = self.call_value(Some(f), func, vec![element.clone()], &Ty::bool(), self.site)?;
                    self.observe_value(&keep);
                    Ok(if keep.as_bool() == Some(false) { None } else { Some(element) })
                }
                None => Ok(None),
            },
            Iter::FilterMap(inner, func) | Iter::MapWhile(inner, func) => match self.next_element(f, inner)? {
                Some(element) => {
                    let want = self.option_of(Ty::Unknown);
                    let result = self.call_value(Some(f), func, vec![element], &want, self.site)?;
                    self.observe_value(&result);
                    Ok(self.success_payload(&result))
                }
                None => Ok(None),
            },
            Iter::FlatMap(inner, func) => match self.next_element(f, inner)? {
                Some(element) => {
                    let result = self.call_value(Some(f), func, vec![element], &Ty::Unknown, self.site)?;
                    self.next_element(f, &result)
                }
                None => Ok(None),
            },
            Iter::Flatten(inner) => match self.next_element(f, inner)? {
                Some(element) => self.next_element(f, &element),
                None => Ok(None),
            },
            Iter::Inspect(inner, func) => match self.next_element(f, inner)? {
                Some(element) => {
                    self.call_value(Some(f), func, vec![element.clone()], &Ty::unit(), self.site)?;
                    Ok(Some(element))
                }
                None => Ok(None),
            },
            Iter::Chain(a, b) => {
                let a = self.next_element(f, a)?;
                let b = self.next_element(f, b)?;
                Ok(match (a, b) {
                    (Some(a), Some(b)) => Some(join(&a, &b, 0)),
                    (a, b) => a.or(b),
                })
            }
            Iter::Zip(a, b) => {
                let a = self.apart(0, |engine| engine.next_element(f, a))?;
                let b = self.apart(1, |engine| engine.next_element(f, b))?;
                Ok(match (a, b) {
                    (Some(a), Some(b)) => Some(Val::tuple(vec![a, b])),
                    _ => None,
                })
            }
            Iter::Enumerate(inner) => {
                let element = self.next_element(f, inner)?;
                Ok(element.map(|element| Val::tuple(vec![Val::any(Ty::usize()), element])))
            }
        }
    }

    pub(super) fn option_of(&self, ty: Ty) -> Ty {
        match self.known.option {
            Some(id) => Ty::Adt(id, Rc::from([ty])),
            None => Ty::Unknown,
        }
    }

    pub(super) fn result_of(&self, ty: Ty) -> Ty {
        match self.known.result {
            Some(id) => Ty::Adt(id, Rc::from([ty, Ty::Unknown])),
            None => Ty::Unknown,
        }
    }

    pub(super) fn some(&self, value: Val) -> Val {
        let ty = self.option_of(value.ty.clone());
        let alt = Alt { variant: self.known.some, fields: vec![(Name::new_static("0"), value)] };
        Val { ty, kind: Kind::Enum(Rc::new(vec![alt])) }
    }

    pub(super) fn none(&self, ty: Ty) -> Val {
        let ty = self.option_of(ty);
        Val { ty, kind: Kind::Enum(Rc::new(vec![Alt { variant: self.known.none, fields: Vec::new() }])) }
    }

    /// `Some(value)` or `None`.
    pub(super) fn maybe(&self, value: Val) -> Val {
        let some = self.some(value);
        let none = self.none(some.ty.arg(0));
        join(&none, &some, 0)
    }

    pub(super) fn ok(&self, value: Val) -> Val {
        let ty = self.result_of(value.ty.clone());
        let alt = Alt { variant: self.known.ok, fields: vec![(Name::new_static("0"), value)] };
        Val { ty, kind: Kind::Enum(Rc::new(vec![alt])) }
    }

    pub(super) fn err(&self, ty: Ty, sym: Sym) -> Val {
        let ty = self.result_of(ty);
        let alt = Alt {
            variant: self.known.err,
            fields: vec![(Name::new_static("0"), Val::sym(Ty::Unknown, Sym { cap: false, ..sym.widened() }))],
        };
        Val { ty, kind: Kind::Enum(Rc::new(vec![alt])) }
    }

    /// Runs something for every element; the answer is the join of what it gives.
    pub(super) fn for_each(
        &mut self,
        f: &mut Frame,
        source: &Val,
        each: &mut dyn FnMut(&mut Self, &mut Frame, Val) -> Ev,
    ) -> Result<Option<Val>, Div> {
        // The result lives in a slot so that the loop's fixpoint covers it.
        let slot = self.store.alloc(Val::any(Ty::Never));
        let mut seen = false;
        self.run_loop(f, None, true, &Ty::unit(), &mut |engine, f| {
            let Some(element) = engine.next_element(f, source)? else { return Ok(false) };
            let value = each(engine, f, element)?;
            let value = if seen { join(&engine.store.get(slot).clone(), &value, 0) } else { value };
            seen = true;
            engine.store.set(slot, value.clone());
            engine.last_element = Some(value);
            Ok(true)
        })?;
        Ok(if seen { self.last_element.take() } else { None })
    }
}
