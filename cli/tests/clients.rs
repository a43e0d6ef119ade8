//! What clients of a Solana program get: account lists, transactions and interface descriptions checked, and what bad input
//! is told.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::process::Command;

use common::Place;
use serde_json::{Value, json};

const MANIFEST: &str =
    "[package]\nname = \"pool\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\nanchor-lang = \"0.31\"\n";

const SOURCE: &str = r#"use anchor_lang::prelude::*;

#[program]
pub mod pool {
    use super::*;
    pub fn swap(ctx: Context<Swap>, amount: u64) -> Result<()> {
        ctx.accounts.pool.volume += amount;
        ctx.accounts.user_log.last = amount;
        Ok(())
    }
    pub fn look(ctx: Context<Look>) -> Result<()> {
        msg!("{}", ctx.accounts.pool.volume);
        Ok(())
    }
}

#[derive(Accounts)]
pub struct Swap<'info> {
    #[account(mut, seeds = [b"pool"], bump)]
    pub pool: Account<'info, Pool>,
    #[account(mut, seeds = [b"log", user.key().as_ref()], bump)]
    pub user_log: Account<'info, Log>,
    pub user: Signer<'info>,
    #[account(mut)]
    pub referrer: Option<Account<'info, Referrer>>,
}

#[derive(Accounts)]
pub struct Look<'info> {
    pub pool: Account<'info, Pool>,
}

#[account]
pub struct Pool { pub volume: u64 }
#[account]
pub struct Log { pub last: u64 }
#[account]
pub struct Referrer { pub share: u64 }
"#;

#[test]
fn lists_of_accounts_with_reasons() {
    let place = Place::package(MANIFEST, SOURCE);
    let (code, text) = place.both(&["accounts", "--entry", "swap", "--lang", "ts", "-q"]);
    assert_eq!(code, 0, "{text}");
    for line in [
        "// swap. Ask for priority fees of: pool, referrer\n",
        "  { pubkey: a.pool, isSigner: false, isWritable: true }, // the code writes it\n",
        "  { pubkey: a.user, isSigner: true, isWritable: false }, // only read\n",
        "  { pubkey: a.referrer ?? a.programId, isSigner: false, isWritable: a.referrer !== undefined }, // never written; ",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!text.contains("look"), "{text}");
    let (code, text) = place.both(&["accounts", "--entry", "swap", "--lang", "rust", "-q"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("        AccountMeta::new(pool, false), // the code writes it\n"), "{text}");
    assert!(text.contains("        AccountMeta::new_readonly(user, true), // only read\n"), "{text}");
    let (_, text) = place.both(&["accounts", "--lang", "json", "-q"]);
    let all: Value = serde_json::from_str(&text).unwrap();
    let swap = &all["instructions"][0];
    assert_eq!((&all["version"], &swap["entry"]), (&json!(1), &json!("swap")));
    assert_eq!(swap["priority_fees"], json!(["pool", "referrer"]));
    let tables: Vec<&Value> = swap["accounts"].as_array().unwrap().iter().map(|one| &one["lookup_table"]).collect();
    assert_eq!(tables, ["shared", "own", "none", "own"]);
    let (code, text) = place.both(&["accounts", "--entry", "swop"]);
    assert!(code == 2 && text.contains("swap"), "{text}");
}

#[test]
fn the_rust_list_compiles() {
    let place = Place::package(MANIFEST, SOURCE);
    let (_, list) = place.both(&["accounts", "--lang", "rust", "-q"]);
    let text = list.replace("use solana_program::{instruction::AccountMeta, pubkey::Pubkey};", "");
    let shim = "#![allow(dead_code)]\n#[derive(Clone, Copy)] pub struct Pubkey;\npub struct AccountMeta;\nimpl AccountMeta { fn new(_: \
                Pubkey, _: bool) -> Self { Self } fn new_readonly(_: Pubkey, _: bool) -> Self { Self } }\n";
    place.write("list.rs", &format!("{shim}{text}"));
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let args = ["--crate-type", "lib", "--edition", "2021", "--emit", "metadata", "list.rs"];
    let output = Command::new(rustc).args(args).current_dir(place.path("")).output().unwrap();
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
}

/// A transaction of one `swap`: keys and, of these, which are read-only.
fn transaction(header: [u64; 3], accounts: &[u64]) -> String {
    json!({ "result": { "transaction": { "message": {
        "header": { "numRequiredSignatures": header[0], "numReadonlySignedAccounts": header[1], "numReadonlyUnsignedAccounts": header[2] },
        "accountKeys": ["Payer", "User", "Pool", "Log", "Ref", "Program"],
        "instructions": [{ "programIdIndex": 5, "accounts": accounts, "data": "" }] } },
        "meta": { "logMessages": ["Program Program invoke [1]", "Program log: Instruction: Swap"] } } })
    .to_string()
}

#[test]
fn transactions_against_the_program() {
    let place = Place::package(MANIFEST, SOURCE);
    let check = |text: &str| {
        place.write("tx.json", text);
        place.both(&["check-tx", "tx.json", "-q"])
    };
    // The referrer is locked because the program asks for it, and never written.
    let (code, text) = check(&transaction([2, 1, 1], &[2, 3, 1, 4]));
    assert_eq!(code, 1, "{text}");
    assert_eq!(text, "swap: `referrer` (Ref) is locked for a program that never writes it\n");
    let (code, text) = check(&transaction([2, 1, 2], &[2, 3, 1, 4]));
    assert_eq!((code, text.as_str()), (0, "as the program needs it\n"));
    let (_, text) = check(&transaction([2, 0, 2], &[2, 3, 1]));
    assert_eq!(text, "swap: `user` (User) is locked for writing and need not be\n");
    let (_, text) = check(&transaction([2, 1, 4], &[2, 3]));
    for line in ["`pool` (Pool) is read-only, the program asks", "`user` is missing"] {
        assert!(text.contains(line), "{text}");
    }
    let (_, text) = check(&transaction([2, 1, 2], &[2, 2, 1]));
    assert_eq!(text, "swap: `pool` and `user_log` are one account (Pool)\n");
    // The fee payer is locked in any case.
    let (code, text) = check(&transaction([2, 1, 2], &[2, 3, 0]));
    assert_eq!((code, text.as_str()), (0, "as the program needs it\n"));
    for (text, wanted) in [
        ("{", "this is no JSON"),
        ("[]", "this is no transaction"),
        ("{\"result\":null}", "this is no transaction"),
        (
            &transaction([2, 1, 2], &[2, 3, 1]).replace("Instruction: Swap", "Instruction: Other"),
            "no instruction of this",
        ),
        (&transaction([u64::MAX, u64::MAX, u64::MAX], &[u64::MAX]).replace("Program P", "x"), "no instruction of this"),
    ] {
        let (code, said) = check(text);
        assert!(code == 2 && said.contains(wanted), "{wanted}: {said}");
    }
    let (code, text) = place.both(&["check-tx", "nothing.json"]);
    assert!(code == 2 && text.contains("cannot be read"), "{text}");
}

#[test]
fn descriptions_against_the_program() {
    let place = Place::package(MANIFEST, SOURCE);
    let check = |value: Value| {
        place.write("idl.json", &value.to_string());
        place.both(&["idl-check", "idl.json", "-q"])
    };
    let new = json!({ "instructions": [
        { "name": "swap", "accounts": [{ "name": "pool", "writable": true }, { "name": "user_log", "writable": true },
            { "name": "user", "signer": true }, { "name": "referrer", "writable": true, "optional": true }] },
        { "name": "look", "accounts": [{ "name": "pool" }] }] });
    let (code, text) = check(new.clone());
    assert_eq!((code, text.as_str()), (0, "2 instructions, as the program declares them\n"));
    // The older form, and Codama's.
    let old = new.to_string().replace("user_log", "userLog").replace("writable", "isMut").replace("signer", "isSigner");
    assert_eq!(check(serde_json::from_str(&old).unwrap()).0, 0);
    let codama = new.to_string().replace("writable", "isWritable").replace("signer", "isSigner");
    assert_eq!(check(json!({ "program": serde_json::from_str::<Value>(&codama).unwrap() })).0, 0);
    // Capitals from which underscores cannot be told, as in `tokenAEscrow`.
    let capitals = new.to_string().replace("user_log", "userLOG");
    assert_eq!(check(serde_json::from_str(&capitals).unwrap()).0, 0);
    // Drift of every kind.
    let mut drift = new.clone();
    drift["instructions"][0]["accounts"][0] = json!({ "name": "pool" });
    drift["instructions"][0]["accounts"][1]["name"] = json!("log");
    drift["instructions"][1]["name"] = json!("old");
    let (code, text) = check(drift);
    assert_eq!(code, 1, "{text}");
    for line in [
        "XL306 idl-drift\n",
        "swap: `pool` is writable, in the description read-only\n",
        "swap: account 1 is `user_log`, in the description `log`\n",
        "look: not in the description\n",
        "old: only in the description\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    for (value, wanted) in [
        (json!({ "name": "pool" }), "this is no interface description"),
        (json!({ "instructions": {} }), "this is no interface description"),
        (json!({ "instructions": [{ "name": "mint" }, {}, 3] }), "no instruction of this description"),
    ] {
        let (code, text) = check(value);
        assert!(code == 2 && text.contains(wanted), "{wanted}: {text}");
    }
    place.write("idl.json", "{ \"instructions\": [");
    let (code, text) = place.both(&["idl-check", "idl.json"]);
    assert!(code == 2 && text.contains("this is no JSON") && text.contains("idl.json"), "{text}");
}

#[test]
fn programs_that_are_not_whole_are_told() {
    // No instruction at all.
    let place =
        Place::package(MANIFEST, "use anchor_lang::prelude::*;\n#[program]\npub mod pool {\n    use super::*;\n}\n");
    let (code, text) = place.both(&["check", "--color", "never"]);
    assert!(code == 0 && text.contains("0 instructions"), "{code} {text}");
    let (code, text) = place.both(&["accounts"]);
    assert!(code == 2 && text.contains("no entry point here declares accounts"), "{text}");
    // An accounts struct that is not there, alone and inside of another.
    let place = Place::package(MANIFEST, &SOURCE.replace("Context<Look>", "Context<Elsewhere>"));
    let (_, text) = place.both(&["check", "--color", "never", "--all"]);
    assert!(text.contains("the accounts struct of `look`"), "{text}");
    let place = Place::package(
        MANIFEST,
        &SOURCE.replace("pub pool: Account<'info, Pool>,\n}", "pub more: Elsewhere<'info>,\n}"),
    );
    let (_, text) = place.both(&["check", "--color", "never", "--all"]);
    assert!(text.contains("the accounts struct `Elsewhere` of `more`, not found"), "{text}");
    // Logs of another program.
    let place = Place::package(MANIFEST, SOURCE);
    let logs = "Program Other invoke [1]\nProgram log: Instruction: Stake\nProgram Other consumed 900 of 200000 compute units\nProgram \
                Other success\n";
    place.write("other.log", logs);
    let (code, text) = place.both(&["check", "--color", "never", "--costs", "other.log"]);
    assert!(code == 2 && text.contains("other.log"), "{code} {text}");
}

#[test]
fn claims_on_pairs_see_both_sides() {
    let with = SOURCE
        .replace("    pub fn look", "    #[crosslane::parallel(with = [blind])]\n    pub fn look")
        .replace("    pub fn swap", "    pub fn blind(ctx: Context<Look>) -> Result<()> { other::run(&ctx.remaining_accounts) }\n    pub fn swap");
    let place = Place::package(MANIFEST, &with);
    let (_, text) = place.both(&["check", "--color", "never"]);
    assert!(text.contains("the claim on `look` cannot be confirmed: `blind` does what cannot be seen"), "{text}");
}
