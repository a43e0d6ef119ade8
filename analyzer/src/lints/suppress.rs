//! `allow`s in the source: `// crosslane: allow(lint) reason` for the next line of code (or its own), and
//! `#[crosslane::allow(lint, reason = "…")]` for the item it stands on. Found by a scan of the text that knows comments,
//! strings and braces, so it works in files that do not parse. An allow that hides nothing is reported (XL903).

use super::{LintInfo, find};
use crate::diagnostics::{Finding, Label, Level, NoteKind};
use crate::ir::{FileId, SourceMap, Span};

/// One `allow`.
#[derive(Debug)]
struct Allow {
    /// The comment or attribute.
    span: Span,
    /// What it hides, by name or code.
    names: Vec<String>,
    /// Bytes in which a place is covered.
    lo: u32,
    hi: u32,
    /// Names that hid something, by index.
    used: Vec<bool>,
}

/// All `allow`s of an analysis.
#[derive(Debug, Default)]
pub(super) struct Allows {
    all: Vec<Allow>,
}

impl Allows {
    /// Scans all files.
    pub(super) fn collect(files: &SourceMap) -> Allows {
        let mut all = Vec::new();
        for (id, file) in files.files() {
            if file.text.contains("crosslane") {
                scan(id, &file.text, &mut all);
            }
        }
        Allows { all }
    }

    /// True when an allow covers one of these places for this lint; marks it as used.
    pub(super) fn hides(&mut self, code: &str, name: &str, places: &[Span]) -> bool {
        let mut hidden = false;
        for allow in &mut self.all {
            let covers = places.iter().any(|place| {
                !place.is_none() && place.file == allow.span.file && allow.lo <= place.lo && place.lo < allow.hi
            });
            if !covers {
                continue;
            }
            for (at, allowed) in allow.names.iter().enumerate() {
                if allowed == name || allowed.eq_ignore_ascii_case(code) {
                    allow.used[at] = true;
                    hidden = true;
                }
            }
        }
        hidden
    }

    /// Findings for allows in the analysed packages that hid nothing or name no lint. `info` is the lint that says so.
    pub(super) fn unused(&self, info: &LintInfo, files: &SourceMap, contract: &dyn Fn(&str) -> String) -> Vec<Finding> {
        let mut findings = Vec::new();
        for allow in &self.all {
            let Some(file) = files.file(allow.span.file) else { continue };
            if !file.analysed {
                continue;
            }
            for (name, used) in allow.names.iter().zip(&allow.used) {
                if *used {
                    continue;
                }
                let known = find(name).is_some();
                let message = if known {
                    format!("`allow({name})` hides nothing")
                } else {
                    format!("no lint is called `{name}`")
                };
                let finding = Finding {
                    code: info.code,
                    name: info.name,
                    level: Level::Warn,
                    message,
                    contract: contract(&file.package),
                    entries: Vec::new(),
                    cell: None,
                    primary: Label { span: allow.span, text: String::new() },
                    secondary: Vec::new(),
                    notes: Vec::new(),
                    fix: None,
                    price: None,
                    aside: None,
                };
                findings.push(if known {
                    finding.note(NoteKind::Settle, "remove it; what it once hid is gone or stands elsewhere")
                } else {
                    finding.maybe(NoteKind::Settle, nearest(name).map(|near| format!("did you mean `{near}`")))
                });
            }
        }
        findings
    }
}

/// The lint name with the smallest edit distance, if it is close.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    let names = super::all().iter().map(|entry| entry.info.name);
    let (distance, best) = names.map(|known| (distance(name, known), known)).min()?;
    (distance * 3 <= name.len().max(3)).then_some(best)
}

/// Levenshtein distance in bytes.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<u8> = b.bytes().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, left) in a.bytes().enumerate() {
        let mut corner = row[0];
        row[0] = at + 1;
        for (col, right) in b.iter().enumerate() {
            let cost = corner + usize::from(left != *right);
            corner = row[col + 1];
            row[col + 1] = cost.min(row[col] + 1).min(row[col + 1] + 1);
        }
    }
    row[b.len()]
}

/// What a byte of source belongs to.
enum Piece {
    /// A `//` comment up to the end of its line.
    Comment(usize, usize),
    /// A byte of code.
    Code(usize),
}

/// Walks over source text: line comments and code bytes; block comments, strings and characters are skipped.
struct Walk<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Iterator for Walk<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        loop {
            let at = self.at;
            let byte = *self.bytes.get(at)?;
            let next = self.bytes.get(at + 1).copied();
            match (byte, next) {
                (b'/', Some(b'/')) => {
                    let end = self.bytes[at..].iter().position(|&b| b == b'\n').map_or(self.bytes.len(), |n| at + n);
                    self.at = end;
                    return Some(Piece::Comment(at, end));
                }
                (b'/', Some(b'*')) => self.at = block_comment_end(self.bytes, at),
                (b'"', _) => self.at = string_end(self.bytes, at),
                (b'r', Some(b'"' | b'#')) if !word_before(self.bytes, at) => match raw_string_end(self.bytes, at) {
                    Some(end) => self.at = end,
                    None => {
                        self.at += 1;
                        return Some(Piece::Code(at));
                    }
                },
                (b'\'', _) => match char_end(self.bytes, at) {
                    Some(end) => self.at = end,
                    None => self.at += 1,
                },
                _ => {
                    self.at += 1;
                    return Some(Piece::Code(at));
                }
            }
        }
    }
}

fn word_before(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}

fn block_comment_end(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0usize;
    let mut at = start;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'/', Some(b'*')) => {
                depth += 1;
                at += 2;
            }
            (b'*', Some(b'/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn raw_string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let hashes = bytes[start + 1..].iter().take_while(|&&b| b == b'#').count();
    let open = start + 1 + hashes;
    if bytes.get(open) != Some(&b'"') {
        return None;
    }
    let mut at = open + 1;
    while at < bytes.len() {
        if bytes[at] == b'"' && bytes[at + 1..].iter().take(hashes).filter(|&&b| b == b'#').count() == hashes {
            return Some(at + 1 + hashes);
        }
        at += 1;
    }
    Some(bytes.len())
}

/// End of a character literal; `None` for a lifetime.
fn char_end(bytes: &[u8], start: usize) -> Option<usize> {
    match bytes.get(start + 1)? {
        b'\\' => bytes[start + 2..].iter().take(12).skip(1).position(|&b| b == b'\'').map(|n| start + 2 + n + 2),
        _ => bytes[start + 1..].iter().take(5).position(|&b| b == b'\'').filter(|&n| n > 0).map(|n| start + 1 + n + 1),
    }
}

const COMMENT: &str = "crosslane: allow(";
const ATTRIBUTE: &[u8] = b"crosslane::allow(";

fn scan(id: FileId, text: &str, out: &mut Vec<Allow>) {
    let bytes = text.as_bytes();
    let mut walk = Walk { bytes, at: 0 };
    while let Some(piece) = walk.next() {
        match piece {
            Piece::Comment(lo, hi) => {
                let comment = text.get(lo..hi).unwrap_or("");
                // Doc comments only talk about allows.
                let body = comment.trim_start_matches('/');
                if comment.len() - body.len() != 2 {
                    continue;
                }
                let Some(list) = body.trim_start().strip_prefix(COMMENT) else { continue };
                let Some((names, _)) = list.split_once(')') else { continue };
                let (from, to) = covered_line(bytes, lo, hi);
                push(out, id, (lo, hi), names, (from, to));
            }
            Piece::Code(at) => {
                if !bytes[at..].starts_with(ATTRIBUTE) || word_before(bytes, at) {
                    continue;
                }
                let open = at + ATTRIBUTE.len();
                let Some(close) = closing(bytes, open - 1) else { continue };
                let Some(list) = text.get(open..close) else { continue };
                let end = item_end(bytes, close + 1);
                let start = bytes[..at].iter().rposition(|&b| b == b'#').unwrap_or(at);
                push(out, id, (start, (close + 2).min(bytes.len())), list, (start, end));
                walk.at = close;
            }
        }
    }
}

fn push(out: &mut Vec<Allow>, file: FileId, span: (usize, usize), list: &str, cover: (usize, usize)) {
    let names: Vec<String> = list
        .split(',')
        .map(str::trim)
        .take_while(|name| !name.contains(['=', '"']))
        .filter(|name| !name.is_empty())
        .map(|name| name.replace('_', "-"))
        .collect();
    let used = vec![false; names.len()];
    let span = Span { file, lo: span.0 as u32, hi: span.1 as u32 };
    out.push(Allow { span, names, lo: cover.0 as u32, hi: cover.1 as u32, used });
}

/// The bytes of the line a comment speaks about: its own if code stands before it, else the next line that is neither
/// empty nor a comment nor an attribute.
fn covered_line(bytes: &[u8], lo: usize, hi: usize) -> (usize, usize) {
    let line_start = bytes[..lo].iter().rposition(|&b| b == b'\n').map_or(0, |n| n + 1);
    if !bytes[line_start..lo].iter().all(u8::is_ascii_whitespace) {
        return (line_start, hi);
    }
    let mut start = hi;
    while start < bytes.len() {
        let from = start + 1;
        let end =
            bytes.get(from..).and_then(|rest| rest.iter().position(|&b| b == b'\n')).map_or(bytes.len(), |n| from + n);
        let line = bytes.get(from..end).unwrap_or(&[]);
        let trimmed = line.trim_ascii_start();
        if !trimmed.is_empty() && !trimmed.starts_with(b"//") && !trimmed.starts_with(b"#[") {
            return (line_start, end);
        }
        start = end;
    }
    (line_start, bytes.len())
}

/// Position of the bracket that closes the one at `open`.
fn closing(bytes: &[u8], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for piece in (Walk { bytes, at: open }) {
        let Piece::Code(at) = piece else { continue };
        match bytes[at] {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// End of the item that begins after an attribute: its closing brace, or the `;` or `,` that ends it.
fn item_end(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0usize;
    // The attribute's own `]` comes first.
    let mut inside = false;
    for piece in (Walk { bytes, at: start }) {
        let Piece::Code(at) = piece else { continue };
        match bytes[at] {
            b']' if !inside => inside = true,
            b'(' | b'[' => depth += 1,
            b'{' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            b';' | b',' if depth == 0 && inside => return at + 1,
            _ => {}
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(text: &str) -> Vec<(Vec<String>, String)> {
        let mut out = Vec::new();
        scan(FileId(0), text, &mut out);
        out.into_iter()
            .map(|allow| (allow.names, text.get(allow.lo as usize..allow.hi as usize).unwrap_or("?").to_owned()))
            .collect()
    }

    #[test]
    fn comment_covers_its_own_or_the_next_line() {
        let text = "fn f() {\n    a(); // crosslane: allow(hot-counter) why\n    // crosslane: allow(stale-key, XL105) why\n    // more\n    b();\n    c();\n}\n";
        let found = allows(text);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].0, ["hot-counter"]);
        assert!(found[0].1.starts_with("    a();"), "{:?}", found[0]);
        assert_eq!(found[1].0, ["stale-key", "XL105"]);
        assert!(found[1].1.ends_with("    b();"), "{:?}", found[1]);
    }

    #[test]
    fn attribute_covers_the_item() {
        let text = "#[crosslane::allow(hot_counter, reason = \"a ) ] } in text\")]\npub fn f(x: [u8; 2]) { if x { y() } }\nfn g() {}\n";
        let found = allows(text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, ["hot-counter"]);
        assert!(found[0].1.ends_with("{ y() } }"), "{:?}", found[0]);
        let found =
            allows("#[crosslane::allow(global-total)]\nconst A: Item<u64> = Item::new(\"a\");\nconst B: u8 = 1;");
        assert!(found[0].1.ends_with("Item::new(\"a\");"), "{:?}", found[0]);
    }

    #[test]
    fn strings_and_docs_are_no_allows() {
        assert!(allows("let s = \"// crosslane: allow(x)\"; let r = r#\"crosslane::allow(x)\"#;").is_empty());
        assert!(allows("/// // crosslane: allow(x)\n//! crosslane: allow(x)\n/* crosslane::allow(x) */").is_empty());
    }

    #[test]
    fn odd_text_does_not_panic() {
        for text in [
            "'",
            "'\\",
            "r#",
            "r#\"",
            "/*",
            "// crosslane: allow(",
            "crosslane::allow(",
            "#[crosslane::allow(a)]",
            "\"\\",
        ] {
            allows(text);
        }
    }

    #[test]
    fn near_names() {
        assert_eq!(nearest("hot-countre"), Some("hot-counter"));
        assert_eq!(nearest("zzzzzzzz"), None);
    }
}
