//! Every row of every model table must be Rust that parses, name only things that exist, and use only the intrinsics
//! that the engine has. The interpreter would treat a misspelt name as unknown, and nobody would notice.

#![allow(clippy::unwrap_used)]

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};

/// The functions and types of `host`; README.md of the models says what each means.
const HOST: &str = "Cell Seq cell read probe write delete append scan scan_keys same shared prefixed inject pure any opaque decode add sub min max \
    or and xor checked_add checked_sub env caller origin this maybe fail external balance unknown elements \
    capability send observe named touch authorize stored fresh fresh_at latent below guard nested root \
    save_root attached callback role name_of assume at entry part slot fields value";

/// Names that Rust itself gives.
const BUILTIN: &str =
    "Self self crate super host std u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize bool str char f32 f64";

struct Table {
    file: String,
    name: String,
    items: Vec<syn::Item>,
    /// Rust text outside rows (`does`, `value`), as blocks.
    blocks: Vec<(String, syn::Block)>,
    constructs: Vec<String>,
}

fn tables() -> Vec<Table> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/frameworks/models");
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ext| ext == "toml"));
    files.sort();
    assert!(!files.is_empty());
    files.iter().filter_map(|path| table(path)).collect()
}

fn table(path: &Path) -> Option<Table> {
    let file = path.file_name().unwrap().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).unwrap();
    let doc: toml::Table = toml::from_str(&text).unwrap_or_else(|e| panic!("{file}: {e}"));
    let krate = doc.get("crate")?;
    let name = krate["name"].as_str().unwrap().to_owned();
    assert!(krate["source"].is_str() && krate["versions"].is_str(), "{file}: [crate] needs source and versions");
    let mut items = Vec::new();
    for row in rows(&doc, "row") {
        let rust = row["rust"].as_str().unwrap();
        assert!(row.get("source").is_some_and(toml::Value::is_str), "{file}: a row without source: {rust}");
        let whole = match row.get("in").and_then(toml::Value::as_str) {
            Some(header) => format!("{header} {{ {rust} }}"),
            None => rust.to_owned(),
        };
        let parsed =
            syn::parse_file(&whole).unwrap_or_else(|e| panic!("{file}: {e} at {:?} in\n{whole}", e.span().start()));
        items.extend(parsed.items);
    }
    let mut blocks = Vec::new();
    let mut constructs = Vec::new();
    for row in rows(&doc, "constructs") {
        let path = row["path"].as_str().unwrap();
        let text = format!("{{ {} }}", row["does"].as_str().unwrap());
        blocks.push((path.to_owned(), syn::parse_str(&text).unwrap_or_else(|e| panic!("{file}: {e} in {text}"))));
        constructs.push(path.to_owned());
    }
    for row in rows(&doc, "param") {
        let text = format!("{{ {} }}", row["value"].as_str().unwrap());
        let name = row["type"].as_str().unwrap().to_owned();
        blocks.push((name, syn::parse_str(&text).unwrap_or_else(|e| panic!("{file}: {e} in {text}"))));
    }
    Some(Table { file, name, items: expand(items), blocks, constructs })
}

fn rows<'a>(doc: &'a toml::Table, key: &str) -> &'a [toml::Value] {
    doc.get(key).and_then(toml::Value::as_array).map_or(&[], |rows| rows.as_slice())
}

/// Expands the one shape of `macro_rules!` that rows call themselves: `($($A:ident, $B:ident);*) => { $( .. )* };`.
fn expand(items: Vec<syn::Item>) -> Vec<syn::Item> {
    let mut rules: BTreeMap<String, TokenStream> = BTreeMap::new();
    let mut out = Vec::new();
    for item in items {
        let syn::Item::Macro(call) = item else {
            out.push(item);
            continue;
        };
        match &call.ident {
            Some(name) => {
                rules.insert(name.to_string(), call.mac.tokens);
            }
            None => {
                let name = call.mac.path.get_ident().unwrap().to_string();
                let rule = rules.get(&name).unwrap_or_else(|| panic!("macro {name} is not defined before its use"));
                out.extend(call_rule(&name, rule, call.mac.tokens.clone()));
            }
        }
    }
    out
}

fn call_rule(name: &str, rule: &TokenStream, args: TokenStream) -> Vec<syn::Item> {
    let groups: Vec<Group> = groups(rule);
    let matcher: Vec<TokenTree> = groups[0].stream().into_iter().collect();
    let TokenTree::Group(one) = &matcher[1] else { panic!("{name}: matcher") };
    let vars: Vec<String> = variables(&one.stream());
    let body: Vec<TokenTree> = groups[1].stream().into_iter().collect();
    let TokenTree::Group(repeated) = &body[1] else { panic!("{name}: body") };
    let outer = if matches!(&matcher[2], TokenTree::Punct(p) if p.as_char() == ';') { ';' } else { ',' };
    let mut out = Vec::new();
    for arg in split(args, outer) {
        let inner = if outer == ';' { split(arg, ',') } else { split_arrow(arg) };
        assert_eq!(inner.len(), vars.len(), "{name}: arguments");
        let values: BTreeMap<String, TokenStream> = vars.iter().cloned().zip(inner).collect();
        let text = substitute(repeated.stream(), &values);
        out.extend(syn::parse2::<syn::File>(text).unwrap_or_else(|e| panic!("{name}: {e}")).items);
    }
    out
}

fn groups(tokens: &TokenStream) -> Vec<Group> {
    let group = |tree| if let TokenTree::Group(group) = tree { Some(group) } else { None };
    tokens.clone().into_iter().filter_map(group).collect()
}

fn variables(tokens: &TokenStream) -> Vec<String> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let var = |pair: &[TokenTree]| match pair {
        [TokenTree::Punct(p), TokenTree::Ident(name)] if p.as_char() == '$' => Some(name.to_string()),
        _ => None,
    };
    trees.windows(2).filter_map(var).collect()
}

fn split(tokens: TokenStream, separator: char) -> Vec<TokenStream> {
    let mut out = vec![TokenStream::new()];
    for tree in tokens {
        if matches!(&tree, TokenTree::Punct(p) if p.as_char() == separator) {
            out.push(TokenStream::new());
        } else {
            out.last_mut().unwrap().extend([tree]);
        }
    }
    out.retain(|part| !part.is_empty());
    out
}

fn split_arrow(tokens: TokenStream) -> Vec<TokenStream> {
    let mut out = split(tokens, '=');
    for part in out.iter_mut().skip(1) {
        *part = part.clone().into_iter().skip(1).collect();
    }
    out
}

fn substitute(tokens: TokenStream, values: &BTreeMap<String, TokenStream>) -> TokenStream {
    let mut out = TokenStream::new();
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Punct(p) if p.as_char() == '$' => {
                let Some(TokenTree::Ident(name)) = trees.next() else { panic!("`$` without a name") };
                let name = name.to_string();
                out.extend(values.get(&name).unwrap_or_else(|| panic!("`${name}` is not bound")).clone());
            }
            TokenTree::Group(group) => {
                out.extend([TokenTree::Group(Group::new(group.delimiter(), substitute(group.stream(), values)))]);
            }
            other => out.extend([other]),
        }
    }
    out
}

/// What a table declares, by name; enums with their variants, structs with their fields.
#[derive(Default)]
struct Declared {
    names: BTreeSet<String>,
    variants: BTreeMap<String, BTreeSet<String>>,
    fields: BTreeMap<String, BTreeSet<String>>,
}

impl Declared {
    fn add(&mut self, items: &[syn::Item]) {
        for item in items {
            let name = match item {
                syn::Item::Fn(item) => item.sig.ident.to_string(),
                syn::Item::Trait(item) => item.ident.to_string(),
                syn::Item::Type(item) => item.ident.to_string(),
                syn::Item::Const(item) => item.ident.to_string(),
                syn::Item::Struct(item) => {
                    self.fields.insert(item.ident.to_string(), field_names(&item.fields));
                    item.ident.to_string()
                }
                syn::Item::Enum(item) => {
                    let enum_name = item.ident.to_string();
                    for variant in &item.variants {
                        self.variants.entry(enum_name.clone()).or_default().insert(variant.ident.to_string());
                        self.fields.insert(format!("{enum_name}::{}", variant.ident), field_names(&variant.fields));
                    }
                    enum_name
                }
                syn::Item::Mod(item) => {
                    self.add(&item.content.as_ref().unwrap().1);
                    item.ident.to_string()
                }
                syn::Item::Use(item) => {
                    self.add_use(&item.tree);
                    continue;
                }
                _ => continue,
            };
            self.names.insert(name);
        }
    }

    fn add_use(&mut self, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => self.add_use(&path.tree),
            syn::UseTree::Name(name) => drop(self.names.insert(name.ident.to_string())),
            syn::UseTree::Rename(name) => drop(self.names.insert(name.rename.to_string())),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_use(tree)),
            syn::UseTree::Glob(_) => {}
        }
    }
}

fn field_names(fields: &syn::Fields) -> BTreeSet<String> {
    let name = |(index, field): (usize, &syn::Field)| field.ident.as_ref().map_or(index.to_string(), Ident::to_string);
    fields.iter().enumerate().map(name).collect()
}

struct Check<'a> {
    table: &'a Table,
    declared: &'a Declared,
    std: &'a Declared,
    /// Everything bound anywhere in the table: generics, parameters, locals. Scopes are not kept apart.
    bound: BTreeSet<String>,
    problems: Vec<String>,
}

impl Check<'_> {
    fn path(&mut self, path: &syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let first = names[0].as_str();
        if first == "host" {
            if names.len() != 2 || !HOST.split(' ').any(|name| name == names[1]) {
                self.problems.push(format!("no intrinsic {}", names.join("::")));
            }
            return;
        }
        let known = BUILTIN.split(' ').any(|name| name == first)
            || self.bound.contains(first)
            || self.declared.names.contains(first)
            || self.std.names.contains(first);
        if !known {
            self.problems.push(format!("unknown name {}", names.join("::")));
        }
        if let [.., owner, last] = names.as_slice() {
            let variants = self.declared.variants.get(owner).or_else(|| self.std.variants.get(owner));
            if variants.is_some_and(|variants| last.starts_with(char::is_uppercase) && !variants.contains(last)) {
                let is_const = last.chars().all(|c| c.is_uppercase() || c == '_');
                if !is_const {
                    self.problems.push(format!("{owner} has no variant {last}"));
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Check<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.path(path);
        visit::visit_path(self, path);
    }
    fn visit_expr_struct(&mut self, expr: &'ast syn::ExprStruct) {
        let names: Vec<String> = expr.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let Some(fields) = self.declared.fields.get(&names.join("::")) {
            let written: BTreeSet<String> = expr
                .fields
                .iter()
                .map(|field| match &field.member {
                    syn::Member::Named(name) => name.to_string(),
                    syn::Member::Unnamed(index) => index.index.to_string(),
                })
                .collect();
            if &written != fields {
                self.problems.push(format!("{} is built with {written:?}, has {fields:?}", names.join("::")));
            }
        }
        visit::visit_expr_struct(self, expr);
    }
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        let name = mac.path.get_ident().map(Ident::to_string).unwrap_or_default();
        if name != "vec" && name != "format" {
            self.problems.push(format!("macro {name}! in a row"));
        }
    }
}

struct Bindings(BTreeSet<String>);

impl<'ast> Visit<'ast> for Bindings {
    fn visit_type_param(&mut self, param: &'ast syn::TypeParam) {
        self.0.insert(param.ident.to_string());
        visit::visit_type_param(self, param);
    }
    fn visit_const_param(&mut self, param: &'ast syn::ConstParam) {
        self.0.insert(param.ident.to_string());
    }
    fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
        self.0.insert(pat.ident.to_string());
        visit::visit_pat_ident(self, pat);
    }
}

#[test]
fn rows_parse_and_name_what_exists() {
    let tables = tables();
    let mut std = Declared::default();
    std.add(&tables.iter().find(|table| table.name == "std").expect("std.toml").items);
    let mut problems = Vec::new();
    for table in &tables {
        let mut declared = Declared::default();
        declared.add(&table.items);
        let mut bindings = Bindings(BTreeSet::new());
        table.items.iter().for_each(|item| bindings.visit_item(item));
        for path in &table.constructs {
            if !declared.fields.contains_key(path) {
                problems.push(format!("{}: [[constructs]] {path} is not declared", table.file));
            }
        }
        let mut check = Check { table, declared: &declared, std: &std, bound: bindings.0, problems: Vec::new() };
        table.items.iter().for_each(|item| check.visit_item(item));
        for (name, block) in &table.blocks {
            check.bound.extend(declared.fields.get(name).into_iter().flatten().map(|field| {
                if field.starts_with(|c: char| c.is_ascii_digit()) { format!("_{field}") } else { field.clone() }
            }));
            check.visit_block(block);
        }
        let file = &check.table.file;
        problems.extend(check.problems.iter().map(|problem| format!("{file}: {problem}")));
    }
    problems.sort();
    problems.dedup();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// A `use` in a table may name std, the table's own items or another table.
#[test]
fn imports_between_tables_exist() {
    let tables = tables();
    let mut declared: BTreeMap<String, Declared> = BTreeMap::new();
    for table in &tables {
        declared.entry(table.name.clone()).or_default().add(&table.items);
    }
    for table in &tables {
        for item in &table.items {
            let syn::Item::Use(item) = item else { continue };
            let mut paths = Vec::new();
            leaves(&item.tree, &mut Vec::new(), &mut paths);
            for path in paths.iter().filter(|path| path.len() > 1) {
                if let Some(other) = declared.get(&path[0]) {
                    let last = path.last().unwrap();
                    assert!(other.names.contains(last), "{}: no {last} in {}", table.file, path[0]);
                }
            }
        }
    }
}

fn leaves(tree: &syn::UseTree, prefix: &mut Vec<String>, out: &mut Vec<Vec<String>>) {
    match tree {
        syn::UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            leaves(&path.tree, prefix, out);
            prefix.pop();
        }
        syn::UseTree::Name(name) => out.push(prefix.iter().cloned().chain([name.ident.to_string()]).collect()),
        syn::UseTree::Rename(name) => out.push(prefix.iter().cloned().chain([name.ident.to_string()]).collect()),
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, prefix, out)),
        syn::UseTree::Glob(_) => {}
    }
}

/// Attribute tables: every row says what the attribute does, in words the reader knows, and its Rust text parses.
#[test]
fn attribute_rows_are_well_formed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/frameworks/models/attributes.toml");
    let Ok(text) = std::fs::read_to_string(&path) else { return };
    let doc: toml::Table = toml::from_str(&text).unwrap();
    let mut seen = BTreeSet::new();
    for row in rows(&doc, "attribute") {
        let path = row["path"].as_str().unwrap();
        assert!(row.get("source").is_some_and(toml::Value::is_str), "{path}: source");
        // One name may mean different things that come from different crates.
        let told = |key: &str| row.get(key).map(ToString::to_string).unwrap_or_default();
        let key = format!("{path} {} {} {}", told("from"), told("derive"), told("unless"));
        assert!(seen.insert(key), "{path} stands twice");
        match row["effect"].as_str().unwrap() {
            "harmless" => {}
            "adds-variants" => {
                let text = format!("enum E {{ {} }}", row["variants"].as_str().unwrap());
                syn::parse_str::<syn::ItemEnum>(&text).unwrap_or_else(|e| panic!("{path}: {e} in {text}"));
            }
            "fills-argument" => assert!(row["argument"].is_str(), "{path}: argument"),
            "adds-messages" => {
                for name in ["marker", "home", "host"] {
                    assert!(row["dispatch"][name].is_str(), "{path}: dispatch.{name}");
                }
            }
            "adds-items" => assert!(row["items"].is_str(), "{path}: items"),
            "prepends" => {
                let text = row["before"].as_str().unwrap().replace("$ENV", "env").replace('$', "arg");
                syn::parse_str::<syn::Block>(&format!("{{ {text} }}"))
                    .unwrap_or_else(|e| panic!("{path}: {e} in {text}"));
            }
            other => panic!("{path}: no effect {other}"),
        }
    }
}

/// Patterns of versions are lists of prefixes (`1.x, 2.x`): anything else would match nothing, and a table that covers no
/// version on disk hides what the crate does.
#[test]
fn versions_are_lists_of_prefixes_unsound() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/frameworks/models");
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ext| ext != "toml") {
            continue;
        }
        let doc: toml::Table = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let Some(krate) = doc.get("crate") else { continue };
        for pattern in krate["versions"].as_str().unwrap().split(',').map(str::trim) {
            let part = |part: &str| part == "x" || (!part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
            assert!(pattern.split('.').all(part), "{}: {pattern}", path.display());
        }
    }
}
