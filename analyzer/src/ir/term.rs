//! Terms: values of one call, as MODEL §1 defines them. A term is what a key, a condition or a guard speaks about.

use std::fmt;

/// Index of a cell in its contract's list of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellId(pub u32);

/// A value known before any call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Const {
    /// A truth value.
    Bool(bool),
    /// An integer of any width.
    Int(i128),
    /// Text.
    Str(String),
    /// Raw bytes that are not valid UTF-8 text or come from a byte string.
    Bytes(Vec<u8>),
    /// The unit value or a field-less enum variant, by name.
    Name(String),
}

/// How long an environment value stays the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EnvScope {
    /// The same for every call on the chain.
    Chain,
    /// The same for every call of one block.
    Block,
    /// The same for every call of one transaction.
    Tx,
    /// May differ in every call.
    Call,
}

/// One step of an argument path, written `a.b`, `a[]`, `a{}`, `a#variant`, `a?` (MODEL §7).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A named or numbered field.
    Field(String),
    /// Every element of a list; elements of one list are the same element only under one correlation id.
    Elem(u32),
    /// Every key of a map argument.
    MapKey,
    /// The payload of an enum variant.
    Variant(String),
    /// The value inside an option.
    Some,
}

/// A symbolic value of one call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Term {
    /// A value known before any call.
    Const(Const),
    /// A part of an argument. The first step's name is in the entry's parameters.
    Arg(Vec<Step>),
    /// The immediate caller.
    Caller,
    /// The signer of the transaction.
    Origin,
    /// This contract's address.
    SelfAddr,
    /// A value of the environment.
    Env {
        /// For example `block.height`.
        name: String,
        /// How long it stays the same.
        scope: EnvScope,
    },
    /// The address of a named account parameter (account models).
    Account(String),
    /// The value stored at a cell and key in the state in which the call starts.
    Load {
        /// The cell.
        cell: CellId,
        /// The key.
        key: Vec<Term>,
        /// Path of fields inside the stored value.
        field: Vec<String>,
    },
    /// A function of terms that is not the identity.
    Fn {
        /// Name of a row in a table (`tuple`, `hash`, `add`, `decode` …).
        name: String,
        /// Arguments.
        of: Vec<Term>,
        /// True when different arguments give different values.
        injective: bool,
    },
    /// The first of these that is present.
    Coalesce(Vec<Term>),
    /// As the last component of a key: every key that begins with the components before it. The inner terms are
    /// further leading components (mostly none).
    Prefix(Vec<Term>),
    /// Not known.
    Any,
}

impl Term {
    /// A text constant.
    pub fn text(value: impl Into<String>) -> Term {
        Term::Const(Const::Str(value.into()))
    }

    /// An argument path of one field.
    pub fn arg(name: impl Into<String>) -> Term {
        Term::Arg(vec![Step::Field(name.into())])
    }

    /// True when `Any` or an open prefix occurs anywhere inside.
    pub fn has_any(&self) -> bool {
        match self {
            Term::Any => true,
            Term::Load { key, .. } => key.iter().any(Term::has_any),
            Term::Fn { of, .. } | Term::Coalesce(of) | Term::Prefix(of) => of.iter().any(Term::has_any),
            _ => false,
        }
    }

    /// Calls `visit` on this term and on all terms inside it.
    pub fn walk(&self, visit: &mut dyn FnMut(&Term)) {
        visit(self);
        match self {
            Term::Load { key, .. } => key.iter().for_each(|term| term.walk(visit)),
            Term::Fn { of, .. } | Term::Coalesce(of) | Term::Prefix(of) => of.iter().for_each(|term| term.walk(visit)),
            _ => {}
        }
    }

    /// True when the term means the same in every frame of a transaction: constants, this contract, the chain, the block.
    pub fn is_shared(&self) -> bool {
        match self {
            Term::Const(_) | Term::SelfAddr | Term::Origin => true,
            Term::Env { scope, .. } => matches!(scope, EnvScope::Chain | EnvScope::Block),
            Term::Fn { of, .. } => of.iter().all(Term::is_shared),
            Term::Prefix(parts) => parts.iter().all(Term::is_shared),
            _ => false,
        }
    }

    /// Number of nodes.
    pub fn size(&self) -> usize {
        let mut n = 0;
        self.walk(&mut |_| n += 1);
        n
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Field(name) => write!(f, ".{name}"),
            Step::Elem(_) => f.write_str("[]"),
            Step::MapKey => f.write_str("{}"),
            Step::Variant(name) => write!(f, "#{name}"),
            Step::Some => f.write_str("?"),
        }
    }
}

/// The path as it stands in a manifest, `members[].addr`.
pub fn path_text(path: &[Step]) -> String {
    let text: String = path.iter().map(|step| step.to_string()).collect();
    text.strip_prefix('.').map(str::to_owned).unwrap_or(text)
}
