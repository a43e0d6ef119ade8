//! State is handed to a trait that code outside of the analysed packages may implement.
//!
//! ## What it does
//! Reports calls of a trait's methods with access to state where the trait is public and other packages may implement it:
//! the implementations that were read are counted, and so is "anything else".
//!
//! ## Why it costs
//! The message is taken to run alone, like with any [unknown-access](unknown-access.md).
//!
//! ## Example
//! ```rust,ignore
//! pub trait Hook { fn on_transfer(&self, storage: &mut dyn Storage) -> StdResult<()>; }
//!
//! pub fn transfer<H: Hook>(hook: &H, deps: DepsMut) -> StdResult<()> { hook.on_transfer(deps.storage) }
//! ```
//!
//! ## Use instead
//! Close the trait, if nobody else is meant to implement it: make it private or sealed. Or analyse the final contract
//! instead of the library: there the type is known.
//!
//! ```rust,ignore
//! mod sealed { pub trait Sealed {} }
//! pub trait Hook: sealed::Sealed { .. }
//! ```
//!
//! ## When to allow it
//! In a library that is made to be extended.
//! `// crosslane: allow(open-trait) users bring their own hook`
//!
//! ## Upgrading a deployed contract
//! Nothing changes in the contract.

use super::unknown_access::{Hit, consequence, hits, place, settle};
use super::{Cx, Lint, LintInfo};
use crate::diagnostics::{Finding, NoteKind};
use crate::ir::UnknownReason;

pub(crate) struct OpenTrait;

impl Lint for OpenTrait {
    type Hit = Hit;

    const INFO: LintInfo = info!("XL193", "open-trait", "open_trait.rs", "state is handed to a trait that anyone may implement");

    fn look(cx: &Cx<'_>) -> Vec<Hit> {
        hits(cx, |reason| reason == UnknownReason::OpenTrait)
    }

    fn say(cx: &Cx<'_>, hit: &Hit) -> Finding {
        let message = format!("`{}` may be code that was not read: other packages can implement the trait", hit.unknown(cx).what);
        place::<Self>(cx, hit, message, "gets access to state")
            .note(NoteKind::So, consequence(cx, hit))
            .note(NoteKind::Settle, format!("seal the trait, or {}", settle(UnknownReason::OpenTrait, Self::INFO.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Build;
    use crate::ir::{Reach, UnknownReason};

    #[test]
    fn a_hook() {
        let report = Build::new().entry("run").unknown(UnknownReason::OpenTrait, "hook.on_transfer", Reach::Contract).run("XL193");
        insta::assert_snapshot!(report);
    }

    #[test]
    fn silent_on_other_reasons() {
        let built = Build::new().entry("run").unknown(UnknownReason::UnknownMacro, "magic!", Reach::Contract);
        assert_eq!(built.codes(), ["XL190"]);
    }
}
