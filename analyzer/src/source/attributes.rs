//! What attribute macros and derives do to the item they stand on, from rows of text: variants and items they add, and
//! statements they put in front of a function's body. Which row a written attribute means is told by its name and, where
//! several libraries use one name, by the crate that the name comes from.

use super::World;
pub use super::dispatch::Dispatch;
use super::types::path_text;
use crate::ir::hir::{Attr, Enum, Function, Import, Item, ItemId, ItemKind, ModId, TypeRef};
use proc_macro2::{Group, Span as PSpan, TokenStream, TokenTree};
use syn::parse::Parser;

/// What an attribute macro adds to or beside the item it stands on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewrite {
    /// Last segments of the attribute's path, or the name of the derive.
    pub path: String,
    /// Crates the name may come from; empty for any.
    pub from: Vec<String>,
    /// True for `#[derive(path)]`.
    pub derive: bool,
    /// Variants to append to the enum, as Rust text; may be empty.
    pub variants: String,
    /// Items to add beside the item, as Rust text; may be empty. See `Rewrite::items_for`.
    pub items: String,
    /// Statements in front of the function's body, or, on an impl, of the bodies of its public functions.
    pub before: String,
    /// An attribute that keeps a function of the impl from getting `before`.
    pub unless: String,
    /// Text for the argument that a type alias leaves open, with `$SELF` and `$MODULE`; may be empty.
    pub argument: String,
    /// Attribute whose text takes the place of `$SELF` in `argument`; may be empty.
    pub renamed_by: String,
    /// Names of the library whose messages the attribute makes of marked functions.
    pub dispatch: Option<Dispatch>,
}

/// What a template for items may name of one variant of an enum.
pub(crate) struct VariantText {
    name: String,
    attrs: Vec<Attr>,
    /// Names and types of the payload.
    fields: Vec<(String, String)>,
}

impl VariantText {
    /// The variants of an enum; `text` gives what stands in a field's place in the source.
    pub(crate) fn all(of: &Enum, text: &dyn Fn(crate::ir::Span) -> String) -> Vec<VariantText> {
        let one = |field: &crate::ir::hir::Field| {
            let written = text(field.span);
            let ty = written.rsplit_once(&format!("{}:", field.name)).map_or(written.as_str(), |(_, ty)| ty);
            (field.name.to_string(), ty.trim().trim_end_matches(',').to_owned())
        };
        let variant = |variant: &crate::ir::hir::Variant| VariantText {
            name: variant.name.to_string(),
            attrs: variant.attrs.clone(),
            fields: variant.fields.fields.iter().map(one).collect(),
        };
        of.variants.iter().map(variant).collect()
    }
}

impl Rewrite {
    /// True when one of these attributes keeps the row off: `unless` is an attribute's path, or `path(word` for one that has
    /// the word among its arguments.
    pub(crate) fn spared(&self, attrs: &[Attr]) -> bool {
        let (path, word) = self.unless.split_once('(').unwrap_or((&self.unless, ""));
        !path.is_empty() && attrs.iter().any(|attr| attr.path.ends_with(path) && attr.tokens.contains(word))
    }

    /// True when an attribute written so gives another name.
    pub(crate) fn renames(&self, written: &str) -> bool {
        let own = self.renamed_by.as_str();
        !own.is_empty() && (written == own || written.strip_suffix(own).is_some_and(|rest| rest.ends_with("::")))
    }

    /// True when an attribute written so is this one, in a module with these imports of the crate `own`.
    pub fn is_named(&self, written: &str, imports: &[Import], own: &str) -> bool {
        let written = written.trim().trim_start_matches("::");
        let named =
            written == self.path || written.strip_suffix(self.path.as_str()).is_some_and(|rest| rest.ends_with("::"));
        if !named || self.from.is_empty() {
            return named;
        }
        let first = written.split("::").next().unwrap_or(written);
        let fits = |name: &str| {
            let name = if name == "crate" || name.starts_with(super::types::DOLLAR_CRATE) { own } else { name };
            self.from.iter().any(|from| from == name)
        };
        let root = |import: &Import| import.path.segments.first().is_some_and(|first| fits(&first.name));
        let named = |import: &&Import| import.alias.as_deref() == Some(first);
        match imports.iter().find(named) {
            Some(import) => root(import),
            None if written.contains("::") => fits(first),
            None => imports.iter().any(|import| import.alias.is_none() && root(import)),
        }
    }

    /// The items to add beside the item named `name` with fields `fields`; `args` is the text of the attribute's
    /// arguments. `$SELF` is the name, `$ARGS` the arguments, `$ARG(a)` the text that `a = ".."` gives, `$(..$FIELD..)*`
    /// is written once per field and `$(#[a] #[b] ..)*` once per variant that has these attributes: `$VARIANT` is its name, `$variant` the name in
    /// snake case, `$PARAMS` its payload as parameters (`a: A, `), `$NAMES` their names (`a, `), `$b` what stands in the
    /// parentheses of attribute `b`.
    pub(crate) fn items_for(&self, name: &str, args: &str, fields: &[&str], variants: &[VariantText]) -> String {
        let mut text = self.items.replace("$SELF", name).replace("$ARGS", args);
        while let Some((before, rest)) = text.split_once("$ARG(") {
            let Some((wanted, after)) = rest.split_once(')') else { break };
            text = format!("{before}{}{after}", named_arg(args, wanted));
        }
        while let Some((before, rest)) = text.split_once("$(") {
            let Some((repeated, after)) = rest.split_once(")*") else { break };
            let wanted = attributes_in_front(repeated);
            let all: String = if wanted.is_empty() {
                fields.iter().map(|field| repeated.replace("$FIELD", field)).collect()
            } else {
                variants.iter().filter_map(|variant| per_variant(repeated, &wanted, variant)).collect()
            };
            text = format!("{before}{all}{after}");
        }
        text
    }

    /// The statements in front of a function's body; `None` when a parameter they speak of has no plain name.
    fn statements(&self, function: &Function, attr: &Attr) -> Option<String> {
        let mut text = self.before.replace("$ARGS", &attr.tokens);
        if text.contains("$ENV") {
            let (name, ty) = function.params.first()?;
            let name = name.as_deref()?;
            let env = if matches!(ty, TypeRef::Ref(..)) { name.to_owned() } else { format!("&{name}") };
            text = text.replace("$ENV", &env);
        }
        for (word, skipped) in [("$REFS", 0), ("$REST", 1)] {
            if text.contains(word) {
                let names = function.params.iter().skip(skipped).map(|(name, _)| name.as_deref());
                let refs: Option<String> = names.map(|name| Some(format!("&{}, ", name?))).collect();
                text = text.replace(word, &refs?);
            }
        }
        for (at, arg) in split_args(&attr.tokens).into_iter().enumerate() {
            text = text.replace(&format!("${at}"), &arg);
        }
        Some(text)
    }
}

/// What `name = ".."` among an attribute's arguments says, without quotes; empty where none does.
fn named_arg(args: &str, name: &str) -> String {
    let value = |arg: &String| arg.trim().strip_prefix(name)?.trim_start().strip_prefix('=').map(str::to_owned);
    let found = split_args(args).iter().find_map(value).unwrap_or_default();
    found.trim().trim_matches('"').to_owned()
}

/// Names of the attributes a repeated text begins with.
fn attributes_in_front(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = text.trim_start();
    while let Some((name, after)) = rest.strip_prefix("#[").and_then(|inner| inner.split_once(']')) {
        names.push(name.trim());
        rest = after.trim_start();
    }
    names
}

fn per_variant(repeated: &str, wanted: &[&str], variant: &VariantText) -> Option<String> {
    let mut text = repeated.to_owned();
    for name in wanted {
        let attr = variant.attrs.iter().find(|attr| attr.path == *name)?;
        text = text.replacen(&format!("#[{name}]"), "", 1).replace(&format!("${name}"), &attr.tokens);
    }
    let params: String = variant.fields.iter().map(|(name, ty)| format!("{name}: {ty}, ")).collect();
    let names: String = variant.fields.iter().map(|(name, _)| format!("{name}, ")).collect();
    let snake = snake_case(&variant.name);
    Some(
        text.replace("$VARIANT", &variant.name)
            .replace("$variant", &snake)
            .replace("$PARAMS", &params)
            .replace("$NAMES", &names),
    )
}

/// `FooBar` and `Foo_Bar` as `foo_bar`.
pub(crate) fn snake_case(name: &str) -> String {
    let mut out = String::new();
    let mut lower = false;
    for char in name.chars() {
        if char.is_uppercase() && lower {
            out.push('_');
        }
        lower = char.is_lowercase() || char.is_ascii_digit();
        out.extend(char.to_lowercase());
    }
    out
}

/// The arguments of an attribute, at commas that stand in no brackets.
fn split_args(text: &str) -> Vec<String> {
    let Ok(tokens) = text.parse::<TokenStream>() else { return Vec::new() };
    let mut out = vec![TokenStream::new()];
    for tree in tokens {
        match &tree {
            TokenTree::Punct(punct) if punct.as_char() == ',' => out.push(TokenStream::new()),
            _ => {
                if let Some(last) = out.last_mut() {
                    last.extend([tree]);
                }
            }
        }
    }
    out.retain(|arg| !arg.is_empty());
    out.iter().map(ToString::to_string).collect()
}

impl World<'_> {
    /// The rows an attribute of an item of the module means.
    pub(crate) fn rewrites_of(&self, module: ModId, written: &str) -> Vec<&Rewrite> {
        if self.rewrites.is_empty() || self.is_model(module.krate) {
            return Vec::new();
        }
        let own = self.packages[module.krate.0 as usize].crate_name.as_str();
        let scope = self.module(module);
        let fits = |row: &&Rewrite| !row.derive && row.is_named(written, &scope.imports, own);
        self.rewrites.iter().filter(fits).collect()
    }

    /// Statements that attributes of a function, and of the impl it stands in, put in front of its body, all at `at`.
    /// `None` when some of them cannot be told.
    pub(crate) fn statements_before(&self, id: ItemId, item: &Item, at: PSpan) -> Option<Vec<syn::Stmt>> {
        let ItemKind::Fn(function) = &item.kind else { return Some(Vec::new()) };
        let module = ModId { krate: id.krate, idx: item.module };
        let mut texts = Vec::new();
        let owner = function.owner.map(|idx| self.item(ItemId { krate: id.krate, idx }));
        if let Some(owner) = &owner {
            let exported = item.public || matches!(&owner.kind, ItemKind::Impl(block) if block.of_trait.is_some());
            for attr in owner.attrs.iter().filter(|_| exported) {
                for row in self.rewrites_of(module, &attr.path) {
                    if !row.before.is_empty() && !row.spared(&item.attrs) {
                        texts.push(row.statements(function, attr)?);
                    }
                }
            }
        }
        for attr in &item.attrs {
            for row in self.rewrites_of(module, &attr.path) {
                if !row.before.is_empty() {
                    texts.push(row.statements(function, attr)?);
                }
            }
        }
        let mut out = Vec::new();
        // The outermost macro runs first, so what the next one adds stands before it.
        for text in texts.iter().rev() {
            let tokens = format!("{{ {text} }};").parse::<TokenStream>().ok()?;
            out.extend(syn::Block::parse_within.parse2(spanned(tokens, at)).ok()?);
        }
        Some(out)
    }
}

/// The tokens with another place.
fn spanned(tokens: TokenStream, at: PSpan) -> TokenStream {
    let one = |mut tree: TokenTree| {
        if let TokenTree::Group(group) = &tree {
            let mut inner = Group::new(group.delimiter(), spanned(group.stream(), at));
            inner.set_span(at);
            return TokenTree::Group(inner);
        }
        tree.set_span(at);
        tree
    };
    tokens.into_iter().map(one).collect()
}

/// The names in the parentheses of a `derive`.
pub(crate) fn derived(attr: &Attr) -> Vec<String> {
    if attr.path != "derive" {
        return Vec::new();
    }
    let _guard = super::text::SpanGuard::new();
    let paths = syn::punctuated::Punctuated::<syn::Path, syn::Token![,]>::parse_terminated;
    paths.parse_str(&attr.tokens).map(|paths| paths.iter().map(path_text).collect()).unwrap_or_default()
}
