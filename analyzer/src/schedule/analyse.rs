//! Analysis of a batch in one pass and without a graph.
//!
//! Per unit only the current class is kept: a run of reads, a run of deltas of one group, or one exclusive access, with
//! the largest finish inside it and the largest finish of what stands before it. An access that joins the run waits for
//! what stands before, any other access waits for the run. Every earlier conflicting access finishes no later than that
//! (by induction over the runs), so the result is the exact earliest start of every call on unlimited lanes.

use super::batch::{BLIND, Batch, EXCLUSIVE, READ, Rule};
use super::number::{Numbers, Records};
use super::table::block_end;

/// No call: the predecessor of a call that waits for nothing.
pub const NONE: u32 = u32::MAX;

/// Memory that analyses of several batches share. Results never depend on what it held before.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    numbers: Numbers,
    levels: Records<LevelRecord>,
    timing: Timing,
}

/// What an analysis keeps by unit.
#[derive(Clone, Debug, Default)]
pub(super) struct Timing(Records<TimingRecord>);

/// Largest levels of the current class, with the class in the low six bits, and of what stands before it, times 64.
type LevelRecord = [u32; 2];

/// The current class of a unit and what stands before it.
#[derive(Clone, Copy, Debug, Default)]
struct TimingRecord {
    runs: [Run; 2],
}

#[derive(Clone, Copy, Debug)]
struct Run {
    /// Largest finish and one more; 0 if there is no call, so that calls without cost are told too.
    end: u64,
    /// Largest level times 64, the class in the low six bits.
    level: u32,
    /// The call that finishes last.
    last: u32,
}

impl TimingRecord {
    /// The run that an access of `class` waits for, picked by index, not by a condition: what joins what is no pattern
    /// that a processor could foresee.
    #[inline(always)]
    fn run<const VERSIONS: bool>(&self, class: u8) -> &Run {
        let join = if VERSIONS { class == BLIND } else { joins(self.runs[0].level, class) };
        &self.runs[usize::from(join)]
    }
}

impl Default for Run {
    fn default() -> Self {
        Run { end: 0, level: 0, last: NONE }
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

fn levels_of<const VERSIONS: bool>(batch: &Batch, work: &mut Workspace) -> Vec<u32> {
    let (starts, classes) = (batch.starts(), batch.classes());
    work.numbers.start(batch);
    work.levels.start(batch, &work.numbers);
    let mut out = Vec::with_capacity(batch.len());
    let mut from = 0;
    while from < batch.len() {
        let to = block_end(starts, from);
        let first = starts[from] as usize;
        let end = starts[to] as usize;
        let (numbers, records) = work.levels.block(batch, &work.numbers, first..end);
        let kinds = &classes[first..end];
        let mut begin = 0;
        for call in from..to {
            let range = begin..starts[call + 1] as usize - first;
            begin = range.end;
            let (mine, my_kinds) = (&numbers[range.clone()], &kinds[range]);
            let mut wait = 0u32;
            for at in 0..mine.len() {
                let (record, class) = (&records[mine[at] as usize], my_kinds[at]);
                wait = wait.max(if VERSIONS {
                    pick(class == BLIND, 0, record[0])
                } else {
                    record[usize::from(joins(record[0], class))] >> 6
                });
            }
            out.push(wait);
            let level = wait + 1;
            for at in 0..mine.len() {
                let (record, class) = (&mut records[mine[at] as usize], my_kinds[at]);
                if VERSIONS {
                    record[0] = record[0].max(if class == READ { 0 } else { level });
                } else {
                    record[1] = record[usize::from(joins(record[0], class))];
                    // A new class begins with a higher level than all before, so the maximum is right in both cases.
                    record[0] = record[0].max(level << 6 | u32::from(class));
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
    work.numbers.start(batch);
    let Workspace { numbers, timing, .. } = work;
    analyse_numbered(batch, numbers, timing)
}

/// The analysis of a batch that `numbers` has been started with.
pub(super) fn analyse_numbered(batch: &Batch, numbers: &Numbers, timing: &mut Timing) -> Analysis {
    match batch.rule() {
        Rule::Locks => analyse_of::<false>(batch, numbers, timing),
        Rule::Versions => analyse_of::<true>(batch, numbers, timing),
    }
}

fn analyse_of<const VERSIONS: bool>(batch: &Batch, numbers: &Numbers, Timing(timing): &mut Timing) -> Analysis {
    let (starts, classes) = (batch.starts(), batch.classes());
    let n = batch.len();
    timing.start(batch, numbers);
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
        let (numbers, records) = timing.block(batch, numbers, first..end);
        let kinds = &classes[first..end];
        let mut begin = 0;
        for call in from..to {
            let range = begin..starts[call + 1] as usize - first;
            begin = range.end;
            let base = starts[call];
            let (mine, my_kinds) = (&numbers[range.clone()], &kinds[range]);
            let (mut wait, mut ready, mut through) = (0u32, 0u64, 0usize);
            for at in 0..mine.len() {
                let (record, class) = (&records[mine[at] as usize], my_kinds[at]);
                let run = record.run::<VERSIONS>(class);
                wait = wait.max(run.level >> 6);
                through = if run.end > ready { at } else { through };
                ready = ready.max(run.end);
            }
            let start = ready.saturating_sub(1);
            let (mut predecessor, mut via) = (NONE, NONE);
            if ready > 0 {
                predecessor = records[mine[through] as usize].run::<VERSIONS>(my_kinds[through]).last;
                via = base + through as u32;
            }
            out.predecessors.push(predecessor);
            out.via.push(via);
            out.levels.push(wait);
            out.starts.push(start);
            let finish = start + batch.costs()[call];
            // Of chains of one length the one with more calls.
            let later = (finish > out.critical) | ((finish == out.critical) & (wait >= deepest));
            deepest = if later { wait } else { deepest };
            out.critical = if later { finish } else { out.critical };
            out.last = if later { call as u32 } else { out.last };
            let level = wait + 1;
            for at in 0..mine.len() {
                let (record, class) = (&mut records[mine[at] as usize], my_kinds[at]);
                let old = record.runs[0];
                if VERSIONS {
                    // One run of setting accesses for ever: the one before stays empty, which is what blind ones wait for.
                    let sets = class != READ;
                    let late = sets & (finish + 1 > old.end);
                    record.runs[0] = Run {
                        end: if late { finish + 1 } else { old.end },
                        level: old.level.max(if sets { level << 6 } else { 0 }),
                        last: if late { call as u32 } else { old.last },
                    };
                } else {
                    let join = joins(old.level, class);
                    record.runs[1] = record.runs[usize::from(join)];
                    let keep = join & (old.end > finish);
                    record.runs[0] = Run {
                        end: old.end.max(finish + 1),
                        level: old.level.max(level << 6 | u32::from(class)),
                        last: [call as u32, old.last][usize::from(keep)],
                    };
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
