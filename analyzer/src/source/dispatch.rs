//! Enums of messages that attribute macros make of marked functions, with a function `dispatch` that hands each message to
//! its function. A block of a contract gets them together with those of the traits it lists, and the exported functions; a
//! trait gets its own. Names follow what the macros document; where things stand is the row's ([`Dispatch`]).

use super::text::Piece;
use crate::ir::Span;
use crate::ir::hir::Attr;
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use std::fmt::Write;
use syn::parse::Parser;

/// Where the names of one library are.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispatch {
    /// Path in front of the marks on functions and blocks, and module the messages stand in: `sv` of `#[sv::msg(exec)]`.
    pub marker: String,
    /// Crate of the library; its table has a function `any`.
    pub home: String,
    /// Crate of the host's types.
    pub host: String,
}

/// A kind of message: its word in marks, the exported function, its parameters before the message, what their names are
/// called, the message's name, and whether there are several of it.
struct Kind {
    word: &'static str,
    export: &'static str,
    params: &'static [(&'static str, &'static str)],
    message: &'static str,
    many: bool,
}

const WRITES: (&str, &str) = ("deps", "DepsMut");
const READS: (&str, &str) = ("deps", "Deps");
const ENV: (&str, &str) = ("env", "Env");
const INFO: (&str, &str) = ("info", "MessageInfo");

const KINDS: &[Kind] = &[
    Kind {
        word: "instantiate",
        export: "instantiate",
        params: &[WRITES, ENV, INFO],
        message: "InstantiateMsg",
        many: false,
    },
    Kind { word: "exec", export: "execute", params: &[WRITES, ENV, INFO], message: "ExecMsg", many: true },
    Kind { word: "query", export: "query", params: &[READS, ENV], message: "QueryMsg", many: true },
    Kind { word: "sudo", export: "sudo", params: &[WRITES, ENV], message: "SudoMsg", many: true },
    Kind { word: "migrate", export: "migrate", params: &[WRITES, ENV], message: "MigrateMsg", many: false },
];

/// A marked function.
struct Method {
    word: String,
    /// The mark's arguments as written.
    mark: String,
    name: String,
    /// Type of the context, without arguments; `None` for a tuple.
    context: Option<String>,
    /// Names and types after the context.
    params: Vec<(String, String)>,
    span: Span,
}

/// What the macros read: a block of functions, with its marks.
pub(super) struct Block<'a> {
    /// The text of the impl or trait.
    pub(super) text: &'a str,
    /// Its attributes.
    pub(super) attrs: &'a [Attr],
    /// Names of its functions, and where they are.
    pub(super) names: &'a [(String, Span)],
    /// Where everything else is said to be.
    pub(super) span: Span,
}

/// Text with the places its parts stand for.
struct Made {
    text: String,
    pieces: Vec<Piece>,
    span: Span,
}

impl Made {
    fn put(&mut self, text: &str) {
        self.put_at(text, self.span);
    }

    fn put_at(&mut self, text: &str, span: Span) {
        let lo = self.text.len() as u32;
        self.text.push_str(text);
        self.pieces.push(Piece { lo, hi: self.text.len() as u32, span, copied: false });
    }
}

impl Dispatch {
    /// The items that the macros put beside the block; `None` where the block is none of theirs or cannot be read.
    pub(super) fn items(&self, block: &Block<'_>) -> Option<(String, Vec<Piece>)> {
        let _guard = super::text::SpanGuard::new();
        let mut made = Made { text: String::new(), pieces: Vec::new(), span: block.span };
        if let Ok(item) = syn::parse_str::<syn::ItemTrait>(block.text) {
            let sigs = item.items.iter().filter_map(|item| match item {
                syn::TraitItem::Fn(item) => Some((&item.attrs[..], &item.sig)),
                _ => None,
            });
            self.interface(&item, &self.methods(sigs, block), &mut made);
        } else {
            let item = syn::parse_str::<syn::ItemImpl>(block.text).ok().filter(|item| item.trait_.is_none())?;
            let sigs = item.items.iter().filter_map(|item| match item {
                syn::ImplItem::Fn(item) => Some((&item.attrs[..], &item.sig)),
                _ => None,
            });
            self.contract(&item, &self.methods(sigs, block), block, &mut made);
        }
        Some((made.text, made.pieces))
    }

    fn methods<'a>(
        &self,
        sigs: impl Iterator<Item = (&'a [syn::Attribute], &'a syn::Signature)>,
        block: &Block<'_>,
    ) -> Vec<Method> {
        let wanted = format!("{}::msg", self.marker);
        let mut out = Vec::new();
        for (attrs, sig) in sigs {
            let mark = attrs.iter().find_map(|attr| match &attr.meta {
                syn::Meta::List(list) if super::types::path_text(&list.path) == wanted => Some(list.tokens.clone()),
                _ => None,
            });
            let Some(mark) = mark else { continue };
            let Some(TokenTree::Ident(word)) = mark.clone().into_iter().next() else { continue };
            let name = sig.ident.to_string();
            let params = sig.inputs.iter().skip(2).enumerate().filter_map(|(at, input)| match input {
                syn::FnArg::Typed(input) => Some((parameter(at, &input.pat), written(&input.ty))),
                syn::FnArg::Receiver(_) => None,
            });
            let context = match sig.inputs.iter().nth(1) {
                Some(syn::FnArg::Typed(input)) => context(&input.ty),
                _ => None,
            };
            let span = block.names.iter().find(|(known, _)| *known == name).map_or(block.span, |(_, span)| *span);
            out.push(Method {
                word: word.to_string(),
                mark: mark.to_string(),
                context,
                params: params.collect(),
                name,
                span,
            });
        }
        out
    }

    /// What a function gets as its context: the tuple, or a struct that has its parts by name.
    fn context(&self, method: &Method, parts: &[(&str, &str)]) -> String {
        let Some(name) = &method.context else { return "sv_ctx".to_owned() };
        let fields: String = parts.iter().enumerate().map(|(at, (name, _))| format!("{name}: sv_ctx.{at}, ")).collect();
        format!("{name} {{ {fields} ..{}::any() }}", self.home)
    }

    /// The messages of a trait, in a module beside it.
    fn interface(&self, item: &syn::ItemTrait, methods: &[Method], made: &mut Made) {
        let (name, generics) = (item.ident.to_string(), names_of(&item.generics));
        let mut module = format!("pub mod {} {{", self.marker);
        for kind in KINDS.iter().filter(|kind| kind.many) {
            let own = format!("__{name}{}", kind.message);
            self.message(kind, &own, &generics, "SvContract", methods, made);
            let _ = write!(module, "pub use super::{own} as {0}; pub use super::{own} as {name}{0};", kind.message);
        }
        module.push('}');
        made.put(&module);
    }

    /// The messages of a contract together with those of its traits, in a module beside the block, and what it exports.
    fn contract(&self, item: &syn::ItemImpl, methods: &[Method], block: &Block<'_>, made: &mut Made) {
        let generics = names_of(&item.generics);
        let args = angle(&generics);
        let contract = item.self_ty.to_token_stream().to_string();
        let lists = format!("{}::messages", self.marker);
        let traits: Vec<String> = block
            .attrs
            .iter()
            .filter(|attr| attr.path.replace(' ', "") == lists)
            .map(|attr| first_path(&attr.tokens))
            .collect();
        let mut module = format!("pub mod {} {{", self.marker);
        for kind in KINDS {
            let own = format!("__{}", kind.message);
            if !kind.many && !methods.iter().any(|method| method.word == kind.word) {
                continue;
            }
            self.message(kind, &own, &generics, &contract, methods, made);
            let _ = write!(module, "pub use super::{own} as {};", kind.message);
            if !kind.many {
                continue;
            }
            // One message of any of them: nothing in it says of which.
            let all = format!("__Contract{}", kind.message);
            let mut text = format!("#[serde(untagged)] pub enum {all}{args} {{ Own({own}{args}),");
            let mut arms = "Self::Own(msg) => msg.dispatch(sv_contract, sv_ctx),".to_owned();
            for (at, path) in traits.iter().enumerate() {
                let _ = write!(text, "Of{at}({path}::{}::{}),", self.marker, kind.message);
                let _ = write!(arms, "Self::Of{at}(msg) => msg.dispatch(sv_contract, sv_ctx),");
            }
            let _ = write!(
                text,
                "}} impl{args} {all}{args} {{ pub fn dispatch<SvCtx>(self, sv_contract: &{contract}, sv_ctx: SvCtx) -> _ {{ match self {{ {arms} }} }} }}"
            );
            made.put(&text);
            let _ = write!(module, "pub use super::{all} as Contract{};", kind.message);
        }
        let replies: Vec<&Method> = methods.iter().filter(|method| method.word == "reply").collect();
        let handlers: Vec<Vec<String>> = replies.iter().map(|method| handlers(method)).collect();
        let mut ids: Vec<&String> = handlers.iter().flatten().collect();
        ids.sort();
        ids.dedup();
        for (at, name) in ids.iter().enumerate() {
            let _ = write!(module, "pub const {}_REPLY_ID: u64 = {at};", name.to_uppercase());
        }
        module.push('}');
        made.put(&module);
        let Some(exports) = block.attrs.iter().find(|attr| attr.name() == "entry_points") else { return };
        self.exports(item, methods, (&replies, &handlers, &ids), exports, block, made);
    }

    /// One kind of message, with its `dispatch`.
    fn message(
        &self,
        kind: &Kind,
        own: &str,
        generics: &[String],
        contract: &str,
        methods: &[Method],
        made: &mut Made,
    ) {
        let args = angle(generics);
        let of_kind: Vec<&Method> = methods.iter().filter(|method| method.word == kind.word).collect();
        made.put(&format!("pub {} {own}{args} {{", if kind.many { "enum" } else { "struct" }));
        let mut arms = String::new();
        for method in &of_kind {
            let public = if kind.many { "" } else { "pub " };
            let fields: String = method.params.iter().map(|(name, ty)| format!("{public}{name}: {ty},")).collect();
            let names: String = method.params.iter().map(|(name, _)| format!("{name},")).collect();
            let call = format!("sv_contract.{}({}, {names})", method.name, self.context(method, kind.params));
            if kind.many {
                let variant = camel_case(&method.name);
                made.put_at(&format!("#[serde(rename = \"{}\")] {variant} {{ {fields} }},", method.name), method.span);
                let _ = write!(arms, "{own}::{variant} {{ {names} }} => {call},");
            } else {
                made.put(&fields);
                let _ = write!(arms, "{own} {{ {names} }} => {call},");
                break;
            }
        }
        let generic = if contract == "SvContract" { "SvContract, SvCtx" } else { "SvCtx" };
        made.put(&format!(
            "}} impl{args} {own}{args} {{ pub fn dispatch<{generic}>(self, sv_contract: &{contract}, sv_ctx: SvCtx) -> _ {{ match self {{ {arms} }} }} }}"
        ));
    }

    /// The exported functions.
    fn exports(
        &self,
        item: &syn::ItemImpl,
        methods: &[Method],
        (replies, handlers, ids): (&[&Method], &[Vec<String>], &[&String]),
        exports: &Attr,
        block: &Block<'_>,
        made: &mut Made,
    ) {
        let given = between_angles(&exports.tokens);
        let generics = names_of(&item.generics);
        let bound = |name: &str| generics.iter().position(|known| known == name).and_then(|at| given.get(at).cloned());
        let contract = substituted(item.self_ty.to_token_stream(), &bound).to_string();
        let args = if given.is_empty() { String::new() } else { format!("<{}>", given.join(", ")) };
        let overridden = format!("{}::override_entry_point", self.marker);
        let taken = |word: &str| {
            let one =
                |attr: &Attr| attr.path.replace(' ', "") == overridden && attr.tokens.trim_start().starts_with(word);
            block.attrs.iter().any(one)
        };
        let host = &self.host;
        made.put("pub mod entry_points { use super::*;");
        for kind in KINDS {
            let mut of_kind = methods.iter().filter(|method| method.word == kind.word);
            let first = of_kind.next().map(|method| method.span);
            let lists = format!("{}::messages", self.marker);
            let listed = kind.many && block.attrs.iter().any(|attr| attr.path.replace(' ', "") == lists);
            // Sudo messages are exported where there are some.
            if taken(kind.word) || (first.is_none() && !(listed && kind.word != "sudo")) {
                continue;
            }
            let params: String = kind.params.iter().map(|(name, ty)| format!("{name}: {host}::{ty}, ")).collect();
            let names: String = kind.params.iter().map(|(name, _)| format!("{name}, ")).collect();
            let message = format!("__{}{}", if kind.many { "Contract" } else { "" }, kind.message);
            let export = kind.export;
            made.put("#[entry_point] pub fn ");
            made.put_at(&format!("{export} "), if kind.many { block.span } else { first.unwrap_or(block.span) });
            made.put(&format!(
                "({params} msg: super::{message}{args}) -> _ {{ msg.dispatch(&<{contract}>::new(), ({names})) }}"
            ));
        }
        if !replies.is_empty() && !taken("reply") {
            let mut arms = String::new();
            for (method, of) in replies.iter().zip(handlers) {
                let plain = matches!(method.params.as_slice(), [(_, ty)] if ty.trim_end().ends_with("Reply"));
                let rest: String = match plain {
                    true => "msg".to_owned(),
                    false => method.params.iter().map(|_| format!("{}::any(),", self.home)).collect(),
                };
                let call = format!("sv_contract.{}({}, {rest})", method.name, self.context(method, &[WRITES, ENV]));
                if plain {
                    let _ = write!(arms, "_ => {call},");
                }
                for name in of.iter().filter(|_| !plain) {
                    let at = ids.iter().position(|id| *id == name).unwrap_or_default();
                    let _ = write!(arms, "{at} => {call},");
                }
            }
            made.put(&format!(
                "#[entry_point] pub fn reply(deps: {host}::DepsMut, env: {host}::Env, msg: {host}::Reply) -> _ {{
                 let sv_contract = <{contract}>::new(); let sv_ctx = (deps, env); match msg.id {{ {arms} }} }}"
            ));
        }
        made.put("}");
    }
}

/// Names of the functions' replies: `handlers = [a, b]`, or the function's own name.
fn handlers(method: &Method) -> Vec<String> {
    let list = method.mark.split_once("handlers").and_then(|(_, rest)| rest.split_once('[')?.1.split_once(']'));
    match list {
        Some((inside, _)) => {
            inside.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
        }
        None => vec![method.name.clone()],
    }
}

/// The path of a context's type, without arguments; `None` for another type.
fn context(ty: &syn::Type) -> Option<String> {
    let syn::Type::Path(ty) = ty else { return None };
    Some(super::types::path_text(&ty.path))
}

/// A parameter's name.
fn parameter(at: usize, pat: &syn::Pat) -> String {
    match pat {
        syn::Pat::Ident(pat) => pat.ident.to_string(),
        _ => format!("arg{at}"),
    }
}

/// A type as text; `_` where it speaks of the implementing type, which the message does not have.
fn written(ty: &syn::Type) -> String {
    let tokens = ty.to_token_stream();
    if mentions(tokens.clone(), "Self") { "_".to_owned() } else { tokens.to_string() }
}

fn mentions(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => mentions(group.stream(), word),
        _ => false,
    })
}

/// Names of type and const parameters.
fn names_of(generics: &syn::Generics) -> Vec<String> {
    let name = |param: &syn::GenericParam| match param {
        syn::GenericParam::Type(param) => Some(param.ident.to_string()),
        _ => None,
    };
    generics.params.iter().filter_map(name).collect()
}

fn angle(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("<{}>", names.join(", ")) }
}

/// `transfer_from` as `TransferFrom`.
fn camel_case(name: &str) -> String {
    name.split('_')
        .flat_map(|word| word.chars().enumerate().map(|(at, c)| if at == 0 { c.to_ascii_uppercase() } else { c }))
        .collect()
}

/// The module in front of `as` or a comma: `cw1` of `cw1<T> as Cw1: custom(msg)`. What cannot be read is a module that is not
/// there, so that its messages are unknown and not missing.
fn first_path(tokens: &str) -> String {
    let parse = |input: syn::parse::ParseStream<'_>| {
        let path: syn::Path = input.parse()?;
        input.parse::<TokenStream>()?;
        Ok(path)
    };
    parse.parse_str(tokens).map_or_else(|_| "sv_unreadable".to_owned(), |path| super::types::path_text(&path))
}

/// The types in `generics<A, B>`.
fn between_angles(tokens: &str) -> Vec<String> {
    let Some((_, rest)) = tokens.split_once("generics") else { return Vec::new() };
    let parse = |input: syn::parse::ParseStream<'_>| {
        let args: syn::AngleBracketedGenericArguments = input.parse()?;
        input.parse::<TokenStream>()?;
        Ok(args)
    };
    let args = parse.parse_str(rest).map(|args| args.args);
    args.map(|args| args.iter().map(|arg| arg.to_token_stream().to_string()).collect()).unwrap_or_default()
}

/// The tokens with names replaced.
fn substituted(tokens: TokenStream, with: &dyn Fn(&str) -> Option<String>) -> TokenStream {
    let one = |tree: TokenTree| match tree {
        TokenTree::Ident(ident) => match with(&ident.to_string()).and_then(|text| text.parse::<TokenStream>().ok()) {
            Some(tokens) => tokens,
            None => TokenTree::Ident(ident).into(),
        },
        TokenTree::Group(group) => {
            proc_macro2::Group::new(group.delimiter(), substituted(group.stream(), with)).to_token_stream()
        }
        tree => tree.into(),
    };
    tokens.into_iter().map(one).collect()
}
