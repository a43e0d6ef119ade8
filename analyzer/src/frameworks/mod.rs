//! Frameworks: how each one declares entry points and names state. One file per framework (detection, entry points,
//! identity) and the tables in `models/`; everything else is the engine's.

pub(crate) mod anchor;
pub(crate) mod cosmwasm;
pub(crate) mod frame;
pub(crate) mod ink;
mod kit;
mod messages;
pub mod models;
pub(crate) mod near;
pub(crate) mod solana;
pub(crate) mod solana_native;
pub(crate) mod soroban;
pub(crate) mod stylus;

pub use crate::effects::Engine;
pub use kit::Facts;

use crate::effects::Footprints;
use crate::ir::hir::CrateId;
use crate::ir::{Cell, Contract, Entry, EntryKind, Reach, Span, Unknown, UnknownReason};

/// A framework. `docs/src/new-framework.md` adds one, step by step.
#[derive(Clone, Copy, Debug)]
pub struct Framework {
    /// Its id in manifests and on the command line.
    pub id: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Id of the chain model its contracts run under unless the user names another.
    pub chain: &'static str,
    /// What people call an entry point here.
    pub noun: &'static str,
    /// True when the crate is a contract of this framework.
    pub detect: fn(&Engine<'_>, CrateId) -> bool,
    /// Sets the engine up and finds the contracts of the crate.
    pub contracts: fn(&mut Engine<'_>, CrateId) -> Vec<Contract>,
}

/// The name of a parameter as callers see it: the mark of one that is not used is none of theirs.
pub(crate) fn unmarked(name: &str) -> &str {
    name.trim_start_matches('_')
}

/// A name that no entry point has yet: two of one name are two, told apart by a number.
fn distinct(entries: &[Entry], name: String) -> String {
    let taken = |name: &str| entries.iter().any(|known| known.name == name);
    if !taken(&name) {
        return name;
    }
    let numbered = (2..).map(|at| format!("{name}_{at}"));
    let mut free = numbered.filter(|name| !taken(name));
    free.next().unwrap_or(name)
}

/// Stands for entry points whose code nobody can see: whoever calls them may do anything.
fn not_seen(name: String, what: String, span: Span) -> Entry {
    let reason = UnknownReason::MissingDependency;
    let unknowns = vec![Unknown { reason, what, reach: Reach::Contract, span, via: Vec::new() }];
    Footprints { unknowns, ..Footprints::default() }.into_entry(name, EntryKind::Call, Vec::new(), span)
}

impl Framework {
    /// A contract with what the engine found. What it rests on is filled in when the analysis is over.
    pub(crate) fn contract(
        &self,
        engine: &Engine<'_>,
        krate: CrateId,
        name: String,
        cells: Vec<Cell>,
        entries: Vec<Entry>,
    ) -> Contract {
        let package = &engine.world.packages()[krate.0 as usize];
        Contract {
            name,
            package: package.name.clone(),
            package_version: package.version.clone(),
            framework: self.id.to_owned(),
            framework_title: self.title.to_owned(),
            chain: self.chain.to_owned(),
            entry_noun: self.noun.to_owned(),
            cells,
            entries,
            assumes: engine.assumes.iter().cloned().collect(),
            dependencies: String::new(),
            features: package.features.iter().cloned().collect(),
            models: Vec::new(),
            source_hash: String::new(),
        }
    }
}

/// All frameworks, in the order in which they are tried.
pub(crate) const ALL: &[Framework] = &[
    anchor::FRAMEWORK,
    solana_native::FRAMEWORK,
    cosmwasm::FRAMEWORK,
    soroban::FRAMEWORK,
    ink::FRAMEWORK,
    near::FRAMEWORK,
    frame::FRAMEWORK,
    stylus::FRAMEWORK,
];

/// Ids and names of all frameworks, in the order in which they are tried.
pub fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    ALL.iter().map(|framework| (framework.id, framework.title))
}
