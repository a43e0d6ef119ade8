//! A stored value has moved: what is at the old key is no longer read.
//!
//! ## What it does
//! Compares two versions of a contract: namespaces, tiers, seeds, key shapes and value types of their cells. It reports cells
//! that vanished or changed.
//!
//! ## Why it costs
//! After the upgrade the value reads as absent or as its default: a supply is 0, a paused contract runs, an owner is nobody.
//! This is how upgrades lose funds.
//!
//! ## Example
//! ```text
//! cargo crosslane diff --layout main HEAD
//! ```
//!
//! ## Use instead
//! Keep the old namespace; or read the old value and write the new one in the migration, in the same transaction that changes
//! the code.
//!
//! ## When to allow it
//! When the old data is meant to be forgotten.
//!
//! ## Upgrading a deployed contract
//! Copy first, switch second, in one transaction. Test it on a copy of the real state.

use std::convert::Infallible;

use super::{Cx, Lint, LintInfo};
use crate::diagnostics::Finding;

/// Raised from outside, with [`super::raise`]: `diff --layout` compares two versions.
pub(crate) struct MovedCell;

impl Lint for MovedCell {
    type Hit = Infallible;

    const INFO: LintInfo = info!("XL905", "moved-cell", "moved_cell.rs", "data at the old key is no longer read");

    fn look(_: &Cx<'_>) -> Vec<Infallible> {
        Vec::new()
    }

    fn say(_: &Cx<'_>, hit: &Infallible) -> Finding {
        match *hit {}
    }
}
