//! `cargo crosslane`: the command line. Parses, runs one verb, turns the outcome into an exit status.

use std::process::ExitCode;

use clap::Parser as _;

mod args;
mod binary;
mod commands;
mod config;
mod costs;
mod emit;
mod fail;
mod fix;
mod gate;
mod git;
mod html;
mod kept;
mod lsp;
mod output;
mod price;
mod project;
mod session;
#[cfg(test)]
mod testing;

/// Parsing makes and drops millions of small tokens; with the system's allocator that is 40 % of a run.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // `cargo crosslane …` runs `cargo-crosslane crosslane …`.
    let mut argv: Vec<_> = std::env::args_os().collect();
    if argv.get(1).is_some_and(|word| word == "crosslane") {
        argv.remove(1);
    }
    let cli = args::Cli::parse_from(argv);
    output::choose_color(cli.common.color);
    match commands::run(cli) {
        Ok(exit) => exit.into(),
        Err(error) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            commands::Exit::Failed.into()
        }
    }
}
