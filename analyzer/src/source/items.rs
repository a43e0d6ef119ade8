//! Items of one text: from `syn` to [`hir`], into a [`Fragment`] that knows nothing of the rest of its crate.
//!
//! Indexes inside a fragment are its own; [`super::modtree`] moves them when it merges the fragment into the crate.

use super::recover;
use super::text;
use super::types::{Ctx, delimiters, lit_value, name, path_text};
use crate::ir::Span;
use crate::ir::hir::{
    self, ConstItem, CrateId, Enum, Field, Fields, Function, Import, Item, ItemKind, MacroDef, MacroInvocation, Module,
    Name, Path, Receiver, Segment, Struct, Trait, TypeAlias, Variant,
};
use proc_macro2::Span as PSpan;
use std::sync::Arc;

/// Lowered items of one text. Module 0 stands for the module the text belongs to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fragment {
    pub(crate) modules: Vec<Module>,
    pub(crate) items: Vec<Item>,
    /// `mod name;`
    pub(crate) files: Vec<PendingFile>,
    /// Macro calls where items stand.
    pub(crate) macros: Vec<PendingMacro>,
    pub(crate) problems: Vec<(String, Span)>,
}

/// A module whose text is in another file.
#[derive(Clone, Debug)]
pub(crate) struct PendingFile {
    /// Module in the fragment.
    pub(crate) module: u32,
    /// Names of the inline modules around it, inside this file.
    pub(crate) inside: Vec<String>,
    /// `#[path = ".."]`.
    pub(crate) path: Option<String>,
    pub(crate) name: String,
    pub(crate) span: Span,
}

/// A macro call where items stand.
#[derive(Clone, Debug)]
pub(crate) struct PendingMacro {
    /// The item that holds the place: a [`ItemKind::MacroCall`], or for calls in blocks the impl or trait.
    pub(crate) item: u32,
    /// True when the call stands among associated items.
    pub(crate) inside_block: bool,
    pub(crate) module: u32,
    pub(crate) path: Path,
    /// Tokens between the delimiters, with whatever macro expansion appended to identifiers.
    pub(crate) tokens: String,
    /// Where the tokens stand, in the coordinates of the text itself.
    pub(crate) raw: Span,
    /// The whole call.
    pub(crate) span: Span,
}

/// Lowers items into a fragment.
pub(crate) struct Items<'a> {
    pub(crate) ctx: Ctx<'a>,
    pub(crate) krate: CrateId,
    pub(crate) out: Fragment,
}

/// Lowers the text of a file. Never fails: what cannot be read is a problem and leaves the module incomplete.
pub(crate) fn lower_file(ctx: Ctx<'_>, krate: CrateId) -> Fragment {
    let mut items = Items::new(ctx, krate);
    if let Err(message) = text::check(items.ctx.text) {
        let end = items.ctx.text.len();
        items.fail(message.to_string(), items.ctx.map.raw(0..end.min(1)));
        return items.out;
    }
    let _guard = text::SpanGuard::new();
    match syn::parse_str::<syn::File>(items.ctx.text) {
        Ok(file) => items.whole(&file.attrs, &file.items),
        Err(error) => match items.ctx.text.parse() {
            Ok(tokens) => {
                let found = recover::file(tokens);
                for error in &found.errors {
                    let span = items.ctx.real(error.span());
                    items.out.problems.push((error.to_string(), span));
                }
                items.out.modules[0].complete = !found.lost;
                items.whole(&found.attrs, &found.items);
            }
            Err(_) => {
                let span = items.ctx.real(error.span());
                items.fail("unbalanced delimiters or an unfinished literal".into(), span);
            }
        },
    }
    items.out
}

impl<'a> Items<'a> {
    pub(crate) fn new(ctx: Ctx<'a>, krate: CrateId) -> Self {
        let root = Module { complete: true, ..Module::default() };
        Items { ctx, krate, out: Fragment { modules: vec![root], ..Fragment::default() } }
    }

    fn whole(&mut self, attrs: &[syn::Attribute], items: &[syn::Item]) {
        if self.ctx.cfg.enabled(attrs) {
            self.out.modules[0].attrs = self.ctx.attrs(attrs);
            self.lower(items, 0, &mut Vec::new());
        }
    }

    fn fail(&mut self, message: String, span: Span) {
        self.out.modules[0].complete = false;
        self.out.problems.push((message, span));
    }

    fn push(&mut self, item: Item) -> u32 {
        let at = self.out.items.len() as u32;
        self.out.items.push(item);
        at
    }

    fn add(&mut self, module: u32, item: Item) -> u32 {
        let at = self.push(item);
        self.out.modules[module as usize].items.push(at);
        at
    }

    /// Lowers items that stand in `module`; `inside` names the inline modules around it.
    pub(crate) fn lower(&mut self, items: &[syn::Item], module: u32, inside: &mut Vec<String>) {
        for item in items {
            if self.ctx.cfg.enabled(item_attrs(item)) {
                self.item(item, module, inside);
            }
        }
    }

    fn item(&mut self, item: &syn::Item, module: u32, inside: &mut Vec<String>) {
        match item {
            syn::Item::Fn(item) => {
                let from = fn_start(Some(&item.vis), &item.sig);
                let to = item.block.brace_token.span.close();
                let vis = is_public(&item.vis);
                let item = self.function(module, &item.attrs, vis, &item.sig, (from, to), true, None);
                self.add(module, item);
            }
            syn::Item::Const(item) => {
                let from = vis_start(&item.vis).unwrap_or(item.const_token.span);
                let head = Head { module, vis: is_public(&item.vis), attrs: &item.attrs, ident: &item.ident };
                let item = self.constant(head, (from, item.semi_token.span), &item.ty, (true, None), None);
                self.add(module, item);
            }
            syn::Item::Static(item) => {
                let from = vis_start(&item.vis).unwrap_or(item.static_token.span);
                let head = Head { module, vis: is_public(&item.vis), attrs: &item.attrs, ident: &item.ident };
                let changes = matches!(item.mutability, syn::StaticMutability::Mut(_));
                let item = self.constant(head, (from, item.semi_token.span), &item.ty, (true, Some(changes)), None);
                self.add(module, item);
            }
            syn::Item::Struct(item) => {
                let from = vis_start(&item.vis).unwrap_or(item.struct_token.span);
                let to = item
                    .semi_token
                    .map(|semi| semi.span)
                    .unwrap_or_else(|| fields_end(&item.fields, item.ident.span()));
                let kind = ItemKind::Struct(Box::new(Struct {
                    generics: self.ctx.generics(&item.generics),
                    fields: self.fields(&item.fields),
                    is_union: false,
                }));
                let head = Head { module, vis: is_public(&item.vis), attrs: &item.attrs, ident: &item.ident };
                let item = self.build(head, (from, to), kind);
                self.add(module, item);
            }
            syn::Item::Union(item) => {
                let from = vis_start(&item.vis).unwrap_or(item.union_token.span);
                let fields = syn::Fields::Named(item.fields.clone());
                let kind = ItemKind::Struct(Box::new(Struct {
                    generics: self.ctx.generics(&item.generics),
                    fields: self.fields(&fields),
                    is_union: true,
                }));
                let head = Head { module, vis: is_public(&item.vis), attrs: &item.attrs, ident: &item.ident };
                let item = self.build(head, (from, item.fields.brace_token.span.close()), kind);
                self.add(module, item);
            }
            syn::Item::Enum(item) => {
                let from = vis_start(&item.vis).unwrap_or(item.enum_token.span);
                let variants = item.variants.iter().filter(|variant| self.ctx.cfg.enabled(&variant.attrs));
                let variants = variants.map(|variant| self.variant(variant)).collect();
                let kind = ItemKind::Enum(Box::new(Enum { generics: self.ctx.generics(&item.generics), variants }));
                let head = Head { module, vis: is_public(&item.vis), attrs: &item.attrs, ident: &item.ident };
                let item = self.build(head, (from, item.brace_token.span.close()), kind);
                self.add(module, item);
            }
            syn::Item::Type(item) => {
                let from = vis_start(&item.vis).unwrap_or(item.type_token.span);
                let kind = ItemKind::TypeAlias(Box::new(TypeAlias {
                    generics: self.ctx.generics(&item.generics),
                    ty: Some(self.ctx.ty(&item.ty)),
                    bounds: Vec::new(),
                    owner: None,
                }));
                let head = Head { module, vis: is_public(&item.vis), attrs: &item.attrs, ident: &item.ident };
                let item = self.build(head, (from, item.semi_token.span), kind);
                self.add(module, item);
            }
            syn::Item::Trait(item) => self.trait_item(item, module),
            syn::Item::TraitAlias(item) => {
                let from = vis_start(&item.vis).unwrap_or(item.trait_token.span);
                let kind = ItemKind::Trait(Box::new(Trait {
                    generics: self.ctx.generics(&item.generics),
                    supers: self.ctx.bounds(&item.bounds),
                    items: Vec::new(),
                }));
                let head = Head { module, vis: is_public(&item.vis), attrs: &item.attrs, ident: &item.ident };
                let item = self.build(head, (from, item.semi_token.span), kind);
                self.add(module, item);
            }
            syn::Item::Impl(item) => self.impl_item(item, module),
            syn::Item::Use(item) => {
                let mut path = Path { global: item.leading_colon.is_some(), ..Path::default() };
                path.span = self.ctx.real_between(item.use_token.span, item.semi_token.span);
                self.use_tree(&item.tree, path, is_public(&item.vis), module);
            }
            syn::Item::ExternCrate(item) => {
                let from = vis_start(&item.vis).unwrap_or(item.extern_token.span);
                let alias = item.rename.as_ref().map_or(&item.ident, |(_, rename)| rename);
                let head = Head { module, vis: is_public(&item.vis), attrs: &item.attrs, ident: alias };
                let kind = ItemKind::ExternCrate(name(&item.ident));
                let item = self.build(head, (from, item.semi_token.span), kind);
                self.add(module, item);
            }
            syn::Item::Mod(item) => self.module(item, module, inside),
            syn::Item::ForeignMod(item) => self.foreign(item, module),
            syn::Item::Macro(item) => self.macro_item(item, module),
            _ => {}
        }
    }

    fn build(&self, head: Head<'_>, (from, to): (PSpan, PSpan), kind: ItemKind) -> Item {
        Item {
            name: name(head.ident),
            module: head.module,
            public: head.vis,
            attrs: self.ctx.attrs(head.attrs),
            span: self.ctx.real_between(from, to),
            name_span: self.ctx.real(head.ident.span()),
            kind,
        }
    }

    /// A constant, or a static, of which `is_static` says whether it is `static mut`.
    fn constant(
        &self,
        head: Head<'_>,
        (from, to): (PSpan, PSpan),
        ty: &syn::Type,
        (has_value, is_static): (bool, Option<bool>),
        owner: Option<u32>,
    ) -> Item {
        let source = self.ctx.raw_between(from, to);
        let (is_static, is_mut) = (is_static.is_some(), is_static == Some(true));
        let kind = ConstItem { ty: self.ctx.ty(ty), has_value, is_static, is_mut, owner, source };
        self.build(head, (from, to), ItemKind::Const(Box::new(kind)))
    }

    #[allow(clippy::too_many_arguments)]
    fn function(
        &self,
        module: u32,
        attrs: &[syn::Attribute],
        vis: bool,
        sig: &syn::Signature,
        (from, to): (PSpan, PSpan),
        has_body: bool,
        owner: Option<u32>,
    ) -> Item {
        let mut receiver = None;
        let mut params = Vec::new();
        for input in &sig.inputs {
            match input {
                syn::FnArg::Receiver(this) => {
                    receiver = Some(match &this.kind {
                        syn::ReceiverKind::Reference(_, _, None) => Receiver::Ref,
                        syn::ReceiverKind::Reference(_, _, Some(_)) => Receiver::RefMut,
                        syn::ReceiverKind::Typed(_, ty) => match ty.as_ref() {
                            syn::Type::Reference(to) if is_self(&to.elem) && to.mutability.is_some() => {
                                Receiver::RefMut
                            }
                            syn::Type::Reference(to) if is_self(&to.elem) => Receiver::Ref,
                            _ => Receiver::Value,
                        },
                        _ => Receiver::Value,
                    });
                }
                syn::FnArg::Typed(arg) => {
                    if self.ctx.cfg.enabled(&arg.attrs) {
                        params.push((pat_name(&arg.pat), self.ctx.ty(&arg.ty)));
                    }
                }
            }
        }
        let function = Function {
            generics: self.ctx.generics(&sig.generics),
            receiver,
            params,
            ret: self.ctx.ret(&sig.output),
            has_body,
            is_async: sig.asyncness.is_some(),
            is_unsafe: matches!(sig.safety, syn::Safety::Unsafe(_)),
            owner,
            by_feature: self.ctx.cfg.by_feature(attrs),
            source: self.ctx.raw_between(from, to),
        };
        let head = Head { module, vis, attrs, ident: &sig.ident };
        self.build(head, (from, to), ItemKind::Fn(Box::new(function)))
    }

    fn fields(&self, fields: &syn::Fields) -> Fields {
        let (list, tuple, unit) = match fields {
            syn::Fields::Named(fields) => (fields.named.iter().collect::<Vec<_>>(), false, false),
            syn::Fields::Unnamed(fields) => (fields.unnamed.iter().collect(), true, false),
            syn::Fields::Unit => (Vec::new(), false, true),
        };
        let list = list.into_iter().filter(|field| self.ctx.cfg.enabled(&field.attrs)).enumerate();
        let fields = list.map(|(at, field)| {
            let from = field.ident.as_ref().map(|ident| ident.span());
            let ty = self.ctx.ty(&field.ty);
            let span = match (from, type_end(&field.ty)) {
                (Some(from), Some(end)) => self.ctx.real_between(from, end),
                (Some(only), None) | (None, Some(only)) => self.ctx.real(only),
                (None, None) => Span::NONE,
            };
            let name = field.ident.as_ref().map_or_else(|| Name::new(at.to_string()), name);
            Field { name, ty, attrs: self.ctx.attrs(&field.attrs), span }
        });
        Fields { fields: fields.collect(), tuple, unit }
    }

    fn variant(&self, variant: &syn::Variant) -> Variant {
        let end = fields_end(&variant.fields, variant.ident.span());
        Variant {
            name: name(&variant.ident),
            fields: self.fields(&variant.fields),
            attrs: self.ctx.attrs(&variant.attrs),
            discriminant: variant.discriminant.as_ref().and_then(|(_, value)| integer(value)),
            span: self.ctx.real_between(variant.ident.span(), end),
        }
    }

    fn trait_item(&mut self, item: &syn::ItemTrait, module: u32) {
        let from = vis_start(&item.vis)
            .or(item.unsafety.map(|token| token.span))
            .or(item.modifiers.auto_token.map(|token| token.span))
            .unwrap_or(item.trait_token.span);
        let kind = ItemKind::Trait(Box::new(Trait {
            generics: self.ctx.generics(&item.generics),
            supers: self.ctx.bounds(&item.supertraits),
            items: Vec::new(),
        }));
        let head = Head { module, vis: is_public(&item.vis), attrs: &item.attrs, ident: &item.ident };
        let built = self.build(head, (from, item.brace_token.span.close()), kind);
        let at = self.add(module, built);
        self.trait_items(&item.items, module, at);
    }

    /// Lowers the items of a trait block into the trait at `owner`.
    pub(crate) fn trait_items(&mut self, items: &[syn::TraitItem], module: u32, owner: u32) {
        for item in items {
            let at = match item {
                syn::TraitItem::Fn(item) if self.ctx.cfg.enabled(&item.attrs) => {
                    let from = fn_start(None, &item.sig);
                    let to = match (&item.default, item.semi_token) {
                        (Some(block), _) => block.brace_token.span.close(),
                        (None, Some(semi)) => semi.span,
                        (None, None) => item.sig.ident.span(),
                    };
                    let has_body = item.default.is_some();
                    let item = self.function(module, &item.attrs, true, &item.sig, (from, to), has_body, Some(owner));
                    self.push(item)
                }
                syn::TraitItem::Const(item) if self.ctx.cfg.enabled(&item.attrs) => {
                    let range = (item.const_token.span, item.semi_token.span);
                    let head = Head { module, vis: true, attrs: &item.attrs, ident: &item.ident };
                    let item = self.constant(head, range, &item.ty, (item.default.is_some(), None), Some(owner));
                    self.push(item)
                }
                syn::TraitItem::Type(item) if self.ctx.cfg.enabled(&item.attrs) => {
                    let kind = ItemKind::TypeAlias(Box::new(TypeAlias {
                        generics: self.ctx.generics(&item.generics),
                        ty: item.default.as_ref().map(|(_, ty)| self.ctx.ty(ty)),
                        bounds: self.ctx.bounds(&item.bounds),
                        owner: Some(owner),
                    }));
                    let head = Head { module, vis: true, attrs: &item.attrs, ident: &item.ident };
                    let item = self.build(head, (item.type_token.span, item.semi_token.span), kind);
                    self.push(item)
                }
                syn::TraitItem::Macro(item) if self.ctx.cfg.enabled(&item.attrs) => {
                    self.pending_macro(&item.mac, module, owner, true);
                    continue;
                }
                _ => continue,
            };
            self.own(owner, at);
        }
    }

    fn impl_item(&mut self, item: &syn::ItemImpl, module: u32) {
        let from = item.unsafety.map(|token| token.span).unwrap_or(item.impl_token.span);
        // A negative impl declares nothing.
        if item.modifiers.polarity.is_some() {
            return;
        }
        let span = self.ctx.real_between(from, item.brace_token.span.close());
        let kind = ItemKind::Impl(Box::new(hir::Impl {
            generics: self.ctx.generics(&item.generics),
            of_trait: item.trait_.as_ref().map(|(path, _)| self.ctx.path(None, path)),
            self_ty: self.ctx.ty(&item.self_ty),
            items: Vec::new(),
        }));
        let attrs = self.ctx.attrs(&item.attrs);
        let built = Item { name: Name::default(), module, public: false, attrs, span, name_span: span, kind };
        let at = self.add(module, built);
        self.impl_items(&item.items, module, at, item.trait_.is_some());
    }

    /// Lowers the items of an impl block into the impl at `owner`.
    pub(crate) fn impl_items(&mut self, items: &[syn::ImplItem], module: u32, owner: u32, of_trait: bool) {
        for item in items {
            let at = match item {
                syn::ImplItem::Fn(item) if self.ctx.cfg.enabled(&item.attrs) => {
                    let from = fn_start(Some(&item.vis), &item.sig);
                    let to = item.block.brace_token.span.close();
                    let vis = of_trait || is_public(&item.vis);
                    let item = self.function(module, &item.attrs, vis, &item.sig, (from, to), true, Some(owner));
                    self.push(item)
                }
                syn::ImplItem::Const(item) if self.ctx.cfg.enabled(&item.attrs) => {
                    let from = vis_start(&item.vis).unwrap_or(item.const_token.span);
                    let vis = of_trait || is_public(&item.vis);
                    let head = Head { module, vis, attrs: &item.attrs, ident: &item.ident };
                    let range = (from, item.semi_token.span);
                    let item = self.constant(head, range, &item.ty, (true, None), Some(owner));
                    self.push(item)
                }
                syn::ImplItem::Type(item) if self.ctx.cfg.enabled(&item.attrs) => {
                    let from = vis_start(&item.vis).unwrap_or(item.type_token.span);
                    let kind = ItemKind::TypeAlias(Box::new(TypeAlias {
                        generics: self.ctx.generics(&item.generics),
                        ty: Some(self.ctx.ty(&item.ty)),
                        bounds: Vec::new(),
                        owner: Some(owner),
                    }));
                    let vis = of_trait || is_public(&item.vis);
                    let head = Head { module, vis, attrs: &item.attrs, ident: &item.ident };
                    let item = self.build(head, (from, item.semi_token.span), kind);
                    self.push(item)
                }
                syn::ImplItem::Macro(item) if self.ctx.cfg.enabled(&item.attrs) => {
                    self.pending_macro(&item.mac, module, owner, true);
                    continue;
                }
                _ => continue,
            };
            self.own(owner, at);
        }
    }

    fn own(&mut self, owner: u32, at: u32) {
        match self.out.items.get_mut(owner as usize).map(|item| &mut item.kind) {
            Some(ItemKind::Impl(block)) => block.items.push(at),
            Some(ItemKind::Trait(block)) => block.items.push(at),
            _ => {}
        }
    }

    fn use_tree(&mut self, tree: &syn::UseTree, mut path: Path, public: bool, module: u32) {
        match tree {
            syn::UseTree::Path(tree) => {
                self.use_segment(&mut path, &tree.ident);
                self.use_tree(&tree.tree, path, public, module);
            }
            syn::UseTree::Name(tree) => self.use_leaf(&tree.ident, None, path, public, module),
            syn::UseTree::Rename(tree) => self.use_leaf(&tree.ident, Some(&tree.rename), path, public, module),
            syn::UseTree::Glob(_) => {
                self.out.modules[module as usize].imports.push(Import { path, alias: None, public });
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.use_tree(tree, path.clone(), public, module);
                }
            }
        }
    }

    fn use_segment(&self, path: &mut Path, ident: &syn::Ident) {
        match super::types::dollar_crate(ident) {
            Some(krate) if path.segments.is_empty() => path.dollar_crate = Some(krate),
            _ => path.segments.push(Segment { name: name(ident), args: Vec::new(), bindings: Vec::new() }),
        }
    }

    fn use_leaf(&mut self, ident: &syn::Ident, rename: Option<&syn::Ident>, mut path: Path, public: bool, module: u32) {
        let begun = !path.segments.is_empty() || path.dollar_crate.is_some();
        if !(begun && ident == "self") {
            self.use_segment(&mut path, ident);
        }
        let alias = match rename {
            Some(rename) => name(rename),
            None => path.segments.last().map(|segment| segment.name.clone()).unwrap_or_default(),
        };
        // `_` is spelled `_` by the parser.
        path.span = self.ctx.real(rename.unwrap_or(ident).span());
        self.out.modules[module as usize].imports.push(Import { path, alias: Some(alias), public });
    }

    fn module(&mut self, item: &syn::ItemMod, module: u32, inside: &mut Vec<String>) {
        let from = vis_start(&item.vis).unwrap_or(item.mod_token.span);
        let to = match (&item.content, item.semi) {
            (Some((brace, _)), _) => brace.span.close(),
            (None, Some(semi)) => semi.span,
            (None, None) => item.ident.span(),
        };
        let attrs = self.ctx.attrs(&item.attrs);
        let inner = self.out.modules.len() as u32;
        let span = self.ctx.real_between(from, to);
        self.out.modules.push(Module {
            name: name(&item.ident),
            parent: Some(module),
            attrs: attrs.clone(),
            complete: true,
            span,
            ..Module::default()
        });
        let head = Head { module, vis: is_public(&item.vis), attrs: &item.attrs, ident: &item.ident };
        let built = self.build(head, (from, to), ItemKind::Mod(inner));
        self.add(module, built);
        let path = attrs.iter().find(|attr| attr.path == "path");
        let path = path.and_then(|attr| syn::parse_str::<syn::LitStr>(&attr.tokens).ok()).map(|lit| lit.value());
        match &item.content {
            Some((_, items)) => {
                inside.push(path.unwrap_or_else(|| name(&item.ident).to_string()));
                self.lower(items, inner, inside);
                inside.pop();
            }
            None => self.out.files.push(PendingFile {
                module: inner,
                inside: inside.clone(),
                path,
                name: name(&item.ident).to_string(),
                span,
            }),
        }
    }

    fn foreign(&mut self, block: &syn::ItemForeignMod, module: u32) {
        for item in &block.items {
            match item {
                syn::ForeignItem::Fn(item) if self.ctx.cfg.enabled(&item.attrs) => {
                    let range = (fn_start(Some(&item.vis), &item.sig), item.semi_token.span);
                    let vis = is_public(&item.vis);
                    let item = self.function(module, &item.attrs, vis, &item.sig, range, false, None);
                    self.add(module, item);
                }
                syn::ForeignItem::Static(item) if self.ctx.cfg.enabled(&item.attrs) => {
                    let from = vis_start(&item.vis).unwrap_or(item.static_token.span);
                    let head = Head { module, vis: is_public(&item.vis), attrs: &item.attrs, ident: &item.ident };
                    let item = self.constant(head, (from, item.semi_token.span), &item.ty, (false, Some(true)), None);
                    self.add(module, item);
                }
                _ => {}
            }
        }
    }

    fn macro_item(&mut self, item: &syn::ItemMacro, module: u32) {
        let delims = delimiters(&item.mac.delimiter);
        let from = item.mac.path.segments.first().map_or(item.mac.bang_token.span, |segment| segment.ident.span());
        if let (Some(ident), true) = (&item.ident, item.mac.path.is_ident("macro_rules")) {
            let range = delims.open().byte_range().end..delims.close().byte_range().start;
            let attrs = self.ctx.attrs(&item.attrs);
            let exported = attrs.iter().any(|attr| attr.path == "macro_export");
            let def = MacroDef {
                name: name(ident),
                krate: self.krate,
                rules: self.ctx.text.get(range).unwrap_or("").to_string(),
                exported,
            };
            let head = Head { module, vis: exported, attrs: &item.attrs, ident };
            let built = self.build(head, (from, delims.close()), ItemKind::MacroRules(Arc::new(def)));
            self.add(module, built);
            return;
        }
        let range = delims.open().byte_range().end..delims.close().byte_range().start;
        let span = self.ctx.real_between(from, delims.close());
        let call = MacroInvocation {
            path: path_text(&item.mac.path),
            tokens: self.ctx.slice(range.clone()),
            span,
            tokens_span: self.ctx.map.real(range),
        };
        let last = item.mac.path.segments.last().map(|segment| name(&segment.ident)).unwrap_or_default();
        let attrs = self.ctx.attrs(&item.attrs);
        let kind = ItemKind::MacroCall(call);
        let at = self.add(module, Item { name: last, module, public: false, attrs, span, name_span: span, kind });
        self.pending_macro(&item.mac, module, at, false);
    }

    fn pending_macro(&mut self, mac: &syn::Macro, module: u32, item: u32, inside_block: bool) {
        let delims = delimiters(&mac.delimiter);
        let range = delims.open().byte_range().end..delims.close().byte_range().start;
        let from = mac.path.segments.first().map_or(mac.bang_token.span, |segment| segment.ident.span());
        self.out.macros.push(PendingMacro {
            item,
            inside_block,
            module,
            path: self.ctx.path(None, &mac.path),
            tokens: self.ctx.text.get(range.clone()).unwrap_or("").to_string(),
            raw: self.ctx.map.raw(range),
            span: self.ctx.real_between(from, delims.close()),
        });
    }
}

/// What most items share.
struct Head<'a> {
    module: u32,
    vis: bool,
    attrs: &'a [syn::Attribute],
    ident: &'a syn::Ident,
}

fn is_public(vis: &syn::Visibility) -> bool {
    !matches!(vis, syn::Visibility::Inherited)
}

fn is_self(ty: &syn::Type) -> bool {
    matches!(ty, syn::Type::Path(path) if path.path.is_ident("Self"))
}

fn vis_start(vis: &syn::Visibility) -> Option<PSpan> {
    match vis {
        syn::Visibility::Public(token) => Some(token.span),
        syn::Visibility::Restricted(vis) => Some(vis.pub_token.span),
        syn::Visibility::Inherited => None,
    }
}

fn fn_start(vis: Option<&syn::Visibility>, sig: &syn::Signature) -> PSpan {
    vis.and_then(vis_start)
        .or(sig.constness.map(|token| token.span))
        .or(sig.asyncness.map(|token| token.span))
        .or(match sig.safety {
            syn::Safety::Unsafe(token) => Some(token.span),
            _ => None,
        })
        .or(sig.abi.as_ref().map(|abi| abi.extern_token.span))
        .unwrap_or(sig.fn_token.span)
}

fn fields_end(fields: &syn::Fields, otherwise: PSpan) -> PSpan {
    match fields {
        syn::Fields::Named(fields) => fields.brace_token.span.close(),
        syn::Fields::Unnamed(fields) => fields.paren_token.span.close(),
        syn::Fields::Unit => otherwise,
    }
}

fn type_end(ty: &syn::Type) -> Option<PSpan> {
    match ty {
        syn::Type::Path(path) => path.path.segments.last().map(|segment| match &segment.arguments {
            syn::PathArguments::None => segment.ident.span(),
            syn::PathArguments::AngleBracketed(args) => args.gt_token.spans[0],
            syn::PathArguments::Parenthesized(args) => args.paren_token.span.close(),
        }),
        syn::Type::Reference(to) => type_end(&to.elem),
        syn::Type::Ptr(to) => type_end(&to.elem),
        syn::Type::Tuple(tuple) => Some(tuple.paren_token.span.close()),
        syn::Type::Array(array) => Some(array.bracket_token.span.close()),
        syn::Type::Slice(slice) => Some(slice.bracket_token.span.close()),
        syn::Type::Paren(inner) => Some(inner.paren_token.span.close()),
        syn::Type::Group(inner) => type_end(&inner.elem),
        _ => None,
    }
}

fn pat_name(pat: &syn::Pat) -> Option<Name> {
    match pat {
        syn::Pat::Ident(ident) if ident.subpat.is_none() => Some(name(&ident.ident)),
        syn::Pat::Paren(inner) => pat_name(&inner.pat),
        _ => None,
    }
}

fn integer(value: &syn::Expr) -> Option<i128> {
    match value {
        syn::Expr::Lit(lit) => match lit_value(&lit.lit) {
            hir::Lit::Int(value, _) => Some(value),
            hir::Lit::Byte(byte) => Some(i128::from(byte)),
            _ => None,
        },
        syn::Expr::Unary(syn::ExprUnary { op: syn::UnOp::Neg(_), expr, .. }) => integer(expr)?.checked_neg(),
        syn::Expr::Paren(inner) => integer(&inner.expr),
        syn::Expr::Group(inner) => integer(&inner.expr),
        _ => None,
    }
}

fn item_attrs(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::ExternCrate(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::ForeignMod(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::TraitAlias(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Union(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
