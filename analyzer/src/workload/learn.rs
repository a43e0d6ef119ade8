//! A profile read off a recorded batch, and a forecast of the units that will be hot next. One pass, bounded memory:
//! values are counted by their hashes, up to a limit beyond which they only count as more values.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::profile::{Dist, EntryProfile, PROFILE_VERSION, Profile};
use crate::costs::Distribution;
use crate::manifest::v1::Contract;
use crate::schedule::{Batch, READ, text_hash};

/// Different values of one argument that are told apart.
const VALUES: usize = 1 << 16;
/// So few different values are listed instead of counted.
const LISTED: usize = 8;
/// Longest value that is listed.
const SHORT: usize = 80;

/// Reads calls of one contract.
#[derive(Clone, Debug)]
pub struct Learner<'a> {
    contract: &'a Contract,
    calls: u64,
    entries: BTreeMap<String, Seen>,
    senders: Values,
    foreign: BTreeMap<String, u64>,
}

/// What was read.
#[derive(Clone, Debug)]
pub struct Learned {
    /// The profile.
    pub profile: Profile,
    /// Calls of the contract.
    pub calls: u64,
    /// Calls of entry points that it does not have, or of other contracts.
    pub foreign: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Default)]
struct Seen {
    calls: u64,
    costs: Distribution,
    args: BTreeMap<String, Values>,
    accounts: BTreeMap<String, Values>,
}

#[derive(Clone, Debug, Default)]
struct Values {
    counts: HashMap<u64, u64>,
    listed: Vec<Value>,
    beyond: u64,
}

impl Values {
    fn add(&mut self, value: &Value) {
        let text = value.to_string();
        let hash = text_hash(&text);
        if let Some(count) = self.counts.get_mut(&hash) {
            *count += 1;
        } else if self.counts.len() < VALUES {
            self.counts.insert(hash, 1);
            if self.listed.len() <= LISTED && text.len() <= SHORT {
                self.listed.push(value.clone());
            }
        } else {
            self.beyond += 1;
        }
    }

    fn dist(&self) -> Dist {
        let mut counts: Vec<u64> = self.counts.values().copied().collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let total: u64 = counts.iter().sum::<u64>() + self.beyond;
        let few = self.beyond == 0 && counts.len() <= LISTED && self.listed.len() == counts.len();
        if few && total >= 20 {
            let weight = |value: &Value| self.counts.get(&text_hash(&value.to_string())).copied();
            let weights = self.listed.iter().map(|value| weight(value).unwrap_or(0) as f64).collect();
            return Dist { choice: self.listed.clone(), weights, ..Dist::default() };
        }
        let values = (counts.len() as u64 + self.beyond).max(1);
        Dist { values: Some(values), skew: skew(&counts), ..Dist::default() }
    }
}

/// The exponent of Zipf's law that fits counts in descending order: least squares on logarithms of the first hundred
/// ranks, two digits, between 0 and 3.
fn skew(counts: &[u64]) -> f64 {
    let top: Vec<(f64, f64)> =
        counts.iter().take(100).enumerate().map(|(at, &count)| (((at + 1) as f64).ln(), (count as f64).ln())).collect();
    if top.len() < 3 {
        return 0.0;
    }
    let n = top.len() as f64;
    let (mx, my) = (top.iter().map(|p| p.0).sum::<f64>() / n, top.iter().map(|p| p.1).sum::<f64>() / n);
    let above: f64 = top.iter().map(|p| (p.0 - mx) * (p.1 - my)).sum();
    let below: f64 = top.iter().map(|p| (p.0 - mx) * (p.0 - mx)).sum();
    let slope = if below > 0.0 { -above / below } else { 0.0 };
    (slope.clamp(0.0, 3.0) * 100.0).round() / 100.0
}

impl<'a> Learner<'a> {
    /// Nothing read yet.
    pub fn new(contract: &'a Contract) -> Learner<'a> {
        Learner { contract, calls: 0, entries: BTreeMap::new(), senders: Values::default(), foreign: BTreeMap::new() }
    }

    /// Reads one line of a batch.
    ///
    /// # Errors
    /// When it is no call.
    pub fn line(&mut self, line: &str) -> Result<(), String> {
        let call: Value = serde_json::from_str(line)
            .map_err(|error| format!("this is no JSON object of a call, such as `import` writes ({error})"))?;
        let Some(entry) = call["entry"].as_str() else { return Err("`entry` is missing".to_owned()) };
        let other = call["contract"].as_str().is_some_and(|name| name != self.contract.name);
        let known = self.contract.entries.iter().any(|known| known.name == entry);
        if other || !known {
            // Names of a log of another program must not fill the memory.
            let name = if self.foreign.len() < 1_000 || self.foreign.contains_key(entry) { entry } else { "others" };
            *self.foreign.entry(name.to_owned()).or_default() += 1;
            return Ok(());
        }
        self.calls += 1;
        if !call["caller"].is_null() {
            self.senders.add(&call["caller"]);
        }
        let seen = self.entries.entry(entry.to_owned()).or_default();
        seen.calls += 1;
        if let Some(cost) = call["cost"].as_u64() {
            seen.costs.add(cost);
        }
        let spec = self.contract.entries.iter().find(|known| known.name == entry);
        for (name, value) in call["args"].as_object().into_iter().flatten() {
            if spec.is_some_and(|spec| spec.params.iter().any(|param| param.name == *name)) {
                seen.args.entry(name.clone()).or_default().add(value);
            }
        }
        for (name, value) in call["accounts"].as_object().into_iter().flatten() {
            let known =
                |spec: &crate::manifest::v1::Entry| spec.accounts.iter().flatten().any(|account| account.name == *name);
            if spec.is_some_and(known) {
                let address = value.get("address").unwrap_or(value);
                seen.accounts.entry(name.clone()).or_default().add(address);
            }
        }
        Ok(())
    }

    /// What was read; no profile without a call.
    pub fn finish(self) -> Option<Learned> {
        if self.calls == 0 {
            return None;
        }
        let dists = |all: &BTreeMap<String, Values>| all.iter().map(|(name, all)| (name.clone(), all.dist())).collect();
        let entries = self.entries.iter().map(|(name, seen)| {
            let cost = (!seen.costs.is_empty()).then(|| seen.costs.mean());
            let own = EntryProfile {
                weight: seen.calls as f64,
                cost,
                args: dists(&seen.args),
                accounts: dists(&seen.accounts),
            };
            (name.clone(), own)
        });
        let senders = Dist { choice: Vec::new(), weights: Vec::new(), ..self.senders.numbers() };
        let profile = Profile {
            version: PROFILE_VERSION,
            contract: Some(self.contract.name.clone()),
            senders,
            keys: Dist { values: Some(100), ..Dist::default() },
            entries: entries.collect(),
        };
        Some(Learned { profile, calls: self.calls, foreign: self.foreign })
    }
}

impl Values {
    /// Number and skew, never a list: who calls is nobody's business.
    fn numbers(&self) -> Dist {
        let mut counts: Vec<u64> = self.counts.values().copied().collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        Dist { values: Some((counts.len() as u64 + self.beyond).max(1)), skew: skew(&counts), ..Dist::default() }
    }
}

/// Says which units will be hot in the next window: those that were, recent windows counting more.
#[derive(Clone, Debug)]
pub struct Forecast {
    weights: HashMap<u64, f64>,
    top: usize,
    windows: usize,
}

/// What a window's cost counts in the next one.
const DECAY: f64 = 0.5;

impl Forecast {
    /// Of so many units.
    pub fn new(top: usize) -> Forecast {
        Forecast { weights: HashMap::new(), top, windows: 0 }
    }

    /// Takes a window; returns the share of its hot units that the forecast had named, none for the first window.
    pub fn window(&mut self, batch: &Batch) -> Option<f64> {
        let mut costs: HashMap<u64, (u64, u64)> = HashMap::new();
        for call in 0..batch.len() {
            for access in batch.call(call).filter(|access| access.class != READ) {
                let known = costs.entry(access.unit).or_default();
                known.0 = known.0.saturating_add(batch.costs()[call].max(1));
                known.1 += 1;
            }
        }
        // What one call touches makes nobody wait.
        let all = costs.iter().filter(|(_, (_, calls))| *calls > 1).map(|(&unit, &(cost, _))| (unit, cost as f64));
        let hot = largest(all.collect(), self.top);
        let named = self.units();
        let hit = (self.windows > 0 && !hot.is_empty())
            .then(|| hot.iter().filter(|(unit, _)| named.contains(unit)).count() as f64 / hot.len() as f64);
        self.weights.values_mut().for_each(|weight| *weight *= DECAY);
        for (unit, cost) in largest(costs.iter().map(|(&unit, &(cost, _))| (unit, cost as f64)).collect(), VALUES) {
            *self.weights.entry(unit).or_default() += cost;
        }
        if self.weights.len() > 2 * VALUES {
            let kept = largest(self.weights.drain().collect(), VALUES);
            self.weights = kept.into_iter().collect();
        }
        self.windows += 1;
        hit
    }

    /// Units that will be hot, the hottest first.
    pub fn units(&self) -> Vec<u64> {
        let all: Vec<(u64, f64)> = self.weights.iter().map(|(&unit, &weight)| (unit, weight)).collect();
        largest(all, self.top).into_iter().map(|(unit, _)| unit).collect()
    }
}

fn largest(mut all: Vec<(u64, f64)>, count: usize) -> Vec<(u64, f64)> {
    all.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all.truncate(count);
    all
}

#[cfg(test)]
mod tests {
    use super::super::{Generator, Profile};
    use super::*;
    use crate::costs::Costs;
    use crate::schedule::tests::TOKEN;
    use crate::schedule::{Access, Rule};

    #[test]
    fn a_profile_is_read_back() {
        let contract = crate::manifest::read(TOKEN).unwrap().contracts.remove(0);
        let text = "version = 1\nsenders = { values = 50, skew = 1.0 }\n[entries.transfer]\nweight = 3\ncost = 7\n[entries.burn]\nweight = 1\n";
        let profile = Profile::parse(text).unwrap();
        let lines = Generator::new(&contract, &profile, &Costs::new(), 1).unwrap().lines(8_000);
        let mut learner = Learner::new(&contract);
        lines.lines().for_each(|line| learner.line(line).unwrap());
        learner.line(r#"{"entry":"swap"}"#).unwrap();
        assert!(learner.line("{\"entry\":").is_err() && learner.line("{}").is_err());
        let learned = learner.finish().unwrap();
        assert_eq!((learned.calls, learned.foreign.get("swap")), (8_000, Some(&1)));
        let found = &learned.profile;
        assert_eq!(found.senders.values, Some(50));
        assert!((0.85..1.15).contains(&found.senders.skew), "{}", found.senders.skew);
        let share = found.entries["transfer"].weight / 8_000.0;
        assert!((0.73..0.77).contains(&share), "{share}");
        assert_eq!((found.entries["transfer"].cost, found.entries["burn"].cost), (Some(7), Some(1)));
        // What is written can be read, and used.
        let again = Profile::parse(&found.to_toml()).unwrap();
        assert_eq!(&again, found);
        again.check(&contract).unwrap();
        assert!(Learner::new(&contract).finish().is_none());
    }

    #[test]
    fn hot_units_are_foretold() {
        let window = |hot: u64| {
            let mut batch = Batch::new(Rule::Locks);
            for call in 0..100 {
                let unit = if call % 2 == 0 { hot } else { 1_000 + call };
                batch.push(10, [Access::write(unit)]).unwrap();
            }
            batch
        };
        let mut forecast = Forecast::new(3);
        assert_eq!(forecast.window(&window(7)), None);
        assert_eq!(forecast.window(&window(7)), Some(1.0));
        assert_eq!(forecast.window(&window(8)), Some(0.0));
        assert_eq!(forecast.units()[0], 8);
    }
}
