//! Analysis of a batch in one pass and without a graph.
//!
//! Per unit only the current class is kept: a run of reads, a run of deltas of one group, or one exclusive access, with
//! the largest finish inside it and the largest finish of what stands before it. An access that joins the run waits for
//! what stands before, any other access waits for the run. Every earlier conflicting access finishes no later than that
//! (by induction over the runs), so the result is the exact earliest start of every call on unlimited lanes.

use super::batch::{BLIND, Batch, EXCLUSIVE, READ, Rule};
use super::table::{Table, block_end};

/// No call: the predecessor of a call that waits for nothing.
pub const NONE: u32 = u32::MAX;

/// Memory that analyses of several batches share. Results never depend on what it held before.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    levels: Table<LevelRecord>,
    timing: Table<TimingRecord>,
    slots: Vec<u32>,
}

/// Levels with class packed into the low six bits.
#[derive(Clone, Copy, Debug, Default)]
struct LevelRecord {
    current: u32,
    before: u32,
}

#[derive(Clone, Copy, Debug)]
struct TimingRecord {
    /// Largest finish in the current class.
    current: u64,
    /// Largest finish before it.
    before: u64,
    /// Largest level in the current class, with the class in the low six bits.
    level: u32,
    before_level: u32,
    /// The call that finishes last in the current class.
    last: u32,
    before_last: u32,
}

impl Default for TimingRecord {
    fn default() -> Self {
        TimingRecord { current: 0, before: 0, level: 0, before_level: 0, last: NONE, before_last: NONE }
    }
}

/// What one pass finds.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Analysis {
    /// Per call: number of calls that must run before it one after the other; waves are calls of one level.
    pub levels: Vec<u32>,
    /// Per call: earliest start on unlimited lanes, in units of cost.
    pub starts: Vec<u64>,
    /// Per call: the call whose end is that start, [`NONE`] if there is none.
    pub predecessors: Vec<u32>,
    /// Per call: index (in [`Batch::units`]) of its access that waits for the predecessor; [`NONE`] if there is none.
    pub via: Vec<u32>,
    /// Length of the longest chain, in units of cost.
    pub critical: u64,
    /// The last call of the longest chain; [`NONE`] for an empty batch.
    pub last: u32,
}

impl Workspace {
    /// Empty memory.
    pub fn new() -> Workspace {
        Workspace::default()
    }
}

/// Per call its level only: the cheapest pass. Levels are those of [`Analysis::levels`].
pub fn levels(batch: &Batch, work: &mut Workspace) -> Vec<u32> {
    match batch.rule() {
        Rule::Locks => levels_of::<false>(batch, work),
        Rule::Versions => levels_of::<true>(batch, work),
    }
}

/// A first guess for the number of different units; the table grows when it is wrong.
pub(crate) fn expected_units(batch: &Batch) -> usize {
    batch.accesses() / 3
}

fn levels_of<const VERSIONS: bool>(batch: &Batch, work: &mut Workspace) -> Vec<u32> {
    let (starts, units, classes) = (batch.starts(), batch.units(), batch.classes());
    let table = &mut work.levels;
    table.reset(expected_units(batch));
    let mut out = Vec::with_capacity(batch.len());
    let mut from = 0;
    while from < batch.len() {
        let to = block_end(starts, from);
        let first = starts[from] as usize;
        let end = starts[to] as usize;
        table.locate(&units[first..end], &mut work.slots);
        let mut slots = work.slots.as_slice();
        let mut kinds = &classes[first..end];
        for call in from..to {
            let count = (starts[call + 1] - starts[call]) as usize;
            let (mine, rest) = slots.split_at(count);
            let (my_kinds, rest_kinds) = kinds.split_at(count);
            slots = rest;
            kinds = rest_kinds;
            let mut wait = 0u32;
            for (&slot, &class) in mine.iter().zip(my_kinds) {
                let record = table.at(slot);
                wait = wait.max(if VERSIONS {
                    pick(class == BLIND, 0, record.current)
                } else {
                    pick(joins(record.current, class), record.before, record.current >> 6)
                });
            }
            out.push(wait);
            let level = wait + 1;
            for (&slot, &class) in mine.iter().zip(my_kinds) {
                let record = table.at_mut(slot);
                if VERSIONS {
                    record.current = record.current.max(if class == READ { 0 } else { level });
                } else {
                    // A new class begins with a higher level than all before, so the maximum is right in both cases.
                    let old = record.current;
                    record.before = pick(joins(old, class), record.before, old >> 6);
                    record.current = old.max(level << 6 | u32::from(class));
                }
            }
        }
        from = to;
    }
    out
}

/// `yes` if `which`, else `no`, without a branch: runs of accesses are no pattern that a processor could foresee.
#[inline(always)]
pub(crate) fn pick(which: bool, yes: u32, no: u32) -> u32 {
    let mask = u32::from(which).wrapping_neg();
    (yes & mask) | (no & !mask)
}

/// [`pick`] for 64 bits.
#[inline(always)]
pub(crate) fn pick64(which: bool, yes: u64, no: u64) -> u64 {
    let mask = u64::from(which).wrapping_neg();
    (yes & mask) | (no & !mask)
}

#[inline(always)]
fn joins(packed: u32, class: u8) -> bool {
    (packed & 63 == u32::from(class)) & (class != EXCLUSIVE)
}

/// The whole analysis of a batch.
///
/// ```
/// use crosslane_analyzer::schedule::{analyse, Access, Batch, Rule, Workspace};
/// let mut batch = Batch::new(Rule::Locks);
/// batch.push(5, [Access::write(1)])?;
/// batch.push(7, [Access::write(2)])?;
/// batch.push(1, [Access::read(1), Access::read(2)])?;
/// let analysis = analyse(&batch, &mut Workspace::new());
/// assert_eq!(analysis.levels, [0, 0, 1]);
/// assert_eq!(analysis.starts, [0, 0, 7]);
/// assert_eq!(analysis.critical_path(), [1, 2]);
/// # Ok::<(), crosslane_analyzer::schedule::BatchError>(())
/// ```
pub fn analyse(batch: &Batch, work: &mut Workspace) -> Analysis {
    match batch.rule() {
        Rule::Locks => analyse_of::<false>(batch, work),
        Rule::Versions => analyse_of::<true>(batch, work),
    }
}

fn analyse_of<const VERSIONS: bool>(batch: &Batch, work: &mut Workspace) -> Analysis {
    let (starts, units, classes) = (batch.starts(), batch.units(), batch.classes());
    let n = batch.len();
    let table = &mut work.timing;
    table.reset(expected_units(batch));
    let mut out = Analysis {
        levels: Vec::with_capacity(n),
        starts: Vec::with_capacity(n),
        predecessors: Vec::with_capacity(n),
        via: Vec::with_capacity(n),
        critical: 0,
        last: NONE,
    };
    let mut deepest = 0;
    let mut from = 0;
    while from < n {
        let to = block_end(starts, from);
        let first = starts[from] as usize;
        let end = starts[to] as usize;
        table.locate(&units[first..end], &mut work.slots);
        let mut slots = work.slots.as_slice();
        let mut kinds = &classes[first..end];
        for call in from..to {
            let base = starts[call];
            let count = (starts[call + 1] - base) as usize;
            let (mine, rest) = slots.split_at(count);
            let (my_kinds, rest_kinds) = kinds.split_at(count);
            slots = rest;
            kinds = rest_kinds;
            let (mut wait, mut start, mut predecessor, mut via) = (0u32, 0u64, NONE, NONE);
            for (at, (&slot, &class)) in mine.iter().zip(my_kinds).enumerate() {
                let record = table.at(slot);
                let join = if VERSIONS { class == BLIND } else { joins(record.level, class) };
                let level = pick(join, record.before_level, record.level >> 6);
                let ready = pick64(join, record.before, record.current);
                let last = pick(join, record.before_last, record.last);
                wait = wait.max(level);
                // A predecessor of no cost counts too, so that chains of free calls are told.
                let better = (ready > start) | ((predecessor == NONE) & (last != NONE));
                start = start.max(ready);
                predecessor = pick(better, last, predecessor);
                via = pick(better, base + at as u32, via);
            }
            out.levels.push(wait);
            out.starts.push(start);
            out.predecessors.push(predecessor);
            out.via.push(via);
            let finish = start + batch.costs()[call];
            // Of chains of one length the one with more calls.
            let later = (finish > out.critical) | ((finish == out.critical) & (wait >= deepest));
            deepest = if later { wait } else { deepest };
            out.critical = if later { finish } else { out.critical };
            out.last = if later { call as u32 } else { out.last };
            let level = wait + 1;
            for (&slot, &class) in mine.iter().zip(my_kinds) {
                let record = table.at_mut(slot);
                let old = *record;
                if VERSIONS {
                    // One run of setting accesses for ever: `before` stays empty, which is what blind ones wait for.
                    let sets = class != READ;
                    let late = sets & ((finish > old.current) | (old.last == NONE));
                    record.current = if late { finish } else { old.current };
                    record.last = if late { call as u32 } else { old.last };
                    record.level = old.level.max(if sets { level << 6 } else { 0 });
                } else {
                    let join = joins(old.level, class);
                    record.before = pick64(join, old.before, old.current);
                    record.before_level = pick(join, old.before_level, old.level >> 6);
                    record.before_last = pick(join, old.before_last, old.last);
                    let keep = join & (old.current >= finish) & (old.last != NONE);
                    record.current = pick64(keep, old.current, finish);
                    record.last = pick(keep, old.last, call as u32);
                    record.level = old.level.max(level << 6 | u32::from(class));
                }
            }
        }
        from = to;
    }
    out
}

impl Analysis {
    /// Calls of the longest chain, first to last.
    pub fn critical_path(&self) -> Vec<u32> {
        let mut path = Vec::new();
        let mut at = self.last;
        while at != NONE {
            path.push(at);
            at = self.predecessors[at as usize];
        }
        path.reverse();
        path
    }

    /// Number of waves.
    pub fn depth(&self) -> u32 {
        self.levels.iter().max().map_or(0, |&level| level + 1)
    }

    /// Bound on the speedup of any schedule on `lanes` lanes (`None`: unlimited): total / max(longest chain, total / lanes).
    pub fn speedup_bound(&self, total: u64, lanes: Option<u32>) -> f64 {
        let floor = lanes.map_or(0, |lanes| total.div_ceil(u64::from(lanes.max(1))));
        let bound = self.critical.max(floor);
        if bound == 0 { 1.0 } else { total as f64 / bound as f64 }
    }

    /// Which units the longest chain goes through, largest share first, ties by unit. Each hop's time (the cost of the
    /// call waited for) belongs to the unit it went through; the last call's cost to the last hop. Shares add up to 1
    /// when there is a hop.
    pub fn attribution(&self, batch: &Batch) -> Vec<UnitShare> {
        let path = self.critical_path();
        let mut shares: std::collections::BTreeMap<u64, (u64, u32)> = std::collections::BTreeMap::new();
        for (at, &call) in path.iter().enumerate().skip(1) {
            let Some(&unit) = batch.units().get(self.via[call as usize] as usize) else { continue };
            let mut cost = batch.costs()[path[at - 1] as usize];
            if at + 1 == path.len() {
                cost += batch.costs()[call as usize];
            }
            let entry = shares.entry(unit).or_default();
            entry.0 += cost;
            entry.1 += 1;
        }
        let mut out: Vec<UnitShare> =
            shares.into_iter().map(|(unit, (cost, hops))| UnitShare { unit, cost, hops, of: self.critical }).collect();
        out.sort_by(|a, b| b.cost.cmp(&a.cost).then(b.hops.cmp(&a.hops)).then(a.unit.cmp(&b.unit)));
        out
    }
}

/// Share of one unit in the longest chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitShare {
    /// The unit.
    pub unit: u64,
    /// Cost of the calls that were waited for through it.
    pub cost: u64,
    /// Number of waits.
    pub hops: u32,
    /// Length of the chain.
    pub of: u64,
}

impl UnitShare {
    /// Between 0 and 1.
    pub fn share(&self) -> f64 {
        if self.of == 0 { 0.0 } else { self.cost as f64 / self.of as f64 }
    }
}

/// What a batch would gain if one unit's exclusive accesses were deltas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WhatIf {
    /// The unit.
    pub unit: u64,
    /// Longest chain as it is.
    pub before: u64,
    /// Longest chain with the unit as a delta.
    pub after: u64,
    /// Bound on the speedup as it is, unlimited lanes.
    pub speedup_before: f64,
    /// The same with the unit as a delta.
    pub speedup_after: f64,
}

/// Answers "what if this unit took deltas": exclusive accesses to it overlap each other, reads still exclude them.
pub fn what_if_delta(batch: &Batch, analysis: &Analysis, unit: u64, work: &mut Workspace) -> WhatIf {
    let after = analyse(&batch.with_delta(unit), work);
    WhatIf {
        unit,
        before: analysis.critical,
        after: after.critical,
        speedup_before: analysis.speedup_bound(batch.total(), None),
        speedup_after: after.speedup_bound(batch.total(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::super::batch::{Access, conflicts};
    use super::super::testing::{Rng, random_batch};
    use super::*;

    fn brute(batch: &Batch) -> (Vec<u32>, Vec<u64>) {
        let calls: Vec<Vec<Access>> = (0..batch.len()).map(|i| batch.call(i).collect()).collect();
        let (mut levels, mut starts) = (Vec::new(), Vec::<u64>::new());
        for j in 0..calls.len() {
            let (mut level, mut start) = (0, 0);
            for i in 0..j {
                let hit = calls[i]
                    .iter()
                    .any(|a| calls[j].iter().any(|b| a.unit == b.unit && conflicts(batch.rule(), a.class, b.class)));
                if hit {
                    level = level.max(levels[i] + 1);
                    start = start.max(starts[i] + batch.costs()[i]);
                }
            }
            levels.push(level);
            starts.push(start);
        }
        (levels, starts)
    }

    #[test]
    fn equals_the_pairwise_definition() {
        let mut work = Workspace::new();
        for seed in 0..400 {
            let mut rng = Rng::new(seed);
            let rule = if seed % 2 == 0 { Rule::Locks } else { Rule::Versions };
            let batch = random_batch(&mut rng, rule, 60);
            let (expected_levels, expected_starts) = brute(&batch);
            let analysis = analyse(&batch, &mut work);
            assert_eq!(levels(&batch, &mut work), expected_levels);
            assert_eq!(analysis.levels, expected_levels);
            assert_eq!(analysis.starts, expected_starts);
            for (call, &before) in analysis.predecessors.iter().enumerate() {
                if before == NONE {
                    assert_eq!(analysis.starts[call], 0);
                } else {
                    let end = analysis.starts[before as usize] + batch.costs()[before as usize];
                    assert_eq!(analysis.starts[call], end);
                }
            }
            let path = analysis.critical_path();
            let sum: u64 = path.iter().map(|&call| batch.costs()[call as usize]).sum();
            assert_eq!(sum, analysis.critical);
        }
    }

    #[test]
    fn a_counter_as_delta() {
        let mut batch = Batch::new(Rule::Locks);
        for i in 0..100 {
            batch.push(10, [Access::write(1_000 + i), Access::write(7)]).unwrap();
        }
        let mut work = Workspace::new();
        let analysis = analyse(&batch, &mut work);
        let shares = analysis.attribution(&batch);
        assert_eq!((shares.len(), shares[0].unit, shares[0].share()), (1, 7, 1.0));
        let what_if = what_if_delta(&batch, &analysis, 7, &mut work);
        assert_eq!((what_if.before, what_if.after), (1_000, 10));
        assert_eq!((what_if.speedup_before, what_if.speedup_after), (1.0, 100.0));
    }
}
