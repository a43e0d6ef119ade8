//! An error that stops the tool: what, in which file and line, and what to do.

use std::fmt;
use std::ops::Range;
use std::path::Path;

/// Something that makes it impossible to go on; printed as one message, exit code 2.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fail {
    /// What, lowercase, without a final stop.
    message: String,
    file: Option<String>,
    /// One-based line and column, and the line's text.
    place: Option<(usize, usize, String, usize)>,
    help: Vec<String>,
}

impl Fail {
    /// A failure that is about no file.
    pub(crate) fn new(message: impl Into<String>) -> Fail {
        Fail { message: message.into(), ..Fail::default() }
    }

    /// Names the file.
    pub(crate) fn file(mut self, path: &Path) -> Fail {
        self.file = Some(path.display().to_string());
        self
    }

    /// Points at a byte range of the file's text.
    pub(crate) fn span(mut self, text: &str, span: Range<usize>) -> Fail {
        let at = floor(text, span.start);
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let line = text[..at].matches('\n').count() + 1;
        let column = text[start..at].chars().count() + 1;
        let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
        let width = text[at..floor(text, span.end).clamp(at, end)].chars().count().max(1);
        self.place = Some((line, column, text[start..end].trim_end().to_owned(), width));
        self
    }

    /// Names a file and a line of it.
    pub(crate) fn line(self, path: &Path, line: usize) -> Fail {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        self.file(path).span(&text, start..end)
    }

    /// Adds what to do.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Fail {
        self.help.push(help.into());
        self
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Display for Fail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match (&self.file, &self.place) {
            (Some(file), Some((line, column, text, width))) => {
                let pad = " ".repeat(line.to_string().len());
                // Tabs are shown as one column so that the caret stays below what it points at.
                let (text, lead) = (text.replace('\t', " "), " ".repeat(column - 1));
                write!(
                    f,
                    "\n{pad}--> {file}:{line}:{column}\n{pad} |\n{line} | {text}\n{pad} | {lead}{}",
                    "^".repeat(*width)
                )?;
            }
            (Some(file), None) => write!(f, "\n  --> {file}")?,
            _ => {}
        }
        for help in &self.help {
            write!(f, "\n  = help: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Fail {}

/// The name closest to what was typed, if it is close enough to be meant.
pub(crate) fn did_you_mean<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (typed.chars().count() / 3).max(1);
    names
        .into_iter()
        .map(|name| (distance(&typed.to_lowercase(), &name.to_lowercase()), name))
        .filter(|&(distance, _)| distance <= limit)
        .min()
        .map(|(_, name)| name)
}

/// Number of single-character edits and swaps of neighbours between two texts.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let mut best = (row[j] + 1).min(last[j + 1] + 1).min(last[j] + usize::from(x != y));
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_below_the_text() {
        let text = "a = 1\nbé = 2 3\n";
        let fail = Fail::new("expected newline").file(Path::new("x.toml")).span(text, 14..15).help("remove it");
        assert_eq!(
            fail.to_string(),
            "expected newline\n --> x.toml:2:8\n  |\n2 | bé = 2 3\n  |        ^\n  = help: remove it"
        );
    }

    #[test]
    fn spans_out_of_range_do_not_panic() {
        let fail = Fail::new("x").file(Path::new("x")).span("é", 1..900);
        assert!(fail.to_string().contains("x:1:1"));
    }

    #[test]
    fn suggestions() {
        assert_eq!(did_you_mean("trasnfer", ["transfer", "mint"]), Some("transfer"));
        assert_eq!(did_you_mean("solanna", ["soroban", "solana"]), Some("solana"));
        assert_eq!(did_you_mean("xyz", ["transfer", "mint"]), None);
    }
}
