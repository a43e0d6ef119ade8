//! The first screen: a contract's entry points, whether two calls of each can run at the same time, and who may call.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crosslane_analyzer::conflicts::{Class, VerdictKind, words};
use crosslane_analyzer::diagnostics::{Level, NoteKind};
use crosslane_analyzer::ir::{Callers, EntryKind};

use crate::emit::UnitReport;
use crate::emit::table::Table;
use crate::session::{Judged, Unit};

/// More privileged entry points than this are told in one line even if they hold others back.
const PRIVILEGED_ROWS: usize = 4;

/// The table of each contract.
pub(crate) fn render(unit: &Unit, all: bool) -> anyhow::Result<String> {
    let mut out = String::new();
    for contract in &unit.analysis.contracts {
        let judged = Judged::new(unit, contract)?;
        table(&judged, all, &mut out);
        out.push('\n');
    }
    Ok(out)
}

/// Entry points by what the table does with them.
struct Rows {
    /// A row each.
    shown: Vec<usize>,
    /// Privileged ones told in one line.
    privileged: usize,
    /// Read-only ones told in one line.
    views: usize,
}

fn rows(judged: &Judged<'_>, all: bool) -> Rows {
    let entries = &judged.contract.entries;
    let listed = judged.verdicts.listed();
    let of_kind = |kind: EntryKind| listed.iter().copied().filter(move |&at| entries[at].kind == kind);
    let public: Vec<usize> = of_kind(EntryKind::Call).filter(|&at| entries[at].callers == Callers::Anyone).collect();
    let privileged: Vec<usize> = of_kind(EntryKind::Call).filter(|at| !public.contains(at)).collect();
    // A privileged call matters to everybody if it holds back what everybody may call.
    let holds_back =
        |&at: &usize| public.iter().any(|&other| judged.verdicts.pair(at, other).kind != VerdictKind::Never);
    let mut kept: BTreeSet<usize> = privileged.iter().copied().filter(holds_back).collect();
    if kept.len() > PRIVILEGED_ROWS {
        kept.clear();
    }
    if all {
        return Rows { shown: listed.to_vec(), privileged: 0, views: 0 };
    }
    let shown = listed
        .iter()
        .copied()
        .filter(|at| public.contains(at) || kept.contains(at) || entries[*at].kind == EntryKind::Callback)
        .collect();
    Rows { shown, privileged: privileged.len() - kept.len(), views: of_kind(EntryKind::View).count() }
}

fn table(judged: &Judged<'_>, all: bool, out: &mut String) {
    let (contract, chain) = (judged.contract, judged.chain);
    let listed = judged.verdicts.listed();
    let count = |kind: EntryKind| listed.iter().filter(|&&at| contract.entries[at].kind == kind).count();
    let noun = contract.entry_noun.as_str();
    let view = view_noun(judged);
    let accounts = contract.entries.iter().any(|entry| entry.accounts.is_some());
    let mut parts = vec![plural(count(EntryKind::Call), noun)];
    if count(EntryKind::View) > 0 {
        parts.push(plural(count(EntryKind::View), view));
    }
    // `MEMBERS.changelog` is a part of MEMBERS to whoever wrote it.
    let part =
        |name: &str| name.rsplit_once('.').is_some_and(|(of, _)| contract.cells.iter().any(|cell| cell.name == of));
    let stored = contract.cells.iter().filter(|cell| !cell.implicit && !part(&cell.name)).count();
    parts.push(if accounts { plural(stored, "account") } else { plural(stored, "stored item") });
    let title = if contract.name == contract.package {
        format!("{} {}", contract.package, contract.package_version)
    } else {
        format!("{} ({} {})", contract.name, contract.package, contract.package_version)
    };
    let _ = writeln!(out, "{title} · {} · {}\n", contract.framework_title, parts.join(", "));
    if !chain.parallel_today {
        let today = chain.today.replace("Chains of this kind", &format!("{} chains", contract.framework_title));
        let _ = writeln!(out, "  {today}");
        let _ = writeln!(
            out,
            "  None of this slows you down now; what it costs today is {}. For a chain that locks by {} (`--chain {}`):\n",
            chain.nouns.cost, chain.nouns.unit, chain.id
        );
    }
    let rows = rows(judged, all);
    let mut head = vec![noun, "two at the same time?"];
    if accounts {
        head.push("write locks");
    }
    head.push("who may call");
    let mut table = Table::new(&head);
    for &at in &rows.shown {
        let entry = &contract.entries[at];
        let own = judged.verdicts.pair(at, at);
        let mut row = vec![judged.name(at).to_owned()];
        row.push(match entry.kind {
            EntryKind::View => "always".to_owned(),
            _ => words::class(contract, chain, entry, judged.verdicts.class(at), own),
        });
        if accounts {
            row.push(locks(judged, at));
        }
        row.push(callers(&entry.callers, entry.kind));
        table.row(row);
    }
    if rows.views > 0 {
        table.row(vec![plural_noun(view), "always".to_owned()]);
    }
    out.push_str(&table.render());
    if rows.privileged > 0 {
        let _ = writeln!(out, "  {} (--all shows them)", plural(rows.privileged, &format!("admin {noun}")));
    }
}

/// `query` where the contract calls them so, else `view`.
fn view_noun(judged: &Judged<'_>) -> &'static str {
    let query = judged.contract.entries.iter().any(|entry| entry.name.starts_with("query"));
    if query { "query" } else { "view" }
}

/// `4, 1 needless`: declared write locks, and those the code has no use for.
fn locks(judged: &Judged<'_>, at: usize) -> String {
    use crosslane_analyzer::ir::Written;
    let accounts = judged.contract.entries[at].accounts.as_deref().unwrap_or_default();
    let n = accounts.iter().filter(|account| account.writable).count();
    let needless = accounts.iter().filter(|account| account.writable && account.written == Written::No).count();
    if needless > 0 { format!("{n}, {needless} needless") } else { n.to_string() }
}

/// Who may call, in words.
fn callers(callers: &Callers, kind: EntryKind) -> String {
    match (callers, kind) {
        (Callers::Address(place), _) => match place.rsplit_once('.') {
            Some((_, field)) => format!("the {} only", field.replace('_', " ")),
            None => format!("the address in {place} only"),
        },
        (Callers::Some, _) => "some only: by a check that is not understood".to_owned(),
        (Callers::Role(place), _) => format!("those in {place} only"),
        (Callers::Anyone, EntryKind::System | EntryKind::Callback) => "the chain".to_owned(),
        (Callers::Anyone, _) => "anyone".to_owned(),
    }
}

/// `1 message`, `3 queries`.
pub(crate) fn plural(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {}", plural_noun(noun)) }
}

fn plural_noun(noun: &str) -> String {
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o']) => format!("{stem}ies"),
        _ => format!("{noun}s"),
    }
}

/// The last line: findings, how much could run side by side, what is not known.
pub(crate) fn summary(report: &UnitReport<'_>) -> anyhow::Result<String> {
    let unit = report.unit;
    if unit.analysis.contracts.is_empty() {
        return Ok(String::new());
    }
    let mut parts = Vec::new();
    let count = |level: Level| report.findings.iter().filter(|finding| finding.level == level).count();
    let today =
        report.findings.iter().filter(|it| it.notes.iter().any(|note| note.kind == NoteKind::EffectToday)).count();
    for (level, noun) in [(Level::Deny, "error"), (Level::Warn, "warning"), (Level::Note, "note")] {
        if count(level) > 0 {
            parts.push(plural(count(level), noun));
        }
    }
    match (parts.is_empty(), today) {
        (true, _) => parts.push("no findings".to_owned()),
        (false, 0) => {}
        (false, 1) => parts.push("1 finding costs something today".to_owned()),
        (false, n) => parts.push(format!("{n} findings cost something today")),
    }
    let (mut side_by_side, mut public, mut unknown) = (0, 0, 0);
    let (mut noun, mut verb) = ("message", "can");
    for contract in &unit.analysis.contracts {
        let judged = Judged::new(unit, contract)?;
        noun = &contract.entry_noun;
        verb = if judged.chain.parallel_today { "can" } else { "could" };
        for &at in judged.verdicts.listed() {
            let entry = &contract.entries[at];
            unknown += usize::from(!entry.unknowns.is_empty());
            if entry.kind == EntryKind::Call && entry.callers == Callers::Anyone {
                public += 1;
                let class = judged.verdicts.class(at);
                side_by_side += usize::from(matches!(class, Class::Parallel | Class::Sharded { .. }));
            }
        }
    }
    parts.push(format!("{side_by_side} of {} {verb} run side by side", plural(public, &format!("public {noun}"))));
    parts.push(match unknown {
        0 => "nothing unknown".to_owned(),
        n => format!("{} with something unknown", plural(n, "entry point")),
    });
    let mut text = format!("{}\n", parts.join(" · "));
    if report.hidden > 0 {
        let _ = writeln!(text, "{} hidden by the baseline", plural(report.hidden, "known finding"));
    }
    if !report.stale.is_empty() {
        let _ = writeln!(
            text,
            "in the baseline and no longer found: {} (`cargo crosslane baseline prune`)",
            report.stale.join(", ")
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token() {
        let unit = crate::testing::token();
        insta::assert_snapshot!("folded", render(&unit, false).unwrap());
        insta::assert_snapshot!("all", render(&unit, true).unwrap());
        let report = UnitReport {
            unit: &unit,
            findings: Vec::new(),
            folds: Vec::new(),
            hidden: 2,
            stale: vec!["XL102 TOTAL".to_owned()],
        };
        insta::assert_snapshot!("summary", summary(&report).unwrap());
    }

    #[test]
    fn plurals() {
        assert_eq!(
            [plural(1, "query"), plural(2, "query"), plural(0, "message"), plural(2, "key")],
            ["1 query", "2 queries", "0 messages", "2 keys"]
        );
    }
}
