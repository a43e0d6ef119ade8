//! One file per verb. A verb takes the flags, asks `session` for the analysis it needs and shows the result.

use std::path::Path;
use std::process::ExitCode;

use crate::args::{Cli, Command};
use crate::fail::Fail;

pub(crate) mod access_list;
pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod baseline;
pub(crate) mod check;
pub(crate) mod check_tx;
pub(crate) mod completions;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod footprint;
pub(crate) mod idl_check;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod keys;
pub(crate) mod list;
pub(crate) mod lsp;
pub(crate) mod man;
pub(crate) mod manifest;
pub(crate) mod matrix;
#[cfg(feature = "parquet")]
mod parquet;
pub(crate) mod profile;
pub(crate) mod report;
pub(crate) mod schedule;
pub(crate) mod schema;
pub(crate) mod shards;
pub(crate) mod simulate;
pub(crate) mod verify;
pub(crate) mod watch;
pub(crate) mod why;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Nothing to complain about.
    Clean,
    /// Findings at deny level, a stale manifest, a broken expectation.
    Findings,
    /// It could not run.
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// The JSON document in a file.
fn json_of(path: &Path) -> Result<serde_json::Value, Fail> {
    let text =
        std::fs::read_to_string(path).map_err(|error| Fail::new(format!("cannot be read: {error}")).file(path))?;
    serde_json::from_str(&text).map_err(|error| Fail::new(format!("this is no JSON: {error}")).file(path))
}

/// Runs the verb.
pub(crate) fn run(cli: Cli) -> anyhow::Result<Exit> {
    let common = &cli.common;
    let command = cli.command.unwrap_or(Command::Check);
    if common.analysis.fix && !matches!(command, Command::Check | Command::Watch(_)) {
        return Err(Fail::new("`--fix` belongs to `check`").help("leave the verb out, or write `check`").into());
    }
    match command {
        Command::Check => check::run(common),
        Command::Manifest(args) => manifest::run(&args, common),
        Command::Matrix(args) => matrix::run(&args, common),
        Command::Why(args) => why::run(&args, common),
        Command::Diff(args) => diff::run(&args, common),
        Command::Schedule(args) => schedule::run(&args, common),
        Command::Simulate(args) => simulate::run(&args, common),
        Command::Report(args) => report::run(&args, common),
        Command::Profile(args) => profile::run(&args, common),
        Command::Import(args) => import::run(&args, common),
        Command::Shards(args) => shards::run(&args, common),
        Command::Audit(args) => audit::run(&args, common),
        Command::Explain(args) => explain::run(&args),
        Command::List(args) => list::run(&args, common),
        Command::Footprint(args) => footprint::run(&args, common),
        Command::Accounts(args) => accounts::run(&args, common),
        Command::CheckTx(args) => check_tx::run(&args, common),
        Command::IdlCheck(args) => idl_check::run(&args, common),
        Command::AccessList(args) => access_list::run(&args, common),
        Command::Baseline(args) => baseline::run(&args, common),
        Command::Init(args) => init::run(&args, common),
        Command::Lsp(args) => lsp::run(&args, common),
        Command::Watch(args) => watch::run(&args, common),
        Command::Schema(args) => schema::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}
