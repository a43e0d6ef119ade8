//! An index over a field that messages change: every change moves an index row whose key depends on state.
//!
//! ## What it does
//! Finds rows that a message which anyone may send removes at a key made of a stored value and that value's own key, where
//! it also changes the value. It says so only if no message reads the index.
//!
//! ## Why it costs
//! A change of one thing is three writes: the thing, the old row, the new row. The old row's key depends on what the last
//! call stored, so keys cannot be told from the call; where keys are announced, the second of two such calls fails.
//!
//! ## Example
//! ```rust,ignore
//! struct TokenIndexes<'a> { owner: MultiIndex<'a, Addr, TokenInfo, String> }
//!
//! // writes the token, deletes the row of the old owner, writes the row of the new one
//! TOKENS.save(deps.storage, &token_id, &token)?;
//! ```
//!
//! ## Use instead
//! If only queries use the index: a plain map, and an indexer for "all tokens of an owner".
//!
//! ```rust,ignore
//! const TOKENS: Map<&str, TokenInfo> = Map::new("tokens");
//! ```
//!
//! ## When to allow it
//! When clients have no indexer, or another contract asks for the list.
//! `// crosslane: allow(mutable-index) wallets page over it`
//!
//! ## Upgrading a deployed contract
//! Entries themselves stay where they are. Rows that are no longer maintained go out of date: remove the queries that use
//! them in the same upgrade, and the rows when there is time.

use super::facts::{At, loads, own, writes};
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};
use crate::ir::{CellId, Mode};

pub(crate) struct MutableIndex;

/// An index, what it indexes, and the accesses that remove rows, one for each message.
pub(crate) struct Hit {
    index: CellId,
    indexed: CellId,
    removals: Vec<At>,
}

impl Lint for MutableIndex {
    type Hit = Hit;

    const INFO: LintInfo = info!("XL113", "mutable-index", "mutable_index.rs", "an index over a field that messages change");

    fn look(cx: &Cx<'_>) -> Vec<Hit> {
        let mut hits = Vec::new();
        for (index, cell) in cx.named_cells() {
            if cell.keys.len() < 2 {
                continue;
            }
            let mut removals = cx.accesses_of(&cx.public, index);
            removals.retain(|&at| cx.access(at).mode == Mode::Delete && own(cx.access(at)));
            let Some(indexed) = removals.iter().find_map(|&at| indexed(cx, at)) else { continue };
            removals.retain(|&at| self::indexed(cx, at) == Some(indexed));
            let removals = cx.one_per_entry(&removals);
            // A message that lists by the index needs it.
            let listed = cx.users(index).reading_calls.iter().any(|entry| {
                let scans = |at: &At| matches!(cx.access(*at).mode, Mode::Scan | Mode::Read);
                cx.accesses_of(&[*entry], index).iter().any(scans)
            });
            if !removals.is_empty() && !listed && !cx.blind {
                hits.push(Hit { index, indexed, removals });
            }
        }
        hits
    }

    fn say(cx: &Cx<'_>, hit: &Hit) -> Finding {
        let first = hit.removals[0];
        let (index, indexed) = (cx.cell_name(hit.index), cx.cell_name(hit.indexed));
        let entries: Vec<usize> = hit.removals.iter().map(|at| at.entry).collect();
        let verb = if entries.len() == 1 { "moves" } else { "move" };
        let message = format!("{} {verb} the index row {index} with every change of {indexed}", cx.names(&entries));
        let text = "the old row's key is what the last call stored, so it cannot be told from the call".to_owned();
        let finding = say::finding::<Self>(cx, message, cx.access(first).span, "also removes one index row and writes another")
            .about(cx, hit.index)
            .of(cx, entries.iter().copied())
            .also(cx, &hit.removals[1..], "moves one, too");
        let mut finding = cx
            .effect_of_writes(finding, text, "each such call removes a row and writes one; ")
            .maybe(NoteKind::ReadBy, cx.read_by(hit.index));
        finding.fix = say::by_hand("a plain map, and an indexer for the list", Upgrade::Client);
        finding
    }
}

/// What a removed row indexes: the cell whose value is part of the row's key and which the same call changes at a key
/// that is another part.
fn indexed(cx: &Cx<'_>, at: At) -> Option<CellId> {
    let row = &cx.access(at).key;
    cx.named_cells().map(|(cell, _)| cell).find(|&cell| {
        cell != cx.access(at).cell
            && row.iter().any(|term| loads(term, cell))
            && cx.accesses_of(&[at.entry], cell).iter().any(|change| {
                let access = cx.access(*change);
                writes(access.mode) && !access.key.is_empty() && access.key.iter().all(|part| row.contains(part))
            })
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, arg};
    use crate::ir::{CellId, Mode, Term, Type};

    fn built() -> Build {
        let old = Term::Load { cell: CellId(0), key: vec![arg("id")], field: vec!["owner".to_owned()] };
        Build::new()
            .cell("TOKENS", &[Type::Text], Type::Text)
            .cell("TOKENS.owner", &[Type::Text, Type::Text], Type::Text)
            .entry("transfer")
            .at("TOKENS", &[arg("id")], Mode::Update)
            .at("TOKENS.owner", &[old, arg("id")], Mode::Delete)
            .at("TOKENS.owner", &[arg("to"), arg("id")], Mode::Write)
            .view("tokens")
            .at("TOKENS.owner", &[arg("owner"), Term::Prefix(Vec::new())], Mode::Scan)
    }

    #[test]
    fn an_owner_index() {
        insta::assert_snapshot!(built().run("XL113"));
    }

    #[test]
    fn silent_when_a_message_lists_by_it() {
        let listed = built().entry("sweep").at("TOKENS.owner", &[Term::Caller, Term::Prefix(Vec::new())], Mode::Scan);
        assert_eq!(listed.run("XL113"), "");
    }
}
