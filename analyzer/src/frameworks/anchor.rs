//! Anchor. A program is a module marked `#[program]`; each of its functions whose first parameter is a `Context<T>` is an
//! instruction. `T` is a struct with `#[derive(Accounts)]`, whose fields, in order, are the accounts; their constraints
//! say which are locked for writing. Transactions lock what is declared, whatever the code does, so the declared lock
//! is the footprint on the chain; what the code may write is never more than that.
//! Source: anchor `lang/syn/src/{parser,codegen}`; a field is writable if and only if one of its constraints sets
//! `mutable` (`lang/syn/src/lib.rs`), which is what the interface description and clients get.

pub(in crate::frameworks) mod accounts;
pub(in crate::frameworks) mod constraints;
mod identity;
mod writes;

use super::Framework;
use crate::effects::Engine;
use crate::effects::ty::TyEnv;
use crate::ir::hir::{Attr, CrateId, ItemId, ItemKind, ModId, Name, TypeRef};
use crate::ir::{
    Access, AccountParam, Callers, Cell, CellId, Certainty, Contract, Entry, EntryKind, Mode, Param, Reach, Span,
    Storage, Type, Unit, Unknown, UnknownReason, Written,
};
use accounts::Declared;
use std::collections::BTreeMap;

pub(crate) const FRAMEWORK: Framework =
    Framework { id: "anchor", title: "Anchor", chain: "solana", noun: "instruction", detect, contracts };

/// Kind of the chain's addresses.
const ADDRESS: &str = "base58";

fn detect(engine: &Engine<'_>, krate: CrateId) -> bool {
    let package = &engine.world.packages()[krate.0 as usize];
    let is_anchor = |name: &str| matches!(name, "anchor_lang" | "anchor_lang_v2");
    let depends =
        package.deps.iter().any(|(dep, _)| is_anchor(dep)) || package.missing.iter().any(|missing| is_anchor(missing));
    // A crate may reach Anchor through another crate's re-export; the two attributes together are its own.
    let items = engine.world.krate(krate);
    let has_accounts = || items.items.iter().any(|item| item.attrs.iter().any(accounts::derives_accounts));
    let programs = programs(engine, krate);
    !programs.is_empty() && (depends || has_accounts())
}

pub(in crate::frameworks) fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path).trim()
}

fn marked(attrs: &[Attr], name: &str) -> bool {
    attrs.iter().any(|attr| last(&attr.path) == name)
}

/// Modules marked `#[program]`, in source order.
fn programs(engine: &Engine<'_>, krate: CrateId) -> Vec<u32> {
    let items = engine.world.krate(krate);
    (0..items.modules.len() as u32)
        .filter(|&at| {
            let declared = |item: &crate::ir::hir::Item| {
                matches!(item.kind, ItemKind::Mod(of) if of == at) && marked(&item.attrs, "program")
            };
            marked(&items.modules[at as usize].attrs, "program") || items.items.iter().any(declared)
        })
        .collect()
}

/// One instruction before the cells are known.
pub(in crate::frameworks) struct Instruction {
    pub(in crate::frameworks) name: String,
    pub(in crate::frameworks) params: Vec<Param>,
    /// Name of the struct of accounts; `None` for the fallback function.
    pub(in crate::frameworks) context: Option<String>,
    pub(in crate::frameworks) accounts: Option<Vec<Declared>>,
    pub(in crate::frameworks) unknowns: Vec<Unknown>,
    pub(in crate::frameworks) callers: Callers,
    pub(in crate::frameworks) callers_span: Span,
    pub(in crate::frameworks) span: Span,
}

fn contracts(engine: &mut Engine<'_>, krate: CrateId) -> Vec<Contract> {
    engine.encoding = "account";
    engine.address_kind = ADDRESS;
    let package = engine.world.packages()[krate.0 as usize].clone();
    let modules = programs(engine, krate);
    let replaced = super::solana_native::own_entrypoint(engine, krate);
    let mut names: Vec<String> = Vec::new();
    let mut all = Vec::new();
    for module in &modules {
        let info = engine.world.module(ModId { krate, idx: *module });
        let name = if modules.len() == 1 { package.name.clone() } else { info.name.to_string() };
        let handlers = info.items.clone();
        let mut found = Vec::new();
        for idx in handlers {
            found.extend(instruction(engine, ItemId { krate, idx }));
        }
        let accounts = |one: &Instruction| one.accounts.iter().flatten().any(|account| account.keypair);
        let keypairs = found.iter().any(accounts);
        for one in &mut found {
            accounts::tell_apart(one.accounts.as_deref_mut().unwrap_or_default(), keypairs);
        }
        if names.contains(&name) {
            continue;
        }
        if let Some(span) = replaced {
            found.iter_mut().for_each(|one| bypassed(one, span));
            // What that function tells apart by itself anyone may send as well.
            for one in super::solana_native::instructions(engine, krate) {
                if found.iter().all(|known| known.name != one.name) {
                    found.push(one);
                }
            }
        }
        names.push(name.clone());
        let (cells, entries) = cells_and_entries(found);
        all.push(FRAMEWORK.contract(engine, krate, name, cells, entries));
    }
    all
}

/// The loader runs a function of the program's own: it may never come to this handler, and do anything instead.
fn bypassed(instruction: &mut Instruction, span: Span) {
    instruction.unknowns.push(Unknown {
        reason: UnknownReason::Unsupported,
        what: "what the program's own entry point runs instead".to_owned(),
        reach: Reach::All,
        span,
        via: Vec::new(),
    });
    if !matches!(instruction.callers, Callers::Anyone) {
        instruction.callers = Callers::Some;
    }
    for account in instruction.accounts.iter_mut().flatten() {
        account.written = Written::Unknown;
        account.why.clear();
    }
}

/// The accounts struct named in `Context<..>`, through references; the type itself.
fn context(ty: &TypeRef) -> Option<Option<&TypeRef>> {
    match ty {
        TypeRef::Ref(_, inner) => context(inner),
        TypeRef::Path(path) => {
            let segment = path.segments.last()?;
            (segment.name == "Context").then(|| segment.args.first())
        }
        _ => None,
    }
}

/// An instruction of the program; `None` for items that are no functions.
fn instruction(engine: &mut Engine<'_>, item: ItemId) -> Option<Instruction> {
    let info = engine.item(item);
    let ItemKind::Fn(function) = &info.kind else { return None };
    let module = ModId { krate: item.krate, idx: info.module };
    let env = TyEnv::root(module);
    let mut instruction = Instruction {
        name: info.name.to_string(),
        params: Vec::new(),
        context: None,
        accounts: None,
        unknowns: Vec::new(),
        callers: Callers::Anyone,
        callers_span: Span::NONE,
        span: info.name_span,
    };
    let unknown = |reason: UnknownReason, what: String, span: Span| Unknown {
        reason,
        what,
        reach: Reach::All,
        span,
        via: Vec::new(),
    };
    let first = function.params.first().and_then(|(_, ty)| context(ty));
    let Some(accounts) = first else {
        // The fallback function gets accounts and bytes as they come.
        let what = format!("the accounts of `{}`", info.name);
        instruction.unknowns.push(unknown(UnknownReason::RemainingAccounts, what, info.name_span));
        return Some(instruction);
    };
    let mut names: Vec<String> = Vec::new();
    for (at, (name, ty)) in function.params.iter().enumerate().skip(1) {
        let name = name.as_ref().map_or_else(|| format!("arg{at}"), Name::to_string);
        let ty = engine.lower_ty(ty, &env);
        instruction.params.push(Param {
            name: name.clone(),
            ty: engine.describe_type(&ty),
            optional: engine.is_option(&ty),
            default: None,
            auth: false,
        });
        names.push(name);
    }
    let found = accounts.and_then(|ty| accounts::find(engine, ty, module));
    let Some(found) = found else {
        let what = format!("the accounts struct of `{}`", info.name);
        instruction.unknowns.push(unknown(UnknownReason::Unsupported, what, info.name_span));
        return Some(instruction);
    };
    instruction.context = Some(engine.item(found).name.to_string());
    let flat = accounts::flatten(engine, found, &names);
    let mut declared = flat.accounts;
    for (what, span) in &flat.missed {
        instruction.unknowns.push(unknown(UnknownReason::Unsupported, format!("{what}, not found"), *span));
    }
    identity::resolve(engine, item.krate, &mut declared);
    if let Some((place, span)) = identity::caller(&declared) {
        instruction.callers = Callers::Address(place);
        instruction.callers_span = span;
    }
    accounts::written(&mut declared);
    let remaining = writes::detect(engine, item, &flat.structs, !flat.missed.is_empty(), &mut declared);
    instruction.accounts = Some(declared);
    if let Some(span) = remaining {
        let what = "ctx.remaining_accounts".to_owned();
        instruction.unknowns.push(unknown(UnknownReason::RemainingAccounts, what, span));
    }
    Some(instruction)
}

/// One cell per account field; fields of one name and one type of account are one cell.
pub(in crate::frameworks) fn cells_and_entries(instructions: Vec<Instruction>) -> (Vec<Cell>, Vec<Entry>) {
    // The types under each name: more than one, and the name alone does not say which.
    let mut types: BTreeMap<String, Vec<Type>> = BTreeMap::new();
    for account in instructions.iter().flat_map(|instruction| instruction.accounts.iter().flatten()) {
        let known = types.entry(account.short().to_owned()).or_default();
        if !known.contains(&account.value) {
            known.push(account.value.clone());
        }
    }
    let mut cells: Vec<Cell> = Vec::new();
    let mut of: BTreeMap<String, CellId> = BTreeMap::new();
    let mut cell = |account: &Declared, context: &str| -> CellId {
        let short = account.short();
        let plain = types.get(short).is_none_or(|types| types.len() < 2);
        let mut name = if plain { short.to_owned() } else { format!("{context}.{short}") };
        // Two composites of one struct may hold different types under one name.
        if let Some(id) = of.get(&name) {
            if cells[id.0 as usize].value == account.value {
                return *id;
            }
            name = format!("{context}.{}", account.name);
            if let Some(id) = of.get(&name) {
                return *id;
            }
        }
        let id = CellId(cells.len() as u32);
        cells.push(Cell {
            name: name.clone(),
            storage: Storage { kind: "account".to_owned(), prefix: None, encoding: "account".to_owned(), slot: None },
            keys: vec![Type::Address(ADDRESS.to_owned())],
            value: account.value.clone(),
            // All accounts of the chain are units of one kind, told apart by address alone.
            unit: Unit { kind: "account".to_owned(), id: "account".to_owned() },
            tier: None,
            shapes: Vec::new(),
            global: true,
            implicit: false,
            span: account.span,
        });
        of.insert(name, id);
        id
    };
    let mut entries = Vec::new();
    for instruction in instructions {
        let context = instruction.context.clone().unwrap_or_default();
        let declared = instruction.accounts.unwrap_or_default();
        let ids: Vec<CellId> = declared.iter().map(|account| cell(account, &context)).collect();
        let mut accesses = Vec::new();
        let mut accounts = Vec::new();
        for (account, id) in declared.iter().zip(&ids) {
            let identity = identity::with_cells(&account.identity, &ids);
            let mut modes = Vec::new();
            if account.writable {
                modes.push(Mode::Lock);
            }
            // Nothing can write an account that is not locked for it.
            let may_write = account.writable && account.written != Written::No;
            modes.push(if may_write { Mode::Update } else { Mode::Read });
            let always = !account.optional && (!may_write || account.always);
            for mode in modes {
                accesses.push(Access {
                    cell: *id,
                    key: vec![identity.clone()],
                    field: None,
                    mode,
                    op: None,
                    bounds: Vec::new(),
                    keeps_presence: false,
                    at: None,
                    certainty: if always || mode == Mode::Lock { Certainty::Always } else { Certainty::Sometimes },
                    repeat: false,
                    implicit: false,
                    ttl: false,
                    span: account.span,
                    via: Vec::new(),
                });
            }
            accounts.push(AccountParam {
                name: account.name.clone(),
                writable: account.writable,
                signer: account.signer,
                optional: account.optional,
                identity,
                written: account.written,
                why: account.why.clone(),
                span: account.span,
            });
        }
        accesses.sort();
        accesses.dedup();
        entries.push(Entry {
            name: instruction.name,
            kind: EntryKind::Call,
            refines: None,
            callers: instruction.callers,
            callers_span: instruction.callers_span,
            params: instruction.params,
            accesses,
            externals: Vec::new(),
            unknowns: instruction.unknowns,
            accounts: (!context.is_empty()).then_some(accounts),
            span: instruction.span,
        });
    }
    (cells, entries)
}
