//! Substrate FRAME. A pallet is a module with a struct marked `#[pallet::pallet]`; its entry points are the functions of
//! impls of that struct marked `#[pallet::call]`, tasks (`#[pallet::tasks_experimental]`), the hooks a block runs, what is validated before a call is let in, and
//! view functions. Storage items are type aliases; their names and the accesses of every method come from the tables.
//! The pallet is generic over its configuration: a call through `T::X` leaves it. Genesis and tests are no entry points.
//! Source: polkadot-sdk `substrate/frame/support/procedural/src/pallet`.

mod runtime;

use super::{Framework, distinct, not_seen, unmarked};
use crate::effects::ty::{ImplInfo, Ty, TyEnv};
use crate::effects::{Engine, EntrySpec, Value};
use crate::ir::hir::{Attr, CrateId, Impl, Item, ItemId, ItemKind, ModId, Name};
use crate::ir::{Contract, Entry, EntryKind};
use std::collections::BTreeMap;
use std::rc::Rc;

pub(crate) const FRAMEWORK: Framework =
    Framework { id: "frame", title: "FRAME", chain: "keyed", noun: "dispatchable", detect, contracts };

/// Attributes of impls whose functions users call or look at.
const ENTRIES: &[&str] = &[
    "pallet::call",
    "pallet::tasks",
    "pallet::tasks_experimental",
    "pallet::view_functions",
    "pallet::view_functions_experimental",
];

/// What blocks and pools run by themselves, by the attribute of the impl.
const BY_THEMSELVES: &[(&str, &[(&str, EntryKind)])] = &[
    (
        "pallet::hooks",
        &[
            ("on_initialize", EntryKind::System),
            ("on_poll", EntryKind::System),
            ("on_idle", EntryKind::System),
            ("on_finalize", EntryKind::System),
            ("on_runtime_upgrade", EntryKind::Migrate),
            ("offchain_worker", EntryKind::System),
        ],
    ),
    ("pallet::validate_unsigned", &[("validate_unsigned", EntryKind::System), ("pre_dispatch", EntryKind::System)]),
    ("pallet::inherent", &[("create_inherent", EntryKind::System), ("check_inherent", EntryKind::System)]),
];

/// True for an attribute of that path, whatever stands in front of it.
fn is(attr: &Attr, path: &str) -> bool {
    let written = attr.path.replace(' ', "");
    written == path || written.strip_suffix(path).is_some_and(|rest| rest.ends_with("::"))
}

fn has(attrs: &[Attr], path: &str) -> bool {
    attrs.iter().any(|attr| is(attr, path))
}

/// A pallet, and an impl with entry points: pallets of test runtimes have none, and what they are built on is not read.
fn detect(engine: &Engine<'_>, krate: CrateId) -> bool {
    let items = &engine.world.krate(krate).items;
    let entries = |item: &Item| {
        matches!(item.kind, ItemKind::Impl(_))
            && (ENTRIES.iter().any(|path| has(&item.attrs, path))
                || BY_THEMSELVES.iter().any(|(path, _)| has(&item.attrs, path)))
    };
    let pallet = items.iter().any(|item| has(&item.attrs, "pallet::pallet")) && items.iter().any(entries);
    pallet || items.iter().any(runtime::configures)
}

/// Code of another pallet that is not there: `pallet_x::Pallet::<T>::f`.
fn other_pallet(path: &[Name]) -> Option<String> {
    let at = path.iter().position(|name| name == "Pallet")?;
    let krate = path.first()?;
    (at > 0 && at + 1 < path.len()).then(|| display_name(krate))
}

/// An entry point before it is run.
struct Found {
    name: String,
    kind: EntryKind,
    item: ItemId,
    env: TyEnv,
    /// The first parameter says who calls.
    has_origin: bool,
}

/// A pallet of the crate: its struct, where it stands, its entry points.
struct Pallet {
    path: String,
    entries: Vec<Found>,
    /// What other pallets tell it.
    listeners: Vec<(ItemId, TyEnv)>,
}

fn contracts(engine: &mut Engine<'_>, krate: CrateId) -> Vec<Contract> {
    engine.encoding = "twox128";
    engine.address_kind = "ss58";
    engine.ambient = true;
    engine.foreign = Some(other_pallet);
    engine.priced = Some(|path| path.ends_with("::WeightInfo"));
    let package = engine.world.packages()[krate.0 as usize].clone();
    let assembled = runtime::contract(engine, krate);
    let pallets = pallets(engine, krate, None);
    let alone = pallets.len() == 1;
    let mut found = Vec::new();
    for pallet in pallets {
        let mut entries: Vec<Entry> = Vec::new();
        let mut outside: Vec<Name> = Vec::new();
        for entry in &pallet.entries {
            outside.extend(entry.env.generics.iter().map(|(name, _)| name.clone()));
        }
        outside.sort();
        outside.dedup();
        let first = pallet.entries.first().map(|entry| entry.env.clone());
        engine.surround(outside, Vec::new());
        let beside = first.map_or_else(Vec::new, |env| storage_types(engine, krate, &pallet.path, &env));
        let outside = engine.outside.clone();
        engine.surround(outside, beside);
        engine.listeners.clone_from(&pallet.listeners);
        for entry in &pallet.entries {
            let mut entry = entry_of(engine, entry);
            entry.name = distinct(&entries, entry.name);
            entries.push(entry);
        }
        if !entries.is_empty() {
            found.push((pallet.path, entries));
        }
    }
    // Cells are shared by all pallets of the crate: each names its own by the item alone.
    let build = |engine: &Engine<'_>, (path, entries): (String, Vec<Entry>)| {
        FRAMEWORK.contract(
            engine,
            krate,
            if alone { package.name.clone() } else { format!("{}::{}", package.name, module_name(&path)) },
            named_cells(engine, krate, &path),
            entries,
        )
    };
    found.into_iter().map(|found| build(engine, found)).chain(assembled).collect()
}

/// The module that tells a pallet from others of its crate: the innermost that is not called `pallet`.
fn module_name(path: &str) -> &str {
    path.rsplit("::").find(|name| *name != "pallet").unwrap_or(path)
}

/// How a runtime would call the pallet of a module: `pallet_asset_rate::pallet` is `AssetRate`.
fn display_name(path: &str) -> String {
    let name = module_name(path);
    let prefixes = ["cumulus_pallet_", "snowbridge_pallet_", "pallet_", "frame_"];
    let name = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    let mut text = String::new();
    for part in name.split('_') {
        let mut letters = part.chars();
        text.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        text.push_str(letters.as_str());
    }
    text
}

/// The cells as the pallet at `path` sees them: its own items by name, others behind the name of their pallet.
fn named_cells(engine: &Engine<'_>, krate: CrateId, path: &str) -> Vec<crate::ir::Cell> {
    let items = engine.world.krate(krate);
    let mut cells = engine.contract_cells();
    for cell in &mut cells {
        let Some(prefix) = cell.storage.prefix.clone() else { continue };
        let text = String::from_utf8_lossy(&prefix).into_owned();
        let Some((item, module)) = text.split_once('@') else { continue };
        let declared = item.strip_prefix("CounterFor").unwrap_or(item);
        let found = items.items.iter().find(|known| known.name == declared && has(&known.attrs, "pallet::storage"));
        if let Some(found) = found {
            cell.span = found.name_span;
        }
        cell.name = match module {
            "" => item.to_owned(),
            module if module == path => item.to_owned(),
            "Pallet" => item.to_owned(),
            module => format!("{}::{item}", display_name(module)),
        };
        cell.storage.prefix = Some(format!("{}::{item}", display_name(module)).into_bytes());
    }
    cells
}

/// The pallets of a crate; where a runtime is at hand, the one that it names, with its configuration.
fn pallets(engine: &mut Engine<'_>, krate: CrateId, assembled: Option<&Ty>) -> Vec<Pallet> {
    let items = engine.world.krate(krate);
    engine.index_impls();
    let mut impls: Vec<Rc<ImplInfo>> =
        engine.impls.impls.iter().filter(|info| info.item.krate == krate).cloned().collect();
    impls.sort_by_key(|info| info.item.idx);
    let mut found: BTreeMap<ItemId, Pallet> = BTreeMap::new();
    for (idx, item) in items.items.iter().enumerate() {
        let meant = assembled.is_none_or(|ty| matches!(ty, Ty::Adt(id, _) if *id == ItemId { krate, idx: idx as u32 }));
        if meant && has(&item.attrs, "pallet::pallet") {
            let path = module_path(engine, ModId { krate, idx: item.module });
            found
                .insert(ItemId { krate, idx: idx as u32 }, Pallet { path, entries: Vec::new(), listeners: Vec::new() });
        }
    }
    for info in impls {
        let block = engine.item(info.item);
        let ItemKind::Impl(written) = &block.kind else { continue };
        let Ty::Adt(of, _) = info.self_ty else { continue };
        if !found.contains_key(&of) {
            continue;
        }
        let call = has(&block.attrs, "pallet::call");
        let tasks = has(&block.attrs, "pallet::tasks_experimental") || has(&block.attrs, "pallet::tasks");
        let view =
            has(&block.attrs, "pallet::view_functions") || has(&block.attrs, "pallet::view_functions_experimental");
        let special = BY_THEMSELVES.iter().find(|(path, _)| has(&block.attrs, path)).map(|(_, list)| *list);
        let told = listens(&info);
        if !told && !call && !tasks && !view && special.is_none() {
            continue;
        }
        let env = match assembled {
            Some(ty) => engine.impl_env(&info, ty),
            None => Some(generic_env(engine, &info, written)),
        };
        let Some(env) = env else { continue };
        if told {
            let functions = written.items.iter().map(|&idx| ItemId { krate, idx });
            let functions: Vec<ItemId> = functions
                .filter(|id| matches!(&engine.item(*id).kind, ItemKind::Fn(code) if code.has_body && code.receiver.is_none()))
                .collect();
            if let Some(pallet) = found.get_mut(&of) {
                pallet.listeners.extend(functions.into_iter().map(|id| (id, env.clone())));
            }
            continue;
        }
        for &idx in &written.items {
            let item = ItemId { krate, idx };
            let function = engine.item(item);
            if !matches!(&function.kind, ItemKind::Fn(code) if code.has_body) {
                continue;
            }
            let kind = match special {
                Some(list) => match list.iter().find(|(name, _)| function.name == *name) {
                    Some((_, kind)) => *kind,
                    None => continue,
                },
                // Of an impl with tasks, those that have a number are.
                None if tasks && !has(&function.attrs, "pallet::task_index") => continue,
                None if view => EntryKind::View,
                None => EntryKind::Call,
            };
            let entry = Found { name: function.name.to_string(), kind, item, env: env.clone(), has_origin: call };
            if let Some(pallet) = found.get_mut(&of) {
                pallet.entries.push(entry);
            }
        }
    }
    found.into_values().collect()
}

/// The pallet's storage items as types: one of them may be what a runtime puts behind a configured map.
fn storage_types(engine: &mut Engine<'_>, krate: CrateId, path: &str, env: &TyEnv) -> Vec<Ty> {
    let items = engine.world.krate(krate);
    let mut found = Vec::new();
    for (idx, item) in items.items.iter().enumerate() {
        let ItemKind::TypeAlias(_) = &item.kind else { continue };
        if !has(&item.attrs, "pallet::storage") || module_path(engine, ModId { krate, idx: item.module }) != path {
            continue;
        }
        let args = env.generics.iter().map(|(_, ty)| ty.clone()).collect();
        found.push(engine.item_ty_with(ItemId { krate, idx: idx as u32 }, args, 0));
    }
    found
}

/// True for the impl of a trait through which other pallets tell what has happened: by custom its name begins with `On`.
fn listens(info: &ImplInfo) -> bool {
    let by_block =
        ["OnRuntimeUpgrade", "OnGenesis", "OnInitialize", "OnFinalize", "OnIdle", "OnPoll", "OnTimestampSet"];
    info.is_trait
        && info.trait_name.as_ref().is_some_and(|name| {
            let mut rest = name.strip_prefix("On").unwrap_or("").chars();
            rest.next().is_some_and(|first| first.is_ascii_uppercase()) && !by_block.contains(&name.as_str())
        })
}

/// Path of a module, the crate's name first.
fn module_path(engine: &Engine<'_>, id: ModId) -> String {
    let items = engine.world.krate(id.krate);
    let mut names = Vec::new();
    let mut at = Some(id.idx);
    while let Some(module) = at.and_then(|idx| items.modules.get(idx as usize)) {
        names.push(if module.parent.is_some() { module.name.to_string() } else { items.name.to_string() });
        at = module.parent;
    }
    names.reverse();
    names.join("::")
}

/// The impl's own names: its type parameters stand for the runtime's configuration.
fn generic_env(engine: &mut Engine<'_>, info: &ImplInfo, block: &Impl) -> TyEnv {
    let mut env = TyEnv::root(info.module);
    for param in &block.generics.params {
        let bounds = block.generics.bounds_of(&param.name);
        let traits = engine.bound_traits(&bounds, info.module);
        env.generics.push((param.name.clone(), Ty::Param(param.name.clone(), traits.into())));
    }
    let self_ty = engine.lower_ty(&block.self_ty, &env);
    env.self_ty = Some(self_ty);
    env
}

fn entry_of(engine: &mut Engine<'_>, found: &Found) -> Entry {
    let info = engine.item(found.item);
    let mut args = Vec::new();
    let mut params = Vec::new();
    if let ItemKind::Fn(function) = &info.kind {
        let written = function.params.clone();
        for (at, (param, ty)) in written.iter().enumerate() {
            let ty = engine.lower_ty(ty, &found.env);
            if at == 0 && found.has_origin {
                args.push(Value::any(ty));
                continue;
            }
            let (param, arg) = engine.parameter(at, param.as_deref().map(unmarked), ty);
            params.push(param);
            args.push(arg);
        }
    }
    let spec = EntrySpec {
        item: found.item,
        recv: None,
        args,
        env: Some(TyEnv { module: ModId { krate: found.item.krate, idx: info.module }, ..found.env.clone() }),
        assumptions: Vec::new(),
        paid: false,
    };
    engine.run(&spec).into_entry(found.name.clone(), found.kind, params, info.name_span)
}
