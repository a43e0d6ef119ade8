//! The Soroban fixture: entry points, cells, keys, tiers, authorisation, calls out and what must stay unknown.

#![allow(clippy::unwrap_used)]

use crosslane_analyzer::ir::{Callers, Contract, Entry, EntryKind, Step, Term};
use crosslane_analyzer::source::{Package, PackageId, Sources};
use crosslane_analyzer::{Options, analyze};
use std::sync::Arc;

struct Files(Vec<(&'static str, String)>);

impl Sources for Files {
    fn read(&self, _: PackageId, path: &str) -> Option<Arc<str>> {
        self.0.iter().find(|(name, _)| *name == path).map(|(_, text)| text.as_str().into())
    }
}

fn contract_of(files: Vec<(&'static str, String)>) -> Contract {
    let package = Package {
        name: "user".into(),
        version: "0.1.0".into(),
        crate_name: "user".into(),
        root: "src/lib.rs".into(),
        edition: 2021,
        missing: vec!["soroban_sdk".into(), "soroban_token_sdk".into()],
        analysed: true,
        ..Package::default()
    };
    let analysis = analyze(&Files(files), vec![package], &Options::default());
    assert!(analysis.problems.is_empty(), "{:?}", analysis.problems);
    analysis.contracts.into_iter().next().unwrap()
}

fn fixture() -> Contract {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/soroban/token/src");
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    contract_of(vec![("src/lib.rs", read("lib.rs")), ("src/storage.rs", read("storage.rs"))])
}

fn text(text: &str) -> Contract {
    contract_of(vec![("src/lib.rs", text.to_owned())])
}

fn term(term: &Term) -> String {
    match term {
        Term::Arg(path) => path
            .iter()
            .map(|step| match step {
                Step::Field(name) => name.clone(),
                other => format!("{other:?}"),
            })
            .collect::<Vec<_>>()
            .join("."),
        Term::SelfAddr => "self".to_owned(),
        Term::Any => "any".to_owned(),
        other => format!("{other:?}"),
    }
}

fn entry<'a>(contract: &'a Contract, name: &str) -> &'a Entry {
    contract.entries.iter().find(|entry| entry.name == name).unwrap_or_else(|| panic!("no {name}"))
}

/// `mode cell[key]` of everything but the implicit read of the instance; calls out and unknowns after it.
fn footprint(contract: &Contract, name: &str) -> Vec<String> {
    let entry = entry(contract, name);
    let mut lines: Vec<String> = Vec::new();
    for access in entry.accesses.iter().filter(|access| !access.implicit) {
        let cell = &contract.cells[access.cell.0 as usize];
        let key: Vec<String> = access.key.iter().map(term).collect();
        let mode = if access.ttl { "ttl".to_owned() } else { format!("{:?}", access.mode).to_lowercase() };
        // The tier is part of a name only where another cell has the same one.
        let tier = cell.tier.as_deref().unwrap_or("?");
        let name = cell.name.strip_prefix(&format!("{tier}.")).unwrap_or(&cell.name);
        lines.push(format!("{mode} {tier}.{name}[{}]", key.join(", ")));
    }
    for external in &entry.externals {
        lines.push(format!("out {}.{}", term(&external.target), external.entry.as_deref().unwrap_or("?")));
    }
    lines.extend(entry.unknowns.iter().map(|unknown| format!("unknown {}", unknown.reason.code())));
    lines.sort();
    lines.dedup();
    lines
}

#[test]
fn entry_points_are_what_is_exported() {
    let contract = fixture();
    let names: Vec<&str> = contract.entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "__constructor",
            "mint",
            "transfer",
            "balance",
            "approve",
            "keep",
            "sweep",
            "any_of",
            "raw",
            "forget",
            "upgrade"
        ]
    );
    assert_eq!(contract.chain, "soroban");
    assert_eq!(entry(&contract, "__constructor").kind, EntryKind::Init);
    // Every call reads the instance entry, and all cells of the instance tier are parts of it.
    for entry in &contract.entries {
        assert!(entry.accesses.iter().any(|access| access.implicit), "{}", entry.name);
    }
    for cell in contract.cells.iter().filter(|cell| cell.tier.as_deref() == Some("instance")) {
        assert_eq!((cell.unit.kind.as_str(), cell.unit.id.as_str()), ("entry", "<instance>"), "{}", cell.name);
    }
    for cell in contract.cells.iter().filter(|cell| cell.tier.as_deref() != Some("instance")) {
        assert_eq!((cell.unit.kind.as_str(), cell.unit.id.as_str()), ("key", "own"), "{}", cell.name);
    }
}

#[test]
fn keys_name_their_cells() {
    let contract = fixture();
    let check = |name: &str, expected: &[&str]| assert_eq!(footprint(&contract, name), expected, "{name}");
    check("__constructor", &["write instance.Admin[]", "write instance.PAUSED[]"]);
    check("balance", &["read persistent.Balance[id]"]);
    check("approve", &["write temporary.Allowance[from, spender]"]);
    check("keep", &["ttl persistent.Balance[id]"]);
    check("forget", &["delete persistent.Seen[id]"]);
    check("upgrade", &["write instance.<wasm>[]"]);
    let mint = footprint(&contract, "mint");
    assert!(mint.contains(&"read instance.Admin[]".to_owned()), "{mint:?}");
    assert!(mint.iter().any(|line| line.ends_with("persistent.Balance[to]")), "{mint:?}");
    assert!(mint.iter().any(|line| line.ends_with("instance.Supply[]") && !line.starts_with("read")), "{mint:?}");
    let transfer = footprint(&contract, "transfer");
    assert_eq!(transfer.iter().filter(|line| line.contains("persistent.Balance[")).count(), 2, "{transfer:?}");
    assert!(transfer.contains(&"read instance.PAUSED[]".to_owned()), "{transfer:?}");
}

#[test]
fn who_signs_is_told() {
    let contract = fixture();
    assert_eq!(entry(&contract, "mint").callers, Callers::Address("Admin".to_owned()));
    let auths = |name: &str| -> Vec<(String, bool)> {
        entry(&contract, name).params.iter().map(|param| (param.name.clone(), param.auth)).collect()
    };
    let expected = [("from", true), ("to", false), ("amount", false)];
    assert_eq!(auths("transfer"), expected.map(|(name, auth)| (name.to_owned(), auth)));
    assert!(auths("balance").iter().all(|(_, auth)| !auth));
}

#[test]
fn calls_of_clients_go_out() {
    let contract = fixture();
    let found = footprint(&contract, "sweep");
    assert_eq!(found, ["out other.balance", "out other.transfer", "read instance.Admin[]"]);
}

#[test]
fn a_key_from_outside_is_every_variant_or_unknown() {
    let contract = fixture();
    let found = footprint(&contract, "any_of");
    assert_eq!(found.len(), 4, "{found:?}");
    for cell in ["Admin", "Supply", "Balance", "Allowance"] {
        let start = format!("probe persistent.{cell}[");
        assert!(found.iter().any(|line| line.starts_with(&start)), "{found:?}");
    }
    assert_eq!(footprint(&contract, "raw"), ["unknown unknown-cell"]);
}

#[test]
fn names_that_several_cells_share_carry_their_tier() {
    let contract = fixture();
    let names: Vec<&str> = contract.cells.iter().map(|cell| cell.name.as_str()).collect();
    let mut unique = names.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), names.len(), "{names:?}");
    assert!(names.contains(&"instance.Admin") && names.contains(&"persistent.Admin"), "{names:?}");
}

#[test]
fn trait_impls_and_inherited_functions_are_entry_points() {
    let contract = text(
        "#![no_std] use soroban_sdk::{contract, contractimpl, contracttrait, Env};
         #[contracttrait] pub trait Counted {
             fn count(env: &Env) -> u32 { env.storage().persistent().get(&\"Count\").unwrap_or(0) }
             fn bump(env: &Env) { env.storage().persistent().set(&\"Count\", &1u32); }
         }
         #[contract] pub struct C;
         #[contractimpl(contracttrait)] impl Counted for C { fn bump(env: &Env) { env.storage().temporary().set(&\"Own\", &1u32); } }
         #[contractimpl] impl C { pub fn twice(env: Env) { Self::bump(&env); } fn no(env: Env) {} }",
    );
    let mut names: Vec<&str> = contract.entries.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["bump", "count", "twice"]);
    assert_eq!(footprint(&contract, "count"), ["read persistent.Count[]"]);
    assert_eq!(footprint(&contract, "twice"), ["write temporary.Own[]"]);
}

#[test]
fn an_update_with_a_closure_reads_and_writes() {
    let contract = text(
        "#![no_std] use soroban_sdk::{contract, contractimpl, contracttype, Address, Env};
         #[contracttype] pub enum Key { Hits(Address), Last }
         #[contract] pub struct C;
         #[contractimpl] impl C {
             pub fn hit(env: Env, who: Address) {
                 env.storage().persistent().update(&Key::Hits(who.clone()), |old: Option<u32>| old.unwrap_or(0) + 1);
                 env.storage().temporary().set(&Key::Last, &who);
             }
             pub fn some(env: Env, which: bool, who: Address) {
                 let key = if which { Key::Hits(who) } else { Key::Last };
                 env.storage().persistent().remove(&key);
             }
         }",
    );
    let hit = footprint(&contract, "hit");
    assert_eq!(hit.len(), 2, "{hit:?}");
    assert!(hit.iter().any(|line| line.contains("Hits[who]") && !line.starts_with("read")), "{hit:?}");
    let some = footprint(&contract, "some");
    assert!(some.iter().any(|line| line.starts_with("delete") && line.contains("Hits[who]")), "{some:?}");
    assert!(some.iter().any(|line| line.starts_with("delete") && line.contains("Last[]")), "{some:?}");
}

#[test]
fn code_that_is_not_there_is_unknown_when_it_gets_the_environment() {
    let contract = text(
        "#![no_std] use soroban_sdk::{contract, contractimpl, Env, Symbol};
         #[contract] pub struct C;
         #[contractimpl] impl C { pub fn f(env: Env, s: Symbol) { elsewhere::do_it(&env, s); } }",
    );
    assert!(!entry(&contract, "f").unknowns.is_empty());
}

#[test]
fn metadata_of_the_token_library_is_in_the_instance() {
    let contract = text(
        "#![no_std] use soroban_sdk::{contract, contractimpl, Env, U256};
         use soroban_token_sdk::{metadata::TokenMetadata, TokenUtils};
         #[contract] pub struct C;
         #[contractimpl] impl C {
             pub fn decimals(env: Env) -> u32 { TokenUtils::new(&env).metadata().get_metadata().decimal }
             pub fn rename(env: Env, meta: TokenMetadata) { TokenUtils::new(&env).metadata().set_metadata(&meta); }
             pub fn sum(env: Env, a: u128) -> u128 { U256::from_u128(&env, a).add(&U256::from_u32(&env, 1)).to_u128().unwrap() }
             fn add(&self, env: &Env) {}
         }",
    );
    assert_eq!(footprint(&contract, "decimals"), ["read instance.METADATA[]"]);
    assert_eq!(footprint(&contract, "rename"), ["write instance.METADATA[]"]);
    assert!(footprint(&contract, "sum").is_empty());
}
