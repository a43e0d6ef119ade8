//! What most verbs begin with: find the packages, read their configuration, analyse them.

use std::path::PathBuf;

use anyhow::Context as _;
use crosslane_analyzer::Analysis;
use crosslane_analyzer::ir::Location;
use crosslane_analyzer::manifest::Manifest;

use crate::args::Common;
use crate::config::Config;
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
}

/// Loads and analyses the selected packages. Packages without a contract are told in one line and stay in the list.
pub(crate) fn load(common: &Common) -> anyhow::Result<Vec<Unit>> {
    let cwd = std::env::current_dir().context("the current folder is gone")?;
    let select = &common.select;
    let manifest = project::find_manifest(select.manifest_path.as_deref(), &cwd)?;
    let mut request = Request {
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
    };
    let (workspace, members) = project::select(&request)?;
    let mut units = Vec::new();
    for member in members {
        let config = Config::load(&member, &workspace, common)?;
        request.also.clone_from(&config.also);
        let project = project::load(&request, &member)?;
        if !common.quiet {
            tell_about(&project, common)?;
        }
        let analysis = analyse(&project, &config);
        if analysis.contracts.is_empty() && !common.quiet {
            output::tell(&format!(
                "{} {} is no contract (no entry point of a framework crosslane knows): skipped\n",
                project.name, project.version
            ))?;
        }
        units.push(Unit { project, config, analysis });
    }
    Ok(units)
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
            "{note}note{end}: not on disk: {missing}; calls into it are unknown (`cargo fetch` gets what a registry has)\n"
        ))?;
    }
    Ok(())
}

fn analyse(_project: &Project, _config: &Config) -> Analysis {
    Analysis::default()
}

impl Unit {
    /// The file of a location on disk.
    pub(crate) fn path(&self, location: &Location) -> PathBuf {
        let dir = if location.analysed {
            Some(self.project.dir.as_path())
        } else {
            let named = |package: &&_| {
                let package: &project::Package = package;
                *location.package == *format!("{} {}", package.name, package.version)
            };
            let at = self.project.packages.iter().position(|package| named(&package));
            at.and_then(|at| self.project.sources.root(project::PackageId(at as u32)))
        };
        dir.unwrap_or(&self.project.dir).join(&*location.file)
    }

    /// The file of a location as people read it: relative to the current folder, or to the package.
    pub(crate) fn shown_path(&self, location: &Location) -> String {
        if !location.analysed {
            return format!("{}/{}", location.package.replace(' ', "-"), location.file);
        }
        let cwd = std::env::current_dir().unwrap_or_default();
        let inside = self.project.dir.strip_prefix(&cwd).ok().map(|dir| dir.join(&*location.file));
        inside.map_or_else(|| location.file.to_string(), |path| path.display().to_string())
    }
}

/// One manifest over all contracts of some packages.
pub(crate) fn manifest(_units: &[&Unit]) -> Manifest {
    Manifest { version: 1, tool: format!("crosslane {}", env!("CARGO_PKG_VERSION")), contracts: Vec::new() }
}
