//! Conditions and classes in words, for messages: pure functions from values to text, with "and" and "or" told apart.

use super::{Class, Condition, First, Site, Verdict};
use crate::chains::{ChainModel, UnitKind};
use crate::ir::{Access, CellId, Const, Contract, Entry, Mode, Step, Term, UnknownReason};

/// The answer to "two at the same time?" for an entry point.
///
/// `any number at once` · `yes, unless they share a sender or a recipient` · `no: every call rewrites TOKEN_INFO` ·
/// `not known: …`, followed by `; calls out to …` where the entry point does.
pub fn class(contract: &Contract, chain: &ChainModel, entry: &Entry, class: &Class, own: &Verdict) -> String {
    let mut text = match class {
        Class::Parallel => "any number at once".to_owned(),
        Class::Sharded { by, .. } => format!("yes, unless {}", shares(contract, by)),
        Class::Serial { .. } => format!("no: {}", serial(contract, chain, entry, own)),
        Class::Unknown => format!("not known: {}", unknown(entry)),
    };
    if let Some(out) = calls_out(contract, entry) {
        text.push_str("; ");
        text.push_str(&out);
    }
    text
}

/// `calls out to `contract`` when an entry point calls what is not linked.
pub fn calls_out(contract: &Contract, entry: &Entry) -> Option<String> {
    let mut targets: Vec<String> = Vec::new();
    let mut hidden = false;
    for external in entry.externals.iter().filter(|external| !external.linked) {
        let name = match &external.target {
            target if target.has_any() => {
                hidden = true;
                continue;
            }
            Term::Const(Const::Str(name)) => format!("`{name}`"),
            target => format!("`{}`", without_positions(&term(contract, target))),
        };
        if !targets.contains(&name) {
            targets.push(name);
        }
    }
    // Names say most; what has none is counted as one.
    let more = targets.len().saturating_sub(2) + usize::from(hidden && !targets.is_empty());
    targets.truncate(2);
    match (targets.is_empty(), hidden, more) {
        (true, false, _) => return None,
        (true, true, _) => targets.push("a contract that is not known".to_owned()),
        (false, true, 1) => targets.push("one that is not known".to_owned()),
        (false, _, 0) => {}
        (false, _, more) => targets.push(format!("{more} more")),
    }
    Some(format!("calls out to {}", list(&targets, "and")))
}

/// A path without numbered fields: the wrapper of an id says nothing to people.
fn without_positions(text: &str) -> String {
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split('.').filter(|part| !number(part)).collect::<Vec<_>>().join(".")
}

/// What two calls must share, from the tuples of a sharded class: alternatives are joined by "or", the values of one
/// alternative by "and".
pub fn shares(contract: &Contract, by: &[Vec<Term>]) -> String {
    // For people an equality across says the same as the equalities of both sides: order inside a tuple is not told.
    let mut alternatives: Vec<Vec<String>> = Vec::new();
    for tuple in by {
        let mut nouns: Vec<String> = Vec::new();
        for part in tuple.iter().flat_map(|part| parts(part)) {
            let noun = noun(contract, part);
            if !nouns.contains(&noun) {
                nouns.push(noun);
            }
        }
        nouns.sort();
        if !nouns.is_empty() && !alternatives.contains(&nouns) {
            alternatives.push(nouns);
        }
    }
    let everything = alternatives.clone();
    let covered = |nouns: &Vec<String>| {
        everything.iter().any(|other| other.len() < nouns.len() && other.iter().all(|noun| nouns.contains(noun)))
    };
    alternatives.retain(|nouns| !covered(nouns));
    alternatives.sort_by_key(|nouns| (nouns.len(), nouns.iter().map(|noun| rank(noun)).min()));
    let mut single: Vec<String> =
        alternatives.iter().filter(|nouns| nouns.len() == 1).map(|nouns| with_article(&nouns[0])).collect();
    let joint: Vec<String> = alternatives
        .iter()
        .filter(|nouns| nouns.len() > 1)
        .map(|nouns| format!("{} are the same", list(nouns, "and")))
        .collect();
    if single.len() > 5 {
        let more = single.len() - 4;
        single.truncate(4);
        single.push(format!("one of {more} more"));
    }
    match (single.is_empty(), joint.is_empty()) {
        (true, true) => "their values meet".to_owned(),
        (false, true) => format!("they share {}", list(&single, "or")),
        (true, false) => joint.join(", or "),
        (false, false) => format!("they share {}, or {}", list(&single, "or"), joint.join(", or ")),
    }
}

/// The caller is named first, the rest in alphabetical order.
fn rank(noun: &str) -> (usize, String) {
    (usize::from(noun != "sender" && noun != "signer"), noun.to_owned())
}

/// A verdict's condition as `why` prints it: `a.caller = b.caller, or a.recipient = b.recipient`.
pub fn condition(contract: &Contract, condition: &Condition) -> String {
    let conjs: Vec<String> = condition
        .0
        .iter()
        .map(|conj| {
            let mut atoms: Vec<String> = conj
                .atoms
                .iter()
                .map(|atom| format!("{} = {}", side(contract, "a", &atom.left), side(contract, "b", &atom.right)))
                .collect();
            if atoms.is_empty() {
                atoms.push("always".to_owned());
            }
            let mut text = atoms.join(" and ");
            match conj.order {
                Some(First::A) => text.push_str(" (a first)"),
                Some(First::B) => text.push_str(" (b first)"),
                None => {}
            }
            text
        })
        .collect();
    if conjs.is_empty() { "never".to_owned() } else { conjs.join(", or ") }
}

/// A term as the source would say it, short: `recipient`, `CONFIG.owner`, `hash(caller)`.
pub fn term(contract: &Contract, value: &Term) -> String {
    let all = |terms: &[Term]| terms.iter().map(|one| term(contract, one)).collect::<Vec<_>>().join(", ");
    match value {
        Term::Const(value) => constant(value),
        Term::Arg(path) => crate::ir::path_text(path),
        Term::Caller => "caller".to_owned(),
        Term::Origin => "origin".to_owned(),
        Term::SelfAddr => "self".to_owned(),
        Term::Env { name, .. } => name.clone(),
        Term::Account(name) => name.clone(),
        Term::Load { cell, key, field } => {
            let mut text = cell_name(contract, *cell);
            if !key.is_empty() {
                text.push_str(&format!("[{}]", all(key)));
            }
            for part in field {
                text.push('.');
                text.push_str(part);
            }
            text
        }
        Term::Fn { name, of, .. } => match (name.as_str(), of.as_slice()) {
            ("tuple", parts) => format!("({})", all(parts)),
            ("decode", [one]) => term(contract, one),
            ("if_equal", [a, b, then, otherwise]) => {
                let [a, b, then, otherwise] = [a, b, then, otherwise].map(|one| term(contract, one));
                format!("{then} if {a} = {b}, else {otherwise}")
            }
            _ => format!("{name}({})", all(of)),
        },
        Term::Coalesce(of) => of.iter().map(|one| term(contract, one)).collect::<Vec<_>>().join(" or "),
        Term::Prefix(of) if of.is_empty() => "*".to_owned(),
        Term::Prefix(of) => format!("{}, *", all(of)),
        Term::Any => "?".to_owned(),
    }
}

/// A cell with a key: `BALANCES[recipient]`.
pub fn place(contract: &Contract, access: &Access) -> String {
    let mut text = cell_name(contract, access.cell);
    if !access.key.is_empty() {
        let key: Vec<String> = access.key.iter().map(|one| term(contract, one)).collect();
        text.push_str(&format!("[{}]", key.join(", ")));
    }
    if let Some(at) = access.at.as_ref().filter(|at| **at != Term::SelfAddr) {
        text.push_str(&format!(" at {}", term(contract, at)));
    }
    text
}

/// What an access does, as a verb: `reads`, `rewrites`, `writes`, `adds to`.
pub fn verb(mode: Mode) -> &'static str {
    match mode {
        Mode::Read => "reads",
        Mode::Probe => "looks for",
        Mode::Write => "writes",
        Mode::Update => "rewrites",
        Mode::Commute => "changes",
        Mode::Append => "appends to",
        Mode::Delete => "removes",
        Mode::Scan => "goes through",
        Mode::Rewrite => "writes back",
        Mode::Lock => "locks",
    }
}

/// Why an entry point is not known, shortest reason first found.
pub fn unknown(entry: &Entry) -> String {
    let Some(first) = entry.unknowns.first() else { return "it calls what is not seen".to_owned() };
    let what = if first.what.is_empty() { String::new() } else { format!(" `{}`", first.what) };
    let reason = match first.reason {
        UnknownReason::UnresolvedCall => format!("cannot see what{what} does"),
        UnknownReason::UnknownMacro => format!("the macro{what} is not known"),
        UnknownReason::UnknownAttribute => format!("the attribute{what} is not known"),
        UnknownReason::OpenTrait => format!("others may implement{what}"),
        UnknownReason::MissingDependency => format!("the source of{what} is not on disk"),
        UnknownReason::UnknownFunction => format!("the function in{what} is not known"),
        UnknownReason::UnknownCell => format!("the storage key of{what} is not known"),
        UnknownReason::Budget => "it is too large to follow".to_owned(),
        UnknownReason::TooDeep => "it is nested too deeply".to_owned(),
        UnknownReason::Unparsable => "its source does not parse".to_owned(),
        UnknownReason::Unsafe => "unsafe code may reach state".to_owned(),
        UnknownReason::Unsupported => format!("{} is not supported yet", first.what),
        UnknownReason::RemainingAccounts => "the client chooses further accounts".to_owned(),
    };
    match entry.unknowns.len() {
        1 => reason,
        more => format!("{reason}, and {} more", more - 1),
    }
}

/// Why two calls always meet: what every call does to the cell that is written by most.
fn serial(contract: &Contract, chain: &ChainModel, entry: &Entry, own: &Verdict) -> String {
    if chain.unit == UnitKind::Contract {
        return format!("one {} of a contract at a time", contract.entry_noun);
    }
    let mut reasons: Vec<(u8, String)> = Vec::new();
    for meet in own.meets.iter().filter(|meet| meet.when.is_always() && !meet.unknown) {
        for site in [meet.a, meet.b] {
            let (weight, text) = match site {
                Site::Account(at) => match entry.accounts.as_ref().and_then(|accounts| accounts.get(at)) {
                    Some(account) if account.writable => match account.written {
                        crate::ir::Written::No => (1, format!("locks `{}`, but never writes it", account.name)),
                        _ => (0, format!("every call writes `{}`", account.name)),
                    },
                    _ => continue,
                },
                Site::Access(at) => match entry.accesses.get(at) {
                    Some(access) => reason(contract, access),
                    None => continue,
                },
                _ => continue,
            };
            if !reasons.iter().any(|(_, other)| *other == text) {
                reasons.push((weight, text));
            }
        }
    }
    reasons.sort_by_key(|(weight, _)| *weight);
    match reasons.into_iter().next() {
        Some((_, text)) => text,
        None => "any two calls meet".to_owned(),
    }
}

/// Why an access meets itself in every pair, with a rank: changes before observations, sure before possible.
fn reason(contract: &Contract, access: &Access) -> (u8, String) {
    let cell = cell_name(contract, access.cell);
    let open = access.key.iter().any(Term::has_any);
    let observes = matches!(access.mode, Mode::Read | Mode::Probe | Mode::Scan);
    let sometimes = access.certainty == crate::ir::Certainty::Sometimes;
    let implicit =
        contract.cells.get(access.cell.0 as usize).is_some_and(|cell| cell.implicit || cell.name.starts_with('<'));
    let base = match (observes, open) {
        _ if implicit && !observes => (3, implicit_reason(contract, access, sometimes)),
        _ if access.mode == Mode::Scan => (4, format!("every call goes through {cell}")),
        (false, true) => (2, format!("the key of {cell} is not known before the call runs")),
        (true, true) => (5, format!("the key it reads of {cell} is not known before the call runs")),
        _ if sometimes => (1, format!("a call may {} {cell}", verb(access.mode).trim_end_matches('s'))),
        _ => (0, format!("every call {} {cell}", verb(access.mode))),
    };
    (base.0 + if observes && !open { 6 } else { 0 }, base.1)
}

/// A change of something that no line of the contract names, in words.
fn implicit_reason(contract: &Contract, access: &Access, sometimes: bool) -> String {
    let who = if sometimes { "a call may change" } else { "every call changes" };
    let cell = cell_name(contract, access.cell);
    match (cell.as_str(), access.key.first()) {
        ("<balance>", Some(Term::SelfAddr)) => format!("{who} the contract's balance"),
        ("<balance>", Some(key)) if !key.has_any() => format!("{who} the balance of `{}`", term(contract, key)),
        ("<balance>", _) => format!("{who} a balance that is not known before it runs"),
        ("<instance>", _) => format!("{who} the contract instance"),
        ("<root>" | "<state>", _) => format!("{who} the contract's state, which is stored as one"),
        _ => format!("{who} {cell}"),
    }
}

fn cell_name(contract: &Contract, cell: CellId) -> String {
    contract.cells.get(cell.0 as usize).map_or_else(|| "?".to_owned(), |cell| cell.name.clone())
}

/// `a.recipient`, `b.caller`; constants and what does not depend on the call go without.
fn side(contract: &Contract, call: &str, value: &Term) -> String {
    match value {
        Term::Const(value) => constant(value),
        Term::Env { name, .. } => name.clone(),
        Term::Load { .. } if super::compare::closed(value) => term(contract, value),
        _ => format!("{call}.{}", term(contract, value)),
    }
}

/// The terms that people think of in a term: the arguments of functions, not the functions.
fn parts(value: &Term) -> Vec<&Term> {
    match value {
        Term::Fn { of, .. } | Term::Coalesce(of) => {
            let open: Vec<&Term> = of.iter().flat_map(|one| parts(one)).collect();
            if open.is_empty() { vec![value] } else { open }
        }
        Term::Const(_) => Vec::new(),
        other => vec![other],
    }
}

/// A noun for a term, without an article.
fn noun(contract: &Contract, value: &Term) -> String {
    match value {
        Term::Caller => "sender".to_owned(),
        Term::Origin => "signer".to_owned(),
        Term::Arg(path) => path_noun(path),
        Term::Account(name) => format!("`{name}`"),
        Term::Env { name, .. } => name.replace(['.', '_'], " "),
        other => term(contract, other),
    }
}

/// `recipient`; `members[].addr` is `member's addr`.
fn path_noun(path: &[Step]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            // A number or the wrapper of an id says nothing to people.
            Step::Field(name) if name.bytes().all(|byte| byte.is_ascii_digit()) && !out.is_empty() => {}
            Step::Field(name) if out.is_empty() => out = name.clone(),
            // The last two parts are enough.
            Step::Field(name) => {
                let owner = out.rsplit_once("'s ").map_or(out.as_str(), |(_, last)| last);
                out = format!("{owner}'s {name}");
            }
            Step::Elem(_) | Step::MapKey => {
                if let Some(one) = out.strip_suffix('s').filter(|one| !one.is_empty() && !one.ends_with('s')) {
                    out = one.to_owned();
                } else {
                    out = format!("element of {out}");
                }
            }
            Step::Variant(_) | Step::Some => {}
        }
    }
    // Words that are no nouns stand as the names they are.
    if ["to", "from", "of", "at", "by", "on", "for", "with"].contains(&out.as_str()) || (out.len() < 3 && out != "id") {
        return format!("`{out}`");
    }
    out.replace('_', " ")
}

fn with_article(noun: &str) -> String {
    let first = noun.chars().next().unwrap_or(' ');
    if noun == "contract" || first == '`' || !first.is_lowercase() {
        // There is one, or it is a name.
        return if noun == "contract" { format!("the {noun}") } else { noun.to_owned() };
    }
    let article =
        if "aeiou".contains(first) && !noun.starts_with("user") && !noun.starts_with("un") { "an" } else { "a" };
    format!("{article} {noun}")
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(items: &[String], word: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} {word} {last}", rest.join(", ")),
    }
}

fn constant(value: &Const) -> String {
    match value {
        Const::Bool(value) => value.to_string(),
        Const::Int(value) => value.to_string(),
        Const::Str(value) => format!("{value:?}"),
        Const::Bytes(bytes) => format!("0x{}", crate::manifest::hex(bytes)),
        Const::Name(name) => name.clone(),
    }
}
