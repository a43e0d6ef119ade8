//! Methods of sequences and iterators.

use super::value::{Cond, FuncVal, Iter, Kind, MAX_EXACT, Place, Proj, SeqVal, Sym, Val, join};
use super::{Engine, Ev, Frame, ty::Ty};
use crate::ir::hir::Name;
use crate::ir::{Const, Span, Term};
use std::rc::Rc;

impl Engine<'_> {
    /// Methods of sequences and iterators; `None` when the name is not one.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn seq_method(
        &mut self,
        f: &mut Frame,
        places: &[Place],
        value: &Val,
        name: &str,
        generic: &[Ty],
        args: &[Val],
        want: &Ty,
        span: Span,
    ) -> Option<Ev> {
        self.site = span;
        let arg = |at: usize| args.get(at).cloned().unwrap_or_else(|| Val::any(Ty::Unknown));
        let lazy = |iter: Iter, elem: Ty| Some(Ok(Val { ty: Ty::seq(elem), kind: Kind::Iter(Rc::new(iter)) }));
        let elem_ty = value.ty.element();
        let whole = value.clone();
        // A map is a list of pairs, which its rows tell apart.
        let is_map = matches!(value.ty, Ty::Dict(..)) && !matches!(value.kind, Kind::Iter(_));
        if is_map && self.find_method(&value.ty, &Name::from(name)).is_some() {
            return None;
        }
        match name {
            "iter" | "into_iter" | "drain" | "by_ref" | "fuse" | "cloned" | "copied" | "peekable" => {
                if name == "cloned" && self.has_own_clone(&elem_ty) {
                    let clone = FuncVal::NativeMethod { ty: Ty::Unknown, name: Name::new_static("clone") };
                    return lazy(Iter::Map(whole, Val::func(clone)), elem_ty);
                }
                if matches!(whole.kind, Kind::Iter(_)) {
                    return Some(Ok(whole));
                }
                if name == "drain" {
                    if let Err(div) = self.reorder(places, &whole) {
                        return Some(Err(div));
                    }
                }
                // What a range drains are some of the elements.
                lazy(if name == "drain" { Iter::Some(whole) } else { Iter::Of(whole) }, elem_ty)
            }
            "iter_mut" if !matches!(whole.kind, Kind::Iter(_)) => {
                let reference = Val { ty: value.ty.clone(), kind: Kind::Ref(Rc::new(places.to_vec())) };
                Some(Ok(Val { ty: value.ty.clone(), kind: Kind::Iter(Rc::new(Iter::Of(reference))) }))
            }
            "map" => lazy(Iter::Map(whole, arg(0)), Ty::Unknown),
            "filter" => lazy(Iter::Filter(whole, arg(0)), elem_ty),
            "skip_while" => lazy(Iter::Filter(whole, arg(0)), elem_ty),
            "take_while" => lazy(Iter::TakeWhile(whole, arg(0)), elem_ty),
            "filter_map" => lazy(Iter::FilterMap(whole, arg(0)), Ty::Unknown),
            "map_while" => lazy(Iter::MapWhile(whole, arg(0)), Ty::Unknown),
            "flat_map" => lazy(Iter::FlatMap(whole, arg(0)), Ty::Unknown),
            "flatten" => lazy(Iter::Flatten(whole), elem_ty.element()),
            "inspect" => lazy(Iter::Inspect(whole, arg(0)), elem_ty),
            "chain" => lazy(Iter::Chain(whole, arg(0)), elem_ty),
            "zip" => {
                let other = arg(0);
                let ty = Ty::Tuple(Rc::from([elem_ty, other.ty.element()]));
                lazy(Iter::Zip(whole, other), ty)
            }
            "enumerate" => lazy(Iter::Enumerate(whole), Ty::Tuple(Rc::from([Ty::usize(), elem_ty]))),
            "rev" | "skip" | "take" | "step_by" | "cycle" | "sorted" | "dedup" | "unique" => {
                if name == "dedup" && !matches!(whole.kind, Kind::Iter(_)) {
                    return Some(self.reorder(places, &whole));
                }
                for arg in args {
                    let loads = self.loads_of(arg);
                    self.rec.observe(&loads);
                }
                lazy(Iter::Some(whole), elem_ty)
            }
            "collect" | "to_vec" | "into_vec" | "into_boxed_slice" | "collect_vec" => {
                let wanted = generic.first().filter(|ty| !ty.is_unknown()).unwrap_or(want).clone();
                Some(self.collect(f, &whole, &wanted))
            }
            "for_each" => Some(
                self.for_each(f, &whole, &mut |engine, f, element| {
                    engine.call_value(Some(f), &args[0], vec![element], &Ty::unit(), span)
                })
                .map(|_| Val::unit()),
            ),
            "try_for_each" => Some(self.try_for_each(f, &whole, &arg(0), want, span)),
            "fold" | "try_fold" | "reduce" | "scan" => Some(self.fold(f, &whole, name, args, want, span)),
            "any" | "all" | "position" | "rposition" | "find" | "find_map" | "partition" | "max_by_key"
            | "min_by_key" | "max_by" | "min_by" | "is_sorted_by" | "partition_point" => {
                Some(self.search(f, &whole, name, args, want, span))
            }
            "count" | "sum" | "product" => {
                let total = self.for_each(f, &whole, &mut |_, _, element| Ok(element));
                Some(total.map(|total| {
                    let mut sym = self.whole_sym(&whole).widened();
                    if let Some(total) = &total {
                        let loads = self.loads_of(total);
                        sym.loads = super::value::union(&sym.loads, &loads);
                    }
                    let ty = generic.first().unwrap_or(want).clone();
                    Val::sym(if name == "count" { Ty::usize() } else { ty }, sym)
                }))
            }
            "last" | "nth" | "max" | "min" | "next" | "next_back" | "peek" | "first" | "pop" | "pop_front"
            | "pop_back" | "choose" => {
                if let Kind::Seq(seq) = &whole.kind {
                    // A set's first is not the first that went in, and sets are lists here.
                    if seq.exact.as_ref().is_some_and(Vec::is_empty) {
                        return Some(Ok(self.none(elem_ty)));
                    }
                }
                if matches!(name, "pop" | "pop_front" | "pop_back") {
                    let shorter = self.unordered(&whole);
                    self.write(places, &shorter);
                }
                let element = self.for_each(f, &whole, &mut |_, _, element| Ok(element));
                Some(element.map(|element| match element {
                    Some(element) => self.maybe(element),
                    None => self.none(elem_ty),
                }))
            }
            "peek_mut" => {
                // What is lent is to stay where it is: the rest is taken now.
                let element = match self.for_each(f, &whole, &mut |_, _, element| Ok(element)) {
                    Ok(element) => element.unwrap_or_else(|| Val::any(elem_ty)),
                    Err(div) => return Some(Err(div)),
                };
                let rest = Val::seq(element.ty.clone(), None, element.clone(), Sym::default());
                self.write(places, &rest);
                let below = self.element_places(places, None);
                Some(Ok(self.maybe(Val { ty: element.ty, kind: Kind::Ref(Rc::new(below)) })))
            }
            "len" => Some(Ok(match &whole.kind {
                Kind::Seq(seq) if seq.exact.is_some() => {
                    Val::int(seq.exact.as_ref().map_or(0, Vec::len) as i128, Ty::usize())
                }
                _ => {
                    let sym = self.whole_sym(&whole).widened();
                    Val::sym(Ty::usize(), sym)
                }
            })),
            "is_empty" => Some(Ok(match &whole.kind {
                Kind::Seq(seq) if seq.exact.is_some() => Val::bool(seq.exact.as_ref().is_some_and(Vec::is_empty)),
                _ => {
                    let sym = self.whole_sym(&whole).widened();
                    Val::sym(Ty::bool(), sym)
                }
            })),
            "contains" | "starts_with" | "ends_with" | "binary_search" | "eq" | "ne" => {
                let mut sym = Sym::default();
                if matches!(whole.kind, Kind::Iter(_)) {
                    // Iterators are compared by what they give.
                    for part in std::iter::once(&whole).chain(args) {
                        match self.for_each(f, part, &mut |_, _, element| Ok(element)) {
                            Ok(element) => {
                                sym = Sym::computed([
                                    &sym,
                                    &element.map_or_else(Sym::default, |all| self.whole_sym(&all)),
                                ])
                            }
                            Err(div) => return Some(Err(div)),
                        }
                    }
                }
                for part in std::iter::once(&whole).chain(args) {
                    let loads = self.loads_of(part);
                    sym.loads = super::value::union(&sym.loads, &loads);
                    if self.whole_sym(part).is_caller() {
                        sym.loads = super::value::union(&sym.loads, &[super::value::Dep::CALLER]);
                    }
                }
                Some(Ok(if name == "binary_search" {
                    Val::sym(self.result_of(Ty::usize()), sym)
                } else {
                    Val::sym(Ty::bool(), sym)
                }))
            }
            "binary_search_by" | "binary_search_by_key" => {
                let func = args.last().cloned().unwrap_or_else(Val::unit);
                let ran = self.for_each(f, &whole, &mut |engine, f, element| {
                    engine.call_value(Some(f), &func, vec![element], &Ty::Unknown, span)
                });
                Some(ran.map(|seen| {
                    let sym = seen.map_or_else(Sym::default, |seen| self.whole_sym(&seen).widened());
                    Val::sym(self.result_of(Ty::usize()), sym)
                }))
            }
            "get" | "get_mut" | "last_mut" | "first_mut" => {
                if let Some(Val { kind: Kind::Seq(range), .. }) = args.first() {
                    if range.range {
                        let mut below = places.to_vec();
                        below.iter_mut().for_each(|place| place.path.push(Proj::Part));
                        let part = match name == "get_mut" {
                            true => Val { ty: value.ty.clone(), kind: Kind::Ref(Rc::new(below)) },
                            false => self.read(&below),
                        };
                        return Some(Ok(self.maybe(part)));
                    }
                }
                let at = match args.first().map(|index| self.whole_sym(index)) {
                    Some(sym) => {
                        self.rec.observe(&sym.loads.clone());
                        match sym.constant() {
                            Some(Const::Int(at)) => usize::try_from(*at).ok(),
                            _ => None,
                        }
                    }
                    None => None,
                };
                let exact_len = match &whole.kind {
                    Kind::Seq(seq) => seq.exact.as_ref().map(Vec::len),
                    _ => None,
                };
                let reference = name.ends_with("_mut");
                // What `get` is given is a place in a list, but an element of a set.
                let at = at.filter(|at| reference && exact_len.is_some_and(|len| *at < len));
                let below = self.element_places(places, at);
                let element = if reference {
                    let ty = self.read(&below).ty;
                    Val { ty, kind: Kind::Ref(Rc::new(below)) }
                } else {
                    self.read(&below)
                };
                Some(Ok(if at.is_some() { self.some(element) } else { self.maybe(element) }))
            }
            "push" | "push_back" | "push_front" | "insert" | "replace" if !args.is_empty() => {
                // Two arguments are a place and a value, or what a map of a type that is not known keeps.
                let list = matches!(value.ty, Ty::Seq(_) | Ty::Set(_)) || args.len() == 1;
                let added = if list { args[args.len() - 1].clone() } else { Val::any(Ty::Unknown) };
                let new = self.with_added(&whole, added, name == "push" || name == "push_back");
                self.write(places, &new);
                Some(Ok(if name == "insert" { Val::any(Ty::bool()) } else { Val::unit() }))
            }
            "extend" | "append" | "extend_from_slice" => {
                let other = arg(0);
                let added = self.for_each(f, &other, &mut |_, _, element| Ok(element));
                match added {
                    Ok(Some(added)) => {
                        let both_exact = match (&whole.kind, self.exact_elements(&other)) {
                            (Kind::Seq(seq), Some(more)) => {
                                seq.exact.as_ref().map(|exact| [exact.as_slice(), &more].concat())
                            }
                            _ => None,
                        };
                        let new = match both_exact.filter(|all| all.len() <= MAX_EXACT && !value.ty.sorts()) {
                            Some(all) => self.list(all, &value.ty.element()),
                            None => self.with_added(&whole, added, false),
                        };
                        let new = new.retyped(&value.ty);
                        self.write(places, &new);
                        if let (Kind::Ref(from), "append") = (&other.kind, name) {
                            // What was there is not there any more.
                            let empty = self.list(Vec::new(), &elem_ty).retyped(&value.ty);
                            self.write(from, &empty);
                        }
                        Some(Ok(Val::unit()))
                    }
                    Ok(None) => Some(Ok(Val::unit())),
                    Err(div) => Some(Err(div)),
                }
            }
            "retain" | "retain_mut" => {
                // `retain_mut` lends the elements.
                let lent = self.element_places(places, None);
                let ran = self.for_each(f, &whole, &mut |engine, f, element| {
                    let element = match name == "retain_mut" {
                        true => Val { ty: element.ty, kind: Kind::Ref(Rc::new(lent.clone())) },
                        false => element,
                    };
                    let keep = engine.call_value(Some(f), &args[0], vec![element], &Ty::bool(), span)?;
                    engine.observe_value(&keep);
                    Ok(keep)
                });
                if let Err(div) = ran {
                    return Some(Err(div));
                }
                let whole = self.read(places);
                Some(self.reorder(places, &whole))
            }
            "sort"
            | "sort_unstable"
            | "sort_by"
            | "sort_by_key"
            | "sort_unstable_by"
            | "sort_unstable_by_key"
            | "reverse"
            | "dedup_by_key"
            | "dedup_by"
            | "truncate"
            | "swap"
            | "rotate_left"
            | "rotate_right"
            | "shuffle"
            | "resize"
            | "fill" => {
                for arg in args {
                    if matches!(arg.kind, Kind::Closure(_) | Kind::Func(_)) {
                        let count = if name.ends_with("_key") { 1 } else { 2 };
                        let ran = self.for_each(f, &whole, &mut |engine, f, element| {
                            let other = engine.apart(1, |engine| engine.retaken(element.clone()));
                            let args = [element, other].into_iter().take(count).collect();
                            engine.call_value(Some(f), arg, args, &Ty::Unknown, span)
                        });
                        if let Err(div) = ran {
                            return Some(Err(div));
                        }
                    }
                }
                if matches!(name, "resize" | "fill") {
                    let new = self.with_added(&whole, args.last().cloned().unwrap_or_else(Val::unit), false);
                    self.write(places, &new);
                    return Some(Ok(Val::unit()));
                }
                Some(self.reorder(places, &whole))
            }
            "clear" => {
                let empty = self.list(Vec::new(), &elem_ty).retyped(&value.ty);
                self.write(places, &empty);
                Some(Ok(Val::unit()))
            }
            "remove" | "swap_remove" | "split_off" => {
                let element = self.element(&whole);
                let shorter = self.unordered(&whole);
                self.write(places, &shorter);
                Some(Ok(if name == "split_off" { shorter } else { element.retyped_if_unknown(want) }))
            }
            "join" | "concat" => {
                let element = self.for_each(f, &whole, &mut |_, _, element| Ok(element));
                Some(element.map(|element| {
                    let mut parts = vec![self.whole_sym(&whole).widened()];
                    if let Some(element) = &element {
                        parts.push(self.whole_sym(element));
                    }
                    for arg in args {
                        parts.push(self.whole_sym(arg));
                    }
                    Val::sym(if want.is_unknown() { elem_ty } else { want.clone() }, Sym::computed(parts.iter()))
                }))
            }
            "chunks" | "windows" | "chunks_exact" | "split_at" | "split_first" | "split_last" => {
                let inner = self.unordered(&whole);
                Some(Ok(match name {
                    "split_at" => Val::tuple(vec![inner.clone(), inner]),
                    "split_first" | "split_last" => {
                        let element = self.element(&whole);
                        self.maybe(Val::tuple(vec![element, inner]))
                    }
                    _ => Val::seq(inner.ty.clone(), None, inner, Sym::default()),
                }))
            }
            "unzip" => {
                let element = self.for_each(f, &whole, &mut |_, _, element| Ok(element));
                Some(element.map(|element| {
                    let element = element.unwrap_or_else(|| Val::any(Ty::Unknown));
                    let a = self.field(&element, &Name::new_static("0"));
                    let b = self.field(&element, &Name::new_static("1"));
                    let list = |part: Val| Val::seq(part.ty.clone(), None, part, Sym::default());
                    Val::tuple(vec![list(a), list(b)])
                }))
            }
            "as_slice" | "as_mut_slice" | "as_ref" | "to_owned" | "clone" | "as_bytes" | "into_inner" | "as_mut"
            | "capacity" | "reserve" | "shrink_to_fit" | "with_capacity" | "size_hint" => match name {
                "as_mut" | "as_mut_slice" => {
                    Some(Ok(Val { ty: value.ty.clone(), kind: Kind::Ref(Rc::new(places.to_vec())) }))
                }
                "reserve" | "shrink_to_fit" => Some(Ok(Val::unit())),
                "capacity" | "size_hint" => Some(Ok(Val::any(Ty::usize()))),
                _ => Some(Ok(whole)),
            },
            _ => None,
        }
    }

    /// A list of these values.
    pub(super) fn list(&mut self, values: Vec<Val>, elem: &Ty) -> Val {
        let ty = values.first().map_or_else(|| elem.clone(), |value| value.ty.clone());
        let any = Val::any(ty.clone());
        // An array of constant bytes is a byte string.
        let bytes: Option<Vec<u8>> = values
            .iter()
            .map(|value| match &value.kind {
                Kind::Sym(sym) => match sym.constant() {
                    Some(Const::Int(byte)) if value.ty == Ty::Prim(Name::new_static("u8")) => u8::try_from(*byte).ok(),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) {
            return Val::term(Ty::seq(ty), Term::Const(Const::Bytes(bytes)));
        }
        if values.len() <= super::value::MAX_EXACT {
            return Val::seq(ty, Some(values), any, Sym::default());
        }
        let mut iter = values.into_iter();
        let elem = match iter.next() {
            Some(first) => iter.fold(first, |all, next| join(&all, &next, 0)),
            None => any,
        };
        Val::seq(ty, None, elem, Sym::default())
    }

    /// The same elements in another order, some perhaps missing.
    pub(super) fn unordered(&mut self, value: &Val) -> Val {
        let elem = match &value.kind {
            Kind::Seq(seq) => match seq.any_element() {
                Some(element) => element,
                None => return value.clone(),
            },
            _ => self.element(value),
        };
        let sym = self.whole_sym(value).widened();
        Val {
            ty: value.ty.clone(),
            kind: Kind::Seq(Rc::new(SeqVal { exact: None, elem, sym: Rc::new(sym), range: false })),
        }
    }

    /// A list as what a collection of this type keeps of it.
    pub(super) fn kept_in(&mut self, ty: &Ty, list: Val) -> Val {
        let several =
            |value: &Val| matches!(&value.kind, Kind::Seq(seq) if seq.exact.as_ref().is_some_and(|all| all.len() > 1));
        if ty.sorts() && several(&list) { self.unordered(&list) } else { list }
    }

    pub(super) fn reorder(&mut self, places: &[Place], value: &Val) -> Ev {
        let new = self.unordered(value);
        self.write(places, &new);
        Ok(Val::unit())
    }

    pub(super) fn with_added(&mut self, list: &Val, added: Val, at_end: bool) -> Val {
        let sym = self.whole_sym(list).widened();
        let (exact, elem) = match &list.kind {
            Kind::Seq(seq) => {
                let exact = seq.exact.as_ref().filter(|exact| at_end && exact.len() < MAX_EXACT && self.repeats == 0);
                let exact = exact.filter(|_| !list.ty.sorts());
                let exact = exact.map(|exact| {
                    let mut exact = exact.clone();
                    exact.push(added.clone());
                    exact
                });
                let elem = match seq.any_element() {
                    Some(old) => join(&old, &added, 0),
                    None => added.clone(),
                };
                (exact, elem)
            }
            _ => {
                let old = self.element(list);
                (None, join(&old, &added, 0))
            }
        };
        let ty = match &list.ty {
            Ty::Seq(inner) if inner.is_unknown() => Ty::seq(added.ty.clone()),
            Ty::Unknown => Ty::seq(added.ty.clone()),
            ty => ty.clone(),
        };
        Val { ty, kind: Kind::Seq(Rc::new(SeqVal { exact, elem, sym: Rc::new(sym), range: false })) }
    }

    pub(super) fn collect(&mut self, f: &mut Frame, source: &Val, want: &Ty) -> Ev {
        if let Some(exact) = self.exact_elements(source) {
            if !exact.iter().any(|element| self.is_result(&element.ty)) && !self.is_result(want) {
                let elem = want.element();
                let list = self.list(exact, &elem);
                let list = self.kept_in(want, list);
                return Ok(if matches!(want, Ty::Seq(_) | Ty::Set(_) | Ty::Dict(..)) {
                    list.retyped(want)
                } else {
                    list
                });
            }
        }
        let element = self.for_each(f, source, &mut |_, _, element| Ok(element))?;
        let sym = match &source.kind {
            Kind::Sym(sym) => sym.widened(),
            _ => Sym::default(),
        };
        let wrapped = self.is_result(want) || self.is_option(want);
        let Some(element) = element else {
            let empty = self.list(Vec::new(), &want.element());
            return Ok(if self.is_result(want) { self.ok(empty) } else { empty.retyped_if_unknown(want) });
        };
        if wrapped && (self.is_result(&element.ty) || self.is_option(&element.ty) || element.ty.is_unknown()) {
            let inner_want = want.arg(0);
            let payload = self.success_payload(&element).unwrap_or_else(|| Val::any(Ty::Unknown));
            let list = self.list_of(payload, &inner_want, sym.clone());
            let taint = self.whole_sym(&element).widened();
            return Ok(if self.is_result(want) {
                let failed = self.err(list.ty.clone(), taint);
                let good = self.ok(list);
                join(&good, &failed, 0)
            } else {
                self.maybe(list)
            });
        }
        Ok(self.list_of(element, want, sym))
    }

    pub(super) fn list_of(&mut self, element: Val, want: &Ty, sym: Sym) -> Val {
        match want {
            Ty::Prim(_) => {
                let inner = self.whole_sym(&element);
                Val::sym(want.clone(), Sym::computed([&inner, &sym]))
            }
            Ty::Dict(..) => Val {
                ty: want.clone(),
                kind: Kind::Seq(Rc::new(SeqVal { exact: None, elem: element, sym: Rc::new(sym), range: false })),
            },
            _ => {
                let ty = match want {
                    Ty::Seq(elem) | Ty::Set(elem) if !elem.is_unknown() => elem.as_ref().clone(),
                    _ => element.ty.clone(),
                };
                Val::seq(ty, None, element, sym)
            }
        }
    }

    pub(super) fn try_for_each(&mut self, f: &mut Frame, source: &Val, func: &Val, want: &Ty, span: Span) -> Ev {
        let result = self.for_each(f, source, &mut |engine, f, element| {
            engine.call_value(Some(f), func, vec![element], want, span)
        })?;
        let done = self.ok(Val::unit());
        Ok(match result {
            Some(result) => join(&done, &result, 0),
            None => done,
        })
    }

    pub(super) fn fold(&mut self, f: &mut Frame, source: &Val, name: &str, args: &[Val], want: &Ty, span: Span) -> Ev {
        let (init, func) = match args {
            [func] => (None, func.clone()),
            [init, func, ..] => (Some(init.clone()), func.clone()),
            [] => return Ok(Val::any(want.clone())),
        };
        let start = match &init {
            Some(init) => init.clone(),
            None => self.apart(1, |engine| engine.element(source)),
        };
        let slot = self.store.alloc(start);
        let fallible = name == "try_fold";
        let mut failed: Option<Val> = None;
        // What the closure's result is: an `Option`, a `Result`, or of a type that is not known.
        let (mut gives_option, mut gives_result) = (false, false);
        self.run_loop(f, None, true, &Ty::unit(), &mut |engine, f| {
            let Some(element) = engine.next_element(f, source)? else { return Ok(false) };
            let acc = engine.store.get(slot).clone();
            let result = engine.call_value(Some(f), &func, vec![acc, element], &Ty::Unknown, span)?;
            let next = if fallible {
                gives_option |= engine.is_option(&result.ty);
                gives_result |= engine.is_result(&result.ty);
                if engine.may_fail(&result) {
                    let sym = engine.whole_sym(&result).widened();
                    engine.rec.observe(&sym.loads);
                    failed = Some(engine.err(Ty::Unknown, sym));
                }
                engine.success_payload(&result).unwrap_or_else(|| Val::any(Ty::Unknown))
            } else {
                result
            };
            engine.store.set(slot, next);
            Ok(true)
        })?;
        let total = self.store.get(slot).clone();
        Ok(match name {
            "reduce" => self.maybe(total),
            "try_fold" if gives_option => self.maybe(total),
            "try_fold" if !gives_result => Val::sym(want.clone(), self.whole_sym(&total).widened()),
            "try_fold" => {
                let good = self.ok(total);
                match failed {
                    Some(failed) => join(&good, &failed, 0),
                    None => good,
                }
            }
            _ => total,
        })
    }

    pub(super) fn may_fail(&self, value: &Val) -> bool {
        match &value.kind {
            Kind::Enum(alts) => alts.iter().any(|alt| alt.variant == self.known.err && self.is_result(&value.ty)),
            _ => true,
        }
    }

    pub(super) fn search(
        &mut self,
        f: &mut Frame,
        source: &Val,
        name: &str,
        args: &[Val],
        want: &Ty,
        span: Span,
    ) -> Ev {
        let Some(func) = args.first().cloned() else { return Ok(Val::any(want.clone())) };
        let mut picked: Option<Val> = None;
        let mut denied = name == "all";
        let pairs = matches!(name, "max_by" | "min_by" | "is_sorted_by");
        let mut sym = self.whole_sym(source).widened();
        self.for_each(f, source, &mut |engine, f, element| {
            let mut passed = vec![element.clone()];
            if pairs {
                passed.push(engine.apart(1, |engine| engine.retaken(element.clone())));
            }
            let result = engine.call_value(Some(f), &func, passed, &Ty::Unknown, span)?;
            let loads = engine.loads_of(&result);
            sym.loads = super::value::union(&sym.loads, &loads);
            denied &= is_denial(&result);
            let value = if name == "find_map" { engine.success_payload(&result) } else { Some(element) };
            if let Some(value) = value {
                picked = Some(match picked.take() {
                    Some(all) => join(&all, &value, 0),
                    None => value,
                });
            }
            Ok(result)
        })?;
        Ok(match name {
            // That all are not something is that none is.
            "all" if denied => Val::sym(Ty::bool(), super::eval::negated(&sym)),
            "any" | "all" | "is_sorted_by" => Val::sym(Ty::bool(), sym),
            "position" | "rposition" => Val::sym(self.option_of(Ty::usize()), sym),
            "partition_point" => Val::sym(Ty::usize(), sym),
            "partition" => {
                self.rec.observe(&sym.loads);
                let element = picked.unwrap_or_else(|| Val::any(Ty::Unknown));
                let list = Val::seq(element.ty.clone(), None, element, Sym::default());
                Val::tuple(vec![list.clone(), list])
            }
            _ => {
                self.rec.observe(&sym.loads);
                match picked {
                    Some(picked) => self.maybe(picked),
                    None => self.none(source.ty.element()),
                }
            }
        })
    }
}

/// True for a truth value that says that something is not so.
fn is_denial(value: &Val) -> bool {
    match &value.kind {
        Kind::Sym(sym) => matches!(sym.cond.as_deref(), Some(Cond::Not(_) | Cond::Eq(false, ..))),
        _ => false,
    }
}
