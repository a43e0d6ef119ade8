//! Types, paths, generics, literals and attributes: from `syn` to the lowered forms.

use super::cfg::Cfg;
use super::text::{self, MARK, SpanMap};
use crate::ir::Span;
use crate::ir::hir::{Attr, CrateId, GenericParam, Generics, Lit, Name, Path, Segment, TypeRef};
use proc_macro2::Span as PSpan;
use rustc_hash::FxHashMap;
use std::ops::Range;
use std::sync::Arc;
use syn::spanned::Spanned;

/// Prefix of the identifier that stands for `$crate`; the crate's number follows.
pub(crate) const DOLLAR_CRATE: &str = "crate\u{2d0}";

/// What lowering needs to know about the text being lowered.
pub(crate) struct Ctx<'a> {
    /// The parsed slice.
    pub(crate) text: &'a str,
    /// Where it stands.
    pub(crate) map: SpanMap,
    /// The package's cfg.
    pub(crate) cfg: Cfg<'a>,
    /// Items of the blocks around, innermost last: the name in the text, and the name the item got because another
    /// block of the body, or the module, has one of the same name.
    pub(crate) renames: Vec<(Name, Name)>,
    /// Macro calls expanded so far, by their first and by their last byte.
    sites: FxHashMap<usize, Range<usize>>,
}

impl<'a> Ctx<'a> {
    pub(crate) fn new(text: &'a str, map: SpanMap, cfg: Cfg<'a>) -> Self {
        Ctx { text, map, cfg, renames: Vec::new(), sites: FxHashMap::default() }
    }

    /// Notes an expanded call. Delimiters of a definition have the call's span, of which the parser only gives the first
    /// byte for the opening and the last for the closing one; the call's own bytes there belong to no expression.
    pub(crate) fn note_site(&mut self, span: PSpan) {
        let range = span.byte_range();
        if !range.is_empty() {
            self.sites.insert(range.start, range.clone());
            self.sites.insert(range.end - 1, range);
        }
    }
}

impl Ctx<'_> {
    /// A parser span, or all of the call when it is a delimiter that a macro made.
    fn whole(&self, span: PSpan) -> Range<usize> {
        let range = span.byte_range();
        match self.sites.get(&range.start) {
            Some(site) if range.len() == 1 => site.clone(),
            _ => range,
        }
    }

    /// A parser span as people can look it up.
    pub(crate) fn real(&self, span: PSpan) -> Span {
        self.map.real(self.whole(span))
    }

    /// From the beginning of one parser span to the end of another.
    pub(crate) fn real_between(&self, from: PSpan, to: PSpan) -> Span {
        let (from, to) = (self.whole(from), self.whole(to));
        self.map.real(from.start.min(to.start)..to.end.max(from.end))
    }

    /// Like [`Ctx::real_between`], in the coordinates of the text itself.
    pub(crate) fn raw_between(&self, from: PSpan, to: PSpan) -> Span {
        self.map.raw(between(from, to))
    }

    /// The slice's text of a range, without what macro expansion appended to identifiers.
    pub(crate) fn slice(&self, range: std::ops::Range<usize>) -> String {
        unmark(self.text.get(range).unwrap_or(""))
    }

    /// An attribute that stays.
    pub(crate) fn attrs(&self, attrs: &[syn::Attribute]) -> Vec<Attr> {
        self.cfg.resolve(attrs).iter().map(|meta| self.attr(meta)).collect()
    }

    fn attr(&self, meta: &syn::Meta) -> Attr {
        let path = path_text(meta.path());
        let range = match meta {
            syn::Meta::Path(path) => {
                let end = path.segments.last().map_or(0, |segment| segment.ident.span().byte_range().end);
                end..end
            }
            syn::Meta::List(list) => {
                let delims = delimiters(&list.delimiter);
                delims.open().byte_range().end..delims.close().byte_range().start
            }
            syn::Meta::NameValue(pair) => pair.value.span().byte_range(),
        };
        let range = range.start..range.end.max(range.start);
        Attr { path, tokens: self.slice(range.clone()).trim().to_string(), span: self.map.real(range) }
    }

    /// A type.
    pub(crate) fn ty(&self, ty: &syn::Type) -> TypeRef {
        match ty {
            syn::Type::Path(path) => TypeRef::Path(Box::new(self.path(path.qself.as_ref(), &path.path))),
            syn::Type::Reference(reference) => {
                TypeRef::Ref(reference.mutability.is_some(), Box::new(self.ty(&reference.elem)))
            }
            syn::Type::Ptr(pointer) => {
                let mutable = matches!(pointer.mutability, syn::PointerMutability::Mut(_));
                TypeRef::Ptr(mutable, Box::new(self.ty(&pointer.elem)))
            }
            syn::Type::Tuple(tuple) => TypeRef::Tuple(tuple.elems.iter().map(|ty| self.ty(ty)).collect()),
            syn::Type::Slice(slice) => TypeRef::Slice(Box::new(self.ty(&slice.elem))),
            syn::Type::Array(array) => TypeRef::Array(Box::new(self.ty(&array.elem)), self.length(&array.len)),
            syn::Type::FnPtr(function) => TypeRef::Fn(
                function.inputs.iter().map(|arg| self.ty(&arg.ty)).collect(),
                Box::new(self.ret(&function.output)),
            ),
            syn::Type::ImplTrait(bounds) => TypeRef::Impl(self.bounds(&bounds.bounds)),
            syn::Type::TraitObject(bounds) => TypeRef::Dyn(self.bounds(&bounds.bounds)),
            syn::Type::Never(_) => TypeRef::Never,
            syn::Type::Infer(_) => TypeRef::Infer,
            syn::Type::Paren(inner) => self.ty(&inner.elem),
            syn::Type::Group(inner) => self.ty(&inner.elem),
            _ => TypeRef::Opaque,
        }
    }

    fn length(&self, len: &syn::Expr) -> Option<u64> {
        match len {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(int), .. }) => int.base10_parse().ok(),
            syn::Expr::Paren(inner) => self.length(&inner.expr),
            syn::Expr::Group(inner) => self.length(&inner.expr),
            _ => None,
        }
    }

    /// A return type; the empty tuple when left out.
    pub(crate) fn ret(&self, ret: &syn::ReturnType) -> TypeRef {
        match ret {
            syn::ReturnType::Default => TypeRef::Tuple(Vec::new()),
            syn::ReturnType::Type(_, ty) => self.ty(ty),
        }
    }

    /// Trait bounds; lifetimes and `?Sized` are dropped.
    pub(crate) fn bounds<'b>(&self, bounds: impl IntoIterator<Item = &'b syn::TypeParamBound>) -> Vec<TypeRef> {
        bounds
            .into_iter()
            .filter_map(|bound| match bound {
                syn::TypeParamBound::Trait(bound) if bound.maybe.is_none() => {
                    Some(TypeRef::Path(Box::new(self.path(None, &bound.path))))
                }
                _ => None,
            })
            .collect()
    }

    /// Generic parameters with their where clauses.
    pub(crate) fn generics(&self, generics: &syn::Generics) -> Generics {
        let params = generics
            .params
            .iter()
            .filter_map(|param| match param {
                syn::GenericParam::Lifetime(_) => None,
                syn::GenericParam::Type(param) => Some(GenericParam {
                    name: name(&param.ident),
                    bounds: self.bounds(&param.bounds),
                    default: param.default.as_ref().map(|(_, ty)| self.ty(ty)),
                    is_const: false,
                }),
                syn::GenericParam::Const(param) => Some(GenericParam {
                    name: name(&param.ident),
                    bounds: Vec::new(),
                    default: param.default.as_ref().map(|(_, value)| self.const_arg(value)),
                    is_const: true,
                }),
            })
            .collect();
        let wheres = generics.where_clause.iter().flat_map(|clause| &clause.predicates).filter_map(|predicate| {
            let syn::WherePredicate::Type(predicate) = predicate else { return None };
            Some((self.ty(&predicate.bounded_ty), self.bounds(&predicate.bounds)))
        });
        Generics { params, wheres: wheres.collect() }
    }

    fn const_arg(&self, value: &syn::Expr) -> TypeRef {
        match value {
            syn::Expr::Lit(lit) => TypeRef::Const(self.lit(&lit.lit)),
            syn::Expr::Unary(syn::ExprUnary { op: syn::UnOp::Neg(_), expr, .. }) => match self.const_arg(expr) {
                TypeRef::Const(Lit::Int(value, suffix)) => TypeRef::Const(Lit::Int(-value, suffix)),
                _ => TypeRef::Const(Lit::Other),
            },
            syn::Expr::Path(path) => TypeRef::Path(Box::new(self.path(path.qself.as_ref(), &path.path))),
            syn::Expr::Block(block) => match block.block.stmts.as_slice() {
                [syn::Stmt::Expr(value, None)] => self.const_arg(value),
                _ => TypeRef::Const(Lit::Other),
            },
            syn::Expr::Paren(inner) => self.const_arg(&inner.expr),
            syn::Expr::Group(inner) => self.const_arg(&inner.expr),
            _ => TypeRef::Const(Lit::Other),
        }
    }

    /// A path, with or without a self type.
    pub(crate) fn path(&self, qself: Option<&syn::QSelf>, path: &syn::Path) -> Path {
        let mut out = Path {
            // After `<T>` the parser notes the `::` as a leading one.
            global: path.leading_colon.is_some() && qself.is_none(),
            qself: qself.map(|qself| (Box::new(self.ty(&qself.ty)), qself.position)),
            dollar_crate: None,
            segments: Vec::with_capacity(path.segments.len()),
            span: self.path_span(qself, path),
        };
        for (at, segment) in path.segments.iter().enumerate() {
            if at == 0 {
                if let Some(krate) = dollar_crate(&segment.ident) {
                    out.dollar_crate = Some(krate);
                    continue;
                }
            }
            out.segments.push(self.segment(segment));
        }
        let plain = out.qself.is_none() && !out.global && out.dollar_crate.is_none();
        if let (true, Some(first)) = (plain && !self.renames.is_empty(), out.segments.first_mut()) {
            if let Some((_, renamed)) = self.renames.iter().rev().find(|(name, _)| *name == first.name) {
                first.name = renamed.clone();
            }
        }
        out
    }

    fn path_span(&self, qself: Option<&syn::QSelf>, path: &syn::Path) -> Span {
        let first = qself.map(|qself| qself.lt_token.spans[0]);
        let first = first.or(path.leading_colon.map(|colon| colon.spans[0]));
        let first = first.or(path.segments.first().map(|segment| segment.ident.span()));
        let last = path.segments.last().map(|segment| match &segment.arguments {
            syn::PathArguments::None => segment.ident.span(),
            syn::PathArguments::AngleBracketed(args) => args.gt_token.spans[0],
            syn::PathArguments::Parenthesized(args) => args.paren_token.span.close(),
        });
        match (first, last) {
            (Some(first), Some(last)) => self.real_between(first, last),
            (Some(only), None) | (None, Some(only)) => self.real(only),
            (None, None) => Span::NONE,
        }
    }

    fn segment(&self, segment: &syn::PathSegment) -> Segment {
        let mut out = Segment { name: name(&segment.ident), args: Vec::new(), bindings: Vec::new() };
        match &segment.arguments {
            syn::PathArguments::None => {}
            syn::PathArguments::AngleBracketed(args) => (out.args, out.bindings) = self.generic_args(args),
            syn::PathArguments::Parenthesized(args) => {
                out.args.push(TypeRef::Tuple(args.inputs.iter().map(|arg| self.ty(&arg.ty)).collect()));
                out.bindings.push(("Output".into(), self.ret(&args.output)));
            }
        }
        out
    }

    /// Arguments and bindings between angle brackets.
    pub(crate) fn generic_args(
        &self,
        args: &syn::AngleBracketedGenericArguments,
    ) -> (Vec<TypeRef>, Vec<(Name, TypeRef)>) {
        let (mut types, mut bindings) = (Vec::new(), Vec::new());
        for arg in &args.args {
            match arg {
                syn::GenericArgument::Type(ty) => types.push(self.ty(ty)),
                syn::GenericArgument::Const(value) => types.push(self.const_arg(value)),
                syn::GenericArgument::AssocType(assoc) => bindings.push((name(&assoc.ident), self.ty(&assoc.ty))),
                syn::GenericArgument::AssocConst(assoc) => {
                    bindings.push((name(&assoc.ident), self.const_arg(&assoc.value)));
                }
                syn::GenericArgument::Constraint(constraint) => {
                    bindings.push((name(&constraint.ident), TypeRef::Impl(self.bounds(&constraint.bounds))));
                }
                _ => {}
            }
        }
        (types, bindings)
    }

    /// A literal.
    pub(crate) fn lit(&self, lit: &syn::Lit) -> Lit {
        lit_value(lit)
    }
}

/// A literal.
pub(crate) fn lit_value(lit: &syn::Lit) -> Lit {
    match lit {
        syn::Lit::Str(text) => Lit::Str(Arc::from(text.value())),
        syn::Lit::ByteStr(bytes) => Lit::Bytes(Arc::from(bytes.value())),
        syn::Lit::Byte(byte) => Lit::Byte(byte.value()),
        syn::Lit::Char(char) => Lit::Char(char.value()),
        syn::Lit::Bool(bool) => Lit::Bool(bool.value()),
        syn::Lit::Int(int) => {
            let suffix = Some(int.suffix()).filter(|suffix| !suffix.is_empty()).map(Name::new);
            match int.base10_parse::<i128>() {
                Ok(value) if matches!(suffix.as_deref(), Some("f32" | "f64")) => {
                    Lit::Float(Name::new(format!("{value}")))
                }
                Ok(value) => Lit::Int(value, suffix),
                Err(_) => Lit::Other,
            }
        }
        syn::Lit::Float(float) => Lit::Float(Name::new(float.base10_digits())),
        _ => Lit::Other,
    }
}

/// An identifier as a name.
pub(crate) fn name(ident: &proc_macro2::Ident) -> Name {
    Name::new(text::plain(&ident.to_string()))
}

/// The crate a `$crate` identifier stands for.
pub(crate) fn dollar_crate(ident: &proc_macro2::Ident) -> Option<CrateId> {
    let ident = ident.to_string();
    ident.strip_prefix(DOLLAR_CRATE)?.parse().ok().map(CrateId)
}

/// A path as text, without arguments.
pub(crate) fn path_text(path: &syn::Path) -> String {
    let mut out = String::new();
    if path.leading_colon.is_some() {
        out.push_str("::");
    }
    for (at, segment) in path.segments.iter().enumerate() {
        if at > 0 {
            out.push_str("::");
        }
        out.push_str(text::plain(&segment.ident.to_string()));
    }
    out
}

/// The delimiters' spans of a macro or attribute.
pub(crate) fn delimiters(delimiter: &syn::MacroDelimiter) -> proc_macro2::extra::DelimSpan {
    match delimiter {
        syn::MacroDelimiter::Paren(token) => token.span,
        syn::MacroDelimiter::Brace(token) => token.span,
        syn::MacroDelimiter::Bracket(token) => token.span,
    }
}

/// A range from the beginning of one span to the end of another, never inverted.
pub(crate) fn between(from: PSpan, to: PSpan) -> std::ops::Range<usize> {
    let (from, to) = (from.byte_range(), to.byte_range());
    from.start.min(to.start)..to.end.max(from.end)
}

/// Text without what macro expansion appended to identifiers.
fn unmark(text: &str) -> String {
    if !text.contains(MARK) {
        return text.to_string();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        if char == MARK {
            while chars.next_if(|&c| c == MARK || c.is_ascii_digit()).is_some() {}
        } else {
            out.push(char);
        }
    }
    out
}
