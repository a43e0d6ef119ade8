//! Sentence parts that findings share: names in backticks, lists, who reads a cell, what a conflict does on this chain.

use super::facts::{At, Cx};
use super::shapes::Hot;
use super::{Lint, LintInfo};
use crate::diagnostics::{Finding, Fix, Label, Level, NoteKind, Safety, Upgrade};
use crate::ir::{CellId, Certainty, EntryKind, Span, Type};

/// Names beyond this many are counted, not listed.
pub(super) const LISTED: usize = 4;

/// Starts the finding of a lint.
pub(crate) fn finding<L: Lint>(cx: &Cx<'_>, message: String, span: Span, label: &str) -> Finding {
    start(&L::INFO, cx, message, span, label)
}

fn start(info: &LintInfo, cx: &Cx<'_>, message: String, span: Span, label: &str) -> Finding {
    Finding {
        code: info.code,
        name: info.name,
        level: Level::Warn,
        message,
        contract: cx.contract.name.clone(),
        entries: Vec::new(),
        cell: None,
        primary: Label { span, text: label.to_owned() },
        secondary: Vec::new(),
        notes: Vec::new(),
        fix: None,
        price: None,
        aside: None,
    }
}

impl Finding {
    /// Names the cell.
    pub(crate) fn about(mut self, cx: &Cx<'_>, cell: CellId) -> Finding {
        self.cell = cx.cell(cell).map(|cell| cell.name.clone());
        self
    }

    /// Names the entry points, by index.
    pub(crate) fn of(mut self, cx: &Cx<'_>, entries: impl IntoIterator<Item = usize>) -> Finding {
        let mut all: Vec<usize> = entries.into_iter().collect();
        all.sort_unstable();
        all.dedup();
        self.entries = all.into_iter().map(|entry| cx.entry(entry).name.clone()).collect();
        self
    }

    /// Adds the first access of each of the other entry points as a secondary label: "`mint` does the same".
    pub(crate) fn also(mut self, cx: &Cx<'_>, others: &[At], what: &str) -> Finding {
        for &at in others.iter().take(LISTED) {
            let mut text = format!("{} {what}", cx.name(at.entry));
            if cx.access(at).certainty == Certainty::Sometimes {
                text.push_str(", on some paths");
            }
            self = self.label(cx.access(at).span, text);
        }
        self
    }
}

impl Cx<'_> {
    /// An entry point as people say it, in backticks: a message or query without its kind (`transfer`), others in full
    /// (`reply::done`).
    pub(crate) fn name(&self, entry: usize) -> String {
        let entry = self.entry(entry);
        let short = match (entry.kind, entry.name.split_once("::")) {
            (EntryKind::Call | EntryKind::View, Some((_, short))) => short,
            _ => &entry.name,
        };
        format!("`{short}`")
    }

    /// A cell's name in backticks.
    pub(crate) fn cell_name(&self, cell: CellId) -> String {
        self.cell(cell).map_or_else(|| "storage".to_owned(), |cell| format!("`{}`", cell.name))
    }

    /// What an access touches, in backticks: the cell, or a field of it.
    pub(crate) fn place(&self, at: At) -> String {
        let access = self.access(at);
        match (self.cell(access.cell), &access.field) {
            (Some(cell), Some(field)) => format!("`{}.{field}`", cell.name),
            (Some(cell), None) => format!("`{}`", cell.name),
            (None, _) => "storage".to_owned(),
        }
    }

    /// True when an access touches all that is stored at its key: no other field shares the value.
    pub(crate) fn alone(&self, at: At) -> bool {
        let access = self.access(at);
        access.field.is_none()
            || self
                .cell(access.cell)
                .is_some_and(|cell| matches!(&cell.value, Type::Struct(_, fields) if fields.len() == 1))
    }

    /// The cell, the entry points, the other writers and the effect of a hot cell.
    pub(crate) fn hot_notes(&self, finding: Finding, hot: &Hot, does: &str) -> Finding {
        let others: Vec<At> = hot.writers[1..].iter().chain(&hot.privileged).copied().collect();
        let finding = finding.about(self, hot.cell).of(self, hot.entries()).also(self, &others, does);
        self.effect(finding, hot.cell, &hot.entries())
    }

    /// A list of entry points: "`a`, `b` and 3 more".
    pub(crate) fn names(&self, entries: &[usize]) -> String {
        let mut names: Vec<String> = Vec::new();
        for &entry in entries {
            let name = self.name(entry);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        list(&names)
    }

    /// Who observes a cell: messages first, then views. `None` when the analysis cannot know.
    pub(crate) fn read_by(&self, cell: CellId) -> Option<String> {
        if self.blind {
            return None;
        }
        let users = self.users(cell);
        let entry = &self.words.entry;
        let others: Vec<usize> =
            users.reading_calls.iter().copied().filter(|at| !users.writing_calls.contains(at)).collect();
        let calls = if users.reading_calls.is_empty() {
            format!("no {entry}")
        } else if others.is_empty() {
            format!("no {entry} but those that change it")
        } else {
            self.names(&others)
        };
        if users.reading_views.is_empty() {
            return Some(calls);
        }
        let noun = plural(&self.words.view, users.reading_views.len());
        Some(format!("{calls}; {} ({noun})", self.names(&users.reading_views)))
    }

    /// True when messages do not observe a cell and the analysis has seen all of them.
    pub(crate) fn unread_by_calls(&self, cell: CellId) -> bool {
        self.users(cell).reading_calls.is_empty() && !self.blind
    }

    /// True when messages that anyone may send use a stored record for something else than what these writers change.
    pub(crate) fn record_is_shared(&self, hot: &Hot) -> bool {
        let fields: Vec<&str> = hot.writers.iter().filter_map(|at| self.access(*at).field.as_deref()).collect();
        self.public.iter().any(|entry| {
            let all = self.accesses_of(&[*entry], hot.cell);
            let changes = |at: &At| self.access(*at).field.as_deref().is_some_and(|field| fields.contains(&field));
            !all.is_empty() && !all.iter().any(changes)
        })
    }

    /// The remark that shows how to allow a finding.
    pub(crate) fn allow(&self, finding: Finding) -> Finding {
        let text = format!("`// crosslane: allow({}) reason`", finding.name);
        finding.note(NoteKind::Allow, text)
    }

    /// True when nobody but the writers of a hot cell observes it among messages.
    pub(crate) fn unread_by_others(&self, hot: &Hot) -> bool {
        let readers = &self.users(hot.cell).reading_calls;
        !self.blind && readers.iter().all(|entry| hot.writers.iter().any(|at| at.entry == *entry))
    }

    /// Adds what it does on this chain that all these entry points change one place.
    pub(crate) fn effect(&self, finding: Finding, cell: CellId, writers: &[usize]) -> Finding {
        let meet = format!("all calls of {} {}", self.names(writers), self.words.clash);
        self.effect_text(finding, format!("{meet}{}", self.untouched(cell)))
    }

    /// Adds what it does on this chain that some entry points change a place and others read it.
    pub(crate) fn effect_on_readers(&self, finding: Finding, writers: &[usize], readers: &[usize]) -> Finding {
        let (writers, readers, clash) = (self.names(writers), self.names(readers), &self.words.clash);
        self.effect_text(finding, format!("calls of {writers} and calls of {readers} {clash}"))
    }

    /// Adds an effect: what happens now, or what happens where calls run side by side.
    pub(crate) fn effect_text(&self, finding: Finding, meet: String) -> Finding {
        self.effect_of_writes(finding, meet, "")
    }

    /// The same; `writes` says how many writes a call makes for it ("two more writes a call: ").
    pub(crate) fn effect_of_writes(&self, finding: Finding, meet: String, writes: &str) -> Finding {
        if self.words.whole_contract {
            return finding
                .note(NoteKind::EffectParallel, format!("{meet}; here, calls of one contract never overlap"));
        }
        if self.words.parallel_today {
            return finding.note(NoteKind::Effect, meet);
        }
        let today = self.words.write_cost.as_ref().map(|cost| format!("{}; {writes}{cost}", self.words.cost));
        finding.maybe(NoteKind::EffectToday, today).note(NoteKind::EffectParallel, meet)
    }

    /// "; `transfer` does not touch it", of the messages anyone may send, when there are few enough to list.
    fn untouched(&self, cell: CellId) -> String {
        let free: Vec<usize> = self
            .public
            .iter()
            .copied()
            .filter(|entry| {
                let entry = self.entry(*entry);
                entry.unknowns.is_empty() && entry.accesses.iter().all(|access| access.cell != cell)
            })
            .collect();
        match free.len() {
            1 => format!("; {} does not touch it", self.names(&free)),
            2..=LISTED => format!("; {} do not touch it", self.names(&free)),
            _ => String::new(),
        }
    }
}

/// A cure that people carry out: shown, never applied.
pub(crate) fn by_hand(title: impl Into<String>, upgrade: Upgrade) -> Option<Fix> {
    Some(Fix { title: title.into(), edits: Vec::new(), safety: Safety::Display, upgrade })
}

/// Joins names: `a`, `a and b`, `a, b and c`, `a, b, c, d and 3 more`.
pub(crate) fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        many if many.len() > LISTED + 1 => {
            format!("{} and {} more", many[..LISTED].join(", "), many.len() - LISTED)
        }
        many => format!("{} and {}", many[..many.len() - 1].join(", "), many[many.len() - 1]),
    }
}

/// A noun in the number of things.
pub(crate) fn plural(noun: &str, n: usize) -> String {
    if n == 1 {
        return noun.to_owned();
    }
    match noun.strip_suffix('y') {
        Some(stem) if !noun.ends_with("ay") && !noun.ends_with("ey") => format!("{stem}ies"),
        _ => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_plurals() {
        let names: Vec<String> = ["a", "b", "c", "d", "e", "f"].iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(list(&names[..1]), "a");
        assert_eq!(list(&names[..2]), "a and b");
        assert_eq!(list(&names[..5]), "a, b, c, d and e");
        assert_eq!(list(&names), "a, b, c, d and 2 more");
        assert_eq!(plural("query", 2), "queries");
        assert_eq!(plural("storage key", 2), "storage keys");
        assert_eq!(plural("message", 1), "message");
    }
}
