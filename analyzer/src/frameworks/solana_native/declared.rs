//! What a program says about the accounts of its instructions: attributes of the enum's variants, or the functions that
//! build instructions for clients.

use super::snake;
use crate::effects::Engine;
use crate::frameworks::anchor::constraints::constraints;
use crate::frameworks::anchor::last;
use crate::ir::Span;
use crate::ir::hir::{Body, CrateId, Expr, ExprId, ItemId, ItemKind, Lit, ModId, TypeRef};
use crate::source::{Ns, Resolved};
use std::collections::BTreeSet;

/// What is said of one account.
#[derive(Clone, Debug)]
pub(super) struct Flag {
    pub(super) name: Option<String>,
    pub(super) writable: bool,
    pub(super) signer: bool,
    pub(super) optional: bool,
    pub(super) span: Span,
}

/// A function that builds an instruction.
#[derive(Clone, Debug)]
pub(super) struct Builder {
    pub(super) name: String,
    pub(super) variant: Option<u32>,
    pub(super) flags: Vec<Flag>,
}

/// `#[account(0, writable, signer, name = "x")]` and `#[codama(account(name = "x", writable))]` of a variant.
pub(super) fn attributes(engine: &Engine<'_>, id: ItemId, variant: u32) -> Vec<Flag> {
    let item = engine.item(id);
    let ItemKind::Enum(def) = &item.kind else { return Vec::new() };
    let Some(variant) = def.variants.get(variant as usize) else { return Vec::new() };
    let mut found: Vec<(usize, Flag)> = Vec::new();
    for attr in &variant.attrs {
        let text = match last(&attr.path) {
            "account" => attr.tokens.as_str(),
            "codama" => match attr.tokens.trim().strip_prefix("account") {
                Some(rest) => rest.trim().trim_start_matches('(').trim_end_matches(')'),
                None => continue,
            },
            _ => continue,
        };
        let mut flag = Flag { name: None, writable: false, signer: false, optional: false, span: attr.span };
        let mut at = found.len();
        for one in constraints(text) {
            match one.word.as_str() {
                "writable" | "write" | "writ" | "mut" | "w" => flag.writable = true,
                "signer" | "sign" | "sig" | "s" => flag.signer = true,
                "optional" | "option" | "opt" => flag.optional = true,
                "name" => flag.name = Some(one.value.trim().trim_matches('"').to_owned()),
                word => {
                    if let Ok(number) = word.parse::<usize>() {
                        at = number;
                    }
                }
            }
        }
        found.push((at, flag));
    }
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, flag)| flag).collect()
}

/// Every function of the crate that gives an `Instruction`.
pub(super) fn builders(engine: &Engine<'_>, krate: CrateId, of: Option<ItemId>) -> Vec<Builder> {
    let items = engine.world.krate(krate);
    let mut found = Vec::new();
    for (idx, item) in items.items.iter().enumerate() {
        let ItemKind::Fn(function) = &item.kind else { continue };
        if !gives_instruction(&function.ret) {
            continue;
        }
        let id = ItemId { krate, idx: idx as u32 };
        let Some(body) = engine.world.body(id) else { continue };
        let module = body.module.unwrap_or(ModId { krate, idx: item.module });
        let flags = metas(&body);
        let mut variants = BTreeSet::new();
        for (expr, _) in &body.exprs {
            let path = match expr {
                Expr::Path(path) | Expr::Struct(path, ..) => path,
                _ => continue,
            };
            if let Resolved::Variant(known, variant) = engine.world.resolve(module, path, Ns::Value) {
                if Some(known) == of {
                    variants.insert(variant);
                }
            }
        }
        let mut variant = if variants.len() == 1 { variants.first().copied() } else { None };
        if variant.is_none() {
            if let Some(of) = of {
                if let ItemKind::Enum(def) = &engine.item(of).kind {
                    let at = def.variants.iter().position(|variant| snake(&variant.name) == item.name.as_str());
                    variant = at.map(|at| at as u32);
                }
            }
        }
        if !flags.is_empty() {
            found.push(Builder { name: item.name.to_string(), variant, flags });
        }
    }
    found
}

fn gives_instruction(ty: &TypeRef) -> bool {
    let TypeRef::Path(path) = ty else { return false };
    let Some(last) = path.segments.last() else { return false };
    last.name == "Instruction" || (last.name == "Result" && last.args.first().is_some_and(gives_instruction))
}

/// The accounts a body lists: those of the first list of them, then those that are pushed.
fn metas(body: &Body) -> Vec<Flag> {
    let mut all: Vec<(Span, Flag)> = Vec::new();
    for (expr, span) in &body.exprs {
        if let Some(flag) = meta(body, expr, *span) {
            all.push((*span, flag));
        }
    }
    let listed = body.exprs.iter().find_map(|(expr, span)| match expr {
        Expr::Array(parts, _) => {
            parts.iter().any(|part| all.iter().any(|(known, _)| *known == body.expr_span(*part))).then_some(*span)
        }
        _ => None,
    });
    all.sort_by_key(|(span, _)| (span.lo, span.hi));
    let mut out: Vec<Flag> = Vec::new();
    let inside = |span: &Span| listed.is_some_and(|list| span.lo >= list.lo && span.hi <= list.hi);
    for (span, flag) in &all {
        if inside(span) {
            out.push(flag.clone());
        }
    }
    // Pushed in one way and in the other: one account.
    let mut other: Vec<Span> = Vec::new();
    let mut maybe: Vec<Span> = Vec::new();
    for (expr, _) in &body.exprs {
        if let Expr::If(_, then, otherwise) = expr {
            match otherwise {
                Some(otherwise) => other.push(body.expr_span(*otherwise)),
                None => maybe.push(body.expr_span(*then)),
            }
        }
    }
    let within = |spans: &[Span], span: &Span| spans.iter().any(|outer| span.lo >= outer.lo && span.hi <= outer.hi);
    for (span, flag) in &all {
        if inside(span) || within(&other, span) {
            continue;
        }
        let optional = flag.optional || within(&maybe, span);
        out.push(Flag { optional, ..flag.clone() });
    }
    out
}

fn meta(body: &Body, expr: &Expr, span: Span) -> Option<Flag> {
    let Expr::Call(callee, args) = expr else { return None };
    let Expr::Path(path) = body.expr(*callee) else { return None };
    let n = path.segments.len();
    let owner = &path.segments.get(n.checked_sub(2)?)?.name;
    if !matches!(owner.as_str(), "AccountMeta" | "InstructionAccount") {
        return None;
    }
    let word = path.segments.last()?.name.as_str();
    let literal = |at: usize| match args.get(at).map(|arg| body.expr(*arg)) {
        Some(Expr::Lit(Lit::Bool(value))) => Some(*value),
        Some(_) => Some(true),
        None => None,
    };
    let (writable, signer) = match word {
        "new" => (true, literal(1).unwrap_or(false)),
        "new_readonly" => (false, literal(1).unwrap_or(false)),
        "writable" => (true, false),
        "readonly" => (false, false),
        "writable_signer" => (true, true),
        "readonly_signer" => (false, true),
        _ => return None,
    };
    let name = args.first().and_then(|arg| named(body, *arg));
    Some(Flag { name, writable, signer, optional: false, span })
}

/// What an address is called: `*pool_pubkey`, `sysvar::rent::id()`.
fn named(body: &Body, e: ExprId) -> Option<String> {
    match body.expr(e) {
        Expr::Deref(inner) | Expr::Ref(_, inner) => named(body, *inner),
        Expr::MethodCall(recv, ..) => named(body, *recv),
        Expr::Field(_, name) => Some(stripped(name)),
        Expr::Local(local) => body.locals.get(local.0 as usize).map(|name| stripped(name)),
        Expr::Call(callee, _) => match body.expr(*callee) {
            Expr::Path(path) => {
                let n = path.segments.len();
                path.segments.get(n.checked_sub(2)?).map(|segment| segment.name.to_lowercase())
            }
            _ => None,
        },
        _ => None,
    }
}

fn stripped(name: &str) -> String {
    ["_pubkey", "_key", "_address", "_pk"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name).to_owned()
}
