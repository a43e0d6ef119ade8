//! The Soroban fixture: entry points, cells, keys, tiers, authorisation, calls out and what must stay unknown.

#![allow(clippy::unwrap_used)]

mod common;

use common::analyse_files;
use crosslane_analyzer::chains::Outcome;
use crosslane_analyzer::conflicts::{self, Scope};
use crosslane_analyzer::ir::{Callers, Const, Contract, Entry, EntryKind, Step, Term};
use crosslane_analyzer::lints::LintOptions;
use crosslane_analyzer::source::{Package, PackageId, Sources};
use crosslane_analyzer::{Options, analyze};
use std::sync::Arc;

fn contract_of(files: Vec<(&'static str, String)>) -> Contract {
    let analysis = analyse_files(files, &["soroban_sdk", "soroban_token_sdk"]);
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

#[test]
fn a_key_made_by_hand_is_what_the_code_makes_of_it_unsound() {
    let contract = text(
        "#![no_std] use soroban_sdk::{contract, contractimpl, contracttype, ConversionError, Env, TryFromVal, Val};
         #[derive(Clone, Copy)] #[repr(u32)] pub enum ByHand { Token0 = 0, Token1 = 1 }
         impl TryFromVal<Env, ByHand> for Val {
             type Error = ConversionError;
             fn try_from_val(_env: &Env, v: &ByHand) -> Result<Self, Self::Error> { Ok((*v as u32).into()) }
         }
         #[contracttype] #[derive(Clone, Copy)] pub enum Numbered { Other = 1, More = 7 }
         pub enum Lost { Token0 }
         #[contract] pub struct C;
         #[contractimpl] impl C {
             pub fn by_hand(env: Env) { env.storage().persistent().set(&ByHand::Token1, &1u32); }
             pub fn numbered(env: Env) -> Option<u32> { env.storage().persistent().get(&Numbered::Other) }
             pub fn lost(env: Env) { env.storage().persistent().set(&Lost::Token0, &1u32); }
         }",
    );
    // Both are the number 1 for the chain, whatever the variants are called.
    let by_hand = footprint(&contract, "by_hand");
    let numbered = footprint(&contract, "numbered");
    assert_eq!(by_hand.len(), 1, "{by_hand:?}");
    assert_eq!(by_hand[0].replace("write", "read"), numbered[0]);
    assert!(numbered[0].starts_with("read persistent.u32["), "{numbered:?}");
    assert_eq!(footprint(&contract, "lost"), ["unknown unknown-cell"]);
}

#[test]
fn structs_are_told_by_their_fields_unsound() {
    let contract = text(
        "#![no_std] use soroban_sdk::{contract, contractimpl, contracttype, Address, Env};
         #[contracttype] pub struct A { pub x: Address, pub a: u32 }
         #[contracttype] pub struct B { pub a: u32, pub x: Address }
         #[contracttype] pub struct T(pub Address, pub u32);
         #[contract] pub struct C;
         #[contractimpl] impl C {
             pub fn f(env: Env, who: Address) { env.storage().persistent().set(&A { x: who, a: 1 }, &1u32); }
             pub fn g(env: Env, who: Address) { env.storage().persistent().set(&B { a: 1, x: who }, &1u32); }
             pub fn t(env: Env, who: Address) { env.storage().persistent().set(&T(who, 1), &1u32); }
             pub fn u(env: Env, who: Address) { env.storage().persistent().set(&(who, 1u32), &1u32); }
         }",
    );
    assert_eq!(footprint(&contract, "f"), footprint(&contract, "g"));
    assert_eq!(footprint(&contract, "t"), footprint(&contract, "u"));
}

#[test]
fn guards_and_accessors_of_libraries_are_rows() {
    let contract = text(
        "#![no_std] use soroban_sdk::{contract, contractimpl, Address, Env};
         mod stellar_access { pub mod ownable { use soroban_sdk::{Address, Env, symbol_short};
             pub fn enforce_owner_auth(e: &Env) { let owner: Address = e.storage().instance().get(&symbol_short!(\"OWNER\")).unwrap(); owner.require_auth(); } } }
         use stellar_macros::only_owner;
         use stellar_axelar_std::contractstorage;
         #[contractstorage] enum DataKey {
             #[persistent] #[value(u32)] Count { who: Address },
             #[instance] #[status] Started,
         }
         #[contract] pub struct C;
         #[contractimpl] impl C {
             #[only_owner] pub fn set(e: &Env, who: Address) { set_count(e, who, &1); }
             pub fn start(e: Env) -> bool { let before = is_started(&e); set_started_status(&e); before }
             #[unknown_guard] pub fn other(e: &Env) {}
         }",
    );
    let set = footprint(&contract, "set");
    assert_eq!(set, ["read instance.OWNER[]", "write persistent.Count[who]"]);
    assert_eq!(entry(&contract, "set").callers, Callers::Address("OWNER".to_owned()));
    let start = footprint(&contract, "start");
    assert!(start.iter().any(|line| line.ends_with("instance.Started[]") && !line.starts_with("probe")), "{start:?}");
    assert_eq!(footprint(&contract, "other"), ["unknown unknown-attribute"]);
}

#[test]
fn names_pasted_together_are_functions() {
    let contract = text(
        "#![no_std] use soroban_sdk::{contract, contractimpl, contracttype, Env};
         #[contracttype] pub enum Key { Plane }
         macro_rules! accessor { ($name:ident, $key:expr, $ty:ty) => { paste! {
             pub fn [<get_ $name>](e: &Env) -> Option<$ty> { e.storage().instance().get(&$key) }
             pub fn [<set_ $name>](e: &Env, $name: &$ty) { e.storage().instance().set(&$key, $name) } } } }
         accessor!(plane, Key::Plane, u32);
         #[contract] pub struct C;
         #[contractimpl] impl C { pub fn f(e: Env) -> Option<u32> { set_plane(&e, &1); get_plane(&e) } }",
    );
    let found = footprint(&contract, "f");
    assert_eq!(found, ["update instance.Plane[]"]);
}

#[test]
fn payloads_of_a_key_are_listed() {
    let contract = text(
        "#![no_std] use soroban_sdk::{contract, contractimpl, contracttype, Address, Env};
         #[contracttype] pub struct Pair { pub from: Address, pub to: Address }
         #[contracttype] pub enum Key { Balance(Address), Allowance(Pair), Admin }
         #[contract] pub struct C;
         #[contractimpl] impl C {
             pub fn f(e: Env, a: Address, b: Address) {
                 e.storage().persistent().set(&Key::Balance(a.clone()), &1u32);
                 e.storage().persistent().set(&Key::Allowance(Pair { from: a, to: b }), &1u32);
                 e.storage().persistent().set(&Key::Admin, &1u32);
             }
         }",
    );
    let layouts: Vec<&str> = contract.cells.iter().flat_map(|cell| &cell.shapes).map(String::as_str).collect();
    assert_eq!(layouts, ["vec('Balance,address)", "vec('Allowance,map(from:address,to:address))", "vec('Admin)"]);
}

#[test]
fn a_library_is_listed_by_what_it_offers() {
    let contract = text(
        "#![no_std] use soroban_sdk::{Env, symbol_short};
         pub struct Base;
         impl Base { pub fn total(e: &Env) -> u32 { e.storage().instance().get(&symbol_short!(\"TOTAL\")).unwrap_or(0) } }
         pub mod storage { use soroban_sdk::{Env, symbol_short};
             pub fn reset(e: &Env) { e.storage().instance().set(&symbol_short!(\"TOTAL\"), &0u32); } fn hidden(e: &Env) {} }
         pub fn plain(x: u32) -> u32 { x }",
    );
    let names: Vec<&str> = contract.entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["Base::total", "storage::reset"]);
    assert_eq!(footprint(&contract, "storage::reset"), ["write instance.TOTAL[]"]);
}

#[test]
fn an_sdk_on_disk_of_a_version_nobody_listed_is_told_by_its_table_unsound() {
    struct Two(&'static str);
    impl Sources for Two {
        fn read(&self, package: PackageId, path: &str) -> Option<Arc<str>> {
            let sdk = "mod env { pub struct Env { inner: u32 } impl Env { pub fn storage(&self) -> u32 { 0 } } } pub use env::Env;";
            match (package.0, path) {
                (0, "src/lib.rs") => Some(self.0.into()),
                (1, "src/lib.rs") => Some(sdk.into()),
                _ => None,
            }
        }
    }
    let package = |name: &str, version: &str| Package {
        name: name.into(),
        version: version.into(),
        crate_name: name.replace('-', "_"),
        root: "src/lib.rs".into(),
        edition: 2021,
        ..Package::default()
    };
    for (version, assumed) in [("28.0.0", false), ("99.1.0", true)] {
        let mut user = Package { analysed: true, ..package("user", "0.1.0") };
        user.deps.push(("soroban_sdk".into(), PackageId(1)));
        let code = "#![no_std] use soroban_sdk::{contract, contractimpl, Env};
            #[contract] pub struct C;
            #[contractimpl] impl C { pub fn f(e: Env) { e.storage().persistent().set(&\"A\", &1u32); } }";
        let analysis = analyze(&Two(code), vec![user, package("soroban-sdk", version)], &Options::default());
        let contract = &analysis.contracts[0];
        assert_eq!(footprint(contract, "f"), ["write persistent.A[]"], "{version}");
        assert_eq!(contract.assumes.iter().any(|text| text.contains("soroban-sdk")), assumed, "{:?}", contract.assumes);
    }
}

fn lints_of(files: Vec<(&'static str, String)>) -> Vec<(String, String)> {
    let analysis = analyse_files(files, &["soroban_sdk", "soroban_token_sdk"]);
    let found = crosslane_analyzer::lints::run(&analysis, &LintOptions::default());
    found.into_iter().map(|finding| (finding.code.to_string(), finding.message)).collect()
}

fn fixture_text(name: &str) -> String {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/soroban");
    std::fs::read_to_string(dir.join(name).join("src/lib.rs")).unwrap()
}

#[test]
fn a_number_from_a_counter_makes_the_second_call_fail_and_a_name_of_its_own_does_not() {
    let found = lints_of(vec![("src/lib.rs", fixture_text("tickets"))]);
    assert_eq!(found, [("XL110".to_owned(), "two `take` calls at the same time: the second one fails".to_owned())]);
    assert_eq!(lints_of(vec![("src/lib.rs", fixture_text("tickets-named"))]), []);
}

/// How a published library keeps the members of a role: a list by number, the number from a count for each role.
const ROLES: &str = "#![no_std] use soroban_sdk::{contract, contractimpl, contracttype, Address, Env, Symbol};
     #[contracttype] pub enum Key { Count(Symbol), Member(Symbol, u32), Has(Address, Symbol), Nonce(Address), Used(u32) }
     #[contract] pub struct C;
     #[contractimpl] impl C {
         pub fn grant(e: Env, caller: Address, account: Address, role: Symbol) {
             caller.require_auth();
             let count: u32 = e.storage().persistent().get(&Key::Count(role.clone())).unwrap_or(0);
             e.storage().persistent().set(&Key::Member(role.clone(), count), &account);
             e.storage().persistent().set(&Key::Has(account, role.clone()), &count);
             e.storage().persistent().set(&Key::Count(role), &(count + 1));
         }
         pub fn own(e: Env, caller: Address) {
             caller.require_auth();
             let count: u32 = e.storage().persistent().get(&Key::Nonce(caller.clone())).unwrap_or(0);
             e.storage().persistent().set(&Key::Used(count), &caller);
             e.storage().persistent().set(&Key::Nonce(caller), &(count + 1));
         }
     }";

#[test]
fn members_of_a_role_by_number_make_the_second_grant_fail() {
    let found = lints_of(vec![("src/lib.rs", ROLES.to_owned())]);
    let stale: Vec<&str> =
        found.iter().filter(|(code, _)| code == "XL110").map(|(_, message)| message.as_str()).collect();
    assert_eq!(stale, ["two `grant` calls with the same `role` at the same time: the second one fails"]);
    let contract = text(ROLES);
    let chain = crosslane_analyzer::chains::get("soroban").unwrap();
    let verdicts = conflicts::analyse(&contract, chain, Scope::Own);
    let at = |name: &str| contract.entries.iter().position(|entry| entry.name == name).unwrap();
    assert_eq!(verdicts.pair(at("grant"), at("grant")).outcome, Outcome::Fails);
}

const STORED: &str = "#![no_std] use soroban_sdk::{contract, contractimpl, contracttype, Address, Env, Vec};
     #[contracttype] pub enum Key { Balance(Address), Token(Address, u32), Seen(u32), Count }
     #[contract] pub struct C;
     fn balance(e: &Env, who: &Address) -> u32 { e.storage().persistent().get(&Key::Balance(who.clone())).unwrap_or(0) }
     fn set(e: &Env, who: &Address, to: u32) { e.storage().persistent().set(&Key::Balance(who.clone()), &to); }
     fn put(e: &Env, who: &Address, at: u32) { e.storage().persistent().set(&Key::Token(who.clone(), at), &1u32); }
     #[contractimpl] impl C {
         pub fn mint(e: Env, to: Address) {
             set(&e, &to, balance(&e, &to) + 1);
             put(&e, &to, balance(&e, &to) - 1);
         }
         pub fn send(e: Env, from: Address, to: Address) {
             set(&e, &from, balance(&e, &from) - 1);
             set(&e, &to, balance(&e, &to) + 1);
             put(&e, &from, balance(&e, &from));
         }
         pub fn perhaps(e: Env, to: Address, which: bool) {
             if which { set(&e, &to, 7); }
             put(&e, &to, balance(&e, &to));
         }
         pub fn all(e: Env, to: Address, many: Vec<Address>) {
             set(&e, &to, 7);
             for who in many.iter() { set(&e, &who, balance(&e, &who) + 1); }
             put(&e, &to, balance(&e, &to));
         }
         pub fn turn(e: Env, to: Address, many: Vec<u32>) {
             for n in many.iter() { put(&e, &to, balance(&e, &to)); set(&e, &to, n); }
         }
         pub fn gone(e: Env, to: Address) {
             set(&e, &to, 7);
             e.storage().persistent().remove(&Key::Balance(to.clone()));
             put(&e, &to, balance(&e, &to));
         }
     }";

/// Second components of the keys of `Token`.
fn numbers(name: &str) -> Vec<Term> {
    let contract = text(STORED);
    let of_token = |cell: u32| contract.cells[cell as usize].name == "Token";
    let accesses = entry(&contract, name).accesses.iter().filter(|access| of_token(access.cell.0));
    let mut found: Vec<Term> = accesses.map(|access| access.key[1].clone()).collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn what_the_call_itself_stored_is_known_imprecise() {
    let mint = numbers("mint");
    assert!(matches!(mint.as_slice(), [Term::Fn { name, .. }] if name == "sub"), "{mint:?}");
    assert!(!mint[0].has_any(), "{mint:?}");
    let send = numbers("send");
    assert!(matches!(send.as_slice(), [Term::Fn { name, .. }] if name == "if_equal"), "{send:?}");
    assert!(!send[0].has_any(), "{send:?}");
}

#[test]
fn what_may_have_been_stored_is_every_one_of_them_unsound() {
    let perhaps = numbers("perhaps");
    let has = |found: &[Term], wanted: &dyn Fn(&Term) -> bool| {
        found.iter().any(|term| {
            *term == Term::Any || {
                let mut hit = false;
                term.walk(&mut |inner| hit |= wanted(inner));
                hit
            }
        })
    };
    assert!(has(&perhaps, &|term| matches!(term, Term::Load { .. })), "{perhaps:?}");
    assert!(has(&perhaps, &|term| *term == Term::Const(Const::Int(7))), "{perhaps:?}");
    // After a loop that may have written it, inside one, and once it is gone, nobody knows.
    for name in ["all", "turn"] {
        assert_eq!(numbers(name), [Term::Any], "{name}");
    }
    let gone = numbers("gone");
    assert!(has(&gone, &|term| *term == Term::Const(Const::Int(0))), "{gone:?}");
}

/// What a function returns is of the type it declares, also inside an `Option`, and so is what a map keeps of it.
#[test]
fn what_a_cache_holds_has_the_type_of_what_was_loaded() {
    let contract = text(
        "use soroban_sdk::{contract, contractimpl, contracttype, Env, Map, Vec};
         #[contracttype] pub enum Key { Chunk(i32) }
         #[contracttype] pub struct Tick(pub u64, pub i128);
         fn load(e: &Env, at: i32) -> Option<Vec<Tick>> { let key = Key::Chunk(at); let found = e.storage().persistent().get(&key); found }
         pub struct Cache { held: Map<i32, Vec<Tick>> }
         impl Cache {
             fn get(&mut self, e: &Env, at: i32) -> Option<Vec<Tick>> {
                 if let Some(known) = self.held.get(at) { return Some(known); }
                 let chunk = load(e, at);
                 if let Some(ref known) = chunk { self.held.set(at, known.clone()); }
                 chunk
             }
         }
         #[contract] pub struct C;
         #[contractimpl] impl C {
             pub fn sum(e: Env, n: i32) -> i128 {
                 let mut cache = Cache { held: Map::new(&e) };
                 let mut sum = 0;
                 for at in 0..n { if let Some(chunk) = cache.get(&e, at) { sum += chunk.get(0).unwrap().1; } }
                 sum
             }
         }",
    );
    let sum = contract.entries.iter().find(|entry| entry.name == "sum").unwrap();
    assert!(sum.unknowns.is_empty(), "{:?}", sum.unknowns);
    assert_eq!(footprint(&contract, "sum"), ["read persistent.Chunk[any]"]);
}

/// Wide numbers byte by byte, as long divisions go through them: nothing of it is out of sight.
#[test]
fn bytes_of_wide_numbers_are_seen() {
    let contract = text(
        "use soroban_sdk::{contract, contractimpl, contracttype, Address, Bytes, Env, U256};\n#[contracttype] pub enum Key { \
         Of(u32), Byte(u8), Wide(U256) }\n#[contract] pub struct C;\n#[contractimpl] impl C { pub fn split(e: Env, n: U256) { \
         let all = n.to_be_bytes(); let mut rest = U256::from_u32(&e, 0); for i in 0u32..32 { let byte = \
         all.get(i).unwrap_or(0); rest = rest.shl(8).add(&U256::from_u32(&e, byte as u32)); } let max = \
         U256::from_be_bytes(&e, &Bytes::from_array(&e, &[0xFF; 32])); if max.sub(&rest).add(&n) >= n { \
         e.storage().persistent().set(&Key::Of(1), &rest); } e.storage().persistent().set(&Key::Wide(n), &1u32); } pub fn \
         mark(e: Env, n: U256) { let mut b = Bytes::from_array(&e, &[1]); b.push_back(2); \
         e.storage().persistent().set(&Key::Byte(b.get(1).unwrap()), &1u32); } }",
    );
    assert_eq!(contract.entries.iter().map(|entry| entry.unknowns.len()).sum::<usize>(), 0, "{:?}", contract.entries);
    assert_eq!(footprint(&contract, "split").len(), 2, "{:?}", footprint(&contract, "split"));
    // What was put into the bytes afterwards counts.
    let mark = footprint(&contract, "mark");
    assert!(mark.len() == 1 && mark[0].ends_with("[any]"), "{mark:?}");
}
