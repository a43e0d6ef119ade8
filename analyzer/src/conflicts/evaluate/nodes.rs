//! What the transactions of a whole batch touch, by the reference evaluator: for checking schedules.

use std::collections::BTreeSet;

use super::{Binding, Call, CallError, Concrete, Frame, World, anything, home, writes};
use crate::chains::UnitKind;
use crate::manifest::v1::{Cell, Contract, Mode, Term, Type};

impl World<'_> {
    /// Per node (transaction) what its calls touch, in the order of the batch. `nodes` gives the node of each call,
    /// ascending from 0; `None` is a call of which nothing is known. With `free`, every other transaction may run before.
    ///
    /// # Errors
    /// The first call that cannot be evaluated.
    pub fn touches(&self, calls: &[Option<Call>], nodes: &[u32], free: bool) -> Result<Vec<Vec<Concrete>>, CallError> {
        let count = nodes.last().map_or(0, |&last| last as usize + 1);
        let mut out: Vec<Vec<Concrete>> = vec![Vec::new(); count];
        // Only what some term loads matters for what calls before it changed.
        let loaded = self.loaded_units();
        let matters = |access: &Concrete| {
            writes(access.mode) && !loaded.is_empty() && access.unit.as_ref().is_none_or(|unit| loaded.contains(unit))
        };
        let mut changed: Vec<(u32, Concrete)> = Vec::new();
        let add = |changed: &mut Vec<(u32, Concrete)>, node: u32, accesses: &[Concrete]| {
            for access in accesses.iter().filter(|access| matters(access)) {
                if free || !changed.iter().any(|(_, known)| known == access) {
                    changed.push((node, access.clone()));
                }
            }
        };
        if free && !loaded.is_empty() {
            let unknown = [anything(Mode::Update)];
            for (call, &node) in calls.iter().zip(nodes) {
                let accesses = self.of_call(call.as_ref(), &unknown)?;
                add(&mut changed, node, &accesses);
            }
        }
        let mut earlier: Vec<Concrete> = Vec::new();
        let mut own: Vec<Concrete> = Vec::new();
        for (at, (call, &node)) in calls.iter().zip(nodes).enumerate() {
            if free {
                if at == 0 || nodes[at - 1] != node {
                    own.clear();
                }
                earlier.clear();
                earlier.extend(changed.iter().filter(|(other, _)| *other != node).map(|(_, access)| access.clone()));
                earlier.extend(own.iter().cloned());
            }
            let accesses = self.of_call(call.as_ref(), &earlier)?;
            if free {
                own.extend(accesses.iter().filter(|access| matters(access)).cloned());
            } else {
                for access in accesses.iter().filter(|access| matters(access)) {
                    if !earlier.contains(access) {
                        earlier.push(access.clone());
                    }
                }
            }
            if let Some(all) = out.get_mut(node as usize) {
                for access in accesses {
                    if !all.contains(&access) {
                        all.push(access);
                    }
                }
            }
        }
        Ok(out)
    }

    fn of_call(&self, call: Option<&Call>, earlier: &[Concrete]) -> Result<Vec<Concrete>, CallError> {
        let Some(call) = call else { return Ok(vec![anything(Mode::Update)]) };
        let wrong = |message: String| CallError { call: call.id.clone(), message };
        let accesses = self.call(call, earlier, 0).map_err(wrong)?;
        if self.chain.unit != UnitKind::Contract {
            return Ok(accesses);
        }
        // One call of a contract at a time, whatever it touches.
        let contract = self.contract_of(call).map_err(wrong)?;
        Ok(vec![Concrete { place: Some(home(call, contract)), ..anything(Mode::Update) }])
    }

    /// Units that some key, address or argument is loaded from.
    fn loaded_units(&self) -> BTreeSet<String> {
        let mut out = BTreeSet::new();
        for contract in &self.manifest.contracts {
            for entry in &contract.entries {
                let keys = entry.accesses.iter().flat_map(|access| access.key.iter().chain(&access.at));
                let out_args = entry
                    .external
                    .iter()
                    .flat_map(|external| external.args.iter().map(|arg| &arg.value).chain([&external.target]));
                let accounts = entry.accounts.iter().flatten().map(|account| &account.identity);
                let defaults = entry.params.iter().filter_map(|param| param.default.as_ref());
                for term in keys.chain(out_args).chain(accounts).chain(defaults) {
                    collect(contract, term, &mut out);
                }
            }
        }
        out
    }
}

impl Frame<'_> {
    /// Attached funds: the chain takes them from the caller, who must have them, and gives them to the contract, whatever
    /// the contract's code does.
    pub(super) fn funds(&self, out: &mut Vec<Concrete>) {
        let cell = self.contract.cells.iter().find(|cell| cell.id == Cell::BALANCE && cell.at.is_some());
        let ty = cell.and_then(|cell| cell.keys.first()).cloned();
        let ty = ty.unwrap_or(Type::Address { kind: String::new() });
        for (who, bounded) in [(Term::Caller, true), (Term::SelfAddr, false)] {
            for (value, _) in self.term(&who, &Binding::new()) {
                out.push(Concrete {
                    place: None,
                    unit: Some(Cell::BALANCE.to_owned()),
                    cell: Cell::BALANCE.to_owned(),
                    keyed: true,
                    arity: 1,
                    key: vec![value.at(&ty)],
                    op: Some("add 0".to_owned()),
                    bounded,
                    ..anything(Mode::Commute)
                });
            }
        }
    }
}

fn collect(contract: &Contract, term: &Term, out: &mut BTreeSet<String>) {
    match term {
        Term::Load { cell, key, .. } => {
            if let Some(cell) = contract.cells.iter().find(|known| known.id == *cell) {
                out.insert(if cell.unit.id == "own" { cell.id.clone() } else { cell.unit.id.clone() });
            }
            key.iter().for_each(|term| collect(contract, term, out));
        }
        Term::Fn { of, .. } | Term::Coalesce(of) | Term::Prefix(of) => {
            of.iter().for_each(|term| collect(contract, term, out));
        }
        _ => {}
    }
}
