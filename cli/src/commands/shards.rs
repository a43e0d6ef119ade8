//! `shards`: keys placed on several partitions so that calls rarely cross, against placement by hash.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::path::PathBuf;

use crosslane_analyzer::schedule::Evaluator;
use crosslane_analyzer::schedule::io::{IngestOptions, Loaded, read_batch};
use crosslane_analyzer::workload::placement::{Placement, by_hash, place};

use super::schedule::{Meaning, meaning, plural};
use super::{Exit, simulate};
use crate::args::{Common, Format};
use crate::emit::table::Table;
use crate::fail::Fail;
use crate::output;
use crate::session::{self, short};

/// Flags of `shards`.
#[derive(Debug, clap::Args)]
#[command(mut_arg("manifest", |it| it.requires("batch")), mut_arg("state", |it| it.requires("batch")))]
#[command(mut_arg("deployments", |it| it.requires("batch")))]
pub(crate) struct Args {
    /// Number of shards
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=4096))]
    n: u32,
    /// Calls to place for; a simulated batch of the contract here when left out
    #[arg(long, value_name = "FILE", conflicts_with = "workload")]
    batch: Option<PathBuf>,
    /// What the calls of `--batch` mean.
    #[command(flatten)]
    meaning: Meaning,
    /// What is simulated.
    #[command(flatten)]
    workload: simulate::Workload,
}

/// Runs `shards`.
pub(crate) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let json = common.message_format == Some(Format::Json);
    let mut values = Vec::new();
    let mut text = String::new();
    if let Some(path) = &args.batch {
        let (evaluator, state) = meaning(&args.meaning, common)?;
        let mut file = File::open(path).map_err(|error| Fail::new(format!("cannot be read: {error}")).file(path))?;
        let loaded = read_batch(&mut file, &evaluator, &state, &IngestOptions::default())
            .map_err(|error| Fail::new(error.to_string()).file(path))?;
        if loaded.batch.is_empty() {
            return Err(Fail::new("there is no call in it").file(path).into());
        }
        show(&path.display().to_string(), &loaded, &evaluator, args.n, &mut text, &mut values);
    } else {
        let units = session::load(common)?;
        let all = session::judged(&units)?;
        let manifest = session::manifest(&units.iter().collect::<Vec<_>>());
        for judged in &all {
            let Some(contract) = simulate::wire(&manifest.contracts, judged) else { continue };
            let Some(setting) = simulate::setting(judged, contract, &args.workload, None)? else { continue };
            let (loaded, evaluator) =
                setting.batch().map_err(|error| Fail::new(format!("{}: {error}", contract.name)))?;
            show(&contract.name, &loaded, &evaluator, args.n, &mut text, &mut values);
        }
    }
    if json {
        let value = serde_json::json!({ "version": 1, "shards": args.n, "contracts": values });
        text = format!("{}\n", serde_json::to_string_pretty(&value)?);
    }
    output::show(&text)?;
    Ok(Exit::Clean)
}

/// What crossing costs an entry point.
#[derive(Default)]
struct Crossing {
    calls: u64,
    crossing: u64,
    messages: u64,
}

fn show(
    name: &str,
    loaded: &Loaded,
    evaluator: &Evaluator,
    shards: u32,
    out: &mut String,
    values: &mut Vec<serde_json::Value>,
) {
    let batch = &loaded.batch;
    let (found, hashed) = (place(batch, shards), by_hash(batch, shards));
    let mut entries: BTreeMap<String, Crossing> = BTreeMap::new();
    let mut cells: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let mut seen = std::collections::BTreeSet::new();
    for node in 0..batch.len() {
        let call = loaded.call(evaluator, loaded.first_line(node as u32));
        let entry = call.map_or_else(|| "not known".to_owned(), |call| evaluator.entry_name(&call).to_owned());
        let of = entries.entry(entry).or_default();
        of.calls += 1;
        let touched = found.calls[node].len() as u64;
        of.crossing += u64::from(touched > 1);
        of.messages += touched.saturating_sub(1);
        for access in batch.call(node) {
            let Some(&shard) = found.of.get(&access.unit) else { continue };
            if seen.insert(access.unit) {
                let unit = loaded.unit_name(evaluator, node as u32, access.unit);
                let name = if unit.cell.is_empty() { "accounts".to_owned() } else { unit.cell };
                let count = cells.entry(name).or_insert_with(|| vec![0; shards as usize]);
                count[shard as usize] += 1;
            }
        }
    }
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let line = |placement: &Placement| {
        vec![percent(placement.crossing()), placement.messages().to_string(), format!("{:.2}", placement.balance())]
    };
    if !out.is_empty() {
        out.push('\n');
    }
    let _ = writeln!(
        out,
        "{name} · {} on {}\n",
        plural(batch.len() as u64, "call", "calls"),
        plural(u64::from(shards), "shard", "shards")
    );
    let mut table = Table::new(&["placement", "calls that cross", "messages between shards", "fullest over average"]);
    for (title, placement) in [("by use", &found), ("by hash", &hashed)] {
        let mut row = vec![title.to_owned()];
        row.extend(line(placement));
        table.row(row);
    }
    out.push_str(&table.render());
    out.push('\n');
    let mut table = Table::new(&["called", "crosses", "messages a call"]);
    for (entry, of) in &entries {
        table.row(vec![
            short(entry).to_owned(),
            percent(of.crossing as f64 / of.calls.max(1) as f64),
            format!("{:.2}", of.messages as f64 / of.calls.max(1) as f64),
        ]);
    }
    out.push_str(&table.render());
    out.push('\n');
    let mut table = Table::new(&["stored", "keys on each shard"]);
    for (cell, counts) in &cells {
        let used = counts.iter().filter(|&&count| count > 0).count();
        let text = match counts.iter().sum::<u64>() {
            1 => format!("one place, on shard {}", counts.iter().position(|&count| count > 0).unwrap_or(0) + 1),
            _ if used > 12 || counts.len() > 12 => {
                let (least, most) = (counts.iter().min().unwrap_or(&0), counts.iter().max().unwrap_or(&0));
                format!("{least} to {most}")
            }
            _ => counts.iter().map(u64::to_string).collect::<Vec<_>>().join(" "),
        };
        table.row(vec![cell.clone(), text]);
    }
    out.push_str(&table.render());
    let figures = |placement: &Placement| serde_json::json!({ "crossing": placement.crossing(), "messages": placement.messages(), "balance": placement.balance() });
    values.push(serde_json::json!({ "name": name, "calls": batch.len(), "by_use": figures(&found), "by_hash": figures(&hashed), "cells": cells }));
}
