//! One line a finding: `file:line:column: level[code]: message`.

use crate::emit::UnitReport;

/// All findings of a package.
pub(crate) fn render(report: &UnitReport<'_>) -> String {
    let mut out = String::new();
    let unit = report.unit;
    for finding in &report.findings {
        let place = match unit.analysis.files.locate(finding.primary.span) {
            Some(location) => format!("{}:{}:{}", unit.shown_path(&location), location.line, location.column),
            None => finding.contract.clone(),
        };
        out.push_str(&format!("{place}: {}[{}]: {}\n", finding.level.word(), finding.code, finding.message));
    }
    for fold in &report.folds {
        out.push_str(&format!("{}: note: {}\n", fold.contract, fold.text));
    }
    out
}
