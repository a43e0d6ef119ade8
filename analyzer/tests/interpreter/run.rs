//! A concrete interpreter of the programs. It knows nothing of the analyzer: values are numbers, variables are places.

mod collections;

use std::collections::BTreeMap;

use super::program::{C, E, Helper, Place, Program, S, Var};

/// Stored values by cell and key.
pub(crate) type State = BTreeMap<(usize, Vec<u64>), u64>;

/// Arguments of a call.
#[derive(Clone, Debug)]
pub(crate) struct Args {
    pub(crate) n: u64,
    pub(crate) k: u64,
    pub(crate) flag: bool,
    pub(crate) opt: Option<u64>,
    pub(crate) list: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Did {
    Get,
    Set,
    Remove,
}

/// What a run did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace {
    pub(crate) accesses: Vec<(Did, usize, Vec<u64>)>,
    /// The end state if it succeeded.
    pub(crate) state: Option<State>,
    /// What it returned.
    pub(crate) seen: Vec<u64>,
}

/// Why the normal course ends.
enum Exit {
    /// The call fails.
    Fail,
    /// The interpreter gives up: too long, or a number too large.
    Stop,
    Return,
    Break,
    Continue,
}

type Run<T> = Result<T, Exit>;

/// Variables of one function: each declaration has its place.
#[derive(Clone, Default)]
struct Frame {
    places: BTreeMap<Var, usize>,
}

struct Machine<'a> {
    program: &'a Program,
    args: &'a Args,
    state: State,
    slots: Vec<[u64; 2]>,
    /// Lists and maps; the slot of a variable has the number of its own.
    lists: Vec<Vec<u64>>,
    maps: Vec<BTreeMap<u64, u64>>,
    closures: BTreeMap<Var, (Var, Vec<S>, E)>,
    trace: Trace,
    steps: usize,
}

/// Runs a program; nothing if it gave up.
pub(crate) fn run(program: &Program, args: &Args, state: &State) -> Option<Trace> {
    let mut machine = Machine {
        program,
        args,
        state: state.clone(),
        slots: Vec::new(),
        lists: Vec::new(),
        maps: Vec::new(),
        closures: BTreeMap::new(),
        trace: Trace::default(),
        steps: 0,
    };
    let mut frame = Frame::default();
    let result = machine.body(&mut frame, &program.body);
    match result {
        Err(Exit::Stop) => return None,
        Err(Exit::Fail) => {}
        Err(Exit::Return) => {
            machine.trace.seen.clear();
            machine.trace.state = Some(machine.state);
        }
        _ => machine.trace.state = Some(machine.state),
    }
    Some(machine.trace)
}

impl Machine<'_> {
    fn declare(&mut self, frame: &mut Frame, var: Var, value: [u64; 2]) {
        self.slots.push(value);
        frame.places.insert(var, self.slots.len() - 1);
    }

    fn slot(&self, frame: &Frame, var: Var) -> usize {
        frame.places[&var]
    }

    fn key(&mut self, frame: &mut Frame, place: &Place) -> Run<(usize, Vec<u64>)> {
        let mut key = Vec::new();
        for part in &place.key {
            key.push(self.e(frame, part)?);
        }
        Ok((place.cell, key))
    }

    fn get(&mut self, at: &(usize, Vec<u64>)) -> Option<u64> {
        self.trace.accesses.push((Did::Get, at.0, at.1.clone()));
        self.state.get(at).copied()
    }

    fn set(&mut self, at: (usize, Vec<u64>), value: u64) {
        self.trace.accesses.push((Did::Set, at.0, at.1.clone()));
        self.state.insert(at, value);
    }

    fn sum(a: u64, b: u64) -> Run<u64> {
        a.checked_add(b).filter(|sum| *sum < 1 << 40).ok_or(Exit::Stop)
    }

    fn e(&mut self, frame: &mut Frame, e: &E) -> Run<u64> {
        self.steps += 1;
        if self.steps > 5000 {
            return Err(Exit::Stop);
        }
        Ok(match e {
            E::Num(value) => *value,
            E::Var(var) => self.slots[self.slot(frame, *var)][0],
            E::Deref(var) => {
                let at = self.slots[self.slot(frame, *var)][0] as usize;
                self.slots[at][0]
            }
            E::Field(var, first) => self.slots[self.slot(frame, *var)][usize::from(!first)],
            E::N => self.args.n,
            E::K => self.args.k,
            E::Len => self.args.list.len() as u64,
            E::OptOr(other) => {
                let other = self.e(frame, other)?;
                self.args.opt.unwrap_or(other)
            }
            E::Add(a, b) => Self::sum(self.e(frame, a)?, self.e(frame, b)?)?,
            E::Max(a, b) => self.e(frame, a)?.max(self.e(frame, b)?),
            E::If(cond, a, b) => {
                if self.c(frame, cond)? {
                    self.e(frame, a)?
                } else {
                    self.e(frame, b)?
                }
            }
            E::Match(of, a, b) => match self.e(frame, of)? {
                0 => self.e(frame, a)?,
                1 | 2 => self.e(frame, b)?,
                other => other,
            },
            E::MayLoad(place) => {
                let at = self.key(frame, place)?;
                self.get(&at).unwrap_or(0)
            }
            E::Load(place) => {
                let at = self.key(frame, place)?;
                self.get(&at).ok_or(Exit::Fail)?
            }
            E::Elem(at) => {
                let at = self.e(frame, at)? % 4;
                self.args.list.get(at as usize).copied().unwrap_or(0)
            }
            E::Call(helper, x, y, var) => {
                let (x, y) = (self.e(frame, x)?, self.e(frame, y)?);
                let target = self.slot(frame, *var);
                self.call(*helper, x, y, target)?
            }
            E::Closure(var, arg) => {
                let arg = self.e(frame, arg)?;
                let (param, body, result) = self.closures[var].clone();
                self.declare(frame, param, [arg, 0]);
                self.body(frame, &body)?;
                self.e(frame, &result)?
            }
            E::Block(body, tail) => {
                self.body(frame, body)?;
                self.e(frame, tail)?
            }
            E::OfList(var, get) => self.list_get(frame, *var, get)?,
            E::OfMap(var, get) => self.map_get(frame, *var, get)?,
            E::MaxOver(var, inner) => {
                let mut most = 0;
                for each in self.args.list.clone() {
                    self.declare(frame, *var, [each, 0]);
                    most = most.max(self.e(frame, inner)?);
                }
                most
            }
        })
    }

    fn call(&mut self, helper: usize, x: u64, y: u64, target: usize) -> Run<u64> {
        let Helper { x: x_var, y: y_var, r, body, result } = self.program.helpers[helper].clone();
        let mut frame = Frame::default();
        self.declare(&mut frame, x_var, [x, 0]);
        self.declare(&mut frame, y_var, [y, 0]);
        self.declare(&mut frame, r, [target as u64, 0]);
        self.body(&mut frame, &body)?;
        self.e(&mut frame, &result)
    }

    fn c(&mut self, frame: &mut Frame, c: &C) -> Run<bool> {
        Ok(match c {
            C::Lt(a, b) => self.e(frame, a)? < self.e(frame, b)?,
            C::Eq(a, b) => self.e(frame, a)? == self.e(frame, b)?,
            C::Flag => self.args.flag,
            C::Present => self.args.opt.is_some(),
            C::Has(place) => {
                let at = self.key(frame, place)?;
                self.get(&at).is_some()
            }
            C::Not(inner) => !self.c(frame, inner)?,
            C::And(a, b) => self.c(frame, a)? && self.c(frame, b)?,
        })
    }

    fn body(&mut self, frame: &mut Frame, body: &[S]) -> Run<()> {
        for s in body {
            self.s(frame, s)?;
        }
        Ok(())
    }

    /// One round of a loop: true to go on.
    fn round(&mut self, frame: &mut Frame, body: &[S]) -> Run<bool> {
        match self.body(frame, body) {
            Ok(()) | Err(Exit::Continue) => Ok(true),
            Err(Exit::Break) => Ok(false),
            Err(other) => Err(other),
        }
    }

    fn s(&mut self, frame: &mut Frame, s: &S) -> Run<()> {
        self.steps += 1;
        match s {
            S::Let(var, value) => {
                let value = self.e(frame, value)?;
                self.declare(frame, *var, [value, 0]);
            }
            S::LetPair(var, a, b) => {
                let pair = [self.e(frame, a)?, self.e(frame, b)?];
                self.declare(frame, *var, pair);
            }
            S::LetRef(var, target) => {
                let target = self.slot(frame, *target);
                self.declare(frame, *var, [target as u64, 0]);
            }
            S::LetClosure(var, param, body, result) => {
                self.closures.insert(*var, (*param, body.clone(), result.clone()));
            }
            S::Set(var, value) => {
                let value = self.e(frame, value)?;
                let at = self.slot(frame, *var);
                self.slots[at][0] = value;
            }
            S::SetRef(var, value) => {
                let value = self.e(frame, value)?;
                let at = self.slots[self.slot(frame, *var)][0] as usize;
                self.slots[at][0] = value;
            }
            S::SetField(var, first, value) => {
                let value = self.e(frame, value)?;
                let at = self.slot(frame, *var);
                self.slots[at][usize::from(!first)] = value;
            }
            S::AddTo(var, value) => {
                let value = self.e(frame, value)?;
                let at = self.slot(frame, *var);
                self.slots[at][0] = Self::sum(self.slots[at][0], value)?;
            }
            S::Swap(a, b) => {
                let (a, b) = (self.slot(frame, *a), self.slot(frame, *b));
                self.slots.swap(a, b);
            }
            S::Save(place, value) => {
                // Rust evaluates the key before the value.
                let at = self.key(frame, place)?;
                let value = self.e(frame, value)?;
                self.set(at, value);
            }
            S::Remove(place) => {
                let at = self.key(frame, place)?;
                self.trace.accesses.push((Did::Remove, at.0, at.1.clone()));
                self.state.remove(&at);
            }
            S::Update(place, delta) | S::Debit(place, delta) => {
                let delta = self.e(frame, delta)?;
                let at = self.key(frame, place)?;
                let old = self.get(&at);
                let old = if place.cell < 2 { old.ok_or(Exit::Fail)? } else { old.unwrap_or(0) };
                let new = match s {
                    S::Update(..) => Self::sum(old, delta)?,
                    _ => old.checked_sub(delta).ok_or(Exit::Fail)?,
                };
                self.set(at, new);
            }
            S::Change(place, var, value) => {
                let at = self.key(frame, place)?;
                let old = self.get(&at);
                let old = if place.cell < 2 { old.ok_or(Exit::Fail)? } else { old.unwrap_or(0) };
                self.declare(frame, *var, [old, 0]);
                let new = self.e(frame, value)?;
                self.set(at, new);
            }
            S::If(cond, then, otherwise) => {
                if self.c(frame, cond)? {
                    self.body(frame, then)?;
                } else {
                    self.body(frame, otherwise)?;
                }
            }
            S::IfLet(var, body) => {
                if let Some(value) = self.args.opt {
                    self.declare(frame, *var, [value, 0]);
                    self.body(frame, body)?;
                }
            }
            S::ForList(var, body) => {
                for each in self.args.list.clone() {
                    self.declare(frame, *var, [each, 0]);
                    if !self.round(frame, body)? {
                        break;
                    }
                }
            }
            S::ForRange(var, limit, body) | S::While(var, limit, body) => {
                for each in 0..*limit {
                    self.declare(frame, *var, [each, 0]);
                    if !self.round(frame, body)? {
                        break;
                    }
                }
            }
            S::Each(var, body) => {
                for each in self.args.list.clone() {
                    self.declare(frame, *var, [each, 0]);
                    self.body(frame, body)?;
                }
            }
            S::LetList(var, from) => self.list_from(frame, *var, from)?,
            S::ListOp(var, op) => self.list_op(frame, *var, op)?,
            S::LetMap(var, pairs) => self.map_let(frame, *var, pairs)?,
            S::MapOp(var, op) => self.map_op(frame, *var, op)?,
            S::Over(over, of, a, b, body) => self.over(frame, *over, *of, *a, *b, body)?,
            S::Observe(value) => {
                let value = self.e(frame, value)?;
                self.trace.seen.push(value);
            }
            S::Fail(cond) => {
                if self.c(frame, cond)? {
                    return Err(Exit::Fail);
                }
            }
            S::Return => return Err(Exit::Return),
            S::Break => return Err(Exit::Break),
            S::Continue => return Err(Exit::Continue),
        }
        Ok(())
    }
}
