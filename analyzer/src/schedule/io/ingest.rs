//! From a stream of calls to a batch, with bounded memory and errors that name line and field.

use std::borrow::Cow;
use std::fmt;
use std::io::Read;
use std::sync::Arc;

use super::super::batch::{Batch, Limits};
use super::super::compile::{BatchBuilder, Call, CallError, CallLine, Evaluator};
use super::super::number::Numbering;
use super::super::state::{State, StateLine};
use super::super::verify::Order;
use super::blocks::{BLOCK, Block, Blocks, Decoded, Decoders};
use super::csv::CsvReader;
use super::jsonl::Share;

/// How a batch is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// One JSON object a line.
    #[default]
    JsonLines,
    /// Comma-separated, with a header.
    Csv,
}

/// A stream that can be read a second time, such as a file.
pub trait Again: fmt::Debug + Send + Sync {
    /// `length` bytes from byte `from` of the stream on; `None` if they cannot be had.
    fn bytes(&self, from: u64, length: usize) -> Option<Vec<u8>>;
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
    /// Where the stream can be read again: with that, texts of JSON Lines are fetched when they are asked for and not kept.
    pub again: Option<Arc<dyn Again>>,
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
            again: None,
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

/// The text of a block.
#[derive(Clone, Debug)]
enum Text {
    Kept(Vec<u8>),
    /// Where it begins in a stream that can be read again.
    Again(u64),
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
    texts: Vec<Text>,
    again: Option<Arc<dyn Again>>,
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

    /// The decoded call of a line, from its text. `None`: there is no text, or the line was wrong.
    pub fn call(&self, evaluator: &Evaluator, line: usize) -> Option<Call> {
        let text = self.text(line)?;
        let parsed = CallLine::parse(&text).ok()?;
        let mut call = Call::default();
        evaluator.decode(&parsed, &mut call).ok()?;
        Some(call)
    }

    /// The JSON of a line. `None`: it cannot be had, or the line was wrong.
    pub(crate) fn text(&self, line: usize) -> Option<Cow<'_, str>> {
        if *self.unknown.get(line)? {
            return None;
        }
        let origin = self.origins.get(line)?;
        match self.texts.get(origin.block as usize)? {
            Text::Kept(text) => {
                let text = text.get(origin.from as usize..origin.to as usize)?;
                std::str::from_utf8(text).ok().map(Cow::Borrowed)
            }
            Text::Again(base) => {
                let length = (origin.to - origin.from) as usize;
                let bytes = self.again.as_ref()?.bytes(base + u64::from(origin.from), length)?;
                let text = String::from_utf8(bytes).ok()?;
                // The stream may have changed in between.
                let same = CallLine::parse(&text).is_ok_and(|parsed| parsed.id == self.id(line));
                same.then_some(Cow::Owned(text))
            }
        }
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

impl Collector<'_> {
    /// Takes a block over. What it was made of can be used again: its text, unless that is kept, and its shares.
    fn take(&mut self, decoded: Decoded, decoders: &Decoders<'_>) -> Result<Option<Vec<u8>>, InputError> {
        let first = self.lines == 0;
        let Decoded { block, shares } = decoded;
        // Lines without a call are not kept.
        let calls = self.options.keep_text && shares.iter().any(|(_, share)| !share.rows.is_empty());
        let again = self.out.again.is_some();
        if calls && !again {
            self.kept += block.text.len() as u64;
            if self.kept > self.options.text_limit {
                let message = format!("the calls are longer than {} bytes together", self.options.text_limit);
                return Err(InputError::Line(BadLine { line: self.lines + 1, field: String::new(), message }));
            }
        }
        for (base, mut share) in shares {
            self.take_share(&mut share, base as u32)?;
            decoders.put_back(share);
        }
        if let (true, Some(bytes)) = (first, self.options.bytes) {
            self.reserve_times((bytes / block.text.len().max(1) as u64) as usize);
        }
        match calls {
            true if again => self.out.texts.push(Text::Again(block.at)),
            true => {
                self.out.texts.push(Text::Kept(block.text));
                return Ok(None);
            }
            false => {}
        }
        Ok(Some(block.text))
    }

    /// Makes room for `times` what there is so far, but not for more than some million calls.
    fn reserve_times(&mut self, times: usize) {
        self.builder.reserve_times(times);
        let lines = self.out.len();
        let times = times.min(RESERVED.checked_div(lines).unwrap_or(0));
        self.out.ids.reserve(self.out.ids.len() * times);
        self.out.id_ends.reserve(lines * times);
        self.out.nodes.reserve(lines * times);
        self.out.costs.reserve(lines * times);
        self.out.priorities.reserve(self.out.priorities.len() * times);
        self.out.origins.reserve(self.out.origins.len() * times);
        self.out.unknown.reserve(self.out.unknown.len() * times);
        self.seen.reserve(lines * times);
    }

    fn take_share(&mut self, share: &mut Share, base: u32) -> Result<(), InputError> {
        let block = self.out.texts.len() as u32;
        let before = self.lines;
        let by_units = share.calls.is_empty();
        let mut bad = std::mem::take(&mut share.bad).into_iter();
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

    fn finish(self) -> Result<Loaded, InputError> {
        let Collector { builder, mut out, seen, lines, options, .. } = self;
        let unresolved = builder.unresolved();
        // Ids have nothing to do with units.
        let (twice, built) = if options.threads > 1 && seen.len() > 10_000 {
            std::thread::scope(|scope| {
                let beside = scope.spawn(|| twice(&out, &seen));
                let built = builder.finish_counted();
                match beside.join() {
                    Ok(twice) => (twice, built),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            })
        } else {
            (twice(&out, &seen), builder.finish_counted())
        };
        if let Some((first, second)) = twice {
            let message = format!("`id`: `{}` is also the id of call {}", out.id(second as usize), first + 1);
            return Err(InputError::Line(BadLine { line: u64::from(second) + 1, field: "id".to_owned(), message }));
        }
        let bad =
            |error: CallError| InputError::Line(BadLine { line: lines, field: error.field, message: error.message });
        let (batch, found) = built.map_err(bad)?;
        out.batch = batch;
        out.unresolved = unresolved.max(found);
        Ok(out)
    }
}

/// Two calls of one id, by index; the pair whose second call comes first. `seen` are hashes of all ids.
fn twice(loaded: &Loaded, seen: &[u64]) -> Option<(u32, u32)> {
    if Numbering::default().number(seen, &mut Vec::new()) == seen.len() {
        return None;
    }
    let mut seen: Vec<(u64, u32)> = seen.iter().copied().zip(0..).collect();
    seen.sort_unstable();
    let mut twice: Option<(u32, u32)> = None;
    for pair in seen.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        if a.0 == b.0
            && loaded.id(a.1 as usize) == loaded.id(b.1 as usize)
            && twice.is_none_or(|(_, other)| b.1 < other)
        {
            twice = Some((a.1, b.1));
        }
    }
    twice
}

/// Most lines for which room is made before they are seen.
const RESERVED: usize = 1 << 22;

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
    // Lines that are made from rows stand nowhere in the stream.
    let again = options.again.clone().filter(|_| options.format == Format::JsonLines);
    let mut collector = Collector {
        options,
        builder: BatchBuilder::new(evaluator, state, options.order, options.limits),
        out: Loaded { again, ..Loaded::default() },
        lines: 0,
        last_tx: 0,
        closed: std::collections::HashSet::new(),
        seen: Vec::new(),
        kept: 0,
    };
    let threads = options.threads.clamp(1, 64);
    let decoders = Decoders::new(evaluator, options.keep_going, threads);
    let mut blocks = Blocks::new(input, BLOCK * threads);
    if options.format == Format::Csv {
        let mut csv = CsvReader::default();
        while let Some(block) = blocks.next(collector.lines)? {
            let text = csv.rows(&block.text, collector.lines).map_err(InputError::Line)?;
            collector.take(decoders.decode(Block { text, at: 0 }, || ()).0, &decoders)?;
        }
        return collector.finish();
    }
    // While one block is decoded, the one before is taken over and the one behind is read.
    let mut next = blocks.next(0)?;
    let mut before: Option<Decoded> = None;
    while let Some(block) = next {
        let (decoded, (taken, read)) = decoders.decode(block, || {
            let taken = match before.take() {
                Some(before) => collector.take(before, &decoders).map(|free| blocks.put_back(free)),
                None => Ok(()),
            };
            (taken, blocks.next(0))
        });
        taken?;
        match read {
            Ok(block) => next = block,
            Err(mut error) => {
                // What is wrong before the place where reading stopped is told first.
                collector.take(decoded, &decoders)?;
                if let InputError::Line(bad) = &mut error {
                    bad.line += collector.lines;
                }
                return Err(error);
            }
        }
        before = Some(decoded);
    }
    if let Some(before) = before {
        collector.take(before, &decoders)?;
    }
    collector.finish()
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
        let text = self.text(line);
        let value: Option<serde_json::Value> = text.and_then(|text| serde_json::from_str(&text).ok());
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
        assert_eq!(loaded.text(0).as_deref(), Some(call));
        let mut long = call.replace("\"a\"", &format!("\"{}\"", "a".repeat(1000)));
        long.push('\n');
        let error = read(&mut long.as_bytes(), 1000).unwrap_err();
        assert!(error.to_string().contains("longer than 1000 bytes"), "{error}");
    }
}
