//! The verdict on one pair: every access of one against every access of the other.

use super::compare::Pair;
use super::{Condition, First, Meet, Scope, Site, Verdict, VerdictKind};
use crate::chains::{ChainModel, Touch, UnitKind, op_name};
use crate::ir::{Access, AccountParam, Cell, CellId, Contract, Entry, ExternalMode, Mode, Reach, Storage, Term, Type};

/// Encodings of keys in which no raw key begins with another cell's raw prefix.
const PREFIX_FREE: [&str; 8] = ["near", "cw-storage-plus", "scval", "frame", "ink", "solidity", "account", "xdr"];

/// The verdict on entry points `a` and `b`.
pub(super) fn verdict(
    contract: &Contract,
    chain: &ChainModel,
    facts: &Facts,
    scope: Scope,
    a: usize,
    b: usize,
) -> Verdict {
    let pass = Pass {
        contract,
        chain,
        a: &contract.entries[a],
        b: &contract.entries[b],
        locks_a: &facts.locks[a],
        locks_b: &facts.locks[b],
        shared: &facts.shared,
    };
    let mut found = Found::default();
    if chain.unit == UnitKind::Contract {
        // Two calls of one contract conflict, with or without accesses.
        found.meet(None, None, Site::Contract, Site::Contract, Condition::always(), false);
    } else {
        pass.accesses(&mut found);
        pass.unknowns(scope, &mut found);
    }
    found.verdict(&pass)
}

/// What one pair is compared with.
struct Pass<'a> {
    contract: &'a Contract,
    chain: &'a ChainModel,
    a: &'a Entry,
    b: &'a Entry,
    /// Cells of declared accounts.
    locks_a: &'a [Option<CellId>],
    locks_b: &'a [Option<CellId>],
    /// Per cell: others lie in its units.
    shared: &'a [bool],
}

/// What is the same for all pairs of a contract.
pub(super) struct Facts {
    /// The cell of each declared account of each entry point; empty where the model has no declared locks.
    locks: Vec<Vec<Option<CellId>>>,
    /// Per cell: its unit has a name, or other cells may have the same raw keys.
    shared: Vec<bool>,
}

/// Collects [`Facts`].
pub(super) fn facts(contract: &Contract, chain: &ChainModel) -> Facts {
    let mut shared: Vec<bool> = contract.cells.iter().map(|cell| cell.unit.id != "own").collect();
    for cell in aliases(contract).into_iter().flat_map(|(cells, _)| cells) {
        shared[cell.0 as usize] = true;
    }
    let of = |entry: &Entry| {
        let accounts = entry.accounts.iter().flatten().filter(|_| chain.declared_locks);
        accounts.map(|account| account_cell(contract, entry, account)).collect()
    };
    Facts { locks: contract.entries.iter().map(of).collect(), shared }
}

#[derive(Default)]
struct Found {
    meets: Vec<Meet>,
    no_overflow: bool,
    runtime_bounds: bool,
}

impl Found {
    fn meet(&mut self, cell: Option<CellId>, other: Option<CellId>, a: Site, b: Site, when: Condition, unknown: bool) {
        if !when.is_never() {
            self.meets.push(Meet { cell, other, a, b, when, unknown });
        }
    }

    fn verdict(mut self, pass: &Pass<'_>) -> Verdict {
        self.meets.sort_by_key(|meet| (meet.cell, meet.other, meet.a, meet.b));
        let mut when = Condition::never();
        let mut unknown = false;
        for meet in &mut self.meets {
            meet.when.simplify();
            if meet.unknown {
                unknown = true;
            } else {
                when = when.or(meet.when.clone());
            }
        }
        when.simplify();
        let both_orders = when.0.iter().any(|conj| conj.atoms.is_empty() && conj.order.is_none());
        let kind = if both_orders || (when.is_always() && !unknown) {
            VerdictKind::Always
        } else if unknown {
            VerdictKind::Unknown
        } else if when.is_never() {
            VerdictKind::Never
        } else {
            VerdictKind::When
        };
        let mut assumes = Vec::new();
        if self.no_overflow {
            assumes.push("no-overflow".to_owned());
        }
        if self.runtime_bounds {
            assumes.push("runtime-bounds".to_owned());
        }
        let outcome = match pass.chain.stale {
            Some(stale) if pass.stale() => stale,
            _ => pass.chain.outcome,
        };
        Verdict { kind, when, meets: self.meets, outcome, assumes }
    }
}

impl Pass<'_> {
    fn flipped(&self) -> Pass<'_> {
        Pass { a: self.b, b: self.a, locks_a: self.locks_b, locks_b: self.locks_a, ..*self }
    }

    /// Known accesses, or declared locks, against each other.
    fn accesses(&self, found: &mut Found) {
        match (&self.a.accounts, &self.b.accounts) {
            (Some(left), Some(right)) if self.chain.declared_locks => {
                for (i, x) in left.iter().enumerate() {
                    for (j, y) in right.iter().enumerate() {
                        let (cell, other) = (self.locks_a[i], self.locks_b[j]);
                        let when = self.accounts(x, y, cell, other);
                        found.meet(cell, other, Site::Account(i), Site::Account(j), when, false);
                    }
                }
            }
            _ => {
                for (i, x) in self.a.accesses.iter().enumerate() {
                    for (j, y) in self.b.accesses.iter().enumerate() {
                        let when = self.access(x, y, found);
                        found.meet(Some(x.cell), Some(y.cell), Site::Access(i), Site::Access(j), when, false);
                    }
                }
            }
        }
    }

    /// Two declared locks. Every account has one place on the chain.
    fn accounts(&self, x: &AccountParam, y: &AccountParam, cx: Option<CellId>, cy: Option<CellId>) -> Condition {
        let lock = |account: &AccountParam| Touch::plain(if account.writable { Mode::Lock } else { Mode::Read });
        if !self.chain.conflict(&lock(x), &lock(y)) || self.different_types(cx, cy) {
            return Condition::never();
        }
        let pair = Pair { a: self.a, b: self.b, anywhere: true };
        let mut when = pair.terms(&x.identity, &y.identity, Some(&Type::Address("base58".to_owned())));
        when.0.iter_mut().for_each(|conj| conj.anywhere = true);
        when
    }

    /// True if no account can be both in calls that succeed: they hold values of different types of this contract.
    fn different_types(&self, x: Option<CellId>, y: Option<CellId>) -> bool {
        match (x.map(|cell| &self.contract.cell(cell).value), y.map(|cell| &self.contract.cell(cell).value)) {
            (Some(Type::Struct(left, _)), Some(Type::Struct(right, _))) => left != right,
            _ => false,
        }
    }

    /// When two accesses conflict, with the order in which they do.
    fn access(&self, x: &Access, y: &Access, found: &mut Found) -> Condition {
        let (tx, ty) = (self.touch(x), self.touch(y));
        let (ab, ba) = (self.chain.conflict(&tx, &ty), self.chain.conflict(&ty, &tx));
        let deltas = x.mode == Mode::Commute && y.mode == Mode::Commute;
        if !ab && !ba && !deltas {
            return Condition::never();
        }
        if self.chain.unit == UnitKind::Field && !fields_overlap(x.field.as_deref(), y.field.as_deref()) {
            return Condition::never();
        }
        let mut when = self.meet(x, y);
        if !ab && !ba {
            // Deltas that commute, as long as no sum passes its type's limit and bounds are checked when they apply.
            if !when.is_never() {
                found.no_overflow = true;
                found.runtime_bounds |= !x.bounds.is_empty() || !y.bounds.is_empty();
            }
            return Condition::never();
        }
        let order = match (ab, ba) {
            (true, false) => Some(First::A),
            (false, true) => Some(First::B),
            _ => None,
        };
        when.0.iter_mut().for_each(|conj| conj.order = order);
        when
    }

    /// What the table is asked about an access. Setting a part of a unit keeps the rest, which is an update of the unit.
    fn touch<'t>(&self, access: &'t Access) -> Touch<'t> {
        let field = access.field.is_some() && self.chain.unit != UnitKind::Field;
        let part = field || self.shared[access.cell.0 as usize];
        let mut touch = touch(access);
        if part && matches!(access.mode, Mode::Write | Mode::Delete) {
            touch.mode = Mode::Update;
        }
        touch
    }

    /// When two accesses touch one unit.
    fn meet(&self, x: &Access, y: &Access) -> Condition {
        let (cx, cy) = (self.contract.cell(x.cell), self.contract.cell(y.cell));
        let anywhere = cx.global || cy.global || x.at.is_some() || y.at.is_some();
        let pair = Pair { a: self.a, b: self.b, anywhere };
        let mut when = match relation(x.cell, cx, y.cell, cy) {
            Relation::Apart => return Condition::never(),
            Relation::Whole => Condition::always(),
            Relation::ByKey => pair.keys(&x.key, &y.key, &cx.keys),
        };
        if !(cx.global && cy.global) {
            let own = Term::SelfAddr;
            let place = |access: &Access| access.at.clone().unwrap_or_else(|| own.clone());
            if x.at.is_some() || y.at.is_some() {
                when = when.and(&pair.terms(&place(x), &place(y), None));
            }
        }
        when.0.iter_mut().for_each(|conj| conj.anywhere = anywhere);
        when
    }

    /// What cannot be seen on one side against everything on the other.
    fn unknowns(&self, scope: Scope, found: &mut Found) {
        let flip = self.flipped();
        self.unknowns_of_a(scope, false, found);
        flip.unknowns_of_a(scope, true, found);
    }

    /// Unknowns of `a` against `b`; `flipped` if the pair asked about is `(b, a)`.
    fn unknowns_of_a(&self, scope: Scope, flipped: bool, found: &mut Found) {
        let mut push = |cell: Option<CellId>, a: Site, b: Site, mut when: Condition| {
            if flipped {
                when = when.flipped();
                found.meet(cell, cell, b, a, when, true);
            } else {
                found.meet(cell, cell, a, b, when, true);
            }
        };
        let declared = self.declared(self.a);
        for (i, unknown) in self.a.unknowns.iter().enumerate().filter(|(_, unknown)| counts(declared, unknown)) {
            match unknown.reach {
                Reach::All | Reach::Contract => {
                    if let Some(site) = self.anything_of_b(scope, Mode::Update) {
                        push(None, Site::Unknown(i), site, Condition::always());
                    }
                }
                Reach::Cell(cell) => {
                    for (site, other, when) in self.on_cell(cell, scope) {
                        push(other.or(Some(cell)), Site::Unknown(i), site, when);
                    }
                }
            }
        }
        if scope == Scope::Transaction && !declared {
            for (i, external) in self.a.externals.iter().enumerate().filter(|(_, external)| !external.linked) {
                // What a query reads is any state; what other calls out do to it is not known.
                let mode = if external.mode == ExternalMode::Query { Mode::Scan } else { Mode::Update };
                if let Some(site) = self.anything_of_b(scope, mode) {
                    push(None, Site::External(i), site, Condition::always());
                }
            }
        }
    }

    /// True if what an entry point may touch is what its transaction declares, whatever its code does.
    fn declared(&self, entry: &Entry) -> bool {
        self.chain.declared_locks && entry.accounts.is_some()
    }

    /// Something of `b` that conflicts with an access of this mode to everything.
    fn anything_of_b(&self, scope: Scope, mode: Mode) -> Option<Site> {
        let all = Touch::plain(mode);
        let meets = |touch: &Touch<'_>| self.chain.conflict(&all, touch) || self.chain.conflict(touch, &all);
        let access = self.b.accesses.iter().position(|access| meets(&self.touch(access)));
        if let Some(at) = access.filter(|_| !self.declared(self.b)) {
            return Some(Site::Access(at));
        }
        if let Some(accounts) = &self.b.accounts {
            if self.declared(self.b) {
                let lock = |writable| Touch::plain(if writable { Mode::Lock } else { Mode::Read });
                if let Some(at) = accounts.iter().position(|account| meets(&lock(account.writable))) {
                    return Some(Site::Account(at));
                }
            }
        }
        let declared = self.declared(self.b);
        if let Some(at) = self.b.unknowns.iter().position(|unknown| counts(declared, unknown)) {
            return Some(Site::Unknown(at));
        }
        let writes = |external: &crate::ir::External| {
            !external.linked && (mode == Mode::Update || external.mode != ExternalMode::Query)
        };
        match scope {
            _ if declared => None,
            Scope::Own => None,
            Scope::Transaction => self.b.externals.iter().position(writes).map(Site::External),
        }
    }

    /// Accesses of `b` that an unknown change of one cell may meet. The unknown's key and address are any.
    fn on_cell(&self, cell: CellId, scope: Scope) -> Vec<(Site, Option<CellId>, Condition)> {
        let all = Touch::plain(Mode::Update);
        let known = self.contract.cell(cell);
        let mut out = Vec::new();
        for (j, access) in self.b.accesses.iter().enumerate() {
            let touch = self.touch(access);
            let conflict = self.chain.conflict(&all, &touch) || self.chain.conflict(&touch, &all);
            let other = self.contract.cell(access.cell);
            if conflict && relation(cell, known, access.cell, other) != Relation::Apart {
                out.push((Site::Access(j), Some(access.cell), Condition::always()));
            }
        }
        // Unknowns of `b` with a wider reach are met when the roles are exchanged; equal cells are met here.
        let same = |unknown: &crate::ir::Unknown| match unknown.reach {
            Reach::Cell(other) => relation(cell, known, other, self.contract.cell(other)) != Relation::Apart,
            Reach::All | Reach::Contract => false,
        };
        let declared = self.declared(self.b);
        if let Some(j) = self.b.unknowns.iter().position(|unknown| counts(declared, unknown) && same(unknown)) {
            out.push((Site::Unknown(j), None, Condition::always()));
        }
        if scope == Scope::Transaction && !declared {
            if let Some(j) = self.b.externals.iter().position(|external| !external.linked) {
                out.push((Site::External(j), None, Condition::always()));
            }
        }
        out
    }

    /// True if a key that one call was signed with is loaded from what the other may change.
    fn stale(&self) -> bool {
        let flip = self.flipped();
        self.stale_keys_of_a() || flip.stale_keys_of_a()
    }

    fn stale_keys_of_a(&self) -> bool {
        let mut loads: Vec<(CellId, Vec<Term>)> = Vec::new();
        let mut note = |term: &Term| {
            term.walk(&mut |term| {
                if let Term::Load { cell, key, .. } = term {
                    loads.push((*cell, key.clone()));
                }
            });
        };
        self.a.accesses.iter().flat_map(|access| access.key.iter().chain(&access.at)).for_each(&mut note);
        self.a.accounts.iter().flatten().for_each(|account| note(&account.identity));
        let pair = Pair { a: self.a, b: self.b, anywhere: false };
        loads.iter().any(|(cell, key)| {
            let known = self.contract.cell(*cell);
            self.b.accesses.iter().any(|access| {
                let reads = matches!(access.mode, Mode::Read | Mode::Probe | Mode::Scan | Mode::Rewrite | Mode::Lock);
                !reads
                    && match relation(*cell, known, access.cell, self.contract.cell(access.cell)) {
                        Relation::Apart => false,
                        Relation::Whole => true,
                        Relation::ByKey => !pair.keys(key, &access.key, &known.keys).is_never(),
                    }
            })
        })
    }
}

/// True if an unknown says something about locks: where they are declared, what is not seen of code adds none.
fn counts(declared: bool, unknown: &crate::ir::Unknown) -> bool {
    !declared || !super::IN_CODE.contains(&unknown.reason.code())
}

/// How the units of two cells lie to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// No unit in common.
    Apart,
    /// A unit in common where keys are equal.
    ByKey,
    /// A unit in common whatever the keys are.
    Whole,
}

/// True for units that are shared only at equal keys (MODEL §7, `part`).
pub(crate) fn shared_by_key(unit: &crate::ir::Unit) -> bool {
    matches!(unit.kind.as_str(), "account" | "key" | "slot")
}

/// Kind of a unit of which each key of a cell is one, and that any key of another cell may meet (`part: cell`).
pub(crate) const OVERLAP: &str = "overlap";

fn relation(x: CellId, cx: &Cell, y: CellId, cy: &Cell) -> Relation {
    let shared = cx.unit.id != "own" && cx.unit.id == cy.unit.id;
    if shared && cx.unit.kind == OVERLAP {
        return if x == y { Relation::ByKey } else { Relation::Whole };
    }
    if x == y {
        return if shared && !shared_by_key(&cx.unit) { Relation::Whole } else { Relation::ByKey };
    }
    if shared {
        let comparable = shared_by_key(&cx.unit) && shared_by_key(&cy.unit) && cx.keys.len() == cy.keys.len();
        return if comparable { Relation::ByKey } else { Relation::Whole };
    }
    alias(cx, cy)
}

/// Cells that lie in the same units although their own unit ids do not say so, because raw keys are the same bytes. Each
/// group is given by its cells and whether equal keys are the same unit; else all its keys are one.
pub(crate) fn aliases(contract: &Contract) -> Vec<(Vec<CellId>, bool)> {
    let cells = &contract.cells;
    let mut group: Vec<usize> = (0..cells.len()).collect();
    let mut whole: Vec<usize> = Vec::new();
    for x in 0..cells.len() {
        for y in x + 1..cells.len() {
            let relation = alias(&cells[x], &cells[y]);
            if relation != Relation::Apart {
                let (from, to) = (group[y], group[x]);
                group.iter_mut().filter(|other| **other == from).for_each(|other| *other = to);
            }
            if relation == Relation::Whole {
                whole.push(x);
            }
        }
    }
    let members = |of: usize| (0..cells.len()).filter(|&at| group[at] == of).map(|at| CellId(at as u32)).collect();
    let groups =
        (0..cells.len()).map(|of| (of, members(of))).filter(|(_, members): &(_, Vec<CellId>)| members.len() > 1);
    groups.map(|(of, members)| (members, !whole.iter().any(|&at| group[at] == of))).collect()
}

/// Two cells with different names whose raw keys may be the same bytes.
fn alias(x: &Cell, y: &Cell) -> Relation {
    let (Some(left), Some(right)) = (raw(&x.storage, x.keys.len()), raw(&y.storage, y.keys.len())) else {
        return Relation::Apart;
    };
    // A unit that is named says where a cell lies; only cells that are units of their own can be mistaken for others.
    let own = x.unit.id == "own" && y.unit.id == "own";
    if !own || x.tier != y.tier || x.global != y.global {
        return Relation::Apart;
    }
    let same = left.bytes == right.bytes;
    if same && x.keys == y.keys && x.storage.encoding == y.storage.encoding {
        return Relation::ByKey;
    }
    // cw-storage-plus: two maps are told apart by the lengths before their namespaces, an item has none.
    let mixed = x.storage.encoding == "cw-storage-plus" && x.keys.is_empty() != y.keys.is_empty();
    let free = x.storage.encoding == y.storage.encoding && PREFIX_FREE.contains(&x.storage.encoding.as_str()) && !mixed;
    let begins = |long: &Raw, short: &Raw| short.open && long.bytes.starts_with(&short.bytes);
    if same || (!free && (begins(&left, &right) || begins(&right, &left))) { Relation::Whole } else { Relation::Apart }
}

/// The bytes that every raw key of a cell begins with.
struct Raw {
    bytes: Vec<u8>,
    /// More bytes follow.
    open: bool,
}

fn raw(storage: &Storage, keys: usize) -> Option<Raw> {
    let prefix = storage.prefix.as_ref()?;
    let mut bytes = prefix.clone();
    if storage.encoding == "cw-storage-plus" && keys > 0 {
        // Maps put the length of the namespace before it, items do not.
        bytes = (prefix.len() as u16).to_be_bytes().to_vec();
        bytes.extend(prefix);
    }
    Some(Raw { bytes, open: keys > 0 })
}

/// One field path is the other or leads to it; no path is the whole value.
fn fields_overlap(x: Option<&str>, y: Option<&str>) -> bool {
    let (Some(x), Some(y)) = (x, y) else { return true };
    let leads =
        |short: &str, long: &str| long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    leads(x, y) || leads(y, x)
}

fn touch(access: &Access) -> Touch<'_> {
    Touch {
        mode: access.mode,
        keeps: access.keeps_presence,
        op: access.op.as_ref().map(|op| format!("{}/{:?}", op_name(op.group), op.default).into()),
        bounded: !access.bounds.is_empty(),
    }
}

/// The cell of an account parameter: the one named after it, mostly `Struct.account` where the short name is not unique.
fn account_cell(contract: &Contract, entry: &Entry, account: &AccountParam) -> Option<CellId> {
    let own = |term: &Term| *term == account.identity;
    let touched = entry.accesses.iter().find(|access| {
        let name = &contract.cell(access.cell).name;
        let named = name == &account.name || name.rsplit_once('.').is_some_and(|(_, last)| last == account.name);
        named && access.key.iter().all(own)
    });
    let by_name = || contract.cells.iter().position(|cell| cell.name == account.name).map(|at| CellId(at as u32));
    touched.map(|access| access.cell).or_else(by_name)
}
