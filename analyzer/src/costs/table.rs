//! Costs in our own words: JSON Lines `{"entry": "transfer", "cost": 123}`, and a TOML table `[costs]` of entry point and
//! cost for figures known from elsewhere.

use std::io::{BufRead, Read as _};

use serde::Deserialize;

use super::{CostsError, Reader, Sample};

/// `{"entry", "cost", "contract"?, "failed"?}`, one a line.
pub(super) struct Lines;

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    entry: std::borrow::Cow<'a, str>,
    cost: u64,
    #[serde(borrow, default)]
    contract: Option<std::borrow::Cow<'a, str>>,
    #[serde(default)]
    failed: bool,
}

/// Lines longer than this are no costs.
const LONGEST: u64 = 1 << 20;

impl Reader for Lines {
    fn name(&self) -> &'static str {
        "JSON lines with `entry` and `cost`"
    }

    fn recognises(&self, head: &str) -> bool {
        let first = head.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
        first.trim_start().starts_with('{') && first.contains("\"entry\"") && first.contains("\"cost\"")
    }

    fn read(&self, input: &mut dyn BufRead, sink: &mut dyn FnMut(Sample<'_>)) -> Result<(), CostsError> {
        let mut line = Vec::new();
        let mut number = 0u64;
        loop {
            line.clear();
            if (&mut *input).take(LONGEST).read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            number += 1;
            let wrong = |message: String| CostsError::Line { line: number, message };
            let text = std::str::from_utf8(&line).map_err(|_| wrong("this is not UTF-8".to_owned()))?;
            let text = text.trim_start_matches('\u{feff}').trim();
            if text.is_empty() {
                continue;
            }
            let found: Line<'_> = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
            sink(Sample {
                contract: found.contract.as_deref(),
                entry: &found.entry,
                cost: found.cost,
                failed: found.failed,
            });
        }
    }
}

/// `[costs]` and lines `"execute::transfer" = 120000`.
pub(super) struct Table;

impl Reader for Table {
    fn name(&self) -> &'static str {
        "a TOML table `[costs]`"
    }

    fn recognises(&self, head: &str) -> bool {
        head.lines().any(|line| line.trim() == "[costs]")
    }

    fn read(&self, input: &mut dyn BufRead, sink: &mut dyn FnMut(Sample<'_>)) -> Result<(), CostsError> {
        let mut text = String::new();
        (&mut *input).take(LONGEST * 16).read_to_string(&mut text)?;
        let wrong = |message: String| CostsError::Line { line: 0, message };
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count() as u64 + 1);
            CostsError::Line { line, message: error.message().trim().replace('\n', ", ") }
        })?;
        let costs = table.get("costs").and_then(toml::Value::as_table);
        for (entry, value) in costs.into_iter().flatten() {
            let cost = value.as_integer().and_then(|cost| u64::try_from(cost).ok());
            let cost =
                cost.ok_or_else(|| wrong(format!("`{entry}`: expected a whole number from 0, found {value}")))?;
            sink(Sample { contract: None, entry, cost, failed: false });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Costs;

    #[test]
    fn lines_and_tables() {
        let mut costs = Costs::new();
        let lines = "{\"entry\":\"transfer\",\"cost\":5}\n\n{\"entry\":\"transfer\",\"cost\":9,\"failed\":true}\n";
        costs.read(&mut lines.as_bytes()).unwrap();
        costs.read(&mut "# measured\n[costs]\n\"execute::burn\" = 7\n".as_bytes()).unwrap();
        assert_eq!(costs.of("execute::transfer").map(|found| found.percentile(95)), Some(5));
        assert_eq!(costs.of("execute::burn").map(|found| found.mean()), Some(7));
    }

    #[test]
    fn wrong_lines_are_told_by_number() {
        for (text, line) in [
            ("{\"entry\":\"a\",\"cost\":1}\n{\"entry\":\"a\",\"cost\":-1}\n", 2),
            ("{\"entry\":\"a\",\"cost\":1}\n{\"entry\":\"a\",\"co", 2),
            ("[costs]\na = [\n", 2),
            ("[costs]\na = -4\n", 0),
        ] {
            let error = Costs::new().read(&mut text.as_bytes()).unwrap_err();
            assert!(matches!(error, super::CostsError::Line { line: at, .. } if at == line), "{text}: {error:?}");
        }
    }
}
