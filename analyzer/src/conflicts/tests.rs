//! Verdicts and classes of hand-built contracts, under every chain model.

use super::samples::*;
use super::*;
use crate::chains;
use crate::ir::*;

fn at(contract: &Contract, name: &str) -> usize {
    contract.entries.iter().position(|entry| entry.name.ends_with(name)).unwrap()
}

fn under(contract: &Contract, chain: &str) -> Verdicts {
    analyse(contract, chains::get(chain).unwrap(), Scope::Own)
}

fn say(contract: &Contract, chain: &str, a: &str, b: &str) -> String {
    let verdicts = under(contract, chain);
    let verdict = verdicts.pair(at(contract, a), at(contract, b));
    format!("{:?}: {}", verdict.kind, words::condition(contract, &verdict.when))
}

fn class_words(contract: &Contract, chain: &str, entry: &str) -> String {
    let verdicts = under(contract, chain);
    let at = at(contract, entry);
    words::class(
        contract,
        chains::get(chain).unwrap(),
        &contract.entries[at],
        verdicts.class(at),
        verdicts.pair(at, at),
    )
}

#[test]
fn classes_of_a_token_in_words() {
    let token = token();
    let say = |entry| class_words(&token, "keyed", entry);
    assert_eq!(say("transfer"), "yes, unless they share a sender or a recipient");
    assert_eq!(say("increase_allowance"), "yes, unless sender and spender are the same");
    assert_eq!(say("burn"), "no: every call rewrites TOKEN_INFO");
    assert_eq!(say("mint"), "no: every call rewrites TOKEN_INFO");
    assert_eq!(say("send"), "yes, unless they share a sender or the contract; calls out to `contract`");
    assert_eq!(say("query::balance"), "any number at once");
    assert_eq!(class_words(&token, "account-serial", "transfer"), "no: one message of a contract at a time");
}

#[test]
fn conditions_of_a_token() {
    let token = token();
    let say = |a, b| say(&token, "keyed", a, b);
    assert_eq!(say("transfer", "mint"), "When: a.recipient = b.recipient, or a.caller = b.recipient");
    assert_eq!(say("mint", "transfer"), "When: a.recipient = b.recipient, or a.recipient = b.caller");
    assert_eq!(say("burn", "mint"), "Always: always");
    assert_eq!(say("transfer", "increase_allowance"), "Never: never");
    assert_eq!(say("transfer", "query::balance"), "When: a.recipient = b.address, or a.caller = b.address");
    assert_eq!(say("increase_allowance", "all_allowances"), "When: a.caller = b.owner");
    assert_eq!(say("increase_allowance", "increase_allowance"), "When: a.spender = b.spender and a.caller = b.caller");
}

#[test]
fn under_occ_only_a_later_observation_conflicts() {
    let token = token();
    assert_eq!(say(&token, "occ", "mint", "query::token_info"), "Always: always (a first)");
    assert_eq!(say(&token, "occ", "query::token_info", "mint"), "Always: always (b first)");
    assert_eq!(say(&token, "occ", "burn", "mint"), "Always: always");
    let mut blind = Builder::new("blind", "occ");
    let cell = blind.cell("LAST", &[], Type::Uint(64));
    blind.entry("set", &[], vec![touch(Mode::Write, cell, &[])]);
    let blind = blind.finish();
    assert_eq!(say(&blind, "occ", "set", "set"), "Never: never");
    assert_eq!(say(&blind, "keyed", "set", "set"), "Always: always");
}

#[test]
fn setting_a_part_is_an_update_of_the_unit_unsound() {
    let mut contract = Builder::new("c", "occ");
    let cell = contract.cell("CONFIG", &[], Type::Opaque("Config".into()));
    for field in ["a", "b"] {
        let access = Access { field: Some(field.into()), ..touch(Mode::Write, cell, &[]) };
        contract.entry(field, &[], vec![access]);
    }
    let contract = contract.finish();
    assert_eq!(say(&contract, "occ", "a", "b"), "Always: always");
    assert_eq!(say(&contract, "merge", "a", "b"), "Never: never");
}

#[test]
fn deltas_are_free_under_merge_with_an_assumption() {
    let mut contract = Builder::new("c", "merge");
    let cell = contract.cell("STATS", &[], Type::Opaque("Stats".into()));
    contract.entry("count", &[], vec![delta(cell, &[], Some("calls"), false)]);
    contract.entry("spend", &[], vec![delta(cell, &[], Some("calls"), true)]);
    contract.entry("total", &[], vec![delta(cell, &[], Some("total"), true)]);
    contract.entry("look", &[], vec![touch(Mode::Read, cell, &[])]);
    let contract = contract.finish();
    assert_eq!(say(&contract, "merge", "count", "count"), "Never: never");
    assert_eq!(say(&contract, "merge", "count", "spend"), "Always: always");
    assert_eq!(say(&contract, "merge:bounds=runtime", "spend", "spend"), "Never: never");
    assert_eq!(say(&contract, "merge", "spend", "total"), "Never: never", "two leaves are two units");
    assert_eq!(say(&contract, "keyed", "spend", "total"), "Always: always");
    assert_eq!(say(&contract, "merge", "count", "look"), "Always: always");
    let verdicts = under(&contract, "merge");
    assert_eq!(verdicts.pair(0, 0).assumes, ["no-overflow"]);
    assert_eq!(under(&contract, "merge:bounds=runtime").pair(1, 1).assumes, ["no-overflow", "runtime-bounds"]);
    assert!(verdicts.pair(0, 2).assumes.is_empty());
}

#[test]
fn unknowns_reach_as_far_as_they_say_unsound() {
    let mut contract = Builder::new("c", "keyed");
    let a = contract.cell("A", &[Type::Text], Type::Bool);
    let b = contract.cell("B", &[Type::Text], Type::Bool);
    contract.entry("on_a", &[("k", Type::Text)], vec![touch(Mode::Read, a, &["k"])]);
    contract.entry("on_b", &[("k", Type::Text)], vec![touch(Mode::Update, b, &["k"])]);
    contract.entry("nothing", &[], vec![]);
    let one = contract.entry("one", &[], vec![]);
    contract.entry_mut(one).unknowns.push(unknown(UnknownReason::UnknownFunction, "f", Reach::Cell(a)));
    let all = contract.entry("all", &[], vec![]);
    contract.entry_mut(all).unknowns.push(unknown(UnknownReason::UnresolvedCall, "plugin.call", Reach::Contract));
    let contract = contract.finish();
    assert_eq!(say(&contract, "keyed", "one", "on_a"), "Unknown: never");
    assert_eq!(say(&contract, "keyed", "one", "on_b"), "Never: never");
    assert_eq!(say(&contract, "keyed", "all", "on_a"), "Unknown: never");
    assert_eq!(say(&contract, "keyed", "on_b", "all"), "Unknown: never");
    assert_eq!(say(&contract, "keyed", "all", "one"), "Unknown: never");
    assert_eq!(say(&contract, "keyed", "one", "one"), "Unknown: never");
    assert_eq!(say(&contract, "keyed", "all", "nothing"), "Never: never");
    assert_eq!(class_words(&contract, "keyed", "all"), "not known: cannot see what `plugin.call` does");
    assert_eq!(say(&contract, "keyed", "on_b", "on_b"), "When: a.k = b.k");
}

#[test]
fn calls_out_count_only_in_the_whole_transaction() {
    let token = token();
    let (send, transfer) = (at(&token, "send"), at(&token, "transfer"));
    let keyed = chains::get("keyed").unwrap();
    assert_eq!(analyse(&token, keyed, Scope::Own).pair(send, transfer).kind, VerdictKind::When);
    let whole = analyse(&token, keyed, Scope::Transaction);
    assert_eq!(whole.pair(send, transfer).kind, VerdictKind::Unknown);
    assert_eq!(whole.pair(transfer, send).kind, VerdictKind::Unknown);
    assert_eq!(whole.pair(transfer, transfer).kind, VerdictKind::When);
    assert!(matches!(whole.class(send), Class::Sharded { .. }), "classes are of scope own");
}

#[test]
fn a_query_out_meets_writes_only() {
    let mut contract = Builder::new("c", "keyed");
    let cell = contract.cell("A", &[], Type::Bool);
    contract.entry("read", &[], vec![touch(Mode::Read, cell, &[])]);
    contract.entry("write", &[], vec![touch(Mode::Write, cell, &[])]);
    let ask = contract.entry("ask", &[], vec![]);
    contract.entry_mut(ask).externals.push(external(Term::Any, ExternalMode::Query));
    let contract = contract.finish();
    let verdicts = analyse(&contract, chains::get("keyed").unwrap(), Scope::Transaction);
    assert_eq!(verdicts.pair(2, 0).kind, VerdictKind::Never);
    assert_eq!(verdicts.pair(2, 1).kind, VerdictKind::Unknown);
    assert_eq!(verdicts.pair(2, 2).kind, VerdictKind::Never);
}

#[test]
fn functions_compare_by_their_arguments_only_if_injective_unsound() {
    let f = |name: &str, of: &str, injective| Term::Fn { name: name.into(), of: vec![term(of)], injective };
    let mut contract = Builder::new("c", "keyed");
    let cell = contract.cell("M", &[Type::Opaque("K".into())], Type::Bool);
    let params = [("x", Type::Text)];
    contract.entry("hash", &params, vec![access(Mode::Write, cell, vec![f("hash", "x", true)])]);
    contract.entry("lower", &params, vec![access(Mode::Write, cell, vec![f("lower", "x", false)])]);
    contract.entry("unknown", &params, vec![access(Mode::Write, cell, vec![f("lower", "any", false)])]);
    contract.entry("number", &[("x", Type::Uint(64))], vec![access(Mode::Write, cell, vec![f("hash", "x", true)])]);
    let contract = contract.finish();
    assert_eq!(say(&contract, "keyed", "hash", "hash"), "When: a.x = b.x");
    assert_eq!(say(&contract, "keyed", "lower", "lower"), "When: a.lower(x) = b.lower(x)");
    assert_eq!(say(&contract, "keyed", "hash", "lower"), "When: a.hash(x) = b.lower(x)");
    assert_eq!(say(&contract, "keyed", "hash", "number"), "Always: always", "text and number may have one encoding");
    assert_eq!(say(&contract, "keyed", "lower", "unknown"), "Always: always");
}

#[test]
fn seeds_are_joined_bytes() {
    let pda = |seeds: &[&str]| Term::Fn {
        name: "pda".into(),
        of: seeds.iter().map(|seed| term(seed)).collect(),
        injective: false,
    };
    let mut contract = Builder::new("c", "keyed");
    let cell = contract.cell("ACCOUNT", &[Type::Address("base58".into())], Type::Bool);
    let params = [
        ("user", Type::Address("base58".into())),
        ("other", Type::Address("base58".into())),
        ("name", Type::Text),
        ("tag", Type::Text),
    ];
    for (name, seeds) in [
        ("vault", vec!["=vault", "user"]),
        ("state", vec!["=state", "user"]),
        ("vaults", vec!["=vaults", "user"]),
        ("two_keys", vec!["user", "other"]),
        ("named", vec!["=pool", "name"]),
        ("two_texts", vec!["name", "tag"]),
        ("long", vec!["=vault-of-a-long-name", "name"]),
    ] {
        contract.entry(name, &params, vec![access(Mode::Write, cell, vec![pda(&seeds)])]);
    }
    let contract = contract.finish();
    let say = |a, b| say(&contract, "keyed", a, b);
    assert_eq!(say("vault", "vault"), "When: a.user = b.user");
    assert_eq!(say("vault", "state"), "Never: never", "the first bytes differ");
    assert_eq!(say("vault", "vaults"), "Never: never", "the lengths differ");
    assert_eq!(say("two_keys", "two_keys"), "When: a.other = b.other and a.user = b.user");
    assert_eq!(say("named", "named"), "When: a.name = b.name");
    assert_eq!(
        say("two_texts", "two_texts"),
        "When: a.pda(name, tag) = b.pda(name, tag)",
        "\"ab\",\"c\" is \"a\",\"bc\""
    );
    assert_eq!(say("named", "two_texts"), "When: a.pda(\"pool\", name) = b.pda(name, tag)");
    assert_eq!(say("long", "vault"), "When: a.pda(\"vault-of-a-long-name\", name) = b.pda(\"vault\", user)");
}

#[test]
fn constants_differ_only_by_their_bytes_unsound() {
    let same = |left: Const, right: Const, ty: Option<Type>| compare::consts_may_equal(&left, &right, ty.as_ref());
    let text = |text: &str| Const::Str(text.into());
    assert!(!same(text("a"), text("b"), None));
    assert!(same(text("a"), Const::Bytes(b"a".to_vec()), None));
    assert!(!same(text("a"), Const::Bytes(b"b".to_vec()), None));
    assert!(same(text("a"), Const::Int(97), None), "their encodings may be equal");
    assert!(same(text("0xAB"), text("0xab"), Some(Type::Address("evm".into()))));
    let (a, b) = ("ab".repeat(20), "cd".repeat(20));
    assert!(same(text(&a), text(&format!("0x{}", a.to_uppercase())), Some(Type::Address("evm".into()))));
    assert!(!same(text(&a), text(&b), Some(Type::Address("evm".into()))));
    assert!(same(text("alice"), text("bob"), Some(Type::Address("bech32".into()))), "neither is the usual form");
    assert!(same(text("a"), text("b"), Some(Type::Opaque("T".into()))));
}

#[test]
fn environment_and_loads() {
    let env = |scope| Term::Env { name: "block.height".into(), scope };
    let mut contract = Builder::new("c", "keyed");
    let config = contract.cell("CONFIG", &[], Type::Opaque("Config".into()));
    let cell = contract.cell("M", &[Type::Uint(64)], Type::Bool);
    let owners = contract.cell("OWNERS", &[Type::Uint(64)], Type::Uint(64));
    let params = [("x", Type::Uint(64))];
    contract.entry("block", &params, vec![access(Mode::Write, cell, vec![env(EnvScope::Block)])]);
    contract.entry("random", &params, vec![access(Mode::Write, cell, vec![env(EnvScope::Tx)])]);
    contract.entry("arg", &params, vec![touch(Mode::Write, cell, &["x"])]);
    let loaded = access(Mode::Write, cell, vec![load(config, &[], "owner")]);
    contract.entry("config", &params, vec![loaded, touch(Mode::Read, config, &[])]);
    let loaded = access(Mode::Write, cell, vec![load(owners, &["x"], "")]);
    contract.entry("keyed_load", &params, vec![loaded, touch(Mode::Read, owners, &["x"])]);
    contract.entry("set", &params, vec![touch(Mode::Write, config, &[])]);
    let contract = contract.finish();
    let say = |a, b| say(&contract, "keyed", a, b);
    assert_eq!(say("block", "block"), "Always: always");
    assert_eq!(say("block", "arg"), "When: block.height = b.x", "a batch may give the height");
    assert_eq!(say("random", "arg"), "Always: always");
    assert_eq!(say("config", "config"), "Always: always");
    assert_eq!(say("config", "arg"), "When: CONFIG.owner = b.x");
    assert_eq!(say("keyed_load", "keyed_load"), "When: a.OWNERS[x] = b.OWNERS[x]", "neither known equal nor different");
    let soroban = under(&contract, "soroban");
    let (config, set, arg) = (at(&contract, "config"), at(&contract, "set"), at(&contract, "arg"));
    assert_eq!(soroban.pair(config, set).outcome, chains::Outcome::Fails, "the signed key is out of date");
    assert_eq!(soroban.pair(config, arg).outcome, chains::Outcome::Queues);
    assert_eq!(under(&contract, "keyed").pair(config, set).outcome, chains::Outcome::Waits);
}

#[test]
fn cells_that_share_a_unit_meet_unsound() {
    let mut contract = Builder::new("c", "soroban");
    let admin = contract.cell("Admin", &[], Type::Bool);
    let count = contract.cell("Count", &[Type::Text], Type::Bool);
    let left = contract.cell("Pos.left", &[Type::Uint(8)], Type::Bool);
    let right = contract.cell("Pos.right", &[Type::Uint(8)], Type::Bool);
    for cell in [admin, count] {
        contract.cell_mut(cell).unit = Unit { kind: "entry".into(), id: "<instance>".into() };
    }
    for cell in [left, right] {
        contract.cell_mut(cell).unit = Unit { kind: "slot".into(), id: "slot:3".into() };
    }
    contract.entry("read_admin", &[], vec![touch(Mode::Read, admin, &[])]);
    contract.entry("bump", &[("k", Type::Text)], vec![touch(Mode::Update, count, &["k"])]);
    contract.entry("left", &[("k", Type::Uint(8))], vec![touch(Mode::Update, left, &["k"])]);
    contract.entry("right", &[("k", Type::Uint(8))], vec![touch(Mode::Update, right, &["k"])]);
    let contract = contract.finish();
    assert_eq!(say(&contract, "soroban", "read_admin", "bump"), "Always: always");
    assert_eq!(say(&contract, "soroban", "bump", "bump"), "Always: always", "the unit has no keys");
    assert_eq!(say(&contract, "soroban", "left", "right"), "When: a.k = b.k");
    assert_eq!(say(&contract, "soroban", "left", "bump"), "Never: never");
    let verdicts = under(&contract, "soroban");
    assert_eq!(verdicts.pair(0, 1).cells(), [admin, count]);
}

#[test]
fn namespaces_alias_unsound() {
    let mut contract = Builder::new("c", "keyed");
    let first = contract.cell("ONE", &[Type::Text], Type::Bool);
    let second = contract.cell("TWO", &[Type::Text], Type::Bool);
    let raw = contract.cell("RAW", &[Type::Bytes], Type::Bool);
    let raw_longer = contract.cell("RAW2", &[Type::Bytes], Type::Bool);
    let item = contract.cell("CONFIG", &[], Type::Bool);
    contract.cell_mut(second).storage.prefix = Some(b"one".to_vec());
    for (cell, prefix) in [(raw, &b"u"[..]), (raw_longer, b"us")] {
        contract.cell_mut(cell).storage.prefix = Some(prefix.to_vec());
        contract.cell_mut(cell).storage.encoding = "raw".into();
    }
    let k = ("k", Type::Text);
    for (name, cell) in [("one", first), ("two", second), ("raw", raw), ("longer", raw_longer)] {
        contract.entry(name, std::slice::from_ref(&k), vec![touch(Mode::Write, cell, &["k"])]);
    }
    contract.entry("item", &[], vec![touch(Mode::Write, item, &[])]);
    let contract = contract.finish();
    let say = |a, b| say(&contract, "keyed", a, b);
    assert_eq!(say("one", "two"), "When: a.k = b.k", "two names of one namespace");
    assert_eq!(say("raw", "longer"), "Always: always", "u + s… is us + …");
    assert_eq!(say("one", "item"), "Never: never");
    assert_eq!(say("one", "raw"), "Never: never");
}

#[test]
fn elements_are_existential_and_correlated() {
    let mut contract = Builder::new("c", "keyed");
    let cell = contract.cell("M", &[address(), Type::Uint(64)], Type::Bool);
    let member = Type::Struct("Member".into(), vec![("addr".into(), address()), ("id".into(), Type::Uint(64))]);
    let params = [("members", Type::List(Box::new(member)))];
    contract.entry("same", &params, vec![touch(Mode::Write, cell, &["members[1].addr", "members[1].id"])]);
    contract.entry("other", &params, vec![touch(Mode::Write, cell, &["members[1].addr", "members[2].id"])]);
    let contract = contract.finish();
    let verdicts = under(&contract, "keyed");
    let ids = |at: usize| {
        let mut ids = Vec::new();
        for atom in &verdicts.pair(at, at).when.0[0].atoms {
            atom.left.walk(&mut |term| {
                if let Term::Arg(path) = term {
                    ids.extend(path.iter().filter_map(|step| if let Step::Elem(id) = step { Some(*id) } else { None }));
                }
            });
        }
        ids
    };
    assert_eq!(ids(0), [0, 0]);
    assert_eq!(ids(1), [0, 1]);
    assert_eq!(class_words(&contract, "keyed", "same"), "yes, unless member's addr and member's id are the same");
}

#[test]
fn refinements_stand_for_their_parent() {
    let mut contract = Builder::new("c", "keyed");
    let cell = contract.cell("A", &[], Type::Bool);
    contract.entry("execute::receive", &[], vec![touch(Mode::Update, cell, &[])]);
    let deposit = contract.entry("execute::receive::deposit", &[], vec![touch(Mode::Update, cell, &[])]);
    contract.entry_mut(deposit).refines = Some("execute::receive".into());
    contract.entry("query::a", &[], vec![touch(Mode::Read, cell, &[])]);
    contract.entry("query::b", &[], vec![touch(Mode::Read, cell, &[])]);
    contract.entry("instantiate", &[], vec![touch(Mode::Write, cell, &[])]);
    let contract = contract.finish();
    let verdicts = under(&contract, "keyed");
    assert_eq!(verdicts.listed(), [1, 2, 3, 4]);
    let pairs: Vec<(usize, usize)> = verdicts.conflicts(&contract).map(|(a, b, _)| (a, b)).collect();
    assert_eq!(pairs, [(1, 1), (1, 2), (1, 3), (1, 4)]);
    assert_eq!(readers(&contract, cell), [1, 2, 3]);
}

#[test]
fn declared_locks_and_not_code_decide_on_solana() {
    let account = |name: &str, writable| AccountParam {
        name: name.into(),
        writable,
        signer: false,
        optional: false,
        identity: if name == "state" {
            Term::Fn { name: "pda".into(), of: vec![term("=state")], injective: false }
        } else {
            Term::Account(name.into())
        },
        written: if name == "state" { Written::No } else { Written::Yes },
        why: vec![],
        span: Span::NONE,
    };
    let mut contract = Builder::new("c", "solana");
    let swap = contract.entry("swap", &[], vec![]);
    contract.entry_mut(swap).accounts = Some(vec![account("pool", true), account("config", false)]);
    let settle = contract.entry("settle", &[], vec![]);
    contract.entry_mut(settle).accounts = Some(vec![account("state", true)]);
    let look = contract.entry("look", &[], vec![]);
    contract.entry_mut(look).accounts = Some(vec![account("config", false)]);
    let contract = contract.finish();
    assert_eq!(class_words(&contract, "solana", "swap"), "yes, unless they share `config` or `pool`");
    assert_eq!(class_words(&contract, "solana", "settle"), "no: locks `state`, but never writes it");
    assert_eq!(say(&contract, "solana", "look", "look"), "Never: never");
    assert_eq!(say(&contract, "solana", "settle", "settle"), "Always: always");
}

#[test]
fn many_accounts_are_not_always() {
    let mut contract = Builder::new("c", "solana");
    for name in ["swap", "route"] {
        let entry = contract.entry(name, &[], vec![]);
        let account = |at: usize| AccountParam {
            name: format!("account_{at}"),
            writable: at % 2 == 0,
            signer: false,
            optional: false,
            identity: Term::Account(format!("account_{at}")),
            written: Written::Yes,
            why: vec![],
            span: Span::NONE,
        };
        contract.entry_mut(entry).accounts = Some((0..30).map(account).collect());
    }
    let contract = contract.finish();
    let verdicts = under(&contract, "solana");
    assert_eq!(verdicts.pair(0, 1).kind, VerdictKind::When);
    assert_eq!(
        class_words(&contract, "solana", "swap"),
        "yes, unless they share `account_0`, `account_10`, `account_11`, `account_12` or one of 26 more"
    );
}

#[test]
fn calls_out_in_words() {
    let mut contract = Builder::new("c", "keyed");
    let config = contract.cell("CONFIG", &[], Type::Opaque("Config".into()));
    let targets = [
        vec![Term::Any],
        vec![load(config, &[], "denom.Cw20.0"), Term::Any],
        vec![Term::text("staking"), Term::text("staking")],
        vec![Term::arg("a"), Term::arg("b"), Term::arg("c"), Term::arg("d"), Term::Any],
        vec![],
    ];
    let mut texts = Vec::new();
    for (at, targets) in targets.into_iter().enumerate() {
        let entry = contract.entry(&format!("e{at}"), &[], vec![]);
        contract.entry_mut(entry).externals.extend(targets.into_iter().map(|to| external(to, ExternalMode::Message)));
    }
    let contract = contract.finish();
    for entry in &contract.entries {
        texts.push(words::calls_out(&contract, entry).unwrap_or_default());
    }
    assert_eq!(
        texts,
        [
            "calls out to a contract that is not known",
            "calls out to `CONFIG.denom.Cw20` and one that is not known",
            "calls out to `staking`",
            "calls out to `a`, `b` and 3 more",
            "",
        ]
    );
}

#[test]
fn balances_have_one_place_on_the_chain() {
    let mut contract = Builder::new("c", "keyed");
    let balance = contract.cell("<balance>", &[address()], Type::Uint(128));
    contract.cell_mut(balance).global = true;
    contract.entry(
        "deposit",
        &[],
        vec![touch(Mode::Update, balance, &["self"]), touch(Mode::Update, balance, &["caller"])],
    );
    contract.entry("pay", &[("to", address())], vec![touch(Mode::Update, balance, &["to"])]);
    let contract = contract.finish();
    let verdicts = under(&contract, "keyed");
    assert_eq!(class_words(&contract, "keyed", "deposit"), "no: every call changes the contract's balance");
    assert_eq!(class_words(&contract, "keyed", "pay"), "yes, unless they share `to`");
    assert_eq!(verdicts.pair(0, 0).kind, VerdictKind::Always, "two deposits to one instance meet");
    assert!(verdicts.pair(1, 1).when.0.iter().all(|conj| conj.anywhere), "payments of two instances may meet");
}
