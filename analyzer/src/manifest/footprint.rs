//! The ledger keys one call touches, in the network's own JSON: what a transaction declares as its read-only and
//! read-write footprint. A key that depends on what the caller does not give (state, elements of a stored list, a function
//! of an argument) is a family: its known part with `"*"` in the open places.
//!
//! **Claim.** Every ledger entry of the contract's own that the call touches is listed, is a member of a listed family, or
//! an unknown is listed; it is listed as read-write if the call may change it. So are entries of contracts that the call
//! goes out to and that are linked. Those of other contracts are told as calls out; the contracts' code, accounts and nonces
//! of signers are neither.

use super::layout;
use super::v1::{Access, Cell, Const, Contract, Entry, Mode, Step, Term};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// Alternatives of one key beyond which its place is open.
const MOST: usize = 256;

/// What is known of a call.
#[derive(Debug)]
pub struct Known<'a> {
    /// The contract's address.
    pub address: &'a str,
    /// Arguments by parameter.
    pub args: &'a Map<String, Json>,
    /// What is stored in a cell at a key, if known: the value as arguments are written.
    pub stored: &'a dyn Stored,
}

/// State that is known.
pub trait Stored: std::fmt::Debug {
    /// The value in a cell at a key, null where nothing is stored; `None` when not known.
    fn value(&self, cell: &str, key: &[Json]) -> Option<Json>;
}

/// Nothing is known.
#[derive(Debug)]
pub struct NoState;

impl Stored for NoState {
    fn value(&self, _: &str, _: &[Json]) -> Option<Json> {
        None
    }
}

/// The keys of one call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LedgerKeys {
    /// Entries that are only read, or whose life is prolonged.
    pub read_only: Vec<Json>,
    /// Entries that may be written.
    pub read_write: Vec<Json>,
    /// Keys with open places, and whether they may be written.
    pub families: Vec<(Json, bool)>,
    /// Calls out: the callee's address, if known, and its function.
    pub calls: Vec<Json>,
    /// What could not be followed.
    pub unknowns: Vec<String>,
}

/// The ledger keys of a call of `entry`.
pub fn ledger_keys(contract: &Contract, entry: &Entry, known: &Known<'_>) -> LedgerKeys {
    // By key: the key, whether it is written, whether it has open places.
    let mut keys: BTreeMap<String, (Json, bool, bool)> = BTreeMap::new();
    let mut out = LedgerKeys::default();
    let mut add = |key: Json, write: bool, complete: bool| {
        let seen = keys.entry(key.to_string()).or_insert((key, false, complete));
        seen.1 |= write;
    };
    for access in &entry.accesses {
        let Some(cell) = contract.cells.iter().find(|cell| cell.id == access.cell) else {
            out.unknowns.push(format!("the manifest has no cell `{}`", access.cell));
            continue;
        };
        let write = !access.ttl && !matches!(access.mode, Mode::Read | Mode::Probe | Mode::Scan);
        // What a linked callee touches lies at its address.
        let places = access.at.as_ref().map_or(vec![Some(json!(known.address))], |at| values(at, known, 0));
        let places: Vec<(Json, bool)> =
            places.into_iter().map(|place| (place.clone().unwrap_or_else(|| json!("*")), place.is_some())).collect();
        if cell.tier.as_deref() == Some("instance") || cell.implicit && cell.id == "<instance>" {
            for (place, whole) in &places {
                add(entry_key(place, json!("ledger_key_contract_instance"), "persistent"), write, *whole);
            }
            continue;
        }
        let Some(tier) = &cell.tier else {
            out.unknowns.push(format!("`{}` is in no store of ledger entries", cell.id));
            continue;
        };
        for (key, complete) in keys_of(contract, cell, access, known) {
            for (place, whole) in &places {
                add(entry_key(place, key.clone(), tier), write, complete && *whole);
            }
        }
    }
    for (_, (key, write, complete)) in keys {
        match (complete, write) {
            (false, _) => out.families.push((key, write)),
            (true, true) => out.read_write.push(key),
            (true, false) => out.read_only.push(key),
        }
    }
    for external in &entry.external {
        let target = values(&external.target, known, 0);
        let target = match target.as_slice() {
            [Some(one)] => one.clone(),
            _ => json!("*"),
        };
        let call = json!({ "contract": target, "function": external.entry });
        if !out.calls.contains(&call) {
            out.calls.push(call);
        }
    }
    out.unknowns.extend(entry.unknowns.iter().map(|unknown| format!("{} ({})", unknown.what, unknown.reason)));
    out.unknowns.dedup();
    out
}

/// True when a key with open places (`"*"`) stands for the other one.
pub fn covers(family: &Json, key: &Json) -> bool {
    match (family, key) {
        (Json::String(open), _) if open == "*" => true,
        (Json::Object(x), Json::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(name, x)| y.get(name).is_some_and(|y| covers(x, y)))
        }
        (Json::Array(x), Json::Array(y)) => {
            // An open end stands for any number of further parts.
            let open = x.last().is_some_and(|last| last == "*") && x.len() <= y.len();
            (open || x.len() == y.len()) && x.iter().zip(y).all(|(x, y)| covers(x, y))
        }
        (x, y) => x == y,
    }
}

fn entry_key(address: &Json, key: Json, durability: &str) -> Json {
    json!({ "contract_data": { "contract": address, "key": key, "durability": durability } })
}

/// The keys of an access, each with whether it is wholly known.
fn keys_of(contract: &Contract, cell: &Cell, access: &Access, known: &Known<'_>) -> Vec<(Json, bool)> {
    let own = |other: &&Cell| other.id == cell.id || other.refines.as_deref() == Some(cell.id.as_str());
    let layouts: Vec<&str> =
        contract.cells.iter().filter(own).filter_map(|cell| cell.storage.layout.as_deref()).collect();
    let fitting: Vec<&str> = layouts.iter().copied().filter(|found| layout::arity(found) == access.key.len()).collect();
    let layouts = if fitting.is_empty() { layouts } else { fitting };
    if layouts.is_empty() {
        return vec![(json!("*"), false)];
    }
    let mut choices: Vec<Vec<Option<Json>>> = vec![Vec::new()];
    for term in &access.key {
        let found = values(term, known, 0);
        if choices.len() * found.len() > MOST {
            choices.iter_mut().for_each(|key| key.push(None));
            continue;
        }
        let longer = |key: &Vec<Option<Json>>| {
            let with = |value: &Option<Json>| key.iter().cloned().chain([value.clone()]).collect::<Vec<_>>();
            found.iter().map(with).collect::<Vec<_>>()
        };
        choices = choices.iter().flat_map(longer).collect();
    }
    let mut out = Vec::new();
    for found in layouts {
        out.extend(choices.iter().map(|key| layout::key(found, key)));
    }
    out
}

/// The values a term may have; `None` for one that is not known, and none for no element of an empty list.
fn values(term: &Term, known: &Known<'_>, depth: usize) -> Vec<Option<Json>> {
    if depth > 16 {
        return vec![None];
    }
    match term {
        Term::Const(value) => vec![constant(value)],
        Term::SelfAddr => vec![Some(json!(known.address))],
        Term::Arg { path, .. } => match path.0.split_first() {
            Some((Step::Field(first), rest)) => match known.args.get(first) {
                Some(value) => below(value, rest),
                None => vec![None],
            },
            _ => vec![None],
        },
        Term::Load { cell, key, field } => {
            let mut at = Vec::new();
            for part in key {
                match values(part, known, depth + 1).as_slice() {
                    [Some(one)] => at.push(one.clone()),
                    _ => return vec![None],
                }
            }
            let stored = known.stored.value(cell, &at);
            let within = stored.and_then(|value| match field {
                Some(field) => field.split('.').try_fold(value, |value, name| value.get(name).cloned()),
                None => Some(value),
            });
            // Of what is not stored there is no value a key could be made of.
            if within == Some(Json::Null) { Vec::new() } else { vec![within] }
        }
        Term::Fn { name, of, .. } if matches!(name.as_str(), "add" | "sub") && of.len() == 2 => {
            let (left, right) = (values(&of[0], known, depth + 1), values(&of[1], known, depth + 1));
            let pairs = left.iter().flat_map(|x| right.iter().map(move |y| (x, y)));
            pairs.map(|(x, y)| sum(name, x.as_ref()?, y.as_ref()?)).collect()
        }
        // What the call itself stored, if it did so under the same key.
        Term::Fn { name, of, .. } if name == "if_equal" && of.len() == 4 => {
            let (left, right) = (values(&of[0], known, depth + 1), values(&of[1], known, depth + 1));
            let equal = match (left.as_slice(), right.as_slice()) {
                ([Some(x)], [Some(y)]) => equal(x, y),
                _ => None,
            };
            let chosen: &[Term] = match equal {
                Some(true) => &of[2..3],
                Some(false) => &of[3..4],
                None => &of[2..4],
            };
            chosen.iter().flat_map(|term| values(term, known, depth + 1)).collect()
        }
        // The address part of a plain address is the address.
        Term::Fn { name, of, .. } if name == "address" && of.len() == 1 => {
            let plain =
                |value: Option<Json>| value.filter(|value| value.as_str().is_some_and(|text| !text.starts_with('M')));
            values(&of[0], known, depth + 1).into_iter().map(plain).collect()
        }
        Term::Coalesce(of) => {
            let mut all = Vec::new();
            for term in of {
                let found = values(term, known, depth + 1);
                let certain = !found.is_empty() && found.iter().all(Option::is_some);
                all.extend(found);
                // The first that is present; what comes after it does not count.
                if certain {
                    break;
                }
            }
            all
        }
        _ => vec![None],
    }
}

fn below(value: &Json, path: &[Step]) -> Vec<Option<Json>> {
    match path.split_first() {
        None => vec![Some(value.clone())],
        Some((Step::Field(name), rest)) => match value.get(name) {
            Some(value) => below(value, rest),
            None => {
                name.parse::<usize>().ok().and_then(|at| value.get(at)).map_or(vec![None], |value| below(value, rest))
            }
        },
        Some((Step::Elem, rest)) => match value.as_array() {
            Some(list) => list.iter().flat_map(|value| below(value, rest)).collect(),
            None => vec![None],
        },
        _ => vec![None],
    }
}

/// Whether values are the same one, numbers written as text or not; `None` where that cannot be told.
fn equal(x: &Json, y: &Json) -> Option<bool> {
    if x == y {
        return Some(true);
    }
    if let (Some(x), Some(y)) = (number(x), number(y)) {
        return Some(x == y);
    }
    match (x, y) {
        (Json::Bool(x), Json::Bool(y)) => Some(x == y),
        // One value has several spellings: bytes in either case, an account within a multiplexed address.
        (Json::String(x), Json::String(y)) => {
            let open = x.eq_ignore_ascii_case(y) || x.starts_with('M') || y.starts_with('M');
            (!open).then_some(false)
        }
        _ => None,
    }
}

/// A whole number, as a number or as text.
fn number(value: &Json) -> Option<i128> {
    match value {
        Json::String(text) => text.parse().ok(),
        Json::Number(number) => number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from)),
        _ => None,
    }
}

/// Arithmetic on whole numbers; what does not fit fails the call.
fn sum(name: &str, x: &Json, y: &Json) -> Option<Json> {
    let (x, y) = (number(x)?, number(y)?);
    let made = if name == "add" { x.checked_add(y) } else { x.checked_sub(y) };
    Some(json!(made?.to_string()))
}

fn constant(value: &Const) -> Option<Json> {
    Some(match value {
        Const::Bool(value) => json!(value),
        Const::Int(value) => json!(value.to_string()),
        Const::Str(text) => json!(text),
        Const::Bytes(bytes) => json!(super::hex(bytes)),
        Const::Name(_) | Const::Other => return None,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn contract() -> Contract {
        serde_json::from_value(json!({
            "name": "token", "chain": { "model": "soroban", "rules": 1 },
            "cells": [
                { "id": "<instance>", "tier": "instance", "implicit": true },
                { "id": "Admin", "tier": "instance", "storage": { "layout": "vec('Admin)" } },
                { "id": "Balance", "tier": "persistent", "keys": ["string"] },
                { "id": "Balance(address)", "tier": "persistent", "refines": "Balance",
                  "storage": { "layout": "vec('Balance,address)" } } ],
            "entries": [ { "name": "send", "params": [], "accesses": [
                { "cell": "<instance>", "mode": "read", "implicit": true },
                { "cell": "Balance", "key": [{ "arg": "from" }], "mode": "update" },
                { "cell": "Balance", "key": [{ "arg": "to[]" }], "mode": "read", "ttl": true },
                { "cell": "Balance", "key": [{ "load": { "cell": "Admin", "key": [] } }], "mode": "write" } ] } ]
        }))
        .unwrap()
    }

    #[test]
    fn keys_are_split_by_what_is_done_to_them() {
        let contract = contract();
        let args = json!({ "from": "GA", "to": ["GA", "GB"] });
        let known = Known { address: "C1", args: args.as_object().unwrap(), stored: &NoState };
        let found = ledger_keys(&contract, &contract.entries[0], &known);
        let of = |who: &str| {
            let key = json!({ "vec": [{ "symbol": "Balance" }, if who == "*" { json!("*") } else { json!({ "address": who }) }] });
            entry_key(&json!("C1"), key, "persistent")
        };
        assert_eq!(found.read_write, [of("GA")]);
        let instance = entry_key(&json!("C1"), json!("ledger_key_contract_instance"), "persistent");
        assert_eq!(found.read_only, [instance, of("GB")]);
        assert_eq!(found.families, [(of("*"), true)]);
        assert!(covers(&found.families[0].0, &of("GX")));
    }
}
