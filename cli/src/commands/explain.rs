//! `explain CODE`: the page of a lint.

use crosslane_analyzer::lints;

use super::Exit;
use crate::fail::{Fail, did_you_mean};
use crate::output;

/// Flags of `explain`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Code or name of a lint: XL102, global-total
    #[arg(value_name = "CODE")]
    code: String,
    /// Only what to do with a contract that is deployed already
    #[arg(long)]
    migration: bool,
}

/// Prints the page.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let info = find(&args.code)?;
    let text = if args.migration {
        let section = info.section("Upgrading a deployed contract");
        let section = section.ok_or_else(|| {
            Fail::new(format!("{} has nothing to say about deployed contracts", info.code))
                .help(format!("`cargo crosslane explain {}` shows the whole page", info.code))
        })?;
        format!("{} {}: upgrading a deployed contract\n\n{section}\n", info.code, info.name)
    } else {
        format!("{} {}\n\n{}\n", info.code, info.name, info.page().trim_end())
    };
    output::show(&text)?;
    Ok(Exit::Clean)
}

/// The lint of a code or name, or what may have been meant.
pub(crate) fn find(text: &str) -> Result<&'static lints::LintInfo, Fail> {
    if let Some(info) = lints::find(text) {
        return Ok(info);
    }
    let names = lints::all().iter().flat_map(|lint| [lint.info.code, lint.info.name]);
    let fail = Fail::new(format!("there is no lint `{text}`"));
    Err(match did_you_mean(text, names) {
        Some(close) => fail.help(format!("did you mean `{close}`?")),
        None => fail.help("`cargo crosslane list` shows all lints"),
    })
}
