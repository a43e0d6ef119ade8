//! A total over amounts that are kept per account: every call that moves an amount also changes the one sum.
//!
//! ## What it does
//! Finds a number at a key that is the same in every call, changed by a message that anyone may send, where the same call
//! also changes an amount kept per sender or argument. It says whether the total is stored together with other fields and
//! who reads it.
//!
//! ## Why it costs
//! Two calls for different accounts could run at the same time but for the total. On a chain that runs one call at a time
//! the total still costs a write, and if it is one field of a larger value, a write of that whole value.
//!
//! ## Example
//! ```rust,ignore
//! pub fn burn(deps: DepsMut, info: MessageInfo, amount: Uint128) -> Result<Response, ContractError> {
//!     BALANCES.update(deps.storage, &info.sender, |b| b.unwrap_or_default().checked_sub(amount))?;
//!     // name, symbol, decimals and the minter are written again to change one number
//!     TOKEN_INFO.update(deps.storage, |mut t| { t.total_supply -= amount; Ok::<_, StdError>(t) })?;
//!     Ok(Response::new())
//! }
//! ```
//!
//! ## Use instead
//! Nobody branches on the total: delete it; the sum of events is the same number. A message needs it: give it a key of
//! its own, so that only those who need it meet.
//!
//! ```rust,ignore
//! const TOTAL_SUPPLY: Item<Uint128> = Item::new("total_supply");
//! ```
//!
//! Splitting the total into shards is offered by nobody here who must read it: a check against a cap or a share of the
//! whole would have to read every shard, and that costs more than it saves.
//!
//! ## When to allow it
//! When the calls that change it are rare beside the others (a mint beside transfers), or a price is computed from it.
//! `// crosslane: allow(global-total) the share price needs it`
//!
//! ## Upgrading a deployed contract
//! The old value is not read from the new key: write it there in the migration, in the same transaction that changes the
//! code, else the supply reads 0. Deleting a total needs no data to move; queries that answered with it must go or change.

use std::collections::BTreeSet;

use super::shapes::{Hot, Shape};
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};
use crate::ir::{Mode, Side};

pub(crate) struct GlobalTotal;

impl Lint for GlobalTotal {
    type Hit = Hot;

    const INFO: LintInfo =
        info!("XL102", "global-total", "global_total.rs", "a total over amounts that are kept per account");

    fn look(cx: &Cx<'_>) -> Vec<Hot> {
        cx.hot(Shape::Total)
    }

    fn say(cx: &Cx<'_>, hit: &Hot) -> Finding {
        let first = hit.writers[0];
        let name = cx.name(first.entry);
        let cell = cx.cell_name(hit.cell);
        let alone = cx.alone(first);
        let joint = joint(cx, hit);
        let message = if joint {
            format!("every {name} changes several numbers of {cell} together")
        } else if alone {
            format!("every {name} changes the one total in {}", cx.place(first))
        } else {
            format!("{name} rewrites all of {cell} to change one number")
        };
        let label = if alone { "the same place in every call".to_owned() } else { format!("changes {}", cx.place(first)) };
        let finding = say::finding::<Self>(cx, message, cx.access(first).span, &label);
        let mut finding = cx.hot_notes(finding, hit, "changes it too").maybe(NoteKind::ReadBy, cx.read_by(hit.cell));
        let unread = cx.unread_by_calls(hit.cell);
        finding.fix = if joint {
            None
        } else if !alone {
            say::by_hand(format!("store the total under a {} of its own", cx.words.unit), Upgrade::Migration)
        } else if unread {
            say::by_hand(format!("delete {cell}, emit events and let an indexer add up"), Upgrade::Client)
        } else {
            None
        };
        if joint {
            let text = format!("a {} for each of them; {name} needs them together", cx.words.unit);
            finding = finding.note(NoteKind::NotOffered, text);
        } else if !unread {
            finding = finding.note(NoteKind::NotOffered, not_offered(cx, hit));
        }
        if finding.fix.is_none() {
            finding = cx.allow(finding);
        }
        finding
    }
}

/// True when one call changes two numbers of the record: they hold for each other, as the reserves of a pool do, and none
/// of them is a total that could stand apart.
fn joint(cx: &Cx<'_>, hit: &Hot) -> bool {
    hit.writers.iter().any(|writer| {
        let all = cx.accesses_of(&[writer.entry], hit.cell);
        let changed = all.iter().map(|at| cx.access(*at)).filter(|access| {
            matches!(access.mode, Mode::Update | Mode::Commute) && access.field.is_some() && cx.is_number(access)
        });
        changed.map(|access| &access.field).collect::<BTreeSet<_>>().len() > 1
    })
}

/// Why shards are no cure here: somebody needs the sum.
fn not_offered(cx: &Cx<'_>, hit: &Hot) -> String {
    let capped = hit.privileged.iter().chain(&hit.writers).find(|at| cx.access(**at).bounds.iter().any(|bound| bound.side == Side::Upper));
    // Who only reads it needs the sum most plainly; then who may set it with a check; then any who change what they read.
    let users = cx.users(hit.cell);
    let only_reads = users.reading_calls.iter().copied().find(|entry| !users.writing_calls.contains(entry));
    let updates = hit.privileged.iter().chain(&hit.writers).find(|at| cx.access(**at).mode == Mode::Update);
    let observer = only_reads.or(updates.map(|at| at.entry));
    // What is added in a loop is not told apart from what depends on the sum.
    let repeats = |entry: usize| cx.accesses_of(&[entry], hit.cell).iter().any(|at| cx.access(*at).repeat);
    if let (None, None, Some(at)) = (capped, only_reads, updates.filter(|at| repeats(at.entry))) {
        let name = cx.name(at.entry);
        return format!("deleting or splitting it: {name} changes it several times in a call, and whether it needs the sum is not known");
    }
    let (who, why) = match (capped, observer) {
        (Some(at), _) => (cx.name(at.entry), " to check the limit"),
        (None, Some(entry)) => (cx.name(entry), ""),
        (None, None) => ("a reader".to_owned(), ""),
    };
    format!("splitting the total into several {}; {who} would have to read them all{why}", say::plural(&cx.words.unit, 2))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, arg, record, uint};
    use crate::ir::{Bound, Const, Mode, Side, Term};

    fn info() -> crate::ir::Type {
        record("TokenInfo", &[("name", crate::ir::Type::Text), ("total_supply", uint(128))])
    }

    #[test]
    fn a_field_of_a_record() {
        let report = Build::new()
            .item("TOKEN_INFO", info())
            .map("BALANCES", uint(128))
            .entry("transfer")
            .at("BALANCES", &[Term::Caller], Mode::Update)
            .entry("burn")
            .at("BALANCES", &[Term::Caller], Mode::Update)
            .update("TOKEN_INFO")
            .field("total_supply")
            .entry("mint")
            .admin()
            .at("BALANCES", &[arg("to")], Mode::Update)
            .update("TOKEN_INFO")
            .field("total_supply")
            .view("token_info")
            .read("TOKEN_INFO")
            .run("XL102");
        insta::assert_snapshot!(report);
    }

    #[test]
    fn a_sum_in_a_loop_is_no_proof_of_a_reader() {
        let report = Build::new()
            .item("TOTAL", uint(128))
            .map("STAKE", uint(128))
            .entry("stake")
            .at("STAKE", &[Term::Caller], Mode::Update)
            .at("TOTAL", &[], Mode::Update)
            .with(|access| access.repeat = true)
            .run("XL102");
        assert!(report.contains("whether it needs the sum is not known") && !report.contains("read them all"), "{report}");
    }

    #[test]
    fn numbers_that_hold_for_each_other_stay_together() {
        let pool = record("Pool", &[("base", uint(128)), ("quote", uint(128))]);
        let report = Build::new()
            .item("POOL", pool)
            .map("BALANCES", uint(128))
            .entry("swap")
            .at("BALANCES", &[Term::Caller], Mode::Update)
            .update("POOL")
            .field("base")
            .update("POOL")
            .field("quote")
            .run("XL102");
        assert!(report.contains("every `swap` changes several numbers of `POOL` together"), "{report}");
        assert!(report.contains("allow(global-total)") && !report.contains("fix"), "{report}");
    }

    #[test]
    fn an_item_nobody_reads() {
        let report = Build::new()
            .chain("soroban")
            .item("TOTAL", uint(128))
            .map("STAKE", uint(128))
            .entry("stake")
            .at("STAKE", &[Term::Caller], Mode::Update)
            .at("TOTAL", &[], Mode::Commute)
            .view("total")
            .read("TOTAL")
            .run("XL102");
        insta::assert_snapshot!(report);
    }

    #[test]
    fn no_shards_where_a_limit_is_checked() {
        let report = Build::new()
            .item("TOTAL", uint(128))
            .map("STAKE", uint(128))
            .entry("stake")
            .at("STAKE", &[Term::Caller], Mode::Update)
            .at("TOTAL", &[], Mode::Commute)
            .with(|access| access.bounds = vec![Bound { side: Side::Upper, limit: Term::Const(Const::Int(9)) }])
            .entry("share")
            .read("TOTAL")
            .run("XL102");
        assert!(report.contains("not offered: splitting the total"), "{report}");
        assert!(report.contains("`stake` would have to read them all to check the limit"), "{report}");
        assert!(!report.contains("shard"), "{report}");
    }

    #[test]
    fn silent_without_an_amount() {
        let plain = Build::new().item("N", uint(64)).entry("a").update("N");
        assert_eq!(plain.run("XL102"), "");
        let per_user = Build::new().map("N", uint(64)).entry("a").at("N", &[Term::Caller], Mode::Update);
        assert_eq!(per_user.run("XL102"), "");
    }
}
