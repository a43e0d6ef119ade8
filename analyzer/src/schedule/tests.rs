//! Manifests, batches and schedules together: the batch rule, canonical arguments, prefixes, bad input, whole files.

use std::fmt::Write as _;

use crate::conflicts::evaluate::World;
use crate::manifest;

use super::io::*;
use super::testing::Rng;
use super::*;

/// A token with a counter, a configuration that keys are loaded from, a list of recipients and a scan.
pub(crate) const TOKEN: &str = r#"{ "version": 1, "contracts": [ {
  "name": "token", "package": "token", "framework": "none", "chain": { "model": "keyed", "rules": 1 }, "assumes": ["no-overflow"],
  "cells": [
    { "id": "BAL", "storage": { "kind": "map", "prefix": "balance" }, "keys": [{ "address": "text" }], "value": { "uint": 128 } },
    { "id": "CONFIG", "storage": { "kind": "item", "prefix": "config" }, "value": { "struct": "Config", "fields": [{ "name": "owner", "type": { "address": "text" } }] } },
    { "id": "INFO", "storage": { "kind": "item", "prefix": "info" }, "value": { "struct": "Info", "fields": [{ "name": "supply", "type": { "uint": 128 } }, { "name": "name", "type": "string" }] } },
    { "id": "SEEN", "storage": { "kind": "map", "prefix": "seen" }, "keys": [{ "uint": 64 }], "value": "bool" }
  ],
  "entries": [
    { "name": "transfer", "params": [{ "name": "to", "type": { "address": "text" } }, { "name": "amount", "type": { "uint": 128 } }],
      "accesses": [ { "cell": "BAL", "key": ["caller"], "mode": "update" },
        { "cell": "BAL", "key": [{ "arg": "to" }], "mode": "commute", "op": { "group": "add", "name": "add", "default": 0 } } ] },
    { "name": "burn", "params": [{ "name": "amount", "type": { "uint": 128 } }],
      "accesses": [ { "cell": "BAL", "key": ["caller"], "mode": "update" },
        { "cell": "INFO", "field": "supply", "mode": "commute", "presence": "keeps", "op": { "group": "add", "name": "sub" } } ] },
    { "name": "set_owner", "params": [{ "name": "owner", "type": { "address": "text" } }],
      "accesses": [ { "cell": "CONFIG", "mode": "write" } ] },
    { "name": "pay_owner", "params": [],
      "accesses": [ { "cell": "CONFIG", "mode": "read" },
        { "cell": "BAL", "key": [{ "load": { "cell": "CONFIG", "key": [], "field": "owner" } }], "mode": "write" } ] },
    { "name": "set", "params": [{ "name": "who", "type": { "address": "text" } }],
      "accesses": [ { "cell": "BAL", "key": [{ "arg": "who" }], "mode": "write" } ] },
    { "name": "airdrop", "params": [{ "name": "to", "type": { "list": { "struct": "To", "fields": [{ "name": "who", "type": { "address": "text" } }, { "name": "n", "type": { "uint": 64 } }] } } }],
      "accesses": [ { "cell": "BAL", "key": [{ "arg": "to[].who", "elem": 1 }], "mode": "commute", "op": { "group": "add", "name": "add", "default": 0 } } ] },
    { "name": "mark", "params": [{ "name": "n", "type": { "uint": 64 } }],
      "accesses": [ { "cell": "SEEN", "key": [{ "arg": "n" }], "mode": "write" } ] },
    { "name": "audit", "params": [], "accesses": [ { "cell": "BAL", "key": [{ "prefix": [] }], "mode": "scan" } ] },
    { "name": "migrate", "params": [], "accesses": [], "unknowns": [{ "reason": "unresolved-call", "reach": "contract" }] },
    { "name": "plug", "params": [], "accesses": [], "external": [{ "target": { "arg": "at" }, "mode": "call", "linked": false }] }
  ] } ] }"#;

pub(crate) fn evaluator(chain: &str) -> Evaluator {
    let manifest = manifest::read(TOKEN).unwrap();
    Evaluator::new(&[manifest], &EvaluatorOptions { chain: Some(chain.to_owned()), ..EvaluatorOptions::default() })
        .unwrap()
}

pub(crate) fn load(
    evaluator: &Evaluator,
    state: &str,
    lines: &str,
    options: &IngestOptions,
) -> Result<Loaded, InputError> {
    let state = read_state(&mut state.as_bytes(), evaluator).unwrap();
    read_batch(&mut lines.as_bytes(), evaluator, &state, options)
}

fn conflict(evaluator: &Evaluator, a: &str, b: &str) -> bool {
    let lines = format!("{a}\n{b}\n");
    let loaded = load(evaluator, "", &lines, &IngestOptions::default()).unwrap();
    levels(&loaded.batch, &mut Workspace::new())[1] == 1
}

#[test]
fn spellings_of_one_argument_are_one_unit() {
    let this = evaluator("keyed");
    let mark = |id: &str, n: &str| format!(r#"{{"id":"{id}","entry":"mark","args":{{"n":{n}}}}}"#);
    assert!(conflict(&this, &mark("a", "5"), &mark("b", "\"05\"")));
    assert!(conflict(&this, &mark("a", "5"), &mark("b", "\"0x5\"")));
    assert!(!conflict(&this, &mark("a", "5"), &mark("b", "6")));
    let set = |id: &str, who: &str| format!(r#"{{"id":"{id}","entry":"set","args":{{"who":"{who}"}}}}"#);
    assert!(conflict(
        &this,
        &set("a", "al"),
        r#"{"id":"b","entry":"transfer","caller":"al","args":{"to":"bo","amount":"1"}}"#
    ));
    assert!(conflict(
        &this,
        &set("a", "bo"),
        r#"{"id":"b","entry":"transfer","caller":"al","args":{"to":"bo","amount":"1"}}"#
    ));
    assert!(!conflict(
        &this,
        &set("a", "cy"),
        r#"{"id":"b","entry":"transfer","caller":"al","args":{"to":"bo","amount":"1"}}"#
    ));
    // Another instance has other units.
    assert!(!conflict(
        &this,
        r#"{"id":"a","address":"t1","entry":"set","args":{"who":"x"}}"#,
        r#"{"id":"b","address":"t2","entry":"set","args":{"who":"x"}}"#
    ));
}

#[test]
fn lists_prefixes_and_unknowns_meet_what_is_below_them() {
    let this = evaluator("keyed");
    let drop = r#"{"id":"a","entry":"airdrop","args":{"to":[{"who":"x","n":1},{"who":"y","n":2}]}}"#;
    for (who, expected) in [("x", true), ("y", true), ("z", false)] {
        assert_eq!(conflict(&this, drop, &format!(r#"{{"id":"b","entry":"set","args":{{"who":"{who}"}}}}"#)), expected);
    }
    let audit = r#"{"id":"b","entry":"audit"}"#;
    let mark = r#"{"id":"c","entry":"mark","args":{"n":1}}"#;
    let migrate = r#"{"id":"d","entry":"migrate"}"#;
    let set = r#"{"id":"e","entry":"set","args":{"who":"x"}}"#;
    assert!(conflict(&this, drop, audit) && conflict(&this, audit, set) && conflict(&this, set, audit));
    assert!(!conflict(&this, audit, r#"{"id":"f","entry":"audit"}"#));
    assert!(!conflict(&this, audit, mark));
    assert!(conflict(&this, mark, migrate) && conflict(&this, migrate, audit) && conflict(&this, migrate, set));
    assert!(!conflict(&this, migrate, r#"{"id":"f","address":"elsewhere","entry":"set","args":{"who":"x"}}"#));
    let plug = r#"{"id":"p","entry":"plug"}"#;
    assert!(conflict(&this, plug, r#"{"id":"f","address":"elsewhere","entry":"set","args":{"who":"x"}}"#));
}

#[test]
fn deltas_merge_by_field() {
    let merge = evaluator("merge");
    let burn =
        |id: &str, who: &str| format!(r#"{{"id":"{id}","entry":"burn","caller":"{who}","args":{{"amount":1}}}}"#);
    assert!(!conflict(&merge, &burn("a", "x"), &burn("b", "y")));
    assert!(conflict(&evaluator("keyed"), &burn("a", "x"), &burn("b", "y")));
    assert!(conflict(&merge, &burn("a", "x"), &burn("b", "x")));
    let serial = evaluator("account-serial");
    assert!(conflict(&serial, &burn("a", "x"), r#"{"id":"b","entry":"mark","args":{"n":1}}"#));
    let occ = evaluator("occ");
    let set = |id: &str| format!(r#"{{"id":"{id}","entry":"set","args":{{"who":"x"}}}}"#);
    assert!(!conflict(&occ, &set("a"), &set("b")));
    assert!(conflict(&occ, &set("a"), r#"{"id":"b","entry":"audit"}"#));
    assert!(!conflict(&occ, r#"{"id":"b","entry":"audit"}"#, &set("a")));
}

/// MODEL §3: B writes BAL[load(CONFIG).owner], C writes BAL[x], A sets the owner to x; after A, B and C collide.
#[test]
fn loads_are_evaluated_on_the_snapshot_only_if_nobody_writes_them_before() {
    let state = r#"{"address":"token","cell":"CONFIG","key":[],"value":{"owner":"old"}}"#;
    let a = r#"{"id":"A","entry":"set_owner","args":{"owner":"x"}}"#;
    let b = r#"{"id":"B","entry":"pay_owner"}"#;
    let c = r#"{"id":"C","entry":"set","args":{"who":"x"}}"#;
    for chain in ["keyed", "occ", "merge"] {
        let this = evaluator(chain);
        let waits = |lines: &[&str], order: Order| {
            let options = IngestOptions { order, ..IngestOptions::default() };
            let loaded = load(&this, state, &lines.join("\n"), &options).unwrap();
            let graph = ClassGraph::new(&loaded.batch, &mut GraphWorkspace::default());
            (graph.successors(1).any(|next| next == 2), loaded.unresolved)
        };
        // Under `occ` blind writes never wait for one another; a reader shows the widened key.
        let reader = r#"{"id":"C","entry":"transfer","caller":"x","args":{"to":"y","amount":1}}"#;
        let last = if chain == "occ" { reader } else { c };
        assert_eq!(waits(&[a, b, last], Order::Preserve), (true, 1), "{chain}");
        // Without A the owner is `old`, and B and C never meet.
        assert_eq!(
            waits(&[r#"{"id":"A","entry":"mark","args":{"n":1}}"#, b, last], Order::Preserve),
            (false, 0),
            "{chain}"
        );
        // A behind both is ordered after B, whose load it cannot change.
        let late = [b, last, a].join("\n");
        let loaded = load(&this, state, &late, &IngestOptions::default()).unwrap();
        assert_eq!(loaded.unresolved, 0, "{chain}");
        // In free order A may run first wherever it stands.
        let options = IngestOptions { order: Order::Free, ..IngestOptions::default() };
        assert_eq!(load(&this, state, &late, &options).unwrap().unresolved, 1, "{chain}");
        // The rule switched off: the conflict is missed.
        let manifest_state = read_state(&mut state.as_bytes(), &this).unwrap();
        let mut builder =
            BatchBuilder::new(&this, &manifest_state, Order::Preserve, Limits::default()).without_load_rule();
        let mut call = Call::default();
        for line in [a, b, last] {
            this.decode(&CallLine::parse(line).unwrap(), &mut call).unwrap();
            builder.push(&call, 1, false).unwrap();
        }
        let graph = ClassGraph::new(&builder.finish().unwrap(), &mut GraphWorkspace::default());
        assert!(!graph.successors(1).any(|next| next == 2), "{chain}: the rule makes no difference");
    }
}

#[test]
fn bad_lines_name_line_and_field() {
    let this = evaluator("keyed");
    let good = r#"{"id":"g","entry":"mark","args":{"n":1}}"#;
    for (line, field, text) in [
        (r#"{"id":"a","contract":"nft","entry":"mark","args":{"n":1}}"#, "contract", "no contract `nft`"),
        (r#"{"id":"a","entry":"fly"}"#, "entry", "no entry `fly`"),
        (r#"{"id":"a","entry":"mark"}"#, "args.n", "is missing"),
        (r#"{"id":"a","entry":"mark","args":{"n":true}}"#, "args.n", "unsigned integer of 64 bits"),
        (r#"{"id":"a","entry":"mark","args":{"n":-1}}"#, "args.n", "out of range"),
        (r#"{"id":"a","entry":"mark","args":{"n":1.5}}"#, "args.n", "fraction"),
        (r#"{"id":"a","entry":"mark","args":{"n":1,"m":2}}"#, "args", "no such parameter"),
        (r#"{"id":"a","entry":"mark","args":{"n":1,"n":2}}"#, "args.n", "given twice"),
        (
            r#"{"id":"a","entry":"airdrop","args":{"to":[{"who":"x","n":1},{"who":2,"n":1}]}}"#,
            "args.to[1].who",
            "address",
        ),
        (r#"{"id":"a","entry":"mark","args":{"n":1},"cost":-4}"#, "cost", "found -4"),
        (r#"{"id":"a","entry":"mark","args":{"n":1},"cost":"NaN"}"#, "cost", "NaN"),
        (r#"{"id":"a","entry":"transfer","args":{"to":"x","amount":1}}"#, "caller", "is missing"),
        (r#"{"id":"g","entry":"mark","args":{"n":2}}"#, "id", "also the id of call 1"),
        (r#"{"id":"a","entry":"mark","args":{"n":1},"#, "", "cut off"),
        (r#"{"entry":"mark","args":{"n":1}}"#, "", "missing field `id`"),
        (r#"{"id":"a","entry":"mark","arg":{"n":1}}"#, "", "unknown field `arg`"),
        ("\u{7}", "", "column 1"),
    ] {
        let lines = format!("{good}\n{line}");
        let error = load(&this, "", &lines, &IngestOptions::default()).unwrap_err();
        let InputError::Line(bad) = &error else { panic!("{error}") };
        assert_eq!((bad.line, bad.field.as_str()), (2, field), "{error}");
        assert!(error.to_string().contains(text), "{error}");
        assert!(!error.to_string().contains(" at line "), "{error}");
        if field == "id" {
            continue;
        }
        // Kept going, the call conflicts with everything.
        let options = IngestOptions { keep_going: true, ..IngestOptions::default() };
        let loaded = load(&this, "", &lines, &options).unwrap();
        assert_eq!((loaded.len(), loaded.bad.len()), (2, 1));
        assert_eq!(levels(&loaded.batch, &mut Workspace::new()), [0, 1], "{line}");
    }
}

#[test]
fn transactions_are_one_node_and_csv_is_the_same() {
    let this = evaluator("keyed");
    let json = "{\"id\":\"a\",\"tx\":\"t\",\"entry\":\"mark\",\"args\":{\"n\":1},\"cost\":3}\n\
        {\"id\":\"b\",\"tx\":\"t\",\"entry\":\"mark\",\"args\":{\"n\":2},\"cost\":4}\n\
        {\"id\":\"c\",\"entry\":\"mark\",\"args\":{\"n\":2}}\n";
    let loaded = load(&this, "", json, &IngestOptions::default()).unwrap();
    assert_eq!((loaded.batch.costs(), &loaded.nodes[..]), (&[7, 1][..], &[0, 0, 1][..]));
    let csv = "id,tx,entry,args.n,cost\na,t,mark,1,3\nb,t,mark,\"2\",4\nc,,mark,2,\n";
    let again = load(&this, "", csv, &IngestOptions { format: Format::Csv, ..IngestOptions::default() }).unwrap();
    assert_eq!(again.batch, loaded.batch);
    let torn = format!("{json}{}", "{\"id\":\"d\",\"tx\":\"t\",\"entry\":\"mark\",\"args\":{\"n\":2}}");
    assert!(load(&this, "", &torn, &IngestOptions::default()).unwrap_err().to_string().contains("stand together"));
}

/// A thousand transfers and a thousand burns among a thousand users.
pub(crate) fn thousand() -> String {
    let mut rng = Rng::new(11);
    let mut lines = String::new();
    for i in 0..1_000 {
        let (from, to) = (rng.below(1_000), rng.below(1_000));
        let cost = 50 + rng.below(50);
        writeln!(lines, r#"{{"id":"t{i}","entry":"transfer","caller":"user{from}","args":{{"to":"user{to}","amount":"{i}"}},"cost":{cost}}}"#).unwrap();
        writeln!(lines, r#"{{"id":"b{i}","entry":"burn","caller":"user{to}","args":{{"amount":{i}}},"cost":{cost}}}"#)
            .unwrap();
    }
    lines
}

fn written(this: &Evaluator, loaded: &Loaded, request: &Request) -> String {
    let planned = plan(&loaded.batch, request);
    let report = Report {
        loaded,
        included: None,
        batch: &loaded.batch,
        planned: &planned,
        evaluator: this,
        order: request.order,
        left_out: &[],
        edges: false,
    };
    let mut out = Vec::new();
    write_schedule(&report, 2, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn thousand_transfers_and_burns_are_verified_and_tampering_is_found() {
    let lines = thousand();
    let manifest = manifest::read(TOKEN).unwrap();
    let mut rng = Rng::new(3);
    let mut found = 0;
    for chain in ["keyed", "occ", "merge"] {
        let this = evaluator(chain);
        let mut world = World::new(&manifest);
        world.chain = crate::chains::get(chain).unwrap();
        for threads in [1, 2] {
            let loaded = load(&this, "", &lines, &IngestOptions { threads, ..IngestOptions::default() }).unwrap();
            let text = written(&this, &loaded, &Request { lanes: 16, ..Request::default() });
            let file = read_schedule(&text).unwrap();
            assert_eq!(check_schedule(&world, &loaded, &file), [] as [&str; 0], "{chain}");
            if threads == 2 {
                continue;
            }
            if chain != "merge" {
                assert!(
                    file.hot_units.iter().any(|unit| unit.cell == "INFO") || chain == "occ",
                    "{:?}",
                    file.hot_units
                );
            }
            let checker = Checker::new(&world, &loaded, Order::Preserve).unwrap();
            for round in 0..340 {
                let mut bad = file.clone();
                let (at, other) = (rng.below(2_000) as usize, rng.below(2_000) as usize);
                let what = match round % 12 {
                    0 => {
                        bad.calls[at].end += 1 + rng.below(9);
                        "end"
                    }
                    1 => {
                        bad.calls[at].lane = 16 + rng.below(4) as u32;
                        "lane"
                    }
                    2 => {
                        drop(bad.calls.remove(at));
                        "removed"
                    }
                    3 => {
                        let copy = bad.calls[at].clone();
                        bad.calls.push(copy);
                        "doubled"
                    }
                    4 => {
                        bad.calls[at].wave += 1 + rng.below(3) as u32;
                        "wave"
                    }
                    5 => {
                        bad.makespan -= 1 + rng.below(100);
                        "makespan"
                    }
                    6 => {
                        bad.serial_cost += 1;
                        "serial"
                    }
                    7 => {
                        bad.speedup += 0.01;
                        "speedup"
                    }
                    8 => {
                        bad.lower_bound = bad.makespan + 1;
                        "bound"
                    }
                    9 => {
                        bad.calls[at].id = format!("x{at}");
                        "id"
                    }
                    // One call moved onto the time and lane of another.
                    10 => {
                        let to = bad.calls[if at == other { (at + 1) % 2_000 } else { other }].clone();
                        let cost = bad.calls[at].end - bad.calls[at].start;
                        bad.calls[at].start = to.start;
                        bad.calls[at].end = to.start + cost;
                        bad.calls[at].lane = to.lane;
                        "moved"
                    }
                    _ => {
                        bad.critical_path.push("nobody".to_owned());
                        "path"
                    }
                };
                let problems = checker.check(&bad);
                assert!(!problems.is_empty(), "{chain}: {what} of call {at} was not found");
                found += 1;
            }
        }
    }
    assert!(found >= 1_000, "{found}");
}

#[test]
fn same_bytes_whatever_the_number_of_threads() {
    let this = evaluator("merge");
    let lines = thousand();
    let mut texts = Vec::new();
    for threads in [1, 2, 3, 7] {
        let loaded = load(&this, "", &lines, &IngestOptions { threads, ..IngestOptions::default() }).unwrap();
        texts.push(written(&this, &loaded, &Request { lanes: 4, ..Request::default() }));
    }
    assert!(texts.windows(2).all(|pair| pair[0] == pair[1]));
}

/// Calls without end, and how much of them has been read.
struct Endless<'a> {
    next: u64,
    line: Vec<u8>,
    read: &'a mut u64,
}

impl std::io::Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.line.is_empty() {
            self.line = format!(
                "{{\"id\":\"{}\",\"entry\":\"burn\",\"caller\":\"u{0}\",\"args\":{{\"amount\":\"1\"}}}}\n",
                self.next
            )
            .into_bytes();
            self.next += 1;
        }
        let len = self.line.len().min(buffer.len());
        buffer[..len].copy_from_slice(&self.line[..len]);
        self.line.drain(..len);
        *self.read += len as u64;
        Ok(len)
    }
}

#[test]
fn a_stream_without_end_ends_at_the_limit() {
    let this = evaluator("keyed");
    for threads in [1, 2] {
        let mut read = 0;
        let options = IngestOptions {
            threads,
            limits: Limits { calls: 20_000, ..Limits::default() },
            // Whatever a file system says.
            bytes: Some(u64::MAX),
            ..IngestOptions::default()
        };
        let found =
            read_batch(&mut Endless { next: 0, line: Vec::new(), read: &mut read }, &this, &State::new(), &options);
        let message = found.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(message.contains("line 20001") && message.contains("more than 20000 calls"), "{message}");
        // The line that was too much, and at most what is read ahead.
        assert!(read < 32 << 20, "{read} bytes");
    }
}
