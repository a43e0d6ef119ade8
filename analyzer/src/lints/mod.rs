//! Lints: one file each, whose doc comment is its page. A lint *looks* (pure, over a contract's footprints) and *says*
//! (a [`Finding`]); levels belong to (lint × chain model) and stand in `levels.toml`; what may be shown is decided by
//! `allow`s in the source (`suppress`). No lint knows a framework's or a chain's name: nouns come from the chain model.
//!
//! A lint must be right or silent. A finding names the place, the other side, what it does on this chain, who reads the
//! cell, what was checked and the cure, in the order of cures of the design: delete the lock or the write · delete the
//! cell · a key of its own · key by something in the call · settle later · several receivers · shards (only if nobody
//! branches on the sum) · allow with a reason.

use std::collections::BTreeMap;

use crate::Analysis;
use crate::diagnostics::{Aside, Finding, Label, Level};
use crate::ir::{Cell, Contract, EntryKind, SourceMap, Span};

mod accounts;
mod facts;
mod levels;
mod say;
mod shapes;
mod suppress;
mod words;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub(crate) use facts::Cx;
pub use levels::level;
pub(crate) use suppress::{distance, nearest};
pub use words::Words;

/// What is known about a lint without running it.
#[derive(Debug)]
pub struct LintInfo {
    /// Code, never used twice.
    pub code: &'static str,
    /// Kebab-case noun phrase that reads after "allow".
    pub name: &'static str,
    /// One line for lists, lowercase, without a final stop.
    pub summary: &'static str,
    /// The file that holds the lint; its doc comment is the page.
    source: &'static str,
}

impl LintInfo {
    /// The page, Markdown: the doc comment of the lint's file.
    pub fn page(&self) -> String {
        let mut page = String::new();
        for line in self.source.lines() {
            let Some(line) = line.strip_prefix("//!") else { break };
            page.push_str(line.strip_prefix(' ').unwrap_or(line));
            page.push('\n');
        }
        page
    }

    /// The part of the page below a heading (`Upgrading a deployed contract`), without the heading.
    pub fn section(&self, heading: &str) -> Option<String> {
        let page = self.page();
        let start = page.find(&format!("## {heading}\n"))? + heading.len() + 4;
        let rest = &page[start..];
        let end = rest.find("\n## ").unwrap_or(rest.len());
        Some(rest[..end].trim().to_owned())
    }
}

/// Declares a lint's [`LintInfo`]; the page is the file it stands in.
macro_rules! info {
    ($code:literal, $name:literal, $file:literal, $summary:literal) => {
        $crate::lints::LintInfo { code: $code, name: $name, summary: $summary, source: include_str!($file) }
    };
}

/// A lint: finds a shape in a contract, then words it.
pub(crate) trait Lint: Sync {
    /// Data of one hit: ids only, no text.
    type Hit;

    /// What is known about the lint.
    const INFO: LintInfo;

    /// Finds hits, in a reproducible order.
    fn look(cx: &Cx<'_>) -> Vec<Self::Hit>;

    /// Words a hit.
    fn say(cx: &Cx<'_>, hit: &Self::Hit) -> Finding;
}

/// A lint as the registry holds it.
pub struct Registered {
    /// What is known about it.
    pub info: &'static LintInfo,
    run: fn(&Cx<'_>) -> Vec<Finding>,
}

fn run_one<L: Lint>(cx: &Cx<'_>) -> Vec<Finding> {
    L::look(cx).iter().map(|hit| L::say(cx, hit)).collect()
}

/// Declares the modules and the registry, in order of code.
macro_rules! registry {
    ($($module:ident :: $lint:ident),* $(,)?) => {
        $(mod $module;)*
        static REGISTRY: &[Registered] = &[
            $(Registered { info: &<$module::$lint as Lint>::INFO, run: run_one::<$module::$lint> },)*
        ];
    };
}

registry! {
    hot_counter::HotCounter,
    global_total::GlobalTotal,
    net_zero_update::NetZeroUpdate,
    unchanged_rewrite::UnchangedRewrite,
    false_sharing::FalseSharing,
    shared_config_write::SharedConfigWrite,
    collection_in_cell::CollectionInCell,
    counted_map::CountedMap,
    enumerable_index::EnumerableIndex,
    stale_key::StaleKey,
    linked_list::LinkedList,
    prefix_scan::PrefixScan,
    mutable_index::MutableIndex,
    selected_snapshot::SelectedSnapshot,
    sequence_id::SequenceId,
    hot_read_of_written_cell::HotReadOfWrittenCell,
    unknown_access::UnknownAccess,
    dynamic_key::DynamicKey,
    unlinked_call::UnlinkedCall,
    open_trait::OpenTrait,
    needless_mut::NeedlessMut,
    missing_mut::MissingMut,
    needless_init_if_needed::NeedlessInitIfNeeded,
    sequence_as_seed::SequenceAsSeed,
    global_fee_account::GlobalFeeAccount,
    idl_drift::IdlDrift,
    unsharded_vault::UnshardedVault,
    instance_write::InstanceWrite,
    user_data_in_instance::UserDataInInstance,
    packed_slot::PackedSlot,
    root_resident_scalar::RootResidentScalar,
    footprint_exceeded::FootprintExceeded,
    parallel_claim_broken::ParallelClaimBroken,
    unused_allow::UnusedAllow,
    stale_manifest::StaleManifest,
    moved_cell::MovedCell,
}

/// All lints, in order of code.
pub fn all() -> &'static [Registered] {
    REGISTRY
}

/// The lint of a code (`XL101`, any case) or a name (`hot-counter`).
pub fn find(code_or_name: &str) -> Option<&'static LintInfo> {
    REGISTRY
        .iter()
        .map(|entry| entry.info)
        .find(|info| info.code.eq_ignore_ascii_case(code_or_name) || info.name == code_or_name)
}

/// What to run and how loudly.
#[derive(Clone, Debug, Default)]
pub struct LintOptions {
    /// Chain model's id for all contracts; each contract's default if `None`.
    pub chain: Option<String>,
    /// Levels by lint name or code, over the defaults of the table.
    pub levels: BTreeMap<String, Level>,
    /// Also returns findings that an `allow` in the source hides, at their level (for audits).
    pub ignore_allows: bool,
}

impl LintOptions {
    /// The level of a lint on a chain model.
    fn level(&self, info: &LintInfo, chain: &str) -> Level {
        let configured = self.levels.get(info.name).or_else(|| self.levels.get(info.code)).copied();
        configured.unwrap_or_else(|| level(info.code, chain))
    }
}

/// Runs every lint over every contract. The result is sorted: by contract, then shown before folded, then by place and
/// code. Findings with [`Finding::aside`] are to be folded by [`crate::diagnostics::fold`].
pub fn run(analysis: &Analysis, options: &LintOptions) -> Vec<Finding> {
    let mut allows = suppress::Allows::collect(&analysis.files);
    let mut findings: Vec<(usize, Finding)> = Vec::new();
    for (at, contract) in analysis.contracts.iter().enumerate() {
        let words = Words::of(options.chain.as_deref().unwrap_or(&contract.chain), contract);
        let cx = Cx::new(contract, &analysis.files, &words);
        for lint in REGISTRY {
            let level = options.level(lint.info, &words.id);
            for mut finding in (lint.run)(&cx) {
                // An allow is used by what the lint would say, whatever its level here: levels differ between chains.
                let hidden = allows.hides(finding.code, finding.name, &places(contract, &finding));
                if level == Level::Allow || (hidden && !options.ignore_allows) {
                    continue;
                }
                finding.level = level;
                finding.aside = finding.aside.or_else(|| aside(contract, &analysis.files, &finding));
                findings.push((at, finding));
            }
        }
    }
    if let Some(info) = find("unused-allow") {
        let chain = options.chain.as_deref().or(analysis.contracts.first().map(|first| first.chain.as_str()));
        let level = options.level(info, chain.unwrap_or(""));
        let of_package = |package: &str| {
            let name = package.split(' ').next().unwrap_or("");
            let found = analysis.contracts.iter().find(|contract| contract.package == name);
            found.or(analysis.contracts.first()).map_or_else(String::new, |contract| contract.name.clone())
        };
        for finding in allows.unused(info, &analysis.files, &of_package) {
            if level > Level::Allow {
                findings.push((usize::MAX, Finding { level, ..finding }));
            }
        }
    }
    findings.sort_by(|(at_a, a), (at_b, b)| {
        (at_a, a.aside.is_some(), a.primary.span, a.code, &a.message).cmp(&(
            at_b,
            b.aside.is_some(),
            b.primary.span,
            b.code,
            &b.message,
        ))
    });
    findings.dedup();
    findings.into_iter().map(|(_, finding)| finding).collect()
}

/// A finding of a lint that is found outside of this module (claims in attributes, stale manifests, moved cells), with
/// its default level on a chain model. `None` if no lint has this code. The caller adds labels, notes and the rest.
pub fn raise(code: &str, chain: &str, contract: &str, message: String, primary: Label) -> Option<Finding> {
    let info = find(code)?;
    Some(Finding {
        code: info.code,
        name: info.name,
        level: level(info.code, chain),
        message,
        contract: contract.to_owned(),
        entries: Vec::new(),
        cell: None,
        primary,
        secondary: Vec::new(),
        notes: Vec::new(),
        fix: None,
        price: None,
        aside: None,
    })
}

/// Where an `allow` may stand to hide a finding: at its place, at the declaration of its cell, at its entry point if it
/// has only one.
fn places(contract: &Contract, finding: &Finding) -> Vec<Span> {
    let mut places = vec![finding.primary.span];
    let named = |cell: &&Cell| Some(cell.name.as_str()) == finding.cell.as_deref();
    places.extend(contract.cells.iter().find(named).map(|cell| cell.span));
    if let [only] = finding.entries.as_slice() {
        places.extend(contract.entries.iter().find(|entry| entry.name == *only).map(|entry| entry.span));
    }
    places
}

/// Whether a finding is folded: its place is a dependency's, or every entry point it names is privileged.
fn aside(contract: &Contract, files: &SourceMap, finding: &Finding) -> Option<Aside> {
    if files.file(finding.primary.span.file).is_some_and(|file| !file.analysed) {
        return Some(Aside::Dependency);
    }
    let mut named = contract.entries.iter().filter(|entry| finding.entries.contains(&entry.name)).peekable();
    named.peek()?;
    let privileged = named.all(|entry| match entry.kind {
        EntryKind::Call | EntryKind::Callback | EntryKind::View => facts::privileged(contract, entry),
        EntryKind::Init | EntryKind::Migrate | EntryKind::System => true,
    });
    privileged.then_some(Aside::Admin)
}
