//! The attribute leaves its item as it is.

#[crosslane::allow(hot-counter, reason = "a test")]
#[derive(Debug, PartialEq)]
struct Counter(u64);

#[crosslane::allow(XL102)]
fn next(counter: &Counter) -> Counter {
    Counter(counter.0 + 1)
}

#[test]
fn items_work_as_without_it() {
    assert_eq!(next(&Counter(1)), Counter(2));
}
