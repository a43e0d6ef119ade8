//! `init`: a commented crosslane.toml and the next steps.

use super::Exit;
use crate::args::Common;
use crate::fail::Fail;
use crate::{output, project};

/// Flags of `init`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

const TEXT: &str = r#"# Settings of crosslane for this package. Everything is optional; the command line wins.

# The chain this contract runs on: solana, soroban, occ, evm, account-serial, keyed, merge.
# Left out, the framework's usual chain is taken.
# chain = "keyed"

# What conflicts speak about: "own" (this contract's state) or "transaction" (all that its calls reach).
# external = "own"

# Packages in other folders whose code this contract calls.
# also = ["../oracle"]

# Findings that are known and not to be told again (`cargo crosslane baseline update`).
# baseline = "crosslane-baseline.json"

# Levels: "allow", "note", "warn", "deny" (fails the run). `cargo crosslane list` shows all lints.
[lints]
# hot-counter = "deny"

# What entry points are expected to be; a run that finds less fails.
[expect]
# "execute::transfer" = "sharded"
# max-unknowns = 0
"#;

/// Writes the file.
pub(crate) fn run(_args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let cwd = std::env::current_dir()?;
    let manifest = project::find_manifest(common.select.manifest_path.as_deref(), &cwd)?;
    let path = manifest.with_file_name("crosslane.toml");
    if path.exists() {
        return Err(Fail::new("the file is there already")
            .file(&path)
            .help("edit it, or remove it and run again")
            .into());
    }
    output::write_file(&path, TEXT)?;
    if !common.quiet {
        output::tell(&format!(
            "wrote {}\n\nNext:\n  cargo crosslane            what holds this contract's calls back\n  \
             cargo crosslane manifest   write crosslane.json; commit it like a lock file\n  \
             cargo crosslane manifest --check   in CI: fails when a change adds a conflict nobody wrote down\n",
            path.display()
        ))?;
    }
    Ok(Exit::Clean)
}
