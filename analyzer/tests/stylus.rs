//! The Stylus fixture: entry points, cells, keys, slots, calls out and what must stay unknown.

#![allow(clippy::unwrap_used)]

mod common;

use common::analyse_files;
use crosslane_analyzer::ir::{Callers, Contract, Entry, EntryKind, Mode, Reach, Slot, SlotStep, Step, Term};

fn contract_of(text: &str) -> Contract {
    let analysis =
        analyse_files(vec![("src/lib.rs", text.to_owned())], &["stylus_sdk", "alloy_primitives", "alloy_sol_types"]);
    analysis.contracts.into_iter().next().unwrap()
}

/// A contract with these fields, in the notation of `sol_storage!`, and these functions.
fn with(fields: &str, functions: &str) -> Contract {
    contract_of(&format!(
        "use alloy_primitives::{{Address, U256, U64, U128}};\nuse stylus_sdk::prelude::*;\n\
         sol_storage! {{ #[entrypoint] pub struct C {{ {fields} }} }}\n#[public]\nimpl C {{ {functions} }}"
    ))
}

fn fixture() -> Contract {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/stylus/token/src/lib.rs");
    contract_of(&std::fs::read_to_string(file).unwrap())
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
        Term::Caller => "caller".to_owned(),
        Term::SelfAddr => "self".to_owned(),
        Term::Any => "any".to_owned(),
        Term::Const(value) => format!("{value:?}"),
        Term::Load { .. } => "load".to_owned(),
        Term::Fn { name, of, .. } => format!("{name}({})", of.iter().map(self::term).collect::<Vec<_>>().join(", ")),
        other => format!("{other:?}"),
    }
}

fn entry<'a>(contract: &'a Contract, name: &str) -> &'a Entry {
    contract.entries.iter().find(|entry| entry.name == name).unwrap()
}

/// `mode cell[key]` of every access that a line of the contract makes.
fn accesses(contract: &Contract, name: &str) -> Vec<String> {
    let found = entry(contract, name);
    let mut all: Vec<String> = found
        .accesses
        .iter()
        .filter(|access| !access.implicit)
        .map(|access| {
            let key = access.key.iter().map(term).collect::<Vec<_>>().join(", ");
            let mode = format!("{:?}", access.mode).to_lowercase();
            let cell = &contract.cell(access.cell).name;
            if key.is_empty() { format!("{mode} {cell}") } else { format!("{mode} {cell}[{key}]") }
        })
        .collect();
    all.sort();
    all
}

fn slot<'a>(contract: &'a Contract, cell: &str) -> &'a Slot {
    let cell = contract.cells.iter().find(|known| known.name == cell).unwrap();
    cell.storage.slot.as_ref().unwrap()
}

/// `slot[+..]@offset/bytes`, with steps in a short form.
fn place(contract: &Contract, cell: &str) -> String {
    let slot = slot(contract, cell);
    let steps: String = slot
        .steps
        .iter()
        .map(|step| match step {
            SlotStep::Add(more) => format!(" +{more}"),
            SlotStep::Map { key } => format!(" {key:?}").to_lowercase(),
            SlotStep::Data => " data".to_owned(),
            SlotStep::Index { bytes, slots } => format!(" [{bytes}x{slots}]"),
        })
        .collect();
    format!("{}{steps} @{}/{}", slot.start, slot.offset, slot.bytes)
}

#[test]
fn entry_points_and_kinds() {
    let contract = fixture();
    let names: Vec<(&str, EntryKind)> =
        contract.entries.iter().map(|entry| (entry.name.as_str(), entry.kind)).collect();
    assert_eq!(
        names,
        [
            ("constructor", EntryKind::Init),
            ("mint", EntryKind::Call),
            ("set_paused", EntryKind::Call),
            ("holder", EntryKind::View),
            ("visit", EntryKind::Call),
            ("donate", EntryKind::Call),
            ("pay", EntryKind::Call),
            ("tell", EntryKind::Call),
            ("name", EntryKind::View),
            ("version", EntryKind::View),
            ("receive", EntryKind::Call),
            ("fallback", EntryKind::Call),
            ("balance_of", EntryKind::View),
            ("allowance", EntryKind::View),
            ("total_supply", EntryKind::View),
            ("transfer", EntryKind::Call),
            ("approve", EntryKind::Call),
            ("transfer_from", EntryKind::Call),
        ]
    );
    assert!(
        contract.entries.iter().all(|entry| entry.unknowns.is_empty()),
        "{:?}",
        contract.entries.iter().flat_map(|entry| &entry.unknowns).collect::<Vec<_>>()
    );
    assert_eq!(entry(&contract, "mint").callers, Callers::Address("owner".into()));
}

#[test]
fn cells_and_keys() {
    let contract = fixture();
    let of = |name: &str| accesses(&contract, name);
    assert_eq!(of("balance_of"), ["read ledger.balances[account]"]);
    assert_eq!(of("allowance"), ["read ledger.allowances[owner, spender]"]);
    assert_eq!(of("total_supply"), ["read ledger.supply"]);
    assert_eq!(of("transfer"), ["update ledger.balances[caller]", "update ledger.balances[to]"]);
    assert_eq!(of("approve"), ["write ledger.allowances[caller, spender]"]);
    assert_eq!(
        of("transfer_from"),
        ["update ledger.allowances[from, caller]", "update ledger.balances[from]", "update ledger.balances[to]"]
    );
    assert_eq!(
        of("mint"),
        [
            "commute ledger.balances[to]",
            "commute ledger.supply",
            "commute mints",
            "read owner",
            "update holders.len",
            "update holders[load]"
        ]
    );
    assert_eq!(of("holder"), ["read holders.len", "read holders[index]"]);
    assert_eq!(
        of("visit"),
        [
            "read accounts.flags.len[caller]",
            "update accounts.flags[caller, word(flag, Int(32))]",
            "update accounts.last[caller]"
        ]
    );
    assert_eq!(of("set_paused"), ["read owner", "update paused"]);
    assert!(of("version").is_empty() && of("fallback").is_empty());
}

#[test]
fn slots_of_the_fixture() {
    let contract = fixture();
    assert_eq!(place(&contract, "ledger.balances"), "0 number @0/32");
    assert_eq!(place(&contract, "ledger.allowances"), "0 +1 number number @0/32");
    assert_eq!(place(&contract, "ledger.supply"), "0 +2 @0/32");
    assert_eq!(place(&contract, "owner"), "0 +3 @0/20");
    assert_eq!(place(&contract, "paused"), "0 +3 @20/1");
    assert_eq!(place(&contract, "mints"), "0 +3 @21/8");
    assert_eq!(place(&contract, "holders.len"), "0 +4 @0/32");
    assert_eq!(place(&contract, "holders"), "0 +4 data [20x1] @0/20");
    assert_eq!(place(&contract, "accounts.last"), "0 +5 number @16/16");
    assert_eq!(place(&contract, "accounts.flags.len"), "0 +5 number +1 @0/32");
    assert_eq!(place(&contract, "name"), "0 +6 @0/32");
    let unit = |name: &str| contract.cells.iter().find(|cell| cell.name == name).unwrap().unit.id.clone();
    assert_eq!(unit("owner"), "slot 3");
    assert_eq!((unit("paused"), unit("mints")), ("slot 3".into(), "slot 3".into()));
    assert_eq!(unit("ledger.supply"), "own");
}

#[test]
fn money_and_calls_out() {
    let contract = fixture();
    let balances = |name: &str| {
        let all =
            entry(&contract, name).accesses.iter().filter(|access| contract.cell(access.cell).name == "<balance>");
        all.map(|access| format!("{:?} {}", access.mode, term(&access.key[0]))).collect::<Vec<_>>()
    };
    assert_eq!(balances("donate"), ["Commute caller", "Commute self"]);
    assert_eq!(balances("receive"), ["Commute caller", "Commute self"]);
    assert_eq!(balances("pay"), ["Update to", "Update self"]);
    assert!(balances("transfer").is_empty());
    let external = &entry(&contract, "tell").externals;
    assert_eq!(external.len(), 1);
    assert_eq!((term(&external[0].target), external[0].entry.as_deref()), ("hook".into(), Some("on_received")));
}

#[test]
fn a_trait_that_is_not_listed_is_not_exported() {
    let text = |list: &str| {
        format!(
            "use alloy_primitives::U256; use stylus_sdk::{{prelude::*, storage::*}};
             #[entrypoint] #[storage] pub struct C {{ a: StorageU256 }}
             #[public] pub trait IA {{ fn a(&self) -> U256; }}
             #[public] {list} impl C {{ fn b(&mut self) {{ self.a.set(U256::from(1)); }} }}
             #[public] impl IA for C {{ fn a(&self) -> U256 {{ self.a.get() }} }}"
        )
    };
    let names = |text: &str| contract_of(text).entries.iter().map(|entry| entry.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&text("")), ["b"]);
    assert_eq!(names(&text("#[implements(IA)]")), ["b", "a"]);
}

#[test]
fn a_storage_type_of_code_that_is_not_there_is_unknown_unsound() {
    let contract = contract_of(
        "use alloy_primitives::U256; use stylus_sdk::{prelude::*, storage::*}; use elsewhere::Ledger;
         #[entrypoint] #[storage] pub struct C { a: StorageU256, l: Ledger, b: StorageBool, d: StorageU256 }
         #[public] impl C { fn f(&mut self) { self.l.mint(); } fn g(&mut self) { self.b.set(true); } fn h(&mut self) { self.d.set(U256::ZERO); } fn i(&self) -> U256 { self.a.get() } }",
    );
    assert!(!entry(&contract, "f").unknowns.is_empty());
    assert!(entry(&contract, "g").unknowns.is_empty());
    // What lies behind has no known place, and may share a slot.
    let cell = |name: &str| contract.cells.iter().find(|cell| cell.name == name).unwrap();
    assert!(cell("b").storage.slot.is_none() && cell("a").storage.slot.is_some());
    assert_eq!(cell("b").unit, cell("d").unit);
}

#[test]
fn two_guards_of_one_map() {
    let contract = with(
        "mapping(address => uint256) m; mapping(address => uint256) n;",
        "fn f(&mut self, a: Address, b: Address, first: bool) { let mut x = if first { self.m.setter(a) } else { self.m.setter(b) }; x.set(U256::from(1)); }
         fn g(&mut self, a: Address, first: bool) { let mut x = if first { self.m.setter(a) } else { self.n.setter(a) }; x.set(U256::from(1)); }",
    );
    assert_eq!(accesses(&contract, "f"), ["write m[a]", "write m[b]"]);
    // Which of two places is meant is not known: both, or an unknown.
    let g = accesses(&contract, "g");
    assert!(g == ["write m[a]", "write n[a]"] || !entry(&contract, "g").unknowns.is_empty(), "{g:?}");
}

#[test]
fn erasing_a_struct_touches_its_fields_unsound() {
    let contract = contract_of(
        "use alloy_primitives::{Address, U256}; use stylus_sdk::{prelude::*, storage::*};
         #[derive(Erase)] #[storage] pub struct P { a: StorageU256, b: StorageBool, s: StorageVec<StorageU256> }
         #[entrypoint] #[storage] pub struct C { m: StorageMap<Address, P> }
         #[public] impl C { fn f(&mut self, k: Address) { self.m.delete(k); } }",
    );
    let found = accesses(&contract, "f");
    assert!(
        ["m.a[k]", "m.b[k]", "m.s.len[k]"].iter().all(|cell| found.iter().any(|access| access.ends_with(cell))),
        "{found:?}"
    );
    assert!(found.iter().any(|access| access.contains("m.s[k")), "{found:?}");
}

#[test]
fn modes_of_narrow_values() {
    let contract =
        with("uint64 a; uint256 b;", "fn f(&mut self) { self.a.set(U64::from(1)); self.b.set(U256::from(1)); }");
    let mode = |name: &str| {
        let access =
            entry(&contract, "f").accesses.iter().find(|access| contract.cell(access.cell).name == name).unwrap();
        access.mode
    };
    assert_eq!((mode("a"), mode("b")), (Mode::Update, Mode::Write));
}

#[test]
fn foreign_code_on_own_storage_is_unknown_unsound() {
    let contract = with(
        "uint256 a;",
        "pub fn run(&mut self, to: Address, data: Vec<u8>) -> Result<Vec<u8>, Vec<u8>> { unsafe { Ok(self.vm().delegate_call(self, to, &data)?) } }\n\
         pub fn ask(&self, to: Address, data: Vec<u8>) -> Result<Vec<u8>, Vec<u8>> { Ok(self.vm().static_call(self, to, &data)?) }",
    );
    let reaches = |name: &str| entry(&contract, name).unknowns.iter().any(|one| one.reach == Reach::Contract);
    assert!(reaches("run"));
    assert!(!reaches("ask"), "{:?}", entry(&contract, "ask").unknowns);
}

/// Lists of the exported that cannot be followed are entry points nobody sees, not nothing.
#[test]
fn lists_that_cannot_be_followed_are_unknown_unsound() {
    let lost = |attribute: &str| {
        let contract = contract_of(&format!(
            "use stylus_sdk::prelude::*; sol_storage! {{ #[entrypoint] pub struct C {{ uint256 a; }} }}
             #[public] {attribute} impl C {{ pub fn go(&self) {{}} }}"
        ));
        contract.entries.iter().any(|entry| !entry.unknowns.is_empty())
    };
    assert!(lost("#[inherit(Missing)]"));
    assert!(lost("#[implements(IMissing)]"));
    assert!(!lost(""));
}
