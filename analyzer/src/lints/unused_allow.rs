//! An `allow` that hides nothing, or names a lint that does not exist.
//!
//! ## What it does
//! Finds `// crosslane: allow(…)` comments and `#[crosslane::allow(…)]` attributes in the analysed packages that hide no
//! finding, and names in them that no lint has. An allow is used if the lint would speak there on any level.
//!
//! ## Why it costs
//! It costs nothing at run time. A stale allow hides the next finding of that lint at that place, with a reason that was
//! written for another one.
//!
//! ## Example
//! ```rust,ignore
//! // crosslane: allow(hot-counter) one call a day
//! SCORES.save(deps.storage, &info.sender, &0)?; // the counter went away, the comment stayed
//! ```
//!
//! ## Use instead
//! Remove the comment or attribute.
//!
//! ## When to allow it
//! When one source is analysed with several features and the finding exists under some of them only.
//!
//! ## Upgrading a deployed contract
//! Nothing changes in the contract.

use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::Finding;
use crate::ir::Span;

/// Found after all other lints have run, by `run` itself.
pub(crate) struct UnusedAllow;

impl Lint for UnusedAllow {
    type Hit = Span;

    const INFO: LintInfo = info!("XL903", "unused-allow", "unused_allow.rs", "an allow that hides nothing");

    fn look(_: &Cx<'_>) -> Vec<Span> {
        Vec::new()
    }

    fn say(cx: &Cx<'_>, hit: &Span) -> Finding {
        say::finding::<Self>(cx, "this `allow` hides nothing".to_owned(), *hit, "")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, uint};

    #[test]
    fn used_and_unused() {
        let used = Build::new()
            .item("N", uint(64))
            .entry("a")
            .source("    // crosslane: allow(hot-counter) rare")
            .update("N");
        assert_eq!(used.codes(), [""; 0]);
        let unused = Build::new()
            .item("N", uint(64))
            .source("// crosslane: allow(hot-countre) rare")
            .entry("a")
            .source("    // crosslane: allow(hot-counter) rare")
            .read("N");
        insta::assert_snapshot!(unused.run("XL903"));
    }

    #[test]
    fn the_declaration_of_the_cell_is_a_place_too() {
        let used = Build::new()
            .source("// crosslane: allow(hot-counter) rare")
            .item("N", uint(64))
            .entry("a")
            .update("N");
        assert_eq!(used.codes(), [""; 0]);
    }
}
