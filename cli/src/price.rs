//! What the cure of a finding yields, by simulation: the same batch before and after it, on the chain's own workers and
//! limits. Chains that run one call at a time have no such price.

use crosslane_analyzer::diagnostics::{Finding, Level, Price};
use crosslane_analyzer::hotspots::{Outcome, Setting, of_finding};
use crosslane_analyzer::schedule::Scope;
use crosslane_analyzer::workload::Profile;

use crate::session::{self, Unit};

/// Calls of the batch. Enough to tell factors apart; blocks need as many as they hold.
const CALLS: usize = 1_000;

/// Adds a price to findings whose cure a schedule can show.
pub(crate) fn add(unit: &Unit, findings: &mut [Finding]) -> anyhow::Result<()> {
    let mut manifest = None;
    for contract in &unit.analysis.contracts {
        let shown = |finding: &Finding| finding.contract == contract.name && finding.level > Level::Allow;
        if !findings.iter().any(|finding| shown(finding) && finding.aside.is_none() && finding.cell.is_some()) {
            continue;
        }
        let chain = session::chain(&unit.config, contract)?;
        if chain.workers.is_none() {
            continue;
        }
        let manifest = manifest.get_or_insert_with(|| session::manifest(&[unit]));
        let Some(wire) = manifest.contracts.iter().find(|wire| wire.name == contract.name) else { continue };
        let mut setting = Setting {
            contract: wire,
            chain,
            scope: Scope::Own,
            lanes: None,
            calls: CALLS,
            profile: Profile::of(wire),
            costs: unit.costs.clone(),
            seed: 1,
        };
        let mut before: Option<Outcome> = None;
        for finding in
            findings.iter_mut().filter(|finding| finding.contract == contract.name && finding.aside.is_none())
        {
            let Some(change) = of_finding(wire, finding.code, finding.cell.as_deref(), &finding.entries) else {
                continue;
            };
            if before.is_none() {
                before = first(&mut setting);
            }
            // A contract that cannot be simulated has findings without prices, not no findings.
            let (Some(before), Ok(after)) = (&before, setting.what_if(&change)) else { break };
            finding.price = price(&setting, before, &after);
        }
    }
    Ok(())
}

/// The batch as it is; with costs it is made as long as a block can hold.
fn first(setting: &mut Setting<'_>) -> Option<Outcome> {
    if setting.profile.entries.is_empty() {
        return None;
    }
    let mut found = setting.run().ok()?;
    while setting.priced() && found.room.is_none() && setting.calls < 64 * CALLS {
        setting.calls *= 4;
        found = setting.run().ok()?;
    }
    Some(found)
}

fn price(setting: &Setting<'_>, before: &Outcome, after: &Outcome) -> Option<Price> {
    let (nouns, lanes) = (&setting.chain.nouns, before.lanes);
    let helps = after.makespan < before.makespan || after.critical < before.critical;
    let mut text = match (&before.room, helps) {
        (_, false) => return None,
        (Some(room), true) => {
            let after = after
                .room
                .as_ref()
                .map_or_else(|| format!("more than {}", setting.calls), |room| room.calls.to_string());
            format!("{} calls a {} become {after}", room.calls, nouns.block)
        }
        (None, true) => format!(
            "of {} public calls {:.0} % must run one after the other, after the fix {:.0} %: {:.1}× becomes {:.1}× on {lanes} {}",
            before.calls,
            before.serial_share() * 100.0,
            after.serial_share() * 100.0,
            before.speedup(),
            after.speedup(),
            nouns.workers
        ),
    };
    if let Some(limit) = before.room.as_ref().and_then(|room| room.limit.as_ref()) {
        text.push_str(&format!(" ({} {})", limit.value, limit.text));
    }
    Some(Price { text, source: "`cargo crosslane simulate`, every public call equally often, seed 1".to_owned() })
}
