//! Small deterministic generators for the tests of this module.

use super::batch::{Access, Batch, Rule};

/// A split-mix generator.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Rng {
        Rng(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x1234_5678)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }
}

/// A batch of up to `most` calls with few units, so that chains are long; costs may be zero.
pub(crate) fn random_batch(rng: &mut Rng, rule: Rule, most: u64) -> Batch {
    let mut batch = Batch::new(rule);
    let units = 1 + rng.below(24);
    let costs = 1 + rng.below(20);
    for _ in 0..rng.below(most + 1) {
        let count = rng.below(6);
        let accesses: Vec<Access> = (0..count)
            .map(|_| Access { unit: rng.below(units), class: rng.below(if rule == Rule::Locks { 4 } else { 3 }) as u8 })
            .collect();
        batch.push(rng.below(costs), accesses).unwrap();
    }
    batch
}
