//! What changed between two manifests, as values: conflicts, classes, locks and the layout of storage.

use std::collections::{BTreeMap, BTreeSet};

use super::v1::{self, Cell, Class, Conflict, Contract, Entry, Manifest, Mode};

/// What changed between two manifests.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ManifestDiff {
    /// Contracts that changed, by name.
    pub contracts: Vec<ContractDiff>,
}

/// What changed in one contract.
#[derive(Clone, Debug, PartialEq)]
pub struct ContractDiff {
    /// Name.
    pub name: String,
    /// Whether the contract is there before and after.
    pub presence: Presence,
    /// Entry points that came or went.
    pub entries: Vec<(String, Presence)>,
    /// Classes that changed.
    pub classes: Vec<ClassChange>,
    /// Pairs whose verdict or condition changed.
    pub conflicts: Vec<ConflictChange>,
    /// Write locks gained or lost.
    pub locks: Vec<LockChange>,
    /// Entry points with another number of unknowns: before, after.
    pub unknowns: Vec<(String, usize, usize)>,
    /// Entry points that others may call now: before, after, with the cell the address or role is kept in.
    pub callers: Vec<(String, String, String)>,
    /// Changes of the layout of storage.
    pub cells: Vec<CellChange>,
}

/// Whether something is there before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// Only after.
    Added,
    /// Only before.
    Removed,
    /// Both.
    Kept,
}

/// A class that changed.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassChange {
    /// Entry point.
    pub entry: String,
    /// Before.
    pub before: Class,
    /// After.
    pub after: Class,
    /// True if calls that could run at the same time no longer can, as far as the kinds say.
    pub worse: bool,
}

/// A pair whose verdict changed.
#[derive(Clone, Debug, PartialEq)]
pub struct ConflictChange {
    /// Entry point.
    pub a: String,
    /// Entry point.
    pub b: String,
    /// Before; `None` for `never`.
    pub before: Option<Conflict>,
    /// After; `None` for `never`.
    pub after: Option<Conflict>,
}

/// A write lock gained or lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockChange {
    /// Entry point.
    pub entry: String,
    /// Cell, or account where locks are declared.
    pub cell: String,
    /// True if it was gained.
    pub gained: bool,
}

/// A change of where or how a cell is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct CellChange {
    /// Id of the cell (before, if it was renamed).
    pub cell: String,
    /// What happened.
    pub change: Layout,
    /// True if what is stored under the old layout is not read, or not read rightly, by the new code.
    pub loses_data: bool,
}

/// What happened to a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Layout {
    /// New.
    Added,
    /// Nothing reads its place any more.
    Vanished,
    /// The same place under another name.
    Renamed(String),
    /// Another namespace, prefix or kind of storage: before, after.
    Namespace(String, String),
    /// Another tier: before, after.
    Tier(String, String),
    /// Other types of key components: before, after.
    Keys(String, String),
    /// Another type of value: before, after.
    Value(String, String),
    /// Another unit: before, after.
    Unit(String, String),
}

impl ManifestDiff {
    /// True if nothing changed.
    pub fn is_empty(&self) -> bool {
        self.contracts.is_empty()
    }

    /// True if a pair can no longer run at the same time, a lock was gained, a class got worse, or there are new unknowns.
    pub fn is_worse(&self) -> bool {
        self.contracts.iter().any(|contract| {
            contract.classes.iter().any(|class| class.worse)
                || contract.locks.iter().any(|lock| lock.gained)
                || contract.conflicts.iter().any(|pair| match (&pair.before, &pair.after) {
                    (None, _) => true,
                    (_, None) => false,
                    (Some(x), Some(y)) => (y.verdict, y.when.len()) > (x.verdict, x.when.len()),
                })
                || contract.unknowns.iter().any(|(_, before, after)| after > before)
        })
    }

    /// True if stored data is lost.
    pub fn loses_data(&self) -> bool {
        self.contracts.iter().any(|contract| contract.cells.iter().any(|cell| cell.loses_data))
    }
}

/// What changed from `old` to `new`. `tool`, `package_version`, `source_hash` and spans are not compared.
pub fn diff(old: &Manifest, new: &Manifest) -> ManifestDiff {
    let find =
        |manifest: &'_ Manifest, name: &str| manifest.contracts.iter().position(|contract| contract.name == name);
    let names: BTreeSet<&str> =
        old.contracts.iter().chain(&new.contracts).map(|contract| contract.name.as_str()).collect();
    let empty = Contract::default();
    let contracts = names.into_iter().filter_map(|name| {
        let (before, after) = (find(old, name), find(new, name));
        let presence = match (before, after) {
            (Some(_), Some(_)) => Presence::Kept,
            (Some(_), None) => Presence::Removed,
            _ => Presence::Added,
        };
        let before = before.map_or(&empty, |at| &old.contracts[at]);
        let after = after.map_or(&empty, |at| &new.contracts[at]);
        let change = contract_diff(name, presence, before, after);
        let nothing = change.entries.is_empty()
            && change.classes.is_empty()
            && change.conflicts.is_empty()
            && change.locks.is_empty()
            && change.unknowns.is_empty()
            && change.callers.is_empty()
            && change.cells.is_empty();
        (presence != Presence::Kept || !nothing).then_some(change)
    });
    ManifestDiff { contracts: contracts.collect() }
}

fn contract_diff(name: &str, presence: Presence, old: &Contract, new: &Contract) -> ContractDiff {
    let entry = |contract: &'_ Contract, name: &str| contract.entries.iter().position(|entry| entry.name == name);
    let mut change = ContractDiff {
        name: name.to_owned(),
        presence,
        entries: Vec::new(),
        classes: Vec::new(),
        conflicts: conflict_changes(old, new),
        locks: Vec::new(),
        unknowns: Vec::new(),
        callers: Vec::new(),
        cells: cell_changes(old, new),
    };
    for before in &old.entries {
        if entry(new, &before.name).is_none() {
            change.entries.push((before.name.clone(), Presence::Removed));
        }
    }
    for after in &new.entries {
        let Some(at) = entry(old, &after.name) else {
            change.entries.push((after.name.clone(), Presence::Added));
            continue;
        };
        entry_changes(&old.entries[at], after, &mut change);
    }
    change
}

fn entry_changes(before: &Entry, after: &Entry, change: &mut ContractDiff) {
    let name = || after.name.clone();
    if (before.class.kind, &before.class.by, &before.class.cells)
        != (after.class.kind, &after.class.by, &after.class.cells)
    {
        change.classes.push(ClassChange {
            entry: name(),
            before: before.class.clone(),
            after: after.class.clone(),
            worse: after.class.kind > before.class.kind
                || (after.class.kind == before.class.kind && after.class.by.len() > before.class.by.len()),
        });
    }
    let (old_locks, new_locks) = (locks(before), locks(after));
    for cell in old_locks.symmetric_difference(&new_locks) {
        change.locks.push(LockChange { entry: name(), cell: cell.clone(), gained: new_locks.contains(cell) });
    }
    if before.unknowns.len() != after.unknowns.len() {
        change.unknowns.push((name(), before.unknowns.len(), after.unknowns.len()));
    }
    let callers = |entry: &Entry| match &entry.callers_cell {
        Some(cell) => format!("{} {cell}", entry.callers),
        None => entry.callers.to_string(),
    };
    if callers(before) != callers(after) {
        change.callers.push((name(), callers(before), callers(after)));
    }
}

/// What an entry point locks for writing: declared accounts where there are any, else the cells it changes.
pub fn locks(entry: &Entry) -> BTreeSet<String> {
    if let Some(accounts) = &entry.accounts {
        return accounts.iter().filter(|account| account.writable).map(|account| account.name.clone()).collect();
    }
    let writes = |mode| !matches!(mode, Mode::Read | Mode::Probe | Mode::Scan);
    entry.accesses.iter().filter(|access| writes(access.mode)).map(|access| access.cell.clone()).collect()
}

fn conflict_changes(old: &Contract, new: &Contract) -> Vec<ConflictChange> {
    fn pairs(contract: &Contract) -> BTreeMap<(&str, &str), &Conflict> {
        contract.conflicts.iter().map(|pair| ((pair.a.as_str(), pair.b.as_str()), pair)).collect()
    }
    let (before, after) = (pairs(old), pairs(new));
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).copied().collect();
    let same = |x: &Conflict, y: &Conflict| (x.verdict, &x.when, &x.cells) == (y.verdict, &y.when, &y.cells);
    keys.into_iter()
        .filter(|key| match (before.get(key), after.get(key)) {
            (Some(x), Some(y)) => !same(x, y),
            _ => true,
        })
        .map(|key| ConflictChange {
            a: key.0.to_owned(),
            b: key.1.to_owned(),
            before: before.get(&key).map(|pair| (*pair).clone()),
            after: after.get(&key).map(|pair| (*pair).clone()),
        })
        .collect()
}

fn cell_changes(old: &Contract, new: &Contract) -> Vec<CellChange> {
    let mut out = Vec::new();
    let find = |contract: &'_ Contract, id: &str| contract.cells.iter().position(|cell| cell.id == id);
    let mut renamed = BTreeSet::new();
    // Rows that list payloads of a key's name say nothing that the cell's own row does not.
    for before in old.cells.iter().filter(|cell| cell.refines.is_none()) {
        if let Some(at) = find(new, &before.id) {
            layout_changes(before, &new.cells[at], &mut out);
            continue;
        }
        // A cell under another name at the same place is the same data.
        let same_place =
            |cell: &&Cell| cell.refines.is_none() && find(old, &cell.id).is_none() && place(cell) == place(before);
        match new.cells.iter().find(same_place) {
            Some(after) => {
                renamed.insert(after.id.as_str());
                push(&mut out, before, Layout::Renamed(after.id.clone()), false);
                layout_changes(before, after, &mut out);
            }
            // What the framework keeps by itself, or another account, is not this contract's stored data.
            None => push(&mut out, before, Layout::Vanished, !before.implicit && before.at.is_none()),
        }
    }
    for after in new.cells.iter().filter(|cell| cell.refines.is_none()) {
        if find(old, &after.id).is_none() && !renamed.contains(after.id.as_str()) {
            push(&mut out, after, Layout::Added, false);
        }
    }
    out
}

fn layout_changes(before: &Cell, after: &Cell, out: &mut Vec<CellChange>) {
    if place(before) != place(after) {
        push(out, before, Layout::Namespace(place_text(before), place_text(after)), true);
    }
    if before.tier != after.tier {
        let tier = |cell: &Cell| cell.tier.clone().unwrap_or_default();
        push(out, before, Layout::Tier(tier(before), tier(after)), true);
    }
    if before.keys != after.keys {
        let keys = |cell: &Cell| cell.keys.iter().map(type_text).collect::<Vec<_>>().join(", ");
        push(out, before, Layout::Keys(keys(before), keys(after)), true);
    }
    if before.value != after.value {
        // A type that is not known now may be what it was.
        let known = |cell: &Cell| type_text(&cell.value) != "?";
        let loses = known(before) && known(after);
        push(out, before, Layout::Value(type_text(&before.value), type_text(&after.value)), loses);
    }
    if before.unit != after.unit {
        push(out, before, Layout::Unit(before.unit.id.clone(), after.unit.id.clone()), false);
    }
}

fn push(out: &mut Vec<CellChange>, cell: &Cell, change: Layout, loses_data: bool) {
    out.push(CellChange { cell: cell.id.clone(), change, loses_data });
}

type Place<'a> = (&'a str, Option<&'a str>, Option<&'a str>, &'a str, Option<&'a str>);

fn place(cell: &Cell) -> Place<'_> {
    let storage = &cell.storage;
    (&storage.kind, storage.prefix.as_deref(), storage.prefix_hex.as_deref(), &storage.encoding, cell.at.as_deref())
}

fn place_text(cell: &Cell) -> String {
    let prefix = match (&cell.storage.prefix, &cell.storage.prefix_hex) {
        (Some(text), _) => format!("{text:?}"),
        (None, Some(hex)) => format!("0x{hex}"),
        (None, None) => cell.id.clone(),
    };
    format!("{} {prefix}", cell.storage.kind)
}

/// A type as people write it: `u128`, `Option<address>`, `TokenInfo`.
pub fn type_text(ty: &v1::Type) -> String {
    use v1::Type::*;
    match ty {
        Uint(bits) => format!("u{bits}"),
        Int(bits) => format!("i{bits}"),
        Bool => "bool".to_owned(),
        Text { .. } => "string".to_owned(),
        Bytes { .. } => "bytes".to_owned(),
        Address { .. } => "address".to_owned(),
        Option(of) => format!("Option<{}>", type_text(of)),
        List(of) => format!("Vec<{}>", type_text(of)),
        Map(key, value) => format!("Map<{}, {}>", type_text(key), type_text(value)),
        Tuple(of) => format!("({})", of.iter().map(type_text).collect::<Vec<_>>().join(", ")),
        Struct { name, fields } => format!("{name} {{ {} }}", fields_text(fields)),
        Enum { name, variants, .. } => {
            let variant = |(name, fields): &(String, Vec<(String, v1::Type)>)| match fields.is_empty() {
                true => name.clone(),
                false => format!("{name} {{ {} }}", fields_text(fields)),
            };
            format!("{name} {{ {} }}", variants.iter().map(variant).collect::<Vec<_>>().join(" | "))
        }
        Opaque(name) => name.clone(),
    }
}

fn fields_text(fields: &[(String, v1::Type)]) -> String {
    fields.iter().map(|(name, ty)| format!("{name}: {}", type_text(ty))).collect::<Vec<_>>().join(", ")
}

/// True if two manifests say the same: `manifest --check`. The program that wrote them, versions of packages, hashes of
/// sources and spans may differ.
pub fn same_ignoring_tool(a: &Manifest, b: &Manifest) -> bool {
    strip(a) == strip(b)
}

/// The manifest without what comparisons ignore.
fn strip(manifest: &Manifest) -> Manifest {
    let mut out = manifest.clone();
    out.tool.clear();
    for contract in &mut out.contracts {
        contract.package_version.clear();
        contract.source_hash.clear();
        contract.cells.iter_mut().for_each(|cell| cell.span = None);
        for entry in &mut contract.entries {
            entry.span = None;
            entry.callers_span = None;
            entry.accesses.iter_mut().for_each(|access| access.span = None);
            entry.external.iter_mut().for_each(|external| external.span = None);
            entry.unknowns.iter_mut().for_each(|unknown| unknown.span = None);
            entry.accounts.iter_mut().flatten().for_each(|account| account.why.clear());
            // The order of two accesses that differ only in their spans says nothing.
            entry.accesses.sort_by_cached_key(|access| serde_json::to_string(access).unwrap_or_default());
        }
    }
    out
}
