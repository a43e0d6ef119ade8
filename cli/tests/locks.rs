//! 10,000 swaps over 100 pools and 10,000 deposits into one vault, scheduled under Solana's rules and checked by a
//! simulation of account locks that knows nothing of the tool: what each call locks is written here by hand.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use common::Place;
use serde_json::{Value, json};

const MANIFEST: &str =
    "[package]\nname = \"dex\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\nanchor-lang = \"0.31\"\n";

const SOURCE: &str = r#"use anchor_lang::prelude::*;

#[program]
pub mod dex {
    use super::*;
    pub fn swap(ctx: Context<Swap>) -> Result<()> {
        ctx.accounts.pool.reserve += ctx.accounts.config.fee;
        ctx.accounts.position.amount += 1;
        Ok(())
    }
    pub fn deposit(ctx: Context<Deposit>) -> Result<()> {
        ctx.accounts.vault.total += ctx.accounts.config.fee;
        ctx.accounts.position.amount -= 1;
        Ok(())
    }
}

#[derive(Accounts)]
pub struct Swap<'info> {
    #[account(mut, seeds = [b"pool", mint.key().as_ref()], bump)]
    pub pool: Account<'info, Pool>,
    #[account(mut, seeds = [b"position", user.key().as_ref()], bump)]
    pub position: Account<'info, Position>,
    /// CHECK: only its address.
    pub mint: UncheckedAccount<'info>,
    #[account(seeds = [b"config"], bump)]
    pub config: Account<'info, Config>,
    pub user: Signer<'info>,
}

#[derive(Accounts)]
pub struct Deposit<'info> {
    #[account(mut, seeds = [b"vault"], bump)]
    pub vault: Account<'info, Vault>,
    #[account(mut, seeds = [b"position", user.key().as_ref()], bump)]
    pub position: Account<'info, Position>,
    #[account(seeds = [b"config"], bump)]
    pub config: Account<'info, Config>,
    pub user: Signer<'info>,
}

#[account]
pub struct Pool { pub reserve: u64 }
#[account]
pub struct Vault { pub total: u64 }
#[account]
pub struct Position { pub amount: u64 }
#[account]
pub struct Config { pub fee: u64 }
"#;

/// What a transaction locks: address, for writing.
type Locks = Vec<(String, bool)>;

/// The batch, and the locks of each call by id.
fn calls() -> (String, BTreeMap<String, Locks>) {
    let (mut text, mut locks) = (String::new(), BTreeMap::new());
    let mut random = 7u64;
    for at in 0..20_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let user = format!("User{}", (random >> 33) % 3_000);
        let (position, payer) = (format!("Position-{user}"), format!("Payer-{user}"));
        let swap = at % 2 == 0;
        let (entry, place) = if swap { ("swap", "pool") } else { ("deposit", "vault") };
        let address = if swap { format!("Pool{}", (random >> 13) % 100) } else { "TheVault".to_owned() };
        let mut accounts = json!({ place: address, "position": position, "config": "Config", "user": user });
        if swap {
            accounts["mint"] = json!(format!("Mint-{address}"));
        }
        let id = format!("c{at}");
        let call = json!({ "id": id, "entry": entry, "caller": user, "fee_payer": payer, "accounts": accounts,
            "cost": 40_000 + (random >> 20) % 20_000 });
        writeln!(text, "{call}").unwrap();
        let mut own =
            vec![(address.clone(), true), (position, true), (payer, true), ("Config".to_owned(), false), (user, false)];
        if swap {
            own.push((format!("Mint-{address}"), false));
        }
        locks.insert(id, own);
    }
    (text, locks)
}

/// The same as the chain: a write lock stands alone, read locks stand together. Gives the pairs that break it.
fn broken(schedule: &Value, locks: &BTreeMap<String, Locks>) -> Vec<String> {
    let mut of: BTreeMap<&str, Vec<(u64, u64, bool, &str)>> = BTreeMap::new();
    for call in schedule["calls"].as_array().unwrap() {
        let id = call["id"].as_str().unwrap();
        let (start, end) = (call["start"].as_u64().unwrap(), call["end"].as_u64().unwrap());
        for (address, writable) in &locks[id] {
            of.entry(address).or_default().push((start, end, *writable, id));
        }
    }
    let mut out = Vec::new();
    for (address, mut all) in of {
        all.sort();
        // The latest end so far of writers, and of all.
        let (mut writers, mut any) = ((0, ""), (0, ""));
        for (start, end, writable, id) in all {
            let held = if writable { any } else { writers };
            if start < held.0 {
                out.push(format!("{id} and {} on {address}", held.1));
            }
            any = any.max((end, id));
            if writable {
                writers = writers.max((end, id));
            }
        }
    }
    out
}

fn read(path: PathBuf) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn no_pair_together_that_locks_forbid() {
    let place = Place::package(MANIFEST, SOURCE);
    let (text, locks) = calls();
    place.write("calls.jsonl", &text);
    let (code, said) = place.both(&["manifest", "-q"]);
    assert_eq!(code, 0, "{said}");
    for order in ["preserve", "free"] {
        let (code, said) = place.both(&["schedule", "--batch", "calls.jsonl", "--order", order, "-o", "all.json"]);
        assert_eq!(code, 0, "{said}");
        let all = read(place.path("all.json"));
        assert_eq!((all["calls"].as_array().unwrap().len(), &all["model"]), (20_000, &json!("solana")));
        assert_eq!(broken(&all, &locks), Vec::<String>::new());
        assert!(all["speedup"].as_f64().unwrap() > 1.5, "{}", all["speedup"]);
    }
    // The simulation is no rubber stamp: all calls at once break it.
    let mut together = read(place.path("all.json"));
    for call in together["calls"].as_array_mut().unwrap() {
        (call["start"], call["end"]) = (json!(0), json!(1));
    }
    assert!(broken(&together, &locks).len() > 19_000);
    // What one block has room for: the vault's 24 million units are the first to be used up.
    let limited = ["schedule", "--batch", "calls.jsonl", "--chain-limits", "--lanes", "4", "-o", "block.json"];
    let (code, said) = place.both(&limited);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("vault") && said.contains("left out of the"), "{said}");
    let block = read(place.path("block.json"));
    assert_eq!(broken(&block, &locks), Vec::<String>::new());
    let (included, left) = (block["calls"].as_array().unwrap(), block["left_out"].as_array().unwrap());
    assert_eq!(included.len() + left.len(), 20_000);
    let by_vault = left.iter().filter(|one| one["full"].as_str().unwrap().contains("vault")).count();
    let deposits = included.iter().filter(|call| locks[call["id"].as_str().unwrap()][0].0 == "TheVault");
    let used: u64 = deposits.map(|call| call["end"].as_u64().unwrap() - call["start"].as_u64().unwrap()).sum();
    assert!(by_vault > 0 && used <= 24_000_000, "{by_vault} {used}\n{said}");
}
