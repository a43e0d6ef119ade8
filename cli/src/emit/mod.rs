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
