//! State snapshots: values that `load` terms of a batch may be evaluated on.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// One line of a state file (DESIGN §7).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateLine {
    /// Address of the instance; absent for cells that have one place on the chain, or when there is one contract.
    #[serde(default)]
    pub address: Option<String>,
    /// Id of the cell.
    pub cell: String,
    /// Key components.
    #[serde(default)]
    pub key: Vec<Value>,
    /// The value; null is absent.
    pub value: Value,
}

/// Values by canonical address, cell and key.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub(crate) values: BTreeMap<Vec<u8>, Value>,
}

impl State {
    /// No value is known: every `load` term widens.
    pub fn new() -> State {
        State::default()
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// True when no value is known.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}
