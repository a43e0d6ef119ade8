//! `Cargo.toml` as far as sources are concerned: targets, normal dependencies, features, workspace, patches.
//!
//! Read by ourselves because cargo obeys configuration that comes with a package. Dev-dependencies and build scripts
//! are left out: neither is part of the contract.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use semver::{Version, VersionReq};
use toml::{Table, Value};

use super::{read, target};
use crate::fail::Fail;

/// A package's or workspace's manifest.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    /// Folder of the file.
    pub(crate) dir: PathBuf,
    /// The package; `None` at the root of a virtual workspace.
    pub(crate) package: Option<PackageTable>,
    /// The workspace this file opens.
    pub(crate) workspace: Option<WorkspaceTable>,
    /// It inherits from a workspace that was not found.
    pub(crate) orphan: bool,
    /// `[patch.SOURCE]` and `[replace]`: (source, dependency).
    pub(crate) patches: Vec<(String, Dependency)>,
}

/// What a `[package]` and the tables beside it say.
#[derive(Debug)]
pub(crate) struct PackageTable {
    /// Name as registered.
    pub(crate) name: String,
    /// Version; `0.0.0` when there is none.
    pub(crate) version: Version,
    /// Edition; 2015 when there is none.
    pub(crate) edition: u16,
    /// `workspace = "…"`: where the workspace root is.
    pub(crate) workspace: Option<String>,
    /// Name of the library as code writes it.
    pub(crate) crate_name: String,
    /// Path of the library, or else of the first binary, relative to the package.
    pub(crate) roots: Vec<String>,
    /// It is a procedural macro: runs in the compiler, never in the contract.
    pub(crate) proc_macro: bool,
    /// Normal dependencies of all targets that may matter.
    pub(crate) dependencies: Vec<Dependency>,
    /// The features table.
    pub(crate) features: BTreeMap<String, Vec<String>>,
}

/// What a `[workspace]` says.
#[derive(Debug, Default)]
pub(crate) struct WorkspaceTable {
    /// Globs of members.
    pub(crate) members: Vec<String>,
    /// Paths that are no members.
    pub(crate) exclude: Vec<String>,
    /// What to take when nothing is selected; empty means all.
    pub(crate) default_members: Vec<String>,
}

/// One dependency.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    /// The key in the table.
    pub(crate) key: String,
    /// Name of the package; differs from `key` when renamed.
    pub(crate) package: String,
    /// Versions that are accepted.
    pub(crate) req: VersionReq,
    /// Where it comes from.
    pub(crate) source: Source,
    /// Only there when a feature asks for it.
    pub(crate) optional: bool,
    /// Takes the `default` feature.
    pub(crate) default_features: bool,
    /// Features asked for.
    pub(crate) features: Vec<String>,
    /// It stands in a `[target.…]` table.
    pub(crate) conditional: bool,
}

/// Where a dependency comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A registry.
    Registry,
    /// A folder.
    Path(PathBuf),
    /// Not known: it is inherited from a workspace that is not there.
    Nowhere,
    /// A git repository, and what to take of it: `rev`, `tag` or `branch` with its value.
    Git { url: String, at: Option<(&'static str, String)> },
}

impl Manifest {
    /// Reads and understands a manifest. `find_root` is asked for the workspace root only if something is inherited
    /// from it; it gets the package's `workspace = "…"`.
    pub(crate) fn load(
        path: &Path,
        find_root: &dyn Fn(Option<&str>) -> Option<Rc<WorkspaceRoot>>,
    ) -> Result<Manifest, Fail> {
        let table = parse(path)?;
        let dir = path.parent().unwrap_or(Path::new("")).to_path_buf();
        let workspace = table.get("workspace").and_then(Value::as_table).map(workspace_table);
        let package = table.get("package").or_else(|| table.get("project")).and_then(Value::as_table);
        let root = if workspace.is_some() {
            Some(Rc::new(WorkspaceRoot { dir: dir.clone(), table: table.clone() }))
        } else if inherits(&table) {
            find_root(package.and_then(|package| package.get("workspace")).and_then(Value::as_str))
        } else {
            None
        };
        let orphan = root.is_none() && inherits(&table);
        let package = match package {
            Some(package) => Some(package_table(path, &dir, &table, package, root.as_deref())?),
            None => None,
        };
        let mut patches = Vec::new();
        for (source, entries) in table_of(table.get("patch")) {
            for (key, value) in table_of(Some(entries)) {
                patches.extend(dependency(key, value, &dir, None, false).map(|dep| (source.clone(), dep)));
            }
        }
        for (spec, value) in table_of(table.get("replace")) {
            let name = spec.rsplit('#').next().unwrap_or(spec).split([':', '@']).next().unwrap_or(spec);
            patches.extend(dependency(name, value, &dir, None, false).map(|dep| ("crates-io".to_owned(), dep)));
        }
        Ok(Manifest { dir, package, workspace, orphan, patches })
    }
}

/// A workspace's root manifest, lent to its members.
#[derive(Debug)]
pub(crate) struct WorkspaceRoot {
    /// Its folder.
    pub(crate) dir: PathBuf,
    /// The whole file.
    pub(crate) table: Table,
}

impl WorkspaceRoot {
    fn section(&self, name: &str) -> Option<&Table> {
        self.table.get("workspace")?.get(name)?.as_table()
    }
}

/// True when some field or dependency is inherited from the workspace.
fn inherits(table: &Table) -> bool {
    table.values().filter_map(Value::as_table).any(|section| {
        section.values().any(|value| {
            inherited(value)
                || value.as_table().is_some_and(|inner| {
                    inner.values().any(|value| {
                        inherited(value) || value.as_table().is_some_and(|deps| deps.values().any(inherited))
                    })
                })
        })
    })
}

/// Reads a file as TOML, with a message that points into it.
pub(crate) fn parse(path: &Path) -> Result<Table, Fail> {
    let text = match read::read_regular(path) {
        Ok(Some(text)) => text,
        Ok(None) => {
            return Err(Fail::new("this is not a text file that can be read as a manifest").file(path));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Fail::new("there is no such file").file(path));
        }
        Err(error) => return Err(Fail::new(format!("cannot be read: {error}")).file(path)),
    };
    text.parse::<Table>().map_err(|error| {
        let fail = Fail::new(error.message().trim().replace('\n', ", ")).file(path);
        match error.span() {
            Some(span) => fail.span(&text, span),
            None => fail,
        }
    })
}

fn strings(value: Option<&Value>) -> Vec<String> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn table_of(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_table).into_iter().flatten()
}

fn workspace_table(table: &Table) -> WorkspaceTable {
    WorkspaceTable {
        members: strings(table.get("members")),
        exclude: strings(table.get("exclude")),
        default_members: strings(table.get("default-members")),
    }
}

/// True for `{ workspace = true }`.
fn inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

fn package_table(
    path: &Path,
    dir: &Path,
    table: &Table,
    package: &Table,
    root: Option<&WorkspaceRoot>,
) -> Result<PackageTable, Fail> {
    let name = package
        .get("name")
        .and_then(Value::as_str)
        .ok_or_else(|| Fail::new("`[package]` has no `name`").file(path))?
        .to_owned();
    let field = |key: &str| -> Option<String> {
        let value = package.get(key)?;
        if inherited(value) {
            return Some(root?.section("package")?.get(key)?.as_str()?.to_owned());
        }
        value.as_str().map(str::to_owned)
    };
    let version =
        field("version").and_then(|version| Version::parse(version.trim()).ok()).unwrap_or(Version::new(0, 0, 0));
    // Cargo's default is 2015, but whoever inherits an edition has a later one.
    let default = if package.get("edition").is_some_and(inherited) { 2021 } else { 2015 };
    let edition = field("edition").and_then(|edition| edition.parse().ok()).unwrap_or(default);
    let lib = table.get("lib").and_then(Value::as_table);
    let lib_text = |key: &str| lib.and_then(|lib| lib.get(key)).and_then(Value::as_str).map(str::to_owned);
    let flag = |key: &str| lib.and_then(|lib| lib.get(key)).and_then(Value::as_bool) == Some(true);
    let crate_name = lib_text("name").unwrap_or_else(|| name.clone()).replace('-', "_");
    let mut roots = vec![lib_text("path").unwrap_or_else(|| "src/lib.rs".to_owned())];
    roots.push("src/main.rs".to_owned());
    for bin in table.get("bin").and_then(Value::as_array).into_iter().flatten() {
        roots.extend(bin.get("path").and_then(Value::as_str).map(str::to_owned));
    }
    let crate_types = strings(lib.and_then(|lib| lib.get("crate-type").or_else(|| lib.get("crate_type"))));
    let proc_macro = flag("proc-macro") || flag("proc_macro") || crate_types.iter().any(|kind| kind == "proc-macro");

    let mut dependencies = Vec::new();
    for (key, value) in table_of(table.get("dependencies")) {
        dependencies.extend(dependency(key, value, dir, root, false));
    }
    for (when, sections) in table_of(table.get("target")) {
        if target::may_hold(when) {
            for (key, value) in table_of(sections.get("dependencies")) {
                dependencies.extend(dependency(key, value, dir, root, true));
            }
        }
    }
    let features = table_of(table.get("features")).map(|(name, items)| (name.clone(), strings(Some(items)))).collect();
    Ok(PackageTable {
        name,
        version,
        edition,
        workspace: package.get("workspace").and_then(Value::as_str).map(str::to_owned),
        crate_name,
        roots,
        proc_macro,
        dependencies,
        features,
    })
}

/// Understands one dependency; `None` when it cannot be understood (cargo would refuse the file).
fn dependency(
    key: &str,
    value: &Value,
    dir: &Path,
    root: Option<&WorkspaceRoot>,
    conditional: bool,
) -> Option<Dependency> {
    if let (Value::Table(_), true) = (value, inherited(value)) {
        let base = root.and_then(|root| Some((root, root.section("dependencies")?.get(key)?)));
        let mut dep = match base {
            Some((root, base)) => dependency(key, base, &root.dir, None, conditional)?,
            None => Dependency {
                source: Source::Nowhere,
                ..dependency(key, &Value::String("*".to_owned()), dir, None, conditional)?
            },
        };
        dep.optional = value.get("optional").and_then(Value::as_bool).unwrap_or(false);
        // A member can only add the default features, never take them away (cargo's rule for inherited tables).
        if default_features(value) == Some(true) {
            dep.default_features = true;
        }
        dep.features.extend(strings(value.get("features")));
        return Some(dep);
    }
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let req = match value {
        Value::String(req) => Some(req.clone()),
        _ => text("version"),
    };
    let req = req.as_deref().map_or(Ok(VersionReq::STAR), VersionReq::parse).unwrap_or(VersionReq::STAR);
    let source = match (text("path"), text("git")) {
        (Some(path), _) => Source::Path(normal(&dir.join(path))),
        (None, Some(url)) => {
            Source::Git { url, at: ["rev", "tag", "branch"].into_iter().find_map(|kind| Some((kind, text(kind)?))) }
        }
        _ => Source::Registry,
    };
    Some(Dependency {
        key: key.to_owned(),
        package: text("package").unwrap_or_else(|| key.to_owned()),
        req,
        source,
        optional: value.get("optional").and_then(Value::as_bool).unwrap_or(false),
        default_features: default_features(value).unwrap_or(true),
        features: strings(value.get("features")),
        conditional,
    })
}

fn default_features(value: &Value) -> Option<bool> {
    value.get("default-features").or_else(|| value.get("default_features")).and_then(Value::as_bool)
}

/// Removes `.` and `..` from a path without asking the disk.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}
