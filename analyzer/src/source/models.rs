//! Model files: knowledge about an SDK as Rust rows in TOML, read into crates that overlay the real ones.

use super::text::Piece;
use crate::ir::{FileId, Span};
use serde::Deserialize;
use std::sync::Arc;
use toml::Spanned;

/// A model file, read.
#[derive(Clone, Debug)]
pub struct ModelCrate {
    /// Name in paths.
    pub name: String,
    /// Other crate names that mean the same.
    pub aliases: Vec<String>,
    /// Versions the rows describe, such as `1.x`; empty for any.
    pub versions: Vec<String>,
    /// Where the knowledge comes from.
    pub source: Option<String>,
    /// Names of types whose values give access to state.
    pub capability: Vec<String>,
    /// Any crate that depends on this one can touch state without a capability.
    pub ambient: bool,
    /// Functions of the crate that have no row are free of effects.
    pub pure: bool,
    /// Where keys name their places: attributes that make a type's own structure its key.
    pub key_attributes: Vec<String>,
    /// Where keys name their places: functions of a type's own impls that make its key.
    pub key_conversions: Vec<String>,
    /// Methods of generated handles of other contracts that set up the call and are none.
    pub stand_in_builders: Vec<String>,
    /// The real crate is never read: what has no row is foreign. All names stand in the root, whatever modules the real
    /// crate has.
    pub closed: bool,
    /// The rows, in order.
    pub rows: Vec<ModelRow>,
    /// What building a struct or variant (by its path) does; the fields are in scope.
    pub constructs: Vec<ModelText>,
    /// What a parameter of an entry point is, by the path of its type.
    pub params: Vec<ModelText>,
    /// How values of a type are encoded, by its path: `uint(128)`, `address(bech32)`, `opaque` …
    pub types: Vec<(String, String)>,
    /// Kinds of cells whose raw keys are those of another kind.
    pub kinds: Vec<(String, String)>,
    /// Name of the file, for locations.
    pub file_name: String,
    /// Text of the file.
    pub text: Arc<str>,
}

/// A row.
#[derive(Clone, Debug)]
pub struct ModelRow {
    /// Header of the impl or trait block the row stands in.
    pub block: Option<String>,
    /// Where `block` stands in the file.
    block_range: (u32, u32),
    /// The Rust text.
    pub rust: String,
    /// Where the text stands in the file.
    rust_range: (u32, u32),
    /// True when the text is in the file as it is, so offsets can be carried over.
    verbatim: bool,
    /// Versions the row describes, such as `>=0.14` or `<0.14`; `None` for all that the model covers.
    pub versions: Option<String>,
    /// Where the knowledge comes from, relative to the crate's source.
    pub source: Option<String>,
}

/// Rust text about a type or variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelText {
    /// Path of the type or variant, from the root of the model's crate.
    pub path: String,
    /// The Rust text: a block's content.
    pub rust: String,
    /// Where it stands in the file.
    pub range: (u32, u32),
}

/// Why a model file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct ModelError {
    /// What is wrong.
    pub message: String,
    /// Name of the file.
    pub file: String,
    /// One-based line.
    pub line: u32,
    /// One-based column, in characters.
    pub column: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(rename = "crate")]
    head: RawHead,
    #[serde(default)]
    row: Vec<RawRow>,
    #[serde(default)]
    constructs: Vec<RawConstruct>,
    #[serde(default)]
    param: Vec<RawParam>,
    #[serde(default, rename = "type")]
    types: Vec<RawType>,
    #[serde(default)]
    kind: Vec<RawKind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHead {
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    versions: String,
    source: Option<String>,
    #[serde(default)]
    capability: Vec<String>,
    #[serde(default)]
    ambient: bool,
    #[serde(default)]
    pure: bool,
    #[serde(default)]
    key_attributes: Vec<String>,
    #[serde(default)]
    key_conversions: Vec<String>,
    #[serde(default)]
    stand_in_builders: Vec<String>,
    #[serde(default)]
    closed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRow {
    #[serde(rename = "in")]
    block: Option<Spanned<String>>,
    rust: Spanned<String>,
    versions: Option<String>,
    source: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConstruct {
    path: String,
    does: Spanned<String>,
    #[serde(rename = "source")]
    _source: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawParam {
    #[serde(rename = "type")]
    path: String,
    value: Spanned<String>,
    #[serde(rename = "source")]
    _source: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawType {
    name: String,
    #[serde(rename = "as")]
    encoding: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKind {
    name: String,
    like: String,
}

impl ModelText {
    fn new(path: String, rust: Spanned<String>) -> ModelText {
        let range = rust.span();
        ModelText { path, rust: rust.into_inner(), range: (range.start as u32, range.end as u32) }
    }
}

/// Reads a model file.
///
/// # Errors
/// When the text is not TOML of this form, or a row's Rust does not parse.
pub fn parse_model(file_name: &str, text: &str) -> Result<ModelCrate, ModelError> {
    parse(file_name, text, true)
}

/// Reads a model file whose rows a test has parsed: they are parsed once, when something reaches into the crate.
///
/// # Errors
/// When the text is not TOML of this form.
pub(crate) fn parse_checked_model(file_name: &str, text: &str) -> Result<ModelCrate, ModelError> {
    parse(file_name, text, false)
}

fn parse(file_name: &str, text: &str, check: bool) -> Result<ModelCrate, ModelError> {
    let error = |message: String, at: usize| {
        let before = text.get(..at).unwrap_or("");
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) as u32 + 1;
        ModelError { message, file: file_name.to_string(), line, column }
    };
    let raw: RawFile = toml::from_str(text)
        .map_err(|bad| error(bad.message().to_string(), bad.span().map_or(0, |span| span.start)))?;
    let mut rows = Vec::with_capacity(raw.row.len());
    for row in raw.row {
        let block_range = row.block.as_ref().map_or(0..0, Spanned::span);
        let range = row.rust.span();
        let rust = row.rust.into_inner();
        let literal = text.get(range.clone()).unwrap_or("");
        let start = literal.find(rust.as_str()).filter(|_| !rust.is_empty());
        let rust_range = match start {
            Some(at) => (range.start + at, range.start + at + rust.len()),
            None => (range.start, range.end),
        };
        let row = ModelRow {
            block: row.block.map(Spanned::into_inner),
            block_range: (block_range.start as u32, block_range.end as u32),
            rust,
            rust_range: (rust_range.0 as u32, rust_range.1 as u32),
            verbatim: start.is_some(),
            versions: row.versions,
            source: row.source,
        };
        if check {
            if let Err(bad) = row.check() {
                return Err(error(format!("the row's Rust cannot be read: {}", bad.0), row.offset_of(bad.1)));
            }
        }
        rows.push(row);
    }
    let versions = raw.head.versions.split(',').map(|part| part.trim().to_string()).filter(|part| !part.is_empty());
    Ok(ModelCrate {
        name: raw.head.name,
        aliases: raw.head.aliases,
        versions: versions.collect(),
        source: raw.head.source,
        capability: raw.head.capability,
        ambient: raw.head.ambient,
        pure: raw.head.pure,
        key_attributes: raw.head.key_attributes,
        key_conversions: raw.head.key_conversions,
        stand_in_builders: raw.head.stand_in_builders,
        closed: raw.head.closed,
        rows,
        constructs: raw.constructs.into_iter().map(|row| ModelText::new(row.path, row.does)).collect(),
        params: raw.param.into_iter().map(|row| ModelText::new(row.path, row.value)).collect(),
        types: raw.types.into_iter().map(|row| (row.name, row.encoding)).collect(),
        kinds: raw.kind.into_iter().map(|row| (row.name, row.like)).collect(),
        file_name: file_name.to_string(),
        text: text.into(),
    })
}

impl ModelCrate {
    /// True when paths may name the crate so.
    pub fn is_named(&self, name: &str) -> bool {
        self.name == name || self.aliases.iter().any(|alias| alias == name)
    }

    /// True when the rows describe this version of this crate.
    pub fn covers(&self, crate_name: &str, version: &str) -> bool {
        let matches = |pattern: &String| {
            let mut parts = version.split(['.', '-', '+']);
            pattern.split('.').all(|wanted| wanted == "x" || wanted == "*" || parts.next() == Some(wanted))
        };
        self.is_named(crate_name)
            && (self.versions.is_empty() || version.is_empty() || self.versions.iter().any(matches))
    }
}

impl ModelRow {
    /// True when the row describes this version of its crate; an empty version is the newest.
    pub fn covers(&self, version: &str) -> bool {
        let numbers = |text: &str| {
            let mut parts = text.split(['.', '-', '+']).map(|part| part.trim().parse().unwrap_or(0u64));
            (parts.next().unwrap_or(0), parts.next().unwrap_or(0), parts.next().unwrap_or(0))
        };
        let newest = (u64::MAX, 0, 0);
        let version = if version.is_empty() { newest } else { numbers(version) };
        match self.versions.as_deref() {
            Some(wanted) => match (wanted.strip_prefix(">="), wanted.strip_prefix('<')) {
                (Some(from), _) => version >= numbers(from),
                (_, Some(below)) => version < numbers(below),
                _ => true,
            },
            None => true,
        }
    }

    /// The row as a text of its own, with the way back to the file.
    pub(crate) fn virtual_text(&self, file: FileId) -> (String, Vec<Piece>) {
        let mut text = String::new();
        let mut pieces = Vec::new();
        let mut add = |part: &str, (lo, hi): (u32, u32), copied: bool| {
            let from = text.len() as u32;
            text.push_str(part);
            let span = Span { file, lo, hi };
            pieces.push(Piece { lo: from, hi: text.len() as u32, span, copied });
        };
        if let Some(block) = &self.block {
            add(&format!("{block} {{\n"), self.block_range, false);
        }
        add(&self.rust, self.rust_range, self.verbatim);
        if self.block.is_some() {
            add("\n}", self.block_range, false);
        }
        (text, pieces)
    }

    /// Message and offset in the virtual text of the first thing that cannot be read.
    fn check(&self) -> Result<(), (String, usize)> {
        let (text, _) = self.virtual_text(FileId(0));
        super::text::check(&text).map_err(|message| (message.to_string(), 0))?;
        let _guard = super::text::SpanGuard::new();
        syn::parse_str::<syn::File>(&text).map(|_| ()).map_err(|bad| (bad.to_string(), bad.span().byte_range().start))
    }

    /// Offset in the file of an offset in the virtual text.
    fn offset_of(&self, at: usize) -> usize {
        let (_, pieces) = self.virtual_text(FileId(0));
        let piece = pieces.iter().find(|piece| (piece.lo as usize) <= at && at < piece.hi as usize);
        piece.map_or(self.rust_range.0 as usize, |piece| {
            let inside = if piece.copied { at - piece.lo as usize } else { 0 };
            piece.span.lo as usize + inside
        })
    }
}
