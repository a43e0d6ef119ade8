//! What tests of whole contracts share: packages in memory or from `fixtures/`, and footprints as short lines.
#![allow(dead_code)]

use crosslane_analyzer::ir::{Access, Const, Contract, Mode, Reach, Term, path_text};
use crosslane_analyzer::source::{Package, PackageId, Sources};
use crosslane_analyzer::{Analysis, Options, analyze};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files of packages in memory, by package and path.
#[derive(Default)]
pub(crate) struct Memory {
    files: BTreeMap<(u32, String), Arc<str>>,
}

impl Sources for Memory {
    fn read(&self, package: PackageId, path: &str) -> Option<Arc<str>> {
        self.files.get(&(package.0, path.to_owned())).cloned()
    }
}

/// A package that depends on the CosmWasm crates, which are known by their tables only.
pub(crate) fn cosmwasm_package(name: &str) -> Package {
    let names = ["cosmwasm_std", "cw_storage_plus", "cosmwasm_schema"];
    Package {
        name: name.to_owned(),
        version: "0.1.0".to_owned(),
        crate_name: name.replace('-', "_"),
        root: "src/lib.rs".to_owned(),
        edition: 2021,
        missing: names.iter().map(|name| (*name).to_owned()).collect(),
        analysed: true,
        ..Package::default()
    }
}

/// Analyses files as the package `user`, whose dependencies are known by their tables only; nothing may be wrong with them.
pub(crate) fn analyse_files(files: Vec<(&str, String)>, missing: &[&str]) -> Analysis {
    let mut memory = Memory::default();
    for (path, text) in files {
        memory.files.insert((0, path.to_owned()), text.into());
    }
    let package = Package {
        name: "user".to_owned(),
        version: "0.1.0".to_owned(),
        crate_name: "user".to_owned(),
        root: "src/lib.rs".to_owned(),
        edition: 2021,
        missing: missing.iter().map(|name| (*name).to_owned()).collect(),
        analysed: true,
        ..Package::default()
    };
    let analysis = analyze(&memory, vec![package], &Options::default());
    assert!(analysis.problems.is_empty(), "{:?}", analysis.problems);
    analysis
}

/// Analyses one file as a CosmWasm contract.
pub(crate) fn analyse_text(text: &str) -> Analysis {
    let mut memory = Memory::default();
    memory.files.insert((0, "src/lib.rs".to_owned()), text.into());
    analyze(&memory, vec![cosmwasm_package("test-contract")], &Options::default())
}

/// Analyses one file, whatever it holds, whose dependencies are known by their tables only.
pub(crate) fn analyse_whatever(text: &str, missing: &[&str]) -> Analysis {
    let mut memory = Memory::default();
    memory.files.insert((0, "src/lib.rs".to_owned()), text.into());
    let missing = missing.iter().map(|name| (*name).to_owned()).collect();
    analyze(&memory, vec![Package { missing, ..cosmwasm_package("user") }], &Options::default())
}

/// Analyses a package under `fixtures/`.
pub(crate) fn analyse_fixture(folder: &str) -> Analysis {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(folder);
    let mut memory = Memory::default();
    add_files(&root, &root.join("src"), &mut memory);
    let name = folder.rsplit('/').next().unwrap_or(folder);
    analyze(&memory, vec![cosmwasm_package(&format!("fixture-{name}"))], &Options::default())
}

fn add_files(root: &Path, folder: &Path, memory: &mut Memory) {
    for entry in std::fs::read_dir(folder).expect("the fixture is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            add_files(root, &path, memory);
        } else {
            let relative = path.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
            let text = std::fs::read_to_string(&path).expect("text");
            memory.files.insert((0, relative), text.into());
        }
    }
}

/// A footprint as lines: `update BALANCES[caller]`, `? unresolved-call: x`, `> message contract`.
pub(crate) fn lines(analysis: &Analysis, entry: &str) -> Vec<String> {
    let contract = analysis.contracts.first().expect("a contract");
    let entry = contract.entries.iter().find(|known| known.name == entry).expect("the entry point");
    let mut lines: Vec<String> = entry.accesses.iter().map(|access| line(contract, access)).collect();
    lines.sort();
    lines.dedup();
    for unknown in &entry.unknowns {
        let reach = match unknown.reach {
            Reach::All => "all",
            Reach::Contract => "contract",
            Reach::Cell(_) => "cell",
        };
        lines.push(format!("? {}: {} ({reach})", unknown.reason.code(), unknown.what));
    }
    for external in &entry.externals {
        lines.push(format!("> {:?} {}", external.mode, term(contract, &external.target)).to_lowercase());
    }
    lines
}

fn line(contract: &Contract, access: &Access) -> String {
    let mode = match access.mode {
        Mode::Commute => {
            let op = access.op.as_ref().map_or("?", |op| op.name.as_str());
            format!("commute({op}{})", if access.bounds.is_empty() { "" } else { ", bounded" })
        }
        mode => format!("{mode:?}").to_lowercase(),
    };
    let keys: Vec<String> = access.key.iter().map(|part| term(contract, part)).collect();
    let key = if keys.is_empty() { String::new() } else { format!("[{}]", keys.join(", ")) };
    let field = access.field.as_ref().map(|field| format!(".{field}")).unwrap_or_default();
    format!("{mode} {}{key}{field}", contract.cell(access.cell).name)
}

fn term(contract: &Contract, part: &Term) -> String {
    match part {
        Term::Const(Const::Str(text)) => format!("{text:?}"),
        Term::Const(Const::Int(value)) => value.to_string(),
        Term::Const(value) => format!("{value:?}"),
        Term::Arg(path) => path_text(path),
        Term::Caller => "caller".to_owned(),
        Term::Origin => "origin".to_owned(),
        Term::SelfAddr => "self".to_owned(),
        Term::Env { name, .. } => name.clone(),
        Term::Account(name) => name.clone(),
        Term::Load { cell, key, field } => {
            let keys: Vec<String> = key.iter().map(|part| term(contract, part)).collect();
            let key = if keys.is_empty() { String::new() } else { format!("[{}]", keys.join(", ")) };
            let field: String = field.iter().map(|name| format!(".{name}")).collect();
            format!("load({}{key}{field})", contract.cell(*cell).name)
        }
        Term::Fn { name, of, .. } => {
            let of: Vec<String> = of.iter().map(|part| term(contract, part)).collect();
            format!("{name}({})", of.join(", "))
        }
        Term::Coalesce(_) => "coalesce".to_owned(),
        Term::Prefix(_) => "..".to_owned(),
        Term::Any => "any".to_owned(),
    }
}
