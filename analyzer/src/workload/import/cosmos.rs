//! Blocks of CosmWasm chains: the shapes that `costs::cosmos` reads, and the transactions of a block without results.

use serde_json::{Value, json};

use super::{Imported, Known};
use crate::costs::cosmos::{Message, messages, number, responses};
use crate::manifest::v1::Contract;

pub(super) fn block(
    document: &Value,
    known: &Known<'_>,
    done: &mut Imported,
    sink: &mut dyn FnMut(Value),
) -> Result<(), String> {
    let all = responses(document);
    let shaped = |value: &&Value| value.pointer("/tx/body").or_else(|| value.get("body")).is_some();
    if !all.is_empty() && !all.iter().any(shaped) {
        return Err("this is no transaction: there is no `tx` with a `body`".to_owned());
    }
    done.blocks += 1;
    for (at, response) in all.iter().enumerate() {
        done.transactions += 1;
        let found = messages(response);
        if found.is_empty() {
            done.skipped += 1;
            continue;
        }
        let hash = response["txhash"].as_str().map_or_else(|| format!("b{}t{at}", done.blocks), str::to_owned);
        let gas = number(&response["gas_used"]);
        let each = gas.map(|gas| gas / found.len() as u64);
        for (index, message) in found.iter().enumerate() {
            let mut call = json!({ "id": format!("{hash}/{index}"), "tx": hash, "entry": message.entry,
                "caller": message.sender, "args": shaped_arguments(message, known) });
            if !message.contract.is_empty() {
                call["address"] = json!(message.contract);
            }
            // Without a list of addresses every contract is the manifest's only one.
            match known.contracts.get(&message.contract) {
                Some(contract) => {
                    call["contract"] = json!(contract.name);
                    done.calls += 1;
                }
                None if known.contracts.is_empty() => done.calls += 1,
                None => {
                    call["contract"] = json!(message.contract);
                    done.raw += 1;
                }
            }
            if let Some(gas) = each {
                call["cost"] = json!(gas.max(1));
            }
            let coins: Vec<&Value> = message.funds.iter().filter(|coin| coin["denom"].is_string()).collect();
            if !coins.is_empty() {
                call["funds"] = json!(coins);
            }
            sink(call);
        }
    }
    Ok(())
}

/// Arguments by parameter. A variant of one unnamed field (`UploadLogo(Logo)`) is written on the chain as that field's value;
/// the manifest calls the parameter `value`.
fn shaped_arguments(message: &Message, known: &Known<'_>) -> Value {
    let contract: Option<&Contract> = known.contracts.get(&message.contract).copied().or(known.only);
    let entry = contract.and_then(|contract| contract.entries.iter().find(|entry| entry.name == message.entry));
    let unnamed = entry.is_some_and(|entry| matches!(entry.params.as_slice(), [only] if only.name == "value"));
    let named = message.args.as_object().is_some_and(|map| map.len() == 1 && map.contains_key("value"));
    match &message.args {
        value if unnamed && !named => json!({ "value": value }),
        Value::Object(_) => message.args.clone(),
        _ => json!({}),
    }
}
