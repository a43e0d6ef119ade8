//! Arguments of attributes, and errors beside the untouched item.

use proc_macro::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

/// What is wrong with an attribute, and where.
pub(crate) struct Wrong {
    message: String,
    span: Span,
}

/// `lint-name[, reason = "text"]`.
pub(crate) fn check_allow(arguments: TokenStream) -> Result<(), Wrong> {
    let wrong = |message: &str, span: Span| Wrong { message: message.to_owned(), span };
    let mut tokens = arguments.into_iter().peekable();
    let Some(first) = tokens.next() else {
        return Err(wrong("allow needs a lint: #[crosslane::allow(hot-counter, reason = \"…\")]", Span::call_site()));
    };
    if !matches!(first, TokenTree::Ident(_)) {
        return Err(wrong("a lint's name is expected here, such as hot-counter or XL101", first.span()));
    }
    // The rest of the name: `-counter`.
    while let Some(TokenTree::Punct(punct)) = tokens.peek() {
        if punct.as_char() != '-' {
            break;
        }
        let dash = punct.span();
        tokens.next();
        if !matches!(tokens.next(), Some(TokenTree::Ident(_) | TokenTree::Literal(_))) {
            return Err(wrong("the lint's name ends in a dash", dash));
        }
    }
    match tokens.next() {
        None => Ok(()),
        Some(TokenTree::Punct(comma)) if comma.as_char() == ',' => {
            let Some(name) = tokens.next() else { return Ok(()) };
            if name.to_string() != "reason" {
                return Err(wrong("only `reason = \"…\"` may follow the lint", name.span()));
            }
            let equals = matches!(tokens.next(), Some(TokenTree::Punct(punct)) if punct.as_char() == '=');
            let text = matches!(tokens.next(), Some(TokenTree::Literal(text)) if text.to_string().starts_with('"'));
            if equals && text { Ok(()) } else { Err(wrong("write reason = \"…\"", name.span())) }
        }
        Some(other) => Err(wrong("a comma is expected here", other.span())),
    }
}

/// The item as it was, and a compile error where something is wrong.
pub(crate) fn with_errors(checked: Result<(), Wrong>, item: TokenStream) -> TokenStream {
    match checked {
        Ok(()) => item,
        Err(wrong) => {
            let mut all = item;
            all.extend(compile_error(&wrong));
            all
        }
    }
}

/// `::core::compile_error! { "message" }` with the span of what is wrong.
fn compile_error(wrong: &Wrong) -> TokenStream {
    let spanned = |mut tree: TokenTree| {
        tree.set_span(wrong.span);
        tree
    };
    let punct = |c: char, spacing: Spacing| TokenTree::Punct(Punct::new(c, spacing));
    let message: TokenStream = spanned(TokenTree::Literal(Literal::string(&wrong.message))).into();
    [
        punct(':', Spacing::Joint),
        punct(':', Spacing::Alone),
        TokenTree::Ident(Ident::new("core", wrong.span)),
        punct(':', Spacing::Joint),
        punct(':', Spacing::Alone),
        TokenTree::Ident(Ident::new("compile_error", wrong.span)),
        punct('!', Spacing::Alone),
        TokenTree::Group(Group::new(Delimiter::Brace, message)),
    ]
    .into_iter()
    .map(spanned)
    .collect()
}
