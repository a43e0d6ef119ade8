//! Which functions a handler may run, by name: a path is followed where it resolves, a method reaches every function of
//! its name. More than what runs, never less among the crate's own code.

use crate::effects::Engine;
use crate::ir::Span;
use crate::ir::hir::{Crate, Expr, ItemId, ItemKind, ModId, Name, TypeRef};
use crate::source::{Ns, Resolved};
use std::collections::{BTreeMap, BTreeSet};

/// The place in what a handler may run that takes accounts nobody declared.
pub(super) fn remaining_accounts(engine: &Engine<'_>, handler: ItemId) -> Option<Span> {
    for id in reached(engine, handler) {
        let Some(body) = engine.world.body(id) else { continue };
        let found = body.exprs.iter().find(|(expr, _)| match expr {
            Expr::Field(_, name) => name == "remaining_accounts",
            Expr::MethodCall(_, name, ..) => name == "remaining_accounts",
            _ => false,
        });
        if let Some((_, span)) = found {
            return Some(*span);
        }
    }
    None
}

/// The handler and all functions of its crate that it may run, in the order in which they are found.
pub(super) fn reached(engine: &Engine<'_>, handler: ItemId) -> Vec<ItemId> {
    let krate = engine.world.krate(handler.krate);
    let mut by_name: BTreeMap<Name, Vec<ItemId>> = BTreeMap::new();
    for (idx, item) in krate.items.iter().enumerate() {
        if matches!(item.kind, ItemKind::Fn(_)) {
            let id = ItemId { krate: handler.krate, idx: idx as u32 };
            by_name.entry(item.name.clone()).or_default().push(id);
        }
    }
    let mut seen = BTreeSet::from([handler]);
    let mut order = vec![handler];
    let mut at = 0;
    while let Some(&id) = order.get(at) {
        at += 1;
        let Some(body) = engine.world.body(id) else { continue };
        let scope = body.module.unwrap_or(ModId { krate: id.krate, idx: engine.item(id).module });
        for (expr, _) in &body.exprs {
            let next: Vec<ItemId> = match expr {
                Expr::Path(path) => match engine.world.resolve(scope, path, Ns::Value) {
                    Resolved::Item(found) => vec![found],
                    Resolved::Partial(owner, _) => {
                        let Some(last) = path.segments.last() else { continue };
                        let owner = engine.item(owner).name.clone();
                        let all = by_name.get(&last.name).cloned().unwrap_or_default();
                        all.into_iter().filter(|id| may_own(&krate, *id, &owner)).collect()
                    }
                    Resolved::Variant(..) | Resolved::External(_) => continue,
                    _ => match path.segments.last() {
                        Some(last) => by_name.get(&last.name).cloned().unwrap_or_default(),
                        None => continue,
                    },
                },
                // Only functions of a block are called as methods.
                Expr::MethodCall(_, name, ..) => {
                    let all = by_name.get(name).cloned().unwrap_or_default();
                    all.into_iter().filter(|id| owner(&krate, *id).is_some()).collect()
                }
                _ => continue,
            };
            for found in next {
                let function = found.krate == handler.krate && matches!(engine.item(found).kind, ItemKind::Fn(_));
                if function && seen.insert(found) {
                    order.push(found);
                }
            }
        }
    }
    order
}

fn owner(krate: &Crate, id: ItemId) -> Option<u32> {
    match krate.items.get(id.idx as usize).map(|item| &item.kind) {
        Some(ItemKind::Fn(function)) => function.owner,
        _ => None,
    }
}

/// True unless the function stands in a block of another type.
fn may_own(krate: &Crate, id: ItemId, name: &Name) -> bool {
    let Some(block) = owner(krate, id).and_then(|at| krate.items.get(at as usize)) else { return false };
    match &block.kind {
        ItemKind::Impl(block) => match &block.self_ty {
            TypeRef::Path(path) => {
                path.segments.last().is_none_or(|segment| segment.name == *name) || block.of_trait.is_some()
            }
            _ => true,
        },
        _ => true,
    }
}
