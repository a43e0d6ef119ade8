//! A test per row of each mode table, from the rules of MODEL §3 and not from the data files.

use super::*;
use Mode::*;

/// Modes that conflict with `row` when it is the earlier call, in a model of plain locks.
fn locks(row: Mode) -> Vec<Mode> {
    match row {
        Read | Probe | Scan => vec![Write, Update, Commute, Append, Delete, Rewrite],
        Lock => vec![],
        _ => vec![Read, Probe, Write, Update, Commute, Append, Delete, Scan, Rewrite],
    }
}

fn expect_row(model: &str, row: Mode, conflicts: &[Mode]) {
    let chain = get(model).unwrap();
    for column in MODES {
        let conflict = chain.conflict(&Touch::plain(row), &Touch::plain(column));
        assert_eq!(conflict, conflicts.contains(&column), "{model}: {} then {}", mode_name(row), mode_name(column));
    }
}

macro_rules! rows {
    ($($name:ident: $model:literal, $row:ident => $conflicts:expr;)+) => {
        $(#[test] fn $name() { expect_row($model, $row, &$conflicts); })+
    };
}

const EVERY: [Mode; 10] = MODES;

fn with_lock(mut modes: Vec<Mode>) -> Vec<Mode> {
    modes.push(Lock);
    modes
}

/// What an earlier change invalidates under `occ`.
const OBSERVERS: [Mode; 7] = [Read, Probe, Scan, Update, Commute, Append, Rewrite];
const SERIAL: [Mode; 9] = [Read, Probe, Write, Update, Commute, Append, Delete, Scan, Rewrite];

rows! {
    solana_read: "solana", Read => with_lock(locks(Read));
    solana_probe: "solana", Probe => with_lock(locks(Probe));
    solana_write: "solana", Write => EVERY;
    solana_update: "solana", Update => EVERY;
    solana_commute: "solana", Commute => EVERY;
    solana_append: "solana", Append => EVERY;
    solana_delete: "solana", Delete => EVERY;
    solana_scan: "solana", Scan => with_lock(locks(Scan));
    solana_rewrite: "solana", Rewrite => EVERY;
    solana_lock: "solana", Lock => EVERY;

    soroban_read: "soroban", Read => locks(Read);
    soroban_probe: "soroban", Probe => locks(Probe);
    soroban_write: "soroban", Write => locks(Write);
    soroban_update: "soroban", Update => locks(Update);
    soroban_commute: "soroban", Commute => locks(Commute);
    soroban_append: "soroban", Append => locks(Append);
    soroban_delete: "soroban", Delete => locks(Delete);
    soroban_scan: "soroban", Scan => locks(Scan);
    soroban_rewrite: "soroban", Rewrite => locks(Rewrite);
    soroban_lock: "soroban", Lock => [];

    evm_read: "evm", Read => locks(Read);
    evm_probe: "evm", Probe => locks(Probe);
    evm_write: "evm", Write => locks(Write);
    evm_update: "evm", Update => locks(Update);
    evm_commute: "evm", Commute => locks(Commute);
    evm_append: "evm", Append => locks(Append);
    evm_delete: "evm", Delete => locks(Delete);
    evm_scan: "evm", Scan => locks(Scan);
    evm_rewrite: "evm", Rewrite => locks(Rewrite);
    evm_lock: "evm", Lock => [];

    keyed_read: "keyed", Read => locks(Read);
    keyed_probe: "keyed", Probe => locks(Probe);
    keyed_write: "keyed", Write => locks(Write);
    keyed_update: "keyed", Update => locks(Update);
    keyed_commute: "keyed", Commute => locks(Commute);
    keyed_append: "keyed", Append => locks(Append);
    keyed_delete: "keyed", Delete => locks(Delete);
    keyed_scan: "keyed", Scan => locks(Scan);
    keyed_rewrite: "keyed", Rewrite => locks(Rewrite);
    keyed_lock: "keyed", Lock => [];

    serial_read: "account-serial", Read => SERIAL;
    serial_probe: "account-serial", Probe => SERIAL;
    serial_write: "account-serial", Write => SERIAL;
    serial_update: "account-serial", Update => SERIAL;
    serial_commute: "account-serial", Commute => SERIAL;
    serial_append: "account-serial", Append => SERIAL;
    serial_delete: "account-serial", Delete => SERIAL;
    serial_scan: "account-serial", Scan => SERIAL;
    serial_rewrite: "account-serial", Rewrite => SERIAL;
    serial_lock: "account-serial", Lock => [];

    occ_read: "occ", Read => [];
    occ_probe: "occ", Probe => [];
    occ_write: "occ", Write => OBSERVERS;
    occ_update: "occ", Update => OBSERVERS;
    occ_commute: "occ", Commute => OBSERVERS;
    occ_append: "occ", Append => OBSERVERS;
    occ_delete: "occ", Delete => OBSERVERS;
    occ_scan: "occ", Scan => [];
    occ_rewrite: "occ", Rewrite => [];
    occ_lock: "occ", Lock => [];

    merge_read: "merge", Read => [Write, Update, Commute, Append, Delete];
    merge_probe: "merge", Probe => [Write, Update, Commute, Append, Delete];
    merge_write: "merge", Write => SERIAL;
    merge_update: "merge", Update => SERIAL;
    merge_commute: "merge", Commute => SERIAL;
    merge_append: "merge", Append => [Read, Probe, Write, Update, Commute, Delete, Scan, Rewrite];
    merge_delete: "merge", Delete => [Read, Probe, Write, Update, Commute, Append, Scan, Rewrite];
    merge_scan: "merge", Scan => [Write, Update, Commute, Append, Delete];
    merge_rewrite: "merge", Rewrite => [Write, Update, Commute, Append, Delete];
    merge_lock: "merge", Lock => [];
}

#[test]
fn all_models_load_in_order() {
    for text in FILES {
        let model: Result<ChainModel, _> = toml::from_str(text);
        assert!(model.is_ok(), "{}", model.unwrap_err());
    }
    let ids: Vec<&str> = all().iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["solana", "soroban", "occ", "evm", "account-serial", "keyed", "merge"]);
    for model in all() {
        assert!(model.limits.iter().all(|limit| !limit.source.is_empty() && !limit.date.is_empty()), "{}", model.id);
        assert!(!model.environment.is_empty(), "{}", model.id);
        assert!(model.today.ends_with('.'), "{}", model.id);
    }
}

#[test]
fn only_occ_is_directional() {
    for model in all() {
        let symmetric = MODES.iter().all(|&a| MODES.iter().all(|&b| model.modes.rule(a, b) == model.modes.rule(b, a)));
        assert_eq!(symmetric, !model.directional, "{}", model.id);
        assert_eq!(model.directional, model.id == "occ");
    }
}

#[test]
fn a_probe_is_free_with_writes_that_keep_existence_only_under_merge() {
    let probe = Touch::plain(Probe);
    for mode in [Write, Update, Commute, Append] {
        let keeps = Touch { keeps: true, ..Touch::plain(mode) };
        for (a, b) in [(&probe, &keeps), (&keeps, &probe)] {
            assert!(!get("merge").unwrap().conflict(a, b));
            assert!(get("keyed").unwrap().conflict(a, b));
        }
    }
    let delete = Touch { keeps: true, ..Touch::plain(Delete) };
    assert!(get("merge").unwrap().conflict(&probe, &delete));
}

#[test]
fn deltas_commute_by_group_default_and_bounds() {
    let delta =
        |op: Option<&'static str>, bounded| Touch { mode: Commute, keeps: false, op: op.map(Into::into), bounded };
    let merge = get("merge").unwrap();
    let runtime = get("merge:bounds=runtime").unwrap();
    assert!(!merge.conflict(&delta(Some("add/0"), false), &delta(Some("add/0"), false)));
    assert!(merge.conflict(&delta(Some("add/0"), false), &delta(Some("add/1"), false)));
    assert!(merge.conflict(&delta(None, false), &delta(None, false)), "an unknown operation commutes with nothing");
    assert!(merge.conflict(&delta(Some("add/0"), true), &delta(Some("add/0"), false)));
    assert!(!runtime.conflict(&delta(Some("add/0"), true), &delta(Some("add/0"), true)));
    assert!(get("keyed").unwrap().conflict(&delta(Some("add/0"), false), &delta(Some("add/0"), false)));
}
