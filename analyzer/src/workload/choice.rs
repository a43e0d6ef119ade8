//! Choices by weight, and Zipf's law by a table of sums.

use crate::random::Rng;

/// Chooses by weight: index `i` with probability `weight[i] / sum`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Choice {
    /// Sums of the weights so far.
    sums: Vec<f64>,
}

impl Choice {
    /// By these weights, which are finite and not negative; `None` when none is positive.
    pub(crate) fn new(weights: impl IntoIterator<Item = f64>) -> Option<Choice> {
        let mut sum = 0.0;
        let sums: Vec<f64> = weights
            .into_iter()
            .map(|weight| {
                sum += weight;
                sum
            })
            .collect();
        (sum > 0.0).then_some(Choice { sums })
    }

    /// Zipf's law: rank `k` of `values` has weight `1 / k^skew`; 0 is uniform.
    pub(crate) fn zipf(values: u64, skew: f64) -> Option<Choice> {
        Choice::new((1..=values.min(MOST)).map(|rank| (rank as f64).powf(-skew)))
    }

    /// An index.
    pub(crate) fn pick(&self, rng: &mut Rng) -> usize {
        let target = rng.unit() * self.sums.last().copied().unwrap_or(0.0);
        self.sums.partition_point(|&sum| sum <= target).min(self.sums.len().saturating_sub(1))
    }
}

/// More different values than this are not told apart.
pub(crate) const MOST: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_follow_their_weights() {
        let mut rng = Rng::new(5);
        let choice = Choice::new([1.0, 0.0, 3.0]).unwrap();
        let mut counts = [0; 3];
        (0..4_000).for_each(|_| counts[choice.pick(&mut rng)] += 1);
        assert!(counts[1] == 0 && (900..1_100).contains(&counts[0]), "{counts:?}");
        assert_eq!(Choice::new([0.0]), None);
        let zipf = Choice::zipf(100, 1.0).unwrap();
        let first = (0..10_000).filter(|_| zipf.pick(&mut rng) == 0).count();
        // 1 / H(100) = 0.1928
        assert!((1_800..2_060).contains(&first), "{first}");
    }
}
