//! From an analysis to a manifest: footprints, classes and conflicts in the wire types.

use super::v1;
use crate::Analysis;
use crate::chains::{self, ChainModel, Outcome, mode_name, op_name};
use crate::conflicts::{self, Class, Condition, First, Scope, Verdict, VerdictKind, Verdicts};
use crate::ir;

/// Pairs beyond this number are left out (`conflicts_omitted`); accesses say the same.
pub const MAX_CONFLICTS: usize = 500;

/// What a manifest is built with.
#[derive(Clone, Debug, Default)]
pub struct BuildOptions {
    /// Id of the chain model; `None`: the default of each contract.
    pub chain: Option<String>,
    /// Leaves out contracts of other packages; `None` keeps all.
    pub package: Option<String>,
    /// Leaves out spans, as in binaries.
    pub no_spans: bool,
}

/// The manifest of an analysis.
pub fn build(analysis: &Analysis, options: &BuildOptions) -> v1::Manifest {
    let wanted = |contract: &&ir::Contract| options.package.as_ref().is_none_or(|package| *package == contract.package);
    let files = if options.no_spans { None } else { Some(&analysis.files) };
    let mut contracts: Vec<v1::Contract> = analysis
        .contracts
        .iter()
        .filter(wanted)
        .map(|contract| {
            let chain = model(options.chain.as_deref().unwrap_or(&contract.chain));
            let verdicts = conflicts::analyse(contract, chain, Scope::Own);
            contract_with(contract, chain, &verdicts, files)
        })
        .collect();
    contracts.sort_by(|a, b| (&a.name, &a.package).cmp(&(&b.name, &b.package)));
    v1::Manifest { version: v1::VERSION, tool: concat!("crosslane ", env!("CARGO_PKG_VERSION")).to_owned(), contracts }
}

/// The model of an id; key locks, the least chain-specific one, where there is none of that id.
fn model(id: &str) -> &'static ChainModel {
    let fallback = || chains::get("keyed").unwrap_or(&chains::all()[0]);
    chains::get(id).unwrap_or_else(fallback)
}

/// One contract with verdicts that have been computed already. Without `files` there are no spans.
pub fn contract_with(
    contract: &ir::Contract,
    chain: &ChainModel,
    verdicts: &Verdicts,
    files: Option<&ir::SourceMap>,
) -> v1::Contract {
    let wire = Wire { contract, files, units: units(contract) };
    let mut assumes = contract.assumes.clone();
    let mut cells: Vec<v1::Cell> = (0..contract.cells.len()).map(|at| wire.cell(at)).collect();
    for (at, cell) in contract.cells.iter().enumerate() {
        let row = |layout: &String| {
            let shape = super::layout::payload(layout)?;
            let whole = wire.cell(at);
            let storage = v1::Storage { layout: Some(layout.clone()), ..whole.storage.clone() };
            Some(v1::Cell { id: format!("{}({shape})", cell.name), refines: Some(cell.name.clone()), storage, ..whole })
        };
        cells.extend(cell.shapes.iter().filter_map(row));
    }
    cells.sort_by(|a, b| a.id.cmp(&b.id));
    let entries =
        contract.entries.iter().enumerate().map(|(at, entry)| wire.entry(entry, verdicts.class(at))).collect();
    let mut pairs: Vec<v1::Conflict> =
        verdicts.conflicts(contract).map(|(a, b, _)| wire.conflict(verdicts, a, b)).collect();
    pairs.sort_by(|x, y| (&x.a, &x.b).cmp(&(&y.a, &y.b)));
    for &a in verdicts.listed() {
        for &b in verdicts.listed() {
            assumes.extend(verdicts.pair(a, b).assumes.iter().cloned());
        }
    }
    assumes.sort();
    assumes.dedup();
    let omitted = pairs.len() > MAX_CONFLICTS;
    v1::Contract {
        name: contract.name.clone(),
        package: contract.package.clone(),
        package_version: contract.package_version.clone(),
        framework: contract.framework.clone(),
        chain: v1::ChainRef { model: chain.id.clone(), rules: chain.rules },
        requires: Vec::new(),
        assumes,
        environment: chain.environment.iter().map(|set| format!("{}: {}", set.name, set.policy)).collect(),
        dependencies: contract.dependencies.clone(),
        cfg: contract.features.clone(),
        source_hash: contract.source_hash.clone(),
        models: contract.models.clone(),
        code: Vec::new(),
        cells,
        entries,
        conflicts: if omitted { Vec::new() } else { pairs },
        conflicts_omitted: omitted,
    }
}

struct Wire<'a> {
    contract: &'a ir::Contract,
    files: Option<&'a ir::SourceMap>,
    /// Unit of each cell.
    units: Vec<v1::Unit>,
}

/// Units, so that a reader needs to know nothing about how raw keys are made: cells whose raw keys may be the same bytes
/// share a unit.
fn units(contract: &ir::Contract) -> Vec<v1::Unit> {
    let mut units: Vec<v1::Unit> = contract
        .cells
        .iter()
        .map(|cell| v1::Unit {
            kind: cell.unit.kind.clone(),
            id: cell.unit.id.clone(),
            part: match cell.unit.id.as_str() {
                "own" => None,
                _ if cell.unit.kind == conflicts::OVERLAP => Some("cell".to_owned()),
                _ => conflicts::shared_by_key(&cell.unit).then(|| "key".to_owned()),
            },
        })
        .collect();
    for (cells, by_key) in conflicts::aliases(contract) {
        let mut names: Vec<&str> = cells.iter().map(|cell| contract.cell(*cell).name.as_str()).collect();
        names.sort();
        let id = names.join("|");
        for cell in cells {
            let unit = &mut units[cell.0 as usize];
            unit.part = Some(if by_key { "key" } else { "cell" }.to_owned());
            unit.id = id.clone();
        }
    }
    units
}

impl Wire<'_> {
    fn span(&self, span: ir::Span) -> Option<v1::Span> {
        let place = self.files?.locate(span)?;
        let foreign = !place.analysed || !same_package(&place.package, &self.contract.package);
        Some(v1::Span {
            file: place.file.to_string(),
            line: place.line,
            column: place.column,
            end_line: place.end_line,
            end_column: place.end_column,
            package: foreign.then(|| place.package.to_string()),
        })
    }

    fn name(&self, cell: ir::CellId) -> String {
        self.contract.cells.get(cell.0 as usize).map(|cell| cell.name.clone()).unwrap_or_default()
    }

    fn cell(&self, at: usize) -> v1::Cell {
        let cell = &self.contract.cells[at];
        let text = cell.storage.prefix.as_ref().and_then(|bytes| {
            let text = std::str::from_utf8(bytes).ok()?;
            (!text.chars().any(char::is_control)).then(|| text.to_owned())
        });
        let readers = conflicts::readers(self.contract, ir::CellId(at as u32));
        v1::Cell {
            id: cell.name.clone(),
            storage: v1::Storage {
                kind: cell.storage.kind.clone(),
                prefix_hex: match (&text, &cell.storage.prefix) {
                    (None, Some(bytes)) => Some(super::hex(bytes)),
                    _ => None,
                },
                prefix: text,
                encoding: cell.storage.encoding.clone(),
                layout: cell.shapes.iter().find(|layout| super::layout::payload(layout).is_none()).cloned(),
                slot: cell.storage.slot.as_ref().map(slot),
            },
            keys: cell.keys.iter().map(|ty| self.ty(ty)).collect(),
            value: self.ty(&cell.value),
            unit: self.units[at].clone(),
            tier: cell.tier.clone(),
            refines: None,
            at: cell.global.then(|| "chain".to_owned()),
            // A slot that nobody has written holds zeros.
            absent: cell.storage.slot.is_some().then(|| zero(&cell.value)).flatten(),
            implicit: cell.implicit,
            readers: readers.into_iter().map(|entry| self.contract.entries[entry].name.clone()).collect(),
            span: self.span(cell.span),
        }
    }

    fn entry(&self, entry: &ir::Entry, class: &Class) -> v1::Entry {
        let (callers, callers_cell) = match &entry.callers {
            ir::Callers::Anyone => (v1::Callers::Anyone, None),
            ir::Callers::Some => (v1::Callers::Role, None),
            ir::Callers::Role(cell) => (v1::Callers::Role, Some(cell.clone())),
            ir::Callers::Address(cell) => (v1::Callers::Address, Some(cell.clone())),
        };
        let mut accesses: Vec<v1::Access> = entry.accesses.iter().map(|access| self.access(access)).collect();
        accesses.sort_by_cached_key(access_order);
        v1::Entry {
            name: entry.name.clone(),
            kind: match entry.kind {
                ir::EntryKind::Init => v1::EntryKind::Init,
                ir::EntryKind::Call => v1::EntryKind::Call,
                ir::EntryKind::View => v1::EntryKind::View,
                ir::EntryKind::Callback => v1::EntryKind::Callback,
                ir::EntryKind::Migrate => v1::EntryKind::Migrate,
                ir::EntryKind::System => v1::EntryKind::System,
            },
            refines: entry.refines.clone(),
            callers,
            callers_cell,
            callers_span: self.span(entry.callers_span),
            params: entry.params.iter().map(|param| self.param(param)).collect(),
            class: self.class(class),
            accesses,
            external: entry.externals.iter().map(|external| self.external(external)).collect(),
            unknowns: entry.unknowns.iter().map(|unknown| self.unknown(unknown)).collect(),
            accounts: entry.accounts.as_ref().map(|all| all.iter().map(|account| self.account(account)).collect()),
            span: self.span(entry.span),
        }
    }

    fn param(&self, param: &ir::Param) -> v1::Param {
        v1::Param {
            name: param.name.clone(),
            ty: self.ty(&param.ty),
            optional: param.optional,
            default: param.default.as_ref().map(|value| v1::Term::Const(constant(value))),
            auth: param.auth,
        }
    }

    fn class(&self, class: &Class) -> v1::Class {
        let names = |cells: &[ir::CellId]| {
            let mut names: Vec<String> = cells.iter().map(|cell| self.name(*cell)).collect();
            names.sort();
            names
        };
        let outcome = |outcome: &Outcome| Some(outcome.as_str().to_owned());
        match class {
            Class::Parallel => v1::Class { kind: v1::ClassKind::Parallel, ..v1::Class::default() },
            Class::Unknown => v1::Class { kind: v1::ClassKind::Unknown, ..v1::Class::default() },
            Class::Serial { cells, outcome: what } => {
                v1::Class { kind: v1::ClassKind::Serial, by: Vec::new(), cells: names(cells), outcome: outcome(what) }
            }
            Class::Sharded { by, cells, outcome: what } => v1::Class {
                kind: v1::ClassKind::Sharded,
                by: by.iter().map(|tuple| self.terms(tuple)).collect(),
                cells: names(cells),
                outcome: outcome(what),
            },
        }
    }

    fn access(&self, access: &ir::Access) -> v1::Access {
        v1::Access {
            cell: self.name(access.cell),
            key: self.terms(&access.key),
            field: access.field.clone(),
            mode: v1::Mode::parse(mode_name(access.mode)),
            op: access.op.as_ref().map(|op| v1::Op {
                group: v1::OpGroup::parse(op_name(op.group)),
                name: op.name.clone(),
                default: op.default.as_ref().map(constant),
            }),
            bounds: access
                .bounds
                .iter()
                .map(|bound| v1::Bound {
                    side: match bound.side {
                        ir::Side::Lower => "lower".to_owned(),
                        ir::Side::Upper => "upper".to_owned(),
                    },
                    limit: self.term(&bound.limit),
                    on: "fail".to_owned(),
                })
                .collect(),
            presence: access.keeps_presence.then(|| "keeps".to_owned()),
            at: access.at.as_ref().map(|at| self.term(at)),
            certainty: match access.certainty {
                ir::Certainty::Always => v1::Certainty::Always,
                ir::Certainty::Sometimes => v1::Certainty::Sometimes,
            },
            repeat: access.repeat,
            ttl: access.ttl,
            implicit: access.implicit,
            span: self.span(access.span),
            via: access.via.clone(),
        }
    }

    fn external(&self, external: &ir::External) -> v1::External {
        v1::External {
            target: self.term(&external.target),
            mode: match external.mode {
                ir::ExternalMode::Call => v1::ExternalMode::Call,
                ir::ExternalMode::Query => v1::ExternalMode::Query,
                ir::ExternalMode::Message => v1::ExternalMode::Message,
                ir::ExternalMode::Delegate => v1::ExternalMode::Delegate,
            },
            entry: external.entry.clone(),
            args: external
                .args
                .iter()
                .map(|(name, value)| v1::Argument { name: name.clone(), value: self.term(value) })
                .collect(),
            reach: None,
            reentrant: !external.linked && external.mode != ir::ExternalMode::Query,
            linked: external.linked,
            value: external.value,
            span: self.span(external.span),
        }
    }

    fn unknown(&self, unknown: &ir::Unknown) -> v1::Unknown {
        v1::Unknown {
            reason: unknown.reason.code().to_owned(),
            what: unknown.what.clone(),
            reach: match unknown.reach {
                ir::Reach::All => "all".to_owned(),
                ir::Reach::Contract => "contract".to_owned(),
                ir::Reach::Cell(cell) => self.name(cell),
            },
            span: self.span(unknown.span),
        }
    }

    fn account(&self, account: &ir::AccountParam) -> v1::Account {
        v1::Account {
            name: account.name.clone(),
            writable: account.writable,
            signer: account.signer,
            optional: account.optional,
            identity: self.term(&account.identity),
            written: match account.written {
                ir::Written::Yes => "yes".to_owned(),
                ir::Written::No => "no".to_owned(),
                ir::Written::Unknown => "unknown".to_owned(),
            },
            why: account.why.iter().filter_map(|span| self.span(*span)).collect(),
        }
    }

    /// The verdict on two entry points, with the names in order.
    fn conflict(&self, verdicts: &Verdicts, a: usize, b: usize) -> v1::Conflict {
        let name = |entry: usize| self.contract.entries[entry].name.clone();
        let (a, b) = if name(a) <= name(b) { (a, b) } else { (b, a) };
        let verdict: &Verdict = verdicts.pair(a, b);
        let mut cells: Vec<String> = verdict.cells().iter().map(|cell| self.name(*cell)).collect();
        cells.sort();
        let mut when = verdict.when.clone();
        when.limit();
        let kind = match verdict.kind {
            VerdictKind::When if when.is_always() => VerdictKind::Always,
            kind => kind,
        };
        v1::Conflict {
            a: name(a),
            b: name(b),
            scope: verdicts.scope.as_str().to_owned(),
            verdict: match kind {
                VerdictKind::When => v1::VerdictKind::When,
                VerdictKind::Always => v1::VerdictKind::Always,
                VerdictKind::Unknown | VerdictKind::Never => v1::VerdictKind::Unknown,
            },
            when: self.condition(&when, kind),
            cells,
            outcome: Some(verdict.outcome.as_str().to_owned()),
            assumes: verdict.assumes.clone(),
        }
    }

    /// The conjunctions; for `always` only if they say in which order.
    fn condition(&self, condition: &Condition, kind: VerdictKind) -> Vec<v1::Conjunction> {
        let plain = condition.0.iter().any(|conj| conj.atoms.is_empty() && conj.order.is_none());
        if kind == VerdictKind::Always && plain {
            return Vec::new();
        }
        let conj = |conj: &conflicts::Conj| v1::Conjunction {
            all: conj
                .atoms
                .iter()
                .map(|atom| v1::Equality { left: self.term(&atom.left), right: self.term(&atom.right) })
                .collect(),
            order: conj.order.map(|first| match first {
                First::A => "a-first".to_owned(),
                First::B => "b-first".to_owned(),
            }),
            at: conj.anywhere.then(|| "chain".to_owned()),
        };
        condition.0.iter().map(conj).collect()
    }

    fn terms(&self, terms: &[ir::Term]) -> Vec<v1::Term> {
        terms.iter().map(|term| self.term(term)).collect()
    }

    fn term(&self, term: &ir::Term) -> v1::Term {
        match term {
            ir::Term::Const(value) => v1::Term::Const(constant(value)),
            ir::Term::Arg(path) => {
                let elem = path.iter().filter_map(|step| match step {
                    ir::Step::Elem(id) => Some(*id),
                    _ => None,
                });
                v1::Term::Arg { elem: elem.collect(), path: v1::Path(path.iter().map(step).collect()) }
            }
            ir::Term::Caller => v1::Term::Caller,
            ir::Term::Origin => v1::Term::Origin,
            ir::Term::SelfAddr => v1::Term::SelfAddr,
            ir::Term::Env { name, scope } => v1::Term::Env {
                name: name.clone(),
                scope: match scope {
                    ir::EnvScope::Chain => v1::EnvScope::Chain,
                    ir::EnvScope::Block => v1::EnvScope::Block,
                    ir::EnvScope::Tx => v1::EnvScope::Tx,
                    ir::EnvScope::Call => v1::EnvScope::Call,
                },
            },
            ir::Term::Account(name) => v1::Term::Account(name.clone()),
            ir::Term::Load { cell, key, field } => v1::Term::Load {
                cell: self.name(*cell),
                key: self.terms(key),
                field: if field.is_empty() { None } else { Some(field.join(".")) },
            },
            ir::Term::Fn { name, of, injective } => {
                v1::Term::Fn { name: name.clone(), of: self.terms(of), injective: *injective }
            }
            ir::Term::Coalesce(of) => v1::Term::Coalesce(self.terms(of)),
            ir::Term::Prefix(of) => v1::Term::Prefix(self.terms(of)),
            ir::Term::Any => v1::Term::Any,
        }
    }

    fn ty(&self, ty: &ir::Type) -> v1::Type {
        let boxed = |ty: &ir::Type| Box::new(self.ty(ty));
        let fields = |fields: &[(String, ir::Type)]| {
            fields.iter().map(|(name, ty)| (name.clone(), self.ty(ty))).collect::<Vec<_>>()
        };
        match ty {
            ir::Type::Uint(bits) => v1::Type::Uint(*bits),
            ir::Type::Int(bits) => v1::Type::Int(*bits),
            ir::Type::Bool => v1::Type::Bool,
            ir::Type::Text => v1::Type::Text { fold: None },
            ir::Type::Bytes => v1::Type::Bytes { form: self.bytes_form().to_owned() },
            ir::Type::Address(kind) => v1::Type::Address { kind: kind.clone() },
            ir::Type::Option(of) => v1::Type::Option(boxed(of)),
            ir::Type::List(of) => v1::Type::List(boxed(of)),
            ir::Type::Map(key, value) => v1::Type::Map(boxed(key), boxed(value)),
            ir::Type::Tuple(of) => v1::Type::Tuple(of.iter().map(|ty| self.ty(ty)).collect()),
            ir::Type::Struct(name, of) => v1::Type::Struct { name: name.clone(), fields: fields(of) },
            ir::Type::Enum(name, variants) => v1::Type::Enum {
                name: name.clone(),
                tag: "external".to_owned(),
                variants: variants.iter().map(|(name, of)| (name.clone(), fields(of))).collect(),
            },
            ir::Type::Opaque(name) => v1::Type::Opaque(name.clone()),
        }
    }

    /// How the ecosystem's clients write bytes in JSON.
    fn bytes_form(&self) -> &'static str {
        match self.contract.framework.as_str() {
            "cosmwasm" | "near" => "base64",
            _ => "hex",
        }
    }
}

/// `cw2 2.0.0` and `cw2` are the same package.
fn same_package(of_file: &str, of_contract: &str) -> bool {
    of_file == of_contract || of_file.strip_prefix(of_contract).is_some_and(|rest| rest.starts_with(' '))
}

/// The order of accesses in a manifest: where, then what.
fn access_order(access: &v1::Access) -> (String, String, Option<String>, v1::Mode, Option<v1::Span>, Vec<String>) {
    let key: Vec<String> = access.key.iter().map(|term| term.to_json().to_string()).collect();
    let span = access.span.clone();
    (access.cell.clone(), key.join(","), access.field.clone(), access.mode, span, access.via.clone())
}

fn step(step: &ir::Step) -> v1::Step {
    match step {
        ir::Step::Field(name) => v1::Step::Field(name.clone()),
        ir::Step::Elem(_) => v1::Step::Elem,
        ir::Step::MapKey => v1::Step::MapKey,
        ir::Step::Variant(name) => v1::Step::Variant(name.clone()),
        ir::Step::Some => v1::Step::Some,
    }
}

/// What a type makes of zeros.
fn zero(ty: &ir::Type) -> Option<v1::Const> {
    match ty {
        ir::Type::Uint(_) | ir::Type::Int(_) => Some(v1::Const::Int(0)),
        ir::Type::Bool => Some(v1::Const::Bool(false)),
        _ => None,
    }
}

fn constant(value: &ir::Const) -> v1::Const {
    match value {
        ir::Const::Bool(value) => v1::Const::Bool(*value),
        ir::Const::Int(value) => v1::Const::Int(*value),
        ir::Const::Str(value) => v1::Const::Str(value.clone()),
        ir::Const::Bytes(value) => v1::Const::Bytes(value.clone()),
        ir::Const::Name(value) => v1::Const::Name(value.clone()),
    }
}

fn slot(slot: &ir::Slot) -> v1::Slot {
    let step = |step: &ir::SlotStep| match step {
        ir::SlotStep::Add(more) => v1::SlotStep::Add(*more),
        ir::SlotStep::Data => v1::SlotStep::Data,
        ir::SlotStep::Index { bytes, slots } => v1::SlotStep::Index { bytes: *bytes, slots: *slots },
        ir::SlotStep::Map { key } => v1::SlotStep::Map(
            match key {
                ir::KeyHash::Number => "number",
                ir::KeyHash::Bytes => "bytes",
                ir::KeyHash::Raw => "raw",
                ir::KeyHash::Unknown => "unknown",
            }
            .to_owned(),
        ),
    };
    v1::Slot {
        start: slot.start.clone(),
        steps: slot.steps.iter().map(step).collect(),
        offset: slot.offset,
        bytes: slot.bytes,
    }
}
