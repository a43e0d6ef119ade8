//! `--fix`: applies the edits of findings to the user's own files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crosslane_analyzer::diagnostics::Edit;
use similar::TextDiff;

use crate::args::Common;
use crate::emit::Report;
use crate::emit::overview::plural;
use crate::output;

/// Applies (or with `--dry-run` shows) all edits that are allowed.
pub(crate) fn run(report: &Report<'_>, common: &Common) -> anyhow::Result<()> {
    let flags = &common.analysis;
    let plan = plan(report, flags.unsafe_fixes);
    for (path, file) in &plan.files {
        let new = file.edited();
        if flags.dry_run {
            let diff = TextDiff::from_lines(&file.old, &new);
            output::show(&diff.unified_diff().header(&file.shown, &file.shown).to_string())?;
        } else {
            output::write_file(path, &new)?;
        }
    }
    if !common.quiet {
        let verb = if flags.dry_run { "would fix" } else { "fixed" };
        let rest = match plan.skipped {
            0 => String::new(),
            n => format!(", {n} overlap and are left for the next run"),
        };
        output::tell(&format!("{verb} {}{rest}\n", plural(plan.applied, "finding")))?;
    }
    Ok(())
}

/// What is to be written.
#[derive(Debug, Default)]
struct Plan {
    files: BTreeMap<PathBuf, File>,
    applied: usize,
    skipped: usize,
}

/// A file with its edits.
#[derive(Debug)]
struct File {
    shown: String,
    old: String,
    edits: Vec<Edit>,
}

impl File {
    fn edited(&self) -> String {
        let mut edits = self.edits.clone();
        edits.sort_by_key(|edit| (edit.span.lo, edit.span.hi));
        let mut new = self.old.clone();
        for edit in edits.iter().rev() {
            let range = edit.span.lo as usize..edit.span.hi as usize;
            if new.get(range.clone()).is_some() {
                new.replace_range(range, &edit.replacement);
            }
        }
        new
    }
}

/// Collects edits. Those of one fix go together or not at all; a fix that touches what an earlier one touched is left for
/// the next run, and so is one in the code of a dependency.
fn plan(report: &Report<'_>, unsafe_too: bool) -> Plan {
    let mut plan = Plan::default();
    for (unit, finding) in report.findings() {
        let Some(fix) = finding.fix.as_ref().filter(|fix| fix.applicable(unsafe_too)) else { continue };
        let files = &unit.analysis.files;
        let places: Option<Vec<_>> = fix
            .edits
            .iter()
            .map(|edit| {
                let file = files.file(edit.span.file).filter(|file| file.analysed)?;
                let location = files.locate(edit.span)?;
                Some((unit.path(&location), unit.shown_path(&location), file.text.to_string(), edit))
            })
            .collect();
        let Some(places) = places else { continue };
        let free = places.iter().all(|(path, _, _, edit)| {
            let apart = |other: &Edit| other.span.hi <= edit.span.lo || edit.span.hi <= other.span.lo;
            plan.files.get(path).is_none_or(|file| file.edits.iter().all(|other| other == *edit || apart(other)))
        });
        if !free {
            plan.skipped += 1;
            continue;
        }
        plan.applied += 1;
        for (path, shown, old, edit) in places {
            let file = plan.files.entry(path).or_insert_with(|| File { shown, old, edits: Vec::new() });
            if !file.edits.contains(edit) {
                file.edits.push(edit.clone());
            }
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::UnitReport;
    use crosslane_analyzer::diagnostics::{Finding, Safety};

    fn with(findings: impl Fn(Vec<Finding>) -> Vec<Finding>, unsafe_too: bool) -> Plan {
        let (unit, all) = crate::testing::with_findings();
        let findings = findings(all);
        let report = UnitReport { unit: &unit, findings, folds: Vec::new(), hidden: 0, stale: Vec::new() };
        plan(&Report { units: vec![report] }, unsafe_too)
    }

    #[test]
    fn edits_are_made_and_lines_kept() {
        let plan = with(|all| all, false);
        let (path, file) = plan.files.first_key_value().unwrap();
        assert_eq!(path, &PathBuf::from("/contracts/token/src/lib.rs"));
        assert!(file.edited().contains("/* ключ */ \r\nTOTAL.load"), "{}", file.edited());
        assert_eq!((plan.applied, plan.skipped), (1, 0));
    }

    #[test]
    fn the_same_place_is_edited_once() {
        let overlap = |mut all: Vec<Finding>| {
            let mut other = all[0].clone();
            other.fix.as_mut().unwrap().edits[0].span.lo += 3;
            all.extend([all[0].clone(), other]);
            all
        };
        let plan = with(overlap, false);
        assert_eq!((plan.applied, plan.skipped, plan.files.len()), (2, 1, 1));
    }

    #[test]
    fn what_may_change_behaviour_needs_a_flag() {
        let risky = |mut all: Vec<Finding>| {
            all[0].fix.as_mut().unwrap().safety = Safety::Unsafe;
            all
        };
        assert_eq!(with(risky, false).applied, 0);
        assert_eq!(with(risky, true).applied, 1);
        let display = |mut all: Vec<Finding>| {
            all[0].fix.as_mut().unwrap().safety = Safety::Display;
            all
        };
        assert_eq!(with(display, true).applied, 0);
    }
}
