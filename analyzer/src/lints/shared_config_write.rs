//! A value that many messages read is changed by a message that anyone may send.
//!
//! ## What it does
//! Finds a record at a key that is the same in every call, which a message that anyone may send writes, and which at least
//! two other such messages read without writing it. The writing message must also change something of its sender's: a
//! message that only sets what holds for all is taken to be an administrator's. Numbers have lints of their own.
//!
//! ## Why it costs
//! Readers of one key run side by side, readers and a writer do not. One message that writes the configuration makes every
//! message that reads it wait, although nearly none of them cares about what changed.
//!
//! ## Example
//! ```rust,ignore
//! struct Config { fee: Decimal, treasury: Addr, last_harvest: Timestamp }
//!
//! pub fn harvest(..) { CONFIG.update(deps.storage, |mut c| { c.last_harvest = env.block.time; Ok::<_, StdError>(c) })?; }
//! pub fn swap(..) { let fee = CONFIG.load(deps.storage)?.fee; .. } // waits for `harvest`
//! ```
//!
//! ## Use instead
//! Move what changes out of what is read.
//!
//! ```rust,ignore
//! const LAST_HARVEST: Item<Timestamp> = Item::new("last_harvest");
//! ```
//!
//! ## When to allow it
//! When the writing message is rare, or only a keeper sends it.
//! `// crosslane: allow(shared-config-write) once a day, by a keeper`
//!
//! ## Upgrading a deployed contract
//! The new key is empty after the upgrade: write it in the migration, or read "absent" as the start value. The record's
//! encoding changes when a field leaves it; keep the old field readable until the migration has run.

use super::shapes::{Hot, Shape, reading_only};
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};
use crate::ir::Type;

pub(crate) struct SharedConfigWrite;

/// True for values with parts: they are records of settings, a single value is `hot-read-of-written-cell`'s.
pub(super) fn is_record(cx: &Cx<'_>, hot: &Hot) -> bool {
    cx.cell(hot.cell).is_some_and(|cell| matches!(&cell.value, Type::Struct(_, fields) if fields.len() > 1))
}

impl Lint for SharedConfigWrite {
    type Hit = Hot;

    const INFO: LintInfo = info!(
        "XL106",
        "shared-config-write",
        "shared_config_write.rs",
        "a record that many messages read, changed by a message that anyone may send"
    );

    fn look(cx: &Cx<'_>) -> Vec<Hot> {
        let mut hits = cx.hot(Shape::Shared);
        hits.retain(|hot| is_record(cx, hot) && reading_only(cx, hot.cell, &hot.writers).len() >= 2);
        hits
    }

    fn say(cx: &Cx<'_>, hit: &Hot) -> Finding {
        let first = hit.writers[0];
        let readers = reading_only(cx, hit.cell, &hit.writers);
        let cell = cx.cell_name(hit.cell);
        let message = format!("{} changes {}, and {} read {cell}", cx.name(first.entry), cx.place(first), cx.names(&readers));
        let mut finding = say::finding::<Self>(cx, message, cx.access(first).span, "changes it")
            .about(cx, hit.cell)
            .of(cx, hit.writers.iter().map(|at| at.entry));
        for &entry in readers.iter().take(2) {
            if let Some(at) = cx.accesses_of(&[entry], hit.cell).first() {
                finding = finding.label(cx.access(*at).span, format!("{} reads it", cx.name(entry)));
            }
        }
        finding = cx.effect_on_readers(finding, &hit.entries(), &readers);
        finding.fix = say::by_hand(
            format!("move what {} changes to a {} of its own", cx.name(first.entry), cx.words.unit),
            Upgrade::Migration,
        );
        finding.note(NoteKind::Checked, "its key is the same in every call, and anyone may send the changing call")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, record, uint};
    use crate::ir::{Mode, Term, Type};

    fn config() -> Type {
        record("Config", &[("fee", uint(64)), ("treasury", Type::Text), ("last", Type::Text)])
    }

    #[test]
    fn a_record_with_readers() {
        let report = Build::new()
            .chain("soroban")
            .item("CONFIG", config())
            .map("OWED", uint(64))
            .entry("harvest")
            .at("OWED", &[Term::Caller], Mode::Update)
            .update("CONFIG")
            .field("last")
            .entry("swap")
            .read("CONFIG")
            .entry("quote")
            .read("CONFIG")
            .run("XL106");
        insta::assert_snapshot!(report);
    }

    #[test]
    fn silent() {
        let admin =
            Build::new().item("C", config()).entry("set").admin().update("C").entry("a").read("C").entry("b").read("C");
        assert_eq!(admin.run("XL106"), "");
        let only_sets =
            Build::new().item("C", config()).entry("set").update("C").entry("a").read("C").entry("b").read("C");
        assert_eq!(only_sets.run("XL106"), "");
        let nobody = Build::new().item("C", config()).entry("set").update("C").entry("a").read("C");
        assert_eq!(nobody.run("XL106"), "");
    }
}
