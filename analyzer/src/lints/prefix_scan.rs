//! A message reads through a whole map that other messages change.
//!
//! ## What it does
//! Finds messages that anyone may send which read all entries of a map (or all below a prefix that is the same in every
//! call), where another such message changes an entry of it. Views are free to scan.
//!
//! ## Why it costs
//! A scan depends on every entry, so it meets every call that changes one. Its own cost grows with the map, until it no
//! longer fits into a block.
//!
//! ## Example
//! ```rust,ignore
//! pub fn distribute(deps: DepsMut) -> StdResult<Response> {
//!     for stake in STAKES.range(deps.storage, None, None, Order::Ascending) { .. }
//! }
//! ```
//!
//! ## Use instead
//! Settle later: keep one running index (reward per share) and let everyone's own call settle the difference. Or let the
//! call name the entries it works on.
//!
//! ```rust,ignore
//! pub fn distribute(.., stakers: Vec<String>) -> StdResult<Response> { .. }
//! ```
//!
//! ## When to allow it
//! When the map has a small limit.
//! `// crosslane: allow(prefix-scan) at most twenty validators`
//!
//! ## Upgrading a deployed contract
//! An index starts at zero for everyone: write each account's start value in the migration or at its next call.

use super::facts::{At, fixed, own, writes};
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};
use crate::ir::{Mode, Term};

pub(crate) struct PrefixScan;

/// A scan and a change below it.
pub(crate) struct Hit {
    scan: At,
    changes: Vec<At>,
}

impl Lint for PrefixScan {
    type Hit = Hit;

    const INFO: LintInfo =
        info!("XL112", "prefix-scan", "prefix_scan.rs", "a message reads through a map that other messages change");

    fn look(cx: &Cx<'_>) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        for (cell, _) in cx.named_cells() {
            let all = cx.accesses_of(&cx.public, cell);
            let scans: Vec<At> = all.iter().copied().filter(|at| cx.access(*at).mode == Mode::Scan && open(cx, *at)).collect();
            for scan in cx.one_per_entry(&scans) {
                let mut changes = all.clone();
                changes.retain(|&at| {
                    let access = cx.access(at);
                    at.entry != scan.entry && own(access) && writes(access.mode) && !access.implicit
                });
                let changes = cx.one_per_entry(&changes);
                if !changes.is_empty() {
                    hits.push(Hit { scan, changes });
                }
            }
        }
        // A container's list of keys is read with the container.
        let told: Vec<(usize, &str)> = hits.iter().filter_map(|hit| Some((hit.scan.entry, cx.cell(cx.access(hit.scan).cell)?.name.as_str()))).collect();
        hits.retain(|hit| {
            let owner = cx.cell(cx.access(hit.scan).cell).and_then(|cell| cx.owner(cell));
            owner.is_none_or(|owner| !told.contains(&(hit.scan.entry, owner.name.as_str())))
        });
        hits
    }

    fn say(cx: &Cx<'_>, hit: &Hit) -> Finding {
        let access = cx.access(hit.scan);
        let cell = cx.cell_name(access.cell);
        let changers: Vec<usize> = hit.changes.iter().map(|at| at.entry).collect();
        let verb = if changers.len() == 1 { "changes" } else { "change" };
        let message = format!("{} reads through {cell}, which {} {verb}", cx.name(hit.scan.entry), cx.names(&changers));
        let finding = say::finding::<Self>(cx, message, access.span, "depends on every entry")
            .about(cx, access.cell)
            .of(cx, [hit.scan.entry])
            .also(cx, &hit.changes, "changes an entry");
        let mut finding = cx
            .effect_on_readers(finding, &changers, &[hit.scan.entry])
            .note(NoteKind::Budget, "the call costs more with every entry that is added");
        finding.fix =
            say::by_hand("settle at each account's own next call, or let the call name the entries", Upgrade::Client);
        finding
    }
}

/// True when what stands before the open end of a scan's key is the same in every call.
fn open(cx: &Cx<'_>, at: At) -> bool {
    let access = cx.access(at);
    let before = access.key.iter().filter(|term| !matches!(term, Term::Prefix(_)));
    own(access) && before.clone().all(fixed)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, uint};
    use crate::ir::{Mode, Term};

    #[test]
    fn a_distribution() {
        let report = Build::new()
            .map("STAKES", uint(128))
            .entry("distribute")
            .at("STAKES", &[Term::Prefix(Vec::new())], Mode::Scan)
            .entry("stake")
            .at("STAKES", &[Term::Caller], Mode::Update)
            .run("XL112");
        insta::assert_snapshot!(report);
    }

    #[test]
    fn silent() {
        let own = Build::new()
            .map("S", uint(128))
            .entry("claim")
            .at("S", &[Term::Caller, Term::Prefix(Vec::new())], Mode::Scan)
            .entry("stake")
            .at("S", &[Term::Caller], Mode::Update);
        assert_eq!(own.run("XL112"), "");
        let view = Build::new()
            .map("S", uint(128))
            .entry("stake")
            .at("S", &[Term::Caller], Mode::Update)
            .view("all")
            .at("S", &[Term::Prefix(Vec::new())], Mode::Scan);
        assert_eq!(view.run("XL112"), "");
        let nobody = Build::new().map("S", uint(128)).entry("sum").at("S", &[Term::Prefix(Vec::new())], Mode::Scan);
        assert_eq!(nobody.run("XL112"), "");
    }
}
