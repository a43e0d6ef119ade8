//! Simulations of Soroban calls as JSON: instructions used.
//!
//! Shapes: what the RPC method `simulateTransaction` answers (`result` or bare; `transactionData` as XDR, older servers
//! also `cost.cpuInsns`), and a transaction that was decoded to JSON after it was simulated (`invoke_contract` beside
//! `resources.instructions`), one after the other or one a line. An answer does not repeat which function was asked for; it
//! is read from the first authorisation, or from a field `function` put beside it. Answers that name none are passed over.
//! Snapshots that tests write hold no costs.
//! Source: stellar-xdr `Stellar-transaction.x` (`SorobanTransactionData`, `SorobanAuthorizationEntry`), Stellar RPC docs.

use std::io::BufRead;

use serde_json::Value;

use super::cosmos::number;
use super::{CostsError, Reader, Sample, documents, find};

/// Answers of simulations, and simulated transactions.
pub(super) struct Simulations;

impl Reader for Simulations {
    fn name(&self) -> &'static str {
        "Soroban simulations as JSON"
    }

    fn recognises(&self, head: &str) -> bool {
        head.trim_start().starts_with('{')
            && ["\"transactionData\"", "\"cpuInsns\"", "\"invoke_contract\"", "\"minResourceFee\""]
                .iter()
                .any(|key| head.contains(key))
    }

    fn read(&self, input: &mut dyn BufRead, sink: &mut dyn FnMut(Sample<'_>)) -> Result<(), CostsError> {
        for document in documents(input) {
            let document = document?;
            let Some((contract, entry)) = called(&document) else { continue };
            let answer = document.get("result").unwrap_or(&document);
            let failed = answer.get("error").is_some();
            let cost = instructions(answer).unwrap_or(0);
            if cost > 0 || failed {
                sink(Sample { contract: contract.as_deref(), entry: &entry, cost, failed });
            }
        }
        Ok(())
    }
}

/// The contract, where it is told, and the function.
fn called(document: &Value) -> Option<(Option<String>, String)> {
    if let Some(name) = document.get("function").and_then(Value::as_str) {
        let contract = document.get("contract").and_then(Value::as_str);
        return Some((contract.map(str::to_owned), name.to_owned()));
    }
    if let Some(call) = find(document, "invoke_contract") {
        let contract = call["contract_address"].as_str();
        return Some((contract.map(str::to_owned), call["function_name"].as_str()?.to_owned()));
    }
    let answer = document.get("result").unwrap_or(document);
    let auth = answer.pointer("/results/0/auth/0").and_then(Value::as_str)?;
    Some((None, root_function(&base64(auth)?)?))
}

fn instructions(answer: &Value) -> Option<u64> {
    // Instructions, two sizes and the fee, a number of eight bytes, stand at the end of a transaction's data.
    let declared = || {
        let bytes = base64(answer.get("transactionData")?.as_str()?)?;
        u32_at(&bytes, bytes.len().checked_sub(20)?).map(u64::from)
    };
    declared()
        .or_else(|| answer.pointer("/cost/cpuInsns").and_then(number))
        .or_else(|| find(answer, "resources").and_then(|found| number(&found["instructions"])))
}

/// The function at the root of an authorisation entry.
fn root_function(bytes: &[u8]) -> Option<String> {
    let mut at = 4;
    if u32_at(bytes, 0)? == 1 {
        // Credentials of an address: address, nonce, last ledger, and in a simulation no signature.
        at = address(bytes, at)? + 12;
        if u32_at(bytes, at)? != 1 {
            return None;
        }
        at += 4;
    }
    if u32_at(bytes, at)? != 0 {
        return None;
    }
    at = address(bytes, at + 4)?;
    let length = u32_at(bytes, at)? as usize;
    let name = bytes.get(at + 4..(at + 4).checked_add(length)?)?;
    let text = std::str::from_utf8(name).ok()?;
    (!text.is_empty() && length <= 32).then(|| text.to_owned())
}

/// Where an address that begins at `at` ends: an account (with the kind of its key) or a contract.
fn address(bytes: &[u8], at: usize) -> Option<usize> {
    match u32_at(bytes, at)? {
        0 => Some(at + 40),
        1 => Some(at + 36),
        _ => None,
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(u32::from_be_bytes(four))
}

/// Bytes of base64.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    crate::schedule::base64(text, &mut out).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::super::Costs;

    /// `SorobanTransactionData` without footprint: 1,234,567 instructions.
    const DATA: &str = "AAAAAAAAAAAAAAAAABLWhwAAAAAAAAAAAAAAAAAAAGQ=";
    /// An authorisation of the source account for `transfer` of the contract of zeros.
    const AUTH: &str = "AAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIdHJhbnNmZXIAAAAAAAAAAA==";

    fn of(text: &str, entry: &str) -> Option<(u64, u64)> {
        let mut costs = Costs::new();
        costs.read(&mut text.as_bytes()).unwrap();
        costs.of(entry).map(|found| (found.count(), found.percentile(95)))
    }

    #[test]
    fn answers_and_transactions() {
        let answer =
            format!(r#"{{"jsonrpc":"2.0","result":{{"transactionData":"{DATA}","results":[{{"auth":["{AUTH}"]}}]}}}}"#);
        assert_eq!(of(&answer, "transfer"), Some((1, 1_234_567)));
        let older = r#"{"function":"mint","result":{"minResourceFee":"1","cost":{"cpuInsns":"77","memBytes":"5"}}}"#;
        assert_eq!(of(older, "mint"), Some((1, 77)));
        let decoded = r#"{"tx":{"tx":{"operations":[{"body":{"invoke_host_function":{"host_function":{"invoke_contract":
            {"contract_address":"CA","function_name":"burn","args":[]}}}}}],
            "ext":{"v1":{"resources":{"footprint":{},"instructions":9000,"write_bytes":1}}}}}}"#;
        assert_eq!(of(decoded, "burn"), Some((1, 9_000)));
    }

    #[test]
    fn what_names_no_function_or_failed_is_no_measure() {
        let nameless = format!(r#"{{"transactionData":"{DATA}","results":[{{"auth":[]}}]}}"#);
        assert_eq!(of(&nameless, "transfer"), None);
        let failed = r#"{"function":"mint","result":{"error":"out","minResourceFee":"0","cost":{"cpuInsns":"5"}}}"#;
        assert_eq!(of(failed, "mint"), None);
        for broken in ["!", "AAA", "AAAAAQ=="] {
            let text = format!(r#"{{"function":"f","transactionData":"{broken}"}}"#);
            assert_eq!(of(&text, "f"), None);
            // What else the answer says still counts.
            let text = format!(r#"{{"function":"f","transactionData":"{broken}","cost":{{"cpuInsns":"5"}}}}"#);
            assert_eq!(of(&text, "f"), Some((1, 5)));
        }
    }
}
