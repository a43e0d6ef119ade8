//! Runs calls the way a schedule allows and compares with block order.
//!
//! Programs over all ten modes on a small state; their footprints are a manifest; the batch goes through the evaluator.
//! Then the calls run with their steps mixed at random, as far as the graph (or the times of a schedule in free order)
//! allows, on an engine of the model's kind: one store under `keyed`, versions by index under `occ`, one store with deltas
//! put in at commit under `merge`. The final state, every value that a call observed and whether it failed must be those of
//! block order, or in free order of the order of starts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crosslane_analyzer::manifest;
use crosslane_analyzer::schedule::io::{IngestOptions, read_batch, read_state};
use crosslane_analyzer::schedule::{ClassGraph, Evaluator, EvaluatorOptions, FreeOptions, GraphWorkspace, Order, free};

use crosslane_analyzer::random::Rng;

fn entries() -> String {
    let m = |mode: &str, more: &str| format!(r#"{{"cell":"M","key":[{{"arg":"k"}}],"mode":"{mode}"{more}}}"#);
    let add =
        |group: &str, more: &str| m("commute", &format!(r#","op":{{"group":"{group}","name":"x","default":0}}{more}"#));
    let list = |mode: &str| format!(r#"{{"cell":"L","key":[{{"arg":"k"}}],"mode":"{mode}"}}"#);
    let via = |mode: &str| {
        format!(
            r#"{{"cell":"C","mode":"read"}},{{"cell":"M","key":[{{"load":{{"cell":"C","key":[]}}}}],"mode":"{mode}"}}"#
        )
    };
    let all = [
        ("read", m("read", "")),
        ("probe", m("probe", "")),
        ("write", m("write", "")),
        ("keep", m("write", r#","presence":"keeps""#)),
        ("update", m("update", "")),
        ("add", add("add", "")),
        ("max", add("max", "")),
        ("sub", add("add", r#","bounds":[{"side":"lower","limit":{"const":0}}]"#)),
        ("append", list("append")),
        ("list", list("read")),
        ("delete", m("delete", "")),
        ("scan", r#"{"cell":"M","key":[{"prefix":[]}],"mode":"scan"}"#.to_owned()),
        ("rewrite", m("rewrite", "")),
        ("lock", m("lock", "")),
        ("config", r#"{"cell":"C","mode":"write"}"#.to_owned()),
        ("via_write", via("write")),
        ("via_read", via("read")),
        (
            "field_add",
            r#"{"cell":"S","field":"f","mode":"commute","presence":"keeps","op":{"group":"add","name":"x"}}"#
                .to_owned(),
        ),
        ("field_set", r#"{"cell":"S","field":"g","mode":"write","presence":"keeps"}"#.to_owned()),
        ("whole", r#"{"cell":"S","mode":"read"}"#.to_owned()),
        (
            "swap",
            r#"{"cell":"M","key":[{"arg":"k"}],"mode":"update"},{"cell":"M","key":[{"arg":"j"}],"mode":"update"}"#
                .to_owned(),
        ),
    ];
    let params = r#"[{"name":"k","type":{"uint":64},"optional":true},{"name":"j","type":{"uint":64},"optional":true}]"#;
    let mut out = Vec::new();
    for (name, accesses) in all {
        out.push(format!(r#"{{"name":"{name}","params":{params},"accesses":[{accesses}]}}"#));
    }
    out.join(",")
}

fn evaluator(chain: &str) -> Evaluator {
    let text = format!(
        r#"{{"version":1,"contracts":[{{"name":"c","chain":{{"model":"keyed","rules":1}},"cells":[
        {{"id":"M","keys":[{{"uint":64}}],"value":{{"uint":64}}}},{{"id":"L","keys":[{{"uint":64}}]}},
        {{"id":"C","value":{{"uint":64}}}},{{"id":"S"}}],"entries":[{}]}}]}}"#,
        entries()
    );
    let manifest = manifest::read(&text).unwrap();
    Evaluator::new(&[manifest], &EvaluatorOptions { chain: Some(chain.to_owned()), ..EvaluatorOptions::default() })
        .unwrap()
}

type Key = (char, u64);

/// A value: a number, a list, or the two fields of `S`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Number(i64),
    List(Vec<i64>),
    Fields(i64, i64),
}

/// A change that is put in at the end of a call.
#[derive(Clone, Debug)]
enum Change {
    Set(Key, Option<Value>),
    SetIfThere(Key, Value),
    Add(Key, i64),
    Max(Key, i64),
    Sub(Key, i64),
    Append(Key, i64),
    FieldAdd(i64),
    FieldSet(i64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen(Vec<Option<Value>>, bool);

#[derive(Clone, Debug)]
struct Program {
    entry: &'static str,
    k: u64,
    j: u64,
    amount: i64,
}

type State = BTreeMap<Key, Value>;

fn start() -> State {
    let mut state = State::new();
    for k in 0..3 {
        state.insert(('M', k), Value::Number(k as i64 * 3));
    }
    state.insert(('C', 0), Value::Number(1));
    state.insert(('S', 0), Value::Fields(0, 0));
    state
}

/// Where a call reads: its own changes first, then the store as it is now.
trait Store {
    fn get(&self, key: Key) -> Option<Value>;
    fn below(&self, cell: char) -> Vec<(Key, Value)>;
}

impl Store for State {
    fn get(&self, key: Key) -> Option<Value> {
        self.get(&key).cloned()
    }

    fn below(&self, cell: char) -> Vec<(Key, Value)> {
        self.iter().filter(|(key, _)| key.0 == cell).map(|(key, value)| (*key, value.clone())).collect()
    }
}

fn number(value: &Option<Value>) -> i64 {
    match value {
        Some(Value::Number(value)) => *value,
        _ => 0,
    }
}

/// Puts a change into a state; `false`: a bound is broken.
fn apply(state: &mut State, change: &Change) -> bool {
    match change {
        Change::Set(key, Some(value)) => drop(state.insert(*key, value.clone())),
        Change::Set(key, None) => drop(state.remove(key)),
        Change::SetIfThere(key, value) => {
            if let Some(slot) = state.get_mut(key) {
                *slot = value.clone();
            }
        }
        Change::Add(key, amount) => {
            let value = number(&state.get(key).cloned()) + amount;
            state.insert(*key, Value::Number(value));
        }
        Change::Max(key, amount) => {
            let value = number(&state.get(key).cloned()).max(*amount);
            state.insert(*key, Value::Number(value));
        }
        Change::Sub(key, amount) => {
            let value = number(&state.get(key).cloned()) - amount;
            if value < 0 {
                return false;
            }
            state.insert(*key, Value::Number(value));
        }
        Change::Append(key, amount) => match state.entry(*key).or_insert(Value::List(Vec::new())) {
            // The runtime keeps appended elements in the order of the block; amounts grow with it.
            Value::List(list) => {
                list.push(*amount);
                list.sort_unstable();
            }
            _ => return false,
        },
        Change::FieldAdd(amount) => {
            if let Some(Value::Fields(f, _)) = state.get_mut(&('S', 0)) {
                *f += amount;
            }
        }
        Change::FieldSet(amount) => {
            if let Some(Value::Fields(_, g)) = state.get_mut(&('S', 0)) {
                *g = *amount;
            }
        }
    }
    true
}

/// One step of a call that is running.
#[derive(Clone, Debug)]
struct Running {
    programs: Vec<Program>,
    at: usize,
    /// Position inside the program.
    step: usize,
    key: u64,
    seen: Vec<Option<Value>>,
    changes: Vec<Change>,
}

impl Running {
    fn new(programs: &[Program]) -> Running {
        Running { programs: programs.to_vec(), at: 0, step: 0, key: 0, seen: Vec::new(), changes: Vec::new() }
    }

    fn read(&mut self, store: &dyn Store, key: Key) -> Option<Value> {
        // Own changes on top of what the store has now.
        let mut own = State::new();
        if let Some(value) = store.get(key) {
            own.insert(key, value);
        }
        for change in &self.changes {
            let mine = match change {
                Change::Set(other, _)
                | Change::SetIfThere(other, _)
                | Change::Add(other, _)
                | Change::Max(other, _)
                | Change::Sub(other, _)
                | Change::Append(other, _) => *other == key,
                Change::FieldAdd(_) | Change::FieldSet(_) => key == ('S', 0),
            };
            if mine {
                apply(&mut own, change);
            }
        }
        own.get(&key).cloned()
    }

    /// Runs one step; `true` when the call has no further step.
    fn step(&mut self, store: &dyn Store) -> bool {
        let program = self.programs[self.at].clone();
        let m = ('M', program.k);
        let amount = program.amount;
        let mut done = true;
        match (program.entry, self.step) {
            ("read" | "rewrite", _) => {
                let value = self.read(store, m);
                self.seen.push(value);
            }
            ("probe", _) => {
                let there = self.read(store, m).map(|_| Value::Number(1));
                self.seen.push(there);
            }
            ("write", _) => self.changes.push(Change::Set(m, Some(Value::Number(amount)))),
            ("keep", _) => self.changes.push(Change::SetIfThere(m, Value::Number(amount))),
            ("update", 0) => {
                let value = self.read(store, m);
                self.key = number(&value) as u64;
                self.seen.push(value);
                done = false;
            }
            ("update", _) => self.changes.push(Change::Set(m, Some(Value::Number(self.key as i64 + amount)))),
            ("add", _) => self.changes.push(Change::Add(m, amount)),
            ("max", _) => self.changes.push(Change::Max(m, amount)),
            ("sub", _) => self.changes.push(Change::Sub(m, amount)),
            ("append", _) => self.changes.push(Change::Append(('L', program.k), amount)),
            ("list", _) => {
                let value = self.read(store, ('L', program.k));
                self.seen.push(value);
            }
            ("delete", _) => self.changes.push(Change::Set(m, None)),
            ("scan", _) => {
                let mut keys: Vec<Key> = store.below('M').into_iter().map(|(key, _)| key).collect();
                for change in &self.changes {
                    if let Change::Set(key, _) | Change::Add(key, _) | Change::Max(key, _) | Change::Sub(key, _) =
                        change
                    {
                        if key.0 == 'M' {
                            keys.push(*key);
                        }
                    }
                }
                keys.sort_unstable();
                keys.dedup();
                for key in keys {
                    if let Some(value) = self.read(store, key) {
                        self.seen.push(Some(Value::Number(key.1 as i64)));
                        self.seen.push(Some(value));
                    }
                }
            }
            ("config", _) => self.changes.push(Change::Set(('C', 0), Some(Value::Number(program.k as i64)))),
            ("via_write" | "via_read", 0) => {
                let value = self.read(store, ('C', 0));
                self.key = number(&value) as u64;
                self.seen.push(value);
                done = false;
            }
            ("via_write", _) => self.changes.push(Change::Set(('M', self.key), Some(Value::Number(amount)))),
            ("via_read", _) => {
                let value = self.read(store, ('M', self.key));
                self.seen.push(value);
            }
            ("field_add", _) => self.changes.push(Change::FieldAdd(amount)),
            ("field_set", _) => self.changes.push(Change::FieldSet(amount)),
            ("whole", _) => {
                let value = self.read(store, ('S', 0));
                self.seen.push(value);
            }
            // Each load and store is complete before the next; the keys may be equal.
            ("swap", 0 | 2) => {
                let key = if self.step == 0 { program.k } else { program.j };
                let value = self.read(store, ('M', key));
                self.key = number(&value) as u64;
                self.seen.push(value);
                done = false;
            }
            ("swap", step) => {
                let key = if step == 1 { program.k } else { program.j };
                self.changes.push(Change::Set(('M', key), Some(Value::Number(self.key as i64 + amount))));
                done = step == 3;
            }
            _ => {}
        }
        self.step += 1;
        if done {
            self.at += 1;
            self.step = 0;
        }
        self.at == self.programs.len()
    }

    /// Changes that do not fail go in together.
    fn commit(self, state: &mut State) -> Seen {
        let mut next = state.clone();
        let fine = self.changes.iter().all(|change| apply(&mut next, change));
        if fine {
            *state = next;
        }
        Seen(self.seen, fine)
    }
}

fn serial(calls: &[Vec<Program>], order: &[usize]) -> (State, Vec<Seen>) {
    let mut state = start();
    let mut seen = vec![Seen(Vec::new(), true); calls.len()];
    for &call in order {
        let mut running = Running::new(&calls[call]);
        while !running.step(&state) {}
        seen[call] = running.commit(&mut state);
    }
    (state, seen)
}

/// Versions by index of call: a call sees the last version before it.
struct Versions<'a> {
    base: &'a State,
    all: &'a BTreeMap<usize, BTreeMap<Key, Option<Value>>>,
    me: usize,
}

impl Store for Versions<'_> {
    fn get(&self, key: Key) -> Option<Value> {
        for (_, writes) in self.all.range(..self.me).rev() {
            if let Some(value) = writes.get(&key) {
                return value.clone();
            }
        }
        self.base.get(&key).cloned()
    }

    fn below(&self, cell: char) -> Vec<(Key, Value)> {
        let mut keys: Vec<Key> = self.base.keys().copied().collect();
        keys.extend(self.all.range(..self.me).flat_map(|(_, writes)| writes.keys().copied()));
        keys.sort_unstable();
        keys.dedup();
        keys.into_iter().filter(|key| key.0 == cell).filter_map(|key| Some((key, Store::get(self, key)?))).collect()
    }
}

/// Runs calls whose predecessors are done, steps mixed at random.
fn mixed(calls: &[Vec<Program>], before: &[Vec<usize>], versions: bool, rng: &mut Rng) -> (State, Vec<Seen>) {
    let n = calls.len();
    let base = start();
    let mut state = base.clone();
    let mut all: BTreeMap<usize, BTreeMap<Key, Option<Value>>> = BTreeMap::new();
    let mut seen = vec![Seen(Vec::new(), true); n];
    let mut done = vec![false; n];
    let mut running: BTreeMap<usize, Running> = BTreeMap::new();
    while done.iter().any(|done| !done) {
        let ready: Vec<usize> =
            (0..n).filter(|&call| !done[call] && before[call].iter().all(|&other| done[other])).collect();
        let call = ready[rng.below(ready.len() as u64) as usize];
        let mut this = running.remove(&call).unwrap_or_else(|| Running::new(&calls[call]));
        let over = if versions { this.step(&Versions { base: &base, all: &all, me: call }) } else { this.step(&state) };
        if !over {
            running.insert(call, this);
            continue;
        }
        done[call] = true;
        if versions {
            // What the call changes, on the state it sees.
            let view = Versions { base: &base, all: &all, me: call };
            let mut local = State::new();
            for cell in ['M', 'L', 'C', 'S'] {
                local.extend(view.below(cell));
            }
            let touched: Vec<Key> = this
                .changes
                .iter()
                .map(|change| match change {
                    Change::Set(key, _)
                    | Change::SetIfThere(key, _)
                    | Change::Add(key, _)
                    | Change::Max(key, _)
                    | Change::Sub(key, _)
                    | Change::Append(key, _) => *key,
                    Change::FieldAdd(_) | Change::FieldSet(_) => ('S', 0),
                })
                .collect();
            // A blind delete installs its version too, whatever was there.
            seen[call] = this.commit(&mut local);
            let mut writes = BTreeMap::new();
            for key in touched {
                if seen[call].1 {
                    writes.insert(key, local.get(&key).cloned());
                }
            }
            all.insert(call, writes);
        } else {
            seen[call] = this.commit(&mut state);
        }
    }
    if versions {
        let last = Versions { base: &base, all: &all, me: n };
        state.clear();
        for cell in ['M', 'L', 'C', 'S'] {
            state.extend(last.below(cell));
        }
    }
    (state, seen)
}

const NAMES: [&str; 21] = [
    "read",
    "probe",
    "write",
    "keep",
    "update",
    "add",
    "max",
    "sub",
    "append",
    "list",
    "delete",
    "scan",
    "rewrite",
    "lock",
    "config",
    "via_write",
    "via_read",
    "field_add",
    "field_set",
    "whole",
    "swap",
];

fn programs(rng: &mut Rng, versions: bool) -> (Vec<Vec<Program>>, String) {
    let mut calls: Vec<Vec<Program>> = Vec::new();
    let mut lines = String::new();
    // A few kinds a batch, so that they meet.
    let kinds: Vec<&'static str> = (0..2 + rng.below(4)).map(|_| NAMES[rng.below(21) as usize]).collect();
    for id in 0..2 + rng.below(9) {
        let entry = if rng.below(4) == 0 {
            NAMES[rng.below(21) as usize]
        } else {
            kinds[rng.below(kinds.len() as u64) as usize]
        };
        // Under `occ` a blind write is one; a write that looks whether the key is there is not.
        let entry = if versions && entry == "keep" { "write" } else { entry };
        let mut program = Program { entry, k: rng.below(4), j: rng.below(4), amount: 1 + rng.below(6) as i64 };
        if entry == "append" {
            program.amount = id as i64;
        }
        let joins = rng.below(5) == 0 && !calls.is_empty();
        let tx = if joins { calls.len() - 1 } else { calls.len() };
        writeln!(
            lines,
            r#"{{"id":"{id}","tx":"t{tx}","entry":"{entry}","args":{{"k":{},"j":{}}},"cost":{}}}"#,
            program.k,
            program.j,
            1 + rng.below(5)
        )
        .unwrap();
        match calls.last_mut() {
            Some(last) if joins => last.push(program),
            _ => calls.push(vec![program]),
        }
    }
    (calls, lines)
}

#[test]
fn everything_a_schedule_allows_gives_block_order() {
    for chain in ["keyed", "occ", "merge"] {
        let this = evaluator(chain);
        let versions = chain == "occ";
        let snapshot = "{\"address\":\"c\",\"cell\":\"C\",\"key\":[],\"value\":1}\n";
        let state = read_state(&mut snapshot.as_bytes(), &this).unwrap();
        let mut overlaps = 0;
        for seed in 0..300u64 {
            let mut rng = crate::workloads::rng(seed);
            let (calls, lines) = programs(&mut rng, versions);
            let loaded = read_batch(&mut lines.as_bytes(), &this, &state, &IngestOptions::default()).unwrap();
            assert_eq!(loaded.batch.len(), calls.len());
            let graph = ClassGraph::new(&loaded.batch, &mut GraphWorkspace::default());
            let mut before = vec![Vec::new(); calls.len()];
            for call in 0..calls.len() {
                for next in graph.successors(call) {
                    before[next as usize].push(call);
                }
            }
            overlaps += before.iter().skip(1).filter(|list| list.is_empty()).count();
            let block: Vec<usize> = (0..calls.len()).collect();
            let expected = serial(&calls, &block);
            for _ in 0..4 {
                let found = mixed(&calls, &before, versions, &mut rng);
                assert_eq!(found, expected, "{chain}, seed {seed}:\n{lines}");
            }
            if versions {
                continue;
            }
            // Free order: whatever overlaps in time mixes, everything else keeps its order; the order of starts explains it.
            let options = IngestOptions { order: Order::Free, ..IngestOptions::default() };
            let loaded = read_batch(&mut lines.as_bytes(), &this, &state, &options).unwrap();
            let priorities = if seed % 2 == 0 { (0..calls.len()).map(|_| rng.below(9)).collect() } else { Vec::new() };
            let found = free(&loaded.batch, 3, &FreeOptions { priorities, reserve: seed % 3 == 0, tries: 3 });
            let mut order = block.clone();
            order.sort_by_key(|&call| (found.lanes.start[call], found.lanes.end(&loaded.batch, call), call));
            let mut before = vec![Vec::new(); calls.len()];
            for &a in &order {
                for &b in &order {
                    if found.lanes.end(&loaded.batch, a) <= found.lanes.start[b] {
                        before[b].push(a);
                    }
                }
            }
            let expected = serial(&calls, &order);
            let mixed = mixed(&calls, &before, false, &mut rng);
            assert_eq!(mixed, expected, "free, {chain}, seed {seed}:\n{lines}");
        }
        assert!(overlaps > 300, "{chain}: too little runs side by side to show anything ({overlaps})");
    }
}
