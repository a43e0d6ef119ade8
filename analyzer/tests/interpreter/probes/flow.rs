//! Control flow, closures, cells in memory, places that change hands, patterns, macros, errors.

use super::Source;

pub(super) const PROBES: &[Source] = &[
    (
        "closure_returned",
        "fn adder(by: u64) -> impl Fn(u64) -> u64 { move |x| x + by } fn boxed(by: u64) -> Box<dyn Fn(u64) -> u64> { if by > 2 { Box::new(move |x| x + by) } else { Box::new(|x| x) } }",
        "let f = adder(n); put(s, f(k)); put(s, boxed(n)(k)); let g = [adder(1), adder(1)]; put(s, g[1](n));",
    ),
    (
        "closure_field",
        "struct Act<F: Fn(u64) -> u64> { f: F, add: u64 } impl<F: Fn(u64) -> u64> Act<F> { fn run(&self, x: u64) -> u64 { (self.f)(x) + self.add } } struct Dynamic { all: Vec<Box<dyn Fn(&mut dyn Storage, u64)>> }",
        "let a = Act { f: |x| x + n, add: k }; put(s, a.run(1)); let mut d = Dynamic { all: vec![] }; d.all.push(Box::new(move |s, x| put(s, x + n))); d.all.push(Box::new(|s, x| M.remove(s, x))); for f in &d.all { f(s, k); }",
    ),
    (
        "closure_once",
        "fn run(f: Box<dyn FnOnce(u64) -> u64>) -> u64 { f(3) } fn twice(mut f: impl FnMut(u64)) { f(1); f(2); }",
        "let v = vec![n, k]; put(s, run(Box::new(move |x| v[1] + x))); let mut sum = n; twice(|x| sum += x); put(s, sum); let mut f = |x| put(s, x); f(k); twice(&mut f); let fs: Vec<Box<dyn FnOnce() -> u64>> = vec![Box::new(move || n), Box::new(move || k + 8)]; for f in fs { put(s, f()); }",
    ),
    (
        "closure_option",
        "struct Hooks<'a> { before: Option<Box<dyn FnMut(&mut dyn Storage) + 'a>>, after: Option<fn(&mut dyn Storage, u64)> }",
        "let mut h = Hooks { before: None, after: Some(put) }; if flag { h.before = Some(Box::new(|s| put(s, n))); } if let Some(f) = h.before.as_mut() { f(s); } if let Some(f) = h.after { f(s, k); } h.after.map(|f| f(s, k + 2)); h.after.take().unwrap()(s, k + 3);",
    ),
    (
        "function_pointers",
        "fn one(s: &mut dyn Storage, x: u64) { put(s, x) } fn two(s: &mut dyn Storage, x: u64) { M.remove(s, x + 1) } const TABLE: [fn(&mut dyn Storage, u64); 2] = [one, two]; static NAMED: &[(&str, fn(u64) -> u64)] = &[(\"a\", |x| x + 1), (\"b\", double)]; fn double(x: u64) -> u64 { x * 2 }",
        "TABLE[(n % 2) as usize](s, k); for f in TABLE { f(s, n); } for (_, f) in NAMED { put(s, f(n)); } let p: fn(u64) -> u64 = if flag { double } else { |x| x + 9 }; put(s, p(k)); let f = NAMED.iter().find(|x| x.0 == \"b\").unwrap().1; put(s, f(k));",
    ),
    (
        "closure_recursive",
        "fn fix(f: &dyn Fn(&dyn Fn(u64) -> u64, u64) -> u64, x: u64) -> u64 { f(&|y| fix(f, y), x) }",
        "put(s, fix(&|rec, x| if x < 2 { x + n } else { rec(x - 1) + 1 }, k));",
    ),
    (
        "closure_state",
        "fn counter() -> impl FnMut() -> u64 { let mut c = 0; move || { c += 1; c } }",
        "let mut c = counter(); put(s, c()); put(s, c() + n); let mut d = counter(); d(); d(); put(s, d());",
    ),
    (
        "iterator_field",
        "struct Walk<'a> { it: std::slice::Iter<'a, u64>, add: u64 } impl<'a> Walk<'a> { fn go(&mut self) -> Option<u64> { self.it.next().map(|x| x + self.add) } }",
        "let mut w = Walk { it: list.iter(), add: n }; while let Some(x) = w.go() { put(s, x); } let mut w = Walk { it: list.iter(), add: k }; w.it.next(); if let Some(x) = w.go() { M.remove(s, x); }",
    ),
    (
        "iterator_returned",
        "fn odd<'a>(l: &'a [u64], by: u64) -> impl Iterator<Item = u64> + 'a { l.iter().map(move |x| x + by).filter(|x| x % 2 == 1) } fn any<'a>(l: &'a [u64], rev: bool) -> Box<dyn Iterator<Item = &'a u64> + 'a> { if rev { Box::new(l.iter().rev()) } else { Box::new(l.iter().skip(1)) } }",
        "for x in odd(&list, n) { put(s, x); } for x in any(&list, flag) { M.remove(s, *x); } let v: Vec<_> = any(&list, true).zip(odd(&list, k)).collect(); for (a, b) in v { N.save(s, (*a, b), &1)?; }",
    ),
    (
        "iterator_own",
        "struct Up { at: u64, to: u64 } impl Iterator for Up { type Item = u64; fn next(&mut self) -> Option<u64> { if self.at < self.to { self.at += 1; Some(self.at) } else { None } } }",
        "for x in (Up { at: n, to: k }) { put(s, x); } let v: Vec<u64> = Up { at: k, to: k + 2 }.map(|x| x + 10).collect(); for x in v { put(s, x); } put(s, Up { at: 0, to: n }.last().unwrap_or(7)); put(s, Up { at: 0, to: k }.sum()); let mut u = Up { at: n, to: 9 }; u.nth(1); put(s, u.at);",
    ),
    (
        "iterator_storage",
        "struct Read<'a> { s: &'a dyn Storage, at: u64 } impl Iterator for Read<'_> { type Item = u64; fn next(&mut self) -> Option<u64> { let x = M.may_load(self.s, self.at).unwrap()?; self.at = x; Some(x) } }",
        "let v: Vec<u64> = Read { s, at: n }.take(3).collect(); for x in &v { put(s, *x + 8); } let c = Read { s, at: k }.take(2).count(); put(s, c as u64);",
    ),
    (
        "into_iterator",
        "struct Bag { items: Vec<u64>, add: u64 } impl IntoIterator for Bag { type Item = u64; type IntoIter = std::vec::IntoIter<u64>; fn into_iter(self) -> Self::IntoIter { let a = self.add; self.items.into_iter().map(|x| x + a).collect::<Vec<_>>().into_iter() } } impl<'a> IntoIterator for &'a Bag { type Item = &'a u64; type IntoIter = std::slice::Iter<'a, u64>; fn into_iter(self) -> Self::IntoIter { self.items[1..].iter() } }",
        "let b = Bag { items: vec![n, k, 3], add: n }; for x in &b { M.remove(s, *x); } for x in b { put(s, x); }",
    ),
    (
        "from_iterator",
        "struct Sum(u64, Vec<u64>); impl FromIterator<u64> for Sum { fn from_iter<I: IntoIterator<Item = u64>>(i: I) -> Self { let v: Vec<u64> = i.into_iter().map(|x| x + 1).collect(); Sum(v.iter().sum(), v) } } impl Extend<u64> for Sum { fn extend<I: IntoIterator<Item = u64>>(&mut self, i: I) { for x in i { self.1.push(x * 2); self.0 = x; } } }",
        "let mut t: Sum = list.iter().copied().collect(); put(s, t.0); t.extend([n, k]); put(s, t.0); for x in t.1 { put(s, x); } let q = Sum::from_iter(vec![n]); put(s, q.1[0]);",
    ),
    (
        "sum_own",
        "#[derive(Clone, Copy)] struct P(u64); impl std::iter::Sum for P { fn sum<I: Iterator<Item = P>>(i: I) -> P { i.fold(P(3), |a, b| P(a.0 + b.0)) } }",
        "let p: P = list.iter().map(|x| P(*x)).sum(); put(s, p.0);",
    ),
    (
        "mem_take",
        "#[derive(Default)] struct Q { a: Vec<u64>, b: Option<u64>, c: u64 }",
        "let mut q = Q { a: vec![n, k], b: Some(n), c: k }; let a = std::mem::take(&mut q.a); put(s, a[1]); put(s, q.a.len() as u64); let c = std::mem::replace(&mut q.c, n + 5); put(s, c); put(s, q.c); let mut o = Q::default(); std::mem::swap(&mut q, &mut o); put(s, q.c); put(s, o.c + 20); let b = o.b.take(); put(s, b.unwrap_or(9)); let whole = std::mem::take(&mut o); put(s, whole.c); put(s, o.c);",
    ),
    (
        "mem_swap_elements",
        "",
        "let mut v = vec![n, k, 7]; let (a, b) = v.split_at_mut(1); std::mem::swap(&mut a[0], &mut b[0]); put(s, v[0]); let mut x = n; let mut y = k; { let (p, q) = (&mut x, &mut y); std::mem::swap(p, q); *p += 10; } put(s, x); put(s, y); (x, y) = (y, x); put(s, x + 3); [x, y] = [y, 2]; put(s, x + 5); put(s, y + 7);",
    ),
    (
        "cow",
        "fn fix(c: &mut Cow<'_, [u64]>, by: u64) { if by > 1 { c.to_mut()[0] = by; } }",
        "let base = [n, k]; let mut c = Cow::Borrowed(&base[..]); fix(&mut c, k); put(s, c[0]); put(s, c.len() as u64); let o = c.into_owned(); put(s, o[1]); let d: Cow<u64> = if flag { Cow::Owned(n + 4) } else { Cow::Borrowed(&k) }; put(s, *d); put(s, base[0]);",
    ),
    (
        "rc_refcell",
        "",
        "let r = Rc::new(RefCell::new(n)); let q = Rc::clone(&r); *q.borrow_mut() += k; put(s, *r.borrow()); let old = r.replace(3); put(s, old); let v = Rc::new(RefCell::new(vec![n])); { let w = v.clone(); w.borrow_mut().push(k); } let x = v.borrow()[1]; put(s, x); put(s, v.borrow().len() as u64); drop(q); put(s, Rc::try_unwrap(r).unwrap().into_inner()); for x in v.take() { put(s, x + 9); } put(s, v.borrow().len() as u64 + 30);",
    ),
    (
        "cell",
        "struct C { c: Cell<u64> } impl C { fn bump(&self) -> u64 { self.c.set(self.c.get() + 1); self.c.get() } }",
        "let c = C { c: Cell::new(n) }; c.bump(); put(s, c.bump()); put(s, c.c.replace(k)); put(s, c.c.get()); let f = || c.bump(); f(); f(); put(s, c.c.get()); let d = Cell::new(n); d.swap(&c.c); put(s, d.get()); put(s, d.take()); put(s, c.c.into_inner());",
    ),
    (
        "cell_shared_closure",
        "",
        "let log = RefCell::new(Vec::new()); let note = |x: u64| log.borrow_mut().push(x); note(n); note(k + 1); list.iter().for_each(|x| note(*x)); for x in log.borrow().iter() { put(s, *x); } let all = log.into_inner(); put(s, all[0] + 9);",
    ),
    (
        "lazy",
        "",
        "let l = LazyCell::new(|| n + 2); put(s, *l); let o: OnceCell<u64> = OnceCell::new(); put(s, *o.get_or_init(|| k)); put(s, *o.get_or_init(|| 9)); if o.set(3).is_err() { put(s, o.get().unwrap() + 1); } let m = std::cell::LazyCell::new(|| at(s, n)); let x = *m; put(s, x);",
    ),
    (
        "thread_local",
        "thread_local! { static T: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) }; static C: Cell<u64> = Cell::new(3); } fn note(x: u64) { T.with(|t| t.borrow_mut().push(x)); C.set(x + 1); }",
        "put(s, C.get()); note(n); note(k); put(s, C.get()); T.with_borrow(|t| for x in t { put(s, *x); }); let all = T.take(); put(s, all[1]); T.with_borrow_mut(|t| t.push(7)); put(s, T.with_borrow(|t| t[0]));",
    ),
    (
        "mutex",
        "use std::sync::{Mutex, RwLock, Arc}; use std::sync::atomic::{AtomicU64, Ordering};",
        "let m = Arc::new(Mutex::new(n)); { let mut g = m.lock().unwrap(); *g += k; } put(s, *m.lock().unwrap()); let r = RwLock::new(vec![n]); r.write().unwrap().push(k); let x = r.read().unwrap()[1]; put(s, x); let a = AtomicU64::new(n); a.fetch_add(2, Ordering::SeqCst); put(s, a.load(Ordering::SeqCst)); a.store(k, Ordering::SeqCst); put(s, a.swap(9, Ordering::SeqCst)); put(s, a.into_inner());",
    ),
    (
        "weak",
        "struct Node { v: Cell<u64>, kids: RefCell<Vec<Rc<Node>>>, up: RefCell<std::rc::Weak<Node>> }",
        "let root = Rc::new(Node { v: Cell::new(n), kids: Default::default(), up: Default::default() }); let kid = Rc::new(Node { v: Cell::new(k), kids: Default::default(), up: RefCell::new(Rc::downgrade(&root)) }); root.kids.borrow_mut().push(kid.clone()); kid.v.set(k + 1); let up = kid.up.borrow().upgrade(); if let Some(p) = up { put(s, p.v.get()); } let x = root.kids.borrow()[0].v.get(); put(s, x); put(s, Rc::strong_count(&kid) as u64);",
    ),
    (
        "rc_make_mut",
        "",
        "let mut a = Rc::new(vec![n, k]); let b = a.clone(); Rc::make_mut(&mut a)[0] = 8; put(s, a[0]); put(s, b[0]); let mut c = Rc::new(n); if let Some(x) = Rc::get_mut(&mut c) { *x = k; } put(s, *c); let d: Rc<[u64]> = list.into(); for x in d.iter() { put(s, *x + 1); }",
    ),
    (
        "box_deref",
        "enum L { Nil, Cons(u64, Box<L>) } impl L { fn sum(&self) -> u64 { match self { L::Nil => 0, L::Cons(x, t) => x + t.sum() } } fn last(&mut self) -> &mut L { match self { L::Nil => self, L::Cons(_, t) => t.last() } } }",
        "let mut l = L::Cons(n, Box::new(L::Cons(k, Box::new(L::Nil)))); *l.last() = L::Cons(2, Box::new(L::Nil)); put(s, l.sum()); let mut at2 = &l; while let L::Cons(x, t) = at2 { put(s, *x); at2 = t; } let mut b = Box::new(n); *b += 1; put(s, *b); let c = *b + k; put(s, c);",
    ),
    (
        "labelled",
        "",
        "let mut last = n; 'o: for x in &list { for y in 0..3 { if *x == k { continue 'o; } if y == 2 { break 'o; } last = *x + y; put(s, last); } } put(s, last); let r = 'b: { if flag { break 'b n; } if k > 2 { break 'b k; } 9 }; put(s, r); let mut i = 0; let f = loop { i += 1; if i > n { break i * 2; } }; put(s, f);",
    ),
    (
        "let_else",
        "fn pick(o: Option<u64>, d: u64) -> u64 { let Some(x) = o else { return d + 1; }; x }",
        "put(s, pick(opt, k)); for x in &list { let (1.., y) = (*x, x + 1) else { continue; }; put(s, y); } let [a, b, ..] = list[..] else { put(s, n + 9); return Ok(Response::new()); }; N.save(s, (a, b), &1)?;",
    ),
    (
        "let_chain_while_let",
        "",
        "let mut st = list.clone(); while let Some(x) = st.pop() { if let Some(y) = opt { if x != y { put(s, x + y); } } if x > 2 { st.push(x - 2); } else if let 1 = x { break; } } put(s, st.len() as u64);",
    ),
    (
        "guards_with_effects",
        "fn check(s: &mut dyn Storage, x: u64) -> bool { put(s, x); x > 2 }",
        "let r = match n { x if check(s, x + k) => x, 0 | 1 if check(s, 9) => k, y @ 2..=3 => y + 1, _ => 7 }; put(s, r); match (opt, flag) { (Some(x), true) if M.has(s, x) => put(s, x), (Some(_), _) | (None, true) if { let x = k; check(s, x) } => put(s, 5), _ => {} }",
    ),
    (
        "guards_or_pattern",
        "",
        "match (n, k) { (a, 1) | (1, a) => put(s, a), (a, b) if a == b => put(s, a + b), (a @ 2.., ..) => put(s, a), _ => {} } if let (Some(a), [b, ..]) | (Some(a), [.., b]) = (opt, &list[..]) { N.save(s, (a, *b), &1)?; }",
    ),
    (
        "match_loads",
        "",
        "match (M.load(s, n), M.load(s, k)) { (Ok(a), Ok(b)) if a == b => put(s, a), (Ok(a), Err(_)) => put(s, a + 1), (Err(_), Ok(b)) => N.save(s, (b, n), &1)?, (Ok(a), Ok(b)) => N.save(s, (a, b), &1)?, _ => { B.save(s, &1)?; } }",
    ),
    (
        "match_nested",
        "enum In { A(u64), B { x: u64, y: Option<u64> } } enum Out { P(In), Q(Vec<In>), R }",
        "let o = if flag { Out::P(In::B { x: n, y: opt }) } else if n > 2 { Out::Q(vec![In::A(k), In::B { x: k, y: None }]) } else { Out::R }; match &o { Out::P(In::A(x)) | Out::P(In::B { x, y: None }) => put(s, *x), Out::P(In::B { x, y: Some(y) }) => N.save(s, (*x, *y), &1)?, Out::Q(v) => for i in v { match i { In::A(a) => put(s, *a + 1), In::B { x, .. } => put(s, *x + 2) } }, Out::R => put(s, 9) } if let Out::Q(mut v) = o { if let In::A(x) = &mut v[0] { *x += 1; } if let In::A(x) = v[0] { put(s, x); } }",
    ),
    (
        "enum_mutation",
        "enum St { Idle, Run(u64), Done { at: u64, by: u64 } } impl St { fn step(self, x: u64) -> St { match self { St::Idle => St::Run(x), St::Run(y) => St::Done { at: y, by: x }, d => d } } fn edit(&mut self) { match self { St::Done { at, .. } => *at += 1, St::Run(x) => *x = 9, other => *other = St::Run(1) } } }",
        "let mut st = St::Idle; st.edit(); for x in &list { st = st.step(*x); } st.edit(); match st { St::Idle => {} St::Run(x) => put(s, x), St::Done { at, by } => N.save(s, (at, by), &1)? } let d = St::Run(n).step(k); if let St::Done { at, by } = d { N.save(s, (by, at), &1)?; }",
    ),
    (
        "struct_update",
        "#[derive(Clone, Default)] struct P { a: u64, b: u64, c: Vec<u64> } impl P { fn with(mut self, a: u64) -> Self { self.a = a; self } fn push(&mut self, x: u64) -> &mut Self { self.c.push(x); self } }",
        "let p = P { a: n, ..Default::default() }; let q = P { b: k, ..p.clone() }; put(s, q.a); let r = P { c: vec![k], ..q }.with(k + 1); put(s, r.a); put(s, r.b); let mut t = r.clone(); t.push(n).push(7); put(s, t.c[1]); put(s, t.c[2]); let P { a, b: ref bb, c } = t; N.save(s, (a, *bb), &1)?; put(s, c.len() as u64);",
    ),
    (
        "destructured_arguments",
        "struct W(u64, u64); fn f(W(a, b): W, [c, d]: [u64; 2], (e, _): (u64, u64), &g: &u64) -> u64 { a + b * 2 + c + d * 3 + e + g } fn h(&(a, ref b): &(u64, u64), mut c: u64) -> u64 { c += *b; a + c }",
        "put(s, f(W(n, 1), [k, 0], (2, n), &k)); put(s, h(&(n, k), 1)); let g = |(a, W(b, _)): (u64, W)| a + b; put(s, g((n, W(k, 1)))); for (i, &(a, b)) in [(n, k), (k, 1)].iter().enumerate() { N.save(s, (a + i as u64, b), &1)?; }",
    ),
    (
        "shadowing",
        "",
        "let x = n; let x = { let x = x + 1; put(s, x); x + k }; put(s, x); let f = |x: u64| { let x = x + 1; x }; put(s, f(x)); for x in [x, 3] { let x = x + 1; put(s, x); } if let Some(x) = opt { put(s, x); } match x { x => { put(s, x + 2) } } let x = list; for x in x { put(s, x); }",
    ),
    (
        "question_in_closure",
        "",
        "let f = |x: u64| -> StdResult<u64> { let y = M.load(s, x)?; Ok(y + 1) }; let a = f(n).unwrap_or(k); put(s, a); let t: Result<Vec<u64>, String> = list.iter().map(|x| { let v = x.checked_sub(1).ok_or(\"low\")?; Ok(v) }).collect(); for x in t.unwrap_or_else(|e| vec![e.len() as u64]) { put(s, x); } let o = (|| { let x = opt?; let y = list.first()?; Some(x + y) })(); put(s, o.unwrap_or(9));",
    ),
    (
        "question_from",
        "#[derive(Debug)] enum E { Std(StdError), Low(u64) } impl From<StdError> for E { fn from(e: StdError) -> E { E::Std(e) } } impl From<u64> for E { fn from(e: u64) -> E { E::Low(e + 1) } } fn sub(a: u64, b: u64) -> Result<u64, u64> { a.checked_sub(b).ok_or(b) } fn inner(s: &mut dyn Storage, a: u64, b: u64) -> Result<u64, E> { let x = M.load(s, a)?; put(s, x); let y = sub(x, b)?; put(s, y + 10); Ok(y) }",
        "match inner(s, n, k) { Ok(x) => put(s, x), Err(E::Low(x)) => put(s, x + 20), Err(E::Std(_)) => put(s, 5) } let r: Result<u64, E> = sub(n, k).map_err(Into::into); if let Err(E::Low(x)) = r { put(s, x); }",
    ),
    (
        "early_return_loop",
        "fn first(s: &mut dyn Storage, l: &[u64], n: u64) -> Option<u64> { for x in l { if M.has(s, *x) { return Some(*x); } if *x == n { return None; } put(s, *x + 10); } Some(99) }",
        "match first(s, &list, n) { Some(x) => put(s, x), None => put(s, 50) } for x in list { if x == k { return Ok(Response::new()); } put(s, x + 60); } B.save(s, &n)?;",
    ),
    (
        "recursion",
        "fn walk(s: &mut dyn Storage, x: u64, left: u64) -> u64 { if left == 0 { return x; } put(s, x); let y = at(s, x + 1); walk(s, y, left - 1) } fn sum(l: &[u64]) -> u64 { match l { [] => 0, [x] => *x, [x, rest @ ..] => x + sum(rest) } } fn even(x: u64) -> bool { x == 0 || odd(x - 1) } fn odd(x: u64) -> bool { x != 0 && even(x - 1) }",
        "let e = walk(s, n, 3); put(s, e); put(s, sum(&list)); if even(n) { put(s, k); } else { put(s, k + 1); }",
    ),
    (
        "recursion_mut",
        "fn fill(v: &mut Vec<u64>, x: u64) { if x > 0 { v.push(x); fill(v, x - 1); v.push(x + 10); } } fn swap(a: &mut u64, b: &mut u64, d: u64) { if d > 0 { std::mem::swap(a, b); swap(a, b, d - 1); } }",
        "let mut v = vec![]; fill(&mut v, n); for x in v { put(s, x); } let (mut a, mut b) = (n, k); swap(&mut a, &mut b, 3); put(s, a); N.save(s, (a, b), &1)?;",
    ),
    (
        "macro_repeat",
        "macro_rules! put_all { ($s:expr; $($k:expr),* $(,)?) => { $( put($s, $k); )* }; ($s:expr => $($k:ident : $v:expr);*) => { $( let $k = $v; put($s, $k); )* } } macro_rules! most { ($x:expr) => { $x }; ($x:expr, $($r:expr),+) => { std::cmp::max($x, most!($($r),+)) } } macro_rules! table { ($($name:ident { $($f:ident),* }),*) => { $( #[derive(Default)] struct $name { $($f: u64),* } impl $name { fn sum(&self) -> u64 { 0 $(+ self.$f)* } } )* } } table!(T1 { a, b }, T2 { c });",
        "put_all!(s; n, k + 1, n + 2,); put_all!(s => a: n + 3; b: a + k); put(s, b); put(s, most!(n, k, 2)); put(s, T1 { a: n, b: k }.sum()); put(s, T2 { c: k }.sum());",
    ),
    (
        "macro_hygiene",
        "macro_rules! two { ($e:expr) => {{ let x = 100; $e + x }}; } macro_rules! set { ($v:ident = $e:expr) => { $v = $e; }; } macro_rules! fun { ($n:ident, $b:block) => { fn $n(x: u64) -> u64 { let y = $b; x + y } } } fun!(f, { 4 });",
        "let mut x = n; put(s, two!(x)); set!(x = k); put(s, x); put(s, f(n)); let v = vec![n; 2]; assert!(v[0] == n); if matches!(opt, Some(y) if y == n) { put(s, 3); } put(s, u64::from(cfg!(debug_assertions)));",
    ),
    (
        "drop_order",
        "struct D<'a>(&'a Cell<u64>, u64); impl Drop for D<'_> { fn drop(&mut self) { self.0.set(self.0.get() * 10 + self.1); } }",
        "let c = Cell::new(0); { let _a = D(&c, n); let _b = D(&c, k); let _ = D(&c, 1); } put(s, c.get()); let mut x = D(&c, 2); x = D(&c, 3); put(s, c.get() + 1); drop(x); put(s, c.get() + 2); let v = vec![D(&c, 5)]; std::mem::drop(v); put(s, c.get() + 3); let o = Some(D(&c, 6)); if flag { std::mem::forget(o); } put(s, c.get() + 4);",
    ),
    (
        "drop_writes",
        "struct G<'a> { s: &'a mut dyn Storage, key: u64 } impl Drop for G<'_> { fn drop(&mut self) { put(self.s, self.key); } } fn guard<'a>(s: &'a mut dyn Storage, key: u64) -> G<'a> { G { s, key } }",
        "{ let mut g = guard(s, n); g.key = k + 1; } { let _g = guard(s, n + 5); if flag { return Ok(Response::new()); } } guard(s, 20).key += n; let b = Box::new(guard(s, k + 30)); drop(b);",
    ),
    (
        "operators",
        "#[derive(Clone, Copy, PartialEq, PartialOrd)] struct X(u64); impl std::ops::Add for X { type Output = X; fn add(self, o: X) -> X { X(self.0 + o.0 + 1) } } impl std::ops::AddAssign<u64> for X { fn add_assign(&mut self, o: u64) { self.0 += o * 2; } } impl std::ops::Neg for X { type Output = u64; fn neg(self) -> u64 { self.0 + 7 } } impl std::ops::Not for &X { type Output = u64; fn not(self) -> u64 { self.0 + 9 } } impl std::ops::Mul<X> for u64 { type Output = u64; fn mul(self, o: X) -> u64 { self * o.0 + 1 } }",
        "let mut x = X(n) + X(k); put(s, x.0); x += k; put(s, x.0); put(s, -x); put(s, !&x); put(s, 2 * x); if x > X(5) { put(s, 1); }",
    ),
    (
        "operators_store",
        "struct Ac<'a> { s: &'a mut dyn Storage } impl std::ops::ShlAssign<u64> for Ac<'_> { fn shl_assign(&mut self, k: u64) { put(self.s, k); } } impl std::ops::SubAssign<(u64, u64)> for Ac<'_> { fn sub_assign(&mut self, (a, b): (u64, u64)) { N.remove(self.s, (b, a)); } }",
        "let mut a = Ac { s }; a <<= n; a -= (n, k); a <<= k + 1; let b = &mut a; *b <<= 9;",
    ),
    (
        "index_impls",
        "struct Grid { v: Vec<u64>, w: u64 } impl std::ops::Index<(u64, u64)> for Grid { type Output = u64; fn index(&self, (x, y): (u64, u64)) -> &u64 { &self.v[((y * self.w + x) % 4) as usize] } } impl std::ops::IndexMut<(u64, u64)> for Grid { fn index_mut(&mut self, (x, y): (u64, u64)) -> &mut u64 { &mut self.v[((y * self.w + x) % 4) as usize] } }",
        "let mut g = Grid { v: vec![n, k, 2, 3], w: 2 }; g[(1, 1)] = n + 4; g[(0, 0)] += k; put(s, g[(1, 1)]); put(s, g[(0, 0)]); let r = &mut g[(n, k)]; *r = 8; put(s, g.v[0]); put(s, g.v[3]);",
    ),
    (
        "references_many",
        "fn pick<'a>(a: &'a mut u64, b: &'a mut u64, f: bool) -> &'a mut u64 { if f { a } else { b } } fn both(v: &mut [u64]) -> (&mut u64, &mut u64) { let (a, b) = v.split_at_mut(1); (&mut a[0], &mut b[0]) }",
        "let (mut a, mut b) = (n, k); *pick(&mut a, &mut b, flag) += 5; N.save(s, (a, b), &1)?; let mut v = [n, k]; { let (x, y) = both(&mut v); *x = *y + 1; *y = 6; } N.save(s, (v[0], v[1]), &1)?; let mut r = &mut a; if flag { r = &mut b; } *r = 3; N.save(s, (a, b), &1)?; let q = &&n; put(s, **q + 1); for x in v.iter_mut().rev() { *x += 1; } let z = &mut v; z[0] = k; put(s, v[0]);",
    ),
    (
        "references_in_lists",
        "",
        "let (mut a, mut b) = (n, k); { let mut all = vec![&mut a, &mut b]; for x in all.iter_mut() { **x += 1; } *all[1] = 9; } N.save(s, (a, b), &1)?; { let mut p = (&mut a, 1); *p.0 += 2; } put(s, a); let mut o = Some(&mut b); if let Some(x) = &mut o { **x = n; } put(s, b); let mut m = BTreeMap::new(); m.insert(1u64, &mut a); **m.get_mut(&1).unwrap() = k + 7; put(s, a);",
    ),
    (
        "references_in_structs",
        "struct Ctx<'a> { s: &'a mut dyn Storage, acc: &'a mut Vec<u64>, n: u64 } impl<'a> Ctx<'a> { fn add(&mut self, x: u64) -> &mut Self { self.acc.push(x + self.n); self.n += 1; put(self.s, x); self } fn again(&mut self) -> Ctx<'_> { Ctx { s: self.s, acc: self.acc, n: self.n * 2 } } }",
        "let mut acc = vec![]; let mut c = Ctx { s, acc: &mut acc, n }; c.add(k).add(k + 1); c.again().add(5); let m = c.n; put(c.s, m + 9); for x in acc { put(s, x + 50); }",
    ),
    (
        "consts",
        "const BASE: u64 = 3; const LIST: [u64; 3] = [BASE, BASE + 1, twice(BASE)]; const fn twice(x: u64) -> u64 { let mut i = 0; let mut r = 0; while i < 2 { r += x; i += 1; } r } static NAMES: &[(u64, &[u64])] = &[(1, &[2, 3]), (4, &[])]; struct K; impl K { const A: u64 = 8; const B: Self = K; fn get(&self) -> u64 { Self::A } }",
        "for x in LIST { put(s, x + n); } put(s, LIST[(n % 3) as usize]); for (a, b) in NAMES { put(s, *a); for x in *b { put(s, *x + k); } } put(s, K::B.get() + n); const { assert!(BASE == 3) }; put(s, [10, 11, 12, 13, 14][n as usize]);",
    ),
    (
        "tuple_assign",
        "",
        "let (mut a, b); (a, b) = (n, k); put(s, a); let mut t = (a, (b, [n, k])); t.1.1[0] = 9; t.0 += t.1.0; put(s, t.0); put(s, t.1.1[0]); let (x, (y, [z, _])) = t; N.save(s, (x, y), &1)?; put(s, z); (a, _) = (b, 1); put(s, a); let u @ (v, w) = (n, k); put(s, u.0 + v); put(s, w);",
    ),
    (
        "block_expr",
        "",
        "let x = { let y = n; y + 1 } + if flag { 1 } else { k }; put(s, x); let w = { put(s, n); k }; put(s, w); put(s, match opt { Some(x) => x, None => return Ok(Response::new()) }); let y = (|| { if flag { return n; } k + 3 })(); put(s, y); let z = unsafe { n + 2 }; put(s, z);",
    ),
    (
        "generic_fn",
        "fn id<T>(x: T) -> T { x } fn both<A, B: Into<u64>>(a: A, b: B, f: impl FnOnce(A) -> u64) -> u64 { f(a) + b.into() } fn pick<T: Copy, const N: usize>(v: [T; N], at: usize) -> T { v[at % N] } fn swap<A, B>((a, b): (A, B)) -> (B, A) { (b, a) }",
        "put(s, id(n)); put(s, both(vec![n, k], 3u8, |v| v[1])); put(s, pick([n, k, 5], 1)); put(s, pick::<_, 2>([k, n], n as usize)); let (a, b) = swap((n, \"x\")); put(s, b + a.len() as u64);",
    ),
    (
        "sort_with_effects",
        "",
        "let mut v = list.clone(); v.push(n); v.sort_by_key(|x| at(s, *x)); put(s, v[0]); v.sort_by(|a, b| { at(s, *a + 1).cmp(&at(s, *b + 1)) }); put(s, v[0]); v.sort_by_cached_key(|x| at(s, *x + 2)); put(s, *v.last().unwrap()); v.sort_unstable_by_key(|x| std::cmp::Reverse(*x)); put(s, v[0] + 9); v.select_nth_unstable(0); put(s, v[0]);",
    ),
    (
        "cmp_ordering",
        "use std::cmp::Ordering;",
        "let o = n.cmp(&k).then(k.cmp(&2)).reverse(); put(s, match o { Ordering::Less => n, Ordering::Equal => 7, Ordering::Greater => k }); let w = n.cmp(&k).then_with(|| { put(s, 30); Ordering::Less }).is_lt() as u64; put(s, w); let w = std::cmp::max_by_key(n, k, |x| at(s, *x)); put(s, w); put(s, flag.then(|| n).unwrap_or(k)); put(s, flag.then_some(k).unwrap_or(n)); if (n, k) < (k, n) { put(s, 40); }",
    ),
    (
        "while_mutation",
        "",
        "let mut x = n; let mut y = k; while x < 6 { put(s, y); y = x; x += 2; } put(s, y); let mut q = vec![n]; let mut i = 0; while i < q.len() && i < 4 { let c = q[i]; put(s, c); if at(s, c) > 0 { q.push(c + 1); } i += 1; } let mut prev = None; for c in &list { if let Some(p) = prev { N.save(s, (p, *c), &1)?; } prev = Some(*c); }",
    ),
    (
        "loop_carried_struct",
        "struct St { a: u64, b: u64 }",
        "let mut st = St { a: n, b: k }; for x in &list { let St { a, b } = st; put(s, a); st = St { a: b, b: a + x }; } put(s, st.a); let mut h = [0u64; 3]; for x in &list { h = [h[1], h[2], *x]; put(s, h[0]); } let mut t = (n, k); for _ in 0..3 { t = (t.1, t.0 + t.1); put(s, t.0); }",
    ),
    (
        "async_block",
        "fn call<F: FnOnce() -> R, R>(f: F) -> R { f() } fn apply<T>(x: T, f: impl Fn(T) -> T) -> T { f(x) } fn compose<A, B, C>(f: impl Fn(A) -> B, g: impl Fn(B) -> C) -> impl Fn(A) -> C { move |x| g(f(x)) }",
        "put(s, call(|| n)); put(s, apply(k, |x| x + 1)); put(s, compose(|x: u64| x + n, |y: u64| vec![y, k])(2)[0]); put(s, call(|| call(move || k + 2))); call(|| put(s, n + 11)); let f: &dyn Fn(u64) -> u64 = &|x| x + k; put(s, [1u64, 2].map(f)[1]);",
    ),
    (
        "statics_once",
        "use std::sync::OnceLock; fn base() -> u64 { static B: OnceLock<u64> = OnceLock::new(); *B.get_or_init(|| 5) } static L: std::sync::LazyLock<Vec<u64>> = std::sync::LazyLock::new(|| vec![1, 2]);",
        "put(s, base() + n); for x in L.iter() { put(s, *x + k); } put(s, L[1]);",
    ),
    (
        "update_closures",
        "",
        "let mut old = 0; M.update(s, n, |x| -> StdResult<_> { old = x.unwrap_or(3); Ok(old + 1) })?; put(s, old); let v = M.update(s, k, |x| match x { Some(x) => Ok(x + 1), None => Err(StdError::generic_err(\"none\")) }); put(s, v.unwrap_or(8)); let c = A.update(s, |x| if x > 3 { Err(StdError::generic_err(\"x\")) } else { Ok(x + n) })?; put(s, c);",
    ),
    (
        "load_after_write",
        "",
        "M.save(s, n, &k)?; let w = M.load(s, n)?; put(s, w); A.save(s, &n)?; let x = A.load(s)?; A.save(s, &(x + 1))?; let w = A.load(s)?; put(s, w); B.remove(s); let w = B.may_load(s)?.unwrap_or(k); put(s, w); for x in &list { M.save(s, *x, &(x + 1))?; } let y = M.may_load(s, k)?.unwrap_or(4); put(s, y); let z = M.load(s, n)?; N.save(s, (z, y), &1)?;",
    ),
];
