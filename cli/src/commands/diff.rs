//! `diff OLD [NEW]`: conflicts, locks, classes and unknowns gained and lost, and cells whose stored data is no longer read.
//!
//! OLD and NEW are manifests or git revisions; without NEW the sources as they are now. A revision without a committed
//! manifest is analysed from its sources.

use std::fmt::Write as _;
use std::path::Path;

use crosslane_analyzer::manifest::v1::{Conflict, Contract};
use crosslane_analyzer::manifest::{
    self, CellChange, ConflictChange, ContractDiff, Layout, Manifest, ManifestDiff, Presence,
};
use crosslane_analyzer::{chains, conflicts};
use serde_json::json;

use super::Exit;
use super::manifest::FILE;
use crate::args::{self, Common};
use crate::fail::Fail;
use crate::git::Revision;
use crate::session::{self, Unit, short};
use crate::{output, project};

/// Pairs told one by one; more are counted.
const PAIRS: usize = 12;

/// Flags of `diff`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Manifest or git revision before
    #[arg(value_name = "OLD")]
    old: String,
    /// Manifest or git revision after [default: the sources as they are now]
    #[arg(value_name = "NEW")]
    new: Option<String>,
    /// Tell every change of where and how state is stored
    #[arg(long)]
    layout: bool,
    /// How to print it
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Format,
}

/// `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Format {
    /// For a terminal
    #[default]
    Text,
    /// Markdown, for a pull request
    Md,
    /// JSON
    Json,
}

/// Runs `diff`.
pub(crate) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let old = side(&args.old, common)?;
    let new = match &args.new {
        Some(new) => side(new, common)?,
        None => {
            let units = session::load(common)?;
            session::manifest(&units.iter().collect::<Vec<_>>())
        }
    };
    let diff = manifest::diff(&old, &new);
    let format = if common.message_format == Some(args::Format::Json) { Format::Json } else { args.format };
    output::show(&match format {
        Format::Text => text(&old, &new, args.layout),
        Format::Md => markdown(&old, &new, args.layout),
        Format::Json => format!("{}\n", serde_json::to_string_pretty(&json(&diff))?),
    })?;
    Ok(if diff.is_worse() || diff.loses_data() { Exit::Findings } else { Exit::Clean })
}

/// A manifest by its path, or of a revision.
fn side(name: &str, common: &Common) -> anyhow::Result<Manifest> {
    let path = project::absolute(Path::new(name));
    if path.exists() {
        let path = if path.is_dir() { path.join(FILE) } else { path };
        return Ok(super::manifest::load(&path)?);
    }
    if name.ends_with(".json") || name.contains("..") {
        return Err(Fail::new("there is no such file").file(&path).into());
    }
    let cwd = std::env::current_dir()?;
    let here = project::find_manifest(common.select.manifest_path.as_deref(), &cwd)?;
    let dir = here.parent().unwrap_or(Path::new("."));
    let revision = Revision::find(dir, name)?;
    let real = std::fs::canonicalize(dir)?;
    let top = std::fs::canonicalize(&revision.top)?;
    let inside = real.strip_prefix(&top).unwrap_or(Path::new("")).to_path_buf();
    if let Some(text) = revision.read(&inside.join(FILE))? {
        let file = Path::new(name).join(&inside).join(FILE);
        return manifest::read(&text).map_err(|error| Fail::new(error.to_string()).file(&file).into());
    }
    let checkout = tempfile::Builder::new().prefix("crosslane-").tempdir()?;
    revision.checkout(checkout.path())?;
    let mut common = common.clone();
    common.select.manifest_path = Some(checkout.path().join(&inside).join("Cargo.toml"));
    common.quiet = true;
    let units: Vec<Unit> = session::load(&common)?;
    Ok(session::manifest(&units.iter().collect::<Vec<_>>()))
}

/// What a difference says, for a terminal; empty when nothing changed.
pub(crate) fn text(old: &Manifest, new: &Manifest, layout: bool) -> String {
    let diff = manifest::diff(old, new);
    let mut out = String::new();
    let several = diff.contracts.len() > 1;
    for change in &diff.contracts {
        let sides = Sides { old: find(old, &change.name), new: find(new, &change.name) };
        if several {
            let _ = writeln!(out, "{}", change.name);
        }
        for line in lines(change, &sides, layout) {
            let _ = writeln!(out, "  {line}");
        }
    }
    out
}

fn markdown(old: &Manifest, new: &Manifest, layout: bool) -> String {
    let diff = manifest::diff(old, new);
    if diff.is_empty() {
        return "**crosslane**: what the entry points touch did not change.\n".to_owned();
    }
    let mut out = String::new();
    for change in &diff.contracts {
        let sides = Sides { old: find(old, &change.name), new: find(new, &change.name) };
        let _ = writeln!(out, "### crosslane: `{}`\n", change.name);
        for line in lines(change, &sides, layout) {
            let _ = writeln!(out, "- {line}");
        }
        out.push('\n');
    }
    out
}

fn find<'a>(manifest: &'a Manifest, name: &str) -> Option<&'a Contract> {
    manifest.contracts.iter().find(|contract| contract.name == name)
}

/// A contract before and after.
struct Sides<'a> {
    old: Option<&'a Contract>,
    new: Option<&'a Contract>,
}

/// One change a line, the important ones first.
fn lines(change: &ContractDiff, sides: &Sides<'_>, layout: bool) -> Vec<String> {
    match change.presence {
        Presence::Added => {
            let n = sides.new.map_or(0, |contract| contract.entries.len());
            return vec![format!("+ new contract with {n} entry points")];
        }
        Presence::Removed => return vec!["- the contract is gone".to_owned()],
        Presence::Kept => {}
    }
    let mut lines = Vec::new();
    for (name, presence) in &change.entries {
        let sign = if *presence == Presence::Added { "+ new entry point" } else { "- no longer there:" };
        lines.push(format!("{sign} {}", short(name)));
    }
    for class in &change.classes {
        let before = class_words(sides.old, &class.entry);
        let after = class_words(sides.new, &class.entry);
        if before != after {
            lines.push(format!("{}  \"{before}\" → {after}", short(&class.entry)));
        }
    }
    conflict_lines(&change.conflicts, &mut lines);
    for (gained, word) in [(true, "+ writes"), (false, "- no longer writes")] {
        let mut by_cell: Vec<(&str, Vec<&str>)> = Vec::new();
        for lock in change.locks.iter().filter(|lock| lock.gained == gained) {
            match by_cell.iter_mut().find(|(cell, _)| *cell == lock.cell) {
                Some((_, entries)) => entries.push(short(&lock.entry)),
                None => by_cell.push((&lock.cell, vec![short(&lock.entry)])),
            }
        }
        for (cell, entries) in by_cell {
            lines.push(format!("{word} {cell}: {}", entries.join(", ")));
        }
    }
    for (entry, before, after) in &change.unknowns {
        let sign = if after > before { '+' } else { '-' };
        lines.push(format!("{sign} unknowns in {}: {before} → {after}", short(entry)));
    }
    for (entry, before, after) in &change.callers {
        lines.push(format!("who may call {}: {before} → {after}", short(entry)));
    }
    for cell in &change.cells {
        if layout || cell.loses_data || matches!(cell.change, Layout::Added) {
            // The same change is a finding where a manifest is committed.
            let code = if cell.loses_data { " (XL905)" } else { "" };
            lines.push(format!("{}{code}", cell_line(cell)));
        }
    }
    if lines.is_empty() {
        lines.push("the layout of storage changed without losing data (--layout shows it)".to_owned());
    }
    lines
}

/// New and lost conflicts, together where one entry point has many.
fn conflict_lines(changes: &[ConflictChange], lines: &mut Vec<String>) {
    let pick =
        |gained: bool| changes.iter().filter(move |it| if gained { it.before.is_none() } else { it.after.is_none() });
    for (gained, word) in [(true, "+ conflicts with"), (false, "- no longer conflicts with")] {
        let pairs: Vec<&ConflictChange> = pick(gained).collect();
        if pairs.len() > PAIRS {
            let mut names: Vec<&str> = pairs.iter().flat_map(|pair| [pair.a.as_str(), pair.b.as_str()]).collect();
            names.sort_unstable();
            names.dedup();
            lines.push(format!("{} {} pairs among {} entry points", &word[..1], pairs.len(), names.len()));
            continue;
        }
        for pair in pairs {
            let on = pair.after.as_ref().or(pair.before.as_ref()).map(cells).unwrap_or_default();
            let other = if pair.a == pair.b { "itself" } else { short(&pair.b) };
            lines.push(format!("{} {} {} {other}{on}", &word[..1], short(&pair.a), &word[2..]));
        }
    }
    for change in changes {
        if let (Some(before), Some(after)) = (&change.before, &change.after)
            && before.verdict != after.verdict
        {
            let verdict = |it: &Conflict| format!("{:?}", it.verdict).to_lowercase();
            let pair = format!("{} × {}", short(&change.a), short(&change.b));
            lines.push(format!("{pair}: {} → {}{}", verdict(before), verdict(after), cells(after)));
        }
    }
}

fn cells(conflict: &Conflict) -> String {
    if conflict.cells.is_empty() { String::new() } else { format!(" on {}", conflict.cells.join(", ")) }
}

/// A change of layout in words.
pub(crate) fn cell_line(cell: &CellChange) -> String {
    let name = &cell.cell;
    let text = match &cell.change {
        Layout::Added => format!("+ new cell {name}"),
        Layout::Vanished => format!("- cell {name} is gone"),
        Layout::Renamed(after) => format!("cell {name} is called {after}, at the same place"),
        Layout::Namespace(before, after) => format!("cell {name} moved: {before} → {after}"),
        Layout::Tier(before, after) => format!("cell {name} moved from {before} to {after} storage"),
        Layout::Keys(before, after) => format!("keys of {name}: ({before}) → ({after})"),
        Layout::Value(before, after) => format!("value of {name}: {before} → {after}"),
        Layout::Unit(before, after) => format!("{name} lies in another unit: {before} → {after}"),
    };
    if cell.loses_data { format!("{text}: data at the old key is no longer read") } else { text }
}

/// The class of an entry point in words.
fn class_words(contract: Option<&Contract>, entry: &str) -> String {
    let Some(contract) = contract else { return "not there".to_owned() };
    let chain = chains::get(&contract.chain.model).unwrap_or(&chains::all()[0]);
    let ir = manifest::to_ir(contract);
    let verdicts = conflicts::analyse(&ir, chain, conflicts::Scope::Own);
    match ir.entries.iter().position(|it| it.name == entry) {
        Some(at) => conflicts::words::class(&ir, chain, &ir.entries[at], verdicts.class(at), verdicts.pair(at, at)),
        None => "not there".to_owned(),
    }
}

fn json(diff: &ManifestDiff) -> serde_json::Value {
    let presence = |presence: Presence| match presence {
        Presence::Added => "added",
        Presence::Removed => "removed",
        Presence::Kept => "kept",
    };
    let contracts: Vec<serde_json::Value> = diff
        .contracts
        .iter()
        .map(|change| {
            json!({
                "name": change.name,
                "presence": presence(change.presence),
                "entries": change.entries.iter().map(|(name, it)| json!({ "name": name, "presence": presence(*it) })).collect::<Vec<_>>(),
                "classes": change.classes.iter().map(|it| json!({ "entry": it.entry, "before": it.before, "after": it.after, "worse": it.worse })).collect::<Vec<_>>(),
                "conflicts": change.conflicts.iter().map(|it| json!({ "a": it.a, "b": it.b, "before": it.before, "after": it.after })).collect::<Vec<_>>(),
                "locks": change.locks.iter().map(|it| json!({ "entry": it.entry, "cell": it.cell, "gained": it.gained })).collect::<Vec<_>>(),
                "unknowns": change.unknowns.iter().map(|(entry, before, after)| json!({ "entry": entry, "before": before, "after": after })).collect::<Vec<_>>(),
                "callers": change.callers.iter().map(|(entry, before, after)| json!({ "entry": entry, "before": before, "after": after })).collect::<Vec<_>>(),
                "cells": change.cells.iter().map(|it| json!({ "cell": it.cell, "change": cell_line(it), "loses_data": it.loses_data })).collect::<Vec<_>>()
            })
        })
        .collect();
    json!({ "version": 1, "worse": diff.is_worse(), "loses_data": diff.loses_data(), "contracts": contracts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crosslane_analyzer::conflicts::samples::{self, touch};
    use crosslane_analyzer::ir::{self, Mode};

    fn manifest_of(contract: ir::Contract) -> Manifest {
        let unit = crate::testing::unit(vec![contract]);
        manifest::build(&unit.analysis, &manifest::BuildOptions::default())
    }

    #[test]
    fn a_counter_and_a_moved_cell() {
        let old = manifest_of(samples::token());
        let mut contract = samples::token();
        contract.cells.push(ir::Cell { name: "STATS".to_owned(), ..contract.cells[0].clone() });
        let stats = ir::CellId(contract.cells.len() as u32 - 1);
        contract.cells[stats.0 as usize].keys.clear();
        contract.cells[stats.0 as usize].storage.prefix = Some(b"stats".to_vec());
        let transfer = contract.entries.iter_mut().find(|entry| entry.name == "execute::transfer").unwrap();
        transfer.accesses.push(touch(Mode::Update, stats, &[]));
        let balances = contract.cells.iter_mut().find(|cell| cell.name == "BALANCES").unwrap();
        balances.storage.prefix = Some(b"balance2".to_vec());
        let new = manifest_of(contract);
        insta::assert_snapshot!("text", text(&old, &new, true));
        insta::assert_snapshot!("md", markdown(&old, &new, false));
        let diff = manifest::diff(&old, &new);
        assert!(diff.is_worse() && diff.loses_data());
        assert_eq!(json(&diff)["loses_data"], true);
        assert_eq!(text(&old, &old, true), "");
    }
}
