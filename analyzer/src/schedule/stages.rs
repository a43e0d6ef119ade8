//! Stages and clusters as CAP-0063 has them: stages run one after the other; in a stage up to `clusters` clusters run at the
//! same time, each call after call; calls of different clusters of one stage must not conflict. What counts is the sum over
//! stages of the longest cluster. Order is free, as in the CAP.
//!
//! A call put into a stage melts all clusters it conflicts with into one. How many stages there are and how long they may
//! be is searched: for each number of stages the shortest length at which everything still fits is found by bisection.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::batch::{Batch, EXCLUSIVE};
use super::budget::{Budget, Full, Selection, lowest, select};

/// Calls that run one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// Calls, ascending.
    pub calls: Vec<u32>,
    /// Their cost.
    pub cost: u64,
}

/// Clusters that run at the same time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stage {
    /// Clusters, in the order of their first calls.
    pub clusters: Vec<Cluster>,
}

impl Stage {
    /// The longest cluster.
    pub fn cost(&self) -> u64 {
        self.clusters.iter().map(|cluster| cluster.cost).max().unwrap_or(0)
    }
}

/// A batch in stages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// Stages, first to last.
    pub stages: Vec<Stage>,
}

impl Stages {
    /// Sum of the stages' costs.
    pub fn cost(&self) -> u64 {
        self.stages.iter().map(Stage::cost).sum()
    }
}

/// Most stages that are tried; the network's own builder tries four.
const MOST_STAGES: u32 = 4;

/// Puts a batch into stages of at most `clusters` clusters.
///
/// ```
/// use crosslane_analyzer::schedule::{stages, Access, Batch, Rule};
/// let mut batch = Batch::new(Rule::Locks);
/// for unit in [1, 1, 2, 3] { batch.push(10, [Access::write(unit)])?; }
/// let found = stages(&batch, 2);
/// assert_eq!((found.stages.len(), found.cost()), (1, 20));
/// # Ok::<(), crosslane_analyzer::schedule::BatchError>(())
/// ```
pub fn stages(batch: &Batch, clusters: u32) -> Stages {
    let clusters = clusters.max(1);
    if batch.is_empty() {
        return Stages::default();
    }
    let dense = Dense::new(batch);
    let costs = batch.costs();
    let mut pressure = vec![0u128; batch.len()];
    for (call, slot) in pressure.iter_mut().enumerate() {
        *slot = dense.of(batch, call).map(|(unit, _)| u128::from(dense.load[unit as usize] - costs[call])).sum();
    }
    let mut by_cost: Vec<u32> = (0..batch.len() as u32).collect();
    by_cost.sort_by_key(|&call| Reverse(costs[call as usize]));
    let mut by_pressure = by_cost.clone();
    by_pressure.sort_by_key(|&call| Reverse(pressure[call as usize]));
    let mut least_pressure = by_cost.clone();
    least_pressure.sort_by_key(|&call| pressure[call as usize]);
    let longest = costs.iter().copied().max().unwrap_or(0);
    let area = batch.total().div_ceil(u64::from(clusters));
    let mut best: Option<Stages> = None;
    for order in [&by_cost, &by_pressure, &least_pressure] {
        for count in 1..=MOST_STAGES {
            let mut low = longest.max(area.div_ceil(u64::from(count)));
            let mut high = batch.total();
            // With as many stages as there are, everything fits into the sum of all costs.
            let rounds = if batch.len() > 5_000 { 8 } else { 18 };
            for _ in 0..rounds {
                if best.as_ref().is_some_and(|best| best.cost() <= low) {
                    break;
                }
                let limit = low + (high - low) / 2;
                match build(batch, &dense, order, clusters, limit, count) {
                    Some(found) => {
                        if best.as_ref().is_none_or(|best| found.cost() < best.cost()) {
                            best = Some(found);
                        }
                        high = limit;
                    }
                    None => low = limit + 1,
                }
                if low >= high {
                    break;
                }
            }
            if best.is_none() {
                best = build(batch, &dense, order, clusters, batch.total(), count);
            }
        }
        // Any number of stages of a given length: what a builder does that opens stages as it needs them.
        for divisor in 1..=MOST_STAGES {
            let limit = longest.max(area.div_ceil(u64::from(divisor)));
            if let Some(found) = build(batch, &dense, order, clusters, limit, u32::MAX) {
                if best.as_ref().is_none_or(|best| found.cost() < best.cost()) {
                    best = Some(found);
                }
            }
        }
    }
    best.unwrap_or_default()
}

/// Chooses calls for a ledger of `clusters` clusters and puts them into stages: what a lane may take is what all stages
/// together may take. Calls are tried as [`select`] tries them; if their stages are too long, the last of those with room
/// are left out.
///
/// ```
/// use crosslane_analyzer::schedule::{stages_within, Access, Batch, Budget, Rule};
/// let mut batch = Batch::new(Rule::Locks);
/// for _ in 0..3 { batch.push(10, [Access::write(1)])?; }
/// let (chosen, found) = stages_within(&batch, 2, &[], &Budget { lane: Some(20), ..Budget::default() });
/// assert_eq!((chosen.included, found.cost()), (vec![0, 1], 20));
/// # Ok::<(), crosslane_analyzer::schedule::BatchError>(())
/// ```
pub fn stages_within(batch: &Batch, clusters: u32, priorities: &[u64], budget: &Budget) -> (Selection, Stages) {
    let limit = budget.lane.unwrap_or(u64::MAX);
    let room = Budget { lane: None, ..budget.clone() };
    let mut chosen = select(batch, clusters, priorities, &room);
    let mut order = chosen.included.clone();
    let priority = |call: u32| priorities.get(call as usize).copied().unwrap_or(0);
    order.sort_by_key(|&call| Reverse(priority(call)));
    let fit = |count: usize| {
        let mut taken: Vec<u32> = order[..count].to_vec();
        taken.sort_unstable();
        let found = stages(&batch.permuted(&taken), clusters);
        (found.cost() <= limit).then_some((taken, found))
    };
    let mut best = (Vec::new(), Stages::default());
    let (mut low, mut high) = (0, order.len());
    let mut next = high;
    while low < high {
        match fit(next) {
            Some(found) => (best, low) = (found, next),
            None => high = next - 1,
        }
        next = low + (high - low).div_ceil(2);
    }
    if low < order.len() {
        chosen.left_out.extend(order[low..].iter().map(|&call| (call, Full::Lanes)));
        // In the order in which they were tried.
        chosen.left_out.sort_by_key(|&(call, _)| (Reverse(priority(call)), call));
        chosen.lowest = lowest(batch, priorities, &best.0, &chosen.left_out);
        let kept: Vec<u64> = best.0.iter().map(|&call| priority(call)).collect();
        chosen.waits = select(&batch.permuted(&best.0), clusters, &kept, &Budget::default()).waits;
    }
    chosen.included = best.0;
    (chosen, best.1)
}

/// Units as small numbers.
struct Dense {
    ids: Vec<u32>,
    load: Vec<u64>,
    /// Per unit, whether some pair of accesses conflicts.
    contended: Vec<bool>,
}

impl Dense {
    fn new(batch: &Batch) -> Dense {
        let mut known: HashMap<u64, u32> = HashMap::new();
        let mut out = Dense { ids: Vec::new(), load: Vec::new(), contended: Vec::new() };
        let mut classes: Vec<u8> = Vec::new();
        for call in 0..batch.len() {
            for access in batch.call(call) {
                let id = *known.entry(access.unit).or_insert(out.load.len() as u32);
                if id as usize == out.load.len() {
                    out.load.push(0);
                    out.contended.push(false);
                    classes.push(access.class);
                } else {
                    out.contended[id as usize] |= classes[id as usize] != access.class || access.class == EXCLUSIVE;
                }
                out.load[id as usize] += batch.costs()[call];
                out.ids.push(id);
            }
        }
        out
    }

    /// Contended units of a call with classes.
    fn of<'a>(&'a self, batch: &'a Batch, call: usize) -> impl Iterator<Item = (u32, u8)> + 'a {
        let range = batch.starts()[call] as usize..batch.starts()[call + 1] as usize;
        let ids = &self.ids[range.clone()];
        ids.iter()
            .copied()
            .zip(batch.classes()[range].iter().copied())
            .filter(|(unit, _)| self.contended[*unit as usize])
    }
}

/// A stage in the making.
struct Building {
    limit: u64,
    /// Cluster of a cluster that melted into another; itself if it did not.
    parent: Vec<u32>,
    cost: Vec<u64>,
    /// Bin of every cluster, where it is a root.
    bin: Vec<u32>,
    bins: Vec<u64>,
    members: Vec<Vec<u32>>,
    /// Per unit the classes in the stage and the clusters that use them.
    users: HashMap<u32, Vec<(u8, u32)>>,
    total: u64,
}

impl Building {
    fn new(clusters: u32, limit: u64) -> Building {
        Building {
            limit,
            parent: Vec::new(),
            cost: Vec::new(),
            bin: Vec::new(),
            bins: vec![0; clusters as usize],
            members: Vec::new(),
            users: HashMap::new(),
            total: 0,
        }
    }

    fn root(&mut self, mut at: u32) -> u32 {
        while self.parent[at as usize] != at {
            let up = self.parent[at as usize];
            self.parent[at as usize] = self.parent[up as usize];
            at = up;
        }
        at
    }

    fn add(&mut self, batch: &Batch, dense: &Dense, call: u32) -> bool {
        let cost = batch.costs()[call as usize];
        if self.total.saturating_add(cost) > self.limit.saturating_mul(self.bins.len() as u64) {
            return false;
        }
        let mut melt: Vec<u32> = Vec::new();
        for (unit, class) in dense.of(batch, call as usize) {
            let users = self.users.get(&unit).cloned().unwrap_or_default();
            for (other, cluster) in users {
                if other != class || class == EXCLUSIVE {
                    let root = self.root(cluster);
                    if !melt.contains(&root) {
                        melt.push(root);
                    }
                }
            }
        }
        let sum: u64 = melt.iter().map(|&root| self.cost[root as usize]).sum::<u64>().saturating_add(cost);
        if sum > self.limit {
            return false;
        }
        let mut bins = self.bins.clone();
        for &root in &melt {
            bins[self.bin[root as usize] as usize] -= self.cost[root as usize];
        }
        // Best fit; if nothing fits, pack everything again, longest first.
        let fitting =
            (0..bins.len()).filter(|&bin| bins[bin] + sum <= self.limit).max_by_key(|&bin| (bins[bin], Reverse(bin)));
        let (bin, repacked) = match fitting {
            Some(bin) => {
                bins[bin] += sum;
                (bin as u32, None)
            }
            None => match self.repack(&melt, sum) {
                Some((bin, packed, fresh)) => {
                    bins = packed;
                    (bin, Some(fresh))
                }
                None => return false,
            },
        };
        let cluster = match melt.first() {
            Some(&first) => first,
            None => {
                self.parent.push(self.parent.len() as u32);
                self.cost.push(0);
                self.bin.push(0);
                self.members.push(Vec::new());
                self.parent.len() as u32 - 1
            }
        };
        if let Some(fresh) = repacked {
            for (root, bin) in fresh {
                self.bin[root as usize] = bin;
            }
        }
        for &root in melt.iter().skip(1) {
            self.parent[root as usize] = cluster;
            let moved = std::mem::take(&mut self.members[root as usize]);
            self.members[cluster as usize].extend(moved);
        }
        self.members[cluster as usize].push(call);
        self.cost[cluster as usize] = sum;
        self.bin[cluster as usize] = bin;
        self.bins = bins;
        self.total += cost;
        for (unit, class) in dense.of(batch, call as usize) {
            let users = self.users.entry(unit).or_default();
            let melted = users.iter().any(|(other, _)| *other != class) || class == EXCLUSIVE;
            if melted {
                // All users are one cluster now; one entry stands for them, exclusive to whoever comes.
                users.clear();
                users.push((EXCLUSIVE, cluster));
            } else if !users.contains(&(class, cluster)) {
                users.push((class, cluster));
            }
        }
        true
    }

    /// First-fit decreasing of all clusters, those in `melt` as one of cost `sum`. The bin of that one, the bins' costs, and
    /// the bins of the others.
    #[allow(clippy::type_complexity)]
    fn repack(&self, melt: &[u32], sum: u64) -> Option<(u32, Vec<u64>, Vec<(u32, u32)>)> {
        let mut all: Vec<(u64, u32)> = (0..self.parent.len() as u32)
            .filter(|&at| self.parent[at as usize] == at && !melt.contains(&at))
            .map(|at| (self.cost[at as usize], at))
            .collect();
        all.push((sum, u32::MAX));
        all.sort_by_key(|&(cost, at)| (Reverse(cost), at));
        let mut bins = vec![0u64; self.bins.len()];
        let mut own = 0;
        let mut out = Vec::with_capacity(all.len());
        for (cost, at) in all {
            let bin = bins.iter().position(|&used| used + cost <= self.limit)?;
            bins[bin] += cost;
            if at == u32::MAX {
                own = bin as u32;
            } else {
                out.push((at, bin as u32));
            }
        }
        Some((own, bins, out))
    }

    fn finish(self) -> Stage {
        let mut clusters = vec![Cluster::default(); self.bins.len()];
        for (at, members) in self.members.into_iter().enumerate() {
            if self.parent[at] == at as u32 {
                let cluster = &mut clusters[self.bin[at] as usize];
                cluster.cost += self.cost[at];
                cluster.calls.extend(members);
            }
        }
        clusters.retain(|cluster| !cluster.calls.is_empty());
        for cluster in &mut clusters {
            cluster.calls.sort_unstable();
        }
        clusters.sort_by_key(|cluster| cluster.calls.first().copied());
        Stage { clusters }
    }
}

/// Fills stages first-fit in `order`; `None` if more than `most` stages would be needed.
fn build(batch: &Batch, dense: &Dense, order: &[u32], clusters: u32, limit: u64, most: u32) -> Option<Stages> {
    let mut open: Vec<Building> = Vec::new();
    for &call in order {
        if open.iter_mut().any(|stage| stage.add(batch, dense, call)) {
            continue;
        }
        if open.len() >= most as usize {
            return None;
        }
        let mut stage = Building::new(clusters, limit);
        if !stage.add(batch, dense, call) {
            return None;
        }
        open.push(stage);
    }
    Some(Stages { stages: open.into_iter().map(Building::finish).collect() })
}

/// Checks stages by the definition: every call once, no more clusters than allowed, costs right, and no conflict between
/// clusters of one stage. Returns what is wrong.
pub fn verify_stages(batch: &Batch, found: &Stages, clusters: u32) -> Vec<String> {
    let mut problems = Vec::new();
    let mut seen = vec![0u32; batch.len()];
    for (number, stage) in found.stages.iter().enumerate() {
        if stage.clusters.len() > clusters.max(1) as usize {
            problems.push(format!("stage {number} has {} clusters", stage.clusters.len()));
        }
        // Per unit: class and cluster of everything met so far.
        let mut users: HashMap<u64, Vec<(u8, usize)>> = HashMap::new();
        for (at, cluster) in stage.clusters.iter().enumerate() {
            let mut cost = 0u64;
            for &call in &cluster.calls {
                let Some(slot) = seen.get_mut(call as usize) else {
                    problems.push(format!("there is no call {call}"));
                    continue;
                };
                *slot += 1;
                cost = cost.saturating_add(batch.costs()[call as usize]);
                for access in batch.call(call as usize) {
                    let here = users.entry(access.unit).or_default();
                    let exclusive = access.class == 1;
                    if let Some((_, other)) =
                        here.iter().find(|(class, other)| *other != at && (exclusive || *class != access.class))
                    {
                        problems.push(format!("clusters {other} and {at} of stage {number} conflict over call {call}"));
                    }
                    if !here.contains(&(access.class, at)) {
                        here.push((access.class, at));
                    }
                }
            }
            if cost != cluster.cost {
                problems.push(format!("cluster {at} of stage {number} costs {cost}, not {}", cluster.cost));
            }
        }
    }
    problems.extend(
        seen.iter()
            .enumerate()
            .filter(|(_, count)| **count != 1)
            .map(|(call, count)| format!("call {call} occurs {count} times")),
    );
    problems
}

#[cfg(test)]
mod tests {
    use super::super::batch::{Access, Rule};
    use super::super::testing::{Rng, random_batch};
    use super::*;

    #[test]
    fn valid_on_random_batches_and_broken_ones_are_found() {
        for seed in 0..120 {
            let mut rng = Rng::new(seed);
            let batch = random_batch(&mut rng, Rule::Locks, 50);
            for clusters in [1, 2, 8] {
                let found = stages(&batch, clusters);
                assert_eq!(verify_stages(&batch, &found, clusters), [] as [&str; 0], "seed {seed}");
                assert!(found.cost() <= batch.total());
                if found.stages.iter().any(|stage| stage.clusters.len() > 1) {
                    let mut bad = found.clone();
                    let stage = bad.stages.iter_mut().find(|stage| stage.clusters.len() > 1).unwrap();
                    stage.clusters[0].cost += 1;
                    assert!(!verify_stages(&batch, &bad, clusters).is_empty());
                }
            }
        }
    }

    #[test]
    fn what_finds_room_fits_and_what_fits_is_taken() {
        for seed in 0..60 {
            let mut rng = Rng::new(seed);
            let batch = random_batch(&mut rng, Rule::Locks, 40);
            let limit = rng.below(batch.total() + 1);
            let priorities: Vec<u64> = (0..batch.len()).map(|_| rng.below(5)).collect();
            let budget = Budget { lane: Some(limit), ..Budget::default() };
            let (chosen, found) = stages_within(&batch, 2, &priorities, &budget);
            assert!(found.cost() <= limit, "seed {seed}");
            assert_eq!(chosen.included.len() + chosen.left_out.len(), batch.len());
            assert_eq!(verify_stages(&batch.permuted(&chosen.included), &found, 2), [] as [&str; 0]);
            let all = stages(&batch, 2).cost() <= limit;
            assert_eq!(all, chosen.left_out.is_empty(), "seed {seed}");
            let tried = |&(call, _): &(u32, Full)| (Reverse(priorities[call as usize]), call);
            assert!(chosen.left_out.is_sorted_by_key(tried), "seed {seed}");
            // Nobody with a higher priority was left out for one with a lower.
            let lowest = chosen.included.iter().map(|&call| priorities[call as usize]).min().unwrap_or(u64::MAX);
            assert!(chosen.left_out.iter().all(|(call, _)| priorities[*call as usize] <= lowest));
        }
    }

    #[test]
    fn what_is_told_is_told_of_the_calls_that_stay() {
        let mut batch = Batch::new(Rule::Locks);
        for unit in [1, 1, 2, 2, 3, 4] {
            batch.push(10, [Access::write(unit)]).unwrap();
        }
        // One of unit 1 and one of unit 2 are over their unit's limit; of the four others two fit into the stages.
        let budget = Budget { unit: Some(10), lane: Some(10), ..Budget::default() };
        let (chosen, found) = stages_within(&batch, 2, &[9, 8, 1, 0, 7, 6], &budget);
        assert_eq!((chosen.included, found.cost()), (vec![0, 4], 10));
        let full = [(1, Full::Unit(1)), (5, Full::Lanes), (2, Full::Lanes), (3, Full::Unit(2))];
        assert_eq!(chosen.left_out, full);
        // Nobody is left on unit 2, and nobody waits.
        assert_eq!(chosen.lowest, [(1, 9)].into());
        assert_eq!(chosen.waits, [0; 4]);
    }

    #[test]
    fn a_stage_of_readers_then_a_stage_of_writers() {
        let mut batch = Batch::new(Rule::Locks);
        for _ in 0..8 {
            batch.push(10, [Access::read(1)]).unwrap();
        }
        batch.push(10, [Access::write(1)]).unwrap();
        let found = stages(&batch, 8);
        assert_eq!((found.stages.len(), found.cost()), (2, 20));
    }
}
