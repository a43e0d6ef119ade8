//! A place the analysis cannot look into, through which a message may touch state.
//!
//! ## What it does
//! Reports each call, macro, attribute or function value that may reach state and whose code could not be read. Traits
//! that others may implement are [open-trait](open-trait.md)'s.
//!
//! ## Why it costs
//! What is not known counts as touching everything: the message is taken to run alone, and every pair with it shows `?`.
//!
//! ## Example
//! ```rust,ignore
//! let plugin: Box<dyn Plugin> = load_plugin(&config)?;
//! plugin.call(deps.storage)?; // may read and write any key
//! ```
//!
//! ## Use instead
//! Show the analysis the code, or say what it does.
//!
//! ```text
//! cargo crosslane --also ../plugins
//! #[crosslane::trusted(reads(CONFIG), updates(PLUGIN_STATE[caller]))]
//! ```
//!
//! A dependency that is not on disk becomes readable by `cargo fetch`. A namespace that is computed becomes readable as a
//! `const`.
//!
//! ## When to allow it
//! When the message is rare and may run alone.
//! `// crosslane: allow(unknown-access) only the owner upgrades`
//!
//! ## Upgrading a deployed contract
//! Nothing changes in the contract.

use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind};
use crate::ir::{EntryKind, Reach, Span, Unknown, UnknownReason};

pub(crate) struct UnknownAccess;

/// One place that cannot be looked into, and the entry points that reach it.
pub(crate) struct Hit {
    /// Entry point and index of the unknown in it, the first of each.
    pub(super) at: (usize, usize),
    /// All entry points.
    pub(super) entries: Vec<usize>,
    /// Further places of the same kind that the same entry points reach.
    pub(super) also: Vec<(usize, usize)>,
}

impl Lint for UnknownAccess {
    type Hit = Hit;

    const INFO: LintInfo =
        info!("XL190", "unknown-access", "unknown_access.rs", "a place the analysis cannot look into may touch state");

    fn look(cx: &Cx<'_>) -> Vec<Hit> {
        hits(cx, |reason| reason != UnknownReason::OpenTrait)
    }

    fn say(cx: &Cx<'_>, hit: &Hit) -> Finding {
        let unknown = hit.unknown(cx);
        let what = quoted(&unknown.what);
        let message = match unknown.reason {
            UnknownReason::UnknownCell => match unknown.what.strip_prefix("a storage place") {
                Some(why) => {
                    let why = why.trim_start_matches([':', ' ']);
                    let why = why.strip_prefix("that ").map_or_else(|| why.to_owned(), |why| format!("it {why}"));
                    format!("cannot tell which {} this is: {why}", cx.words.unit)
                }
                None => format!("cannot tell where in storage {what} is"),
            },
            UnknownReason::Unsupported => format!("{what} is recognised, but what it touches is not known yet"),
            UnknownReason::Budget => format!("{what} is too large to look through in full"),
            _ => format!("cannot see what {what} touches"),
        };
        let finding = place::<Self>(cx, hit, message, reason_text(unknown.reason));
        finding.note(NoteKind::So, consequence(cx, hit)).note(NoteKind::Settle, settle(unknown.reason, Self::INFO.name))
    }
}

impl Hit {
    /// The unknown.
    pub(super) fn unknown<'a>(&self, cx: &Cx<'a>) -> &'a Unknown {
        &cx.entry(self.at.0).unknowns[self.at.1]
    }
}

/// Code in backticks; words (`a function value`) as they are.
fn quoted(what: &str) -> String {
    let words = what.contains('`') || ["a ", "an ", "the "].iter().any(|article| what.starts_with(article));
    if words { what.to_owned() } else { format!("`{what}`") }
}

/// Unknowns of some reasons: one for each text and set of entry points, with all its places. What only views reach makes
/// nobody wait and is not told.
pub(super) fn hits(cx: &Cx<'_>, wanted: impl Fn(UnknownReason) -> bool) -> Vec<Hit> {
    let mut found: Vec<Hit> = Vec::new();
    for (entry, value) in cx.contract.entries.iter().enumerate() {
        if matches!(value.kind, EntryKind::Init | EntryKind::Migrate) || cx.is_parent(entry) {
            continue;
        }
        for (at, unknown) in value.unknowns.iter().enumerate() {
            if !wanted(unknown.reason) {
                continue;
            }
            let same = |hit: &&mut Hit| {
                let known = hit.unknown(cx);
                known.reason == unknown.reason && known.what == unknown.what && known.span == unknown.span
            };
            match found.iter_mut().find(same) {
                Some(hit) => {
                    if hit.entries.last() != Some(&entry) {
                        hit.entries.push(entry);
                    }
                }
                None => found.push(Hit { at: (entry, at), entries: vec![entry], also: Vec::new() }),
            }
        }
    }
    found.retain(|hit| hit.entries.iter().any(|entry| cx.calls.contains(entry)));
    let mut told: Vec<Hit> = Vec::new();
    for hit in found {
        let unknown = hit.unknown(cx);
        let same = |known: &&mut Hit| {
            let first = known.unknown(cx);
            let alike = (first.reason, &first.what, first.reach) == (unknown.reason, &unknown.what, unknown.reach);
            alike && known.entries == hit.entries
        };
        match told.iter_mut().find(same) {
            Some(known) => known.also.push(hit.at),
            None => told.push(hit),
        }
    }
    told
}

/// The finding at the place itself where it is in the analysed package, else at the entry point that leads there.
pub(super) fn place<L: Lint>(cx: &Cx<'_>, hit: &Hit, message: String, label: &str) -> Finding {
    let unknown = hit.unknown(cx);
    let own = |span: Span| cx.files.file(span.file).is_some_and(|file| file.analysed);
    let entry = cx.entry(hit.at.0);
    let finding = if own(unknown.span) || !own(entry.span) {
        say::finding::<L>(cx, message, unknown.span, label)
    } else {
        let text = format!("{} leads there", cx.name(hit.at.0));
        say::finding::<L>(cx, message, entry.span, &text).label(unknown.span, label)
    };
    let others = hit.also.iter().take(say::LISTED).map(|(entry, at)| cx.entry(*entry).unknowns[*at].span);
    let finding = others.fold(finding, |finding, span| finding.label(span, "and here"));
    finding.of(cx, hit.entries.iter().copied())
}

/// What follows for the verdicts.
pub(super) fn consequence(cx: &Cx<'_>, hit: &Hit) -> String {
    let names = cx.names(&hit.entries);
    let many = hit.entries.len() > 1;
    match hit.unknown(cx).reach {
        Reach::Cell(cell) => format!("{names} may touch any entry of {}", cx.cell_name(cell)),
        Reach::Contract | Reach::All => {
            let verb = if many { "are" } else { "is" };
            let pairs = cx.calls.len().saturating_sub(1);
            let others = if pairs == 0 {
                String::new()
            } else {
                format!(", and {} with other {}s show `?`", if many { "their pairs" } else { "its pairs" }, cx.words.entry)
            };
            format!("{names} {verb} counted as one at a time{others}")
        }
    }
}

/// What stands there, for the label.
fn reason_text(reason: UnknownReason) -> &'static str {
    match reason {
        UnknownReason::UnresolvedCall => "no code was found for this call, and it may get at state",
        UnknownReason::UnknownMacro => "this macro could not be expanded, and state is in its hands",
        UnknownReason::UnknownAttribute => "this attribute may rewrite the function",
        UnknownReason::OpenTrait => "anyone may implement this trait",
        UnknownReason::MissingDependency => "the source of this dependency is not on disk",
        UnknownReason::UnknownFunction => "which function is called here is not known",
        UnknownReason::UnknownCell => "its namespace is not a constant the analysis can read",
        UnknownReason::Budget => "the work for one entry point ran out here",
        UnknownReason::TooDeep => "nested too deeply",
        UnknownReason::Unparsable => "this does not parse",
        UnknownReason::Unsafe => "code outside of safe Rust may reach state",
        UnknownReason::Unsupported => "not supported yet",
        UnknownReason::RemainingAccounts => "the sender chooses these accounts freely",
    }
}

/// How to settle an unknown.
pub(super) fn settle(reason: UnknownReason, lint: &str) -> String {
    let trusted = "#[crosslane::trusted(…)] with what it touches";
    let allow = format!("// crosslane: allow({lint}) reason");
    match reason {
        UnknownReason::MissingDependency => "run `cargo fetch`, which brings the source, then run again".to_owned(),
        UnknownReason::Unparsable => "make the file parse".to_owned(),
        UnknownReason::UnknownCell => format!("any one of: a `const` namespace · {trusted} · {allow}"),
        UnknownReason::Budget | UnknownReason::TooDeep => format!("any one of: split the function · {trusted} · {allow}"),
        UnknownReason::UnresolvedCall
        | UnknownReason::UnknownFunction
        | UnknownReason::OpenTrait
        | UnknownReason::UnknownMacro
        | UnknownReason::UnknownAttribute
        | UnknownReason::Unsafe
        | UnknownReason::Unsupported
        | UnknownReason::RemainingAccounts => {
            format!("any one of: cargo crosslane --also PATH with the code · {trusted} · {allow}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, uint};
    use crate::ir::{CellId, Reach, UnknownReason};

    #[test]
    fn a_call_without_code() {
        let report = Build::new()
            .item("N", uint(64))
            .entry("run")
            .unknown(UnknownReason::UnresolvedCall, "plugin.call", Reach::All)
            .entry("other")
            .read("N")
            .run("XL190");
        insta::assert_snapshot!(report);
    }

    #[test]
    fn a_missing_dependency_and_a_computed_namespace() {
        let report = Build::new()
            .map("X", uint(64))
            .entry("run")
            .unknown(UnknownReason::MissingDependency, "cw_utils::nonpayable", Reach::All)
            .unknown(UnknownReason::UnknownCell, "Map::new(name)", Reach::Cell(CellId(0)))
            .run("XL190");
        insta::assert_snapshot!(report);
    }

    #[test]
    fn silent_when_all_is_seen() {
        let built = Build::new().item("N", uint(64)).entry("a").read("N");
        assert_eq!(built.codes(), [""; 0]);
    }
}
