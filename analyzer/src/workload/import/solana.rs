//! Blocks of Solana: answers of `getBlock` with `encoding: json` (or `jsonParsed`) and `transactionDetails: full`.
//!
//! A transaction locks all accounts of its message and of its lookup tables; which ones for writing follows from the
//! header and the order. The name of an instruction is what the program logs (`Instruction: Swap`), its accounts are
//! those of the instruction, in the order of the manifest. Votes and transactions without locks are passed over.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Imported, Known, RAW};
use crate::costs::plain;

/// Instructions of these programs only set limits.
const BUDGET: &str = "ComputeBudget111111111111111111111111111111";
const VOTE: &str = "Vote111111111111111111111111111111111111111";

pub(super) fn block(
    document: &Value,
    known: &Known<'_>,
    done: &mut Imported,
    sink: &mut dyn FnMut(Value),
) -> Result<(), String> {
    let block = document.get("result").unwrap_or(document);
    let Some(transactions) = block["transactions"].as_array() else {
        return Err("this is no block: there is no list `transactions`".to_owned());
    };
    done.blocks += 1;
    let name = block["blockHeight"].as_u64().or(block["parentSlot"].as_u64().map(|slot| slot.saturating_add(1)));
    let name = name.map_or_else(|| format!("block {}", done.blocks), |height| height.to_string());
    let mut used: BTreeMap<String, u64> = BTreeMap::new();
    for (at, transaction) in transactions.iter().enumerate() {
        done.transactions += 1;
        let Some(locks) = locks(transaction) else {
            done.skipped += 1;
            continue;
        };
        let message = &transaction["transaction"]["message"];
        let cost = transaction["meta"]["computeUnitsConsumed"].as_u64().unwrap_or(1);
        let instructions: Vec<(&Value, &str)> = message["instructions"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|instruction| Some((instruction, program(instruction, &locks)?)))
            .filter(|(_, program)| *program != BUDGET)
            .collect();
        if instructions.iter().all(|(_, program)| *program == VOTE) {
            done.skipped += 1;
            continue;
        }
        for (address, _) in locks.iter().filter(|(_, writable)| *writable) {
            let sum = used.entry(address.clone()).or_default();
            *sum = sum.saturating_add(cost);
        }
        let signature = transaction["transaction"]["signatures"][0].as_str();
        let id = signature.map_or_else(|| format!("{name}/{at}"), str::to_owned);
        let payer = locks[0].0.clone();
        let call = match instructions.as_slice() {
            [(instruction, program)] => decoded(transaction, instruction, program, &locks, known),
            _ => None,
        };
        let (contract, entry, accounts) = match call {
            Some(call) => {
                done.calls += 1;
                call
            }
            None => {
                done.raw += 1;
                let all = locks.iter().enumerate().map(|(at, lock)| (at.to_string(), locked(lock))).collect();
                (RAW.to_owned(), "locks".to_owned(), all)
            }
        };
        sink(json!({ "id": id, "contract": contract, "entry": entry, "caller": payer, "fee_payer": payer,
            "accounts": accounts, "cost": cost.max(1) }));
    }
    let limit = crate::chains::get("solana").and_then(|chain| chain.limit("account")).map_or(u64::MAX, |it| it.value);
    let full = used.into_iter().filter(|(_, cost)| cost.saturating_mul(10) >= limit.saturating_mul(9));
    done.full.extend(full.map(|(account, cost)| (name.clone(), account, cost as f64 / limit as f64)));
    Ok(())
}

fn locked((address, writable): &(String, bool)) -> Value {
    json!({ "address": address, "writable": writable })
}

/// All accounts of a transaction and whether they are locked for writing; `None` where there are none.
fn locks(transaction: &Value) -> Option<Vec<(String, bool)>> {
    let message = &transaction["transaction"]["message"];
    let keys = message["accountKeys"].as_array()?;
    let header = |name: &str| {
        let number = message["header"][name].as_u64().unwrap_or(0);
        usize::try_from(number).map_or(keys.len(), |number| number.min(keys.len()))
    };
    let signed = header("numRequiredSignatures");
    let (quiet_signed, quiet) = (header("numReadonlySignedAccounts"), header("numReadonlyUnsignedAccounts"));
    let mut out = Vec::new();
    for (at, key) in keys.iter().enumerate() {
        // `jsonParsed` says of each key what it is.
        let (address, told) = match key {
            Value::String(address) => (address.clone(), None),
            key => (key["pubkey"].as_str()?.to_owned(), key["writable"].as_bool()),
        };
        let by_place = if at < signed { at + quiet_signed < signed } else { at + quiet < keys.len() };
        out.push((address, told.unwrap_or(by_place)));
    }
    let parsed = keys.first().is_some_and(Value::is_object);
    for (name, writable) in [("writable", true), ("readonly", false)] {
        for address in transaction["meta"]["loadedAddresses"][name].as_array().into_iter().flatten() {
            if !parsed {
                out.push((address.as_str()?.to_owned(), writable));
            }
        }
    }
    (!out.is_empty()).then_some(out)
}

/// The program of an instruction.
fn program<'a>(instruction: &'a Value, locks: &'a [(String, bool)]) -> Option<&'a str> {
    let by_index = || Some(locks.get(usize::try_from(instruction["programIdIndex"].as_u64()?).ok()?)?.0.as_str());
    instruction["programId"].as_str().or_else(by_index)
}

type Decoded = (String, String, serde_json::Map<String, Value>);

/// The call of a manifest's entry point that a transaction's only instruction is.
fn decoded(
    transaction: &Value,
    instruction: &Value,
    program: &str,
    locks: &[(String, bool)],
    known: &Known<'_>,
) -> Option<Decoded> {
    let contract = known.contracts.get(program)?;
    let name = logged(transaction, program)?;
    let entry = contract.entries.iter().find(|entry| plain(&entry.name) == name)?;
    // Whose arguments decide what is touched cannot be told from here.
    let params = entry.accounts.as_ref()?;
    let given: Vec<&str> = instruction["accounts"]
        .as_array()?
        .iter()
        .map(|account| match account {
            Value::String(address) => Some(address.as_str()),
            index => Some(locks.get(usize::try_from(index.as_u64()?).ok()?)?.0.as_str()),
        })
        .collect::<Option<_>>()?;
    if given.len() < params.len() {
        return None;
    }
    if entry.params.iter().any(|param| !param.optional) {
        return None;
    }
    let writable: BTreeMap<&str, bool> =
        locks.iter().map(|(address, writable)| (address.as_str(), *writable)).collect();
    let mut accounts = serde_json::Map::new();
    for (param, address) in params.iter().zip(&given) {
        let lock = ((*address).to_owned(), writable.get(address).copied().unwrap_or(true));
        accounts.insert(param.name.clone(), locked(&lock));
    }
    // The rest of the message is locked all the same.
    for (at, lock) in locks.iter().enumerate() {
        if !given[..params.len()].contains(&lock.0.as_str()) {
            accounts.insert(format!("lock{at}"), locked(lock));
        }
    }
    Some((contract.name.clone(), entry.name.clone(), accounts))
}

/// The name that a program logs for its instruction.
fn logged(transaction: &Value, program: &str) -> Option<String> {
    let logs = transaction["meta"]["logMessages"].as_array()?;
    let mut lines = logs.iter().filter_map(Value::as_str);
    let start = format!("Program {program} invoke [1]");
    lines.find(|line| *line == start)?;
    lines.next()?.strip_prefix("Program log: Instruction: ").map(plain)
}
