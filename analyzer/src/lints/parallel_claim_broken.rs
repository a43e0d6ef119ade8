//! Calls that are claimed to run at the same time cannot.
//!
//! ## What it does
//! Compares the verdict of a pair with `#[crosslane::parallel]`, or an entry point's class with `[expect]` in the
//! configuration.
//!
//! ## Why it costs
//! Somebody relies on it: that is why the claim was made.
//!
//! ## Example
//! ```rust,ignore
//! #[crosslane::parallel]
//! fn vote(..) {
//!     TALLY.update(..)?; // every vote meets every other here
//! }
//! ```
//!
//! ## Use instead
//! The finding names the place and the key where two calls meet: key it by something in the call, or state the exception:
//! `#[crosslane::parallel(unless = "a.caller = b.caller")]`.
//!
//! ## When to allow it
//! Do not: change the claim.
//!
//! ## Upgrading a deployed contract
//! Nothing moves.

use std::convert::Infallible;

use super::{Cx, Lint, LintInfo};
use crate::diagnostics::Finding;

/// Raised from outside, with [`super::raise`]: claims are read where attributes and configuration are.
pub(crate) struct ParallelClaimBroken;

impl Lint for ParallelClaimBroken {
    type Hit = Infallible;

    const INFO: LintInfo = info!("XL902", "parallel-claim-broken", "parallel_claim_broken.rs", "calls that are claimed to run at the same time and cannot");

    fn look(_: &Cx<'_>) -> Vec<Infallible> {
        Vec::new()
    }

    fn say(_: &Cx<'_>, hit: &Infallible) -> Finding {
        match *hit {}
    }
}
