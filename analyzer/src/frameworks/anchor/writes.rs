//! What an instruction does to its accounts: the code that runs before the handler (constraints, access control), then
//! the handler. **Claim**: `no` only if no code the instruction may run can change the account, and no other account
//! that it may change can be the same one, whatever features the program is built with; `yes` only where the code stands
//! that changes this very account. All else is unknown.

use super::accounts::Declared;
use super::last;
use crate::effects::Engine;
use crate::effects::ty::{Ty, TyEnv};
use crate::frameworks::solana::changes::{Changes, Found, Held, Node, NodeKind, Value};
use crate::ir::hir::{ItemId, ItemKind, ModId, Name};
use crate::ir::{Span, Type, Written};

/// Says of each account whether the code changes it. Gives the place where accounts are taken that nobody declared.
/// `missed`: there are accounts that were not found, and code for them that is not seen.
pub(super) fn detect(
    engine: &mut Engine<'_>,
    handler: ItemId,
    structs: &[(String, ItemId)],
    missed: bool,
    all: &mut [Declared],
) -> Option<Span> {
    let nodes = tree(engine, structs, all);
    let held: Vec<Held> = all.iter().map(held).collect();
    let module = engine.module_of(handler);
    let info = engine.item(handler);
    let ItemKind::Fn(function) = &info.kind else { return None };
    let expressions = before(engine, all);
    let prefixes: Vec<(String, u32)> =
        structs.iter().enumerate().map(|(at, (prefix, _))| (prefix.clone(), at as u32)).collect();
    let env = TyEnv::root(module);
    let params: Vec<(Name, Ty)> = function
        .params
        .iter()
        .map(|(name, ty)| (name.clone().unwrap_or_default(), engine.lower_ty(ty, &env)))
        .collect();
    let controls: Vec<_> = info
        .attrs
        .iter()
        .filter(|attr| last(&attr.path) == "access_control")
        .filter_map(|attr| {
            let locals: Vec<Name> = params.iter().map(|(name, _)| name.clone()).collect();
            engine.world.parse_expr_body(&attr.tokens, attr.span, module, &locals)
        })
        .collect();
    let controlled = info.attrs.iter().filter(|attr| last(&attr.path) == "access_control").count();
    let mut changes = Changes::new(engine, nodes, held);
    for (prefix, module, span, body) in &expressions {
        let Some(body) = body else {
            // Text that is no expression may be code all the same.
            changes.lost.get_or_insert(*span);
            continue;
        };
        let Some((_, node)) = prefixes.iter().find(|(known, _)| known == prefix) else { continue };
        let bound = changes.fields(*node);
        changes.expression(body, TyEnv::root(*module), &bound);
    }
    let mut values: Vec<Value> = params.iter().map(|(_, ty)| Value::plain(ty.clone())).collect();
    if let Some(first) = values.first_mut() {
        *first = changes.context();
    }
    let bound: Vec<(Name, Value)> = params.iter().map(|(name, _)| name.clone()).zip(values.iter().cloned()).collect();
    if controls.len() < controlled {
        changes.lost = Some(info.name_span);
    }
    for body in &controls {
        changes.expression(body, env.clone(), &bound);
    }
    changes.run(handler, env, values);
    let blind = missed || changes.lost.is_some() || changes.others || changes.by_feature;
    let found = std::mem::take(&mut changes.found);
    let remaining = changes.remaining;
    let untouched: Vec<bool> = found.iter().map(|one| one.sure.is_empty() && one.may.is_empty()).collect();
    for at in 0..all.len() {
        all[at].written = written(&all[at], &found[at], blind, &|| {
            (0..all.len()).all(|other| {
                other == at
                    || !all[other].writable
                    || (untouched[other] && all[other].written != Written::Yes)
                    || distinct(&all[at], &all[other], all, untouched[other])
            })
        });
        if all[at].written == Written::Yes {
            let spans = found[at].sure.iter().copied().filter(|span| !span.is_none());
            all[at].why.extend(spans.take(8).collect::<Vec<_>>());
        }
    }
    remaining
}

fn written(account: &Declared, found: &Found, blind: bool, alone: &dyn Fn() -> bool) -> Written {
    if account.written != Written::Unknown {
        return account.written;
    }
    if !found.sure.is_empty() {
        return Written::Yes;
    }
    if !found.may.is_empty() || blind || !alone() { Written::Unknown } else { Written::No }
}

/// The structs of accounts as the analysis wants them; the one at index i is `structs[i]`, accounts follow.
fn tree(engine: &mut Engine<'_>, structs: &[(String, ItemId)], all: &[Declared]) -> Vec<Node> {
    let mut nodes: Vec<Node> = structs
        .iter()
        .map(|(_, id)| Node { ty: engine.item_ty_with(*id, Vec::new(), 0), kind: NodeKind::Tree(Vec::new()) })
        .collect();
    for (at, account) in all.iter().enumerate() {
        nodes.push(Node { ty: account.holds.clone(), kind: NodeKind::Leaf(at as u32) });
        let here = nodes.len() as u32 - 1;
        attach(&mut nodes, structs, &account.prefix, account.short(), here);
    }
    for (at, (prefix, _)) in structs.iter().enumerate().skip(1) {
        let path = prefix.trim_end_matches('.');
        let (outer, name) = match path.rfind('.') {
            Some(dot) => (&path[..=dot], &path[dot + 1..]),
            None => ("", path),
        };
        attach(&mut nodes, structs, outer, name, at as u32);
    }
    nodes
}

fn attach(nodes: &mut [Node], structs: &[(String, ItemId)], prefix: &str, name: &str, node: u32) {
    let Some(at) = structs.iter().position(|(known, _)| known == prefix) else { return };
    if let NodeKind::Tree(fields) = &mut nodes[at].kind {
        fields.push((Name::from(name), node));
    }
}

fn held(account: &Declared) -> Held {
    match account.wrapper.as_str() {
        "Account" | "InterfaceAccount" | "BorshAccount" | "Slab" | "LazyAccount" | "Migration" | "CpiAccount"
        | "ProgramAccount" | "State" => Held::Typed,
        "AccountLoader" | "Loader" => Held::Loader,
        _ if account.written == Written::No => Held::Fixed,
        _ => Held::Raw,
    }
}

type Expression = (String, ModId, Span, Option<std::sync::Arc<crate::ir::hir::Body>>);

/// The expressions of all constraints.
fn before(engine: &Engine<'_>, all: &[Declared]) -> Vec<Expression> {
    let mut found = Vec::new();
    for account in all {
        let mut locals: Vec<Name> = Vec::new();
        for other in all {
            let Some(rest) = other.name.strip_prefix(account.prefix.as_str()) else { continue };
            let first = Name::from(rest.split('.').next().unwrap_or(rest));
            if !locals.contains(&first) {
                locals.push(first);
            }
        }
        locals.extend(account.args.iter().map(|(name, _)| Name::from(name.as_str())));
        for text in &account.exprs {
            let body = engine.world.parse_expr_body(&text.text, text.span, account.module, &locals);
            found.push((account.prefix.clone(), account.module, text.span, body));
        }
    }
    found
}

/// True for an account whose type the framework checks.
fn is_typed(account: &Declared) -> bool {
    let plain = matches!(account.wrapper.as_str(), "Account" | "InterfaceAccount" | "AccountLoader");
    plain && (matches!(account.value, Type::Struct(..)) || matches!(account.inner.as_str(), "TokenAccount" | "Mint"))
}

/// True if no instruction that succeeds and changes `y` can have one account in both places: owner or type differ, or one
/// has no key that could sign. `untouched`: what changes `y` is the framework alone.
fn distinct(x: &Declared, y: &Declared, all: &[Declared], untouched: bool) -> bool {
    // What another program derived, that may let sign.
    let derived = |one: &Declared| (one.seeds.is_some() && one.seeds_program.is_none()) || one.ata.is_some();
    // Only an account without data can pay; what may not have to pay may have data.
    let pays = |one: &Declared, sometimes: bool| {
        all.iter().any(|other| other.made && (other.always || sometimes) && other.pays.contains(&one.name))
    };
    let empty =
        |one: &Declared, sometimes: bool| one.wrapper == "SystemAccount" || (one.signer && pays(one, sometimes));
    let signs = |one: &Declared| one.signer && one.wrapper == "Signer";
    (is_typed(x) && is_typed(y) && x.inner != y.inner)
        || (is_typed(x) && empty(y, untouched))
        || (is_typed(y) && empty(x, false))
        || (derived(x) && signs(y))
        || (derived(y) && signs(x))
}
