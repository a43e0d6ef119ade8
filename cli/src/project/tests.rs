//! Resolution on made-up registries, workspaces and checkouts.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// A folder with a cargo home and packages; files are given as (path, text).
struct World {
    dir: tempfile::TempDir,
}

impl World {
    fn new(files: &[(&str, &str)]) -> World {
        let world = World { dir: tempfile::tempdir().unwrap() };
        for (path, text) in files {
            world.write(path, text);
        }
        world
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn path(&self, path: &str) -> PathBuf {
        fs::canonicalize(self.dir.path()).unwrap().join(path)
    }

    /// Adds a published package.
    fn publish(&self, name: &str, version: &str, rest: &str) {
        let dir = format!("home/registry/src/index.crates.io-1/{name}-{version}");
        let text = format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n{rest}");
        self.write(&format!("{dir}/Cargo.toml"), &text);
        self.write(&format!("{dir}/src/lib.rs"), "");
    }

    fn request(&self, manifest: &str) -> Request {
        Request {
            selection: Selection { manifest: self.path(manifest), ..Selection::default() },
            home: Some(self.path("home")),
            ..Request::default()
        }
    }

    fn load(&self, manifest: &str) -> Project {
        self.load_with(self.request(manifest))
    }

    fn load_with(&self, request: Request) -> Project {
        let (_, members) = select(&request).unwrap();
        Loader::default().load(&request, &members[0]).unwrap()
    }
}

fn app(dependencies: &str) -> String {
    format!("[package]\nname = \"app\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[dependencies]\n{dependencies}")
}

/// `name version [features]` of all packages.
fn list(project: &Project) -> Vec<String> {
    let features = |package: &Package| package.features.iter().cloned().collect::<Vec<_>>().join(" ");
    project.packages.iter().map(|it| format!("{} {} [{}]", it.name, it.version, features(it))).collect()
}

#[test]
fn newest_version_that_all_accept() {
    let world = World::new(&[("app/Cargo.toml", &app("a = \"1\"\nb = \"1\"\nc = \"0.2\"\n")), ("app/src/lib.rs", "")]);
    for version in ["1.0.0", "1.4.0", "1.5.0", "2.0.0", "1.6.0-rc.1"] {
        world.publish("a", version, "");
    }
    world.publish("b", "1.0.0", "[dependencies]\na = \"<1.5\"\n");
    world.publish("c", "0.2.9", "[dependencies]\na = \"2\"\n");
    world.publish("c", "0.3.0", "");
    let project = world.load("app/Cargo.toml");
    assert_eq!(list(&project), ["app 1.0.0 []", "a 1.4.0 []", "a 2.0.0 []", "b 1.0.0 []", "c 0.2.9 []"]);
    assert_eq!(project.packages[4].deps, [("a".to_owned(), PackageId(2))]);
    assert!(project.missing.is_empty());
}

#[test]
fn lock_file_decides_and_what_it_names_may_be_missing() {
    let lock = "version = 3\n[[package]]\nname = \"app\"\nversion = \"1.0.0\"\ndependencies = [\"a\", \"b\"]\n\
                [[package]]\nname = \"a\"\nversion = \"1.0.0\"\n[[package]]\nname = \"b\"\nversion = \"1.0.7\"\n";
    let world = World::new(&[
        ("app/Cargo.toml", &app("a = \"1\"\nb = \"1\"\n")),
        ("app/src/lib.rs", ""),
        ("app/Cargo.lock", lock),
    ]);
    world.publish("a", "1.0.0", "");
    world.publish("a", "1.9.0", "");
    world.publish("b", "1.0.2", "");
    let project = world.load("app/Cargo.toml");
    assert_eq!(list(&project), ["app 1.0.0 []", "a 1.0.0 []", "b 1.0.2 []"]);
    assert!(project.how.contains("1 not in the locked version"), "{}", project.how);
}

#[test]
fn features_are_unified_with_weak_implicit_and_renamed_ones() {
    let world = World::new(&[
        (
            "app/Cargo.toml",
            &app("a = { version = \"1\", default-features = false, features = [\"x\"] }\nb = \"1\"\n\
                  other = { package = \"c-lib\", version = \"1\", optional = true }\n[features]\ndefault = [\"other\"]\n"),
        ),
        ("app/src/lib.rs", ""),
    ]);
    let a = "[dependencies]\nopt = { version = \"1\", optional = true }\nimp = { version = \"1\", optional = true }\n\
             [features]\ndefault = [\"std\"]\nstd = []\nx = [\"opt?/y\", \"imp/z\"]\nz = [\"dep:opt\"]\n";
    world.publish("a", "1.0.0", a);
    world.publish("b", "1.0.0", "[dependencies]\na = { version = \"1\", features = [\"z\"] }\n");
    world.publish("opt", "1.0.0", "[features]\ny = []\nn = []\n");
    world.publish("imp", "1.0.0", "[features]\nz = []\n");
    world.publish("c-lib", "1.0.0", "[lib]\nname = \"clib\"\n");
    let project = world.load("app/Cargo.toml");
    assert_eq!(
        list(&project),
        [
            "app 1.0.0 [default other]",
            "a 1.0.0 [default imp std x z]",
            "b 1.0.0 []",
            "c-lib 1.0.0 []",
            "imp 1.0.0 [z]",
            "opt 1.0.0 [y]"
        ]
    );
    let names: Vec<&str> = project.packages[0].deps.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a", "b", "other"]);
    assert_eq!(project.packages[3].crate_name, "clib");

    let mut request = world.request("app/Cargo.toml");
    request.features.no_default = true;
    assert_eq!(list(&world.load_with(request))[0], "app 1.0.0 []");
}

#[test]
fn what_is_not_there_is_missing_and_never_an_error() {
    let dependencies = "gone = \"3\"\nmygit = { git = \"https://example.com/x/mygit\" }\nnear = { path = \"../nowhere\" }\n\
                        [target.'cfg(windows)'.dependencies]\nwin = \"1\"\n[target.'cfg(unix)'.dependencies]\nnix = \"1\"\n\
                        [dev-dependencies]\ntester = \"1\"\n[build-dependencies]\nbuilder = \"1\"\n";
    let world = World::new(&[("app/Cargo.toml", &app(dependencies)), ("app/src/lib.rs", "")]);
    let project = world.load("app/Cargo.toml");
    assert_eq!(project.packages[0].missing, ["gone", "mygit", "near", "nix"]);
    assert_eq!(project.missing.len(), 3, "target-specific ones are not told: {:?}", project.missing);
    assert!(project.how.contains("the package alone"), "{}", project.how);
}

#[test]
fn workspace_members_inherit_and_find_each_other() {
    let root = "[workspace]\nmembers = [\"contracts/*\", \"packages/**\"]\nexclude = [\"contracts/old\"]\n\
                [workspace.package]\nversion = \"0.4.2\"\nedition = \"2021\"\n[workspace.dependencies]\n\
                shared = { path = \"packages/shared\", default-features = false }\na = { version = \"1\", features = [\"x\"] }\n";
    let contract = |name: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion.workspace = true\nedition = {{ workspace = true }}\n[dependencies]\n\
             shared = {{ workspace = true, features = [\"more\"] }}\na.workspace = true\n"
        )
    };
    let world = World::new(&[
        ("ws/Cargo.toml", root),
        ("ws/contracts/one/Cargo.toml", &contract("one")),
        ("ws/contracts/one/src/lib.rs", ""),
        ("ws/contracts/two/Cargo.toml", &contract("two")),
        ("ws/contracts/two/src/main.rs", ""),
        ("ws/contracts/old/Cargo.toml", &contract("old")),
        (
            "ws/packages/shared/Cargo.toml",
            "[package]\nname = \"shared\"\n[features]\ndefault = [\"d\"]\nd = []\nmore = []\n",
        ),
        ("ws/packages/shared/src/lib.rs", "shared text"),
    ]);
    world.publish("a", "1.0.0", "[features]\nx = []\n");
    let project = world.load("ws/contracts/one/Cargo.toml");
    assert_eq!(list(&project), ["one 0.4.2 []", "a 1.0.0 [x]", "shared 0.0.0 [more]"]);
    assert_eq!(project.workspace, world.path("ws"));
    assert_eq!(project.packages[0].edition, 2021);
    assert_eq!(
        crosslane_read(&project, 2, "src/lib.rs").as_deref(),
        Some("shared text"),
        "path dependencies are read behind their own fence"
    );

    let names = |request: &Request| -> Vec<String> {
        let (_, dirs) = select(request).unwrap();
        dirs.iter().map(|dir| dir.file_name().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let mut request = world.request("ws/Cargo.toml");
    assert_eq!(names(&request), ["one", "shared", "two"]);
    request.selection.exclude = vec!["sh*".to_owned()];
    assert_eq!(names(&request), ["one", "two"]);
    request.selection.packages = vec!["two".to_owned()];
    assert_eq!(names(&request), ["two"]);
    assert_eq!(world.load_with(request.clone()).packages[0].root, "src/main.rs");
    request.selection.packages = vec!["tow".to_owned()];
    assert!(select(&request).unwrap_err().to_string().contains("did you mean `two`?"));
}

fn crosslane_read(project: &Project, id: u32, path: &str) -> Option<std::sync::Arc<str>> {
    use crosslane_analyzer::source::Sources as _;
    project.sources.read(PackageId(id), path)
}

#[test]
fn git_checkouts_vendored_sources_and_patches() {
    let lock = "[[package]]\nname = \"g\"\nversion = \"0.1.0\"\nsource = \"git+https://example.com/x/repo?branch=main#0123456789abcdef\"\n";
    let manifest = app(
        "g = { git = \"https://example.com/x/repo.git\", branch = \"main\" }\nv = \"1\"\np = \"1\"\n[patch.crates-io]\np = { path = \"../patched\" }\n",
    );
    let checkout = "home/git/checkouts/repo-00112233445566ff/0123456";
    let world = World::new(&[
        ("app/Cargo.toml", &manifest),
        ("app/src/lib.rs", ""),
        ("app/Cargo.lock", lock),
        ("app/vendor/v/Cargo.toml", "[package]\nname = \"v\"\nversion = \"1.2.3\"\n"),
        ("patched/Cargo.toml", "[package]\nname = \"p\"\nversion = \"1.0.9\"\n"),
        (
            &format!("{checkout}/Cargo.toml"),
            "[workspace]\nmembers = [\"crates/*\"]\n[workspace.package]\nversion = \"0.1.0\"\n",
        ),
        (&format!("{checkout}/crates/g/Cargo.toml"), "[package]\nname = \"g\"\nversion.workspace = true\n"),
        (
            "home/git/checkouts/repo-00112233445566ff/fedcba9/Cargo.toml",
            "[package]\nname = \"g\"\nversion = \"9.0.0\"\n",
        ),
    ]);
    world.publish("p", "1.5.0", "");
    let project = world.load("app/Cargo.toml");
    assert_eq!(list(&project), ["app 1.0.0 []", "g 0.1.0 []", "p 1.0.9 []", "v 1.2.3 []"]);
}

#[test]
fn procedural_macros_are_named_and_not_followed() {
    let world = World::new(&[("app/Cargo.toml", &app("m = \"1\"\n")), ("app/src/lib.rs", "")]);
    world.publish("m", "1.0.0", "[lib]\nproc-macro = true\n[dependencies]\nsyn = \"2\"\n");
    world.publish("syn", "2.0.0", "");
    let project = world.load("app/Cargo.toml");
    assert_eq!(list(&project), ["app 1.0.0 []", "m 1.0.0 []"]);
    assert!(project.missing.is_empty() && project.missing_below == 0);
}

#[test]
fn ids_do_not_depend_on_folders() {
    let build = |names: [&str; 2]| {
        let world = World::new(&[
            (
                "app/Cargo.toml",
                &app("a = { path = \"../A\" }\nb = { path = \"../B\" }\n")
                    .replace("../A", names[0])
                    .replace("../B", names[1]),
            ),
            ("app/src/lib.rs", ""),
        ]);
        world.write(&format!("app/{}/Cargo.toml", names[0]), "[package]\nname = \"a\"\n");
        world.write(&format!("app/{}/Cargo.toml", names[1]), "[package]\nname = \"b\"\n");
        list(&world.load("app/Cargo.toml"))
    };
    assert_eq!(build(["x", "y"]), build(["y", "x"]));
}

#[test]
fn a_member_without_its_workspace() {
    let member = "[package]\nname = \"m\"\nversion.workspace = true\nedition.workspace = true\n[dependencies]\n\
                  the-sdk = { workspace = true, features = [\"x\"] }\na = \"1\"\n";
    let world = World::new(&[("ws/m/Cargo.toml", member), ("ws/m/src/lib.rs", "")]);
    world.publish("a", "1.0.0", "");
    world.publish("the-sdk", "1.0.0", "");
    let project = world.load("ws/m/Cargo.toml");
    assert_eq!(list(&project), ["m 0.0.0 []", "a 1.0.0 []"], "another package of the name is no stand-in");
    assert_eq!((&project.packages[0].missing, project.packages[0].edition), (&vec!["the_sdk".to_owned()], 2021));
    assert_eq!(project.missing, ["the-sdk (inherited from a workspace that is not there)"]);
    world.write("ws/Cargo.toml", "[workspace\n");
    let error = select(&world.request("ws/m/Cargo.toml")).unwrap_err().to_string();
    assert!(error.contains("ws/Cargo.toml:1:11"), "{error}");
}

#[test]
fn mistakes_name_file_and_line() {
    let cases: [(&str, &str, &str); 4] = [
        ("[package\nname = 1", "Cargo.toml:1:9", "unclosed table"),
        ("[package]\nversion = \"1\"", "Cargo.toml", "`[package]` has no `name`"),
        ("[profile.dev]\n", "Cargo.toml", "neither a `[package]` nor a `[workspace]`"),
        ("[package]\nname = \"x\"", "Cargo.toml", "there is no src/lib.rs"),
    ];
    for (text, place, message) in cases {
        let world = World::new(&[("app/Cargo.toml", text)]);
        let error = select(&world.request("app/Cargo.toml")).unwrap_err().to_string();
        assert!(error.contains(place) && error.contains(message), "{error}");
    }
    let world = World::new(&[("app/Cargo.toml", &app("[features]\nlibrary = []\n")), ("app/src/lib.rs", "")]);
    let mut request = world.request("app/Cargo.toml");
    request.features.named = vec!["librarry".to_owned()];
    assert!(select(&request).unwrap_err().to_string().contains("did you mean `library`?"));
    assert!(find_manifest(Some(Path::new("nowhere/Cargo.toml")), Path::new("/")).is_err());
}

/// All files below a folder with their text.
fn snapshot(dir: &Path) -> Vec<(PathBuf, Option<String>)> {
    let mut out = Vec::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            out.extend(snapshot(&path));
        } else {
            out.push((path.clone(), fs::read_to_string(&path).ok()));
        }
    }
    out.sort();
    out
}

#[test]
#[cfg(unix)]
fn a_hostile_package_runs_nothing_and_is_not_written_into() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new(&[
        (
            "app/Cargo.toml",
            &app("v = \"1\"\nnowhere = { version = \"1\", optional = true }\n[dev-dependencies]\nt = \"1\"\n")
                .replace("edition", "build = \"build.rs\"\nedition"),
        ),
        ("app/src/lib.rs", ""),
        (
            "elsewhere/v/Cargo.toml",
            "[package]\nname = \"v\"\nversion = \"1.0.3\"\nedition = \"2021\"\n[features]\ndefault = [\"f\"]\nf = []\n",
        ),
        ("elsewhere/v/src/lib.rs", ""),
        ("elsewhere/v/.cargo-checksum.json", "{\"files\":{},\"package\":null}"),
    ]);
    let elsewhere = world.path("elsewhere");
    world.write(
        "home/config.toml",
        &format!("[source.crates-io]\nreplace-with = \"v\"\n[source.v]\ndirectory = {elsewhere:?}\n"),
    );
    let script = world.path("app/evil.sh");
    let marker = world.path("marker");
    world.write("app/evil.sh", &format!("#!/bin/sh\ntouch {}\nexec \"$@\"\n", marker.display()));
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let evil = script.display();
    world.write(
        "app/.cargo/config.toml",
        &format!("[build]\nrustc-wrapper = \"{evil}\"\nrustc = \"{evil}\"\nrustdoc = \"{evil}\"\n[alias]\nmetadata = \"run\"\n[env]\nX = \"1\"\n"),
    );
    world.write("app/rust-toolchain.toml", &format!("[toolchain]\npath = \"{}\"\n", world.path("app").display()));
    world.write("app/build.rs", &format!("fn main() {{ std::fs::write({marker:?}, \"\").unwrap(); }}"));
    let before = snapshot(&world.path("app"));
    let project = world.load("app/Cargo.toml");
    assert_eq!(list(&project), ["app 1.0.0 []", "v 1.0.3 [default f]"]);
    assert!(project.how.contains("shadow"), "{}", project.how);
    assert!(!marker.exists(), "something of the package ran");
    assert_eq!(snapshot(&world.path("app")), before, "something was written into the package");
}

/// Every published contract of the corpus resolves; where the corpus is says the variable.
#[test]
fn corpus_resolves() {
    let Some(corpus) = std::env::var_os("CROSSLANE_CORPUS") else { return };
    let mut n = 0;
    for framework in fs::read_dir(&corpus).unwrap().flatten() {
        for package in fs::read_dir(framework.path().join("crates-io")).into_iter().flatten().flatten() {
            let selection = Selection { manifest: package.path().join("Cargo.toml"), ..Selection::default() };
            let request = Request { selection, home: cargo_home(), ..Request::default() };
            let (_, members) = select(&request).unwrap();
            let project = Loader::default().load(&request, &members[0]).unwrap();
            assert!(project.missing.is_empty(), "{}: {:?}", project.name, project.missing);
            n += 1;
        }
    }
    assert!(n > 0);
}
