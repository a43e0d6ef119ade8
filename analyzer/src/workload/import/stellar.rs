//! Ledgers of Stellar: answers of `getTransactions` with `xdrFormat: json`. Every transaction is kept by its declared
//! footprint, which is what the network schedules by; keys are compared as the network prints them.

use serde_json::{Value, json};

use super::{Imported, RAW};
use crate::costs::find;

pub(super) fn ledger(document: &Value, done: &mut Imported, sink: &mut dyn FnMut(Value)) -> Result<(), String> {
    let answer = document.get("result").unwrap_or(document);
    let Some(transactions) = answer["transactions"].as_array() else {
        return Err("this is no answer of getTransactions: there is no list `transactions`".to_owned());
    };
    done.blocks += 1;
    for (at, transaction) in transactions.iter().enumerate() {
        done.transactions += 1;
        let envelope = transaction.get("envelopeJson").unwrap_or(&transaction["envelope"]);
        let resources = find(envelope, "resources");
        let Some(footprint) = resources.and_then(|resources| resources.get("footprint")) else {
            done.skipped += 1;
            continue;
        };
        let keys = |name: &str| -> Vec<String> {
            let list = footprint[name].as_array();
            list.into_iter().flatten().map(Value::to_string).collect()
        };
        let hash = transaction["txHash"].as_str().or(transaction["hash"].as_str());
        let id = hash.map_or_else(|| format!("l{}t{at}", done.blocks), str::to_owned);
        let cost = resources.and_then(|resources| resources["instructions"].as_u64()).unwrap_or(1);
        done.raw += 1;
        sink(json!({ "id": id, "contract": RAW, "entry": "locks", "caller": id, "cost": cost.max(1),
            "args": { "reads": keys("read_only"), "writes": keys("read_write") } }));
    }
    Ok(())
}
