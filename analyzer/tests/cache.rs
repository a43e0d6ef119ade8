//! What is kept between analyses decides nothing but the time: after any edit, an analysis that takes from a cache gives
//! what one gives that starts anew, to the last span.

use crosslane_analyzer::random::Rng;
use crosslane_analyzer::source::{Cache, Package, PackageId, Sources, parse_model, with_big_stack};
use crosslane_analyzer::{Analysis, Options, analyze, analyze_again};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A dependency with all that makes a body or a crate ask for others: macros that make items and statements, items in
/// bodies, names from a crate below, a module that is not there.
const HELPER: &str = r#"
pub use below::{Counter, bump};
mod gone;
#[macro_export]
macro_rules! bumped {
    ($store:expr, $by:expr) => {{ let by = $by; $crate::bump($store, by)?; by }};
}
macro_rules! getters {
    ($($name:ident)*) => { $(pub fn $name(deps: cosmwasm_std::Deps) -> cosmwasm_std::StdResult<u64> { below::TOTAL.load(deps.storage) })* };
}
getters! { total again }
pub fn twice(store: &mut dyn cosmwasm_std::Storage) -> cosmwasm_std::StdResult<()> {
    macro_rules! local { ($e:expr) => { below::bump(store, $e)? }; }
    struct Step(u64);
    impl Step { fn run(&self, store: &mut dyn cosmwasm_std::Storage) -> cosmwasm_std::StdResult<()> { bump(store, self.0) } }
    local!(1);
    Step(2).run(store)
}
"#;

const BELOW: &str = r#"
use cosmwasm_std::{StdResult, Storage};
use cw_storage_plus::Item;
pub struct Counter { pub value: u64 }
pub const TOTAL: Item<u64> = Item::new("total");
pub const OTHER: Item<u64> = Item::new("other");
pub fn bump(store: &mut dyn Storage, by: u64) -> StdResult<()> {
    TOTAL.update(store, |total| -> StdResult<_> { Ok(total + by) })?;
    Ok(())
}
"#;

const USER: &str = r#"
use cosmwasm_std::{entry_point, Deps, DepsMut, Env, MessageInfo, Response, StdResult};
pub enum ExecuteMsg { Bump { by: u64 }, Twice {}, Own { to: String } }
const OWN: cw_storage_plus::Map<&str, u64> = cw_storage_plus::Map::new("own");
#[entry_point]
pub fn execute(deps: DepsMut, env: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {
    match msg {
        ExecuteMsg::Bump { by } => { helper::bumped!(deps.storage, by); }
        ExecuteMsg::Twice {} => helper::twice(deps.storage)?,
        ExecuteMsg::Own { to } => own(deps, &to)?,
    }
    Ok(Response::new())
}
fn own(deps: DepsMut, to: &str) -> StdResult<()> {
    fn inner(n: u64) -> u64 { n + 1 }
    OWN.update(deps.storage, to, |n| -> StdResult<_> { Ok(inner(n.unwrap_or_default())) })?;
    Ok(())
}
#[entry_point]
pub fn query(deps: Deps, env: Env, msg: u64) -> StdResult<u64> { helper::total(deps) }
"#;

#[derive(Clone, Default)]
struct Texts(BTreeMap<(u32, String), Arc<str>>);

impl Sources for Texts {
    fn read(&self, package: PackageId, path: &str) -> Option<Arc<str>> {
        self.0.get(&(package.0, path.to_owned())).cloned()
    }
}

/// A place in a list of that length.
fn place(rng: &mut Rng, length: usize) -> usize {
    rng.below(length as u64) as usize
}

fn package(name: &str, deps: &[(&str, u32)], missing: &[&str]) -> Package {
    Package {
        name: name.to_owned(),
        version: "1.0.0".to_owned(),
        crate_name: name.to_owned(),
        root: "src/lib.rs".to_owned(),
        edition: 2021,
        deps: deps.iter().map(|(name, at)| ((*name).to_owned(), PackageId(*at))).collect(),
        missing: missing.iter().map(|name| (*name).to_owned()).collect(),
        analysed: name == "user",
        ..Package::default()
    }
}

fn packages(missing: &[&str]) -> Vec<Package> {
    vec![
        package("user", &[("helper", 1)], missing),
        package("helper", &[("below", 2)], missing),
        package("below", &[], missing),
    ]
}

/// An edit as people and as cats make them.
fn edited(text: &str, rng: &mut Rng) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let at = place(rng, lines.len());
    let mut new: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    match rng.below(7) {
        0 => new.insert(at, "// a comment".to_owned()),
        1 => drop(new.remove(at)),
        2 => new.insert(at, lines[place(rng, lines.len())].to_owned()),
        3 => new[at].push_str(" }"),
        4 => new[at] = new[at].replacen("deps", "helper::bumped!(deps.storage, 1); deps", 1),
        5 => new[at] = new[at].replacen("by", "bye", 1),
        _ => {
            let other = place(rng, lines.len());
            new.swap(at, other);
        }
    }
    new.join("\n")
}

/// Edits and analyses, keeping things from one edit to the next.
fn stays_equal(packages: &[Package], start: &Texts, edits: usize, seed: u64, shown: &str) {
    let options = Options::default();
    let mut rng = Rng::new(seed);
    let mut texts = start.clone();
    with_big_stack(|| {
        let mut cache = Cache::default();
        for edit in 0..edits {
            let keys: Vec<_> = texts.0.keys().cloned().collect();
            // Mostly what is analysed, now and then a dependency.
            let own: Vec<_> = keys.iter().filter(|(at, _)| *at == 0).cloned().collect();
            let key =
                if rng.below(10) == 0 { &keys[place(&mut rng, keys.len())] } else { &own[place(&mut rng, own.len())] };
            let back = edit % 12 == 11;
            let new = if back { start.0[key].to_string() } else { edited(&texts.0[key], &mut rng) };
            texts.0.insert(key.clone(), new.into());
            let again = analyze_again(&mut cache, &texts, packages.to_vec(), &options);
            let fresh = analyze(&texts, packages.to_vec(), &options);
            same(&again, &fresh, &format!("{shown}, edit {edit} of {key:?}"));
        }
    });
}

/// Everything of two results is the same; shows where not.
fn same(again: &Analysis, fresh: &Analysis, shown: &str) {
    let (again, fresh) = (format!("{again:?}"), format!("{fresh:?}"));
    let at = again.bytes().zip(fresh.bytes()).position(|(a, b)| a != b);
    if again != fresh {
        let at = at.unwrap_or(again.len().min(fresh.len())).saturating_sub(300);
        let part = |text: &str| text.chars().skip(at).take(600).collect::<String>();
        panic!("{shown}\nwith a cache: {}\nwithout: {}", part(&again), part(&fresh));
    }
}

#[test]
fn a_cache_decides_nothing() {
    let texts = Texts(BTreeMap::from([
        ((0, "src/lib.rs".to_owned()), USER.into()),
        ((1, "src/lib.rs".to_owned()), HELPER.into()),
        ((2, "src/lib.rs".to_owned()), BELOW.into()),
    ]));
    let packages = packages(&["cosmwasm_std", "cw_storage_plus"]);
    let found = analyze(&texts, packages.clone(), &Options::default());
    let accesses: usize = found.contracts[0].entries.iter().map(|entry| entry.accesses.len()).sum();
    assert!(accesses >= 4, "{accesses}: {:?}", found.contracts[0].entries);
    for seed in 0..2 {
        stays_equal(&packages, &texts, 24, seed, "three packages");
    }
}

#[test]
fn a_cache_decides_nothing_about_fixtures() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    for (folder, missing) in [
        ("cosmwasm/token", &["cosmwasm_std", "cw_storage_plus", "cosmwasm_schema"][..]),
        ("soroban/token", &["soroban_sdk"]),
        ("near/token", &["near_sdk"]),
        ("anchor/vault", &["anchor_lang", "anchor_spl"]),
    ] {
        let mut texts = Texts::default();
        read(&root.join(folder), "src", &mut texts);
        assert!(!texts.0.is_empty(), "{folder}");
        stays_equal(&[package("user", &[], missing)], &texts, 8, 7, folder);
    }
}

fn read(root: &Path, folder: &str, texts: &mut Texts) {
    for entry in std::fs::read_dir(root.join(folder)).expect("a folder of the fixture") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        let path = format!("{folder}/{name}");
        if root.join(&path).is_dir() {
            read(root, &path, texts);
        } else if let Ok(text) = std::fs::read_to_string(root.join(&path)) {
            texts.0.insert((0, path), text.into());
        }
    }
}

#[test]
fn other_packages_and_tables_begin_anew() {
    // The same text is another contract under another feature, and with another table beside it.
    let user = format!(
        "{USER}\n#[cfg(feature = \"extra\")]\n#[entry_point]\n\
         pub fn migrate(deps: DepsMut, env: Env, msg: u64) -> StdResult<Response> {{ let store = Store::new(); store.put(deps.storage, msg);\n\
         OWN.save(deps.storage, \"extra\", &1)?; Ok(Response::new()) }}\nuse shelf::Store;\n"
    );
    let texts = Texts(BTreeMap::from([((0, "src/lib.rs".to_owned()), user.into())]));
    let table = r#"
[crate]
name = "shelf"
versions = "1.x"
source = "https://example.com/shelf"
[[row]]
rust = "pub struct Store { cell: host::Cell<(), u64> }"
source = "src/lib.rs"
[[row]]
in = "impl Store"
rust = 'pub fn new() -> Self { Store { cell: host::cell("shelf", "item") } }'
source = "src/lib.rs"
[[row]]
in = "impl Store"
rust = 'pub fn put(&self, store: &mut dyn cosmwasm_std::Storage, value: u64) { host::write(store, &self.cell, (), value) }'
source = "src/lib.rs"
"#;
    with_big_stack(|| {
        let mut cache = Cache::default();
        let mut shown = Vec::new();
        for (features, tables) in [(None, 0), (Some("extra"), 0), (Some("extra"), 1), (Some("extra"), 0), (None, 0)] {
            let mut package = package("user", &[], &["cosmwasm_std", "cw_storage_plus", "helper", "shelf"]);
            package.features.extend(features.map(str::to_owned));
            let models = vec![parse_model("shelf.toml", table).expect("a table"); tables];
            let options = Options { models, ..Options::default() };
            let again = analyze_again(&mut cache, &texts, vec![package.clone()], &options);
            let fresh = analyze(&texts, vec![package], &options);
            same(&again, &fresh, &format!("{features:?}, {tables} tables"));
            let migrate = again.contracts[0].entries.iter().find(|entry| entry.name == "migrate");
            shown.push(migrate.map(|entry| (entry.accesses.len(), entry.unknowns.len())));
        }
        // What is looked at differs, so a cache that kept too much would show.
        assert_eq!((shown[0], shown[1], shown[2]), (shown[4], shown[3], Some((2, 0))), "{shown:?}");
        assert!(shown[0].is_none() && shown[1].is_some() && shown[1] != shown[2], "{shown:?}");
    });
}
