//! Patterns: from `syn` to [`hir::Pat`].

use super::bodies::Lower;
use super::text;
use super::types::{dollar_crate, name};
use super::{Ns, Resolved};
use crate::ir::hir::{BindMode, Lit, LocalId, Name, Pat, PatId, Path, Segment};

impl Lower<'_, '_> {
    /// A whole pattern; its bindings come into scope.
    pub(crate) fn pattern(&mut self, pat: &syn::Pat) -> PatId {
        let outer = std::mem::take(&mut self.bound);
        let id = self.pat(pat);
        let bound = std::mem::replace(&mut self.bound, outer);
        self.visible.extend(bound);
        id
    }

    fn pat(&mut self, pat: &syn::Pat) -> PatId {
        self.depth += 1;
        let id = if self.depth > super::bodies::MAX_DEPTH {
            self.push_pat(Pat::Opaque, crate::ir::Span::NONE)
        } else {
            self.pat_inner(pat)
        };
        self.depth -= 1;
        id
    }

    fn pats<'p>(&mut self, pats: impl IntoIterator<Item = &'p syn::Pat>) -> Vec<PatId> {
        pats.into_iter().map(|pat| self.pat(pat)).collect()
    }

    fn pat_inner(&mut self, pat: &syn::Pat) -> PatId {
        match pat {
            syn::Pat::Wild(wild) => {
                let span = self.real(wild.underscore_token.spans[0]);
                self.push_pat(Pat::Wild, span)
            }
            syn::Pat::Rest(rest) => {
                let span = self.real(rest.dot2_token.spans[0]);
                self.push_pat(Pat::Wild, span)
            }
            syn::Pat::Ident(ident) => self.pat_ident(ident),
            syn::Pat::Paren(inner) => self.pat(&inner.pat),
            syn::Pat::Type(typed) => self.pat(&typed.pat),
            syn::Pat::Guard(guarded) => self.pat(&guarded.pat),
            syn::Pat::Reference(reference) => {
                let inner = self.pat(&reference.pat);
                let span = text::join(self.real(reference.and_token.spans[0]), self.body.pat_span(inner));
                self.push_pat(Pat::Ref(inner), span)
            }
            syn::Pat::Or(or) => {
                let cases = self.pats(&or.cases);
                let span = cases.iter().map(|&case| self.body.pat_span(case)).reduce(text::join).unwrap_or_default();
                self.push_pat(Pat::Or(cases), span)
            }
            syn::Pat::Lit(lit) => {
                let span = self.real(lit.lit.span());
                let lit = self.ctx.lit(&lit.lit);
                self.push_pat(Pat::Lit(lit), span)
            }
            syn::Pat::Path(path) => {
                let path = self.ctx.path(path.qself.as_ref(), &path.path);
                let span = path.span;
                self.push_pat(Pat::Path(path, None), span)
            }
            syn::Pat::Tuple(tuple) => {
                let delims = tuple.paren_token.span;
                let span = self.ctx.real_between(delims.open(), delims.close());
                let (before, after) = self.around_rest(&tuple.elems);
                self.push_pat(Pat::Tuple(before, after), span)
            }
            syn::Pat::TupleStruct(tuple) => {
                let path = self.ctx.path(tuple.qself.as_ref(), &tuple.path);
                let span = text::join(path.span, self.real(tuple.paren_token.span.close()));
                let (before, after) = self.around_rest(&tuple.elems);
                self.push_pat(Pat::TupleStruct(path, before, after), span)
            }
            syn::Pat::Struct(of) => self.pat_struct(of),
            syn::Pat::Slice(slice) => self.pat_slice(slice),
            syn::Pat::Range(range) => {
                let span = match &range.limits {
                    syn::RangeLimits::HalfOpen(token) => self.real(token.spans[0]),
                    syn::RangeLimits::Closed(token) => self.real(token.spans[0]),
                };
                let start = range.start.as_ref().map(|end| self.range_end(end));
                let end = range.end.as_ref().map(|end| self.range_end(end));
                self.push_pat(Pat::Range(start, end), span)
            }
            syn::Pat::Macro(call) => self.macro_pat(&call.mac),
            _ => self.push_pat(Pat::Opaque, crate::ir::Span::NONE),
        }
    }

    pub(crate) fn pat_from_macro(&mut self, pat: &syn::Pat) -> PatId {
        self.pat(pat)
    }

    fn range_end(&self, end: &syn::Expr) -> Lit {
        match end {
            syn::Expr::Lit(lit) => self.ctx.lit(&lit.lit),
            syn::Expr::Unary(syn::ExprUnary { op: syn::UnOp::Neg(_), expr, .. }) => match self.range_end(expr) {
                Lit::Int(value, suffix) => Lit::Int(-value, suffix),
                _ => Lit::Other,
            },
            syn::Expr::Paren(inner) => self.range_end(&inner.expr),
            syn::Expr::Group(inner) => self.range_end(&inner.expr),
            _ => Lit::Other,
        }
    }

    /// Sub-patterns before and after `..`.
    fn around_rest<'p>(&mut self, pats: impl IntoIterator<Item = &'p syn::Pat>) -> (Vec<PatId>, Option<Vec<PatId>>) {
        let (mut before, mut after) = (Vec::new(), None::<Vec<PatId>>);
        for pat in pats {
            match (&mut after, pat) {
                (None, syn::Pat::Rest(_)) => after = Some(Vec::new()),
                (None, pat) => before.push(self.pat(pat)),
                (Some(_), pat) => {
                    let id = self.pat(pat);
                    after.get_or_insert_default().push(id);
                }
            }
        }
        (before, after)
    }

    fn pat_ident(&mut self, pat: &syn::PatIdent) -> PatId {
        let span = self.real(pat.ident.span());
        let plain = name(&pat.ident);
        let bare = pat.by_ref.is_none() && pat.mutability.is_none() && pat.subpat.is_none();
        if bare && dollar_crate(&pat.ident).is_none() && plain.chars().next().is_some_and(char::is_uppercase) {
            let segment = Segment { name: plain.clone(), args: Vec::new(), bindings: Vec::new() };
            let path = Path { segments: vec![segment], span, ..Path::default() };
            let known = self.world.resolve(self.scope, &path, Ns::Value) != Resolved::Unresolved;
            let local = if known { None } else { Some(self.bind(&pat.ident, plain)) };
            return self.push_pat(Pat::Path(path, local), span);
        }
        let local = self.bind(&pat.ident, plain);
        let mode = match (&pat.by_ref, &pat.mutability) {
            (Some(_), Some(_)) => BindMode::RefMut,
            (Some(_), None) => BindMode::Ref,
            _ => BindMode::Move,
        };
        let sub = pat.subpat.as_ref().map(|(_, sub)| self.pat(sub));
        let span = sub.map_or(span, |sub| text::join(span, self.body.pat_span(sub)));
        self.push_pat(Pat::Bind(local, mode, sub), span)
    }

    /// A binding of the pattern being lowered; alternatives of one pattern share theirs.
    fn bind(&mut self, ident: &syn::Ident, plain: Name) -> LocalId {
        let marked = ident.to_string();
        let marked = Name::new(marked.strip_prefix("r#").unwrap_or(&marked));
        if let Some((_, local)) = self.bound.iter().find(|(name, _)| *name == marked) {
            return *local;
        }
        let local = self.local(plain);
        self.bound.push((marked, local));
        local
    }

    fn pat_struct(&mut self, pat: &syn::PatStruct) -> PatId {
        let path = self.ctx.path(pat.qself.as_ref(), &pat.path);
        let span = text::join(path.span, self.real(pat.brace_token.span.close()));
        let mut fields = Vec::with_capacity(pat.fields.len());
        for field in &pat.fields {
            if self.ctx.cfg.enabled(&field.attrs) {
                let id = self.pat_field(field);
                fields.push((super::exprs::member(&field.member), id));
            }
        }
        self.push_pat(Pat::Struct(path, fields, pat.rest.is_some()), span)
    }

    /// `S { X }` binds `X` whatever `X` may name elsewhere.
    fn pat_field(&mut self, field: &syn::FieldPat) -> PatId {
        match field.pat.as_ref() {
            syn::Pat::Ident(pat) if field.colon_token.is_none() => {
                let local = self.bind(&pat.ident, name(&pat.ident));
                let mode = match (&pat.by_ref, &pat.mutability) {
                    (Some(_), Some(_)) => BindMode::RefMut,
                    (Some(_), None) => BindMode::Ref,
                    _ => BindMode::Move,
                };
                let span = self.real(pat.ident.span());
                self.push_pat(Pat::Bind(local, mode, None), span)
            }
            pat => self.pat(pat),
        }
    }

    fn pat_slice(&mut self, pat: &syn::PatSlice) -> PatId {
        let delims = pat.bracket_token.span;
        let span = self.ctx.real_between(delims.open(), delims.close());
        let (mut before, mut after, mut rest, mut has_rest) = (Vec::new(), Vec::new(), None, false);
        for elem in &pat.elems {
            match elem {
                syn::Pat::Rest(_) => has_rest = true,
                syn::Pat::Ident(ident)
                    if ident.subpat.as_ref().is_some_and(|(_, sub)| matches!(sub.as_ref(), syn::Pat::Rest(_))) =>
                {
                    let local = self.bind(&ident.ident, name(&ident.ident));
                    let mode = if ident.by_ref.is_some() { BindMode::Ref } else { BindMode::Move };
                    let span = self.real(ident.ident.span());
                    rest = Some(self.push_pat(Pat::Bind(local, mode, None), span));
                    has_rest = true;
                }
                elem => {
                    let id = self.pat(elem);
                    if has_rest { after.push(id) } else { before.push(id) }
                }
            }
        }
        self.push_pat(Pat::Slice(before, rest, after, has_rest), span)
    }
}
