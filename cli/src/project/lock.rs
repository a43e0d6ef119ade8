//! `Cargo.lock`: which version of each dependency was chosen.

use std::collections::BTreeMap;
use std::path::Path;

use semver::Version;
use toml::{Table, Value};

/// The packages of a lock file.
#[derive(Debug, Default)]
pub(crate) struct Lock {
    packages: BTreeMap<String, Vec<Locked>>,
}

/// One package of a lock file.
#[derive(Debug)]
pub(crate) struct Locked {
    /// Version chosen.
    pub(crate) version: Version,
    /// Revision, for git sources.
    pub(crate) rev: Option<String>,
    /// Dependencies as (name, version if ambiguous).
    dependencies: Vec<(String, Option<Version>)>,
}

impl Lock {
    /// Understands a lock file; a broken one is as good as none.
    pub(crate) fn load(path: &Path) -> Option<Lock> {
        let text = super::read::read_regular(path).ok()??;
        let table = text.parse::<Table>().ok()?;
        let mut lock = Lock::default();
        for package in table.get("package")?.as_array()? {
            let text = |key: &str| package.get(key).and_then(Value::as_str);
            let (Some(name), Some(version)) = (text("name"), text("version").and_then(|v| Version::parse(v).ok()))
            else {
                continue;
            };
            let rev = text("source")
                .filter(|source| source.starts_with("git+"))
                .and_then(|source| source.rsplit_once('#'))
                .map(|(_, rev)| rev.to_owned());
            let dependencies = package
                .get("dependencies")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(|dependency| {
                    let mut words = dependency.as_str()?.split(' ');
                    Some((words.next()?.to_owned(), words.next().and_then(|version| Version::parse(version).ok())))
                })
                .collect();
            lock.packages.entry(name.to_owned()).or_default().push(Locked { version, rev, dependencies });
        }
        Some(lock)
    }

    /// What `parent` uses for `name`, if the file says so.
    pub(crate) fn choice(&self, parent: (&str, &Version), name: &str) -> Option<&Locked> {
        let parent = self.packages.get(parent.0)?.iter().find(|locked| locked.version == *parent.1)?;
        let mut named = parent.dependencies.iter().filter(|(dependency, _)| dependency == name);
        let choices = self.packages.get(name)?;
        match (named.next()?, named.next()) {
            ((_, Some(version)), None) => choices.iter().find(|locked| locked.version == *version),
            ((_, None), None) if choices.len() == 1 => choices.first(),
            // The parent uses several versions under different names: the requirement decides.
            _ => None,
        }
    }

    /// All locked versions of a name.
    pub(crate) fn versions(&self, name: &str) -> &[Locked] {
        self.packages.get(name).map_or(&[], Vec::as_slice)
    }
}
