//! Wire types of manifest version 1 (DESIGN §6, MODEL §7): what `crosslane.json` holds and what a stranger's scheduler reads.
//!
//! These types are separate from `ir`: internal types may change, these may not. The order of fields here is the order of
//! keys in the file. Reading is tolerant in one direction only: a mode, term, type, op, bound, unit or scope that this
//! version does not know becomes the widest thing of its kind (update, `any`, opaque, unknown), never nothing.

use serde::{Deserialize, Serialize};

pub use super::value::{Const, EnvScope, Path, Step, Term, Type};

/// The version of the format that this module reads and writes.
pub const VERSION: u32 = 1;

/// One file: every contract of one package.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Manifest {
    /// Version of the format; 1.
    pub version: u32,
    /// Program that wrote the file; comparisons ignore it.
    #[serde(default)]
    pub tool: String,
    /// Contracts, by name.
    #[serde(default)]
    pub contracts: Vec<Contract>,
}

/// One contract.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Contract {
    /// Name; the `contract` of a call in a batch.
    pub name: String,
    /// Package the contract's code is in.
    #[serde(default)]
    pub package: String,
    /// Version of the package; comparisons ignore it.
    #[serde(default)]
    pub package_version: String,
    /// Framework's id; a reader needs no knowledge of it.
    #[serde(default)]
    pub framework: String,
    /// The chain model under which classes and conflicts were computed.
    #[serde(default)]
    pub chain: ChainRef,
    /// Features of the format without which a reader would be wrong; who does not know one refuses the contract.
    #[serde(default)]
    pub requires: Vec<String>,
    /// Assumptions that the analysis made, for example `no-overflow`.
    #[serde(default)]
    pub assumes: Vec<String>,
    /// State outside the claim (fees, nonces, event order) and how it is treated.
    #[serde(default)]
    pub environment: Vec<String>,
    /// Which dependencies were read: `all`, `partial` or `none`.
    #[serde(default)]
    pub dependencies: String,
    /// Cargo features that were on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cfg: Vec<String>,
    /// Hash of the source that was read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source_hash: String,
    /// Storage models used, with versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// Deployed code this manifest was compared with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code: Vec<Code>,
    /// Cells, sorted by id.
    #[serde(default)]
    pub cells: Vec<Cell>,
    /// Entry points.
    #[serde(default)]
    pub entries: Vec<Entry>,
    /// Pairs that are not `never`; derived from the accesses, which are authoritative.
    #[serde(default)]
    pub conflicts: Vec<Conflict>,
    /// True when there were too many pairs to list.
    #[serde(default, skip_serializing_if = "is_false")]
    pub conflicts_omitted: bool,
}

/// A chain model and the version of its rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChainRef {
    /// Id of the model: `solana`, `soroban`, `occ`, `evm`, `account-serial`, `keyed`, `merge`.
    #[serde(default)]
    pub model: String,
    /// Version of its rules.
    #[serde(default)]
    pub rules: u32,
}

/// Deployed code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Code {
    /// Chain, for example `solana-mainnet`.
    pub chain: String,
    /// Program address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program_id: Option<String>,
    /// SHA-256 of the wasm file, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wasm_sha256: Option<String>,
    /// SHA-256 of another binary, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Code id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_id: Option<u64>,
}

/// A place in the package's source. One-based; columns count characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Span {
    /// Path relative to the package, with `/`.
    pub file: String,
    /// First line.
    pub line: u32,
    /// First column.
    pub column: u32,
    /// Last line.
    #[serde(default)]
    pub end_line: u32,
    /// Column after the last character.
    #[serde(default)]
    pub end_column: u32,
    /// Package the file is in, when it is a dependency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
}

/// The finest place the code names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cell {
    /// Unique in the contract.
    pub id: String,
    /// Place in storage, as the chain sees it.
    #[serde(default)]
    pub storage: Storage,
    /// Types of the key's components; empty for an item.
    #[serde(default)]
    pub keys: Vec<Type>,
    /// Type of the stored value.
    #[serde(default)]
    pub value: Type,
    /// What the chain locks or validates.
    #[serde(default)]
    pub unit: Unit,
    /// Storage tier, where there are tiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// For a row that only lists one payload of another cell's key (`Balance(address)` of `Balance`): that cell. Accesses
    /// name the cell itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refines: Option<String>,
    /// `chain` for cells that have one place on the whole chain; absent: one place per instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What an absent value counts as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent: Option<Const>,
    /// True for cells that no line of the contract names (`<balance>`, `<instance>`).
    #[serde(default, skip_serializing_if = "is_false")]
    pub implicit: bool,
    /// Entry points that read it.
    #[serde(default)]
    pub readers: Vec<String>,
    /// Declaration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
}

impl Cell {
    /// Id of the cell that balances of addresses are, which the chain keeps; its key is the address.
    pub const BALANCE: &'static str = "<balance>";
}

/// Where a cell is in storage.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Storage {
    /// `item`, `map`, `account`, `slot`, `root` and so on.
    #[serde(default)]
    pub kind: String,
    /// Raw prefix or namespace when it is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Raw prefix in hexadecimal when it is not text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix_hex: Option<String>,
    /// Name of the encoding of keys.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub encoding: String,
    /// How the whole key is encoded where keys name their cells: `vec('Balance,address)`. Leaves are the components in
    /// order, `'text` is a symbol, `_` a form that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<String>,
    /// On chains whose storage is numbered 32-byte words: where the value lies, when that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<Slot>,
}

/// A place in storage of numbered 32-byte words. The number starts at `start`; every step makes the next one, some with
/// the next component of the key; the value is `bytes` long and begins `offset` bytes from the word's low end.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Slot {
    /// First number, decimal.
    pub start: String,
    /// What is done to it, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<SlotStep>,
    /// Bytes from the low end.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub offset: u8,
    /// Bytes of the value.
    #[serde(default = "word", skip_serializing_if = "is_word")]
    pub bytes: u8,
}

/// A step from one slot number to the next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SlotStep {
    /// So many slots further.
    Add(u64),
    /// An entry of a map: keccak-256 of the key's next component and the number. The component is 32 bytes with a `number`
    /// at the low end, 32 bytes with `bytes` at the high end, or `raw` bytes; anything else is not known.
    Map(String),
    /// A list's content: keccak-256 of the number.
    Data,
    /// The key's next component counts elements, as many to a slot as fit or of so many slots each.
    Index {
        /// Bytes of an element inside a slot.
        bytes: u8,
        /// Slots of an element.
        slots: u64,
    },
}

fn is_zero(value: &u8) -> bool {
    *value == 0
}

fn word() -> u8 {
    32
}

fn is_word(value: &u8) -> bool {
    *value == 32
}

/// What the chain locks or validates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unit {
    /// `key`, `entry`, `account`, `slot`, `contract`.
    #[serde(default)]
    pub kind: String,
    /// `own`: every key of this cell is a unit. Else a name: all cells with this name lie in the same units.
    #[serde(default = "own")]
    pub id: String,
    /// `key`: cells that share the name share a unit only at equal keys. `cell`: keys of one cell are units, and any of them
    /// may meet any key of another cell that shares the name. Absent or not understood: all is one unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
}

impl Default for Unit {
    fn default() -> Self {
        Unit { kind: String::new(), id: own(), part: None }
    }
}

/// An entry point.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entry {
    /// Name; the `entry` of a call in a batch.
    pub name: String,
    /// Kind.
    #[serde(default)]
    pub kind: EntryKind,
    /// The message this one refines; a call that cannot be decoded further uses that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refines: Option<String>,
    /// Who may call.
    #[serde(default)]
    pub callers: Callers,
    /// Where the role or the address is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callers_cell: Option<String>,
    /// The guard that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callers_span: Option<Span>,
    /// Parameters, by the names they have in a batch's `args`.
    #[serde(default)]
    pub params: Vec<Param>,
    /// Two calls of this entry point against each other.
    #[serde(default)]
    pub class: Class,
    /// What it touches.
    #[serde(default)]
    pub accesses: Vec<Access>,
    /// Calls out.
    #[serde(default)]
    pub external: Vec<External>,
    /// What could not be seen.
    #[serde(default)]
    pub unknowns: Vec<Unknown>,
    /// Account parameters in declaration order, where the framework has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<Vec<Account>>,
    /// The handler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Param {
    /// Name.
    pub name: String,
    /// Type, which says how a value in a batch becomes canonical.
    #[serde(rename = "type", default)]
    pub ty: Type,
    /// May be left out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
    /// What stands in when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Term>,
    /// The call needs this address's signature.
    #[serde(default, skip_serializing_if = "is_false")]
    pub auth: bool,
}

/// How two calls of one entry point stand to each other.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Class {
    /// The kind.
    #[serde(default)]
    pub kind: ClassKind,
    /// For `sharded`: each call has one tuple of values per line here, and two calls may meet only if they have a tuple in
    /// common.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<Vec<Term>>,
    /// For `serial` and `sharded`: cells on which they meet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<String>,
    /// What a conflict does: `waits`, `queues`, `fails`, `reruns`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

/// One access.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Access {
    /// The cell.
    pub cell: String,
    /// Key components; fewer than the cell has is a prefix.
    #[serde(default)]
    pub key: Vec<Term>,
    /// Path of the touched field inside the stored value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The mode.
    #[serde(default)]
    pub mode: Mode,
    /// The operation of a commuting access.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op: Option<Op>,
    /// Limits on the new value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bounds: Vec<Bound>,
    /// `keeps` when existence does not change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presence: Option<String>,
    /// Address whose storage this is; absent: the contract's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Term>,
    /// On every path on which the call succeeds, or on some.
    #[serde(default)]
    pub certainty: Certainty,
    /// May happen several times in one call.
    #[serde(default, skip_serializing_if = "is_false")]
    pub repeat: bool,
    /// Extends a lifetime.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ttl: bool,
    /// The framework does it by itself.
    #[serde(default, skip_serializing_if = "is_false")]
    pub implicit: bool,
    /// The expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// Functions from the entry point to the expression.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<String>,
}

/// A commuting operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Op {
    /// Group; two deltas of one group commute. A group that a reader does not know commutes with nothing.
    #[serde(default)]
    pub group: OpGroup,
    /// Operation.
    #[serde(default)]
    pub name: String,
    /// What an absent value counts as; absent here: absence fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Const>,
}

/// A limit on the new value of a delta.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Bound {
    /// `lower` or `upper`.
    #[serde(default)]
    pub side: String,
    /// The limit.
    #[serde(default = "any")]
    pub limit: Term,
    /// What happens beyond it: `fail`.
    #[serde(default = "fail")]
    pub on: String,
}

/// A call out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct External {
    /// Address of the callee.
    #[serde(default = "any")]
    pub target: Term,
    /// How.
    #[serde(default)]
    pub mode: ExternalMode,
    /// Callee's entry point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Arguments, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<Argument>,
    /// What an unlinked call may reach; absent: `all`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<String>,
    /// The callee may call this contract again before the call ends.
    #[serde(default, skip_serializing_if = "is_false")]
    pub reentrant: bool,
    /// The callee's footprint is part of the accesses.
    #[serde(default)]
    pub linked: bool,
    /// Value is attached.
    #[serde(default, skip_serializing_if = "is_false")]
    pub value: bool,
    /// The expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
}

/// An argument of a call out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Argument {
    /// Name.
    pub name: String,
    /// Value.
    #[serde(default = "any")]
    pub value: Term,
}

/// Something that could not be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unknown {
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// What, in the source's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub what: String,
    /// `all`, `contract` or the id of a cell; anything else counts as `all`.
    #[serde(default = "all")]
    pub reach: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
}

/// An account parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Account {
    /// Name, composites flattened with dots.
    pub name: String,
    /// The declared lock is a write lock.
    #[serde(default)]
    pub writable: bool,
    /// Must sign.
    #[serde(default)]
    pub signer: bool,
    /// May be left out.
    #[serde(default)]
    pub optional: bool,
    /// Which account it is.
    #[serde(default = "any")]
    pub identity: Term,
    /// `yes`, `no` or `unknown`: whether the code writes it.
    #[serde(default = "unknown")]
    pub written: String,
    /// The lines that show it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<Span>,
}

/// A pair of entry points that may conflict, `a ≤ b`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Conflict {
    /// One.
    pub a: String,
    /// The other.
    pub b: String,
    /// `own` or `transaction`.
    #[serde(default = "own")]
    pub scope: String,
    /// Verdict.
    #[serde(default)]
    pub verdict: VerdictKind,
    /// For `when`: they conflict if one of these holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<Conjunction>,
    /// Cells on which they meet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<String>,
    /// What a conflict does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Assumptions under which this holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumes: Vec<String>,
}

/// Equalities that must all hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Conjunction {
    /// The equalities.
    #[serde(default)]
    pub all: Vec<Equality>,
    /// `a-first` or `b-first`: a conflict only in that order. Absent or not understood: in both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// `chain` where both calls may be of different instances; absent: `a.self = b.self` is part of the conjunction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// An equality between a term of `a` and a term of `b`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Equality {
    /// Of `a`.
    #[serde(default = "any")]
    pub left: Term,
    /// Of `b`.
    #[serde(default = "any")]
    pub right: Term,
}

fn is_false(value: &bool) -> bool {
    !value
}
fn own() -> String {
    "own".to_owned()
}
fn all() -> String {
    "all".to_owned()
}
fn fail() -> String {
    "fail".to_owned()
}
fn unknown() -> String {
    "unknown".to_owned()
}
fn any() -> Term {
    Term::Any
}

/// Declares an enum of words in which a word that is not known reads as the last variant named after `else`.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident else $fallback:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vmeta])* $variant,)+ }

        impl $name {
            /// All, in the order of the specification.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The word in manifests.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }

            /// The variant of a word; what is not known is the widest variant.
            pub fn parse(text: &str) -> $name {
                match text { $($text => $name::$variant,)+ _ => $name::$fallback }
            }
        }

        impl Default for $name {
            fn default() -> Self { $name::$fallback }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.pad(self.as_str()) }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = serde_json::Value::deserialize(deserializer)?;
                Ok(value.as_str().map_or($name::$fallback, $name::parse))
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> { stringify!($name).into() }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "examples": [$($text),+] })
            }
        }
    };
}

words! {
    /// A mode of access (MODEL §2). A mode that is not known counts as `update`.
    Mode else Update {
        /// Observes the value.
        Read = "read",
        /// Observes existence.
        Probe = "probe",
        /// Sets blindly.
        Write = "write",
        /// Observes and sets.
        Update = "update",
        /// Changes by a delta that nobody observes.
        Commute = "commute",
        /// Adds at the end of a host list.
        Append = "append",
        /// Removes blindly.
        Delete = "delete",
        /// Observes all below a prefix.
        Scan = "scan",
        /// Writes back the same bytes.
        Rewrite = "rewrite",
        /// Holds an exclusive lock without touching.
        Lock = "lock",
    }
}

words! {
    /// Group of operations that commute with each other.
    OpGroup else Other {
        /// Addition and subtraction.
        Add = "add",
        /// Minimum.
        Min = "min",
        /// Maximum.
        Max = "max",
        /// Bitwise or.
        Or = "or",
        /// Bitwise and.
        And = "and",
        /// Bitwise exclusive or.
        Xor = "xor",
        /// Insertion into a set.
        SetInsert = "set-insert",
        /// Removal from a set.
        SetRemove = "set-remove",
        /// Not known; commutes with nothing.
        Other = "other",
    }
}

words! {
    /// Kind of entry point.
    EntryKind else Call {
        /// Creates an instance.
        Init = "init",
        /// A message, instruction or function.
        Call = "call",
        /// Read only.
        View = "view",
        /// Called back by the framework.
        Callback = "callback",
        /// Upgrades an instance.
        Migrate = "migrate",
        /// Called by the chain.
        System = "system",
    }
}

words! {
    /// Who may call.
    Callers else Anyone {
        /// Anyone.
        Anyone = "anyone",
        /// Holders of a stored role.
        Role = "role",
        /// One stored address.
        Address = "address",
    }
}

words! {
    /// Class of an entry point against itself.
    ClassKind else Unknown {
        /// Any number at once.
        Parallel = "parallel",
        /// Parallel where values differ.
        Sharded = "sharded",
        /// One at a time.
        Serial = "serial",
        /// Not known.
        Unknown = "unknown",
    }
}

words! {
    /// On every path on which the call succeeds, or on some. Never weakens a conflict.
    Certainty else Sometimes {
        /// On every.
        Always = "always",
        /// On some.
        Sometimes = "sometimes",
    }
}

words! {
    /// How another contract is reached.
    ExternalMode else Call {
        /// A synchronous call.
        Call = "call",
        /// Read only.
        Query = "query",
        /// Runs after this call, in the same transaction.
        Message = "message",
        /// Foreign code on this contract's storage.
        Delegate = "delegate",
    }
}

words! {
    /// Verdict on a pair.
    VerdictKind else Unknown {
        /// They conflict when one of the conjunctions holds.
        When = "when",
        /// No knowledge of keys can separate them.
        Always = "always",
        /// Not known.
        Unknown = "unknown",
    }
}
