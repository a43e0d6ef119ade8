//! The `paste!` macro: identifiers put together from parts.

use super::attributes::snake_case;
use super::text;
use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};

/// `[<set_ $name>]` as one identifier, everywhere in the tokens.
pub(crate) fn pasted(tokens: TokenStream) -> TokenStream {
    let mut out = Vec::new();
    for tree in tokens {
        let TokenTree::Group(group) = &tree else {
            out.push(tree);
            continue;
        };
        if group.delimiter() == Delimiter::Bracket {
            if let Some(ident) = pasted_name(group.stream()) {
                out.push(ident);
                continue;
            }
        }
        let mut inner = Group::new(group.delimiter(), pasted(group.stream()));
        inner.set_span(group.span());
        out.push(TokenTree::Group(inner));
    }
    out.into_iter().collect()
}

/// The identifier that `< a b:snake >` makes.
fn pasted_name(tokens: TokenStream) -> Option<TokenTree> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let [first, inner @ .., last] = trees.as_slice() else { return None };
    if !is_punct(first, '<') || !is_punct(last, '>') {
        return None;
    }
    let mut name = String::new();
    let mut part = String::new();
    let mut at = 0;
    while let Some(tree) = inner.get(at) {
        at += 1;
        match tree {
            TokenTree::Ident(ident) => {
                name.push_str(&part);
                part = text::plain(&ident.to_string()).trim_start_matches("r#").to_owned();
            }
            TokenTree::Literal(literal) => {
                name.push_str(&part);
                part = literal.to_string().trim_matches(['"', '\'']).to_owned();
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                name.push_str(&part);
                part = text::plain(&group.stream().to_string()).to_owned();
            }
            tree if is_punct(tree, ':') => {
                let Some(TokenTree::Ident(how)) = inner.get(at) else { return None };
                at += 1;
                part = match text::plain(&how.to_string()) {
                    "lower" => part.to_lowercase(),
                    "upper" => part.to_uppercase(),
                    "snake" => snake_case(&part),
                    "camel" => camel_case(&part),
                    _ => return None,
                };
            }
            _ => return None,
        }
    }
    name.push_str(&part);
    let valid = syn::parse_str::<syn::Ident>(&name).is_ok();
    valid.then(|| TokenTree::Ident(Ident::new(&name, first.span())))
}

fn camel_case(name: &str) -> String {
    let mut out = String::new();
    for word in name.split('_') {
        let mut chars = word.chars();
        out.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        out.extend(chars);
    }
    out
}

fn is_punct(tree: &TokenTree, wanted: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn parts_become_one_name() {
        let made = |text: &str| pasted(text.parse().unwrap()).to_string();
        assert_eq!(made("fn [<set_ a>]() { [<Foo b:camel>]() }"), "fn set_a () { FooB () }");
        assert_eq!(made("[<get_ FooBar:snake _ 2>] [1, 2]"), "get_foo_bar_2 [1 , 2]");
    }
}
