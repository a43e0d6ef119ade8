//! Solana programs without Anchor: `entrypoint!` names a function, which looks into the instruction's bytes, by an enum or
//! by a number, and takes its accounts by position. What a transaction locks is what its client lists, so the declared
//! locks are those of the program's own instruction builders or attributes (Shank, Codama); without any, those the code
//! needs. Pinocchio and Steel programs have the same shape.
//! Source: solana-program-entrypoint 2.3 `src/lib.rs`; pinocchio 0.9 `src/entrypoint/mod.rs`; steel 4.0 `src/macros.rs`;
//! shank-macro-impl `src/instruction/account_attrs.rs`; codama-attributes `codama_directives/account_directive.rs`.

mod declared;
mod dispatch;

use super::Framework;
use super::anchor::accounts::{Declared, empty};
use super::anchor::{Instruction, cells_and_entries};
use super::solana::changes::{Changes, Chosen, Held, Value};
use crate::effects::Engine;
use crate::effects::ty::{Ty, TyEnv};
use crate::ir::hir::{Attr, CrateId, ItemId, ItemKind, ModId, Name, TypeRef};
use crate::ir::{Callers, Contract, Param, Reach, Span, Term, Unknown, UnknownReason, Written};
use crate::source::{Ns, Resolved};
use declared::Flag;
use dispatch::{Arm, Dispatch};

pub(crate) const FRAMEWORK: Framework =
    Framework { id: "solana-native", title: "Solana", chain: "solana", noun: "instruction", detect, contracts };

/// Macros that name the function a program begins with.
const MACROS: &[&str] = &[
    "entrypoint",
    "entrypoint_no_alloc",
    "program_entrypoint",
    "lazy_program_entrypoint",
    "lazy_entrypoint",
    "entrypoint_with_r2",
    "custom_entrypoint",
];
/// Frameworks that are recognised and not read.
const UNSUPPORTED: &[&str] = &["star_frame", "typhoon", "quasar", "quasar_lang"];
/// Crates that programs are written with.
const SDKS: &[&str] =
    &["solana_program", "solana_program_entrypoint", "pinocchio", "steel", "shank", "solana_account_info"];
/// Accounts that a call may name.
const MAX_ACCOUNTS: usize = 64;

fn depends(engine: &Engine<'_>, krate: CrateId, names: &[&str]) -> Option<String> {
    let package = &engine.world.packages()[krate.0 as usize];
    let all =
        package.deps.iter().map(|(dep, _)| dep.as_str()).chain(package.missing.iter().map(|missing| missing.as_str()));
    all.into_iter().find(|dep| names.contains(dep)).map(str::to_owned)
}

fn detect(engine: &Engine<'_>, krate: CrateId) -> bool {
    (depends(engine, krate, SDKS).is_some() && own_entrypoint(engine, krate).is_some())
        || depends(engine, krate, UNSUPPORTED).is_some()
}

/// Where a program says by itself what the loader runs: a function under the loader's symbol, or a macro that names one.
pub(super) fn own_entrypoint(engine: &Engine<'_>, krate: CrateId) -> Option<Span> {
    symbol(engine, krate).or_else(|| entrypoint(engine, krate).map(|id| engine.item(id).name_span))
}

/// A function that the loader finds by its symbol.
/// Source: agave `programs/bpf_loader`, solana-sbpf `src/elf.rs` (`entrypoint`).
fn symbol(engine: &Engine<'_>, krate: CrateId) -> Option<Span> {
    const NAME: &str = "entrypoint";
    let exports = |attr: &Attr| {
        let inner = if attr.path == "unsafe" { attr.tokens.as_str() } else { "" };
        let value = if attr.path == "export_name" {
            Some(attr.tokens.as_str())
        } else {
            inner.trim().strip_prefix("export_name")
        };
        value.is_some_and(|value| value.trim_matches(|c: char| c.is_whitespace() || matches!(c, '=' | '"')) == NAME)
    };
    let items = engine.world.krate(krate);
    let found = items.items.iter().find(|item| {
        matches!(item.kind, ItemKind::Fn(_))
            && ((item.name == NAME && Attr::unmangled(&item.attrs)) || item.attrs.iter().any(exports))
    });
    found.map(|item| item.name_span)
}

/// The function an entry point macro names.
fn entrypoint(engine: &Engine<'_>, krate: CrateId) -> Option<ItemId> {
    let items = engine.world.krate(krate);
    for item in &items.items {
        let ItemKind::MacroCall(call) = &item.kind else { continue };
        let (path, tokens) = if call.path.is_empty() {
            let text = engine.world.text(item.span);
            let Some((path, rest)) = text.split_once('!') else { continue };
            (path.trim().to_owned(), rest.trim().trim_start_matches(['(', '{', '[']).to_owned())
        } else {
            (call.path.clone(), call.tokens.clone())
        };
        let last = path.rsplit("::").next().unwrap_or("").trim().to_owned();
        if !MACROS.contains(&last.as_str()) {
            continue;
        }
        let named: String =
            tokens.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == ':').collect();
        let names: Vec<Name> = named.split("::").filter(|name| !name.is_empty()).map(Name::from).collect();
        let scope = ModId { krate, idx: item.module };
        if let Resolved::Item(id) = engine.world.resolve_names(scope, &names, Ns::Value) {
            if id.krate == krate && matches!(engine.item(id).kind, ItemKind::Fn(_)) {
                return Some(id);
            }
        }
    }
    None
}

fn contracts(engine: &mut Engine<'_>, krate: CrateId) -> Vec<Contract> {
    engine.encoding = "account";
    engine.address_kind = "base58";
    let package = engine.world.packages()[krate.0 as usize].clone();
    let (cells, entries) = cells_and_entries(instructions(engine, krate));
    vec![FRAMEWORK.contract(engine, krate, package.name.clone(), cells, entries)]
}

/// What the function that the loader runs tells apart; one instruction that is not known where it cannot be read.
pub(super) fn instructions(engine: &mut Engine<'_>, krate: CrateId) -> Vec<Instruction> {
    let mut instructions = Vec::new();
    match entrypoint(engine, krate) {
        Some(entry) => {
            let found = dispatch::find(engine, entry);
            let builders = declared::builders(engine, krate, found.as_ref().and_then(|found| found.of));
            match &found {
                Some(dispatch) => {
                    for arm in &dispatch.arms {
                        instructions.push(instruction(engine, entry, Some((dispatch, arm)), &builders));
                    }
                }
                None => instructions.push(instruction(engine, entry, None, &builders)),
            }
        }
        None => {
            let (what, span) = match (depends(engine, krate, UNSUPPORTED), symbol(engine, krate)) {
                (Some(name), _) => (format!("programs written with {name}"), Span::NONE),
                (None, by_hand) => ("an entry point written by hand".to_owned(), by_hand.unwrap_or(Span::NONE)),
            };
            let root = engine.world.module(ModId { krate, idx: 0 }).span;
            let span = if span.is_none() { root } else { span };
            let mut nothing = bare("program", span);
            nothing.unknowns.push(unknown(UnknownReason::Unsupported, what, span));
            instructions.push(nothing);
        }
    }
    instructions
}

fn unknown(reason: UnknownReason, what: String, span: Span) -> Unknown {
    Unknown { reason, what, reach: Reach::All, span, via: Vec::new() }
}

fn bare(name: &str, span: Span) -> Instruction {
    Instruction {
        name: name.to_owned(),
        params: Vec::new(),
        context: None,
        accounts: None,
        unknowns: Vec::new(),
        callers: Callers::Anyone,
        callers_span: Span::NONE,
        span,
    }
}

/// True for the list of accounts, or what hands them out one by one.
fn accounts_type(ty: &TypeRef) -> Option<bool> {
    match ty {
        TypeRef::Ref(_, inner) => accounts_type(inner),
        TypeRef::Slice(inner) | TypeRef::Array(inner, _) => match inner.as_ref() {
            TypeRef::Path(path) => path
                .segments
                .last()
                .is_some_and(|last| matches!(last.name.as_str(), "AccountInfo" | "AccountView"))
                .then_some(false),
            _ => None,
        },
        TypeRef::Path(path) => {
            path.segments.last().is_some_and(|last| last.name == "InstructionContext").then_some(true)
        }
        _ => None,
    }
}

fn instruction(
    engine: &mut Engine<'_>,
    entry: ItemId,
    of: Option<(&Dispatch, &Arm)>,
    builders: &[declared::Builder],
) -> Instruction {
    let info = engine.item(entry);
    let (name, span) = match of {
        Some((_, arm)) => (arm.name.clone(), arm.span),
        None => (info.name.to_string(), info.name_span),
    };
    let mut out = bare(&name, span);
    let module = engine.module_of(entry);
    let variant = of.and_then(|(dispatch, arm)| Some((dispatch.of?, arm.variant?)));
    let mut flags: Vec<Flag> = Vec::new();
    if let Some((id, variant)) = variant {
        flags = declared::attributes(engine, id, variant);
        out.params = params(engine, id, variant);
    }
    if flags.is_empty() {
        let fits = |builder: &&declared::Builder| {
            builder.variant.is_some() && builder.variant == of.and_then(|(_, arm)| arm.variant) && variant.is_some()
        };
        let found = builders.iter().find(|builder| fits(builder) && builder.name == name);
        let found =
            found.or_else(|| builders.iter().find(fits)).or_else(|| builders.iter().find(|one| one.name == name));
        flags = found.map(|builder| builder.flags.clone()).unwrap_or_default();
    }
    let ItemKind::Fn(function) = &info.kind else { return out };
    let env = TyEnv::root(module);
    let lowered: Vec<Ty> = function.params.iter().map(|(_, ty)| engine.lower_ty(ty, &env)).collect();
    let mut changes = Changes::new(engine, Vec::new(), vec![Held::Raw; MAX_ACCOUNTS]);
    changes.chosen = of.filter(|(dispatch, _)| !dispatch.again).map(|(dispatch, arm)| Chosen {
        place: dispatch.span,
        arms: arm.at.clone(),
        told: dispatch.told.clone().and_then(|(body, local)| Some((body, local, dispatch.of?, arm.variant?))),
    });
    let mut values: Vec<Value> = Vec::new();
    for ((_, ty), lowered) in function.params.iter().zip(&lowered) {
        values.push(match accounts_type(ty) {
            Some(false) => changes.list(),
            Some(true) => changes.walk_of_all(),
            None => Value::plain(lowered.clone()),
        });
    }
    changes.run(entry, env, values);
    let (lost, others, remaining, by_feature) = (changes.lost, changes.others, changes.remaining, changes.by_feature);
    let found = std::mem::take(&mut changes.found);
    let names = std::mem::take(&mut changes.names);
    let used = names.iter().rposition(Option::is_some).map_or(0, |at| at + 1);
    let blind = lost.is_some() || others;
    let mut all: Vec<Declared> = Vec::new();
    // What is declared is what clients list; what the code takes beyond that, in ways this instruction may never go, nobody
    // declares.
    let listed = if flags.is_empty() { used } else { flags.len().min(MAX_ACCOUNTS) };
    for at in 0..listed {
        let flag = flags.get(at);
        let seen = names[at].as_ref().map(|name| plain_name(name)).filter(|name| !name.is_empty());
        let mut name = flag.and_then(|flag| flag.name.clone()).or(seen).unwrap_or_else(|| format!("account{at}"));
        if all.iter().any(|other| other.name == name) {
            name = format!("{name}{at}");
        }
        let mut one = empty(name.clone(), "", module, flag.map_or(span, |flag| flag.span));
        let (sure, may) = (!found[at].sure.is_empty(), !found[at].may.is_empty());
        one.wrapper = "AccountInfo".to_owned();
        one.identity = Term::Account(name);
        // Without any declaration, a correct client locks what the code may change.
        one.writable = flag.map_or(sure || may || blind, |flag| flag.writable);
        one.signer = flag.is_some_and(|flag| flag.signer);
        one.optional = flag.is_some_and(|flag| flag.optional);
        one.written = match (sure, may || blind || by_feature) {
            (true, _) => Written::Yes,
            (false, true) => Written::Unknown,
            (false, false) => Written::No,
        };
        one.why = found[at].sure.iter().copied().filter(|span| !span.is_none()).take(8).collect();
        all.push(one);
    }
    // Any two of them may be one account: what one changes, the other does.
    let beyond = found.iter().skip(listed).any(|one| !one.sure.is_empty() || !one.may.is_empty());
    if beyond || all.iter().any(|one| one.written != Written::No && one.writable) {
        for one in &mut all {
            if one.written == Written::No {
                one.written = Written::Unknown;
            }
        }
    }
    out.context = Some(name.clone());
    out.accounts = Some(all);
    let more = remaining.or(lost.filter(|_| flags.is_empty()));
    if let Some(span) = more.or((used > listed).then_some(out.span)) {
        let what = match more {
            Some(_) => format!("accounts of `{name}` that are not taken by position"),
            None => format!("accounts of `{name}` beyond those it declares"),
        };
        out.unknowns.push(unknown(
            UnknownReason::RemainingAccounts,
            what,
            if span.is_none() { out.span } else { span },
        ));
    }
    out
}

/// `pool_account_info` is the pool.
fn plain_name(name: &str) -> String {
    let name = name.trim_start_matches('_');
    let short =
        ["_account_info", "_info", "_ai", "_view"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    short.to_owned()
}

fn params(engine: &mut Engine<'_>, id: ItemId, variant: u32) -> Vec<Param> {
    let ty = engine.item_ty_with(id, Vec::new(), 0);
    let fields = engine.field_types(&ty, Some(variant)).to_vec();
    fields
        .into_iter()
        .map(|(name, ty)| Param {
            name: if name.starts_with(|c: char| c.is_ascii_digit()) { format!("arg{name}") } else { name.to_string() },
            ty: engine.describe_type(&ty),
            optional: engine.is_option(&ty),
            default: None,
            auth: false,
        })
        .collect()
}

/// `InitPool` as `init_pool`.
pub(super) fn snake(name: &str) -> String {
    let mut out = String::new();
    for (at, c) in name.char_indices() {
        if c.is_uppercase() {
            let before = name[..at].chars().next_back();
            let next = name[at + c.len_utf8()..].chars().next();
            let starts = before.is_some_and(|b| b.is_lowercase() || b.is_ascii_digit())
                || (before.is_some_and(char::is_uppercase) && next.is_some_and(char::is_lowercase));
            if starts {
                out.push('_');
            }
        }
        out.extend(c.to_lowercase());
    }
    out
}
