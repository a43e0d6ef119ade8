//! Packages made of hand-built contracts, for tests of renderings.

use std::path::PathBuf;

use crosslane_analyzer::Analysis;
use crosslane_analyzer::conflicts::samples::{self, Builder, touch};
use crosslane_analyzer::costs::Costs;
use crosslane_analyzer::diagnostics::*;
use crosslane_analyzer::ir::{Contract, Mode};
use crosslane_analyzer::ir::{SourceMap, Span};

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
    Unit {
        project,
        config: Config::default(),
        analysis: Analysis { contracts, ..Analysis::default() },
        costs: Costs::new(),
    }
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

/// A file with a line beyond ASCII, ended as on Windows, and two findings in it.
pub(crate) const TEXT: &str = "const TOTAL: Item<u64> = Item::new(\"total\"); // größe\r\n\r\n/* ключ */ TOTAL.update(deps.storage, |n| Ok(n + 1))?;\r\nTOTAL.load(deps.storage)?;\r\n";

/// The token with a file and findings.
pub(crate) fn with_findings() -> (Unit, Vec<Finding>) {
    let mut unit = token();
    let mut files = SourceMap::default();
    let file = files.add("token 1.0.0".into(), true, "src/lib.rs".into(), TEXT.into());
    let dependency = files.add("cw2 2.0.0".into(), false, "src/lib.rs".into(), "pub fn set() {}\n".into());
    let span = |text: &str, nth: usize| {
        let lo = TEXT.match_indices(text).nth(nth).map_or(0, |(at, _)| at) as u32;
        Span { file, lo, hi: lo + text.len() as u32 }
    };
    let update = span("TOTAL.update(deps.storage, |n| Ok(n + 1))", 0);
    let first = Finding {
        code: "XL101",
        name: "hot-counter",
        level: Level::Warn,
        message: "every `transfer` adds one to `TOTAL`".to_owned(),
        contract: "token".to_owned(),
        entries: vec!["execute::transfer".to_owned(), "execute::burn".to_owned()],
        cell: Some("TOKEN_INFO".to_owned()),
        primary: Label { span: update, text: "counts up".to_owned() },
        secondary: vec![
            Label { span: span("Item::new(\"total\")", 0), text: "stored here".to_owned() },
            Label { span: Span { file: dependency, lo: 0, hi: 12 }, text: String::new() },
        ],
        notes: vec![
            Note { kind: NoteKind::EffectToday, text: "gas".to_owned() },
            Note { kind: NoteKind::Checked, text: "0 unknown calls,\nin 2 messages".to_owned() },
        ],
        fix: Some(Fix {
            title: "remove the counter".to_owned(),
            edits: vec![Edit { span: Span { hi: update.hi + 2, ..update }, replacement: String::new() }],
            safety: Safety::Safe,
            upgrade: Upgrade::NoOp,
        }),
        price: Some(Price { text: "2,000 gas a call".to_owned(), source: "SDK default, 2026-08".to_owned() }),
        aside: None,
    };
    let second = Finding {
        code: "XL904",
        name: "stale-manifest",
        level: Level::Deny,
        message: "crosslane.json is not what the code says".to_owned(),
        entries: Vec::new(),
        cell: None,
        primary: Label { span: Span::NONE, text: String::new() },
        secondary: Vec::new(),
        notes: Vec::new(),
        fix: None,
        price: None,
        ..first.clone()
    };
    unit.analysis.files = files;
    (unit, vec![first, second])
}
