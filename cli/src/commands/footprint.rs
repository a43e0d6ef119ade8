//! `footprint ENTRY`: what one entry point touches. `accounts`: declared locks beside what the code does.

use super::Exit;
use crate::args::Common;
use crate::fail::Fail;

/// Flags of `footprint`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Entry points; all when left out
    #[arg(value_name = "ENTRY")]
    entries: Vec<String>,
}

/// Flags of `accounts`.
#[derive(Debug, clap::Args)]
pub(crate) struct AccountsArgs {
    /// Instructions; all when left out
    #[arg(value_name = "ENTRY")]
    entries: Vec<String>,
}

/// Runs `footprint`.
pub(crate) fn run(_args: &Args, _common: &Common) -> anyhow::Result<Exit> {
    Err(Fail::new("this verb is not there yet").into())
}

/// Runs `accounts`.
pub(crate) fn accounts(_args: &AccountsArgs, _common: &Common) -> anyhow::Result<Exit> {
    Err(Fail::new("this verb is not there yet").into())
}
