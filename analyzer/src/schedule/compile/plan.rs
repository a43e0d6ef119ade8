//! From a manifest to plans: which parts of a call's arguments are needed, in which form, and what is made of them.
//!
//! Whatever the format leaves open (types that are not known, functions that are not injective, different functions at
//! one place of one key) becomes `Comp::Any` here, so that evaluation has nothing left to decide.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::v1::{self, Mode, Step, Term, Type};

use super::hash;
use super::shape::shape;
use super::value::{Target, encode_const, op_text, part};

/// What stands before the name of a value that all calls of a block agree on.
pub(crate) const ENVIRONMENT: &[u8] = b"env:";

/// Where the value of a slot comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A part of the arguments; the position in the trie is in [`Trie`].
    Arg,
    /// The immediate caller.
    Caller,
    /// The signer.
    Origin,
    /// The contract's address.
    SelfAddr,
    /// A named account.
    Account(String),
}

/// One value of a call, in one form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SlotPlan {
    pub(crate) source: Source,
    pub(crate) target: Target,
    /// The path has a `?`: an absent value is no value rather than the value "absent".
    pub(crate) skip_none: bool,
    /// Exactly one value in every call: no list, variant or option on the way.
    pub(crate) sure: bool,
}

/// Positions in the arguments that somebody asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trie {
    pub(crate) fields: Vec<(String, Trie)>,
    pub(crate) variants: Vec<(String, Trie)>,
    pub(crate) elem: Option<Box<Trie>>,
    pub(crate) map_key: Option<Box<Trie>>,
    pub(crate) slots: Vec<u16>,
}

/// A component of a key, ready to be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Comp {
    /// The same bytes in every call.
    Fixed(Vec<u8>),
    /// A slot. Correlation ids of the lists on its path, outermost first.
    Slot { slot: u16, elem: Vec<u32> },
    /// A value of the state the call starts in.
    Load(Box<LoadPlan>),
    /// An injective function, or something structured: its parts with lengths between them.
    Join { name: Vec<u8>, of: Vec<Comp> },
    /// The first that is present.
    First(Vec<Comp>),
    /// Not known.
    Any,
}

impl Comp {
    /// Whether evaluation may find that it is not known. Inside another component (`nested`) a slot that has no value or
    /// several is not known; as a whole component it is every value in turn.
    pub(crate) fn may_be_any(&self, slots: &[SlotPlan], nested: bool) -> bool {
        match self {
            Comp::Any | Comp::Load(_) => true,
            Comp::Join { of, .. } | Comp::First(of) => of.iter().any(|comp| comp.may_be_any(slots, true)),
            Comp::Fixed(_) => false,
            Comp::Slot { slot, .. } => nested && !slots.get(usize::from(*slot)).is_some_and(|slot| slot.sure),
        }
    }
}

/// A `load` term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoadPlan {
    pub(crate) cell: u32,
    pub(crate) key: Vec<Comp>,
    pub(crate) field: Vec<String>,
    pub(crate) target: Target,
}

/// A cell.
#[derive(Clone, Debug)]
pub(crate) struct CellPlan {
    pub(crate) id: String,
    /// What tells it from other cells of one address.
    pub(crate) ident: Vec<u8>,
    /// Hash of that.
    pub(crate) name: u64,
    /// One place on the whole chain.
    pub(crate) global: bool,
    /// Number of components of a full key.
    pub(crate) depth: usize,
    /// Forms of the components.
    pub(crate) targets: Vec<Target>,
    /// Field paths that some access names.
    pub(crate) fields: BTreeSet<String>,
    /// Some access names the value as a whole.
    pub(crate) values_whole: bool,
    /// Per number of leading components: whether an access may touch everything below.
    pub(crate) open: Vec<bool>,
    /// Somebody loads from it.
    pub(crate) loaded: bool,
    /// Somebody probes it.
    pub(crate) probed: bool,
}

/// An access.
#[derive(Clone, Debug)]
pub(crate) struct AccessPlan {
    pub(crate) cell: u32,
    pub(crate) at: Option<Comp>,
    pub(crate) key: Vec<Comp>,
    pub(crate) field: Option<String>,
    pub(crate) mode: Mode,
    pub(crate) keeps: bool,
    /// What a delta commutes with; empty commutes with nothing.
    pub(crate) op: String,
    pub(crate) bounded: bool,
}

/// What an unknown or a call out may touch.
#[derive(Clone, Debug)]
pub(crate) enum ReachPlan {
    /// Everything; reads only if `reads`.
    All { reads: bool },
    /// Every cell of this contract.
    Contract,
    /// Everything below a cell.
    Cell(u32),
    /// A call out to an address.
    Out { target: Comp, reads: bool },
}

/// An account that the call must lock.
#[derive(Clone, Debug)]
pub(crate) struct AccountPlan {
    pub(crate) name: String,
    pub(crate) writable: bool,
    pub(crate) optional: bool,
    pub(crate) identity: Comp,
}

/// A parameter.
#[derive(Clone, Debug)]
pub(crate) struct ParamPlan {
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) optional: bool,
    pub(crate) default: Option<v1::Const>,
    /// May be left out, and what stands in then is not said.
    pub(crate) unsaid: bool,
    pub(crate) trie: Trie,
}

/// An entry point.
#[derive(Clone, Debug)]
pub(crate) struct EntryPlan {
    pub(crate) name: String,
    pub(crate) params: Vec<ParamPlan>,
    pub(crate) slots: Vec<SlotPlan>,
    pub(crate) accesses: Vec<AccessPlan>,
    pub(crate) reaches: Vec<ReachPlan>,
    pub(crate) accounts: Option<Vec<AccountPlan>>,
    /// Accounts that the client may add.
    pub(crate) remaining: bool,
}

/// A contract.
#[derive(Clone, Debug)]
pub(crate) struct ContractPlan {
    pub(crate) name: String,
    pub(crate) cells: Vec<CellPlan>,
    pub(crate) entries: Vec<EntryPlan>,
    pub(crate) by_name: BTreeMap<String, u32>,
    /// Some entry may reach all cells of the contract.
    pub(crate) open: bool,
    /// Something below may leave the contract.
    pub(crate) leaves: bool,
}

/// What shapes each component of each cell; a component of another shape may equal it.
type Shapes = BTreeMap<(Vec<u8>, usize), BTreeMap<Vec<u8>, usize>>;

/// Plans of all contracts of several manifests.
pub(crate) fn plan(contracts: &[&v1::Contract], transaction: bool, instance_tier: bool) -> Vec<ContractPlan> {
    let mut shapes = Shapes::new();
    let mut cells: Vec<Vec<CellPlan>> = contracts.iter().map(|contract| plan_cells(contract, instance_tier)).collect();
    unify(contracts, &mut cells);
    // First what shapes there are, then plans that allow one shape per place.
    for (contract, cells) in contracts.iter().zip(&cells) {
        for (entry, access) in
            contract.entries.iter().flat_map(|entry| entry.accesses.iter().map(move |access| (entry, access)))
        {
            let Some(cell) = cells.iter().find(|cell| cell.id == access.cell) else { continue };
            for (at, term) in access.key.iter().enumerate() {
                if let Some(shape) = shape(term, entry, false) {
                    *shapes.entry((cell.ident.clone(), at)).or_default().entry(shape).or_default() += 1;
                }
            }
        }
    }
    let allowed: BTreeMap<(Vec<u8>, usize), Vec<u8>> = shapes
        .into_iter()
        .filter_map(|(place, counts)| {
            // The commonest stays exact; plain values win ties because their shape is the empty one.
            let best = counts.into_iter().max_by_key(|(shape, count)| (*count, std::cmp::Reverse(shape.clone())))?;
            Some((place, best.0))
        })
        .collect();
    let mut out: Vec<ContractPlan> = contracts
        .iter()
        .zip(cells.iter_mut())
        .map(|(contract, cells)| plan_contract(contract, cells, &allowed, transaction))
        .collect();
    spread(&mut out);
    out
}

/// Cells that one contract touches at another's address must look the same in both; if they do not, they are one unit.
fn unify(contracts: &[&v1::Contract], cells: &mut [Vec<CellPlan>]) {
    let mut linked: BTreeSet<Vec<u8>> = BTreeSet::new();
    for (contract, cells) in contracts.iter().zip(cells.iter()) {
        for access in contract.entries.iter().flat_map(|entry| &entry.accesses) {
            if access.at.as_ref().is_some_and(|at| *at != Term::SelfAddr) {
                linked.extend(cells.iter().filter(|cell| cell.id == access.cell).map(|cell| cell.ident.clone()));
            }
        }
    }
    linked.extend(cells.iter().flatten().filter(|cell| cell.global).map(|cell| cell.ident.clone()));
    for ident in linked {
        let mut targets: Vec<&Vec<Target>> =
            cells.iter().flatten().filter(|cell| cell.ident == ident).map(|cell| &cell.targets).collect();
        targets.dedup();
        if targets.len() > 1 {
            for cell in cells.iter_mut().flatten().filter(|cell| cell.ident == ident) {
                cell.targets.clear();
                cell.depth = 0;
                cell.open = vec![false];
            }
        }
    }
}

/// What one contract may do to a cell, contracts that have the same cell must expect.
fn spread(contracts: &mut [ContractPlan]) {
    if contracts.len() < 2 {
        return;
    }
    let mut all: BTreeMap<Vec<u8>, CellPlan> = BTreeMap::new();
    for cell in contracts.iter().flat_map(|contract| &contract.cells) {
        let entry = all.entry(cell.ident.clone()).or_insert_with(|| cell.clone());
        for (at, &open) in cell.open.iter().enumerate() {
            match entry.open.get_mut(at) {
                Some(slot) => *slot |= open,
                None => entry.open.push(open),
            }
        }
        entry.loaded |= cell.loaded;
        entry.probed |= cell.probed;
        entry.values_whole |= cell.values_whole;
        entry.fields.extend(cell.fields.iter().cloned());
    }
    for cell in contracts.iter_mut().flat_map(|contract| &mut contract.cells) {
        let Some(found) = all.get(&cell.ident) else { continue };
        cell.open.clone_from(&found.open);
        cell.loaded = found.loaded;
        cell.probed = found.probed;
        cell.values_whole = found.values_whole;
        cell.fields.clone_from(&found.fields);
    }
}

fn plan_cells(contract: &v1::Contract, instance_tier: bool) -> Vec<CellPlan> {
    let raw_prefix = |cell: &v1::Cell| match (&cell.storage.prefix, &cell.storage.prefix_hex) {
        (Some(text), _) => Some(text.as_bytes().to_vec()),
        (None, Some(hex)) => {
            let mut out = Vec::new();
            super::address::hex(hex, &mut out).then_some(out)
        }
        (None, None) => None,
    };
    let mut out: Vec<CellPlan> = Vec::new();
    for cell in &contract.cells {
        let mut ident = Vec::new();
        let mut targets: Vec<Target> = cell.keys.iter().map(Target::of).collect();
        let global = cell.at.as_deref() == Some("chain");
        let shared = cell.unit.id != "own";
        if instance_tier && cell.tier.as_deref() == Some("instance") {
            ident.extend_from_slice(b"i");
            targets.clear();
        } else if shared {
            part(b"unit", &mut ident);
            part(cell.unit.id.as_bytes(), &mut ident);
            let same_keys = cell.unit.part.as_deref() == Some("key")
                && contract
                    .cells
                    .iter()
                    .filter(|other| other.unit.id == cell.unit.id)
                    .all(|other| other.keys == cell.keys && other.unit.part == cell.unit.part);
            if !same_keys {
                targets.clear();
            }
        } else if let Some(prefix) = raw_prefix(cell) {
            part(b"raw", &mut ident);
            part(cell.tier.as_deref().unwrap_or("").as_bytes(), &mut ident);
            // Where keys are raw bytes, a prefix that another one continues is one region with it, told by the shortest.
            let related: Vec<Vec<u8>> = contract
                .cells
                .iter()
                .filter(|other| other.storage.encoding == "raw" || cell.storage.encoding == "raw")
                .filter_map(raw_prefix)
                .filter(|other| *other != prefix && (prefix.starts_with(other) || other.starts_with(&prefix)))
                .collect();
            if !related.is_empty() {
                targets.clear();
            }
            let shortest = related.iter().chain([&prefix]).min_by_key(|prefix| prefix.len()).unwrap_or(&prefix);
            part(shortest, &mut ident);
        } else {
            part(b"cell", &mut ident);
            if !global && !cell.implicit {
                part(contract.name.as_bytes(), &mut ident);
            }
            part(cell.id.as_bytes(), &mut ident);
        }
        out.push(CellPlan {
            id: cell.id.clone(),
            name: hash::below(0, &ident),
            ident,
            global,
            depth: 0,
            targets,
            fields: BTreeSet::new(),
            values_whole: false,
            open: Vec::new(),
            loaded: false,
            probed: false,
        });
    }
    // Cells of one identity must agree on how keys look, or they are one unit.
    for at in 0..out.len() {
        let ident = out[at].ident.clone();
        let same: Vec<usize> = (0..out.len()).filter(|&other| out[other].ident == ident).collect();
        if same.iter().any(|&other| out[other].targets != out[at].targets) {
            for other in same {
                out[other].targets.clear();
            }
        }
    }
    for cell in &mut out {
        cell.depth = cell.targets.len();
        cell.open = vec![false; cell.depth + 1];
    }
    out
}

struct EntryBuilder<'a> {
    contract: &'a v1::Contract,
    entry: &'a v1::Entry,
    cells: &'a [CellPlan],
    loaded: BTreeSet<u32>,
    slots: Vec<SlotPlan>,
    params: Vec<ParamPlan>,
}

fn plan_contract(
    contract: &v1::Contract,
    cells: &mut [CellPlan],
    allowed: &BTreeMap<(Vec<u8>, usize), Vec<u8>>,
    transaction: bool,
) -> ContractPlan {
    let mut entries = Vec::new();
    let mut by_name = BTreeMap::new();
    let mut open = false;
    let mut leaves = false;
    for entry in &contract.entries {
        let params = entry
            .params
            .iter()
            .map(|param| ParamPlan {
                name: param.name.clone(),
                ty: param.ty.clone(),
                optional: param.optional || param.default.is_some() || matches!(param.ty, Type::Option(_)),
                default: match &param.default {
                    Some(Term::Const(value)) => Some(value.clone()),
                    _ => None,
                },
                unsaid: param.optional && param.default.is_none() && !matches!(param.ty, Type::Option(_)),
                trie: Trie::default(),
            })
            .collect();
        let mut builder = EntryBuilder { contract, entry, cells, loaded: BTreeSet::new(), slots: Vec::new(), params };
        let mut accesses = Vec::new();
        let mut reaches = Vec::new();
        for access in &entry.accesses {
            match builder.access(access, allowed) {
                Some(plan) => accesses.push(plan),
                // A cell that is not listed: nothing is known about what is touched.
                None => reaches.push(ReachPlan::All { reads: false }),
            }
        }
        let mut remaining = false;
        for unknown in &entry.unknowns {
            remaining |= unknown.reason == "remaining-accounts";
            reaches.push(match unknown.reach.as_str() {
                "contract" => ReachPlan::Contract,
                "all" => ReachPlan::All { reads: false },
                id => match builder.cells.iter().position(|cell| cell.id == id) {
                    Some(cell) => ReachPlan::Cell(cell as u32),
                    None => ReachPlan::All { reads: false },
                },
            });
        }
        for external in entry.external.iter().filter(|external| transaction && !external.linked) {
            let target = builder.comp(&external.target, &Target::Neutral);
            reaches.push(ReachPlan::Out { target, reads: external.mode == v1::ExternalMode::Query });
        }
        let accounts = entry.accounts.as_ref().map(|accounts| {
            accounts
                .iter()
                .map(|account| AccountPlan {
                    name: account.name.clone(),
                    writable: account.writable,
                    optional: account.optional,
                    identity: match shape(&account.identity, entry, false) {
                        // Derived addresses are compared with addresses of other accounts, so only plain ones are exact.
                        Some(shape) if shape.is_empty() => builder.comp(&account.identity, &Target::Neutral),
                        _ => Comp::Any,
                    },
                })
                .collect()
        });
        let EntryBuilder { slots, params, loaded, .. } = builder;
        for cell in loaded {
            cells[cell as usize].loaded = true;
        }
        for access in &accesses {
            let cell = &mut cells[access.cell as usize];
            cell.probed |= access.mode == Mode::Probe;
            match &access.field {
                Some(field) => drop(cell.fields.insert(field.clone())),
                None => cell.values_whole = true,
            }
            let exact = access.key.iter().take_while(|comp| !comp.may_be_any(&slots, false)).count();
            for depth in exact..access.key.len().min(cell.depth) {
                cell.open[depth] = true;
            }
            if access.key.len() < cell.depth {
                cell.open[access.key.len()] = true;
            }
        }
        for reach in &reaches {
            match reach {
                ReachPlan::Contract => open = true,
                ReachPlan::Cell(cell) => cells[*cell as usize].open[0] = true,
                ReachPlan::All { .. } | ReachPlan::Out { .. } => leaves = true,
            }
        }
        by_name.insert(entry.name.clone(), entries.len() as u32);
        entries.push(EntryPlan { name: entry.name.clone(), params, slots, accesses, reaches, accounts, remaining });
    }
    // What one cell of an identity opens, all cells of the identity must expect.
    for at in 0..cells.len() {
        for other in 0..cells.len() {
            if at != other && cells[at].ident == cells[other].ident {
                let (opened, loaded, probed) = (cells[other].open.clone(), cells[other].loaded, cells[other].probed);
                let (fields, whole) = (cells[other].fields.clone(), cells[other].values_whole);
                let cell = &mut cells[at];
                cell.values_whole |= whole;
                cell.open.iter_mut().zip(opened).for_each(|(slot, other)| *slot |= other);
                cell.loaded |= loaded;
                cell.probed |= probed;
                cell.fields.extend(fields);
            }
        }
    }
    ContractPlan { name: contract.name.clone(), cells: cells.to_vec(), entries, by_name, open, leaves }
}

impl EntryBuilder<'_> {
    fn access(&mut self, access: &v1::Access, allowed: &BTreeMap<(Vec<u8>, usize), Vec<u8>>) -> Option<AccessPlan> {
        let at = self.cells.iter().position(|cell| cell.id == access.cell)?;
        let shared = self.contract.cells.get(at).is_some_and(|cell| cell.unit.id != "own");
        let cell = &self.cells[at];
        let mut key = Vec::new();
        for (place, term) in access.key.iter().enumerate().take(cell.depth) {
            if let Term::Prefix(more) = term {
                // Further leading components, then everything below.
                for (offset, term) in more.iter().enumerate().take(cell.depth - place) {
                    key.push(self.key_comp(cell, place + offset, term, allowed));
                }
                break;
            }
            key.push(self.key_comp(cell, place, term, allowed));
        }
        let op = match (&access.mode, &access.op) {
            (Mode::Append, _) => "append".to_owned(),
            (_, Some(op)) => op_text(op.group, op.default.as_ref()),
            _ => String::new(),
        };
        let own = access.at.as_ref().map(|term| match term {
            Term::SelfAddr => None,
            term => Some(self.comp(term, &Target::Neutral)),
        });
        Some(AccessPlan {
            cell: at as u32,
            at: own.flatten(),
            key,
            field: access.field.clone(),
            // Setting one of the cells in a unit is an update of the unit.
            mode: match access.mode {
                Mode::Write | Mode::Delete if shared => Mode::Update,
                mode => mode,
            },
            keeps: access.presence.as_deref() == Some("keeps"),
            op,
            bounded: !access.bounds.is_empty(),
        })
    }

    fn key_comp(
        &mut self,
        cell: &CellPlan,
        place: usize,
        term: &Term,
        allowed: &BTreeMap<(Vec<u8>, usize), Vec<u8>>,
    ) -> Comp {
        let Some(target) = cell.targets.get(place) else { return Comp::Any };
        match (shape(term, self.entry, false), allowed.get(&(cell.ident.clone(), place))) {
            (Some(shape), Some(allowed)) if shape == *allowed => self.comp(term, target),
            _ => Comp::Any,
        }
    }

    /// The plan of a term whose value is used as `target`.
    fn comp(&mut self, term: &Term, target: &Target) -> Comp {
        if *target == Target::Unknown {
            return Comp::Any;
        }
        match term {
            Term::Const(value) => {
                let mut out = Vec::new();
                if encode_const(value, target, &mut out) { Comp::Fixed(out) } else { Comp::Any }
            }
            Term::Caller => self.slot(Source::Caller, target),
            Term::Origin => self.slot(Source::Origin, target),
            Term::SelfAddr => self.slot(Source::SelfAddr, target),
            Term::Account(name) => self.slot(Source::Account(name.clone()), target),
            Term::Arg { path, elem } => self.arg(path, elem, target),
            Term::Env { name, scope: v1::EnvScope::Chain | v1::EnvScope::Block } => {
                Comp::Fixed([ENVIRONMENT, name.as_bytes()].concat())
            }
            Term::Env { .. } | Term::Any | Term::Prefix(_) | Term::Fn { injective: false, .. } => Comp::Any,
            Term::Fn { name, of, injective: true } => {
                let of: Vec<Comp> = of.iter().map(|term| self.comp(term, &Target::Neutral)).collect();
                if of.contains(&Comp::Any) { Comp::Any } else { Comp::Join { name: name.clone().into_bytes(), of } }
            }
            Term::Coalesce(of) => {
                let of: Vec<Comp> = of.iter().map(|term| self.comp(term, target)).collect();
                if of.contains(&Comp::Any) { Comp::Any } else { Comp::First(of) }
            }
            Term::Load { cell, key, field } => {
                let Some(at) = self.cells.iter().position(|other| other.id == *cell) else { return Comp::Any };
                let cell = &self.cells[at];
                if key.len() != cell.depth {
                    return Comp::Any;
                }
                self.loaded.insert(at as u32);
                let targets = cell.targets.clone();
                let key: Vec<Comp> = key.iter().zip(&targets).map(|(term, target)| self.comp(term, target)).collect();
                if key.contains(&Comp::Any) {
                    return Comp::Any;
                }
                let field =
                    field.as_deref().map(|path| path.split('.').map(str::to_owned).collect()).unwrap_or_default();
                Comp::Load(Box::new(LoadPlan { cell: at as u32, key, field, target: target.clone() }))
            }
        }
    }

    fn slot(&mut self, source: Source, target: &Target) -> Comp {
        if matches!(target, Target::Number | Target::Truth) {
            return Comp::Any;
        }
        let plan = SlotPlan { source, target: target.clone(), skip_none: false, sure: true };
        Comp::Slot { slot: self.add(plan), elem: Vec::new() }
    }

    fn add(&mut self, plan: SlotPlan) -> u16 {
        if plan.source != Source::Arg {
            if let Some(at) = self.slots.iter().position(|other| *other == plan) {
                return at as u16;
            }
        }
        self.slots.push(plan);
        (self.slots.len() - 1) as u16
    }

    fn arg(&mut self, path: &v1::Path, elem: &[u32], target: &Target) -> Comp {
        let Some(Step::Field(name)) = path.0.first() else { return Comp::Any };
        let Some(at) = self.params.iter().position(|param| param.name == *name) else { return Comp::Any };
        let Some(ty) = type_at(&self.params[at].ty, &path.0[1..]) else { return Comp::Any };
        // Only a constant default can stand in; any other is not known.
        if self.params[at].default.is_none()
            && self.contract.entries.iter().flat_map(|entry| &entry.params).any(|param| {
                param.name == *name && param.default.as_ref().is_some_and(|term| !matches!(term, Term::Const(_)))
            })
        {
            return Comp::Any;
        }
        if !compatible(ty, target) || self.slots.len() >= usize::from(u16::MAX) {
            return Comp::Any;
        }
        // Left out, what stands in is known only for options.
        if self.params[at].unsaid {
            return Comp::Any;
        }
        let lists = path.0.iter().filter(|step| matches!(step, Step::Elem | Step::MapKey)).count();
        if lists > 2 {
            return Comp::Any;
        }
        let skip_none = path.0.contains(&Step::Some);
        let sure = !self.params[at].optional && path.0.iter().all(|step| matches!(step, Step::Field(_)));
        let plan = SlotPlan { source: Source::Arg, target: target.clone(), skip_none, sure };
        // One slot per position and form.
        let mut node = &mut self.params[at].trie;
        for step in &path.0[1..] {
            node = match step {
                Step::Some => node,
                Step::Elem => node.elem.get_or_insert_default(),
                Step::MapKey => node.map_key.get_or_insert_default(),
                Step::Field(name) => child(&mut node.fields, name),
                Step::Variant(name) => child(&mut node.variants, name),
            };
        }
        let slots = &mut self.slots;
        let slot = match node.slots.iter().find(|&&slot| slots[slot as usize] == plan) {
            Some(&slot) => slot,
            None => {
                slots.push(plan);
                let slot = (slots.len() - 1) as u16;
                node.slots.push(slot);
                slot
            }
        };
        Comp::Slot { slot, elem: elem.to_vec() }
    }
}

fn child<'a>(list: &'a mut Vec<(String, Trie)>, name: &str) -> &'a mut Trie {
    let at = match list.iter().position(|(other, _)| other == name) {
        Some(at) => at,
        None => {
            list.push((name.to_owned(), Trie::default()));
            list.len() - 1
        }
    };
    &mut list[at].1
}

/// The type a path leads to; options on the way are looked through.
pub(super) fn type_at<'a>(mut ty: &'a Type, path: &[Step]) -> Option<&'a Type> {
    let mut fields: Option<&'a [(String, Type)]> = None;
    for step in path {
        while let Type::Option(inner) = ty {
            ty = inner;
        }
        ty = match (step, ty) {
            (Step::Some, _) => continue,
            (Step::Field(name), _) if fields.is_some() => {
                let found = fields.take()?.iter().find(|(other, _)| other == name)?;
                &found.1
            }
            (Step::Field(name), Type::Struct { fields, .. }) => &fields.iter().find(|(other, _)| other == name)?.1,
            (Step::Field(name), Type::Tuple(of)) => of.get(name.parse::<usize>().ok()?)?,
            (Step::Elem, Type::List(of)) => of,
            (Step::Elem, Type::Map(_, of)) => of,
            (Step::MapKey, Type::Map(key, _)) => key,
            (Step::Variant(name), Type::Enum { variants, .. }) => {
                fields = Some(&variants.iter().find(|(other, _)| same_name(other, name))?.1);
                continue;
            }
            _ => return None,
        };
    }
    if fields.is_some() {
        return None;
    }
    Some(ty)
}

/// Variants are spelled `TransferFrom` or `transfer_from`.
pub(crate) fn same_name(a: &str, b: &str) -> bool {
    let plain = |text: &str| -> Vec<u8> {
        text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase()).collect()
    };
    a == b || plain(a) == plain(b)
}

/// Whether every value of the type has a form as `target` asks.
fn compatible(ty: &Type, target: &Target) -> bool {
    match (ty, target) {
        (Type::Option(inner), _) => compatible(inner, target),
        (Type::Opaque(_), _) | (_, Target::Unknown) => false,
        (Type::Uint(_) | Type::Int(_), Target::Number) | (Type::Bool, Target::Truth) => true,
        (Type::Text { .. } | Type::Address { .. }, Target::Bytes { .. } | Target::Address(_)) => true,
        (Type::Bytes { form }, Target::Bytes { fold: None } | Target::Address(_) | Target::Neutral) => {
            matches!(form.as_str(), "hex" | "base64" | "base58" | "utf8")
        }
        (_, Target::Neutral) => known(ty),
        _ => false,
    }
}

/// No part of the type is opaque.
fn known(ty: &Type) -> bool {
    match ty {
        Type::Opaque(_) => false,
        Type::Option(of) | Type::List(of) => known(of),
        Type::Map(..) => false,
        Type::Tuple(of) => of.iter().all(known),
        Type::Struct { fields, .. } => fields.iter().all(|(_, ty)| known(ty)),
        Type::Enum { variants, .. } => variants.iter().flat_map(|(_, fields)| fields).all(|(_, ty)| known(ty)),
        _ => true,
    }
}

/// The entry that holds all instance storage of a contract and that every call reads.
pub(crate) fn instance_cell(contracts: &[ContractPlan]) -> CellPlan {
    let mut cells = contracts.iter().flat_map(|contract| &contract.cells).filter(|cell| cell.ident == b"i");
    let mut out = CellPlan {
        id: "<instance>".to_owned(),
        ident: b"i".to_vec(),
        name: hash::below(0, b"i"),
        global: false,
        depth: 0,
        targets: Vec::new(),
        fields: BTreeSet::new(),
        values_whole: true,
        open: vec![false],
        loaded: false,
        probed: false,
    };
    for cell in cells.by_ref() {
        out.open[0] |= cell.open.first().copied().unwrap_or(false);
        out.loaded |= cell.loaded;
        out.probed |= cell.probed;
    }
    out
}

/// Balances on the chain, which a call with attached funds changes whether or not the contract names them.
pub(crate) fn balance_cell(contracts: &[ContractPlan]) -> CellPlan {
    let mut ident = Vec::new();
    part(b"cell", &mut ident);
    part(v1::Cell::BALANCE.as_bytes(), &mut ident);
    let mut out = CellPlan {
        id: v1::Cell::BALANCE.to_owned(),
        name: hash::below(0, &ident),
        ident,
        global: true,
        depth: 1,
        targets: vec![Target::of(&Type::Address { kind: String::new() })],
        fields: BTreeSet::new(),
        values_whole: true,
        open: vec![false; 2],
        loaded: false,
        probed: false,
    };
    let all = contracts.iter().flat_map(|contract| &contract.cells);
    for (at, cell) in all.filter(|cell| cell.ident == out.ident && cell.global).enumerate() {
        if at == 0 || cell.depth < out.depth {
            (out.depth, out.targets) = (cell.depth, cell.targets.clone());
        }
        out.fields.extend(cell.fields.iter().cloned());
        for (slot, open) in out.open.iter_mut().zip(&cell.open) {
            *slot |= open;
        }
        out.loaded |= cell.loaded;
        out.probed |= cell.probed;
    }
    out
}
