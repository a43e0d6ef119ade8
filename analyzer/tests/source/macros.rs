//! `macro_rules!` and the table of known macros.

use crate::world::*;
use crosslane_analyzer::ir::hir::*;
use crosslane_analyzer::source::*;

#[test]
fn items_from_nested_item_macros() {
    let demo = Memory::new(
        "mod nightly {
            macro_rules! const_impl {
                { impl $(<$(const $C: ident : $ty: ty), +>)? const $($tt: tt) + } => { impl $(<$(const $C: $ty), +>)? $($tt) + }
            }
            pub(crate) use const_impl;
        }
        pub struct Big<const N: usize>;
        pub trait From2<T> { fn from2(t: T) -> Self; }
        macro_rules! all {
            ($($a: ident), *) => { $(
                crate::nightly::const_impl! {
                    impl<const N: usize, const M: usize> const crate::From2<$a<M>> for Big<N> { fn from2(from: $a<M>) -> Self { Big } }
                }
            )* };
        }
        all!(Big);",
    );
    let world = demo.world();
    assert_eq!(body(&world, "from2"), "|from#0| { Big }");
    assert_eq!(problems(&world), Vec::<String>::new());
}

#[test]
fn macros_of_other_crates() {
    let demo = Memory::new("fn f(n: usize) { bitvec::bitvec![u8, Lsb0; 0; n] }").package(
        "bitvec",
        &[(
            "src/lib.rs",
            "#[macro_use] pub mod macros; pub mod vec { pub struct BitVec; } ",
        ), ("src/macros.rs", "
            #[macro_export]
            macro_rules! bitvec {
                ($store:ty, $order:ty; $val:expr; $len:expr) => { $crate::vec::BitVec::<$store, $order>::repeat($val != 0, $len) };
                ($($arg:tt)*) => { $crate::vec::BitVec::from_bitslice($crate::bits!($($arg)*)) };
            }")],
    );
    let world = demo.world();
    assert_eq!(body(&world, "f"), "|n#0| { $crate1::vec::BitVec<u8,Lsb0>::repeat((0 Ne 0), n#0) }");
}

fn lowered(text: &str) -> String {
    let demo = Memory::new(text);
    let world = demo.world();
    assert_eq!(problems(&world), Vec::<String>::new());
    body(&world, "f")
}

#[test]
fn repetitions_inside_repetitions() {
    assert_eq!(
        lowered(
            "macro_rules! map { ($($k:expr => [$($v:expr),* $(,)?]);* $(;)?) => { [$(($k, [$($v + 1),*])),*] } }
             fn f() { map! { 1 => [2, 3]; 4 => []; 5 => [6,]; } }"
        ),
        "{ [(1, [(2 Add 1), (3 Add 1)]), (4, []), (5, [(6 Add 1)])] }"
    );
}

#[test]
fn outer_variables_repeat_with_inner_ones() {
    assert_eq!(
        lowered(
            "macro_rules! calls { ($recv:ident . $($m:ident($($a:expr),*)),+) => { $( $recv.$m($($a),*); )+ } }
             fn f(x: u8) { calls!(x.a(1, 2), b(), c(x)) }"
        ),
        "|x#0| { x#0.a(1, 2); x#0.b(); x#0.c(x#0); }"
    );
}

#[test]
fn arguments_stay_one_thing() {
    assert_eq!(
        lowered("macro_rules! twice { ($e:expr) => { $e * 2 } } fn f(a: u8) { twice!(a + 1) }"),
        "|a#0| { ((a#0 Add 1) Mul 2) }"
    );
    assert_eq!(
        lowered("macro_rules! of { ($t:ty) => { <$t>::MAX as $t < $t::MIN } } fn f() { of!(Vec<u8>) }"),
        "{ (<Vec<u8> as 0>::MAX as Vec<u8> Lt <Vec<u8> as 0>::MIN) }"
    );
}

#[test]
fn locals_are_hygienic() {
    // `x` of the definition is not `x` of the call.
    assert_eq!(
        lowered("macro_rules! add { ($e:expr) => { { let x = 10; x + $e } } } fn f(x: u8) { add!(x) }"),
        "|x#0| { { let x#1 = 10; (x#1 Add x#0) } }"
    );
    // A name that was passed binds for the code around.
    assert_eq!(
        lowered(
            "macro_rules! bind { ($n:ident, $e:expr) => { let $n = $e; let hidden = 2; } } fn f(hidden: u8) { bind!(y, 1); y + hidden }"
        ),
        "|hidden#0| { let y#1 = 1; let hidden#2 = 2; (y#1 Add hidden#0) }"
    );
    // A definition inside the body sees the bindings around it.
    assert_eq!(lowered("fn f(x: u8) { macro_rules! get { () => { x + g(x) } } get!() }"), "|x#0| { (x#0 Add g(x#0)) }");
    // Items and fields are not hygienic.
    assert_eq!(
        lowered("macro_rules! m { ($s:ident) => { $s.count = helper(LIMIT) } } fn f(s: S) { m!(s) }"),
        "|s#0| { s#0.count = helper(LIMIT) }"
    );
}

#[test]
fn every_kind_of_fragment() {
    assert_eq!(
        lowered(
            "macro_rules! all { ($i:ident $l:lifetime $t:tt $v:vis $b:block $p:pat => $q:path | $m:meta ; $lit:literal ; $s:stmt ; $y:ty ; $it:item) => {
                $it $s; $l: loop { break $l match $t { $p => $q($lit, $i as $y), _ => $b } } } }
             fn f(a: u8) { all!(a 'x (1 + a) pub(crate) { a } Some(_) | O::None => b::c | doc = \"d\" ; -5 ; let z = 1 ; Vec<u8> ; fn inner() {}) }"
        ),
        "|a#0| { let z#1 = 1; loop 'x { break 'x match (1 Add a#0) { Some(_) | O::None => b::c(-5, a#0 as Vec<u8>), _ => { a#0 } } } }"
    );
}

#[test]
fn tokens_of_more_than_one_character_are_one_tree() {
    assert_eq!(
        lowered(
            "macro_rules! count { () => { 0 }; ($head:tt $($tail:tt)*) => { 1 + count!($($tail)*) } } fn f() { count!(a => :: .. 'x ..= b) }"
        ),
        "{ (1 Add (1 Add (1 Add (1 Add (1 Add (1 Add (1 Add 0))))))) }"
    );
}

#[test]
fn expansions_without_end_stop() {
    assert!(
        lowered("macro_rules! deep { ($e:expr) => { deep!($e + 1) } } fn f() { deep!(1) }").contains("macro-budget")
    );
    assert!(
        lowered(
            "macro_rules! wide { ($($t:tt)*) => { wide!($($t)* $($t)* $($t)* $($t)*) } } fn f() { wide!(a b c d) }"
        )
        .contains("macro-budget")
    );
    let demo = Memory::new("macro_rules! items { ($n:ident) => { fn $n() {} items!($n); } } items!(g);");
    assert!(
        problems(&{
            let world = demo.world();
            world.krate(DEMO);
            world
        })[0]
            .contains("without end")
    );
}

#[test]
fn a_macro_of_the_crate_wins_over_the_table() {
    assert_eq!(
        lowered("macro_rules! ensure { ($c:expr, $e:expr) => { check($c, $e) } } fn f() { ensure!(a, b) }"),
        "{ check(a, b) }"
    );
}

#[test]
fn the_table() {
    for (text, wanted) in [
        ("vec![a, 1]", "vec[a#0, 1]"),
        ("vec![a; 3]", "vec[a#0; 3]"),
        ("format!(\"{a} {b:?} {}\", 1, b = 2)", "format(\"{a} {b:?} {}\"; 1, 2, a#0)"),
        ("panic!(\"x {}\", a)", "panic(a#0)"),
        ("assert!(a > 1, \"{a}\")", "if !(a#0 Gt 1) { panic(a#0); }"),
        ("assert_eq!(a, 1)", "if !(a#0 Eq 1) { panic(); }"),
        ("matches!(a, Some(x) if x > 1)", "match a#0 { Some(x#1) if (x#1 Gt 1) => true, _ => false }"),
        ("ensure!(a, Error::No { a })", "if !a#0 { return Err(Error::No { a: a#0 }.into()); }"),
        ("require!(a > 0, Code::Bad)", "if !(a#0 Gt 0) { return Err(Code::Bad.into()); }"),
        ("require!(a > 0, \"bad {a}\")", "if !(a#0 Gt 0) { panic(a#0); }"),
        ("require_keys_neq!(a, b, Code::Bad)", "if !(a#0 Ne b) { return Err(Code::Bad.into()); }"),
        ("bail!(\"no {a}\")", "return Err(format(\"no {a}\"; a#0).into())"),
        ("bail!(Error::No)", "return Err(Error::No.into())"),
        ("msg!(\"{}\", a)", "eval(a#0)"),
        ("emit!(Event { a })", "eval(Event { a: a#0 })"),
        ("concat!(\"a\", 1, true)", "\"a1true\""),
        ("stringify!(a + b)", "\"a + b\""),
        ("include_str!(\"x\")", "lit?"),
        ("cfg!(target_arch = \"wasm32\")", "true"),
        ("dbg!(a)", "a#0"),
        ("json!({ \"k\": a, \"l\": [1, { \"m\": g(a) }], \"n\": null })", "format(\"json\"; a#0, 1, g(a#0))"),
        ("write!(a, \"{}\", 1)", "a#0.write_fmt(format(\"{}\"; 1))"),
        ("try!(a)", "a#0?"),
        ("unknown!(a, g(1))", "unknown!(a#0, g(1); a#0)"),
        ("unknown!(a => { strange; \"{a}\" } @)", "unknown!(; a#0)"),
        ("path::unknown!()", "path::unknown!(; )"),
    ] {
        let found = lowered(&format!("fn f(a: u8) {{ {text} }}"));
        assert_eq!(found, format!("|a#0| {{ {wanted} }}"), "{text}");
    }
}

#[test]
fn items_of_known_macros() {
    let demo = Memory::new(
        "thread_local! { static A: RefCell<u8> = RefCell::new(1); static B: u8 = 2 } lazy_static! { static ref C: u8 = g(); } bitflags! { x }",
    );
    let world = demo.world();
    assert_eq!(body(&world, "A"), "RefCell::new(1)");
    assert_eq!(body(&world, "B"), "2");
    assert_eq!(body(&world, "C"), "g()");
    let krate = world.krate(DEMO);
    let calls: Vec<&str> = krate.modules[0]
        .items
        .iter()
        .filter_map(|&at| match &krate.items[at as usize].kind {
            ItemKind::MacroCall(call) => Some(call.path.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(calls, ["bitflags"]);
}

#[test]
fn associated_items_from_macros() {
    let demo = Memory::new(
        "macro_rules! getters { ($($n:ident),*) => { $(fn $n(&self) -> u8 { self.$n })* } }
         struct S; impl S { fn first() {} getters!(a, b); } trait T { getters!(c); }",
    );
    let world = demo.world();
    assert_eq!(body(&world, "b"), "|self#0| { self#0.b }");
    let krate = world.krate(DEMO);
    let owner = |name: &str| match &world.item(item(&world, name)).kind {
        ItemKind::Fn(function) => krate.items[function.owner.unwrap() as usize].kind.clone(),
        _ => panic!(),
    };
    let ItemKind::Impl(block) = owner("b") else { panic!() };
    assert_eq!(block.items.len(), 3);
    let ItemKind::Trait(block) = owner("c") else { panic!() };
    assert_eq!(block.items.len(), 1);
}

#[test]
fn macros_that_define_macros_and_items_in_bodies() {
    assert_eq!(
        lowered(
            "macro_rules! define { ($name:ident, $value:expr) => { macro_rules! $name { ($x:expr) => { $x + $value } } } }
             define!(plus, 7); fn f(a: u8) { plus!(a) }"
        ),
        "|a#0| { (a#0 Add 7) }"
    );
    let demo = Memory::new(
        "macro_rules! helper { ($v:expr) => { { fn inner(x: u8) -> u8 { x } inner($v) } } } fn f(a: u8) { helper!(a) }",
    );
    let world = demo.world();
    assert_eq!(body(&world, "f"), "|a#0| { { inner(a#0) } }");
    let scope = world.body(item(&world, "f")).unwrap().module.unwrap();
    assert_eq!(resolve(&world, scope, "inner", Ns::Value), "demo::::inner");
}

#[test]
fn patterns_and_local_inner_macros() {
    let demo = Memory::new("fn f(a: u8) { match a { tools::either!(1, 2) => tools::outer!(a), _ => 0 } }").package(
        "tools",
        &[(
            "src/lib.rs",
            "#[macro_export] macro_rules! either { ($a:pat, $b:pat) => { $a | $b } }
             #[macro_export(local_inner_macros)] macro_rules! outer { ($e:expr) => { inner!($e) } }
             #[macro_export] macro_rules! inner { ($e:expr) => { $crate::done($e) } }",
        )],
    );
    let world = demo.world();
    assert_eq!(body(&world, "f"), "|a#0| { match a#0 { 1 | 2 => $crate1::done(a#0), _ => 0 } }");
}

#[test]
fn labels_are_hygienic() {
    let text = lowered(
        "macro_rules! each { ($b:block) => { 'a: loop { $b; break 'a; } } } fn f() { 'a: loop { each!({ break 'a; }); } }",
    );
    let labels: Vec<&str> = text.split('\'').skip(1).map(|part| part.split([' ', ';']).next().unwrap()).collect();
    assert_eq!(labels.len(), 4, "{text}");
    assert_eq!(labels[0], labels[2], "{text}");
    assert_eq!(labels[1], labels[3], "{text}");
    assert_ne!(labels[0], labels[1], "{text}");
}
