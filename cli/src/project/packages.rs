//! The analyzer's input types, until `crosslane_analyzer::source` has them.
#![allow(missing_docs, dead_code)]
use std::collections::BTreeSet;
use std::sync::Arc;
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PackageId(pub(crate) u32);
pub(crate) trait Sources: Sync {
    fn read(&self, package: PackageId, path: &str) -> Option<Arc<str>>;
}
#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) crate_name: String,
    pub(crate) root: String,
    pub(crate) edition: u16,
    pub(crate) features: BTreeSet<String>,
    pub(crate) deps: Vec<(String, PackageId)>,
    pub(crate) missing: Vec<String>,
    pub(crate) analysed: bool,
}
