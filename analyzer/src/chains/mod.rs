//! Chain models as data: which pairs of accesses may overlap on one unit, what the unit is, what a conflict does, and the
//! nouns, limits and environment that people see. One TOML file per model; the rules are MODEL §3.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::ir::{Mode, OpGroup};

/// All modes in the order of the tables.
pub const MODES: [Mode; 10] = [
    Mode::Read,
    Mode::Probe,
    Mode::Write,
    Mode::Update,
    Mode::Commute,
    Mode::Append,
    Mode::Delete,
    Mode::Scan,
    Mode::Rewrite,
    Mode::Lock,
];

/// The model taken where a manifest names one that is not known: plain key locks, which wait for every pair of accesses
/// of which one changes something.
pub const PLAIN: &str = "keyed";

const FILES: [&str; 7] = [
    include_str!("solana.toml"),
    include_str!("soroban.toml"),
    include_str!("occ.toml"),
    include_str!("evm.toml"),
    include_str!("account-serial.toml"),
    include_str!("keyed.toml"),
    include_str!("merge.toml"),
];

/// A chain model.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainModel {
    /// Id, as in `--chain`.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// Version of the rules; grows when a table changes.
    pub rules: u32,
    /// Whether chains of this kind run calls of one contract at the same time today.
    pub parallel_today: bool,
    /// The sentence that says so.
    pub today: String,
    /// What is locked or validated.
    pub unit: UnitKind,
    /// Conflicts come from the locks that a transaction declares (`accounts` of an entry point), not from what code does.
    #[serde(default)]
    pub declared_locks: bool,
    /// The mode table depends on which call is earlier.
    #[serde(default)]
    pub directional: bool,
    /// How many calls run at once; none where the chain runs one at a time.
    #[serde(default)]
    pub workers: Option<u32>,
    /// Where the number of workers is from.
    #[serde(default)]
    pub workers_source: Option<Source>,
    /// What a conflict does.
    pub outcome: Outcome,
    /// What it does when a key that was signed or simulated may be out of date; none where keys are found at run time.
    #[serde(default)]
    pub stale: Option<Outcome>,
    /// Deltas with bounds commute because the runtime checks bounds (`merge:bounds=runtime`).
    #[serde(default)]
    pub runtime_bounds: bool,
    /// Nouns.
    pub nouns: Nouns,
    /// Limits, most important first.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// State outside the claim, and how it is treated.
    #[serde(default)]
    pub environment: Vec<Environment>,
    /// The mode table.
    pub modes: ModeTable,
}

/// What the chain locks or validates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnitKind {
    /// An account, anywhere on the chain.
    Account,
    /// A ledger entry.
    Entry,
    /// A storage key.
    Key,
    /// A slot of 32 bytes.
    Slot,
    /// A field of the value at a key.
    Field,
    /// A whole contract.
    Contract,
}

/// What a conflict does (MODEL §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The later call waits.
    Waits,
    /// Both go into one queue.
    Queues,
    /// The later call fails.
    Fails,
    /// The later call runs again.
    Reruns,
}

impl Outcome {
    /// The word in manifests.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Waits => "waits",
            Outcome::Queues => "queues",
            Outcome::Fails => "fails",
            Outcome::Reruns => "reruns",
        }
    }
}

/// Where a number is from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The source.
    pub source: String,
    /// When it was looked up.
    pub date: String,
}

/// The chain's own words.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nouns {
    /// What is locked (`account`, `ledger entry`).
    pub unit: String,
    /// The plural.
    pub units: String,
    /// What runs calls (`worker`, `cluster`).
    pub worker: String,
    /// The plural.
    pub workers: String,
    /// What a call costs (`compute units`, `gas`).
    pub cost: String,
    /// What an entry point is called where the framework has no word of its own.
    pub entry: String,
    /// What calls are collected in (`block`, `ledger`).
    pub block: String,
}

/// A limit of the chain.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Id (`block`, `account`, `write-flat`).
    pub name: String,
    /// The number.
    pub value: u64,
    /// Its unit.
    pub unit: String,
    /// What it limits, in words that go after the number.
    pub text: String,
    /// Where it is from.
    pub source: String,
    /// When it was looked up or took effect.
    pub date: String,
    /// What it is a budget of, where schedules must keep it.
    #[serde(default)]
    pub per: Option<Per>,
    /// Frameworks whose chains have it; all when empty. A chain model may stand for chains of several kinds.
    #[serde(default)]
    pub frameworks: Vec<String>,
}

/// What a limit is a budget of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Per {
    /// The cost of all calls of a block.
    Block,
    /// The time of each worker in a block.
    Lane,
    /// The cost of all calls of a block that do more than read one unit.
    Unit,
    /// Units that the calls of a block change, counted once for each call.
    Writes,
}

/// A part of state outside the claim.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Id.
    pub name: String,
    /// How it is treated.
    pub policy: String,
}

/// What the mode table says about an earlier and a later access to one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// They may overlap.
    Free,
    /// They may not.
    Conflict,
    /// Free if the writing side keeps existence as it is.
    IfKeeps,
    /// Free if both are deltas of one group with one absent default and neither carries a bound.
    IfOpsCommute,
    /// Free because the runtime orders appends by index.
    IndexOrdered,
}

impl Rule {
    /// The sign in the data files.
    pub fn sign(self) -> char {
        match self {
            Rule::Free => '.',
            Rule::Conflict => 'x',
            Rule::IfKeeps => 'k',
            Rule::IfOpsCommute => 'o',
            Rule::IndexOrdered => 'i',
        }
    }
}

/// A full table, earlier × later, in the order of [`MODES`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawTable")]
pub struct ModeTable([[Rule; 10]; 10]);

#[derive(Deserialize)]
struct RawTable {
    order: Vec<String>,
    #[serde(flatten)]
    rows: std::collections::BTreeMap<String, String>,
}

impl TryFrom<RawTable> for ModeTable {
    type Error = String;

    fn try_from(raw: RawTable) -> Result<ModeTable, String> {
        if raw.order.iter().map(String::as_str).ne(MODES.iter().map(|mode| mode_name(*mode))) {
            return Err("columns are not in the order of the modes".to_owned());
        }
        let mut table = [[Rule::Conflict; 10]; 10];
        for (row, mode) in table.iter_mut().zip(MODES) {
            let name = mode_name(mode);
            let text = raw.rows.get(name).ok_or_else(|| format!("no row for {name}"))?;
            let signs: Vec<&str> = text.split_whitespace().collect();
            if signs.len() != MODES.len() {
                return Err(format!("row {name} has {} columns", signs.len()));
            }
            for (cell, sign) in row.iter_mut().zip(signs) {
                *cell = match sign {
                    "." => Rule::Free,
                    "x" => Rule::Conflict,
                    "k" => Rule::IfKeeps,
                    "o" => Rule::IfOpsCommute,
                    "i" => Rule::IndexOrdered,
                    other => return Err(format!("row {name}: `{other}` is no sign")),
                };
            }
        }
        Ok(ModeTable(table))
    }
}

impl ModeTable {
    /// What holds for an access of an `earlier` and of a `later` call.
    pub fn rule(&self, earlier: Mode, later: Mode) -> Rule {
        self.0[index(earlier)][index(later)]
    }
}

fn index(mode: Mode) -> usize {
    match mode {
        Mode::Read => 0,
        Mode::Probe => 1,
        Mode::Write => 2,
        Mode::Update => 3,
        Mode::Commute => 4,
        Mode::Append => 5,
        Mode::Delete => 6,
        Mode::Scan => 7,
        Mode::Rewrite => 8,
        Mode::Lock => 9,
    }
}

/// The word of a mode in tables and manifests.
pub fn mode_name(mode: Mode) -> &'static str {
    ["read", "probe", "write", "update", "commute", "append", "delete", "scan", "rewrite", "lock"][index(mode)]
}

/// The word of an op group in manifests.
pub fn op_name(group: OpGroup) -> &'static str {
    match group {
        OpGroup::Add => "add",
        OpGroup::Min => "min",
        OpGroup::Max => "max",
        OpGroup::Or => "or",
        OpGroup::And => "and",
        OpGroup::Xor => "xor",
        OpGroup::SetInsert => "set-insert",
        OpGroup::SetRemove => "set-remove",
    }
}

/// What the table's qualifiers ask of one access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch<'a> {
    /// The mode.
    pub mode: Mode,
    /// Existence does not change.
    pub keeps: bool,
    /// What the delta commutes with: equal texts commute. `None` commutes with nothing.
    pub op: Option<std::borrow::Cow<'a, str>>,
    /// The delta carries a bound.
    pub bounded: bool,
}

impl Touch<'_> {
    /// An access of a mode without qualifiers.
    pub fn plain(mode: Mode) -> Touch<'static> {
        Touch { mode, keeps: false, op: None, bounded: false }
    }
}

impl ChainModel {
    /// True if an access of an earlier and one of a later call to the same unit conflict.
    pub fn conflict(&self, earlier: &Touch<'_>, later: &Touch<'_>) -> bool {
        match self.modes.rule(earlier.mode, later.mode) {
            Rule::Free | Rule::IndexOrdered => false,
            Rule::Conflict => true,
            Rule::IfKeeps => {
                let writer = if earlier.mode == Mode::Probe { later } else { earlier };
                !writer.keeps
            }
            Rule::IfOpsCommute => {
                earlier.op.is_none()
                    || earlier.op != later.op
                    || ((earlier.bounded || later.bounded) && !self.runtime_bounds)
            }
        }
    }

    /// A limit by its id.
    pub fn limit(&self, name: &str) -> Option<&Limit> {
        self.limits.iter().find(|limit| limit.name == name)
    }
}

/// All models in the order of DESIGN §5.
pub fn all() -> &'static [ChainModel] {
    static MODELS: OnceLock<Vec<ChainModel>> = OnceLock::new();
    // A file that does not parse is left out here and found by a test.
    MODELS.get_or_init(|| FILES.iter().filter_map(|text| toml::from_str(text).ok()).collect())
}

/// The model of an id, as `--chain` takes it: `keyed`, `merge`, `merge:bounds=runtime`.
pub fn get(id: &str) -> Option<&'static ChainModel> {
    static RUNTIME: OnceLock<Option<ChainModel>> = OnceLock::new();
    if id == "merge:bounds=runtime" {
        let make = || {
            let mut model = all().iter().find(|model| model.id == "merge")?.clone();
            model.id = id.to_owned();
            model.runtime_bounds = true;
            Some(model)
        };
        return RUNTIME.get_or_init(make).as_ref();
    }
    all().iter().find(|model| model.id == id)
}

#[cfg(test)]
mod tests;
