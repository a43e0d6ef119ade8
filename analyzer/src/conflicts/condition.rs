//! Conditions: disjunctions of conjunctions of equalities between a term of call `a` and a term of call `b` (MODEL §3).
//!
//! Everything here may only make a condition *weaker* (true more often): atoms may be dropped, conjunctions may not, except
//! when another conjunction is true whenever they are.

use std::collections::BTreeMap;

use crate::ir::{Step, Term};

/// At most so many conjunctions of a pair are written down; beyond, atoms are dropped.
pub const LIMIT: usize = 64;

/// In memory a pair may have so many conjunctions of one equality: two instructions of twenty accounts each meet where any
/// of one is any of the other, and to say "always" of them would be of no use.
pub const SINGLES: usize = 4096;

/// An equality.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Atom {
    /// Of call `a`.
    pub left: Term,
    /// Of call `b`.
    pub right: Term,
}

/// Which call must come first for a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum First {
    /// Call `a`.
    A,
    /// Call `b`.
    B,
}

impl First {
    /// The other.
    pub fn flipped(self) -> First {
        match self {
            First::A => First::B,
            First::B => First::A,
        }
    }
}

/// Equalities that must all hold. Without atoms it always holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Conj {
    /// The equalities, sorted.
    pub atoms: Vec<Atom>,
    /// A conflict only in this order; `None` in both.
    pub order: Option<First>,
    /// True for cells that have one place on the whole chain. Else `a.self = b.self` is part of the conjunction without being
    /// listed.
    pub anywhere: bool,
}

impl Conj {
    /// True if this one holds whenever `other` does.
    fn implied_by(&self, other: &Conj) -> bool {
        (self.order.is_none() || self.order == other.order)
            && (self.anywhere || !other.anywhere)
            && self.atoms.iter().all(|atom| other.atoms.contains(atom))
    }

    /// The same with `a` and `b` exchanged.
    pub fn flipped(&self) -> Conj {
        let flip = |atom: &Atom| Atom { left: atom.right.clone(), right: atom.left.clone() };
        let mut conj = Conj {
            atoms: self.atoms.iter().map(flip).collect(),
            order: self.order.map(First::flipped),
            anywhere: self.anywhere,
        };
        conj.normalise();
        conj
    }

    /// Sorts atoms and removes repetitions.
    fn tidy(&mut self) {
        // The same said in two ways: a listed `self = self`, and the one that is part of all own conjunctions.
        if self.anywhere {
            let listed = self.atoms.len();
            self.atoms.retain(|atom| !(atom.left == Term::SelfAddr && atom.right == Term::SelfAddr));
            self.anywhere = self.atoms.len() == listed;
        }
        self.atoms.sort();
        self.atoms.dedup();
    }

    /// Numbers list elements in order of appearance, so that conjunctions that differ only in the names of their elements
    /// are equal. Only for complete conjunctions: an atom that is added later would speak of another element.
    fn normalise(&mut self) {
        if !self.atoms.iter().any(|atom| has_elements(&atom.left) || has_elements(&atom.right)) {
            self.tidy();
            return;
        }
        let blank = |atom: &Atom| {
            let zero = |term: &Term| map_elements(term, &mut |_| 0);
            (zero(&atom.left), zero(&atom.right), atom.clone())
        };
        self.atoms.sort_by_cached_key(blank);
        let (mut left, mut right) = (BTreeMap::new(), BTreeMap::new());
        for atom in &mut self.atoms {
            rename(&mut atom.left, &mut left);
            rename(&mut atom.right, &mut right);
        }
        self.tidy();
    }
}

fn has_elements(term: &Term) -> bool {
    let mut found = false;
    term.walk(&mut |term| {
        if let Term::Arg(path) = term {
            found |= path.iter().any(|step| matches!(step, Step::Elem(_)));
        }
    });
    found
}

fn rename(term: &mut Term, names: &mut BTreeMap<u32, u32>) {
    let renamed = map_elements(term, &mut |id| {
        let next = names.len() as u32;
        *names.entry(id).or_insert(next)
    });
    *term = renamed;
}

/// The term with every correlation id replaced.
fn map_elements(term: &Term, id: &mut dyn FnMut(u32) -> u32) -> Term {
    let list = |terms: &[Term], id: &mut dyn FnMut(u32) -> u32| -> Vec<Term> {
        terms.iter().map(|term| map_elements(term, id)).collect()
    };
    match term {
        Term::Arg(steps) => Term::Arg(
            steps
                .iter()
                .map(|step| match step {
                    Step::Elem(old) => Step::Elem(id(*old)),
                    other => other.clone(),
                })
                .collect(),
        ),
        Term::Load { cell, key, field } => Term::Load { cell: *cell, key: list(key, id), field: field.clone() },
        Term::Fn { name, of, injective } => Term::Fn { name: name.clone(), of: list(of, id), injective: *injective },
        Term::Coalesce(of) => Term::Coalesce(list(of, id)),
        Term::Prefix(of) => Term::Prefix(list(of, id)),
        other => other.clone(),
    }
}

/// A disjunction. Without conjunctions it never holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition(pub Vec<Conj>);

impl Condition {
    /// Never holds.
    pub fn never() -> Condition {
        Condition(Vec::new())
    }

    /// Always holds (for two calls of one instance).
    pub fn always() -> Condition {
        Condition(vec![Conj::default()])
    }

    /// One equality.
    pub fn atom(left: &Term, right: &Term) -> Condition {
        let atoms = vec![Atom { left: left.clone(), right: right.clone() }];
        Condition(vec![Conj { atoms, ..Conj::default() }])
    }

    /// True if it cannot hold.
    pub fn is_never(&self) -> bool {
        self.0.is_empty()
    }

    /// True if no knowledge of values can make it false for two calls of one instance.
    pub fn is_always(&self) -> bool {
        self.0.iter().any(|conj| conj.atoms.is_empty())
    }

    /// Either holds.
    pub fn or(mut self, other: Condition) -> Condition {
        self.0.extend(other.0);
        self
    }

    /// Both hold. Orders and places are those of `self`: conditions on keys are joined before they get an order.
    pub fn and(self, other: &Condition) -> Condition {
        let mut out = Vec::with_capacity(self.0.len() * other.0.len());
        for left in &self.0 {
            for right in &other.0 {
                let mut conj = left.clone();
                conj.atoms.extend(right.atoms.iter().cloned());
                out.push(conj);
            }
        }
        let mut joined = Condition(out);
        joined.shrink(Conj::tidy);
        joined
    }

    /// Removes conjunctions that others imply, joins `a-first` and `b-first`, keeps those of several equalities to [`LIMIT`]
    /// and those of one to [`SINGLES`], sorts.
    pub fn simplify(&mut self) {
        self.shrink(Conj::normalise);
    }

    /// Keeps all conjunctions together to [`LIMIT`].
    pub fn limit(&mut self) {
        while self.0.len() > LIMIT {
            self.weaken(Conj::normalise);
        }
    }

    fn shrink(&mut self, order: fn(&mut Conj)) {
        self.0.iter_mut().for_each(order);
        if self.0.len() < 2 {
            return;
        }
        self.0.sort();
        self.0.dedup();
        self.join_orders();
        self.absorb();
        let many = |all: &[Conj]| all.len() > SINGLES || all.iter().filter(|conj| conj.atoms.len() > 1).count() > LIMIT;
        while many(&self.0) {
            self.weaken(order);
        }
    }

    /// Drops the last atom of the longest conjunctions: weaker, and more of them become equal.
    fn weaken(&mut self, order: fn(&mut Conj)) {
        let longest = self.0.iter().map(|conj| conj.atoms.len()).max().unwrap_or(0);
        for conj in self.0.iter_mut().filter(|conj| conj.atoms.len() == longest) {
            conj.atoms.pop();
            order(conj);
        }
        self.0.sort();
        self.0.dedup();
        self.join_orders();
        self.absorb();
    }

    fn join_orders(&mut self) {
        if self.0.iter().all(|conj| conj.order.is_none()) {
            return;
        }
        let mut at = 0;
        while at < self.0.len() {
            let mut twin = self.0[at].clone();
            twin.order = twin.order.map(First::flipped);
            if twin.order.is_some() {
                if let Some(other) = self.0.iter().position(|conj| *conj == twin) {
                    self.0[at].order = None;
                    self.0.remove(other);
                    if other < at {
                        at -= 1;
                    }
                }
            }
            at += 1;
        }
        self.0.sort();
        self.0.dedup();
    }

    fn absorb(&mut self) {
        let shape = |conj: &Conj| (conj.atoms.len(), conj.order, conj.anywhere);
        if self.0.windows(2).all(|pair| shape(&pair[0]) == shape(&pair[1])) {
            // Different ones of one shape do not imply each other.
            return;
        }
        let all = std::mem::take(&mut self.0);
        for (at, conj) in all.iter().enumerate() {
            // Equal ones are gone, so implication both ways is impossible.
            let implied = all.iter().enumerate().any(|(other, weaker)| other != at && weaker.implied_by(conj));
            if !implied {
                self.0.push(conj.clone());
            }
        }
    }

    /// The same with `a` and `b` exchanged.
    pub fn flipped(&self) -> Condition {
        let mut flipped = Condition(self.0.iter().map(Conj::flipped).collect());
        flipped.simplify();
        flipped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atom(left: &str, right: &str) -> Condition {
        Condition::atom(&Term::arg(left), &Term::arg(right))
    }

    #[test]
    fn a_weaker_conjunction_absorbs() {
        let mut condition = atom("x", "x").or(atom("x", "x").and(&atom("y", "y"))).or(atom("z", "z"));
        condition.simplify();
        assert_eq!(condition, atom("x", "x").or(atom("z", "z")));
        let mut condition = condition.or(Condition::always());
        condition.simplify();
        assert_eq!(condition, Condition::always());
    }

    #[test]
    fn an_ordered_conjunction_absorbs_only_its_own_order_unsound() {
        let order = |first| {
            let mut condition = atom("x", "x");
            condition.0[0].order = first;
            condition
        };
        let mut both = order(Some(First::A)).or(order(Some(First::B)));
        both.simplify();
        assert_eq!(both, order(None));
        let mut mixed = order(Some(First::A)).or(atom("x", "x").and(&atom("y", "y")));
        mixed.simplify();
        assert_eq!(mixed.0.len(), 2, "x=x with an order does not cover x=x and y=y in both");
    }

    #[test]
    fn a_conjunction_of_one_instance_does_not_absorb_one_of_the_chain_unsound() {
        let mut anywhere = atom("x", "x");
        anywhere.0[0].anywhere = true;
        let mut condition = anywhere.clone().or(atom("x", "x"));
        condition.simplify();
        assert_eq!(condition, anywhere);
    }

    #[test]
    fn past_the_limit_atoms_are_dropped_and_nothing_else_unsound() {
        let mut condition = Condition::never();
        for n in 0..100 {
            condition = condition.or(atom(&format!("x{}", n % 10), "x").and(&atom("y", &format!("y{n}"))));
        }
        let before = condition.clone();
        condition.simplify();
        assert!(condition.0.len() <= LIMIT && !condition.is_never());
        for conj in &before.0 {
            assert!(condition.0.iter().any(|weaker| weaker.implied_by(conj)));
        }
    }

    #[test]
    fn elements_with_other_names_are_the_same_condition() {
        let element = |id| Term::Arg(vec![Step::Field("m".into()), Step::Elem(id)]);
        let mut condition = Condition::atom(&element(4), &Term::Caller).or(Condition::atom(&element(9), &Term::Caller));
        condition.simplify();
        assert_eq!(condition.0.len(), 1);
    }
}
