//! Ways to state that are easy to overlook, across frameworks: claims that stand in for bodies, values built in several
//! steps, conversions of errors, raw places beside declared ones, code in attributes, value attached to calls. A test
//! guards against a missed access: every access is there, or an unknown is.

#![allow(clippy::unwrap_used)]

mod common;

use common::{analyse_files, analyse_text, lines};
use crosslane_analyzer::ir::{Callers, Term};

/// The footprint of a method of a NEAR contract with these items.
fn near(items: &str, entry: &str) -> Vec<String> {
    let text =
        format!("use near_sdk::{{near, env, AccountId, NearToken, Promise, ext_contract, store::LookupMap}};\n{items}");
    lines(&analyse_files(vec![("src/lib.rs", text)], &["near_sdk"]), entry)
}

/// The footprint of a function of a Stylus contract with these fields.
fn stylus(fields: &str, functions: &str, entry: &str) -> Vec<String> {
    let text = format!(
        "use alloy_primitives::{{Address, U256, U64, U128}};\nuse stylus_sdk::prelude::*;\n\
         sol_storage! {{ #[entrypoint] pub struct C {{ {fields} }} }}\n#[public]\nimpl C {{ {functions} }}"
    );
    let missing = ["stylus_sdk", "alloy_primitives", "alloy_sol_types"];
    lines(&analyse_files(vec![("src/lib.rs", text)], &missing), entry)
}

/// The footprint of a call of a pallet with these items.
fn frame(items: &str, calls: &str, entry: &str) -> Vec<String> {
    let text = format!(
        "#[frame_support::pallet]
        pub mod pallet {{
            use frame_support::pallet_prelude::*;
            use frame_support::traits::*;
            use frame_system::pallet_prelude::*;
            #[pallet::config]
            pub trait Config: frame_system::Config {{}}
            #[pallet::pallet]
            pub struct Pallet<T>(_);
            #[pallet::storage] pub type A<T> = StorageValue<_, u64>;
            #[pallet::storage] pub type B<T> = StorageValue<_, u64>;
            #[pallet::storage] pub type M<T> = StorageMap<_, Blake2_128Concat, u32, u64>;
            {items}
            #[pallet::call]
            impl<T: Config> Pallet<T> {{ {calls} }}
        }}"
    );
    let missing = ["frame_support", "frame_system", "sp_runtime", "sp_io", "codec"];
    lines(&analyse_files(vec![("src/lib.rs", text)], &missing), entry)
}

/// The footprint of `go` of an ink! contract with this storage.
fn ink(fields: &str, functions: &str) -> Vec<String> {
    let text = format!(
        "#[ink::contract] mod c {{ use ink::storage::{{Lazy, Mapping, StorageVec}}; use ink::prelude::vec::Vec;
         #[ink(storage)] pub struct C {{ {fields} }} impl C {{ {functions} }} }}"
    );
    lines(&analyse_files(vec![("src/lib.rs", text)], &["ink"]), "go")
}

/// The footprint of `execute::go` of a CosmWasm contract. In scope: `deps`, `env`, `info`, `n`.
fn cosmwasm(body: &str, items: &str) -> Vec<String> {
    lines(&cosmwasm_contract(body, items), "execute::go")
}

fn cosmwasm_contract(body: &str, items: &str) -> crosslane_analyzer::Analysis {
    analyse_text(&format!(
        "use cosmwasm_std::*;\nuse cw_storage_plus::*;
        pub const A: Item<u64> = Item::new(\"a\");
        pub const B: Item<u64> = Item::new(\"b\");
        pub const M: Map<u64, u64> = Map::new(\"m\");
        pub enum ExecuteMsg {{ Go {{ n: u64 }} }}
        {items}
        #[entry_point]
        pub fn execute(mut deps: DepsMut, env: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {{
            let ExecuteMsg::Go {{ n }} = msg;
            {body}
        }}"
    ))
}

fn has(found: &[String], line: &str) {
    assert!(found.iter().any(|known| known == line), "{line} is not in {found:?}");
}

fn unknown(found: &[String]) {
    assert!(found.iter().any(|known| known.starts_with("? ")), "nothing is unknown in {found:?}");
}

#[test]
fn a_claim_says_nothing_of_what_is_lent_unsound() {
    let items = "#[crosslane::trusted(reads(A))]
        fn next(store: &dyn Storage, key: &mut u64, seen: u64, each: impl FnMut(u64)) -> u64 { 0 }";
    let found = cosmwasm(
        "let mut key = n; let seen = B.load(deps.storage)?; let mut other = n;
         let given = next(deps.storage, &mut key, seen, |x| { other = x; });
         M.save(deps.storage, key, &1)?; M.save(deps.storage, other, &given)?;
         B.save(deps.storage, &(seen + 1))?;
         Ok(Response::new())",
        items,
    );
    has(&found, "write M[any]");
    assert!(!found.contains(&"write M[n]".to_owned()), "{found:?}");
    has(&found, "update B");
    let found = cosmwasm(
        "next(deps.storage, 1, || { B.save(deps.storage, &n).unwrap(); }); Ok(Response::new())",
        "#[crosslane::trusted(reads(A))] fn next(store: &dyn Storage, key: u64, each: impl FnMut()) -> u64 { 0 }",
    );
    has(&found, "write B");
    // What the claim says of the state holds; what it says nothing of is not touched.
    let found = near(
        "#[near(contract_state)] pub struct C { a: u64, b: u64, m: LookupMap<u64, u64> }
         impl C { #[crosslane::trusted(updates(a))] fn bump(&mut self) -> u64 { 0 } }
         #[near] impl C { pub fn go(&mut self) { self.bump(); self.m.insert(self.a, 1); } }",
        "go",
    );
    has(&found, "update a");
    has(&found, "update m[any]");
    assert!(!found.iter().any(|line| line.contains("write b") || line.contains("load(a)")), "{found:?}");
}

#[test]
fn building_in_steps_is_building_unsound() {
    let reply = "#[entry_point] pub fn reply(deps: DepsMut, env: Env, msg: Reply) -> StdResult<Response> {
        match msg.id { 7 => { A.save(deps.storage, &1)?; } _ => { B.save(deps.storage, &1)?; } } Ok(Response::new()) }";
    for body in [
        "let m = SubMsg { id: 7, ..SubMsg::reply_always(BankMsg::Burn { amount: vec![] }, 1) }; Ok(Response::new().add_submessage(m))",
        "let mut m = SubMsg::reply_always(BankMsg::Burn { amount: vec![] }, 1); m.id = 7; Ok(Response::new().add_submessage(m))",
        "let mut m = SubMsg::reply_always(BankMsg::Burn { amount: vec![] }, 1); let id = &mut m.id; *id = 7; Ok(Response::new().add_submessage(m))",
        "let mut m = SubMsg::reply_always(BankMsg::Burn { amount: vec![] }, 1); m.id += 6; Ok(Response::new().add_submessage(m))",
        "let mut m = SubMsg::new(BankMsg::Burn { amount: vec![] }); m.id = 7; m.reply_on = ReplyOn::Success; Ok(Response::new().add_submessage(m))",
    ] {
        let found = cosmwasm(body, reply);
        has(&found, "write A");
    }
    let found = cosmwasm(
        "let all: Vec<BankMsg> = vec![n].into_iter().map(|n| vec![coin(1, \"x\")]).map(make).collect(); Ok(Response::new().add_messages(all))",
        "fn make(amount: Vec<Coin>) -> BankMsg { let one: fn(String, Vec<Coin>) -> BankMsg = |to_address, amount| BankMsg::Send { to_address, amount }; one(\"a\".to_owned(), amount) }",
    );
    assert!(found.iter().any(|line| line.contains("<balance>")), "{found:?}");
}

#[test]
fn converting_an_error_is_code_unsound() {
    let contract = |body: &str| {
        near(
            &format!(
                "pub struct Low; pub struct High;
                 impl From<Low> for High {{ fn from(_: Low) -> High {{ env::storage_write(b\"hits\", b\"1\"); High }} }}
                 fn low(n: u64) -> Result<u64, Low> {{ if n > 3 {{ Err(Low) }} else {{ Ok(n) }} }}
                 #[near(contract_state)] pub struct C {{ a: u64 }}
                 impl C {{ fn inner(&self, n: u64) -> Result<u64, High> {{ {body} }} }}
                 #[near] impl C {{ pub fn go(&self, n: u64) -> u64 {{ self.inner(n).unwrap_or(0) }} }}"
            ),
            "go",
        )
    };
    for body in [
        "Ok(low(n)?)",
        "let r = low(n); Ok(r? + 1)",
        "let r: Result<u64, Low> = env::storage_read(b\"k\").map(|_| 1u64).ok_or(Low); let x = r?; Ok(x)",
        "low(n).map_err(|e| e.into())",
        "low(n).map_err(High::from)",
        "low(n).map_err(Into::into)",
        "match low(n) { Ok(x) => Ok(x), Err(e) => Err(High::from(e)) }",
    ] {
        let found = contract(body);
        assert!(found.iter().any(|line| line.contains("write") && line.contains("hits")), "{body}: {found:?}");
    }
}

#[test]
fn a_raw_slot_is_the_field_that_lies_there_unsound() {
    let text = "use alloy_primitives::{Address, U256};\nuse stylus_sdk::prelude::*;\nuse stylus_sdk::storage::*;
         sol_storage! { #[entrypoint] pub struct C { uint256 zero; uint256 one; uint256 two; } }
         #[public] impl C {
            pub fn declared(&mut self, v: U256) { self.one.set(v); }
            pub fn raw(&mut self, v: U256) { let mut s = unsafe { StorageU256::new(U256::from(1), 0) }; s.set(v); }
         }";
    let missing = ["stylus_sdk", "alloy_primitives", "alloy_sol_types"];
    let analysis = analyse_files(vec![("src/lib.rs", text.to_owned())], &missing);
    let contract = &analysis.contracts[0];
    let unit = |name: &str| {
        let entry = contract.entries.iter().find(|entry| entry.name == name).unwrap();
        let access = entry.accesses.iter().find(|access| !access.implicit).unwrap();
        (contract.cell(access.cell).unit.clone(), contract.cell(access.cell).storage.slot.clone())
    };
    assert_eq!(unit("declared"), unit("raw"));
    assert_eq!(unit("raw").0.id, "slot 1");
}

#[test]
fn value_attached_to_a_call_moves_unsound() {
    let credit = "commute(add) <balance>[self]";
    has(&ink("a: u64", "#[ink(message, payable)] pub fn go(&mut self) { self.a = 1; }"), credit);
    has(
        &near(
            "#[near(contract_state)] pub struct C { a: u64 } #[near] impl C { #[payable] pub fn go(&mut self) { self.a = 1; } }",
            "go",
        ),
        credit,
    );
    has(&stylus("uint256 a;", "#[payable] pub fn go(&mut self) { self.a.set(U256::from(1)); }", "go"), credit);
    let unpaid = ink("a: u64", "#[ink(message)] pub fn go(&mut self) { self.a = 1; }");
    assert!(!unpaid.iter().any(|line| line.contains("<balance>")), "{unpaid:?}");
}

#[test]
fn a_method_called_with_something_is_a_call_unsound() {
    let found = near(
        "#[ext_contract(ext_other)] pub trait Other { fn with_draw(&mut self, n: u64); }
         #[near(contract_state)] pub struct C { a: u64 }
         #[near] impl C { pub fn go(&mut self, to: AccountId) { ext_other::ext(to).with_static_gas(near_sdk::Gas::from_tgas(5)).with_draw(3); } }",
        "go",
    );
    has(&found, "> message to");
}

#[test]
fn what_is_inherited_is_the_part_of_that_type_unsound() {
    let text = "use alloy_primitives::{Address, U256};\nuse stylus_sdk::prelude::*;\nuse core::marker::PhantomData;
         pub trait P {} pub struct One; pub struct Two; impl P for One {} impl P for Two {}
         sol_storage! {
            pub struct Base<T: P> { uint256 total; PhantomData<T> p; }
            #[entrypoint] pub struct C { Base<One> first; #[borrow] Base<Two> second; }
         }
         #[public] impl<T: P> Base<T> { pub fn bump(&mut self) { self.total.set(U256::from(1)); } }
         #[public] #[inherit(Base<Two>)] impl C { pub fn go(&self) {} }";
    let missing = ["stylus_sdk", "alloy_primitives", "alloy_sol_types"];
    let analysis = analyse_files(vec![("src/lib.rs", text.to_owned())], &missing);
    has(&lines(&analysis, "bump"), "write second.total");
    // A parent whose code is not there.
    let text =
        "use alloy_primitives::{Address, U256};\nuse stylus_sdk::prelude::*;\nuse openzeppelin_stylus::token::Erc20;
         sol_storage! { #[entrypoint] pub struct C { uint256 a; #[borrow] Erc20 erc20; } }
         #[public] #[inherit(Erc20)] impl C { pub fn go(&self) {} }";
    let missing = ["stylus_sdk", "alloy_primitives", "alloy_sol_types", "openzeppelin_stylus"];
    let analysis = analyse_files(vec![("src/lib.rs", text.to_owned())], &missing);
    let contract = &analysis.contracts[0];
    assert!(contract.entries.iter().any(|entry| !entry.unknowns.is_empty()), "{:?}", contract.entries);
}

#[test]
fn a_guard_that_cannot_be_read_is_unknown_unsound() {
    let text = "use soroban_sdk::{contract, contractimpl, Env, Address};
        use stellar_macros::has_role;
        #[contract] pub struct C;
        #[contractimpl] impl C { #[has_role(caller)] pub fn go(_: Env, caller: Address) {} }";
    let missing = ["soroban_sdk", "stellar_macros", "stellar_access"];
    unknown(&lines(&analyse_files(vec![("src/lib.rs", text.to_owned())], &missing), "go"));
}

#[test]
fn what_attributes_of_a_call_run_is_part_of_it_unsound() {
    for attribute in [
        "#[pallet::feeless_if(|_o: &OriginFor<T>, n: &u32| -> bool { M::<T>::contains_key(n) })]",
        "#[pallet::weight({ let x = A::<T>::get(); Weight::from_parts(x.unwrap_or(0), 0) })]",
        "#[pallet::weight(Weight::zero())] #[pallet::authorize(|_s, n: &u32| if A::<T>::exists() { Ok(Default::default()) } else { Err(InvalidTransaction::Call.into()) })]",
    ] {
        let calls = format!(
            "{attribute} pub fn go(origin: OriginFor<T>, n: u32) -> DispatchResult {{ B::<T>::put(1); Ok(()) }}"
        );
        let found = frame("", &calls, "go");
        has(&found, "write B");
        assert!(found.iter().any(|line| line.ends_with(" A") || line.ends_with(" M[n]")), "{attribute}: {found:?}");
    }
    let plain = "#[pallet::weight((T::DbWeight::get().reads_writes(1, 1), DispatchClass::Operational))]
         pub fn go(origin: OriginFor<T>, n: u32) -> DispatchResult { B::<T>::put(1); Ok(()) }";
    assert_eq!(frame("", plain, "go"), ["write B"]);
}

#[test]
fn tasks_are_calls_unsound() {
    let tasks = "#[pallet::tasks_experimental] impl<T: Config> Pallet<T> {
        #[pallet::task_list(M::<T>::iter_keys())] #[pallet::task_condition(|n| A::<T>::exists())]
        #[pallet::task_weight(Weight::zero())] #[pallet::task_index(0)]
        pub fn work(n: u32) -> DispatchResult { B::<T>::put(1); M::<T>::remove(n); Ok(()) } }";
    let found = frame(tasks, "pub fn go(origin: OriginFor<T>) -> DispatchResult { Ok(()) }", "work");
    for line in ["write B", "delete M[n]", "probe A"] {
        has(&found, line);
    }
    assert!(found.iter().any(|line| line.contains("M[..]")), "{found:?}");
}

#[test]
fn functions_of_the_host_are_unknown_unsound() {
    unknown(&near(
        "extern \"C\" { fn storage_remove(len: u64, at: u64, register: u64) -> u64; }
         #[near(contract_state)] pub struct C { a: u64 }
         #[near] impl C { pub fn go(&self) { unsafe { storage_remove(1, 2, 3); } } }",
        "go",
    ));
    unknown(&cosmwasm(
        "unsafe { db_write(1, 2) }; Ok(Response::new())",
        "extern \"C\" { fn db_write(key: u32, value: u32); }",
    ));
}

#[test]
fn a_method_on_something_unknown_may_be_of_a_container_unsound() {
    unknown(&near(
        "#[near(contract_state)] pub struct C { a: u64 }
         #[near] impl C { pub fn go(&self) { let mut map = helper::made(); map.insert(&1, &2); } }
         mod helper { pub fn made() -> impl Sized { crate::missing_macro!(1) } }",
        "go",
    ));
}

#[test]
fn a_check_of_the_caller_that_is_not_understood_is_no_open_door_unsound() {
    let list = "pub struct Admins { pub admins: Vec<Addr>, pub mutable: bool }
        impl Admins { pub fn is_admin(&self, addr: impl AsRef<str>) -> bool { let addr = addr.as_ref(); self.admins.iter().any(|a| a.as_ref() == addr) } }
        pub const ADMINS: Item<Admins> = Item::new(\"admins\");
        pub const OWNER: Item<Addr> = Item::new(\"owner\");
        pub const ALLOWED: Map<&Addr, bool> = Map::new(\"allowed\");";
    let callers = |body: &str| {
        let body = format!("{body} A.save(deps.storage, &n)?; Ok(Response::new())");
        let analysis = cosmwasm_contract(&body, list);
        analysis.contracts[0].entries.iter().find(|entry| entry.name == "execute::go").unwrap().callers.clone()
    };
    for body in [
        "let list = ADMINS.load(deps.storage)?; if !list.is_admin(&info.sender) { return Err(StdError::generic_err(\"no\")); }",
        "if !ADMINS.load(deps.storage)?.admins.contains(&info.sender) { return Err(StdError::generic_err(\"no\")); }",
        "if info.sender != \"juno1\" && !ADMINS.load(deps.storage)?.is_admin(&info.sender) { return Err(StdError::generic_err(\"no\")); }",
        "if info.sender != env.contract.address { return Err(StdError::generic_err(\"no\")); }",
    ] {
        assert_eq!(callers(body), Callers::Some, "{body}");
    }
    for body in [
        "if ADMINS.load(deps.storage)?.is_admin(&info.sender) { return Err(StdError::generic_err(\"blocked\")); }",
        "if info.sender == env.contract.address { return Err(StdError::generic_err(\"no\")); }",
        "if n > 3 { return Err(StdError::generic_err(\"no\")); }",
        "if info.sender == \"juno1\" { B.save(deps.storage, &n)?; }",
    ] {
        assert_eq!(callers(body), Callers::Anyone, "{body}");
    }
    for all in ["all(|a| a != info.sender)", "all(|a| !(*a == info.sender))"] {
        let denied = format!(
            "if ADMINS.load(deps.storage)?.admins.iter().{all} {{ return Err(StdError::generic_err(\"no\")); }}"
        );
        assert_eq!(callers(&denied), Callers::Some, "{all}");
        let blocked = format!(
            "if !ADMINS.load(deps.storage)?.admins.iter().{all} {{ return Err(StdError::generic_err(\"no\")); }}"
        );
        assert_eq!(callers(&blocked), Callers::Anyone, "{all}");
    }
    let owner = "if info.sender != OWNER.load(deps.storage)? { return Err(StdError::generic_err(\"no\")); }";
    assert_eq!(callers(owner), Callers::Address("OWNER".to_owned()));
    let allowed = "if !ALLOWED.load(deps.storage, &info.sender)? { return Err(StdError::generic_err(\"no\")); }";
    assert_eq!(callers(allowed), Callers::Role("ALLOWED".to_owned()));
}

/// A NEAR contract whose types do something to state in code that no call names.
fn near_implied(body: &str) -> Vec<String> {
    near(
        &format!(
            "use std::collections::BTreeMap; use std::fmt;
             pub struct Shown(u64);
             impl fmt::Display for Shown {{ fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {{ touch(); write!(f, \"{{}}\", self.0) }} }}
             #[derive(PartialEq, Eq)] pub struct Ranked(u64);
             impl PartialOrd for Ranked {{ fn partial_cmp(&self, o: &Self) -> Option<std::cmp::Ordering> {{ Some(self.cmp(o)) }} }}
             impl Ord for Ranked {{ fn cmp(&self, o: &Self) -> std::cmp::Ordering {{ touch(); self.0.cmp(&o.0) }} }}
             pub struct Made(u64);
             impl Default for Made {{ fn default() -> Self {{ touch(); Made(0) }} }}
             pub struct Steps(u64);
             impl Iterator for Steps {{ type Item = u64; fn next(&mut self) -> Option<u64> {{ touch(); None }} }}
             pub trait Act {{ fn act(&self); }} pub struct One; impl Act for One {{ fn act(&self) {{ touch(); }} }}
             fn touch() {{ env::storage_write(b\"hit\", b\"1\"); }}
             fn touched(n: u64) -> u64 {{ touch(); n }}
             #[near(contract_state)] pub struct C {{ a: u64, map: BTreeMap<u64, u64> }}
             #[near] impl C {{ pub fn go(&mut self, n: u64) {{ {body} }} }}"
        ),
        "go",
    )
}

#[test]
fn code_that_no_call_names_unsound() {
    for body in [
        "near_sdk::require!(n > 3, format!(\"{}\", Shown(n)));",
        "near_sdk::require!(n > 3, &Shown(n).to_string());",
        "let _ = std::cmp::max(Ranked(n), Ranked(2));",
        "let _ = std::cmp::min(Ranked(n), Ranked(2));",
        "let _ = vec![n].into_iter().max_by_key(|x| std::cmp::Reverse(Ranked(*x)));",
        "let mut m: BTreeMap<u64, Made> = BTreeMap::new(); m.entry(n).or_default();",
        "let all: Box<dyn Iterator<Item = u64>> = Box::new(Steps(n)); all.count();",
        "let all: Box<dyn Iterator<Item = u64>> = Box::new(Steps(n)); for _ in all {}",
        "let mut all: Box<dyn Iterator<Item = u64>> = Box::new(Steps(n)); all.next();",
        "self.map.entry(n).and_modify(|x| { touch(); *x += 1; });",
        "let mut m: BTreeMap<u64, fn(u64) -> u64> = BTreeMap::new(); m.insert(1, touched); if let Some(f) = m.get(&n) { f(n); }",
        "let all = Vec::from_iter(Steps(n));",
        "fn takes(_: &u64) {} struct D(u64); impl std::ops::Deref for D { type Target = u64; fn deref(&self) -> &u64 { touch(); &self.0 } } takes(&D(n));",
        "struct T(Vec<u64>);
         impl<'a> IntoIterator for &'a T { type Item = &'a u64; type IntoIter = std::slice::Iter<'a, u64>; fn into_iter(self) -> Self::IntoIter { self.0.iter() } }
         impl<'a> IntoIterator for &'a mut T { type Item = &'a mut u64; type IntoIter = std::slice::IterMut<'a, u64>; fn into_iter(self) -> Self::IntoIter { touch(); self.0.iter_mut() } }
         let mut all = T(vec![n]); for _ in &mut all {}",
        "let _ = vec![n].into_iter().eq(Steps(n));",
        "struct S { a: u64, m: Made } impl Default for S { fn default() -> Self { S { a: 0, m: Made::default() } } } let s = S { a: 1, ..Default::default() };",
    ] {
        has(&near_implied(body), "write hit");
    }
}

#[test]
fn functions_inside_what_is_handed_over_run_unsound() {
    for body in [
        "let f = || touch(); missing_helper::run((f, 1));",
        "let f = || touch(); missing_helper::run(Some(f));",
        "let f = || touch(); missing_helper::run(&mut [f]);",
        "struct Hooks<F>(F); missing_helper::run(Hooks(|| touch()));",
        "missing_helper::run(One::act);",
        "missing_helper::run(<One as Act>::act);",
    ] {
        let text = format!("extern crate missing_helper; {body}");
        let found = near_implied(&text);
        assert!(found.iter().any(|line| line == "write hit"), "{body}: {found:?}");
    }
}

#[test]
fn code_of_a_missing_crate_is_unknown_whatever_it_is_called_unsound() {
    // `insert` and `transfer` are also names of rows.
    for call in ["missing_helper::insert(1)", "missing_helper::Ledger::transfer(1, 2)"] {
        unknown(&near(
            &format!(
                "#[near(contract_state)] pub struct C {{ a: u64 }} #[near] impl C {{ pub fn go(&self) {{ {call}; }} }}"
            ),
            "go",
        ));
    }
}

#[test]
fn writing_through_borrows_of_the_state_unsound() {
    let fields = "a: u64, list: Vec<u64>, other: Vec<u64>, o: Option<u64>, bx: Box<u64>, s: String";
    for (body, cell) in [
        ("*self = C::new();", "a"),
        ("if let Some(x) = self.list.iter_mut().max() { *x = n; }", "list"),
        ("*self.list.iter_mut().last().unwrap() = n;", "list"),
        ("*self.list.iter_mut().nth(1).unwrap() = n;", "list"),
        ("self.list[1..].iter_mut().for_each(|x| *x = n);", "list"),
        ("self.list[..2].fill(n);", "list"),
        ("self.list[..].swap(0, 1);", "list"),
        ("if let Some(part) = self.list.get_mut(0..2) { part[0] = n; }", "list"),
        ("let b = &mut self.bx; **b = n;", "bx"),
        ("self.o.as_mut().unwrap().add_assign(n);", "o"),
        ("let mut more = Vec::new(); more.append(&mut self.other);", "other"),
        ("self.s.extend([\"x\"]);", "s"),
        ("self.s.make_ascii_uppercase();", "s"),
    ] {
        let functions = format!(
            "#[ink(constructor)] pub fn new() -> Self {{ C {{ a: 1, list: Vec::new(), other: Vec::new(), o: None, bx: Box::new(1), s: String::new() }} }}
             #[ink(message)] pub fn go(&mut self, n: u64) {{ use core::ops::AddAssign; {body} }}"
        );
        let found = ink(fields, &functions);
        let written = |line: &String| {
            let (mode, rest) = line.split_once(' ').unwrap_or((line, ""));
            rest == cell && (["write", "update"].contains(&mode) || mode.starts_with("commute"))
        };
        assert!(found.iter().any(written), "{body}: {found:?}");
    }
}

#[test]
fn chain_extensions_are_unknown_unsound() {
    for body in [
        "self.env().extension().fetch(n);",
        "let _ = ::ink::env::chain_extension::ChainExtensionMethod::build(1).input::<u64>().output::<u64, false>().ignore_error_code().call(&n);",
    ] {
        unknown(&ink("a: u64", &format!("#[ink(message)] pub fn go(&mut self, n: u64) {{ {body} }}")));
    }
}

#[test]
fn what_a_guard_guards_is_written_through_it_unsound() {
    for body in [
        "let x = &mut *self.m.setter(k); x.set(n);",
        "let mut g = self.m.setter(k); let x = &mut *g; x.set(n);",
        "(*self.m.setter(k)).set(n);",
    ] {
        let go = format!("pub fn go(&mut self, k: Address, n: U256) {{ {body} }}");
        has(&stylus("mapping(address => uint256) m;", &go, "go"), "write m[k]");
    }
}

#[test]
fn impls_inside_of_functions_are_impls_unsound() {
    for body in [
        "trait Local { fn local(&self); } impl Local for u64 { fn local(&self) { touch(); } } n.local();",
        "struct R<'a> { c: &'a mut C } impl<'a> R<'a> { fn f(&mut self) { touch(); } } let mut r = R { c: self }; r.f();",
        "struct G; impl Drop for G { fn drop(&mut self) { touch(); } } let g = G;",
    ] {
        has(&near_implied(body), "write hit");
    }
}

#[test]
fn elements_that_are_lent_are_written_unsound() {
    for (body, line) in [
        ("self.v[1] = n;", "update v[1]"),
        ("self.v[1] += n;", "update v[1]"),
        ("for x in &mut self.v { *x = n; }", "update v[any]"),
        ("let mut all = self.list.iter_mut().peekable(); if let Some(x) = all.peek_mut() { **x = n; }", "update list"),
        ("let b: Box<&mut dyn Act> = Box::new(self); b.act();", "update a"),
    ] {
        let found = near(
            &format!(
                "pub trait Act {{ fn act(&mut self); }} impl Act for C {{ fn act(&mut self) {{ self.a += 1; }} }}
                 #[near(contract_state)] pub struct C {{ a: u64, list: Vec<u64>, v: near_sdk::store::Vector<u64> }}
                 #[near] impl C {{ pub fn go(&mut self, n: u64) {{ {body} }} }}"
            ),
            "go",
        );
        let cell = line.trim_start_matches("update ");
        let modes = ["update", "write", "commute(add)"];
        assert!(modes.iter().any(|mode| found.contains(&format!("{mode} {cell}"))), "{body}: {found:?}");
    }
}

#[test]
fn an_item_named_through_its_trait_is_the_item_unsound() {
    let calls = "pub fn go(origin: OriginFor<T>) -> DispatchResult { <A<T> as frame_support::StorageValue<u64>>::put(1); Ok(()) }";
    has(&frame("", calls, "go"), "write A");
}

/// What the call itself stored is no longer known once code that may run at any time may store there as well.
#[test]
fn code_that_runs_at_any_time_spoils_what_was_stored_unsound() {
    let found = near_raw(
        "env::storage_write(b\"at\", &n.to_le_bytes()); let _ = format!(\"{}\", Late(n));
         let at = env::storage_read(b\"at\").unwrap(); env::storage_write(&at, b\"1\");",
    );
    assert!(!found.iter().any(|line| line.starts_with("write") && line.contains("[n]")), "{found:?}");
}

fn near_raw(body: &str) -> Vec<String> {
    near(
        &format!(
            "use std::fmt; pub struct Late(u64);
             impl fmt::Display for Late {{ fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {{ env::storage_write(b\"at\", b\"7\"); Ok(()) }} }}
             #[near(contract_state)] pub struct C {{ a: u64 }} #[near] impl C {{ pub fn go(&mut self, n: u64) {{ {body} }} }}"
        ),
        "go",
    )
}

#[test]
fn keys_with_a_length_in_front_are_places_until_they_are_changed_unsound() {
    let items = "use cosmwasm_std::storage_keys::{namespace_with_key, to_length_prefixed};
        pub const CONFIG: &[u8] = b\"config\"; pub const HELD: &[u8] = b\"held\";
        fn load(storage: &dyn Storage, key: &[u8]) -> Option<Vec<u8>> { storage.get(&to_length_prefixed(key)) }
        fn keep(storage: &mut dyn Storage, prefix: &[u8], key: &[u8]) { storage.set(&namespace_with_key(&[prefix], key), b\"1\"); }";
    let plain = cosmwasm(
        "load(deps.storage, CONFIG); keep(deps.storage, HELD, info.sender.as_bytes()); Ok(Response::new())",
        items,
    );
    assert!(!plain.iter().any(|line| line.starts_with("? ")), "{plain:?}");
    assert!(
        plain.iter().any(|line| line.contains("config")) && plain.iter().any(|line| line.contains("held[caller]")),
        "{plain:?}"
    );
    has(&cosmwasm("deps.storage.get(b\"a\"); Ok(Response::new())", items), "read a");
    // What is done to the key afterwards makes it another.
    for body in [
        "let mut key = to_length_prefixed(CONFIG); key.extend_from_slice(b\"x\"); deps.storage.get(&key);",
        "let mut key = namespace_with_key(&[HELD], b\"x\"); key.push(1); deps.storage.get(&key);",
        "let mut key = to_length_prefixed(CONFIG); key[2] = 7; deps.storage.remove(&key);",
        "let mut key = to_length_prefixed(CONFIG); { let other = &mut key; other.clear(); } deps.storage.remove(&key);",
        "let key = [to_length_prefixed(CONFIG), b\"x\".to_vec()].concat(); deps.storage.remove(&key);",
        "let key = to_length_prefixed(CONFIG); deps.storage.remove(&key[1..]);",
        "let mut key = to_length_prefixed(CONFIG); key.truncate(3); deps.storage.remove(&key);",
        "let mut key = to_length_prefixed(CONFIG); key.iter_mut().for_each(|b| *b = 1); deps.storage.remove(&key);",
        "let mut key = to_length_prefixed(CONFIG); if n > 3 { key = n.to_be_bytes().to_vec(); } deps.storage.remove(&key);",
        "deps.storage.get(&n.to_be_bytes());",
        "deps.storage.get(&namespace_with_key(&[HELD, CONFIG], b\"x\"));",
    ] {
        unknown(&cosmwasm(&format!("{body} Ok(Response::new())"), items));
    }
}

#[test]
fn conversions_told_apart_by_the_kind_of_reference_unsound() {
    let items = "pub enum Held<'a> { Shared(&'a dyn Storage), Lent(&'a mut dyn Storage) }
        impl<'a> From<&'a dyn Storage> for Held<'a> { fn from(s: &'a dyn Storage) -> Self { Held::Shared(s) } }
        impl<'a> From<&'a mut dyn Storage> for Held<'a> { fn from(s: &'a mut dyn Storage) -> Self { Held::Lent(s) } }
        fn bump(held: &mut Held, n: u64) -> StdResult<()> {
            match held { Held::Shared(s) => { A.load(*s)?; Ok(()) } Held::Lent(s) => B.save(*s, &n) }
        }";
    let found = cosmwasm("bump(&mut deps.branch().storage.into(), n)?; Ok(Response::new())", items);
    assert_eq!(found, ["read A", "write B"]);
}

#[test]
fn what_a_closure_captured_only_its_code_uses() {
    let found = |body: &str| {
        let text = format!(
            "use cosmwasm_std::*;\nuse cw_storage_plus::*;\npub const A: Item<u64> = Item::new(\"a\");
             pub const M: Map<u64, u64> = Map::new(\"m\");
             pub enum ExecuteMsg {{ Go {{ n: u64 }} }}
             #[entry_point]
             pub fn execute(mut deps: DepsMut, env: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {{
                 let ExecuteMsg::Go {{ n }} = msg;
                 {body}
             }}"
        );
        let missing = ["cosmwasm_std", "cw_storage_plus", "elsewhere"];
        lines(&analyse_files(vec![("src/lib.rs", text)], &missing), "execute::go")
    };
    let run = found("elsewhere::list(n).each(|key| M.save(deps.storage, key, &n)); Ok(Response::new())");
    assert_eq!(run, ["write M[any]"]);
    let sum = found(
        "let sum = elsewhere::list(n).into_iter().try_fold(0u64, |a, b: u64| a.checked_add(b))
             .unwrap_or_else(|| A.load(deps.storage).unwrap()); M.save(deps.storage, 1, &sum)?; Ok(Response::new())",
    );
    assert_eq!(sum, ["read A", "write M[1]"]);
    // Given away by the closure itself, or beside it, it is in strange hands.
    unknown(&found("elsewhere::list(n).with(|| deps.storage); Ok(Response::new())"));
    unknown(&found("elsewhere::list(n).with(|| (n, Some(deps.branch()))); Ok(Response::new())"));
    unknown(&found("elsewhere::list(n).with(|x: u64| x, deps.storage); Ok(Response::new())"));
}

#[test]
fn instructions_of_an_entry_point_beside_handlers_unsound() {
    let text = "use anchor_lang::prelude::*;
        #[cfg(not(feature = \"cpi\"))]
        solana_program::entrypoint!(start);
        pub fn start<'info>(id: &Pubkey, accounts: &'info [AccountInfo<'info>], data: &[u8]) -> ProgramResult {
            if let [0xFF, 0xFF, tag, ref rest @ ..] = data {
                match *tag { 0 => Ok(handle_price(accounts, rest)?), 1 => Ok(handle_spread(accounts, rest)?), _ => Err(ProgramError::InvalidInstructionData) }
            } else {
                entry(id, accounts, data)
            }
        }
        fn handle_price(accounts: &[AccountInfo], data: &[u8]) -> Result<()> { accounts[0].try_borrow_mut_data()?[0] = 1; Ok(()) }
        fn handle_spread(accounts: &[AccountInfo], data: &[u8]) -> Result<()> { Ok(()) }
        #[program] pub mod p { use super::*; }";
    let found = analyse_files(vec![("src/lib.rs", text.to_owned())], &["anchor_lang", "solana_program"]);
    let entries = &found.contracts[0].entries;
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    assert!(["handle_price", "handle_spread"].iter().all(|name| names.contains(name)), "{names:?}");
    let price = entries.iter().find(|entry| entry.name == "handle_price").unwrap();
    assert!(
        price.accounts.iter().flatten().any(|one| one.written == crosslane_analyzer::ir::Written::Yes),
        "{price:?}"
    );
}

#[test]
fn a_namespace_with_its_length_in_front_is_the_map_at_the_empty_key_unsound() {
    use crosslane_analyzer::conflicts::{Scope, VerdictKind, analyse};
    let analysis = analyse_text(
        "use cosmwasm_std::*;\nuse cosmwasm_std::storage_keys::{namespace_with_key, to_length_prefixed};\nuse cw_storage_plus::*;
        pub const M: Map<&str, u64> = Map::new(\"x\"); pub const I: Item<u64> = Item::new(\"x\");
        pub enum ExecuteMsg { Whole {}, Below { k: String }, Plain { k: String }, Raw {}, Item {} }
        #[entry_point]
        pub fn execute(deps: DepsMut, env: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {
            match msg {
                ExecuteMsg::Whole {} => deps.storage.set(&to_length_prefixed(b\"x\"), b\"1\"),
                ExecuteMsg::Below { k } => deps.storage.set(&namespace_with_key(&[b\"x\"], k.as_bytes()), b\"1\"),
                ExecuteMsg::Plain { k } => M.save(deps.storage, &k, &1)?,
                ExecuteMsg::Raw {} => deps.storage.set(b\"\\0\\x01x\", b\"1\"),
                ExecuteMsg::Item {} => I.save(deps.storage, &1)?,
            }
            Ok(Response::new())
        }",
    );
    let contract = &analysis.contracts[0];
    let at = |name: &str| contract.entries.iter().position(|entry| entry.name == format!("execute::{name}")).unwrap();
    let verdicts = analyse(contract, crosslane_analyzer::chains::get("keyed").unwrap(), Scope::Own);
    for (a, b) in [("whole", "below"), ("whole", "plain"), ("whole", "raw"), ("raw", "plain"), ("below", "plain")] {
        assert_ne!(verdicts.pair(at(a), at(b)).kind, VerdictKind::Never, "{a} {b}");
    }
    assert_eq!(verdicts.pair(at("item"), at("whole")).kind, VerdictKind::Never);
}

#[test]
fn two_elements_of_one_list_are_two_values_unsound() {
    // Every way to take two of them makes a key of two elements, not of one element twice.
    for body in [
        "N.save(deps.storage, (list[0], list[1]), &1)?;",
        "let (a, b) = (list[0], list[k as usize]); N.save(deps.storage, (a, b), &1)?;",
        "N.save(deps.storage, (pick(&list, 0), pick(&list, 1)), &1)?;",
        "let f = |at: usize| list[at]; N.save(deps.storage, (f(0), f(1)), &1)?;",
        "let all: Vec<u64> = list.iter().copied().collect(); N.save(deps.storage, (all[0], all[k as usize]), &1)?;",
        "for pair in list.windows(2) { N.save(deps.storage, (pair[1], pair[0]), &1)?; }",
        "for (a, b) in list.iter().zip(list.iter().skip(1)) { N.save(deps.storage, (*a, *b), &1)?; }",
        "for ((_, a), b) in list.iter().zip(list.iter().rev()).zip(list.iter().skip(1)) { N.save(deps.storage, (*a, *b), &1)?; }",
        "if let [a, b, ..] = list[..] { N.save(deps.storage, (a, b), &1)?; }",
        "if let [_, rest @ ..] = &list[..] { N.save(deps.storage, (list[0], rest[0]), &1)?; }",
        "list.sort_by(|a, b| { N.save(deps.storage, (*a, *b), &1).unwrap(); a.cmp(b) });",
        "let mut it = list.iter(); let mut next = || it.next().copied().unwrap_or(0); let a = next(); let b = next(); N.save(deps.storage, (a, b), &1)?;",
    ] {
        let analysis = analyse_text(&format!(
            "use cosmwasm_std::*;\nuse cw_storage_plus::*;
            pub const N: Map<(u64, u64), u64> = Map::new(\"n\");
            fn pick(list: &[u64], at: usize) -> u64 {{ list[at] }}
            pub enum ExecuteMsg {{ Go {{ k: u64, list: Vec<u64> }} }}
            #[entry_point]
            pub fn execute(deps: DepsMut, _env: Env, _info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {{
                let ExecuteMsg::Go {{ k, mut list }} = msg;
                {body}
                Ok(Response::new())
            }}"
        ));
        let contract = &analysis.contracts[0];
        let keys: Vec<_> = contract.entries[0].accesses.iter().filter(|access| access.key.len() == 2).collect();
        assert!(!keys.is_empty(), "{body}");
        for access in keys {
            let one = matches!(&access.key[0], Term::Arg(_)) && access.key[0] == access.key[1];
            assert!(!one, "{body}: {:?}", access.key);
        }
    }
    // The element at one place is one value, wherever it is read.
    let found = cosmwasm(
        "let to = vec![n, 2]; let had = M.load(deps.storage, to[0])?; M.save(deps.storage, to[0], &(had + 1))?; Ok(Response::new())",
        "",
    );
    assert_eq!(found, ["commute(add) M[n]"]);
}

#[test]
fn a_place_behind_dyn_changes_its_type_unsound() {
    let found = cosmwasm(
        "let mut at: Box<dyn Stage> = Box::new(Idle); at = at.next(deps.storage, n); at.next(deps.storage, 7); Ok(Response::new())",
        "trait Stage { fn next(self: Box<Self>, s: &mut dyn Storage, n: u64) -> Box<dyn Stage>; }
         struct Idle; struct Busy(u64);
         impl Stage for Idle { fn next(self: Box<Self>, s: &mut dyn Storage, n: u64) -> Box<dyn Stage> { Box::new(Busy(n)) } }
         impl Stage for Busy { fn next(self: Box<Self>, s: &mut dyn Storage, n: u64) -> Box<dyn Stage> { M.save(s, self.0, &n).unwrap(); self } }",
    );
    has(&found, "write M[n]");
}

#[test]
fn code_that_borrowing_and_copying_choose_unsound() {
    // `DerefMut` runs only where something is changed, an impl for `&T` only for references, `Clone` for each element.
    let any = ["write M[any]"];
    let deref = "struct In { x: u64 } struct Out { i: In, uses: u64 }
        impl std::ops::Deref for Out { type Target = In; fn deref(&self) -> &In { &self.i } }
        impl std::ops::DerefMut for Out { fn deref_mut(&mut self) -> &mut In { self.uses += 1; &mut self.i } }";
    let found = cosmwasm(
        "let o = Out { i: In { x: n }, uses: 3 }; let x = o.x; M.save(deps.storage, o.uses, &x)?; Ok(Response::new())",
        deref,
    );
    has(&found, "write M[3]");
    let lent = "struct V(u64); trait Key { fn key(&self) -> u64; } impl Key for V { fn key(&self) -> u64 { 50 } } impl Key for &V { fn key(&self) -> u64 { 60 } }";
    for body in ["<&V as Key>::key(&&v)", "Key::key(&&v)", "(&&v).key()"] {
        let found = cosmwasm(
            &format!("let v = V(n); let key = {body}; M.save(deps.storage, key, &1)?; Ok(Response::new())"),
            lent,
        );
        has(&found, "write M[60]");
    }
    let clone = "struct V(u64); impl Clone for V { fn clone(&self) -> V { V(self.0 + 5) } }";
    for body in [
        "vec![V(n)].clone()[0].0",
        "vec![V(n)].iter().cloned().next().unwrap().0",
        "vec![V(n); 2][0].0",
        "[V(n)].to_vec()[0].0",
    ] {
        let found = cosmwasm(&format!("let key = {body}; M.save(deps.storage, key, &1)?; Ok(Response::new())"), clone);
        assert_eq!(found, any, "{body}");
    }
    let found = cosmwasm(
        "let list = [n]; let mut all = list.iter().copied().peekable(); if let Some(first) = all.peek_mut() { *first = 3; }
         for each in all { M.save(deps.storage, each, &1)?; } Ok(Response::new())",
        "",
    );
    assert!(found.iter().any(|line| line == "write M[3]" || line == "write M[any]"), "{found:?}");
    // A list whose elements refer to the list itself ends.
    let found = cosmwasm(
        "let cell = Cell::new(n); let v = vec![C(&cell, n); 3]; let mut w = v[..2].to_vec(); w.extend_from_slice(&v);
         M.save(deps.storage, w[1].1, &1)?; Ok(Response::new())",
        "use std::cell::Cell; struct C<'a>(&'a Cell<u64>, u64);
         impl Clone for C<'_> { fn clone(&self) -> Self { self.0.set(self.0.get() + 1); C(self.0, self.1 + 1) } }",
    );
    assert!(found.iter().any(|line| line.starts_with("write M[any]") || line.starts_with("? ")), "{found:?}");
}
