//! `footprint --entry NAME --args JSON`: the ledger keys of one call in the network's own JSON, and how they compare with
//! a simulated footprint.

use std::path::Path;

use anyhow::Context as _;
use crosslane_analyzer::manifest::footprint::{Known, LedgerKeys, Stored, covers, ledger_keys};
use serde_json::{Map, Value as Json, json};

use super::Exit;
use crate::fail::Fail;
use crate::output;
use crate::session::{self, Unit};

/// What is asked for.
pub(crate) struct Call<'a> {
    /// The entry point.
    pub(crate) entry: &'a str,
    /// Arguments, as JSON text.
    pub(crate) args: Option<&'a str>,
    /// Address of the contract.
    pub(crate) address: Option<&'a str>,
    /// File with stored values.
    pub(crate) state: Option<&'a Path>,
    /// File with a simulated footprint.
    pub(crate) simulated: Option<&'a Path>,
}

/// Stored values from a file.
#[derive(Debug, Default)]
struct Lines(Vec<(String, Vec<Json>, Json)>);

impl Stored for Lines {
    fn value(&self, cell: &str, key: &[Json]) -> Option<Json> {
        self.0.iter().rev().find(|line| line.0 == cell && line.1 == key).map(|line| line.2.clone())
    }
}

/// Runs the verb.
pub(crate) fn run(units: &[Unit], call: &Call<'_>) -> anyhow::Result<Exit> {
    let all: Vec<&Unit> = units.iter().collect();
    let manifest = session::manifest(&all);
    let named = |name: &str| session::short(name) == call.entry || name == call.entry;
    let found = manifest
        .contracts
        .iter()
        .find_map(|contract| Some((contract, contract.entries.iter().find(|entry| named(&entry.name))?)));
    let Some((contract, entry)) = found else {
        return Err(Fail::new(format!("there is no entry point `{}`", call.entry))
            .help("`cargo crosslane footprint` lists them")
            .into());
    };
    let args: Map<String, Json> = match call.args {
        Some(text) => serde_json::from_str(text).map_err(|error| {
            Fail::new(format!("`--args` is no JSON object: {error}"))
                .help("write it as '{\"from\": \"G…\", \"amount\": \"5\"}'")
        })?,
        None => Map::new(),
    };
    let stored = match call.state {
        Some(path) => lines(path)?,
        None => Lines::default(),
    };
    let address = call.address.unwrap_or("self");
    let keys = ledger_keys(contract, entry, &Known { address, args: &args, stored: &stored });
    if keys.unknowns.iter().any(|unknown| unknown.contains("no store of ledger entries")) {
        return Err(Fail::new(format!("`{}` keeps no ledger entries", contract.name))
            .help("this form of the verb is for contracts whose calls declare ledger keys")
            .into());
    }
    let simulated = call.simulated.map(simulated).transpose()?;
    let (compared, clean) = simulated.map_or((None, true), |found| {
        let (compared, clean) = compare(&keys, address, &found);
        (Some(compared), clean)
    });
    let families: Vec<Json> = keys.families.iter().map(|(key, write)| json!({ "key": key, "write": write })).collect();
    let mut out = json!({
        "version": 1,
        "contract": contract.name,
        "entry": entry.name,
        "read_only": keys.read_only,
        "read_write": keys.read_write,
        "families": families,
        "calls": keys.calls,
        "unknowns": keys.unknowns,
    });
    if let Some(compared) = compared {
        out["simulated"] = compared;
    }
    let mut text = serde_json::to_string_pretty(&out)?;
    text.push('\n');
    output::show(&text)?;
    Ok(if clean { Exit::Clean } else { Exit::Findings })
}

fn lines(path: &Path) -> anyhow::Result<Lines> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut out = Lines::default();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let bad = || format!("{}:{}: no stored value", path.display(), at + 1);
        let line: Json = serde_json::from_str(line).with_context(bad)?;
        let cell = line["cell"].as_str().with_context(bad)?.to_owned();
        let key = line["key"].as_array().cloned().unwrap_or_default();
        out.0.push((cell, key, line["value"].clone()));
    }
    Ok(out)
}

/// The read-only and read-write keys of a simulation: wherever in the document they stand.
fn simulated(path: &Path) -> anyhow::Result<(Vec<Json>, Vec<Json>)> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let document: Json = serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))?;
    let lists = find(&document, 0);
    let help =
        "a footprint has the lists `read_only` and `read_write` (or `readOnly`, `readWrite`) of ledger keys as JSON";
    lists.ok_or_else(|| Fail::new(format!("{} holds no footprint", path.display())).help(help).into())
}

fn find(value: &Json, depth: usize) -> Option<(Vec<Json>, Vec<Json>)> {
    let list =
        |snake: &str, camel: &str| value.get(snake).or_else(|| value.get(camel)).and_then(Json::as_array).cloned();
    if let (Some(read), Some(write)) = (list("read_only", "readOnly"), list("read_write", "readWrite")) {
        return Some((read, write));
    }
    if depth > 32 {
        return None;
    }
    match value {
        Json::Object(map) => map.values().find_map(|value| find(value, depth + 1)),
        Json::Array(list) => list.iter().find_map(|value| find(value, depth + 1)),
        _ => None,
    }
}

/// What a simulation says that the source does not, and the other way round; clean when nothing is missing here.
fn compare(keys: &LedgerKeys, address: &str, (read, write): &(Vec<Json>, Vec<Json>)) -> (Json, bool) {
    let own = |key: &&Json| key["contract_data"]["contract"] == address;
    let family = |key: &Json| keys.families.iter().any(|(family, _)| covers(family, key));
    let known = |key: &Json| keys.read_only.contains(key) || keys.read_write.contains(key);
    let all = || read.iter().chain(write);
    let missing: Vec<&Json> = all().filter(own).filter(|key| !known(key) && !family(key)).collect();
    let written = |key: &Json| {
        keys.read_write.contains(key) || keys.families.iter().any(|(family, write)| *write && covers(family, key))
    };
    let only_read: Vec<&Json> = write.iter().filter(own).filter(|key| known(key) && !written(key)).collect();
    let moving: Vec<&Json> = all().filter(own).filter(|key| !known(key) && family(key)).collect();
    let seen = |key: &&Json| !all().any(|other| other == *key);
    let other_paths: Vec<&Json> = keys.read_only.iter().chain(&keys.read_write).filter(seen).collect();
    let clean = missing.is_empty() || !keys.unknowns.is_empty();
    let compared = json!({
        "not_predicted": missing,
        "read_write_but_only_read": only_read,
        "may_move": moving,
        "on_other_paths": other_paths,
    });
    (compared, clean)
}
