//! An account is declared to be created if it is missing, where it always exists.
//!
//! ## What it does
//! Finds accounts that an instruction creates if needed, where another constraint or the code before it fails unless the account
//! is there already.
//! Reserved: this version does not raise it yet.
//!
//! ## Why it costs
//! An account that may be created is locked for writing, needs a payer that is locked too, and the system program. All of
//! them are locks of calls that only read.
//!
//! ## Example
//! ```rust,ignore
//! #[account(init_if_needed, payer = user, space = 64, seeds = [b"user", user.key().as_ref()], bump)]
//! pub account: Account<'info, User>, // `has_one` of another account already needs it
//! ```
//!
//! ## Use instead
//! ```rust,ignore
//! #[account(seeds = [b"user", user.key().as_ref()], bump)]
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

use std::convert::Infallible;

use super::{Cx, Lint, LintInfo};
use crate::diagnostics::Finding;

/// Raised from outside, with [`super::raise`]: whether an account can be absent is known where its constraints are read.
pub(crate) struct NeedlessInitIfNeeded;

impl Lint for NeedlessInitIfNeeded {
    type Hit = Infallible;

    const INFO: LintInfo = info!("XL303", "needless-init-if-needed", "needless_init_if_needed.rs", "an account that may be created here and always exists");

    fn look(_: &Cx<'_>) -> Vec<Infallible> {
        Vec::new()
    }

    fn say(_: &Cx<'_>, hit: &Infallible) -> Finding {
        match *hit {}
    }
}
