//! Measured costs of entry points (`--costs`): what calls used on the chain or in a test, as the tools of each ecosystem
//! write it down.
//!
//! One file per format; a format is a `Reader`: it knows its files by their beginning and hands out one [`Sample`] per
//! call. Files are streamed: whatever their length, only counts per entry point are kept. Names are compared in
//! `snake_case` and without the kind (`Transfer`, `transfer` and `execute::transfer` are one).

pub(crate) mod cosmos;
mod solana;
mod soroban;
mod table;

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};

use serde_json::Value;

/// What one call used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample<'a> {
    /// The contract's name or address, where the file says it.
    pub contract: Option<&'a str>,
    /// The entry point, in the spelling of the file.
    pub entry: &'a str,
    /// What it used, in the chain's unit of cost.
    pub cost: u64,
    /// The call failed; its cost is not typical and is counted apart.
    pub failed: bool,
}

/// A format of costs. To add one: a file here, a row in [`READERS`], a fixture in `fixtures/costs`.
pub(crate) trait Reader: Sync {
    /// Name, as messages say it.
    fn name(&self) -> &'static str;

    /// Whether a file that begins like this (at most 64 KiB, may end anywhere) is of the format.
    fn recognises(&self, head: &str) -> bool;

    /// Reads a whole file.
    ///
    /// # Errors
    /// What is wrong, with its line. What belongs to other programs or is no call is passed over, not an error.
    fn read(&self, input: &mut dyn BufRead, sink: &mut dyn FnMut(Sample<'_>)) -> Result<(), CostsError>;
}

/// All formats; the first that recognises a file reads it.
const READERS: &[&dyn Reader] = &[
    &cosmos::Transactions,
    &solana::Transactions,
    &solana::Bench,
    &solana::Logs,
    &soroban::Simulations,
    &table::Lines,
    &table::Table,
];

/// Why costs cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CostsError {
    /// Reading failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// No format fits.
    #[error("this is no file of costs that crosslane knows ({0})")]
    Unknown(String),
    /// A line is wrong; line 0 where it is the whole file.
    #[error("{message}")]
    Line {
        /// One-based.
        line: u64,
        /// What is wrong.
        message: String,
    },
}

/// The documents of a file of JSON: one after the other, or one a line.
fn documents(input: &mut dyn BufRead) -> impl Iterator<Item = Result<Value, CostsError>> + '_ {
    serde_json::Deserializer::from_reader(input).into_iter().map(|document| {
        document.map_err(|error| CostsError::Line { line: error.line() as u64, message: format!("no JSON: {error}") })
    })
}

/// Objects and lists inside of each other that are looked into for a member.
const MAX_DEPTH: usize = 24;

/// The first member of this name in a document, wherever its version puts it.
pub(crate) fn find<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    fn below<'a>(value: &'a Value, name: &str, depth: usize) -> Option<&'a Value> {
        let next = |inner| if depth < MAX_DEPTH { below(inner, name, depth + 1) } else { None };
        match value {
            Value::Object(map) => map.get(name).or_else(|| map.values().find_map(next)),
            Value::Array(list) => list.iter().find_map(next),
            _ => None,
        }
    }
    below(value, name, 0)
}

/// Costs by entry point.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    entries: BTreeMap<String, Entry>,
}

/// Samples of one name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Entry {
    /// As the first file spells it, in `snake_case`.
    name: String,
    good: Distribution,
    failed: u64,
}

impl Costs {
    /// Nothing measured.
    pub fn new() -> Costs {
        Costs::default()
    }

    /// Adds a file; returns the name of its format.
    ///
    /// # Errors
    /// When no format fits, or a line is wrong.
    pub fn read(&mut self, input: &mut dyn Read) -> Result<&'static str, CostsError> {
        let mut input = BufReader::with_capacity(1 << 16, input);
        let head = String::from_utf8_lossy(input.fill_buf()?).into_owned();
        let head = head.trim_start_matches('\u{feff}');
        let Some(reader) = READERS.iter().find(|reader| reader.recognises(head)) else {
            let names: Vec<&str> = READERS.iter().map(|reader| reader.name()).collect();
            return Err(CostsError::Unknown(names.join(", ")));
        };
        reader.read(&mut input, &mut |sample| self.add(&sample))?;
        Ok(reader.name())
    }

    /// Adds one call.
    pub fn add(&mut self, sample: &Sample<'_>) {
        let entry = self.entries.entry(plain(sample.entry)).or_default();
        if entry.name.is_empty() {
            entry.name = folded(sample.entry);
        }
        if sample.failed {
            entry.failed += 1;
        } else {
            entry.good.add(sample.cost);
        }
    }

    /// True when no call succeeded.
    pub fn is_empty(&self) -> bool {
        self.entries.values().all(|entry| entry.good.is_empty())
    }

    /// What calls of an entry point used; by its full name, then without the kind, then by its last part.
    pub fn of(&self, entry: &str) -> Option<&Distribution> {
        let found = spellings(entry).into_iter().find_map(|name| self.entries.get(&name))?;
        (!found.good.is_empty()).then_some(&found.good)
    }

    /// Names in the files that none of these entry points has, with their number of calls: another program's.
    pub fn foreign<'a>(&self, entries: impl IntoIterator<Item = &'a str>) -> Vec<(&str, u64)> {
        let known: std::collections::BTreeSet<String> = entries.into_iter().flat_map(spellings).collect();
        let other = self.entries.iter().filter(|(name, _)| !known.contains(*name));
        other.map(|(_, entry)| (entry.name.as_str(), entry.good.count() + entry.failed)).collect()
    }
}

/// The names under which the samples of an entry point may stand, the best first.
fn spellings(entry: &str) -> Vec<String> {
    let mut out = vec![plain(entry)];
    if let Some((_, rest)) = entry.split_once("::") {
        out.push(plain(rest));
        out.extend(entry.rsplit("::").next().map(plain));
    }
    out.dedup();
    out
}

/// A name in `snake_case`, parts joined by `::`.
pub(crate) fn folded(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut before = '_';
    for c in name.trim().chars() {
        if c.is_uppercase() {
            if before.is_lowercase() || before.is_ascii_digit() {
                out.push('_');
            }
            out.extend(c.to_lowercase());
        } else {
            out.push(if c == '-' || c == ' ' { '_' } else { c });
        }
        before = c;
    }
    out
}

/// A name for comparing: letters in lower case and digits, parts joined by `::`. `token_a_escrow` is `tokenAEscrow` in one
/// place and `TokenAEscrow` in another, from which the underscores cannot be told.
pub fn plain(name: &str) -> String {
    folded(name).replace('_', "")
}

/// How often which cost was seen. Up to `EXACT` different values every one is kept; beyond, they are rounded up to three
/// significant digits, so that memory stays bounded and a percentile is never too low.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    counts: BTreeMap<u64, u64>,
    coarse: bool,
}

/// Different values that are kept as they are.
const EXACT: usize = 4096;

impl Distribution {
    /// Adds a value.
    pub fn add(&mut self, value: u64) {
        let value = if self.coarse { rounded_up(value) } else { value };
        *self.counts.entry(value).or_default() += 1;
        if !self.coarse && self.counts.len() > EXACT {
            self.coarse = true;
            for (value, count) in std::mem::take(&mut self.counts) {
                *self.counts.entry(rounded_up(value)).or_default() += count;
            }
        }
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        self.counts.values().sum()
    }

    /// True without values.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The value below or at which this share of all values lies (nearest rank); 0 without values.
    pub fn percentile(&self, percent: u64) -> u64 {
        let rank = (u128::from(self.count()) * u128::from(percent)).div_ceil(100).max(1);
        let mut seen = 0u128;
        for (&value, &count) in &self.counts {
            seen += u128::from(count);
            if seen >= rank {
                return value;
            }
        }
        self.counts.last_key_value().map_or(0, |(&value, _)| value)
    }

    /// The average, rounded to the nearest; 0 without values.
    pub fn mean(&self) -> u64 {
        let count = u128::from(self.count());
        let sum: u128 = self.counts.iter().map(|(&value, &count)| u128::from(value) * u128::from(count)).sum();
        (sum + count / 2).checked_div(count).map_or(0, |mean| u64::try_from(mean).unwrap_or(u64::MAX))
    }
}

/// Three significant digits, rounded up.
fn rounded_up(value: u64) -> u64 {
    let mut step = 1u64;
    while value / step >= 1000 {
        step *= 10;
    }
    value.div_ceil(step).saturating_mul(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_and_bounded_memory() {
        let mut some = Distribution::default();
        (1..=100).for_each(|value| some.add(value));
        assert_eq!((some.percentile(50), some.percentile(95), some.percentile(100), some.mean()), (50, 95, 100, 51));
        let mut many = Distribution::default();
        (0..1_000_000).for_each(|value| many.add(value * 7));
        assert!(many.counts.len() <= EXACT + 1 && many.count() == 1_000_000);
        let p95 = many.percentile(95);
        assert!((6_650_000..=6_720_000).contains(&p95), "{p95}");
        assert_eq!(Distribution::default().percentile(95), 0);
        let mut huge = Distribution::default();
        huge.add(u64::MAX);
        huge.add(u64::MAX);
        assert_eq!(huge.mean(), u64::MAX);
    }

    #[test]
    fn names_meet_in_any_spelling() {
        let mut costs = Costs::new();
        for entry in ["SwapBaseIn", "execute::transfer", "OtherOne", "MoveTokenAOut"] {
            costs.add(&Sample { contract: None, entry, cost: 10, failed: false });
        }
        assert!(costs.of("swap_base_in").is_some());
        assert!(costs.of("execute::transfer").is_some());
        assert!(costs.of("execute::burn").is_none());
        assert!(costs.of("move_token_a_out").is_some());
        assert_eq!(costs.foreign(["swap_base_in", "execute::transfer", "move_token_a_out"]), [("other_one", 1)]);
    }

    #[test]
    fn failed_calls_are_no_measure() {
        let mut costs = Costs::new();
        costs.add(&Sample { contract: None, entry: "burn", cost: 3, failed: true });
        assert!(costs.of("burn").is_none() && costs.is_empty());
    }

    #[test]
    fn what_no_format_knows_is_an_error() {
        let error = Costs::new().read(&mut "hello\nworld\n".as_bytes()).unwrap_err();
        assert!(matches!(error, CostsError::Unknown(_)), "{error}");
        assert!(Costs::new().read(&mut "".as_bytes()).is_err());
    }
}
