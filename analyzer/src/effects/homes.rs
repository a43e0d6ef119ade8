//! Containers that a call makes (`Map::new(prefix)`): what they are called is known only where they are kept.
//!
//! A call runs once to see where each container it makes is kept, and again with that known. What is made and only
//! looked into, such as the empty account of somebody who has none, is called as other entry points keep what is made
//! with the same prefix, and by the prefix where none keeps it: [`Engine::missed_homes`] tells that such containers were
//! met, and the framework runs those entry points again after the others.
//!
//! Sound if no two places hold containers of one prefix (the assumption `distinct-prefixes`): a prefix stands for a place
//! only where every entry point that keeps what is made with it keeps it there.

use super::Engine;
use super::loops::same_value;
use super::rooted::Rooting;
use super::run::{EntrySpec, Footprints};
use super::ty::Ty;
use super::value::{CellVal, Kind, Sym, Val};
use crate::ir::hir::Name;
use crate::ir::{Const, Span, UnknownReason};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Where a container that the call makes is kept: the name, and the components its keys begin with.
#[derive(Clone, Debug)]
pub(super) struct Home {
    name: String,
    at: Val,
}

/// The expression of the contract that makes a container, and the kind of the cell (a map with a list of its keys has
/// two); `None` is the container as such.
type Site = (Span, Option<Name>);

/// What tells containers of different calls apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Same {
    /// The constant that the prefix is or begins with (a variant of an enum of keys), and the kind of the cell.
    Prefix(Const, Option<Name>),
    /// The prefix is not known: the expression.
    Site(Site),
}

/// One container that the call makes: the same one when the call runs again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Made {
    site: Site,
    via: Rc<[String]>,
    /// The site's how manieth of the call.
    nth: u32,
}

/// Where entry points keep what an expression makes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Usual {
    name: String,
    /// For each leading component of the keys: the part of the prefix that it is, if it is one.
    at: Vec<Option<usize>>,
}

/// Containers made by the running call, and what is known of them.
#[derive(Default)]
pub(super) struct Homes {
    made: Vec<(Made, Val)>,
    counts: BTreeMap<(Site, Rc<[String]>), u32>,
    /// Where those of this run ended up, by number; `None` is in several places.
    found: BTreeMap<u32, Option<Home>>,
    /// Where they ended up in the run before.
    placed: BTreeMap<Made, Home>,
    /// Of all entry points so far; `None` where they disagree.
    usual: BTreeMap<Same, Option<Usual>>,
    /// What is usual is known from all entry points.
    known: bool,
    /// A container was used whose place is not known.
    missed: bool,
    /// The next cell is the first of its container.
    first: bool,
}

impl Homes {
    /// Forgets the last run.
    pub(super) fn clear(&mut self) {
        self.made.clear();
        self.counts.clear();
        self.found.clear();
        self.missed = false;
    }

    fn next(&mut self, site: Site, via: Rc<[String]>) -> Made {
        let count = self.counts.entry((site.clone(), via.clone())).or_default();
        *count += 1;
        Made { site, via, nth: *count }
    }
}

impl Engine<'_> {
    /// Runs one entry point that holds the contract's state in memory; [`Engine::missed_homes`] tells whether it is worth
    /// running again after the others.
    pub(crate) fn run_rooted(&mut self, spec: &EntrySpec, rooting: &Rooting) -> Footprints {
        let cells = self.cells.clone();
        self.rooted.homes.placed.clear();
        let found = self.run_once(spec, rooting);
        let placed = self.placed_homes();
        if placed.is_empty() {
            return found;
        }
        // Containers that the call makes were used before it was known where they are kept: again, with that known.
        self.cells = cells;
        self.rooted.homes.placed = placed;
        self.run_once(spec, rooting)
    }

    /// True when the last entry point used a container whose place it does not tell, and others may.
    pub(crate) fn missed_homes(&self) -> bool {
        self.rooted.homes.missed && !self.rooted.homes.known
    }

    /// From here on, containers that an entry point makes and does not keep are called as others keep them.
    pub(crate) fn use_homes(&mut self) {
        self.rooted.homes.known = true;
    }

    /// Where the containers of the last run ended up; what ended up in several places is in none.
    fn placed_homes(&mut self) -> BTreeMap<Made, Home> {
        let mut placed = BTreeMap::new();
        for (number, home) in std::mem::take(&mut self.rooted.homes.found) {
            let Some((made, prefix)) = self.rooted.homes.made.get(number as usize).cloned() else { continue };
            if self.rooted.homes.known {
                placed.extend(home.map(|home| (made, home)));
                continue;
            }
            let usual = home.as_ref().map(|home| {
                let (_, parts) = self.prefix_parts(&prefix);
                let at = self.key_of(&home.at, &Ty::Unknown);
                let part_of = |component: &Rc<Sym>| {
                    parts.iter().position(|part| component.single().is_some() && part.single() == component.single())
                };
                Usual { name: home.name.clone(), at: at.iter().map(part_of).collect() }
            });
            let same = self.same_prefix(made.site.clone(), &prefix);
            let known = self.rooted.homes.usual.entry(same).or_insert_with(|| usual.clone());
            *known = match (known.take(), usual) {
                (Some(known), Some(usual)) => merged(known, &usual),
                _ => None,
            };
            placed.extend(home.map(|home| (made, home)));
        }
        placed
    }

    /// What a prefix is made of: the constant it is or begins with, and the fields of the variant that stands for it.
    fn prefix_parts(&mut self, prefix: &Val) -> (Option<Const>, Vec<Sym>) {
        let prefix = self.settle(prefix.clone());
        let (constant, fields): (_, Vec<Val>) = match &prefix.kind {
            Kind::Enum(alts) => match alts.as_slice() {
                [alt] => {
                    let name = self.variant_name(&prefix.ty, alt.variant);
                    (Some(Const::Name(name)), alt.fields.iter().map(|(_, field)| field.clone()).collect())
                }
                _ => (None, Vec::new()),
            },
            Kind::Struct(fields) => (None, fields.fields.iter().map(|(_, field)| field.clone()).collect()),
            Kind::Tuple(parts) => (None, parts.to_vec()),
            _ => (self.whole_sym(&prefix).constant().and_then(bytes_of), Vec::new()),
        };
        (constant, fields.iter().map(|field| self.whole_sym(field)).collect())
    }

    fn same_prefix(&mut self, site: Site, prefix: &Val) -> Same {
        match self.prefix_parts(prefix).0 {
            Some(constant) => Same::Prefix(constant, site.1),
            None => Same::Site(site),
        }
    }

    /// `host::fresh::<K, V>(kind, prefix)`: the place of a container that the call makes, known once it is known where
    /// the container is kept.
    pub(super) fn host_fresh(&mut self, kind: Name, (key, value): (Ty, Ty), prefix: &Val, span: Span) -> CellVal {
        let site = (self.user_span(span), Some(kind.clone()));
        let made = self.rooted.homes.next(site.clone(), self.via.clone());
        let number = self.rooted.homes.made.len();
        let first = std::mem::take(&mut self.rooted.homes.first);
        let home = match self.rooted.homes.placed.get(&made) {
            Some(home) => Some(home.name.clone()),
            None => self.usual_home(site, prefix, first).map(|home| home.name),
        };
        self.rooted.homes.made.push((made, prefix.clone()));
        CellVal {
            tier: if home.is_some() { None } else { Some(Name::from(format!("#{number}"))) },
            namespace: home.as_ref().map(|name| name.clone().into_bytes()),
            kind,
            label: home.map(|name| Rc::from(name.as_str())),
            shape: None,
            key,
            value,
            span,
        }
    }

    /// `host::fresh_at(prefix)`: the components that the keys of the next such container begin with.
    pub(super) fn host_fresh_at(&mut self, prefix: &Val, span: Span) -> Val {
        let here = self.user_span(span);
        self.rooted.homes.first = true;
        let Made { via, nth, .. } = self.rooted.homes.next((here, None), self.via.clone());
        let same = |made: &Made| made.site.0 == here && made.via == via && made.nth == nth;
        if let Some((_, home)) = self.rooted.homes.placed.iter().find(|(made, _)| same(made)) {
            return home.at.clone();
        }
        let (_, parts) = self.prefix_parts(prefix);
        let Some(usual) = self.usual_home((here, None), prefix, true) else { return Val::unit() };
        let component = |part: &Option<usize>| part.and_then(|at| parts.get(at)).cloned().unwrap_or_default();
        leading(Val::tuple(usual.at.iter().map(|part| Val::sym(Ty::Unknown, component(part))).collect()))
    }

    /// Where all entry points that keep what is made with such a prefix keep it. What none keeps is called by its prefix.
    fn usual_home(&mut self, site: Site, prefix: &Val, first: bool) -> Option<Usual> {
        if !self.rooted.homes.known {
            return None;
        }
        let same = self.same_prefix(site, prefix);
        let alike = |known: &Same| match (known, &same) {
            (Same::Prefix(known, kind), Same::Prefix(constant, of)) => {
                known == constant && (of.is_none() || kind == of)
            }
            (Same::Site((known, kind)), Same::Site((span, of))) => known == span && (of.is_none() || kind == of),
            _ => false,
        };
        // The constant alone may also be kept with another kind of cell: that is some other use of it.
        let constant = |known: &Same| matches!((known, &same), (Same::Prefix(a, _), Same::Prefix(b, _)) if a == b);
        if let Some((_, usual)) = self.rooted.homes.usual.iter().find(|(known, _)| alike(known)) {
            return usual.clone();
        }
        if self.rooted.homes.usual.keys().any(constant) {
            return None;
        }
        let Same::Prefix(constant, kind) = same else { return None };
        // Something may be kept under the same prefix all the same: where others' prefixes are not known, and where one
        // is the number of a variant and the other a byte.
        let may_be_same = |known: &Same| match known {
            Same::Site(_) => true,
            Same::Prefix(known, _) => {
                std::mem::discriminant(known) != std::mem::discriminant(&constant)
                    && (may_number(known) || may_number(&constant))
            }
        };
        if self.rooted.homes.usual.keys().any(may_be_same) {
            return None;
        }
        let mut name = match constant {
            Const::Name(name) => name.to_string(),
            Const::Bytes(bytes) => bytes.escape_ascii().to_string(),
            _ => return None,
        };
        if let (false, Some(kind)) = (first, kind) {
            name.push('.');
            name.push_str(&kind);
        }
        let (_, parts) = self.prefix_parts(prefix);
        Some(Usual { name: format!("{name} (prefix)"), at: (0..parts.len()).map(Some).collect() })
    }

    /// A container is kept where the template has one.
    pub(super) fn keep_container(&mut self, cell: &CellVal, value: &Val, span: Span) {
        let Some(name) = cell.label.clone() else { return };
        let made: Vec<Val> = match &value.kind {
            Kind::Multi(values) => values.as_ref().clone(),
            _ => vec![value.clone()],
        };
        for made in made {
            let Kind::Cell(made) = &made.kind else { continue };
            let Some(number) = fresh_number(made) else {
                // What was kept at one place when the call ran first is kept at another one now.
                let elsewhere = made.label.as_ref().is_some_and(|label| {
                    *label != name && self.rooted.homes.placed.values().any(|home| home.name == label.as_ref())
                });
                if elsewhere {
                    self.unknown(UnknownReason::UnknownCell, format!("{name}: it is kept at several places"), span);
                }
                continue;
            };
            let outer = self.rooted.at.clone().unwrap_or_else(Val::unit);
            let home = Home { name: name.to_string(), at: outer };
            let same = |known: &Home| known.name == home.name && same_value(&known.at, &home.at);
            let kept = match self.rooted.homes.found.remove(&number) {
                None => Some(home),
                Some(Some(known)) if same(&known) => Some(known),
                Some(_) => None,
            };
            self.rooted.homes.found.insert(number, kept);
        }
    }

    /// A place without a name was used.
    pub(super) fn note_homeless(&mut self, cell: &CellVal) {
        self.rooted.homes.missed |= fresh_number(cell).is_some();
    }
}

/// Leading components of keys, as one value: tuples inside tuples are one list, so that the same components made in
/// different ways are found alike.
pub(super) fn leading(key: Val) -> Val {
    fn parts(value: Val, all: &mut Vec<Val>) {
        match &value.kind {
            Kind::Tuple(inner) => inner.iter().for_each(|part| parts(part.clone(), all)),
            _ => all.push(value),
        }
    }
    let mut all = Vec::new();
    parts(key, &mut all);
    if all.len() == 1 { all.remove(0) } else { Val::tuple(all) }
}

/// A prefix that is not a variant as the bytes it is, however it is written; `None` for what is no prefix by itself.
fn bytes_of(prefix: &Const) -> Option<Const> {
    match prefix {
        Const::Str(text) => Some(Const::Bytes(text.as_bytes().to_vec())),
        Const::Int(byte) => u8::try_from(*byte).ok().map(|byte| Const::Bytes(vec![byte])),
        Const::Bytes(_) | Const::Name(_) => Some(prefix.clone()),
        _ => None,
    }
}

/// True for bytes that begin like the number of a variant: no printable character.
fn may_number(prefix: &Const) -> bool {
    matches!(prefix, Const::Bytes(bytes) if bytes.first().is_none_or(|first| *first < b' '))
}

/// Both agree on the place; components that differ may be anything.
fn merged(known: Usual, new: &Usual) -> Option<Usual> {
    if known.name != new.name || known.at.len() != new.at.len() {
        return None;
    }
    let at = known.at.iter().zip(&new.at).map(|(known, new)| if known == new { *known } else { None }).collect();
    Some(Usual { at, ..known })
}

/// The number of a container that the call made and whose place is not known.
fn fresh_number(cell: &CellVal) -> Option<u32> {
    if cell.namespace.is_some() {
        return None;
    }
    cell.tier.as_ref()?.strip_prefix('#')?.parse().ok()
}
