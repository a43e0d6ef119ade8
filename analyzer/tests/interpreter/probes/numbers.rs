//! Numbers, constants, casts, discriminants, text: what is known exactly has to be right.

use super::Source;

pub(super) const PROBES: &[Source] = &[
    (
        "const_arithmetic",
        "const A1: u64 = 7 / 2 * 2 + 7 % 4; const B1: i64 = -7 / 2; const C1: i64 = -7 % 3; const D1: u64 = 1 << 3 | 0b101 & 0x6 ^ 1; const E1: u64 = (10u64 - 3).pow(2); const F1: usize = [1, 2, 3].len();",
        "put(s, A1); put(s, (B1 + 10) as u64); put(s, (C1 + 10) as u64); put(s, D1); put(s, E1); put(s, F1 as u64); put(s, 17 >> 2); put(s, 5 & 3 | 8); put(s, !0u8 as u64); put(s, (!5u64) >> 60); put(s, 2 + 3 * 4 - 6 / 4); put(s, (2 + 3) * 4); put(s, -(-3i64) as u64); put(s, 10 - 4 - 3); put(s, 100 / 10 / 2);",
    ),
    (
        "const_casts",
        "",
        "put(s, 300u64 as u8 as u64); put(s, -1i32 as u64 % 1000); put(s, -1i8 as u8 as u64); put(s, 200u8 as i8 as i64 as u64 % 1000); put(s, 'a' as u64); put(s, b'a' as u64); put(s, true as u64); put(s, u8::MAX as u64 + 1); put(s, i32::MIN as i64 as u64 % 97); put(s, 65u8 as char as u64); put(s, 3.99f64 as u64); put(s, -1.5f64 as u64); put(s, 1e3 as u64); put(s, u32::MAX as u64 as u32 as u64 % 11); put(s, (u64::MAX as u128 + 2) as u64); put(s, usize::MAX as u64 % 13);",
    ),
    (
        "const_methods",
        "",
        "put(s, 200u8.wrapping_add(100) as u64); put(s, 200u8.saturating_add(100) as u64); put(s, 200u8.checked_add(100).map_or(1, |x| x as u64)); put(s, 5u64.wrapping_sub(7) % 100); put(s, 5u64.saturating_sub(7)); put(s, 250u8.overflowing_add(10).0 as u64); put(s, 10u64.pow(2)); put(s, 2u8.wrapping_pow(9) as u64); put(s, 17u64.isqrt()); put(s, 17u64.ilog2() as u64); put(s, 8u64.trailing_zeros() as u64); put(s, 255u64.count_ones() as u64); put(s, 1u64.leading_zeros() as u64); put(s, 5u64.min(3)); put(s, 5u64.max(n)); put(s, 9u64.clamp(2, 6)); put(s, 7u64.abs_diff(9)); put(s, (-7i64).rem_euclid(3) as u64); put(s, (-7i64).div_euclid(3).unsigned_abs()); put(s, 7u64.div_ceil(2)); put(s, 7u64.next_multiple_of(4)); put(s, 5u64.next_power_of_two()); put(s, (-3i64).signum().unsigned_abs()); put(s, 0x12u8.swap_bytes() as u64); put(s, 0x12u8.reverse_bits() as u64); put(s, 1u8.rotate_right(1) as u64); put(s, (-5i64).abs() as u64); put(s, 6u64.midpoint_or(), ); trait Mid { fn midpoint_or(self) -> u64; } impl Mid for u64 { fn midpoint_or(self) -> u64 { self / 2 } }",
    ),
    (
        "small_types",
        "",
        "let a: u8 = n as u8 + 250; put(s, a as u64); let b = (n as u8).wrapping_sub(3); put(s, b as u64); let c: i8 = (k as i8) - 3; put(s, c as u8 as u64); put(s, c as i64 as u64 % 1000); let d = (n as u32) << 30; put(s, d as u64 % 17); let e = (n as u16 + 65_533).wrapping_add(1); put(s, e as u64); let f = n as u128 * u64::MAX as u128; put(s, (f >> 64) as u64); let g = k as usize; put(s, [5, 6, 7, 8, 9][g]); let h = i32::from(n as u8) - 2; put(s, u64::try_from(h).unwrap_or(77)); put(s, u64::from(n as u32) + 100); put(s, (n as f32 * 1.5) as u64 + 200);",
    ),
    (
        "discriminants",
        "#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)] enum E1 { A = 3, B, C = 10 } #[derive(Clone, Copy)] #[repr(u8)] enum E2 { X, Y = 5, Z } enum E3 { P(u64), Q } impl E1 { const ALL: [E1; 3] = [E1::A, E1::B, E1::C]; fn of(x: u64) -> Option<E1> { Self::ALL.into_iter().find(|e| *e as u64 == x) } }",
        "put(s, E1::B as u64); put(s, E1::C as u64 + n); put(s, E2::X as u64); put(s, E2::Z as u8 as u64); for e in E1::ALL { put(s, e as u64 + 20); } if let Some(e) = E1::of(n) { put(s, e as u64 + 40); } if E1::A < E1::C { put(s, 60); } put(s, E1::ALL.iter().max().map(|e| *e as u64).unwrap()); let e = if flag { E3::P(n) } else { E3::Q }; let q = std::mem::discriminant(&e) == std::mem::discriminant(&E3::Q); put(s, q as u64 + 70); if let E3::P(x) = e { put(s, x + 80); } put(s, std::mem::size_of::<u64>() as u64 + 90); put(s, u64::BITS as u64);",
    ),
    (
        "assoc_consts",
        "trait Cfg { const MAX: u64; const LIST: &'static [u64]; const NEXT: u64 = Self::MAX + 1; fn pick(x: u64) -> u64 { Self::LIST[(x as usize) % Self::LIST.len()] + Self::MAX } } struct A1; struct B1; impl Cfg for A1 { const MAX: u64 = 3; const LIST: &'static [u64] = &[1, 2]; } impl Cfg for B1 { const MAX: u64 = A1::NEXT * 2; const LIST: &'static [u64] = &[Self::MAX, 9, 8]; const NEXT: u64 = 50; } struct G<T, const N: u64>(std::marker::PhantomData<T>); impl<T: Cfg, const N: u64> G<T, N> { const SUM: u64 = T::MAX + N; fn go(x: u64) -> u64 { Self::SUM + T::pick(x) + T::NEXT } }",
        "put(s, A1::NEXT); put(s, B1::MAX + 10); put(s, A1::pick(n) + 20); put(s, B1::pick(k) + 30); put(s, G::<A1, 4>::SUM + 60); put(s, G::<B1, 5>::go(n)); put(s, <B1 as Cfg>::NEXT + 1);",
    ),
    (
        "const_fns",
        "const fn fib(n: u64) -> u64 { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } } const FIB: [u64; 4] = { let mut a = [0; 4]; let mut i = 0; while i < 4 { a[i] = fib(i as u64 + 3); i += 1; } a }; const fn len(t: &str) -> u64 { t.len() as u64 } const NAME: &str = \"abcd\"; const KEY: u64 = len(NAME) * 10 + FIB[1]; struct T1 { a: u64, b: &'static [u64] } const TS: &[T1] = &[T1 { a: 1, b: &[2, 3] }, T1 { a: 4, b: &[] }]; static ST: T1 = T1 { a: KEY, b: &FIB };",
        "put(s, fib(6)); put(s, FIB[2]); put(s, KEY); put(s, FIB[n as usize % 4] + 10); for t in TS { put(s, t.a + 20); for x in t.b { put(s, *x + 30); } } put(s, ST.a + 1); put(s, ST.b[3] + 50); put(s, TS.iter().map(|t| t.a).sum::<u64>() + 60); put(s, match NAME { \"abcd\" => 70, _ => 71 });",
    ),
    (
        "text_parts",
        "",
        "let t = format!(\"{n}-{k:03}-{:>2}\", 7); put(s, t.len() as u64); let p: Vec<&str> = t.split('-').collect(); put(s, p[0].parse::<u64>().unwrap()); put(s, p[1].parse::<u64>().unwrap() + 10); put(s, p[2].trim().parse::<u64>().unwrap() + 20); put(s, t.find('-').unwrap() as u64 + 30); put(s, t.bytes().map(u64::from).sum::<u64>() % 100); put(s, t.chars().rev().collect::<String>().len() as u64 + 40); put(s, \"12\".strip_prefix('1').unwrap().parse::<u64>().unwrap()); put(s, \"a1b2\".chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap()); put(s, u64::from_str_radix(\"ff\", 16).unwrap()); put(s, \"x y z\".split_whitespace().count() as u64 + 50); put(s, \"abc\".char_indices().map(|(i, _)| i as u64).sum()); put(s, char::from_digit(n as u32, 10).unwrap() as u64); put(s, \"a,b\".splitn(2, ',').nth(1).unwrap().len() as u64 + 60); put(s, [\"1\", \"2\"].concat().parse().unwrap()); put(s, [\"3\", \"4\"].join(\"\").parse().unwrap()); put(s, \"9\".repeat(2).parse().unwrap()); put(s, \"ab\".to_uppercase().as_bytes()[0] as u64); put(s, (\"a\" < \"b\") as u64 + 70); put(s, \"%5%\".trim_matches('%').parse().unwrap()); put(s, t.starts_with('0') as u64 + 80);",
    ),
    (
        "text_keys",
        "fn key(t: &str) -> u64 { match t { \"a\" => 1, \"b\" | \"c\" => 2, x if x.starts_with('d') => 3, \"\" => 4, _ => 5 } } fn name(x: u64) -> &'static str { match x { 0 => \"a\", 1 => \"b\", 2 => \"dd\", _ => \"\" } }",
        "put(s, key(name(n))); put(s, key(\"c\") + 10); put(s, key(&format!(\"d{k}\")) + 20); let mut m: HashMap<String, u64> = HashMap::new(); m.insert(name(n).to_string(), n); m.insert(format!(\"{}\", name(k)), k + 30); put(s, *m.get(name(k)).unwrap()); put(s, m.get(\"a\").copied().unwrap_or(50)); let mut t = String::from(\"b\"); t.push('x'); t.insert(0, 'd'); put(s, key(&t) + 60); t.clear(); put(s, key(&t) + 70); let u = t + \"a\"; put(s, key(&u) + 80); let c = u.clone() + &u; put(s, c.len() as u64 + 90);",
    ),
    (
        "match_numbers",
        "const LOW: u64 = 2; fn class(x: u64) -> u64 { match x { 0 => 10, 1..=LOW => 20, 3.. if x % 2 == 1 => 30, 4 | 6 => 40, _ => 50 } }",
        "put(s, class(n)); put(s, class(n + k)); put(s, class(3)); put(s, class(6)); put(s, match (n, k) { (0, _) => 1, (_, 0) => 2, (a, b) if a < b => a + 60, (LOW, b) => b + 70, _ => 3 }); put(s, match n.checked_sub(2) { None => 80, Some(0) => 81, Some(x @ 1..) => 82 + x }); put(s, match [n, k] { [1, x] | [x, 1] => x + 90, [a, b] => a * b }); put(s, match (n as i64) - 3 { i64::MIN..=-1 => 100, 0 => 101, 1..=i64::MAX => 102 }); put(s, match n % 2 == 0 { true => 103, false => 104 }); put(s, match 'x' { 'a'..='m' => 105, _ => 106 });",
    ),
    (
        "shortcuts",
        "fn yes(s: &mut dyn Storage, k: u64) -> bool { put(s, k); true } fn no(s: &mut dyn Storage, k: u64) -> bool { put(s, k); false }",
        "if no(s, 1) && yes(s, 2) { put(s, 3); } if yes(s, 4) || no(s, 5) { put(s, 6); } if flag & yes(s, 7) { put(s, 8); } if !flag | no(s, 9) { put(s, 10); } let a = flag && n > 2 || k == 1; put(s, a as u64 + 20); let b = (n > 1) ^ flag; put(s, b as u64 + 30); let c = if n > 3 { true } else { no(s, 40) } && yes(s, 41); put(s, c as u64 + 50); let d = !(n == k) && !(n > k && flag); put(s, d as u64 + 60); assert!(n < 9, \"{}\", yes(s, 70)); let mut e = flag; e &= n > 2; e |= k > 3; e ^= true; put(s, e as u64 + 80);",
    ),
    (
        "ranges",
        "",
        "for i in (0..n).rev().step_by(2) { put(s, i); } for i in (1..=3).map(|x| x * 10) { put(s, i); } for i in n..k { put(s, i + 40); } put(s, (0..5).sum::<u64>()); put(s, (1..=4).product::<u64>()); put(s, (0..n).len_or(50)); put(s, (n..n + 3).contains(&k) as u64 + 60); put(s, (0..10).filter(|x| x % 3 == n % 3).last().unwrap() + 70); put(s, (0..10).nth(n as usize).unwrap() + 80); let r = 2..5u64; put(s, r.end - r.start + 90); put(s, (..=n).contains(&k) as u64 + 95); for (i, x) in (10..).zip(&list) { N.save(s, (i, *x), &1)?; } put(s, (0..=k).max().unwrap() + 100); trait L { fn len_or(self, d: u64) -> u64; } impl L for std::ops::Range<u64> { fn len_or(self, d: u64) -> u64 { self.count() as u64 + d } }",
    ),
    (
        "hash_like",
        "fn mix(mut h: u64, x: u64) -> u64 { h ^= x; h = h.wrapping_mul(31); h % 97 } fn hash(v: &[u64]) -> u64 { v.iter().fold(7, |h, x| mix(h, *x)) }",
        "put(s, hash(&[n, k])); put(s, hash(&list)); put(s, hash(&[1, 2, 3])); put(s, mix(mix(0, 3), 4)); use std::hash::{Hash, Hasher}; struct H(u64); impl Hasher for H { fn finish(&self) -> u64 { self.0 } fn write(&mut self, b: &[u8]) { for x in b { self.0 = mix(self.0, *x as u64); } } } let mut h = H(1); n.hash(&mut h); (k, \"a\").hash(&mut h); put(s, h.finish());",
    ),
    (
        "time_and_ids",
        "#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)] struct Id(u64); impl Id { const ZERO: Id = Id(0); const fn next(self) -> Id { Id(self.0 + 1) } fn range(self, to: Id) -> impl Iterator<Item = Id> { (self.0..to.0).map(Id) } } impl From<Id> for u64 { fn from(i: Id) -> u64 { i.0 } } impl std::ops::Sub for Id { type Output = u64; fn sub(self, o: Id) -> u64 { self.0 - o.0 } }",
        "let a = Id(n); put(s, a.next().next().into()); for i in Id::ZERO.range(a) { put(s, i.0 + 20); } put(s, a.next() - a + 40); let m: BTreeMap<Id, u64> = list.iter().map(|x| (Id(*x).next(), *x)).collect(); if let Some((i, x)) = m.last_key_value() { N.save(s, (i.0, *x), &1)?; } put(s, std::cmp::max(a, Id(2)).0 + 60); put(s, [Id(k), a].iter().copied().map(u64::from).min().unwrap() + 80);",
    ),
];
