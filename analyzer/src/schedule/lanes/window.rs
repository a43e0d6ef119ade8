//! Bounded look-ahead: the batch is decided a window of calls at a time.
//!
//! Within a window calls start by bottom level as in `best`; lanes and conflicts with earlier windows are carried over, so
//! there is no barrier between windows. What it cannot do is see that a chain of a later window is long.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::super::batch::Batch;
use super::best::{BestWorkspace, ReadySet, window_ranks};
use super::stream::Carry;
use super::{Lanes, MAX_LANES};

/// A schedule that looks at most `window` calls ahead.
pub fn windowed(batch: &Batch, lanes: u32, window: u32, work: &mut BestWorkspace) -> Lanes {
    let lanes = lanes.clamp(1, MAX_LANES);
    let n = batch.len();
    let mut out = Lanes { lanes, lane: vec![0; n], start: vec![0; n], makespan: 0 };
    let mut carry = Carry::new();
    let mut free: BinaryHeap<Reverse<(u64, u32)>> = (0..lanes).map(|lane| Reverse((0, lane))).collect();
    let window = window.max(1) as usize;
    let mut from = 0;
    while from < n {
        let to = (from + window).min(n);
        let indices: Vec<u32> = (from as u32..to as u32).collect();
        let part = batch.permuted(&indices);
        window_ranks(&part, work);
        let releases: Vec<u64> = (from..to).map(|call| carry.ready(batch, call)).collect();
        one_window(&part, from, &releases, work, &mut free, &mut out);
        for call in from..to {
            carry.done(batch, call, out.start[call] + batch.costs()[call]);
        }
        from = to;
    }
    out
}

fn one_window(
    part: &Batch,
    from: usize,
    releases: &[u64],
    work: &mut BestWorkspace,
    free: &mut BinaryHeap<Reverse<(u64, u32)>>,
    out: &mut Lanes,
) {
    let mut ready = ReadySet::default();
    ready.reset(part.len());
    let mut pending: BinaryHeap<Reverse<(u64, u32)>> = BinaryHeap::new();
    let mut running: BinaryHeap<Reverse<(u64, u32)>> = BinaryHeap::new();
    for rank in 0..part.len() as u32 {
        if work.waiting[rank as usize] == 0 {
            pending.push(Reverse((releases[work.order[rank as usize] as usize], rank)));
        }
    }
    let mut now = free.peek().map_or(0, |&Reverse((time, _))| time);
    let mut left = part.len();
    let mut ready_count = 0usize;
    let mut unblocked = Vec::new();
    while left > 0 {
        while let Some(&Reverse((end, rank))) = running.peek() {
            if end > now {
                break;
            }
            running.pop();
            work.complete(rank, &mut unblocked);
            for &next in &unblocked {
                pending.push(Reverse((releases[work.order[next as usize] as usize].max(end), next)));
            }
        }
        while let Some(&Reverse((time, rank))) = pending.peek() {
            if time > now {
                break;
            }
            pending.pop();
            ready.insert(rank);
            ready_count += 1;
        }
        let lane_free = free.peek().map_or(u64::MAX, |&Reverse((time, _))| time);
        if ready_count > 0 && lane_free <= now {
            let Some(rank) = ready.pop() else { break };
            let Some(Reverse((_, lane))) = free.pop() else { break };
            ready_count -= 1;
            left -= 1;
            let local = work.order[rank as usize] as usize;
            let end = now + part.costs()[local];
            out.lane[from + local] = lane;
            out.start[from + local] = now;
            out.makespan = out.makespan.max(end);
            running.push(Reverse((end, rank)));
            free.push(Reverse((end, lane)));
            continue;
        }
        let events = [
            running.peek().map(|&Reverse((end, _))| end),
            pending.peek().map(|&Reverse((time, _))| time),
            (ready_count > 0).then_some(lane_free),
        ];
        let Some(next) = events.into_iter().flatten().min() else { break };
        now = now.max(next);
    }
}
