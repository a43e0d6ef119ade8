//! One line of a batch: a call as people and indexers write it (DESIGN §7).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::eval::Call;
use super::plan::{EntryPlan, Source};
use super::value::{Raw, encode};
use super::{CallError, Evaluator, address, decode};

/// Funds attached to a call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Funds {
    /// Denomination.
    pub denom: String,
    /// Amount, a number or text.
    #[serde(default)]
    pub amount: serde_json::Value,
}

/// A call. Text borrows from the line where it can.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallLine<'a> {
    /// Unique in the batch.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// Lines of one transaction stand together and are one node.
    #[serde(borrow, default)]
    pub tx: Option<Cow<'a, str>>,
    /// The contract's name; may be left out when there is one contract.
    #[serde(borrow, default)]
    pub contract: Option<Cow<'a, str>>,
    /// The instance; the contract's name if left out.
    #[serde(borrow, default)]
    pub address: Option<Cow<'a, str>>,
    /// The entry point.
    #[serde(borrow)]
    pub entry: Cow<'a, str>,
    /// The immediate caller.
    #[serde(borrow, default)]
    pub caller: Option<Cow<'a, str>>,
    /// The transaction's signer; the caller if left out.
    #[serde(borrow, default)]
    pub origin: Option<Cow<'a, str>>,
    /// Who pays the fee, where that locks an account.
    #[serde(borrow, default)]
    pub fee_payer: Option<Cow<'a, str>>,
    /// Attached funds.
    #[serde(default)]
    pub funds: Vec<Funds>,
    /// Arguments by name.
    #[serde(borrow, default)]
    pub args: Option<&'a RawValue>,
    /// Accounts by name: an address, or `{"address", "writable"}`.
    #[serde(default)]
    pub accounts: BTreeMap<String, AccountValue>,
    /// Cost; 1 if left out.
    #[serde(borrow, default)]
    pub cost: Option<&'a RawValue>,
    /// Priority; 0 if left out.
    #[serde(borrow, default)]
    pub priority: Option<&'a RawValue>,
}

/// An account of a call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum AccountValue {
    /// Its address, locked as the manifest says.
    Address(String),
    /// Its address and its lock.
    Locked {
        /// The address.
        address: String,
        /// Locked for writing.
        writable: bool,
    },
}

impl<'a> CallLine<'a> {
    /// Reads a line of JSON.
    pub fn parse(line: &'a str) -> Result<CallLine<'a>, CallError> {
        serde_json::from_str(line).map_err(|error| CallError::new("", describe(&error)))
    }

    /// The cost.
    pub fn cost(&self) -> Result<u64, CallError> {
        whole_number("cost", self.cost, 1)
    }

    /// The priority.
    pub fn priority(&self) -> Result<u64, CallError> {
        whole_number("priority", self.priority, 0)
    }
}

/// serde_json's message without its position, which is told by line and field.
fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((message, _)) if error.is_eof() => {
            format!("the line is cut off after column {} ({message})", error.column())
        }
        Some((message, _)) if error.is_syntax() => format!("column {}: {message}", error.column()),
        Some((message, _)) => message.to_owned(),
        None => text,
    }
}

fn whole_number(field: &str, value: Option<&RawValue>, default: u64) -> Result<u64, CallError> {
    let Some(value) = value else { return Ok(default) };
    let text = value.get().trim_matches('"');
    text.parse().map_err(|_| {
        let shown: String = value.get().chars().take(40).collect();
        CallError::new(field, format!("`{field}`: expected a whole number from 0 to 2^64 - 1, found {shown}"))
    })
}

impl Evaluator {
    /// Decodes a line into `call`, whose buffers are used again.
    pub fn decode(&self, line: &CallLine<'_>, call: &mut Call) -> Result<(), CallError> {
        let contract = match &line.contract {
            Some(name) => *self.by_name.get(name.as_ref()).ok_or_else(|| {
                CallError::new("contract", format!("`contract`: there is no contract `{name}` in the manifest"))
            })?,
            None if self.contracts.len() == 1 => 0,
            None => {
                let known = line.address.as_ref().and_then(|address| {
                    let mut bytes = Vec::new();
                    address::neutral(address, &mut bytes);
                    self.deployments.get(&bytes).copied()
                });
                known.ok_or_else(|| {
                    CallError::new("contract", "`contract` is missing, and there are several contracts")
                })?
            }
        };
        let plan = &self.contracts[contract as usize];
        let entry = *plan.by_name.get(line.entry.as_ref()).ok_or_else(|| {
            CallError::new("entry", format!("`entry`: contract `{}` has no entry `{}`", plan.name, line.entry))
        })?;
        call.contract = contract;
        call.entry = entry;
        call.address.clear();
        let own = line.address.as_deref().unwrap_or(&plan.name);
        address::neutral(own, &mut call.address);
        call.node = super::hash::address_node(&call.address);
        let entry = &plan.entries[entry as usize];
        call.slots.reset(entry.slots.len());
        let args = line.args.map_or("{}", RawValue::get);
        let mut json = serde_json::Deserializer::from_str(args);
        decode::arguments(entry, &mut json, &mut call.slots).map_err(|error| args_error(&error))?;
        self.accounts(line, call);
        self.funds(line, entry, own, call)?;
        self.senders(line, entry, own, call)
    }

    fn funds(&self, line: &CallLine<'_>, entry: &EntryPlan, own: &str, call: &mut Call) -> Result<(), CallError> {
        call.payer = None;
        if line.funds.is_empty() {
            return Ok(());
        }
        let caller = line.caller.as_deref().ok_or_else(|| {
            CallError::new("caller", format!("`caller` is missing: it pays the funds of this call of `{}`", entry.name))
        })?;
        call.payee.clear();
        let mut payer = Vec::new();
        if let Some(target) = self.balance.0.targets.first() {
            encode(Raw::Text(caller), target, &mut payer);
            encode(Raw::Text(own), target, &mut call.payee);
        }
        call.payer = Some(payer);
        Ok(())
    }

    fn accounts(&self, line: &CallLine<'_>, call: &mut Call) {
        call.accounts.clear();
        for (name, value) in &line.accounts {
            let (text, writable) = match value {
                AccountValue::Address(address) => (address, None),
                AccountValue::Locked { address, writable } => (address, Some(*writable)),
            };
            let mut bytes = Vec::new();
            address::neutral(text, &mut bytes);
            call.accounts.push((name.clone(), bytes, writable));
        }
        call.fee_payer = line.fee_payer.as_deref().map(|text| {
            let mut bytes = Vec::new();
            address::neutral(text, &mut bytes);
            bytes
        });
    }

    fn senders(&self, line: &CallLine<'_>, entry: &EntryPlan, own: &str, call: &mut Call) -> Result<(), CallError> {
        for (slot, plan) in entry.slots.iter().enumerate() {
            let text = match &plan.source {
                Source::Arg => continue,
                Source::SelfAddr => own,
                Source::Caller => line.caller.as_deref().ok_or_else(|| {
                    CallError::new("caller", format!("`caller` is missing: `{}` needs it", entry.name))
                })?,
                Source::Origin => line.origin.as_deref().or(line.caller.as_deref()).ok_or_else(|| {
                    CallError::new("origin", format!("`origin` is missing: `{}` needs it", entry.name))
                })?,
                Source::Account(name) => match line.accounts.get(name) {
                    Some(AccountValue::Address(address) | AccountValue::Locked { address, .. }) => address,
                    // An optional account that is not given locks nothing.
                    None if entry
                        .accounts
                        .iter()
                        .flatten()
                        .any(|account| account.optional && account.name == *name) =>
                    {
                        continue;
                    }
                    None => {
                        let field = format!("accounts.{name}");
                        let message = format!("`{field}` is missing: `{}` needs it", entry.name);
                        return Err(CallError::new(&field, message));
                    }
                },
            };
            call.slots.put(slot as u16, plan, Raw::Text(text), [0; 2]);
        }
        Ok(())
    }
}

/// The message of the decoder begins with the field in backticks.
fn args_error(error: &serde_json::Error) -> CallError {
    let message = describe(error);
    let field = message.split('`').nth(1).unwrap_or("args").to_owned();
    let field = if field.starts_with("args") { field } else { "args".to_owned() };
    CallError { field, message }
}
