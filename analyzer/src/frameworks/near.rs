//! NEAR. Entry points are what `#[near]` and `#[near_bindgen]` export of the state struct's impls: public functions of
//! inherent impls, all functions of trait impls; besides, functions marked `#[no_mangle]`. The state is one record at the key
//! `STATE`: every call with a receiver loads it, a call with `&mut self` saves it, an initialiser makes it. What receives by
//! value works on a copy that is not saved.
//! Source: near-sdk-rs `near-sdk-macros/src/core_impl/{info_extractor,code_generator}`, `near-sdk/src/state.rs`.

use super::{Framework, unmarked};
use crate::effects::rooted::{RootMode, Rooting};
use crate::effects::ty::{ImplInfo, Ty, TyEnv};
use crate::effects::{Engine, EntrySpec, OWN_ADDRESS};
use crate::ir::hir::{Attr, CrateId, Function, ItemId, ItemKind, ModId, Name, Receiver, TypeRef};
use crate::ir::{Callers, CellId, Contract, Entry, EntryKind, Mode};
use crate::source::{Ns, Resolved};
use std::collections::BTreeMap;
use std::rc::Rc;

pub(crate) const FRAMEWORK: Framework =
    Framework { id: "near", title: "NEAR", chain: "account-serial", noun: "method", detect, contracts };

/// Impls whose functions are exported.
fn exporting(attrs: &[Attr]) -> bool {
    Attr::among(attrs, "near") || Attr::among(attrs, "near_bindgen")
}

fn depends(engine: &Engine<'_>, krate: CrateId) -> bool {
    let package = &engine.world.packages()[krate.0 as usize];
    package.deps.iter().any(|(dep, _)| dep == "near_sdk") || package.missing.iter().any(|dep| dep == "near_sdk")
}

fn detect(engine: &Engine<'_>, krate: CrateId) -> bool {
    let items = engine.world.krate(krate);
    depends(engine, krate)
        && items.items.iter().any(|item| match &item.kind {
            ItemKind::Impl(_) => exporting(&item.attrs),
            ItemKind::Fn(function) => function.owner.is_none() && Attr::unmangled(&item.attrs),
            _ => false,
        })
}

/// Generated handles of other contracts: `ext_ft::ext(id)`, `Self::ext(id)`, `Other::ext(id)`.
fn handle(path: &[Name]) -> Option<usize> {
    match path {
        [.., _, function] if function == "ext" => Some(0),
        [.., _, function] if function == "ext_self" => Some(OWN_ADDRESS),
        [.., _, function] if function == "ext_on" => Some(usize::MAX),
        // The type of a handle, where it is asked for.
        [.., ty, function] if function == "new" && ty.ends_with("Ext") && ty.len() > 3 => Some(0),
        _ => None,
    }
}

/// Before handles: `ext_ft::ft_transfer(args.., account, deposit, gas)`.
fn direct(path: &[Name], arguments: usize) -> Option<usize> {
    match path {
        [.., module, _] if module.starts_with("ext_") => arguments.checked_sub(3),
        _ => None,
    }
}

fn contracts(engine: &mut Engine<'_>, krate: CrateId) -> Vec<Contract> {
    engine.encoding = "near";
    engine.address_kind = "near";
    engine.ambient = true;
    // A call out is a receipt of its own, which runs after this call.
    engine.reentrant = false;
    engine.stand_ins = Some(handle);
    engine.stand_in_mode = "message";
    engine.remote_calls = Some(direct);
    if let Some(table) = engine.world.model_named("near_sdk") {
        let names = [Name::from("Promise")];
        if let Resolved::Item(id) = engine.world.resolve_names(ModId { krate: table, idx: 0 }, &names, Ns::Type) {
            engine.stand_in_result = Ty::Adt(id, Rc::from([]));
        }
    }
    let root = engine.root_record("<state>");
    engine.root_key(root, b"STATE");
    let package = engine.world.packages()[krate.0 as usize].clone();
    engine.index_impls();
    let mut roots: BTreeMap<ItemId, Vec<Rc<ImplInfo>>> = BTreeMap::new();
    let mut impls: Vec<Rc<ImplInfo>> =
        engine.impls.impls.iter().filter(|info| info.item.krate == krate).cloned().collect();
    impls.sort_by_key(|info| info.item.idx);
    for info in impls {
        if let (Ty::Adt(id, _), true) = (&info.self_ty, exporting(&engine.item(info.item).attrs)) {
            roots.entry(*id).or_default().push(info);
        }
    }
    let only = match roots.keys().collect::<Vec<_>>().as_slice() {
        [id] => Some(engine.item_ty_with(**id, Vec::new(), 0)),
        _ => None,
    };
    let mut exports: Vec<(String, Vec<Entry>)> = Vec::new();
    let several = roots.len() > 1;
    let mut again = Vec::new();
    for (id, impls) in roots {
        let ty = engine.item_ty_with(id, Vec::new(), 0);
        let mut entries: Vec<Entry> = Vec::new();
        for info in impls {
            let block = engine.item(info.item);
            let ItemKind::Impl(written) = &block.kind else { continue };
            let Some(env) = engine.impl_env(&info, &ty) else { continue };
            for &idx in &written.items {
                let item = ItemId { krate, idx };
                let function = engine.item(item);
                if matches!(function.kind, ItemKind::Fn(_)) && (info.is_trait || function.public) {
                    let entry = entry_of(engine, item, &env, Some(&ty), root);
                    if !entries.iter().any(|known| known.name == entry.name) {
                        if engine.missed_homes() {
                            again.push((exports.len(), entries.len(), item, env.clone(), ty.clone()));
                        }
                        entries.push(entry);
                    }
                }
            }
        }
        let name = match several {
            true => format!("{}::{}", package.name, engine.item(id).name),
            false => package.name.clone(),
        };
        exports.push((name, entries));
    }
    let raw = raw_exports(engine, krate, only.as_ref(), root);
    // What any of them keeps is known now.
    engine.use_homes();
    for (export, at, item, env, ty) in again {
        exports[export].1[at] = entry_of(engine, item, &env, Some(&ty), root);
    }
    match exports.as_mut_slice() {
        [(_, entries)] => {
            let new: Vec<Entry> =
                raw.into_iter().filter(|raw| entries.iter().all(|known| known.name != raw.name)).collect();
            entries.extend(new);
        }
        _ if raw.is_empty() => {}
        _ => exports.push((package.name.clone(), raw)),
    }
    engine.assumes.insert("distinct-prefixes".to_owned());
    let contract = |engine: &Engine<'_>, (name, entries): (String, Vec<Entry>)| {
        FRAMEWORK.contract(engine, krate, name, engine.contract_cells(), entries)
    };
    exports.into_iter().map(|found| contract(engine, found)).collect()
}

/// Functions exported without the macros.
fn raw_exports(engine: &mut Engine<'_>, krate: CrateId, state: Option<&Ty>, root: CellId) -> Vec<Entry> {
    let items = engine.world.krate(krate);
    let found: Vec<ItemId> = items
        .items
        .iter()
        .enumerate()
        .filter(|(_, item)| {
            matches!(&item.kind, ItemKind::Fn(function) if function.owner.is_none()) && Attr::unmangled(&item.attrs)
        })
        .map(|(idx, _)| ItemId { krate, idx: idx as u32 })
        .collect();
    drop(items);
    found
        .into_iter()
        .map(|item| {
            let env = TyEnv::root(ModId { krate, idx: engine.item(item).module });
            entry_of(engine, item, &env, state, root)
        })
        .collect()
}

/// Names of parameters that hold results of promises: they are no arguments of the caller.
fn callback_params(engine: &Engine<'_>, item: ItemId, function: &Function) -> Vec<bool> {
    let span = engine.item(item).span;
    let source = engine.world.source(span).map(|(text, _)| text);
    let text = source.as_deref().and_then(|text| text.get(span.lo as usize..span.hi as usize)).unwrap_or("");
    // The attribute stands before the parameter's name; nothing but other attributes and `mut` between them.
    let mut marked: Vec<String> = Vec::new();
    for (at, _) in text.match_indices("#[callback") {
        let mut rest = text[at..].split_once(']').map_or("", |(_, rest)| rest).trim_start();
        while let Some(inner) = rest.strip_prefix("#[") {
            rest = inner.split_once(']').map_or("", |(_, rest)| rest).trim_start();
        }
        let rest = rest.strip_prefix("mut ").unwrap_or(rest).trim_start();
        marked.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
    }
    function.params.iter().map(|(name, _)| name.as_ref().is_some_and(|name| marked.iter().any(|m| name == m))).collect()
}

/// True when a function makes the state: `#[init]`, which returns it.
fn returns_self(ret: &TypeRef, own: Option<&str>) -> bool {
    match ret {
        TypeRef::Path(path) => path.segments.last().is_some_and(|last| {
            last.name == "Self"
                || own.is_some_and(|own| last.name == own)
                || last.name == "Result" && last.args.first().is_some_and(|inner| returns_self(inner, own))
        }),
        _ => false,
    }
}

fn entry_of(engine: &mut Engine<'_>, item: ItemId, env: &TyEnv, ty: Option<&Ty>, root: CellId) -> Entry {
    let info = engine.item(item);
    let mut args = Vec::new();
    let mut params = Vec::new();
    let mut receiver = None;
    let mut callback = false;
    let mut init = Attr::among(&info.attrs, "init");
    let ignores = info.attrs.iter().any(|attr| attr.name() == "init" && attr.tokens.contains("ignore_state"));
    let private = Attr::among(&info.attrs, "private");
    // Code without the macros takes what it is given.
    let paid = Attr::among(&info.attrs, "payable") || Attr::unmangled(&info.attrs);
    if let ItemKind::Fn(function) = &info.kind {
        receiver = function.receiver;
        let own =
            ty.and_then(|ty| if let Ty::Adt(id, _) = ty { Some(engine.item(*id).name.to_string()) } else { None });
        init = init && returns_self(&function.ret, own.as_deref());
        let results = callback_params(engine, item, function);
        for (at, (param, written)) in function.params.clone().iter().enumerate() {
            let ty = engine.lower_ty(written, env);
            if results[at] {
                callback = true;
                args.push(crate::effects::Value::any(ty));
                continue;
            }
            let (param, arg) = engine.parameter(at, param.as_deref().map(unmarked), ty);
            params.push(param);
            args.push(arg);
        }
    }
    let module = ModId { krate: item.krate, idx: info.module };
    let spec =
        EntrySpec { item, recv: None, args, env: Some(TyEnv { module, ..env.clone() }), assumptions: Vec::new(), paid };
    engine.root_type(ty.cloned());
    let mutable = receiver == Some(Receiver::RefMut);
    let rooting = match (ty, receiver) {
        (Some(ty), None) if init => Rooting::Built { ty: ty.clone() },
        (Some(ty), Some(_)) => Rooting::Receiver { ty: ty.clone(), mutable },
        _ => Rooting::None,
    };
    let mut found = engine.run_rooted(&spec, &rooting);
    let mut accesses = std::mem::take(&mut found.accesses);
    // Code that reads or writes the key itself.
    let mut raw = false;
    for access in accesses.iter_mut().filter(|access| access.cell == root) {
        access.implicit = true;
        raw = true;
    }
    let mode = match (init, receiver) {
        (true, _) => Some(RootMode::Built),
        (_, Some(Receiver::RefMut)) => Some(RootMode::Saved),
        (_, Some(_)) => Some(RootMode::Loaded),
        (_, None) => None,
    };
    if let Some(mode) = mode {
        let mut touched = engine.root_access(root, &accesses, mode, found.unknowns.is_empty());
        // An initialiser looks whether there is a state, unless told not to.
        if init && (!ignores || raw) {
            touched.mode = Mode::Update;
        }
        accesses.retain(|access| access.cell != root);
        accesses.push(touched);
    }
    accesses.sort();
    let kind = match (init, ignores) {
        (true, true) => EntryKind::Migrate,
        (true, false) => EntryKind::Init,
        _ if callback => EntryKind::Callback,
        _ if mutable || Attr::unmangled(&info.attrs) => EntryKind::Call,
        _ => EntryKind::View,
    };
    if private {
        (found.callers, found.callers_span) = (Callers::Address("self".to_owned()), info.name_span);
    }
    found.accesses = accesses;
    found.into_entry(info.name.to_string(), kind, params, info.name_span)
}
