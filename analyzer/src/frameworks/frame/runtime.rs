//! Runtimes: a crate that puts pallets together and configures them. `construct_runtime!` (a table's row) and
//! `#[frame_support::runtime]` leave an alias for each pallet, `type Balances = pallet_balances::Pallet<Runtime>`, and
//! `impl pallet_assets::Config for Runtime { type Currency = Balances; }` says what the pallets are configured with. Here the
//! configuration is a type at hand, so a call through `T::Currency` leads to the code that the runtime names.

use super::{FRAMEWORK, display_name, distinct, entry_of, has, module_path, not_seen, pallets};
use crate::effects::Engine;
use crate::effects::ty::{Ty, TyEnv};
use crate::ir::hir::{CrateId, Item, ItemId, ItemKind, ModId, TypeRef};
use crate::ir::{Cell, Contract, Entry, Span};
use std::collections::BTreeMap;

/// A pallet by its name in the runtime: its struct, its type there, and where the name stands.
type Part = (String, ItemId, Ty, Span);

/// True for the impl with which every runtime begins: `impl frame_system::Config for Runtime`.
pub(super) fn configures(item: &Item) -> bool {
    let ItemKind::Impl(block) = &item.kind else { return false };
    let Some(path) = &block.of_trait else { return false };
    let mut names = path.segments.iter().rev().map(|segment| segment.name.as_str());
    names.next() == Some("Config") && names.next() == Some("frame_system")
}

/// The pallets that a crate puts together: names in the runtime, and the types; and the names of those that are not there.
fn parts(engine: &mut Engine<'_>, krate: CrateId) -> (Vec<Part>, Vec<(String, Span)>) {
    let items = engine.world.krate(krate);
    let mut found: Vec<Part> = Vec::new();
    let mut lost: Vec<(String, Span)> = Vec::new();
    // Of the aliases, those of modules: what an impl calls so is an associated type.
    for &idx in items.modules.iter().flat_map(|module| &module.items) {
        let item = &items.items[idx as usize];
        let ItemKind::TypeAlias(alias) = &item.kind else { continue };
        if has(&item.attrs, "pallet::storage") {
            continue;
        }
        let of_runtime = |arg: Option<&Ty>| matches!(arg, Some(Ty::Adt(runtime, _)) if runtime.krate == krate);
        let ty = engine.item_ty_with(ItemId { krate, idx }, Vec::new(), 0);
        let name = item.name.to_string();
        let known = found.iter().any(|(known, ..)| *known == name);
        match &ty {
            Ty::Adt(id, args) if has(&engine.item(*id).attrs, "pallet::pallet") => {
                if of_runtime(args.first()) && !known {
                    found.push((name, *id, ty.clone(), item.name_span));
                }
            }
            _ => {
                // What is called a pallet of this runtime and is none that can be read.
                let Some(TypeRef::Path(path)) = &alias.ty else { continue };
                let Some(last) = path.segments.last().filter(|last| last.name == "Pallet") else { continue };
                let env = TyEnv::root(ModId { krate, idx: item.module });
                let arg = last.args.first().map(|arg| engine.lower_ty(arg, &env));
                if of_runtime(arg.as_ref()) {
                    lost.push((name, item.name_span));
                }
            }
        }
    }
    (found, lost)
}

/// The runtime of a crate as one contract: entry points and cells behind the names of their pallets.
pub(super) fn contract(engine: &mut Engine<'_>, krate: CrateId) -> Option<Contract> {
    if !engine.world.krate(krate).items.iter().any(configures) {
        return None;
    }
    let (parts, mut lost) = parts(engine, krate);
    if parts.is_empty() && lost.is_empty() {
        return None;
    }
    engine.surround(Vec::new(), Vec::new());
    let mut entries: Vec<Entry> = Vec::new();
    let mut names: BTreeMap<String, Option<String>> = BTreeMap::new();
    for (name, id, ty, span) in &parts {
        let module = module_path(engine, ModId { krate: id.krate, idx: engine.item(*id).module });
        // Instances of one pallet share its module: their cells are told by the pallet's own name.
        names.entry(module).and_modify(|known| *known = None).or_insert_with(|| Some(name.clone()));
        let Some(pallet) = pallets(engine, id.krate, Some(ty)).into_iter().next() else {
            lost.push((name.clone(), *span));
            continue;
        };
        engine.listeners.clone_from(&pallet.listeners);
        for entry in &pallet.entries {
            let mut entry = entry_of(engine, entry);
            entry.name = distinct(&entries, format!("{name}::{}", entry.name));
            entries.push(entry);
        }
    }
    entries.extend(
        lost.into_iter().map(|(name, span)| {
            not_seen(format!("{name}::*"), format!("calls and hooks of the pallet `{name}`"), span)
        }),
    );
    let package = engine.world.packages()[krate.0 as usize].name.clone();
    let cells = named(engine.contract_cells(), &names);
    Some(FRAMEWORK.contract(engine, krate, package, cells, entries))
}

/// Cells behind the name that the runtime gives their pallet.
fn named(mut cells: Vec<Cell>, names: &BTreeMap<String, Option<String>>) -> Vec<Cell> {
    for cell in &mut cells {
        let Some(prefix) = cell.storage.prefix.clone() else { continue };
        let text = String::from_utf8_lossy(&prefix).into_owned();
        let Some((item, module)) = text.split_once('@') else { continue };
        let pallet = names.get(module).cloned().flatten().unwrap_or_else(|| display_name(module));
        cell.name = format!("{pallet}::{item}");
        cell.storage.prefix = Some(cell.name.clone().into_bytes());
    }
    cells
}
