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
