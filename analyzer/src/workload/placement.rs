//! Units placed on shards so that calls rarely cross: what a chain of several partitions could do with a workload.
//!
//! Units that are only read are copied to every shard and do not count. The others are placed in one pass over the calls,
//! each where most of its call's units already are, less a penalty for shards that are full (Stanton, Kliot: "Streaming
//! graph partitioning for large distributed graphs", KDD 2012), then moved in a few rounds where that helps. Any number of
//! calls that share a unit stay where it is, so one hot unit limits the balance; that is told, not hidden.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::schedule::{Batch, READ};

/// Where units are, and what that means for calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placement {
    /// Number of shards.
    pub shards: u32,
    /// Shard of every unit that is written.
    pub of: BTreeMap<u64, u32>,
    /// Per call the shards it touches; empty for one that only reads.
    pub calls: Vec<BTreeSet<u32>>,
    /// Cost that runs on each shard; a crossing call counts on each of its shards.
    pub load: Vec<u64>,
}

impl Placement {
    /// Share of calls on more than one shard.
    pub fn crossing(&self) -> f64 {
        let crossing = self.calls.iter().filter(|shards| shards.len() > 1).count();
        if self.calls.is_empty() { 0.0 } else { crossing as f64 / self.calls.len() as f64 }
    }

    /// Messages between shards: one to each further shard of a call.
    pub fn messages(&self) -> u64 {
        self.calls.iter().map(|shards| shards.len().saturating_sub(1) as u64).sum()
    }

    /// The fullest shard over the average; 1 is even.
    pub fn balance(&self) -> f64 {
        let (most, sum) = (self.load.iter().max().copied().unwrap_or(0), self.load.iter().sum::<u64>());
        if sum == 0 { 1.0 } else { most as f64 * self.load.len() as f64 / sum as f64 }
    }
}

/// Rounds of moves.
const ROUNDS: usize = 4;
/// A shard may hold so much more than the average.
const SLACK: f64 = 1.1;

/// Per call the units that matter: those that some call writes.
fn written(batch: &Batch) -> Vec<Vec<u64>> {
    let mut changed: BTreeSet<u64> = BTreeSet::new();
    for call in 0..batch.len() {
        changed.extend(batch.call(call).filter(|access| access.class != READ).map(|access| access.unit));
    }
    let units = |call: usize| -> Vec<u64> {
        let all: BTreeSet<u64> =
            batch.call(call).map(|access| access.unit).filter(|unit| changed.contains(unit)).collect();
        all.into_iter().collect()
    };
    (0..batch.len()).map(units).collect()
}

/// Places the units of a batch on `shards` shards.
pub fn place(batch: &Batch, shards: u32) -> Placement {
    let shards = shards.max(1);
    let calls = written(batch);
    let mut weight: HashMap<u64, u64> = HashMap::new();
    let mut of_unit: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for (at, units) in calls.iter().enumerate() {
        for &unit in units {
            *weight.entry(unit).or_default() += batch.costs()[at].max(1);
            of_unit.entry(unit).or_default().push(at as u32);
        }
    }
    let total: u64 = weight.values().sum();
    let room = (total as f64 / f64::from(shards) * SLACK).max(1.0);
    let mut load = vec![0u64; shards as usize];
    let mut of: BTreeMap<u64, u32> = BTreeMap::new();
    for units in &calls {
        for &unit in units {
            if of.contains_key(&unit) {
                continue;
            }
            let near = votes(units, unit, &of, shards);
            let own = weight.get(&unit).copied().unwrap_or(0);
            let best = choose(&near, &load, own, room);
            load[best as usize] += own;
            of.insert(unit, best);
        }
    }
    for _ in 0..ROUNDS {
        let mut moved = false;
        for (&unit, at) in &of_unit {
            let own = weight.get(&unit).copied().unwrap_or(0);
            let here = of.get(&unit).copied().unwrap_or(0);
            let mut near = vec![0u64; shards as usize];
            for &call in at {
                for (shard, votes) in votes(&calls[call as usize], unit, &of, shards).into_iter().enumerate() {
                    near[shard] += votes;
                }
            }
            load[here as usize] -= own;
            let best = choose(&near, &load, own, room);
            // Only a gain moves a unit, so that rounds end.
            let to = if near[best as usize] > near[here as usize] { best } else { here };
            load[to as usize] += own;
            moved |= to != here;
            of.insert(unit, to);
        }
        if !moved {
            break;
        }
    }
    placed(batch, &calls, shards, of)
}

/// The placement by a hash of the unit, to compare with.
pub fn by_hash(batch: &Batch, shards: u32) -> Placement {
    let shards = shards.max(1);
    let calls = written(batch);
    // Unit ids are hashes already; the upper half is not what tables use.
    let of = calls.iter().flatten().map(|&unit| (unit, ((unit >> 32) % u64::from(shards)) as u32)).collect();
    placed(batch, &calls, shards, of)
}

/// How many other units of a call are on each shard.
fn votes(units: &[u64], unit: u64, of: &BTreeMap<u64, u32>, shards: u32) -> Vec<u64> {
    let mut out = vec![0u64; shards as usize];
    for other in units.iter().filter(|other| **other != unit) {
        if let Some(&shard) = of.get(other) {
            out[shard as usize] += 1;
        }
    }
    out
}

/// The shard with most neighbours among those with room, weighed by the room they have; else the emptiest.
fn choose(near: &[u64], load: &[u64], own: u64, room: f64) -> u32 {
    let mut best = (f64::MIN, 0usize);
    for (shard, (&votes, &used)) in near.iter().zip(load).enumerate() {
        let left = 1.0 - (used + own) as f64 / room;
        // What fits nowhere goes where most room is.
        let score = if left >= 0.0 { (votes as f64 + 0.01) * (left + 0.01) } else { left };
        if score > best.0 {
            best = (score, shard);
        }
    }
    best.1 as u32
}

fn placed(batch: &Batch, calls: &[Vec<u64>], shards: u32, of: BTreeMap<u64, u32>) -> Placement {
    let mut load = vec![0u64; shards as usize];
    let touched: Vec<BTreeSet<u32>> =
        calls.iter().map(|units| units.iter().filter_map(|unit| of.get(unit).copied()).collect()).collect();
    for (shards, cost) in touched.iter().zip(batch.costs()) {
        for &shard in shards {
            load[shard as usize] = load[shard as usize].saturating_add(*cost);
        }
    }
    Placement { shards, of, calls: touched, load }
}

#[cfg(test)]
mod tests {
    use super::super::Rng;
    use super::*;
    use crate::schedule::{Access, Rule};

    /// Sixteen groups of users who pay each other.
    fn groups() -> Batch {
        let mut rng = Rng::new(3);
        let mut batch = Batch::new(Rule::Locks);
        for _ in 0..4_000 {
            let group = rng.below(16) * 1_000;
            let units = [group + rng.below(20), group + rng.below(20)].map(|unit| (unit + 1) << 32);
            batch.push(1, [Access::write(units[0]), Access::write(units[1]), Access::read(7)]).unwrap();
        }
        batch
    }

    #[test]
    fn groups_stay_together() {
        let batch = groups();
        let (found, hashed) = (place(&batch, 8), by_hash(&batch, 8));
        assert!(found.crossing() < 0.3 * hashed.crossing(), "{} {}", found.crossing(), hashed.crossing());
        assert!(found.balance() < 1.6, "{}", found.balance());
        assert!(!found.of.contains_key(&7), "what is only read is everywhere");
        assert_eq!(place(&batch, 8), found);
        assert_eq!((place(&batch, 1).crossing(), place(&batch, 1).messages()), (0.0, 0));
    }

    #[test]
    fn a_hot_unit_is_told() {
        let mut batch = Batch::new(Rule::Locks);
        for call in 0..100u64 {
            batch.push(1, [Access::write(5 << 32), Access::write((call + 10) << 32)]).unwrap();
        }
        assert!(place(&batch, 4).balance() > 1.5);
        assert_eq!(place(&Batch::new(Rule::Locks), 4).crossing(), 0.0);
    }
}
