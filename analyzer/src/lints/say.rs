//! Sentence parts that findings share: names in backticks, lists, who reads a cell, what a conflict does on this chain.

use super::facts::{At, Cx};
use super::{Lint, LintInfo};
use crate::diagnostics::{Finding, Label, Level, NoteKind};
use crate::ir::{CellId, ExternalMode, Span};

/// Names beyond this many are counted, not listed.
const LISTED: usize = 4;

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
            let text = format!("{} {what}", cx.name(at.entry));
            self = self.label(cx.access(at).span, text);
        }
        self
    }
}

impl Cx<'_> {
    /// An entry point as people say it, in backticks: `execute::transfer` is `transfer` where that is clear.
    pub(crate) fn name(&self, entry: usize) -> String {
        format!("`{}`", self.plain(entry))
    }

    /// The same without backticks.
    pub(crate) fn plain(&self, entry: usize) -> String {
        let full = &self.entry(entry).name;
        match full.split_once("::") {
            Some((_, short)) => short.to_owned(),
            None => full.clone(),
        }
    }

    /// A cell's name in backticks.
    pub(crate) fn cell_name(&self, cell: CellId) -> String {
        self.cell(cell).map_or_else(|| "storage".to_owned(), |cell| format!("`{}`", cell.name))
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
        let users = self.users(cell);
        let mut parts = Vec::new();
        if users.reading_calls.is_empty() {
            if self.blind {
                return None;
            }
            parts.push(format!("no {}", self.words.entry));
        } else {
            parts.push(self.names(&users.reading_calls));
        }
        if !users.reading_views.is_empty() {
            let noun = plural(&self.words.view, users.reading_views.len());
            parts.push(format!("{} ({noun})", self.names(&users.reading_views)));
        }
        Some(parts.join("; "))
    }

    /// True when messages do not observe a cell and the analysis has seen all of them.
    pub(crate) fn unread_by_calls(&self, cell: CellId) -> bool {
        self.users(cell).reading_calls.is_empty() && !self.blind
    }

    /// Adds what it does on this chain that these entry points meet at one unit.
    pub(crate) fn effect(&self, finding: Finding, writers: &[usize]) -> Finding {
        let meet = self.meet(writers);
        if self.words.whole_contract {
            let text = format!(
                "calls of one contract run one at a time here anyway; where they do not, {meet} {}",
                self.words.clash
            );
            return finding.note(NoteKind::Effect, text);
        }
        if self.words.parallel_today {
            return finding.note(NoteKind::Effect, format!("{meet} {}", self.words.clash));
        }
        let today = self.words.write_cost.as_ref().map(|cost| format!("gas; {cost}"));
        let unaffected = self.unaffected(writers);
        let parallel = format!("{meet} {}{unaffected}", self.words.clash);
        finding.maybe(NoteKind::EffectToday, today).note(NoteKind::EffectParallel, parallel)
    }

    fn meet(&self, writers: &[usize]) -> String {
        match writers {
            [one] => format!("all calls of {}", self.name(*one)),
            many => format!("all calls of {}", self.names(many)),
        }
    }

    /// "; `transfer` is not affected", when that can be said of few enough to list.
    fn unaffected(&self, writers: &[usize]) -> String {
        let others: Vec<usize> = self.public.iter().copied().filter(|entry| !writers.contains(entry)).collect();
        if others.is_empty() || others.len() > LISTED || self.blind {
            return String::new();
        }
        let touches = |entry: &usize| {
            writers.iter().any(|writer| {
                let cells = self.entry(*writer).accesses.iter().map(|access| access.cell);
                let mut shared = cells.filter(|cell| self.entry(*entry).accesses.iter().any(|a| a.cell == *cell));
                shared.next().is_some()
            }) || self.entry(*entry).externals.iter().any(|external| external.mode == ExternalMode::Delegate)
        };
        let free: Vec<usize> = others.into_iter().filter(|entry| !touches(entry)).collect();
        match free.len() {
            0 => String::new(),
            1 => format!("; {} is not affected", self.names(&free)),
            _ => format!("; {} are not affected", self.names(&free)),
        }
    }
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
