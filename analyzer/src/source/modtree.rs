//! Loads a crate: its files in waves, its macro calls where items stand, its model rows.

use super::Rewrite;
use super::attributes::{VariantText, derived};
use super::cfg::Cfg;
use super::dispatch::Block;
use super::items::{Fragment, Items, PendingFile, PendingMacro, lower_file};
use super::macros;
use super::text::{self, Piece, SpanMap};
use super::types::Ctx;
use super::{CrateData, PackageId, Stage, World};
use crate::ir::hir::{Crate, CrateId, Import, Item, ItemKind, Lit, Module, Name, TypeAlias, TypeRef};
use crate::ir::{FileId, Span};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

/// Most modules of one crate; more means that files include one another without end.
const MAX_MODULES: usize = 20_000;
/// Most bytes that files of one crate may have together, a file counted once per module that includes it.
const MAX_BYTES: usize = 256 << 20;
/// Most item-position macro expansions inside one another.
const MAX_EXPANSIONS: u32 = 128;
/// Most bytes of text that item-position macros of one crate may make.
const MAX_EXPANDED: usize = 32 << 20;

/// A file to lower.
struct Job {
    module: u32,
    file: FileId,
    text: Arc<str>,
    path: String,
    /// Directory of the modules declared in it.
    dir: String,
    /// Files this one is inside of, itself included.
    chain: Rc<Vec<String>>,
}

/// Loads a package's crate into the world.
pub(crate) fn load(world: &World<'_>, id: PackageId) -> Rc<CrateData> {
    // Registered before it is complete: macros of a crate are resolved while it is put together.
    let register = |data: &Rc<CrateData>| {
        world.crates.borrow_mut()[id.0 as usize] = Some(data.clone());
        world.order.borrow_mut().push(CrateId(id.0));
    };
    world.crate_or(CrateId(id.0), register, || put_together(world, id, register))
}

fn put_together(world: &World<'_>, id: PackageId, register: impl FnOnce(&Rc<CrateData>)) -> Rc<CrateData> {
    let package = &world.packages[id.0 as usize];
    let krate = Crate {
        name: package.crate_name.as_str().into(),
        package: format!("{} {}", package.name, package.version).into(),
        modules: vec![Module { complete: true, ..Module::default() }],
        ..Crate::default()
    };
    let data = Rc::new(CrateData {
        stage: RefCell::new(Stage::Building(krate)),
        extra_modules: RefCell::default(),
        extra_items: RefCell::default(),
        tables: RefCell::default(),
    });
    register(&data);
    let mut loader = Loader { world, id, data: &data, pending: VecDeque::new(), bytes: 0, expanded: 0 };
    if world.is_model(CrateId(id.0)) {
        loader.rows()
    } else {
        loader.files(&package.root)
    }
    loader.expand();
    let mut stage = data.stage.borrow_mut();
    if let Stage::Building(krate) = &mut *stage {
        let krate = std::mem::take(krate);
        *stage = Stage::Ready(Rc::new(krate));
    }
    drop(stage);
    data.tables.borrow_mut().clear();
    world.memo.borrow_mut().clear();
    data
}

struct Loader<'a, 's> {
    world: &'a World<'s>,
    id: PackageId,
    data: &'a CrateData,
    /// Macro calls to expand and how many expansions they stand in.
    pending: VecDeque<(PendingMacro, u32)>,
    bytes: usize,
    expanded: usize,
}

impl Loader<'_, '_> {
    fn with<R>(&self, change: impl FnOnce(&mut Crate) -> R) -> Option<R> {
        match &mut *self.data.stage.borrow_mut() {
            Stage::Building(krate) => Some(change(krate)),
            Stage::Ready(_) => None,
        }
    }

    fn fail(&self, message: String, span: Span) {
        self.world.problem(message.clone(), span);
        self.with(|krate| krate.problems.push((message, span)));
    }

    fn cfg(&self) -> Cfg<'_> {
        let package = &self.world.packages[self.id.0 as usize];
        Cfg { features: &package.features, target: self.world.target(package) }
    }

    fn read(&mut self, path: &str) -> Option<(FileId, Arc<str>)> {
        let key: (PackageId, Arc<str>) = (self.id, path.into());
        let known = self.world.file_ids.borrow().get(&key).copied();
        let file = match known {
            Some(file) => file,
            None => {
                let package = &self.world.packages[self.id.0 as usize];
                let text = self.world.sources.read(self.id, path);
                let text = text.filter(|text| text.len() < (u32::MAX / 2) as usize);
                let file = text.and_then(|text| {
                    let label = format!("{} {}", package.name, package.version).into();
                    self.world.files.borrow_mut().add_of(self.id.0, label, package.analysed, key.1.clone(), text)
                });
                self.world.file_ids.borrow_mut().insert(key, file);
                file
            }
        }?;
        let text = self.world.files.borrow().file(file)?.text.clone();
        self.bytes += text.len();
        Some((file, text))
    }

    fn files(&mut self, root: &str) {
        let Some((file, text)) = self.read(root) else {
            self.with(|krate| krate.modules[0].complete = false);
            self.fail(format!("the crate's root file `{root}` cannot be read"), Span::NONE);
            return;
        };
        // A procedural macro's crate runs in the compiler: it exports nothing that a contract runs, and it is large.
        if text.contains("#[proc_macro") && !self.world.packages[self.id.0 as usize].analysed {
            self.with(|krate| krate.modules[0].complete = false);
            return;
        }
        let job = Job {
            module: 0,
            file,
            text,
            path: root.to_string(),
            dir: parent(root).to_string(),
            chain: Rc::new(vec![root.to_string()]),
        };
        self.waves(vec![job]);
    }

    fn waves(&mut self, mut wave: Vec<Job>) {
        while !wave.is_empty() {
            let fragments = self.lower(&wave);
            let mut next = Vec::new();
            for (job, fragment) in wave.iter().zip(fragments) {
                for pending in self.merge(fragment, job.module, 0) {
                    next.extend(self.find(&pending, job));
                }
            }
            wave = next;
        }
    }

    fn lower(&self, wave: &[Job]) -> Vec<Fragment> {
        let (cfg, krate) = (self.cfg(), CrateId(self.id.0));
        let known: Vec<Option<Fragment>> = wave.iter().map(|job| self.world.fragment(job.file, &job.text)).collect();
        let new = wave.iter().zip(&known).filter(|(_, known)| known.is_none());
        let work: Vec<(FileId, Arc<str>)> = new.map(|(job, _)| (job.file, job.text.clone())).collect();
        let one = |(file, text): &(FileId, Arc<str>)| {
            let start = text::start(text);
            let map = SpanMap { file: *file, base: start as u32, pieces: None };
            lower_file(Ctx::new(&text[start..], map, cfg), krate)
        };
        let mut made = all(&work, one).into_iter().zip(&work);
        let take = |known: Option<Fragment>| {
            known.unwrap_or_else(|| match made.next() {
                Some((fragment, (file, text))) => {
                    self.world.keep_fragment(*file, text, &fragment);
                    fragment
                }
                None => Fragment::default(),
            })
        };
        known.into_iter().map(take).collect()
    }

    /// Finds the file of a module, relative to the file that declares it.
    fn find(&mut self, pending: &PendingFile, from: &Job) -> Option<Job> {
        let mut dir = from.dir.clone();
        for name in &pending.inside {
            dir = join(&dir, name);
        }
        let candidates = match &pending.path {
            Some(path) if pending.inside.is_empty() => vec![(normal(&join(parent(&from.path), path)), true)],
            Some(path) => vec![(normal(&join(&dir, path)), true)],
            None => vec![
                (normal(&join(&dir, &format!("{}.rs", pending.name))), false),
                (normal(&join(&dir, &format!("{}/mod.rs", pending.name))), true),
            ],
        };
        let mut failure = format!("no file for module `{}`", pending.name);
        for (path, owns_directory) in candidates {
            let Some(path) = path else {
                failure = format!("the file of module `{}` is outside the package", pending.name);
                continue;
            };
            if from.chain.contains(&path) {
                failure = format!("module `{}` contains itself", pending.name);
                break;
            }
            let modules = self.with(|krate| krate.modules.len()).unwrap_or(0);
            if modules > MAX_MODULES || self.bytes > MAX_BYTES {
                failure = "the crate has too many modules".to_string();
                break;
            }
            if let Some((file, text)) = self.read(&path) {
                let dir = if owns_directory { parent(&path).to_string() } else { stem(&path).to_string() };
                let mut chain = from.chain.as_ref().clone();
                chain.push(path.clone());
                return Some(Job { module: pending.module, file, text, path, dir, chain: Rc::new(chain) });
            }
        }
        self.with(|krate| krate.modules[pending.module as usize].complete = false);
        self.fail(failure, pending.span);
        None
    }

    /// Adds a fragment to the crate at `module`; gives the modules whose files are to be found.
    fn merge(&mut self, mut fragment: Fragment, module: u32, depth: u32) -> Vec<PendingFile> {
        for (message, span) in std::mem::take(&mut fragment.problems) {
            self.fail(message, span);
        }
        // Macros are also visible elsewhere; other names only in their module.
        let defines = fragment.items.iter().any(|item| matches!(item.kind, ItemKind::MacroRules(_)));
        let beside = self.rewrite(&mut fragment, module);
        let merged = self.with(|krate| {
            let modules = krate.modules.len() as u32;
            let items = krate.items.len() as u32;
            rebase(&mut fragment, module, modules, items);
            // What an attribute adds to a module stands inside it.
            let home = |item: &Item| if let ItemKind::Mod(inner) = item.kind { inner } else { item.module };
            let homes: Vec<u32> = beside.iter().map(|(at, ..)| home(&fragment.items[*at])).collect();
            let mut parts = fragment.modules.drain(..);
            if let (Some(part), Some(target)) = (parts.next(), krate.modules.get_mut(module as usize)) {
                target.items.extend(part.items);
                target.imports.extend(part.imports);
                target.attrs.extend(part.attrs);
                target.complete &= part.complete;
            }
            krate.modules.extend(parts);
            krate.items.append(&mut fragment.items);
            homes
        });
        let Some(homes) = merged else { return Vec::new() };
        self.data.tables.borrow_mut().retain(|&known, _| !defines && known != module);
        self.pending.extend(fragment.macros.into_iter().map(|call| (call, depth)));
        for ((_, text, pieces), home) in beside.into_iter().zip(homes) {
            if let Some(mut made) = self.lower_made(text, pieces) {
                made.modules[0].complete = true;
                self.merge(made, home, depth + 1);
            }
        }
        fragment.files
    }

    /// What attribute macros of the table do: appends variants, and gives the items to add beside an item of the
    /// fragment, as text with the attribute's span.
    fn rewrite(&self, fragment: &mut Fragment, module: u32) -> Vec<(usize, String, Vec<Piece>)> {
        let mut beside = Vec::new();
        if self.world.rewrites.is_empty() || self.world.is_model(CrateId(self.id.0)) {
            return beside;
        }
        let own = self.world.packages[self.id.0 as usize].crate_name.as_str();
        let names = self.functions_by_owner(&fragment.items);
        let Fragment { items, modules, .. } = fragment;
        for (at, item) in items.iter_mut().enumerate() {
            // The module the fragment belongs to may have imported the name before.
            let outer = if item.module == 0 { self.imports(module) } else { Vec::new() };
            let imports: Vec<Import> = modules
                .get(item.module as usize)
                .map_or(&[][..], |module| &module.imports)
                .iter()
                .cloned()
                .chain(outer)
                .collect();
            let mut found: Vec<(&Rewrite, String, Span)> = Vec::new();
            for attr in &item.attrs {
                let derived = derived(attr);
                for row in self.world.rewrites.iter() {
                    let names = if row.derive { derived.as_slice() } else { std::slice::from_ref(&attr.path) };
                    if !row.spared(&item.attrs) && names.iter().any(|name| row.is_named(name, &imports, own)) {
                        found.push((row, attr.tokens.clone(), attr.span));
                    }
                }
            }
            for (row, args, span) in found {
                if let (ItemKind::Enum(target), false) = (&mut item.kind, row.variants.is_empty()) {
                    let text = format!("enum E {{ {} }}", row.variants);
                    let pieces = vec![Piece { lo: 0, hi: text.len() as u32, span, copied: false }];
                    let made = self.lower_made(text, pieces);
                    let first = made.and_then(|made| made.items.into_iter().next());
                    if let Some(ItemKind::Enum(made)) = first.map(|item| item.kind) {
                        target.variants.extend(made.variants);
                    }
                }
                if let (ItemKind::TypeAlias(alias), false) = (&mut item.kind, row.argument.is_empty()) {
                    let renamed = item.attrs.iter().find(|attr| row.renames(&attr.path));
                    let name = renamed.and_then(|attr| syn::parse_str::<syn::LitStr>(&attr.tokens).ok());
                    let name = name.map_or_else(|| item.name.to_string(), |literal| literal.value());
                    let home = self.module_path(modules, item.module, module);
                    fill_argument(alias, &row.argument.replace("$SELF", &name).replace("$MODULE", &home));
                }
                if let Some(dispatch) = &row.dispatch {
                    let written = self.world.text(item.span);
                    let names = names.get(&(at as u32)).map_or(&[][..], Vec::as_slice);
                    let block = Block { text: &written, attrs: &item.attrs, names, span };
                    beside.extend(dispatch.items(&block).map(|(text, pieces)| (at, text, pieces)));
                }
                if row.items.is_empty() {
                    continue;
                }
                let text = match &item.kind {
                    ItemKind::Struct(target) => {
                        let fields: Vec<&str> = target.fields.fields.iter().map(|field| field.name.as_str()).collect();
                        row.items_for(&item.name, &args, &fields, &[])
                    }
                    ItemKind::Enum(target) => {
                        let variants = VariantText::all(target, &|span| self.world.text(span));
                        row.items_for(&item.name, &args, &[], &variants)
                    }
                    ItemKind::Mod(_) | ItemKind::Trait(_) | ItemKind::TypeAlias(_) | ItemKind::Fn(_) => {
                        row.items_for(&item.name, &args, &[], &[])
                    }
                    _ => continue,
                };
                let pieces = vec![Piece { lo: 0, hi: text.len() as u32, span, copied: false }];
                beside.push((at, text, pieces));
            }
        }
        beside
    }

    /// Names of the functions in each impl and trait.
    fn functions_by_owner(&self, items: &[Item]) -> BTreeMap<u32, Vec<(String, Span)>> {
        let mut out: BTreeMap<u32, Vec<(String, Span)>> = BTreeMap::new();
        for item in items {
            if let ItemKind::Fn(function) = &item.kind {
                if let Some(owner) = function.owner {
                    out.entry(owner).or_default().push((item.name.to_string(), item.name_span));
                }
            }
        }
        out
    }

    fn imports(&self, module: u32) -> Vec<Import> {
        self.with(|krate| krate.modules.get(module as usize).map(|module| module.imports.clone()))
            .flatten()
            .unwrap_or_default()
    }

    /// Path of a module of a fragment that is going to stand in the module `home`: the crate's name first.
    fn module_path(&self, fragment: &[Module], at: u32, home: u32) -> String {
        let mut names: Vec<Name> = Vec::new();
        let mut inner = Some(at);
        while let Some(index) = inner.filter(|&index| index != 0) {
            let Some(module) = fragment.get(index as usize) else { break };
            names.push(module.name.clone());
            inner = module.parent;
        }
        self.with(|krate| {
            let mut outer = Some(home);
            while let Some(module) = outer.and_then(|index| krate.modules.get(index as usize)) {
                names.push(if module.parent.is_some() { module.name.clone() } else { krate.name.clone() });
                outer = module.parent;
            }
        });
        names.reverse();
        names.join("::")
    }

    /// Lowers a text that no file holds; everything in it stands at `span`.
    fn lower_made(&self, text: String, pieces: Vec<Piece>) -> Option<Fragment> {
        let len = text.len() as u32;
        let made = self.world.add_virtual(text, pieces);
        let (text, map) = self.world.source(Span { file: made, lo: 0, hi: len })?;
        Some(lower_file(Ctx::new(&text, map, self.cfg()), CrateId(self.id.0)))
    }

    /// Expands macro calls where items stand until nothing changes.
    fn expand(&mut self) {
        let mut waiting = Vec::new();
        let mut progress = true;
        while progress {
            progress = false;
            while let Some((call, depth)) = self.pending.pop_front() {
                if depth >= MAX_EXPANSIONS || self.expanded > MAX_EXPANDED {
                    self.fail("macros expand without end".to_string(), call.span);
                    continue;
                }
                if self.expand_one(&call, depth) { progress = true } else { waiting.push((call, depth)) }
            }
            // A definition may have come out of another expansion.
            if progress {
                self.pending.extend(waiting.drain(..));
            }
        }
    }

    fn expand_one(&mut self, call: &PendingMacro, depth: u32) -> bool {
        let krate = CrateId(self.id.0);
        if self.include(call) {
            return true;
        }
        let Some((text, pieces)) = macros::expand_items(self.world, krate, call) else { return false };
        self.expanded += text.len();
        let len = text.len() as u32;
        let file = self.world.add_virtual(text, pieces);
        self.lower_virtual(Span { file, lo: 0, hi: len }, call, depth + 1);
        true
    }

    /// `include!("file.rs")` where items stand: the file's items are the module's.
    fn include(&mut self, call: &PendingMacro) -> bool {
        let is_include = !call.inside_block && call.path.segments.last().is_some_and(|last| last.name == "include");
        if !is_include {
            return false;
        }
        let Ok(literal) = syn::parse_str::<syn::LitStr>(&call.tokens) else { return false };
        let from = self.world.files.borrow().file(call.span.file).map(|file| file.path.to_string());
        let path = from.and_then(|from| normal(&join(parent(&from), &literal.value())));
        let Some(path) = path else { return false };
        // Few files are included; one that includes itself ends like other expansions that do not.
        let Some((file, text)) = self.read(&path) else { return false };
        self.expanded += text.len().max(MAX_EXPANDED / 200);
        self.drop_call(call);
        let chain = Rc::new(vec![path.clone()]);
        let dir = parent(&path).to_string();
        self.waves(vec![Job { module: call.module, file, text, path, dir, chain }]);
        true
    }

    /// Lowers a text that was made for a macro call and puts the items where the call stands.
    fn lower_virtual(&mut self, raw: Span, call: &PendingMacro, depth: u32) {
        let Some((text, map)) = self.world.source(raw) else { return };
        let owner = self.with(|krate| krate.items.get(call.item as usize).map(|item| item.kind.clone())).flatten();
        let ctx = Ctx::new(&text, map, self.cfg());
        if !call.inside_block {
            let mut fragment = lower_file(ctx, CrateId(self.id.0));
            fragment.modules[0].complete = true;
            let files = self.merge(fragment, call.module, depth);
            self.drop_call(call);
            self.declared_in_macro(&files, call);
            return;
        }
        let mut items = Items::new(ctx, CrateId(self.id.0));
        let wrapped = match owner {
            Some(ItemKind::Trait(_)) => format!("trait T {{{text}}}"),
            _ => format!("impl T {{{text}}}"),
        };
        let shift = wrapped.find('{').map_or(0, |at| at as u32 + 1);
        if text::check(&wrapped).is_err() {
            return;
        }
        let _guard = text::SpanGuard::new();
        // The wrapper moves everything by a few bytes; texts and spans are read with that shift.
        items.ctx.text = &wrapped;
        let pieces = items.ctx.map.pieces.as_ref().map(|pieces| {
            pieces.iter().map(|piece| Piece { lo: piece.lo + shift, hi: piece.hi + shift, ..*piece }).collect()
        });
        let made: Vec<Piece> = pieces.unwrap_or_default();
        let file = self.world.add_virtual(wrapped.clone(), made.clone());
        items.ctx.map = SpanMap { file, base: 0, pieces: Some(made.into()) };
        let Some(ItemKind::Impl(_) | ItemKind::Trait(_)) = &owner else { return };
        // The block itself becomes item 0 of the fragment and is dropped after its items are moved over.
        let Ok(block) = syn::parse_str::<syn::Item>(&wrapped) else {
            self.fail("a macro's expansion cannot be read as associated items".into(), call.span);
            return;
        };
        let trait_impl = matches!(&owner, Some(ItemKind::Impl(block)) if block.of_trait.is_some());
        items.out.items.push(placeholder(owner.as_ref(), call));
        match &block {
            syn::Item::Impl(block) => items.impl_items(&block.items, 0, 0, trait_impl),
            syn::Item::Trait(block) => items.trait_items(&block.items, 0, 0),
            _ => {}
        }
        let mut fragment = items.out;
        for nested in &mut fragment.macros {
            nested.inside_block = true;
        }
        let first = self.with(|krate| krate.items.len() as u32).unwrap_or(0);
        self.merge(fragment, call.module, depth);
        self.with(|krate| {
            let inner = match krate.items.get(first as usize).map(|item| &item.kind) {
                Some(ItemKind::Impl(block)) => block.items.clone(),
                Some(ItemKind::Trait(block)) => block.items.clone(),
                _ => Vec::new(),
            };
            for &at in &inner {
                match krate.items.get_mut(at as usize).map(|item| &mut item.kind) {
                    Some(ItemKind::Fn(function)) => function.owner = Some(call.item),
                    Some(ItemKind::Const(constant)) => constant.owner = Some(call.item),
                    Some(ItemKind::TypeAlias(alias)) => alias.owner = Some(call.item),
                    _ => {}
                }
            }
            match krate.items.get_mut(call.item as usize).map(|item| &mut item.kind) {
                Some(ItemKind::Impl(block)) => block.items.extend(inner),
                Some(ItemKind::Trait(block)) => block.items.extend(inner),
                _ => {}
            }
        });
        for (nested, _) in &mut self.pending {
            if nested.inside_block && nested.item == first {
                nested.item = call.item;
            }
        }
    }

    /// Removes an expanded call from its module.
    fn drop_call(&self, call: &PendingMacro) {
        self.with(|krate| {
            if let Some(module) = krate.modules.get_mut(call.module as usize) {
                module.items.retain(|&item| item != call.item);
            }
            // It stays in the list so that no id moves, but it is no call any more.
            if let Some(ItemKind::MacroCall(made)) = krate.items.get_mut(call.item as usize).map(|item| &mut item.kind)
            {
                *made = Default::default();
            }
        });
    }

    fn declared_in_macro(&mut self, files: &[PendingFile], call: &PendingMacro) {
        // The file that wrote the call decides where modules are looked for.
        let path = self.world.files.borrow().file(call.span.file).map(|file| file.path.to_string());
        let Some(path) = path else { return };
        let root = &self.world.packages[self.id.0 as usize].root;
        let owns = path == *root || path.ends_with("/mod.rs");
        let dir = if owns { parent(&path).to_string() } else { stem(&path).to_string() };
        let chain = Rc::new(vec![path.clone()]);
        let from = Job { module: call.module, file: call.span.file, text: "".into(), path, dir, chain };
        let jobs: Vec<Job> = files.iter().filter_map(|pending| self.find(pending, &from)).collect();
        self.waves(jobs);
    }

    /// The rows of a model as items of the root module.
    fn rows(&mut self) {
        let Some(model) = self.world.model(CrateId(self.id.0)) else { return };
        let label: Arc<str> = format!("model {}", model.name).into();
        let name: Arc<str> = model.file_name.as_str().into();
        let file = self.world.files.borrow_mut().add_of(self.id.0, label, false, name, model.text.clone());
        let Some(file) = file else { return };
        let version = self.world.version_of_model(CrateId(self.id.0));
        for row in model.rows.iter().filter(|row| row.covers(version)) {
            let (text, pieces) = row.virtual_text(file);
            let len = text.len() as u32;
            let made = self.world.add_virtual(text, pieces);
            let Some((text, map)) = self.world.source(Span { file: made, lo: 0, hi: len }) else { continue };
            let mut fragment = lower_file(Ctx::new(&text, map, self.cfg()), CrateId(self.id.0));
            fragment.modules[0].complete = true;
            self.merge(fragment, 0, 0);
        }
    }
}

/// Lowers texts, on all cores when there is enough to do: threads cost as much as some thousand lines.
#[cfg(feature = "parallel")]
fn all(work: &[(FileId, Arc<str>)], one: impl Fn(&(FileId, Arc<str>)) -> Fragment + Sync) -> Vec<Fragment> {
    use rayon::prelude::*;
    const ENOUGH: usize = 128 << 10;
    if work.len() > 1 && work.iter().map(|(_, text)| text.len()).sum::<usize>() > ENOUGH {
        if let Ok(pool) = rayon::ThreadPoolBuilder::new().stack_size(text::STACK).build() {
            return pool.install(|| work.par_iter().map(&one).collect());
        }
    }
    work.iter().map(one).collect()
}

#[cfg(not(feature = "parallel"))]
fn all(work: &[(FileId, Arc<str>)], one: impl Fn(&(FileId, Arc<str>)) -> Fragment) -> Vec<Fragment> {
    work.iter().map(one).collect()
}

/// Puts a constant text where a type alias leaves the first argument of its target open.
fn fill_argument(alias: &mut TypeAlias, text: &str) {
    let Some(TypeRef::Path(path)) = &mut alias.ty else { return };
    let Some(last) = path.segments.last_mut() else { return };
    let text = TypeRef::Const(Lit::Str(text.into()));
    match last.args.first_mut() {
        Some(first @ TypeRef::Infer) => *first = text,
        // Arguments by name: the first place is free.
        None => last.args.push(text),
        Some(_) => {}
    }
}

fn placeholder(owner: Option<&ItemKind>, call: &PendingMacro) -> crate::ir::hir::Item {
    let mut kind = owner.cloned().unwrap_or(ItemKind::Mod(0));
    match &mut kind {
        ItemKind::Impl(block) => block.items.clear(),
        ItemKind::Trait(block) => block.items.clear(),
        _ => {}
    }
    crate::ir::hir::Item {
        name: Default::default(),
        module: 0,
        public: false,
        attrs: Vec::new(),
        span: call.span,
        name_span: call.span,
        kind,
    }
}

/// Moves a fragment's indexes: module 0 becomes `module`, the others begin at `modules`, items at `items`.
fn rebase(fragment: &mut Fragment, module: u32, modules: u32, items: u32) {
    let place = |at: u32| if at == 0 { module } else { modules + at - 1 };
    for part in &mut fragment.modules {
        part.parent = part.parent.map(place);
        part.items.iter_mut().for_each(|item| *item += items);
    }
    for item in &mut fragment.items {
        item.module = place(item.module);
        match &mut item.kind {
            ItemKind::Mod(at) => *at = place(*at),
            ItemKind::Fn(function) => function.owner = function.owner.map(|at| at + items),
            ItemKind::Const(constant) => constant.owner = constant.owner.map(|at| at + items),
            ItemKind::TypeAlias(alias) => alias.owner = alias.owner.map(|at| at + items),
            ItemKind::Trait(block) => block.items.iter_mut().for_each(|at| *at += items),
            ItemKind::Impl(block) => block.items.iter_mut().for_each(|at| *at += items),
            _ => {}
        }
    }
    for pending in &mut fragment.files {
        pending.module = place(pending.module);
    }
    for pending in &mut fragment.macros {
        pending.module = place(pending.module);
        pending.item += items;
    }
}

/// Adds the items of a function body to a crate, in a new module below `parent`; gives the module.
pub(crate) fn add_extra(world: &World<'_>, krate: CrateId, parent: u32, fragment: Fragment) -> Option<u32> {
    let data = world.data(krate)?;
    let (modules, items) = match &*data.stage.borrow() {
        Stage::Ready(krate) => (krate.modules.len(), krate.items.len()),
        Stage::Building(_) => return None,
    };
    let at = (modules + data.extra_modules.borrow().len()) as u32;
    extend_extra(world, &data, (krate, at), (modules, items), Some(parent), fragment);
    Some(at)
}

/// Adds more items to a module that [`add_extra`] made.
pub(crate) fn grow_extra(world: &World<'_>, krate: CrateId, module: u32, fragment: Fragment) {
    let Some(data) = world.data(krate) else { return };
    let (modules, items) = match &*data.stage.borrow() {
        Stage::Ready(krate) => (krate.modules.len(), krate.items.len()),
        Stage::Building(_) => return,
    };
    extend_extra(world, &data, (krate, module), (modules, items), None, fragment);
}

fn extend_extra(
    world: &World<'_>,
    data: &CrateData,
    (krate, module): (CrateId, u32),
    (base_modules, base_items): (usize, usize),
    parent: Option<u32>,
    mut fragment: Fragment,
) {
    let mut modules = data.extra_modules.borrow_mut();
    let mut items = data.extra_items.borrow_mut();
    if let Some(parent) = parent {
        modules.push(Rc::new(Module { parent: Some(parent), complete: true, ..Module::default() }));
    }
    let first_module = (base_modules + modules.len()) as u32;
    let first_item = (base_items + items.len()) as u32;
    for (message, span) in std::mem::take(&mut fragment.problems) {
        world.problem(message, span);
    }
    rebase(&mut fragment, module, first_module, first_item);
    let mut parts = fragment.modules.into_iter();
    if let (Some(part), Some(target)) = (parts.next(), modules.get_mut(module as usize - base_modules)) {
        let target = Rc::make_mut(target);
        target.items.extend(part.items);
        target.imports.extend(part.imports);
    }
    modules.extend(parts.map(Rc::new));
    items.extend(fragment.items.into_iter().map(Rc::new));
    drop((modules, items));
    let _ = krate;
    data.tables.borrow_mut().remove(&module);
    world.memo.borrow_mut().retain(|(scope, _, _), _| scope.krate != krate || scope.idx != module);
}

fn parent(path: &str) -> &str {
    path.rfind('/').map_or("", |at| &path[..at])
}

fn stem(path: &str) -> &str {
    path.strip_suffix(".rs").unwrap_or(path)
}

fn join(dir: &str, path: &str) -> String {
    if dir.is_empty() { path.to_string() } else { format!("{dir}/{path}") }
}

/// A path without `.` and `..`; `None` when it leaves the root.
fn normal(path: &str) -> Option<String> {
    let mut parts = Vec::new();
    if path.starts_with('/') {
        return None;
    }
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
