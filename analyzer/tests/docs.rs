//! The generated pages of the book equal what the code says. `UPDATE_DOCS=1` writes them.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crosslane_analyzer::chains::{self, ChainModel, MODES, mode_name};
use crosslane_analyzer::lints;

fn book() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src")
}

/// Compares a page with its file, or writes it.
fn check(stale: &mut Vec<String>, path: &str, text: &str) {
    let file = book().join(path);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
    } else if fs::read_to_string(&file).unwrap_or_default() != text {
        stale.push(path.to_owned());
    }
}

fn done(stale: Vec<String>) {
    assert!(stale.is_empty(), "out of date, run with UPDATE_DOCS=1: {stale:?}");
}

#[test]
fn lint_pages() {
    let mut stale = Vec::new();
    let mut known: BTreeSet<String> = BTreeSet::from(["README.md".to_owned()]);
    for lint in lints::all() {
        let info = lint.info;
        let path = format!("{}.md", info.name);
        let text = format!("# {} ({})\n\n{}\n{}", info.name, info.code, levels_line(info.code), info.page());
        check(&mut stale, &format!("lints/{path}"), &text);
        known.insert(path);
    }
    check(&mut stale, "lints/README.md", &lint_table());
    for file in fs::read_dir(book().join("lints")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(&name), "docs/src/lints/{name} belongs to no lint");
    }
    done(stale);
}

/// "Level: note on keyed; warn elsewhere."
fn levels_line(code: &str) -> String {
    let mut levels: Vec<(&str, Vec<&str>)> = Vec::new();
    for model in chains::all() {
        let word = lints::level(code, &model.id).word();
        match levels.iter_mut().find(|(known, _)| *known == word) {
            Some((_, models)) => models.push(&model.id),
            None => levels.push((word, vec![&model.id])),
        }
    }
    if let [(word, _)] = levels.as_slice() {
        return format!("*Level: {word} on every chain model.*\n");
    }
    let parts: Vec<String> = levels.iter().map(|(word, models)| format!("{word} on {}", models.join(", "))).collect();
    format!("*Level: {}.*\n", parts.join("; "))
}

fn lint_table() -> String {
    let mut text = String::from(
        "# Lints\n\nA lint is right or silent. Levels belong to (lint × chain model): `--chain` changes them, `-A`, `-W` and \
         `-D` override them.\n\nIn the source, `// crosslane: allow(lint) reason` covers the next line of code and \
         `#[crosslane::allow(lint, reason = \"…\")]` the item it stands on.\n\n",
    );
    let models: Vec<&str> = chains::all().iter().map(|model| model.id.as_str()).collect();
    text.push_str(&format!("| code | lint | finds | {} |\n", models.join(" | ")));
    text.push_str(&format!("|---|---|---|{}\n", "---|".repeat(models.len())));
    for lint in lints::all() {
        let info = lint.info;
        let levels: Vec<&str> = models.iter().map(|model| lints::level(info.code, model).word()).collect();
        let row =
            format!("| {} | [{1}]({1}.md) | {2} | {3} |\n", info.code, info.name, info.summary, levels.join(" | "));
        text.push_str(&row);
    }
    text
}

#[test]
fn summary_lists_every_page() {
    let mut text = String::from("# Summary\n\n[Introduction](introduction.md)\n\n");
    for (file, title) in PAGES {
        assert!(book().join(file).exists() || std::env::var_os("UPDATE_DOCS").is_some(), "{file} is missing");
        text.push_str(&format!("- [{title}]({file})\n"));
    }
    text.push_str("- [Lints](lints/README.md)\n");
    for lint in lints::all() {
        text.push_str(&format!("  - [{}: {}](lints/{}.md)\n", lint.info.code, lint.info.name, lint.info.name));
    }
    let mut stale = Vec::new();
    check(&mut stale, "SUMMARY.md", &text);
    done(stale);
}

/// Pages written by hand or generated elsewhere, in the order of the book.
const PAGES: &[(&str, &str)] = &[
    ("cosmwasm.md", "CosmWasm in five minutes"),
    ("solana.md", "Solana"),
    ("soroban.md", "Soroban"),
    ("near.md", "NEAR"),
    ("ink.md", "ink!"),
    ("stylus.md", "Stylus"),
    ("frame.md", "FRAME pallets"),
    ("attributes.md", "In the code"),
    ("editors.md", "In the editor"),
    ("ci.md", "In CI"),
    ("cli.md", "Command line"),
    ("workload.md", "What it costs and what would help"),
    ("domains.md", "Domain fixtures"),
    ("published.md", "Published contracts"),
    ("review.md", "Findings read by hand"),
    ("trust.md", "Why you can believe it"),
    ("modes.md", "Modes and chain models"),
    ("new-framework.md", "Adding a framework"),
];

#[test]
fn mode_tables() {
    let mut text = String::from(
        "# Modes and chain models\n\nA mode says how a call touches a place in storage. A chain model says which pairs of \
         accesses to one unit may overlap. Rows are the earlier call, columns the later one.\n\n\
         `·` free · `x` conflict · `k` free if the writing side keeps existence as it is · `o` free if both are deltas of \
         one kind without bounds · `i` free because the runtime orders appends by index\n",
    );
    for model in chains::all() {
        text.push_str(&model_section(model));
    }
    let mut stale = Vec::new();
    check(&mut stale, "modes.md", &text);
    done(stale);
}

fn model_section(model: &ChainModel) -> String {
    let nouns = &model.nouns;
    let mut text = format!("\n## {} (`{}`)\n\n{}\n\n", model.title, model.id, model.today);
    text.push_str(&format!("What is locked or validated: the {}. ", nouns.unit));
    text.push_str(&format!("What a conflict does: it {}.", model.outcome.as_str()));
    if let Some(stale) = model.stale {
        text.push_str(&format!(" A call whose keys are out of date: it {}.", stale.as_str()));
    }
    if let (Some(n), Some(source)) = (model.workers, &model.workers_source) {
        text.push_str(&format!(" {}: {n} ({}, {}).", capital(&nouns.workers), source.source, source.date));
    }
    text.push_str("\n\n|  |");
    for mode in MODES {
        text.push_str(&format!(" {} |", mode_name(mode)));
    }
    text.push_str(&format!("\n|---|{}\n", "---|".repeat(MODES.len())));
    for earlier in MODES {
        text.push_str(&format!("| **{}** |", mode_name(earlier)));
        for later in MODES {
            let sign = model.modes.rule(earlier, later).sign();
            text.push_str(&format!(" {} |", if sign == '.' { '·' } else { sign }));
        }
        text.push('\n');
    }
    if !model.limits.is_empty() {
        text.push_str("\n| limit | value | what it limits | source | date |\n|---|---|---|---|---|\n");
        for limit in &model.limits {
            let row = format!(
                "| {} | {} {} | {} | {} | {} |\n",
                limit.name, limit.value, limit.unit, limit.text, limit.source, limit.date
            );
            text.push_str(&row);
        }
    }
    if !model.environment.is_empty() {
        text.push_str("\nOutside the claim:\n\n");
        for part in &model.environment {
            text.push_str(&format!("- {}: {}\n", part.name, part.policy));
        }
    }
    text
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[test]
fn every_lint_page_has_its_headings() {
    const HEADINGS: [&str; 6] =
        ["What it does", "Why it costs", "Example", "Use instead", "When to allow it", "Upgrading a deployed contract"];
    let mut codes = BTreeSet::new();
    let mut previous = "";
    for lint in lints::all() {
        let info = lint.info;
        assert!(codes.insert(info.code) && codes.insert(info.name), "{} is not unique", info.code);
        assert!(previous < info.code, "{} stands after {previous}", info.code);
        previous = info.code;
        let page = info.page();
        let found: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(found, HEADINGS, "{}", info.name);
        for heading in HEADINGS {
            assert!(info.section(heading).is_some_and(|text| !text.is_empty()), "{}: {heading} is empty", info.name);
        }
        let first = page.lines().next().unwrap_or("");
        assert!(first.len() > 20 && !first.starts_with('#'), "{}: the page begins with a sentence", info.name);
        assert!(
            page.contains(&format!("allow({})", info.name)) || info.code > "XL900",
            "{}: how to allow it",
            info.name
        );
        assert!(info.summary.starts_with(char::is_lowercase) && !info.summary.ends_with('.'), "{}", info.name);
        for (at, _) in page.match_indices("](") {
            let target: String = page[at + 2..].chars().take_while(|c| *c != ')').collect();
            if let Some(name) = target.strip_suffix(".md") {
                assert!(lints::find(name).is_some(), "{} links to {target}", info.name);
            }
        }
    }
}

/// Every message in the snapshots of the lints begins lowercase (or with code) and has no final stop.
#[test]
fn messages_follow_the_convention() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lints/snapshots");
    let mut seen = 0;
    for file in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        for line in text.lines() {
            let message = line.split_once("]: ").filter(|(head, _)| head.contains("[XL")).map(|(_, message)| message);
            let note = line.strip_prefix("  = ").and_then(|note| note.split_once(": ")).map(|(_, note)| note);
            let label = line.split_once("<- ").map(|(_, label)| label);
            for part in [message, note, label].into_iter().flatten() {
                seen += 1;
                assert!(!part.ends_with('.') || part.ends_with("reason"), "final stop: {part}");
                assert!(!part.starts_with(char::is_uppercase), "begins with a capital: {part}");
                assert!(!part.contains('×'), "a factor: {part}");
            }
        }
    }
    assert!(seen > 50, "only {seen} messages seen");
}
