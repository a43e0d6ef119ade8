//! The engine against an interpreter: random small programs run concretely, and every access they make has to be in the
//! footprint that the engine states for them, at the arguments and the state of the run. What is stated as a delta that nobody
//! observes is changed in the initial state: nothing but that value may differ afterwards.
//!
//! `INTERPRETER_PROGRAMS=100000 cargo test --release -p crosslane-analyzer --test interpreter` runs many; `INTERPRETER_SEED` picks others.

#[path = "../common/mod.rs"]
mod common;
mod native;
mod probes;
mod program;
mod run;

use std::collections::BTreeMap;

use common::analyse_text;
use crosslane_analyzer::ir::{Access, CellId, Certainty, Const, Contract, Entry, Mode, Step, Term};
use program::{Program, Rng, S};
use run::{Args, Did, State, Trace};

/// Programs analysed together.
const BATCH: u64 = 100;

/// A value of a term at a run.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Value {
    Is(u64),
    Absent,
    Any,
}

type Chosen = BTreeMap<u32, usize>;

struct Check<'a> {
    cells: BTreeMap<CellId, usize>,
    entry: &'a Entry,
    args: &'a Args,
    state: &'a State,
}

/// An access at a run: cell, known components, whether the key is open behind them.
struct Place<'a> {
    access: &'a Access,
    cell: usize,
    key: Vec<Value>,
}

impl Check<'_> {
    fn term(&self, term: &Term, chosen: &Chosen) -> Vec<(Value, Chosen)> {
        let one = |value| vec![(value, chosen.clone())];
        match term {
            Term::Const(Const::Int(value)) => one(u64::try_from(*value).map_or(Value::Any, Value::Is)),
            Term::Arg(path) => self.argument(path, chosen),
            Term::Load { cell, key, .. } => {
                let Some(&cell) = self.cells.get(cell) else { return one(Value::Any) };
                let mut out = Vec::new();
                for (key, chosen) in self.keys(key, chosen) {
                    let known: Option<Vec<u64>> =
                        key.iter().map(|part| if let Value::Is(value) = part { Some(*value) } else { None }).collect();
                    let value = match known {
                        Some(key) => self.state.get(&(cell, key)).map_or(Value::Absent, |value| Value::Is(*value)),
                        None => Value::Any,
                    };
                    out.push((value, chosen));
                }
                out
            }
            Term::Coalesce(parts) => {
                let mut out = Vec::new();
                for part in parts {
                    let values = self.term(part, chosen);
                    let settled = values.iter().all(|(value, _)| matches!(value, Value::Is(_)));
                    out.extend(values.into_iter().filter(|(value, _)| *value != Value::Absent));
                    if settled {
                        break;
                    }
                }
                out
            }
            Term::Fn { name, of, .. } if name == "add" && of.len() == 2 => {
                let mut out = Vec::new();
                for (a, chosen) in self.term(&of[0], chosen) {
                    for (b, chosen) in self.term(&of[1], &chosen) {
                        let value = match (a, b) {
                            (Value::Is(a), Value::Is(b)) => Value::Is(a + b),
                            (Value::Absent, _) | (_, Value::Absent) => continue,
                            _ => Value::Any,
                        };
                        out.push((value, chosen));
                    }
                }
                out
            }
            _ => one(Value::Any),
        }
    }

    fn argument(&self, path: &[Step], chosen: &Chosen) -> Vec<(Value, Chosen)> {
        let one = |value| vec![(value, chosen.clone())];
        match path {
            [Step::Field(name)] if name == "n" => one(Value::Is(self.args.n)),
            [Step::Field(name)] if name == "k" => one(Value::Is(self.args.k)),
            [Step::Field(name)] if name == "opt" => one(self.args.opt.map_or(Value::Absent, Value::Is)),
            [Step::Field(name), Step::Some] if name == "opt" => {
                self.args.opt.map(|value| (Value::Is(value), chosen.clone())).into_iter().collect()
            }
            [Step::Field(name), Step::Elem(id)] if name == "list" => {
                let mut out = Vec::new();
                for (at, value) in self.args.list.iter().enumerate() {
                    let mut chosen = chosen.clone();
                    if *chosen.entry(*id).or_insert(at) == at {
                        out.push((Value::Is(*value), chosen));
                    }
                }
                out
            }
            _ => one(Value::Any),
        }
    }

    fn keys(&self, key: &[Term], chosen: &Chosen) -> Vec<(Vec<Value>, Chosen)> {
        let mut rows = vec![(Vec::new(), chosen.clone())];
        for term in key {
            if let Term::Prefix(_) = term {
                break;
            }
            let mut next = Vec::new();
            for (parts, chosen) in &rows {
                for (value, chosen) in self.term(term, chosen) {
                    let mut parts = parts.clone();
                    parts.push(value);
                    next.push((parts, chosen));
                }
            }
            rows = next;
        }
        rows
    }

    fn places(&self) -> Vec<Place<'_>> {
        let mut out = Vec::new();
        for access in &self.entry.accesses {
            let Some(&cell) = self.cells.get(&access.cell) else { continue };
            for (key, _) in self.keys(&access.key, &Chosen::new()) {
                out.push(Place { access, cell, key });
            }
        }
        out
    }
}

impl Place<'_> {
    fn holds(&self, cell: usize, key: &[u64]) -> bool {
        self.cell == cell
            && self.key.iter().zip(key).all(|(part, value)| match part {
                Value::Is(part) => part == value,
                Value::Any => true,
                Value::Absent => false,
            })
    }
}

/// What is wrong with a footprint at a run, if anything.
fn violation(
    again: &dyn Fn(&State) -> Option<Trace>,
    contract: &Contract,
    entry: &Entry,
    args: &Args,
    state: &State,
    trace: &Trace,
) -> Option<String> {
    if !entry.unknowns.is_empty() {
        return None;
    }
    let mut cells = BTreeMap::new();
    for (at, cell) in contract.cells.iter().enumerate() {
        let known =
            ["a", "b", "m", "n"].iter().position(|name| cell.storage.prefix.as_deref() == Some(name.as_bytes()));
        if let Some(known) = known {
            cells.insert(CellId(at as u32), known);
        }
    }
    let check = Check { cells, entry, args, state };
    let places = check.places();
    let mut observed: Vec<(usize, Vec<u64>)> = Vec::new();
    for (did, cell, key) in &trace.accesses {
        let before = state.get(&(*cell, key.clone()));
        let covered = places.iter().filter(|place| place.holds(*cell, key)).any(|place| match did {
            Did::Get => {
                matches!(
                    place.access.mode,
                    Mode::Read | Mode::Probe | Mode::Update | Mode::Commute | Mode::Scan | Mode::Rewrite
                )
            }
            Did::Set => match place.access.mode {
                Mode::Write | Mode::Update | Mode::Commute => true,
                Mode::Rewrite => trace.state.as_ref().is_none_or(|after| after.get(&(*cell, key.clone())) == before),
                _ => false,
            },
            Did::Remove => matches!(place.access.mode, Mode::Delete | Mode::Write | Mode::Update),
        });
        // The host undoes what a failing call wrote.
        if !covered && (*did == Did::Get || trace.state.is_some()) {
            return Some(format!("{did:?} {cell} {key:?} is not covered"));
        }
        if !observed.contains(&(*cell, key.clone())) {
            observed.push((*cell, key.clone()));
        }
    }
    let after = trace.state.as_ref()?;
    for (cell, key) in &observed {
        let at = (*cell, key.clone());
        if state.contains_key(&at) != after.contains_key(&at) {
            let free = places.iter().any(|place| {
                place.holds(*cell, key)
                    && !place.access.keeps_presence
                    && !matches!(place.access.mode, Mode::Read | Mode::Probe | Mode::Scan)
            });
            if !free {
                return Some(format!("presence of {cell} {key:?} changes"));
            }
        }
    }
    for place in &places {
        let whole: Option<Vec<u64>> =
            place.key.iter().map(|part| if let Value::Is(value) = part { Some(*value) } else { None }).collect();
        let Some(key) = whole else { continue };
        let writes = matches!(place.access.mode, Mode::Write | Mode::Update | Mode::Commute | Mode::Delete);
        let lists = place.access.key.iter().any(|term| {
            let mut found = false;
            term.walk(&mut |term| found |= matches!(term, Term::Arg(path) if path.len() > 1));
            found
        });
        let alone = places.iter().filter(|other| std::ptr::eq(other.access, place.access)).count() == 1;
        if writes && alone && place.access.certainty == Certainty::Always && !lists {
            let done = trace.accesses.iter().any(|(did, cell, other)| {
                (*did != Did::Get || place.access.mode == Mode::Update) && *cell == place.cell && *other == key
            });
            if !done {
                return Some(format!("{:?} {} {key:?} is said to be always done", place.access.mode, place.cell));
            }
        }
    }
    // Deltas: shift the value that the call starts with.
    for (cell, key) in &observed {
        let at = (*cell, key.clone());
        let here: Vec<&Place> = places.iter().filter(|place| place.holds(*cell, key)).collect();
        if here.is_empty() || here.iter().any(|place| place.access.mode != Mode::Commute) || !state.contains_key(&at) {
            continue;
        }
        let mut other = state.clone();
        *other.get_mut(&at)? += 1000;
        let again = again(&other)?;
        let bounded = here.iter().any(|place| !place.access.bounds.is_empty());
        let Some(end) = &again.state else {
            if bounded {
                continue;
            }
            return Some(format!("a delta of {cell} {key:?} is observed: the call fails with another value"));
        };
        let mut expected = after.clone();
        match expected.get_mut(&at) {
            Some(value) => *value += 1000,
            None => return Some(format!("a delta of {cell} {key:?} removes")),
        }
        if *end != expected || again.seen != trace.seen {
            return Some(format!(
                "a delta of {cell} {key:?} is observed: {after:?} {:?} and {end:?} {:?}",
                trace.seen, again.seen
            ));
        }
    }
    None
}

fn random_args(rng: &mut Rng) -> Args {
    Args {
        n: rng.below(5) as u64,
        k: rng.below(5) as u64,
        flag: rng.below(2) == 0,
        opt: if rng.below(2) == 0 { None } else { Some(rng.below(5) as u64) },
        list: (0..rng.below(4)).map(|_| rng.below(5) as u64).collect(),
    }
}

fn random_state(rng: &mut Rng) -> State {
    let mut state = State::new();
    let often = 30 + rng.below(70);
    for x in 0..6 {
        if rng.below(100) < often {
            state.insert((2, vec![x]), rng.below(6) as u64);
        }
        for y in 0..6 {
            if rng.below(100) < often {
                state.insert((3, vec![x, y]), rng.below(6) as u64);
            }
        }
    }
    for item in 0..2 {
        if rng.below(100) < often.max(60) {
            state.insert((item, Vec::new()), rng.below(6) as u64);
        }
    }
    state
}

/// Violations of programs at some runs each: number and what.
fn judge(programs: &[Program], seeds: &[u64], counts: &mut [usize; 3]) -> Vec<(usize, String)> {
    let analysis = analyse_text(&program::text(programs));
    let Some(contract) = analysis.contracts.first() else { return vec![(0, "no contract".to_owned())] };
    let mut found = Vec::new();
    'programs: for (number, program) in programs.iter().enumerate() {
        let name = format!("execute::go{number}");
        let Some(entry) = contract.entries.iter().find(|entry| entry.name == name) else {
            found.push((number, "no entry point".to_owned()));
            continue;
        };
        counts[0] += usize::from(!entry.unknowns.is_empty());
        let mut rng = Rng(seeds[number] | 1);
        for _ in 0..8 {
            let (args, state) = (random_args(&mut rng), random_state(&mut rng));
            let Some(trace) = run::run(program, &args, &state) else { continue };
            counts[1] += 1;
            counts[2] += usize::from(trace.state.is_some());
            let again = |state: &State| run::run(program, &args, state);
            if let Some(what) = violation(&again, contract, entry, &args, &state, &trace) {
                found.push((number, format!("{what}\nwith {args:?}\nat {state:?}")));
                continue 'programs;
            }
        }
    }
    found
}

/// All programs with one statement less.
fn smaller(body: &[S]) -> Vec<Vec<S>> {
    let mut out = Vec::new();
    for at in 0..body.len() {
        let mut less = body.to_vec();
        less.remove(at);
        out.push(less);
        let mut with = |inner: &[S], make: &dyn Fn(Vec<S>) -> S| {
            for less in smaller(inner) {
                let mut whole = body.to_vec();
                whole[at] = make(less);
                out.push(whole);
            }
            let mut flat = body[..at].to_vec();
            flat.extend(inner.iter().cloned());
            flat.extend(body[at + 1..].iter().cloned());
            out.push(flat);
        };
        match &body[at] {
            S::If(cond, then, otherwise) => {
                with(then, &|then| S::If(cond.clone(), then, otherwise.clone()));
                with(otherwise, &|otherwise| S::If(cond.clone(), then.clone(), otherwise));
            }
            S::IfLet(var, inner) => with(inner, &|inner| S::IfLet(*var, inner)),
            S::ForList(var, inner) => with(inner, &|inner| S::ForList(*var, inner)),
            S::ForRange(var, limit, inner) => with(inner, &|inner| S::ForRange(*var, *limit, inner)),
            S::While(var, limit, inner) => with(inner, &|inner| S::While(*var, *limit, inner)),
            S::Each(var, inner) => with(inner, &|inner| S::Each(*var, inner)),
            S::Over(over, of, a, b, inner) => with(inner, &|inner| S::Over(*over, *of, *a, *b, inner)),
            S::LetClosure(var, param, inner, result) => {
                with(inner, &|inner| S::LetClosure(*var, *param, inner, result.clone()));
            }
            _ => {}
        }
    }
    out
}

fn shrink(program: Program, seed: u64) -> (Program, String) {
    let fails = |program: &Program| {
        let judged = std::panic::catch_unwind(|| judge(std::slice::from_ref(program), &[seed], &mut [0; 3]));
        judged.ok().and_then(|found| found.into_iter().next()).map(|(_, what)| what)
    };
    let mut best = program;
    let mut what = fails(&best).unwrap_or_default();
    'again: loop {
        for body in smaller(&best.body) {
            let less = Program { body, ..best.clone() };
            if let Some(found) = fails(&less) {
                (best, what) = (less, found);
                continue 'again;
            }
        }
        for at in 0..best.helpers.len() {
            for body in smaller(&best.helpers[at].body) {
                let mut less = best.clone();
                less.helpers[at].body = body;
                if let Some(found) = fails(&less) {
                    (best, what) = (less, found);
                    continue 'again;
                }
            }
        }
        return (best, what);
    }
}

#[test]
fn concrete_runs_stay_within_the_abstraction_unsound() {
    let number =
        |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let programs = number("INTERPRETER_PROGRAMS", 1200);
    let first = number("INTERPRETER_SEED", 1);
    let mut counts = [0; 3];
    let mut found = Vec::new();
    let most = number("INTERPRETER_MOST", 5) as usize;
    let mut at = 0;
    while at < programs && found.len() < most {
        let batch: Vec<u64> = (at..programs.min(at + BATCH))
            .map(|at| (first.wrapping_mul(1_000_003) + at).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
            .collect();
        at += BATCH;
        let made: Vec<Program> = batch.iter().map(|seed| program::make(&mut Rng(*seed))).collect();
        for (number, _) in judge(&made, &batch, &mut counts).into_iter().take(most - found.len()) {
            std::panic::set_hook(Box::new(|_| {}));
            let (program, what) = shrink(made[number].clone(), batch[number]);
            let _ = std::panic::take_hook();
            let text = program::text(std::slice::from_ref(&program));
            let analysis = analyse_text(&text);
            let text = &text[text.find("mod p0").unwrap_or(0)..text.find("pub enum").unwrap_or(text.len())];
            found.push(format!("---- {what}\n{text}\n{}", common::lines(&analysis, "execute::go0").join("\n")));
        }
    }
    let [unknown, runs, succeeded] = counts;
    println!(
        "{programs} programs, {runs} runs, {succeeded} succeeded, {unknown} programs with an unknown, {} violations",
        found.len()
    );
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(unknown as u64 * 100 <= programs, "{unknown} programs with an unknown");
    assert!(succeeded * 4 > runs, "{succeeded} of {runs}");
}
