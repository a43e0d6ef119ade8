//! Solana programs without Anchor: instructions by enum or byte, accounts by position, locks from builders and attributes.

#![allow(clippy::unwrap_used)]

use crosslane_analyzer::ir::{Contract, UnknownReason, Written};
use crosslane_analyzer::source::{Package, PackageId, Sources};
use crosslane_analyzer::{Options, analyze};
use std::fmt::Write as _;
use std::sync::Arc;

struct One(String);

impl Sources for One {
    fn read(&self, _: PackageId, path: &str) -> Option<Arc<str>> {
        (path == "src/lib.rs").then(|| self.0.as_str().into())
    }
}

fn contract(text: &str) -> Contract {
    let package = Package {
        name: "user".into(),
        version: "0.1.0".into(),
        crate_name: "user".into(),
        root: "src/lib.rs".into(),
        edition: 2021,
        missing: vec!["solana_program".into(), "pinocchio".into(), "borsh".into(), "spl_token".into()],
        analysed: true,
        ..Package::default()
    };
    let analysis = analyze(&One(text.to_owned()), vec![package], &Options::default());
    assert!(analysis.problems.is_empty(), "{:?}", analysis.problems);
    analysis.contracts.into_iter().next().unwrap()
}

fn render(contract: &Contract) -> String {
    let mut out = String::new();
    for entry in &contract.entries {
        write!(out, "{}:", entry.name).unwrap();
        for account in entry.accounts.iter().flatten() {
            let written = match account.written {
                Written::Yes => "yes",
                Written::No => "no",
                Written::Unknown => "?",
            };
            let lock = if account.writable { "w" } else { "r" };
            let sign = if account.signer { "s" } else { "" };
            write!(out, " {}:{lock}{sign}:{written}", account.name).unwrap();
        }
        if !entry.unknowns.is_empty() {
            write!(out, " + unknown").unwrap();
        }
        out.push('\n');
    }
    out
}

const HEAD: &str = "use solana_program::{entrypoint, account_info::{AccountInfo, next_account_info}, entrypoint::ProgramResult, \
                    pubkey::Pubkey, instruction::{AccountMeta, Instruction}, program::invoke, system_instruction};\n\
                    entrypoint!(process_instruction);\n";

#[test]
fn an_enum_with_builders() {
    let text = format!(
        "{HEAD}
        #[derive(BorshDeserialize)] pub enum Ix {{ Put {{ amount: u64 }}, Look, Pay(u64) }}
        pub fn process_instruction(id: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> ProgramResult {{
            Processor::process(id, accounts, data)
        }}
        struct Processor;
        impl Processor {{
            fn process(id: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> ProgramResult {{
                let ix = Ix::try_from_slice(data)?;
                match ix {{
                    Ix::Put {{ amount }} => Self::put(id, accounts, amount),
                    Ix::Look => Self::look(accounts),
                    Ix::Pay(n) => {{ Self::pay(accounts, n) }}
                }}
            }}
            fn put(id: &Pubkey, accounts: &[AccountInfo], amount: u64) -> ProgramResult {{
                let iter = &mut accounts.iter();
                let state_info = next_account_info(iter)?;
                let owner_info = next_account_info(iter)?;
                if !owner_info.is_signer {{ return Err(E); }}
                let mut state = State::try_from_slice(&state_info.data.borrow())?;
                state.n += amount;
                state.serialize(&mut *state_info.data.borrow_mut())?;
                Ok(())
            }}
            fn look(accounts: &[AccountInfo]) -> ProgramResult {{
                let [state_info, clock] = accounts else {{ return Err(E) }};
                let state = State::try_from_slice(&state_info.data.borrow())?;
                Ok(())
            }}
            fn pay(accounts: &[AccountInfo], n: u64) -> ProgramResult {{
                let from = &accounts[0]; let to = accounts.get(1).unwrap();
                invoke(&system_instruction::transfer(from.key, to.key, n), &[from.clone(), to.clone()])
            }}
        }}
        pub fn put(program: &Pubkey, state: &Pubkey, owner: &Pubkey, amount: u64) -> Instruction {{
            let data = Ix::Put {{ amount }}.try_to_vec().unwrap();
            Instruction {{ program_id: *program, accounts: vec![AccountMeta::new(*state, false), AccountMeta::new_readonly(*owner, true)], data }}
        }}
        pub fn look(program: &Pubkey, state: &Pubkey) -> Instruction {{
            let data = Ix::Look.try_to_vec().unwrap();
            Instruction {{ program_id: *program, accounts: vec![AccountMeta::new(*state, false), AccountMeta::new_readonly(clock::id(), false)], data }}
        }}"
    );
    assert_eq!(
        render(&contract(&text)),
        "put: state:w:yes owner:rs:?\nlook: state:w:no clock:r:no\npay: from:w:yes to:w:yes\n"
    );
}

#[test]
fn a_byte_and_attributes() {
    let text = format!(
        "{HEAD}
        pub fn process_instruction(id: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> ProgramResult {{
            match data[0] {{ 0 => process_open(accounts), 1 => process_shut(accounts), _ => Err(E) }}
        }}
        fn process_open(accounts: &[AccountInfo]) -> ProgramResult {{
            let [a, b, rest @ ..] = accounts else {{ return Err(E) }};
            **a.lamports.borrow_mut() -= 1;
            Ok(())
        }}
        fn process_shut(accounts: &[AccountInfo]) -> ProgramResult {{
            for a in accounts.iter() {{ a.try_borrow_mut_data()?[0] = 1; }}
            Ok(())
        }}"
    );
    assert_eq!(render(&contract(&text)), "open: a:w:yes b:r:?\nshut: a:w:yes + unknown\n");
    let text = format!(
        "{HEAD}
        #[derive(ShankInstruction)] pub enum Ix {{ #[account(0, writable, signer, name = \"pool\", desc = \"the pool\")] \
         #[account(1, name = \"clock\")] Tick }}
        pub fn process_instruction(id: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> ProgramResult {{
            match Ix::unpack(data)? {{ Ix::Tick => tick(accounts) }}
        }}
        fn tick(accounts: &[AccountInfo]) -> ProgramResult {{ let (p, rest) = accounts.split_at(1); Ok(()) }}"
    );
    assert_eq!(render(&contract(&text)), "tick: pool:ws:no clock:r:no\n");
}

#[test]
fn walks_that_part_are_not_guessed_unsound() {
    // After the branch nobody knows how many accounts were taken.
    let text = format!(
        "{HEAD}
        pub fn process_instruction(id: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> ProgramResult {{
            let iter = &mut accounts.iter();
            let a = next_account_info(iter)?;
            if data[0] == 1 {{ let b = next_account_info(iter)?; }}
            let c = next_account_info(iter)?;
            c.try_borrow_mut_data()?[0] = 1;
            Ok(())
        }}"
    );
    let contract = contract(&text);
    let entry = &contract.entries[0];
    assert_eq!(entry.unknowns[0].reason, UnknownReason::RemainingAccounts);
    assert!(entry.accounts.iter().flatten().all(|account| account.written != Written::No));
}

#[test]
fn an_entry_point_by_hand_is_recognised() {
    let contract = contract(
        "use solana_program::account_info::AccountInfo;\n#[no_mangle] pub unsafe extern \"C\" fn entrypoint(input: *mut u8) -> \
         u64 { 0 }",
    );
    assert_eq!(render(&contract), "program: + unknown\n");
}

#[test]
fn what_is_declared_is_what_clients_list() {
    let contract = contract(&format!(
        "{HEAD}pub enum Ix {{ #[account(0, writable, name = \"book\")] Put, #[account(0, name = \"book\")] Look, \
         #[account(0, name = \"log\")] Log }}\nfn process_instruction(id: &Pubkey, accounts: &[AccountInfo], data: &[u8]) -> \
         ProgramResult {{ let ix = Ix::unpack(data)?; if let Ix::Log = ix {{ if !accounts[0].is_signer {{ return Err(ProgramError::Custom(1)); }} return \
         Ok(()); }} match ix {{ Ix::Put => put(accounts, true), Ix::Look => put(accounts, false), _ => unreachable!() }} }}\n\
         fn put(accounts: &[AccountInfo], more: bool) -> ProgramResult {{ let it = &mut accounts.iter(); let book = \
         next_account_info(it)?; let vault = next_account_info(it)?; vault.try_borrow_mut_data()?[0] = 1; Ok(()) }}"
    ));
    // `put` may never come to the second account; if it does, it is nobody's declared one, and may be the first.
    let all = render(&contract);
    assert_eq!(all, "put: book:w:? + unknown\nlook: book:r:? + unknown\nlog: log:r:no\n");
}
