//! `cargo crosslane`: the command line.
fn main() {}
