//! Effects: what an entry point does to state, found by symbolic execution of its code and of everything it calls.
//!
//! **Lattice.** Values are those of `value`: sets of at most four terms ordered by inclusion with "anything" on top,
//! structures of such, sets of places for references. **Order of work.** A call executes the callee's body on the
//! caller's values, so a summary is exact for the variant and constants at hand; a function that recurs gets two exact
//! rounds, then its terms are widened and its effects are complete because the widened round stands for all deeper
//! ones. **Join.** Where ways meet, values join and effects unite. **Claim.** Every access that an execution of the
//! entry point makes through a modelled interface is recorded with a key whose terms include the real key, or an
//! unknown says what could not be followed (MODEL §5). Accesses are never dropped to bound work: a spent budget is an
//! unknown.

mod balance;
mod bounded;
mod branch;
mod build;
mod call;
mod deref;
mod ends;
mod eval;
mod external;
mod guards;
mod homes;
mod host;
mod implied;
mod impls;
mod iter;
mod keyed;
mod loops;
mod memory;
pub(crate) mod method;
mod native;
mod numbers;
mod outside;
mod parts;
mod paths;
mod pattern;
mod places;
mod record;
mod remote;
pub(crate) mod rooted;
mod run;
mod seq;
mod state;
mod taken;
mod trusted;
pub(crate) mod ty;
pub(crate) mod value;

pub(crate) use loops::children;
pub(crate) use record::append_frame;
pub(crate) use run::{EntrySpec, Footprints};
pub(crate) use value::Val as Value;

use crate::ir::hir::{Body, CrateId, ExprId, ItemId, LocalId, Name};
use crate::ir::{Reach, Span, Term, UnknownReason};
use crate::source::World;
use impls::ImplIndex;
use record::{Cells, Recorder};
use rustc_hash::{FxHashMap, FxHashSet};
use state::{Changes, Store};
use std::rc::Rc;
use std::sync::Arc;
use ty::{Memo, Ty, TyEnv};
use value::Val;

/// Evaluation steps per run of an entry point.
const BUDGET: u64 = 400_000;
/// Nested calls.
const MAX_CALLS: usize = 96;
/// Nested expressions over all calls; keeps the native stack bounded.
const MAX_NESTING: usize = 3_000;

/// Control does not continue here; `fail` when the call as a whole fails (or a `Result` turns out an error).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Div {
    pub(crate) fail: bool,
}

pub(crate) type Ev = Result<Val, Div>;

/// Names of an enum's variants inside a message, as [`Engine::on_the_wire`] has them.
type WireNames = Option<std::rc::Rc<[String]>>;
/// How a type looks inside a message: names of an enum's variants.
type OnTheWire = fn(&crate::ir::hir::Item) -> Option<Vec<String>>;

/// Whether a path names a generated client, and which argument is the address it speaks to: [`OWN_ADDRESS`] for this
/// contract, a number beyond the arguments for an address that nobody knows.
pub(crate) type StandIns = fn(&[Name]) -> Option<usize>;

/// The contract that exports what a type or trait has, if it is among those that are analysed.
pub(crate) type Callees = fn(&mut Engine<'_>, ItemId) -> Option<crate::ir::Callee>;

/// The other contract that a path into code that is not there belongs to, by its name as the target of calls.
pub(crate) type Foreign = fn(&[Name]) -> Option<String>;

/// A stand-in for this contract itself.
pub(crate) const OWN_ADDRESS: usize = usize::MAX - 1;

/// Which argument of a generated function, of so many, is the address it calls.
pub(crate) type RemoteCalls = fn(&[Name], usize) -> Option<usize>;

/// Items of the standard library the interpreter has to know.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) option: Option<ItemId>,
    pub(crate) some: u32,
    pub(crate) none: u32,
    pub(crate) result: Option<ItemId>,
    pub(crate) ok: u32,
    pub(crate) err: u32,
}

impl Known {
    fn is_wrapper(&self, id: ItemId) -> bool {
        Some(id) == self.option || Some(id) == self.result
    }
}

/// The interpreter of one contract.
pub struct Engine<'w> {
    pub(crate) world: &'w World<'w>,
    pub(crate) impls: ImplIndex,
    caps: FxHashMap<Ty, bool>,
    memo: Memo,
    reach: FxHashMap<CrateId, bool>,
    pub(crate) capability_items: Vec<ItemId>,
    pub(crate) std_crate: Option<CrateId>,
    pub(crate) known: Known,
    /// Any code that can name the framework may touch state.
    pub(crate) ambient: bool,
    /// Names of the framework's crates and of crates whose source is not there: unresolved calls into them matter.
    pub(crate) encoding: &'static str,
    /// How a type looks inside a message: names of an enum's variants, `None` where no path leads into it. Without this, as
    /// in the source.
    pub(crate) on_the_wire: Option<OnTheWire>,
    wire_names: std::cell::RefCell<FxHashMap<ItemId, WireNames>>,
    /// `[[constructs]]` rows: what building a value means.
    pub(crate) constructs: FxHashMap<(ItemId, u32), Arc<Body>>,
    pub(crate) harmless_attributes: FxHashSet<String>,
    /// A crate of the framework that no table describes although the framework rests on one.
    pub(crate) undescribed: Option<&'static str>,
    /// Attributes that make a type's structure its key, and functions that make one by hand (`[crate]` of the tables).
    pub(crate) key_attributes: Vec<String>,
    pub(crate) key_conversions: Vec<String>,
    /// What a path to a generated constructor of a stand-in for another contract means: the argument that is its
    /// address. Methods of such a value are calls to that contract.
    pub(crate) stand_ins: Option<StandIns>,
    /// Which contract exports the functions of this type or trait, where only one can be meant.
    pub(crate) callee: Option<Callees>,
    /// Names of traits that such calls are of, and that nobody at hand exports.
    pub(crate) open: std::collections::BTreeSet<String>,
    /// What a call through a stand-in gives, where it is no value of the other contract.
    pub(crate) stand_in_result: Ty,
    /// Methods of a stand-in that set up the call and are none.
    pub(crate) stand_in_builders: Vec<String>,
    /// How a stand-in calls: `call` or `message`.
    pub(crate) stand_in_mode: &'static str,
    /// Paths that are calls to other contracts, by the number of arguments: which of them is the address.
    pub(crate) remote_calls: Option<RemoteCalls>,
    /// A synchronous call to another contract may come back and change state.
    pub(crate) reentrant: bool,
    /// Type parameters of the contract that whoever deploys it decides.
    pub(crate) outside: Vec<Name>,
    /// Arguments of the traits that bound them, by the path of the type.
    bound_args: FxHashMap<(Name, ItemId), Vec<Ty>>,
    noted_bounds: FxHashSet<Name>,
    /// Functions that foreign code calls by itself when something happens.
    pub(crate) listeners: Vec<(ItemId, TyEnv)>,
    /// They have run in this entry point.
    told: bool,
    /// Types of the contract's own that may be supplied for one of its parameters.
    beside: Vec<Ty>,
    /// Those that are plain values by all their bounds.
    plain_outside: FxHashSet<Name>,
    /// Those whose functions only say what a call costs.
    pub(crate) priced: Option<fn(&str) -> bool>,
    /// What of a path into code that is not there is another contract: its name as the target of calls.
    pub(crate) foreign: Option<Foreign>,
    cells: Cells,
    store: Store,
    memory: memory::Memory,
    rec: Recorder,
    consts: FxHashMap<ItemId, Val>,
    const_running: Vec<ItemId>,
    /// Functions being executed: item and name.
    stack: Vec<(ItemId, Rc<str>)>,
    via: Rc<[String]>,
    nesting: usize,
    /// References being followed for a field.
    following: u32,
    steps: u64,
    spent: bool,
    /// Steps at which a call that is given no access to state ends, while one runs; it has come to that; and functions
    /// of this entry point that did.
    limit: Option<u64>,
    cut: bool,
    too_long: FxHashSet<ItemId>,
    /// Types whose values may hold something the making of which is an effect.
    effectful: FxHashMap<ty::Ty, bool>,
    conditions: u32,
    repeats: u32,
    try_context: bool,
    /// A callee's failing end and the journal mark before the call, for the `?` around it.
    pending_err: Option<(Changes, Val, usize)>,
    /// Where the value of a running `[[constructs]]` row is built.
    construct_span: Option<Span>,
    /// The expression of the contract that led into the running table row.
    row_span: Option<Span>,
    /// Encodings of opaque types, by crate and name.
    pub(crate) type_rows: FxHashMap<(CrateId, String), crate::ir::Type>,
    /// Kind of the chain's addresses.
    pub(crate) address_kind: &'static str,
    /// Rows of tables, by whether they touch state.
    touching: FxHashMap<ItemId, bool>,
    /// Impls of traits by the types whose values lead to them.
    implying: FxHashMap<(Ty, &'static str), implied::Impls>,
    /// Implied code that this run has seen.
    implied: FxHashSet<(Ty, ItemId)>,
    /// Function values called so far.
    called: u64,
    /// Variants this run assumes of decoded values.
    assumptions: Vec<(Term, u32)>,
    /// Decoded enums this run matched on.
    nested: Vec<(Term, Ty)>,
    /// Slots of variables declared as `dyn`: what they hold says nothing of what they may hold.
    behind_dyn: FxHashSet<u32>,
    /// Slots of the statics that change.
    statics: FxHashMap<ItemId, u32>,
    /// Which elements of lists were taken where.
    taken: taken::Taken,
    /// Where elements are being taken.
    site: Span,
    last_element: Option<Val>,
    /// The expression that is being executed, for writes that have no expression of their own.
    here: Span,
    rooted: rooted::Rooted,
    pub(crate) assumes: std::collections::BTreeSet<String>,
}

/// One activation of a function or closure.
pub(crate) struct Frame {
    pub(crate) body: Arc<Body>,
    slots: Vec<u32>,
    pub(crate) env: Rc<TyEnv>,
    pub(crate) name: Rc<str>,
    ret_ty: Ty,
    mark: usize,
    /// First slot of this activation: what lies above is gone when it ends.
    base: u32,
    exits: Vec<(Changes, Val)>,
    /// Expressions below branches that are this activation's value when they are reached.
    tails: Vec<ExprId>,
    loops: Vec<LoopFrame>,
    extra_conditions: u32,
    /// Ways on which the function was left without failing.
    early_exits: u32,
}

struct LoopFrame {
    label: Option<Name>,
    mark: usize,
    breaks: Vec<(Changes, Val)>,
    continues: Vec<Changes>,
}

const NO_SLOT: u32 = u32::MAX;
/// Stands on the call stack for closures.
const CLOSURE: ItemId = ItemId { krate: CrateId(u32::MAX), idx: u32::MAX };

impl Frame {
    fn new(body: Arc<Body>, env: Rc<TyEnv>, name: Rc<str>, ret_ty: Ty, store: &Store) -> Frame {
        let slots = vec![NO_SLOT; body.locals.len()];
        Frame {
            body,
            slots,
            env,
            name,
            ret_ty,
            mark: store.mark(),
            base: store.len() as u32,
            exits: Vec::new(),
            tails: Vec::new(),
            loops: Vec::new(),
            extra_conditions: 0,
            early_exits: 0,
        }
    }

    fn slot(&self, local: LocalId) -> Option<u32> {
        self.slots.get(local.0 as usize).copied().filter(|&slot| slot != NO_SLOT)
    }

    fn set_slot(&mut self, local: LocalId, slot: u32) {
        let at = local.0 as usize;
        if at >= self.slots.len() {
            self.slots.resize(at + 1, NO_SLOT);
        }
        self.slots[at] = slot;
    }

    fn push_loop(&mut self, label: Option<Name>, mark: usize) {
        self.loops.push(LoopFrame { label, mark, breaks: Vec::new(), continues: Vec::new() });
    }

    fn pop_loop(&mut self) -> LoopFrame {
        self.loops.pop().unwrap_or(LoopFrame { label: None, mark: 0, breaks: Vec::new(), continues: Vec::new() })
    }

    fn target(&mut self, label: Option<&Name>) -> Option<&mut LoopFrame> {
        match label {
            None => self.loops.last_mut(),
            Some(label) => self.loops.iter_mut().rev().find(|frame| frame.label.as_ref() == Some(label)),
        }
    }

    fn break_to(&mut self, store: &Store, label: Option<&Name>, value: Val) {
        if let Some(frame) = self.target(label) {
            let changes = store.changes(frame.mark);
            frame.breaks.push((changes, value));
        }
    }

    fn continue_to(&mut self, store: &Store, label: Option<&Name>) {
        if let Some(frame) = self.target(label) {
            let changes = store.changes(frame.mark);
            frame.continues.push(changes);
        }
    }

    /// A `loop` without `break` leaves only by `return` or by failing.
    fn loops_diverge_by_failure(&self) -> bool {
        self.exits.is_empty()
    }
}

impl<'w> Engine<'w> {
    pub(crate) fn new(world: &'w World<'w>) -> Engine<'w> {
        Engine {
            world,
            impls: ImplIndex::default(),
            caps: FxHashMap::default(),
            memo: Memo::default(),
            reach: FxHashMap::default(),
            capability_items: Vec::new(),
            std_crate: None,
            known: Known::default(),
            ambient: false,
            encoding: "",
            on_the_wire: None,
            wire_names: Default::default(),
            constructs: FxHashMap::default(),
            harmless_attributes: FxHashSet::default(),
            undescribed: None,
            key_attributes: Vec::new(),
            key_conversions: Vec::new(),
            stand_ins: None,
            callee: None,
            open: std::collections::BTreeSet::new(),
            stand_in_result: Ty::Unknown,
            stand_in_builders: Vec::new(),
            stand_in_mode: "call",
            remote_calls: None,
            reentrant: true,
            outside: Vec::new(),
            bound_args: FxHashMap::default(),
            noted_bounds: FxHashSet::default(),
            listeners: Vec::new(),
            told: false,
            beside: Vec::new(),
            plain_outside: FxHashSet::default(),
            priced: None,
            foreign: None,
            cells: Cells::default(),
            store: Store::default(),
            memory: memory::Memory::default(),
            rec: Recorder::default(),
            consts: FxHashMap::default(),
            const_running: Vec::new(),
            stack: Vec::new(),
            via: Rc::from([]),
            nesting: 0,
            following: 0,
            steps: 0,
            spent: false,
            limit: None,
            cut: false,
            too_long: FxHashSet::default(),
            effectful: FxHashMap::default(),
            conditions: 0,
            repeats: 0,
            try_context: false,
            pending_err: None,
            construct_span: None,
            row_span: None,
            type_rows: FxHashMap::default(),
            address_kind: "bytes",
            touching: FxHashMap::default(),
            implying: FxHashMap::default(),
            implied: FxHashSet::default(),
            called: 0,
            assumptions: Vec::new(),
            nested: Vec::new(),
            statics: FxHashMap::default(),
            taken: taken::Taken::default(),
            behind_dyn: FxHashSet::default(),
            site: Span::NONE,
            last_element: None,
            here: Span::NONE,
            rooted: rooted::Rooted::default(),
            assumes: std::collections::BTreeSet::new(),
        }
    }

    /// Records something that could not be followed. It may have changed any state from here on.
    pub(crate) fn unknown(&mut self, reason: UnknownReason, what: String, span: Span) {
        self.rec.state_lost = true;
        let via = self.via.to_vec();
        // In a row of a table: what the contract wrote that led there.
        let span = if self.in_row() { self.user_span(span) } else { span };
        self.rec.unknown(reason, what, Reach::Contract, span, via);
    }

    /// True while a row of a table runs.
    pub(crate) fn in_row(&self) -> bool {
        self.stack.last().is_some_and(|(running, _)| self.is_model(running.krate))
    }

    fn depth_guard(&mut self, f: &Frame, e: ExprId) -> Result<(), Div> {
        self.within_share()?;
        if self.steps > BUDGET || self.nesting > MAX_NESTING {
            if !self.spent {
                self.spent = true;
                let span = f.body.expr_span(e);
                let reason = if self.steps > BUDGET { UnknownReason::Budget } else { UnknownReason::TooDeep };
                let own = if self.in_row() { self.via.last().cloned() } else { None };
                self.unknown(reason, own.unwrap_or_else(|| f.name.to_string()), span);
            }
            return Err(Div { fail: true });
        }
        Ok(())
    }

    /// True when code of a crate could reach state: it, or something it depends on, is described by a table that speaks
    /// of state, or is not there.
    pub(crate) fn reaches_state(&mut self, id: CrateId) -> bool {
        if let Some(&known) = self.reach.get(&id) {
            return known;
        }
        self.reach.insert(id, false);
        let package = &self.world.packages()[id.0 as usize];
        let speaks =
            |id: CrateId| self.world.model(id).is_some_and(|model| model.ambient || !model.capability.is_empty());
        let direct = package.analysed
            || self.is_model(id)
            || speaks(id)
            || self.world.overlay(id).is_some_and(speaks)
            || package.missing.iter().any(|name| self.world.model_named(name).is_some_and(speaks));
        let deps: Vec<CrateId> = package.deps.iter().map(|(_, dep)| CrateId(dep.0)).collect();
        let reaches = direct || deps.into_iter().any(|dep| self.reaches_state(dep));
        self.reach.insert(id, reaches);
        reaches
    }

    /// True for a crate that some package declares and that is not on disk.
    pub(crate) fn is_missing(&self, name: &str) -> bool {
        self.world.packages().iter().any(|package| package.missing.iter().any(|missing| missing == name))
    }

    pub(crate) fn is_option(&self, ty: &Ty) -> bool {
        matches!(ty, Ty::Adt(id, _) if Some(*id) == self.known.option)
    }

    pub(crate) fn is_result(&self, ty: &Ty) -> bool {
        matches!(ty, Ty::Adt(id, _) if Some(*id) == self.known.result)
    }
}
