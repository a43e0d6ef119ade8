#[crosslane::contract(embedd)]
mod one {}

#[crosslane::contract]
struct NoModule;

#[crosslane::footprint(reads(A))]
struct NoFunction;

#[crosslane::parallel(unles = "a.caller = b.caller")]
fn two() {}

#[crosslane::parallel(unless = a)]
fn three() {}

#[crosslane::trusted(read(A), 7)]
fn four() {}

#[crosslane::allow(hot-countre, reason = "typo")]
fn five() {}

#[crosslane::allow]
fn six() {}

#[crosslane::allow(hot-counter, because = "no")]
fn seven() {}

#[crosslane::footprint]
fn eight() {}

fn main() {
    two();
    three();
    four();
    five();
    six();
    seven();
    eight();
}
