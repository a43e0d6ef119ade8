//! `man DIR`: one man page per verb.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::CommandFactory as _;

use super::Exit;
use crate::{args, output};

/// Flags of `man`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder to write into; made if it is not there
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// Writes the pages.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    std::fs::create_dir_all(&args.dir).with_context(|| format!("cannot make {}", args.dir.display()))?;
    let mut command = args::Cli::command().name("cargo-crosslane").bin_name("cargo-crosslane");
    command.build();
    let verbs: Vec<clap::Command> =
        command.get_subcommands().filter(|verb| verb.get_name() != "help").cloned().collect();
    page(&args.dir, "cargo-crosslane", command)?;
    for verb in verbs {
        let name = format!("cargo-crosslane-{}", verb.get_name());
        page(&args.dir, &name, verb)?;
    }
    Ok(Exit::Clean)
}

fn page(dir: &Path, name: &str, command: clap::Command) -> anyhow::Result<()> {
    let mut text = Vec::new();
    // A date would make the same version write different bytes.
    clap_mangen::Man::new(command.name(name.to_owned())).date("").render(&mut text)?;
    output::write_file(&dir.join(format!("{name}.1")), &text)
}
