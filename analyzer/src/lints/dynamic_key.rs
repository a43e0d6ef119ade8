//! Which entry of a map a call writes cannot be told before it runs.
//!
//! ## What it does
//! Finds writes of messages that anyone may send to a map at a key whose first component is not known: computed in a way
//! the analysis does not follow, or chosen while the call runs. Loops over lists and over the map itself are not meant,
//! nor messages whose calls meet each other anyway at a place that is the same in all of them.
//!
//! ## Why it costs
//! Such a write may meet every other access to the map. A scheduler that goes by footprints runs these calls one after
//! another, however different the keys turn out to be.
//!
//! ## Example
//! ```rust,ignore
//! let bucket = pick(&items); // a loop with a running best
//! BUCKETS.save(deps.storage, bucket, &value)?;
//! ```
//!
//! ## Use instead
//! A key that is an argument, the sender, or computed from them without a loop. Let the client compute what it can and
//! the contract check it.
//!
//! ```rust,ignore
//! pub fn put(.., bucket: u64) { ensure!(bucket == pick(&items), ..); BUCKETS.save(deps.storage, bucket, &value)?; }
//! ```
//!
//! ## When to allow it
//! When the call depends on state by its nature, such as matching the best order.
//! `// crosslane: allow(dynamic-key) takes the best order`
//!
//! ## Upgrading a deployed contract
//! A further argument is a change for clients; stored data stays.

use super::facts::{At, writes};
use super::{Cx, Lint, LintInfo, say};
use crate::diagnostics::{Finding, NoteKind, Upgrade};
use crate::ir::{CellId, Certainty, Mode, Term};

pub(crate) struct DynamicKey;

/// A map and the writes at unknown keys, one for each message.
pub(crate) struct Hit {
    cell: CellId,
    writes: Vec<At>,
}

impl Lint for DynamicKey {
    type Hit = Hit;

    const INFO: LintInfo =
        info!("XL191", "dynamic-key", "dynamic_key.rs", "a written key that cannot be told before the call runs");

    fn look(cx: &Cx<'_>) -> Vec<Hit> {
        let mut hits = Vec::new();
        for (cell, value) in cx.named_cells() {
            // Where a container keeps its own parts is not the contract's choice.
            if value.keys.is_empty() || cx.owner(value).is_some() {
                continue;
            }
            let mut found = cx.accesses_of(&cx.public, cell);
            // An unknown in the same entry point is the cause and is reported by itself.
            found.retain(|&at| {
                let access = cx.access(at);
                writes(access.mode)
                    && matches!(access.key.first(), Some(Term::Any))
                    && access.certainty == Certainty::Always
                    && !walks(cx, at)
                    // Calls that meet anyway gain nothing by a key that is known.
                    && !cx.meets_itself(at.entry)
                    && cx.entry(at.entry).unknowns.is_empty()
            });
            let found = cx.one_per_entry(&found);
            if !found.is_empty() {
                hits.push(Hit { cell, writes: found });
            }
        }
        hits
    }

    fn say(cx: &Cx<'_>, hit: &Hit) -> Finding {
        let first = hit.writes[0];
        let entries: Vec<usize> = hit.writes.iter().map(|at| at.entry).collect();
        let cell = cx.cell_name(hit.cell);
        let verb = if entries.len() == 1 { "writes" } else { "write" };
        let message = format!("cannot tell which entry of {cell} {} {verb}", cx.names(&entries));
        let mut finding = say::finding::<Self>(cx, message, cx.access(first).span, "the key is not known")
            .about(cx, hit.cell)
            .of(cx, entries.iter().copied())
            .also(cx, &hit.writes[1..], "writes at an unknown key, too")
            .note(NoteKind::So, format!("it counts as meeting every other access to {cell}"));
        finding.fix = say::by_hand("if the call can carry the key, let it, and check it", Upgrade::Client);
        finding
    }
}

/// True when the write is one of many that a loop makes, or the call also looks through the map: its keys then come from
/// a list or from the map itself, and no single key is missing.
fn walks(cx: &Cx<'_>, at: At) -> bool {
    let access = cx.access(at);
    let looks = |other: &At| {
        let other = cx.access(*other);
        matches!(other.mode, Mode::Scan) || other.key.iter().any(|part| matches!(part, Term::Prefix(_)))
    };
    access.repeat || cx.accesses_of(&[at.entry], access.cell).iter().any(looks)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Build, uint};
    use crate::ir::{Mode, Term};

    #[test]
    fn an_unknown_key() {
        let report = Build::new().map("BUCKETS", uint(64)).entry("put").at("BUCKETS", &[Term::Any], Mode::Write).run("XL191");
        insta::assert_snapshot!(report);
    }

    #[test]
    fn silent() {
        let known = Build::new().map("B", uint(64)).entry("put").at("B", &[Term::Caller], Mode::Write);
        assert_eq!(known.run("XL191"), "");
        let cleared = Build::new()
            .map("B", uint(64))
            .entry("clear")
            .at("B", &[Term::Prefix(Vec::new())], Mode::Scan)
            .at("B", &[Term::Any], Mode::Delete);
        assert_eq!(cleared.run("XL191"), "");
        let read = Build::new().map("B", uint(64)).entry("get").at("B", &[Term::Any], Mode::Read);
        assert_eq!(read.run("XL191"), "");
    }
}
