//! `watch`: runs `check` again whenever a source file changes.
//!
//! Times and lengths of the package's files are looked at a few times a second: that needs no service of the operating
//! system and works on every file system. A contract has some dozen files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crosslane_analyzer::source::with_big_stack;

use super::{Exit, check};
use crate::args::Common;
use crate::output;
use crate::session::{self, Caches};

/// Flags of `watch`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Milliseconds between two looks at the files
    #[arg(long, value_name = "MS", default_value_t = 300)]
    interval: u64,
    /// Stop after so many runs
    #[arg(long, value_name = "N", hide = true)]
    runs: Option<usize>,
}

/// Runs until it is interrupted.
pub(crate) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    // What runs share stays on one thread.
    with_big_stack(|| rounds(args, common))
}

fn rounds(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let mut caches = Caches::default();
    let mut last = Exit::Clean;
    for round in 1.. {
        let before = stamps(common);
        // What is wrong with a file that is being edited is told, and watching goes on.
        last = match check::run_again(common, &mut caches) {
            Ok(exit) => exit,
            Err(error) if output::is_broken_pipe(&error) => return Err(error),
            Err(error) => {
                output::error(&error);
                Exit::Failed
            }
        };
        if args.runs.is_some_and(|runs| round >= runs) {
            break;
        }
        if !common.quiet {
            output::tell("watching for changes (Ctrl-C ends it)\n")?;
        }
        while stamps(common) == before {
            std::thread::sleep(Duration::from_millis(args.interval.max(10)));
        }
    }
    Ok(last)
}

type Stamps = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// Time and length of everything that decides what a run says.
fn stamps(common: &Common) -> Stamps {
    let mut stamps = Stamps::new();
    for unit in session::find(&Common { quiet: true, ..common.clone() }).unwrap_or_default() {
        let mut todo = vec![unit.project.dir.join("src")];
        for name in ["Cargo.toml", "crosslane.toml", "crosslane.json"] {
            stamp(&unit.project.dir.join(name), &mut stamps);
        }
        stamp(&unit.project.workspace.join("Cargo.lock"), &mut stamps);
        stamp(&unit.project.workspace.join("Cargo.toml"), &mut stamps);
        while let Some(dir) = todo.pop() {
            for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => todo.push(entry.path()),
                    Ok(kind) if kind.is_file() => stamp(&entry.path(), &mut stamps),
                    _ => {}
                }
            }
        }
    }
    stamps
}

fn stamp(path: &Path, stamps: &mut Stamps) {
    if let Ok(data) = std::fs::metadata(path) {
        stamps.insert(path.to_path_buf(), (data.modified().ok(), data.len()));
    }
}
