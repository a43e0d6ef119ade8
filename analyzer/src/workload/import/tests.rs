//! Small documents of our own in the documented shapes.

use super::*;
use crate::schedule::io::{IngestOptions, read_batch};
use crate::schedule::{Evaluator, EvaluatorOptions, State, Workspace, levels};

fn run(kind: Kind, document: &str, known: &Known<'_>) -> (Vec<Value>, Imported) {
    let (mut lines, mut done) = (Vec::new(), Imported::default());
    import(kind, &serde_json::from_str(document).unwrap(), known, &mut done, &mut |line| lines.push(line)).unwrap();
    (lines, done)
}

/// Waves of the lines under the raw manifest.
fn waves(model: &str, lines: &[Value]) -> Vec<u32> {
    let manifest = crate::manifest::read(&raw_manifest(model).to_string()).unwrap();
    let this = Evaluator::new(&[manifest], &EvaluatorOptions::default()).unwrap();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let loaded = read_batch(&mut text.as_bytes(), &this, &State::new(), &IngestOptions::default()).unwrap();
    levels(&loaded.batch, &mut Workspace::new())
}

fn transaction(signature: &str, payer: &str, pool: &str, units: u64) -> String {
    format!(
        r#"{{"meta":{{"computeUnitsConsumed":{units},"loadedAddresses":{{"writable":["{pool}"],"readonly":["Config"]}},
            "logMessages":["Program Dex invoke [1]","Program log: Instruction: SwapIn","Program Dex success"]}},
          "transaction":{{"signatures":["{signature}"],"message":{{"header":{{"numRequiredSignatures":1,"numReadonlySignedAccounts":0,"numReadonlyUnsignedAccounts":1}},
            "accountKeys":["{payer}","{payer}Token","Dex"],"instructions":[{{"programIdIndex":2,"accounts":[3,1,0],"data":"x"}}]}}}}}}"#
    )
}

#[test]
fn a_solana_block_by_its_locks_and_by_a_manifest() {
    let all = [
        transaction("s1", "a", "Pool1", 12_000_000),
        transaction("s2", "b", "Pool1", 11_000_000),
        transaction("s3", "c", "Pool2", 5),
        r#"{"meta":{},"transaction":{"message":{"accountKeys":[]}}}"#.to_owned(),
    ];
    let block = format!(r#"{{"jsonrpc":"2.0","result":{{"blockHeight":77,"transactions":[{}]}}}}"#, all.join(","));
    let (lines, done) = run(Kind::SolanaBlock, &block, &Known::default());
    assert_eq!((done.transactions, done.raw, done.skipped, done.calls), (4, 3, 1, 0));
    assert_eq!(done.full, [("77".to_owned(), "Pool1".to_owned(), 23.0 / 24.0)]);
    assert_eq!(lines[0]["accounts"]["2"], serde_json::json!({ "address": "Dex", "writable": false }));
    assert_eq!(waves("solana", &lines), [0, 1, 0]);
    let manifest = crate::manifest::read(
        r#"{ "version": 1, "contracts": [{ "name": "dex", "chain": { "model": "solana", "rules": 1 }, "entries": [{ "name": "swap_in",
            "accounts": [{ "name": "pool", "writable": true, "identity": { "account": "pool" } }, { "name": "wallet", "writable": true, "identity": { "account": "wallet" } }] }] }] }"#,
    )
    .unwrap();
    let mut known = Known::default();
    known.contracts.insert("Dex".to_owned(), &manifest.contracts[0]);
    let (lines, done) = run(Kind::SolanaBlock, &block, &known);
    assert_eq!((done.calls, done.raw), (3, 0));
    assert_eq!((&lines[0]["entry"], &lines[0]["accounts"]["pool"]["address"]), (&"swap_in".into(), &"Pool1".into()));
    assert_eq!(lines[0]["accounts"]["lock0"]["address"], "a");
}

#[test]
fn a_stellar_ledger_by_its_footprints() {
    let transaction = |hash: &str, written: &str| {
        format!(
            r#"{{"txHash":"{hash}","envelopeJson":{{"tx":{{"tx":{{"ext":{{"v1":{{"resources":{{"footprint":{{"read_only":[{{"contract_code":1}}],"read_write":[{{"k":"{written}"}}]}},"instructions":500}}}}}}}}}}}}}}"#
        )
    };
    let text = format!(
        r#"{{"result":{{"transactions":[{},{},{},{{"envelopeJson":{{}}}}]}}}}"#,
        transaction("t1", "a"),
        transaction("t2", "b"),
        transaction("t3", "a")
    );
    let (lines, done) = run(Kind::StellarLedger, &text, &Known::default());
    assert_eq!((done.raw, done.skipped, &lines[0]["cost"]), (3, 1, &500.into()));
    assert_eq!(waves("soroban", &lines), [0, 0, 1]);
}

#[test]
fn a_cosmos_block_by_its_messages() {
    let text = r#"{"txs":[{"txhash":"AA","gas_used":"900","code":0,"tx":{"body":{"messages":[
        {"@type":"/cosmwasm.wasm.v1.MsgExecuteContract","sender":"s","contract":"c1","msg":{"transfer":{"to":"x","amount":"1"}},"funds":[{"denom":"u","amount":"3"}]},
        {"@type":"/cosmwasm.wasm.v1.MsgExecuteContract","sender":"s","contract":"c1","msg":{"burn":{"amount":"1"}},"funds":[]},
        {"@type":"/cosmos.bank.v1beta1.MsgSend"}]}}},
        {"txhash":"BB","gas_used":"5","tx":{"body":{"messages":[{"@type":"/cosmos.bank.v1beta1.MsgSend"}]}}}]}"#;
    let (lines, done) = run(Kind::CosmosBlock, text, &Known::default());
    assert_eq!((done.transactions, done.calls, done.skipped), (2, 2, 1));
    assert_eq!(
        (&lines[0]["tx"], &lines[0]["cost"], &lines[1]["entry"]),
        (&"AA".into(), &450.into(), &"execute::burn".into())
    );
}

/// A variant of one unnamed field is that field's value on the chain; a batch names the parameter.
#[test]
fn a_message_of_one_unnamed_field_is_put_under_its_parameter() {
    let manifest = crate::manifest::read(
        r#"{"version":1,"contracts":[{"name":"token","framework":"cosmwasm","chain":{"model":"keyed"},"cells":[],"entries":[
        {"name":"execute::upload_logo","params":[{"name":"value","type":{"opaque":"Logo"}}],"accesses":[]},
        {"name":"execute::mint","params":[{"name":"extension","type":{"option":{"opaque":"Empty"}},"optional":true}],"accesses":[]}]}]}"#,
    )
    .unwrap();
    let known = Known { only: Some(&manifest.contracts[0]), ..Known::default() };
    let text = r#"{"txs":[{"txhash":"AA","tx":{"body":{"messages":[
        {"@type":"/cosmwasm.wasm.v1.MsgExecuteContract","sender":"s","contract":"c1","msg":{"upload_logo":{"url":"u"}},"funds":[]},
        {"@type":"/cosmwasm.wasm.v1.MsgExecuteContract","sender":"s","contract":"c1","msg":{"upload_logo":"none"},"funds":[]},
        {"@type":"/cosmwasm.wasm.v1.MsgExecuteContract","sender":"s","contract":"c1","msg":{"mint":{"extension":{"a":1}}},"funds":[]}]}}}]}"#;
    let (lines, _) = run(Kind::CosmosBlock, text, &known);
    assert_eq!(lines[0]["args"], serde_json::json!({ "value": { "url": "u" } }));
    assert_eq!(lines[1]["args"], serde_json::json!({ "value": "none" }));
    // What is opaque takes any value, also where it may be absent.
    let evaluator = crate::schedule::Evaluator::new(&[manifest], &Default::default()).unwrap();
    for line in lines {
        let text = line.to_string();
        let line = crate::schedule::CallLine::parse(&text).unwrap();
        evaluator.decode(&line, &mut crate::schedule::Call::default()).unwrap();
    }
}

#[test]
fn documents_of_another_kind_are_refused() {
    for kind in [Kind::SolanaBlock, Kind::StellarLedger, Kind::CosmosBlock] {
        let mut done = Imported::default();
        let error = import(kind, &serde_json::json!({ "hello": 1 }), &Known::default(), &mut done, &mut |_| ());
        assert!(error.is_err(), "{kind:?}");
    }
}

#[test]
fn numbers_of_a_block_that_do_not_fit_are_no_panic() {
    let max = u64::MAX;
    let one = transaction("s1", "a", "Pool1", max)
        .replace("\"numReadonlySignedAccounts\":0", &format!("\"numReadonlySignedAccounts\":{max}"));
    let one = one.replace("\"numReadonlyUnsignedAccounts\":1", &format!("\"numReadonlyUnsignedAccounts\":{max}"));
    let block = format!(r#"{{"result":{{"parentSlot":{max},"transactions":[{one},{one}]}}}}"#);
    let (lines, done) = run(Kind::SolanaBlock, &block, &Known::default());
    assert_eq!((lines.len(), done.transactions), (2, 2));
}
