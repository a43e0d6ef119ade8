//! Small programs by hand, each with one way in which a key gets from one place to another. They are compiled and run.

mod collections;
mod flow;
mod numbers;
mod places;
mod traits;

use super::native::{self, Source};

/// All programs, and what judging them gives: nothing outside of what is stated.
#[test]
fn ways_of_the_standard_library_unsound() {
    let all: Vec<Source> =
        [collections::PROBES, flow::PROBES, traits::PROBES, places::PROBES, numbers::PROBES].concat();
    let only = std::env::var("PROBES").unwrap_or_default();
    let all: Vec<Source> = all.into_iter().filter(|(name, ..)| name.contains(&only)).collect();
    let judged = native::judge(&all, "probes", 100, 7);
    let unknown: Vec<&str> = judged.unknown.iter().map(|number| all[*number].0).collect();
    println!(
        "{} programs, {} runs, {} succeeded, {} accesses, unknown: {unknown:?}, {} violations",
        all.len(),
        judged.runs,
        judged.succeeded,
        judged.accesses,
        judged.wrong.len()
    );
    let wrong: Vec<&str> = judged.wrong.iter().map(|(_, text)| text.as_str()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `PROBE=FILE cargo test --test interpreter -- --nocapture one_program`: what is stated of a program and whether runs agree.
/// The file holds items, a line `----` and the body.
#[test]
fn one_program() {
    let Some(file) = std::env::var_os("PROBE") else { return };
    let text = std::fs::read_to_string(file).expect("the file");
    let (items, body) = text.split_once("----\n").unwrap_or(("", &text));
    let program = [("probe", items, body)];
    native::show(&program);
    let judged = native::judge(&program, "probe", 300, 7);
    judged.wrong.iter().for_each(|(_, text)| println!("{text}"));
    println!("{} succeeded", judged.succeeded);
}
