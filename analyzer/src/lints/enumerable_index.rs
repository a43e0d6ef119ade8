//! A list of everything, kept on chain so that somebody can page through it.
//!
//! ## What it does
//! Finds a number at a fixed key that a message uses as the position in a list, where the thing that stands there is only
//! a pointer and the same call keeps the thing itself under a name of its own.
//!
//! ## Why it costs
//! The thing's own key depends on the call alone; the position depends on every call before. Two calls that make or remove
//! things meet at the length of the list, and removal by swapping touches a stranger's entry.
//!
//! ## Example
//! ```rust,ignore
//! let n = COUNT.load(deps.storage)?;
//! ALL.save(deps.storage, n, &token_id)?;     // position n
//! COUNT.save(deps.storage, &(n + 1))?;
//! TOKENS.save(deps.storage, &token_id, &token)?; // the thing itself
//! ```
//!
//! ## Use instead
//! Drop the list: page over the map by key, or list from events.
//!
//! ```rust,ignore
//! TOKENS.save(deps.storage, &token_id, &token)?;
//! ```
//!
//! ## When to allow it
//! When another contract must be able to walk the list.
//! `// crosslane: allow(enumerable-index) the registry contract walks it`
//!
//! ## Upgrading a deployed contract
//! Old positions stay where they are and go out of date; queries that page by position must change in the same upgrade.

use super::shapes::{Hot, Shape};
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};

pub(crate) struct EnumerableIndex;

impl Lint for EnumerableIndex {
    type Hit = Hot;

    const INFO: LintInfo =
        info!("XL109", "enumerable-index", "enumerable_index.rs", "a list of everything, kept so that it can be paged");

    fn look(cx: &Cx<'_>) -> Vec<Hot> {
        cx.hot(Shape::Index)
    }

    fn say(cx: &Cx<'_>, hit: &Hot) -> Finding {
        let first = hit.writers[0];
        let position = cx.numbers_keys(first);
        let list = position.map_or_else(|| "a list".to_owned(), |at| cx.cell_name(cx.access(at).cell));
        let message = format!("every {} appends to the list {list}, at a position counted in {}", cx.name(first.entry), cx.place(first));
        let mut finding = say::finding::<Self>(cx, message, cx.access(first).span, "the same place in every call");
        let mut readers = cx.read_by(hit.cell);
        if let Some(at) = position {
            finding = finding.label(cx.access(at).span, "this key depends on every call before");
            readers = cx.read_by(cx.access(at).cell);
        }
        let mut finding = cx.hot_notes(finding, hit, "changes it too").maybe(NoteKind::ReadBy, readers);
        finding.fix = say::by_hand(
            format!("drop {list}; page over the things themselves, or list them from events"),
            Upgrade::Client,
        );
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, arg, load, record, uint};
    use crate::ir::{Mode, Type};

    #[test]
    fn positions() {
        let token = record("Token", &[("owner", Type::Text)]);
        let report = Build::new()
            .item("COUNT", uint(64))
            .cell("ALL", &[uint(64)], Type::Text)
            .cell("TOKENS", &[Type::Text], token)
            .entry("mint")
            .update("COUNT")
            .at("ALL", &[load(0)], Mode::Write)
            .at("TOKENS", &[arg("token_id")], Mode::Write)
            .view("all")
            .at("ALL", &[], Mode::Scan)
            .run("XL109");
        insta::assert_snapshot!(report);
    }

    #[test]
    fn a_numbered_thing_is_a_sequence() {
        let built = Build::new()
            .item("COUNT", uint(64))
            .cell("ALL", &[uint(64)], record("Order", &[("x", Type::Text)]))
            .entry("order")
            .update("COUNT")
            .at("ALL", &[load(0)], Mode::Write);
        assert_eq!(built.codes(), ["XL115"]);
    }
}
