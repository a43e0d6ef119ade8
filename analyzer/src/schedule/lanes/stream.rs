//! Streaming lanes: calls in block order, each placed once, as early as its conflicts and the lanes allow, on the lane
//! that fits best. One look-up per access, no graph, no second thought.

use super::super::batch::{Access, BLIND, Batch, BatchError, EXCLUSIVE, READ, Rule};
use super::super::number::{Numbers, Records};
use super::super::table::{Table, block_end};
use super::set::LaneSet;
use super::{Lanes, MAX_LANES};

/// Ends of the current class and of what stands before it, in `WAYS` ways to count at once.
#[derive(Clone, Copy, Debug)]
struct Record<const WAYS: usize = 1> {
    ends: [[u64; 2]; WAYS],
    class: u32,
}

impl<const WAYS: usize> Default for Record<WAYS> {
    fn default() -> Self {
        Record { ends: [[0; 2]; WAYS], class: 0 }
    }
}

impl<const WAYS: usize> Record<WAYS> {
    // Indices: iterators over these few are not always inlined.
    #[allow(clippy::needless_range_loop)]
    #[inline(always)]
    fn wait<const VERSIONS: bool>(&self, class: u8, ready: &mut [u64; WAYS]) {
        // Picked by index, not by a condition: what joins what is no pattern that a processor could foresee.
        let before = usize::from(if VERSIONS { class == BLIND } else { self.joins(class) });
        for way in 0..WAYS {
            ready[way] = ready[way].max(self.ends[way][before]);
        }
    }

    #[inline(always)]
    fn joins(&self, class: u8) -> bool {
        (self.class == u32::from(class)) & (class != EXCLUSIVE)
    }

    #[allow(clippy::needless_range_loop)]
    #[inline(always)]
    fn add<const VERSIONS: bool>(&mut self, class: u8, done: [u64; WAYS]) {
        let before = usize::from(self.joins(class));
        for way in 0..WAYS {
            let ends = &mut self.ends[way];
            if VERSIONS {
                ends[0] = ends[0].max(if class == READ { 0 } else { done[way] });
            } else {
                ends[1] = ends[before];
                // A member of a new class never ends before the old class has ended.
                ends[0] = ends[0].max(done[way]);
            }
        }
        if !VERSIONS {
            self.class = u32::from(class);
        }
    }
}

/// When the current state of the units lets a call start.
fn ready_by(rule: Rule, table: &Table<Record>, numbers: &[u32], classes: &[u8]) -> u64 {
    let mut ready = [0];
    for (&number, &class) in numbers.iter().zip(classes) {
        match rule {
            Rule::Locks => table.at(number).wait::<false>(class, &mut ready),
            Rule::Versions => table.at(number).wait::<true>(class, &mut ready),
        }
    }
    ready[0]
}

/// Notes that a call ends at `end`.
fn ends_at(rule: Rule, table: &mut Table<Record>, numbers: &[u32], classes: &[u8], end: u64) {
    for (&number, &class) in numbers.iter().zip(classes) {
        match rule {
            Rule::Locks => table.at_mut(number).add::<false>(class, [end]),
            Rule::Versions => table.at_mut(number).add::<true>(class, [end]),
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
        let ready = ready_by(self.rule, &self.table, &self.slots, self.one.classes());
        let (lane, start) = self.lanes.place(ready, cost);
        ends_at(self.rule, &mut self.table, &self.slots, self.one.classes(), start + cost);
        self.makespan = self.makespan.max(start + cost);
        Ok((lane, start))
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
            let wait = ready_by(self.rule, &self.table, &[slot], &[class]);
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

/// Memory of streaming schedules that several batches share.
#[derive(Clone, Debug, Default)]
pub struct StreamWorkspace {
    numbers: Numbers,
    records: Records<Record>,
}

/// The streaming schedule of a whole batch: the same decisions as [`LaneStream`], faster.
pub fn in_order(batch: &Batch, lanes: u32, work: &mut StreamWorkspace) -> Lanes {
    work.numbers.start(batch);
    let StreamWorkspace { numbers, records } = work;
    in_order_numbered(batch, lanes, numbers, records)
}

fn in_order_numbered(batch: &Batch, lanes: u32, numbers: &Numbers, records: &mut Records<Record>) -> Lanes {
    match batch.rule() {
        Rule::Locks => run::<false, 1>(batch, lanes, numbers, records).0,
        Rule::Versions => run::<true, 1>(batch, lanes, numbers, records).0,
    }
}

/// The streaming schedule of a batch that `numbers` has been started with.
pub(in super::super) fn in_order_once(batch: &Batch, lanes: u32, numbers: &Numbers) -> Lanes {
    in_order_numbered(batch, lanes, numbers, &mut Records::default())
}

/// What a streaming schedule and the longest chain keep by unit, both found in one pass.
#[derive(Clone, Debug, Default)]
pub(super) struct BoundRecords(Records<Record<2>>);

/// The streaming schedule and the length of the longest chain.
pub(super) fn in_order_and_critical(
    batch: &Batch,
    lanes: u32,
    numbers: &Numbers,
    work: &mut BoundRecords,
) -> (Lanes, u64) {
    match batch.rule() {
        Rule::Locks => run::<false, 2>(batch, lanes, numbers, &mut work.0),
        Rule::Versions => run::<true, 2>(batch, lanes, numbers, &mut work.0),
    }
}

/// With one way only on the lanes, with a second one also as if there were a lane for every call.
fn run<const VERSIONS: bool, const WAYS: usize>(
    batch: &Batch,
    lanes: u32,
    numbers: &Numbers,
    work: &mut Records<Record<WAYS>>,
) -> (Lanes, u64) {
    let lanes = lanes.clamp(1, MAX_LANES);
    let (starts, classes, costs) = (batch.starts(), batch.classes(), batch.costs());
    let n = batch.len();
    let mut out = Lanes { lanes, lane: Vec::with_capacity(n), start: Vec::with_capacity(n), makespan: 0 };
    let mut critical = 0;
    let mut set = LaneSet::new(lanes);
    work.start(batch, numbers);
    let mut from = 0;
    while from < n {
        let to = block_end(starts, from);
        let (first, end) = (starts[from] as usize, starts[to] as usize);
        let (found, records) = work.block(batch, numbers, first..end);
        for call in from..to {
            let range = starts[call] as usize..starts[call + 1] as usize;
            let (mine, kinds) = (&found[range.start - first..range.end - first], &classes[range]);
            let mut ready = [0; WAYS];
            for at in 0..mine.len() {
                records[mine[at] as usize].wait::<VERSIONS>(kinds[at], &mut ready);
            }
            let cost = costs[call];
            let (lane, start) = set.place(ready[0], cost);
            let mut done = ready;
            for done in &mut done {
                *done += cost;
            }
            critical = critical.max(done[WAYS - 1]);
            done[0] = start + cost;
            for at in 0..mine.len() {
                records[mine[at] as usize].add::<VERSIONS>(kinds[at], done);
            }
            out.lane.push(lane);
            out.start.push(start);
            out.makespan = out.makespan.max(done[0]);
        }
        from = to;
    }
    (out, critical)
}

/// Makespan of a batch whose lanes are given and whose order is that of the batch.
pub(crate) fn fixed_lanes(batch: &Batch, lanes: u32, lane: &[u32]) -> u64 {
    let mut set = LaneSet::new(lanes.clamp(1, MAX_LANES));
    let mut table: Table<Record> = Table::default();
    table.reset(batch.accesses() / 3);
    let mut slots = Vec::new();
    let mut makespan = 0;
    for (call, &lane) in lane.iter().enumerate().take(batch.len()) {
        let range = batch.starts()[call] as usize..batch.starts()[call + 1] as usize;
        table.locate(&batch.units()[range.clone()], &mut slots);
        let kinds = &batch.classes()[range];
        let ready = ready_by(batch.rule(), &table, &slots, kinds);
        let end = set.place_on(lane, ready, batch.costs()[call]) + batch.costs()[call];
        ends_at(batch.rule(), &mut table, &slots, kinds, end);
        makespan = makespan.max(end);
    }
    makespan
}

/// Ends of earlier calls by unit, for schedules that go forward in blocks.
pub(crate) struct Carry {
    table: Table<Record>,
    slots: Vec<u32>,
}

impl Carry {
    pub(crate) fn new() -> Carry {
        let mut table = Table::default();
        table.reset(1024);
        Carry { table, slots: Vec::new() }
    }

    /// When the conflicts of a call with calls already done let it start.
    pub(crate) fn ready(&mut self, batch: &Batch, call: usize) -> u64 {
        let range = batch.starts()[call] as usize..batch.starts()[call + 1] as usize;
        self.table.locate(&batch.units()[range.clone()], &mut self.slots);
        ready_by(batch.rule(), &self.table, &self.slots, &batch.classes()[range])
    }

    /// Notes the end of a call; calls come in block order.
    pub(crate) fn done(&mut self, batch: &Batch, call: usize, end: u64) {
        let range = batch.starts()[call] as usize..batch.starts()[call + 1] as usize;
        self.table.locate(&batch.units()[range.clone()], &mut self.slots);
        ends_at(batch.rule(), &mut self.table, &self.slots, &batch.classes()[range], end);
    }
}
