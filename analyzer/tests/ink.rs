//! The ink! fixture: messages, constructors and traits, the root record and what lies outside it, and what receivers do
//! not tell.

#![allow(clippy::unwrap_used)]

mod common;

use common::analyse_files;
use crosslane_analyzer::ir::{Callers, Contract, Entry, EntryKind, Step, Term};

fn contract_of(files: Vec<(&'static str, String)>) -> Contract {
    let analysis = analyse_files(files, &["ink"]);
    analysis.contracts.into_iter().next().unwrap()
}

fn fixture() -> Contract {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/ink/token/src");
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    contract_of(vec![("src/lib.rs", read("lib.rs")), ("src/ledger.rs", read("ledger.rs"))])
}

/// A contract with this storage struct and these functions.
fn text(fields: &str, functions: &str) -> Contract {
    let text = format!(
        "#[ink::contract] mod c {{ use ink::storage::{{Lazy, Mapping, StorageVec}}; use ink::prelude::vec::Vec;
         #[ink(storage)] pub struct C {{ {fields} }} impl C {{ {functions} }} }}"
    );
    contract_of(vec![("src/lib.rs", text)])
}

fn term(contract: &Contract, value: &Term) -> String {
    match value {
        Term::Arg(path) => path
            .iter()
            .map(|step| match step {
                Step::Field(name) => name.clone(),
                other => format!("{other:?}"),
            })
            .collect::<Vec<_>>()
            .join("."),
        Term::Load { cell, .. } => format!("load {}", contract.cells[cell.0 as usize].name),
        Term::Coalesce(parts) => term(contract, &parts[0]),
        Term::Fn { name, of, .. } => format!("{name}({})", term(contract, &of[0])),
        Term::Caller => "caller".to_owned(),
        Term::Any => "any".to_owned(),
        other => format!("{other:?}"),
    }
}

fn entry<'a>(contract: &'a Contract, name: &str) -> &'a Entry {
    contract.entries.iter().find(|entry| entry.name == name).unwrap_or_else(|| panic!("no {name}"))
}

/// `mode cell[key]`, the root included; calls out and unknowns after it.
fn footprint(contract: &Contract, name: &str) -> Vec<String> {
    let entry = entry(contract, name);
    let mut lines: Vec<String> = Vec::new();
    for access in &entry.accesses {
        let cell = &contract.cells[access.cell.0 as usize].name;
        let key: Vec<String> = access.key.iter().map(|part| term(contract, part)).collect();
        let key = if key.is_empty() { String::new() } else { format!("[{}]", key.join(", ")) };
        lines.push(format!("{} {cell}{key}", format!("{:?}", access.mode).to_lowercase()));
    }
    for external in &entry.externals {
        lines.push(format!("out {}", term(contract, &external.target)));
    }
    lines.extend(entry.unknowns.iter().map(|unknown| format!("unknown {}", unknown.reason.code())));
    lines.sort();
    lines.dedup();
    lines
}

#[test]
fn entry_points_are_labelled_as_in_metadata() {
    let contract = fixture();
    let names: Vec<(&str, EntryKind)> =
        contract.entries.iter().map(|entry| (entry.name.as_str(), entry.kind)).collect();
    use EntryKind::{Call, Init, View};
    let expected = [
        ("new", Init),
        ("total_supply", View),
        ("approve", Call),
        ("mint", Call),
        ("rename", Call),
        ("annotate", Call),
        ("record", Call),
        ("last", View),
        ("forget", View),
        ("pause_for", Call),
        ("forward", Call),
        ("upgrade", Call),
        ("Fungible::transfer", Call),
        ("Fungible::balance_of", View),
    ];
    assert_eq!(names, expected);
    assert_eq!((contract.framework.as_str(), contract.chain.as_str()), ("ink", "keyed"));
}

#[test]
fn packed_fields_are_parts_of_the_root() {
    let contract = fixture();
    let inside: Vec<&str> = contract
        .cells
        .iter()
        .filter(|cell| !cell.implicit && cell.unit.id == "<root>")
        .map(|cell| cell.name.as_str())
        .collect();
    assert_eq!(inside, ["ledger.supply", "owner", "paused", "names"]);
    let mut outside: Vec<&str> = contract
        .cells
        .iter()
        .filter(|cell| !cell.implicit && cell.unit.id == "own")
        .map(|cell| cell.name.as_str())
        .collect();
    outside.sort_unstable();
    assert_eq!(outside, ["allowances", "ledger.balances", "log", "log.len", "note"]);
}

#[test]
fn footprints() {
    let contract = fixture();
    let expected: &[(&str, &[&str])] = &[
        // Containers made in the constructor are the fields they end up in.
        (
            "new",
            &[
                "write <root>",
                "write allowances[caller, caller]",
                "write ledger.balances[caller]",
                "write ledger.supply",
                "write names",
                "write owner",
                "write paused",
            ],
        ),
        ("total_supply", &["read <root>", "read ledger.supply"]),
        ("approve", &["rewrite <root>", "write allowances[caller, spender]"]),
        ("mint", &["commute ledger.supply", "commute ledger.balances[to]", "read owner", "update <root>"]),
        ("rename", &["read owner", "update <root>", "write names"]),
        ("annotate", &["rewrite <root>", "write note"]),
        ("record", &["rewrite <root>", "update log.len", "write log[load log.len]"]),
        ("last", &["read <root>", "read log.len", "read log[sub(load log.len)]"]),
        // A view by its receiver that changes state.
        ("forget", &["delete ledger.balances[who]", "read <root>"]),
        ("pause_for", &["update <root>", "write paused"]),
        ("forward", &["commute <balance>[SelfAddr]", "commute <balance>[caller]", "out target", "rewrite <root>"]),
        ("upgrade", &["read owner", "unknown unsupported", "update <root>"]),
        ("Fungible::transfer", &["rewrite <root>", "commute ledger.balances[caller]", "commute ledger.balances[to]"]),
        ("Fungible::balance_of", &["read <root>", "read ledger.balances[who]"]),
    ];
    for (name, lines) in expected {
        let mut lines: Vec<&str> = lines.to_vec();
        lines.sort_unstable();
        assert_eq!(footprint(&contract, name), lines, "{name}");
    }
}

#[test]
fn guards_name_the_owner() {
    let contract = fixture();
    assert_eq!(entry(&contract, "rename").callers, Callers::Address("owner".to_owned()));
    assert_eq!(entry(&contract, "mint").callers, Callers::Address("owner".to_owned()));
    assert_eq!(entry(&contract, "approve").callers, Callers::Anyone);
}

#[test]
fn a_packed_value_is_read_where_it_matters_unsound() {
    let contract = text(
        "a: u32, b: u32, flags: Vec<bool>, m: Mapping<u32, u32>",
        "#[ink(message)] pub fn key(&mut self) { let at = self.a; self.m.insert(at, &1); }
         #[ink(message)] pub fn copy(&mut self) { self.b = self.a; }
         #[ink(message)] pub fn swap(&mut self) { core::mem::swap(&mut self.a, &mut self.b); }
         #[ink(message)] pub fn bound(&mut self, x: u32) { assert!(self.a.checked_sub(x).is_some()); }
         #[ink(message)] pub fn push(&mut self) { self.flags.push(true); }
         #[ink(message)] pub fn through(&mut self) { let b = &mut self.b; Self::bump(b); }
         #[ink(message)] pub fn whole(&mut self) { let old = self.a; *self = Self { a: old + 1, b: 7, flags: Vec::new(), m: Mapping::new() }; }
         #[ink(message)] pub fn looped(&mut self) { for x in 0..3 { self.b += x; } self.m.insert(self.a, &2); }
         fn bump(x: &mut u32) { *x = 5; }",
    );
    assert_eq!(footprint(&contract, "key"), ["read a", "rewrite <root>", "write m[load a]"]);
    assert_eq!(footprint(&contract, "copy"), ["read a", "update <root>", "write b"]);
    assert_eq!(footprint(&contract, "swap"), ["update <root>", "update a", "update b"]);
    assert_eq!(footprint(&contract, "bound"), ["read a", "rewrite <root>"]);
    assert_eq!(footprint(&contract, "push"), ["update <root>", "update flags"]);
    assert_eq!(footprint(&contract, "through"), ["update <root>", "write b"]);
    let whole = footprint(&contract, "whole");
    assert!(whole.contains(&"commute a".to_owned()) || whole.contains(&"update a".to_owned()), "{whole:?}");
    assert!(whole.contains(&"write b".to_owned()) && whole.contains(&"write flags".to_owned()), "{whole:?}");
    // A loop that changes one part does not forget the others.
    let looped = footprint(&contract, "looped");
    assert!(looped.contains(&"write m[load a]".to_owned()) && looped.contains(&"update b".to_owned()), "{looped:?}");
}

#[test]
fn what_a_write_gives_back_is_a_read_only_if_used() {
    let contract = text(
        "m: Mapping<u32, u32>",
        "#[ink(message)] pub fn blind(&mut self, k: u32) { self.m.insert(k, &1); }
         #[ink(message)] pub fn seen(&mut self, k: u32) -> bool { self.m.insert(k, &1).is_none() }",
    );
    assert_eq!(footprint(&contract, "blind"), ["rewrite <root>", "write m[k]"]);
    assert_eq!(footprint(&contract, "seen"), ["rewrite <root>", "update m[k]"]);
}

#[test]
fn a_container_of_no_known_place_is_unknown() {
    let contract = text(
        "m: Mapping<u32, u32>",
        "#[ink(message)] pub fn stray(&mut self, k: u32) { let mut other: Mapping<u32, u32> = Mapping::new(); other.insert(k, &1); }",
    );
    assert_eq!(footprint(&contract, "stray"), ["unknown unknown-cell", "update <root>"]);
}
