//! Profile to batch: calls whose values follow the profile's distributions, the same for the same seed.
//!
//! Values that no key depends on are constants. Accounts whose addresses follow from others (derived from seeds) get an
//! address made of the same parts, so that equal seeds are equal accounts. What the state holds is taken to be the same
//! for all calls.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::choice::{Choice, MOST};
use super::profile::{Dist, Profile, ProfileError};
use crate::costs::Costs;
use crate::manifest::v1::{Contract, Entry, Step, Term, Type};
use crate::random::Rng;

/// Receivers among which a what-if spreads one.
pub const SHARDS: u64 = 8;
/// The argument that says which of them.
pub(crate) const SHARD: &str = "crosslane_shard";
/// Terms inside terms are followed so deep.
const DEPTH: usize = 8;

/// Makes calls of one contract.
#[derive(Clone, Debug)]
pub struct Generator<'a> {
    contract: &'a Contract,
    entries: Vec<Called<'a>>,
    mix: Choice,
    senders: Choice,
    keys: Choice,
    rng: Rng,
    made: u64,
    receivers: Vec<Receivers>,
}

/// A what-if in which one place becomes several.
#[derive(Clone, Debug)]
pub(crate) struct Receivers {
    /// The account parameter, if it is one.
    pub(crate) account: String,
    /// One for each sender, instead of one of [`SHARDS`].
    pub(crate) by_sender: bool,
}

/// An entry point that is called.
#[derive(Clone, Debug)]
struct Called<'a> {
    entry: &'a Entry,
    cost: u64,
    args: BTreeMap<String, Source>,
    accounts: BTreeMap<String, Source>,
    /// Parameters that a key, an address or an account depends on.
    used: BTreeSet<String>,
}

/// Where values come from.
#[derive(Clone, Debug)]
enum Source {
    /// The number of a value.
    Index(Choice),
    /// One of these.
    Listed(Vec<Value>, Choice),
}

impl Source {
    fn new(dist: &Dist) -> Option<Source> {
        if !dist.choice.is_empty() {
            let weights = if dist.weights.is_empty() { vec![1.0; dist.choice.len()] } else { dist.weights.clone() };
            return Some(Source::Listed(dist.choice.clone(), Choice::new(weights)?));
        }
        Some(Source::Index(Choice::zipf(dist.values.unwrap_or(1).clamp(1, MOST), dist.skew)?))
    }
}

impl<'a> Generator<'a> {
    /// Calls of a contract by a profile. A call costs what the profile says, else the average that was measured, else 1.
    ///
    /// # Errors
    /// When the profile does not fit the contract.
    pub fn new(
        contract: &'a Contract,
        profile: &Profile,
        costs: &Costs,
        seed: u64,
    ) -> Result<Generator<'a>, ProfileError> {
        profile.check(contract)?;
        let nothing = || ProfileError { message: "`entries`: nothing is called".to_owned(), line: 0 };
        let sources = |dists: &BTreeMap<String, Dist>| -> BTreeMap<String, Source> {
            dists.iter().filter_map(|(name, dist)| Some((name.clone(), Source::new(dist)?))).collect()
        };
        let called = profile.entries.iter().filter_map(|(name, own)| {
            let entry = contract.entries.iter().find(|entry| entry.name == *name)?;
            let measured = || costs.of(name).map(|found| found.mean().max(1));
            Some(Called {
                entry,
                cost: own.cost.or_else(measured).unwrap_or(1),
                args: sources(&own.args),
                accounts: sources(&own.accounts),
                used: used(entry),
            })
        });
        let index = |dist: &Dist| Choice::zipf(dist.values.unwrap_or(1).clamp(1, MOST), dist.skew).ok_or_else(nothing);
        Ok(Generator {
            contract,
            entries: called.collect(),
            mix: Choice::new(profile.entries.values().map(|own| own.weight)).ok_or_else(nothing)?,
            senders: index(&profile.senders)?,
            keys: index(&profile.keys)?,
            rng: Rng::new(seed),
            made: 0,
            receivers: Vec::new(),
        })
    }

    /// Also gives each call a number from 0 to [`SHARDS`] - 1, for contracts that a cure has given such a parameter, and
    /// takes one of several accounts. All other values stay the same.
    pub(crate) fn with_receivers(mut self, receivers: Receivers) -> Generator<'a> {
        self.receivers.push(receivers);
        self
    }

    /// The next call as a line of a batch.
    pub fn call(&mut self) -> Value {
        let at = self.mix.pick(&mut self.rng);
        let called = self.entries[at].clone();
        let sender = format!("user{}", self.senders.pick(&mut self.rng));
        let mut args = Map::new();
        for param in &called.entry.params {
            let value = match called.args.get(&param.name) {
                Some(Source::Listed(values, choice)) => values[choice.pick(&mut self.rng)].clone(),
                Some(Source::Index(choice)) => {
                    let index = choice.pick(&mut self.rng) as u64;
                    self.numbered(&param.ty, &param.name, index)
                }
                None if !called.used.contains(&param.name) && (param.optional || param.default.is_some()) => continue,
                None => self.value(&param.ty, &param.name, called.used.contains(&param.name)),
            };
            args.insert(param.name.clone(), value);
        }
        let mut accounts = self.accounts(&called, &sender, &args);
        for receivers in &self.receivers {
            if !receivers.by_sender {
                args.insert(SHARD.to_owned(), json!(self.made % SHARDS));
            }
            if let Some(address) = accounts.get_mut(&receivers.account) {
                let part = if receivers.by_sender { sender.clone() } else { (self.made % SHARDS).to_string() };
                address.push_str(&format!("#{part}"));
            }
        }
        let mut call = json!({
            "id": format!("c{}", self.made), "contract": self.contract.name, "entry": called.entry.name,
            "caller": sender, "args": args, "cost": called.cost,
        });
        if !accounts.is_empty() {
            call["accounts"] = json!(accounts);
        }
        self.made += 1;
        call
    }

    /// The next calls as JSON lines.
    pub fn lines(&mut self, count: usize) -> String {
        let mut out = String::new();
        for _ in 0..count {
            let _ = writeln!(out, "{}", self.call());
        }
        out
    }

    fn index(&mut self) -> u64 {
        self.keys.pick(&mut self.rng) as u64
    }

    /// A value by its type; one that keys depend on varies.
    fn value(&mut self, ty: &Type, name: &str, used: bool) -> Value {
        match ty {
            Type::Address { .. } => json!(format!("user{}", self.senders.pick(&mut self.rng))),
            Type::Option(_) if !used => Value::Null,
            Type::Option(of) => self.value(of, name, used),
            Type::List(of) => json!([self.value(of, name, used)]),
            Type::Map(key, value) => {
                let (key, value) = (self.value(key, name, used), self.value(value, name, used));
                let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
                json!({ key: value })
            }
            Type::Tuple(of) => of.iter().map(|ty| self.value(ty, name, used)).collect(),
            Type::Struct { fields, .. } => {
                let mut map = Map::new();
                for (field, ty) in fields {
                    map.insert(field.clone(), self.value(ty, field, used));
                }
                Value::Object(map)
            }
            Type::Enum { variants, tag, .. } if tag == "external" && !variants.is_empty() => {
                let (variant, fields) = &variants[self.rng.below(variants.len() as u64) as usize];
                let payload = match fields.as_slice() {
                    [] => return json!(variant),
                    [(field, ty)] if field == "0" => self.value(ty, name, used),
                    fields if fields[0].0 == "0" => fields.iter().map(|(_, ty)| self.value(ty, name, used)).collect(),
                    fields => fields.iter().map(|(field, ty)| (field.clone(), self.value(ty, field, used))).collect(),
                };
                json!({ variant: payload })
            }
            Type::Bool if used => json!(self.rng.below(2) == 1),
            _ if used => {
                let index = self.index();
                self.numbered(ty, name, index)
            }
            _ => self.numbered(ty, name, 1),
        }
    }

    /// The value of a type with a number.
    fn numbered(&mut self, ty: &Type, name: &str, index: u64) -> Value {
        match ty {
            Type::Uint(bits) | Type::Int(bits) => {
                let bits = if matches!(ty, Type::Int(_)) { bits.saturating_sub(1) } else { *bits };
                json!(if bits < 53 { index % (1u64 << bits) } else { index })
            }
            Type::Bool => json!(index % 2 == 1),
            Type::Text { .. } => json!(format!("{name}{index}")),
            Type::Address { .. } => json!(format!("{name}{index}")),
            Type::Bytes { form } => json!(match form.as_str() {
                "base64" => base64(&index.to_be_bytes()[2..]),
                "base58" => base58(index + 1),
                "utf8" => format!("{name}{index}"),
                _ => format!("{index:016x}"),
            }),
            Type::Option(of) => self.numbered(of, name, index),
            Type::List(of) => json!([self.numbered(of, name, index)]),
            Type::Tuple(of) => of.iter().map(|ty| self.numbered(ty, name, index)).collect(),
            Type::Struct { fields, .. } => {
                fields.iter().map(|(field, ty)| (field.clone(), self.numbered(ty, field, index))).collect()
            }
            _ => json!(format!("{name}{index}")),
        }
    }

    /// Addresses of all accounts that are not left out.
    fn accounts(&mut self, called: &Called<'_>, sender: &str, args: &Map<String, Value>) -> BTreeMap<String, String> {
        let mut out: BTreeMap<String, String> = BTreeMap::new();
        let Some(accounts) = &called.entry.accounts else { return out };
        // First what stands for itself, then what follows from it.
        let mut signers = 0;
        for account in accounts.iter().filter(|account| !account.optional) {
            let own = matches!(&account.identity, Term::Account(name) if *name == account.name);
            let address = match called.accounts.get(&account.name) {
                Some(Source::Listed(values, choice)) => {
                    let value = &values[choice.pick(&mut self.rng)];
                    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
                }
                Some(Source::Index(choice)) => format!("{}{}", account.name, choice.pick(&mut self.rng)),
                None if account.signer && signers == 0 => {
                    signers += 1;
                    sender.to_owned()
                }
                None if own || account.identity == Term::Any => format!("{}{}", account.name, self.index()),
                None => continue,
            };
            out.insert(account.name.clone(), address);
        }
        for account in accounts.iter().filter(|account| !account.optional) {
            if !out.contains_key(&account.name) {
                let seen = Seen { contract: self.contract, sender, args, accounts: &out, entry: called.entry };
                let address = seen.text(&account.identity, 0);
                out.insert(account.name.clone(), address);
            }
        }
        out
    }
}

/// What the terms of one call stand for.
struct Seen<'a> {
    contract: &'a Contract,
    entry: &'a Entry,
    sender: &'a str,
    args: &'a Map<String, Value>,
    accounts: &'a BTreeMap<String, String>,
}

impl Seen<'_> {
    /// A term as text: equal values are equal texts.
    fn text(&self, term: &Term, depth: usize) -> String {
        if depth > DEPTH {
            return "deep".to_owned();
        }
        let all = |of: &[Term]| of.iter().map(|term| self.text(term, depth + 1)).collect::<Vec<_>>().join(",");
        match term {
            Term::Const(value) => plain(&value.to_json()),
            Term::Arg { path, .. } => match path.0.first() {
                Some(Step::Field(name)) => {
                    let inner = path.0[1..].iter().fold(self.args.get(name), |value, step| match (step, value?) {
                        (Step::Field(field), value) => value.get(field),
                        (Step::Elem, Value::Array(items)) => items.first(),
                        (_, value) => Some(value),
                    });
                    inner.map_or_else(|| "none".to_owned(), plain)
                }
                _ => "none".to_owned(),
            },
            Term::Caller | Term::Origin => self.sender.to_owned(),
            Term::SelfAddr => self.contract.name.clone(),
            Term::Env { name, .. } => format!("env.{name}"),
            Term::Account(name) => match self.accounts.get(name) {
                Some(address) => address.clone(),
                None => {
                    let account = self.entry.accounts.iter().flatten().find(|account| account.name == *name);
                    match account.map(|account| &account.identity) {
                        Some(Term::Account(same)) if same == name => name.clone(),
                        Some(identity) => self.text(identity, depth + 1),
                        None => name.clone(),
                    }
                }
            },
            Term::Load { cell, key, field } => {
                format!("stored.{cell}[{}].{}", all(key), field.as_deref().unwrap_or(""))
            }
            Term::Fn { name, of, .. } => format!("{name}({})", all(of)),
            Term::Coalesce(of) => of.first().map_or_else(String::new, |term| self.text(term, depth + 1)),
            Term::Prefix(of) => format!("prefix({})", all(of)),
            Term::Any => "any".to_owned(),
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Parameters that a key, an address or an account depends on.
fn used(entry: &Entry) -> BTreeSet<String> {
    fn collect(term: &Term, out: &mut BTreeSet<String>) {
        match term {
            Term::Arg { path, .. } => {
                if let Some(Step::Field(name)) = path.0.first() {
                    out.insert(name.clone());
                }
            }
            Term::Load { key: of, .. } | Term::Fn { of, .. } | Term::Coalesce(of) | Term::Prefix(of) => {
                of.iter().for_each(|term| collect(term, out));
            }
            _ => {}
        }
    }
    let mut out = BTreeSet::new();
    let keys = entry.accesses.iter().flat_map(|access| access.key.iter().chain(&access.at));
    let externals =
        entry.external.iter().flat_map(|external| external.args.iter().map(|arg| &arg.value).chain([&external.target]));
    let accounts = entry.accounts.iter().flatten().map(|account| &account.identity);
    keys.chain(externals).chain(accounts).for_each(|term| collect(term, &mut out));
    out
}

/// Six bytes are eight digits without padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks_exact(3) {
        let bits = u32::from(chunk[0]) << 16 | u32::from(chunk[1]) << 8 | u32::from(chunk[2]);
        out.extend([18, 12, 6, 0].map(|shift| DIGITS[(bits >> shift & 63) as usize] as char));
    }
    out
}

fn base58(mut number: u64) -> String {
    const DIGITS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut out = Vec::new();
    while number > 0 {
        out.push(DIGITS[(number % 58) as usize] as char);
        number /= 58;
    }
    out.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::io::{IngestOptions, read_batch};
    use crate::schedule::tests::{TOKEN, evaluator};
    use crate::schedule::{Order, State};

    fn token() -> Contract {
        crate::manifest::read(TOKEN).unwrap().contracts.remove(0)
    }

    #[test]
    fn every_call_can_be_read_and_the_seed_decides() {
        let contract = token();
        let profile = Profile::of(&contract);
        let make = |seed: u64| Generator::new(&contract, &profile, &Costs::new(), seed).unwrap().lines(500);
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
        let this = evaluator("keyed");
        let options = IngestOptions { order: Order::Preserve, ..IngestOptions::default() };
        let loaded = read_batch(&mut make(1).as_bytes(), &this, &State::new(), &options).unwrap();
        assert_eq!(loaded.len(), 500);
    }

    #[test]
    fn shards_leave_everything_else_as_it_was() {
        let contract = token();
        let profile = Profile::of(&contract);
        let plain = Generator::new(&contract, &profile, &Costs::new(), 3).unwrap();
        let receivers = Receivers { account: String::new(), by_sender: false };
        let (mut plain, mut spread) = (plain.clone(), plain.with_receivers(receivers));
        for _ in 0..100 {
            let (one, mut other) = (plain.call(), spread.call());
            assert!(other["args"].as_object_mut().unwrap().remove(SHARD).is_some());
            assert_eq!(one, other);
        }
    }

    #[test]
    fn profiles_that_do_not_fit_are_refused_with_the_setting() {
        let contract = token();
        let read = |text: &str| {
            let profile = Profile::parse(text).unwrap();
            profile.check(&contract).err().map_or_else(String::new, |error| error.message)
        };
        for (text, expected) in [
            ("version=1\n[entries.nothing]\nweight=1", "no entry point `nothing`"),
            ("version=1\n[entries.burn]\nweight=-1.0", "`entries.burn.weight`"),
            ("version=1\n[entries.burn]\nweight=nan", "`entries.burn.weight`"),
            ("version=1\n[entries.burn]\nweight=0", "nothing is called"),
            ("version=1\n[entries]", "nothing is called"),
            ("version=1\n[entries.burn]\nweight=1\nargs={x={values=2}}", "no argument `x`"),
            ("version=1\nkeys={values=0}\n[entries.burn]\nweight=1", "`keys.values`"),
            ("version=1\nsenders={skew=-1}\n[entries.burn]\nweight=1", "`senders.skew`"),
            ("version=1\n[entries.burn]\nweight=1\nargs={amount={choice=[1],weights=[1,2]}}", "2 weights for 1"),
            ("version=1\ncontract=\"other\"\n[entries.burn]\nweight=1", "`contract`"),
        ] {
            let found = read(text);
            assert!(found.contains(expected), "{text}: {found}");
        }
        assert_eq!(Profile::parse("version = 1\nentries = 3").unwrap_err().line, 2);
        assert!(Profile::parse("version = 2\n[entries]").unwrap_err().message.contains("version"));
        assert!(Profile::parse("version = 1\nwat = 2\n[entries]").is_err());
    }
}
