//! What an analysis rests on: which dependencies were there to be read, which tables stand for SDKs, what text was read.

use super::World;
use crate::ir::hir::CrateId;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What a contract's manifest says about where it came from.
pub(crate) struct Provenance {
    /// `all`, `partial` or `none`: which of the dependencies that no table describes were there.
    pub(crate) dependencies: &'static str,
    /// Tables used, by crate and the version that was found (`cw_storage_plus 2.0.0`), sorted.
    pub(crate) models: Vec<String>,
    /// True when a table says that what it does not list is free of effects.
    pub(crate) trusts_tables: bool,
    /// SHA-256, in hexadecimal, of the package's own files that were read and of the names and versions of everything it
    /// depends on. The version of a registry package stands for its text.
    pub(crate) source_hash: String,
}

impl World<'_> {
    /// What the analysis of one package rests on. To be asked when the analysis is over.
    pub(crate) fn provenance(&self, krate: CrateId) -> Provenance {
        let mut reached = BTreeSet::from([krate.0]);
        let mut open = vec![krate.0];
        let mut missing = BTreeSet::new();
        let mut models = BTreeSet::new();
        let mut read = 0;
        let mut trusts_tables = false;
        while let Some(at) = open.pop() {
            let Some(package) = self.packages.get(at as usize) else { continue };
            let model = self.models.iter().find(|model| model.is_named(&package.crate_name));
            if let Some(model) = model.filter(|_| at != krate.0) {
                models.insert(format!("{} {}", package.crate_name, package.version));
                trusts_tables |= model.pure;
                continue;
            }
            read += 1;
            for name in &package.missing {
                match self.models.iter().find(|model| model.is_named(name)) {
                    Some(model) => {
                        models.insert(name.clone());
                        trusts_tables |= model.pure;
                    }
                    None => {
                        missing.insert(name.clone());
                    }
                }
            }
            for (_, dep) in &package.deps {
                if reached.insert(dep.0) {
                    open.push(dep.0);
                }
            }
        }
        let dependencies = match (missing.is_empty(), read > 1) {
            (true, _) => "all",
            (false, true) => "partial",
            (false, false) => "none",
        };
        Provenance {
            dependencies,
            models: models.into_iter().collect(),
            trusts_tables,
            source_hash: self.hash(krate, &reached),
        }
    }

    fn hash(&self, krate: CrateId, reached: &BTreeSet<u32>) -> String {
        let mut parts: Vec<(String, String)> = Vec::new();
        for package in reached.iter().filter_map(|at| self.packages.get(*at as usize)) {
            parts.push((format!("package {}", package.name), package.version.clone()));
        }
        let files = self.files.borrow();
        for (_, file) in files.of_package(krate.0) {
            parts.push((format!("file {}", file.path), file.text.to_string()));
        }
        parts.sort();
        let mut hash = Sha256::new();
        for (name, text) in parts {
            for part in [name, text] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part.as_bytes());
            }
        }
        hash.finalize().iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}
