//! The FRAME fixture: entry points, cells with their hidden counters, keys, deltas, who calls, and what leaves the pallet.

#![allow(clippy::unwrap_used)]

mod common;

use common::analyse_files;
use crosslane_analyzer::ir::{Callers, Contract, Entry, EntryKind, Step, Term};

fn contracts_of(files: Vec<(&'static str, String)>, missing: &[&str]) -> Vec<Contract> {
    let missing: Vec<&str> = missing.iter().chain(&["pallet_vault"]).copied().collect();
    analyse_files(files, &missing).contracts
}

const CRATES: &[&str] = &["frame_support", "frame_system", "sp_runtime", "sp_io", "codec"];

fn fixture() -> Contract {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/frame/ledger/src");
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    let files =
        vec![("src/lib.rs", read("lib.rs")), ("src/moves.rs", read("moves.rs")), ("src/votes.rs", read("votes.rs"))];
    contracts_of(files, CRATES).into_iter().next().unwrap()
}

/// A pallet with these items, storage and calls.
fn pallet(items: &str, calls: &str) -> Contract {
    let text = format!(
        "#[frame_support::pallet]
        pub mod pallet {{
            use frame_support::pallet_prelude::*;
            use frame_support::traits::*;
            use frame_system::pallet_prelude::*;
            #[pallet::pallet]
            pub struct Pallet<T>(_);
            {items}
            #[pallet::call]
            impl<T: Config> Pallet<T> {{ {calls} }}
        }}"
    );
    contracts_of(vec![("src/lib.rs", text)], CRATES).into_iter().next().unwrap()
}

fn term(term: &Term) -> String {
    match term {
        Term::Arg(path) => path
            .iter()
            .map(|step| match step {
                Step::Field(name) => name.clone(),
                other => format!("{other:?}"),
            })
            .collect::<Vec<_>>()
            .join("."),
        Term::Caller => "caller".to_owned(),
        Term::Any => "any".to_owned(),
        Term::Fn { name, of, .. } => format!("{name}({})", of.iter().map(self::term).collect::<Vec<_>>().join(", ")),
        Term::Prefix(_) => "..".to_owned(),
        Term::Const(value) => format!("{value:?}").trim_start_matches("Str").trim_matches(['(', ')', '"']).to_owned(),
        other => format!("{other:?}"),
    }
}

fn entry<'a>(contract: &'a Contract, name: &str) -> &'a Entry {
    contract.entries.iter().find(|entry| entry.name == name).unwrap_or_else(|| panic!("no {name}"))
}

/// `mode cell[key]`, then calls out and unknowns.
fn footprint(contract: &Contract, name: &str) -> Vec<String> {
    let entry = entry(contract, name);
    let mut lines: Vec<String> = Vec::new();
    for access in &entry.accesses {
        let key: Vec<String> = access.key.iter().map(term).collect();
        let mode = format!("{:?}", access.mode).to_lowercase();
        lines.push(format!("{mode} {}[{}]", contract.cell(access.cell).name, key.join(", ")));
    }
    for external in &entry.externals {
        lines.push(format!("out {}.{}", term(&external.target), external.entry.as_deref().unwrap_or("?")));
    }
    lines.extend(entry.unknowns.iter().map(|unknown| format!("unknown {} {}", unknown.reason.code(), unknown.what)));
    lines.sort();
    lines.dedup();
    lines
}

#[test]
fn entry_points_are_calls_and_hooks() {
    let contract = fixture();
    let names: Vec<(&str, EntryKind)> =
        contract.entries.iter().map(|entry| (entry.name.as_str(), entry.kind)).collect();
    let calls = ["deposit", "transfer", "approve", "join", "kick", "vote", "close", "note", "configure", "settle"];
    let mut expected: Vec<(&str, EntryKind)> = vec![("on_initialize", EntryKind::System)];
    expected.extend(calls.map(|name| (name, EntryKind::Call)));
    assert_eq!(names, expected);
    assert_eq!(contract.chain, "keyed");
    // The sender is no argument.
    assert_eq!(
        entry(&contract, "transfer").params.iter().map(|param| param.name.as_str()).collect::<Vec<_>>(),
        ["dest", "amount"]
    );
}

#[test]
fn cells_are_storage_items_with_their_counters() {
    let contract = fixture();
    let mut cells: Vec<&str> = contract.cells.iter().map(|cell| cell.name.as_str()).collect();
    cells.sort();
    assert_eq!(
        cells,
        [
            "Approvals",
            "CounterForMembers",
            "Members",
            "NextRound",
            "NoteList",
            "Points",
            "System::Account",
            "Total",
            "Votes"
        ]
    );
    assert!(!cells.contains(&"Genesis"), "genesis is no call");
    let votes = contract.cells.iter().find(|cell| cell.name == "Votes").unwrap();
    assert_eq!(votes.keys.len(), 3);
}

#[test]
fn deltas_that_nobody_looks_at_commute() {
    let contract = fixture();
    assert_eq!(footprint(&contract, "deposit"), ["commute Points[caller]", "commute Total[]"]);
    assert_eq!(footprint(&contract, "on_initialize"), ["commute NextRound[]"]);
}

#[test]
fn helpers_in_other_files_and_closures_count() {
    let contract = fixture();
    assert_eq!(footprint(&contract, "transfer"), ["commute Points[caller]", "commute Points[dest]"]);
    assert_eq!(footprint(&contract, "approve"), ["update Approvals[caller, spender]"]);
    assert_eq!(
        footprint(&contract, "settle"),
        ["probe CounterForMembers[]", "read Points[other]", "update CounterForMembers[]", "update Members[caller]"]
            .into_iter()
            .filter(|line| !line.starts_with("probe"))
            .collect::<Vec<_>>()
    );
}

#[test]
fn counters_change_with_the_existence_of_entries() {
    let contract = fixture();
    assert_eq!(
        footprint(&contract, "join"),
        ["out T::Currency.reserve", "update CounterForMembers[]", "update Members[caller]"]
    );
    assert_eq!(
        footprint(&contract, "kick"),
        [
            "out T::AdminOrigin.try_origin",
            "out T::Lookup.lookup",
            "out T::Slashed.on_unbalanced",
            "update CounterForMembers[]",
            "update Members[lookup(who)]"
        ]
    );
}

#[test]
fn keys_have_one_component_for_each_part() {
    let contract = fixture();
    assert_eq!(footprint(&contract, "vote"), ["write Votes[round, option, caller]"]);
    assert!(footprint(&contract, "close").contains(&"probe Votes[round, ..]".to_owned()));
    assert!(entry(&contract, "close").unknowns.is_empty());
}

#[test]
fn macros_of_the_pallet_and_other_pallets() {
    let contract = fixture();
    assert_eq!(footprint(&contract, "configure"), ["write NextRound[]"]);
    let note = footprint(&contract, "note");
    assert!(note.contains(&"append NoteList[]".to_owned()), "{note:?}");
    assert!(note.iter().any(|line| line.starts_with("update System::Account[")), "{note:?}");
}

#[test]
fn origins_say_who_calls() {
    let contract = fixture();
    assert_eq!(entry(&contract, "close").callers, Callers::Role("root".to_owned()));
    assert_eq!(entry(&contract, "configure").callers, Callers::Role("root".to_owned()));
    assert_eq!(entry(&contract, "kick").callers, Callers::Role("T::AdminOrigin".to_owned()));
    assert_eq!(entry(&contract, "deposit").callers, Callers::Anyone);
}

#[test]
fn nothing_in_the_fixture_is_unknown() {
    let contract = fixture();
    for entry in &contract.entries {
        assert!(entry.unknowns.is_empty(), "{}: {:?}", entry.name, entry.unknowns);
    }
}

#[test]
fn configured_code_is_never_nothing_unsound() {
    let contract = pallet(
        "#[pallet::config] pub trait Config: frame_system::Config { type Other: Unheard; type Mine: Handler; }
         pub trait Handler { fn handle(); }
         pub struct Local<T>(core::marker::PhantomData<T>);
         impl<T: Config> Handler for Local<T> { fn handle() { Seen::<T>::put(1); } }
         #[pallet::storage] pub type Seen<T> = StorageValue<_, u32>;",
        "pub fn a(origin: OriginFor<T>) -> DispatchResult { T::Other::work(); Ok(()) }
         pub fn b(origin: OriginFor<T>) -> DispatchResult { T::Mine::handle(); Ok(()) }",
    );
    assert_eq!(footprint(&contract, "a"), ["out T::Other.work"]);
    // What the pallet's own crate implements may be what the runtime puts there.
    assert_eq!(footprint(&contract, "b"), ["out T::Mine.handle", "write Seen[]"]);
}

#[test]
fn bytes_are_no_place_but_keys_of_items_are() {
    let contract = pallet(
        "#[pallet::config] pub trait Config: frame_system::Config {}
         #[pallet::storage] pub type Seen<T: Config> = StorageMap<_, Twox64Concat, u32, u32>;",
        "pub fn raw(origin: OriginFor<T>, key: Vec<u8>) -> DispatchResult { sp_io::storage::clear(&key); Ok(()) }
         pub fn length(origin: OriginFor<T>, at: u32) -> DispatchResult {
            let key = Seen::<T>::hashed_key_for(at);
            let _ = sp_io::storage::read(&key, &mut [0; 0], 0);
            Ok(())
         }",
    );
    assert_eq!(footprint(&contract, "raw"), ["unknown unknown-cell unknown-cell"]);
    assert_eq!(footprint(&contract, "length"), ["read Seen[at]"]);
}

#[test]
fn a_pallet_that_is_not_there_is_called_out_to() {
    let contract = pallet(
        "#[pallet::config] pub trait Config: frame_system::Config + pallet_vault::Config {}",
        "pub fn a(origin: OriginFor<T>) -> DispatchResult { pallet_vault::Pallet::<T>::open()?; Ok(()) }",
    );
    assert_eq!(footprint(&contract, "a"), ["out Vault.open"]);
}

/// A runtime says what its pallets are configured with: what lies behind `T::Money` is the bank, and no call out.
#[test]
fn a_runtime_binds_what_pallets_leave_open() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/frame/runtime/src");
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    let files =
        vec![("src/lib.rs", read("lib.rs")), ("src/bank.rs", read("bank.rs")), ("src/shop.rs", read("shop.rs"))];
    let contracts = contracts_of(files, CRATES);
    let names: Vec<&str> = contracts.iter().map(|contract| contract.name.as_str()).collect();
    assert_eq!(names, ["user::bank", "user::shop", "user"]);
    let alone = footprint(&contracts[1], "buy");
    assert!(alone.iter().any(|line| line == "out T::Money.pay"), "{alone:?}");
    let runtime = &contracts[2];
    let entries: Vec<&str> = runtime.entries.iter().map(|entry| entry.name.as_str()).collect();
    // The code of `frame_system` is not there.
    assert_eq!(entries, ["Bank::send", "Shop::offer", "Shop::buy", "System::*"]);
    let lines = footprint(runtime, "Shop::buy");
    let start = |text: &str| lines.iter().any(|line| line.starts_with(text));
    assert!(start("update Bank::Balances[caller]") || start("commute Bank::Balances[caller]"), "{lines:?}");
    assert!(start("write Shop::Wares[ware]"), "{lines:?}");
    assert!(!lines.iter().any(|line| line.starts_with("out") || line.starts_with("unknown")), "{lines:?}");
    assert_eq!(footprint(runtime, "Shop::offer"), ["write Shop::Wares[ware]"]);
}

/// A credit that leaves the pallet may be dropped by whoever gets it, and its drop is the pallet's own code.
#[test]
fn a_credit_that_is_given_away_is_dropped_unsound() {
    let contract = pallet(
        "#[pallet::config] pub trait Config: frame_system::Config { type Dust: OnUnbalanced<u64>; }
        #[pallet::storage] pub type Total<T: Config> = StorageValue<_, u64, ValueQuery>;
        pub struct Burn<T>(T);
        impl<T: Config> fungible::HandleImbalanceDrop<u64> for Burn<T> {
            fn handle(amount: u64) { Total::<T>::mutate(|total| *total = total.saturating_sub(amount)); }
        }
        impl<T: Config> fungible::Balanced<T::AccountId> for Pallet<T> { type OnDropCredit = Burn<T>; type OnDropDebt = (); }",
        "pub fn sweep(origin: OriginFor<T>, sum: u64) -> DispatchResult {
            T::Dust::on_unbalanced(fungible::Dust::<T::AccountId, Self>(sum).into_credit());
            Ok(())
        }",
    );
    let lines = footprint(&contract, "sweep");
    assert!(lines.iter().any(|line| line == "update Total[]"), "{lines:?}");
}

/// What a runtime takes from a prelude is not read: what lies behind it is an unknown, never nothing. So are pallets whose
/// code is not there.
#[test]
fn what_a_runtime_does_not_say_itself_is_unknown_unsound() {
    let text = "pub trait Pay { fn pay(n: u32); }
        pub mod shop { #[frame_support::pallet] pub mod pallet {
            use frame_support::pallet_prelude::*;
            use frame_system::pallet_prelude::*;
            use missing_traits::Till;
            #[pallet::config(with_default)] pub trait Config: frame_system::Config { type Money: crate::Pay; type Till: Till; }
            #[pallet::pallet] pub struct Pallet<T>(_);
            #[pallet::call] impl<T: Config> Pallet<T> {
                pub fn a(origin: OriginFor<T>, n: u32) -> DispatchResult { T::Money::pay(n); Ok(()) }
                pub fn b(origin: OriginFor<T>, n: u32) -> DispatchResult { <T::Money as crate::Pay>::pay(n); Ok(()) }
                pub fn c(origin: OriginFor<T>, n: u32) -> DispatchResult { <T as Config>::Money::pay(n); Ok(()) }
                pub fn d(origin: OriginFor<T>, n: u32) -> DispatchResult { <T::Till as Till>::transfer(n); Ok(()) }
            }
        } }
        frame_support::construct_runtime!(pub enum Runtime { System: frame_system, Vault: pallet_vault, Shop: crate::shop::pallet });
        #[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
        impl frame_system::Config for Runtime { type Block = Block; }
        #[derive_impl(crate::shop::pallet::config_preludes::TestDefaultConfig)]
        impl crate::shop::pallet::Config for Runtime {}";
    let missing: Vec<&str> = CRATES.iter().chain(&["missing_traits"]).copied().collect();
    let contracts = contracts_of(vec![("src/lib.rs", text.to_owned())], &missing);
    let runtime = contracts.last().unwrap();
    for name in ["Shop::a", "Shop::b", "Shop::c", "Shop::d", "Vault::*", "System::*"] {
        assert!(!entry(runtime, name).unknowns.is_empty(), "{name}: {:?}", footprint(runtime, name));
    }
}

/// A call and a hook of one name are two entry points.
#[test]
fn entry_points_of_one_name_are_all_there_unsound() {
    let contract = pallet(
        "#[pallet::config] pub trait Config: frame_system::Config {}
         #[pallet::storage] pub type A<T> = StorageValue<_, u32>;
         #[pallet::storage] pub type B<T> = StorageValue<_, u32>;
         #[pallet::hooks] impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
            fn on_idle(n: BlockNumberFor<T>, w: Weight) -> Weight { A::<T>::put(1); w } }",
        "pub fn on_idle(origin: OriginFor<T>) -> DispatchResult { B::<T>::put(1); Ok(()) }",
    );
    let mut all: Vec<String> = contract.entries.iter().flat_map(|entry| footprint(&contract, &entry.name)).collect();
    all.sort();
    assert_eq!(all, ["write A[]", "write B[]"]);
}

/// What other pallets tell may come at any time: what it loads is not what was there when the call began.
#[test]
fn listeners_load_what_the_call_has_stored_unsound() {
    let contract = pallet(
        "#[pallet::config] pub trait Config: frame_system::Config { type Money: Pay; }
         pub trait Pay { fn pay(n: u32); } pub trait OnPaid { fn paid(); }
         #[pallet::storage] pub type At<T> = StorageValue<_, u32, ValueQuery>;
         #[pallet::storage] pub type Seen<T> = StorageMap<_, Twox64Concat, u32, u32>;
         impl<T: Config> OnPaid for Pallet<T> { fn paid() { Seen::<T>::insert(At::<T>::get(), 1); } }",
        "pub fn a(origin: OriginFor<T>, n: u32) -> DispatchResult { T::Money::pay(n); At::<T>::put(n); T::Money::pay(n); Ok(()) }",
    );
    let lines = footprint(&contract, "a");
    assert!(lines.iter().any(|line| line == "write Seen[any]"), "{lines:?}");
}
