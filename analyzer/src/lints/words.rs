//! The words and habits of a chain model, as messages need them. All of it comes from the model's data file.

use crate::chains::{self, ChainModel, Outcome, Touch, UnitKind};
use crate::ir::{Access, Contract, EntryKind, Mode};

/// Nouns and habits of one chain model for one contract.
#[derive(Clone, Debug)]
pub struct Words {
    /// The chain model's id.
    pub id: String,
    /// What the chain locks or validates (`storage key`, `account`, `ledger entry`).
    pub unit: String,
    /// What a user calls an entry point (`message`, `instruction`).
    pub entry: String,
    /// What a user calls a read-only entry point (`query`, `view`).
    pub view: String,
    /// What calls are collected in (`block`, `ledger`).
    pub block: String,
    /// What a call costs (`compute units`, `gas`).
    pub cost: String,
    /// True when chains of this kind run calls side by side today.
    pub parallel_today: bool,
    /// True when calls of one contract never overlap, whatever they touch.
    pub whole_contract: bool,
    /// What conflicting calls do, after "all calls of `a` and `b`": `wait for each other`.
    pub clash: String,
    /// What a call does whose keys were fixed before it ran and are out of date; `None` where keys are found at run time.
    pub stale: Option<String>,
    /// What a write costs there, with its source.
    pub write_cost: Option<String>,
    model: Option<&'static ChainModel>,
}

impl Words {
    /// The words of a chain model for a contract. A model nobody knows gets the plainest words and the strictest habits.
    pub fn of(chain: &str, contract: &Contract) -> Words {
        let model = chains::get(chain);
        let queries =
            contract.entries.iter().any(|entry| entry.kind == EntryKind::View && entry.name.starts_with("query::"));
        let nouns = model.map(|model| &model.nouns);
        let noun = |pick: fn(&chains::Nouns) -> &String, plain: &str| {
            nouns.map_or_else(|| plain.to_owned(), |nouns| pick(nouns).clone())
        };
        Words {
            id: chain.to_owned(),
            unit: noun(|nouns| &nouns.unit, "unit"),
            entry: if contract.entry_noun.is_empty() {
                noun(|nouns| &nouns.entry, "entry point")
            } else {
                contract.entry_noun.clone()
            },
            view: if queries { "query" } else { "view" }.to_owned(),
            block: noun(|nouns| &nouns.block, "block"),
            cost: noun(|nouns| &nouns.cost, "cost"),
            parallel_today: model.is_some_and(|model| model.parallel_today),
            whole_contract: model.is_some_and(|model| model.unit == UnitKind::Contract),
            clash: model.map_or_else(|| "wait for each other".to_owned(), clash),
            stale: model.and_then(|model| model.stale).map(stale),
            write_cost: model.and_then(|model| write_cost(model, &contract.framework)),
            model,
        }
    }

    /// The limit of one unit in a block, where the chain has one.
    pub(crate) fn unit_limit(&self) -> Option<&'static chains::Limit> {
        self.model.and_then(|model| model.limit(&model.nouns.unit))
    }

    /// True if an access of one call and one of another conflict on one unit, in either order.
    pub(crate) fn conflict(&self, a: &Access, b: &Access) -> bool {
        match self.model {
            Some(model) => model.conflict(&touch(a), &touch(b)) || model.conflict(&touch(b), &touch(a)),
            None => {
                let shares = |mode| matches!(mode, Mode::Read | Mode::Probe | Mode::Scan);
                !(shares(a.mode) && shares(b.mode))
            }
        }
    }
}

/// What the mode table asks of an access.
fn touch(access: &Access) -> Touch<'_> {
    let op = access.op.as_ref().map(|op| format!("{:?}{:?}", op.group, op.default).into());
    Touch { mode: access.mode, keeps: access.keeps_presence, op, bounded: !access.bounds.is_empty() }
}

fn clash(model: &ChainModel) -> String {
    match model.outcome {
        Outcome::Waits | Outcome::Fails => "wait for each other".to_owned(),
        Outcome::Queues => match model.workers {
            Some(n) => format!("queue in one {} (there are {n})", model.nouns.worker),
            None => format!("queue in one {}", model.nouns.worker),
        },
        Outcome::Reruns => format!("make each other run again in one {}", model.nouns.block),
    }
}

fn stale(outcome: Outcome) -> String {
    match outcome {
        Outcome::Fails => "the second one fails".to_owned(),
        Outcome::Waits => "the second one waits".to_owned(),
        Outcome::Queues => "the second one queues".to_owned(),
        Outcome::Reruns => "the second one runs again".to_owned(),
    }
}

/// The price of a write, where chains of this framework have one for every write.
fn write_cost(model: &ChainModel, framework: &str) -> Option<String> {
    let flat = model.limit("write-flat")?;
    if !flat.frameworks.is_empty() && !flat.frameworks.iter().any(|own| own == framework) {
        return None;
    }
    let byte = model.limit("write-byte")?;
    let origin = flat.source.split([',', ':']).next().unwrap_or("");
    Some(format!(
        "a write costs {} {} and {} for each byte ({origin} default)",
        grouped(flat.value),
        flat.unit,
        byte.value
    ))
}

/// A number with a comma between thousands.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(24_000_000), "24,000,000");
    }
}
