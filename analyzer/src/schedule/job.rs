//! One scheduling job from batch to plan: the method, the bounds, the critical path and what is on it.

use super::analyse::{Analysis, NONE, Timing, UnitShare, WhatIf, Workspace, analyse, analyse_numbered, what_if_delta};
use super::batch::{Batch, EXCLUSIVE, Rule};
use super::bound::interval_bound;
use super::lanes::{BestWorkspace, FreeOptions, Lanes, best_numbered, free, in_order_once, lower_bound, windowed};
use super::number::Numbers;
use super::verify::Order;

/// How lanes are filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Method {
    /// List scheduling of the whole batch.
    #[default]
    Best,
    /// Once through the batch.
    Streaming,
    /// List scheduling of so many calls at a time.
    Window(u32),
}

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Number of lanes; 0 counts as 1.
    pub lanes: u32,
    /// Order of conflicting calls.
    pub order: Order,
    /// Method in fixed order.
    pub method: Method,
    /// Priorities in free order; empty: as short as possible.
    pub priorities: Vec<u64>,
    /// In free order, no call overtakes a waiting one of higher priority that it conflicts with.
    pub reserve: bool,
    /// With more than one, the analysis runs beside the schedule. Results are the same.
    pub threads: usize,
}

/// A schedule with everything that is told about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Planned {
    /// The schedule.
    pub lanes: Lanes,
    /// Per call its wave: calls of one wave do not conflict.
    pub waves: Vec<u32>,
    /// Length of the longest chain.
    pub critical: u64,
    /// Calls of the longest chain, first to last.
    pub critical_path: Vec<u32>,
    /// No schedule is shorter.
    pub lower_bound: u64,
    /// Units on the longest chain, largest share first.
    pub hot: Vec<UnitShare>,
    /// For the hottest units that are written: the gain if they took deltas.
    pub what_if: Vec<WhatIf>,
    /// Per call the unit that made it wait, if one did.
    pub held_by: Vec<Option<u64>>,
    /// With a window: how much longer the schedule is than without, as a factor.
    pub window_price: Option<f64>,
}

impl Planned {
    /// Makespan over lower bound; 1 is the optimum.
    pub fn ratio(&self) -> f64 {
        if self.lower_bound == 0 { 1.0 } else { self.lanes.makespan as f64 / self.lower_bound as f64 }
    }
}

/// Schedules a batch.
///
/// ```
/// use crosslane_analyzer::schedule::{plan, Access, Batch, Request, Rule};
/// let mut batch = Batch::new(Rule::Locks);
/// for user in 0..8 { batch.push(10, [Access::write(user), Access::write(99)])?; }
/// let planned = plan(&batch, &Request { lanes: 4, ..Request::default() });
/// assert_eq!((planned.lanes.makespan, planned.hot[0].unit), (80, 99));
/// assert_eq!(planned.what_if[0].speedup_after, 8.0);
/// # Ok::<(), crosslane_analyzer::schedule::BatchError>(())
/// ```
pub fn plan(batch: &Batch, request: &Request) -> Planned {
    let mut work = Workspace::new();
    match request.order {
        Order::Preserve => fixed(batch, request, &mut work),
        Order::Free => reordered(batch, request, &mut work),
    }
}

fn fixed(batch: &Batch, request: &Request, work: &mut Workspace) -> Planned {
    // Both look up the same units.
    let mut numbers = Numbers::default();
    numbers.start(batch);
    let schedule = || {
        let mut best_work = BestWorkspace::default();
        match request.method {
            Method::Best => (best_numbered(batch, request.lanes, &numbers, &mut best_work), None),
            Method::Streaming => (in_order_once(batch, request.lanes, &numbers), None),
            Method::Window(window) => {
                let found = windowed(batch, request.lanes, window, &mut best_work);
                let whole = best_numbered(batch, request.lanes, &numbers, &mut best_work);
                let price = found.makespan as f64 / whole.makespan.max(1) as f64;
                (found, Some(price))
            }
        }
    };
    let mut timing = Timing::default();
    // Threads cost more than small batches take.
    let (analysis, (lanes, window_price)) = if request.threads > 1 && batch.len() > 10_000 {
        std::thread::scope(|scope| {
            let beside = scope.spawn(schedule);
            let analysis = analyse_numbered(batch, &numbers, &mut timing);
            match beside.join() {
                Ok(found) => (analysis, found),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    } else {
        (analyse_numbered(batch, &numbers, &mut timing), schedule())
    };
    drop((numbers, timing));
    let bound = tight_bound(batch, &analysis, lanes.lanes, lanes.makespan);
    let held_by = analysis
        .via
        .iter()
        .zip(&lanes.start)
        .map(|(&via, &start)| if via == NONE || start == 0 { None } else { batch.units().get(via as usize).copied() })
        .collect();
    let hot = analysis.attribution(batch);
    Planned {
        what_if: what_if(batch, &analysis, &hot, work),
        critical_path: analysis.critical_path(),
        waves: analysis.levels,
        critical: analysis.critical,
        lower_bound: bound,
        hot,
        held_by,
        window_price,
        lanes,
    }
}

/// The bound of chain and area, made tighter by the interval bound where that is affordable and there is a gap.
fn tight_bound(batch: &Batch, analysis: &Analysis, lanes: u32, makespan: u64) -> u64 {
    let simple = lower_bound(analysis.critical, batch.total(), lanes);
    // Less than a thousandth is not worth the search, and of large batches it is the scale that decides.
    let close = makespan - simple <= simple / 1_000;
    if close || batch.len() > 20_000 { simple } else { simple.max(interval_bound(batch, lanes)) }
}

fn reordered(batch: &Batch, request: &Request, work: &mut Workspace) -> Planned {
    let options =
        FreeOptions { priorities: request.priorities.clone(), reserve: request.reserve, ..FreeOptions::default() };
    let found = free(batch, request.lanes, &options);
    let mut order: Vec<u32> = (0..batch.len() as u32).collect();
    order.sort_by_key(|&call| (found.lanes.start[call as usize], found.lanes.end(batch, call as usize), call));
    // In the order that was chosen, the schedule is one in fixed order.
    let sorted = batch.permuted(&order).with_rule(Rule::Locks);
    let analysis = analyse(&sorted, work);
    let mut waves = vec![0; batch.len()];
    for (at, &call) in order.iter().enumerate() {
        waves[call as usize] = analysis.levels[at];
    }
    let hot = analysis.attribution(&sorted);
    Planned {
        what_if: what_if(&sorted, &analysis, &hot, work),
        waves,
        critical: analysis.critical,
        critical_path: analysis.critical_path().iter().map(|&at| order[at as usize]).collect(),
        lower_bound: free_bound(batch, found.lanes.lanes),
        hot,
        held_by: found.held_by,
        window_price: None,
        lanes: found.lanes,
    }
}

/// Lower bound whatever the order: the area, the longest call, and the exclusive calls of one unit one after the other.
fn free_bound(batch: &Batch, lanes: u32) -> u64 {
    let mut loads: std::collections::HashMap<u64, u64> = std::collections::HashMap::new();
    let mut bound = batch.total().div_ceil(u64::from(lanes.max(1)));
    for (call, &cost) in batch.costs().iter().enumerate() {
        bound = bound.max(cost);
        for access in batch.call(call).filter(|access| access.class == EXCLUSIVE) {
            let load = loads.entry(access.unit).or_default();
            *load += cost;
            bound = bound.max(*load);
        }
    }
    bound
}

/// Asks for the three hottest units; only a gain is worth telling.
fn what_if(batch: &Batch, analysis: &Analysis, hot: &[UnitShare], work: &mut Workspace) -> Vec<WhatIf> {
    hot.iter()
        .take(3)
        .filter(|share| share.share() >= 0.1)
        .map(|share| what_if_delta(batch, analysis, share.unit, work))
        .filter(|found| found.after < found.before)
        .collect()
}
