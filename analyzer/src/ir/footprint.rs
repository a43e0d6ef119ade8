//! What an entry point touches: cells, accesses, externals, unknowns (MODEL §2, §4, §7). These are the internal types;
//! `manifest::v1` has the wire types.

use super::span::Span;
use super::term::{CellId, Const, Term};

/// A mode of access (MODEL §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Observes the value.
    Read,
    /// Observes existence only.
    Probe,
    /// Sets the value blindly.
    Write,
    /// Observes and sets.
    Update,
    /// Changes by a delta that nobody observes.
    Commute,
    /// Adds at the end of a host list.
    Append,
    /// Removes blindly.
    Delete,
    /// Observes everything below a key prefix.
    Scan,
    /// Writes back the same bytes on every path.
    Rewrite,
    /// Holds an exclusive lock without touching.
    Lock,
}

/// Group of operations that commute with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OpGroup {
    /// Addition and subtraction.
    Add,
    /// Minimum.
    Min,
    /// Maximum.
    Max,
    /// Bitwise or.
    Or,
    /// Bitwise and.
    And,
    /// Bitwise exclusive or.
    Xor,
    /// Insertion into a set.
    SetInsert,
    /// Removal from a set.
    SetRemove,
}

/// The operation of a commuting access. Deltas with different absent defaults conflict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Op {
    /// The group.
    pub group: OpGroup,
    /// `add`, `sub`, …
    pub name: String,
    /// What an absent value counts as; `None` when absence fails.
    pub default: Option<Const>,
}

/// Which side of the value a bound limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The new value may not fall below the limit.
    Lower,
    /// The new value may not rise above the limit.
    Upper,
}

/// A limit on the new value whose only effect is that the call fails.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bound {
    /// Which side.
    pub side: Side,
    /// The limit; does not depend on the cell.
    pub limit: Term,
}

/// Whether a writing access happens on every successful path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// On every path on which the call succeeds.
    Always,
    /// On some.
    Sometimes,
}

/// One access of one entry point.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Access {
    /// The cell.
    pub cell: CellId,
    /// Key components in the cell's order; a short key is a prefix.
    pub key: Vec<Term>,
    /// Dotted field path inside the stored value when only that field is touched.
    pub field: Option<String>,
    /// The mode.
    pub mode: Mode,
    /// The operation of `Commute` and `Append`.
    pub op: Option<Op>,
    /// Bounds of a `Commute`.
    pub bounds: Vec<Bound>,
    /// True when existence does not change.
    pub keeps_presence: bool,
    /// Address whose storage this is; `None` is the contract itself.
    pub at: Option<Term>,
    /// Always or sometimes.
    pub certainty: Certainty,
    /// May happen several times in one call.
    pub repeat: bool,
    /// The framework does it, no line of the contract says so.
    pub implicit: bool,
    /// A lifetime extension (Soroban).
    pub ttl: bool,
    /// The expression that does it.
    pub span: Span,
    /// Functions from the entry point to the expression, outermost first.
    pub via: Vec<String>,
}

impl Access {
    /// What the framework does to a cell by itself, around every call.
    pub fn implicit(cell: CellId, mode: Mode) -> Access {
        Access {
            cell,
            key: Vec::new(),
            field: None,
            mode,
            op: None,
            bounds: Vec::new(),
            keeps_presence: false,
            at: None,
            certainty: Certainty::Always,
            repeat: false,
            implicit: true,
            ttl: false,
            span: Span::NONE,
            via: Vec::new(),
        }
    }
}

/// How another contract is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExternalMode {
    /// A synchronous call.
    Call,
    /// A read-only call.
    Query,
    /// A message that runs after this call in the same transaction.
    Message,
    /// Foreign code on this contract's storage.
    Delegate,
}

/// A contract among those analysed together, as the handle says that is generated for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Callee {
    /// The package it is built from.
    pub package: String,
    /// The package's version.
    pub version: String,
    /// The type whose functions it exports, where the package has several.
    pub owner: String,
}

/// A call out of the contract.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct External {
    /// Address of the callee.
    pub target: Term,
    /// How.
    pub mode: ExternalMode,
    /// Callee's entry point, when known.
    pub entry: Option<String>,
    /// Arguments by name, when known. Before the callee is linked, those of a call to a known `callee` are by position.
    pub args: Vec<(String, Term)>,
    /// The callee, when the handle that is called says which contract it stands for.
    pub callee: Option<Callee>,
    /// True when the callee's footprint has been joined.
    pub linked: bool,
    /// True when value is attached.
    pub value: bool,
    /// The expression.
    pub span: Span,
    /// Functions from the entry point to it.
    pub via: Vec<String>,
}

/// Why something is not known. The kebab-case text of [`UnknownReason::code`] is what manifests carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnknownReason {
    /// A call whose code could not be found gets access to state.
    UnresolvedCall,
    /// A macro that could not be expanded mentions state.
    UnknownMacro,
    /// An attribute macro that is in no table rewrites a function.
    UnknownAttribute,
    /// A trait that others may implement is called with access to state.
    OpenTrait,
    /// A dependency whose source is not on disk is called.
    MissingDependency,
    /// A function value whose code is not known is called.
    UnknownFunction,
    /// The cell an access touches is not known.
    UnknownCell,
    /// The work budget for this entry point ran out.
    Budget,
    /// The source is nested too deeply.
    TooDeep,
    /// The file does not parse.
    Unparsable,
    /// `unsafe`, FFI or assembly that may reach state.
    Unsafe,
    /// The framework is recognised and not supported.
    Unsupported,
    /// Accounts the client chooses freely.
    RemainingAccounts,
}

impl UnknownReason {
    /// All reasons.
    pub const ALL: &'static [UnknownReason] = &[
        UnknownReason::UnresolvedCall,
        UnknownReason::UnknownMacro,
        UnknownReason::UnknownAttribute,
        UnknownReason::OpenTrait,
        UnknownReason::MissingDependency,
        UnknownReason::UnknownFunction,
        UnknownReason::UnknownCell,
        UnknownReason::Budget,
        UnknownReason::TooDeep,
        UnknownReason::Unparsable,
        UnknownReason::Unsafe,
        UnknownReason::Unsupported,
        UnknownReason::RemainingAccounts,
    ];

    /// The text in manifests.
    pub fn code(self) -> &'static str {
        match self {
            UnknownReason::UnresolvedCall => "unresolved-call",
            UnknownReason::UnknownMacro => "unknown-macro",
            UnknownReason::UnknownAttribute => "unknown-attribute",
            UnknownReason::OpenTrait => "open-trait",
            UnknownReason::MissingDependency => "missing-dependency",
            UnknownReason::UnknownFunction => "unknown-function",
            UnknownReason::UnknownCell => "unknown-cell",
            UnknownReason::Budget => "budget",
            UnknownReason::TooDeep => "too-deep",
            UnknownReason::Unparsable => "unparsable",
            UnknownReason::Unsafe => "unsafe",
            UnknownReason::Unsupported => "unsupported",
            UnknownReason::RemainingAccounts => "remaining-accounts",
        }
    }
}

/// How far an unknown reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// Any state on the chain.
    All,
    /// Any cell of this contract.
    Contract,
    /// One cell.
    Cell(CellId),
}

/// Something the analysis could not see.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unknown {
    /// Why.
    pub reason: UnknownReason,
    /// What, in the source's words (`plugin.call`), for messages.
    pub what: String,
    /// How far it reaches.
    pub reach: Reach,
    /// Where.
    pub span: Span,
    /// Functions from the entry point to it.
    pub via: Vec<String>,
}

/// The shape of a stored value, key component or parameter (MODEL §7).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// Unsigned integer of so many bits.
    Uint(u16),
    /// Signed integer of so many bits.
    Int(u16),
    /// Truth value.
    Bool,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// Address, with the kind of its canonical form (`bech32`, `base58`, `strkey`, `evm`, `ss58`, `near`).
    Address(String),
    /// Optional.
    Option(Box<Type>),
    /// List.
    List(Box<Type>),
    /// Map.
    Map(Box<Type>, Box<Type>),
    /// Tuple; the empty tuple is the unit.
    Tuple(Vec<Type>),
    /// Struct with named fields.
    Struct(String, Vec<(String, Type)>),
    /// Enum with variants and their payloads.
    Enum(String, Vec<(String, Vec<(String, Type)>)>),
    /// A type whose encoding is not known, by its name in the source.
    Opaque(String),
}

#[cfg(feature = "source")]
impl Type {
    /// The type of a field of a struct, by the names that lead to it.
    pub(crate) fn at<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> Option<&Type> {
        names.try_fold(self, |ty, name| match ty {
            Type::Struct(_, fields) => fields.iter().find(|(field, _)| field == name).map(|(_, ty)| ty),
            _ => None,
        })
    }
}

/// What a cell's place in storage is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Storage {
    /// `item`, `map`, `account`, `slot`, `root` …
    pub kind: String,
    /// Raw prefix or namespace as the chain sees it; `None` when not known.
    pub prefix: Option<Vec<u8>>,
    /// Name of the key encoding (`cw-storage-plus`, `scval`, `borsh` …).
    pub encoding: String,
    /// Where the value lies, on chains whose storage is numbered words; `None` elsewhere or when it is not known.
    pub slot: Option<Slot>,
}

/// A place in storage of numbered 32-byte words: a first number, and how the numbers of the key's entries follow from it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// The number to start from, decimal.
    pub start: String,
    /// What is done to it, in order.
    pub steps: Vec<SlotStep>,
    /// Bytes from the word's low end at which the value begins.
    pub offset: u8,
    /// Bytes the value takes, 1 to 32.
    pub bytes: u8,
}

/// A step from one slot number to the next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SlotStep {
    /// So many slots further.
    Add(u64),
    /// An entry of a map: the hash of the key's next component and the number.
    Map {
        /// How the component goes into the hash.
        key: KeyHash,
    },
    /// The content of a list: the hash of the number.
    Data,
    /// An element: the key's next component counts elements of so many bytes, as many to a slot as fit, or of so many
    /// slots each.
    Index {
        /// Bytes of an element inside a slot.
        bytes: u8,
        /// Slots of an element.
        slots: u64,
    },
}

/// How a key goes into a slot's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyHash {
    /// 32 bytes, the number at the low end.
    Number,
    /// 32 bytes, the bytes at the high end.
    Bytes,
    /// The bytes as they are.
    Raw,
    /// Not known.
    Unknown,
}

/// The unit the chain locks or validates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unit {
    /// `key`, `entry`, `account`, `slot`, `contract`.
    pub kind: String,
    /// `own`, or an id that several cells share.
    pub id: String,
}

/// The finest place the code names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// Unique in the contract (DESIGN §6).
    pub name: String,
    /// Place in storage.
    pub storage: Storage,
    /// Key components.
    pub keys: Vec<Type>,
    /// Stored value.
    pub value: Type,
    /// Unit.
    pub unit: Unit,
    /// Storage tier, where the framework has tiers.
    pub tier: Option<String>,
    /// How keys are encoded (`vec('Balance,address)`), where keys name their places; several where one name is used with
    /// several payloads, which are different keys of the chain.
    pub shapes: Vec<String>,
    /// True for cells addressed on the whole chain (accounts, bank balances).
    pub global: bool,
    /// True for cells no line of the contract names (`<balance>`, `<instance>`).
    pub implicit: bool,
    /// Declaration.
    pub span: Span,
}

/// What kind of entry point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// Creates an instance.
    Init,
    /// A message or instruction.
    Call,
    /// Read only.
    View,
    /// Called back by the framework (replies, promises).
    Callback,
    /// Upgrades an instance.
    Migrate,
    /// Called by the chain itself.
    System,
}

/// Who may call.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Callers {
    /// Anyone.
    #[default]
    Anyone,
    /// Holders of a role that is kept in state; the text says where (`MINTERS`).
    Role(String),
    /// One address that is kept in state; the text says where (`CONFIG.owner`).
    Address(String),
    /// Some only: the code checks something about the caller that the analysis does not understand.
    Some,
}

/// A parameter of an entry point.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Param {
    /// Name, as in a batch's `args`.
    pub name: String,
    /// Type.
    pub ty: Type,
    /// True when it may be left out.
    pub optional: bool,
    /// What stands in when it is left out, where that is known.
    pub default: Option<Const>,
    /// True when the call needs this address's signature.
    pub auth: bool,
}

/// Whether the code writes an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Written {
    /// It does.
    Yes,
    /// It cannot.
    No,
    /// Not known.
    Unknown,
}

/// An account parameter (account models), in declaration order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountParam {
    /// Name; composites flattened with dots.
    pub name: String,
    /// The declared write lock.
    pub writable: bool,
    /// Must sign.
    pub signer: bool,
    /// May be left out.
    pub optional: bool,
    /// Which account it is.
    pub identity: Term,
    /// What the code does.
    pub written: Written,
    /// The lines that show it.
    pub why: Vec<Span>,
    /// Declaration.
    pub span: Span,
}

/// One entry point and its footprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name as DESIGN §6 spells it (`execute::transfer`).
    pub name: String,
    /// Kind.
    pub kind: EntryKind,
    /// The message that this one refines (`execute::receive`).
    pub refines: Option<String>,
    /// Who may call it.
    pub callers: Callers,
    /// The guard that says so.
    pub callers_span: Span,
    /// Parameters.
    pub params: Vec<Param>,
    /// Accesses, sorted and without duplicates.
    pub accesses: Vec<Access>,
    /// Calls out.
    pub externals: Vec<External>,
    /// What could not be seen.
    pub unknowns: Vec<Unknown>,
    /// Account parameters; `None` where the framework has none.
    pub accounts: Option<Vec<AccountParam>>,
    /// The handler or variant.
    pub span: Span,
}

/// One contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// Name.
    pub name: String,
    /// Package.
    pub package: String,
    /// Version of the package.
    pub package_version: String,
    /// Framework's id (`cosmwasm`, `anchor` …).
    pub framework: String,
    /// Framework's name for people (`CosmWasm`).
    pub framework_title: String,
    /// Default chain model's id.
    pub chain: String,
    /// What a user calls an entry point here (`message`, `instruction` …).
    pub entry_noun: String,
    /// Cells; a [`CellId`] is an index here.
    pub cells: Vec<Cell>,
    /// Entry points, sorted by kind, then name in declaration order.
    pub entries: Vec<Entry>,
    /// Assumptions the analysis made (`no-overflow` …), sorted.
    pub assumes: Vec<String>,
    /// `all`, `partial` or `none`: which dependencies were read.
    pub dependencies: String,
    /// Enabled features.
    pub features: Vec<String>,
    /// Models used with versions, sorted.
    pub models: Vec<String>,
    /// Hash of all source the analysis read, hexadecimal.
    pub source_hash: String,
}

impl Contract {
    /// The cell of an id.
    pub fn cell(&self, id: CellId) -> &Cell {
        &self.cells[id.0 as usize]
    }
}
