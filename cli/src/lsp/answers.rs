//! Everything an editor may ask about a package, made once for each analysis.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crosslane_analyzer::conflicts::{VerdictKind, words};
use crosslane_analyzer::diagnostics::{Finding, Fix, Label, Level, Safety};
use crosslane_analyzer::ir::{Contract, EntryKind, Span};
use serde_json::{Value, json};

use super::position::{Encoding, line_character, uri_of};
use crate::emit::UnitReport;
use crate::session::{self, Judged, Unit};

/// More names than this are counted.
const NAMES: usize = 3;

/// Answers about one file.
#[derive(Default)]
struct File {
    diagnostics: Vec<Value>,
    /// Range and action.
    actions: Vec<(Value, Value)>,
    lenses: Vec<Value>,
    /// Range and Markdown.
    hovers: Vec<(Value, String)>,
}

/// Answers about one package.
#[derive(Default)]
pub(crate) struct Answers {
    files: BTreeMap<PathBuf, File>,
}

impl Answers {
    /// Findings of each file that has some.
    pub(crate) fn diagnostics(&self) -> impl Iterator<Item = (&PathBuf, &Vec<Value>)> {
        self.files.iter().filter(|(_, file)| !file.diagnostics.is_empty()).map(|(path, file)| (path, &file.diagnostics))
    }

    /// True when a file has findings.
    pub(crate) fn has(&self, path: &Path) -> bool {
        self.files.get(path).is_some_and(|file| !file.diagnostics.is_empty())
    }

    /// What to show at a position; null for nothing.
    pub(crate) fn hover(&self, path: &Path, position: &Value) -> Value {
        let point = json!({ "start": position, "end": position });
        let hovers = self.files.get(path).map_or(&[][..], |file| &file.hovers);
        let texts: Vec<&str> =
            hovers.iter().filter(|(range, _)| meet(range, &point)).map(|(_, text)| text.as_str()).collect();
        let range = hovers.iter().find(|(range, _)| meet(range, &point)).map(|(range, _)| range);
        match range {
            Some(range) => {
                json!({ "contents": { "kind": "markdown", "value": texts.join("\n\n---\n\n") }, "range": range })
            }
            None => Value::Null,
        }
    }

    /// All lenses of a file.
    pub(crate) fn lenses(&self, path: &Path) -> Value {
        self.files.get(path).map_or_else(|| json!([]), |file| json!(file.lenses))
    }

    /// Actions for a range.
    pub(crate) fn actions(&self, path: &Path, range: &Value) -> Value {
        let all = self.files.get(path).map_or(&[][..], |file| &file.actions);
        json!(all.iter().filter(|(at, _)| meet(at, range)).map(|(_, action)| action).collect::<Vec<_>>())
    }
}

fn meet(a: &Value, b: &Value) -> bool {
    let at = |range: &Value, end: &str| line_character(&range[end]);
    at(a, "start") <= at(b, "end") && at(b, "start") <= at(a, "end")
}

/// Makes the answers.
pub(crate) fn prepare(report: &UnitReport<'_>, encoding: Encoding) -> anyhow::Result<Answers> {
    let mut maker = Maker { unit: report.unit, encoding, answers: Answers::default() };
    for finding in &report.findings {
        maker.finding(finding);
    }
    for contract in &report.unit.analysis.contracts {
        maker.contract(&Judged::new(report.unit, contract)?);
    }
    Ok(maker.answers)
}

struct Maker<'a> {
    unit: &'a Unit,
    encoding: Encoding,
    answers: Answers,
}

impl Maker<'_> {
    fn place(&self, span: Span) -> Option<(PathBuf, Value)> {
        let at = self.unit.analysis.files.locate(span)?;
        let file = self.unit.analysis.files.file(span.file)?;
        Some((self.unit.path(&at), self.encoding.range(&file.text, span.lo as usize, span.hi as usize)))
    }

    fn file(&mut self, path: PathBuf) -> &mut File {
        self.answers.files.entry(path).or_default()
    }

    fn finding(&mut self, finding: &Finding) {
        let top = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } });
        // What has no place in the code is shown at the top of the package's manifest.
        let (path, range) =
            self.place(finding.primary.span).unwrap_or_else(|| (self.unit.project.dir.join("Cargo.toml"), top));
        let mut message = finding.message.clone();
        for note in &finding.notes {
            message.push_str(&format!("\n{}: {}", note.kind.head(), note.text));
        }
        let related: Vec<Value> = finding.secondary.iter().filter_map(|label| self.related(label)).collect();
        let severity = match finding.level {
            Level::Deny => 1,
            Level::Warn => 2,
            Level::Note | Level::Allow => 3,
        };
        let page = format!("{}/blob/main/docs/src/lints/{}.md", env!("CARGO_PKG_REPOSITORY"), finding.name);
        let diagnostic = json!({
            "range": range, "severity": severity, "code": finding.code, "codeDescription": { "href": page },
            "source": "crosslane", "message": message, "relatedInformation": related,
            "data": { "name": finding.name }
        });
        let mut actions = Vec::new();
        if let Some(fix) = &finding.fix {
            actions.extend(self.fix(fix, &diagnostic));
        }
        actions.extend(self.allow(finding, &diagnostic));
        let file = self.file(path);
        file.actions.extend(actions.into_iter().map(|action| (range.clone(), action)));
        file.diagnostics.push(diagnostic);
    }

    fn related(&self, label: &Label) -> Option<Value> {
        let (path, range) = self.place(label.span)?;
        let message = if label.text.is_empty() { "here" } else { &label.text };
        Some(json!({ "location": { "uri": uri_of(&path), "range": range }, "message": message }))
    }

    fn fix(&self, fix: &Fix, diagnostic: &Value) -> Option<Value> {
        if fix.edits.is_empty() || fix.safety == Safety::Display {
            return None;
        }
        let mut changes: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for edit in &fix.edits {
            let (path, range) = self.place(edit.span)?;
            changes.entry(uri_of(&path)).or_default().push(json!({ "range": range, "newText": edit.replacement }));
        }
        Some(json!({
            "title": format!("{} ({})", fix.title.replace('`', ""), fix.head()), "kind": "quickfix", "diagnostics": [diagnostic],
            "isPreferred": fix.safety == Safety::Safe, "edit": { "changes": changes }
        }))
    }

    /// A comment above the line, as deep as the line.
    fn allow(&self, finding: &Finding, diagnostic: &Value) -> Option<Value> {
        let span = finding.primary.span;
        let file = self.unit.analysis.files.file(span.file).filter(|file| file.analysed)?;
        let path = self.unit.path(&self.unit.analysis.files.locate(span)?);
        let before = file.text.get(..span.lo as usize)?;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = file.text.get(start..)?;
        let indent: String = line.chars().take_while(|c| *c == ' ' || *c == '\t').collect();
        let end =
            if line.lines().next().is_some_and(|it| line[it.len()..].starts_with("\r\n")) { "\r\n" } else { "\n" };
        let text = format!("{indent}// crosslane: allow({}) reason{end}", finding.name);
        let edit = json!({ "range": self.encoding.range(&file.text, start, start), "newText": text });
        Some(json!({
            "title": format!("allow {} here", finding.name), "kind": "quickfix", "diagnostics": [diagnostic],
            "edit": { "changes": { uri_of(&path): [edit] } }
        }))
    }

    fn contract(&mut self, judged: &Judged<'_>) {
        let contract = judged.contract;
        for &at in judged.verdicts.listed() {
            let entry = &contract.entries[at];
            if matches!(entry.kind, EntryKind::Init | EntryKind::Migrate) {
                continue;
            }
            let Some((path, range)) = self.place(entry.span) else { continue };
            let class = judged.verdicts.class(at);
            let is = words::class(contract, judged.chain, entry, class, judged.verdicts.pair(at, at));
            let others = conflicts(judged, at);
            let with = match others.len() {
                0 => String::new(),
                n if n > NAMES => format!(" · conflicts with {} and {} more", others[..NAMES].join(", "), n - NAMES),
                _ => format!(" · conflicts with {}", others.join(", ")),
            };
            let title = format!("{}: {is}{with}", judged.name(at));
            let text = hover(contract, judged, at, &is);
            let file = self.file(path);
            file.lenses.push(json!({ "range": range, "command": { "title": title, "command": "" } }));
            file.hovers.push((range, text));
        }
        for (at, cell) in contract.cells.iter().enumerate() {
            let Some((path, range)) = self.place(cell.span) else { continue };
            let mut lines = vec![format!("**{}** · {}", cell.name, cell.storage.kind)];
            for (verb, writes) in [("read by", false), ("changed by", true)] {
                let touches = |entry: &&crosslane_analyzer::ir::Entry| {
                    entry.accesses.iter().any(|access| access.cell.0 as usize == at && changes(access.mode) == writes)
                };
                let names: Vec<&str> =
                    contract.entries.iter().filter(touches).map(|entry| session::short(&entry.name)).collect();
                if !names.is_empty() {
                    lines.push(format!("{verb} {}", names.join(", ")));
                }
            }
            self.file(path).hovers.push((range, lines.join("  \n")));
        }
    }
}

fn changes(mode: crosslane_analyzer::ir::Mode) -> bool {
    use crosslane_analyzer::ir::Mode;
    !matches!(mode, Mode::Read | Mode::Probe | Mode::Scan | Mode::Rewrite)
}

/// Other entry points that conflict with this one, by short name.
fn conflicts<'a>(judged: &Judged<'a>, at: usize) -> Vec<&'a str> {
    let aside = |entry: usize| matches!(judged.contract.entries[entry].kind, EntryKind::Init | EntryKind::Migrate);
    let listed = judged.verdicts.listed().iter().copied();
    let meets =
        |other: &usize| *other != at && !aside(*other) && judged.verdicts.pair(at, *other).kind != VerdictKind::Never;
    listed.filter(meets).map(|other| judged.name(other)).collect()
}

/// What an entry point is, touches and conflicts with.
fn hover(contract: &Contract, judged: &Judged<'_>, at: usize, class: &str) -> String {
    let entry = &contract.entries[at];
    let mut lines = vec![format!("**{}** · two at the same time? {class}", entry.name), String::new()];
    let mut seen: Vec<String> = entry
        .accesses
        .iter()
        .filter(|access| !access.implicit)
        .map(|access| format!("- {} `{}`", words::verb(access.mode), words::place(contract, access)))
        .collect();
    seen.dedup();
    lines.extend(seen);
    lines.extend(words::calls_out(contract, entry).map(|out| format!("- {out}")));
    lines.extend(entry.unknowns.iter().map(|unknown| format!("- not known: {}", unknown.what)));
    let pairs: Vec<String> = judged
        .verdicts
        .listed()
        .iter()
        .filter(|&&other| other != at && judged.verdicts.pair(at, other).kind != VerdictKind::Never)
        .filter(|&&other| !matches!(contract.entries[other].kind, EntryKind::Init | EntryKind::Migrate))
        .map(|&other| {
            let verdict = judged.verdicts.pair(at, other);
            let when = match verdict.kind {
                VerdictKind::When => format!("when {}", words::condition(contract, &verdict.when)),
                VerdictKind::Always => "always".to_owned(),
                _ => "not known".to_owned(),
            };
            format!("- {}: {when}", judged.name(other))
        })
        .collect();
    if !pairs.is_empty() {
        lines.push(String::new());
        lines.push("conflicts with".to_owned());
        lines.extend(pairs);
    }
    lines.join("\n")
}
