//! Spans: exact on every kind of text.

use crate::world::*;
use crosslane_analyzer::ir::hir::*;

/// Texts of the method calls of `f`.
fn calls(text: &str) -> Vec<String> {
    let demo = Memory::new(text);
    let world = demo.world();
    let of = world.body(item(&world, "f")).unwrap();
    texts(&world, &of, |expr| matches!(expr, Expr::MethodCall(..)))
}

#[test]
fn non_ascii_text() {
    assert_eq!(
        calls("/* ünï – 漢字 🎉 */ fn f(ключ: u8) { /* ß */ ключ.save(\"é🎉\").load() }"),
        ["ключ.save(\"é🎉\")", "ключ.save(\"é🎉\").load()"]
    );
}

#[test]
fn carriage_returns_byte_order_mark_and_shebang() {
    let text = "// a\r\nfn f(x: u8) {\r\n    x\r\n        .save(1)\r\n}\r\n";
    assert_eq!(calls(text), ["x\r\n        .save(1)"]);
    assert_eq!(calls(&format!("\u{feff}{text}")), ["x\r\n        .save(1)"]);
    assert_eq!(calls(&format!("#!/usr/bin/env run\r\n{text}")), ["x\r\n        .save(1)"]);
    assert_eq!(calls(&format!("\u{feff}#!/usr/bin/env run\n{text}")), ["x\r\n        .save(1)"]);
    assert_eq!(calls("#![allow(x)] fn f(x: u8) { x.save(1) }"), ["x.save(1)"]);
}

#[test]
fn locations_in_lines_and_columns() {
    let demo = Memory::new("\u{feff}// é\nfn f(x: u8) {\n    é.save(\n1) }");
    let world = demo.world();
    let of = world.body(item(&world, "f")).unwrap();
    let call = of.exprs.iter().find(|(expr, _)| matches!(expr, Expr::MethodCall(..))).unwrap().1;
    let files = world.files();
    let at = files.locate(call).unwrap();
    assert_eq!((at.line, at.column, at.end_line, at.end_column), (3, 5, 4, 3));
    assert_eq!((&*at.package, &*at.file, at.analysed), ("demo 1.0.0", "src/lib.rs", true));
}

#[test]
fn every_expression_covers_its_text() {
    let text = "fn f(a: A) -> R { let v = if a.b { -a.c[0] } else { g(1, 2)? }; match v { X { y, .. } => return y, _ => S { z: (1, [2]) } }; |q| q + 1; &mut a.d; a.e as u8; for i in 0..3 { i } while a { } loop { break 1 } }";
    let demo = Memory::new(text);
    let world = demo.world();
    let of = world.body(item(&world, "f")).unwrap();
    let found = texts(&world, &of, |_| true);
    for wanted in [
        "a.b",
        "-a.c[0]",
        "a.c[0]",
        "g(1, 2)?",
        "g(1, 2)",
        "{ g(1, 2)? }",
        "if a.b { -a.c[0] } else { g(1, 2)? }",
        "return y",
        "S { z: (1, [2]) }",
        "(1, [2])",
        "[2]",
        "|q| q + 1",
        "q + 1",
        "&mut a.d",
        "0..3",
        "for i in 0..3 { i }",
        "while a { }",
        "loop { break 1 }",
        "break 1",
        "match v { X { y, .. } => return y, _ => S { z: (1, [2]) } }",
    ] {
        assert!(found.iter().any(|text| text == wanted), "{wanted} is not among {found:#?}");
    }
    assert!(of.exprs.iter().all(|(_, span)| !span.is_none()));
}

#[test]
fn items_and_their_names() {
    let demo = Memory::new(
        "/// Docs.\n#[a]\npub struct S { pub x: Vec<u8> }\n#[b] pub(crate) const fn f() {}\nimpl S { /** d */ #[c] fn g(&self) {} }\nenum E { A(u8), B = 3 }",
    );
    let world = demo.world();
    let text = |name: &str| {
        let item = world.item(item(&world, name));
        (world.text(item.span), world.text(item.name_span))
    };
    assert_eq!(text("S"), ("pub struct S { pub x: Vec<u8> }".into(), "S".into()));
    assert_eq!(text("f"), ("pub(crate) const fn f() {}".into(), "f".into()));
    assert_eq!(text("g"), ("fn g(&self) {}".into(), "g".into()));
    let of = world.item(item(&world, "E"));
    let ItemKind::Enum(of) = &of.kind else { panic!() };
    assert_eq!(world.text(of.variants[0].span), "A(u8)");
    assert_eq!(of.variants[1].discriminant, Some(3));
    let of = world.item(item(&world, "S"));
    let ItemKind::Struct(of) = &of.kind else { panic!() };
    assert_eq!(world.text(of.fields.fields[0].span), "x: Vec<u8>");
}

#[test]
fn attributes_point_at_their_tokens() {
    let demo = Memory::new("#[account(mut, has_one = owner)] #[doc = \"no\"] #[msg = \"text é\"] #[plain] struct S;");
    let world = demo.world();
    let of = world.item(item(&world, "S"));
    let found: Vec<(String, String)> = of.attrs.iter().map(|attr| (attr.path.clone(), world.text(attr.span))).collect();
    assert_eq!(
        found,
        [
            ("account".to_string(), "mut, has_one = owner".to_string()),
            ("msg".to_string(), "\"text é\"".to_string()),
            ("plain".to_string(), String::new())
        ]
    );
}

#[test]
fn what_a_macro_made_points_at_the_call_and_what_was_passed_at_itself() {
    let demo = Memory::new(
        "macro_rules! save { ($store:expr, $value:expr) => { ITEM.save($store, &$value) } }
         fn f(s: S) { save!(s.storage, s.value + 1); }
         macro_rules! make { ($name:ident, $body:block) => { pub fn $name(x: u8) { x.before(); $body } } }
         make!(made, { value.inside() });",
    );
    let world = demo.world();
    let of = world.body(item(&world, "f")).unwrap();
    assert_eq!(texts(&world, &of, |expr| matches!(expr, Expr::MethodCall(..))), ["save!(s.storage, s.value + 1)"]);
    assert_eq!(texts(&world, &of, |expr| matches!(expr, Expr::Field(..))), ["s.storage", "s.value"]);
    assert_eq!(texts(&world, &of, |expr| matches!(expr, Expr::Binary(..))), ["s.value + 1"]);
    let made = item(&world, "made");
    assert_eq!(world.text(world.item(made).span), "make!(made, { value.inside() })");
    assert_eq!(world.text(world.item(made).name_span), "made");
    let of = world.body(made).unwrap();
    assert_eq!(
        texts(&world, &of, |expr| matches!(expr, Expr::MethodCall(..))),
        ["make!(made, { value.inside() })", "value.inside()"]
    );
}

#[test]
fn delimiters_a_macro_made_stand_for_the_whole_call() {
    let demo = Memory::new(
        "macro_rules! m { ($x:expr) => { $x.save((1, 2)) } } fn f(x: X) { m!(x.y); m!(é); } fn g(x: X) { x.y.z(1) }",
    );
    let world = demo.world();
    let of = world.body(item(&world, "f")).unwrap();
    assert_eq!(texts(&world, &of, |expr| matches!(expr, Expr::MethodCall(..))), ["m!(x.y)", "m!(é)"]);
    assert_eq!(texts(&world, &of, |expr| matches!(expr, Expr::Tuple(..))), ["m!(x.y)", "m!(é)"]);
}
