//! A list or map stored as one value: changing one element writes them all.
//!
//! ## What it does
//! Finds a list or map stored as one value (or as a field of one) at a key that is the same in every call, which a
//! message that anyone may send changes. The message must also change something kept for its sender or argument: one that
//! does nothing else is taken to be a setting, such as a list of administrators.
//!
//! ## Why it costs
//! Calls that touch different elements meet at the one key, and each pays for reading and writing all elements. The cost
//! grows with every element that is added, until the call no longer fits into a block.
//!
//! ## Example
//! ```rust,ignore
//! const MEMBERS: Item<Vec<Addr>> = Item::new("members");
//!
//! pub fn join(..) { MEMBERS.update(deps.storage, |mut m| { m.push(info.sender); Ok::<_, StdError>(m) })?; }
//! ```
//!
//! ## Use instead
//! One key for each element.
//!
//! ```rust,ignore
//! const MEMBERS: Map<&Addr, Empty> = Map::new("members");
//!
//! pub fn join(..) { MEMBERS.save(deps.storage, &info.sender, &Empty {})?; }
//! ```
//!
//! ## When to allow it
//! When the number of elements has a small limit and they are always needed together.
//! `// crosslane: allow(collection-in-cell) at most five signers`
//!
//! ## Upgrading a deployed contract
//! The map starts empty: the migration must write one key for each element of the old list. If that does not fit into one
//! call, read the old list as well until all elements have moved.

use super::shapes::{Hot, Shape};
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};

pub(crate) struct CollectionInCell;

impl Lint for CollectionInCell {
    type Hit = Hot;

    const INFO: LintInfo =
        info!("XL107", "collection-in-cell", "collection_in_cell.rs", "a list or map stored as one value");

    fn look(cx: &Cx<'_>) -> Vec<Hot> {
        cx.hot(Shape::Collection)
    }

    fn say(cx: &Cx<'_>, hit: &Hot) -> Finding {
        let first = hit.writers[0];
        let message = format!("every {} writes the whole list in {}", cx.name(first.entry), cx.place(first));
        let finding = say::finding::<Self>(cx, message, cx.access(first).span, "all elements, in every call");
        let mut finding = cx
            .hot_notes(finding, hit, "writes it too")
            .maybe(NoteKind::ReadBy, cx.read_by(hit.cell))
            .note(NoteKind::Budget, "each call reads and writes all elements, so it costs more with every one that is added");
        finding.fix = say::by_hand(format!("a map with one {} for each element", cx.words.unit), Upgrade::Migration);
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, record};
    use crate::ir::{Mode, Term, Type};

    #[test]
    fn a_list() {
        let list = Type::List(Box::new(Type::Text));
        let report = Build::new()
            .item("MEMBERS", list)
            .map("SINCE", Type::Text)
            .entry("join")
            .at("SINCE", &[Term::Caller], Mode::Write)
            .update("MEMBERS")
            .run("XL107");
        insta::assert_snapshot!(report);
    }

    #[test]
    fn a_field_and_silence() {
        let list = Type::List(Box::new(Type::Text));
        let state = record("State", &[("members", list.clone()), ("name", Type::Text)]);
        let field = Build::new()
            .item("STATE", state.clone())
            .map("SINCE", Type::Text)
            .entry("join")
            .at("SINCE", &[Term::Caller], Mode::Write)
            .update("STATE")
            .field("members");
        assert!(field.run("XL107").contains("`STATE.members`"));
        let other = Build::new().item("STATE", state).entry("rename").update("STATE").field("name");
        assert_eq!(other.run("XL107"), "");
        let keyed = Build::new().map("LISTS", list).entry("join").at("LISTS", &[Term::Caller], Mode::Update);
        assert_eq!(keyed.run("XL107"), "");
    }
}
