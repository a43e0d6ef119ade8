//! An account is declared to be created if it is missing, where it always exists.
//!
//! ## What it does
//! Finds accounts that an instruction creates if needed and at the same time compares with another account
//! (`has_one`): what is in a new account is zero, so the comparison fails unless the account was there before.
//!
//! ## Why it costs
//! An account that may be created is locked for writing, needs a payer that is locked too, and the system program. All of
//! them are locks of calls that only read.
//!
//! ## Example
//! ```rust,ignore
//! #[account(init_if_needed, payer = user, space = 64, seeds = [b"user", user.key().as_ref()], bump, has_one = owner)]
//! pub account: Account<'info, User>, // a new one has no owner, so it is never created here
//! ```
//!
//! ## Use instead
//! ```rust,ignore
//! #[account(mut, seeds = [b"user", user.key().as_ref()], bump, has_one = owner)]
//! pub account: Account<'info, User>,
//! ```
//!
//! and an instruction of its own that creates it.
//!
//! ## When to allow it
//! When old accounts must be created at their next use.
//! `// crosslane: allow(needless-init-if-needed) until all have moved`
//!
//! ## Upgrading a deployed contract
//! No data moves. Clients that relied on the creation must call the other instruction first.

use super::accounts::{self, Held};
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};

pub(crate) struct NeedlessInitIfNeeded;

impl Lint for NeedlessInitIfNeeded {
    type Hit = Held;

    const INFO: LintInfo = info!(
        "XL303",
        "needless-init-if-needed",
        "needless_init_if_needed.rs",
        "an account that may be created here and always exists"
    );

    fn look(cx: &Cx<'_>) -> Vec<Held> {
        let mut hits = accounts::by_declaration(cx);
        hits.retain(|held| {
            let (entry, at) = held.places[0];
            let account = accounts::of(cx, entry, at);
            accounts::says(cx, account, "init_if_needed") && accounts::says(cx, account, "has_one")
        });
        hits
    }

    fn say(cx: &Cx<'_>, hit: &Held) -> Finding {
        let (entry, at) = hit.places[0];
        let account = accounts::of(cx, entry, at);
        let names = cx.names(&hit.entries());
        let message = format!("`{}` may be created by {names}, but a new one never passes its own checks", account.name);
        let mut finding = say::finding::<Self>(cx, message, account.span, "created if needed, and compared with what it holds")
            .of(cx, hit.entries());
        finding.cell = Some(account.name.clone());
        let meet = format!("the payer is locked for writing too: calls of {names} with the same payer {}", cx.words.clash);
        finding = cx
            .effect_text(finding, meet)
            .note(NoteKind::Checked, "what is in a new account is zero, and `has_one` compares it with an account of the call");
        finding.fix = say::by_hand("declare it `mut`, and drop the payer and the space", Upgrade::Client);
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Build;
    use crate::ir::{Term, Written};

    fn built(attribute: &str) -> String {
        let text = format!("#[account({attribute})] pub saved: Account<Saved>");
        let name = Term::Account("saved".to_owned());
        Build::new().chain("solana").entry("deposit").account(&text, "saved", name, true, Written::Yes).run("XL303")
    }

    #[test]
    fn a_new_one_fails_its_own_check() {
        let report = built("init_if_needed, payer = user, space = 16, has_one = owner");
        assert!(report.contains("`saved` may be created by `deposit`, but a new one never passes its own checks"), "{report}");
    }

    #[test]
    fn silent() {
        assert_eq!(built("init_if_needed, payer = user, space = 16"), "");
        assert_eq!(built("init, payer = user, space = 16, has_one = owner"), "");
        assert_eq!(built("mut, has_one = owner"), "");
    }
}
