//! Default levels of (lint × chain model), read from `levels.toml` beside this file.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::diagnostics::Level;

static TABLE: &str = include_str!("levels.toml");

type Levels = BTreeMap<String, BTreeMap<String, String>>;

fn table() -> &'static Levels {
    static PARSED: OnceLock<Levels> = OnceLock::new();
    // A broken table is caught by the test below; a lint without a row warns.
    PARSED.get_or_init(|| toml::from_str(TABLE).unwrap_or_default())
}

/// The default level of a lint (by code) on a chain model (by id): the model's own row, else the lint's `default`.
pub fn level(code: &str, chain: &str) -> Level {
    let row = table().get(code);
    let text = row.and_then(|row| row.get(chain).or_else(|| row.get("default")));
    text.and_then(|text| Level::parse(text)).unwrap_or(Level::Warn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lint_has_a_row_and_every_row_a_lint() {
        let parsed: Levels = toml::from_str(TABLE).expect("levels.toml parses");
        let rows: Vec<&str> = parsed.keys().map(String::as_str).collect();
        let mut lints: Vec<&str> = crate::lints::all().iter().map(|lint| lint.info.code).collect();
        lints.sort_unstable();
        assert_eq!(rows, lints);
        for (code, row) in &parsed {
            assert!(row.contains_key("default"), "{code} has no default");
            for (chain, text) in row {
                assert!(Level::parse(text).is_some(), "{code}: {chain} = {text}");
            }
        }
    }
}
