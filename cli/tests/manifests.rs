//! The manifest of one contract of each framework, whole. What a reader of `crosslane.json` sees changes only where
//! somebody has read the change.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::PathBuf;
use std::process::Command;

/// Packages below `fixtures/`.
const PACKAGES: &[&str] = &[
    "anchor/vault",
    "cosmwasm/token",
    "domains/payments-parallel",
    "domains/supply-chain",
    "frame/ledger",
    "ink/token",
    "near/token",
    "soroban/token",
    "stylus/token",
];

fn manifest(package: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(package);
    // No registry: the manifest shows what the source and the tables say, the same on every machine.
    let home = tempfile::tempdir().unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_cargo-crosslane"))
        .args(["crosslane", "manifest", "--output", "-", "--manifest-path"])
        .arg(root.join("Cargo.toml"))
        .env("CARGO_HOME", home.path())
        .output()
        .unwrap();
    assert!(out.status.success(), "{package}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn manifests_of_whole_contracts() {
    for package in PACKAGES {
        let text = manifest(package);
        assert_eq!(text, manifest(package), "{package}: two runs differ");
        insta::assert_snapshot!(package.replace('/', "_"), text);
    }
}
