//! An instruction writes an account that it does not lock for writing.
//!
//! ## What it does
//! Finds account parameters that the code certainly writes and that are not declared writable.
//!
//! ## Why it costs
//! It is a defect, not a matter of speed: depending on how the account is held, the change is dropped without a word, or
//! the call fails when it tries to store it.
//!
//! ## Example
//! ```rust,ignore
//! pub user: Account<'info, User>, // no `mut`
//! // ...
//! ctx.accounts.user.points += 1; // never stored
//! ```
//!
//! ## Use instead
//! ```rust,ignore
//! #[account(mut)]
//! pub user: Account<'info, User>,
//! ```
//!
//! ## When to allow it
//! When the change is meant for this call only: a copy says so better.
//! `// crosslane: allow(missing-mut) scratch value`
//!
//! ## Upgrading a deployed contract
//! Clients must lock the account: the interface description changes, and old clients' calls fail until they use it.

use super::accounts::{self, Held};
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};
use crate::ir::Written;

pub(crate) struct MissingMut;

impl Lint for MissingMut {
    type Hit = Held;

    const INFO: LintInfo = info!("XL302", "missing-mut", "missing_mut.rs", "a write to an account that is not locked for writing");

    fn look(cx: &Cx<'_>) -> Vec<Held> {
        let mut hits = accounts::by_declaration(cx);
        for held in &mut hits {
            held.places.retain(|&(entry, at)| {
                let account = accounts::of(cx, entry, at);
                !account.writable && account.written == Written::Yes && !account.why.is_empty()
            });
        }
        hits.retain(|held| !held.places.is_empty());
        hits
    }

    fn say(cx: &Cx<'_>, hit: &Held) -> Finding {
        let (entry, at) = hit.places[0];
        let account = accounts::of(cx, entry, at);
        let message = format!("{} writes `{}`, which is not declared writable", cx.name(entry), account.name);
        let mut finding = say::finding::<Self>(cx, message, account.why[0], "this change is not stored, or the call fails")
            .of(cx, hit.entries())
            .label(account.span, "declared read-only");
        finding.cell = Some(account.name.clone());
        finding.fix = say::by_hand("declare it writable, or work on a copy", Upgrade::Client);
        if account.signer {
            finding = finding.note(
                NoteKind::Effect,
                "it works where the same transaction locks the account for another reason, as it does for who pays its fee",
            );
        }
        finding.note(NoteKind::Checked, "the declaration has no write lock, and the write is on a path that succeeds")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Build;
    use crate::ir::{Term, Written};

    #[test]
    fn a_lost_write() {
        let built = |written| {
            Build::new().chain("solana").entry("settle").account(
                "pub user: Account<User>",
                "user",
                Term::Account("user".to_owned()),
                false,
                written,
            )
        };
        insta::assert_snapshot!(built(Written::Yes).run("XL302"));
        assert_eq!(built(Written::Unknown).run("XL302"), "");
        assert_eq!(built(Written::No).run("XL302"), "");
    }
}
