//! `profile`: a workload read off a recorded batch, and a forecast of the units that will be hot.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use crosslane_analyzer::hotspots::spelled;
use crosslane_analyzer::schedule::io::{IngestOptions, read_batch};
use crosslane_analyzer::workload::{Forecast, Learner};

use super::Exit;
use super::schedule::{Meaning, compiled, manifests, plural};
use crate::args::Common;
use crate::fail::Fail;
use crate::output;

/// Flags of `profile`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Recorded calls, one JSON object a line, as `import` writes them; `-` for standard input
    #[arg(value_name = "TRACE", required = true)]
    trace: Vec<PathBuf>,
    /// What calls mean.
    #[command(flatten)]
    meaning: Meaning,
    /// The contract, when the manifests have several
    #[arg(long, value_name = "NAME")]
    contract: Option<String>,
    /// Calls of a window of the forecast
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    window: u32,
    /// Where the profile goes; standard output when left out
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Units that are foretold.
const TOP: usize = 10;
/// Longest line.
const LONGEST: u64 = 16 << 20;

/// Runs `profile`.
pub(crate) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let manifests = manifests(&args.meaning)?;
    let contracts: Vec<_> = manifests.iter().flat_map(|manifest| &manifest.contracts).collect();
    let contract = match (&args.contract, contracts.as_slice()) {
        (Some(name), all) => all
            .iter()
            .find(|contract| contract.name == *name)
            .copied()
            .ok_or_else(|| Fail::new(format!("the manifests have no contract `{name}`")))?,
        (None, [one]) => one,
        (None, all) => {
            let names: Vec<&str> = all.iter().map(|contract| contract.name.as_str()).collect();
            return Err(Fail::new("the manifests have several contracts")
                .help(format!("choose with --contract: {}", names.join(", ")))
                .into());
        }
    };
    let (evaluator, state) = compiled(&manifests, &args.meaning, common)?;
    let mut learner = Learner::new(contract);
    let mut forecast = Forecast::new(TOP);
    let mut hits: Vec<f64> = Vec::new();
    let mut names: BTreeMap<u64, String> = BTreeMap::new();
    let options = IngestOptions { keep_going: true, ..IngestOptions::default() };
    let mut close = |text: &mut String, forecast: &mut Forecast| -> anyhow::Result<()> {
        let read = read_batch(&mut text.as_bytes(), &evaluator, &state, &options);
        text.clear();
        let loaded = read.map_err(|error| Fail::new(error.to_string()))?;
        hits.extend(forecast.window(&loaded.batch));
        names.clear();
        let top = forecast.units();
        for node in 0..loaded.batch.len() {
            for access in loaded.batch.call(node).filter(|access| top.contains(&access.unit)) {
                names
                    .entry(access.unit)
                    .or_insert_with(|| spelled(&loaded.unit_name(&evaluator, node as u32, access.unit)));
            }
        }
        Ok(())
    };
    let mut window = String::new();
    let mut in_window = 0;
    for path in &args.trace {
        let mut number = 0u64;
        lines(path, &mut |line| {
            number += 1;
            let wrong = |message: String| Fail::new(message).file(Path::new(&format!("{}:{number}", path.display())));
            learner.line(line).map_err(wrong)?;
            window.push_str(line);
            window.push('\n');
            in_window += 1;
            if in_window == args.window {
                in_window = 0;
                close(&mut window, &mut forecast)?;
            }
            Ok(())
        })?;
    }
    if in_window > 0 {
        close(&mut window, &mut forecast)?;
    }
    let Some(learned) = learner.finish() else {
        return Err(Fail::new(format!("there is no call of `{}` in this trace", contract.name))
            .help(
                "is it a trace of another contract? `contract` and `entry` of its lines must be those of the manifest",
            )
            .into());
    };
    let text = learned.profile.to_toml();
    match &args.output {
        Some(path) if path != Path::new("-") => output::write_file(path, &text)?,
        _ => output::show(&text)?,
    }
    if common.quiet {
        return Ok(Exit::Clean);
    }
    let mut told = format!("{} of `{}`", plural(learned.calls, "call", "calls"), contract.name);
    let foreign: u64 = learned.foreign.values().sum();
    if foreign > 0 {
        let names: Vec<&str> = learned.foreign.keys().take(3).map(String::as_str).collect();
        let _ = write!(told, "; {} of others passed over ({})", plural(foreign, "call", "calls"), names.join(", "));
    }
    told.push('\n');
    let units: Vec<&str> =
        forecast.units().iter().filter_map(|unit| names.get(unit)).map(String::as_str).take(5).collect();
    if !units.is_empty() {
        let _ = writeln!(told, "hot in the next {} calls, if it goes on like this: {}", args.window, units.join(", "));
    }
    if let Some(last) = hits.last() {
        let mean = hits.iter().sum::<f64>() / hits.len() as f64;
        let _ = writeln!(
            told,
            "such a forecast named {:.0} % of the hot units of the last window, {:.0} % on average of {}",
            last * 100.0,
            mean * 100.0,
            plural(hits.len() as u64, "window", "windows")
        );
    }
    output::tell(&told)?;
    Ok(Exit::Clean)
}

/// All lines of a file that are not empty, one at a time.
fn lines(path: &Path, each: &mut dyn FnMut(&str) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let fail = |error: io::Error| Fail::new(format!("cannot be read: {error}")).file(path);
    let mut input: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::with_capacity(1 << 16, File::open(path).map_err(fail)?))
    };
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        if (&mut input).take(LONGEST).read_until(b'\n', &mut bytes).map_err(fail)? == 0 {
            return Ok(());
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| Fail::new("a line is not UTF-8").file(path))?;
        let text = text.trim_start_matches('\u{feff}').trim();
        if !text.is_empty() {
            each(text)?;
        }
    }
}
