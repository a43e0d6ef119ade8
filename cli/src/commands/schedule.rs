//! `schedule`: a batch of calls over lanes; `schedule verify`: does a schedule respect every conflict.

use super::Exit;
use crate::args::Common;
use crate::fail::Fail;

/// Flags of `schedule`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Runs `schedule` or `schedule verify`.
pub(crate) fn run(_args: &Args, _common: &Common) -> anyhow::Result<Exit> {
    Err(Fail::new("this verb is not there yet").into())
}
