//! What a framework's file asks of the engine when its entry points are plain functions: the items of a crate, an entry
//! point from a function, a contract from entry points. This is all that a framework outside of this crate can use
//! ([`crate::Options::frameworks`]); files beside this one reach for the rest of the engine where their framework needs it.

use super::{Framework, unmarked};
use crate::effects::ty::{Ty, TyEnv};
use crate::effects::{Engine, EntrySpec, Value};
use crate::ir::hir::{CrateId, Item, ItemId, ItemKind, ModId};
use crate::ir::{Cell, Contract, Entry, EntryKind, Reach, Unknown, UnknownReason};
use crate::source::Package;

/// What holds for all contracts of a framework, besides its tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// How keys become bytes, a word for manifests (`storage.encoding`).
    pub encoding: &'static str,
    /// How an address is written, a word for manifests (`address(bech32)`).
    pub address_kind: &'static str,
    /// Any code that can name the framework may touch state. When false, only code that is given a value of a type which
    /// the tables list under `capability` can.
    pub ambient: bool,
    /// Crates of the framework that need a table. Where one is not among the models, every entry point has an unknown that
    /// says so.
    pub tables: &'static [&'static str],
    /// A call to another contract may come back before it returns.
    pub reentrant: bool,
    /// Attributes, by path as written, that leave the functions they stand on as they are written. Any other that nobody
    /// knows may add code, so it is an unknown.
    pub harmless: &'static [&'static str],
}

impl Engine<'_> {
    /// Says what holds for all contracts of the framework; before the first [`Engine::entry`].
    pub fn facts(&mut self, facts: Facts) {
        self.encoding = facts.encoding;
        self.address_kind = facts.address_kind;
        self.ambient = facts.ambient;
        self.undescribed = facts.tables.iter().copied().find(|name| self.world.model_named(name).is_none());
        self.reentrant = facts.reentrant;
        self.harmless_attributes.extend(facts.harmless.iter().map(|path| (*path).to_owned()));
    }

    /// The package of a crate.
    pub fn package(&self, krate: CrateId) -> &Package {
        &self.world.packages()[krate.0 as usize]
    }

    /// The items of a crate that `wanted` holds for, in source order: their modules', and those of impls and traits.
    pub fn items(&self, krate: CrateId, wanted: impl Fn(&Item) -> bool) -> Vec<ItemId> {
        let items = &self.world.krate(krate).items;
        let found = (0..).zip(items).filter(|(_, item)| wanted(item));
        found.map(|(idx, _)| ItemId { krate, idx }).collect()
    }

    /// An item as it is written.
    pub fn written(&self, id: ItemId) -> Item {
        (*self.item(id)).clone()
    }

    /// Runs a function as an entry point. A parameter whose type has a `[[param]]` row is what the row says, every other
    /// one is an argument of the call. The function may be free or stand in an impl; a receiver is a value nobody knows.
    pub fn entry(&mut self, item: ItemId, name: String, kind: EntryKind) -> Entry {
        let env = self.surroundings(item);
        self.entry_in(item, name, kind, &env)
    }

    /// [`Engine::entry`] for a function whose surroundings are known.
    pub(crate) fn entry_in(&mut self, item: ItemId, name: String, kind: EntryKind, env: &TyEnv) -> Entry {
        let info = self.item(item);
        let mut args = Vec::new();
        let mut params = Vec::new();
        if let ItemKind::Fn(function) = &info.kind {
            for (at, (param, ty)) in function.params.iter().enumerate() {
                let ty = self.lower_ty(ty, env);
                if let Some(row) = self.parameter_row(&ty) {
                    args.push(row);
                    continue;
                }
                let (param, arg) = self.parameter(at, param.as_deref().map(unmarked), ty);
                params.push(param);
                args.push(arg);
            }
        }
        let receives = matches!(&info.kind, ItemKind::Fn(function) if function.receiver.is_some());
        let recv = receives.then(|| Value::any(env.self_ty.clone().unwrap_or(Ty::Unknown)));
        let module = ModId { krate: item.krate, idx: info.module };
        let spec = EntrySpec {
            item,
            recv,
            args,
            env: Some(TyEnv { module, ..env.clone() }),
            assumptions: Vec::new(),
            paid: false,
        };
        let mut found = self.run(&spec);
        for param in &mut params {
            param.auth = found.auths.contains(&param.name);
        }
        found.unknowns.extend(self.undescribed.map(|name| Unknown {
            reason: UnknownReason::MissingDependency,
            what: format!("no table says what `{name}` does"),
            reach: Reach::Contract,
            span: info.name_span,
            via: Vec::new(),
        }));
        found.into_entry(name, kind, params, info.name_span)
    }

    /// What names mean around a function: in its module, or in the impl it stands in.
    fn surroundings(&mut self, item: ItemId) -> TyEnv {
        let info = self.item(item);
        let root = TyEnv::root(ModId { krate: item.krate, idx: info.module });
        let ItemKind::Fn(function) = &info.kind else { return root };
        let Some(owner) = function.owner else { return root };
        self.index_impls();
        let block = ItemId { krate: item.krate, idx: owner };
        let Some(of) = self.impls.impls.iter().find(|known| known.item == block).cloned() else { return root };
        let ty = of.self_ty.clone();
        self.impl_env(&of, &ty).unwrap_or(root)
    }
}

impl Framework {
    /// The contract of a crate: what the engine found while its entry points ran.
    pub fn contract_of(&self, engine: &Engine<'_>, krate: CrateId, entries: Vec<Entry>) -> Contract {
        let cells: Vec<Cell> = engine.contract_cells();
        self.contract(engine, krate, engine.package(krate).name.clone(), cells, entries)
    }
}
