//! The committed manifest does not say what the code does.
//!
//! ## What it does
//! Compares `crosslane.json` with the manifest of the code. Version, places in the source and the tool are left out of the
//! comparison.
//!
//! ## Why it costs
//! Whoever schedules or reviews by the manifest goes by something else than the code.
//!
//! ## Example
//! ```text
//! cargo crosslane manifest --check
//! ```
//!
//! ## Use instead
//! ```text
//! cargo crosslane manifest
//! ```
//!
//! and look at the difference before committing it: `cargo crosslane diff main HEAD`.
//!
//! ## When to allow it
//! In a branch whose manifest is written at release.
//!
//! ## Upgrading a deployed contract
//! Publish the manifest together with the code it belongs to.

use std::convert::Infallible;

use super::{Cx, Lint, LintInfo};
use crate::diagnostics::Finding;

/// Raised from outside, with [`super::raise`]: `manifest --check` compares the file with the code.
pub(crate) struct StaleManifest;

impl Lint for StaleManifest {
    type Hit = Infallible;

    const INFO: LintInfo = info!("XL904", "stale-manifest", "stale_manifest.rs", "a manifest that does not say what the code does");

    fn look(_: &Cx<'_>) -> Vec<Infallible> {
        Vec::new()
    }

    fn say(_: &Cx<'_>, hit: &Infallible) -> Finding {
        match *hit {}
    }
}
