//! Two values that different messages write share one storage slot.
//!
//! ## What it does
//! Finds two cells in one slot of which a message that anyone may send writes the first and another one writes the second
//! and neither touches both.
//!
//! ## Why it costs
//! The chain knows slots. Writing a part of a slot reads and writes all of it, so calls that have nothing to do with each
//! other make each other run again.
//!
//! ## Example
//! ```rust,ignore
//! sol_storage! {
//!     pub struct Game { uint64 played; uint64 paid; } // one slot of 32 bytes
//! }
//! ```
//!
//! ## Use instead
//! Values that change in different calls in slots of their own: put what changes together side by side, or use a width of
//! 256 bits.
//!
//! ```rust,ignore
//! sol_storage! {
//!     pub struct Game { uint256 played; uint256 paid; }
//! }
//! ```
//!
//! ## When to allow it
//! When the second slot's price is more than the conflict costs.
//! `// crosslane: allow(packed-slot) both are rare`
//!
//! ## Upgrading a deployed contract
//! The layout changes: this is for new deployments, or behind a proxy with the old slot read once and written to the new
//! ones.

use super::facts::{At, own, writes};
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, Upgrade};
use crate::ir::CellId;

pub(crate) struct PackedSlot;

/// Two accesses to cells of one slot.
pub(crate) struct Hit {
    left: At,
    right: At,
}

impl Lint for PackedSlot {
    type Hit = Hit;

    const INFO: LintInfo =
        info!("XL501", "packed-slot", "packed_slot.rs", "two values in one slot, written by different messages");

    fn look(cx: &Cx<'_>) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        let cells: Vec<_> = cx
            .named_cells()
            .filter(|(_, cell)| cell.unit.kind == "slot" && cell.unit.id != "own" && cell.keys.is_empty())
            .collect();
        for (at, (left, left_cell)) in cells.iter().enumerate() {
            for (right, right_cell) in &cells[at + 1..] {
                if left_cell.unit.id == right_cell.unit.id {
                    hits.extend(apart(cx, *left, *right));
                }
            }
        }
        hits
    }

    fn say(cx: &Cx<'_>, hit: &Hit) -> Finding {
        let (left, right) = (hit.left, hit.right);
        let message = format!(
            "{} writes {} and {} writes {}: two values, one {}",
            cx.name(left.entry),
            cx.place(left),
            cx.name(right.entry),
            cx.place(right),
            cx.words.unit
        );
        let finding = say::finding::<Self>(cx, message, cx.access(left).span, &format!("writes {}", cx.place(left)))
            .about(cx, cx.access(left).cell)
            .of(cx, [left.entry, right.entry])
            .label(cx.access(right).span, format!("writes {}", cx.place(right)));
        let text = format!("calls of {} and calls of {} {}", cx.name(left.entry), cx.name(right.entry), cx.words.clash);
        let mut finding = cx.effect_text(finding, text);
        finding.fix = say::by_hand(format!("a {} for each", cx.words.unit), Upgrade::NewDeploymentsOnly);
        finding
    }
}

/// Writes of two cells by two messages, if no public message writes or reads both.
fn apart(cx: &Cx<'_>, left: CellId, right: CellId) -> Option<Hit> {
    let writers = |cell| {
        let mut all = cx.accesses_of(&cx.public, cell);
        all.retain(|&at| own(cx.access(at)) && writes(cx.access(at).mode));
        cx.one_per_entry(&all)
    };
    let touches = |entry: usize, cell| !cx.accesses_of(&[entry], cell).is_empty();
    let both = cx.public.iter().any(|&entry| touches(entry, left) && touches(entry, right));
    if both {
        return None;
    }
    Some(Hit { left: *writers(left).first()?, right: *writers(right).first()? })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, uint};
    use crate::ir::{Cell, Unit};

    fn slot(cell: &mut Cell) {
        cell.unit = Unit { kind: "slot".to_owned(), id: "slot 0".to_owned() };
    }

    #[test]
    fn two_values() {
        let built = || {
            Build::new()
                .chain("evm")
                .item("played", uint(64))
                .with_cell(slot)
                .item("paid", uint(64))
                .with_cell(slot)
                .entry("play")
                .update("played")
                .entry("pay")
                .update("paid")
        };
        insta::assert_snapshot!(built().run("XL501"));
        assert_eq!(built().entry("sum").read("played").read("paid").run("XL501"), "");
    }
}
