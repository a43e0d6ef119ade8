//! A message calls another contract whose code was not given.
//!
//! ## What it does
//! Lists the calls and messages to contracts whose address is kept in state and that could not be joined with a callee's
//! footprint: partners that are known when the contract is set up, so their code can be given. One finding for each
//! contract. Calls to whatever the sender names, to lists of receivers and to modules of the chain are not listed here;
//! the overview and the manifest have them.
//!
//! ## Why it costs
//! Verdicts about the contract's own state stand. For whole transactions such a call may touch anything, the caller's own
//! state by re-entry included, so a scheduler that goes by transactions must run it alone.
//!
//! ## Example
//! ```rust,ignore
//! let token = CONFIG.load(deps.storage)?.token;
//! Ok(Response::new().add_message(WasmMsg::Execute { contract_addr: token.into(), msg, funds: vec![] }))
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
//! When the callee's code is not at hand.
//! `// crosslane: allow(unlinked-call) any token may be set`
//!
//! ## Upgrading a deployed contract
//! Nothing changes in the contract.

use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind};
use crate::ir::{ExternalMode, Term};

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
                if !external.linked && external.mode != ExternalMode::Query && from_state(&external.target) {
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
        let mut finding = say::finding::<Self>(cx, message, external(first).span, &target(cx, &external(first).target));
        finding = finding.of(cx, entries.iter().copied());
        let mut shown = vec![first.0];
        for &at in &hit[1..] {
            if shown.contains(&at.0) || shown.len() > 3 {
                continue;
            }
            shown.push(at.0);
            let text = format!("{}, in {}", target(cx, &external(at).target), cx.name(at.0));
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

/// True for an address that is kept in state.
fn from_state(target: &Term) -> bool {
    match target {
        Term::Load { .. } => true,
        Term::Coalesce(of) => of.iter().any(from_state),
        _ => false,
    }
}

/// Whom a call goes to, in words: the cell and field that hold the address.
fn target(cx: &Cx<'_>, term: &Term) -> String {
    match term {
        Term::Load { cell, field, .. } => match (cx.cell(*cell), field.is_empty()) {
            (Some(cell), true) => format!("calls the address in `{}`", cell.name),
            (Some(cell), false) => format!("calls the address in `{}.{}`", cell.name, field.join(".")),
            (None, _) => "calls an address that is kept in state".to_owned(),
        },
        Term::Coalesce(of) => of.iter().find(|term| from_state(term)).map_or_else(String::new, |term| target(cx, term)),
        _ => "calls out".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, arg, load};
    use crate::ir::{ExternalMode, Term, Type};

    #[test]
    fn one_finding_for_all() {
        let report = Build::new()
            .item("TOKEN", Type::Text)
            .entry("send")
            .external(load(0), ExternalMode::Message, false)
            .entry("send_from")
            .external(load(0), ExternalMode::Message, false)
            .entry("burn")
            .run("XL192");
        insta::assert_snapshot!(report);
    }

    #[test]
    fn silent_when_linked_asking_or_chosen_by_the_sender() {
        let built = Build::new()
            .item("TOKEN", Type::Text)
            .entry("a")
            .external(load(0), ExternalMode::Message, true)
            .external(load(0), ExternalMode::Query, false)
            .external(Term::text("bank"), ExternalMode::Message, false)
            .external(arg("to"), ExternalMode::Message, false);
        assert_eq!(built.codes(), [""; 0]);
    }
}
