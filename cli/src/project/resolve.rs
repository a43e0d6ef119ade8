//! Chooses a version of every dependency among those on disk and unifies features, as cargo would.
//!
//! Versions: with a lock file the locked one, else the newest on disk that all requirements of its
//! compatibility range accept. Features: the union over all uses, from the selected packages down, weak (`x?/y`) and
//! implicit ones included. Code that runs only in the compiler (procedural macros) is named but not followed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;

use semver::{Version, VersionReq};

use super::disk::{Disk, package_in};
use super::lock::Lock;
use super::manifest::{Dependency, Manifest, PackageTable, Source};
use super::members::Manifests;

/// A package in use.
#[derive(Debug)]
pub(crate) struct Node {
    /// Its manifest.
    pub(crate) manifest: Rc<Manifest>,
    /// It lives in the user's own tree.
    pub(crate) local: bool,
    /// Features that are on.
    pub(crate) features: BTreeSet<String>,
    /// Name in code → node.
    pub(crate) edges: BTreeMap<String, usize>,
    /// Dependencies in use that are not on disk: name in code → package name.
    pub(crate) missing: BTreeMap<String, Missing>,
    /// Dependencies that are on, by index; and the node, if found.
    active: BTreeMap<usize, Option<usize>>,
    /// `x?/y` seen before `x` was on.
    weak: Vec<(String, String)>,
}

/// A dependency that is not on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing {
    /// Name of the package.
    pub(crate) package: String,
    /// What was asked for, for a message.
    pub(crate) wanted: String,
    /// Only needed on some targets.
    pub(crate) conditional: bool,
}

impl Node {
    /// The `[package]` tables; every node has them.
    pub(crate) fn package(&self) -> Option<&PackageTable> {
        self.manifest.package.as_ref()
    }
}

/// Which features of the selected packages to turn on.
#[derive(Debug, Clone, Default)]
pub(crate) struct FeatureChoice {
    /// All of them.
    pub(crate) all: bool,
    /// Not `default`.
    pub(crate) no_default: bool,
    /// These, `name` or `package/name`.
    pub(crate) named: Vec<String>,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Resolution {
    /// All packages; the first are the selected ones in the order given.
    pub(crate) nodes: Vec<Node>,
    /// Locked versions that were not on disk and were replaced by another.
    pub(crate) unlocked: BTreeSet<String>,
}

type Range = (String, (u64, u64, u64));

/// Versions that cargo treats as one: the same leftmost non-zero number.
fn range(name: &str, version: &Version) -> Range {
    let numbers = match (version.major, version.minor) {
        (0, 0) => (0, 0, version.patch),
        (0, minor) => (0, minor, 0),
        (major, _) => (major, 0, 0),
    };
    (name.to_owned(), numbers)
}

/// Inputs of a resolution.
pub(crate) struct Resolver<'a> {
    /// What is on disk.
    pub(crate) disk: &'a Disk,
    /// The lock file.
    pub(crate) lock: Option<&'a Lock>,
    /// `[patch]` of the workspace.
    pub(crate) patches: &'a [(String, Dependency)],
    /// Manifests read so far.
    pub(crate) manifests: &'a Manifests,
    /// Features of the selected packages.
    pub(crate) features: &'a FeatureChoice,
}

impl Resolver<'_> {
    /// Resolves from the selected packages (folders of local packages).
    pub(crate) fn run(&self, selected: &[Rc<Manifest>]) -> Resolution {
        let mut chosen: BTreeMap<Range, Version> = BTreeMap::new();
        // Requirements met later can lower an earlier choice; a few rounds settle it.
        for _ in 0..8 {
            let mut walk = Walk {
                inputs: self,
                chosen: &chosen,
                asked: BTreeMap::new(),
                out: Resolution::default(),
                by_dir: BTreeMap::new(),
                checkouts: BTreeMap::new(),
            };
            walk.roots(selected);
            let Walk { asked, out, .. } = walk;
            let next = self.agree(asked);
            if next == chosen {
                return out;
            }
            chosen = next;
        }
        let mut walk = Walk {
            inputs: self,
            chosen: &chosen,
            asked: BTreeMap::new(),
            out: Resolution::default(),
            by_dir: BTreeMap::new(),
            checkouts: BTreeMap::new(),
        };
        walk.roots(selected);
        walk.out
    }

    /// For each range, the version that all requirements accept: a locked one, else the newest.
    fn agree(&self, asked: BTreeMap<Range, Vec<(VersionReq, Option<Version>)>>) -> BTreeMap<Range, Version> {
        let mut chosen = BTreeMap::new();
        for (key, reqs) in asked {
            let versions = self.disk.versions(&key.0);
            let fits =
                |version: &Version| range(&key.0, version) == key && reqs.iter().all(|(req, _)| req.matches(version));
            let locked = reqs
                .iter()
                .filter_map(|(_, locked)| locked.clone())
                .find(|version| fits(version) && versions.contains_key(version));
            let best = locked.or_else(|| versions.keys().rev().find(|version| fits(version)).cloned());
            if let Some(version) = best {
                chosen.insert(key, version);
            }
        }
        chosen
    }
}

struct Walk<'a> {
    inputs: &'a Resolver<'a>,
    chosen: &'a BTreeMap<Range, Version>,
    asked: BTreeMap<Range, Vec<(VersionReq, Option<Version>)>>,
    out: Resolution,
    by_dir: BTreeMap<PathBuf, usize>,
    checkouts: BTreeMap<(PathBuf, String), Option<PathBuf>>,
}

/// Work to do: turn something on in a node.
enum Ask {
    Feature(usize, String),
    Dependency(usize, usize),
}

impl Walk<'_> {
    fn roots(&mut self, selected: &[Rc<Manifest>]) {
        let mut work = Vec::new();
        for manifest in selected {
            self.node(manifest.clone(), true, &mut work);
        }
        let choice = self.inputs.features;
        for (at, manifest) in selected.iter().enumerate() {
            let Some(package) = &manifest.package else { continue };
            if !choice.no_default {
                work.push(Ask::Feature(at, "default".to_owned()));
            }
            if choice.all {
                work.extend(package.features.keys().map(|name| Ask::Feature(at, name.clone())));
                let implicit = package.dependencies.iter().filter(|dep| dep.optional).map(|dep| dep.key.clone());
                work.extend(implicit.map(|name| Ask::Feature(at, name)));
            }
            for name in &choice.named {
                match name.split_once('/') {
                    Some((of, name)) if of == package.name => work.push(Ask::Feature(at, name.to_owned())),
                    _ => work.push(Ask::Feature(at, name.clone())),
                }
            }
        }
        // Last in, first out, but the result is a union: the order does not matter.
        while let Some(ask) = work.pop() {
            match ask {
                Ask::Feature(node, name) => self.feature(node, &name, &mut work),
                Ask::Dependency(node, dep) => {
                    self.enable(node, dep, &mut work);
                }
            }
        }
    }

    /// The node of a package; a new one turns on what is always on.
    fn node(&mut self, manifest: Rc<Manifest>, local: bool, work: &mut Vec<Ask>) -> usize {
        if let Some(&at) = self.by_dir.get(&manifest.dir) {
            return at;
        }
        let at = self.out.nodes.len();
        self.by_dir.insert(manifest.dir.clone(), at);
        if let Some(package) = manifest.package.as_ref().filter(|package| !package.proc_macro) {
            let always = package.dependencies.iter().enumerate().filter(|(_, dep)| !dep.optional);
            work.extend(always.map(|(dep, _)| Ask::Dependency(at, dep)));
        }
        self.out.nodes.push(Node {
            manifest,
            local,
            features: BTreeSet::new(),
            edges: BTreeMap::new(),
            missing: BTreeMap::new(),
            active: BTreeMap::new(),
            weak: Vec::new(),
        });
        at
    }

    fn feature(&mut self, node: usize, name: &str, work: &mut Vec<Ask>) {
        let manifest = self.out.nodes[node].manifest.clone();
        let Some(package) = &manifest.package else { return };
        let dependencies = |key: &str| -> Vec<usize> {
            package.dependencies.iter().enumerate().filter(|(_, dep)| dep.key == key).map(|(at, _)| at).collect()
        };
        if let Some(key) = name.strip_prefix("dep:") {
            work.extend(dependencies(key).into_iter().map(|dep| Ask::Dependency(node, dep)));
        } else if let Some((key, feature)) = name.split_once('/') {
            let weak = key.ends_with('?');
            let key = key.trim_end_matches('?');
            for dep in dependencies(key) {
                let optional = package.dependencies[dep].optional;
                if weak && optional && !self.out.nodes[node].active.contains_key(&dep) {
                    self.out.nodes[node].weak.push((key.to_owned(), feature.to_owned()));
                    continue;
                }
                if optional && !weak {
                    work.push(Ask::Feature(node, key.to_owned()));
                }
                if let Some(target) = self.enable(node, dep, work) {
                    work.push(Ask::Feature(target, feature.to_owned()));
                }
            }
        } else if let Some(items) = package.features.get(name) {
            if self.out.nodes[node].features.insert(name.to_owned()) {
                work.extend(items.iter().map(|item| Ask::Feature(node, item.clone())));
            }
        } else {
            // An optional dependency is a feature of its own name, unless some feature says `dep:name`.
            let explicit = format!("dep:{name}");
            if package.features.values().flatten().any(|item| *item == explicit) {
                return;
            }
            let optional: Vec<usize> =
                dependencies(name).into_iter().filter(|&dep| package.dependencies[dep].optional).collect();
            if !optional.is_empty() && self.out.nodes[node].features.insert(name.to_owned()) {
                work.extend(optional.into_iter().map(|dep| Ask::Dependency(node, dep)));
            }
        }
    }

    /// Turns a dependency on and says which node it is.
    fn enable(&mut self, node: usize, dep: usize, work: &mut Vec<Ask>) -> Option<usize> {
        if let Some(&known) = self.out.nodes[node].active.get(&dep) {
            return known;
        }
        let manifest = self.out.nodes[node].manifest.clone();
        let package = manifest.package.as_ref()?;
        if package.proc_macro {
            return None;
        }
        let dependency = &package.dependencies[dep];
        let found = self.find(package, self.out.nodes[node].local, dependency);
        let target = found.map(|(manifest, local)| self.node(manifest, local, work));
        self.out.nodes[node].active.insert(dep, target);
        let renamed = dependency.key != dependency.package;
        let name = match target.and_then(|target| self.out.nodes[target].package()) {
            Some(target) if !renamed => target.crate_name.clone(),
            _ => dependency.key.replace('-', "_"),
        };
        match target {
            Some(target) => {
                self.out.nodes[node].edges.insert(name, target);
                if dependency.default_features {
                    work.push(Ask::Feature(target, "default".to_owned()));
                }
                work.extend(dependency.features.iter().map(|feature| Ask::Feature(target, feature.clone())));
                let waiting = self.out.nodes[node].weak.iter().filter(|(key, _)| *key == dependency.key);
                work.extend(waiting.map(|(_, feature)| Ask::Feature(target, feature.clone())));
            }
            None => {
                let wanted = match &dependency.source {
                    Source::Git { url, .. } => format!("{} from {url}", dependency.package),
                    Source::Path(dir) => format!("{} in {}", dependency.package, dir.display()),
                    Source::Nowhere => format!("{} (inherited from a workspace that is not there)", dependency.package),
                    Source::Registry if dependency.req == VersionReq::STAR => dependency.package.clone(),
                    Source::Registry => format!("{} {}", dependency.package, dependency.req),
                };
                let missing =
                    Missing { package: dependency.package.clone(), wanted, conditional: dependency.conditional };
                self.out.nodes[node].missing.insert(name, missing);
            }
        }
        target
    }

    /// Looks a dependency up: patches first, then where it says.
    fn find(&mut self, parent: &PackageTable, local: bool, dep: &Dependency) -> Option<(Rc<Manifest>, bool)> {
        let patches = self.inputs.patches;
        for (source, patch) in patches {
            let meant = patch.package == dep.package
                && match &dep.source {
                    Source::Registry => !source.contains("://") || source.contains("crates.io"),
                    Source::Git { url, .. } => same_url(source, url),
                    Source::Path(_) | Source::Nowhere => false,
                };
            if meant {
                let found = self.locate(parent, true, patch);
                if let Some((manifest, local)) = found {
                    let fits = manifest.package.as_ref().is_some_and(|package| dep.req.matches(&package.version));
                    if fits || dep.req == VersionReq::STAR {
                        return Some((manifest, local));
                    }
                }
            }
        }
        self.locate(parent, local, dep)
    }

    fn locate(&mut self, parent: &PackageTable, local: bool, dep: &Dependency) -> Option<(Rc<Manifest>, bool)> {
        match &dep.source {
            Source::Path(dir) => {
                let manifest = self.inputs.manifests.load(dir)?;
                let named = manifest.package.as_ref().is_some_and(|package| package.name == dep.package);
                named.then_some((manifest, local))
            }
            Source::Nowhere => None,
            Source::Git { url, at } => {
                let rev = at.as_ref().filter(|(kind, _)| *kind == "rev").map(|(_, rev)| rev);
                let locked = self.inputs.lock.and_then(|lock| {
                    lock.versions(&dep.package).iter().filter_map(|locked| locked.rev.clone()).next_back()
                });
                let root = self.inputs.disk.checkout(url, rev.or(locked.as_ref()).map(String::as_str))?;
                let dir = self
                    .checkouts
                    .entry((root.clone(), dep.package.clone()))
                    .or_insert_with(|| package_in(&root, &dep.package, 5))
                    .clone()?;
                Some((self.inputs.manifests.load(&dir)?, false))
            }
            Source::Registry => {
                let locked = self.inputs.lock.and_then(|lock| {
                    lock.choice((&parent.name, &parent.version), &dep.package)
                        .map(|locked| locked.version.clone())
                        .or_else(|| {
                            lock.versions(&dep.package)
                                .iter()
                                .map(|it| it.version.clone())
                                .filter(|it| dep.req.matches(it))
                                .max()
                        })
                });
                let versions = self.inputs.disk.versions(&dep.package);
                let fits = |version: &&Version| dep.req.matches(version);
                let candidate = match &locked {
                    Some(locked) if versions.contains_key(locked) && dep.req.matches(locked) => locked.clone(),
                    _ => versions.keys().rev().find(fits)?.clone(),
                };
                if locked.is_some_and(|locked| locked != candidate) {
                    self.out.unlocked.insert(dep.package.clone());
                }
                let key = range(&dep.package, &candidate);
                let version =
                    self.chosen.get(&key).filter(|it| dep.req.matches(it)).cloned().unwrap_or(candidate.clone());
                let locked = Some(candidate).filter(|_| self.inputs.lock.is_some());
                self.asked.entry(key).or_default().push((dep.req.clone(), locked));
                Some((self.inputs.manifests.load(versions.get(&version)?)?, false))
            }
        }
    }
}

fn same_url(a: &str, b: &str) -> bool {
    let plain = |url: &str| url.trim_end_matches('/').trim_end_matches(".git").to_lowercase();
    plain(a) == plain(b)
}
