//! Texts that try to exhaust the stack, the memory or the patience: always an answer, never a crash.

use crate::world::*;
use crosslane_analyzer::ir::hir::*;
use crosslane_analyzer::source::*;

/// Loads and lowers everything there is in a text.
fn survive(text: &str) -> Vec<String> {
    let text = text.to_string();
    with_big_stack(move || {
        let demo = Memory::new(&text);
        let world = demo.world();
        let krate = world.krate(DEMO);
        for idx in 0..krate.items.len() as u32 {
            let id = ItemId { krate: DEMO, idx };
            world.body(id);
            if let ItemKind::MacroRules(_) = krate.items[idx as usize].kind {
                world.resolve_names(ROOT, &[krate.items[idx as usize].name.clone()], Ns::Macro);
            }
        }
        problems(&world)
    })
}

fn nested(open: &str, middle: &str, close: &str, times: usize) -> String {
    format!("{}{middle}{}", open.repeat(times), close.repeat(times))
}

/// Every way to nest that needs no delimiter, and those that do.
fn shapes(n: usize) -> Vec<(&'static str, String)> {
    let body = |text: String| format!("fn f(x: u8) {{ {text} }}");
    vec![
        ("parens", body(nested("(", "x", ")", n))),
        ("brackets", body(nested("[", "x", "]", n))),
        ("blocks", body(nested("{", "x", "}", n))),
        ("unclosed", body("(".repeat(n))),
        ("closed", body(")".repeat(n))),
        ("not", body(format!("{}x", "!".repeat(n)))),
        ("minus", body(format!("{}x", "- ".repeat(n)))),
        ("deref", body(format!("{}x", "*".repeat(n)))),
        ("borrow", body(format!("{}x", "& ".repeat(n)))),
        ("borrow mut", body(format!("{}x", "&mut ".repeat(n)))),
        ("methods", body(format!("x{}", ".a()".repeat(n)))),
        ("fields", body(format!("x{}", ".a".repeat(n)))),
        ("tries", body(format!("x{}", "?".repeat(n)))),
        ("calls", body(format!("x{}", "()".repeat(n)))),
        ("indexes", body(format!("x{}", "[0]".repeat(n)))),
        ("casts", body(format!("x{}", " as u8".repeat(n)))),
        ("sum", body(format!("x{}", " + x".repeat(n)))),
        ("and", body(format!("x{}", " && x".repeat(n)))),
        ("mixed", body(format!("x{}", " + x * x == x || x".repeat(n / 4)))),
        ("assign", body(format!("{}x", "x = ".repeat(n)))),
        ("else if", body(format!("if x {{ }} {}", "else if x { } ".repeat(n)))),
        ("if if", body("if ".repeat(n))),
        ("return", body(format!("{}x", "return ".repeat(n)))),
        ("break", body(format!("loop {{ {}x }}", "break ".repeat(n)))),
        ("closures", body(format!("{}x", "|x| ".repeat(n)))),
        ("moves", body(format!("{}x", "move || ".repeat(n)))),
        ("ranges", body(format!("x{}", "..x".repeat(n)))),
        ("open ranges", body(format!("{}x", "..".repeat(n)))),
        ("lets", body(format!("if {}x {{}}", "let x = ".repeat(n)))),
        ("labels", body(format!("{}loop {{}}", "'a: ".repeat(n)))),
        ("turbofish", body(format!("x::{}", nested("<X::", "", ">", n)))),
        ("generics", format!("type T = {};", nested("Vec<", "u8", ">", n))),
        ("arguments", format!("type T = {};", nested("Map <u8, ", "u8", ">", n))),
        ("references", format!("type T = {}u8;", "&".repeat(n))),
        ("pointers", format!("type T = {}u8;", "*const ".repeat(n))),
        ("fn types", format!("type T = {}u8;", "fn() -> ".repeat(n))),
        ("fn bounds", format!("type T = {}u8;", "impl Fn() -> ".repeat(n))),
        ("dyn", format!("type T = {}u8;", "dyn A + ".repeat(n))),
        ("qualified", format!("type T = {};", nested("<", "u8", " as A>::T", n))),
        ("uses", format!("use {}b;", "a::".repeat(n))),
        ("use groups", format!("use {}b{};", "a::{".repeat(n), "}".repeat(n))),
        ("modules", nested("mod a {", "", "}", n)),
        ("binding", body(format!("let {}x = x;", "x @ ".repeat(n)))),
        ("pattern borrow", body(format!("let {}x = x;", "&".repeat(n)))),
        ("or patterns", body(format!("match x {{ 0 {} => x }}", "| 0".repeat(n)))),
        ("nested fns", nested("fn f() {", "", "}", n)),
        ("attributes", format!("{} fn f() {{}}", "#[a]".repeat(n))),
        ("cfg", format!("#[cfg({}x{})] fn f() {{}}", "not(".repeat(n), ")".repeat(n))),
        ("comments", format!("{}{}", "/*".repeat(n), "*/".repeat(n))),
        ("open comments", "/*".repeat(n)),
        ("quotes", "\"".repeat(n + 1)),
        ("ticks", "'".repeat(n)),
        ("raw", format!("r{}\"", "#".repeat(n.min(200)))),
        ("dollars", format!("macro_rules! m {{ ({}) => {{}} }}", "$".repeat(n))),
        ("macro calls", body(nested("m!(", "x", ")", n))),
        ("vecs", body(nested("vec![", "x", "]", n))),
        ("unknown calls", format!("{} fn f() {{}}", "m! { a b c } ".repeat(n.min(2000)))),
        ("bounds", format!("fn f<T: {}A>() {{}}", "A + ".repeat(n))),
        ("where", format!("fn f<T>() where {} {{}}", "T: A, ".repeat(n))),
        ("lifetimes", format!("fn f<{}>() {{}}", "'a, ".repeat(n))),
        ("arms", body(format!("match x {{ {} }}", "0 => x, ".repeat(n)))),
        ("statements", body("x; ".repeat(n))),
        ("items", "fn f() {} ".repeat(n)),
        ("array types", format!("type T = {};", nested("[", "u8", "; 1]", n))),
        ("consts", format!("type T = A<{}>;", nested("{", "1", "}", n))),
        ("for types", format!("type T = {}u8;", "for<'a> ".repeat(n))),
        ("unsafe", body(format!("{}x", "unsafe ".repeat(n)))),
        ("await", body(format!("x{}", ".await".repeat(n)))),
        ("matches", body(format!("{}x", "match ".repeat(n)))),
        ("stars", format!("use a::{};", "*".repeat(n))),
        ("less", body(format!("x{}", " < x".repeat(n)))),
        ("shift", body(format!("x{}", " << x".repeat(n)))),
        ("paths", body(format!("x{}", "::x".repeat(n)))),
    ]
}

#[test]
fn nothing_nests_the_stack_away() {
    for (name, text) in shapes(20_000) {
        println!("{name}");
        survive(&text);
    }
}

#[test]
fn what_is_accepted_is_lowered() {
    // Just below the limits, where every pass runs.
    for n in [190, 1_400, 3_900] {
        for (name, text) in shapes(n) {
            println!("{name} {n}");
            survive(&text);
        }
    }
}
