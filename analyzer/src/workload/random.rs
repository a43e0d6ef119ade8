//! Random numbers that are the same on every machine: SplitMix64, and Zipf's law by a table.

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014).
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A stream by its seed.
    pub fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 up to, but not including, 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// From 0 up to, but not including, `end`; 0 for 0.
    pub fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(end)) >> 64) as u64
    }
}

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
    fn the_same_seed_gives_the_same_numbers() {
        let mut rng = Rng::new(1_234_567);
        // The published test vector of SplitMix64.
        assert_eq!([rng.bits(), rng.bits()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

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
