//! Whole Anchor programs with one lock nobody needs, one write that gets lost and one counter for everybody each: all
//! found and nothing else; repaired, nothing is found. A line `X //~ CODE => Y` has the finding `CODE` and is repaired
//! to `Y`; without a code it has none.

#![allow(clippy::unwrap_used)]

mod common;

use common::analyse_files;
use crosslane_analyzer::diagnostics::Finding;
use crosslane_analyzer::{Analysis, lints};

const PROGRAMS: &[&str] = &["vault-program", "amm", "staking", "orderbook", "nft-mint", "multisig"];

fn analysed(text: &str) -> (Analysis, Vec<Finding>) {
    let analysis = analyse_files(vec![("src/lib.rs", text.to_owned())], &["anchor_lang", "anchor_spl"]);
    let findings = lints::run(&analysis, &lints::LintOptions::default());
    (analysis, findings)
}

/// Code and line of each finding, sorted.
fn found(analysis: &Analysis, findings: &[Finding]) -> Vec<(usize, String)> {
    let mut all: Vec<(usize, String)> = findings
        .iter()
        .map(|finding| {
            let at = analysis.files.locate(finding.primary.span).unwrap();
            (at.line as usize, finding.code.to_owned())
        })
        .collect();
    all.sort();
    all
}

fn marked(text: &str) -> (Vec<(usize, String)>, String) {
    let mut marks = Vec::new();
    let mut repaired = String::new();
    for (at, line) in text.lines().enumerate() {
        let Some((_, mark)) = line.split_once("//~ ") else {
            repaired.push_str(line);
            repaired.push('\n');
            continue;
        };
        let (code, instead) = match mark.split_once("=>") {
            Some((code, instead)) => (code.trim(), instead.trim()),
            None => (mark.trim(), line),
        };
        if !code.is_empty() {
            marks.push((at + 1, code.to_owned()));
        }
        repaired.push_str(instead);
        repaired.push('\n');
    }
    (marks, repaired)
}

fn source(name: &str) -> String {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/anchor/programs");
    std::fs::read_to_string(root.join(name).join("src/lib.rs")).unwrap()
}

#[test]
fn all_that_is_seeded_and_nothing_else() {
    for name in PROGRAMS {
        let text = source(name);
        let (marks, repaired) = marked(&text);
        assert_eq!(marks.len(), 3, "{name}");
        let (analysis, findings) = analysed(&text);
        assert_eq!(found(&analysis, &findings), marks, "{name}");
        let (analysis, findings) = analysed(&repaired);
        assert_eq!(found(&analysis, &findings), [], "{name}, repaired");
        assert!(analysis.contracts[0].entries.iter().all(|entry| entry.unknowns.is_empty()), "{name}");
    }
}

#[test]
fn the_fix_takes_the_lock_away_and_nothing_else() {
    for name in PROGRAMS {
        let text = source(name);
        let (analysis, findings) = analysed(&text);
        let finding = findings.iter().find(|finding| finding.code == "XL301").unwrap();
        let fix = finding.fix.as_ref().unwrap();
        assert!(fix.applicable(false), "{name}");
        let [edit] = fix.edits.as_slice() else { panic!("{name}: {:?}", fix.edits) };
        assert_eq!(analysis.files.text(edit.span).replace(',', "").trim(), "mut", "{name}");
        let mut changed = text.clone();
        changed.replace_range(edit.span.lo as usize..edit.span.hi as usize, &edit.replacement);
        let account = finding.cell.clone().unwrap();
        let locks = |analysis: &Analysis| -> Vec<String> {
            let all = analysis.contracts[0].entries.iter().flat_map(|entry| {
                let name = entry.name.clone();
                entry
                    .accounts
                    .iter()
                    .flatten()
                    .filter(|one| one.writable)
                    .map(move |one| format!("{name}.{}", one.name))
            });
            all.collect()
        };
        let (after, findings) = analysed(&changed);
        let gone: Vec<String> = locks(&analysis).into_iter().filter(|one| !locks(&after).contains(one)).collect();
        assert_eq!(gone.len(), 1, "{name}: {gone:?}");
        assert!(gone[0].ends_with(&format!(".{account}")), "{name}: {gone:?}");
        assert!(findings.iter().all(|finding| finding.code != "XL301"), "{name}");
    }
}
