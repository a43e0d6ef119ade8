//! `footprint ENTRY`: what one entry point touches.

use std::fmt::Write as _;
use std::path::PathBuf;

use crosslane_analyzer::conflicts::words;
use crosslane_analyzer::ir::{Certainty, ExternalMode, Reach, Span};

use super::Exit;
use crate::args::Common;
use crate::emit::table::Table;
use crate::fail::Fail;
use crate::output;
use crate::session::{self, Judged};

/// Flags of `footprint`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Entry points; all when left out
    #[arg(value_name = "ENTRY")]
    entries: Vec<String>,
    /// The entry point of one call: prints the ledger keys the call touches, as JSON
    #[arg(long, value_name = "NAME", conflicts_with = "entries")]
    entry: Option<String>,
    /// Arguments of the call, a JSON object by parameter
    #[arg(long, value_name = "JSON", requires = "entry")]
    args: Option<String>,
    /// Address of the contract
    #[arg(long, value_name = "ADDRESS", requires = "entry")]
    address: Option<String>,
    /// Stored values, one JSON object a line: {"cell", "key", "value"}
    #[arg(long, value_name = "FILE", requires = "entry")]
    state: Option<PathBuf>,
    /// A simulated footprint (JSON) to compare with
    #[arg(long, value_name = "FILE", requires = "entry")]
    simulated: Option<PathBuf>,
}

/// Runs `footprint`.
pub(crate) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let units = session::load(common)?;
    if let Some(entry) = &args.entry {
        let call = super::keys::Call {
            entry,
            args: args.args.as_deref(),
            address: args.address.as_deref(),
            state: args.state.as_deref(),
            simulated: args.simulated.as_deref(),
        };
        return super::keys::run(&units, &call);
    }
    let mut out = String::new();
    for judged in session::judged(&units)? {
        for at in wanted(&judged, &args.entries)? {
            footprint(&judged, at, &mut out);
        }
    }
    output::show(&out)?;
    Ok(Exit::Clean)
}

fn wanted(judged: &Judged<'_>, names: &[String]) -> Result<Vec<usize>, Fail> {
    if names.is_empty() {
        return Ok((0..judged.contract.entries.len()).collect());
    }
    names.iter().map(|name| judged.entry(name)).collect()
}

fn place(judged: &Judged<'_>, span: Span) -> String {
    let at = judged.unit.analysis.files.locate(span);
    at.map_or_else(String::new, |at| format!("{}:{}", judged.unit.shown_path(&at), at.line))
}

fn footprint(judged: &Judged<'_>, at: usize, out: &mut String) {
    let contract = judged.contract;
    let entry = &contract.entries[at];
    let own = judged.verdicts.pair(at, at);
    let class = words::class(contract, judged.chain, entry, judged.verdicts.class(at), own);
    let _ = writeln!(out, "{}  {}\n  two at the same time: {class}", entry.name, place(judged, entry.span));
    let mut table = Table::new(&["", "", "", "where"]);
    for access in &entry.accesses {
        let mut extra = Vec::new();
        if access.certainty == Certainty::Sometimes {
            extra.push("sometimes");
        }
        if access.repeat {
            extra.push("repeatedly");
        }
        if access.implicit {
            extra.push("by the framework");
        }
        if access.ttl {
            extra.push("lifetime only");
        }
        let field = access.field.as_ref().map(|field| format!(".{field}")).unwrap_or_default();
        table.row(vec![
            words::verb(access.mode).to_owned(),
            format!("{}{field}", words::place(contract, access)),
            extra.join(", "),
            place(judged, access.span),
        ]);
    }
    for external in &entry.externals {
        let how = match external.mode {
            ExternalMode::Call => "calls",
            ExternalMode::Query => "queries",
            ExternalMode::Message => "sends a message to",
            ExternalMode::Delegate => "runs the code of",
        };
        let target = words::term(contract, &external.target);
        let target = external.entry.as_ref().map_or(target.clone(), |entry| format!("{target} ({entry})"));
        let linked = if external.linked { "linked" } else { "not linked" };
        table.row(vec![how.to_owned(), target, linked.to_owned(), place(judged, external.span)]);
    }
    for unknown in &entry.unknowns {
        let reach = match unknown.reach {
            Reach::All => "reaches any state".to_owned(),
            Reach::Contract => "reaches the contract".to_owned(),
            Reach::Cell(cell) => format!("reaches {}", contract.cell(cell).name),
        };
        let what = format!("{} ({})", unknown.what, unknown.reason.code());
        table.row(vec!["unknown".to_owned(), what, reach, place(judged, unknown.span)]);
    }
    let rows = table.render();
    // The head holds nothing but a word that needs no saying.
    out.push_str(rows.split_once('\n').map_or("", |(_, rest)| rest));
    out.push('\n');
}
