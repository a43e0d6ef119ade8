//! Errors beside the untouched item: whatever is wrong with a claim, the code compiles (and completes in editors) as if
//! it were not there.

use proc_macro::{Delimiter, Group, Ident, Literal, Punct, Spacing, TokenStream, TokenTree};

use crate::attr::Place;

/// What is wrong, and where.
pub(crate) struct Wrong {
    /// The message.
    pub(crate) message: String,
    /// The place.
    pub(crate) place: Place,
}

/// The item as it was, and a compile error for each thing that is wrong.
pub(crate) fn with_errors(wrong: Vec<Wrong>, item: TokenStream) -> TokenStream {
    let mut all = item;
    all.extend(wrong.iter().flat_map(compile_error));
    all
}

/// `::core::compile_error! { "message" }`; the compiler underlines from its first to its last token.
fn compile_error(wrong: &Wrong) -> TokenStream {
    let Place { from, to } = wrong.place;
    let at = |mut tree: TokenTree, span| {
        tree.set_span(span);
        tree
    };
    let punct = |c: char, spacing: Spacing| TokenTree::Punct(Punct::new(c, spacing));
    let message: TokenStream = at(TokenTree::Literal(Literal::string(&wrong.message)), to).into();
    let head = [
        punct(':', Spacing::Joint),
        punct(':', Spacing::Alone),
        TokenTree::Ident(Ident::new("core", from)),
        punct(':', Spacing::Joint),
        punct(':', Spacing::Alone),
        TokenTree::Ident(Ident::new("compile_error", from)),
        punct('!', Spacing::Alone),
    ];
    let body = at(TokenTree::Group(Group::new(Delimiter::Brace, message)), to);
    head.into_iter().map(|tree| at(tree, from)).chain([body]).collect()
}
