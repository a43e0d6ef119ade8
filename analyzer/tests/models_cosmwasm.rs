//! The tables of CosmWasm against the sequences a recording `Storage` sees: one message per method, one expected footprint.

#![allow(clippy::unwrap_used)]

mod common;

use common::analyse_files;
use crosslane_analyzer::ir::{Access, Const, Contract, Mode, Step, Term, path_text};

const HEAD: &str = r#"
use cosmwasm_std::{entry_point, coins, to_json_binary, Addr, BankMsg, Binary, Deps, DepsMut, Env, MessageInfo, Order, Reply};
use cosmwasm_std::{Response, StdError, StdResult, Storage, SubMsg, Uint128, WasmMsg, CosmosMsg, ensure};
use cw_storage_plus::{Bound, Deque, Index, IndexList, IndexedMap, IndexedSnapshotMap, Item, Map, MultiIndex, SnapshotItem};
use cw_storage_plus::{SnapshotMap, Strategy, UniqueIndex};
"#;

/// Analyses a contract whose `execute` matches these arms; `state` declares the rest.
fn contract(state: &str, arms: &[(&str, &str)]) -> Contract {
    let variants: String = arms.iter().map(|(variant, _)| format!("{variant},\n")).collect();
    let bodies: String = arms
        .iter()
        .map(|(variant, body)| {
            let (name, fields) = variant.split_once('{').unwrap_or((variant, "}"));
            let names: Vec<&str> = fields
                .trim_end_matches('}')
                .split(',')
                .filter_map(|field| Some(field.split_once(':')?.0.trim()))
                .collect();
            format!("ExecuteMsg::{} {{ {} }} => {{ {body} }}\n", name.trim(), names.join(", "))
        })
        .collect();
    let text = format!(
        "{HEAD}\n{state}\n#[derive(Clone)] pub enum ExecuteMsg {{ {variants} }}\n#[entry_point]\npub fn execute(deps: DepsMut, env: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {{\n match msg {{ {bodies} }}\n Ok(Response::new())\n}}\n"
    );
    let analysis = analyse_files(vec![("src/lib.rs", text)], &["cosmwasm_std", "cw_storage_plus", "cosmwasm_storage"]);
    for access in analysis.contracts.iter().flat_map(|found| &found.entries).flat_map(|entry| &entry.accesses) {
        // Lines of a table mean nothing to the author of a contract.
        let file = analysis.files.file(access.span.file).unwrap();
        assert_eq!(&*file.path, "src/lib.rs", "{:?}", access.via);
    }
    analysis.contracts.into_iter().next().unwrap()
}

fn term(contract: &Contract, term: &Term) -> String {
    match term {
        Term::Const(Const::Str(text)) => format!("{text:?}"),
        Term::Const(other) => format!("{other:?}"),
        Term::Arg(path) => {
            let plain: Vec<Step> =
                path.iter().map(|step| if let Step::Elem(_) = step { Step::Elem(0) } else { step.clone() }).collect();
            path_text(&plain)
        }
        Term::Caller => "caller".into(),
        Term::SelfAddr => "self".into(),
        Term::Env { name, .. } => name.clone(),
        Term::Load { cell, key, field } => {
            let key: Vec<String> = key.iter().map(|part| self::term(contract, part)).collect();
            let field: String = field.iter().map(|name| format!(".{name}")).collect();
            format!("load({}[{}]{field})", contract.cells[cell.0 as usize].name, key.join(", "))
        }
        Term::Fn { name, of, .. } => {
            let of: Vec<String> = of.iter().map(|part| self::term(contract, part)).collect();
            format!("{name}({})", of.join(", "))
        }
        Term::Coalesce(of) => of.iter().map(|one| self::term(contract, one)).collect::<Vec<_>>().join(" or "),
        Term::Prefix(_) => "..".into(),
        Term::Any => "any".into(),
        other => format!("{other:?}"),
    }
}

fn line(contract: &Contract, access: &Access) -> String {
    let mode = format!("{:?}", access.mode).to_lowercase();
    let key: Vec<String> = access.key.iter().map(|part| term(contract, part)).collect();
    let field = access.field.as_ref().map(|field| format!(".{field}")).unwrap_or_default();
    format!("{mode} {}[{}]{field}", contract.cells[access.cell.0 as usize].name, key.join(", "))
}

/// Accesses, calls out and unknowns of an entry, one a line.
fn footprint(contract: &Contract, entry: &str) -> Vec<String> {
    let name = format!("execute::{entry}");
    let entry = contract.entries.iter().find(|entry| entry.name == name).unwrap_or_else(|| panic!("no {name}"));
    let mut lines: Vec<String> = entry.accesses.iter().map(|access| line(contract, access)).collect();
    lines.extend(entry.externals.iter().map(|external| format!("out {}", term(contract, &external.target))));
    lines.extend(entry.unknowns.iter().map(|unknown| format!("unknown {} {}", unknown.reason.code(), unknown.what)));
    lines.sort();
    lines.dedup();
    lines
}

fn check(state: &str, cases: &[(&str, &str, &[&str])]) {
    let arms: Vec<(&str, &str)> = cases.iter().map(|(variant, body, _)| (*variant, *body)).collect();
    let contract = contract(state, &arms);
    let mut wrong = String::new();
    for (variant, body, expected) in cases {
        let name = variant.split_once('{').map_or(*variant, |(name, _)| name).trim();
        let mut snake = String::new();
        for c in name.chars() {
            if c.is_uppercase() && !snake.is_empty() {
                snake.push('_');
            }
            snake.extend(c.to_lowercase());
        }
        let found = footprint(&contract, &snake);
        let mut expected: Vec<&str> = expected.to_vec();
        expected.sort_unstable();
        if found != expected {
            wrong += &format!("{body}\n  found    {found:#?}\n  expected {expected:#?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn items_and_maps() {
    check(
        r#"const I: Item<u64> = Item::new("i"); const M: Map<&Addr, u64> = Map::new("m"); const P: Map<(&Addr, u64), u64> = Map::new("p");
fn helper(deps: DepsMut, who: &Addr) -> StdResult<()> { M.save(deps.storage, who, &1) }"#,
        &[
            ("Save {}", "I.save(deps.storage, &1)?;", &["write I[]"]),
            ("Load {}", "I.load(deps.storage)?;", &["read I[]"]),
            ("MayLoad {}", "I.may_load(deps.storage)?;", &["read I[]"]),
            ("Exists {}", "if I.exists(deps.storage) { return Err(StdError::generic_err(\"x\")); }", &["probe I[]"]),
            ("Remove {}", "I.remove(deps.storage);", &["delete I[]"]),
            (
                "Update {}",
                "I.update(deps.storage, |x| -> StdResult<_> { if x > 5 { Ok(0) } else { Ok(1) } })?;",
                &["update I[]"],
            ),
            ("MapSave {}", "M.save(deps.storage, &info.sender, &1)?;", &["write M[caller]"]),
            ("MapRemove {}", "M.remove(deps.storage, &info.sender);", &["delete M[caller]"]),
            ("MapHas {}", "M.has(deps.storage, &info.sender);", &["probe M[caller]"]),
            (
                "MapUpdate {}",
                "M.update(deps.storage, &info.sender, |x| -> StdResult<_> { Ok(x.unwrap_or_default() * 2) })?;",
                &["update M[caller]"],
            ),
            (
                "MapDelta { n: u64 }",
                "M.update(deps.storage, &info.sender, |x| -> StdResult<_> { Ok(x.unwrap_or_default() + n) })?;",
                &["commute M[caller]"],
            ),
            ("Pair { n: u64 }", "P.save(deps.storage, (&info.sender, n), &1)?;", &["write P[caller, n]"]),
            (
                "Prefix {}",
                "for x in P.prefix(&info.sender).range(deps.storage, None, None, Order::Ascending) { let (n, v) = x?; if v > n { return Err(StdError::generic_err(\"x\")); } }",
                &["scan P[caller, ..]"],
            ),
            (
                "Keys {}",
                "let _k: Vec<u64> = P.prefix(&info.sender).keys(deps.storage, None, None, Order::Ascending).collect::<StdResult<Vec<_>>>()?;",
                &["probe P[caller, ..]"],
            ),
            (
                "Range {}",
                "let _k = M.range(deps.storage, Some(Bound::exclusive(&info.sender)), None, Order::Ascending).take(3).collect::<StdResult<Vec<_>>>()?;",
                &["scan M[..]"],
            ),
            ("IsEmpty {}", "M.is_empty(deps.storage);", &["probe M[..]"]),
            ("First {}", "M.first(deps.storage)?;", &["scan M[..]"]),
            ("Clear {}", "M.clear(deps.storage);", &["probe M[..]", "delete M[any]"]),
            (
                "Path {}",
                "let p = M.key(&info.sender); p.save(deps.storage, &1)?; p.load(deps.storage)?;",
                &["update M[caller]"],
            ),
            (
                "Branch {}",
                "let mut deps = deps; helper(deps.branch(), &info.sender)?; I.load(deps.as_ref().storage)?;",
                &["read I[]", "write M[caller]"],
            ),
            (
                "Text { who: String }",
                "let who = deps.api.addr_validate(&who)?; M.save(deps.storage, &who, &1)?;",
                &["write M[who]"],
            ),
            (
                "Raw {}",
                "let x = deps.storage.get(b\"i\"); deps.storage.set(b\"raw\", &[1]); deps.storage.remove(b\"old\"); ensure!(x.is_some(), StdError::generic_err(\"x\"));",
                &["delete old[]", "read I[]", "write raw[]"],
            ),
        ],
    );
}

#[test]
fn deques() {
    check(
        r#"const D: Deque<u64> = Deque::new("d");"#,
        &[
            (
                "PushBack {}",
                "D.push_back(deps.storage, &1)?;",
                &["update D.tail[]", "write D[load(D.tail[]) or Int(0)]"],
            ),
            ("PushFront {}", "D.push_front(deps.storage, &1)?;", &["update D.head[]", "write D[any]"]),
            ("PopFront {}", "D.pop_front(deps.storage)?;", &["update D.head[]", "update D[load(D.head[]) or Int(0)]"]),
            ("PopBack {}", "D.pop_back(deps.storage)?;", &["update D.tail[]", "update D[any]"]),
            ("Len {}", "D.len(deps.storage)?;", &["read D.head[]", "read D.tail[]"]),
            ("Get {}", "D.get(deps.storage, 3)?;", &["read D.head[]", "read D.tail[]", "read D[any]"]),
            (
                "Iter {}",
                "let _all: Vec<u64> = D.iter(deps.storage)?.collect::<StdResult<Vec<_>>>()?;",
                &["read D.head[]", "read D.tail[]", "read D[any]"],
            ),
        ],
    );
}

const TOKENS: &str = r#"
#[derive(Clone)] pub struct Token { owner: Addr, serial: u64, note: String }
pub struct Idx<'a> { owner: MultiIndex<'a, Addr, Token, u64>, serial: UniqueIndex<'a, u64, Token, u64> }
impl<'a> IndexList<Token> for Idx<'a> {
    fn get_indexes(&'_ self) -> Box<dyn Iterator<Item = &'_ dyn Index<Token>> + '_> {
        let v: Vec<&dyn Index<Token>> = vec![&self.owner, &self.serial];
        Box::new(v.into_iter())
    }
}
const T: IndexedMap<u64, Token, Idx> = IndexedMap::new("t", Idx {
    owner: MultiIndex::new(|_pk, t: &Token| t.owner.clone(), "t", "t__owner"),
    serial: UniqueIndex::new(|t: &Token| t.serial, "t__serial"),
});
"#;

#[test]
fn indexed_maps() {
    check(
        TOKENS,
        &[
            (
                "Mint { id: u64, serial: u64 }",
                "T.save(deps.storage, id, &Token { owner: info.sender.clone(), serial, note: String::new() })?;",
                &[
                    "delete T.owner[load(T[id].owner), id]",
                    "delete T.serial[load(T[id].serial)]",
                    "update T.serial[serial]",
                    "update T[id]",
                    "write T.owner[caller, id]",
                ],
            ),
            (
                "Note { id: u64, text: String }",
                "T.update(deps.storage, id, |t| -> StdResult<_> { let mut t = t.ok_or_else(|| StdError::not_found(\"t\"))?; t.note = text; Ok(t) })?;",
                &[
                    "read T[id]",
                    "update T.serial[load(T[id].serial)]",
                    "update T[id].note",
                    "write T.owner[load(T[id].owner), id]",
                ],
            ),
            (
                "Burn { id: u64 }",
                "T.remove(deps.storage, id)?;",
                &["delete T.owner[load(T[id].owner), id]", "delete T.serial[load(T[id].serial)]", "update T[id]"],
            ),
            (
                "Owned {}",
                "let _t = T.idx.owner.prefix(info.sender.clone()).range(deps.storage, None, None, Order::Ascending).collect::<StdResult<Vec<_>>>()?;",
                &["probe T.owner[caller, ..]", "read T[any]"],
            ),
            ("Serial { n: u64 }", "T.idx.serial.item(deps.storage, n)?;", &["read T.serial[n]"]),
            ("Has { id: u64 }", "T.has(deps.storage, id);", &["probe T[id]"]),
        ],
    );
}

#[test]
fn snapshots() {
    check(
        r#"
const E: SnapshotMap<&Addr, u64> = SnapshotMap::new("e", "e__cp", "e__cl", Strategy::EveryBlock);
const S: SnapshotMap<&Addr, u64> = SnapshotMap::new("s", "s__cp", "s__cl", Strategy::Selected);
const N: SnapshotItem<u64> = SnapshotItem::new("n", "n__cp", "n__cl", Strategy::Never);
const EI: SnapshotItem<u64> = SnapshotItem::new("ei", "ei__cp", "ei__cl", Strategy::EveryBlock);
"#,
        &[
            (
                "Every {}",
                "E.save(deps.storage, &info.sender, &1, env.block.height)?;",
                &["update E.changelog[caller, block.height]", "update E[caller]"],
            ),
            (
                "Selected {}",
                "S.save(deps.storage, &info.sender, &1, env.block.height)?;",
                &[
                    "probe S.changelog[caller, ..]",
                    "probe S.checkpoints[..]",
                    "update S.changelog[caller, block.height]",
                    "update S[caller]",
                ],
            ),
            ("Never {}", "N.save(deps.storage, &1, env.block.height)?;", &["write N[]"]),
            (
                "EveryItem {}",
                "EI.save(deps.storage, &1, env.block.height)?;",
                &["update EI.changelog[block.height]", "update EI[]"],
            ),
            ("Checkpoint { h: u64 }", "S.add_checkpoint(deps.storage, h)?;", &["commute S.checkpoints[h]"]),
            ("Uncheckpoint { h: u64 }", "S.remove_checkpoint(deps.storage, h)?;", &["update S.checkpoints[h]"]),
            (
                "At { h: u64 }",
                "E.may_load_at_height(deps.storage, &info.sender, h)?;",
                &["read E[caller]", "scan E.changelog[caller, ..]"],
            ),
        ],
    );
}

#[test]
fn messages_and_queries() {
    check(
        r#"const Q: Item<Vec<CosmosMsg>> = Item::new("q");"#,
        &[
            (
                "Send { to: String }",
                "return Ok(Response::new().add_message(BankMsg::Send { to_address: to, amount: coins(1, \"x\") }));",
                &["commute <balance>[self]", "commute <balance>[to]"],
            ),
            (
                "Call { to: String }",
                "let msg = WasmMsg::Execute { contract_addr: to, msg: to_json_binary(&1)?, funds: vec![] }; return Ok(Response::new().add_submessage(SubMsg::reply_on_success(msg, 7)));",
                &["out to"],
            ),
            ("Forward { msgs: Vec<CosmosMsg> }", "return Ok(Response::new().add_messages(msgs));", &["out any"]),
            (
                "Stored {}",
                "let msgs = Q.load(deps.storage)?; return Ok(Response::new().add_messages(msgs));",
                &["out any", "read Q[]"],
            ),
            ("Query { of: String }", "let _x: u64 = deps.querier.query_wasm_smart(of, &1)?;", &["out of"]),
            ("Balance { of: String }", "deps.querier.query_balance(of, \"x\")?;", &["read <balance>[of]"]),
        ],
    );
    let contract = contract("const I: Item<u64> = Item::new(\"i\");", &[("A {}", "I.save(deps.storage, &1)?;")]);
    assert_eq!(contract.entries[0].accesses[0].mode, Mode::Write);
}

#[test]
fn older_storage() {
    check(
        r#"
use cosmwasm_storage::{bucket, bucket_read, singleton, singleton_read, sequence, nextval, prefixed, Bucket, PrefixedStorage};
pub static CONFIG_KEY: &[u8] = b"config";
fn config(storage: &mut dyn Storage) -> cosmwasm_storage::Singleton<u64> { singleton(storage, CONFIG_KEY) }
const I: Item<u64> = Item::new("i");
"#,
        &[
            ("Save {}", "config(deps.storage).save(&1)?;", &["write config[]"]),
            ("Load {}", "singleton_read::<u64>(deps.storage, CONFIG_KEY).load()?;", &["read config[]"]),
            ("Bump {}", "config(deps.storage).update(|x| -> StdResult<_> { Ok(x * 2) })?;", &["update config[]"]),
            ("Next {}", "nextval(&mut sequence(deps.storage, b\"seq\"))?;", &["commute seq[]"]),
            ("Put {}", "bucket(deps.storage, b\"b\").save(info.sender.as_bytes(), &1u64)?;", &["write b[caller]"]),
            (
                "Get {}",
                "bucket_read::<u64>(deps.storage, b\"b\").may_load(info.sender.as_bytes())?;",
                &["read b[caller]"],
            ),
            (
                "Deep { n: String }",
                "let mut b: Bucket<u64> = Bucket::multilevel(deps.storage, &[b\"deep\", info.sender.as_bytes()]); b.save(n.as_bytes(), &1)?;",
                &["write deep[caller, n]"],
            ),
            (
                "Raw {}",
                "let mut p = prefixed(deps.storage, b\"pre\"); p.set(info.sender.as_bytes(), b\"1\");",
                &["write pre[caller]"],
            ),
            (
                "Inner {}",
                "let mut p = PrefixedStorage::new(deps.storage, b\"pre\"); I.save(&mut p, &1)?;",
                &["unknown unknown-cell a store inside another", "write I[]"],
            ),
        ],
    );
}

#[test]
fn ways_to_name_a_cell() {
    check(
        r#"
pub struct Contract<'a> { pub balances: Map<'a, &'a Addr, u64>, pub config: Item<'a, u64>, tokens: IndexedMap<'a, u64, u64, NoIdx> }
pub struct NoIdx {}
impl IndexList<u64> for NoIdx { fn get_indexes(&self) -> Box<dyn Iterator<Item = &dyn Index<u64>>> { Box::new(vec![].into_iter()) } }
impl<'a> Contract<'a> {
    pub fn new(key: &'a str) -> Self { Contract { balances: Map::new("balances"), config: Item::new(key), tokens: IndexedMap::new("tokens", NoIdx {}) } }
}
impl Default for Contract<'static> { fn default() -> Self { Contract::new("cfg") } }
const KEY: &str = "konst";
const K: Item<u64> = Item::new(KEY);
fn through(store: &mut dyn Storage, map: &Map<&Addr, u64>, who: &Addr) -> StdResult<()> { map.save(store, who, &1) }
const A: Map<&Addr, u64> = Map::new("a");
const B: Map<&Addr, u64> = Map::new("b");
#[derive(Clone)] pub enum Side { Left, Right }
fn pick(side: &Side) -> &'static Map<'static, &'static Addr, u64> { match side { Side::Left => &A, Side::Right => &B } }
#[derive(Clone)] pub struct MyKey(pub u8, pub u8);
impl<'a> cw_storage_plus::PrimaryKey<'a> for MyKey { type Prefix = (); type SubPrefix = (); type Suffix = (); type SuperSuffix = ();
    fn key(&self) -> Vec<cw_storage_plus::Key> { vec![cw_storage_plus::Key::Val8([self.0 / 2])] } }
const MINE: Map<MyKey, u64> = Map::new("mine");
"#,
        &[
            (
                "Field {}",
                "let c = Contract::default(); c.balances.save(deps.storage, &info.sender, &1)?; c.config.save(deps.storage, &1)?;",
                &["write balances[caller]", "write config[]"],
            ),
            ("Konst {}", "K.save(deps.storage, &1)?;", &["write K[]"]),
            ("Through {}", "through(deps.storage, &A, &info.sender)?;", &["write A[caller]"]),
            (
                "Either { side: Side }",
                "pick(&side).save(deps.storage, &info.sender, &1)?;",
                &["write A[caller]", "write B[caller]"],
            ),
            (
                "Local {}",
                "let m: Map<&Addr, u64> = Map::new(\"a\"); m.remove(deps.storage, &info.sender);",
                &["delete A[caller]"],
            ),
            (
                "Dynamic { name: String }",
                "let i: Item<u64> = Item::new_dyn(name); i.save(deps.storage, &1)?;",
                &["unknown unknown-cell a storage place: its namespace is not a constant"],
            ),
            ("Own { k: MyKey }", "MINE.save(deps.storage, k, &1)?;", &["write MINE[key(k)]"]),
            (
                "Twice { to: String }",
                "let to = deps.api.addr_validate(&to)?; A.update(deps.storage, &info.sender, |x| -> StdResult<_> { Ok(x.unwrap_or_default() - 1) })?; A.update(deps.storage, &to, |x| -> StdResult<_> { Ok(x.unwrap_or_default() + 1) })?;",
                &["commute A[caller]", "commute A[to]"],
            ),
        ],
    );
}

#[test]
fn deltas_survive_failing() {
    check(
        r#"
const I: Item<u64> = Item::new("i");
const B: Map<&Addr, Uint128> = Map::new("b");
pub enum MyError { Std(StdError), Poor {}, Had { amount: Uint128 } }
impl From<StdError> for MyError { fn from(e: StdError) -> Self { MyError::Std(e) } }
fn take(store: &mut dyn Storage, who: &Addr, amount: Uint128) -> Result<(), MyError> {
    B.update(store, who, |x| -> StdResult<_> { Ok(x.unwrap_or_default().checked_sub(amount)?) }).map_err(|_| MyError::Poor {})?;
    Ok(())
}
"#,
        &[
            ("Count {}", "I.update(deps.storage, |x| -> StdResult<_> { Ok(x + 1) })?;", &["commute I[]"]),
            ("Twice {}", "let x = I.load(deps.storage)?; I.save(deps.storage, &(x + 1))?;", &["commute I[]"]),
            (
                "Move { to: String, n: Uint128 }",
                "let to = deps.api.addr_validate(&to)?; B.update(deps.storage, &info.sender, |x| -> StdResult<_> { Ok(x.unwrap_or_default().checked_sub(n)?) })?; B.update(deps.storage, &to, |x| -> StdResult<_> { Ok(x.unwrap_or_default() + n) })?;",
                &["commute B[caller]", "commute B[to]"],
            ),
            (
                "Mapped { n: Uint128 }",
                "take(deps.storage, &info.sender, n).map_err(|_| StdError::generic_err(\"x\"))?;",
                &["commute B[caller]"],
            ),
            (
                "Caught { n: Uint128 }",
                "if take(deps.storage, &info.sender, n).is_err() { I.save(deps.storage, &1)?; }",
                &["update B[caller]", "write I[]"],
            ),
            (
                "Told {}",
                "let x = I.load(deps.storage)?; I.save(deps.storage, &(x + 1))?; if info.funds.is_empty() { return Err(StdError::generic_err(x.to_string())); }",
                &["update I[]"],
            ),
            (
                "Capped { n: u64 }",
                "let x = I.load(deps.storage)? + n; if x > 1000 { return Err(StdError::generic_err(\"cap\")); } I.save(deps.storage, &x)?;",
                &["commute I[]"],
            ),
            (
                "Fallback {}",
                "let x = match I.load(deps.storage) { Ok(x) => x, Err(_) => 7 }; I.save(deps.storage, &(x * 2))?;",
                &["update I[]"],
            ),
        ],
    );
}

#[test]
fn what_a_reply_does_belongs_to_the_call_that_asked_for_it_unsound() {
    let state = r#"
const A: Item<u64> = Item::new("a");
const B: Map<&Addr, u64> = Map::new("b");
const FIRST: u64 = 1;
const SECOND: u64 = 2;
fn out(id: u64) -> SubMsg { SubMsg::reply_on_success(WasmMsg::ClearAdmin { contract_addr: "x".into() }, id) }
#[entry_point]
pub fn reply(deps: DepsMut, env: Env, msg: Reply) -> StdResult<Response> {
    match msg.id {
        FIRST => { A.save(deps.storage, &1)?; Ok(Response::new().add_submessage(out(SECOND))) }
        SECOND => { B.save(deps.storage, &Addr::unchecked(msg.result.unwrap().data.unwrap().to_string()), &1)?; Ok(Response::new()) }
        _ => Err(StdError::generic_err("no such reply")),
    }
}
"#;
    let calls = [
        ("One {}", "return Ok(Response::new().add_submessage(out(FIRST)));"),
        ("Two {}", "return Ok(Response::new().add_submessage(out(SECOND)));"),
        ("Any { id: u64 }", "return Ok(Response::new().add_submessage(out(id)));"),
        ("None {}", "return Ok(Response::new().add_message(WasmMsg::ClearAdmin { contract_addr: \"x\".into() }));"),
    ];
    let contract = contract(state, &calls);
    let writes = |entry: &str| -> Vec<String> {
        footprint(&contract, entry).into_iter().filter(|line| line.starts_with("write")).collect()
    };
    assert_eq!(writes("one"), ["write A[]", "write B[any]"]);
    assert_eq!(writes("two"), ["write B[any]"]);
    assert_eq!(writes("any"), ["write A[]", "write B[any]"]);
    assert!(writes("none").is_empty());
}

#[test]
fn arguments_are_those_of_the_message_and_not_of_the_code() {
    let text = format!(
        r#"{HEAD}
pub const M: Map<&str, u64> = Map::new("m");
pub struct Who {{ pub name: String, #[serde(default)] pub weight: u64 }}
#[serde(default)]
pub struct Params {{ pub key: String, pub ready: bool, pub extra: Option<u64>, pub list: Vec<u64> }}
pub enum ExecuteMsg {{
    Go {{ #[serde(rename = "to")] recipient: String, #[serde(default)] n: u64, #[serde(default = "five")] m: u64, #[serde(flatten)] who: Who }},
    Set(Params),
    Put(Renamed),
}}
pub struct Renamed {{ #[serde(rename = "type")] pub kind: String }}
fn five() -> u64 {{ 5 }}
#[entry_point]
pub fn execute(deps: DepsMut, env: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {{
    match msg {{
        ExecuteMsg::Go {{ recipient, n, m, who }} => {{
            M.save(deps.storage, &recipient, &n)?;
            M.save(deps.storage, &who.name, &m)?;
        }}
        ExecuteMsg::Set(params) => M.save(deps.storage, &params.key, &1)?,
        ExecuteMsg::Put(renamed) => M.save(deps.storage, &renamed.kind, &1)?,
    }}
    Ok(Response::new())
}}
"#
    );
    let analysis = analyse_files(vec![("src/lib.rs", text)], &["cosmwasm_std", "cw_storage_plus"]);
    let contract = &analysis.contracts[0];
    let entry = |name: &str| contract.entries.iter().find(|entry| entry.name == name).unwrap();
    let keys = |name: &str| -> Vec<String> {
        entry(name).accesses.iter().map(|access| term(contract, &access.key[0])).collect()
    };
    let params = |name: &str| -> Vec<(String, bool, Option<Const>)> {
        let of = |param: &crosslane_analyzer::ir::Param| (param.name.clone(), param.optional, param.default.clone());
        entry(name).params.iter().map(of).collect()
    };
    assert_eq!(keys("execute::go"), ["name", "to"]);
    assert_eq!(keys("execute::set"), ["key"]);
    assert_eq!(keys("execute::put"), ["type"]);
    let zero = || Some(Const::Int(0));
    assert_eq!(
        params("execute::go"),
        [
            ("to".into(), false, None),
            ("n".into(), true, zero()),
            // What the function gives is not known.
            ("m".into(), true, None),
            ("name".into(), false, None),
            ("weight".into(), true, zero()),
        ]
    );
    // The type's own `Default` stands in for all of them, and it need not be that of the fields.
    assert_eq!(params("execute::set"), ["key", "ready", "extra", "list"].map(|name| (name.to_owned(), true, None)));
}

/// A contract of marked functions, with a trait of another module, generics, a reply and an exported function of its own.
const SYLVIA: &str = r#"
use cw_storage_plus::{Item, Map};
use sylvia::contract;
#[cfg(not(feature = "library"))]
use sylvia::entry_points;
use sylvia::ctx::{ExecCtx, InstantiateCtx, MigrateCtx, QueryCtx, ReplyCtx, SudoCtx};
use sylvia::cw_std::{Addr, Binary, Deps, DepsMut, Env, MessageInfo, Reply, Response, StdResult, SubMsg, SubMsgResult, WasmMsg};

pub mod pause {
    use sylvia::ctx::{ExecCtx, QueryCtx};
    use sylvia::cw_std::{Response, StdResult};
    #[sylvia::interface]
    pub trait Pause {
        type Error;
        #[sv::msg(exec)]
        fn pause(&self, ctx: ExecCtx, until: u64, by: Option<String>) -> StdResult<Response>;
        #[sv::msg(query)]
        fn is_paused(&self, ctx: QueryCtx) -> StdResult<bool>;
    }
}

pub struct Token<C> {
    balances: Map<Addr, u64>,
    paused: Item<u64>,
    seen: Map<u64, C>,
}

#[cfg_attr(not(feature = "library"), entry_points(generics<u64>))]
#[contract]
#[sv::messages(crate::pause as Pause)]
#[sv::override_entry_point(sudo = crate::own_sudo(crate::OwnSudo))]
#[sv::features(replies)]
impl<C> Token<C> {
    pub const fn new() -> Self {
        Self { balances: Map::new("balances"), paused: Item::new("paused"), seen: Map::new("seen") }
    }
    #[sv::msg(instantiate)]
    pub fn instantiate(&self, ctx: InstantiateCtx, paused: u64) -> StdResult<Response> {
        self.paused.save(ctx.deps.storage, &paused)?;
        Ok(Response::new())
    }
    #[sv::msg(exec)]
    pub fn transfer(&self, ctx: ExecCtx, contract: String, ctx_amount: u64) -> StdResult<Response> {
        let to = ctx.deps.api.addr_validate(&contract)?;
        self.balances.update(ctx.deps.storage, ctx.info.sender, |old| -> StdResult<_> { Ok(old.unwrap_or_default() - ctx_amount) })?;
        self.balances.update(ctx.deps.storage, to, |old| -> StdResult<_> { Ok(old.unwrap_or_default() + ctx_amount) })?;
        Ok(Response::new())
    }
    #[sv::msg(exec)]
    pub fn start(&self, ctx: ExecCtx, at: u64) -> StdResult<Response> {
        let message = WasmMsg::Execute { contract_addr: ctx.info.sender.to_string(), msg: Binary::default(), funds: vec![] };
        Ok(Response::new().add_submessage(SubMsg::reply_always(message, sv::STARTED_REPLY_ID)))
    }
    #[sv::msg(reply, handlers = [started], reply_on = always)]
    fn started(&self, ctx: ReplyCtx, result: SubMsgResult, #[sv::payload(raw)] payload: Binary) -> StdResult<Response> {
        self.paused.remove(ctx.deps.storage);
        Ok(Response::new())
    }
    #[sv::msg(query)]
    pub fn balance(&self, ctx: QueryCtx, address: String) -> StdResult<u64> {
        self.balances.load(ctx.deps.storage, Addr::unchecked(address))
    }
    #[sv::msg(migrate)]
    pub fn migrate(&self, ctx: MigrateCtx) -> StdResult<Response> {
        self.paused.save(ctx.deps.storage, &0)?;
        Ok(Response::new())
    }
    #[sv::msg(sudo)]
    pub fn forget(&self, ctx: SudoCtx, key: u64) -> StdResult<Response> {
        self.seen.remove(ctx.deps.storage, key);
        Ok(Response::new())
    }
    pub fn not_marked(&self, deps: DepsMut) { self.seen.remove(deps.storage, 1); }
}

impl<C> pause::Pause for Token<C> {
    type Error = sylvia::cw_std::StdError;
    fn pause(&self, ctx: ExecCtx, until: u64, by: Option<String>) -> StdResult<Response> {
        self.paused.save(ctx.deps.storage, &until)?;
        Ok(Response::new())
    }
    fn is_paused(&self, ctx: QueryCtx) -> StdResult<bool> { Ok(self.paused.load(ctx.deps.storage)? > ctx.env.block.height) }
}

pub enum OwnSudo { Forget { key: u64 }, Other(sv::ContractSudoMsg) }
#[sylvia::cw_std::entry_point]
pub fn own_sudo(deps: DepsMut, env: Env, msg: OwnSudo) -> StdResult<Response> { Ok(Response::new()) }
#[sylvia::cw_std::entry_point]
pub fn sudo(deps: DepsMut, env: Env, msg: OwnSudo) -> StdResult<Response> {
    match msg {
        OwnSudo::Forget { key } => Ok(Response::new()),
        OwnSudo::Other(msg) => msg.dispatch(&Token::<u64>::new(), (deps, env)),
    }
}
"#;

#[test]
fn marked_functions_are_messages() {
    let analysis =
        analyse_files(vec![("src/lib.rs", SYLVIA.to_owned())], &["cosmwasm_std", "cw_storage_plus", "sylvia"]);
    let contract = &analysis.contracts[0];
    let found: Vec<String> = contract
        .entries
        .iter()
        .map(|entry| {
            let key =
                |access: &Access| access.key.iter().map(|part| term(contract, part)).collect::<Vec<_>>().join(", ");
            let mut all: Vec<String> = entry
                .accesses
                .iter()
                .map(|access| format!("{:?} {}[{}]", access.mode, contract.cell(access.cell).name, key(access)))
                .collect();
            all.sort();
            let params: Vec<&str> = entry.params.iter().map(|param| param.name.as_str()).collect();
            assert_eq!(entry.unknowns, [], "{}", entry.name);
            format!("{}({}): {}", entry.name, params.join(", "), all.join(", "))
        })
        .collect();
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn messages_of_a_trait_that_cannot_be_read_are_unknown_unsound() {
    let text = SYLVIA.replace("#[sv::messages(crate::pause as Pause)]", "#[sv::messages(\"pause\")]");
    let analysis = analyse_files(vec![("src/lib.rs", text)], &["cosmwasm_std", "cw_storage_plus", "sylvia"]);
    let entries = &analysis.contracts[0].entries;
    let other = |entry: &&crosslane_analyzer::ir::Entry| entry.name.starts_with("execute::of");
    assert!(entries.iter().filter(other).any(|entry| !entry.unknowns.is_empty()), "{entries:?}");
}

#[test]
fn variants_inside_messages_are_spelled_as_serde_does_unsound() {
    let text = format!(
        r#"{HEAD}
pub const M: Map<&str, u64> = Map::new("m");
#[cw_serde] pub enum Snake {{ FooBar {{ key: String }}, Other }}
#[derive(Serialize, Deserialize)] pub enum Plain {{ FooBar {{ key: String }}, Other }}
#[derive(Serialize, Deserialize)] #[serde(rename_all = "lowercase")] pub enum Lower {{ FooBar {{ key: String }}, Other }}
#[derive(Serialize, Deserialize)] #[serde(untagged)] pub enum Bare {{ FooBar {{ key: String }}, Other }}
#[derive(Serialize, Deserialize)] pub struct Moved {{ #[serde(rename = "k")] key: String }}
pub enum ExecuteMsg {{ Go {{ a: Snake, b: Plain, c: Lower, d: Bare, e: Moved }} }}
#[entry_point]
pub fn execute(deps: DepsMut, env: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {{
    let ExecuteMsg::Go {{ a, b, c, d, e }} = msg;
    if let Snake::FooBar {{ key }} = a {{ M.save(deps.storage, &key, &1)?; }}
    if let Plain::FooBar {{ key }} = b {{ M.save(deps.storage, &key, &1)?; }}
    if let Lower::FooBar {{ key }} = c {{ M.save(deps.storage, &key, &1)?; }}
    if let Bare::FooBar {{ key }} = d {{ M.save(deps.storage, &key, &1)?; }}
    M.save(deps.storage, &e.key, &1)?;
    Ok(Response::new())
}}
"#
    );
    let analysis = analyse_files(vec![("src/lib.rs", text)], &["cosmwasm_std", "cw_storage_plus"]);
    let contract = &analysis.contracts[0];
    let entry = &contract.entries[0];
    let keys: Vec<String> = entry.accesses.iter().map(|access| term(contract, &access.key[0])).collect();
    assert_eq!(keys, ["a#foo_bar.key", "b#FooBar.key", "c#foobar.key", "d#FooBar.key", "e.key"]);
    // No path leads into these: whatever is given, the key is one that is not known.
    let opaque = |name: &str| {
        let param = entry.params.iter().find(|param| param.name == name).unwrap();
        matches!(param.ty, crosslane_analyzer::ir::Type::Opaque(_))
    };
    assert_eq!(["a", "b", "c", "d", "e"].map(opaque), [false, false, false, true, true]);
}
