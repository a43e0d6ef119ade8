//! `manifest`: writes `crosslane.json`, or says whether it is up to date.

use std::path::PathBuf;

use crosslane_analyzer::manifest::{self, Manifest};

use super::Exit;
use crate::args::Common;
use crate::fail::Fail;
use crate::project::read_regular;
use crate::session::{self, Unit};
use crate::{output, project};

/// Name of the file in a package's folder.
pub(crate) const FILE: &str = "crosslane.json";

/// Flags of `manifest`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write nothing; exit 1 if the file is not what would be written
    #[arg(long)]
    check: bool,
    /// Where to write; `-` is standard output [default: crosslane.json in the package's folder]
    #[arg(short, long, value_name = "FILE|-")]
    output: Option<PathBuf>,
}

/// Runs `manifest`.
pub(crate) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let units = session::load(common)?;
    let stdout = args.output.as_ref().is_some_and(|path| path.as_os_str() == "-");
    if let (Some(path), false) = (&args.output, stdout) {
        let target = project::absolute(path);
        return one(args, common, &units.iter().collect::<Vec<_>>(), &target);
    }
    if stdout {
        let all: Vec<&Unit> = units.iter().collect();
        output::show(&manifest::write(&session::manifest(&all)))?;
        return Ok(Exit::Clean);
    }
    let mut exit = Exit::Clean;
    let several = units.len() > 1;
    for unit in &units {
        // In a workspace only packages with a contract get a file.
        if several && unit.analysis.contracts.is_empty() {
            continue;
        }
        exit = exit.max(one(args, common, &[unit], &unit.project.dir.join(FILE))?);
    }
    Ok(exit)
}

fn one(args: &Args, common: &Common, units: &[&Unit], path: &std::path::Path) -> anyhow::Result<Exit> {
    let new = session::manifest(units);
    if !args.check {
        output::write_file(path, &manifest::write(&new))?;
        if !common.quiet {
            let entries: usize = new.contracts.iter().map(|contract| contract.entries.len()).sum();
            output::tell(&format!("wrote {} ({entries} entry points)\n", path.display()))?;
        }
        return Ok(Exit::Clean);
    }
    let old = load(path)?;
    if manifest::same_ignoring_tool(&old, &new) {
        return Ok(Exit::Clean);
    }
    let mut text = format!(
        "{}error{:#}: {} is stale; run `cargo crosslane manifest` and commit it\n",
        output::ERROR,
        output::ERROR,
        path.display()
    );
    text.push_str(&super::diff::text(&old, &new, false));
    output::tell(&text)?;
    Ok(Exit::Findings)
}

/// Reads a manifest, or says what is wrong with it.
pub(crate) fn load(path: &std::path::Path) -> Result<Manifest, Fail> {
    let text = read_regular(path)
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Fail::new("there is no such file").file(path).help("`cargo crosslane manifest` writes it")
            }
            _ => Fail::new(format!("cannot be read: {error}")).file(path),
        })?
        .ok_or_else(|| Fail::new("this is not a text file").file(path))?;
    manifest::read(&text).map_err(|error| Fail::new(error.to_string()).file(path))
}
