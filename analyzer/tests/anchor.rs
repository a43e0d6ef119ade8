//! Anchor programs: instructions, accounts in the order of the declaration, what is locked, which account it is.

#![allow(clippy::unwrap_used)]

use crosslane_analyzer::ir::{Callers, Const, Contract, Entry, Term, UnknownReason, Written};
use crosslane_analyzer::source::{Package, PackageId, Sources};
use crosslane_analyzer::{Options, analyze};
use std::fmt::Write as _;
use std::sync::Arc;

struct Files(Vec<(String, String)>);

impl Sources for Files {
    fn read(&self, _: PackageId, path: &str) -> Option<Arc<str>> {
        self.0.iter().find(|(name, _)| name == path).map(|(_, text)| text.as_str().into())
    }
}

fn package() -> Package {
    Package {
        name: "user".into(),
        version: "0.1.0".into(),
        crate_name: "user".into(),
        root: "src/lib.rs".into(),
        edition: 2021,
        missing: vec!["anchor_lang".into(), "anchor_spl".into()],
        analysed: true,
        ..Package::default()
    }
}

fn vault(features: &[&str]) -> Contract {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/anchor/vault/src");
    let read = |name: &str| (format!("src/{name}"), std::fs::read_to_string(root.join(name)).unwrap());
    let files = Files(["lib.rs", "accounts.rs", "state.rs"].map(read).into());
    let package = Package { features: features.iter().map(|name| (*name).to_owned()).collect(), ..package() };
    let analysis = analyze(&files, vec![package], &Options::default());
    assert!(analysis.problems.is_empty(), "{:?}", analysis.problems);
    analysis.contracts.into_iter().next().unwrap()
}

/// A program of one instruction `f` with these accounts.
fn one(accounts: &str) -> Contract {
    let text = format!(
        "use anchor_lang::prelude::*;\n#[program] pub mod p {{ use super::*; pub fn f(ctx: Context<A>, first: u64) -> \
         Result<()> {{ Ok(()) }} }}\n{accounts}"
    );
    let files = Files(vec![("src/lib.rs".into(), text)]);
    analyze(&files, vec![package()], &Options::default()).contracts.into_iter().next().unwrap()
}

fn term(contract: &Contract, term: &Term) -> String {
    match term {
        Term::Const(Const::Str(text)) => format!("{text:?}"),
        Term::Const(other) => format!("{other:?}"),
        Term::Arg(path) => format!("arg {}", crosslane_analyzer::ir::path_text(path)),
        Term::Account(name) => name.clone(),
        Term::SelfAddr => "self".into(),
        Term::Fn { name, of, .. } => {
            let of: Vec<String> = of.iter().map(|of| self::term(contract, of)).collect();
            format!("{name}({})", of.join(", "))
        }
        Term::Load { cell, key, field } => {
            let key: Vec<String> = key.iter().map(|of| self::term(contract, of)).collect();
            format!("load({}[{}].{})", contract.cell(*cell).name, key.join(", "), field.join("."))
        }
        other => format!("{other:?}"),
    }
}

fn render(contract: &Contract, entry: &Entry) -> String {
    let mut out = String::new();
    for account in entry.accounts.iter().flatten() {
        let flag = |on: bool, text: &'static str| if on { text } else { "-" };
        let written = match account.written {
            Written::Yes => "yes",
            Written::No => "no",
            Written::Unknown => "?",
        };
        writeln!(
            out,
            "{} {}{}{} {written} = {}",
            account.name,
            flag(account.writable, "w"),
            flag(account.signer, "s"),
            flag(account.optional, "o"),
            term(contract, &account.identity)
        )
        .unwrap();
    }
    out
}

fn entry<'a>(contract: &'a Contract, name: &str) -> &'a Entry {
    contract.entries.iter().find(|entry| entry.name == name).unwrap()
}

#[test]
fn instructions_are_the_handlers() {
    let names = |features: &[&str]| {
        let contract = vault(features);
        contract.entries.iter().map(|entry| entry.name.clone()).collect::<Vec<_>>()
    };
    let plain = ["initialize", "deposit", "open_ticket", "close_ticket", "set_fee", "quote", "pay_all", "fallback"];
    assert_eq!(names(&[]), plain);
    assert!(names(&["emergency"]).contains(&"drain".to_owned()));
}

#[test]
fn accounts_of_every_kind() {
    let contract = vault(&[]);
    let mut all = String::new();
    for entry in &contract.entries {
        writeln!(all, "{}:\n{}", entry.name, render(&contract, entry)).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn cells_are_unique_and_share_the_unit() {
    let contract = vault(&[]);
    let mut names: Vec<&str> = contract.cells.iter().map(|cell| cell.name.as_str()).collect();
    assert!(names.contains(&"state") && names.contains(&"vault"));
    names.sort_unstable();
    let before = names.len();
    names.dedup();
    assert_eq!(names.len(), before);
    assert!(contract.cells.iter().all(|cell| cell.global && cell.unit.kind == "account" && cell.unit.id == "account"));
    // Every account of every instruction has a cell, with its identity as the key.
    for entry in &contract.entries {
        for account in entry.accounts.iter().flatten() {
            let found = entry.accesses.iter().any(|access| access.key == [account.identity.clone()]);
            assert!(found, "{} {}", entry.name, account.name);
        }
    }
}

#[test]
fn who_calls_and_what_is_not_known() {
    let contract = vault(&[]);
    assert_eq!(entry(&contract, "set_fee").callers, Callers::Address("state.admin".into()));
    assert_eq!(entry(&contract, "close_ticket").callers, Callers::Anyone);
    let unknown = |name: &str| entry(&contract, name).unknowns.iter().map(|unknown| unknown.reason).collect::<Vec<_>>();
    assert_eq!(unknown("pay_all"), [UnknownReason::RemainingAccounts]);
    assert_eq!(unknown("fallback"), [UnknownReason::RemainingAccounts]);
    assert!(unknown("deposit").is_empty());
    assert!(entry(&contract, "fallback").accounts.is_none());
}

#[test]
fn flags_of_single_constraints() {
    for (field, want) in [
        ("#[account(mut)] x: AccountInfo<'info>", "w--"),
        ("#[account(mut @ E::X)] x: AccountInfo<'info>", "w--"),
        ("#[account(signer)] x: AccountInfo<'info>", "-s-"),
        ("#[account(zero)] x: AccountLoader<'info, T>", "w--"),
        ("#[account(init, payer = p, space = 8)] x: Account<'info, T>", "ws-"),
        ("#[account(init, payer = p, space = 8, seeds = [b\"a\"], bump)] x: Account<'info, T>", "w--"),
        ("#[account(init_if_needed, payer = p, token::mint = m, token::authority = a)] x: Account<'info, T>", "ws-"),
        ("#[account(constraint = a.mut_count == 1, owner = e)] x: Account<'info, T>", "---"),
        ("#[account(owner = e)] #[account(mut)] x: Option<Box<Account<'info, T>>>", "w-o"),
        ("x: Option<Signer<'info>>", "-so"),
        ("x: Interface<'info, TokenInterface>", "---"),
    ] {
        let contract = one(&format!("#[derive(Accounts)] pub struct A<'info> {{ {field} }}"));
        let text = render(&contract, &contract.entries[0]);
        assert!(text.starts_with(&format!("x {want} ")), "{field}: {text}");
    }
}

#[test]
fn what_cannot_be_expressed_is_the_clients_choice() {
    for (seeds, want) in [
        ("[b\"a\", &first.to_le_bytes()]", "pda(self, \"a\", to_le_bytes(arg first))"),
        ("[compute(first)]", "x"),
        ("[b\"a\", x.owner.as_ref()]", "x"),
        ("[b\"a\", y.owner.as_ref()]", "x"),
        ("&[\"a\".as_bytes(), y.key().as_ref()]", "pda(self, \"a\", y)"),
        ("[&[1u8, 2]]", "pda(self, \"\\u{1}\\u{2}\")"),
    ] {
        let contract = one(&format!(
            "#[derive(Accounts)] #[instruction(first: u64)] pub struct A<'info> {{ #[account(mut, seeds = {seeds}, \
             bump)] x: Account<'info, T>, y: Account<'info, T> }}"
        ));
        let found = &contract.entries[0].accounts.as_ref().unwrap()[0];
        assert_eq!(term(&contract, &found.identity), want, "{seeds}");
    }
}

#[test]
fn what_is_missing_is_said() {
    let contract = one("");
    assert!(contract.entries[0].accounts.is_none());
    assert_eq!(contract.entries[0].unknowns[0].reason, UnknownReason::Unsupported);
    // No instruction is not an error.
    let files = Files(vec![("src/lib.rs".into(), "#[program] pub mod p {}".into())]);
    let analysis = analyze(&files, vec![package()], &Options::default());
    assert!(analysis.contracts[0].entries.is_empty());
    // Structs inside themselves end.
    let contract = one("#[derive(Accounts)] pub struct A<'info> { a: A<'info>, b: Signer<'info> }");
    assert!(contract.entries[0].accounts.is_some());
}

/// A program whose accounts are a state and a log of its own, and what its handler does.
fn written(body: &str, more: &str) -> [Written; 2] {
    let text = format!(
        "use anchor_lang::prelude::*;\n#[program] pub mod p {{ use super::*; pub fn f(ctx: Context<A>, first: u64) -> \
         Result<()> {{ {body} Ok(()) }} }}\n#[derive(Accounts)] pub struct A<'info> {{ #[account(mut)] state: Account<'info, \
         State>, #[account(mut)] log: Account<'info, Log>, user: Signer<'info> }}\n#[account] pub struct State {{ n: u64, \
         list: Vec<u64> }}\n#[account] pub struct Log {{ n: u64 }}\n{more}"
    );
    let files = Files(vec![("src/lib.rs".into(), text)]);
    let analysis = analyze(&files, vec![package()], &Options::default());
    let accounts = analysis.contracts[0].entries[0].accounts.clone().unwrap();
    [accounts[0].written, accounts[1].written]
}

#[test]
fn written_is_right_or_silent() {
    use Written::{No, Yes};
    for (body, more, want) in [
        ("", "", [No, No]),
        ("ctx.accounts.log.n = ctx.accounts.state.n;", "", [No, Yes]),
        ("let s = &mut ctx.accounts.state; s.n += 1;", "", [Yes, No]),
        ("let s = &mut ctx.accounts.state; let n = &mut s.n; *n = first;", "", [Yes, No]),
        ("let A { state, log, .. } = ctx.accounts; log.n = state.n;", "", [No, Yes]),
        ("ctx.accounts.go();", "impl A<'_> { fn go(&mut self) { self.log.n = self.state.n; } }", [No, Yes]),
        ("go(ctx);", "fn go(c: Context<A>) { c.accounts.state.n = 1; }", [Yes, No]),
        ("require!(ctx.accounts.state.list.len() > 1, E::X); emit!(ctx.accounts.log.n);", "", [No, No]),
    ] {
        assert_eq!(written(body, more), want, "{body}");
    }
    // Each of these may write the state in a way that is not followed.
    for (body, more) in [
        ("ctx.accounts.state.list.push(1);", ""),
        ("change(&mut ctx.accounts.state);", "fn change(s: &mut State) { s.n = 1; }"),
        ("ctx.accounts.state.bump();", "impl State { fn bump(&mut self) { self.n += 1; } }"),
        ("let i = ctx.accounts.state.to_account_info(); i.try_borrow_mut_data()?[0] = 1;", ""),
        ("let n = &mut ctx.accounts.state.n; set(n);", "fn set(n: &mut u64) { *n = 1; }"),
        ("let w = W { n: &mut ctx.accounts.state.n };", "struct W<'a> { n: &'a mut u64 }"),
        ("other::go(ctx.accounts);", ""),
        ("other::go(ctx);", ""),
        ("let a = &mut ctx.accounts; other::go(a);", ""),
        ("magic!(ctx);", ""),
        ("for a in ctx.remaining_accounts { a.try_borrow_mut_data()?[0] = 1; }", ""),
        ("for x in ctx.accounts.state.list.iter_mut() { *x = 1; }", ""),
        ("if let Some(x) = ctx.accounts.state.list.first_mut() { *x = 1; }", ""),
        ("std::mem::swap(&mut ctx.accounts.state.n, &mut 1);", ""),
        ("one(ctx.accounts).n = 1;", "fn one<'a>(a: &'a mut A) -> &'a mut State { &mut a.state }"),
        ("let A { state: State { n, .. }, .. } = ctx.accounts; *n = 1;", ""),
    ] {
        assert_ne!(written(body, more)[0], No, "{body}");
    }
}
