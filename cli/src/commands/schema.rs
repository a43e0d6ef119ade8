//! `schema NAME`: JSON schemas of the formats, and the mode tables of the chain models.

use crosslane_analyzer::chains::{self, MODES, mode_name};
use crosslane_analyzer::manifest;

use super::Exit;
use crate::emit::table::Table;
use crate::{emit, output};

/// Flags of `schema`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which
    #[arg(value_enum)]
    name: Name,
}

/// What can be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Name {
    /// crosslane.json
    Manifest,
    /// `--message-format json`
    Findings,
    /// Which modes conflict on which chain model
    Modes,
}

/// Prints it.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let text = match args.name {
        Name::Manifest => manifest::schema_text(),
        Name::Findings => pretty(&schemars::schema_for!(emit::json::Findings))?,
        Name::Modes => modes(),
    };
    output::show(&text)?;
    Ok(Exit::Clean)
}

fn pretty(schema: &schemars::Schema) -> anyhow::Result<String> {
    Ok(format!("{}\n", serde_json::to_string_pretty(schema)?))
}

/// One table a model: rows are the earlier call, columns the later one.
fn modes() -> String {
    let mut text = String::from(
        ". free · x conflict · k free if existence stays as it is · o free if the deltas commute · i ordered by index\n\
         rows: the earlier call, columns: the later one\n",
    );
    for chain in chains::all() {
        text.push_str(&format!("\n{} (rules {})\n\n", chain.id, chain.rules));
        let mut head = vec![""];
        head.extend(MODES.iter().map(|&mode| mode_name(mode)));
        let mut table = Table::new(&head);
        for earlier in MODES {
            let mut row = vec![mode_name(earlier).to_owned()];
            row.extend(MODES.iter().map(|&later| chain.modes.rule(earlier, later).sign().to_string()));
            table.row(row);
        }
        text.push_str(&table.render());
    }
    text
}
