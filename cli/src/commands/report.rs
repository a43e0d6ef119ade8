//! `report`: one HTML page about the selected contracts, to open, send or print.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Exit, check, simulate};
use crate::args::Common;
use crate::html::{self, Part};
use crate::output;
use crate::session;

/// Flags of `report`.
#[derive(Debug, clap::Args)]
#[group(id = "page")]
pub(crate) struct Args {
    /// Open it in the browser
    #[arg(long)]
    open: bool,
    /// Where it goes; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "crosslane-report.html")]
    output: PathBuf,
    /// What is simulated.
    #[command(flatten)]
    simulation: simulate::Simulation,
}

/// Runs `report`.
pub(crate) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let units = session::load(common)?;
    let all = session::judged(&units)?;
    let manifest = session::manifest(&units.iter().collect::<Vec<_>>());
    let reports = units.iter().map(|unit| check::examine(unit, common)).collect::<anyhow::Result<Vec<_>>>()?;
    let mut parts = Vec::new();
    for judged in &all {
        let simulated = match simulate::wire(&manifest.contracts, judged) {
            Some(contract) => simulate::simulate(judged, contract, &args.simulation)?,
            None => None,
        };
        let own = reports.iter().filter(|report| report.unit.project.dir == judged.unit.project.dir);
        let findings =
            own.flat_map(|report| &report.findings).filter(|it| it.contract == judged.contract.name).collect();
        parts.push(Part { judged, findings, simulated });
    }
    let page = html::page(&parts, &command());
    if args.output == Path::new("-") {
        output::show(&page)?;
        return Ok(Exit::Clean);
    }
    output::write_file(&args.output, &page)?;
    if !common.quiet {
        output::tell(&format!("wrote {}\n", args.output.display()))?;
    }
    if args.open {
        open(&args.output, common)?;
    }
    Ok(Exit::Clean)
}

/// The command as it was typed, without the program's path.
fn command() -> String {
    let mut words = vec!["cargo crosslane".to_owned()];
    words.extend(std::env::args().skip(1).filter(|word| word != "crosslane"));
    words.join(" ")
}

/// Opens a file as the desktop does. It is not waited for; where there is no desktop, its place is told.
fn open(file: &Path, common: &Common) -> anyhow::Result<()> {
    let real = std::fs::canonicalize(file)?;
    let (program, first): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("cmd", &["/C", "start", ""])
    } else {
        ("xdg-open", &[])
    };
    let started = Command::new(program)
        .args(first)
        .arg(&real)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if started.is_err() && !common.quiet {
        output::tell(&format!("there is no `{program}` to open it with: open {} in a browser\n", real.display()))?;
    }
    Ok(())
}
