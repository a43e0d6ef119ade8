//! Free order: conflicting calls may run in any order, only not at the same time.
//!
//! Event-driven: whenever a lane is free, the first call in rank order none of whose units is held by a running call of
//! another class starts. A blocked call waits at the first unit that stops it and is looked at again when that unit is
//! released, so a hot unit does not make every release quadratic. What a Solana-like builder that pops by priority and
//! skips what is locked does; with `reserve`, a dearer waiting call keeps its locks (no cheaper one overtakes it).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::super::analyse::NONE;
use super::super::batch::{Batch, EXCLUSIVE, Rule};
use super::super::table::Table;
use super::best::ReadySet;
use super::{BestWorkspace, Lanes, MAX_LANES, best};

/// What rules a free order.
#[derive(Clone, Debug, Default)]
pub struct FreeOptions {
    /// Per call its priority, higher first; empty: the library ranks the calls so that the makespan becomes short.
    pub priorities: Vec<u64>,
    /// A waiting call keeps all its units: a call of lower priority that needs one of them does not overtake it.
    pub reserve: bool,
    /// Without priorities: how many rankings to try. 0 means 12.
    pub tries: u32,
}

/// A schedule in free order, and why calls waited.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct FreeOrder {
    /// The schedule.
    pub lanes: Lanes,
    /// Per call the unit that it waited for last; `None` if it waited for lanes only, or not at all.
    pub held_by: Vec<Option<u64>>,
}

/// Schedules a batch whose conflicting calls may change order.
///
/// ```
/// use crosslane_analyzer::schedule::{free, Access, Batch, FreeOptions, Rule};
/// let mut batch = Batch::new(Rule::Locks);
/// for cost in [1, 1, 9] { batch.push(cost, [Access::write(5)])?; }
/// let options = FreeOptions { priorities: vec![1, 2, 3], ..FreeOptions::default() };
/// let order = free(&batch, 2, &options);
/// assert_eq!(order.lanes.start, [10, 9, 0]);
/// assert_eq!(order.held_by, [Some(5), Some(5), None]);
/// # Ok::<(), crosslane_analyzer::schedule::BatchError>(())
/// ```
pub fn free(batch: &Batch, lanes: u32, options: &FreeOptions) -> FreeOrder {
    let lanes = lanes.clamp(1, MAX_LANES);
    let n = batch.len();
    let dense = Dense::new(batch);
    let mut order: Vec<u32> = (0..n as u32).collect();
    if options.priorities.len() == n && n > 0 {
        order.sort_by_key(|&call| Reverse(options.priorities[call as usize]));
        if options.reserve {
            return reserved(batch, &order, lanes);
        }
        return greedy(batch, &dense, &order, lanes);
    }
    if options.reserve {
        return reserved(batch, &order, lanes);
    }
    search(batch, &dense, lanes, if options.tries == 0 { 12 } else { options.tries })
}

/// Fixed order along `order`: nobody overtakes a conflicting call that ranks higher.
fn reserved(batch: &Batch, order: &[u32], lanes: u32) -> FreeOrder {
    // In time order, versions or not: readers and blind writers of a unit exclude each other.
    let sorted = batch.permuted(order).with_rule(Rule::Locks);
    let found = best(&sorted, lanes, &mut BestWorkspace::default());
    let analysis = super::super::analyse::analyse(&sorted, &mut super::super::analyse::Workspace::new());
    let mut out = FreeOrder {
        lanes: Lanes { lanes, lane: vec![0; batch.len()], start: vec![0; batch.len()], makespan: found.makespan },
        held_by: vec![None; batch.len()],
    };
    for (at, &call) in order.iter().enumerate() {
        out.lanes.lane[call as usize] = found.lane[at];
        out.lanes.start[call as usize] = found.start[at];
        if analysis.via[at] != NONE && found.start[at] > 0 {
            out.held_by[call as usize] = sorted.units().get(analysis.via[at] as usize).copied();
        }
    }
    out
}

/// Units as small numbers.
struct Dense {
    ids: Vec<u32>,
    count: usize,
    /// Cost of all calls that touch the unit.
    load: Vec<u64>,
    /// True when all accesses share.
    harmless: Vec<bool>,
}

impl Dense {
    fn new(batch: &Batch) -> Dense {
        let mut table: Table<u32> = Table::default();
        table.reset(batch.accesses() / 3);
        let mut scratch = Vec::new();
        let mut out =
            Dense { ids: Vec::with_capacity(batch.accesses()), count: 0, load: Vec::new(), harmless: Vec::new() };
        let mut first_class = Vec::new();
        for call in 0..batch.len() {
            for at in batch.starts()[call] as usize..batch.starts()[call + 1] as usize {
                let class = batch.classes()[at];
                let id = table.entry(batch.units()[at], &mut scratch);
                if *id == 0 {
                    out.count += 1;
                    *id = out.count as u32;
                    out.load.push(0);
                    first_class.push(class);
                    out.harmless.push(true);
                }
                let id = *id - 1;
                out.load[id as usize] = out.load[id as usize].saturating_add(batch.costs()[call]);
                let at = id as usize;
                out.harmless[at] &= class == first_class[at] && class != EXCLUSIVE;
                out.ids.push(id);
            }
        }
        out
    }
}

/// A unit while the schedule runs.
#[derive(Clone, Debug, Default)]
struct Unit {
    running: u32,
    class: u8,
    /// Ranks that wait here, by class.
    waiting: Vec<(u8, BinaryHeap<Reverse<u32>>)>,
}

impl Unit {
    fn admits(&self, class: u8) -> bool {
        self.running == 0 || (self.class == class && class != EXCLUSIVE)
    }

    /// The first rank that could run now.
    fn wake(&mut self) -> Option<u32> {
        let mut found: Option<(u32, usize)> = None;
        for (at, (class, heap)) in self.waiting.iter().enumerate() {
            if !self.admits(*class) {
                continue;
            }
            if let Some(&Reverse(rank)) = heap.peek() {
                if found.is_none_or(|(other, _)| rank < other) {
                    found = Some((rank, at));
                }
            }
        }
        let (rank, at) = found?;
        self.waiting[at].1.pop();
        Some(rank)
    }

    fn park(&mut self, class: u8, rank: u32) {
        match self.waiting.iter_mut().find(|(other, _)| *other == class) {
            Some((_, heap)) => heap.push(Reverse(rank)),
            None => self.waiting.push((class, BinaryHeap::from([Reverse(rank)]))),
        }
    }
}

fn greedy(batch: &Batch, dense: &Dense, order: &[u32], lanes: u32) -> FreeOrder {
    let n = batch.len();
    let mut out =
        FreeOrder { lanes: Lanes { lanes, lane: vec![0; n], start: vec![0; n], makespan: 0 }, held_by: vec![None; n] };
    let mut units = vec![Unit::default(); dense.count];
    let mut ready = ReadySet::default();
    ready.reset(n);
    for rank in 0..n as u32 {
        ready.insert(rank);
    }
    // Unit at which a call waited last, by rank.
    let mut woken_at = vec![NONE; n];
    let mut idle: BinaryHeap<Reverse<u32>> = (0..lanes).map(Reverse).collect();
    let mut running: BinaryHeap<Reverse<(u64, u32, u32)>> = BinaryHeap::new();
    let mut now = 0u64;
    loop {
        while !idle.is_empty() {
            let Some(rank) = ready.pop() else { break };
            let call = order[rank as usize] as usize;
            let range = batch.starts()[call] as usize..batch.starts()[call + 1] as usize;
            let blocked = range.clone().find(|&at| {
                let id = dense.ids[at] as usize;
                !dense.harmless[id] && !units[id].admits(batch.classes()[at])
            });
            let from = std::mem::replace(&mut woken_at[rank as usize], NONE);
            match blocked {
                Some(at) => {
                    let id = dense.ids[at];
                    units[id as usize].park(batch.classes()[at], rank);
                    woken_at[rank as usize] = id;
                    out.held_by[call] = Some(batch.units()[at]);
                }
                None => {
                    for at in range {
                        let id = dense.ids[at] as usize;
                        if !dense.harmless[id] {
                            units[id].running += 1;
                            units[id].class = batch.classes()[at];
                        }
                    }
                    let Some(Reverse(lane)) = idle.pop() else { break };
                    let end = now + batch.costs()[call];
                    out.lanes.lane[call] = lane;
                    out.lanes.start[call] = now;
                    out.lanes.makespan = out.lanes.makespan.max(end);
                    running.push(Reverse((end, lane, rank)));
                }
            }
            // This call was let out of the queue of a unit: the next in that queue may be able to run too.
            if from != NONE {
                if let Some(next) = units[from as usize].wake() {
                    woken_at[next as usize] = from;
                    ready.insert(next);
                }
            }
        }
        let Some(&Reverse((end, _, _))) = running.peek() else { break };
        now = end;
        while let Some(&Reverse((end, lane, rank))) = running.peek() {
            if end != now {
                break;
            }
            running.pop();
            idle.push(Reverse(lane));
            let call = order[rank as usize] as usize;
            for at in batch.starts()[call] as usize..batch.starts()[call + 1] as usize {
                let id = dense.ids[at];
                if dense.harmless[id as usize] {
                    continue;
                }
                let unit = &mut units[id as usize];
                unit.running -= 1;
                if unit.running == 0 {
                    if let Some(next) = unit.wake() {
                        woken_at[next as usize] = id;
                        ready.insert(next);
                    }
                }
            }
        }
    }
    out
}

/// Tries several rankings, then lets calls that ended late go earlier; keeps the shortest schedule, the first on ties.
fn search(batch: &Batch, dense: &Dense, lanes: u32, tries: u32) -> FreeOrder {
    let n = batch.len();
    let costs = batch.costs();
    // What a call may have to wait for or make wait: on each unit, the cost of all others.
    let mut pressure = vec![0u128; n];
    let mut pairs = vec![0u128; n];
    let mut widest = vec![0u64; n];
    for call in 0..n {
        for at in batch.starts()[call] as usize..batch.starts()[call + 1] as usize {
            let id = dense.ids[at] as usize;
            if !dense.harmless[id] {
                let others = dense.load[id].saturating_sub(costs[call]);
                pressure[call] += u128::from(others);
                pairs[call] += u128::from(others.min(costs[call]));
                widest[call] = widest[call].max(dense.load[id]);
            }
        }
    }
    let mut orders: Vec<Vec<u32>> = Vec::new();
    let ranked = |key: &dyn Fn(usize) -> (u128, u128)| {
        let mut order: Vec<u32> = (0..n as u32).collect();
        order.sort_by_key(|&call| Reverse(key(call as usize)));
        order
    };
    orders.push(ranked(&|call| (u128::from(widest[call]), u128::from(costs[call]))));
    orders.push(ranked(&|call| (pairs[call], 0)));
    orders.push(ranked(&|call| (pressure[call], 0)));
    orders.push(ranked(&|call| (u128::from(costs[call]), pressure[call])));
    orders.push(ranked(&|call| (pressure[call].saturating_mul(u128::from(costs[call])), 0)));
    let mut best: Option<FreeOrder> = None;
    let mut best_order = Vec::new();
    let floor = batch.total().div_ceil(u64::from(lanes));
    let mut done = 0;
    let consider = |order: Vec<u32>, best: &mut Option<FreeOrder>, best_order: &mut Vec<u32>| {
        let found = greedy(batch, dense, &order, lanes);
        let shorter = best.as_ref().is_none_or(|old| found.lanes.makespan < old.lanes.makespan);
        if shorter {
            *best = Some(found);
            *best_order = order;
        }
        shorter
    };
    for order in orders.into_iter().take(tries.max(1) as usize) {
        consider(order, &mut best, &mut best_order);
        done += 1;
        if best.as_ref().is_some_and(|found| found.lanes.makespan == floor) {
            break;
        }
    }
    // Calls sorted by latest end of the best schedule so far, moved forward by a growing stride.
    let mut stride = 1usize;
    while done < tries {
        let Some(found) = &best else { break };
        if found.lanes.makespan == floor {
            break;
        }
        let mut order: Vec<u32> = best_order.clone();
        let mut weight: BTreeMap<u32, u64> = BTreeMap::new();
        for (at, &call) in order.iter().enumerate() {
            let end = found.lanes.start[call as usize] + costs[call as usize];
            let late = end as f64 / found.lanes.makespan.max(1) as f64;
            let moved = at as f64 - late * stride as f64 * n as f64 / 16.0;
            weight.insert(call, ((moved + n as f64) * 1024.0).max(0.0) as u64);
        }
        order.sort_by_key(|call| weight.get(call).copied().unwrap_or(0));
        let shorter = consider(order, &mut best, &mut best_order);
        stride = if shorter { 1 } else { stride + 1 };
        done += 1;
    }
    best.unwrap_or_default()
}
