//! A message calls another contract whose code was not given.
//!
//! ## What it does
//! Lists the calls and messages to other contracts that could not be joined with a callee's footprint. One finding for
//! each contract.
//!
//! ## Why it costs
//! Verdicts about the contract's own state stand. For whole transactions such a call may touch anything, the caller's own
//! state by re-entry included, so a scheduler that goes by transactions must run it alone.
//!
//! ## Example
//! ```rust,ignore
//! Ok(Response::new().add_message(WasmMsg::Execute { contract_addr: contract, msg, funds: vec![] }))
//! ```
//!
//! ## Use instead
//! Give the callee: analyse its package in the same run, or link its manifest.
//!
//! ```text
//! cargo crosslane --also ../receiver
//! cargo crosslane manifest --link ../receiver/crosslane.json
//! ```
//!
//! ## When to allow it
//! When the callee is whatever the sender names, as in a token's `send`.
//! `// crosslane: allow(unlinked-call) the sender chooses the receiver`
//!
//! ## Upgrading a deployed contract
//! Nothing changes in the contract.

use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind};
use crate::ir::{ExternalMode, Term, path_text};

pub(crate) struct UnlinkedCall;

/// Entry point and index of the external in it.
pub(crate) type Hit = Vec<(usize, usize)>;

impl Lint for UnlinkedCall {
    type Hit = Hit;

    const INFO: LintInfo =
        info!("XL192", "unlinked-call", "unlinked_call.rs", "a call to another contract whose code was not given");

    fn look(cx: &Cx<'_>) -> Vec<Hit> {
        let mut found: Hit = Vec::new();
        for &entry in &cx.calls {
            for (at, external) in cx.entry(entry).externals.iter().enumerate() {
                if !external.linked && external.mode != ExternalMode::Query {
                    found.push((entry, at));
                }
            }
        }
        if found.is_empty() { Vec::new() } else { vec![found] }
    }

    fn say(cx: &Cx<'_>, hit: &Hit) -> Finding {
        let mut entries: Vec<usize> = hit.iter().map(|(entry, _)| *entry).collect();
        entries.dedup();
        let external = |(entry, at): (usize, usize)| &cx.entry(entry).externals[at];
        let first = hit[0];
        let verb = if entries.len() == 1 { "calls" } else { "call" };
        let message = format!("{} {verb} out to contracts whose code was not given", cx.names(&entries));
        let mut finding = say::finding::<Self>(cx, message, external(first).span, &target(&external(first).target));
        finding = finding.of(cx, entries.iter().copied());
        let mut shown = vec![first.0];
        for &at in &hit[1..] {
            if shown.contains(&at.0) || shown.len() > 3 {
                continue;
            }
            shown.push(at.0);
            let text = format!("{}, in {}", target(&external(at).target), cx.name(at.0));
            finding = finding.label(external(at).span, text);
        }
        finding
            .note(
                NoteKind::So,
                "verdicts are about this contract's own state; as whole transactions these may touch anything",
            )
            .note(NoteKind::Settle, "cargo crosslane --also PATH with the callee's package, or --link with its manifest")
    }
}

/// Whom a call goes to, in words.
fn target(term: &Term) -> String {
    match term {
        Term::Arg(path) => format!("calls `{}`, which the sender names", path_text(path)),
        Term::Caller | Term::Origin => "calls back the sender".to_owned(),
        Term::SelfAddr => "calls this contract again".to_owned(),
        Term::Load { .. } => "calls an address that is kept in state".to_owned(),
        _ => "calls out".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, arg};
    use crate::ir::ExternalMode;

    #[test]
    fn one_finding_for_all() {
        let report = Build::new()
            .entry("send")
            .external(arg("contract"), ExternalMode::Message, false)
            .entry("send_from")
            .external(arg("contract"), ExternalMode::Message, false)
            .entry("burn")
            .run("XL192");
        insta::assert_snapshot!(report);
    }

    #[test]
    fn silent_when_linked_or_asking() {
        let built = Build::new()
            .entry("a")
            .external(arg("c"), ExternalMode::Message, true)
            .external(arg("c"), ExternalMode::Query, false);
        assert_eq!(built.codes(), [""; 0]);
    }
}
