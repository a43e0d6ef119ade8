//! An account is locked for writing by an instruction that never writes it.
//!
//! ## What it does
//! Finds account parameters declared writable of which the analysis has seen that no instruction that declares them
//! writes them: no assignment, no exit that stores them, no call that gets them writable, no lamports moved. It says
//! nothing where anything is unknown.
//!
//! ## Why it costs
//! The chain goes by the declared lock, not by what the code does. Two calls that lock one account for writing wait for
//! each other, and each books its compute units on that account, whose share of a block is limited.
//!
//! ## Example
//! ```rust,ignore
//! #[account(mut, seeds = [b"state"], bump)]
//! pub state: Account<'info, State>, // only read below
//! ```
//!
//! ## Use instead
//! ```rust,ignore
//! #[account(seeds = [b"state"], bump)]
//! pub state: Account<'info, State>,
//! ```
//!
//! ## When to allow it
//! When clients rely on the order of locks, or the account is about to be written in the next version.
//! `// crosslane: allow(needless-mut) written from 2.0 on`
//!
//! ## Upgrading a deployed contract
//! No data moves. Old clients keep working and keep locking until they use the new interface description.

use super::accounts::{self, Held};
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Edit, Finding, Fix, NoteKind, Safety, Upgrade};
use crate::ir::{Span, Written};

pub(crate) struct NeedlessMut;

impl Lint for NeedlessMut {
    type Hit = Held;

    const INFO: LintInfo = info!("XL301", "needless-mut", "needless_mut.rs", "a write lock on an account that is never written");

    fn look(cx: &Cx<'_>) -> Vec<Held> {
        let mut hits = accounts::by_declaration(cx);
        hits.retain(|held| {
            held.places.iter().all(|&(entry, at)| {
                let account = accounts::of(cx, entry, at);
                account.writable && account.written == Written::No && accounts::seen(cx, entry)
            })
        });
        hits
    }

    fn say(cx: &Cx<'_>, hit: &Held) -> Finding {
        let (entry, at) = hit.places[0];
        let account = accounts::of(cx, entry, at);
        let verb = if hit.places.len() == 1 { "writes" } else { "write" };
        let message =
            format!("`{}` is locked for writing, but {} never {verb} it", account.name, cx.names(&hit.entries()));
        let mut finding = say::finding::<Self>(cx, message, account.span, "takes the write lock").of(cx, hit.entries());
        finding.cell = Some(account.name.clone());
        for span in account.why.iter().take(3) {
            finding = finding.label(*span, "used here, and only read");
        }
        if let Some(effect) = accounts::sharing(cx, hit) {
            finding = finding.note(NoteKind::Effect, effect);
        }
        finding = finding.maybe(NoteKind::Budget, accounts::budget(cx)).note(
            NoteKind::Checked,
            format!(
                "no assignment, mutable borrow, call with it writable, closing, resizing, moved balance or free choice \
                 of accounts reaches it; no unknown calls in {}",
                cx.names(&hit.entries())
            ),
        );
        finding = finding.note(
            NoteKind::Clients,
            "old ones keep working and keep locking until they use the new interface description",
        );
        finding.fix = Some(Fix {
            title: "remove `mut`".to_owned(),
            edits: edit(cx, account.span).into_iter().collect(),
            safety: Safety::Safe,
            upgrade: Upgrade::NoOp,
        });
        finding
    }
}

/// Removes the word `mut` and the comma after it from the attribute that a declaration begins with, if it stands there
/// exactly once.
fn edit(cx: &Cx<'_>, span: Span) -> Option<Edit> {
    let text = cx.files.text(span);
    let attribute = text.get(..text.rfind(']')? + 1)?;
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = attribute.match_indices("mut").filter(|(at, _)| {
        let before = attribute[..*at].chars().next_back().is_some_and(|c| is_word(c) || c == '&');
        let after = attribute[at + 3..].chars().next().is_some_and(is_word);
        !before && !after
    });
    let (at, _) = found.next()?;
    if found.next().is_some() || !attribute[..at].trim_end().ends_with(['(', ',']) {
        return None;
    }
    let rest = &attribute[at + 3..];
    let spaces = rest.len() - rest.trim_start().len();
    let (start, end) = match (rest.trim_start().chars().next()?, attribute[..at].trim_end().strip_suffix(',')) {
        (',', _) => {
            let after = &rest[spaces + 1..];
            (at, at + 3 + spaces + 1 + (after.len() - after.trim_start().len()))
        }
        // The last word: the comma before it goes too.
        (')', Some(before)) => (before.len(), at + 3),
        // The only word: so does the attribute, if it is nothing else.
        (')', None) => {
            let start = attribute.rfind("#[account")?;
            let inner = attribute[start..].strip_prefix("#[account")?.trim_start().strip_prefix('(')?;
            if inner.strip_suffix(']')?.trim_end().strip_suffix(')')?.trim() != "mut" {
                return None;
            }
            let after = text.get(attribute.len()..)?;
            (start, attribute.len() + (after.len() - after.trim_start().len()))
        }
        _ => return None,
    };
    let offset = |at: usize| span.lo + at as u32;
    Some(Edit { span: Span { file: span.file, lo: offset(start), hi: offset(end) }, replacement: String::new() })
}

#[cfg(test)]
mod tests {
    use super::super::testing::Build;
    use crate::ir::{Reach, Term, UnknownReason, Written};

    fn built(written: Written) -> Build {
        Build::new().chain("solana").entry("deposit").account(
            "#[account(mut, seeds = [b\"state\"], bump)] pub state: Account<State>",
            "state",
            Term::Fn { name: "pda".to_owned(), of: vec![Term::text("state")], injective: false },
            true,
            written,
        )
    }

    #[test]
    fn a_lock_nobody_needs() {
        insta::assert_snapshot!(built(Written::No).run("XL301"));
    }

    #[test]
    fn the_fix_removes_the_word() {
        let (analysis, options) = built(Written::No).analysis();
        let findings = super::super::run(&analysis, &options);
        let fix = findings[0].fix.as_ref().unwrap();
        assert!(fix.applicable(false));
        assert_eq!(analysis.files.text(fix.edits[0].span), "mut, ");
    }

    #[test]
    fn the_only_word_goes_with_its_attribute() {
        let name = || Term::Account("log".to_owned());
        for (text, removed) in [
            ("#[account(mut)]\n    pub log: Account<Log>", Some("#[account(mut)]\n    ")),
            ("#[account( mut, )] pub log: Account<Log>", Some("mut, ")),
            ("#[account(seeds = [b\"a\"], mut)] pub log: Account<Log>", Some(", mut")),
            ("/// CHECK: x\n#[account(mut)] pub log: Account<Log>", Some("#[account(mut)] ")),
            ("/// mut\n#[account(mut)] pub log: Account<Log>", None),
        ] {
            let built = Build::new().chain("solana").entry("deposit").account(text, "log", name(), true, Written::No);
            let (analysis, options) = built.analysis();
            let fix = super::super::run(&analysis, &options).remove(0).fix.unwrap();
            assert_eq!(fix.edits.first().map(|edit| analysis.files.text(edit.span)), removed, "{text}");
        }
    }

    #[test]
    fn silent() {
        assert_eq!(built(Written::Yes).run("XL301"), "");
        assert_eq!(built(Written::Unknown).run("XL301"), "");
        let unknown = built(Written::No).unknown(UnknownReason::UnresolvedCall, "x()", Reach::All);
        assert_eq!(unknown.run("XL301"), "");
    }
}
