//! The NEAR fixture: what is exported, the state record and what lies outside it, collections inside collections, calls
//! out and callbacks.

#![allow(clippy::unwrap_used)]

mod common;

use common::analyse_files;
use crosslane_analyzer::ir::{Callers, Contract, Entry, EntryKind, Step, Term};

fn contract_of(files: Vec<(&'static str, String)>) -> Contract {
    let analysis = analyse_files(files, &["near_sdk"]);
    analysis.contracts.into_iter().next().unwrap()
}

fn fixture() -> Contract {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/near/token/src");
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    contract_of(vec![("src/lib.rs", read("lib.rs")), ("src/ledger.rs", read("ledger.rs"))])
}

fn text(text: &str) -> Contract {
    contract_of(vec![("src/lib.rs", text.to_owned())])
}

fn term(contract: &Contract, value: &Term) -> String {
    match value {
        Term::Arg(path) => path
            .iter()
            .map(|step| match step {
                Step::Field(name) => name.clone(),
                other => format!("{other:?}"),
            })
            .collect::<Vec<_>>()
            .join("."),
        Term::Load { cell, field, .. } => {
            let mut place = format!("load {}", contract.cells[cell.0 as usize].name);
            field.iter().for_each(|field| place.push_str(&format!(".{field}")));
            place
        }
        Term::Fn { name, of, .. } => format!("{name}({})", term(contract, &of[0])),
        Term::Coalesce(parts) => term(contract, &parts[0]),
        Term::Caller => "caller".to_owned(),
        Term::SelfAddr => "self".to_owned(),
        Term::Any => "any".to_owned(),
        Term::Prefix(_) => "..".to_owned(),
        Term::Const(_) => "const".to_owned(),
        other => format!("{other:?}"),
    }
}

fn entry<'a>(contract: &'a Contract, name: &str) -> &'a Entry {
    contract.entries.iter().find(|entry| entry.name == name).unwrap_or_else(|| panic!("no {name}"))
}

/// `mode cell[key]`, the state record included; calls out and unknowns after it.
fn footprint(contract: &Contract, name: &str) -> Vec<String> {
    let entry = entry(contract, name);
    let mut lines: Vec<String> = Vec::new();
    for access in &entry.accesses {
        let cell = &contract.cells[access.cell.0 as usize].name;
        let key: Vec<String> = access.key.iter().map(|part| term(contract, part)).collect();
        let key = if key.is_empty() { String::new() } else { format!("[{}]", key.join(", ")) };
        lines.push(format!("{} {cell}{key}", format!("{:?}", access.mode).to_lowercase()));
    }
    for external in &entry.externals {
        lines.push(format!("out {}.{}", term(contract, &external.target), external.entry.as_deref().unwrap_or("?")));
    }
    lines.extend(entry.unknowns.iter().map(|unknown| format!("unknown {}", unknown.reason.code())));
    lines.sort();
    lines.dedup();
    lines
}

fn check(contract: &Contract, expected: &[(&str, &[&str])]) {
    for (name, lines) in expected {
        let mut lines: Vec<&str> = lines.to_vec();
        lines.sort_unstable();
        assert_eq!(footprint(contract, name), lines, "{name}");
    }
}

#[test]
fn entry_points_are_what_is_exported() {
    let contract = fixture();
    let names: Vec<(&str, EntryKind)> =
        contract.entries.iter().map(|entry| (entry.name.as_str(), entry.kind)).collect();
    use EntryKind::{Call, Callback, Init, Migrate, View};
    let expected = [
        ("new", Init),
        ("migrate", Migrate),
        ("touch", Call),
        ("mint", Call),
        ("record", Call),
        ("recorded", View),
        ("note", Call),
        ("clear_note", Call),
        ("give", Call),
        ("reprice", Call),
        ("price", View),
        ("score", Call),
        ("peek", Call),
        ("tally", Call),
        ("would_be", View),
        ("about", View),
        ("send", Call),
        ("on_sent", Callback),
        ("pay", Call),
        ("ft_transfer", Call),
        ("ft_balance_of", View),
        ("upgrade", Call),
    ];
    // `pub(crate)` functions are public in the source's sense only.
    let names: Vec<_> = names.into_iter().filter(|(name, _)| *name != "bump").collect();
    assert_eq!(names, expected);
    assert_eq!((contract.framework.as_str(), contract.chain.as_str()), ("near", "account-serial"));
    let params: Vec<&str> = entry(&contract, "on_sent").params.iter().map(|param| param.name.as_str()).collect();
    assert_eq!(params, ["sender_id", "amount"]);
}

#[test]
fn packed_fields_and_headers_are_parts_of_the_state() {
    let contract = fixture();
    let mut inside: Vec<&str> = contract
        .cells
        .iter()
        .filter(|cell| !cell.implicit && cell.unit.id == "<state>")
        .map(|cell| cell.name.as_str())
        .collect();
    inside.sort_unstable();
    assert_eq!(inside, ["book.supply", "log.len", "nonce", "notes.len", "owner", "totals.len"]);
    assert!(contract.cells.iter().any(|cell| cell.name == "book.balances" && cell.unit.id == "own"));
}

#[test]
fn footprints() {
    let contract = fixture();
    check(
        &contract,
        &[
            (
                "new",
                &[
                    "update <state>",
                    "commute book.balances[owner]",
                    "write book.supply",
                    "write log.len",
                    "write metadata",
                    "write nonce",
                    "write notes.len",
                    "write owner",
                    "write price",
                    "write totals.len",
                ],
            ),
            ("touch", &["rewrite <state>"]),
            ("mint", &["update <state>", "read owner", "commute book.balances[account_id]", "commute book.supply"]),
            ("record", &["update <state>", "update log.len", "write log[load log.len]"]),
            ("recorded", &["read <state>", "read log.len", "read log[index]"]),
            (
                "note",
                &["update <state>", "update notes[caller]", "update notes.len", "write notes.keys[load notes.len]"],
            ),
            // The last key moves into the gap: an entry that nobody named is written.
            (
                "clear_note",
                &[
                    "update <state>",
                    "update notes[caller]",
                    "update notes[load notes.keys]",
                    "update notes.keys[sub(load notes.len)]",
                    "write notes.keys[any]",
                    "update notes.len",
                ],
            ),
            ("reprice", &["rewrite <state>", "write price"]),
            ("price", &["read <state>", "read price"]),
            ("score", &["rewrite <state>", "update scores[caller]"]),
            // Lent out mutably: stored again although nothing changes.
            ("peek", &["rewrite <state>", "update scores[account_id]"]),
            (
                "tally",
                &["update <state>", "update totals[caller]", "update totals.len", "write totals.keys[load totals.len]"],
            ),
            // A copy that is lost.
            ("would_be", &["read <state>", "read nonce"]),
            ("about", &[]),
            (
                "send",
                &[
                    "commute <balance>[caller]",
                    "commute <balance>[self]",
                    "update <state>",
                    "commute book.balances[caller]",
                    "commute book.supply",
                    "out receiver_id.on_tokens",
                    "out self.on_sent",
                ],
            ),
            ("on_sent", &["update <state>", "commute book.balances[sender_id]", "commute book.supply"]),
            ("pay", &["rewrite <state>", "read owner", "update <balance>[self]", "update <balance>[to]"]),
            // The sum goes down and up again: net zero, and still an update of the record.
            (
                "ft_transfer",
                &[
                    "commute <balance>[caller]",
                    "commute <balance>[self]",
                    "update <state>",
                    "commute book.balances[caller]",
                    "commute book.balances[receiver_id]",
                    "update book.supply",
                ],
            ),
            ("ft_balance_of", &["read <state>", "read book.balances[account_id]"]),
        ],
    );
}

#[test]
fn state_that_the_code_loads_itself() {
    let contract = fixture();
    let found = footprint(&contract, "upgrade");
    for line in ["read <state>", "read owner", "out self.?"] {
        assert!(found.contains(&line.to_owned()), "{found:?}");
    }
    // The whole state is made a value that may be absent: all its parts count as read, none as written.
    let changed = |line: &&String| !line.starts_with("read") && !line.starts_with("out");
    assert!(found.iter().filter(changed).all(|line| line.contains("<balance>")), "{found:?}");
}

#[test]
fn containers_inside_entries_have_keys_that_begin_with_the_entry() {
    let contract = fixture();
    let found = footprint(&contract, "give");
    assert!(!found.iter().any(|line| line.starts_with("unknown")), "{found:?}");
    let stored = |line: &String| line == "update owned[account_id]" || line == "write owned[account_id]";
    assert!(found.iter().any(stored), "{found:?}");
    let items: Vec<&String> = found.iter().filter(|line| line.contains("owned.items[")).collect();
    assert!(!items.is_empty() && items.iter().all(|line| line.contains("[account_id, id]")), "{found:?}");
    assert!(found.iter().any(|line| line.contains("owned.items.elements[account_id, ")), "{found:?}");
}

#[test]
fn who_may_call() {
    let contract = fixture();
    assert_eq!(entry(&contract, "mint").callers, Callers::Address("owner".to_owned()));
    assert_eq!(entry(&contract, "on_sent").callers, Callers::Address("self".to_owned()));
    assert_eq!(entry(&contract, "send").callers, Callers::Anyone);
}

#[test]
fn versions_of_a_state_are_states() {
    let contract = text(
        "use near_sdk::{near, near_bindgen}; use near_sdk::store::LookupMap;
         #[near] pub struct V1 { hits: u64, seen: LookupMap<u32, u32> }
         #[near(contract_state)] pub enum C { Old(u8), New(V1) }
         #[near] impl C {
             fn inner(&mut self) -> &mut V1 { match self { Self::New(inner) => inner, _ => panic!() } }
             pub fn hit(&mut self) { self.inner().hits += 1; }
             pub fn see(&mut self, k: u32) { self.inner().seen.insert(k, 1); }
         }",
    );
    let hit = footprint(&contract, "hit");
    assert!(hit.contains(&"update <state>".to_owned()), "{hit:?}");
    assert!(hit.iter().any(|line| line.ends_with(" New.hits")), "{hit:?}");
    let see = footprint(&contract, "see");
    assert!(see.contains(&"update New.seen[k]".to_owned()), "{see:?}");
}

#[test]
fn older_forms_are_entry_points_too() {
    let contract = text(
        "use near_sdk::{near_bindgen, env, Promise, AccountId}; use near_sdk::borsh::{self, BorshDeserialize, BorshSerialize};
         #[near_sdk::ext_contract(ext_other)] pub trait Other { fn go(&mut self, x: u32); }
         #[near_bindgen] #[derive(BorshDeserialize, BorshSerialize)] pub struct C { a: u32 }
         impl Default for C { fn default() -> Self { env::panic(b\"no\") } }
         #[near_bindgen] impl C {
             pub fn out(&mut self, to: AccountId) -> Promise { ext_other::go(self.a, &to, 0, 5) }
             fn hidden(&self) {}
         }",
    );
    assert_eq!(contract.entries.len(), 1);
    assert_eq!(footprint(&contract, "out"), ["out to.go", "read a", "rewrite <state>"]);
}

/// `swap_remove` of `near_sdk::store::Vector` swaps before it pops: the element that goes is read at its own index.
#[test]
fn what_is_swapped_away_is_read_unsound() {
    let contract = text(
        "use near_sdk::{near, AccountId, env}; use near_sdk::store::{IterableMap, IterableSet};
         #[near(contract_state)] pub struct C { votes: IterableMap<AccountId, u32>, holders: IterableSet<AccountId> }
         #[near] impl C {
             pub fn withdraw(&mut self) { self.votes.remove(&env::predecessor_account_id()); }
             pub fn leave(&mut self) { self.holders.remove(&env::predecessor_account_id()); }
         }",
    );
    for (name, line) in [("withdraw", "update votes.keys[any]"), ("leave", "update holders.elements[any]")] {
        assert!(footprint(&contract, name).iter().any(|known| known == line), "{:?}", footprint(&contract, name));
    }
}

/// A total over hundreds of entries depends on all of them: that is neither dragged through every step nor forgotten.
#[test]
fn a_total_over_hundreds_of_entries_is_told_in_full() {
    let calls = |name: &str| -> String {
        (0..7).map(|at| format!("total += self.{name}(at * 10 + {at}); if total > 9 {{ total /= 2; }} ")).collect()
    };
    let level = |name: &str, below: &str| {
        format!("fn {name}(&self, at: u64) -> u128 {{ let mut total: u128 = 0; {} total }}", calls(below))
    };
    let contract = text(&format!(
        "use near_sdk::{{near, PanicOnDefault}}; use near_sdk::store::LookupMap;
         #[near(contract_state)] #[derive(PanicOnDefault)]
         pub struct C {{ sums: LookupMap<u64, u128>, limits: LookupMap<u64, u128> }}
         #[near] impl C {{
             fn one(&self, at: u64) -> u128 {{
                 let sum = *self.sums.get(&at).unwrap_or(&0);
                 let limit = *self.limits.get(&(at + 1)).unwrap_or(&0);
                 if sum > limit {{ sum - limit }} else {{ limit }}
             }}
             {} {} {}
             pub fn settle(&mut self, at: u64) {{ let total = self.thousand(at); self.sums.insert(at, total); }}
         }}",
        level("ten", "one"),
        level("hundred", "ten"),
        level("thousand", "hundred"),
    ));
    let found = footprint(&contract, "settle");
    for line in ["read sums[", "read limits[", "update sums[at]"] {
        assert!(found.iter().any(|known| known.starts_with(line)), "{line}: {found:?}");
    }
    assert!(entry(&contract, "settle").unknowns.is_empty());
}

const NESTED: &str = "use near_sdk::{near, AccountId, BorshStorageKey, PanicOnDefault}; use near_sdk::collections::{LookupMap, UnorderedMap};
    #[near] #[derive(BorshStorageKey)] pub enum Key { Accounts, Tokens { owner: AccountId } }
    #[near] pub struct Account { near: u128, tokens: UnorderedMap<AccountId, u128> }
    impl Account {
        fn new(owner: &AccountId) -> Self {
            Account { near: 0, tokens: UnorderedMap::new(Key::Tokens { owner: owner.clone() }) }
        }
    }
    #[near(contract_state)] #[derive(PanicOnDefault)]
    pub struct C { accounts: LookupMap<AccountId, Account>, closed: LookupMap<AccountId, Account> }
    impl C {
        fn account(&self, owner: &AccountId) -> Account { self.accounts.get(owner).unwrap_or_else(|| Account::new(owner)) }
    }";

/// What an entry point makes and does not keep is called as the others keep it: the empty account of whoever has none.
#[test]
fn containers_that_are_not_kept_are_called_as_others_keep_them() {
    let contract = text(&format!(
        "{NESTED} #[near] impl C {{
             pub fn balance(&self, owner: AccountId, token: AccountId) -> Option<u128> {{ self.account(&owner).tokens.get(&token) }}
             pub fn deposit(&mut self, owner: AccountId, token: AccountId) {{
                 let mut account = self.account(&owner);
                 account.tokens.insert(&token, &1);
                 self.accounts.insert(&owner, &account);
             }}
         }}"
    ));
    assert_eq!(
        footprint(&contract, "balance"),
        ["read <state>", "read accounts.items.tokens[owner, token]", "read accounts[owner]"]
    );
    assert_eq!(entry(&contract, "balance").unknowns, []);
}

/// Where others keep it at two places, nobody knows which of them is looked into.
#[test]
fn containers_kept_at_two_places_are_not_told_unsound() {
    let contract = text(&format!(
        "{NESTED} #[near] impl C {{
             pub fn balance(&self, owner: AccountId, token: AccountId) -> Option<u128> {{ Account::new(&owner).tokens.get(&token) }}
             pub fn open(&mut self, owner: AccountId) {{ self.accounts.insert(&owner, &Account::new(&owner)); }}
             pub fn close(&mut self, owner: AccountId) {{ self.closed.insert(&owner, &Account::new(&owner)); }}
         }}"
    ));
    assert!(!entry(&contract, "balance").unknowns.is_empty());
}

/// A collection that is made where it is needed and kept nowhere is called by its prefix, however often it is made.
#[test]
fn collections_that_nothing_keeps_are_called_by_their_prefix() {
    let contract = text(&format!(
        "{NESTED} fn lost() -> LookupMap<AccountId, u128> {{ LookupMap::new(Key::Tokens {{ owner: \"lost\".parse().unwrap() }}) }}
         fn found() -> LookupMap<AccountId, u128> {{ LookupMap::new(b\"found\") }}
         fn again() -> LookupMap<AccountId, u128> {{ LookupMap::new(b\"found\".to_vec()) }}
         #[near] impl C {{
             #[init] pub fn new() -> Self {{ Self {{ accounts: LookupMap::new(Key::Accounts), closed: LookupMap::new(b\"c\") }} }}
             pub fn look(&self, token: AccountId) -> Option<u128> {{ found().get(&token) }}
             pub fn take(&mut self, token: AccountId) {{ again().remove(&token); }}
             pub fn raw(&self, token: AccountId) -> Option<u128> {{
                 let accounts: LookupMap<AccountId, u128> = LookupMap::new(Key::Accounts); accounts.get(&token)
             }}
         }}"
    ));
    assert_eq!(footprint(&contract, "look"), ["read <state>", "read found (prefix)[token]"]);
    assert_eq!(footprint(&contract, "take"), ["delete found (prefix)[token]", "rewrite <state>"]);
    assert_eq!(footprint(&contract, "raw"), ["read <state>", "read accounts[token]"]);
}

/// What a function exported by hand keeps counts like what the others keep.
#[test]
fn exports_by_hand_keep_collections_too_unsound() {
    let contract = text(&format!(
        "{NESTED} #[near] impl C {{
             pub fn look(&self, token: AccountId) -> Option<u128> {{ let map: LookupMap<AccountId, u128> = LookupMap::new(b\"c\"); map.get(&token) }}
         }}
         #[no_mangle] pub extern \"C\" fn open() {{
             let mut state: C = near_sdk::env::state_read().unwrap();
             state.accounts.insert(&near_sdk::env::predecessor_account_id(), &Account {{ near: 0, tokens: UnorderedMap::new(b\"c\") }});
             near_sdk::env::state_write(&state);
         }}"
    ));
    assert!(
        !footprint(&contract, "look").iter().any(|line| line.contains("(prefix)")),
        "{:?}",
        footprint(&contract, "look")
    );
}

/// One prefix is one place however it is written; where it may be that of something else, nobody knows.
#[test]
fn prefixes_are_compared_as_bytes_unsound() {
    let contract = text(&format!(
        "{NESTED} #[near] impl C {{
             #[init] pub fn new() -> Self {{ Self {{ accounts: LookupMap::new(Key::Accounts), closed: LookupMap::new(b\"c\") }} }}
             pub fn text(&self, token: AccountId) -> Option<u128> {{ let map: LookupMap<AccountId, u128> = LookupMap::new(\"c\".as_bytes()); map.get(&token) }}
             pub fn byte(&self, token: AccountId) -> Option<u128> {{ let map: LookupMap<AccountId, u128> = LookupMap::new(b'c'); map.get(&token) }}
             pub fn number(&self, token: AccountId) -> Option<u128> {{ let map: LookupMap<AccountId, u128> = LookupMap::new(0u8); map.get(&token) }}
         }}"
    ));
    for name in ["text", "byte"] {
        assert_eq!(footprint(&contract, name), ["read <state>", "read closed[token]"], "{name}");
    }
    assert!(!entry(&contract, "number").unknowns.is_empty());
}

/// Numbers of `construct_uint!` are numbers, not the thousands of lines that compute with their words.
#[test]
fn wide_numbers_are_numbers() {
    let source = "use near_sdk::{near, AccountId, PanicOnDefault}; use near_sdk::store::LookupMap; use uint::construct_uint;
         construct_uint! { /// Wide.
             #[derive(Debug)] pub struct U256(4); }
         fn share(amount: u128, total: u128) -> u128 { (U256::from(amount) * U256::from(10u32) / U256::from(total)).as_u128() }
         #[near(contract_state)] #[derive(PanicOnDefault)] pub struct C { total: u128, shares: LookupMap<AccountId, u128>, named: LookupMap<[u8; 32], u8> }
         #[near] impl C {
             pub fn grow(&mut self, owner: AccountId, amount: u128) { self.shares.insert(owner, share(amount, self.total)); }
             pub fn filled(&mut self, x: u128) { let mut key = [0u8; 32]; U256::from(x).to_big_endian(&mut key); self.named.insert(key, 1); }
             pub fn given(&mut self, x: u128) { self.named.insert(U256::from(x).to_big_endian(), 1); }
             pub fn big(&self, x: u128) -> bool { let wide: U256 = x.into(); wide > U256([0, 0, 1, 0]) && U256::zero() + wide > wide }
         }";
    let analysis = analyse_files(vec![("src/lib.rs", source.to_owned())], &["near_sdk", "uint"]);
    let contract = &analysis.contracts[0];
    assert_eq!(entry(contract, "grow").unknowns, []);
    assert_eq!(footprint(contract, "grow"), ["read total", "rewrite <state>", "update shares[owner]"]);
    assert_eq!(footprint(contract, "big"), ["read <state>"]);
    for name in ["filled", "given"] {
        assert_eq!(footprint(contract, name), ["rewrite <state>", "update named[be-bytes(x)]"], "{name}");
    }
}

#[test]
fn plugins_keep_the_owner_beside_the_state() {
    let contract = |attributes: &str| {
        let text = format!(
            "use near_plugins::{{only, Ownable}}; use near_sdk::{{near, AccountId}};
             #[near(contract_state)] #[derive(Ownable)] {attributes} pub struct C {{ count: u64 }}
             #[near] impl C {{ #[only(owner)] pub fn go(&mut self) {{ self.count += 1; }} pub fn open(&self) -> u64 {{ self.count }} }}"
        );
        let analysis = analyse_files(vec![("src/lib.rs", text)], &["near_sdk", "near_plugins"]);
        analysis.contracts.into_iter().next().unwrap()
    };
    let plain = contract("");
    let names: Vec<&str> = plain.entries.iter().map(|entry| entry.name.as_str()).collect();
    for name in ["owner_storage_key", "owner_get", "owner_set", "owner_is", "go", "open"] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    let shown: Vec<Vec<String>> =
        ["owner_get", "owner_set", "owner_is", "go", "open"].iter().map(|name| footprint(&plain, name)).collect();
    insta::assert_debug_snapshot!(shown);
    assert_ne!(entry(&plain, "go").callers, Callers::Anyone);
    // Another key is not guessed.
    let other = contract("#[ownable(owner_storage_key = \"o\")]");
    assert!(footprint(&other, "go").iter().any(|line| line.starts_with("unknown ")));
}

#[test]
fn plugins_keep_roles_pauses_and_code_beside_the_state() {
    let contract = |attributes: &str| {
        let text = format!(
            "use near_plugins::{{access_control, access_control_any, if_paused, pause, AccessControlRole, Pausable, Upgradable}}; use near_sdk::near;
             #[derive(AccessControlRole, Clone, Copy)] pub enum Role {{ Admin, Pauser }}
             #[near(contract_state)] #[derive(Pausable, Upgradable)] #[access_control(role_type(Role))]
             #[pausable(manager_roles(Role::Pauser) {attributes})] #[upgradable(access_control_roles(code_stagers(Role::Admin)))]
             pub struct C {{ count: u64 }}
             #[near] impl C {{
                 #[pause(except(roles(Role::Admin)))] pub fn go(&mut self) {{ self.count += 1; }}
                 #[if_paused(name = \"go\")] pub fn mend(&mut self) {{ self.count = 0; }}
                 #[access_control_any(roles(Role::Admin))] pub fn set(&mut self, to: u64) {{ self.count = to; }}
                 pub fn open(&self) -> u64 {{ self.count }}
             }}"
        );
        let analysis = analyse_files(vec![("src/lib.rs", text)], &["near_sdk", "near_plugins"]);
        analysis.contracts.into_iter().next().unwrap()
    };
    let plain = contract("");
    assert_ne!(entry(&plain, "set").callers, Callers::Anyone);
    assert_eq!(entry(&plain, "go").callers, Callers::Anyone);
    let shown: Vec<String> = plain
        .entries
        .iter()
        .map(|entry| format!("{}: {}", entry.name, footprint(&plain, &entry.name).join(", ")))
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
    // Another key is not guessed.
    let other = contract(", paused_storage_key = \"p\"");
    assert!(other.entries.iter().all(|entry| entry.name != "pa_all_paused"));
    assert!(entry(&other, "open").unknowns.is_empty());
}

/// A static that changes holds what the call put there, or what calls before it did: not what its initializer says.
#[test]
fn statics_that_change_are_no_constants_unsound() {
    let contract = text(
        "use near_sdk::{near, PanicOnDefault}; use near_sdk::store::LookupMap; use std::cell::{Cell, RefCell};
         static mut LAST: u64 = 0;
         static mut ALL: Vec<u64> = Vec::new();
         static FIXED: u64 = 7;
         thread_local! { static HERE: Cell<u64> = Cell::new(0); static THERE: RefCell<u64> = const { RefCell::new(0) }; }
         #[near(contract_state)] #[derive(PanicOnDefault)] pub struct C { sums: LookupMap<u64, u128>, total: u64 }
         #[near] impl C {
             pub fn set(&mut self, at: u64) { unsafe { LAST = at; } self.sums.insert(unsafe { LAST }, 1); }
             pub fn before(&mut self) { self.sums.insert(unsafe { LAST }, 1); }
             pub fn moved(&mut self, at: u64) { unsafe { LAST = at; let old = LAST; LAST = 9; self.sums.insert(old, 1); } }
             pub fn either(&mut self, at: u64) { unsafe { if at > 5 { LAST = at; } self.sums.insert(LAST, 1); } }
             pub fn pushed(&mut self, at: u64) { unsafe { ALL.push(at); self.sums.insert(ALL.len() as u64, 1); } }
             pub fn cell(&mut self, at: u64) { HERE.set(at); self.sums.insert(HERE.get(), 1); }
             pub fn lent(&mut self, at: u64) { THERE.with(|x| *x.borrow_mut() = at); self.sums.insert(THERE.with(|x| *x.borrow()), 1); }
             pub fn through(&self) -> u64 { HERE.set(self.total); HERE.get() }
             pub fn fixed(&mut self) { self.sums.insert(FIXED, 1); }
         }",
    );
    let written = |name: &str| {
        let found = footprint(&contract, name);
        found.iter().find_map(|line| line.strip_prefix("update sums")).unwrap_or_else(|| panic!("{found:?}")).to_owned()
    };
    assert_eq!(written("set"), "[at]");
    assert_eq!(written("moved"), "[at]");
    for name in ["before", "either", "pushed", "lent"] {
        assert_eq!(written(name), "[any]", "{name}");
    }
    assert_eq!(written("cell"), "[any]");
    assert_eq!(written("fixed"), "[const]");
    assert!(footprint(&contract, "through").contains(&"read total".to_owned()));
}

/// What is written through another handle, pointer or field of the same place is read there.
#[test]
fn one_place_under_several_names_unsound() {
    let contract = text(
        "use near_sdk::{near, PanicOnDefault}; use near_sdk::store::LookupMap; use std::cell::{Cell, RefCell}; use std::rc::Rc;
         struct Holder { at: Cell<u64> } impl Holder { fn put(&self, at: u64) { self.at.set(at); } }
         union Word { whole: u64, other: u64 }
         #[near(contract_state)] #[derive(PanicOnDefault)] pub struct C { sums: LookupMap<u64, u128> }
         #[near] impl C {
             pub fn pointer(&mut self, at: u64) { let mut x = 0u64; let p = &mut x as *mut u64; unsafe { *p = at; } self.sums.insert(x, 1); }
             pub fn union(&mut self, at: u64) { let mut w = Word { whole: 0 }; w.other = at; self.sums.insert(unsafe { w.whole }, 1); }
             pub fn shared(&mut self, at: u64) { let c = Rc::new(Cell::new(0)); let d = c.clone(); c.set(1); d.set(at); self.sums.insert(c.get(), 1); }
             pub fn counted(&mut self, at: u64) { let c = Rc::new(RefCell::new(0)); let d = Rc::clone(&c); *d.borrow_mut() = at; let k = *c.borrow(); self.sums.insert(k, 1); }
             pub fn lent(&mut self, at: u64) { let c = RefCell::new(0); let d = &c; *d.borrow_mut() = at; let k = *c.borrow(); self.sums.insert(k, 1); }
             pub fn inside(&mut self, at: u64) { let h = Holder { at: Cell::new(0) }; h.put(at); self.sums.insert(h.at.get(), 1); }
             pub fn opened(&mut self, at: u64) {
                 let c = Rc::new(RefCell::new(None)); let d = Rc::clone(&c); d.borrow_mut().replace(at);
                 if let Some(k) = *c.borrow() { self.sums.insert(k, 1); }
             }
             pub fn each(&mut self, at: u64) { let v = vec![Cell::new(0)]; for c in &v { c.set(at); } self.sums.insert(v[0].get(), 1); }
             pub fn listed(&mut self, at: u64) { let v = vec![Rc::new(Cell::new(0))]; let w = v.clone(); w[0].set(at); self.sums.insert(v[0].get(), 1); }
             pub fn kept(&mut self, at: u64) { let mut v = vec![0u64]; v.retain_mut(|x| { *x = at; true }); self.sums.insert(v[0], 1); }
             pub fn only(&mut self, at: u64) { let mut k = Rc::new(0u64); *Rc::get_mut(&mut k).unwrap() = at; self.sums.insert(*k, 1); }
         }",
    );
    for name in ["pointer", "union", "shared", "counted", "lent", "inside", "opened", "each", "listed", "kept", "only"]
    {
        let found = footprint(&contract, name);
        let seen = found.iter().any(|line| line == "update sums[at]" || line == "update sums[any]");
        assert!(seen, "{name}: {found:?}");
    }
}

/// What a codec's own functions make of bytes is a value like any other.
#[test]
fn records_that_the_code_keeps_in_bytes_of_its_own() {
    let contract = text(
        "use near_sdk::{env, near, AccountId, PanicOnDefault}; use near_sdk::borsh::{BorshDeserialize, BorshSerialize};
         const KEY: &[u8] = b\"INFO\";
         #[near(serializers = [borsh, json])] pub struct Info { id: u64, on: bool }
         fn info() -> Info { env::storage_read(KEY).map(|bytes| Info::try_from_slice(&bytes).expect(\"broken\")).unwrap_or_else(|| Info { id: 1, on: false }) }
         #[near(contract_state)] #[derive(PanicOnDefault)] pub struct C { n: u64 }
         #[near] impl C {
             pub fn get(&self) -> u64 { info().id }
             pub fn put(&self, info: Info) { let mut bytes: Vec<u8> = Vec::new(); BorshSerialize::serialize(&info, &mut bytes).expect(\"broken\"); env::storage_write(KEY, &bytes); }
         }",
    );
    for name in ["get", "put"] {
        assert!(entry(&contract, name).unknowns.is_empty(), "{name}: {:?}", entry(&contract, name).unknowns);
    }
    assert!(footprint(&contract, "get").contains(&"read INFO".to_owned()), "{:?}", footprint(&contract, "get"));
    assert!(footprint(&contract, "put").contains(&"write INFO".to_owned()), "{:?}", footprint(&contract, "put"));
}
