//! A number that every call of a message changes: two calls can never run at the same time.
//!
//! ## What it does
//! Finds a number at a key that is the same in every call, changed by a message that anyone may send, where the call
//! changes no amount of its own beside it (that would be [global-total](global-total.md)) and does not use the number to
//! name something (that would be [sequence-id](sequence-id.md)).
//!
//! ## Why it costs
//! All calls of that message meet at one place. A chain that runs calls side by side must run these one after another,
//! however different their senders are. A chain that runs one call at a time still charges for the write.
//!
//! ## Example
//! ```rust,ignore
//! const PLAYED: Item<u64> = Item::new("played");
//!
//! pub fn play(deps: DepsMut, info: MessageInfo) -> Result<Response, ContractError> {
//!     PLAYED.update(deps.storage, |n| Ok::<_, StdError>(n + 1))?; // every `play` meets every other `play` here
//!     SCORES.save(deps.storage, &info.sender, &0)?;
//!     Ok(Response::new())
//! }
//! ```
//!
//! ## Use instead
//! If no message reads the number: delete it, emit an event and let an indexer count.
//!
//! ```rust,ignore
//! Ok(Response::new().add_attribute("action", "play"))
//! ```
//!
//! If a message reads it: give it a key that is part of the call (per player, per game) and read that.
//!
//! ## When to allow it
//! When the count is what the contract is for, or calls are rare.
//! `// crosslane: allow(hot-counter) at most one call a day`
//!
//! ## Upgrading a deployed contract
//! A number that is no longer written keeps its last value: queries that still read it return a frozen count. Remove the
//! query in the same upgrade, or let it answer from the old key plus events.

use super::shapes::{Hot, Shape};
use super::{Cx, Lint, LintInfo, false_sharing, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};
use crate::ir::Mode;

pub(crate) struct HotCounter;

impl Lint for HotCounter {
    type Hit = Hot;

    const INFO: LintInfo = info!("XL101", "hot-counter", "hot_counter.rs", "a number that every call changes");

    fn look(cx: &Cx<'_>) -> Vec<Hot> {
        let mut hits = cx.hot(Shape::Counter);
        // Two numbers of one record that different messages change are told as such.
        hits.retain(|hit| false_sharing::shared_by(cx, hit.cell).is_none());
        hits
    }

    fn say(cx: &Cx<'_>, hit: &Hot) -> Finding {
        let first = hit.writers[0];
        let place = cx.place(first);
        let message = format!("every {} changes the one number in {place}", cx.name(first.entry));
        let finding = say::finding::<Self>(cx, message, cx.access(first).span, "the same place in every call");
        let mut finding = cx.hot_notes(finding, hit, "changes it too").maybe(NoteKind::ReadBy, cx.read_by(hit.cell));
        let looked_at = hit.writers.iter().any(|at| cx.access(*at).mode == Mode::Update);
        if cx.alone(first) && cx.unread_by_calls(hit.cell) {
            finding.fix = say::by_hand(format!("delete {place}, emit an event and let an indexer count"), Upgrade::Client);
        } else if !cx.alone(first) && cx.record_is_shared(hit) {
            finding.fix = say::by_hand(format!("give the number a {} of its own", cx.words.unit), Upgrade::Migration);
        } else if !looked_at {
            let title = "count per something the call carries, and read that count";
            finding.fix = say::by_hand(title, Upgrade::Migration);
        } else {
            // The old number decides what the call does: that may be what the contract is for.
            finding = cx.allow(finding);
        }
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, arg, load, record, uint};
    use crate::ir::{Mode, Term};

    #[test]
    fn a_counter_nobody_reads() {
        let report = Build::new()
            .item("PLAYED", uint(64))
            .map("NAMES", uint(8))
            .entry("play")
            .at("PLAYED", &[], Mode::Commute)
            .entry("retry")
            .at("PLAYED", &[], Mode::Commute)
            .entry("rename")
            .at("NAMES", &[Term::Caller], Mode::Write)
            .view("played")
            .read("PLAYED")
            .run("XL101");
        insta::assert_snapshot!(report);
    }

    #[test]
    fn a_counter_that_a_message_reads() {
        let report =
            Build::new().item("PLAYED", uint(64)).entry("play").at("PLAYED", &[], Mode::Commute).entry("end").read("PLAYED").run("XL101");
        insta::assert_snapshot!(report);
    }

    #[test]
    fn a_reserve_is_what_the_contract_is_for() {
        let pool = record("Pool", &[("a", uint(128)), ("b", uint(128))]);
        let report = Build::new()
            .item("POOL", pool)
            .map("LAST", crate::ir::Type::Text)
            .entry("swap")
            .at("LAST", &[Term::Caller], Mode::Write)
            .update("POOL")
            .field("a")
            .update("POOL")
            .field("b")
            .run("XL101");
        insta::assert_snapshot!(report);
    }

    #[test]
    fn silent() {
        // Per sender; named by the counter; a total beside an amount; only an administrator; merged by the chain.
        let keyed = Build::new().map("N", uint(64)).entry("a").at("N", &[Term::Caller], Mode::Update);
        assert_eq!(keyed.run("XL101"), "");
        let named = Build::new()
            .item("N", uint(64))
            .map("X", uint(8))
            .entry("a")
            .update("N")
            .at("X", &[load(0)], Mode::Write);
        assert_eq!(named.run("XL101"), "");
        let total = Build::new()
            .item("N", uint(64))
            .map("X", uint(64))
            .entry("a")
            .update("N")
            .at("X", &[arg("to")], Mode::Update);
        assert_eq!(total.run("XL101"), "");
        let admin = Build::new().item("N", uint(64)).entry("a").admin().update("N");
        assert_eq!(admin.run("XL101"), "");
    }
}
