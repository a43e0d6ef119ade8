//! How close schedules come to the lower bound on the public workloads.

use crosslane_analyzer::schedule::{
    BestWorkspace, Order, StreamWorkspace, Workspace, analyse, best, in_order, interval_bound, lower_bound, verify,
    windowed,
};

use crate::workloads::{PUBLIC, rng, workload};

/// Sizes that a debug build checks in seconds; `CROSSLANE_QUALITY=full` adds 100,000 and 1,000,000 calls.
fn sizes() -> Vec<usize> {
    let full = std::env::var("CROSSLANE_QUALITY").is_ok_and(|value| value == "full");
    if full { vec![1_000, 10_000, 100_000, 1_000_000] } else { vec![1_000, 10_000] }
}

#[test]
fn best_schedules_are_within_half_a_percent_of_the_bound() {
    let mut work = BestWorkspace::default();
    let (mut all, mut worst) = (Vec::new(), (0.0f64, String::new()));
    let (mut noisy, mut streaming_worst) = (0.0f64, 0.0f64);
    let mean = |ratios: &[f64]| (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
    for n in sizes() {
        let (mut here, mut late, mut streams) = (Vec::new(), 0.0f64, 0.0f64);
        for name in PUBLIC {
            for seed in 1..=if n > 1_000 { 1 } else { 3 } {
                let batch = workload(name, n, seed);
                let analysis = analyse(&batch, &mut Workspace::new());
                for lanes in [2u32, 8, 16, 64] {
                    let found = best(&batch, lanes, &mut work);
                    assert_eq!(verify(&batch, &found, Order::Preserve), [], "{name} {n} {lanes}");
                    let bound = lower_bound(analysis.critical, batch.total(), lanes);
                    let ratio = found.makespan as f64 / bound as f64;
                    here.push(ratio);
                    late = if name == "late" { late.max(ratio) } else { late };
                    if ratio > worst.0 {
                        worst = (ratio, format!("{name}, {n} calls, {lanes} lanes"));
                    }
                    assert!(name != "late" || ratio <= 1.01, "late, {n} calls, {lanes} lanes: {ratio:.4}");
                    let graham = batch.total() as f64 / f64::from(lanes)
                        + analysis.critical as f64 * (1.0 - 1.0 / f64::from(lanes));
                    assert!(found.makespan as f64 <= graham + 1.0);
                    let stream = in_order(&batch, lanes, &mut StreamWorkspace::default());
                    assert!(found.makespan <= stream.makespan, "{name} {n} {lanes}");
                    streams = streams.max(stream.makespan as f64 / bound as f64);
                    if n == 1_000 && seed == 1 {
                        assert!(interval_bound(&batch, lanes) <= found.makespan);
                        assert_eq!(verify(&batch, &stream, Order::Preserve), []);
                        let window = windowed(&batch, lanes, 256, &mut work);
                        assert_eq!(verify(&batch, &window, Order::Preserve), []);
                        // Costs that turn out up to 30 % higher or lower: the plan is kept, the times are not.
                        let mut rng = rng(seed);
                        let noise: Vec<u64> =
                            batch.costs().iter().map(|&cost| (cost as f64 * (0.7 + 0.6 * rng.unit())) as u64).collect();
                        let replayed = found.replay(&batch, &noise).unwrap();
                        noisy = noisy.max(replayed as f64 / found.makespan as f64);
                    }
                }
            }
        }
        let highest = here.iter().copied().fold(0.0, f64::max);
        let mean = mean(&here);
        println!(
            "{n} calls: geometric mean {mean:.4}, worst {highest:.4}, late {late:.4}, streaming at worst {streams:.3}"
        );
        streaming_worst = streaming_worst.max(streams);
        all.extend(here);
    }
    let mean = mean(&all);
    println!("geometric mean {mean:.4}, worst {:.4} ({}), streaming at worst {streaming_worst:.3}", worst.0, worst.1);
    println!("with costs 30 % off, makespan at worst {noisy:.3} of the plan's");
    assert!(mean <= 1.005, "{mean}");
    assert!(worst.0 <= 1.06, "{} on {}", worst.0, worst.1);
    assert!(noisy < 1.6, "{noisy}");
}
