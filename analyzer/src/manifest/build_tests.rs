//! Manifests of hand-built contracts: what is written reads back, means the same, and differences are found.

use super::*;
use crate::conflicts::samples::*;
use crate::conflicts::{Scope, analyse};
use crate::{Analysis, chains, ir};

fn manifest(contract: ir::Contract) -> Manifest {
    build(&Analysis { contracts: vec![contract], ..Analysis::default() }, &BuildOptions::default())
}

#[test]
fn a_token_as_text() {
    insta::assert_snapshot!(write(&manifest(token())));
}

#[test]
fn a_manifest_reads_back_and_means_the_same() {
    let token = token();
    let wire = manifest(token.clone());
    let text = write(&wire);
    let again = read(&text).unwrap();
    assert_eq!(again, wire);
    let loaded = to_ir(&again.contracts[0]);
    for chain in chains::all() {
        for scope in [Scope::Own, Scope::Transaction] {
            // Cells have other ids after sorting: compare what is written.
            let direct = analyse(&token, chain, scope);
            let through = analyse(&loaded, chain, scope);
            let direct = contract_with(&token, chain, &direct, None);
            let through = contract_with(&loaded, chain, &through, None);
            assert_eq!(direct.conflicts, through.conflicts, "{}", chain.id);
            let classes = |contract: &v1::Contract| -> Vec<_> {
                contract.entries.iter().map(|entry| entry.class.clone()).collect()
            };
            assert_eq!(classes(&direct), classes(&through));
        }
    }
}

#[test]
fn pairs_have_their_names_in_order() {
    for pair in &manifest(token()).contracts[0].conflicts {
        assert!(pair.a <= pair.b);
    }
    let wire = manifest(token());
    let pair = wire.contracts[0].conflicts.iter().find(|pair| pair.a.ends_with("mint") && pair.b.ends_with("transfer"));
    let texts: Vec<String> = pair
        .unwrap()
        .when
        .iter()
        .map(|conj| format!("{} {}", conj.all[0].left.to_json(), conj.all[0].right.to_json()))
        .collect();
    assert_eq!(texts, ["{\"arg\":\"recipient\"} {\"arg\":\"recipient\"}", "{\"arg\":\"recipient\"} \"caller\""]);
}

#[test]
fn too_many_pairs_are_omitted_and_it_is_said() {
    let mut many = Builder::new("many", "keyed");
    let cell = many.cell("A", &[], ir::Type::Bool);
    for n in 0..40 {
        many.entry(&format!("e{n}"), &[], vec![touch(ir::Mode::Update, cell, &[])]);
    }
    let wire = manifest(many.finish());
    assert!(wire.contracts[0].conflicts_omitted && wire.contracts[0].conflicts.is_empty());
    assert_eq!(read(&write(&wire)).unwrap(), wire);
}

#[test]
fn nothing_changed_is_no_difference() {
    let old = manifest(token());
    let mut new = old.clone();
    new.tool = "crosslane 9".to_owned();
    new.contracts[0].package_version = "7.0.0".to_owned();
    new.contracts[0].cells[0].span = Some(v1::Span { file: "src/x.rs".to_owned(), line: 3, ..v1::Span::default() });
    assert!(same_ignoring_tool(&old, &new) && diff(&old, &new).is_empty());
    new.contracts[0].entries[0].accesses[0].mode = v1::Mode::Commute;
    assert!(!same_ignoring_tool(&old, &new));
}

#[test]
fn a_new_counter_is_found() {
    let old = manifest(token());
    let mut counted = token();
    let cell = ir::CellId(counted.cells.len() as u32);
    let mut stats = counted.cells[3].clone();
    stats.name = "STATS".to_owned();
    stats.storage.prefix = Some(b"stats".to_vec());
    counted.cells.push(stats);
    let transfer = counted.entries.iter().position(|entry| entry.name == "execute::transfer").unwrap();
    counted.entries[transfer].accesses.push(touch(ir::Mode::Update, cell, &[]));
    let new = manifest(counted);
    let changes = diff(&old, &new);
    assert!(changes.is_worse() && !changes.loses_data());
    let contract = &changes.contracts[0];
    assert_eq!(contract.locks, [LockChange { entry: "execute::transfer".into(), cell: "STATS".into(), gained: true }]);
    assert_eq!(contract.classes.len(), 1);
    assert_eq!(contract.classes[0].after.kind, v1::ClassKind::Serial);
    assert!(contract.classes[0].worse);
    assert_eq!(contract.cells, [CellChange { cell: "STATS".into(), change: Layout::Added, loses_data: false }]);
    let back = diff(&new, &old);
    assert!(!back.contracts[0].locks[0].gained && back.loses_data());
    assert_eq!(back.contracts[0].cells[0].change, Layout::Vanished);
}

#[test]
fn moved_cells_lose_data_and_renamed_ones_do_not() {
    let old = manifest(token());
    let change = |edit: &dyn Fn(&mut ir::Contract)| {
        let mut contract = token();
        edit(&mut contract);
        let changes = diff(&old, &manifest(contract));
        let cells: Vec<CellChange> = changes.contracts.iter().flat_map(|contract| contract.cells.clone()).collect();
        (changes.loses_data(), cells.into_iter().map(|cell| cell.change).next())
    };
    let (loses, what) = change(&|contract| contract.cells[0].name = "LEDGER".to_owned());
    assert_eq!((loses, what), (false, Some(Layout::Renamed("LEDGER".to_owned()))));
    let (loses, what) = change(&|contract| contract.cells[0].storage.prefix = Some(b"bal2".to_vec()));
    assert_eq!((loses, what), (true, Some(Layout::Namespace("map \"balances\"".into(), "map \"bal2\"".into()))));
    let (loses, what) = change(&|contract| contract.cells[0].keys = vec![ir::Type::Text]);
    assert_eq!((loses, what), (true, Some(Layout::Keys("address".into(), "string".into()))));
    let (loses, what) = change(&|contract| contract.cells[0].value = ir::Type::Uint(64));
    assert_eq!((loses, what), (true, Some(Layout::Value("u128".into(), "u64".into()))));
    let (loses, what) = change(&|contract| contract.cells[0].tier = Some("temporary".to_owned()));
    assert_eq!((loses, what), (true, Some(Layout::Tier(String::new(), "temporary".into()))));
}

#[cfg(feature = "schema")]
#[test]
fn the_committed_schema_is_the_one_of_the_types() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/schema/manifest-v1.json");
    let text = schema_text();
    if std::env::var_os("CROSSLANE_UPDATE").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(committed == text, "docs/schema/manifest-v1.json is stale; run this test with CROSSLANE_UPDATE=1");
    // Every reference leads somewhere.
    let definitions = schema()["$defs"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    for reference in text.split("#/$defs/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(definitions.iter().any(|known| known == name), "{name}");
    }
}

#[test]
fn cells_of_one_namespace_share_a_unit_unsound() {
    let mut contract = Builder::new("c", "keyed");
    let one = contract.cell("ONE", &[ir::Type::Text], ir::Type::Bool);
    let two = contract.cell("TWO", &[ir::Type::Text], ir::Type::Bool);
    contract.cell_mut(two).storage.prefix = Some(b"one".to_vec());
    let raw: Vec<ir::CellId> = [("U", "u"), ("US", "us"), ("V", "v")]
        .into_iter()
        .map(|(name, prefix)| {
            let cell = contract.cell(name, &[ir::Type::Bytes], ir::Type::Bool);
            contract.cell_mut(cell).storage.prefix = Some(prefix.as_bytes().to_vec());
            contract.cell_mut(cell).storage.encoding = "raw".to_owned();
            cell
        })
        .collect();
    for (name, cell) in [("one", one), ("two", two), ("u", raw[0]), ("us", raw[1]), ("v", raw[2])] {
        contract.entry(name, &[("k", ir::Type::Text)], vec![touch(ir::Mode::Write, cell, &["k"])]);
    }
    let contract = contract.finish();
    let wire = manifest(contract.clone());
    let units: Vec<(&str, Option<&str>)> =
        wire.contracts[0].cells.iter().map(|cell| (cell.unit.id.as_str(), cell.unit.part.as_deref())).collect();
    assert_eq!(
        units,
        [
            ("ONE|TWO", Some("key")),
            ("ONE|TWO", Some("key")),
            ("U|US", Some("cell")),
            ("U|US", Some("cell")),
            ("own", None)
        ]
    );
    let again = manifest(to_ir(&wire.contracts[0]));
    assert_eq!(again.contracts[0].conflicts, wire.contracts[0].conflicts);
}
