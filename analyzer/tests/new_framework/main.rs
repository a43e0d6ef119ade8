//! `docs/src/new-framework.md` adds a framework that nobody built in. This test does what the page says with what stands
//! on the page: its table, its code (which is the file beside this one), its contract, and what comes of them.
//! `UPDATE_DOCS=1` writes the blocks that are outputs or copies.

#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod tally;

use crosslane_analyzer::manifest::{BuildOptions, build};
use crosslane_analyzer::source::{Package, PackageId, Sources, parse_model};
use crosslane_analyzer::{Analysis, Options, analyze, ir};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

fn page_path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/src/new-framework.md")
}

/// The page as it was when the tests began: `UPDATE_DOCS` writes it while others read.
fn page() -> &'static str {
    static PAGE: OnceLock<String> = OnceLock::new();
    PAGE.get_or_init(|| std::fs::read_to_string(page_path()).unwrap())
}

/// The text between the fences of the block with these words.
fn block(page: &str, words: &str) -> String {
    let start = format!("```{words}\n");
    let from = page.find(&start).unwrap_or_else(|| panic!("the page has no block {words}")) + start.len();
    let to = page[from..].find("```").unwrap();
    page[from..from + to].to_owned()
}

/// The block is this text, or becomes it.
fn check(words: &str, text: &str) {
    let page = std::fs::read_to_string(page_path()).unwrap();
    let old = block(&page, words);
    if old != text && std::env::var_os("UPDATE_DOCS").is_some() {
        let fence = format!("```{words}\n");
        let page = page.replacen(&format!("{fence}{old}```"), &format!("{fence}{text}```"), 1);
        std::fs::write(page_path(), page).unwrap();
        return;
    }
    assert_eq!(old, text, "block {words} of docs/src/new-framework.md (UPDATE_DOCS=1 writes it)");
}

struct OneFile(Arc<str>);

impl Sources for OneFile {
    fn read(&self, _: PackageId, path: &str) -> Option<Arc<str>> {
        (path == "src/lib.rs").then(|| self.0.clone())
    }
}

/// The page's contract, analysed with the page's table and the framework.
fn analysis(options: &Options) -> Analysis {
    let package = Package {
        name: "points".to_owned(),
        version: "1.0.0".to_owned(),
        crate_name: "points".to_owned(),
        root: "src/lib.rs".to_owned(),
        edition: 2021,
        missing: vec!["tally".to_owned()],
        analysed: true,
        ..Package::default()
    };
    analyze(&OneFile(block(page(), "rust,contract").into()), vec![package], options)
}

fn with_tally() -> Analysis {
    let options = Options {
        models: vec![parse_model("tally.toml", &block(page(), "toml,table")).unwrap()],
        frameworks: vec![tally::FRAMEWORK],
        ..Options::default()
    };
    let analysis = analysis(&options);
    assert!(analysis.problems.is_empty(), "{:?}", analysis.problems);
    analysis
}

/// One test for all blocks, because `UPDATE_DOCS` writes them one after the other.
#[test]
fn the_page_says_what_comes_of_it() {
    check("rust,framework", include_str!("tally.rs"));
    let analysis = with_tally();
    let [contract] = analysis.contracts.as_slice() else { panic!("one contract") };
    assert_eq!((contract.framework.as_str(), contract.chain.as_str()), ("tally", "keyed"));
    let mut footprints = String::new();
    for entry in &contract.entries {
        let callers = match &entry.callers {
            ir::Callers::Anyone => String::new(),
            ir::Callers::Some => " (some)".to_owned(),
            ir::Callers::Role(role) | ir::Callers::Address(role) => format!(" ({role})"),
        };
        footprints += &format!("{}{callers}\n", entry.name);
        footprints.extend(common::lines(&analysis, &entry.name).iter().map(|line| format!("    {line}\n")));
    }
    check("text,footprints", &footprints);
    let mut classes = String::new();
    for entry in &build(&analysis, &BuildOptions::default()).contracts[0].entries {
        let class = serde_json::to_string(&entry.class).unwrap();
        classes += &format!("{}: {class}\n", entry.name);
    }
    check("text,classes", &classes);
}

/// Without the table nothing is known of the library, and the footprints say so; without the framework nothing is found.
#[test]
fn what_is_left_out_is_seen() {
    let blind = analysis(&Options { frameworks: vec![tally::FRAMEWORK], ..Options::default() });
    let entries = &blind.contracts[0].entries;
    assert!(entries.iter().all(|entry| !entry.unknowns.is_empty()), "calls into a library nobody described");
    assert!(analysis(&Options::default()).contracts.is_empty());
}
