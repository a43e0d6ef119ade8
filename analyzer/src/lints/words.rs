//! The words and habits of a chain model, as messages need them.

use crate::ir::Contract;

/// Nouns and habits of one chain model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// The chain model's id.
    pub id: String,
    /// What the chain locks or validates (`storage key`, `account`, `ledger entry`).
    pub unit: String,
    /// What a user calls an entry point (`message`, `instruction`).
    pub entry: String,
    /// What a user calls a read-only entry point (`query`, `view`).
    pub view: String,
    /// True when chains of this kind run calls side by side today.
    pub parallel_today: bool,
    /// True when a call announces what it touches before it runs, so that a key that moves makes it fail.
    pub declared: bool,
    /// True when deltas on one unit merge.
    pub merges_deltas: bool,
    /// True when a later blind write does not wait for an earlier one.
    pub blind_writes_free: bool,
    /// True when calls of one contract never overlap, whatever they touch.
    pub whole_contract: bool,
    /// What two conflicting calls do: `wait for each other`.
    pub clash: String,
    /// What a call does whose announced keys are out of date.
    pub stale: Option<String>,
    /// What a write costs there, a sentence part with its source.
    pub write_cost: Option<String>,
}

impl Words {
    /// The words of a chain model for a contract.
    pub fn of(chain: &str, contract: &Contract) -> Words {
        Words {
            id: chain.to_owned(),
            unit: "storage key".to_owned(),
            entry: contract.entry_noun.clone(),
            view: "query".to_owned(),
            parallel_today: false,
            declared: false,
            merges_deltas: false,
            blind_writes_free: false,
            whole_contract: false,
            clash: "wait for each other".to_owned(),
            stale: None,
            write_cost: None,
        }
    }
}
