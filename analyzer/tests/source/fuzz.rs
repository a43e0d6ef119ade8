//! Random texts: whatever they are, there is a program, and its spans lie inside the text.

use crate::world::*;
use crosslane_analyzer::ir::hir::*;
use crosslane_analyzer::source::*;
use proptest::prelude::*;

/// A text with something of everything.
const SAMPLE: &str = r##"
#![allow(x)]
use a::{self, b::{c as d, *}, _e as _};
mod inner { pub use super::*; #[cfg(test)] mod t; #[path = "x.rs"] mod u; }
macro_rules! m { ($($k:ident : $v:expr),* $(,)?) => { { $(let $k = $v;)* f($($k),*) } }; (@ $($t:tt)*) => { m!($($t)*) } }
pub struct S<'a, T: Clone + 'a, const N: usize = 3> where T: Fn(u8) -> u8 { #[x(y = "é")] pub a: &'a [T; N], b: (dyn A + Send) }
pub enum E { A, B(u8, #[c] u16) = 3, C { x: E } }
impl<T> Tr<T> for S<'_, T, 1> { const K: u8 = 1 + 2; type O = <T as Tr<u8>>::O; fn g(&mut self, (a, b): (u8, u8)) -> impl X { self.a[0] = a; m!(q: a + b, r: "ü"); m!(@ s: 1) } }
fn f(mut x: u64) -> Result<(), E> {
    fn nested() {} const C: &str = r#"raw "# ; let S { a, ref b, .. } = s else { return Err(E::A)?; };
    if let Some(y) = x && y > 1 { x += y as u64; } else if matches!(x, 1..=5 | 7 if true) { } 'l: for i in 0.. { break 'l; }
    let c = move |z: u8| async { z.await + x }; match (a, b) { [p, .., q] if p => { vec![1; 2] } E::C { x: n @ 1 } => 'c', _ => b'\'' };
    (x, a.0) = (1, !-*&mut x); unknown! { x => $ y }; format!("{x} {:>w$}", a, w = 3); unsafe { asm!() } Ok(())
}
thread_local! { static T: u8 = 1 }
m!(@ z: 1);
"##;

/// Lowers everything and checks every span.
fn whole(text: &str) {
    let demo = Memory::new(text);
    let world = demo.world();
    let krate = world.krate(DEMO);
    let inside = |span: crosslane_analyzer::ir::Span| {
        assert!(span.is_none() || (span.lo <= span.hi && span.hi as usize <= text.len()), "{span:?}");
        assert!(
            span.is_none() || (text.is_char_boundary(span.lo as usize) && text.is_char_boundary(span.hi as usize)),
            "{span:?} cuts a character"
        );
    };
    for (idx, item) in krate.items.iter().enumerate() {
        inside(item.span);
        inside(item.name_span);
        item.attrs.iter().for_each(|attr| inside(attr.span));
        let Some(of) = world.body(ItemId { krate: DEMO, idx: idx as u32 }) else { continue };
        of.exprs.iter().for_each(|(_, span)| inside(*span));
        of.pats.iter().for_each(|(_, span)| inside(*span));
        let scope = of.module.unwrap_or(ROOT);
        for (expr, _) in &of.exprs {
            if let Expr::Path(path) = expr {
                world.resolve(scope, path, Ns::Value);
            }
        }
    }
    problems(&world);
}

fn on_a_big_stack(text: String) {
    with_big_stack(move || whole(&text));
}

#[test]
fn the_sample_itself() {
    whole(SAMPLE);
    let demo = Memory::new(SAMPLE);
    let world = demo.world();
    assert!(world.krate(DEMO).modules[0].complete, "{:?}", world.problems());
}

/// Words, operators and pieces that make parsers do things.
const WORDS: &[&str] = &[
    "fn",
    "f",
    "x",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    ",",
    ";",
    ":",
    "::",
    "=",
    "=>",
    "->",
    "|",
    "||",
    "&",
    "&&",
    "*",
    "!",
    "?",
    ".",
    "..",
    "..=",
    "+",
    "-",
    "#",
    "$",
    "@",
    "'a",
    "'x'",
    "\"s\"",
    "1",
    "2.5",
    "let",
    "if",
    "else",
    "match",
    "loop",
    "while",
    "for",
    "in",
    "return",
    "break",
    "move",
    "async",
    "await",
    "unsafe",
    "struct",
    "enum",
    "impl",
    "trait",
    "mod",
    "use",
    "pub",
    "crate",
    "self",
    "Self",
    "super",
    "where",
    "dyn",
    "const",
    "static",
    "mut",
    "ref",
    "as",
    "macro_rules!",
    "m!",
    "vec!",
    "$crate",
    "$x:expr",
    "$x",
    "$(",
    ")*",
    "_",
    "é",
    "\u{feff}",
    "\0",
    "\r\n",
    "/*",
    "*/",
    "//\n",
    "r#\"",
    "\"#",
    "b'",
    "#!",
    "type",
    "union",
    "extern",
    "matches!(x, ",
    "format!(\"{x}\", ",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn soup(words in prop::collection::vec(prop::sample::select(WORDS), 0..120)) {
        on_a_big_stack(words.join(" "));
    }

    #[test]
    fn soup_in_a_body(words in prop::collection::vec(prop::sample::select(WORDS), 0..40)) {
        on_a_big_stack(format!("macro_rules! m {{ ($($x:tt)*) => {{ $($x)* }} }} fn f(x: u8) {{ {} }}", words.join(" ")));
    }

    #[test]
    fn a_piece_left_out(from in 0..SAMPLE.len(), len in 1usize..60) {
        let cut = |at: usize| (0..=at.min(SAMPLE.len())).rev().find(|&at| SAMPLE.is_char_boundary(at)).unwrap_or(0);
        on_a_big_stack(format!("{}{}", &SAMPLE[..cut(from)], &SAMPLE[cut(from + len)..]));
    }

    #[test]
    fn a_word_put_in(at in 0..SAMPLE.len(), word in prop::sample::select(WORDS)) {
        let at = (0..=at).rev().find(|&at| SAMPLE.is_char_boundary(at)).unwrap_or(0);
        on_a_big_stack(format!("{}{word}{}", &SAMPLE[..at], &SAMPLE[at..]));
    }

    #[test]
    fn any_characters(text in any::<String>()) {
        on_a_big_stack(text);
    }

    #[test]
    fn any_model(text in "(\\[crate\\]|\\[\\[row\\]\\]|name = \"x\"|rust = '|'|in = \"|\"|fn f\\(\\) \\{|\\}|\n| ){0,30}") {
        if let Ok(model) = parse_model("m.toml", &text) {
            let mut demo = Memory::new("");
            demo.models.push(model);
            let world = demo.world();
            for id in 0..2 {
                world.krate(CrateId(id));
            }
        }
    }
}
