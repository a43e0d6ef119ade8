//! A single value stored inside the contract's root record, which every call loads and every changing call writes back.
//!
//! ## What it does
//! Finds values inside the root record that a message which anyone may send changes, where another such message needs
//! nothing else from the root.
//!
//! ## Why it costs
//! The root record is read and decoded in every call and written back in full by every call that may change it, so a
//! counter in it is paid for by all.
//!
//! ## Example
//! ```rust,ignore
//! #[near(contract_state)]
//! pub struct Game { played: u64, scores: LookupMap<AccountId, u64> } // `played` is in the root, `scores` is not
//! ```
//!
//! ## Use instead
//! A key of its own for what changes in each call, or an event.
//!
//! ```rust,ignore
//! pub struct Game { played: Lazy<u64>, scores: LookupMap<AccountId, u64> }
//! ```
//!
//! ## When to allow it
//! When the root is small and most calls change the value anyway.
//! `// crosslane: allow(root-resident-scalar) the root is 40 bytes`
//!
//! ## Upgrading a deployed contract
//! The root's encoding changes: a migration must read the old record, write the new one and the new key, in one call.

use super::instance_write::{Hit, hits};
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};

pub(crate) struct RootResidentScalar;

impl Lint for RootResidentScalar {
    type Hit = Hit;

    const INFO: LintInfo =
        info!("XL601", "root-resident-scalar", "root_resident_scalar.rs", "a value in the root record that calls change");

    fn look(cx: &Cx<'_>) -> Vec<Hit> {
        let mut hits = hits(cx, |cx, cell| {
            cx.cell(cell).is_some_and(|cell| {
                matches!(cell.unit.kind.as_str(), "key" | "contract" | "root") && cell.keys.is_empty()
            })
        });
        hits.retain(|hit| {
            let first = hit.writers[0];
            let number = cx.is_number(cx.access(first));
            number && cx.public.iter().any(|entry| hit.writers.iter().all(|at| at.entry != *entry))
        });
        hits
    }

    fn say(cx: &Cx<'_>, hit: &Hit) -> Finding {
        let first = hit.writers[0];
        let entries: Vec<usize> = hit.writers.iter().map(|at| at.entry).collect();
        let message = format!("{} changes {}, which is part of the root record", cx.name(first.entry), cx.place(first));
        let mut finding = say::finding::<Self>(cx, message, cx.access(first).span, "writes the whole record back")
            .about(cx, hit.cell)
            .of(cx, entries.iter().copied())
            .also(cx, &hit.writers[1..], "changes it too")
            .note(NoteKind::EffectToday, format!("{}; every call reads the record, and these write all of it", cx.words.cost))
            .maybe(NoteKind::ReadBy, cx.read_by(hit.cell));
        finding.fix = if cx.unread_by_calls(hit.cell) {
            say::by_hand("delete it, emit an event and let an indexer count", Upgrade::Migration)
        } else {
            say::by_hand("a key of its own", Upgrade::Migration)
        };
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, uint};
    use crate::ir::{Cell, Mode, Term, Type, Unit};

    fn root(cell: &mut Cell) {
        cell.unit = Unit { kind: "key".to_owned(), id: "<root>".to_owned() };
    }

    #[test]
    fn a_counter_in_the_root() {
        let built = |mode| {
            let touch = |built: Build| built.read("<root>").with(|access| access.implicit = true);
            let built = Build::new()
                .chain("account-serial")
                .item("<root>", Type::Bool)
                .with_cell(|cell| {
                    cell.implicit = true;
                    root(cell);
                })
                .item("played", uint(64))
                .with_cell(root)
                .map("scores", uint(64));
            let built = touch(built.entry("rename")).at("scores", &[Term::Caller], Mode::Write);
            touch(built.entry("play")).at("played", &[], mode)
        };
        insta::assert_snapshot!(built(Mode::Update).run("XL601"));
        assert_eq!(built(Mode::Read).run("XL601"), "");
    }
}
