//! Values as sets of ways to accounts.

use crate::effects::ty::Ty;
use crate::ir::hir::{ExprId, Name};
use std::collections::{BTreeMap, BTreeSet};

/// Structures deeper than this are joined.
const MAX_DEPTH: usize = 5;
/// Structures with more parts are joined.
const MAX_PARTS: usize = 40;

/// How an account is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// Its data as a value that is stored at the end.
    Typed,
    /// Its data on demand.
    Loader,
    /// As it is.
    Raw,
    /// It cannot be changed at all.
    Fixed,
}

/// A way to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum What {
    /// The context of the call: all accounts, and those nobody declared.
    Context,
    /// A struct of accounts.
    Tree(u32),
    /// An account with its data as a value; true where that value may be changed.
    Account(u32, bool),
    /// An account as it is: data and balance change through shared references.
    Info(u32),
    /// The cell that holds its data or its balance.
    Cell(u32),
    /// A place in an account's data.
    Place(u32),
    /// A mutable reference to such a place.
    Mut(u32),
    /// The list of all accounts of a call, without so many at its front.
    List(u32),
    /// What goes through such a list; the index counts in the analysis.
    Walk(u32),
    /// Accounts that nobody declared.
    Others,
    /// The address of an account: changes nothing.
    Key(u32),
    /// An address in a call that the other program may change.
    Writes(u32),
    /// An address in a call that the other program only reads.
    Reads(u32),
}

/// A way, and whether the value is it or only may hold it somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Handle {
    pub(crate) what: What,
    pub(crate) sure: bool,
}

impl Handle {
    /// The account that can be changed through it.
    pub(crate) fn account(&self) -> Option<u32> {
        match self.what {
            What::Account(account, _)
            | What::Info(account)
            | What::Cell(account)
            | What::Place(account)
            | What::Mut(account) => Some(account),
            _ => None,
        }
    }

    /// True if something can be changed through it.
    pub(crate) fn changes(&self) -> bool {
        !matches!(self.what, What::Key(_) | What::Writes(_) | What::Reads(_))
    }
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Value {
    pub(crate) ty: Ty,
    /// What it is, or (unsure) may hold.
    pub(crate) own: BTreeSet<Handle>,
    /// Parts of a value built here.
    pub(crate) parts: BTreeMap<Name, Value>,
    /// Bindings of this function that can be changed through it.
    pub(crate) roots: BTreeSet<u32>,
    /// Code that may be called through it.
    pub(crate) code: BTreeSet<ExprId>,
    /// Parts of it came from where nobody looked.
    pub(crate) unclear: bool,
    /// Where in the account's data it is; `None` when not known.
    pub(crate) path: Option<Vec<String>>,
}

impl Value {
    pub(crate) fn plain(ty: Ty) -> Value {
        Value {
            ty,
            own: BTreeSet::new(),
            parts: BTreeMap::new(),
            roots: BTreeSet::new(),
            code: BTreeSet::new(),
            unclear: false,
            path: Some(Vec::new()),
        }
    }

    pub(crate) fn of(ty: Ty, handle: Handle) -> Value {
        Value { own: BTreeSet::from([handle]), ..Value::plain(ty) }
    }

    /// Calls `each` on every handle in it.
    pub(crate) fn each(&self, each: &mut dyn FnMut(Handle)) {
        self.own.iter().for_each(|handle| each(*handle));
        self.parts.values().for_each(|part| part.each(each));
    }

    /// True if some account can be changed through it.
    pub(crate) fn leads(&self) -> bool {
        self.own.iter().any(Handle::changes) || self.parts.values().any(Value::leads)
    }

    /// True if it says anything beyond its type.
    pub(crate) fn matters(&self) -> bool {
        !self.own.is_empty() || self.unclear || self.parts.values().any(Value::matters)
    }

    /// True if a sure way to accounts is what it is.
    pub(crate) fn is_account(&self) -> bool {
        self.own.iter().any(|handle| handle.sure && handle.changes())
    }

    /// True if it names accounts for a call of another program, with what that may do to them, or code that may be called.
    pub(crate) fn tells(&self) -> bool {
        !self.code.is_empty()
            || self.own.iter().any(|handle| matches!(handle.what, What::Writes(_) | What::Reads(_)))
            || self.parts.values().any(Value::tells)
    }

    /// One of two ways, where only one says which accounts or which code: it could be others.
    pub(crate) fn or(mut self, other: &Value) -> Value {
        let mixed = self.ty != Ty::Never && other.ty != Ty::Never && self.tells() != other.tells();
        self.join(other);
        self.unclear |= mixed;
        self
    }

    pub(crate) fn is_unclear(&self) -> bool {
        self.unclear || self.parts.values().any(Value::is_unclear)
    }

    /// All code that may be called through it.
    pub(crate) fn callables(&self) -> BTreeSet<ExprId> {
        let mut all = self.code.clone();
        for part in self.parts.values() {
            all.extend(part.callables());
        }
        all
    }

    /// Everything in it, without a shape.
    pub(crate) fn loose(&self) -> Value {
        let mut out = Value::plain(Ty::Unknown);
        self.each(&mut |handle| {
            // A place somewhere inside is there as a reference.
            let what = match handle.what {
                What::Place(account) => What::Mut(account),
                what => what,
            };
            out.own.insert(Handle { what, sure: false });
        });
        out.unclear = self.is_unclear();
        out.code = self.callables();
        out.path = None;
        out
    }

    /// The same as somebody sees it through a shared reference.
    pub(crate) fn shared(mut self) -> Value {
        self.own = self
            .own
            .into_iter()
            .filter_map(|handle| match handle.what {
                What::Place(_) | What::Mut(_) => None,
                What::Account(account, _) => Some(Handle { what: What::Account(account, false), ..handle }),
                _ => Some(handle),
            })
            .collect();
        self.parts = self.parts.into_iter().map(|(name, part)| (name, part.shared())).collect();
        self.roots.clear();
        self
    }

    /// A place as a value: what stands there is copied, because nothing can be moved out of what is borrowed.
    pub(crate) fn copied(mut self) -> Value {
        self.own.retain(|handle| !matches!(handle.what, What::Place(_)));
        self
    }

    /// A mutable reference to a place.
    pub(crate) fn borrowed(mut self) -> Value {
        self.own = self
            .own
            .into_iter()
            .map(|handle| match handle.what {
                What::Place(account) => Handle { what: What::Mut(account), ..handle },
                _ => handle,
            })
            .collect();
        self
    }

    /// The place a reference leads to.
    pub(crate) fn followed(mut self) -> Value {
        self.own = self
            .own
            .into_iter()
            .map(|handle| match handle.what {
                What::Mut(account) if handle.sure => Handle { what: What::Place(account), ..handle },
                _ => handle,
            })
            .collect();
        self
    }

    pub(crate) fn typed(mut self, ty: &Ty) -> Value {
        if self.ty.is_unknown() {
            self.ty = ty.clone();
        }
        self
    }

    pub(crate) fn with_type(mut self, ty: Ty) -> Value {
        self.ty = ty;
        self
    }

    /// Joins another value into this one; true if it grew.
    pub(crate) fn join(&mut self, other: &Value) -> bool {
        self.join_at(other, 0)
    }

    fn join_at(&mut self, other: &Value, depth: usize) -> bool {
        let mut grew = false;
        if self.ty.is_unknown() && !other.ty.is_unknown() && other.ty != Ty::Never {
            self.ty = other.ty.clone();
            grew = true;
        } else if !other.ty.is_unknown() && self.ty != other.ty && !self.ty.same_head(&other.ty) && self.matters() {
            // Two types: methods could mean either.
            if self.ty != Ty::Never && other.ty != Ty::Never {
                let loose = self.loose();
                if loose != *self {
                    *self = loose;
                    grew = true;
                }
                return self.absorb(&other.loose()) | grew;
            }
        }
        if other.path != self.path && self.path.is_some() && other.own.iter().any(Handle::changes) {
            let mine = self.own.iter().any(Handle::changes);
            self.path = if mine { None } else { other.path.clone() };
            grew = true;
        }
        for handle in &other.own {
            grew |= self.own.insert(*handle);
        }
        for root in &other.roots {
            grew |= self.roots.insert(*root);
        }
        for code in &other.code {
            grew |= self.code.insert(*code);
        }
        if other.unclear && !self.unclear {
            self.unclear = true;
            grew = true;
        }
        for (name, part) in &other.parts {
            let full = depth >= MAX_DEPTH || self.parts.len() >= MAX_PARTS;
            match self.parts.get_mut(name) {
                Some(mine) => grew |= mine.join_at(part, depth + 1),
                None if full => {
                    grew |= self.absorb(&part.loose());
                }
                None => {
                    self.parts.insert(name.clone(), part.clone());
                    grew = true;
                }
            }
        }
        grew
    }

    /// Takes in what another value may hold, anywhere.
    pub(crate) fn absorb(&mut self, loose: &Value) -> bool {
        let before = (self.own.len(), self.unclear, self.code.len());
        for handle in &loose.own {
            self.own.insert(*handle);
        }
        self.unclear |= loose.unclear;
        self.code.extend(loose.code.iter().copied());
        before != (self.own.len(), self.unclear, self.code.len())
    }

    /// What leaves the function: nothing in it speaks of the function's own bindings.
    pub(crate) fn outside(mut self) -> Value {
        self.roots.clear();
        self.code.clear();
        self.parts = self.parts.into_iter().map(|(name, part)| (name, part.outside())).collect();
        self
    }
}
