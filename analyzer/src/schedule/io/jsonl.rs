//! JSON Lines in blocks: each block of whole lines is decoded by several threads, then taken over in order.

use super::super::compile::{Call, CallError, CallLine, Evaluator, Fragment};
use super::ingest::Bad;

/// What one thread made of its share of a block.
#[derive(Default)]
pub(crate) struct Share {
    /// Units of all calls, where `load` terms do not stand in the way.
    pub(crate) fragment: Fragment,
    /// Else the calls themselves.
    pub(crate) calls: Vec<Call>,
    pub(crate) rows: Vec<Row>,
    pub(crate) bad: Vec<Bad>,
    /// Ids, one after the other.
    pub(crate) ids: String,
    pub(crate) lines: u64,
}

/// One call of a share.
pub(crate) struct Row {
    pub(crate) id_end: u32,
    /// Hash of the transaction's name; 0 for none.
    pub(crate) tx: u64,
    pub(crate) cost: u64,
    pub(crate) priority: u64,
    /// Line inside the share.
    pub(crate) line: u32,
    /// Nothing is known about the call.
    pub(crate) unknown: bool,
    /// Where the line begins and ends in the share's text.
    pub(crate) text: (u32, u32),
}

/// Longest line.
const LONGEST: usize = 16 << 20;

impl Share {
    /// Empties it and keeps the memory.
    fn clear(&mut self) {
        self.fragment.clear();
        self.calls.clear();
        self.rows.clear();
        self.bad.clear();
        self.ids.clear();
        self.lines = 0;
    }
}

/// Decodes whole lines, into the memory of a share that is no longer needed.
pub(crate) fn share(evaluator: &Evaluator, text: &[u8], by_units: bool, keep_going: bool, mut out: Share) -> Share {
    out.clear();
    let mut call = Call::default();
    let mut from = 0usize;
    while from < text.len() {
        let end = memchr::memchr(b'\n', &text[from..]).map_or(text.len(), |at| from + at);
        let line = &text[from..end];
        let begin = from;
        from = end + 1;
        out.lines += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let id_from = out.ids.len();
        let done = one(evaluator, line, by_units, &mut call, &mut out);
        let (cost, priority, tx, error) = match done {
            Ok((cost, priority, tx)) => (cost, priority, tx, None),
            Err(error) => {
                out.ids.truncate(id_from);
                let (cost, priority, tx) = salvage(line, &mut out.ids, out.lines);
                (cost, priority, tx, Some(error))
            }
        };
        let unknown = error.is_some();
        if let Some(error) = error {
            out.bad.push(Bad { line: out.lines, error });
            if !keep_going {
                return out;
            }
        }
        if unknown || !by_units {
            // A place for the call, so that rows and calls stay in step.
            if !by_units {
                out.calls.push(if unknown { Call::default() } else { std::mem::take(&mut call) });
            } else {
                out.fragment.end_call();
            }
        }
        out.rows.push(Row {
            id_end: out.ids.len() as u32,
            tx,
            cost,
            priority,
            line: out.lines as u32,
            unknown,
            text: (begin as u32, end as u32),
        });
    }
    out
}

fn one(
    evaluator: &Evaluator,
    line: &[u8],
    by_units: bool,
    call: &mut Call,
    out: &mut Share,
) -> Result<(u64, u64, u64), CallError> {
    if line.len() > LONGEST {
        return Err(CallError::new("", format!("the line is longer than {LONGEST} bytes")));
    }
    let text = std::str::from_utf8(line)
        .map_err(|error| CallError::new("", format!("byte {} of the line is not UTF-8", error.valid_up_to() + 1)))?;
    let parsed = CallLine::parse(text)?;
    out.ids.push_str(&parsed.id);
    let (cost, priority) = (parsed.cost()?, parsed.priority()?);
    let tx = parsed.tx.as_deref().map_or(0, tx_hash);
    evaluator.decode(&parsed, call)?;
    if by_units {
        evaluator.fragment(call, &mut out.fragment)?;
    }
    Ok((cost, priority, tx))
}

/// Never 0.
pub(crate) fn tx_hash(name: &str) -> u64 {
    super::super::compile::text_hash(name).max(1)
}

/// What can still be told about a line that is wrong: its id, cost and transaction.
fn salvage(line: &[u8], ids: &mut String, number: u64) -> (u64, u64, u64) {
    let value: Option<serde_json::Value> = serde_json::from_slice(line).ok();
    let text = |name: &str| value.as_ref().and_then(|value| value.get(name)).and_then(serde_json::Value::as_str);
    match text("id") {
        Some(id) => ids.push_str(id),
        None => ids.push_str(&format!("line {number}")),
    }
    let number = |name: &str| value.as_ref().and_then(|value| value.get(name)).and_then(serde_json::Value::as_u64);
    (number("cost").unwrap_or(1), number("priority").unwrap_or(0), text("tx").map_or(0, tx_hash))
}
