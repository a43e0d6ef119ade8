//! The reference evaluator: manifest, calls and state to what each call touches, and which pairs conflict.
//!
//! It is slow and follows the specification word by word (`fixtures/conformance/README.md`); the scheduler shares no code
//! with it. It takes manifests only and knows no framework. Every doubt ends in [`Value::Any`], which meets everything.

mod address;
mod nodes;
mod value;

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::Scope;
use crate::chains::{self, ChainModel, Touch, UnitKind};
use crate::ir;
use crate::manifest::v1::{self, Contract, Entry, ExternalMode, Manifest, Mode, Step, Term, Type};
use value::function;
pub use value::{Value, read};

/// A call of a batch (DESIGN §7). What is not listed here does not matter for conflicts.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Call {
    /// Id; unique in the batch.
    pub id: String,
    /// Lines of one transaction are one node.
    #[serde(default)]
    pub tx: Option<String>,
    /// Contract; may be left out when the manifest has one.
    #[serde(default)]
    pub contract: Option<String>,
    /// The instance; the contract's name where it is left out.
    #[serde(default)]
    pub address: Option<String>,
    /// Entry point.
    pub entry: String,
    /// Immediate caller.
    #[serde(default)]
    pub caller: Option<String>,
    /// Signer; the caller where it is left out.
    #[serde(default)]
    pub origin: Option<String>,
    /// Arguments by parameter.
    #[serde(default)]
    pub args: Map<String, Json>,
    /// Addresses of account parameters.
    #[serde(default)]
    pub accounts: Map<String, Json>,
    /// Attached funds.
    #[serde(default)]
    pub funds: Vec<Json>,
}

/// A value of the state in which the batch starts.
#[derive(Clone, Debug, Deserialize)]
pub struct StateLine {
    /// The instance.
    pub address: String,
    /// Cell.
    pub cell: String,
    /// Key.
    #[serde(default)]
    pub key: Vec<Json>,
    /// Value.
    pub value: Json,
}

/// What calls are evaluated in.
#[derive(Clone, Debug)]
pub struct World<'a> {
    /// The manifest.
    pub manifest: &'a Manifest,
    /// The chain model.
    pub chain: &'a ChainModel,
    /// Whether calls out count.
    pub scope: Scope,
    /// Contracts by address, for calls out.
    pub deployments: BTreeMap<String, String>,
    /// The state in which the batch starts.
    pub state: Vec<StateLine>,
    /// Evaluate loads on the snapshot whatever earlier calls change. Wrong; for the test that shows it.
    pub ignore_batch_rule: bool,
}

/// Why a call cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("call `{call}`: {message}")]
pub struct CallError {
    /// The call's id.
    pub call: String,
    /// What is wrong, with the field.
    pub message: String,
}

/// A place with what is done to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Concrete {
    /// The instance; `None`: one place on the whole chain.
    pub place: Option<Value>,
    /// Cell or shared unit; `None`: every one.
    pub unit: Option<String>,
    /// The cell.
    pub cell: String,
    /// The unit has keys.
    pub keyed: bool,
    /// Keys are compared within the cell only (`part: cell`).
    pub alone: bool,
    /// Other cells lie in the same unit.
    pub shared: bool,
    /// Number of key components of the cell.
    pub arity: usize,
    /// Key components; fewer than the arity meet every continuation.
    pub key: Vec<Value>,
    /// Touched field.
    pub field: Option<String>,
    /// Mode.
    pub mode: Mode,
    /// Existence does not change.
    pub keeps: bool,
    /// Group and absent default of a delta; `None` commutes with nothing.
    pub op: Option<String>,
    /// A delta with bounds.
    pub bounded: bool,
}

/// What one call touches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Footprint {
    /// Its own instance.
    pub home: Option<Value>,
    /// Transaction.
    pub tx: Option<String>,
    /// Accesses, in the order of the manifest.
    pub accesses: Vec<Concrete>,
}

/// Calls out of calls out are followed so deep.
const DEPTH: usize = 8;
/// A key with more combinations of list elements than this is any key.
const MOST: usize = 4096;

impl<'a> World<'a> {
    /// A world without state and deployments, under the model that the manifest's first contract names.
    pub fn new(manifest: &'a Manifest) -> World<'a> {
        let named = manifest.contracts.first().and_then(|contract| chains::get(&contract.chain.model));
        let chain = named.or_else(|| chains::get(chains::PLAIN)).unwrap_or(&chains::all()[0]);
        World {
            manifest,
            chain,
            scope: Scope::Transaction,
            deployments: BTreeMap::new(),
            state: Vec::new(),
            ignore_batch_rule: false,
        }
    }

    /// Footprints of calls in block order. Calls with errors have none, and the batch must not be scheduled with them.
    pub fn evaluate(&self, calls: &[Call]) -> Vec<Result<Footprint, CallError>> {
        let mut earlier: Vec<Concrete> = Vec::new();
        let mut out = Vec::new();
        for call in calls {
            let done = self.call(call, &earlier, 0);
            match done {
                Ok(accesses) => {
                    earlier.extend(accesses.iter().filter(|access| writes(access.mode)).cloned());
                    let home = self.contract_of(call).ok().map(|contract| home(call, contract));
                    out.push(Ok(Footprint { home, tx: call.tx.clone(), accesses }));
                }
                Err(message) => out.push(Err(CallError { call: call.id.clone(), message })),
            }
        }
        out
    }

    /// True if `later` must wait for `earlier`.
    pub fn conflict(&self, earlier: &Footprint, later: &Footprint) -> bool {
        if earlier.tx.is_some() && earlier.tx == later.tx {
            return false;
        }
        if self.chain.unit == UnitKind::Contract {
            return match (&earlier.home, &later.home) {
                (Some(x), Some(y)) => x.may_equal(y),
                _ => true,
            };
        }
        earlier.accesses.iter().any(|x| later.accesses.iter().any(|y| self.accesses_conflict(x, y)))
    }

    /// All pairs of positions `i < j` where `j` must wait for `i`.
    pub fn conflicts(&self, footprints: &[Footprint]) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        for j in 0..footprints.len() {
            pairs.extend((0..j).filter(|&i| self.conflict(&footprints[i], &footprints[j])).map(|i| (i, j)));
        }
        pairs
    }

    /// True unless the listed condition of a pair is false for an earlier call `a` of its first and a later call `b` of its
    /// second entry point, in the state in which the batch starts. `None` for a call that cannot be evaluated.
    pub fn holds(&self, pair: &v1::Conflict, a: &Call, b: &Call, a_is_earlier: bool) -> Option<bool> {
        if pair.verdict != v1::VerdictKind::When && pair.when.is_empty() {
            return Some(true);
        }
        let frame = |call: &Call| {
            let contract = self.contract_of(call).ok()?;
            let entry = contract.entries.iter().find(|entry| entry.name == call.entry)?;
            Some((contract, entry))
        };
        let ((ca, ea), (cb, eb)) = (frame(a)?, frame(b)?);
        let frame = |contract, entry, call| {
            let missing = RefCell::default();
            Frame { world: self, contract, entry, call, earlier: &[], missing }
        };
        let (left, right) = (frame(ca, ea, a), frame(cb, eb, b));
        let one_instance = home(a, ca).may_equal(&home(b, cb));
        let order = if a_is_earlier { "b-first" } else { "a-first" };
        Some(pair.when.iter().any(|conj| {
            let mut rows = vec![(Binding::new(), Binding::new())];
            for equality in &conj.all {
                let mut next = Vec::new();
                for (x, y) in &rows {
                    for (left, x) in left.term(&equality.left, x) {
                        for (right, y) in right.term(&equality.right, y) {
                            if left.neutral().may_meet(&right.neutral()) && next.len() < MOST {
                                next.push((x.clone(), y));
                            }
                        }
                    }
                }
                rows = next;
            }
            conj.order.as_deref() != Some(order) && (one_instance || conj.at.is_some()) && !rows.is_empty()
        }))
    }

    pub(crate) fn accesses_conflict(&self, earlier: &Concrete, later: &Concrete) -> bool {
        let fields = self.chain.unit == UnitKind::Field;
        self.chain.conflict(&touch(earlier, fields), &touch(later, fields))
            && meet(earlier, later)
            && (!fields || fields_meet(earlier.field.as_deref(), later.field.as_deref()))
    }

    fn contract_of(&self, call: &Call) -> Result<&'a Contract, String> {
        let all = &self.manifest.contracts;
        match (&call.contract, all.as_slice()) {
            (Some(name), _) => all
                .iter()
                .find(|contract| contract.name == *name)
                .ok_or_else(|| format!("contract: the manifest has no contract `{name}`")),
            (None, [one]) => Ok(one),
            (None, _) => Err(format!("contract: the manifest has {} contracts, name one", all.len())),
        }
    }

    fn call(&self, call: &Call, earlier: &[Concrete], depth: usize) -> Result<Vec<Concrete>, String> {
        let contract = self.contract_of(call)?;
        let entry = contract
            .entries
            .iter()
            .find(|entry| entry.name == call.entry)
            .ok_or_else(|| format!("entry: contract `{}` has no entry point `{}`", contract.name, call.entry))?;
        let at = |name: &str, error: String| format!("args.{name}: {error}");
        for param in &entry.params {
            match call.args.get(&param.name) {
                Some(value) if !(param.optional && value.is_null()) => {
                    read_any(value, &param.ty).map_err(|error| at(&param.name, error))?;
                }
                _ if param.optional || param.default.is_some() || matches!(param.ty, Type::Option(_)) => {}
                None => return Err(at(&param.name, "missing".to_owned())),
                Some(_) => return Err(at(&param.name, "is null".to_owned())),
            }
        }
        let frame = Frame { world: self, contract, entry, call, earlier, missing: RefCell::default() };
        let mut out = Vec::new();
        match &entry.accounts {
            Some(accounts) if self.chain.declared_locks => frame.locks(accounts, &mut out),
            _ => entry.accesses.iter().for_each(|access| frame.access(access, &mut out)),
        }
        // Whatever code does, it can touch no account that was not declared.
        let declared = self.chain.declared_locks && entry.accounts.is_some();
        for unknown in
            entry.unknowns.iter().filter(|unknown| !declared || !super::IN_CODE.contains(&unknown.reason.as_str()))
        {
            out.push(frame.unknown(&unknown.reach));
        }
        if self.scope == Scope::Transaction && self.chain.unit != UnitKind::Contract && !declared {
            for external in entry.external.iter().filter(|external| !external.linked) {
                frame.external(external, depth, &mut out);
            }
        }
        if !call.funds.is_empty() && !declared {
            frame.funds(&mut out);
        }
        match frame.missing.take() {
            Some(missing) => Err(missing),
            None => Ok(out),
        }
    }
}

/// One call of one entry point.
struct Frame<'a> {
    world: &'a World<'a>,
    contract: &'a Contract,
    entry: &'a Entry,
    call: &'a Call,
    earlier: &'a [Concrete],
    /// What the call does not give although a term needs it.
    missing: RefCell<Option<String>>,
}

/// The element that each correlation id stands for.
type Binding = BTreeMap<u32, usize>;

impl Frame<'_> {
    fn access(&self, access: &v1::Access, out: &mut Vec<Concrete>) {
        let Some(cell) = self.contract.cells.iter().find(|cell| cell.id == access.cell) else {
            out.push(self.unknown("contract"));
            return;
        };
        for (values, place) in self.keys(cell, &access.key, access.at.as_ref()) {
            let mut concrete = place_of(cell, place, values);
            concrete.field = access.field.clone();
            concrete.mode = access.mode;
            concrete.keeps = access.presence.as_deref() == Some("keeps");
            concrete.bounded = !access.bounds.is_empty();
            concrete.op = access.op.as_ref().and_then(|op| match (op.group, &op.default) {
                (v1::OpGroup::Other, _) | (_, Some(v1::Const::Other)) => None,
                (group, default) => Some(format!("{group} {}", json!(default.as_ref().map(v1::Const::to_json)))),
            });
            if !out.contains(&concrete) {
                out.push(concrete);
            }
        }
    }

    /// All keys an access stands for, each with the instance it is at.
    fn keys(&self, cell: &v1::Cell, key: &[Term], at: Option<&Term>) -> Vec<(Vec<Value>, Value)> {
        let mut rows: Vec<(Vec<Value>, Binding)> = vec![(Vec::new(), Binding::new())];
        let mut components = leading(key);
        components.truncate(cell.keys.len());
        for (position, term) in components.iter().enumerate() {
            let mut next = Vec::new();
            for (values, binding) in &rows {
                for (value, binding) in self.term(term, binding) {
                    let mut values = values.clone();
                    values.push(value.at(&cell.keys[position]));
                    next.push((values, binding));
                }
            }
            rows = next;
            if rows.len() > MOST {
                rows = vec![(vec![Value::Any; position + 1], Binding::new())];
            }
        }
        let own = home(self.call, self.contract);
        let mut out = Vec::new();
        for (values, binding) in rows {
            match at {
                None => out.push((values, own.clone())),
                Some(at) => {
                    for (place, _) in self.term(at, &binding) {
                        let place = place.at(&Type::Address { kind: String::new() });
                        out.push((values.clone(), place));
                    }
                }
            }
        }
        out
    }

    /// Declared locks: the addresses that the call gives, else what their identities say.
    fn locks(&self, accounts: &[v1::Account], out: &mut Vec<Concrete>) {
        for account in accounts {
            let given = self.call.accounts.get(&account.name);
            if account.optional && given.is_none_or(Json::is_null) {
                continue;
            }
            let (address, writable) = given.map_or((None, None), given_account);
            let values = match address {
                Some(text) => vec![Value::Text(text)],
                None => self.term(&account.identity, &Binding::new()).into_iter().map(|(value, _)| value).collect(),
            };
            let writable = writable.unwrap_or(account.writable);
            out.extend(values.iter().map(|value| lock(&account.name, value, writable)));
        }
        // Accounts that no parameter names; without a word they are locked for writing.
        for (name, given) in &self.call.accounts {
            if accounts.iter().any(|account| account.name == *name) {
                continue;
            }
            if let (Some(text), writable) = given_account(given) {
                out.push(lock(name, &Value::Text(text), writable.unwrap_or(true)));
            }
        }
    }

    /// What cannot be seen, as an update of all it may reach.
    fn unknown(&self, reach: &str) -> Concrete {
        let own = home(self.call, self.contract);
        match self.contract.cells.iter().find(|cell| cell.id == reach) {
            Some(cell) => place_of(cell, own, Vec::new()),
            None if reach == "contract" => Concrete { place: Some(own), ..anything(Mode::Update) },
            None => anything(Mode::Update),
        }
    }

    /// A call out: what the callee touches if it is known, else everything.
    fn external(&self, external: &v1::External, depth: usize, out: &mut Vec<Concrete>) {
        let unknown = anything(if external.mode == ExternalMode::Query { Mode::Scan } else { Mode::Update });
        for (target, _) in self.term(&external.target, &Binding::new()) {
            match self.follow(external, &target, depth) {
                Some(accesses) => out.extend(accesses),
                None => out.push(unknown.clone()),
            }
        }
    }

    fn follow(&self, external: &v1::External, target: &Value, depth: usize) -> Option<Vec<Concrete>> {
        let Value::Text(address) = target else { return None };
        let place = Value::place(address);
        let (_, contract) = self.world.deployments.iter().find(|(known, _)| Value::place(known) == place)?;
        let mut args = Map::new();
        for argument in &external.args {
            match self.term(&argument.value, &Binding::new()).as_slice() {
                [(value, _)] => drop(args.insert(argument.name.clone(), plain(value))),
                _ => return None,
            }
        }
        let call = Call {
            id: self.call.id.clone(),
            tx: self.call.tx.clone(),
            contract: Some(contract.clone()),
            address: Some(address.clone()),
            entry: external.entry.clone()?,
            caller: Some(self.own_address()),
            origin: self.call.origin.clone().or_else(|| self.call.caller.clone()),
            args,
            accounts: Map::new(),
            // What the caller attaches is among its own accesses.
            funds: Vec::new(),
        };
        if depth >= DEPTH || external.mode == ExternalMode::Delegate {
            return None;
        }
        self.world.call(&call, self.earlier, depth + 1).ok()
    }

    fn own_address(&self) -> String {
        self.call.address.clone().unwrap_or_else(|| self.contract.name.clone())
    }

    /// All values of a term under the elements chosen so far. Empty: there is no such value, so nothing is touched.
    fn term(&self, term: &Term, binding: &Binding) -> Vec<(Value, Binding)> {
        let one = |value: Value| vec![(value, binding.clone())];
        let text = |text: &Option<String>, name: &str| match text {
            Some(text) => Value::Text(text.clone()),
            None => {
                self.missing.replace(Some(format!("{name}: missing")));
                Value::Any
            }
        };
        match term {
            Term::Const(value) => one(value::constant(value)),
            Term::Caller => one(text(&self.call.caller, "caller")),
            Term::Origin => one(text(&self.call.origin.clone().or_else(|| self.call.caller.clone()), "caller")),
            Term::SelfAddr => one(Value::Text(self.own_address())),
            Term::Env { name, scope: v1::EnvScope::Chain | v1::EnvScope::Block } => {
                one(Value::Function(format!("env:{name}"), Vec::new()))
            }
            Term::Account(name) => match self.call.accounts.get(name) {
                Some(Json::String(text)) => one(Value::Text(text.clone())),
                _ => one(text(&None, &format!("accounts.{name}"))),
            },
            Term::Arg { path, elem } => self.argument(path, elem, binding),
            Term::Coalesce(of) => {
                let mut out = Vec::new();
                for (at, part) in of.iter().enumerate() {
                    let values = self.term(part, binding);
                    let last = at + 1 == of.len();
                    let absent =
                        values.is_empty() || values.iter().any(|(value, _)| matches!(value, Value::None | Value::Any));
                    out.extend(values.into_iter().filter(|(value, _)| *value != Value::None || last));
                    if !absent {
                        break;
                    }
                }
                out
            }
            Term::Load { cell, key, field } => self.load(cell, key, field.as_deref(), binding),
            Term::Fn { name, of, injective } => {
                let mut rows: Vec<(Vec<Value>, Binding)> = vec![(Vec::new(), binding.clone())];
                for part in of {
                    let mut next = Vec::new();
                    for (values, binding) in &rows {
                        for (value, binding) in self.term(part, binding) {
                            let mut values = values.clone();
                            values.push(value);
                            next.push((values, binding));
                        }
                    }
                    rows = next;
                }
                rows.into_iter().map(|(values, binding)| (function(name, values, *injective), binding)).collect()
            }
            Term::Env { .. } | Term::Prefix(_) | Term::Any => one(Value::Any),
        }
    }

    fn argument(&self, path: &v1::Path, elem: &[u32], binding: &Binding) -> Vec<(Value, Binding)> {
        let any = || vec![(Value::Any, binding.clone())];
        let Some((Step::Field(name), rest)) = path.0.split_first() else { return any() };
        let Some(param) = self.entry.params.iter().find(|param| param.name == *name) else { return any() };
        let missing = Json::Null;
        let given = self.call.args.get(name).unwrap_or(&missing);
        if given.is_null() {
            match (&param.default, &param.ty) {
                (Some(default), _) if rest.is_empty() => return self.term(default, binding),
                (None, Type::Option(_)) if rest.is_empty() => return vec![(Value::None, binding.clone())],
                (None, Type::Option(_)) => {}
                // Left out, and what stands in is not known.
                _ => return any(),
            }
        }
        let mut out = Vec::new();
        walk(given, &param.ty, rest, elem, binding, &mut out);
        out
    }

    /// A load is the snapshot's value only if no earlier call of the batch may change what it reads (MODEL §3).
    fn load(&self, cell: &str, key: &[Term], field: Option<&str>, binding: &Binding) -> Vec<(Value, Binding)> {
        let any = || vec![(Value::Any, binding.clone())];
        let Some(cell) = self.contract.cells.iter().find(|known| known.id == cell) else { return any() };
        if leading(key).len() != cell.keys.len() || key.len() != cell.keys.len() {
            return any();
        }
        let mut out = Vec::new();
        for (values, place) in self.keys(cell, key, None) {
            let wanted = place_of(cell, place, values);
            let changed = self.earlier.iter().any(|access| meet(access, &wanted));
            let value =
                if changed && !self.world.ignore_batch_rule { None } else { self.snapshot(cell, &wanted, field) };
            out.push((value.unwrap_or(Value::Any), binding.clone()));
        }
        out
    }

    fn snapshot(&self, cell: &v1::Cell, wanted: &Concrete, field: Option<&str>) -> Option<Value> {
        let line = self.world.state.iter().find(|line| {
            let key: Option<Vec<Value>> = (line.key.len() == cell.keys.len())
                .then(|| line.key.iter().zip(&cell.keys).map(|(json, ty)| Some(read(json, ty).ok()?.at(ty))).collect())
                .flatten();
            let here = wanted.place.as_ref().is_none_or(|place| *place == Value::place(&line.address));
            line.cell == cell.id && here && key.as_ref() == Some(&wanted.key) && !wanted.key.contains(&Value::Any)
        })?;
        let (mut json, mut ty) = (&line.value, &cell.value);
        for name in field.into_iter().flat_map(|field| field.split('.')) {
            let inner = match ty {
                Type::Struct { fields, .. } => &fields.iter().find(|(known, _)| known == name)?.1,
                _ => return None,
            };
            (json, ty) = (json.get(name)?, inner);
        }
        read(json, ty).ok()
    }
}

/// Follows the rest of a path into a value.
fn walk(json: &Json, ty: &Type, rest: &[Step], elem: &[u32], binding: &Binding, out: &mut Vec<(Value, Binding)>) {
    if is_any(json) {
        out.push((Value::Any, binding.clone()));
        return;
    }
    let Some((step, rest)) = rest.split_first() else {
        out.push((read(json, ty).unwrap_or(Value::Any), binding.clone()));
        return;
    };
    match (step, ty) {
        (Step::Some, Type::Option(_)) if json.is_null() => {}
        (Step::Some, Type::Option(of)) => walk(json, of, rest, elem, binding, out),
        // A path that does not say `?` means the value if there is one.
        (_, Type::Option(_)) if json.is_null() => {}
        (_, Type::Option(of)) => {
            walk(json, of, [std::slice::from_ref(step), rest].concat().as_slice(), elem, binding, out)
        }
        (Step::Field(name), Type::Struct { fields, .. }) => {
            match (fields.iter().find(|(known, _)| known == name), json.get(name)) {
                // A variant of one unnamed field is written as that field.
                (Some((_, ty)), None) if fields.len() == 1 && name == "0" => walk(json, ty, rest, elem, binding, out),
                (Some((_, ty)), value) => walk(value.unwrap_or(&Json::Null), ty, rest, elem, binding, out),
                _ => out.push((Value::Any, binding.clone())),
            }
        }
        (Step::Field(index), Type::Tuple(of)) => {
            let at: Option<usize> = index.parse().ok();
            match at.and_then(|at| Some((of.get(at)?, json.get(at)?))) {
                Some((ty, value)) => walk(value, ty, rest, elem, binding, out),
                None => out.push((Value::Any, binding.clone())),
            }
        }
        (Step::Elem, Type::List(of)) => {
            let (id, elem) = match elem.split_first() {
                Some((id, elem)) => (Some(*id), elem),
                None => (None, elem),
            };
            for (at, item) in json.as_array().into_iter().flatten().enumerate() {
                let mut binding = binding.clone();
                match id.map(|id| *binding.entry(id).or_insert(at)) {
                    Some(chosen) if chosen != at => continue,
                    _ => walk(item, of, rest, elem, &binding, out),
                }
            }
        }
        (Step::MapKey, Type::Map(key, _)) => {
            for name in json.as_object().into_iter().flat_map(|map| map.keys()) {
                walk(&Json::String(name.clone()), key, rest, elem, binding, out);
            }
        }
        (Step::Variant(name), Type::Enum { variants, tag, .. }) if tag == "external" => match value::variant(json) {
            Some((variant, payload)) if variant == name => {
                let fields = variants.iter().find(|(known, _)| known == name).map(|(_, fields)| fields.clone());
                let ty = Type::Struct { name: String::new(), fields: fields.unwrap_or_default() };
                walk(payload.unwrap_or(&Json::Null), &ty, rest, elem, binding, out);
            }
            _ => {}
        },
        _ => out.push((Value::Any, binding.clone())),
    }
}

/// The argument of a call out whose value is not known.
fn any_argument() -> Json {
    json!({ "crosslane": "any" })
}

fn is_any(json: &Json) -> bool {
    json.as_object().is_some_and(|map| map.len() == 1) && *json == any_argument()
}

fn read_any(json: &Json, ty: &Type) -> Result<Value, String> {
    if is_any(json) { Ok(Value::Any) } else { read(json, ty) }
}

/// A value as an argument of a call out.
fn plain(value: &Value) -> Json {
    match value {
        Value::Number(digits) => json!(digits),
        Value::Bool(value) => json!(value),
        Value::Text(text) => json!(text),
        Value::Bytes(bytes) => json!(bytes),
        Value::None => Json::Null,
        _ => any_argument(),
    }
}

/// The components before the point where a key is open.
fn leading(key: &[Term]) -> Vec<Term> {
    let mut out = Vec::new();
    for term in key {
        match term {
            Term::Prefix(of) => {
                out.extend(leading(of));
                break;
            }
            other => out.push(other.clone()),
        }
    }
    out
}

fn home(call: &Call, contract: &Contract) -> Value {
    Value::place(call.address.as_deref().unwrap_or(&contract.name))
}

/// An account of a call: its address, and whether it is locked for writing where the call says so.
fn given_account(given: &Json) -> (Option<String>, Option<bool>) {
    let address = given.as_str().or_else(|| given["address"].as_str()).map(str::to_owned);
    (address, given["writable"].as_bool())
}

/// The lock of an account.
fn lock(name: &str, address: &Value, writable: bool) -> Concrete {
    Concrete {
        place: None,
        unit: Some("account".to_owned()),
        cell: name.to_owned(),
        keyed: true,
        arity: 1,
        key: vec![address.at(&Type::Address { kind: "base58".to_owned() })],
        mode: if writable { Mode::Lock } else { Mode::Read },
        ..anything(Mode::Lock)
    }
}

/// Any unit anywhere.
fn anything(mode: Mode) -> Concrete {
    Concrete {
        place: Some(Value::Any),
        unit: None,
        cell: String::new(),
        keyed: false,
        alone: false,
        shared: false,
        arity: 0,
        key: Vec::new(),
        field: None,
        mode,
        keeps: false,
        op: None,
        bounded: false,
    }
}

/// An update of a key of a cell at an instance.
fn place_of(cell: &v1::Cell, place: Value, key: Vec<Value>) -> Concrete {
    let own = cell.unit.id == "own";
    let keyed = own || matches!(cell.unit.part.as_deref(), Some("key" | "cell"));
    Concrete {
        place: if cell.at.is_some() { None } else { Some(place) },
        unit: Some(if own { cell.id.clone() } else { cell.unit.id.clone() }),
        cell: cell.id.clone(),
        keyed,
        alone: cell.unit.part.as_deref() == Some("cell"),
        shared: !own,
        arity: cell.keys.len(),
        key: if keyed { key } else { Vec::new() },
        ..anything(Mode::Update)
    }
}

/// True unless two accesses are known to be to different units.
fn meet(x: &Concrete, y: &Concrete) -> bool {
    let places = match (&x.place, &y.place) {
        (None, None) => true,
        (Some(x), Some(y)) => x.may_equal(y),
        // A cell of an instance is no cell of the whole chain; what is not known may be either.
        (Some(_), None) => x.unit.is_none(),
        (None, Some(_)) => y.unit.is_none(),
    };
    let units = match (&x.unit, &y.unit) {
        (Some(x), Some(y)) => x == y,
        _ => true,
    };
    let comparable = x.cell == y.cell || !(x.alone || y.alone);
    let keys = !(comparable && x.keyed && y.keyed && x.arity == y.arity && x.unit.is_some() && y.unit.is_some())
        || x.key.iter().zip(&y.key).all(|(x, y)| x.may_equal(y));
    places && units && keys
}

fn fields_meet(x: Option<&str>, y: Option<&str>) -> bool {
    let (Some(x), Some(y)) = (x, y) else { return true };
    let (x, y): (Vec<&str>, Vec<&str>) = (x.split('.').collect(), y.split('.').collect());
    x.iter().zip(&y).all(|(x, y)| x == y)
}

fn writes(mode: Mode) -> bool {
    !matches!(mode, Mode::Read | Mode::Probe | Mode::Scan | Mode::Rewrite | Mode::Lock)
}

/// What the table is asked about an access. Setting a part of a unit is an update of it.
fn touch(access: &Concrete, fields: bool) -> Touch<'_> {
    let part = access.shared || (access.field.is_some() && !fields);
    let mode = match access.mode {
        Mode::Write | Mode::Delete if part => ir::Mode::Update,
        Mode::Read => ir::Mode::Read,
        Mode::Probe => ir::Mode::Probe,
        Mode::Write => ir::Mode::Write,
        Mode::Update => ir::Mode::Update,
        Mode::Commute => ir::Mode::Commute,
        Mode::Append => ir::Mode::Append,
        Mode::Delete => ir::Mode::Delete,
        Mode::Scan => ir::Mode::Scan,
        Mode::Rewrite => ir::Mode::Rewrite,
        Mode::Lock => ir::Mode::Lock,
    };
    Touch { mode, keeps: access.keeps, op: access.op.as_deref().map(Into::into), bounded: access.bounded }
}

impl Concrete {
    /// How the conformance suite writes it: instance (or `chain`, or null for any), unit (or null), key components and `*`
    /// where the key is open, mode, and the field if there is one.
    pub fn to_json(&self) -> Json {
        let mut key: Vec<Json> = self.key.iter().map(Value::to_json).collect();
        if self.keyed && self.key.len() < self.arity {
            key.push(json!("*"));
        }
        let place = self.place.as_ref().map_or(json!("chain"), Value::to_json);
        let mut out = vec![place, json!(self.unit), Json::Array(key), json!(self.mode.as_str())];
        out.extend(self.field.as_ref().map(|field| json!(field)));
        Json::Array(out)
    }
}
