//! The address of an account contains a stored number that other calls change: the second of two calls fails.
//!
//! ## What it does
//! Finds account parameters whose address is derived from a stored value that a public instruction changes.
//!
//! ## Why it costs
//! The client computes the address before it signs. If another call lands first, the number has moved, the address does
//! not match, the call fails and the fee is paid.
//!
//! ## Example
//! ```rust,ignore
//! #[account(init, payer = user, space = 64, seeds = [b"order", &state.count.to_le_bytes()], bump)]
//! pub order: Account<'info, Order>,
//! ```
//!
//! ## Use instead
//! A number of the user's own, or one that the client picks.
//!
//! ```rust,ignore
//! #[account(init, payer = user, space = 64, seeds = [b"order", user.key().as_ref(), &nonce.to_le_bytes()], bump)]
//! pub order: Account<'info, Order>,
//! ```
//!
//! ## When to allow it
//! When only one party sends such calls, one after another.
//! `// crosslane: allow(sequence-as-seed) only the operator lists markets`
//!
//! ## Upgrading a deployed contract
//! Existing accounts keep their addresses; clients must derive new ones in the new way.

use super::accounts;
use super::facts::writes;
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};
use crate::ir::{Type, Written, CellId, EntryKind, Term};

pub(crate) struct SequenceAsSeed;

/// An account parameter, the cell its address depends on, and who changes that cell.
pub(crate) struct Hit {
    entry: usize,
    account: usize,
    cell: CellId,
    changer: usize,
}

impl Lint for SequenceAsSeed {
    type Hit = Hit;

    const INFO: LintInfo =
        info!("XL304", "sequence-as-seed", "sequence_as_seed.rs", "an account address that contains a number calls change");

    fn look(cx: &Cx<'_>) -> Vec<Hit> {
        let mut hits = Vec::new();
        for &entry in &cx.public {
            if cx.entry(entry).kind != EntryKind::Call {
                continue;
            }
            for (account, param) in cx.entry(entry).accounts.iter().flatten().enumerate() {
                let Term::Fn { of, .. } = &param.identity else { continue };
                let mut cells = Vec::new();
                for term in of {
                    term.walk(&mut |inner| {
                        if let Term::Load { cell, field, .. } = inner {
                            cells.push((*cell, field.clone()));
                        }
                    });
                }
                let changed = cells.into_iter().find_map(|(cell, field)| {
                    let mut writers = cx.users(cell).public_writers.clone();
                    writers.retain(|&writer| changes(cx, writer, cell, &field));
                    let own = writers.contains(&entry).then_some(entry);
                    own.or(writers.first().copied()).map(|changer| (cell, changer))
                });
                if let Some((cell, changer)) = changed {
                    hits.push(Hit { entry, account, cell, changer });
                }
            }
        }
        hits
    }

    fn say(cx: &Cx<'_>, hit: &Hit) -> Finding {
        let account = accounts::of(cx, hit.entry, hit.account);
        let stale = cx.words.stale.as_deref().unwrap_or("the second one finds another address");
        let message = if hit.entry == hit.changer {
            format!("two {} calls at the same time: {stale}", cx.name(hit.entry))
        } else {
            format!("a call of {} made before a call of {} landed: {stale}", cx.name(hit.entry), cx.name(hit.changer))
        };
        let mut finding = say::finding::<Self>(cx, message, account.span, "the client computes this address before it signs")
            .of(cx, [hit.entry, hit.changer]);
        finding.cell = Some(account.name.clone());
        for at in cx.accesses_of(&[hit.changer], hit.cell) {
            if writes(cx.access(at).mode) {
                let text = format!("any {} changes a number in it", cx.name(hit.changer));
                finding = finding.label(cx.access(at).span, text);
            }
        }
        finding = finding.note(NoteKind::Effect, "fees are paid, nothing else happens, and the sender has to try again");
        finding.fix = say::by_hand("a number of the sender's own, or one the client picks", Upgrade::Client);
        finding
    }
}

/// True when an entry point changes the number that a seed is made of. Where accesses are of whole accounts, the lines
/// that write one say whether the field is among what they change.
fn changes(cx: &Cx<'_>, entry: usize, cell: CellId, field: &[String]) -> bool {
    let all = cx.accesses_of(&[entry], cell);
    if all.iter().any(|&at| writes(cx.access(at).mode) && cx.is_number(cx.access(at))) {
        return true;
    }
    let (Some(last), Some(cell)) = (field.last(), cx.cell(cell)) else { return false };
    let ty = cell.value.at(field.iter().map(String::as_str));
    let accounts = cx.entry(entry).accounts.iter().flatten();
    let mut spans = accounts.filter(|account| account.name == cell.name && account.written == Written::Yes).flat_map(|account| &account.why);
    matches!(ty, Some(Type::Uint(_) | Type::Int(_))) && spans.any(|span| accounts::has_word(cx.files.text(*span), last))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, load, uint};
    use crate::ir::{Mode, Term, Written};

    fn built(seed: Term) -> Build {
        let identity = Term::Fn { name: "pda".to_owned(), of: vec![Term::text("order"), seed], injective: false };
        Build::new()
            .chain("solana")
            .item("state.count", uint(64))
            .entry("place")
            .at("state.count", &[], Mode::Update)
            .account("#[account(init)] pub order: Account<Order>", "order", identity, true, Written::Yes)
    }

    #[test]
    fn a_count_in_the_seeds() {
        insta::assert_snapshot!(built(load(0)).run("XL304"));
    }

    #[test]
    fn silent_for_the_senders_own() {
        assert_eq!(built(Term::Account("user".to_owned())).run("XL304"), "");
    }
}
