//! Macro calls inside bodies: `macro_rules!` first, then the table of macros whose meaning is known, then the rest.

use super::bodies::Lower;
use super::exprs::simple_path;
use super::macros::{self, Fail, Site};
use super::text;
use super::types::{delimiters, name, path_text};
use super::{Ns, Resolved};
use crate::ir::Span;
use crate::ir::hir::{Arm, BinOp, Expr, ExprId, Lit, LocalId, Name, Pat, PatId, Stmt};
use proc_macro2::{Delimiter, Punct, Spacing, Span as PSpan, TokenStream, TokenTree};
use quote::ToTokens;
use std::sync::Arc;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;

/// What a macro of the table means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// Text from a format string and arguments.
    Format,
    /// The same, written to the first argument.
    Write,
    /// Evaluates its arguments, gives the unit value.
    Eval,
    /// Evaluates its arguments, diverges.
    Panic,
    /// Panics when the condition is false.
    Assert,
    /// Panics unless the comparison holds.
    AssertOp(BinOp),
    Vec,
    Matches,
    /// `ensure!(cond, err)`: returns the error when the condition is false.
    Ensure,
    /// `require!(cond, err)`: like `ensure!`; without an error or with a text it panics.
    Require,
    /// `require_eq!(a, b, err)`.
    RequireOp(BinOp),
    /// `bail!(err)`.
    Bail,
    /// `anyhow!(..)`: an error value.
    ErrorValue,
    /// A text known at compile time.
    Concat,
    Stringify,
    /// A literal of unknown value.
    Literal,
    Cfg,
    /// Gives its argument.
    Identity,
    /// JSON-like text: expressions between braces and colons.
    Json,
    /// `try!(e)`.
    Try,
    /// `addr_of!(place)`.
    AddrOf(bool),
    /// Diverges when the condition is false; the first argument is a context.
    AssertWithError,
    PanicWithError,
}

/// Macros by the last segment of their path.
const TABLE: &[(&str, Known)] = &[
    ("addr_of", Known::AddrOf(false)),
    ("addr_of_mut", Known::AddrOf(true)),
    ("anyhow", Known::ErrorValue),
    ("assert", Known::Assert),
    ("assert_eq", Known::AssertOp(BinOp::Eq)),
    ("assert_ne", Known::AssertOp(BinOp::Ne)),
    ("assert_with_error", Known::AssertWithError),
    ("bail", Known::Bail),
    ("cfg", Known::Cfg),
    ("column", Known::Literal),
    ("compile_error", Known::Panic),
    ("concat", Known::Concat),
    ("dbg", Known::Identity),
    ("debug", Known::Eval),
    ("debug_assert", Known::Eval),
    ("debug_assert_eq", Known::Eval),
    ("debug_assert_ne", Known::Eval),
    ("emit", Known::Eval),
    ("emit_cpi", Known::Eval),
    ("ensure", Known::Ensure),
    ("env", Known::Literal),
    ("eprint", Known::Eval),
    ("eprintln", Known::Eval),
    ("error", Known::Eval),
    ("file", Known::Literal),
    ("format", Known::Format),
    ("format_args", Known::Format),
    ("include_bytes", Known::Literal),
    ("include_str", Known::Literal),
    ("info", Known::Eval),
    ("json", Known::Json),
    ("line", Known::Literal),
    ("log", Known::Eval),
    ("matches", Known::Matches),
    ("module_path", Known::Literal),
    ("msg", Known::Eval),
    ("option_env", Known::Literal),
    ("panic", Known::Panic),
    ("panic_with_error", Known::PanicWithError),
    ("print", Known::Eval),
    ("println", Known::Eval),
    ("pubkey", Known::Identity),
    ("require", Known::Require),
    ("require_eq", Known::RequireOp(BinOp::Eq)),
    ("require_gt", Known::RequireOp(BinOp::Gt)),
    ("require_gte", Known::RequireOp(BinOp::Ge)),
    ("require_keys_eq", Known::RequireOp(BinOp::Eq)),
    ("require_keys_neq", Known::RequireOp(BinOp::Ne)),
    ("require_neq", Known::RequireOp(BinOp::Ne)),
    ("sol_log", Known::Eval),
    ("stringify", Known::Stringify),
    ("todo", Known::Panic),
    ("trace", Known::Eval),
    ("try", Known::Try),
    ("unimplemented", Known::Panic),
    ("unreachable", Known::Panic),
    ("vec", Known::Vec),
    ("warn", Known::Eval),
    ("write", Known::Write),
    ("writeln", Known::Write),
];

/// Crates whose macros only log.
const LOGS: &[&str] = &["log", "tracing", "tracing_core", "defmt"];

/// What an expansion is read as.
enum Made {
    Expr(Box<syn::Expr>),
    Stmts(Vec<syn::Stmt>),
}

impl Lower<'_, '_> {
    fn call_span(mac: &syn::Macro) -> (PSpan, PSpan) {
        let from = mac.path.segments.first().map_or(mac.bang_token.span, |segment| segment.ident.span());
        (from, delimiters(&mac.delimiter).close())
    }

    /// The whole call as one parser span, for the tokens of the definition.
    fn site_span(mac: &syn::Macro) -> PSpan {
        let (from, to) = Self::call_span(mac);
        from.join(to).unwrap_or(from)
    }

    /// Expands a `macro_rules!` call; `None` when no rules are known for it.
    fn expand(&mut self, mac: &syn::Macro) -> Option<Result<TokenStream, Fail>> {
        let path = self.ctx.path(None, &mac.path);
        let Resolved::Item(id) = self.world.resolve(self.scope, &path, Ns::Macro) else { return None };
        // What a log line expands to says nothing that its arguments do not.
        let logs = self
            .world
            .packages()
            .get(id.krate.0 as usize)
            .is_some_and(|package| !package.analysed && LOGS.contains(&package.crate_name.as_str()));
        if logs {
            return None;
        }
        let (rules, krate) = macros::rules_of(self.world, id)?;
        if self.expansions >= macros::MAX_EXPANSIONS {
            return Some(Err(Fail::Budget));
        }
        self.next_mark += 1;
        let inside = id.krate == self.krate() && Some(self.world.item(id).module) == self.module;
        self.ctx.note_site(Self::site_span(mac));
        let site = Site { span: Self::site_span(mac), mark: self.next_mark, inside, krate };
        Some(macros::expand(&rules, mac.tokens.clone(), &site, &mut self.budget))
    }

    /// A macro where an expression stands.
    pub(crate) fn macro_expr(&mut self, mac: &syn::Macro) -> ExprId {
        let (from, to) = Self::call_span(mac);
        let span = self.ctx.real_between(from, to);
        let known = |mac: &syn::Macro| items(&name(&mac.path.segments.last()?.ident), mac.tokens.clone());
        match self.expand(mac).or_else(|| known(mac).map(Ok)) {
            Some(Ok(tokens)) => {
                let made = syn::parse2(tokens.clone()).map(Made::Expr);
                let made = made.or_else(|_| syn::Block::parse_within.parse2(tokens).map(Made::Stmts));
                self.expansions += 1;
                let id = match made {
                    Ok(Made::Expr(expr)) => self.expr(&expr),
                    Ok(Made::Stmts(stmts)) => self.made_block(&stmts, span),
                    Err(_) => self.unknown(mac, span),
                };
                self.expansions -= 1;
                id
            }
            Some(Err(Fail::Budget)) => self.push(Expr::Opaque("macro-budget"), span),
            Some(Err(Fail::NoRule)) => self.unknown(mac, span),
            None => self.known(mac, span),
        }
    }

    fn made_block(&mut self, list: &[syn::Stmt], span: Span) -> ExprId {
        let (scope, renames) = (self.visible.len(), self.ctx.renames.len());
        self.made_items(list);
        let (mut stmts, mut tail) = (Vec::new(), None);
        self.stmts(list, &mut stmts, &mut tail);
        self.visible.truncate(scope);
        self.ctx.renames.truncate(renames);
        let block = crate::ir::hir::Block { label: None, stmts, tail, is_unsafe: false, is_async: false };
        self.push(Expr::Block(Box::new(block)), span)
    }

    /// A macro where a statement stands: its statements become statements of the block around it.
    pub(crate) fn macro_stmt(
        &mut self,
        mac: &syn::Macro,
        semi: bool,
        last: bool,
        out: &mut Vec<Stmt>,
        tail: &mut Option<ExprId>,
    ) {
        let stmts = match self.expand_for_stmts(mac) {
            Some(stmts) => stmts,
            None => {
                let id = self.macro_expr(mac);
                if last && !semi {
                    *tail = Some(id)
                } else {
                    out.push(Stmt::Expr(id))
                }
                return;
            }
        };
        self.expansions += 1;
        self.made_items(&stmts);
        let mut inner = None;
        self.stmts(&stmts, out, &mut inner);
        self.expansions -= 1;
        if let Some(inner) = inner {
            if last && !semi { *tail = Some(inner) } else { out.push(Stmt::Expr(inner)) }
        }
    }

    fn expand_for_stmts(&mut self, mac: &syn::Macro) -> Option<Vec<syn::Stmt>> {
        let budget = self.budget;
        let tokens = match self.expand(mac) {
            Some(tokens) => tokens.ok(),
            None => Some(items(&name(&mac.path.segments.last()?.ident), mac.tokens.clone())?),
        };
        let stmts = tokens.and_then(|tokens| syn::Block::parse_within.parse2(tokens).ok());
        if stmts.is_none() {
            self.budget = budget;
        }
        stmts
    }

    /// Declares the items among statements that a macro made; their names hold to the end of the block around.
    pub(crate) fn made_items(&mut self, stmts: &[syn::Stmt]) {
        let mut tokens = TokenStream::new();
        for stmt in stmts {
            if let syn::Stmt::Item(item) = stmt {
                item.to_tokens(&mut tokens);
            }
        }
        if tokens.is_empty() {
            return;
        }
        let ctx = &self.ctx;
        let here = |span: PSpan| ctx.real(span);
        let (text, pieces) = macros::print(tokens, &here);
        let len = text.len() as u32;
        let file = self.world.add_virtual(text, pieces);
        let Some((text, map)) = self.world.source(Span { file, lo: 0, hi: len }) else { return };
        let ctx = super::types::Ctx::new(&text, map, self.ctx.cfg);
        let mut fragment = super::items::lower_file(ctx, self.krate());
        fragment.modules[0].complete = true;
        let names = self.set_apart(&mut fragment, false);
        self.ctx.renames.extend(names);
        self.add_items(fragment);
    }

    /// A macro where a pattern stands.
    pub(crate) fn macro_pat(&mut self, mac: &syn::Macro) -> PatId {
        let tokens = self.expand(mac).and_then(Result::ok);
        match tokens.and_then(|tokens| syn::Pat::parse_multi_with_leading_vert.parse2(tokens).ok()) {
            Some(pat) => {
                self.expansions += 1;
                let id = self.pat_from_macro(&pat);
                self.expansions -= 1;
                id
            }
            None => {
                let span = self.real(Self::site_span(mac));
                self.push_pat(Pat::Opaque, span)
            }
        }
    }

    fn known(&mut self, mac: &syn::Macro, span: Span) -> ExprId {
        let last = mac.path.segments.last().map(|segment| name(&segment.ident)).unwrap_or_default();
        let Ok(at) = TABLE.binary_search_by(|(word, _)| (*word).cmp(last.as_str())) else {
            return self.unknown(mac, span);
        };
        let known = TABLE[at].1;
        self.meaning(known, mac, span).unwrap_or_else(|| self.unknown(mac, span))
    }

    fn meaning(&mut self, known: Known, mac: &syn::Macro, span: Span) -> Option<ExprId> {
        let tokens = mac.tokens.clone();
        match known {
            Known::Matches => return self.matches(tokens, span),
            Known::Vec => return self.vec(tokens, span),
            Known::Stringify => {
                let range = delimiters(&mac.delimiter);
                let range = range.open().byte_range().end..range.close().byte_range().start;
                let text = self.ctx.slice(range.start..range.end.max(range.start));
                return Some(self.push(Expr::Lit(Lit::Str(text.trim().into())), span));
            }
            Known::Cfg => {
                let meta: syn::Meta = syn::parse2(tokens).ok()?;
                let value = self.ctx.cfg.eval(&meta);
                self.body.by_feature = true;
                return Some(self.bool_lit(value, span));
            }
            Known::Literal => return Some(self.push(Expr::Lit(Lit::Other), span)),
            Known::Json => {
                let mut values = Vec::new();
                self.json(tokens, &mut values)?;
                return Some(self.push(Expr::Format("json".into(), values), span));
            }
            _ => {}
        }
        let args = match arguments(tokens.clone()) {
            None if known == Known::Eval => fields(tokens)?,
            args => args?,
        };
        Some(self.with_args(known, args, span))
    }

    fn with_args(&mut self, known: Known, args: Vec<syn::Expr>, span: Span) -> ExprId {
        match known {
            Known::Format => self.format(&args, span),
            Known::Write => match args.split_first() {
                Some((target, rest)) => {
                    let target = self.expr(target);
                    let text = self.format(rest, span);
                    self.push(Expr::MethodCall(target, "write_fmt".into(), Vec::new(), vec![text], span), span)
                }
                None => self.push(Expr::Eval(Vec::new()), span),
            },
            Known::Panic => {
                let args = self.format_values(&args);
                self.push(Expr::Panic(args), span)
            }
            Known::PanicWithError => {
                let args = self.exprs(&args);
                self.push(Expr::Panic(args), span)
            }
            Known::Assert | Known::AssertWithError => {
                let args = if known == Known::Assert { &args[..] } else { args.get(1..).unwrap_or_default() };
                let Some((cond, rest)) = args.split_first() else { return self.push(Expr::Eval(Vec::new()), span) };
                let cond = self.expr(cond);
                let values = self.format_values(rest);
                let panic = self.push(Expr::Panic(values), span);
                self.unless(cond, panic, span)
            }
            Known::AssertOp(op) => {
                let [left, right, rest @ ..] = &args[..] else { return self.push(Expr::Eval(Vec::new()), span) };
                let cond = self.comparison(op, left, right, span);
                let values = self.format_values(rest);
                let panic = self.push(Expr::Panic(values), span);
                self.unless(cond, panic, span)
            }
            Known::Ensure | Known::Require => {
                let Some((cond, rest)) = args.split_first() else { return self.push(Expr::Eval(Vec::new()), span) };
                let cond = self.expr(cond);
                self.or_error(cond, rest, known == Known::Require, span)
            }
            Known::RequireOp(op) => {
                let [left, right, rest @ ..] = &args[..] else { return self.push(Expr::Eval(Vec::new()), span) };
                let cond = self.comparison(op, left, right, span);
                self.or_error(cond, rest, false, span)
            }
            Known::Bail => {
                let value = self.error_value(&args, span);
                self.return_err(value, span)
            }
            Known::ErrorValue => self.error_value(&args, span),
            Known::Concat => self.concat(&args, span),
            Known::Identity => match &args[..] {
                [one] => self.expr(one),
                many => {
                    let many = self.exprs(many);
                    self.push(Expr::Tuple(many), span)
                }
            },
            Known::Try => match args.first() {
                Some(value) => {
                    let value = self.expr(value);
                    self.push(Expr::Try(value), span)
                }
                None => self.push(Expr::Opaque("syntax"), span),
            },
            Known::AddrOf(mutable) => match args.first() {
                Some(place) => {
                    let place = self.expr(place);
                    self.push(Expr::Ref(mutable, place), span)
                }
                None => self.push(Expr::Opaque("syntax"), span),
            },
            _ => {
                let values = self.format_values(&args);
                self.push(Expr::Eval(values), span)
            }
        }
    }

    fn comparison(&mut self, op: BinOp, left: &syn::Expr, right: &syn::Expr, span: Span) -> ExprId {
        let (left, right) = (self.expr(left), self.expr(right));
        self.push(Expr::Binary(op, left, right), span)
    }

    /// `if !cond { return Err(error.into()) }`, or a panic when the error is a text and the macro panics then.
    fn or_error(&mut self, cond: ExprId, rest: &[syn::Expr], text_panics: bool, span: Span) -> ExprId {
        let is_text = rest.first().is_none_or(is_text);
        let then = if is_text && text_panics {
            let values = self.format_values(rest);
            self.push(Expr::Panic(values), span)
        } else {
            let value = self.error_value(rest, span);
            self.return_err(value, span)
        };
        self.unless(cond, then, span)
    }

    fn error_value(&mut self, args: &[syn::Expr], span: Span) -> ExprId {
        match args {
            [first, ..] if is_text(first) => self.format(args, span),
            [first, ..] => self.expr(first),
            [] => self.push(Expr::Format("".into(), Vec::new()), span),
        }
    }

    fn concat(&mut self, args: &[syn::Expr], span: Span) -> ExprId {
        let mut text = String::new();
        for arg in args {
            let syn::Expr::Lit(lit) = arg else { return self.push(Expr::Lit(Lit::Other), span) };
            match self.ctx.lit(&lit.lit) {
                Lit::Str(part) => text.push_str(&part),
                Lit::Int(part, _) => text.push_str(&part.to_string()),
                Lit::Char(part) => text.push(part),
                Lit::Bool(part) => text.push_str(if part { "true" } else { "false" }),
                Lit::Float(part) => text.push_str(&part),
                _ => return self.push(Expr::Lit(Lit::Other), span),
            }
        }
        self.push(Expr::Lit(Lit::Str(text.into())), span)
    }

    /// `format!` with these arguments.
    fn format(&mut self, args: &[syn::Expr], span: Span) -> ExprId {
        let literal = args.first().and_then(literal_text).unwrap_or_default();
        let values = self.format_values(args);
        self.push(Expr::Format(Arc::from(literal), values), span)
    }

    /// The values a format string and its arguments use, the names inside the string included.
    fn format_values(&mut self, args: &[syn::Expr]) -> Vec<ExprId> {
        let mut values = Vec::new();
        let mut named = Vec::new();
        for (at, arg) in args.iter().enumerate() {
            match arg {
                syn::Expr::Lit(_) if at == 0 => {}
                syn::Expr::Assign(assign) => {
                    if let syn::Expr::Path(path) = assign.left.as_ref() {
                        named.extend(path.path.get_ident().map(name));
                    }
                    values.push(self.expr(&assign.right));
                }
                arg => values.push(self.expr(arg)),
            }
        }
        let Some(syn::Expr::Lit(lit)) = args.first() else { return values };
        let Some(text) = literal_text(&args[0]) else { return values };
        let span = self.real(lit.lit.span());
        for word in placeholders(&text) {
            if named.contains(&word) {
                continue;
            }
            let value = match self.find_plain(&word) {
                Some(local) => Expr::Local(local),
                None => Expr::Path(simple_path(&word, span)),
            };
            values.push(self.push(value, span));
        }
        values
    }

    fn vec(&mut self, tokens: TokenStream, span: Span) -> Option<ExprId> {
        let repeat = |input: ParseStream<'_>| {
            let value: syn::Expr = input.parse()?;
            input.parse::<syn::Token![;]>()?;
            Ok((value, input.parse::<syn::Expr>()?))
        };
        if let Some(elems) = arguments(tokens.clone()) {
            let elems = self.exprs(&elems);
            return Some(self.push(Expr::Array(elems, true), span));
        }
        let (value, len) = repeat.parse2(tokens).ok()?;
        let (value, len) = (self.expr(&value), self.expr(&len));
        Some(self.push(Expr::Repeat(value, len, true), span))
    }

    fn matches(&mut self, tokens: TokenStream, span: Span) -> Option<ExprId> {
        let parser = |input: ParseStream<'_>| {
            let value: syn::Expr = input.parse()?;
            input.parse::<syn::Token![,]>()?;
            let pat = syn::Pat::parse_multi_with_leading_vert(input)?;
            let guard = match input.parse::<Option<syn::Token![if]>>()? {
                Some(_) => Some(input.parse::<syn::Expr>()?),
                None => None,
            };
            input.parse::<Option<syn::Token![,]>>()?;
            Ok((value, pat, guard))
        };
        let (value, pat, guard) = parser.parse2(tokens).ok()?;
        let value = self.expr(&value);
        let scope = self.visible.len();
        let pat = self.pattern(&pat);
        let guard = guard.map(|guard| self.expr(&guard));
        self.visible.truncate(scope);
        let body = self.bool_lit(true, span);
        let wild = self.push_pat(Pat::Wild, span);
        let no = self.bool_lit(false, span);
        let arms = vec![Arm { pat, guard, body }, Arm { pat: wild, guard: None, body: no }];
        Some(self.push(Expr::Match(value, arms), span))
    }

    /// Expressions of JSON-like tokens.
    fn json(&mut self, tokens: TokenStream, values: &mut Vec<ExprId>) -> Option<()> {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        if let [TokenTree::Group(group)] = &trees[..] {
            if group.delimiter() != Delimiter::Parenthesis {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                for part in inner.split(|tree| is_punct(tree, ',')) {
                    let value = match part.iter().position(|tree| is_punct(tree, ':')) {
                        Some(colon) if group.delimiter() == Delimiter::Brace => &part[colon + 1..],
                        _ => part,
                    };
                    if !value.is_empty() {
                        self.json(value.iter().cloned().collect(), values)?;
                    }
                }
                return Some(());
            }
        }
        if let [TokenTree::Ident(word)] = &trees[..] {
            if word == "null" {
                return Some(());
            }
        }
        let expr: syn::Expr = syn::parse2(trees.into_iter().collect()).ok()?;
        let id = self.expr(&expr);
        values.push(id);
        Some(())
    }

    /// A macro nobody knows.
    fn unknown(&mut self, mac: &syn::Macro, span: Span) -> ExprId {
        let mut captures = Vec::new();
        self.captured(mac.tokens.clone(), &mut captures);
        let exprs = match arguments(mac.tokens.clone()) {
            Some(args) => self.exprs(&args),
            None => match syn::Block::parse_within.parse2(mac.tokens.clone()) {
                Ok(stmts) if !stmts.is_empty() => vec![self.made_block(&stmts, span)],
                _ => Vec::new(),
            },
        };
        self.push(Expr::UnknownMacro(Name::new(path_text(&mac.path)), exprs, captures), span)
    }

    fn captured(&mut self, tokens: TokenStream, captures: &mut Vec<LocalId>) {
        for tree in tokens {
            match tree {
                TokenTree::Ident(ident) => {
                    if let Some(local) = self.find(&ident.to_string()) {
                        if !captures.contains(&local) {
                            captures.push(local);
                        }
                    }
                }
                TokenTree::Group(group) => self.captured(group.stream(), captures),
                TokenTree::Literal(literal) => {
                    for word in placeholders(&literal.to_string()) {
                        if let Some(local) = self.find_plain(&word) {
                            if !captures.contains(&local) {
                                captures.push(local);
                            }
                        }
                    }
                }
                TokenTree::Punct(_) => {}
            }
        }
    }
}

/// Comma-separated expressions.
fn arguments(tokens: TokenStream) -> Option<Vec<syn::Expr>> {
    let parser = Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
    text::check_tokens(&tokens).ok()?;
    parser.parse2(tokens).ok().map(|args| args.into_iter().collect())
}

/// Arguments of a log line: `target: T`, `name = value`, `?value`, `%value`, expressions.
fn fields(tokens: TokenStream) -> Option<Vec<syn::Expr>> {
    text::check_tokens(&tokens).ok()?;
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut found = Vec::new();
    // A comma may stand between the arguments of a type (`<P::<T, I> as Q>::name()`): what is no expression yet goes on.
    let mut begun: Vec<TokenTree> = Vec::new();
    for piece in trees.split(|tree| is_punct(tree, ',')) {
        if !begun.is_empty() {
            begun.push(TokenTree::Punct(proc_macro2::Punct::new(',', Spacing::Alone)));
            begun.extend(piece.iter().cloned());
            if let Ok(whole) = syn::parse2(begun.iter().cloned().collect()) {
                found.push(whole);
                begun.clear();
            }
            continue;
        }
        let mut piece = piece;
        // The name in front: `a.b = `, `target: `; not `a::b`, not `a == b`.
        let end = piece
            .iter()
            .position(|tree| !matches!(tree, TokenTree::Ident(_) | TokenTree::Literal(_)) && !is_punct(tree, '.'));
        if let Some(at) = end {
            let joint = matches!(&piece[at], TokenTree::Punct(punct) if punct.spacing() == Spacing::Joint)
                && piece.get(at + 1).is_some_and(|next| is_punct(next, ':') || is_punct(next, '='));
            if at > 0 && !joint && (is_punct(&piece[at], ':') || is_punct(&piece[at], '=')) {
                piece = &piece[at + 1..];
            }
        }
        while let [first, rest @ ..] = piece {
            if !is_punct(first, '?') && !is_punct(first, '%') {
                break;
            }
            piece = rest;
        }
        if !piece.is_empty() {
            match syn::parse2(piece.iter().cloned().collect()) {
                Ok(whole) => found.push(whole),
                Err(_) => begun = piece.to_vec(),
            }
        }
    }
    begun.is_empty().then_some(found)
}

fn is_punct(tree: &TokenTree, char: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == char)
}

fn is_text(expr: &syn::Expr) -> bool {
    literal_text(expr).is_some()
}

fn literal_text(expr: &syn::Expr) -> Option<String> {
    match expr {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
        syn::Expr::Paren(inner) => literal_text(&inner.expr),
        syn::Expr::Group(inner) => literal_text(&inner.expr),
        _ => None,
    }
}

/// Names inside the braces of a format string.
fn placeholders(text: &str) -> Vec<Name> {
    let mut out: Vec<Name> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('{') {
            rest = after;
            continue;
        }
        let Some(end) = rest.find('}') else { break };
        let inside = &rest[..end];
        let (arg, spec) = inside.split_once(':').unwrap_or((inside, ""));
        // `{value:width$.precision$}` names three.
        let widths = spec.split('.').filter_map(|part| part.strip_suffix('$'));
        let widths = widths.map(|part| part.trim_start_matches(|c: char| !c.is_alphabetic() && c != '_'));
        for word in std::iter::once(arg.trim()).chain(widths) {
            let is_name = word.starts_with(|c: char| c.is_alphabetic() || c == '_');
            if is_name
                && word.chars().all(|c| c.is_alphanumeric() || c == '_')
                && !out.iter().any(|known| known == word)
            {
                out.push(Name::new(word));
            }
        }
        rest = &rest[end + 1..];
    }
    out
}

/// Macros of the table where items stand: the items they mean.
pub(crate) fn items(word: &str, tokens: TokenStream) -> Option<TokenStream> {
    match word {
        "thread_local" => {
            let mut out: Vec<TokenTree> = tokens.into_iter().collect();
            // The last semicolon may be left out.
            if out.last().is_some_and(|last| !is_punct(last, ';')) {
                out.push(Punct::new(';', Spacing::Alone).into());
            }
            Some(out.into_iter().collect())
        }
        // A program's own address.
        "declare_id" => Some(quote::quote! {
            pub const ID: Pubkey = Pubkey::from_str_const(#tokens);
            pub fn id() -> Pubkey { ID }
            pub fn check_id(id: &Pubkey) -> bool { id == &ID }
        }),
        // `static ref NAME: T = value;`
        "lazy_static" => {
            let mut out = Vec::new();
            for tree in tokens {
                if !matches!(&tree, TokenTree::Ident(ident) if ident == "ref") {
                    out.push(tree);
                }
            }
            Some(out.into_iter().collect())
        }
        // Names put together from parts.
        "paste" => Some(super::paste::pasted(tokens)),
        _ => super::solidity::items(word, tokens.clone()).or_else(|| super::assembly::items(word, tokens)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_a_log_line() {
        let count = |text: &str| fields(text.parse().unwrap()).map(|found| found.len());
        assert_eq!(count("target: crate::LOG, \"a\", x.y(), ?z, name = %w"), Some(5));
        assert_eq!(count("target: LOG, \"a\", <crate::Pallet::<T, I> as Info<A, B>>::name(), y"), Some(4));
        assert_eq!(count("a < b, c"), Some(2));
        assert_eq!(count("\"a\", <P::<T, I"), None);
        assert_eq!(count("a => b"), None);
    }
}
