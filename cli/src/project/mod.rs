//! From a folder on disk to the packages an analysis reads, without running, writing or downloading anything.
//!
//! Sources of dependencies are found in this order: the versions of the lock file, if all are on disk; cargo itself, on a
//! shadow of the manifest in an empty folder, if it may know more than the folders show; the newest versions on disk;
//! the package alone. What is not found is a note, and calls into it are unknowns.

mod disk;
mod lock;
mod manifest;
mod members;
mod read;
mod resolve;
mod shadow;
mod target;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

pub(crate) use crosslane_analyzer::source::{Package, PackageId};

use crate::fail::{Fail, did_you_mean};
use disk::Disk;
use lock::Lock;
use manifest::Manifest;
use members::Manifests;
use resolve::{Node, Resolution, Resolver};

pub(crate) use members::Selection;
pub(crate) use read::{DiskSources, Texts, read_regular};
pub(crate) use resolve::FeatureChoice;

/// One package to analyse, with everything it depends on.
#[derive(Debug)]
pub(crate) struct Project {
    /// Name of the package.
    pub(crate) name: String,
    /// Version of the package.
    pub(crate) version: String,
    /// Its folder.
    pub(crate) dir: PathBuf,
    /// Root of its workspace.
    pub(crate) workspace: PathBuf,
    /// All packages, the analysed one first.
    pub(crate) packages: Vec<Package>,
    /// Their files.
    pub(crate) sources: DiskSources,
    /// How dependencies were found, for `-v`.
    pub(crate) how: String,
    /// Direct dependencies that are not on disk, as `name version`.
    pub(crate) missing: Vec<String>,
    /// Number of packages below that miss something.
    pub(crate) missing_below: usize,
}

/// What to load.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    /// Which packages.
    pub(crate) selection: Selection,
    /// Which features.
    pub(crate) features: FeatureChoice,
    /// Other packages whose code belongs to the analysis (`--also`).
    pub(crate) also: Vec<PathBuf>,
    /// Cargo's home folder.
    pub(crate) home: Option<PathBuf>,
}

/// The manifest to start from: `--manifest-path`, or the nearest `Cargo.toml` from `cwd` upwards.
pub(crate) fn find_manifest(given: Option<&Path>, cwd: &Path) -> Result<PathBuf, Fail> {
    let Some(given) = given else {
        return cwd.ancestors().map(|dir| dir.join("Cargo.toml")).find(|file| file.is_file()).ok_or_else(|| {
            Fail::new(format!("no `Cargo.toml` in {} or above it", cwd.display()))
                .help("run this in a contract's folder, or give `--manifest-path PATH/Cargo.toml`")
        });
    };
    let path = manifest::normal(&cwd.join(given));
    let path = if path.is_dir() { path.join("Cargo.toml") } else { path };
    if path.file_name().is_none_or(|name| name != "Cargo.toml") {
        return Err(Fail::new("`--manifest-path` must name a file called Cargo.toml").file(&path));
    }
    if !path.exists() {
        return Err(Fail::new("there is no such file")
            .file(&path)
            .help("`--manifest-path` wants the Cargo.toml of a contract or of its workspace"));
    }
    Ok(path)
}

/// A path as typed, from the current folder.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    manifest::normal(&std::env::current_dir().unwrap_or_default().join(path))
}

/// The workspace's folder and the folders of the selected packages.
pub(crate) fn select(request: &Request) -> Result<(PathBuf, Vec<PathBuf>), Fail> {
    let manifests = Manifests::default();
    let (workspace, chosen) = members::select(&manifests, &request.selection)?;
    check_features(&request.features, &chosen)?;
    let alone = chosen.len() == 1;
    let mut dirs = Vec::new();
    for member in chosen {
        let roots = member.package.as_ref().map(|package| package.roots.as_slice()).unwrap_or_default();
        if alone && !roots.iter().any(|root| member.dir.join(root).is_file()) {
            return Err(Fail::new(format!(
                "the package `{}` has no source: there is no {}",
                members::name(&member),
                roots.first().map_or("src/lib.rs", String::as_str)
            ))
            .file(&member.dir.join("Cargo.toml")));
        }
        dirs.push(member.dir.clone());
    }
    Ok((workspace, dirs))
}

/// What surrounds the packages of one workspace: its lock file and what is on disk of its dependencies.
type Around = Rc<(Option<Lock>, Disk)>;

/// What the packages of one run have in common: manifests, registries and lock files read so far.
#[derive(Debug, Default)]
pub(crate) struct Loader {
    manifests: Manifests,
    /// By the workspace's folder.
    around: RefCell<BTreeMap<PathBuf, Around>>,
    texts: Texts,
}

impl Loader {
    /// Finds everything that one of the selected packages depends on. One project for each package, because features
    /// differ: a contract used as a library by another has its entry points switched off there.
    pub(crate) fn load(&self, request: &Request, member: &Path) -> Result<Project, Fail> {
        let manifests = &self.manifests;
        manifests.read(member)?;
        let member = manifests.load(member).ok_or_else(|| Fail::new("cannot be read").file(member))?;
        let workspace = manifests.workspace_of(&member).unwrap_or_else(|| member.clone());
        let patches = workspace.patches.clone();
        let workspace = workspace.dir.clone();
        let read = || {
            let lock = Lock::load(&workspace.join("Cargo.lock"));
            Rc::new((lock, Disk::scan(request.home.clone(), &workspace)))
        };
        let around = self.around.borrow_mut().entry(workspace.clone()).or_insert_with(read).clone();
        let (lock, disk) = (around.0.as_ref(), &around.1);
        let mut roots = vec![member.clone()];
        for path in &request.also {
            let named = path.file_name().is_some_and(|name| name == "Cargo.toml");
            let dir = manifest::normal(if named { path.parent().unwrap_or(path) } else { path });
            manifests.read(&dir).map_err(|fail| fail.help("`--also` wants the folder of a package"))?;
            roots.extend(manifests.load(&dir).filter(|it| it.package.is_some() && it.dir != member.dir));
        }
        let resolver = Resolver { disk, lock, patches: &patches, manifests, features: &request.features };
        let (resolution, how) = find_all(&resolver, &roots);
        Ok(project(&workspace, &member, roots.len(), resolution, how, &self.texts))
    }
}

/// Cargo's home folder, where registries and checkouts are.
pub(crate) fn cargo_home() -> Option<PathBuf> {
    let set = std::env::var_os("CARGO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    set.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
}

/// A feature that no selected package has is a mistake of the user.
fn check_features(choice: &FeatureChoice, chosen: &[Rc<Manifest>]) -> Result<(), Fail> {
    for name in &choice.named {
        let (of, plain) = name.split_once('/').map_or((None, name.as_str()), |(of, name)| (Some(of), name));
        let packages = || chosen.iter().filter_map(|it| it.package.as_ref());
        let known = packages().any(|package| {
            package.features.contains_key(plain)
                || package.dependencies.iter().any(|dep| dep.key == plain || of == Some(dep.key.as_str()))
                || plain == "default"
        });
        if !known {
            let names = || packages().flat_map(|package| package.features.keys().map(String::as_str));
            let fail = Fail::new(format!("no selected package has the feature `{name}`"));
            return Err(match did_you_mean(plain, names()) {
                Some(close) => fail.help(format!("did you mean `{close}`?")),
                None => fail.help(format!("features: {}", names().collect::<Vec<_>>().join(", "))),
            });
        }
    }
    Ok(())
}

/// Direct or indirect dependencies that matter and were not found, by package name.
fn not_found(resolution: &Resolution) -> Vec<String> {
    let all = resolution.nodes.iter().flat_map(|node| node.missing.values());
    all.filter(|missing| !missing.conditional).map(|missing| missing.package.clone()).collect()
}

fn find_all(resolver: &Resolver<'_>, roots: &[Rc<Manifest>]) -> (Resolution, String) {
    let resolution = resolver.run(roots);
    let missing = not_found(&resolution);
    let n = resolution.nodes.len() - 1;
    if missing.is_empty() {
        let how = match (resolver.lock, resolution.unlocked.len()) {
            (Some(_), 0) => format!("{n} dependencies as locked, from the registry's source folder"),
            (Some(_), m) => format!(
                "{n} dependencies from the registry's source folder, {m} not in the locked version (`cargo fetch` gets those)"
            ),
            (None, _) => format!("{n} dependencies from the registry's source folder, newest versions (no lock file)"),
        };
        return (resolution, how);
    }
    if resolver.disk.cargo_may_know(&missing)
        && let Some((found, with_lock)) = shadow::resolve(resolver, roots)
        && not_found(&found).len() < missing.len()
    {
        let how = format!(
            "{} dependencies from cargo, on a shadow of the manifest {} the lock file",
            found.nodes.len() - 1,
            if with_lock { "with" } else { "without" }
        );
        return (found, how);
    }
    let how = if n == 0 {
        "no dependency is on disk: the package alone".to_owned()
    } else {
        format!("{n} dependencies from the registry's source folder, {} not on disk", missing.len())
    };
    (resolution, how)
}

/// Renumbers packages so that ids depend on names and versions only, never on folders.
fn project(
    workspace: &Path,
    member: &Manifest,
    roots: usize,
    resolution: Resolution,
    how: String,
    texts: &Texts,
) -> Project {
    let Resolution { nodes, .. } = resolution;
    let mut order: Vec<usize> = (0..nodes.len()).collect();
    let key = |at: usize| nodes[at].package().map(|package| (package.name.clone(), package.version.clone()));
    order.sort_by_key(|&at| (at >= roots, if at < roots { (at, None) } else { (0, key(at)) }));
    let ids: BTreeMap<usize, PackageId> =
        order.iter().enumerate().map(|(id, &at)| (at, PackageId(id as u32))).collect();
    let sources = DiskSources::new(
        &order.iter().map(|&at| (nodes[at].manifest.dir.clone(), nodes[at].local)).collect::<Vec<_>>(),
        texts.clone(),
    );
    let packages: Vec<Package> = order.iter().filter_map(|&at| package(&nodes[at], &ids, at < roots)).collect();
    let direct = nodes.first().map(|node| node.missing.values().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let mut missing: Vec<String> = direct.iter().filter(|it| !it.conditional).map(|it| it.wanted.clone()).collect();
    missing.sort();
    missing.dedup();
    let below = nodes.iter().skip(1).filter(|node| node.missing.values().any(|it| !it.conditional)).count();
    Project {
        name: members::name(member).to_owned(),
        version: member.package.as_ref().map(|package| package.version.to_string()).unwrap_or_default(),
        dir: member.dir.clone(),
        workspace: workspace.to_path_buf(),
        packages,
        sources,
        how,
        missing,
        missing_below: below,
    }
}

fn package(node: &Node, ids: &BTreeMap<usize, PackageId>, analysed: bool) -> Option<Package> {
    let package = node.package()?;
    let dir = &node.manifest.dir;
    let root = package.roots.iter().find(|root| dir.join(root).is_file()).or(package.roots.first())?;
    Some(Package {
        name: package.name.clone(),
        version: package.version.to_string(),
        crate_name: package.crate_name.clone(),
        root: root.clone(),
        edition: package.edition,
        features: node.features.clone(),
        deps: node.edges.iter().filter_map(|(name, at)| Some((name.clone(), *ids.get(at)?))).collect(),
        missing: node.missing.keys().cloned().collect(),
        analysed,
    })
}
