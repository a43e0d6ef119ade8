//! Compares claims with what was found.
//!
//! Claim: every breach of a footprint names an access that was seen and that no part of the claim covers; every breach of
//! `parallel` names two accesses that were seen, meet on this chain and are not excepted. Unknowns break nothing here.

use super::parse::nearest;
use super::{Claim, Claimed, Claims, Equality, Group, Kind, does, text};
use crate::chains::ChainModel;
use crate::conflicts::{self, Class, Conj, Meet, Scope, Site, Verdicts, words};
use crate::ir::{Access, Contract, Entry, Span, Term};

/// A claim that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Code of the lint that says so.
    pub code: &'static str,
    /// What is wrong, lowercase, without a final stop.
    pub message: String,
    /// The offending expressions and what each does.
    pub at: Vec<(Span, String)>,
    /// What the function does in truth, as a claim is written.
    pub inferred: String,
    /// Entry points concerned.
    pub entries: Vec<String>,
    /// Cell concerned.
    pub cell: Option<String>,
    /// What else is worth knowing.
    pub note: Option<String>,
}

/// Judges a claim on a chain. `all` has the claims of the package.
pub fn judge(all: &Claims, claim: &Claim, chain: &ChainModel) -> Vec<Breach> {
    match &claim.kind {
        Ok(Kind::Footprint(groups)) => footprint(&all.view, claim, groups),
        Ok(Kind::Parallel { with, unless }) => parallel(&all.view, claim, with, unless, chain),
        _ => Vec::new(),
    }
}

fn footprint(view: &Contract, claim: &Claim, groups: &[Group]) -> Vec<Breach> {
    let Some(own) = view.entries.get(claim.own) else { return Vec::new() };
    let shown: Vec<&Access> = own.accesses.iter().filter(|access| !access.implicit && does(access.mode) != 0).collect();
    let inferred = text::footprint(view, shown.iter().copied());
    let mut breaches: Vec<Breach> = Vec::new();
    for access in &shown {
        if covered(view, access, groups) {
            continue;
        }
        let place = text::place(view, access);
        let verb = words::verb(access.mode);
        let cell = view.cell(access.cell).name.clone();
        let label = format!("{verb} `{place}`");
        // One cell is one mistake, with all the places where it is made.
        let same = |breach: &&mut Breach| breach.cell.as_deref() == Some(cell.as_str());
        if let Some(known) = breaches.iter_mut().find(same) {
            if !known.at.contains(&(access.span, label.clone())) {
                known.at.push((access.span, label));
            }
            continue;
        }
        let claimed = groups.iter().flat_map(|group| &group.places);
        let names: Vec<&str> = claimed.clone().map(|place| place.cell.as_str()).collect();
        let unheard = |name: &&str| !view.cells.iter().any(|cell| behind(name, &cell.name).is_some());
        let note = nearest(&cell, names.into_iter().filter(unheard)).map(|typo| format!("the claim says `{typo}`"));
        breaches.push(Breach {
            code: "XL901",
            message: format!("`{}` {verb} `{place}`, which its footprint does not claim", claim.function),
            at: vec![(access.span, label)],
            inferred: inferred.clone(),
            entries: claim.entries.iter().map(|&at| view.entries[at].name.clone()).collect(),
            cell: Some(cell),
            note,
        });
    }
    breaches
}

/// The rest of a claimed name behind the cell's: `Some("")` when it is the cell's own.
fn behind<'a>(claimed: &'a str, cell: &str) -> Option<&'a str> {
    let rest = claimed.strip_prefix(cell)?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix('.') }
}

fn covered(view: &Contract, access: &Access, groups: &[Group]) -> bool {
    let mut permitted = 0;
    for group in groups {
        if group.places.iter().any(|place| holds(view, access, place)) {
            permitted |= group.word.permits();
        }
    }
    does(access.mode) & !permitted == 0
}

/// True when the claimed place contains the one that is touched.
fn holds(view: &Contract, access: &Access, place: &Claimed) -> bool {
    let Some(rest) = behind(&place.cell, &view.cell(access.cell).name) else { return false };
    let field = if rest.is_empty() { place.field.as_str() } else { rest };
    let touched = access.field.as_deref().unwrap_or("");
    let field_fits = field.is_empty()
        || touched == field
        || touched.strip_prefix(field).is_some_and(|below| below.starts_with(['.', '[']));
    let key_fits = match &place.keys {
        None => true,
        Some(keys) => keys
            .iter()
            .enumerate()
            .all(|(at, key)| key == "_" || access.key.get(at).is_some_and(|term| fits(view, term, key))),
    };
    field_fits && key_fits
}

/// True when the values of a term are among those a claimed component speaks of.
fn fits(view: &Contract, term: &Term, key: &str) -> bool {
    match term {
        Term::Coalesce(of) => of.iter().all(|one| fits(view, one, key)),
        term if term.has_any() => false,
        term => text::component(view, term) == key,
    }
}

fn parallel(
    view: &Contract,
    claim: &Claim,
    with: &[(String, usize, usize)],
    unless: &[Vec<Equality>],
    chain: &ChainModel,
) -> Vec<Breach> {
    if claim.entries.is_empty() {
        return Vec::new();
    }
    let verdicts = conflicts::analyse(view, chain, Scope::Own);
    let mut breaches = Vec::new();
    for &a in &claim.entries {
        let others: Vec<usize> = match with {
            [] => vec![a],
            names => names.iter().flat_map(|(name, ..)| named(view, name)).collect(),
        };
        for b in others {
            breaches.extend(pair(view, claim, a, b, unless, &verdicts));
        }
    }
    breaches
}

/// The entry points that a claim means by a name.
pub fn named<'a>(view: &'a Contract, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    (0..view.entries.len()).filter(move |&at| is(&view.entries[at], name))
}

fn is(entry: &Entry, name: &str) -> bool {
    entry.name == name || entry.name.strip_suffix(name).is_some_and(|rest| rest.ends_with("::"))
}

fn pair(
    view: &Contract,
    claim: &Claim,
    a: usize,
    b: usize,
    unless: &[Vec<Equality>],
    verdicts: &Verdicts,
) -> Option<Breach> {
    let verdict = verdicts.pair(a, b);
    let excepted = |conj: &Conj| {
        unless.iter().any(|atoms| {
            let holds = |want: &Equality, flip: bool| {
                conj.atoms.iter().any(|atom| {
                    let (left, right) = if flip { (&atom.right, &atom.left) } else { (&atom.left, &atom.right) };
                    text::component(view, left) == want.a && text::component(view, right) == want.b
                })
            };
            atoms.iter().all(|want| holds(want, false)) || (a == b && atoms.iter().all(|want| holds(want, true)))
        })
    };
    let broken = |meet: &&Meet| !meet.unknown && !meet.when.0.iter().all(excepted);
    let mut meets: Vec<&Meet> = verdict.meets.iter().filter(broken).collect();
    // What always meets is what has to be cured first.
    meets.sort_by_key(|meet| !meet.when.is_always());
    let first = meets.first()?;
    let (left, right) = (&view.entries[a], &view.entries[b]);
    let mut at = Vec::new();
    for (entry, site) in [(left, first.a), (right, first.b)] {
        if let Site::Access(index) = site {
            let access = &entry.accesses[index];
            let label = format!("{} `{}`", words::verb(access.mode), text::place(view, access));
            if !access.span.is_none() && !at.iter().any(|(span, _)| *span == access.span) {
                at.push((access.span, label));
            }
        }
    }
    let cell = first.cell.map(|cell| view.cell(cell).name.clone());
    let who = match a == b {
        true => format!("two `{}`", left.name),
        false => format!("`{}` and `{}`", left.name, right.name),
    };
    let when = match first.when.is_always() {
        true => "always".to_owned(),
        false => format!("when {}", words::condition(view, &first.when)),
    };
    let place = cell.as_ref().map_or_else(|| "this contract".to_owned(), |cell| format!("`{cell}`"));
    let accesses = view.entries[claim.own].accesses.iter().filter(|access| !access.implicit && does(access.mode) != 0);
    let inferred = text::footprint(view, accesses);
    let note = match verdicts.class(a) {
        Class::Sharded { .. } if a == b => Some(format!(
            "what would hold: unless = \"{}\"",
            words::condition(view, &verdict.when).replace(", or ", " or ")
        )),
        _ => None,
    };
    Some(Breach {
        code: "XL902",
        message: format!("{who} are claimed to run at the same time and meet on {place}: {when}"),
        at,
        inferred,
        entries: if a == b { vec![left.name.clone()] } else { vec![left.name.clone(), right.name.clone()] },
        cell,
        note,
    })
}
