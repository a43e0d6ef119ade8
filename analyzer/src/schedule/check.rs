//! `schedule verify`: does a schedule file respect every conflict of its batch, and do its figures hold.
//!
//! Nothing of the scheduler is used: what calls touch and which pairs conflict comes from the reference evaluator
//! ([`World`]), times from the definition. Only the reading of lines and costs is common. The scheduler may see more
//! conflicts than the reference does, never fewer.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::conflicts;
use crate::conflicts::evaluate::{Call, CallError, Concrete, Value, World};

use super::io::{Loaded, ScheduleFile};
use super::verify::{Order, verify_waves};

/// Most problems that are told.
const MOST: usize = 50;

/// What a place was touched with, and by whom it is left last.
#[derive(Clone, Copy, Debug)]
struct Seen<'a> {
    touch: &'a Concrete,
    end: u64,
    wave: u32,
    chain: u64,
    node: usize,
}

/// Touches seen so far, by where they can meet others.
#[derive(Default)]
struct Index<'a> {
    /// Everywhere: the place or the unit is not known.
    wide: Vec<Seen<'a>>,
    units: HashMap<String, UnitIndex<'a>>,
}

/// Touches of one unit at one place.
#[derive(Default)]
struct UnitIndex<'a> {
    /// Of keys that are not known in full, or of units that several cells share.
    wide: Vec<Seen<'a>>,
    keys: HashMap<String, Vec<Seen<'a>>>,
}

/// Where a touch stands in an [`Index`]: its unit and its key, each unless unknown.
type Slot = Option<(String, Option<String>)>;

fn slot(touch: &Concrete) -> Slot {
    let place = touch.place.as_ref().is_none_or(exact);
    let unit = touch.unit.as_ref().filter(|_| place)?;
    let whole = touch.keyed && !touch.shared && touch.key.len() == touch.arity && touch.key.iter().all(exact);
    Some((format!("{:?} {unit}", touch.place), whole.then(|| format!("{:?}", touch.key))))
}

/// Values that meet only themselves.
fn exact(value: &Value) -> bool {
    match value {
        Value::Any | Value::Function(..) => false,
        Value::Parts(parts) => parts.iter().all(exact),
        _ => true,
    }
}

impl<'a> Index<'a> {
    /// All seen touches that one at a slot may meet.
    fn near<'s>(&'s self, slot: &Slot) -> Box<dyn Iterator<Item = &'s Seen<'a>> + 's> {
        let below = |unit: &'s UnitIndex<'a>| unit.wide.iter().chain(unit.keys.values().flatten());
        match slot {
            None => Box::new(self.wide.iter().chain(self.units.values().flat_map(below))),
            Some((unit, key)) => {
                let unit = self.units.get(unit);
                let inner: Box<dyn Iterator<Item = &'s Seen<'a>> + 's> = match (unit, key) {
                    (None, _) => Box::new(std::iter::empty()),
                    (Some(unit), None) => Box::new(below(unit)),
                    (Some(unit), Some(key)) => {
                        Box::new(unit.wide.iter().chain(unit.keys.get(key).into_iter().flatten()))
                    }
                };
                Box::new(self.wide.iter().chain(inner))
            }
        }
    }

    /// Where a touch at a slot is kept.
    fn home(&mut self, slot: &Slot) -> &mut Vec<Seen<'a>> {
        match slot {
            None => &mut self.wide,
            Some((unit, key)) => {
                let unit = self.units.entry(unit.clone()).or_default();
                match key {
                    None => &mut unit.wide,
                    Some(key) => unit.keys.entry(key.clone()).or_default(),
                }
            }
        }
    }
}

/// Checks a schedule file against its batch. Empty: everything holds.
pub fn check_schedule(world: &World<'_>, loaded: &Loaded, file: &ScheduleFile) -> Vec<String> {
    let order = if file.order == "free" { Order::Free } else { Order::Preserve };
    match Checker::new(world, loaded, order) {
        Ok(checker) => checker.check(file),
        Err(error) => vec![error.to_string()],
    }
}

/// What every call of a batch touches, ready to check schedules against.
pub struct Checker<'a> {
    world: &'a World<'a>,
    loaded: &'a Loaded,
    order: Order,
    touches: Vec<Vec<Concrete>>,
}

impl<'a> Checker<'a> {
    /// Evaluates all calls of a batch, which must have been read with its texts.
    ///
    /// # Errors
    /// What is wrong with a call.
    pub fn new(world: &'a World<'a>, loaded: &'a Loaded, order: Order) -> Result<Checker<'a>, CallError> {
        let call = |line: usize| loaded.text(line).and_then(|text| serde_json::from_str::<Call>(&text).ok());
        let calls: Vec<Option<Call>> = (0..loaded.len()).map(call).collect();
        let touches = world.touches(&calls, &loaded.nodes, order == Order::Free)?;
        Ok(Checker { world, loaded, order, touches })
    }

    /// Checks a schedule file. Empty: everything holds.
    pub fn check(&self, file: &ScheduleFile) -> Vec<String> {
        let mut problems = Problems::default();
        let (loaded, model) = (self.loaded, self.world.chain);
        let order = match self.order {
            Order::Preserve => "preserve",
            Order::Free => "free",
        };
        if file.order != order {
            return vec![format!("`order`: `{}` is not `{order}`", file.order)];
        }
        if file.version != 1 {
            return vec![format!("`version`: {} is not 1", file.version)];
        }
        if file.model != model.id {
            let (found, expected) = (&file.model, &model.id);
            return vec![format!("`model`: the schedule is for `{found}`, the manifest is evaluated for `{expected}`")];
        }
        let scope = match self.world.scope {
            conflicts::Scope::Own => "own",
            conflicts::Scope::Transaction => "transaction",
        };
        if file.scope != scope {
            problems.add(format!("`scope`: the schedule says `{}`, verified is `{scope}`", file.scope));
        }
        let Some(nodes) = times(loaded, file, &mut problems) else { return problems.0 };
        let critical = self.conflicts(&nodes, &mut problems);
        figures(loaded, file, &nodes, critical, self.order, &mut problems);
        self.path(file, &nodes, &mut problems);
        problems.0
    }
}

#[derive(Default)]
struct Problems(Vec<String>);

impl Problems {
    fn add(&mut self, text: String) {
        if self.0.len() < MOST {
            self.0.push(text);
        }
    }
}

/// Times of a node; `None` for one that was left out.
#[derive(Clone, Copy, Debug)]
struct Times {
    lane: u32,
    start: u64,
    end: u64,
    wave: u32,
}

/// Per node its times, after checking lines, lanes and costs. `None`: too broken to go on.
fn times(loaded: &Loaded, file: &ScheduleFile, problems: &mut Problems) -> Option<Vec<Option<Times>>> {
    let mut by_id: HashMap<&str, usize> = HashMap::new();
    for (at, call) in file.calls.iter().enumerate() {
        if by_id.insert(call.id.as_str(), at).is_some() {
            problems.add(format!("call `{}` is scheduled twice", call.id));
        }
    }
    let left: HashSet<&str> = file.left_out.iter().map(|call| call.id.as_str()).collect();
    let mut nodes: Vec<Option<Times>> = vec![None; loaded.batch.len()];
    let mut used = 0;
    for line in 0..loaded.len() {
        let id = loaded.id(line);
        let node = loaded.nodes[line] as usize;
        let Some(call) = by_id.get(id).map(|&at| &file.calls[at]) else {
            if !left.contains(id) {
                problems.add(format!("call `{id}` is in the batch, but not in the schedule"));
            }
            continue;
        };
        if left.contains(id) {
            problems.add(format!("call `{id}` is both scheduled and left out"));
        }
        used += 1;
        if call.start.checked_add(loaded.costs[line]) != Some(call.end) {
            let cost = loaded.costs[line];
            problems.add(format!("call `{id}` costs {cost}, but runs from {} to {}", call.start, call.end));
        }
        if call.lane >= file.lanes {
            problems.add(format!("call `{id}` runs on lane {}, there are {}", call.lane, file.lanes));
        }
        let first = line == 0 || loaded.nodes[line - 1] as usize != node;
        match (&mut nodes[node], first) {
            (None, true) => {
                nodes[node] = Some(Times { lane: call.lane, start: call.start, end: call.end, wave: call.wave });
            }
            (Some(times), false) if times.end == call.start && times.lane == call.lane && times.wave == call.wave => {
                times.end = call.end;
            }
            _ => problems.add(format!("call `{id}` is torn from the other calls of its transaction")),
        }
    }
    if used != file.calls.len() {
        problems.add("the schedule has calls that the batch does not have".to_owned());
    }
    if loaded.is_empty() && file.calls.is_empty() {
        return Some(nodes);
    }
    let mut lanes: BTreeMap<u32, Vec<(u64, u64, usize)>> = BTreeMap::new();
    for (node, times) in nodes.iter().enumerate() {
        if let Some(times) = times {
            lanes.entry(times.lane).or_default().push((times.start, times.end, node));
        }
    }
    for (lane, mut runs) in lanes {
        runs.sort_unstable();
        for pair in runs.windows(2) {
            if pair[0].1 > pair[1].0 {
                let name = |node: usize| loaded.id(loaded.first_line(node as u32));
                problems.add(format!("calls `{}` and `{}` overlap on lane {lane}", name(pair[0].2), name(pair[1].2)));
            }
        }
    }
    Some(nodes)
}

impl Checker<'_> {
    /// True if the later touch must wait for the earlier one.
    fn waits(&self, earlier: &Concrete, later: &Concrete) -> bool {
        self.world.accesses_conflict(earlier, later)
            || (self.order == Order::Free && self.world.accesses_conflict(later, earlier))
    }

    /// Checks every conflicting pair; returns the length of the longest chain.
    fn conflicts(&self, nodes: &[Option<Times>], problems: &mut Problems) -> u64 {
        let loaded = self.loaded;
        let name = |node: usize| loaded.id(loaded.first_line(node as u32));
        let mut sequence: Vec<usize> = (0..nodes.len()).filter(|&node| nodes[node].is_some()).collect();
        if self.order == Order::Free {
            sequence.sort_by_key(|&node| nodes[node].map(|times| (times.start, times.end, node)));
        }
        let mut index = Index::default();
        let mut longest = 0;
        for node in sequence {
            let Some(times) = nodes[node] else { continue };
            let (mut least_wave, mut chain) = (0u32, 0u64);
            let slots: Vec<Slot> = self.touches[node].iter().map(slot).collect();
            for (touch, slot) in self.touches[node].iter().zip(&slots) {
                for before in index.near(slot) {
                    if !self.waits(before.touch, touch) {
                        continue;
                    }
                    least_wave = least_wave.max(before.wave.saturating_add(1));
                    chain = chain.max(before.chain);
                    if before.end > times.start {
                        problems.add(format!(
                            "`{}` starts at {} before `{}`, with which it conflicts on `{}`, ends at {}",
                            name(node),
                            times.start,
                            name(before.node),
                            touch.cell,
                            before.end
                        ));
                    }
                }
            }
            if times.wave < least_wave {
                let wave = times.wave;
                problems.add(format!(
                    "`{}` is in wave {wave}, but conflicts with a call of wave {}",
                    name(node),
                    least_wave - 1
                ));
            }
            let chain = chain.saturating_add(times.end.saturating_sub(times.start));
            longest = longest.max(chain);
            for (touch, slot) in self.touches[node].iter().zip(&slots) {
                let here = index.home(slot);
                match here.iter_mut().find(|other| other.touch == touch) {
                    Some(other) => {
                        if times.end > other.end {
                            other.end = times.end;
                            other.node = node;
                        }
                        other.wave = other.wave.max(times.wave);
                        other.chain = other.chain.max(chain);
                    }
                    None => here.push(Seen { touch, end: times.end, wave: times.wave, chain, node }),
                }
            }
        }
        longest
    }

    /// The critical path is a chain of calls that wait for each other, by the reference or by the batch's own units.
    fn path(&self, file: &ScheduleFile, nodes: &[Option<Times>], problems: &mut Problems) {
        let loaded = self.loaded;
        let batch = &loaded.batch;
        let by_id: HashMap<&str, usize> =
            (0..loaded.len()).map(|line| (loaded.id(line), loaded.nodes[line] as usize)).collect();
        let mut before: Option<usize> = None;
        let mut length = 0u64;
        for id in &file.critical_path {
            let Some((node, times)) = by_id.get(id.as_str()).and_then(|&node| Some((node, nodes[node]?))) else {
                problems.add(format!("`critical_path`: there is no call `{id}`"));
                return;
            };
            length = length.saturating_add(times.end.saturating_sub(times.start));
            if let Some(before) = before {
                let hit = self.touches[before]
                    .iter()
                    .any(|a| self.touches[node].iter().any(|b| self.waits(a, b) || self.waits(b, a)));
                let meet = || {
                    let rule = batch.rule();
                    batch.call(before).any(|a| {
                        batch.call(node).any(|b| {
                            a.unit == b.unit
                                && (super::batch::conflicts(rule, a.class, b.class)
                                    || super::batch::conflicts(rule, b.class, a.class))
                        })
                    })
                };
                if !hit && !meet() {
                    let name = loaded.id(loaded.first_line(before as u32));
                    problems.add(format!("`critical_path`: `{id}` does not wait for `{name}`"));
                }
            }
            before = Some(node);
        }
        if length > file.makespan || (length < file.lower_bound && file.critical_path.is_empty() && !loaded.is_empty())
        {
            problems.add("`critical_path` is not the longest chain".to_owned());
        }
    }
}

fn figures(
    loaded: &Loaded,
    file: &ScheduleFile,
    nodes: &[Option<Times>],
    critical: u64,
    order: Order,
    problems: &mut Problems,
) {
    let latest = nodes.iter().flatten().map(|times| times.end).max().unwrap_or(0);
    if latest != file.makespan {
        problems.add(format!("`makespan`: the last call ends at {latest}, not at {}", file.makespan));
    }
    let serial =
        nodes.iter().flatten().fold(0u64, |sum, times| sum.saturating_add(times.end.saturating_sub(times.start)));
    if serial != file.serial_cost {
        problems.add(format!("`serial_cost`: the calls cost {serial}, not {}", file.serial_cost));
    }
    let speedup = if latest == 0 { 1.0 } else { serial as f64 / latest as f64 };
    if (speedup - file.speedup).abs() > 0.0001 {
        problems.add(format!("`speedup`: {serial} / {latest} is not {}", file.speedup));
    }
    let area = serial.div_ceil(u64::from(file.lanes.max(1)));
    let least = if order == Order::Preserve { critical.max(area) } else { area };
    if file.lower_bound > file.makespan || file.lower_bound < least {
        problems.add(format!("`lower_bound`: {} is not between {least} and the makespan", file.lower_bound));
    }
    // Waves exactly, where the whole batch is scheduled in its order.
    if order == Order::Preserve && nodes.iter().all(Option::is_some) {
        let waves: Vec<u32> = nodes.iter().flatten().map(|times| times.wave).collect();
        for node in verify_waves(&loaded.batch, &waves).into_iter().take(MOST) {
            let name = loaded.id(loaded.first_line(node as u32));
            problems.add(format!("`{name}` is in wave {}, which is not the first it could be in", waves[node]));
        }
    }
    for unit in &file.hot_units {
        if !(0.0..=1.0).contains(&unit.share) {
            problems.add(format!("`hot_units`: {} is no share", unit.share));
        }
    }
}
