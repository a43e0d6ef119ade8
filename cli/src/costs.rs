//! `--costs`: a file of measured costs, or a folder of such files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crosslane_analyzer::Analysis;
use crosslane_analyzer::costs::{Costs, CostsError};

use crate::args::Common;
use crate::config::Config;
use crate::fail::Fail;
use crate::output;

/// Reads what is configured; nothing configured is nothing measured. Tells which names in it are of no entry point here.
pub(crate) fn load(config: &Config, analysis: &Analysis, common: &Common) -> anyhow::Result<Costs> {
    let Some(path) = &config.costs else { return Ok(Costs::new()) };
    let costs = read(path)?;
    let entries = || analysis.contracts.iter().flat_map(|contract| &contract.entries).map(|entry| entry.name.as_str());
    if analysis.contracts.is_empty() {
        return Ok(costs);
    }
    let foreign = costs.foreign(entries());
    if !entries().any(|entry| costs.of(entry).is_some()) {
        let fail = Fail::new("none of the calls in these costs is of an entry point here").file(path);
        let names: Vec<&str> = foreign.iter().take(5).map(|(name, _)| *name).collect();
        return Err(match names.is_empty() {
            true => fail.help("there is no successful call in it"),
            false => fail.help(format!("it speaks of {}: another program's?", names.join(", "))),
        }
        .into());
    }
    if !foreign.is_empty() && common.verbose > 0 {
        let names: Vec<String> = foreign.iter().map(|(name, calls)| format!("{name} ({calls})")).collect();
        let (note, end) = (output::NOTE, format!("{:#}", output::NOTE));
        output::tell(&format!("{note}note{end}: costs of other programs passed over: {}\n", names.join(", ")))?;
    }
    Ok(costs)
}

/// Reads a file, or the files of a folder in the order of their names; in a folder, files of no known format are passed
/// over.
fn read(path: &Path) -> Result<Costs, Fail> {
    let mut costs = Costs::new();
    if !path.is_dir() {
        one(path, &mut costs).map_err(|error| fail(&error, path))?;
        return Ok(costs);
    }
    let mut files: Vec<PathBuf> = fs::read_dir(path)
        .map_err(|error| Fail::new(format!("cannot be read: {error}")).file(path))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|file| file.is_file())
        .collect();
    files.sort();
    let mut known = 0;
    for file in &files {
        match one(file, &mut costs) {
            Ok(()) => known += 1,
            Err(CostsError::Unknown(_)) => {}
            Err(error) => return Err(fail(&error, file)),
        }
    }
    if known == 0 {
        return Err(Fail::new("there is no file of costs in this folder").file(path));
    }
    Ok(costs)
}

fn one(path: &Path, costs: &mut Costs) -> Result<(), CostsError> {
    costs.read(&mut File::open(path)?)?;
    Ok(())
}

fn fail(error: &CostsError, path: &Path) -> Fail {
    match error {
        CostsError::Line { line, message } if *line > 0 => {
            Fail::new(message.clone()).file(Path::new(&format!("{}:{line}", path.display())))
        }
        CostsError::Io(error) => Fail::new(format!("cannot be read: {error}")).file(path),
        other => Fail::new(other.to_string()).file(path),
    }
}
