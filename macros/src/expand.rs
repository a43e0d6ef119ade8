//! Runs the analyzer on what a macro can see and words what it finds.
//!
//! What can be seen is the item's tokens and, where the crate that is compiled is the package's own library, its files:
//! the crate is compiled anew when one of them changes, so a claim cannot be stale. A function is found there by its
//! attribute, and used only if it is the same token by token; else (an unsaved buffer, code that a macro wrote, a test)
//! the tokens alone are analysed. The files are analysed once for all attributes of a crate.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crosslane_analyzer::claims::{Breach, Claim, Claims, judge};
use crosslane_analyzer::ir::Span;
use crosslane_analyzer::manifest::{self, BuildOptions};
use crosslane_analyzer::source::{Package, PackageId, Sources, with_big_stack};
use crosslane_analyzer::{Analysis, Options, analyze, chains, frameworks};
use proc_macro::{Group, TokenStream, TokenTree};

use crate::attr::{Place, Text, function_name};
use crate::fallback::{Wrong, with_errors};
use crate::valid;

/// `footprint` and `parallel`.
pub(crate) fn claim(attribute: &str, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let wrong = valid::arguments(attribute, &arguments);
    if !wrong.is_empty() {
        return with_errors(wrong, item);
    }
    let name = function_name(&item);
    if name.is_empty() {
        let place = Text::new(&item).place(0, 0);
        let message = format!("`crosslane::{attribute}` stands on functions");
        return with_errors(vec![Wrong { message, place }], item);
    }
    let (said, code) = (Text::new(&arguments), Text::new(&item));
    let wrong = match in_package(attribute, &said, &code, &name) {
        Some(wrong) => wrong,
        None => {
            // The attribute was taken off before the macro was called: it is put back in front.
            let head = format!("#[crosslane::{attribute}({})]\n", said.text);
            let analysis = alone(format!("{head}{}", code.text));
            let place = |span: Span| {
                (span.lo as usize >= head.len())
                    .then(|| code.place(span.lo as usize - head.len(), span.hi as usize - head.len()))
            };
            let all = analysis.claims.first();
            all.map(|all| {
                all.claims
                    .iter()
                    .flat_map(|claim| broken(&analysis, all, claim, &place, said.place(0, usize::MAX)))
                    .collect()
            })
            .unwrap_or_default()
        }
    };
    with_errors(wrong, item)
}

/// `contract`.
pub(crate) fn contract(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut wrong = valid::arguments("contract", &arguments);
    let code = Text::new(&item);
    let words: Vec<&str> = code.pieces().iter().map(|(text, _)| *text).take_while(|text| *text != "{").collect();
    let fits = words.contains(&"mod") || words.contains(&"impl");
    if !fits || !code.text.contains('{') {
        let message = "`crosslane::contract` stands on an inline module or an impl".to_owned();
        wrong.push(Wrong { message, place: code.place(0, 0) });
    }
    if !wrong.is_empty() {
        return with_errors(wrong, item);
    }
    let claims_inside = ["footprint", "parallel"].iter().any(|name| code.text.contains(name));
    let embed = !arguments.is_empty();
    let package = package_root();
    let mut item = item;
    if claims_inside && package.is_none() {
        let analysis = alone(code.text.clone());
        let place = |span: Span| Some(code.place(span.lo as usize, span.hi as usize));
        for all in &analysis.claims {
            for claim in &all.claims {
                // The arguments begin behind the bracket's white space; without arguments the function stands in.
                let from = claim.span.lo as usize;
                let base = from + code.text.get(from..).map_or(0, |rest| rest.len() - rest.trim_start().len());
                let at = match attribute_end(&code.text, base) {
                    end if claim.span.is_none() || end <= base => {
                        code.place(claim.name_span.lo as usize, claim.name_span.hi as usize)
                    }
                    end => code.place(base, end),
                };
                if let Err(told) = &claim.kind {
                    wrong.extend(told.iter().map(|it| Wrong {
                        message: it.message.clone(),
                        place: code.place(base + it.lo, base + it.hi.max(it.lo + 1)),
                    }));
                }
                wrong.extend(broken(&analysis, all, claim, &place, at));
            }
        }
        // They are checked now; without this each would be checked again with less in view.
        item = without_claims(item);
    }
    if embed {
        match package {
            Some(dir) if forbids_unsafe(&dir) => wrong.push(Wrong {
                message: "`embed` needs `#[unsafe(link_section)]`, and this crate forbids `unsafe_code`: make it \
                          `deny(unsafe_code)`, or leave `embed` out and ship crosslane.json"
                    .to_owned(),
                place: Text::new(&arguments).place(0, 0),
            }),
            Some(dir) => item.extend(section(&whole(&dir))),
            None => item.extend(section(&alone(code.text.clone()))),
        }
    }
    with_errors(wrong, item)
}

/// Where the argument text of an attribute ends: at the bracket that closes it.
fn attribute_end(text: &str, from: usize) -> usize {
    let mut depth = 0i32;
    for (at, byte) in text.bytes().enumerate().skip(from) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' if depth == 0 => return at,
            b')' | b']' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// What is wrong with one claim, in words: one message on the claim with the footprint that was found, one on each
/// offending expression.
fn broken(
    analysis: &Analysis,
    all: &Claims,
    claim: &Claim,
    place: &dyn Fn(Span) -> Option<Place>,
    at: Place,
) -> Vec<Wrong> {
    let Some(chain) = chains::get(&all.view.chain) else { return Vec::new() };
    let breaches = judge(all, claim, chain);
    let mut wrong = Vec::new();
    for Breach { message, at: places, inferred, note, .. } in &breaches {
        let mut elsewhere = Vec::new();
        for (span, label) in places {
            match place(*span) {
                Some(place) => {
                    let why = if claim.attribute == "parallel" { "calls meet here" } else { "not in the footprint" };
                    wrong.push(Wrong { message: format!("{label}: {why}, claimed on `{}`", claim.function), place });
                }
                None => {
                    elsewhere.extend(analysis.files.locate(*span).map(|it| format!("{}:{}: {label}", it.file, it.line)))
                }
            }
        }
        let mut text = message.clone();
        for line in elsewhere {
            text.push_str(&format!("\n  = at {line}"));
        }
        if let Some(note) = note {
            text.push_str(&format!("\n  = {note}"));
        }
        text.push_str(&format!("\n  = what it does: {inferred}"));
        wrong.push(Wrong { message: text, place: at });
    }
    wrong
}

/// The tokens as they are, without the claims of this crate inside.
fn without_claims(item: TokenStream) -> TokenStream {
    let mut out: Vec<TokenTree> = Vec::new();
    for tree in item {
        if let TokenTree::Group(group) = &tree {
            let text: String = group.stream().to_string().chars().filter(|c| !c.is_whitespace()).collect();
            let ours = ["crosslane::footprint", "crosslane::parallel", "crosslane::trusted"];
            let hash = matches!(out.last(), Some(TokenTree::Punct(punct)) if punct.as_char() == '#');
            if hash && ours.iter().any(|name| text.trim_start_matches("::").starts_with(name)) {
                out.pop();
                continue;
            }
            let mut inner = Group::new(group.delimiter(), without_claims(group.stream()));
            inner.set_span(group.span());
            out.push(TokenTree::Group(inner));
            continue;
        }
        out.push(tree);
    }
    out.into_iter().collect()
}

struct Alone(String);

impl Sources for Alone {
    fn read(&self, _: PackageId, path: &str) -> Option<Arc<str>> {
        (path == "src/lib.rs").then(|| self.0.as_str().into())
    }
}

/// The package as a macro knows it: every library that has a table is there by its table.
fn package(root: &str) -> Package {
    let tables = frameworks::models::TABLES.iter().map(|(file, _)| file.trim_end_matches(".toml").to_owned());
    let name = std::env::var("CARGO_PKG_NAME").unwrap_or_default();
    Package {
        crate_name: name.replace('-', "_"),
        name,
        version: std::env::var("CARGO_PKG_VERSION").unwrap_or_default(),
        root: root.to_owned(),
        edition: 2021,
        missing: tables.filter(|name| name != "std").chain(["crosslane".to_owned()]).collect(),
        analysed: true,
        ..Package::default()
    }
}

fn alone(text: String) -> Analysis {
    analyze(&Alone(text), vec![package("src/lib.rs")], &Options::default())
}

/// The folder of the package whose library is being compiled, if its files can be read.
fn package_root() -> Option<PathBuf> {
    let dir = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR")?);
    let package = std::env::var("CARGO_PKG_NAME").ok()?.replace('-', "_");
    let krate = std::env::var("CARGO_CRATE_NAME").ok()?;
    (krate == package && dir.join("src/lib.rs").is_file()).then_some(dir)
}

/// The package's own files, and nothing outside of its folder.
struct Files(PathBuf);

impl Sources for Files {
    fn read(&self, _: PackageId, path: &str) -> Option<Arc<str>> {
        let path = Path::new(path);
        if path.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
            return None;
        }
        let at = self.0.join(path);
        if !at.is_file() {
            return None;
        }
        std::fs::read_to_string(at).ok().map(Arc::from)
    }
}

/// The analysis of a whole package, once for each process (the compiler starts one for each crate).
fn whole(dir: &Path) -> Arc<Analysis> {
    static KNOWN: OnceLock<Mutex<BTreeMap<PathBuf, Arc<Analysis>>>> = OnceLock::new();
    let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    // An editor's macro server lives on while files change.
    if !long_lived() {
        if let Some(analysis) = known.get(dir) {
            return analysis.clone();
        }
    }
    let found = Arc::new(analyze(&Files(dir.to_path_buf()), vec![package("src/lib.rs")], &Options::default()));
    known.insert(dir.to_path_buf(), found.clone());
    found
}

/// True inside a server that expands macros for an editor.
fn long_lived() -> bool {
    std::env::current_exe().is_ok_and(|exe| exe.to_string_lossy().contains("rust-analyzer"))
}

/// The claim as the package's files have it; `None` when the function is not there or not the same.
fn in_package(attribute: &str, said: &Text, code: &Text, function: &str) -> Option<Vec<Wrong>> {
    let analysis = whole(&package_root()?);
    let squeeze = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let mut found = None;
    for all in &analysis.claims {
        for claim in &all.claims {
            if claim.attribute != attribute || claim.function != function {
                continue;
            }
            let file = analysis.files.file(claim.span.file)?;
            let from = claim.span.lo as usize;
            let written = file.text.get(from..attribute_end(&file.text, from))?;
            if squeeze(written) != squeeze(&said.text) {
                continue;
            }
            let Some(lexed) = lexed(analysis.files.text(claim.item_span), claim.item_span.lo) else { continue };
            if let Some(spans) = aligned(&lexed, code) {
                let place = |span: Span| {
                    let inside = span.file == claim.item_span.file
                        && claim.item_span.lo <= span.lo
                        && span.hi <= claim.item_span.hi;
                    let touched: Vec<_> =
                        spans.iter().filter(|(lo, hi, _)| inside && *lo < span.hi && span.lo < *hi).collect();
                    Some(Place { from: touched.first()?.2, to: touched.last()?.2 })
                };
                found = Some(broken(&analysis, all, claim, &place, said.place(0, usize::MAX)));
            }
        }
    }
    found
}

/// Tokens of a text with their byte ranges, which begin at `base`.
fn lexed(text: &str, base: u32) -> Option<Vec<(String, u32, u32)>> {
    with_big_stack(|| {
        fn flat(stream: proc_macro2::TokenStream, base: u32, out: &mut Vec<(String, u32, u32)>) {
            let range = |span: proc_macro2::Span| {
                let range = span.byte_range();
                (base + range.start as u32, base + range.end as u32)
            };
            for tree in stream {
                match tree {
                    proc_macro2::TokenTree::Group(group) => {
                        let (open, close) = match group.delimiter() {
                            proc_macro2::Delimiter::Parenthesis => ("(", ")"),
                            proc_macro2::Delimiter::Brace => ("{", "}"),
                            proc_macro2::Delimiter::Bracket => ("[", "]"),
                            proc_macro2::Delimiter::None => ("", ""),
                        };
                        let (lo, hi) = range(group.span_open());
                        out.push((open.to_owned(), lo, hi));
                        flat(group.stream(), base, out);
                        let (lo, hi) = range(group.span_close());
                        out.push((close.to_owned(), lo, hi));
                    }
                    other => {
                        let (lo, hi) = range(other.span());
                        out.push((other.to_string(), lo, hi));
                    }
                }
            }
        }
        let stream: proc_macro2::TokenStream = text.parse().ok()?;
        let mut out = Vec::new();
        flat(stream, base, &mut out);
        Some(out)
    })
}

/// The compiler's span for each token of the file's function, if both end in the same tokens.
fn aligned(lexed: &[(String, u32, u32)], code: &Text) -> Option<Vec<(u32, u32, proc_macro::Span)>> {
    let pieces = code.pieces();
    let start = lexed.iter().position(|(text, ..)| text == "fn")?;
    let wanted = &lexed[start..];
    let offset = pieces.len().checked_sub(wanted.len())?;
    let mut out = Vec::with_capacity(wanted.len());
    for ((text, lo, hi), (piece, span)) in wanted.iter().zip(&pieces[offset..]) {
        if text != piece {
            return None;
        }
        out.push((*lo, *hi, *span));
    }
    Some(out)
}

/// True when the crate forbids what `embed` needs: rustc would say so about code that nobody wrote.
fn forbids_unsafe(dir: &Path) -> bool {
    let read = |path: &str| std::fs::read_to_string(dir.join(path)).unwrap_or_default();
    forbids(&read("src/lib.rs"), &read("Cargo.toml"))
}

fn forbids(root: &str, manifest: &str) -> bool {
    let squeeze = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let (root, manifest) = (squeeze(root), squeeze(manifest));
    let mut lists = root.split("#![forbid(").skip(1).filter_map(|rest| rest.split(')').next());
    lists.any(|list| list.split(',').any(|lint| lint == "unsafe_code"))
        || ["unsafe_code=\"forbid\"", "unsafe_code={level=\"forbid\""].iter().any(|text| manifest.contains(text))
}

/// The manifest as a static in a section of its own.
fn section(analysis: &Analysis) -> TokenStream {
    let options = BuildOptions { no_spans: true, ..BuildOptions::default() };
    let manifest = manifest::build(analysis, &options);
    let text = manifest::write_compact(&manifest);
    let code = format!(
        "#[doc(hidden)] const _: () = {{
            #[used]
            #[cfg_attr(target_vendor = \"apple\", unsafe(link_section = \"__DATA,__crosslane_v1\"))]
            #[cfg_attr(not(target_vendor = \"apple\"), unsafe(link_section = \".crosslane.v1\"))]
            static MANIFEST: [u8; {}] = *b\"{}\";
        }};",
        text.len(),
        text.escape_default()
    );
    code.parse().unwrap_or_default()
}

/// Keeps the names of attributes in one place.
#[cfg(test)]
mod tests {
    #[test]
    fn what_forbids_embed() {
        let forbids = super::forbids;
        assert!(forbids("//! A contract.\n#![forbid(unsafe_code)]\n", ""));
        assert!(forbids("#![forbid(\n    missing_docs,\n    unsafe_code,\n)]", ""));
        assert!(forbids("", "[lints.rust]\nunsafe_code = \"forbid\"\n"));
        assert!(forbids("", "[lints.rust]\nunsafe_code = { level = \"forbid\", priority = 1 }\n"));
        assert!(!forbids("#![deny(unsafe_code)]\n#![forbid(missing_docs)]", "[lints.rust]\nunsafe_code = \"deny\"\n"));
    }

    #[test]
    fn every_attribute_is_known_to_the_analyzer() {
        let source = include_str!("lib.rs");
        for name in crosslane_analyzer::claims::ATTRIBUTES {
            assert!(source.contains(&format!("pub fn {name}(arguments")), "{name}");
        }
    }
}
