//! From text to a lowered program: crates, modules, items, names and bodies.
//!
//! [`World`] holds the packages of one analysis. Nothing is read before it is touched: a crate is loaded (all its files
//! parsed and lowered) when a path first leads into it or [`World::krate`] asks for it; a body is lowered when
//! [`World::body`] asks for it. Files of one crate are parsed in parallel with the feature `parallel`; the result does
//! not depend on it. Types of the parser do not leave this module.
//!
//! Text can be hostile. What nests too deeply for the stack is refused before it is parsed; callers should still run an
//! analysis inside [`with_big_stack`], because an accepted text may nest a few thousand levels.
//!
//! Knowledge about SDKs comes as model crates ([`parse_model`]): synthetic crates that overlay the real crate of the
//! same name, item by item.

mod assembly;
mod attributes;
mod bodies;
mod cfg;
mod dispatch;
mod exprs;
mod items;
mod keep;
mod known_macros;
mod macros;
mod models;
mod modtree;
mod names;
mod paste;
mod patterns;
mod provenance;
mod recover;
mod solidity;
mod text;
mod types;

use crate::Problem;
use crate::ir::hir::{Body, Crate, CrateId, Item, ItemId, ModId, Module, Name, Path, TypeRef};
use crate::ir::{FileId, SourceMap, Span};
use rustc_hash::FxHashMap;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

pub use attributes::{Dispatch, Rewrite};
pub use cfg::Target;
pub use keep::Cache;
pub(crate) use models::parse_checked_model;
pub use models::{ModelCrate, ModelError, ModelRow, ModelText, parse_model};
pub use text::{STACK, with_big_stack};

/// Index of a package in a [`World`]; its library's [`CrateId`] has the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId(pub u32);

/// Where texts come from. The analyzer itself reads nothing.
pub trait Sources: Sync {
    /// Text of a file of a package, `path` relative to the package's root, with `/`. `None` when it is missing, outside
    /// the package, not a regular file or not UTF-8.
    fn read(&self, package: PackageId, path: &str) -> Option<Arc<str>>;
}

/// A package: one library target under one set of features.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// Package name, `cw20-base`.
    pub name: String,
    /// Version.
    pub version: String,
    /// Name of the library as code writes it, `cw20_base`.
    pub crate_name: String,
    /// The library's root file relative to the package, usually `src/lib.rs`.
    pub root: String,
    /// Edition, 2015 to 2024.
    pub edition: u16,
    /// Enabled features.
    pub features: BTreeSet<String>,
    /// Dependencies by the name code uses for them.
    pub deps: Vec<(String, PackageId)>,
    /// Names of declared dependencies whose source is not there.
    pub missing: Vec<String>,
    /// True when the package is one that was asked about.
    pub analysed: bool,
}

/// A namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ns {
    /// Types, traits, modules, crates.
    Type,
    /// Functions, constants, constructors.
    Value,
    /// Macros.
    Macro,
}

/// What a path means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// An item, never a module.
    Item(ItemId),
    /// A variant of an enum, by its index.
    Variant(ItemId, u32),
    /// A module.
    Mod(ModId),
    /// A type-like item with segments left over, for example `Map::new`; the index of the first of them.
    Partial(ItemId, usize),
    /// A primitive type (`u64`) or, inside models, `host::x`, and the index of the first segment left over.
    Builtin(Name, usize),
    /// A path into a crate that is known but whose source is missing or does not have it; begins with the crate's name.
    External(Vec<Name>),
    /// Nothing.
    Unresolved,
}

/// A text that a macro or a model row made.
#[derive(Clone)]
struct Virtual {
    text: Arc<str>,
    pieces: Arc<[text::Piece]>,
}

/// A crate while it is being put together, and after.
enum Stage {
    Building(Crate),
    Ready(Rc<Crate>),
}

struct CrateData {
    stage: RefCell<Stage>,
    /// Modules and items of function bodies, with indexes after those of the crate.
    extra_modules: RefCell<Vec<Rc<Module>>>,
    extra_items: RefCell<Vec<Rc<Item>>>,
    tables: RefCell<FxHashMap<u32, Rc<names::Table>>>,
}

/// A crate's modules and items, those of function bodies included.
struct View<'v> {
    krate: &'v Crate,
    modules: &'v [Rc<Module>],
    items: &'v [Rc<Item>],
}

impl View<'_> {
    fn module(&self, idx: u32) -> Option<&Module> {
        let at = idx as usize;
        let extra = || self.modules.get(at - self.krate.modules.len()).map(Rc::as_ref);
        if at < self.krate.modules.len() { self.krate.modules.get(at) } else { extra() }
    }

    fn item(&self, idx: u32) -> Option<&Item> {
        let at = idx as usize;
        let extra = || self.items.get(at - self.krate.items.len()).map(Rc::as_ref);
        if at < self.krate.items.len() { self.krate.items.get(at) } else { extra() }
    }
}

impl CrateData {
    /// Looks at the crate as it is now, without copying it.
    fn view<R>(&self, look: impl FnOnce(View<'_>) -> R) -> R {
        let (modules, items) = (self.extra_modules.borrow(), self.extra_items.borrow());
        let stage = self.stage.borrow();
        let krate = match &*stage {
            Stage::Building(krate) => krate,
            Stage::Ready(krate) => krate.as_ref(),
        };
        look(View { krate, modules: &modules, items: &items })
    }

    fn is_building(&self) -> bool {
        matches!(&*self.stage.borrow(), Stage::Building(_))
    }
}

/// Files asked for; `None` when there is no such file.
type FileIds = FxHashMap<(PackageId, Arc<str>), Option<FileId>>;

/// An item, cheap to copy.
#[derive(Clone)]
pub struct ItemRef(Held<Item>);
/// A module, cheap to copy.
#[derive(Clone)]
pub struct ModRef(Held<Module>);

#[derive(Clone)]
enum Held<T> {
    Crate(Rc<Crate>, usize),
    Own(Rc<T>),
}

impl Deref for ItemRef {
    type Target = Item;
    fn deref(&self) -> &Item {
        match &self.0 {
            Held::Crate(krate, at) => &krate.items[*at],
            Held::Own(item) => item,
        }
    }
}

impl Deref for ModRef {
    type Target = Module;
    fn deref(&self) -> &Module {
        match &self.0 {
            Held::Crate(krate, at) => &krate.modules[*at],
            Held::Own(module) => module,
        }
    }
}

/// The program: packages, and what has been read of them so far. For one thread.
pub struct World<'s> {
    sources: &'s dyn Sources,
    packages: Vec<Package>,
    /// Number of the first model among the packages.
    first_model: usize,
    models: Vec<Arc<ModelCrate>>,
    /// What attribute macros add.
    rewrites: Arc<[Rewrite]>,
    /// Targets other than WebAssembly.
    targets: Vec<Target>,
    wasm: Target,
    /// Per package: the model that overlays it.
    overlay: Vec<Option<PackageId>>,
    /// Packages told by a table that was not read with their version.
    unlisted: Vec<String>,
    /// Per model (by package number): the real package it overlays.
    overlaid: FxHashMap<PackageId, PackageId>,
    std: Option<PackageId>,
    crates: RefCell<Vec<Option<Rc<CrateData>>>>,
    order: RefCell<Vec<CrateId>>,
    files: RefCell<SourceMap>,
    file_ids: RefCell<FileIds>,
    virtuals: RefCell<Vec<Virtual>>,
    problems: RefCell<Vec<Problem>>,
    bodies: RefCell<FxHashMap<ItemId, Option<Arc<Body>>>>,
    memo: RefCell<FxHashMap<(ModId, Name, Ns), Option<Resolved>>>,
    rules: RefCell<FxHashMap<ItemId, Rc<macros::Rules>>>,
    cache: RefCell<keep::Cache>,
    /// What is looked up goes into the cache or comes from it.
    keeping: bool,
    /// How many things that stay are being made inside one another, and what happened in each.
    noting: Cell<u32>,
    notes: RefCell<Vec<keep::Notes>>,
}

impl<'s> World<'s> {
    /// A world of packages and models. The models are appended to the packages, with `analysed: false`.
    pub fn new(
        sources: &'s dyn Sources,
        packages: Vec<Package>,
        models: impl IntoIterator<Item = impl Into<Arc<ModelCrate>>>,
    ) -> World<'s> {
        let models: Vec<Arc<ModelCrate>> = models.into_iter().map(Into::into).collect();
        let mut packages = packages;
        let first_model = packages.len();
        for model in &models {
            packages.push(Package {
                name: model.name.replace('_', "-"),
                version: "model".into(),
                crate_name: model.name.clone(),
                root: model.file_name.clone(),
                edition: 2021,
                ..Package::default()
            });
        }
        // Where state is ambient, a version that no table was read with is still told by the crate's table: without one,
        // what its functions do to state would not be seen at all. That it is as the table says is an assumption, and told.
        let mut unlisted = Vec::new();
        let mut model_of = |package: &Package| {
            // What is analysed is read as it is written.
            if package.analysed {
                return None;
            }
            let listed = models.iter().position(|model| model.covers(&package.crate_name, &package.version));
            let found = listed.or_else(|| {
                let at = models.iter().position(|model| model.ambient && model.is_named(&package.crate_name))?;
                unlisted.push(format!("{} {}", package.name, package.version));
                Some(at)
            });
            found.map(|at| PackageId((first_model + at) as u32))
        };
        let mut overlay: Vec<_> = packages[..first_model].iter().map(&mut model_of).collect();
        // Of what is not there not even the version is known.
        let missing =
            packages[..first_model].iter().filter(|package| package.analysed).flat_map(|package| &package.missing);
        for name in missing {
            if models.iter().any(|model| model.ambient && model.is_named(name)) && !unlisted.contains(name) {
                unlisted.push(name.clone());
            }
        }
        overlay.resize(packages.len(), None);
        let mut overlaid = FxHashMap::default();
        for (at, model) in overlay.iter().enumerate() {
            if let Some(model) = model {
                overlaid.entry(*model).or_insert(PackageId(at as u32));
            }
        }
        let std = models.iter().position(|model| model.is_named("std")).map(|at| PackageId((first_model + at) as u32));
        let crates = RefCell::new(vec![None; packages.len()]);
        World {
            sources,
            packages,
            first_model,
            models,
            rewrites: Arc::from([]),
            targets: Vec::new(),
            wasm: Target::wasm(),
            overlay,
            overlaid,
            unlisted,
            std,
            crates,
            order: RefCell::default(),
            files: RefCell::default(),
            file_ids: RefCell::default(),
            virtuals: RefCell::default(),
            problems: RefCell::default(),
            bodies: RefCell::default(),
            memo: RefCell::default(),
            rules: RefCell::default(),
            cache: RefCell::default(),
            keeping: false,
            noting: Cell::default(),
            notes: RefCell::default(),
        }
    }

    /// The same world, with attribute macros that add variants and items. Nothing may have been looked up before.
    pub fn with_rewrites(mut self, rewrites: impl Into<Arc<[Rewrite]>>) -> World<'s> {
        self.rewrites = rewrites.into();
        self
    }

    /// The same world, in which some packages are built for these targets; all others are for WebAssembly.
    #[must_use]
    pub fn with_targets(mut self, targets: Vec<Target>) -> World<'s> {
        self.targets = targets;
        self
    }

    /// What a package is built for.
    fn target(&self, package: &Package) -> &Target {
        self.targets.iter().find(|target| target.fits(package)).unwrap_or(&self.wasm)
    }

    /// All packages, models last.
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// The model a crate was made from, if it is one.
    pub fn model(&self, krate: CrateId) -> Option<&ModelCrate> {
        self.models.get((krate.0 as usize).checked_sub(self.first_model)?).map(Arc::as_ref)
    }

    /// The version a model's rows are chosen for: that of the package it overlays; empty for the newest.
    fn version_of_model(&self, krate: CrateId) -> &str {
        let real = self.overlaid.get(&PackageId(krate.0)).and_then(|real| self.packages.get(real.0 as usize));
        real.map_or("", |real| real.version.as_str())
    }

    /// The model whose crate is named so in paths.
    pub fn model_named(&self, name: &str) -> Option<CrateId> {
        let at = self.models.iter().position(|model| model.is_named(name))?;
        Some(CrateId((self.first_model + at) as u32))
    }

    /// Packages (name and version) told by a table that was not read with their version: that they are as it says is an
    /// assumption.
    pub fn unlisted(&self) -> &[String] {
        &self.unlisted
    }

    /// The model that overlays a crate, if any.
    pub fn overlay(&self, krate: CrateId) -> Option<CrateId> {
        self.overlay.get(krate.0 as usize).copied().flatten().map(|package| CrateId(package.0))
    }

    /// A crate, loaded if it was not. A number that is no package gives an empty crate.
    pub fn krate(&self, id: CrateId) -> Rc<Crate> {
        let Some(data) = self.data(id) else { return Rc::default() };
        match &*data.stage.borrow() {
            Stage::Ready(krate) => krate.clone(),
            Stage::Building(krate) => Rc::new(krate.clone()),
        }
    }

    /// Crates loaded so far, in the order in which that happened.
    pub fn loaded(&self) -> Vec<CrateId> {
        self.order.borrow().clone()
    }

    /// An item.
    ///
    /// # Panics
    /// When the id was not given by this world.
    pub fn item(&self, id: ItemId) -> ItemRef {
        let data = self.data(id.krate).expect("an item of this world");
        let at = id.idx as usize;
        let base = match &*data.stage.borrow() {
            Stage::Ready(krate) if at < krate.items.len() => return ItemRef(Held::Crate(krate.clone(), at)),
            Stage::Ready(krate) => krate.items.len(),
            Stage::Building(krate) => return ItemRef(Held::Own(Rc::new(krate.items[at].clone()))),
        };
        let extra = data.extra_items.borrow();
        ItemRef(Held::Own(extra[at - base].clone()))
    }

    /// A module, also one made for the items of a function body.
    ///
    /// # Panics
    /// When the id was not given by this world.
    pub fn module(&self, id: ModId) -> ModRef {
        let data = self.data(id.krate).expect("a module of this world");
        let at = id.idx as usize;
        let base = match &*data.stage.borrow() {
            Stage::Ready(krate) if at < krate.modules.len() => return ModRef(Held::Crate(krate.clone(), at)),
            Stage::Ready(krate) => krate.modules.len(),
            Stage::Building(krate) => return ModRef(Held::Own(Rc::new(krate.modules[at].clone()))),
        };
        let extra = data.extra_modules.borrow();
        ModRef(Held::Own(extra[at - base].clone()))
    }

    /// The module an item stands in.
    pub fn module_of(&self, id: ItemId) -> ModId {
        ModId { krate: id.krate, idx: self.item(id).module }
    }

    /// The body of a function or the initializer of a constant, lowered when first asked for; `None` when there is none
    /// or its text cannot be read any more.
    pub fn body(&self, id: ItemId) -> Option<Arc<Body>> {
        if let Some(body) = self.bodies.borrow().get(&id) {
            return body.clone();
        }
        let body = self.body_or(id, || bodies::lower_item(self, id).map(Arc::new));
        self.bodies.borrow_mut().insert(id, body.clone());
        body
    }

    /// What a path means in a module. Paths that begin with `Self`, a generic parameter or a self type are the
    /// caller's; they give [`Resolved::Unresolved`].
    pub fn resolve(&self, scope: ModId, path: &Path, ns: Ns) -> Resolved {
        names::resolve(self, scope, path, ns)
    }

    /// Like [`World::resolve`] for a relative path without arguments.
    pub fn resolve_names(&self, scope: ModId, names: &[Name], ns: Ns) -> Resolved {
        names::resolve_names(self, scope, names, ns)
    }

    /// A type from text, for example from an attribute's tokens; `None` when it is not one. `base` is where the text
    /// stands (see [`crate::ir::hir::Attr::span`]).
    pub fn parse_type(&self, text: &str, base: Span) -> Option<TypeRef> {
        bodies::parse_type(text, base)
    }

    /// A path from text, like [`World::parse_type`].
    pub fn parse_path(&self, text: &str, base: Span) -> Option<Path> {
        match bodies::parse_type(text, base)? {
            TypeRef::Path(path) => Some(*path),
            _ => None,
        }
    }

    /// An expression from text as a body without parameters. `locals` are names that may stand free in it: they become
    /// the first bindings, in their order, and parameters.
    pub fn parse_expr_body(&self, text: &str, base: Span, scope: ModId, locals: &[Name]) -> Option<Arc<Body>> {
        let at = (scope, base, format!("{text}{locals:?}"));
        self.expr_or(at, || bodies::parse_expr(self, text, base, scope, locals).map(Arc::new))
    }

    /// True when an attribute of an item of the module is a row that says what the macro does there.
    pub fn rewrites_attribute(&self, module: ModId, written: &str) -> bool {
        !self.rewrites_of(module, written).is_empty()
    }

    /// The files read, for locations in output.
    pub fn files(&self) -> SourceMap {
        self.files.borrow().clone()
    }

    /// The text a span covers.
    pub fn text(&self, span: Span) -> String {
        self.files.borrow().text(span).to_string()
    }

    /// What could not be read so far.
    pub fn problems(&self) -> Vec<Problem> {
        self.problems.borrow().clone()
    }

    fn problem(&self, message: String, span: Span) {
        let problem = Problem { message, span };
        self.note_problem(&problem);
        let mut problems = self.problems.borrow_mut();
        // One mistake in a macro shows at every call.
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }

    fn data(&self, id: CrateId) -> Option<Rc<CrateData>> {
        self.note_crate(id);
        if let Some(data) = self.crates.borrow().get(id.0 as usize)? {
            return Some(data.clone());
        }
        Some(modtree::load(self, PackageId(id.0)))
    }

    fn package(&self, id: CrateId) -> Option<&Package> {
        self.packages.get(id.0 as usize)
    }

    /// True for a model that stands for the whole crate.
    fn is_closed(&self, id: CrateId) -> bool {
        self.model(id).is_some_and(|model| model.closed)
    }

    fn is_model(&self, id: CrateId) -> bool {
        id.0 as usize >= self.first_model
    }

    fn add_virtual(&self, text: String, pieces: Vec<text::Piece>) -> FileId {
        let made = Virtual { text: text.into(), pieces: pieces.into() };
        let add = |to: &mut Vec<Virtual>| {
            to.push(made);
            text::VIRTUAL | (to.len() - 1) as u32
        };
        if self.is_noting() {
            return FileId(text::KEPT | add(&mut self.cache.borrow_mut().virtuals));
        }
        FileId(add(&mut self.virtuals.borrow_mut()))
    }

    /// Grows with every text that is made.
    fn virtual_count(&self) -> u32 {
        (self.cache.borrow().virtuals.len() + self.virtuals.borrow().len()) as u32
    }

    fn made_text(&self, file: FileId) -> Option<Virtual> {
        let at = (file.0 & !text::VIRTUAL & !text::KEPT) as usize;
        if file.0 & text::KEPT != 0 {
            return self.cache.borrow().virtuals.get(at).cloned();
        }
        self.virtuals.borrow().get(at).cloned()
    }

    /// The text a raw span covers and the way back from it.
    pub(crate) fn source(&self, raw: Span) -> Option<(Arc<str>, text::SpanMap)> {
        if raw.is_none() {
            return None;
        }
        if raw.file.0 & text::VIRTUAL != 0 {
            let made = self.made_text(raw.file)?;
            let map = text::SpanMap { file: raw.file, base: raw.lo, pieces: Some(made.pieces) };
            return Some((made.text, map));
        }
        let text = self.files.borrow().file(raw.file)?.text.clone();
        Some((text, text::SpanMap { file: raw.file, base: raw.lo, pieces: None }))
    }
}
