//! The language of claims: arguments of `#[crosslane::…]` attributes, from text to values. Every mistake of one attribute is
//! told at once, each with its byte range; a word that is nearly right is suggested.

use super::{Claimed, Equality, Group, Kind, Side, Word};
use crate::lints;

/// A mistake in the arguments of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// What, in words, lowercase, without a final stop.
    pub message: String,
    /// Byte range in the arguments' text. An empty text has the range `0..0`.
    pub lo: usize,
    /// One past the last byte.
    pub hi: usize,
}

/// The attributes that have arguments to read.
pub const ATTRIBUTES: &[&str] = &["contract", "footprint", "parallel", "trusted", "allow"];

const PARALLEL: &[&str] = &["with", "unless"];

/// Reads the arguments of the attribute `name`.
///
/// # Errors
/// All mistakes, in order of place.
pub fn arguments(name: &str, text: &str) -> Result<Kind, Vec<Wrong>> {
    let mut reader = Reader { text, wrong: Vec::new() };
    let whole = (0, text.len());
    let kind = match name {
        "contract" => reader.contract(whole),
        "footprint" => Kind::Footprint(reader.groups(whole)),
        "trusted" => Kind::Trusted(reader.groups(whole)),
        "parallel" => reader.parallel(whole),
        "allow" => reader.allow(whole),
        _ => Kind::Allow,
    };
    if reader.wrong.is_empty() { Ok(kind) } else { Err(reader.wrong) }
}

/// The word of a list that is nearest to a mistyped one.
pub(super) fn nearest<'a>(text: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = text.to_ascii_lowercase();
    let near = |word: &'a str| (lints::distance(&lower, &word.to_ascii_lowercase()), word);
    let (distance, word) = words.into_iter().map(near).min()?;
    (distance <= 3 && distance * 2 <= text.len()).then_some(word)
}

type Range = (usize, usize);

struct Reader<'t> {
    text: &'t str,
    wrong: Vec<Wrong>,
}

impl<'t> Reader<'t> {
    fn of(&self, (lo, hi): Range) -> &'t str {
        self.text.get(lo..hi).unwrap_or("")
    }

    fn err(&mut self, (lo, hi): Range, message: impl Into<String>) {
        self.wrong.push(Wrong { message: message.into(), lo, hi });
    }

    fn trim(&self, (lo, hi): Range) -> Range {
        let text = self.of((lo, hi));
        let lo = lo + text.len() - text.trim_start().len();
        (lo, lo + text.trim().len())
    }

    /// Splits at a byte outside of brackets and strings; an empty last part is a trailing comma.
    fn split(&self, (lo, hi): Range, at: u8) -> Vec<Range> {
        let mut parts = Vec::new();
        let mut start = lo;
        for (index, byte, depth) in Flat::new(self.text, (lo, hi)) {
            if byte == at && depth == 0 {
                parts.push(self.trim((start, index)));
                start = index + 1;
            }
        }
        let last = self.trim((start, hi));
        if last.0 < last.1 {
            parts.push(last);
        }
        parts
    }

    /// `head(inside)` or `head[inside]`, with what follows.
    fn bracket(&self, range: Range, open: u8) -> Option<(Range, Range, Range)> {
        let mut from = None;
        for (index, byte, depth) in Flat::new(self.text, range) {
            if from.is_none() && byte == open && depth == 1 {
                from = Some(index);
            } else if let (Some(from), 0) = (from, depth) {
                let head = self.trim((range.0, from));
                return Some((head, (from + 1, index), self.trim((index + 1, range.1))));
            }
        }
        None
    }

    fn contract(&mut self, whole: Range) -> Kind {
        let mut embed = false;
        for part in self.split(whole, b',') {
            match self.of(part) {
                "embed" => embed = true,
                other => {
                    let hint = nearest(other, ["embed"])
                        .map_or("`contract` or `contract(embed)`", |_| "did you mean `embed`?");
                    self.err(part, format!("`{other}` is no argument of `contract`: {hint}"));
                }
            }
        }
        Kind::Contract { embed }
    }

    fn groups(&mut self, whole: Range) -> Vec<Group> {
        let mut groups = Vec::new();
        for part in self.split(whole, b',') {
            let Some((head, inside, rest)) = self.bracket(part, b'(') else {
                let shown = self.of(part);
                self.err(part, format!("expected `reads(…)` or another group, found `{shown}`"));
                continue;
            };
            let name = self.of(head);
            let Some(word) = Word::parse(name) else {
                let words = Word::ALL.iter().map(|word| word.as_str());
                let message = match nearest(name, words.clone()) {
                    Some(close) => format!("no group is called `{name}`: did you mean `{close}`?"),
                    None => format!("no group is called `{name}`: one of {}", words.collect::<Vec<_>>().join(", ")),
                };
                self.err(head, message);
                continue;
            };
            if rest.0 < rest.1 {
                self.err(rest, "expected a comma");
            }
            let places = self.split(inside, b',').into_iter().filter_map(|place| self.place(place)).collect();
            groups.push(Group { word, places });
        }
        groups
    }

    /// `CELL`, `CELL[term, term]`, `CELL.field`, `CELL[term].field`.
    fn place(&mut self, range: Range) -> Option<Claimed> {
        let (head, keys, field) = match self.bracket(range, b'[') {
            None => (range, None, String::new()),
            Some((head, inside, rest)) => {
                let mut keys: Vec<String> = Vec::new();
                for key in self.split(inside, b',') {
                    // A tuple of components is written out.
                    match self.bracket(key, b'(') {
                        Some((head, inside, rest)) if head.0 == head.1 && rest.0 == rest.1 => {
                            keys.extend(self.split(inside, b',').into_iter().map(|part| squeeze(self.of(part))));
                        }
                        _ => keys.push(squeeze(self.of(key))),
                    }
                }
                let field = squeeze(self.of(rest));
                match field.strip_prefix('.') {
                    Some(field) => (head, Some(keys), field.to_owned()),
                    None if field.is_empty() => (head, Some(keys), field),
                    None => {
                        self.err(rest, "expected a comma or `.field`");
                        return None;
                    }
                }
            }
        };
        let cell = squeeze(self.of(head));
        let named =
            cell.starts_with(|first: char| first.is_alphabetic() || first == '_' || first == '<' || first == '"');
        let bad = |c: char| !(c.is_alphanumeric() || "_:.<>\"".contains(c));
        if !named || cell.contains(bad) {
            let shown = self.of(range);
            self.err(range, format!("expected a cell such as `BALANCES[caller]`, found `{shown}`"));
            return None;
        }
        let cell = cell.trim_matches('"').to_owned();
        Some(Claimed { cell, keys, field, lo: range.0, hi: range.1 })
    }

    fn parallel(&mut self, whole: Range) -> Kind {
        let (mut with, mut unless) = (Vec::new(), Vec::new());
        for part in self.split(whole, b',') {
            let text = self.of(part);
            let Some(at) = text.find('=') else {
                let word = squeeze(text);
                let message = match nearest(&word, PARALLEL.iter().copied()) {
                    Some(close) => format!("expected `{close} = …`"),
                    None => "expected `with = [mint]` or `unless = \"a.caller = b.caller\"`".to_owned(),
                };
                self.err(part, message);
                continue;
            };
            let name = self.trim((part.0, part.0 + at));
            let value = self.trim((part.0 + at + 1, part.1));
            match self.of(name) {
                "with" => with.extend(self.names(value)),
                "unless" => match string(self.of(value)) {
                    Some(text) => unless = self.condition(&text, value),
                    None => self.err(value, "expected a text: unless = \"a.caller = b.caller\""),
                },
                other => {
                    let message = match nearest(other, PARALLEL.iter().copied()) {
                        Some(close) => format!("`{other}` is no argument of `parallel`: did you mean `{close}`?"),
                        None => format!("`{other}` is no argument of `parallel`: it knows `with` and `unless`"),
                    };
                    self.err(name, message);
                }
            }
        }
        Kind::Parallel { with, unless }
    }

    /// `mint`, `[mint, burn]`, `["execute::mint"]`.
    fn names(&mut self, value: Range) -> Vec<(String, usize, usize)> {
        let inside = match self.bracket(value, b'[') {
            Some((head, inside, rest)) if head.0 == head.1 && rest.0 == rest.1 => inside,
            _ => value,
        };
        let mut names = Vec::new();
        for part in self.split(inside, b',') {
            let name = string(self.of(part)).unwrap_or_else(|| squeeze(self.of(part)));
            let bad = |c: char| !(c.is_alphanumeric() || c == '_' || c == ':');
            if name.is_empty() || name.contains(bad) {
                self.err(part, "expected the name of an entry point");
            } else {
                names.push((name, part.0, part.1));
            }
        }
        names
    }

    /// `a.caller = b.caller and a.id = b.id or …`.
    fn condition(&mut self, text: &str, place: Range) -> Vec<Vec<Equality>> {
        let text = text.replace("||", " or ").replace("&&", " and ").replace("==", "=");
        let mut all = Vec::new();
        for conj in text.split(" or ") {
            let mut atoms = Vec::new();
            for atom in conj.split(" and ") {
                let sides = atom.split_once('=').and_then(|(left, right)| Some((side(left)?, side(right)?)));
                match sides {
                    Some((left, right)) if left.0 != right.0 => {
                        let (a, b) = if left.0 == Side::A { (left.1, right.1) } else { (right.1, left.1) };
                        atoms.push(Equality { a, b });
                    }
                    _ => {
                        let shown = atom.trim();
                        self.err(
                            place,
                            format!("`{shown}` is no equality between two calls such as `a.caller = b.caller`"),
                        );
                        return Vec::new();
                    }
                }
            }
            all.push(atoms);
        }
        all
    }

    fn allow(&mut self, whole: Range) -> Kind {
        let parts = self.split(whole, b',');
        if parts.is_empty() {
            self.err(whole, "a lint is expected here: allow(hot-counter, reason = \"…\")");
        }
        for part in parts {
            let text = self.of(part);
            if let Some((name, value)) = text.split_once('=') {
                if name.trim() != "reason" {
                    self.err(part, "only `reason = \"…\"` may follow the lint");
                } else if string(value.trim()).is_none() {
                    self.err(part, "write reason = \"…\"");
                }
                continue;
            }
            let name = squeeze(text).replace('_', "-");
            if lints::find(&name).is_some() {
                continue;
            }
            let message = match lints::nearest(&name) {
                Some(close) => format!("no lint is called `{name}`: did you mean `{close}`?"),
                None => format!("no lint is called `{name}`: `cargo crosslane list` shows all"),
            };
            self.err(part, message);
        }
        Kind::Allow
    }
}

/// `a.caller` → the first call's `caller`.
fn side(text: &str) -> Option<(Side, String)> {
    let text = squeeze(text);
    let (side, term) = text.split_once('.')?;
    let side = match side {
        "a" => Side::A,
        "b" => Side::B,
        _ => return None,
    };
    (!term.is_empty()).then(|| (side, term.to_owned()))
}

/// The content of a plain string literal.
fn string(text: &str) -> Option<String> {
    let inside = text.strip_prefix('"')?.strip_suffix('"')?;
    Some(inside.replace("\\\"", "\"").replace("\\\\", "\\"))
}

/// Text without white space outside of strings: how claims and terms are compared.
pub(super) fn squeeze(text: &str) -> String {
    let (mut out, mut quoted) = (String::new(), false);
    for c in text.chars() {
        quoted ^= c == '"';
        if quoted || !c.is_whitespace() {
            out.push(c);
        }
    }
    out
}

/// Bytes of a range that stand in no string, with the number of brackets open after each.
struct Flat<'t> {
    bytes: &'t [u8],
    at: usize,
    end: usize,
    depth: u32,
}

impl<'t> Flat<'t> {
    fn new(text: &'t str, (lo, hi): Range) -> Flat<'t> {
        Flat { bytes: text.as_bytes(), at: lo, end: hi.min(text.len()), depth: 0 }
    }
}

impl Iterator for Flat<'_> {
    type Item = (usize, u8, u32);

    fn next(&mut self) -> Option<(usize, u8, u32)> {
        while self.at < self.end {
            let (index, byte) = (self.at, self.bytes[self.at]);
            self.at += 1;
            match byte {
                b'"' => {
                    while self.at < self.end && self.bytes[self.at] != b'"' {
                        self.at += if self.bytes[self.at] == b'\\' { 2 } else { 1 };
                    }
                    self.at += 1;
                    continue;
                }
                b'(' | b'[' | b'{' => self.depth += 1,
                b')' | b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            return Some((index, byte, self.depth));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(name: &str, text: &str) -> Vec<(String, String)> {
        let told = arguments(name, text).unwrap_err();
        told.into_iter().map(|it| (text[it.lo..it.hi].to_owned(), it.message)).collect()
    }

    #[test]
    fn footprints() {
        let text = "reads(CONFIG, A[(caller, b)].amount), updates ( B [ to ] , ) , commutes(S.total)";
        let Ok(Kind::Footprint(groups)) = arguments("footprint", text) else { panic!("{text}") };
        let words: Vec<_> = groups.iter().map(|group| group.word.as_str()).collect();
        assert_eq!(words, ["reads", "updates", "commutes"]);
        let place = &groups[0].places[1];
        assert_eq!((place.cell.as_str(), place.field.as_str()), ("A", "amount"));
        assert_eq!(place.keys.as_deref().unwrap(), ["caller", "b"]);
        assert_eq!(groups[1].places[0].keys.as_deref().unwrap(), ["to"]);
        assert_eq!(groups[2].places[0].cell, "S.total");
        assert!(arguments("footprint", "").is_ok(), "touches nothing");
    }

    #[test]
    fn all_mistakes_at_once_each_once() {
        let told = wrong("footprint", "raeds(A), updates(3), commutes(S)");
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(told[0].0, "raeds");
        assert!(told[0].1.contains("did you mean `reads`?"));
        assert_eq!(told[1].0, "3");
        let told = wrong("parallel", "wiht = [mint], unless = \"caller = b.caller\"");
        assert!(told[0].1.contains("did you mean `with`?"), "{told:?}");
        assert!(told[1].1.contains("`caller = b.caller` is no equality"));
        assert!(wrong("contract", "embedd")[0].1.contains("did you mean `embed`?"));
        assert!(wrong("allow", "hot-countre")[0].1.contains("did you mean `hot-counter`?"));
        assert!(wrong("allow", "hot-counter, because = \"x\"")[0].1.contains("reason"));
        assert!(wrong("allow", "")[0].1.contains("a lint is expected"));
    }

    #[test]
    fn parallel_arguments() {
        let text = "with = [mint, \"execute::burn\"], unless = \"a.caller = b.caller and b.id == a.id or a.x=b.y\"";
        let Ok(Kind::Parallel { with, unless }) = arguments("parallel", text) else { panic!("{text}") };
        assert_eq!(with.iter().map(|it| it.0.as_str()).collect::<Vec<_>>(), ["mint", "execute::burn"]);
        assert_eq!((unless.len(), unless[0].len()), (2, 2));
        assert_eq!((unless[1][0].a.as_str(), unless[1][0].b.as_str()), ("x", "y"));
    }

    #[test]
    fn odd_texts_do_not_panic() {
        for text in ["(", "\"", "\"\\", "[", "reads(", "reads(A[", "=", "unless =", ",,", "é(ü)", "reads(ü[é])"] {
            for name in ATTRIBUTES {
                let _ = arguments(name, text);
            }
        }
    }
}
