//! Recorded accesses against a manifest: what calls touched outside the prediction, and how much of the prediction was
//! touched.
//!
//! A trace is JSON Lines: a call as in a batch, with `touched`: what the chain recorded, each `{"address"?, "cell", "key",
//! "write"}`, and perhaps `before`: lines of a state file with what the call found, for keys that are read from state (without
//! it the state given for the whole trace counts, which other calls of the trace may have changed). A walk over keys is
//! recorded by the components that all of them have. An access that no touch of the prediction covers (cell, key, and a writing mode if it wrote) is an anomaly:
//! the manifest does not describe this code, or the analysis is wrong.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::manifest::v1::Mode;

use super::compile::{Call, CallError, CallLine, ENVIRONMENT, Evaluator, Replay, Resolved};
use super::state::{State, StateLine};
use super::verify::Order;

/// One recorded access.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// The instance; the call's own when left out.
    #[serde(default)]
    pub address: Option<String>,
    /// Id of the cell; left out where only addresses are recorded (accounts).
    #[serde(default)]
    pub cell: Option<String>,
    /// Components of the key.
    #[serde(default)]
    pub key: Vec<Value>,
    /// It changed the value.
    #[serde(default)]
    pub write: bool,
}

/// An access outside the prediction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anomaly {
    /// Line of the trace, one-based.
    pub line: u64,
    /// The call's id.
    pub id: String,
    /// Its entry point.
    pub entry: String,
    /// Cell and key as recorded.
    pub access: String,
    /// What is wrong: `not predicted`, or `predicted as a read`.
    pub what: &'static str,
}

/// What an audit finds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Audit {
    /// Calls.
    pub calls: u64,
    /// Recorded accesses.
    pub accesses: u64,
    /// Recorded accesses whose very key was predicted.
    pub exact: u64,
    /// Recorded accesses below a predicted prefix of a cell.
    pub by_prefix: u64,
    /// Recorded accesses that only a prediction of the whole contract, or of everything, covers.
    pub by_contract: u64,
    /// Recorded accesses outside the prediction.
    pub anomalies: Vec<Anomaly>,
    /// Keys predicted exactly.
    pub predicted: u64,
    /// Of these, keys that were touched.
    pub confirmed: u64,
    /// Per entry point: recorded accesses, anomalies.
    pub entries: BTreeMap<String, (u64, u64)>,
}

impl Audit {
    /// Predicted keys for each touched one; 1 is no over-prediction.
    pub fn over_prediction(&self) -> f64 {
        if self.confirmed == 0 { 1.0 } else { self.predicted as f64 / self.confirmed as f64 }
    }

    /// Takes one line of a trace.
    ///
    /// # Errors
    /// What is wrong with the line.
    pub fn line(&mut self, evaluator: &Evaluator, state: &State, number: u64, text: &str) -> Result<(), CallError> {
        #[derive(Deserialize)]
        struct Line {
            touched: Vec<Recorded>,
            before: Option<Vec<StateLine>>,
        }
        let wrong = |error: &serde_json::Error| CallError::new("touched", format!("`touched`: {error}"));
        let Line { touched: recorded, before } = serde_json::from_str(text).map_err(|error| wrong(&error))?;
        let mut value: serde_json::Map<String, Value> = serde_json::from_str(text).map_err(|error| wrong(&error))?;
        value.shift_remove("touched");
        value.shift_remove("before");
        let plain = Value::Object(value).to_string();
        let parsed = CallLine::parse(&plain)?;
        let mut call = Call::default();
        evaluator.decode(&parsed, &mut call)?;
        let mut found = State::new();
        for mut line in before.iter().flatten().cloned() {
            line.address = line.address.or_else(|| parsed.address.as_deref().map(str::to_owned));
            evaluator.add_state(&line, &mut found)?;
        }
        let state = if before.is_some() { &found } else { state };
        let touches = Replay::new(evaluator, state, Order::Preserve).all(&[(call.clone(), false)])?.pop();
        let touches = touches.unwrap_or_default();
        self.calls += 1;
        let entry = evaluator.entry_name(&call).to_owned();
        let mut confirmed = vec![false; touches.len()];
        for access in &recorded {
            self.accesses += 1;
            let counts = self.entries.entry(entry.clone()).or_default();
            counts.0 += 1;
            let place = evaluator.locate(&call, access)?;
            let (mut best, mut written) = (None, false);
            for (at, touch) in touches.iter().enumerate() {
                if let Some(how) = covers(touch, &place) {
                    best = Some(best.map_or(how, |other: How| other.min(how)));
                    written |= changes(touch.mode);
                    confirmed[at] |= how == How::Exact;
                }
            }
            match best {
                Some(_) if access.write && !written => {
                    counts.1 += 1;
                    self.add(number, &parsed.id, &entry, access, "predicted as a read");
                }
                Some(How::Exact) => self.exact += 1,
                Some(How::Prefix) => self.by_prefix += 1,
                Some(How::Contract) => self.by_contract += 1,
                None => {
                    counts.1 += 1;
                    self.add(number, &parsed.id, &entry, access, "not predicted");
                }
            }
        }
        for (touch, confirmed) in touches.iter().zip(confirmed) {
            if !vague(touch) {
                self.predicted += 1;
                self.confirmed += u64::from(confirmed);
            }
        }
        Ok(())
    }

    fn add(&mut self, line: u64, id: &str, entry: &str, access: &Recorded, what: &'static str) {
        let key: Vec<String> =
            access.key.iter().map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect();
        let cell = access.cell.clone().or_else(|| access.address.clone()).unwrap_or_default();
        let access = if key.is_empty() { cell } else { format!("{cell}[{}]", key.join(", ")) };
        self.anomalies.push(Anomaly { line, id: id.to_owned(), entry: entry.to_owned(), access, what });
    }
}

/// How a prediction covers an access, the most telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    Exact,
    Prefix,
    Contract,
}

/// A recorded access in canonical form.
pub(crate) struct Place {
    /// `None`: the part of the state without instances.
    pub(crate) address: Option<Vec<u8>>,
    pub(crate) cell: Option<Vec<u8>>,
    pub(crate) key: Vec<Vec<u8>>,
}

fn covers(touch: &Resolved, place: &Place) -> Option<How> {
    let Some(at) = &touch.place else { return Some(How::Contract) };
    if *at != place.address {
        return None;
    }
    let (Some(cell), Some(recorded)) = (&touch.cell, &place.cell) else {
        // Whole contracts, or accounts, which have no cells.
        let exact = touch.cell.is_none() && place.cell.is_none() && !touch.open;
        return Some(if exact { How::Exact } else { How::Contract });
    };
    let meets = |(part, recorded): (&Vec<u8>, &Vec<u8>)| part == recorded || of_the_block(part);
    if cell != recorded || touch.key.len() > place.key.len() || !touch.key.iter().zip(&place.key).all(meets) {
        return None;
    }
    if vague(touch) { Some(How::Prefix) } else { (touch.key.len() == place.key.len()).then_some(How::Exact) }
}

/// A component that every call of a block agrees on and of which a trace does not say what it was; any value may be it.
fn of_the_block(part: &[u8]) -> bool {
    part.starts_with(ENVIRONMENT)
}

/// Stands for more than one key.
fn vague(touch: &Resolved) -> bool {
    touch.open || touch.key.iter().any(|part| of_the_block(part))
}

fn changes(mode: Mode) -> bool {
    !matches!(mode, Mode::Read | Mode::Probe | Mode::Scan | Mode::Rewrite | Mode::Lock)
}

#[cfg(test)]
mod tests {
    use super::super::tests::evaluator;
    use super::*;

    #[test]
    fn anomalies_and_shares() {
        let this = evaluator("keyed");
        let mut audit = Audit::default();
        let state = State::new();
        for (at, line) in [
            r#"{"id":"a","entry":"transfer","caller":"x","args":{"to":"y","amount":1},"touched":[{"cell":"BAL","key":["x"],"write":true},{"cell":"BAL","key":["y"],"write":true},{"cell":"BAL","key":["z"]}]}"#,
            r#"{"id":"b","entry":"audit","touched":[{"cell":"BAL","key":["x"]},{"cell":"BAL","key":["x"],"write":true}]}"#,
            r#"{"id":"c","entry":"migrate","touched":[{"cell":"SEEN","key":["05"],"write":true}]}"#,
        ]
        .into_iter()
        .enumerate()
        {
            audit.line(&this, &state, at as u64 + 1, line).unwrap();
        }
        assert_eq!((audit.calls, audit.accesses), (3, 6));
        assert_eq!((audit.exact, audit.by_prefix, audit.by_contract), (2, 1, 1));
        let found: Vec<(u64, &str, &str)> =
            audit.anomalies.iter().map(|found| (found.line, found.access.as_str(), found.what)).collect();
        assert_eq!(found, [(1, "BAL[z]", "not predicted"), (2, "BAL[x]", "predicted as a read")]);
        assert_eq!((audit.predicted, audit.confirmed), (2, 2));
        assert!(audit.line(&this, &state, 4, r#"{"id":"d","entry":"audit"}"#).is_err());
        assert!(audit.line(&this, &state, 4, r#"{"id":"d","entry":"audit","touched":[{"cell":"NO"}]}"#).is_err());
    }

    /// Calls of a contract and what they touched, with the state that they found.
    const TRACE: [&str; 4] = [
        r#"{"id":"a","entry":"transfer","caller":"x","args":{"to":"y","amount":1},"touched":[{"cell":"BAL","key":["x"],"write":true},{"cell":"BAL","key":["y"],"write":true}]}"#,
        r#"{"id":"b","entry":"pay_owner","before":[{"cell":"CONFIG","value":{"owner":"o"}}],"touched":[{"cell":"CONFIG"},{"cell":"BAL","key":["o"],"write":true}]}"#,
        r#"{"id":"c","entry":"pay_owner","before":[{"cell":"CONFIG","value":{"owner":"p"}}],"touched":[{"cell":"CONFIG"},{"cell":"BAL","key":["p"],"write":true}]}"#,
        r#"{"id":"d","entry":"audit","touched":[{"cell":"BAL"},{"cell":"BAL","key":["x"]}]}"#,
    ];

    fn audited(manifest: &Value) -> Audit {
        let manifest = crate::manifest::read(&manifest.to_string()).unwrap();
        let evaluator = Evaluator::new(&[manifest], &Default::default()).unwrap();
        let mut audit = Audit::default();
        for (at, line) in TRACE.into_iter().enumerate() {
            audit.line(&evaluator, &State::new(), at as u64 + 1, line).unwrap();
        }
        audit
    }

    #[test]
    fn keys_from_state_are_those_that_the_call_found() {
        let audit = audited(&serde_json::from_str(super::super::tests::TOKEN).unwrap());
        assert_eq!(audit.anomalies, []);
        assert_eq!((audit.exact, audit.by_prefix, audit.by_contract), (6, 2, 0));
        assert_eq!(audit.over_prediction(), 1.0);
    }

    #[test]
    fn what_a_block_agrees_on_may_be_anything() {
        let manifest = r#"{ "version": 1, "contracts": [ { "name": "c", "chain": { "model": "keyed", "rules": 1 },
            "cells": [ { "id": "LOG", "storage": { "kind": "map", "prefix": "log" }, "keys": ["string", { "uint": 64 }] } ],
            "entries": [ { "name": "put", "params": [], "accesses": [ { "cell": "LOG", "mode": "write",
                "key": [{ "const": "a" }, { "env": "block.height", "scope": "block" }] } ] } ] } ] }"#;
        let manifest = crate::manifest::read(manifest).unwrap();
        let evaluator = Evaluator::new(&[manifest], &Default::default()).unwrap();
        let mut audit = Audit::default();
        let touched = r#"[{"cell":"LOG","key":["a",7],"write":true},{"cell":"LOG","key":["b",7],"write":true}]"#;
        let line = format!(r#"{{"id":"1","entry":"put","touched":{touched}}}"#);
        audit.line(&evaluator, &State::new(), 1, &line).unwrap();
        assert_eq!((audit.exact, audit.by_prefix, audit.anomalies.len(), audit.predicted), (0, 1, 1, 0));
    }

    /// Whatever is taken out of the manifest or told weaker than it is, the trace shows it.
    #[test]
    fn a_tampered_manifest_has_anomalies() {
        let whole: Value = serde_json::from_str(super::super::tests::TOKEN).unwrap();
        let mut tampered = 0;
        let entries = whole["contracts"][0]["entries"].as_array().unwrap();
        for (at, entry) in entries.iter().enumerate() {
            let name = entry["name"].as_str().unwrap();
            if !["transfer", "pay_owner", "audit"].contains(&name) {
                continue;
            }
            for access in 0..entry["accesses"].as_array().unwrap().len() {
                let mut without = whole.clone();
                without["contracts"][0]["entries"][at]["accesses"].as_array_mut().unwrap().remove(access);
                let mut weaker = whole.clone();
                let mode = &mut weaker["contracts"][0]["entries"][at]["accesses"][access]["mode"];
                let changed = ["update", "commute", "write"].contains(&mode.as_str().unwrap());
                *mode = "read".into();
                let mut elsewhere = whole.clone();
                elsewhere["contracts"][0]["entries"][at]["accesses"][access]["key"] =
                    serde_json::json!([{ "const": "nobody" }]);
                let keyed = entry["accesses"][access]["key"].is_array();
                for (manifest, wrong) in [(without, true), (weaker, changed), (elsewhere, keyed)] {
                    if wrong {
                        let found = audited(&manifest).anomalies;
                        assert!(!found.is_empty() && found.iter().all(|found| found.entry == name), "{name} {access}");
                        tampered += 1;
                    }
                }
            }
        }
        assert_eq!(tampered, 12);
    }
}
