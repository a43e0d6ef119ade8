//! Crosslane's analyzer: from the source of a smart contract to what its entry points touch, which of their calls
//! conflict, and how a batch of calls can be scheduled.

pub mod chains;
pub mod conflicts;
pub mod diagnostics;
pub mod ir;
pub mod manifest;
pub mod random;

#[cfg(feature = "workload")]
pub mod costs;
#[cfg(feature = "workload")]
pub mod hotspots;
#[cfg(feature = "schedule")]
pub mod schedule;
#[cfg(feature = "workload")]
pub mod workload;

#[cfg(feature = "source")]
pub mod claims;
#[cfg(feature = "source")]
pub(crate) mod effects;
#[cfg(feature = "source")]
pub mod frameworks;
#[cfg(feature = "source")]
pub mod lints;
#[cfg(feature = "source")]
pub mod source;

/// What one analysis found.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// Contracts, in order of package and name.
    pub contracts: Vec<ir::Contract>,
    /// All files read.
    pub files: ir::SourceMap,
    /// Things worth telling that are no finding: files that do not parse, dependencies that are not on disk.
    pub problems: Vec<Problem>,
    /// What the code says about itself in attributes, for each package that says something.
    #[cfg(feature = "source")]
    pub claims: Vec<claims::Claims>,
    /// Contract traits whose generated clients are called and that no package at hand exports, by name, sorted: whoever has
    /// the one that does can analyse both together.
    pub open: Vec<String>,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// What, in words, lowercase, without a final stop.
    pub message: String,
    /// Where; may be nowhere.
    pub span: ir::Span,
}

/// How to analyse.
#[cfg(feature = "source")]
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only this framework's contracts; `None` finds out.
    pub framework: Option<String>,
    /// Tables of the user's own, besides the built-in ones.
    pub models: Vec<source::ModelCrate>,
    /// Frameworks besides the built-in ones, tried before them.
    pub frameworks: Vec<frameworks::Framework>,
}

/// Analyses every package marked `analysed`. Never fails and never panics on any text: what cannot be understood is an
/// unknown in the footprint that meets it, what cannot be read is a problem.
#[cfg(feature = "source")]
pub fn analyze(sources: &dyn source::Sources, packages: Vec<source::Package>, options: &Options) -> Analysis {
    source::with_big_stack(|| analyze_here(sources, packages, options, None))
}

/// Like [`analyze`], and takes from the cache what an earlier analysis of the same packages left there, which decides
/// nothing but the time. To be called inside [`source::with_big_stack`]: the cache stays on its thread.
#[cfg(feature = "source")]
pub fn analyze_again(
    cache: &mut source::Cache,
    sources: &dyn source::Sources,
    packages: Vec<source::Package>,
    options: &Options,
) -> Analysis {
    analyze_here(sources, packages, options, Some(cache))
}

/// Name and version of the package a contract is built from.
#[cfg(feature = "source")]
fn package_of(contract: &ir::Contract) -> (String, String) {
    (contract.package.clone(), contract.package_version.clone())
}

/// The contracts of a crate, by the first framework that knows it, and the engine that found them.
#[cfg(feature = "source")]
fn contracts_of<'w>(
    world: &'w source::World<'w>,
    krate: ir::hir::CrateId,
    options: &Options,
) -> Option<(effects::Engine<'w>, Vec<ir::Contract>)> {
    let only = |framework: &&frameworks::Framework| options.framework.as_ref().is_none_or(|only| only == framework.id);
    options.frameworks.iter().chain(frameworks::ALL).filter(only).find_map(|framework| {
        let mut engine = effects::Engine::new(world);
        (framework.detect)(&engine, krate).then(|| {
            engine.prepare();
            let found = (framework.contracts)(&mut engine, krate);
            (engine, found)
        })
    })
}

#[cfg(feature = "source")]
fn analyze_here(
    sources: &dyn source::Sources,
    packages: Vec<source::Package>,
    options: &Options,
    cache: Option<&mut source::Cache>,
) -> Analysis {
    let mut problems = Vec::new();
    let mut models = match frameworks::models::builtin() {
        Ok(models) => models.to_vec(),
        Err(error) => {
            problems.push(Problem { message: error.to_string(), span: ir::Span::NONE });
            Vec::new()
        }
    };
    models.extend(options.models.iter().cloned().map(std::sync::Arc::new));
    let analysed: Vec<u32> = (0..packages.len() as u32).filter(|&at| packages[at as usize].analysed).collect();
    let mut world = source::World::new(sources, packages, models)
        .with_rewrites(frameworks::models::rewrites())
        .with_targets(frameworks::models::targets());
    let mut cache = cache;
    if let Some(cache) = &mut cache {
        world = world.with_cache(std::mem::take(cache));
    }
    let mut contracts = Vec::new();
    let mut claims = Vec::new();
    let mut open = std::collections::BTreeSet::new();
    for at in analysed {
        let krate = ir::hir::CrateId(at);
        let Some((mut engine, found)) = contracts_of(&world, krate, options) else {
            claims.extend(claims::collect(&mut effects::Engine::new(&world), krate, &[]));
            continue;
        };
        claims.extend(claims::collect(&mut engine, krate, &found));
        open.append(&mut engine.open);
        let from = world.provenance(krate);
        contracts.extend(found.into_iter().map(|mut contract| {
            contract.dependencies = from.dependencies.to_owned();
            contract.models.clone_from(&from.models);
            contract.source_hash.clone_from(&from.source_hash);
            if from.trusts_tables {
                contract.assumes.push("tables-complete".to_owned());
                contract.assumes.sort();
                contract.assumes.dedup();
            }
            contract
        }));
    }
    // Callees that are read but were not asked about are analysed for their callers.
    let mut beside: Vec<ir::Contract> = Vec::new();
    let mut asked: Vec<(String, String)> = contracts.iter().map(package_of).collect();
    loop {
        let mut wanted = conflicts::link::wanted(&contracts);
        wanted.extend(conflicts::link::wanted(&beside));
        wanted.retain(|package| !asked.contains(package));
        let Some((name, version)) = wanted.into_iter().next() else { break };
        let found = world.packages().iter().position(|package| package.name == name && package.version == version);
        if let Some(at) = found {
            let found = contracts_of(&world, ir::hir::CrateId(at as u32), options);
            beside.extend(found.map(|(_, found)| found).unwrap_or_default());
        }
        asked.push((name, version));
    }
    conflicts::link::link(&mut contracts, beside);
    problems.extend(world.problems());
    let files = world.files();
    if let Some(cache) = cache {
        *cache = world.into_cache();
    }
    Analysis { contracts, files, problems, claims, open: open.into_iter().collect() }
}
