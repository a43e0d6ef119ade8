//! A call adds to a number and takes the same place down again.
//!
//! ## What it does
//! Finds messages that on every path both add to and subtract from one number at one key, as a total that is lowered for
//! the sender and raised for the recipient.
//!
//! ## Why it costs
//! The number is written, and all such calls meet at it, although moving an amount from one account to another leaves a
//! total as it is.
//!
//! ## Example
//! ```rust,ignore
//! fn transfer(..) {
//!     burn_from(storage, from, amount)?; // TOTAL -= amount
//!     mint_to(storage, to, amount)?;     // TOTAL += amount
//! }
//! ```
//!
//! ## Use instead
//! Move the amount without touching the total.
//!
//! ```rust,ignore
//! fn transfer(..) {
//!     BALANCES.update(storage, from, ..)?;
//!     BALANCES.update(storage, to, ..)?;
//! }
//! ```
//!
//! ## When to allow it
//! When the two amounts differ, by a fee for example.
//! `// crosslane: allow(net-zero-update) a fee is burned`
//!
//! ## Upgrading a deployed contract
//! Nothing moves.

use super::facts::At;
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, Upgrade};
use crate::ir::{Certainty, Mode, OpGroup};

pub(crate) struct NetZeroUpdate;

/// The addition and the subtraction.
pub(crate) struct Hit {
    add: At,
    sub: At,
}

impl Lint for NetZeroUpdate {
    type Hit = Hit;

    const INFO: LintInfo =
        info!("XL103", "net-zero-update", "net_zero_update.rs", "one call adds to a number and takes it down again");

    fn look(cx: &Cx<'_>) -> Vec<Hit> {
        let mut hits = Vec::new();
        for &entry in &cx.public {
            let all = &cx.entry(entry).accesses;
            let sure = |at: &usize, name: &str| {
                let access = &all[*at];
                access.mode == Mode::Commute
                    && access.certainty == Certainty::Always
                    && !access.repeat
                    && access.op.as_ref().is_some_and(|op| op.group == OpGroup::Add && op.name.ends_with(name))
            };
            for add in (0..all.len()).filter(|at| sure(at, "add")) {
                let sub = (0..all.len()).filter(|at| sure(at, "sub")).find(|&sub| {
                    let same = |a: &crate::ir::Access, b: &crate::ir::Access| {
                        a.cell == b.cell && a.key == b.key && a.field == b.field && a.at == b.at
                    };
                    same(&all[add], &all[sub])
                });
                if let Some(sub) = sub {
                    hits.push(Hit { add: At { entry, access: add }, sub: At { entry, access: sub } });
                }
            }
        }
        hits
    }

    fn say(cx: &Cx<'_>, hit: &Hit) -> Finding {
        let entry = hit.add.entry;
        let message = format!("{} adds to {} and subtracts from it in one call", cx.name(entry), cx.place(hit.add));
        let finding = say::finding::<Self>(cx, message, cx.access(hit.add).span, "adds")
            .about(cx, cx.access(hit.add).cell)
            .of(cx, [entry])
            .label(cx.access(hit.sub).span, "subtracts");
        let mut finding = cx.effect_text(finding, format!("calls that meet there {}", cx.words.clash));
        finding.fix = say::by_hand("if the amounts are the same, leave both out", Upgrade::NoOp);
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, uint};
    use crate::ir::Mode;

    #[test]
    fn up_and_down() {
        let built = |name: &'static str| {
            Build::new()
                .item("TOTAL", uint(128))
                .entry("transfer")
                .at("TOTAL", &[], Mode::Commute)
                .at("TOTAL", &[], Mode::Commute)
                .with(move |access| access.op.as_mut().unwrap().name = name.to_owned())
        };
        insta::assert_snapshot!(built("sub").run("XL103"));
        assert_eq!(built("add").run("XL103"), "");
    }
}
