//! Renderings of findings, one file per format. All read the same [`Report`]; none decides anything.

use crosslane_analyzer::diagnostics::{Finding, Fold, Level};

use crate::session::Unit;

pub(crate) mod cargo_json;
pub(crate) mod github;
pub(crate) mod human;
pub(crate) mod json;
pub(crate) mod overview;
pub(crate) mod sarif;
pub(crate) mod short;
pub(crate) mod table;

/// Everything a run has to say.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    /// Per package.
    pub(crate) units: Vec<UnitReport<'a>>,
}

/// What is to be said about one package.
#[derive(Debug)]
pub(crate) struct UnitReport<'a> {
    /// The package.
    pub(crate) unit: &'a Unit,
    /// Findings to show.
    pub(crate) findings: Vec<Finding>,
    /// Lines that stand for more findings.
    pub(crate) folds: Vec<Fold>,
    /// Findings that the baseline hides.
    pub(crate) hidden: usize,
    /// Baseline entries that match nothing any more.
    pub(crate) stale: Vec<String>,
}

impl Report<'_> {
    /// Number of findings of a level.
    pub(crate) fn count(&self, level: Level) -> usize {
        self.findings().filter(|(_, finding)| finding.level == level).count()
    }

    /// All findings with the package they are in.
    pub(crate) fn findings(&self) -> impl Iterator<Item = (&Unit, &Finding)> {
        self.units.iter().flat_map(|unit| unit.findings.iter().map(|finding| (unit.unit, finding)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_report(look: impl Fn(&Report<'_>)) {
        let (unit, findings) = crate::testing::with_findings();
        let folds = vec![Fold {
            aside: crosslane_analyzer::diagnostics::Aside::Admin,
            contract: "token".to_owned(),
            count: 2,
            text: "2 findings that only privileged callers can reach (XL102 TOTAL)".to_owned(),
        }];
        look(&Report { units: vec![UnitReport { unit: &unit, findings, folds, hidden: 0, stale: Vec::new() }] });
    }

    #[test]
    fn formats() {
        with_report(|report| {
            let unit = &report.units[0];
            let human: Vec<String> = unit.findings.iter().map(|it| human::finding(unit.unit, it)).collect();
            insta::assert_snapshot!("human", anstream::adapter::strip_str(&human.join("\n")));
            insta::assert_snapshot!("human_colour", human[0].replace('\u{1b}', "␛"));
            insta::assert_snapshot!("short", short::render(unit));
            insta::assert_snapshot!("github", github::render(unit));
            insta::assert_snapshot!("json", json::render(report).unwrap());
            insta::assert_snapshot!(
                "sarif",
                sarif::render(report)
                    .unwrap()
                    .replace(env!("CARGO_PKG_VERSION"), "VERSION")
                    .split("\"rules\": [")
                    .next()
                    .unwrap()
                    .to_owned()
                    + "…"
                    + sarif::render(report).unwrap().split("\"columnKind\"").nth(1).unwrap()
            );
            let lines: Vec<String> = cargo_json::render(unit)
                .lines()
                .map(|line| {
                    serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(line).unwrap()).unwrap()
                })
                .collect();
            insta::assert_snapshot!("cargo_json", lines.join("\n"));
        });
    }

    #[test]
    fn columns_are_characters_and_lines_have_no_return() {
        with_report(|report| {
            let line = cargo_json::render(&report.units[0]).lines().nth(1).unwrap().to_owned();
            let message: serde_json::Value = serde_json::from_str(&line).unwrap();
            let span = &message["message"]["spans"][0];
            assert_eq!((&span["line_start"], &span["column_start"]), (&3.into(), &12.into()));
            let text = span["text"][0]["text"].as_str().unwrap();
            assert!(text.starts_with("/* ключ */ TOTAL.update") && !text.ends_with('\r'));
            let byte = span["byte_start"].as_u64().unwrap() as usize;
            assert!(crate::testing::TEXT[byte..].starts_with("TOTAL.update"));
        });
    }
}
