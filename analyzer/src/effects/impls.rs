//! The index of impls: which ones a type may have. Crates are indexed when they are loaded; what the index says of a
//! dependency stays for the next analysis.

use super::Engine;
use super::ty::{Head, ImplInfo, Memo, Ty, TyEnv, generic_names, head};
use crate::ir::hir::{CrateId, ItemId, ItemKind, ModId, Name, TypeRef};
use crate::source::{Ns, Resolved};
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// All impls of the crates loaded so far.
#[derive(Default)]
pub(crate) struct ImplIndex {
    pub(crate) impls: Vec<Rc<ImplInfo>>,
    by_head: FxHashMap<Head, Vec<u32>>,
    by_trait: FxHashMap<ItemId, Vec<u32>>,
    /// Functions with a receiver, by name: what an unresolved method call could mean.
    pub(crate) methods: FxHashMap<Name, Vec<ItemId>>,
    done: Vec<CrateId>,
    /// Modules of function bodies whose items are indexed.
    bodies: FxHashSet<ModId>,
    /// The index was looked into since this was last set to false.
    asked: bool,
}

/// What one crate adds to the index, in order.
#[derive(Default)]
struct CrateImpls {
    methods: Vec<(Name, ItemId)>,
    impls: Vec<(Rc<ImplInfo>, Vec<Head>)>,
}

impl ImplIndex {
    fn add_method(&mut self, name: Name, id: ItemId) {
        self.methods.entry(name).or_default().push(id);
    }

    fn add_impl(&mut self, info: Rc<ImplInfo>, heads: &[Head]) {
        let at = self.impls.len() as u32;
        for head in heads {
            self.by_head.entry(head.clone()).or_default().push(at);
        }
        if let Some(of_trait) = info.of_trait {
            self.by_trait.entry(of_trait).or_default().push(at);
        }
        self.impls.push(info);
    }
}

impl Engine<'_> {
    /// Indexes the impls of every crate loaded since the last call.
    pub(crate) fn index_impls(&mut self) {
        loop {
            self.impls.asked = true;
            let loaded = self.world.loaded();
            if loaded.len() == self.impls.done.len() {
                return;
            }
            let new: Vec<CrateId> = loaded.into_iter().filter(|id| !self.impls.done.contains(id)).collect();
            if new.is_empty() {
                return;
            }
            // What was looked up before may have other answers now.
            self.memo = Memo::default();
            for id in new {
                // A header of one of the others may have had it indexed already.
                if !self.impls.done.contains(&id) {
                    self.impls.done.push(id);
                    self.index_crate(id);
                }
            }
            // What was looked up while a crate was half indexed, for the header of one of its impls, is not all there is.
            self.memo = Memo::default();
        }
    }

    /// Indexes a crate. What types in headers mean may depend on how the engine is set up and on what is indexed already;
    /// it stays only where neither was asked for.
    fn index_crate(&mut self, krate: CrateId) {
        let plain = self.std_crate.is_some() && self.stand_ins.is_none() && self.outside.is_empty();
        if !plain {
            self.read_impls(krate);
            return;
        }
        let world = self.world;
        if let Some(known) = world.remembered::<CrateImpls>(krate) {
            for (name, id) in &known.methods {
                self.impls.add_method(name.clone(), *id);
            }
            for (info, heads) in &known.impls {
                self.impls.add_impl(info.clone(), heads);
            }
            return;
        }
        world.remember(krate, || {
            self.impls.asked = false;
            let found = self.read_impls(krate);
            (!self.impls.asked).then_some(found)
        });
    }

    fn read_impls(&mut self, krate: CrateId) -> CrateImpls {
        let mut found = CrateImpls::default();
        let count = self.world.krate(krate).items.len() as u32;
        for idx in 0..count {
            self.read_item(ItemId { krate, idx }, &mut found);
        }
        found
    }

    /// Indexes the items that stand inside the body of a function, when it first runs.
    pub(super) fn index_body(&mut self, module: ModId) {
        if !self.impls.bodies.insert(module) {
            return;
        }
        self.index_impls();
        let mut found = CrateImpls::default();
        for idx in self.world.module(module).items.clone() {
            let id = ItemId { krate: module.krate, idx };
            self.read_item(id, &mut found);
            let inner = match &self.item(id).kind {
                ItemKind::Impl(block) => block.items.clone(),
                ItemKind::Trait(of) => of.items.clone(),
                _ => continue,
            };
            for idx in inner {
                self.read_item(ItemId { krate: module.krate, idx }, &mut found);
            }
        }
        if !found.impls.is_empty() || !found.methods.is_empty() {
            self.memo = Memo::default();
            self.implying.clear();
        }
    }

    fn read_item(&mut self, id: ItemId, found: &mut CrateImpls) {
        let item = self.item(id);
        if let ItemKind::Fn(function) = &item.kind {
            if function.receiver.is_some() {
                self.impls.add_method(item.name.clone(), id);
                found.methods.push((item.name.clone(), id));
            }
        }
        let ItemKind::Impl(block) = &item.kind else { return };
        let module = ModId { krate: id.krate, idx: item.module };
        let generics = generic_names(&block.generics);
        let mut env = TyEnv::root(module);
        for name in &generics {
            env.bind(name.clone(), Ty::Param(name.clone(), Rc::from([])));
        }
        let self_ty = self.lower_ty(&block.self_ty, &env);
        let of_trait = match &block.of_trait {
            Some(path) => match self.world.resolve(module, path, Ns::Type) {
                Resolved::Item(id) => Some(id),
                _ => None,
            },
            None => None,
        };
        let mut assoc = FxHashMap::default();
        for &idx in &block.items {
            let id = ItemId { krate: id.krate, idx };
            assoc.insert(self.item(id).name.clone(), id);
        }
        let mut heads = vec![head(&self_ty)];
        // `Box::new` and its kin are found by the item although the type is transparent; `impl<T> Box<T>` is no
        // impl for every `T`.
        if let TypeRef::Path(path) = &block.self_ty {
            if let Resolved::Item(id) = self.world.resolve(module, path, Ns::Type) {
                heads.retain(|head| *head != Head::Blanket);
                heads.push(Head::Item(id));
            }
        }
        heads.dedup();
        let is_trait = block.of_trait.is_some();
        let trait_name = block.of_trait.as_ref().and_then(|path| path.segments.last()).map(|last| last.name.clone());
        let lent = matches!(block.self_ty, TypeRef::Ref(..));
        let info = ImplInfo { item: id, module, of_trait, is_trait, lent, trait_name, generics, self_ty, assoc };
        let info = Rc::new(info);
        self.impls.add_impl(info.clone(), &heads);
        found.impls.push((info, heads));
    }

    /// Impls whose self type may be `ty`: inherent ones first, then trait impls, then blanket ones.
    pub(crate) fn impls_of(&mut self, ty: &Ty) -> Rc<[Rc<ImplInfo>]> {
        self.index_impls();
        if let Some(known) = self.memo.impls.get(ty) {
            return known.clone();
        }
        let found: Rc<[Rc<ImplInfo>]> = self.find_impls(ty).into();
        self.memo.impls.insert(ty.clone(), found.clone());
        found
    }

    fn find_impls(&mut self, ty: &Ty) -> Vec<Rc<ImplInfo>> {
        let mut found: Vec<Rc<ImplInfo>> = Vec::new();
        if let Some(list) = self.impls.by_head.get(&head(ty)) {
            found.extend(list.iter().map(|&at| self.impls.impls[at as usize].clone()));
        }
        if let Ty::Dyn(traits) = ty {
            for (id, _) in traits.iter().skip(1) {
                if let Some(list) = self.impls.by_head.get(&Head::Dyn(*id)) {
                    found.extend(list.iter().map(|&at| self.impls.impls[at as usize].clone()));
                }
            }
        }
        found.retain(|info| self.matches(&info.self_ty, ty));
        found.sort_by_key(|info| info.is_trait);
        if let Some(list) = self.impls.by_head.get(&Head::Blanket) {
            found.extend(list.iter().map(|&at| self.impls.impls[at as usize].clone()));
        }
        found
    }

    /// Impls found by the item a path names (`Box::new`).
    pub(crate) fn impls_of_item(&mut self, id: ItemId) -> Vec<Rc<ImplInfo>> {
        self.index_impls();
        match self.impls.by_head.get(&Head::Item(id)) {
            Some(list) => list.iter().map(|&at| self.impls.impls[at as usize].clone()).collect(),
            None => Vec::new(),
        }
    }

    /// All impls of a trait.
    pub(crate) fn impls_of_trait(&mut self, id: ItemId) -> Vec<Rc<ImplInfo>> {
        self.index_impls();
        match self.impls.by_trait.get(&id) {
            Some(list) => list.iter().map(|&at| self.impls.impls[at as usize].clone()).collect(),
            None => Vec::new(),
        }
    }
}
