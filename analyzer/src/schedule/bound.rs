//! The interval bound (Fernandez and Bussell 1973): work that must lie inside a stretch of time cannot exceed what the
//! lanes can do in it. Judges fork-join shapes fairly, where chain and area alone promise too much.

use super::analyse::{Workspace, analyse};
use super::batch::Batch;

/// Points of time at which stretches begin and end; all pairs of them are looked at.
const POINTS: usize = 64;

/// A lower bound for the makespan of every schedule in fixed order on `lanes` lanes. At least the longest chain.
pub fn interval_bound(batch: &Batch, lanes: u32) -> u64 {
    let n = batch.len();
    let analysis = analyse(batch, &mut Workspace::new());
    let critical = analysis.critical;
    let lanes = u128::from(lanes.max(1));
    if n == 0 || critical == 0 {
        return critical;
    }
    // Latest start of every call in a schedule as long as the longest chain: the same pass backwards.
    let backwards: Vec<u32> = (0..n as u32).rev().collect();
    let mirrored = mirror(batch, &backwards);
    let tails = mirrored.starts;
    let costs = batch.costs();
    let mut points: Vec<u64> = Vec::new();
    for call in 0..n {
        points.push(analysis.starts[call]);
        points.push(critical - tails[n - 1 - call]);
    }
    points.push(0);
    points.push(critical);
    points.sort_unstable();
    points.dedup();
    if points.len() > POINTS {
        let step = points.len() as f64 / POINTS as f64;
        let last = points[points.len() - 1];
        points = (0..POINTS).map(|at| points[(at as f64 * step) as usize]).collect();
        points.push(last);
        points.dedup();
    }
    let mut excess = 0u128;
    for (at, &from) in points.iter().enumerate() {
        // For all ends at once: work that must lie in [from, to], whether the call starts as early or as late as it can.
        let ends = &points[at + 1..];
        let mut must = vec![0u128; ends.len()];
        for call in 0..n {
            let earliest = analysis.starts[call];
            let latest_end = critical - tails[n - 1 - call];
            let (earliest_end, latest) = (earliest + costs[call], latest_end - costs[call]);
            // Overlap of the early and of the late placement; the smaller one cannot be avoided.
            if earliest_end <= from {
                continue;
            }
            let first = ends.partition_point(|&to| to <= latest);
            for (slot, &to) in must[first..].iter_mut().zip(&ends[first..]) {
                let early = earliest_end.min(to).saturating_sub(earliest.max(from));
                let late = latest_end.min(to).saturating_sub(latest.max(from));
                *slot += u128::from(early.min(late));
            }
        }
        for (&to, must) in ends.iter().zip(must) {
            let room = u128::from(to - from) * lanes;
            if must > room {
                excess = excess.max((must - room).div_ceil(lanes));
            }
        }
    }
    critical.saturating_add(u64::try_from(excess).unwrap_or(u64::MAX)).max(batch.total().div_ceil(lanes as u64))
}

/// Analysis of the batch read backwards: what comes after a call becomes what comes before it.
fn mirror(batch: &Batch, backwards: &[u32]) -> super::analyse::Analysis {
    let reversed = batch.permuted(backwards);
    match batch.rule() {
        super::batch::Rule::Locks => analyse(&reversed, &mut Workspace::new()),
        super::batch::Rule::Versions => {
            // Conflicts have a direction: read backwards, observers stand where setters stood. Over-estimating what comes
            // after a call would make the bound too high, so only the exact graph will do.
            let graph = super::graph::ClassGraph::new(batch, &mut super::graph::GraphWorkspace::default());
            let n = batch.len();
            let mut out = super::analyse::Analysis { starts: vec![0; n], ..super::analyse::Analysis::default() };
            for call in (0..n).rev() {
                let after = graph
                    .successors(call)
                    .map(|next| out.starts[n - 1 - next as usize] + batch.costs()[next as usize])
                    .max();
                out.starts[n - 1 - call] = after.unwrap_or(0);
            }
            out
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::batch::{Access, Rule, conflicts};
    use super::super::lanes::{BestWorkspace, best, lower_bound};
    use super::super::testing::{Rng, random_batch};
    use super::*;

    /// The shortest makespan of all schedules: some order of starting calls, each as early as possible, is optimal.
    fn optimum(batch: &Batch, lanes: usize) -> u64 {
        let n = batch.len();
        let calls: Vec<Vec<Access>> = (0..n).map(|i| batch.call(i).collect()).collect();
        let before: Vec<Vec<usize>> = (0..n)
            .map(|j| {
                (0..j)
                    .filter(|&i| {
                        calls[i].iter().any(|a| {
                            calls[j].iter().any(|b| a.unit == b.unit && conflicts(batch.rule(), a.class, b.class))
                        })
                    })
                    .collect()
            })
            .collect();
        fn go(
            batch: &Batch,
            before: &[Vec<usize>],
            ends: &mut Vec<Option<u64>>,
            free: &mut Vec<u64>,
            so_far: u64,
            best: &mut u64,
        ) {
            if so_far >= *best {
                return;
            }
            if ends.iter().all(Option::is_some) {
                *best = so_far;
                return;
            }
            for call in 0..ends.len() {
                if ends[call].is_some() || before[call].iter().any(|&other| ends[other].is_none()) {
                    continue;
                }
                let ready = before[call].iter().filter_map(|&other| ends[other]).max().unwrap_or(0);
                let mut tried = Vec::new();
                for lane in 0..free.len() {
                    if tried.contains(&free[lane]) {
                        continue;
                    }
                    tried.push(free[lane]);
                    let old = free[lane];
                    let end = ready.max(old) + batch.costs()[call];
                    free[lane] = end;
                    ends[call] = Some(end);
                    go(batch, before, ends, free, so_far.max(end), best);
                    ends[call] = None;
                    free[lane] = old;
                }
            }
        }
        let mut shortest = u64::MAX;
        go(batch, &before, &mut vec![None; n], &mut vec![0; lanes], 0, &mut shortest);
        shortest
    }

    #[test]
    fn never_above_the_exhaustive_optimum() {
        for seed in 0..150 {
            let mut rng = Rng::new(seed);
            let most = if seed % 10 == 0 { 9 } else { 6 };
            let rule = if seed % 3 == 0 { Rule::Versions } else { Rule::Locks };
            let batch = random_batch(&mut rng, rule, most);
            for lanes in [2, 3] {
                let bound = interval_bound(&batch, lanes);
                let simple = lower_bound(analyse(&batch, &mut Workspace::new()).critical, batch.total(), lanes);
                let best_possible = optimum(&batch, lanes as usize);
                assert!(bound <= best_possible, "seed {seed}: {bound} > {best_possible}");
                assert!(bound >= simple);
                assert!(best(&batch, lanes, &mut BestWorkspace::default()).makespan >= best_possible);
            }
        }
    }

    #[test]
    fn fork_and_join_is_judged_fairly() {
        // One call, five beside each other, one call: on four lanes the five take two rounds.
        let mut batch = Batch::new(Rule::Locks);
        batch.push(10, (0..5).map(Access::write)).unwrap();
        for unit in 0..5 {
            batch.push(10, [Access::write(unit)]).unwrap();
        }
        batch.push(10, (0..5).map(Access::write)).unwrap();
        assert_eq!(interval_bound(&batch, 4), 33);
    }
}
