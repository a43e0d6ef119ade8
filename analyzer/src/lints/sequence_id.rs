//! A new thing gets its name from a stored number: two calls that make things can never run at the same time.
//!
//! ## What it does
//! Finds a number that a message which anyone may send reads, changes and uses inside the key of something it writes.
//!
//! ## Why it costs
//! Every such call reads the number that the last one wrote, and nobody knows the key before the call runs. Where calls
//! announce their keys, [stale-key](stale-key.md) says what happens then.
//!
//! ## Example
//! ```rust,ignore
//! let id = PROPOSAL_COUNT.may_load(deps.storage)?.unwrap_or_default() + 1;
//! PROPOSAL_COUNT.save(deps.storage, &id)?;
//! PROPOSALS.save(deps.storage, id, &proposal)?;
//! ```
//!
//! ## Use instead
//! A name that the call already carries: sender and a number of the sender's own, or a hash of the content.
//!
//! ```rust,ignore
//! let nonce = NONCES.may_load(deps.storage, &info.sender)?.unwrap_or_default();
//! PROPOSALS.save(deps.storage, (&info.sender, nonce), &proposal)?;
//! ```
//!
//! ## When to allow it
//! When people must be able to read the numbers, or new things are rare beside what happens to existing ones.
//! `// crosslane: allow(sequence-id) a handful of proposals a week`
//!
//! ## Upgrading a deployed contract
//! Old things keep their numbers. New names of another shape need a map of their own, and clients that understand both.

use super::shapes::{Hot, Shape};
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};

pub(crate) struct SequenceId;

impl Lint for SequenceId {
    type Hit = Hot;

    const INFO: LintInfo = info!("XL115", "sequence-id", "sequence_id.rs", "a stored number that names what calls create");

    fn look(cx: &Cx<'_>) -> Vec<Hot> {
        cx.hot(Shape::Sequence)
    }

    fn say(cx: &Cx<'_>, hit: &Hot) -> Finding {
        let first = hit.writers[0];
        let name = cx.name(first.entry);
        let named = cx.numbers_keys(first);
        let what = named.map_or_else(|| "its key".to_owned(), |at| format!("a key of {}", cx.cell_name(cx.access(at).cell)));
        let message = format!("every {name} takes {what} from the one number in {}", cx.place(first));
        let mut finding = say::finding::<Self>(cx, message, cx.access(first).span, "the next call needs this one's result");
        if let Some(at) = named {
            finding = finding.label(cx.access(at).span, "the number is part of this key");
        }
        let mut finding = cx.hot_notes(finding, hit, "takes one too").maybe(NoteKind::ReadBy, cx.read_by(hit.cell));
        finding.fix = say::by_hand("name it by what the call carries: sender and a number of the sender's own", Upgrade::Client);
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, load, record, uint};
    use crate::ir::{Mode, Term};

    #[test]
    fn a_proposal_number() {
        let proposal = record("Proposal", &[("title", crate::ir::Type::Text)]);
        let next = Term::Fn { name: "add".to_owned(), of: vec![load(0), Term::text("1")], injective: true };
        let report = Build::new()
            .item("PROPOSAL_COUNT", uint(64))
            .cell("PROPOSALS", &[uint(64)], proposal)
            .entry("propose")
            .update("PROPOSAL_COUNT")
            .at("PROPOSALS", &[next], Mode::Write)
            .run("XL115");
        insta::assert_snapshot!(report);
    }

    #[test]
    fn silent() {
        let own = Build::new()
            .map("NONCE", uint(64))
            .cell("P", &[uint(64)], uint(8))
            .entry("propose")
            .at("NONCE", &[Term::Caller], Mode::Update)
            .at("P", &[Term::Caller], Mode::Write);
        assert_eq!(own.run("XL115"), "");
        // Another field of the record that holds the number is part of the key.
        let payee = Term::Load { cell: crate::ir::CellId(0), key: Vec::new(), field: vec!["payee".to_owned()] };
        let payment = record("Payment", &[("claimed", uint(64)), ("payee", crate::ir::Type::Text)]);
        let pays = Build::new()
            .item("PAYMENT", payment)
            .map("PAID", uint(64))
            .entry("pay")
            .update("PAYMENT")
            .field("claimed")
            .at("PAID", &[payee], Mode::Update);
        assert_eq!(pays.run("XL115"), "");
    }
}
