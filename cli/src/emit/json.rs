//! `--message-format json`: one object for the whole run.

use crosslane_analyzer::diagnostics::{Edit, Finding, Fix, Label, Level};
use crosslane_analyzer::ir;
use serde::Serialize;

use crate::emit::Report;
use crate::session::Unit;

/// The whole run.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct Findings {
    /// Version of the format; 1.
    version: u32,
    /// Findings, by package and place.
    findings: Vec<FindingJson>,
    /// Files that could not be read and the like.
    problems: Vec<Problem>,
    /// Totals.
    summary: Summary,
}

/// One finding.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct FindingJson {
    /// Code, for example `XL102`.
    code: &'static str,
    /// Name, for example `global-total`.
    name: &'static str,
    /// `error`, `warning` or `note`.
    level: &'static str,
    /// What, in one sentence.
    message: String,
    /// Contract.
    contract: String,
    /// Entry points concerned.
    entries: Vec<String>,
    /// Cell concerned.
    cell: Option<String>,
    /// Places; the first is the primary one.
    spans: Vec<Span>,
    /// Remarks.
    notes: Vec<Note>,
    /// The preferred cure.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<FixJson>,
    /// What it costs, where the chain has a number for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Price>,
}

/// A place in the source.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Span {
    /// Path relative to the package.
    file: String,
    /// One-based line.
    line: u32,
    /// One-based column in characters.
    column: u32,
    /// Last line.
    end_line: u32,
    /// Column after the last character.
    end_column: u32,
    /// The dependency the file is in; absent in the analysed package.
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<String>,
    /// True for the place the finding is about.
    primary: bool,
    /// What is to be said there.
    #[serde(skip_serializing_if = "String::is_empty")]
    label: String,
}

/// A remark.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Note {
    /// What it speaks about, for example `effect`, `read-by`, `checked`.
    kind: &'static str,
    /// The text.
    text: String,
}

/// A cure.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct FixJson {
    /// What to do.
    title: String,
    /// Replacements; none if it can only be shown.
    edits: Vec<EditJson>,
    /// `safe`, `unsafe` or `display`.
    safety: String,
    /// `no-op`, `client`, `migration` or `new deployments only`.
    upgrade: String,
}

/// One replacement.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct EditJson {
    /// What is replaced.
    span: Span,
    /// By what.
    replacement: String,
}

/// A price.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Price {
    /// The sentence.
    text: String,
    /// Where the numbers are from.
    source: String,
}

/// Something that could not be read.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Problem {
    /// What.
    message: String,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<Span>,
}

/// Totals of a run.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Summary {
    /// Contracts found.
    contracts: usize,
    /// Entry points found.
    entries: usize,
    /// Findings at deny level.
    errors: usize,
    /// Findings at warn level.
    warnings: usize,
    /// Findings at note level.
    notes: usize,
    /// Findings folded away (dependencies, privileged callers); `--all` lists them.
    folded: usize,
    /// Findings that the baseline hides.
    hidden: usize,
    /// Baseline entries that match nothing any more.
    stale: Vec<String>,
    /// Unknowns.
    unknowns: usize,
}

/// The text, with a newline at the end.
pub(crate) fn render(report: &Report<'_>) -> anyhow::Result<String> {
    let contracts = || report.units.iter().flat_map(|unit| &unit.unit.analysis.contracts);
    let findings = Findings {
        version: 1,
        findings: report.findings().map(|(unit, finding)| of(unit, finding)).collect(),
        problems: report
            .units
            .iter()
            .flat_map(|report| report.unit.analysis.problems.iter().map(|problem| (report.unit, problem)))
            .map(|(unit, problem)| Problem {
                message: problem.message.clone(),
                span: span(unit, problem.span, true, ""),
            })
            .collect(),
        summary: Summary {
            contracts: contracts().count(),
            entries: contracts().map(|contract| contract.entries.len()).sum(),
            errors: report.count(Level::Deny),
            warnings: report.count(Level::Warn),
            notes: report.count(Level::Note),
            folded: report.units.iter().flat_map(|unit| &unit.folds).map(|fold| fold.count).sum(),
            hidden: report.units.iter().map(|unit| unit.hidden).sum(),
            stale: report.units.iter().flat_map(|unit| unit.stale.iter().cloned()).collect(),
            unknowns: contracts().flat_map(|contract| &contract.entries).map(|entry| entry.unknowns.len()).sum(),
        },
    };
    Ok(format!("{}\n", serde_json::to_string_pretty(&findings)?))
}

fn of(unit: &Unit, finding: &Finding) -> FindingJson {
    let label = |label: &Label, primary| span(unit, label.span, primary, &label.text);
    let mut spans: Vec<Span> = label(&finding.primary, true).into_iter().collect();
    spans.extend(finding.secondary.iter().filter_map(|it| label(it, false)));
    FindingJson {
        code: finding.code,
        name: finding.name,
        level: finding.level.word(),
        message: finding.message.clone(),
        contract: finding.contract.clone(),
        entries: finding.entries.clone(),
        cell: finding.cell.clone(),
        spans,
        notes: finding.notes.iter().map(|note| Note { kind: note.kind.code(), text: note.text.clone() }).collect(),
        fix: finding.fix.as_ref().map(|it| fix(unit, it)),
        price: finding.price.as_ref().map(|it| Price { text: it.text.clone(), source: it.source.clone() }),
    }
}

fn fix(unit: &Unit, fix: &Fix) -> FixJson {
    let edit =
        |edit: &Edit| Some(EditJson { span: span(unit, edit.span, true, "")?, replacement: edit.replacement.clone() });
    FixJson {
        title: fix.title.clone(),
        edits: fix.edits.iter().filter_map(edit).collect(),
        safety: fix.safety.to_string(),
        upgrade: fix.upgrade.to_string(),
    }
}

fn span(unit: &Unit, span: ir::Span, primary: bool, label: &str) -> Option<Span> {
    let at = unit.analysis.files.locate(span)?;
    Some(Span {
        file: at.file.to_string(),
        line: at.line,
        column: at.column,
        end_line: at.end_line,
        end_column: at.end_column,
        package: (!at.analysed).then(|| at.package.to_string()),
        primary,
        label: label.to_owned(),
    })
}
