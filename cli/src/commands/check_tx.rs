//! `check-tx`: the accounts of a transaction against what the program declares and needs.

use std::fmt::Write as _;
use std::path::PathBuf;

use crosslane_analyzer::costs::plain;
use crosslane_analyzer::ir::{AccountParam, Entry, Written};
use serde_json::Value;

use super::Exit;
use crate::args::Common;
use crate::fail::Fail;
use crate::output;
use crate::session;

/// Flags of `check-tx`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The transaction, as `getTransaction` gives it
    #[arg(value_name = "TX.json")]
    transaction: PathBuf,
    /// Address of the program; any when left out
    #[arg(long, value_name = "ADDRESS")]
    program: Option<String>,
    /// The instruction it calls; read from the logs when left out
    #[arg(long, value_name = "NAME")]
    entry: Option<String>,
}

/// One key of a transaction.
#[derive(Clone)]
struct Key {
    address: String,
    writable: bool,
}

/// Runs `check-tx`.
pub(crate) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let value = super::json_of(&args.transaction)?;
    let result = value.get("result").unwrap_or(&value);
    let message = result.pointer("/transaction/message").or_else(|| result.get("message")).unwrap_or(result);
    let keys = keys(message, result);
    let Some(instructions) = message.get("instructions").and_then(Value::as_array).filter(|_| !keys.is_empty()) else {
        return Err(Fail::new("this is no transaction: it has no `accountKeys` and `instructions`")
            .file(&args.transaction)
            .help("save the answer of `getTransaction` with `encoding: json`")
            .into());
    };
    let logs = result.pointer("/meta/logMessages").and_then(Value::as_array);
    let logs: Vec<&str> = logs.into_iter().flatten().filter_map(Value::as_str).collect();
    let units = session::load(common)?;
    let all = session::judged(&units)?;
    let programs: Vec<Option<String>> = instructions.iter().map(|one| program_of(one, &keys)).collect();
    // What each instruction is, where it is one of ours.
    let mut known: Vec<Option<(&Entry, &[AccountParam])>> = vec![None; instructions.len()];
    for (at, program) in programs.iter().enumerate() {
        let Some(program) = program else { continue };
        if args.program.as_ref().is_some_and(|wanted| wanted != program) {
            continue;
        }
        let before = programs[..at].iter().flatten().filter(|other| *other == program).count();
        let Some(name) = args.entry.clone().or_else(|| logged(&logs, program, before)) else { continue };
        let entries = all.iter().flat_map(|judged| &judged.contract.entries);
        let found = entries.into_iter().find(|entry| plain(&entry.name) == plain(&name));
        known[at] = found.and_then(|entry| Some((entry, entry.accounts.as_deref()?)));
    }
    if known.iter().all(Option::is_none) {
        return Err(Fail::new("no instruction of this transaction is one of the program's")
            .file(&args.transaction)
            .help("give --program ADDRESS and --entry NAME where the logs do not tell")
            .into());
    }
    let given: Vec<Vec<Option<Key>>> = instructions.iter().map(|one| positions(one, &keys)).collect();
    let mut out = String::new();
    for (at, one) in known.iter().enumerate() {
        let Some((entry, accounts)) = one else { continue };
        // The fee payer is locked for writing in any case; an account may be locked for another instruction.
        let elsewhere = |address: &str| {
            keys.first().is_some_and(|payer| payer.address == address)
                || (0..given.len()).filter(|&other| other != at).any(|other| {
                    given[other].iter().enumerate().any(|(place, key)| {
                        let asks = known[other].is_none_or(|(_, of)| of.get(place).is_none_or(|of| of.writable));
                        asks && key.as_ref().is_some_and(|key| key.address == address)
                    })
                })
        };
        compared(entry, accounts, &given[at], &elsewhere, &mut out);
    }
    if out.is_empty() {
        output::show("as the program needs it\n")?;
        return Ok(Exit::Clean);
    }
    output::show(&out)?;
    Ok(Exit::Findings)
}

fn keys(message: &Value, result: &Value) -> Vec<Key> {
    let list: Vec<&Value> = message.get("accountKeys").and_then(Value::as_array).into_iter().flatten().collect();
    let number = |name: &str| {
        let number = message.pointer(&format!("/header/{name}")).and_then(Value::as_u64).unwrap_or(0);
        usize::try_from(number).map_or(list.len(), |number| number.min(list.len()))
    };
    let (signed, read_signed, read) =
        (number("numRequiredSignatures"), number("numReadonlySignedAccounts"), number("numReadonlyUnsignedAccounts"));
    let mut out: Vec<Key> = Vec::new();
    for (at, one) in list.iter().enumerate() {
        let by_place = if at < signed { at + read_signed < signed } else { at + read < list.len() };
        let (address, writable) = match one {
            Value::String(address) => (Some(address.as_str()), by_place),
            one => (one["pubkey"].as_str(), one["writable"].as_bool().unwrap_or(by_place)),
        };
        out.push(Key { address: address.unwrap_or_default().to_owned(), writable });
    }
    // What lookup tables bring; parsed answers list it with the rest.
    if !list.first().is_some_and(|one| one.is_object()) {
        for (name, writable) in [("writable", true), ("readonly", false)] {
            let list = result.pointer(&format!("/meta/loadedAddresses/{name}")).and_then(Value::as_array);
            for address in list.into_iter().flatten() {
                out.push(Key { address: address.as_str().unwrap_or_default().to_owned(), writable });
            }
        }
    }
    out
}

fn program_of(instruction: &Value, keys: &[Key]) -> Option<String> {
    if let Some(key) = instruction.get("programId").and_then(Value::as_str) {
        return Some(key.to_owned());
    }
    let at = usize::try_from(instruction.get("programIdIndex")?.as_u64()?).ok()?;
    keys.get(at).map(|key| key.address.clone())
}

/// The accounts of an instruction; `None` for one that the transaction does not list.
fn positions(instruction: &Value, keys: &[Key]) -> Vec<Option<Key>> {
    let list = instruction.get("accounts").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .map(|one| match one {
            Value::String(address) => keys.iter().find(|known| known.address == *address).cloned(),
            one => keys.get(usize::try_from(one.as_u64()?).ok()?).cloned(),
        })
        .collect()
}

/// The name of a program's instruction that the logs give behind its `nth` outermost call.
fn logged(logs: &[&str], program: &str, nth: usize) -> Option<String> {
    let begin = format!("Program {program} invoke [1]");
    let at = logs.iter().enumerate().filter(|(_, line)| **line == begin).nth(nth)?.0;
    logs.get(at + 1)?.strip_prefix("Program log: Instruction: ").map(|name| name.trim().to_owned())
}

fn compared(
    entry: &Entry,
    accounts: &[AccountParam],
    given: &[Option<Key>],
    elsewhere: &dyn Fn(&str) -> bool,
    out: &mut String,
) {
    let name = &entry.name;
    for (at, one) in accounts.iter().enumerate() {
        let Some(Some(key)) = given.get(at) else {
            if !one.optional {
                let _ = writeln!(out, "{name}: `{}` is missing", one.name);
            }
            continue;
        };
        let address = &key.address;
        let same = |other: usize| matches!(given.get(other), Some(Some(known)) if known.address == *address);
        if key.writable && !one.writable && !elsewhere(address) {
            // The same account may stand in another place that asks for the lock.
            let asked = accounts.iter().enumerate().any(|(other, of)| of.writable && same(other));
            if !asked {
                let _ = writeln!(out, "{name}: `{}` ({address}) is locked for writing and need not be", one.name);
            }
        }
        if !key.writable && one.writable && !one.optional {
            let _ = writeln!(out, "{name}: `{}` ({address}) is read-only, the program asks for a write lock", one.name);
        }
        if key.writable && one.writable && one.written == Written::No && !elsewhere(address) {
            let _ = writeln!(out, "{name}: `{}` ({address}) is locked for a program that never writes it", one.name);
        }
        if let Some(other) = (0..at).find(|&other| same(other) && (one.writable || accounts[other].writable)) {
            let other = &accounts[other].name;
            let _ = writeln!(out, "{name}: `{other}` and `{}` are one account ({address})", one.name);
        }
    }
}
