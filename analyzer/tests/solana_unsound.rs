//! Programs that change an account in a way that is easily missed: none of them may be called a read.

#![allow(clippy::unwrap_used)]

mod common;

use common::analyse_files;
use crosslane_analyzer::ir::{AccountParam, Contract, Written};

fn contract(text: String, missing: &[&str]) -> Contract {
    analyse_files(vec![("src/lib.rs", text)], missing).contracts.into_iter().next().unwrap()
}

fn anchor(text: &str) -> Contract {
    contract(format!("use anchor_lang::prelude::*;\n{text}"), &["anchor_lang", "anchor_spl", "solana_program"])
}

/// What a handler with this body does to the state, of a program with a state, a log and a raw account.
fn state(body: &str, more: &str) -> Written {
    let contract = anchor(&format!(
        "#[program] pub mod p {{ use super::*; pub fn f(ctx: Context<A>, first: u64, key: Pubkey) -> Result<()> {{ \
         {body} Ok(()) }} }}\n#[derive(Accounts)] pub struct A<'info> {{ #[account(mut)] state: Account<'info, State>, \
         #[account(mut)] log: Account<'info, Log>, raw: UncheckedAccount<'info>, user: Signer<'info> }}\n#[account] pub \
         struct State {{ n: u64, list: Vec<u64>, tool: Tool }}\n#[account] pub struct Log {{ n: u64 }}\n{more}"
    ));
    contract.entries[0].accounts.as_ref().unwrap()[0].written
}

fn native(text: &str) -> Contract {
    let head = "use solana_program::{entrypoint, account_info::{AccountInfo, next_account_info}, \
                entrypoint::ProgramResult, pubkey::Pubkey, instruction::{AccountMeta, Instruction}, program::invoke};\n\
                entrypoint!(run);\n";
    contract(format!("{head}{text}"), &["solana_program"])
}

fn of<'a>(contract: &'a Contract, name: &str) -> &'a AccountParam {
    contract.entries[0].accounts.iter().flatten().find(|one| one.name == name).unwrap()
}

/// After these accounts nothing is known by position: the instruction says that there are more, and nothing is certain of
/// any of them.
fn assert_lost(contract: &Contract, taken: &[&str], what: &str) {
    let entry = &contract.entries[0];
    let all: Vec<(&str, Written)> =
        entry.accounts.iter().flatten().map(|one| (one.name.as_str(), one.written)).collect();
    assert!(
        all.len() >= taken.len() && all.iter().zip(taken).all(|((name, _), known)| name == known),
        "{what}: {all:?}"
    );
    assert!(!entry.unknowns.is_empty(), "{what}: {all:?}");
    assert!(all.iter().all(|(_, written)| *written == Written::Unknown), "{what}: {all:?}");
}

#[test]
fn accounts_of_calls_whose_flags_are_not_seen_unsound() {
    let infos = "&[ctx.accounts.state.to_account_info(), ctx.accounts.raw.to_account_info()]";
    let invoke = format!("anchor_lang::solana_program::program::invoke(&ix, {infos})?;");
    for (build, more) in [
        (
            "let m = AccountMeta { pubkey: ctx.accounts.state.key(), is_signer: false, is_writable: true }; let ix = \
             Instruction { program_id: key, accounts: vec![m], data: vec![] };",
            "",
        ),
        (
            "let m = AccountMeta { pubkey: ctx.accounts.state.key(), is_signer: false, is_writable: first > 1 }; let ix \
             = Instruction { program_id: key, accounts: vec![m], data: vec![] };",
            "",
        ),
        (
            "let m = Other { x: ctx.accounts.state.key() }.to_account_metas(None); let ix = Instruction { program_id: \
             key, accounts: m, data: vec![] };",
            "struct Other { x: Pubkey } impl Other { fn to_account_metas(&self, s: Option<bool>) -> Vec<AccountMeta> { \
             vec![AccountMeta::new(self.x, false)] } }",
        ),
        ("let ix = made(first);", "fn made(n: u64) -> Instruction { elsewhere(n) }"),
        ("let ix = Instruction::default();", ""),
        (
            "let ix = Instruction { program_id: key, accounts: vec![AccountMeta::new_readonly(ctx.accounts.raw.key(), \
             false), meta(key)], data: vec![] };",
            "fn meta(k: Pubkey) -> AccountMeta { AccountMeta::new(k, false) }",
        ),
        (
            "let mut m = vec![AccountMeta::new_readonly(ctx.accounts.raw.key(), false)]; m.push(meta(key)); let ix = \
             Instruction { program_id: key, accounts: m, data: vec![] };",
            "fn meta(k: Pubkey) -> AccountMeta { AccountMeta::new(k, false) }",
        ),
        (
            "let mut ix = Instruction { program_id: key, accounts: \
             vec![AccountMeta::new_readonly(ctx.accounts.state.key(), false)], data: vec![] }; \
             ix.accounts[0].is_writable = true;",
            "",
        ),
        (
            "let ix = if first > 1 { Instruction { program_id: key, accounts: \
             vec![AccountMeta::new_readonly(ctx.accounts.state.key(), false)], data: vec![] } } else { made(first) };",
            "fn made(n: u64) -> Instruction { Instruction::default() }",
        ),
        (
            "let mut ix = Instruction { program_id: key, accounts: \
             vec![AccountMeta::new_readonly(ctx.accounts.state.key(), false)], data: vec![] }; if first > 1 { ix = \
             Instruction::new_with_bytes(key, &[], vec![AccountMeta::new(key, false)]); }",
            "",
        ),
    ] {
        assert_ne!(state(&format!("{build} {invoke}"), more), Written::No, "{build}");
    }
    // All flags are seen, and none is for writing.
    let build = "let ix = Instruction { program_id: key, accounts: \
                 vec![AccountMeta::new_readonly(ctx.accounts.state.key(), false)], data: vec![] };";
    assert_eq!(state(&format!("{build} {invoke}"), ""), Written::No);
}

#[test]
fn accounts_that_are_not_found_unsound() {
    let inner = "use super::*; pub fn f(ctx: Context<A>) -> Result<()> { ctx.accounts.more.go() }";
    let text = format!(
        "#[program] pub mod p {{ {inner} }}\n#[derive(Accounts)] pub struct A<'info> {{ #[account(mut)] state: \
         Account<'info, State>, more: Elsewhere<'info> }}\n#[account] pub struct State {{ n: u64 }}"
    );
    let found = anchor(&text);
    assert!(!found.entries[0].unknowns.is_empty());
    assert_ne!(of(&found, "state").written, Written::No);
    // A type that is no path.
    let text = text.replace("more: Elsewhere<'info>", "more: (Account<'info, State>, u8)");
    assert!(!anchor(&text).entries[0].unknowns.is_empty());
    // More than are read.
    let mut many = String::new();
    for at in 0..600 {
        many.push_str(&format!("a{at}: UncheckedAccount<'info>, "));
    }
    let text = text.replace("more: (Account<'info, State>, u8)", &many);
    assert!(!anchor(&text).entries[0].unknowns.is_empty());
}

#[test]
fn a_constraint_that_is_no_expression_unsound() {
    let contract = anchor(
        "#[program] pub mod p { use super::*; pub fn f(ctx: Context<A>) -> Result<()> { Ok(()) } }\n#[derive(Accounts)] pub \
         struct A<'info> { #[account(mut, constraint = bump(&state) => odd)] state: Account<'info, State> }\n#[account] \
         pub struct State { n: u64 }",
    );
    assert_ne!(of(&contract, "state").written, Written::No);
}

#[test]
fn destructors_of_tuple_structs_unsound() {
    let more = "struct G<'a>(&'a mut State); impl Drop for G<'_> { fn drop(&mut self) { self.0.n = 1; } }";
    assert_ne!(state("let _g = G(&mut ctx.accounts.state);", more), Written::No);
    let more = "enum G<'a> { One(&'a mut State), None } impl Drop for G<'_> { fn drop(&mut self) { if let G::One(s) = \
                self { s.n = 1; } } }";
    assert_ne!(state("let _g = G::One(&mut ctx.accounts.state);", more), Written::No);
}

#[test]
fn walks_over_ways_that_end_unsound() {
    // In each the second account taken may be at another place.
    for body in [
        "loop { if data.len() > 1 { next_account_info(it)?; break; } else { break; } } let b = next_account_info(it)?; \
         b.try_borrow_mut_data()?[0] = 1;",
        "for x in data { if *x == 1 { next_account_info(it)?; continue; } } let b = next_account_info(it)?; \
         b.try_borrow_mut_data()?[0] = 1;",
        "skip(it, data)?; let b = next_account_info(it)?; b.try_borrow_mut_data()?[0] = 1;",
        "'a: { if data.len() > 1 { next_account_info(it)?; break 'a; } } let b = next_account_info(it)?; \
         b.try_borrow_mut_data()?[0] = 1;",
        "if data.len() > 1 && next_account_info(it)?.is_signer { } let b = next_account_info(it)?; \
         b.try_borrow_mut_data()?[0] = 1;",
        "match data.len() { 1 if next_account_info(it)?.is_signer => {} _ => {} } let b = next_account_info(it)?; \
         b.try_borrow_mut_data()?[0] = 1;",
        "if try_two(it, data).is_ok() { } let b = next_account_info(it)?; b.try_borrow_mut_data()?[0] = 1;",
        "let r = try_two(it, data); let b = next_account_info(it)?; b.try_borrow_mut_data()?[0] = 1;",
    ] {
        let contract = native(&format!(
            "fn skip(it: &mut std::slice::Iter<AccountInfo>, data: &[u8]) -> ProgramResult {{ if data.len() > 1 {{ \
             next_account_info(it)?; return Ok(()); }} Ok(()) }}\nfn try_two(it: &mut std::slice::Iter<AccountInfo>, data: \
             &[u8]) -> ProgramResult {{ next_account_info(it)?; if data.len() > 1 {{ return Err(ProgramError::Custom(1)); \
             }} next_account_info(it)?; Ok(()) }}\npub fn run(id: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> \
             ProgramResult {{ let it = &mut accounts.iter(); let first = next_account_info(it)?; {body} Ok(()) }}"
        ));
        assert_lost(&contract, &["first"], body);
    }
    // What ends the instruction moves nothing for those that go on.
    let contract = native(
        "pub fn run(id: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> ProgramResult { let it = &mut accounts.iter(); \
         let first = next_account_info(it)?; if data.len() > 1 { next_account_info(it)?; return \
         Err(ProgramError::Custom(1)); } let b = next_account_info(it)?; b.try_borrow_mut_data()?[0] = 1; Ok(()) }",
    );
    assert_eq!(of(&contract, "b").written, Written::Yes);
}

#[test]
fn names_of_the_standard_library_on_unknown_types_unsound() {
    for (body, more) in [
        // The type is that of code that is not there, or comes out of a call nobody sees; the method is the program's.
        (
            "let t = pick(&mut ctx.accounts.state); t.count();",
            "use elsewhere::pick; trait Count { fn count(&mut self); } impl Count for Tool { fn count(&mut self) { self.n \
             = 1; } }",
        ),
        (
            "ctx.accounts.state.tool.max(1);",
            "trait Max { fn max(&mut self, n: u64); } impl Max for Tool { fn max(&mut self, n: u64) { self.n = n; } }",
        ),
        (
            "ctx.accounts.state.to_account_info().hash();",
            "trait Hash { fn hash(&self); } impl Hash for AccountInfo<'_> { fn hash(&self) { \
             self.try_borrow_mut_data().unwrap()[0] = 1; } }",
        ),
        (
            "let w = (&mut ctx.accounts.state, 1); w.count();",
            "trait Count { fn count(self); } impl Count for (&mut Account<'_, State>, u64) { fn count(self) { self.0.n = \
             1; } }",
        ),
        (
            "let n = &mut ctx.accounts.state.n; n.log(1);",
            "trait Log2 { fn log(self, n: u64); } impl Log2 for &mut u64 { fn log(self, n: u64) { *self = n; } }",
        ),
        (
            "ctx.accounts.state.n.log(1);",
            "trait Log2 { fn log(self, n: u64); } impl Log2 for &mut u64 { fn log(self, n: u64) { *self = n; } }",
        ),
        (
            "ctx.accounts.state.n.log(1);",
            "type Place<'a> = &'a mut u64; trait Log2 { fn log(self, n: u64); } impl Log2 for Place<'_> { fn log(self, n: \
             u64) { *self = n; } }",
        ),
        (
            "ctx.accounts.state.n.log(1);",
            "trait Log2: Sized { fn log(self, n: u64); } impl<T: std::ops::DerefMut<Target = u64>> Log2 for T { fn log(mut \
             self, n: u64) { *self = n; } }",
        ),
        (
            "ctx.accounts.state.n.log(1);",
            "trait Log2: Sized + std::ops::DerefMut<Target = u64> { fn log(mut self, n: u64) { *self = n; } } impl Log2 for \
             &mut u64 {}",
        ),
        (
            "ctx.accounts.state.n.shl(1);",
            "trait Shl2 { fn shl(&mut self, n: u64); } impl Shl2 for u64 { fn shl(&mut self, n: u64) { *self = n; } }",
        ),
        (
            "ctx.accounts.state.n.log(1);",
            "trait Log2 { fn log(&mut self, n: u64); } impl Log2 for u64 { fn log(&mut self, n: u64) { *self = n; } }",
        ),
    ] {
        assert_ne!(state(body, more), Written::No, "{body} {more}");
    }
}

#[test]
fn types_named_like_those_of_flags_unsound() {
    for (body, more) in [
        (
            "let m = AccountMeta { s: &mut ctx.accounts.state }; m.s.n = 1;",
            "struct AccountMeta<'a, 'b> { s: &'a mut Account<'b, State> }",
        ),
        (
            "let m = InstructionAccount { s: &mut ctx.accounts.state, is_writable: false }; m.bump();",
            "struct InstructionAccount<'a, 'b> { s: &'a mut Account<'b, State>, is_writable: bool } impl \
             InstructionAccount<'_, '_> { fn bump(self) { self.s.n = 1; } }",
        ),
        (
            "let m = InstructionAccount::writable(&mut ctx.accounts.state); m.bump();",
            "use elsewhere::InstructionAccount;",
        ),
        ("AccountMeta::new_readonly(&mut ctx.accounts.state, first);", "use elsewhere::AccountMeta;"),
    ] {
        assert_ne!(state(body, more), Written::No, "{body} {more}");
    }
}

/// A copy of a way to an account is a way to it, whatever the method is called.
#[test]
fn copies_of_ways_are_ways_unsound() {
    for (body, more) in [
        ("poke(ctx.accounts.state.to_account_info().to_owned());", "fn poke(a: AccountInfo) { elsewhere(a); }"),
        ("poke(&[ctx.accounts.state.to_account_info()].to_vec());", "fn poke(a: &[AccountInfo]) { elsewhere(a); }"),
        (
            "poke(vec![ctx.accounts.state.to_account_info()].as_slice());",
            "fn poke(a: &[AccountInfo]) { elsewhere(a); }",
        ),
        ("let a = ToOwned::to_owned(&ctx.accounts.state.to_account_info()); elsewhere(a);", ""),
        ("let a = (&ctx.accounts.state.to_account_info()).to_owned(); a.data.borrow_mut()[0] = 1;", ""),
        (
            "let a = ctx.accounts.state.to_account_info(); let ix = elsewhere(first); \
             anchor_lang::solana_program::program::invoke(&ix, &[a.to_owned()])?;",
            "",
        ),
        ("let a = ctx.accounts.state.to_account_info(); Log::pack(log, *a.data.borrow_mut())?;", ""),
        ("let a = ctx.accounts.state.to_account_info(); elsewhere(*a.try_borrow_mut_data()?);", ""),
        ("let a = ctx.accounts.state.to_account_info(); let d = &mut **a.data.borrow_mut(); d[0] = 1;", ""),
        (
            "let a = ctx.accounts.state.to_account_info(); poke(*a.data.borrow_mut());",
            "fn poke(d: &mut [u8]) { d[0] = 1; }",
        ),
    ] {
        assert_ne!(state(body, more), Written::No, "{body}");
    }
    // What is read of them leads nowhere.
    for body in [
        "let a = ctx.accounts.state.list.to_vec(); elsewhere(a);",
        "let a = ctx.accounts.state.list.as_slice().to_owned(); elsewhere(a);",
        "let a = ctx.accounts.state.to_account_info(); let n = a.data.borrow().to_vec(); elsewhere(n);",
        "let a = ctx.accounts.state.to_account_info(); let n = **a.lamports.borrow(); elsewhere(n);",
    ] {
        assert_eq!(state(body, ""), Written::No, "{body}");
    }
    let packed = native(
        "fn run(p: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> ProgramResult {\n let i = &mut accounts.iter();\n \
         let set = next_account_info(i)?;\n let mut one = Set::unpack(&set.data.borrow_mut())?;\n one.n = 1;\n \
         Set::pack(one, *set.data.borrow_mut())?;\n Ok(())\n}\nstruct Set { n: u64 }\nimpl Pack for Set { fn \
         pack_into_slice(&self, dst: &mut [u8]) { dst[0] = 1; } }",
    );
    assert_ne!(of(&packed, "set").written, Written::No);
}

#[test]
fn an_address_as_a_number_unsound() {
    let body = "let at = &mut ctx.accounts.state.n as *mut u64 as usize; unseen(at);";
    assert_ne!(state(body, "use elsewhere::unseen;"), Written::No);
}

#[test]
fn ways_through_code_that_are_easily_missed_unsound() {
    let go = "trait Go { fn go(&self, s: &mut State) {} } struct T1; impl Go for T1 { fn go(&self, s: &mut State) { s.n = 1; } }";
    for (body, more) in [
        (
            "let mut v: Vec<&mut Account<State>> = Vec::new(); T1.fill(&mut v, &mut ctx.accounts.state); v[0].n = 1;",
            "struct T1; impl T1 { fn fill<'a, 'b>(&self, v: &mut Vec<&'a mut Account<'b, State>>, s: &'a mut Account<'b, \
             State>) { v.push(s); } }",
        ),
        (
            "let mut slot = None; let mut h = Holder { s: Some(&mut ctx.accounts.state) }; h.give(&mut slot); \
             slot.unwrap().n = 1;",
            "struct Holder<'a, 'b> { s: Option<&'a mut Account<'b, State>> } impl<'a, 'b> Holder<'a, 'b> { fn give(&mut \
             self, to: &mut Option<&'a mut Account<'b, State>>) { *to = self.s.take(); } }",
        ),
        ("let d: Box<dyn Go> = Box::new(T1); d.go(&mut ctx.accounts.state);", go),
        ("let d: &dyn Go = &T1; d.go(&mut ctx.accounts.state);", go),
        ("run(&T1, &mut ctx.accounts.state);", &format!("{go} fn run<T: Go>(t: &T, s: &mut State) {{ t.go(s) }}")),
        ("run(&T1, &mut ctx.accounts.state);", &format!("{go} fn run(t: &impl Go, s: &mut State) {{ t.go(s) }}")),
        (
            "let mut f: fn(&mut State) = noop; if first > 1 { f = pick(); } f(&mut ctx.accounts.state);",
            "use elsewhere::pick; fn noop(s: &mut State) {}",
        ),
        ("let Context { accounts, .. } = ctx; accounts.state.n = 1;", ""),
        (
            "let _d: Done = (&mut ctx.accounts.state).into();",
            "struct Done; impl From<&mut Account<'_, State>> for Done { fn from(s: &mut Account<'_, State>) -> Done { s.n = \
             1; Done } }",
        ),
        (
            "let _d: Done = ctx.accounts.try_into()?;",
            "struct Done; impl TryFrom<&mut A<'_>> for Done { type Error = Error; fn try_from(a: &mut A<'_>) -> Result<Done> \
             { a.state.n = 1; Ok(Done) } }",
        ),
        ("ctx.accounts.state.n.increment();", "use elsewhere::Increment;"),
        (
            "let mut w = wrap(&mut ctx.accounts.state); w += 1;",
            "struct W<'a>(&'a mut State); fn wrap(s: &mut State) -> W<'_> { W(s) } impl std::ops::AddAssign<u64> for W<'_> { \
             fn add_assign(&mut self, n: u64) { self.0.n += n; } }",
        ),
        (
            "let w = W(&mut ctx.accounts.state); let _ = w + 1;",
            "struct W<'a>(&'a mut State); impl std::ops::Add<u64> for W<'_> { type Output = u64; fn add(self, n: u64) -> u64 \
             { self.0.n += n; 1 } }",
        ),
        (
            "let mut w = W(&mut ctx.accounts.state); w[0] = 1;",
            "struct W<'a>(&'a mut State); impl std::ops::Index<usize> for W<'_> { type Output = u64; fn index(&self, n: \
             usize) -> &u64 { &self.0.n } } impl std::ops::IndexMut<usize> for W<'_> { fn index_mut(&mut self, n: usize) -> \
             &mut u64 { &mut self.0.n } }",
        ),
        (
            "for _ in W(&mut ctx.accounts.state) {}",
            "struct W<'a>(&'a mut State); impl IntoIterator for W<'_> { type Item = u64; type IntoIter = \
             std::vec::IntoIter<u64>; fn into_iter(self) -> Self::IntoIter { self.0.n = 1; vec![].into_iter() } }",
        ),
        (
            "Steps(&mut ctx.accounts.state).for_each(|_| {});",
            "struct Steps<'a>(&'a mut State); impl Iterator for Steps<'_> { type Item = u64; fn next(&mut self) -> \
             Option<u64> { self.0.n += 1; None } }",
        ),
        (
            "let g = G(&mut ctx.accounts.state); let _ = g.list.len();",
            "struct G<'a>(&'a mut State); impl std::ops::Deref for G<'_> { type Target = State; fn deref(&self) -> &State { \
             self.0 } } impl std::ops::DerefMut for G<'_> { fn deref_mut(&mut self) -> &mut State { self.0.n = 1; self.0 } }",
        ),
        ("transfer(my_lib::token::ctx(&ctx.accounts.state.to_account_info()));", "use my_lib::token::transfer;"),
        (
            "let t = Transfer { from: ctx.accounts.raw.to_account_info(), to: ctx.accounts.raw.to_account_info(), authority: \
             ctx.accounts.state.to_account_info() }; t.invoke()?;",
            "use my_lib::instructions::Transfer;",
        ),
    ] {
        assert_ne!(state(body, more), Written::No, "{body} {more}");
    }
}

#[test]
fn two_walks_through_one_list_unsound() {
    let contract = native(
        "fn walk<'a, 'b>(all: &'a [AccountInfo<'b>]) -> std::slice::Iter<'a, AccountInfo<'b>> { all.iter() }\npub fn run(id: \
         &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> ProgramResult { let mut one = walk(accounts); let first = \
         next_account_info(&mut one)?; let mut two = walk(accounts); let again = next_account_info(&mut two)?; \
         again.try_borrow_mut_data()?[0] = 1; let second = next_account_info(&mut one)?; Ok(()) }",
    );
    assert_ne!(of(&contract, "first").written, Written::No);
    let contract = native(
        "fn rec(it: &mut std::slice::Iter<AccountInfo>, n: u8) -> ProgramResult { if n > 0 { rec(it, n - 1)?; } let a = \
         next_account_info(it)?; Ok(()) }\npub fn run(id: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> ProgramResult { \
         let it = &mut accounts.iter(); rec(it, data[0])?; let b = next_account_info(it)?; b.try_borrow_mut_data()?[0] = 1; \
         Ok(()) }",
    );
    assert_lost(&contract, &[], "a walk that goes on in itself");
    let contract = native(
        "pub fn run(id: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> ProgramResult { let it = &mut accounts.iter(); let \
         a = next_account_info(it)?; elsewhere::skip(it)?; let b = next_account_info(it)?; b.try_borrow_mut_data()?[0] = 1; \
         Ok(()) }",
    );
    assert_lost(&contract, &["a"], "skip elsewhere");
}

#[test]
fn instructions_by_guards_and_by_what_is_left_unsound() {
    let contract = native(
        "pub fn run(id: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> ProgramResult { match data[0] { 0 if data.len() > \
         1 => look(accounts), 0 => write(accounts), 1 => look(accounts), _ => rest(accounts) } }\nfn look(a: \
         &[AccountInfo]) -> ProgramResult { let x = &a[0]; Ok(()) }\nfn write(a: &[AccountInfo]) -> ProgramResult { \
         a[0].try_borrow_mut_data()?[0] = 1; Ok(()) }\nfn rest(a: &[AccountInfo]) -> ProgramResult { \
         a[1].try_borrow_mut_data()?[0] = 1; Ok(()) }",
    );
    let found = |name: &str| {
        let entry = contract.entries.iter().find(|entry| entry.name == name).unwrap();
        entry.accounts.iter().flatten().map(|one| one.written).collect::<Vec<_>>()
    };
    assert_eq!(found("write"), [Written::Yes]);
    assert_eq!(found("rest").get(1), Some(&Written::Yes));
}

#[test]
fn an_instruction_that_runs_others_unsound() {
    for run in ["process(a, &Ix::Look)?; process(a, &Ix::Write)", "again(a)"] {
        let contract = native(&format!(
            "enum Ix {{ Look, Write, Batch }} pub fn run(id: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> ProgramResult \
             {{ let ix = Ix::unpack(data)?; process(accounts, &ix) }}\nfn process(accounts: &[AccountInfo], ix: &Ix) -> \
             ProgramResult {{ if let Ix::Write = ix {{ write(accounts)?; }} match ix {{ Ix::Look => look(accounts), \
             Ix::Write => look(accounts), Ix::Batch => batch(accounts) }} }}\nfn batch(a: &[AccountInfo]) -> ProgramResult {{ \
             {run} }}\nfn again(a: &[AccountInfo]) -> ProgramResult {{ for ix in read(&a[1]) {{ process(a, &ix)?; }} Ok(()) \
             }}\nfn look(a: &[AccountInfo]) -> ProgramResult {{ let x = &a[0]; Ok(()) }}\nfn write(a: &[AccountInfo]) -> \
             ProgramResult {{ a[0].try_borrow_mut_data()?[0] = 1; Ok(()) }}"
        ));
        let of = |name: &str| {
            let entry = contract.entries.iter().find(|entry| entry.name == name).unwrap();
            entry.accounts.iter().flatten().map(|one| one.written).next().unwrap()
        };
        assert_eq!(of("look"), Written::No, "{run}");
        assert_eq!(of("write"), Written::Yes, "{run}");
        assert_ne!(of("batch"), Written::No, "{run}");
    }
}

#[test]
fn what_is_asked_of_another_instruction_unsound() {
    // The binding changes between the question and the `match`, or the question is about another value.
    for (before, at) in [
        ("let mut ix = ix; if let Ix::Write = ix { write(accounts)?; } ix = Ix::Look;", "ix"),
        ("let mut ix = ix; if let Ix::Write = ix { write(accounts)?; } ix.turn();", "ix"),
        ("let mut ix = ix; if let Ix::Write = ix { write(accounts)?; } turn(&mut ix);", "ix"),
        ("let mut ix = ix; if let Ix::Write = ix { write(accounts)?; } let ref mut other = ix; turn(other);", "ix"),
        ("let inner = Ix::unpack(&data[1..])?; if let Ix::Write = inner { write(accounts)?; }", "ix"),
        ("if let Ix::Write = ix { write(accounts)?; } let ix = Ix::unpack(&data[1..])?;", "ix"),
        ("if let Ix::Look | Ix::Write = ix { write(accounts)?; }", "ix"),
        ("if !matches!(ix, Ix::Write) { write(accounts)?; }", "ix"),
        ("match ix { Ix::Write => {} _ => write(accounts)? }", "&ix"),
    ] {
        let contract = native(&format!(
            "enum Ix {{ Look, Write }} pub fn run(id: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> ProgramResult {{ let \
             ix = Ix::unpack(data)?; {before} match {at} {{ Ix::Look => look(accounts), Ix::Write => look(accounts) }} \
             }}\nfn look(a: &[AccountInfo]) -> ProgramResult {{ let x = &a[0]; Ok(()) }}\nfn write(a: &[AccountInfo]) -> \
             ProgramResult {{ a[0].try_borrow_mut_data()?[0] = 1; Ok(()) }}"
        ));
        let look = contract.entries.iter().find(|entry| entry.name == "look").unwrap();
        assert_ne!(look.accounts.as_ref().unwrap()[0].written, Written::No, "{before}");
    }
}

#[test]
fn what_is_done_before_instructions_are_told_apart_imprecise() {
    for before in [
        "if let Ix::Write = ix { write(accounts)?; }",
        "match &ix { Ix::Write => write(accounts)?, _ => {} }",
        "if let Ix::Look = ix { look(accounts)?; } else { write(accounts)?; }",
        "if matches!(ix, Ix::Write) && data.len() > 1 { write(accounts)?; }",
    ] {
        let contract = native(&format!(
            "enum Ix {{ Look, Write }} pub fn run(id: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> ProgramResult {{ let \
             ix = Ix::unpack(data)?; {before} match ix {{ Ix::Look => look(accounts), Ix::Write => look(accounts) }} \
             }}\nfn look(a: &[AccountInfo]) -> ProgramResult {{ let x = &a[0]; Ok(()) }}\nfn write(a: &[AccountInfo]) -> \
             ProgramResult {{ a[0].try_borrow_mut_data()?[0] = 1; Ok(()) }}"
        ));
        let written = |name: &str| {
            let entry = contract.entries.iter().find(|entry| entry.name == name).unwrap();
            entry.accounts.as_ref().unwrap()[0].written
        };
        assert_eq!((written("look"), written("write")), (Written::No, Written::Yes), "{before}");
    }
}

#[test]
fn a_payer_that_need_not_pay_may_hold_data_unsound() {
    let contract = anchor(
        "#[program] pub mod p { use super::*; pub fn f(ctx: Context<A>) -> Result<()> { \
         ctx.accounts.payer.to_account_info().sub_lamports(1)?; Ok(()) } }\n#[derive(Accounts)] pub struct A<'info> { \
         #[account(mut)] state: Account<'info, State>, #[account(init_if_needed, payer = payer, space = 8)] made: \
         Account<'info, Log>, #[account(mut)] payer: Signer<'info>, system_program: Program<'info, System> }\n#[account] pub \
         struct State { n: u64 }\n#[account] pub struct Log { n: u64 }",
    );
    assert_ne!(of(&contract, "state").written, Written::No);
}

#[test]
fn only_a_change_of_that_account_is_certain() {
    // A list that may hold either, a type whose `set` nobody sees.
    let body = "let mut v = vec![&mut ctx.accounts.state.n, &mut ctx.accounts.log.n]; *v[first as usize] = 1;";
    assert_eq!(state(body, ""), Written::Unknown);
    assert_eq!(state("ctx.accounts.state.tool.set(1);", ""), Written::Unknown);
    let body = "for a in ctx.remaining_accounts.iter().chain([ctx.accounts.raw.to_account_info()].iter()) { \
                a.try_borrow_mut_data()?[0] = 1; }";
    assert_ne!(state(body, ""), Written::Yes);
    // The account is stored again as it is.
    assert_eq!(state("ctx.accounts.state.exit(&crate::ID)?;", ""), Written::Unknown);
}

#[test]
fn instructions_that_are_told_apart_more_than_once_may_be_any_unsound() {
    for run in [
        "for one in data.chunks(2) { process(accounts, one)?; } Ok(())",
        "process(accounts, &data[..1])?; process(accounts, &data[1..])",
        "one(accounts, data)?; one(accounts, data)",
    ] {
        let contract = native(&format!(
            "pub fn run(id: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> ProgramResult {{ {run} }}\nfn one(a: \
             &[AccountInfo], d: &[u8]) -> ProgramResult {{ process(a, d) }}\nfn process(accounts: &[AccountInfo], data: &[u8]) \
             -> ProgramResult {{ match data[0] {{ 0 => look(accounts), 1 => write(accounts), _ => \
             Err(ProgramError::InvalidInstructionData) }} }}\nfn look(a: &[AccountInfo]) -> ProgramResult {{ let x = &a[0]; Ok(()) \
             }}\nfn write(a: &[AccountInfo]) -> ProgramResult {{ a[0].try_borrow_mut_data()?[0] = 1; Ok(()) }}"
        ));
        let look = contract.entries.iter().find(|entry| entry.name == "look").unwrap();
        assert!(look.accounts.iter().flatten().all(|one| one.written != Written::No), "{run}: {look:?}");
    }
    // Told apart once, looking is only that.
    let contract = native(
        "pub fn run(id: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> ProgramResult { match data[0] { 0 => look(accounts), \
         1 => write(accounts), _ => Err(ProgramError::InvalidInstructionData) } }\nfn look(a: &[AccountInfo]) -> ProgramResult { \
         let x = &a[0]; Ok(()) }\nfn write(a: &[AccountInfo]) -> ProgramResult { a[0].try_borrow_mut_data()?[0] = 1; Ok(()) }",
    );
    let look = contract.entries.iter().find(|entry| entry.name == "look").unwrap();
    assert!(look.accounts.iter().flatten().all(|one| one.written == Written::No), "{look:?}");
}
