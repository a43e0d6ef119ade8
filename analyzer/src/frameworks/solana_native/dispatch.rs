//! Where a program decides which instruction a call is: the first `match` over an enum of the program, or over a number,
//! whose arms go on with the accounts.

use super::snake;
use crate::effects::ty::TyEnv;
use crate::effects::value::FuncVal;
use crate::effects::{Engine, children};
use crate::frameworks::solana::changes::looked_at;
use crate::ir::Span;
use crate::ir::hir::{BindMode, Body, Expr, ExprId, ItemId, ItemKind, LocalId, ModId, Name, Pat, PatId, Path};
use crate::source::{Ns, Resolved};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// Functions looked at.
const MAX_FUNCTIONS: usize = 64;

/// The `match` that tells instructions apart.
pub(super) struct Dispatch {
    /// Place of the `match`.
    pub(super) span: Span,
    /// The enum, if it is one.
    pub(super) of: Option<ItemId>,
    /// The function's code, and the binding that holds the instruction, where it cannot change.
    pub(super) told: Option<(Arc<Body>, LocalId)>,
    /// True if code before it leads there in more than one way: one call may come to it more than once.
    pub(super) again: bool,
    /// One for each instruction.
    pub(super) arms: Vec<Arm>,
}

/// One instruction.
pub(super) struct Arm {
    /// Indices of its arms in the `match`.
    pub(super) at: Vec<usize>,
    /// Name of the instruction.
    pub(super) name: String,
    /// The variant.
    pub(super) variant: Option<u32>,
    /// Where it stands.
    pub(super) span: Span,
}

impl Dispatch {
    /// One more arm of an instruction.
    fn add(&mut self, at: usize, name: String, variant: Option<u32>, span: Span) {
        match self.arms.iter_mut().find(|arm| arm.name == name) {
            Some(known) => known.at.push(at),
            None => self.arms.push(Arm { at: vec![at], name, variant, span }),
        }
    }

    /// The variants that no arm names: instructions all the same, told apart before the `match` or refused in it.
    fn add_rest(&mut self, engine: &Engine<'_>, of: ItemId, at: usize, span: Span) {
        let item = engine.item(of);
        let ItemKind::Enum(def) = &item.kind else { return };
        for (index, variant) in def.variants.iter().enumerate() {
            let index = index as u32;
            if self.arms.iter().all(|arm| arm.variant != Some(index)) {
                self.add(at, snake(&variant.name), Some(index), span);
            }
        }
    }
}

/// Looks through the functions an entry point calls, nearest first.
pub(super) fn find(engine: &mut Engine<'_>, entry: ItemId) -> Option<Dispatch> {
    let mut todo = vec![entry];
    // In how many ways each is come to.
    let mut ways = BTreeMap::from([(entry, 1usize)]);
    let mut at = 0;
    while let Some(&id) = todo.get(at).filter(|_| at < MAX_FUNCTIONS) {
        at += 1;
        let Some(body) = engine.world.body(id) else { continue };
        let module = body.module.unwrap_or(ModId { krate: id.krate, idx: engine.item(id).module });
        let here = ways.get(&id).copied().unwrap_or(1);
        if let Some(found) = in_body(engine, id, &body, module) {
            return Some(Dispatch { again: here > 1, ..found });
        }
        let mut env = TyEnv::root(module);
        env.self_ty = owner(engine, id);
        let env = Rc::new(env);
        for (expr, span) in &body.exprs {
            let Expr::Path(path) = expr else { continue };
            if let Some(func) = engine.named_code(&body, &env, path, *span) {
                if let FuncVal::Item { item, .. } = func.as_ref() {
                    if item.krate == entry.krate {
                        let known = ways.entry(*item).or_insert_with(|| {
                            todo.push(*item);
                            0
                        });
                        *known = known.saturating_add(here);
                    }
                }
            }
        }
    }
    None
}

fn owner(engine: &mut Engine<'_>, id: ItemId) -> Option<crate::effects::ty::Ty> {
    let item = engine.item(id);
    let ItemKind::Fn(function) = &item.kind else { return None };
    let block = engine.item(ItemId { krate: id.krate, idx: function.owner? });
    let ItemKind::Impl(block) = &block.kind else { return None };
    let env = TyEnv::root(ModId { krate: id.krate, idx: item.module });
    Some(engine.lower_ty(&block.self_ty, &env))
}

fn in_body(engine: &mut Engine<'_>, id: ItemId, body: &Arc<Body>, module: ModId) -> Option<Dispatch> {
    let item = engine.item(id);
    let ItemKind::Fn(function) = &item.kind else { return None };
    let handed: Vec<Name> = function
        .params
        .iter()
        .filter(|(_, ty)| super::accounts_type(ty).is_some())
        .filter_map(|(name, _)| name.clone())
        .collect();
    for (expr, span) in &body.exprs {
        let Expr::Match(scrutinee, arms) = expr else { continue };
        if !arms.iter().any(|arm| mentions(body, arm.body, &handed)) {
            continue;
        }
        let told = looked_at(body, *scrutinee).filter(|&local| is_fixed(body, local));
        let told = told.map(|local| (body.clone(), local));
        let mut dispatch = Dispatch { span: *span, of: None, told, again: false, arms: Vec::new() };
        let mut others = false;
        // The arm for what no other takes.
        let mut rest = None;
        for (at, arm) in arms.iter().enumerate() {
            let mut paths = Vec::new();
            let mut numbers = 0;
            patterns(body, arm.pat, &mut paths, &mut numbers);
            let mut named = false;
            for path in &paths {
                match engine.world.resolve(module, path, Ns::Value) {
                    Resolved::Variant(of, variant) if of.krate == id.krate => {
                        if dispatch.of.is_some_and(|known| known != of) {
                            continue;
                        }
                        dispatch.of = Some(of);
                        let name = path.segments.last().map(|last| snake(&last.name)).unwrap_or_default();
                        dispatch.add(at, name, Some(variant), body.pat_span(arm.pat));
                        named = true;
                    }
                    Resolved::Variant(..) => {}
                    _ => {
                        // `Self::X` of an enum, `Deposit::DISCRIMINATOR`, `DEPOSIT`.
                        if path.segments.last().is_some_and(|last| {
                            last.name.chars().all(|c| c.is_uppercase() || c == '_' || c.is_ascii_digit())
                        }) {
                            let n = path.segments.len();
                            let word = if n > 1 { &path.segments[n - 2].name } else { &path.segments[n - 1].name };
                            let name = if n > 1 { snake(word) } else { word.to_lowercase() };
                            dispatch.add(at, name, None, body.pat_span(arm.pat));
                            named = true;
                        }
                    }
                }
            }
            if !named && numbers == 0 {
                rest = Some(at);
            }
            // Numbers, and what no other arm takes.
            if !named && mentions(body, arm.body, &handed) {
                others |= numbers == 0;
                let name = called(body, arm.body).unwrap_or_else(|| format!("instruction{at}"));
                dispatch.add(at, name, None, body.pat_span(arm.pat));
            }
        }
        if dispatch.arms.len() > usize::from(others) {
            if let (Some(of), Some(at)) = (dispatch.of, rest) {
                dispatch.add_rest(engine, of, at, body.pat_span(arms[at].pat));
            }
            return Some(dispatch);
        }
    }
    None
}

/// True if nothing in the code can change which variant a binding holds: it is never assigned, lent for writing, or the
/// receiver of a method.
fn is_fixed(body: &Body, local: LocalId) -> bool {
    let is = |e: ExprId| looked_at(body, e) == Some(local);
    let lent = |pat: &Pat| matches!(pat, Pat::Bind(_, BindMode::RefMut, _));
    body.pats.iter().all(|(pat, _)| !lent(pat))
        && body.exprs.iter().all(|(expr, _)| match expr {
            Expr::Assign(e, _) | Expr::AssignOp(_, e, _) | Expr::Ref(true, e) | Expr::MethodCall(e, ..) => !is(*e),
            Expr::UnknownMacro(_, args, captured) => !captured.contains(&local) && !args.iter().any(|e| is(*e)),
            _ => true,
        })
}

/// Paths and numbers that a pattern compares with.
fn patterns(body: &Body, pat: PatId, paths: &mut Vec<Path>, numbers: &mut usize) {
    match body.pat(pat) {
        Pat::Path(path, _) => paths.push(path.clone()),
        Pat::TupleStruct(path, before, after) => {
            paths.push(path.clone());
            for part in before.iter().chain(after.iter().flatten()) {
                patterns(body, *part, paths, numbers);
            }
        }
        Pat::Struct(path, ..) => paths.push(path.clone()),
        Pat::Tuple(before, after) => {
            for part in before.iter().chain(after.iter().flatten()) {
                patterns(body, *part, paths, numbers);
            }
        }
        Pat::Slice(before, _, after, _) => {
            before.iter().chain(after).for_each(|part| patterns(body, *part, paths, numbers))
        }
        Pat::Or(parts) => parts.iter().for_each(|part| patterns(body, *part, paths, numbers)),
        Pat::Ref(inner) => patterns(body, *inner, paths, numbers),
        Pat::Lit(_) | Pat::Range(..) => *numbers += 1,
        _ => {}
    }
}

/// True if an expression mentions one of these bindings.
fn mentions(body: &Body, e: ExprId, names: &[Name]) -> bool {
    if let Expr::Local(local) = body.expr(e) {
        if body.locals.get(local.0 as usize).is_some_and(|name| names.contains(name)) {
            return true;
        }
    }
    let mut found = false;
    children(body.expr(e), &mut |child| found = found || mentions(body, child, names));
    found
}

/// The first function an arm calls, without `process_`.
fn called(body: &Body, e: ExprId) -> Option<String> {
    if let Expr::Call(callee, _) = body.expr(e) {
        if let Expr::Path(path) = body.expr(*callee) {
            let last = &path.segments.last()?.name;
            if last.chars().next().is_some_and(char::is_lowercase)
                && !matches!(last.as_str(), "try_from" | "from" | "new")
            {
                return Some(last.strip_prefix("process_").unwrap_or(last).to_owned());
            }
            if path.segments.len() > 1 {
                return Some(snake(&path.segments[path.segments.len() - 2].name));
            }
        }
    }
    let mut found = None;
    children(body.expr(e), &mut |child| {
        if found.is_none() {
            found = called(body, child);
        }
    });
    found
}
