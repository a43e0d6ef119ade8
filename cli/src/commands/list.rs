//! `list`: all lints with their level on each chain model, and the chain models.

use std::fmt::Write as _;

use crosslane_analyzer::{chains, frameworks, lints};

use super::Exit;
use crate::args::{Common, Format};
use crate::emit::table::Table;
use crate::output;

/// Flags of `list`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Prints the lists.
pub(crate) fn run(_args: &Args, common: &Common) -> anyhow::Result<Exit> {
    if common.message_format == Some(Format::Json) {
        let lints: Vec<serde_json::Value> = lints::all()
            .iter()
            .map(|lint| {
                let levels: serde_json::Map<String, serde_json::Value> = chains::all()
                    .iter()
                    .map(|chain| (chain.id.clone(), lints::level(lint.info.code, &chain.id).word().into()))
                    .collect();
                serde_json::json!({ "code": lint.info.code, "name": lint.info.name, "summary": lint.info.summary, "levels": levels })
            })
            .collect();
        let chains: Vec<serde_json::Value> = chains::all()
            .iter()
            .map(|chain| serde_json::json!({ "id": chain.id, "title": chain.title, "parallel_today": chain.parallel_today }))
            .collect();
        let json = serde_json::json!({ "version": 1, "lints": lints, "chains": chains, "frameworks": frameworks::names().map(|(id, _)| id).collect::<Vec<_>>() });
        output::show(&format!("{}\n", serde_json::to_string_pretty(&json)?))?;
        return Ok(Exit::Clean);
    }
    let mut text = String::from("Lints (`cargo crosslane explain CODE` for more)\n\n");
    let mut table = Table::new(&["code", "name", "level", "what it finds"]);
    for lint in lints::all() {
        table.row(vec![
            lint.info.code.to_owned(),
            lint.info.name.to_owned(),
            levels(lint.info.code),
            lint.info.summary.to_owned(),
        ]);
    }
    text.push_str(&table.render());
    text.push_str("\nChain models (`--chain MODEL`)\n\n");
    let mut table = Table::new(&["model", "what is locked", "today"]);
    for chain in chains::all() {
        table.row(vec![chain.id.clone(), chain.nouns.unit.clone(), chain.today.clone()]);
    }
    text.push_str(&table.render());
    let names: Vec<String> = frameworks::names().map(|(id, title)| format!("{id} ({title})")).collect();
    let _ = writeln!(text, "\nFrameworks (`--framework NAME`)\n\n  {}", names.join(", "));
    output::show(&text)?;
    Ok(Exit::Clean)
}

/// The level, or `from … to …` where chain models differ.
fn levels(code: &str) -> String {
    let mut levels: Vec<_> = chains::all().iter().map(|chain| lints::level(code, &chain.id)).collect();
    levels.sort();
    levels.dedup();
    match levels.as_slice() {
        [] => String::new(),
        [only] => only.word().to_owned(),
        [first, .., last] => format!("{}–{}", first.word(), last.word()),
    }
}
