//! Which functions a handler may run, by name: a path is followed where it resolves, a method reaches every function of
//! its name, code that no call names (conversions, destructors, operators) is always taken to run. More than what runs,
//! never less among the crate's own code.

use crate::effects::Engine;
use crate::ir::Span;
use crate::ir::hir::{Crate, Expr, ExprId, ItemId, ItemKind, ModId, Name, TypeRef};
use crate::source::{Ns, Resolved};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What a handler may run.
pub(super) struct Reached {
    krate: Rc<Crate>,
    /// The handler first, then in the order in which they are found.
    pub(super) order: Vec<ItemId>,
    /// Functions of blocks, by name.
    pub(super) by_name: BTreeMap<Name, Vec<ItemId>>,
    /// Those of them that some call names.
    named: Vec<ItemId>,
    /// What a called path means, by function and expression.
    pub(super) calls: BTreeMap<(ItemId, ExprId), Vec<ItemId>>,
    /// Names of the crate's own structs.
    pub(super) structs: BTreeSet<Name>,
    /// Part of the crate could not be read.
    pub(super) blind: bool,
}

/// The place in what a handler may run that takes accounts nobody declared.
pub(super) fn remaining_accounts(engine: &Engine<'_>, reached: &Reached) -> Option<Span> {
    for &id in &reached.named {
        let Some(body) = engine.world.body(id) else { continue };
        let found = body.exprs.iter().find(|(expr, _)| match expr {
            Expr::Field(_, name) | Expr::MethodCall(_, name, ..) => name == "remaining_accounts",
            _ => false,
        });
        if let Some((_, span)) = found {
            return Some(*span);
        }
    }
    None
}

/// What a handler may run; `context` is the name of its struct of accounts.
pub(super) fn reach(engine: &Engine<'_>, handler: ItemId, context: &str) -> Reached {
    let krate = engine.world.krate(handler.krate);
    let mut all: BTreeMap<Name, Vec<ItemId>> = BTreeMap::new();
    let mut reached = Reached {
        krate: krate.clone(),
        order: vec![handler],
        by_name: BTreeMap::new(),
        named: Vec::new(),
        calls: BTreeMap::new(),
        structs: BTreeSet::new(),
        blind: krate.modules.iter().any(|module| !module.complete),
    };
    let mut implied = Vec::new();
    for (idx, item) in krate.items.iter().enumerate() {
        let id = ItemId { krate: handler.krate, idx: idx as u32 };
        match &item.kind {
            ItemKind::Fn(function) => {
                all.entry(item.name.clone()).or_default().push(id);
                if function.owner.is_some() {
                    reached.by_name.entry(item.name.clone()).or_default().push(id);
                }
                let block = function.owner.and_then(|at| krate.items.get(at as usize)).map(|block| &block.kind);
                if matches!(block, Some(ItemKind::Impl(block)) if block.of_trait.is_some()) {
                    implied.push(id);
                }
            }
            ItemKind::Struct(_) => {
                reached.structs.insert(item.name.clone());
            }
            ItemKind::MacroCall(call) if !call.path.is_empty() => reached.blind = true,
            _ => {}
        }
    }
    let mut seen = BTreeSet::from([handler]);
    let mut at = 0;
    loop {
        let Some(&id) = reached.order.get(at) else {
            // What no call names comes last.
            if reached.named.is_empty() {
                reached.named.clone_from(&reached.order);
            }
            let before = reached.order.len();
            reached.order.extend(implied.drain(..).filter(|id| seen.insert(*id)));
            if reached.order.len() == before {
                return reached;
            }
            continue;
        };
        at += 1;
        let Some(body) = engine.world.body(id) else { continue };
        let scope = body.module.unwrap_or(ModId { krate: id.krate, idx: engine.item(id).module });
        for (place, (expr, _)) in body.exprs.iter().enumerate() {
            let next: Vec<ItemId> = match expr {
                Expr::Path(path) => {
                    let last = path.segments.last().map(|segment| segment.name.clone()).unwrap_or_default();
                    let named = || all.get(&last).cloned().unwrap_or_default();
                    let found = match engine.world.resolve(scope, path, Ns::Value) {
                        Resolved::Item(found) => vec![found],
                        Resolved::Partial(owner, _) => {
                            let owner = engine.item(owner).name.clone();
                            named().into_iter().filter(|id| reached.may_own(*id, &owner)).collect()
                        }
                        Resolved::Variant(..) | Resolved::External(_) => Vec::new(),
                        _ => named(),
                    };
                    let ours =
                        |id: &ItemId| id.krate == handler.krate && matches!(engine.item(*id).kind, ItemKind::Fn(_));
                    let found: Vec<ItemId> = found.into_iter().filter(ours).collect();
                    reached.calls.insert((id, ExprId(place as u32)), found.clone());
                    found
                }
                Expr::MethodCall(recv, name, ..) => {
                    let accounts = matches!(body.expr(*recv), Expr::Field(_, field) if field == "accounts");
                    reached.methods(name, context, accounts)
                }
                _ => continue,
            };
            reached.order.extend(next.into_iter().filter(|found| seen.insert(*found)));
        }
    }
}

impl Reached {
    /// Functions that a method call may mean; on the accounts struct itself only its own, where it has one.
    pub(super) fn methods(&self, name: &Name, context: &str, on_accounts: bool) -> Vec<ItemId> {
        let all = self.by_name.get(name).cloned().unwrap_or_default();
        let own: Vec<ItemId> =
            all.iter().copied().filter(|id| self.owner_name(*id).is_some_and(|owner| owner == context)).collect();
        if on_accounts && !own.is_empty() { own } else { all }
    }

    /// Name of the type in whose block a function stands.
    pub(super) fn owner_name(&self, id: ItemId) -> Option<Name> {
        match self.block(id) {
            Some(ItemKind::Impl(block)) => match &block.self_ty {
                TypeRef::Path(path) => path.segments.last().map(|segment| segment.name.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    fn block(&self, id: ItemId) -> Option<&ItemKind> {
        let ItemKind::Fn(function) = &self.krate.items.get(id.idx as usize)?.kind else { return None };
        Some(&self.krate.items.get(function.owner? as usize)?.kind)
    }

    /// True unless the function stands in no block, or in one of another type.
    fn may_own(&self, id: ItemId, name: &Name) -> bool {
        match self.block(id) {
            Some(ItemKind::Impl(block)) => {
                block.of_trait.is_some() || self.owner_name(id).is_none_or(|owner| owner == *name)
            }
            Some(_) => true,
            None => false,
        }
    }
}
