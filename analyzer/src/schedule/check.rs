//! `schedule verify`: does a schedule file respect every conflict of its batch, and do its figures hold.
//!
//! Nothing of the scheduler is used: keys are compared component by component, pairs by the chain model's own table, times
//! by the definition. Only the decoding of calls and the evaluation of terms are common, because they *are* the meaning of
//! a manifest.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::chains::{ChainModel, Touch, UnitKind};

use super::compile::{Call, CallError, Evaluator, Replay, Resolved, Scope, ir_mode};
use super::io::{Loaded, ScheduleFile};
use super::state::State;
use super::verify::{Order, verify_waves};

/// Most problems that are told.
const MOST: usize = 50;

/// What one place was touched with, and by whom it is left last.
#[derive(Clone, Copy, Debug)]
struct Seen<'a> {
    touch: &'a Resolved,
    end: u64,
    wave: u32,
    chain: u64,
    node: usize,
}

/// A prefix of a key with everything above it.
type Prefix = (Option<Option<Vec<u8>>>, Option<Vec<u8>>, Vec<Vec<u8>>);

/// Checks a schedule file against its batch. Empty: everything holds.
pub fn check_schedule(evaluator: &Evaluator, state: &State, loaded: &Loaded, file: &ScheduleFile) -> Vec<String> {
    let order = if file.order == "free" { Order::Free } else { Order::Preserve };
    match Checker::new(evaluator, state, loaded, order) {
        Ok(checker) => checker.check(file),
        Err(error) => vec![error.to_string()],
    }
}

/// What every call of a batch touches, ready to check schedules against.
pub struct Checker<'a> {
    evaluator: &'a Evaluator,
    loaded: &'a Loaded,
    order: Order,
    touches: Vec<Vec<Resolved>>,
    /// Per node the places where it meets others, and its touch there.
    places: Vec<Vec<(u32, u32)>>,
}

impl<'a> Checker<'a> {
    /// Evaluates all calls of a batch.
    ///
    /// # Errors
    /// What is wrong with a call.
    pub fn new(
        evaluator: &'a Evaluator,
        state: &State,
        loaded: &'a Loaded,
        order: Order,
    ) -> Result<Checker<'a>, CallError> {
        let mut calls = Vec::with_capacity(loaded.len());
        for line in 0..loaded.len() {
            let joins = line > 0 && loaded.nodes[line] == loaded.nodes[line - 1];
            let call = loaded.call(evaluator, line).unwrap_or_else(Call::unknown);
            calls.push((call, joins));
        }
        let mut touches: Vec<Vec<Resolved>> = vec![Vec::new(); loaded.batch.len()];
        for (line, found) in Replay::new(evaluator, state, order).all(&calls)?.into_iter().enumerate() {
            let all = &mut touches[loaded.nodes[line] as usize];
            for touch in found {
                if !all.contains(&touch) {
                    all.push(touch);
                }
            }
        }
        let places = places(&touches);
        Ok(Checker { evaluator, loaded, order, touches, places })
    }

    /// Checks a schedule file. Empty: everything holds.
    pub fn check(&self, file: &ScheduleFile) -> Vec<String> {
        let mut problems = Problems::default();
        let (loaded, model) = (self.loaded, self.evaluator.chain());
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
        let scope = match self.evaluator.scope() {
            Scope::Own => "own",
            Scope::Transaction => "transaction",
        };
        if file.scope != scope {
            problems.add(format!("`scope`: the schedule says `{}`, verified is `{scope}`", file.scope));
        }
        let Some(nodes) = times(loaded, file, &mut problems) else { return problems.0 };
        let critical = self.conflicts(&nodes, &mut problems);
        figures(loaded, file, &nodes, critical, self.order, &mut problems);
        path(model, loaded, file, &nodes, &self.touches, &mut problems);
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

/// Whether two touches conflict: same place, and the model's table says so.
fn meet(model: &ChainModel, earlier: &Resolved, later: &Resolved) -> bool {
    if let (Some(a), Some(b)) = (&earlier.place, &later.place) {
        if a != b {
            return false;
        }
        if let (Some(a), Some(b)) = (&earlier.cell, &later.cell) {
            if a != b {
                return false;
            }
            let common = earlier.key.len().min(later.key.len());
            if earlier.key[..common] != later.key[..common] {
                return false;
            }
            if (earlier.key.len() < later.key.len() && !earlier.open)
                || (later.key.len() < earlier.key.len() && !later.open)
            {
                return false;
            }
            let whole = earlier.open || later.open;
            if model.unit == UnitKind::Field && !whole && !fields_meet(earlier.field.as_deref(), later.field.as_deref())
            {
                return false;
            }
        }
    }
    signs_conflict(model, earlier, later)
}

fn fields_meet(a: Option<&str>, b: Option<&str>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return true };
    let below = |a: &str, b: &str| a == b || b.strip_prefix(a).is_some_and(|rest| rest.starts_with('.'));
    below(a, b) || below(b, a)
}

fn signs_conflict(model: &ChainModel, earlier: &Resolved, later: &Resolved) -> bool {
    fn touch(of: &Resolved) -> Touch<'_> {
        Touch {
            mode: ir_mode(of.mode),
            keeps: of.keeps,
            op: (!of.op.is_empty()).then(|| of.op.as_str().into()),
            bounded: of.bounded,
        }
    }
    model.conflict(&touch(earlier), &touch(later))
}

/// The same sign: such touches of one place stand for each other.
fn same_sign(a: &Resolved, b: &Resolved) -> bool {
    a.open == b.open
        && a.mode == b.mode
        && a.keeps == b.keeps
        && a.op == b.op
        && a.bounded == b.bounded
        && a.field == b.field
        && a.key == b.key
        && a.cell == b.cell
        && a.place == b.place
}

/// All prefixes of a touch, the longest last.
fn prefixes(touch: &Resolved) -> Vec<Prefix> {
    let mut out: Vec<Prefix> = vec![(None, None, Vec::new())];
    let Some(place) = &touch.place else { return out };
    out.push((Some(place.clone()), None, Vec::new()));
    let Some(cell) = &touch.cell else { return out };
    for len in 0..=touch.key.len() {
        out.push((Some(place.clone()), Some(cell.clone()), touch.key[..len].to_vec()));
    }
    out
}

/// Where calls meet: the place itself, and every prefix above it that some call touches as a whole.
fn places(touches: &[Vec<Resolved>]) -> Vec<Vec<(u32, u32)>> {
    let mut open: HashSet<Prefix> = HashSet::new();
    for touch in touches.iter().flatten().filter(|touch| touch.open) {
        open.extend(prefixes(touch).pop());
    }
    let mut numbers: HashMap<Prefix, u32> = HashMap::new();
    let mut number = |prefix: Prefix| {
        let next = numbers.len() as u32;
        *numbers.entry(prefix).or_insert(next)
    };
    let of_node = |touches: &Vec<Resolved>| {
        let mut out = Vec::new();
        for (at, touch) in touches.iter().enumerate() {
            let mut all = prefixes(touch);
            let own = all.pop();
            for prefix in all.into_iter().filter(|prefix| open.contains(prefix)).chain(own) {
                out.push((number(prefix), at as u32));
            }
        }
        out
    };
    touches.iter().map(of_node).collect()
}

impl Checker<'_> {
    /// Checks every conflicting pair; returns the length of the longest chain.
    fn conflicts(&self, nodes: &[Option<Times>], problems: &mut Problems) -> u64 {
        let (model, loaded) = (self.evaluator.chain(), self.loaded);
        let name = |node: usize| loaded.id(loaded.first_line(node as u32));
        let mut sequence: Vec<usize> = (0..nodes.len()).filter(|&node| nodes[node].is_some()).collect();
        if self.order == Order::Free {
            sequence.sort_by_key(|&node| nodes[node].map(|times| (times.start, times.end, node)));
        }
        let mut seen: HashMap<u32, Vec<Seen<'_>>> = HashMap::new();
        let mut longest = 0;
        for node in sequence {
            let Some(times) = nodes[node] else { continue };
            let (mut least_wave, mut chain) = (0u32, 0u64);
            for &(place, at) in &self.places[node] {
                let touch = &self.touches[node][at as usize];
                for before in seen.get(&place).into_iter().flatten() {
                    let hit = meet(model, before.touch, touch)
                        || (self.order == Order::Free && meet(model, touch, before.touch));
                    if !hit {
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
                            touch.cell_id,
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
            for &(place, at) in &self.places[node] {
                let touch = &self.touches[node][at as usize];
                let here = seen.entry(place).or_default();
                match here.iter_mut().find(|other| same_sign(other.touch, touch)) {
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

/// The critical path is a chain of conflicts, one after the other.
fn path(
    model: &ChainModel,
    loaded: &Loaded,
    file: &ScheduleFile,
    nodes: &[Option<Times>],
    touches: &[Vec<Resolved>],
    problems: &mut Problems,
) {
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
            let hit =
                touches[before].iter().any(|a| touches[node].iter().any(|b| meet(model, a, b) || meet(model, b, a)));
            if !hit {
                let name = loaded.id(loaded.first_line(before as u32));
                problems.add(format!("`critical_path`: `{id}` does not wait for `{name}`"));
            }
        }
        before = Some(node);
    }
    if length > file.makespan || (length < file.lower_bound && file.critical_path.is_empty() && !loaded.is_empty()) {
        problems.add("`critical_path` is not the longest chain".to_owned());
    }
}
