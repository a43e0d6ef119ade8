//! Items of a text that does not parse as a whole, as while it is being written: everything is kept but what is broken.
//!
//! A function whose body is broken stays, with a body that cannot be read; blocks keep their other items.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream, Parser};

/// What is left of a text.
#[derive(Default)]
pub(crate) struct Recovered {
    pub(crate) attrs: Vec<syn::Attribute>,
    pub(crate) items: Vec<syn::Item>,
    pub(crate) errors: Vec<syn::Error>,
    /// True when an item was lost with its name.
    pub(crate) lost: bool,
}

/// Reads as many items as possible.
pub(crate) fn file(tokens: TokenStream) -> Recovered {
    let mut found = Recovered::default();
    let parser = |input: ParseStream<'_>| {
        found.attrs = syn::Attribute::parse_inner(input).unwrap_or_default();
        found.items = sequence(input, &mut found.errors, &mut found.lost, item);
        Ok(())
    };
    // The parser takes everything, so it cannot fail.
    let _ = parser.parse2(tokens);
    found
}

/// How a broken part is mended: from its tokens without the last group, and that group.
type Mend<T> = fn(TokenStream, TokenStream, &mut Vec<syn::Error>, &mut bool) -> Option<T>;

fn sequence<T: Parse>(input: ParseStream<'_>, errors: &mut Vec<syn::Error>, lost: &mut bool, mend: Mend<T>) -> Vec<T> {
    let mut out = Vec::new();
    while !input.is_empty() {
        let ahead = input.fork();
        match ahead.parse::<T>() {
            Ok(part) => {
                input.advance_to(&ahead);
                out.push(part);
            }
            Err(error) => {
                errors.push(error);
                match skip(input).and_then(|(empty, inside)| mend(empty, inside, errors, lost)) {
                    Some(part) => out.push(part),
                    None => *lost = true,
                }
            }
        }
    }
    out
}

/// Skips to the end of the part: its tokens with the last braces emptied, and what was inside; `None` without braces.
fn skip(input: ParseStream<'_>) -> Option<(TokenStream, TokenStream)> {
    let mut head = Vec::new();
    while let Ok(tree) = input.parse::<TokenTree>() {
        match tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let _ = input.parse::<Option<syn::Token![;]>>();
                let mut empty = Group::new(Delimiter::Brace, TokenStream::new());
                empty.set_span(group.span());
                head.push(TokenTree::Group(empty));
                return Some((head.into_iter().collect(), group.stream()));
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => return None,
            tree => head.push(tree),
        }
    }
    None
}

fn item(empty: TokenStream, inside: TokenStream, errors: &mut Vec<syn::Error>, lost: &mut bool) -> Option<syn::Item> {
    let mut item: syn::Item = syn::parse2(empty).ok()?;
    match &mut item {
        syn::Item::Fn(_) => {}
        syn::Item::Impl(block) => {
            let parser = |input: ParseStream<'_>| {
                block.items = sequence(input, errors, lost, impl_item);
                Ok(())
            };
            parser.parse2(inside).ok()?;
        }
        syn::Item::Trait(block) => {
            let parser = |input: ParseStream<'_>| {
                block.items = sequence(input, errors, lost, trait_item);
                Ok(())
            };
            parser.parse2(inside).ok()?;
        }
        syn::Item::Mod(module) => {
            let (_, items) = module.content.as_mut()?;
            let parser = |input: ParseStream<'_>| {
                *items = sequence(input, errors, lost, self::item);
                Ok(())
            };
            parser.parse2(inside).ok()?;
        }
        // A type without its fields would be another type.
        _ => return None,
    }
    Some(item)
}

fn impl_item(empty: TokenStream, _: TokenStream, _: &mut Vec<syn::Error>, _: &mut bool) -> Option<syn::ImplItem> {
    let item: syn::ImplItem = syn::parse2(empty).ok()?;
    matches!(item, syn::ImplItem::Fn(_)).then_some(item)
}

fn trait_item(empty: TokenStream, _: TokenStream, _: &mut Vec<syn::Error>, _: &mut bool) -> Option<syn::TraitItem> {
    let item: syn::TraitItem = syn::parse2(empty).ok()?;
    matches!(item, syn::TraitItem::Fn(_)).then_some(item)
}
