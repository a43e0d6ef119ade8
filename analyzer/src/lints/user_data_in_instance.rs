//! Data of single users is stored inside an entry that every call of the contract reads.
//!
//! ## What it does
//! Finds values with a key of their own (per user, per id) that are stored inside a unit which every call touches, and
//! that a message which anyone may send writes.
//!
//! ## Why it costs
//! As with [instance-write](instance-write.md), every write makes all other calls queue. Besides, the entry grows with
//! every user, every call loads all of it, and one day it reaches the chain's limit: from then on the contract is stuck.
//!
//! ## Example
//! ```rust,ignore
//! e.storage().instance().set(&Key::Balance(user), &amount);
//! ```
//!
//! ## Use instead
//! ```rust,ignore
//! e.storage().persistent().set(&Key::Balance(user), &amount);
//! ```
//!
//! ## When to allow it
//! When there are a handful of such keys and only an administrator adds to them.
//! `// crosslane: allow(user-data-in-instance) three fixed pools`
//!
//! ## Upgrading a deployed contract
//! The old values are NOT read from the new place. Copy each at its owner's next call (look in the new place first, then
//! in the old one), or all of them in the upgrade if they fit into one call.

use super::instance_write::{Hit, hits};
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};

pub(crate) struct UserDataInInstance;

impl Lint for UserDataInInstance {
    type Hit = Hit;

    const INFO: LintInfo = info!(
        "XL402",
        "user-data-in-instance",
        "user_data_in_instance.rs",
        "data of single users inside an entry that every call reads"
    );

    fn look(cx: &Cx<'_>) -> Vec<Hit> {
        hits(cx, |cx, cell| cx.cell(cell).is_some_and(|cell| cell.unit.kind == "entry" && !cell.keys.is_empty()))
    }

    fn say(cx: &Cx<'_>, hit: &Hit) -> Finding {
        let first = hit.writers[0];
        let entries: Vec<usize> = hit.writers.iter().map(|at| at.entry).collect();
        let message = format!("{} keeps data of single callers in an entry that every call reads", cx.cell_name(hit.cell));
        let finding = say::finding::<Self>(cx, message, cx.access(first).span, "all of them in one entry")
            .about(cx, hit.cell)
            .of(cx, entries.iter().copied())
            .also(cx, &hit.writers[1..], "writes there, too");
        let text = format!("a call of {} and all other calls of this contract {}", cx.names(&entries), cx.words.clash);
        let mut finding = cx
            .effect_text(finding, text)
            .note(NoteKind::Budget, "the entry grows with every key and every call loads all of it")
            .maybe(NoteKind::ReadBy, cx.read_by(hit.cell))
            .note(
                NoteKind::Deployed,
                format!("old values are not read from the new place; cargo crosslane explain {} --migration", Self::INFO.code),
            );
        finding.fix = say::by_hand(format!("one {} for each key", cx.words.unit), Upgrade::Migration);
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, uint};
    use crate::ir::{Mode, Term};

    #[test]
    fn silent_for_keys_of_their_own() {
        // Where it speaks is tested beside `instance-write`, which shares the search.
        let built = Build::new().chain("soroban").map("B", uint(64)).entry("a").at("B", &[Term::Caller], Mode::Write);
        assert_eq!(built.run("XL402"), "");
    }
}
