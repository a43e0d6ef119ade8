//! Baselines: findings that are known and not to be told again, named by what they are about and not by line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crosslane_analyzer::diagnostics::Finding;
use serde::{Deserialize, Serialize};

use super::{Exit, check};
use crate::args::Common;
use crate::fail::Fail;
use crate::output;
use crate::project::{self, read_regular};
use crate::session::{self, Unit};

/// Name of the file when none is configured.
const FILE: &str = "crosslane-baseline.json";

/// Flags of `baseline`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to do
    #[arg(value_enum)]
    action: Action,
}

/// What `baseline` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Action {
    /// Write all findings of today into the file
    Update,
    /// Remove what is no longer found
    Prune,
}

/// The file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Baseline {
    version: u32,
    findings: Vec<Known>,
}

/// One finding, or several alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    package: String,
    contract: String,
    code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cell: Option<String>,
    entries: Vec<String>,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    count: usize,
}

fn one() -> usize {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_one(count: &usize) -> bool {
    *count == 1
}

fn known(package: &str, finding: &Finding) -> Known {
    Known {
        package: package.to_owned(),
        contract: finding.contract.clone(),
        code: finding.code.to_owned(),
        cell: finding.cell.clone(),
        entries: finding.entries.clone(),
        count: 1,
    }
}

/// Reads a baseline.
pub(crate) fn load(path: &Path) -> Result<Baseline, Fail> {
    let help = "`cargo crosslane baseline update` writes it";
    let text = read_regular(path)
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Fail::new("there is no such baseline").file(path).help(help),
            _ => Fail::new(format!("cannot be read: {error}")).file(path),
        })?
        .ok_or_else(|| Fail::new("this is not a text file").file(path))?;
    let baseline: Baseline = serde_json::from_str(&text).map_err(|error| {
        let start = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
        let at = start + error.column().saturating_sub(1);
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        Fail::new(format!("this is no baseline: {message}")).file(path).span(&text, at..at + 1).help(help)
    })?;
    if baseline.version != 1 {
        let message = format!("the baseline is of version {} and this crosslane reads version 1", baseline.version);
        return Err(Fail::new(message).file(path).help(help));
    }
    Ok(baseline)
}

impl Baseline {
    /// Splits findings: what is new, how many are hidden, which entries match nothing any more.
    pub(crate) fn apply(&self, unit: &Unit, findings: Vec<Finding>) -> (Vec<Finding>, usize, Vec<String>) {
        let mine = self.findings.iter().filter(|entry| entry.package == unit.project.name);
        let mut left: BTreeMap<Known, usize> = BTreeMap::new();
        for entry in mine {
            *left.entry(Known { count: 1, ..entry.clone() }).or_default() += entry.count;
        }
        let mut hidden = 0;
        let mut new = Vec::new();
        for finding in findings {
            match left.get_mut(&known(&unit.project.name, &finding)) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    hidden += 1;
                }
                _ => new.push(finding),
            }
        }
        let stale = left.iter().filter(|(_, count)| **count > 0).map(|(entry, _)| {
            let subject = entry.cell.clone().unwrap_or_else(|| entry.entries.join(", "));
            format!("{} {subject}", entry.code)
        });
        (new, hidden, stale.collect())
    }
}

/// Runs `baseline update` and `baseline prune`.
pub(crate) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let mut plain = common.clone();
    plain.all = true;
    let path = common.analysis.baseline.clone();
    plain.analysis.baseline = None;
    let mut units = session::load(&plain)?;
    let configured = units.iter().find_map(|unit| unit.config.baseline.clone());
    let root = units.first().map(|unit| unit.project.workspace.clone()).unwrap_or_default();
    let path: PathBuf = path.map(|path| project::absolute(&path)).or(configured).unwrap_or_else(|| root.join(FILE));
    for unit in &mut units {
        unit.config.baseline = None;
    }
    let mut today: BTreeMap<Known, usize> = BTreeMap::new();
    for unit in &units {
        for finding in check::examine(unit, &plain)?.findings {
            *today.entry(known(&unit.project.name, &finding)).or_default() += 1;
        }
    }
    let names: Vec<&str> = units.iter().map(|unit| unit.project.name.as_str()).collect();
    let old = match load(&path) {
        Ok(old) => Some(old),
        Err(fail) if args.action == Action::Prune || path.exists() => return Err(fail.into()),
        Err(_) => None,
    };
    let n_old = old.as_ref().map_or(0, |old| old.findings.iter().map(|entry| entry.count).sum());
    let mut kept: BTreeMap<Known, usize> = BTreeMap::new();
    for entry in old.iter().flat_map(|old| &old.findings) {
        let key = Known { count: 1, ..entry.clone() };
        // Packages that were not looked at keep what they have.
        if !names.contains(&entry.package.as_str()) {
            kept.insert(key, entry.count);
        } else if args.action == Action::Prune {
            let n = today.get(&key).copied().unwrap_or(0).min(entry.count);
            if n > 0 {
                kept.insert(key, n);
            }
        }
    }
    if args.action == Action::Update {
        kept.extend(today);
    }
    let findings: Vec<Known> = kept.into_iter().map(|(entry, count)| Known { count, ..entry }).collect();
    let n: usize = findings.iter().map(|entry| entry.count).sum();
    let text = serde_json::to_string_pretty(&Baseline { version: 1, findings })?;
    output::write_file(&path, format!("{text}\n"))?;
    if !common.quiet {
        output::tell(&format!("{}: {n} findings ({n_old} before)\n", path.display()))?;
    }
    Ok(Exit::Clean)
}
