//! Random small programs: what they are, how they are made, how they are written as Rust.

mod collections;

use std::fmt::Write;

pub(crate) use collections::{From, ListGet, ListOp, MapGet, MapOp, Over};

/// A generator of random numbers (xorshift64*).
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound.max(1)
    }
}

/// A name in the program: every declaration is one of its own, although several are spelled alike.
pub(crate) type Var = usize;

/// Cells 0 and 1 are items, 2 a map with one key, 3 a map with two.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) cell: usize,
    pub(crate) key: Vec<E>,
}

#[derive(Clone, Debug)]
pub(crate) enum E {
    Num(u64),
    Var(Var),
    /// `*r` of a reference.
    Deref(Var),
    /// A field of a pair.
    Field(Var, bool),
    N,
    K,
    Len,
    OptOr(Box<E>),
    Add(Box<E>, Box<E>),
    Max(Box<E>, Box<E>),
    If(Box<C>, Box<E>, Box<E>),
    Match(Box<E>, Box<E>, Box<E>),
    /// Absent counts as 0.
    MayLoad(Place),
    /// Absent fails.
    Load(Place),
    /// The element of the list at an index, or 0.
    Elem(Box<E>),
    /// A helper; the last argument is a variable handed over by `&mut`.
    Call(usize, Box<E>, Box<E>, Var),
    Closure(Var, Box<E>),
    Block(Vec<S>, Box<E>),
    /// `list.iter().map(|x| ..).max().unwrap_or(0)`
    MaxOver(Var, Box<E>),
    OfList(Var, ListGet),
    OfMap(Var, MapGet),
}

#[derive(Clone, Debug)]
pub(crate) enum C {
    Lt(E, E),
    Eq(E, E),
    Flag,
    Present,
    Has(Place),
    Not(Box<C>),
    And(Box<C>, Box<C>),
}

#[derive(Clone, Debug)]
pub(crate) enum S {
    Let(Var, E),
    LetPair(Var, E, E),
    LetRef(Var, Var),
    LetClosure(Var, Var, Vec<S>, E),
    Set(Var, E),
    SetRef(Var, E),
    SetField(Var, bool, E),
    AddTo(Var, E),
    Swap(Var, Var),
    Save(Place, E),
    Remove(Place),
    /// `update(|x| x + delta)`
    Update(Place, E),
    /// `update(|x| x.checked_sub(delta))`
    Debit(Place, E),
    /// `update(|x| expression of x)`
    Change(Place, Var, E),
    If(C, Vec<S>, Vec<S>),
    IfLet(Var, Vec<S>),
    ForList(Var, Vec<S>),
    ForRange(Var, u64, Vec<S>),
    While(Var, u64, Vec<S>),
    Each(Var, Vec<S>),
    LetList(Var, From),
    ListOp(Var, ListOp),
    LetMap(Var, Vec<(E, E)>),
    MapOp(Var, MapOp),
    Over(Over, Var, Var, Var, Vec<S>),
    Observe(E),
    Fail(C),
    Return,
    Break,
    Continue,
}

/// A helper: parameters x, y and the reference r, a body and a result.
#[derive(Clone, Debug)]
pub(crate) struct Helper {
    pub(crate) x: Var,
    pub(crate) y: Var,
    pub(crate) r: Var,
    pub(crate) body: Vec<S>,
    pub(crate) result: E,
}

#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) helpers: Vec<Helper>,
    pub(crate) body: Vec<S>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Number,
    Loopy,
    Pair,
    Reference,
    Closure,
    List,
    Map,
}

/// What is in scope while a program is made.
struct Maker<'a> {
    rng: &'a mut Rng,
    scope: Vec<(Var, Kind)>,
    next: Var,
    helpers: usize,
    main: bool,
    loops: usize,
    in_closure: bool,
    fuel: usize,
}

/// Names repeat, so that declarations shadow each other.
pub(crate) fn name(var: Var) -> String {
    format!("v{}", var % 7)
}

impl Maker<'_> {
    fn declare(&mut self, kind: Kind) -> Var {
        let var = self.next;
        self.next += 1;
        self.scope.retain(|(known, _)| known % 7 != var % 7);
        self.scope.push((var, kind));
        var
    }

    fn some(&mut self, kinds: &[Kind]) -> Option<Var> {
        let fit: Vec<Var> = self.scope.iter().filter(|(_, kind)| kinds.contains(kind)).map(|(var, _)| *var).collect();
        if fit.is_empty() { None } else { Some(fit[self.rng.below(fit.len())]) }
    }

    fn place(&mut self, depth: usize) -> Place {
        let cell = self.rng.below(4);
        let arity = [0, 0, 1, 2][cell];
        Place { cell, key: (0..arity).map(|_| self.number(depth + 2)).collect() }
    }

    fn number(&mut self, depth: usize) -> E {
        self.fuel = self.fuel.saturating_sub(1);
        let simple = depth > 3 || self.fuel == 0;
        let leaf = |maker: &mut Self| match maker.rng.below(6) {
            0 => E::Num(maker.rng.below(4) as u64),
            1 if maker.main => E::N,
            2 if maker.main => E::K,
            _ => match maker.some(&[Kind::Number, Kind::Loopy]) {
                Some(var) => E::Var(var),
                None => E::Num(maker.rng.below(4) as u64),
            },
        };
        if simple {
            return leaf(self);
        }
        let boxed = |maker: &mut Self| Box::new(maker.number(depth + 1));
        match self.rng.below(31) {
            26..=30 => self.of_lists(depth).unwrap_or_else(|| leaf(self)),
            0 | 1 => E::Add(boxed(self), boxed(self)),
            2 => E::Max(boxed(self), boxed(self)),
            3 | 4 => E::MayLoad(self.place(depth)),
            5 => E::Load(self.place(depth)),
            6 => E::If(Box::new(self.cond(depth + 1)), boxed(self), boxed(self)),
            7 => E::Match(boxed(self), boxed(self), boxed(self)),
            8 if self.main => E::OptOr(boxed(self)),
            9 if self.main => E::Elem(boxed(self)),
            10 if self.main => E::Len,
            11 => self.some(&[Kind::Reference]).map_or_else(|| leaf(self), E::Deref),
            12 => match self.some(&[Kind::Pair]) {
                Some(var) => E::Field(var, self.rng.below(2) == 0),
                None => leaf(self),
            },
            13 if self.helpers > 0 => {
                let helper = self.rng.below(self.helpers);
                let (x, y) = (boxed(self), boxed(self));
                match self.some(&[Kind::Number]) {
                    Some(var) => E::Call(helper, x, y, var),
                    None => leaf(self),
                }
            }
            14 if !self.in_closure => match self.some(&[Kind::Closure]) {
                Some(var) => E::Closure(var, boxed(self)),
                None => leaf(self),
            },
            15 if self.loops == 0 => {
                let scope = self.scope.clone();
                let body = self.statements(depth + 2, 2);
                let tail = self.number(depth + 1);
                self.scope = scope;
                E::Block(body, Box::new(tail))
            }
            16 if self.main => {
                let scope = self.scope.clone();
                let loops = std::mem::take(&mut self.loops);
                let closed = std::mem::replace(&mut self.in_closure, true);
                let var = self.declare(Kind::Loopy);
                let inner = self.number(depth + 2);
                self.in_closure = closed;
                self.loops = loops;
                self.scope = scope;
                E::MaxOver(var, Box::new(inner))
            }
            _ => leaf(self),
        }
    }

    fn cond(&mut self, depth: usize) -> C {
        match self.rng.below(8) {
            0 if self.main => C::Flag,
            1 if self.main => C::Present,
            2 => C::Has(self.place(depth)),
            3 if depth < 3 => C::Not(Box::new(self.cond(depth + 1))),
            4 if depth < 3 => C::And(Box::new(self.cond(depth + 1)), Box::new(self.cond(depth + 1))),
            5 => C::Lt(self.number(depth + 1), self.number(depth + 1)),
            _ => C::Eq(self.number(depth + 1), self.number(depth + 1)),
        }
    }

    fn statements(&mut self, depth: usize, most: usize) -> Vec<S> {
        let count = 1 + self.rng.below(most);
        (0..count).map(|_| self.statement(depth)).collect()
    }

    fn inner(&mut self, depth: usize) -> Vec<S> {
        let scope = self.scope.clone();
        let body = self.statements(depth + 1, 3);
        self.scope = scope;
        body
    }

    fn statement(&mut self, depth: usize) -> S {
        let deep = depth > 3 || self.fuel == 0;
        if self.rng.below(4) == 0 && self.fuel > 0 {
            return self.about_lists(depth);
        }
        match self.rng.below(if deep { 16 } else { 30 }) {
            0 | 1 => S::Save(self.place(0), self.number(1)),
            2 => S::Remove(self.place(0)),
            3 | 4 => S::Update(self.place(0), self.number(2)),
            5 => S::Debit(self.place(0), self.number(2)),
            6 | 7 => {
                let value = self.number(1);
                S::Let(self.declare(Kind::Number), value)
            }
            8 | 9 => {
                let value = self.number(1);
                match self.some(&[Kind::Number]) {
                    Some(var) => S::Set(var, value),
                    None => S::Observe(value),
                }
            }
            10 => match (self.some(&[Kind::Number]), self.number(2)) {
                (Some(var), value) => S::AddTo(var, value),
                (None, value) => S::Save(self.place(0), value),
            },
            11 => match (self.some(&[Kind::Reference]), self.number(2)) {
                (Some(var), value) => S::SetRef(var, value),
                (None, value) => S::Save(self.place(0), value),
            },
            12 => match (self.some(&[Kind::Pair]), self.number(2)) {
                (Some(var), value) => S::SetField(var, self.rng.below(2) == 0, value),
                (None, value) => {
                    let other = self.number(2);
                    S::LetPair(self.declare(Kind::Pair), value, other)
                }
            },
            13 if self.main => S::Observe(self.number(1)),
            14 => match self.rng.below(4) {
                0 if self.loops > 0 => S::Break,
                1 if self.loops > 0 => S::Continue,
                2 if self.main && depth > 0 && self.loops == 0 && !self.in_closure => S::Return,
                _ => S::Fail(self.cond(1)),
            },
            15 => match self.some(&[Kind::Number]) {
                Some(var) => {
                    let (a, b) = (var, self.some(&[Kind::Number]).unwrap_or(var));
                    if a == b { S::Save(self.place(0), E::Var(a)) } else { S::Swap(a, b) }
                }
                None => S::Save(self.place(0), self.number(1)),
            },
            16..=18 => {
                let cond = self.cond(0);
                let then = self.inner(depth);
                let otherwise = if self.rng.below(2) == 0 { Vec::new() } else { self.inner(depth) };
                S::If(cond, then, otherwise)
            }
            19 if self.main => {
                let scope = self.scope.clone();
                let var = self.declare(Kind::Number);
                let body = self.statements(depth + 1, 3);
                self.scope = scope;
                S::IfLet(var, body)
            }
            20 | 21 if self.main && self.loops < 2 => {
                let scope = self.scope.clone();
                let var = self.declare(Kind::Loopy);
                self.loops += 1;
                let body = self.statements(depth + 1, 3);
                self.loops -= 1;
                self.scope = scope;
                S::ForList(var, body)
            }
            22 if self.loops < 2 => {
                let scope = self.scope.clone();
                let var = self.declare(Kind::Loopy);
                self.loops += 1;
                let body = self.statements(depth + 1, 3);
                self.loops -= 1;
                self.scope = scope;
                S::ForRange(var, 1 + self.rng.below(3) as u64, body)
            }
            23 if self.loops < 2 => {
                let scope = self.scope.clone();
                let var = self.declare(Kind::Loopy);
                self.loops += 1;
                let body = self.statements(depth + 1, 3);
                self.loops -= 1;
                self.scope = scope;
                S::While(var, 1 + self.rng.below(3) as u64, body)
            }
            24 if !self.in_closure => match self.some(&[Kind::Number]) {
                Some(target) => S::LetRef(self.declare(Kind::Reference), target),
                None => S::Observe(self.number(1)),
            },
            25 if !self.in_closure => {
                let scope = self.scope.clone();
                let loops = std::mem::take(&mut self.loops);
                self.in_closure = true;
                let param = self.declare(Kind::Number);
                let body = self.statements(depth + 1, 2);
                let result = self.number(1);
                self.in_closure = false;
                self.loops = loops;
                self.scope = scope;
                S::LetClosure(self.declare(Kind::Closure), param, body, result)
            }
            26 => {
                let place = self.place(0);
                let scope = self.scope.clone();
                let closed = std::mem::replace(&mut self.in_closure, true);
                let var = self.declare(Kind::Number);
                // The closure of an update has no storage: only plain values.
                let value = self.plain(var);
                self.in_closure = closed;
                self.scope = scope;
                S::Change(place, var, value)
            }
            27 if self.main && !self.in_closure => {
                let scope = self.scope.clone();
                let loops = std::mem::take(&mut self.loops);
                self.in_closure = true;
                let var = self.declare(Kind::Loopy);
                let body = self.statements(depth + 1, 2);
                self.in_closure = false;
                self.loops = loops;
                self.scope = scope;
                S::Each(var, body)
            }
            28 => {
                let (a, b) = (self.number(2), self.number(2));
                S::LetPair(self.declare(Kind::Pair), a, b)
            }
            _ => S::Save(self.place(0), self.number(1)),
        }
    }

    fn plain(&mut self, var: Var) -> E {
        let leaf = |maker: &mut Self| match maker.rng.below(4) {
            0 => E::Num(maker.rng.below(3) as u64),
            1 => maker.some(&[Kind::Number, Kind::Loopy]).map_or(E::Num(1), E::Var),
            _ => E::Var(var),
        };
        let (a, b) = (Box::new(leaf(self)), Box::new(leaf(self)));
        match self.rng.below(4) {
            0 => E::Max(a, b),
            1 => E::If(Box::new(C::Lt(E::Var(var), *a)), b, Box::new(E::Var(var))),
            2 => *a,
            _ => E::Add(a, b),
        }
    }
}

/// A random program.
pub(crate) fn make(rng: &mut Rng) -> Program {
    let mut helpers = Vec::new();
    let mut next = 0;
    for known in 0..2 {
        let mut maker =
            Maker { rng, scope: Vec::new(), next, helpers: known, main: false, loops: 0, in_closure: false, fuel: 12 };
        let x = maker.declare(Kind::Number);
        let y = maker.declare(Kind::Number);
        let r = maker.declare(Kind::Reference);
        let body = maker.statements(1, 3);
        let result = maker.number(1);
        next = maker.next;
        helpers.push(Helper { x, y, r, body, result });
    }
    let fuel = 12 + rng.below(30);
    let mut maker = Maker { rng, scope: Vec::new(), next, helpers: 2, main: true, loops: 0, in_closure: false, fuel };
    let mut body = vec![S::Let(maker.declare(Kind::Number), E::N)];
    body.extend(maker.statements(0, 6));
    Program { helpers, body }
}

/// Text of a program.
struct Writer {
    out: String,
    storage: &'static str,
}

impl Writer {
    fn e(&mut self, e: &E) -> String {
        match e {
            E::Num(value) => value.to_string(),
            E::Var(var) => name(*var),
            E::Deref(var) => format!("(*{})", name(*var)),
            E::Field(var, first) => format!("{}.{}", name(*var), if *first { "a" } else { "b" }),
            E::N => "n".to_owned(),
            E::K => "k".to_owned(),
            E::Len => "(list.len() as u64)".to_owned(),
            E::OptOr(other) => format!("opt.unwrap_or({})", self.e(other)),
            E::Add(a, b) => format!("({} + {})", self.e(a), self.e(b)),
            E::Max(a, b) => format!("std::cmp::max({}, {})", self.e(a), self.e(b)),
            E::If(cond, a, b) => format!("(if {} {{ {} }} else {{ {} }})", self.c(cond), self.e(a), self.e(b)),
            E::Match(of, a, b) => {
                format!("(match {} {{ 0 => {}, 1 | 2 => {}, other => other }})", self.e(of), self.e(a), self.e(b))
            }
            E::MayLoad(place) => format!("{}.unwrap_or_default()", self.at(place, "may_load", "", true)),
            E::Load(place) => self.at(place, "load", "", true),
            E::Elem(at) => format!("list.get(({} % 4) as usize).copied().unwrap_or(0)", self.e(at)),
            E::Call(helper, x, y, var) => {
                let (x, y) = (self.e(x), self.e(y));
                format!("help{helper}({}, {x}, {y}, &mut {})?", self.storage, name(*var))
            }
            E::Closure(var, arg) => format!("{}({})?", name(*var), self.e(arg)),
            E::Block(body, tail) => format!("{{ {}{} }}", self.inner(body), self.e(tail)),
            E::OfList(var, get) => self.list_get(*var, get),
            E::OfMap(var, get) => self.map_get(*var, get),
            E::MaxOver(var, inner) => {
                format!(
                    "list.iter().map(|{0}| {{ let {0} = *{0}; Ok({1}) }}).collect::<StdResult<Vec<u64>>>()?.into_iter().max().unwrap_or(0)",
                    name(*var),
                    self.e(inner)
                )
            }
        }
    }

    fn c(&mut self, c: &C) -> String {
        match c {
            C::Lt(a, b) => format!("{} < {}", self.e(a), self.e(b)),
            C::Eq(a, b) => format!("{} == {}", self.e(a), self.e(b)),
            C::Flag => "flag".to_owned(),
            C::Present => "opt.is_some()".to_owned(),
            C::Has(place) => self.at(place, "has", "", false),
            C::Not(inner) => format!("!({})", self.c(inner)),
            C::And(a, b) => format!("({}) && ({})", self.c(a), self.c(b)),
        }
    }

    fn at(&mut self, place: &Place, method: &str, rest: &str, fails: bool) -> String {
        let keys: Vec<String> = place.key.iter().map(|part| self.e(part)).collect();
        let key = match keys.as_slice() {
            [] => String::new(),
            [one] => format!(", {one}"),
            many => format!(", ({})", many.join(", ")),
        };
        let method = if method == "has" && place.cell < 2 { "exists" } else { method };
        let cell = ["A", "B", "M", "N"][place.cell];
        format!("{cell}.{method}({}{key}{rest}){}", self.storage, if fails { "?" } else { "" })
    }

    fn inner(&mut self, body: &[S]) -> String {
        let outer = std::mem::take(&mut self.out);
        for s in body {
            self.s(s);
        }
        std::mem::replace(&mut self.out, outer)
    }

    fn s(&mut self, s: &S) {
        let text = match s {
            S::Let(var, value) => format!("let mut {}: u64 = {};", name(*var), self.e(value)),
            S::LetPair(var, a, b) => format!("let mut {} = Pair {{ a: {}, b: {} }};", name(*var), self.e(a), self.e(b)),
            S::LetRef(var, target) => format!("let {} = &mut {};", name(*var), name(*target)),
            S::LetClosure(var, param, body, result) => format!(
                "let mut {} = |mut {}: u64| -> StdResult<u64> {{ {} Ok({}) }};",
                name(*var),
                name(*param),
                self.inner(body),
                self.e(result)
            ),
            S::Set(var, value) => format!("{} = {};", name(*var), self.e(value)),
            S::SetRef(var, value) => format!("*{} = {};", name(*var), self.e(value)),
            S::SetField(var, first, value) => {
                format!("{}.{} = {};", name(*var), if *first { "a" } else { "b" }, self.e(value))
            }
            S::AddTo(var, value) => format!("{} += {};", name(*var), self.e(value)),
            S::Swap(a, b) => format!("std::mem::swap(&mut {}, &mut {});", name(*a), name(*b)),
            S::Save(place, value) => {
                let value = self.e(value);
                format!("{};", self.at(place, "save", &format!(", &{value}"), true))
            }
            S::Remove(place) => format!("{};", self.at(place, "remove", "", false)),
            S::Update(place, delta) => {
                let delta = self.e(delta);
                let body = if place.cell < 2 {
                    ", |x| -> StdResult<_> { Ok(x + d) }".to_owned()
                } else {
                    ", |x| -> StdResult<_> { Ok(x.unwrap_or_default() + d) }".to_owned()
                };
                format!("{{ let d = {delta}; {}; }}", self.at(place, "update", &body, true))
            }
            S::Debit(place, delta) => {
                let delta = self.e(delta);
                let old = if place.cell < 2 { "x" } else { "x.unwrap_or_default()" };
                let body = format!(
                    ", |x| -> StdResult<_> {{ {old}.checked_sub(d).ok_or_else(|| StdError::generic_err(\"low\")) }}"
                );
                format!("{{ let d = {delta}; {}; }}", self.at(place, "update", &body, true))
            }
            S::Change(place, var, value) => {
                let value = self.e(value);
                let name = name(*var);
                let old =
                    if place.cell < 2 { String::new() } else { format!("let {name} = {name}.unwrap_or_default(); ") };
                let body = format!(", |{name}| -> StdResult<_> {{ {old}Ok({value}) }}");
                format!("{};", self.at(place, "update", &body, true))
            }
            S::If(cond, then, otherwise) => {
                let cond = self.c(cond);
                let (then, otherwise) = (self.inner(then), self.inner(otherwise));
                if otherwise.is_empty() {
                    format!("if {cond} {{ {then} }}")
                } else {
                    format!("if {cond} {{ {then} }} else {{ {otherwise} }}")
                }
            }
            S::IfLet(var, body) => format!("if let Some(mut {}) = opt {{ {} }}", name(*var), self.inner(body)),
            S::ForList(var, body) => {
                format!("for {0} in list.iter() {{ let {0} = *{0}; {1} }}", name(*var), self.inner(body))
            }
            S::ForRange(var, limit, body) => format!("for {} in 0..{limit}u64 {{ {} }}", name(*var), self.inner(body)),
            S::While(var, limit, body) => {
                format!(
                    "{{ let mut w = 0u64; while w < {limit} {{ let {} = w; w += 1; {} }} }}",
                    name(*var),
                    self.inner(body)
                )
            }
            S::Each(var, body) => {
                format!(
                    "list.iter().try_for_each(|{0}| -> StdResult<()> {{ let {0} = *{0}; {1} Ok(()) }})?;",
                    name(*var),
                    self.inner(body)
                )
            }
            S::Observe(value) => format!("seen.push({});", self.e(value)),
            S::LetList(var, from) => self.list_from(*var, from),
            S::ListOp(var, op) => self.list_op(*var, op),
            S::LetMap(var, pairs) => self.map_let(*var, pairs),
            S::MapOp(var, op) => self.map_op(*var, op),
            S::Over(over, of, a, b, body) => self.over(*over, *of, *a, *b, body),
            S::Fail(cond) => format!("if {} {{ return Err(StdError::generic_err(\"fail\")); }}", self.c(cond)),
            S::Return => "return Ok(Response::new());".to_owned(),
            S::Break => "break;".to_owned(),
            S::Continue => "continue;".to_owned(),
        };
        let _ = writeln!(self.out, "{text}");
    }
}

/// Programs as one contract: each is an entry point `go0`, `go1`, …
pub(crate) fn text(programs: &[Program]) -> String {
    let mut out = String::from(
        "use cosmwasm_std::*;\nuse cw_storage_plus::*;\n\
         pub const A: Item<u64> = Item::new(\"a\");\npub const B: Item<u64> = Item::new(\"b\");\n\
         pub const M: Map<u64, u64> = Map::new(\"m\");\npub const N: Map<(u64, u64), u64> = Map::new(\"n\");\n\
         struct Pair { a: u64, b: u64 }\n",
    );
    let fields = "n: u64, k: u64, flag: bool, opt: Option<u64>, list: Vec<u64>";
    let mut arms = String::new();
    for (number, program) in programs.iter().enumerate() {
        let _ = writeln!(out, "mod p{number} {{\nuse super::*;");
        for (at, helper) in program.helpers.iter().enumerate() {
            let mut writer = Writer { out: String::new(), storage: "s" };
            let body = writer.inner(&helper.body);
            let result = writer.e(&helper.result);
            let _ = writeln!(
                out,
                "fn help{at}(s: &mut dyn Storage, mut {}: u64, mut {}: u64, {}: &mut u64) -> StdResult<u64> {{\n{body}Ok({result})\n}}",
                name(helper.x),
                name(helper.y),
                name(helper.r)
            );
        }
        let mut writer = Writer { out: String::new(), storage: "deps.storage" };
        let body = writer.inner(&program.body);
        let _ = write!(
            out,
            "pub fn go(deps: DepsMut, {fields}) -> StdResult<Response> {{\nlet mut seen: Vec<u64> = Vec::new();\n{body}\
             Ok(Response::new().add_attribute(\"seen\", format!(\"{{seen:?}}\")))\n}}\n}}\n"
        );
        let names = "n, k, flag, opt, list";
        let _ = writeln!(arms, "ExecuteMsg::Go{number} {{ {names} }} => p{number}::go(deps, {names}),");
    }
    let variants: Vec<String> = (0..programs.len()).map(|number| format!("Go{number} {{ {fields} }}")).collect();
    let _ = write!(
        out,
        "pub enum ExecuteMsg {{ {} }}\n#[entry_point]\n\
         pub fn execute(deps: DepsMut, _env: Env, _info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {{\nmatch msg {{\n{arms}}}\n}}\n",
        variants.join(", ")
    );
    out
}
