//! Items are as without the attributes, in either order with others.
#[crosslane::contract]
#[derive_nothing]
impl Counter {
    #[inline]
    #[crosslane::footprint()]
    #[crosslane::parallel]
    pub const fn get(&self) -> u64 {
        self.0
    }

    #[crosslane::allow(XL101)]
    #[must_use]
    pub fn next<'a, T: Clone>(&'a self, _value: &'a T) -> Self
    where
        T: 'a,
    {
        Counter(self.0 + 1)
    }
}

use crosslane::contract as derive_nothing;

#[crosslane::allow(hot-counter, reason = "a test")]
#[derive(Debug, PartialEq)]
struct Counter(u64);

#[crosslane::contract]
mod inner {
    /// Documented.
    #[crosslane::trusted(reads(A[caller]), updates(B))]
    pub(crate) fn shift(x: u64) -> u64 {
        x >> 1 << 1
    }
    macro_rules! twice {
        ($e:expr) => {
            $e + $e
        };
    }
    pub(crate) use twice;
}

fn main() {
    assert_eq!(Counter(1).next(&"x"), Counter(2));
    assert_eq!(Counter(1).get(), 1);
    assert_eq!(inner::twice!(inner::shift(3)), 4);
}
