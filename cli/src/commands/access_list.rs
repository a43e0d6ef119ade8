//! `access-list`: the storage slots that one call touches, as an EIP-2930 list. Only for contracts whose storage is
//! numbered 32-byte words; the manifest says how each cell's slot is made, the call gives the keys.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crosslane_analyzer::conflicts::Scope;
use crosslane_analyzer::conflicts::evaluate::{Call, StateLine, Value, World};
use crosslane_analyzer::manifest::Manifest;
use crosslane_analyzer::manifest::v1::{Cell, Slot, SlotStep};
use sha3::{Digest as _, Keccak256};

use super::{Exit, manifest};
use crate::args::Common;
use crate::fail::Fail;
use crate::output;
use crate::project::read_regular;
use crate::session::{self, Unit};

/// A slot's number, the most significant byte first.
type Word = [u8; 32];

/// Flags of `access-list`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Entry point
    #[arg(long)]
    entry: String,
    /// Arguments by parameter, as in a batch
    #[arg(long, value_name = "JSON", default_value = "{}")]
    args: String,
    /// Address of the contract
    #[arg(long, default_value = "0x0000000000000000000000000000000000000000")]
    address: String,
    /// Address that calls
    #[arg(long)]
    caller: Option<String>,
    /// Contract, when there are several
    #[arg(long)]
    contract: Option<String>,
    /// Manifest to use instead of an analysis
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Values in storage that keys depend on, as for `schedule`
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

/// Runs `access-list`.
pub(crate) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let manifest = match &args.manifest {
        Some(path) => manifest::load(path)?,
        None => {
            let units = session::load(common)?;
            session::manifest(&units.iter().collect::<Vec<&Unit>>())
        }
    };
    let given = serde_json::from_str(&args.args).map_err(|error| Fail::new(format!("--args: {error}")))?;
    let call = Call {
        id: "call".to_owned(),
        contract: args.contract.clone(),
        address: Some(args.address.clone()),
        entry: args.entry.clone(),
        caller: args.caller.clone(),
        args: given,
        ..Call::default()
    };
    let mut world = World::new(&manifest);
    world.scope = Scope::Own;
    if let Some(path) = &args.state {
        world.state = state(path)?;
    }
    let list = list(&manifest, &world, &call)?;
    for left in &list.left {
        output::tell(&format!("not listed: {left}\n"))?;
    }
    output::show(&list.json(&args.address))?;
    Ok(Exit::Clean)
}

fn state(path: &std::path::Path) -> Result<Vec<StateLine>, Fail> {
    let text = read_regular(path)
        .map_err(|error| Fail::new(format!("cannot be read: {error}")).file(path))?
        .ok_or_else(|| Fail::new("this is not a text file").file(path))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            serde_json::from_str(line).map_err(|error| Fail::new(format!("line {}: {error}", at + 1)).file(path))
        })
        .collect()
}

/// The slots of one call.
#[derive(Debug, Default, PartialEq, Eq)]
struct List {
    slots: BTreeSet<Word>,
    /// What has no slot here, and why.
    left: BTreeSet<String>,
}

impl List {
    fn json(&self, address: &str) -> String {
        let keys: Vec<String> = self.slots.iter().map(hex).collect();
        let value = serde_json::json!([{ "address": address, "storageKeys": keys }]);
        let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
        text.push('\n');
        text
    }
}

fn list(manifest: &Manifest, world: &World<'_>, call: &Call) -> Result<List, Fail> {
    let contract = match (&call.contract, manifest.contracts.as_slice()) {
        (Some(name), all) => all.iter().find(|contract| contract.name == *name),
        (None, [one]) => Some(one),
        (None, _) => None,
    };
    let contract = contract.ok_or_else(|| Fail::new("name one contract of the manifest with --contract"))?;
    let cells: BTreeMap<&str, &Cell> = contract.cells.iter().map(|cell| (cell.id.as_str(), cell)).collect();
    let footprint = match world.evaluate(std::slice::from_ref(call)).into_iter().next() {
        Some(Ok(footprint)) => footprint,
        Some(Err(problem)) => return Err(Fail::new(problem.message)),
        None => return Err(Fail::new("the call has no footprint")),
    };
    let mut list = List::default();
    for access in footprint.accesses {
        let Some(cell) = cells.get(access.cell.as_str()) else {
            list.left.insert("what could not be seen (see `cargo crosslane footprint`)".to_owned());
            continue;
        };
        if cell.implicit {
            continue;
        }
        match slot(cell.storage.slot.as_ref(), &access.key) {
            Ok(word) => drop(list.slots.insert(word)),
            Err(why) => drop(list.left.insert(format!("{}: {why}", cell.id))),
        }
    }
    let entry = contract.entries.iter().find(|entry| entry.name == call.entry);
    if entry.is_some_and(|entry| !entry.external.is_empty()) {
        list.left.insert("what other contracts that the call calls touch".to_owned());
    }
    Ok(list)
}

/// The slot of a cell under a key, or why it is not known.
fn slot(place: Option<&Slot>, key: &[Value]) -> Result<Word, String> {
    let place = place.ok_or("its slot is not known")?;
    let mut word = number(&place.start).ok_or("its slot is not known")?;
    let mut components = key.iter();
    for step in &place.steps {
        match step {
            SlotStep::Add(more) => word = add(word, &of(u128::from(*more))),
            SlotStep::Data => word = Keccak256::digest(word).into(),
            SlotStep::Map(kind) => {
                let bytes = key_bytes(kind, components.next()).ok_or("its key is not known before the call runs")?;
                word = Keccak256::new().chain_update(bytes).chain_update(word).finalize().into();
            }
            SlotStep::Index { slots, .. } => {
                let Some(Value::Number(digits)) = components.next() else {
                    return Err("which element is not known before the call runs".to_owned());
                };
                let index: u128 = digits.parse().map_err(|_| "its index is no number".to_owned())?;
                let offset = index.checked_mul(u128::from((*slots).max(1))).ok_or("its index is too large")?;
                word = add(word, &of(offset));
            }
        }
    }
    Ok(word)
}

/// A key as it goes into the hash.
fn key_bytes(kind: &str, value: Option<&Value>) -> Option<Vec<u8>> {
    match (kind, value?) {
        ("number", Value::Number(digits)) => number(digits).map(|word| word.to_vec()),
        ("number", Value::Bool(value)) => Some(of(u128::from(*value)).to_vec()),
        ("number", Value::Bytes(bytes)) if bytes.len() <= 32 => {
            let mut word = [0; 32];
            word[32 - bytes.len()..].copy_from_slice(bytes);
            Some(word.to_vec())
        }
        ("bytes", Value::Bytes(bytes)) if bytes.len() <= 32 => {
            let mut word = [0; 32];
            word[..bytes.len()].copy_from_slice(bytes);
            Some(word.to_vec())
        }
        ("raw", Value::Bytes(bytes)) => Some(bytes.clone()),
        _ => None,
    }
}

fn of(value: u128) -> Word {
    let mut word = [0; 32];
    word[16..].copy_from_slice(&value.to_be_bytes());
    word
}

/// A decimal number below 2^256.
fn number(digits: &str) -> Option<Word> {
    let mut word: Word = [0; 32];
    if digits.is_empty() {
        return None;
    }
    for digit in digits.chars() {
        let mut carry = digit.to_digit(10)?;
        for byte in word.iter_mut().rev() {
            let next = u32::from(*byte) * 10 + carry;
            *byte = (next & 0xff) as u8;
            carry = next >> 8;
        }
        if carry != 0 {
            return None;
        }
    }
    Some(word)
}

fn add(mut a: Word, b: &Word) -> Word {
    let mut carry = 0;
    for (left, right) in a.iter_mut().zip(b).rev() {
        let sum = u16::from(*left) + u16::from(*right) + carry;
        *left = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
    a
}

fn hex(word: &Word) -> String {
    let mut text = String::from("0x");
    for byte in word {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod layouts;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: &str, steps: &[SlotStep], key: &[Value]) -> Result<String, String> {
        let place = Slot { start: start.to_owned(), steps: steps.to_vec(), offset: 0, bytes: 32 };
        slot(Some(&place), key).map(|word| hex(&word))
    }

    #[test]
    fn known_hashes() {
        // keccak256 of slot 0 and of slot 1: where Solidity puts the elements of the first and second list.
        assert_eq!(
            at("0", &[SlotStep::Data], &[]).unwrap(),
            "0x290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e563"
        );
        assert_eq!(
            at(
                "0",
                &[SlotStep::Add(1), SlotStep::Data, SlotStep::Index { bytes: 32, slots: 1 }],
                &[Value::Number("2".into())]
            )
            .unwrap(),
            "0xb10e2d527612073b26eecdfd717e6a320cf44b4afac2b0732d9fcbe2b7fa0cf8"
        );
        // keccak256(pad(0) . pad(0)): entry 0 of a map in slot 0.
        assert_eq!(
            at("0", &[SlotStep::Map("number".into())], &[Value::Number("0".into())]).unwrap(),
            "0xad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5"
        );
    }

    #[test]
    fn what_is_not_known_is_said() {
        assert!(at("0", &[SlotStep::Map("unknown".into())], &[Value::Number("0".into())]).is_err());
        assert!(at("0", &[SlotStep::Map("number".into())], &[Value::Any]).is_err());
        assert!(at("0", &[SlotStep::Index { bytes: 32, slots: 1 }], &[Value::Any]).is_err());
        assert_eq!(hex(&add([255; 32], &of(2))), format!("0x{:064x}", 1));
        assert!(number("115792089237316195423570985008687907853269984665640564039457584007913129639936").is_none());
    }
}
