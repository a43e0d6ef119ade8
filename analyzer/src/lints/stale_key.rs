//! A call that fails because another call landed first: the key it writes depends on state that the other one changes.
//!
//! ## What it does
//! Finds writes whose key contains a stored value that a message which anyone may send can change: one that is the same in
//! every call, or one by an argument that nobody has to sign for (a role, a market), which two calls of a message may share.
//! It speaks on chains where a call announces its keys before it runs.
//!
//! ## Why it costs
//! The keys were fixed when the call was simulated or signed. If another call changes the value in between, the key the
//! code computes is not the one that was announced: the call fails, fees are paid, and the user has to try again. More
//! workers do not help.
//!
//! ## Example
//! ```rust,ignore
//! let count: u32 = e.storage().persistent().get(&count_key).unwrap_or(0);
//! e.storage().persistent().set(&Key::RoleAccounts(role, count), &account); // a key that every grant moves
//! e.storage().persistent().set(&count_key, &(count + 1));
//! ```
//!
//! ## Use instead
//! Key by what the call already carries; list from events.
//!
//! ```rust,ignore
//! e.storage().persistent().set(&Key::RoleAccounts(role, account.clone()), &true);
//! ```
//!
//! ## When to allow it
//! When only an administrator sends such calls, or they are so rare that two never meet.
//! `// crosslane: allow(stale-key) once a month`
//!
//! ## Upgrading a deployed contract
//! Entries at the old keys are not found under the new ones: move them, or look in both places until they have moved.

use super::facts::{At, Cx, fixed_key, own, writes};
use super::{Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};
use crate::ir::{CellId, Mode, Step, Term, Type};

pub(crate) struct StaleKey;

/// A write, the cell its key depends on, and the access that changes that cell.
pub(crate) struct Hit {
    write: At,
    cell: CellId,
    change: At,
    /// Arguments that both calls must share; empty where any two calls meet.
    shared: Vec<String>,
    /// Other entry points whose keys the same change makes stale, told with the first.
    also: Vec<(At, Vec<String>)>,
}

impl Lint for StaleKey {
    type Hit = Hit;

    const INFO: LintInfo =
        info!("XL110", "stale-key", "stale_key.rs", "a call that can fail because another one landed first");

    fn look(cx: &Cx<'_>) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        for &entry in &cx.public {
            for (access, value) in cx.entry(entry).accesses.iter().enumerate() {
                if !writes(value.mode) || value.implicit || !own(value) {
                    continue;
                }
                let write = At { entry, access };
                for (cell, key) in loads_in(&value.key) {
                    let told = hits.iter().any(|hit| {
                        let mut entries = hit.also.iter().map(|(at, _)| at.entry).chain([hit.write.entry]);
                        hit.cell == cell && entries.any(|known| known == entry)
                    });
                    if told {
                        continue;
                    }
                    let shared = if fixed_key(&key) { Some(Vec::new()) } else { open_arguments(cx, entry, &key) };
                    let Some(shared) = shared else { continue };
                    // Calls about one and the same thing meet anyhow, and only one of them finds it as it was.
                    if !shared.is_empty() && changes_thing(cx, entry, &key) {
                        continue;
                    }
                    let Some(change) = changer(cx, entry, cell, &key) else { continue };
                    let alike = |hit: &&mut Hit| {
                        let by_itself = change.entry == entry && hit.change.entry == hit.write.entry;
                        let one = hit.cell == cell && (by_itself || hit.change.entry == change.entry);
                        hit.shared.is_empty() == shared.is_empty() && (one || (by_itself && hit.write.entry == entry))
                    };
                    match hits.iter_mut().find(alike) {
                        // Another value that makes keys of the same call stale: told by its key.
                        Some(hit) if hit.write.entry == entry => hit.also.push((write, Vec::new())),
                        Some(hit) => hit.also.push((write, shared)),
                        None => hits.push(Hit { write, cell, change, shared, also: Vec::new() }),
                    }
                }
            }
        }
        hits
    }

    fn say(cx: &Cx<'_>, hit: &Hit) -> Finding {
        let (entry, other) = (hit.write.entry, hit.change.entry);
        let what = cx.words.stale.as_deref().unwrap_or("the second one has to find its key again");
        let message = if entry == other {
            format!("two {} calls{} at the same time: {what}", cx.name(entry), with(&hit.shared))
        } else {
            format!("a call of {} made before a call of {} landed: {what}", cx.name(entry), cx.name(other))
        };
        let place = cx.access(hit.write);
        let mut finding = say::finding::<Self>(cx, message, place.span, "so the key that was announced is out of date")
            .about(cx, place.cell)
            .of(cx, hit.also.iter().map(|(at, _)| at.entry).chain([entry, other]))
            .label(cx.access(hit.change).span, format!("any {} changes {}", cx.name(other), cx.cell_name(hit.cell)))
            .note(NoteKind::Effect, "fees are paid, nothing else happens, and the sender has to simulate and sign again");
        for (at, shared) in hit.also.iter().take(say::LISTED) {
            let text = match at.entry == entry {
                true => "and so is this key of the same call".to_owned(),
                false => format!("the same for {} calls{}", cx.name(at.entry), with(shared)),
            };
            finding = finding.label(cx.access(*at).span, text);
        }
        finding.fix = say::by_hand("key by what the call already carries; list from events", Upgrade::Migration);
        finding
    }
}

/// "with the same `role`".
fn with(shared: &[String]) -> String {
    let names: Vec<String> = shared.iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() { String::new() } else { format!(" with the same {}", names.join(" and ")) }
}

/// True when a call takes away what is kept under just these arguments, or changes something in which nothing counts: they
/// name the thing that the call is about (the token that is burnt), not what many calls share (a role, a market).
fn changes_thing(cx: &Cx<'_>, entry: usize, key: &[Term]) -> bool {
    cx.entry(entry).accesses.iter().any(|access| {
        let counts = || cx.is_number(access) || cx.touched_type(access).is_none_or(holds_number);
        own(access)
            && writes(access.mode)
            && access.key == key
            && !key.is_empty()
            && (access.mode == Mode::Delete || !counts())
    })
}

/// True for a type that may hold a number that calls change: an amount of a pool.
fn holds_number(ty: &Type) -> bool {
    match ty {
        Type::Uint(_) | Type::Int(_) | Type::Opaque(_) => true,
        Type::Bool | Type::Text | Type::Bytes | Type::Address(_) => false,
        Type::Option(of) | Type::List(of) => holds_number(of),
        Type::Map(_, value) => holds_number(value),
        Type::Tuple(parts) => parts.iter().any(holds_number),
        Type::Struct(_, fields) => fields.iter().any(|(_, field)| holds_number(field)),
        Type::Enum(_, variants) => variants.iter().flat_map(|(_, fields)| fields).any(|(_, field)| holds_number(field)),
    }
}

/// The stored values inside a key: cell and key of each.
fn loads_in(key: &[Term]) -> Vec<(CellId, Vec<Term>)> {
    let mut found = Vec::new();
    for term in key {
        term.walk(&mut |inner| {
            if let Term::Load { cell, key, .. } = inner {
                found.push((*cell, key.clone()));
            }
        });
    }
    found
}

/// The arguments a key is made of, where nobody has to sign for any of them, so that strangers may share them all.
fn open_arguments(cx: &Cx<'_>, entry: usize, key: &[Term]) -> Option<Vec<String>> {
    let signed = |name: &str| cx.entry(entry).params.iter().any(|param| param.name == name && param.auth);
    let mut names = Vec::new();
    for term in key {
        match term {
            Term::Const(_) => {}
            Term::Arg(path) => match path.as_slice() {
                [Step::Field(name)] if !signed(name) => names.push(name.clone()),
                _ => return None,
            },
            _ => return None,
        }
    }
    Some(names)
}

/// An access by which a message that anyone may send changes a cell at this key: the entry point itself first, and only
/// it where the key is made of its arguments.
fn changer(cx: &Cx<'_>, entry: usize, cell: CellId, key: &[Term]) -> Option<At> {
    // Who sets up the contract does so before anybody calls it.
    let others = cx.public.iter().copied().filter(|other| *other != entry && fixed_key(key) && !cx.sets_up(*other));
    let own_first = [entry].into_iter().chain(others);
    for other in own_first {
        let found = cx.accesses_of(&[other], cell);
        let changes = |at: &At| {
            let access = cx.access(*at);
            // Only the very same key: a key that may be equal under some arguments is no certainty.
            own(access) && writes(access.mode) && access.key == key
        };
        if let Some(at) = found.into_iter().find(changes) {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, arg, load, record, uint};
    use crate::ir::{CellId, Mode, Term, Type};

    #[test]
    fn a_position_that_moves() {
        let report = Build::new()
            .chain("soroban")
            .item("COUNT", uint(32))
            .cell("ROLE", &[uint(32)], Type::Text)
            .entry("grant_role")
            .update("COUNT")
            .at("ROLE", &[load(0)], Mode::Write)
            .run("XL110");
        insta::assert_snapshot!(report);
    }

    #[test]
    fn another_message_moves_it() {
        let report = Build::new()
            .chain("soroban")
            .item("LEADER", Type::Text)
            .map("PAID", uint(32))
            .entry("pay")
            .at("PAID", &[load(0)], Mode::Update)
            .entry("lead")
            .at("LEADER", &[], Mode::Write)
            .run("XL110");
        insta::assert_snapshot!(report);
    }

    /// A call that changes what is kept under its argument, and something at a place that was found there.
    fn about(value: Type, mode: Mode) -> String {
        let found = Term::Load { cell: CellId(0), key: vec![arg("id")], field: Vec::new() };
        let build = Build::new().chain("soroban").cell("THING", &[Type::Text], value).map("SLOT", uint(32));
        build.entry("act").at("THING", &[arg("id")], mode).at("SLOT", &[found], Mode::Write).run("XL110")
    }

    #[test]
    fn a_pool_is_shared_and_a_token_is_one_thing() {
        let pool = record("Pool", &[("tick", uint(32)), ("admin", Type::Text)]);
        assert!(about(pool.clone(), Mode::Update).contains("two `act` calls with the same `id`"));
        assert_eq!(about(Type::Text, Mode::Update), "");
        assert_eq!(about(pool, Mode::Delete), "");
    }

    #[test]
    fn silent() {
        let admin = Build::new()
            .chain("soroban")
            .item("OWNER", Type::Text)
            .map("PAID", uint(32))
            .entry("pay")
            .at("PAID", &[load(0)], Mode::Update)
            .entry("set_owner")
            .admin()
            .at("OWNER", &[], Mode::Write);
        assert_eq!(admin.run("XL110"), "");
        let found_at_run_time = Build::new()
            .item("COUNT", uint(32))
            .cell("ROLE", &[uint(32)], Type::Text)
            .entry("grant_role")
            .update("COUNT")
            .at("ROLE", &[load(0)], Mode::Write);
        assert_eq!(found_at_run_time.run("XL110"), "");
    }
}
