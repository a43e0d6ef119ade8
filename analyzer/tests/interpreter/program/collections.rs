//! Lists and maps in programs: what is done with them, how that is made and how it is written.

use super::{E, Kind, Maker, S, Var, Writer, name};

/// How a list begins.
#[derive(Clone, Debug)]
pub(crate) enum From {
    /// `vec![..]`
    Parts(Vec<E>),
    /// `list.iter().map(|x| ..).collect()`
    Mapped(Var, E),
    /// The argument's elements that differ from something.
    Without(E),
    /// Another list backwards.
    Backwards(Var),
    /// A map's keys, or its values.
    Keys(Var, bool),
    /// Sums of the neighbours in another list.
    Neighbours(Var),
}

/// What is done to a list.
#[derive(Clone, Debug)]
pub(crate) enum ListOp {
    Push(E),
    InsertFirst(E),
    /// At an index, if there is one.
    Set(usize, E),
    Sort,
    Reverse,
    Dedup,
    /// Keeps what differs.
    Retain(E),
    Truncate(usize),
    Swap(usize, usize),
    /// With another list's elements.
    Extend(Var),
    Clear,
    /// Something added to each element.
    AddToEach(E),
    /// The first element another one's place.
    Rotate,
}

/// One number of a list.
#[derive(Clone, Debug)]
pub(crate) enum ListGet {
    At(Box<E>),
    Nth(usize),
    First,
    Last,
    Most,
    Sum,
    Length,
    Pop,
    RemoveFirst,
    /// The last that is not more than something, by `rev().find(..)`.
    Found(Box<E>),
    /// `fold` with a number to begin with.
    Folded(Box<E>),
}

/// What is done to a map.
#[derive(Clone, Debug)]
pub(crate) enum MapOp {
    Insert(E, E),
    Remove(E),
    /// `*m.entry(k).or_insert(d) += v`
    Entry(E, u64, E),
    /// `m.entry(k).and_modify(|x| *x += v).or_insert(d)`
    Modify(E, u64, E),
    /// `if let Some(x) = m.get_mut(&k) { *x = v }`
    Change(E, E),
    /// Keeps values that differ.
    Retain(E),
    /// From a list: each element is a key, its place the value.
    Extend(Var),
}

/// One number of a map.
#[derive(Clone, Debug)]
pub(crate) enum MapGet {
    Value(Box<E>),
    FirstKey,
    LastValue,
    Removed(Box<E>),
    Length,
    /// `insert` and what it gives.
    Replaced(Box<E>, Box<E>),
}

/// Loops over lists and maps; each has two variables.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Over {
    /// Place and element.
    Places,
    /// Neighbours.
    Windows,
    /// A list with itself from the second on.
    Zipped,
    /// Keys and values of a map.
    Pairs,
}

impl Maker<'_> {
    /// A statement about lists and maps.
    pub(super) fn about_lists(&mut self, depth: usize) -> S {
        let (list, map) = (self.some(&[Kind::List]), self.some(&[Kind::Map]));
        match (self.rng.below(12), list, map) {
            (0 | 1, _, _) | (2..=7, None, _) => {
                let from = match (self.rng.below(6), list, map) {
                    (0, _, _) if self.main => {
                        let scope = self.scope.clone();
                        let closed = std::mem::replace(&mut self.in_closure, true);
                        let loops = std::mem::take(&mut self.loops);
                        let var = self.declare(Kind::Loopy);
                        let value = self.number(3);
                        self.loops = loops;
                        self.in_closure = closed;
                        self.scope = scope;
                        From::Mapped(var, value)
                    }
                    (1, _, _) if self.main => From::Without(self.number(3)),
                    (2, Some(list), _) => From::Backwards(list),
                    (3, Some(list), _) => From::Neighbours(list),
                    (4, _, Some(map)) => From::Keys(map, self.rng.below(2) == 0),
                    _ => From::Parts((0..self.rng.below(4)).map(|_| self.number(2)).collect()),
                };
                S::LetList(self.declare(Kind::List), from)
            }
            (8, _, _) | (9..=11, _, None) => {
                let pairs = (0..self.rng.below(3)).map(|_| (self.number(2), self.number(2))).collect();
                S::LetMap(self.declare(Kind::Map), pairs)
            }
            (2..=5, Some(list), _) => {
                let op = match self.rng.below(13) {
                    0..=2 => ListOp::Push(self.number(1)),
                    3 => ListOp::InsertFirst(self.number(2)),
                    4 => ListOp::Set(self.rng.below(3), self.number(2)),
                    5 => ListOp::Sort,
                    6 => ListOp::Reverse,
                    7 => ListOp::Retain(self.number(2)),
                    8 => ListOp::Truncate(self.rng.below(3)),
                    9 => ListOp::Swap(self.rng.below(3), self.rng.below(3)),
                    10 => ListOp::AddToEach(self.number(2)),
                    11 => match self.some(&[Kind::List]).filter(|other| *other != list) {
                        Some(other) => ListOp::Extend(other),
                        None => ListOp::Clear,
                    },
                    _ => [ListOp::Dedup, ListOp::Rotate][self.rng.below(2)].clone(),
                };
                S::ListOp(list, op)
            }
            (6 | 7, Some(list), _) if self.loops < 2 => {
                let over = [Over::Places, Over::Windows, Over::Zipped][self.rng.below(3)];
                self.over(over, list, depth)
            }
            (9, _, Some(map)) if self.loops < 2 => self.over(Over::Pairs, map, depth),
            (_, _, Some(map)) => {
                let op = match self.rng.below(8) {
                    0 | 1 => MapOp::Insert(self.number(1), self.number(1)),
                    2 => MapOp::Remove(self.number(2)),
                    3 => MapOp::Entry(self.number(2), self.rng.below(3) as u64, self.number(2)),
                    4 => MapOp::Modify(self.number(2), self.rng.below(3) as u64, self.number(2)),
                    5 => MapOp::Change(self.number(2), self.number(2)),
                    6 => MapOp::Retain(self.number(2)),
                    _ => match self.some(&[Kind::List]) {
                        Some(list) => MapOp::Extend(list),
                        None => MapOp::Insert(self.number(1), self.number(1)),
                    },
                };
                S::MapOp(map, op)
            }
            _ => S::Observe(self.number(1)),
        }
    }

    fn over(&mut self, over: Over, of: Var, depth: usize) -> S {
        let scope = self.scope.clone();
        let (a, b) = (self.declare(Kind::Loopy), self.declare(Kind::Loopy));
        self.loops += 1;
        let body = self.statements(depth + 1, 3);
        self.loops -= 1;
        self.scope = scope;
        S::Over(over, of, a, b, body)
    }

    /// A number of a list or map, where there is one.
    pub(super) fn of_lists(&mut self, depth: usize) -> Option<E> {
        let boxed = |maker: &mut Self| Box::new(maker.number(depth + 1));
        if self.rng.below(2) == 0 {
            let map = self.some(&[Kind::Map])?;
            let get = match self.rng.below(8) {
                0..=2 => MapGet::Value(boxed(self)),
                3 => MapGet::FirstKey,
                4 => MapGet::LastValue,
                5 => MapGet::Removed(boxed(self)),
                6 => MapGet::Length,
                _ => MapGet::Replaced(boxed(self), boxed(self)),
            };
            return Some(E::OfMap(map, get));
        }
        let list = self.some(&[Kind::List])?;
        let get = match self.rng.below(13) {
            0 | 1 => ListGet::At(boxed(self)),
            2 | 3 => ListGet::Nth(self.rng.below(3)),
            4 => ListGet::First,
            5 => ListGet::Last,
            6 => ListGet::Most,
            7 => ListGet::Sum,
            8 => ListGet::Length,
            9 => ListGet::Pop,
            10 => ListGet::RemoveFirst,
            11 => ListGet::Found(boxed(self)),
            _ => ListGet::Folded(boxed(self)),
        };
        Some(E::OfList(list, get))
    }
}

impl Writer {
    pub(super) fn list_from(&mut self, var: Var, from: &From) -> String {
        let value = match from {
            From::Parts(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.e(part)).collect();
                format!("vec![{}]", parts.join(", "))
            }
            From::Mapped(each, value) => {
                let value = self.e(value);
                format!(
                    "list.iter().map(|{0}| {{ let {0} = *{0}; Ok({value}) }}).collect::<StdResult<Vec<u64>>>()?",
                    name(*each)
                )
            }
            From::Without(value) => {
                format!("{{ let d = {}; list.iter().copied().filter(|x| *x != d).collect() }}", self.e(value))
            }
            From::Backwards(other) => format!("{}.iter().rev().cloned().collect()", name(*other)),
            From::Keys(map, true) => format!("{}.keys().copied().collect()", name(*map)),
            From::Keys(map, false) => format!("{}.values().copied().collect()", name(*map)),
            From::Neighbours(other) => format!("{}.windows(2).map(|w| w[0] + w[1]).collect()", name(*other)),
        };
        format!("let mut {}: Vec<u64> = {value};", name(var))
    }

    pub(super) fn list_op(&mut self, var: Var, op: &ListOp) -> String {
        let list = name(var);
        match op {
            ListOp::Push(value) => format!("{{ let d = {}; {list}.push(d); }}", self.e(value)),
            ListOp::InsertFirst(value) => format!("{{ let d = {}; {list}.insert(0, d); }}", self.e(value)),
            ListOp::Set(at, value) => {
                format!("{{ let d = {}; if {list}.len() > {at} {{ {list}[{at}] = d; }} }}", self.e(value))
            }
            ListOp::Sort => format!("{list}.sort();"),
            ListOp::Reverse => format!("{list}.reverse();"),
            ListOp::Dedup => format!("{list}.dedup();"),
            ListOp::Retain(value) => format!("{{ let d = {}; {list}.retain(|x| *x != d); }}", self.e(value)),
            ListOp::Truncate(most) => format!("{list}.truncate({most});"),
            ListOp::Swap(a, b) => {
                format!("if {list}.len() > {a} && {list}.len() > {b} {{ {list}.swap({a}, {b}); }}")
            }
            ListOp::Extend(other) => format!("{list}.extend({}.iter());", name(*other)),
            ListOp::Clear => format!("{list}.clear();"),
            ListOp::AddToEach(value) => {
                format!("{{ let d = {}; for x in {list}.iter_mut() {{ *x += d; }} }}", self.e(value))
            }
            ListOp::Rotate => format!("if !{list}.is_empty() {{ {list}.rotate_left(1); }}"),
        }
    }

    pub(super) fn list_get(&mut self, var: Var, get: &ListGet) -> String {
        let list = name(var);
        match get {
            ListGet::At(at) => {
                format!("{{ let d = {}; {list}.get((d % 4) as usize).copied().unwrap_or(0) }}", self.e(at))
            }
            ListGet::Nth(at) => format!("(if {list}.len() > {at} {{ {list}[{at}] }} else {{ 0 }})"),
            ListGet::First => format!("{list}.first().copied().unwrap_or(0)"),
            ListGet::Last => format!("(match {list}.as_slice() {{ [.., x] => *x, [] => 0 }})"),
            ListGet::Most => format!("{list}.iter().copied().max().unwrap_or_default()"),
            ListGet::Sum => format!("{list}.iter().sum::<u64>()"),
            ListGet::Length => format!("({list}.len() as u64)"),
            ListGet::Pop => format!("{list}.pop().unwrap_or(0)"),
            ListGet::RemoveFirst => format!("(if {list}.is_empty() {{ 0 }} else {{ {list}.remove(0) }})"),
            ListGet::Found(most) => {
                format!("{{ let d = {}; {list}.iter().rev().find(|x| **x <= d).copied().unwrap_or(9) }}", self.e(most))
            }
            ListGet::Folded(from) => {
                format!(
                    "{{ let d = {}; {list}.iter().fold(d, |a, x| if a > *x {{ a }} else {{ *x + 1 }}) }}",
                    self.e(from)
                )
            }
        }
    }

    pub(super) fn map_let(&mut self, var: Var, pairs: &[(E, E)]) -> String {
        let pairs: Vec<String> =
            pairs.iter().map(|(key, value)| format!("({}, {})", self.e(key), self.e(value))).collect();
        format!(
            "let mut {}: std::collections::BTreeMap<u64, u64> = std::collections::BTreeMap::from([{}]);",
            name(var),
            pairs.join(", ")
        )
    }

    pub(super) fn map_op(&mut self, var: Var, op: &MapOp) -> String {
        let map = name(var);
        let mut two = |a: &E, b: &E| format!("let (c, d) = ({}, {});", self.e(a), self.e(b));
        match op {
            MapOp::Insert(key, value) => format!("{{ {} {map}.insert(c, d); }}", two(key, value)),
            MapOp::Remove(key) => format!("{{ let d = {}; {map}.remove(&d); }}", self.e(key)),
            MapOp::Entry(key, default, value) => {
                format!("{{ {} *{map}.entry(c).or_insert({default}) += d; }}", two(key, value))
            }
            MapOp::Modify(key, default, value) => {
                format!("{{ {} {map}.entry(c).and_modify(|x| *x += d).or_insert({default}); }}", two(key, value))
            }
            MapOp::Change(key, value) => {
                format!("{{ {} if let Some(x) = {map}.get_mut(&c) {{ *x = d; }} }}", two(key, value))
            }
            MapOp::Retain(value) => format!("{{ let d = {}; {map}.retain(|_, x| *x != d); }}", self.e(value)),
            MapOp::Extend(list) => {
                format!("{map}.extend({}.iter().enumerate().map(|(at, x)| (*x, at as u64)));", name(*list))
            }
        }
    }

    pub(super) fn map_get(&mut self, var: Var, get: &MapGet) -> String {
        let map = name(var);
        match get {
            MapGet::Value(key) => format!("{{ let d = {}; {map}.get(&d).copied().unwrap_or(0) }}", self.e(key)),
            MapGet::FirstKey => format!("{map}.first_key_value().map_or(0, |(key, _)| *key)"),
            MapGet::LastValue => format!("{map}.values().next_back().copied().unwrap_or(0)"),
            MapGet::Removed(key) => format!("{{ let d = {}; {map}.remove(&d).unwrap_or(0) }}", self.e(key)),
            MapGet::Length => format!("({map}.len() as u64)"),
            MapGet::Replaced(key, value) => {
                format!("{{ let (c, d) = ({}, {}); {map}.insert(c, d).unwrap_or(0) }}", self.e(key), self.e(value))
            }
        }
    }

    pub(super) fn over(&mut self, over: Over, of: Var, a: Var, b: Var, body: &[S]) -> String {
        let body = self.inner(body);
        let (of, a, b) = (name(of), name(a), name(b));
        match over {
            Over::Places => {
                format!("for ({a}, {b}) in {of}.clone().into_iter().enumerate() {{ let {a} = {a} as u64; {body} }}")
            }
            Over::Windows => format!("for w in {of}.clone().windows(2) {{ let ({a}, {b}) = (w[0], w[1]); {body} }}"),
            Over::Zipped => {
                format!("for ({a}, {b}) in {of}.clone().into_iter().zip({of}.clone().into_iter().skip(1)) {{ {body} }}")
            }
            Over::Pairs => format!("for ({a}, {b}) in {of}.clone() {{ {body} }}"),
        }
    }
}
