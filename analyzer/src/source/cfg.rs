//! Conditional compilation under the one cfg an analysis looks at: the package's features, the target its kind of
//! contract is built for (`wasm32` where no table says otherwise), no tests, no debug assertions. Keys nobody knows
//! are false.

use std::collections::BTreeSet;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

/// The cfg of one package.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cfg<'a> {
    /// Enabled features.
    pub(crate) features: &'a BTreeSet<String>,
    /// What it is built for.
    pub(crate) target: &'a Target,
}

/// A compilation target, and what tells that a package is built for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Crates that only packages built for it depend on.
    pub crates: Vec<String>,
    /// Values of `target_arch` over the years.
    pub arch: Vec<String>,
    /// Value of `target_family`.
    pub family: String,
    /// Value of `target_os`.
    pub os: String,
    /// Value of `target_pointer_width`.
    pub width: String,
}

impl Target {
    /// True when such a package is built for it.
    pub(crate) fn fits(&self, package: &super::Package) -> bool {
        let mut names =
            package.deps.iter().map(|(name, _)| name.as_str()).chain(package.missing.iter().map(String::as_str));
        names.any(|name| self.crates.iter().any(|known| known == name))
    }

    /// `wasm32-unknown-unknown`.
    pub(crate) fn wasm() -> Target {
        let text = str::to_owned;
        let (family, os, width) = (text("wasm"), text("unknown"), text("32"));
        Target { crates: Vec::new(), arch: vec![text("wasm32")], family, os, width }
    }
}

impl Cfg<'_> {
    /// Value of a predicate.
    pub(crate) fn eval(&self, predicate: &Meta) -> bool {
        match predicate {
            Meta::Path(path) => ident(path) == "true",
            Meta::NameValue(pair) => {
                let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &pair.value else { return false };
                let value = text.value();
                match ident(&pair.path).as_str() {
                    "feature" => self.features.contains(&value),
                    "target_arch" => self.target.arch.contains(&value),
                    "target_family" => value == self.target.family,
                    "target_os" => value == self.target.os,
                    "target_pointer_width" => value == self.target.width,
                    "target_endian" => value == "little",
                    "panic" => value == "abort",
                    _ => false,
                }
            }
            Meta::List(list) => {
                let Ok(parts) = metas(list.tokens.clone()) else { return false };
                match ident(&list.path).as_str() {
                    "all" => parts.iter().all(|part| self.eval(part)),
                    "any" => parts.iter().any(|part| self.eval(part)),
                    "not" => parts.first().is_some_and(|part| !self.eval(part)),
                    _ => false,
                }
            }
        }
    }

    /// True when no `cfg` among the attributes is false.
    pub(crate) fn enabled(&self, attrs: &[Attribute]) -> bool {
        attrs.iter().all(|attr| self.meta_enabled(&attr.meta))
    }

    fn meta_enabled(&self, meta: &Meta) -> bool {
        let Meta::List(list) = meta else { return true };
        match ident(&list.path).as_str() {
            "cfg" => metas(list.tokens.clone()).is_ok_and(|parts| parts.first().is_none_or(|part| self.eval(part))),
            "cfg_attr" => {
                let Ok(parts) = metas(list.tokens.clone()) else { return true };
                let mut parts = parts.iter();
                let applies = parts.next().is_some_and(|predicate| self.eval(predicate));
                !applies || parts.all(|part| self.meta_enabled(part))
            }
            _ => true,
        }
    }

    /// True when a `cfg` among the attributes asks for a feature: whoever builds the package decides.
    pub(crate) fn by_feature(&self, attrs: &[Attribute]) -> bool {
        fn asks(meta: &Meta) -> bool {
            match meta {
                Meta::Path(_) => false,
                Meta::NameValue(pair) => ident(&pair.path) == "feature",
                Meta::List(list) => metas(list.tokens.clone()).is_ok_and(|parts| parts.iter().any(asks)),
            }
        }
        attrs.iter().any(|attr| attr.path().is_ident("cfg") && asks(&attr.meta))
    }

    /// The attributes that stay: `cfg_attr` resolved, `cfg` and documentation dropped.
    pub(crate) fn resolve(&self, attrs: &[Attribute]) -> Vec<Meta> {
        let mut out = Vec::new();
        for attr in attrs {
            self.resolve_meta(&attr.meta, &mut out);
        }
        out
    }

    fn resolve_meta(&self, meta: &Meta, out: &mut Vec<Meta>) {
        match ident(meta.path()).as_str() {
            "cfg" | "doc" => {}
            "cfg_attr" => {
                let Meta::List(list) = meta else { return };
                let Ok(parts) = metas(list.tokens.clone()) else { return };
                let mut parts = parts.into_iter();
                if parts.next().is_some_and(|predicate| self.eval(&predicate)) {
                    for part in parts {
                        self.resolve_meta(&part, out);
                    }
                }
            }
            _ => out.push(meta.clone()),
        }
    }
}

fn ident(path: &syn::Path) -> String {
    path.get_ident().map(|ident| super::text::plain(&ident.to_string()).to_string()).unwrap_or_default()
}

fn metas(tokens: proc_macro2::TokenStream) -> syn::Result<Vec<Meta>> {
    let parser = |input: syn::parse::ParseStream| {
        let mut parts: Punctuated<Meta, Token![,]> = Punctuated::new();
        while !input.is_empty() {
            // `cfg(true)`: a literal where a path is expected.
            if input.peek(syn::LitBool) {
                let lit: syn::LitBool = input.parse()?;
                let word = if lit.value { "true" } else { "false" };
                parts.push_value(Meta::Path(syn::Ident::new_raw(word, lit.span()).into()));
            } else {
                parts.push_value(input.parse()?);
            }
            if input.is_empty() {
                break;
            }
            parts.push_punct(input.parse()?);
        }
        Ok(parts.into_iter().collect())
    };
    parser.parse2(tokens)
}
