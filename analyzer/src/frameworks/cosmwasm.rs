//! CosmWasm. Entry points are functions marked `#[entry_point]`, exported by their names; `execute`, `query` and `sudo`
//! dispatch on a message enum, each variant of which is an entry point of its own. State is reached only through a
//! storage handle (`deps.storage`), so a call that gets none is free of effects. What the storage types do is in
//! `models/cw_storage_plus.toml` and its neighbours.
//! Source: cosmwasm `packages/derive`, `packages/std/src/exports`.

use super::Framework;
use super::messages::{on_the_wire, renamed, snake_case, untagged};
use crate::effects::ty::Ty;
use crate::effects::{Engine, EntrySpec, append_frame};
use crate::ir::hir::{Attr, CrateId, ItemId, ItemKind, ModId, Name};
use crate::ir::{Const, Contract, Entry, EntryKind, External, Param, Span, Term};
use std::collections::BTreeMap;

pub(crate) const FRAMEWORK: Framework =
    Framework { id: "cosmwasm", title: "CosmWasm", chain: "keyed", noun: "message", detect, contracts };

/// Nested messages further down than this are joined.
const MAX_NESTED: usize = 24;

/// Messages without a name of their own inside one another, at most.
const MAX_WITHIN: usize = 4;

/// Exported functions and what they are; all others that are marked are callbacks.
const EXPORTS: &[(&str, EntryKind)] = &[
    ("instantiate", EntryKind::Init),
    ("execute", EntryKind::Call),
    ("query", EntryKind::View),
    ("migrate", EntryKind::Migrate),
    ("sudo", EntryKind::System),
    ("reply", EntryKind::Callback),
];

fn detect(engine: &Engine<'_>, krate: CrateId) -> bool {
    let package = &engine.world.packages()[krate.0 as usize];
    let depends = |name: &str| {
        package.deps.iter().any(|(dep, _)| dep == name) || package.missing.iter().any(|missing| missing == name)
    };
    (depends("cosmwasm_std") || depends("sylvia")) && !handlers(engine, krate).is_empty()
}

/// Exported functions in source order.
fn handlers(engine: &Engine<'_>, krate: CrateId) -> Vec<ItemId> {
    let items = engine.world.krate(krate);
    let mut found: Vec<ItemId> = Vec::new();
    for (idx, item) in items.items.iter().enumerate() {
        let ItemKind::Fn(function) = &item.kind else { continue };
        if function.owner.is_none() && Attr::among(&item.attrs, "entry_point") {
            found.push(ItemId { krate, idx: idx as u32 });
        }
    }
    found
}

fn contracts(engine: &mut Engine<'_>, krate: CrateId) -> Vec<Contract> {
    engine.encoding = "cw-storage-plus";
    engine.address_kind = "bech32";
    engine.on_the_wire = Some(on_the_wire);
    let mut found = Vec::new();
    for item in handlers(engine, krate) {
        found.extend(entries_of(engine, item));
    }
    let entries = with_replies(engine, krate, found);
    let package = engine.world.packages()[krate.0 as usize].clone();
    vec![FRAMEWORK.contract(engine, krate, package.name.clone(), engine.contract_cells(), entries)]
}

/// An entry point, and the numbers under which its calls have the chain call `reply`; `None` is any.
type Found = (Entry, Vec<Option<Const>>);

/// A sub-message's reply runs in the transaction of the call that asked for it, whoever else is called in between: what
/// `reply` does under that number belongs to the call.
fn with_replies(engine: &mut Engine<'_>, krate: CrateId, found: Vec<Found>) -> Vec<Entry> {
    let reply = handlers(engine, krate).into_iter().find(|item| engine.item(*item).name == "reply");
    let mut known: BTreeMap<Option<Const>, Found> = BTreeMap::new();
    let mut entries = Vec::new();
    for (mut entry, asked) in found {
        let mut open: Vec<Option<Const>> = asked;
        let mut done: Vec<Option<Const>> = Vec::new();
        while let Some(id) = open.pop() {
            let Some(item) = reply.filter(|_| !done.contains(&id)) else { continue };
            if !known.contains_key(&id) {
                let Some(answer) = reply_to(engine, item, id.as_ref()) else { continue };
                known.insert(id.clone(), answer);
            }
            if let Some((answer, further)) = known.get(&id) {
                append_frame(&mut entry.accesses, &answer.accesses, "reply");
                let externals = answer.externals.iter().map(later);
                entry.externals.extend(externals);
                entry.externals.sort();
                entry.externals.dedup();
                entry.unknowns.extend(answer.unknowns.iter().cloned());
                entry.unknowns.sort();
                entry.unknowns.dedup();
                open.extend(further.iter().cloned());
            }
            done.push(id);
        }
        entries.push(entry);
    }
    entries
}

/// A message that a reply sends, as the first call sees it: the reply's arguments are not the call's.
fn later(external: &External) -> External {
    let mut external = external.clone();
    for term in external.args.iter_mut().map(|(_, term)| term).chain([&mut external.target]) {
        if !term.is_shared() {
            *term = Term::Any;
        }
    }
    external.via.insert(0, "reply".to_owned());
    external
}

/// What `reply` does under one number.
fn reply_to(engine: &mut Engine<'_>, item: ItemId, id: Option<&Const>) -> Option<Found> {
    let info = engine.item(item);
    let ItemKind::Fn(function) = &info.kind else { return None };
    let env = crate::effects::ty::TyEnv::root(ModId { krate: item.krate, idx: info.module });
    let mut args = Vec::new();
    for (name, ty) in &function.params {
        let ty = engine.lower_ty(ty, &env);
        let value = engine.parameter_row(&ty);
        args.push(match (value, id) {
            (Some(value), _) => value,
            (None, Some(id)) => Engine::with_known_field(ty, "id", id.clone()),
            (None, None) => engine.argument(name.as_deref().unwrap_or("arg"), ty),
        });
    }
    let spec = EntrySpec { item, recv: None, args, env: None, assumptions: Vec::new(), paid: false };
    let (found, _) = run(engine, "reply".to_owned(), EntryKind::Callback, None, Vec::new(), &spec, info.name_span);
    Some(found)
}

/// All entry points behind one exported function.
fn entries_of(engine: &mut Engine<'_>, item: ItemId) -> Vec<Found> {
    let info = engine.item(item);
    let ItemKind::Fn(function) = &info.kind else { return Vec::new() };
    let name = info.name.to_string();
    let kind = EXPORTS.iter().find(|(known, _)| *known == name).map_or(EntryKind::Callback, |(_, kind)| *kind);
    let env = crate::effects::ty::TyEnv::root(ModId { krate: item.krate, idx: info.module });
    let params: Vec<(Option<Name>, Ty)> =
        function.params.iter().map(|(name, ty)| (name.clone(), engine.lower_ty(ty, &env))).collect();
    // The message is the parameter that no table row explains.
    let mut message: Option<usize> = None;
    let mut rows = Vec::new();
    for (at, (_, ty)) in params.iter().enumerate() {
        let row = engine.parameter_row(ty);
        if row.is_none() {
            message = Some(at);
        }
        rows.push(row);
    }
    let message_ty = message.map_or(Ty::Unknown, |at| params[at].1.clone());
    let dispatching = matches!(kind, EntryKind::Call | EntryKind::View | EntryKind::System);
    let variants = if dispatching { messages_of(engine, &message_ty, 0) } else { None };
    let spec = |engine: &mut Engine<'_>, value: Option<crate::effects::Value>| {
        let mut args = Vec::new();
        for (at, (name, ty)) in params.iter().enumerate() {
            let row = rows[at].clone();
            args.push(match (row, message == Some(at), value.clone()) {
                (Some(row), _, _) => row,
                (None, true, Some(value)) => value,
                (None, true, None) => engine.struct_argument(ty),
                (None, false, _) => engine.argument(name.as_deref().unwrap_or("arg"), ty.clone()),
            });
        }
        EntrySpec { item, recv: None, args, env: None, assumptions: Vec::new(), paid: false }
    };
    let Some(variants) = variants else {
        let spec = spec(engine, None);
        let params = engine.struct_params(&message_ty);
        return vec![run(engine, name, kind, None, params, &spec, info.name_span).0];
    };
    let mut entries = Vec::new();
    for variant in variants {
        let Variant { within, index, spelled, span } = variant;
        let ty = within.first().map_or_else(|| message_ty.clone(), |(_, ty)| ty.clone());
        let (fields, params) = variant_arguments(engine, &ty, index);
        let mut value = Engine::variant_value(ty, index, fields);
        for (at, (outer, _)) in within.iter().enumerate() {
            let around = within.get(at + 1).map_or_else(|| message_ty.clone(), |(_, ty)| ty.clone());
            value = Engine::variant_value(around, *outer, vec![(Name::new_static("0"), value)]);
        }
        let spec = spec(engine, Some(value));
        let full = format!("{name}::{spelled}");
        let (entry, nested) = run(engine, full.clone(), kind, None, params.clone(), &spec, span);
        let parent = entry.0.name.clone();
        entries.push(entry);
        // A message inside the message: one refinement per variant.
        for (term, ty) in nested {
            let Ty::Adt(id, _) = &ty else { continue };
            let Some(inner) = variants_of(engine, *id) else { continue };
            if inner.len() > MAX_NESTED || matches!(kind, EntryKind::View) {
                continue;
            }
            for variant in inner {
                let mut spec = spec.clone();
                spec.assumptions = vec![(term.clone(), variant.index)];
                let full = format!("{parent}::{}", variant.spelled);
                let (entry, _) = run(engine, full, kind, Some(parent.clone()), params.clone(), &spec, variant.span);
                entries.push(entry);
            }
        }
    }
    entries
}

struct Variant {
    /// For a message that stands in others without a name of its own, innermost first: the variant around it, and the type
    /// that the variant holds.
    within: Vec<(u32, Ty)>,
    index: u32,
    spelled: String,
    span: Span,
}

/// Variants with their names on the wire; `None` when the type is no enum. Of an enum of messages that the wire does not tell
/// apart by name (`#[serde(untagged)]`), the messages.
fn messages_of(engine: &mut Engine<'_>, ty: &Ty, depth: usize) -> Option<Vec<Variant>> {
    let Ty::Adt(id, _) = ty else { return None };
    let own = variants_of(engine, *id)?;
    if depth > MAX_WITHIN || !untagged(&engine.item(*id).attrs) {
        return Some(own);
    }
    let mut out = Vec::new();
    for outer in own {
        let fields = engine.field_types(ty, Some(outer.index));
        let inner = match fields.as_ref() {
            [(name, inner)] if name == "0" => Some(inner.clone()),
            _ => None,
        };
        match inner.as_ref().and_then(|inner| messages_of(engine, inner, depth + 1)) {
            Some(all) => out.extend(all.into_iter().map(|mut one| {
                one.within.extend(inner.clone().map(|inner| (outer.index, inner)));
                one
            })),
            None => out.push(outer),
        }
    }
    Some(out)
}

fn variants_of(engine: &Engine<'_>, id: ItemId) -> Option<Vec<Variant>> {
    let item = engine.item(id);
    let ItemKind::Enum(def) = &item.kind else { return None };
    Some(
        def.variants
            .iter()
            .enumerate()
            .map(|(at, variant)| Variant {
                within: Vec::new(),
                index: at as u32,
                spelled: renamed(&variant.attrs).unwrap_or_else(|| snake_case(&variant.name)),
                span: variant.span,
            })
            .collect(),
    )
}

/// The fields of a variant as arguments of the call, and the parameters they are. The payload of a variant with one
/// unnamed struct is spelled by its fields, as in JSON.
fn variant_arguments(
    engine: &mut Engine<'_>,
    ty: &Ty,
    variant: u32,
) -> (Vec<(Name, crate::effects::Value)>, Vec<Param>) {
    let fields = engine.field_types(ty, Some(variant));
    if let [(name, inner)] = fields.as_ref() {
        if name == "0" {
            let params = engine.struct_params(inner);
            let (value, params) = match params.is_empty() {
                true => {
                    let (param, value) = engine.parameter(0, Some("value"), inner.clone());
                    (value, vec![param])
                }
                false => (engine.struct_argument(inner), params),
            };
            return (vec![(name.clone(), value)], params);
        }
    }
    engine.message_fields(ty, Some(variant))
}

fn run(
    engine: &mut Engine<'_>,
    name: String,
    kind: EntryKind,
    refines: Option<String>,
    params: Vec<Param>,
    spec: &EntrySpec,
    span: Span,
) -> (Found, Vec<(Term, Ty)>) {
    let found = engine.run(spec);
    let entry = Entry {
        name,
        kind,
        refines,
        callers: found.callers,
        callers_span: found.callers_span,
        params,
        accesses: found.accesses,
        externals: found.externals,
        unknowns: found.unknowns,
        accounts: None,
        span,
    };
    ((entry, found.callbacks), found.nested)
}
