//! Published cases, written anew in `fixtures/literature/`, against what was published of them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{analyse_files, analyse_fixture, lines};
use crosslane_analyzer::Analysis;
use crosslane_analyzer::conflicts::{Scope, VerdictKind};
use crosslane_analyzer::ir::{Access, Contract, Entry, Mode, Term};
use std::collections::{BTreeMap, BTreeSet};

/// What CoSplit's signature of a transition demands (PLDI 2021, section 4), read off our footprint: fields that it has to
/// own as a whole if anybody of the selection writes them, or that it has no way to own.
#[derive(Debug, Default)]
struct Signature {
    /// Why no constraint can be satisfied.
    unsat: Option<String>,
    /// Cells without a key that are read and decide something, or flow somewhere.
    reads: BTreeSet<String>,
    /// Cells without a key that are overwritten.
    writes: BTreeSet<String>,
    /// Cells of which single entries are written.
    entries: BTreeSet<String>,
}

/// A key is describable if every part of it is a parameter; a value out of storage or a computed one is not.
fn from_parameters(term: &Term) -> bool {
    match term {
        Term::Arg(_) | Term::Caller | Term::SelfAddr => true,
        Term::Fn { of, injective, .. } => *injective && of.iter().all(from_parameters),
        _ => false,
    }
}

fn signature(contract: &Contract, entry: &Entry) -> Signature {
    let mut out = Signature::default();
    if let Some(unknown) = entry.unknowns.first() {
        out.unsat = Some(format!("unknown: {}", unknown.what));
    }
    for Access { cell, key, mode, .. } in &entry.accesses {
        let name = contract.cell(*cell).name.clone();
        if name == "<balance>" && key.iter().any(|part| *part != Term::SelfAddr) {
            if !key.iter().all(from_parameters) {
                out.unsat = Some("the recipient is no parameter".to_owned());
            }
            continue;
        }
        let whole = key.is_empty() || name == "<balance>";
        if !whole && !key.iter().all(from_parameters) {
            out.unsat = Some(format!("a key of {name} is no parameter"));
        }
        let (reads, writes) = match mode {
            Mode::Read | Mode::Probe | Mode::Scan => (true, false),
            Mode::Commute | Mode::Append => (false, false),
            Mode::Write | Mode::Delete => (false, true),
            _ => (true, true),
        };
        match (whole, writes) {
            (true, true) => drop(out.writes.insert(name.clone())),
            (false, true) => drop(out.entries.insert(name.clone())),
            _ => {}
        }
        if whole && reads {
            out.reads.insert(name);
        }
    }
    out
}

/// All maximal good-enough selections (definitions 5.1 to 5.3), largest first.
fn good_enough(signatures: &BTreeMap<String, Signature>) -> Vec<BTreeSet<String>> {
    let names: Vec<&String> = signatures.keys().collect();
    let good = |set: u32| -> bool {
        let chosen: Vec<&Signature> =
            (0..names.len()).filter(|at| set >> at & 1 == 1).map(|at| &signatures[names[at]]).collect();
        if chosen.iter().any(|signature| signature.unsat.is_some()) {
            return false;
        }
        // A field that nobody of the selection writes is a constant; the balance is no field.
        let written: BTreeSet<&String> =
            chosen.iter().flat_map(|signature| signature.writes.iter().chain(&signature.entries)).collect();
        let mut hogs: BTreeMap<&String, usize> = BTreeMap::new();
        for signature in &chosen {
            let read = signature.reads.iter().filter(|name| written.contains(name) || *name == "<balance>");
            for name in read.chain(&signature.writes).collect::<BTreeSet<_>>() {
                *hogs.entry(name).or_default() += 1;
            }
        }
        if chosen.len() == 1 { hogs.is_empty() } else { hogs.values().all(|count| *count < 2) }
    };
    let all: Vec<u32> = (1..1u32 << names.len()).filter(|set| good(*set)).collect();
    let mut maximal: Vec<BTreeSet<String>> = all
        .iter()
        .filter(|set| !all.iter().any(|other| other != *set && other & *set == **set))
        .map(|set| (0..names.len()).filter(|at| set >> at & 1 == 1).map(|at| names[at].clone()).collect())
        .collect();
    maximal.sort_by_key(|set: &BTreeSet<String>| (std::cmp::Reverse(set.len()), set.clone()));
    maximal
}

fn cosplit(name: &str) -> (BTreeMap<String, Signature>, Vec<BTreeSet<String>>) {
    let analysis = analyse_fixture(&format!("literature/cosplit/{name}"));
    assert!(analysis.problems.is_empty(), "{:?}", analysis.problems);
    let contract = &analysis.contracts[0];
    let transitions = contract.entries.iter().filter_map(|entry| {
        let name = entry.name.strip_prefix("execute::")?;
        Some((name.to_owned(), signature(contract, entry)))
    });
    let signatures: BTreeMap<String, Signature> = transitions.collect();
    let sets = good_enough(&signatures);
    (signatures, sets)
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Table 1 of the paper, the four contracts whose sources are published: 19 of 29 transitions, the sets and not only their
/// sizes. Of the second contract the paper prints two maximal selections; its own definitions give one.
#[test]
fn cosplit_good_enough_selections() {
    let (of, sets) = cosplit("crowdfunding");
    assert_eq!(of.len(), 3);
    assert_eq!(sets, [set(&["donate", "claim_back"])], "{of:#?}");

    let (of, sets) = cosplit("nonfungible-token");
    assert_eq!(of.len(), 5);
    assert_eq!(sets, [set(&["mint", "transfer", "set_approval_for_all"])], "{of:#?}");

    let (of, sets) = cosplit("proof-ipfs");
    assert_eq!(of.len(), 10);
    let all: BTreeSet<String> = of.keys().cloned().collect();
    let but = |names: &[&str]| -> BTreeSet<String> { all.difference(&set(names)).cloned().collect() };
    assert_eq!(
        sets,
        [but(&["get_funds", "set_price"]), but(&["get_funds", "get_price", "register_ownership"])],
        "{of:#?}"
    );

    let (of, sets) = cosplit("ud-registry");
    assert_eq!(of.len(), 11);
    let common = ["set_admin", "approve", "approve_for", "configure_resolver", "on_resolver_configured"];
    let with = |more: &str| -> BTreeSet<String> { set(&common).into_iter().chain([more.to_owned()]).collect() };
    assert_eq!(sets, [with("bestow"), with("set_registrar")], "{of:#?}");
}

/// Transitions that CoSplit cannot shard at all, and what our footprint says instead: a key out of storage is a term that
/// is evaluated on the state, so two calls may still run side by side.
#[test]
fn cosplit_what_it_gives_up() {
    let unsat = |name: &str| -> BTreeSet<String> {
        cosplit(name).0.into_iter().filter(|(_, signature)| signature.unsat.is_some()).map(|(name, _)| name).collect()
    };
    assert_eq!(unsat("crowdfunding"), set(&["get_funds"]));
    assert_eq!(unsat("nonfungible-token"), set(&["approve", "burn"]));
    assert_eq!(unsat("proof-ipfs"), set(&["get_funds"]));
    assert_eq!(unsat("ud-registry"), set(&["assign", "configure_node", "register", "transfer"]));
    let analysis = analyse_fixture("literature/cosplit/nonfungible-token");
    assert!(
        lines(&analysis, "execute::burn")
            .contains(&"read OPERATOR_APPROVALS[load(TOKEN_OWNERS[token_id]), caller]".to_owned()),
        "{:#?}",
        lines(&analysis, "execute::burn")
    );
}

fn source(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/literature").join(name);
    std::fs::read_to_string(path.join("src/lib.rs")).unwrap()
}

fn liquid() -> Analysis {
    analyse_files(vec![("src/lib.rs", source("liquid"))], &["near_sdk"])
}

/// Field, key, and whether it is only read.
type Golden = (&'static str, &'static str, bool);

/// Liquid's golden table: per method the field, what the key is, and whether it is only read.
#[test]
fn liquid_conflict_fields() {
    let analysis = liquid();
    let expected: [(&str, &[Golden]); 13] = [
        ("visit_val_container", &[("val_container", "all", false)]),
        ("change_complex_data_structure", &[("complex_data_structure", "len", false)]),
        ("test_env_caller", &[("env_address", "caller", true)]),
        ("test_env_tx_origin", &[("env_address", "origin", true)]),
        ("test_env_now", &[("env_timestamp", "block.timestamp", true)]),
        ("test_env_block_number", &[("env_u64", "block.height", true)]),
        ("test_env_address", &[("env_address", "self", true)]),
        ("test_method_parameter", &[("env_u64", "temp_var.year", true)]),
        ("test_constant_positive", &[("constant_u128", "1", true)]),
        ("test_constant_zero", &[("constant_i8", "0", true)]),
        ("test_constant_negative", &[("constant_i128", "-1", true)]),
        ("test_interprocedural_calling", &[("env_u64", "temp_var.year", true)]),
        ("test_branch_statement", &[("env_address", "caller", true), ("env_address", "origin", true)]),
    ];
    for (method, fields) in expected {
        let mut found: Vec<String> =
            lines(&analysis, method).into_iter().filter(|line| !line.contains("<state>")).collect();
        // A vector has one way to be used there: its length.
        if found.iter().any(|line| line.contains(".len")) {
            found.retain(|line| line.starts_with("update"));
        }
        let golden: Vec<String> = fields
            .iter()
            .map(|(field, key, read_only)| match *key {
                "all" => format!("write {field}"),
                "len" => format!("update {field}.len"),
                key => format!("{} {field}[{key}]", if *read_only { "read" } else { "update" }),
            })
            .collect();
        assert_eq!(found, golden, "{method}");
    }
}

/// What that analyser has no words for: methods that only read never conflict with one another, and a method that calls out
/// keeps its own conflict fields.
#[test]
fn liquid_beyond_its_table() {
    let analysis = liquid();
    let contract = &analysis.contracts[0];
    let verdicts =
        crosslane_analyzer::conflicts::analyse(contract, crosslane_analyzer::chains::get("keyed").unwrap(), Scope::Own);
    let at = |name: &str| contract.entries.iter().position(|entry| entry.name == name).unwrap();
    let pair = |a: &str, b: &str| verdicts.pair(at(a), at(b)).kind;
    for reader in ["read_by_parameter", "read_constant"] {
        assert_eq!(pair("read_by_parameter", reader), VerdictKind::Never);
    }
    let keyed = |a: &str, b: &str| -> Vec<String> {
        let fields = verdicts.pair(at(a), at(b)).cells();
        fields.iter().map(|cell| contract.cell(*cell).name.clone()).filter(|name| name != "<state>").collect()
    };
    assert_eq!(keyed("read_by_parameter", "set_by_parameter"), ["env_address"]);
    assert_eq!(keyed("read_constant", "set_by_parameter"), Vec::<String>::new());
    let calls = lines(&analysis, "call_other");
    assert!(calls.contains(&"read env_address[account]".to_owned()), "{calls:?}");
    assert!(calls.contains(&"> message account".to_owned()), "{calls:?}");
}

/// The golden programs of Move's read-write-set pass: every path as fine as the golden file's or finer, but one. Finer are
/// the counter (a delta) and what only one branch of a constant flag reaches.
#[test]
fn diem_read_write_sets() {
    let analysis = analyse_fixture("literature/diem");
    let expected: &[(&str, &[&str])] = &[
        ("bool_global_get", &["probe BOOLS[a]", "read BOOLS[a].b"]),
        // Coarser: what is read and thrown away counts as read as a whole; the golden file has the field.
        ("bool_call_get", &["read BOOLS[a]"]),
        ("borrow_s", &["read S[a]"]),
        ("copy_struct_g", &["update G[\"0x7\"].f"]),
        ("call_increment2", &["commute(add) S[a].f"]),
        ("exists_const", &["probe T[\"0x1\"]"]),
        ("exists_formal", &["probe T[a]"]),
        ("exists_field", &["probe T[s.f]"]),
        ("exists_generic_instantiated", &["probe V[a]"]),
        ("call_with_type_param1", &["probe V[a]"]),
        ("fields", &[]),
        ("reassign_field", &[]),
        ("call_write_vec", &["update R[a].v"]),
        ("add_to", &[]),
        ("nested_fields", &[]),
        ("read_unpacked_borrow_glob", &["read GLOB[s.a1].b"]),
        ("read_packed_borrow_glob", &["read GLOB[a2].b"]),
        ("use_results", &[]),
        ("read_addr_from_vec", &["read GLOB[s.list[]].b"]),
        ("secondary_from_formal", &["read BS[a.a_addr].b_addr"]),
        ("secondary_from_global", &["read AS[a].a_addr", "read BS[load(AS[a].a_addr)].b_addr"]),
        ("secondary_from_formal_interproc", &["read BS[a_addr].b_addr"]),
        ("secondary_from_global_interproc", &["read AS[a].a_addr", "read BS[load(AS[a].a_addr)].b_addr"]),
        ("two_secondary_indexes", &["read AS[s.f].a_addr", "read AS[s.g].a_addr"]),
        ("call_two_secondary_indexes", &["read AS[s.f].a_addr"]),
        ("pack_unpack", &[]),
        ("write_caller1", &["update S2[a].f"]),
        ("write_caller2", &["update S1[a].s2.f"]),
        ("write_addr", &["update S1[\"0x777\"].s2.f"]),
        ("abort_or_write", &[]),
    ];
    let wrong: Vec<String> = expected
        .iter()
        .map(|(name, golden)| (name, golden, lines(&analysis, &format!("execute::{name}"))))
        .filter(|(_, golden, found)| found != *golden)
        .map(|(name, golden, found)| format!("{name}: {found:?}, golden {golden:?}"))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
