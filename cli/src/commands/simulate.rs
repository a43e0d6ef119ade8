//! `simulate`: batches of a workload on the chain's own workers and limits: calls a block, what must run one after the
//! other, the hottest units, and what each cure would yield.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crosslane_analyzer::chains::Per;
use crosslane_analyzer::conflicts;
use crosslane_analyzer::hotspots::{Cure, Outcome, Ranked, Room, Setting, spelled};
use crosslane_analyzer::manifest::v1::Contract;
use crosslane_analyzer::schedule::Scope;
use crosslane_analyzer::workload::Profile;
use serde_json::json;

use super::Exit;
use super::schedule::{grouped, plural};
use crate::args::{Common, Format};
use crate::emit::table::Table;
use crate::fail::Fail;
use crate::output;
use crate::session::{self, Judged, short};

/// The calls of a simulation.
#[derive(Debug, Clone, clap::Args)]
#[group(id = "workload")]
pub(crate) struct Workload {
    /// What calls look like: a TOML file, as `profile` writes it; a default for each contract when left out
    #[arg(long, value_name = "FILE")]
    pub(crate) profile: Option<PathBuf>,
    /// Calls in the batch
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) calls: u32,
    /// Seed of the random numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// A simulation: calls, and where they run.
#[derive(Debug, Clone, clap::Args)]
#[group(id = "simulation")]
pub(crate) struct Simulation {
    /// What is called.
    #[command(flatten)]
    pub(crate) workload: Workload,
    /// Lanes instead of the chain's own number of workers
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub(crate) lanes: Option<u32>,
}

/// Flags of `simulate`.
#[derive(Debug, Clone, clap::Args)]
#[group(id = "simulate")]
pub(crate) struct Args {
    /// What is simulated.
    #[command(flatten)]
    simulation: Simulation,
    /// Prices: a TOML file with `unit`, `per_cost` and `per_call`
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
}

/// What a call costs its sender.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Prices {
    /// What fees are paid in.
    unit: String,
    /// Fee for each unit of cost.
    #[serde(default)]
    per_cost: f64,
    /// Fee for each call.
    #[serde(default)]
    per_call: f64,
}

/// A contract with its simulation.
pub(crate) struct Simulated<'a> {
    /// The contract.
    pub(crate) judged: &'a Judged<'a>,
    /// What was simulated.
    pub(crate) setting: Setting<'a>,
    /// What came out.
    pub(crate) outcome: Outcome,
    /// Hot units with cures.
    pub(crate) ranked: Vec<Ranked>,
}

/// Runs `simulate`.
pub(crate) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let units = session::load(common)?;
    let all = session::judged(&units)?;
    let manifest = session::manifest(&units.iter().collect::<Vec<_>>());
    let prices = args.prices.as_deref().map(prices).transpose()?;
    let mut json = Vec::new();
    let mut text = String::new();
    let mut simulated = 0;
    for judged in &all {
        let Some(contract) = wire(&manifest.contracts, judged) else { continue };
        let Some(found) = simulate(judged, contract, &args.simulation)? else {
            if !common.quiet {
                output::tell(&format!("{}: nobody but admins calls it; give a `--profile`\n", contract.name))?;
            }
            continue;
        };
        if simulated > 0 {
            text.push('\n');
        }
        simulated += 1;
        let together = found.setting.together(&found.outcome).map_err(|error| Fail::new(error.to_string()))?;
        show(&found, &args.simulation, prices.as_ref(), &mut text);
        show_together(&found, &together, &mut text);
        let mut one = value(&found, args.simulation.workload.seed);
        one["together"] = json!(together.iter().map(cured).collect::<Vec<_>>());
        json.push(one);
    }
    if common.message_format == Some(Format::Json) {
        let value = json!({ "version": 1, "contracts": json });
        output::show(&format!("{}\n", serde_json::to_string_pretty(&value)?))?;
    } else {
        output::show(&text)?;
    }
    Ok(Exit::Clean)
}

/// The contract of a manifest that a judged one became.
pub(crate) fn wire<'a>(contracts: &'a [Contract], judged: &Judged<'_>) -> Option<&'a Contract> {
    let own = judged.contract;
    contracts.iter().find(|contract| contract.name == own.name && contract.package == own.package)
}

/// What `simulate` does to one contract; `None` where nobody but admins calls it and no profile says otherwise.
pub(crate) fn simulate<'a>(
    judged: &'a Judged<'a>,
    contract: &'a Contract,
    args: &Simulation,
) -> anyhow::Result<Option<Simulated<'a>>> {
    let Some(setting) = setting(judged, contract, &args.workload, args.lanes)? else { return Ok(None) };
    let fail = |error: crosslane_analyzer::hotspots::SimulateError| Fail::new(format!("{}: {error}", contract.name));
    let outcome = setting.run().map_err(fail)?;
    let ranked = setting.rank(&outcome).map_err(fail)?;
    Ok(Some(Simulated { judged, setting, outcome, ranked }))
}

/// What is simulated of one contract.
pub(crate) fn setting<'a>(
    judged: &Judged<'_>,
    contract: &'a Contract,
    args: &Workload,
    lanes: Option<u32>,
) -> anyhow::Result<Option<Setting<'a>>> {
    let profile = match &args.profile {
        Some(path) => profile(path, contract)?,
        None => Profile::of(contract),
    };
    if profile.entries.is_empty() {
        return Ok(None);
    }
    Ok(Some(Setting {
        contract,
        chain: judged.chain,
        scope: match session::scope(&judged.unit.config) {
            conflicts::Scope::Own => Scope::Own,
            conflicts::Scope::Transaction => Scope::Transaction,
        },
        lanes,
        calls: args.calls as usize,
        profile,
        costs: judged.unit.costs.clone(),
        seed: args.seed,
    }))
}

fn profile(path: &Path, contract: &Contract) -> Result<Profile, Fail> {
    let text =
        std::fs::read_to_string(path).map_err(|error| Fail::new(format!("cannot be read: {error}")).file(path))?;
    let told = |error: crosslane_analyzer::workload::ProfileError| match error.line {
        0 => Fail::new(error.message).file(path),
        line => Fail::new(error.message).line(path, line),
    };
    let profile = Profile::parse(&text).map_err(told)?;
    profile.check(contract).map_err(told)?;
    Ok(profile)
}

fn prices(path: &Path) -> Result<Prices, Fail> {
    let text =
        std::fs::read_to_string(path).map_err(|error| Fail::new(format!("cannot be read: {error}")).file(path))?;
    let found: Prices =
        toml::from_str(&text).map_err(|error| Fail::new(error.message().trim().replace('\n', ", ")).file(path))?;
    match [found.per_cost, found.per_call].iter().all(|price| price.is_finite() && *price >= 0.0) {
        true => Ok(found),
        false => Err(Fail::new("a price is a number from 0").file(path)),
    }
}

/// `393`, or `? (give --costs)`.
fn room(found: &Simulated<'_>, room: Option<&Room>) -> String {
    match room {
        Some(room) => grouped(room.calls as u64),
        None if !found.setting.priced() => "?".to_owned(),
        None => "all".to_owned(),
    }
}

fn show(found: &Simulated<'_>, args: &Simulation, prices: Option<&Prices>, out: &mut String) {
    let Simulated { judged, setting, outcome, ranked } = found;
    let (contract, chain) = (judged.contract, judged.chain);
    let lanes = outcome.lanes;
    let workers = if lanes == 1 { &chain.nouns.worker } else { &chain.nouns.workers };
    let noun = &contract.entry_noun;
    let what = match &args.workload.profile {
        Some(path) => format!("profile {}", path.display()),
        None => format!("every public {noun} equally often"),
    };
    let _ = writeln!(
        out,
        "{} · {} · {} of {} · seed {}\n  {what}; {} senders",
        contract.name,
        plural(outcome.calls as u64, "call", "calls"),
        plural(setting.profile.entries.len() as u64, noun, &format!("{noun}s")),
        contract.entries.len(),
        args.workload.seed,
        grouped(setting.profile.senders.values.unwrap_or(1)),
    );
    if !chain.parallel_today {
        let today = chain.today.replace("Chains of this kind", &format!("{} chains", contract.framework_title));
        let _ = writeln!(out, "  {today} What follows is what a chain could do that locks by {}.", chain.nouns.unit);
    }
    let whose = match (args.lanes, chain.workers) {
        (None, Some(_)) => "the chain's own number",
        _ => "not a number of the chain",
    };
    let _ = writeln!(out, "  {lanes} {workers} ({whose}) · model {}\n", chain.id);
    let _ = writeln!(
        out,
        "  one after the other {}   scheduled {}   {:.2}×",
        grouped(outcome.serial),
        grouped(outcome.makespan),
        outcome.speedup()
    );
    let _ = writeln!(
        out,
        "  {:.0} % of the work must run one after the other ({}); at most {:.1}× with any number of {}, {:.1}× with {lanes}",
        outcome.serial_share() * 100.0,
        plural(outcome.chain_calls as u64, "call", "calls"),
        outcome.ceiling(),
        chain.nouns.workers,
        outcome.ceiling_at(lanes),
    );
    room_line(found, out);
    if let Some(prices) = prices {
        fees(found, prices, out);
    }
    if outcome.unresolved > 0 {
        let _ = writeln!(
            out,
            "  {} from state that other calls change, counted as any",
            plural(outcome.unresolved, "value is read", "values are read")
        );
    }
    if outcome.hot.is_empty() {
        let _ = writeln!(out, "\n  no two of these calls wait for each other");
        return;
    }
    out.push('\n');
    let mut table = Table::new(&["hottest", "of the longest chain", "through"]);
    for hot in outcome.hot.iter().take(5) {
        let through: Vec<String> =
            hot.entries.iter().take(3).map(|(name, share)| format!("{} {:.0} %", short(name), share * 100.0)).collect();
        table.row(vec![spelled(&hot.name), format!("{:.0} %", hot.share * 100.0), through.join(", ")]);
    }
    out.push_str(&table.render());
    let block = &chain.nouns.block;
    for ranked in ranked.iter().take(5) {
        let name = &ranked.hot.name.cell;
        for (cure, after) in &ranked.cures {
            let upgrade = match cure.upgrade {
                crosslane_analyzer::diagnostics::Upgrade::NoOp => String::new(),
                upgrade => format!(" ({upgrade})"),
            };
            let _ = write!(
                out,
                "\n  {}{upgrade}\n    {:.2}× becomes {:.2}×",
                cure.title,
                outcome.speedup(),
                after.speedup()
            );
            if let (Some(before), true) = (&outcome.room, setting.priced()) {
                let after = room(found, after.room.as_ref());
                let _ = write!(out, ", {} calls a {block} become {after}", grouped(before.calls as u64));
            }
            if let Some(cost) = &cure.cost {
                let _ = write!(out, "; {cost}");
            }
            out.push('\n');
        }
        if let Some(text) = &ranked.not_offered {
            let _ = writeln!(out, "\n  not offered: {text}");
        }
        if let (Some(text), true) = (&ranked.inherent, ranked.cures.is_empty()) {
            let _ = writeln!(
                out,
                "\n  `{name}` has no cure here: {text}; if it is meant to be so, allow its finding with a reason"
            );
        }
    }
}

/// What cures give one after the other, where more than one helps.
fn show_together(found: &Simulated<'_>, together: &[(Cure, Outcome)], out: &mut String) {
    if together.len() < 2 {
        return;
    }
    let _ = writeln!(out, "\n  one after the other, {:.2}× becomes", found.outcome.speedup());
    for (cure, after) in together {
        let _ = writeln!(out, "    {:.2}×  {}", after.speedup(), cure.title);
    }
}

fn room_line(found: &Simulated<'_>, out: &mut String) {
    let Simulated { judged, setting, outcome, .. } = found;
    let nouns = &judged.chain.nouns;
    let limited = judged.chain.limits.iter().any(|limit| matches!(limit.per, Some(Per::Block | Per::Lane | Per::Unit)));
    match &outcome.room {
        Some(room) => {
            let limit = room.limit.as_ref().map_or_else(String::new, |limit| {
                format!(" ({} {}; {}, {})", grouped(limit.value), limit.text, limit.source, limit.date)
            });
            let _ = writeln!(
                out,
                "  room: {} a {}; {} is full first{limit}",
                plural(room.calls as u64, "call", "calls"),
                nouns.block,
                room.full
            );
        }
        None if !limited => {}
        None if !setting.priced() => {
            let missing = setting.unpriced();
            let why = match setting.profile.entries.len() == missing.len() {
                true => "give --costs".to_owned(),
                false => format!("no costs of {}; until then every call counts alike", missing.join(", ")),
            };
            let _ = writeln!(out, "  room: ? calls a {} ({why})", nouns.block);
        }
        None => {
            let _ =
                writeln!(out, "  room: all {} calls fit into one {} (give more --calls)", outcome.calls, nouns.block);
        }
    }
}

fn fees(found: &Simulated<'_>, prices: &Prices, out: &mut String) {
    let mut table = Table::new(&[found.judged.contract.entry_noun.as_str(), "cost (median)", "fee a call"]);
    for (name, own) in &found.setting.profile.entries {
        let cost = own.cost.or_else(|| found.setting.costs.of(name).map(|costs| costs.percentile(50)));
        let (cost, fee) = match cost {
            Some(cost) => {
                let fee = prices.per_call + prices.per_cost * cost as f64;
                (grouped(cost), format!("{} {}", trimmed(fee), prices.unit))
            }
            None => ("? (give --costs)".to_owned(), "?".to_owned()),
        };
        table.row(vec![short(name).to_owned(), cost, fee]);
    }
    out.push('\n');
    out.push_str(&table.render());
}

fn trimmed(fee: f64) -> String {
    let text = format!("{fee:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn figures(outcome: &Outcome) -> serde_json::Value {
    let room = outcome.room.as_ref().map(|room| {
        let limit = room.limit.as_ref().map(|limit| {
            json!({ "name": limit.name, "value": limit.value, "unit": limit.unit, "source": limit.source, "date": limit.date })
        });
        json!({ "calls": room.calls, "full": room.full, "limit": limit })
    });
    json!({
        "serial_cost": outcome.serial, "makespan": outcome.makespan, "speedup": round(outcome.speedup()),
        "ceiling": round(outcome.ceiling()), "serial_share": round(outcome.serial_share()), "room": room,
    })
}

/// A cure and what is after it.
fn cured((cure, after): &(Cure, Outcome)) -> serde_json::Value {
    json!({ "title": cure.title, "upgrade": cure.upgrade.to_string(), "cost": cure.cost, "after": figures(after) })
}

fn value(found: &Simulated<'_>, seed: u64) -> serde_json::Value {
    let Simulated { judged, setting, outcome, ranked } = found;
    let hot: Vec<serde_json::Value> = outcome
        .hot
        .iter()
        .map(|hot| {
            let entries: BTreeMap<&str, f64> =
                hot.entries.iter().map(|(name, share)| (name.as_str(), round(*share))).collect();
            json!({ "cell": hot.name.cell, "key": hot.name.key, "address": hot.name.address, "share": round(hot.share), "entries": entries })
        })
        .collect();
    let cells: Vec<serde_json::Value> = ranked
        .iter()
        .map(|ranked| {
            let cures: Vec<serde_json::Value> = ranked.cures.iter().map(cured).collect();
            json!({ "cell": ranked.hot.name.cell, "readers": ranked.readers, "cures": cures,
                "not_offered": ranked.not_offered, "inherent": ranked.inherent })
        })
        .collect();
    let mut out = figures(outcome);
    out["contract"] = json!(judged.contract.name);
    out["model"] = json!(judged.chain.id);
    out["lanes"] = json!(outcome.lanes);
    out["calls"] = json!(outcome.calls);
    out["seed"] = json!(seed);
    out["scope"] = json!(if setting.scope == Scope::Own { "own" } else { "transaction" });
    out["hot_units"] = json!(hot);
    out["cells"] = json!(cells);
    out
}

fn round(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}
