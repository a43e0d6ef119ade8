//! The random instances of Conthereum (scheduler-greedy, 2025-08-08), regenerated from the published generator. Its own
//! schedules overlap conflicting transactions in all 96 published cases with conflicts, so only valid ones are compared.

use crosslane_analyzer::schedule::{
    Access, Batch, BestWorkspace, FreeOptions, Order, Rule, Workspace, analyse, best, free, verify,
};

/// `java.util.Random`.
struct JavaRandom(u64);

impl JavaRandom {
    fn new(seed: u64) -> JavaRandom {
        JavaRandom((seed ^ 0x5_DEEC_E66D) & ((1 << 48) - 1))
    }

    fn bits(&mut self, count: u32) -> i32 {
        self.0 = (self.0.wrapping_mul(0x5_DEEC_E66D) + 0xB) & ((1 << 48) - 1);
        (self.0 >> (48 - count)) as u32 as i32
    }

    fn below(&mut self, bound: i32) -> i32 {
        loop {
            let r = self.bits(31);
            if bound & (bound - 1) == 0 {
                return ((i64::from(bound) * i64::from(r)) >> 31) as i32;
            }
            let v = r % bound;
            if i64::from(r) - i64::from(v) + i64::from(bound - 1) < 1 << 31 {
                return v;
            }
        }
    }
}

struct Instance {
    durations: Vec<u64>,
    /// Sorted, smaller end first.
    conflicts: Vec<(i32, i32)>,
    drawn: u32,
}

fn instance(seed: u64, n: i32, percent: i32) -> Instance {
    let mut random = JavaRandom::new(seed);
    let durations = (0..n).map(|_| random.below(6) as u64 + 5).collect();
    let mut random = JavaRandom::new(seed);
    let needed = (n * (n - 1) / 2 * percent / 100) as usize;
    let mut conflicts = std::collections::BTreeSet::new();
    let mut drawn = 0;
    while conflicts.len() < needed {
        let (a, b) = (random.below(n), random.below(n));
        drawn += 1;
        if a != b {
            conflicts.insert((a.min(b), a.max(b)));
        }
    }
    Instance { durations, conflicts: conflicts.into_iter().collect(), drawn }
}

impl Instance {
    /// Every conflict is a unit of its own that both write.
    fn batch(&self) -> Batch {
        let mut units: Vec<Vec<Access>> = vec![Vec::new(); self.durations.len()];
        for (unit, &(a, b)) in self.conflicts.iter().enumerate() {
            units[a as usize].push(Access::write(unit as u64));
            units[b as usize].push(Access::write(unit as u64));
        }
        let mut batch = Batch::new(Rule::Locks);
        for (&cost, accesses) in self.durations.iter().zip(units) {
            batch.push(cost, accesses).unwrap();
        }
        batch
    }
}

#[test]
fn the_generator_gives_the_published_check_values() {
    let mut random = JavaRandom::new(1);
    let words: Vec<i32> = (0..6).map(|_| random.bits(32)).collect();
    assert_eq!(words, [-1155869325, 431529176, 1761283695, 1749940626, 892128508, 155629808]);
    let durations = [
        [8, 9, 6, 8, 7, 9, 7, 9, 9, 9, 6, 6],
        [9, 5, 7, 6, 8, 5, 5, 8, 6, 5, 7, 7],
        [7, 7, 5, 6, 5, 5, 8, 9, 6, 6, 8, 9],
    ];
    let totals = [(50, [376, 358, 374]), (100, [742, 752, 764]), (150, [1124, 1128, 1139]), (200, [1511, 1507, 1498])];
    let firsts: [[i32; 8]; 3] =
        [[35, 38, 47, 13, 4, 4, 34, 6], [8, 22, 40, 17, 39, 0, 6, 19], [34, 10, 10, 31, 28, 2, 49, 14]];
    for seed in 1..=3u64 {
        let at = seed as usize - 1;
        assert_eq!(instance(seed, 50, 0).durations[..12], durations[at]);
        for (n, expected) in totals {
            assert_eq!(instance(seed, n, 0).durations.iter().sum::<u64>(), expected[at]);
        }
        let mut random = JavaRandom::new(seed);
        assert_eq!((0..8).map(|_| random.below(50)).collect::<Vec<_>>(), firsts[at]);
    }
    let mut random = JavaRandom::new(1);
    assert_eq!((0..8).map(|_| random.below(64)).collect::<Vec<_>>(), [46, 6, 26, 26, 13, 2, 21, 42]);
    let counts = [
        (50, [183, 306, 428, 551]),
        (100, [742, 1237, 1732, 2227]),
        (150, [1676, 2793, 3911, 5028]),
        (200, [2985, 4975, 6965, 8955]),
    ];
    for (n, expected) in counts {
        for (percent, count) in [15, 25, 35, 45].into_iter().zip(expected) {
            assert_eq!(instance(1, n, percent).conflicts.len(), count);
        }
    }
    let sums = |found: &Instance| {
        let low: i32 = found.conflicts.iter().map(|pair| pair.0).sum();
        let high: i32 = found.conflicts.iter().map(|pair| pair.1).sum();
        (found.drawn, low, high)
    };
    for (seed, expected) in [(1, (197, 2690, 5976)), (2, (203, 2882, 5797)), (3, (196, 3224, 6148))] {
        assert_eq!(sums(&instance(seed, 50, 15)), expected);
    }
    assert_eq!(instance(1, 50, 15).conflicts[..5], [(0, 1), (0, 5), (0, 6), (0, 7), (0, 19)]);
    for (seed, expected) in
        [(1, (11893, 595055, 1192266)), (2, (12008, 595501, 1191357)), (3, (11817, 591463, 1186233))]
    {
        assert_eq!(sums(&instance(seed, 200, 45)), expected);
    }
}

/// n, percent, makespans of a plain valid list scheduler in free order, longest chains in fixed order; seeds 1 to 3.
const ROWS: [(i32, i32, [u64; 3], [u64; 3]); 16] = [
    (50, 15, [44, 47, 42], [67, 92, 86]),
    (50, 25, [63, 58, 54], [114, 139, 135]),
    (50, 35, [82, 68, 65], [148, 160, 182]),
    (50, 45, [89, 84, 75], [183, 196, 190]),
    (100, 15, [62, 63, 71], [167, 174, 188]),
    (100, 25, [95, 90, 86], [236, 293, 280]),
    (100, 35, [112, 112, 115], [326, 371, 337]),
    (100, 45, [132, 140, 139], [426, 437, 397]),
    (150, 15, [86, 84, 81], [277, 304, 294]),
    (150, 25, [124, 122, 127], [398, 420, 407]),
    (150, 35, [150, 147, 156], [492, 591, 561]),
    (150, 45, [188, 194, 192], [629, 684, 625]),
    (200, 15, [97, 99, 99], [335, 373, 382]),
    (200, 25, [146, 144, 150], [547, 601, 539]),
    (200, 35, [191, 186, 188], [699, 720, 718]),
    (200, 45, [233, 245, 230], [816, 835, 788]),
];

#[test]
fn fixed_order_reaches_the_optimum_on_all_instances() {
    let mut work = BestWorkspace::default();
    for (n, percent, _, chains) in ROWS {
        for (seed, chain) in (1..=3).zip(chains) {
            let batch = instance(seed, n, percent).batch();
            assert_eq!(analyse(&batch, &mut Workspace::new()).critical, chain, "{n} {percent} {seed}");
            let found = best(&batch, 32, &mut work);
            assert_eq!(found.makespan, chain, "{n} {percent} {seed}");
            assert_eq!(verify(&batch, &found, Order::Preserve), []);
        }
    }
}

#[test]
fn free_order_is_valid_and_as_good_as_a_plain_list_scheduler() {
    for (percent, least) in [(15, 12.18), (25, 8.51), (35, 6.83), (45, 5.57)] {
        let mut sum = 0.0;
        let mut count = 0.0;
        for (n, _, lists, _) in ROWS.into_iter().filter(|row| row.1 == percent) {
            for (seed, list) in (1..=3).zip(lists) {
                let batch = instance(seed, n, percent).batch();
                let found = free(&batch, 32, &FreeOptions::default());
                assert_eq!(verify(&batch, &found.lanes, Order::Free), []);
                let makespan = found.lanes.makespan;
                assert!(makespan as f64 <= list as f64 / 0.95, "{n} {percent} {seed}: {makespan} against {list}");
                sum += found.lanes.speedup(&batch);
                count += 1.0;
            }
        }
        println!("{percent} %: mean speedup {:.3}", sum / count);
        assert!(sum / count >= least, "{percent} %: {:.3} < {least}", sum / count);
    }
}
