//! One self-contained HTML page: no network, no font, no image from elsewhere; styles and script are in it. Everything
//! that comes from a contract is escaped. Without the script the page still says everything but the conditions of pairs.

mod charts;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crosslane_analyzer::conflicts::{Class, First, Verdict, VerdictKind, words};
use crosslane_analyzer::diagnostics::{Finding, Level};
use crosslane_analyzer::hotspots::spelled;
use crosslane_analyzer::ir::{Callers, EntryKind, Span};

use crate::commands::simulate::Simulated;
use crate::output::visible;
use crate::session::{Judged, Unit, short};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// One contract of the page.
pub(crate) struct Part<'a> {
    /// The contract.
    pub(crate) judged: &'a Judged<'a>,
    /// Its findings.
    pub(crate) findings: Vec<&'a Finding>,
    /// Its simulation, where anybody but admins calls it.
    pub(crate) simulated: Option<Simulated<'a>>,
}

/// Text of a contract as text of a page: markup is escaped, what would change how other text is shown is made visible.
pub(crate) fn esc(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// JSON inside a script element: nothing in it can end the element.
fn script_json(value: &serde_json::Value) -> String {
    value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// The page.
pub(crate) fn page(parts: &[Part<'_>], command: &str) -> String {
    let title = match parts {
        [one] => format!("{}: what can run at the same time", one.judged.contract.name),
        _ => format!("{} contracts: what can run at the same time", parts.len()),
    };
    // Browsers ask for an icon unless there is one: an empty one, inside the page. The policy lets nothing else in.
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{}</h1>\n",
        esc(&title),
        esc(&title)
    );
    if parts.len() > 1 {
        index(parts, &mut out);
    }
    for (at, part) in parts.iter().enumerate() {
        contract(at, part, command, &mut out);
    }
    let _ = write!(out, "</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n");
    out
}

fn index(parts: &[Part<'_>], out: &mut String) {
    out.push_str("<nav aria-label=\"Contracts\"><ul>\n");
    for (at, part) in parts.iter().enumerate() {
        let _ = writeln!(
            out,
            "<li><a href=\"#c{at}\">{}</a> <span class=\"mute\">{}</span></li>",
            esc(&part.judged.contract.name),
            esc(&sentence(part.judged))
        );
    }
    out.push_str("</ul></nav>\n");
}

/// Entry points that anyone may call, and how many of them can run beside themselves.
fn side_by_side(judged: &Judged<'_>) -> (usize, usize) {
    let public = judged.verdicts.listed().iter().copied().filter(|&at| {
        let entry = &judged.contract.entries[at];
        entry.kind == EntryKind::Call && entry.callers == Callers::Anyone
    });
    let (mut all, mut good) = (0, 0);
    for at in public {
        all += 1;
        good += usize::from(matches!(judged.verdicts.class(at), Class::Parallel | Class::Sharded { .. }));
    }
    (good, all)
}

fn sentence(judged: &Judged<'_>) -> String {
    let (good, all) = side_by_side(judged);
    let verb = if judged.chain.parallel_today { "can" } else { "could" };
    format!("{good} of {all} public {}s {verb} run side by side", judged.contract.entry_noun)
}

fn contract(at: usize, part: &Part<'_>, command: &str, out: &mut String) {
    let judged = part.judged;
    let (contract, chain) = (judged.contract, judged.chain);
    let _ = writeln!(
        out,
        "<section id=\"c{at}\" aria-labelledby=\"h{at}\">\n<h2 id=\"h{at}\">{} <span class=\"mute\">{} {} · {}</span></h2>",
        esc(&contract.name),
        esc(&contract.package),
        esc(&contract.package_version),
        esc(&contract.framework_title)
    );
    let mut lead = format!("{}.", sentence(judged));
    if !chain.parallel_today {
        lead.push(' ');
        lead.push_str(&chain.today);
    }
    let _ = writeln!(out, "<p>{}</p>", esc(&lead));
    figures(part, out);
    entries(at, judged, out);
    matrix(at, judged, out);
    if let Some(simulated) = &part.simulated {
        charts::lanes(at, simulated, out);
        charts::room(simulated, out);
        hotspots(part, simulated, out);
    }
    findings(part, out);
    unknowns(judged, out);
    reproduce(part, command, out);
    out.push_str("</section>\n");
}

fn figures(part: &Part<'_>, out: &mut String) {
    let (good, all) = side_by_side(part.judged);
    let unknown = part.judged.contract.entries.iter().filter(|entry| !entry.unknowns.is_empty()).count();
    let chain = part.judged.chain;
    let _ = write!(
        out,
        "<ul class=\"figures\">\n<li><b>{good} of {all}</b>public {}s side by side</li>\n",
        esc(&part.judged.contract.entry_noun)
    );
    if let Some(simulated) = &part.simulated {
        let outcome = &simulated.outcome;
        let _ = match &outcome.room {
            Some(room) => writeln!(
                out,
                "<li><b>{}</b>calls a {}; {} is full first</li>",
                room.calls,
                esc(&chain.nouns.block),
                esc(&room.full)
            ),
            None => writeln!(
                out,
                "<li><b>{:.1}×</b>on {} {}, of at most {:.1}×</li>",
                outcome.speedup(),
                outcome.lanes,
                esc(&chain.nouns.workers),
                outcome.ceiling_at(outcome.lanes)
            ),
        };
    }
    let _ = writeln!(out, "<li><b>{unknown}</b>entry points with something unknown</li>\n</ul>");
}

fn entries(at: usize, judged: &Judged<'_>, out: &mut String) {
    let noun = esc(&judged.contract.entry_noun);
    let _ = writeln!(
        out,
        "<h3>Entry points</h3>\n<p class=\"filter\"><label>Filter <input type=\"search\" data-filters=\"t{at}\" data-count=\"n{at}\"></label> \
         <span class=\"mute\" id=\"n{at}\" role=\"status\"></span></p>\n<table class=\"rows\" id=\"t{at}\"><thead><tr><th scope=\"col\">{noun}</th>\
         <th scope=\"col\">two at the same time?</th><th scope=\"col\">who may call</th><th scope=\"col\">in the way of</th></tr></thead><tbody>"
    );
    let listed = judged.verdicts.listed();
    for &entry in listed {
        let own = judged.verdicts.pair(entry, entry);
        let it = &judged.contract.entries[entry];
        let class = match it.kind {
            EntryKind::View => "always".to_owned(),
            _ => words::class(judged.contract, judged.chain, it, judged.verdicts.class(entry), own),
        };
        let callers = match &it.callers {
            Callers::Anyone => "anyone".to_owned(),
            Callers::Some => "some only: by a check that is not understood".to_owned(),
            Callers::Role(place) => format!("those in {place} only"),
            Callers::Address(place) => format!("the address in {place} only"),
        };
        let others = listed
            .iter()
            .filter(|&&other| other != entry && judged.verdicts.pair(entry, other).kind != VerdictKind::Never)
            .count();
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\" class=\"mono\">{}</th><td>{}</td><td>{}</td><td>{others} others</td></tr>",
            esc(judged.name(entry)),
            esc(&class),
            esc(&callers)
        );
    }
    out.push_str("</tbody></table>\n");
}

/// Sign and class of a pair.
fn sign(verdict: &Verdict) -> (char, char) {
    let first = |order| !verdict.when.0.is_empty() && verdict.when.0.iter().all(|conj| conj.order == Some(order));
    match verdict.kind {
        VerdictKind::Never => ('·', 'n'),
        VerdictKind::Unknown => ('?', 'u'),
        _ if first(First::A) => ('→', 'o'),
        _ if first(First::B) => ('←', 'o'),
        VerdictKind::Always => ('■', 'a'),
        VerdictKind::When => ('◧', 'w'),
    }
}

fn matrix(at: usize, judged: &Judged<'_>, out: &mut String) {
    let traffic = |kind| matches!(kind, EntryKind::Call | EntryKind::Callback | EntryKind::System);
    let rows: Vec<usize> =
        judged.verdicts.listed().iter().copied().filter(|&at| traffic(judged.contract.entries[at].kind)).collect();
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<h3 id=\"m{at}\">Conflicts</h3>\n<p class=\"mute\">■ always · ◧ when keys meet · · never · ? not known · → ← only in this order. \
         Point at a field, or use the arrow keys in the table.</p>\n<div class=\"scroll\"><table class=\"grid\" tabindex=\"0\" \
         aria-labelledby=\"m{at}\" aria-describedby=\"d{at}\" data-texts=\"x{at}\" data-detail=\"d{at}\">\n<thead><tr><td></td>"
    );
    let names: Vec<&str> = rows.iter().map(|&entry| judged.name(entry)).collect();
    for name in &names {
        let _ = write!(out, "<th scope=\"col\">{}</th>", esc(name));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    // Each text once: contracts with hundreds of entry points say few different things.
    let mut texts: BTreeMap<String, usize> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    let mut pairs: Vec<Vec<usize>> = Vec::new();
    for (y, &a) in rows.iter().enumerate() {
        let mut line = Vec::new();
        for &b in &rows[y..] {
            let verdict = judged.verdicts.pair(a, b);
            let text = phrase(judged, verdict);
            let next = texts.len();
            let index = *texts.entry(text.clone()).or_insert(next);
            if index == next && order.len() == next {
                order.push(text);
            }
            line.push(index);
        }
        pairs.push(line);
        let _ = write!(out, "<tr><th scope=\"row\">{}</th>", esc(names[y]));
        for (x, &b) in rows.iter().enumerate() {
            if x < y {
                out.push_str("<td></td>");
                continue;
            }
            let (sign, class) = sign(judged.verdicts.pair(a, b));
            let _ = write!(out, "<td class=\"{class}\">{sign}</td>");
        }
        out.push_str("</tr>\n");
    }
    let clean: Vec<String> = order.iter().map(|text| visible(text).into_owned()).collect();
    let shown: Vec<String> = names.iter().map(|name| visible(name).into_owned()).collect();
    let data = serde_json::json!({ "names": shown, "texts": clean, "pairs": pairs });
    let _ = writeln!(
        out,
        "</tbody></table></div>\n<p class=\"detail\" id=\"d{at}\" aria-live=\"polite\"></p>\n\
         <script type=\"application/json\" id=\"x{at}\">{}</script>",
        script_json(&data)
    );
}

fn phrase(judged: &Judged<'_>, verdict: &Verdict) -> String {
    let cells: Vec<&str> = verdict.cells().into_iter().map(|id| judged.contract.cell(id).name.as_str()).collect();
    let on = if cells.is_empty() { String::new() } else { format!(" (on {})", cells.join(", ")) };
    match verdict.kind {
        VerdictKind::Never => "at the same time, always".to_owned(),
        VerdictKind::Always => format!("one after the other, always{on}"),
        VerdictKind::Unknown => "not known".to_owned(),
        VerdictKind::When => {
            format!("one after the other when {}{on}", words::condition(judged.contract, &verdict.when))
        }
    }
}

fn hotspots(part: &Part<'_>, simulated: &Simulated<'_>, out: &mut String) {
    if simulated.ranked.is_empty() {
        return;
    }
    out.push_str("<h3>Hotspots</h3>\n");
    let judged = part.judged;
    for ranked in &simulated.ranked {
        let through: Vec<String> = ranked
            .hot
            .entries
            .iter()
            .take(4)
            .map(|(name, share)| format!("{} {:.0} %", short(name), share * 100.0))
            .collect();
        let _ = writeln!(
            out,
            "<article><h4><code>{}</code> <span class=\"mute\">{:.0} % of the longest chain</span></h4>",
            esc(&spelled(&ranked.hot.name)),
            ranked.hot.share * 100.0
        );
        let cell = judged.contract.cells.iter().find(|cell| cell.name == ranked.hot.name.cell);
        if let Some(cell) = cell {
            excerpt(judged.unit, cell.span, out);
        }
        out.push_str("<dl>");
        row("through", &through.join(", "), out);
        let readers: Vec<&str> = ranked.readers.iter().map(|name| short(name)).collect();
        let who = if readers.is_empty() { "nobody".to_owned() } else { readers.join(", ") };
        row("read by", &who, out);
        for (cure, after) in &ranked.cures {
            let mut text = format!(
                "{} ({}): {:.1}× becomes {:.1}× on {} {}",
                cure.title,
                cure.upgrade,
                simulated.outcome.speedup(),
                after.speedup(),
                after.lanes,
                judged.chain.nouns.workers
            );
            if let Some(cost) = &cure.cost {
                let _ = write!(text, "; {cost}");
            }
            row("cure", &text, out);
        }
        if let Some(text) = &ranked.not_offered {
            row("not offered", text, out);
        }
        if let (Some(text), true) = (&ranked.inherent, ranked.cures.is_empty()) {
            row("no cure", &format!("{text}; if it is meant to be so, allow its finding with a reason"), out);
        }
        out.push_str("</dl></article>\n");
    }
}

fn row(head: &str, text: &str, out: &mut String) {
    let _ = write!(out, "<dt>{}</dt><dd>{}</dd>", esc(head), esc(text));
}

fn findings(part: &Part<'_>, out: &mut String) {
    if part.findings.is_empty() {
        return;
    }
    out.push_str("<h3>Findings</h3>\n");
    for finding in &part.findings {
        let class = if finding.level == Level::Deny { "level deny" } else { "level" };
        let _ = writeln!(
            out,
            "<article><h4><span class=\"{class}\">{} {}</span> {}</h4>",
            finding.level.word(),
            esc(finding.code),
            esc(&finding.message)
        );
        excerpt(part.judged.unit, finding.primary.span, out);
        out.push_str("<dl>");
        for note in &finding.notes {
            row(&note.kind.head(), &note.text, out);
        }
        if let Some(price) = &finding.price {
            row("price", &format!("{} ({})", price.text, price.source), out);
        }
        if let Some(fix) = &finding.fix {
            row(&fix.head(), &fix.title, out);
        }
        out.push_str("</dl></article>\n");
    }
}

/// The lines of a span with one line around, numbered; the span's own lines are marked.
fn excerpt(unit: &Unit, span: Span, out: &mut String) {
    let files = &unit.analysis.files;
    let (Some(place), Some(file)) = (files.locate(span), files.file(span.file)) else { return };
    let (first, last) = (place.line as usize, (place.end_line as usize).min(place.line as usize + 8));
    let _ =
        write!(out, "<p class=\"mono mute\">{}:{}</p><pre tabindex=\"0\">", esc(&unit.shown_path(&place)), place.line);
    for (at, line) in
        file.text.lines().enumerate().skip(first.saturating_sub(2)).take(last + 2 - first.saturating_sub(1))
    {
        let number = at + 1;
        // Minified or generated lines say nothing.
        let text: String = line.chars().take(200).collect();
        let text = esc(&text);
        let marked = (first..=last).contains(&number);
        let text = if marked { format!("<mark>{text}</mark>") } else { text };
        let _ = writeln!(out, "<span class=\"no\">{number:>5} </span>{text}");
    }
    out.push_str("</pre>\n");
}

fn unknowns(judged: &Judged<'_>, out: &mut String) {
    let contract = judged.contract;
    let all: Vec<_> =
        contract.entries.iter().flat_map(|entry| entry.unknowns.iter().map(move |unknown| (entry, unknown))).collect();
    if all.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<h3>What is not known</h3>\n<table class=\"rows\"><thead><tr><th scope=\"col\">in</th><th scope=\"col\">what</th>\
         <th scope=\"col\">why</th><th scope=\"col\">where</th></tr></thead><tbody>"
    );
    for (entry, unknown) in all.iter().take(200) {
        let place = judged.unit.analysis.files.locate(unknown.span);
        let place = place.map_or_else(String::new, |at| format!("{}:{}", judged.unit.shown_path(&at), at.line));
        let _ = writeln!(
            out,
            "<tr><td class=\"mono\">{}</td><td class=\"mono\">{}</td><td>{}</td><td class=\"mono\">{}</td></tr>",
            esc(short(&entry.name)),
            esc(&unknown.what),
            esc(unknown.reason.code()),
            esc(&place)
        );
    }
    out.push_str("</tbody></table>\n");
    if all.len() > 200 {
        let _ = writeln!(out, "<p class=\"mute\">and {} more</p>", all.len() - 200);
    }
}

fn reproduce(part: &Part<'_>, command: &str, out: &mut String) {
    let _ = write!(
        out,
        "<h3>How to reproduce</h3>\n<pre tabindex=\"0\">{}\ncrosslane {}, model {}",
        esc(command),
        env!("CARGO_PKG_VERSION"),
        esc(&part.judged.chain.id)
    );
    if let Some(simulated) = &part.simulated {
        let _ = write!(
            out,
            "\nworkload: {} calls, seed {}, {} {}",
            simulated.outcome.calls,
            simulated.setting.seed,
            simulated.outcome.lanes,
            esc(&part.judged.chain.nouns.workers)
        );
        out.push_str("</pre>\n<details><summary>Profile</summary><pre tabindex=\"0\">");
        out.push_str(&esc(&simulated.setting.profile.to_toml()));
        out.push_str("</pre></details>\n");
    } else {
        out.push_str("</pre>\n");
    }
}

#[cfg(test)]
mod tests;
