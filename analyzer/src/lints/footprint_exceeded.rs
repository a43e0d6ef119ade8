//! A function touches something that its `footprint` attribute does not allow.
//!
//! ## What it does
//! Compares each access of an entry point with the claim `#[crosslane::footprint(…)]` above it. The claim is an upper bound.
//!
//! ## Why it costs
//! The claim is what reviewers and schedulers go by. An access outside of it is either a mistake or a claim to be changed.
//!
//! ## Example
//! ```rust,ignore
//! #[crosslane::footprint(updates(BALANCES[caller], BALANCES[recipient]))]
//! fn transfer(..) {
//!     TOTAL.update(..)?; // not in the claim
//! }
//! ```
//!
//! ## Use instead
//! Remove the access, or widen the claim:
//!
//! ```rust,ignore
//! #[crosslane::footprint(updates(BALANCES[caller], BALANCES[recipient], TOTAL))]
//! ```
//!
//! ## When to allow it
//! Do not: change the claim.
//!
//! ## Upgrading a deployed contract
//! Nothing moves.

use std::convert::Infallible;

use super::{Cx, Lint, LintInfo};
use crate::diagnostics::Finding;

/// Raised from outside, with [`super::raise`]: claims are read where attributes are.
pub(crate) struct FootprintExceeded;

impl Lint for FootprintExceeded {
    type Hit = Infallible;

    const INFO: LintInfo = info!("XL901", "footprint-exceeded", "footprint_exceeded.rs", "an access outside of what the code claims to touch");

    fn look(_: &Cx<'_>) -> Vec<Infallible> {
        Vec::new()
    }

    fn say(_: &Cx<'_>, hit: &Infallible) -> Finding {
        match *hit {}
    }
}
