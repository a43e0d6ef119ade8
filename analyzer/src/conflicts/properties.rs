//! Properties over random footprints and random calls: what a verdict denies never happens.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use super::condition::{Atom, Condition, Conj, First};
use super::evaluate::{Call, StateLine, World};
use super::samples::*;
use super::*;
use crate::chains;
use crate::ir::*;
use crate::manifest::{self, Manifest, v1};
use crate::random;

/// All choices come from one number.
struct Rng(random::Rng);

impl Rng {
    fn new(seed: u64) -> Rng {
        Rng(random::Rng::new(seed))
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0.below(bound as u64) as usize
    }

    fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}

const NAMES: [&str; 3] = ["alice", "bob", "carol"];

fn element(field: &str, id: u32) -> Term {
    Term::Arg(vec![Step::Field("members".into()), Step::Elem(id), Step::Field(field.into())])
}

/// A term for a key component of an address (`names`) or a number.
fn random_term(rng: &mut Rng, names: bool, config: CellId, depth: usize) -> Term {
    let plain = |rng: &mut Rng| match (names, rng.below(4)) {
        (true, 0) => Term::Caller,
        (true, 1) => Term::text(rng.pick(&NAMES)),
        (true, 2) => element("addr", rng.below(2) as u32),
        (true, _) => term("to"),
        (false, 0) => Term::Const(Const::Int(rng.below(3) as i128)),
        (false, 1) => element("id", rng.below(2) as u32),
        (false, _) => term("n"),
    };
    match rng.below(14) {
        0 => Term::Any,
        1 if names => Term::SelfAddr,
        2 if names => load(config, &[], "owner"),
        3 if names => Term::Coalesce(vec![term("maybe?"), plain(rng)]),
        4 if names => term("maybe?"),
        5 if depth > 0 => {
            let injective = rng.below(2) == 0;
            let name = if injective { "hash" } else { "fold" };
            let of = (0..1 + rng.below(2)).map(|_| random_term(rng, names, config, depth - 1)).collect();
            Term::Fn { name: name.into(), of, injective }
        }
        6 => Term::Env { name: "block.height".into(), scope: rng.pick(&[EnvScope::Block, EnvScope::Call]) },
        7 if names => {
            let of = vec![Term::text(rng.pick(&["a", "ab", "ali"])), term("to")];
            Term::Fn { name: "concat".into(), of, injective: false }
        }
        _ => plain(rng),
    }
}

fn random_access(rng: &mut Rng, cells: &[(CellId, Vec<bool>)], config: CellId) -> Access {
    let (cell, kinds) = rng.pick(cells);
    let mut key: Vec<Term> = kinds.iter().map(|names| random_term(rng, *names, config, 1)).collect();
    if !key.is_empty() && rng.below(6) == 0 {
        key.truncate(rng.below(key.len()));
        if rng.below(2) == 0 {
            key.push(Term::Prefix(Vec::new()));
        }
    }
    let mut access = access(rng.pick(&chains::MODES), cell, key);
    if access.mode == Mode::Commute {
        let default = rng.pick(&[None, Some(Const::Int(0))]);
        access.op = Some(Op { group: rng.pick(&[OpGroup::Add, OpGroup::Max]), name: "add".into(), default });
        if rng.below(3) == 0 {
            access.bounds.push(Bound { side: Side::Lower, limit: Term::Const(Const::Int(0)) });
        }
    }
    access.field = rng.pick(&[None, None, Some("x".into()), Some("x.y".into()), Some("z".into())]);
    access.keeps_presence = rng.below(3) == 0;
    if rng.below(10) == 0 {
        access.at = Some(term("to"));
    }
    access
}

fn random_contract(rng: &mut Rng) -> Contract {
    let mut contract = Builder::new("c", "keyed");
    let owner = Type::Struct("Config".into(), vec![("owner".into(), address())]);
    let config = contract.cell("CONFIG", &[], owner);
    let mut cells = vec![(config, Vec::new())];
    for (name, kinds) in [("A", vec![true]), ("B", vec![true, false]), ("C", vec![true]), ("D", vec![false])] {
        let types: Vec<Type> = kinds.iter().map(|names| if *names { address() } else { Type::Uint(64) }).collect();
        let cell = contract.cell(name, &types, Type::Opaque("V".into()));
        cells.push((cell, kinds));
        let unit = match rng.below(8) {
            0 => ("key", "shared"),
            1 => ("entry", "whole"),
            _ => ("key", "own"),
        };
        contract.cell_mut(cell).unit = Unit { kind: unit.0.into(), id: unit.1.into() };
        contract.cell_mut(cell).global = name == "C" && rng.below(2) == 0;
    }
    if rng.below(4) == 0 {
        // Another name of one namespace.
        contract.cell_mut(CellId(3)).storage.prefix = Some(b"a".to_vec());
    }
    let member = Type::Struct("Member".into(), vec![("addr".into(), address()), ("id".into(), Type::Uint(64))]);
    let params = [
        ("to", address()),
        ("n", Type::Uint(64)),
        ("maybe", Type::Option(Box::new(address()))),
        ("members", Type::List(Box::new(member))),
    ];
    for entry in 0..3 {
        let mut accesses: Vec<Access> = (0..1 + rng.below(3)).map(|_| random_access(rng, &cells, config)).collect();
        // Every load comes with its read.
        let mut loads = false;
        for access in &accesses {
            for part in access.key.iter().chain(&access.at) {
                part.walk(&mut |term| loads |= matches!(term, Term::Load { .. }));
            }
        }
        if loads {
            accesses.push(touch(Mode::Read, config, &[]));
        }
        contract.entry(&format!("e{entry}"), &params, accesses);
    }
    contract.finish()
}

fn random_call(rng: &mut Rng, id: usize) -> Call {
    let name = |rng: &mut Rng| {
        let name = rng.pick(&NAMES);
        if rng.below(4) == 0 { name.to_uppercase() } else { name.to_owned() }
    };
    let number = |rng: &mut Rng| {
        let n = rng.below(3);
        rng.pick(&[json!(n), json!(n.to_string()), json!(format!("0{n}"))])
    };
    let mut args = Map::new();
    args.insert("to".into(), json!(name(rng)));
    args.insert("n".into(), number(rng));
    if rng.below(2) == 0 {
        args.insert("maybe".into(), json!(name(rng)));
    }
    let members: Vec<Json> = (0..rng.below(3)).map(|_| json!({ "addr": name(rng), "id": number(rng) })).collect();
    args.insert("members".into(), Json::Array(members));
    Call {
        id: id.to_string(),
        address: Some(rng.pick(&["c1", "c1", "c2"]).to_owned()),
        entry: format!("e{}", rng.below(3)),
        caller: Some(name(rng)),
        args,
        ..Call::default()
    }
}

fn pair<'a>(wire: &'a v1::Contract, a: &Call, b: &Call) -> Option<&'a v1::Conflict> {
    wire.conflicts
        .iter()
        .find(|pair| (pair.a == a.entry && pair.b == b.entry) || (pair.a == b.entry && pair.b == a.entry))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Two calls whose condition is false never have conflicting accesses.
    #[test]
    fn a_false_condition_means_no_conflict_unsound(seed in any::<u64>()) {
        let mut rng = Rng::new(seed);
        let contract = random_contract(&mut rng);
        for chain in chains::all() {
            let verdicts = analyse(&contract, chain, Scope::Own);
            let wire = manifest::contract_with(&contract, chain, &verdicts, None);
            let manifest = Manifest { version: 1, tool: String::new(), contracts: vec![wire] };
            let mut world = World::new(&manifest);
            prop_assert_eq!(&world.chain.id, &chain.id);
            world.state = ["c1", "c2"].map(|address| StateLine {
                address: address.into(), cell: "CONFIG".into(), key: vec![], value: json!({ "owner": "alice" }),
            }).to_vec();
            for id in 0..6 {
                let calls = [random_call(&mut rng, id), random_call(&mut rng, id + 100)];
                let prints: Vec<_> = world.evaluate(&calls).into_iter().map(|print| print.unwrap()).collect();
                if !world.conflict(&prints[0], &prints[1]) {
                    continue;
                }
                let found = pair(&manifest.contracts[0], &calls[0], &calls[1]);
                prop_assert!(found.is_some(), "{}: no verdict, but {:?} and {:?} conflict", chain.id, calls[0], calls[1]);
                let Some(found) = found else { continue };
                let straight = found.a == calls[0].entry;
                let (a, b) = if straight { (&calls[0], &calls[1]) } else { (&calls[1], &calls[0]) };
                prop_assert_eq!(
                    world.holds(found, a, b, straight), Some(true),
                    "{}: {:?} is false, but {:?} and {:?} conflict: {:?} {:?}",
                    chain.id, found, calls[0], calls[1], prints[0], prints[1]
                );
            }
        }
    }

    /// Classes are upper bounds: calls of a parallel entry point never conflict with each other.
    #[test]
    fn a_parallel_class_means_no_conflict_unsound(seed in any::<u64>()) {
        let mut rng = Rng::new(seed);
        let contract = random_contract(&mut rng);
        let chain = rng.pick(&["keyed", "occ", "merge"]);
        let manifest = manifest::build(
            &crate::Analysis { contracts: vec![contract], ..Default::default() },
            &manifest::BuildOptions { chain: Some(chain.into()), ..Default::default() },
        );
        let world = World::new(&manifest);
        for id in 0..8 {
            let mut calls = [random_call(&mut rng, id), random_call(&mut rng, id + 100)];
            calls[1].entry = calls[0].entry.clone();
            let entry = manifest.contracts[0].entries.iter().find(|entry| entry.name == calls[0].entry).unwrap();
            if entry.class.kind == v1::ClassKind::Parallel {
                let prints: Vec<_> = world.evaluate(&calls).into_iter().map(|print| print.unwrap()).collect();
                prop_assert!(!world.conflict(&prints[0], &prints[1]));
            }
        }
    }

    /// Simplification, and dropping atoms beyond the limit, only makes a condition hold more often; within the limit it
    /// changes nothing.
    #[test]
    fn simplification_only_grows_a_condition_unsound(seed in any::<u64>(), many in 1usize..160) {
        let mut rng = Rng::new(seed);
        let names = ["p", "q", "r", "s", "t", "u", "v", "w", "x", "y"];
        let mut condition = Condition::never();
        for _ in 0..many {
            let atoms: Vec<Atom> = (0..1 + rng.below(3))
                .map(|_| Atom { left: term(rng.pick(&names)), right: term(rng.pick(&names)) })
                .collect();
            let order = rng.pick(&[None, Some(First::A), Some(First::B)]);
            condition.0.push(Conj { atoms, order, anywhere: rng.below(4) == 0 });
        }
        let before = condition.clone();
        condition.simplify();
        prop_assert!(condition.0.iter().filter(|conj| conj.atoms.len() > 1).count() <= condition::LIMIT);
        let mut written = condition.clone();
        written.limit();
        prop_assert!(written.0.len() <= condition::LIMIT);
        let mut exact = before.clone();
        exact.0.truncate(20);
        let small = exact.clone();
        exact.simplify();
        for _ in 0..50 {
            let mut truth: BTreeMap<Atom, bool> = BTreeMap::new();
            for atom in before.0.iter().flat_map(|conj| &conj.atoms) {
                let value = rng.below(3) > 0;
                truth.entry(atom.clone()).or_insert(value);
            }
            let (first, one) = (rng.pick(&[First::A, First::B]), rng.below(2) == 0);
            let holds = |condition: &Condition| condition.0.iter().any(|conj| {
                (conj.anywhere || one) && conj.order.is_none_or(|order| order == first)
                    && conj.atoms.iter().all(|atom| truth[atom])
            });
            prop_assert!(!holds(&before) || holds(&condition));
            prop_assert!(!holds(&condition) || holds(&written));
            prop_assert_eq!(holds(&small), holds(&exact));
        }
    }
}

/// Random batches through the scheduler's own evaluation: it may find more conflicts than the reference, never fewer.
#[cfg(feature = "schedule")]
mod scheduler {
    use super::*;
    use crate::schedule::{self, BatchBuilder, CallLine, Evaluator, EvaluatorOptions, Limits, Order, State, conflicts};

    proptest! {
        #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_scheduler_finds_every_conflict_unsound(seed in any::<u64>()) {
            let mut rng = Rng::new(seed);
            let contract = random_contract(&mut rng);
            let chain = &chains::all()[rng.below(7)];
            let options = manifest::BuildOptions { chain: Some(chain.id.clone()), ..Default::default() };
            let analysis = crate::Analysis { contracts: vec![contract], ..Default::default() };
            let manifest = manifest::build(&analysis, &options);
            let mut world = World::new(&manifest);
            let evaluator = Evaluator::new(std::slice::from_ref(&manifest), &EvaluatorOptions::default()).unwrap();
            let mut state = State::new();
            for address in ["c1", "c2"] {
                let line = json!({ "address": address, "cell": "CONFIG", "key": [], "value": { "owner": "alice" } });
                world.state.push(serde_json::from_value(line.clone()).unwrap());
                evaluator.add_state(&serde_json::from_value(line).unwrap(), &mut state).unwrap();
            }
            let calls: Vec<Call> = (0..8).map(|id| random_call(&mut rng, id)).collect();
            let prints: Vec<_> = world.evaluate(&calls).into_iter().map(|print| print.unwrap()).collect();
            let mut builder = BatchBuilder::new(&evaluator, &state, Order::Preserve, Limits::default());
            for call in &calls {
                let line = json!({
                    "id": call.id, "address": call.address, "entry": call.entry, "caller": call.caller, "args": call.args,
                })
                .to_string();
                let mut decoded = schedule::Call::default();
                evaluator.decode(&CallLine::parse(&line).unwrap(), &mut decoded).unwrap();
                builder.push(&decoded, 1, false).unwrap();
            }
            let batch = builder.finish().unwrap();
            for (i, j) in world.conflicts(&prints) {
                let found = batch.call(i).any(|x| {
                    batch.call(j).any(|y| x.unit == y.unit && conflicts(batch.rule(), x.class, y.class))
                });
                prop_assert!(found, "{}: {:?} and {:?}", chain.id, calls[i], calls[j]);
            }
        }
    }
}
