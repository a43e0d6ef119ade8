//! What holds a contract back and what would help: simulated batches on a chain's own workers and limits, the units on
//! the longest chain by entry point, and for each the cures that are legal there with what they yield.
//!
//! A cure is a change of the *manifest* ([`Change`]): the same batch is evaluated and scheduled again on the changed one,
//! so before and after differ by nothing else. Nothing here knows a framework or a chain: numbers come from the chain
//! model's limits and from measured costs.

mod change;
mod cures;
#[cfg(test)]
mod tests;

pub use change::Change;
pub use cures::{Cure, Cures, Ranked, cures, of_finding};

use std::collections::{BTreeMap, BTreeSet};

use crate::chains::{ChainModel, Limit, Per};
use crate::costs::Costs;
use crate::manifest::v1::{self, Contract};
use crate::schedule::io::{IngestOptions, Loaded, read_batch};
use crate::schedule::{Budget, Evaluator, EvaluatorOptions, Full, Request, Scope, State, UnitName, plan, select};
use crate::workload::{Generator, Profile};

/// What is simulated.
#[derive(Clone, Debug)]
pub struct Setting<'a> {
    /// The contract.
    pub contract: &'a Contract,
    /// The chain model.
    pub chain: &'static ChainModel,
    /// Whether calls out count.
    pub scope: Scope,
    /// Lanes; left out: the chain's own workers if it has some, else [`LANES`].
    pub lanes: Option<u32>,
    /// Calls of the batch.
    pub calls: usize,
    /// What calls look like.
    pub profile: Profile,
    /// What they cost.
    pub costs: Costs,
    /// The seed.
    pub seed: u64,
}

/// Lanes for chains that have no number of workers.
pub const LANES: u32 = 16;

/// Why nothing can be simulated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SimulateError(pub String);

/// What a simulation found.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Calls.
    pub calls: usize,
    /// Lanes.
    pub lanes: u32,
    /// Sum of all costs.
    pub serial: u64,
    /// Time of the schedule.
    pub makespan: u64,
    /// Time of the longest chain.
    pub critical: u64,
    /// Calls of the longest chain.
    pub chain_calls: usize,
    /// Units of the longest chain, the largest share first; at most ten.
    pub hot: Vec<Hot>,
    /// Calls that fit into one block; none where no costs or no limits are known, or all of the batch fits.
    pub room: Option<Room>,
    /// Calls in the order of the batch.
    pub placed: Vec<Placed>,
    /// Terms that could not be evaluated.
    pub unresolved: u64,
}

/// A unit of the longest chain.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hot {
    /// Its name.
    pub name: UnitName,
    /// Share of the longest chain, 0 to 1.
    pub share: f64,
    /// Entry points of the chain that touch it, with their share of its calls.
    pub entries: Vec<(String, f64)>,
}

/// How many calls a block holds.
#[derive(Clone, Debug, Default)]
pub struct Room {
    /// Calls.
    pub calls: usize,
    /// What is full first.
    pub full: String,
    /// The limit it ran into.
    pub limit: Option<Limit>,
}

/// A call in the schedule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placed {
    /// Lane.
    pub lane: u32,
    /// Start.
    pub start: u64,
    /// End.
    pub end: u64,
    /// The entry point's name.
    pub entry: String,
    /// On the longest chain.
    pub critical: bool,
}

impl Outcome {
    /// Serial time over the schedule's.
    pub fn speedup(&self) -> f64 {
        ratio(self.serial, self.makespan)
    }

    /// The most that any number of lanes could give.
    pub fn ceiling(&self) -> f64 {
        ratio(self.serial, self.critical)
    }

    /// The most that so many lanes could give.
    pub fn ceiling_at(&self, lanes: u32) -> f64 {
        ratio(self.serial, self.critical.max(self.serial.div_ceil(u64::from(lanes.max(1)))))
    }

    /// Share of all work that must run one after the other, 0 to 1.
    pub fn serial_share(&self) -> f64 {
        if self.serial == 0 { 0.0 } else { self.critical as f64 / self.serial as f64 }
    }
}

fn ratio(above: u64, below: u64) -> f64 {
    if below == 0 { 1.0 } else { above as f64 / below as f64 }
}

impl Setting<'_> {
    /// The number of lanes.
    pub fn lanes(&self) -> u32 {
        self.lanes.or(self.chain.workers).unwrap_or(LANES)
    }

    /// Whether every entry point that is called has a cost.
    pub fn priced(&self) -> bool {
        self.unpriced().is_empty()
    }

    /// Entry points that are called and have no cost.
    pub fn unpriced(&self) -> Vec<&str> {
        let called = self.profile.entries.iter().filter(|(_, own)| own.weight > 0.0);
        called
            .filter(|(name, own)| own.cost.is_none() && self.costs.of(name).is_none())
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// Makes the batch, schedules it, and says what is in the way.
    ///
    /// # Errors
    /// When the profile does not fit the contract, or the manifest cannot be evaluated.
    pub fn run(&self) -> Result<Outcome, SimulateError> {
        self.with(&[])
    }

    /// The same batch on the contract as it would be after a change.
    ///
    /// # Errors
    /// As for [`Setting::run`].
    pub fn what_if(&self, change: &Change) -> Result<Outcome, SimulateError> {
        self.with(std::slice::from_ref(change))
    }

    /// The same batch on the contract after these changes, one after the other.
    fn with(&self, changes: &[Change]) -> Result<Outcome, SimulateError> {
        let (loaded, evaluator) = self.load(changes)?;
        Ok(self.outcome(&loaded, &evaluator))
    }

    /// The batch, with what names its units.
    ///
    /// # Errors
    /// As for [`Setting::run`].
    pub fn batch(&self) -> Result<(Loaded, Evaluator), SimulateError> {
        self.load(&[])
    }

    fn load(&self, changes: &[Change]) -> Result<(Loaded, Evaluator), SimulateError> {
        // Measured calls among unmeasured ones would look like all there is: then every call counts alike.
        let (mut profile, mut costs) = (self.profile.clone(), self.costs.clone());
        if !self.priced() {
            costs = Costs::new();
            profile.entries.values_mut().for_each(|own| own.cost = None);
        }
        let mut generator = Generator::new(self.contract, &profile, &costs, self.seed)
            .map_err(|error| SimulateError(error.to_string()))?;
        let mut contract = self.contract.clone();
        for change in changes {
            if let Some(receivers) = change.receivers() {
                generator = generator.with_receivers(receivers);
            }
            contract = change.apply(&contract);
        }
        let manifest = v1::Manifest { version: v1::VERSION, tool: String::new(), contracts: vec![contract] };
        let options =
            EvaluatorOptions { chain: Some(self.chain.id.clone()), scope: self.scope, deployments: BTreeMap::new() };
        let evaluator = Evaluator::new(&[manifest], &options).map_err(|error| SimulateError(error.to_string()))?;
        let text = generator.lines(self.calls);
        let loaded = read_batch(&mut text.as_bytes(), &evaluator, &State::new(), &IngestOptions::default())
            .map_err(|error| SimulateError(error.to_string()))?;
        Ok((loaded, evaluator))
    }

    fn outcome(&self, loaded: &Loaded, evaluator: &Evaluator) -> Outcome {
        let lanes = self.lanes();
        let batch = &loaded.batch;
        let planned = plan(batch, &Request { lanes, ..Request::default() });
        let entry_of = |node: u32| -> String {
            let call = loaded.call(evaluator, loaded.first_line(node));
            call.map_or_else(String::new, |call| evaluator.entry_name(&call).to_owned())
        };
        let mut hot = Vec::new();
        for share in planned.hot.iter().take(10) {
            let mut by_entry: BTreeMap<String, u64> = BTreeMap::new();
            let mut name = None;
            for &node in &planned.critical_path {
                if !batch.call(node as usize).any(|access| access.unit == share.unit) {
                    continue;
                }
                *by_entry.entry(entry_of(node)).or_default() += 1;
                if name.is_none() {
                    name = Some(named(loaded, evaluator, node, share.unit));
                }
            }
            let all: u64 = by_entry.values().sum();
            let mut entries: Vec<(String, f64)> =
                by_entry.into_iter().map(|(entry, count)| (entry, count as f64 / all.max(1) as f64)).collect();
            entries.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            let found = Hot { name: name.unwrap_or_default(), share: share.share(), entries };
            // Facets of one unit (its value, its existence) are one to people.
            match hot.iter_mut().find(|known: &&mut Hot| known.name == found.name) {
                Some(known) => known.share += found.share,
                None => hot.push(found),
            }
        }
        let on_path: BTreeSet<u32> = planned.critical_path.iter().copied().collect();
        let placed = (0..batch.len())
            .map(|call| Placed {
                lane: planned.lanes.lane[call],
                start: planned.lanes.start[call],
                end: planned.lanes.start[call].saturating_add(batch.costs()[call]),
                entry: entry_of(call as u32),
                critical: on_path.contains(&(call as u32)),
            })
            .collect();
        Outcome {
            calls: loaded.len(),
            lanes,
            serial: batch.total(),
            makespan: planned.lanes.makespan,
            critical: planned.critical,
            chain_calls: planned.critical_path.len(),
            hot,
            room: self.room(loaded, evaluator),
            placed,
            unresolved: loaded.unresolved,
        }
    }

    fn room(&self, loaded: &Loaded, evaluator: &Evaluator) -> Option<Room> {
        if !self.priced() {
            return None;
        }
        let limit = |per: Per| self.chain.limits.iter().find(|limit| limit.per == Some(per));
        let batch = &loaded.batch;
        let budget = Budget::of_chain(self.chain, batch)?;
        let selection = select(batch, self.lanes(), &[], &budget);
        let &(node, full) = selection.left_out.first()?;
        let (full, limit) = match full {
            Full::Block => (format!("the {}", self.chain.nouns.block), limit(Per::Block)),
            Full::Lanes => (format!("all {}", self.chain.nouns.workers), limit(Per::Lane)),
            Full::Resource(_) => (format!("the {}", self.chain.nouns.block), limit(Per::Writes)),
            Full::Unit(id) => {
                (format!("`{}`", spelled(&named(loaded, evaluator, node, id))), limit(Per::Unit).or(limit(Per::Lane)))
            }
        };
        Some(Room { calls: selection.included.len(), full, limit: limit.cloned() })
    }
}

/// A unit in words; an account is called as the parameter that it is given for.
fn named(loaded: &Loaded, evaluator: &Evaluator, node: u32, unit: u64) -> UnitName {
    let mut name = loaded.unit_name(evaluator, node, unit);
    if name.cell.is_empty() && !name.address.is_empty() {
        let call =
            loaded.text(loaded.first_line(node)).and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
        let accounts = call.as_ref().and_then(|call| call["accounts"].as_object());
        let param = accounts.and_then(|all| all.iter().find(|(_, address)| address.as_str() == Some(&*name.address)));
        if let Some((param, _)) = param {
            name.cell.clone_from(param);
        }
    }
    name
}

/// `BALANCES[alice]`, for people.
pub fn spelled(name: &UnitName) -> String {
    let key = if name.key.is_empty() { String::new() } else { format!("[{}]", name.key.join(", ")) };
    match (name.address.as_str(), name.cell.as_str()) {
        ("", "") => "anything (not known)".to_owned(),
        (address, "") => format!("anything of {address} (not known)"),
        (_, cell) => format!("{cell}{key}"),
    }
}
