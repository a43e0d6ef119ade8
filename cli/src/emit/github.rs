//! Annotations as GitHub's runners read them from standard output: `::warning file=…,line=…::message`.

use crosslane_analyzer::diagnostics::Level;

use crate::emit::UnitReport;

/// All findings of a package.
pub(crate) fn render(report: &UnitReport<'_>) -> String {
    let mut out = String::new();
    let unit = report.unit;
    for finding in &report.findings {
        let kind = match finding.level {
            Level::Deny => "error",
            Level::Warn => "warning",
            Level::Note | Level::Allow => "notice",
        };
        let mut fields = Vec::new();
        if let Some(at) = unit.analysis.files.locate(finding.primary.span) {
            fields.push(format!("file={}", property(&unit.shown_path(&at))));
            fields.push(format!(
                "line={},endLine={},col={},endColumn={}",
                at.line, at.end_line, at.column, at.end_column
            ));
        }
        fields.push(format!("title={}", property(&format!("crosslane {} {}", finding.code, finding.name))));
        let mut text = finding.message.clone();
        for note in &finding.notes {
            text.push_str(&format!("\n{}: {}", note.kind.head(), note.text));
        }
        out.push_str(&format!("::{kind} {}::{}\n", fields.join(","), data(&text)));
    }
    out
}

/// Escapes a message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property's value.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        assert_eq!(data("50 %\nnext"), "50 %25%0Anext");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
    }
}
