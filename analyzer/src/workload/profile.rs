//! The profile of a workload: which entry points are called how often, by whom, with which values. TOML, written by people,
//! by `cargo crosslane profile`, or made for a contract by [`Profile::of`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::manifest::v1::{Access, Callers, Contract, Entry, EntryKind, Mode, Term, Type};

/// The version of the format.
pub const PROFILE_VERSION: u32 = 1;

/// What calls of one contract look like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Version of the format; 1.
    pub version: u32,
    /// The contract; may be left out where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<String>,
    /// Who calls.
    #[serde(default = "users")]
    pub senders: Dist,
    /// Values of arguments and accounts that nothing else is said about.
    #[serde(default = "keys")]
    pub keys: Dist,
    /// Entry points that are called; others are not.
    pub entries: BTreeMap<String, EntryProfile>,
}

/// Calls of one entry point.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryProfile {
    /// How often, relative to the others.
    pub weight: f64,
    /// What one call costs, in the chain's unit; else what was measured, else 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<u64>,
    /// Values of arguments, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, Dist>,
    /// Addresses of accounts, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub accounts: BTreeMap<String, Dist>,
}

/// Which values occur.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dist {
    /// Number of different values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<u64>,
    /// Exponent of Zipf's law: 0 is uniform, 1 is typical of popularity.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skew: f64,
    /// One of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choice: Vec<Value>,
    /// Weights of `choice`; all alike when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<f64>,
}

fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

fn users() -> Dist {
    Dist { values: Some(1_000), ..Dist::default() }
}

fn keys() -> Dist {
    Dist { values: Some(100), ..Dist::default() }
}

/// What is wrong with a profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ProfileError {
    /// What, with the setting's name.
    pub message: String,
    /// One-based line in the file, 0 where it is not known.
    pub line: usize,
}

impl ProfileError {
    fn new(message: String) -> ProfileError {
        ProfileError { message, line: 0 }
    }
}

impl Profile {
    /// The default for a contract: every call that anyone may make, all equally often, among a thousand senders and a
    /// hundred keys. Calls of one role or one address, the chain's own and read-only ones are left out, and so are those
    /// that only set what holds for all, unless there are no others.
    pub fn of(contract: &Contract) -> Profile {
        let all: Vec<&Entry> = contract.entries.iter().filter(|entry| traffic(contract, entry)).collect();
        let serving = all.iter().any(|entry| !sets_only(contract, entry));
        let mut entries = BTreeMap::new();
        for entry in all.iter().filter(|entry| !serving || !sets_only(contract, entry)) {
            entries.insert(entry.name.clone(), EntryProfile { weight: 1.0, ..EntryProfile::default() });
        }
        Profile {
            version: PROFILE_VERSION,
            contract: Some(contract.name.clone()),
            senders: users(),
            keys: keys(),
            entries,
        }
    }

    /// Reads a profile.
    ///
    /// # Errors
    /// What is no profile, with its line.
    pub fn parse(text: &str) -> Result<Profile, ProfileError> {
        let profile: Profile = toml::from_str(text).map_err(|error| ProfileError {
            message: error.message().trim().replace('\n', ", "),
            line: error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1),
        })?;
        if profile.version != PROFILE_VERSION {
            let message = format!("`version`: {} is not {PROFILE_VERSION}", profile.version);
            return Err(ProfileError::new(message));
        }
        Ok(profile)
    }

    /// The profile as a file.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }

    /// Whether it can be used on a contract.
    ///
    /// # Errors
    /// Entry points, arguments or accounts that the contract does not have, weights that are none.
    pub fn check(&self, contract: &Contract) -> Result<(), ProfileError> {
        let wrong = |message: String| Err(ProfileError::new(message));
        if let Some(name) = self.contract.as_ref().filter(|name| **name != contract.name) {
            return wrong(format!("`contract`: the profile is of `{name}`, the contract is `{}`", contract.name));
        }
        self.senders.check("senders")?;
        self.keys.check("keys")?;
        let mut sum = 0.0;
        for (name, own) in &self.entries {
            let Some(entry) = contract.entries.iter().find(|entry| entry.name == *name) else {
                let known: Vec<&str> = contract.entries.iter().map(|entry| entry.name.as_str()).collect();
                let known = known.join(", ");
                return wrong(format!("`entries`: `{}` has no entry point `{name}`; it has {known}", contract.name));
            };
            if !own.weight.is_finite() || own.weight < 0.0 {
                return wrong(format!("`entries.{name}.weight`: {} is no weight", own.weight));
            }
            sum += own.weight;
            for (arg, dist) in &own.args {
                if !entry.params.iter().any(|param| param.name == *arg) {
                    return wrong(format!("`entries.{name}.args`: there is no argument `{arg}`"));
                }
                dist.check(&format!("entries.{name}.args.{arg}"))?;
            }
            for (account, dist) in &own.accounts {
                if !entry.accounts.iter().flatten().any(|known| known.name == *account) {
                    return wrong(format!("`entries.{name}.accounts`: there is no account `{account}`"));
                }
                dist.check(&format!("entries.{name}.accounts.{account}"))?;
            }
        }
        if sum <= 0.0 {
            return wrong("`entries`: nothing is called; at least one weight must be above 0".to_owned());
        }
        Ok(())
    }
}

impl Dist {
    fn check(&self, name: &str) -> Result<(), ProfileError> {
        let wrong = |message: String| Err(ProfileError::new(message));
        if !self.skew.is_finite() || !(0.0..=10.0).contains(&self.skew) {
            return wrong(format!("`{name}.skew`: {} is not between 0 and 10", self.skew));
        }
        if self.values == Some(0) {
            return wrong(format!("`{name}.values`: there must be at least one value"));
        }
        if let Some(weight) = self.weights.iter().find(|weight| !weight.is_finite() || **weight < 0.0) {
            return wrong(format!("`{name}.weights`: {weight} is no weight"));
        }
        if !self.weights.is_empty() && self.weights.len() != self.choice.len() {
            let (weights, choices) = (self.weights.len(), self.choice.len());
            return wrong(format!("`{name}.weights`: {weights} weights for {choices} choices"));
        }
        if !self.weights.is_empty() && self.weights.iter().sum::<f64>() <= 0.0 {
            return wrong(format!("`{name}.weights`: at least one must be above 0"));
        }
        Ok(())
    }
}

/// Calls that anyone makes, at their finest: a message that others refine is left to these.
pub(crate) fn traffic(contract: &Contract, entry: &Entry) -> bool {
    let refined = contract.entries.iter().any(|other| other.refines.as_deref() == Some(entry.name.as_str()));
    entry.kind == EntryKind::Call && entry.callers == Callers::Anyone && !refined
}

/// True for a call that writes, and nothing but values that stand at the same key in every call and that it does not count
/// or add up: it sets the contract up or changes its settings, whoever may do so.
fn sets_only(contract: &Contract, entry: &Entry) -> bool {
    let changes = |mode| !matches!(mode, Mode::Read | Mode::Probe | Mode::Scan | Mode::Rewrite | Mode::Lock);
    let writes: Vec<&Access> =
        entry.accesses.iter().filter(|access| !access.implicit && changes(access.mode)).collect();
    let sets = |access: &&Access| {
        let number = contract.cells.iter().find(|cell| cell.id == access.cell).is_none_or(|cell| {
            let ty = cell.value.at(access.field.iter().flat_map(|field| field.split('.')));
            matches!(ty, Some(Type::Uint(_) | Type::Int(_)) | None)
        });
        let sums = matches!(access.mode, Mode::Commute | Mode::Append) || (access.mode == Mode::Update && number);
        access.key.iter().all(|term| matches!(term, Term::Const(_))) && !sums
    };
    !writes.is_empty()
        && writes.iter().all(sets)
        && entry.external.is_empty()
        && entry.unknowns.is_empty()
        && entry.accounts.iter().flatten().next().is_none()
}
