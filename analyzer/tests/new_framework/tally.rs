//! Tally, a framework that does not exist. A contract is a crate with functions marked `#[tally::call]`, which are its
//! entry points, and `#[tally::question]`, which are its views. `#[tally::call(steward)]` is for stewards only.

use crosslane_analyzer::frameworks::{Engine, Facts, Framework};
use crosslane_analyzer::ir::hir::{Attr, CrateId, Item, ItemKind};
use crosslane_analyzer::ir::{Callers, Contract, EntryKind};

pub(crate) const FRAMEWORK: Framework =
    Framework { id: "tally", title: "Tally", chain: "keyed", noun: "call", detect, contracts };

/// The attribute that makes a function an entry point, and what kind it makes it.
fn exported(item: &Item) -> Option<(&Attr, EntryKind)> {
    let kind = |attr: &Attr| match attr.path.as_str() {
        "tally::call" => Some(EntryKind::Call),
        "tally::question" => Some(EntryKind::View),
        _ => None,
    };
    let found = item.attrs.iter().find_map(|attr| Some((attr, kind(attr)?)));
    found.filter(|_| matches!(item.kind, ItemKind::Fn(_)))
}

fn detect(engine: &Engine<'_>, krate: CrateId) -> bool {
    !engine.items(krate, |item| exported(item).is_some()).is_empty()
}

fn contracts(engine: &mut Engine<'_>, krate: CrateId) -> Vec<Contract> {
    engine.facts(Facts {
        encoding: "tally",
        address_kind: "tally",
        ambient: false,
        tables: &["tally"],
        reentrant: false,
        harmless: &["tally::call", "tally::question"],
    });
    let mut entries = Vec::new();
    for id in engine.items(krate, |item| exported(item).is_some()) {
        let item = engine.written(id);
        let Some((attr, kind)) = exported(&item) else { continue };
        let mut entry = engine.entry(id, item.name.to_string(), kind);
        if attr.tokens.trim() == "steward" {
            entry.callers = Callers::Role("steward".to_owned());
            entry.callers_span = attr.span;
        }
        entries.push(entry);
    }
    vec![FRAMEWORK.contract_of(engine, krate, entries)]
}
