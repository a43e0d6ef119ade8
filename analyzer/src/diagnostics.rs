//! Findings as values: what a lint has to say, without any rendering. A terminal, JSON, SARIF or an editor reads these;
//! spans are resolved by the [`SourceMap`](crate::ir::SourceMap) of the same analysis.

use std::fmt;

use crate::ir::Span;

/// How serious a finding is. The order is from "not shown" to "fails the run".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Not shown.
    Allow,
    /// Shown; nothing on this chain gets slower today, or it is worth knowing only.
    Note,
    /// Shown.
    Warn,
    /// Shown, and the run ends with exit code 1.
    Deny,
}

impl Level {
    /// The word a message begins with.
    pub fn word(self) -> &'static str {
        match self {
            Level::Allow => "allowed",
            Level::Note => "note",
            Level::Warn => "warning",
            Level::Deny => "error",
        }
    }

    /// Reads a level as configuration files and level tables write it.
    pub fn parse(text: &str) -> Option<Level> {
        match text {
            "allow" => Some(Level::Allow),
            "note" => Some(Level::Note),
            "warn" | "warning" => Some(Level::Warn),
            "deny" | "error" => Some(Level::Deny),
            _ => None,
        }
    }
}

/// A place in the source and what is to be said there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What, lowercase, without a final stop; may be empty.
    pub text: String,
}

/// What a note speaks about; the renderer prints [`NoteKind::head`] before the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoteKind {
    /// What it does on this chain.
    Effect,
    /// What it does on this chain now, where chains of this kind run one call at a time.
    EffectToday,
    /// What it would do on a chain that runs calls side by side.
    EffectParallel,
    /// The chain's own limit that this uses up.
    Budget,
    /// Who reads the cell.
    ReadBy,
    /// What the analysis looked at before it said so.
    Checked,
    /// What follows for the verdicts.
    So,
    /// How an unknown can be settled.
    Settle,
    /// A cure in words; [`Finding::fix`] holds the one that is an edit.
    Cure(Safety, Upgrade),
    /// A cure one might expect and why it is not offered.
    NotOffered,
    /// What happens to contracts that are deployed already.
    Deployed,
    /// What happens to existing clients.
    Clients,
    /// How to allow it, where it is meant to be so.
    Allow,
    /// Anything else.
    Note,
}

impl NoteKind {
    /// The words before the colon.
    pub fn head(self) -> String {
        match self {
            NoteKind::Effect => "effect".to_owned(),
            NoteKind::EffectToday => "effect today".to_owned(),
            NoteKind::EffectParallel => "effect on a parallel chain".to_owned(),
            NoteKind::Budget => "budget".to_owned(),
            NoteKind::ReadBy => "read by".to_owned(),
            NoteKind::Checked => "checked".to_owned(),
            NoteKind::So => "so".to_owned(),
            NoteKind::Settle => "to settle it".to_owned(),
            NoteKind::Cure(safety, upgrade) => cure_head(safety, upgrade),
            NoteKind::NotOffered => "not offered".to_owned(),
            NoteKind::Deployed => "already deployed".to_owned(),
            NoteKind::Clients => "clients".to_owned(),
            NoteKind::Allow => "if it is meant to be so".to_owned(),
            NoteKind::Note => "note".to_owned(),
        }
    }

    /// The kebab-case name in JSON.
    pub fn code(self) -> &'static str {
        match self {
            NoteKind::Effect => "effect",
            NoteKind::EffectToday => "effect-today",
            NoteKind::EffectParallel => "effect-parallel",
            NoteKind::Budget => "budget",
            NoteKind::ReadBy => "read-by",
            NoteKind::Checked => "checked",
            NoteKind::So => "so",
            NoteKind::Settle => "settle",
            NoteKind::Cure(..) => "fix",
            NoteKind::NotOffered => "not-offered",
            NoteKind::Deployed => "deployed",
            NoteKind::Clients => "clients",
            NoteKind::Allow => "allow",
            NoteKind::Note => "note",
        }
    }
}

/// The words before a cure: `fix (safe)`, `fix (by hand, migration)`.
fn cure_head(safety: Safety, upgrade: Upgrade) -> String {
    let who = match safety {
        Safety::Safe => "safe",
        Safety::Unsafe => "unsafe",
        Safety::Display => "by hand",
    };
    match upgrade {
        Upgrade::NoOp => format!("fix ({who})"),
        upgrade => format!("fix ({who}, {upgrade})"),
    }
}

/// A remark below the source excerpt.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Note {
    /// What it speaks about.
    pub kind: NoteKind,
    /// The text, lowercase, without a final stop.
    pub text: String,
}

/// Who may apply a fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Safety {
    /// A machine, unasked: behaviour stays the same.
    Safe,
    /// A machine, when told to (`--unsafe-fixes`): behaviour may change.
    Unsafe,
    /// Only people: it is shown and never applied.
    Display,
}

impl fmt::Display for Safety {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Safety::Safe => "safe",
            Safety::Unsafe => "unsafe",
            Safety::Display => "display",
        })
    }
}

/// What applying a fix means for a contract that is deployed and has state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Upgrade {
    /// Nothing: upgrade and go on.
    NoOp,
    /// Clients must change what they send.
    Client,
    /// Stored data must be moved.
    Migration,
    /// State cannot be carried over.
    NewDeploymentsOnly,
}

impl fmt::Display for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Upgrade::NoOp => "no-op",
            Upgrade::Client => "client",
            Upgrade::Migration => "migration",
            Upgrade::NewDeploymentsOnly => "new deployments only",
        })
    }
}

/// One replacement of text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edit {
    /// What is replaced; an empty range inserts.
    pub span: Span,
    /// By what.
    pub replacement: String,
}

/// The preferred cure. Without edits it can only be shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fix {
    /// What it does, as an order: `remove \`mut\``.
    pub title: String,
    /// The edits, in order, not overlapping.
    pub edits: Vec<Edit>,
    /// Who may apply it.
    pub safety: Safety,
    /// What it means for deployed contracts.
    pub upgrade: Upgrade,
}

impl Fix {
    /// The words before the title: `fix (by hand, migration)`.
    pub fn head(&self) -> String {
        cure_head(self.safety, self.upgrade)
    }

    /// True when a machine may apply it under the given permission.
    pub fn applicable(&self, unsafe_too: bool) -> bool {
        let allowed = match self.safety {
            Safety::Safe => true,
            Safety::Unsafe => unsafe_too,
            Safety::Display => false,
        };
        allowed && !self.edits.is_empty()
    }
}

/// What it costs, when the chain has a number for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price {
    /// The sentence people read.
    pub text: String,
    /// Where its numbers come from, with a date.
    pub source: String,
}

/// Why a finding is folded into a line with others instead of being shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aside {
    /// The code is a dependency's; whoever analyses this package cannot edit it.
    Dependency,
    /// Only privileged callers reach it.
    Admin,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Code (`XL101`).
    pub code: &'static str,
    /// Name as `allow` takes it (`hot-counter`).
    pub name: &'static str,
    /// Level after configuration.
    pub level: Level,
    /// The message, lowercase, without a final stop.
    pub message: String,
    /// Contract.
    pub contract: String,
    /// Entry points concerned, in the contract's order.
    pub entries: Vec<String>,
    /// Cell or account concerned.
    pub cell: Option<String>,
    /// What.
    pub primary: Label,
    /// Where the other side is.
    pub secondary: Vec<Label>,
    /// Remarks, in the order they are to be read.
    pub notes: Vec<Note>,
    /// The preferred cure.
    pub fix: Option<Fix>,
    /// The price.
    pub price: Option<Price>,
    /// Set when it is to be folded away.
    pub aside: Option<Aside>,
}

impl Finding {
    /// Adds a remark.
    pub fn note(mut self, kind: NoteKind, text: impl Into<String>) -> Finding {
        self.notes.push(Note { kind, text: text.into() });
        self
    }

    /// Adds a remark if there is one.
    pub fn maybe(self, kind: NoteKind, text: Option<String>) -> Finding {
        match text {
            Some(text) => self.note(kind, text),
            None => self,
        }
    }

    /// Adds a label; a label that is nowhere or at the primary place is left out.
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Finding {
        if !span.is_none() && span != self.primary.span && self.secondary.iter().all(|label| label.span != span) {
            self.secondary.push(Label { span, text: text.into() });
        }
        self
    }
}

/// Findings of one kind that are told in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// Why they are folded.
    pub aside: Aside,
    /// Contract.
    pub contract: String,
    /// How many.
    pub count: usize,
    /// The line, lowercase, without a final stop: `2 findings only privileged callers can reach (XL102 in mint, burn)`.
    pub text: String,
}

/// Splits findings into those to show and the lines that stand for the rest.
pub fn fold(findings: Vec<Finding>) -> (Vec<Finding>, Vec<Fold>) {
    let mut shown = Vec::new();
    let mut groups: Vec<((String, Aside), Vec<Finding>)> = Vec::new();
    for finding in findings {
        match finding.aside {
            None => shown.push(finding),
            Some(aside) => {
                let key = (finding.contract.clone(), aside);
                match groups.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, members)) => members.push(finding),
                    None => groups.push((key, vec![finding])),
                }
            }
        }
    }
    let folds = groups
        .into_iter()
        .map(|((contract, aside), members)| Fold { aside, contract, count: members.len(), text: line(aside, &members) })
        .collect();
    (shown, folds)
}

/// The line for a group: how many, why, and each code with its cells.
fn line(aside: Aside, members: &[Finding]) -> String {
    let mut codes: Vec<(&str, Vec<&str>)> = Vec::new();
    for finding in members {
        let subject = finding.cell.as_deref().or(finding.entries.first().map(String::as_str)).unwrap_or("");
        match codes.iter_mut().find(|(code, _)| *code == finding.code) {
            Some((_, subjects)) => {
                if !subjects.contains(&subject) {
                    subjects.push(subject);
                }
            }
            None => codes.push((finding.code, vec![subject])),
        }
    }
    let list: Vec<String> =
        codes.iter().map(|(code, subjects)| format!("{code} {}", subjects.join(", ")).trim_end().to_owned()).collect();
    let n = members.len();
    let noun = if n == 1 { "finding" } else { "findings" };
    let why = match aside {
        Aside::Dependency => "in the code of dependencies",
        Aside::Admin => "that only privileged callers can reach",
    };
    format!("{n} {noun} {why} ({})", list.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(code: &'static str, cell: &str, aside: Option<Aside>) -> Finding {
        Finding {
            code,
            name: "x",
            level: Level::Warn,
            message: String::new(),
            contract: "c".to_owned(),
            entries: vec!["e".to_owned()],
            cell: Some(cell.to_owned()),
            primary: Label { span: Span::NONE, text: String::new() },
            secondary: Vec::new(),
            notes: Vec::new(),
            fix: None,
            price: None,
            aside,
        }
    }

    #[test]
    fn folds_by_reason_and_keeps_the_rest() {
        let (shown, folds) = fold(vec![
            finding("XL101", "A", None),
            finding("XL102", "B", Some(Aside::Admin)),
            finding("XL102", "C", Some(Aside::Admin)),
            finding("XL105", "D", Some(Aside::Dependency)),
        ]);
        assert_eq!(shown.len(), 1);
        let texts: Vec<&str> = folds.iter().map(|fold| fold.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "2 findings that only privileged callers can reach (XL102 B, C)",
                "1 finding in the code of dependencies (XL105 D)"
            ]
        );
    }

    #[test]
    fn cure_heads() {
        assert_eq!(NoteKind::Cure(Safety::Safe, Upgrade::NoOp).head(), "fix (safe)");
        assert_eq!(NoteKind::Cure(Safety::Display, Upgrade::Migration).head(), "fix (by hand, migration)");
        assert_eq!(NoteKind::Cure(Safety::Unsafe, Upgrade::Client).head(), "fix (unsafe, client)");
    }
}
