//! What names mean.

use crate::world::*;
use crosslane_analyzer::ir::hir::*;
use crosslane_analyzer::source::*;

fn module(world: &World<'_>, name: &str) -> ModId {
    let krate = world.krate(DEMO);
    let idx = krate.modules.iter().position(|module| module.name == name).unwrap();
    ModId { krate: DEMO, idx: idx as u32 }
}

#[test]
fn crate_self_super_and_plain_paths() {
    let demo = Memory::new("pub mod a { pub mod b { pub fn f() {} } pub struct S; } pub struct S;");
    let world = demo.world();
    let b = module(&world, "b");
    assert_eq!(resolve(&world, b, "crate::S", Ns::Type), "demo::S");
    assert_eq!(resolve(&world, b, "super::S", Ns::Type), "demo::a::S");
    assert_eq!(resolve(&world, b, "self::super::super::S", Ns::Type), "demo::S");
    assert_eq!(resolve(&world, b, "super::super::super::S", Ns::Type), "nothing");
    assert_eq!(resolve(&world, ROOT, "a::b::f", Ns::Value), "demo::a::b::f");
    assert_eq!(resolve(&world, b, "S", Ns::Type), "nothing");
    assert_eq!(resolve(&world, b, "u64", Ns::Type), "builtin u64 then 1");
    assert_eq!(resolve(&world, b, "u64::MAX", Ns::Value), "builtin u64 then 1");
    assert_eq!(resolve(&world, ROOT, "a", Ns::Type), "mod demo::a::");
}

#[test]
fn renames_groups_and_reexports() {
    let demo = Memory::new(
        "mod a { pub use self::b::{Inner as Outer, *}; mod b { pub struct Inner; pub(crate) fn free() {} fn hidden() {} } }
         pub use a::Outer as Public; use a::*; pub use crate::a as alias;",
    );
    let world = demo.world();
    assert_eq!(resolve(&world, ROOT, "Public", Ns::Type), "demo::a::b::Inner");
    assert_eq!(resolve(&world, ROOT, "free", Ns::Value), "demo::a::b::free");
    assert_eq!(resolve(&world, ROOT, "hidden", Ns::Value), "nothing");
    assert_eq!(resolve(&world, ROOT, "alias::Outer", Ns::Value), "demo::a::b::Inner");
}

#[test]
fn cycles_of_imports_end() {
    let demo = Memory::new(
        "mod a { pub use super::b::*; pub use super::b::x; } mod b { pub use super::a::*; pub use super::a::x; pub fn y() {} }
         use a::*; use self::z; pub use z::z;",
    );
    let world = demo.world();
    assert_eq!(resolve(&world, ROOT, "x", Ns::Value), "nothing");
    assert_eq!(resolve(&world, ROOT, "z", Ns::Value), "nothing");
    assert_eq!(resolve(&world, ROOT, "y", Ns::Value), "demo::b::y");
    assert_eq!(resolve(&world, module(&world, "a"), "y", Ns::Value), "demo::b::y");
}

#[test]
fn variants_by_path_glob_and_import() {
    let demo = Memory::new(
        "pub enum E { A, B(u8) } mod m { use super::E::*; } mod n { use super::E::{self, B as Renamed}; } pub type Alias = E;
         pub struct Map; impl Map { pub fn new() {} }",
    );
    let world = demo.world();
    assert_eq!(resolve(&world, ROOT, "E::B", Ns::Value), "demo::E variant 1");
    assert_eq!(resolve(&world, module(&world, "m"), "A", Ns::Value), "demo::E variant 0");
    assert_eq!(resolve(&world, module(&world, "n"), "Renamed", Ns::Type), "demo::E variant 1");
    assert_eq!(resolve(&world, module(&world, "n"), "E", Ns::Type), "demo::E");
    assert_eq!(resolve(&world, ROOT, "Alias::A", Ns::Value), "demo::Alias then 1");
    assert_eq!(resolve(&world, ROOT, "Map::new", Ns::Value), "demo::Map then 1");
    assert_eq!(resolve(&world, ROOT, "crate::Map::new", Ns::Value), "demo::Map then 2");
    assert_eq!(resolve(&world, ROOT, "E::from", Ns::Value), "demo::E then 1");
}

#[test]
fn namespaces_are_apart() {
    let demo =
        Memory::new("mod x { pub fn thing() {} pub struct thing {} } use x::thing; macro_rules! thing { () => {} }");
    let world = demo.world();
    assert_eq!(resolve(&world, ROOT, "thing", Ns::Value), "demo::x::thing");
    let Resolved::Item(ty) = world.resolve_names(ROOT, &["thing".into()], Ns::Type) else { panic!() };
    assert!(matches!(world.item(ty).kind, ItemKind::Struct(_)));
    let Resolved::Item(of) = world.resolve_names(ROOT, &["thing".into()], Ns::Macro) else { panic!() };
    assert!(matches!(world.item(of).kind, ItemKind::MacroRules(_)));
}

#[test]
fn other_crates() {
    let mut demo = Memory::new(
        "use dep_b::reexported::Deep; use dep_b::*; extern crate dep_b as renamed; use ::dep_b::Top as T2;",
    )
    .package(
        "dep-b",
        &[(
            "src/lib.rs",
            "pub mod reexported { pub use crate::m::Deep; } mod m { pub struct Deep; } pub struct Top; struct Private;",
        )],
    );
    demo.packages[0].missing.push("gone".into());
    let world = demo.world();
    assert_eq!(resolve(&world, ROOT, "Deep", Ns::Type), "dep_b::m::Deep");
    assert_eq!(resolve(&world, ROOT, "Top", Ns::Type), "dep_b::Top");
    assert_eq!(resolve(&world, ROOT, "T2", Ns::Type), "dep_b::Top");
    assert_eq!(resolve(&world, ROOT, "renamed::Top", Ns::Type), "dep_b::Top");
    assert_eq!(resolve(&world, ROOT, "Private", Ns::Type), "nothing");
    assert_eq!(resolve(&world, ROOT, "dep_b::Nothing::new", Ns::Value), "external dep_b::Nothing::new");
    assert_eq!(resolve(&world, ROOT, "gone::a::B", Ns::Type), "external gone::a::B");
    assert_eq!(resolve(&world, ROOT, "std::mem::swap", Ns::Value), "external std::mem::swap");
    assert_eq!(resolve(&world, ROOT, "absent::x", Ns::Value), "nothing");
}

#[test]
fn imports_of_unknown_things_stay_known_as_such() {
    let mut demo = Memory::new("use gone::Thing; use gone::prelude::*; fn own() {}");
    demo.packages[0].missing.push("gone".into());
    let world = demo.world();
    assert_eq!(resolve(&world, ROOT, "Thing", Ns::Type), "external gone::Thing");
    assert_eq!(resolve(&world, ROOT, "Thing::new", Ns::Value), "external gone::Thing::new");
    assert_eq!(resolve(&world, ROOT, "own", Ns::Value), "demo::own");
    // Only the glob can explain this one.
    assert_eq!(resolve(&world, ROOT, "Mystery", Ns::Type), "external gone::prelude::Mystery");
}

#[test]
fn an_import_of_a_macro_hides_no_crate() {
    let demo = Memory::new("use tool::{tool, Kit};")
        .package("tool", &[("src/lib.rs", "#[macro_export] macro_rules! tool { () => {} } pub struct Kit;")]);
    let world = demo.world();
    assert_eq!(resolve(&world, ROOT, "tool::Kit", Ns::Type), "tool::Kit");
    assert_eq!(resolve(&world, ROOT, "tool", Ns::Macro), "tool::tool");
    assert_eq!(resolve(&world, ROOT, "tool::tool", Ns::Macro), "tool::tool");
}

#[test]
fn edition_2015_imports_begin_at_the_root() {
    let mut demo = Memory::new("mod a { use b::S; } mod b { pub struct S; }");
    demo.packages[0].edition = 2015;
    let world = demo.world();
    assert_eq!(resolve(&world, module(&world, "a"), "S", Ns::Type), "demo::b::S");
}

#[test]
fn asking_twice_and_in_any_order_gives_the_same() {
    let demo = Memory::new(
        "mod a { pub use super::b::*; } mod b { pub use super::a::*; pub use super::c::S; } mod c { pub struct S; } use a::*;",
    );
    let forward = demo.world();
    let answers = |world: &World<'_>, names: &[&str]| -> Vec<String> {
        names.iter().map(|name| resolve(world, module(world, name), "S", Ns::Type)).collect()
    };
    let first = answers(&forward, &["a", "b", "c"]);
    assert_eq!(first, answers(&forward, &["a", "b", "c"]));
    let backward = demo.world();
    let mut second = answers(&backward, &["c", "b", "a"]);
    second.reverse();
    assert_eq!(first, second);
}

#[test]
fn a_glob_of_nothing_explains_nothing() {
    let demo = Memory::new("use a::b::*; mod inner { pub use super::*; }");
    let world = demo.world();
    assert_eq!(resolve(&world, ROOT, "x", Ns::Value), "nothing");
    assert_eq!(resolve(&world, ROOT, "a", Ns::Type), "nothing");
    assert_eq!(resolve(&world, module(&world, "inner"), "x::y", Ns::Value), "nothing");
}

#[test]
fn crates_of_procedural_macros_are_not_read() {
    let demo = Memory::new("pub use derive::{Derive, attr};").package(
        "derive",
        &[("src/lib.rs", "mod gone; #[proc_macro_derive(Derive)] pub fn derive(x: TokenStream) -> TokenStream { x }")],
    );
    let world = demo.world();
    assert_eq!(resolve(&world, ROOT, "attr", Ns::Macro), "external derive::attr");
    assert_eq!(problems(&world), Vec::<String>::new());
}
