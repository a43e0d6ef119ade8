//! Every call pays a fee into one and the same account.
//!
//! ## What it does
//! Finds accounts that public instructions write and whose address is a constant or one stored address.
//!
//! ## Why it costs
//! A transfer to an account locks it for writing: all calls that pay a fee meet there, although nothing but the fee is
//! shared.
//!
//! ## Example
//! ```rust,ignore
//! #[account(mut, address = config.fee_receiver)]
//! pub fee_receiver: SystemAccount<'info>,
//! ```
//!
//! ## Use instead
//! Leave the fee where the call works anyway (at the pool, at the user's position) and sweep it later; or have several
//! receivers and let the client pick one.
//!
//! ```rust,ignore
//! pool.fees_owed += fee; // paid out by `collect_fees`
//! ```
//!
//! ## When to allow it
//! When the instruction already locks something as widely shared.
//! `// crosslane: allow(global-fee-account) one call a day`
//!
//! ## Upgrading a deployed contract
//! Clients must pass other accounts; nothing stored has to move.

use super::accounts::{self, Shared};
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};
use crate::ir::Term;

pub(crate) struct GlobalFeeAccount;

impl Lint for GlobalFeeAccount {
    type Hit = Shared;

    const INFO: LintInfo =
        info!("XL305", "global-fee-account", "global_fee_account.rs", "one account that every call pays into");

    fn look(cx: &Cx<'_>) -> Vec<Shared> {
        let mut hits = accounts::shared_writes(cx);
        hits.retain(|hit| matches!(hit.identity, Term::Const(_) | Term::Load { .. }));
        hits
    }

    fn say(cx: &Cx<'_>, hit: &Shared) -> Finding {
        let (entry, at) = hit.places[0];
        let account = accounts::of(cx, entry, at);
        let entries = hit.entries();
        let message = format!("every call of {} writes the one account `{}`", cx.names(&entries), account.name);
        let mut finding = say::finding::<Self>(cx, message, account.span, "the same account in every call")
            .of(cx, entries.iter().copied());
        finding.cell = Some(account.name.clone());
        finding = cx
            .effect_text(finding, format!("all calls of {} {}", cx.names(&entries), cx.words.clash))
            .maybe(NoteKind::Budget, accounts::budget(cx));
        finding.fix = say::by_hand("collect where the call works anyway and sweep later, or several receivers", Upgrade::Client);
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, load};
    use crate::ir::{Term, Type, Written};

    #[test]
    fn a_stored_receiver() {
        let built = |identity| {
            Build::new().chain("solana").item("CONFIG", Type::Text).entry("swap").account(
                "#[account(mut)] pub fees: SystemAccount",
                "fees",
                identity,
                true,
                Written::Yes,
            )
        };
        insta::assert_snapshot!(built(load(0)).run("XL305"));
        assert_eq!(built(Term::Account("pool".to_owned())).run("XL305"), "");
    }
}
