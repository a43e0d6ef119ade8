//! Soroban. Entry points are the functions of impls marked `#[contractimpl]`: public ones of inherent impls, all of
//! trait impls, and, where the trait is a contract trait, its default methods too. What is exported is exported per
//! crate. Storage is reached from anywhere through `Env`; keys name their cells themselves (`host::named`), and every
//! call reads the contract's instance entry, which holds all cells of the instance tier.
//! Source: rs-soroban-sdk `soroban-sdk-macros/src/lib.rs`, `soroban-sdk/src/storage.rs`, `soroban-sdk/docs/contracttrait.md`.

use super::Framework;
use crate::effects::Engine;
use crate::effects::ty::{ImplInfo, Ty, TyEnv};
use crate::ir::hir::{Attr, CrateId, Item, ItemId, ItemKind, ModId, Name, TypeRef};
use crate::ir::{Access, Callee, CellId, Contract, Entry, EntryKind, Mode};
use crate::source::{Ns, Package, Resolved};
use std::collections::BTreeMap;
use std::rc::Rc;

pub(crate) const FRAMEWORK: Framework =
    Framework { id: "soroban", title: "Soroban", chain: "soroban", noun: "function", detect, contracts };

/// Functions the host calls by itself.
const SPECIAL: &[(&str, EntryKind)] = &[("__constructor", EntryKind::Init), ("__check_auth", EntryKind::System)];

fn exported(attrs: &[Attr]) -> Option<&Attr> {
    attrs.iter().find(|attr| attr.name() == "contractimpl")
}

fn detect(engine: &Engine<'_>, krate: CrateId) -> bool {
    is_contract(engine, krate) || engine.world.krate(krate).items.iter().any(offers)
}

fn is_contract(engine: &Engine<'_>, krate: CrateId) -> bool {
    let items = &engine.world.krate(krate).items;
    items.iter().any(|item| matches!(item.kind, ItemKind::Impl(_)) && exported(&item.attrs).is_some())
}

/// A function that a library offers to contracts: public, with the environment as its first parameter.
fn offers(item: &Item) -> bool {
    let ItemKind::Fn(function) = &item.kind else { return false };
    let mut first = function.params.first().map(|(_, ty)| ty);
    while let Some(TypeRef::Ref(_, inner)) = first {
        first = Some(inner);
    }
    let is_env =
        matches!(first, Some(TypeRef::Path(path)) if path.segments.last().is_some_and(|last| last.name == "Env"));
    item.public && function.has_body && is_env
}

/// Generated clients: `TokenClient::new(&env, &address)`, `token::Client::new(..)`.
fn client(path: &[Name]) -> Option<usize> {
    match path {
        [.., ty, function] if function == "new" && ty.ends_with("Client") => Some(1),
        _ => None,
    }
}

/// The contract behind a client: of a contract's type its own; of a trait the one that exports it, where only one of the
/// analysed packages does.
fn callee(engine: &mut Engine<'_>, of: ItemId) -> Option<Callee> {
    let of_package =
        |package: &Package, owner| Callee { package: package.name.clone(), version: package.version.clone(), owner };
    let item = engine.item(of);
    if matches!(item.kind, ItemKind::Struct(_)) {
        return Some(of_package(&engine.world.packages()[of.krate.0 as usize], item.name.to_string()));
    }
    let mut found: Vec<Callee> = Vec::new();
    for (at, candidate) in engine.world.packages().iter().enumerate() {
        let krate = CrateId(at as u32);
        if !candidate.analysed && krate != of.krate {
            continue;
        }
        for block in &engine.world.krate(krate).items {
            let ItemKind::Impl(written) = &block.kind else { continue };
            let (Some(of_trait), Some(_)) = (&written.of_trait, exported(&block.attrs)) else { continue };
            let scope = ModId { krate, idx: block.module };
            if !matches!(engine.world.resolve(scope, of_trait, Ns::Type), Resolved::Item(id) if id == of) {
                continue;
            }
            let TypeRef::Path(ty) = &written.self_ty else { continue };
            let owner = ty.segments.last().map(|last| last.name.to_string()).unwrap_or_default();
            found.push(of_package(candidate, owner));
        }
    }
    found.dedup();
    if found.is_empty() && matches!(item.kind, ItemKind::Trait(_)) {
        engine.open.insert(item.name.to_string());
    }
    if found.len() == 1 { found.pop() } else { None }
}

/// An exported function of one contract struct.
struct Export {
    owner: String,
    item: ItemId,
    env: TyEnv,
    /// What it is called, where that is not the function's own name.
    name: Option<String>,
}

fn contracts(engine: &mut Engine<'_>, krate: CrateId) -> Vec<Contract> {
    engine.encoding = "scval";
    engine.address_kind = "strkey";
    engine.ambient = true;
    engine.reentrant = false;
    engine.stand_ins = Some(client);
    engine.callee = Some(callee);
    let instance = engine.shared_unit("instance", "entry", "<instance>");
    // A library of contracts is listed by what it offers to them.
    let exports = if is_contract(engine, krate) { exports(engine, krate) } else { offered(engine, krate) };
    // What a crate exports is one contract, whatever structs it is spread over, unless two of them export one name.
    let mut groups: BTreeMap<String, Vec<Export>> = BTreeMap::new();
    let package = engine.world.packages()[krate.0 as usize].clone();
    let mut names: Vec<Name> = exports
        .iter()
        .filter(|export| export.name.is_none())
        .map(|export| engine.item(export.item).name.clone())
        .collect();
    names.sort();
    let split = names.windows(2).any(|pair| pair[0] == pair[1]);
    for export in exports {
        let name = if split { format!("{}::{}", package.name, export.owner) } else { package.name.clone() };
        groups.entry(name).or_default().push(export);
    }
    let mut found: Vec<(String, Vec<Entry>)> = Vec::new();
    for (name, exports) in groups {
        let mut entries: Vec<Entry> = Vec::new();
        for export in exports {
            let entry = entry_of(engine, &export, instance);
            if !entries.iter().any(|known| known.name == entry.name) {
                entries.push(entry);
            }
        }
        found.push((name, entries));
    }
    let contract = |engine: &Engine<'_>, (name, entries): (String, Vec<Entry>)| {
        FRAMEWORK.contract(engine, krate, name, engine.contract_cells(), entries)
    };
    found.into_iter().map(|found| contract(engine, found)).collect()
}

/// All exported functions, in source order.
fn exports(engine: &mut Engine<'_>, krate: CrateId) -> Vec<Export> {
    let _ = engine.world.krate(krate);
    engine.index_impls();
    let mut impls: Vec<Rc<ImplInfo>> =
        engine.impls.impls.iter().filter(|info| info.item.krate == krate).cloned().collect();
    impls.sort_by_key(|info| info.item.idx);
    let mut found = Vec::new();
    for info in impls {
        let block = engine.item(info.item);
        let ItemKind::Impl(written) = &block.kind else { continue };
        let Some(attr) = exported(&block.attrs) else { continue };
        let ty = info.self_ty.clone();
        let owner = match &ty {
            Ty::Adt(id, _) => engine.item(*id).name.to_string(),
            _ => "contract".to_owned(),
        };
        let Some(env) = engine.impl_env(&info, &ty) else { continue };
        for &idx in &written.items {
            let item = ItemId { krate, idx };
            let function = engine.item(item);
            if matches!(function.kind, ItemKind::Fn(_)) && (info.is_trait || function.public) {
                found.push(Export { owner: owner.clone(), item, env: env.clone(), name: None });
            }
        }
        let inherits =
            attr.tokens.contains("contracttrait") || block.attrs.iter().any(|attr| attr.name() == "default_impl");
        let (true, Some(trait_id)) = (inherits, info.of_trait) else { continue };
        let declared = engine.item(trait_id);
        let ItemKind::Trait(declared) = &declared.kind else { continue };
        for &idx in &declared.items {
            let item = ItemId { krate: trait_id.krate, idx };
            let function = engine.item(item);
            let ItemKind::Fn(code) = &function.kind else { continue };
            if code.has_body && !info.assoc.contains_key(&function.name) {
                let env = engine.trait_env(trait_id, &ty, Some(&info));
                found.push(Export { owner: owner.clone(), item, env, name: None });
            }
        }
    }
    found
}

/// All functions that a library offers, in source order; those of types as `Type::function`.
fn offered(engine: &mut Engine<'_>, krate: CrateId) -> Vec<Export> {
    let _ = engine.world.krate(krate);
    engine.index_impls();
    let package = engine.world.packages()[krate.0 as usize].name.clone();
    let impls: Vec<Rc<ImplInfo>> = engine.impls.impls.iter().filter(|info| info.item.krate == krate).cloned().collect();
    let count = engine.world.krate(krate).items.len() as u32;
    let mut found: Vec<Export> = Vec::new();
    for idx in 0..count {
        let item = ItemId { krate, idx };
        let function = engine.item(item);
        let ItemKind::Fn(code) = &function.kind else { continue };
        if !offers(&function) {
            continue;
        }
        let module = ModId { krate, idx: function.module };
        let (env, inside) = match code.owner {
            None => (TyEnv::root(module), engine.world.module(module).name.to_string()),
            Some(owner) => {
                let Some(info) = impls.iter().find(|info| info.item.idx == owner && info.of_trait.is_none()) else {
                    continue;
                };
                let ty = info.self_ty.clone();
                let name = match &ty {
                    Ty::Adt(id, _) => engine.item(*id).name.to_string(),
                    _ => String::new(),
                };
                let Some(env) = engine.impl_env(info, &ty) else { continue };
                (env, name)
            }
        };
        let name = match (inside.as_str(), code.owner) {
            ("", _) => function.name.to_string(),
            _ => format!("{inside}::{}", function.name),
        };
        if !found.iter().any(|known| known.name.as_deref() == Some(name.as_str())) {
            found.push(Export { owner: package.clone(), item, env, name: Some(name) });
        }
    }
    found
}

fn entry_of(engine: &mut Engine<'_>, export: &Export, instance: CellId) -> Entry {
    let info = engine.item(export.item);
    let name = export.name.clone().unwrap_or_else(|| info.name.to_string());
    let kind = SPECIAL.iter().find(|(special, _)| *special == name).map_or(EntryKind::Call, |(_, kind)| *kind);
    let mut entry = engine.entry_in(export.item, name, kind, &export.env);
    entry.accesses.push(Access::implicit(instance, Mode::Read));
    entry.accesses.sort();
    entry
}
