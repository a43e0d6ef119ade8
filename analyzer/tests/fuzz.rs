//! Real-looking contracts, broken in ways that still look like Rust: the whole analysis ends without a panic. `FUZZ_RUNS` runs more;
//! `analyzer/fuzz` has the same for `cargo fuzz`.

mod common;

use common::analyse_text;

/// A contract in one file: the fixture's modules one after the other.
fn contract() -> String {
    let files = [
        include_str!("../../fixtures/cosmwasm/token/src/state.rs"),
        include_str!("../../fixtures/cosmwasm/token/src/msg.rs"),
        include_str!("../../fixtures/cosmwasm/token/src/contract.rs"),
    ];
    let lines = files.iter().flat_map(|file| file.lines());
    lines.filter(|line| !line.starts_with("//!") && !line.starts_with("use crate")).collect::<Vec<_>>().join("\n")
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

#[test]
fn broken_contracts_are_analysed_without_a_panic() {
    let runs = std::env::var("FUZZ_RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(40);
    let mut rng = Rng(0xF022);
    let mut contracts = 0;
    let seeds = [contract(), include_str!("effects.rs").to_owned(), include_str!("faults/layers.rs").to_owned()];
    for run in 0..runs {
        let mut tokens = tokens(&seeds[if run % 4 < 3 { 0 } else { 1 + run % 2 }]);
        for _ in 0..1 + rng.below(12) {
            mutate(&mut tokens, &mut rng);
            if tokens.is_empty() {
                break;
            }
        }
        contracts += usize::from(!analyse_text(&tokens.concat()).contracts.is_empty());
    }
    println!("{contracts} of {runs} texts have a contract");
    assert!(contracts * 4 >= runs, "{contracts} of {runs} texts have a contract");
}
