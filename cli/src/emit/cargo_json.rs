//! Lines as `cargo check --message-format json` prints them, so that rust-analyzer and everything else that reads cargo shows
//! findings without knowing this tool.
//!
//! What readers need (rust-analyzer's flycheck): `package_id` and `target` in every message, a primary span, one-based columns
//! in characters with the line's text, a code `tool::lint`, and one `compiler-artifact` line that is not fresh so that old
//! findings of a clean package vanish.

use std::ops::Range;

use crosslane_analyzer::diagnostics::{Finding, Fix, Label, Level, Safety};
use crosslane_analyzer::ir::Span;
use serde_json::{Value, json};

use crate::emit::{UnitReport, human};
use crate::session::Unit;

/// All lines of a package.
pub(crate) fn render(report: &UnitReport<'_>) -> String {
    let unit = report.unit;
    let project = &unit.project;
    let manifest = project.dir.join("Cargo.toml").display().to_string();
    let package = project.packages.first();
    let root = package.map_or("src/lib.rs", |package| package.root.as_str());
    let kind = if root.ends_with("main.rs") { "bin" } else { "lib" };
    let target = json!({
        "kind": [kind], "crate_types": [kind], "name": package.map_or(&project.name, |package| &package.crate_name),
        "src_path": project.dir.join(root).display().to_string(),
        "edition": package.map_or(2021, |package| package.edition).to_string(),
        "doc": true, "doctest": false, "test": true
    });
    let package_id = format!("path+file://{}#{}@{}", project.dir.display(), project.name, project.version);
    let mut lines = vec![json!({
        "reason": "compiler-artifact", "package_id": package_id, "manifest_path": manifest, "target": target,
        "profile": { "opt_level": "0", "debuginfo": 0, "debug_assertions": true, "overflow_checks": true, "test": false },
        "features": package.map(|package| package.features.iter().collect::<Vec<_>>()).unwrap_or_default(),
        "filenames": [], "executable": null, "fresh": false
    })];
    for finding in &report.findings {
        lines.push(json!({
            "reason": "compiler-message", "package_id": package_id, "manifest_path": manifest, "target": target,
            "message": message(unit, finding)
        }));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn message(unit: &Unit, finding: &Finding) -> Value {
    let mut spans: Vec<Value> = span(unit, &finding.primary, true, None).into_iter().collect();
    if spans.is_empty() {
        // A message without a primary span is dropped by editors: the package's root stands in.
        spans.push(whole_package(unit));
    }
    spans.extend(finding.secondary.iter().filter_map(|label| span(unit, label, false, None)));
    let mut children: Vec<Value> = finding
        .notes
        .iter()
        .map(|note| child("note", format!("{}: {}", note.kind.head(), note.text), Vec::new()))
        .collect();
    children.extend(finding.fix.as_ref().map(|it| fix(unit, it)));
    children.push(child("help", format!("for more: cargo crosslane explain {}", finding.code), Vec::new()));
    let level = match finding.level {
        Level::Deny => "error",
        Level::Warn => "warning",
        Level::Note | Level::Allow => "note",
    };
    json!({
        "message": finding.message,
        "code": { "code": format!("crosslane::{}", finding.name.replace('-', "_")), "explanation": null },
        "level": level, "spans": spans, "children": children,
        "rendered": anstream::adapter::strip_str(&human::finding(unit, finding)).to_string()
    })
}

fn child(level: &str, message: String, spans: Vec<Value>) -> Value {
    json!({ "message": message, "code": null, "level": level, "spans": spans, "children": [], "rendered": null })
}

/// A fix becomes a help message whose spans carry the replacements.
fn fix(unit: &Unit, fix: &Fix) -> Value {
    let applicability = match fix.safety {
        Safety::Safe => "MachineApplicable",
        Safety::Unsafe => "MaybeIncorrect",
        Safety::Display => "HasPlaceholders",
    };
    let spans = fix.edits.iter().filter_map(|edit| {
        let label = Label { span: edit.span, text: String::new() };
        span(unit, &label, true, Some((&edit.replacement, applicability)))
    });
    child("help", format!("{}: {}", fix.head(), fix.title), spans.collect())
}

fn span(unit: &Unit, label: &Label, primary: bool, suggestion: Option<(&str, &str)>) -> Option<Value> {
    let files = &unit.analysis.files;
    let at = files.locate(label.span)?;
    let text = &files.file(label.span.file)?.text;
    let lines: Vec<Value> = text
        .lines()
        .enumerate()
        .skip(at.line as usize - 1)
        .take((at.end_line - at.line) as usize + 1)
        .map(|(number, line)| {
            let number = number as u32 + 1;
            let end = line.chars().count() as u32 + 1;
            let marked: Range<u32> = (if number == at.line { at.column } else { 1 })..(if number == at.end_line {
                at.end_column
            } else {
                end
            });
            json!({ "text": line, "highlight_start": marked.start, "highlight_end": marked.end })
        })
        .collect();
    Some(json!({
        "file_name": unit.path(&at).display().to_string(),
        "byte_start": label.span.lo, "byte_end": label.span.hi,
        "line_start": at.line, "line_end": at.end_line, "column_start": at.column, "column_end": at.end_column,
        "is_primary": primary, "text": lines, "label": (!label.text.is_empty()).then_some(&label.text),
        "suggested_replacement": suggestion.map(|(text, _)| text),
        "suggestion_applicability": suggestion.map(|(_, applicability)| applicability),
        "expansion": null
    }))
}

fn whole_package(unit: &Unit) -> Value {
    let files = &unit.analysis.files;
    let first = files.files().find(|(_, file)| file.analysed).map(|(id, _)| Span { file: id, lo: 0, hi: 0 });
    let found = first.and_then(|at| span(unit, &Label { span: at, text: String::new() }, true, None));
    found.unwrap_or_else(|| {
        json!({
            "file_name": unit.project.dir.join("Cargo.toml").display().to_string(),
            "byte_start": 0, "byte_end": 0, "line_start": 1, "line_end": 1, "column_start": 1, "column_end": 1,
            "is_primary": true, "text": [], "label": null,
            "suggested_replacement": null, "suggestion_applicability": null, "expansion": null
        })
    })
}
