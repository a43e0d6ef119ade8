//! A linked list in storage: inserting or removing changes a neighbour that earlier calls chose.
//!
//! ## What it does
//! Finds writes of messages that anyone may send to a map at a key that is read from another entry of the same map.
//!
//! ## Why it costs
//! A call for one element writes the element beside it. Calls for different elements meet when these are neighbours, which
//! nobody can tell from the calls; where keys are announced, the second of two such calls fails.
//!
//! ## Example
//! ```rust,ignore
//! let node = NODES.load(deps.storage, id)?;
//! NODES.update(deps.storage, node.prev, |n| ..)?; // a stranger's entry
//! NODES.update(deps.storage, node.next, |n| ..)?;
//! ```
//!
//! ## Use instead
//! Keys that sort: the map is the list, and a range over it gives the order.
//!
//! ```rust,ignore
//! const NODES: Map<(u64, u64), Node> = Map::new("nodes"); // (rank, id)
//! ```
//!
//! ## When to allow it
//! When the list is short and only one party changes it.
//! `// crosslane: allow(linked-list) at most three entries`
//!
//! ## Upgrading a deployed contract
//! Elements must be written again under keys that sort, in the migration or each at its next use.

use super::facts::{At, loads, own, writes};
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};

pub(crate) struct LinkedList;

impl Lint for LinkedList {
    type Hit = At;

    const INFO: LintInfo =
        info!("XL111", "linked-list", "linked_list.rs", "a write at a key that is read from another entry of the same map");

    fn look(cx: &Cx<'_>) -> Vec<At> {
        let mut hits: Vec<At> = Vec::new();
        for (cell, value) in cx.named_cells() {
            if value.keys.is_empty() {
                continue;
            }
            let mut found = cx.accesses_of(&cx.public, cell);
            found.retain(|&at| {
                let access = cx.access(at);
                own(access) && writes(access.mode) && access.key.iter().any(|term| loads(term, cell))
            });
            hits.extend(cx.one_per_entry(&found));
        }
        hits
    }

    fn say(cx: &Cx<'_>, hit: &At) -> Finding {
        let access = cx.access(*hit);
        let cell = cx.cell_name(access.cell);
        let message = format!("{} writes an entry of {cell} that another entry of it points to", cx.name(hit.entry));
        let text = format!(
            "calls for different entries {} when these are neighbours, which the calls do not show",
            cx.words.clash
        );
        let finding = say::finding::<Self>(cx, message, access.span, "the key stands in the stored value")
            .about(cx, access.cell)
            .of(cx, [hit.entry]);
        let mut finding = cx.effect_text(finding, text).maybe(NoteKind::ReadBy, cx.read_by(access.cell));
        finding.fix = say::by_hand("keys that sort, so that a range gives the order", Upgrade::Migration);
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, arg, uint};
    use crate::ir::{CellId, Mode, Term};

    #[test]
    fn a_neighbour() {
        let next = Term::Load { cell: CellId(0), key: vec![arg("id")], field: vec!["next".to_owned()] };
        let report = Build::new()
            .cell("NODES", &[uint(64)], uint(64))
            .entry("remove")
            .at("NODES", &[arg("id")], Mode::Delete)
            .at("NODES", &[next], Mode::Update)
            .run("XL111");
        insta::assert_snapshot!(report);
    }

    #[test]
    fn silent_for_another_map() {
        let owner = Term::Load { cell: CellId(0), key: vec![arg("id")], field: Vec::new() };
        let built = Build::new()
            .cell("OWNER", &[uint(64)], uint(64))
            .cell("N", &[uint(64)], uint(64))
            .entry("a")
            .at("N", &[owner], Mode::Update);
        assert_eq!(built.run("XL111"), "");
    }
}
