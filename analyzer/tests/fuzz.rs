//! Real-looking contracts, broken in ways that still look like Rust: the whole analysis ends without a panic, and soon.
//! `FUZZ_RUNS` runs more, `FUZZ_SEED` others, `FUZZ_TEXT=FILE` that file alone; `analyzer/fuzz` has the same for `cargo fuzz`.

mod common;

use std::time::{Duration, Instant};

use common::analyse_whatever;

/// No text takes longer.
const HANG: Duration = Duration::from_secs(10);

/// A contract of several files in one.
fn whole(files: &[&str]) -> String {
    let lines = files.iter().flat_map(|file| file.lines());
    lines.filter(|line| !line.starts_with("//!") && !line.starts_with("use crate")).collect::<Vec<_>>().join("\n")
}

/// Contracts of every framework with the crates they need, the small ones first: they are what most texts begin as.
fn seeds() -> Vec<(String, &'static [&'static str])> {
    macro_rules! fixture {
        ($missing:expr, $($path:literal),*) => { (whole(&[$(include_str!(concat!("../../fixtures/", $path))),*]), $missing as &[&str]) };
    }
    vec![
        fixture!(&["near_sdk"], "lints/near/invalid_root_resident_scalar.rs"),
        fixture!(&["stylus_sdk", "alloy_primitives", "alloy_sol_types"], "lints/stylus/invalid_packed_slot.rs"),
        fixture!(&["soroban_sdk"], "soroban/tickets/src/lib.rs"),
        fixture!(&["soroban_sdk"], "soroban/bank/src/lib.rs"),
        fixture!(&["soroban_sdk"], "soroban/timelock/src/lib.rs"),
        fixture!(&["cosmwasm_std", "cw_storage_plus"], "cosmwasm/token/src/state.rs", "cosmwasm/token/src/msg.rs"),
        fixture!(&["soroban_sdk"], "soroban/lending/src/lib.rs"),
        fixture!(&["soroban_sdk"], "soroban/amm/src/lib.rs"),
        fixture!(&["stylus_sdk", "alloy_primitives", "alloy_sol_types"], "stylus/token/src/lib.rs"),
        fixture!(&["ink"], "ink/token/src/lib.rs"),
        fixture!(
            &["cosmwasm_std", "cw_storage_plus", "cosmwasm_schema"],
            "cosmwasm/token/src/state.rs",
            "cosmwasm/token/src/msg.rs",
            "cosmwasm/token/src/contract.rs"
        ),
        fixture!(&["near_sdk"], "near/token/src/lib.rs"),
        fixture!(&["frame_support", "frame_system", "sp_runtime", "codec"], "frame/ledger/src/lib.rs"),
        fixture!(&["anchor_lang", "anchor_spl"], "anchor/vault/src/lib.rs"),
    ]
}

struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound.max(1)
    }
}

/// Words, numbers and single signs.
fn tokens(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for letter in text.chars() {
        let word = letter.is_alphanumeric() || letter == '_';
        match out.last_mut() {
            Some(last) if word && last.chars().all(|known| known.is_alphanumeric() || known == '_') => {
                last.push(letter)
            }
            _ => out.push(letter.to_string()),
        }
    }
    out
}

/// The end of the group that opens here.
fn group(tokens: &[String], from: usize) -> Option<usize> {
    let mut depth = 0i32;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match token.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// One change: a group left out, doubled or put elsewhere; a word replaced by another of the text; a token lost.
fn mutate(tokens: &mut Vec<String>, rng: &mut Rng) {
    let at = rng.below(tokens.len());
    let opens: Vec<usize> =
        (at..tokens.len()).filter(|at| matches!(tokens[*at].as_str(), "(" | "[" | "{")).take(20).collect();
    match (rng.below(7), opens.get(rng.below(opens.len().max(1))).copied()) {
        (kind @ 0..=3, Some(from)) => {
            let Some(to) = group(tokens, from) else { return };
            if to - from > 4000 {
                return;
            }
            let inner: Vec<String> = tokens[from..=to].to_vec();
            match kind {
                0 => drop(tokens.drain(from + 1..to)),
                1 => drop(tokens.splice(to + 1..to + 1, inner)),
                2 => {
                    let to = rng.below(tokens.len());
                    tokens.splice(to..to, inner);
                }
                _ => {
                    let other = rng.below(tokens.len());
                    if let Some(end) = group(tokens, other).filter(|end| *end > other && end - other < 4000) {
                        tokens.splice(other..=end, inner);
                    }
                }
            }
        }
        (4, _) => {
            tokens.remove(at);
        }
        _ => {
            let other = tokens[rng.below(tokens.len())].clone();
            tokens[at] = other;
        }
    }
}

/// A text with some changes; with few and another attempt where it is to be Rust still.
fn changed(seed: &str, rng: &mut Rng, rust: bool) -> String {
    for _ in 0..8 {
        let mut tokens = tokens(seed);
        for _ in 0..1 + rng.below(if rust { 3 } else { 12 }) {
            if !tokens.is_empty() {
                mutate(&mut tokens, rng);
            }
        }
        let text = tokens.concat();
        if !rust || syn::parse_file(&text).is_ok() {
            return text;
        }
    }
    String::new()
}

/// Processor time of this process, which others on the machine do not lengthen; the clock where nobody tells it.
fn spent(began: Instant) -> Duration {
    let ticks = |stat: String| {
        let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
        Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
    };
    let ticks = std::fs::read_to_string("/proc/self/stat").ok().and_then(ticks);
    ticks.map_or_else(|| began.elapsed(), |ticks| Duration::from_millis(ticks * 10))
}

#[test]
fn broken_contracts_are_analysed_without_a_panic() {
    let number =
        |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    if let Some(file) = std::env::var_os("FUZZ_TEXT") {
        let text = std::fs::read_to_string(file).expect("the file");
        let missing: Vec<&str> = seeds().iter().flat_map(|(_, missing)| missing.iter().copied()).collect();
        let start = Instant::now();
        let analysis = analyse_whatever(&text, &missing);
        println!("{} contracts in {:?}", analysis.contracts.len(), start.elapsed());
        return;
    }
    let runs = number("FUZZ_RUNS", 40);
    let mut rng = Rng(number("FUZZ_SEED", 0xF022) | 1);
    let (mut parse, mut contracts, mut slowest) = (0, 0, Duration::ZERO);
    let seeds = seeds();
    let began = Instant::now();
    for run in 0..runs {
        let few = if run % 16 == 0 { seeds.len() } else { 7 };
        let (seed, missing) = &seeds[rng.below(few)];
        let text = changed(seed, &mut rng, run % 2 == 0);
        parse += u64::from(syn::parse_file(&text).is_ok());
        let start = spent(began);
        let analysis = analyse_whatever(&text, missing);
        let took = spent(began) - start;
        contracts += u64::from(!analysis.contracts.is_empty());
        slowest = slowest.max(took);
        assert!(took < HANG, "{took:?} for\n{text}");
        if run % 10_000 == 9_999 {
            println!("{} texts, {parse} parse, {contracts} have a contract, the slowest took {slowest:?}", run + 1);
        }
    }
    println!("{runs} texts, {parse} parse, {contracts} have a contract, the slowest took {slowest:?}");
    assert!(contracts * 4 >= runs, "{contracts} of {runs} texts have a contract");
}
