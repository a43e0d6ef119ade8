//! What most verbs begin with: find the packages, read their configuration, analyse them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use crosslane_analyzer::chains::{self, ChainModel};
use crosslane_analyzer::conflicts::{self, Scope, Verdicts};
use crosslane_analyzer::costs::Costs;
use crosslane_analyzer::ir::{Contract, EntryKind, Location};
use crosslane_analyzer::manifest::{self, BuildOptions, Manifest};
use crosslane_analyzer::source::{Cache, Sources, parse_model};
use crosslane_analyzer::{Analysis, Options};

use crate::args::Common;
use crate::config::{self, Config};
use crate::costs;
use crate::fail::{Fail, did_you_mean};
use crate::output;
use crate::project::{self, FeatureChoice, Project, Request, Selection};

/// One package with what was found in it.
#[derive(Debug)]
pub(crate) struct Unit {
    /// The package and its dependencies.
    pub(crate) project: Project,
    /// Its configuration.
    pub(crate) config: Config,
    /// What it does.
    pub(crate) analysis: Analysis,
    /// What its calls were measured to use; empty without `--costs`.
    pub(crate) costs: Costs,
}

/// Caches of the packages that were analysed last.
#[derive(Debug, Default)]
pub(crate) struct Caches(Vec<(PathBuf, Cache)>);

impl Caches {
    /// So many packages have one: each holds the package's lowered dependencies.
    const MOST: usize = 4;

    /// The cache of the package in a folder.
    pub(crate) fn of(&mut self, dir: &Path) -> &mut Cache {
        let known = self.0.iter().position(|(known, _)| known == dir);
        let cache = known.map(|at| self.0.remove(at).1).unwrap_or_default();
        self.0.truncate(Self::MOST - 1);
        self.0.insert(0, (dir.to_owned(), cache));
        &mut self.0[0].1
    }
}

/// The chain model that a contract is judged by: the configured one, or its framework's.
pub(crate) fn chain(config: &Config, contract: &Contract) -> anyhow::Result<&'static ChainModel> {
    let id = config.chain.as_deref().unwrap_or(&contract.chain);
    chains::get(id).with_context(|| format!("there is no chain model `{id}`"))
}

/// What conflicts speak about when nothing is configured: the contract's own state.
pub(crate) fn scope(config: &Config) -> Scope {
    match config.external {
        Some(config::Scope::Transaction) => Scope::Transaction,
        Some(config::Scope::Own) | None => Scope::Own,
    }
}

/// A contract with its chain model and verdicts.
#[derive(Debug)]
pub(crate) struct Judged<'a> {
    /// The package.
    pub(crate) unit: &'a Unit,
    /// The contract.
    pub(crate) contract: &'a Contract,
    /// The chain model.
    pub(crate) chain: &'static ChainModel,
    /// Pairs and classes.
    pub(crate) verdicts: Verdicts,
}

impl<'a> Judged<'a> {
    /// Judges one contract.
    pub(crate) fn new(unit: &'a Unit, contract: &'a Contract) -> anyhow::Result<Judged<'a>> {
        let chain = chain(&unit.config, contract)?;
        let verdicts = conflicts::analyse(contract, chain, scope(&unit.config));
        Ok(Judged { unit, contract, chain, verdicts })
    }

    /// The entry point that a user means: its full name, or the end of it if that is clear.
    pub(crate) fn entry(&self, text: &str) -> Result<usize, Fail> {
        let entries = &self.contract.entries;
        if let Some(at) = entries.iter().position(|entry| entry.name == text) {
            return Ok(at);
        }
        let tail = format!("::{text}");
        let found: Vec<usize> = (0..entries.len()).filter(|&at| entries[at].name.ends_with(&tail)).collect();
        let calls: Vec<usize> = found.iter().copied().filter(|&at| entries[at].kind == EntryKind::Call).collect();
        match (found.as_slice(), calls.as_slice()) {
            ([one], _) | (_, [one]) => Ok(*one),
            ([], _) => {
                let noun = &self.contract.entry_noun;
                let fail = Fail::new(format!("`{}` has no {noun} `{text}`", self.contract.name));
                let names = entries.iter().flat_map(|entry| [entry.name.as_str(), short(&entry.name)]);
                Err(match did_you_mean(text, names) {
                    Some(close) => fail.help(format!("did you mean `{close}`?")),
                    None => {
                        let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
                        fail.help(format!("entry points: {}", names.join(", ")))
                    }
                })
            }
            (several, _) => {
                let names: Vec<&str> = several.iter().map(|&at| entries[at].name.as_str()).collect();
                Err(Fail::new(format!("`{text}` could be any of {}", names.join(", "))).help("give the full name"))
            }
        }
    }

    /// Name of an entry point as tables show it: without the kind in front.
    pub(crate) fn name(&self, entry: usize) -> &'a str {
        short(&self.contract.entries[entry].name)
    }
}

/// The part of a name behind the kind: `transfer` of `execute::transfer`, `receive::deposit` of `execute::receive::deposit`.
pub(crate) fn short(name: &str) -> &str {
    const KINDS: &[&str] = &["execute", "query", "sudo", "reply"];
    match name.split_once("::") {
        Some((kind, rest)) if KINDS.contains(&kind) => rest,
        _ => name,
    }
}

/// All contracts of the selected packages, judged; an error if there is none.
pub(crate) fn judged(units: &[Unit]) -> anyhow::Result<Vec<Judged<'_>>> {
    let mut all = Vec::new();
    for unit in units {
        for contract in &unit.analysis.contracts {
            all.push(Judged::new(unit, contract)?);
        }
    }
    if all.is_empty() {
        return Err(Fail::new("there is no contract here")
            .help("run it in a contract's folder, or give `--manifest-path PATH/Cargo.toml`")
            .into());
    }
    Ok(all)
}

/// Loads and analyses the selected packages. Packages without a contract are told in one line and stay in the list.
pub(crate) fn load(common: &Common) -> anyhow::Result<Vec<Unit>> {
    let mut units = find(common)?;
    analyse_all(&mut units, common, None)?;
    Ok(units)
}

/// Analyses packages that were found, perhaps with what earlier runs left in the caches.
pub(crate) fn analyse_all(units: &mut [Unit], common: &Common, caches: Option<&mut Caches>) -> anyhow::Result<()> {
    let again = |caches: &mut Caches| -> Vec<Result<Analysis, Fail>> {
        let one = |unit: &Unit| {
            let cache = caches.of(&unit.project.dir);
            analyse(&unit.project.sources, &unit.project, &unit.config, Some(cache))
        };
        units.iter().map(one).collect()
    };
    let done = caches.map_or_else(|| side_by_side(units), again);
    for (unit, analysis) in units.iter_mut().zip(done) {
        unit.analysis = analysis?;
    }
    link(units, common)?;
    for unit in units {
        unit.costs = costs::load(&unit.config, &unit.analysis, common)?;
        if unit.analysis.contracts.is_empty() && !common.quiet {
            output::tell(&format!(
                "{} {} is no contract (no entry point of a framework crosslane knows): skipped\n",
                unit.project.name, unit.project.version
            ))?;
        }
    }
    Ok(())
}

/// Analyses packages again together with selected ones that export the contract traits they call, and with those that these
/// call in turn: what depends on a trait alone does not lead to who exports it.
fn link(units: &mut [Unit], common: &Common) -> anyhow::Result<()> {
    let mut asked = None;
    let with: Vec<Vec<usize>> = (0..units.len()).map(|at| callees(units, at)).collect();
    for (at, callees) in with.iter().enumerate().filter(|(_, callees)| !callees.is_empty()) {
        if asked.is_none() {
            asked = Some((request(common)?, project::Loader::default()));
        }
        let Some((request, loader)) = &mut asked else { continue };
        request.also.clone_from(&units[at].config.also);
        request.also.extend(callees.iter().map(|&callee| units[callee].project.dir.clone()));
        let project = loader.load(request, &units[at].project.dir)?;
        units[at].analysis = analyse(&project.sources, &project, &units[at].config, None)?;
        units[at].project = project;
    }
    Ok(())
}

/// The selected packages with a contract whose text exports a trait that this one calls, or that one of those calls.
fn callees(units: &[Unit], at: usize) -> Vec<usize> {
    let exports = |unit: &Unit, name: &str| {
        let own = format!("{} {}", unit.project.name, unit.project.version);
        let says = |text: &str| text.contains(&format!("{name} for "));
        let mut files = unit.analysis.files.files();
        !unit.analysis.contracts.is_empty() && files.any(|(_, file)| *file.package == *own && says(&file.text))
    };
    let mut found = vec![at];
    let mut done = 0;
    while let Some(&caller) = found.get(done) {
        done += 1;
        for name in &units[caller].analysis.open {
            let more = (0..units.len()).filter(|other| !found.contains(other) && exports(&units[*other], name));
            let more: Vec<usize> = more.collect();
            found.extend(more);
        }
    }
    found.split_off(1)
}

/// Finds the selected packages, their dependencies and their configuration; nothing is analysed yet.
pub(crate) fn find(common: &Common) -> anyhow::Result<Vec<Unit>> {
    let mut request = request(common)?;
    let (workspace, members) = project::select(&request)?;
    let loader = project::Loader::default();
    let mut units = Vec::new();
    for member in members {
        let config = Config::load(&member, &workspace, common)?;
        request.also.clone_from(&config.also);
        let project = loader.load(&request, &member)?;
        if !common.quiet {
            tell_about(&project, common)?;
        }
        units.push(Unit { project, config, analysis: Analysis::default(), costs: Costs::default() });
    }
    Ok(units)
}

/// What the arguments select.
fn request(common: &Common) -> anyhow::Result<Request> {
    let cwd = std::env::current_dir().context("the current folder is gone")?;
    let select = &common.select;
    let manifest = project::find_manifest(select.manifest_path.as_deref(), &cwd)?;
    Ok(Request {
        selection: Selection {
            manifest,
            packages: select.package.clone(),
            all: select.workspace,
            exclude: select.exclude.clone(),
        },
        features: FeatureChoice {
            all: select.all_features,
            no_default: select.no_default_features,
            named: select
                .features
                .iter()
                .flat_map(|list| list.split([',', ' ']))
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
        },
        also: Vec::new(),
        home: project::cargo_home(),
    })
}

/// How sources were found, and what was not.
fn tell_about(project: &Project, common: &Common) -> anyhow::Result<()> {
    let (note, end) = (output::NOTE, format!("{:#}", output::NOTE));
    if common.verbose > 0 {
        output::tell(&format!("{note}note{end}: {} {}: {}\n", project.name, project.version, project.how))?;
    }
    let mut missing = project.missing.join(", ");
    if project.missing_below > 0 && (common.verbose > 0 || !missing.is_empty()) {
        let n = project.missing_below;
        let below = format!("something in {n} {}", if n == 1 { "dependency" } else { "dependencies" });
        missing = if missing.is_empty() { below } else { format!("{missing}, and {below}") };
    }
    if !missing.is_empty() {
        output::tell(&format!(
            "{note}note{end}: not on disk: {missing}; calls into it are unknown where crosslane has no table for them \
             (`cargo fetch` gets what a registry has)\n"
        ))?;
    }
    Ok(())
}

/// Analyses every package, as many at a time as there are cores; results stand in the order of the packages.
fn side_by_side(units: &[Unit]) -> Vec<Result<Analysis, Fail>> {
    let one = |unit: &Unit| analyse(&unit.project.sources, &unit.project, &unit.config, None);
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(units.len());
    let (next, found) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(unit) = units.get(at) else { break };
            let result = one(unit);
            found.lock().unwrap_or_else(PoisonError::into_inner).insert(at, result);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(work);
        }
        work();
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

/// Analyses a package; `sources` has its files, perhaps not as they are on disk. With a cache, inside
/// [`with_big_stack`](crosslane_analyzer::source::with_big_stack).
pub(crate) fn analyse(
    sources: &dyn Sources,
    project: &Project,
    config: &Config,
    cache: Option<&mut Cache>,
) -> Result<Analysis, Fail> {
    let mut models = Vec::new();
    for (file, text) in &config.models {
        let name = file.display().to_string();
        let model = parse_model(&name, text)
            .map_err(|error| Fail::new(error.message.replace('\n', ", ")).line(file, error.line as usize))?;
        models.push(model);
    }
    let options = Options { framework: config.framework.clone(), models, ..Options::default() };
    let packages = project.packages.clone();
    let mut analysis = match cache {
        Some(cache) => crosslane_analyzer::analyze_again(cache, sources, packages, &options),
        None => crosslane_analyzer::analyze(sources, packages, &options),
    };
    // Packages of `--also` are there to be called, not to be told about.
    analysis.contracts.retain(|contract| contract.package == project.name);
    Ok(analysis)
}

impl Unit {
    /// The file of a location on disk.
    pub(crate) fn path(&self, location: &Location) -> PathBuf {
        let named = |package: &project::Package| *location.package == *format!("{} {}", package.name, package.version);
        let at = self.project.packages.iter().position(named);
        let dir = at.and_then(|at| self.project.sources.root(project::PackageId(at as u32)));
        dir.unwrap_or(&self.project.dir).join(&*location.file)
    }

    /// The file of a location as people read it: relative to the current folder, or to the package.
    pub(crate) fn shown_path(&self, location: &Location) -> String {
        if !location.analysed {
            return format!("{}/{}", location.package.replace(' ', "-"), location.file);
        }
        let real = |dir: PathBuf| std::fs::canonicalize(&dir).unwrap_or(dir);
        let cwd = real(std::env::current_dir().unwrap_or_default());
        let path = real(self.path(location));
        let dir = real(self.project.dir.clone());
        let shown = path.strip_prefix(&cwd).or_else(|_| path.strip_prefix(&dir)).unwrap_or(&path);
        shown.display().to_string()
    }
}

/// One manifest over all contracts of some packages.
pub(crate) fn manifest(units: &[&Unit]) -> Manifest {
    let build = |unit: &&Unit| {
        let package = Some(unit.project.name.clone());
        let options = BuildOptions { chain: unit.config.chain.clone(), package, no_spans: false };
        manifest::build(&unit.analysis, &options)
    };
    let mut all: Vec<Manifest> = units.iter().map(build).collect();
    let mut first = match all.is_empty() {
        true => manifest::build(&Analysis::default(), &BuildOptions::default()),
        false => all.remove(0),
    };
    for more in all {
        first.contracts.extend(more.contracts);
    }
    first.contracts.sort_by(|a, b| (&a.name, &a.package).cmp(&(&b.name, &b.package)));
    first
}
