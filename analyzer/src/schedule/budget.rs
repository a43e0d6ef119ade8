//! Budgets: which calls of a batch find room in a block, and what is full for the others.
//!
//! Calls are taken in the order given (block order, or by priority); one that does not fit is left out and later ones are
//! tried, as block builders do. Limits: cost of the whole block, time of every lane, cost of the writers of one unit
//! (Solana's limit per account), and any number of further resources per block (Soroban's ledger limits).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::chains::{ChainModel, Per};

use super::batch::{Access, Batch, READ};
use super::lanes::LaneStream;

/// Limits of a block; `None` is no limit.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    /// Cost of all calls.
    pub block: Option<u64>,
    /// End of the last call of every lane.
    pub lane: Option<u64>,
    /// Cost of all calls that do more than read one unit.
    pub unit: Option<u64>,
    /// Further resources.
    pub resources: Vec<Resource>,
}

impl Budget {
    /// The limits that a chain model states for a block, in the chain's own unit of cost; none where it states none.
    pub fn of_chain(chain: &ChainModel, batch: &Batch) -> Option<Budget> {
        let limit = |per: Per| chain.limits.iter().find(|limit| limit.per == Some(per));
        let value = |per: Per| limit(per).map(|limit| limit.value);
        let (block, lane, unit) = (value(Per::Block), value(Per::Lane), value(Per::Unit));
        block.or(lane).or(unit)?;
        let written = |call: usize| batch.call(call).filter(|access| access.class != READ).count() as u64;
        let resources = limit(Per::Writes).map(|limit| Resource {
            name: limit.text.clone(),
            limit: limit.value,
            amounts: (0..batch.len()).map(written).collect(),
        });
        Some(Budget { block, lane, unit, resources: resources.into_iter().collect() })
    }
}

/// Something of which a block has only so much.
#[derive(Clone, Debug, Default)]
pub struct Resource {
    /// Name, for reports.
    pub name: String,
    /// How much a block has.
    pub limit: u64,
    /// Per call how much it takes; calls behind the end take nothing.
    pub amounts: Vec<u64>,
}

/// What was full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Full {
    /// The block.
    Block,
    /// All lanes.
    Lanes,
    /// A unit: its own limit, or its chain reaches the end of the lanes.
    Unit(u64),
    /// A resource, by its place in [`Budget::resources`].
    Resource(usize),
}

/// Which calls found room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Calls with room, ascending by index.
    pub included: Vec<u32>,
    /// Calls without, in the order in which they were tried, and what was full.
    pub left_out: Vec<(u32, Full)>,
    /// Per unit that was full: the lowest priority that still found room on it. What it takes to get in.
    pub lowest: BTreeMap<u64, u64>,
    /// Waits of the calls with room in the streaming schedule: 50th, 90th, 99th percentile and the longest.
    pub waits: [u64; 4],
}

/// Chooses calls for a block of `lanes` lanes. With `priorities` (one per call) higher ones are tried first.
///
/// ```
/// use crosslane_analyzer::schedule::{select, Access, Batch, Budget, Full, Rule};
/// let mut batch = Batch::new(Rule::Locks);
/// for _ in 0..3 { batch.push(10, [Access::write(1)])?; }
/// batch.push(10, [Access::write(2)])?;
/// let budget = Budget { unit: Some(20), ..Budget::default() };
/// let chosen = select(&batch, 4, &[5, 7, 9, 1], &budget);
/// assert_eq!(chosen.included, [1, 2, 3]);
/// assert_eq!(chosen.left_out, [(0, Full::Unit(1))]);
/// assert_eq!(chosen.lowest[&1], 7);
/// # Ok::<(), crosslane_analyzer::schedule::BatchError>(())
/// ```
pub fn select(batch: &Batch, lanes: u32, priorities: &[u64], budget: &Budget) -> Selection {
    let mut order: Vec<u32> = (0..batch.len() as u32).collect();
    let priority = |call: u32| priorities.get(call as usize).copied().unwrap_or(0);
    order.sort_by_key(|&call| Reverse(priority(call)));
    let mut stream = LaneStream::new(batch.rule(), lanes);
    let mut loads: HashMap<u64, u64> = HashMap::new();
    let mut used = vec![0u64; budget.resources.len()];
    let mut total = 0u64;
    let mut out = Selection::default();
    let mut waits = Vec::new();
    let mut accesses: Vec<Access> = Vec::new();
    for &call in &order {
        let cost = batch.costs()[call as usize];
        accesses.clear();
        accesses.extend(batch.call(call as usize));
        let full = no_room(budget, call, cost, total, &used, &accesses, &loads);
        let placed = match full {
            Some(full) => Err(full),
            None => match stream.push_before(cost, &accesses, budget.lane.unwrap_or(u64::MAX)) {
                Ok(Some((_, start))) => Ok(start),
                // The chain of a unit, or the lanes themselves.
                Ok(None) => Err(stream.last_wait().map_or(Full::Lanes, Full::Unit)),
                Err(_) => Err(Full::Block),
            },
        };
        match placed {
            Ok(start) => {
                out.included.push(call);
                waits.push(start);
                total = total.saturating_add(cost);
                for access in accesses.iter().filter(|access| access.class != READ) {
                    let load = loads.entry(access.unit).or_default();
                    *load = load.saturating_add(cost);
                }
                for (used, resource) in used.iter_mut().zip(&budget.resources) {
                    *used = used.saturating_add(resource.amounts.get(call as usize).copied().unwrap_or(0));
                }
            }
            Err(full) => out.left_out.push((call, full)),
        }
    }
    out.included.sort_unstable();
    out.lowest = lowest(batch, priorities, &out.included, &out.left_out);
    out.waits = percentiles(waits);
    out
}

/// Per unit that was full the lowest priority that found room on it.
pub(super) fn lowest(
    batch: &Batch,
    priorities: &[u64],
    included: &[u32],
    left_out: &[(u32, Full)],
) -> BTreeMap<u64, u64> {
    let full: BTreeSet<u64> =
        left_out.iter().filter_map(|(_, full)| if let Full::Unit(unit) = full { Some(*unit) } else { None }).collect();
    let mut out = BTreeMap::new();
    for &call in included {
        let priority = priorities.get(call as usize).copied().unwrap_or(0);
        for access in batch.call(call as usize).filter(|access| full.contains(&access.unit)) {
            let lowest = out.entry(access.unit).or_insert(u64::MAX);
            *lowest = (*lowest).min(priority);
        }
    }
    out
}

fn no_room(
    budget: &Budget,
    call: u32,
    cost: u64,
    total: u64,
    used: &[u64],
    accesses: &[Access],
    loads: &HashMap<u64, u64>,
) -> Option<Full> {
    let above = |sum: Option<u64>, limit: u64| sum.is_none_or(|sum| sum > limit);
    if budget.block.is_some_and(|limit| above(total.checked_add(cost), limit)) {
        return Some(Full::Block);
    }
    for (at, (used, resource)) in used.iter().zip(&budget.resources).enumerate() {
        let amount = resource.amounts.get(call as usize).copied().unwrap_or(0);
        if above(used.checked_add(amount), resource.limit) {
            return Some(Full::Resource(at));
        }
    }
    let limit = budget.unit?;
    accesses
        .iter()
        .filter(|access| access.class != READ)
        .find(|access| above(loads.get(&access.unit).copied().unwrap_or(0).checked_add(cost), limit))
        .map(|access| Full::Unit(access.unit))
}

/// 50th, 90th and 99th percentile (nearest rank) and the maximum.
pub fn percentiles(mut values: Vec<u64>) -> [u64; 4] {
    let mut out = [values.iter().copied().max().unwrap_or(0); 4];
    let count = values.len();
    // What is below one rank is below the next one too.
    let mut below = 0;
    for (slot, share) in out.iter_mut().zip([50, 90, 99]) {
        let rank = (count * share).div_ceil(100).max(1) - 1;
        if rank >= below && rank < count {
            *slot = *values[below..].select_nth_unstable(rank - below).1;
            below = rank;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::batch::Rule;
    use super::super::lanes::{BestWorkspace, best};
    use super::super::testing::{Rng, random_batch};
    use super::*;

    #[test]
    fn limits_hold_and_nothing_that_fits_is_left_out() {
        for seed in 0..200 {
            let mut rng = Rng::new(seed);
            let batch = random_batch(&mut rng, Rule::Locks, 60);
            let priorities: Vec<u64> = (0..batch.len()).map(|_| rng.below(9)).collect();
            let amounts: Vec<u64> = (0..batch.len()).map(|_| rng.below(5)).collect();
            let budget = Budget {
                block: (seed % 2 == 0).then(|| rng.below(batch.total() + 1)),
                lane: (seed % 3 == 0).then(|| rng.below(batch.total() + 1)),
                unit: (seed % 5 < 3).then(|| rng.below(40)),
                resources: vec![Resource { name: "bytes".to_owned(), limit: 40, amounts: amounts.clone() }],
            };
            let lanes = 1 + rng.below(4) as u32;
            let chosen = select(&batch, lanes, &priorities, &budget);
            assert_eq!(chosen.included.len() + chosen.left_out.len(), batch.len());
            let part = batch.permuted(&chosen.included);
            assert!(budget.block.is_none_or(|limit| part.total() <= limit));
            assert!(chosen.included.iter().map(|&call| amounts[call as usize]).sum::<u64>() <= 40);
            if let Some(limit) = budget.unit {
                let mut loads: BTreeMap<u64, u64> = BTreeMap::new();
                for call in 0..part.len() {
                    for access in part.call(call).filter(|access| access.class != READ) {
                        *loads.entry(access.unit).or_default() += part.costs()[call];
                    }
                }
                assert!(loads.values().all(|&load| load <= limit));
            }
            if budget.block.is_none()
                && budget.lane.is_none()
                && budget.unit.is_none()
                && amounts.iter().sum::<u64>() <= 40
            {
                assert_eq!(chosen.left_out, []);
            }
            // The streaming schedule of the chosen calls ends in time; the best one is no longer.
            if let (Some(limit), true) = (budget.lane, priorities.iter().all(|&p| p == priorities[0])) {
                assert!(best(&part, lanes, &mut BestWorkspace::default()).makespan <= limit);
            }
        }
    }

    #[test]
    fn percentiles_by_nearest_rank() {
        assert_eq!(percentiles((1..=100).rev().collect()), [50, 90, 99, 100]);
        assert_eq!(percentiles(vec![7]), [7; 4]);
        assert_eq!(percentiles(Vec::new()), [0; 4]);
    }
}
