//! A handle for engines that execute while calls arrive: push calls in block order, pop what may start, say what is done.
//!
//! Per unit a queue of runs: calls of the run at its head may be running, everybody behind waits. Memory is bounded by the
//! calls that are not done; units that nobody uses are forgotten. Deterministic: the same pushes and dones give the same
//! pops.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::batch::{Access, Batch, BatchError, EXCLUSIVE, Limits, READ, Rule};

/// Why a call is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlowError {
    /// The call itself, or too many calls or accesses that are not done.
    #[error("{0}")]
    Call(#[from] BatchError),
    /// No call of this number is running.
    #[error("call {0} is not running")]
    NotRunning(u64),
}

#[derive(Clone, Debug)]
struct Pending {
    accesses: Vec<Access>,
    priority: u64,
    /// Units that do not let it start yet.
    blocked: u32,
    running: bool,
}

/// What a unit's users are.
#[derive(Clone, Debug, Default)]
struct Unit {
    /// Under [`Rule::Locks`]: runs, the first one active.
    runs: VecDeque<Run>,
    /// Under [`Rule::Versions`]: calls not done that set, and calls that wait for them.
    setters: BTreeSet<u64>,
    observers: BTreeSet<u64>,
    /// Calls not done that touch the unit.
    users: u32,
}

#[derive(Clone, Debug)]
struct Run {
    class: u8,
    left: u32,
    waiting: Vec<u64>,
}

/// Calls between arrival and completion.
///
/// ```
/// use crosslane_analyzer::schedule::{Access, Flow, Limits, Rule};
/// let mut flow = Flow::new(Rule::Locks, Limits::default());
/// let pay = flow.push(0, &[Access::write(1)])?;
/// let pay_again = flow.push(0, &[Access::write(1)])?;
/// let other = flow.push(9, &[Access::write(2)])?;
/// assert_eq!((flow.pop_ready(), flow.pop_ready(), flow.pop_ready()), (Some(other), Some(pay), None));
/// flow.done(pay)?;
/// assert_eq!(flow.pop_ready(), Some(pay_again));
/// # Ok::<(), crosslane_analyzer::schedule::FlowError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Flow {
    rule: Rule,
    limits: Limits,
    next: u64,
    calls: BTreeMap<u64, Pending>,
    accesses: usize,
    units: HashMap<u64, Unit>,
    /// Lowest first: reversed priority, then number.
    ready: BTreeSet<(u64, u64)>,
    one: Batch,
}

impl Flow {
    /// An empty handle. `limits` bound the calls and accesses that are not done.
    pub fn new(rule: Rule, limits: Limits) -> Flow {
        Flow {
            rule,
            limits,
            next: 0,
            calls: BTreeMap::new(),
            accesses: 0,
            units: HashMap::new(),
            ready: BTreeSet::new(),
            one: Batch::new(rule),
        }
    }

    /// Takes a call behind all calls taken before. Of calls that may start, those of higher priority are popped first; the
    /// order of conflicting calls is that of pushing whatever their priority. Returns the call's number.
    ///
    /// # Errors
    /// [`FlowError::Call`]; the handle is as before.
    pub fn push(&mut self, priority: u64, accesses: &[Access]) -> Result<u64, FlowError> {
        self.one.clear();
        self.one.push(0, accesses.iter().copied())?;
        if self.calls.len() >= self.limits.calls as usize {
            return Err(BatchError::TooManyCalls(self.limits.calls).into());
        }
        if self.accesses + self.one.accesses() > self.limits.accesses as usize {
            return Err(BatchError::TooManyAccesses(self.limits.accesses).into());
        }
        let number = self.next;
        self.next += 1;
        let accesses: Vec<Access> = self.one.call(0).collect();
        let mut blocked = 0;
        for access in &accesses {
            let unit = self.units.entry(access.unit).or_default();
            unit.users += 1;
            blocked += u32::from(match self.rule {
                Rule::Locks => unit.queue(number, access.class),
                Rule::Versions => unit.order(number, access.class),
            });
        }
        self.accesses += accesses.len();
        if blocked == 0 {
            self.ready.insert((u64::MAX - priority, number));
        }
        self.calls.insert(number, Pending { accesses, priority, blocked, running: false });
        Ok(number)
    }

    /// The next call that may start; it is running from now on.
    pub fn pop_ready(&mut self) -> Option<u64> {
        let (_, number) = self.ready.pop_first()?;
        if let Some(call) = self.calls.get_mut(&number) {
            call.running = true;
        }
        Some(number)
    }

    /// Says that a running call is done.
    ///
    /// # Errors
    /// [`FlowError::NotRunning`] if it was not popped, or is done already.
    pub fn done(&mut self, number: u64) -> Result<(), FlowError> {
        if !self.calls.get(&number).is_some_and(|call| call.running) {
            return Err(FlowError::NotRunning(number));
        }
        let Some(call) = self.calls.remove(&number) else { return Err(FlowError::NotRunning(number)) };
        self.accesses -= call.accesses.len();
        let mut free = Vec::new();
        for access in &call.accesses {
            let Some(unit) = self.units.get_mut(&access.unit) else { continue };
            match self.rule {
                Rule::Locks => unit.leave(&mut free),
                Rule::Versions => unit.settle(number, &mut free),
            }
            unit.users -= 1;
            if unit.users == 0 {
                self.units.remove(&access.unit);
            }
        }
        for other in free {
            if let Some(call) = self.calls.get_mut(&other) {
                call.blocked -= 1;
                if call.blocked == 0 {
                    self.ready.insert((u64::MAX - call.priority, other));
                }
            }
        }
        Ok(())
    }

    /// Calls that are not done.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// True when every call is done.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Units in use.
    pub fn units(&self) -> usize {
        self.units.len()
    }
}

impl Unit {
    /// Lines up; `true` if the call has to wait here.
    fn queue(&mut self, number: u64, class: u8) -> bool {
        let single = self.runs.len() <= 1;
        match self.runs.back_mut() {
            Some(last) if last.class == class && class != EXCLUSIVE => {
                last.left += 1;
                if !single {
                    last.waiting.push(number);
                }
                !single
            }
            last => {
                let wait = last.is_some();
                let waiting = if wait { vec![number] } else { Vec::new() };
                self.runs.push_back(Run { class, left: 1, waiting });
                wait
            }
        }
    }

    /// One call of the active run is done.
    fn leave(&mut self, free: &mut Vec<u64>) {
        let Some(first) = self.runs.front_mut() else { return };
        first.left -= 1;
        if first.left == 0 {
            self.runs.pop_front();
            if let Some(next) = self.runs.front_mut() {
                free.append(&mut next.waiting);
            }
        }
    }

    fn order(&mut self, number: u64, class: u8) -> bool {
        let observes = class == READ || class == EXCLUSIVE;
        let wait = observes && !self.setters.is_empty();
        if wait {
            self.observers.insert(number);
        }
        if class != READ {
            self.setters.insert(number);
        }
        wait
    }

    fn settle(&mut self, number: u64, free: &mut Vec<u64>) {
        if !self.setters.remove(&number) {
            return;
        }
        let first = self.setters.first().copied().unwrap_or(u64::MAX);
        // A setter does not wait for itself.
        while let Some(&observer) = self.observers.first() {
            if observer > first {
                break;
            }
            self.observers.pop_first();
            free.push(observer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::batch::conflicts;
    use super::super::testing::{Rng, random_batch};
    use super::*;

    #[test]
    fn pops_exactly_what_may_start() {
        for seed in 0..300 {
            let mut rng = Rng::new(seed);
            let rule = if seed % 2 == 0 { Rule::Locks } else { Rule::Versions };
            let batch = random_batch(&mut rng, rule, 40);
            let calls: Vec<Vec<Access>> = (0..batch.len()).map(|call| batch.call(call).collect()).collect();
            let mut flow = Flow::new(rule, Limits::default());
            let (mut pushed, mut started, mut done) = (0usize, BTreeSet::new(), BTreeSet::new());
            while done.len() < calls.len() {
                if pushed < calls.len() && rng.below(2) == 0 {
                    assert_eq!(flow.push(rng.below(3), &calls[pushed]), Ok(pushed as u64));
                    pushed += 1;
                }
                while rng.below(3) != 0 {
                    let may: Vec<u64> = (0..pushed as u64)
                        .filter(|j| !started.contains(j))
                        .filter(|&j| {
                            (0..j).filter(|i| !done.contains(i)).all(|i| {
                                !calls[i as usize].iter().any(|a| {
                                    calls[j as usize]
                                        .iter()
                                        .any(|b| a.unit == b.unit && conflicts(rule, a.class, b.class))
                                })
                            })
                        })
                        .collect();
                    match flow.pop_ready() {
                        Some(number) => {
                            assert!(may.contains(&number), "seed {seed}");
                            started.insert(number);
                        }
                        None => {
                            assert_eq!(may, [] as [u64; 0], "seed {seed}");
                            break;
                        }
                    }
                }
                let running: Vec<u64> = started.difference(&done).copied().collect();
                if let Some(&number) = running.get(rng.below(running.len() as u64) as usize) {
                    flow.done(number).unwrap();
                    assert_eq!(flow.done(number), Err(FlowError::NotRunning(number)));
                    done.insert(number);
                }
            }
            assert!(flow.is_empty() && flow.units() == 0);
        }
    }

    #[test]
    fn limits_count_what_is_not_done() {
        let mut flow = Flow::new(Rule::Locks, Limits { calls: 1, accesses: 1 });
        let first = flow.push(0, &[Access::write(1)]).unwrap();
        assert_eq!(flow.push(0, &[]), Err(BatchError::TooManyCalls(1).into()));
        flow.pop_ready();
        flow.done(first).unwrap();
        assert_eq!(flow.push(0, &[Access::write(1), Access::read(2)]), Err(BatchError::TooManyAccesses(1).into()));
    }
}
