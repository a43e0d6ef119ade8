//! What lints about account parameters share: parameters by declaration, written accounts that are the same in every
//! call, who else uses them, the chain's budget for one account.

use super::facts::{Cx, fixed};
use super::say::plural;
use super::words::grouped;
use crate::ir::{AccountParam, Reach, Span, Term, Written};

/// One declaration of an account and where it is used: entry point and index in its accounts.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// The declaration.
    pub(crate) span: Span,
    /// Entry points and positions.
    pub(crate) places: Vec<(usize, usize)>,
}

/// A written account that is the same in every call.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    /// Which one.
    pub(crate) identity: Term,
    /// Public entry points that write it, and positions.
    pub(crate) places: Vec<(usize, usize)>,
}

impl Held {
    /// The entry points.
    pub(crate) fn entries(&self) -> Vec<usize> {
        entries(&self.places)
    }
}

impl Shared {
    /// The entry points.
    pub(crate) fn entries(&self) -> Vec<usize> {
        entries(&self.places)
    }
}

fn entries(places: &[(usize, usize)]) -> Vec<usize> {
    let mut all: Vec<usize> = places.iter().map(|(entry, _)| *entry).collect();
    all.dedup();
    all
}

/// The account of a place.
pub(crate) fn of<'a>(cx: &Cx<'a>, entry: usize, at: usize) -> &'a AccountParam {
    // A place is only made from an entry point that has accounts.
    static NOBODY: AccountParam = AccountParam {
        name: String::new(),
        writable: false,
        signer: false,
        optional: false,
        identity: Term::Any,
        written: Written::Unknown,
        why: Vec::new(),
        span: Span::NONE,
    };
    cx.entry(entry).accounts.as_ref().and_then(|all| all.get(at)).unwrap_or(&NOBODY)
}

/// True when an attribute before an account's declaration has a constraint of this name.
pub(crate) fn says(cx: &Cx<'_>, account: &AccountParam, wanted: &str) -> bool {
    constraints(cx.files.text(account.span)).any(|name| name == wanted)
}

/// The names that the constraints of a declaration begin with: of `#[account(init, token::mint = m)]`, `init` and `token`.
fn constraints(text: &str) -> impl Iterator<Item = &str> {
    let (mut depth, mut before) = (0u32, "");
    // In the parentheses of `#[account(..)]`; right after they open, or after a comma that is in no others.
    let (mut inside, mut begins) = (false, false);
    tokens(text).filter(move |token| {
        let last = std::mem::replace(&mut before, token);
        let head = std::mem::take(&mut begins);
        match *token {
            "(" | "[" | "{" => {
                depth += 1;
                if depth == 2 && last == "account" {
                    (inside, begins) = (true, true);
                }
            }
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                inside &= depth >= 2;
            }
            "," => begins = inside && depth == 2,
            _ => return head,
        }
        false
    })
}

/// Words, text literals and single signs of a piece of source, without comments.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start();
            let first = rest.chars().next()?;
            let comment = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |at| at + 2)
            } else {
                0
            };
            if comment > 0 {
                rest = &rest[comment..];
                continue;
            }
            let word = |text: &str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
            let length = match word(rest) {
                0 if first == '"' => quoted(rest, '"'),
                // A character, or the name of a lifetime.
                0 if first == '\'' && rest[1..].chars().nth(1) == Some('\'') => quoted(rest, '\''),
                0 if rest.starts_with("'\\") => quoted(rest, '\''),
                0 => first.len_utf8(),
                length => length,
            };
            let token = &rest[..length];
            rest = &rest[length..];
            return Some(token);
        }
    })
}

/// Length of a literal between these signs that the text begins with.
fn quoted(text: &str, sign: char) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == sign && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + sign.len_utf8())
}

/// True when a word stands in a text by itself.
pub(crate) fn has_word(text: &str, wanted: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == wanted)
}

/// Account parameters of all messages, one for each declaration that stands in the source.
pub(crate) fn by_declaration(cx: &Cx<'_>) -> Vec<Held> {
    let mut found: Vec<Held> = Vec::new();
    for (entry, value) in cx.contract.entries.iter().enumerate() {
        for (at, account) in value.accounts.iter().flatten().enumerate() {
            if account.span.is_none() {
                continue;
            }
            match found.iter_mut().find(|held| held.span == account.span) {
                Some(held) => held.places.push((entry, at)),
                None => found.push(Held { span: account.span, places: vec![(entry, at)] }),
            }
        }
    }
    found
}

/// True when nothing in an entry point is unknown beyond single cells.
pub(crate) fn seen(cx: &Cx<'_>, entry: usize) -> bool {
    cx.entry(entry).unknowns.iter().all(|unknown| matches!(unknown.reach, Reach::Cell(_)))
}

/// Accounts that public entry points write and that are the same in every call.
pub(crate) fn shared_writes(cx: &Cx<'_>) -> Vec<Shared> {
    let mut found: Vec<Shared> = Vec::new();
    for &entry in &cx.public {
        for (at, account) in cx.entry(entry).accounts.iter().flatten().enumerate() {
            if account.written != Written::Yes || !account.writable || !same_everywhere(&account.identity) {
                continue;
            }
            // What a call creates it creates once: the next one fails, or finds it there and, unless its code writes it, leaves it.
            let only_made = || account.why.iter().all(|span| *span == account.span);
            if says(cx, account, "init") || (says(cx, account, "init_if_needed") && only_made()) {
                continue;
            }
            match found.iter_mut().find(|shared| shared.identity == account.identity) {
                Some(shared) => shared.places.push((entry, at)),
                None => found.push(Shared { identity: account.identity.clone(), places: vec![(entry, at)] }),
            }
        }
    }
    found
}

/// True when an address is one and the same in every call: derived from constants, or one stored address.
fn same_everywhere(identity: &Term) -> bool {
    match identity {
        Term::Load { key, .. } => key.iter().all(fixed),
        term => fixed(term),
    }
}

/// "there is one `state`, so this instruction and the 36 others that use it wait for each other", if it is one.
pub(crate) fn sharing(cx: &Cx<'_>, held: &Held) -> Option<String> {
    let (entry, at) = held.places[0];
    let account = of(cx, entry, at);
    if !same_everywhere(&account.identity) {
        return None;
    }
    let mut others = 0;
    for &other in &cx.calls {
        if held.places.iter().any(|(entry, _)| *entry == other) {
            continue;
        }
        others += usize::from(cx.entry(other).accounts.iter().flatten().any(|a| a.identity == account.identity));
    }
    let entry = &cx.words.entry;
    let clash = &cx.words.clash;
    Some(match others {
        0 => format!("there is one `{}`, so calls of this {entry} {clash}", account.name),
        1 => format!("there is one `{}`, so this {entry} and the other one that uses it {clash}", account.name),
        n => format!(
            "there is one `{}`, so this {entry} and the {n} other {} that use it {clash}",
            account.name,
            plural(entry, n)
        ),
    })
}

/// "every call also books its compute units on it (24,000,000 a block, source)", where one unit has a limit.
pub(crate) fn budget(cx: &Cx<'_>) -> Option<String> {
    let limit = cx.words.unit_limit()?;
    Some(format!(
        "every call books its {} on it ({} a {}, {} {})",
        cx.words.cost,
        grouped(limit.value),
        cx.words.block,
        limit.source.split([',', ';']).next().unwrap_or(""),
        limit.date
    ))
}

#[cfg(test)]
mod tests {
    use super::constraints;

    #[test]
    fn a_constraint_is_named_by_its_first_word() {
        let of = |text| constraints(text).collect::<Vec<_>>();
        assert_eq!(of("pub a: Account<'info, init>"), [""; 0]);
        assert_eq!(of("#[account(init, payer = user)] pub a: Account<'info, A>"), ["init", "payer"]);
        let text = r#"
            /// init, has_one
            #[cfg(feature = "a, init")]
            #[account(
                mut, // , init
                seeds = [b"init", b"a \" , init", &[b',', b'\'', 0], name('a, 1).as_ref()], /* , init */ bump,
                has_one = owner @ Wrong::Init,
                token::mint = mint,
                constraint = a(b, init) && c == [d, init],
            )]
            pub a: Account<'info, A>"#;
        assert_eq!(of(text), ["mut", "seeds", "bump", "has_one", "token", "constraint"]);
    }
}
