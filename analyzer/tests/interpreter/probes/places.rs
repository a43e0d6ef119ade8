//! Places: what is copied and what is lent, writes through references, parts of parts, closures that keep state.

use super::Source;

pub(super) const PROBES: &[Source] = &[
    (
        "copy_capture",
        "",
        "let mut c = n; let mut f = move || { c += 1; c }; put(s, f()); put(s, f()); put(s, c + 20); let mut d = k; let mut g = || { d += 2; d }; g(); g(); put(s, d + 40); let v = vec![n]; let h = move || v[0] + 60; put(s, h()); put(s, h());",
    ),
    (
        "copy_struct",
        "#[derive(Clone, Copy)] struct P { x: u64, y: [u64; 2] } fn bump(mut p: P) -> u64 { p.x += 1; p.y[0] = p.x; p.y[0] } fn lend(p: &mut P) { p.x += 5; }",
        "let mut p = P { x: n, y: [k, 1] }; let mut q = p; q.x = 9; q.y[1] = 7; put(s, p.x); put(s, p.y[1]); put(s, bump(p)); put(s, p.x + 20); lend(&mut p); put(s, p.x + 30); let r = &mut p; r.y = [r.x, r.y[0]]; let z = *r; r.x = 0; put(s, z.x + 40); put(s, p.y[0] + 50);",
    ),
    (
        "array_copy",
        "fn set(mut a: [u64; 2]) -> [u64; 2] { a[0] = 9; a }",
        "let a = [n, k]; let b = set(a); put(s, a[0]); put(s, b[0]); let mut c = a; c.swap(0, 1); put(s, c[0] + 20); put(s, a[0] + 40); let mut t = (a, n); t.0[1] = 5; put(s, a[1] + 60); put(s, t.0[1]);",
    ),
    (
        "iter_mut_find",
        "struct P { id: u64, v: u64 }",
        "let mut v = vec![P { id: n, v: 1 }, P { id: k, v: 2 }]; if let Some(p) = v.iter_mut().find(|p| p.id == k) { p.v = n + 10; } put(s, v[0].v); put(s, v[1].v); if let Some(p) = v.iter_mut().max_by_key(|p| p.id) { p.id = 30; } put(s, v[0].id); put(s, v[1].id); for p in v.iter_mut().filter(|p| p.v > 2) { p.v += 40; } put(s, v[1].v); v.iter_mut().rev().for_each(|p| p.v = p.id); put(s, v[0].v + 2); for (i, p) in v.iter_mut().enumerate() { p.id = i as u64; } put(s, v[1].id + 60);",
    ),
    (
        "last_mut",
        "",
        "let mut v = vec![n, k]; *v.last_mut().unwrap() = 7; put(s, v[1]); if let Some(x) = v.get_mut(0) { *x += 1; } put(s, v[0]); v.get_mut(1).map(|x| *x = n + 20); put(s, v[1]); if let Some((a, rest)) = v.split_first_mut() { *a = rest[0] + 1; rest[0] = 3; } put(s, v[0] + 30); put(s, v[1] + 30); for c in v.chunks_mut(1) { c[0] += 50; } put(s, v[1]); v[..1].fill(k); put(s, v[0]); let [a, b] = &mut v[..] else { panic!() }; std::mem::swap(a, b); put(s, v[0] + 70);",
    ),
    (
        "slices_change",
        "fn first(v: &mut [u64]) { v[0] = 9; } fn sum(v: &[u64]) -> u64 { v.iter().sum() }",
        "let mut v = vec![n, k, 4, 2]; v[1..].sort(); put(s, v[1]); v[..2].reverse(); put(s, v[0]); first(&mut v[2..]); put(s, v[2]); put(s, sum(&v[1..3])); v[1..4].rotate_left(1); put(s, v[1]); v.copy_within(0..1, 3); put(s, v[3]); let (a, b) = v.split_at_mut(2); a.swap_with_slice(b); put(s, v[0]); v[2..].iter_mut().for_each(|x| *x += 10); put(s, v[2]); v[0..2].clone_from_slice(&[k, n]); put(s, v[0] + 30);",
    ),
    (
        "map_values_lent",
        "struct B { total: u64, last: Option<u64> }",
        "let mut m: BTreeMap<u64, B> = BTreeMap::new(); m.insert(n, B { total: k, last: None }); { let b = m.entry(n).or_insert(B { total: 0, last: None }); b.total += 3; b.last = Some(b.total); } if let Some(b) = m.get_mut(&n) { if let Some(x) = &mut b.last { *x += 1; } } put(s, m[&n].total); put(s, m[&n].last.unwrap()); m.values_mut().for_each(|b| b.total = 30); for b in m.values() { put(s, b.total); } m.entry(n).and_modify(|b| b.total = n + 40); put(s, m[&n].total); for (key, b) in m.iter_mut() { b.last = Some(*key + 50); } put(s, m.values().next().unwrap().last.unwrap()); let b = m.remove(&n).unwrap(); put(s, b.total + 1);",
    ),
    (
        "option_lent",
        "struct N1 { next: Option<Box<N1>>, v: u64 }",
        "let mut o = Some(n); if let Some(x) = o.as_mut() { *x += 1; } o.iter_mut().for_each(|x| *x += 1); put(s, o.unwrap()); let mut l = N1 { next: Some(Box::new(N1 { next: None, v: k })), v: n }; l.next.as_mut().unwrap().v += 5; put(s, l.next.as_ref().unwrap().v); if let Some(x) = l.next.as_deref_mut() { x.v = 9; x.next = Some(Box::new(N1 { next: None, v: n + 20 })); } let mut at2 = &mut l; while at2.next.is_some() { at2 = at2.next.as_mut().unwrap(); } at2.v += 30; put(s, l.next.as_ref().unwrap().next.as_ref().unwrap().v); let t = l.next.take().unwrap(); put(s, t.v); put(s, l.next.is_none() as u64 + 80); let mut p = Some((n, k)); if let Some((a, _)) = &mut p { *a = 60; } let (a, b) = p.unwrap_or_default(); N.save(s, (a, b), &1)?;",
    ),
    (
        "self_replace",
        "enum Q { A(u64), B { x: u64, y: Vec<u64> }, C } impl Q { fn go(&mut self) -> u64 { match std::mem::replace(self, Q::C) { Q::A(x) => { *self = Q::B { x, y: vec![x + 1] }; x } Q::B { x, mut y } => { y.push(x + 2); let l = y.len() as u64; *self = Q::B { x: x + 3, y }; l } Q::C => 99 } } fn x(&self) -> u64 { match self { Q::A(x) | Q::B { x, .. } => *x, Q::C => 98 } } }",
        "let mut q = Q::A(n); put(s, q.go()); put(s, q.x() + 10); put(s, q.go() + 20); put(s, q.x() + 30); if let Q::B { y, .. } = &mut q { y[0] = k; } if let Q::B { y, x } = q { put(s, y[0] + 40); put(s, y[1] + 50); put(s, x + 60); }",
    ),
    (
        "reborrow",
        "struct C<'a> { v: &'a mut Vec<u64>, at: usize } impl<'a> C<'a> { fn here(&mut self) -> &mut u64 { &mut self.v[self.at] } fn sub(&mut self) -> C<'_> { C { v: &mut *self.v, at: self.at + 1 } } fn done(self) -> &'a mut Vec<u64> { self.v } }",
        "let mut v = vec![n, k]; { let mut c = C { v: &mut v, at: 0 }; *c.here() += 10; let mut d = c.sub(); *d.here() = 20; let w = c.done(); w.push(30); w[0] += 1; } for x in &v { put(s, *x); } put(s, v.len() as u64 + 40);",
    ),
    (
        "ref_mut_patterns",
        "struct P { a: u64, b: (u64, Option<u64>) }",
        "let mut p = P { a: n, b: (k, opt) }; { let P { a, b: (c, o) } = &mut p; *a += 10; *c = *a + 1; if let Some(x) = o { *x = 30; } else { *o = Some(31); } } put(s, p.a); put(s, p.b.0); put(s, p.b.1.unwrap()); match p { P { ref mut a, b: (_, Some(ref mut x)) } if *x == 30 => { *a = 40; *x = 41; } P { ref mut a, .. } => *a = 42 } put(s, p.a); put(s, p.b.1.unwrap()); let ref mut z = p.a; *z += 10; put(s, p.a); let (x, y) = (&mut p.a, &mut p.b.0); std::mem::swap(x, y); put(s, p.b.0 + 20);",
    ),
    (
        "fn_mut_generic",
        "fn each(v: &[u64], f: &mut impl FnMut(u64)) { for x in v { f(*x); } } fn twice<F>(mut f: F) -> F where F: FnMut() -> u64 { f(); f } fn run(fs: &mut [Box<dyn FnMut(u64) + '_>], x: u64) { for f in fs.iter_mut() { f(x); } } fn pipe<'a>(f: impl Fn(u64) -> u64 + 'a, g: impl Fn(u64) -> u64 + 'a) -> Box<dyn Fn(u64) -> u64 + 'a> { Box::new(move |x| g(f(x))) }",
        "let mut sum = 0; let mut last = None; each(&list, &mut |x| { sum += x; last = Some(x); }); put(s, sum); put(s, last.unwrap_or(n)); let mut c = n; let mut f = twice(|| { c += 1; c }); put(s, f()); let mut a = 0; let mut b = vec![]; { let mut fs: Vec<Box<dyn FnMut(u64)>> = vec![Box::new(|x| a += x), Box::new(|x| b.push(x))]; run(&mut fs, k); run(&mut fs, n); } put(s, a); put(s, b[1] + 20); let p = pipe(|x| x + n, |x| x * 2); put(s, p(k)); let p = (0..3).fold(p, |p, i| pipe(p, move |x| x + i)); put(s, p(1));",
    ),
    (
        "from_fn_state",
        "",
        "let mut c = n; let v: Vec<u64> = std::iter::from_fn(|| { c += 2; if c < 9 { Some(c) } else { None } }).collect(); for x in &v { put(s, *x); } put(s, c); let mut it = list.iter(); let w: Vec<(u64, u64)> = std::iter::from_fn(|| Some((*it.next()?, *it.next()?))).collect(); for (a, b) in w { N.save(s, (a, b), &1)?; } let mut seen2 = BTreeSet::new(); let u: Vec<u64> = list.iter().copied().filter(|x| seen2.insert(*x)).collect(); put(s, u.len() as u64 + 20); put(s, seen2.len() as u64 + 30);",
    ),
    (
        "fold_tuple",
        "",
        "let (sum, most) = list.iter().fold((n, 0), |(a, m), x| (a + x, if *x > m { *x } else { m })); N.save(s, (sum, most), &1)?; let m: BTreeMap<u64, u64> = list.iter().fold(BTreeMap::new(), |mut m, x| { *m.entry(*x).or_insert(k) += 1; m }); for (a, b) in m { N.save(s, (a, b), &1)?; } let r: Result<Vec<u64>, u64> = list.iter().try_fold(vec![n], |mut v, x| if *x > 3 { Err(*x) } else { v.push(*x); Ok(v) }); match r { Ok(v) => for x in v { put(s, x); }, Err(e) => put(s, e + 10) } let t = list.iter().enumerate().map(|(i, x)| i as u64 * x).fold(0, |a, b| a ^ b); put(s, t);",
    ),
    (
        "counters",
        "struct Ids { next: u64 } impl Ids { fn take(&mut self) -> u64 { let x = self.next; self.next += 1; x } } fn give(ids: &mut Ids, s: &mut dyn Storage) -> u64 { let x = ids.take(); put(s, x); ids.next }",
        "let mut ids = Ids { next: n }; let a = ids.take(); let b = ids.take(); N.save(s, (a, b), &1)?; let g = give(&mut ids, s); put(s, g + 30); let all: Vec<u64> = list.iter().map(|_| ids.take()).collect(); for x in all { put(s, x + 40); } put(s, ids.next + 60);",
    ),
    (
        "histogram",
        "",
        "let mut c = [0u64; 5]; for x in &list { c[*x as usize % 5] += 1; } c[n as usize] += k; put(s, c[0]); for (i, x) in c.iter().enumerate() { if *x > 0 { N.save(s, (i as u64, *x), &1)?; } } let m = c.iter().max().unwrap(); put(s, *m); let i = c.iter().position(|x| x == m).unwrap(); put(s, i as u64 + 20); let mut grid = vec![vec![0; 2]; 2]; grid[(n % 2) as usize][1] = k; let row = &mut grid[0]; row[0] = n; put(s, grid[0][0] + 30); put(s, grid[1][1] + 40); put(s, grid.concat().iter().sum::<u64>() + 50);",
    ),
    (
        "pass_and_return",
        "struct Acc { xs: Vec<u64> } impl Acc { fn with(mut self, x: u64) -> Acc { self.xs.push(x); self } fn map(self, f: impl Fn(u64) -> u64) -> Acc { Acc { xs: self.xs.into_iter().map(f).collect() } } fn take(&mut self) -> Acc { Acc { xs: std::mem::take(&mut self.xs) } } } fn own(mut v: Vec<u64>) -> (Vec<u64>, u64) { let x = v.remove(0); v.push(x + 1); (v, x) }",
        "let mut a = Acc { xs: vec![n] }.with(k).map(|x| x + 1); let b = a.take(); put(s, b.xs[1]); put(s, a.xs.len() as u64 + 10); let (v, x) = own(b.xs); put(s, v[1] + 20); put(s, x + 30); let v = { let mut v = v; v.insert(0, n + 40); v }; put(s, v[0]); let w = v.iter().map(|x| x + 50).collect::<Vec<_>>(); let [p, ..] = w[..] else { return Ok(Response::new()) }; put(s, p);",
    ),
    (
        "rc_shared_lists",
        "#[derive(Clone)] struct Log(Rc<RefCell<Vec<u64>>>); impl Log { fn add(&self, x: u64) -> &Self { self.0.borrow_mut().push(x); self } fn get(&self, i: usize) -> u64 { self.0.borrow()[i] } } struct User { log: Log, id: u64 }",
        "let l = Log(Default::default()); let u = User { log: l.clone(), id: n }; u.log.add(u.id).add(k); put(s, l.get(0)); put(s, l.get(1) + 10); let f = { let l = l.clone(); move |x| { l.add(x); } }; f(20); put(s, u.log.get(2)); l.0.borrow_mut()[0] = 30; put(s, u.log.get(0)); let v = l.0.replace(vec![40]); put(s, v[1]); put(s, u.log.get(0)); for x in l.0.borrow().iter() { put(s, *x + 1); } l.0.borrow_mut().retain(|x| *x == n); put(s, l.0.borrow().len() as u64 + 50);",
    ),
    (
        "cell_in_map",
        "",
        "let m: BTreeMap<u64, Cell<u64>> = [(1, Cell::new(n)), (2, Cell::new(k))].into_iter().collect(); m[&1].set(9); put(s, m[&1].get()); put(s, m[&2].get()); for c in m.values() { c.set(c.get() + 10); } put(s, m[&2].get()); let v = vec![RefCell::new(vec![n]), RefCell::default()]; v[1].borrow_mut().push(k + 30); v[0].borrow_mut().extend(v[1].borrow().iter()); put(s, v[0].borrow()[1]); let x = v[1].borrow().first().copied(); put(s, x.unwrap_or(50)); let (a, b) = (Cell::new(n), Cell::new(k)); for c in [&a, &b] { c.set(c.get() + 60); } N.save(s, (a.get(), b.get()), &1)?;",
    ),
    (
        "dyn_refcell",
        "trait Node1 { fn add(&mut self, x: u64); fn sum(&self) -> u64; } struct Leaf(u64); struct Tree(Vec<Rc<RefCell<dyn Node1>>>); impl Node1 for Leaf { fn add(&mut self, x: u64) { self.0 += x; } fn sum(&self) -> u64 { self.0 } } impl Node1 for Tree { fn add(&mut self, x: u64) { for c in &self.0 { c.borrow_mut().add(x); } } fn sum(&self) -> u64 { self.0.iter().map(|c| c.borrow().sum()).sum() } }",
        "let l = Rc::new(RefCell::new(Leaf(n))); let mut t = Tree(vec![l.clone(), Rc::new(RefCell::new(Leaf(k)))]); t.add(10); let x = l.borrow().sum(); put(s, x); put(s, t.sum() + 30); let u: Rc<RefCell<dyn Node1>> = Rc::new(RefCell::new(t)); u.borrow_mut().add(1); let x = l.borrow().0; put(s, x + 60);",
    ),
    (
        "any_downcast",
        "use std::any::Any; fn key(x: &dyn Any) -> u64 { if let Some(v) = x.downcast_ref::<u64>() { *v } else if let Some(t) = x.downcast_ref::<Vec<u64>>() { t[0] + 10 } else { 20 } }",
        "put(s, key(&n)); put(s, key(&vec![k])); put(s, key(&\"x\")); let b: Box<dyn Any> = Box::new(n + 30); if let Ok(x) = b.downcast::<u64>() { put(s, *x); } let mut m: Box<dyn Any> = Box::new(k); if let Some(x) = m.downcast_mut::<u64>() { *x += 40; } put(s, *m.downcast_ref::<u64>().unwrap());",
    ),
    (
        "closures_in_map",
        "",
        "let mut m: BTreeMap<&str, Box<dyn Fn(u64) -> u64>> = BTreeMap::new(); m.insert(\"add\", Box::new(|x| x + n)); m.insert(\"sub\", Box::new(|x| x.saturating_sub(k))); put(s, m[\"add\"](1)); put(s, (m.get(\"sub\").unwrap())(9)); for (name, f) in &m { put(s, f(name.len() as u64) + 20); } let v: Vec<(u64, fn(u64) -> u64)> = vec![(1, |x| x + 40), (2, u64::count_ones_plus)]; for (a, f) in v { put(s, f(a)); } trait Ones { fn count_ones_plus(self) -> u64; } impl Ones for u64 { fn count_ones_plus(self) -> u64 { self + 50 } }",
    ),
    (
        "retain_captured",
        "",
        "let mut gone = vec![]; let mut v = list.clone(); v.push(n); v.retain(|x| if *x == n { gone.push(*x + 10); false } else { true }); for x in gone { put(s, x); } let mut kept = 0; let mut m: BTreeMap<u64, u64> = list.iter().map(|x| (*x, *x)).collect(); m.retain(|_, v| { kept += 1; *v += 20; kept < 3 }); put(s, kept + 40); for v in m.values() { put(s, *v); } let moved: Vec<u64> = v.drain(..).filter(|x| *x > k).collect(); for x in moved { put(s, x + 60); } put(s, v.len() as u64 + 80);",
    ),
    (
        "early_exit_changes",
        "fn step(v: &mut Vec<u64>, x: u64) -> Option<u64> { v.push(x); let y = x.checked_sub(2)?; v.push(y); Some(y) } fn all(v: &mut Vec<u64>, l: &[u64]) -> Result<u64, u64> { let mut t = 0; for x in l { v.push(*x); if *x > 3 { return Err(t); } t += step(v, *x).ok_or(t + 50)?; } Ok(t) }",
        "let mut v = vec![n]; let r = all(&mut v, &list); for x in &v { put(s, *x); } match r { Ok(t) => put(s, t + 20), Err(t) => put(s, t + 30) } let mut a = n; let mut f = || -> Option<()> { a += 1; opt?; a += 10; Some(()) }; f(); put(s, a + 60);",
    ),
    (
        "labelled_state",
        "",
        "let (mut a, mut b) = (n, k); 'o: loop { for x in &list { if *x == a { b = a; break 'o; } if *x == b { a = b + 1; b += 9; continue 'o; } a += 1; if a > 8 { break 'o; } } if a > 6 { break; } b += 1; a += 2; } N.save(s, (a, b), &1)?; let mut t = n; let r = 'x: { for x in &list { t = *x; if t > k { break 'x t + 10; } } t += 20; t }; put(s, r); put(s, t + 30); let mut w = 0; while w < 4 { w += 1; if w == n { continue; } if w == k { break; } put(s, w + 60); } put(s, w + 70);",
    ),
    (
        "binding_modes",
        "enum T2 { L(u64), N(Box<T2>, Box<T2>) } fn add(t: &mut T2, by: u64) { match t { T2::L(x) => *x += by, T2::N(a, b) => { add(a, by); add(b, by + 1); } } } fn sum(t: &T2) -> u64 { match *t { T2::L(ref x) => *x, T2::N(ref a, ref b) => sum(a) + sum(b) } } fn left(t: T2) -> u64 { match t { T2::L(x) => x, T2::N(a, _) => left(*a) } }",
        "let mut t = T2::N(Box::new(T2::L(n)), Box::new(T2::L(k))); add(&mut t, 10); put(s, sum(&t)); if let T2::N(_, r) = &mut t { **r = T2::L(40); } put(s, sum(&t)); if let T2::N(l, r) = &mut t { std::mem::swap(l, r); } put(s, left(t));",
    ),
    (
        "shadowed_closures",
        "",
        "let x = n; let f = |y: u64| x + y; let x = k; put(s, f(x)); let f = |y: u64| f(y) + x; put(s, f(1)); let mut z = 1; { let mut g = |w: u64| { z += w; z }; g(n); put(s, g(k)); } put(s, z + 20); let h = |v: &mut Vec<u64>| { v.push(n); v.len() as u64 }; let mut v = vec![k]; h(&mut v); put(s, h(&mut v) + 30); put(s, v[2] + 40); let add = |a: u64| move |b: u64| a + b; put(s, add(n)(k) + 50);",
    ),
    (
        "union_of_refs",
        "fn most<'a>(a: &'a mut Vec<u64>, b: &'a mut Vec<u64>) -> &'a mut Vec<u64> { if a.len() > b.len() { a } else { b } } fn or<'a>(o: Option<&'a mut u64>, d: &'a mut u64) -> &'a mut u64 { o.unwrap_or(d) }",
        "let (mut a, mut b) = (list.clone(), vec![n]); most(&mut a, &mut b).push(k + 10); for x in a.iter().chain(&b) { put(s, *x); } let (mut x, mut y) = (n, k); *or(if flag { Some(&mut x) } else { None }, &mut y) = 30; N.save(s, (x, y), &1)?; let mut z = [&mut x, &mut y]; *z[(n % 2) as usize] = 40; N.save(s, (x, y), &2)?; let r = if flag { &mut x } else { &mut y }; *r += 50; put(s, x + y);",
    ),
    (
        "interior_through_shared",
        "struct S1 { hits: Cell<u64>, names: RefCell<BTreeMap<u64, u64>> } impl S1 { fn touch(&self, x: u64) -> u64 { self.hits.set(self.hits.get() + 1); let mut m = self.names.borrow_mut(); let e = m.entry(x).or_insert(self.hits.get()); *e += 10; *e } } fn by_ref(s: &S1, x: u64) -> u64 { s.touch(x) + s.hits.get() }",
        "let t = S1 { hits: Cell::new(k), names: RefCell::default() }; put(s, t.touch(n)); put(s, by_ref(&t, n)); let v: Vec<u64> = list.iter().map(|x| t.touch(*x)).collect(); for x in v { put(s, x + 20); } put(s, t.hits.get() + 60); let m = t.names.into_inner(); for (a, b) in m { N.save(s, (a, b), &1)?; }",
    ),
    (
        "thread_local_struct",
        "#[derive(Default)] struct G { at: u64, seen: Vec<u64> } thread_local! { static G1: RefCell<G> = RefCell::new(G::default()); } fn note(x: u64) -> u64 { G1.with(|g| { let mut g = g.borrow_mut(); g.at += x; let x = g.at; g.seen.push(x); g.seen.len() as u64 }) }",
        "put(s, note(n)); put(s, note(k) + 10); let at2 = G1.with(|g| g.borrow().at); put(s, at2 + 20); G1.with(|g| { for x in &g.borrow().seen { put(s, *x + 30); } }); G1.with(|g| *g.borrow_mut() = G { at: 50, ..Default::default() }); put(s, note(1));",
    ),
    (
        "write_in_condition",
        "fn bump(x: &mut u64) -> u64 { *x += 1; *x }",
        "let mut a = n; if bump(&mut a) > 2 && bump(&mut a) > 3 || bump(&mut a) == 2 { put(s, a); } else { put(s, a + 10); } let b = if { a += 1; a > 4 } { a } else { a + 20 }; put(s, b); while bump(&mut a) < 9 { put(s, a + 30); } let v = [bump(&mut a), bump(&mut a), { a = k; a }]; put(s, v[0]); put(s, v[1]); put(s, v[2] + 50); let t = (a, bump(&mut a), a); N.save(s, (t.0, t.2), &1)?; a += { a = 60; 1 }; put(s, a); let mut w = vec![1, 2]; let i = 0; w[i] = { w.push(70); w[2] }; put(s, w[0]);",
    ),
];
