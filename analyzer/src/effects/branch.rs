//! Branches: ways that exclude each other run from one state and are joined; what a branch decides by is observed,
//! unless all but one of its ways fail.

use super::eval::{Truth, Way, both, negated};
use super::state::Changes;
use super::value::{Alt, Kind, Sym, Val, join};
use super::{Div, Engine, Ev, Frame, ty::Ty};
use crate::ir::hir::{BinOp, Body, Expr, ExprId, Pat, PatId, UnOp};
use crate::ir::{Const, Term};
use std::rc::Rc;

impl Engine<'_> {
    pub(super) fn let_else(&mut self, f: &mut Frame, pat: PatId, value: Val, otherwise: ExprId) -> Result<(), Div> {
        match self.test_pattern(f, pat, &value) {
            super::pattern::Match::Yes => {
                self.bind(f, pat, value);
                Ok(())
            }
            super::pattern::Match::No => match self.eval(f, otherwise, &Ty::Never) {
                Err(div) => Err(div),
                Ok(_) => Err(Div { fail: true }),
            },
            super::pattern::Match::Maybe => {
                let otherwise_way = self.way(f, &mut |engine, f| engine.eval(f, otherwise, &Ty::Never));
                let fails = matches!(otherwise_way.result, Err(Div { fail: true }));
                if !fails {
                    self.observe_value(&value);
                    self.more_conditions(f);
                } else {
                    let sym = self.whole_sym(&value);
                    let taint = self.decided_by(&value, &sym, false);
                    self.taint_exits(f, &otherwise_way, &taint);
                    self.observe_unless_presence(&value);
                }
                self.bind(f, pat, value);
                Ok(())
            }
        }
    }

    /// Runs one way from the present state, records what it changed, and goes back.
    pub(super) fn way(&mut self, f: &mut Frame, run: &mut dyn FnMut(&mut Self, &mut Frame) -> Ev) -> Way {
        let mark = self.store.mark();
        let start = self.rec.events.len();
        let guards = self.rec.guards.len();
        let exits = f.exits.len();
        self.conditions += 1;
        let outer = f.extra_conditions;
        let early = f.early_exits;
        let result = run(self, f);
        self.conditions -= 1 + (f.extra_conditions - outer);
        f.extra_conditions = outer;
        let changes = self.store.changes(mark);
        self.store.rollback(mark);
        let (events, guards) = (start..self.rec.events.len(), guards..self.rec.guards.len());
        let leaves = f.early_exits > early;
        Way { changes, result, leaves, events, guards, exits: exits..f.exits.len() }
    }

    /// Errors with which a way ends remember what they were decided by: the call that fails with them is no observer, code
    /// that catches them is one.
    fn taint_exits(&mut self, f: &mut Frame, way: &Way, taint: &Sym) {
        for at in way.exits.clone() {
            let Some((_, value)) = f.exits.get(at).cloned() else { continue };
            if self.is_failure(&value) {
                let tainted = self.tainted(&value, taint);
                f.exits[at].1 = tainted;
            }
        }
    }

    /// An error that depends on these too.
    fn tainted(&mut self, error: &Val, taint: &Sym) -> Val {
        let own = self.taint_of(error);
        let taint = Sym { terms: Vec::new(), ..taint.join(&own) };
        self.err(error.ty.arg(0), taint).retyped(&error.ty)
    }

    /// Something after this point in the function is not reached by every successful path.
    pub(super) fn more_conditions(&mut self, f: &mut Frame) {
        f.extra_conditions += 1;
        self.conditions += 1;
    }

    /// Continues after ways that exclude each other. At least one is taken.
    pub(super) fn merge_ways(&mut self, f: &mut Frame, ways: Vec<Way>) -> Ev {
        let succeeding = ways.iter().filter(|way| !matches!(way.result, Err(Div { fail: true }))).count();
        if succeeding == 1 {
            // The other ways fail: on every successful path this one is taken.
            for way in &ways {
                if !matches!(way.result, Err(Div { fail: true })) {
                    for event in &mut self.rec.events[way.events.clone()] {
                        event.conditions = event.conditions.saturating_sub(1);
                    }
                    for guard in &mut self.rec.guards[way.guards.clone()] {
                        guard.conditions = guard.conditions.saturating_sub(1);
                    }
                }
            }
        }
        let leaves = ways.iter().any(|way| way.leaves || matches!(way.result, Err(Div { fail: false })));
        let all_fail = ways.iter().all(|way| matches!(way.result, Err(Div { fail: true })));
        let mut value: Option<Val> = None;
        let mut changes = Vec::new();
        for way in ways {
            if let Ok(result) = way.result {
                value = Some(match value {
                    Some(all) => join(&all, &result, 0),
                    None => result,
                });
                changes.push(way.changes);
            }
        }
        match value {
            Some(value) => {
                self.store.join(changes);
                if leaves {
                    self.more_conditions(f);
                }
                Ok(value)
            }
            None => Err(Div { fail: all_fail }),
        }
    }

    pub(super) fn eval_if(
        &mut self,
        f: &mut Frame,
        cond: ExprId,
        then: ExprId,
        otherwise: Option<ExprId>,
        want: &Ty,
    ) -> Ev {
        // Bindings of `if let` live in the then-way only; they are new slots, so nothing has to be undone.
        match self.cond(f, cond)? {
            Truth::True => self.eval(f, then, want),
            Truth::False => match otherwise {
                Some(otherwise) => self.eval(f, otherwise, want),
                None => Ok(Val::unit()),
            },
            Truth::Maybe(sym) => {
                let first = self.way(f, &mut |engine, f| engine.eval(f, then, want));
                let second = self.way(f, &mut |engine, f| match otherwise {
                    Some(otherwise) => engine.eval(f, otherwise, want),
                    None => Ok(Val::unit()),
                });
                let fails = |way: &Way| matches!(way.result, Err(Div { fail: true }));
                let span = f.body.expr_span(cond);
                let bounded = match (fails(&first), fails(&second)) {
                    (true, false) => self.assume(&sym, false, span),
                    (false, true) => self.assume(&sym, true, span),
                    _ => {
                        self.observe_branch(&sym, &[&first, &second]);
                        false
                    }
                };
                if bounded {
                    let taint = Sym { loads: sym.loads.clone(), quiet: sym.loads.clone(), ..Sym::default() };
                    self.taint_exits(f, if fails(&first) { &first } else { &second }, &taint);
                }
                if let Some(value) = self.absent_default(&sym, &first, &second) {
                    let ways = vec![first, second];
                    self.merge_ways(f, ways)?;
                    return Ok(value);
                }
                self.merge_ways(f, vec![first, second])
            }
        }
    }

    /// `if let Some(x) = loaded { x } else { 0 }`: the default of an absent value, not an observation.
    pub(super) fn absent_default(&mut self, scrutinee: &Sym, some: &Way, none: &Way) -> Option<Val> {
        let delta = scrutinee.delta.as_ref().filter(|delta| delta.option)?;
        let (Ok(some), Ok(none)) = (&some.result, &none.result) else { return None };
        let (Kind::Sym(inner), Kind::Sym(default)) = (&some.kind, &none.kind) else { return None };
        let default = default.constant()?.clone();
        let inner_delta = inner.delta.as_ref()?;
        if inner_delta.load != delta.load || inner_delta.op.is_some() || inner_delta.default.is_some() {
            return None;
        }
        let mut with_default = inner_delta.as_ref().clone();
        with_default.default = Some(default.clone());
        let value = inner.single().map(|term| match super::memory::is_present(term) {
            true => term.clone(),
            false => Term::Coalesce(vec![term.clone(), Term::Const(default)]),
        });
        let terms = value.into_iter().filter(|term| term.size() <= super::value::MAX_TERM_SIZE).collect();
        let sym = Sym { delta: Some(Rc::new(with_default)), terms, ..inner.as_ref().clone() };
        Some(Val::sym(some.ty.clone(), sym))
    }

    /// Marks what a branch decides by, unless it only supplies the default of an absent value.
    pub(super) fn observe_branch(&mut self, sym: &Rc<Sym>, ways: &[&Way]) {
        if let [first, second] = ways {
            if self.absent_default(sym, first, second).is_some() {
                return;
            }
        }
        self.observe_sym(sym);
    }

    pub(super) fn observe_sym(&mut self, sym: &Sym) {
        self.rec.observe(&sym.loads);
    }

    pub(super) fn observe_value(&mut self, value: &Val) {
        let loads = self.loads_of(value);
        self.rec.observe(&loads);
    }

    /// Failing when a value is absent is no observation of the value.
    pub(super) fn observe_unless_presence(&mut self, value: &Val) {
        if let Kind::Sym(sym) = &value.kind {
            // Absent, or (for a checked sum) out of bounds: a bound of the delta.
            if sym.delta.as_ref().is_some_and(|delta| delta.option) {
                return;
            }
        }
        self.observe_value(value);
    }

    /// Evaluates a condition; `let` under `&&` binds.
    pub(super) fn cond(&mut self, f: &mut Frame, e: ExprId) -> Result<Truth, Div> {
        let body = f.body.clone();
        match body.expr(e) {
            Expr::Let(pat, value) => {
                let hint = self.pattern_ty(f, *pat);
                let value = self.eval_scrutinee(f, *value, &hint, &[*pat])?;
                let outcome = self.test_pattern(f, *pat, &value);
                match outcome {
                    super::pattern::Match::No => Ok(Truth::False),
                    super::pattern::Match::Yes => {
                        self.bind(f, *pat, value);
                        Ok(Truth::True)
                    }
                    super::pattern::Match::Maybe => {
                        let mut sym = self.whole_sym(&value);
                        let presence = self.presence_of(&value, *pat, f);
                        sym.cond = presence;
                        self.bind(f, *pat, value);
                        Ok(Truth::Maybe(Rc::new(sym)))
                    }
                }
            }
            Expr::Binary(op @ (BinOp::And | BinOp::Or), a, b) => {
                let is_and = *op == BinOp::And;
                let left = self.cond(f, *a)?;
                match (left, is_and) {
                    (Truth::False, true) => Ok(Truth::False),
                    (Truth::True, false) => Ok(Truth::True),
                    (Truth::True, true) | (Truth::False, false) => self.cond(f, *b),
                    (Truth::Maybe(left), _) => {
                        // The right side may not run: what it changes is joined with the state before it.
                        let mark = self.store.mark();
                        let early = f.early_exits;
                        self.conditions += 1;
                        let right = self.cond(f, *b);
                        self.conditions -= 1;
                        if f.early_exits > early {
                            self.more_conditions(f);
                        }
                        let changes = self.store.changes(mark);
                        self.store.rollback(mark);
                        let right = match right {
                            Ok(right) => right,
                            Err(_) => return Ok(Truth::Maybe(Rc::new(left.widened()))),
                        };
                        self.store.join(vec![changes, Changes::default()]);
                        let right = match right {
                            Truth::True => Rc::new(Sym::term(Term::Const(Const::Bool(true)))),
                            Truth::False if is_and => return Ok(Truth::False),
                            Truth::False => Rc::new(Sym::term(Term::Const(Const::Bool(false)))),
                            Truth::Maybe(right) => right,
                        };
                        Ok(Truth::Maybe(Rc::new(both(is_and, &left, &right))))
                    }
                }
            }
            Expr::Unary(UnOp::Not, inner) => Ok(match self.cond(f, *inner)? {
                Truth::True => Truth::False,
                Truth::False => Truth::True,
                Truth::Maybe(sym) => Truth::Maybe(Rc::new(negated(&sym))),
            }),
            _ => {
                let value = self.eval(f, e, &Ty::bool())?;
                let value = self.settle(value);
                Ok(match value.as_bool() {
                    Some(true) => Truth::True,
                    Some(false) => Truth::False,
                    None => Truth::Maybe(Rc::new(self.whole_sym(&value))),
                })
            }
        }
    }

    pub(super) fn eval_match(
        &mut self,
        f: &mut Frame,
        scrutinee: ExprId,
        arms: &[crate::ir::hir::Arm],
        want: &Ty,
    ) -> Ev {
        let hint =
            arms.iter().map(|arm| self.pattern_ty(f, arm.pat)).find(|ty| !ty.is_unknown()).unwrap_or(Ty::Unknown);
        let patterns: Vec<PatId> = arms.iter().map(|arm| arm.pat).collect();
        let value = self.eval_scrutinee(f, scrutinee, &hint, &patterns)?;
        let value = self.refine(value);
        let span = f.body.expr_span(scrutinee);
        let mut ways: Vec<Way> = Vec::new();
        let mut guards_open = false;
        for arm in arms {
            let outcome = self.test_pattern(f, arm.pat, &value);
            if matches!(outcome, super::pattern::Match::No) {
                continue;
            }
            let mut decided = matches!(outcome, super::pattern::Match::Yes);
            let mut skipped = false;
            let (pat, guard, result) = (arm.pat, arm.guard, arm.body);
            let matched = value.clone();
            let mut sure = true;
            let way = self.way(f, &mut |engine, f| {
                engine.bind(f, pat, matched.clone());
                if let Some(guard) = guard {
                    match engine.cond(f, guard)? {
                        Truth::False => {
                            skipped = true;
                            return Err(Div { fail: true });
                        }
                        Truth::True => {}
                        Truth::Maybe(sym) => {
                            engine.observe_sym(&sym);
                            sure = false;
                        }
                    }
                }
                engine.eval(f, result, want)
            });
            if skipped {
                // The guard's own accesses stay recorded; its arm is not taken.
                continue;
            }
            if !sure {
                decided = false;
                guards_open = true;
            }
            ways.push(way);
            if decided {
                break;
            }
        }
        if ways.is_empty() {
            // No arm can match as far as we see: the value was not understood. Take nothing for granted.
            self.observe_value(&value);
            return Ok(Val::any(want.clone()));
        }
        if ways.len() == 1 && !guards_open {
            return self.merge_ways(f, ways);
        }
        let sym = Rc::new(self.whole_sym(&value));
        // An arm whose value is an error counts as failing; the error remembers what it was decided by, so that code
        // that goes on after catching it counts as an observer.
        let mut failing = 0;
        let by_variant = self.is_result(&value.ty) && arms.iter().all(|arm| is_plain_pattern(&f.body, arm.pat));
        let decided_by = self.decided_by(&value, &sym, by_variant);
        for way in &mut ways {
            match &way.result {
                Err(Div { fail: true }) => {
                    failing += 1;
                    self.taint_exits(f, way, &decided_by);
                }
                Ok(result) if self.is_failure(result) => {
                    failing += 1;
                    let result = result.clone();
                    way.result = Ok(self.tainted(&result, &decided_by));
                }
                _ => {}
            }
        }
        if ways.len() == 2 && !guards_open {
            for (some, none) in [(0, 1), (1, 0)] {
                if let Some(result) = self.absent_default(&sym, &ways[some], &ways[none]) {
                    self.merge_ways(f, ways)?;
                    return Ok(result);
                }
            }
        }
        if failing + 1 == ways.len() && failing > 0 && !guards_open {
            if !(by_variant && matches!(value.kind, Kind::Enum(_))) {
                self.observe_unless_presence(&value);
            }
            self.presence_guard(&sym, span);
        } else {
            self.observe_value(&value);
        }
        self.merge_ways(f, ways)
    }

    /// A scrutinee: a place keeps being one, so that bindings may refer into it.
    pub(super) fn eval_scrutinee(&mut self, f: &mut Frame, e: ExprId, hint: &Ty, patterns: &[PatId]) -> Ev {
        let value = match patterns.iter().any(|pat| super::pattern::lends(&f.body, *pat)) {
            true => self.lent_place(f, e, hint)?,
            false => self.eval(f, e, hint)?,
        };
        Ok(match &value.kind {
            Kind::Ref(_) => value,
            _ => value.retyped_if_unknown(hint),
        })
    }

    /// What an error that a failing arm makes depends on.
    fn decided_by(&mut self, value: &Val, sym: &Sym, by_variant: bool) -> Sym {
        match &value.kind {
            // Which variant this is was decided where it was made; the error remembers by what.
            Kind::Enum(alts) if by_variant => {
                let bad: Vec<Alt> = alts.iter().filter(|alt| alt.variant == self.known.err).cloned().collect();
                let bad = Val { ty: value.ty.clone(), kind: Kind::Enum(Rc::new(bad)) };
                self.taint_of(&bad)
            }
            // Absent or out of bounds: part of the delta.
            Kind::Sym(known) if known.delta.as_ref().is_some_and(|delta| delta.option) => {
                Sym { loads: sym.loads.clone(), quiet: sym.loads.clone(), ..Sym::default() }
            }
            _ => sym.widened(),
        }
    }
}

/// A pattern that looks at the variant and no further.
fn is_plain_pattern(body: &Body, pat: PatId) -> bool {
    let open = |pat: &PatId| matches!(body.pat(*pat), Pat::Wild | Pat::Bind(_, _, None));
    match body.pat(pat) {
        Pat::Wild | Pat::Bind(_, _, None) => true,
        Pat::TupleStruct(_, before, after) => before.iter().chain(after.iter().flatten()).all(open),
        _ => false,
    }
}
