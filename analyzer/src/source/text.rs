//! Texts as the parser sees them: what stands before the first token, the guard against nesting that would exhaust the
//! stack, and the way from a parser's byte range back to a [`Span`] of the analysis.
//!
//! `syn` and everything after it recurses once per nested construct, and a few constructs nest without a delimiter
//! (`!!!x`, `a.b().c()`, `else if`, `A<B<C<..`). [`check`] therefore bounds, before anything is parsed, the number of
//! tokens that stand between a token and the separators around it, summed over all open delimiters.

use crate::ir::{FileId, Span};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

/// Most delimiters that may be open at once.
const MAX_DEPTH: usize = 200;
/// Most tokens without a separator, summed over open delimiters.
const MAX_RUN: u32 = 4_000;
/// Most prefix operators and keywords in a row.
const MAX_PREFIXES: u32 = 200;
/// Most `->` without a separator between them.
const MAX_ARROWS: u32 = 200;
/// Most angle brackets that may be open at one depth of delimiters. Comparisons count too: they look the same.
const MAX_ANGLES: u32 = 1_500;
/// Words after which an operand is still to come.
const PREFIX_WORDS: &[&str] =
    &["const", "mut", "dyn", "impl", "return", "break", "unsafe", "move", "match", "if", "ref"];
/// Files whose first bit is set are texts that macros or models made; see [`crate::source::World`].
pub(crate) const VIRTUAL: u32 = 0x8000_0000;
/// Set besides in those that stay for the next analysis.
pub(crate) const KEPT: u32 = 0x4000_0000;
/// First character of everything this module appends to identifiers (a modifier letter: valid inside an identifier,
/// never typed by people).
pub(crate) const MARK: char = '\u{2d0}';

/// Stack for threads that parse or walk parsed text; `check` keeps every accepted text well below it.
pub const STACK: usize = 256 << 20;

/// Runs `work` on a thread whose stack is large enough for every text `check` accepts.
///
/// Inside a procedural macro it also keeps the parser from using the compiler's tokens, which have no byte ranges and
/// belong to another thread; tokens made before and after are not touched.
pub fn with_big_stack<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    proc_macro2::fallback::force();
    let result = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("crosslane".into()).stack_size(STACK).spawn_scoped(scope, work);
        thread.map(std::thread::ScopedJoinHandle::join)
    });
    proc_macro2::fallback::unforce();
    match result {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => std::panic::resume_unwind(panic),
        Err(error) => panic!("no thread for the analysis: {error}"),
    }
}

thread_local! {
    static PARSES: Cell<u32> = const { Cell::new(0) };
}

/// Keeps the parser's span table of this thread alive; the last one dropped empties it.
pub(crate) struct SpanGuard(());

impl SpanGuard {
    pub(crate) fn new() -> Self {
        PARSES.with(|count| count.set(count.get() + 1));
        SpanGuard(())
    }
}

impl Drop for SpanGuard {
    fn drop(&mut self) {
        let left = PARSES.with(|count| {
            count.set(count.get() - 1);
            count.get()
        });
        if left == 0 {
            proc_macro2::extra::invalidate_current_thread_spans();
        }
    }
}

/// Byte offset of the first token's line: after a byte order mark and a shebang.
pub(crate) fn start(text: &str) -> usize {
    let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let rest = &text[bom..];
    if rest.starts_with("#!") && !rest[2..].trim_start().starts_with('[') {
        return bom + rest.find('\n').unwrap_or(rest.len());
    }
    bom
}

/// A piece of a text that was put together from other texts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    /// Byte range in the text.
    pub(crate) lo: u32,
    pub(crate) hi: u32,
    /// Where it comes from.
    pub(crate) span: Span,
    /// True when the text was copied byte by byte, so offsets inside it can be carried over.
    pub(crate) copied: bool,
}

/// From byte ranges of what was given to the parser to spans.
#[derive(Clone, Debug)]
pub(crate) struct SpanMap {
    /// The text's own file; may be virtual.
    pub(crate) file: FileId,
    /// Offset of the parsed slice in that text.
    pub(crate) base: u32,
    /// For virtual texts, sorted.
    pub(crate) pieces: Option<Arc<[Piece]>>,
}

impl SpanMap {
    /// The range in the coordinates of the text itself, virtual or not.
    pub(crate) fn raw(&self, range: Range<usize>) -> Span {
        Span { file: self.file, lo: self.base + range.start as u32, hi: self.base + range.end as u32 }
    }

    /// The range as people can look it up.
    pub(crate) fn real(&self, range: Range<usize>) -> Span {
        let raw = self.raw(range);
        let Some(pieces) = &self.pieces else { return raw };
        let find = |at: u32| {
            let index = pieces.partition_point(|piece| piece.hi <= at);
            pieces.get(index).filter(|piece| piece.lo <= at)
        };
        let (Some(first), Some(last)) = (find(raw.lo), find(raw.hi.max(raw.lo + 1) - 1)) else { return Span::NONE };
        let begin = if first.copied {
            Span { file: first.span.file, lo: first.span.lo + (raw.lo - first.lo), hi: first.span.hi }
        } else {
            first.span
        };
        let end = if last.copied { last.span.lo + (raw.hi - last.lo) } else { last.span.hi };
        if first.span.file != last.span.file || end < begin.lo {
            return begin;
        }
        Span { file: begin.file, lo: begin.lo, hi: end }
    }
}

/// The smallest span over two; the first when they are in different files.
pub(crate) fn join(a: Span, b: Span) -> Span {
    if a.is_none() {
        return b;
    }
    if a.file != b.file {
        return a;
    }
    Span { file: a.file, lo: a.lo.min(b.lo), hi: a.hi.max(b.hi) }
}

/// An identifier without `r#` and without what macro expansion appended.
pub(crate) fn plain(ident: &str) -> &str {
    let ident = ident.strip_prefix("r#").unwrap_or(ident);
    ident.find(MARK).map_or(ident, |at| &ident[..at])
}

/// What was seen since the last separator at one depth of delimiters.
#[derive(Clone, Copy, Default)]
struct Level {
    /// Tokens.
    run: u32,
    /// Angle brackets still open.
    angles: u32,
    /// Arrows of function types.
    arrows: u32,
    /// Prefix operators and keywords without an operand.
    prefixes: u32,
    /// The last token closed a brace.
    after_brace: bool,
}

/// Counts what lies between a token and the separators around it.
struct Pressure {
    open: Vec<Level>,
    total: u32,
}

/// What the text has that it should not have.
pub(crate) type TooDeep = &'static str;

const TOO_LONG: TooDeep = "an expression or type is too long to be read";
const TOO_DEEP: TooDeep = "types or operators are nested too deeply";

impl Pressure {
    fn new() -> Self {
        Pressure { open: vec![Level::default()], total: 0 }
    }

    fn reset(&mut self) {
        if let Some(top) = self.open.last_mut() {
            self.total -= top.run;
            *top = Level::default();
        }
    }

    fn after_brace(&self) -> bool {
        self.open.last().is_some_and(|top| top.after_brace)
    }

    /// One more token; `prefix` when it waits for an operand.
    fn token(&mut self, prefix: bool) -> Result<(), TooDeep> {
        self.total += 1;
        if let Some(top) = self.open.last_mut() {
            top.run += 1;
            top.after_brace = false;
            top.prefixes = if prefix { top.prefixes + 1 } else { 0 };
            if top.prefixes > MAX_PREFIXES {
                return Err(TOO_DEEP);
            }
        }
        if self.total > MAX_RUN { Err(TOO_LONG) } else { Ok(()) }
    }

    fn word(&mut self, word: &str) -> Result<(), TooDeep> {
        if self.after_brace() && word != "else" && word != "as" {
            self.reset();
        }
        self.token(PREFIX_WORDS.contains(&word))
    }

    fn arrow(&mut self) -> Result<(), TooDeep> {
        if let Some(top) = self.open.last_mut() {
            top.arrows += 1;
            if top.arrows > MAX_ARROWS {
                return Err(TOO_DEEP);
            }
        }
        self.token(false)
    }

    fn punct(&mut self, punct: char) -> Result<(), TooDeep> {
        match punct {
            ';' => {
                self.reset();
                return Ok(());
            }
            ',' => {
                // A comma separates arguments, but angle brackets may still be open around it.
                let angles = self.open.last().map_or(0, |top| top.angles);
                self.reset();
                if let Some(top) = self.open.last_mut() {
                    top.angles = angles;
                }
                return Ok(());
            }
            '#' if self.after_brace() => self.reset(),
            '<' => {
                if let Some(top) = self.open.last_mut() {
                    top.angles += 1;
                    if top.angles > MAX_ANGLES {
                        return Err(TOO_DEEP);
                    }
                }
            }
            '>' => {
                if let Some(top) = self.open.last_mut() {
                    top.angles = top.angles.saturating_sub(1);
                }
            }
            _ => {}
        }
        self.token(matches!(punct, '&' | '*' | '!' | '-'))
    }

    fn open(&mut self) -> Result<(), TooDeep> {
        self.token(false)?;
        if self.open.len() > MAX_DEPTH {
            return Err("delimiters are nested too deeply");
        }
        self.open.push(Level::default());
        Ok(())
    }

    fn close(&mut self, brace: bool) {
        if self.open.len() > 1 {
            self.reset();
            self.open.pop();
            if let Some(top) = self.open.last_mut() {
                top.after_brace = brace;
            }
        }
    }
}

/// Refuses texts that the parser and the passes behind it cannot walk without exhausting the stack.
pub(crate) fn check(text: &str) -> Result<(), TooDeep> {
    let mut pressure = Pressure::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at = memchr(bytes, at, b'\n');
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => at = block_comment(bytes, at),
            b'"' => {
                pressure.token(false)?;
                at = string(bytes, at);
            }
            b'\'' => {
                pressure.token(true)?;
                at = quote(text, at);
            }
            b'(' | b'[' | b'{' => {
                pressure.open()?;
                at += 1;
            }
            b')' | b']' | b'}' => {
                pressure.close(byte == b'}');
                at += 1;
            }
            _ if byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80 => {
                let from = at;
                while bytes.get(at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80) {
                    at += 1;
                }
                let word = &text[from..at];
                let raw = matches!(word, "r" | "br" | "cr");
                if raw && matches!(bytes.get(at), Some(b'"' | b'#')) {
                    at = raw_string(bytes, at);
                } else if matches!(word, "b" | "c") && bytes.get(at) == Some(&b'"') {
                    at = string(bytes, at);
                } else if word == "b" && bytes.get(at) == Some(&b'\'') {
                    at = quote(text, at);
                }
                pressure.word(word)?;
            }
            _ if byte.is_ascii_whitespace() || byte.is_ascii_control() => at += 1,
            _ => {
                // `->` and `=>` close no angle bracket.
                match (byte, at.checked_sub(1).and_then(|before| bytes.get(before))) {
                    (b'>', Some(b'-')) => pressure.arrow()?,
                    (b'>', Some(b'=')) => pressure.token(false)?,
                    // The second half of a shift.
                    (b'<', Some(b'<')) if at > 1 && bytes[at - 2].is_ascii_whitespace() => pressure.token(false)?,
                    _ => pressure.punct(byte as char)?,
                }
                at += 1;
            }
        }
    }
    Ok(())
}

/// [`check`] for tokens that macro expansion made.
pub(crate) fn check_tokens(tokens: &TokenStream) -> Result<(), TooDeep> {
    fn walk(tokens: TokenStream, pressure: &mut Pressure) -> Result<(), TooDeep> {
        let mut before = ' ';
        for tree in tokens {
            let mut now = ' ';
            match tree {
                TokenTree::Group(group) => {
                    pressure.open()?;
                    walk(group.stream(), pressure)?;
                    pressure.close(group.delimiter() == Delimiter::Brace);
                }
                TokenTree::Ident(ident) => pressure.word(&ident.to_string())?,
                TokenTree::Punct(punct) => {
                    now = punct.as_char();
                    match (before, now) {
                        ('-', '>') => pressure.arrow()?,
                        ('=', '>') => pressure.token(false)?,
                        // The second half of a shift, or of `<<T as A>::B as C>::D`, which costs half as much then.
                        ('<', '<') => {
                            pressure.token(false)?;
                            now = ' ';
                        }
                        _ => pressure.punct(now)?,
                    }
                }
                TokenTree::Literal(_) => pressure.token(false)?,
            }
            before = now;
        }
        Ok(())
    }
    walk(tokens.clone(), &mut Pressure::new())
}

fn memchr(bytes: &[u8], from: usize, byte: u8) -> usize {
    bytes[from..].iter().position(|&b| b == byte).map_or(bytes.len(), |at| from + at)
}

fn block_comment(bytes: &[u8], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0usize);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    at
}

/// Past the end of a string whose opening quote is at `from`.
fn string(bytes: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Past the end of a raw string whose hashes begin at `from`; past the hash when it is a raw identifier.
fn raw_string(bytes: &[u8], from: usize) -> usize {
    let hashes = bytes[from..].iter().take_while(|&&b| b == b'#').count();
    if bytes.get(from + hashes) != Some(&b'"') {
        return from + hashes;
    }
    let mut at = from + hashes + 1;
    while at < bytes.len() {
        if bytes[at] == b'"' && bytes[at + 1..].iter().take(hashes).filter(|&&b| b == b'#').count() == hashes {
            return at + 1 + hashes;
        }
        at += 1;
    }
    at
}

/// Past a character literal or, for a lifetime, past its quote.
fn quote(text: &str, from: usize) -> usize {
    let mut chars = text[from + 1..].char_indices();
    match chars.next() {
        Some((_, '\\')) => {
            let bytes = text.as_bytes();
            let mut at = from + 3;
            while let Some(&byte) = bytes.get(at) {
                match byte {
                    b'\'' => return at + 1,
                    b'\n' => return at,
                    _ => at += 1,
                }
            }
            bytes.len()
        }
        Some(_) => match chars.next() {
            Some((at, '\'')) => from + 1 + at + 1,
            _ => from + 1,
        },
        None => from + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_looks_like_nesting_is_accepted() {
        let many = "(".repeat(1000);
        for text in [
            format!("\"{many}\""),
            format!("r##\"{many}\"#{many}\"##"),
            format!("b\"{many}\" br\"{many}\" c\"{many}\""),
            format!("// {many}\n/* {many} /* {many} */ {many} */"),
            "'(', '{', '\\'', '\\u{28}', b'(', b'\\\\', ".repeat(1000),
            "fn f<'a>(x: &'a str) -> &'a str { x } ".repeat(1000),
            "match x { A => { y } B => { z } } ".repeat(1000),
            format!("[{}]", "Vec<Vec<u8>>, a < b, ".repeat(1000)),
            format!("[{}]", "1 << 2, x < y, ".repeat(700)),
            "r#type ".repeat(1000),
        ] {
            assert_eq!(check(&text), Ok(()), "{}", &text[..40]);
            assert!(text.parse::<TokenStream>().is_ok_and(|tokens| check_tokens(&tokens).is_ok()), "{}", &text[..40]);
        }
    }

    #[test]
    fn what_nests_is_refused() {
        for text in [
            "(".repeat(300),
            "'a'(".repeat(300),
            "Vec<".repeat(1600),
            "!".repeat(400),
            "& mut ".repeat(400),
            "fn() -> ".repeat(400),
            ".a".repeat(4000),
            "if x { } else ".repeat(2000),
        ] {
            assert!(check(&text).is_err(), "{}", &text[..20]);
        }
    }

    #[test]
    fn where_the_text_begins() {
        assert_eq!(start("fn"), 0);
        assert_eq!(start("\u{feff}fn"), 3);
        assert_eq!(start("#!/bin/sh\nfn"), 9);
        assert_eq!(start("#![allow(x)]"), 0);
        assert_eq!(start("#! \t[allow(x)]"), 0);
        assert_eq!(start("\u{feff}#!x"), 6);
    }

    #[test]
    fn names_lose_their_marks() {
        assert_eq!(plain("r#type"), "type");
        assert_eq!(plain(&format!("x{MARK}{MARK}12")), "x");
        assert_eq!(plain("x"), "x");
    }

    #[test]
    fn spans_of_texts_put_together() {
        let at = |lo, hi| Span { file: FileId(7), lo, hi };
        let pieces = [
            Piece { lo: 0, hi: 10, span: at(100, 105), copied: false },
            Piece { lo: 10, hi: 30, span: at(200, 220), copied: true },
        ];
        let map = SpanMap { file: FileId(VIRTUAL), base: 0, pieces: Some(Arc::from(pieces)) };
        assert_eq!(map.real(2..4), at(100, 105));
        assert_eq!(map.real(12..15), at(202, 205));
        assert_eq!(map.real(2..15), at(100, 205));
        assert_eq!(map.real(40..41), Span::NONE);
        assert_eq!(map.raw(2..4), Span { file: FileId(VIRTUAL), lo: 2, hi: 4 });
    }
}
