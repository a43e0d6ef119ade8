//! Every verb on a small contract, as its author would run it: overview, why, manifest, diff, baseline, expectations,
//! formats. The SDK is not on disk; the analyzer's tables stand in.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use common::Place;

const MANIFEST: &str = "[package]\nname = \"counter\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[lib]\n\
                        crate-type = [\"cdylib\", \"rlib\"]\n\n[dependencies]\ncosmwasm-std = \"2\"\ncw-storage-plus = \"2\"\n";

const SOURCE: &str = r#"use cosmwasm_std::{entry_point, Addr, Deps, DepsMut, Env, MessageInfo, Response, StdResult, Uint128};
use cw_storage_plus::{Item, Map};

pub const BALANCES: Map<&Addr, Uint128> = Map::new("balances");
pub const COUNT: Item<u64> = Item::new("count");

pub struct InstantiateMsg {}

pub enum ExecuteMsg {
    Transfer { recipient: String, amount: Uint128 },
    Count {},
}

pub enum QueryMsg {
    Balance { address: String },
}

#[entry_point]
pub fn instantiate(deps: DepsMut, _env: Env, _info: MessageInfo, _msg: InstantiateMsg) -> StdResult<Response> {
    COUNT.save(deps.storage, &0)?;
    Ok(Response::new())
}

#[entry_point]
pub fn execute(deps: DepsMut, _env: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {
    match msg {
        ExecuteMsg::Transfer { recipient, amount } => transfer(deps, info, recipient, amount),
        ExecuteMsg::Count {} => {
            COUNT.update(deps.storage, |n| -> StdResult<_> { Ok(n + 1) })?;
            Ok(Response::new())
        }
    }
}

fn transfer(deps: DepsMut, info: MessageInfo, recipient: String, amount: Uint128) -> StdResult<Response> {
    let to = deps.api.addr_validate(&recipient)?;
    BALANCES.update(deps.storage, &info.sender, |b: Option<Uint128>| -> StdResult<_> {
        Ok(b.unwrap_or_default().checked_sub(amount)?)
    })?;
    BALANCES.update(deps.storage, &to, |b: Option<Uint128>| -> StdResult<_> { Ok(b.unwrap_or_default() + amount) })?;
    Ok(Response::new())
}

#[entry_point]
pub fn query(deps: Deps, _env: Env, msg: QueryMsg) -> StdResult<Uint128> {
    match msg {
        QueryMsg::Balance { address } => {
            let address = deps.api.addr_validate(&address)?;
            Ok(BALANCES.may_load(deps.storage, &address)?.unwrap_or_default())
        }
    }
}
"#;

fn counter() -> Place {
    Place::package(MANIFEST, SOURCE)
}

/// Changes the source: a global counter in `transfer`, and balances under another namespace.
fn change(place: &Place) {
    let text = SOURCE.replace("Map::new(\"balances\")", "Map::new(\"accounts\")").replace(
        "    let to = deps",
        "    COUNT.update(deps.storage, |n| -> StdResult<_> { Ok(n + 1) })?;\n    let to = deps",
    );
    place.write("src/lib.rs", &text);
}

fn git(place: &Place, args: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"])
        .args(args)
        .current_dir(place.path(""))
        .output()
        .unwrap()
        .status;
    assert!(status.success(), "git {args:?}");
}

#[test]
fn first_run() {
    let place = counter();
    insta::assert_snapshot!("check", place.run(&[]).transcript());
    insta::assert_snapshot!("check_short", place.run(&["--message-format", "short", "-q"]).transcript());
    insta::assert_snapshot!("why", place.run(&["why", "transfer", "-q"]).transcript());
    insta::assert_snapshot!("matrix", place.run(&["matrix", "--all", "-q"]).transcript());
    insta::assert_snapshot!("footprint", place.run(&["footprint", "transfer", "balance", "-q"]).transcript());
}

#[test]
fn the_same_bytes_every_time() {
    let (one, two) = (counter(), counter());
    for args in [&["manifest", "--output", "-"][..], &["--message-format", "json"], &["matrix", "--format", "svg"], &[]]
    {
        let (a, b) = (one.run(args), two.run(args));
        assert_eq!((a.out, a.err), (b.out, b.err), "{args:?}");
    }
}

#[test]
fn levels_decide_the_exit_status() {
    let place = counter();
    assert_eq!(place.run(&["-D", "hot-counter"]).code, 1);
    assert_eq!(place.run(&["-D", "XL101", "-q"]).code, 1);
    let hidden = place.run(&["-A", "hot-counter"]);
    assert!(hidden.code == 0 && !hidden.err.contains("XL101"), "{}", hidden.transcript());
    place.write("crosslane.toml", "[lints]\nhot-counter = \"deny\"\n");
    assert_eq!(place.run(&[]).code, 1);
    assert_eq!(place.run(&["-W", "hot-counter"]).code, 0);
    let text = SOURCE.replace(
        "            COUNT.update",
        "            // crosslane: allow(hot-counter) it is the point\n            COUNT.update",
    );
    place.write("src/lib.rs", &text);
    assert_eq!(place.run(&[]).code, 0);
}

#[test]
fn a_change_is_seen_by_manifest_check_and_diff() {
    let place = counter();
    assert_eq!(place.run(&["manifest"]).code, 0);
    assert_eq!(place.run(&["manifest", "--check"]).code, 0);
    assert_eq!(place.run(&["diff", "crosslane.json"]).out, "");
    change(&place);
    insta::assert_snapshot!("manifest_check", place.run(&["manifest", "--check", "-q"]).transcript());
    insta::assert_snapshot!("diff", place.run(&["diff", "crosslane.json", "--layout", "-q"]).transcript());
    let json: serde_json::Value =
        serde_json::from_str(&place.run(&["diff", "crosslane.json", "--format", "json"]).out).unwrap();
    assert_eq!((&json["worse"], &json["loses_data"]), (&true.into(), &true.into()));
    let check = place.run(&["--message-format", "short", "-q"]);
    assert!(check.err.contains("[XL904]") && check.err.contains("[XL905]"), "{}", check.err);
}

#[test]
fn a_pull_request_in_git() {
    let place = counter();
    git(&place, &["init", "-q"]);
    git(&place, &["add", "."]);
    git(&place, &["commit", "-qm", "one"]);
    git(&place, &["tag", "old"]);
    // No manifest is committed: the revision is analysed from its sources.
    let same = place.run(&["diff", "old", "-q"]);
    assert_eq!((same.code, same.out.as_str()), (0, ""), "{}", same.transcript());
    change(&place);
    let from_source = place.run(&["diff", "old", "-q"]);
    assert_eq!(from_source.code, 1, "{}", from_source.transcript());
    assert!(from_source.out.contains("data at the old key is no longer read"), "{}", from_source.out);
    git(&place, &["commit", "-qam", "two"]);
    let between = place.run(&["diff", "old", "HEAD", "-q", "--format", "md"]);
    assert!(between.code == 1 && between.out.starts_with("### crosslane: `counter`"), "{}", between.transcript());
    assert_eq!(place.run(&["diff", "HEAD", "HEAD", "-q"]).code, 0);
    assert_eq!(place.run(&["diff", "no-such-branch", "-q"]).code, 2);
}

#[test]
fn a_baseline_hides_what_is_known_and_nothing_else() {
    let place = counter();
    assert_eq!(place.run(&["baseline", "update", "-q"]).code, 0);
    let known = ["--baseline", "crosslane-baseline.json", "-D", "hot-counter"];
    let run = place.run(&known);
    assert!(run.code == 0 && run.out.contains("1 known finding hidden by the baseline"), "{}", run.transcript());
    // A line moved: still the same finding.
    place.write("src/lib.rs", &format!("// one more line\n{SOURCE}"));
    assert_eq!(place.run(&known).code, 0);
    place.write(
        "src/lib.rs",
        &SOURCE.replace("            COUNT.update(deps.storage, |n| -> StdResult<_> { Ok(n + 1) })?;\n", ""),
    );
    let run = place.run(&known);
    assert!(run.out.contains("no longer found: XL101 COUNT"), "{}", run.transcript());
    assert_eq!(place.run(&["baseline", "prune", "-q"]).code, 0);
    assert!(!fs::read_to_string(place.path("crosslane-baseline.json")).unwrap().contains("XL101"));
    place.write("src/lib.rs", SOURCE);
    assert_eq!(place.run(&known).code, 1);
    place.write("crosslane-baseline.json", "{\"version\": 1,\n \"findings\": 3}");
    let run = place.run(&known);
    assert!(run.code == 2 && run.err.contains("crosslane-baseline.json:2:14"), "{}", run.transcript());
}

#[test]
fn expectations_without_macros() {
    let place = counter();
    place.write(
        "crosslane.toml",
        "[expect]\n\"execute::transfer\" = \"sharded\"\ncount = \"serial\"\nmax-unknowns = 0\n",
    );
    let run = place.run(&[]);
    assert_eq!(run.code, 0, "{}", run.transcript());
    place.write("crosslane.toml", "[expect]\n\"execute::transfer\" = \"parallel\"\n");
    let run = place.run(&["-q"]);
    assert!(run.code == 1 && run.err.contains("XL902") && run.err.contains("crosslane.toml:2"), "{}", run.transcript());
    place.write("crosslane.toml", "[expect]\n\n\"execute::tranfser\" = \"parallel\"\n");
    let run = place.run(&[]);
    assert!(run.code == 2 && run.err.contains("crosslane.toml:3:1"), "{}", run.transcript());
    assert!(run.err.contains("did you mean `execute::transfer`?"), "{}", run.err);
}

#[test]
fn machine_formats_are_alone_on_standard_output() {
    let place = counter();
    let run = place.run(&["--message-format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(json["findings"][0]["code"], "XL101");
    assert_eq!(json["findings"][0]["spans"][0]["file"], "src/lib.rs");
    for line in place.run(&["--message-format", "cargo-json"]).out.lines() {
        let message: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(message["target"]["src_path"].is_string() && message["package_id"].is_string());
    }
    let sarif: serde_json::Value = serde_json::from_str(&place.run(&["--message-format", "sarif"]).out).unwrap();
    assert_eq!((&sarif["version"], &sarif["runs"][0]["results"][0]["ruleId"]), (&"2.1.0".into(), &"XL101".into()));
    assert!(place.run(&["--message-format", "github"]).out.starts_with("::notice file=src/lib.rs,line="));
}

#[test]
fn a_file_that_does_not_parse_is_told_and_the_rest_goes_on() {
    let place = counter();
    place.write("src/lib.rs", &format!("mod broken;\n{SOURCE}"));
    place.write("src/broken.rs", "fn f( {\n");
    let run = place.run(&[]);
    assert!(run.code == 0 && run.out.contains("transfer"), "{}", run.transcript());
    assert!(run.err.contains("src/broken.rs:1"), "{}", run.err);
}

#[test]
fn contracts_of_a_workspace_are_analysed_each_with_its_own_features() {
    let place = Place::new(&[]);
    place.write("Cargo.toml", "[workspace]\nmembers = [\"contracts/*\", \"util\"]\n");
    let manifest = |name: &str, more: &str| {
        MANIFEST
            .replace("counter", name)
            .replace("[dependencies]", &format!("[features]\nlibrary = []\n\n[dependencies]\n{more}"))
    };
    let source = SOURCE.replace("#[entry_point]", "#[cfg_attr(not(feature = \"library\"), entry_point)]");
    place.write("contracts/one/Cargo.toml", &manifest("one", ""));
    place.write("contracts/one/src/lib.rs", &source);
    place
        .write("contracts/two/Cargo.toml", &manifest("two", "one = { path = \"../one\", features = [\"library\"] }\n"));
    place.write("contracts/two/src/lib.rs", &source);
    place.write("util/Cargo.toml", "[package]\nname = \"util\"\n");
    place.write("util/src/lib.rs", "");
    let run = place.run(&[]);
    assert!(run.out.contains("one 0.1.0 · CosmWasm · 2 messages"), "{}", run.transcript());
    assert!(run.out.contains("two 0.1.0 · CosmWasm · 2 messages"), "{}", run.transcript());
    assert!(run.err.contains("util 0.0.0 is no contract"), "{}", run.err);
    assert_eq!(place.run(&["manifest"]).code, 0);
    assert!(place.path("contracts/two/crosslane.json").exists() && !place.path("util/crosslane.json").exists());
    let run = place.run(&["--manifest-path", "contracts/two/Cargo.toml"]);
    assert!(run.out.contains("two 0.1.0") && !run.out.contains("one 0.1.0"), "{}", run.out);
}

#[test]
fn also_packages_are_read_and_not_told_about() {
    let place = Place::new(&[]);
    for name in ["main", "other"] {
        place.write(&format!("{name}/Cargo.toml"), &MANIFEST.replace("counter", name));
        place.write(&format!("{name}/src/lib.rs"), SOURCE);
    }
    let run = place.run(&["--manifest-path", "main/Cargo.toml", "--also", "other", "--message-format", "short"]);
    assert!(run.code == 0 && run.err.contains("main/src/lib.rs:29:19: note[XL101]"), "{}", run.transcript());
    assert!(!run.out.contains("other") && !run.err.contains("other/src"), "{}", run.transcript());
}

#[test]
fn kept_reports_are_those_that_were_made() {
    let place = counter();
    for args in [&["--cache"][..], &["--cache", "--message-format", "sarif"], &["--cache", "-q", "-D", "warnings"]] {
        let plain = place.run(&args[1..]).transcript();
        let dir = place.path("target/crosslane");
        let entries = || -> Vec<PathBuf> {
            let mut all: Vec<PathBuf> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
            all.sort();
            all
        };
        assert!(!dir.exists(), "nothing is written unasked");
        assert_eq!(place.run(args).transcript(), plain);
        let [entry] = entries().try_into().unwrap();
        let stored = fs::read_to_string(&entry).unwrap();
        // A hit: the same bytes, and nothing is made that would have to be written.
        let written = || fs::metadata(&entry).unwrap().modified().unwrap();
        let before = written();
        assert_eq!(place.run(args).transcript(), plain);
        assert_eq!(written(), before);
        let (is, other) = if stored.contains("\"findings\":true") { ("true", "false") } else { ("false", "true") };
        let told = stored.replace(&format!("\"findings\":{is}"), &format!("\"findings\":{other}"));
        assert_ne!(told, stored);
        // Broken entries are made anew.
        for broken in ["", "{}", "[1]", &stored[..stored.find("printed").unwrap()], &told, "\u{0}\u{1}"] {
            fs::write(&entry, broken).unwrap();
            assert_eq!(place.run(args).transcript(), plain, "{broken:.40}");
            assert_eq!(fs::read_to_string(&entry).unwrap(), stored);
        }
        fs::write(&entry, [0xff, 0xfe]).unwrap();
        assert_eq!(place.run(args).transcript(), plain);
        // Another text, another report, in the same entry.
        change(&place);
        let changed = place.run(&args[1..]).transcript();
        assert!(changed != plain || args.contains(&"-q"), "{plain}");
        assert_eq!(place.run(args).transcript(), changed);
        assert_eq!(place.run(args).transcript(), changed);
        assert_eq!(entries(), std::slice::from_ref(&entry));
        place.write("src/lib.rs", SOURCE);
        assert_eq!(place.run(args).transcript(), plain);
        fs::remove_dir_all(place.path("target")).unwrap();
    }
    // A configuration that comes to be is seen.
    let plain = place.run(&["--cache"]).transcript();
    place.write("crosslane.toml", "[lints]\nhot-counter = \"deny\"\n");
    assert_ne!(place.run(&["--cache"]).transcript(), plain);
}

#[test]
fn the_hash_in_a_manifest_is_of_the_source() {
    let place = counter();
    let hash = || {
        let text = place.run(&["manifest", "--output", "-", "-q"]).out;
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["contracts"][0]["source_hash"].clone()
    };
    let before = hash();
    assert_eq!(before, hash());
    place.write("src/lib.rs", &format!("{SOURCE}// another text\n"));
    assert!(before.as_str().is_some_and(|hash| hash.len() == 64) && before != hash(), "{before}");
}

/// A caller depends on the crate of a contract trait alone; who exports it is another member of the workspace.
#[test]
fn members_of_a_workspace_are_linked_with_each_other() {
    let manifest = |name: &str, deps: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\nsoroban-sdk = \
             \"28\"\n{deps}"
        )
    };
    let head = "use soroban_sdk::{contract, contractclient, contractimpl, contracttype, Address, Env};\n";
    let faces = format!(
        "{head}#[contractclient(name = \"PayClient\")] pub trait Pay {{ fn pay(env: Env, to: Address); }}\n\
         #[contractclient(name = \"NoteClient\")] pub trait Note {{ fn note(env: Env, of: Address); }}\n"
    );
    let bank = format!(
        "{head}use faces::{{NoteClient, Pay}};\n#[contracttype] pub enum Key {{ Paid(Address), Book }}\n#[contract] pub \
         struct Bank;\n#[contractimpl] impl Pay for Bank {{ fn pay(env: Env, to: Address) {{ \
         env.storage().persistent().set(&Key::Paid(to.clone()), &1u32); let book: Address = \
         env.storage().instance().get(&Key::Book).unwrap(); NoteClient::new(&env, &book).note(&to); }} }}\n"
    );
    let book = format!(
        "{head}use faces::Note;\n#[contracttype] pub enum Line {{ Noted(Address) }}\n#[contract] pub struct Book;\n\
         #[contractimpl] impl Note for Book {{ fn note(env: Env, of: Address) {{ \
         env.storage().persistent().set(&Line::Noted(of), &1u32); }} }}\n"
    );
    let shop = format!(
        "{head}use faces::PayClient;\n#[contract] pub struct Shop;\n#[contractimpl] impl Shop {{ pub fn buy(env: Env, bank: \
         Address, buyer: Address) {{ PayClient::new(&env, &bank).pay(&buyer); }} }}\n"
    );
    let on_faces = "faces = { path = \"../faces\" }\n";
    let place = Place::new(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"faces\", \"bank\", \"book\", \"shop\"]\nresolver = \"2\"\n"),
        ("faces/Cargo.toml", &manifest("faces", "")),
        ("faces/src/lib.rs", &faces),
        ("bank/Cargo.toml", &manifest("bank", on_faces)),
        ("bank/src/lib.rs", &bank),
        ("book/Cargo.toml", &manifest("book", on_faces)),
        ("book/src/lib.rs", &book),
        ("shop/Cargo.toml", &manifest("shop", on_faces)),
        ("shop/src/lib.rs", &shop),
    ]);
    let touched = |args: &[&str]| {
        let mut all = vec!["manifest", "--output", "-", "-q"];
        all.extend(args);
        let manifest = place.json(&all);
        let contracts = manifest["contracts"].as_array().unwrap();
        let names: Vec<&str> = contracts.iter().map(|one| one["name"].as_str().unwrap()).collect();
        let shop = contracts.iter().find(|one| one["name"] == "shop").unwrap();
        let accesses = shop["entries"][0]["accesses"].as_array().unwrap();
        let mut cells: Vec<String> = accesses.iter().map(|one| one["cell"].as_str().unwrap().to_owned()).collect();
        cells.dedup();
        (names.join(" "), cells.join(" "), shop["assumes"].to_string())
    };
    let alone = touched(&["--manifest-path", "shop/Cargo.toml"]);
    assert_eq!((alone.0.as_str(), alone.1.as_str()), ("shop", "<instance>"));
    assert!(!alone.2.contains("linked"), "{}", alone.2);
    let (names, cells, assumes) = touched(&["--workspace"]);
    assert_eq!(names, "bank book shop");
    for cell in ["Paid", "Noted"] {
        assert!(cells.contains(cell), "{cells}");
    }
    assert!(assumes.contains("linked: bank") && assumes.contains("linked: book"), "{assumes}");
    // Two packages in one run are enough; of two that export a trait neither is meant.
    let (_, cells, assumes) = touched(&["-p", "shop", "-p", "bank"]);
    assert!(cells.contains("Paid") && !assumes.contains("linked: book"), "{cells} {assumes}");
    place.write("book/src/lib.rs", &bank.replace("Bank", "Book"));
    let (_, cells, assumes) = touched(&["--workspace"]);
    assert!(!cells.contains("Paid") && !assumes.contains("linked"), "{cells} {assumes}");
}
