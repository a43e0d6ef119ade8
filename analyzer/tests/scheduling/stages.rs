//! Stages against a reference builder written from the text of CAP-0063: transactions by falling cost; each goes into the
//! first stage where the clusters it conflicts with, melted with it, still pack first-fit decreasing into the bins.

use crosslane_analyzer::schedule::{Access, Batch, EXCLUSIVE, stages, verify_stages};

use crate::workloads::workload;

struct Stage {
    clusters: Vec<(u64, Vec<usize>)>,
}

fn conflict(a: &[Access], b: &[Access]) -> bool {
    a.iter().any(|x| b.iter().any(|y| x.unit == y.unit && (x.class != y.class || x.class == EXCLUSIVE)))
}

fn packs(costs: &[u64], bins: usize, limit: u64) -> bool {
    let mut sorted = costs.to_vec();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    let mut used = vec![0u64; bins];
    sorted.iter().all(|cost| match used.iter_mut().find(|bin| **bin + cost <= limit) {
        Some(bin) => {
            *bin += cost;
            true
        }
        None => false,
    })
}

fn widest_bin(costs: &[u64], bins: usize, limit: u64) -> u64 {
    let mut sorted = costs.to_vec();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    let mut used = vec![0u64; bins];
    for cost in sorted {
        if let Some(bin) = used.iter_mut().find(|bin| **bin + cost <= limit) {
            *bin += cost;
        }
    }
    used.into_iter().max().unwrap_or(0)
}

/// Sum of the stages' costs for one limit of a stage.
fn reference(batch: &Batch, bins: usize, limit: u64) -> Option<u64> {
    let calls: Vec<Vec<Access>> = (0..batch.len()).map(|call| batch.call(call).collect()).collect();
    let mut order: Vec<usize> = (0..batch.len()).collect();
    order.sort_by_key(|&call| std::cmp::Reverse(batch.costs()[call]));
    let mut open: Vec<Stage> = Vec::new();
    for call in order {
        let cost = batch.costs()[call];
        let mut placed = false;
        for stage in &mut open {
            let (melt, rest): (Vec<_>, Vec<_>) = stage
                .clusters
                .iter()
                .cloned()
                .partition(|(_, members)| members.iter().any(|&other| conflict(&calls[call], &calls[other])));
            let sum = melt.iter().map(|(cost, _)| cost).sum::<u64>() + cost;
            let mut costs: Vec<u64> = rest.iter().map(|(cost, _)| *cost).collect();
            costs.push(sum);
            if sum <= limit && packs(&costs, bins, limit) {
                let mut members: Vec<usize> = melt.into_iter().flat_map(|(_, members)| members).collect();
                members.push(call);
                stage.clusters = rest;
                stage.clusters.push((sum, members));
                placed = true;
                break;
            }
        }
        if !placed {
            if cost > limit {
                return None;
            }
            open.push(Stage { clusters: vec![(cost, vec![call])] });
        }
    }
    Some(
        open.iter()
            .map(|stage| {
                let costs: Vec<u64> = stage.clusters.iter().map(|(cost, _)| *cost).collect();
                widest_bin(&costs, bins, limit)
            })
            .sum(),
    )
}

#[test]
fn no_worse_than_the_reference_builder() {
    for name in ["transfer", "amm", "mint_rw", "mixed", "z08", "oracle"] {
        for clusters in [2u32, 8, 32] {
            let batch = workload(name, 150, 5);
            let found = stages(&batch, clusters);
            assert_eq!(verify_stages(&batch, &found, clusters), [] as [&str; 0], "{name} {clusters}");
            let area = batch.total().div_ceil(u64::from(clusters));
            let longest = batch.costs().iter().copied().max().unwrap();
            let limits = [1, 2, 3, 4].map(|stages| longest.max(area.div_ceil(stages)));
            let wider = [11u64, 12, 15, 20, 40].map(|tenths| longest.max(area) * tenths / 10);
            let expected =
                limits.into_iter().chain(wider).filter_map(|limit| reference(&batch, clusters as usize, limit)).min();
            let ratio = found.cost() as f64 / expected.unwrap() as f64;
            println!("{name}, {clusters} clusters: {ratio:.3} of the reference, {} stages", found.stages.len());
            assert!(ratio <= 1.02, "{name}, {clusters} clusters: {ratio:.3}");
        }
    }
}
