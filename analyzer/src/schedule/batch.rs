//! A batch of calls as flat arrays: what every algorithm of this module reads.
//!
//! A call is a cost and a list of accesses; an access is a 64-bit unit id and a *class*. Two accesses to one unit may
//! overlap if and only if the [`Rule`] lets their classes overlap. Chain models, modes, facets and prefixes are folded
//! into units and classes before they come here (`units`), so that everything below is one table look-up per access.

use std::fmt;

/// How classes of accesses to one unit exclude each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Rule {
    /// Single-version store: accesses of one class overlap unless the class is [`EXCLUSIVE`]; different classes never do.
    #[default]
    Locks,
    /// Multi-version store that validates reads (model `occ`): an access that observes waits for all earlier accesses
    /// that set; setting without observing waits for nothing. Classes are [`READ`], [`EXCLUSIVE`] (observes and sets) and
    /// [`BLIND`].
    Versions,
}

/// Class of accesses that observe.
pub const READ: u8 = 0;
/// Class of an access that excludes every other one, of its own class too; under [`Rule::Versions`]: observes and sets.
pub const EXCLUSIVE: u8 = 1;
/// Under [`Rule::Versions`] only: sets without observing.
pub const BLIND: u8 = 2;
/// First class of deltas under [`Rule::Locks`]: accesses of one such class overlap each other and nothing else.
pub const DELTA: u8 = 2;
/// Number of classes. Whoever needs more gives the rest [`EXCLUSIVE`], which can only add conflicts.
pub const CLASSES: u8 = 64;

/// One access of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Access {
    /// What is locked or validated. Equal units are the same place; a collision of hashes can only add a conflict.
    pub unit: u64,
    /// [`READ`], [`EXCLUSIVE`], or one of the shared classes from [`DELTA`] on.
    pub class: u8,
}

impl Access {
    /// An access that only observes.
    pub fn read(unit: u64) -> Access {
        Access { unit, class: READ }
    }

    /// An access that excludes all others.
    pub fn write(unit: u64) -> Access {
        Access { unit, class: EXCLUSIVE }
    }

    /// A delta that commutes with deltas of the same `group` (0..=61); a higher group is a write.
    pub fn delta(unit: u64, group: u8) -> Access {
        let class = if group < CLASSES - DELTA { group + DELTA } else { EXCLUSIVE };
        Access { unit, class }
    }
}

/// Why a call cannot be added to a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// More calls than [`Limits::calls`].
    #[error("the batch has more than {0} calls")]
    TooManyCalls(u32),
    /// More accesses than [`Limits::accesses`].
    #[error("the batch has more than {0} accesses")]
    TooManyAccesses(u32),
    /// The sum of all costs does not fit into 64 bits.
    #[error("the costs of the batch add up to more than 2^64 - 2")]
    CostOverflow,
    /// A class that the rule does not know.
    #[error("class {0} does not exist under this rule")]
    UnknownClass(u8),
}

/// How large a batch may become: memory is bounded by these, whatever the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most calls. At most 2^25.
    pub calls: u32,
    /// Most accesses of all calls together. At most 2^31.
    pub accesses: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { calls: 1 << 24, accesses: 1 << 28 }
    }
}

/// Calls in block order, in compressed rows: the accesses of call `i` stand at `starts[i]..starts[i + 1]`.
///
/// ```
/// use crosslane_analyzer::schedule::{Access, Batch, Rule};
/// let mut batch = Batch::new(Rule::Locks);
/// batch.push(10, [Access::write(1), Access::read(7)])?;
/// batch.push(20, [Access::write(2), Access::read(7)])?;
/// assert_eq!((batch.len(), batch.total()), (2, 30));
/// # Ok::<(), crosslane_analyzer::schedule::BatchError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    rule: Rule,
    limits: Limits,
    starts: Vec<u32>,
    units: Vec<u64>,
    classes: Vec<u8>,
    costs: Vec<u64>,
    total: u64,
}

impl Default for Batch {
    fn default() -> Self {
        Batch::new(Rule::Locks)
    }
}

impl Batch {
    /// An empty batch under `rule` with the default [`Limits`].
    pub fn new(rule: Rule) -> Batch {
        Batch::with_limits(rule, Limits::default())
    }

    /// An empty batch with limits of its own; they are capped at what indices can hold.
    pub fn with_limits(rule: Rule, limits: Limits) -> Batch {
        let limits = Limits { calls: limits.calls.min(1 << 25), accesses: limits.accesses.min(1 << 31) };
        Batch { rule, limits, starts: vec![0], units: Vec::new(), classes: Vec::new(), costs: Vec::new(), total: 0 }
    }

    /// Makes room for more calls and accesses.
    pub fn reserve(&mut self, calls: usize, accesses: usize) {
        self.starts.reserve(calls);
        self.costs.reserve(calls);
        self.units.reserve(accesses);
        self.classes.reserve(accesses);
    }

    /// Removes all calls and keeps the memory.
    pub fn clear(&mut self) {
        self.starts.truncate(1);
        self.units.clear();
        self.classes.clear();
        self.costs.clear();
        self.total = 0;
    }

    /// Appends a call and returns its index. Accesses of the call to one unit are joined, so that no call waits for
    /// itself. On an error the batch is as before.
    pub fn push(&mut self, cost: u64, accesses: impl IntoIterator<Item = Access>) -> Result<u32, BatchError> {
        let from = self.units.len();
        for access in accesses {
            self.units.push(access.unit);
            self.classes.push(access.class);
        }
        match self.close(from, cost) {
            Ok(()) => Ok(self.costs.len() as u32 - 1),
            Err(error) => {
                self.units.truncate(from);
                self.classes.truncate(from);
                Err(error)
            }
        }
    }

    fn close(&mut self, from: usize, cost: u64) -> Result<(), BatchError> {
        let top = match self.rule {
            Rule::Locks => CLASSES,
            Rule::Versions => BLIND + 1,
        };
        if let Some(&class) = self.classes[from..].iter().find(|&&class| class >= top) {
            return Err(BatchError::UnknownClass(class));
        }
        self.join_duplicates(from);
        if self.costs.len() >= self.limits.calls as usize {
            return Err(BatchError::TooManyCalls(self.limits.calls));
        }
        if self.units.len() > self.limits.accesses as usize {
            return Err(BatchError::TooManyAccesses(self.limits.accesses));
        }
        // One below the largest number: "when it is over, and one more" is a number too.
        let total = self.total.checked_add(cost).filter(|&total| total < u64::MAX);
        self.total = total.ok_or(BatchError::CostOverflow)?;
        self.costs.push(cost);
        self.starts.push(self.units.len() as u32);
        Ok(())
    }

    /// Joins accesses to one unit among those from index `from` on.
    fn join_duplicates(&mut self, from: usize) {
        let len = from + join_duplicates(self.rule, &mut self.units[from..], &mut self.classes[from..]);
        self.units.truncate(len);
        self.classes.truncate(len);
    }

    /// A batch of calls that stand behind each other already: `ends` says where each ends in `units` and `classes`.
    /// Accesses of which `keep` says nothing are dropped; else it gives their class, which the rule has to know. No memory
    /// is taken but for `starts`.
    pub(crate) fn from_rows(
        (rule, limits): (Rule, Limits),
        (mut units, mut classes): (Vec<u64>, Vec<u8>),
        (costs, mut ends): (Vec<u64>, Vec<u32>),
        keep: impl Fn(u64, u8) -> Option<u8>,
    ) -> Result<Batch, BatchError> {
        let mut batch = Batch::with_limits(rule, limits);
        if costs.len() > batch.limits.calls as usize {
            return Err(BatchError::TooManyCalls(batch.limits.calls));
        }
        let (mut from, mut len) = (0, 0);
        for end in &mut ends {
            let to = *end as usize;
            let begin = len;
            for at in from..to {
                if let Some(class) = keep(units[at], classes[at]) {
                    units[len] = units[at];
                    classes[len] = class;
                    len += 1;
                }
            }
            len = begin + join_duplicates(rule, &mut units[begin..len], &mut classes[begin..len]);
            from = to;
            *end = len as u32;
        }
        if len > batch.limits.accesses as usize {
            return Err(BatchError::TooManyAccesses(batch.limits.accesses));
        }
        units.truncate(len);
        classes.truncate(len);
        let total = costs.iter().try_fold(0u64, |sum, &cost| sum.checked_add(cost));
        batch.total = total.filter(|&total| total < u64::MAX).ok_or(BatchError::CostOverflow)?;
        ends.insert(0, 0);
        (batch.units, batch.classes, batch.costs, batch.starts) = (units, classes, costs, ends);
        Ok(batch)
    }

    /// The rule of the batch.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// The limits of the batch.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Number of calls.
    pub fn len(&self) -> usize {
        self.costs.len()
    }

    /// True when there is no call.
    pub fn is_empty(&self) -> bool {
        self.costs.is_empty()
    }

    /// Number of accesses of all calls.
    pub fn accesses(&self) -> usize {
        self.units.len()
    }

    /// Sum of all costs: the time one lane needs.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Cost of every call.
    pub fn costs(&self) -> &[u64] {
        &self.costs
    }

    /// Where the accesses of every call begin; one entry more than there are calls.
    pub fn starts(&self) -> &[u32] {
        &self.starts
    }

    /// Units of all accesses.
    pub fn units(&self) -> &[u64] {
        &self.units
    }

    /// Classes of all accesses.
    pub fn classes(&self) -> &[u8] {
        &self.classes
    }

    /// The accesses of one call; none for an index that does not exist.
    pub fn call(&self, index: usize) -> impl Iterator<Item = Access> + '_ {
        let range = match (self.starts.get(index), self.starts.get(index + 1)) {
            (Some(&from), Some(&to)) => from as usize..to as usize,
            _ => 0..0,
        };
        self.units[range.clone()].iter().zip(&self.classes[range]).map(|(&unit, &class)| Access { unit, class })
    }

    /// The same calls with other costs, for what-if questions. `None` if the number differs or the sum overflows.
    pub fn with_costs(&self, costs: Vec<u64>) -> Option<Batch> {
        if costs.len() != self.costs.len() {
            return None;
        }
        let total =
            costs.iter().try_fold(0u64, |sum, &cost| sum.checked_add(cost)).filter(|&total| total < u64::MAX)?;
        Some(Batch { costs, total, ..self.clone() })
    }

    /// The same calls in the order of `order`, which lists indices (each at most once).
    pub fn permuted(&self, order: &[u32]) -> Batch {
        let mut out = Batch::with_limits(self.rule, self.limits);
        out.reserve(order.len(), self.units.len());
        for &index in order {
            let index = index as usize;
            if index >= self.len() {
                continue;
            }
            let range = self.starts[index] as usize..self.starts[index + 1] as usize;
            out.units.extend_from_slice(&self.units[range.clone()]);
            out.classes.extend_from_slice(&self.classes[range]);
            out.starts.push(out.units.len() as u32);
            out.costs.push(self.costs[index]);
            out.total = out.total.saturating_add(self.costs[index]);
        }
        out
    }

    /// The same calls under another rule; only from [`Rule::Versions`] to [`Rule::Locks`] all classes keep a meaning
    /// ([`BLIND`] becomes a shared class), so other requests change nothing.
    pub(crate) fn with_rule(mut self, rule: Rule) -> Batch {
        if rule == Rule::Locks {
            self.rule = rule;
        }
        self
    }

    /// The same calls where every exclusive access to `unit` is a delta of a class of its own.
    pub fn with_delta(&self, unit: u64) -> Batch {
        let mut out = self.clone();
        let class = match self.rule {
            Rule::Locks => CLASSES - 1,
            Rule::Versions => BLIND,
        };
        for (at, &other) in self.units.iter().enumerate() {
            if other == unit && self.classes[at] == EXCLUSIVE {
                out.classes[at] = class;
            }
        }
        out
    }
}

/// Joins accesses of one call to one unit; what is left stands in front, and how many there are is returned.
fn join_duplicates(rule: Rule, units: &mut [u64], classes: &mut [u8]) -> usize {
    const FEW: usize = 24;
    let n = units.len();
    let mut len = 0;
    if n > FEW {
        let mut pairs: Vec<(u64, u8)> = units.iter().copied().zip(classes.iter().copied()).collect();
        pairs.sort_unstable();
        for (unit, class) in pairs {
            if len > 0 && units[len - 1] == unit {
                classes[len - 1] = join(rule, classes[len - 1], class);
            } else {
                (units[len], classes[len]) = (unit, class);
                len += 1;
            }
        }
        return len;
    }
    for i in 0..n {
        let (unit, class) = (units[i], classes[i]);
        match units[..len].iter().position(|&other| other == unit) {
            Some(at) => classes[at] = join(rule, classes[at], class),
            None => {
                (units[len], classes[len]) = (unit, class);
                len += 1;
            }
        }
    }
    len
}

/// The least class that excludes at least what either excludes.
pub fn join(_rule: Rule, a: u8, b: u8) -> u8 {
    if a == b { a } else { EXCLUSIVE }
}

/// Whether an `earlier` and a `later` access to one unit must not overlap.
pub fn conflicts(rule: Rule, earlier: u8, later: u8) -> bool {
    match rule {
        Rule::Locks => earlier != later || earlier == EXCLUSIVE,
        Rule::Versions => earlier != READ && later != BLIND,
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rule::Locks => "locks",
            Rule::Versions => "versions",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_are_joined() {
        for many in [1u64, 40] {
            let mut batch = Batch::new(Rule::Locks);
            let accesses = (0..many).flat_map(|u| [Access::read(u), Access::delta(u, 1), Access::read(u)]);
            batch.push(1, accesses).unwrap();
            assert_eq!(batch.accesses() as u64, many);
            assert!(batch.classes().iter().all(|&class| class == EXCLUSIVE));
        }
    }

    #[test]
    fn errors_leave_the_batch_as_it_was() {
        let mut batch = Batch::with_limits(Rule::Versions, Limits { calls: 2, accesses: 3 });
        batch.push(u64::MAX - 1, [Access::write(1)]).unwrap();
        assert_eq!(batch.push(1, [Access::read(1)]), Err(BatchError::CostOverflow));
        assert_eq!(batch.push(0, [Access::delta(1, 5)]), Err(BatchError::UnknownClass(7)));
        assert_eq!(batch.push(0, (0..3).map(Access::read)), Err(BatchError::TooManyAccesses(3)));
        assert_eq!((batch.len(), batch.accesses()), (1, 1));
        batch.push(0, []).unwrap();
        assert_eq!(batch.push(0, []), Err(BatchError::TooManyCalls(2)));
    }
}
