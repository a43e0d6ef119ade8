//! Asks cargo where dependencies are, without letting it see the package's folder.
//!
//! Inside a package, cargo obeys `.cargo/config.toml` (which can name programs to run) and `rust-toolchain.toml`, and
//! writes a lock file. So cargo runs in an empty temporary folder, offline, on copies of the manifests that hold nothing
//! but names, versions, dependencies and features. Its lock file and the folders it names are then used as if they had
//! been there from the start.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;

use semver::Version;
use serde_json::Value;

use super::disk::Disk;
use super::lock::Lock;
use super::manifest::{Dependency, Manifest, PackageTable, Source};
use super::resolve::{Resolution, Resolver};

/// Resolves with cargo's help; the flag says whether the lock file could be used.
pub(crate) fn resolve(resolver: &Resolver<'_>, roots: &[Rc<Manifest>]) -> Option<(Resolution, bool)> {
    let mut attempts = vec![false];
    if resolver.lock.is_some() {
        attempts.insert(0, true);
    }
    for with_lock in attempts {
        let Some((lock, places)) = ask(resolver, roots, with_lock) else { continue };
        let mut disk = Disk::scan(None, Path::new(""));
        for (name, version, dir) in places {
            disk.add(&name, version, dir);
        }
        disk.absorb(resolver.disk);
        let again = Resolver { disk: &disk, lock: lock.as_ref().or(resolver.lock), ..*resolver };
        return Some((again.run(roots), with_lock));
    }
    None
}

type Place = (String, Version, PathBuf);

/// One run of `cargo metadata`.
fn ask(resolver: &Resolver<'_>, roots: &[Rc<Manifest>], with_lock: bool) -> Option<(Option<Lock>, Vec<Place>)> {
    let dir = tempfile::Builder::new().prefix("crosslane-").tempdir().ok()?;
    write(resolver, roots, dir.path(), with_lock).ok()?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["metadata", "--offline", "--format-version", "1", "--manifest-path"])
        .arg(dir.path().join("Cargo.toml"))
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .env("RUSTUP_AUTO_INSTALL", "0");
    if let Some(home) = resolver.disk.home() {
        command.env("CARGO_HOME", home);
    }
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        // Programs cargo would run in place of the compiler, and settings that come as variables.
        let unsafe_name = text.starts_with("RUSTC")
            || text.starts_with("CARGO_BUILD_")
            || text.starts_with("CARGO_TARGET_")
            || text.starts_with("CARGO_ALIAS_")
            || text.starts_with("CARGO_REGISTR")
            || text.starts_with("CARGO_UNSTABLE_")
            || text == "RUSTDOC"
            || text == "RUSTFLAGS";
        if unsafe_name {
            command.env_remove(&name);
        }
    }
    let output = command.output().ok().filter(|output| output.status.success())?;
    let metadata: Value = serde_json::from_slice(&output.stdout).ok()?;
    let places = metadata.get("packages")?.as_array()?.iter().filter_map(|package| {
        package.get("source")?.as_str()?;
        let dir = Path::new(package.get("manifest_path")?.as_str()?).parent()?.to_path_buf();
        Some((package.get("name")?.as_str()?.to_owned(), Version::parse(package.get("version")?.as_str()?).ok()?, dir))
    });
    Some((Lock::load(&dir.path().join("Cargo.lock")), places.collect()))
}

/// Writes the shadows: one folder per local package, and a workspace over them.
fn write(resolver: &Resolver<'_>, roots: &[Rc<Manifest>], dir: &Path, with_lock: bool) -> std::io::Result<()> {
    let mut local: BTreeMap<PathBuf, (String, Rc<Manifest>)> = BTreeMap::new();
    let mut order = Vec::new();
    let mut work: Vec<Rc<Manifest>> = roots.to_vec();
    while let Some(manifest) = work.pop() {
        let Some(package) = manifest.package.as_ref() else { continue };
        if local.contains_key(&manifest.dir) {
            continue;
        }
        local.insert(manifest.dir.clone(), (format!("p{}", local.len()), manifest.clone()));
        order.push(manifest.dir.clone());
        let patches = resolver.patches.iter().map(|(_, dep)| dep);
        for dep in package.dependencies.iter().chain(patches) {
            if let Source::Path(dir) = &dep.source {
                work.extend(resolver.manifests.load(dir));
            }
        }
    }
    let mut top = String::from("[workspace]\nresolver = \"2\"\nmembers = [\"p*\"]\n");
    let mut sections: BTreeMap<&str, Vec<&Dependency>> = BTreeMap::new();
    for (source, dep) in resolver.patches {
        sections.entry(source).or_default().push(dep);
    }
    for (source, deps) in sections {
        let _ = writeln!(top, "[patch.{}]", quoted(source));
        for dep in deps {
            if let Some(line) = line(dep, &local, dir) {
                top.push_str(&line);
            }
        }
    }
    fs::write(dir.join("Cargo.toml"), top)?;
    for path in &order {
        let (folder, manifest) = &local[path];
        if let Some(package) = &manifest.package {
            let at = dir.join(folder);
            fs::create_dir_all(at.join("src"))?;
            fs::write(at.join("src/lib.rs"), "")?;
            fs::write(at.join("Cargo.toml"), shadow_of(package, &local, dir, with_lock))?;
        }
    }
    if with_lock && let Some(text) = roots.first().and_then(|root| lock_text(resolver, root)) {
        fs::write(dir.join("Cargo.lock"), text)?;
    }
    Ok(())
}

fn lock_text(resolver: &Resolver<'_>, root: &Rc<Manifest>) -> Option<String> {
    let workspace = resolver.manifests.workspace_of(root).unwrap_or_else(|| root.clone());
    super::read_regular(&workspace.dir.join("Cargo.lock")).ok().flatten()
}

fn shadow_of(
    package: &PackageTable,
    local: &BTreeMap<PathBuf, (String, Rc<Manifest>)>,
    dir: &Path,
    all: bool,
) -> String {
    let mut text = format!(
        "[package]\nname = {}\nversion = \"{}\"\nedition = \"2021\"\n[lib]\nproc-macro = {}\n",
        quoted(&package.name),
        package.version,
        package.proc_macro
    );
    // Without the lock, optional dependencies are left out: cargo wants to know the versions of all of them.
    let kept: Vec<&Dependency> = package.dependencies.iter().filter(|dep| all || !dep.optional).collect();
    text.push_str("[dependencies]\n");
    let mut seen = Vec::new();
    for dep in &kept {
        if !seen.contains(&&dep.key) {
            seen.push(&dep.key);
            text.push_str(&line(dep, local, dir).unwrap_or_default());
        }
    }
    if all {
        text.push_str("[features]\n");
        for (name, items) in &package.features {
            let items: Vec<String> = items.iter().map(|item| quoted(item)).collect();
            let _ = writeln!(text, "{} = [{}]", quoted(name), items.join(", "));
        }
    }
    text
}

fn line(dep: &Dependency, local: &BTreeMap<PathBuf, (String, Rc<Manifest>)>, dir: &Path) -> Option<String> {
    let mut fields = vec![format!("package = {}", quoted(&dep.package))];
    if dep.req != semver::VersionReq::STAR {
        fields.push(format!("version = {}", quoted(&dep.req.to_string())));
    }
    match &dep.source {
        Source::Registry => {
            if dep.req == semver::VersionReq::STAR {
                fields.push("version = \"*\"".to_owned());
            }
        }
        Source::Path(path) => {
            let (folder, _) = local.get(path)?;
            fields.push(format!("path = {}", quoted(&dir.join(folder).display().to_string())));
        }
        Source::Nowhere => return None,
        Source::Git { url, at } => {
            fields.push(format!("git = {}", quoted(url)));
            fields.extend(at.as_ref().map(|(kind, value)| format!("{kind} = {}", quoted(value))));
        }
    }
    if dep.optional {
        fields.push("optional = true".to_owned());
    }
    if !dep.default_features {
        fields.push("default-features = false".to_owned());
    }
    if !dep.features.is_empty() {
        let items: Vec<String> = dep.features.iter().map(|item| quoted(item)).collect();
        fields.push(format!("features = [{}]", items.join(", ")));
    }
    Some(format!("{} = {{ {} }}\n", quoted(&dep.key), fields.join(", ")))
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
