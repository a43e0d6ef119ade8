//! Shapes that break assumptions.

use crosslane_analyzer::schedule::{
    Access, Batch, BatchError, BestWorkspace, ClassGraph, FreeOptions, GraphWorkspace, Order, Request, Rule,
    StreamWorkspace, Workspace, analyse, best, free, in_order, levels, plan, verify, windowed,
};

fn all_valid(batch: &Batch, lanes: u32) {
    let mut work = BestWorkspace::default();
    for schedule in [
        best(batch, lanes, &mut work),
        in_order(batch, lanes, &mut StreamWorkspace::default()),
        windowed(batch, lanes, 100, &mut work),
    ] {
        assert_eq!(verify(batch, &schedule, Order::Preserve), []);
    }
    let free = free(batch, lanes, &FreeOptions { tries: 2, ..FreeOptions::default() });
    assert_eq!(verify(batch, &free.lanes, Order::Free), []);
}

#[test]
fn a_million_readers_then_a_writer() {
    let mut batch = Batch::new(Rule::Locks);
    for _ in 0..1_000_000 {
        batch.push(1, [Access::read(7)]).unwrap();
    }
    batch.push(1, [Access::write(7)]).unwrap();
    batch.push(1, [Access::read(7)]).unwrap();
    let found = levels(&batch, &mut Workspace::new());
    assert_eq!((found[999_999], found[1_000_000], found[1_000_001]), (0, 1, 2));
    let graph = ClassGraph::new(&batch, &mut GraphWorkspace::default());
    assert_eq!((graph.nodes(), graph.successors(5).count()), (3, 1));
    let schedule = best(&batch, 8, &mut BestWorkspace::default());
    assert_eq!(schedule.makespan, 125_002);
}

#[test]
fn kinds_that_alternate_on_one_unit() {
    for rule in [Rule::Locks, Rule::Versions] {
        let mut batch = Batch::new(rule);
        for i in 0..3_000u64 {
            batch.push(1 + i % 3, [Access { unit: 9, class: (i % 3) as u8 }]).unwrap();
        }
        all_valid(&batch, 4);
        if rule == Rule::Locks {
            assert_eq!(analyse(&batch, &mut Workspace::new()).critical, batch.total());
        }
    }
}

#[test]
fn wide_calls_and_colliding_units() {
    for shape in [|i: u64| i, |i: u64| i << 32, |i: u64| i << 52, |i: u64| u64::MAX - i, |i: u64| i * 0x1_0001_0001] {
        let mut batch = Batch::new(Rule::Locks);
        for i in 0..1_500u64 {
            let unit = |k: u64| shape((i * 7 + k * 131) % 3_000);
            batch.push(i % 9, (0..40).map(|k| Access { unit: unit(k), class: u8::from(k % 4 == 0) })).unwrap();
        }
        all_valid(&batch, 16);
    }
}

#[test]
fn no_cost_and_costs_near_the_end_of_numbers() {
    let mut batch = Batch::new(Rule::Locks);
    for i in 0..500u64 {
        batch.push(0, [Access::write(i % 5), Access::read(i % 3 + 10)]).unwrap();
    }
    all_valid(&batch, 3);
    assert_eq!(analyse(&batch, &mut Workspace::new()).critical_path().len(), 100);
    let mut batch = Batch::new(Rule::Locks);
    batch.push(1 << 63, [Access::write(1)]).unwrap();
    batch.push((1 << 63) - 2, [Access::write(1)]).unwrap();
    batch.push(0, [Access::write(1)]).unwrap();
    all_valid(&batch, 2);
    assert_eq!(best(&batch, 2, &mut BestWorkspace::default()).makespan, u64::MAX - 1);
    assert_eq!(batch.push(1, []), Err(BatchError::CostOverflow));
}

#[test]
fn nothing_and_one_call() {
    for calls in [0, 1] {
        let mut batch = Batch::new(Rule::Versions);
        for _ in 0..calls {
            batch.push(5, []).unwrap();
        }
        for lanes in [1, 2, 64, 1_000] {
            all_valid(&batch, lanes);
            for order in [Order::Preserve, Order::Free] {
                let planned = plan(&batch, &Request { lanes, order, ..Request::default() });
                assert_eq!((planned.lanes.makespan, planned.critical_path.len()), (calls * 5, calls as usize));
            }
        }
    }
}

#[test]
fn a_graph_of_calls_of_five_keys_takes_at_most_350_bytes_a_call() {
    let mut batch = Batch::new(Rule::Locks);
    for i in 0..20_000u64 {
        // Every access makes a node of its own, and all but the first wait: the most there can be.
        batch.push(1, (0..5).map(|k| Access::write((i * 5 + k) % 40_000))).unwrap();
    }
    let graph = ClassGraph::new(&batch, &mut GraphWorkspace::default());
    assert_eq!(graph.nodes(), batch.accesses());
    assert!(graph.memory() <= 350 * batch.len(), "{}", graph.memory() / batch.len());
}

/// A plain model of levels: per unit the class of the current run, the level of its members' ends and of what stands before.
fn plain_levels(batch: &Batch) -> Vec<u32> {
    let mut units: std::collections::HashMap<u64, (u8, u32, u32)> = std::collections::HashMap::new();
    let joins = |run: &(u8, u32, u32), class: u8| run.0 == class && class != 1;
    (0..batch.len())
        .map(|call| {
            let waits = batch.call(call).map(|access| match units.get(&access.unit) {
                Some(run) if joins(run, access.class) => run.2,
                Some(run) => run.1,
                None => 0,
            });
            let level = waits.max().unwrap_or(0);
            for access in batch.call(call) {
                let run = units.entry(access.unit).or_insert((access.class, 0, 0));
                if !joins(run, access.class) {
                    *run = (access.class, run.1, run.1);
                }
                run.1 = run.1.max(level + 1);
            }
            level
        })
        .collect()
}

/// Batches that are numbered first: hot, colliding, duplicate and alternating, the same units all over.
#[test]
fn hostile_units_in_large_batches() {
    let inverse = (0..6).fold(1u64, |x, _| x.wrapping_mul(2u64.wrapping_sub(0x9e37_79b9_7f4a_7c15u64.wrapping_mul(x))));
    let one_slot = |i: u64| i.wrapping_mul(inverse) ^ (i.wrapping_mul(inverse) >> 32);
    let shapes: [&dyn Fn(u64) -> u64; 6] = [&|i| i, &|i| i << 44, &|i| i << 32 | i, &|_| 3, &|i| !i, &one_slot];
    for shape in shapes {
        let mut batch = Batch::new(Rule::Locks);
        for i in 0..40_000u64 {
            let accesses = (0..5u64).map(|k| {
                // Every call names a unit twice.
                let unit = shape((i * 7 + k % 4 * 131) % 30_000);
                Access { unit, class: ((i + k) % 3) as u8 }
            });
            batch.push(1 + i % 7, accesses).unwrap();
        }
        assert!(batch.accesses() <= 4 * batch.len());
        assert_eq!(levels(&batch, &mut Workspace::new()), plain_levels(&batch));
        assert_eq!(analyse(&batch, &mut Workspace::new()).levels, plain_levels(&batch));
        for schedule in
            [best(&batch, 16, &mut BestWorkspace::default()), in_order(&batch, 16, &mut StreamWorkspace::default())]
        {
            assert_eq!(verify(&batch, &schedule, Order::Preserve), []);
        }
    }
}
