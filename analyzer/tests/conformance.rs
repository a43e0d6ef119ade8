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
