//! The public workloads of the scheduling benchmarks and quality gates: fixed seeds, fixed laws, no files.

use crosslane_analyzer::random::{Rng, mix};
use crosslane_analyzer::schedule::{Access, Batch, Rule};

/// The nine workloads over which geometric means are taken.
pub const PUBLIC: [&str; 9] = ["uni", "z08", "transfer", "amm", "mint_rw", "mint_add", "mixed", "late", "oracle"];

/// The generator of a workload's seed; equal seeds give equal numbers.
pub fn rng(seed: u64) -> Rng {
    Rng::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed_5eed)
}

/// Ranks with probability proportional to 1 / rank^s.
struct Zipf(Vec<f64>);

impl Zipf {
    fn new(n: usize, s: f64) -> Zipf {
        let mut sum = 0.0;
        Zipf(
            (1..=n)
                .map(|rank| {
                    sum += (rank as f64).powf(-s);
                    sum
                })
                .collect(),
        )
    }

    fn draw(&self, rng: &mut Rng) -> u64 {
        let at = rng.unit() * self.0.last().copied().unwrap_or(1.0);
        self.0.partition_point(|&sum| sum <= at) as u64
    }
}

/// A random-looking unit id for key `key` of space `space`.
fn unit(space: u64, key: u64) -> u64 {
    mix(space.wrapping_mul(0xd1b5_4a32_d192_ed03) ^ key.wrapping_add(1).wrapping_mul(0x2545_f491_4f6c_dd1d))
}

/// From 21,000 to 672,000 with equal weight on every factor of two: many cheap calls, few dear ones.
fn gas(rng: &mut Rng) -> u64 {
    (21_000.0 * (rng.unit() * 5.0).exp2()) as u64
}

fn keys(rng: &mut Rng, law: &Zipf, writes: f64) -> Vec<Access> {
    let count = 2 + rng.below(7);
    let mut out: Vec<Access> = Vec::new();
    while (out.len() as u64) < count {
        let unit = unit(1, law.draw(rng));
        if out.iter().all(|access| access.unit != unit) {
            out.push(if rng.unit() < writes { Access::write(unit) } else { Access::read(unit) });
        }
    }
    out
}

fn transfer(rng: &mut Rng, users: u64) -> Vec<Access> {
    let from = rng.below(users);
    let to = if rng.below(20) == 0 { users + rng.below(16) } else { rng.below(users) };
    vec![
        Access::write(unit(2, from)),
        Access::write(unit(3, from)),
        Access::delta(unit(3, if to == from { users + 1 } else { to }), 0),
        Access::read(unit(4, 0)),
    ]
}

fn amm(rng: &mut Rng, users: u64, pools: &Zipf) -> Vec<Access> {
    let user = rng.below(users);
    let pool = pools.draw(rng);
    vec![
        Access::write(unit(2, user)),
        Access::write(unit(5, pool)),
        Access::write(unit(6, pool)),
        Access::write(unit(7, pool)),
        Access::write(unit(8, user * 512 + pool % 7)),
        Access::write(unit(9, user * 512 + pool % 5)),
        Access::read(unit(10, 0)),
    ]
}

fn mint(rng: &mut Rng, users: u64, collections: u64, add: bool, serial: u64) -> Vec<Access> {
    let user = rng.below(users);
    let collection = if rng.below(2) == 0 { 0 } else { 1 + rng.below(collections) };
    let counter = unit(11, collection);
    vec![
        Access::write(unit(2, user)),
        Access::write(unit(12, serial)),
        if add { Access::delta(counter, 0) } else { Access::write(counter) },
        Access::delta(unit(13, user * 4096 + collection), 0),
        Access::read(unit(14, collection)),
    ]
}

/// One batch of a workload. Unknown names give an empty batch.
pub fn workload(name: &str, n: usize, seed: u64) -> Batch {
    let mut rng = rng(seed ^ name.bytes().fold(0, |hash, byte| hash * 131 + u64::from(byte)));
    let mut batch = Batch::new(Rule::Locks);
    batch.reserve(n, n * 5);
    let users = n as u64 * 2;
    let law = match name {
        "uni" => Zipf::new(n * 2, 0.0),
        "z08" => Zipf::new(n * 2, 0.8),
        "z12" => Zipf::new(n * 2, 1.2),
        _ => Zipf::new(500, 1.0),
    };
    for i in 0..n {
        let serial = i as u64;
        let accesses = match name {
            "uni" | "z08" | "z12" => keys(&mut rng, &law, 0.5),
            "transfer" => transfer(&mut rng, users),
            "amm" => amm(&mut rng, users, &law),
            "mint_rw" => mint(&mut rng, users, 1 + n as u64 / 100, false, serial),
            "mint_add" => mint(&mut rng, users, 1 + n as u64 / 100, true, serial),
            "mixed" => match rng.below(100) {
                0..=59 => transfer(&mut rng, users),
                60..=84 => amm(&mut rng, users, &law),
                _ => mint(&mut rng, users, 1 + n as u64 / 100, false, serial),
            },
            // What prefix accesses cost: writers stand at the prefix too, and every hundredth call reads all below it.
            "scans" => {
                if rng.below(100) == 0 {
                    vec![Access::read(unit(17, 0)), Access::write(unit(2, rng.below(users)))]
                } else {
                    let mut accesses = transfer(&mut rng, users);
                    accesses.push(Access::delta(unit(17, 0), 60));
                    accesses
                }
            }
            "late" => {
                let mut accesses = vec![
                    Access::write(unit(2, rng.below(users * 8))),
                    Access::write(unit(3, rng.below(users * 8))),
                    Access::read(unit(4, 0)),
                ];
                if i >= n - n / 10 {
                    accesses.push(Access::write(unit(15, 0)));
                }
                accesses
            }
            "oracle" => {
                if i % 200 == 199 {
                    vec![Access::write(unit(16, 0)), Access::write(unit(2, users + 1))]
                } else {
                    vec![
                        Access::read(unit(16, 0)),
                        Access::write(unit(2, rng.below(users * 4))),
                        Access::write(unit(3, rng.below(users * 4))),
                        Access::read(unit(4, 0)),
                    ]
                }
            }
            _ => return batch,
        };
        // Setting a price is one store.
        let cost = if name == "oracle" && i % 200 == 199 { 30_000 } else { gas(&mut rng) };
        // Laws above never exceed the limits of a batch.
        let _ = batch.push(cost, accesses);
    }
    batch
}
