//! `macro_rules!`: rules, matching, transcription.
//!
//! Tokens the caller passed keep their spans, tokens of the definition get the call's. Local variables are hygienic:
//! an identifier that comes from the definition gets a mark (characters nobody types) that only matters when bindings
//! are looked up; every other use of a name drops it. One mark means a macro of a module, two a macro of the body
//! itself, whose free names may mean bindings around its definition.
//!
//! A call that expands without end stops at a depth and at a number of tokens.

use super::items::PendingMacro;
use super::text::{self, MARK, Piece, plain};
use super::types::DOLLAR_CRATE;
use super::{Ns, Resolved, World};
use crate::ir::Span;
use crate::ir::hir::{Attr, CrateId, ItemId, ItemKind, ModId};
use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span as PSpan, TokenStream, TokenTree};
use rustc_hash::FxHashMap;
use std::rc::Rc;
use syn::parse::{ParseStream, Parser};

/// Most tokens the macros of one body, or of one call where items stand, may make.
pub(crate) const BUDGET: usize = 400_000;
/// Most expansions inside one another, as in the compiler.
pub(crate) const MAX_EXPANSIONS: u32 = 128;

/// Words that must stay as they are for the parser.
const KEYWORDS: &[&str] = &[
    "_",
    "as",
    "async",
    "auto",
    "await",
    "box",
    "break",
    "builtin",
    "catch",
    "const",
    "continue",
    "crate",
    "default",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro_rules",
    "match",
    "mod",
    "move",
    "mut",
    "pub",
    "raw",
    "ref",
    "return",
    "safe",
    "self",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "try",
    "type",
    "union",
    "unsafe",
    "use",
    "where",
    "while",
    "yield",
];

/// A definition, parsed.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    rules: Vec<(Vec<Matcher>, Vec<Out>)>,
}

#[derive(Clone, Debug)]
enum Matcher {
    Token(TokenTree),
    Group(Delimiter, Vec<Matcher>),
    Fragment(String, String),
    Repeat(Vec<Matcher>, Vec<TokenTree>, char),
}

#[derive(Clone, Debug)]
enum Out {
    Token(TokenTree),
    Group(Delimiter, Vec<Out>),
    Var(String),
    Repeat(Vec<Out>, Vec<TokenTree>),
    Crate,
}

/// What a variable of a rule stands for.
#[derive(Clone, Debug)]
enum Bound {
    Leaf(Vec<TokenTree>, &'static str),
    Many(Vec<Bound>),
}

type Bindings = FxHashMap<String, Bound>;

/// Why a call was not expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fail {
    /// No rule matches.
    NoRule,
    /// Too many tokens.
    Budget,
}

/// Parses the rules of a definition; rules that cannot be read are left out.
/// `local` for `#[macro_export(local_inner_macros)]`: macros it calls are its own crate's.
pub(crate) fn parse_rules(text: &str, local: bool) -> Rules {
    let mut rules = Rules::default();
    if text::check(text).is_err() {
        return rules;
    }
    let Ok(tokens) = text.parse::<TokenStream>() else { return rules };
    let mut tokens = tokens.into_iter().peekable();
    while let Some(head) = tokens.next() {
        let TokenTree::Group(head) = head else { continue };
        // `=>`
        while matches!(tokens.peek(), Some(TokenTree::Punct(_))) {
            tokens.next();
        }
        let Some(TokenTree::Group(body)) = tokens.next() else { break };
        let matcher = parse_matcher(head.stream());
        let mut names = Vec::new();
        variables(&matcher, &mut names);
        rules.rules.push((matcher, parse_out(body.stream(), &names, local)));
    }
    rules
}

fn parse_matcher(tokens: TokenStream) -> Vec<Matcher> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(tree) = trees.get(at) {
        at += 1;
        match tree {
            TokenTree::Punct(punct) if punct.as_char() == '$' => match trees.get(at) {
                Some(TokenTree::Ident(name)) => {
                    at += 1;
                    let colon = matches!(trees.get(at), Some(TokenTree::Punct(p)) if p.as_char() == ':');
                    match (colon, trees.get(at + 1)) {
                        (true, Some(TokenTree::Ident(kind))) => {
                            at += 2;
                            out.push(Matcher::Fragment(
                                plain(&name.to_string()).into(),
                                plain(&kind.to_string()).into(),
                            ));
                        }
                        _ => {
                            out.push(Matcher::Token(tree.clone()));
                            out.push(Matcher::Token(TokenTree::Ident(name.clone())));
                        }
                    }
                }
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                    at += 1;
                    let (separator, op) = repeat_tail(&trees, &mut at);
                    out.push(Matcher::Repeat(parse_matcher(group.stream()), separator, op));
                }
                _ => out.push(Matcher::Token(tree.clone())),
            },
            TokenTree::Group(group) => out.push(Matcher::Group(group.delimiter(), parse_matcher(group.stream()))),
            tree => out.push(Matcher::Token(tree.clone())),
        }
    }
    out
}

/// Separator and operator after `$(..)`.
fn repeat_tail(trees: &[TokenTree], at: &mut usize) -> (Vec<TokenTree>, char) {
    let op = |tree: Option<&TokenTree>| match tree {
        Some(TokenTree::Punct(p)) if matches!(p.as_char(), '*' | '+' | '?') => Some(p.as_char()),
        _ => None,
    };
    let mut separator = Vec::new();
    // A separator is one token, which may be several characters; `?` takes none.
    while separator.len() < 4 {
        if let Some(found) = op(trees.get(*at)) {
            let next_is_op = separator.is_empty() && found != '?' && op(trees.get(*at + 1)).is_some();
            if !(next_is_op && joined(trees.get(*at))) {
                *at += 1;
                return (separator, found);
            }
        }
        match trees.get(*at) {
            Some(tree) => separator.push(tree.clone()),
            None => break,
        }
        *at += 1;
    }
    (separator, '*')
}

fn joined(tree: Option<&TokenTree>) -> bool {
    matches!(tree, Some(TokenTree::Punct(p)) if p.spacing() == Spacing::Joint && p.as_char() == '+')
}

fn variables(matcher: &[Matcher], names: &mut Vec<String>) {
    for part in matcher {
        match part {
            Matcher::Fragment(name, _) => names.push(name.clone()),
            Matcher::Group(_, inner) | Matcher::Repeat(inner, _, _) => variables(inner, names),
            Matcher::Token(_) => {}
        }
    }
}

fn parse_out(tokens: TokenStream, names: &[String], local: bool) -> Vec<Out> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(tree) = trees.get(at) {
        at += 1;
        match tree {
            TokenTree::Punct(punct) if punct.as_char() == '$' => match trees.get(at) {
                Some(TokenTree::Ident(name)) if name == "crate" => {
                    at += 1;
                    out.push(Out::Crate);
                }
                Some(TokenTree::Ident(name)) if names.iter().any(|known| plain(&name.to_string()) == known) => {
                    at += 1;
                    out.push(Out::Var(plain(&name.to_string()).into()));
                }
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                    let inner = parse_out(group.stream(), names, local);
                    if mentions(&inner) {
                        at += 1;
                        let (separator, _) = repeat_tail(&trees, &mut at);
                        out.push(Out::Repeat(inner, separator));
                    } else {
                        // A definition inside the definition.
                        out.push(Out::Token(tree.clone()));
                    }
                }
                _ => out.push(Out::Token(tree.clone())),
            },
            TokenTree::Group(group) => out.push(Out::Group(group.delimiter(), parse_out(group.stream(), names, local))),
            TokenTree::Ident(word) => {
                let bang = matches!(trees.get(at), Some(TokenTree::Punct(p)) if p.as_char() == '!');
                let call = bang && matches!(trees.get(at + 1), Some(TokenTree::Group(_)));
                let before = at.checked_sub(2).and_then(|before| trees.get(before));
                let in_path = matches!(before, Some(TokenTree::Punct(p)) if p.as_char() == ':');
                if local && call && !in_path && word != "macro_rules" {
                    out.push(Out::Crate);
                    out.push(Out::Token(Punct::new(':', Spacing::Joint).into()));
                    out.push(Out::Token(Punct::new(':', Spacing::Alone).into()));
                }
                out.push(Out::Token(tree.clone()));
            }
            tree => out.push(Out::Token(tree.clone())),
        }
    }
    out
}

fn mentions(out: &[Out]) -> bool {
    out.iter().any(|part| match part {
        Out::Var(_) => true,
        Out::Group(_, inner) | Out::Repeat(inner, _) => mentions(inner),
        _ => false,
    })
}

/// How the tokens of the definition are written.
pub(crate) struct Site {
    /// Span of the call.
    pub(crate) span: PSpan,
    /// Number of this expansion.
    pub(crate) mark: u32,
    /// True when the definition stands in the body that calls it.
    pub(crate) inside: bool,
    /// Crate of the definition.
    pub(crate) krate: CrateId,
}

/// Expands a call.
pub(crate) fn expand(rules: &Rules, input: TokenStream, site: &Site, budget: &mut usize) -> Result<TokenStream, Fail> {
    // One buffer for all rules: each looks at it from the beginning.
    let mut found = None;
    let choose = |stream: ParseStream<'_>| {
        for (matcher, out) in &rules.rules {
            let mut bindings = Bindings::default();
            let ahead = stream.fork();
            if match_all(matcher, &ahead, &mut bindings).is_ok() && ahead.is_empty() {
                found = Some((bindings, out));
                break;
            }
        }
        stream.step(|cursor| {
            let mut rest = *cursor;
            while let Some((_, next)) = rest.token_tree() {
                rest = next;
            }
            Ok(((), rest))
        })
    };
    // Everything is consumed, so this cannot fail.
    let _ = choose.parse2(input);
    let Some((bindings, out)) = found else { return Err(Fail::NoRule) };
    let mut trees = Vec::new();
    transcribe(out, &bindings, &[], site, budget, &mut trees)?;
    let tokens: TokenStream = trees.into_iter().collect();
    if text::check_tokens(&tokens).is_ok() { Ok(tokens) } else { Err(Fail::Budget) }
}

fn match_all(matchers: &[Matcher], input: ParseStream<'_>, bindings: &mut Bindings) -> syn::Result<()> {
    for matcher in matchers {
        match matcher {
            Matcher::Token(wanted) => match_token(wanted, input)?,
            Matcher::Group(delimiter, inner) => {
                let content;
                match delimiter {
                    Delimiter::Parenthesis => {
                        syn::parenthesized!(content in input);
                    }
                    Delimiter::Brace => {
                        syn::braced!(content in input);
                    }
                    Delimiter::Bracket => {
                        syn::bracketed!(content in input);
                    }
                    Delimiter::None => return Err(input.error("no delimiter")),
                }
                match_all(inner, &content, bindings)?;
                if !content.is_empty() {
                    return Err(content.error("tokens left"));
                }
            }
            Matcher::Fragment(name, kind) => {
                let bound = fragment(kind, input)?;
                bindings.insert(name.clone(), bound);
            }
            Matcher::Repeat(inner, separator, op) => match_repeat(inner, separator, *op, input, bindings)?,
        }
    }
    Ok(())
}

fn match_repeat(
    inner: &[Matcher],
    separator: &[TokenTree],
    op: char,
    input: ParseStream<'_>,
    bindings: &mut Bindings,
) -> syn::Result<()> {
    let mut names = Vec::new();
    variables(inner, &mut names);
    let mut rounds: Vec<Bindings> = Vec::new();
    loop {
        if input.is_empty() || (op == '?' && rounds.len() == 1) {
            break;
        }
        let ahead = input.fork();
        let before = ahead.cursor();
        let mut round = Bindings::default();
        let separated = rounds.is_empty() || separator.iter().all(|token| match_token(token, &ahead).is_ok());
        if !separated || match_all(inner, &ahead, &mut round).is_err() || ahead.cursor() == before {
            break;
        }
        syn::parse::discouraged::Speculative::advance_to(input, &ahead);
        rounds.push(round);
    }
    if op == '+' && rounds.is_empty() {
        return Err(input.error("nothing to repeat"));
    }
    for name in names {
        let many = rounds.iter_mut().filter_map(|round| round.remove(&name)).collect();
        bindings.insert(name, Bound::Many(many));
    }
    Ok(())
}

fn match_token(wanted: &TokenTree, input: ParseStream<'_>) -> syn::Result<()> {
    input.step(|cursor| {
        let same = match (wanted, cursor.token_tree()) {
            (TokenTree::Ident(a), Some((TokenTree::Ident(b), rest))) => {
                (plain(&a.to_string()) == plain(&b.to_string())).then_some(rest)
            }
            (TokenTree::Punct(a), Some((TokenTree::Punct(b), rest))) => (a.as_char() == b.as_char()).then_some(rest),
            (TokenTree::Literal(a), Some((TokenTree::Literal(b), rest))) => {
                (a.to_string() == b.to_string()).then_some(rest)
            }
            _ => None,
        };
        same.map(|rest| ((), rest)).ok_or_else(|| cursor.error("another token"))
    })
}

/// Operators of more than one character, longest first.
const OPERATORS: &[&str] = &[
    "<<=", ">>=", "...", "..=", "::", "->", "=>", "==", "!=", "<=", ">=", "&&", "||", "+=", "-=", "*=", "/=", "%=",
    "^=", "&=", "|=", "<<", ">>", "..",
];

fn fragment(kind: &str, input: ParseStream<'_>) -> syn::Result<Bound> {
    let begin = input.cursor();
    let tokens = |input: ParseStream<'_>| {
        let (mut at, end) = (begin, input.cursor());
        let mut out = Vec::new();
        while at != end {
            match at.token_tree() {
                Some((tree, rest)) => {
                    out.push(tree);
                    at = rest;
                }
                None => break,
            }
        }
        out
    };
    let kind: &'static str = match kind {
        "ident" => {
            let ident: Ident = input.step(|cursor| match cursor.ident() {
                Some((ident, rest)) if ident != "_" => Ok((ident, rest)),
                _ => Err(cursor.error("an identifier")),
            })?;
            return Ok(Bound::Leaf(vec![TokenTree::Ident(ident)], "ident"));
        }
        "lifetime" => {
            input.parse::<syn::Lifetime>()?;
            "lifetime"
        }
        "tt" => {
            token_tree(input)?;
            "tt"
        }
        "literal" => {
            if input.peek(syn::Token![-]) {
                input.parse::<syn::Token![-]>()?;
            }
            input.parse::<syn::Lit>()?;
            "literal"
        }
        "expr" | "expr_2021" => {
            input.parse::<syn::Expr>()?;
            "expr"
        }
        "ty" => {
            input.parse::<syn::Type>()?;
            "ty"
        }
        "path" => {
            input.parse::<syn::TypePath>()?;
            "path"
        }
        "pat" => {
            syn::Pat::parse_multi_with_leading_vert(input)?;
            "pat"
        }
        "pat_param" => {
            syn::Pat::parse_single(input)?;
            "pat"
        }
        "block" => {
            input.parse::<syn::Block>()?;
            "block"
        }
        "item" => {
            input.parse::<syn::Item>()?;
            "item"
        }
        "meta" => {
            input.parse::<syn::Meta>()?;
            "meta"
        }
        "vis" => {
            input.parse::<syn::Visibility>()?;
            "vis"
        }
        "stmt" => {
            statement(input)?;
            "stmt"
        }
        _ => return Err(input.error("an unknown kind of fragment")),
    };
    Ok(Bound::Leaf(tokens(input), kind))
}

fn token_tree(input: ParseStream<'_>) -> syn::Result<()> {
    if input.peek(syn::Lifetime) {
        return input.parse::<syn::Lifetime>().map(|_| ());
    }
    input.step(|cursor| {
        let Some((first, mut rest)) = cursor.token_tree() else { return Err(cursor.error("nothing left")) };
        let TokenTree::Punct(punct) = &first else { return Ok(((), rest)) };
        let mut word = String::from(punct.as_char());
        let mut joint = punct.spacing() == Spacing::Joint;
        let mut best = rest;
        while joint && word.len() < 3 {
            let Some((TokenTree::Punct(next), after)) = rest.token_tree() else { break };
            word.push(next.as_char());
            joint = next.spacing() == Spacing::Joint;
            rest = after;
            if OPERATORS.contains(&word.as_str()) {
                best = rest;
            }
        }
        Ok(((), best))
    })
}

/// A statement without its semicolon.
fn statement(input: ParseStream<'_>) -> syn::Result<()> {
    if !input.peek(syn::Token![let]) {
        if input.fork().parse::<syn::Item>().is_ok() {
            return input.parse::<syn::Item>().map(|_| ());
        }
        return input.parse::<syn::Expr>().map(|_| ());
    }
    while !input.is_empty() && !input.peek(syn::Token![;]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// What a variable stands for in the current round of the repetitions around it.
fn binding<'b>(name: &str, bindings: &'b Bindings, rounds: &[usize]) -> Option<&'b Bound> {
    let mut at = bindings.get(name)?;
    for &round in rounds {
        match at {
            Bound::Many(many) => at = many.get(round)?,
            Bound::Leaf(..) => break,
        }
    }
    Some(at)
}

/// How often a repetition runs: as often as the variables in it that still repeat.
fn rounds_of(out: &[Out], bindings: &Bindings, rounds: &[usize]) -> Option<usize> {
    let mut found: Option<usize> = None;
    for part in out {
        let count = match part {
            Out::Var(name) => match binding(name, bindings, rounds) {
                Some(Bound::Many(many)) => Some(many.len()),
                _ => None,
            },
            Out::Group(_, inner) | Out::Repeat(inner, _) => rounds_of(inner, bindings, rounds),
            _ => None,
        };
        found = match (found, count) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    found
}

fn transcribe(
    out: &[Out],
    bindings: &Bindings,
    rounds: &[usize],
    site: &Site,
    budget: &mut usize,
    trees: &mut Vec<TokenTree>,
) -> Result<(), Fail> {
    for (at, part) in out.iter().enumerate() {
        *budget = budget.checked_sub(1).ok_or(Fail::Budget)?;
        match part {
            Out::Token(tree) => trees.push(own(tree, site)),
            Out::Crate => {
                let word = format!("{DOLLAR_CRATE}{}", site.krate.0);
                trees.push(TokenTree::Ident(Ident::new(&word, site.span)));
            }
            Out::Group(delimiter, inner) => {
                let mut below = Vec::new();
                transcribe(inner, bindings, rounds, site, budget, &mut below)?;
                let mut group = Group::new(*delimiter, below.into_iter().collect());
                group.set_span(site.span);
                trees.push(TokenTree::Group(group));
            }
            Out::Var(name) => {
                let Some(Bound::Leaf(leaf, kind)) = binding(name, bindings, rounds) else { return Err(Fail::NoRule) };
                *budget = budget.checked_sub(leaf.len()).ok_or(Fail::Budget)?;
                let next = match out.get(at + 1) {
                    Some(Out::Token(TokenTree::Punct(punct))) => Some((punct.as_char(), punct.spacing())),
                    _ => None,
                };
                insert(leaf, kind, next, trees);
            }
            Out::Repeat(inner, separator) => {
                let count = rounds_of(inner, bindings, rounds).unwrap_or(0);
                let mut deeper = rounds.to_vec();
                for round in 0..count {
                    if round > 0 {
                        trees.extend(separator.iter().map(|token| own(token, site)));
                    }
                    deeper.push(round);
                    transcribe(inner, bindings, &deeper, site, budget, trees)?;
                    deeper.pop();
                    *budget = budget.checked_sub(1).ok_or(Fail::Budget)?;
                }
            }
        }
    }
    Ok(())
}

/// Puts what the caller passed into the output so that it stays one thing.
fn insert(leaf: &[TokenTree], kind: &str, next: Option<(char, Spacing)>, trees: &mut Vec<TokenTree>) {
    let wrap = match kind {
        // Already one thing: `a.b`, `f(x)`, `"text"`; operators are what precedence could break.
        "expr" => leaf.len() > 1 && leaf.iter().any(is_operator),
        "pat" => leaf.len() > 1 && leaf.iter().any(|tree| matches!(tree, TokenTree::Punct(p) if p.as_char() == '|')),
        // `x as $t < y`
        "ty" => matches!(next, Some(('<', _))),
        _ => false,
    };
    if wrap {
        let span = leaf.first().map_or_else(PSpan::call_site, TokenTree::span);
        let mut group = Group::new(Delimiter::Parenthesis, leaf.iter().cloned().collect());
        group.set_span(leaf.last().and_then(|last| span.join(last.span())).unwrap_or(span));
        trees.push(TokenTree::Group(group));
        return;
    }
    let angled = kind == "ty"
        && matches!(next, Some((':', Spacing::Joint)))
        && leaf.iter().any(|tree| {
            !matches!(tree, TokenTree::Ident(_) | TokenTree::Punct(_))
                || matches!(tree, TokenTree::Punct(p) if matches!(p.as_char(), '<' | '&' | '*'))
        });
    let angle = |char, trees: &mut Vec<TokenTree>| {
        let mut punct = Punct::new(char, Spacing::Alone);
        punct.set_span(leaf.first().map_or_else(PSpan::call_site, TokenTree::span));
        trees.push(TokenTree::Punct(punct));
    };
    if angled {
        angle('<', trees);
    }
    trees.extend(leaf.iter().cloned());
    if angled {
        angle('>', trees);
    }
}

fn is_operator(tree: &TokenTree) -> bool {
    match tree {
        TokenTree::Punct(punct) => !matches!(punct.as_char(), '.' | ':' | '?' | '\'' | '#' | '$'),
        TokenTree::Ident(ident) => {
            let word = ident.to_string();
            matches!(word.as_str(), "as" | "if" | "match" | "return" | "break" | "loop" | "while" | "for" | "unsafe")
        }
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Literal(_) => false,
    }
}

/// A token of the definition: the call's span, and a mark when it may name a binding.
fn own(tree: &TokenTree, site: &Site) -> TokenTree {
    let mut tree = tree.clone();
    if let TokenTree::Ident(ident) = &tree {
        let word = ident.to_string();
        let may_bind = word.starts_with(|char: char| char.is_lowercase() || char == '_');
        if may_bind && !KEYWORDS.contains(&word.as_str()) && !word.contains(MARK) && !word.starts_with("r#") {
            let marks = if site.inside { format!("{MARK}{MARK}") } else { MARK.to_string() };
            return TokenTree::Ident(Ident::new(&format!("{word}{marks}{}", site.mark), site.span));
        }
    }
    tree.set_span(site.span);
    tree
}

/// The parsed rules of a macro item.
pub(crate) fn rules_of(world: &World<'_>, id: ItemId) -> Option<(Rc<Rules>, CrateId)> {
    let known = match world.keeps(id.krate) {
        true => world.cache.borrow().rules.get(&id).cloned(),
        false => world.rules.borrow().get(&id).cloned(),
    };
    if let Some(rules) = known {
        // Whoever asks for the rules asks for the crate.
        world.note_crate(id.krate);
        return Some((rules, id.krate));
    }
    let (def, local) = world.data(id.krate)?.view(|view| {
        let item = view.item(id.idx)?;
        let local = |attr: &Attr| attr.path == "macro_export" && attr.tokens.contains("local_inner_macros");
        match &item.kind {
            ItemKind::MacroRules(def) => Some((def.clone(), item.attrs.iter().any(local))),
            _ => None,
        }
    })?;
    let rules = Rc::new(parse_rules(&def.rules, local));
    if world.keeps(id.krate) {
        world.cache.borrow_mut().rules.insert(id, rules.clone());
    } else {
        world.rules.borrow_mut().insert(id, rules.clone());
    }
    Some((rules, id.krate))
}

/// Expands a call where items stand, to text with the way back to the sources. `None` when no rule is known for it.
pub(crate) fn expand_items(world: &World<'_>, krate: CrateId, call: &PendingMacro) -> Option<(String, Vec<Piece>)> {
    text::check(&call.tokens).ok()?;
    let scope = ModId { krate, idx: call.module };
    let _guard = text::SpanGuard::new();
    let input: TokenStream = call.tokens.parse().ok()?;
    let (_, map) = world.source(call.raw)?;
    let here = |span: PSpan| {
        let range = span.byte_range();
        if range.is_empty() { call.span } else { map.real(range) }
    };
    let tokens = match world.resolve(scope, &call.path, Ns::Macro) {
        Resolved::Item(id) => {
            let (rules, defined) = rules_of(world, id)?;
            // Every call has its own mark; the number of texts made so far serves.
            let mark = world.virtual_count();
            let site = Site { span: PSpan::call_site(), mark, inside: false, krate: defined };
            expand(&rules, input, &site, &mut BUDGET.clone()).ok()?
        }
        _ => super::known_macros::items(call.path.segments.last()?.name.as_str(), input)?,
    };
    Some(print(tokens, &here))
}

/// Tokens as text, with the place each comes from.
pub(crate) fn print(tokens: TokenStream, here: &dyn Fn(PSpan) -> Span) -> (String, Vec<Piece>) {
    let mut text = String::new();
    let mut pieces = Vec::new();
    print_into(tokens, here, &mut text, &mut pieces);
    (text, pieces)
}

fn print_into(tokens: TokenStream, here: &dyn Fn(PSpan) -> Span, text: &mut String, pieces: &mut Vec<Piece>) {
    fn add(part: &str, span: Span, text: &mut String, pieces: &mut Vec<Piece>) {
        let lo = text.len() as u32;
        text.push_str(part);
        pieces.push(Piece { lo, hi: text.len() as u32, span, copied: false });
    }
    // Recursion is bounded by `text::check_tokens`.
    for tree in tokens {
        match tree {
            TokenTree::Ident(ident) => {
                add(&ident.to_string(), here(ident.span()), text, pieces);
                text.push(' ');
            }
            TokenTree::Punct(punct) => {
                add(punct.as_char().encode_utf8(&mut [0; 4]), here(punct.span()), text, pieces);
                if punct.spacing() == Spacing::Alone {
                    text.push(' ');
                }
            }
            TokenTree::Literal(literal) => {
                add(&literal.to_string(), here(literal.span()), text, pieces);
                text.push(' ');
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => (" ", " "),
                };
                add(open, here(group.span_open()), text, pieces);
                print_into(group.stream(), here, text, pieces);
                add(close, here(group.span_close()), text, pieces);
                text.push(' ');
            }
        }
    }
}
