//! A message writes an entry that every call of the contract reads.
//!
//! ## What it does
//! Finds writes of messages that anyone may send to a value that is stored inside a unit which every call of the contract
//! touches by itself, such as a contract's instance entry.
//!
//! ## Why it costs
//! Readers share, a writer does not. One call that writes the instance makes every other call of the contract queue with
//! it, whatever that call is about.
//!
//! ## Example
//! ```rust,ignore
//! e.storage().instance().set(&Key::TotalSupply, &total); // one ledger entry with everything else in the instance
//! ```
//!
//! ## Use instead
//! An entry of its own, or no total at all: emit events and let an indexer add up.
//!
//! ```rust,ignore
//! e.storage().persistent().set(&Key::TotalSupply, &total);
//! ```
//!
//! ## When to allow it
//! When all calls meet anyway, as at the reserves of a single pool.
//! `// crosslane: allow(instance-write) every call changes the reserves`
//!
//! ## Upgrading a deployed contract
//! The old value is NOT read from the new place: a total would read 0, and what is checked against it would fail or pass
//! wrongly. Copy it in the upgrade, before any other call, and remove it from the old place.

use super::facts::{At, Cx, own, writes};
use super::{Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};
use crate::ir::{CellId, Mode, Term};

pub(crate) struct InstanceWrite;

/// A cell inside a unit that every call touches, and its writers, one access for each.
pub(crate) struct Hit {
    pub(super) cell: CellId,
    pub(super) writers: Vec<At>,
}

impl Lint for InstanceWrite {
    type Hit = Hit;

    const INFO: LintInfo =
        info!("XL401", "instance-write", "instance_write.rs", "a write to an entry that every call of the contract reads");

    fn look(cx: &Cx<'_>) -> Vec<Hit> {
        let mut hits = hits(cx, |cx, cell| cx.cell(cell).is_some_and(|cell| cell.unit.kind == "entry" && cell.keys.is_empty()));
        // All calls meet anyway: nothing is gained by moving it.
        hits.retain(|hit| cx.public.iter().any(|entry| hit.writers.iter().all(|at| at.entry != *entry)));
        // Who sets a value and does nothing for its sender sets up the contract, once or rarely.
        hits.retain(|hit| {
            let counts = |at: &At| cx.is_number(cx.access(*at)) && matches!(cx.access(*at).mode, Mode::Update | Mode::Commute);
            hit.writers.iter().any(|at| counts(at) || (cx.serves_sender(at.entry) && !cx.sets_up(at.entry)))
        });
        hits
    }

    fn say(cx: &Cx<'_>, hit: &Hit) -> Finding {
        let first = hit.writers[0];
        let entries: Vec<usize> = hit.writers.iter().map(|at| at.entry).collect();
        let message =
            format!("{} writes {} into an entry that every call of this contract reads", cx.name(first.entry), cx.place(first));
        let label = format!("one {} with everything else that is kept there", cx.words.unit);
        let finding = say::finding::<Self>(cx, message, cx.access(first).span, &label)
            .about(cx, hit.cell)
            .of(cx, entries.iter().copied())
            .also(cx, &hit.writers[1..], "writes it too");
        let text = format!("a call of {} and all other calls of this contract {}", cx.names(&entries), cx.words.clash);
        let mut finding = cx.effect_text(finding, text).maybe(NoteKind::ReadBy, cx.read_by(hit.cell)).note(
            NoteKind::Deployed,
            format!("the old value is not read from the new place; cargo crosslane explain {} --migration", Self::INFO.code),
        );
        finding.fix = if cx.unread_by_calls(hit.cell) {
            say::by_hand("delete it, emit events and let an indexer add up", Upgrade::Client)
        } else {
            say::by_hand(format!("a {} of its own", cx.words.unit), Upgrade::Migration)
        };
        finding
    }
}

/// Cells of a unit that every entry point touches by itself, which pass a test, with their public writers.
pub(super) fn hits(cx: &Cx<'_>, wanted: impl Fn(&Cx<'_>, CellId) -> bool) -> Vec<Hit> {
    let mut found = Vec::new();
    for (id, cell) in cx.named_cells() {
        if cell.unit.id == "own" || !wanted(cx, id) || !everyone_touches(cx, &cell.unit.id) {
            continue;
        }
        let mut writers = cx.accesses_of(&cx.public, id);
        writers.retain(|&at| own(cx.access(at)) && writes(cx.access(at).mode));
        let writers = cx.one_per_entry(&writers);
        if !writers.is_empty() {
            found.push(Hit { cell: id, writers });
        }
    }
    found
}

/// True when every message touches a unit without a line that says so.
fn everyone_touches(cx: &Cx<'_>, unit: &str) -> bool {
    !cx.calls.is_empty()
        && cx.calls.iter().all(|&entry| {
            cx.entry(entry).accesses.iter().any(|access| {
                access.implicit
                    && matches!(access.at, None | Some(Term::SelfAddr))
                    && cx.cell(access.cell).is_some_and(|cell| cell.unit.id == unit)
            })
        })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, uint};
    use crate::ir::{Mode, Term, Type, Unit};

    /// A contract whose every call reads `<instance>`, with one more cell in the same unit.
    fn built(key: &[Type]) -> Build {
        let unit = || Unit { kind: "entry".to_owned(), id: "<instance>".to_owned() };
        Build::new()
            .chain("soroban")
            .item("<instance>", Type::Bool)
            .with_cell(|cell| {
                cell.implicit = true;
                cell.unit = unit();
            })
            .cell("TotalSupply", key, uint(128))
            .with_cell(|cell| cell.unit = unit())
            .entry("transfer")
            .read("<instance>")
            .with(|access| access.implicit = true)
            .entry("mint")
            .read("<instance>")
            .with(|access| access.implicit = true)
    }

    #[test]
    fn a_total_in_the_instance() {
        insta::assert_snapshot!(built(&[]).update("TotalSupply").run("XL401"));
    }

    #[test]
    fn user_data_is_another_lint() {
        let keyed = |built: Build| built.at("TotalSupply", &[Term::Caller], Mode::Update);
        assert_eq!(keyed(built(&[Type::Text])).run("XL401"), "");
        insta::assert_snapshot!(keyed(built(&[Type::Text])).run("XL402"));
    }

    #[test]
    fn who_only_sets_up_is_no_traffic() {
        let set = |built: Build| built.entry("init").read("<instance>").with(|access| access.implicit = true).at("TotalSupply", &[], Mode::Write);
        assert_eq!(set(built(&[])).run("XL401"), "");
        let serving = set(built(&[]).map("HELD", uint(64))).at("HELD", &[Term::Caller], Mode::Write);
        assert!(serving.run("XL401").contains("`init` writes"), "{}", set(built(&[])).run("XL401"));
    }

    #[test]
    fn silent() {
        assert_eq!(built(&[]).read("TotalSupply").run("XL401"), "");
        assert_eq!(built(&[]).admin().update("TotalSupply").run("XL401"), "");
    }
}
