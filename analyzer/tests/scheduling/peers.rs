//! Levels are prio-graph's natural batches.

use std::cmp::Reverse;

use crosslane_analyzer::schedule::{Batch, READ, Workspace, levels};
use prio_graph::{AccessKind, PrioGraph, TopLevelId};

use crate::workloads::{PUBLIC, workload};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Top(Reverse<u64>);

impl TopLevelId<u64> for Top {
    fn id(&self) -> u64 {
        self.0.0
    }
}

fn natural_batches(batch: &Batch) -> Vec<Vec<u64>> {
    let mut graph = PrioGraph::new(|id: &u64, _: &prio_graph::GraphNode<u64>| Top(Reverse(*id)));
    for call in 0..batch.len() {
        let kind = |class| if class == READ { AccessKind::Read } else { AccessKind::Write };
        graph.insert_transaction(call as u64, batch.call(call).map(|access| (access.unit, kind(access.class))));
    }
    graph.make_natural_batches()
}

#[test]
fn levels_are_natural_batches() {
    let mut work = Workspace::new();
    for name in PUBLIC.into_iter().chain(["z12"]) {
        for (n, seed) in [(100, 1), (2_000, 2), (10_000, 3)] {
            // prio-graph has no deltas.
            let mut batch = workload(name, n, seed);
            let mut writes = Batch::new(batch.rule());
            for call in 0..batch.len() {
                let accesses = batch.call(call).map(|mut access| {
                    access.class = access.class.min(1);
                    access
                });
                writes.push(batch.costs()[call], accesses).unwrap();
            }
            std::mem::swap(&mut batch, &mut writes);
            let mut expected = vec![0; n];
            for (level, calls) in natural_batches(&batch).into_iter().enumerate() {
                for call in calls {
                    expected[call as usize] = level as u32;
                }
            }
            assert_eq!(levels(&batch, &mut work), expected, "{name} {n} {seed}");
        }
    }
}
