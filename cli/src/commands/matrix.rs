//! `matrix`: every pair of entry points at a glance, as text, Markdown, SVG, DOT, Mermaid or JSON.

use std::fmt::Write as _;

use crosslane_analyzer::chains::Outcome;
use crosslane_analyzer::conflicts::{First, Verdict, VerdictKind, words};
use crosslane_analyzer::ir::EntryKind;

use super::{Exit, why};
use crate::args::{self, Common};
use crate::output;
use crate::session::{self, Judged};

/// Widest matrix that has names above its columns; wider ones have numbers.
const WIDTH: usize = 100;

/// Flags of `matrix`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How to print it
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Format,
}

/// `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Format {
    /// For a terminal
    #[default]
    Text,
    /// A Markdown table
    Md,
    /// A picture
    Svg,
    /// A graph for Graphviz
    Dot,
    /// A graph for Mermaid
    Mermaid,
    /// JSON
    Json,
}

/// Runs `matrix`.
pub(crate) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let units = session::load(common)?;
    let all = session::judged(&units)?;
    let format = if common.message_format == Some(args::Format::Json) { Format::Json } else { args.format };
    if format == Format::Json {
        let contracts: Vec<serde_json::Value> = all.iter().map(|it| json(it, common.all)).collect();
        let value = serde_json::json!({ "version": 1, "contracts": contracts });
        output::show(&format!("{}\n", serde_json::to_string_pretty(&value)?))?;
        return Ok(Exit::Clean);
    }
    let mut out = String::new();
    for (at, judged) in all.iter().enumerate() {
        let several = all.len() > 1;
        if at > 0 {
            out.push('\n');
        }
        let rows = rows(judged, common.all);
        match format {
            Format::Md => markdown(judged, &rows, several, &mut out),
            Format::Svg => svg(judged, &rows, &mut out),
            Format::Dot => dot(judged, &rows, &mut out),
            Format::Mermaid => mermaid(judged, &rows, &mut out),
            Format::Text | Format::Json => text(judged, &rows, several, &mut out),
        }
    }
    output::show(&out)?;
    Ok(Exit::Clean)
}

/// Entry points that are traffic; with `--all` views, init and migrate too.
fn rows(judged: &Judged<'_>, all: bool) -> Vec<usize> {
    let traffic = |kind| matches!(kind, EntryKind::Call | EntryKind::Callback | EntryKind::System);
    judged.verdicts.listed().iter().copied().filter(|&at| all || traffic(judged.contract.entries[at].kind)).collect()
}

/// The sign of a pair.
fn sign(verdict: &Verdict) -> char {
    let first = |order| !verdict.when.0.is_empty() && verdict.when.0.iter().all(|conj| conj.order == Some(order));
    match verdict.kind {
        VerdictKind::Never => '·',
        VerdictKind::Unknown => '?',
        _ if first(First::A) => '→',
        _ if first(First::B) => '←',
        // Only where a chain has both: there most conflicts wait, and the ones that do not are what to look for.
        VerdictKind::Always if verdict.outcome == Outcome::Fails => '▲',
        VerdictKind::When if verdict.outcome == Outcome::Fails => '△',
        VerdictKind::Always => '■',
        VerdictKind::When => '◧',
    }
}

const LEGEND: &str = "■ always   ◧ when keys meet   · never   ? not known";
const ORDERED: &str = "   → only if the row's call comes first   ← only if the column's does";

const STALE: &str = "   ▲ △ the same, and the later one can fail";

fn legend(judged: &Judged<'_>, rows: &[usize]) -> String {
    let fails = edges(judged, rows).iter().any(|(.., sign)| matches!(sign, '▲' | '△'));
    let ordered = if judged.chain.directional { ORDERED } else { "" };
    format!("{LEGEND}{ordered}{}", if fails { STALE } else { "" })
}

fn text(judged: &Judged<'_>, rows: &[usize], several: bool, out: &mut String) {
    if several {
        let _ = writeln!(out, "{}", judged.contract.name);
    }
    let _ = writeln!(out, "  {}\n", legend(judged, rows));
    let names: Vec<&str> = rows.iter().map(|&at| judged.name(at)).collect();
    let total: usize = names.iter().map(|name| name.chars().count() + 2).sum();
    let left = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let numbered = total + left > WIDTH;
    let heads: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(at, name)| if numbered { format!("{:>2}", at + 1) } else { (*name).to_owned() })
        .collect();
    let digits = if numbered { rows.len().to_string().len() + 2 } else { 0 };
    let _ = writeln!(out, "  {:1$}  {2}", "", left + digits, heads.join("  "));
    for (y, (&a, name)) in rows.iter().zip(&names).enumerate() {
        let mut line = String::from("  ");
        if numbered {
            let _ = write!(line, "{:>1$}  ", y + 1, digits - 2);
        }
        let _ = write!(line, "{name:left$}");
        for (x, (&b, head)) in rows.iter().zip(&heads).enumerate() {
            // The lower half says the same as the upper one.
            let sign = if x < y { ' ' } else { sign(judged.verdicts.pair(a, b)) };
            let width = head.chars().count();
            let _ = if numbered { write!(line, "  {sign:>width$}") } else { write!(line, "  {sign:^width$}") };
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

fn markdown(judged: &Judged<'_>, rows: &[usize], several: bool, out: &mut String) {
    if several {
        let _ = writeln!(out, "### {}\n", judged.contract.name);
    }
    let names: Vec<&str> = rows.iter().map(|&at| judged.name(at)).collect();
    let _ = writeln!(out, "|  | {} |", names.join(" | "));
    let _ = writeln!(out, "|---|{}", ":-:|".repeat(names.len()));
    for (y, (&a, name)) in rows.iter().zip(&names).enumerate() {
        let signs: Vec<String> = rows
            .iter()
            .enumerate()
            .map(|(x, &b)| if x < y { String::new() } else { sign(judged.verdicts.pair(a, b)).to_string() })
            .collect();
        let _ = writeln!(out, "| {name} | {} |", signs.join(" | "));
    }
    let _ = writeln!(out, "\n{}", legend(judged, rows));
}

/// Pairs that conflict, with the sign.
fn edges(judged: &Judged<'_>, rows: &[usize]) -> Vec<(usize, usize, char)> {
    let mut edges = Vec::new();
    for (y, &a) in rows.iter().enumerate() {
        for (x, &b) in rows.iter().enumerate().skip(y) {
            let sign = sign(judged.verdicts.pair(a, b));
            if sign != '·' {
                edges.push((y, x, sign));
            }
        }
    }
    edges
}

fn dot(judged: &Judged<'_>, rows: &[usize], out: &mut String) {
    let _ = writeln!(out, "graph {:?} {{\n  node [shape=box, fontname=\"sans-serif\"];", judged.contract.name);
    for (at, &entry) in rows.iter().enumerate() {
        let _ = writeln!(out, "  n{at} [label={:?}];", judged.name(entry));
    }
    for (a, b, sign) in edges(judged, rows) {
        let style = match sign {
            '■' => "penwidth=2",
            '▲' => "penwidth=2, label=\"fails\"",
            '△' => "style=dashed, label=\"fails\"",
            '?' => "style=dotted, label=\"?\"",
            '→' => "style=dashed, dir=forward",
            '←' => "style=dashed, dir=back",
            _ => "style=dashed",
        };
        let _ = writeln!(out, "  n{a} -- n{b} [{style}];");
    }
    out.push_str("}\n");
}

fn mermaid(judged: &Judged<'_>, rows: &[usize], out: &mut String) {
    out.push_str("graph LR\n");
    for (at, &entry) in rows.iter().enumerate() {
        let _ = writeln!(out, "  n{at}[\"{}\"]", judged.name(entry).replace('"', "#quot;"));
    }
    for (a, b, sign) in edges(judged, rows) {
        let line = match sign {
            '■' => "===",
            '▲' => "== fails ===",
            '△' => "-. fails .-",
            '?' => "-. ? .-",
            '→' => "-.->",
            '←' => "<-.-",
            _ => "-.-",
        };
        let _ = writeln!(out, "  n{a} {line} n{b}");
    }
}

fn svg(judged: &Judged<'_>, rows: &[usize], out: &mut String) {
    const CELL: usize = 22;
    const CHAR: usize = 7;
    let longest = rows.iter().map(|&at| judged.name(at).chars().count()).max().unwrap_or(0);
    let left = longest * CHAR + 16;
    let (width, height) = (left + rows.len() * CELL + left / 2 + 8, left + rows.len() * CELL + 40);
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, monospace\" font-size=\"12\">\n<title>Which calls of {} conflict</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>",
        escape(&judged.contract.name)
    );
    for (at, &entry) in rows.iter().enumerate() {
        let name = escape(judged.name(entry));
        let middle = left + at * CELL + CELL / 2 + 4;
        let _ = writeln!(out, "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{name}</text>", left - 8);
        let x = left + at * CELL + CELL / 2 + 4;
        let _ = writeln!(out, "<text transform=\"translate({x} {}) rotate(-60)\">{name}</text>", left - 8);
    }
    for (y, &a) in rows.iter().enumerate() {
        for (x, &b) in rows.iter().enumerate().skip(y) {
            let verdict = judged.verdicts.pair(a, b);
            let fill = match sign(verdict) {
                '·' => "#eef2f0",
                '■' | '▲' => "#c2410c",
                '?' => "#9ca3af",
                _ => "#fdba74",
            };
            let _ = writeln!(
                out,
                "<rect x=\"{}\" y=\"{}\" width=\"{size}\" height=\"{size}\" rx=\"3\" fill=\"{fill}\"><title>{} × {}: {}</title></rect>",
                left + x * CELL + 1,
                left + y * CELL + 1,
                escape(judged.name(a)),
                escape(judged.name(b)),
                escape(&phrase(judged, verdict)),
                size = CELL - 2
            );
        }
    }
    let _ = writeln!(
        out,
        "<text x=\"8\" y=\"{}\">dark: always · light: when keys meet · pale: never · grey: not known</text>\n</svg>",
        height - 14
    );
}

/// A verdict in a few words.
fn phrase(judged: &Judged<'_>, verdict: &Verdict) -> String {
    let when = match verdict.kind {
        VerdictKind::Never => return "never".to_owned(),
        VerdictKind::Always => "always".to_owned(),
        VerdictKind::Unknown => "not known".to_owned(),
        VerdictKind::When => format!("when {}", words::condition(judged.contract, &verdict.when)),
    };
    if verdict.outcome == Outcome::Fails { format!("{when}; the later one can fail") } else { when }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn json(judged: &Judged<'_>, all: bool) -> serde_json::Value {
    let rows = rows(judged, all);
    let entries: Vec<&str> = rows.iter().map(|&at| judged.contract.entries[at].name.as_str()).collect();
    let mut pairs = Vec::new();
    for (y, &a) in rows.iter().enumerate() {
        for &b in &rows[y..] {
            let verdict = judged.verdicts.pair(a, b);
            let cells: Vec<&str> =
                verdict.cells().into_iter().map(|id| judged.contract.cell(id).name.as_str()).collect();
            pairs.push(serde_json::json!({
                "a": judged.contract.entries[a].name, "b": judged.contract.entries[b].name,
                "verdict": why::kind(verdict.kind), "when": words::condition(judged.contract, &verdict.when),
                "cells": cells, "outcome": verdict.outcome.as_str()
            }));
        }
    }
    serde_json::json!({
        "contract": judged.contract.name, "model": judged.chain.id, "scope": judged.verdicts.scope.as_str(),
        "entries": entries, "pairs": pairs
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_in_every_format() {
        let unit = crate::testing::token();
        let judged = session::judged(std::slice::from_ref(&unit)).unwrap();
        let judged = &judged[0];
        let rows = rows(judged, false);
        let render = |writer: &dyn Fn(&mut String)| {
            let mut out = String::new();
            writer(&mut out);
            out
        };
        insta::assert_snapshot!("text", render(&|out| text(judged, &rows, false, out)));
        insta::assert_snapshot!("md", render(&|out| markdown(judged, &rows, false, out)));
        insta::assert_snapshot!("dot", render(&|out| dot(judged, &rows, out)));
        insta::assert_snapshot!("mermaid", render(&|out| mermaid(judged, &rows, out)));
        insta::assert_snapshot!("svg", render(&|out| svg(judged, &rows, out)));
        insta::assert_snapshot!("json", serde_json::to_string_pretty(&json(judged, true)).unwrap());
    }

    #[test]
    fn many_columns_get_numbers() {
        let unit = crate::testing::wide(14);
        let judged = session::judged(std::slice::from_ref(&unit)).unwrap();
        let mut out = String::new();
        text(&judged[0], &rows(&judged[0], false), false, &mut out);
        insta::assert_snapshot!("wide", out);
    }
}
