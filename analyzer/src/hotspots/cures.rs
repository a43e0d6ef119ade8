//! Which changes are legal for what holds a contract back, in the order in which they are to be preferred: delete the
//! lock or the write · a place of its own · delete the cell (read by no call) · key by the sender · several receivers
//! (only where nobody looks at the sum) · else it is inherent and may be allowed with a reason.

use crate::diagnostics::Upgrade;
use crate::manifest::v1::{Access, Callers, Cell, Contract, Entry, EntryKind, Mode, Term, Type};

use super::change::{Change, pure_delta, writes};
use super::{Hot, Outcome, Setting, SimulateError};

/// A cure.
#[derive(Clone, Debug, PartialEq)]
pub struct Cure {
    /// What to do, as an order.
    pub title: String,
    /// What it changes.
    pub change: Change,
    /// What it means for deployed contracts.
    pub upgrade: Upgrade,
    /// What it costs besides, if anything: reads that become several, who must follow.
    pub cost: Option<String>,
}

/// All that can be said about one hot cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cures {
    /// Legal ones, the preferred first.
    pub offered: Vec<Cure>,
    /// A cure one might expect, and why it is not offered.
    pub not_offered: Option<String>,
    /// Why nothing helps, where nothing does.
    pub inherent: Option<String>,
}

/// A hot unit with what each cure yields.
#[derive(Clone, Debug)]
pub struct Ranked {
    /// The unit.
    pub hot: Hot,
    /// Cures with the same batch afterwards, the preferred first.
    pub cures: Vec<(Cure, Outcome)>,
    /// As in [`Cures`].
    pub not_offered: Option<String>,
    /// As in [`Cures`].
    pub inherent: Option<String>,
    /// Entry points that read the cell, calls first.
    pub readers: Vec<String>,
}

/// Units with less of the longest chain are not worth a change.
const LEAST: f64 = 0.05;

impl Setting<'_> {
    /// Every hot cell of an outcome once, with its cures tried on the same batch.
    ///
    /// # Errors
    /// As for [`Setting::run`].
    pub fn rank(&self, outcome: &Outcome) -> Result<Vec<Ranked>, SimulateError> {
        let mut out: Vec<Ranked> = Vec::new();
        for hot in &outcome.hot {
            let Some(cell) = cell_of(self.contract, &hot.name.cell).filter(|_| hot.share >= LEAST) else { continue };
            if out.iter().any(|known| cell_of(self.contract, &known.hot.name.cell) == Some(cell)) {
                continue;
            }
            let found = cures(self.contract, cell);
            let mut tried = Vec::new();
            for cure in found.offered {
                let after = self.what_if(&cure.change)?;
                // A cure that changes nothing here is none.
                if helps(outcome, &after) {
                    tried.push((cure, after));
                }
            }
            out.push(Ranked {
                hot: hot.clone(),
                cures: tried,
                not_offered: found.not_offered,
                inherent: found.inherent,
                readers: readers(self.contract, cell),
            });
        }
        Ok(out)
    }
}

fn helps(before: &Outcome, after: &Outcome) -> bool {
    after.critical < before.critical || after.makespan < before.makespan
}

/// The most cures that are tried one after the other.
const TOGETHER: usize = 8;

impl Setting<'_> {
    /// One cure after the other: the preferred one of the hottest unit that has one that helps, then that of what is the
    /// hottest then, and so on, each with the same batch after it and all before it.
    ///
    /// # Errors
    /// As for [`Setting::run`].
    pub fn together(&self, outcome: &Outcome) -> Result<Vec<(Cure, Outcome)>, SimulateError> {
        let mut done: Vec<(Cure, Outcome)> = Vec::new();
        let mut contract = self.contract.clone();
        while done.len() < TOGETHER {
            let last = done.last().map_or(outcome, |(_, after)| after);
            let Some(next) = self.next(&contract, last, &done)? else { break };
            contract = next.0.change.apply(&contract);
            done.push(next);
        }
        // What came last and gained nothing is not worth a change.
        let gains = |at: &usize| {
            let before = at.checked_sub(1).map_or(outcome, |before| &done[before].1);
            helps(before, &done[*at].1)
        };
        let last = (0..done.len()).rev().find(gains);
        done.truncate(last.map_or(0, |last| last + 1));
        Ok(done)
    }

    /// The cure that helps next on a contract after others. Where every call goes through two places, none alone helps:
    /// then the first that takes its place out of the way.
    fn next(
        &self,
        contract: &Contract,
        last: &Outcome,
        done: &[(Cure, Outcome)],
    ) -> Result<Option<(Cure, Outcome)>, SimulateError> {
        let mut aside = None;
        for hot in last.hot.iter().filter(|hot| hot.share >= LEAST) {
            let Some(cell) = cell_of(contract, &hot.name.cell) else { continue };
            for cure in cures(contract, cell).offered {
                if done.iter().any(|(known, _)| known.change == cure.change) {
                    continue;
                }
                let mut changes: Vec<Change> = done.iter().map(|(known, _)| known.change.clone()).collect();
                changes.push(cure.change.clone());
                let after = self.with(&changes)?;
                if helps(last, &after) {
                    return Ok(Some((cure, after)));
                }
                let gone = after.hot.iter().all(|other| other.name.cell != hot.name.cell);
                // Whether each sender's own part will do is for people to say: not taken on trust to make room for others.
                let sure = !matches!(cure.change, Change::BySender { .. });
                if gone && sure && aside.is_none() && after.makespan == last.makespan {
                    aside = Some((cure, after));
                }
            }
        }
        Ok(aside)
    }
}

/// The id of the cell, or the name of the account parameter, that a name of a unit speaks of.
fn cell_of<'a>(contract: &'a Contract, name: &str) -> Option<&'a str> {
    let known = |name: &str| contract.cells.iter().map(|cell| cell.id.as_str()).find(|id| *id == name);
    let account = || {
        let mut all = contract.entries.iter().flat_map(|entry| entry.accounts.iter().flatten());
        all.find(|account| account.name == name).map(|account| account.name.as_str())
    };
    let part = || known(name.rsplit_once('.')?.0);
    let unit = || contract.cells.iter().find(|cell| cell.unit.id == name).map(|cell| cell.id.as_str());
    known(name).or_else(account).or_else(part).or_else(unit)
}

/// Entry points that observe a cell, calls before views.
fn readers(contract: &Contract, cell: &str) -> Vec<String> {
    let reads = |entry: &&Entry| entry.accesses.iter().any(|access| access.cell == cell && observes(access));
    let (mut calls, mut views) = (Vec::new(), Vec::new());
    for entry in contract.entries.iter().filter(reads) {
        if entry.kind == EntryKind::View { &mut views } else { &mut calls }.push(entry.name.clone());
    }
    calls.extend(views);
    calls
}

fn observes(access: &Access) -> bool {
    !matches!(access.mode, Mode::Write | Mode::Commute | Mode::Append | Mode::Delete | Mode::Lock)
        || !access.bounds.is_empty()
}

/// What may be done about a cell or an account.
pub fn cures(contract: &Contract, name: &str) -> Cures {
    let account = contract.entries.iter().any(|entry| entry.accounts.iter().flatten().any(|own| own.name == name));
    match contract.cells.iter().find(|cell| cell.id == name) {
        _ if account => of_account(contract, name),
        Some(cell) => of_cell(contract, cell),
        None => Cures::default(),
    }
}

fn of_account(contract: &Contract, name: &str) -> Cures {
    let mut needless = Vec::new();
    let mut writers = Vec::new();
    for entry in &contract.entries {
        for account in entry.accounts.iter().flatten().filter(|account| account.name == name && account.writable) {
            if account.written == "no" { &mut needless } else { &mut writers }.push(entry.name.clone());
        }
    }
    let mut out = Cures::default();
    if !needless.is_empty() {
        out.offered.push(Cure {
            title: format!("declare `{name}` without a write lock in {}", listed(&needless)),
            change: Change::Unlock { entries: needless, account: name.to_owned() },
            upgrade: Upgrade::NoOp,
            cost: None,
        });
    } else if !writers.is_empty() {
        out.inherent = Some(format!("{} must write `{name}`", listed(&writers)));
    }
    out
}

/// What the framework touches by itself (one value that holds all others) is cured by what lies in it.
fn of_container(contract: &Contract, cell: &Cell) -> Cures {
    let unit = if cell.unit.id == "own" { &cell.id } else { &cell.unit.id };
    let calls = || contract.entries.iter().filter(|entry| entry.kind == EntryKind::Call);
    // What most public calls write comes first.
    let writers = |inside: &Cell| {
        let writing = |entry: &&Entry| entry.accesses.iter().any(|it| it.cell == inside.id && writes(it.mode));
        let all: Vec<&Entry> = calls().filter(writing).collect();
        (all.iter().filter(|entry| entry.callers == Callers::Anyone).count(), all.len())
    };
    let mut inside: Vec<((usize, usize), &Cell)> = contract
        .cells
        .iter()
        .filter(|other| !other.implicit && other.unit.id == *unit)
        .map(|other| (writers(other), other))
        .filter(|((_, all), _)| *all > 0)
        .collect();
    inside.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let cure = |inside: &Cell| Cure {
        title: format!("store `{}` in a place of its own", inside.id),
        change: Change::OwnUnit { cell: inside.id.clone() },
        upgrade: Upgrade::Migration,
        cost: None,
    };
    Cures { offered: inside.into_iter().take(3).map(|(_, cell)| cure(cell)).collect(), ..Cures::default() }
}

fn of_cell(contract: &Contract, cell: &Cell) -> Cures {
    if cell.implicit {
        return of_container(contract, cell);
    }
    let mut out = Cures::default();
    let id = cell.id.as_str();
    let calls: Vec<(&Entry, &Access)> = contract
        .entries
        .iter()
        .filter(|entry| matches!(entry.kind, EntryKind::Call | EntryKind::Callback | EntryKind::System))
        .flat_map(|entry| entry.accesses.iter().filter(|access| access.cell == id).map(move |access| (entry, access)))
        .collect();
    let loaded = contract.entries.iter().any(|entry| loads(entry, id));
    let unread = !loaded && calls.iter().all(|(_, access)| !observes(access));
    let views = contract
        .entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::View && entry.accesses.iter().any(|access| access.cell == id))
        .map(|entry| entry.name.clone())
        .collect::<Vec<_>>();
    if cell.unit.id != "own" {
        out.offered.push(Cure {
            title: format!("store `{id}` in a place of its own"),
            change: Change::OwnUnit { cell: id.to_owned() },
            upgrade: Upgrade::Migration,
            cost: None,
        });
    }
    if let Some(fields) = separable(cell, &calls) {
        out.offered.push(Cure {
            title: format!("store {} of `{id}` under a key of its own", listed(&fields)),
            change: Change::Split { cell: id.to_owned() },
            upgrade: Upgrade::Migration,
            cost: None,
        });
    }
    if unread && !calls.is_empty() && calls.iter().any(|(_, access)| writes(access.mode)) {
        let who = if views.is_empty() { "nobody".to_owned() } else { format!("{} only", listed(&views)) };
        out.offered.push(Cure {
            title: format!("delete `{id}`, emit events and let an indexer add up"),
            change: Change::Delete { cell: id.to_owned() },
            upgrade: Upgrade::Client,
            cost: Some(format!("read by {who}")),
        });
    }
    // Who reads all of it without adding to it needs all of it.
    let own_part = calls.iter().all(|(entry, access)| {
        writes(access.mode) || calls.iter().any(|(other, access)| other.name == entry.name && writes(access.mode))
    });
    if cell.keys.is_empty() && matches!(cell.value, Type::List(_) | Type::Map(..)) && !loaded && own_part {
        out.offered.push(Cure {
            title: format!("key `{id}` by the sender"),
            change: Change::BySender { cell: id.to_owned() },
            upgrade: Upgrade::Migration,
            cost: (!views.is_empty()).then(|| format!("{} must go through all of them", listed(&views))),
        });
    }
    let deltas = calls.iter().filter(|(_, access)| writes(access.mode)).count() > 0
        && calls.iter().all(|(_, access)| pure_delta(access));
    let number = |ty: &Type| matches!(ty, Type::Uint(_) | Type::Int(_));
    if deltas && !loaded && number(&cell.value) {
        out.offered.push(Cure {
            title: format!("split `{id}` into several receivers"),
            change: Change::Shards { cell: id.to_owned() },
            upgrade: Upgrade::Migration,
            cost: Some(match views.is_empty() {
                true => "whoever wants the sum adds up all of them".to_owned(),
                false => format!("{} must read all of them", listed(&views)),
            }),
        });
    } else if adds_up(cell, &calls) {
        out.not_offered = observer(&calls).map(|(who, why)| {
            let total = total(cell, &calls);
            format!("splitting `{total}` into several receivers; {who} would have to read them all{why}")
        });
    }
    {
        let both: Vec<String> =
            unique(calls.iter().filter(|(_, access)| access.mode == Mode::Update).map(|(entry, _)| entry.name.clone()));
        if !both.is_empty() && cell.keys.is_empty() {
            let verb = if both.len() == 1 { "writes" } else { "write" };
            out.inherent = Some(format!("what {} {verb} to `{id}` depends on what was there before", listed(&both)));
        }
    }
    out
}

/// One number that calls change: the cell, or a field of its value.
fn adds_up(cell: &Cell, calls: &[(&Entry, &Access)]) -> bool {
    let changed = |access: &Access| matches!(access.mode, Mode::Update | Mode::Commute);
    let numbers = |entry: &Entry| {
        let own = calls.iter().filter(|(other, access)| other.name == entry.name && changed(access));
        let own = own.filter(|(_, access)| number_at(cell, access.field.as_deref()));
        unique(own.filter_map(|(_, access)| access.field.clone())).len()
    };
    // Two numbers that one call changes together are no total of anything.
    cell.keys.is_empty()
        && calls.iter().any(|(_, access)| changed(access) && number_at(cell, access.field.as_deref()))
        && calls.iter().all(|(entry, _)| numbers(entry) < 2)
}

/// Whether the value, or the field of it, is a number.
fn number_at(cell: &Cell, field: Option<&str>) -> bool {
    let number = |ty: &Type| matches!(ty, Type::Uint(_) | Type::Int(_));
    match (field, &cell.value) {
        (None, ty) => number(ty),
        (Some(field), Type::Struct { fields, .. }) => fields.iter().any(|(name, ty)| name == field && number(ty)),
        _ => false,
    }
}

/// The number's name: `TOKEN_INFO.total_supply`.
fn total(cell: &Cell, calls: &[(&Entry, &Access)]) -> String {
    let field = calls
        .iter()
        .filter(|(_, access)| writes(access.mode) && number_at(cell, access.field.as_deref()))
        .find_map(|(_, access)| access.field.as_ref());
    field.map_or_else(|| cell.id.clone(), |field| format!("{}.{field}", cell.id))
}

/// Who needs the whole, and what for.
fn observer(calls: &[(&Entry, &Access)]) -> Option<(String, &'static str)> {
    let capped = calls.iter().find(|(_, access)| access.bounds.iter().any(|bound| bound.side == "upper"));
    if let Some((entry, _)) = capped {
        return Some((format!("`{}`", entry.name), " to check the limit"));
    }
    // Who only reads it needs the sum most plainly; then who may set it with a check; then any who change what they read.
    let changes = |entry: &Entry| calls.iter().any(|(other, access)| other.name == entry.name && writes(access.mode));
    let reads = calls.iter().find(|(entry, access)| !writes(access.mode) && !changes(entry));
    let few = || {
        calls.iter().find(|(entry, access)| observes(access) && entry.callers != Callers::Anyone && writes(access.mode))
    };
    let updates = || calls.iter().find(|(_, access)| observes(access));
    reads.or_else(few).or_else(updates).map(|(entry, _)| (format!("`{}`", entry.name), ""))
}

/// Fields that some calls change while others touch only different ones: what must be kept apart.
fn separable(cell: &Cell, calls: &[(&Entry, &Access)]) -> Option<Vec<String>> {
    let Type::Struct { fields, .. } = &cell.value else { return None };
    if fields.len() < 2 || cell.unit.id != "own" {
        return None;
    }
    let first = |access: &Access| access.field.as_ref().and_then(|field| field.split('.').next().map(str::to_owned));
    let written: Vec<String> =
        unique(calls.iter().filter(|(_, access)| writes(access.mode)).filter_map(|(_, access)| first(access)));
    // A whole value that is written leaves nothing apart.
    let whole = calls.iter().any(|(_, access)| writes(access.mode) && first(access).is_none());
    (!whole && !written.is_empty() && written.len() < fields.len()).then_some(written)
}

fn loads(entry: &Entry, cell: &str) -> bool {
    fn inside(term: &Term, cell: &str) -> bool {
        match term {
            Term::Load { cell: of, key, .. } => of == cell || key.iter().any(|term| inside(term, cell)),
            Term::Fn { of, .. } | Term::Coalesce(of) | Term::Prefix(of) => of.iter().any(|term| inside(term, cell)),
            _ => false,
        }
    }
    let keys = entry.accesses.iter().flat_map(|access| access.key.iter().chain(&access.at));
    let targets = entry.external.iter().map(|external| &external.target);
    let limits = entry.accesses.iter().flat_map(|access| access.bounds.iter().map(|bound| &bound.limit));
    keys.chain(targets).chain(limits).any(|term| inside(term, cell))
}

/// The change that a finding's cure makes; none where the cure is none that a manifest can show.
pub fn of_finding(contract: &Contract, code: &str, cell: Option<&str>, entries: &[String]) -> Option<Change> {
    let name = cell_of(contract, cell?)?.to_owned();
    let found = || cures(contract, &name).offered;
    let first = |wanted: fn(&Change) -> bool| found().into_iter().map(|cure| cure.change).find(wanted);
    let own = |change: &Change| matches!(change, Change::Split { .. } | Change::OwnUnit { .. });
    match code {
        "XL101" | "XL102" => found().into_iter().next().map(|cure| cure.change),
        "XL103" | "XL104" => Some(Change::ReadOnly { entries: entries.to_vec(), cell: name }),
        "XL105" | "XL106" => first(own),
        "XL107" | "XL115" | "XL402" => Some(Change::BySender { cell: name }),
        "XL108" | "XL109" => Some(Change::Delete { cell: name }),
        "XL301" => Some(Change::Unlock { entries: entries.to_vec(), account: name }),
        "XL305" | "XL320" => Some(Change::Shards { cell: name }),
        "XL401" | "XL501" | "XL601" => Some(Change::OwnUnit { cell: name }),
        _ => None,
    }
}

fn unique(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for name in names {
        if !out.contains(&name) {
            out.push(name);
        }
    }
    out
}

/// `a`, `b` and 2 more.
fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
    match (shown.as_slice(), names.len()) {
        ([], _) => String::new(),
        ([one], 1) => one.clone(),
        ([init @ .., last], 2 | 3) => format!("{} and {last}", init.join(", ")),
        (shown, all) => format!("{} and {} more", shown.join(", "), all - 3),
    }
}
