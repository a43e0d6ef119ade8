//! What the effect engine finds in small contracts: one test a construct or trap. Tests named `_unsound` guard against
//! missed accesses, those named `_imprecise` against guesses that are too wide.

mod common;

use common::{analyse_fixture, analyse_text, lines};

const HEAD: &str = r#"
use cosmwasm_std::*;
use std::collections::{BTreeMap, HashMap};
use cw_storage_plus::*;
pub const A: Item<u64> = Item::new("a");
pub const B: Item<u64> = Item::new("b");
pub const M: Map<&Addr, u64> = Map::new("m");
pub const N: Map<(&Addr, u64), u64> = Map::new("n");
pub const OWNER: Item<Addr> = Item::new("owner");
pub enum ExecuteMsg { Go { to: String, n: u64, list: Vec<String> } }
"#;

/// The footprint of `execute::go` whose handler is this body. In scope: `deps`, `env`, `info`, `to`, `n`, `list`.
fn go(body: &str) -> Vec<String> {
    go_with(body, "")
}

fn go_with(body: &str, items: &str) -> Vec<String> {
    let text = format!(
        "{HEAD}\n{items}\n#[entry_point]\npub fn execute(mut deps: DepsMut, env: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {{\n\
         let ExecuteMsg::Go {{ to, n, list }} = msg;\n{body}\n}}\n"
    );
    lines(&analyse_text(&text), "execute::go")
}

#[test]
fn plain_reads_and_writes() {
    assert_eq!(go("A.save(deps.storage, &n)?; Ok(Response::new())"), ["write A"]);
    assert_eq!(
        go("let x = A.load(deps.storage)?; B.save(deps.storage, &x)?; Ok(Response::new())"),
        ["read A", "write B"]
    );
}

#[test]
fn keys_of_caller_arguments_and_constants() {
    assert_eq!(
        go(
            "let a = deps.api.addr_validate(&to)?; M.save(deps.storage, &a, &n)?; N.save(deps.storage, (&info.sender, 7), &n)?; Ok(Response::new())"
        ),
        ["write M[to]", "write N[caller, 7]"]
    );
}

#[test]
fn a_reassigned_name_is_another_value_unsound() {
    let found = go(
        "let mut key = info.sender.clone(); if n > 3 { key = deps.api.addr_validate(&to)?; } M.save(deps.storage, &key, &n)?; Ok(Response::new())",
    );
    assert_eq!(found, ["write M[caller]", "write M[to]"]);
}

#[test]
fn a_name_changed_in_a_loop_is_anything_unsound() {
    let found = go(
        "let mut i = 0u64; while i < n { N.save(deps.storage, (&info.sender, i), &n)?; i += 1; } Ok(Response::new())",
    );
    assert_eq!(found, ["write N[caller, any]"]);
}

#[test]
fn elements_of_a_list_are_its_elements() {
    let found = go(
        "for each in list.iter() { let a = deps.api.addr_validate(each)?; M.save(deps.storage, &a, &n)?; } Ok(Response::new())",
    );
    assert_eq!(found, ["write M[list[]]"]);
}

#[test]
fn iterator_adaptors_run_where_they_are_consumed_unsound() {
    let found = go(
        "list.iter().map(|each| { let a = deps.api.addr_validate(each)?; M.save(deps.storage, &a, &n) }).collect::<StdResult<Vec<_>>>()?; Ok(Response::new())",
    );
    assert_eq!(found, ["write M[list[]]"]);
    let found = go(
        "list.iter().filter(|x| A.load(deps.storage).is_ok()).for_each(|_| { B.remove(deps.storage); }); Ok(Response::new())",
    );
    assert_eq!(found, ["delete B", "read A"]);
}

#[test]
fn unconsumed_iterators_do_nothing_imprecise() {
    assert_eq!(
        go("let _unused = list.iter().map(|_| A.load(deps.storage)); Ok(Response::new())"),
        Vec::<String>::new()
    );
}

#[test]
fn a_load_after_an_own_write_is_not_the_initial_value_unsound() {
    let found = go(
        "OWNER.save(deps.storage, &info.sender)?; let o = OWNER.load(deps.storage)?; M.save(deps.storage, &o, &n)?; Ok(Response::new())",
    );
    assert_eq!(found, ["update OWNER", "write M[caller]"]);
    let found = go("let o = OWNER.load(deps.storage)?; M.save(deps.storage, &o, &n)?; Ok(Response::new())");
    assert_eq!(found, ["read OWNER", "write M[load(OWNER)]"]);
}

#[test]
fn additions_commute_only_unobserved_unsound() {
    assert_eq!(
        go("A.update(deps.storage, |x| -> StdResult<_> { Ok(x + n) })?; Ok(Response::new())"),
        ["commute(add) A"]
    );
    let returned = go(
        "let x = A.update(deps.storage, |x| -> StdResult<_> { Ok(x + n) })?; Ok(Response::new().add_attribute(\"x\", x.to_string()))",
    );
    assert_eq!(returned, ["update A"]);
    let branched = go(
        "let x = A.load(deps.storage)?; if x > 5 { B.remove(deps.storage); } A.save(deps.storage, &(x + n))?; Ok(Response::new())",
    );
    assert_eq!(branched, ["delete B", "update A"]);
    let saturating =
        go("A.update(deps.storage, |x| -> StdResult<_> { Ok(x.saturating_sub(n)) })?; Ok(Response::new())");
    assert_eq!(saturating, ["update A"]);
    let keyed = go(
        "let x = A.load(deps.storage)?; N.save(deps.storage, (&info.sender, x), &n)?; A.save(deps.storage, &(x + 1))?; Ok(Response::new())",
    );
    assert_eq!(keyed, ["update A", "write N[caller, load(A)]"]);
    let stored = go(
        "let x = A.load(deps.storage)?; B.save(deps.storage, &x)?; A.save(deps.storage, &(x + 1))?; Ok(Response::new())",
    );
    assert_eq!(stored, ["update A", "write B"]);
    let doubled = go("let x = A.load(deps.storage)?; A.save(deps.storage, &(x + x))?; Ok(Response::new())");
    assert_eq!(doubled, ["update A"]);
}

#[test]
fn a_limit_is_a_bound() {
    let capped = go(
        "let x = A.load(deps.storage)? + n; if x > 1000 { return Err(StdError::generic_err(\"cap\")); } A.save(deps.storage, &x)?; Ok(Response::new())",
    );
    assert_eq!(capped, ["commute(add, bounded) A"]);
    let by_state = go(
        "let x = A.load(deps.storage)? + n; if x > B.load(deps.storage)? { return Err(StdError::generic_err(\"cap\")); } A.save(deps.storage, &x)?; Ok(Response::new())",
    );
    assert_eq!(by_state, ["commute(add, bounded) A", "read B"]);
    let by_itself = go(
        "let old = A.load(deps.storage)?; if old + n > old * 2 { return Err(StdError::generic_err(\"cap\")); } A.save(deps.storage, &(old + n))?; Ok(Response::new())",
    );
    assert_eq!(by_itself, ["update A"]);
}

#[test]
fn deltas_at_keys_that_may_be_equal_stay_deltas_when_they_do_not_overlap() {
    let transfer = go(
        "let a = deps.api.addr_validate(&to)?; M.update(deps.storage, &info.sender, |x| -> StdResult<_> { x.unwrap_or_default().checked_sub(n).ok_or(StdError::generic_err(\"\")) })?; M.update(deps.storage, &a, |x| -> StdResult<_> { Ok(x.unwrap_or_default() + n) })?; Ok(Response::new())",
    );
    assert_eq!(transfer, ["commute(add) M[to]", "commute(sub, bounded) M[caller]"]);
    let overlapping = go(
        "let a = deps.api.addr_validate(&to)?; let x = M.load(deps.storage, &info.sender)?; let y = M.load(deps.storage, &a)?; M.save(deps.storage, &info.sender, &(x - n))?; M.save(deps.storage, &a, &(y + n))?; Ok(Response::new())",
    );
    assert_eq!(overlapping, ["update M[caller]", "update M[to]"]);
}

#[test]
fn a_counter_in_a_loop_is_no_single_delta_unsound() {
    let found = go("for _ in 0..n { A.update(deps.storage, |x| -> StdResult<_> { Ok(x + 1) })?; } Ok(Response::new())");
    assert_eq!(found, ["update A"]);
}

#[test]
fn a_write_of_one_round_is_read_by_the_next_unsound() {
    let found = go(
        "for _ in 0..n { let o = OWNER.load(deps.storage)?; M.save(deps.storage, &o, &n)?; OWNER.save(deps.storage, &info.sender)?; } Ok(Response::new())",
    );
    assert_eq!(found, ["update OWNER", "write M[any]"]);
}

#[test]
fn a_closure_handed_to_unseen_code_runs_any_number_of_times_unsound() {
    let found = go(
        "let mut i = 0u64; other::each(list, |_| { i += 1; }); N.save(deps.storage, (&info.sender, i), &n)?; Ok(Response::new())",
    );
    assert_eq!(found, ["write N[caller, any]"]);
}

#[test]
fn helpers_closures_aliases_and_function_values_unsound() {
    let items = "fn set(s: &mut dyn Storage, n: u64) -> StdResult<()> { A.save(s, &n) }\n\
                 fn apply(f: fn(&mut dyn Storage, u64) -> StdResult<()>, s: &mut dyn Storage, n: u64) -> StdResult<()> { f(s, n) }\n\
                 struct Ops { f: fn(&mut dyn Storage, u64) -> StdResult<()> }";
    assert_eq!(go_with("set(deps.storage, n)?; Ok(Response::new())", items), ["write A"]);
    assert_eq!(go_with("apply(set, deps.storage, n)?; Ok(Response::new())", items), ["write A"]);
    assert_eq!(go_with("let o = Ops { f: set }; (o.f)(deps.storage, n)?; Ok(Response::new())", items), ["write A"]);
    assert_eq!(go("let s = &mut *deps.storage; let t = &A; t.save(s, &n)?; Ok(Response::new())"), ["write A"]);
    assert_eq!(
        go("let mut put = |k: &Addr| M.save(deps.storage, k, &n); put(&info.sender)?; Ok(Response::new())"),
        ["write M[caller]"]
    );
    assert_eq!(
        go("let mut d = deps.branch(); A.save(d.storage, &n)?; B.remove(deps.branch().storage); Ok(Response::new())"),
        ["delete B", "write A"]
    );
}

#[test]
fn traits_generics_and_defaults_unsound() {
    let items = "trait Put { const AT: Item<u64>; fn put(&self, s: &mut dyn Storage, n: u64) -> StdResult<()> { Self::AT.save(s, &n) } fn del(&self, s: &mut dyn Storage); }\n\
                 struct X; struct Y;\n\
                 impl Put for X { const AT: Item<u64> = Item::new(\"a\"); fn del(&self, s: &mut dyn Storage) { A.remove(s) } }\n\
                 impl Put for Y { const AT: Item<u64> = Item::new(\"b\"); fn del(&self, s: &mut dyn Storage) { B.remove(s) } }\n\
                 fn run<P: Put>(p: P, s: &mut dyn Storage, n: u64) -> StdResult<()> { p.put(s, n) }\n\
                 fn pick(n: u64) -> Box<dyn Put> { if n > 1 { Box::new(X) } else { Box::new(Y) } }";
    let named = |found: Vec<String>| found.iter().map(|line| line.replace("AT", "?")).collect::<Vec<_>>();
    assert_eq!(named(go_with("run(X, deps.storage, n)?; Ok(Response::new())", items)).len(), 1);
    assert_eq!(go_with("let p: &dyn Put = &Y; p.del(deps.storage); Ok(Response::new())", items), ["delete B"]);
    let either = go_with("pick(n).del(deps.storage); Ok(Response::new())", items);
    assert!(either.contains(&"delete A".to_owned()) && either.contains(&"delete B".to_owned()), "{either:?}");
}

#[test]
fn macros_of_the_contract_unsound() {
    let items = "macro_rules! put { ($s:expr, $($cell:ident),*) => { $( $cell.save($s, &1)?; )* } }";
    assert_eq!(go_with("put!(deps.storage, A, B); Ok(Response::new())", items), ["write A", "write B"]);
}

#[test]
fn calls_that_cannot_be_seen_are_unknown_only_with_a_handle() {
    let with = go("other::touch(deps.storage, n); Ok(Response::new())");
    assert!(with.iter().any(|line| line.starts_with("? ")), "{with:?}");
    let without = go("let x = other::compute(n); M.save(deps.storage, &info.sender, &x)?; Ok(Response::new())");
    assert_eq!(without, ["write M[caller]"]);
    let captured = go("let f = || A.load(deps.storage); other::each(f); Ok(Response::new())");
    // Whoever has a closure can call it, and nothing else: what it captured is used by its own code alone.
    assert_eq!(captured, ["read A"]);
    let given = go("let f = || &deps; other::each(f); Ok(Response::new())");
    assert!(given.iter().any(|line| line.starts_with("? ")), "{given:?}");
}

#[test]
fn state_after_an_unknown_call_is_not_initial_unsound() {
    let found = go(
        "other::touch(deps.storage); let o = OWNER.load(deps.storage)?; M.save(deps.storage, &o, &n)?; Ok(Response::new())",
    );
    assert!(found.contains(&"write M[any]".to_owned()), "{found:?}");
}

#[test]
fn recursion_ends_and_covers_deeper_rounds_unsound() {
    let items = "fn down(s: &mut dyn Storage, who: &Addr, i: u64) -> StdResult<()> { if i == 0 { return Ok(()); } N.save(s, (who, i), &i)?; down(s, who, i - 1) }";
    let found = go_with("down(deps.storage, &info.sender, n)?; Ok(Response::new())", items);
    assert!(found.iter().any(|line| line.contains("any")), "{found:?}");
}

#[test]
fn changes_through_mutable_references_unsound() {
    let items = "struct S { key: Addr, n: u64 } fn move_to(s: &mut S, a: Addr) { s.key = a; }";
    let found = go_with(
        "let mut s = S { key: info.sender.clone(), n }; move_to(&mut s, deps.api.addr_validate(&to)?); M.save(deps.storage, &s.key, &s.n)?; Ok(Response::new())",
        items,
    );
    assert_eq!(found, ["write M[to]"]);
    let matched = go_with(
        "let mut s = Some(S { key: info.sender.clone(), n }); if let Some(x) = s.as_mut() { x.key = deps.api.addr_validate(&to)?; } M.save(deps.storage, &s.unwrap().key, &n)?; Ok(Response::new())",
        items,
    );
    assert_eq!(matched, ["write M[to]"]);
    let swapped = go_with(
        "let mut a = info.sender.clone(); let mut b = deps.api.addr_validate(&to)?; std::mem::swap(&mut a, &mut b); M.save(deps.storage, &a, &n)?; Ok(Response::new())",
        items,
    );
    assert!(!swapped.contains(&"write M[caller]".to_owned()) || swapped.len() > 1, "{swapped:?}");
    assert!(swapped.iter().any(|line| line.contains("[to]") || line.contains("any")), "{swapped:?}");
}

#[test]
fn caught_errors_do_not_end_the_call_unsound() {
    let items = "fn try_it(s: &mut dyn Storage, key: &mut Addr, a: Addr) -> StdResult<u64> { *key = a; A.load(s) }";
    let found = go_with(
        "let mut key = info.sender.clone(); let other = deps.api.addr_validate(&to)?; if try_it(deps.storage, &mut key, other).is_err() { M.save(deps.storage, &key, &n)?; } Ok(Response::new())",
        items,
    );
    assert!(found.contains(&"write M[to]".to_owned()), "{found:?}");
    let observed = go(
        "let x = match A.load(deps.storage) { Ok(x) => x, Err(_) => { B.remove(deps.storage); 0 } }; A.save(deps.storage, &(x + n))?; Ok(Response::new())",
    );
    assert_eq!(observed, ["delete B", "update A"]);
    // A limit behind which a helper fails is seen by whoever catches the failure, however the helper is written.
    for body in [
        "let x = A.load(s)? + n; if x > 100 { return Err(StdError::generic_err(\"cap\")); } A.save(s, &x)",
        "let x = A.load(s)? + n; if x > 100 { Err(StdError::generic_err(\"cap\")) } else { A.save(s, &x) }",
        "let x = A.load(s)?; match x.checked_add(n) { Some(x) => A.save(s, &x), None => Err(StdError::generic_err(\"cap\")) }",
        "let x = A.load(s)?; let Some(x) = x.checked_add(n) else { return Err(StdError::generic_err(\"cap\")) }; A.save(s, &x)",
        "let x = A.load(s)?; let x = x.checked_add(n).ok_or(StdError::generic_err(\"cap\"))?; A.save(s, &x)",
        "let x = A.load(s)?; ensure!(x + n <= 100, StdError::generic_err(\"cap\")); A.save(s, &(x + n))",
    ] {
        let items = format!("fn raise(s: &mut dyn Storage, n: u64) -> StdResult<()> {{ {body} }}");
        let plain = go_with("raise(deps.storage, n)?; Ok(Response::new())", &items);
        assert!(plain[0].starts_with("commute(add"), "{body}: {plain:?}");
        let caught =
            go_with("if raise(deps.storage, n).is_err() { B.remove(deps.storage); } Ok(Response::new())", &items);
        assert_eq!(caught, ["delete B", "update A"], "{body}");
        let option =
            go_with("if raise(deps.storage, n).ok().is_none() { B.remove(deps.storage); } Ok(Response::new())", &items);
        assert_eq!(option, ["delete B", "update A"], "{body}");
    }
}

#[test]
fn match_guards_let_else_and_early_returns_unsound() {
    let guard = go(
        "match n { 1 if A.load(deps.storage)? > 2 => B.remove(deps.storage), _ => OWNER.remove(deps.storage) } Ok(Response::new())",
    );
    assert_eq!(guard, ["delete B", "delete OWNER", "read A"]);
    let let_else = go(
        "let Some(x) = M.may_load(deps.storage, &info.sender)? else { A.remove(deps.storage); return Ok(Response::new()); }; B.save(deps.storage, &x)?; Ok(Response::new())",
    );
    assert_eq!(let_else, ["delete A", "read M[caller]", "write B"]);
    let labelled = go(
        "'outer: loop { loop { if n > 1 { A.remove(deps.storage); break 'outer; } B.remove(deps.storage); } } OWNER.remove(deps.storage); Ok(Response::new())",
    );
    assert_eq!(labelled, ["delete A", "delete B", "delete OWNER"]);
}

#[test]
fn a_struct_with_one_field_changed() {
    let items = "pub struct C { owner: Addr, total: u64 } pub const C: Item<C> = Item::new(\"c\");";
    let found = go_with(
        "let mut c = C.load(deps.storage)?; c.total += n; C.save(deps.storage, &c)?; Ok(Response::new())",
        items,
    );
    assert!(found.iter().any(|line| line.ends_with("C.total")), "{found:?}");
}

const CONFIG: &str = "pub struct Cfg { pub total: u64, pub owner: Addr, pub cap: Option<u64> }\npub const CONF: Item<Cfg> = Item::new(\"conf\");";

#[test]
fn a_delta_on_a_field_beside_reads_of_others_imprecise() {
    let of = |body: &str| go_with(&format!("{body} Ok(Response::new())"), CONFIG);
    assert_eq!(
        of("CONF.update(deps.storage, |mut c| -> StdResult<_> { c.total += n; Ok(c) })?;"),
        ["commute(add) CONF.total"]
    );
    assert_eq!(
        of(
            "let mut c = CONF.load(deps.storage)?; if c.owner != info.sender { return Err(StdError::generic_err(\"no\")); } c.total += n; CONF.save(deps.storage, &c)?;"
        ),
        ["commute(add) CONF.total", "read CONF.owner"]
    );
    // The cap is another field: a bound of the sum, and read.
    assert_eq!(
        of(
            "let mut c = CONF.load(deps.storage)?; c.total += n; if let Some(cap) = c.cap { if c.total > cap { return Err(StdError::generic_err(\"cap\")); } } CONF.save(deps.storage, &c)?;"
        ),
        ["commute(add, bounded) CONF.total", "read CONF.cap"]
    );
}

#[test]
fn a_field_that_is_seen_does_not_commute_unsound() {
    let of = |body: &str| go_with(&format!("{body} Ok(Response::new())"), CONFIG);
    let update = ["update CONF.total"];
    let seen = |found: Vec<String>| assert!(found.iter().all(|line| !line.contains("commute")), "{found:?}");
    assert_eq!(of("CONF.update(deps.storage, |mut c| -> StdResult<_> { c.total = c.total * 2; Ok(c) })?;"), update);
    seen(of(
        "let mut c = CONF.load(deps.storage)?; if c.total > 5 { B.remove(deps.storage); } c.total += n; CONF.save(deps.storage, &c)?;",
    ));
    seen(of(
        "let c = CONF.update(deps.storage, |mut c| -> StdResult<_> { c.total += n; Ok(c) })?; B.save(deps.storage, &c.total)?;",
    ));
    seen(of(
        "let mut c = CONF.load(deps.storage)?; c.total += n; CONF.save(deps.storage, &c)?; let d = CONF.load(deps.storage)?; B.save(deps.storage, &d.total)?;",
    ));
    // The limit is the changed field itself.
    seen(of(
        "let mut c = CONF.load(deps.storage)?; let old = c.total; c.total += n; if c.total > old { return Err(StdError::generic_err(\"x\")); } CONF.save(deps.storage, &c)?;",
    ));
    // The amount is the field itself.
    seen(of("let mut c = CONF.load(deps.storage)?; c.total += c.total; CONF.save(deps.storage, &c)?;"));
    // A stale copy goes back over the sum.
    seen(of(
        "let mut c = CONF.load(deps.storage)?; let mut d = CONF.load(deps.storage)?; c.total += n; CONF.save(deps.storage, &c)?; d.owner = info.sender.clone(); CONF.save(deps.storage, &d)?;",
    ));
    // The field moves into another.
    assert_eq!(
        go_with(
            "CONF.update(deps.storage, |mut c| -> StdResult<_> { c.cap = Some(c.total); c.total += n; Ok(c) })?; Ok(Response::new())",
            CONFIG
        ),
        ["update CONF.cap", update[0]]
    );
}

#[test]
fn money_that_moves_is_an_access() {
    assert_eq!(
        go("Ok(Response::new().add_message(BankMsg::Send { to_address: to, amount: vec![] }))"),
        ["commute(add) <balance>[to]", "commute(sub, bounded) <balance>[self]"]
    );
    // Attached money that the code looks at has been moved; a check that there is none has not.
    assert_eq!(
        go("let coin = info.funds.first().unwrap(); A.save(deps.storage, &n)?; Ok(Response::new())"),
        ["commute(add) <balance>[self]", "commute(sub, bounded) <balance>[caller]", "write A"]
    );
    assert_eq!(
        go(
            "if !info.funds.is_empty() { return Err(StdError::generic_err(\"keep it\")); } A.save(deps.storage, &n)?; Ok(Response::new())"
        ),
        ["write A"]
    );
    // Who asks for the balance sees it.
    let asked = go(
        "let b = deps.querier.query_balance(env.contract.address.clone(), \"x\")?; Ok(Response::new().add_message(BankMsg::Send { to_address: to, amount: vec![b] }))",
    );
    // (`to` may be the contract itself.)
    assert_eq!(asked, ["update <balance>[self]", "update <balance>[to]"]);
}

#[test]
fn operators_and_conversions_of_the_contract_run_unsound() {
    let items = "struct K<'a>(&'a Addr); impl From<K<'_>> for Addr { fn from(k: K) -> Addr { Addr::unchecked(format!(\"x{}\", k.0)) } }";
    let found =
        go_with("let key: Addr = K(&info.sender).into(); M.save(deps.storage, &key, &n)?; Ok(Response::new())", items);
    assert_eq!(found, ["write M[any]"]);
}

#[test]
fn two_consts_with_one_namespace_are_one_cell_unsound() {
    let analysis = analyse_text(&format!(
        "{HEAD}\npub const A2: Item<u64> = Item::new(\"a\");\n#[entry_point]\npub fn execute(deps: DepsMut, env: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {{ A.save(deps.storage, &1)?; A2.load(deps.storage)?; Ok(Response::new()) }}"
    ));
    assert_eq!(analysis.contracts[0].cells.len(), 1);
    assert_eq!(lines(&analysis, "execute::go"), ["update A"]);
}

#[test]
fn the_token_fixture() {
    let analysis = analyse_fixture("cosmwasm/token");
    let all: Vec<String> = analysis.contracts[0]
        .entries
        .iter()
        .map(|entry| {
            format!("{} ({:?})\n    {}", entry.name, entry.callers, lines(&analysis, &entry.name).join("\n    "))
        })
        .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn the_same_bytes_every_time() {
    let first = analyse_fixture("cosmwasm/token").contracts;
    for _ in 0..3 {
        assert_eq!(analyse_fixture("cosmwasm/token").contracts, first);
    }
}

#[test]
fn operators_conversions_and_drops_are_code_unsound() {
    let items = "struct S<'a>(&'a mut dyn Storage);\n\
                 impl std::ops::AddAssign<u64> for S<'_> { fn add_assign(&mut self, n: u64) { A.save(self.0, &n).unwrap(); } }\n\
                 impl std::ops::Neg for S<'_> { type Output = u64; fn neg(self) -> u64 { A.load(self.0).unwrap() } }\n\
                 impl PartialEq<u64> for S<'_> { fn eq(&self, _: &u64) -> bool { A.exists(self.0) } }\n\
                 impl PartialOrd<u64> for S<'_> { fn partial_cmp(&self, n: &u64) -> Option<std::cmp::Ordering> { A.load(self.0).ok()?.partial_cmp(n) } }";
    assert_eq!(go_with("let mut s = S(deps.storage); s += n; Ok(Response::new())", items), ["write A"]);
    assert_eq!(go_with("let _x = -S(deps.storage); Ok(Response::new())", items), ["read A"]);
    assert_eq!(
        go_with("if S(deps.storage) < n { return Err(StdError::generic_err(\"\")); } Ok(Response::new())", items),
        ["read A"]
    );
    let items = "struct T(u64);\n\
                 impl TryFrom<(&mut dyn Storage, u64)> for T { type Error = StdError; fn try_from(x: (&mut dyn Storage, u64)) -> StdResult<T> { A.save(x.0, &x.1)?; Ok(T(1)) } }\n\
                 impl Into<T> for &mut dyn Storage { fn into(self) -> T { B.remove(self); T(2) } }";
    assert_eq!(go_with("let _t: T = (deps.storage, n).try_into()?; Ok(Response::new())", items), ["write A"]);
    let items = "struct G<'a> { s: &'a mut dyn Storage, key: Addr }\n\
                 impl Drop for G<'_> { fn drop(&mut self) { let _ = M.save(self.s, &self.key, &1); } }\n\
                 fn make<'a>(s: &'a mut dyn Storage, key: Addr) -> G<'a> { G { s, key } }";
    assert_eq!(
        go_with(
            "let mut g = make(deps.storage, info.sender.clone()); g.key = deps.api.addr_validate(&to)?; Ok(Response::new())",
            items
        ),
        ["write M[any]"]
    );
    assert_eq!(go_with("make(deps.storage, info.sender.clone()); Ok(Response::new())", items), ["write M[any]"]);
}

#[test]
fn adaptors_of_an_own_iterator_imprecise() {
    let items = "struct I<'a> { s: &'a dyn Storage, n: u64 }\n\
                 impl Iterator for I<'_> { type Item = u64; fn next(&mut self) -> Option<u64> { self.n = self.n.checked_sub(1)?; A.load(self.s).ok() } }";
    assert_eq!(
        go_with(
            "let _x: u64 = I { s: deps.storage, n }.map(|x| x + 1).filter(|x| *x > 2).sum(); Ok(Response::new())",
            items
        ),
        ["read A"]
    );
}

#[test]
fn a_guard_behind_an_optional_owner_names_the_caller() {
    let items = "pub const O: Item<Option<Addr>> = Item::new(\"o\");\n\
        fn is_admin(deps: Deps, who: &Addr) -> StdResult<bool> { match O.load(deps.storage)? { Some(owner) => Ok(who == owner), None => Ok(false) } }\n\
        fn assert_admin(deps: Deps, who: &Addr) -> Result<(), StdError> { if !is_admin(deps, who)? { Err(StdError::generic_err(\"no\")) } else { Ok(()) } }";
    let text = |body: &str| {
        format!(
            "{HEAD}\n{items}\n#[entry_point]\npub fn execute(mut deps: DepsMut, env: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {{ {body} A.save(deps.storage, &1)?; Ok(Response::new()) }}"
        )
    };
    let callers = |body: &str| format!("{:?}", analyse_text(&text(body)).contracts[0].entries[0].callers);
    assert_eq!(
        callers("if !is_admin(deps.as_ref(), &info.sender)? { return Err(StdError::generic_err(\"no\")); }"),
        "Address(\"O\")"
    );
    assert_eq!(callers("assert_admin(deps.as_ref(), &info.sender)?;"), "Address(\"O\")");
}

#[test]
fn the_right_side_of_an_assignment_runs_first_unsound() {
    let found =
        go("let mut i = n; i += { i = 7; 0 }; N.save(deps.storage, (&info.sender, i), &n)?; Ok(Response::new())");
    assert!(!found.contains(&"write N[caller, n]".to_owned()), "{found:?}");
}

#[test]
fn what_comes_after_an_early_return_is_not_always_done_unsound() {
    for body in [
        "if n > 1 { if n < 5 { return Ok(Response::new()); } } A.save(deps.storage, &n)?; Ok(Response::new())",
        "for _ in list.iter() { if n > 1 { return Ok(Response::new()); } } A.save(deps.storage, &n)?; Ok(Response::new())",
        "match n { 0 => {} 1 => { if list.len() > 2 { return Ok(Response::new()); } } _ => {} } A.save(deps.storage, &n)?; Ok(Response::new())",
    ] {
        let text = format!(
            "{HEAD}\n#[entry_point]\npub fn execute(mut deps: DepsMut, env: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {{\n\
             let ExecuteMsg::Go {{ to, n, list }} = msg;\n{body}\n}}\n"
        );
        let analysis = analyse_text(&text);
        let entry = &analysis.contracts[0].entries[0];
        assert_eq!(entry.accesses[0].certainty, crosslane_analyzer::ir::Certainty::Sometimes, "{body}");
    }
}

#[test]
fn a_delta_is_one_only_at_a_key_that_is_certainly_the_same_unsound() {
    let found = go(
        "let a = if n > 1 { 1 } else { 2 }; let b = if list.len() > 1 { 1 } else { 2 }; let x = N.load(deps.storage, (&info.sender, a))?; N.save(deps.storage, (&info.sender, b), &(x + n))?; Ok(Response::new())",
    );
    assert!(!found.iter().any(|line| line.starts_with("commute")), "{found:?}");
    let found = go(
        "let a = n % 3; let b = list.len() as u64; let x = N.load(deps.storage, (&info.sender, a))?; N.save(deps.storage, (&info.sender, b), &(x + n))?; Ok(Response::new())",
    );
    assert!(!found.iter().any(|line| line.starts_with("commute")), "{found:?}");
}

/// Maps in memory are lists of pairs: what is a key and what a value is told wherever it comes out again.
#[test]
fn maps_in_memory_keep_keys_and_values_apart_unsound() {
    let found = |fill: &str, take: &str| {
        go(&format!(
            "let a = info.sender.clone(); let b = deps.api.addr_validate(&to)?; {fill} {take} Ok(Response::new())"
        ))
    };
    let save = |key: &str| format!("M.save(deps.storage, {key}, &n)?;");
    let each = |pattern: &str, of: &str, key: &str| format!("for {pattern} in {of} {{ {} }}", save(key));
    let (keys, values) = (["write M[caller]"], ["write M[to]"]);
    for fill in [
        "let mut m = HashMap::new(); m.insert(a, b);",
        "let mut m: BTreeMap<Addr, Addr> = BTreeMap::new(); m.insert(a, b);",
        "let mut m = BTreeMap::default(); m.insert(a.clone(), a.clone()); m.clear(); m.insert(a, b);",
        "let m = BTreeMap::from([(a, b)]);",
        "let m: BTreeMap<_, _> = vec![(a, b)].into_iter().collect();",
        "let mut m = BTreeMap::new(); m.extend([(a, b)]);",
        "let mut m: HashMap<Addr, Addr> = HashMap::new(); m.entry(a).or_insert(b);",
    ] {
        let take = [
            each("(k, _)", "m", "&k"),
            each("(k, _)", "m.iter()", "k"),
            each("k", "m.keys()", "k"),
            each("k", "m.into_keys()", "&k"),
            each("(k, _)", "m.into_iter().collect::<Vec<_>>()", "&k"),
        ];
        assert_eq!(found(fill, &take.join(" ")), keys, "{fill}");
        let take = [
            each("(_, v)", "&m", "v"),
            each("v", "m.values()", "v"),
            each("v", "m.into_values()", "&v"),
            save("&m[&info.sender]"),
            save("m.get(&info.sender).unwrap()"),
        ];
        assert_eq!(found(fill, &take.join(" ")), values, "{fill}");
    }
    // Pairs as values are no entries.
    let pairs = "let mut m = HashMap::new(); m.insert(a, (b.clone(), b));";
    assert_eq!(found(pairs, &each("(k, _)", "m", "&k")), keys);
    assert_eq!(found(pairs, &each("v", "m.values()", "&v.0")), values);
    // What is changed in place is what is there.
    let changed = "let mut m = BTreeMap::new(); m.insert(a.clone(), a); for v in m.values_mut() { *v = b.clone(); }";
    let found = found(changed, &save("&m[&info.sender]"));
    assert!(found.iter().any(|line| line == "write M[to]" || line == "write M[any]"), "{found:?}");
}

#[test]
fn sets_order_what_they_are_given_unsound() {
    let both = ["write M[caller]", "write M[to]"];
    for take in ["m.first().unwrap()", "m.get(&info.sender).unwrap()"] {
        for make in ["BTreeSet::from([a, b])", "vec![a, b].into_iter().collect::<BTreeSet<_>>()"] {
            let found = go(&format!(
                "use std::collections::BTreeSet; let a = info.sender.clone(); let b = deps.api.addr_validate(&to)?; \
                 let m = {make}; M.save(deps.storage, {take}, &n)?; Ok(Response::new())"
            ));
            assert_eq!(found, both, "{make} {take}");
        }
    }
}

#[test]
fn maps_know_the_types_of_what_they_hold() {
    let items = "pub struct Cache { held: BTreeMap<u64, Vec<Addr>> }
        impl Cache { fn get(&mut self, at: u64, who: &Addr) -> Option<Vec<Addr>> {
            if let Some(known) = self.held.get(&at) { return Some(known.clone()); }
            self.held.insert(at, vec![who.clone()]);
            self.held.remove(&(at + 1));
            self.held.get(&at).cloned()
        } }";
    let found = go_with(
        "let mut cache = Cache { held: BTreeMap::new() };
         for at in 0..n { if let Some(list) = cache.get(at, &info.sender) { for i in 0..list.len() {
             let who = list.get(i).unwrap(); M.save(deps.storage, &who, &n)?;
             list.iter().for_each(|w| { A.load(deps.storage); });
         } } }
         Ok(Response::new())",
        items,
    );
    assert!(found.iter().all(|line| !line.starts_with("? ")), "{found:?}");
}

/// `f19(x)`, which takes more steps than an entry point has.
fn long() -> String {
    let mut text = "fn f0(x: u64) -> u64 { x + 1 }\n".to_owned();
    for at in 1..20 {
        let before = at - 1;
        text += &format!("fn f{at}(x: u64) -> u64 {{ f{before}(x) + f{before}(x + {at}) }}\n");
    }
    text
}

#[test]
fn long_work_without_access_to_state_does_not_hide_what_follows_imprecise() {
    let found = go_with(
        "let x = f19(n); N.save(deps.storage, (&info.sender, x), &n)?; A.save(deps.storage, &x)?; Ok(Response::new())",
        &long(),
    );
    assert_eq!(found, ["write A", "write N[caller, any]"]);
}

#[test]
fn long_work_may_change_what_it_is_lent_and_what_it_is_given_runs_unsound() {
    let items = long() + "fn fill(x: u64, list: &mut Vec<Addr>, other: &Addr) { f19(x); list.push(other.clone()); }";
    let found = go_with(
        "let mut all = vec![info.sender.clone()]; let a = deps.api.addr_validate(&to)?; fill(n, &mut all, &a);
         M.save(deps.storage, &all[0], &n)?; Ok(Response::new())",
        &items,
    );
    assert_eq!(found, ["write M[any]"]);
    // Messages that are made after long work are not lost.
    let items = long()
        + "fn pay(x: u64, to: &str) -> Vec<CosmosMsg> { let y = f19(x); vec![BankMsg::Send { to_address: to.to_string(), amount: vec![] }.into()] }
           fn add(x: u64, out: &mut Response, to: &str) { f19(x); out.messages.push(SubMsg::new(BankMsg::Send { to_address: to.to_string(), amount: vec![] })); }";
    for body in [
        "Ok(Response::new().add_messages(pay(n, &to)))",
        "let mut out = Response::new(); add(n, &mut out, &to); Ok(out)",
    ] {
        let found = go_with(body, &items);
        assert!(found.contains(&"commute(add) <balance>[to]".to_owned()), "{found:?}");
    }
    // What is handed over has access, so the work counts, and what follows it is not known.
    let items =
        long() + "fn with<F: FnOnce(u64) -> StdResult<()>>(x: u64, f: F) -> StdResult<()> { let y = f19(x); f(y) }";
    let found =
        go_with("with(n, |y| A.save(deps.storage, &y))?; B.save(deps.storage, &n)?; Ok(Response::new())", &items);
    assert!(found.iter().any(|line| line.contains("write A") || line.contains("unknown")), "{found:?}");
}

#[test]
fn forwarding_to_references_is_for_types_that_have_the_trait_imprecise() {
    let found = go_with(
        "let who = info.sender; let all: Vec<_> = N.prefix(&who).range(deps.storage, None, None, Order::Ascending).collect();
         Ok(Response::new())",
        "pub trait Pick { fn prefix(&self) -> Vec<u8>; }
         impl<T: Pick> Pick for &T { fn prefix(&self) -> Vec<u8> { (**self).prefix() } }
         impl Pick for u8 { fn prefix(&self) -> Vec<u8> { vec![*self] } }",
    );
    assert_eq!(found, ["scan N[caller, ..]"]);
}
