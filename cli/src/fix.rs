//! `--fix`: applies the edits of findings to the user's own files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crosslane_analyzer::diagnostics::Edit;
use similar::TextDiff;

use crate::args::Common;
use crate::emit::Report;
use crate::output;

/// Applies (or with `--dry-run` shows) all edits that are allowed. Edits of one fix go together or not at all; a fix that
/// touches what an earlier one touched is left for the next run.
pub(crate) fn run(report: &Report<'_>, common: &Common) -> anyhow::Result<()> {
    let flags = &common.analysis;
    let mut by_file: BTreeMap<PathBuf, (String, String, Vec<Edit>)> = BTreeMap::new();
    let (mut applied, mut skipped) = (0, 0);
    for (unit, finding) in report.findings() {
        let Some(fix) = finding.fix.as_ref().filter(|fix| fix.applicable(flags.unsafe_fixes)) else { continue };
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
            by_file.get(path).is_none_or(|(_, _, edits)| {
                edits
                    .iter()
                    .all(|other| other == *edit || other.span.hi <= edit.span.lo || edit.span.hi <= other.span.lo)
            })
        });
        if !free {
            skipped += 1;
            continue;
        }
        applied += 1;
        for (path, shown, text, edit) in places {
            let (_, _, edits) = by_file.entry(path).or_insert_with(|| (shown, text, Vec::new()));
            if !edits.contains(edit) {
                edits.push(edit.clone());
            }
        }
    }
    for (path, (shown, old, mut edits)) in by_file {
        edits.sort_by_key(|edit| (edit.span.lo, edit.span.hi));
        let mut new = old.clone();
        for edit in edits.iter().rev() {
            let range = edit.span.lo as usize..edit.span.hi as usize;
            if new.get(range.clone()).is_some() {
                new.replace_range(range, &edit.replacement);
            }
        }
        if flags.dry_run {
            let diff = TextDiff::from_lines(&old, &new);
            output::show(&diff.unified_diff().header(&shown, &shown).to_string())?;
        } else {
            output::write_file(&path, &new)?;
        }
    }
    if !common.quiet {
        let verb = if flags.dry_run { "would fix" } else { "fixed" };
        let rest =
            if skipped > 0 { format!(", {skipped} overlap and are left for the next run") } else { String::new() };
        output::tell(&format!("{verb} {applied} findings{rest}\n"))?;
    }
    Ok(())
}
