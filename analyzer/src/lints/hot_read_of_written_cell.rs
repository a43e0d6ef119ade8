//! A single value that messages read in every call and another message keeps changing.
//!
//! ## What it does
//! Finds a value at a key that is the same in every call, which a message that anyone may send sets, and which at least
//! two other such messages read without changing it. The changing message must also change something of its sender's: one
//! that only sets what holds for all is taken to be an administrator's. Counters, totals and records have lints of their own.
//!
//! ## Why it costs
//! The readers could run side by side; each of them meets the writer.
//!
//! ## Example
//! ```rust,ignore
//! const PRICE: Item<Decimal> = Item::new("price");
//!
//! pub fn post_price(..) { PRICE.save(deps.storage, &price)?; }
//! pub fn buy(..) { let price = PRICE.load(deps.storage)?; .. }
//! pub fn sell(..) { let price = PRICE.load(deps.storage)?; .. }
//! ```
//!
//! ## Use instead
//! Let the call carry what it needs (a signed price, the expected value) and check it against a key that changes rarely;
//! or keep one value for each market, so that only calls of one market meet.
//!
//! ## When to allow it
//! When the value must be the latest one in every call.
//! `// crosslane: allow(hot-read-of-written-cell) the price must be fresh`
//!
//! ## Upgrading a deployed contract
//! A call that carries more is a change for clients. A value for each market starts empty: fill it in the migration.

use super::shapes::{Hot, Shape, reading_only};
use super::shared_config_write::is_record;
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, Upgrade};

pub(crate) struct HotReadOfWrittenCell;

impl Lint for HotReadOfWrittenCell {
    type Hit = Hot;

    const INFO: LintInfo = info!(
        "XL116",
        "hot-read-of-written-cell",
        "hot_read_of_written_cell.rs",
        "a value that messages read in every call and another message keeps changing"
    );

    fn look(cx: &Cx<'_>) -> Vec<Hot> {
        let mut hits = cx.hot(Shape::Shared);
        hits.retain(|hot| !is_record(cx, hot) && reading_only(cx, hot.cell, &hot.writers).len() >= 2);
        hits
    }

    fn say(cx: &Cx<'_>, hit: &Hot) -> Finding {
        let first = hit.writers[0];
        let readers = reading_only(cx, hit.cell, &hit.writers);
        let message = format!("{} read {}, which {} keeps changing", cx.names(&readers), cx.place(first), cx.name(first.entry));
        let mut finding = say::finding::<Self>(cx, message, cx.access(first).span, "changes it")
            .about(cx, hit.cell)
            .of(cx, hit.writers.iter().map(|at| at.entry).chain(readers.iter().copied()));
        for &entry in readers.iter().take(2) {
            if let Some(at) = cx.accesses_of(&[entry], hit.cell).first() {
                finding = finding.label(cx.access(*at).span, format!("{} reads it", cx.name(entry)));
            }
        }
        finding = cx.effect_on_readers(finding, &hit.entries(), &readers);
        finding.fix = say::by_hand("keep one value for each thing the call names, or let the call carry it", Upgrade::Client);
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, uint};
    use crate::ir::{Mode, Term, Type};

    #[test]
    fn a_price() {
        let report = Build::new()
            .chain("soroban")
            .item("PRICE", uint(128))
            .map("POSTED", Type::Text)
            .entry("post")
            .at("POSTED", &[Term::Caller], Mode::Write)
            .at("PRICE", &[], Mode::Write)
            .entry("buy")
            .read("PRICE")
            .entry("sell")
            .read("PRICE")
            .run("XL116");
        insta::assert_snapshot!(report);
    }

    #[test]
    fn silent() {
        let one = Build::new().item("P", Type::Text).entry("a").at("P", &[], Mode::Write).entry("b").read("P");
        assert_eq!(one.run("XL116"), "");
        let counted =
            Build::new().item("P", uint(64)).entry("a").update("P").entry("b").read("P").entry("c").read("P");
        assert_eq!(counted.run("XL116"), "");
    }
}
