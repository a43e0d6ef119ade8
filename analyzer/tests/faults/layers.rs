//! Ways in which code reaches other code. `~f` is the inner function, `~g` the function to define, `~T` a fresh type's name; all
//! functions have the signature `fn(&mut dyn Storage, u64) -> StdResult<u64>`.

/// What an access looks like at the end of a chain: name of the operation, the mode that must be there, the text; `~c` is the cell.
pub(crate) const ACCESSES: &[(&str, Kind, &str)] = &[
    ("save", Kind::Write, "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~c.save(s, &n)?; Ok(n) }"),
    ("load", Kind::Read, "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let x = ~c.load(s)?; Ok(x + n) }"),
    (
        "may_load",
        Kind::Read,
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { Ok(~c.may_load(s)?.unwrap_or(n)) }",
    ),
    ("remove", Kind::Delete, "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~c.remove(s); Ok(n) }"),
    (
        "update",
        Kind::Write,
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~c.update(s, |x| -> StdResult<_> { Ok(x.max(n)) }) }",
    ),
    (
        "exists",
        Kind::Read,
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { Ok(if ~c.exists(s) { n } else { 0 }) }",
    ),
    (
        "plain alias",
        Kind::Write,
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let cell = ~c; cell.save(s, &n)?; Ok(n) }",
    ),
    (
        "reference",
        Kind::Write,
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let cell = &~c; (*cell).save(s, &n).map(|()| n) }",
    ),
    (
        "use alias",
        Kind::Write,
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { use crate::~c as Other; Other.save(s, &n)?; Ok(n) }",
    ),
    (
        "const alias",
        Kind::Write,
        "const ~A: Item<u64> = ~c; pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~A.save(s, &n)?; Ok(n) }",
    ),
    (
        "by path",
        Kind::Write,
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { Item::save(&~c, s, &n)?; Ok(n) }",
    ),
    (
        "parameter",
        Kind::Write,
        "fn ~h(cell: &Item<u64>, s: &mut dyn Storage, n: u64) -> StdResult<u64> { cell.save(s, &n)?; Ok(n) } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~h(&~c, s, n) }",
    ),
    (
        "in a struct",
        Kind::Write,
        "pub struct ~T { cell: Item<u64> } impl ~T { const fn new() -> Self { ~T { cell: ~c } } fn put(&self, s: &mut dyn Storage, n: u64) -> StdResult<u64> { self.cell.save(s, &n)?; Ok(n) } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~T::new().put(s, n) }",
    ),
    (
        "in a tuple",
        Kind::Write,
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let pair = (n, ~c); pair.1.save(s, &pair.0)?; Ok(n) }",
    ),
    (
        "in an array",
        Kind::Write,
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { for cell in [~c] { cell.save(s, &n)?; } Ok(n) }",
    ),
    (
        "in a static",
        Kind::Write,
        "static ~A: &Item<u64> = &~c; pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~A.save(s, &n)?; Ok(n) }",
    ),
    (
        "associated const",
        Kind::Write,
        "pub struct ~T; impl ~T { const CELL: Item<u64> = ~c; } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~T::CELL.save(s, &n)?; Ok(n) }",
    ),
    (
        "trait const",
        Kind::Write,
        "pub trait ~A { const CELL: Item<u64>; fn put(s: &mut dyn Storage, n: u64) -> StdResult<u64> { Self::CELL.save(s, &n)?; Ok(n) } } pub struct ~T; impl ~A for ~T { const CELL: Item<u64> = ~c; } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { <~T as ~A>::put(s, n) }",
    ),
    (
        "chosen",
        Kind::Write,
        "fn ~h(n: u64) -> Item<u64> { if n > 7 { ~c } else { SPARE } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~h(n).save(s, &n)?; Ok(n) }",
    ),
];

/// What must be in the footprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An access that observes.
    Read,
    /// One that sets.
    Write,
    /// One that removes.
    Delete,
}

/// Layers around an access or around other layers.
pub(crate) const LAYERS: &[(&str, &str)] = &[
    ("plain", "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~f(s, n) }"),
    ("twice", "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let a = ~f(s, n)?; Ok(a + 1) }"),
    (
        "closure",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let run = |s: &mut dyn Storage| ~f(s, n); run(s) }",
    ),
    (
        "capturing closure",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let mut run = |m: u64| ~f(s, m); run(n) }",
    ),
    (
        "closure taken",
        "fn ~h<F: FnOnce(u64) -> StdResult<u64>>(run: F, n: u64) -> StdResult<u64> { run(n) } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~h(|m| ~f(s, m), n) }",
    ),
    (
        "impl Fn taken",
        "fn ~h(run: impl Fn(&mut dyn Storage, u64) -> StdResult<u64>, s: &mut dyn Storage, n: u64) -> StdResult<u64> { run(s, n) } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~h(~f, s, n) }",
    ),
    (
        "dyn Fn taken",
        "fn ~h(run: &dyn Fn(&mut dyn Storage, u64) -> StdResult<u64>, s: &mut dyn Storage, n: u64) -> StdResult<u64> { run(s, n) } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~h(&~f, s, n) }",
    ),
    (
        "boxed closure",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let run: Box<dyn Fn(&mut dyn Storage) -> StdResult<u64>> = Box::new(move |s| ~f(s, n)); run(s) }",
    ),
    (
        "closure returned",
        "fn ~h(n: u64) -> impl Fn(&mut dyn Storage) -> StdResult<u64> { move |s| ~f(s, n) } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~h(n)(s) }",
    ),
    (
        "closure in a struct",
        "pub struct ~T<F: Fn(&mut dyn Storage, u64) -> StdResult<u64>> { run: F } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let holder = ~T { run: |s: &mut dyn Storage, n: u64| ~f(s, n) }; (holder.run)(s, n) }",
    ),
    (
        "function in a table",
        "const ~A: [fn(&mut dyn Storage, u64) -> StdResult<u64>; 2] = [~f, quiet]; pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~A[(n % 2) as usize](s, n) }",
    ),
    (
        "function pointer",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let run: fn(&mut dyn Storage, u64) -> StdResult<u64> = if n > 3 { ~f } else { quiet }; run(s, n) }",
    ),
    (
        "vector of closures",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let all: Vec<Box<dyn Fn(&mut dyn Storage, u64) -> StdResult<u64>>> = vec![Box::new(quiet), Box::new(~f)]; let mut sum = 0; for each in all.iter() { sum += each(s, n)?; } Ok(sum) }",
    ),
    (
        "for",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let mut sum = 0; for i in 0..n { sum += ~f(s, i)?; } Ok(sum) }",
    ),
    (
        "while",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let mut i = n; while i > 0 { i -= 1; ~f(s, i)?; } Ok(i) }",
    ),
    (
        "while condition",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let mut i = 0; while ~f(s, i)? < n { i += 1; } Ok(i) }",
    ),
    (
        "loop",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let mut i = 0; let last = loop { i += 1; if i > n { break ~f(s, i)?; } }; Ok(last) }",
    ),
    (
        "labelled",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { 'outer: for i in 0..n { for j in 0..i { if j == 2 { continue 'outer; } if j > 5 { ~f(s, j)?; break 'outer; } } } Ok(n) }",
    ),
    (
        "after continue",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { for i in 0..n { if i % 2 == 0 { continue; } ~f(s, i)?; } Ok(n) }",
    ),
    (
        "labelled block",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let x = 'block: { if n == 0 { break 'block 1; } ~f(s, n)? }; Ok(x) }",
    ),
    ("if", "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { if n > 4 { ~f(s, n) } else { Ok(0) } }"),
    (
        "else",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { if n > 4 { return Ok(1); } else if n == 2 { return Ok(2); } else { ~f(s, n)?; } Ok(0) }",
    ),
    (
        "if condition",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { if n == 1 || ~f(s, n).is_ok() { Ok(n) } else { Ok(0) } }",
    ),
    (
        "if let",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { if let Ok(x) = ~f(s, n) { return Ok(x); } Ok(n) }",
    ),
    (
        "let else",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let Some(m) = n.checked_sub(1) else { return ~f(s, n); }; Ok(m) }",
    ),
    (
        "match arm",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { match n { 0 => Ok(0), 1 | 2 => ~f(s, n), 3..=9 => Ok(1), _ => Ok(2) } }",
    ),
    (
        "match guard",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { match n { 0 => Ok(0), m if ~f(s, m).is_ok() => Ok(m), _ => Ok(2) } }",
    ),
    (
        "match scrutinee",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { match ~f(s, n) { Ok(0) => Ok(1), Ok(x) => Ok(x), Err(e) => Err(e) } }",
    ),
    (
        "tuple match",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { match (n > 1, n > 2) { (true, false) => ~f(s, n), (_, true) => Ok(0), _ => Ok(1) } }",
    ),
    (
        "question chain",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { Ok(Some(~f(s, n)?).filter(|x| *x > 1).map(|x| x + 1).ok_or_else(|| StdError::generic_err(\"none\"))?.max(n)) }",
    ),
    (
        "argument",
        "fn ~h(a: u64, b: u64) -> u64 { a + b } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { Ok(~h(n, ~f(s, n)?)) }",
    ),
    (
        "index",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let list = [1u64, 2, 3]; Ok(list[(~f(s, n)? % 3) as usize]) }",
    ),
    (
        "struct literal",
        "pub struct ~T { a: u64, b: u64 } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let base = ~T { a: 1, b: 2 }; let x = ~T { a: ~f(s, n)?, ..base }; Ok(x.a + x.b) }",
    ),
    ("and_then", "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { quiet(s, n).and_then(|m| ~f(s, m)) }"),
    (
        "map transpose",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let x = Some(n).map(|m| ~f(s, m)).transpose()?; Ok(x.unwrap_or(0)) }",
    ),
    (
        "unwrap_or_else",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { Ok(n.checked_sub(3).unwrap_or_else(|| ~f(s, n).unwrap_or(0))) }",
    ),
    (
        "or_else",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { n.checked_sub(5).ok_or_else(|| StdError::generic_err(\"x\")).or_else(|_| ~f(s, n)) }",
    ),
    (
        "map_or_else",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { n.checked_sub(5).map_or_else(|| ~f(s, n), Ok) }",
    ),
    (
        "bool then",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { (n > 2).then(|| ~f(s, n)).unwrap_or(Ok(0)) }",
    ),
    (
        "get_or_insert_with",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let mut slot: Option<u64> = None; Ok(*slot.get_or_insert_with(|| ~f(s, n).unwrap_or(0))) }",
    ),
    (
        "map collect",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let all = (0..n).map(|i| ~f(s, i)).collect::<StdResult<Vec<_>>>()?; Ok(all.len() as u64) }",
    ),
    (
        "filter map",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { Ok((0..n).filter(|i| i % 2 == 0).filter_map(|i| ~f(s, i).ok()).sum()) }",
    ),
    (
        "filter",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { Ok((0..n).filter(|i| ~f(s, *i).is_ok()).count() as u64) }",
    ),
    (
        "try_for_each",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { (0..n).try_for_each(|i| ~f(s, i).map(|_| ()))?; Ok(n) }",
    ),
    (
        "for_each",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { (0..n).rev().for_each(|i| { let _ = ~f(s, i); }); Ok(n) }",
    ),
    (
        "fold",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { (0..n).fold(Ok(0), |sum: StdResult<u64>, i| Ok(sum? + ~f(s, i)?)) }",
    ),
    (
        "try_fold",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { (0..n).try_fold(0, |sum, i| ~f(s, i).map(|x| x + sum)) }",
    ),
    (
        "any",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { Ok(u64::from((0..n).any(|i| ~f(s, i).is_err()))) }",
    ),
    (
        "find_map",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { Ok((0..n).skip(1).find_map(|i| ~f(s, i).ok()).unwrap_or(0)) }",
    ),
    (
        "position",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { Ok((0..n).position(|i| ~f(s, i).is_ok()).unwrap_or(0) as u64) }",
    ),
    (
        "flat_map",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { Ok((0..n).flat_map(|i| ~f(s, i)).sum()) }",
    ),
    (
        "take_while",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { Ok((0..n).take_while(|i| ~f(s, *i).is_ok()).last().unwrap_or(0)) }",
    ),
    (
        "inspect",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { Ok((0..n).inspect(|i| { let _ = ~f(s, *i); }).max().unwrap_or(0)) }",
    ),
    (
        "scan",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { Ok((0..n).scan(0, |sum, i| { *sum += ~f(s, i).ok()?; Some(*sum) }).sum()) }",
    ),
    (
        "zip next",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let mut it = (0..n).zip(1..).map(|(a, b)| ~f(s, a + b)); it.next().unwrap_or(Ok(0)) }",
    ),
    (
        "while let next",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let mut it = (0..n).map(|i| ~f(s, i)); while let Some(x) = it.next() { x?; } Ok(n) }",
    ),
    (
        "iterator in for",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { for x in (0..n).map(|i| ~f(s, i)) { x?; } Ok(n) }",
    ),
    (
        "iterator returned",
        "fn ~h<'a>(s: &'a mut dyn Storage, n: u64) -> impl Iterator<Item = StdResult<u64>> + 'a { (0..n).map(move |i| ~f(s, i)) } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { Ok(~h(s, n).count() as u64) }",
    ),
    (
        "extend",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let mut all = vec![1]; all.extend((0..n).filter_map(|i| ~f(s, i).ok())); Ok(all.len() as u64) }",
    ),
    (
        "sort_by_key",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let mut all = vec![3, 1, n]; all.sort_by_key(|i| ~f(s, *i).unwrap_or(0)); Ok(all[0]) }",
    ),
    (
        "retain",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let mut all = vec![3, 1, n]; all.retain(|i| ~f(s, *i).is_ok()); Ok(all.len() as u64) }",
    ),
    (
        "method",
        "pub struct ~T { n: u64 } impl ~T { fn run(&self, s: &mut dyn Storage) -> StdResult<u64> { ~f(s, self.n) } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~T { n }.run(s) }",
    ),
    (
        "method holding storage",
        "pub struct ~T<'a> { s: &'a mut dyn Storage } impl ~T<'_> { fn run(&mut self, n: u64) -> StdResult<u64> { ~f(self.s, n) } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let mut holder = ~T { s }; holder.run(n) }",
    ),
    (
        "builder",
        "#[derive(Default)] pub struct ~T { n: u64 } impl ~T { fn with(mut self, n: u64) -> Self { self.n = n; self } fn build(self, s: &mut dyn Storage) -> StdResult<u64> { ~f(s, self.n) } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~T::default().with(n).build(s) }",
    ),
    (
        "trait method",
        "pub trait ~A { fn run(&self, s: &mut dyn Storage, n: u64) -> StdResult<u64>; } pub struct ~T; impl ~A for ~T { fn run(&self, s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~f(s, n) } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~T.run(s, n) }",
    ),
    (
        "default method",
        "pub trait ~A { fn one(&self) -> u64; fn run(&self, s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~f(s, n + self.one()) } } pub struct ~T; impl ~A for ~T { fn one(&self) -> u64 { 1 } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~T.run(s, n) }",
    ),
    (
        "generic bound",
        "pub trait ~A { fn run(&self, s: &mut dyn Storage, n: u64) -> StdResult<u64>; } pub struct ~T; impl ~A for ~T { fn run(&self, s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~f(s, n) } } fn ~h<X: ~A>(x: X, s: &mut dyn Storage, n: u64) -> StdResult<u64> { x.run(s, n) } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~h(~T, s, n) }",
    ),
    (
        "dyn trait",
        "pub trait ~A { fn run(&self, s: &mut dyn Storage, n: u64) -> StdResult<u64>; } pub struct ~T; impl ~A for ~T { fn run(&self, s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~f(s, n) } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let x: Box<dyn ~A> = Box::new(~T); x.run(s, n) }",
    ),
    (
        "associated function by type",
        "pub trait ~A { fn run(s: &mut dyn Storage, n: u64) -> StdResult<u64>; } pub struct ~T; impl ~A for ~T { fn run(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~f(s, n) } } fn ~h<X: ~A>(s: &mut dyn Storage, n: u64) -> StdResult<u64> { X::run(s, n) } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~h::<~T>(s, n) }",
    ),
    (
        "associated type",
        "pub trait ~A { type Next: ~B; } pub trait ~B { fn run(s: &mut dyn Storage, n: u64) -> StdResult<u64>; } pub struct ~T; impl ~A for ~T { type Next = ~T; } impl ~B for ~T { fn run(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~f(s, n) } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { <~T as ~A>::Next::run(s, n) }",
    ),
    (
        "extension of u64",
        "pub trait ~A { fn ~h(self, s: &mut dyn Storage) -> StdResult<u64>; } impl ~A for u64 { fn ~h(self, s: &mut dyn Storage) -> StdResult<u64> { ~f(s, self) } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { n.~h(s) }",
    ),
    (
        "extension of storage",
        "pub trait ~A { fn ~h(&mut self, n: u64) -> StdResult<u64>; } impl<'a> ~A for dyn Storage + 'a { fn ~h(&mut self, n: u64) -> StdResult<u64> { ~f(self, n) } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { s.~h(n) }",
    ),
    (
        "blanket impl",
        "pub trait ~A { fn ~h(&self, s: &mut dyn Storage) -> StdResult<u64>; } impl<X: Copy + Into<u64>> ~A for X { fn ~h(&self, s: &mut dyn Storage) -> StdResult<u64> { ~f(s, (*self).into()) } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { n.~h(s) }",
    ),
    (
        "operator",
        "pub struct ~T<'a>(&'a mut dyn Storage); impl std::ops::Add<u64> for ~T<'_> { type Output = StdResult<u64>; fn add(self, n: u64) -> StdResult<u64> { ~f(self.0, n) } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~T(s) + n }",
    ),
    (
        "add assign",
        "pub struct ~T<'a>(&'a mut dyn Storage); impl std::ops::AddAssign<u64> for ~T<'_> { fn add_assign(&mut self, n: u64) { let _ = ~f(self.0, n); } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let mut x = ~T(s); x += n; Ok(n) }",
    ),
    (
        "comparison",
        "pub struct ~T<'a>(std::cell::RefCell<&'a mut dyn Storage>); impl PartialEq<u64> for ~T<'_> { fn eq(&self, n: &u64) -> bool { ~f(&mut **self.0.borrow_mut(), *n).is_ok() } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let x = ~T(std::cell::RefCell::new(s)); Ok(u64::from(x == n)) }",
    ),
    (
        "drop",
        "pub struct ~T<'a>(&'a mut dyn Storage, u64); impl Drop for ~T<'_> { fn drop(&mut self) { let _ = ~f(self.0, self.1); } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let _guard = ~T(s, n); Ok(n) }",
    ),
    (
        "deref",
        "pub struct ~B; impl ~B { fn run(&self, s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~f(s, n) } } pub struct ~T(~B); impl std::ops::Deref for ~T { type Target = ~B; fn deref(&self) -> &~B { &self.0 } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~T(~B).run(s, n) }",
    ),
    (
        "from",
        "pub struct ~T(u64); impl From<(&mut dyn Storage, u64)> for ~T { fn from(x: (&mut dyn Storage, u64)) -> ~T { ~T(~f(x.0, x.1).unwrap_or(0)) } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let x: ~T = (s, n).into(); Ok(x.0) }",
    ),
    (
        "try_from",
        "pub struct ~T(u64); impl TryFrom<(&mut dyn Storage, u64)> for ~T { type Error = StdError; fn try_from(x: (&mut dyn Storage, u64)) -> StdResult<~T> { Ok(~T(~f(x.0, x.1)?)) } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let x: ~T = (s, n).try_into()?; Ok(x.0) }",
    ),
    (
        "iterator impl",
        "pub struct ~T<'a> { s: &'a mut dyn Storage, n: u64 } impl Iterator for ~T<'_> { type Item = u64; fn next(&mut self) -> Option<u64> { self.n = self.n.checked_sub(1)?; ~f(self.s, self.n).ok() } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let mut sum = 0; for x in (~T { s, n }) { sum += x; } Ok(sum) }",
    ),
    (
        "iterator impl sum",
        "pub struct ~T<'a> { s: &'a mut dyn Storage, n: u64 } impl Iterator for ~T<'_> { type Item = u64; fn next(&mut self) -> Option<u64> { self.n = self.n.checked_sub(1)?; ~f(self.s, self.n).ok() } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { Ok(~T { s, n }.map(|x| x + 1).sum()) }",
    ),
    (
        "enum dispatch",
        "pub enum ~T { Go { n: u64 }, Stop } impl ~T { fn run(self, s: &mut dyn Storage) -> StdResult<u64> { match self { ~T::Go { n } => ~f(s, n), ~T::Stop => Ok(0) } } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~T::Go { n }.run(s) }",
    ),
    (
        "enum twice",
        "pub enum ~T { A(~B), Stop } pub enum ~B { Go(u64), No } fn ~h(x: ~T, s: &mut dyn Storage) -> StdResult<u64> { match x { ~T::A(~B::Go(n)) => ~f(s, n), ~T::A(~B::No) => Ok(1), ~T::Stop => Ok(0) } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~h(~T::A(~B::Go(n)), s) }",
    ),
    (
        "module",
        "pub mod ~h { use super::*; pub(crate) mod inner { pub fn run(s: &mut dyn cosmwasm_std::Storage, n: u64) -> cosmwasm_std::StdResult<u64> { super::~f(s, n) } } pub use self::inner::run as go; } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~h::go(s, n) }",
    ),
    (
        "glob import",
        "pub mod ~h { pub mod deep { pub fn go(s: &mut dyn cosmwasm_std::Storage, n: u64) -> cosmwasm_std::StdResult<u64> { crate::~f(s, n) } } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { use self::~h::deep::*; go(s, n) }",
    ),
    (
        "inner function",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { fn inner(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~f(s, n) } inner(s, n) }",
    ),
    (
        "recursion",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { if n == 0 { return ~f(s, n); } ~g(s, n - 1) }",
    ),
    (
        "mutual recursion",
        "fn ~h(s: &mut dyn Storage, n: u64) -> StdResult<u64> { if n > 3 { ~g(s, n - 2) } else { ~f(s, n) } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { if n > 7 { ~h(s, n - 1) } else { Ok(0) } }",
    ),
    (
        "macro expression",
        "macro_rules! ~h { ($s:expr, $n:expr) => { ~f($s, $n) }; } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~h!(s, n) }",
    ),
    (
        "macro statements",
        "macro_rules! ~h { ($s:ident; $($n:expr),* $(,)?) => { $( ~f($s, $n)?; )* }; } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~h!(s; n, n + 1,); Ok(n) }",
    ),
    (
        "macro items",
        "macro_rules! ~h { ($($name:ident => $to:path),*) => { $( pub fn $name(s: &mut dyn Storage, n: u64) -> StdResult<u64> { $to(s, n) } )* }; } ~h!(~g => ~f);",
    ),
    (
        "macro in macro",
        "macro_rules! ~i { ($e:expr) => { $e? }; } macro_rules! ~h { ($name:path, $($a:tt)*) => { ~i!($name($($a)*)) }; } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { Ok(~h!(~f, s, n)) }",
    ),
    (
        "macro recursion",
        "macro_rules! ~h { ($s:ident, $n:ident,) => { Ok($n) }; ($s:ident, $n:ident, $head:path; $($rest:tt)*) => {{ $head($s, $n)?; ~h!($s, $n, $($rest)*) }}; } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~h!(s, n, quiet; ~f;) }",
    ),
    (
        "macro impl",
        "pub trait ~A { fn run(&self, s: &mut dyn Storage, n: u64) -> StdResult<u64>; } macro_rules! ~h { ($t:ident) => { pub struct $t; impl ~A for $t { fn run(&self, s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~f(s, n) } } }; } ~h!(~T); pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~T.run(s, n) }",
    ),
    (
        "known macros",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let all = vec![~f(s, n)?]; let text = format!(\"{}\", all.len()); assert!(!text.is_empty(), \"none\"); Ok(all[0]) }",
    ),
    (
        "format argument",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let text = format!(\"{:?}\", ~f(s, n)); Ok(text.len() as u64) }",
    ),
    (
        "matches",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { Ok(u64::from(matches!(~f(s, n), Ok(x) if x > 1))) }",
    ),
    (
        "ensure",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ensure!(~f(s, n)? < 100, StdError::generic_err(\"much\")); Ok(n) }",
    ),
    (
        "shadowing",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let quiet = ~f; let n = n + 1; let n = quiet(s, n)?; Ok(n) }",
    ),
    (
        "reborrow",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let again: &mut dyn Storage = &mut *s; ~f(again, n) }",
    ),
    (
        "generic storage",
        "fn ~h<S: Storage>(s: &mut S, n: u64) -> StdResult<u64> { ~f(s, n) } pub fn ~g(mut s: &mut dyn Storage, n: u64) -> StdResult<u64> { let n = quiet(s, n)?; { let s = &mut s; ~f(*s, n) } }",
    ),
    (
        "option storage",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let mut slot = Some(s); if let Some(s) = slot.as_mut() { return ~f(&mut **s, n); } Ok(0) }",
    ),
    ("tuple storage", "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let (m, t) = (n, s); ~f(t, m) }"),
    (
        "swap",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let mut run: fn(&mut dyn Storage, u64) -> StdResult<u64> = quiet; let mut other: fn(&mut dyn Storage, u64) -> StdResult<u64> = ~f; std::mem::swap(&mut run, &mut other); run(s, n) }",
    ),
    (
        "assigned later",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let run: fn(&mut dyn Storage, u64) -> StdResult<u64>; if n > 1 { run = ~f; } else { run = quiet; } run(s, n) }",
    ),
    (
        "map of functions",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let mut all: std::collections::BTreeMap<u64, fn(&mut dyn Storage, u64) -> StdResult<u64>> = std::collections::BTreeMap::new(); all.insert(1, ~f); match all.get(&n) { Some(run) => run(s, n), None => Ok(0) } }",
    ),
    (
        "early return in closure",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let mut run = || -> StdResult<u64> { if n == 0 { return Ok(0); } ~f(s, n) }; run() }",
    ),
    (
        "const generic",
        "fn ~h<const N: usize>(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let mut sum = 0; for i in 0..N { sum += ~f(s, n + i as u64)?; } Ok(sum) } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~h::<3>(s, n) }",
    ),
];

/// Code that looks as if it ran and does not.
pub(crate) const DEAD: &[(&str, &str)] = &[
    (
        "not called",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { fn _never(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~f(s, n) } quiet(s, n) }",
    ),
    (
        "closure not called",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { let _later = |s: &mut dyn Storage| ~f(s, n); quiet(s, n) }",
    ),
    (
        "iterator not consumed",
        "pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { { let _lazy = (0..n).map(|i| ~f(s, i)); } Ok(n) }",
    ),
    (
        "other variant",
        "pub enum ~T { Go { n: u64 }, Stop } impl ~T { fn run(self, s: &mut dyn Storage) -> StdResult<u64> { match self { ~T::Go { n } => ~f(s, n), ~T::Stop => Ok(0) } } } pub fn ~g(s: &mut dyn Storage, _n: u64) -> StdResult<u64> { ~T::Stop.run(s) }",
    ),
    (
        "other impl",
        "pub trait ~A { fn run(&self, s: &mut dyn Storage, n: u64) -> StdResult<u64>; } pub struct ~T; pub struct ~B; impl ~A for ~T { fn run(&self, s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~f(s, n) } } impl ~A for ~B { fn run(&self, s: &mut dyn Storage, n: u64) -> StdResult<u64> { quiet(s, n) } } fn ~h<X: ~A>(x: X, s: &mut dyn Storage, n: u64) -> StdResult<u64> { x.run(s, n) } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~h(~B, s, n) }",
    ),
    (
        "default overridden",
        "pub trait ~A { fn run(&self, s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~f(s, n) } } pub struct ~T; impl ~A for ~T { fn run(&self, s: &mut dyn Storage, n: u64) -> StdResult<u64> { quiet(s, n) } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~T.run(s, n) }",
    ),
    (
        "other macro arm",
        "macro_rules! ~h { (go $s:expr, $n:expr) => { ~f($s, $n) }; (stop $s:expr, $n:expr) => { quiet($s, $n) }; } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~h!(stop s, n) }",
    ),
    (
        "inherent before trait",
        "pub trait ~A { fn run(&self, s: &mut dyn Storage, n: u64) -> StdResult<u64>; } pub struct ~T; impl ~T { fn run(&self, s: &mut dyn Storage, n: u64) -> StdResult<u64> { quiet(s, n) } } impl ~A for ~T { fn run(&self, s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~f(s, n) } } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~T.run(s, n) }",
    ),
    (
        "cfg test",
        "#[cfg(test)] pub fn ~h(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~f(s, n) } #[cfg(not(test))] pub fn ~h(s: &mut dyn Storage, n: u64) -> StdResult<u64> { quiet(s, n) } pub fn ~g(s: &mut dyn Storage, n: u64) -> StdResult<u64> { ~h(s, n) }",
    ),
];
