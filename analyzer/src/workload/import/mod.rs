//! What nodes and explorers print, as batches: one file per chain. Calls that a manifest describes become calls of it;
//! others are kept with what they lock, as calls of the contract [`RAW`], and counted.

mod cosmos;
mod solana;
mod stellar;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::manifest::v1::Contract;

/// The contract of calls that are known by their locks only.
pub const RAW: &str = "raw";

/// Kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Answers of `getBlock`.
    SolanaBlock,
    /// Answers of `getTransactions` with `xdrFormat: json`.
    StellarLedger,
    /// Transactions of a block with their results.
    CosmosBlock,
}

/// Which contract stands for which address.
#[derive(Clone, Debug, Default)]
pub struct Known<'a> {
    /// Contracts by address (program id, contract address).
    pub contracts: BTreeMap<String, &'a Contract>,
    /// The contract of all addresses, where there is one manifest and nothing says which address is which.
    pub only: Option<&'a Contract>,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// Blocks, ledgers or answers read.
    pub blocks: u64,
    /// Transactions.
    pub transactions: u64,
    /// Calls of contracts that a manifest describes.
    pub calls: u64,
    /// Transactions or calls that are kept by their locks, or by name only.
    pub raw: u64,
    /// Transactions without any call, passed over.
    pub skipped: u64,
    /// Accounts at 90 % of their limit or more: block, account, share.
    pub full: Vec<(String, String, f64)>,
}

/// Turns one document into lines of a batch.
///
/// # Errors
/// When the document is not of the kind.
pub fn import(
    kind: Kind,
    document: &Value,
    known: &Known<'_>,
    done: &mut Imported,
    sink: &mut dyn FnMut(Value),
) -> Result<(), String> {
    match kind {
        Kind::SolanaBlock => solana::block(document, known, done, sink),
        Kind::StellarLedger => stellar::ledger(document, done, sink),
        Kind::CosmosBlock => cosmos::block(document, known, done, sink),
    }
}

/// The manifest of the contract [`RAW`], for a chain model: `locks` with accounts, or with keys that are read and written.
pub fn raw_manifest(model: &str) -> Value {
    let text = serde_json::json!("string");
    let list = serde_json::json!({ "list": text });
    let key = |name: &str| serde_json::json!([{ "arg": format!("{name}[]"), "elem": 1 }]);
    let declared = crate::chains::get(model).is_some_and(|chain| chain.declared_locks);
    let mut entry = serde_json::json!({ "name": "locks" });
    let mut cells = serde_json::json!([]);
    if declared {
        entry["accounts"] = serde_json::json!([]);
    } else {
        cells = serde_json::json!([{ "id": "entry", "keys": ["string"], "value": { "opaque": "" }, "at": "chain" }]);
        entry["params"] = serde_json::json!([{ "name": "reads", "type": list }, { "name": "writes", "type": list }]);
        entry["accesses"] = serde_json::json!([
            { "cell": "entry", "key": key("reads"), "mode": "read" },
            { "cell": "entry", "key": key("writes"), "mode": "update" },
        ]);
    }
    serde_json::json!({ "version": 1, "contracts": [
        { "name": RAW, "package": RAW, "chain": { "model": model, "rules": 1 }, "cells": cells, "entries": [entry] }] })
}

#[cfg(test)]
mod tests;
