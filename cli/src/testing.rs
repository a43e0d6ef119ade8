//! Packages made of hand-built contracts, for tests of renderings.

use std::path::PathBuf;

use crosslane_analyzer::Analysis;
use crosslane_analyzer::conflicts::samples::{self, Builder, touch};
use crosslane_analyzer::ir::{Contract, Mode};

use crate::config::Config;
use crate::project::{DiskSources, Project};
use crate::session::Unit;

/// A package with these contracts and no files.
pub(crate) fn unit(contracts: Vec<Contract>) -> Unit {
    let project = Project {
        name: "token".to_owned(),
        version: "1.0.0".to_owned(),
        dir: PathBuf::from("/contracts/token"),
        workspace: PathBuf::from("/contracts"),
        packages: Vec::new(),
        sources: DiskSources::default(),
        how: String::new(),
        missing: Vec::new(),
        missing_below: 0,
    };
    Unit { project, config: Config::default(), analysis: Analysis { contracts, ..Analysis::default() } }
}

/// The token of the samples.
pub(crate) fn token() -> Unit {
    unit(vec![samples::token()])
}

/// A contract of many messages with long names that all write one cell.
pub(crate) fn wide(n: usize) -> Unit {
    let mut builder = Builder::new("wide", "keyed");
    let cell = builder.cell("STATE", &[], crosslane_analyzer::ir::Type::Uint(64));
    for at in 0..n {
        builder.entry(&format!("execute::message_number_{at}"), &[], vec![touch(Mode::Update, cell, &[])]);
    }
    unit(vec![builder.finish()])
}
