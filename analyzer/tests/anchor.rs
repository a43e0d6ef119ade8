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
        ("let w = W { n: &mut ctx.accounts.state.n };", "struct W<'a> { n: &'a mut u64 }", [No, No]),
        ("let w = W { n: &mut ctx.accounts.state.n }; *w.n = 1;", "struct W<'a> { n: &'a mut u64 }", [Yes, No]),
        (
            "look(&ctx.accounts.state, &mut ctx.accounts.log);",
            "fn look(s: &State, l: &mut Log) { l.n = s.n; }",
            [No, Yes],
        ),
        (
            "ctx.accounts.log.note(&ctx.accounts.state);",
            "impl Log { fn note(&mut self, s: &State) { self.n = s.n; } }",
            [No, Yes],
        ),
        ("ctx.accounts.state.list.push(1);", "", [Yes, No]),
        ("ctx.accounts.state.bump();", "impl State { fn bump(&mut self) { self.n += 1; } }", [Yes, No]),
        ("add!(ctx.accounts.state.n, 1);", "macro_rules! add { ($x:expr, $y:expr) => { $x = $x + $y } }", [Yes, No]),
        ("let n = ctx.accounts.state.n.checked_add(1).unwrap(); ctx.accounts.log.n = n;", "", [No, Yes]),
        ("if let Some(x) = ctx.accounts.state.list.first() { ctx.accounts.log.n = *x; }", "", [No, Yes]),
        ("for x in ctx.accounts.state.list.iter() { ctx.accounts.log.n += x; }", "", [No, Yes]),
        ("other::look(&ctx.accounts.state.key());", "", [No, No]),
    ] {
        assert_eq!(written(body, more), want, "{body}");
    }
    // A change that fails is none.
    for body in [
        "match ctx.accounts.state.add_lamports(first) { Err(e) => assert_eq!(e, E::X), _ => unreachable!() }",
        "if ctx.accounts.state.sub_lamports(first).is_err() { ctx.accounts.log.n = 1; }",
        "let r = ctx.accounts.state.sub_lamports(first); if r.is_err() { return Ok(()); }",
    ] {
        assert_eq!(written(body, "")[0], Written::Unknown, "{body}");
    }
    // Each of these may write the state in a way that is not followed.
    for (body, more) in [
        ("ctx.accounts.state.list.push(1);", ""),
        ("change(&mut ctx.accounts.state);", "fn change(s: &mut State) { s.n = 1; }"),
        ("ctx.accounts.state.bump();", "impl State { fn bump(&mut self) { self.n += 1; } }"),
        ("let i = ctx.accounts.state.to_account_info(); i.try_borrow_mut_data()?[0] = 1;", ""),
        ("let n = &mut ctx.accounts.state.n; set(n);", "fn set(n: &mut u64) { *n = 1; }"),
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

/// With other features the same handler may write what it does not write with these: no lock is called needless then.
#[test]
fn what_features_leave_out_may_write_unsound() {
    use Written::{Unknown, Yes};
    let helper = "impl A<'_> { fn go(&mut self) { {} } }";
    let inside = |cfg: &str| helper.replace("{}", &format!("#[cfg({cfg})] {{ self.log.n = 1; }}"));
    for (body, more, want) in [
        ("#[cfg(feature = \"full\")] go(ctx)?;", String::new(), [Unknown, Unknown]),
        ("#[cfg(feature = \"full\")] let _ = go(ctx)?;", String::new(), [Unknown, Unknown]),
        ("if cfg!(feature = \"full\") { ctx.accounts.log.n = 1; }", String::new(), [Unknown, Yes]),
        ("match first { #[cfg(feature = \"full\")] 1 => go(ctx)?, _ => () }", String::new(), [Unknown, Unknown]),
        ("ctx.accounts.go();", inside("all(unix, feature = \"full\")"), [Unknown, Unknown]),
        ("ctx.accounts.go();", inside("not(feature = \"full\")"), [Unknown, Yes]),
        ("ctx.accounts.go();", inside("test"), [Written::No, Written::No]),
        (
            "go(ctx)?;",
            "#[cfg(not(feature = \"full\"))] fn go(c: Context<A>) -> Result<()> { Ok(()) }\n#[cfg(feature = \"full\")] fn \
             go(c: Context<A>) -> Result<()> { w(c) }"
                .to_owned(),
            [Unknown, Unknown],
        ),
    ] {
        assert_eq!(written(body, &more), want, "{body} {more}");
    }
}

#[test]
fn what_a_constraint_runs_is_seen_unsound() {
    for (constraint, more) in [
        (
            "constraint = bump(&state.to_account_info())",
            "fn bump(a: &AccountInfo) -> bool { a.try_borrow_mut_data().unwrap()[0] = 1; true }",
        ),
        ("constraint = { **state.to_account_info().try_borrow_mut_lamports()? -= 1; true }", ""),
        ("address = other::address(&state.to_account_info())", ""),
        ("seeds = [seed(&mut state).as_ref()], bump", "fn seed(s: &mut State) -> [u8; 1] { s.n = 1; [0] }"),
    ] {
        let text = format!(
            "use anchor_lang::prelude::*;\n#[program] pub mod p {{ use super::*; pub fn f(ctx: Context<A>) -> Result<()> \
             {{ Ok(()) }} }}\n#[derive(Accounts)] pub struct A<'info> {{ #[account(mut, {constraint})] state: \
             Account<'info, State> }}\n#[account] pub struct State {{ n: u64 }}\n{more}"
        );
        let files = Files(vec![("src/lib.rs".into(), text)]);
        let analysis = analyze(&files, vec![package()], &Options::default());
        let accounts = analysis.contracts[0].entries[0].accounts.clone().unwrap();
        assert_ne!(accounts[0].written, Written::No, "{constraint}");
    }
    // Access control runs before the handler.
    let text = "use anchor_lang::prelude::*;\n#[program] pub mod p { use super::*; #[access_control(check(&mut ctx))] pub \
                fn f(mut ctx: Context<A>) -> Result<()> { Ok(()) } }\nfn check(c: &mut Context<A>) -> Result<()> { \
                c.accounts.state.n = 1; Ok(()) }\n#[derive(Accounts)] pub struct A<'info> { #[account(mut)] state: \
                Account<'info, State> }\n#[account] pub struct State { n: u64 }";
    let files = Files(vec![("src/lib.rs".into(), text.into())]);
    let analysis = analyze(&files, vec![package()], &Options::default());
    assert_eq!(analysis.contracts[0].entries[0].accounts.clone().unwrap()[0].written, Written::Yes);
}

#[test]
fn a_program_with_an_entry_point_of_its_own_unsound() {
    let accounts = "#[derive(Accounts)] pub struct A<'info> { #[account(mut)] a: Account<'info, S>, b: Account<'info, S> }\n\
                    #[account] pub struct S { n: u64 }\n";
    assert_eq!(one(accounts).entries[0].accounts.as_ref().unwrap()[0].written, Written::No);
    for own in [
        "#[no_mangle] pub unsafe extern \"C\" fn entrypoint(input: *mut u8) -> u64 { 0 }",
        "#[unsafe(no_mangle)] pub unsafe extern \"C\" fn entrypoint(input: *mut u8) -> u64 { 0 }",
        "#[export_name = \"entrypoint\"] pub unsafe extern \"C\" fn begin(input: *mut u8) -> u64 { 0 }",
        "#[unsafe(export_name = \"entrypoint\")] pub unsafe extern \"C\" fn begin(input: *mut u8) -> u64 { 0 }",
        "solana_program::entrypoint!(begin); fn begin(id: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> ProgramResult { \
         accounts[0].try_borrow_mut_data()?[0] = 1; Ok(()) }",
    ] {
        let found = one(&format!("{accounts}{own}"));
        let entry = found.entries.iter().find(|entry| entry.name == "f").unwrap();
        assert!(entry.unknowns.iter().any(|unknown| unknown.reason == UnknownReason::Unsupported), "{own}");
        let written: Vec<Written> = entry.accounts.iter().flatten().map(|one| one.written).collect();
        assert_eq!(written, [Written::Unknown; 2], "{own}");
    }
    // What Anchor itself makes is no other one, and a private function of that name is none.
    for own in ["solana_program::entrypoint!(entry);", "pub fn entrypoint(input: *mut u8) -> u64 { 0 }"] {
        assert!(one(&format!("{accounts}{own}")).entries[0].unknowns.is_empty(), "{own}");
    }
}

#[test]
fn how_many_more_accounts_there_are_is_no_look_at_them() {
    let unknowns = |body: &str| {
        let text = format!(
            "use anchor_lang::prelude::*;\n#[program] pub mod p {{ use super::*; pub fn f(ctx: Context<A>) -> Result<()> {{ \
             check(&ctx)?; {body} Ok(()) }} }}\nfn check<T>(ctx: &Context<T>) -> Result<()> {{ if \
             !ctx.remaining_accounts.is_empty() {{ return err!(E::Extra); }} Ok(()) }}\nfn touched<'a, T>(ctx: \
             &'a Context<T>) -> &'a Context<T> {{ ctx.remaining_accounts[0].try_borrow_mut_data().unwrap()[0] = 1; ctx }}\n\
             #[derive(Accounts)] pub struct A<'info> {{ a: Account<'info, S> }}\n#[account] pub struct S {{ n: u64 }}"
        );
        let files = Files(vec![("src/lib.rs".into(), text)]);
        let found = analyze(&files, vec![package()], &Options::default()).contracts.into_iter().next().unwrap();
        found.entries[0].unknowns.len()
    };
    assert_eq!(unknowns("require!(ctx.remaining_accounts.len() == 0, E::Extra);"), 0);
    for body in [
        "ctx.remaining_accounts[0].try_borrow_mut_data()?[0] = 1;",
        "let all = ctx.remaining_accounts; if all.len() > 1 { all[0].try_borrow_mut_data()?[0] = 1; }",
        "ctx.remaining_accounts.iter().len();",
        "touched(&ctx).remaining_accounts.len();",
    ] {
        assert_eq!(unknowns(body), 1, "{body}");
    }
}

#[test]
fn no_way_to_an_account_is_lost_unsound() {
    for (body, more) in [
        (
            "let mut h = H { a: None }; h.a = Some(&mut ctx.accounts.state); h.a.unwrap().n = 1;",
            "struct H<'a> { a: Option<&'a mut Account<'a, State>> }",
        ),
        (
            "let mut h = H { a: None }; let r = &mut h; r.a = Some(&mut ctx.accounts.state); h.a.unwrap().n = 1;",
            "struct H<'a> { a: Option<&'a mut Account<'a, State>> }",
        ),
        (
            "let mut h = H { a: None }; h.keep(&mut ctx.accounts.state); h.go();",
            "struct H<'a> { a: Option<&'a mut Account<'a, State>> } impl<'a> H<'a> { fn keep(&mut self, s: &'a mut Account<'a, State>) { self.a = Some(s); } fn go(self) { self.a.unwrap().n = 1; } }",
        ),
        ("let mut f = |x: u64| ctx.accounts.state.n = x; f(1);", ""),
        ("let s = &mut ctx.accounts.state; Some(1).map(|x| s.n = x);", ""),
        ("run(|s| s.n = 1, &mut ctx.accounts.state);", "fn run(f: impl Fn(&mut State), s: &mut State) { f(s) }"),
        (
            "run(&mut ctx.accounts.state, State::bump);",
            "impl State { fn bump(&mut self) { self.n = 1; } } fn run(s: &mut State, f: fn(&mut State)) { f(s) }",
        ),
        (
            "let v = vec![ctx.accounts.state.to_account_info()]; for a in v.iter() { a.try_borrow_mut_data()?[0] = 1; }",
            "",
        ),
        (
            "let mut v = Vec::new(); v.push(ctx.accounts.state.to_account_info()); v[0].try_borrow_mut_data()?[0] = 1;",
            "",
        ),
        (
            "let _g = G { s: &mut ctx.accounts.state };",
            "struct G<'a> { s: &'a mut State } impl Drop for G<'_> { fn drop(&mut self) { self.s.n = 1; } }",
        ),
        (
            "let g = G { s: &mut ctx.accounts.state }; g.n = 1;",
            "struct G<'a> { s: &'a mut State } impl Deref for G<'_> { type Target = State; fn deref(&self) -> &State { self.s } } impl DerefMut for G<'_> { fn deref_mut(&mut self) -> &mut State { self.s } }",
        ),
        ("let (a, b) = (&mut ctx.accounts.state, 1); a.n = b;", ""),
        ("match Some(&mut ctx.accounts.state) { Some(s) => s.n = 1, None => {} }", ""),
        ("match &mut ctx.accounts.state.list { l => l.push(1) }", ""),
        ("let A { ref mut state, .. } = ctx.accounts; state.n = 1;", ""),
        ("let x = loop { break &mut ctx.accounts.state; }; x.n = 1;", ""),
        ("let d = ctx.accounts.state.to_account_info().data.clone(); d.borrow_mut()[0] = 1;", ""),
        ("anchor_lang::solana_program::program::invoke(&ix, &[ctx.accounts.state.to_account_info()])?;", ""),
        ("let l = ctx.accounts.state.to_account_info(); unsafe { poke(l) };", ""),
        (
            "rec(&mut ctx.accounts.state, 3);",
            "fn rec(s: &mut State, d: u8) { if d > 0 { rec(s, d - 1) } else { s.n = 1 } }",
        ),
        (
            "T1::go(&mut ctx.accounts.state);",
            "trait Go { fn go(s: &mut State); } struct T1; impl Go for T1 { fn go(s: &mut State) { s.n = 1; } }",
        ),
        (
            "call::<T1>(&mut ctx.accounts.state);",
            "trait Go { fn go(s: &mut State); } struct T1; impl Go for T1 { fn go(s: &mut State) { s.n = 1; } } fn call<T: Go>(s: &mut State) { T::go(s) }",
        ),
        (
            "ctx.accounts.state.touch();",
            "trait Touch { fn touch(&mut self); } impl Touch for Account<'_, State> { fn touch(&mut self) { self.n = 1; } }",
        ),
        ("*ctx.accounts.state = fresh();", "fn fresh() -> State { State { n: 1, list: vec![] } }"),
        ("ctx.accounts.state.n.add_assign(1);", ""),
        ("other(&mut *ctx.accounts.state)", "use foreign::other;"),
    ] {
        assert_ne!(written(body, more)[0], Written::No, "{body}");
    }
}
