//! Runtimes: a crate that puts pallets together and configures them. `construct_runtime!` (a table's row) and
//! `#[frame_support::runtime]` leave an alias for each pallet, `type Balances = pallet_balances::Pallet<Runtime>`, and
//! `impl pallet_assets::Config for Runtime { type Currency = Balances; }` says what the pallets are configured with. Here the
//! configuration is a type at hand, so a call through `T::Currency` leads to the code that the runtime names.

use super::{FRAMEWORK, display_name, entry_of, has, module_path, pallets};
use crate::effects::Engine;
use crate::effects::ty::Ty;
use crate::ir::hir::{CrateId, Item, ItemId, ItemKind, ModId};
use crate::ir::{Cell, Contract, Entry};
use std::collections::BTreeMap;

/// True for the impl with which every runtime begins: `impl frame_system::Config for Runtime`.
pub(super) fn configures(item: &Item) -> bool {
    let ItemKind::Impl(block) = &item.kind else { return false };
    let Some(path) = &block.of_trait else { return false };
    let mut names = path.segments.iter().rev().map(|segment| segment.name.as_str());
    names.next() == Some("Config") && names.next() == Some("frame_system")
}

/// The pallets that a crate puts together: names in the runtime, and the types.
fn parts(engine: &mut Engine<'_>, krate: CrateId) -> Vec<(String, ItemId, Ty)> {
    let items = engine.world.krate(krate);
    let mut found: Vec<(String, ItemId, Ty)> = Vec::new();
    // Of the aliases, those of modules: what an impl calls so is an associated type.
    for &idx in items.modules.iter().flat_map(|module| &module.items) {
        let item = &items.items[idx as usize];
        if !matches!(item.kind, ItemKind::TypeAlias(_)) || has(&item.attrs, "pallet::storage") {
            continue;
        }
        let ty = engine.item_ty_with(ItemId { krate, idx }, Vec::new(), 0);
        let Ty::Adt(id, args) = &ty else { continue };
        let own = matches!(args.first(), Some(Ty::Adt(runtime, _)) if runtime.krate == krate);
        let known = found.iter().any(|(name, _, _)| *name == item.name.as_str());
        if own && !known && has(&engine.item(*id).attrs, "pallet::pallet") {
            found.push((item.name.to_string(), *id, ty.clone()));
        }
    }
    found
}

/// The runtime of a crate as one contract: entry points and cells behind the names of their pallets.
pub(super) fn contract(engine: &mut Engine<'_>, krate: CrateId) -> Option<Contract> {
    if !engine.world.krate(krate).items.iter().any(configures) {
        return None;
    }
    let parts = parts(engine, krate);
    if parts.is_empty() {
        return None;
    }
    engine.surround(Vec::new(), Vec::new());
    let mut entries: Vec<Entry> = Vec::new();
    let mut names: BTreeMap<String, Option<String>> = BTreeMap::new();
    for (name, id, ty) in &parts {
        let module = module_path(engine, ModId { krate: id.krate, idx: engine.item(*id).module });
        // Instances of one pallet share its module: their cells are told by the pallet's own name.
        names.entry(module).and_modify(|known| *known = None).or_insert_with(|| Some(name.clone()));
        let Some(pallet) = pallets(engine, id.krate, Some(ty)).into_iter().next() else { continue };
        engine.listeners.clone_from(&pallet.listeners);
        for entry in &pallet.entries {
            let mut entry = entry_of(engine, entry);
            entry.name = format!("{name}::{}", entry.name);
            if !entries.iter().any(|known| known.name == entry.name) {
                entries.push(entry);
            }
        }
    }
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
