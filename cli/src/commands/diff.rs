//! `diff`.

use super::Exit;
use crate::args::Common;
use crate::fail::Fail;

/// Flags of `diff`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Runs `diff`.
pub(crate) fn run(_args: &Args, _common: &Common) -> anyhow::Result<Exit> {
    Err(Fail::new("this verb is not there yet").into())
}
