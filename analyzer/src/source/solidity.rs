//! Declarations in Solidity's notation, written inside a macro: storage structs (the type before the name, `mapping(K =>
//! V)`, `T[]`), interfaces of other contracts, and errors, events and structs of the ABI.
//!
//! The tables define the macros: a row's `macro_rules!` hands its tokens to one of the macros below with `$crate` in
//! front, and what the notation's types mean stands in that crate: modules `sol` (types in storage, with `mapping`, `list`
//! and `array`), `key` (types of keys) and `value` (types of values), function `interface::call` and `interface::query`.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Token, braced, bracketed, parenthesized, token};

/// What a macro of this kind means: `None` when it is none of them or cannot be read.
pub(super) fn items(word: &str, tokens: TokenStream) -> Option<TokenStream> {
    let read = match word {
        "solidity_storage" => storage,
        "solidity_interfaces" => interfaces,
        "solidity_items" => declarations,
        _ => return None,
    };
    read.parse2(tokens).ok()
}

/// `#[..] pub struct Name<T> { Type name; .. }`, several of them.
fn storage(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let krate: Ident = input.parse()?;
    let mut out = TokenStream::new();
    while !input.is_empty() {
        let attrs = input.call(syn::Attribute::parse_outer)?;
        let vis: syn::Visibility = input.parse()?;
        input.parse::<Token![struct]>()?;
        let name: Ident = input.parse()?;
        let generics: syn::Generics = input.parse()?;
        let body;
        braced!(body in input);
        let mut fields = TokenStream::new();
        let mut lent = Vec::new();
        while !body.is_empty() {
            let attrs = body.call(syn::Attribute::parse_outer)?;
            let ty = storage_type(&body, &krate)?;
            let field: Ident = body.parse()?;
            if !body.is_empty() {
                body.parse::<Token![;]>()?;
            }
            if attrs.iter().any(|attr| attr.path().is_ident("borrow")) {
                lent.push((field.clone(), ty.clone()));
            }
            fields.extend(quote!(#(#attrs)* pub #field: #ty,));
        }
        out.extend(quote!(#(#attrs)* #[storage] #vis struct #name #generics { #fields }));
        // With several, which one a `borrow` means depends on types that are not known here.
        if let ([(field, ty)], true) = (lent.as_slice(), generics.params.is_empty()) {
            out.extend(quote! {
                impl #name {
                    pub fn borrow(&self) -> &#ty { &self.#field }
                    pub fn borrow_mut(&mut self) -> &mut #ty { &mut self.#field }
                }
            });
        }
    }
    Ok(out)
}

fn storage_type(input: ParseStream<'_>, krate: &Ident) -> syn::Result<TokenStream> {
    let path: syn::Path = input.parse()?;
    let mut ty = if path.is_ident("mapping") {
        let inner;
        parenthesized!(inner in input);
        let key: syn::Path = inner.parse()?;
        let key = named(krate, "key", &key);
        // The key and the value may have names.
        while inner.peek(syn::Ident) {
            inner.parse::<Ident>()?;
        }
        inner.parse::<Token![=>]>()?;
        let value = storage_type(&inner, krate)?;
        inner.parse::<TokenStream>()?;
        quote!(#krate::sol::mapping<#key, #value>)
    } else {
        named(krate, "sol", &path)
    };
    while input.peek(token::Bracket) {
        let inner;
        bracketed!(inner in input);
        ty = if inner.is_empty() {
            quote!(#krate::sol::list<#ty>)
        } else {
            let length: TokenStream = inner.parse()?;
            quote!(#krate::sol::array<#ty, #length>)
        };
    }
    Ok(ty)
}

/// A type of the notation stands in a module of the crate, any other path is what it is.
fn named(krate: &Ident, module: &str, path: &syn::Path) -> TokenStream {
    match path.get_ident() {
        Some(word) if word.to_string().chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) => {
            let module = Ident::new(module, Span::call_site());
            quote!(#krate::#module::#word)
        }
        _ => quote!(#path),
    }
}

/// A parameter or field: type, words such as `memory` and `indexed`, perhaps a name.
struct Declared {
    ty: TokenStream,
    name: Option<Ident>,
}

fn declared(input: ParseStream<'_>, krate: &Ident) -> syn::Result<Declared> {
    let ty = value_type(input, krate)?;
    let mut name = None;
    while input.peek(syn::Ident) || input.peek(Token![_]) {
        let word = input.call(<Ident as syn::ext::IdentExt>::parse_any)?;
        if !["memory", "calldata", "storage", "indexed", "payable"].iter().any(|known| word == known) {
            name = Some(word);
        }
    }
    Ok(Declared { ty, name })
}

fn value_type(input: ParseStream<'_>, krate: &Ident) -> syn::Result<TokenStream> {
    let mut ty = if input.peek(token::Paren) {
        let inner;
        parenthesized!(inner in input);
        let parts = list(&inner, krate)?;
        let parts = parts.iter().map(|part| &part.ty);
        quote!((#(#parts,)*))
    } else {
        let mut word = input.call(<Ident as syn::ext::IdentExt>::parse_any)?.to_string();
        let mut path = vec![Ident::new(&word, Span::call_site())];
        while input.peek(Token![.]) {
            input.parse::<Token![.]>()?;
            let next = input.call(<Ident as syn::ext::IdentExt>::parse_any)?;
            word = next.to_string();
            path.push(next);
        }
        let plain = path.len() == 1 && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        if plain { quote!(#krate::value::#(#path)*) } else { quote!(#(#path)::*) }
    };
    while input.peek(token::Bracket) {
        let inner;
        bracketed!(inner in input);
        inner.parse::<TokenStream>()?;
        ty = quote!(Vec<#ty>);
    }
    Ok(ty)
}

fn list(input: ParseStream<'_>, krate: &Ident) -> syn::Result<Vec<Declared>> {
    let mut all = Vec::new();
    while !input.is_empty() {
        all.push(declared(input, krate)?);
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(all)
}

/// A struct of these fields.
fn record(name: &Ident, fields: &[Declared]) -> TokenStream {
    let fields = fields.iter().enumerate().map(|(at, field)| {
        let name = field.name.clone().unwrap_or_else(|| format_ident!("_{at}"));
        let ty = &field.ty;
        quote!(pub #name: #ty)
    });
    quote!(pub struct #name { #(#fields),* })
}

/// A function of an interface, as far as a caller needs it.
struct Function {
    name: Ident,
    params: Vec<Declared>,
    returns: Vec<Declared>,
    reads_only: bool,
}

fn function(input: ParseStream<'_>, krate: &Ident) -> syn::Result<Function> {
    let name: Ident = input.call(<Ident as syn::ext::IdentExt>::parse_any)?;
    let inner;
    parenthesized!(inner in input);
    let params = list(&inner, krate)?;
    let mut returns = Vec::new();
    let mut reads_only = false;
    while !input.peek(Token![;]) && !input.peek(token::Brace) && !input.is_empty() {
        let word = input.call(<Ident as syn::ext::IdentExt>::parse_any)?;
        reads_only |= word == "view" || word == "pure";
        if input.peek(token::Paren) {
            let inner;
            parenthesized!(inner in input);
            if word == "returns" {
                returns = list(&inner, krate)?;
            } else {
                inner.parse::<TokenStream>()?;
            }
        }
    }
    end(input)?;
    Ok(Function { name, params, returns, reads_only })
}

/// The end of a declaration: a semicolon, or a body.
fn end(input: ParseStream<'_>) -> syn::Result<()> {
    if input.peek(token::Brace) {
        let body;
        braced!(body in input);
        body.parse::<TokenStream>()?;
    }
    if input.peek(Token![;]) {
        input.parse::<Token![;]>()?;
    }
    Ok(())
}

/// `interface Name { function f(..) external view returns (..); .. }`: a struct that holds an address, whose methods are
/// calls to the contract there. What stands before a function's own arguments in a call differs between versions of the
/// library; all that is given counts as seen by the other contract.
fn interfaces(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let krate: Ident = input.parse()?;
    let mut out = TokenStream::new();
    while !input.is_empty() {
        input.call(syn::Attribute::parse_outer)?;
        input.call(<Ident as syn::ext::IdentExt>::parse_any)?;
        let name: Ident = input.parse()?;
        let body;
        braced!(body in input);
        let mut methods = TokenStream::new();
        while !body.is_empty() {
            body.call(syn::Attribute::parse_outer)?;
            let word = body.call(<Ident as syn::ext::IdentExt>::parse_any)?;
            if word != "function" {
                skip(&body)?;
                continue;
            }
            let function = function(&body, &krate)?;
            let method = Ident::new(&snake(&function.name.to_string()), function.name.span());
            let label = method.to_string();
            let verb = format_ident!("{}", if function.reads_only { "query" } else { "call" });
            let args: Vec<Ident> = (0..function.params.len() + 2).map(|at| format_ident!("a{at}")).collect();
            let types: Vec<Ident> = (0..args.len()).map(|at| format_ident!("A{at}")).collect();
            let returns: Vec<&TokenStream> = function.returns.iter().map(|part| &part.ty).collect();
            let result = match returns.as_slice() {
                [one] => quote!(#one),
                all => quote!((#(#all,)*)),
            };
            methods.extend(quote! {
                pub fn #method<#(#types),*>(&self, #(#args: #types),*) -> Result<#result, #krate::call::Error> {
                    #krate::interface::#verb::<#result, _>(self.address, #label, (#(#args,)*))
                }
            });
        }
        out.extend(quote! {
            pub struct #name { pub address: #krate::value::address }
            impl #name {
                pub fn new(address: #krate::value::address) -> #name { #name { address } }
                pub fn from(address: #krate::value::address) -> #name { #name { address } }
                #methods
            }
        });
    }
    Ok(out)
}

/// Up to and with the next semicolon or body.
fn skip(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![;]) && !input.peek(token::Brace) {
        input.parse::<TokenTree>()?;
    }
    end(input)
}

/// Errors, events, structs, enums and type names of an ABI. What else may stand there (functions, constants, whole
/// interfaces) makes types that only code of the library's own uses; it is left out.
fn declarations(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let krate: Ident = input.parse()?;
    let mut out = TokenStream::new();
    input.call(syn::Attribute::parse_inner)?;
    while !input.is_empty() {
        input.call(syn::Attribute::parse_outer)?;
        let word = input.call(<Ident as syn::ext::IdentExt>::parse_any)?;
        let name = if input.peek(syn::Ident) { Some(input.fork().parse::<Ident>()?) } else { None };
        match (word.to_string().as_str(), name) {
            ("error" | "event", Some(_)) => {
                let name: Ident = input.parse()?;
                let inner;
                parenthesized!(inner in input);
                let fields = list(&inner, &krate)?;
                out.extend(record(&name, &fields));
                skip(input)?;
            }
            ("struct", Some(_)) => {
                let name: Ident = input.parse()?;
                let body;
                braced!(body in input);
                let mut fields = Vec::new();
                while !body.is_empty() {
                    body.call(syn::Attribute::parse_outer)?;
                    fields.push(declared(&body, &krate)?);
                    body.parse::<Token![;]>()?;
                }
                out.extend(record(&name, &fields));
            }
            ("enum", Some(_)) => {
                let name: Ident = input.parse()?;
                let body;
                braced!(body in input);
                let variants = body.parse_terminated(Ident::parse, Token![,])?;
                out.extend(quote!(pub enum #name { #variants }));
            }
            ("type", Some(_)) => {
                let name: Ident = input.parse()?;
                input.call(<Ident as syn::ext::IdentExt>::parse_any)?;
                let ty = value_type(input, &krate)?;
                out.extend(quote!(pub type #name = #ty;));
                skip(input)?;
            }
            _ => skip(input)?,
        }
    }
    Ok(out)
}

/// `makePayment` as Rust spells it; digits are words of their own.
fn snake(name: &str) -> String {
    let mut text = String::new();
    let chars: Vec<char> = name.chars().collect();
    for (at, c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map_or('_', |before| chars[before]);
        let next_small = chars.get(at + 1).is_some_and(|next| next.is_lowercase());
        let word = (c.is_uppercase() && (!before.is_uppercase() || next_small))
            || c.is_ascii_digit() != before.is_ascii_digit();
        if word && before != '_' && *c != '_' {
            text.push('_');
        }
        text.extend(c.to_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(word: &str, text: &str) -> String {
        items(word, text.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn storage_structs() {
        let text = made(
            "solidity_storage",
            "k #[entrypoint] pub struct A<T> { mapping(address owner => mapping(uint256 => bool)) m; uint8[3][] v; B<T> b; }",
        );
        assert_eq!(
            text,
            "# [entrypoint] # [storage] pub struct A < T > { pub m : k :: sol :: mapping < k :: key :: address , k :: sol \
             :: mapping < k :: key :: uint256 , k :: sol :: bool > > , pub v : k :: sol :: list < k :: sol :: array < k \
             :: sol :: uint8 , 3 > > , pub b : B < T > , }"
        );
    }

    #[test]
    fn names_and_items() {
        assert_eq!(snake("onERC721Received"), "on_erc_721_received");
        assert_eq!(snake("makePayment"), "make_payment");
        let text = made(
            "solidity_items",
            "k event E(address indexed a, uint256); error F(); struct S { Dog[] d; } enum X { A, B }",
        );
        assert!(
            text.contains("pub struct E { pub a : k :: value :: address , pub _1 : k :: value :: uint256 }"),
            "{text}"
        );
        assert!(
            text.contains("pub struct S { pub d : Vec < Dog > }") && text.contains("pub enum X { A , B }"),
            "{text}"
        );
        assert!(items("solidity_storage", "k struct {".parse().unwrap_or_default()).is_none());
    }
}
