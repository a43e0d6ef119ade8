//! Traits: which impl runs, conversions, autoref and `Deref`, associated items, code that no call names.

use super::Source;

pub(super) const PROBES: &[Source] = &[
    (
        "from_kinds",
        "struct W(u64); impl From<u64> for W { fn from(x: u64) -> W { W(x) } } impl From<&u64> for W { fn from(x: &u64) -> W { W(*x + 10) } } impl From<&mut u64> for W { fn from(x: &mut u64) -> W { *x += 1; W(*x + 20) } } impl From<(u64, u64)> for W { fn from((a, b): (u64, u64)) -> W { W(a * 5 + b) } } impl From<Option<u64>> for W { fn from(x: Option<u64>) -> W { W(x.unwrap_or(3)) } } impl From<[u64; 2]> for W { fn from(x: [u64; 2]) -> W { W(x[1]) } } impl From<Vec<u64>> for W { fn from(x: Vec<u64>) -> W { W(x.len() as u64) } }",
        "let mut x = n; put(s, W::from(&x).0); put(s, W::from(x).0); put(s, W::from(&mut x).0); let w: W = (n, k).into(); put(s, w.0); let w: W = opt.into(); put(s, w.0); let w: W = [n, k].into(); put(s, w.0); put(s, x); let v: Vec<W> = list.iter().map(Into::into).collect(); for w in v { put(s, w.0); } for w in list.iter().copied().map(W::from) { put(s, w.0); } put(s, W::from(list).0); fn take(x: impl Into<W>) -> u64 { x.into().0 } put(s, take(k)); put(s, take(&k)); let y = &k; put(s, take(y));",
    ),
    (
        "into_impl",
        "struct W(u64); impl Into<u64> for W { fn into(self) -> u64 { self.0 + 1 } } impl From<W> for String { fn from(w: W) -> String { format!(\"{}\", w.0 + 2) } }",
        "let x: u64 = W(n).into(); put(s, x); let t: String = W(k).into(); put(s, t.parse().unwrap());",
    ),
    (
        "try_from",
        "struct Small(u64); impl TryFrom<u64> for Small { type Error = u64; fn try_from(x: u64) -> Result<Small, u64> { if x < 3 { Ok(Small(x + 1)) } else { Err(x + 2) } } } struct Even(u64); impl TryInto<Even> for Small { type Error = (); fn try_into(self) -> Result<Even, ()> { if self.0 % 2 == 0 { Ok(Even(self.0)) } else { Err(()) } } }",
        "match Small::try_from(n) { Ok(x) => put(s, x.0), Err(e) => put(s, e + 5) } let r: Result<Small, _> = k.try_into(); if let Ok(x) = r { put(s, x.0); let e: Result<Even, ()> = x.try_into(); put(s, e.map(|e| e.0).unwrap_or(9)); } let v: Result<Vec<Small>, u64> = list.iter().map(|x| Small::try_from(*x)).collect(); match v { Ok(v) => for x in v { put(s, x.0 + 20); }, Err(e) => put(s, e + 30) }",
    ),
    (
        "from_str",
        "struct P { a: u64, b: u64 } impl std::str::FromStr for P { type Err = std::num::ParseIntError; fn from_str(t: &str) -> Result<P, Self::Err> { let (a, b) = t.split_once(',').unwrap_or((t, \"1\")); Ok(P { a: a.parse()?, b: b.trim().parse()? }) } }",
        "let p: P = format!(\"{n}, {k}\").parse().unwrap(); N.save(s, (p.a, p.b), &1)?; let q = \"7\".parse::<P>().unwrap(); put(s, q.a + q.b); if let Err(_) = \"x\".parse::<P>() { put(s, n + 3); }",
    ),
    (
        "display_effect",
        "struct Show<'a> { s: &'a dyn Storage, key: u64 } impl std::fmt::Display for Show<'_> { fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { write!(f, \"{}\", at(self.s, self.key)) } } impl std::fmt::Debug for Show<'_> { fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { let _ = B.may_load(self.s); write!(f, \"d\") } }",
        "let t = format!(\"{}\", Show { s, key: n }); put(s, t.parse().unwrap()); let u = Show { s, key: k }.to_string(); let w = format!(\"{:?}\", Some(Show { s, key: 3 })); put(s, (u.len() + w.len()) as u64); if flag { panic!(\"{}\", Show { s, key: 40 }); }",
    ),
    (
        "eq_effect",
        "struct K<'a>(&'a dyn Storage, u64); impl PartialEq for K<'_> { fn eq(&self, o: &Self) -> bool { at(self.0, self.1) == at(o.0, o.1 + 10) } } impl PartialOrd for K<'_> { fn partial_cmp(&self, o: &Self) -> Option<std::cmp::Ordering> { at(self.0, self.1 + 20).partial_cmp(&at(o.0, o.1 + 30)) } }",
        "let same = K(s, n) == K(s, k); let less = K(s, 1) < K(s, n); let has = [K(s, 2)].contains(&K(s, k)); let opt_eq = Some(K(s, 3)) != Some(K(s, 4)); put(s, (same as u64) + (less as u64) * 2 + (has as u64) * 4 + (opt_eq as u64) * 8);",
    ),
    (
        "ord_effect",
        "use std::cmp::Ordering; #[derive(Clone)] struct K(Rc<Cell<u64>>, u64); impl PartialEq for K { fn eq(&self, o: &K) -> bool { self.cmp(o) == Ordering::Equal } } impl Eq for K {} impl PartialOrd for K { fn partial_cmp(&self, o: &K) -> Option<Ordering> { Some(self.cmp(o)) } } impl Ord for K { fn cmp(&self, o: &K) -> Ordering { self.0.set(self.0.get() + 1); self.1.cmp(&o.1) } }",
        "let c = Rc::new(Cell::new(0)); let mut v: Vec<K> = list.iter().map(|x| K(c.clone(), *x)).collect(); v.sort(); put(s, c.get()); let m: BTreeMap<K, u64> = v.iter().cloned().map(|x| (x, n)).collect(); if let Some((a, b)) = m.iter().next() { N.save(s, (a.1, *b), &1)?; } put(s, c.get() + 30); put(s, v.iter().max().map_or(k, |x| x.1));",
    ),
    (
        "hash_eq_key",
        "#[derive(PartialEq, Eq, Hash, Clone, Copy, PartialOrd, Ord, Debug)] enum K { A(u64), B { x: u64 } }",
        "let mut m = HashMap::new(); m.insert(K::A(n), k); m.insert(K::B { x: k }, n); put(s, m[&K::A(n)]); let b: BTreeMap<K, u64> = m.into_iter().collect(); for (a, v) in &b { match a { K::A(x) => N.save(s, (*x, *v), &1)?, K::B { x } => N.save(s, (*v, *x), &2)? } } if let Some(K::A(x)) = b.keys().next() { put(s, *x + 9); } put(s, b.get(&K::B { x: n }).copied().unwrap_or(30));",
    ),
    (
        "deref_chain",
        "struct In { x: u64 } impl In { fn key(&self) -> u64 { self.x } fn len(&self) -> u64 { self.x + 5 } fn set(&mut self, x: u64) { self.x = x; } } struct Out { i: In, o: u64 } impl std::ops::Deref for Out { type Target = In; fn deref(&self) -> &In { &self.i } } impl std::ops::DerefMut for Out { fn deref_mut(&mut self) -> &mut In { self.o += 1; &mut self.i } } impl Out { fn len(&self) -> u64 { self.o } }",
        "let mut o = Out { i: In { x: n }, o: k }; put(s, o.key()); put(s, o.len()); put(s, (*o).len()); put(s, o.x); o.set(k + 2); put(s, o.key()); put(s, o.o); o.x += 1; put(s, o.i.x); put(s, o.len()); let b = Box::new(Rc::new(o)); put(s, b.key()); put(s, b.len()); fn take(i: &In) -> u64 { i.x } put(s, take(&b));",
    ),
    (
        "deref_effect",
        "struct G<'a> { s: &'a dyn Storage, v: u64 } impl std::ops::Deref for G<'_> { type Target = u64; fn deref(&self) -> &u64 { at(self.s, self.v); &self.v } }",
        "let g = G { s, v: n }; let x = *g + 1; let y = g.pow(2); let z: &u64 = &g; let t = x + y + *z; put(s, t % 9);",
    ),
    (
        "as_ref_borrow",
        "use std::borrow::Borrow; struct W { a: u64, v: Vec<u64> } impl AsRef<u64> for W { fn as_ref(&self) -> &u64 { &self.a } } impl AsRef<[u64]> for W { fn as_ref(&self) -> &[u64] { &self.v[1..] } } impl AsMut<u64> for W { fn as_mut(&mut self) -> &mut u64 { &mut self.v[0] } } impl Borrow<u64> for W { fn borrow(&self) -> &u64 { &self.v[1] } } fn num(x: impl AsRef<u64>) -> u64 { *x.as_ref() } fn all<T: AsRef<[u64]> + ?Sized>(x: &T) -> u64 { x.as_ref()[0] } fn bor<T: Borrow<u64>>(x: &T) -> u64 { *x.borrow() }",
        "let mut w = W { a: n, v: vec![k, n + 1] }; *w.as_mut() = 8; put(s, all(&w)); put(s, bor(&w)); put(s, w.v[0]); put(s, num(w)); put(s, all(&vec![k, 3])); put(s, all(&[n + 3, k][..])); put(s, bor(&k) + 20);",
    ),
    (
        "trait_default",
        "trait Key { fn base(&self) -> u64; fn key(&self) -> u64 { self.base() + 1 } fn twice(&self) -> u64 { self.key() * 2 } } struct P(u64); struct Q(u64); impl Key for P { fn base(&self) -> u64 { self.0 } } impl Key for Q { fn base(&self) -> u64 { self.0 + 3 } fn key(&self) -> u64 { self.base() } } fn go2<T: Key>(t: &T) -> u64 { t.twice() } fn dy(t: &dyn Key) -> u64 { t.key() }",
        "put(s, P(n).key()); put(s, Q(k).key()); put(s, go2(&P(k))); put(s, go2(&Q(n))); put(s, dy(&P(n))); let all: Vec<Box<dyn Key>> = vec![Box::new(P(n)), Box::new(Q(k))]; for t in &all { put(s, t.twice()); } let t: &dyn Key = if flag { &P(n) } else { &Q(n) }; put(s, t.key());",
    ),
    (
        "blanket",
        "trait Key { fn key(&self) -> u64; } trait Ext: Key { fn ext(&self) -> u64 { self.key() + 4 } fn put_me(&self, s: &mut dyn Storage) { put(s, self.ext()) } } impl<T: Key> Ext for T {} impl Key for u64 { fn key(&self) -> u64 { *self } } impl<T: Key> Key for Vec<T> { fn key(&self) -> u64 { self.iter().map(|x| x.key()).sum() } } impl<T: Key, const N: usize> Key for [T; N] { fn key(&self) -> u64 { self[N - 1].key() + N as u64 } } impl<A: Key, B: Key> Key for (A, B) { fn key(&self) -> u64 { self.0.key() * 3 + self.1.key() } } impl<T: Key> Key for Option<T> { fn key(&self) -> u64 { self.as_ref().map_or(7, |x| x.key()) } } impl<T: Key + ?Sized> Key for Box<T> { fn key(&self) -> u64 { (**self).key() + 10 } } impl Key for str { fn key(&self) -> u64 { self.len() as u64 } } impl<T: Key + ?Sized> Key for &T { fn key(&self) -> u64 { (**self).key() + 20 } }",
        "n.put_me(s); put(s, vec![n, k].ext()); put(s, [k, n].key()); put(s, (n, vec![k]).ext()); put(s, opt.key()); put(s, Box::new(n).key()); put(s, \"ab\".key()); put(s, Key::key(&\"abc\")); put(s, Key::key(&&k)); let b: Box<dyn Key> = Box::new(k); put(s, b.key()); put(s, <Vec<Option<u64>> as Key>::key(&vec![Some(n), None]));",
    ),
    (
        "specialised_generics",
        "trait Store { const TAG: u64; type Key: Into<u64> + Copy; fn make(x: u64) -> Self::Key; fn tag() -> u64 { Self::TAG + 1 } } struct A1; struct B1; impl Store for A1 { const TAG: u64 = 3; type Key = u64; fn make(x: u64) -> u64 { x + Self::TAG } } #[derive(Clone, Copy)] struct Kk(u64); impl From<Kk> for u64 { fn from(k: Kk) -> u64 { k.0 * 2 } } impl Store for B1 { const TAG: u64 = 6; type Key = Kk; fn make(x: u64) -> Kk { Kk(x) } fn tag() -> u64 { 30 } } fn write<T: Store>(s: &mut dyn Storage, x: u64) { let k: T::Key = T::make(x); put(s, k.into()); put(s, T::tag()); put(s, <T as Store>::TAG + 40); } struct Holder<T: Store> { k: T::Key, _p: std::marker::PhantomData<T> } impl<T: Store> Holder<T> { fn new(x: u64) -> Self { Holder { k: T::make(x), _p: Default::default() } } fn num(&self) -> u64 { self.k.into() } }",
        "write::<A1>(s, n); write::<B1>(s, k); put(s, Holder::<B1>::new(n).num()); let h: Holder<A1> = Holder::new(k); put(s, h.num());",
    ),
    (
        "autoref",
        "struct V(u64); impl V { fn get(&self) -> u64 { self.0 } fn take(self) -> u64 { self.0 + 1 } fn up(&mut self) -> u64 { self.0 += 2; self.0 } } trait Get { fn get(&self) -> u64; fn other(self) -> u64 where Self: Sized { 9 } } impl Get for V { fn get(&self) -> u64 { 50 } } impl Get for &V { fn get(&self) -> u64 { 60 } fn other(self) -> u64 { self.0 + 70 } }",
        "let mut v = V(n); put(s, v.get()); put(s, (&v).get()); put(s, (&&v).get()); put(s, Get::get(&v)); put(s, <&V as Get>::get(&&v)); put(s, (&v).other()); put(s, v.up()); let r = &mut v; put(s, r.up()); put(s, r.get()); let f = V::get; put(s, f(&v)); let g = V::take; put(s, g(V(k))); put(s, v.take());",
    ),
    (
        "extension_on_std",
        "trait Twice { fn twice(&self) -> u64; } impl Twice for u64 { fn twice(&self) -> u64 { self * 2 } } trait VecExt<T> { fn second(&self) -> Option<&T>; fn each(&self, f: impl FnMut(&T)); } impl<T> VecExt<T> for [T] { fn second(&self) -> Option<&T> { self.get(1) } fn each(&self, mut f: impl FnMut(&T)) { for x in self { f(x); } } } trait IterExt: Iterator<Item = u64> + Sized { fn plus(self, by: u64) -> impl Iterator<Item = u64> { self.map(move |x| x + by) } fn total(self) -> u64 { self.fold(1, |a, b| a + b) } } impl<I: Iterator<Item = u64>> IterExt for I {}",
        "put(s, n.twice()); put(s, list.second().copied().unwrap_or(k)); list.each(|x| put(s, *x + 20)); for x in list.iter().copied().plus(n) { put(s, x); } put(s, list.into_iter().plus(1).total()); [n, k].each(|x| M.remove(s, *x));",
    ),
    (
        "supertraits",
        "trait Named { fn name(&self) -> u64; } trait Keyed: Named { fn key(&self) -> u64 { self.name() + 2 } } trait Full: Keyed + Clone { fn all(&self) -> u64 { self.clone().key() + self.name() } } #[derive(Clone)] struct T1(u64); impl Named for T1 { fn name(&self) -> u64 { self.0 } } impl Keyed for T1 {} impl Full for T1 {} struct T2(u64); impl Named for T2 { fn name(&self) -> u64 { 2 } } impl Clone for T2 { fn clone(&self) -> T2 { T2(self.0 + 5) } } impl Keyed for T2 { fn key(&self) -> u64 { self.0 } } impl Full for T2 {} fn up(k: &dyn Keyed) -> u64 { k.name() }",
        "put(s, T1(n).all()); put(s, T2(k).all()); put(s, up(&T1(k))); let v = vec![T2(n)]; put(s, v.clone()[0].0); put(s, v.iter().cloned().next().unwrap().0); put(s, Some(&v[0]).cloned().unwrap().0 + 1); let a = [T2(k), T2(n)].clone(); put(s, a[1].0); put(s, v.to_vec()[0].0 + 3); let t = (T2(n), 1u64).clone(); put(s, t.0.0 + 30);",
    ),
    (
        "clone_effect",
        "struct C<'a>(&'a Cell<u64>, u64); impl Clone for C<'_> { fn clone(&self) -> Self { self.0.set(self.0.get() + 1); C(self.0, self.1 + 1) } } #[derive(Clone)] struct D<'a> { c: C<'a>, x: u64 }",
        "let cell = Cell::new(n); let c = C(&cell, k); let d = c.clone(); put(s, d.1); put(s, cell.get()); let e = D { c: d, x: n }.clone(); put(s, e.c.1); let v = vec![c; 3]; put(s, v[0].1); put(s, v[2].1); put(s, cell.get()); let mut w = v[..2].to_vec(); w.extend_from_slice(&v); put(s, w[4].1); w.resize(7, C(&cell, 40)); put(s, w[5].1); put(s, cell.get() + 50); put(s, e.x);",
    ),
    (
        "default_own",
        "struct D { a: u64, v: Vec<u64> } impl Default for D { fn default() -> D { D { a: 6, v: vec![1, 2] } } } #[derive(Default)] struct E { d: D, n: u64, o: Option<D>, t: (u64, D) } #[derive(Default, Clone, Copy, PartialEq)] enum F { A(u64), #[default] B }",
        "let e = E::default(); put(s, e.d.a + n); put(s, e.t.1.v[1]); put(s, e.n); put(s, e.o.unwrap_or_default().a + 10); let d: [D; 2] = Default::default(); put(s, d[1].a + k); if F::default() == F::B { put(s, k + 20); } let m: BTreeMap<u64, D> = list.iter().map(|x| (*x, D::default())).collect(); for (a, b) in m { N.save(s, (a, b.a), &1)?; } let mut q: BTreeMap<u64, D> = BTreeMap::new(); q.entry(n).or_default().a += 1; put(s, q[&n].a); let o: Option<D> = None; put(s, o.map(|d| d.a).unwrap_or_default()); let x = std::mem::take(&mut q.get_mut(&n).unwrap().v); put(s, x[0] + 40); let (a, b): (u64, D) = Default::default(); put(s, a + b.a + 50);",
    ),
    (
        "generic_trait_params",
        "trait Conv<T> { fn conv(&self) -> T; } struct W(u64); impl Conv<u64> for W { fn conv(&self) -> u64 { self.0 } } impl Conv<String> for W { fn conv(&self) -> String { format!(\"{}\", self.0 + 1) } } impl Conv<Vec<u64>> for W { fn conv(&self) -> Vec<u64> { vec![self.0 + 2] } } fn get<T, C: Conv<T>>(c: &C) -> T { c.conv() }",
        "let a: u64 = W(n).conv(); put(s, a); let b: String = W(k).conv(); put(s, b.parse().unwrap()); put(s, get::<Vec<u64>, _>(&W(n))[0]); let v: Vec<u64> = W(k).conv(); put(s, v[0]); put(s, <W as Conv<u64>>::conv(&W(9)));",
    ),
    (
        "state_machine_dyn",
        "trait State { fn next(self: Box<Self>, s: &mut dyn Storage, x: u64) -> Box<dyn State>; fn key(&self) -> u64; } struct Idle; struct Busy(u64); impl State for Idle { fn next(self: Box<Self>, s: &mut dyn Storage, x: u64) -> Box<dyn State> { put(s, x); Box::new(Busy(x)) } fn key(&self) -> u64 { 20 } } impl State for Busy { fn next(self: Box<Self>, s: &mut dyn Storage, x: u64) -> Box<dyn State> { N.save(s, (self.0, x), &1).unwrap(); if x > 2 { Box::new(Idle) } else { Box::new(Busy(self.0 + x)) } } fn key(&self) -> u64 { self.0 } }",
        "let mut st: Box<dyn State> = Box::new(Idle); for x in [n, k, 1] { st = st.next(s, x); } put(s, st.key()); let mut o: Option<Box<dyn State>> = Some(Box::new(Busy(n))); if let Some(x) = o.take() { o = Some(x.next(s, k)); } put(s, o.unwrap().key() + 30);",
    ),
    (
        "visitor",
        "enum Ex { Num(u64), Key(Box<Ex>), Add(Box<Ex>, Box<Ex>), Put(Box<Ex>) } trait Visit { fn num(&mut self, x: u64) -> u64 { x } fn key(&mut self, x: u64) -> u64; fn put(&mut self, x: u64); } impl Ex { fn run(&self, v: &mut impl Visit) -> u64 { match self { Ex::Num(x) => v.num(*x), Ex::Key(e) => { let x = e.run(v); v.key(x) } Ex::Add(a, b) => a.run(v) + b.run(v), Ex::Put(e) => { let x = e.run(v); v.put(x); x } } } } struct Real<'a>(&'a mut dyn Storage, u64); impl Visit for Real<'_> { fn key(&mut self, x: u64) -> u64 { at(self.0, x) } fn put(&mut self, x: u64) { self.1 += 1; put(self.0, x + self.1); } }",
        "let e = Ex::Add(Box::new(Ex::Put(Box::new(Ex::Num(n)))), Box::new(Ex::Key(Box::new(Ex::Put(Box::new(Ex::Num(k))))))); let mut r = Real(s, 0); let x = e.run(&mut r); Ex::Put(Box::new(Ex::Num(x + 20))).run(&mut r);",
    ),
    (
        "dispatch_table",
        "struct Reg { all: BTreeMap<u64, fn(&mut dyn Storage, u64) -> u64> } impl Reg { fn new() -> Self { let mut all: BTreeMap<u64, fn(&mut dyn Storage, u64) -> u64> = BTreeMap::new(); all.insert(0, one); all.insert(1, |s, x| { N.save(s, (x, x), &1).unwrap(); x }); Reg { all } } fn run(&self, s: &mut dyn Storage, op: u64, x: u64) -> u64 { match self.all.get(&op) { Some(f) => f(s, x), None => { put(s, 40 + x); 0 } } } } fn one(s: &mut dyn Storage, x: u64) -> u64 { put(s, x); x + 1 }",
        "let r = Reg::new(); let x = r.run(s, n, k); r.run(s, x, n);",
    ),
    (
        "handlers_in_vec",
        "trait Handler { fn handle(&self, s: &mut dyn Storage, x: &mut u64) -> bool; } struct Skip; struct Save(u64); impl Handler for Skip { fn handle(&self, _: &mut dyn Storage, x: &mut u64) -> bool { *x += 1; false } } impl Handler for Save { fn handle(&self, s: &mut dyn Storage, x: &mut u64) -> bool { put(s, *x + self.0); *x = self.0; *x > 2 } } impl<F: Fn(&mut dyn Storage, u64) -> u64> Handler for F { fn handle(&self, s: &mut dyn Storage, x: &mut u64) -> bool { *x = self(s, *x); false } } struct Chain<'a>(Vec<&'a dyn Handler>); impl Handler for Chain<'_> { fn handle(&self, s: &mut dyn Storage, x: &mut u64) -> bool { self.0.iter().any(|h| h.handle(s, x)) } }",
        "let sv = Save(n); let f = |s: &mut dyn Storage, x: u64| at(s, x + 1); let c = Chain(vec![&Skip, &f, &sv, &Skip]); let mut x = k; let d = c.handle(s, &mut x); put(s, x + if d { 30 } else { 40 });",
    ),
    (
        "phantom_builder",
        "#[derive(Clone)] struct Build<'a> { keys: Vec<u64>, f: Rc<dyn Fn(u64) -> u64 + 'a> } impl<'a> Build<'a> { fn new() -> Self { Build { keys: vec![], f: Rc::new(|x| x) } } fn key(mut self, x: u64) -> Self { self.keys.push(x); self } fn then(self, g: impl Fn(u64) -> u64 + 'a) -> Self { let f = self.f.clone(); Build { f: Rc::new(move |x| g(f(x))), ..self } } fn run(&self, s: &mut dyn Storage) { for x in &self.keys { put(s, (self.f)(*x)); } } }",
        "let b = Build::new().key(n).then(|x| x + 1).key(k); b.run(s); let c = b.clone().then(move |x| x * 2 + k).key(3); c.run(s); b.run(s);",
    ),
    (
        "borrowed_keys",
        "use std::borrow::Borrow; #[derive(PartialEq, Eq, Hash, PartialOrd, Ord)] struct Name(String); impl Borrow<str> for Name { fn borrow(&self) -> &str { &self.0 } } impl From<&str> for Name { fn from(x: &str) -> Name { Name(x.to_owned()) } }",
        "let mut m: HashMap<Name, u64> = HashMap::new(); m.insert(\"a\".into(), n); m.insert(Name::from(\"b\"), k); put(s, m[\"a\"]); if let Some(x) = m.get_mut(\"b\") { *x += 3; } put(s, *m.get(\"b\").unwrap()); let t = m.remove(\"a\"); put(s, t.unwrap_or(9)); put(s, m.contains_key(\"a\") as u64);",
    ),
    (
        "const_generic_impl",
        "struct Ring<const N: usize> { v: [u64; N], at: usize } impl<const N: usize> Ring<N> { const SIZE: u64 = N as u64; fn new() -> Self { Ring { v: [7; N], at: 0 } } fn push(&mut self, x: u64) -> u64 { let old = std::mem::replace(&mut self.v[self.at], x); self.at = (self.at + 1) % N; old } } impl<const N: usize> Default for Ring<N> { fn default() -> Self { Self::new() } }",
        "let mut r = Ring::<2>::new(); put(s, r.push(n)); r.push(k); for x in &list { put(s, r.push(*x)); } put(s, Ring::<3>::SIZE + n); let q: Ring<1> = Default::default(); put(s, q.v[0] + k); for x in r.v { put(s, x + 20); }",
    ),
    (
        "assoc_fn_pointer",
        "struct T1; impl T1 { fn k(x: u64) -> u64 { x + 1 } fn m(&self, x: &u64) -> u64 { *x + 2 } } trait Mk { fn mk(x: u64) -> Self; } impl Mk for u64 { fn mk(x: u64) -> u64 { x + 3 } } #[derive(Debug, Clone, Copy)] struct Nw(u64); enum En { One(u64) }",
        "for x in list.iter().copied().map(T1::k) { put(s, x); } let t = T1; for x in list.iter().map(|x| t.m(x)) { put(s, x); } let v: Vec<Nw> = list.iter().copied().map(Nw).collect(); for Nw(x) in v { put(s, x + 20); } for En::One(x) in [n, k].map(En::One) { put(s, x + 30); } put(s, opt.map(<u64 as Mk>::mk).unwrap_or(n)); let all: Vec<u64> = [\"4\", \"5\"].iter().flat_map(|x| x.parse()).collect(); put(s, all[1]); let w: Vec<String> = list.iter().map(ToString::to_string).collect(); for t in w.iter().map(String::as_str) { put(s, t.parse::<u64>().unwrap() + 40); } put(s, opt.as_ref().map(Clone::clone).map_or(k, u64::from)); put(s, list.iter().copied().fold(n, u64::max)); put(s, list.iter().map(|x| *x).reduce(std::cmp::min).unwrap_or_else(u64::default));",
    ),
    (
        "trait_static_dispatch_by_arg",
        "trait Op { fn run(s: &mut dyn Storage, x: u64); } struct Put1; struct Del; impl Op for Put1 { fn run(s: &mut dyn Storage, x: u64) { put(s, x) } } impl Op for Del { fn run(s: &mut dyn Storage, x: u64) { M.remove(s, x + 1) } } struct Two<A, B>(std::marker::PhantomData<(A, B)>); impl<A: Op, B: Op> Op for Two<A, B> { fn run(s: &mut dyn Storage, x: u64) { A::run(s, x); B::run(s, x + 10); } } fn go2<O: Op>(s: &mut dyn Storage, _: O, x: u64) { O::run(s, x) } type All = Two<Put1, Two<Del, Put1>>;",
        "go2(s, Put1, n); All::run(s, k); go2(s, Two::<Del, Del>(Default::default()), n);",
    ),
    (
        "modules",
        "mod a { pub fn key(x: u64) -> u64 { super::key(x) + b::OFF } pub mod b { pub const OFF: u64 = 5; pub fn key(x: u64) -> u64 { super::super::key(x) + self::OFF + super::key(x) } } pub use b::key as bk; } fn key(x: u64) -> u64 { x + 1 } use a::{bk, key as ak};",
        "put(s, key(n)); put(s, ak(n)); put(s, bk(k)); { fn key(x: u64) -> u64 { x + 30 } put(s, key(n)); } let key = |x: u64| x + 40; put(s, key(k)); put(s, self::key(k) + 50);",
    ),
    (
        "impl_trait_arg_struct",
        "struct Svc<R> { repo: R, hits: u64 } trait Repo { fn get(&self, s: &dyn Storage, x: u64) -> u64; fn set(&mut self, s: &mut dyn Storage, x: u64); } #[derive(Default)] struct Cache { seen: BTreeMap<u64, u64> } struct Direct; impl Repo for Direct { fn get(&self, s: &dyn Storage, x: u64) -> u64 { at(s, x) } fn set(&mut self, s: &mut dyn Storage, x: u64) { put(s, x) } } impl Repo for Cache { fn get(&self, s: &dyn Storage, x: u64) -> u64 { self.seen.get(&x).copied().unwrap_or_else(|| at(s, x + 10)) } fn set(&mut self, s: &mut dyn Storage, x: u64) { self.seen.insert(x, x + 1); put(s, x + 20) } } impl<R: Repo> Svc<R> { fn bump(&mut self, s: &mut dyn Storage, x: u64) -> u64 { self.hits += 1; let y = self.repo.get(s, x); self.repo.set(s, y + self.hits); y } } impl<R: Repo + ?Sized> Repo for Box<R> { fn get(&self, s: &dyn Storage, x: u64) -> u64 { (**self).get(s, x) } fn set(&mut self, s: &mut dyn Storage, x: u64) { (**self).set(s, x) } }",
        "let mut a = Svc { repo: Direct, hits: 0 }; let x = a.bump(s, n); a.bump(s, x); let mut c = Svc { repo: Cache::default(), hits: k }; c.bump(s, n); let y = c.bump(s, k); put(s, y + 30); let mut d: Svc<Box<dyn Repo>> = Svc { repo: Box::new(Direct), hits: 5 }; d.bump(s, k); if flag { d.repo = Box::new(Cache::default()); } d.bump(s, n);",
    ),
];
