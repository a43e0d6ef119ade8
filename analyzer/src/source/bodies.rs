//! Bodies of functions and initializers of constants: parsed again from the item's text, lowered to [`hir::Body`].

use super::cfg::Cfg;
use super::items::Items;
use super::modtree;
use super::text::{self, MARK, SpanMap};
use super::types::Ctx;
use super::{CrateId, World};
use crate::ir::Span;
use crate::ir::hir::{
    self, BindMode, Body, Expr, ExprId, ItemId, ItemKind, LocalId, ModId, Name, Pat, PatId, Stmt, TypeRef,
};
use proc_macro2::Span as PSpan;
use std::collections::BTreeSet;
use syn::visit::Visit;

/// Deepest nesting of expressions that is lowered; macros can make more than the text shows.
pub(crate) const MAX_DEPTH: u32 = 8_000;

/// Lowers one body.
pub(crate) struct Lower<'a, 's> {
    pub(crate) world: &'a World<'s>,
    pub(crate) ctx: Ctx<'a>,
    /// Module the body's names are looked up in.
    pub(crate) scope: ModId,
    /// The body's own module, once it has items.
    pub(crate) module: Option<u32>,
    pub(crate) body: Body,
    /// Bindings in scope, innermost last, by their marked names.
    pub(crate) visible: Vec<(Name, LocalId)>,
    /// Bindings of the pattern being lowered.
    pub(crate) bound: Vec<(Name, LocalId)>,
    /// Closures around the current expression: number of bindings before it, and what it captures.
    pub(crate) closures: Vec<(u32, Vec<LocalId>)>,
    pub(crate) depth: u32,
    /// Macro expansions around the current expression.
    pub(crate) expansions: u32,
    /// Tokens macros may still make in this body.
    pub(crate) budget: usize,
    /// Number of the next expansion, for hygiene.
    pub(crate) next_mark: u32,
}

/// Lowers the body of an item of the world.
pub(crate) fn lower_item(world: &World<'_>, id: ItemId) -> Option<Body> {
    let item = world.item(id);
    let raw = match &item.kind {
        ItemKind::Fn(function) if function.has_body => function.source,
        ItemKind::Const(constant) if constant.has_value => constant.source,
        _ => return None,
    };
    let (text, map) = world.source(raw)?;
    let slice = text.get(raw.lo as usize..raw.hi as usize)?;
    let package = world.package(id.krate)?;
    let cfg = Cfg { features: &package.features };
    let scope = ModId { krate: id.krate, idx: item.module };
    let _guard = text::SpanGuard::new();
    let mut lower = Lower::new(world, Ctx { text: slice, map, cfg }, scope);
    if text::check(slice).is_err() {
        lower.fail("nesting", item.span);
        return Some(lower.body);
    }
    let parsed = match &item.kind {
        ItemKind::Fn(_) => syn::parse_str::<syn::ItemFn>(slice).map(syn::Item::Fn),
        _ => syn::parse_str::<syn::Item>(slice),
    };
    match parsed {
        Ok(syn::Item::Fn(function)) => lower.function(&function.sig, &function.block),
        Ok(syn::Item::Const(constant)) => lower.constant(&constant.expr),
        Ok(syn::Item::Static(constant)) => lower.constant(&constant.expr),
        _ => lower.fail("syntax", item.span),
    }
    Some(lower.finish())
}

/// Parses a type that stands in an attribute.
pub(crate) fn parse_type(text: &str, base: Span) -> Option<TypeRef> {
    text::check(text).ok()?;
    let _guard = text::SpanGuard::new();
    let none = BTreeSet::new();
    let map = SpanMap { file: base.file, base: base.lo, pieces: None };
    let ctx = Ctx { text, map, cfg: Cfg { features: &none } };
    Some(ctx.ty(&syn::parse_str(text).ok()?))
}

/// Parses an expression that stands in an attribute.
pub(crate) fn parse_expr(world: &World<'_>, text: &str, base: Span, scope: ModId, locals: &[Name]) -> Option<Body> {
    text::check(text).ok()?;
    let _guard = text::SpanGuard::new();
    let expr: syn::Expr = syn::parse_str(text).ok()?;
    let map = SpanMap { file: base.file, base: base.lo, pieces: None };
    let package = world.package(scope.krate)?;
    let mut lower = Lower::new(world, Ctx { text, map, cfg: Cfg { features: &package.features } }, scope);
    for name in locals {
        let local = lower.local(name.clone());
        lower.visible.push((name.clone(), local));
        let pat = lower.push_pat(Pat::Bind(local, BindMode::Move, None), base);
        lower.body.params.push(pat);
    }
    lower.constant(&expr);
    Some(lower.finish())
}

impl<'a, 's> Lower<'a, 's> {
    pub(crate) fn new(world: &'a World<'s>, ctx: Ctx<'a>, scope: ModId) -> Self {
        Lower {
            world,
            ctx,
            scope,
            module: None,
            body: Body::default(),
            visible: Vec::new(),
            bound: Vec::new(),
            closures: Vec::new(),
            depth: 0,
            expansions: 0,
            budget: super::macros::BUDGET,
            next_mark: 0,
        }
    }

    fn fail(&mut self, reason: &'static str, span: Span) {
        let root = self.push(Expr::Opaque(reason), span);
        self.body.root = Some(root);
    }

    fn finish(mut self) -> Body {
        self.body.module = self.module.map(|idx| ModId { krate: self.scope.krate, idx });
        self.body
    }

    fn function(&mut self, sig: &syn::Signature, block: &syn::Block) {
        let mut nested = Nested::default();
        nested.visit_block(block);
        self.declare(&nested.0);
        for input in &sig.inputs {
            let pat = match input {
                syn::FnArg::Receiver(this) => {
                    let local = self.local("self".into());
                    self.visible.push(("self".into(), local));
                    let span = self.ctx.real(this.self_token.span);
                    self.push_pat(Pat::Bind(local, BindMode::Move, None), span)
                }
                syn::FnArg::Typed(arg) if self.ctx.cfg.enabled(&arg.attrs) => self.pattern(&arg.pat),
                syn::FnArg::Typed(_) => continue,
            };
            self.body.params.push(pat);
        }
        let root = self.block(block, None, false, sig.asyncness.is_some());
        self.body.root = Some(root);
    }

    fn constant(&mut self, value: &syn::Expr) {
        let mut nested = Nested::default();
        nested.visit_expr(value);
        self.declare(&nested.0);
        let root = self.expr(value);
        self.body.root = Some(root);
    }

    /// Gives the body a module with these items.
    fn declare(&mut self, items: &[&syn::Item]) {
        if items.is_empty() {
            return;
        }
        let ctx = Ctx { text: self.ctx.text, map: self.ctx.map.clone(), cfg: self.ctx.cfg };
        let mut lowered = Items::new(ctx, self.scope.krate);
        let owned: Vec<syn::Item> = items.iter().map(|&item| item.clone()).collect();
        lowered.lower(&owned, 0, &mut Vec::new());
        self.add_items(lowered.out);
    }

    /// Adds items to the body's module, making it if there is none.
    pub(crate) fn add_items(&mut self, fragment: super::items::Fragment) {
        let krate = self.scope.krate;
        match self.module {
            Some(module) => modtree::grow_extra(self.world, krate, module, fragment),
            None => {
                self.module = modtree::add_extra(self.world, krate, self.scope.idx, fragment);
                if let Some(module) = self.module {
                    self.scope.idx = module;
                }
            }
        }
    }

    pub(crate) fn push(&mut self, expr: Expr, span: Span) -> ExprId {
        let id = ExprId(self.body.exprs.len() as u32);
        self.body.exprs.push((expr, span));
        id
    }

    pub(crate) fn push_pat(&mut self, pat: Pat, span: Span) -> PatId {
        let id = PatId(self.body.pats.len() as u32);
        self.body.pats.push((pat, span));
        id
    }

    pub(crate) fn span(&self, id: ExprId) -> Span {
        self.body.expr_span(id)
    }

    pub(crate) fn real(&self, span: PSpan) -> Span {
        self.ctx.real(span)
    }

    /// A new binding; its name is given without marks.
    pub(crate) fn local(&mut self, name: Name) -> LocalId {
        let id = LocalId(self.body.locals.len() as u32);
        self.body.locals.push(name);
        id
    }

    /// The binding an identifier means, noted as captured by the closures between.
    pub(crate) fn find(&mut self, ident: &str) -> Option<LocalId> {
        let ident = ident.strip_prefix("r#").unwrap_or(ident);
        let search = |visible: &[(Name, LocalId)], wanted: &str| {
            visible.iter().rev().find(|(name, _)| name == wanted).map(|(_, local)| *local)
        };
        let mut found = search(&self.visible, ident);
        if found.is_none() {
            // A macro defined inside the body sees the bindings around its definition.
            if let Some(at) = ident.find(MARK) {
                if ident[at + MARK.len_utf8()..].starts_with(MARK) {
                    found = search(&self.visible, &ident[..at]);
                }
            }
        }
        let found = found?;
        for (before, captures) in &mut self.closures {
            if found.0 < *before && !captures.contains(&found) {
                captures.push(found);
            }
        }
        Some(found)
    }

    /// Like [`Lower::find`] for a name that stands in a string, where no marks can be.
    pub(crate) fn find_plain(&mut self, name: &str) -> Option<LocalId> {
        if let Some(found) = self.find(name) {
            return Some(found);
        }
        let marked = self.visible.iter().rev().find(|(visible, _)| text::plain(visible) == name)?.0.clone();
        self.find(&marked)
    }

    pub(crate) fn krate(&self) -> CrateId {
        self.scope.krate
    }

    /// A block with its own scope.
    pub(crate) fn block(
        &mut self,
        block: &syn::Block,
        label: Option<&syn::Label>,
        is_unsafe: bool,
        is_async: bool,
    ) -> ExprId {
        let scope = self.visible.len();
        let (mut stmts, mut tail) = (Vec::new(), None);
        self.stmts(&block.stmts, &mut stmts, &mut tail);
        self.visible.truncate(scope);
        let delims = block.brace_token.span;
        let span = self.ctx.real_between(delims.open(), delims.close());
        let label = label.map(|label| super::types::name(&label.name.ident));
        self.push(Expr::Block(Box::new(hir::Block { label, stmts, tail, is_unsafe, is_async })), span)
    }

    /// Statements into a block.
    pub(crate) fn stmts(&mut self, list: &[syn::Stmt], out: &mut Vec<Stmt>, tail: &mut Option<ExprId>) {
        for (at, stmt) in list.iter().enumerate() {
            let last = at + 1 == list.len();
            match stmt {
                syn::Stmt::Local(local) => {
                    if self.ctx.cfg.enabled(&local.attrs) {
                        self.let_stmt(local, out);
                    }
                }
                syn::Stmt::Item(item) => {
                    // Items of the text itself are declared already.
                    if self.expansions > 0 {
                        self.made_item(item);
                    }
                }
                syn::Stmt::Expr(expr, semi) => {
                    if !self.ctx.cfg.enabled(super::exprs::attrs(expr)) {
                        continue;
                    }
                    // A macro without a semicolon at the end may stand for statements.
                    if let (syn::Expr::Macro(call), true) = (expr, last) {
                        self.macro_stmt(&call.mac, semi.is_some(), true, out, tail);
                        continue;
                    }
                    let id = self.expr(expr);
                    if semi.is_none() && last { *tail = Some(id) } else { out.push(Stmt::Expr(id)) }
                }
                syn::Stmt::Macro(call) => {
                    if self.ctx.cfg.enabled(&call.attrs) {
                        self.macro_stmt(&call.mac, call.semi_token.is_some(), last, out, tail);
                    }
                }
            }
        }
    }

    fn let_stmt(&mut self, local: &syn::Local, out: &mut Vec<Stmt>) {
        let value = local.init.as_ref().map(|init| self.expr(&init.expr));
        let diverge = local.init.as_ref().and_then(|init| init.diverge.as_ref());
        let diverge = diverge.map(|(_, block)| self.expr(block));
        let (pat, ty) = match &local.pat {
            syn::Pat::Type(typed) => (self.pattern(&typed.pat), Some(self.ctx.ty(&typed.ty))),
            pat => (self.pattern(pat), None),
        };
        out.push(Stmt::Let(pat, ty, value, diverge));
    }
}

/// Collects items declared inside a body, at any depth of blocks but not inside one another.
#[derive(Default)]
struct Nested<'ast>(Vec<&'ast syn::Item>);

impl<'ast> Visit<'ast> for Nested<'ast> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        self.0.push(item);
    }
}
