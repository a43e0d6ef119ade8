//! Two fields of one stored value, changed by different messages: they wait for each other without touching the same
//! thing.
//!
//! ## What it does
//! Finds a stored record at a key that is the same in every call, of which messages that anyone may send change different
//! fields, and never the same one. It speaks only where every changing access names its field, so a message that replaces
//! the whole record silences it. Only numbers count, and only messages that also change something of their sender's: other
//! fields are settings, which change rarely.
//!
//! ## Why it costs
//! The chain knows keys, not fields. A message that changes `rate` and one that changes `paid` meet at the record's key.
//! On a chain that runs one call at a time, each of them still pays for writing the whole record.
//!
//! ## Example
//! ```rust,ignore
//! struct State { queued: u64, paid: Uint128 }
//! const STATE: Item<State> = Item::new("state");
//!
//! fn enqueue(..) { STATE.update(deps.storage, |mut s| { s.queued += 1; Ok::<_, StdError>(s) })?; }
//! fn settle(..) { STATE.update(deps.storage, |mut s| { s.paid += amount; Ok::<_, StdError>(s) })?; }
//! ```
//!
//! ## Use instead
//! One key for each field that changes on its own.
//!
//! ```rust,ignore
//! const QUEUED: Item<u64> = Item::new("queued");
//! const PAID: Item<Uint128> = Item::new("paid");
//! ```
//!
//! ## When to allow it
//! When one of the messages also reads the other's field, or one of them is rare.
//! `// crosslane: allow(false-sharing) settle runs once a week`
//!
//! ## Upgrading a deployed contract
//! The new keys are empty after the upgrade: the migration must read the old record and write every new key, in the same
//! transaction. Queries keep their answers if they put the record together again.

use super::facts::{At, Cx, fixed_key, own, writes};
use super::shapes::related;
use super::{Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};
use crate::ir::{CellId, Type};

pub(crate) struct FalseSharing;

/// A record and two messages that change different fields of it.
pub(crate) struct Hit {
    cell: CellId,
    left: At,
    right: At,
}

impl Lint for FalseSharing {
    type Hit = Hit;

    const INFO: LintInfo =
        info!("XL105", "false-sharing", "false_sharing.rs", "two fields of one stored value, changed by different messages");

    fn look(cx: &Cx<'_>) -> Vec<Hit> {
        let mut hits = Vec::new();
        for (cell, _) in cx.named_cells() {
            hits.extend(shared_by(cx, cell).map(|(left, right)| Hit { cell, left, right }));
        }
        hits
    }

    fn say(cx: &Cx<'_>, hit: &Hit) -> Finding {
        let (left, right) = (hit.left, hit.right);
        let cell = cx.cell_name(hit.cell);
        let unit = &cx.words.unit;
        let message = format!(
            "{} changes {} and {} changes {}: two fields, one {unit}",
            cx.name(left.entry),
            cx.place(left),
            cx.name(right.entry),
            cx.place(right)
        );
        let pair = [left.entry, right.entry];
        let finding = say::finding::<Self>(cx, message, cx.access(left).span, &format!("changes {}", cx.place(left)))
            .about(cx, hit.cell)
            .of(cx, pair)
            .label(cx.access(right).span, format!("changes {}", cx.place(right)));
        let meet = format!("calls of {} and calls of {} {}", cx.name(left.entry), cx.name(right.entry), cx.words.clash);
        let mut finding = cx
            .effect_text(finding, meet)
            .maybe(NoteKind::ReadBy, cx.read_by(hit.cell))
            .note(NoteKind::Checked, format!("no {} that anyone may send changes both fields or all of {cell}", cx.words.entry));
        finding.fix = say::by_hand(format!("store each of the two under a {unit} of its own"), Upgrade::Migration);
        finding
    }
}

/// Two messages that change different numbers of one record, if every change of it names its field.
pub(super) fn shared_by(cx: &Cx<'_>, cell: CellId) -> Option<(At, At)> {
    let value = cx.cell(cell)?;
    if !matches!(value.value, Type::Struct(..)) || value.unit.id != "own" {
        return None;
    }
    let mut all = cx.accesses_of(&cx.public, cell);
    all.retain(|&at| writes(cx.access(at).mode));
    let known = all.iter().all(|&at| {
        let access = cx.access(at);
        access.field.is_some() && own(access) && fixed_key(&access.key)
    });
    let (left, right) = if known { pair(cx, &all)? } else { return None };
    // Numbers are what calls keep changing; other fields are settings.
    let counting = |at: At| cx.is_number(cx.access(at)) && cx.serves_sender(at.entry);
    (counting(left) && counting(right)).then_some((left, right))
}

/// The first pair of messages whose sets of changed fields are disjoint, if no message changes fields of both.
fn pair(cx: &Cx<'_>, all: &[At]) -> Option<(At, At)> {
    let firsts = cx.one_per_entry(all);
    let fields = |entry: usize| {
        all.iter().filter(move |at| at.entry == entry).filter_map(|at| cx.access(*at).field.as_deref()).collect::<Vec<_>>()
    };
    let overlap = |a: &[&str], b: &[&str]| a.iter().any(|x| b.iter().any(|y| related(x, y)));
    for (at, &left) in firsts.iter().enumerate() {
        for &right in &firsts[at + 1..] {
            let (a, b) = (fields(left.entry), fields(right.entry));
            let bridged = firsts.iter().any(|other| {
                let other = fields(other.entry);
                overlap(&other, &a) && overlap(&other, &b)
            });
            if !bridged && !overlap(&a, &b) {
                return Some((left, right));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, record, uint};
    use super::related;
    use crate::ir::{Mode, Term, Type};

    fn state() -> crate::ir::Type {
        record("State", &[("queued", uint(64)), ("paid", uint(128))])
    }

    /// A message that changes one field and something of its sender's.
    fn message(built: Build, name: &str, field: &str) -> Build {
        built.entry(name).at("USERS", &[Term::Caller], Mode::Write).update("STATE").field(field)
    }

    fn built() -> Build {
        Build::new().chain("soroban").item("STATE", state()).map("USERS", Type::Text)
    }

    #[test]
    fn two_fields() {
        let report = message(message(built(), "enqueue", "queued"), "settle", "paid");
        insta::assert_snapshot!(report.run("XL105"));
        // The cause is told once.
        let report = message(message(built(), "enqueue", "queued"), "settle", "paid");
        assert_eq!(report.codes(), ["XL105"]);
    }

    #[test]
    fn silent() {
        let same = message(message(built(), "a", "paid"), "b", "paid");
        assert_eq!(same.run("XL105"), "");
        let whole = message(built(), "a", "paid").entry("b").update("STATE");
        assert_eq!(whole.run("XL105"), "");
        let both = message(message(message(built(), "a", "paid"), "b", "queued"), "c", "queued").update("STATE").field("paid");
        assert_eq!(both.run("XL105"), "");
        // Settings, each set by a message that does nothing else.
        let settings = built().entry("a").update("STATE").field("paid").entry("b").update("STATE").field("queued");
        assert_eq!(settings.run("XL105"), "");
    }

    #[test]
    fn fields_inside_fields() {
        assert!(related("a.b", "a") && related("a", "a.b") && related("a", "a"));
        assert!(!related("ab", "a") && !related("a.b", "a.c"));
    }
}
