//! `--cache`: finished reports on disk, below the workspace's `target/crosslane`, safe to delete.
//!
//! An entry is named by everything that decides a report but the sources: the program, its flags, the folder it runs in,
//! the packages found and their configuration. Inside stand the hashes of all files that were read, and of those that were
//! looked for and not there; it holds while they are the same. What it gives back is what was printed, call by call, so
//! that colours are still decided where it is shown. An entry that is cut short, changed or of another make is made anew.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha3::{Digest as _, Sha3_256};

use crate::args::Common;
use crate::commands::Exit;
use crate::output::{self, Printed};
use crate::session::Unit;

/// A report with what it rests on.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Hash of everything below.
    sum: String,
    /// Package in the order of units and packages, path, hash of the text; without a hash there was no such file.
    files: Vec<(usize, u32, String, Option<String>)>,
    printed: Vec<Printed>,
    findings: bool,
}

impl Entry {
    fn sum(&self) -> String {
        hash(&format!("{:?} {:?} {}", self.files, self.printed, self.findings))
    }
}

/// Where the report of a run is kept; `None` when this kind of run is none to keep.
pub(crate) fn place(common: &Common, units: &[Unit]) -> Option<PathBuf> {
    let foreign = common.with.is_some() || common.analysis.fix || units.iter().any(|unit| unit.config.costs.is_some());
    if !common.cache || foreign {
        return None;
    }
    let program = std::env::current_exe().and_then(fs::metadata).ok()?;
    let mut text = format!("{} {} {:?}", env!("CARGO_PKG_VERSION"), program.len(), program.modified().ok()?);
    text.push_str(&format!("{common:?} {:?}", std::env::current_dir().ok()?));
    for unit in units {
        let project = &unit.project;
        text.push_str(&format!("{:?} {:?} {:?} {:?}", project.dir, project.packages, unit.config, project.missing));
        let near = ["Cargo.toml", "crosslane.toml", "crosslane.json"];
        let mut paths: Vec<PathBuf> = near.iter().map(|name| project.dir.join(name)).collect();
        paths.extend(near.iter().map(|name| project.workspace.join(name)));
        paths.extend(unit.config.baseline.clone());
        for path in paths {
            text.push_str(&format!("{path:?} {:?}", fs::read(&path).ok().map(|bytes| hash_of(&bytes))));
        }
    }
    let workspace = &units.first()?.project.workspace;
    Some(workspace.join("target").join("crosslane").join(format!("{}.json", hash(&text))))
}

/// Shows the report that is kept here, if it still holds.
pub(crate) fn show(path: &Path, units: &[Unit]) -> anyhow::Result<Option<Exit>> {
    let read = || -> Option<Entry> {
        let entry: Entry = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
        (entry.sum == entry.sum() && entry.files == files(units, Some(&entry))).then_some(entry)
    };
    let Some(entry) = read() else { return Ok(None) };
    for printed in &entry.printed {
        printed.again()?;
    }
    Ok(Some(if entry.findings { Exit::Findings } else { Exit::Clean }))
}

/// Keeps a report. That it cannot be kept is no reason to fail.
pub(crate) fn keep(path: &Path, units: &[Unit], printed: Vec<Printed>, exit: Exit) {
    if exit == Exit::Failed {
        return;
    }
    let mut entry = Entry { sum: String::new(), files: files(units, None), printed, findings: exit == Exit::Findings };
    entry.sum = entry.sum();
    let Ok(text) = serde_json::to_string(&entry) else { return };
    if path.parent().is_some_and(|dir| fs::create_dir_all(dir).is_ok()) {
        let _ = output::write_file(path, &text);
    }
}

/// Hashes of the files that units have read, or of those of an entry as they are now.
fn files(units: &[Unit], of: Option<&Entry>) -> Vec<(usize, u32, String, Option<String>)> {
    use crosslane_analyzer::source::{PackageId, Sources as _};
    let seen = |(at, unit): (usize, &Unit)| {
        unit.project.sources.seen().into_iter().map(move |(package, path)| (at, package, path))
    };
    let paths: Vec<(usize, u32, String)> = match of {
        Some(entry) => entry.files.iter().map(|(at, package, path, _)| (*at, *package, path.clone())).collect(),
        None => units.iter().enumerate().flat_map(seen).collect(),
    };
    let now = |(at, package, path): (usize, u32, String)| {
        let text = units.get(at).and_then(|unit| unit.project.sources.read(PackageId(package), &path));
        (at, package, path, text.map(|text| hash(&text)))
    };
    paths.into_iter().map(now).collect()
}

fn hash(text: &str) -> String {
    hash_of(text.as_bytes())
}

fn hash_of(bytes: &[u8]) -> String {
    Sha3_256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
