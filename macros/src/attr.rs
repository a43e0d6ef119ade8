//! Tokens as text, with the way back: the analyzer reads text, the compiler wants spans.

use proc_macro::{Delimiter, Spacing, Span, TokenStream, TokenTree};

/// A text written from tokens.
pub(crate) struct Text {
    /// The text.
    pub(crate) text: String,
    /// Byte range and span of every token, in order.
    tokens: Vec<(usize, usize, Span)>,
}

/// From the first token's span to the last one's: stable Rust cannot join spans, but an error may begin and end anywhere.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// Where it begins.
    pub(crate) from: Span,
    /// Where it ends.
    pub(crate) to: Span,
}

impl Text {
    /// Writes tokens down.
    pub(crate) fn new(stream: &TokenStream) -> Text {
        let mut text = Text { text: String::new(), tokens: Vec::new() };
        text.stream(stream.clone());
        text
    }

    fn token(&mut self, token: &str, span: Span, space: bool) {
        let lo = self.text.len();
        self.text.push_str(token);
        self.tokens.push((lo, self.text.len(), span));
        if space {
            self.text.push(' ');
        }
    }

    fn stream(&mut self, stream: TokenStream) {
        for tree in stream {
            match tree {
                TokenTree::Ident(ident) => self.token(&ident.to_string(), ident.span(), true),
                TokenTree::Literal(literal) => self.token(&literal.to_string(), literal.span(), true),
                TokenTree::Punct(punct) => {
                    // `'` of a lifetime is joint with its name.
                    self.token(&punct.as_char().to_string(), punct.span(), punct.spacing() == Spacing::Alone);
                }
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::None => ("", ""),
                    };
                    if open.is_empty() {
                        self.stream(group.stream());
                        continue;
                    }
                    self.token(open, group.span_open(), true);
                    self.stream(group.stream());
                    self.token(close, group.span_close(), true);
                }
            }
        }
    }

    /// The tokens that a byte range touches; the whole text's if it touches none, the macro call's if there is no text.
    pub(crate) fn place(&self, lo: usize, hi: usize) -> Place {
        let mut touched = self.tokens.iter().filter(|(from, to, _)| *from < hi && lo < *to).map(|(.., span)| *span);
        let all = || (self.tokens.first().map(|it| it.2), self.tokens.last().map(|it| it.2));
        let (from, to) = match touched.next() {
            Some(first) => (Some(first), Some(touched.next_back().unwrap_or(first))),
            None => all(),
        };
        let from = from.unwrap_or_else(Span::call_site);
        Place { from, to: to.unwrap_or(from) }
    }

    /// All tokens, as text with their spans.
    pub(crate) fn pieces(&self) -> Vec<(&str, Span)> {
        self.tokens.iter().map(|(lo, hi, span)| (&self.text[*lo..*hi], *span)).collect()
    }
}

/// The name behind the first `fn`; empty if there is none.
pub(crate) fn function_name(item: &TokenStream) -> String {
    let mut tokens = item.clone().into_iter();
    while let Some(token) = tokens.next() {
        if matches!(&token, TokenTree::Ident(word) if word.to_string() == "fn") {
            return tokens.next().map(|name| name.to_string()).unwrap_or_default();
        }
    }
    String::new()
}
