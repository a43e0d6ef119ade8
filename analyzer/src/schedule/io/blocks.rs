//! A stream in blocks of whole lines, and their decoding on several threads.
//!
//! Buffers go round: a block's text (unless it is kept) and what its lines were decoded into are filled again, so that the
//! pages of a few blocks stay in the caches instead of new ones being taken for every line.

use std::io::Read;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::super::compile::Evaluator;
use super::ingest::{BadLine, InputError};
use super::jsonl::{Share, share};

/// Bytes read at once for each thread: the text of a block stays in the second-level caches until it is decoded.
pub(super) const BLOCK: usize = 1 << 20;
/// Parts of a block for each thread: whoever is done first takes the next.
const PARTS: usize = 4;
/// Shorter blocks are decoded by one thread.
const SHORT: usize = 1 << 16;
/// Longest line.
const LONGEST: usize = 64 << 20;

/// Whole lines.
pub(super) struct Block {
    pub(super) text: Vec<u8>,
    /// Where it begins in the stream.
    pub(super) at: u64,
}

/// A block and what its lines say.
pub(super) struct Decoded {
    pub(super) block: Block,
    /// With where in the block each begins.
    pub(super) shares: Vec<(usize, Share)>,
}

/// A stream in blocks of whole lines.
pub(super) struct Blocks<'a> {
    input: &'a mut dyn Read,
    /// Bytes read at once; small batches need no large buffer.
    size: usize,
    most: usize,
    /// The beginning of a line whose end is not read yet.
    carry: Vec<u8>,
    spare: Vec<Vec<u8>>,
    /// Bytes of the stream before `carry`.
    at: u64,
    first: bool,
    over: bool,
}

impl<'a> Blocks<'a> {
    /// Blocks of at most about `most` bytes.
    pub(super) fn new(input: &'a mut dyn Read, most: usize) -> Blocks<'a> {
        Blocks { input, size: SHORT, most, carry: Vec::new(), spare: Vec::new(), at: 0, first: true, over: false }
    }

    /// Gives memory back for a later block.
    pub(super) fn put_back(&mut self, text: Option<Vec<u8>>) {
        self.spare.extend(text);
    }

    /// The next block; the lines of an error count from `lines` on.
    pub(super) fn next(&mut self, lines: u64) -> Result<Option<Block>, InputError> {
        while !self.over {
            // A long line goes on in the memory in which it began.
            let mut text = if self.carry.len() >= SHORT { Vec::new() } else { self.spare.pop().unwrap_or_default() };
            if text.capacity() == 0 {
                text = std::mem::take(&mut self.carry);
            } else {
                text.clear();
                text.append(&mut self.carry);
            }
            text.reserve(self.size);
            let read = (&mut *self.input).take(self.size as u64).read_to_end(&mut text)?;
            self.over = read < self.size;
            self.size = (self.size * 4).min(self.most);
            let cut = if self.over { text.len() } else { memchr::memrchr(b'\n', &text).map_or(0, |at| at + 1) };
            if cut == 0 && !self.over && text.len() > LONGEST {
                let message = "the line is longer than 64 MiB".to_owned();
                return Err(InputError::Line(BadLine { line: lines + 1, field: String::new(), message }));
            }
            if cut == 0 {
                // Still inside of a long line.
                self.carry = text;
                continue;
            }
            self.carry.extend_from_slice(&text[cut..]);
            text.truncate(cut);
            let mut at = self.at;
            self.at += cut as u64;
            if std::mem::take(&mut self.first) && text.starts_with(b"\xef\xbb\xbf") {
                text.drain(..3);
                at += 3;
            }
            if !text.is_empty() {
                return Ok(Some(Block { text, at }));
            }
        }
        Ok(None)
    }
}

/// Decodes blocks on several threads.
pub(super) struct Decoders<'a> {
    evaluator: &'a Evaluator,
    keep_going: bool,
    by_units: bool,
    threads: usize,
    spare: Mutex<Vec<Share>>,
}

impl<'a> Decoders<'a> {
    /// `threads` threads, the caller's own among them.
    pub(super) fn new(evaluator: &'a Evaluator, keep_going: bool, threads: usize) -> Decoders<'a> {
        let by_units = evaluator.units_at_once();
        Decoders { evaluator, keep_going, by_units, threads, spare: Mutex::new(Vec::new()) }
    }

    /// Gives memory back for a later part.
    pub(super) fn put_back(&self, share: Share) {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(share);
    }

    /// Decodes a block. This thread does something else first.
    pub(super) fn decode<T>(&self, block: Block, meanwhile: impl FnOnce() -> T) -> (Decoded, T) {
        let text = &block.text;
        let parts = self.parts(text);
        let next = AtomicUsize::new(0);
        let work = || {
            let mut out = Vec::new();
            while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
                out.push((
                    part.start,
                    share(self.evaluator, &text[part.clone()], self.by_units, self.keep_going, spare),
                ));
            }
            out
        };
        let (mut shares, out) = if parts.len() < 2 {
            let out = meanwhile();
            (work(), out)
        } else {
            std::thread::scope(|scope| {
                let others: Vec<_> = (1..self.threads.min(parts.len())).map(|_| scope.spawn(work)).collect();
                let out = meanwhile();
                let mut shares = work();
                for other in others {
                    match other.join() {
                        Ok(more) => shares.extend(more),
                        Err(panic) => std::panic::resume_unwind(panic),
                    }
                }
                (shares, out)
            })
        };
        shares.sort_by_key(|(from, _)| *from);
        (Decoded { block, shares }, out)
    }

    /// Whole lines of about the same length together.
    fn parts(&self, text: &[u8]) -> Vec<Range<usize>> {
        let count = if text.len() < SHORT || self.threads == 1 { 1 } else { self.threads * PARTS };
        let mut parts = Vec::with_capacity(count);
        let mut from = 0;
        for part in 1..=count {
            let target = (text.len() * part / count).max(from);
            let to = if part == count {
                text.len()
            } else {
                memchr::memchr(b'\n', &text[target..]).map_or(text.len(), |at| target + at + 1)
            };
            if to > from {
                parts.push(from..to);
            }
            from = to;
        }
        parts
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
            let mut blocks = Blocks::new(input, BLOCK);
            let mut all = Vec::new();
            while let Some(block) = blocks.next(0).unwrap() {
                assert!(!block.text.is_empty());
                assert_eq!(block.at as usize, all.len() + 3);
                all.extend_from_slice(&block.text);
                blocks.put_back(Some(block.text));
            }
            assert!(all == text.as_bytes()[3..], "{length}");
        }
    }
}
