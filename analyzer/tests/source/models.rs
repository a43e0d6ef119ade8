//! Model files over crates.

use crate::world::*;
use crosslane_analyzer::ir::hir::*;
use crosslane_analyzer::source::*;

const STD: &str = r#"
[crate]
name = "std"
aliases = ["core", "alloc"]
[[row]]
rust = "pub enum Option<T> { None, Some(T) } pub use Option::*; pub struct Vec<T> { seq: host::Seq<T> }"
[[row]]
rust = "pub mod mem { pub fn swap<T>(a: &mut T, b: &mut T) {} }"
[[row]]
rust = "pub struct BTreeMap<K, V> { seq: host::Seq<(K, V)> }"
"#;

const STORAGE: &str = r#"
[crate]
name = "kv_storage"
versions = "1.x, 2.x"
capability = ["Store"]
[[row]]
rust = '''
pub struct Item<T> { cell: host::Cell<(), T> }'''
[[row]]
in = "impl<T> Item<T>"
rust = '''pub const fn new(ns: &str) -> Self { Item { cell: host::cell(ns, "item") } }'''
[[row]]
in = "impl<T> Item<T>"
rust = '''pub fn may_load(&self, store: &dyn Store) -> Option<T> { host::read(store, &self.cell, ()) }'''
"#;

fn demo() -> Memory {
    let text = "use kv_storage::{Item, Real}; use kv_storage::inner::Item as Deep; use std::collections::BTreeMap; use core::mem;";
    let mut demo = Memory::new(text)
        .package("kv-storage", &[(
            "src/lib.rs",
            "mod inner; pub use inner::Item; pub struct Real; pub trait Store {} pub fn helper() { let x: Item<u8>; }",
        ), ("src/inner.rs", "pub struct Item<T>(T); fn local() {}")])
        .model(STD)
        .model(STORAGE);
    demo.packages[0].edition = 2021;
    demo
}

#[test]
fn rows_replace_items_of_the_same_name() {
    let demo = demo();
    let world = demo.world();
    let model = world.model_named("kv_storage").unwrap();
    let ask = |path: &str| {
        let names: Vec<Name> = path.split("::").map(Name::new).collect();
        world.resolve_names(ROOT, &names, Ns::Type)
    };
    for path in ["Item", "Deep", "kv_storage::Item", "kv_storage::inner::Item"] {
        let Resolved::Item(found) = ask(path) else { panic!("{path}") };
        assert_eq!(found.krate, model, "{path}");
    }
    let Resolved::Item(real) = ask("Real") else { panic!() };
    assert_eq!(real.krate, CrateId(1));
    // The crate's own code sees the model's item too.
    let inside = ModId { krate: CrateId(1), idx: 0 };
    let Resolved::Item(found) = world.resolve_names(inside, &["Item".into()], Ns::Type) else { panic!() };
    assert_eq!(found.krate, model);
    assert_eq!(world.overlay(CrateId(1)), Some(model));
    assert_eq!(world.model(model).unwrap().capability, ["Store"]);
}

#[test]
fn names_inside_rows() {
    let demo = demo();
    let world = demo.world();
    let model = ModId { krate: world.model_named("kv_storage").unwrap(), idx: 0 };
    assert_eq!(resolve(&world, model, "host::cell", Ns::Value), "builtin host::cell then 2");
    assert_eq!(resolve(&world, model, "host::Cell", Ns::Type), "builtin host::Cell then 2");
    assert_eq!(resolve(&world, model, "Option", Ns::Type), "std::Option");
    assert_eq!(resolve(&world, model, "Some", Ns::Value), "std::Option variant 1");
    // Not in the model: the real crate has it.
    assert_eq!(resolve(&world, model, "Store", Ns::Type), "kv_storage::Store");
    assert_eq!(resolve(&world, model, "std::mem::swap", Ns::Value), "std::mem::swap");
    // `host` is no crate for contracts.
    assert_eq!(resolve(&world, ROOT, "host::cell", Ns::Value), "nothing");
}

#[test]
fn std_is_the_prelude_and_may_be_flat() {
    let demo = demo();
    let world = demo.world();
    assert_eq!(resolve(&world, ROOT, "Vec::new", Ns::Value), "std::Vec then 1");
    assert_eq!(resolve(&world, ROOT, "None", Ns::Value), "std::Option variant 0");
    assert_eq!(resolve(&world, ROOT, "BTreeMap", Ns::Type), "std::BTreeMap");
    assert_eq!(resolve(&world, ROOT, "mem::swap", Ns::Value), "std::mem::swap");
    assert_eq!(resolve(&world, ROOT, "std::sync::Arc", Ns::Type), "external std::sync::Arc");
    assert_eq!(resolve(&world, ROOT, "u64::MAX", Ns::Value), "builtin u64 then 1");
}

#[test]
fn bodies_of_rows_point_into_the_model_file() {
    let demo = demo();
    let world = demo.world();
    let krate = world.model_named("kv_storage").unwrap();
    let items = &world.krate(krate).items;
    let at = items.iter().position(|item| item.name == "may_load").unwrap();
    let of = world.body(ItemId { krate, idx: at as u32 }).unwrap();
    assert_eq!(show(&of, of.root.unwrap()), "{ host::read(store#1, &self#0.cell, ()) }");
    assert_eq!(texts(&world, &of, |expr| matches!(expr, Expr::Field(..))), ["self.cell"]);
    assert_eq!(world.text(items[at].name_span), "may_load");
    assert_eq!(problems(&world), Vec::<String>::new());
}

#[test]
fn versions_choose_the_packages() {
    let mut demo = demo();
    demo.packages[1].version = "3.0.0".into();
    let world = demo.world();
    assert_eq!(world.overlay(CrateId(1)), None);
    let model = parse_model("m.toml", STORAGE).unwrap();
    assert!(model.covers("kv_storage", "1.2.3") && model.covers("kv_storage", "2.0.0-rc.1"));
    assert!(!model.covers("kv_storage", "0.9.0") && !model.covers("other", "1.0.0"));
}

#[test]
fn a_missing_dependency_is_its_model() {
    let mut demo = Memory::new("use kv_storage::Item;").model(STORAGE);
    demo.packages[0].missing.push("kv_storage".into());
    let world = demo.world();
    assert_eq!(resolve(&world, ROOT, "Item::new", Ns::Value), "kv_storage::Item then 1");
    assert_eq!(resolve(&world, ROOT, "kv_storage::deep::Item", Ns::Type), "kv_storage::Item");
    assert_eq!(resolve(&world, ROOT, "kv_storage::Absent", Ns::Type), "external kv_storage::Absent");
}

#[test]
fn errors_say_where() {
    let error =
        parse_model("m.toml", "[crate]\nname = \"x\"\n[[row]]\nrust = '''pub fn f() {\n  let = 1; }'''\n").unwrap_err();
    assert_eq!((error.line, error.column), (5, 7), "{error}");
    let error = parse_model("m.toml", "[crate]\nname = 3\n").unwrap_err();
    assert_eq!((error.line, &error.file[..]), (2, "m.toml"), "{error}");
    assert!(parse_model("m.toml", "[crate]\nname = \"x\"\nsurprise = 1\n").is_err());
    let deep = format!("[crate]\nname = \"x\"\n[[row]]\nrust = '{}'\n", "(".repeat(5000));
    assert!(parse_model("m.toml", &deep).is_err());
}
