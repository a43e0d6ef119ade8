//! `audit`: the footprints of a manifest against a recorded trace.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use crosslane_analyzer::schedule::Audit;

use super::Exit;
use super::schedule::{Meaning, meaning};
use crate::args::{Common, Format};
use crate::fail::Fail;
use crate::output;

/// Flags of `audit`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Recorded calls, one JSON object a line with `touched`; `-` for standard input
    #[arg(value_name = "TRACE")]
    trace: PathBuf,
    /// Manifests and what belongs to them.
    #[command(flatten)]
    meaning: Meaning,
    /// Lines that cannot be read are counted instead of stopping the run
    #[arg(long)]
    keep_going: bool,
}

/// Runs `audit`.
pub(crate) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let (evaluator, state) = meaning(&args.meaning, common)?;
    let reader: Box<dyn BufRead> = if args.trace == Path::new("-") {
        Box::new(BufReader::new(io::stdin()))
    } else {
        let file = File::open(&args.trace)
            .map_err(|error| Fail::new(format!("cannot read the trace: {error}")).file(&args.trace))?;
        Box::new(BufReader::new(file))
    };
    let mut audit = Audit::default();
    let mut bad = Vec::new();
    for (at, line) in reader.lines().enumerate() {
        let number = at as u64 + 1;
        let place = PathBuf::from(format!("{}:{number}", args.trace.display()));
        let line = line.map_err(|error| Fail::new(format!("cannot read: {error}")).file(&place))?;
        if line.trim().is_empty() {
            continue;
        }
        if let Err(error) = audit.line(&evaluator, &state, number, &line) {
            if !args.keep_going {
                return Err(Fail::new(error.message).file(&place).into());
            }
            bad.push(format!("{}: {}", place.display(), error.message));
        }
    }
    if audit.calls == 0 && bad.is_empty() {
        return Err(Fail::new("there is no call in it").file(&args.trace).into());
    }
    if !bad.is_empty() && !common.quiet {
        let mut text = String::new();
        for line in bad.iter().take(20) {
            let _ = writeln!(text, "warning: {line}");
        }
        output::tell(&text)?;
    }
    let text =
        if common.message_format == Some(Format::Json) { json(&audit, bad.len()) } else { human(&audit, common.all) };
    output::show(&text)?;
    Ok(if audit.anomalies.is_empty() { Exit::Clean } else { Exit::Findings })
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

fn human(audit: &Audit, all: bool) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "  {} calls · {} recorded accesses", audit.calls, audit.accesses);
    let _ = writeln!(
        out,
        "  predicted exactly {:.1} % · by prefix {:.1} % · by contract {:.1} % · outside {}",
        percent(audit.exact, audit.accesses),
        percent(audit.by_prefix, audit.accesses),
        percent(audit.by_contract, audit.accesses),
        audit.anomalies.len()
    );
    let _ = writeln!(out, "  {:.2} keys predicted for each one touched", audit.over_prediction());
    let shown = if all { audit.anomalies.len() } else { 20 };
    for found in audit.anomalies.iter().take(shown) {
        let _ = writeln!(
            out,
            "error: line {}: `{}` ({}) touched `{}`: {}",
            found.line, found.id, found.entry, found.access, found.what
        );
    }
    if audit.anomalies.len() > shown {
        let _ = writeln!(out, "  {} more; --all shows them", audit.anomalies.len() - shown);
    }
    out
}

fn json(audit: &Audit, bad: usize) -> String {
    let anomalies: Vec<serde_json::Value> = audit
        .anomalies
        .iter()
        .map(|found| {
            serde_json::json!({ "line": found.line, "id": found.id, "entry": found.entry, "access": found.access, "what": found.what })
        })
        .collect();
    let entries: serde_json::Map<String, serde_json::Value> = audit
        .entries
        .iter()
        .map(|(name, (accesses, outside))| {
            (name.clone(), serde_json::json!({ "accesses": accesses, "outside": outside }))
        })
        .collect();
    let value = serde_json::json!({ "version": 1, "calls": audit.calls, "accesses": audit.accesses, "exact": audit.exact,
        "by_prefix": audit.by_prefix, "by_contract": audit.by_contract, "anomalies": anomalies,
        "over_prediction": audit.over_prediction(), "entries": entries, "unreadable": bad });
    format!("{value}\n")
}
