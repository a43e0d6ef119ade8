//! Rules about source text that no compiler checks: every file says what it is for, none is too long, knowledge stays
//! where it belongs, nothing names a machine.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All files below the repository that are part of it: no build output, no dependency folder, no hidden folder but CI's.
fn files() -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                let skip = name.starts_with("target") || (name.starts_with('.') && name != ".ci" && name != ".github");
                if !skip && name != "node_modules" && name != "book" {
                    folders.push(entry.path());
                }
            } else if kind.is_file() && name != ".git" {
                let relative = entry.path().strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
                found.push((relative, entry.path()));
            }
        }
    }
    found.sort();
    found
}

/// Rust files of the members of the workspace.
fn rust_files() -> Vec<(String, String)> {
    let members = ["analyzer/", "cli/", "macros/"];
    let rust = files().into_iter().filter(|(name, _)| {
        name.ends_with(".rs") && members.iter().any(|member| name.starts_with(member)) && !name.contains("/fixtures/")
    });
    rust.map(|(name, path)| (name, fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn every_file_says_what_it_is_for() {
    for (name, text) in rust_files() {
        let ui = name.contains("/tests/ui/") || name.contains("/tests/fail/") || name.contains("/tests/pass/");
        assert!(ui || text.starts_with("//!"), "{name} does not begin with //!");
    }
}

#[test]
fn no_file_is_longer_than_800_lines() {
    for (name, text) in rust_files() {
        let lines = text.lines().count();
        assert!(lines <= 800, "{name} has {lines} lines");
    }
}

#[test]
fn nothing_names_a_machine() {
    // Written in parts, so that this file passes.
    let forbidden = [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/wo", "rk/"), concat!("/Us", "ers/")];
    for (name, path) in files() {
        let Ok(text) = fs::read_to_string(path) else { continue };
        for word in forbidden {
            assert!(!text.contains(word), "{name} contains {word}");
        }
    }
}

/// A file's code without comments and without its tests.
fn code(text: &str) -> String {
    let body = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
    body.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

#[test]
fn passes_know_no_framework_and_no_chain() {
    let names = [
        "cosmwasm",
        "cw_storage",
        "anchor",
        "soroban",
        "solana",
        "near_sdk",
        "stylus",
        "substrate",
        "frame_support",
        "sylvia",
        "ink!",
        "\"keyed\"",
        "\"occ\"",
        "stellar",
        "cosmos",
    ];
    for (name, text) in rust_files() {
        let pass = ["effects/", "conflicts/", "schedule/", "lints/"]
            .iter()
            .any(|pass| name.starts_with(&format!("analyzer/src/{pass}")));
        let test = ["tests.rs", "testing.rs", "samples.rs", "properties.rs"].iter().any(|end| name.ends_with(end))
            || name.contains("/tests/");
        if !pass || test {
            continue;
        }
        let code = code(&text).to_lowercase();
        for word in names {
            let found = code.match_indices(word).any(|(at, _)| {
                let before = code[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
                let after = code[at + word.len()..].chars().next().is_none_or(|c| !c.is_alphanumeric());
                before && after
            });
            assert!(!found, "{name} names {word}");
        }
    }
}

#[test]
fn syn_stays_in_source() {
    for (name, text) in rust_files() {
        if !name.starts_with("analyzer/src/") || name.starts_with("analyzer/src/source/") {
            continue;
        }
        let code = code(&text);
        for word in ["syn::", "proc_macro2::", "quote::"] {
            let found = code
                .match_indices(word)
                .any(|(at, _)| code[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '_'));
            assert!(!found, "{name} uses {word}");
        }
    }
}

#[test]
fn the_analyzer_does_no_io() {
    for (name, text) in rust_files() {
        if !name.starts_with("analyzer/src/") {
            continue;
        }
        let code = code(&text);
        for word in
            ["std::fs", "std::env", "std::net", "std::process", "SystemTime", "Instant::now", "println!", "eprintln!"]
        {
            assert!(!code.contains(word) || name.ends_with("tests.rs"), "{name} uses {word}");
        }
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    let section = manifest.split("[workspace.dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    for line in section.lines() {
        let Some((name, _)) = line.split_once('=') else { continue };
        let name = name.trim();
        if !name.starts_with("crosslane") && !name.starts_with('#') {
            assert!(changelog.contains(&format!("`{name}`")), "CHANGELOG.md gives no reason for {name}");
        }
    }
}

#[test]
fn the_claim_stands_in_the_architecture() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    assert!(text.contains("> Let S be the analysed source under one cfg"));
    assert!(text.contains("An assumption is never silent: the manifest lists those used."));
}
