//! Workspaces: where the root is, who the members are, which of them are meant.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use toml::Value;

use super::manifest::{self, Manifest, Source, WorkspaceRoot, WorkspaceTable};
use crate::fail::{Fail, did_you_mean};

/// Manifests read so far, by folder.
#[derive(Debug, Default)]
pub(crate) struct Manifests {
    known: RefCell<BTreeMap<PathBuf, Option<Rc<Manifest>>>>,
    roots: RefCell<BTreeMap<PathBuf, Option<Rc<WorkspaceRoot>>>>,
}

impl Manifests {
    /// The manifest in a folder, or `None` when there is none that can be read.
    pub(crate) fn load(&self, dir: &Path) -> Option<Rc<Manifest>> {
        if let Some(known) = self.known.borrow().get(dir) {
            return known.clone();
        }
        let manifest = self.read(dir).ok().map(Rc::new);
        self.known.borrow_mut().insert(dir.to_path_buf(), manifest.clone());
        manifest
    }

    /// As [`Manifests::load`], with the reason when it fails.
    pub(crate) fn read(&self, dir: &Path) -> Result<Manifest, Fail> {
        Manifest::load(&dir.join("Cargo.toml"), &|explicit| match explicit {
            Some(path) => self.root_at(&manifest::normal(&dir.join(path))),
            None => dir.ancestors().skip(1).find_map(|above| self.root_at(above)),
        })
    }

    /// The workspace root in exactly this folder.
    fn root_at(&self, dir: &Path) -> Option<Rc<WorkspaceRoot>> {
        if let Some(known) = self.roots.borrow().get(dir) {
            return known.clone();
        }
        let file = dir.join("Cargo.toml");
        let table = if file.is_file() { manifest::parse(&file).ok() } else { None };
        let root = table
            .filter(|table| table.get("workspace").is_some_and(Value::is_table))
            .map(|table| Rc::new(WorkspaceRoot { dir: dir.to_path_buf(), table }));
        self.roots.borrow_mut().insert(dir.to_path_buf(), root.clone());
        root
    }

    /// The workspace root of a package: its own file, the one it names, or the nearest above that lists it (or
    /// that it inherits from). `None`: it stands alone.
    pub(crate) fn workspace_of(&self, manifest: &Rc<Manifest>) -> Option<Rc<Manifest>> {
        if manifest.workspace.is_some() {
            return Some(manifest.clone());
        }
        if let Some(path) = manifest.package.as_ref().and_then(|package| package.workspace.as_deref()) {
            return self.load(&manifest::normal(&manifest.dir.join(path))).filter(|root| root.workspace.is_some());
        }
        for above in manifest.dir.ancestors().skip(1) {
            if self.root_at(above).is_none() {
                continue;
            }
            let root = self.load(above)?;
            let listed = self.members(&root).iter().any(|member| member.dir == manifest.dir);
            return listed.then_some(root);
        }
        None
    }

    /// All members of a workspace, sorted by name: listed ones, the root package, and path dependencies inside.
    pub(crate) fn members(&self, root: &Rc<Manifest>) -> Vec<Rc<Manifest>> {
        let Some(table) = &root.workspace else { return vec![root.clone()] };
        let mut found: BTreeMap<PathBuf, Rc<Manifest>> = BTreeMap::new();
        let mut work = vec![root.clone()];
        for pattern in &table.members {
            for dir in glob(&root.dir, pattern) {
                if !excluded(root, table, &dir) {
                    work.extend(self.load(&dir));
                }
            }
        }
        while let Some(manifest) = work.pop() {
            let Some(package) = &manifest.package else { continue };
            if found.insert(manifest.dir.clone(), manifest.clone()).is_some() {
                continue;
            }
            for dependency in &package.dependencies {
                if let Source::Path(dir) = &dependency.source
                    && dir.starts_with(&root.dir)
                    && !excluded(root, table, dir)
                {
                    work.extend(self.load(dir).filter(|it| it.workspace.is_none()));
                }
            }
        }
        let mut members: Vec<Rc<Manifest>> = found.into_values().collect();
        members.sort_by(|a, b| name(a).cmp(name(b)));
        members
    }
}

/// Name of a manifest's package.
pub(crate) fn name(manifest: &Manifest) -> &str {
    manifest.package.as_ref().map_or("", |package| &package.name)
}

fn excluded(root: &Manifest, table: &WorkspaceTable, dir: &Path) -> bool {
    table.exclude.iter().any(|path| dir.starts_with(manifest::normal(&root.dir.join(path))))
}

/// Folders with a manifest that a member pattern matches; `*`, `?` inside a component and `**` are understood.
fn glob(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut dirs = vec![root.to_path_buf()];
    for part in pattern.split('/').filter(|part| !part.is_empty() && *part != ".") {
        let mut next = Vec::new();
        for dir in dirs {
            match part {
                ".." => next.push(manifest::normal(&dir.join(".."))),
                "**" => below(&dir, 8, &mut next),
                _ if part.contains(['*', '?', '[']) => next.extend(subfolders(&dir).into_iter().filter(|path| {
                    path.file_name()
                        .and_then(|name| name.to_str())
                        .is_some_and(|name| wild(part.as_bytes(), name.as_bytes()))
                })),
                _ => next.push(dir.join(part)),
            }
        }
        dirs = next;
    }
    dirs.retain(|dir| dir.join("Cargo.toml").is_file());
    dirs.sort();
    dirs.dedup();
    dirs
}

fn subfolders(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut out: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    out.sort();
    out
}

fn below(dir: &Path, depth: usize, out: &mut Vec<PathBuf>) {
    out.push(dir.to_path_buf());
    if depth > 0 {
        for sub in subfolders(dir) {
            let hidden =
                sub.file_name().is_some_and(|name| name == "target" || name.as_encoded_bytes().starts_with(b"."));
            if !hidden && !sub.is_symlink() {
                below(&sub, depth - 1, out);
            }
        }
    }
}

/// Matches one path component against a pattern of `*` and `?`, in time linear in the product of both lengths.
pub(crate) fn wild(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    // Where the last star stood, and how much of the name it has taken.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(&c) if c == b'?' || c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    n = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == b'*')
}

/// What the user asked for on the command line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    /// `--manifest-path`, else the nearest one above the current folder.
    pub(crate) manifest: PathBuf,
    /// `-p`.
    pub(crate) packages: Vec<String>,
    /// `--workspace`.
    pub(crate) all: bool,
    /// `--exclude`.
    pub(crate) exclude: Vec<String>,
}

/// The packages meant, and the workspace root's folder.
pub(crate) fn select(manifests: &Manifests, choice: &Selection) -> Result<(PathBuf, Vec<Rc<Manifest>>), Fail> {
    let dir = choice.manifest.parent().unwrap_or(Path::new("."));
    // Read once with its error, then from the cache.
    manifests.read(dir)?;
    let here = manifests.load(dir).ok_or_else(|| Fail::new("cannot be read").file(&choice.manifest))?;
    if here.package.is_none() && here.workspace.is_none() {
        return Err(Fail::new("the manifest has neither a `[package]` nor a `[workspace]`")
            .file(&choice.manifest)
            .help("is this the Cargo.toml of a contract?"));
    }
    if here.orphan {
        // A broken file above is the likely reason. Without any, what is inherited is missing and the rest goes on.
        for above in here.dir.ancestors().skip(1).map(|dir| dir.join("Cargo.toml")).filter(|file| file.is_file()) {
            manifest::parse(&above)?;
        }
    }
    let root = manifests.workspace_of(&here);
    let root_dir = root.as_ref().map_or(here.dir.clone(), |root| root.dir.clone());
    let members = || root.as_ref().map_or_else(|| vec![here.clone()], |root| manifests.members(root));

    let mut chosen = if !choice.packages.is_empty() {
        let members = members();
        let mut chosen = Vec::new();
        for spec in &choice.packages {
            let (pattern, version) = spec.split_once(['@', ':']).map_or((spec.as_str(), None), |(a, b)| (a, Some(b)));
            let before = chosen.len();
            chosen.extend(
                members
                    .iter()
                    .filter(|member| wild(pattern.as_bytes(), name(member).as_bytes()))
                    .filter(|member| {
                        version.is_none_or(|version| {
                            member.package.as_ref().is_some_and(|package| package.version.to_string() == version)
                        })
                    })
                    .cloned(),
            );
            if chosen.len() == before {
                let fail =
                    Fail::new(format!("no package `{spec}` in this workspace")).file(&root_dir.join("Cargo.toml"));
                return Err(match did_you_mean(pattern, members.iter().map(|member| name(member))) {
                    Some(close) => fail.help(format!("did you mean `{close}`?")),
                    None => fail.help(format!(
                        "members: {}",
                        members.iter().map(|member| name(member)).collect::<Vec<_>>().join(", ")
                    )),
                });
            }
        }
        chosen
    } else if choice.all {
        members()
    } else if here.package.is_some() {
        vec![here.clone()]
    } else {
        let defaults = here.workspace.as_ref().map(|table| table.default_members.clone()).unwrap_or_default();
        let dirs: Vec<PathBuf> = defaults.iter().flat_map(|pattern| glob(&here.dir, pattern)).collect();
        members().into_iter().filter(|member| dirs.is_empty() || dirs.contains(&member.dir)).collect()
    };
    chosen.retain(|member| !choice.exclude.iter().any(|pattern| wild(pattern.as_bytes(), name(member).as_bytes())));
    let mut seen = Vec::new();
    chosen.retain(|member| {
        let new = !seen.contains(&member.dir);
        seen.push(member.dir.clone());
        new
    });
    if chosen.is_empty() {
        return Err(Fail::new("no package is selected")
            .file(&choice.manifest)
            .help("the workspace has no members, or `--exclude` leaves none"));
    }
    Ok((root_dir, chosen))
}

#[cfg(test)]
mod tests {
    use super::wild;

    #[test]
    fn patterns() {
        for (pattern, name) in
            [("*", ""), ("cw*", "cw20"), ("*-base", "cw20-base"), ("cw??", "cw20"), ("a*b*c", "axxbyyc")]
        {
            assert!(wild(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
        for (pattern, name) in [("cw?", "cw20"), ("a*b", "a"), ("", "a"), ("x*", "y")] {
            assert!(!wild(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
        let hostile = "*a".repeat(2000);
        assert!(!wild(hostile.as_bytes(), "a".repeat(1500).as_bytes()));
    }
}
