//! A write that puts back the very bytes that were there.
//!
//! ## What it does
//! Finds writes of which the analysis has seen that on every path the stored bytes stay the same.
//!
//! ## Why it costs
//! A write is a write: it takes the lock or the key, and it is paid for.
//!
//! ## Example
//! ```rust,ignore
//! let config = CONFIG.load(deps.storage)?;
//! CONFIG.save(deps.storage, &config)?; // nothing has changed
//! ```
//!
//! ## Use instead
//! ```rust,ignore
//! let config = CONFIG.load(deps.storage)?;
//! ```
//!
//! ## When to allow it
//! When the write extends the value's life or moves it to a new encoding.
//! `// crosslane: allow(unchanged-rewrite) re-encodes old entries`
//!
//! ## Upgrading a deployed contract
//! Nothing moves.

use super::facts::At;
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};
use crate::ir::Mode;

pub(crate) struct UnchangedRewrite;

impl Lint for UnchangedRewrite {
    type Hit = At;

    const INFO: LintInfo =
        info!("XL104", "unchanged-rewrite", "unchanged_rewrite.rs", "a write that puts back what was there");

    fn look(cx: &Cx<'_>) -> Vec<At> {
        let mut hits = Vec::new();
        for (cell, _) in cx.named_cells() {
            let mut found = cx.accesses_of(&cx.calls, cell);
            found.retain(|&at| cx.access(at).mode == Mode::Rewrite && !cx.access(at).implicit);
            hits.extend(cx.one_per_entry(&found));
        }
        hits
    }

    fn say(cx: &Cx<'_>, hit: &At) -> Finding {
        let access = cx.access(*hit);
        let message = format!("{} writes {} back unchanged", cx.name(hit.entry), cx.place(*hit));
        let finding = say::finding::<Self>(cx, message, access.span, "the bytes that were there")
            .about(cx, access.cell)
            .of(cx, [hit.entry]);
        let text = format!("calls that meet there {}, for nothing", cx.words.clash);
        let mut finding = cx.effect_text(finding, text);
        finding = finding.note(NoteKind::Checked, "no path changes a field before the write");
        finding.fix = say::by_hand("delete the write", Upgrade::NoOp);
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, uint};
    use crate::ir::Mode;

    #[test]
    fn a_rewrite() {
        let built = |mode| Build::new().item("CONFIG", uint(64)).entry("touch").at("CONFIG", &[], mode);
        insta::assert_snapshot!(built(Mode::Rewrite).run("XL104"));
        assert_eq!(built(Mode::Update).run("XL104"), "");
    }
}
