//! What names and paths mean: modules, imports, globs, crates, preludes, and models over crates.
//!
//! Visibility is not checked (the code compiles), except through globs, where a private name of another module must not
//! win over a public one. Cycles of imports end where they meet themselves.

use super::{Ns, PackageId, Resolved, View, World};
use crate::ir::hir::{CrateId, ItemId, ItemKind, ModId, Name, Path};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Names a module declares and imports.
#[derive(Debug, Default)]
pub(crate) struct Table {
    types: FxHashMap<Name, Declared>,
    values: FxHashMap<Name, Declared>,
    macros: FxHashMap<Name, Declared>,
    /// Imports by the name they give.
    imports: FxHashMap<Name, Vec<Use>>,
    globs: Vec<Use>,
    /// Crates whose macros `#[macro_use] extern crate` imports.
    macro_crates: Vec<Name>,
    /// True for the module of a function body: names go on to its parent.
    anonymous: bool,
    /// False when the module could not be read.
    complete: bool,
    parent: Option<u32>,
}

/// A name a module declares.
#[derive(Clone, Debug)]
struct Declared {
    idx: u32,
    public: bool,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Item,
    Mod(u32),
    Crate(Name),
}

/// An import.
#[derive(Clone, Debug)]
struct Use {
    /// How the path begins.
    head: Path,
    names: Vec<Name>,
    public: bool,
}

impl Table {
    fn own(&self, ns: Ns) -> &FxHashMap<Name, Declared> {
        match ns {
            Ns::Type => &self.types,
            Ns::Value => &self.values,
            Ns::Macro => &self.macros,
        }
    }
}

/// Questions being answered, so that a cycle of imports ends.
type Asked = Vec<(ModId, Name, Ns)>;

/// Most imports followed from one name.
const MAX_ASKED: usize = 64;

const PRIMITIVES: &[&str] = &[
    "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
    "f32", "f64",
];

pub(crate) fn resolve(world: &World<'_>, scope: ModId, path: &Path, ns: Ns) -> Resolved {
    if path.qself.is_some() {
        return Resolved::Unresolved;
    }
    let names: Vec<Name> = path.segments.iter().map(|segment| segment.name.clone()).collect();
    lookup(world, scope, path, &names, ns, false, &mut Vec::new()).unwrap_or(Resolved::Unresolved)
}

pub(crate) fn resolve_names(world: &World<'_>, scope: ModId, names: &[Name], ns: Ns) -> Resolved {
    lookup(world, scope, &Path::default(), names, ns, false, &mut Vec::new()).unwrap_or(Resolved::Unresolved)
}

/// Where a path has got to.
enum At {
    Mod(ModId),
    Done(Resolved),
}

/// Resolves a whole path; `head` says how it begins.
fn lookup(
    world: &World<'_>,
    scope: ModId,
    head: &Path,
    names: &[Name],
    ns: Ns,
    import: bool,
    asked: &mut Asked,
) -> Option<Resolved> {
    let root = |krate: CrateId| ModId { krate, idx: 0 };
    if let Some(krate) = head.dollar_crate {
        return walk(world, At::Mod(root(krate)), names, 0, ns, scope, asked);
    }
    let first = names.first()?;
    if head.global {
        let krate = extern_crate(world, scope.krate, first)?;
        return walk(world, krate, names, 1, ns, scope, asked);
    }
    match first.as_str() {
        "crate" => return walk(world, At::Mod(root(scope.krate)), names, 1, ns, scope, asked),
        "self" | "super" => {
            let mut at = named_module(world, scope);
            let mut index = usize::from(first == "self");
            while names.get(index).is_some_and(|name| name == "super") {
                let parent = table(world, at)?.parent?;
                at = named_module(world, ModId { krate: at.krate, idx: parent });
                index += 1;
            }
            return walk(world, At::Mod(at), names, index, ns, scope, asked);
        }
        "Self" => return None,
        // The intrinsics of table rows, also where the library has a module of that name.
        "host" if names.len() > 1 && world.is_model(scope.krate) => {
            return walk(world, At::Done(Resolved::Builtin("host".into(), 1)), names, 1, ns, scope, asked);
        }
        _ => {}
    }
    let edition = world.package(scope.krate).map_or(2021, |package| package.edition);
    if import && edition < 2018 {
        let found = member(world, root(scope.krate), first, if names.len() == 1 { ns } else { Ns::Type }, scope, asked);
        if let Some(found) = found.and_then(|at| walk(world, at, names, 1, ns, scope, asked)) {
            return Some(found);
        }
    }
    if names.len() == 1 {
        let found = lexical(world, scope, first, ns, asked)?;
        return walk(world, found, names, 1, ns, scope, asked);
    }
    let found = lexical(world, scope, first, Ns::Type, asked)?;
    walk(world, found, names, 1, ns, scope, asked)
}

/// Follows the rest of a path.
fn walk(
    world: &World<'_>,
    from: At,
    names: &[Name],
    mut index: usize,
    ns: Ns,
    scope: ModId,
    asked: &mut Asked,
) -> Option<Resolved> {
    let mut at = from;
    loop {
        let left = names.len() - index.min(names.len());
        match at {
            At::Mod(module) => {
                let Some(name) = names.get(index) else { return Some(Resolved::Mod(module)) };
                let wanted = if left == 1 { ns } else { Ns::Type };
                let found = member(world, module, name, wanted, scope, asked);
                let Some(found) = found else {
                    return missing(world, module, names, index, ns, scope, asked);
                };
                at = found;
                index += 1;
            }
            At::Done(_) if left == 0 => {
                let At::Done(done) = at else { return None };
                return Some(done);
            }
            At::Done(Resolved::Mod(module)) => at = At::Mod(module),
            At::Done(Resolved::External(mut path)) => {
                path.extend(names[index..].iter().cloned());
                return Some(Resolved::External(path));
            }
            At::Done(Resolved::Builtin(name, _)) if name == "host" => {
                let name = Name::new(format!("host::{}", names[index]));
                return Some(Resolved::Builtin(name, index + 1));
            }
            At::Done(Resolved::Builtin(name, _)) => return Some(Resolved::Builtin(name, index)),
            At::Done(Resolved::Item(item)) => return associated(world, item, names, index),
            At::Done(_) => return None,
        }
    }
}

/// A name below a type-like item: a variant, or something the type's impls declare.
fn associated(world: &World<'_>, id: ItemId, names: &[Name], index: usize) -> Option<Resolved> {
    world.data(id.krate)?.view(|view| match &view.item(id.idx)?.kind {
        ItemKind::Enum(of) => {
            let variant = of.variants.iter().position(|variant| variant.name == names[index]);
            match variant {
                Some(at) if index + 1 == names.len() => Some(Resolved::Variant(id, at as u32)),
                _ => Some(Resolved::Partial(id, index)),
            }
        }
        ItemKind::Struct(_) | ItemKind::Trait(_) | ItemKind::TypeAlias(_) => Some(Resolved::Partial(id, index)),
        _ => None,
    })
}

/// A path into a module that does not have the name: perhaps a model writes flat what the crate keeps in modules, or
/// the module's file is missing.
fn missing(
    world: &World<'_>,
    module: ModId,
    names: &[Name],
    index: usize,
    ns: Ns,
    scope: ModId,
    asked: &mut Asked,
) -> Option<Resolved> {
    let model_only = world.is_model(module.krate)
        && !world.is_closed(module.krate)
        && !world.overlaid.contains_key(&PackageId(module.krate.0));
    let is_root = module.idx == 0;
    if model_only && is_root && scope.krate != module.krate {
        for skip in index + 1..names.len() {
            let wanted = if skip + 1 == names.len() { ns } else { Ns::Type };
            if let Some(found) = member(world, module, &names[skip], wanted, scope, asked) {
                return walk(world, found, names, skip + 1, ns, scope, asked);
            }
        }
    }
    let named = world.package(module.krate).map(|package| Name::new(&package.crate_name))?;
    if world.is_closed(module.krate) && scope.krate != module.krate {
        // Its modules are not told apart: what looks like one is the root again.
        let is_module = names[index].starts_with(|c: char| c.is_ascii_lowercase());
        if is_module && (index + 1 < names.len() || ns == Ns::Type) {
            return walk(world, At::Mod(module), names, index + 1, ns, scope, asked);
        }
        let mut path = vec![named];
        path.extend(names[index..].iter().cloned());
        return Some(Resolved::External(path));
    }
    let complete = table(world, module)?.complete;
    if scope.krate == module.krate && complete {
        return None;
    }
    // An import of a macro `m` from a crate says nothing about a type `m`.
    let others = [Ns::Type, Ns::Value, Ns::Macro].into_iter().filter(|&other| other != ns);
    if index + 1 == names.len()
        && others.into_iter().any(|other| member(world, module, &names[index], other, scope, asked).is_some())
    {
        return None;
    }
    let mut path = vec![named];
    path.extend(names[index..].iter().cloned());
    Some(Resolved::External(path))
}

/// The module itself, or for the module of a function body the module around the function.
fn named_module(world: &World<'_>, mut at: ModId) -> ModId {
    while let Some(table) = table(world, at) {
        match (table.anonymous, table.parent) {
            (true, Some(parent)) => at.idx = parent,
            _ => break,
        }
    }
    at
}

/// A name as code in `scope` sees it.
fn lexical(world: &World<'_>, scope: ModId, name: &Name, ns: Ns, asked: &mut Asked) -> Option<At> {
    let key = (scope, name.clone(), ns);
    // A crate that is being put together may learn more names.
    let outermost = asked.is_empty() && !world.data(scope.krate)?.is_building();
    if outermost {
        if let Some(known) = world.memo.borrow().get(&key) {
            return known.clone().map(At::Done);
        }
    }
    let found = lexical_uncached(world, scope, name, ns, asked);
    let found = found.map(|at| match at {
        At::Mod(module) => Resolved::Mod(module),
        At::Done(done) => done,
    });
    if outermost {
        world.memo.borrow_mut().insert(key, found.clone());
    }
    found.map(At::Done)
}

fn lexical_uncached(world: &World<'_>, scope: ModId, name: &Name, ns: Ns, asked: &mut Asked) -> Option<At> {
    let mut at = scope;
    loop {
        if let Some(found) = member(world, at, name, ns, scope, asked) {
            return Some(found);
        }
        let Some(table) = table(world, at) else { break };
        // Macros are visible in the modules below; other names only from a body to the module around it.
        match table.parent {
            Some(parent) if table.anonymous || ns == Ns::Macro => at.idx = parent,
            _ => break,
        }
    }
    if ns == Ns::Macro {
        if let Some(found) = macro_use_crates(world, scope, name, asked) {
            return Some(found);
        }
    }
    if ns == Ns::Type {
        if let Some(found) = extern_crate(world, scope.krate, name) {
            return Some(found);
        }
        if PRIMITIVES.contains(&name.as_str()) {
            return Some(At::Done(Resolved::Builtin(name.clone(), 1)));
        }
    }
    if let Some(std) = world.std {
        let root = ModId { krate: CrateId(std.0), idx: 0 };
        if scope.krate != root.krate {
            if let Some(found) = member(world, root, name, ns, scope, asked) {
                return Some(found);
            }
        }
    }
    if world.is_model(scope.krate) && !world.is_closed(scope.krate) {
        if let Some(real) = world.overlaid.get(&PackageId(scope.krate.0)) {
            let root = ModId { krate: CrateId(real.0), idx: 0 };
            if let Some(found) = member(world, root, name, ns, scope, asked) {
                return Some(found);
            }
        }
    }
    unknown_glob(world, scope, name, asked)
}

/// A name that only a glob import of an unknown module can explain.
fn unknown_glob(world: &World<'_>, scope: ModId, name: &Name, asked: &mut Asked) -> Option<At> {
    // Only for the question itself: the path of such a glob must not be explained by the glob.
    if !asked.is_empty() {
        return None;
    }
    let mut at = scope;
    // A crate that is not there may have the name as well: it is asked first.
    let mut closed = None;
    let mut seen = Vec::new();
    loop {
        if let Some(found) = unknown_glob_of(world, at, name, &mut closed, &mut seen) {
            return Some(found);
        }
        let table = table(world, at)?;
        match table.parent {
            Some(parent) if table.anonymous => at.idx = parent,
            _ => return closed.map(|path| At::Done(Resolved::External(path))),
        }
    }
}

/// The same in one module and the modules of its crate that it imports from.
fn unknown_glob_of(
    world: &World<'_>,
    at: ModId,
    name: &Name,
    closed: &mut Option<Vec<Name>>,
    seen: &mut Vec<ModId>,
) -> Option<At> {
    if seen.contains(&at) || seen.len() > MAX_ASKED {
        return None;
    }
    seen.push(at);
    let table = table(world, at)?;
    for glob in &table.globs {
        let mut asked = vec![(at, name.clone(), Ns::Type)];
        match lookup(world, at, &glob.head, &glob.names, Ns::Type, true, &mut asked) {
            Some(Resolved::External(mut path)) => {
                path.push(name.clone());
                return Some(At::Done(Resolved::External(path)));
            }
            Some(Resolved::Mod(module)) if world.is_closed(module.krate) => {
                let krate = || world.package(module.krate).map(|package| Name::new(&package.crate_name));
                *closed = closed.take().or_else(|| krate().map(|krate| vec![krate, name.clone()]));
            }
            Some(Resolved::Mod(module)) if module.krate == at.krate => {
                if let Some(found) = unknown_glob_of(world, module, name, closed, seen) {
                    return Some(found);
                }
            }
            _ => {}
        }
    }
    None
}

/// Macros of crates that the root imports with `#[macro_use] extern crate`.
fn macro_use_crates(world: &World<'_>, scope: ModId, name: &Name, asked: &mut Asked) -> Option<At> {
    let root = table(world, ModId { krate: scope.krate, idx: 0 })?;
    for krate in &root.macro_crates {
        if let Some(At::Mod(root)) = extern_crate(world, scope.krate, krate) {
            if let Some(found) = member(world, root, name, Ns::Macro, scope, asked) {
                return Some(found);
            }
        }
    }
    None
}

/// A name in a module, models over crates included.
fn member(world: &World<'_>, module: ModId, name: &Name, ns: Ns, scope: ModId, asked: &mut Asked) -> Option<At> {
    let overlay = world.overlay(module.krate).map(|krate| ModId { krate, idx: 0 });
    if let (Some(model), 0) = (overlay, module.idx) {
        if scope.krate != model.krate {
            if let Some(found) = declared(world, model, name, ns, scope, asked) {
                return Some(found);
            }
        }
    }
    if let Some(found) = declared(world, module, name, ns, scope, asked) {
        return Some(replaced(world, found, ns, scope, asked));
    }
    // A path into a model's crate goes on to the crate it overlays.
    let open = world.is_model(module.krate) && !world.is_closed(module.krate);
    if module.idx == 0 && open && scope.krate != module.krate {
        let real = world.overlaid.get(&PackageId(module.krate.0))?;
        let root = ModId { krate: CrateId(real.0), idx: 0 };
        return declared(world, root, name, ns, scope, asked).map(|at| replaced(world, at, ns, scope, asked));
    }
    None
}

/// Model rows replace items of the same name, wherever the crate declares them.
fn replaced(world: &World<'_>, found: At, ns: Ns, scope: ModId, asked: &mut Asked) -> At {
    let At::Done(Resolved::Item(id)) = &found else { return found };
    let Some(model) = world.overlay(id.krate) else { return found };
    if scope.krate == model {
        return found;
    }
    let Some(name) = world.data(id.krate).and_then(|data| data.view(|view| Some(view.item(id.idx)?.name.clone())))
    else {
        return found;
    };
    let by = declared(world, ModId { krate: model, idx: 0 }, &name, ns, scope, asked);
    match by {
        Some(At::Done(Resolved::Item(item))) => At::Done(Resolved::Item(item)),
        _ => found,
    }
}

/// A name a module declares or imports.
fn declared(world: &World<'_>, module: ModId, name: &Name, ns: Ns, scope: ModId, asked: &mut Asked) -> Option<At> {
    let table = table(world, module)?;
    if let Some(own) = table.own(ns).get(name) {
        return match &own.what {
            What::Item => Some(At::Done(Resolved::Item(ItemId { krate: module.krate, idx: own.idx }))),
            What::Mod(inner) => Some(At::Mod(ModId { krate: module.krate, idx: *inner })),
            What::Crate(of) if of == "self" => Some(At::Mod(ModId { krate: module.krate, idx: 0 })),
            What::Crate(of) => extern_crate(world, module.krate, of),
        };
    }
    if !table.imports.contains_key(name) && table.globs.is_empty() {
        return None;
    }
    let key = (module, name.clone(), ns);
    if asked.contains(&key) || asked.len() >= MAX_ASKED {
        return None;
    }
    asked.push(key);
    let found = imported(world, module, &table, name, ns, scope, asked);
    asked.pop();
    found
}

fn imported(
    world: &World<'_>,
    module: ModId,
    table: &Table,
    name: &Name,
    ns: Ns,
    scope: ModId,
    asked: &mut Asked,
) -> Option<At> {
    for import in table.imports.get(name).into_iter().flatten() {
        if let Some(found) = lookup(world, module, &import.head, &import.names, ns, true, asked) {
            return match found {
                Resolved::Unresolved | Resolved::Partial(..) => None,
                Resolved::Mod(module) => Some(At::Mod(module)),
                found => Some(At::Done(found)),
            };
        }
    }
    let mut late = Vec::new();
    for import in &table.globs {
        if !import.public && !below(world, scope, module) {
            continue;
        }
        let target = if import.names.is_empty() && import.head.dollar_crate.is_none() {
            None
        } else {
            lookup(world, module, &import.head, &import.names, Ns::Type, true, asked)
        };
        match target {
            // All modules of such a crate are one: a name from elsewhere was meant.
            Some(Resolved::Mod(target)) if world.is_closed(target.krate) && target.krate != module.krate => {
                late.push(target);
            }
            Some(Resolved::Mod(target)) if target != module => {
                if let Some(found) = member(world, target, name, ns, module, asked) {
                    if visible(world, target, name, ns, module) {
                        return Some(found);
                    }
                }
            }
            Some(Resolved::Item(id)) if ns != Ns::Macro => {
                let variant = world.data(id.krate)?.view(|view| match &view.item(id.idx)?.kind {
                    ItemKind::Enum(of) => of.variants.iter().position(|variant| variant.name == *name),
                    _ => None,
                });
                if let Some(variant) = variant {
                    return Some(At::Done(Resolved::Variant(id, variant as u32)));
                }
            }
            _ => {}
        }
    }
    late.into_iter().find_map(|target| member(world, target, name, ns, module, asked))
}

/// True when `scope` is `module` or inside it.
fn below(world: &World<'_>, scope: ModId, module: ModId) -> bool {
    let mut at = scope;
    loop {
        if at == module {
            return true;
        }
        match table(world, at).and_then(|table| table.parent) {
            Some(parent) if at.krate == module.krate => at.idx = parent,
            _ => return false,
        }
    }
}

/// True when a glob in `from` sees the name in `target`.
fn visible(world: &World<'_>, target: ModId, name: &Name, ns: Ns, from: ModId) -> bool {
    if below(world, from, target) {
        return true;
    }
    let Some(table) = table(world, target) else { return false };
    let mut imports = table.imports.get(name).into_iter().flatten();
    match table.own(ns).get(name) {
        // `macro_rules! name` is private, but `pub(crate) use name;` may follow.
        Some(own) => own.public || (ns == Ns::Macro && imports.any(|import| import.public)),
        None if table.imports.contains_key(name) => imports.any(|import| import.public),
        // Through a public glob, or from a model over the crate.
        None => true,
    }
}

/// A crate by the name code uses for it.
fn extern_crate(world: &World<'_>, from: CrateId, name: &Name) -> Option<At> {
    let root = |package: PackageId| At::Mod(ModId { krate: CrateId(package.0), idx: 0 });
    let package = world.package(from)?;
    if let Some((_, dep)) = package.deps.iter().find(|(extern_name, _)| extern_name == name.as_str()) {
        let closed = world.overlay(CrateId(dep.0)).filter(|model| world.is_closed(*model));
        return Some(root(closed.map_or(*dep, |model| PackageId(model.0))));
    }
    let external = || At::Done(Resolved::External(vec![name.clone()]));
    if package.missing.iter().any(|missing| missing == name.as_str()) {
        return Some(world.model_named(name).map_or_else(external, |krate| root(PackageId(krate.0))));
    }
    if world.is_model(from) && name == "host" {
        return Some(At::Done(Resolved::Builtin("host".into(), 1)));
    }
    if let Some(model) = world.model_named(name) {
        if model != from {
            return Some(root(PackageId(model.0)));
        }
    }
    if matches!(name.as_str(), "std" | "core" | "alloc" | "proc_macro" | "test") {
        return Some(external());
    }
    if world.is_model(from) {
        let real = &world.packages[..world.first_model];
        if let Some(at) = real.iter().position(|package| package.crate_name == name.as_str()) {
            return Some(root(PackageId(at as u32)));
        }
    }
    None
}

/// The names a module declares.
fn table(world: &World<'_>, id: ModId) -> Option<Rc<Table>> {
    let data = world.data(id.krate)?;
    if let Some(table) = data.tables.borrow().get(&id.idx) {
        return Some(table.clone());
    }
    let mut below = Vec::new();
    let mut table = data.view(|view| build(&view, id.idx, &mut below))?;
    // Macros that `#[macro_use]` modules leave in the module around them.
    for inner in below {
        if let Some(inner) = self::table(world, ModId { krate: id.krate, idx: inner }) {
            let mut macros: Vec<_> = inner.macros.iter().collect();
            macros.sort_by_key(|(name, _)| *name);
            for (name, declared) in macros {
                table.macros.entry(name.clone()).or_insert_with(|| declared.clone());
            }
        }
    }
    let table = Rc::new(table);
    data.tables.borrow_mut().insert(id.idx, table.clone());
    Some(table)
}

/// Reads a module; `below` gets its `#[macro_use]` modules.
fn build(view: &View<'_>, idx: u32, below: &mut Vec<u32>) -> Option<Table> {
    let module = view.module(idx)?;
    let mut table = Table {
        anonymous: module.name.is_empty() && module.parent.is_some(),
        complete: module.complete,
        parent: module.parent,
        ..Table::default()
    };
    for &idx in &module.items {
        let Some(item) = view.item(idx) else { continue };
        let name = item.name.clone();
        let macro_use = || item.attrs.iter().any(|attr| attr.path == "macro_use");
        let declared = |what| Declared { idx, public: item.public, what };
        match &item.kind {
            ItemKind::Mod(inner) => {
                if macro_use() {
                    below.push(*inner);
                }
                table.types.entry(name).or_insert(declared(What::Mod(*inner)));
            }
            ItemKind::ExternCrate(of) => {
                if macro_use() {
                    table.macro_crates.push(of.clone());
                }
                table.types.entry(name).or_insert(declared(What::Crate(of.clone())));
            }
            ItemKind::Enum(_) | ItemKind::Trait(_) | ItemKind::TypeAlias(_) => {
                table.types.entry(name).or_insert(declared(What::Item));
            }
            ItemKind::Struct(of) => {
                if of.fields.tuple || of.fields.unit {
                    table.values.entry(name.clone()).or_insert(declared(What::Item));
                }
                table.types.entry(name).or_insert(declared(What::Item));
            }
            ItemKind::Fn(_) | ItemKind::Const(_) => {
                table.values.entry(name).or_insert(declared(What::Item));
            }
            ItemKind::MacroRules(_) => {
                table.macros.insert(name, declared(What::Item));
            }
            ItemKind::Impl(_) | ItemKind::MacroCall(_) => {}
        }
    }
    for import in &module.imports {
        let head = Path { global: import.path.global, dollar_crate: import.path.dollar_crate, ..Path::default() };
        let names = import.path.segments.iter().map(|segment| segment.name.clone()).collect();
        let import_of = Use { head, names, public: import.public };
        match &import.alias {
            None => table.globs.push(import_of),
            Some(alias) if alias == "_" => {}
            Some(alias) => table.imports.entry(alias.clone()).or_default().push(import_of),
        }
    }
    if idx == 0 {
        for (idx, item) in view.krate.items.iter().enumerate() {
            if let ItemKind::MacroRules(def) = &item.kind {
                if def.exported {
                    let declared = Declared { idx: idx as u32, public: true, what: What::Item };
                    table.macros.entry(item.name.clone()).or_insert(declared);
                }
            }
        }
    }
    Some(table)
}
