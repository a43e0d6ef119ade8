//! What simulations, profiles, placements and reports do with input that nobody wants: unknown entries, negative weights,
//! nothing at all, far too much, another program's log, names made to deceive. And what is said of totals with a cap and
//! of a pool's reserves.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::path::Path;

use common::Place;
use serde_json::Value;

const MANIFEST: &str = "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[lib]\n\
                        crate-type = [\"cdylib\", \"rlib\"]\n\n[dependencies]\ncosmwasm-std = \"2\"\ncw-storage-plus = \"2\"\n";

/// A contract of one file: its stored items, the variants of its message, the arms that handle them.
fn contract(stored: &str, variants: &str, arms: &str) -> String {
    format!(
        "use cosmwasm_std::{{entry_point, Addr, Deps, DepsMut, Env, MessageInfo, Response, StdError, StdResult, Uint128}};\n\
         use cw_storage_plus::{{Item, Map}};\n{stored}\npub enum ExecuteMsg {{ {variants} }}\n#[entry_point]\n\
         pub fn execute(deps: DepsMut, _env: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {{\n    \
         match msg {{\n{arms}\n    }}\n    Ok(Response::new())\n}}\n"
    )
}

fn counter() -> Place {
    Place::package(
        MANIFEST,
        &contract(
            "pub const COUNT: Item<u64> = Item::new(\"count\");\npub const NAMES: Map<&Addr, String> = Map::new(\"names\");",
            "Count {}, Name { name: String }",
            "        ExecuteMsg::Count {} => { COUNT.update(deps.storage, |n| StdResult::Ok(n + 1))?; }\n        \
         ExecuteMsg::Name { name } => NAMES.save(deps.storage, &info.sender, &name)?,",
        ),
    )
}

#[cfg(target_os = "linux")]
fn calls(n: u64) -> String {
    let line = |at: u64| {
        format!(
            "{{\"id\":\"{at}\",\"entry\":\"execute::name\",\"caller\":\"user{}\",\"args\":{{\"name\":\"n\"}}}}\n",
            at % 50_000
        )
    };
    (0..n).map(line).collect()
}

#[test]
fn profiles_that_fit_no_contract() {
    let place = counter();
    for (text, parts) in [
        (
            "version = 1\n[entries.\"execute::nope\"]\nweight = 1\n",
            &["no entry point `execute::nope`", "execute::count"][..],
        ),
        ("version = 1\n[entries.\"execute::count\"]\nweight = -1\n", &["execute::count", "-1 is no weight"]),
        ("version = 1\n[entries.\"execute::count\"]\nweight = nan\n", &["is no weight"]),
        ("version = 1\n[entries.\"execute::count\"]\nweight = 0\n", &["at least one weight must be above 0"]),
        (
            "version = 1\n[entries.\"execute::name\"]\nweight = 1\nargs = { nome = { values = 2 } }\n",
            &["no argument `nome`"],
        ),
        (
            "version = 1\n[entries.\"execute::name\"]\nweight = 1\nargs = { name = { choice = [\"a\", \"b\"], weights = [1, -2] } }\n",
            &["-2 is no weight"],
        ),
        ("version = 1\nsenders = { values = 0 }\n[entries.\"execute::name\"]\nweight = 1\n", &["at least one value"]),
        ("version = 2\nentries = {}\n", &["2 is not 1"]),
        ("version = 1\nentries = {}\nwieght = 3\n", &["wieght"]),
        ("", &["version"]),
    ] {
        place.write("profile.toml", text);
        for verb in ["simulate", "shards", "report"] {
            place.run(&[verb, "-q", "--profile", "profile.toml"]).fails_with(parts);
        }
    }
    place.write("prices.toml", "unit = \"uatom\"\nper_cost = -1\n");
    place.run(&["simulate", "-q", "--prices", "prices.toml"]).fails_with(&["a price is a number from 0"]);
}

#[test]
fn traces_of_nothing_and_of_another_program() {
    let place = counter();
    assert_eq!(place.run(&["manifest", "-q"]).code, 0);
    place.write("empty.jsonl", "\n\n");
    place.write("log.txt", "Program 11111111111111111111111111111111 invoke [1]\nProgram log: hello\n");
    place.write("other.jsonl", "{\"id\":\"1\",\"entry\":\"swap\",\"caller\":\"a\",\"args\":{}}\n");
    place.run(&["profile", "empty.jsonl"]).fails_with(&["there is no call of `small` in this trace"]);
    place.run(&["profile", "other.jsonl"]).fails_with(&["there is no call of `small`", "another contract?"]);
    place.run(&["profile", "log.txt"]).fails_with(&["log.txt:1", "no JSON object", "import"]);
    place.run(&["schedule", "--batch", "log.txt"]).fails_with(&["log.txt:1"]);
    place.run(&["shards", "--batch", "empty.jsonl"]).fails_with(&["empty.jsonl", "there is no call in it"]);
    place.run(&["audit", "empty.jsonl"]).fails_with(&["empty.jsonl", "there is no call in it"]);
    for kind in ["solana-block", "stellar-ledger", "cosmos-block"] {
        place.run(&["import", kind, "empty.jsonl"]).fails_with(&["empty.jsonl"]);
        place.run(&["import", kind, "log.txt"]).fails_with(&["log.txt:1"]);
    }
    place.run(&["simulate", "-q", "--costs", "log.txt"]).fails_with(&["log.txt", "none of the calls"]);
}

/// Peak memory of `profile` over so many calls on its standard input, in kB.
#[cfg(target_os = "linux")]
fn peak(place: &Place, calls_: u64) -> u64 {
    use std::io::Write as _;
    use std::process::Stdio;
    let mut child = place
        .command(&["profile", "-", "--window", "2000", "-q"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = calls(calls_.min(50_000));
    for _ in 0..calls_.div_ceil(50_000) {
        input.write_all(text.as_bytes()).unwrap();
    }
    // All but what is in the pipe has been read by now.
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    let peak = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    drop(input);
    assert!(child.wait().unwrap().success());
    peak
}

/// How many calls there are decides how long it takes, not how much memory: `CROSSLANE_CALLS=10000000` tries ten million.
#[cfg(target_os = "linux")]
#[test]
fn long_traces_are_streamed() {
    let place = counter();
    assert_eq!(place.run(&["manifest", "-q"]).code, 0);
    let many = std::env::var("CROSSLANE_CALLS").map_or(200_000, |text| text.parse().unwrap());
    let (few, many) = (peak(&place, 50_000), peak(&place, many));
    assert!(many < few + few / 4 + 4096, "{few} kB for 50,000 calls, {many} kB for many");
}

/// Markup, a terminal's commands and a change of direction: as the name of a stored item and of a file.
const NASTY: &str = "<script>alert(1)<'\"&>\u{1b}[2J\u{1b}]0;x\u{7}\u{202e}evil";

#[test]
fn hostile_names_are_text_everywhere() {
    let quoted = NASTY.replace('\\', "\\\\").replace('"', "\\\"");
    let source = format!(
        "#[path = \"{quoted}.rs\"]\nmod inner;\n{}",
        contract(
            &format!("pub const COUNT: Item<u64> = Item::new(\"</script>{quoted}\");"),
            "Count {}",
            "        ExecuteMsg::Count {} => inner::count(deps)?,",
        )
    );
    let place = Place::package(MANIFEST, &source);
    place.write(
        &format!("src/{NASTY}.rs"),
        "use cosmwasm_std::*;\npub fn count(deps: DepsMut) -> StdResult<()> {\n    \
         crate::COUNT.update(deps.storage, |n| StdResult::Ok(n + 1))?;\n    Ok(())\n}\n",
    );
    let harmless = |text: &str, what: &str| {
        assert!(!text.contains(['\u{7}', '\u{202e}']) && !text.contains("\u{1b}["), "{what}: {text:?}");
    };
    for args in [
        &[][..],
        &["--message-format", "short"],
        &["why", "count"],
        &["footprint", "count"],
        &["matrix"],
        &["simulate"],
    ] {
        let run = place.run(args);
        assert_ne!(run.code, 2, "{args:?}: {}", run.err);
        harmless(&run.out, &args.join(" "));
        harmless(&run.err, &args.join(" "));
    }
    let human = place.run(&[]);
    assert!(human.err.contains("[XL101]") && human.err.contains("\\u001b[2J"), "{}", human.err);
    // The text of machine formats is escaped; what it says is the name as it is.
    let name = format!("src/{NASTY}.rs");
    let found = place.json(&["-q", "--message-format", "json"]);
    assert_eq!(found["findings"][0]["spans"][0]["file"], name.as_str());
    let sarif = place.json(&["-q", "--message-format", "sarif"]);
    let uri = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    let uri = uri.as_str().unwrap();
    assert!(uri.is_ascii() && !uri.contains(['<', '"', ' ', '\u{1b}']), "{uri}");
    for format in ["json", "sarif", "cargo-json"] {
        harmless(&place.run(&["-q", "--message-format", format]).out, format);
    }
    let page = place.run(&["report", "-q", "--output", "-"]).out;
    harmless(&page, "report");
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script>alert"), "{page}");
    assert_eq!(page.matches("</script>").count(), page.matches("<script").count());
    for format in ["svg", "md", "dot", "mermaid"] {
        harmless(&place.run(&["matrix", "--format", format]).out, format);
    }
    // Names in traces are nobody's either.
    assert_eq!(place.run(&["manifest", "-q"]).code, 0);
    let line = serde_json::json!({ "id": NASTY, "entry": NASTY, "caller": NASTY, "args": {} });
    let good = serde_json::json!({ "id": NASTY, "entry": "execute::count", "caller": NASTY, "args": {} });
    place.write("trace.jsonl", &format!("{line}\n{good}\n"));
    place.write("good.jsonl", &format!("{good}\n"));
    for args in [
        &["profile", "trace.jsonl"][..],
        &["schedule", "--batch", "trace.jsonl"],
        &["schedule", "--batch", "good.jsonl"],
        &["shards", "--batch", "good.jsonl"],
        &["audit", "trace.jsonl"],
        &["schedule", "--batch", "good.jsonl", "--shape", "dag", "--output", "-"],
    ] {
        let run = place.run(args);
        harmless(&run.out, &args.join(" "));
        harmless(&run.err, &args.join(" "));
    }
    let schedule = place.json(&["schedule", "-q", "--batch", "good.jsonl", "--output", "-"]);
    assert_eq!(schedule["calls"][0]["id"], NASTY);
    assert_eq!(schedule["critical_path"][0], NASTY);
}

/// A token whose `mint` compares the supply with a cap.
fn capped() -> Place {
    Place::package(
        MANIFEST,
        &contract(
            "pub struct Info { pub name: String, pub total_supply: Uint128, pub cap: Option<Uint128> }\n\
         pub const INFO: Item<Info> = Item::new(\"info\");\npub const BALANCES: Map<&Addr, Uint128> = Map::new(\"balances\");",
            "Mint { to: String, amount: Uint128 }, Burn { amount: Uint128 }, Transfer { to: String, amount: Uint128 }",
            "        ExecuteMsg::Mint { to, amount } => {\n            let mut info_ = INFO.load(deps.storage)?;\n            \
         info_.total_supply += amount;\n            if let Some(cap) = info_.cap {\n                \
         if info_.total_supply > cap {\n                    return Err(StdError::generic_err(\"cap\"));\n                \
         }\n            }\n            INFO.save(deps.storage, &info_)?;\n            \
         let to = deps.api.addr_validate(&to)?;\n            \
         BALANCES.update(deps.storage, &to, |b| StdResult::Ok(b.unwrap_or_default() + amount))?;\n        }\n        \
         ExecuteMsg::Burn { amount } => {\n            \
         BALANCES.update(deps.storage, &info.sender, |b| StdResult::Ok(b.unwrap_or_default().checked_sub(amount)?))?;\n            \
         INFO.update(deps.storage, |mut t| -> StdResult<_> { t.total_supply = t.total_supply.checked_sub(amount)?; Ok(t) })?;\n        }\n        \
         ExecuteMsg::Transfer { to, amount } => {\n            let to = deps.api.addr_validate(&to)?;\n            \
         BALANCES.update(deps.storage, &info.sender, |b| StdResult::Ok(b.unwrap_or_default().checked_sub(amount)?))?;\n            \
         BALANCES.update(deps.storage, &to, |b| StdResult::Ok(b.unwrap_or_default() + amount))?;\n        }",
        ),
    )
}

#[test]
fn a_capped_supply_is_not_split() {
    let place = capped();
    let found = place.json(&["-q", "--message-format", "json"]);
    let total = found["findings"].as_array().unwrap().iter().find(|one| one["code"] == "XL102").unwrap();
    let said: Vec<&str> = total["notes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|note| note["kind"] == "not-offered")
        .map(|note| note["text"].as_str().unwrap())
        .collect();
    assert!(said[0].contains("`mint` would have to read them all"), "{total}");
    assert!(!total["fix"]["title"].as_str().unwrap().contains("several"), "{total}");
    let simulated = place.json(&["simulate", "-q", "--lanes", "16", "--message-format", "json"]);
    let cells = simulated["contracts"][0]["cells"].as_array().unwrap();
    let info = cells.iter().find(|cell| cell["cell"] == "INFO").unwrap();
    let why = info["not_offered"].as_str().unwrap();
    assert!(
        why.contains("`INFO.total_supply`") && why.contains("`execute::mint` would have to read them all"),
        "{why}"
    );
    assert!(
        info["cures"].as_array().unwrap().iter().all(|cure| !cure["title"].as_str().unwrap().contains("several")),
        "{info}"
    );
}

#[test]
fn reserves_of_a_pool_are_inherent() {
    for (fixture, told, cell) in [("domains/amm", "POOL", "POOL"), ("soroban/amm", "TotalShares", "Reserves")] {
        let path = format!("{}/../fixtures/{fixture}/Cargo.toml", env!("CARGO_MANIFEST_DIR"));
        assert!(Path::new(&path).exists());
        let place = counter();
        let found = place.json(&["-q", "--message-format", "json", "--manifest-path", &path]);
        let pool: Vec<&Value> =
            found["findings"].as_array().unwrap().iter().filter(|one| one["cell"] == told).collect();
        assert!(!pool.is_empty(), "{fixture}: {found}");
        for finding in pool {
            assert!(finding["price"].is_null() && finding["fix"].is_null(), "{fixture}: {finding}");
            assert!(
                finding["notes"].as_array().unwrap().iter().any(|note| note["kind"] == "allow"),
                "{fixture}: {finding}"
            );
        }
        let simulated =
            place.json(&["simulate", "-q", "--lanes", "16", "--message-format", "json", "--manifest-path", &path]);
        let cells = simulated["contracts"][0]["cells"].as_array().unwrap();
        let pool = cells.iter().find(|one| one["cell"] == cell).unwrap();
        assert_eq!(pool["cures"].as_array().unwrap().len(), 0, "{pool}");
        assert!(pool["inherent"].as_str().unwrap().contains("depends on what was there before"), "{pool}");
    }
}
