//! From a stream of calls to a batch, with bounded memory and errors that name line and field.

use std::io::Read;
use std::ops::Range;

use super::super::batch::{Batch, Limits};
use super::super::compile::{BatchBuilder, Call, CallError, CallLine, Evaluator};
use super::super::number::Numbering;
use super::super::state::{State, StateLine};
use super::super::verify::Order;
use super::csv::CsvReader;
use super::jsonl::{Share, share};

/// How a batch is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// One JSON object a line.
    #[default]
    JsonLines,
    /// Comma-separated, with a header.
    Csv,
}

/// How a batch is read.
#[derive(Clone, Debug)]
pub struct IngestOptions {
    /// Format.
    pub format: Format,
    /// Order of conflicting calls; decides what `load` terms see.
    pub order: Order,
    /// Calls that cannot be read count as unknown instead of ending the reading.
    pub keep_going: bool,
    /// Limits of the batch.
    pub limits: Limits,
    /// Threads that decode.
    pub threads: usize,
    /// Keep every call's own text, so that units can be named afterwards.
    pub keep_text: bool,
    /// Most bytes of such text.
    pub text_limit: u64,
    /// Bytes of the whole stream where that is known: room is made once. A wrong number does no harm.
    pub bytes: Option<u64>,
}

impl Default for IngestOptions {
    fn default() -> Self {
        IngestOptions {
            format: Format::JsonLines,
            order: Order::Preserve,
            keep_going: false,
            limits: Limits::default(),
            threads: 1,
            keep_text: true,
            text_limit: 8 << 30,
            bytes: None,
        }
    }
}

/// Why a batch cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// Reading failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A line is wrong.
    #[error("{0}")]
    Line(BadLine),
}

/// A line that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct BadLine {
    /// One-based.
    pub line: u64,
    /// The field; empty when the line as a whole is wrong.
    pub field: String,
    /// What is wrong.
    pub message: String,
}

pub(crate) struct Bad {
    pub(crate) line: u64,
    pub(crate) error: CallError,
}

impl Bad {
    fn at(self, before: u64) -> BadLine {
        BadLine { line: before + self.line, field: self.error.field, message: self.error.message }
    }
}

/// Where a call's text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    block: u32,
    from: u32,
    to: u32,
}

/// A batch with what is needed to speak about its calls.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The batch; a node is a transaction.
    pub batch: Batch,
    /// Ids of all lines, one after the other.
    ids: String,
    id_ends: Vec<u32>,
    /// Per line its node.
    pub nodes: Vec<u32>,
    /// Per line its cost.
    pub costs: Vec<u64>,
    /// Per node its priority: the largest of its lines.
    pub priorities: Vec<u64>,
    /// Lines that could not be read and count as unknown.
    pub bad: Vec<BadLine>,
    /// `load` terms that could not be evaluated.
    pub unresolved: u64,
    texts: Vec<Vec<u8>>,
    origins: Vec<Origin>,
    unknown: Vec<bool>,
}

impl Loaded {
    /// Number of calls (lines).
    pub fn len(&self) -> usize {
        self.id_ends.len()
    }

    /// True when there is no call.
    pub fn is_empty(&self) -> bool {
        self.id_ends.is_empty()
    }

    /// The id of a call.
    pub fn id(&self, line: usize) -> &str {
        let from = if line == 0 { 0 } else { self.id_ends[line - 1] as usize };
        &self.ids[from..self.id_ends[line] as usize]
    }

    /// The decoded call of a line, from its kept text. `None`: no text, or the line was wrong.
    pub fn call(&self, evaluator: &Evaluator, line: usize) -> Option<Call> {
        let parsed = CallLine::parse(self.text(line)?).ok()?;
        let mut call = Call::default();
        evaluator.decode(&parsed, &mut call).ok()?;
        Some(call)
    }

    /// The JSON of a line. `None`: it was not kept, or the line was wrong.
    pub(crate) fn text(&self, line: usize) -> Option<&str> {
        if *self.unknown.get(line)? {
            return None;
        }
        let origin = self.origins.get(line)?;
        let text = self.texts.get(origin.block as usize)?.get(origin.from as usize..origin.to as usize)?;
        std::str::from_utf8(text).ok()
    }

    /// The first line of a node.
    pub fn first_line(&self, node: u32) -> usize {
        self.nodes.partition_point(|&other| other < node)
    }
}

/// Takes shares over in order.
struct Collector<'a> {
    options: &'a IngestOptions,
    builder: BatchBuilder<'a>,
    out: Loaded,
    lines: u64,
    last_tx: u64,
    /// Hashes of transactions that are over.
    closed: std::collections::HashSet<u64>,
    /// Hash of every id.
    seen: Vec<u64>,
    /// Bytes of text that is kept.
    kept: u64,
}

/// A block of text and what its lines say.
struct Decoded {
    text: Vec<u8>,
    /// With where in the block each begins.
    shares: Vec<(usize, Share)>,
}

impl Collector<'_> {
    fn take(&mut self, decoded: Decoded) -> Result<(), InputError> {
        let first = self.lines == 0;
        // Lines without a call are not kept.
        let calls = decoded.shares.iter().any(|(_, share)| !share.rows.is_empty());
        if self.options.keep_text && calls {
            self.kept += decoded.text.len() as u64;
            if self.kept > self.options.text_limit {
                let message = format!("the calls are longer than {} bytes together", self.options.text_limit);
                return Err(InputError::Line(BadLine { line: self.lines + 1, field: String::new(), message }));
            }
        }
        for (base, share) in decoded.shares {
            self.take_share(share, base as u32)?;
        }
        if let (true, Some(bytes)) = (first, self.options.bytes) {
            self.builder.reserve_times((bytes / decoded.text.len().max(1) as u64) as usize);
        }
        if self.options.keep_text && calls {
            self.out.texts.push(decoded.text);
        }
        Ok(())
    }

    fn take_share(&mut self, share: Share, base: u32) -> Result<(), InputError> {
        let block = self.out.texts.len() as u32;
        let before = self.lines;
        let by_units = share.calls.is_empty();
        let mut bad = share.bad.into_iter();
        if !self.options.keep_going {
            // Everything before the bad line has been read; the first error ends it.
            if let Some(first) = bad.next() {
                return Err(InputError::Line(first.at(before)));
            }
        }
        self.out.bad.extend(bad.map(|bad| bad.at(before)));
        let mut from = 0;
        for (at, row) in share.rows.iter().enumerate() {
            let joins = row.tx != 0 && row.tx == self.last_tx;
            let wrong = |field: &str, message: String| {
                InputError::Line(BadLine { line: before + u64::from(row.line), field: field.to_owned(), message })
            };
            if !joins {
                if self.last_tx != 0 {
                    self.closed.insert(self.last_tx);
                }
                if row.tx != 0 && self.closed.contains(&row.tx) {
                    let message = "`tx`: this transaction was over; its lines must stand together".to_owned();
                    return Err(wrong("tx", message));
                }
            }
            self.last_tx = row.tx;
            let result = if row.unknown {
                self.builder.push_unknown(row.cost, joins)
            } else if by_units {
                self.builder.push_fragment(&share.fragment, at, row.cost, joins)
            } else {
                self.builder.push(&share.calls[at], row.cost, joins)
            };
            result.map_err(|error| wrong(&error.field, error.message))?;
            let id = &share.ids[from..row.id_end as usize];
            from = row.id_end as usize;
            if self.out.ids.len() + id.len() > u32::MAX as usize {
                return Err(wrong("id", "the ids of the batch are longer than 4 GiB".to_owned()));
            }
            self.seen.push(super::super::compile::text_hash(id));
            self.out.ids.push_str(id);
            self.out.id_ends.push(self.out.ids.len() as u32);
            let node = self.builder.len() as u32 - 1;
            self.out.nodes.push(node);
            self.out.costs.push(row.cost);
            match self.out.priorities.get_mut(node as usize) {
                Some(slot) => *slot = (*slot).max(row.priority),
                None => self.out.priorities.push(row.priority),
            }
            if self.options.keep_text {
                self.out.origins.push(Origin { block, from: base + row.text.0, to: base + row.text.1 });
                self.out.unknown.push(row.unknown);
            }
        }
        self.lines += share.lines;
        Ok(())
    }

    /// Two calls of one id, by index; the pair whose second call comes first.
    fn twice(&self) -> Option<(u32, u32)> {
        if Numbering::default().number(&self.seen, &mut Vec::new()) == self.seen.len() {
            return None;
        }
        let mut seen: Vec<(u64, u32)> = self.seen.iter().copied().zip(0..).collect();
        seen.sort_unstable();
        let mut twice: Option<(u32, u32)> = None;
        for pair in seen.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            if a.0 == b.0
                && self.out.id(a.1 as usize) == self.out.id(b.1 as usize)
                && twice.is_none_or(|(_, other)| b.1 < other)
            {
                twice = Some((a.1, b.1));
            }
        }
        twice
    }

    fn finish(mut self) -> Result<Loaded, InputError> {
        if let Some((first, second)) = self.twice() {
            let message = format!("`id`: `{}` is also the id of call {}", self.out.id(second as usize), first + 1);
            return Err(InputError::Line(BadLine { line: u64::from(second) + 1, field: "id".to_owned(), message }));
        }
        self.out.unresolved = self.builder.unresolved();
        let lines = self.lines;
        let bad =
            |error: CallError| InputError::Line(BadLine { line: lines, field: error.field, message: error.message });
        let (batch, unresolved) = self.builder.finish_counted().map_err(bad)?;
        self.out.batch = batch;
        self.out.unresolved = self.out.unresolved.max(unresolved);
        Ok(self.out)
    }
}

/// Bytes read at once.
const BLOCK: usize = 4 << 20;

/// Reads a batch. Memory grows with the number of calls up to the limits, never with the length of the stream alone.
///
/// # Errors
/// [`InputError`], with line and field, when the stream cannot be read, a line is wrong and `keep_going` is off, an id
/// occurs twice, or the batch is larger than the limits.
pub fn read_batch(
    input: &mut dyn Read,
    evaluator: &Evaluator,
    state: &State,
    options: &IngestOptions,
) -> Result<Loaded, InputError> {
    let mut collector = Collector {
        options,
        builder: BatchBuilder::new(evaluator, state, options.order, options.limits),
        out: Loaded::default(),
        lines: 0,
        last_tx: 0,
        closed: std::collections::HashSet::new(),
        seen: Vec::new(),
        kept: 0,
    };
    let threads = options.threads.clamp(1, 64);
    let mut blocks =
        Blocks { input, size: 1 << 16, most: BLOCK * threads, carry: Vec::new(), first: true, over: false };
    if options.format == Format::Csv {
        let mut csv = CsvReader::default();
        while let Some(block) = blocks.next(collector.lines)? {
            let rows = csv.rows(&block, collector.lines).map_err(InputError::Line)?;
            collector.take(decode_block(evaluator, options, rows, threads, || ()).0)?;
        }
        return collector.finish();
    }
    // While one block is decoded, the one before is taken over and the one behind is read.
    let mut next = blocks.next(0)?;
    let mut before: Option<Decoded> = None;
    while let Some(block) = next {
        let (decoded, (taken, read)) = decode_block(evaluator, options, block, threads, || {
            (before.take().map_or(Ok(()), |before| collector.take(before)), blocks.next(0))
        });
        taken?;
        match read {
            Ok(block) => next = block,
            Err(mut error) => {
                // What is wrong before the place where reading stopped is told first.
                collector.take(decoded)?;
                if let InputError::Line(bad) = &mut error {
                    bad.line += collector.lines;
                }
                return Err(error);
            }
        }
        before = Some(decoded);
    }
    if let Some(before) = before {
        collector.take(before)?;
    }
    collector.finish()
}

/// A stream in blocks of whole lines.
struct Blocks<'a> {
    input: &'a mut dyn Read,
    /// Bytes read at once; small batches need no large buffer.
    size: usize,
    most: usize,
    carry: Vec<u8>,
    first: bool,
    over: bool,
}

impl Blocks<'_> {
    /// The next block; the lines of an error count from `lines` on.
    fn next(&mut self, lines: u64) -> Result<Option<Vec<u8>>, InputError> {
        while !self.over {
            let from = self.carry.len();
            let mut block = std::mem::take(&mut self.carry);
            block.resize(from + self.size, 0);
            self.size = (self.size * 4).min(self.most);
            let mut len = from;
            while len < block.len() {
                match self.input.read(&mut block[len..]) {
                    Ok(0) => break,
                    Ok(more) => len += more,
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error.into()),
                }
            }
            self.over = len < block.len();
            block.truncate(len);
            let cut = if self.over { len } else { memchr::memrchr(b'\n', &block).map_or(0, |at| at + 1) };
            if cut == 0 && !self.over && block.len() > 64 << 20 {
                let message = "the line is longer than 64 MiB".to_owned();
                return Err(InputError::Line(BadLine { line: lines + 1, field: String::new(), message }));
            }
            self.carry = block.split_off(cut);
            // Still inside of a long line.
            if block.is_empty() {
                continue;
            }
            if std::mem::take(&mut self.first) && block.starts_with(b"\xef\xbb\xbf") {
                block.drain(..3);
            }
            if !block.is_empty() {
                return Ok(Some(block));
            }
        }
        Ok(None)
    }
}

/// Decodes a block on several threads while this one does something else.
fn decode_block<T>(
    evaluator: &Evaluator,
    options: &IngestOptions,
    text: Vec<u8>,
    threads: usize,
    meanwhile: impl FnOnce() -> T,
) -> (Decoded, T) {
    let mut parts = Vec::new();
    let mut from = 0;
    let threads = if text.len() < 1 << 16 { 1 } else { threads };
    for part in 1..=threads {
        let target = (text.len() * part / threads).max(from);
        let to = if part == threads {
            text.len()
        } else {
            memchr::memchr(b'\n', &text[target..]).map_or(text.len(), |at| target + at + 1)
        };
        if to > from {
            parts.push(from..to);
        }
        from = to;
    }
    let (keep_going, by_units) = (options.keep_going, evaluator.units_at_once());
    let decode = |part: &Range<usize>| (part.start, share(evaluator, &text[part.clone()], by_units, keep_going));
    let (shares, out) = if parts.len() < 2 {
        let shares = parts.iter().map(decode).collect();
        (shares, meanwhile())
    } else {
        std::thread::scope(|scope| {
            let handles: Vec<_> = parts.iter().map(|part| scope.spawn(move || decode(part))).collect();
            let out = meanwhile();
            let shares = handles
                .into_iter()
                .map(|handle| match handle.join() {
                    Ok(share) => share,
                    Err(panic) => std::panic::resume_unwind(panic),
                })
                .collect();
            (shares, out)
        })
    };
    (Decoded { text, shares }, out)
}

/// Reads a state file: one [`StateLine`] a line.
///
/// # Errors
/// [`InputError`] with the line that is wrong.
pub fn read_state(input: &mut dyn Read, evaluator: &Evaluator) -> Result<State, InputError> {
    let mut text = String::new();
    input.read_to_string(&mut text)?;
    let mut state = State::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let number = at as u64 + 1;
        let wrong = |field: String, message: String| InputError::Line(BadLine { line: number, field, message });
        let line: StateLine = serde_json::from_str(line).map_err(|error| wrong(String::new(), error.to_string()))?;
        evaluator.add_state(&line, &mut state).map_err(|error| wrong(error.field, error.message))?;
    }
    Ok(state)
}

impl Loaded {
    /// All texts of a call's line, to show canonical bytes as they were written.
    pub(crate) fn texts_of(&self, line: usize) -> Vec<String> {
        let mut out = Vec::new();
        let text = self
            .origins
            .get(line)
            .and_then(|origin| self.texts.get(origin.block as usize)?.get(origin.from as usize..origin.to as usize));
        let value: Option<serde_json::Value> = text.and_then(|text| serde_json::from_slice(text).ok());
        let mut stack: Vec<serde_json::Value> = value.into_iter().collect();
        while let Some(value) = stack.pop() {
            match value {
                serde_json::Value::String(text) => out.push(text),
                serde_json::Value::Array(list) => stack.extend(list),
                serde_json::Value::Object(map) => {
                    for (name, value) in map {
                        out.push(name);
                        stack.push(value);
                    }
                }
                _ => {}
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_before_a_long_first_line_is_no_part_of_it() {
        for length in [10, 1 << 16, 1 << 18] {
            let text = format!("\u{feff}{}\nb\n", "a".repeat(length));
            let input = &mut text.as_bytes();
            let mut blocks = Blocks { input, size: 1 << 16, most: BLOCK, carry: Vec::new(), first: true, over: false };
            let mut all = Vec::new();
            while let Some(block) = blocks.next(0).unwrap() {
                assert!(!block.is_empty());
                all.extend(block);
            }
            assert!(all == text.as_bytes()[3..], "{length}");
        }
    }
    #[test]
    fn text_is_kept_of_calls_only_and_up_to_a_limit() {
        let manifest = r#"{ "version": 1, "contracts": [ { "name": "c", "chain": { "model": "keyed", "rules": 1 }, "cells": [],
            "entries": [ { "name": "f", "params": [], "accesses": [] } ] } ] }"#;
        let manifest = crate::manifest::read(manifest).unwrap();
        let evaluator = Evaluator::new(&[manifest], &Default::default()).unwrap();
        let read = |input: &mut dyn Read, text_limit| {
            let options = IngestOptions { text_limit, ..IngestOptions::default() };
            read_batch(input, &evaluator, &State::new(), &options)
        };
        let call = r#"{"id":"1","entry":"f","caller":"a"}"#;
        let mut nothing = std::io::repeat(b'\n').take(80 << 20).chain(call.as_bytes());
        let loaded = read(&mut nothing, 8 << 20).unwrap();
        assert_eq!((loaded.len(), loaded.texts.len()), (1, 1));
        assert_eq!(loaded.text(0), Some(call));
        let mut long = call.replace("\"a\"", &format!("\"{}\"", "a".repeat(1000)));
        long.push('\n');
        let error = read(&mut long.as_bytes(), 1000).unwrap_err();
        assert!(error.to_string().contains("longer than 1000 bytes"), "{error}");
    }
}
