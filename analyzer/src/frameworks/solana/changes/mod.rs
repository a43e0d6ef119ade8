//! Which accounts a function may change, found by following every way to an account through the code. An account can
//! be changed only through a value that leads to it, so values without one are left alone and code that gets none is
//! not read. **Lattice**: a value holds a set of [`Handle`]s, joined by union; a handle is sure where the value is that
//! account by its path, unsure where it may be anywhere inside. **Order**: a function runs once for each combination of
//! handles it is given, its bindings to a fixpoint, because the order of statements is not looked at. **Claim**: what is
//! neither in `sure` nor in `may` of [`Found`] is not changed by any run of the code, unless `lost` says that something
//! could not be read; what is in `sure` stands in the code as a change of that very account.

mod calls;
mod chosen;
mod methods;
mod parts;
mod pattern;
mod value;
mod walk;
mod words;

pub(crate) use chosen::{Chosen, looked_at};
use value::{Handle, What};
pub(crate) use value::{Held, Value};

use crate::effects::Engine;
use crate::effects::ty::{Ty, TyEnv};
use crate::ir::Span;
use crate::ir::hir::{Body, ExprId, ItemId, LocalId, Name};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

/// Expressions evaluated for one entry point.
const BUDGET: u64 = 400_000;
/// Nested calls.
const MAX_CALLS: usize = 48;
/// Rounds until bindings of a function must be stable.
const MAX_ROUNDS: usize = 12;

/// A struct of accounts, or one account.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Its type: of the struct, or of what the account holds.
    pub(crate) ty: Ty,
    /// What it is.
    pub(crate) kind: NodeKind,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum NodeKind {
    /// A struct, with the nodes of its fields.
    Tree(Vec<(Name, u32)>),
    /// One account, with its index.
    Leaf(u32),
}

/// What was seen of one account.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// Places that change it.
    pub(crate) sure: BTreeSet<Span>,
    /// Places that may.
    pub(crate) may: BTreeSet<Span>,
    /// Fields that are changed, as paths with dots; empty text for the whole.
    pub(crate) fields: BTreeSet<String>,
}

/// The analysis of one entry point.
pub(crate) struct Changes<'e, 'w> {
    engine: &'e mut Engine<'w>,
    nodes: Vec<Node>,
    held: Vec<Held>,
    /// What was seen, account by account.
    pub(crate) found: Vec<Found>,
    /// Something could not be read: anything may have changed.
    pub(crate) lost: Option<Span>,
    /// Code of the program was read that is there or not as its features say: with others it may change anything.
    pub(crate) by_feature: bool,
    /// Where accounts that nobody declared are taken.
    pub(crate) remaining: Option<Span>,
    /// Such accounts may be changed.
    pub(crate) others: bool,
    /// Position of each walk through the list of accounts; `None` when it is not known any more.
    walks: Vec<Option<u32>>,
    /// Walks by the calls around the place where they begin.
    begun: FxHashMap<Vec<Span>, u32>,
    /// Of those, the ones that began in the runs at hand.
    live: BTreeSet<u32>,
    /// The calls that are being run.
    calls: Vec<Span>,
    /// Where walks stand at each `break` and `continue` of the loop at hand.
    jumps: Vec<Vec<Option<u32>>>,
    /// Where walks stand at each `return` of the function at hand that its caller goes on after.
    returns: Vec<Vec<Option<u32>>>,
    /// Calls whose failure ends the function around them.
    tried: BTreeSet<Span>,
    /// Accounts of a list by position: what the code calls them.
    pub(crate) names: Vec<Option<Name>>,
    done: FxHashMap<Run, Value>,
    running: FxHashSet<Run>,
    steps: u64,
    depth: usize,
    /// The first argument of the method call at hand, where it is a number.
    literal: Option<u32>,
    /// Calls whose failure is caught: what they change is changed only if they succeed.
    doubt: u32,
    /// Which of several instructions this is.
    pub(crate) chosen: Option<Chosen>,
    /// The code at hand runs inside of an arm of the instruction, or in a loop: what tells instructions apart there may be
    /// about another one.
    inside: bool,
}

/// A function, whether it runs inside of an instruction's arm, and what it is run on.
type Run = (ItemId, bool, Vec<Value>);

/// One run of a function's body.
struct Frame {
    body: Arc<Body>,
    env: Rc<TyEnv>,
    locals: Vec<Value>,
    ret: Value,
    breaks: Value,
    /// Some binding got more than it had.
    changed: bool,
    /// Closures whose parameters stand for what they are called with.
    closures: FxHashMap<ExprId, Value>,
    /// Closures whose bodies are being run.
    feeding: FxHashSet<ExprId>,
}

impl<'e, 'w> Changes<'e, 'w> {
    /// `nodes[0]` is the struct of all accounts; `held` says of each account how it is held.
    pub(crate) fn new(engine: &'e mut Engine<'w>, nodes: Vec<Node>, held: Vec<Held>) -> Changes<'e, 'w> {
        let found = vec![Found::default(); held.len()];
        let names = vec![None; held.len()];
        Changes {
            engine,
            nodes,
            held,
            found,
            lost: None,
            by_feature: false,
            remaining: None,
            others: false,
            walks: Vec::new(),
            begun: FxHashMap::default(),
            live: BTreeSet::new(),
            calls: Vec::new(),
            jumps: Vec::new(),
            returns: Vec::new(),
            tried: BTreeSet::new(),
            names,
            done: FxHashMap::default(),
            running: FxHashSet::default(),
            steps: 0,
            depth: 0,
            literal: None,
            doubt: 0,
            chosen: None,
            inside: false,
        }
    }

    /// The value that is the context around the struct of all accounts.
    pub(crate) fn context(&self) -> Value {
        Value::of(Ty::Unknown, Handle { what: What::Context, sure: true })
    }

    /// The value that is the list of all accounts.
    pub(crate) fn list(&self) -> Value {
        Value::of(Ty::Unknown, Handle { what: What::List(0), sure: true })
    }

    /// The account at a position of the list.
    fn position(&mut self, at: Option<u32>, span: Span) -> Value {
        let what = match at {
            Some(at) if (at as usize) < self.held.len() => {
                let name = &mut self.names[at as usize];
                name.get_or_insert_with(Name::default);
                What::Info(at)
            }
            _ => {
                self.remaining.get_or_insert(span);
                What::Others
            }
        };
        Value::of(Ty::Unknown, Handle { what, sure: true })
    }

    /// A walk through the list from its front.
    pub(crate) fn walk_of_all(&mut self) -> Value {
        self.walk(Span::NONE, 0)
    }

    /// A walk through the list that begins here.
    fn walk(&mut self, at: Span, from: u32) -> Value {
        let mut key = self.calls.clone();
        key.push(at);
        let walk = *self.begun.entry(key).or_insert_with(|| {
            self.walks.push(None);
            self.walks.len() as u32 - 1
        });
        let again = !self.live.insert(walk);
        if let Some(slot) = self.walks.get_mut(walk as usize) {
            // The one that began here before may still be somewhere else.
            *slot = if again && *slot != Some(from) { None } else { Some(from) };
        }
        Value::of(Ty::Unknown, Handle { what: What::Walk(walk), sure: true })
    }

    /// The next account of a walk.
    fn next_account(&mut self, walk: u32, span: Span) -> Value {
        let at = self.walks.get(walk as usize).copied().flatten();
        if let (Some(slot), Some(at)) = (self.walks.get_mut(walk as usize), at) {
            *slot = Some(at + 1);
        }
        self.position(at, span)
    }

    /// What is in the value may have moved on, by how much nobody knows.
    fn astray(&mut self, value: &Value) {
        let walks = &mut self.walks;
        value.each(&mut |handle| {
            if let What::Walk(walk) = handle.what {
                if let Some(slot) = walks.get_mut(walk as usize) {
                    *slot = None;
                }
            }
        });
    }

    /// Where walks stand after one of several ways.
    fn meet(&mut self, ways: Vec<Vec<Option<u32>>>) {
        let Some(first) = ways.first().cloned() else { return };
        let mut all = first;
        for way in &ways[1..] {
            for (at, slot) in way.iter().enumerate() {
                match all.get_mut(at) {
                    Some(known) => {
                        if known != slot {
                            *known = None;
                        }
                    }
                    None => all.push(*slot),
                }
            }
        }
        self.walks = all;
    }

    /// The value that is a node.
    pub(crate) fn node(&self, at: u32) -> Value {
        let node = &self.nodes[at as usize];
        let what = match &node.kind {
            NodeKind::Tree(_) => What::Tree(at),
            NodeKind::Leaf(account) => match self.held[*account as usize] {
                Held::Fixed => return Value::plain(node.ty.clone()),
                Held::Raw => What::Info(*account),
                Held::Typed | Held::Loader => What::Account(*account, true),
            },
        };
        Value::of(node.ty.clone(), Handle { what, sure: true })
    }

    /// The fields of a struct of accounts.
    pub(crate) fn fields(&self, at: u32) -> Vec<(Name, Value)> {
        match &self.nodes[at as usize].kind {
            NodeKind::Tree(fields) => fields.iter().map(|(name, node)| (name.clone(), self.node(*node))).collect(),
            NodeKind::Leaf(_) => Vec::new(),
        }
    }

    /// Runs a function on these values, the receiver first.
    pub(crate) fn run(&mut self, item: ItemId, env: TyEnv, args: Vec<Value>) -> Value {
        self.enter(item, env, args, Span::NONE)
    }

    /// Evaluates an expression in which these names are bound.
    pub(crate) fn expression(&mut self, body: &Arc<Body>, env: TyEnv, bound: &[(Name, Value)]) {
        let Some(root) = body.root else { return };
        let mut frame = self.frame(body.clone(), Rc::new(env), Ty::Unknown);
        for (at, name) in body.locals.iter().enumerate() {
            if let Some((_, value)) = bound.iter().find(|(known, _)| known == name) {
                frame.locals[at] = value.clone();
            }
        }
        self.rounds(&mut frame, root);
    }

    fn frame(&mut self, body: Arc<Body>, env: Rc<TyEnv>, ret_ty: Ty) -> Frame {
        let locals = vec![Value::plain(Ty::Unknown); body.locals.len()];
        Frame {
            body,
            env,
            locals,
            ret: Value::plain(ret_ty),
            breaks: Value::plain(Ty::Unknown),
            changed: false,
            closures: FxHashMap::default(),
            feeding: FxHashSet::default(),
        }
    }

    fn rounds(&mut self, f: &mut Frame, root: ExprId) -> Value {
        let mut result = Value::plain(Ty::Unknown);
        let (walks, live) = (self.walks.clone(), self.live.clone());
        let outer = (std::mem::take(&mut self.jumps), std::mem::take(&mut self.returns));
        for round in 0..MAX_ROUNDS {
            f.changed = false;
            self.walks[..walks.len()].clone_from_slice(&walks);
            self.live.clone_from(&live);
            self.jumps.clear();
            self.returns.clear();
            result = self.value(f, root);
            if !f.changed {
                break;
            }
            if round + 1 == MAX_ROUNDS {
                self.lose(f.body.expr_span(root));
            }
        }
        let mut ways = std::mem::take(&mut self.returns);
        ways.append(&mut self.jumps);
        if result.ty != Ty::Never {
            ways.push(self.walks.clone());
        }
        self.meet(ways);
        (self.jumps, self.returns) = outer;
        let ret = f.ret.clone();
        result.join(&ret);
        result
    }

    fn lose(&mut self, span: Span) {
        self.lost.get_or_insert(span);
    }

    fn set_local(&mut self, f: &mut Frame, local: LocalId, value: &Value) {
        if let Some(slot) = f.locals.get_mut(local.0 as usize) {
            f.changed |= slot.join(value);
        }
    }

    /// Every account below a node.
    fn below(&self, node: u32, each: &mut dyn FnMut(u32)) {
        match &self.nodes[node as usize].kind {
            NodeKind::Leaf(account) => {
                if self.held[*account as usize] != Held::Fixed {
                    each(*account);
                }
            }
            NodeKind::Tree(fields) => fields.iter().for_each(|(_, node)| self.below(*node, each)),
        }
    }

    /// What code that is not seen may do with a value.
    fn escape(&mut self, value: &Value, span: Span) {
        let mut accounts: BTreeSet<u32> = BTreeSet::new();
        let mut others = false;
        self.astray(value);
        value.each(&mut |handle| match handle.what {
            What::Context => {
                others = true;
                self.below(0, &mut |account| {
                    accounts.insert(account);
                });
            }
            What::Tree(node) => self.below(node, &mut |account| {
                accounts.insert(account);
            }),
            What::Account(account, _)
            | What::Info(account)
            | What::Cell(account)
            | What::Place(account)
            | What::Mut(account) => {
                accounts.insert(account);
            }
            What::Others | What::Walk(_) => others = true,
            What::List(_) => {
                others = true;
                accounts.extend(0..self.held.len() as u32);
            }
            What::Key(_) | What::Writes(_) | What::Reads(_) => {}
        });
        for account in accounts {
            self.may(account, span);
        }
        if others {
            self.others = true;
            self.remaining.get_or_insert(span);
        }
    }

    fn may(&mut self, account: u32, span: Span) {
        if let Some(found) = self.found.get_mut(account as usize) {
            found.may.insert(span);
        }
    }

    /// A change of what the value is.
    fn write(&mut self, value: &Value, span: Span) {
        let accounts: BTreeSet<u32> = value.own.iter().filter_map(Handle::account).collect();
        let mut led = value.own.iter().filter(|handle| handle.changes());
        let alone = accounts.len() == 1 && led.all(|handle| handle.account().is_some()) && !value.unclear;
        for handle in value.own.clone() {
            match handle.what {
                What::Place(account)
                | What::Mut(account)
                | What::Account(account, _)
                | What::Cell(account)
                | What::Info(account) => {
                    if handle.sure && alone && self.doubt == 0 {
                        if let Some(found) = self.found.get_mut(account as usize) {
                            found.sure.insert(span);
                            found.fields.insert(value.path.clone().unwrap_or_default().join("."));
                        }
                    } else {
                        self.may(account, span);
                    }
                }
                What::Others => self.others = true,
                What::Context | What::Tree(_) | What::List(_) | What::Walk(_) => {
                    let whole = Value::of(Ty::Unknown, handle);
                    self.escape(&whole, span);
                }
                What::Key(_) | What::Writes(_) | What::Reads(_) => {}
            }
        }
    }
}
