//! `completions SHELL`: a script that completes verbs and flags.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::Exit;
use crate::{args, output};

/// Flags of `completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut args::Cli::command(), "cargo-crosslane", &mut text);
    output::show(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Clean)
}
