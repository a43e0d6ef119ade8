//! Frameworks: how each one declares entry points and names state. One file per framework (detection, entry points,
//! identity) and the tables in `models/`; everything else is the engine's.

pub(crate) mod anchor;
pub(crate) mod cosmwasm;
pub(crate) mod frame;
pub(crate) mod ink;
pub mod models;
pub(crate) mod near;
pub(crate) mod solana;
pub(crate) mod solana_native;
pub(crate) mod soroban;
pub(crate) mod stylus;

use crate::effects::Engine;
use crate::ir::Contract;
use crate::ir::hir::CrateId;

/// A framework.
pub(crate) struct Framework {
    /// Its id in manifests and on the command line.
    pub(crate) id: &'static str,
    /// Its name for people.
    pub(crate) title: &'static str,
    /// True when the crate is a contract of this framework.
    pub(crate) detect: fn(&Engine<'_>, CrateId) -> bool,
    /// Sets the engine up and finds the contracts of the crate.
    pub(crate) contracts: fn(&mut Engine<'_>, CrateId) -> Vec<Contract>,
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
