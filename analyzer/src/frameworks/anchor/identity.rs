//! Which account a parameter is: a fixed address, one derived from seeds or from an owner and a mint, or the caller's
//! choice. What cannot be expressed is the caller's choice, which is always true: a call names all its accounts.

use super::accounts::{Declared, Text};
use super::last;
use crate::effects::Engine;
use crate::ir::hir::{BinOp, Body, CrateId, Expr, ExprId, ItemId, ItemKind, Lit, ModId, Name, Path};
use crate::ir::{CellId, Const, Span, Step, Term};
use crate::source::{Ns, Resolved};
use std::collections::BTreeSet;

/// Constants that stand for other constants.
const MAX_DEPTH: usize = 12;

/// Addresses everybody knows, by the type inside `Program` or `Sysvar`, and by the crate or module whose `ID` they are.
/// Source: solana-program `declare_id!` of each program and sysvar; spl-token, spl-token-2022, spl-associated-token-account.
const KNOWN: &[(&str, &str)] = &[
    ("System", "11111111111111111111111111111111"),
    ("system_program", "11111111111111111111111111111111"),
    ("Token", "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"),
    ("token", "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"),
    ("spl_token", "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"),
    ("Token2022", "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"),
    ("token_2022", "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"),
    ("spl_token_2022", "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"),
    ("AssociatedToken", "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"),
    ("associated_token", "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"),
    ("Rent", "SysvarRent111111111111111111111111111111111"),
    ("Clock", "SysvarC1ock11111111111111111111111111111111"),
    ("SlotHashes", "SysvarS1otHashes111111111111111111111111111"),
    ("slot_hashes", "SysvarS1otHashes111111111111111111111111111"),
    ("Instructions", "Sysvar1nstructions1111111111111111111111111"),
    ("instructions", "Sysvar1nstructions1111111111111111111111111"),
    ("EpochSchedule", "SysvarEpochSchedu1e111111111111111111111111"),
];

fn known(name: &str) -> Option<Term> {
    KNOWN.iter().find(|(known, _)| *known == name).map(|(_, address)| Term::text(*address))
}

/// What an expression over accounts and arguments means.
#[derive(Clone, Debug)]
enum Value {
    /// An account, or a path that leads to one.
    Account(String),
    /// A field inside an account's data.
    Field(String, Vec<String>),
    /// A value.
    Term(Term),
}

/// The identities of the accounts of one instruction. A [`Term::Load`] names its account by its index until
/// [`with_cells`].
pub(super) fn resolve(engine: &Engine<'_>, krate: CrateId, all: &mut [Declared]) {
    let mut resolver = Resolver {
        engine,
        krate,
        program: program_id(engine, krate),
        counted: None,
        done: vec![None; all.len()],
        running: BTreeSet::new(),
        all: all.to_vec(),
    };
    let found: Vec<Term> = (0..all.len()).map(|at| resolver.identity(at)).collect();
    for (account, identity) in all.iter_mut().zip(found) {
        account.identity = identity;
    }
}

/// Puts the cells in place of the indexes.
pub(super) fn with_cells(term: &Term, ids: &[CellId]) -> Term {
    let inner = |of: &[Term]| of.iter().map(|term| with_cells(term, ids)).collect();
    match term {
        Term::Load { cell, key, field } => match ids.get(cell.0 as usize) {
            Some(id) => Term::Load { cell: *id, key: inner(key), field: field.clone() },
            None => Term::Any,
        },
        Term::Fn { name, of, injective } => Term::Fn { name: name.clone(), of: inner(of), injective: *injective },
        other => other.clone(),
    }
}

/// Who may call: a signer whose address is fixed, or one that a fixed account names.
pub(super) fn caller(all: &[Declared]) -> Option<(String, Span)> {
    for account in all {
        if let Some(address) = account.address.as_ref().filter(|_| account.signer && !account.optional) {
            if matches!(account.identity, Term::Const(_) | Term::Load { .. }) {
                return Some((address.text.clone(), address.span));
            }
        }
        if !fixed(&account.identity) || account.optional {
            continue;
        }
        for one in &account.has_one {
            let name = format!("{}{}", account.prefix, one.text.trim());
            if all.iter().any(|other| other.name == name && other.signer && !other.optional) {
                return Some((format!("{}.{}", account.short(), one.text.trim()), one.span));
            }
        }
    }
    None
}

/// True for an address that is the same in every call.
fn fixed(term: &Term) -> bool {
    let mut fixed = true;
    term.walk(&mut |term| fixed &= matches!(term, Term::Const(_) | Term::SelfAddr | Term::Fn { .. }));
    fixed
}

/// The program's own address, from `declare_id!`.
fn program_id(engine: &Engine<'_>, krate: CrateId) -> Term {
    let root = ModId { krate, idx: 0 };
    let id = match engine.world.resolve_names(root, &[Name::new_static("ID")], Ns::Value) {
        Resolved::Item(id) => id,
        _ => return Term::SelfAddr,
    };
    let text = engine.world.text(engine.item(id).span);
    base58(&text).map_or(Term::SelfAddr, Term::text)
}

/// The address in a text with exactly one string in it that looks like one.
fn base58(text: &str) -> Option<String> {
    let mut strings = text.split('"').skip(1).step_by(2);
    let only = strings.next()?;
    let digit = |byte: u8| byte.is_ascii_alphanumeric() && !b"0OIl".contains(&byte);
    let looks = (32..=44).contains(&only.len()) && only.bytes().all(digit);
    (looks && strings.next().is_none()).then(|| only.to_owned())
}

struct Resolver<'e, 'w> {
    engine: &'e Engine<'w>,
    krate: CrateId,
    program: Term,
    /// Names of fields that some code of the crate counts up or down; found when first asked for.
    counted: Option<BTreeSet<Name>>,
    done: Vec<Option<Term>>,
    running: BTreeSet<usize>,
    all: Vec<Declared>,
}

impl Resolver<'_, '_> {
    fn identity(&mut self, at: usize) -> Term {
        if let Some(done) = &self.done[at] {
            return done.clone();
        }
        let free = Term::Account(self.all[at].name.clone());
        if !self.running.insert(at) {
            return free;
        }
        let found = self.derived(at).unwrap_or(free);
        self.running.remove(&at);
        self.done[at] = Some(found.clone());
        found
    }

    fn derived(&mut self, at: usize) -> Option<Term> {
        let account = self.all[at].clone();
        match account.wrapper.as_str() {
            // Which address a program may have is a matter of its type; of an interface there are several.
            "Program" | "Sysvar" => return known(&account.inner),
            _ => {}
        }
        // What the framework gives an address to.
        if !matches!(account.identity, Term::Any) {
            return Some(match account.identity {
                Term::SelfAddr => self.program.clone(),
                Term::Fn { name, mut of, injective } => {
                    of[0] = self.program.clone();
                    Term::Fn { name, of, injective }
                }
                other => other,
            });
        }
        if let Some(address) = &account.address {
            if let Some(term) = self.address(&account, address) {
                return Some(term);
            }
        }
        if let Some(seeds) = &account.seeds {
            if let Some(term) = self.pda(&account, at, seeds) {
                return Some(term);
            }
        }
        if let Some((authority, mint)) = &account.ata {
            let authority = self.address(&account, authority)?;
            let mint = self.address(&account, mint)?;
            // Owner and mint are 32 bytes each, and a mint belongs to one token program.
            return Some(Term::Fn { name: "ata".to_owned(), of: vec![authority, mint], injective: true });
        }
        // Named by an account of which there is one.
        for base in 0..self.all.len() {
            let one = self.all[base].clone();
            let names = |text: &Text| format!("{}{}", one.prefix, text.text.trim()) == account.name;
            let Some(field) = one.has_one.iter().find(|text| names(text)) else { continue };
            let field = field.text.trim().to_owned();
            let key = self.identity(base);
            // What this instruction may change itself would look as if two of them made each other fail.
            if base != at && fixed(&key) && !one.optional && !one.writable {
                return Some(Term::Load { cell: CellId(base as u32), key: vec![key], field: vec![field] });
            }
        }
        None
    }

    /// An expression that is an address.
    fn address(&mut self, account: &Declared, text: &Text) -> Option<Term> {
        match self.value(account, text)? {
            Value::Account(name) => self.key_of(&name),
            Value::Field(name, field) => {
                let base = self.all.iter().position(|other| other.name == name)?;
                let key = self.identity(base);
                let fixed = fixed(&key) && self.all[base].name != account.name && !self.all[base].writable;
                fixed.then(|| Term::Load { cell: CellId(base as u32), key: vec![key], field })
            }
            Value::Term(term) => Some(term),
        }
    }

    /// The address of an account: the fixed one, else what the call names.
    fn key_of(&mut self, name: &str) -> Option<Term> {
        let at = self.all.iter().position(|other| other.name == name)?;
        let identity = self.identity(at);
        Some(if fixed(&identity) { identity } else { Term::Account(name.to_owned()) })
    }

    fn pda(&mut self, account: &Declared, at: usize, seeds: &Text) -> Option<Term> {
        let program = match &account.seeds_program {
            None => self.program.clone(),
            Some(text) => self.address(account, text).filter(fixed)?,
        };
        let body = self.body(account, seeds)?;
        let mut root = body.root?;
        while let Expr::Ref(_, inner) = body.expr(root) {
            root = *inner;
        }
        let Expr::Array(parts, _) = body.expr(root) else { return None };
        let names = names(&body);
        let mut of = vec![program];
        for part in parts {
            let value = self.expr(account, &body, *part, &names, account.module, 0)?;
            of.push(match value {
                Value::Term(term) => term,
                Value::Account(name) if name == account.name => return None,
                Value::Account(name) => self.key_of(&name)?,
                Value::Field(name, field) => {
                    let base = self.all.iter().position(|other| other.name == name)?;
                    // A field that is set once and for all says less than the address itself; one that calls count up
                    // makes the address stale.
                    if base == at || !self.is_counted(field.last()?) {
                        return None;
                    }
                    let key = self.identity(base);
                    Term::Load { cell: CellId(base as u32), key: vec![key], field }
                }
            });
        }
        Some(Term::Fn { name: "pda".to_owned(), of, injective: false })
    }

    fn value(&mut self, account: &Declared, text: &Text) -> Option<Value> {
        let body = self.body(account, text)?;
        let names = names(&body);
        self.expr(account, &body, body.root?, &names, account.module, 0)
    }

    /// The expression with the names of fields and arguments free in it.
    fn body(&self, account: &Declared, text: &Text) -> Option<std::sync::Arc<Body>> {
        let mut locals: Vec<Name> = Vec::new();
        for other in &self.all {
            let Some(rest) = other.name.strip_prefix(account.prefix.as_str()) else { continue };
            let first = Name::from(rest.split('.').next().unwrap_or(rest));
            if !locals.contains(&first) {
                locals.push(first);
            }
        }
        for (name, _) in &account.args {
            locals.push(Name::from(name.as_str()));
        }
        self.engine.world.parse_expr_body(&text.text, text.span, account.module, &locals)
    }

    fn expr(
        &mut self,
        account: &Declared,
        body: &Body,
        id: ExprId,
        names: &[Name],
        module: ModId,
        depth: usize,
    ) -> Option<Value> {
        if depth > MAX_DEPTH * 4 {
            return None;
        }
        let inner = |this: &mut Self, id: ExprId| this.expr(account, body, id, names, module, depth + 1);
        match body.expr(id) {
            Expr::Local(local) => {
                let name = names.get(local.0 as usize)?;
                let path = format!("{}{name}", account.prefix);
                if self.leads_to_account(&path) {
                    return Some(Value::Account(path));
                }
                let (_, arg) = account.args.iter().find(|(known, _)| known == name)?;
                Some(Value::Term(Term::arg(arg.clone())))
            }
            Expr::Field(base, field) => match inner(self, *base)? {
                Value::Account(path) => {
                    let below = format!("{path}.{field}");
                    if self.leads_to_account(&below) {
                        Some(Value::Account(below))
                    } else if field == "key" && self.is_plain(&path) {
                        Some(Value::Term(self.key_of(&path)?))
                    } else {
                        Some(Value::Field(path, vec![field.to_string()]))
                    }
                }
                Value::Field(path, mut fields) => {
                    fields.push(field.to_string());
                    Some(Value::Field(path, fields))
                }
                Value::Term(Term::Arg(mut path)) => {
                    path.push(Step::Field(field.to_string()));
                    Some(Value::Term(Term::Arg(path)))
                }
                Value::Term(_) => None,
            },
            Expr::MethodCall(recv, name, _, args, _) if args.is_empty() => {
                let recv = inner(self, *recv)?;
                match (name.as_str(), recv) {
                    ("key", Value::Account(path)) => Some(Value::Term(self.key_of(&path)?)),
                    (
                        "as_ref" | "as_bytes" | "as_slice" | "as_str" | "to_bytes" | "borrow" | "clone" | "deref"
                        | "key" | "load" | "to_account_info" | "unwrap" | "to_vec" | "to_owned" | "as_array",
                        value,
                    ) => Some(value),
                    (of @ ("to_le_bytes" | "to_be_bytes"), Value::Term(term)) => Some(Value::Term(bytes_of(of, term))),
                    // The counter stands for its bytes: what is told apart is the account it comes from.
                    ("to_le_bytes" | "to_be_bytes", value @ Value::Field(..)) => Some(value),
                    _ => None,
                }
            }
            Expr::Ref(_, of) | Expr::Deref(of) | Expr::Try(of) => inner(self, *of),
            Expr::Array(parts, _) => match parts.as_slice() {
                [one] => match inner(self, *one)? {
                    Value::Term(Term::Const(Const::Int(byte))) => {
                        let byte = u8::try_from(byte).ok()?;
                        Some(Value::Term(Term::Const(Const::Bytes(vec![byte]))))
                    }
                    Value::Term(term @ Term::Arg(_)) => Some(Value::Term(bytes_of("to_le_bytes", term))),
                    other => Some(other),
                },
                parts => {
                    let mut bytes = Vec::new();
                    for part in parts {
                        match inner(self, *part)? {
                            Value::Term(Term::Const(Const::Int(byte))) => bytes.push(u8::try_from(byte).ok()?),
                            _ => return None,
                        }
                    }
                    Some(Value::Term(constant_bytes(&bytes)))
                }
            },
            Expr::Index(base, range) => match body.expr(*range) {
                Expr::Range(None, None, _) => inner(self, *base),
                _ => None,
            },
            Expr::Block(block) if block.stmts.is_empty() => inner(self, block.tail?),
            Expr::Lit(lit) => Some(Value::Term(match lit {
                Lit::Bytes(bytes) => constant_bytes(bytes),
                Lit::Str(text) => Term::text(text.to_string()),
                Lit::Byte(byte) => Term::Const(Const::Int(i128::from(*byte))),
                Lit::Int(value, _) => Term::Const(Const::Int(*value)),
                Lit::Bool(value) => Term::Const(Const::Bool(*value)),
                _ => return None,
            })),
            Expr::Path(path) => self.constant(path, module, depth).map(Value::Term),
            // `id()`, `crate::id()`, `Pubkey::from_str_const("..")`.
            Expr::Call(callee, args) => {
                let Expr::Path(path) = body.expr(*callee) else { return None };
                let name = path.segments.last()?.name.as_str();
                match (name, args.as_slice()) {
                    ("id", []) => self.program_of(path, module).map(Value::Term),
                    ("from_str_const" | "new_from_array" | "from", [one]) => inner(self, *one),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// `ID` or `id()` of a program.
    fn program_of(&mut self, path: &Path, module: ModId) -> Option<Term> {
        if let Resolved::Item(id) = self.engine.world.resolve(module, path, Ns::Value) {
            let item = self.engine.item(id);
            if id.krate == self.krate && item.module == 0 {
                return Some(self.program.clone());
            }
            if let Some(address) = base58(&self.engine.world.text(item.span)) {
                return Some(Term::text(address));
            }
        }
        let owner = path.segments.len().checked_sub(2).and_then(|at| path.segments.get(at));
        match owner {
            Some(owner) => known(&owner.name).or_else(|| Some(named(path))),
            None => None,
        }
    }

    /// A constant by its path.
    fn constant(&mut self, path: &Path, module: ModId, depth: usize) -> Option<Term> {
        if path.segments.last()?.name == "ID" {
            return self.program_of(path, module);
        }
        let id = match self.engine.world.resolve(module, path, Ns::Value) {
            Resolved::Item(id) => id,
            Resolved::Partial(owner, at) if at + 1 == path.segments.len() => {
                self.associated(owner, &path.segments[at].name)?
            }
            Resolved::External(_) => return Some(named(path)),
            _ => return None,
        };
        if depth > MAX_DEPTH {
            return None;
        }
        let item = self.engine.item(id);
        let ItemKind::Const(_) = &item.kind else { return None };
        if let Some(address) = base58(&self.engine.world.text(item.span)) {
            return Some(Term::text(address));
        }
        let body = self.engine.world.body(id)?;
        let scope = body.module.unwrap_or(ModId { krate: id.krate, idx: item.module });
        // A constant sees no accounts.
        let nobody = Declared { prefix: "\0".to_owned(), args: Vec::new(), ..self.all.first()?.clone() };
        match self.expr(&nobody, &body, body.root?, &[], scope, depth + 4)? {
            Value::Term(term) => Some(term),
            _ => None,
        }
    }

    /// `Type::SEED`.
    fn associated(&self, owner: ItemId, name: &Name) -> Option<ItemId> {
        let krate = self.engine.world.krate(owner.krate);
        let type_name = self.engine.item(owner).name.clone();
        let mut found = krate.items.iter().enumerate().filter(|(_, item)| {
            let ItemKind::Const(def) = &item.kind else { return false };
            let of = def.owner.and_then(|of| krate.items.get(of as usize));
            let of = match of.map(|of| &of.kind) {
                Some(ItemKind::Impl(of)) => &of.self_ty,
                _ => return false,
            };
            let named = matches!(of, crate::ir::hir::TypeRef::Path(path)
                if path.segments.last().is_some_and(|segment| segment.name == type_name));
            item.name == *name && named
        });
        let (idx, _) = found.next()?;
        found.next().is_none().then_some(ItemId { krate: owner.krate, idx: idx as u32 })
    }

    fn leads_to_account(&self, path: &str) -> bool {
        self.all
            .iter()
            .any(|other| other.name.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    }

    /// True for an account whose fields are those of `AccountInfo`, not of what it holds.
    fn is_plain(&self, path: &str) -> bool {
        let plain = ["AccountInfo", "UncheckedAccount", "Signer", "SystemAccount", "Program", "Interface"];
        self.all.iter().any(|other| other.name == path && plain.contains(&other.wrapper.as_str()))
    }

    /// True if code of the crate counts a field of this name.
    fn is_counted(&mut self, field: &str) -> bool {
        if self.counted.is_none() {
            self.counted = Some(counted(self.engine, self.krate));
        }
        self.counted.as_ref().is_some_and(|counted| counted.contains(field))
    }
}

fn names(body: &Body) -> Vec<Name> {
    body.locals.clone()
}

fn bytes_of(name: &str, term: Term) -> Term {
    Term::Fn { name: name.to_owned(), of: vec![term], injective: true }
}

/// Text where it is text, so that `b"a"` and `"a"` are one constant.
fn constant_bytes(bytes: &[u8]) -> Term {
    match std::str::from_utf8(bytes) {
        Ok(text) => Term::text(text),
        Err(_) => Term::Const(Const::Bytes(bytes.to_vec())),
    }
}

/// A constant of another crate whose value is not known: itself, and may be equal to any other.
fn named(path: &Path) -> Term {
    let name: Vec<&str> = path.segments.iter().map(|segment| last(&segment.name)).collect();
    Term::Fn { name: "constant".to_owned(), of: vec![Term::text(name.join("::"))], injective: false }
}

/// Names of fields to which some function assigns a value computed from the field itself.
fn counted(engine: &Engine<'_>, krate: CrateId) -> BTreeSet<Name> {
    let items = engine.world.krate(krate);
    let mut found = BTreeSet::new();
    for (idx, item) in items.items.iter().enumerate() {
        if !matches!(item.kind, ItemKind::Fn(_)) {
            continue;
        }
        let Some(body) = engine.world.body(ItemId { krate, idx: idx as u32 }) else { continue };
        for (expr, _) in &body.exprs {
            match expr {
                Expr::AssignOp(BinOp::Add | BinOp::Sub, place, _) => {
                    if let Expr::Field(_, name) = body.expr(*place) {
                        found.insert(name.clone());
                    }
                }
                Expr::Assign(place, value) => {
                    let Some(path) = place_of(&body, *place, 0).filter(|path| path.len() > 1) else { continue };
                    if begins_with(&body, *value, &path, 0) {
                        found.extend(path.last().cloned());
                    }
                }
                _ => {}
            }
        }
    }
    found
}

/// True if a computation begins with this place: `x.n + 1`, `x.n.checked_add(1)?`.
fn begins_with(body: &Body, id: ExprId, place: &[Name], depth: usize) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    match body.expr(id) {
        Expr::Field(..) => place_of(body, id, 0).is_some_and(|found| found == place),
        Expr::MethodCall(of, ..) | Expr::Try(of) | Expr::Binary(_, of, _) | Expr::Cast(of, _) | Expr::Ref(_, of) => {
            begins_with(body, *of, place, depth + 1)
        }
        _ => false,
    }
}

/// A binding and the fields below it, `["#3", "accounts", "pool", "count"]`.
fn place_of(body: &Body, id: ExprId, depth: usize) -> Option<Vec<Name>> {
    if depth > MAX_DEPTH {
        return None;
    }
    match body.expr(id) {
        Expr::Local(local) => Some(vec![Name::new(format!("#{}", local.0))]),
        Expr::Field(base, name) => {
            let mut path = place_of(body, *base, depth + 1)?;
            path.push(name.clone());
            Some(path)
        }
        Expr::Deref(of) | Expr::Ref(_, of) | Expr::Try(of) => place_of(body, *of, depth + 1),
        _ => None,
    }
}
