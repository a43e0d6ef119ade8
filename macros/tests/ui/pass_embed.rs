//! A manifest in a section of its own.
#[crosslane::contract(embed)]
mod inner {
    pub fn f() {}
}

fn main() {
    inner::f();
}
