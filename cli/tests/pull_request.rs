//! A pull request played through in a temporary repository: a change adds a global counter and moves a stored value; the
//! steps of `action.yml` run in their order, as the runner would start them.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const MANIFEST: &str = "[package]\nname = \"token\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\n\
                        cosmwasm-std = \"2\"\ncw-storage-plus = \"2\"\n";

const SOURCE: &str = r#"use cosmwasm_std::*;
use cw_storage_plus::*;

const BALANCES: Map<&Addr, Uint128> = Map::new("balances");
const TOTAL: Item<Uint128> = Item::new("total");
const SENT: Item<u64> = Item::new("sent");

pub enum ExecuteMsg {
    Transfer { recipient: String, amount: Uint128 },
    Mint { recipient: String, amount: Uint128 },
}

#[entry_point]
pub fn execute(deps: DepsMut, _env: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {
    match msg {
        ExecuteMsg::Transfer { recipient, amount } => {
            let to = deps.api.addr_validate(&recipient)?;
            BALANCES.update(deps.storage, &info.sender, |b| -> StdResult<_> { Ok(b.unwrap_or_default() - amount) })?;
            BALANCES.update(deps.storage, &to, |b| -> StdResult<_> { Ok(b.unwrap_or_default() + amount) })?;
        }
        ExecuteMsg::Mint { recipient, amount } => {
            let to = deps.api.addr_validate(&recipient)?;
            TOTAL.update(deps.storage, |t| -> StdResult<_> { Ok(t + amount) })?;
            BALANCES.update(deps.storage, &to, |b| -> StdResult<_> { Ok(b.unwrap_or_default() + amount) })?;
        }
    }
    Ok(Response::new())
}
"#;

/// What the pull request does.
fn changed() -> String {
    SOURCE
        .replace("Map::new(\"balances\")", "Map::new(\"accounts\")")
        .replace("            BALANCES.update(deps.storage, &info.sender", "            SENT.update(deps.storage, |n| -> StdResult<_> { Ok(n + 1) })?;\n            BALANCES.update(deps.storage, &info.sender")
}

struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        let place = Place { dir: tempfile::tempdir().unwrap() };
        for folder in ["repo/contracts/token/src", "bin", "temp"] {
            fs::create_dir_all(place.path(folder)).unwrap();
        }
        fs::write(place.path("repo/contracts/token/Cargo.toml"), MANIFEST).unwrap();
        fs::write(place.path("repo/contracts/token/src/lib.rs"), SOURCE).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_cargo-crosslane"), place.path("bin/cargo-crosslane")).unwrap();
        place.git(&["init", "-q"]);
        place.tool(&["manifest", "-q"]);
        place.tool(&["baseline", "update", "-q"]);
        place.commit("one");
        place.git(&["tag", "base"]);
        place
    }

    fn path(&self, path: &str) -> PathBuf {
        fs::canonicalize(self.dir.path()).unwrap().join(path)
    }

    fn git(&self, args: &[&str]) {
        let user = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"];
        let done = Command::new("git").args(user).args(args).current_dir(self.path("repo")).output().unwrap();
        assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "."]);
        self.git(&["commit", "-qm", message]);
    }

    fn tool(&self, args: &[&str]) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_cargo-crosslane"))
            .args(args)
            .current_dir(self.path("repo/contracts/token"))
            .env("CARGO_HOME", self.path("cargo-home"))
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(text).unwrap())
    }

    /// Runs the action's scripts as a composite action does, and gives the exit status of each and the summary.
    fn action(&self, args: &str) -> (Vec<(String, i32)>, String) {
        for file in ["output", "summary", "paths"] {
            fs::write(self.path(&format!("temp/{file}")), "").unwrap();
        }
        let mut ran = Vec::new();
        for (name, script) in steps() {
            let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
            let done = Command::new("bash")
                .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &script])
                .current_dir(self.path("repo/contracts/token"))
                .env("PATH", path)
                .env("CARGO_HOME", self.path("cargo-home"))
                .env("RUNNER_TEMP", self.path("temp"))
                .env("GITHUB_OUTPUT", self.path("temp/output"))
                .env("GITHUB_STEP_SUMMARY", self.path("temp/summary"))
                .env("GITHUB_PATH", self.path("temp/paths"))
                .envs([("ARGS", args), ("BASE", "base"), ("VERSION", "latest"), ("REPOSITORY", "crosslane/crosslane")])
                .output()
                .unwrap();
            let code = done.status.code().unwrap();
            ran.push((name.clone(), code));
            let last = name == "Result";
            assert!(code == 0 || last, "{name}: {}", String::from_utf8_lossy(&done.stderr));
        }
        (ran, fs::read_to_string(self.path("temp/summary")).unwrap())
    }
}

/// Names and scripts of the action's steps that are scripts, in order.
fn steps() -> Vec<(String, String)> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../action.yml")).unwrap();
    let mut steps: Vec<(String, String)> = Vec::new();
    let (mut name, mut script): (String, Option<String>) = (String::new(), None);
    for line in text.lines() {
        if let Some(new) = line.strip_prefix("    - name: ") {
            steps.extend(script.take().map(|script| (name.clone(), script)));
            name = new.to_owned();
        } else if line == "      run: |" {
            script = Some(String::new());
        } else if let Some(script) = &mut script {
            script.push_str(line.strip_prefix("        ").unwrap_or(line));
            script.push('\n');
        }
    }
    steps.extend(script.take().map(|script| (name, script)));
    steps
}

#[test]
fn the_steps_are_those_people_know() {
    let names: Vec<String> = steps().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Install", "Check", "Manifest", "Compare", "Result"]);
}

#[test]
fn a_change_that_changes_nothing_passes() {
    let place = Place::new();
    fs::write(place.path("repo/contracts/token/src/lib.rs"), format!("//! A comment.\n{SOURCE}")).unwrap();
    place.commit("two");
    let (ran, summary) = place.action("");
    assert_eq!(ran.last().unwrap(), &("Result".to_owned(), 0), "{ran:?}\n{summary}");
    assert!(fs::read_to_string(place.path("temp/crosslane.sarif")).unwrap().contains("\"2.1.0\""));
}

#[test]
fn a_counter_and_a_moved_cell_fail_and_are_named() {
    let place = Place::new();
    fs::write(place.path("repo/contracts/token/src/lib.rs"), changed()).unwrap();
    place.commit("two");
    let (code, diff) = place.tool(&["diff", "base", "HEAD", "--layout", "-q"]);
    // The committed manifest is the old one in both: what is compared is what the code says now.
    assert_eq!((code, diff.as_str()), (0, ""));
    let (code, diff) = place.tool(&["diff", "base", "--layout", "-q"]);
    assert_eq!(code, 1);
    assert!(diff.contains("SENT") && diff.contains("data at the old key is no longer read"), "{diff}");
    let (ran, summary) = place.action("");
    assert_eq!(ran.last().unwrap(), &("Result".to_owned(), 1), "{ran:?}");
    assert!(summary.contains("### crosslane: `token`") && summary.contains("BALANCES"), "{summary}");
    // The baseline hides what was known, and nothing of what is new.
    let known = ["--baseline", "crosslane-baseline.json", "--message-format", "short", "-q"];
    let (_, all) = place.tool(&known);
    assert!(all.contains("`SENT`") && !all.contains("`TOTAL`"), "{all}");
}
