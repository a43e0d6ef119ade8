//! `schedule verify`: does a schedule respect every conflict, by the reference evaluator, which shares nothing with the
//! scheduler.

use std::fmt::Write as _;
use std::path::PathBuf;

use crosslane_analyzer::conflicts;
use crosslane_analyzer::conflicts::evaluate::{StateLine, World};
use crosslane_analyzer::manifest::Manifest;
use crosslane_analyzer::schedule::io::{ScheduleFile, read_schedule};
use crosslane_analyzer::schedule::{self, Checker, Order, Scope};

use super::Exit;
use super::schedule::{Input, Meaning, batches, deployments, load, manifests, plural, read_text, setting};
use crate::args::Common;
use crate::fail::Fail;
use crate::output;

/// Flags of `schedule verify`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What was scheduled.
    #[command(flatten)]
    input: Input,
    /// The schedule to check
    #[arg(long, value_name = "FILE")]
    schedule: PathBuf,
}

/// Runs `schedule verify`.
pub(super) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let setting = setting(&args.input, common)?;
    let files = batches(&args.input)?;
    let [file] = files.as_slice() else {
        return Err(Fail::new("a schedule is verified against one batch").into());
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let loaded = load(file, &args.input, &setting, cores, true)?;
    let text = read_text(&args.schedule)?;
    let schedule: ScheduleFile = read_schedule(&text).map_err(|error| Fail::new(error).file(&args.schedule))?;
    let order = if schedule.order == "free" { Order::Free } else { setting.order };
    let manifest = all_in_one(&args.input.meaning)?;
    let world = World {
        chain: setting.evaluator.chain(),
        scope: match setting.evaluator.scope() {
            Scope::Own => conflicts::Scope::Own,
            Scope::Transaction => conflicts::Scope::Transaction,
        },
        deployments: deployments(&args.input.meaning)?,
        state: state(&args.input.meaning, &manifest)?,
        ..World::new(&manifest)
    };
    let checker = Checker::new(&world, &loaded, order).map_err(|error| Fail::new(error.to_string()).file(file))?;
    let problems = checker.check(&schedule);
    if problems.is_empty() {
        if !common.quiet {
            let calls = plural(schedule.calls.len() as u64, "call", "calls");
            output::show(&format!("valid: {calls} on {} lanes, no conflict overlaps\n", schedule.lanes))?;
        }
        return Ok(Exit::Clean);
    }
    let mut text = String::new();
    for problem in &problems {
        let _ = writeln!(text, "error: {problem}");
    }
    output::tell(&text)?;
    Ok(Exit::Findings)
}

/// The contracts of all manifests.
fn all_in_one(meaning: &Meaning) -> anyhow::Result<Manifest> {
    let mut all = manifests(meaning)?;
    let mut first = all.remove(0);
    first.contracts.extend(all.into_iter().flat_map(|manifest| manifest.contracts));
    Ok(first)
}

/// The lines of the state file; it has been read before, so it is right.
fn state(meaning: &Meaning, manifest: &Manifest) -> anyhow::Result<Vec<StateLine>> {
    let Some(path) = &meaning.state else { return Ok(Vec::new()) };
    let own = match manifest.contracts.as_slice() {
        [one] => one.name.clone(),
        _ => String::new(),
    };
    let read = |line: &str| -> anyhow::Result<StateLine> {
        let line: schedule::StateLine = serde_json::from_str(line)?;
        let address = line.address.unwrap_or_else(|| own.clone());
        Ok(StateLine { address, cell: line.cell, key: line.key, value: line.value })
    };
    read_text(path)?.lines().filter(|line| !line.trim().is_empty()).map(read).collect()
}
