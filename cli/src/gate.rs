//! What was written down before the run: `[expect]` in the configuration and the committed manifest. What does not hold is a
//! finding like any other.

use crosslane_analyzer::claims::{Claim, Kind, judge, named};
use crosslane_analyzer::conflicts::{Class, words};
use crosslane_analyzer::diagnostics::{Finding, Label, Level, NoteKind};
use crosslane_analyzer::ir::{Contract, Span, Unknown};
use crosslane_analyzer::{lints, manifest};

use crate::commands::manifest as file;
use crate::config::Place;
use crate::fail::{Fail, did_you_mean};
use crate::session::{self, Judged, Unit};

/// Findings about expectations and about the committed manifest, with configured levels.
pub(crate) fn findings(unit: &Unit) -> anyhow::Result<Vec<Finding>> {
    let mut out = Vec::new();
    if unit.analysis.contracts.is_empty() {
        return Ok(out);
    }
    let judged: Vec<Judged<'_>> =
        unit.analysis.contracts.iter().map(|contract| Judged::new(unit, contract)).collect::<Result<_, _>>()?;
    expectations(unit, &judged, &mut out)?;
    committed(unit, &judged, &mut out)?;
    claims(unit, &mut out)?;
    for finding in &mut out {
        if let Some(&level) = unit.config.levels.get(finding.name) {
            finding.level = level;
        }
    }
    out.retain(|finding| finding.level > Level::Allow);
    Ok(out)
}

/// Attributes in the code, with the whole package in view: what they say wrongly, and what cannot be confirmed.
fn claims(unit: &Unit, out: &mut Vec<Finding>) -> anyhow::Result<()> {
    for all in &unit.analysis.claims {
        if all.view.package != unit.project.name {
            continue;
        }
        let chain = session::chain(&unit.config, &all.view)?;
        for claim in &all.claims {
            let own = &all.view.entries[claim.own];
            let there = Label { span: claim.name_span, text: String::new() };
            let raise =
                |code: &str, message: String, at: Label| lints::raise(code, &chain.id, &all.view.name, message, at);
            let code = if claim.attribute == "parallel" { "XL902" } else { "XL901" };
            if let Err(wrong) = &claim.kind {
                for mistake in wrong {
                    let message = format!("`crosslane::{}` cannot be read: {}", claim.attribute, mistake.message);
                    out.extend(raise(code, message, there.clone()));
                }
                continue;
            }
            for breach in judge(all, claim, chain) {
                let mut places = breach.at.into_iter().map(|(span, text)| Label { span, text });
                let primary = places.next().unwrap_or_else(|| there.clone());
                out.extend(raise(breach.code, breach.message, primary).map(|mut finding| {
                    finding.entries = breach.entries;
                    finding.cell = breach.cell;
                    finding.secondary = places.collect();
                    finding.secondary.push(Label { text: "claimed here".to_owned(), ..there.clone() });
                    let finding = match breach.note {
                        Some(note) => finding.note(NoteKind::Note, note),
                        None => finding,
                    };
                    finding.note(NoteKind::Checked, format!("what it does: {}", breach.inferred))
                }));
            }
            // `trusted` is not checked, and nothing more is claimed of a function whose accesses cannot be seen.
            let unseen = unseen(&all.view, claim);
            if let (true, Some((whose, first))) = (claim.attribute != "trusted", unseen.first()) {
                let mut what: Vec<String> = unseen.iter().map(|(_, unknown)| format!("`{}`", unknown.what)).collect();
                what.sort();
                what.dedup();
                let who = if *whose == own.name { "it".to_owned() } else { format!("`{whose}`") };
                let message =
                    format!("the claim on `{}` cannot be confirmed: {who} does what cannot be seen", claim.function);
                let label = Label { span: first.span, text: first.what.clone() };
                out.extend(raise(code, message, label).map(|mut finding| {
                    finding.level = finding.level.min(Level::Warn);
                    finding.secondary.push(Label { text: "claimed here".to_owned(), ..there.clone() });
                    finding.note(NoteKind::So, format!("{} may touch anything", what.join(", ")))
                }));
            }
        }
    }
    Ok(())
}

/// What cannot be seen of the code that a claim speaks of: the function's, and for `parallel` that of the entry points
/// that run it and of those it is said to run beside. Each with the name of whose it is.
fn unseen<'a>(view: &'a Contract, claim: &Claim) -> Vec<(&'a str, &'a Unknown)> {
    let mut of: Vec<usize> = vec![claim.own];
    if let Ok(Kind::Parallel { with, .. }) = &claim.kind {
        of.extend(&claim.entries);
        of.extend(with.iter().flat_map(|(name, ..)| named(view, name)));
    }
    let mut out: Vec<(&str, &Unknown)> = Vec::new();
    for at in of {
        let Some(entry) = view.entries.get(at) else { continue };
        for unknown in &entry.unknowns {
            let known = out.iter().any(|(_, other)| (other.span, &other.what) == (unknown.span, &unknown.what));
            if !known {
                out.push((&entry.name, unknown));
            }
        }
    }
    out
}

/// How far calls can overlap; lower is better.
fn rank(class: &Class) -> usize {
    match class {
        Class::Parallel => 0,
        Class::Sharded { .. } => 1,
        Class::Serial { .. } => 2,
        Class::Unknown => 3,
    }
}

fn expectations(unit: &Unit, judged: &[Judged<'_>], out: &mut Vec<Finding>) -> Result<(), Fail> {
    for expect in &unit.config.expect {
        let wanted = ["parallel", "sharded", "serial"].iter().position(|word| *word == expect.class).unwrap_or(0);
        let found: Vec<(&Judged<'_>, usize)> =
            judged.iter().filter_map(|it| Some((it, it.entry(&expect.entry).ok()?))).collect();
        if found.is_empty() {
            let names = judged.iter().flat_map(|it| it.contract.entries.iter().map(|entry| entry.name.as_str()));
            let fail = Fail::new(format!("`[expect]` names `{}`, which is no entry point here", expect.entry))
                .line(&expect.place.file, expect.place.line);
            return Err(match did_you_mean(&expect.entry, names) {
                Some(close) => fail.help(format!("did you mean `{close}`?")),
                None => fail.help("`cargo crosslane check --all` shows all entry points"),
            });
        }
        for (judged, at) in found {
            let class = judged.verdicts.class(at);
            if rank(class) <= wanted {
                continue;
            }
            let entry = &judged.contract.entries[at];
            let is = words::class(judged.contract, judged.chain, entry, class, judged.verdicts.pair(at, at));
            let message = format!("`{}` is expected to be {} and is not", entry.name, expect.class);
            let primary = Label { span: entry.span, text: format!("two at the same time: {is}") };
            out.extend(raise("XL902", judged, message, primary).map(|mut finding| {
                finding.level = Level::Deny;
                finding.entries = vec![entry.name.clone()];
                finding.note(NoteKind::Note, format!("expected in {}", at_line(&expect.place)))
            }));
        }
    }
    if let (Some((limit, place)), Some(first)) = (&unit.config.max_unknowns, judged.first()) {
        let unknowns = judged.iter().flat_map(|it| &it.contract.entries).flat_map(|entry| &entry.unknowns);
        let n = unknowns.count();
        if n > *limit {
            let message = format!("{n} unknowns where at most {limit} are accepted");
            let primary = Label { span: Span::NONE, text: String::new() };
            out.extend(raise("XL902", first, message, primary).map(|mut finding| {
                finding.level = Level::Deny;
                finding.note(NoteKind::Note, format!("expected in {}", at_line(place)))
            }));
        }
    }
    Ok(())
}

fn at_line(place: &Place) -> String {
    let name = place.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!("{name}:{}", place.line)
}

fn raise(code: &str, judged: &Judged<'_>, message: String, primary: Label) -> Option<Finding> {
    lints::raise(code, &judged.chain.id, &judged.contract.name, message, primary)
}

/// Compares with `crosslane.json`, if the package has one.
fn committed(unit: &Unit, judged: &[Judged<'_>], out: &mut Vec<Finding>) -> Result<(), Fail> {
    let path = unit.project.dir.join(file::FILE);
    if !path.is_file() {
        return Ok(());
    }
    let old = file::load(&path)?;
    let new = session::manifest(&[unit]);
    if manifest::same_ignoring_tool(&old, &new) {
        return Ok(());
    }
    let nowhere = || Label { span: Span::NONE, text: String::new() };
    for change in &manifest::diff(&old, &new).contracts {
        let Some(judged) = judged.iter().find(|it| it.contract.name == change.name) else { continue };
        for cell in change.cells.iter().filter(|cell| cell.loses_data) {
            let declared = judged.contract.cells.iter().find(|it| it.name == cell.cell);
            let primary =
                declared.map_or_else(nowhere, |it| Label { span: it.span, text: "stored here now".to_owned() });
            let message = format!("data that is stored for `{}` is no longer read", cell.cell);
            out.extend(raise("XL905", judged, message, primary).map(|mut finding| {
                finding.cell = Some(cell.cell.clone());
                finding.note(NoteKind::Checked, crate::commands::diff::cell_line(cell))
            }));
        }
    }
    if let Some(judged) = judged.first() {
        let message = format!("{} is not what the code says", file::FILE);
        out.extend(raise("XL904", judged, message, nowhere()).map(|finding| {
            finding.note(
                NoteKind::Note,
                "`cargo crosslane diff crosslane.json` shows what changed, `cargo crosslane manifest` writes it",
            )
        }));
    }
    Ok(())
}
