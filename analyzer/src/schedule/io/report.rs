//! Schedules as JSON (DESIGN §7), written call by call, and read back for verification.

use std::io::Write;

use serde::{Deserialize, Serialize};

use super::super::batch::Batch;
use super::super::compile::{AccountValue, CallLine, Evaluator, Scope, UnitName};
use super::super::graph::{ClassGraph, GraphWorkspace};
use super::super::job::Planned;
use super::super::verify::Order;
use super::ingest::Loaded;

/// A schedule file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScheduleFile {
    /// 1.
    pub version: u32,
    /// Chain model.
    pub model: String,
    /// `preserve` or `free`.
    pub order: String,
    /// `transaction` or `own`.
    pub scope: String,
    /// Number of lanes.
    pub lanes: u32,
    /// Calls in the order of the batch.
    pub calls: Vec<ScheduledCall>,
    /// Direct waits between transactions, by the ids of their first calls; only in shape `dag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edges: Option<Vec<(String, String)>>,
    /// Latest end.
    pub makespan: u64,
    /// Sum of all costs.
    pub serial_cost: u64,
    /// serial_cost / makespan.
    pub speedup: f64,
    /// No schedule is shorter.
    pub lower_bound: u64,
    /// Calls of the longest chain.
    #[serde(default)]
    pub critical_path: Vec<String>,
    /// Units on the longest chain.
    #[serde(default)]
    pub hot_units: Vec<HotUnit>,
    /// Calls that found no room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// `load` terms that could not be evaluated.
    #[serde(default)]
    pub unresolved: u64,
    /// Calls that could not be read and count as unknown.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unknown_calls: u64,
    /// Assumptions of the manifests and of the chain model.
    #[serde(default)]
    pub assumes: Vec<String>,
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// A call of a schedule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScheduledCall {
    /// Its id.
    pub id: String,
    /// Its lane, from 0.
    pub lane: u32,
    /// Start.
    pub start: u64,
    /// End.
    pub end: u64,
    /// Its wave, from 0.
    pub wave: u32,
}

/// A unit on the longest chain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HotUnit {
    /// Address; empty where units have none.
    pub address: String,
    /// Cell.
    pub cell: String,
    /// Key components.
    pub key: Vec<String>,
    /// Share of the longest chain, 0 to 1.
    pub share: f64,
    /// Bound on the speedup on unlimited lanes if the unit took deltas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_delta: Option<f64>,
}

/// A call that found no room.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its id.
    pub id: String,
    /// What was full: `block`, `lane`, or a unit.
    pub full: String,
}

/// Everything a file is made of.
pub struct Report<'a> {
    /// The batch with ids.
    pub loaded: &'a Loaded,
    /// The nodes that are scheduled, in the order of `planned`; `None`: all of them.
    pub included: Option<&'a [u32]>,
    /// The batch that `planned` speaks of.
    pub batch: &'a Batch,
    /// The plan.
    pub planned: &'a Planned,
    /// The evaluator.
    pub evaluator: &'a Evaluator,
    /// The order.
    pub order: Order,
    /// Calls without room.
    pub left_out: &'a [LeftOut],
    /// Write the edges.
    pub edges: bool,
}

impl Loaded {
    /// A unit of a node in words, from the texts of its calls.
    pub fn unit_name(&self, evaluator: &Evaluator, node: u32, unit: u64) -> UnitName {
        let from = self.first_line(node);
        for line in (from..self.len()).take_while(|&line| self.nodes[line] == node) {
            let Some(call) = self.call(evaluator, line) else { continue };
            if let Some(name) = evaluator.describe_with(&call, unit, &self.texts_of(line)) {
                return name;
            }
        }
        UnitName::default()
    }

    /// What the call of a node calls an account with this address: the parameter's name.
    pub fn account_name(&self, node: u32, address: &str) -> Option<String> {
        let from = self.first_line(node);
        (from..self.len()).take_while(|&line| self.nodes[line] == node).find_map(|line| {
            let text = self.text(line)?;
            let call = CallLine::parse(&text).ok()?;
            call.accounts.into_iter().find_map(|(name, value)| {
                let known = match &value {
                    AccountValue::Address(known) | AccountValue::Locked { address: known, .. } => known,
                };
                (known == address).then_some(name)
            })
        })
    }
}

impl Report<'_> {
    /// Units of the longest chain in words; at most ten.
    pub fn hot_units(&self) -> Vec<HotUnit> {
        self.planned
            .hot
            .iter()
            .take(10)
            .map(|share| {
                let path = &self.planned.critical_path;
                let node = path
                    .iter()
                    .copied()
                    .find(|&call| self.batch.call(call as usize).any(|access| access.unit == share.unit));
                let name = node.map_or_else(UnitName::default, |node| {
                    self.loaded.unit_name(self.evaluator, self.node(node), share.unit)
                });
                let as_delta = self
                    .planned
                    .what_if
                    .iter()
                    .find(|found| found.unit == share.unit)
                    .map(|found| round(found.speedup_after));
                HotUnit { address: name.address, cell: name.cell, key: name.key, share: round(share.share()), as_delta }
            })
            .collect()
    }

    /// The node of the loaded batch for a call of the plan.
    fn node(&self, call: u32) -> u32 {
        self.included.map_or(call, |nodes| nodes[call as usize])
    }

    fn id_of(&self, call: u32) -> &str {
        self.loaded.id(self.loaded.first_line(self.node(call)))
    }
}

/// Four digits after the point.
fn round(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

/// Calls that are formatted at once: about a megabyte.
const PART: usize = 1 << 14;

/// Writes what is ready and keeps the memory.
fn write_out(ready: &mut Vec<Vec<u8>>, spare: &mut Vec<Vec<u8>>, out: &mut dyn Write) -> std::io::Result<()> {
    for buffer in ready.drain(..) {
        out.write_all(&buffer)?;
        spare.push(buffer);
    }
    Ok(())
}

/// Writes a schedule, one call a line.
///
/// # Errors
/// Those of the writer.
pub fn write_schedule(report: &Report<'_>, threads: usize, out: &mut dyn Write) -> std::io::Result<()> {
    let Report { loaded, batch, planned, evaluator, .. } = report;
    let order = match report.order {
        Order::Preserve => "preserve",
        Order::Free => "free",
    };
    let scope = match evaluator.scope() {
        Scope::Transaction => "transaction",
        Scope::Own => "own",
    };
    write!(
        out,
        "{{\"version\":1,\"model\":{},\"order\":\"{order}\",\"scope\":\"{scope}\",\"lanes\":{},\"calls\":[",
        text(&evaluator.chain().id),
        planned.lanes.lanes
    )?;
    // Per line of the input the call of the plan it belongs to.
    let mut call_of = vec![u32::MAX; loaded.batch.len()];
    for call in 0..batch.len() as u32 {
        call_of[report.node(call) as usize] = call;
    }
    let lines: Vec<u32> =
        (0..loaded.len() as u32).filter(|&line| call_of[loaded.nodes[line as usize] as usize] != u32::MAX).collect();
    let format = |range: &[u32], first: bool, mut buffer: Vec<u8>| {
        buffer.clear();
        let (mut first, mut before) = (first, 0u64);
        for (at, &line) in range.iter().enumerate() {
            let line = line as usize;
            let node = loaded.nodes[line];
            let call = call_of[node as usize] as usize;
            // Lines of one transaction run one after the other.
            if line == 0 || loaded.nodes[line - 1] != node {
                before = 0;
            } else if at == 0 {
                before = loaded.costs[loaded.first_line(node)..line].iter().sum();
            }
            let start = planned.lanes.start[call] + before;
            before += loaded.costs[line];
            let separator: &[u8] = if std::mem::take(&mut first) { b"\n" } else { b",\n" };
            buffer.extend_from_slice(separator);
            buffer.extend_from_slice(b"{\"id\":");
            put_text(loaded.id(line), &mut buffer);
            for (name, value) in [
                (",\"lane\":", u64::from(planned.lanes.lane[call])),
                (",\"start\":", start),
                (",\"end\":", start + loaded.costs[line]),
                (",\"wave\":", u64::from(planned.waves[call])),
            ] {
                buffer.extend_from_slice(name.as_bytes());
                put_number(value, &mut buffer);
            }
            buffer.push(b'}');
        }
        buffer
    };
    // While some parts are formatted, those before are written; buffers go round.
    let threads = threads.max(1);
    let (mut ready, mut spare): (Vec<Vec<u8>>, Vec<Vec<u8>>) = (Vec::new(), Vec::new());
    for (round, group) in lines.chunks(PART * threads).enumerate() {
        let parts: Vec<&[u32]> = group.chunks(PART).collect();
        let format = &format;
        if threads == 1 || parts.len() == 1 {
            for part in parts {
                write_out(&mut ready, &mut spare, out)?;
                ready.push(format(part, round == 0, spare.pop().unwrap_or_default()));
            }
            continue;
        }
        ready = std::thread::scope(|scope| {
            let handles: Vec<_> = parts
                .iter()
                .enumerate()
                .map(|(at, &part)| {
                    let buffer = spare.pop().unwrap_or_default();
                    scope.spawn(move || format(part, round == 0 && at == 0, buffer))
                })
                .collect();
            write_out(&mut ready, &mut spare, out)?;
            let done = handles.into_iter().map(|handle| match handle.join() {
                Ok(buffer) => buffer,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            Ok::<_, std::io::Error>(done.collect())
        })?;
    }
    write_out(&mut ready, &mut spare, out)?;
    out.write_all(b"\n]")?;
    if report.edges {
        edges(report, out)?;
    }
    let path: Vec<&str> = planned.critical_path.iter().map(|&call| report.id_of(call)).collect();
    let mut assumes: Vec<String> = evaluator.assumes().to_vec();
    assumes.extend(evaluator.chain().environment.iter().map(|part| format!("{}: {}", part.name, part.policy)));
    let json = |value: &dyn erased::Json| value.json();
    write!(
        out,
        ",\n\"makespan\":{},\"serial_cost\":{},\"speedup\":{},\"lower_bound\":{},\n\"critical_path\":{},\n\"hot_units\":{},\n",
        planned.lanes.makespan,
        batch.total(),
        round(planned.lanes.speedup(batch)),
        planned.lower_bound,
        json(&path),
        json(&report.hot_units()),
    )?;
    if !report.left_out.is_empty() {
        writeln!(out, "\"left_out\":{},", json(&report.left_out))?;
    }
    if !loaded.bad.is_empty() {
        writeln!(out, "\"unknown_calls\":{},", loaded.bad.len())?;
    }
    writeln!(out, "\"unresolved\":{},\"assumes\":{}}}", loaded.unresolved, json(&assumes))?;
    out.flush()
}

/// `Serialize` behind a reference.
mod erased {
    pub(super) trait Json {
        fn json(&self) -> String;
    }

    impl<T: serde::Serialize> Json for T {
        fn json(&self) -> String {
            // These types always turn into JSON.
            super::visible(serde_json::to_string(self).unwrap_or_default())
        }
    }
}

fn edges(report: &Report<'_>, out: &mut dyn Write) -> std::io::Result<()> {
    let graph = ClassGraph::new(report.batch, &mut GraphWorkspace::default());
    out.write_all(b",\n\"edges\":[")?;
    let mut first = true;
    for call in 0..graph.len() {
        let mut next: Vec<u32> = graph.successors(call).collect();
        next.sort_unstable();
        next.dedup();
        for other in next {
            let mut line: Vec<u8> = if std::mem::take(&mut first) { b"\n[".to_vec() } else { b",\n[".to_vec() };
            put_text(report.id_of(call as u32), &mut line);
            line.push(b',');
            put_text(report.id_of(other), &mut line);
            line.push(b']');
            out.write_all(&line)?;
        }
    }
    out.write_all(b"\n]")
}

fn text(value: &str) -> String {
    let mut out = Vec::new();
    put_text(value, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

fn put_text(value: &str, out: &mut Vec<u8>) {
    if value.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\') {
        out.push(b'"');
        out.extend_from_slice(value.as_bytes());
        out.push(b'"');
    } else {
        let text = serde_json::Value::String(value.to_owned()).to_string();
        out.extend_from_slice(visible(text).as_bytes());
    }
}

/// JSON in which the signs that would change how a terminal shows the rest are written as numbers: it means the same.
fn visible(json: String) -> String {
    if json.is_ascii() || !json.contains(odd) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if odd(c) {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// Control characters beyond those of ASCII, which JSON escapes anyway, and what turns the direction of writing.
fn odd(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn put_number(mut value: u64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Reads a schedule file.
///
/// # Errors
/// What is wrong with the text, with line and column.
pub fn read_schedule(text: &str) -> Result<ScheduleFile, String> {
    #[derive(Deserialize)]
    struct Probe {
        version: u64,
    }
    let probe: Probe = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if probe.version != 1 {
        return Err(format!("the schedule is of version {} and this crosslane reads version 1", probe.version));
    }
    serde_json::from_str(text).map_err(|error| error.to_string())
}
