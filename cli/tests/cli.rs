//! The binary as people and CI run it: streams, exit statuses, messages for everything that can be wrong with the input.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::fs;
use std::process::Command;

use common::Place;

const MANIFEST: &str = "[package]\nname = \"plain\"\nversion = \"0.3.0\"\nedition = \"2021\"\n";

fn plain() -> Place {
    Place::new(&[("Cargo.toml", MANIFEST), ("src/lib.rs", "pub fn f() {}\n")])
}

#[test]
fn a_package_without_a_contract_is_skipped_in_one_line() {
    let place = plain();
    let run = place.run(&[]);
    assert_eq!((run.code, run.out.as_str()), (0, ""), "{run:?}");
    assert_eq!(run.err, "plain 0.3.0 is no contract (no entry point of a framework crosslane knows): skipped\n");
    let run = place.run(&["manifest", "--output", "-", "-q", "--offline"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(json["contracts"], serde_json::json!([]));
    let run = place.run(&["--message-format", "json", "-q"]);
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&json["version"], &json["summary"]["contracts"]), (&1.into(), &0.into()));
}

#[test]
fn both_spellings_work() {
    let place = plain();
    let (a, b) = (place.run(&["crosslane", "list"]), place.run(&["list"]));
    assert_eq!(a.out, b.out);
    assert!(a.out.contains("XL101") && a.code == 0);
}

#[test]
fn folders_without_a_package() {
    let place = Place::new(&[("empty/x", "")]);
    place.run_in("empty", &[]).fails_with(&["no `Cargo.toml` in DIR/empty or above it", "--manifest-path"]);
    place
        .run(&["--manifest-path", "nowhere/Cargo.toml"])
        .fails_with(&["there is no such file", "DIR/nowhere/Cargo.toml"]);
    place.run(&["--manifest-path", "empty/x"]).fails_with(&["must name a file called Cargo.toml"]);
}

#[test]
fn broken_manifests_point_at_the_line() {
    let place = Place::new(&[("Cargo.toml", "[package]\nname = \"x\nversion = \"1.0.0\"\n"), ("src/lib.rs", "")]);
    place.run(&[]).fails_with(&["--> DIR/Cargo.toml:2:10", "name = \"x"]);
    let place = Place::new(&[("Cargo.toml", MANIFEST)]);
    place.run(&[]).fails_with(&["the package `plain` has no source: there is no src/lib.rs"]);
    let place = Place::new(&[("Cargo.toml", "[workspace]\nmembers = []\n")]);
    place.run(&[]).fails_with(&["no package is selected"]);
}

#[test]
fn broken_configuration_points_at_the_line() {
    let place = plain();
    for (text, parts) in [
        ("[lints]\nhot-conter = \"deny\"\n", ["crosslane.toml:2:1", "did you mean `hot-counter`?"]),
        ("chains = \"occ\"\n", ["crosslane.toml:1:1", "did you mean `chain`?"]),
        ("[expect\n", ["crosslane.toml:1:8", "error"]),
        ("baseline = 3\n", ["crosslane.toml:1:12", "expected a text, found integer"]),
    ] {
        fs::write(place.path("crosslane.toml"), text).unwrap();
        place.run(&[]).fails_with(&parts);
    }
    fs::remove_file(place.path("crosslane.toml")).unwrap();
    let text = format!("{MANIFEST}[package.metadata.crosslane]\nchain = \"solanna\"\n");
    fs::write(place.path("Cargo.toml"), text).unwrap();
    place.run(&[]).fails_with(&["Cargo.toml:6:9", "did you mean `solana`?"]);
}

#[test]
fn mistakes_on_the_command_line() {
    let place = plain();
    place.run(&["mtrix"]).fails_with(&["matrix"]);
    place.run(&["--chain", "ocx"]).fails_with(&["there is no chain model `ocx`", "did you mean `occ`?"]);
    place.run(&["-D", "hot-conter"]).fails_with(&["did you mean `hot-counter`?"]);
    place.run(&["explain", "XL999"]).fails_with(&["there is no lint `XL999`"]);
    place.run(&["-p", "plian"]).fails_with(&["did you mean `plain`?"]);
    place.run(&["--features", "nope"]).fails_with(&["no selected package has the feature `nope`"]);
    place.run(&["--also", "nowhere"]).fails_with(&["there is no such file", "`--also` wants the folder of a package"]);
    place.run(&["why", "a", "b"]).fails_with(&["there is no contract here"]);
    place.run(&["--baseline", "nowhere.json", "baseline", "prune"]).fails_with(&["there is no such baseline"]);
    place.run(&["diff", "old.json"]).fails_with(&["there is no such file", "old.json"]);
    place.run(&["diff", "nobranch"]).fails_with(&["`nobranch` is neither a file nor"]);
}

#[test]
fn flags_without_a_meaning_are_rejected() {
    let place = plain();
    place.run(&["shards", "--prices", "p.toml"]).fails_with(&["--prices"]);
    place.run(&["shards", "--lanes", "4"]).fails_with(&["--lanes"]);
    for flag in [["--profile", "p.toml"], ["--calls", "10"], ["--seed", "2"]] {
        place.run(&["shards", "--batch", "b.jsonl", flag[0], flag[1]]).fails_with(&["cannot be used with", flag[0]]);
    }
    for flag in [["--manifest", "m.json"], ["--state", "s.jsonl"], ["--deployments", "d.json"]] {
        place.run(&["shards", flag[0], flag[1]]).fails_with(&["--batch"]);
    }
    place.run(&["report", "--prices", "p.toml"]).fails_with(&["--prices"]);
    place.run(&["matrix", "--fix"]).fails_with(&["`--fix` belongs to `check`"]);
    place.run(&["--unsafe-fixes"]).fails_with(&["--fix"]);
}

#[test]
fn bad_manifests_say_what_to_do() {
    let place = plain();
    for (text, parts) in [
        ("{\"version\": 7}", ["the manifest is of version 7", "install a newer crosslane"]),
        ("{\"version\": 1, \"contracts\": [{\"name\": \"c\", \"requires\": [\"zk\"]}]}", ["requires `zk`", "`c`"]),
        ("{\"version\": 1,\n \"contracts\": 3}", ["line 2", "regenerate it"]),
        ("", ["line 1", "crosslane.json"]),
    ] {
        fs::write(place.path("crosslane.json"), text).unwrap();
        place.run(&["manifest", "--check"]).fails_with(&parts);
        place.run(&["diff", "crosslane.json"]).fails_with(&parts);
    }
}

#[test]
fn nothing_is_written_unasked_and_nothing_is_half_written() {
    let place = plain();
    let before = place.files();
    for args in
        [&["check"][..], &["manifest", "--output", "-"], &["matrix"], &["list"], &["manifest", "--check"], &["-v"]]
    {
        place.run(args);
    }
    assert_eq!(place.files(), before);
    place.run(&["manifest", "--output", "no/such/folder/x.json"]).fails_with(&["cannot write"]);
    place.run(&["manifest", "--output", "src"]).fails_with(&["this is a folder"]);
    assert_eq!(place.files(), before);
    assert_eq!(place.run(&["manifest"]).code, 0);
    let first = fs::read_to_string(place.path("crosslane.json")).unwrap();
    assert!(first.ends_with("}\n"));
    assert_eq!(place.run(&["manifest", "--check"]).code, 0);
    place.run(&["manifest"]);
    assert_eq!(fs::read_to_string(place.path("crosslane.json")).unwrap(), first);
    assert_eq!(place.files().len(), before.len() + 1, "no temporary file stays");
}

#[test]
fn init_writes_a_file_that_is_valid_and_never_overwrites() {
    let place = plain();
    let run = place.run(&["init"]);
    assert_eq!(run.code, 0, "{run:?}");
    let text = fs::read_to_string(place.path("crosslane.toml")).unwrap();
    assert_eq!(place.run(&[]).code, 0);
    // Every commented setting is valid too.
    let on: String = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.contains(" = ") && !rest.starts_with("also") && !rest.starts_with('"') => {
                format!("{rest}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    fs::write(place.path("crosslane.toml"), on).unwrap();
    fs::write(place.path("crosslane-baseline.json"), "{\"version\":1,\"findings\":[]}").unwrap();
    let run = place.run(&[]);
    assert_eq!(run.code, 0, "{run:?}");
    place.run(&["init"]).fails_with(&["the file is there already"]);
}

#[test]
fn schemas_completions_and_man_pages() {
    let place = plain();
    for name in ["manifest", "findings"] {
        let run = place.run(&["schema", name]);
        let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        assert!(json["properties"]["version"].is_object(), "{name}");
    }
    assert!(place.run(&["schema", "modes"]).out.contains("account-serial (rules"));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(place.run(&["completions", shell]).out.contains("manifest"), "{shell}");
    }
    assert_eq!(place.run(&["man", "man"]).code, 0);
    assert!(fs::read_to_string(place.path("man/cargo-crosslane-why.1")).unwrap().contains("conflict"));
}

#[test]
fn colour_only_when_asked_or_on_a_terminal() {
    let place = plain();
    assert!(!place.run(&["explain", "nope"]).err.contains('\u{1b}'));
    assert!(place.run(&["--color", "always", "explain", "nope"]).err.contains('\u{1b}'));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = plain();
    let binary = env!("CARGO_BIN_EXE_cargo-crosslane");
    let script = format!("{binary} completions bash | head -c 10 >/dev/null; echo ${{PIPESTATUS[0]}}");
    let output = Command::new("bash").args(["-c", &script]).current_dir(place.path("")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "0");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
