//! Bodies of functions and initializers of constants: parsed again from the item's text, lowered to [`hir::Body`].

use super::cfg::{Cfg, Target};
use super::items::{Fragment, Items};
use super::modtree;
use super::text::{self, MARK, SpanMap};
use super::types::Ctx;
use super::{CrateId, Ns, Resolved, World};
use crate::ir::Span;
use crate::ir::hir::{
    self, BindMode, Block, Body, Expr, ExprId, ItemId, ItemKind, LocalId, ModId, Name, Pat, PatId, Stmt, TypeRef,
};
use proc_macro2::Span as PSpan;
use rustc_hash::FxHashMap;
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
    /// Module of the item itself.
    outside: ModId,
    /// Names of the items of the body's module.
    item_names: Vec<Name>,
    /// What the items of a block are called, by the block's place in the parsed text.
    block_items: FxHashMap<*const syn::Block, Vec<(Name, Name)>>,
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
    let cfg = Cfg { features: &package.features, target: world.target(package) };
    let scope = ModId { krate: id.krate, idx: item.module };
    let _guard = text::SpanGuard::new();
    let mut lower = Lower::new(world, Ctx::new(slice, map, cfg), scope);
    lower.body.by_feature = matches!(&item.kind, ItemKind::Fn(function) if function.by_feature);
    if text::check(slice).is_err() {
        lower.fail("nesting", item.span);
        return Some(lower.body);
    }
    let parsed = match &item.kind {
        ItemKind::Fn(_) => syn::parse_str::<syn::ItemFn>(slice).map(syn::Item::Fn),
        _ => syn::parse_str::<syn::Item>(slice),
    };
    match parsed {
        Ok(syn::Item::Fn(mut function)) => {
            let before = world.statements_before(id, &item, function.sig.ident.span());
            let told = before.is_some();
            function.block.stmts.splice(0..0, before.unwrap_or_default());
            lower.function(&function.sig, &function.block);
            if !told {
                lower.untold("attribute", item.name_span);
            }
        }
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
    let target = Target::wasm();
    let ctx = Ctx::new(text, map, Cfg { features: &none, target: &target });
    Some(ctx.ty(&syn::parse_str(text).ok()?))
}

/// Parses an expression that stands in an attribute.
pub(crate) fn parse_expr(world: &World<'_>, text: &str, base: Span, scope: ModId, locals: &[Name]) -> Option<Body> {
    text::check(text).ok()?;
    let _guard = text::SpanGuard::new();
    let expr: syn::Expr = syn::parse_str(text).ok()?;
    let map = SpanMap { file: base.file, base: base.lo, pieces: None };
    let package = world.package(scope.krate)?;
    let mut lower = Lower::new(
        world,
        Ctx::new(text, map, Cfg { features: &package.features, target: world.target(package) }),
        scope,
    );
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
            outside: scope,
            item_names: Vec::new(),
            block_items: FxHashMap::default(),
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

    /// Something that cannot be read runs before the body.
    fn untold(&mut self, reason: &'static str, span: Span) {
        let first = self.push(Expr::Opaque(reason), span);
        let (stmts, tail) = (vec![Stmt::Expr(first)], self.body.root);
        let block = Block { label: None, stmts, tail, is_unsafe: false, is_async: false };
        self.body.root = Some(self.push(Expr::Block(Box::new(block)), span));
    }

    fn finish(mut self) -> Body {
        self.body.module = self.module.map(|idx| ModId { krate: self.scope.krate, idx });
        self.body
    }

    fn function(&mut self, sig: &syn::Signature, block: &syn::Block) {
        let mut nested = Nested { outermost: block, around: Vec::new(), found: Vec::new() };
        nested.visit_block(block);
        self.declare(nested.found);
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
        let mut nested = Nested { outermost: std::ptr::null(), around: Vec::new(), found: Vec::new() };
        nested.visit_expr(value);
        self.declare(nested.found);
        let root = self.expr(value);
        self.body.root = Some(root);
    }

    /// Declares the items of the body's text, block by block.
    fn declare(&mut self, found: Vec<(*const syn::Block, &syn::Item)>) {
        let mut found = found.into_iter().peekable();
        while let Some((block, first)) = found.next() {
            let mut items = vec![first.clone()];
            while let Some((_, item)) = found.next_if(|(other, _)| *other == block) {
                items.push(item.clone());
            }
            let ctx = Ctx::new(self.ctx.text, self.ctx.map.clone(), self.ctx.cfg);
            let mut lowered = Items::new(ctx, self.scope.krate);
            lowered.lower(&items, 0, &mut Vec::new());
            let names = self.set_apart(&mut lowered.out, block.is_null());
            self.block_items.entry(block).or_default().extend(names);
            self.add_items(lowered.out);
        }
    }

    /// Gives functions, constants and imports of an inner block names of their own where another block of the body, or
    /// what is around the body, has the name too; the block's paths are changed with them (see [`Ctx::renames`]).
    pub(crate) fn set_apart(&mut self, fragment: &mut Fragment, outermost: bool) -> Vec<(Name, Name)> {
        let mut names = Vec::new();
        let Fragment { modules, items, .. } = fragment;
        let Some(module) = modules.first_mut() else { return names };
        let mut renamed: Vec<(Name, Name)> = Vec::new();
        let mut one = |lower: &mut Self, name: &mut Name| {
            if name.is_empty() || *name == "_" {
                return;
            }
            // A constructor and its type, or a group of imports, share a name inside one block.
            let known = renamed.iter().find(|(old, _)| old == name).map(|(_, new)| new.clone());
            let new = known.unwrap_or_else(|| {
                let new = if !outermost && lower.is_taken(name) { lower.fresh(name) } else { name.clone() };
                renamed.push((name.clone(), new.clone()));
                new
            });
            names.push((name.clone(), new.clone()));
            *name = new;
        };
        for &at in &module.items {
            let Some(item) = items.get_mut(at as usize) else { continue };
            if matches!(item.kind, ItemKind::Fn(_) | ItemKind::Const(_)) {
                one(self, &mut item.name);
            }
        }
        for alias in module.imports.iter_mut().filter_map(|import| import.alias.as_mut()) {
            one(self, alias);
        }
        for (_, new) in &renamed {
            self.item_names.push(new.clone());
        }
        names
    }

    fn is_taken(&self, name: &Name) -> bool {
        let names = std::slice::from_ref(name);
        let outside = |ns| self.world.resolve_names(self.outside, names, ns) != Resolved::Unresolved;
        self.item_names.contains(name) || outside(Ns::Value) || outside(Ns::Type)
    }

    fn fresh(&self, name: &Name) -> Name {
        let mut number = self.item_names.len();
        loop {
            let new = Name::new(format!("{name}'{number}"));
            if !self.item_names.contains(&new) {
                return new;
            }
            number += 1;
        }
    }

    /// Adds items to the body's module, making it if there is none.
    pub(crate) fn add_items(&mut self, fragment: Fragment) {
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
        let (scope, renames) = (self.visible.len(), self.ctx.renames.len());
        if self.expansions > 0 {
            self.made_items(&block.stmts);
        } else if let Some(names) = self.block_items.get(&std::ptr::from_ref(block)) {
            self.ctx.renames.extend(names.iter().cloned());
        }
        let (mut stmts, mut tail) = (Vec::new(), None);
        self.stmts(&block.stmts, &mut stmts, &mut tail);
        self.visible.truncate(scope);
        self.ctx.renames.truncate(renames);
        let delims = block.brace_token.span;
        let span = self.ctx.real_between(delims.open(), delims.close());
        let label = super::exprs::label(label);
        self.push(Expr::Block(Box::new(hir::Block { label, stmts, tail, is_unsafe, is_async })), span)
    }

    /// True when no `cfg` among the attributes is false; notes where a feature decides.
    pub(crate) fn enabled(&mut self, attrs: &[syn::Attribute]) -> bool {
        self.body.by_feature |= self.ctx.cfg.by_feature(attrs);
        self.ctx.cfg.enabled(attrs)
    }

    /// Statements into a block.
    pub(crate) fn stmts(&mut self, list: &[syn::Stmt], out: &mut Vec<Stmt>, tail: &mut Option<ExprId>) {
        for (at, stmt) in list.iter().enumerate() {
            let last = at + 1 == list.len();
            match stmt {
                syn::Stmt::Local(local) => {
                    if self.enabled(&local.attrs) {
                        self.let_stmt(local, out);
                    }
                }
                // Declared when the block began.
                syn::Stmt::Item(_) => {}
                syn::Stmt::Expr(expr, semi) => {
                    if !self.enabled(super::exprs::attrs(expr)) {
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
                    if self.enabled(&call.attrs) {
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

/// Collects items declared inside a body, at any depth of blocks but not inside one another, with the block each stands
/// in; null for the outermost.
struct Nested<'ast> {
    outermost: *const syn::Block,
    around: Vec<*const syn::Block>,
    found: Vec<(*const syn::Block, &'ast syn::Item)>,
}

impl<'ast> Visit<'ast> for Nested<'ast> {
    fn visit_block(&mut self, block: &'ast syn::Block) {
        let here: *const syn::Block = block;
        // Items of one block first: they are declared together.
        self.around.push(if here == self.outermost { std::ptr::null() } else { here });
        for stmt in &block.stmts {
            if let syn::Stmt::Item(item) = stmt {
                self.found.extend(self.around.last().map(|&around| (around, item)));
            }
        }
        syn::visit::visit_block(self, block);
        self.around.pop();
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
}
