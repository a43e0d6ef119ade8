//! Arbitrum Stylus. The contract is the struct marked `#[entrypoint]`; every function of its blocks marked `#[public]` is
//! an entry point, public or not, and so are those of the types it inherits (`#[inherit]`) and of the traits it lists
//! (`#[implements]`). State is the struct itself: each field lies in 32-byte slots in declared order, maps and lists
//! spread from theirs by hashes. What storage types do is in `models/stylus_sdk.toml`, where they lie in `layout`.
//! Source: stylus-sdk-rs `stylus-proc/src/macros/public`, `stylus-proc/src/macros/storage.rs`.

mod layout;

use super::{Framework, not_seen, unmarked};
use crate::effects::ty::{ImplInfo, Ty, TyEnv};
use crate::effects::{Engine, EntrySpec, Value};
use crate::ir::hir::{Attr, CrateId, ItemId, ItemKind, ModId, Receiver, TypeRef};
use crate::ir::{Contract, Entry, EntryKind, FileId, Span};
use std::rc::Rc;

pub(crate) const FRAMEWORK: Framework =
    Framework { id: "stylus", title: "Stylus", chain: "evm", noun: "function", detect, contracts };

/// Types that inherit from each other deeper than this are not followed.
const MAX_INHERITED: usize = 8;

/// Blocks whose functions are exported; the older name is still in use.
fn exported(attrs: &[Attr]) -> bool {
    Attr::among(attrs, "public") || Attr::among(attrs, "external")
}

fn detect(engine: &Engine<'_>, krate: CrateId) -> bool {
    let package = &engine.world.packages()[krate.0 as usize];
    let sdk = |name: &str| name == "stylus_sdk";
    let depends = package.deps.iter().any(|(dep, _)| sdk(dep)) || package.missing.iter().any(|missing| sdk(missing));
    depends && engine.world.krate(krate).items.iter().any(|item| Attr::among(&item.attrs, "entrypoint"))
}

/// An exported function with the value of its receiver.
struct Export {
    item: ItemId,
    env: TyEnv,
    state: Value,
    /// The trait whose function it is.
    of_trait: Option<ItemId>,
}

fn contracts(engine: &mut Engine<'_>, krate: CrateId) -> Vec<Contract> {
    engine.encoding = "evm";
    engine.address_kind = "evm";
    engine.ambient = true;
    let items = engine.world.krate(krate);
    let marked: Vec<ItemId> = (0..items.items.len() as u32)
        .map(|idx| ItemId { krate, idx })
        .filter(|id| Attr::among(&items.items[id.idx as usize].attrs, "entrypoint"))
        .collect();
    engine.index_impls();
    let mut roots = Vec::new();
    let mut entries: Vec<Entry> = Vec::new();
    for id in marked {
        match &engine.item(id).kind {
            ItemKind::Struct(_) => {
                let ty = engine.item_ty_with(id, Vec::new(), 0);
                let state = engine.placed_self(&ty);
                let mut exports = Vec::new();
                let mut lost = Vec::new();
                exports_of(engine, &ty, &state, &mut exports, &mut lost, 0);
                for export in exports {
                    let entry = entry_of(engine, &export, &state, &entries);
                    entries.push(entry);
                }
                entries.extend(lost.into_iter().map(|(part, span)| {
                    not_seen(format!("{part}::*"), format!("functions inherited from `{part}`"), span)
                }));
                roots.push(ty);
            }
            // The program's one function, which dispatches by itself.
            ItemKind::Fn(_) => {
                let env = TyEnv::root(ModId { krate, idx: engine.item(id).module });
                let export = Export { item: id, env, state: Value::unit(), of_trait: None };
                let entry = entry_of(engine, &export, &Value::unit(), &entries);
                entries.push(entry);
            }
            _ => {}
        }
    }
    let mut cells = engine.contract_cells();
    let layout = layout::Layout::of(engine, &roots);
    layout.place(&mut cells, &mut entries);
    let package = engine.world.packages()[krate.0 as usize].clone();
    vec![FRAMEWORK.contract(engine, krate, package.name.clone(), cells, entries)]
}

/// The functions that calls to a value of this type reach: its own first, then those of what it inherits. What
/// cannot be followed goes to `lost`: types of which there is no value, lists that cannot be read.
fn exports_of(
    engine: &mut Engine<'_>,
    ty: &Ty,
    state: &Value,
    found: &mut Vec<Export>,
    lost: &mut Vec<(String, Span)>,
    depth: usize,
) {
    let at = |engine: &Engine<'_>| match ty {
        Ty::Adt(id, _) => (engine.item(*id).name.to_string(), engine.item(*id).name_span),
        _ => ("?".to_owned(), Span::NONE),
    };
    if depth > MAX_INHERITED {
        lost.push(at(engine));
        return;
    }
    let mut blocks: Vec<Rc<ImplInfo>> = engine
        .impls_of(ty)
        .iter()
        .filter(|info| !matches!(info.self_ty, Ty::Param(..)) && exported(&engine.item(info.item).attrs))
        .cloned()
        .collect();
    blocks.sort_by_key(|info| (info.is_trait, info.item));
    let own = blocks.iter().any(|info| !info.is_trait);
    let mut listed: Vec<ItemId> = Vec::new();
    let mut inherited: Vec<(Ty, Value)> = Vec::new();
    for info in blocks.iter().filter(|info| !info.is_trait) {
        let block = engine.item(info.item);
        let Some(env) = engine.impl_env(info, ty) else {
            lost.push(at(engine));
            continue;
        };
        for attr in &block.attrs {
            let base = Span { file: FileId(u32::MAX), ..block.span };
            match attr.name() {
                "implements" => {
                    for part in parts(&attr.tokens) {
                        let path = engine.world.parse_type(&part, base);
                        let ty = path.as_ref().map(|path| engine.lower_ty(path, &env));
                        // A trait that is not there is found by its name, if its functions are.
                        let named = |info: &Rc<ImplInfo>| match &path {
                            Some(TypeRef::Path(path)) => {
                                path.segments.last().map(|last| &last.name) == info.trait_name.as_ref()
                            }
                            _ => false,
                        };
                        let seen = match &ty {
                            Some(Ty::Dyn(traits)) => {
                                listed.extend(traits.iter().map(|(id, _)| *id));
                                blocks.iter().any(|info| traits.iter().any(|(id, _)| info.of_trait == Some(*id)))
                            }
                            _ => blocks.iter().any(named),
                        };
                        if !seen {
                            lost.push((part.trim().to_owned(), attr.span));
                        }
                    }
                }
                "inherit" => {
                    for part in parts(&attr.tokens) {
                        let path = engine.world.parse_type(&part, base);
                        let parent = path.map_or(Ty::Unknown, |path| engine.lower_ty(&path, &env));
                        let value = matches!(parent, Ty::Adt(..)).then(|| part_of_type(engine, ty, state, &parent));
                        match value.flatten() {
                            Some(value) => inherited.push((parent, value)),
                            None => lost.push((part.trim().to_owned(), attr.span)),
                        }
                    }
                }
                _ => {}
            }
        }
    }
    for info in &blocks {
        // With a list, traits that are not on it are not reachable.
        if own && info.of_trait.is_some_and(|id| !listed.contains(&id)) {
            continue;
        }
        let block = engine.item(info.item);
        let ItemKind::Impl(written) = &block.kind else { continue };
        let Some(env) = engine.impl_env(info, ty) else {
            lost.push(at(engine));
            continue;
        };
        for &idx in &written.items {
            let item = ItemId { krate: info.item.krate, idx };
            let function = engine.item(item);
            let shadowed = depth > 0 && found.iter().any(|known| engine.item(known.item).name == function.name);
            if !matches!(function.kind, ItemKind::Fn(_))
                || shadowed
                || depth > 0 && Attr::among(&function.attrs, "constructor")
            {
                continue;
            }
            found.push(Export { item, env: env.clone(), state: state.clone(), of_trait: info.of_trait });
        }
    }
    for (parent, value) in inherited {
        exports_of(engine, &parent, &value, found, lost, depth + 1);
    }
}

/// The field of this type, of the struct or of the fields it lends out: one that is lent before one that is not, one of
/// this very type before one of the same struct with other arguments.
fn part_of_type(engine: &mut Engine<'_>, ty: &Ty, state: &Value, wanted: &Ty) -> Option<Value> {
    let mut found: Vec<(bool, bool, Value)> = Vec::new();
    parts_of_type(engine, ty, state, wanted, &mut found, 0);
    let best = found.iter().map(|(lent, same, _)| (*same, *lent)).max()?;
    found.into_iter().find(|(lent, same, _)| (*same, *lent) == best).map(|(_, _, value)| value)
}

fn parts_of_type(
    engine: &mut Engine<'_>,
    ty: &Ty,
    state: &Value,
    wanted: &Ty,
    found: &mut Vec<(bool, bool, Value)>,
    depth: usize,
) {
    let Ty::Adt(id, _) = ty else { return };
    if depth > MAX_INHERITED || engine.is_model(id.krate) {
        return;
    }
    let lent: Vec<bool> = match &engine.item(*id).kind {
        ItemKind::Struct(def) => def.fields.fields.iter().map(|field| Attr::among(&field.attrs, "borrow")).collect(),
        _ => return,
    };
    for (at, (name, field)) in engine.field_types(ty, None).iter().enumerate() {
        let value = engine.field_of(state, name);
        if field == wanted || field.same_head(wanted) {
            found.push((lent.get(at).copied().unwrap_or(false), field == wanted, value.clone()));
        }
        parts_of_type(engine, field, &value, wanted, found, depth + 1);
    }
}

/// The parts of a list of types: commas inside angle brackets do not count.
fn parts(tokens: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut depth = 0usize;
    let mut part = String::new();
    for c in tokens.trim().trim_start_matches('(').trim_end_matches(')').chars() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                all.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    all.push(part);
    all.retain(|part| !part.trim().is_empty());
    all
}

fn entry_of(engine: &mut Engine<'_>, export: &Export, root: &Value, known: &[Entry]) -> Entry {
    let info = engine.item(export.item);
    let mut name = info.name.to_string();
    if known.iter().any(|entry| entry.name == name) {
        // One name in two interfaces, told apart by selectors.
        let owner = export.of_trait.map_or_else(|| "Self".to_owned(), |id| engine.item(id).name.to_string());
        name = format!("{owner}::{name}");
    }
    let mut args = Vec::new();
    let mut params = Vec::new();
    let mut recv = None;
    let mut writes = false;
    let env = TyEnv { module: ModId { krate: export.item.krate, idx: info.module }, ..export.env.clone() };
    if let ItemKind::Fn(function) = &info.kind {
        let mut written = function.params.clone();
        match function.receiver {
            Some(receiver) => {
                writes = receiver == Receiver::RefMut;
                recv = Some(export.state.clone());
            }
            None => {
                // `fn f<S: TopLevelStorage>(storage: &mut S, ..)`: the first reference is the contract.
                if let Some((_, TypeRef::Ref(mutable, inner))) = written.first() {
                    let generic = matches!(inner.as_ref(), TypeRef::Path(path) if path.segments.len() == 1
                        && function.generics.params.iter().any(|param| param.name == path.segments[0].name));
                    if generic {
                        writes = *mutable;
                        args.push(root.clone());
                        written.remove(0);
                    }
                }
            }
        }
        for (at, (param, ty)) in written.iter().enumerate() {
            let ty = engine.lower_ty(ty, &env);
            let (param, arg) = engine.parameter(at, param.as_deref().map(unmarked), ty);
            params.push(param);
            args.push(arg);
        }
    }
    let payable = Attr::among(&info.attrs, "payable") || Attr::among(&info.attrs, "receive");
    let kind = match () {
        () if Attr::among(&info.attrs, "constructor") => EntryKind::Init,
        () if payable || writes || Attr::among(&info.attrs, "fallback") || Attr::among(&info.attrs, "entrypoint") => {
            EntryKind::Call
        }
        () => EntryKind::View,
    };
    let spec = EntrySpec { item: export.item, recv, args, env: Some(env), assumptions: Vec::new(), paid: payable };
    engine.run(&spec).into_entry(name, kind, params, info.name_span)
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn lists_of_types() {
        assert_eq!(parts("(IErc20<Error = Error>, IOwnable)"), ["IErc20<Error = Error>", " IOwnable"]);
        assert_eq!(parts("Erc20<P>, Map<A, B>"), ["Erc20<P>", " Map<A, B>"]);
        assert!(parts("").is_empty());
    }
}
