//! A container that counts its entries: every insertion meets every other at the length.
//!
//! ## What it does
//! Finds the length that a container keeps of itself (`USERS.len`) and that a message which anyone may send changes.
//!
//! ## Why it costs
//! Entries of different keys are independent, the length is not.
//!
//! ## Example
//! ```rust,ignore
//! users: UnorderedMap<AccountId, User>, // keeps a length and a list of keys
//! self.users.insert(&env::predecessor_account_id(), &user);
//! ```
//!
//! ## Use instead
//! A container that keeps nothing but its entries.
//!
//! ```rust,ignore
//! users: LookupMap<AccountId, User>,
//! ```
//!
//! ## When to allow it
//! When a message needs the length, or insertions are rare.
//! `// crosslane: allow(counted-map) ten validators at most`
//!
//! ## Upgrading a deployed contract
//! Containers of another kind keep their entries under other keys: entries must be moved, or the old container stays for
//! old entries and is asked second.

use super::shapes::{self, Hot, Shape};
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};

pub(crate) struct CountedMap;

impl Lint for CountedMap {
    type Hit = Hot;

    const INFO: LintInfo = info!("XL108", "counted-map", "counted_map.rs", "a container that counts its entries");

    fn look(cx: &Cx<'_>) -> Vec<Hot> {
        cx.hot(Shape::ContainerCount)
    }

    fn say(cx: &Cx<'_>, hit: &Hot) -> Finding {
        let first = hit.writers[0];
        let owner = shapes::container(cx, hit.cell).map_or("it", |cell| cell.name.as_str());
        let message = format!("every {} changes the length that `{owner}` keeps", cx.name(first.entry));
        let finding = say::finding::<Self>(cx, message, cx.access(first).span, "counts its entries");
        let mut finding = cx.hot_notes(finding, hit, "changes it too").maybe(NoteKind::ReadBy, cx.read_by(hit.cell));
        if cx.unread_by_others(hit) {
            finding.fix = say::by_hand("use a map that keeps nothing but its entries", Upgrade::Migration);
        }
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, uint};
    use crate::ir::{Mode, Term, Type};

    #[test]
    fn a_length() {
        let report = Build::new()
            .map("users", Type::Text)
            .item("users.len", uint(32))
            .entry("join")
            .at("users", &[Term::Caller], Mode::Write)
            .update("users.len")
            .run("XL108");
        insta::assert_snapshot!(report);
    }

    #[test]
    fn a_count_with_a_name_of_its_own() {
        let span = crate::ir::Span { file: crate::ir::FileId(0), lo: 3, hi: 9 };
        let report = Build::new()
            .map("Names", uint(32))
            .with_cell(|cell| cell.span = span)
            .item("CounterForNames", uint(32))
            .with_cell(|cell| cell.span = span)
            .entry("register")
            .at("Names", &[Term::Caller], Mode::Update)
            .update("CounterForNames")
            .run("XL108");
        assert!(report.contains("every `register` changes the length that `Names` keeps"), "{report}");
    }

    #[test]
    fn one_constant_that_holds_all_storage_is_no_container() {
        let span = crate::ir::Span { file: crate::ir::FileId(0), lo: 3, hi: 9 };
        let built = Build::new()
            .map("limits", uint(128))
            .with_cell(|cell| cell.span = span)
            .item("factor", uint(128))
            .with_cell(|cell| cell.span = span)
            .item("pool", uint(128))
            .with_cell(|cell| cell.span = span)
            .entry("rescale")
            .at("limits", &[Term::Caller], Mode::Write)
            .update("factor");
        assert_eq!(built.run("XL108"), "");
    }

    #[test]
    fn a_history_is_not_counted() {
        let span = crate::ir::Span { file: crate::ir::FileId(0), lo: 3, hi: 9 };
        let built = Build::new()
            .item("TOTAL", uint(128))
            .with_cell(|cell| cell.span = span)
            .map("TOTAL.changelog", uint(128))
            .with_cell(|cell| cell.span = span)
            .entry("stake")
            .update("TOTAL");
        assert_eq!(built.run("XL108"), "");
    }

    #[test]
    fn silent_when_it_belongs_to_nothing() {
        let built = Build::new().item("users.len", uint(32)).entry("join").update("users.len");
        assert_eq!(built.run("XL108"), "");
    }
}
