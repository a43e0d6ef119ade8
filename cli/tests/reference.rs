//! The command line reference of the book equals what `--help` says. `UPDATE_DOCS=1` writes it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

fn help(verb: Option<&str>) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_cargo-crosslane"))
        .args(verb)
        .arg("--help")
        .env_remove("COLUMNS")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{verb:?} --help");
    String::from_utf8(output.stdout).unwrap()
}

/// Paragraphs of a help text; a heading (a line at the margin that ends with a colon) is one of its own.
fn paragraphs(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for paragraph in text.split("\n\n") {
        let mut lines: Vec<&str> = paragraph.lines().map(str::trim_end).collect();
        if lines.first().is_some_and(|line| is_heading(line)) {
            all.push(lines.remove(0).to_owned());
        }
        if !lines.is_empty() {
            all.push(lines.join("\n"));
        }
    }
    all
}

fn is_heading(line: &str) -> bool {
    line.ends_with(':') && !line.starts_with(' ')
}

/// What a verb's help has beyond the general one, without headings of nothing. An option whose values are listed in a
/// paragraph of their own keeps it.
fn own_part(verb: &str, general: &[String]) -> String {
    let kept: Vec<String> =
        paragraphs(verb).into_iter().filter(|part| is_heading(part) || !general.contains(part)).collect();
    let mut text = String::new();
    for (at, part) in kept.iter().enumerate() {
        let empty = is_heading(part) && kept.get(at + 1).is_none_or(|next| is_heading(next));
        if !empty {
            text.push_str(part);
            text.push_str(if is_heading(part) { "\n" } else { "\n\n" });
        }
    }
    text.trim_end().to_owned()
}

/// The verbs that the help lists.
fn verbs(main: &str) -> Vec<String> {
    let listed = main.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = listed.lines().filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn the_reference_equals_the_help() {
    let main = help(None);
    let general = paragraphs(&main);
    let mut text = String::from("# Command line\n\n");
    text.push_str("Options of `cargo crosslane` hold for every verb; below, each verb shows only what it adds.\n\n");
    text.push_str(&format!(
        "```text\n{}\n```\n",
        main.trim_end().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    ));
    for verb in verbs(&main) {
        let own = own_part(&help(Some(&verb)), &general);
        text.push_str(&format!("\n## `{verb}`\n\n```text\n{own}\n```\n"));
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/cli.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &text).unwrap();
    }
    assert!(
        fs::read_to_string(&file).unwrap_or_default() == text,
        "docs/src/cli.md is out of date, run with UPDATE_DOCS=1"
    );
}
