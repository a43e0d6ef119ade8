//! `lsp`: a language server over standard input and output; what it does is in `lsp/`.

use super::Exit;
use crate::args::Common;
use crate::lsp;

/// Flags of `lsp`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Accepted because editors pass it; standard input and output is the only transport
    #[arg(long)]
    stdio: bool,
}

/// Serves until the editor says goodbye or closes the pipe.
pub(crate) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let _ = args.stdio;
    lsp::serve(common)?;
    Ok(Exit::Clean)
}
