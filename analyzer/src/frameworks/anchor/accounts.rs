//! Structs of accounts: found, flattened, read. What a field's constraints say follows table by table what Anchor's own
//! parser does; types are known by their last segment, as there.
//! Source: anchor `lang/syn/src/parser/accounts/mod.rs` (`is_field_primitive`), `constraints.rs`, `codegen/accounts`.

use super::constraints::constraints;
use super::last;
use crate::effects::Engine;
use crate::effects::ty::{Ty, TyEnv};
use crate::ir::hir::{Attr, Field, ItemId, ItemKind, ModId, TypeRef};
use crate::ir::{Span, Term, Type, Written};
use crate::source::{Ns, Resolved};

/// Types of single accounts; all others are structs of accounts.
const PRIMITIVES: &[&str] = &[
    "Account",
    "AccountInfo",
    "AccountLoader",
    "BorshAccount",
    "CpiAccount",
    "Interface",
    "InterfaceAccount",
    "LazyAccount",
    "Loader",
    "Migration",
    "Program",
    "ProgramAccount",
    "ProgramData",
    "Signer",
    "Slab",
    "State",
    "SystemAccount",
    "Sysvar",
    "UncheckedAccount",
];
/// Of those, the ones nobody can write.
const NEVER_WRITTEN: &[&str] = &["Interface", "Program", "Sysvar"];
/// Structs inside structs.
const MAX_DEPTH: usize = 16;
/// Accounts of one instruction.
const MAX_ACCOUNTS: usize = 512;

/// Text of an expression in a constraint, with its place.
#[derive(Clone, Debug)]
pub(in crate::frameworks) struct Text {
    pub(in crate::frameworks) text: String,
    pub(in crate::frameworks) span: Span,
}

/// One account of an instruction.
#[derive(Clone, Debug)]
pub(in crate::frameworks) struct Declared {
    /// Name, with dots where structs stand in structs.
    pub(in crate::frameworks) name: String,
    /// What names of fields in the constraints begin with: empty, or a path that ends in a dot.
    pub(in crate::frameworks) prefix: String,
    /// Scope of the constraints.
    pub(in crate::frameworks) module: ModId,
    /// Names that `#[instruction(..)]` gives to arguments, and what the handler calls them.
    pub(in crate::frameworks) args: Vec<(String, String)>,
    /// Last segment of the type: `Account`, `Signer`.
    pub(in crate::frameworks) wrapper: String,
    /// `init` without seeds: any address whose key signs.
    pub(in crate::frameworks) keypair: bool,
    /// What it holds, `Opaque` unless a discriminator or an owner tells it from all others.
    pub(in crate::frameworks) value: Type,
    /// Names of the type inside: `System`, `Token`.
    pub(in crate::frameworks) inner: String,
    pub(in crate::frameworks) writable: bool,
    pub(in crate::frameworks) signer: bool,
    pub(in crate::frameworks) optional: bool,
    pub(in crate::frameworks) seeds: Option<Text>,
    pub(in crate::frameworks) seeds_program: Option<Text>,
    pub(in crate::frameworks) address: Option<Text>,
    pub(in crate::frameworks) ata: Option<(Text, Text)>,
    pub(in crate::frameworks) has_one: Vec<Text>,
    /// Expressions of all constraints: code that runs before the handler.
    pub(in crate::frameworks) exprs: Vec<Text>,
    /// Type of what it holds.
    pub(in crate::frameworks) holds: Ty,
    /// `init`, `init_if_needed`, `zero`, `close`, `realloc`: the framework writes it.
    pub(in crate::frameworks) made: bool,
    /// The framework writes it in every call that succeeds.
    pub(in crate::frameworks) always: bool,
    /// Accounts without data whose lamports the framework takes.
    pub(in crate::frameworks) pays: Vec<String>,
    /// Accounts that get its lamports when it is closed.
    pub(in crate::frameworks) refunds: Vec<String>,
    pub(in crate::frameworks) identity: Term,
    pub(in crate::frameworks) written: Written,
    pub(in crate::frameworks) why: Vec<Span>,
    /// From the attribute to the type.
    pub(in crate::frameworks) span: Span,
}

impl Declared {
    /// The name without the structs around it.
    pub(super) fn short(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }
}

/// True for `#[derive(.., Accounts, ..)]`.
pub(super) fn derives_accounts(attr: &Attr) -> bool {
    attr.path == "derive" && attr.tokens.split(',').any(|name| last(name) == "Accounts")
}

/// The struct of accounts a written type means: by its path, else the only one of its name in the crate.
pub(super) fn find(engine: &mut Engine<'_>, ty: &TypeRef, module: ModId) -> Option<ItemId> {
    let TypeRef::Path(path) = ty else { return None };
    if let Resolved::Item(id) = engine.world.resolve(module, path, Ns::Type) {
        let item = engine.item(id);
        match &item.kind {
            ItemKind::Struct(_) => return Some(id),
            ItemKind::TypeAlias(_) => {
                if let Ty::Adt(id, _) = engine.lower_ty(ty, &TyEnv::root(module)) {
                    return Some(id);
                }
            }
            _ => {}
        }
    }
    let name = &path.segments.last()?.name;
    let krate = engine.world.krate(module.krate);
    let mut named = krate.items.iter().enumerate().filter(|(_, item)| {
        item.name == *name && matches!(item.kind, ItemKind::Struct(_)) && item.attrs.iter().any(derives_accounts)
    });
    let (idx, _) = named.next()?;
    named.next().is_none().then_some(ItemId { krate: module.krate, idx: idx as u32 })
}

/// The accounts of a struct in order. `args` are the names of the handler's arguments.
///
pub(super) fn flatten(engine: &mut Engine<'_>, id: ItemId, args: &[String]) -> Flat {
    let mut flat = Flat::default();
    add(engine, id, "", args, 0, &mut flat);
    flat
}

/// The accounts of an instruction.
#[derive(Default)]
pub(super) struct Flat {
    /// In order.
    pub(super) accounts: Vec<Declared>,
    /// The structs they stand in, each with the prefix of its fields' names.
    pub(super) structs: Vec<(String, ItemId)>,
    /// Fields that may be any number of accounts: what they are was not found.
    pub(super) missed: Vec<(String, Span)>,
}

fn add(engine: &mut Engine<'_>, id: ItemId, prefix: &str, args: &[String], depth: usize, flat: &mut Flat) {
    flat.structs.push((prefix.to_owned(), id));
    let item = engine.item(id);
    let ItemKind::Struct(def) = &item.kind else { return };
    let module = ModId { krate: id.krate, idx: item.module };
    let named = item.attrs.iter().filter(|attr| last(&attr.path) == "instruction").flat_map(|attr| {
        constraints(&attr.tokens).into_iter().map(|one| one.word.split(':').next().unwrap_or("").to_owned())
    });
    let args: Vec<(String, String)> = named.zip(args.iter().cloned()).collect();
    let plain: Vec<String> = args.iter().map(|(_, arg)| arg.clone()).collect();
    for field in &def.fields.fields {
        let name = format!("{prefix}{}", field.name);
        if flat.accounts.len() >= MAX_ACCOUNTS {
            flat.missed.push((format!("the accounts from `{name}` on"), field.span));
            return;
        }
        let (ty, optional) = unwrapped(&field.ty);
        let segment = match ty {
            TypeRef::Path(path) => path.segments.last(),
            _ => None,
        };
        let Some(segment) = segment else {
            flat.missed.push((format!("the accounts in `{name}`"), field.span));
            continue;
        };
        let wrapper = segment.name.as_str();
        let primitive = PRIMITIVES.contains(&wrapper);
        if !primitive {
            // In 2.0 a struct in a struct is written `Nested<T>`.
            let inner = if wrapper == "Nested" { segment.args.first().unwrap_or(ty) } else { ty };
            match find(engine, inner, module).filter(|_| depth < MAX_DEPTH) {
                Some(inner) => {
                    add(engine, inner, &format!("{name}."), &plain, depth + 1, flat);
                    continue;
                }
                // Its place is taken by one account, so that those before and after it keep their names.
                None => flat.missed.push((format!("the accounts struct `{wrapper}` of `{name}`"), field.span)),
            }
        }
        let mut declared = read(engine, field, prefix, module);
        declared.args.clone_from(&args);
        declared.wrapper = wrapper.to_owned();
        declared.optional = optional;
        declared.signer |= wrapper == "Signer";
        let held = segment.args.first();
        if let Some(TypeRef::Path(held)) = held {
            declared.inner = held.segments.last().map(|segment| segment.name.to_string()).unwrap_or_default();
        }
        if let Some(held) = held {
            declared.holds = engine.lower_ty(held, &TyEnv::root(module));
        }
        declared.value = value(engine, wrapper, held, module);
        if NEVER_WRITTEN.contains(&wrapper) {
            declared.written = Written::No;
        }
        flat.accounts.push(declared);
    }
    if item.attrs.iter().any(|attr| last(&attr.path) == "event_cpi") {
        for name in ["event_authority", "program"] {
            let mut declared = empty(format!("{prefix}{name}"), prefix, module, item.name_span);
            declared.written = Written::No;
            declared.wrapper = "UncheckedAccount".to_owned();
            // The address of the event authority is derived from a constant, so there is one.
            declared.identity = if name == "program" {
                Term::SelfAddr
            } else {
                let of = vec![Term::SelfAddr, Term::text("__event_authority")];
                Term::Fn { name: "pda".to_owned(), of, injective: false }
            };
            flat.accounts.push(declared);
        }
    }
}

/// The type inside `Option` and `Box`, and whether there was an `Option`.
fn unwrapped(ty: &TypeRef) -> (&TypeRef, bool) {
    let mut ty = ty;
    let mut optional = false;
    for _ in 0..MAX_DEPTH {
        let TypeRef::Path(path) = ty else { break };
        let Some(segment) = path.segments.last() else { break };
        match (segment.name.as_str(), segment.args.first()) {
            ("Option", Some(inner)) => {
                optional = true;
                ty = inner;
            }
            ("Box", Some(inner)) => ty = inner,
            _ => break,
        }
    }
    (ty, optional)
}

/// An account without any constraint.
pub(in crate::frameworks) fn empty(name: String, prefix: &str, module: ModId, span: Span) -> Declared {
    Declared {
        name,
        prefix: prefix.to_owned(),
        module,
        args: Vec::new(),
        wrapper: String::new(),
        keypair: false,
        value: Type::Opaque("account".to_owned()),
        inner: String::new(),
        writable: false,
        signer: false,
        optional: false,
        seeds: None,
        seeds_program: None,
        address: None,
        ata: None,
        has_one: Vec::new(),
        exprs: Vec::new(),
        holds: Ty::Unknown,
        made: false,
        always: false,
        pays: Vec::new(),
        refunds: Vec::new(),
        identity: Term::Any,
        written: Written::Unknown,
        why: Vec::new(),
        span,
    }
}

/// A field's constraints.
fn read(engine: &Engine<'_>, field: &Field, prefix: &str, module: ModId) -> Declared {
    let mut out = empty(format!("{prefix}{}", field.name), prefix, module, field.span);
    let (mut init, mut zero) = (false, false);
    let (mut mint, mut authority) = (None, None);
    for attr in field.attrs.iter().filter(|attr| last(&attr.path) == "account") {
        out.span = with_attribute(engine, attr, out.span);
        for one in constraints(&attr.tokens) {
            let lo = attr.span.lo + one.at as u32;
            let span = Span { file: attr.span.file, lo, hi: lo + one.value.len() as u32 };
            let text = || Text { text: one.value.to_owned(), span };
            let name = || format!("{prefix}{}", one.value.trim());
            if !one.value.is_empty() {
                out.exprs.push(text());
            }
            match one.word.as_str() {
                "mut" => out.writable = true,
                "init" | "init_if_needed" => {
                    init = true;
                    out.writable = true;
                    out.made = true;
                    out.always = one.word == "init";
                }
                "zero" | "zeroed" => {
                    zero = true;
                    out.writable = true;
                    out.made = true;
                }
                // `realloc` alone is writable only from 2.0 on, where it implies it; before, it does not compile.
                "realloc" => {
                    out.writable = true;
                    out.made = true;
                }
                "update" | "unsafe" => out.writable = true,
                "close" => {
                    out.made = true;
                    out.always = true;
                    out.refunds.push(name());
                }
                "payer" | "realloc::payer" | "realloc_payer" => out.pays.push(name()),
                "signer" => out.signer = true,
                "seeds" => out.seeds = Some(text()),
                "seeds::program" => out.seeds_program = Some(text()),
                "address" => out.address = Some(text()),
                "has_one" => out.has_one.push(text()),
                "associated_token::mint" => mint = Some(text()),
                "associated_token::authority" => authority = Some(text()),
                _ => {}
            }
        }
    }
    // A new account that is derived from nothing signs for its own creation.
    out.signer |= init && out.seeds.is_none() && mint.is_none();
    out.keypair = (init || zero) && out.seeds.is_none() && mint.is_none();
    out.ata = authority.zip(mint);
    out
}

/// A span that begins with the attribute.
fn with_attribute(engine: &Engine<'_>, attr: &Attr, span: Span) -> Span {
    if attr.span.file != span.file || attr.span.lo > span.lo {
        return span;
    }
    let lo = attr.span.lo.saturating_sub(64);
    let before = engine.world.text(Span { file: attr.span.file, lo, hi: attr.span.lo });
    match before.rfind("#[") {
        Some(at) => Span { lo: attr.span.lo - (before.len() - at) as u32, ..span },
        None => span,
    }
}

/// What an account holds. Only a type that the framework checks by discriminator or owner can tell two accounts apart.
fn value(engine: &mut Engine<'_>, wrapper: &str, held: Option<&TypeRef>, module: ModId) -> Type {
    let checked = ["Account", "AccountLoader", "BorshAccount", "InterfaceAccount", "LazyAccount", "Slab"];
    let opaque = |name: &str| Type::Opaque(name.to_owned());
    let Some(held) = held.filter(|_| checked.contains(&wrapper)) else { return opaque(wrapper) };
    let ty = engine.lower_ty(held, &TyEnv::root(module));
    if let Ty::Adt(id, _) = &ty {
        let item = engine.item(*id);
        let own = engine.world.packages()[id.krate.0 as usize].analysed;
        if own && item.attrs.iter().any(|attr| last(&attr.path) == "account") {
            return match engine.describe_type(&ty) {
                found @ Type::Struct(..) => found,
                _ => Type::Struct(item.name.to_string(), Vec::new()),
            };
        }
    }
    let TypeRef::Path(path) = held else { return opaque(wrapper) };
    opaque(path.segments.last().map_or(wrapper, |segment| segment.name.as_str()))
}

/// What the framework itself writes: accounts it makes, resizes and closes, and the lamports that go with it.
pub(super) fn written(all: &mut [Declared]) {
    let paying: Vec<(String, Span, bool)> = all
        .iter()
        .filter(|account| account.made)
        .flat_map(|account| {
            account.pays.iter().chain(&account.refunds).map(|name| (name.clone(), account.span, account.always))
        })
        .collect();
    for account in all.iter_mut() {
        if account.made {
            account.written = Written::Yes;
            account.why.push(account.span);
        }
        for (_, span, always) in paying.iter().filter(|(name, ..)| *name == account.name) {
            account.written = Written::Yes;
            account.always |= *always;
            account.why.push(*span);
        }
        account.why.sort();
        account.why.dedup();
    }
}

/// Tells accounts apart by their owners, where owners stay: a program that turns any key into an account of its own may
/// see one address as a wallet in one call and as an account of its own in the next.
pub(super) fn tell_apart(all: &mut [Declared], keypairs: bool) {
    let kind = |name: &str| Type::Struct(name.to_owned(), Vec::new());
    let paying: Vec<String> = all.iter().filter(|account| account.made).flat_map(|one| one.pays.clone()).collect();
    for account in all.iter_mut() {
        let token = matches!(account.inner.as_str(), "TokenAccount" | "Mint");
        match account.wrapper.as_str() {
            // Executable, so neither a wallet nor data; sysvars cannot be locked for writing.
            "Program" | "Sysvar" if !account.writable => account.value = kind(&account.wrapper.to_lowercase()),
            "Account" | "InterfaceAccount" if token && !keypairs => account.value = kind(&account.inner),
            // Only an account without data can pay for another.
            "Signer" if paying.contains(&account.name) && !keypairs => account.value = kind("wallet"),
            _ => {}
        }
    }
}
