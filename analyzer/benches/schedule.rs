//! The table of docs/scheduling.md: Crosslane's scheduling functions against prio-graph's, in one process, interleaved, on
//! one core, with mimalloc for both; batches rotate so that no branch predictor can learn one. A figure is the median over
//! rounds of the ratio inside one round, then the geometric mean over the public workloads.
//!
//! `cargo bench -p crosslane-analyzer --bench schedule -- [--sizes 1000,10000,…] [--workloads uni,…] [--quick] [--gate]`

#[path = "support/clock.rs"]
#[allow(unreachable_pub)]
mod clock;
#[path = "support/workloads.rs"]
#[allow(unreachable_pub)]
mod workloads;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

use crosslane_analyzer::schedule::{
    Batch, BestWorkspace, ClassGraph, GraphWorkspace, READ, StreamWorkspace, Workspace, analyse, best, in_order, levels,
};
use prio_graph::{AccessKind, PrioGraph, TopLevelId};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LANES: u32 = 16;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Top(Reverse<u64>);

impl TopLevelId<u64> for Top {
    fn id(&self) -> u64 {
        self.0.0
    }
}

type Graph<F> = PrioGraph<u64, u64, Top, F>;

/// What prio-graph reads: per call its keys and whether it writes, deltas as writes.
type PrioBatch = Vec<Vec<(u64, bool)>>;

fn kind(write: bool) -> AccessKind {
    if write { AccessKind::Write } else { AccessKind::Read }
}

fn for_prio(batch: &Batch) -> PrioBatch {
    (0..batch.len()).map(|call| batch.call(call).map(|access| (access.unit, access.class != READ)).collect()).collect()
}

fn insert(batch: &PrioBatch) -> Graph<impl Fn(&u64, &prio_graph::GraphNode<u64>) -> Top> {
    let mut graph = PrioGraph::new(|id: &u64, _: &prio_graph::GraphNode<u64>| Top(Reverse(*id)));
    for (id, call) in batch.iter().enumerate() {
        graph.insert_transaction(id as u64, call.iter().map(|&(unit, write)| (unit, kind(write))));
    }
    graph
}

fn prio_dispatch(batch: &PrioBatch, costs: &[u64]) -> u64 {
    let mut graph = insert(batch);
    let mut running: BinaryHeap<Reverse<(u64, u64)>> = BinaryHeap::with_capacity(LANES as usize);
    let mut now = 0;
    loop {
        while running.len() < LANES as usize {
            let Some(id) = graph.pop() else { break };
            running.push(Reverse((now + costs[id as usize], id)));
        }
        let Some(Reverse((end, id))) = running.pop() else { return now };
        now = end;
        graph.unblock(&id);
    }
}

/// What any pass in the order of the batch has to do at least: one read and one write for each access, at a place that a hash
/// of its unit chooses, in a table that is half full. No algorithm: the rate that the machine allows just now.
fn touch(batch: &Batch, table: &mut Vec<u64>) -> u64 {
    let capacity = (batch.accesses() * 2).next_power_of_two().max(64);
    table.resize(capacity, 0);
    let shift = 64 - capacity.trailing_zeros();
    let slots = table.as_mut_slice();
    let mask = slots.len() - 1;
    let mut sum = 0u64;
    for &unit in batch.units() {
        let at = ((unit ^ unit >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> shift) as usize & mask;
        slots[at] = slots[at].wrapping_add(unit);
        sum ^= slots[at];
    }
    sum
}

const FUNCTIONS: [&str; 5] = ["levels", "analyse", "graph", "lanes, streaming", "lanes, best quality"];

struct Args {
    sizes: Vec<usize>,
    workloads: Vec<String>,
    quick: bool,
    gate: bool,
    /// Best of all rounds instead of medians: on a machine that is busy with other things.
    best: bool,
}

fn arguments() -> Args {
    let mut out = Args {
        sizes: vec![1_000, 10_000, 100_000, 1_000_000],
        workloads: workloads::PUBLIC.iter().map(|&name| name.to_owned()).collect(),
        quick: false,
        gate: false,
        best: false,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--sizes" => {
                let list = words.next().unwrap_or_default();
                out.sizes = list.split(',').filter_map(|size| size.parse().ok()).collect();
            }
            "--workloads" => out.workloads = words.next().unwrap_or_default().split(',').map(str::to_owned).collect(),
            "--quick" => out.quick = true,
            "--gate" => out.gate = true,
            "--best" => out.best = true,
            _ => {}
        }
    }
    out
}

/// Nanoseconds of this thread, and the result.
fn time<T>(run: impl FnOnce() -> T) -> (f64, T) {
    let begin = clock::thread();
    let out = black_box(run());
    ((clock::thread() - begin).as_nanos() as f64, out)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn geometric(values: &[f64]) -> f64 {
    (values.iter().map(|value| value.ln()).sum::<f64>() / values.len().max(1) as f64).exp()
}

fn main() {
    let args = arguments();
    evaluation();
    scans(&args);
    let mut all: Vec<(usize, Vec<f64>, Vec<f64>)> = Vec::new();
    for &n in &args.sizes {
        let distinct = (200_000 / n).clamp(1, 200);
        let rounds = match n {
            0..=2_000 => 600,
            2_001..=20_000 => 60,
            20_001..=200_000 => 12,
            _ => 3,
        };
        let rounds = if args.quick { (rounds / 6).max(2) } else { rounds };
        println!("\nn = {n}: ns per call of prio-graph | ours (ratio)");
        println!(
            "{:10} {:>8} {:>8} {:>8} {:>8} | {}",
            "workload",
            "batches",
            "insert",
            "dispatch",
            "touches",
            FUNCTIONS.join(" | ")
        );
        let mut ratios: Vec<Vec<f64>> = vec![Vec::new(); FUNCTIONS.len()];
        let mut worst = vec![f64::INFINITY; FUNCTIONS.len() + 1];
        for name in &args.workloads {
            let batches: Vec<Batch> = (0..distinct).map(|seed| workloads::workload(name, n, 1 + seed as u64)).collect();
            let peers: Vec<PrioBatch> = batches.iter().map(for_prio).collect();
            let (mut work, mut stream) = (Workspace::new(), StreamWorkspace::default());
            let (mut graph, mut whole) = (GraphWorkspace::default(), BestWorkspace::default());
            let mut chains = ClassGraph::default();
            let mut table = Vec::new();
            let mut times: Vec<Vec<f64>> = vec![Vec::new(); FUNCTIONS.len() + 4];
            for round in 0..rounds + 1 {
                let (batch, peer) = (&batches[round % distinct], &peers[round % distinct]);
                let row = [
                    time(|| insert(peer).make_natural_batches()).0,
                    time(|| insert(peer)).0,
                    time(|| prio_dispatch(peer, batch.costs())).0,
                    time(|| levels(batch, &mut work)).0,
                    time(|| analyse(batch, &mut work)).0,
                    time(|| chains.rebuild(batch, &mut graph)).0,
                    time(|| in_order(batch, LANES, &mut stream)).0,
                    time(|| best(batch, LANES, &mut whole)).0,
                    time(|| touch(batch, &mut table)).0,
                ];
                // The first round only warms up.
                if round > 0 {
                    for (column, value) in times.iter_mut().zip(row) {
                        column.push(value / n as f64);
                    }
                }
            }
            let against = [0, 0, 1, 2, 2];
            let mut cells = Vec::new();
            for (at, &peer) in against.iter().enumerate() {
                let ours = &times[at + 3];
                let rounds = times[peer].iter().zip(ours).map(|(peer, ours)| peer / ours);
                let (ratio, typical) = if args.best {
                    (least(&times[peer]) / least(ours), least(ours))
                } else {
                    (median(rounds.collect()), median(ours.clone()))
                };
                ratios[at].push(ratio);
                worst[at] = worst[at].min(1e3 / typical);
                cells.push(format!("{typical:6.1} ({ratio:5.2}x)"));
            }
            let typical = |column: &Vec<f64>| if args.best { least(column) } else { median(column.clone()) };
            let touches = typical(&times[FUNCTIONS.len() + 3]);
            worst[FUNCTIONS.len()] = worst[FUNCTIONS.len()].min(1e3 / touches);
            println!(
                "{name:10} {:8.1} {:8.1} {:8.1} {touches:8.1} | {}",
                typical(&times[0]),
                typical(&times[1]),
                typical(&times[2]),
                cells.join(" | ")
            );
        }
        let means: Vec<f64> = ratios.iter().map(|column| geometric(column)).collect();
        println!("geometric mean of ratios: {}", join(&means, |mean| format!("{mean:.2}x")));
        println!("worst workload, M calls/s: {}", join(&worst, |rate| format!("{rate:.1}")));
        all.push((n, means, worst));
    }
    println!(
        "\n| function | {} | worst workload at each size, M calls/s |",
        join(&args.sizes, |n| format!("n = {n}")).replace(", ", " | ")
    );
    println!("|---|{}---|", "---|".repeat(args.sizes.len()));
    for (at, function) in FUNCTIONS.iter().enumerate() {
        let cells: Vec<String> = all.iter().map(|(_, means, _)| format!("{:.1}x", means[at])).collect();
        let floors: Vec<f64> = all.iter().map(|(_, _, worst)| worst[at]).collect();
        println!("| {function} | {} | {} |", cells.join(" | "), join(&floors, |floor| format!("{floor:.1}")));
    }
    let floors: Vec<f64> = all.iter().map(|(_, _, worst)| worst[FUNCTIONS.len()]).collect();
    println!("| touches alone |{} {} |", " – |".repeat(args.sizes.len()), join(&floors, |floor| format!("{floor:.1}")));
    if args.gate && !passes(&all) {
        std::process::exit(1);
    }
}

/// Analysis where one call in a hundred reads everything below a prefix.
fn scans(args: &Args) {
    let mut work = Workspace::new();
    for &n in &args.sizes {
        let batches: Vec<Batch> =
            (0..(50_000 / n).clamp(1, 50)).map(|seed| workloads::workload("scans", n, 1 + seed as u64)).collect();
        let times = (0..5 * batches.len().max(2))
            .map(|round| time(|| analyse(&batches[round % batches.len()], &mut work)).0 / n as f64);
        let typical = median(times.collect());
        println!("analyse, 1 % scans of a prefix, n = {n}: {:.1} M calls/s ({typical:.0} ns)", 1e3 / typical);
    }
}

/// A manifest with the footprint of a transfer: three keyed accesses and an item.
const TRANSFER: &str = r#"{ "version": 1, "contracts": [ { "name": "token", "chain": { "model": "keyed", "rules": 1 },
  "cells": [ { "id": "BAL", "storage": { "kind": "map", "prefix": "balance" }, "keys": [{ "address": "bech32" }] },
    { "id": "NONCE", "storage": { "kind": "map", "prefix": "nonce" }, "keys": [{ "address": "bech32" }] },
    { "id": "PAUSED", "storage": { "kind": "item", "prefix": "paused" } } ],
  "entries": [ { "name": "transfer",
    "params": [{ "name": "to", "type": { "address": "bech32" } }, { "name": "amount", "type": { "uint": 128 } }],
    "accesses": [ { "cell": "NONCE", "key": ["caller"], "mode": "update" }, { "cell": "BAL", "key": ["caller"], "mode": "update" },
      { "cell": "BAL", "key": [{ "arg": "to" }], "mode": "update" }, { "cell": "PAUSED", "mode": "read" } ] } ] } ] }"#;

/// Footprints of calls: from decoded calls, and from lines of JSON. M calls/s, best of several rounds.
fn evaluation() {
    use crosslane_analyzer::schedule::{
        BatchBuilder, Call, CallLine, Evaluator, EvaluatorOptions, Limits, Order, State,
    };
    let evaluator = crosslane_analyzer::manifest::read(TRANSFER)
        .ok()
        .and_then(|manifest| Evaluator::new(&[manifest], &EvaluatorOptions::default()).ok());
    let Some(evaluator) = evaluator else { return println!("the manifest of the benchmark is wrong") };
    let mut rng = workloads::rng(1);
    let lines: Vec<String> = (0..20_000)
        .map(|id| {
            let (from, to) = (rng.bits(), rng.bits());
            format!(
                r#"{{"id":"{id}","entry":"transfer","caller":"osmo1{from:039x}","args":{{"to":"osmo1{to:039x}","amount":"1"}}}}"#
            )
        })
        .collect();
    let decoded: Vec<Call> = lines
        .iter()
        .filter_map(|line| {
            let mut call = Call::default();
            evaluator.decode(&CallLine::parse(line).ok()?, &mut call).ok()?;
            Some(call)
        })
        .collect();
    let state = State::new();
    let (mut warm, mut cold) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..30 {
        let mut builder = BatchBuilder::new(&evaluator, &state, Order::Preserve, Limits::default());
        // As a decoder hands them over: still in the cache.
        let hot = &decoded[..decoded.len().min(500)];
        let run =
            || (0..20).map(|_| hot.iter().filter(|call| builder.push(call, 1, false).is_ok()).count()).sum::<usize>();
        warm = warm.min(time(run).0 / (hot.len() * 20) as f64);
        let mut call = Call::default();
        let mut builder = BatchBuilder::new(&evaluator, &state, Order::Preserve, Limits::default());
        let run = || {
            lines
                .iter()
                .filter(|line| {
                    let parsed = CallLine::parse(line);
                    parsed.is_ok_and(|line| {
                        evaluator.decode(&line, &mut call).is_ok() && builder.push(&call, 1, false).is_ok()
                    })
                })
                .count()
        };
        cold = cold.min(time(run).0 / lines.len() as f64);
    }
    println!("\nfootprints of 4 keys: {:.1} M calls/s from decoded calls ({warm:.0} ns)", 1e3 / warm);
    whole_job(&evaluator, &lines);
    println!("from lines of JSON, addresses decoded: {:.2} M calls/s on one core ({cold:.0} ns)", 1e3 / cold);
}

/// A batch that can be read again.
#[derive(Debug)]
struct Memory(String);

impl crosslane_analyzer::schedule::io::Again for Memory {
    fn bytes(&self, from: u64, length: usize) -> Option<Vec<u8>> {
        self.0.as_bytes().get(from as usize..from as usize + length).map(<[u8]>::to_vec)
    }
}

/// From lines of JSON to a schedule file on two threads: what `cargo crosslane schedule` does but for the disk. Wall time,
/// and processor time of all threads, which other work on the machine changes less.
fn whole_job(evaluator: &crosslane_analyzer::schedule::Evaluator, lines: &[String]) {
    use crosslane_analyzer::schedule::io::{IngestOptions, Report, read_batch, write_schedule};
    use crosslane_analyzer::schedule::{Order, Request, State, plan};
    let mut text = String::new();
    for round in 0..10 {
        for line in lines {
            text.push_str(&line.replacen("{\"id\":\"", &format!("{{\"id\":\"{round}-"), 1));
            text.push('\n');
        }
    }
    let again = std::sync::Arc::new(Memory(text.clone()));
    let bytes = Some(text.len() as u64);
    let options = IngestOptions { threads: 2, again: Some(again), bytes, ..IngestOptions::default() };
    let (mut best, mut processor) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..3 {
        let (begin, cpu) = (std::time::Instant::now(), clock::process());
        let Ok(loaded) = read_batch(&mut text.as_bytes(), evaluator, &State::new(), &options) else { return };
        let planned = plan(&loaded.batch, &Request { lanes: LANES, threads: 2, ..Request::default() });
        let report = Report {
            loaded: &loaded,
            included: None,
            batch: &loaded.batch,
            planned: &planned,
            evaluator,
            order: Order::Preserve,
            left_out: &[],
            edges: false,
        };
        if write_schedule(&report, 2, &mut std::io::sink()).is_err() {
            return;
        }
        best = best.min(begin.elapsed().as_secs_f64() * 1e9 / loaded.len() as f64);
        processor = processor.min((clock::process() - cpu).as_nanos() as f64 / loaded.len() as f64);
    }
    println!(
        "whole job from JSON Lines on two threads: {:.2} M calls/s ({best:.0} ns of wall time, {processor:.0} ns of processor time)",
        1e3 / best
    );
}

fn join<T>(values: &[T], text: impl Fn(&T) -> String) -> String {
    values.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// Half of the goals: what a shared machine must still reach.
fn passes(all: &[(usize, Vec<f64>, Vec<f64>)]) -> bool {
    let goals: [(usize, [f64; 5]); 4] = [
        (1_000, [5.0, 3.0, 2.0, 3.0, 1.2]),
        (10_000, [6.0, 3.0, 2.0, 3.5, 1.4]),
        (100_000, [12.0, 6.0, 4.0, 9.0, 3.0]),
        (1_000_000, [15.0, 10.0, 5.0, 12.0, 4.0]),
    ];
    let mut fine = true;
    for (n, means, _) in all {
        let Some((_, goal)) = goals.iter().find(|(size, _)| size == n) else { continue };
        for ((mean, goal), function) in means.iter().zip(goal).zip(FUNCTIONS) {
            if *mean < goal / 2.0 {
                println!("below half the goal: {function} at n = {n}: {mean:.2}x, goal {goal}x");
                fine = false;
            }
        }
    }
    fine
}
