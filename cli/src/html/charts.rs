//! The pictures of the page: lanes over time, and room in a block before and after each cure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::esc;
use crate::commands::simulate::Simulated;
use crate::session::short;

/// Calls that a chart shows; more are too small to see.
const SHOWN: usize = 400;
/// Lanes that a chart shows.
const LANES: u32 = 32;
/// Colours of entry points; the last stands for all others.
const COLOURS: usize = 8;

/// The lanes of the first calls of the simulated batch, those of the longest chain outlined.
pub(super) fn lanes(at: usize, simulated: &Simulated<'_>, out: &mut String) {
    const WIDTH: f64 = 960.0;
    const ROW: u32 = 18;
    let outcome = &simulated.outcome;
    let mut placed: Vec<_> = outcome.placed.iter().filter(|call| call.lane < LANES).collect();
    placed.sort_by_key(|call| (call.start, call.lane));
    placed.truncate(SHOWN);
    let Some(end) = placed.iter().map(|call| call.end).max().filter(|&end| end > 0) else { return };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for call in &placed {
        *counts.entry(call.entry.as_str()).or_default() += 1;
    }
    let mut names: Vec<(&str, usize)> = counts.into_iter().collect();
    names.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let colour = |entry: &str| names.iter().position(|(name, _)| *name == entry).unwrap_or(0).min(COLOURS - 1);
    let rows = outcome.lanes.min(LANES);
    let height = rows * ROW + 24;
    let workers = &simulated.judged.chain.nouns.workers;
    let _ = writeln!(
        out,
        "<h3>The simulated batch on {} {}</h3>\n<p class=\"mute\">The first {} of {} calls; outlined: the longest chain. Time runs to the right, \
         {end} in all.</p>\n<div class=\"scroll\"><svg role=\"img\" aria-labelledby=\"l{at}\" width=\"{}\" height=\"{height}\" \
         viewBox=\"0 0 {} {height}\"><title id=\"l{at}\">{} calls on {} {}, {:.0} % of the work one after the other</title>",
        outcome.lanes,
        esc(workers),
        placed.len(),
        outcome.calls,
        WIDTH + 50.0,
        WIDTH + 50.0,
        placed.len(),
        outcome.lanes,
        esc(workers),
        outcome.serial_share() * 100.0
    );
    for lane in 0..rows {
        let _ = writeln!(out, "<text x=\"0\" y=\"{}\">{}</text>", lane * ROW + 13, lane + 1);
    }
    for call in &placed {
        let x = 30.0 + call.start as f64 / end as f64 * WIDTH;
        let width = ((call.end - call.start) as f64 / end as f64 * WIDTH - 0.5).max(1.0);
        let _ = writeln!(
            out,
            "<rect class=\"e{}{}\" x=\"{x:.1}\" y=\"{}\" width=\"{width:.1}\" height=\"{}\"><title>{}</title></rect>",
            colour(&call.entry),
            if call.critical { " crit" } else { "" },
            call.lane * ROW + 2,
            ROW - 4,
            esc(short(&call.entry))
        );
    }
    out.push_str("</svg></div>\n<p class=\"keys\">");
    for (at, (name, _)) in names.iter().enumerate().take(COLOURS) {
        let text = if at == COLOURS - 1 && names.len() > COLOURS { "others" } else { short(name) };
        let _ = write!(out, "<span class=\"item\"><span class=\"key e{at}\"></span>{}</span>", esc(text));
    }
    out.push_str("</p>\n");
}

/// What a block holds today and after each cure; where no costs are known, the factor over one call at a time.
pub(super) fn room(simulated: &Simulated<'_>, out: &mut String) {
    let (outcome, chain) = (&simulated.outcome, simulated.judged.chain);
    let by_block = outcome.room.is_some();
    let value = |of: &crosslane_analyzer::hotspots::Outcome| match &of.room {
        Some(room) => room.calls as f64,
        None if by_block => of.calls as f64,
        None => of.speedup(),
    };
    let mut bars: Vec<(String, f64)> = vec![("today".to_owned(), value(outcome))];
    for ranked in &simulated.ranked {
        for (cure, after) in &ranked.cures {
            bars.push((cure.title.clone(), value(after)));
        }
    }
    let most = bars.iter().map(|bar| bar.1).fold(1.0, f64::max);
    let what = match by_block {
        true => format!("Calls a {}", chain.nouns.block),
        false => format!("Times faster than one call at a time, on {} {}", outcome.lanes, chain.nouns.workers),
    };
    let _ = writeln!(out, "<h3>{}</h3>\n<div class=\"bars\">", esc(&what));
    for (at, (title, value)) in bars.iter().enumerate() {
        let shown = if by_block { format!("{value:.0}") } else { format!("{value:.2}×") };
        let class = if at == 0 { "bar now" } else { "bar" };
        let _ = writeln!(
            out,
            "<span>{}</span><span><span class=\"{class}\" style=\"width:{:.1}%\"></span> {shown}</span>",
            esc(title),
            value / most * 80.0
        );
    }
    out.push_str("</div>\n");
    if let Some(limit) = outcome.room.as_ref().and_then(|room| room.limit.as_ref()) {
        let text = format!("{} {} ({}, {})", limit.value, limit.text, limit.source, limit.date);
        let _ = writeln!(out, "<p class=\"mute\">Limit: {}</p>", esc(&text));
    }
}
