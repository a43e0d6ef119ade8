//! Small deterministic generators for the tests of this module.

pub(crate) use crate::random::Rng;

use super::batch::{Access, Batch, Rule};

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
