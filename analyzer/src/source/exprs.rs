//! Expressions: from `syn` to [`hir::Expr`].

use super::bodies::{Lower, MAX_DEPTH};
use super::text::join;
use super::types::name;
use crate::ir::Span;
use crate::ir::hir::{self, BinOp, Closure, Expr, ExprId, Lit, Name, Path, Segment, Stmt, UnOp};
use proc_macro2::Span as PSpan;

/// An operator, and whether it assigns.
fn operator(op: &syn::BinOp) -> Option<(BinOp, bool, PSpan)> {
    use syn::BinOp as S;
    Some(match op {
        S::Add(t) => (BinOp::Add, false, t.spans[0]),
        S::Sub(t) => (BinOp::Sub, false, t.spans[0]),
        S::Mul(t) => (BinOp::Mul, false, t.spans[0]),
        S::Div(t) => (BinOp::Div, false, t.spans[0]),
        S::Rem(t) => (BinOp::Rem, false, t.spans[0]),
        S::And(t) => (BinOp::And, false, t.spans[0]),
        S::Or(t) => (BinOp::Or, false, t.spans[0]),
        S::BitXor(t) => (BinOp::BitXor, false, t.spans[0]),
        S::BitAnd(t) => (BinOp::BitAnd, false, t.spans[0]),
        S::BitOr(t) => (BinOp::BitOr, false, t.spans[0]),
        S::Shl(t) => (BinOp::Shl, false, t.spans[0]),
        S::Shr(t) => (BinOp::Shr, false, t.spans[0]),
        S::Eq(t) => (BinOp::Eq, false, t.spans[0]),
        S::Lt(t) => (BinOp::Lt, false, t.spans[0]),
        S::Le(t) => (BinOp::Le, false, t.spans[0]),
        S::Ne(t) => (BinOp::Ne, false, t.spans[0]),
        S::Ge(t) => (BinOp::Ge, false, t.spans[0]),
        S::Gt(t) => (BinOp::Gt, false, t.spans[0]),
        S::AddAssign(t) => (BinOp::Add, true, t.spans[0]),
        S::SubAssign(t) => (BinOp::Sub, true, t.spans[0]),
        S::MulAssign(t) => (BinOp::Mul, true, t.spans[0]),
        S::DivAssign(t) => (BinOp::Div, true, t.spans[0]),
        S::RemAssign(t) => (BinOp::Rem, true, t.spans[0]),
        S::BitXorAssign(t) => (BinOp::BitXor, true, t.spans[0]),
        S::BitAndAssign(t) => (BinOp::BitAnd, true, t.spans[0]),
        S::BitOrAssign(t) => (BinOp::BitOr, true, t.spans[0]),
        S::ShlAssign(t) => (BinOp::Shl, true, t.spans[0]),
        S::ShrAssign(t) => (BinOp::Shr, true, t.spans[0]),
        _ => return None,
    })
}

/// Name of a field.
pub(crate) fn member(member: &syn::Member) -> Name {
    match member {
        syn::Member::Named(ident) => name(ident),
        syn::Member::Unnamed(index) => Name::new(index.index.to_string()),
    }
}

fn member_span(member: &syn::Member) -> PSpan {
    match member {
        syn::Member::Named(ident) => ident.span(),
        syn::Member::Unnamed(index) => index.span,
    }
}

/// Attributes of an expression that stands as a statement.
pub(crate) fn attrs(expr: &syn::Expr) -> &[syn::Attribute] {
    match expr {
        syn::Expr::Assign(e) => &e.attrs,
        syn::Expr::Binary(e) => &e.attrs,
        syn::Expr::Block(e) => &e.attrs,
        syn::Expr::Call(e) => &e.attrs,
        syn::Expr::ForLoop(e) => &e.attrs,
        syn::Expr::If(e) => &e.attrs,
        syn::Expr::Let(e) => &e.attrs,
        syn::Expr::Loop(e) => &e.attrs,
        syn::Expr::Macro(e) => &e.attrs,
        syn::Expr::Match(e) => &e.attrs,
        syn::Expr::MethodCall(e) => &e.attrs,
        syn::Expr::Path(e) => &e.attrs,
        syn::Expr::Return(e) => &e.attrs,
        syn::Expr::Struct(e) => &e.attrs,
        syn::Expr::Try(e) => &e.attrs,
        syn::Expr::Tuple(e) => &e.attrs,
        syn::Expr::Unsafe(e) => &e.attrs,
        syn::Expr::While(e) => &e.attrs,
        syn::Expr::Lit(e) => &e.attrs,
        syn::Expr::Reference(e) => &e.attrs,
        syn::Expr::Closure(e) => &e.attrs,
        _ => &[],
    }
}

/// A path of one plain name.
pub(crate) fn simple_path(word: &str, span: Span) -> Path {
    let segment = Segment { name: word.into(), args: Vec::new(), bindings: Vec::new() };
    Path { segments: vec![segment], span, ..Path::default() }
}

impl Lower<'_, '_> {
    /// Lowers an expression.
    pub(crate) fn expr(&mut self, expr: &syn::Expr) -> ExprId {
        self.depth += 1;
        let id =
            if self.depth > MAX_DEPTH { self.push(Expr::Opaque("nesting"), Span::NONE) } else { self.expr_inner(expr) };
        self.depth -= 1;
        id
    }

    pub(crate) fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e syn::Expr>) -> Vec<ExprId> {
        let mut out = Vec::new();
        for expr in exprs {
            if self.enabled(attrs(expr)) {
                out.push(self.expr(expr));
            }
        }
        out
    }

    // One small function per kind keeps the stack frame of this one small.
    fn expr_inner(&mut self, expr: &syn::Expr) -> ExprId {
        match expr {
            syn::Expr::Path(e) => self.path_expr(e),
            syn::Expr::Lit(e) => self.lit_expr(e),
            syn::Expr::Paren(e) => self.expr(&e.expr),
            syn::Expr::Group(e) => self.expr(&e.expr),
            syn::Expr::Call(e) => self.call(e),
            syn::Expr::MethodCall(e) => self.method_call(e),
            syn::Expr::Field(e) => self.field(e),
            syn::Expr::Index(e) => self.index(e),
            syn::Expr::Unary(e) => self.unary(e),
            syn::Expr::Binary(e) => self.binary(e),
            syn::Expr::Assign(e) => self.assign(e),
            syn::Expr::Reference(e) => self.reference(e),
            syn::Expr::RawAddr(e) => {
                let inner = self.expr(&e.expr);
                let span = join(self.real(e.and_token.spans[0]), self.span(inner));
                self.push(Expr::Ref(matches!(e.mutability, syn::PointerMutability::Mut(_)), inner), span)
            }
            syn::Expr::If(e) => self.if_expr(e),
            syn::Expr::Let(e) => self.let_expr(e),
            syn::Expr::Match(e) => self.match_expr(e),
            syn::Expr::Loop(e) => {
                let body = self.block(&e.body, None, false, false);
                let span = join(self.real(e.loop_token.span), self.span(body));
                self.push(Expr::Loop(label(e.label.as_ref()), body), span)
            }
            syn::Expr::While(e) => self.while_expr(e),
            syn::Expr::ForLoop(e) => self.for_expr(e),
            syn::Expr::Break(e) => {
                let value = e.expr.as_ref().map(|value| self.expr(value));
                let span = self.with_tail(e.break_token.span, value);
                self.push(Expr::Break(e.label.as_ref().map(label_name), value), span)
            }
            syn::Expr::Continue(e) => {
                let span = self.real(e.continue_token.span);
                self.push(Expr::Continue(e.label.as_ref().map(label_name)), span)
            }
            syn::Expr::Return(e) => {
                let value = e.expr.as_ref().map(|value| self.expr(value));
                let span = self.with_tail(e.return_token.span, value);
                self.push(Expr::Return(value), span)
            }
            syn::Expr::Block(e) => self.block(&e.block, e.label.as_ref(), false, false),
            syn::Expr::Unsafe(e) => self.block(&e.block, None, true, false),
            syn::Expr::Const(e) => self.block(&e.block, None, false, false),
            syn::Expr::Async(e) => self.block(&e.block, None, false, true),
            syn::Expr::Closure(e) => self.closure(e),
            syn::Expr::Struct(e) => self.struct_expr(e),
            syn::Expr::Tuple(e) => {
                let elems = self.exprs(&e.elems);
                let delims = e.paren_token.span;
                let span = self.ctx.real_between(delims.open(), delims.close());
                self.push(Expr::Tuple(elems), span)
            }
            syn::Expr::Array(e) => {
                let elems = self.exprs(&e.elems);
                let delims = e.bracket_token.span;
                let span = self.ctx.real_between(delims.open(), delims.close());
                self.push(Expr::Array(elems, false), span)
            }
            syn::Expr::Repeat(e) => {
                let (value, len) = (self.expr(&e.expr), self.expr(&e.len));
                let delims = e.bracket_token.span;
                let span = self.ctx.real_between(delims.open(), delims.close());
                self.push(Expr::Repeat(value, len, false), span)
            }
            syn::Expr::Range(e) => self.range(e),
            syn::Expr::Cast(e) => {
                let value = self.expr(&e.expr);
                let ty = self.ctx.ty(&e.ty);
                let span = join(self.span(value), self.real(e.as_token.span));
                self.push(Expr::Cast(value, ty), span)
            }
            syn::Expr::Try(e) => {
                let value = self.expr(&e.expr);
                let span = join(self.span(value), self.real(e.question_token.spans[0]));
                self.push(Expr::Try(value), span)
            }
            syn::Expr::Await(e) => {
                let value = self.expr(&e.base);
                let span = join(self.span(value), self.real(e.await_token.span));
                self.push(Expr::Await(value), span)
            }
            syn::Expr::Macro(e) => self.macro_expr(&e.mac),
            syn::Expr::TryBlock(e) => self.opaque("try-block", e.try_token.span),
            syn::Expr::Yield(e) => self.opaque("yield", e.yield_token.span),
            syn::Expr::Infer(e) => self.opaque("placeholder", e.underscore_token.spans[0]),
            _ => self.push(Expr::Opaque("syntax"), Span::NONE),
        }
    }

    pub(crate) fn opaque(&mut self, reason: &'static str, at: PSpan) -> ExprId {
        let span = self.real(at);
        self.push(Expr::Opaque(reason), span)
    }

    fn with_tail(&self, from: PSpan, value: Option<ExprId>) -> Span {
        let span = self.real(from);
        value.map_or(span, |value| join(span, self.span(value)))
    }

    fn path_expr(&mut self, e: &syn::ExprPath) -> ExprId {
        if let (None, Some(ident)) = (&e.qself, e.path.get_ident()) {
            if let Some(local) = self.find(&ident.to_string()) {
                let span = self.real(ident.span());
                return self.push(Expr::Local(local), span);
            }
        }
        let path = self.ctx.path(e.qself.as_ref(), &e.path);
        let span = path.span;
        self.push(Expr::Path(path), span)
    }

    fn lit_expr(&mut self, e: &syn::ExprLit) -> ExprId {
        let span = self.real(e.lit.span());
        let lit = self.ctx.lit(&e.lit);
        self.push(Expr::Lit(lit), span)
    }

    fn call(&mut self, e: &syn::ExprCall) -> ExprId {
        let func = self.expr(&e.func);
        let args = self.exprs(&e.args);
        let span = join(self.span(func), self.real(e.paren_token.span.close()));
        self.push(Expr::Call(func, args), span)
    }

    fn method_call(&mut self, e: &syn::ExprMethodCall) -> ExprId {
        let receiver = self.expr(&e.receiver);
        let types = e.turbofish.as_ref().map(|args| self.ctx.generic_args(args).0).unwrap_or_default();
        let args = self.exprs(&e.args);
        let span = join(self.span(receiver), self.real(e.paren_token.span.close()));
        let at = self.real(e.method.span());
        self.push(Expr::MethodCall(receiver, name(&e.method), types, args, at), span)
    }

    fn field(&mut self, e: &syn::ExprField) -> ExprId {
        let base = self.expr(&e.base);
        let span = join(self.span(base), self.real(member_span(&e.member)));
        self.push(Expr::Field(base, member(&e.member)), span)
    }

    fn index(&mut self, e: &syn::ExprIndex) -> ExprId {
        let (base, index) = (self.expr(&e.expr), self.expr(&e.index));
        let span = join(self.span(base), self.real(e.bracket_token.span.close()));
        self.push(Expr::Index(base, index), span)
    }

    fn unary(&mut self, e: &syn::ExprUnary) -> ExprId {
        let inner = self.expr(&e.expr);
        let (lowered, at) = match &e.op {
            syn::UnOp::Deref(token) => (Expr::Deref(inner), token.spans[0]),
            syn::UnOp::Not(token) => (Expr::Unary(UnOp::Not, inner), token.spans[0]),
            syn::UnOp::Neg(token) => (Expr::Unary(UnOp::Neg, inner), token.spans[0]),
            _ => return self.push(Expr::Opaque("syntax"), Span::NONE),
        };
        let span = join(self.real(at), self.span(inner));
        self.push(lowered, span)
    }

    fn binary(&mut self, e: &syn::ExprBinary) -> ExprId {
        let Some((op, assigns, at)) = operator(&e.op) else {
            return self.push(Expr::Opaque("syntax"), Span::NONE);
        };
        let (left, right) = (self.expr(&e.left), self.expr(&e.right));
        let span = join(join(self.span(left), self.real(at)), self.span(right));
        self.push(if assigns { Expr::AssignOp(op, left, right) } else { Expr::Binary(op, left, right) }, span)
    }

    fn reference(&mut self, e: &syn::ExprReference) -> ExprId {
        let inner = self.expr(&e.expr);
        let span = join(self.real(e.and_token.spans[0]), self.span(inner));
        self.push(Expr::Ref(e.mutability.is_some(), inner), span)
    }

    fn assign(&mut self, e: &syn::ExprAssign) -> ExprId {
        let destructures = matches!(
            e.left.as_ref(),
            syn::Expr::Tuple(_) | syn::Expr::Array(_) | syn::Expr::Struct(_) | syn::Expr::Call(_) | syn::Expr::Infer(_)
        );
        let value = self.expr(&e.right);
        if destructures {
            return self.destructure(&e.left, value);
        }
        let place = self.expr(&e.left);
        let span = join(self.span(place), self.span(value));
        self.push(Expr::Assign(place, value), span)
    }

    /// `(a, b.c) = value` becomes `{ let (x, y) = value; a = x; b.c = y; }`.
    fn destructure(&mut self, left: &syn::Expr, value: ExprId) -> ExprId {
        let span = self.span(value);
        let mut assigns = Vec::new();
        let pat = self.assign_pat(left, &mut assigns);
        let mut stmts = vec![Stmt::Let(pat, None, Some(value), None)];
        for (place, local) in assigns {
            let from = self.push(Expr::Local(local), span);
            stmts.push(Stmt::Expr(self.push(Expr::Assign(place, from), span)));
        }
        let block = hir::Block { label: None, stmts, tail: None, is_unsafe: false, is_async: false };
        self.push(Expr::Block(Box::new(block)), span)
    }

    fn assign_pat(&mut self, left: &syn::Expr, assigns: &mut Vec<(ExprId, hir::LocalId)>) -> hir::PatId {
        use hir::Pat;
        let is_rest = |e: &syn::Expr| matches!(e, syn::Expr::Range(r) if r.start.is_none() && r.end.is_none());
        match left {
            syn::Expr::Infer(e) => {
                let span = self.real(e.underscore_token.spans[0]);
                self.push_pat(Pat::Wild, span)
            }
            syn::Expr::Paren(e) => self.assign_pat(&e.expr, assigns),
            syn::Expr::Tuple(syn::ExprTuple { elems, .. })
            | syn::Expr::Array(syn::ExprArray { elems, .. })
            | syn::Expr::Call(syn::ExprCall { args: elems, .. }) => {
                let (mut before, mut after) = (Vec::new(), None::<Vec<_>>);
                for elem in elems {
                    if after.is_none() && is_rest(elem) {
                        after = Some(Vec::new());
                        continue;
                    }
                    let id = self.assign_pat(elem, assigns);
                    match &mut after {
                        Some(after) => after.push(id),
                        None => before.push(id),
                    }
                }
                let pat = match left {
                    syn::Expr::Call(syn::ExprCall { func, .. }) => match func.as_ref() {
                        syn::Expr::Path(path) => {
                            Pat::TupleStruct(self.ctx.path(path.qself.as_ref(), &path.path), before, after)
                        }
                        _ => Pat::Opaque,
                    },
                    syn::Expr::Array(_) => {
                        let rest = after.is_some();
                        Pat::Slice(before, None, after.unwrap_or_default(), rest)
                    }
                    _ => Pat::Tuple(before, after),
                };
                self.push_pat(pat, Span::NONE)
            }
            syn::Expr::Struct(e) => {
                let path = self.ctx.path(e.qself.as_ref(), &e.path);
                let mut fields = Vec::new();
                for field in &e.fields {
                    fields.push((member(&field.member), self.assign_pat(&field.expr, assigns)));
                }
                let span = path.span;
                self.push_pat(Pat::Struct(path, fields, e.dot2_token.is_some()), span)
            }
            place => {
                let place = self.expr(place);
                let span = self.span(place);
                let local = self.local("_assigned".into());
                assigns.push((place, local));
                self.push_pat(Pat::Bind(local, hir::BindMode::Move, None), span)
            }
        }
    }

    fn if_expr(&mut self, e: &syn::ExprIf) -> ExprId {
        let scope = self.visible.len();
        let cond = self.expr(&e.cond);
        let then = self.block(&e.then_branch, None, false, false);
        self.visible.truncate(scope);
        let otherwise = e.else_branch.as_ref().map(|(_, branch)| self.expr(branch));
        let end = self.span(otherwise.unwrap_or(then));
        let span = join(self.real(e.if_token.span), end);
        self.push(Expr::If(cond, then, otherwise), span)
    }

    fn let_expr(&mut self, e: &syn::ExprLet) -> ExprId {
        let value = self.expr(&e.expr);
        let pat = self.pattern(&e.pat);
        let span = join(self.real(e.let_token.span), self.span(value));
        self.push(Expr::Let(pat, value), span)
    }

    fn match_expr(&mut self, e: &syn::ExprMatch) -> ExprId {
        let value = self.expr(&e.expr);
        let mut arms = Vec::with_capacity(e.arms.len());
        for arm in &e.arms {
            if !self.enabled(&arm.attrs) {
                continue;
            }
            let scope = self.visible.len();
            let (pat, guard) = match &arm.pat {
                syn::Pat::Guard(guarded) => {
                    let pat = self.pattern(&guarded.pat);
                    (pat, Some(self.expr(&guarded.guard)))
                }
                pat => (self.pattern(pat), None),
            };
            let body = self.expr(&arm.body);
            self.visible.truncate(scope);
            arms.push(hir::Arm { pat, guard, body });
        }
        let span = self.ctx.real_between(e.match_token.span, e.brace_token.span.close());
        self.push(Expr::Match(value, arms), span)
    }

    fn while_expr(&mut self, e: &syn::ExprWhile) -> ExprId {
        let scope = self.visible.len();
        let cond = self.expr(&e.cond);
        let body = self.block(&e.body, None, false, false);
        self.visible.truncate(scope);
        let span = join(self.real(e.while_token.span), self.span(body));
        self.push(Expr::While(label(e.label.as_ref()), cond, body), span)
    }

    fn for_expr(&mut self, e: &syn::ExprForLoop) -> ExprId {
        let iter = self.expr(&e.expr);
        let scope = self.visible.len();
        let pat = self.pattern(&e.pat);
        let body = self.block(&e.body, None, false, false);
        self.visible.truncate(scope);
        let span = join(self.real(e.for_token.span), self.span(body));
        self.push(Expr::For(label(e.label.as_ref()), pat, iter, body), span)
    }

    fn closure(&mut self, e: &syn::ExprClosure) -> ExprId {
        let scope = self.visible.len();
        self.closures.push((self.body.locals.len() as u32, Vec::new()));
        let mut params = Vec::with_capacity(e.inputs.len());
        for input in &e.inputs {
            params.push(match input {
                syn::Pat::Type(typed) => (self.pattern(&typed.pat), Some(self.ctx.ty(&typed.ty))),
                pat => (self.pattern(pat), None),
            });
        }
        let ret = match &e.output {
            syn::ReturnType::Default => None,
            syn::ReturnType::Type(_, ty) => Some(self.ctx.ty(ty)),
        };
        let body = self.expr(&e.body);
        self.visible.truncate(scope);
        let captures = self.closures.pop().map(|(_, captures)| captures).unwrap_or_default();
        let from = e.capture.map_or(e.inputs_begin.spans[0], |token| token.span);
        let span = join(self.real(from), self.span(body));
        let closure = Closure { params, ret, body, is_move: e.capture.is_some(), captures };
        self.push(Expr::Closure(Box::new(closure)), span)
    }

    fn struct_expr(&mut self, e: &syn::ExprStruct) -> ExprId {
        let path = self.ctx.path(e.qself.as_ref(), &e.path);
        let mut fields = Vec::with_capacity(e.fields.len());
        for field in &e.fields {
            if self.ctx.cfg.enabled(&field.attrs) {
                fields.push((member(&field.member), self.expr(&field.expr)));
            }
        }
        let base = e.rest.as_ref().map(|base| self.expr(base));
        let span = join(path.span, self.real(e.brace_token.span.close()));
        self.push(Expr::Struct(path, fields, base), span)
    }

    fn range(&mut self, e: &syn::ExprRange) -> ExprId {
        let start = e.start.as_ref().map(|end| self.expr(end));
        let end = e.end.as_ref().map(|end| self.expr(end));
        let (inclusive, at) = match &e.limits {
            syn::RangeLimits::HalfOpen(token) => (false, token.spans[0]),
            syn::RangeLimits::Closed(token) => (true, token.spans[0]),
        };
        let mut span = self.real(at);
        for end in [start, end].into_iter().flatten() {
            span = join(span, self.span(end));
        }
        self.push(Expr::Range(start, end, inclusive), span)
    }

    /// `Err(value.into())` returned.
    pub(crate) fn return_err(&mut self, value: ExprId, span: Span) -> ExprId {
        let at = self.span(value);
        let value = self.push(Expr::MethodCall(value, "into".into(), Vec::new(), Vec::new(), at), at);
        let err = self.push(Expr::Path(simple_path("Err", span)), span);
        let call = self.push(Expr::Call(err, vec![value]), span);
        self.push(Expr::Return(Some(call)), span)
    }

    /// `if !cond { then }`
    pub(crate) fn unless(&mut self, cond: ExprId, then: ExprId, span: Span) -> ExprId {
        let at = self.span(cond);
        let not = self.push(Expr::Unary(UnOp::Not, cond), at);
        let stmts = vec![Stmt::Expr(then)];
        let block = hir::Block { label: None, stmts, tail: None, is_unsafe: false, is_async: false };
        let then = self.push(Expr::Block(Box::new(block)), span);
        self.push(Expr::If(not, then, None), span)
    }

    pub(crate) fn bool_lit(&mut self, value: bool, span: Span) -> ExprId {
        self.push(Expr::Lit(Lit::Bool(value)), span)
    }
}

pub(crate) fn label(label: Option<&syn::Label>) -> Option<Name> {
    label.map(|label| label_name(&label.name))
}

/// Labels are hygienic, so they keep the marks of macro expansion.
fn label_name(label: &syn::Lifetime) -> Name {
    Name::new(label.ident.to_string())
}
