//! The published interface description asks for other locks than the code.
//!
//! ## What it does
//! `cargo crosslane idl-check` compares an interface description with the account parameters of the code: names, order,
//! writable, signer, instructions that only one of them has. `check` does not look for descriptions by itself.
//!
//! ## Why it costs
//! Clients build transactions from the description. A lock too many makes calls wait for nothing, one too few makes them
//! fail.
//!
//! ## Example
//! ```text
//! cargo crosslane idl-check target/idl/dex.json
//! ```
//!
//! ## Use instead
//! Build the description again from the code that is deployed, and publish it.
//!
//! ## When to allow it
//! When the description is meant to serve two versions of the program.
//! `// crosslane: allow(idl-drift) serves 1.x, too`
//!
//! ## Upgrading a deployed contract
//! Clients that use the old description go on doing what they did.

use std::convert::Infallible;

use super::{Cx, Lint, LintInfo};
use crate::diagnostics::Finding;

/// Raised from outside: `idl-check` compares a description with the code.
pub(crate) struct IdlDrift;

impl Lint for IdlDrift {
    type Hit = Infallible;

    const INFO: LintInfo = info!("XL306", "idl-drift", "idl_drift.rs", "an interface description that does not say what the code locks");

    fn look(_: &Cx<'_>) -> Vec<Infallible> {
        Vec::new()
    }

    fn say(_: &Cx<'_>, hit: &Infallible) -> Finding {
        match *hit {}
    }
}
