//! Bodies: bindings, captures, patterns, control flow, items inside bodies.

use crate::world::*;
use crosslane_analyzer::ir::hir::*;
use crosslane_analyzer::source::*;

/// The body of `f` in a text that has only that.
fn lowered(text: &str) -> String {
    let demo = Memory::new(text);
    let world = demo.world();
    assert_eq!(problems(&world), Vec::<String>::new());
    body(&world, "f")
}

#[test]
fn shadowing_gives_bindings_of_their_own() {
    assert_eq!(
        lowered("fn f(x: u8) { let x = x + 1; { let x = x; g(x); } x }"),
        "|x#0| { let x#1 = (x#0 Add 1); { let x#2 = x#1; g(x#2); }; x#1 }"
    );
}

#[test]
fn bindings_of_conditions_end_with_them() {
    assert_eq!(
        lowered("fn f(a: O, x: u8) { if let Some(x) = a && x > 0 { x } else { x } }"),
        "|a#0, x#1| { if (let Some(x#2) = a#0 And (x#2 Gt 0)) { x#2 } else { x#1 } }"
    );
    assert_eq!(
        lowered("fn f(mut a: I, x: u8) { while let Some(x) = a.next() { g(x) } x; }"),
        "|a#0, x#1| { while let Some(x#2) = a#0.next() { g(x#2) }; x#1; }"
    );
    assert_eq!(lowered("fn f(x: u8) { for x in x..=9 { g(x) } x }"), "|x#0| { for x#1 in x#0..=9 { g(x#1) }; x#0 }");
}

#[test]
fn match_arms_guards_and_alternatives() {
    assert_eq!(
        lowered(
            "fn f(a: O, x: u8) { match a { A(x, _) | B(_, x) if x > 1 => x, C { x, y: 1..=5, .. } => x, _ => x } }"
        ),
        "|a#0, x#1| { match a#0 { A(x#2, _) | B(_, x#2) if (x#2 Gt 1) => x#2, C { x: x#3, y: 1..5, .. } => x#3, _ => x#1 } }"
    );
}

#[test]
fn closures_know_what_they_capture() {
    assert_eq!(
        lowered("fn f(a: u8, b: u8) { let c = move |x: u8| { let y = a; |z| x + y + z + b }; c(a) }"),
        "|a#0, b#1| { let c#5 = [a#0,b#1]|x#2| { let y#3 = a#0; [x#2,y#3,b#1]|z#4| (((x#2 Add y#3) Add z#4) Add b#1) }; c#5(a#0) }"
    );
}

#[test]
fn receiver_and_parameter_patterns() {
    assert_eq!(
        lowered("struct S; impl S { fn f(&mut self, (a, _): (u8, u8), S { b, ref mut c }: S) { self.d = a + b; *c } }"),
        "|self#0, (a#1, _), S { b: b#2, c: ref mut c#3 }| { self#0.d = (a#1 Add b#2); *c#3 }"
    );
}

#[test]
fn slices_and_rests() {
    assert_eq!(
        lowered("fn f(x: X) { let [a, rest @ .., b] = x; let (c, .., d) = y; let [.., e] = z; let (g, ..) = w; }"),
        "|x#0| { let [a#1, rest#2 @ .., b#3] = x#0; let (c#4, .., d#5) = y; let [, .., e#6] = z; let (g#7, .., ) = w; }"
    );
}

#[test]
fn destructuring_assignment_becomes_a_let() {
    assert_eq!(
        lowered("fn f(mut a: u8, mut b: S) { (a, b.c, _) = g(); }"),
        "|a#0, b#1| { { let (_assigned#2, _assigned#3, _) = g(); a#0 = _assigned#2; b#1.c = _assigned#3; }; }"
    );
}

#[test]
fn let_else_labels_and_breaks() {
    assert_eq!(
        lowered(
            "fn f(x: O) -> u8 { let Some(y) = x else { return 1; }; 'a: loop { if y { break 'a y; } continue 'a; } }"
        ),
        "|x#0| { let Some(y#1) = x#0 else { return 1; }; loop 'a { if y#1 { break 'a y#1; }; continue 'a; } }"
    );
}

#[test]
fn upper_case_patterns_are_paths_when_they_name_something() {
    let text = "const LIMIT: u8 = 1; enum E { One } use E::One; fn f(x: u8) { match x { LIMIT => LIMIT, One => 2, Other => Other } }";
    assert_eq!(lowered(text), "|x#0| { match x#0 { LIMIT => LIMIT, One => 2, Other or Other#1 => Other#1 } }");
}

#[test]
fn items_in_bodies_have_a_module_of_their_own() {
    let demo = Memory::new(
        "fn helper() {} fn f() { fn helper() -> u8 { 7 } use inner::Thing; { const N: u8 = 3; helper() } } mod inner { pub struct Thing; }",
    );
    let world = demo.world();
    let outer = world.body(item(&world, "f")).unwrap();
    let scope = outer.module.unwrap();
    assert_eq!(world.module(scope).items.len(), 2);
    assert_eq!(resolve(&world, scope, "Thing", Ns::Type), "demo::inner::Thing");
    assert_eq!(resolve(&world, ROOT, "Thing", Ns::Type), "nothing");
    let Resolved::Item(helper) = world.resolve_names(scope, &["helper".into()], Ns::Value) else { panic!() };
    let helper = world.body(helper).unwrap();
    assert_eq!(show(&helper, helper.root.unwrap()), "{ 7 }");
    assert_eq!(resolve(&world, scope, "self::helper", Ns::Value), "demo::helper");
    assert_eq!(resolve(&world, scope, "N", Ns::Value), "demo::::N");
}

#[test]
fn literals() {
    assert_eq!(
        lowered(
            r##"fn f() { (1u64, -2, 0xff, 1_000i128, 1.5, 'x', b'y', "a\n", r#"b"#, b"c", true, 340282366920938463463374607431768211455) }"##
        ),
        r#"{ (1u64, -2, 255, 1000i128, 1.5, 'x', b'y', "a\n", "b", b"c", true, lit?) }"#
    );
}

#[test]
fn calls_paths_and_types() {
    assert_eq!(
        lowered(
            "fn f() { <Vec<u8> as From<[u8; 3]>>::from(x).iter::<&mut T>()?.0[1] as u8; Map::<K, V>::new(S { a, ..S::default() }); ::std::mem::swap(&mut a, &b).await; }"
        ),
        "{ <Vec<u8> as 1>::From<[u8;Some(3)]>::from(x).iter::<&mut T>()?.0[1] as u8; Map<K,V>::new(S { a: a, ..S::default() }); ::std::mem::swap(&mut a, &b).await; }"
    );
}

#[test]
fn cfg_in_bodies() {
    assert_eq!(
        lowered(
            "fn f(#[cfg(test)] a: u8, b: u8) { #[cfg(test)] g(); #[cfg(not(test))] let c = b; match b { #[cfg(test)] 0 => 1, _ => S { #[cfg(test)] d: 1, e: c } } }"
        ),
        "|b#0| { let c#1 = b#0; match b#0 { _ => S { e: c#1 } } }"
    );
}

#[test]
fn text_in_attributes_is_parsed_on_request() {
    let demo = Memory::new("pub struct Seeds; #[account(seeds = [b\"vault\", user.key().as_ref()])] fn f() {}");
    let world = demo.world();
    let attr = &world.item(item(&world, "f")).attrs[0];
    assert_eq!(attr.path, "account");
    assert_eq!(attr.tokens, "seeds = [b\"vault\", user.key().as_ref()]");
    let list = &attr.tokens["seeds = ".len()..];
    let mut base = attr.span;
    base.lo += "seeds = ".len() as u32;
    let parsed = world.parse_expr_body(list, base, ROOT, &["user".into()]).unwrap();
    assert_eq!(show(&parsed, parsed.root.unwrap()), "[b\"vault\", user#0.key().as_ref()]");
    assert_eq!(texts(&world, &parsed, |expr| matches!(expr, Expr::Local(_))), ["user"]);
    assert_eq!(show_type(&world.parse_type("Map<u8, [T]>", base).unwrap()), "Map<u8,[T]>");
    assert!(world.parse_type("a b", base).is_none());
}

#[test]
fn constants_and_associated_functions() {
    let demo = Memory::new(
        "pub const ITEM: Item<u8> = Item::new(\"x\"); static S: u8 = 3; trait T { const D: u8 = 4; fn g(&self) -> u8 { Self::D } fn h(); } impl T for () { fn h() {} }",
    );
    let world = demo.world();
    assert_eq!(body(&world, "ITEM"), "Item::new(\"x\")");
    assert_eq!(body(&world, "S"), "3");
    assert_eq!(body(&world, "D"), "4");
    assert_eq!(body(&world, "g"), "|self#0| { Self::D }");
    let trait_fn = world.krate(DEMO).items.iter().position(|item| item.name == "h").unwrap();
    assert!(world.body(ItemId { krate: DEMO, idx: trait_fn as u32 }).is_none());
}

/// Every block has its own items: two constants of one name in two blocks are two.
#[test]
fn items_of_blocks_do_not_leak_unsound() {
    let demo = Memory::new(
        "const K: u8 = 0; enum E { A } enum F { A }
         fn f(x: bool) { if x { const K: u8 = 1; fn g() {} use E::A; save(K, A); g() } else { const K: u8 = 2; fn g() {} use F::A; save(K, A); g() } save(K) }",
    );
    let world = demo.world();
    let of = world.body(item(&world, "f")).unwrap();
    let scope = of.module.unwrap();
    let mut values = Vec::new();
    for (expr, _) in &of.exprs {
        if let Expr::Path(path) = expr {
            let found = world.resolve(scope, path, Ns::Value);
            match &found {
                Resolved::Item(id) => match world.body(*id) {
                    Some(body) => values.push(show(&body, body.root.unwrap())),
                    None => values.push(told(&world, &found)),
                },
                _ => values.push(told(&world, &found)),
            }
        }
    }
    let nothing = "nothing";
    assert_eq!(
        values,
        [nothing, "1", "demo::E variant 0", "{  }", nothing, "2", "demo::F variant 0", "{  }", nothing, "0"]
    );
}

#[test]
fn items_macros_make_in_blocks_are_apart_too() {
    let demo = Memory::new(
        "macro_rules! size { ($n:expr) => { { fn inner() -> u8 { $n } inner() } } }
         fn f() { size!(1); size!(2); thread_local! { static T: u8 = 3 } T; }",
    );
    let world = demo.world();
    let of = world.body(item(&world, "f")).unwrap();
    let mut values = Vec::new();
    for (expr, _) in &of.exprs {
        if let Expr::Path(path) = expr {
            let Resolved::Item(id) = world.resolve(of.module.unwrap(), path, Ns::Value) else { panic!() };
            let body = world.body(id).unwrap();
            values.push(show(&body, body.root.unwrap()));
        }
    }
    assert_eq!(values, ["{ 1 }", "{ 2 }", "3"]);
}
