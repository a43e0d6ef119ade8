//! What other programs make of the formats: cargo's own reader and rustfix of `cargo-json`, the official schema of SARIF, a
//! real compiler's binary of `manifest --binary`. Lines beyond ASCII and Windows line ends included.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::process::Command;

use common::{Place, Run};

const MANIFEST: &str =
    "[package]\nname = \"pool\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\nanchor-lang = \"0.31\"\n";

const SOURCE: &str = r#"use anchor_lang::prelude::*;

declare_id!("Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS");

#[program]
pub mod pool {
    use super::*;

    pub fn quote(ctx: Context<Quote>, amount: u64) -> Result<()> {
        let fee = ctx.accounts.state.fee;
        ctx.accounts.log.last = amount + fee;
        Ok(())
    }
}

#[derive(Accounts)]
pub struct Quote<'info> {
    /* größe 𝄞 */ #[account(mut, seeds = [b"state"], bump)]
    pub state: Account<'info, State>,
    #[account(mut)]
    pub log: Account<'info, Log>,
}

#[account]
pub struct State {
    pub fee: u64,
}

#[account]
pub struct Log {
    pub last: u64,
}
"#;

#[test]
fn cargo_and_rustfix_understand_every_line() {
    for source in [SOURCE.to_owned(), SOURCE.replace('\n', "\r\n")] {
        let place = Place::package(MANIFEST, &source);
        let out = place.run(&["--message-format", "cargo-json"]).out;
        let mut suggestions = String::new();
        let mut codes = BTreeSet::new();
        for line in out.lines() {
            let parsed: cargo_metadata::Message = serde_json::from_str(line).unwrap();
            assert!(!matches!(parsed, cargo_metadata::Message::TextLine(_)), "{line}");
            if let cargo_metadata::Message::CompilerMessage(message) = parsed {
                let primary = message.message.spans.iter().find(|span| span.is_primary).unwrap();
                let line = source.lines().nth(primary.line_start - 1).unwrap();
                assert_eq!(primary.text[0].text, line);
                codes.insert(message.message.code.unwrap().code);
            }
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            if value["message"].is_object() {
                suggestions.push_str(&format!("{}\n", value["message"]));
            }
        }
        assert!(codes.contains("crosslane::needless_mut"), "{codes:?}");
        let filter = rustfix::Filter::MachineApplicableOnly;
        let found = rustfix::get_suggestions_from_json(&suggestions, &HashSet::new(), filter).unwrap();
        assert!(!found.is_empty());
        let fixed = rustfix::apply_suggestions(&source, &found).unwrap();
        let line = fixed.lines().find(|line| line.contains("größe")).unwrap();
        assert_eq!(line, "    /* größe 𝄞 */ #[account(seeds = [b\"state\"], bump)]");
        place.write("src/lib.rs", &fixed);
        let out = place.run(&["--message-format", "cargo-json"]).out;
        assert!(!out.contains("needless_mut"), "applied and gone");
        // What `--fix` does is the same.
        place.write("src/lib.rs", &source);
        place.run(&["--fix", "-q"]);
        assert_eq!(fs::read_to_string(place.path("src/lib.rs")).unwrap(), fixed);
    }
}

#[test]
fn another_checker_comes_first() {
    let place = Place::package(MANIFEST, SOURCE);
    let line = r#"{"reason":"build-finished","success":true}"#;
    place.write("inner.json", &format!("{line}\n"));
    let Run { code, out, err } = place.run(&["--message-format", "cargo-json", "--with", "cat inner.json"]);
    assert_eq!((code, out.lines().next().unwrap()), (0, line), "{err}");
    assert!(out.contains("crosslane::needless_mut"));
    // Its failure is told and ours still shown.
    let Run { code, out, err } = place.run(&["--message-format", "cargo-json", "--with", "no-such-program --x"]);
    assert!(code == 2 && out.contains("crosslane::needless_mut") && err.contains("no-such-program"), "{code} {err}");
}

#[test]
fn sarif_is_what_the_standard_says() {
    let schema: serde_json::Value = serde_json::from_str(include_str!("schema/sarif-2.1.0.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let clean = SOURCE.replace("mut, seeds", "seeds");
    for source in [SOURCE.to_owned(), SOURCE.replace('\n', "\r\n"), clean, "fn f( {".to_owned()] {
        let place = Place::package(MANIFEST, &source);
        let out = place.run(&["--message-format", "sarif"]).out;
        let log: serde_json::Value = serde_json::from_str(&out).unwrap();
        let errors: Vec<String> = validator.iter_errors(&log).map(|it| format!("{}: {it}", it.instance_path)).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
    // The schema is not one that everything passes.
    assert!(!validator.is_valid(&serde_json::json!({ "version": "2.1.0", "runs": [{ "results": 3 }] })));
}

#[test]
fn a_manifest_comes_out_of_a_binary_with_its_hash() {
    let place = Place::package(MANIFEST, SOURCE);
    let manifest = place.run(&["manifest", "--output", "-"]).out;
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let text = manifest.to_string();
    let code = format!(
        "#[used] #[unsafe(link_section = \".crosslane.v1\")] static M: [u8; {}] = *b\"{}\";\n#[unsafe(no_mangle)] pub extern \"C\" fn f() {{}}",
        text.len(),
        text.escape_default()
    );
    place.write("bin.rs", &code);
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let args = ["--crate-type", "cdylib", "--edition", "2024", "-o", "libbin.so", "bin.rs"];
    let built = Command::new(rustc).args(args).current_dir(place.path("")).status().unwrap();
    assert!(built.success());
    let Run { code, out, err } = place.run(&["manifest", "--binary", "libbin.so"]);
    if cfg!(target_os = "linux") {
        assert_eq!(code, 0, "{err}");
        let mut found: serde_json::Value = serde_json::from_str(&out).unwrap();
        let hash = found["contracts"][0]["code"][0]["sha256"].take();
        assert_eq!(hash.as_str().unwrap().len(), 64);
        assert_eq!(found["contracts"][0]["entries"], manifest["contracts"][0]["entries"]);
    }
    place.write("x.wasm", "\0asm\x01\0\0\0");
    let Run { code, out, err } = place.run(&["manifest", "--binary", "x.wasm"]);
    assert!(code == 2 && out.is_empty() && err.contains("no section"), "{err}");
    assert_eq!(place.run(&["manifest", "--binary", "nowhere"]).code, 2);
}

#[test]
fn watching_sees_a_change() {
    let place = Place::package(MANIFEST, SOURCE);
    let mut child = place
        .command(&["watch", "--runs", "2", "--interval", "20", "--message-format", "json"])
        .stdout(fs::File::create(place.path("out")).unwrap())
        .stderr(fs::File::create(place.path("err")).unwrap())
        .spawn()
        .unwrap();
    let waiting = || fs::read_to_string(place.path("err")).unwrap().contains("watching");
    for _ in 0..1200 {
        if waiting() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    place.write("src/lib.rs", &SOURCE.replace("mut, seeds", "seeds"));
    assert!(child.wait().unwrap().success());
    let out = fs::read_to_string(place.path("out")).unwrap();
    assert_eq!(out.matches("needless-mut").count(), 1, "found, then gone");
}

#[test]
fn claims_in_attributes_are_judged_with_everything_in_view() {
    let claim =
        |claim: &str| SOURCE.replace("    pub fn quote", &format!("    #[crosslane::{claim}]\n    pub fn quote"));
    let place = Place::package(MANIFEST, &claim("footprint(reads(state), updates(log))"));
    let Run { code, err, .. } = place.run(&["-q", "--message-format", "short"]);
    assert!(code == 0 && !err.contains("XL901"), "{err}");
    place.write("src/lib.rs", &claim("footprint(reads(state))"));
    let Run { code, err, .. } = place.run(&["-q"]);
    assert!(code == 1 && err.contains("XL901") && err.contains("what it does:"), "{err}");
    place.write("src/lib.rs", &claim("parallel"));
    let Run { code, err, .. } = place.run(&["-q"]);
    assert!(code == 1 && err.contains("XL902"), "{err}");
    place.write("src/lib.rs", &claim("footprint(raeds(state))"));
    let Run { code, err, .. } = place.run(&["-q"]);
    assert!(code == 1 && err.contains("did you mean `reads`?"), "{err}");
}
