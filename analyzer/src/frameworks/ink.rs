//! ink!. A contract is a module marked `#[ink::contract]` with one struct marked `#[ink(storage)]`. Entry points are the
//! functions marked `#[ink(message)]` and `#[ink(constructor)]` in impls of that struct; in trait impls they carry the
//! trait's name, as in the contract's metadata. The struct's packed fields are the root record: every message loads it, a
//! message with `&mut self` saves it unless it returns an error, a constructor writes it.
//! Source: use-ink/ink `crates/ink/codegen/src/generator/dispatch.rs`, `crates/ink/ir/src/ir/item_impl`.

use super::{Framework, distinct};
use crate::effects::rooted::{RootMode, Rooting};
use crate::effects::ty::{ImplInfo, Ty, TyEnv};
use crate::effects::{Engine, EntrySpec};
use crate::ir::hir::{Attr, CrateId, ItemId, ItemKind, ModId, Name, Receiver};
use crate::ir::{CellId, Contract, Entry, EntryKind};
use std::rc::Rc;

pub(crate) const FRAMEWORK: Framework =
    Framework { id: "ink", title: "ink!", chain: "keyed", noun: "message", detect, contracts };

fn is_contract(attr: &Attr) -> bool {
    let mut parts = attr.path.rsplit("::").map(str::trim);
    parts.next() == Some("contract") && matches!(parts.next(), Some("ink" | "ink_lang" | "openbrush"))
}

/// True when `#[ink(..)]` attributes have this word.
fn marked(attrs: &[Attr], word: &str) -> bool {
    let named = |attr: &&Attr| attr.name() == "ink";
    attrs.iter().filter(named).any(|attr| attr.tokens.split(',').any(|part| part.trim() == word))
}

/// The contract modules of a crate, with their storage structs.
fn modules(engine: &Engine<'_>, krate: CrateId) -> Vec<(u32, ItemId)> {
    let items = engine.world.krate(krate);
    let mut found = Vec::new();
    for item in &items.items {
        let ItemKind::Mod(module) = item.kind else { continue };
        if !item.attrs.iter().any(is_contract) {
            continue;
        }
        let storage = items.items.iter().position(|inner| {
            inner.module == module && matches!(inner.kind, ItemKind::Struct(_)) && marked(&inner.attrs, "storage")
        });
        if let Some(idx) = storage {
            found.push((module, ItemId { krate, idx: idx as u32 }));
        }
    }
    found
}

fn detect(engine: &Engine<'_>, krate: CrateId) -> bool {
    !modules(engine, krate).is_empty()
}

/// Generated handles of other contracts: `OtherRef::from_account_id(id)`, `OtherRef::from_addr(address)`.
fn reference(path: &[Name]) -> Option<usize> {
    match path {
        [.., ty, function] if ty.ends_with("Ref") && ty.len() > 3 => match function.as_str() {
            "from_account_id" | "from_addr" => Some(0),
            // A constructor: the address is not known before.
            "new" => Some(usize::MAX),
            _ => None,
        },
        _ => None,
    }
}

fn contracts(engine: &mut Engine<'_>, krate: CrateId) -> Vec<Contract> {
    engine.encoding = "ink";
    engine.address_kind = "ss58";
    engine.ambient = true;
    engine.stand_ins = Some(reference);
    let root = engine.root_record("<root>");
    let package = engine.world.packages()[krate.0 as usize].clone();
    let found = modules(engine, krate);
    let several = found.len() > 1;
    let mut contracts = Vec::new();
    for (module, storage) in found {
        engine.index_impls();
        let mut impls: Vec<Rc<ImplInfo>> = engine
            .impls
            .impls
            .iter()
            .filter(|info| info.item.krate == krate && matches!(info.self_ty, Ty::Adt(id, _) if id == storage))
            .cloned()
            .collect();
        impls.sort_by_key(|info| info.item.idx);
        let ty = engine.item_ty_with(storage, Vec::new(), 0);
        let mut entries: Vec<Entry> = Vec::new();
        for info in impls {
            for mut entry in entries_of(engine, &info, &ty, root) {
                entry.name = distinct(&entries, entry.name);
                entries.push(entry);
            }
        }
        let inner = engine.world.krate(krate).modules[module as usize].name.to_string();
        contracts.push(FRAMEWORK.contract(
            engine,
            krate,
            if several { inner } else { package.name.clone() },
            engine.contract_cells(),
            entries,
        ));
    }
    contracts
}

/// The messages and constructors of one impl, in source order.
fn entries_of(engine: &mut Engine<'_>, info: &ImplInfo, ty: &Ty, root: CellId) -> Vec<Entry> {
    let block = engine.item(info.item);
    let ItemKind::Impl(written) = &block.kind else { return Vec::new() };
    let prefix = written.of_trait.as_ref().and_then(|path| path.segments.last()).map(|last| last.name.clone());
    let Some(env) = engine.impl_env(info, ty) else { return Vec::new() };
    let mut entries = Vec::new();
    for &idx in &written.items {
        let item = ItemId { krate: info.item.krate, idx };
        let function = engine.item(item);
        if !matches!(function.kind, ItemKind::Fn(_)) {
            continue;
        }
        let constructor = marked(&function.attrs, "constructor");
        if constructor || marked(&function.attrs, "message") {
            let name = match &prefix {
                Some(of_trait) => format!("{of_trait}::{}", function.name),
                None => function.name.to_string(),
            };
            entries.push(entry_of(engine, item, name, constructor, &env, ty, root));
        }
    }
    entries
}

fn entry_of(
    engine: &mut Engine<'_>,
    item: ItemId,
    name: String,
    constructor: bool,
    env: &TyEnv,
    ty: &Ty,
    root: CellId,
) -> Entry {
    let info = engine.item(item);
    let mut args = Vec::new();
    let mut params = Vec::new();
    let mut mutable = false;
    if let ItemKind::Fn(function) = &info.kind {
        mutable = function.receiver == Some(Receiver::RefMut);
        let written = function.params.clone();
        for (at, (param, ty)) in written.iter().enumerate() {
            let ty = engine.lower_ty(ty, env);
            let (param, arg) = engine.parameter(at, param.as_deref(), ty);
            params.push(param);
            args.push(arg);
        }
    }
    let module = ModId { krate: item.krate, idx: info.module };
    let spec = EntrySpec {
        item,
        recv: None,
        args,
        env: Some(TyEnv { module, ..env.clone() }),
        assumptions: Vec::new(),
        paid: marked(&info.attrs, "payable"),
    };
    let rooting = match constructor {
        true => Rooting::Built { ty: ty.clone() },
        false => Rooting::Receiver { ty: ty.clone(), mutable },
    };
    let mut found = engine.run_rooted(&spec, &rooting);
    let mode = match (constructor, mutable) {
        (true, _) => RootMode::Built,
        (_, true) => RootMode::Saved,
        _ => RootMode::Loaded,
    };
    let touched = engine.root_access(root, &found.accesses, mode, found.unknowns.is_empty());
    found.accesses.push(touched);
    found.accesses.sort();
    let kind = match (constructor, mutable) {
        (true, _) => EntryKind::Init,
        (_, true) => EntryKind::Call,
        _ => EntryKind::View,
    };
    found.into_entry(name, kind, params, info.name_span)
}
