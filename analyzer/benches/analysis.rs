//! Speed and memory of an analysis: `cargo bench --bench analysis -- [--deps FOLDER] [--runs N] [--edits N] [--only NAME] [FOLDER..]`.
//!
//! Every package below a FOLDER (default: the fixtures) is analysed by itself, one thread, and compared with what
//! `syn::parse_file` takes for the files the analysis read. Dependencies are looked for among the packages of the
//! FOLDERs and of `--deps` (such as `~/.cargo/registry/src/*`), the newest version first. `--edits` edits one file after
//! another and analyses again. Times are of the processor, so that other programs do not count, the least of the runs.
//! Peak memory is that of the whole process.

#[path = "support/clock.rs"]
#[allow(unreachable_pub)]
mod clock;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crosslane_analyzer::source::{Cache, Package, PackageId, Sources, with_big_stack};
use crosslane_analyzer::{Options, analyze, analyze_again};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A package on disk.
#[derive(Clone, Debug)]
struct Found {
    dir: PathBuf,
    name: String,
    version: String,
    edition: u16,
    crate_name: String,
    root: String,
    features: Vec<String>,
    /// Name in code and name of the package.
    deps: Vec<(String, String)>,
}

fn main() {
    let mut folders = Vec::new();
    let mut deps = Vec::new();
    let (mut runs, mut edits, mut only) = (5usize, 0usize, String::new());
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = |default| args.next().and_then(|text| text.parse().ok()).unwrap_or(default);
        match arg.as_str() {
            "--runs" => runs = number(5).max(1),
            "--edits" => edits = number(50),
            "--deps" => deps.extend(args.next().map(PathBuf::from)),
            "--only" => only = args.next().unwrap_or_default(),
            flag if flag.starts_with("--") => {}
            folder => folders.push(PathBuf::from(folder)),
        }
    }
    if folders.is_empty() {
        folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures"));
    }
    let mut own = Vec::new();
    folders.iter().for_each(|folder| find(folder, 6, &mut own));
    let mut known: BTreeMap<String, Found> = BTreeMap::new();
    let mut others = own.clone();
    deps.iter().for_each(|folder| find(folder, 1, &mut others));
    for found in others {
        let newer = known.get(&found.name).is_none_or(|other| numbers(&other.version) < numbers(&found.version));
        if newer {
            known.insert(found.name.clone(), found);
        }
    }
    println!("{:<34} {:>7} {:>8} {:>9} {:>9} {:>6}", "package", "files", "lines", "syn ms", "ours ms", "ratio");
    let (mut all_syn, mut all_ours) = (Duration::ZERO, Duration::ZERO);
    for found in own.iter().filter(|found| only.is_empty() || found.name == only) {
        let (packages, disk) = packages(found, &known);
        let mut ours = Duration::MAX;
        for _ in 0..runs {
            let start = clock::process();
            let analysis = analyze(&disk, packages.clone(), &Options::default());
            ours = ours.min(clock::process() - start);
            drop(analysis);
        }
        let texts: Vec<Arc<str>> =
            disk.read.lock().map(|read| read.values().flatten().cloned().collect()).unwrap_or_default();
        let mut syn = Duration::MAX;
        for _ in 0..runs {
            syn = syn.min(with_big_stack(|| parse(&texts)));
        }
        let lines: usize = texts.iter().map(|text| text.lines().count()).sum();
        println!(
            "{:<34} {:>7} {:>8} {:>9.1} {:>9.1} {:>6.2}",
            found.name,
            texts.len(),
            lines,
            millis(syn),
            millis(ours),
            millis(ours) / millis(syn)
        );
        (all_syn, all_ours) = (all_syn + syn, all_ours + ours);
        if edits > 0 {
            edit(&packages, &disk, edits);
        }
    }
    println!("together: {:.2} × syn::parse_file; peak memory {} MiB", millis(all_ours) / millis(all_syn), peak());
}

/// Time of `syn::parse_file` for some texts, one after another.
fn parse(texts: &[Arc<str>]) -> Duration {
    let start = clock::process();
    for text in texts {
        std::hint::black_box(syn::parse_file(text).is_ok());
    }
    clock::process() - start
}

/// Edits file after file of the analysed package, at the end and inside of the first block by turns, and analyses again
/// with what is kept. Every tenth result is compared with that of an analysis that keeps nothing.
fn edit(packages: &[Package], disk: &Disk, edits: usize) {
    let files: Vec<(u32, String)> = disk
        .read
        .lock()
        .map(|read| {
            read.iter().filter(|((at, _), text)| *at == 0 && text.is_some()).map(|(key, _)| key.clone()).collect()
        })
        .unwrap_or_default();
    let options = Options::default();
    let mut times = Vec::new();
    with_big_stack(|| {
        let mut cache = Cache::default();
        analyze_again(&mut cache, disk, packages.to_vec(), &options);
        for at in 0..edits {
            let key = &files[at % files.len()];
            let Some(Some(text)) = disk.read.lock().ok().and_then(|read| read.get(key).cloned()) else { continue };
            disk.edit(key, changed(&text, at));
            let start = clock::process();
            let again = analyze_again(&mut cache, disk, packages.to_vec(), &options);
            times.push(clock::process() - start);
            if at % 10 == 0 {
                let fresh = analyze(disk, packages.to_vec(), &options);
                assert!(format!("{again:?}") == format!("{fresh:?}"), "edit {at} of {}: not as without a cache", key.1);
            }
        }
    });
    times.sort();
    let part = |share: usize| millis(times[(times.len() * share / 100).min(times.len() - 1)]);
    println!("    {edits} edits: p50 {:.1} ms, p95 {:.1} ms, max {:.1} ms", part(50), part(95), part(100));
}

fn changed(text: &str, at: usize) -> Arc<str> {
    let open = text.find("{\n").filter(|_| at % 2 == 1);
    let (lo, hi) = text.split_at(open.map_or(text.len(), |open| open + 2));
    format!("{lo}// {}\n{hi}", "x".repeat(at % 40)).into()
}

type Texts = BTreeMap<(u32, String), Option<Arc<str>>>;

/// Package and path.
type FileKey = (u32, String);

/// Files of packages, read once, one of them perhaps edited.
struct Disk {
    roots: Vec<PathBuf>,
    read: Mutex<Texts>,
    edited: Mutex<Option<(FileKey, Arc<str>)>>,
}

impl Disk {
    fn edit(&self, key: &(u32, String), text: Arc<str>) {
        if let Ok(mut edited) = self.edited.lock() {
            *edited = Some((key.clone(), text));
        }
    }
}

impl Sources for Disk {
    fn read(&self, package: PackageId, path: &str) -> Option<Arc<str>> {
        let key = (package.0, path.to_owned());
        if let Some((edited, text)) = self.edited.lock().ok()?.as_ref() {
            if *edited == key {
                return Some(text.clone());
            }
        }
        let mut read = self.read.lock().ok()?;
        let load = || std::fs::read_to_string(self.roots.get(package.0 as usize)?.join(path)).ok().map(Arc::from);
        read.entry(key).or_insert_with(load).clone()
    }
}

/// Packages below a folder.
fn find(dir: &Path, depth: usize, found: &mut Vec<Found>) {
    found.extend(load(dir));
    let Some(depth) = depth.checked_sub(1) else { return };
    let mut dirs: Vec<PathBuf> =
        std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    dirs.retain(|dir| dir.is_dir() && !dir.ends_with("target") && !dir.ends_with("src"));
    dirs.sort();
    dirs.iter().for_each(|dir| find(dir, depth, found));
}

fn load(dir: &Path) -> Option<Found> {
    let manifest: toml::Table = std::fs::read_to_string(dir.join("Cargo.toml")).ok()?.parse().ok()?;
    let package = manifest.get("package")?;
    let text = |at: &toml::Value, key: &str| at.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    let name = text(package, "name")?;
    let lib = manifest.get("lib");
    let mut deps = Vec::new();
    let targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flat_map(|all| all.values());
    let tables = targets.filter_map(toml::Value::as_table).chain([&manifest]).filter_map(|at| at.get("dependencies"));
    for (key, value) in tables.filter_map(toml::Value::as_table).flatten() {
        deps.push((key.replace('-', "_"), text(value, "package").unwrap_or_else(|| key.clone())));
    }
    let root = lib.and_then(|lib| text(lib, "path")).unwrap_or_else(|| "src/lib.rs".to_owned());
    dir.join(&root).is_file().then(|| Found {
        dir: dir.to_owned(),
        crate_name: lib.and_then(|lib| text(lib, "name")).unwrap_or_else(|| name.replace('-', "_")),
        version: text(package, "version").unwrap_or_else(|| "0.0.0".to_owned()),
        edition: text(package, "edition").and_then(|text| text.parse().ok()).unwrap_or(2021),
        features: default_features(&manifest),
        name,
        root,
        deps,
    })
}

/// What the feature `default` turns on inside the package.
fn default_features(manifest: &toml::Table) -> Vec<String> {
    let mut on = Vec::new();
    let mut open = vec!["default".to_owned()];
    while let Some(name) = open.pop().filter(|name| !on.contains(name)) {
        let list = manifest.get("features").and_then(|all| all.get(&name)).and_then(toml::Value::as_array);
        open.extend(list.into_iter().flatten().filter_map(toml::Value::as_str).map(str::to_owned));
        on.push(name);
    }
    on
}

fn numbers(version: &str) -> Vec<u64> {
    version.split(['.', '-', '+']).map(|part| part.parse().unwrap_or(0)).collect()
}

/// A package with all it depends on; features are the default ones, which is enough to compare times.
fn packages(root: &Found, known: &BTreeMap<String, Found>) -> (Vec<Package>, Disk) {
    let mut order = vec![root.clone()];
    let mut at = 0;
    while let Some(found) = order.get(at).cloned() {
        for (_, name) in &found.deps {
            if let Some(dep) = known.get(name).filter(|dep| order.iter().all(|other| other.name != dep.name)) {
                order.push(dep.clone());
            }
        }
        at += 1;
    }
    let id = |name: &str| order.iter().position(|found| found.name == name).map(|at| PackageId(at as u32));
    let packages = order.iter().enumerate().map(|(at, found)| Package {
        name: found.name.clone(),
        version: found.version.clone(),
        crate_name: found.crate_name.clone(),
        root: found.root.clone(),
        edition: found.edition,
        features: found.features.iter().cloned().collect::<BTreeSet<String>>(),
        deps: found.deps.iter().filter_map(|(key, name)| Some((key.clone(), id(name)?))).collect(),
        missing: found.deps.iter().filter(|(_, name)| id(name).is_none()).map(|(key, _)| key.clone()).collect(),
        analysed: at == 0,
    });
    let disk = Disk {
        roots: order.iter().map(|found| found.dir.clone()).collect(),
        read: Mutex::default(),
        edited: Mutex::default(),
    };
    (packages.collect(), disk)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Highest resident memory of the process so far, in MiB; 0 where the system does not say.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kib| kib / 1024)
}
