//! Footprints as claims are written, so that what a message says can be copied into the attribute.

use super::{Word, parse::squeeze};
use crate::conflicts::words;
use crate::ir::{Access, Contract, Term};

/// A key component; `_` where it is not known.
pub(super) fn component(view: &Contract, term: &Term) -> String {
    if term.has_any() { "_".to_owned() } else { squeeze(&words::term(view, term)) }
}

/// `BALANCES[caller]`.
pub(super) fn place(view: &Contract, access: &Access) -> String {
    let mut text = view.cells.get(access.cell.0 as usize).map_or_else(String::new, |cell| cell.name.clone());
    let known: Vec<String> = access
        .key
        .iter()
        .filter(|term| !matches!(term, Term::Prefix(of) if of.is_empty()))
        .map(|term| component(view, term))
        .collect();
    if known.iter().any(|part| part != "_") {
        text.push_str(&format!("[{}]", known.join(", ")));
    }
    if let Some(field) = &access.field {
        text.push_str(&format!(".{field}"));
    }
    text
}

/// The whole footprint: `reads(CONFIG), updates(BALANCES[caller])`; `nothing` when it is empty.
pub(super) fn footprint<'a>(view: &Contract, accesses: impl Iterator<Item = &'a Access>) -> String {
    let mut groups: Vec<(Word, Vec<String>)> = Word::ALL.iter().map(|word| (*word, Vec::new())).collect();
    for access in accesses {
        let word = Word::of(access.mode);
        if let Some((_, places)) = groups.iter_mut().find(|(known, _)| *known == word) {
            places.push(place(view, access));
        }
    }
    // An update says all that the others would.
    let updated: Vec<String> =
        groups.iter().find(|(word, _)| *word == Word::Updates).map_or_else(Vec::new, |it| it.1.clone());
    let mut parts = Vec::new();
    for (word, mut places) in groups {
        places.sort();
        places.dedup();
        if word != Word::Updates {
            places.retain(|place| !updated.contains(place));
        }
        if !places.is_empty() {
            parts.push(format!("{}({})", word.as_str(), places.join(", ")));
        }
    }
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}
