//! Transactions of the Cosmos SDK as JSON: gas used by messages to contracts.
//!
//! Shapes: what `wasmd query tx HASH --output json` prints (a `TxResponse`), what `query txs` prints (`txs` of them), what
//! the REST service answers (`tx_response`, or `tx_responses` beside `txs`), one after the other or one a line.
//! A transaction reports gas for all of its messages together, so only those of one message measure an entry point.

use std::io::BufRead;

use serde_json::{Map, Value};

use super::{CostsError, Reader, Sample, documents};

/// Responses to transactions.
pub(super) struct Transactions;

impl Reader for Transactions {
    fn name(&self) -> &'static str {
        "Cosmos transactions as JSON"
    }

    fn recognises(&self, head: &str) -> bool {
        head.trim_start().starts_with('{')
            && ["\"gas_used\"", "\"tx_response\"", "\"tx_responses\"", "\"txhash\""]
                .iter()
                .any(|key| head.contains(key))
    }

    fn read(&self, input: &mut dyn BufRead, sink: &mut dyn FnMut(Sample<'_>)) -> Result<(), CostsError> {
        for document in documents(input) {
            let document = document?;
            for response in responses(&document) {
                let messages = messages(response);
                let (Some(gas), [only]) = (number(&response["gas_used"]), messages.as_slice()) else { continue };
                let failed = number(&response["code"]).unwrap_or(0) != 0;
                sink(Sample { contract: Some(&only.contract), entry: &only.entry, cost: gas, failed });
            }
        }
        Ok(())
    }
}

/// A message to a contract.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    /// Who sends it.
    pub(crate) sender: String,
    /// The contract's address; empty where one is made.
    pub(crate) contract: String,
    /// `execute::transfer`, `instantiate`, `migrate`.
    pub(crate) entry: String,
    /// What the message carries: its fields, or the value of a variant of one unnamed field.
    pub(crate) args: Value,
    /// Attached coins.
    pub(crate) funds: Vec<Value>,
}

/// All responses to transactions in a document.
pub(crate) fn responses(document: &Value) -> Vec<&Value> {
    if let Some(one) = document.get("tx_response") {
        return vec![one];
    }
    if let Some(several) = document.get("tx_responses").and_then(Value::as_array) {
        return several.iter().collect();
    }
    match document.get("txs").and_then(Value::as_array) {
        Some(several) => several.iter().collect(),
        None => vec![document],
    }
}

/// Messages to contracts of one transaction (its body, or a response that holds it), in order.
pub(crate) fn messages(response: &Value) -> Vec<Message> {
    let body = response.get("tx").unwrap_or(response);
    let list = body.pointer("/body/messages").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(message).collect()
}

fn message(value: &Value) -> Option<Message> {
    let kind = value["@type"].as_str()?.rsplit('.').next()?;
    let text = |key: &str| value[key].as_str().unwrap_or("").to_owned();
    let (entry, args) = match kind {
        "MsgExecuteContract" => {
            // A message is an object of one field, or a bare name.
            let (variant, args) = match &value["msg"] {
                Value::String(name) => (name.clone(), Value::Object(Map::new())),
                Value::Object(map) => map.iter().next().map(|(name, args)| (name.clone(), args.clone()))?,
                _ => return None,
            };
            (format!("execute::{}", super::folded(&variant)), args)
        }
        "MsgInstantiateContract" | "MsgInstantiateContract2" => ("instantiate".to_owned(), value["msg"].clone()),
        "MsgMigrateContract" => ("migrate".to_owned(), value["msg"].clone()),
        _ => return None,
    };
    let funds = value["funds"].as_array().cloned().unwrap_or_default();
    Some(Message { sender: text("sender"), contract: text("contract"), entry, args, funds })
}

/// A whole number, written as one or as text.
pub(crate) fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::super::Costs;

    const ONE: &str = r#"{"height":"7","txhash":"AB","code":0,"gas_wanted":"200000","gas_used":"150321","tx":{"body":{"messages":
        [{"@type":"/cosmwasm.wasm.v1.MsgExecuteContract","sender":"cosmos1a","contract":"cosmos1c",
          "msg":{"transfer":{"recipient":"cosmos1b","amount":"5"}},"funds":[]}]}}}"#;

    #[test]
    fn gas_of_single_messages() {
        let failed = ONE.replace("\"code\":0", "\"code\":5").replace("150321", "1");
        let twice = ONE.replace(
            "\"messages\":\n        [",
            "\"messages\":[{\"@type\":\"/cosmwasm.wasm.v1.MsgExecuteContract\",\"msg\":{\"burn\":{}}},",
        );
        let wrapped = format!("{{\"tx\":{{}},\"tx_response\":{ONE}}}");
        let list = format!("{{\"total_count\":\"1\",\"txs\":[{ONE},{ONE}],\"gas_used\":\"\"}}");
        let text = [ONE, &failed, &twice, &wrapped, &list].join("\n");
        let mut costs = Costs::new();
        costs.read(&mut text.as_bytes()).unwrap();
        let found = costs.of("execute::transfer").unwrap();
        assert_eq!((found.count(), found.percentile(95)), (4, 150_321));
        assert!(costs.of("execute::burn").is_none());
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        let error = Costs::new().read(&mut &ONE.as_bytes()[..ONE.len() - 3]).unwrap_err();
        assert!(matches!(error, super::CostsError::Line { .. }), "{error}");
    }
}
