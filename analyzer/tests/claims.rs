//! Claims in attributes, judged with the whole package in view.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crosslane_analyzer::claims::{Breach, judge};
use crosslane_analyzer::source::{Package, PackageId, Sources};
use crosslane_analyzer::{Analysis, Options, analyze, chains};
use std::sync::Arc;

struct One(String);
impl Sources for One {
    fn read(&self, _: PackageId, path: &str) -> Option<Arc<str>> {
        (path == "src/lib.rs").then(|| self.0.as_str().into())
    }
}

fn run(text: &str) -> Analysis {
    let package = Package {
        name: "user".into(),
        version: "0.1.0".into(),
        crate_name: "user".into(),
        root: "src/lib.rs".into(),
        edition: 2021,
        missing: ["cosmwasm_std", "cw_storage_plus", "soroban_sdk", "crosslane"].map(str::to_owned).to_vec(),
        analysed: true,
        ..Package::default()
    };
    analyze(&One(text.to_owned()), vec![package], &Options::default())
}

/// Breaches of all claims, with the text of the offending expressions.
fn breaches(text: &str) -> Vec<(Breach, Vec<String>)> {
    let analysis = run(text);
    let mut out = Vec::new();
    for all in &analysis.claims {
        let chain = chains::get(&all.view.chain).unwrap();
        for claim in &all.claims {
            assert!(claim.kind.is_ok(), "{:?}", claim.kind);
            out.extend(judge(all, claim, chain));
        }
    }
    let at = |breach: &Breach| breach.at.iter().map(|(span, _)| analysis.files.text(*span).to_owned()).collect();
    out.into_iter().map(|breach| (breach.clone(), at(&breach))).collect()
}

const TOKEN: &str = r#"
use cosmwasm_std::*;
use cw_storage_plus::*;
const BALANCES: Map<&Addr, Uint128> = Map::new("balances");
const TOTAL: Item<Uint128> = Item::new("total");
pub enum ExecuteMsg { Transfer { recipient: String, amount: Uint128 }, Mint { to: String, amount: Uint128 } }
#[entry_point]
pub fn execute(deps: DepsMut, env: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {
    match msg {
        ExecuteMsg::Transfer { recipient, amount } => transfer(deps, info, recipient, amount),
        ExecuteMsg::Mint { to, amount } => mint(deps, to, amount),
    }
}
TRANSFER
fn transfer(deps: DepsMut, info: MessageInfo, recipient: String, amount: Uint128) -> StdResult<Response> {
    let to = deps.api.addr_validate(&recipient)?;
    BALANCES.update(deps.storage, &info.sender, |b| -> StdResult<_> { Ok(b.unwrap_or_default() - amount) })?;
    BALANCES.update(deps.storage, &to, |b| -> StdResult<_> { Ok(b.unwrap_or_default() + amount) })?;
    Ok(Response::new())
}
MINT
fn mint(deps: DepsMut, to: String, amount: Uint128) -> StdResult<Response> {
    let to = deps.api.addr_validate(&to)?;
    TOTAL.update(deps.storage, |t| -> StdResult<_> { Ok(t + amount) })?;
    BALANCES.update(deps.storage, &to, |b| -> StdResult<_> { Ok(b.unwrap_or_default() + amount) })?;
    Ok(Response::new())
}
"#;

fn token(transfer: &str, mint: &str) -> String {
    TOKEN.replace("TRANSFER", transfer).replace("MINT", mint)
}

#[test]
fn a_footprint_is_an_upper_bound() {
    for claim in [
        "#[crosslane::footprint(updates(BALANCES[caller], BALANCES[recipient]))]",
        "#[crosslane::footprint(updates(BALANCES))]",
        "#[crosslane::footprint(updates(BALANCES[_], TOTAL), reads(TOTAL))]",
        "#[crosslane::footprint(reads(BALANCES), writes(BALANCES), commutes(BALANCES))]",
        "#[crosslane::trusted(updates(BALANCES))]",
    ] {
        assert_eq!(breaches(&token(claim, "")), [], "{claim}");
    }
}

#[test]
fn what_is_outside_is_named_with_the_whole_footprint() {
    let found = breaches(&token(
        "#[crosslane::footprint(updates(BALANCES[caller]))]",
        "#[crosslane::footprint(updates(BALANCES[to]))]",
    ));
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].0.message.contains("BALANCES[recipient]"), "{}", found[0].0.message);
    assert_eq!(found[0].0.entries, ["execute::transfer"]);
    assert_eq!(found[1].0.cell.as_deref(), Some("TOTAL"));
    let inferred = &found[0].0.inferred;
    assert_eq!(breaches(&token(&format!("#[crosslane::footprint({inferred})]"), "")), [], "{inferred}");
}

#[test]
fn parallel_names_what_meets() {
    assert_eq!(
        breaches(&token(
            "#[crosslane::parallel(with = [mint], unless = \"a.caller = b.to or a.recipient = b.to\")]",
            ""
        )),
        []
    );
    let found = breaches(&token("#[crosslane::parallel(with = [mint], unless = \"a.caller = b.to\")]", ""));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].0.entries, ["execute::transfer", "execute::mint"]);
    let found = breaches(&token("#[crosslane::parallel]", "#[crosslane::parallel]"));
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[1].0.message.contains("`TOTAL`: always"), "{}", found[1].0.message);
}

#[test]
fn a_trusted_claim_stands_in_for_the_body() {
    let text = token("", "#[crosslane::trusted(updates(BALANCES[to]))]");
    let analysis = run(&text);
    let contract = &analysis.contracts[0];
    let mint = contract.entries.iter().find(|entry| entry.name == "execute::mint").unwrap();
    let cells: Vec<&str> = mint.accesses.iter().map(|access| contract.cell(access.cell).name.as_str()).collect();
    assert_eq!(cells, ["BALANCES"]);
    assert!(contract.assumes.iter().any(|it| it == "trusted"));
    assert!(mint.unknowns.is_empty());
    // A place that is none is not silently nothing.
    let analysis = run(&token("", "#[crosslane::trusted(updates(BALANCE[to]))]"));
    let mint = analysis.contracts[0].entries.iter().find(|entry| entry.name == "execute::mint").unwrap();
    assert!(mint.unknowns[0].what.contains("BALANCE"), "{:?}", mint.unknowns);
}

#[test]
fn soroban_functions_are_entry_points_themselves() {
    let text = r#"
use soroban_sdk::*;
#[contract] pub struct C;
#[contracttype] pub enum DataKey { Balance(Address), Count }
#[contractimpl]
impl C {
    #[crosslane::footprint(writes(Balance[to]))]
    pub fn mint(env: Env, to: Address, amount: i128) {
        env.storage().persistent().set(&DataKey::Balance(to), &amount);
        env.storage().persistent().set(&DataKey::Count, &1u32);
    }
    #[crosslane::parallel]
    pub fn set(env: Env, to: Address, amount: i128) { env.storage().persistent().set(&DataKey::Balance(to), &amount); }
}
"#;
    let found = breaches(text);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!(found[0].0.cell.as_deref(), Some("Count"));
    assert!(found[1].0.message.contains("when a.to = b.to"), "{}", found[1].0.message);
}
