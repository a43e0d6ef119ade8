//! Streaming lanes: calls in block order, each placed once, as early as its conflicts and the lanes allow, on the lane
//! that fits best. One look-up per access, no graph, no second thought.

use super::super::analyse::{expected_units, pick64};
use super::super::batch::{Access, BLIND, Batch, BatchError, EXCLUSIVE, READ, Rule};
use super::super::table::{Table, block_end};
use super::set::LaneSet;
use super::{Lanes, MAX_LANES};

/// Ends of the current class and of what stands before it.
#[derive(Clone, Copy, Debug, Default)]
struct Record {
    current: u64,
    before: u64,
    class: u32,
}

impl Record {
    #[inline(always)]
    fn wait<const VERSIONS: bool>(&self, class: u8) -> u64 {
        if VERSIONS {
            pick64(class == BLIND, 0, self.current)
        } else {
            pick64(self.joins(class), self.before, self.current)
        }
    }

    #[inline(always)]
    fn joins(&self, class: u8) -> bool {
        (self.class == u32::from(class)) & (class != EXCLUSIVE)
    }

    #[inline(always)]
    fn add<const VERSIONS: bool>(&mut self, class: u8, end: u64) {
        if VERSIONS {
            self.current = self.current.max(if class == READ { 0 } else { end });
        } else {
            let join = self.joins(class);
            self.before = pick64(join, self.before, self.current);
            // A member of a new class never ends before the old class has ended.
            self.current = self.current.max(end);
            self.class = u32::from(class);
        }
    }
}

/// A lane schedule that grows call by call: for engines that hand calls out while they arrive.
///
/// ```
/// use crosslane_analyzer::schedule::{Access, LaneStream, Rule};
/// let mut lanes = LaneStream::new(Rule::Locks, 2);
/// assert_eq!(lanes.push(10, &[Access::write(1)])?, (0, 0));
/// assert_eq!(lanes.push(10, &[Access::write(2)])?, (1, 0));
/// assert_eq!(lanes.push(10, &[Access::write(1)])?, (0, 10));
/// # Ok::<(), crosslane_analyzer::schedule::BatchError>(())
/// ```
#[derive(Clone, Debug)]
pub struct LaneStream {
    rule: Rule,
    table: Table<Record>,
    lanes: LaneSet,
    slots: Vec<u32>,
    one: Batch,
    total: u64,
    makespan: u64,
    held_by: Option<u64>,
}

impl LaneStream {
    /// An empty schedule on `lanes` lanes (1 to [`MAX_LANES`]).
    pub fn new(rule: Rule, lanes: u32) -> LaneStream {
        let mut table = Table::default();
        table.reset(64);
        LaneStream {
            rule,
            table,
            lanes: LaneSet::new(lanes.clamp(1, MAX_LANES)),
            slots: Vec::new(),
            one: Batch::new(rule),
            total: 0,
            makespan: 0,
            held_by: None,
        }
    }

    /// Places one call; returns its lane and start.
    pub fn push(&mut self, cost: u64, accesses: &[Access]) -> Result<(u32, u64), BatchError> {
        self.one.clear();
        self.one.push(cost, accesses.iter().copied())?;
        self.total = self.total.checked_add(cost).ok_or(BatchError::CostOverflow)?;
        self.table.locate(self.one.units(), &mut self.slots);
        let placed = match self.rule {
            Rule::Locks => place::<false>(&mut self.table, &mut self.lanes, &self.slots, self.one.classes(), cost),
            Rule::Versions => place::<true>(&mut self.table, &mut self.lanes, &self.slots, self.one.classes(), cost),
        };
        self.makespan = self.makespan.max(placed.1 + cost);
        Ok(placed)
    }

    /// Places one call if it ends no later than `deadline`; else changes nothing and returns `None`.
    pub fn push_before(
        &mut self,
        cost: u64,
        accesses: &[Access],
        deadline: u64,
    ) -> Result<Option<(u32, u64)>, BatchError> {
        self.one.clear();
        self.one.push(cost, accesses.iter().copied())?;
        self.table.locate(self.one.units(), &mut self.slots);
        let mut ready = 0;
        self.held_by = None;
        for ((&slot, &class), &unit) in self.slots.iter().zip(self.one.classes()).zip(self.one.units()) {
            let record = self.table.at(slot);
            let wait = match self.rule {
                Rule::Locks => record.wait::<false>(class),
                Rule::Versions => record.wait::<true>(class),
            };
            if wait > ready {
                ready = wait;
                self.held_by = Some(unit);
            }
        }
        let lane = self.lanes.first_free();
        if ready.max(lane).checked_add(cost).is_none_or(|end| end > deadline) {
            if lane > ready {
                self.held_by = None;
            }
            return Ok(None);
        }
        self.push(cost, accesses).map(Some)
    }

    /// The unit that the last call given to [`LaneStream::push_before`] had to wait for longest; `None` if it did not wait
    /// for a unit, or waited longer for a lane.
    pub fn last_wait(&self) -> Option<u64> {
        self.held_by
    }

    /// The latest end so far.
    pub fn makespan(&self) -> u64 {
        self.makespan
    }

    /// Number of different units seen: what memory grows with.
    pub fn units(&self) -> usize {
        self.table.len()
    }
}

#[inline(always)]
fn place<const VERSIONS: bool>(
    table: &mut Table<Record>,
    lanes: &mut LaneSet,
    slots: &[u32],
    classes: &[u8],
    cost: u64,
) -> (u32, u64) {
    let mut ready = 0;
    for (&slot, &class) in slots.iter().zip(classes) {
        ready = ready.max(table.at(slot).wait::<VERSIONS>(class));
    }
    let (lane, start) = lanes.place(ready, cost);
    for (&slot, &class) in slots.iter().zip(classes) {
        table.at_mut(slot).add::<VERSIONS>(class, start + cost);
    }
    (lane, start)
}

/// Memory of streaming schedules that several batches share.
#[derive(Clone, Debug, Default)]
pub struct StreamWorkspace {
    table: Table<Record>,
    slots: Vec<u32>,
}

/// The streaming schedule of a whole batch: the same decisions as [`LaneStream`], faster.
pub fn in_order(batch: &Batch, lanes: u32, work: &mut StreamWorkspace) -> Lanes {
    match batch.rule() {
        Rule::Locks => run::<false>(batch, lanes, work),
        Rule::Versions => run::<true>(batch, lanes, work),
    }
}

fn run<const VERSIONS: bool>(batch: &Batch, lanes: u32, work: &mut StreamWorkspace) -> Lanes {
    let lanes = lanes.clamp(1, MAX_LANES);
    let (starts, units, classes, costs) = (batch.starts(), batch.units(), batch.classes(), batch.costs());
    let n = batch.len();
    let mut out = Lanes { lanes, lane: Vec::with_capacity(n), start: Vec::with_capacity(n), makespan: 0 };
    let mut set = LaneSet::new(lanes);
    work.table.reset(expected_units(batch));
    let mut from = 0;
    while from < n {
        let to = block_end(starts, from);
        let (first, end) = (starts[from] as usize, starts[to] as usize);
        work.table.locate(&units[first..end], &mut work.slots);
        for call in from..to {
            let range = starts[call] as usize - first..starts[call + 1] as usize - first;
            let kinds = &classes[starts[call] as usize..starts[call + 1] as usize];
            let (lane, start) = place::<VERSIONS>(&mut work.table, &mut set, &work.slots[range], kinds, costs[call]);
            out.lane.push(lane);
            out.start.push(start);
            out.makespan = out.makespan.max(start + costs[call]);
        }
        from = to;
    }
    out
}

/// Makespan of a batch whose lanes are given and whose order is that of the batch.
pub(crate) fn fixed_lanes(batch: &Batch, lanes: u32, lane: &[u32]) -> u64 {
    let mut set = LaneSet::new(lanes.clamp(1, MAX_LANES));
    let mut table: Table<Record> = Table::default();
    table.reset(expected_units(batch));
    let mut slots = Vec::new();
    let mut makespan = 0;
    for (call, &lane) in lane.iter().enumerate().take(batch.len()) {
        let range = batch.starts()[call] as usize..batch.starts()[call + 1] as usize;
        table.locate(&batch.units()[range.clone()], &mut slots);
        let kinds = &batch.classes()[range];
        let versions = batch.rule() == Rule::Versions;
        let mut ready = 0;
        for (&slot, &class) in slots.iter().zip(kinds) {
            let record = table.at(slot);
            ready = ready.max(if versions { record.wait::<true>(class) } else { record.wait::<false>(class) });
        }
        let end = set.place_on(lane, ready, batch.costs()[call]) + batch.costs()[call];
        for (&slot, &class) in slots.iter().zip(kinds) {
            let record = table.at_mut(slot);
            if versions { record.add::<true>(class, end) } else { record.add::<false>(class, end) }
        }
        makespan = makespan.max(end);
    }
    makespan
}

/// Ends of earlier calls by unit, for schedules that go forward in blocks.
pub(crate) struct Carry {
    versions: bool,
    table: Table<Record>,
    slots: Vec<u32>,
}

impl Carry {
    pub(crate) fn new(versions: bool) -> Carry {
        let mut table = Table::default();
        table.reset(1024);
        Carry { versions, table, slots: Vec::new() }
    }

    /// When the conflicts of a call with calls already done let it start.
    pub(crate) fn ready(&mut self, batch: &Batch, call: usize) -> u64 {
        let range = batch.starts()[call] as usize..batch.starts()[call + 1] as usize;
        self.table.locate(&batch.units()[range.clone()], &mut self.slots);
        let mut ready = 0;
        for (&slot, &class) in self.slots.iter().zip(&batch.classes()[range]) {
            let record = self.table.at(slot);
            ready = ready.max(if self.versions { record.wait::<true>(class) } else { record.wait::<false>(class) });
        }
        ready
    }

    /// Notes the end of a call; calls come in block order.
    pub(crate) fn done(&mut self, batch: &Batch, call: usize, end: u64) {
        let range = batch.starts()[call] as usize..batch.starts()[call + 1] as usize;
        self.table.locate(&batch.units()[range.clone()], &mut self.slots);
        for (&slot, &class) in self.slots.iter().zip(&batch.classes()[range]) {
            let record = self.table.at_mut(slot);
            if self.versions { record.add::<true>(class, end) } else { record.add::<false>(class, end) }
        }
    }
}
