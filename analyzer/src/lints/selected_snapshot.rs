//! A map that keeps its history between chosen checkpoints: every write looks through the list of checkpoints.
//!
//! ## What it does
//! Finds maps with a list of checkpoints (`X.checkpoints`) that a message which anyone may send looks through when it
//! writes, and that another message adds to.
//!
//! ## Why it costs
//! Each write asks whether a checkpoint lies between the last change and now, so it depends on the whole list. Setting a
//! checkpoint meets every write of the map.
//!
//! ## Example
//! ```rust,ignore
//! const MEMBERS: SnapshotMap<&Addr, u64> =
//!     SnapshotMap::new("members", "members__check", "members__change", Strategy::Selected);
//! ```
//!
//! ## Use instead
//! Keep every change: no list is needed to decide.
//!
//! ```rust,ignore
//! SnapshotMap::new("members", "members__check", "members__change", Strategy::EveryBlock);
//! ```
//!
//! ## When to allow it
//! When values change often and checkpoints are rare: then keeping every change costs more.
//! `// crosslane: allow(selected-snapshot) one checkpoint a month`
//!
//! ## Upgrading a deployed contract
//! The history so far has gaps between checkpoints; queries for heights before the upgrade answer as before only at the
//! old checkpoints.

use super::facts::{At, Cx, observes, own, writes};
use super::{Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};
use crate::ir::{CellId, Mode};

pub(crate) struct SelectedSnapshot;

/// The list of checkpoints, who looks through it, who adds to it.
pub(crate) struct Hit {
    list: CellId,
    looks: Vec<At>,
    adds: At,
}

impl Lint for SelectedSnapshot {
    type Hit = Hit;

    const INFO: LintInfo =
        info!("XL114", "selected-snapshot", "selected_snapshot.rs", "a history whose every write looks through a list");

    fn look(cx: &Cx<'_>) -> Vec<Hit> {
        let mut hits = Vec::new();
        for (list, cell) in cx.named_cells() {
            if !cell.name.ends_with(".checkpoints") {
                continue;
            }
            let mut looks = cx.accesses_of(&cx.public, list);
            looks.retain(|&at| {
                let access = cx.access(at);
                own(access) && observes(access.mode) && matches!(access.mode, Mode::Scan | Mode::Probe)
            });
            let mut adds = cx.accesses_of(&cx.calls, list);
            adds.retain(|&at| writes(cx.access(at).mode));
            let looks = cx.one_per_entry(&looks);
            if let (Some(&adds), false) = (adds.first(), looks.is_empty()) {
                hits.push(Hit { list, looks, adds });
            }
        }
        hits
    }

    fn say(cx: &Cx<'_>, hit: &Hit) -> Finding {
        let first = hit.looks[0];
        let entries: Vec<usize> = hit.looks.iter().map(|at| at.entry).collect();
        let list = cx.cell_name(hit.list);
        let verb = if entries.len() == 1 { "looks" } else { "look" };
        let message =
            format!("{} {verb} through {list} at every write, and {} adds to it", cx.names(&entries), cx.name(hit.adds.entry));
        let finding = say::finding::<Self>(cx, message, cx.access(first).span, "depends on the whole list")
            .about(cx, hit.list)
            .of(cx, entries.iter().copied())
            .label(cx.access(hit.adds).span, format!("{} adds to it", cx.name(hit.adds.entry)));
        let mut finding = cx.effect_on_readers(finding, &[hit.adds.entry], &entries);
        finding = finding.note(NoteKind::Checked, "the list's key is the same for all entries of the map");
        finding.fix = say::by_hand("keep every change, so that no list decides", Upgrade::Migration);
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, uint};
    use crate::ir::{Mode, Term};

    #[test]
    fn a_list_of_checkpoints() {
        let built = || {
            Build::new()
                .map("MEMBERS", uint(64))
                .cell("MEMBERS.checkpoints", &[uint(64)], uint(32))
                .entry("bond")
                .at("MEMBERS.checkpoints", &[Term::Prefix(Vec::new())], Mode::Scan)
                .at("MEMBERS", &[Term::Caller], Mode::Update)
        };
        let height = Term::Env { name: "block.height".to_owned(), scope: crate::ir::EnvScope::Block };
        insta::assert_snapshot!(built().entry("snapshot").at("MEMBERS.checkpoints", &[height], Mode::Update).run("XL114"));
        assert_eq!(built().run("XL114"), "");
    }
}
