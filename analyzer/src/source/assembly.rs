//! The notation in which a program is put together from parts: `pub enum Name { Part: path::to::part = 1, .. }`. Each part
//! becomes an alias of the part's own type for the program, `pub type Part = path::to::part::Kind<Name>;`; the word for
//! that type is the table's (`macro_rules! m { ($($t:tt)*) => { assembled_items! { Kind $($t)* } }; }`).

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Token, braced};

/// Items for the macro of that name; `None` where it is no such macro or cannot be read.
pub(super) fn items(word: &str, tokens: TokenStream) -> Option<TokenStream> {
    if word != "assembled_items" {
        return None;
    }
    program.parse2(tokens).ok()
}

fn program(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let own: Ident = input.parse()?;
    input.call(syn::Attribute::parse_outer)?;
    let vis: syn::Visibility = input.parse()?;
    if input.peek(Token![enum]) {
        input.parse::<Token![enum]>()?;
    } else {
        input.parse::<Token![struct]>()?;
    }
    let name: Ident = input.parse()?;
    // `where Block = Block, ..` of older versions.
    while !input.peek(syn::token::Brace) {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    let body;
    braced!(body in input);
    let mut out = quote!(#vis struct #name;);
    while !body.is_empty() {
        body.call(syn::Attribute::parse_outer)?;
        let part: Ident = body.parse()?;
        body.parse::<Token![:]>()?;
        let (path, instance) = path(&body)?;
        let instance = instance.map(|instance| quote!(, #path::#instance));
        out.extend(quote!(pub type #part = #path::#own<#name #instance>;));
        // What of it is used (`::{Call, Event}`, `exclude_parts { .. }`), and its number.
        while !body.is_empty() && !body.peek(Token![,]) {
            body.parse::<proc_macro2::TokenTree>()?;
        }
        if !body.is_empty() {
            body.parse::<Token![,]>()?;
        }
    }
    Ok(out)
}

/// `a::b`, and the instance in `a::b::<Instance>`.
fn path(body: ParseStream<'_>) -> syn::Result<(TokenStream, Option<Ident>)> {
    let first: Ident = body.call(syn::ext::IdentExt::parse_any)?;
    let mut path = quote!(#first);
    while body.peek(Token![::]) {
        body.parse::<Token![::]>()?;
        if body.peek(Token![<]) {
            body.parse::<Token![<]>()?;
            let instance: Ident = body.parse()?;
            body.parse::<Token![>]>()?;
            return Ok((path, Some(instance)));
        }
        if !body.peek(Ident) {
            break;
        }
        let next: Ident = body.parse()?;
        path.extend(quote!(::#next));
    }
    Ok((path, None))
}

#[cfg(test)]
mod tests {
    #[test]
    fn parts_are_aliases() {
        let text = "Kind #[derive(Debug)] pub enum Whole where Block = B, { First: part_one, \
                    #[cfg(x)] Club: part_club::<Instance1>::{Kind, Call} = 3, Sub: crate::sub = 4, X: a exclude_parts { Call } }";
        let items = super::items("assembled_items", text.parse().unwrap_or_default()).map(|found| found.to_string());
        let expected = "pub struct Whole ; pub type First = part_one :: Kind < Whole > ; \
                        pub type Club = part_club :: Kind < Whole , part_club :: Instance1 > ; \
                        pub type Sub = crate :: sub :: Kind < Whole > ; pub type X = a :: Kind < Whole > ;";
        assert_eq!(items.as_deref(), Some(expected));
        assert!(super::items("assembled_items", "Kind pub enum {".parse().unwrap_or_default()).is_none());
        assert!(super::items("other", proc_macro2::TokenStream::new()).is_none());
    }
}
