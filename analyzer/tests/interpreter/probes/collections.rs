//! Maps, sets, lists, slices, options and iterators.

use super::Source;

pub(super) const PROBES: &[Source] = &[
    (
        "map_get",
        "",
        "let mut m = BTreeMap::new(); m.insert(n, k); m.insert(k, n + 1); put(s, m[&n]); put(s, *m.get(&k).unwrap());",
    ),
    (
        "map_insert_returns",
        "",
        "let mut m = BTreeMap::new(); m.insert(n, 7u64); let old = m.insert(n, k); put(s, old.unwrap()); put(s, m[&n]);",
    ),
    (
        "map_entry",
        "",
        "let mut m: BTreeMap<u64, u64> = BTreeMap::new(); *m.entry(n).or_insert(k) += 1; *m.entry(n).or_default() += 2; m.entry(n).and_modify(|v| *v += k).or_insert(9); put(s, m[&n]);",
    ),
    (
        "map_entry_with",
        "",
        "let mut m: HashMap<u64, u64> = HashMap::new(); let v = m.entry(k).or_insert_with(|| at(s, n)); *v += 1; put(s, *v); put(s, m[&k]);",
    ),
    (
        "map_entry_key",
        "",
        "let mut m: HashMap<u64, u64> = HashMap::new(); let v = *m.entry(k).or_insert_with_key(|x| x + 3); put(s, v);",
    ),
    (
        "map_entry_match",
        "",
        "use std::collections::btree_map::Entry; let mut m: BTreeMap<u64, u64> = list.iter().map(|x| (*x, x + 1)).collect(); match m.entry(n) { Entry::Occupied(mut o) => { put(s, *o.get()); let old = o.insert(k); put(s, old); } Entry::Vacant(v) => { let key = *v.key(); put(s, key); v.insert(k + 1); } } put(s, m[&n]);",
    ),
    (
        "map_get_mut",
        "",
        "let mut m = BTreeMap::from([(1u64, n), (2, k)]); if let Some(x) = m.get_mut(&1) { *x = k + 2; } put(s, m[&1]);",
    ),
    (
        "map_values_mut",
        "",
        "let mut m = BTreeMap::from([(1u64, n), (2, k)]); for v in m.values_mut() { *v += 1; } for (key, v) in m.iter_mut() { *v += key; } put(s, m[&2]); for v in m.into_values() { put(s, v); }",
    ),
    (
        "map_for",
        "",
        "let mut m = BTreeMap::new(); for (i, x) in list.iter().enumerate() { m.insert(*x, i as u64); } for (a, b) in &m { N.save(s, (*a, *b), &1)?; } for (a, b) in m { N.save(s, (b, a), &2)?; }",
    ),
    (
        "map_keys",
        "",
        "let m: BTreeMap<u64, u64> = list.iter().copied().zip([n, k, 4]).collect(); for x in m.keys() { put(s, *x); } for x in m.into_keys() { put(s, x + 1); }",
    ),
    (
        "map_remove",
        "",
        "let mut m: BTreeMap<u64, u64> = BTreeMap::new(); m.insert(n, k); m.insert(k, 3); if let Some(x) = m.remove(&n) { put(s, x); } put(s, m.len() as u64);",
    ),
    (
        "map_remove_entry",
        "",
        "let mut m: BTreeMap<u64, u64> = [(n, k), (k, 4)].into(); if let Some((a, b)) = m.remove_entry(&k) { N.save(s, (a, b), &1)?; } if let Some((a, b)) = m.pop_first() { N.save(s, (b, a), &1)?; }",
    ),
    (
        "map_first_last",
        "",
        "let m: BTreeMap<u64, u64> = list.iter().map(|x| (*x, x + n)).collect(); if let Some((a, b)) = m.first_key_value() { N.save(s, (*a, *b), &1)?; } if let Some((a, b)) = m.last_key_value() { N.save(s, (*a, *b), &1)?; }",
    ),
    (
        "map_range",
        "",
        "let m: BTreeMap<u64, u64> = list.iter().map(|x| (*x, x + k)).collect(); for (a, b) in m.range(n..) { N.save(s, (*a, *b), &1)?; } if let Some((a, _)) = m.range(..k).next_back() { put(s, *a); }",
    ),
    (
        "map_retain",
        "",
        "let mut m: BTreeMap<u64, u64> = list.iter().map(|x| (*x, x + k)).collect(); m.retain(|a, b| { *b += n; *a != k && at(s, *a) < 9 }); for (a, b) in &m { N.save(s, (*a, *b), &1)?; }",
    ),
    (
        "map_extend",
        "",
        "let mut m: HashMap<u64, u64> = HashMap::new(); m.extend(list.iter().map(|x| (*x, n))); m.extend([(k, 8u64)]); put(s, m[&k]); let mut keys: Vec<_> = m.keys().copied().collect(); keys.sort(); for x in keys { put(s, x); }",
    ),
    (
        "map_append",
        "",
        "let mut a = BTreeMap::from([(1u64, n)]); let mut b = BTreeMap::from([(2u64, k)]); a.append(&mut b); put(s, a[&2]); put(s, b.len() as u64); let c = a.split_off(&2); put(s, c[&2] + 1); put(s, a.len() as u64);",
    ),
    (
        "map_contains",
        "",
        "let mut m: HashMap<u64, bool> = HashMap::new(); m.insert(n, flag); if m.contains_key(&k) { put(s, k); } if m.get(&k).copied().unwrap_or(true) { put(s, k + 1); }",
    ),
    (
        "map_of_vec",
        "",
        "let mut m: BTreeMap<u64, Vec<u64>> = BTreeMap::new(); for x in &list { m.entry(x % 2).or_default().push(*x); } m.entry(n).or_insert_with(Vec::new).push(k); for (a, all) in m { for x in all { N.save(s, (a, x), &1)?; } }",
    ),
    (
        "map_of_map",
        "",
        "let mut m: BTreeMap<u64, BTreeMap<u64, u64>> = BTreeMap::new(); m.entry(n).or_default().insert(k, 5); m.entry(n).or_default().entry(k).and_modify(|x| *x += n); put(s, m[&n][&k]); for (a, inner) in &m { for (b, c) in inner { N.save(s, (*a + *b, *c), &1)?; } }",
    ),
    (
        "map_default",
        "",
        "let m: BTreeMap<u64, u64> = Default::default(); put(s, m.get(&n).copied().unwrap_or_default()); put(s, m.get(&n).map_or(k, |x| *x));",
    ),
    (
        "map_eq",
        "",
        "let a = BTreeMap::from([(n, k)]); let b = BTreeMap::from([(k, n)]); if a == b { put(s, n); } else { put(s, 9); }",
    ),
    (
        "set_ops",
        "",
        "let a: BTreeSet<u64> = list.iter().copied().collect(); let b = BTreeSet::from([n, k]); for x in a.union(&b) { put(s, *x); } for x in a.intersection(&b) { M.remove(s, *x); } for x in &a - &b { put(s, x + 10); } for x in a.symmetric_difference(&b) { put(s, *x + 20); }",
    ),
    (
        "set_first",
        "",
        "let mut a: BTreeSet<u64> = list.into_iter().collect(); a.insert(n); a.insert(k); put(s, *a.first().unwrap()); put(s, a.pop_last().unwrap()); put(s, *a.iter().next().unwrap_or(&8));",
    ),
    (
        "set_insert_bool",
        "",
        "let mut seen2 = HashSet::new(); for x in list.iter().chain([&n, &k]) { if seen2.insert(*x) { put(s, *x); } else { M.remove(s, *x); } }",
    ),
    (
        "set_take_replace",
        "",
        "let mut a = BTreeSet::from([n]); a.replace(k); if let Some(x) = a.take(&n) { put(s, x); } put(s, a.len() as u64); if let Some(x) = a.get(&k) { put(s, *x + 1); }",
    ),
    (
        "sets_keep_their_own_order",
        "fn last(t: BTreeSet<u64>) -> u64 { let mut l = 0; for x in t { l = x; } l } struct T { t: BTreeSet<u64> }",
        "let mut l = 0; for x in BTreeSet::from([n, k]) { l = x; } put(s, l); for (x, _) in BTreeMap::from([(n, 1), (k, 2)]) { l = x; } put(s, l + 10); put(s, last([n, k].into_iter().collect()) + 20); put(s, last([k, n].into()) + 30); put(s, BTreeSet::from_iter([n, k]).len() as u64 + 40); let t = T { t: [n, k].into_iter().collect() }; for x in &t.t { l = *x; } put(s, l + 50); let h: BinaryHeap<u64> = [n, k].into(); put(s, h.into_sorted_vec()[0] + 60); let m: BTreeMap<u64, u64> = BTreeMap::from_iter(vec![(n, k), (k, 3)]); put(s, m.len() as u64 + 70); let v: Vec<(u64, u64)> = m.into_iter().collect(); put(s, v[0].1 + 80); for (a, b) in BTreeMap::from([(n, 1), (k, 2)]) { N.save(s, (a, b), &1)?; } let mut e: HashSet<u64> = HashSet::new(); e.extend([n, k]); put(s, e.len() as u64 + 90);",
    ),
    (
        "elements_taken_apart",
        "fn pick(l: &[u64], i: usize) -> u64 { l.get(i).copied().unwrap_or(9) }",
        "let mut v = list.clone(); v.push(n); v.push(k); N.save(s, (v[0], v[1]), &1)?; N.save(s, (pick(&list, 0), pick(&list, 1)), &1)?; let f = |i: usize| v[i]; N.save(s, (f(0), f(1)), &1)?; let mut it = list.iter(); let mut nx = || it.next().copied().unwrap_or(8); let a = nx(); let b = nx(); N.save(s, (a, b), &1)?; let w: Vec<u64> = list.iter().map(|x| x + 1).collect(); if let [.., a, b] = w[..] { N.save(s, (a, b), &1)?; } if let [a, r @ ..] = &list[..] { if let [b, ..] = r { N.save(s, (*b, *a), &1)?; } } if list.len() > 1 { N.save(s, (list[0], list[1]), &1)?; M.save(s, list[0], &n)?; let x = at(s, list[1]); put(s, x); } for ((_, b), c) in list.iter().zip(list.iter().rev()).zip(list.iter().skip(1)) { N.save(s, (*c, *b), &1)?; } v.sort_by(|a, b| { N.save(s, (*a + 10, *b), &1).unwrap(); a.cmp(b) });",
    ),
    (
        "vec_ops",
        "",
        "let mut v = vec![n, k, 3]; v.push(n + 1); v.swap(0, 2); v.insert(1, 9); let x = v.remove(0); put(s, x); put(s, v[1]); put(s, v.pop().unwrap()); let y = v.swap_remove(0); put(s, y); put(s, v[0]); v.truncate(1); put(s, v.len() as u64);",
    ),
    (
        "vec_sort",
        "",
        "let mut v = list.clone(); v.push(n); v.sort(); put(s, v[0]); v.sort_by(|a, b| b.cmp(a)); put(s, v[0]); v.sort_by_key(|x| (*x as i64 - 2).abs()); put(s, v[0]); v.reverse(); put(s, v[0]); v.dedup(); put(s, v.len() as u64);",
    ),
    (
        "vec_drain",
        "",
        "let mut v = vec![n, k, 5, 6]; for x in v.drain(1..3) { put(s, x); } put(s, v[1]); for x in v.drain(..1) { put(s, x + 10); } let rest: Vec<u64> = v.drain(..).collect(); put(s, rest[0]); put(s, v.len() as u64);",
    ),
    (
        "vec_retain",
        "",
        "let mut v = list.clone(); v.push(k); v.retain(|x| *x != n); for x in &v { put(s, *x); } v.retain_mut(|x| { *x += 1; true }); for x in &v { put(s, *x); }",
    ),
    (
        "vec_chunks",
        "",
        "for c in list.chunks(2) { put(s, c[0]); if let [a, b] = c { N.save(s, (*a, *b), &1)?; } } for w in list.windows(2) { N.save(s, (w[1], w[0]), &1)?; } let v = [n, k, 7, 8]; for c in v.chunks_exact(2) { N.save(s, (c[0], c[1]), &1)?; }",
    ),
    (
        "vec_zip",
        "",
        "for (a, b) in list.iter().zip(list.iter().skip(1)) { N.save(s, (*a, *b), &1)?; } for (a, b) in list.iter().rev().zip([n, k]) { N.save(s, (b, *a), &1)?; } let (x, y): (Vec<u64>, Vec<u64>) = list.iter().map(|x| (*x, x + n)).unzip(); for (a, b) in std::iter::zip(y, x) { N.save(s, (a, b), &1)?; }",
    ),
    (
        "vec_split",
        "",
        "let v = [n, k, 5]; let (a, b) = v.split_at(1); put(s, a[0]); put(s, b[0]); if let Some((first, rest)) = v.split_first() { put(s, *first); put(s, rest[1]); } if let Some((last, rest)) = v.split_last() { put(s, *last); put(s, rest[0]); } for part in v.split(|x| *x == k) { put(s, part.len() as u64); for x in part { put(s, *x + 4); } }",
    ),
    (
        "vec_split_mut",
        "",
        "let mut v = [n, k, 5]; { let (a, b) = v.split_at_mut(1); a[0] = b[1] + 1; b[0] = 8; std::mem::swap(&mut a[0], &mut b[1]); } for x in v { put(s, x); }",
    ),
    (
        "vec_extend",
        "",
        "let mut v = Vec::with_capacity(3); v.extend(list.iter().map(|x| x + 1)); v.extend_from_slice(&[n, k]); v.append(&mut vec![k + 1]); v.resize(9, n + 3); for x in v.iter().rev().take(5) { put(s, *x); } let t = v.split_off(2); put(s, t[0]); v.splice(0..1, [k]); put(s, v[0]);",
    ),
    (
        "vec_fill",
        "",
        "let mut v = [0u64; 3]; v.fill(n); v[1] = k; v.rotate_left(1); put(s, v[0]); v.copy_from_slice(&[k, n, 4]); put(s, v[0]); v[1..].copy_from_slice(&[6, 7]); put(s, v[1]); v.iter_mut().for_each(|x| *x += 1); put(s, v[2]); v.fill_with(|| n + 5); put(s, v[0]);",
    ),
    (
        "vec_binary_search",
        "",
        "let v = vec![1u64, 3, 5]; match v.binary_search(&n) { Ok(i) => put(s, i as u64), Err(i) => put(s, 10 + i as u64) } put(s, v.partition_point(|x| *x < k) as u64);",
    ),
    (
        "vec_concat",
        "",
        "let v = vec![vec![n], list.clone(), vec![k]]; for x in v.concat() { put(s, x); } for x in [[n, 1], [k, 2]].as_flattened() { put(s, *x + 1); } for x in vec![n; 2] { put(s, x + 2); } for x in [k, 1].repeat(2) { put(s, x + 3); }",
    ),
    (
        "vec_position",
        "",
        "if let Some(i) = list.iter().position(|x| *x == n) { put(s, i as u64); } if let Some(x) = list.iter().find(|x| **x > k) { put(s, *x); } if let Some(x) = list.iter().find_map(|x| x.checked_sub(2)) { put(s, x); } put(s, list.iter().rposition(|x| *x < 3).unwrap_or(9) as u64);",
    ),
    (
        "vec_first_last",
        "",
        "if let Some(x) = list.first() { put(s, *x); } if let Some(x) = list.last().copied() { put(s, x); } let mut v = list.clone(); if let Some(x) = v.first_mut() { *x = k; } if let Some(x) = v.get_mut(1) { *x = n; } for x in v { put(s, x); }",
    ),
    (
        "vec_get_range",
        "",
        "let v = [n, k, 3, 4]; if let Some(p) = v.get(1..3) { put(s, p[0]); put(s, p[1]); } put(s, v[2..][0]); put(s, v[..2].iter().sum::<u64>()); let [a, .., b] = v; N.save(s, (a, b), &1)?; if let [first, rest @ ..] = &v[1..] { put(s, *first); put(s, rest[0]); }",
    ),
    (
        "vec_iter_max",
        "",
        "put(s, *list.iter().max().unwrap_or(&n)); put(s, list.iter().copied().min().unwrap_or(k)); let x = list.iter().copied().max_by_key(|x| at(s, *x)).unwrap_or(7); put(s, x); put(s, list.iter().copied().min_by(|a, b| b.cmp(a)).unwrap_or(7)); put(s, list.iter().product());",
    ),
    (
        "deque",
        "",
        "let mut d = VecDeque::new(); d.push_back(n); d.push_front(k); d.extend(list); put(s, d[0]); put(s, d.pop_front().unwrap()); if let Some(x) = d.pop_back() { put(s, x); } d.rotate_left(0); put(s, *d.front().unwrap_or(&5)); d.push_back(8); put(s, *d.back().unwrap()); for x in d.iter() { put(s, x + 1); } d.make_contiguous().sort(); while let Some(x) = d.pop_front() { put(s, x); }",
    ),
    (
        "heap",
        "",
        "let mut h = BinaryHeap::from(list.clone()); h.push(n); put(s, *h.peek().unwrap()); while let Some(x) = h.pop() { put(s, x); if x == k { break; } } let mut h: BinaryHeap<_> = list.iter().map(|x| std::cmp::Reverse(*x)).collect(); if let Some(std::cmp::Reverse(x)) = h.pop() { put(s, x + 3); }",
    ),
    (
        "linked",
        "",
        "let mut l = LinkedList::new(); l.push_back(n); l.push_front(k); let mut o = LinkedList::from([7u64]); l.append(&mut o); for x in &l { put(s, *x); } put(s, l.pop_front().unwrap() + 1); put(s, *l.back().unwrap());",
    ),
    (
        "array_map",
        "",
        "let v = [n, k].map(|x| x + 1); put(s, v[0]); let w: [u64; 3] = std::array::from_fn(|i| i as u64 + k); put(s, w[2]); let [a, b] = [k, n].map(|x| at(s, x)); N.save(s, (a, b), &1)?;",
    ),
    (
        "array_2d",
        "",
        "let mut g = [[0u64; 2]; 2]; g[0][1] = n; g[1][0] = k; g[(n % 2) as usize][(k % 2) as usize] += 3; for row in &g { for x in row { put(s, *x); } }",
    ),
    (
        "array_try_into",
        "",
        "let a: [u64; 2] = vec![n, k].try_into().unwrap(); put(s, a[1]); if let Ok([x, y]) = <[u64; 2]>::try_from(list.as_slice()) { N.save(s, (x, y), &1)?; } if let Ok(b) = <&[u64; 1]>::try_from(&list[..]) { put(s, b[0]); }",
    ),
    (
        "option_chain",
        "",
        "let o = opt.map(|x| x + 1).filter(|x| *x != k).or(Some(n)); put(s, o.unwrap()); put(s, opt.and_then(|x| x.checked_sub(1)).unwrap_or_else(|| k)); put(s, opt.map_or_else(|| n, |x| x + k)); put(s, opt.xor(Some(3)).unwrap_or(n)); put(s, opt.zip(Some(k)).map(|(a, b)| a + b).unwrap_or(8)); put(s, opt.is_some_and(|x| x == n) as u64);",
    ),
    (
        "option_take",
        "",
        "let mut o = opt; let t = o.take(); put(s, t.unwrap_or(n)); put(s, o.unwrap_or(k)); let old = o.replace(n); put(s, old.unwrap_or(9)); *o.get_or_insert(3) += 1; put(s, o.unwrap()); let mut e: Option<u64> = None; *e.get_or_insert_with(|| k) += 1; put(s, e.unwrap()); put(s, *e.insert(n + 7)); put(s, e.take_if(|x| *x > 8).unwrap_or(11));",
    ),
    (
        "option_as_mut",
        "",
        "let mut o = opt; if let Some(x) = o.as_mut() { *x += n; } if let Some(x) = &mut o { *x += 1; } if let Some(ref mut x) = o { *x += k; } put(s, o.unwrap_or(0)); for x in o { put(s, x + 1); } for x in o.iter_mut() { *x = 2; } put(s, o.into_iter().chain([n]).next().unwrap());",
    ),
    (
        "option_effects",
        "",
        "let x = opt.or_else(|| M.may_load(s, n).unwrap()).unwrap_or_default(); put(s, x); opt.inspect(|x| put(s, *x + 3)); let y = opt.map(|x| { put(s, x + 4); x }).unwrap_or_else(|| { put(s, k + 5); 1 }); put(s, y); opt.ok_or_else(|| { M.remove(s, 77); StdError::generic_err(\"x\") })?;",
    ),
    (
        "option_transpose",
        "",
        "let r: StdResult<Option<u64>> = opt.map(|x| M.load(s, x)).transpose(); put(s, r?.unwrap_or(n)); let o: Option<Option<u64>> = Some(opt); put(s, o.flatten().unwrap_or(k)); let c: Option<Vec<u64>> = list.iter().map(|x| x.checked_sub(1)).collect(); for x in c.unwrap_or(vec![k]) { put(s, x); }",
    ),
    (
        "result_chain",
        "",
        "let r: Result<u64, u64> = if flag { Ok(n) } else { Err(k) }; put(s, r.unwrap_or_else(|e| e + 1)); put(s, r.map(|x| x + 1).map_err(|e| e + 2).unwrap_or(5)); put(s, r.or_else(|e| if e > 2 { Ok(e) } else { Err(e) }).unwrap_or_default()); put(s, r.ok().or(r.err()).unwrap()); put(s, match r { Ok(x) | Err(x) => x }); put(s, r.and_then(|x| x.checked_sub(1).ok_or(7)).unwrap_or_else(|e| e)); put(s, r.map_or(k, |x| x)); put(s, r.iter().copied().sum());",
    ),
    (
        "iter_filter_map",
        "",
        "for x in list.iter().filter_map(|x| x.checked_sub(n)) { put(s, x); } let v: Vec<u64> = list.iter().filter_map(|x| M.may_load(s, *x).unwrap()).collect(); for x in v { put(s, x); }",
    ),
    (
        "iter_flat_map",
        "",
        "for x in list.iter().flat_map(|x| vec![*x, x + n]) { put(s, x); } for x in list.iter().map(|x| Some(*x)).flatten() { put(s, x + k); } for x in [vec![n], list.clone()].into_iter().flatten() { put(s, x + 6); } for x in opt.iter().chain(&list).flat_map(|x| (0..*x).map(move |y| y + x)) { put(s, x); }",
    ),
    (
        "iter_take_while",
        "",
        "for x in list.iter().take_while(|x| **x != n) { put(s, *x); } for x in list.iter().skip_while(|x| **x != k) { M.remove(s, *x); } for x in list.iter().map_while(|x| x.checked_sub(1)) { put(s, x + 5); } for x in (0..).take_while(|x| *x < n) { put(s, x + 30); }",
    ),
    (
        "iter_scan",
        "",
        "for x in list.iter().scan(n, |st, x| { *st += x; Some(*st) }) { put(s, x); } let t = list.iter().fold(k, |a, x| { put(s, a); a + x }); put(s, t); let r = list.iter().copied().reduce(|a, b| a * 2 + b); put(s, r.unwrap_or(9)); let f: Option<u64> = list.iter().try_fold(9u64, |a, x| a.checked_sub(*x)); put(s, f.unwrap_or(n)); let f: StdResult<u64> = list.iter().try_fold(0, |a, x| Ok(a + M.load(s, *x)?)); put(s, f?);",
    ),
    (
        "iter_peekable",
        "",
        "let mut p = list.iter().copied().peekable(); while let Some(x) = p.next() { if let Some(y) = p.peek() { N.save(s, (x, *y), &1)?; } else { put(s, x); } if let Some(z) = p.next_if(|z| *z == n) { M.remove(s, z); } } let mut q = list.iter().peekable(); if q.next_if_eq(&&k).is_some() { put(s, 3); } if let Some(x) = q.peek_mut() { *x = &n; } for x in q { put(s, *x); }",
    ),
    (
        "iter_chain",
        "",
        "for x in [n].into_iter().chain(list.clone()).chain(opt).chain(std::iter::once(k)) { put(s, x); } for x in std::iter::repeat(n).take(2).chain(std::iter::empty()) { put(s, x + 2); } for x in std::iter::successors(Some(k), |x| x.checked_sub(1)) { put(s, x + 40); } for x in std::iter::once_with(|| n + 50) { put(s, x); } for x in std::iter::repeat_with(|| k + 60).take(1) { put(s, x); }",
    ),
    (
        "iter_step_by",
        "",
        "for x in (n..n + 5).step_by(2) { put(s, x); } for x in list.iter().step_by(2) { M.remove(s, *x); } for x in (0..=k).rev() { put(s, x); } for (i, x) in list.iter().enumerate().skip(1) { N.save(s, (i as u64, *x), &1)?; } if let Some(x) = list.iter().nth(1) { put(s, *x + 9); } if let Some(x) = list.iter().nth_back(0) { put(s, *x + 19); }",
    ),
    (
        "iter_by_ref",
        "",
        "let mut it = list.iter().copied(); for x in it.by_ref().take(1) { put(s, x); } for x in it.by_ref() { M.remove(s, x); if x == n { break; } } for x in it { put(s, x + 20); }",
    ),
    (
        "iter_partition",
        "",
        "let (a, b): (Vec<u64>, Vec<u64>) = list.iter().partition(|x| **x > n); for x in a { put(s, x); } for x in b { M.remove(s, x); } let mut it = list.iter(); let h: Vec<&u64> = it.by_ref().take(1).collect(); put(s, h.len() as u64); let l = it.last().copied().unwrap_or(k); put(s, l);",
    ),
    (
        "iter_any_effects",
        "",
        "if list.iter().any(|x| M.has(s, *x)) { put(s, n); } if list.iter().all(|x| N.has(s, (*x, k))) { put(s, k); } list.iter().for_each(|x| put(s, *x + 1)); let c = list.iter().map(|x| put(s, *x + 2)).count(); put(s, c as u64); list.iter().try_for_each(|x| M.save(s, *x + 3, &1))?; list.iter().map(|x| put(s, *x + 4)).last();",
    ),
    (
        "iter_lazy",
        "",
        "let mut cnt = 0; let mut it = list.iter().map(|x| { cnt += 1; x + n }); let a = it.next(); let b = it.next(); put(s, a.unwrap_or(8)); put(s, b.unwrap_or(9)); drop(it); put(s, cnt);",
    ),
    (
        "iter_inspect",
        "",
        "let v: Vec<u64> = list.iter().inspect(|x| M.remove(s, **x)).map(|x| x + 1).collect(); for x in v { put(s, x); } let mut last = n; list.iter().inspect(|x| last = **x).for_each(drop); put(s, last);",
    ),
    (
        "iter_cmp",
        "",
        "if list.iter().eq([n, k].iter()) { put(s, 1); } if list.iter().lt([n].iter()) { put(s, 2); } if list.is_sorted() { put(s, 3); } put(s, list.iter().max_by(|a, b| a.cmp(b)).copied().unwrap_or(k)); put(s, list.contains(&n) as u64); if list.starts_with(&[n]) { put(s, 4); }",
    ),
    (
        "iter_cycle",
        "",
        "for x in [n, k].iter().cycle().take(3) { put(s, *x); } for x in list.iter().rev().skip(1).cloned() { put(s, x + 1); } let mut it = [n, k, 5].into_iter(); put(s, it.next_back().unwrap()); put(s, it.next().unwrap()); put(s, it.len() as u64); put(s, it.as_slice()[0]);",
    ),
    (
        "iter_dedup_by",
        "",
        "let mut v = list.clone(); v.push(n); v.dedup_by_key(|x| *x / 2); for x in v.iter() { put(s, *x); } let mut w = vec![n, k]; w.dedup_by(|a, b| { put(s, *a); put(s, *b + 10); a == b }); put(s, w.len() as u64);",
    ),
    (
        "group_by_hand",
        "",
        "let mut groups: Vec<(u64, Vec<u64>)> = Vec::new(); for x in list { let g = x % 2; match groups.iter_mut().find(|(known, _)| *known == g) { Some((_, all)) => all.push(x), None => groups.push((g, vec![x])) } } groups.push((n, vec![k])); for (g, all) in &groups { for x in all { N.save(s, (*g, *x), &1)?; } }",
    ),
    (
        "collect_results",
        "",
        "let v: StdResult<Vec<u64>> = list.iter().map(|x| M.load(s, *x)).collect(); for x in v? { put(s, x); } let m: BTreeMap<u64, u64> = list.iter().map(|x| (*x, at(s, *x))).collect(); for (a, b) in m { N.save(s, (a, b), &1)?; } let t: u64 = list.iter().map(|x| at(s, *x + 1)).sum(); put(s, t); let q: StdResult<u64> = list.iter().map(|x| M.load(s, *x)).sum(); put(s, q?);",
    ),
    (
        "string_key",
        "",
        "let t = format!(\"{n}{k}\"); put(s, t.parse().unwrap()); let mut u = String::new(); u.push_str(&n.to_string()); u += \"1\"; put(s, u.parse::<u64>().unwrap()); put(s, t.len() as u64); let c: u64 = t.chars().filter_map(|c| c.to_digit(10)).map(u64::from).sum(); put(s, c); let v: Vec<u64> = \"3,4\".split(',').map(|x| x.parse().unwrap()).collect(); put(s, v[1]); let [a, b] = \"5-6\".split_once('-').map(|(a, b)| [a.parse::<u64>().unwrap(), b.parse().unwrap()]).unwrap(); N.save(s, (a, b), &1)?;",
    ),
    (
        "bytes_key",
        "",
        "let b = n.to_be_bytes(); put(s, b[7] as u64); put(s, u64::from_be_bytes(b)); let mut c = k.to_le_bytes(); c[0] += 1; put(s, u64::from_le_bytes(c)); put(s, u64::from_be_bytes([0, 0, 0, 0, 0, 0, 0, n as u8])); put(s, b.iter().map(|x| *x as u64).sum());",
    ),
    (
        "casts",
        "",
        "put(s, (n + 254) as u8 as u64); put(s, (n as i64 - 3) as u64 % 7); put(s, n.wrapping_sub(3) % 11); put(s, n.saturating_sub(2)); put(s, n.abs_diff(k)); put(s, n.pow(2)); put(s, n.checked_sub(k).unwrap_or(12)); put(s, n.overflowing_sub(k).1 as u64); put(s, u64::from(flag)); put(s, n.rotate_left(1)); put(s, n.min(k)); put(s, n.clamp(1, 3)); put(s, n.is_power_of_two() as u64); put(s, !n & 7); put(s, n ^ k); put(s, n << 1 | k >> 1); put(s, u64::try_from(n as i64 - 2).unwrap_or(13)); put(s, n.div_ceil(2)); put(s, n.rem_euclid(3)); put(s, (n as f64 / 2.0) as u64);",
    ),
];
