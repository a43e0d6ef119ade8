//! Reads text from disk behind a fence: regular files only, inside one root, of bounded size, UTF-8 only.
//!
//! Everything that an analysed package names (modules, `include!`, `#[path]`, manifests) is read through here, so
//! a package cannot make the tool open a device, wait on a pipe or look at files of somebody else.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crosslane_analyzer::source::{PackageId, Sources};

/// Files above this many bytes are not read; the largest published contract file is below 1 MiB.
const FILE_LIMIT: u64 = 16 * 1024 * 1024;

/// A folder below which files may be read.
#[derive(Clone, Debug)]
pub(crate) struct Fence {
    root: PathBuf,
}

impl Fence {
    /// A fence around a folder; `None` when it is no folder.
    pub(crate) fn new(dir: &Path) -> Option<Fence> {
        let root = fs::canonicalize(dir).ok()?;
        root.is_dir().then_some(Fence { root })
    }

    /// The folder, without symbolic links.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// True when a path without symbolic links lies inside.
    fn holds(&self, path: &Path) -> bool {
        path.starts_with(&self.root)
    }
}

/// Normalises a relative path without asking the disk; `None` for absolute paths.
fn lexical(path: &str) -> Option<PathBuf> {
    let mut out = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::CurDir => {}
            Component::Normal(name) => out.push(name),
            Component::ParentDir => {
                // Leading `..` stay: another package of the same project may be meant.
                let pops = matches!(out.components().next_back(), Some(Component::Normal(_)));
                if pops {
                    out.pop();
                } else {
                    out.push("..");
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(out)
}

/// Reads a regular file of bounded size. `Ok(None)`: it is something else, too large, not UTF-8, or a link to a file of
/// another name (a package must not make messages show lines of other files).
pub(crate) fn read_regular(path: &Path) -> std::io::Result<Option<String>> {
    if fs::symlink_metadata(path)?.is_symlink() && fs::canonicalize(path)?.file_name() != path.file_name() {
        return Ok(None);
    }
    // The kind is looked at before opening: opening a pipe would wait for its writer.
    let kind = fs::metadata(path)?;
    if !kind.is_file() || kind.len() > FILE_LIMIT {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(kind.len() as usize);
    File::open(path)?.take(FILE_LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_LIMIT {
        return Ok(None);
    }
    Ok(String::from_utf8(bytes).ok())
}

type Cache = BTreeMap<(u32, String), Option<Arc<str>>>;

/// Texts that several packages of one run read, by real path.
pub(crate) type Texts = Arc<Mutex<BTreeMap<PathBuf, Option<Arc<str>>>>>;

/// The files of all packages of a project, each behind its own fence, read once.
#[derive(Debug, Default)]
pub(crate) struct DiskSources {
    /// Index is the package id.
    fences: Vec<Option<Fence>>,
    /// Roots of packages that live in the user's own tree; code of one may include a file of another.
    local: Vec<Fence>,
    cache: Mutex<Cache>,
    shared: Texts,
}

impl DiskSources {
    /// One entry per package, in the order of ids: its folder, and whether it is the user's own (no registry copy).
    pub(crate) fn new(roots: &[(PathBuf, bool)], shared: Texts) -> DiskSources {
        let fences: Vec<Option<Fence>> = roots.iter().map(|(dir, _)| Fence::new(dir)).collect();
        let local =
            fences.iter().zip(roots).filter(|(_, (_, local))| *local).filter_map(|(fence, _)| fence.clone()).collect();
        DiskSources { fences, local, cache: Mutex::default(), shared }
    }

    /// The folder of a package.
    pub(crate) fn root(&self, package: PackageId) -> Option<&Path> {
        self.fences.get(package.0 as usize)?.as_ref().map(Fence::root)
    }

    /// Packages and paths that were asked for, also where there was no file.
    pub(crate) fn seen(&self) -> Vec<(u32, String)> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    fn load(&self, package: PackageId, path: &str) -> Option<Arc<str>> {
        let fence = self.fences.get(package.0 as usize)?.as_ref()?;
        let own = self.local.iter().any(|local| local.root() == fence.root());
        let at = fence.root().join(lexical(path)?);
        let real = fs::canonicalize(&at).ok()?;
        if !(fence.holds(&real) || (own && self.local.iter().any(|other| other.holds(&real)))) {
            return None;
        }
        let known = self.shared.lock().unwrap_or_else(PoisonError::into_inner).get(&real).cloned();
        known.unwrap_or_else(|| {
            let text = read_regular(&real).ok().flatten().map(Arc::from);
            self.shared.lock().unwrap_or_else(PoisonError::into_inner).insert(real, text.clone());
            text
        })
    }
}

impl Sources for DiskSources {
    fn read(&self, package: PackageId, path: &str) -> Option<Arc<str>> {
        let key = (package.0, path.to_owned());
        let known = self.cache.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(text) = known {
            return text;
        }
        let text = self.load(package, path);
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).insert(key, text.clone());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("pkg/src")).unwrap();
        fs::write(dir.path().join("pkg/src/lib.rs"), "mod a;").unwrap();
        fs::write(dir.path().join("secret.rs"), "secret").unwrap();
        dir
    }

    /// What the package `pkg` reads at a path, as the user's own and as a copy of the registry's: the same where no other
    /// package is there.
    fn read(dir: &tempfile::TempDir, path: &str) -> Option<Arc<str>> {
        let of = |own| DiskSources::new(&[(dir.path().join("pkg"), own)], Texts::default()).read(PackageId(0), path);
        let (own, copy) = (of(true), of(false));
        assert_eq!(own, copy, "{path}");
        own
    }

    #[test]
    fn reads_inside_and_normalises() {
        let dir = tree();
        assert_eq!(read(&dir, "src/lib.rs").as_deref(), Some("mod a;"));
        assert_eq!(read(&dir, "./src/../src/lib.rs").as_deref(), Some("mod a;"));
    }

    #[test]
    fn refuses_paths_and_links_that_leave() {
        let dir = tree();
        assert_eq!(read(&dir, "../secret.rs"), None);
        assert_eq!(read(&dir, dir.path().join("secret.rs").to_str().unwrap()), None);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(dir.path().join("secret.rs"), dir.path().join("pkg/src/link.rs")).unwrap();
            std::os::unix::fs::symlink("lib.rs", dir.path().join("pkg/src/inner.rs")).unwrap();
            assert_eq!(read(&dir, "src/link.rs"), None);
            assert_eq!(read(&dir, "src/inner.rs").as_deref(), Some("mod a;"));
        }
    }

    #[test]
    fn refuses_folders_devices_pipes_and_binary() {
        let dir = tree();
        assert_eq!(read(&dir, "src"), None);
        fs::write(dir.path().join("pkg/src/bin.rs"), [0xff, 0xfe, 0]).unwrap();
        assert_eq!(read(&dir, "src/bin.rs"), None);
        let pipe = dir.path().join("pkg/src/pipe.rs");
        if std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
            assert_eq!(read(&dir, "src/pipe.rs"), None);
        }
        let big = File::create(dir.path().join("pkg/src/big.rs")).unwrap();
        big.set_len(FILE_LIMIT + 1).unwrap();
        assert_eq!(read(&dir, "src/big.rs"), None);
    }

    #[test]
    #[cfg(unix)]
    fn links_to_files_of_other_names_are_not_shown() {
        let dir = tree();
        let link = dir.path().join("Cargo.toml");
        std::os::unix::fs::symlink(dir.path().join("secret.rs"), &link).unwrap();
        assert_eq!(read_regular(&link).unwrap(), None);
        let link = dir.path().join("pkg/secret.rs");
        std::os::unix::fs::symlink("../secret.rs", &link).unwrap();
        assert_eq!(read_regular(&link).unwrap().as_deref(), Some("secret"));
    }

    #[test]
    fn siblings_of_one_project_may_share_files() {
        let dir = tree();
        fs::create_dir_all(dir.path().join("other")).unwrap();
        fs::write(dir.path().join("other/x.rs"), "x").unwrap();
        let sources =
            DiskSources::new(&[(dir.path().join("pkg"), true), (dir.path().join("other"), true)], Texts::default());
        assert_eq!(sources.read(PackageId(0), "../other/x.rs").as_deref(), Some("x"));
        assert_eq!(sources.read(PackageId(0), "../secret.rs"), None);
        let sources =
            DiskSources::new(&[(dir.path().join("pkg"), false), (dir.path().join("other"), true)], Texts::default());
        assert_eq!(sources.read(PackageId(0), "../other/x.rs"), None, "registry copies stay in their folder");
    }
}
