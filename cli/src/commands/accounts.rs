//! `accounts`: declared locks beside what the code does, and the account lists a client needs, with the reason of each
//! flag.

use std::fmt::Write as _;

use crosslane_analyzer::conflicts::words;
use crosslane_analyzer::ir::{AccountParam, Entry, Term, Written};
use serde_json::{Value, json};

use super::Exit;
use crate::args::Common;
use crate::emit::table::Table;
use crate::fail::Fail;
use crate::output;
use crate::session::{self, Judged};

/// Flags of `accounts`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Instructions; all when left out
    #[arg(value_name = "ENTRY")]
    entries: Vec<String>,
    /// An instruction, as an option
    #[arg(long, value_name = "NAME")]
    entry: Vec<String>,
    /// Print the list of accounts for a client
    #[arg(long, value_name = "LANG", value_enum)]
    lang: Option<Lang>,
}

/// What clients are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Lang {
    /// TypeScript
    Ts,
    /// Rust
    Rust,
    /// JSON, with everything known about each account
    Json,
}

/// Runs `accounts`.
pub(crate) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let units = session::load(common)?;
    let mut out = String::new();
    let mut all = Vec::new();
    let names: Vec<&String> = args.entries.iter().chain(&args.entry).collect();
    for judged in session::judged(&units)? {
        let wanted: Vec<usize> = match names.is_empty() {
            true => (0..judged.contract.entries.len()).collect(),
            false => names.iter().map(|name| judged.entry(name)).collect::<Result<_, _>>()?,
        };
        for at in wanted {
            let entry = &judged.contract.entries[at];
            let Some(accounts) = &entry.accounts else { continue };
            match args.lang {
                None => table(&judged, entry, accounts, &mut out),
                Some(Lang::Ts) => typescript(entry, accounts, &mut out),
                Some(Lang::Rust) => rust(entry, accounts, &mut out),
                Some(Lang::Json) => all.push(described(&judged, entry, accounts)),
            }
        }
    }
    if out.is_empty() && all.is_empty() {
        return Err(Fail::new("no entry point here declares accounts")
            .help("`cargo crosslane footprint` shows what entry points touch")
            .into());
    }
    let head = match args.lang {
        Some(Lang::Ts) => "import { AccountMeta, PublicKey } from \"@solana/web3.js\";\n\n",
        Some(Lang::Rust) => "use solana_program::{instruction::AccountMeta, pubkey::Pubkey};\n\n",
        _ => "",
    };
    out.insert_str(0, head);
    if args.lang == Some(Lang::Json) {
        out = serde_json::to_string_pretty(&json!({ "version": 1, "instructions": all }))?;
        out.push('\n');
    }
    output::show(&out)?;
    Ok(Exit::Clean)
}

fn table(judged: &Judged<'_>, entry: &Entry, accounts: &[AccountParam], out: &mut String) {
    let _ = writeln!(out, "{}", entry.name);
    let mut table = Table::new(&["account", "lock", "code writes it", "which one"]);
    for account in accounts {
        let lock = match (account.writable, account.signer) {
            (true, true) => "write, signer",
            (true, false) => "write",
            (false, true) => "read, signer",
            (false, false) => "read",
        };
        let written = match account.written {
            Written::Yes => "yes",
            Written::No if account.writable => "no: the lock is needless",
            Written::No => "no",
            Written::Unknown => "not known",
        };
        let identity = words::term(judged.contract, &account.identity);
        table.row(vec![account.name.clone(), lock.to_owned(), written.to_owned(), identity]);
    }
    out.push_str(&table.render());
    out.push('\n');
}

/// Why an account has its flag.
fn reason(account: &AccountParam) -> &'static str {
    match (account.writable, account.written) {
        (true, Written::Yes) => "the code writes it",
        (true, Written::Unknown) => "the code may write it",
        (true, Written::No) => "never written; the program asks for the lock all the same",
        (false, Written::Yes) => "declared read-only, although the code writes it",
        (false, _) => "only read",
    }
}

/// The accounts to ask priority fees for: those locked for writing for which other people's calls can wait. What signs,
/// and what is derived from what signs, is the caller's own; when nothing else is locked, that is what remains.
fn contended(accounts: &[AccountParam]) -> Vec<&str> {
    let signs = |name: &str| accounts.iter().any(|one| one.signer && one.name == name);
    let writable: Vec<&AccountParam> = accounts.iter().filter(|one| one.writable).collect();
    let shared: Vec<&AccountParam> =
        writable.iter().copied().filter(|one| !one.signer && !mentions(&one.identity, &signs)).collect();
    let of = if shared.is_empty() { writable } else { shared };
    of.into_iter().map(|one| one.name.as_str()).collect()
}

/// True if the term contains an account of which this holds.
fn mentions(term: &Term, holds: &dyn Fn(&str) -> bool) -> bool {
    match term {
        Term::Account(name) => holds(name),
        Term::Fn { of, .. } => of.iter().any(|of| mentions(of, holds)),
        _ => false,
    }
}

fn listed(entry: &Entry, accounts: &[AccountParam], out: &mut String) {
    let names = contended(accounts);
    let names = if names.is_empty() { "none, it locks nothing for writing".to_owned() } else { names.join(", ") };
    let _ = writeln!(out, "// {}. Ask for priority fees of: {names}", entry.name);
    for unknown in &entry.unknowns {
        let _ = writeln!(out, "// besides these, not known: {}", unknown.what);
    }
}

fn camel(name: &str) -> String {
    let mut out = String::new();
    let mut upper = false;
    for c in name.chars() {
        match c {
            '_' | '.' | ':' => upper = !out.is_empty(),
            c if upper => {
                out.extend(c.to_uppercase());
                upper = false;
            }
            c => out.push(c),
        }
    }
    out
}

fn typescript(entry: &Entry, accounts: &[AccountParam], out: &mut String) {
    listed(entry, accounts, out);
    let mut names = Vec::new();
    if accounts.iter().any(|one| one.optional) {
        names.push("programId: PublicKey".to_owned());
    }
    for one in accounts {
        names.push(format!("{}{}: PublicKey", camel(&one.name), if one.optional { "?" } else { "" }));
    }
    let _ = writeln!(
        out,
        "export const {}Accounts = (a: {{ {} }}): AccountMeta[] => [",
        camel(&entry.name),
        names.join("; ")
    );
    for one in accounts {
        let key = format!("a.{}", camel(&one.name));
        // The program's own address stands where an optional account is left out.
        let given = |flag: bool| match (one.optional, flag) {
            (true, true) => format!("{key} !== undefined"),
            (_, flag) => flag.to_string(),
        };
        let (signer, writable) = (given(one.signer), given(one.writable));
        let pubkey = if one.optional { format!("{key} ?? a.programId") } else { key };
        let _ =
            writeln!(out, "  {{ pubkey: {pubkey}, isSigner: {signer}, isWritable: {writable} }}, // {}", reason(one));
    }
    out.push_str("];\n\n");
}

fn rust(entry: &Entry, accounts: &[AccountParam], out: &mut String) {
    listed(entry, accounts, out);
    let plain = |name: &str| name.replace(['.', ':'], "_");
    let mut names = Vec::new();
    if accounts.iter().any(|one| one.optional) {
        names.push("program_id: Pubkey".to_owned());
    }
    for one in accounts {
        let ty = if one.optional { "Option<Pubkey>" } else { "Pubkey" };
        names.push(format!("{}: {ty}", plain(&one.name)));
    }
    let _ =
        writeln!(out, "pub fn {}_accounts({}) -> Vec<AccountMeta> {{\n    vec![", plain(&entry.name), names.join(", "));
    for one in accounts {
        let kind = if one.writable { "new" } else { "new_readonly" };
        let (name, signer) = (plain(&one.name), one.signer);
        let meta = match one.optional {
            false => format!("AccountMeta::{kind}({name}, {signer})"),
            true => format!(
                "{name}.map_or_else(|| AccountMeta::new_readonly(program_id, false), |key| AccountMeta::{kind}(key, {signer}))"
            ),
        };
        let _ = writeln!(out, "        {meta}, // {}", reason(one));
    }
    out.push_str("    ]\n}\n\n");
}

/// True for an address that is the same in every call.
fn fixed(term: &Term) -> bool {
    match term {
        Term::Const(_) | Term::SelfAddr => true,
        Term::Fn { of, .. } => of.iter().all(fixed),
        _ => false,
    }
}

fn described(judged: &Judged<'_>, entry: &Entry, accounts: &[AccountParam]) -> Value {
    let written = |written: Written| match written {
        Written::Yes => "yes",
        Written::No => "no",
        Written::Unknown => "unknown",
    };
    // A lookup table serves what does not sign; what is the same in every call belongs into one that all calls share.
    let table = |one: &AccountParam| match (one.signer, fixed(&one.identity)) {
        (true, _) => "none",
        (false, true) => "shared",
        (false, false) => "own",
    };
    let list: Vec<Value> = accounts
        .iter()
        .map(|one| {
            json!({
                "name": one.name, "writable": one.writable, "signer": one.signer, "optional": one.optional,
                "written": written(one.written), "reason": reason(one), "lookup_table": table(one),
                "identity": words::term(judged.contract, &one.identity),
            })
        })
        .collect();
    let unknowns: Vec<&str> = entry.unknowns.iter().map(|unknown| unknown.what.as_str()).collect();
    json!({ "contract": judged.contract.name, "entry": entry.name, "accounts": list,
        "priority_fees": contended(accounts), "unknowns": unknowns })
}
