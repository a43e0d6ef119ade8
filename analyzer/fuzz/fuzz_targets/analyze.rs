//! Any text as the only file of a contract: the analysis ends, and says something or nothing.
#![no_main]

use std::sync::Arc;

use crosslane_analyzer::source::{Package, PackageId, Sources};
use crosslane_analyzer::{Options, analyze};
use libfuzzer_sys::fuzz_target;

struct One(Arc<str>);

impl Sources for One {
    fn read(&self, _: PackageId, path: &str) -> Option<Arc<str>> {
        (path == "src/lib.rs").then(|| self.0.clone())
    }
}

fuzz_target!(|text: &str| {
    let package = Package {
        name: "fuzzed".to_owned(),
        version: "0.1.0".to_owned(),
        crate_name: "fuzzed".to_owned(),
        root: "src/lib.rs".to_owned(),
        edition: 2021,
        missing: vec!["cosmwasm_std".to_owned(), "cw_storage_plus".to_owned()],
        analysed: true,
        ..Package::default()
    };
    let _ = analyze(&One(text.into()), vec![package], &Options::default());
});
