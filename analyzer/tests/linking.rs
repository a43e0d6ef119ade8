//! Calls to contracts that are analysed together with the caller: what they touch joins the caller's footprint.

#![allow(clippy::unwrap_used)]

use crosslane_analyzer::conflicts::evaluate::{Call, World};
use crosslane_analyzer::conflicts::{self, Scope, VerdictKind, words};
use crosslane_analyzer::ir::{Contract, Entry, Term};
use crosslane_analyzer::source::{Package, PackageId, Sources};
use crosslane_analyzer::{Analysis, Options, analyze, chains, manifest};
use std::sync::Arc;

struct Files(Vec<String>);

impl Sources for Files {
    fn read(&self, package: PackageId, path: &str) -> Option<Arc<str>> {
        (path == "src/lib.rs").then(|| self.0[package.0 as usize].as_str().into())
    }
}

/// Packages by name, text and those they depend on; the last is analysed, others if `all`.
fn analysed(packages: &[(&str, &str, &[u32])], all: bool) -> Analysis {
    let last = packages.len() - 1;
    let package = |(at, (name, _, deps)): (usize, &(&str, &str, &[u32]))| Package {
        name: (*name).to_owned(),
        version: "0.1.0".to_owned(),
        crate_name: name.replace('-', "_"),
        root: "src/lib.rs".to_owned(),
        edition: 2021,
        deps: deps.iter().map(|&dep| (packages[dep as usize].0.replace('-', "_"), PackageId(dep))).collect(),
        missing: vec!["soroban_sdk".to_owned()],
        analysed: all || at == last,
        ..Package::default()
    };
    let files = Files(packages.iter().map(|(_, text, _)| (*text).to_owned()).collect());
    let analysis = analyze(&files, packages.iter().enumerate().map(package).collect(), &Options::default());
    assert!(analysis.problems.is_empty(), "{:?}", analysis.problems);
    analysis
}

fn fixture(name: &str) -> String {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/soroban").join(name).join("src/lib.rs");
    std::fs::read_to_string(path).unwrap()
}

fn shop(all: bool) -> Contract {
    let (bank, shop) = (fixture("bank"), fixture("shop"));
    let packages: [(&str, &str, &[u32]); 2] =
        [("fixture-soroban-bank", &bank, &[]), ("fixture-soroban-shop", &shop, &[0])];
    analysed(&packages, all).contracts.into_iter().next_back().unwrap()
}

fn entry<'a>(contract: &'a Contract, name: &str) -> &'a Entry {
    contract.entries.iter().find(|entry| entry.name == name).unwrap()
}

/// `mode cell[key] at address` of everything; calls out with `+` where they are linked.
fn footprint(contract: &Contract, name: &str) -> Vec<String> {
    let entry = entry(contract, name);
    let term = |of: &Term| words::term(contract, of);
    let mut lines: Vec<String> = entry
        .accesses
        .iter()
        .map(|access| {
            let key: Vec<String> = access.key.iter().map(term).collect();
            let at = access.at.as_ref().map(|at| format!(" at {}", term(at))).unwrap_or_default();
            let cell = &contract.cell(access.cell).name;
            format!("{} {cell}[{}]{at}", format!("{:?}", access.mode).to_lowercase(), key.join(", "))
        })
        .collect();
    lines.extend(entry.externals.iter().map(|external| {
        let mark = if external.linked { '+' } else { '-' };
        format!("{mark} {}.{}", term(&external.target), external.entry.as_deref().unwrap_or("?"))
    }));
    lines.extend(entry.unknowns.iter().map(|unknown| format!("unknown {}", unknown.what)));
    lines.sort();
    lines.dedup();
    lines
}

fn verdict(contract: &Contract, a: &str, b: &str) -> VerdictKind {
    let chain = chains::get(&contract.chain).unwrap();
    let at = |name: &str| contract.entries.iter().position(|entry| entry.name == name).unwrap();
    conflicts::analyse(contract, chain, Scope::Transaction).pair(at(a), at(b)).kind
}

#[test]
fn what_a_contract_of_the_workspace_does_joins_at_its_address() {
    for all in [false, true] {
        let shop = shop(all);
        assert_eq!(
            footprint(&shop, "buy"),
            [
                "+ Bank.pay",
                "read <instance>[]",
                "read <instance>[] at Bank",
                "read Bank[]",
                "read Fee[] at Bank",
                "update Balance[buyer] at Bank",
                "update Balance[self] at Bank",
                "write Sold[thing]",
            ]
        );
        assert_eq!(
            footprint(&shop, "worth"),
            ["+ other.balance", "read <instance>[]", "read <instance>[] at other", "read Balance[of] at other"]
        );
        assert_eq!(
            footprint(&shop, "receipt"),
            [
                "+ Bank.slip",
                "read <instance>[]",
                "read <instance>[] at Bank",
                "read Bank[]",
                "update Slips[] at Bank",
                "write Slip[there(Slips or 0)] at Bank",
            ]
        );
        assert_eq!(footprint(&shop, "prize"), ["- from.give", "read <instance>[]"]);
        assert!(shop.assumes.iter().any(|known| known == "linked: fixture-soroban-bank"), "{:?}", shop.assumes);
        assert_eq!(verdict(&shop, "buy", "buy"), VerdictKind::When);
        assert_eq!(verdict(&shop, "worth", "worth"), VerdictKind::Never);
        assert_eq!(verdict(&shop, "receipt", "receipt"), VerdictKind::When);
        assert_eq!(verdict(&shop, "prize", "worth"), VerdictKind::Unknown);
    }
}

const HEAD: &str = "use soroban_sdk::{contract, contractclient, contractimpl, contracttype, Address, Env};\n";

/// A contract with this function, and beside it a crate with this text that it depends on.
fn pair(other: &str, function: &str) -> Contract {
    let (other, own) = (
        format!("{HEAD}{other}"),
        format!(
            "{HEAD}use other::*;\n#[contracttype] pub enum Key {{ Own(Address), Balance(u32) }}\n#[contract] pub struct \
             C;\n#[contractimpl] impl C {{ {function} }}"
        ),
    );
    let packages: [(&str, &str, &[u32]); 2] = [("other", &other, &[]), ("own", &own, &[0])];
    analysed(&packages, false).contracts.into_iter().next_back().unwrap()
}

#[test]
fn what_cannot_be_joined_stays_a_call_out_unsound() {
    let call = "pub fn f(env: Env, at: Address) { OtherClient::new(&env, &at).go(&at); env.storage().persistent().set(&Key::\
                Balance(1), &1u32); }";
    let callee = |body: &str| {
        format!(
            "#[contracttype] pub enum Key2 {{ Balance(Address), Count }} #[contract] pub struct Other; #[contractimpl] impl \
             Other {{ pub fn go(env: Env, to: Address) {{ {body} }} pub fn back(env: Env) {{}} }}"
        )
    };
    // What the callee does is known.
    let known = pair(&callee("env.storage().persistent().set(&Key2::Count, &1u32);"), call);
    assert!(entry(&known, "f").externals.iter().all(|external| external.linked), "{:?}", footprint(&known, "f"));
    for (text, why) in [
        (callee("mystery::go(&env);"), "code of it is not seen"),
        (callee("env.storage().persistent().set(&Key2::Balance(to), &1u32);"), "a cell of that name has another key"),
        (
            "#[contract] pub struct Other; #[contractimpl] impl Other { pub fn stay(env: Env) {} }".to_owned(),
            "no such function",
        ),
        (
            "#[contract] pub struct Other; #[contractimpl] impl Other { pub fn go(env: Env) {} }".to_owned(),
            "other parameters",
        ),
        (
            "#[contractclient(name = \"OtherClient\")] pub trait Go { fn go(env: Env, to: Address); }".to_owned(),
            "anybody's",
        ),
    ] {
        let contract = pair(&text, call);
        let f = entry(&contract, "f");
        let out = f.externals.iter().any(|external| !external.linked && external.args.is_empty());
        assert!(out, "{why}: {:?}", footprint(&contract, "f"));
    }
}

#[test]
fn parts_of_what_the_caller_puts_together_unsound() {
    let other = "#[contracttype] pub struct Who { pub of: Address } #[contracttype] pub enum Key2 { Mark(Address) }\n#[contract] \
                 pub struct Other; #[contractimpl] impl Other { pub fn go(env: Env, who: Who) { \
                 env.storage().persistent().set(&Key2::Mark(who.of), &1u32); } }";
    let call = "pub fn f(env: Env, at: Address, to: Address) { OtherClient::new(&env, &at).go(&Who { of: to }) }\npub fn \
                g(env: Env, at: Address, who: Who) { OtherClient::new(&env, &at).go(&who) }";
    let contract = pair(other, call);
    assert!(footprint(&contract, "f").contains(&"write Mark[?] at at".to_owned()), "{:?}", footprint(&contract, "f"));
    assert!(
        footprint(&contract, "g").contains(&"write Mark[who.of] at at".to_owned()),
        "{:?}",
        footprint(&contract, "g")
    );
}

#[test]
fn calls_in_a_circle_end_unsound() {
    let text = format!(
        "{HEAD}#[contract] pub struct C; #[contractimpl] impl C {{ pub fn f(env: Env, at: Address) {{ CClient::new(&env, \
         &at).f(&at); env.storage().persistent().set(&1u32, &1u32); }} }}"
    );
    let packages: [(&str, &str, &[u32]); 1] = [("own", &text, &[])];
    let contract = analysed(&packages, false).contracts.into_iter().next().unwrap();
    let f = entry(&contract, "f");
    assert!(f.externals.iter().any(|external| !external.linked), "{:?}", footprint(&contract, "f"));
}

#[test]
fn the_only_contract_that_exports_a_trait_is_the_one_meant() {
    let other = "#[contractclient(name = \"GoClient\")] pub trait Go { fn go(env: Env, to: Address); }\n#[contracttype] pub \
                 enum Key2 { Mark(Address) }\n#[contract] pub struct Other; #[contractimpl] impl Go for Other { fn go(env: Env, \
                 to: Address) { env.storage().persistent().set(&Key2::Mark(to), &1u32); } }";
    let call = "pub fn f(env: Env, at: Address, to: Address) { GoClient::new(&env, &at).go(&to) }";
    let one = pair(other, call);
    assert!(footprint(&one, "f").contains(&"write Mark[to] at at".to_owned()), "{:?}", footprint(&one, "f"));
    let two = format!(
        "{other}\n#[contract] pub struct More; #[contractimpl] impl Go for More {{ fn go(env: Env, to: Address) {{}} }}"
    );
    let two = pair(&two, call);
    assert!(entry(&two, "f").externals.iter().all(|external| !external.linked), "{:?}", footprint(&two, "f"));
}

#[test]
fn calls_of_either_meet_where_the_callee_lies() {
    let (bank, shop) = (fixture("bank"), fixture("shop"));
    let packages: [(&str, &str, &[u32]); 2] =
        [("fixture-soroban-bank", &bank, &[]), ("fixture-soroban-shop", &shop, &[0])];
    let manifest = manifest::build(&analysed(&packages, true), &manifest::BuildOptions::default());
    let mut world = World::new(&manifest);
    let state = serde_json::json!({ "address": "CSHOP", "cell": "Bank", "key": [], "value": "CBANK" });
    world.state = vec![serde_json::from_value(state).unwrap()];
    let call = |id: &str, contract: &str, entry: &str, args: serde_json::Value| -> Call {
        let address = format!("C{}", contract.to_uppercase());
        serde_json::from_value(serde_json::json!({
            "id": id, "contract": format!("fixture-soroban-{contract}"), "address": address, "entry": entry, "caller": "GX",
            "args": args,
        }))
        .unwrap()
    };
    let calls = [
        call("1", "shop", "buy", serde_json::json!({ "buyer": "GA", "thing": 1, "price": "5" })),
        call("2", "bank", "pay", serde_json::json!({ "from": "GA", "to": "GB", "amount": "5" })),
        call("3", "bank", "pay", serde_json::json!({ "from": "GC", "to": "GD", "amount": "5" })),
        call("4", "shop", "worth", serde_json::json!({ "of": "GC", "other": "CBANK" })),
        call("5", "shop", "worth", serde_json::json!({ "of": "GC", "other": "CELSEWHERE" })),
    ];
    let prints: Vec<_> = world.evaluate(&calls).into_iter().map(|print| print.unwrap()).collect();
    let mut pairs = world.conflicts(&prints);
    pairs.sort();
    assert_eq!(pairs, [(0, 1), (2, 3)]);
}

#[test]
fn what_a_callee_loads_is_a_key_that_may_move_unsound() {
    let shop = shop(false);
    let at = |name: &str| shop.entries.iter().position(|entry| entry.name == name).unwrap();
    let chain = chains::get("soroban").unwrap();
    let verdicts = conflicts::analyse(&shop, chain, Scope::Own);
    let slips = verdicts.pair(at("receipt"), at("receipt"));
    assert_eq!(slips.outcome, chains::Outcome::Fails);
    assert_eq!(verdicts.pair(at("buy"), at("buy")).outcome, chains::Outcome::Queues);
}
