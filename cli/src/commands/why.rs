//! `why A B`: what two entry points meet on, where each touches it, by which calls, and when.

use std::fmt::Write as _;

use crosslane_analyzer::conflicts::{Condition, Meet, Site, VerdictKind, words};
use crosslane_analyzer::ir::{Access, Cell, Entry, Span, Type};

use super::Exit;
use crate::args::{Common, Format};
use crate::output;
use crate::session::{self, Judged};

/// Longest excerpt of a line.
const EXCERPT: usize = 64;

/// Flags of `why`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// First entry point: transfer, execute::transfer
    #[arg(value_name = "A")]
    a: String,
    /// Second entry point; the first one again when left out
    #[arg(value_name = "B")]
    b: Option<String>,
}

/// Runs `why`.
pub(crate) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let units = session::load(common)?;
    let all = session::judged(&units)?;
    let b = args.b.as_ref().unwrap_or(&args.a);
    // With several contracts, those that have both entry points are meant.
    let found: Vec<(&Judged<'_>, usize, usize)> =
        all.iter().filter_map(|it| Some((it, it.entry(&args.a).ok()?, it.entry(b).ok()?))).collect();
    if found.is_empty() {
        for judged in &all {
            judged.entry(&args.a)?;
            judged.entry(b)?;
        }
    }
    let mut text = String::new();
    for (at, (judged, a, b)) in found.into_iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        if common.message_format == Some(Format::Json) {
            text.push_str(&serde_json::to_string_pretty(&json(judged, a, b))?);
            text.push('\n');
        } else {
            explain(judged, a, b, &mut text);
        }
    }
    output::show(&text)?;
    Ok(Exit::Clean)
}

/// Meets on one cell (or pair of cells that share a unit), with all accesses of either side.
struct Group<'a> {
    cells: (Option<&'a Cell>, Option<&'a Cell>),
    a: Vec<Site>,
    b: Vec<Site>,
    when: Condition,
    unknown: bool,
}

fn groups<'a>(judged: &Judged<'a>, a: usize, b: usize, meets: &[Meet]) -> Vec<Group<'a>> {
    let mut keys = Vec::new();
    let mut groups: Vec<Group<'a>> = Vec::new();
    for meet in meets {
        let key = (meet.cell, meet.other, meet.unknown);
        let at = keys.iter().position(|known| *known == key).unwrap_or_else(|| {
            keys.push(key);
            let cell = |id: Option<_>| id.map(|id| judged.contract.cell(id));
            groups.push(Group {
                cells: (cell(meet.cell), cell(meet.other)),
                a: Vec::new(),
                b: Vec::new(),
                when: Condition::never(),
                unknown: meet.unknown,
            });
            groups.len() - 1
        });
        let group = &mut groups[at];
        for (sites, site) in [(&mut group.a, meet.a), (&mut group.b, meet.b)] {
            if !sites.contains(&site) {
                sites.push(site);
            }
        }
        group.when = std::mem::replace(&mut group.when, Condition::never()).or(meet.when.clone());
        group.when.simplify();
    }
    let span = |entry: usize, site: &Site| {
        let entry = &judged.contract.entries[entry];
        match *site {
            Site::Access(at) => entry.accesses.get(at).map(|it| it.span),
            Site::Account(at) => entry.accounts.as_ref().and_then(|accounts| accounts.get(at)).map(|it| it.span),
            Site::Unknown(at) => entry.unknowns.get(at).map(|it| it.span),
            Site::External(at) => entry.externals.get(at).map(|it| it.span),
            Site::Contract => None,
        }
    };
    for group in &mut groups {
        group.a.sort_by_key(|site| (span(a, site), *site));
        group.b.sort_by_key(|site| (span(b, site), *site));
    }
    groups
}

fn explain(judged: &Judged<'_>, a: usize, b: usize, out: &mut String) {
    let verdict = judged.verdicts.pair(a, b);
    let (name_a, name_b) = (judged.name(a), judged.name(b));
    let contract = judged.contract;
    let head = match verdict.kind {
        VerdictKind::Never => format!("{name_a} and {name_b} never conflict"),
        VerdictKind::Always => format!("{name_a} and {name_b} always conflict"),
        VerdictKind::When => format!("{name_a} and {name_b} conflict when keys meet"),
        VerdictKind::Unknown => format!("it is not known whether {name_a} and {name_b} conflict"),
    };
    let _ = write!(out, "{head} (chain model {}", judged.chain.id);
    if verdict.kind == VerdictKind::Never {
        let _ = writeln!(out, ": nothing that one of them writes is touched by the other)");
        return;
    }
    let _ = writeln!(out, ": the later one {})", verdict.outcome.as_str());
    for group in groups(judged, a, b, &verdict.meets) {
        let (entry_a, entry_b) = (&contract.entries[a], &contract.entries[b]);
        let _ = writeln!(out, "\n  {}", title(judged, a, b, &group));
        let width = name_a.chars().count().max(name_b.chars().count());
        for (name, entry, sites) in [(name_a, entry_a, &group.a), (name_b, entry_b, &group.b)] {
            for &site in sites {
                line(judged, name, width, entry, site, out);
            }
            // One entry point against itself: its accesses once.
            if a == b && group.a == group.b {
                break;
            }
        }
        if !group.unknown {
            let _ = writeln!(out, "  they meet {}", when(judged, &group.when));
        }
    }
    if !verdict.assumes.is_empty() {
        let _ = writeln!(out, "\n  assuming {}", verdict.assumes.join(", "));
    }
}

fn when(judged: &Judged<'_>, when: &Condition) -> String {
    if when.is_always() { "always".to_owned() } else { format!("when {}", words::condition(judged.contract, when)) }
}

/// `both rewrite BALANCES  (storage key "balance" + address)`.
fn title(judged: &Judged<'_>, a: usize, b: usize, group: &Group<'_>) -> String {
    let entries = &judged.contract.entries;
    let Some(cell) = group.cells.0.or(group.cells.1) else {
        let account = |entry: usize, sites: &[Site]| match sites.first() {
            Some(Site::Account(at)) => entries[entry].accounts.as_ref()?.get(*at).map(|account| account.name.clone()),
            _ => None,
        };
        return match (group.unknown, account(a, &group.a), account(b, &group.b)) {
            (true, ..) => "something that cannot be seen may meet".to_owned(),
            (_, Some(left), Some(right)) if left == right => format!("both lock `{left}`"),
            (_, Some(left), Some(right)) => {
                format!("`{left}` of one and `{right}` of the other may be the same account")
            }
            _ => format!("one call of a contract at a time on chain model {}", judged.chain.id),
        };
    };
    let verbs = |entry: usize, sites: &[Site]| {
        let mut verbs: Vec<&str> = accesses(&entries[entry], sites).map(|it| words::verb(it.mode)).collect();
        verbs.dedup();
        verbs.join(" and ")
    };
    let (left, right) = (verbs(a, &group.a), verbs(b, &group.b));
    let key = storage_key(cell);
    match group.cells.1 {
        Some(other) if other.name != cell.name => format!(
            "{} {left} {}, {} {right} {}; both lie in one {}{key}",
            judged.name(a),
            cell.name,
            judged.name(b),
            other.name,
            judged.chain.nouns.unit
        ),
        _ if left == right && !left.contains(' ') => format!("both {} {}{key}", plain(&left), cell.name),
        _ => format!("{} {left} {}, {} {right} it{key}", judged.name(a), cell.name, judged.name(b)),
    }
}

/// `rewrite` of `rewrites`.
fn plain(verb: &str) -> &str {
    match verb {
        "goes through" => "go through",
        "looks for" => "look for",
        "appends to" => "append to",
        "writes back" => "write back",
        _ => verb.strip_suffix('s').unwrap_or(verb),
    }
}

fn accesses<'e>(entry: &'e Entry, sites: &[Site]) -> impl Iterator<Item = &'e Access> {
    sites.iter().filter_map(|site| match site {
        Site::Access(at) => entry.accesses.get(*at),
        _ => None,
    })
}

/// `  (storage key "balance" + address)`; empty where the chain has no such thing.
fn storage_key(cell: &Cell) -> String {
    let Some(prefix) = &cell.storage.prefix else { return String::new() };
    let mut parts = vec![match std::str::from_utf8(prefix) {
        Ok(text) if text.chars().all(|c| !c.is_control()) => format!("{text:?}"),
        _ => format!("0x{}", prefix.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    }];
    parts.extend(cell.keys.iter().map(type_name));
    format!("  (storage key {})", parts.join(" + "))
}

/// A type, short.
pub(crate) fn type_name(ty: &Type) -> String {
    match ty {
        Type::Uint(bits) => format!("u{bits}"),
        Type::Int(bits) => format!("i{bits}"),
        Type::Bool => "bool".to_owned(),
        Type::Text => "text".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::Address(_) => "address".to_owned(),
        Type::Option(inner) => format!("optional {}", type_name(inner)),
        Type::List(inner) => format!("list of {}", type_name(inner)),
        Type::Map(key, value) => format!("map of {} to {}", type_name(key), type_name(value)),
        Type::Tuple(parts) => format!("({})", parts.iter().map(type_name).collect::<Vec<_>>().join(", ")),
        Type::Struct(name, _) | Type::Enum(name, _) | Type::Opaque(name) => name.clone(),
    }
}

fn line(judged: &Judged<'_>, name: &str, width: usize, entry: &Entry, site: Site, out: &mut String) {
    let contract = judged.contract;
    let (span, what, via): (Span, String, &[String]) = match site {
        Site::Access(at) => match entry.accesses.get(at) {
            Some(access) if access.implicit => {
                (access.span, format!("{} by itself", words::place(contract, access)), &access.via)
            }
            Some(access) => (access.span, words::place(contract, access), &access.via),
            None => return,
        },
        Site::Account(at) => match entry.accounts.as_ref().and_then(|accounts| accounts.get(at)) {
            Some(account) => (account.span, format!("locks `{}`", account.name), &[]),
            None => return,
        },
        Site::Unknown(at) => match entry.unknowns.get(at) {
            Some(unknown) => {
                (unknown.span, format!("unknown: {} ({})", unknown.what, unknown.reason.code()), &unknown.via)
            }
            None => return,
        },
        Site::External(at) => match entry.externals.get(at) {
            Some(external) => {
                (external.span, format!("calls out to `{}`", words::term(contract, &external.target)), &external.via)
            }
            None => return,
        },
        Site::Contract => return,
    };
    let files = &judged.unit.analysis.files;
    let place = files.locate(span).map(|at| format!("{}:{}", judged.unit.shown_path(&at), at.line));
    let _ = write!(out, "    {name:width$}  {}  {what}", place.unwrap_or_else(|| "(no line)".to_owned()));
    let excerpt = files.file(span.file).map(|file| excerpt(&file.text, span)).unwrap_or_default();
    if !excerpt.is_empty() {
        let _ = write!(out, "  {excerpt}");
    }
    out.push('\n');
    if via.len() > 1 {
        let _ = writeln!(out, "    {:width$}  by way of {}", "", via.join(" → "));
    }
}

/// The statement that a span is in, on one line: from the beginning of its line to where its parentheses close.
fn excerpt(text: &str, span: Span) -> String {
    let lo = (span.lo as usize).min(text.len());
    let start = text.get(..lo).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    let Some(rest) = text.get(start..) else { return String::new() };
    let (mut depth, mut end, mut lines) = (0_i32, rest.len(), 0);
    for (at, c) in rest.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            '\n' => lines += 1,
            _ => {}
        }
        let past = start + at >= span.hi as usize;
        // A block that opens behind the span belongs to something else.
        let over = depth < 0 || (depth <= 0 && (c == ';' || c == '\n')) || (c == '{' && depth <= 1) || lines > 12;
        if past && over {
            end = at;
            break;
        }
    }
    let flat = rest[..end].split_whitespace().collect::<Vec<_>>().join(" ");
    let flat = flat.replace(" .", ".").replace("( ", "(").replace(", )", ")").replace(" )", ")");
    if flat.chars().count() <= EXCERPT {
        return flat;
    }
    let cut: String = flat.chars().take(EXCERPT - 1).collect();
    format!("{}…", cut.trim_end())
}

fn json(judged: &Judged<'_>, a: usize, b: usize) -> serde_json::Value {
    let verdict = judged.verdicts.pair(a, b);
    let contract = judged.contract;
    let files = &judged.unit.analysis.files;
    let site = |entry: &Entry, site: Site| {
        let (span, what, via) = match site {
            Site::Access(at) => {
                entry.accesses.get(at).map(|it| (it.span, words::place(contract, it), it.via.clone()))?
            }
            Site::Unknown(at) => entry.unknowns.get(at).map(|it| (it.span, it.what.clone(), it.via.clone()))?,
            Site::External(at) => {
                entry.externals.get(at).map(|it| (it.span, words::term(contract, &it.target), it.via.clone()))?
            }
            Site::Account(at) => entry.accounts.as_ref()?.get(at).map(|it| (it.span, it.name.clone(), Vec::new()))?,
            Site::Contract => return None,
        };
        let place =
            files.locate(span).map(|at| serde_json::json!({ "file": &*at.file, "line": at.line, "column": at.column }));
        Some(serde_json::json!({ "what": what, "span": place, "via": via }))
    };
    let meets: Vec<serde_json::Value> = groups(judged, a, b, &verdict.meets)
        .iter()
        .map(|group| {
            let side = |entry: usize, sites: &[Site]| -> Vec<_> {
                sites.iter().filter_map(|&it| site(&contract.entries[entry], it)).collect()
            };
            serde_json::json!({
                "cell": group.cells.0.or(group.cells.1).map(|cell| &cell.name),
                "a": side(a, &group.a), "b": side(b, &group.b),
                "when": words::condition(contract, &group.when), "unknown": group.unknown
            })
        })
        .collect();
    serde_json::json!({
        "version": 1, "contract": contract.name, "model": judged.chain.id, "scope": judged.verdicts.scope.as_str(),
        "a": contract.entries[a].name, "b": contract.entries[b].name,
        "verdict": kind(verdict.kind), "when": words::condition(contract, &verdict.when),
        "outcome": verdict.outcome.as_str(), "meets": meets
    })
}

/// The word of a verdict in JSON.
pub(crate) fn kind(kind: VerdictKind) -> &'static str {
    match kind {
        VerdictKind::Never => "never",
        VerdictKind::When => "when",
        VerdictKind::Always => "always",
        VerdictKind::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_pairs() {
        let unit = crate::testing::token();
        let judged = session::judged(std::slice::from_ref(&unit)).unwrap();
        let judged = &judged[0];
        let mut out = String::new();
        for (a, b) in [("transfer", "transfer"), ("transfer", "mint"), ("burn", "mint"), ("balance", "transfer")] {
            explain(judged, judged.entry(a).unwrap(), judged.entry(b).unwrap(), &mut out);
            out.push('\n');
        }
        insta::assert_snapshot!("pairs", out);
    }

    #[test]
    fn names_that_are_not_there() {
        let unit = crate::testing::token();
        let judged = session::judged(std::slice::from_ref(&unit)).unwrap();
        let error = judged[0].entry("tranfser").unwrap_err().to_string();
        assert!(error.contains("did you mean `transfer`?"), "{error}");
        assert!(judged[0].entry("zzz").unwrap_err().to_string().contains("entry points: "));
    }

    #[test]
    fn excerpts_are_one_line() {
        let of = |text: &str, part: &str| {
            let lo = text.find(part).unwrap() as u32;
            excerpt(text, Span { lo, hi: lo + part.len() as u32, ..Span::NONE })
        };
        let text = "fn f() {\n    BALANCES.update(\n        deps.storage,\n        |x: u8| -> R { Ok(x) },\n    )?;\n    done()\n}\n";
        assert_eq!(of(text, "update"), "BALANCES.update(deps.storage, |x: u8| -> R { Ok(x) })?");
        assert_eq!(of(text, "done"), "done()");
        assert_eq!(of("match A.load(s)? {\n  X => 1,\n}", "load"), "match A.load(s)?");
        assert_eq!(of(&format!("f({});", "x".repeat(80)), "f").chars().count(), EXCERPT);
        assert_eq!(excerpt("é", Span { lo: 1, hi: 900, ..Span::NONE }), "é");
    }
}
