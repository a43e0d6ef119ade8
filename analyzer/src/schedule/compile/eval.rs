//! Evaluates plans: what one call touches, as explicit touches that a sink turns into units or descriptions.

use std::collections::HashMap;

use serde_json::Value;

use crate::manifest::v1::Mode;

use super::super::state::State;
use super::decode::Slots;
use super::hash;
use super::plan::{AccessPlan, CellPlan, Comp, ContractPlan, EntryPlan, LoadPlan, ReachPlan};
use super::value::{Raw, Target, encode, part};
use super::{CallError, Kind};

/// Most keys one call may touch.
pub(crate) const MOST_KEYS: usize = 1 << 16;

/// One call, decoded.
#[derive(Clone, Debug, Default)]
pub struct Call {
    pub(crate) contract: u32,
    pub(crate) entry: u32,
    /// Canonical bytes of the instance's address.
    pub(crate) address: Vec<u8>,
    /// The address's node.
    pub(crate) node: u64,
    pub(crate) slots: Slots,
    /// Given accounts: name, canonical bytes, whether it is given as writable (`None`: as the manifest says).
    pub(crate) accounts: Vec<(String, Vec<u8>, Option<bool>)>,
    pub(crate) fee_payer: Option<Vec<u8>>,
    /// Funds are attached: who pays, as a key of balances.
    pub(crate) payer: Option<Vec<u8>>,
    /// And who is paid.
    pub(crate) payee: Vec<u8>,
}

/// A call's own address with its node, so that it is hashed once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Home<'a> {
    pub(crate) address: &'a [u8],
    pub(crate) node: u64,
}

impl Call {
    pub(crate) fn home(&self) -> Home<'_> {
        Home { address: &self.address, node: self.node }
    }
}

/// Where a touch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where<'a> {
    /// Every address.
    Any,
    /// The part of the state that has no instances.
    Chain,
    /// One address.
    At(&'a [u8]),
}

/// One thing a call touches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touched<'a> {
    pub(crate) place: Where<'a>,
    /// `None`: all cells there.
    pub(crate) cell: Option<&'a CellPlan>,
    /// Leading components of the key.
    pub(crate) key: Parts<'a>,
    /// Everything below these components rather than the unit they name.
    pub(crate) open: bool,
    pub(crate) field: Option<&'a str>,
    pub(crate) mode: Mode,
    pub(crate) keeps: bool,
    pub(crate) op: &'a str,
    pub(crate) bounded: bool,
}

/// Components of a key, one after the other.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Parts<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) ends: &'a [u32],
}

impl<'a> Parts<'a> {
    pub(crate) fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        let mut from = 0;
        self.ends.iter().map(move |&end| {
            let part = &self.bytes[from..end as usize];
            from = end as usize;
            part
        })
    }
}

/// Receives what a call touches.
pub(crate) trait Sink {
    fn touch(&mut self, touched: &Touched<'_>);

    /// A touch of one key of the call's own contract, told without collecting the key first; `false`: this sink, or this
    /// access, needs the long way.
    fn own_key(&mut self, _access: &AccessPlan, _cell: &CellPlan, _call: &Call) -> bool {
        false
    }
}

/// Nodes written by calls of the batch so far: first and last writer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written {
    pub(crate) nodes: HashMap<u64, (u32, u32)>,
}

impl Written {
    pub(crate) fn add(&mut self, node: u64, call: u32) {
        let entry = self.nodes.entry(node).or_insert((call, call));
        entry.0 = entry.0.min(call);
        entry.1 = entry.1.max(call);
    }
}

/// How `load` terms are evaluated.
pub(crate) struct Loads<'a> {
    pub(crate) state: &'a State,
    /// `None`: no load is evaluated, all widen.
    pub(crate) written: Option<&'a Written>,
    /// The call in question.
    pub(crate) me: u32,
    /// Conflicting calls keep block order, so only earlier calls count.
    pub(crate) ordered: bool,
    /// Counts loads that widened.
    pub(crate) unresolved: u64,
    /// For tests: evaluate on the snapshot whatever the batch writes.
    pub(crate) ignore_batch: bool,
}

impl Loads<'_> {
    fn may_change(&self, node: u64) -> bool {
        let Some(written) = self.written else { return true };
        match written.nodes.get(&node) {
            Some(&(first, _)) if self.ordered => first < self.me,
            Some(&(first, last)) => first != self.me || last != self.me,
            None => false,
        }
    }
}

/// Evaluates calls of one set of contracts.
pub(crate) struct Machine<'a> {
    pub(crate) contracts: &'a [ContractPlan],
    pub(crate) kind: Kind,
    pub(crate) deployments: &'a HashMap<Vec<u8>, u32>,
    /// The entry that every call reads, where there is one.
    pub(crate) instance: Option<&'a CellPlan>,
    /// Balances on the chain, and what kind of delta attached funds are.
    pub(crate) balance: (&'a CellPlan, &'a str),
}

/// Buffers of one evaluation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buffers {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    /// Correlation id and position.
    bound: Vec<(u32, u32)>,
    scratch: Vec<u8>,
    keys: usize,
}

impl Buffers {
    #[inline(always)]
    fn count_key(&mut self) -> Result<(), CallError> {
        self.keys += 1;
        if self.keys > MOST_KEYS {
            return Err(CallError::new("args", format!("the call touches more than {MOST_KEYS} keys")));
        }
        Ok(())
    }
}

impl Machine<'_> {
    /// Tells `sink` everything a call touches.
    pub(crate) fn run<S: Sink>(
        &self,
        call: &Call,
        loads: &mut Loads<'_>,
        buffers: &mut Buffers,
        sink: &mut S,
    ) -> Result<(), CallError> {
        let contract = &self.contracts[call.contract as usize];
        let entry = &contract.entries[call.entry as usize];
        let own = Where::At(&call.address);
        buffers.keys = 0;
        match self.kind {
            Kind::Accounts if entry.accounts.is_some() => return self.accounts(call, entry, loads, buffers, sink),
            Kind::Contract => {
                sink.touch(&whole(own, None, Mode::Update));
                for reach in &entry.reaches {
                    if let ReachPlan::Out { target, .. } = reach {
                        buffers.scratch.clear();
                        let known = self.comp(target, call, contract, loads, buffers);
                        let place = if known { Where::At(plain(&buffers.scratch)) } else { Where::Any };
                        sink.touch(&whole(place, None, Mode::Update));
                    }
                }
                for access in &entry.accesses {
                    let Some(at) = &access.at else { continue };
                    buffers.scratch.clear();
                    let known = self.comp(at, call, contract, loads, buffers);
                    let place = if known { Where::At(plain(&buffers.scratch)) } else { Where::Any };
                    sink.touch(&whole(place, None, Mode::Update));
                }
                return Ok(());
            }
            _ => {}
        }
        if let Some(instance) = self.instance {
            sink.touch(&exact(own, instance, Mode::Read));
        }
        for access in &entry.accesses {
            self.access(access, call, contract, loads, buffers, sink)?;
        }
        for reach in &entry.reaches {
            self.reach(reach, call, contract, loads, buffers, sink);
        }
        if let Some(payer) = &call.payer {
            self.funds(call, payer, sink);
        }
        Ok(())
    }

    /// Attached funds go from the caller to the contract, whether or not its code looks at them. The caller must have them.
    fn funds<S: Sink>(&self, call: &Call, payer: &[u8], sink: &mut S) {
        let (cell, op) = self.balance;
        for (key, bounded) in [(payer, true), (&call.payee, false)] {
            let end = [key.len() as u32];
            let key = if cell.depth == 0 { Parts::default() } else { Parts { bytes: key, ends: &end } };
            sink.touch(&Touched { key, op, bounded, ..exact(Where::Chain, cell, Mode::Commute) });
        }
    }

    fn reach<S: Sink>(
        &self,
        reach: &ReachPlan,
        call: &Call,
        contract: &ContractPlan,
        loads: &mut Loads<'_>,
        buffers: &mut Buffers,
        sink: &mut S,
    ) {
        let mode = |reads: bool| if reads { Mode::Scan } else { Mode::Update };
        match reach {
            ReachPlan::All { reads } => sink.touch(&whole(Where::Any, None, mode(*reads))),
            ReachPlan::Contract => all_cells(contract, Where::At(&call.address), Mode::Update, sink),
            ReachPlan::Cell(cell) => {
                let cell = &contract.cells[*cell as usize];
                let place = if cell.global { Where::Chain } else { Where::At(&call.address) };
                sink.touch(&all_of(place, cell, Mode::Update));
            }
            ReachPlan::Out { target, reads } => {
                buffers.scratch.clear();
                let known = self.comp(target, call, contract, loads, buffers);
                let callee = if known { self.deployments.get(plain(&buffers.scratch)) } else { None };
                match callee.map(|&at| &self.contracts[at as usize]) {
                    Some(callee) if !callee.leaves => {
                        all_cells(callee, Where::At(plain(&buffers.scratch)), mode(*reads), sink);
                    }
                    _ => sink.touch(&whole(Where::Any, None, mode(*reads))),
                }
            }
        }
    }

    fn accounts<S: Sink>(
        &self,
        call: &Call,
        entry: &EntryPlan,
        loads: &mut Loads<'_>,
        buffers: &mut Buffers,
        sink: &mut S,
    ) -> Result<(), CallError> {
        let contract = &self.contracts[call.contract as usize];
        let lock = |sink: &mut S, address: Option<&[u8]>, writable: bool| {
            let mode = if writable { Mode::Update } else { Mode::Read };
            match address {
                Some(address) => sink.touch(&Touched { open: false, ..whole(Where::At(address), None, mode) }),
                None => sink.touch(&whole(Where::Any, None, if writable { Mode::Update } else { Mode::Scan })),
            }
        };
        for account in entry.accounts.iter().flatten() {
            let given = call.accounts.iter().find(|(name, ..)| *name == account.name);
            match given {
                Some((_, address, writable)) => lock(sink, Some(address), writable.unwrap_or(account.writable)),
                None if account.optional => {}
                None => {
                    buffers.scratch.clear();
                    let known = self.comp(&account.identity, call, contract, loads, buffers);
                    lock(sink, known.then(|| plain(&buffers.scratch)), account.writable);
                }
            }
        }
        let mut more = 0;
        for (name, address, writable) in &call.accounts {
            if !entry.accounts.iter().flatten().any(|account| account.name == *name) {
                more += 1;
                lock(sink, Some(address), writable.unwrap_or(true));
            }
        }
        if entry.remaining && more == 0 {
            sink.touch(&whole(Where::Any, None, Mode::Update));
        }
        if let Some(payer) = &call.fee_payer {
            lock(sink, Some(payer), true);
        }
        Ok(())
    }

    fn access<S: Sink>(
        &self,
        access: &AccessPlan,
        call: &Call,
        contract: &ContractPlan,
        loads: &mut Loads<'_>,
        buffers: &mut Buffers,
        sink: &mut S,
    ) -> Result<(), CallError> {
        let cell = &contract.cells[access.cell as usize];
        if access.at.is_none() && !cell.global && sink.own_key(access, cell, call) {
            return buffers.count_key();
        }
        let mut at = Vec::new();
        let place = match &access.at {
            _ if cell.global => Where::Chain,
            None => Where::At(&call.address),
            Some(comp) => {
                buffers.scratch.clear();
                if self.comp(comp, call, contract, loads, buffers) {
                    at.extend_from_slice(plain(&buffers.scratch));
                    Where::At(&at)
                } else {
                    Where::Any
                }
            }
        };
        if place == Where::Any {
            // Any instance: everything anywhere.
            let reads = matches!(access.mode, Mode::Read | Mode::Probe | Mode::Scan | Mode::Rewrite);
            sink.touch(&whole(Where::Any, None, if reads { Mode::Scan } else { Mode::Update }));
            return Ok(());
        }
        buffers.bytes.clear();
        buffers.ends.clear();
        buffers.bound.clear();
        self.components(access, 0, place, cell, call, contract, loads, buffers, sink)
    }

    #[allow(clippy::too_many_arguments)]
    fn components<S: Sink>(
        &self,
        access: &AccessPlan,
        at: usize,
        place: Where<'_>,
        cell: &CellPlan,
        call: &Call,
        contract: &ContractPlan,
        loads: &mut Loads<'_>,
        buffers: &mut Buffers,
        sink: &mut S,
    ) -> Result<(), CallError> {
        let from = buffers.bytes.len();
        let mut open = at < cell.depth;
        if let Some(comp) = access.key.get(at) {
            match comp {
                Comp::Slot { slot, elem } if call.slots.one(*slot).is_none() || !elem.is_empty() => {
                    let bound = buffers.bound.len();
                    for (item, bytes) in call.slots.of(*slot) {
                        if !bind(&mut buffers.bound, elem, item.at) {
                            buffers.bound.truncate(bound);
                            continue;
                        }
                        buffers.bytes.extend_from_slice(bytes);
                        buffers.ends.push(buffers.bytes.len() as u32);
                        self.components(access, at + 1, place, cell, call, contract, loads, buffers, sink)?;
                        buffers.ends.pop();
                        buffers.bytes.truncate(from);
                        buffers.bound.truncate(bound);
                    }
                    return Ok(());
                }
                comp => {
                    // The commonest by far: one value, straight into the key.
                    if let Comp::Slot { slot, .. } = comp {
                        if let Some(bytes) = call.slots.one(*slot) {
                            buffers.bytes.extend_from_slice(bytes);
                            buffers.ends.push(buffers.bytes.len() as u32);
                            let done =
                                self.components(access, at + 1, place, cell, call, contract, loads, buffers, sink);
                            buffers.ends.pop();
                            buffers.bytes.truncate(from);
                            return done;
                        }
                    }
                    buffers.scratch.clear();
                    if self.comp(comp, call, contract, loads, buffers) {
                        buffers.bytes.extend_from_slice(&buffers.scratch);
                        buffers.ends.push(buffers.bytes.len() as u32);
                        let done = self.components(access, at + 1, place, cell, call, contract, loads, buffers, sink);
                        buffers.ends.pop();
                        buffers.bytes.truncate(from);
                        return done;
                    }
                    open = true;
                }
            }
        }
        buffers.count_key()?;
        sink.touch(&Touched {
            place,
            cell: Some(cell),
            key: Parts { bytes: &buffers.bytes, ends: &buffers.ends },
            open,
            field: access.field.as_deref(),
            // Setting a part of a unit keeps the rest, which is an update of the unit.
            mode: match access.mode {
                Mode::Write | Mode::Delete if access.field.is_some() && self.kind != Kind::Fields => Mode::Update,
                mode => mode,
            },
            keeps: access.keeps,
            op: &access.op,
            bounded: access.bounded,
        });
        Ok(())
    }

    /// Appends the bytes of a component to `buffers.scratch`; `false`: not known. A list that is not bound has no one
    /// value; inside functions that is not known.
    fn comp(
        &self,
        comp: &Comp,
        call: &Call,
        contract: &ContractPlan,
        loads: &mut Loads<'_>,
        buffers: &mut Buffers,
    ) -> bool {
        match comp {
            Comp::Any => false,
            Comp::Fixed(bytes) => {
                buffers.scratch.extend_from_slice(bytes);
                true
            }
            Comp::Slot { slot, elem } => {
                if elem.is_empty() {
                    if let Some(bytes) = call.slots.one(*slot) {
                        buffers.scratch.extend_from_slice(bytes);
                        return true;
                    }
                    return false;
                }
                let mut found = None;
                for (item, bytes) in call.slots.of(*slot) {
                    let here = buffers.bound.len();
                    let fits = bind(&mut buffers.bound, elem, item.at);
                    let free = buffers.bound.len() != here;
                    buffers.bound.truncate(here);
                    if !fits {
                        continue;
                    }
                    if free || found.is_some() {
                        return false;
                    }
                    found = Some(bytes);
                }
                found.is_some_and(|bytes| {
                    buffers.scratch.extend_from_slice(bytes);
                    true
                })
            }
            Comp::Join { name, of } => {
                let from = buffers.scratch.len();
                part(name, &mut buffers.scratch);
                for comp in of {
                    let begin = buffers.scratch.len();
                    if !self.comp(comp, call, contract, loads, buffers) {
                        buffers.scratch.truncate(from);
                        return false;
                    }
                    // The length goes behind: as telling as in front, and it is known only now.
                    let len = (buffers.scratch.len() - begin) as u32;
                    buffers.scratch.extend_from_slice(&len.to_be_bytes());
                }
                true
            }
            Comp::First(of) => {
                for (at, comp) in of.iter().enumerate() {
                    let absent = match comp {
                        Comp::Slot { slot, .. } => call.slots.of(*slot).next().is_none_or(|(_, bytes)| bytes == [b'o']),
                        _ => false,
                    };
                    if !absent || at + 1 == of.len() {
                        return self.comp(comp, call, contract, loads, buffers);
                    }
                }
                false
            }
            Comp::Load(plan) => {
                let known = self.load(plan, call, contract, loads, buffers);
                loads.unresolved += u64::from(!known);
                known
            }
        }
    }

    fn load(
        &self,
        plan: &LoadPlan,
        call: &Call,
        contract: &ContractPlan,
        loads: &mut Loads<'_>,
        buffers: &mut Buffers,
    ) -> bool {
        if loads.written.is_none() {
            return false;
        }
        let cell = &contract.cells[plan.cell as usize];
        let place = if cell.global { Where::Chain } else { Where::At(&call.address) };
        let from = buffers.scratch.len();
        let mut ends = Vec::with_capacity(plan.key.len());
        for comp in &plan.key {
            if !self.comp(comp, call, contract, loads, buffers) {
                buffers.scratch.truncate(from);
                return false;
            }
            ends.push((buffers.scratch.len() - from) as u32);
        }
        let key = buffers.scratch[from..].to_vec();
        buffers.scratch.truncate(from);
        let parts = Parts { bytes: &key, ends: &ends };
        if !loads.ignore_batch {
            let mut changed = loads.may_change(hash::ROOT);
            walk(call.home(), place, Some(cell), parts, |node| changed |= loads.may_change(node));
            if changed {
                return false;
            }
        }
        let Some(value) = loads.state.values.get(&state_key(place, cell, parts)) else { return false };
        let mut value = value;
        for step in &plan.field {
            let next = match value {
                Value::Object(map) => map.get(step),
                Value::Array(list) => step.parse::<usize>().ok().and_then(|at| list.get(at)),
                _ => None,
            };
            match next {
                Some(next) => value = next,
                None => return false,
            }
        }
        put_json(value, &plan.target, &mut buffers.scratch)
    }
}

/// The value of a canonical text: an address without the tag of a key component.
fn plain(bytes: &[u8]) -> &[u8] {
    match bytes.split_first() {
        Some((b's', rest)) => rest,
        _ => bytes,
    }
}

/// Appends a JSON value in a form; `false`: it has none.
pub(crate) fn put_json(value: &Value, target: &Target, out: &mut Vec<u8>) -> bool {
    match value {
        Value::Null => encode(Raw::None, target, out),
        Value::Bool(value) => encode(Raw::Truth(*value), target, out),
        Value::String(text) => encode(Raw::Text(text), target, out),
        Value::Number(number) => {
            let text = number.to_string();
            if *target == Target::Neutral {
                return encode(Raw::Text(&text), &Target::Number, out);
            }
            encode(Raw::Text(&text), target, out)
        }
        Value::Array(_) | Value::Object(_) => false,
    }
}

/// Binds the lists of a slot's path to positions; `false` if they are bound to others.
fn bind(bound: &mut Vec<(u32, u32)>, elem: &[u32], at: [u32; 2]) -> bool {
    for (&id, &position) in elem.iter().zip(&at) {
        match bound.iter().find(|(other, _)| *other == id) {
            Some(&(_, other)) if other != position => return false,
            Some(_) => {}
            None => bound.push((id, position)),
        }
    }
    true
}

fn whole<'a>(place: Where<'a>, cell: Option<&'a CellPlan>, mode: Mode) -> Touched<'a> {
    Touched { place, cell, key: Parts::default(), open: true, field: None, mode, keeps: false, op: "", bounded: false }
}

fn exact<'a>(place: Where<'a>, cell: &'a CellPlan, mode: Mode) -> Touched<'a> {
    Touched { open: false, ..whole(place, Some(cell), mode) }
}

/// Everything of a contract at an address, and its cells that have one place on the chain.
fn all_cells<S: Sink>(contract: &ContractPlan, place: Where<'_>, mode: Mode, sink: &mut S) {
    sink.touch(&whole(place, None, mode));
    for cell in contract.cells.iter().filter(|cell| cell.global) {
        sink.touch(&all_of(Where::Chain, cell, mode));
    }
}

/// All keys of a cell; a cell without keys is one unit.
fn all_of<'a>(place: Where<'a>, cell: &'a CellPlan, mode: Mode) -> Touched<'a> {
    Touched { open: cell.depth > 0, ..whole(place, Some(cell), mode) }
}

/// Nodes from the address down to the last component.
#[inline]
pub(crate) fn walk(
    home: Home<'_>,
    place: Where<'_>,
    cell: Option<&CellPlan>,
    key: Parts<'_>,
    mut visit: impl FnMut(u64),
) {
    let mut node = match place {
        Where::Any => return,
        Where::Chain => hash::chain_node(),
        // The very bytes of the call's address, not only equal ones.
        Where::At(address) if std::ptr::eq(address, home.address) => home.node,
        Where::At(address) => hash::address_node(address),
    };
    visit(node);
    let Some(cell) = cell else { return };
    node = hash::join(node, cell.name);
    visit(node);
    for part in key.iter() {
        node = hash::below(node, part);
        visit(node);
    }
}

/// Key of a value in a [`State`].
pub(crate) fn state_key(place: Where<'_>, cell: &CellPlan, key: Parts<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    match place {
        Where::At(address) => part(address, &mut out),
        _ => out.extend_from_slice(&u32::MAX.to_le_bytes()),
    }
    part(&cell.ident, &mut out);
    part(cell.id.as_bytes(), &mut out);
    for bytes in key.iter() {
        part(bytes, &mut out);
    }
    out
}
