//! Abstract values: what the interpreter knows about a value of one call.
//!
//! The lattice: a [`Sym`] holds at most [`MAX_TERMS`] terms, none meaning "anything" (top); joining takes the union.
//! Structured values join field by field; shapes that differ join to a symbol that keeps what must never be lost:
//! which loads the value depends on, whether it gives access to state, and every function that may be called through it.

use super::ty::Ty;
use crate::ir::hir::{Body, Expr, ExprId, ItemId, LocalId, Name};
use crate::ir::{Bound, Const, OpGroup, Span, Term};
use std::rc::Rc;
use std::sync::Arc;

/// A join keeps this many terms before it gives up and says "anything" (MODEL §6.1).
pub(crate) const MAX_TERMS: usize = 4;
/// Terms larger than this are replaced by "anything" (MODEL §6.4).
pub(crate) const MAX_TERM_SIZE: usize = 40;
/// Sequences up to this length keep their elements apart.
pub(crate) const MAX_EXACT: usize = 12;
/// Alternatives of one value that are kept apart; more are a value nobody knows, which gives access to state.
const MAX_APART: usize = 64;
/// Structured values deeper than this become symbols.
pub(crate) const MAX_DEPTH: usize = 10;

/// A value and its static type (references stripped; they are [`Kind::Ref`]).
#[derive(Clone, Debug)]
pub(crate) struct Val {
    pub(crate) ty: Ty,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// A scalar or anything whose structure is not known.
    Sym(Rc<Sym>),
    /// A struct; fields that are missing come from `base`.
    Struct(Rc<StructVal>),
    /// One of several variants.
    Enum(Rc<Vec<Alt>>),
    Tuple(Rc<Vec<Val>>),
    /// A list, slice, array, set, or map (of pairs).
    Seq(Rc<SeqVal>),
    /// A lazy iterator with its pending effects.
    Iter(Rc<Iter>),
    /// A mutable reference to one of several places.
    Ref(Rc<Vec<Place>>),
    Closure(Rc<ClosureVal>),
    Func(Rc<FuncVal>),
    /// Several values whose shapes cannot be joined and must all be considered when called.
    Multi(Rc<Vec<Val>>),
    /// A place in storage.
    Cell(Rc<CellVal>),
}

/// What is known of a scalar.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sym {
    /// The value is one of these terms; empty means anything.
    pub(crate) terms: Vec<Term>,
    /// Loads (ids of the recorder) the value depends on, sorted.
    pub(crate) loads: Vec<Dep>,
    /// Those of `loads` that this error does not tell: it only arose because the loaded value was absent or its change
    /// out of bounds. Whoever catches the error sees them; a call that fails with it does not count as an observer.
    pub(crate) quiet: Vec<Dep>,
    /// The value is a loaded value changed by a delta.
    pub(crate) delta: Option<Rc<Delta>>,
    /// What it means when this truth value holds.
    pub(crate) cond: Option<Rc<Cond>>,
    /// Gives access to state although its type does not say so.
    pub(crate) cap: bool,
}

/// What a value depends on: a loaded value (its id in the recorder), or one field of it and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Dep {
    pub(crate) load: u32,
    /// The outermost field; `None` is the whole value, its presence included.
    pub(crate) field: Option<Name>,
}

impl Dep {
    /// What a value depends on that a comparison with the caller decided: no load, but handed on like one.
    pub(super) const CALLER: Dep = Dep { load: u32::MAX, field: None };

    /// The whole loaded value.
    pub(crate) fn whole(load: u32) -> Dep {
        Dep { load, field: None }
    }

    /// True when the dependency may be on the part of the value that the delta changes.
    pub(crate) fn meets(&self, delta: &Delta) -> bool {
        self.load == delta.load
            && match (&self.field, delta.path.first()) {
                (Some(field), Some(changed)) => field == changed,
                _ => true,
            }
    }
}

/// `value = load ∘ delta`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Delta {
    pub(crate) load: u32,
    /// Field path inside the loaded value.
    pub(crate) path: Vec<Name>,
    /// True while the value is still the `Option` a read gives.
    pub(crate) option: bool,
    /// The operation; `None` is the loaded value itself.
    pub(crate) op: Option<(OpGroup, &'static str)>,
    pub(crate) default: Option<Const>,
    pub(crate) bounds: Vec<Bound>,
}

/// The meaning of a truth value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cond {
    /// `a == b` (true) or `a != b`.
    Eq(bool, Rc<Sym>, Rc<Sym>),
    /// `a < b`, `a <= b` and their mirror images: the name of the operator as the source has it.
    Order(&'static str, Rc<Sym>, Rc<Sym>),
    Not(Rc<Cond>),
    And(Rc<Cond>, Rc<Cond>),
    Or(Rc<Cond>, Rc<Cond>),
    /// Something exists at a cell under a key.
    Present(u32),
}

#[derive(Clone, Debug)]
pub(crate) struct StructVal {
    pub(crate) fields: Vec<(Name, Val)>,
    pub(crate) base: Option<Rc<Sym>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Alt {
    pub(crate) variant: u32,
    pub(crate) fields: Vec<(Name, Val)>,
}

#[derive(Clone, Debug)]
pub(crate) struct SeqVal {
    /// All elements in order, when known.
    pub(crate) exact: Option<Vec<Val>>,
    /// Any element; ignored while `exact` is there.
    pub(crate) elem: Val,
    /// The list as a whole (its length, its identity).
    pub(crate) sym: Rc<Sym>,
    /// A range, whose `map` is lazy; an array's runs at once.
    pub(crate) range: bool,
}

/// A lazy iterator: closures run where elements are taken.
#[derive(Clone, Debug)]
pub(crate) enum Iter {
    Of(Val),
    Map(Val, Val),
    Filter(Val, Val),
    FilterMap(Val, Val),
    FlatMap(Val, Val),
    Flatten(Val),
    Inspect(Val, Val),
    MapWhile(Val, Val),
    TakeWhile(Val, Val),
    Chain(Val, Val),
    Zip(Val, Val),
    Enumerate(Val),
    /// Fewer or reordered elements.
    Some(Val),
}

/// Part of a place below its slot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Proj {
    Field(Name),
    /// Payload field of a variant.
    Payload(u32, Name),
    /// Some element; writes are weak.
    Elem,
    /// Element of a list whose elements are known apart.
    Nth(usize),
    /// Some elements of a list, as a list; writes are weak.
    Part,
}

/// A memory place: a slot of the store and a path below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) slot: u32,
    pub(crate) path: Vec<Proj>,
}

#[derive(Clone, Debug)]
pub(crate) struct ClosureVal {
    pub(crate) body: Arc<Body>,
    pub(crate) expr: ExprId,
    /// Slots of the captured bindings.
    pub(crate) slots: Vec<(LocalId, u32)>,
    pub(crate) env: Rc<super::ty::TyEnv>,
    pub(crate) name: Rc<str>,
    /// For a closure of a table's row: the contract's expression that led into the row.
    pub(crate) row: Option<Span>,
}

impl ClosureVal {
    /// How many arguments it takes, if it is written as a closure.
    pub(crate) fn params(&self) -> Option<usize> {
        match self.body.expr(self.expr) {
            Expr::Closure(written) => Some(written.params.len()),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum FuncVal {
    /// A function item, with explicit generic arguments and the self type of the path it was named through.
    Item { item: ItemId, args: Vec<Ty>, self_ty: Option<Ty>, env: Option<Rc<super::ty::TyEnv>> },
    /// A tuple struct's or variant's constructor.
    Ctor { variant: Option<u32>, ty: Ty },
    /// An intrinsic or built-in function, by its path.
    Native(Name, Vec<Ty>),
    /// A trait's method named through the trait: dispatches on the first argument or the expected type.
    TraitMethod { item: ItemId, trait_id: ItemId, args: Vec<Ty>, self_ty: Option<Ty> },
    /// A method of a built-in type named as a path (`u64::from`, `String::from`).
    NativeMethod { ty: Ty, name: Name },
    /// A path into code that is not there.
    External(Vec<Name>),
}

/// A place in storage, not yet tied to a cell of the contract.
#[derive(Clone, Debug)]
pub(crate) struct CellVal {
    /// Which of several stores it is in, where there are several.
    pub(crate) tier: Option<Name>,
    /// Namespace; `None` when it is not a constant.
    pub(crate) namespace: Option<Vec<u8>>,
    pub(crate) kind: Name,
    /// Name for people; from the const, static or field that holds it.
    pub(crate) label: Option<Rc<str>>,
    /// How the key is encoded, where keys name their places: `vec('Balance,address)`.
    pub(crate) shape: Option<Rc<str>>,
    pub(crate) key: Ty,
    pub(crate) value: Ty,
    pub(crate) span: Span,
}

/// Equal when they are the same place: names and spans are for people.
impl PartialEq for CellVal {
    fn eq(&self, other: &CellVal) -> bool {
        self.namespace.is_some()
            && (&self.tier, &self.namespace, &self.kind) == (&other.tier, &other.namespace, &other.kind)
            || self.namespace.is_none()
                && (&self.tier, &self.span, &self.kind) == (&other.tier, &other.span, &other.kind)
                && other.namespace.is_none()
    }
}

impl Sym {
    pub(crate) fn term(term: Term) -> Sym {
        match term {
            Term::Any => Sym::default(),
            term if term.size() > MAX_TERM_SIZE => Sym::default(),
            term => Sym { terms: vec![term], ..Sym::default() },
        }
    }

    /// The one term, when there is exactly one.
    pub(crate) fn single(&self) -> Option<&Term> {
        match self.terms.as_slice() {
            [term] => Some(term),
            _ => None,
        }
    }

    /// The value when it is a known constant.
    pub(crate) fn constant(&self) -> Option<&Const> {
        match self.single() {
            Some(Term::Const(value)) => Some(value),
            _ => None,
        }
    }

    /// The terms for a key: `Any` when nothing is known.
    pub(crate) fn key_terms(&self) -> Vec<Term> {
        if self.terms.is_empty() { vec![Term::Any] } else { self.terms.clone() }
    }

    pub(crate) fn join(&self, other: &Sym) -> Sym {
        if self == other {
            return self.clone();
        }
        let terms = if self.terms.is_empty() || other.terms.is_empty() {
            Vec::new()
        } else {
            let mut terms: Vec<Term> = self.terms.iter().chain(&other.terms).cloned().collect();
            terms.sort();
            terms.dedup();
            if terms.len() > MAX_TERMS { Vec::new() } else { terms }
        };
        let cond = match (&self.cond, &other.cond) {
            (Some(a), Some(b)) if a == b => Some(a.clone()),
            // `match x { Some(o) => o == caller, None => false }` still means that they are equal.
            (Some(a), None) if other.constant() == Some(&Const::Bool(false)) => Some(a.clone()),
            (None, Some(b)) if self.constant() == Some(&Const::Bool(false)) => Some(b.clone()),
            _ => None,
        };
        Sym {
            terms: if cond.is_some() { Vec::new() } else { terms },
            loads: union(&self.loads, &other.loads),
            quiet: {
                let mut quiet = union(&self.quiet, &other.quiet);
                quiet.retain(|load| {
                    [self, other]
                        .iter()
                        .all(|sym| sym.loads.binary_search(load).is_err() || sym.quiet.binary_search(load).is_ok())
                });
                quiet
            },
            delta: if self.delta == other.delta { self.delta.clone() } else { None },
            cond,
            cap: self.cap || other.cap,
        }
    }

    /// The same dependencies with nothing known about the value.
    pub(crate) fn widened(&self) -> Sym {
        Sym { loads: self.loads.clone(), quiet: self.quiet.clone(), cap: self.cap, ..Sym::default() }
    }

    /// True for the address of whoever calls, or signed.
    pub(crate) fn is_caller(&self) -> bool {
        matches!(self.single(), Some(Term::Caller | Term::Origin))
    }

    /// A value computed from these without a rule.
    pub(crate) fn computed<'a>(parts: impl IntoIterator<Item = &'a Sym>) -> Sym {
        let mut result = Sym::default();
        for part in parts {
            result.loads = union(&result.loads, &part.loads);
            result.cap |= part.cap;
        }
        result
    }
}

pub(crate) fn union(a: &[Dep], b: &[Dep]) -> Vec<Dep> {
    if b.is_empty() || a == b {
        return a.to_vec();
    }
    if a.is_empty() {
        return b.to_vec();
    }
    // Both are sorted.
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut all = Vec::new();
    loop {
        let from = match (a.peek(), b.peek()) {
            (Some(x), Some(y)) => x.cmp(y),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => return all,
        };
        let next = if from.is_le() { a.next() } else { b.next() };
        if from.is_eq() {
            b.next();
        }
        all.extend(next.cloned());
    }
}

impl Val {
    pub(crate) fn sym(ty: Ty, sym: Sym) -> Val {
        Val { ty, kind: Kind::Sym(Rc::new(sym)) }
    }
    pub(crate) fn any(ty: Ty) -> Val {
        Val::sym(ty, Sym::default())
    }
    pub(crate) fn term(ty: Ty, term: Term) -> Val {
        Val::sym(ty, Sym::term(term))
    }
    pub(crate) fn unit() -> Val {
        Val { ty: Ty::unit(), kind: Kind::Tuple(Rc::new(Vec::new())) }
    }
    pub(crate) fn bool(value: bool) -> Val {
        Val::term(Ty::bool(), Term::Const(Const::Bool(value)))
    }
    pub(crate) fn int(value: i128, ty: Ty) -> Val {
        Val::term(ty, Term::Const(Const::Int(value)))
    }
    pub(crate) fn text(value: &str) -> Val {
        Val::term(Ty::str(), Term::Const(Const::Str(value.to_owned())))
    }
    pub(crate) fn tuple(parts: Vec<Val>) -> Val {
        Val { ty: Ty::Tuple(parts.iter().map(|part| part.ty.clone()).collect()), kind: Kind::Tuple(Rc::new(parts)) }
    }
    pub(crate) fn func(func: FuncVal) -> Val {
        Val { ty: Ty::Unknown, kind: Kind::Func(Rc::new(func)) }
    }
    pub(crate) fn seq(elem_ty: Ty, exact: Option<Vec<Val>>, elem: Val, sym: Sym) -> Val {
        Val { ty: Ty::seq(elem_ty), kind: Kind::Seq(Rc::new(SeqVal { exact, elem, sym: Rc::new(sym), range: false })) }
    }
    pub(crate) fn retyped(mut self, ty: &Ty) -> Val {
        // What is built stays what it is, however it is looked at.
        let built = matches!((&self.ty, &self.kind), (Ty::Adt(..), Kind::Struct(_) | Kind::Enum(_)));
        let loose = matches!(ty, Ty::Seq(_) | Ty::Set(_) | Ty::Dyn(_) | Ty::Param(..));
        if !(ty.is_unknown() || built && loose) {
            self.ty = ty.clone();
        }
        self
    }
    /// The constant truth value, if it is one.
    pub(crate) fn as_bool(&self) -> Option<bool> {
        match &self.kind {
            Kind::Sym(sym) => match sym.constant() {
                Some(Const::Bool(value)) => Some(*value),
                _ => None,
            },
            _ => None,
        }
    }
}

thread_local! {
    /// Nodes the running join may still make.
    static FUEL: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

/// A join that makes more nodes than this keeps only dependencies: shared parts would be copied without end.
const JOIN_NODES: u32 = 3_000;

/// Joins values; `depth` bounds recursion into structures.
pub(crate) fn join(a: &Val, b: &Val, depth: usize) -> Val {
    let left = FUEL.with(|fuel| {
        let left = if depth == 0 { JOIN_NODES } else { fuel.get().saturating_sub(1) };
        fuel.set(left);
        left
    });
    let ty = if a.ty == b.ty || b.ty.is_unknown() || b.ty == Ty::Never {
        a.ty.clone()
    } else if a.ty.is_unknown() || a.ty == Ty::Never {
        b.ty.clone()
    } else if a.ty.same_head(&b.ty) {
        a.ty.filled(&b.ty)
    } else {
        Ty::Unknown
    };
    if depth > MAX_DEPTH || left == 0 {
        return collapse_join(ty, a, b);
    }
    let kind = match (&a.kind, &b.kind) {
        (Kind::Sym(x), Kind::Sym(y)) => Kind::Sym(Rc::new(x.join(y))),
        (Kind::Tuple(x), Kind::Tuple(y)) if Rc::ptr_eq(x, y) => a.kind.clone(),
        (Kind::Tuple(x), Kind::Tuple(y)) if x.len() == y.len() => {
            Kind::Tuple(Rc::new(x.iter().zip(y.iter()).map(|(x, y)| join(x, y, depth + 1)).collect()))
        }
        (Kind::Struct(x), Kind::Struct(y)) if Rc::ptr_eq(x, y) => a.kind.clone(),
        (Kind::Struct(x), Kind::Struct(y)) if a.ty.same_head(&b.ty) => match join_structs(&a.ty, x, y, depth) {
            Some(joined) => Kind::Struct(Rc::new(joined)),
            None => return collapse_join(ty, a, b),
        },
        // A struct that is partly changed against the untouched one.
        (Kind::Struct(x), Kind::Sym(y)) if x.base.is_some() => {
            let other = StructVal { fields: Vec::new(), base: Some(y.clone()) };
            match join_structs(&a.ty, x, &other, depth) {
                Some(joined) => Kind::Struct(Rc::new(joined)),
                None => return collapse_join(ty, a, b),
            }
        }
        (Kind::Sym(x), Kind::Struct(y)) if y.base.is_some() => {
            let other = StructVal { fields: Vec::new(), base: Some(x.clone()) };
            match join_structs(&b.ty, &other, y, depth) {
                Some(joined) => Kind::Struct(Rc::new(joined)),
                None => return collapse_join(ty, a, b),
            }
        }
        (Kind::Enum(x), Kind::Enum(y)) if Rc::ptr_eq(x, y) => a.kind.clone(),
        (Kind::Enum(x), Kind::Enum(y)) if a.ty.same_head(&b.ty) => {
            let mut alts: Vec<Alt> = x.as_ref().clone();
            for alt in y.iter() {
                match alts.iter_mut().find(|mine| mine.variant == alt.variant) {
                    Some(mine) => {
                        for (name, value) in &alt.fields {
                            match mine.fields.iter_mut().find(|(field, _)| field == name) {
                                Some((_, old)) => *old = join(old, value, depth + 1),
                                None => mine.fields.push((name.clone(), value.clone())),
                            }
                        }
                    }
                    None => alts.push(alt.clone()),
                }
            }
            alts.sort_by_key(|alt| alt.variant);
            Kind::Enum(Rc::new(alts))
        }
        (Kind::Seq(x), Kind::Seq(y)) if Rc::ptr_eq(x, y) => a.kind.clone(),
        (Kind::Seq(x), Kind::Seq(y)) => {
            let exact = match (&x.exact, &y.exact) {
                (Some(p), Some(q)) if p.len() == q.len() => {
                    Some(p.iter().zip(q).map(|(p, q)| join(p, q, depth + 1)).collect())
                }
                _ => None,
            };
            let elem = match (x.any_element(), y.any_element()) {
                (Some(p), Some(q)) => join(&p, &q, depth + 1),
                (Some(p), None) | (None, Some(p)) => p,
                (None, None) => x.elem.clone(),
            };
            Kind::Seq(Rc::new(SeqVal { exact, elem, sym: Rc::new(x.sym.join(&y.sym)), range: x.range && y.range }))
        }
        (Kind::Ref(x), Kind::Ref(y)) => {
            let mut places: Vec<Place> = x.iter().chain(y.iter()).cloned().collect();
            places.sort();
            places.dedup();
            Kind::Ref(Rc::new(places))
        }
        (Kind::Cell(x), Kind::Cell(y)) if x == y => a.kind.clone(),
        (Kind::Iter(x), Kind::Iter(y)) if Rc::ptr_eq(x, y) => a.kind.clone(),
        (Kind::Closure(x), Kind::Closure(y)) if Rc::ptr_eq(x, y) => a.kind.clone(),
        (Kind::Func(x), Kind::Func(y)) if Rc::ptr_eq(x, y) => a.kind.clone(),
        (x, y) if x.must_stay_apart() || y.must_stay_apart() => return join_apart(ty, a, b),
        // Values of different types behind one `dyn`: each keeps its own code.
        _ if differing_types(a, b) => return join_apart(ty, a, b),
        _ => return collapse_join(ty, a, b),
    };
    Val { ty, kind }
}

/// All alternatives of two values that cannot become one, each once; `None` where they are too many.
fn apart(a: &Val, b: &Val) -> Option<Vec<Val>> {
    let mut all: Vec<Val> = Vec::new();
    for value in [a, b] {
        let parts = match &value.kind {
            Kind::Multi(values) => values.as_slice(),
            _ => std::slice::from_ref(value),
        };
        for part in parts {
            if !all.iter().any(|known| known.same_object(part)) {
                all.push(part.clone());
            }
        }
    }
    (all.len() <= MAX_APART).then_some(all)
}

fn differing_types(a: &Val, b: &Val) -> bool {
    let structured = |value: &Val| matches!(value.kind, Kind::Struct(_) | Kind::Enum(_));
    matches!((&a.ty, &b.ty), (Ty::Adt(x, _), Ty::Adt(y, _)) if x != y) && structured(a) && structured(b)
}

fn join_structs(ty: &Ty, x: &StructVal, y: &StructVal, depth: usize) -> Option<StructVal> {
    let base = match (&x.base, &y.base) {
        (Some(p), Some(q)) => Some(Rc::new(p.join(q))),
        (None, None) => None,
        // One side is complete and the other is derived: fields of the complete side are all there.
        (Some(p), None) | (None, Some(p)) => Some(Rc::new(p.widened())),
    };
    let mut fields: Vec<(Name, Val)> = Vec::new();
    for (name, value) in x.fields.iter().chain(&y.fields) {
        if fields.iter().any(|(field, _)| field == name) {
            continue;
        }
        let left = x.field_or_base(name, &value.ty)?;
        let right = y.field_or_base(name, &value.ty)?;
        fields.push((name.clone(), join(&left, &right, depth + 1)));
    }
    let _ = ty;
    Some(StructVal { fields, base })
}

impl StructVal {
    pub(crate) fn get(&self, name: &str) -> Option<&Val> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value)
    }

    pub(super) fn field_or_base(&self, name: &Name, ty: &Ty) -> Option<Val> {
        match self.get(name) {
            Some(value) => Some(value.clone()),
            None => self.base.as_ref().map(|base| Val::sym(ty.clone(), project(base, name))),
        }
    }
}

/// The symbol of a field of a symbol.
pub(crate) fn project(base: &Sym, name: &Name) -> Sym {
    let terms = base
        .terms
        .iter()
        .map(|term| match term {
            Term::Arg(path) => {
                let mut path = path.clone();
                path.push(crate::ir::Step::Field(name.to_string()));
                Term::Arg(path)
            }
            Term::Load { cell, key, field } => {
                let mut field = field.clone();
                field.push(name.to_string());
                Term::Load { cell: *cell, key: key.clone(), field }
            }
            Term::Env { name: outer, scope } => Term::Env { name: format!("{outer}.{name}"), scope: *scope },
            term @ Term::Fn { .. } => Term::Fn { name: format!(".{name}"), of: vec![term.clone()], injective: false },
            _ => Term::Any,
        })
        .collect::<Vec<_>>();
    let known = !terms.iter().any(|term| *term == Term::Any || term.size() > MAX_TERM_SIZE);
    let delta = base.delta.as_ref().filter(|delta| delta.op.is_none() && !delta.option).map(|delta| {
        let mut delta = delta.as_ref().clone();
        delta.path.push(name.clone());
        Rc::new(delta)
    });
    // A field of a loaded value depends on that field alone. What an absent value stands for is another matter: then the
    // dependency stays one on the whole.
    let part = base.delta.as_ref().filter(|base| delta.is_some() && base.path.is_empty() && base.default.is_none());
    let loads = match part {
        Some(part) => {
            let narrow = |dep: &Dep| match (dep.load == part.load, &dep.field) {
                (true, None) => Dep { load: dep.load, field: Some(name.clone()) },
                _ => dep.clone(),
            };
            let mut loads: Vec<Dep> = base.loads.iter().map(narrow).collect();
            loads.sort_unstable();
            loads
        }
        None => base.loads.clone(),
    };
    Sym { terms: if known { terms } else { Vec::new() }, loads, quiet: Vec::new(), delta, cond: None, cap: base.cap }
}

impl SeqVal {
    /// A value that stands for every element; `None` for a list known to be empty.
    pub(crate) fn any_element(&self) -> Option<Val> {
        match &self.exact {
            Some(elements) => {
                let mut elements = elements.iter();
                let first = elements.next()?.clone();
                Some(elements.fold(first, |all, next| join(&all, next, 0)))
            }
            None => Some(self.elem.clone()),
        }
    }
}

impl Kind {
    /// Functions and cells lose their meaning when collapsed to a symbol.
    fn must_stay_apart(&self) -> bool {
        matches!(self, Kind::Closure(_) | Kind::Func(_) | Kind::Cell(_) | Kind::Multi(_) | Kind::Ref(_) | Kind::Iter(_))
    }
}

impl Val {
    /// True when functions, cells or references would be forgotten by a symbol.
    fn holds_objects(&self, depth: usize) -> bool {
        if depth > MAX_DEPTH {
            return false;
        }
        match &self.kind {
            Kind::Sym(_) => false,
            Kind::Struct(value) => value.fields.iter().any(|(_, field)| field.holds_objects(depth + 1)),
            Kind::Enum(alts) => {
                alts.iter().any(|alt| alt.fields.iter().any(|(_, field)| field.holds_objects(depth + 1)))
            }
            Kind::Tuple(parts) => parts.iter().any(|part| part.holds_objects(depth + 1)),
            Kind::Seq(seq) => seq.any_element().is_some_and(|element| element.holds_objects(depth + 1)),
            _ => true,
        }
    }

    fn same_object(&self, other: &Val) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Closure(x), Kind::Closure(y)) => Rc::ptr_eq(x, y),
            (Kind::Func(x), Kind::Func(y)) => Rc::ptr_eq(x, y),
            (Kind::Iter(x), Kind::Iter(y)) => Rc::ptr_eq(x, y),
            (Kind::Cell(x), Kind::Cell(y)) => x == y,
            (Kind::Ref(x), Kind::Ref(y)) => x == y,
            (Kind::Sym(x), Kind::Sym(y)) => x == y,
            (Kind::Struct(x), Kind::Struct(y)) => Rc::ptr_eq(x, y),
            (Kind::Enum(x), Kind::Enum(y)) => Rc::ptr_eq(x, y),
            (Kind::Tuple(x), Kind::Tuple(y)) => Rc::ptr_eq(x, y),
            (Kind::Seq(x), Kind::Seq(y)) => Rc::ptr_eq(x, y),
            _ => false,
        }
    }

    /// Calls `visit` on every symbol inside the value (bounded, closures not entered).
    pub(crate) fn symbols(&self, visit: &mut dyn FnMut(&Sym)) {
        match &self.kind {
            Kind::Sym(sym) => visit(sym),
            Kind::Struct(value) => {
                if let Some(base) = &value.base {
                    visit(base);
                }
                value.fields.iter().for_each(|(_, field)| field.symbols(visit));
            }
            Kind::Enum(alts) => {
                alts.iter().for_each(|alt| alt.fields.iter().for_each(|(_, field)| field.symbols(visit)));
            }
            Kind::Tuple(parts) | Kind::Multi(parts) => parts.iter().for_each(|part| part.symbols(visit)),
            Kind::Seq(seq) => {
                visit(&seq.sym);
                match &seq.exact {
                    Some(elements) => elements.iter().for_each(|element| element.symbols(visit)),
                    None => seq.elem.symbols(visit),
                }
            }
            Kind::Iter(iter) => iter.parts().into_iter().for_each(|part| part.symbols(visit)),
            Kind::Ref(_) | Kind::Closure(_) | Kind::Func(_) | Kind::Cell(_) => {}
        }
    }
}

impl Iter {
    pub(crate) fn parts(&self) -> Vec<&Val> {
        match self {
            Iter::Of(a) | Iter::Flatten(a) | Iter::Enumerate(a) | Iter::Some(a) => vec![a],
            Iter::Map(a, b)
            | Iter::Filter(a, b)
            | Iter::FilterMap(a, b)
            | Iter::FlatMap(a, b)
            | Iter::Inspect(a, b)
            | Iter::MapWhile(a, b)
            | Iter::TakeWhile(a, b)
            | Iter::Chain(a, b)
            | Iter::Zip(a, b) => vec![a, b],
        }
    }
}

/// What remains when shapes differ: a symbol, or, when one of them holds functions, cells or references, both.
fn collapse_join(ty: Ty, a: &Val, b: &Val) -> Val {
    if a.holds_objects(0) || b.holds_objects(0) {
        return join_apart(ty, a, b);
    }
    joined_symbol(ty, a, b)
}

/// Both values as alternatives; where these are too many, a value that gives access to whatever they did.
fn join_apart(ty: Ty, a: &Val, b: &Val) -> Val {
    if let Some(all) = apart(a, b) {
        return Val { ty, kind: Kind::Multi(Rc::new(all)) };
    }
    let mut joined = joined_symbol(ty, a, b);
    if let Kind::Sym(sym) = &mut joined.kind {
        Rc::make_mut(sym).cap = true;
    }
    joined
}

fn joined_symbol(ty: Ty, a: &Val, b: &Val) -> Val {
    let mut all = Sym::default();
    let mut told: Vec<Dep> = Vec::new();
    for value in [a, b] {
        value.symbols(&mut |sym| {
            all.loads = union(&all.loads, &sym.loads);
            told.extend(sym.loads.iter().filter(|load| !sym.quiet.contains(load)).cloned());
            all.cap |= sym.cap;
        });
    }
    all.quiet = all.loads.iter().filter(|load| !told.contains(load)).cloned().collect();
    Val::sym(ty, all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(name: &str) -> Val {
        let cell = CellVal {
            namespace: Some(name.as_bytes().to_vec()),
            kind: Name::new_static("map"),
            tier: None,
            label: None,
            shape: None,
            key: Ty::unit(),
            value: Ty::Unknown,
            span: Span::NONE,
        };
        Val { ty: Ty::Unknown, kind: Kind::Cell(Rc::new(cell)) }
    }

    /// Alternatives that come by again, in whatever order, are the same alternatives.
    #[test]
    fn alternatives_are_kept_once() {
        let mut either = join(&cell("a"), &cell("b"), 0);
        for name in ["a", "b", "a", "b"] {
            either = join(&either, &cell(name), 0);
        }
        assert!(matches!(&either.kind, Kind::Multi(values) if values.len() == 2), "{either:?}");
    }

    /// Where they are too many to be kept, what is left says that it may give access to state.
    #[test]
    fn too_many_alternatives_may_still_touch_state_unsound() {
        let any = (0..=MAX_APART).map(|at| cell(&at.to_string())).reduce(|all, one| join(&all, &one, 0));
        assert!(matches!(any.map(|any| any.kind), Some(Kind::Sym(sym)) if sym.cap));
    }
}
