//! Checks schedules. Shares nothing with the code that makes them: no runs, no table, no graph, only the definition: two
//! calls that conflict must not overlap, and in fixed order the earlier one ends first.

use std::collections::{BTreeMap, HashMap};

use super::batch::{Batch, CLASSES, Rule};
use super::lanes::Lanes;

/// Which order conflicting calls must keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Order {
    /// Block order.
    #[default]
    Preserve,
    /// Any one order.
    Free,
}

/// What is wrong with a schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// The schedule speaks of another number of calls than the batch has.
    #[error("the schedule has {found} calls, the batch has {expected}")]
    Count {
        /// Calls in the schedule.
        found: usize,
        /// Calls in the batch.
        expected: usize,
    },
    /// A lane that does not exist.
    #[error("call {call} runs on lane {lane}, there are {lanes}")]
    NoSuchLane {
        /// The call.
        call: usize,
        /// Its lane.
        lane: u32,
        /// Number of lanes.
        lanes: u32,
    },
    /// Start plus cost does not fit into 64 bits.
    #[error("call {call} ends after the end of time")]
    Overflow {
        /// The call.
        call: usize,
    },
    /// Two calls overlap on one lane.
    #[error("calls {first} and {second} overlap on lane {lane}")]
    LaneOverlap {
        /// The one that starts first.
        first: usize,
        /// The other.
        second: usize,
        /// The lane.
        lane: u32,
    },
    /// Two conflicting calls overlap, or run in the wrong order.
    #[error("calls {first} and {second} conflict on unit {unit:#018x}, but {second} starts before {first} has ended")]
    Conflict {
        /// The one that must end first.
        first: usize,
        /// The one that starts too early.
        second: usize,
        /// Where they conflict.
        unit: u64,
    },
    /// The makespan is not the latest end.
    #[error("the makespan is {expected}, the schedule says {found}")]
    Makespan {
        /// In the schedule.
        found: u64,
        /// The latest end.
        expected: u64,
    },
}

/// Checks a schedule of a batch; the first violations found, at most 100, empty if it is valid.
pub fn verify(batch: &Batch, schedule: &Lanes, order: Order) -> Vec<Violation> {
    let n = batch.len();
    let mut found = Vec::new();
    if schedule.lane.len() != n || schedule.start.len() != n {
        return vec![Violation::Count { found: schedule.lane.len().max(schedule.start.len()), expected: n }];
    }
    let mut ends = Vec::with_capacity(n);
    for call in 0..n {
        let lane = schedule.lane[call];
        if lane >= schedule.lanes {
            found.push(Violation::NoSuchLane { call, lane, lanes: schedule.lanes });
        }
        match schedule.start[call].checked_add(batch.costs()[call]) {
            Some(end) => ends.push(end),
            None => {
                found.push(Violation::Overflow { call });
                ends.push(u64::MAX);
            }
        }
    }
    let latest = ends.iter().copied().max().unwrap_or(0);
    if latest != schedule.makespan {
        found.push(Violation::Makespan { found: schedule.makespan, expected: latest });
    }
    // In time order: what starts first, and of those what ends first.
    let mut by_time: Vec<usize> = (0..n).collect();
    by_time.sort_by_key(|&call| (schedule.start[call], ends[call], call));
    let mut last_on: BTreeMap<u32, usize> = BTreeMap::new();
    for &call in &by_time {
        let lane = schedule.lane[call];
        if let Some(&before) = last_on.get(&lane) {
            if ends[before] > schedule.start[call] {
                found.push(Violation::LaneOverlap { first: before, second: call, lane });
            }
        }
        let keep = last_on.get(&lane).is_some_and(|&before| ends[before] > ends[call]);
        if !keep {
            last_on.insert(lane, call);
        }
    }
    let in_order: Vec<usize> = match order {
        Order::Preserve => (0..n).collect(),
        Order::Free => by_time,
    };
    conflicts_in(batch, schedule, &ends, &in_order, order, &mut found);
    found.truncate(100);
    found
}

/// Per unit and class, the call that ends last among those seen so far.
fn conflicts_in(
    batch: &Batch,
    schedule: &Lanes,
    ends: &[u64],
    sequence: &[usize],
    order: Order,
    found: &mut Vec<Violation>,
) {
    let mut seen: HashMap<u64, Vec<(u8, usize)>> = HashMap::new();
    for &call in sequence {
        for access in batch.call(call) {
            let here = seen.entry(access.unit).or_default();
            for &(class, before) in here.iter() {
                let apart = match order {
                    Order::Preserve => must_wait(batch.rule(), class, access.class),
                    Order::Free => {
                        must_wait(batch.rule(), class, access.class) || must_wait(batch.rule(), access.class, class)
                    }
                };
                if apart && ends[before] > schedule.start[call] && found.len() < 100 {
                    found.push(Violation::Conflict { first: before, second: call, unit: access.unit });
                }
            }
            match here.iter_mut().find(|(class, _)| *class == access.class) {
                Some(entry) => {
                    if ends[call] > ends[entry.1] {
                        entry.1 = call;
                    }
                }
                None => here.push((access.class, call)),
            }
        }
    }
}

/// The definition of a conflict, written down a second time on purpose.
fn must_wait(rule: Rule, earlier: u8, later: u8) -> bool {
    match (rule, earlier, later) {
        (Rule::Locks, 0, 0) => false,
        (Rule::Locks, 2.., _) => !(earlier == later && earlier < CLASSES),
        (Rule::Locks, _, _) => true,
        (Rule::Versions, 0, _) => false,
        (Rule::Versions, _, 2) => false,
        (Rule::Versions, _, _) => true,
    }
}

/// Checks waves: every call must stand in the first wave after all waves of earlier calls that it conflicts with. Returns
/// the calls for which that is not so.
pub fn verify_waves(batch: &Batch, waves: &[u32]) -> Vec<usize> {
    if waves.len() != batch.len() {
        return (0..batch.len().max(waves.len())).collect();
    }
    let mut seen: HashMap<u64, Vec<(u8, u32)>> = HashMap::new();
    let mut wrong = Vec::new();
    for (call, &wave) in waves.iter().enumerate() {
        let mut least = 0;
        for access in batch.call(call) {
            let here = seen.entry(access.unit).or_default();
            for &(class, after) in here.iter() {
                if must_wait(batch.rule(), class, access.class) {
                    least = least.max(after);
                }
            }
        }
        if least != wave {
            wrong.push(call);
        }
        for access in batch.call(call) {
            let here = seen.entry(access.unit).or_default();
            match here.iter_mut().find(|(class, _)| *class == access.class) {
                Some(entry) => entry.1 = entry.1.max(least + 1),
                None => here.push((access.class, least + 1)),
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::super::analyse::{Workspace, analyse, levels};
    use super::super::batch::conflicts;
    use super::super::lanes::*;
    use super::super::testing::{Rng, random_batch};
    use super::*;

    /// Every pair, nothing clever.
    fn brute(batch: &Batch, schedule: &Lanes, order: Order) -> bool {
        let n = batch.len();
        if schedule.lane.len() != n || schedule.start.len() != n {
            return false;
        }
        let end = |i: usize| schedule.start[i].checked_add(batch.costs()[i]);
        if (0..n).any(|i| schedule.lane[i] >= schedule.lanes || end(i).is_none()) {
            return false;
        }
        let end = |i: usize| schedule.start[i] + batch.costs()[i];
        if schedule.makespan != (0..n).map(end).max().unwrap_or(0) {
            return false;
        }
        for j in 0..n {
            for i in 0..j {
                let (si, sj, ei, ej) = (schedule.start[i], schedule.start[j], end(i), end(j));
                if schedule.lane[i] == schedule.lane[j] && ei > sj && ej > si {
                    return false;
                }
                let hit = |x: usize, y: usize| {
                    batch
                        .call(x)
                        .any(|a| batch.call(y).any(|b| a.unit == b.unit && conflicts(batch.rule(), a.class, b.class)))
                };
                match order {
                    Order::Preserve if hit(i, j) && ei > sj => return false,
                    Order::Free if (hit(i, j) || hit(j, i)) && ei > sj && ej > si => return false,
                    _ => {}
                }
            }
        }
        true
    }

    #[test]
    fn passes_all_schedules_and_finds_a_thousand_tamperings() {
        let mut work = BestWorkspace::default();
        let (mut found, mut still_valid) = (0, 0);
        for seed in 0..700 {
            let mut rng = Rng::new(seed);
            let rule = if seed % 3 == 0 { Rule::Versions } else { Rule::Locks };
            let batch = random_batch(&mut rng, rule, 50);
            let lanes = 1 + rng.below(20) as u32;
            let options = FreeOptions {
                priorities: if seed % 2 == 0 {
                    (0..batch.len() as u64).map(|i| i * 7 % 5).collect()
                } else {
                    Vec::new()
                },
                reserve: seed % 5 == 0,
                tries: 0,
            };
            let analysis = analyse(&batch, &mut Workspace::new());
            let all = [
                (in_order(&batch, lanes, &mut StreamWorkspace::default()), Order::Preserve),
                (best(&batch, lanes, &mut work), Order::Preserve),
                (windowed(&batch, lanes, 1 + rng.below(9) as u32, &mut work), Order::Preserve),
                (free(&batch, lanes, &options).lanes, Order::Free),
            ];
            for (schedule, order) in &all {
                assert_eq!(verify(&batch, schedule, *order), [], "seed {seed}");
                assert!(brute(&batch, schedule, *order));
                if *order == Order::Preserve {
                    assert!(schedule.makespan >= lower_bound(analysis.critical, batch.total(), lanes));
                    assert!(
                        schedule.replay(&batch, batch.costs()).unwrap() <= schedule.makespan || rule == Rule::Versions
                    );
                }
            }
            assert!(all[1].0.makespan <= all[0].0.makespan);
            let graham =
                batch.total() as f64 / f64::from(lanes) + analysis.critical as f64 * (1.0 - 1.0 / f64::from(lanes));
            assert!(all[1].0.makespan as f64 <= graham + 1e-6);
            assert_eq!(verify_waves(&batch, &levels(&batch, &mut Workspace::new())), [] as [usize; 0]);
            if batch.is_empty() {
                continue;
            }
            for (schedule, order) in all {
                let mut tampered = schedule.clone();
                let call = rng.below(batch.len() as u64) as usize;
                match rng.below(6) {
                    0 => tampered.lane[call] = rng.below(u64::from(lanes) + 1) as u32,
                    1 => tampered.start[call] = rng.below(tampered.makespan + 1),
                    2 => tampered.makespan = rng.below(tampered.makespan * 2 + 2),
                    3 => tampered.start[call] = tampered.start[call].saturating_sub(1 + rng.below(9)),
                    4 => {
                        let other = rng.below(batch.len() as u64) as usize;
                        tampered.start.swap(call, other);
                        tampered.lane.swap(call, other);
                    }
                    _ => tampered.lanes = rng.below(u64::from(lanes)) as u32,
                }
                let valid = brute(&batch, &tampered, order);
                assert_eq!(verify(&batch, &tampered, order).is_empty(), valid, "seed {seed} {order:?}");
                if valid { still_valid += 1 } else { found += 1 }
            }
        }
        assert!(found >= 1_000, "{found} invalid, {still_valid} still valid");
    }
}
