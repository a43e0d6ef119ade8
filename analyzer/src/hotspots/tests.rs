//! Cures on small manifests: what they change, what they yield, and where they are not offered.

use super::*;
use crate::chains;

fn contract(cells: &str, entries: &str) -> Contract {
    let text = format!(
        r#"{{ "version": 1, "contracts": [ {{ "name": "c", "chain": {{ "model": "keyed", "rules": 1 }}, "cells": [{cells}], "entries": [{entries}] }} ] }}"#
    );
    crate::manifest::read(&text).unwrap().contracts.remove(0)
}

fn setting<'a>(contract: &'a Contract, chain: &str) -> Setting<'a> {
    Setting {
        contract,
        chain: chains::get(chain).unwrap(),
        scope: Scope::Own,
        lanes: None,
        calls: 400,
        profile: Profile::of(contract),
        costs: Costs::new(),
        seed: 1,
    }
}

const BALANCE: &str = r#"{ "id": "BAL", "keys": [{ "address": "text" }], "value": { "uint": 128 } }"#;
const TOTAL: &str = r#"{ "id": "TOTAL", "value": { "uint": 128 } }"#;
const ADD: &str = r#""mode": "commute", "op": { "group": "add", "name": "add", "default": 0 }"#;

#[test]
fn a_total_nobody_reads_is_deleted_or_split() {
    let this = contract(
        &format!("{BALANCE}, {TOTAL}"),
        &format!(
            r#"{{ "name": "stake", "accesses": [{{ "cell": "BAL", "key": ["caller"], "mode": "update" }}, {{ "cell": "TOTAL", {ADD} }}] }},
               {{ "name": "total", "kind": "view", "accesses": [{{ "cell": "TOTAL", "mode": "read" }}] }}"#
        ),
    );
    let setting = setting(&this, "keyed");
    let before = setting.run().unwrap();
    assert_eq!((before.lanes, before.serial, before.makespan), (LANES, 400, 400));
    assert!(before.hot[0].name.cell == "TOTAL" && before.hot[0].share > 0.99, "{:?}", before.hot[0]);
    assert_eq!(before.hot[0].entries, [("stake".to_owned(), 1.0)]);
    let ranked = setting.rank(&before).unwrap();
    let changes: Vec<&Change> = ranked[0].cures.iter().map(|(cure, _)| &cure.change).collect();
    let cell = || "TOTAL".to_owned();
    assert_eq!(changes, [&Change::Delete { cell: cell() }, &Change::Shards { cell: cell() }]);
    assert_eq!(ranked[0].readers, ["total"]);
    let [(_, deleted), (cure, split)] = ranked[0].cures.as_slice() else { panic!() };
    assert!(deleted.speedup() > 12.0, "{}", deleted.speedup());
    assert!((7.5..=8.1).contains(&split.ceiling()), "{}", split.ceiling());
    assert_eq!(cure.cost.as_deref(), Some("`total` must read all of them"));
}

/// The cap case: whoever checks a limit needs the sum.
#[test]
fn no_receivers_where_somebody_looks_at_the_sum() {
    let bounded = ADD.replace("\"mode\"", r#""bounds": [{ "side": "upper", "limit": { "const": 9 } }], "mode""#);
    let this = contract(TOTAL, &format!(r#"{{ "name": "mint", "accesses": [{{ "cell": "TOTAL", {bounded} }}] }}"#));
    let found = cures(&this, "TOTAL");
    assert!(found.offered.is_empty(), "{found:?}");
    let text = found.not_offered.unwrap();
    assert_eq!(text, "splitting `TOTAL` into several receivers; `mint` would have to read them all to check the limit");
    let read = contract(
        TOTAL,
        &format!(
            r#"{{ "name": "add", "accesses": [{{ "cell": "TOTAL", {ADD} }}] }},
               {{ "name": "pay", "accesses": [{{ "cell": "TOTAL", "mode": "read" }}] }}"#
        ),
    );
    assert!(cures(&read, "TOTAL").offered.is_empty());
    assert!(cures(&read, "TOTAL").not_offered.unwrap().contains("`pay` would have to read them all"));
    // A key that is loaded from the cell depends on it as well.
    let keyed = contract(
        &format!("{TOTAL}, {BALANCE}"),
        &format!(
            r#"{{ "name": "add", "accesses": [{{ "cell": "TOTAL", {ADD} }}, {{ "cell": "BAL", "key": [{{ "load": {{ "cell": "TOTAL", "key": [] }} }}], "mode": "write" }}] }}"#
        ),
    );
    assert!(cures(&keyed, "TOTAL").offered.is_empty());
}

/// The reserves of a pool: the next price depends on the last trade.
#[test]
fn what_depends_on_itself_is_inherent() {
    let pool = r#"{ "id": "POOL", "value": { "struct": "Pool", "fields": [{ "name": "x", "type": { "uint": 128 } }, { "name": "y", "type": { "uint": 128 } }] } }"#;
    let this = contract(
        pool,
        r#"{ "name": "swap", "accesses": [{ "cell": "POOL", "field": "x", "mode": "update" }, { "cell": "POOL", "field": "y", "mode": "update" }] }"#,
    );
    let found = cures(&this, "POOL");
    assert!(found.offered.is_empty() && found.not_offered.is_none(), "{found:?}");
    assert_eq!(found.inherent.as_deref(), Some("what `swap` writes to `POOL` depends on what was there before"));
}

#[test]
fn fields_that_different_calls_need_are_kept_apart() {
    let info = r#"{ "id": "INFO", "value": { "struct": "Info", "fields": [{ "name": "owner", "type": { "address": "text" } }, { "name": "supply", "type": { "uint": 128 } }] } }"#;
    let this = contract(
        &format!("{info}, {BALANCE}"),
        r#"{ "name": "burn", "accesses": [{ "cell": "INFO", "field": "supply", "mode": "update" }] },
           { "name": "pay", "accesses": [{ "cell": "INFO", "field": "owner", "mode": "read" }, { "cell": "BAL", "key": ["caller"], "mode": "update" }] }"#,
    );
    let this_setting = setting(&this, "keyed");
    let before = this_setting.run().unwrap();
    let ranked = this_setting.rank(&before).unwrap();
    let (cure, after) = &ranked[0].cures[0];
    assert_eq!(cure.change, Change::Split { cell: "INFO".to_owned() });
    assert!(after.critical < before.critical);
}

#[test]
fn a_lock_nobody_needs() {
    let accounts = |written: &str| {
        format!(
            r#"[{{ "name": "state", "writable": true, "identity": {{ "const": "s" }}, "written": "{written}" }},
                {{ "name": "user", "writable": true, "signer": true, "identity": {{ "account": "user" }}, "written": "yes" }}]"#
        )
    };
    let entry = |written: &str| format!(r#"{{ "name": "settle", "accesses": [], "accounts": {} }}"#, accounts(written));
    let needless = contract("", &entry("no"));
    let mut this = setting(&needless, "solana");
    // Compute units, so that the chain's own limits count.
    for own in this.profile.entries.values_mut() {
        own.cost = Some(200_000);
    }
    let before = this.run().unwrap();
    let room = before.room.clone().unwrap();
    assert_eq!((room.calls, room.full.as_str()), (120, "`state`"));
    assert_eq!(room.limit.unwrap().name, "account");
    let ranked = this.rank(&before).unwrap();
    let (cure, after) = &ranked[0].cures[0];
    assert_eq!(cure.change, Change::Unlock { entries: vec!["settle".to_owned()], account: "state".to_owned() });
    assert_eq!(after.room.as_ref().unwrap().calls, 300);
    let needed = contract("", &entry("yes"));
    assert!(cures(&needed, "state").offered.is_empty());
    assert!(cures(&needed, "state").inherent.is_some());
}

#[test]
fn findings_know_their_change() {
    let this = contract(TOTAL, &format!(r#"{{ "name": "add", "accesses": [{{ "cell": "TOTAL", {ADD} }}] }}"#));
    let entries = ["add".to_owned()];
    assert_eq!(of_finding(&this, "XL102", Some("TOTAL"), &entries), Some(Change::Delete { cell: "TOTAL".to_owned() }));
    assert_eq!(of_finding(&this, "XL102", Some("NONE"), &entries), None);
    assert_eq!(of_finding(&this, "XL190", Some("TOTAL"), &entries), None);
}

#[test]
fn cures_add_up_one_after_the_other() {
    let count = TOTAL.replace("TOTAL", "COUNT");
    let this = contract(
        &format!("{BALANCE}, {TOTAL}, {count}"),
        &format!(
            r#"{{ "name": "stake", "accesses": [{{ "cell": "BAL", "key": ["caller"], "mode": "update" }},
                {{ "cell": "TOTAL", {ADD} }}, {{ "cell": "COUNT", {ADD} }}] }}"#
        ),
    );
    let setting = setting(&this, "keyed");
    let before = setting.run().unwrap();
    // Either alone leaves the other in the way.
    let first = setting.what_if(&Change::Delete { cell: "TOTAL".to_owned() }).unwrap();
    assert_eq!(first.makespan, before.makespan);
    assert!(setting.rank(&before).unwrap().iter().all(|ranked| ranked.cures.is_empty()));
    let together = setting.together(&before).unwrap();
    assert_eq!(together.len(), 2, "{together:?}");
    assert!(together[1].1.speedup() > 12.0, "{together:?}");
    let both = [Change::Delete { cell: "TOTAL".to_owned() }, Change::Shards { cell: "COUNT".to_owned() }];
    assert!((7.5..=8.1).contains(&setting.with(&both).unwrap().ceiling()));
}

#[test]
fn the_next_cure_is_that_of_what_is_hottest_then() {
    let count = TOTAL.replace("TOTAL", "COUNT");
    let this = contract(
        &format!("{BALANCE}, {TOTAL}, {count}"),
        &format!(
            r#"{{ "name": "stake", "accesses": [{{ "cell": "BAL", "key": ["caller"], "mode": "update" }}, {{ "cell": "TOTAL", {ADD} }}] }},
               {{ "name": "play", "accesses": [{{ "cell": "BAL", "key": ["caller"], "mode": "update" }}, {{ "cell": "COUNT", {ADD} }}] }}"#
        ),
    );
    let setting = setting(&this, "keyed");
    let before = setting.run().unwrap();
    let together = setting.together(&before).unwrap();
    assert_eq!(together.len(), 2, "{together:?}");
    assert!(together[1].1.speedup() > together[0].1.speedup() && together[1].1.speedup() > 12.0, "{together:?}");
}
