//! `why`.

use super::Exit;
use crate::args::Common;
use crate::fail::Fail;

/// Flags of `why`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Runs `why`.
pub(crate) fn run(_args: &Args, _common: &Common) -> anyhow::Result<Exit> {
    Err(Fail::new("this verb is not there yet").into())
}
