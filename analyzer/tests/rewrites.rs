//! Rewrites that keep a contract's behaviour keep its footprint: another name, a helper taken out or put back, another order, a
//! module, `if let` for `match`. Names of cells are those of their places in storage, so that they may be renamed as well.

mod common;

use common::{analyse_text, lines};

const ITEMS: &str = "pub const COUNT: Item<u64> = Item::new(\"count\");\n\
    pub const OWNER: Item<Addr> = Item::new(\"owner\");\n\
    pub const BALANCES: Map<&Addr, u64> = Map::new(\"balances\");\n";

const HELPERS: &str = "fn credit(storage: &mut dyn Storage, who: &Addr, amount: u64) -> StdResult<()> {\n\
    BALANCES.update(storage, who, |balance| -> StdResult<_> { Ok(balance.unwrap_or_default() + amount) })?;\nOk(())\n}\n";

const BODY: &str = "if info.sender != OWNER.load(deps.storage)? { return Err(StdError::generic_err(\"owner\")); }\n\
    let who = deps.api.addr_validate(&to)?;\n\
    credit(deps.storage, &who, amount)?;\n\
    COUNT.update(deps.storage, |count| -> StdResult<_> { Ok(count + 1) })?;\n\
    for each in list.iter() { let each = deps.api.addr_validate(each)?; credit(deps.storage, &each, 1)?; }\n\
    if let Some(new) = heir { OWNER.save(deps.storage, &deps.api.addr_validate(&new)?)?; }\n\
    Ok(Response::new())";

fn contract(items: &str, helpers: &str, body: &str) -> String {
    format!(
        "use cosmwasm_std::*;\nuse cw_storage_plus::*;\n{items}{helpers}\
         pub enum ExecuteMsg {{ Pay {{ to: String, amount: u64, list: Vec<String>, heir: Option<String> }} }}\n\
         #[entry_point]\npub fn execute(deps: DepsMut, env: Env, info: MessageInfo, msg: ExecuteMsg) -> Result<Response, StdError> {{\n\
         match msg {{ ExecuteMsg::Pay {{ to, amount, list, heir }} => {{\n{body}\n}} }}\n}}\n"
    )
}

fn footprint(text: &str) -> Vec<String> {
    let found = lines(&analyse_text(text), "execute::pay");
    found.iter().map(|line| line.replace("TALLY", "COUNT")).collect()
}

/// What is replaced by what, in the whole text.
const REWRITES: &[(&str, &[(&str, &str)])] = &[
    (
        "renamed locals",
        &[("let who =", "let payee ="), ("&who,", "&payee,"), ("|balance|", "|b|"), ("balance.unwrap", "b.unwrap")],
    ),
    ("renamed helper", &[("credit(", "give(")]),
    ("renamed cell", &[("COUNT", "TALLY")]),
    (
        "helper put back",
        &[(
            "credit(deps.storage, &who, amount)?;",
            "BALANCES.update(deps.storage, &who, |balance| -> StdResult<_> { Ok(balance.unwrap_or_default() + amount) })?;",
        )],
    ),
    (
        "helper taken out",
        &[
            (
                "pub enum ExecuteMsg",
                "fn bump(storage: &mut dyn Storage) -> StdResult<u64> { COUNT.update(storage, |count| -> StdResult<_> { Ok(count + 1) }) }\npub enum ExecuteMsg",
            ),
            ("COUNT.update(deps.storage, |count| -> StdResult<_> { Ok(count + 1) })?;", "bump(deps.storage)?;"),
        ],
    ),
    (
        "update as load and save",
        &[(
            "COUNT.update(deps.storage, |count| -> StdResult<_> { Ok(count + 1) })?;",
            "let count = COUNT.load(deps.storage)?; COUNT.save(deps.storage, &(count + 1))?;",
        )],
    ),
    (
        "if let as match",
        &[(
            "if let Some(new) = heir { OWNER.save(deps.storage, &deps.api.addr_validate(&new)?)?; }",
            "match heir { Some(new) => { OWNER.save(deps.storage, &deps.api.addr_validate(&new)?)?; } None => {} }",
        )],
    ),
    (
        "for as try_for_each",
        &[(
            "for each in list.iter() { let each = deps.api.addr_validate(each)?; credit(deps.storage, &each, 1)?; }",
            "list.iter().try_for_each(|each| -> StdResult<()> { let each = deps.api.addr_validate(each)?; credit(deps.storage, &each, 1) })?;",
        )],
    ),
    (
        "a module",
        &[
            ("fn credit(", "mod bank { use super::*; pub fn credit("),
            ("Ok(())\n}\n", "Ok(())\n}\n}\nuse bank::credit;\n"),
        ],
    ),
    (
        "a block",
        &[(
            "let who = deps.api.addr_validate(&to)?;\ncredit(deps.storage, &who, amount)?;",
            "{ let who = deps.api.addr_validate(&to)?; credit(deps.storage, &who, amount)?; }",
        )],
    ),
    (
        "question mark as match",
        &[(
            "let who = deps.api.addr_validate(&to)?;",
            "let who = match deps.api.addr_validate(&to) { Ok(who) => who, Err(error) => return Err(error) };",
        )],
    ),
    (
        "a closure",
        &[(
            "credit(deps.storage, &who, amount)?;",
            "let pay = |storage: &mut dyn Storage, who: &Addr| credit(storage, who, amount); pay(deps.storage, &who)?;",
        )],
    ),
    (
        "a method",
        &[
            (
                "pub enum ExecuteMsg",
                "struct Bank<'a> { storage: &'a mut dyn Storage }\nimpl Bank<'_> { fn pay(&mut self, who: &Addr, amount: u64) -> StdResult<()> { credit(self.storage, who, amount) } }\npub enum ExecuteMsg",
            ),
            ("credit(deps.storage, &who, amount)?;", "Bank { storage: deps.storage }.pay(&who, amount)?;"),
        ],
    ),
    (
        "other order of items",
        &[
            ("pub const COUNT: Item<u64> = Item::new(\"count\");\n", ""),
            ("pub enum ExecuteMsg", "pub const COUNT: Item<u64> = Item::new(\"count\");\npub enum ExecuteMsg"),
        ],
    ),
    (
        "arguments in a struct",
        &[
            ("pub enum ExecuteMsg", "struct Payment { to: String, amount: u64 }\npub enum ExecuteMsg"),
            (
                "let who = deps.api.addr_validate(&to)?;\ncredit(deps.storage, &who, amount)?;",
                "let payment = Payment { to, amount };\nlet who = deps.api.addr_validate(&payment.to)?;\ncredit(deps.storage, &who, payment.amount)?;",
            ),
        ],
    ),
    ("other white space", &[(" }", "\n\n}"), ("; ", ";\n\t")]),
];

#[test]
fn the_footprint_outlives_rewrites() {
    let text = contract(ITEMS, HELPERS, BODY);
    let expected = footprint(&text);
    assert!(expected.len() >= 4, "{expected:?}");
    for (name, replacements) in REWRITES {
        let mut changed = text.clone();
        for (from, to) in *replacements {
            assert!(changed.contains(from), "{name}: {from}");
            changed = changed.replace(from, to);
        }
        assert_eq!(footprint(&changed), expected, "{name}");
    }
}

/// Two rewrites one after the other, where the second still finds what it replaces.
#[test]
fn the_footprint_outlives_pairs_of_rewrites() {
    let text = contract(ITEMS, HELPERS, BODY);
    let expected = footprint(&text);
    let mut tried = 0;
    for (at, (first, one)) in REWRITES.iter().enumerate() {
        let (second, two) = REWRITES[(at * 5 + 3) % REWRITES.len()];
        let mut changed = text.clone();
        let mut fits = true;
        for (from, to) in one.iter().chain(two) {
            fits &= changed.contains(from);
            changed = changed.replace(from, to);
        }
        // Names that one rewrite gives and the other expects do not go together.
        if fits && first != &second {
            tried += 1;
            assert_eq!(footprint(&changed), expected, "{first}, {second}");
        }
    }
    assert!(tried >= 4, "{tried}");
}
