//! One account for everybody: every call of a public instruction writes it.
//!
//! ## What it does
//! Finds accounts that are written and whose address is derived from constants alone, so that no user, mint or pool is
//! part of it.
//!
//! ## Why it costs
//! All calls that write the account run one after another, and together they may use only the share of a block that one
//! account has.
//!
//! ## Example
//! ```rust,ignore
//! #[account(mut, seeds = [b"vault"], bump)]
//! pub vault: Account<'info, TokenAccount>,
//! ```
//!
//! ## Use instead
//! One account for each thing the call names. Where the balance is not used in a price: several receivers, of which the
//! client picks one, or amounts that collect at the user and are swept later.
//!
//! ```rust,ignore
//! #[account(mut, seeds = [b"vault", mint.key().as_ref()], bump)]
//! pub vault: Account<'info, TokenAccount>,
//! ```
//!
//! ## When to allow it
//! When it is meant to be one pool, because a price or a share is computed from the whole.
//! `// crosslane: allow(unsharded-vault) price depends on the whole reserve`
//!
//! ## Upgrading a deployed contract
//! Accounts change: clients must pass others, and what is in the old account must be moved by an instruction.

use super::accounts::{self, Shared};
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};
use crate::ir::Term;

pub(crate) struct UnshardedVault;

impl Lint for UnshardedVault {
    type Hit = Shared;

    const INFO: LintInfo = info!("XL320", "unsharded-vault", "unsharded_vault.rs", "one written account for everybody");

    fn look(cx: &Cx<'_>) -> Vec<Shared> {
        let mut hits = accounts::shared_writes(cx);
        hits.retain(|hit| matches!(hit.identity, Term::Fn { .. }));
        hits
    }

    fn say(cx: &Cx<'_>, hit: &Shared) -> Finding {
        let (entry, at) = hit.places[0];
        let account = accounts::of(cx, entry, at);
        let entries = hit.entries();
        let message = format!("every call of {} writes the same `{}`", cx.names(&entries), account.name);
        let mut finding = say::finding::<Self>(cx, message, account.span, "its address is the same in every call")
            .of(cx, entries.iter().copied());
        finding.cell = Some(account.name.clone());
        finding = cx
            .effect_text(finding, format!("all calls of {} {}", cx.names(&entries), cx.words.clash))
            .maybe(NoteKind::Budget, accounts::budget(cx))
            .note(NoteKind::Checked, "no part of the seeds depends on the sender, an argument or another account")
            .note(NoteKind::Allow, format!("`// crosslane: allow({}) reason`", Self::INFO.name));
        finding.fix = say::by_hand(
            "one for each thing the call names, or several of which the client picks one",
            Upgrade::NewDeploymentsOnly,
        );
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Build;
    use crate::ir::{Term, Written};

    fn built(seeds: Vec<Term>) -> Build {
        declared("#[account(mut)] pub vault: Account<Vault>", seeds)
    }

    fn declared(declaration: &str, seeds: Vec<Term>) -> Build {
        let identity = Term::Fn { name: "pda".to_owned(), of: seeds, injective: false };
        Build::new()
            .chain("solana")
            .entry("deposit")
            .account(declaration, "vault", identity.clone(), true, Written::Yes)
            .entry("withdraw")
            .account("#[account(mut)]  pub vault: Account<Vault>", "vault", identity, true, Written::Yes)
    }

    #[test]
    fn one_vault() {
        insta::assert_snapshot!(built(vec![Term::text("vault")]).run("XL320"));
    }

    #[test]
    fn one_that_is_made_once_and_written_each_time() {
        let of = |word: &str| declared(&format!("#[account({word})] pub vault: Account<Vault>"), vec![Term::text("vault")]);
        assert!(of("init_if_needed, payer = user").run("XL320").contains("`deposit`"));
        assert!(!of("init, payer = user").run("XL320").contains("`deposit`"));
    }

    #[test]
    fn silent_for_one_of_each_mint() {
        assert_eq!(built(vec![Term::text("vault"), Term::Account("mint".to_owned())]).run("XL320"), "");
    }
}
