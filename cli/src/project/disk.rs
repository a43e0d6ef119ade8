//! What is already on this machine: the registry's source folders, git checkouts, a `vendor` folder.
//!
//! Only folder names are looked at until a package is needed; nothing is downloaded or unpacked.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use semver::Version;

use super::manifest;

/// Folders that hold sources of published packages.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    home: Option<PathBuf>,
    /// Name → version → folder; the first registry (crates.io) wins.
    published: BTreeMap<String, BTreeMap<Version, PathBuf>>,
    /// Folders named `vendor` beside a workspace.
    vendors: Vec<PathBuf>,
}

impl Disk {
    /// Looks at cargo's home folder (`home`) and at vendored sources in `workspace`.
    pub(crate) fn scan(home: Option<PathBuf>, workspace: &Path) -> Disk {
        let mut disk = Disk { home, ..Disk::default() };
        let src = disk.home.as_ref().map(|home| home.join("registry").join("src"));
        let mut registries = src.map(|src| folders(&src)).unwrap_or_default();
        registries.sort_by_key(|(name, _)| (!name.starts_with("index.crates.io"), name.clone()));
        for (_, registry) in registries {
            for (folder, path) in folders(&registry) {
                if let Some((name, version)) = name_version(&folder) {
                    disk.published.entry(name.to_owned()).or_default().entry(version).or_insert(path);
                }
            }
        }
        let vendor = workspace.join("vendor");
        if vendor.is_dir() {
            disk.vendors.push(vendor);
        }
        disk
    }

    /// Cargo's home folder.
    pub(crate) fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// Adds a folder that somebody else (cargo) found.
    pub(crate) fn add(&mut self, name: &str, version: Version, dir: PathBuf) {
        self.published.entry(name.to_owned()).or_default().entry(version).or_insert(dir);
    }

    /// Takes over everything another scan found; what is here already stays.
    pub(crate) fn absorb(&mut self, other: &Disk) {
        self.home = other.home.clone();
        self.vendors.clone_from(&other.vendors);
        for (name, versions) in &other.published {
            let mine = self.published.entry(name.clone()).or_default();
            for (version, dir) in versions {
                mine.entry(version.clone()).or_insert_with(|| dir.clone());
            }
        }
    }

    /// All versions of a published package, with their folders.
    pub(crate) fn versions(&self, name: &str) -> BTreeMap<Version, PathBuf> {
        let mut all = self.published.get(name).cloned().unwrap_or_default();
        for vendor in &self.vendors {
            let versioned = format!("{name}-");
            for (folder, dir) in folders(vendor) {
                if folder != name && !folder.starts_with(&versioned) {
                    continue;
                }
                let package =
                    manifest::Manifest::load(&dir.join("Cargo.toml"), &|_| None).ok().and_then(|it| it.package);
                if let Some(package) = package.filter(|package| package.name == name) {
                    all.insert(package.version, dir);
                }
            }
        }
        all
    }

    /// The folder of a git repository's checkout; without a revision only if there is exactly one.
    pub(crate) fn checkout(&self, url: &str, rev: Option<&str>) -> Option<PathBuf> {
        let url = url.trim_end_matches('/');
        let repo = url.rsplit('/').next()?.trim_end_matches(".git");
        let prefix = format!("{repo}-");
        let mut found = Vec::new();
        for (name, dir) in folders(&self.home.as_ref()?.join("git").join("checkouts")) {
            // The folder is `<repository>-<hash of the address>`.
            if name.strip_prefix(&prefix).is_some_and(|hash| hash.len() == 16 && !hash.contains('-')) {
                found.extend(folders(&dir));
            }
        }
        if let Some(rev) = rev {
            found.retain(|(short, _)| rev.starts_with(short.as_str()) || short.starts_with(rev));
        }
        (found.len() == 1).then(|| found.swap_remove(0).1)
    }

    /// True when cargo may know more than the folders show: packages that are downloaded but not unpacked, or
    /// configuration that replaces sources.
    pub(crate) fn cargo_may_know(&self, missing: &[String]) -> bool {
        let Some(home) = &self.home else { return false };
        let configured = ["config.toml", "config"].iter().any(|name| {
            fs::read_to_string(home.join(name))
                .is_ok_and(|text| text.contains("[source") || text.contains("[patch") || text.contains("paths"))
        });
        configured
            || folders(&home.join("registry").join("cache")).iter().any(|(_, cache)| {
                names(cache).iter().any(|file| {
                    let name = file.strip_suffix(".crate").and_then(name_version);
                    name.is_some_and(|(name, version)| {
                        missing.iter().any(|missing| missing == name)
                            && !self.published.get(name).is_some_and(|known| known.contains_key(&version))
                    })
                })
            })
    }
}

/// Sub-folders by name, sorted.
fn folders(dir: &Path) -> Vec<(String, PathBuf)> {
    let mut out: Vec<(String, PathBuf)> = fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
        .collect();
    out.sort();
    out
}

fn names(dir: &Path) -> Vec<String> {
    fs::read_dir(dir).into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// Splits `name-1.2.3-rc.1`: the version begins at the first dash behind which one can be read.
fn name_version(folder: &str) -> Option<(&str, Version)> {
    folder.match_indices('-').find_map(|(at, _)| Some((&folder[..at], Version::parse(&folder[at + 1..]).ok()?)))
}

/// Finds the package of a name in a repository's folder.
pub(crate) fn package_in(root: &Path, name: &str, depth: usize) -> Option<PathBuf> {
    let file = root.join("Cargo.toml");
    if file.is_file()
        && let Ok(table) = manifest::parse(&file)
        && table.get("package").and_then(|package| package.get("name")).and_then(toml::Value::as_str) == Some(name)
    {
        return Some(root.to_path_buf());
    }
    if depth == 0 {
        return None;
    }
    folders(root)
        .into_iter()
        .filter(|(folder, _)| folder != "target" && !folder.starts_with('.'))
        .find_map(|(_, dir)| package_in(&dir, name, depth - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_names() {
        for (folder, name, version) in [
            ("serde-1.0.2", "serde", "1.0.2"),
            ("cw20-2.0.0-rc.0", "cw20", "2.0.0-rc.0"),
            ("foo-2-1.0.0", "foo-2", "1.0.0"),
            ("a-b-0.1.0+build.1", "a-b", "0.1.0+build.1"),
        ] {
            assert_eq!(name_version(folder), Some((name, Version::parse(version).unwrap())), "{folder}");
        }
        assert_eq!(name_version("no-version"), None);
    }
}
