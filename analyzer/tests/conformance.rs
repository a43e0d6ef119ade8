//! The conformance suite (`fixtures/conformance`) against the reference evaluator. `CROSSLANE_UPDATE=1` writes the units of
//! every case anew; conflicts and errors are never written, they are what the cases say.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use crosslane_analyzer::conflicts::Scope;
use crosslane_analyzer::conflicts::evaluate::{Call, StateLine, World};
use crosslane_analyzer::{chains, manifest};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Case {
    name: String,
    manifest: Value,
    chain: Option<String>,
    scope: Option<String>,
    #[serde(default)]
    deployments: BTreeMap<String, String>,
    #[serde(default)]
    state: Vec<StateLine>,
    calls: Vec<Call>,
    expect: Value,
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/conformance"))
}

fn cases() -> Vec<(PathBuf, String)> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder().join("cases")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

fn sorted(mut list: Vec<Value>) -> Value {
    list.sort_by_key(Value::to_string);
    list.dedup();
    Value::Array(list)
}

fn run(case: &Case) -> Value {
    let Ok(manifest) = manifest::read(&case.manifest.to_string()) else { return json!({ "refused": true }) };
    let mut world = World::new(&manifest);
    if let Some(chain) = &case.chain {
        world.chain = chains::get(chain).unwrap();
    }
    if case.scope.as_deref() == Some("own") {
        world.scope = Scope::Own;
    }
    world.deployments = case.deployments.clone();
    world.state = case.state.clone();
    let results = world.evaluate(&case.calls);
    let (mut units, mut errors, mut ids, mut prints) = (serde_json::Map::new(), Vec::new(), Vec::new(), Vec::new());
    for (call, result) in case.calls.iter().zip(results) {
        match result {
            Ok(print) => {
                let list = print.accesses.iter().map(|access| access.to_json()).collect();
                units.insert(call.id.clone(), sorted(list));
                ids.push(call.id.clone());
                prints.push(print);
            }
            Err(_) => errors.push(json!(call.id)),
        }
    }
    let pairs = world.conflicts(&prints).into_iter().map(|(i, j)| json!([ids[i], ids[j]])).collect();
    json!({ "units": units, "conflicts": sorted(pairs), "errors": sorted(errors) })
}

#[test]
fn every_case_holds() {
    let cases = cases();
    assert!(cases.len() >= 40, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for (path, text) in cases {
        let case: Case = serde_json::from_str(&text).unwrap();
        let found = run(&case);
        let mut expected = case.expect.clone();
        for list in ["conflicts", "errors"] {
            if let Some(Value::Array(items)) = expected.get(list).cloned() {
                expected[list] = sorted(items);
            }
        }
        if std::env::var_os("CROSSLANE_UPDATE").is_some() && found.get("units").is_some() {
            expected["units"] = found["units"].clone();
            let mut whole: Value = serde_json::from_str(&text).unwrap();
            whole["expect"]["units"] = found["units"].clone();
            std::fs::write(&path, manifest::pretty(&whole)).unwrap();
        }
        if found != expected {
            wrong.push(format!("{}:\n  expected {expected}\n  found    {found}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// With the batch rule switched off the three-call case of MODEL §3 is wrong: the rule is what orders it.
#[test]
fn without_the_batch_rule_a_conflict_is_missed() {
    let (_, text) =
        cases().into_iter().find(|(path, _)| path.to_string_lossy().contains("load-after-a-change")).unwrap();
    let case: Case = serde_json::from_str(&text).unwrap();
    let manifest = manifest::read(&case.manifest.to_string()).unwrap();
    let mut world = World::new(&manifest);
    world.state = case.state.clone();
    let conflicts = |world: &World<'_>| {
        let prints: Vec<_> = world.evaluate(&case.calls).into_iter().map(|print| print.unwrap()).collect();
        world.conflicts(&prints)
    };
    assert!(conflicts(&world).contains(&(1, 2)));
    world.ignore_batch_rule = true;
    assert!(!conflicts(&world).contains(&(1, 2)));
}

/// The second evaluator agrees. Skipped where there is no Python; CI runs it by itself.
#[test]
fn the_second_evaluator_agrees() {
    let Ok(output) = std::process::Command::new("python3").arg(folder().join("evaluate.py")).output() else { return };
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The scheduler's evaluator: it must find every conflict, and it says which cases it finds more in.
#[cfg(feature = "schedule")]
mod scheduler {
    use std::collections::BTreeSet;

    use crosslane_analyzer::schedule::{
        BatchBuilder, Call, CallLine, Evaluator, EvaluatorOptions, Limits, Order, Scope, State, StateLine, conflicts,
    };

    use super::*;

    type Pairs = BTreeSet<(String, String)>;

    /// Conflicting pairs and calls with errors.
    fn run(case: &Case, whole: &Value) -> (Pairs, BTreeSet<String>) {
        let manifest = manifest::read(&case.manifest.to_string()).unwrap();
        let options = EvaluatorOptions {
            chain: case.chain.clone(),
            scope: if case.scope.as_deref() == Some("own") { Scope::Own } else { Scope::Transaction },
            deployments: case.deployments.clone(),
        };
        let evaluator = Evaluator::new(&[manifest], &options).unwrap();
        let mut state = State::new();
        for line in whole["state"].as_array().into_iter().flatten() {
            let line: StateLine = serde_json::from_value(line.clone()).unwrap();
            evaluator.add_state(&line, &mut state).unwrap();
        }
        let mut builder = BatchBuilder::new(&evaluator, &state, Order::Preserve, Limits::default());
        let (mut errors, mut nodes, mut last_tx) = (BTreeSet::new(), Vec::<Vec<String>>::new(), None);
        for line in whole["calls"].as_array().unwrap() {
            let (text, id) = (line.to_string(), line["id"].as_str().unwrap().to_owned());
            let mut call = Call::default();
            let tx = line.get("tx").cloned();
            let joins = tx.is_some() && tx == last_tx;
            let pushed = CallLine::parse(&text)
                .and_then(|parsed| evaluator.decode(&parsed, &mut call))
                .and_then(|()| builder.push(&call, 1, joins));
            if pushed.is_err() {
                errors.insert(id);
                continue;
            }
            last_tx = tx;
            match nodes.last_mut().filter(|_| joins) {
                Some(node) => node.push(id),
                None => nodes.push(vec![id]),
            }
        }
        let batch = builder.finish().unwrap();
        let mut pairs = Pairs::new();
        for j in 0..batch.len() {
            for i in 0..j {
                let meets = batch
                    .call(i)
                    .any(|x| batch.call(j).any(|y| x.unit == y.unit && conflicts(batch.rule(), x.class, y.class)));
                if meets {
                    let all = nodes[i].iter().flat_map(|a| nodes[j].iter().map(move |b| (a.clone(), b.clone())));
                    pairs.extend(all);
                }
            }
        }
        (pairs, errors)
    }

    #[test]
    fn every_conflict_of_every_case_is_found_unsound() {
        let (mut missed, mut more) = (Vec::new(), Vec::new());
        for (_, text) in cases() {
            let case: Case = serde_json::from_str(&text).unwrap();
            let whole: Value = serde_json::from_str(&text).unwrap();
            if case.expect.get("refused").is_some() {
                continue;
            }
            let (pairs, errors) = run(&case, &whole);
            let list = |name: &str| case.expect[name].as_array().cloned().unwrap_or_default();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let expected: Pairs = list("conflicts").iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect();
            let wrong: BTreeSet<String> = list("errors").iter().map(text).collect();
            if !expected.is_subset(&pairs) || errors != wrong {
                let lost: Vec<_> = expected.difference(&pairs).collect();
                missed.push(format!("{}: missed {lost:?}, errors {errors:?} instead of {wrong:?}", case.name));
            }
            if !pairs.is_subset(&expected) {
                more.push(format!("{}: {:?}", case.name, pairs.difference(&expected).collect::<Vec<_>>()));
            }
        }
        assert!(missed.is_empty(), "{}", missed.join("\n"));
        // Spurious conflicts, each with its reason; a case that is not listed may have none.
        let allowed = [
            "injective-function",              // arguments of two kinds: one kind stays exact, the other is any
            "coalesce-of-elements",            // inside a function or a choice a list is any
            "concatenation",                   // joined bytes are any
            "left-out",                        // a parameter without a default is any even where it is given
            "units-shared-by-key",             // cells of different keys in one unit make it one
            "units-that-overlap",              // cells that overlap are one unit
            "calls-out-to-deployed-contracts", // a callee counts as a whole
            "at-another-address",              // any address is everything
        ];
        more.retain(|text: &String| !allowed.iter().any(|name| text.starts_with(&format!("{name}:"))));
        assert!(more.is_empty(), "{}", more.join("\n"));
    }
}
