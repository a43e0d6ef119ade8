//! Linking: what a call out does joins the caller's footprint at the callee's address, where the callee is analysed
//! together with the caller and the handle that is called says which contract it stands for (MODEL §3, scope).
//!
//! **Claim.** Under the assumption that is listed (`linked: NAME`: at the address lies that contract), every access of the
//! callee's frames is covered by a joined one: its terms are the callee's with the caller's in place of its parameters, what
//! the callee loads is a function of it that nobody knows, deltas are updates. A callee that has an unknown, that is being
//! linked itself (calls in a circle), or whose cells bear a name that means another place here, stays a call out.

use crate::ir::{Access, Callee, CellId, Certainty, Contract, Entry, EntryKind, EnvScope, External, Mode, Step, Term};
use std::collections::BTreeMap;

/// Name of the function that stands for what a callee loads: it lies at another address.
const THERE: &str = "there";
/// Nodes of a term beyond which it is not known.
const MOST: usize = 48;

/// Joins what is known of callees into `contracts`. `beside` are further callees.
pub(crate) fn link(contracts: &mut [Contract], beside: Vec<Contract>) {
    let mut externals = contracts.iter().flat_map(|contract| &contract.entries).flat_map(|entry| &entry.externals);
    if externals.all(|external| external.callee.is_none()) {
        return;
    }
    let own = contracts.len();
    let mut all: Vec<Contract> = contracts.to_vec();
    all.extend(beside);
    let mut linker = Linker { state: vec![State::Waiting; all.len()], all };
    for at in 0..own {
        linker.contract(at);
    }
    for (contract, linked) in contracts.iter_mut().zip(linker.all) {
        *contract = linked;
    }
}

/// Packages of callees, by name and version, that are not among the contracts.
pub(crate) fn wanted(contracts: &[Contract]) -> Vec<(String, String)> {
    let externals = contracts.iter().flat_map(|contract| &contract.entries).flat_map(|entry| &entry.externals);
    let callees = externals.filter_map(|external| external.callee.as_ref());
    let missing = callees.filter(|callee| !contracts.iter().any(|known| is_of(known, callee)));
    let mut wanted: Vec<_> = missing.map(|callee| (callee.package.clone(), callee.version.clone())).collect();
    wanted.sort();
    wanted.dedup();
    wanted
}

fn is_of(contract: &Contract, callee: &Callee) -> bool {
    contract.package == callee.package && contract.package_version == callee.version
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Waiting,
    Running,
    Done,
}

struct Linker {
    all: Vec<Contract>,
    state: Vec<State>,
}

impl Linker {
    fn contract(&mut self, at: usize) {
        if self.state[at] != State::Waiting {
            return;
        }
        self.state[at] = State::Running;
        for entry in 0..self.all[at].entries.len() {
            let mut done = 0;
            while let Some(external) = self.all[at].entries[entry].externals.get(done).cloned() {
                done += 1;
                if let Some(callee) = self.callee(&external).filter(|_| !external.linked) {
                    self.contract(callee);
                    if self.state[callee] == State::Done {
                        self.join(at, entry, &external, callee);
                    }
                }
            }
            let joined = &mut self.all[at].entries[entry];
            joined.accesses.sort();
            joined.accesses.dedup();
            joined.externals.sort();
            joined.externals.dedup();
            // Places of arguments say nothing to those who read a call out that is not linked.
            let left = joined.externals.iter_mut().filter(|external| !external.linked && external.callee.is_some());
            left.for_each(|external| external.args.clear());
        }
        self.state[at] = State::Done;
    }

    /// The contract that a call out is to. What a package exports is one contract, unless two of its types share a name.
    fn callee(&self, external: &External) -> Option<usize> {
        let callee = external.callee.as_ref()?;
        let split = format!("{}::{}", callee.package, callee.owner);
        let named = |name: &str| self.all.iter().position(|known| is_of(known, callee) && known.name == name);
        named(&split).or_else(|| named(&callee.package))
    }

    /// Joins one call out; leaves it as it is where that cannot be done.
    fn join(&mut self, at: usize, entry: usize, external: &External, callee: usize) {
        let called = |entry: &&Entry| Some(&entry.name) == external.entry.as_ref() && entry.kind != EntryKind::Init;
        let Some(target) = self.all[callee].entries.iter().find(called).cloned() else { return };
        if !target.unknowns.is_empty() || target.params.len() != external.args.len() {
            return;
        }
        let Some(cells) = self.cells(at, callee, &target) else { return };
        let caller = &self.all[at].entries[entry];
        let args = target.params.iter().zip(&external.args);
        let place = Place {
            cells,
            args: args.map(|(param, (_, term))| (param.name.clone(), term.clone())).collect(),
            target: external.target.clone(),
            elements: elements(caller),
        };
        let global = |access: &Access| self.all[callee].cell(access.cell).global;
        let via = |inner: &[String]| {
            let all = external.via.iter().cloned().chain([target.name.clone()]);
            all.chain(inner.iter().cloned()).collect::<Vec<_>>()
        };
        let accesses: Vec<Access> = target
            .accesses
            .iter()
            .map(|access| Access {
                cell: place.cells[&access.cell],
                key: access.key.iter().map(|term| place.term(term)).collect(),
                mode: if access.mode == Mode::Commute { Mode::Update } else { access.mode },
                op: access.op.clone().filter(|_| access.mode != Mode::Commute),
                bounds: Vec::new(),
                at: match &access.at {
                    None if global(access) => None,
                    None => Some(place.target.clone()),
                    Some(at) => Some(place.term(at)),
                },
                certainty: Certainty::Sometimes,
                repeat: true,
                via: via(&access.via),
                ..access.clone()
            })
            .collect();
        let further = target.externals.iter().map(|inner| External {
            target: place.term(&inner.target),
            args: inner.args.iter().map(|(name, term)| (name.clone(), place.term(term))).collect(),
            // What is not linked there is not linked here: a circle.
            callee: None,
            via: via(&inner.via),
            ..inner.clone()
        });
        let mut further: Vec<External> = further.collect();
        further.iter_mut().filter(|inner| !inner.linked).for_each(|inner| inner.args.clear());
        let assumed = format!("linked: {}", self.all[callee].name);
        let inherited: Vec<String> =
            self.all[callee].assumes.iter().filter(|known| known.starts_with("linked: ")).cloned().collect();
        let contract = &mut self.all[at];
        contract.assumes.extend([assumed].into_iter().chain(inherited));
        contract.assumes.sort();
        contract.assumes.dedup();
        let caller = &mut contract.entries[entry];
        if let Some(call) = caller.externals.iter_mut().find(|known| *known == external) {
            call.linked = true;
            call.args = place.args.into_iter().collect();
        }
        caller.accesses.extend(accesses);
        caller.externals.extend(further);
    }

    /// What each cell of a callee's entry point is here; `None` where a name means another place already.
    fn cells(&mut self, at: usize, callee: usize, entry: &Entry) -> Option<BTreeMap<CellId, CellId>> {
        let mut used: Vec<CellId> = Vec::new();
        for access in &entry.accesses {
            used.push(access.cell);
            for term in access.key.iter().chain(&access.at) {
                loaded(term, &mut used);
            }
        }
        for external in &entry.externals {
            loaded(&external.target, &mut used);
        }
        used.sort();
        used.dedup();
        let mut out = BTreeMap::new();
        let mut new = Vec::new();
        let here = &self.all[at].cells;
        for cell in used {
            let there = self.all[callee].cell(cell);
            let known = here.iter().position(|own| own.name == there.name);
            let id = match known {
                Some(own) => {
                    let own_cell = &here[own];
                    let same = own_cell.storage == there.storage
                        && own_cell.keys == there.keys
                        && own_cell.unit == there.unit
                        && own_cell.tier == there.tier
                        && own_cell.global == there.global;
                    if !same {
                        return None;
                    }
                    own
                }
                None => {
                    new.push(there.clone());
                    here.len() + new.len() - 1
                }
            };
            out.insert(cell, CellId(id as u32));
        }
        self.all[at].cells.extend(new);
        Some(out)
    }
}

fn loads(term: &Term) -> bool {
    let mut cells = Vec::new();
    loaded(term, &mut cells);
    !cells.is_empty()
}

fn loaded(term: &Term, out: &mut Vec<CellId>) {
    term.walk(&mut |term| {
        if let Term::Load { cell, .. } = term {
            out.push(*cell);
        }
    });
}

/// One more than the largest correlation id of an entry point.
fn elements(entry: &Entry) -> u32 {
    let mut most = 0;
    let mut look = |term: &Term| {
        term.walk(&mut |term| {
            if let Term::Arg(path) = term {
                let ids = path.iter().filter_map(|step| if let Step::Elem(id) = step { Some(*id + 1) } else { None });
                most = ids.fold(most, u32::max);
            }
        });
    };
    entry.accesses.iter().flat_map(|access| access.key.iter().chain(&access.at)).for_each(&mut look);
    let externals = entry.externals.iter();
    externals.flat_map(|one| one.args.iter().map(|(_, term)| term).chain([&one.target])).for_each(&mut look);
    most
}

/// A callee's frame, as the caller sees it.
struct Place {
    cells: BTreeMap<CellId, CellId>,
    args: BTreeMap<String, Term>,
    target: Term,
    /// Correlation ids that the caller uses.
    elements: u32,
}

impl Place {
    fn term(&self, term: &Term) -> Term {
        let out = self.made(term, false);
        if out.size() > MOST { Term::Any } else { out }
    }

    /// `there`: what is loaded is inside of [`THERE`] already.
    fn made(&self, term: &Term, there: bool) -> Term {
        let all = |terms: &[Term], there: bool| terms.iter().map(|term| self.made(term, there)).collect::<Vec<_>>();
        match term {
            // The state is that of another address, and may be what an earlier call of this frame has left; whether it is
            // present is not known either.
            Term::Load { .. } | Term::Coalesce(_) if !there && loads(term) => {
                Term::Fn { name: THERE.to_owned(), of: vec![self.made(term, true)], injective: false }
            }
            Term::Const(_) | Term::Origin | Term::Any => term.clone(),
            Term::Arg(path) => self.argument(path),
            Term::Caller => Term::SelfAddr,
            Term::SelfAddr => self.target.clone(),
            Term::Env { scope: EnvScope::Chain | EnvScope::Block, .. } => term.clone(),
            Term::Env { .. } | Term::Account(_) => Term::Any,
            Term::Load { cell, key, field } => {
                Term::Load { cell: self.cells[cell], key: all(key, true), field: field.clone() }
            }
            Term::Fn { name, of, injective } => {
                Term::Fn { name: name.clone(), of: all(of, there), injective: *injective }
            }
            Term::Coalesce(of) => Term::Coalesce(all(of, there)),
            Term::Prefix(of) => Term::Prefix(all(of, there)),
        }
    }

    fn argument(&self, path: &[Step]) -> Term {
        let Some((Step::Field(name), rest)) = path.split_first() else { return Term::Any };
        match (self.args.get(name), rest) {
            (Some(given), []) => given.clone(),
            (Some(Term::Arg(outer)), rest) => {
                let inner = rest.iter().map(|step| match step {
                    Step::Elem(id) => Step::Elem(id.saturating_add(self.elements)),
                    other => other.clone(),
                });
                Term::Arg(outer.iter().cloned().chain(inner).collect())
            }
            _ => Term::Any,
        }
    }
}
