//! What the code of an instruction does to its accounts, as far as it can be seen line by line. Every mention of an
//! account in the functions a handler may run is followed to what is done with it. **Lattice**: read < unknown, written
//! beside both; mentions join. **Claim**: `no` only if every mention is a read, nothing that holds all accounts leaves
//! the crate's own code, and no other account the instruction may write can be the same one; `yes` only for a mention
//! that is this account by its path from the context. Everything else stays unknown.

use super::accounts::Declared;
use super::last;
use super::reach::Reached;
use crate::effects::{Engine, children};
use crate::ir::hir::{
    BindMode, Body, Expr, ExprId, ItemId, ItemKind, LocalId, Name, Pat, PatId, Receiver, Stmt, TypeRef,
};
use crate::ir::{Span, Type, Written};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Depth of expressions and aliases followed.
const MAX_DEPTH: usize = 64;

/// Methods that only look, whatever they are called on.
const LOOKS: &[&str] = &["key", "lamports", "get_lamports", "data_len", "data_is_empty"];

/// Methods of plain data (numbers, text, options, lists) that take it by value or by shared reference.
const READS: &[&str] = &[
    "abs_diff",
    "as_ref",
    "as_slice",
    "as_str",
    "as_bytes",
    "binary_search",
    "checked_add",
    "checked_div",
    "checked_mul",
    "checked_pow",
    "checked_rem",
    "checked_sub",
    "clone",
    "cmp",
    "contains",
    "eq",
    "ends_with",
    "first",
    "get",
    "ge",
    "gt",
    "into",
    "is_empty",
    "is_none",
    "is_some",
    "iter",
    "key",
    "last",
    "le",
    "len",
    "lt",
    "max",
    "min",
    "ne",
    "ok_or",
    "ok_or_else",
    "partial_cmp",
    "pow",
    "saturating_add",
    "saturating_mul",
    "saturating_sub",
    "starts_with",
    "to_be_bytes",
    "to_bytes",
    "to_le_bytes",
    "to_owned",
    "to_string",
    "to_vec",
    "try_into",
    "unwrap_or",
    "unwrap_or_default",
    "wrapping_add",
    "wrapping_sub",
];

/// Fields of the account structs of token instructions: written, and only read.
/// Source: solana-program/token `idl.json`.
const TOKEN: &[(&str, &[&str], &[&str])] = &[
    ("Transfer", &["from", "to"], &["authority"]),
    ("TransferChecked", &["from", "to"], &["authority", "mint"]),
    ("MintTo", &["mint", "to"], &["authority"]),
    ("MintToChecked", &["mint", "to"], &["authority"]),
    ("Burn", &["mint", "from"], &["authority"]),
    ("BurnChecked", &["mint", "from"], &["authority"]),
    ("CloseAccount", &["account", "destination"], &["authority"]),
];

/// What one mention does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    Read,
    Unknown,
    Write(Span),
}

/// What an expression is to the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// The account itself, or a reference to it.
    Account,
    /// A place in its data, or a value from it.
    Data,
    /// A mutable reference to a place in its data.
    Exclusive,
}

struct Code {
    id: ItemId,
    body: Arc<Body>,
    parents: Vec<Option<ExprId>>,
    /// Initial values and the patterns they are bound to.
    lets: BTreeMap<ExprId, PatId>,
    /// Locals that are the context or the accounts struct.
    tracked: BTreeSet<LocalId>,
    /// Locals that are an account, by index.
    aliases: BTreeMap<LocalId, usize>,
}

/// Says of each account whether the code writes it, where that can be seen.
pub(super) fn detect(engine: &Engine<'_>, reached: &Reached, context: &str, all: &mut [Declared]) {
    let mut scan = Scan { engine, reached, context, codes: Vec::new(), all: all.to_vec(), hopeless: reached.blind };
    for &id in &reached.order {
        scan.add(id);
    }
    // A handler whose context is not followed says nothing.
    scan.hopeless |= scan.codes.first().is_none_or(|code| code.tracked.is_empty());
    scan.follow();
    let found: Vec<Use> = (0..all.len()).map(|at| scan.account(at)).collect();
    let quiet: Vec<bool> = found
        .iter()
        .zip(all.iter())
        .map(|(one, account)| *one == Use::Read && account.written == Written::Unknown && is_plain(account))
        .collect();
    for at in 0..all.len() {
        if all[at].written != Written::Unknown {
            continue;
        }
        if let Use::Write(span) = found[at] {
            all[at].written = Written::Yes;
            all[at].why.push(span);
            continue;
        }
        let alone = (0..all.len())
            .all(|other| other == at || !all[other].writable || quiet[other] || distinct(&all[at], &all[other], all));
        if quiet[at] && alone && !scan.hopeless {
            all[at].written = Written::No;
        }
    }
}

/// True for an account whose fields are its data: without a way to it that is not a mention.
fn is_plain(account: &Declared) -> bool {
    matches!(account.wrapper.as_str(), "Account" | "InterfaceAccount" | "AccountLoader")
}

/// True if no instruction that succeeds can have one account in both places: owner or type differ, or one has no key
/// that could sign.
fn distinct(x: &Declared, y: &Declared, all: &[Declared]) -> bool {
    let typed = |one: &Declared| {
        let own = matches!(one.value, Type::Struct(..));
        is_plain(one) && (own || matches!(one.inner.as_str(), "TokenAccount" | "Mint"))
    };
    let derived = |one: &Declared| one.seeds.is_some() || one.ata.is_some();
    let pays = |one: &Declared| all.iter().any(|other| other.made && other.pays.contains(&one.name));
    let empty = |one: &Declared| one.wrapper == "SystemAccount" || (one.signer && pays(one));
    (typed(x) && typed(y) && x.inner != y.inner)
        || (typed(x) && empty(y))
        || (derived(x) && y.signer && y.wrapper == "Signer")
}

struct Scan<'e, 'w> {
    engine: &'e Engine<'w>,
    reached: &'e Reached,
    context: &'e str,
    codes: Vec<Code>,
    all: Vec<Declared>,
    hopeless: bool,
}

impl Scan<'_, '_> {
    fn add(&mut self, id: ItemId) {
        let item = self.engine.item(id);
        let known = |path: &str| {
            let harmless = &self.engine.harmless_attributes;
            harmless.contains(path) || harmless.contains(last(path)) || last(path) == "instruction"
        };
        self.hopeless |= !item.attrs.iter().all(|attr| known(&attr.path));
        let ItemKind::Fn(function) = &item.kind else { return };
        let Some(body) = self.engine.world.body(id) else {
            self.hopeless |= function.has_body;
            return;
        };
        let mut parents = vec![None; body.exprs.len()];
        let mut lets = BTreeMap::new();
        for (at, (expr, _)) in body.exprs.iter().enumerate() {
            children(expr, &mut |child| parents[child.0 as usize] = Some(ExprId(at as u32)));
            match expr {
                Expr::Block(block) => {
                    self.hopeless |= block.is_unsafe;
                    for stmt in &block.stmts {
                        if let Stmt::Let(pat, _, Some(init), _) = stmt {
                            lets.insert(*init, *pat);
                        }
                    }
                }
                Expr::Let(pat, init) => {
                    lets.insert(*init, *pat);
                }
                Expr::UnknownMacro(..) | Expr::Opaque(_) => self.hopeless = true,
                _ => {}
            }
        }
        let mut tracked = BTreeSet::new();
        let mut types: Vec<bool> = Vec::new();
        if function.receiver.is_some() {
            types.push(self.reached.owner_name(id).is_some_and(|name| name == self.context));
        }
        types.extend(function.params.iter().map(|(_, ty)| self.holds_accounts(ty)));
        for (pat, holds) in body.params.iter().zip(types) {
            if !holds {
                continue;
            }
            match body.pat(*pat) {
                Pat::Bind(local, _, None) => {
                    tracked.insert(*local);
                }
                Pat::Wild => {}
                _ => self.hopeless = true,
            }
        }
        self.codes.push(Code { id, body, parents, lets, tracked, aliases: BTreeMap::new() });
    }

    /// `Context<T>`, `&mut T`.
    fn holds_accounts(&self, ty: &TypeRef) -> bool {
        match ty {
            TypeRef::Ref(_, inner) => self.holds_accounts(inner),
            TypeRef::Path(path) => path.segments.last().is_some_and(|segment| match segment.name.as_str() {
                "Context" => segment.args.first().is_some_and(|inner| self.holds_accounts(inner)),
                name => name == self.context,
            }),
            _ => false,
        }
    }

    /// Finds the locals that stand for the accounts struct or for one account, and where all accounts leave our sight.
    fn follow(&mut self) {
        for at in 0..self.codes.len() {
            for _ in 0..4 {
                let code = &self.codes[at];
                let mut tracked = Vec::new();
                let mut aliases = Vec::new();
                let mut lost = false;
                for (&init, &pat) in &code.lets {
                    let mut bare = init;
                    while let Expr::Ref(_, inner) | Expr::Deref(inner) = code.body.expr(bare) {
                        bare = *inner;
                    }
                    if let Some(path) = self.path(code, bare) {
                        match code.body.pat(pat) {
                            Pat::Bind(local, _, None) if path.is_empty() => tracked.push(*local),
                            Pat::Bind(local, _, None) => {
                                if let Some(account) = self.index(&path) {
                                    aliases.push((*local, account));
                                } else {
                                    lost = true;
                                }
                            }
                            Pat::Struct(_, fields, _) if path.is_empty() => {
                                for (name, inner) in fields {
                                    match (code.body.pat(*inner), self.index(name)) {
                                        (Pat::Bind(local, _, None), Some(account)) => aliases.push((*local, account)),
                                        (Pat::Wild, _) => {}
                                        _ => lost = true,
                                    }
                                }
                            }
                            Pat::Wild => {}
                            _ => lost = true,
                        }
                    }
                }
                let code = &mut self.codes[at];
                let before = (code.tracked.len(), code.aliases.len());
                code.tracked.extend(tracked);
                code.aliases.extend(aliases);
                self.hopeless |= lost;
                if before == (self.codes[at].tracked.len(), self.codes[at].aliases.len()) {
                    break;
                }
            }
        }
        for at in 0..self.codes.len() {
            let code = &self.codes[at];
            let leaves = (0..code.body.exprs.len() as u32).any(|id| self.leaves(code, ExprId(id)));
            self.hopeless |= leaves;
        }
    }

    fn index(&self, path: &str) -> Option<usize> {
        self.all.iter().position(|account| account.name == path)
    }

    /// The path below the accounts struct that an expression is: empty for the context and the struct itself, `a.b` for
    /// fields of it that are accounts or structs of accounts.
    fn path(&self, code: &Code, id: ExprId) -> Option<String> {
        match code.body.expr(id) {
            Expr::Local(local) => code.tracked.contains(local).then(String::new),
            Expr::Ref(_, inner) | Expr::Deref(inner) => self.path(code, *inner),
            Expr::Field(base, name) => {
                let path = self.path(code, *base)?;
                if path.is_empty() && name == "accounts" {
                    return Some(path);
                }
                let path = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
                let leads = self.all.iter().any(|account| {
                    account
                        .name
                        .strip_prefix(path.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                });
                leads.then_some(path)
            }
            _ => None,
        }
    }

    /// True where something that holds several accounts goes where it is not followed.
    fn leaves(&self, code: &Code, id: ExprId) -> bool {
        let Some(path) = self.path(code, id) else { return false };
        if self.index(&path).is_some() {
            return false;
        }
        let Some(parent) = code.parents[id.0 as usize] else { return false };
        if let Some(pat) = code.lets.get(&id) {
            return matches!(code.body.pat(*pat), Pat::Bind(_, BindMode::Ref | BindMode::RefMut, _))
                && !path.is_empty();
        }
        match code.body.expr(parent) {
            Expr::Field(..) => false,
            Expr::Ref(..) | Expr::Deref(_) => false,
            Expr::Block(block) => block.tail == Some(id),
            Expr::MethodCall(recv, name, _, args, _) => {
                let at = if *recv == id { 0 } else { 1 + args.iter().position(|arg| *arg == id).unwrap_or(0) };
                !path.is_empty() || !self.taken(&self.reached.methods(name, self.context, *recv == id), at)
            }
            Expr::Call(callee, args) => {
                let at = args.iter().position(|arg| *arg == id).unwrap_or(usize::MAX);
                let found = self.reached.calls.get(&(code.id, *callee)).cloned().unwrap_or_default();
                !path.is_empty() || !self.taken(&found, at)
            }
            _ => true,
        }
    }

    /// True if each of these functions was read and follows its argument at this place.
    fn taken(&self, functions: &[ItemId], at: usize) -> bool {
        !functions.is_empty()
            && functions.iter().all(|id| {
                let Some(code) = self.codes.iter().find(|code| code.id == *id) else { return false };
                let pat = code.body.params.get(at).map(|pat| code.body.pat(*pat));
                matches!(pat, Some(Pat::Bind(local, ..)) if code.tracked.contains(local))
                    || matches!(pat, Some(Pat::Wild))
            })
    }

    /// What all mentions of an account do together.
    fn account(&self, at: usize) -> Use {
        let mut all = Use::Read;
        let short = self.all[at].short();
        for code in &self.codes {
            for (id, (expr, _)) in code.body.exprs.iter().enumerate() {
                let id = ExprId(id as u32);
                let strong = match expr {
                    Expr::Local(local) => match code.aliases.get(local) {
                        Some(account) if *account == at => true,
                        _ => continue,
                    },
                    Expr::Field(base, name) if name == short => match self.path(code, id) {
                        Some(path) if path == self.all[at].name => true,
                        Some(_) => continue,
                        None if self.is_other(code, *base, at) => continue,
                        None => false,
                    },
                    _ => continue,
                };
                // The alias made by a `let` is followed by itself.
                let found = self.classify(code, at, id, At::Account, 0);
                all = match (found, strong) {
                    (Use::Write(span), true) => return Use::Write(span),
                    (Use::Read, _) => all,
                    _ => Use::Unknown,
                };
            }
            // The same name bound by a pattern somewhere else.
            let bound = code.body.pats.iter().any(|(pat, _)| match pat {
                Pat::Struct(_, fields, _) => fields.iter().any(|(name, inner)| {
                    let known =
                        matches!(code.body.pat(*inner), Pat::Bind(local, ..) if code.aliases.contains_key(local));
                    name == short && !known
                }),
                _ => false,
            });
            if bound {
                all = Use::Unknown;
            }
        }
        all
    }

    /// True if a field is one inside another account's data.
    fn is_other(&self, code: &Code, base: ExprId, at: usize) -> bool {
        let mut id = base;
        for _ in 0..MAX_DEPTH {
            if let Some(path) = self.path(code, id) {
                return self.index(&path).is_some_and(|other| other != at);
            }
            id = match code.body.expr(id) {
                Expr::Local(local) => return code.aliases.get(local).is_some_and(|other| *other != at),
                Expr::Field(inner, _) | Expr::Deref(inner) | Expr::Ref(_, inner) | Expr::Try(inner) => *inner,
                Expr::Index(inner, _) => *inner,
                _ => return false,
            };
        }
        false
    }

    /// What is done with an expression that is an account, or data inside one.
    fn classify(&self, code: &Code, at: usize, id: ExprId, inside: At, depth: usize) -> Use {
        if depth > MAX_DEPTH {
            return Use::Unknown;
        }
        let account = &self.all[at];
        let plain = is_plain(account);
        let up = |parent: ExprId, inside: At| self.classify(code, at, parent, inside, depth + 1);
        if let Some(pat) = code.lets.get(&id) {
            return self.bound(code, at, id, *pat, inside, depth);
        }
        let Some(parent) = code.parents[id.0 as usize] else {
            return if inside == At::Data && plain { Use::Read } else { Use::Unknown };
        };
        let span = code.body.expr_span(parent);
        let data = if inside == At::Data && plain { Use::Read } else { Use::Unknown };
        match code.body.expr(parent) {
            Expr::Field(..) if plain => up(parent, At::Data),
            Expr::Field(_, name) => match name.as_str() {
                "key" | "is_signer" | "is_writable" | "executable" | "owner" => Use::Read,
                _ => Use::Unknown,
            },
            Expr::Deref(_) if inside == At::Exclusive => up(parent, At::Data),
            Expr::Deref(_) | Expr::Try(_) => up(parent, inside),
            Expr::Index(base, _) if *base == id => up(parent, At::Data),
            Expr::Index(..) => data,
            Expr::Ref(false, _) if inside != At::Account => {
                if plain {
                    Use::Read
                } else {
                    Use::Unknown
                }
            }
            Expr::Ref(true, _) if inside != At::Account => up(parent, At::Exclusive),
            Expr::Ref(..) => up(parent, inside),
            // A binding gets another value; what it stood for keeps its own.
            Expr::Assign(place, _) if *place == id && matches!(code.body.expr(id), Expr::Local(_)) => Use::Unknown,
            Expr::Assign(place, _) if *place == id => {
                // Only an account whose data is what the path leads to.
                if plain { Use::Write(span) } else { Use::Unknown }
            }
            Expr::AssignOp(_, place, _) if *place == id => {
                if plain {
                    Use::Write(span)
                } else {
                    Use::Unknown
                }
            }
            Expr::Binary(..) | Expr::Unary(..) | Expr::Format(..) | Expr::Panic(_) | Expr::Eval(_) => {
                if plain {
                    Use::Read
                } else {
                    Use::Unknown
                }
            }
            Expr::If(cond, ..) | Expr::While(_, cond, _) if *cond == id => data,
            Expr::Assign(..)
            | Expr::AssignOp(..)
            | Expr::Cast(..)
            | Expr::Range(..)
            | Expr::Tuple(_)
            | Expr::Array(..) => data,
            Expr::If(..) => up(parent, inside),
            Expr::Block(block) => {
                if block.tail == Some(id) {
                    up(parent, inside)
                } else {
                    Use::Read
                }
            }
            Expr::MethodCall(recv, name, _, args, _) if *recv == id => {
                self.method(code, at, parent, name, args.len(), inside, depth)
            }
            // Copied out of the account, unless it is a mutable reference.
            Expr::MethodCall(..) | Expr::Call(..) | Expr::Struct(..) | Expr::Return(_) => data,
            _ => Use::Unknown,
        }
    }

    fn bound(&self, code: &Code, at: usize, init: ExprId, pat: PatId, inside: At, depth: usize) -> Use {
        let reference = matches!(code.body.expr(init), Expr::Ref(..));
        let taken = matches!(code.body.expr(init), Expr::MethodCall(..) | Expr::Try(_));
        match code.body.pat(pat) {
            Pat::Wild => Use::Read,
            // A plain value was copied.
            Pat::Bind(_, BindMode::Move, None)
                if inside == At::Data && !reference && !taken && is_plain(&self.all[at]) =>
            {
                Use::Read
            }
            Pat::Bind(local, BindMode::Move, None) => {
                if code.aliases.get(local) == Some(&at) {
                    return Use::Read;
                }
                let mut all = Use::Read;
                for (id, (expr, _)) in code.body.exprs.iter().enumerate() {
                    if matches!(expr, Expr::Local(other) if other == local) {
                        match self.classify(code, at, ExprId(id as u32), inside, depth + 1) {
                            Use::Read => {}
                            Use::Write(span) => return Use::Write(span),
                            Use::Unknown => all = Use::Unknown,
                        }
                    }
                }
                all
            }
            _ => Use::Unknown,
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn method(&self, code: &Code, at: usize, call: ExprId, name: &Name, args: usize, inside: At, depth: usize) -> Use {
        let account = &self.all[at];
        let plain = is_plain(account);
        let span = code.body.expr_span(call);
        let up = |inside: At| self.classify(code, at, call, inside, depth + 1);
        let own = self.reached.by_name.get(name).is_some_and(|all| !all.is_empty());
        match name.as_str() {
            "to_account_info" if args == 0 => return self.info(code, call),
            "set_inner" if inside == At::Account && plain && !own => return Use::Write(span),
            "add_lamports" | "sub_lamports" if inside == At::Account && !own => return Use::Write(span),
            "load" if inside == At::Account && account.wrapper == "AccountLoader" => return up(At::Data),
            "load_mut" | "load_init" if inside == At::Account && account.wrapper == "AccountLoader" => {
                return up(At::Exclusive);
            }
            _ => {}
        }
        if matches!(name.as_str(), "unwrap" | "expect") && !own && inside == At::Exclusive {
            return up(inside);
        }
        if own {
            // Our own method by this name: reads if all of them take `&self` and the account's data is what they get.
            let found = &self.reached.by_name[name];
            let shared = found.iter().all(|id| {
                matches!(&self.engine.item(*id).kind, ItemKind::Fn(function)
                    if matches!(function.receiver, Some(Receiver::Ref)))
                    && self.reached.owner_name(*id).is_some_and(|owner| inside != At::Account || owner == account.inner)
            });
            return if plain && shared { Use::Read } else { Use::Unknown };
        }
        if LOOKS.contains(&name.as_str()) {
            return Use::Read;
        }
        if plain && inside != At::Account {
            if READS.contains(&name.as_str()) {
                return Use::Read;
            }
            if matches!(name.as_str(), "unwrap" | "expect") {
                return up(inside);
            }
        }
        Use::Unknown
    }

    /// An account handed to a call of another program.
    fn info(&self, code: &Code, call: ExprId) -> Use {
        let Some(parent) = code.parents[call.0 as usize] else { return Use::Unknown };
        let Expr::Struct(path, fields, _) = code.body.expr(parent) else { return Use::Unknown };
        let Some(name) = path.segments.last() else { return Use::Unknown };
        // The same words in the crate's own code mean something else.
        if self.reached.structs.contains(&name.name) {
            return Use::Unknown;
        }
        let Some((_, written, read)) = TOKEN.iter().find(|(known, ..)| *known == name.name) else {
            return Use::Unknown;
        };
        let has = |one: &str| fields.iter().any(|(name, _)| name == one);
        let token = has("authority") && written.iter().all(|one| has(one));
        let Some((field, _)) = fields.iter().find(|(_, value)| *value == call) else { return Use::Unknown };
        match field.as_str() {
            field if token && written.contains(&field) => Use::Write(code.body.expr_span(call)),
            field if token && read.contains(&field) => Use::Read,
            _ => Use::Unknown,
        }
    }
}
