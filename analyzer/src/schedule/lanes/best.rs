//! Best quality: list scheduling of the whole batch by bottom level.
//!
//! The bottom level of a call is its cost plus the longest chain of calls that wait for it. Whenever a lane is free, the
//! ready call with the highest bottom level starts. No lane idles while a call is ready, so the makespan is at most
//! total / lanes + longest chain · (1 − 1 / lanes) (Graham). Where that leaves a gap, the streaming schedule is made too and
//! the shorter one returned, so this mode is never worse than streaming. Of large batches the streaming schedule is made
//! first, with the longest chain in the same pass: where it is seen to be within 1 / [`TOLERANCE`] of what no schedule can
//! beat, there is nothing left to look for.

use super::super::batch::{Batch, Rule};
use super::super::graph::{ClassGraph, GraphRecords, NO_WAIT};
use super::super::number::Numbers;
use super::set::LaneSet;
use super::stream::{BoundRecords, in_order_and_critical};
use super::{Lanes, MAX_LANES, lower_bound};

/// A streaming schedule whose excess over the lower bound is less than one part in this many is as good as any.
const TOLERANCE: u64 = 1024;
/// Smaller batches never get there: the last call of every lane alone is more.
const STREAM_FIRST: usize = 1 << 15;

/// Memory of best-quality schedules that several batches share.
#[derive(Clone, Debug, Default)]
pub struct BestWorkspace {
    numbers: Numbers,
    build: GraphRecords,
    graph: ClassGraph,
    stream: BoundRecords,
    tails: Vec<u64>,
    levels: Vec<u64>,
    pub(super) order: Vec<u32>,
    spare: Vec<u32>,
    /// By rank: where the nodes that somebody waits for begin in `outs`.
    out_starts: Vec<u32>,
    outs: Vec<u32>,
    costs: Vec<u64>,
    pub(super) waiting: Vec<u32>,
    ready: ReadySet,
}

/// The best schedule this library knows for a batch in block order.
///
/// ```
/// use crosslane_analyzer::schedule::{best, Access, Batch, BestWorkspace, Rule};
/// let mut batch = Batch::new(Rule::Locks);
/// for cost in [2, 2, 1, 3] { batch.push(cost, [])?; }
/// for _ in 0..2 { batch.push(4, [Access::write(9)])?; }
/// let lanes = best(&batch, 2, &mut BestWorkspace::default());
/// assert_eq!(lanes.makespan, 8);
/// # Ok::<(), crosslane_analyzer::schedule::BatchError>(())
/// ```
pub fn best(batch: &Batch, lanes: u32, work: &mut BestWorkspace) -> Lanes {
    let mut numbers = std::mem::take(&mut work.numbers);
    numbers.start(batch);
    let found = best_numbered(batch, lanes, &numbers, work);
    work.numbers = numbers;
    found
}

/// The best schedule of a batch that `numbers` has been started with.
pub(in super::super) fn best_numbered(batch: &Batch, lanes: u32, numbers: &Numbers, work: &mut BestWorkspace) -> Lanes {
    let mut streaming = None;
    if batch.len() >= STREAM_FIRST {
        let (found, critical) = in_order_and_critical(batch, lanes, numbers, &mut work.stream);
        let bound = lower_bound(critical, batch.total(), found.lanes);
        if found.makespan - bound <= bound / TOLERANCE {
            return found;
        }
        streaming = Some(found);
    }
    let (found, critical) = list(batch, lanes, numbers, work);
    if found.makespan == lower_bound(critical, batch.total(), found.lanes) {
        return found;
    }
    // Mostly the streaming schedule is seen to be no shorter before it is complete.
    let streaming = streaming.or_else(|| match batch.rule() {
        Rule::Locks => stream_on_graph(batch, found.lanes, found.makespan, work),
        Rule::Versions => Some(in_order_and_critical(batch, lanes, numbers, &mut work.stream).0),
    });
    match streaming {
        Some(streaming) if streaming.makespan < found.makespan => streaming,
        _ => found,
    }
}

/// The streaming schedule by way of the graph that is there already; `None` as soon as it cannot be shorter than `limit`.
fn stream_on_graph(batch: &Batch, lanes: u32, limit: u64, work: &mut BestWorkspace) -> Option<Lanes> {
    let n = batch.len();
    let graph = &work.graph;
    let mut out = Lanes { lanes, lane: Vec::with_capacity(n), start: Vec::with_capacity(n), makespan: 0 };
    let mut set = LaneSet::new(lanes);
    // Ends of the members of every node.
    work.tails.clear();
    work.tails.resize(graph.nodes.len(), 0);
    let ends = work.tails.as_mut_slice();
    let mut begin = 0usize;
    for (call, &cost) in batch.costs().iter().enumerate() {
        let end = batch.starts()[call + 1] as usize;
        let mut ready = 0;
        for &node in &graph.wait[begin..end] {
            ready = ready.max(ends[node as usize]);
        }
        let (lane, start) = set.place(ready, cost);
        let finish = start + cost;
        // What waits for this call comes after it.
        if start + work.levels[call] >= limit {
            return None;
        }
        for &node in &graph.member[begin..end] {
            let slot = &mut ends[node as usize];
            *slot = (*slot).max(finish);
        }
        begin = end;
        out.lane.push(lane);
        out.start.push(start);
        out.makespan = out.makespan.max(finish);
    }
    Some(out)
}

/// List scheduling alone, and the length of the longest chain. Rarely (by fork-join anomalies) a little worse than
/// streaming; [`best`] excludes that at the price of a second schedule.
pub fn best_effort(batch: &Batch, lanes: u32, work: &mut BestWorkspace) -> (Lanes, u64) {
    let mut numbers = std::mem::take(&mut work.numbers);
    numbers.start(batch);
    let found = list(batch, lanes, &numbers, work);
    work.numbers = numbers;
    found
}

fn list(batch: &Batch, lanes: u32, numbers: &Numbers, work: &mut BestWorkspace) -> (Lanes, u64) {
    let lanes = lanes.clamp(1, MAX_LANES);
    let n = batch.len();
    work.graph.build(batch, numbers, &mut work.build);
    let critical = bottom_levels(batch, work);
    rank(&work.levels, critical, &mut work.order, &mut work.spare);
    place_in_rank_order(batch, work);
    let mut out = Lanes { lanes, lane: vec![0; n], start: vec![0; n], makespan: 0 };
    if lanes <= 16 {
        dispatch(work, &mut out, Scan::new(lanes));
    } else {
        dispatch(work, &mut out, Tournament::new(lanes));
    }
    (out, critical)
}

/// Prepares `order` and `waiting` for one window and leaves the ready set alone.
pub(super) fn window_ranks(part: &Batch, work: &mut BestWorkspace) {
    work.numbers.start(part);
    work.graph.build(part, &work.numbers, &mut work.build);
    let critical = bottom_levels(part, work);
    rank(&work.levels, critical, &mut work.order, &mut work.spare);
    place_in_rank_order(part, work);
}

impl BestWorkspace {
    /// Marks a rank as done and lists the ranks that may run now.
    pub(super) fn complete(&mut self, rank: u32, unblocked: &mut Vec<u32>) {
        unblocked.clear();
        let rank = rank as usize;
        for &node in &self.outs[self.out_starts[rank] as usize..self.out_starts[rank + 1] as usize] {
            let mut at = node as usize;
            loop {
                let node = &mut self.graph.nodes[at];
                node.remaining -= 1;
                if node.remaining != 0 {
                    break;
                }
                let cascade = node.cascade;
                for &waiter in self.graph.waiting_for(&self.graph.nodes[at]) {
                    let left = &mut self.waiting[waiter as usize];
                    *left -= 1;
                    if *left == 0 {
                        unblocked.push(waiter);
                    }
                }
                if cascade == 0 {
                    break;
                }
                at = cascade as usize;
            }
        }
    }
}

/// Fills `levels` (by call) and returns the largest.
fn bottom_levels(batch: &Batch, work: &mut BestWorkspace) -> u64 {
    let n = batch.len();
    let graph = &work.graph;
    work.tails.clear();
    work.tails.resize(graph.nodes.len(), 0);
    work.levels.clear();
    work.levels.resize(n, 0);
    let mut critical = 0;
    let versions = batch.rule() == Rule::Versions;
    let tails = work.tails.as_mut_slice();
    let mut end = batch.accesses();
    for call in (0..n).rev() {
        let begin = batch.starts()[call] as usize;
        let members = &graph.member[begin..end];
        let waits = &graph.wait[begin..end];
        end = begin;
        let mut tail = 0;
        for &node in members {
            let mut found = tails[node as usize];
            if versions {
                found = found.max(tails[graph.nodes[node as usize].cascade as usize]);
            }
            tail = tail.max(found);
        }
        let level = tail + batch.costs()[call];
        work.levels[call] = level;
        critical = critical.max(level);
        for &node in waits {
            let slot = &mut tails[node as usize];
            *slot = (*slot).max(level);
        }
        // The mark of "waits for nothing" collects garbage.
        tails[NO_WAIT as usize] = 0;
        if versions {
            // Whoever waits for a later node of a chain waits for the earlier ones too.
            for &node in members {
                let cascade = graph.nodes[node as usize].cascade as usize;
                let later = tails[cascade];
                let slot = &mut tails[node as usize];
                *slot = (*slot).max(later);
            }
            tails[1] = 0;
        }
    }
    critical
}

/// Sorts calls by descending level, ties by index. Levels are cut to their 22 highest bits, which keeps the order
/// compatible with the graph: a waiting call has a level that is no larger, and a larger index.
fn rank(levels: &[u64], critical: u64, order: &mut Vec<u32>, spare: &mut Vec<u32>) {
    let n = levels.len();
    order.clear();
    if n <= 64 {
        order.extend(0..n as u32);
        order.sort_by_key(|&call| std::cmp::Reverse(levels[call as usize]));
        return;
    }
    const BITS: u32 = 11;
    const SIZE: usize = 1 << BITS;
    let shift = (64 - critical.leading_zeros()).saturating_sub(2 * BITS);
    let top = critical >> shift;
    // Distance from the top, so that ascending is descending.
    let digit = |call: u32, place: u32| ((top - (levels[call as usize] >> shift)) >> (place * BITS)) as usize % SIZE;
    let mut counts = vec![[0u32; SIZE]; 2];
    for &level in levels {
        let key = top - (level >> shift);
        counts[0][key as usize % SIZE] += 1;
        counts[1][(key >> BITS) as usize % SIZE] += 1;
    }
    for count in &mut counts {
        let mut at = 0;
        for slot in count.iter_mut() {
            let here = *slot;
            *slot = at;
            at += here;
        }
    }
    spare.clear();
    spare.resize(n, 0);
    order.resize(n, 0);
    for call in 0..n as u32 {
        let slot = &mut counts[0][digit(call, 0)];
        spare[*slot as usize] = call;
        *slot += 1;
    }
    for &call in spare.iter() {
        let slot = &mut counts[1][digit(call, 1)];
        order[*slot as usize] = call;
        *slot += 1;
    }
}

/// Lays out what dispatching reads in the order in which it will mostly be read.
fn place_in_rank_order(batch: &Batch, work: &mut BestWorkspace) {
    let n = batch.len();
    let graph = &mut work.graph;
    graph.open_lists();
    work.out_starts.clear();
    work.out_starts.reserve(n + 1);
    work.outs.clear();
    work.outs.resize(batch.accesses() + 1, 0);
    work.costs.clear();
    work.costs.reserve(n);
    work.waiting.clear();
    work.waiting.reserve(n);
    work.ready.reset(n);
    let mut filled = 0usize;
    for (rank, &call) in work.order.iter().enumerate() {
        let range = batch.starts()[call as usize] as usize..batch.starts()[call as usize + 1] as usize;
        work.out_starts.push(filled as u32);
        work.costs.push(batch.costs()[call as usize]);
        graph.enlist(range.clone(), rank as u32);
        let mut waiting = 0;
        for &wait in &graph.wait[range.clone()] {
            waiting += u32::from(wait != NO_WAIT);
        }
        for &member in &graph.member[range] {
            work.outs[filled] = member;
            filled += usize::from(graph.nodes[member as usize].has_successors());
        }
        work.waiting.push(waiting);
        if waiting == 0 {
            work.ready.insert(rank as u32);
        }
    }
    work.out_starts.push(filled as u32);
}

/// Lanes that run something, by end.
trait Running {
    /// The lane that ends first, and when; `u64::MAX` when no lane runs.
    fn first(&self) -> (u64, u32);
    /// Lets a lane run until `end`.
    fn set(&mut self, lane: u32, end: u64);
}

struct Scan {
    ends: [u64; 16],
    lanes: usize,
}

impl Scan {
    fn new(lanes: u32) -> Scan {
        Scan { ends: [u64::MAX; 16], lanes: lanes as usize }
    }
}

impl Running for Scan {
    #[inline(always)]
    fn first(&self) -> (u64, u32) {
        let mut best = u64::MAX;
        let mut lane = 0;
        for (at, &end) in self.ends[..self.lanes.min(16)].iter().enumerate() {
            let better = end < best;
            best = if better { end } else { best };
            lane = if better { at as u32 } else { lane };
        }
        (best, lane)
    }

    #[inline(always)]
    fn set(&mut self, lane: u32, end: u64) {
        self.ends[lane as usize & 15] = end;
    }
}

/// A winner tree over lanes.
struct Tournament {
    ends: Vec<u64>,
    /// Winner of every inner node; 1 is the root.
    winners: Vec<u32>,
}

impl Tournament {
    fn new(lanes: u32) -> Tournament {
        let size = (lanes as usize).next_power_of_two();
        let mut winners = vec![0; size];
        for at in (1..size).rev() {
            winners[at] = if 2 * at >= size { (2 * at - size) as u32 } else { winners[2 * at] };
        }
        Tournament { ends: vec![u64::MAX; size], winners }
    }
}

impl Running for Tournament {
    #[inline(always)]
    fn first(&self) -> (u64, u32) {
        let lane = self.winners.get(1).copied().unwrap_or(0);
        (self.ends[lane as usize], lane)
    }

    #[inline(always)]
    fn set(&mut self, lane: u32, end: u64) {
        self.ends[lane as usize] = end;
        let size = self.ends.len();
        let mut at = (lane as usize + size) / 2;
        while at >= 1 {
            let (left, right) = if 2 * at >= size {
                ((2 * at - size) as u32, (2 * at + 1 - size) as u32)
            } else {
                (self.winners[2 * at], self.winners[2 * at + 1])
            };
            self.winners[at] = if self.ends[right as usize] < self.ends[left as usize] { right } else { left };
            at /= 2;
        }
    }
}

fn dispatch(work: &mut BestWorkspace, out: &mut Lanes, mut running: impl Running) {
    let lanes = out.lanes;
    let mut current = vec![0u32; lanes as usize];
    let mut idle: Vec<u32> = (0..lanes).rev().collect();
    let nodes = work.graph.nodes.as_mut_slice();
    let (begins, waiters) = (work.graph.begins.as_slice(), work.graph.waiters.as_slice());
    let waiting = work.waiting.as_mut_slice();
    let mut now = 0u64;
    loop {
        while let Some(&lane) = idle.last() {
            let Some(rank) = work.ready.pop() else { break };
            idle.pop();
            let end = now + work.costs[rank as usize];
            let call = work.order[rank as usize] as usize;
            out.lane[call] = lane;
            out.start[call] = now;
            current[lane as usize] = rank;
            running.set(lane, end);
        }
        let (end, mut lane) = running.first();
        if end == u64::MAX {
            // Nothing runs: everything is done. An end can only be this large with one call of that cost.
            if idle.len() == lanes as usize {
                break;
            }
            lane = (0..lanes).find(|lane| !idle.contains(lane)).unwrap_or(0);
        }
        now = end;
        loop {
            running.set(lane, u64::MAX);
            idle.push(lane);
            let rank = current[lane as usize] as usize;
            let outs = &work.outs[work.out_starts[rank] as usize..work.out_starts[rank + 1] as usize];
            for &node in outs {
                let mut at = node as usize;
                loop {
                    let node = &mut nodes[at];
                    node.remaining -= 1;
                    if node.remaining != 0 {
                        break;
                    }
                    let list = node.list as usize;
                    for &waiter in &waiters[begins[list] as usize..begins[list + 1] as usize] {
                        let left = &mut waiting[waiter as usize];
                        *left -= 1;
                        if *left == 0 {
                            work.ready.insert(waiter);
                        }
                    }
                    if node.cascade == 0 {
                        break;
                    }
                    at = node.cascade as usize;
                }
            }
            let (end, next) = running.first();
            if end != now || now == u64::MAX {
                break;
            }
            lane = next;
        }
    }
    out.makespan = now;
}

/// A set of ranks with a fast minimum: a bitmap with 64-way summaries.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadySet {
    /// `levels[0]` has one bit per rank, each further level one bit per word of the one below.
    levels: Vec<Vec<u64>>,
}

impl ReadySet {
    /// Empties the set; ranks below `n` may be put in.
    pub(crate) fn reset(&mut self, n: usize) {
        let mut words = n.div_ceil(64).max(1);
        let mut depth = 0;
        loop {
            if self.levels.len() <= depth {
                self.levels.push(Vec::new());
            }
            self.levels[depth].clear();
            self.levels[depth].resize(words, 0);
            depth += 1;
            if words == 1 {
                break;
            }
            words = words.div_ceil(64);
        }
        self.levels.truncate(depth);
    }

    #[inline(always)]
    pub(crate) fn insert(&mut self, rank: u32) {
        let mut at = rank as usize;
        for level in &mut self.levels {
            let word = &mut level[at / 64];
            let empty = *word == 0;
            *word |= 1 << (at % 64);
            if !empty {
                break;
            }
            at /= 64;
        }
    }

    /// Takes the smallest rank out.
    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<u32> {
        let mut at = 0usize;
        for level in self.levels.iter().rev() {
            let word = level[at];
            if word == 0 {
                return None;
            }
            at = at * 64 + word.trailing_zeros() as usize;
        }
        let found = at as u32;
        for level in &mut self.levels {
            let word = &mut level[at / 64];
            *word &= !(1 << (at % 64));
            if *word != 0 {
                break;
            }
            at /= 64;
        }
        Some(found)
    }
}
