//! `check`, the default: the entry points and what holds them back, then findings.

use crosslane_analyzer::diagnostics::{self, Level};
use crosslane_analyzer::lints;

use super::{Exit, baseline};
use crate::args::{Common, Format};
use crate::emit::{self, Report, UnitReport};
use crate::session::{self, Caches, Unit};
use crate::{fix, gate, kept, output};

/// Runs `check`.
pub(crate) fn run(common: &Common) -> anyhow::Result<Exit> {
    let mut units = session::find(common)?;
    let Some(place) = kept::place(common, &units) else {
        session::analyse_all(&mut units, common, None)?;
        return told(&units, common);
    };
    if let Some(exit) = kept::show(&place, &units)? {
        return Ok(exit);
    }
    let (exit, printed) = output::taped(|| {
        session::analyse_all(&mut units, common, None)?;
        told(&units, common)
    });
    let exit = exit?;
    kept::keep(&place, &units, printed, exit);
    Ok(exit)
}

/// Runs `check` as `watch` does, with what earlier runs left.
pub(crate) fn run_again(common: &Common, caches: &mut Caches) -> anyhow::Result<Exit> {
    let mut units = session::find(common)?;
    session::analyse_all(&mut units, common, Some(caches))?;
    told(&units, common)
}

fn told(units: &[Unit], common: &Common) -> anyhow::Result<Exit> {
    let mut report = Report { units: Vec::new() };
    for unit in units {
        report.units.push(examine(unit, common)?);
    }
    if common.analysis.fix {
        fix::run(&report, common)?;
    }
    let mut inner = Exit::Clean;
    match common.message_format.unwrap_or_default() {
        Format::Human => human(&report, common)?,
        Format::Short => {
            for unit in &report.units {
                output::tell(&emit::short::render(unit))?;
            }
        }
        Format::Json => output::show(&emit::json::render(&report)?)?,
        Format::CargoJson => {
            inner = inner_checker(common)?;
            for unit in &report.units {
                output::show(&emit::cargo_json::render(unit))?;
            }
        }
        Format::Sarif => output::show(&emit::sarif::render(&report)?)?,
        Format::Github => {
            for unit in &report.units {
                output::show(&emit::github::render(unit))?;
            }
        }
    }
    Ok(inner.max(if report.count(Level::Deny) > 0 { Exit::Findings } else { Exit::Clean }))
}

/// Runs the command of `--with` and passes its lines on: an editor has one check command and shows both. That it finds
/// something is its own business; that it cannot be run is told.
fn inner_checker(common: &Common) -> anyhow::Result<Exit> {
    let Some(text) = &common.with else { return Ok(Exit::Clean) };
    let mut words = text.split_whitespace();
    let Some(program) = words.next() else { return Ok(Exit::Clean) };
    let mut args: Vec<&str> = words.collect();
    // cargo's lines are wanted, whatever was written.
    if program == "cargo" && !args.iter().any(|arg| arg.starts_with("--message-format")) {
        args.push("--message-format=json");
    }
    match std::process::Command::new(program).args(args).stderr(std::process::Stdio::inherit()).output() {
        Ok(output) => {
            output::show(&String::from_utf8_lossy(&output.stdout))?;
            Ok(if output.status.success() { Exit::Clean } else { Exit::Findings })
        }
        Err(error) => {
            output::error(&anyhow::anyhow!("cannot run `{program}`: {error}"));
            Ok(Exit::Failed)
        }
    }
}

/// Findings of a package after levels, expectations and the baseline.
pub(crate) fn examine<'a>(unit: &'a Unit, common: &Common) -> anyhow::Result<UnitReport<'a>> {
    let options = lints::LintOptions {
        chain: unit.config.chain.clone(),
        levels: unit.config.levels.clone(),
        ..lints::LintOptions::default()
    };
    let mut findings = lints::run(&unit.analysis, &options);
    crate::price::add(unit, &mut findings)?;
    findings.extend(gate::findings(unit)?);
    if common.analysis.deny.iter().any(|name| name == "warnings") {
        for finding in findings.iter_mut().filter(|finding| finding.level == Level::Warn) {
            finding.level = Level::Deny;
        }
    }
    let (mut hidden, mut stale) = (0, Vec::new());
    if let Some(path) = &unit.config.baseline {
        let known = baseline::load(path)?;
        (findings, hidden, stale) = known.apply(unit, findings);
    }
    let (findings, folds) = if common.all { (findings, Vec::new()) } else { diagnostics::fold(findings) };
    Ok(UnitReport { unit, findings, folds, hidden, stale })
}

fn human(report: &Report<'_>, common: &Common) -> anyhow::Result<()> {
    for unit in &report.units {
        if !common.quiet {
            output::show(&emit::overview::render(unit.unit, common.all)?)?;
        }
        let mut text = String::new();
        for problem in &unit.unit.analysis.problems {
            text.push_str(&emit::human::problem(unit.unit, &problem.message, problem.span));
        }
        for finding in &unit.findings {
            if common.quiet && finding.level < Level::Deny {
                continue;
            }
            text.push_str(&emit::human::finding(unit.unit, finding));
        }
        for fold in unit.folds.iter().filter(|_| !common.quiet) {
            text.push_str(&format!("{}: {} (--all shows them)\n", fold.contract, fold.text));
        }
        output::tell(&text)?;
        if !common.quiet {
            output::show(&emit::overview::summary(unit)?)?;
        }
    }
    Ok(())
}
