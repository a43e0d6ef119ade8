//! Module trees, files, cfg.

use crate::world::*;
use crosslane_analyzer::ir::hir::*;
use crosslane_analyzer::source::*;
use std::sync::{Arc, Mutex};

fn names(world: &World<'_>) -> Vec<String> {
    let krate = world.krate(DEMO);
    let named = |item: &&Item| !matches!(item.kind, ItemKind::Mod(_)) && !item.name.is_empty();
    krate.items.iter().filter(named).map(|item| item.name.to_string()).collect()
}

#[test]
fn files_of_modules() {
    let demo =
        Memory::new("mod a; mod b; #[path = \"odd/place.rs\"] mod c; mod inline { mod d; #[path = \"e.rs\"] mod e; }")
            .file("src/a.rs", "mod deep; fn in_a() {}")
            .file("src/a/deep.rs", "fn in_deep() {}")
            .file("src/b/mod.rs", "mod deep; fn in_b() {}")
            .file("src/b/deep.rs", "fn in_b_deep() {}")
            .file("src/odd/place.rs", "mod next; fn in_c() {}")
            .file("src/odd/next.rs", "fn in_next() {}")
            .file("src/inline/d.rs", "fn in_d() {}")
            .file("src/inline/e.rs", "fn in_e() {}");
    let world = demo.world();
    let mut found = names(&world);
    found.sort();
    assert_eq!(found, ["in_a", "in_b", "in_b_deep", "in_c", "in_d", "in_deep", "in_e", "in_next"]);
    assert_eq!(problems(&world), Vec::<String>::new());
    assert_eq!(resolve(&world, ROOT, "a::deep::in_deep", Ns::Value), "demo::a::deep::in_deep");
}

#[test]
fn missing_and_circular_files_leave_incomplete_modules() {
    let demo = Memory::new(
        "mod gone; #[path = \"lib.rs\"] mod again; #[path = \"../../../etc/passwd\"] mod out; mod broken; fn fine() {}",
    )
    .file("src/broken.rs", "fn (");
    let world = demo.world();
    let krate = world.krate(DEMO);
    let incomplete: Vec<&str> =
        krate.modules.iter().filter(|module| !module.complete).map(|module| module.name.as_str()).collect();
    assert_eq!(incomplete, ["gone", "again", "out", "broken"]);
    assert_eq!(
        problems(&world),
        [
            "no file for module `gone`",
            "module `again` contains itself",
            "the file of module `out` is outside the package",
            "unbalanced delimiters or an unfinished literal"
        ]
    );
    assert_eq!(resolve(&world, ROOT, "fine", Ns::Value), "demo::fine");
    assert_eq!(resolve(&world, ROOT, "gone::x", Ns::Value), "external demo::x");
}

#[test]
fn files_that_include_one_another_end() {
    let demo = Memory::new("#[path = \"x.rs\"] mod a; #[path = \"x.rs\"] mod b;")
        .file("src/x.rs", "#[path = \"y.rs\"] mod a; #[path = \"y.rs\"] mod b;")
        .file("src/y.rs", "#[path = \"x.rs\"] mod a; #[path = \"x.rs\"] mod b;");
    let world = demo.world();
    assert!(world.krate(DEMO).modules.len() < 20);
    assert!(problems(&world)[0].contains("contains itself"));
}

#[test]
fn a_missing_root_is_a_problem() {
    let demo = Memory::default().package("demo", &[]);
    let world = demo.world();
    assert!(!world.krate(DEMO).modules[0].complete);
    assert_eq!(problems(&world), ["the crate's root file `src/lib.rs` cannot be read"]);
}

#[test]
fn cfg_decides_what_is_there() {
    let mut demo = Memory::new(
        "#[cfg(test)] mod tests; #[cfg(feature = \"on\")] fn on() {} #[cfg(feature = \"off\")] fn off() {}
         #[cfg(all(not(test), any(feature = \"off\", target_arch = \"wasm32\")))] fn wasm() {}
         #[cfg(not(target_arch = \"wasm32\"))] fn native() {} #[cfg(debug_assertions)] fn debug() {}
         #[cfg(unknown)] fn unknown() {} #[cfg(not(unknown))] fn not_unknown() {}
         #[cfg_attr(feature = \"on\", cfg(test))] fn through_attr() {}
         #[cfg_attr(feature = \"on\", account(zero_copy), doc = \"x\", derive(A, B))] #[cfg_attr(feature = \"off\", never)] struct S { #[cfg(test)] a: u8, b: u8 }
         enum E { #[cfg(test)] A, B }",
    );
    demo.packages[0].features.insert("on".into());
    let world = demo.world();
    assert_eq!(names(&world), ["on", "wasm", "not_unknown", "S", "E"]);
    // The file of `tests` was not even asked for.
    assert_eq!(problems(&world), Vec::<String>::new());
    let of = world.item(item(&world, "S"));
    let attrs: Vec<(&str, &str)> = of.attrs.iter().map(|attr| (&attr.path[..], &attr.tokens[..])).collect();
    assert_eq!(attrs, [("account", "zero_copy"), ("derive", "A, B")]);
    let ItemKind::Struct(of) = &of.kind else { panic!() };
    assert_eq!(of.fields.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn inner_cfg_empties_a_file() {
    let demo = Memory::new("mod a;").file("src/a.rs", "#![cfg(test)] fn gone() {}");
    let world = demo.world();
    assert_eq!(names(&world), Vec::<String>::new());
    assert!(world.krate(DEMO).modules[1].complete);
}

#[test]
fn nothing_is_read_before_it_is_touched() {
    #[derive(Default)]
    struct Counting(Mutex<Vec<String>>);
    impl Sources for Counting {
        fn read(&self, package: PackageId, path: &str) -> Option<Arc<str>> {
            self.0.lock().unwrap().push(format!("{} {path}", package.0));
            Some("pub struct S;".into())
        }
    }
    let sources = Counting::default();
    let demo = Memory::new("").package("dep", &[]);
    let world = World::new(&sources, demo.packages.clone(), Vec::<ModelCrate>::new());
    world.krate(DEMO);
    assert_eq!(*sources.0.lock().unwrap(), ["0 src/lib.rs"]);
    assert_eq!(world.loaded(), [DEMO]);
    assert_eq!(resolve(&world, ROOT, "dep::S", Ns::Type), "dep::S");
    assert_eq!(*sources.0.lock().unwrap(), ["0 src/lib.rs", "1 src/lib.rs"]);
}

#[test]
fn many_files_come_out_in_one_order() {
    let mods: Vec<String> = (0..60).map(|n| format!("mod m{n};")).collect();
    let mut demo = Memory::new(&mods.join(" "));
    for n in 0..60 {
        demo = demo.file(&format!("src/m{n}.rs"), &format!("fn f{n}() {{ let x = {n}; x }}"));
    }
    let expected: Vec<String> = (0..60).map(|n| format!("f{n}")).collect();
    for _ in 0..3 {
        let world = demo.world();
        assert_eq!(names(&world), expected);
        assert_eq!(body(&world, "f42"), "{ let x#0 = 42; x#0 }");
    }
}

#[test]
fn generics_bounds_and_signatures() {
    let demo = Memory::new(
        "impl<'a, T: Clone + 'a, const N: usize> Tr<T> for S<T, { N }> where T: Iterator<Item = u8> + ?Sized {
            type Out = T; pub async unsafe fn go(self: &Self, mut a: [u8; 4], (b, c): (u8, u8)) -> impl Fn(u8) -> u8 + 'a { } }",
    );
    let world = demo.world();
    let krate = world.krate(DEMO);
    let ItemKind::Impl(block) = &krate.items[0].kind else { panic!() };
    let params: Vec<(&str, bool)> =
        block.generics.params.iter().map(|param| (&param.name[..], param.is_const)).collect();
    assert_eq!(params, [("T", false), ("N", true)]);
    assert_eq!(show_path(block.of_trait.as_ref().unwrap()), "Tr<T>");
    assert_eq!(show_type(&block.self_ty), "S<T,N>");
    assert_eq!(show_type(&block.generics.wheres[0].1[0]), "Iterator<Item=u8>");
    let ItemKind::Fn(function) = &krate.items[block.items[1] as usize].kind else { panic!() };
    assert_eq!(function.receiver, Some(Receiver::Ref));
    assert_eq!(function.params[0].0.as_deref(), Some("a"));
    assert_eq!(function.params[1].0, None);
    assert_eq!(show_type(&function.ret), "impl Fn<(u8),Output=u8>");
    assert!(function.is_async && function.is_unsafe && function.has_body);
    assert_eq!(function.owner, Some(0));
}

#[test]
fn what_is_not_broken_stays() {
    let demo = Memory::new(
        "use a::b; fn good() { 1 } fn broken(x: u8) -> u8 { let = 3; }
         impl S { fn fine(&self) {} fn bad(&self) { x y z } const K: u8 = 1; } trait T { fn t() { ] } }
         mod inner { fn deep() { match } struct Kept; } struct Last;",
    );
    let world = demo.world();
    // The bracket is the lexer's business.
    world.krate(DEMO);
    assert_eq!(problems(&world), ["unbalanced delimiters or an unfinished literal"]);
    let demo = Memory::new(
        "#![x] use a::b; fn good() { 1 } fn broken(x: u8) -> u8 { let = 3; }
         impl S { fn fine(&self) {} fn bad(&self) { x y z } const K: u8 = 1; } trait T { fn t() { + } fn u(); }
         mod inner { fn deep() { match } struct Kept; } struct Last;",
    );
    let world = demo.world();
    let mut found = names(&world);
    found.sort();
    assert_eq!(found, ["K", "Kept", "Last", "T", "bad", "broken", "deep", "fine", "good", "t", "u"]);
    assert!(world.krate(DEMO).modules[0].complete);
    assert_eq!(body(&world, "good"), "{ 1 }");
    assert_eq!(body(&world, "broken"), "opaque:syntax");
    assert_eq!(body(&world, "bad"), "opaque:syntax");
    let spans: Vec<String> = world.problems().iter().map(|problem| world.text(problem.span)).collect();
    assert!(spans.iter().any(|text| text == "="), "{spans:?}");
    let broken = world.item(item(&world, "broken"));
    assert_eq!(world.text(broken.span), "fn broken(x: u8) -> u8 { let = 3; }");
    // A type that is lost makes the module incomplete.
    let demo = Memory::new("struct S { a: , } fn f() {}");
    let world = demo.world();
    assert!(!world.krate(DEMO).modules[0].complete);
    assert_eq!(names(&world), ["f"]);
}

#[test]
fn included_files() {
    let demo = Memory::new("mod m { include!(\"parts/a.rs\"); } include!(concat!(\"no\", \"t\"));")
        .file("src/parts/a.rs", "fn included() { 5 } include!(\"a.rs\");");
    let world = demo.world();
    assert_eq!(resolve(&world, ROOT, "m::included", Ns::Value), "demo::m::included");
    assert_eq!(body(&world, "included"), "{ 5 }");
}
