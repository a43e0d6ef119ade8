//! SARIF 2.1.0 for code scanning: rules with their pages, results with related places, call paths, fixes and fingerprints
//! that do not depend on lines.

use std::collections::BTreeMap;

use crosslane_analyzer::diagnostics::{Finding, Fix, Level};
use crosslane_analyzer::ir::{Access, Span};
use crosslane_analyzer::lints::{self, LintInfo};
use serde_json::{Value, json};

use crate::emit::Report;
use crate::session::Unit;

/// The schema's address, as readers expect it.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// Readers keep this many results of a run (GitHub's limit).
const RESULT_LIMIT: usize = 25_000;

/// The text, with a newline at the end.
pub(crate) fn render(report: &Report<'_>) -> anyhow::Result<String> {
    let rules: Vec<Value> = lints::all().iter().map(|lint| rule(lint.info)).collect();
    let index = |code: &str| lints::all().iter().position(|lint| lint.info.code == code);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut results = Vec::new();
    for (unit, finding) in report.findings().take(RESULT_LIMIT) {
        let print = format!(
            "{}/{}/{}/{}",
            finding.code,
            finding.contract,
            finding.cell.as_deref().unwrap_or("-"),
            finding.entries.join("+")
        );
        let nth = seen.entry(print.clone()).or_default();
        let fingerprint = format!("{print}/{nth}");
        *nth += 1;
        results.push(result(unit, finding, index(finding.code), &fingerprint));
    }
    let workspace = report.units.first().map(|unit| uri(&format!("{}/", unit.unit.project.workspace.display())));
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "crosslane",
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules
            } },
            "originalUriBaseIds": { "SRCROOT": { "uri": format!("file://{}", workspace.unwrap_or_default()) } },
            "columnKind": "unicodeCodePoints",
            "results": results
        }]
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&log)?))
}

fn rule(info: &LintInfo) -> Value {
    let page = info.page();
    json!({
        "id": info.code,
        "name": info.name,
        "shortDescription": { "text": info.summary },
        "fullDescription": { "text": info.summary },
        "helpUri": format!("{}/blob/main/docs/src/lints/{}.md", env!("CARGO_PKG_REPOSITORY"), info.name),
        "help": { "text": page, "markdown": page },
        "defaultConfiguration": { "level": level(lints::level(info.code, "keyed")) },
        "properties": { "tags": ["concurrency", "smart-contract"] }
    })
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Deny => "error",
        Level::Warn => "warning",
        Level::Note => "note",
        Level::Allow => "none",
    }
}

fn result(unit: &Unit, finding: &Finding, rule: Option<usize>, fingerprint: &str) -> Value {
    let mut text = finding.message.clone();
    for note in &finding.notes {
        text.push_str(&format!("\n{}: {}", note.kind.head(), note.text));
    }
    let mut result = json!({
        "ruleId": finding.code,
        "level": level(finding.level),
        "message": { "text": text },
        "locations": location(unit, finding.primary.span, &finding.primary.text).into_iter().collect::<Vec<_>>(),
        "partialFingerprints": { "crosslane/v1": fingerprint }
    });
    if let Some(rule) = rule {
        result["ruleIndex"] = json!(rule);
    }
    let related: Vec<Value> = finding
        .secondary
        .iter()
        .filter_map(|label| location(unit, label.span, &label.text))
        .enumerate()
        .map(|(id, mut location)| {
            location["id"] = json!(id);
            location
        })
        .collect();
    if !related.is_empty() {
        result["relatedLocations"] = json!(related);
    }
    let flows = flows(unit, finding);
    if !flows.is_empty() {
        result["codeFlows"] = json!(flows);
    }
    if let Some(fix) = finding.fix.as_ref().and_then(|it| fix_of(unit, it)) {
        result["fixes"] = json!([fix]);
    }
    result
}

/// For each entry point concerned, the way from its handler to the access of the cell.
fn flows(unit: &Unit, finding: &Finding) -> Vec<Value> {
    let Some(contract) = unit.analysis.contracts.iter().find(|it| it.name == finding.contract) else {
        return Vec::new();
    };
    let of_cell = |access: &&Access| Some(contract.cell(access.cell).name.as_str()) == finding.cell.as_deref();
    contract
        .entries
        .iter()
        .filter(|entry| finding.entries.contains(&entry.name))
        .take(20)
        .filter_map(|entry| {
            let access = entry.accesses.iter().find(of_cell)?;
            let via = access.via.join(" → ");
            let steps: Vec<Value> =
                [(entry.span, entry.name.clone()), (access.span, format!("touches it (by way of {via})"))]
                    .into_iter()
                    .filter_map(|(span, text)| location(unit, span, &text))
                    .map(|location| json!({ "location": location }))
                    .collect();
            (steps.len() == 2).then(|| json!({ "threadFlows": [{ "locations": steps }] }))
        })
        .collect()
}

fn artifact(unit: &Unit, span: Span) -> Option<Value> {
    let at = unit.analysis.files.locate(span)?;
    let path = unit.path(&at);
    Some(match path.strip_prefix(&unit.project.workspace) {
        Ok(relative) => json!({ "uri": uri(&relative.display().to_string()), "uriBaseId": "SRCROOT" }),
        Err(_) => json!({ "uri": format!("file://{}", uri(&path.display().to_string())) }),
    })
}

fn region(unit: &Unit, span: Span) -> Option<Value> {
    let at = unit.analysis.files.locate(span)?;
    Some(json!({ "startLine": at.line, "startColumn": at.column, "endLine": at.end_line, "endColumn": at.end_column }))
}

fn location(unit: &Unit, span: Span, text: &str) -> Option<Value> {
    let mut location =
        json!({ "physicalLocation": { "artifactLocation": artifact(unit, span)?, "region": region(unit, span)? } });
    if !text.is_empty() {
        location["message"] = json!({ "text": text });
    }
    Some(location)
}

fn fix_of(unit: &Unit, fix: &Fix) -> Option<Value> {
    if fix.edits.is_empty() {
        return None;
    }
    let changes: Vec<Value> = fix
        .edits
        .iter()
        .filter_map(|edit| {
            let replacement =
                json!({ "deletedRegion": region(unit, edit.span)?, "insertedContent": { "text": edit.replacement } });
            Some(json!({ "artifactLocation": artifact(unit, edit.span)?, "replacements": [replacement] }))
        })
        .collect();
    Some(json!({ "description": { "text": format!("{}: {}", fix.head(), fix.title) }, "artifactChanges": changes }))
}

/// Percent-encodes what may not stand in a path of a URI.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("src/a b/é.rs"), "src/a%20b/%C3%A9.rs");
    }
}
