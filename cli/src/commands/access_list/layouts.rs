//! Slots against arithmetic of its own: what is expected is written out as Solidity's layout rules say it, from the slot
//! numbers of the declared order and hashes of padded keys.

use super::{Word, hex, list};
use crosslane_analyzer::conflicts::Scope;
use crosslane_analyzer::conflicts::evaluate::{Call, World};
use crosslane_analyzer::manifest::{self, BuildOptions};
use crosslane_analyzer::source::{Package, PackageId, Sources};
use crosslane_analyzer::{Options, analyze};
use sha3::{Digest as _, Keccak256};
use std::sync::Arc;

struct One(String);

impl Sources for One {
    fn read(&self, _: PackageId, path: &str) -> Option<Arc<str>> {
        (path == "src/lib.rs").then(|| self.0.as_str().into())
    }
}

const WHO: &str = "0x1111111111111111111111111111111111111111";

fn n(value: u64) -> Word {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&value.to_be_bytes());
    word
}

fn who() -> Word {
    let mut word = [0; 32];
    word[12..].fill(0x11);
    word
}

fn keccak(parts: &[&[u8]]) -> Word {
    Keccak256::digest(parts.concat()).into()
}

/// The word `more` further, where no carry leaves the last eight bytes.
fn plus(mut word: Word, more: u64) -> Word {
    let mut low = [0; 8];
    low.copy_from_slice(&word[24..]);
    word[24..].copy_from_slice(&u64::from_be_bytes(low).checked_add(more).unwrap().to_be_bytes());
    word
}

/// Slots of `f` of a contract with these fields.
fn slots(fields: &str, structs: &str, function: &str, args: &str) -> Vec<String> {
    let text = format!(
        "use alloy_primitives::{{Address, FixedBytes, U8, U16, U64, U128, U256}};\nuse stylus_sdk::prelude::*;\n\
         sol_storage! {{ #[entrypoint] pub struct C {{ {fields} }} {structs} }}\n#[public]\nimpl C {{ {function} }}"
    );
    let package = Package {
        name: "user".into(),
        version: "0.1.0".into(),
        crate_name: "user".into(),
        root: "src/lib.rs".into(),
        edition: 2021,
        missing: vec!["stylus_sdk".into(), "alloy_primitives".into(), "alloy_sol_types".into()],
        analysed: true,
        ..Package::default()
    };
    let analysis = analyze(&One(text), vec![package], &Options::default());
    let manifest = manifest::build(&analysis, &BuildOptions::default());
    let mut world = World::new(&manifest);
    world.scope = Scope::Own;
    let call = Call {
        id: "call".to_owned(),
        entry: "f".to_owned(),
        caller: Some(WHO.to_owned()),
        args: serde_json::from_str(args).unwrap(),
        ..Call::default()
    };
    assert!(manifest.contracts[0].entries[0].unknowns.is_empty(), "{:?}", manifest.contracts[0].entries[0].unknowns);
    list(&manifest, &world, &call).unwrap().slots.iter().map(hex).collect()
}

fn same(found: &[String], expected: &[Word]) {
    let mut expected: Vec<String> = expected.iter().map(hex).collect();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn words_and_what_is_packed() {
    let set = |field: &str, value: &str| format!("fn f(&mut self) {{ self.{field}.set({value}); }}");
    let at = |fields: &str, field: &str, value: &str| slots(fields, "", &set(field, value), "{}");
    // 1. Two words.
    same(&at("uint256 a; uint256 b;", "b", "U256::ZERO"), &[n(1)]);
    // 2. 20 + 1 + 8 bytes fit, a word does not.
    same(&at("address o; bool p; uint64 t; uint256 x;", "t", "U64::ZERO"), &[n(0)]);
    same(&at("address o; bool p; uint64 t; uint256 x;", "x", "U256::ZERO"), &[n(1)]);
    // 3. A third half begins the next slot.
    same(&at("uint128 a; uint128 b; uint128 c;", "c", "U128::ZERO"), &[n(1)]);
    // 4. A byte on each side of a word.
    same(&at("uint8 a; uint256 b; uint8 c;", "c", "U8::ZERO"), &[n(2)]);
    // 5. What does not fit leaves a gap: 20, then 16, then 8 beside the 16.
    same(&at("address a; uint128 b; uint64 c;", "c", "U64::ZERO"), &[n(1)]);
    // 6. A map takes a slot of its own, also between narrow values.
    same(&at("uint8 a; mapping(address => bool) m; uint8 c;", "c", "U8::ZERO"), &[n(2)]);
}

#[test]
fn maps() {
    // 7. An entry.
    let found = slots(
        "uint256 a; uint256 b; mapping(address => uint256) m;",
        "",
        "fn f(&self, who: Address) -> U256 { self.m.get(who) }",
        &format!("{{\"who\": \"{WHO}\"}}"),
    );
    same(&found, &[keccak(&[&who(), &n(2)])]);
    // 8. A map of maps; the inner key is hashed with the outer entry's slot.
    let found = slots(
        "uint256 a; mapping(address => mapping(uint256 => bool)) m;",
        "",
        "fn f(&mut self, id: U256) { self.m.setter(self.vm().msg_sender()).insert(id, true); }",
        "{\"id\": \"7\"}",
    );
    same(&found, &[keccak(&[&n(7), &keccak(&[&who(), &n(1)])])]);
    // 9. Structs in a map: the third field is in the second slot.
    let found = slots(
        "mapping(uint64 => S) m;",
        "pub struct S { uint128 a; uint128 b; uint256 c; }",
        "fn f(&mut self, id: u64) { self.m.setter(U64::from(id)).c.set(U256::ZERO); }",
        "{\"id\": 9}",
    );
    same(&found, &[plus(keccak(&[&n(9), &n(0)]), 1)]);
    // 10. Text as a key stands as it is.
    let found = slots(
        "uint8 a; mapping(string => uint256) m;",
        "",
        "fn f(&self, name: String) -> U256 { self.m.get(name) }",
        "{\"name\": \"alice\"}",
    );
    same(&found, &[keccak(&[b"alice", &n(1)])]);
    // 11. Bytes of fixed length stand at the high end.
    let found = slots(
        "mapping(bytes4 => bool) m;",
        "",
        "fn f(&self, id: FixedBytes<4>) -> bool { self.m.get(id) }",
        "{\"id\": \"0x01020304\"}",
    );
    let mut key = [0; 32];
    key[..4].copy_from_slice(&[1, 2, 3, 4]);
    same(&found, &[keccak(&[&key, &n(0)])]);
}

#[test]
fn lists_and_arrays() {
    let get = |ty: &str, element: &str| format!("fn f(&self, i: U256) -> {ty} {{ self.{element}.get(i).unwrap() }}");
    // 12. Words: the length, and the element from the hash on.
    let found = slots("uint256 a; uint256[] l;", "", &get("U256", "l"), "{\"i\": \"5\"}");
    same(&found, &[n(1), plus(keccak(&[&n(1)]), 5)]);
    // 13. Addresses: one to a slot.
    let found = slots("address[] l;", "", &get("Address", "l"), "{\"i\": \"3\"}");
    same(&found, &[n(0), plus(keccak(&[&n(0)]), 3)]);
    // 14. Bytes: 32 to a slot.
    let found = slots("uint8[] l;", "", &get("U8", "l"), "{\"i\": \"70\"}");
    same(&found, &[n(0), plus(keccak(&[&n(0)]), 2)]);
    // 15. An array: four to a slot, three slots, then the next field.
    let fields = "uint256 a; uint64[10] l; uint256 z;";
    same(&slots(fields, "", &get("U64", "l"), "{\"i\": \"5\"}"), &[n(2)]);
    same(&slots(fields, "", "fn f(&self) -> U256 { self.z.get() }", "{}"), &[n(4)]);
    // 16. Structs of two slots in a list.
    let found = slots(
        "S[] l;",
        "pub struct S { uint256 a; address b; }",
        "fn f(&self, i: U256) -> Address { self.l.getter(i).unwrap().b.get() }",
        "{\"i\": \"4\"}",
    );
    same(&found, &[n(0), plus(keccak(&[&n(0)]), 9)]);
    // 17. A list in a map.
    let found = slots(
        "uint256 a; mapping(address => uint256[]) m;",
        "",
        "fn f(&self, i: U256) -> U256 { self.m.getter(self.vm().msg_sender()).get(i).unwrap() }",
        "{\"i\": \"2\"}",
    );
    let length = keccak(&[&who(), &n(1)]);
    same(&found, &[length, plus(keccak(&[&length]), 2)]);
    // 18. Arrays in a list: each begins a slot.
    let found = slots(
        "uint16[3][] l;",
        "",
        "fn f(&self, i: U256, j: U256) -> U16 { self.l.getter(i).unwrap().get(j).unwrap() }",
        "{\"i\": \"6\", \"j\": \"2\"}",
    );
    same(&found, &[n(0), plus(keccak(&[&n(0)]), 6)]);
}

#[test]
fn structs_and_text() {
    let inner = "pub struct L { mapping(address => uint256) m; uint256 s; } pub struct P { uint8 a; uint8 b; }";
    // 19. A struct begins a slot and ends one.
    let fields = "uint8 x; L l; uint8 y; P p; uint8 z;";
    same(&slots(fields, inner, "fn f(&self) -> U256 { self.l.s.get() }", "{}"), &[n(2)]);
    same(&slots(fields, inner, "fn f(&self) -> U8 { self.y.get() }", "{}"), &[n(3)]);
    same(&slots(fields, inner, "fn f(&self) -> U8 { self.p.b.get() }", "{}"), &[n(4)]);
    same(&slots(fields, inner, "fn f(&self) -> U8 { self.z.get() }", "{}"), &[n(5)]);
    // 20. Text has its length, and what is short, in its slot; where long text goes on is not known before.
    let found = slots("uint256 a; string s;", "", "fn f(&self) -> String { self.s.get_string() }", "{}");
    same(&found, &[n(1)]);
}
