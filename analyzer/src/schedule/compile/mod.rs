//! Compiled manifests: from the arguments of a call to the units it touches, without building strings.
//!
//! `plan` reads the manifest once, `decode` reads one call's arguments, `eval` lists what the call touches, `classes` and
//! `sink` turn that into units and access classes. No framework's name occurs here.

mod address;
mod classes;
mod decode;
mod eval;
mod hash;
mod line;
mod plan;
mod shape;
mod sink;
mod value;

pub use eval::Call;
pub use line::{AccountValue, CallLine, Funds};

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::chains::{self, ChainModel};
use crate::manifest::v1;

use super::audit::{Place, Recorded};
use super::batch::{Batch, BatchError, Limits, Rule};
use super::state::{State, StateLine};
use super::verify::Order;
use classes::ClassTable;
use eval::{Buffers, Loads, Machine, Where, Written};
use plan::{CellPlan, ContractPlan};
use sink::{Compiled, UnitSink};

use eval::Parts;
pub(crate) use plan::ENVIRONMENT;
pub(crate) use sink::{Fragment, Resolved};
#[cfg(feature = "workload")]
pub(crate) use value::base64;

/// What a unit of a chain model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A storage key.
    Keys,
    /// A field of the value at a key.
    Fields,
    /// A contract.
    Contract,
    /// An account with a declared lock.
    Accounts,
}

/// Whether calls that leave the contract count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Scope {
    /// All frames of the transaction: a call out that is not linked may touch anything.
    #[default]
    Transaction,
    /// Only this contract's own state.
    Own,
}

/// How manifests are evaluated.
#[derive(Clone, Debug, Default)]
pub struct EvaluatorOptions {
    /// Chain model; `None`: the one of the first contract's manifest.
    pub chain: Option<String>,
    /// Scope.
    pub scope: Scope,
    /// Contract by address, for calls out.
    pub deployments: BTreeMap<String, String>,
}

/// Why manifests cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// No contract.
    #[error("the manifest has no contract")]
    Empty,
    /// No such chain model.
    #[error("there is no chain model `{0}`; `cargo crosslane schema modes` lists them")]
    Chain(String),
    /// Two contracts of one name.
    #[error("there are two contracts `{0}`; give each manifest once")]
    Twice(String),
    /// A feature of the format that this version does not know.
    #[error("contract `{contract}` requires `{feature}`, which this version does not know")]
    Requires {
        /// The contract.
        contract: String,
        /// The feature.
        feature: String,
    },
    /// A deployment of a contract that is not there.
    #[error("the deployments name `{0}`, of which there is no manifest")]
    Deployment(String),
    /// A manifest with too many cells or entries.
    #[error("contract `{0}` has too many cells or entries")]
    TooLarge(String),
}

/// What is wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CallError {
    /// The field of the call, for example `args.amount`.
    pub field: String,
    /// What is wrong, the field included.
    pub message: String,
}

impl CallError {
    pub(crate) fn new(field: &str, message: impl Into<String>) -> CallError {
        CallError { field: field.to_owned(), message: message.into() }
    }
}

/// Evaluates calls of a set of contracts under one chain model.
#[derive(Clone, Debug)]
pub struct Evaluator {
    contracts: Vec<ContractPlan>,
    by_name: HashMap<String, u32>,
    chain: &'static ChainModel,
    classes: ClassTable,
    scope: Scope,
    deployments: HashMap<Vec<u8>, u32>,
    instance: Option<CellPlan>,
    /// Balances on the chain, and what kind of delta attached funds are.
    balance: (CellPlan, String),
    /// What may be touched as a whole: nothing above cells, all addresses, single addresses.
    root_open: bool,
    address_open: bool,
    has_loads: bool,
    assumes: Vec<String>,
}

impl Evaluator {
    /// Compiles manifests.
    pub fn new(manifests: &[v1::Manifest], options: &EvaluatorOptions) -> Result<Evaluator, CompileError> {
        let contracts: Vec<&v1::Contract> = manifests.iter().flat_map(|manifest| &manifest.contracts).collect();
        let first = contracts.first().ok_or(CompileError::Empty)?;
        let mut by_name = HashMap::new();
        for (at, contract) in contracts.iter().enumerate() {
            if let Some(feature) =
                contract.requires.iter().find(|name| !crate::manifest::KNOWN_REQUIRES.contains(&name.as_str()))
            {
                return Err(CompileError::Requires { contract: contract.name.clone(), feature: feature.clone() });
            }
            if contract.cells.len() > 1 << 16 || contract.entries.len() > 1 << 16 {
                return Err(CompileError::TooLarge(contract.name.clone()));
            }
            if by_name.insert(contract.name.clone(), at as u32).is_some() {
                return Err(CompileError::Twice(contract.name.clone()));
            }
        }
        let id = options.chain.clone().unwrap_or_else(|| first.chain.model.clone());
        let chain = chains::get(&id).ok_or(CompileError::Chain(id))?;
        let mut classes = ClassTable::new(chain);
        let instance_tier = chain.unit == chains::UnitKind::Entry;
        let transaction = options.scope == Scope::Transaction;
        let plans = plan::plan(&contracts, transaction, instance_tier);
        for access in plans.iter().flat_map(|contract| &contract.entries).flat_map(|entry| &entry.accesses) {
            classes.learn(&access.op);
        }
        let mut deployments = HashMap::new();
        for (address, name) in &options.deployments {
            let at = *by_name.get(name).ok_or_else(|| CompileError::Deployment(name.clone()))?;
            let mut bytes = Vec::new();
            address::neutral(address, &mut bytes);
            deployments.insert(bytes, at);
        }
        let entries = || plans.iter().flat_map(|contract| &contract.entries);
        let foreign = entries().any(|entry| {
            let any = |comp: &plan::Comp| comp.may_be_any(&entry.slots, true);
            entry.accesses.iter().any(|access| access.at.as_ref().is_some_and(any))
        });
        let accounts = entries().flat_map(|entry| entry.accounts.iter().flatten()).count() > 0;
        let root_open = plans.iter().any(|contract| contract.leaves) || foreign || accounts;
        let address_open =
            plans.iter().any(|contract| contract.open) || !deployments.is_empty() || classes.kind == Kind::Contract;
        let has_loads = plans.iter().flat_map(|contract| &contract.cells).any(|cell| cell.loaded);
        let instance = instance_tier.then(|| plan::instance_cell(&plans));
        // As the contracts' own accesses to balances have it: who has nothing has 0.
        let balance = (plan::balance_cell(&plans), value::op_text(v1::OpGroup::Add, Some(&v1::Const::Int(0))));
        classes.learn(&balance.1);
        let mut assumes: Vec<String> = contracts.iter().flat_map(|contract| contract.assumes.iter().cloned()).collect();
        assumes.sort();
        assumes.dedup();
        Ok(Evaluator {
            contracts: plans,
            by_name,
            chain,
            classes,
            scope: options.scope,
            deployments,
            instance,
            balance,
            root_open,
            address_open,
            has_loads,
            assumes,
        })
    }

    /// The chain model.
    pub fn chain(&self) -> &'static ChainModel {
        self.chain
    }

    /// The rule of batches.
    pub fn rule(&self) -> Rule {
        self.classes.rule
    }

    /// The scope.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Assumptions of the manifests, sorted.
    pub fn assumes(&self) -> &[String] {
        &self.assumes
    }

    /// The name of a call's entry point.
    pub fn entry_name(&self, call: &Call) -> &str {
        self.contracts
            .get(call.contract as usize)
            .and_then(|contract| contract.entries.get(call.entry as usize))
            .map_or("", |entry| entry.name.as_str())
    }

    fn machine(&self) -> Machine<'_> {
        Machine {
            contracts: &self.contracts,
            kind: self.classes.kind,
            deployments: &self.deployments,
            instance: self.instance.as_ref(),
            balance: (&self.balance.0, &self.balance.1),
        }
    }

    /// Adds a line of a state file to a snapshot.
    pub fn add_state(&self, line: &StateLine, state: &mut State) -> Result<(), CallError> {
        let mut candidates = Vec::new();
        for contract in &self.contracts {
            if line.address.is_none()
                && self.contracts.len() > 1
                && !contract.cells.iter().any(|cell| cell.id == line.cell && cell.global)
            {
                continue;
            }
            for cell in contract.cells.iter().filter(|cell| cell.id == line.cell) {
                candidates.push((contract, cell));
            }
        }
        if candidates.is_empty() {
            return Err(CallError::new("cell", format!("`cell`: there is no cell `{}`", line.cell)));
        }
        for (contract, cell) in candidates {
            if line.key.len() != cell.depth {
                let message = format!("`key`: `{}` has keys of {} parts", cell.id, cell.depth);
                return Err(CallError::new("key", message));
            }
            let (mut bytes, mut ends) = (Vec::new(), Vec::new());
            for (value, target) in line.key.iter().zip(&cell.targets) {
                if !eval::put_json(value, target, &mut bytes) {
                    return Err(CallError::new("key", format!("`key`: {value} is no key of `{}`", cell.id)));
                }
                ends.push(bytes.len() as u32);
            }
            let mut address = Vec::new();
            address::neutral(line.address.as_deref().unwrap_or(&contract.name), &mut address);
            let place = if cell.global { Where::Chain } else { Where::At(&address) };
            let key = eval::state_key(place, cell, Parts { bytes: &bytes, ends: &ends });
            state.values.insert(key, line.value.clone());
        }
        Ok(())
    }

    /// A recorded access in canonical form.
    pub(crate) fn locate(&self, call: &Call, recorded: &Recorded) -> Result<Place, CallError> {
        let mut address = call.address.clone();
        if let Some(text) = &recorded.address {
            address.clear();
            address::neutral(text, &mut address);
        }
        let Some(id) = &recorded.cell else { return Ok(Place { address: Some(address), cell: None, key: Vec::new() }) };
        let own = self.contracts.get(call.contract as usize);
        let cell =
            own.into_iter().chain(&self.contracts).flat_map(|contract| &contract.cells).find(|cell| cell.id == *id);
        let Some(cell) = cell else {
            return Err(CallError::new("touched", format!("`touched`: there is no cell `{id}`")));
        };
        let mut key = Vec::new();
        for (value, target) in recorded.key.iter().zip(&cell.targets) {
            let mut bytes = Vec::new();
            if !eval::put_json(value, target, &mut bytes) {
                return Err(CallError::new("touched", format!("`touched`: {value} is no key of `{id}`")));
            }
            key.push(bytes);
        }
        Ok(Place { address: (!cell.global).then_some(address), cell: Some(cell.ident.clone()), key })
    }

    /// Everything a call touches, in canonical form, for verification and audits. Independent of unit ids.
    pub(crate) fn resolve(
        &self,
        call: &Call,
        loads: &mut Loads<'_>,
        buffers: &mut Buffers,
        out: &mut Vec<Resolved>,
    ) -> Result<(), CallError> {
        self.machine().run(call, loads, buffers, &mut sink::Explicit { home: call.home(), out })
    }
}

impl Evaluator {
    /// True when a call's units do not depend on other calls of the batch, so that calls can be evaluated in any order.
    pub(crate) fn units_at_once(&self) -> bool {
        !self.has_loads
    }

    /// Evaluates a call that no other call can change; only where [`Evaluator::units_at_once`].
    pub(crate) fn fragment(&self, call: &Call, out: &mut Fragment) -> Result<(), CallError> {
        let state = State::new();
        let mut loads =
            Loads { state: &state, written: None, me: 0, ordered: true, unresolved: 0, ignore_batch: false };
        let mut wrote = Vec::new();
        let mut buffers = std::mem::take(&mut out.buffers);
        let from = out.compiled.units.len();
        let mut sink = UnitSink::new(self, call, &mut out.compiled, &mut wrote);
        let done = self.machine().run(call, &mut loads, &mut buffers, &mut sink);
        out.buffers = buffers;
        out.unresolved += loads.unresolved;
        if let Err(error) = done {
            out.compiled.truncate(from);
            return Err(error);
        }
        out.end_call();
        Ok(())
    }

    /// What a call touches, in words, for the unit `unit` of a batch; `None` if it is not one of its units.
    pub fn describe(&self, call: &Call, unit: u64) -> Option<UnitName> {
        self.describe_with(call, unit, &[])
    }

    /// As [`Evaluator::describe`]; bytes that one of `texts` spells are shown as that text.
    pub(crate) fn describe_with(&self, call: &Call, unit: u64, texts: &[String]) -> Option<UnitName> {
        let state = State::new();
        let mut loads =
            Loads { state: &state, written: None, me: 0, ordered: true, unresolved: 0, ignore_batch: false };
        let mut sink = sink::Naming::new(self, call, unit, texts);
        self.machine().run(call, &mut loads, &mut Buffers::default(), &mut sink).ok()?;
        sink.found
    }
}

/// A unit in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnitName {
    /// The address; empty for all, or where there are no instances.
    pub address: String,
    /// The cell; empty for all.
    pub cell: String,
    /// Components of the key; text where it is text, else hexadecimal with `0x`.
    pub key: Vec<String>,
}

/// A 64-bit hash of a text, the same on every machine.
pub(crate) fn text_hash(text: &str) -> u64 {
    hash::below(0, text.as_bytes())
}

/// Collects calls into a [`Batch`].
///
/// In fixed order calls are evaluated as they come; in free order a first pass finds what any call may write.
pub struct BatchBuilder<'a> {
    evaluator: &'a Evaluator,
    state: &'a State,
    order: Order,
    limits: Limits,
    compiled: Compiled,
    written: Written,
    buffers: Buffers,
    unresolved: u64,
    ignore_batch: bool,
    /// Calls of free order, evaluated at the end.
    pending: Vec<(Call, u64, bool)>,
    pending_nodes: usize,
}

/// Most calls for which room is made before they are seen.
const RESERVED: usize = 1 << 22;

impl<'a> BatchBuilder<'a> {
    /// An empty batch.
    pub fn new(evaluator: &'a Evaluator, state: &'a State, order: Order, limits: Limits) -> BatchBuilder<'a> {
        BatchBuilder {
            evaluator,
            state,
            order,
            limits,
            compiled: Compiled::default(),
            written: Written::default(),
            buffers: Buffers::default(),
            unresolved: 0,
            ignore_batch: false,
            pending: Vec::new(),
            pending_nodes: 0,
        }
    }

    /// Switches the batch rule for `load` terms off: they are evaluated on the snapshot whatever other calls write. Only
    /// for tests that show why the rule is there.
    #[doc(hidden)]
    pub fn without_load_rule(mut self) -> Self {
        self.ignore_batch = true;
        self
    }

    /// Makes room for `times` what there is so far, but not for more than some million calls.
    pub(crate) fn reserve_times(&mut self, times: usize) {
        let calls = self.compiled.costs.len();
        if let Some(most) = RESERVED.checked_div(calls) {
            let times = times.min(most);
            self.compiled.reserve(calls * times, self.compiled.units.len() * times);
        }
    }

    /// Number of nodes so far.
    pub fn len(&self) -> usize {
        self.compiled.costs.len() + self.pending_nodes
    }

    /// True before the first call.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of `load` terms that could not be evaluated so far.
    pub fn unresolved(&self) -> u64 {
        self.unresolved
    }

    /// Adds a call. With `joins` it becomes part of the node before it (lines of one transaction).
    pub fn push(&mut self, call: &Call, cost: u64, joins: bool) -> Result<(), CallError> {
        let joins = joins && !self.is_empty();
        if !joins && self.len() >= self.limits.calls as usize {
            return Err(CallError::new("id", BatchError::TooManyCalls(self.limits.calls).to_string()));
        }
        if self.order == Order::Free && self.evaluator.has_loads {
            self.pending_nodes += usize::from(!joins);
            self.pending.push((call.clone(), cost, joins));
            return Ok(());
        }
        self.evaluate(call, cost, joins)
    }

    fn evaluate(&mut self, call: &Call, cost: u64, joins: bool) -> Result<(), CallError> {
        let me = self.compiled.costs.len() as u32 - u32::from(joins);
        let from = self.compiled.units.len();
        // Writes of this call are noted only after its loads have been looked at.
        let mut wrote = std::mem::take(&mut self.compiled.wrote);
        wrote.clear();
        let mut loads = Loads {
            state: self.state,
            written: Some(&self.written),
            me: if joins { me + 1 } else { me },
            ordered: self.order == Order::Preserve,
            unresolved: 0,
            ignore_batch: self.ignore_batch,
        };
        let mut sink = UnitSink::new(self.evaluator, call, &mut self.compiled, &mut wrote);
        let done = self.evaluator.machine().run(call, &mut loads, &mut self.buffers, &mut sink);
        self.unresolved += loads.unresolved;
        if done.is_ok() && self.order == Order::Preserve {
            for &node in &wrote {
                self.written.add(node, me);
            }
        }
        self.compiled.wrote = wrote;
        if let Err(error) = done {
            self.compiled.truncate(from);
            return Err(error);
        }
        if self.compiled.units.len() > self.limits.accesses as usize {
            self.compiled.truncate(from);
            return Err(CallError::new("id", BatchError::TooManyAccesses(self.limits.accesses).to_string()));
        }
        if let Err(error) = self.compiled.close(cost, joins) {
            self.compiled.truncate(from);
            return Err(CallError::new("cost", error.to_string()));
        }
        Ok(())
    }

    /// Adds a call that has been evaluated into a fragment.
    pub(crate) fn push_fragment(
        &mut self,
        from: &Fragment,
        at: usize,
        cost: u64,
        joins: bool,
    ) -> Result<(), CallError> {
        let joins = joins && !self.is_empty();
        if !joins && self.len() >= self.limits.calls as usize {
            return Err(CallError::new("id", BatchError::TooManyCalls(self.limits.calls).to_string()));
        }
        self.compiled.take(from, at);
        if self.compiled.units.len() > self.limits.accesses as usize {
            return Err(CallError::new("id", BatchError::TooManyAccesses(self.limits.accesses).to_string()));
        }
        self.compiled.close(cost, joins).map_err(|error| CallError::new("cost", error.to_string()))
    }

    /// Adds a call of which nothing is known: it conflicts with every other.
    pub fn push_unknown(&mut self, cost: u64, joins: bool) -> Result<(), CallError> {
        if !self.pending.is_empty() || (self.order == Order::Free && self.evaluator.has_loads) {
            // Known before the others are evaluated: nothing may be loaded.
            self.ignore_batch = false;
            self.written.add(hash::ROOT, u32::MAX);
            self.written.add(hash::ROOT, u32::MAX - 1);
            let call = Call { contract: u32::MAX, ..Call::default() };
            let joins = joins && !self.is_empty();
            self.pending_nodes += usize::from(!joins);
            self.pending.push((call, cost, joins));
            return Ok(());
        }
        self.unknown(cost, joins)
    }

    fn unknown(&mut self, cost: u64, joins: bool) -> Result<(), CallError> {
        let me = self.compiled.costs.len() as u32 - u32::from(joins && !self.compiled.costs.is_empty());
        self.written.add(hash::ROOT, me);
        self.compiled.unknown(self.evaluator.rule());
        self.compiled.close(cost, joins).map_err(|error| CallError::new("cost", error.to_string()))
    }

    /// The batch.
    pub fn finish(self) -> Result<Batch, CallError> {
        Ok(self.finish_counted()?.0)
    }

    /// The batch, and the number of `load` terms that widened.
    pub(crate) fn finish_counted(mut self) -> Result<(Batch, u64), CallError> {
        let pending = std::mem::take(&mut self.pending);
        self.pending_nodes = 0;
        if !pending.is_empty() {
            // What any call may write, with every load widened.
            let mut me = 0u32;
            let mut scratch = Compiled::default();
            for (at, (call, _, joins)) in pending.iter().enumerate() {
                if at > 0 && !joins {
                    me += 1;
                }
                if call.contract == u32::MAX {
                    continue;
                }
                let mut loads =
                    Loads { state: self.state, written: None, me, ordered: false, unresolved: 0, ignore_batch: false };
                let mut wrote = Vec::new();
                let mut sink = UnitSink::new(self.evaluator, call, &mut scratch, &mut wrote);
                self.evaluator.machine().run(call, &mut loads, &mut self.buffers, &mut sink)?;
                scratch.truncate(0);
                for node in wrote {
                    self.written.add(node, me);
                }
            }
            for (call, cost, joins) in &pending {
                if call.contract == u32::MAX {
                    self.unknown(*cost, *joins)?;
                } else {
                    self.evaluate(call, *cost, *joins)?;
                }
            }
        }
        let unresolved = self.unresolved;
        Ok((self.compiled.into_batch(self.evaluator.rule(), self.limits)?, unresolved))
    }
}

/// Loads evaluated as a batch in fixed order would, for verification: a second bookkeeping of what has been written.
pub(crate) struct Replay<'a> {
    evaluator: &'a Evaluator,
    state: &'a State,
    written: Written,
    buffers: Buffers,
    order: Order,
}

impl<'a> Replay<'a> {
    pub(crate) fn new(evaluator: &'a Evaluator, state: &'a State, order: Order) -> Replay<'a> {
        Replay { evaluator, state, written: Written::default(), buffers: Buffers::default(), order }
    }

    /// Touches of every call; `joins` tells calls that belong to the node before.
    pub(crate) fn all(&mut self, calls: &[(Call, bool)]) -> Result<Vec<Vec<Resolved>>, CallError> {
        let mut out = Vec::with_capacity(calls.len());
        let rounds = if self.order == Order::Free { 2 } else { 1 };
        for round in 0..rounds {
            out.clear();
            let mut me = 0u32;
            for (at, (call, joins)) in calls.iter().enumerate() {
                if at > 0 && !joins {
                    me += 1;
                }
                let first_of_two = rounds == 2 && round == 0;
                let mut touches = Vec::new();
                if call.contract == u32::MAX {
                    touches.push(Resolved::everything());
                } else {
                    let mut loads = Loads {
                        state: self.state,
                        written: if first_of_two { None } else { Some(&self.written) },
                        me: if *joins { me + 1 } else { me },
                        ordered: self.order == Order::Preserve,
                        unresolved: 0,
                        ignore_batch: false,
                    };
                    self.evaluator.resolve(call, &mut loads, &mut self.buffers, &mut touches)?;
                }
                if first_of_two || rounds == 1 {
                    let nodes: BTreeSet<u64> = touches.iter().filter_map(Resolved::written_node).collect();
                    for node in nodes {
                        self.written.add(node, me);
                    }
                }
                out.push(touches);
            }
        }
        Ok(out)
    }
}
