//! The tables that come with the analyzer: what libraries do to state (`<crate>.toml`) and what attribute macros do to
//! their items (`attributes.toml`). README.md beside this file describes both.

use crate::source::{ModelCrate, ModelError, Rewrite, Target, parse_checked_model};
use serde::Deserialize;
use std::sync::{Arc, OnceLock};

/// The tables, by file name. `std.toml` is first: all others see its names.
pub const TABLES: &[(&str, &str)] = &[
    ("std.toml", include_str!("std.toml")),
    ("cosmwasm_std.toml", include_str!("cosmwasm_std.toml")),
    ("cw_storage_plus.toml", include_str!("cw_storage_plus.toml")),
    ("cosmwasm_storage.toml", include_str!("cosmwasm_storage.toml")),
    ("sylvia.toml", include_str!("sylvia.toml")),
    ("soroban_sdk.toml", include_str!("soroban_sdk.toml")),
    ("soroban_token_sdk.toml", include_str!("soroban_token_sdk.toml")),
    ("ink.toml", include_str!("ink.toml")),
    ("near_plugins.toml", include_str!("near_plugins.toml")),
    ("near_sdk.toml", include_str!("near_sdk.toml")),
    ("pure.toml", include_str!("pure.toml")),
    ("sep_40_oracle.toml", include_str!("sep_40_oracle.toml")),
    ("cast.toml", include_str!("cast.toml")),
    ("soroban_fixed_point_math.toml", include_str!("soroban_fixed_point_math.toml")),
    ("frame_support.toml", include_str!("frame_support.toml")),
    ("frame_system.toml", include_str!("frame_system.toml")),
    ("sp_runtime.toml", include_str!("sp_runtime.toml")),
    ("sp_io.toml", include_str!("sp_io.toml")),
    ("polkadot_sdk_frame.toml", include_str!("polkadot_sdk_frame.toml")),
    ("alloy_primitives.toml", include_str!("alloy_primitives.toml")),
    ("alloy_sol_types.toml", include_str!("alloy_sol_types.toml")),
    ("keccak_const.toml", include_str!("keccak_const.toml")),
    ("stylus_sdk.toml", include_str!("stylus_sdk.toml")),
    ("uint.toml", include_str!("uint.toml")),
];

/// The tables that come with the analyzer, read once.
///
/// # Errors
/// Never, unless a table was changed and its test was not run.
pub fn builtin() -> Result<&'static [Arc<ModelCrate>], ModelError> {
    static READ: OnceLock<Result<Vec<Arc<ModelCrate>>, ModelError>> = OnceLock::new();
    let read = || TABLES.iter().map(|(name, text)| parse_checked_model(name, text).map(Arc::new)).collect();
    READ.get_or_init(read).as_deref().map_err(Clone::clone)
}

/// What an attribute macro does to the item it stands on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// Last segments of its path: `cw_serde`, `tracing::instrument`.
    pub path: String,
    /// What happens to the item.
    pub effect: AttributeEffect,
    /// Crates the name may come from, where several libraries use it for different things; empty for any.
    #[serde(default)]
    pub from: Vec<String>,
    /// True for a derive of that name instead of an attribute.
    #[serde(default)]
    pub derive: bool,
    /// For [`AttributeEffect::Prepends`]: statements, with `$ENV` (the first parameter, by reference), `$0`, `$1` … (the
    /// attribute's arguments), `$ARGS` (all of them as written), `$REFS` and `$REST` (references to all parameters, or to
    /// all but the first).
    #[serde(default)]
    pub before: String,
    /// For [`AttributeEffect::Prepends`] on an impl: an attribute of functions that are left alone.
    #[serde(default)]
    pub unless: String,
    /// For [`AttributeEffect::AddsVariants`]: the variants, as in an enum.
    #[serde(default)]
    pub variants: String,
    /// For [`AttributeEffect::AddsItems`]: the items, with `$SELF`, `$ARGS` and `$(..$FIELD..)*`.
    #[serde(default)]
    pub items: String,
    /// For [`AttributeEffect::FillsArgument`]: the text, with `$SELF` and `$MODULE`.
    #[serde(default)]
    pub argument: String,
    /// For [`AttributeEffect::FillsArgument`]: the attribute that gives `$SELF` another name.
    #[serde(default)]
    pub renamed_by: String,
    /// For [`AttributeEffect::AddsMessages`]: names of the library.
    #[serde(default)]
    pub dispatch: Option<crate::source::Dispatch>,
    /// Where the knowledge comes from.
    pub source: String,
}

/// The kinds of attribute macros the analyzer can follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttributeEffect {
    /// The item stays as it is written.
    Harmless,
    /// Variants are appended to the enum.
    AddsVariants,
    /// Items appear beside the item.
    AddsItems,
    /// Messages with a function `dispatch` appear beside the block of functions, one for each that is marked.
    AddsMessages,
    /// Statements come before the function's body; on an impl, before the bodies of its public functions.
    Prepends,
    /// The argument that a type alias leaves open (`_`, or all by name) is a text of its own.
    FillsArgument,
}

/// What the attribute macros of the table add to or beside their items.
pub fn rewrites() -> Arc<[Rewrite]> {
    static READ: OnceLock<Arc<[Rewrite]>> = OnceLock::new();
    READ.get_or_init(read_rewrites).clone()
}

fn read_rewrites() -> Arc<[Rewrite]> {
    let rows = attributes().unwrap_or_default().iter().cloned();
    let added = rows.filter(|row| row.effect != AttributeEffect::Harmless);
    let rewrite = |row: Attribute| Rewrite {
        path: row.path,
        from: row.from,
        derive: row.derive,
        variants: row.variants,
        items: row.items,
        before: row.before,
        unless: row.unless,
        argument: row.argument,
        renamed_by: row.renamed_by,
        dispatch: row.dispatch,
    };
    added.map(rewrite).collect()
}

/// The targets of the table.
pub fn targets() -> Vec<Target> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Row {
        crates: Vec<String>,
        arch: Vec<String>,
        family: String,
        os: String,
        width: String,
        #[serde(rename = "source")]
        _source: String,
    }
    #[derive(Deserialize)]
    struct File {
        target: Vec<Row>,
    }
    let file: Option<File> = toml::from_str(include_str!("targets.toml")).ok();
    let target = |row: Row| {
        let Row { crates, arch, family, os, width, _source } = row;
        Target { crates, arch, family, os, width }
    };
    file.map_or_else(Vec::new, |file| file.target.into_iter().map(target).collect())
}

/// The table of attributes, read once.
///
/// # Errors
/// Never, unless the table was changed and its test was not run.
pub fn attributes() -> Result<&'static [Attribute], toml::de::Error> {
    #[derive(Deserialize)]
    struct File {
        attribute: Vec<Attribute>,
    }
    static READ: OnceLock<Result<Vec<Attribute>, toml::de::Error>> = OnceLock::new();
    let read = || toml::from_str(include_str!("attributes.toml")).map(|file: File| file.attribute);
    READ.get_or_init(read).as_deref().map_err(Clone::clone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::hir::{CrateId, Expr, ItemId, ItemKind, ModId};
    use crate::ir::{FileId, Span};
    use crate::source::parse_model;
    use crate::source::{Ns, Package, PackageId, Resolved, Sources, World};

    /// One package whose library is this text.
    struct One(&'static str);
    impl Sources for One {
        fn read(&self, _: PackageId, path: &str) -> Option<Arc<str>> {
            (path == "src/lib.rs").then(|| self.0.into())
        }
    }

    fn world(sources: &One) -> World<'_> {
        let package = Package {
            name: "user".into(),
            version: "0.1.0".into(),
            crate_name: "user".into(),
            root: "src/lib.rs".into(),
            edition: 2021,
            missing: vec!["cosmwasm_std".into(), "cw_storage_plus".into()],
            analysed: true,
            ..Package::default()
        };
        World::new(sources, vec![package], builtin().unwrap().iter().cloned())
    }

    fn resolve(world: &World<'_>, krate: CrateId, path: &str, ns: Ns) -> Resolved {
        let base = Span { file: FileId(0), lo: 0, hi: 0 };
        world.resolve(ModId { krate, idx: 0 }, &world.parse_path(path, base).unwrap(), ns)
    }

    #[test]
    fn tables_load_without_problems() {
        let sources = One("");
        let world = world(&sources);
        for (_, text) in TABLES {
            let name = parse_model("t", text).unwrap().name;
            let krate = world.krate(world.model_named(&name).unwrap());
            // A table without rows says that the crate touches no state.
            assert!(krate.items.len() > 3 || parse_model("t", text).unwrap().pure, "{name}");
            let problems: Vec<_> = krate.problems.iter().map(|problem| &problem.0).collect();
            assert!(problems.is_empty(), "{name}: {problems:?}");
            // A call that was expanded is in no module any more.
            for &at in krate.modules.iter().flat_map(|module| &module.items) {
                if let ItemKind::MacroCall(call) = &krate.items[at as usize].kind {
                    panic!("{name}: {} was not expanded", call.path);
                }
            }
        }
    }

    #[test]
    fn bodies_and_texts_lower() {
        let sources = One("");
        let world = world(&sources);
        for (_, text) in TABLES {
            let model = parse_model("t", text).unwrap();
            let id = world.model_named(&model.name).unwrap();
            let krate = world.krate(id);
            for (idx, item) in krate.items.iter().enumerate() {
                if let ItemKind::Fn(function) = &item.kind {
                    if function.has_body {
                        let body = world.body(ItemId { krate: id, idx: idx as u32 });
                        assert!(body.is_some_and(|body| body.root.is_some()), "{}::{}", model.name, item.name);
                    }
                }
            }
            let scope = ModId { krate: id, idx: 0 };
            for text in model.constructs.iter().chain(&model.params) {
                let base = Span { file: FileId(0), lo: 0, hi: 0 };
                let block = format!("{{ {} }}", text.rust);
                assert!(world.parse_expr_body(&block, base, scope, &[]).is_some(), "{}", text.path);
                let found = resolve(&world, id, &text.path, Ns::Type);
                assert!(matches!(found, Resolved::Item(_) | Resolved::Variant(..)), "{}: {found:?}", text.path);
            }
            for (path, _) in &model.types {
                assert!(matches!(resolve(&world, id, path, Ns::Type), Resolved::Item(_)), "{path}");
            }
        }
    }

    #[test]
    fn contracts_see_the_tables() {
        let sources = One("use cosmwasm_std::{ensure, Uint128}; use cw_storage_plus::Map;");
        let world = world(&sources);
        let user = CrateId(0);
        assert!(matches!(resolve(&world, user, "Uint128", Ns::Type), Resolved::Item(_)));
        assert!(matches!(resolve(&world, user, "Map::new", Ns::Value), Resolved::Partial(_, 1)));
        assert!(matches!(resolve(&world, user, "Some", Ns::Value), Resolved::Variant(..)));
        assert!(matches!(resolve(&world, user, "std::collections::HashMap", Ns::Type), Resolved::Item(_)));
        assert!(matches!(resolve(&world, user, "ensure", Ns::Macro), Resolved::Item(_)));
        assert!(matches!(resolve(&world, user, "cosmwasm_std::BankMsg::Send", Ns::Type), Resolved::Variant(..)));
    }

    #[test]
    fn a_row_can_be_for_some_versions() {
        let table = builtin().unwrap().iter().find(|table| table.name == "cw_storage_plus").unwrap();
        let count = |version| table.rows.iter().filter(|row| row.versions.is_some() && row.covers(version)).count();
        assert_eq!((count("0.13.4"), count("1.2.0"), count("")), (1, 1, 1));
        let old = table.rows.iter().find(|row| row.versions.is_some() && row.covers("0.13.4")).unwrap();
        assert!(old.rust.contains("(self.index)(data)"));
    }

    #[test]
    fn attributes_add_variants_and_items() {
        let sources = One("mod msg { #[cw_ownable::cw_ownable_execute] pub enum ExecuteMsg { Foo {} } }
             #[index_list(Token)] pub struct Idx { pub owner: u8, pub price: u8 }");
        let world = world(&sources).with_rewrites(rewrites());
        let Resolved::Item(id) = resolve(&world, CrateId(0), "msg::ExecuteMsg", Ns::Type) else { panic!("enum") };
        let item = world.item(id);
        let ItemKind::Enum(def) = &item.kind else { panic!("enum") };
        let names: Vec<&str> = def.variants.iter().map(|variant| variant.name.as_str()).collect();
        assert_eq!(names, ["Foo", "UpdateOwnership"]);
        let krate = world.krate(CrateId(0));
        let made = krate.items.iter().position(|item| item.name == "get_indexes").unwrap();
        let body = world.body(ItemId { krate: CrateId(0), idx: made as u32 }).unwrap();
        let fields = body.exprs.iter().filter(|(expr, _)| matches!(expr, Expr::Field(..))).count();
        assert_eq!(fields, 2);
        assert!(attributes().unwrap().iter().any(|row| row.path == "cosmwasm_std::entry_point"));
    }
}
