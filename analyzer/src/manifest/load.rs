//! From a manifest back to footprints, so that everything that works on an analysis also works on a committed manifest:
//! verdicts under another chain model, differences in words, hotspots. Spans are lost.

use super::v1;
use crate::chains;
use crate::conflicts;
use crate::ir;

/// The footprints of a contract. What the manifest leaves open is read as the widest thing (MODEL §7).
pub fn contract(wire: &v1::Contract) -> ir::Contract {
    let load = Load { wire };
    ir::Contract {
        name: wire.name.clone(),
        package: wire.package.clone(),
        package_version: wire.package_version.clone(),
        framework: wire.framework.clone(),
        framework_title: wire.framework.clone(),
        chain: wire.chain.model.clone(),
        entry_noun: chains::get(&wire.chain.model).map_or("entry point", |chain| &chain.nouns.entry).to_owned(),
        cells: wire.cells.iter().filter(|cell| cell.refines.is_none()).map(|cell| load.cell(cell)).collect(),
        entries: wire.entries.iter().map(|entry| load.entry(entry)).collect(),
        assumes: wire.assumes.clone(),
        dependencies: wire.dependencies.clone(),
        features: wire.cfg.clone(),
        models: wire.models.clone(),
        source_hash: wire.source_hash.clone(),
    }
}

struct Load<'a> {
    wire: &'a v1::Contract,
}

impl Load<'_> {
    fn id(&self, name: &str) -> Option<ir::CellId> {
        self.wire
            .cells
            .iter()
            .filter(|cell| cell.refines.is_none())
            .position(|cell| cell.id == name)
            .map(|at| ir::CellId(at as u32))
    }

    /// The payloads listed for a cell.
    fn shapes(&self, id: &str) -> Vec<String> {
        let of = |cell: &&v1::Cell| cell.refines.as_deref() == Some(id);
        let own = |cell: &&v1::Cell| cell.id == id || of(cell);
        self.wire.cells.iter().filter(own).filter_map(|cell| cell.storage.layout.clone()).collect()
    }

    fn cell(&self, cell: &v1::Cell) -> ir::Cell {
        let prefix = match (&cell.storage.prefix, &cell.storage.prefix_hex) {
            (Some(text), _) => Some(text.clone().into_bytes()),
            (None, Some(hex)) => super::unhex(hex),
            (None, None) => None,
        };
        // What decides is `part`: without it a shared unit is one unit, with it units are per key, whatever the kind.
        let kind = match (cell.unit.id.as_str(), cell.unit.part.as_deref()) {
            ("own", _) => cell.unit.kind.clone(),
            (_, Some("key")) if matches!(cell.unit.kind.as_str(), "account" | "key" | "slot") => cell.unit.kind.clone(),
            (_, Some("key")) => "key".to_owned(),
            (_, Some("cell")) => conflicts::OVERLAP.to_owned(),
            _ if matches!(cell.unit.kind.as_str(), "account" | "key" | "slot") => format!("whole-{}", cell.unit.kind),
            _ => cell.unit.kind.clone(),
        };
        ir::Cell {
            name: cell.id.clone(),
            storage: ir::Storage {
                kind: cell.storage.kind.clone(),
                prefix,
                encoding: cell.storage.encoding.clone(),
                slot: cell.storage.slot.as_ref().map(slot),
            },
            keys: cell.keys.iter().map(ty).collect(),
            value: ty(&cell.value),
            unit: ir::Unit { kind, id: cell.unit.id.clone() },
            tier: cell.tier.clone(),
            shapes: self.shapes(&cell.id),
            global: cell.at.is_some(),
            implicit: cell.implicit,
            span: ir::Span::NONE,
        }
    }

    fn entry(&self, entry: &v1::Entry) -> ir::Entry {
        let cell = || entry.callers_cell.clone().unwrap_or_default();
        ir::Entry {
            name: entry.name.clone(),
            kind: match entry.kind {
                v1::EntryKind::Init => ir::EntryKind::Init,
                v1::EntryKind::Call => ir::EntryKind::Call,
                v1::EntryKind::View => ir::EntryKind::View,
                v1::EntryKind::Callback => ir::EntryKind::Callback,
                v1::EntryKind::Migrate => ir::EntryKind::Migrate,
                v1::EntryKind::System => ir::EntryKind::System,
            },
            refines: entry.refines.clone(),
            callers: match entry.callers {
                v1::Callers::Anyone => ir::Callers::Anyone,
                v1::Callers::Role if entry.callers_cell.is_none() => ir::Callers::Some,
                v1::Callers::Role => ir::Callers::Role(cell()),
                v1::Callers::Address => ir::Callers::Address(cell()),
            },
            callers_span: ir::Span::NONE,
            params: entry
                .params
                .iter()
                .map(|param| ir::Param {
                    name: param.name.clone(),
                    ty: ty(&param.ty),
                    optional: param.optional,
                    default: match &param.default {
                        Some(v1::Term::Const(value)) => constant(value),
                        _ => None,
                    },
                    auth: param.auth,
                })
                .collect(),
            accesses: entry.accesses.iter().filter_map(|access| self.access(access)).collect(),
            externals: entry.external.iter().map(|external| self.external(external)).collect(),
            unknowns: entry.unknowns.iter().map(|unknown| self.unknown(unknown)).collect(),
            accounts: entry.accounts.as_ref().map(|all| all.iter().map(|account| self.account(account)).collect()),
            span: ir::Span::NONE,
        }
    }

    /// `None` only for a cell that is not listed, which `read` refuses.
    fn access(&self, access: &v1::Access) -> Option<ir::Access> {
        let side = |side: &str| if side == "upper" { ir::Side::Upper } else { ir::Side::Lower };
        Some(ir::Access {
            cell: self.id(&access.cell)?,
            key: self.terms(&access.key),
            field: access.field.clone(),
            mode: mode(access.mode),
            op: access.op.as_ref().and_then(op),
            bounds: access
                .bounds
                .iter()
                .map(|bound| ir::Bound { side: side(&bound.side), limit: self.term(&bound.limit) })
                .collect(),
            keeps_presence: access.presence.as_deref() == Some("keeps"),
            at: access.at.as_ref().map(|at| self.term(at)),
            certainty: match access.certainty {
                v1::Certainty::Always => ir::Certainty::Always,
                v1::Certainty::Sometimes => ir::Certainty::Sometimes,
            },
            repeat: access.repeat,
            implicit: access.implicit,
            ttl: access.ttl,
            span: ir::Span::NONE,
            via: access.via.clone(),
        })
    }

    fn external(&self, external: &v1::External) -> ir::External {
        ir::External {
            target: self.term(&external.target),
            mode: match external.mode {
                v1::ExternalMode::Call => ir::ExternalMode::Call,
                v1::ExternalMode::Query => ir::ExternalMode::Query,
                v1::ExternalMode::Message => ir::ExternalMode::Message,
                v1::ExternalMode::Delegate => ir::ExternalMode::Delegate,
            },
            entry: external.entry.clone(),
            args: external.args.iter().map(|arg| (arg.name.clone(), self.term(&arg.value))).collect(),
            callee: None,
            linked: external.linked,
            value: external.value,
            span: ir::Span::NONE,
            via: Vec::new(),
        }
    }

    fn unknown(&self, unknown: &v1::Unknown) -> ir::Unknown {
        let reach = match unknown.reach.as_str() {
            "contract" => ir::Reach::Contract,
            name => self.id(name).map_or(ir::Reach::All, ir::Reach::Cell),
        };
        let reason = ir::UnknownReason::ALL.iter().find(|reason| reason.code() == unknown.reason);
        ir::Unknown {
            reason: reason.copied().unwrap_or(ir::UnknownReason::UnresolvedCall),
            what: unknown.what.clone(),
            reach,
            span: ir::Span::NONE,
            via: Vec::new(),
        }
    }

    fn account(&self, account: &v1::Account) -> ir::AccountParam {
        ir::AccountParam {
            name: account.name.clone(),
            writable: account.writable,
            signer: account.signer,
            optional: account.optional,
            identity: self.term(&account.identity),
            written: match account.written.as_str() {
                "yes" => ir::Written::Yes,
                "no" => ir::Written::No,
                _ => ir::Written::Unknown,
            },
            why: Vec::new(),
            span: ir::Span::NONE,
        }
    }

    fn terms(&self, terms: &[v1::Term]) -> Vec<ir::Term> {
        terms.iter().map(|term| self.term(term)).collect()
    }

    fn term(&self, term: &v1::Term) -> ir::Term {
        match term {
            v1::Term::Const(value) => constant(value).map_or(ir::Term::Any, ir::Term::Const),
            v1::Term::Arg { path, elem } => {
                let mut ids = elem.iter().copied();
                // Elements without an id are correlated with nothing: ids from the top are in nobody's use.
                let mut free = u32::MAX;
                let mut next = || {
                    ids.next().unwrap_or_else(|| {
                        free -= 1;
                        free
                    })
                };
                let step = |step: &v1::Step| match step {
                    v1::Step::Field(name) => ir::Step::Field(name.clone()),
                    v1::Step::Elem => ir::Step::Elem(next()),
                    v1::Step::MapKey => ir::Step::MapKey,
                    v1::Step::Variant(name) => ir::Step::Variant(name.clone()),
                    v1::Step::Some => ir::Step::Some,
                };
                ir::Term::Arg(path.0.iter().map(step).collect())
            }
            v1::Term::Caller => ir::Term::Caller,
            v1::Term::Origin => ir::Term::Origin,
            v1::Term::SelfAddr => ir::Term::SelfAddr,
            v1::Term::Env { name, scope } => ir::Term::Env {
                name: name.clone(),
                scope: match scope {
                    v1::EnvScope::Chain => ir::EnvScope::Chain,
                    v1::EnvScope::Block => ir::EnvScope::Block,
                    v1::EnvScope::Tx => ir::EnvScope::Tx,
                    v1::EnvScope::Call => ir::EnvScope::Call,
                },
            },
            v1::Term::Account(name) => ir::Term::Account(name.clone()),
            v1::Term::Load { cell, key, field } => match self.id(cell) {
                Some(cell) => ir::Term::Load {
                    cell,
                    key: self.terms(key),
                    field: field.iter().flat_map(|field| field.split('.')).map(str::to_owned).collect(),
                },
                None => ir::Term::Any,
            },
            v1::Term::Fn { name, of, injective } => {
                ir::Term::Fn { name: name.clone(), of: self.terms(of), injective: *injective }
            }
            v1::Term::Coalesce(of) => ir::Term::Coalesce(self.terms(of)),
            v1::Term::Prefix(of) => ir::Term::Prefix(self.terms(of)),
            v1::Term::Any => ir::Term::Any,
        }
    }
}

/// The mode of the analysis.
fn mode(mode: v1::Mode) -> ir::Mode {
    match mode {
        v1::Mode::Read => ir::Mode::Read,
        v1::Mode::Probe => ir::Mode::Probe,
        v1::Mode::Write => ir::Mode::Write,
        v1::Mode::Update => ir::Mode::Update,
        v1::Mode::Commute => ir::Mode::Commute,
        v1::Mode::Append => ir::Mode::Append,
        v1::Mode::Delete => ir::Mode::Delete,
        v1::Mode::Scan => ir::Mode::Scan,
        v1::Mode::Rewrite => ir::Mode::Rewrite,
        v1::Mode::Lock => ir::Mode::Lock,
    }
}

/// `None`, which commutes with nothing, for a group or a default that is not known.
fn op(op: &v1::Op) -> Option<ir::Op> {
    let group = match op.group {
        v1::OpGroup::Add => ir::OpGroup::Add,
        v1::OpGroup::Min => ir::OpGroup::Min,
        v1::OpGroup::Max => ir::OpGroup::Max,
        v1::OpGroup::Or => ir::OpGroup::Or,
        v1::OpGroup::And => ir::OpGroup::And,
        v1::OpGroup::Xor => ir::OpGroup::Xor,
        v1::OpGroup::SetInsert => ir::OpGroup::SetInsert,
        v1::OpGroup::SetRemove => ir::OpGroup::SetRemove,
        v1::OpGroup::Other => return None,
    };
    let default = match &op.default {
        None => None,
        Some(value) => Some(constant(value)?),
    };
    Some(ir::Op { group, name: op.name.clone(), default })
}

fn constant(value: &v1::Const) -> Option<ir::Const> {
    Some(match value {
        v1::Const::Bool(value) => ir::Const::Bool(*value),
        v1::Const::Int(value) => ir::Const::Int(*value),
        v1::Const::Str(value) => ir::Const::Str(value.clone()),
        v1::Const::Bytes(value) => ir::Const::Bytes(value.clone()),
        v1::Const::Name(value) => ir::Const::Name(value.clone()),
        v1::Const::Other => return None,
    })
}

fn ty(wire: &v1::Type) -> ir::Type {
    let boxed = |of: &v1::Type| Box::new(ty(of));
    let fields =
        |fields: &[(String, v1::Type)]| fields.iter().map(|(name, of)| (name.clone(), ty(of))).collect::<Vec<_>>();
    match wire {
        v1::Type::Uint(bits) => ir::Type::Uint(*bits),
        v1::Type::Int(bits) => ir::Type::Int(*bits),
        v1::Type::Bool => ir::Type::Bool,
        v1::Type::Text { fold: None } => ir::Type::Text,
        // Two constants of folded text may be equal in other spellings.
        v1::Type::Text { fold: Some(fold) } => ir::Type::Opaque(format!("{fold} text")),
        v1::Type::Bytes { .. } => ir::Type::Bytes,
        v1::Type::Address { kind } => ir::Type::Address(kind.clone()),
        v1::Type::Option(of) => ir::Type::Option(boxed(of)),
        v1::Type::List(of) => ir::Type::List(boxed(of)),
        v1::Type::Map(key, value) => ir::Type::Map(boxed(key), boxed(value)),
        v1::Type::Tuple(of) => ir::Type::Tuple(of.iter().map(ty).collect()),
        v1::Type::Struct { name, fields: of } => ir::Type::Struct(name.clone(), fields(of)),
        v1::Type::Enum { name, variants, .. } => {
            ir::Type::Enum(name.clone(), variants.iter().map(|(name, of)| (name.clone(), fields(of))).collect())
        }
        v1::Type::Opaque(name) => ir::Type::Opaque(name.clone()),
    }
}

fn slot(slot: &v1::Slot) -> ir::Slot {
    let step = |step: &v1::SlotStep| match step {
        v1::SlotStep::Add(more) => ir::SlotStep::Add(*more),
        v1::SlotStep::Data => ir::SlotStep::Data,
        v1::SlotStep::Index { bytes, slots } => ir::SlotStep::Index { bytes: *bytes, slots: *slots },
        v1::SlotStep::Map(key) => ir::SlotStep::Map {
            key: match key.as_str() {
                "number" => ir::KeyHash::Number,
                "bytes" => ir::KeyHash::Bytes,
                "raw" => ir::KeyHash::Raw,
                _ => ir::KeyHash::Unknown,
            },
        },
    };
    ir::Slot {
        start: slot.start.clone(),
        steps: slot.steps.iter().map(step).collect(),
        offset: slot.offset,
        bytes: slot.bytes,
    }
}
