//! Lane schedules: which lane runs which call, from when to when.
//!
//! `stream` goes through the batch once in block order; `best` looks at the whole batch; `window` looks ahead a bounded
//! number of calls; `free` may reorder. All are deterministic, and every schedule keeps conflicting calls apart.

mod best;
mod free;
mod set;
mod stream;
mod window;

pub use best::{BestWorkspace, best, best_effort};
pub use free::{FreeOptions, FreeOrder, free};
pub use stream::{LaneStream, StreamWorkspace, in_order};
pub use window::windowed;

pub(super) use best::best_numbered;
pub(super) use stream::in_order_once;

use super::batch::Batch;

/// Where and when every call of a batch runs.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Lanes {
    /// Number of lanes; at least 1.
    pub lanes: u32,
    /// Per call: its lane.
    pub lane: Vec<u32>,
    /// Per call: its start, in units of cost. It ends at start + cost.
    pub start: Vec<u64>,
    /// The latest end.
    pub makespan: u64,
}

/// Most lanes of a schedule.
pub const MAX_LANES: u32 = 1 << 16;

impl Lanes {
    /// The end of a call.
    pub fn end(&self, batch: &Batch, call: usize) -> u64 {
        self.start[call] + batch.costs()[call]
    }

    /// total / makespan; 1 for a batch without cost.
    pub fn speedup(&self, batch: &Batch) -> f64 {
        if self.makespan == 0 { 1.0 } else { batch.total() as f64 / self.makespan as f64 }
    }

    /// Replays the same decisions (lane and order in the lane, conflicts in the order of the schedule) with other costs:
    /// what becomes of the plan when estimates were wrong. Returns the new makespan.
    pub fn replay(&self, batch: &Batch, costs: &[u64]) -> Option<u64> {
        let mut order: Vec<u32> = (0..batch.len() as u32).collect();
        order.sort_by_key(|&call| {
            (self.start[call as usize], self.start[call as usize].saturating_add(batch.costs()[call as usize]), call)
        });
        let changed = batch.with_costs(costs.to_vec())?.permuted(&order);
        let analysis_lanes: Vec<u32> = order.iter().map(|&call| self.lane[call as usize]).collect();
        Some(stream::fixed_lanes(&changed, self.lanes, &analysis_lanes))
    }
}

/// Lower bound for every schedule on `lanes` lanes: max(longest chain, ⌈total / lanes⌉).
pub fn lower_bound(critical: u64, total: u64, lanes: u32) -> u64 {
    critical.max(total.div_ceil(u64::from(lanes.max(1))))
}
