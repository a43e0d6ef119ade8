//! Properties of all lints together, over random contracts: no panic, the same findings in the same order each time,
//! texts that follow the conventions, nothing said of what only privileged callers reach but folded.

use proptest::prelude::*;

use super::testing::{Build, record, render, uint};
use super::{LintOptions, all, run};
use crate::chains;
use crate::diagnostics::{Aside, Finding, Level};
use crate::ir::*;

fn term() -> impl Strategy<Value = Term> {
    let leaf = prop_oneof![
        Just(Term::text("a")),
        Just(Term::arg("to")),
        Just(Term::Caller),
        Just(Term::SelfAddr),
        Just(Term::Account("pool".to_owned())),
        Just(Term::Any),
        (0u32..4).prop_map(|cell| Term::Load { cell: CellId(cell), key: Vec::new(), field: Vec::new() }),
        // A cell the contract does not have: data from elsewhere must not bring the lints down.
        Just(Term::Load { cell: CellId(99), key: vec![Term::Caller], field: vec!["f".to_owned()] }),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Term::Prefix),
            prop::collection::vec(inner, 1..3).prop_map(|of| Term::Fn { name: "hash".to_owned(), of, injective: true }),
        ]
    })
}

fn mode() -> impl Strategy<Value = Mode> {
    prop::sample::select(chains::MODES.to_vec())
}

type Touch = (usize, Vec<Term>, Mode, Option<bool>);

fn touch() -> impl Strategy<Value = Touch> {
    (0usize..4, prop::collection::vec(term(), 0..3), mode(), prop::option::of(any::<bool>()))
}

#[derive(Clone, Debug)]
struct Message {
    touches: Vec<Touch>,
    admin: bool,
    view: bool,
    unknown: Option<u8>,
    calls_out: bool,
    account: Option<(Term, bool, u8)>,
}

fn message() -> impl Strategy<Value = Message> {
    let account = prop::option::of((term(), any::<bool>(), 0u8..3));
    (
        prop::collection::vec(touch(), 0..5),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.2),
        prop::option::weighted(0.1, 0u8..13),
        prop::bool::weighted(0.2),
        account,
    )
        .prop_map(|(touches, admin, view, unknown, calls_out, account)| Message {
            touches,
            admin,
            view,
            unknown,
            calls_out,
            account,
        })
}

const CELLS: [&str; 4] = ["A", "A.len", "B", "B.checkpoints"];

fn build(messages: &[Message], chain: &str) -> Build {
    let list = Type::List(Box::new(Type::Text));
    let mut built = Build::new()
        .chain(chain)
        .item("A", record("Record", &[("f", uint(64)), ("g", list)]))
        .item("A.len", uint(64))
        .cell("B", &[Type::Text], uint(128))
        .cell("B.checkpoints", &[uint(64)], uint(32));
    for (at, message) in messages.iter().enumerate() {
        built = if message.view { built.view(&format!("v{at}")) } else { built.entry(&format!("m{at}")) };
        if message.admin {
            built = built.admin();
        }
        for (cell, key, mode, field) in &message.touches {
            built = built.at(CELLS[*cell], key, *mode);
            if let Some(f) = field {
                built = built.field(if *f { "f" } else { "g" });
            }
        }
        if let Some(reason) = message.unknown {
            let reach = match reason % 3 {
                0 => Reach::All,
                1 => Reach::Contract,
                _ => Reach::Cell(CellId(u32::from(reason))),
            };
            built = built.unknown(UnknownReason::UnresolvedCall, "x.y", reach);
        }
        if message.calls_out {
            built = built.external(Term::Caller, ExternalMode::Message, false);
        }
        if let Some((identity, writable, written)) = &message.account {
            let written = [Written::Yes, Written::No, Written::Unknown][usize::from(*written)];
            built = built.account("#[account(mut)] pub p: Account", "p", identity.clone(), *writable, written);
        }
    }
    built
}

fn conventions(finding: &Finding) {
    let mut texts = vec![finding.message.as_str(), finding.primary.text.as_str()];
    texts.extend(finding.secondary.iter().map(|label| label.text.as_str()));
    texts.extend(finding.notes.iter().map(|note| note.text.as_str()));
    texts.extend(finding.fix.iter().map(|fix| fix.title.as_str()));
    for text in texts {
        assert!(!text.ends_with('.') && !text.starts_with(char::is_uppercase), "{text}");
        assert!(!text.contains("  ") && !text.contains("``") && text.matches('`').count() % 2 == 0, "{text}");
    }
    assert!(!finding.message.is_empty() && !finding.notes.is_empty() && finding.level > Level::Allow);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn findings_are_well_formed_and_reproducible(
        messages in prop::collection::vec(message(), 0..6),
        chain in 0usize..8,
    ) {
        let chain = chains::all().get(chain).map_or("nobody", |model| model.id.as_str());
        let (analysis, options) = build(&messages, chain).analysis();
        let findings = run(&analysis, &options);
        for finding in &findings {
            conventions(finding);
            prop_assert!(!render(finding, &analysis.files).is_empty());
            let privileged = |name: &String| {
                let contract = &analysis.contracts[0];
                contract.entries.iter().any(|entry| entry.name == *name && super::facts::privileged(contract, entry))
            };
            let folded = !finding.entries.is_empty() && finding.entries.iter().all(privileged);
            prop_assert_eq!(folded, finding.aside == Some(Aside::Admin), "{}", finding.message);
        }
        let (again, _) = build(&messages, chain).analysis();
        prop_assert_eq!(&findings, &run(&again, &options));
        // Turned off, a lint says nothing; the others say the same.
        if let Some(first) = findings.first() {
            let mut off = options.clone();
            off.levels.insert(first.name.to_owned(), Level::Allow);
            let rest: Vec<Finding> = findings.iter().filter(|finding| finding.code != first.code).cloned().collect();
            prop_assert_eq!(rest, run(&analysis, &off));
        }
    }
}

#[test]
fn a_level_may_be_set_by_code_or_name() {
    for key in ["XL101", "hot-counter"] {
        let (analysis, _) = Build::new().item("N", uint(64)).entry("a").update("N").analysis();
        let options = LintOptions { levels: [(key.to_owned(), Level::Deny)].into(), ..LintOptions::default() };
        assert_eq!(run(&analysis, &options)[0].level, Level::Deny);
    }
}

#[test]
fn nothing_is_found_in_nothing() {
    assert!(run(&crate::Analysis::default(), &LintOptions::default()).is_empty());
    assert!(all().len() > 30);
}
