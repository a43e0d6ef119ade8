//! Runs entry points: from a handler and its arguments to a footprint.

use super::record::{Did, Guard, Recorder};
use super::rooted::Rooting;
use super::ty::{Ty, TyEnv};
use super::value::{FuncVal, Val};
use super::{Engine, Frame, Known};
use crate::frameworks::models;
use crate::ir::hir::{Body, CrateId, ItemId, ItemKind, ModId, Name};
use crate::ir::{
    Access, Callers, Cell, CellId, Entry, EntryKind, External, FileId, Param, Span, Step, Term, Type, Unit, Unknown,
};
use crate::source::{Ns, Resolved};
use std::rc::Rc;
use std::sync::Arc;

/// A handler to run, with the values of its parameters.
#[derive(Clone)]
pub(crate) struct EntrySpec {
    /// The function.
    pub(crate) item: ItemId,
    /// Receiver, where it has one.
    pub(crate) recv: Option<Val>,
    /// Arguments.
    pub(crate) args: Vec<Val>,
    /// Meaning of names in the impl around it.
    pub(crate) env: Option<TyEnv>,
    /// Variants assumed of decoded values.
    pub(crate) assumptions: Vec<(Term, u32)>,
    /// Value may be attached to the call: the host has moved it to this contract before the first line runs.
    pub(crate) paid: bool,
}

/// What one run found.
#[derive(Default)]
pub(crate) struct Footprints {
    pub(crate) accesses: Vec<Access>,
    pub(crate) externals: Vec<External>,
    pub(crate) unknowns: Vec<Unknown>,
    pub(crate) callers: Callers,
    pub(crate) callers_span: Span,
    /// Arguments that must have authorised every call.
    pub(crate) auths: std::collections::BTreeSet<String>,
    /// Decoded enums the run matched on: the term and the type.
    pub(crate) nested: Vec<(Term, Ty)>,
    /// Numbers under which the chain will call this contract back within the same transaction; `None` is any.
    pub(crate) callbacks: Vec<Option<crate::ir::Const>>,
}

impl Footprints {
    /// The entry point whose run this is. Whoever may call is told at `span` only where that is not everybody.
    pub(crate) fn into_entry(self, name: String, kind: EntryKind, params: Vec<Param>, span: Span) -> Entry {
        let callers_span = if self.callers == Callers::Anyone { Span::NONE } else { self.callers_span };
        Entry {
            name,
            kind,
            refines: None,
            callers: self.callers,
            callers_span,
            params,
            accesses: self.accesses,
            externals: self.externals,
            unknowns: self.unknowns,
            accounts: None,
            span,
        }
    }
}

impl<'w> Engine<'w> {
    /// Reads the tables: known items, capabilities, constructions, encodings.
    pub(crate) fn prepare(&mut self) {
        self.std_crate = self.world.model_named("std");
        if let Some(std) = self.std_crate {
            let root = ModId { krate: std, idx: 0 };
            let find = |name: &str| match self.world.resolve_names(root, &[Name::from(name)], Ns::Type) {
                Resolved::Item(id) => Some(id),
                _ => None,
            };
            let mut known = Known { option: find("Option"), result: find("Result"), ..Known::default() };
            for (id, names) in [(known.option, ["Some", "None"]), (known.result, ["Ok", "Err"])] {
                let Some(id) = id else { continue };
                let item = self.world.item(id);
                let ItemKind::Enum(def) = &item.kind else { continue };
                for (at, variant) in def.variants.iter().enumerate() {
                    let at = at as u32;
                    match names.iter().position(|name| variant.name == *name) {
                        Some(0) if names[0] == "Some" => known.some = at,
                        Some(0) => known.ok = at,
                        Some(_) if names[1] == "None" => known.none = at,
                        Some(_) => known.err = at,
                        None => {}
                    }
                }
            }
            self.known = known;
        }
        for package in self.world.unlisted() {
            self.assumes.insert(format!("as-tabulated: {package}"));
        }
        let packages = self.world.packages().len();
        let used = self.used_models();
        for at in 0..packages {
            let krate = CrateId(at as u32);
            let Some(model) = self.world.model(krate).filter(|_| used.contains(&krate)) else { continue };
            // Its traits are for types of all crates, whether or not a path leads here.
            let _ = self.world.krate(krate);
            let root = ModId { krate, idx: 0 };
            let names = |path: &str| path.split("::").map(|part| Name::from(part.trim())).collect::<Vec<_>>();
            let (capability, constructs, types) =
                (model.capability.clone(), model.constructs.clone(), model.types.clone());
            let kinds = model.kinds.clone();
            self.key_attributes.extend(model.key_attributes.iter().cloned());
            self.key_conversions.extend(model.key_conversions.iter().cloned());
            self.stand_in_builders.extend(model.stand_in_builders.iter().cloned());
            for name in capability {
                if let Resolved::Item(id) = self.world.resolve_names(root, &names(&name), Ns::Type) {
                    self.capability_items.push(id);
                }
            }
            for row in constructs {
                let path = names(&row.path);
                let (key, fields) = match self.world.resolve_names(root, &path, Ns::Value) {
                    Resolved::Variant(id, variant) => ((id, variant), self.variant_fields(id, Some(variant))),
                    _ => match self.world.resolve_names(root, &path, Ns::Type) {
                        Resolved::Item(id) => ((id, u32::MAX), self.variant_fields(id, None)),
                        _ => continue,
                    },
                };
                let base = Span { file: FileId(u32::MAX), lo: row.range.0, hi: row.range.1 };
                let text = format!("{{ {} }}", row.rust);
                if let Some(body) = self.world.parse_expr_body(&text, base, root, &fields) {
                    self.constructs.insert(key, body);
                }
            }
            for (name, like) in kinds {
                self.cells.alike(name, like);
            }
            for (name, encoding) in types {
                if let Some(shape) = shape(&encoding) {
                    self.type_rows.insert((krate, name), shape);
                }
            }
        }
        if let Ok(attributes) = models::attributes() {
            self.harmless_attributes =
                attributes.iter().filter(|row| row.from.is_empty()).map(|row| row.path.clone()).collect();
        }
    }

    /// True for code of such a crate, in rows or on disk.
    pub(super) fn is_pure(&self, id: crate::ir::hir::CrateId) -> bool {
        let table = self.world.overlay(id).unwrap_or(id);
        self.world.model(table).is_some_and(|model| model.pure)
    }

    /// True for the real code of a framework whose state is ambient and whose table is complete.
    pub(super) fn is_tabulated(&self, id: crate::ir::hir::CrateId) -> bool {
        let table = self.world.overlay(id).and_then(|table| self.world.model(table));
        table.is_some_and(|model| model.pure && model.ambient)
    }

    /// The tables that some package, or the text of such a table, names: a table nobody can reach is not read.
    fn used_models(&self) -> Vec<CrateId> {
        let packages = self.world.packages();
        let models: Vec<CrateId> =
            (0..packages.len() as u32).map(CrateId).filter(|id| self.world.model(*id).is_some()).collect();
        let named = |id: CrateId, name: &String| self.world.model(id).is_some_and(|model| model.is_named(name));
        let real = |at: &usize| self.world.model(CrateId(*at as u32)).is_none();
        let packages: Vec<_> = (0..packages.len()).filter(real).map(|at| &packages[at]).collect();
        let mut used: Vec<CrateId> = models
            .iter()
            .copied()
            .filter(|&id| {
                self.std_crate == Some(id)
                    || packages.iter().any(|package| {
                        package.deps.iter().any(|(dep, _)| named(id, dep))
                            || package.missing.iter().any(|missing| named(id, missing))
                            || self.world.model(id).is_some_and(|model| package.crate_name == model.name)
                    })
            })
            .collect();
        let mut at = 0;
        while let Some(&user) = used.get(at) {
            at += 1;
            let Some(text) = self.world.model(user).map(|model| model.text.clone()) else { continue };
            for &id in &models {
                let mentioned = self.world.model(id).is_some_and(|model| {
                    let word = |c: char| c.is_alphanumeric() || c == '_';
                    text.match_indices(&model.name).any(|(at, name)| {
                        let before = text[..at].chars().next_back();
                        let after = &text[at + name.len()..];
                        !before.is_some_and(word) && (after.starts_with("::") || after.starts_with(';'))
                    })
                });
                if mentioned && !used.contains(&id) {
                    used.push(id);
                }
            }
        }
        used
    }

    fn variant_fields(&self, id: ItemId, variant: Option<u32>) -> Vec<Name> {
        let item = self.world.item(id);
        let fields = match (&item.kind, variant) {
            (ItemKind::Struct(def), _) => Some(&def.fields),
            (ItemKind::Enum(def), Some(at)) => def.variants.get(at as usize).map(|variant| &variant.fields),
            _ => None,
        };
        fields.map(|fields| fields.fields.iter().map(|field| field.name.clone()).collect()).unwrap_or_default()
    }

    /// What a parameter of an entry point is by the tables: `Some` for handles and environment, `None` for arguments.
    pub(crate) fn parameter_row(&mut self, ty: &Ty) -> Option<Val> {
        let Ty::Adt(id, _) = ty else { return None };
        let name = self.item(*id).name.clone();
        let model = self.world.model(id.krate)?;
        let row = model.params.iter().find(|row| row.path == name.as_str())?.clone();
        let root = ModId { krate: id.krate, idx: 0 };
        let base = Span { file: FileId(u32::MAX), lo: row.range.0, hi: row.range.1 };
        let body = self.world.parse_expr_body(&row.rust, base, root, &[])?;
        Some(self.run_text(&body, root, ty))
    }

    fn run_text(&mut self, body: &Arc<Body>, module: ModId, want: &Ty) -> Val {
        let Some(root) = body.root else { return Val::any(want.clone()) };
        let env = Rc::new(TyEnv::root(module));
        let mut frame = Frame::new(body.clone(), env, Rc::from("table"), want.clone(), &self.store);
        let value = self.eval(&mut frame, root, want).unwrap_or_else(|_| Val::any(want.clone()));
        value.retyped(want)
    }

    /// Runs one entry point.
    pub(crate) fn run(&mut self, spec: &EntrySpec) -> Footprints {
        self.run_rooted(spec, &Rooting::None)
    }

    pub(super) fn run_once(&mut self, spec: &EntrySpec, rooting: &Rooting) -> Footprints {
        self.store.clear();
        self.statics.clear();
        self.rooted.clear();
        self.rec = Recorder::default();
        self.start_memory();
        self.stack.clear();
        self.via = Rc::from([]);
        self.nesting = 0;
        self.steps = 0;
        self.spent = false;
        (self.limit, self.cut) = (None, false);
        self.too_long.clear();
        self.conditions = 0;
        self.repeats = 0;
        self.try_context = false;
        self.pending_err = None;
        self.construct_span = None;
        self.row_span = None;
        self.told = false;
        self.implied.clear();
        self.nested.clear();
        self.taken = super::taken::Taken::default();
        self.behind_dyn.clear();
        self.assumptions.clone_from(&spec.assumptions);
        let item = self.item(spec.item);
        if spec.paid {
            self.attached(item.name_span);
        }
        let module = ModId { krate: spec.item.krate, idx: item.module };
        let mut args = spec.args.clone();
        if let Some(recv) = &spec.recv {
            args.insert(0, recv.clone());
        }
        if let Rooting::Receiver { ty, mutable } = rooting {
            let recv = self.root_receiver(ty, *mutable);
            args.insert(0, recv);
        }
        let func = Val::func(FuncVal::Item {
            item: spec.item,
            args: Vec::new(),
            self_ty: spec.env.as_ref().and_then(|env| env.self_ty.clone()),
            env: Some(Rc::new(spec.env.clone().unwrap_or_else(|| TyEnv::root(module)))),
        });
        let result = self.call_value(None, &func, args, &Ty::Unknown, item.name_span);
        if let Ok(result) = result {
            // The result is seen by whoever called. That a call fails is a bound, not an observation; what the error
            // says is one.
            let (good, bad) = self.split_err(&result);
            let good = match (rooting, good) {
                (Rooting::Built { ty }, Some(good)) => {
                    let state = self.unwrapped_result(&good);
                    self.keep_root(ty, &state, item.name_span);
                    None
                }
                (_, good) => good,
            };
            let mut loads = good.map_or_else(Vec::new, |good| self.loads_of(&good));
            if let Some(bad) = bad {
                loads = super::value::union(&loads, &self.told_loads(&bad));
            }
            self.rec.observe(&loads);
        }
        self.lent_writes();
        self.root_reads(item.name_span);
        let (callers, callers_span) = self.callers();
        let mut rec = std::mem::take(&mut self.rec);
        let accesses = rec.accesses();
        let auths = std::mem::take(&mut rec.auths);
        let mut externals = rec.externals;
        externals.sort();
        let mut unknowns = rec.unknowns;
        unknowns.sort();
        Footprints {
            accesses,
            externals,
            unknowns,
            callers,
            callers_span,
            auths,
            nested: std::mem::take(&mut self.nested),
            callbacks: rec.callbacks,
        }
    }

    /// Who may call, from guards that every path passes.
    fn callers(&mut self) -> (Callers, Span) {
        let certain = self.rec.guards.iter().filter(|guard| guard.conditions == 0);
        let mut guards: Vec<Guard> = certain
            .filter(|guard| guard.untold || guard.role.is_some() || guard.address || !self.writes_own(guard.cell))
            .cloned()
            .collect();
        guards.sort();
        let told = guards.iter().find(|guard| guard.address).or_else(|| guards.iter().find(|guard| !guard.untold));
        let Some(guard) = told.or_else(|| guards.first()) else {
            return (Callers::Anyone, Span::NONE);
        };
        if guard.untold {
            return (Callers::Some, guard.span);
        }
        if let Some(role) = &guard.role {
            return (Callers::Role(role.clone()), guard.span);
        }
        let mut place = self.cells.get(guard.cell).name.clone();
        // The inside of a newtype has no name of its own.
        for field in guard.field.iter().filter(|field| !field.starts_with(|c: char| c.is_ascii_digit())) {
            place.push('.');
            place.push_str(field);
        }
        (if guard.address { Callers::Address(place) } else { Callers::Role(place) }, guard.span)
    }

    /// True when the call changes the caller's entry of a cell: that is the caller's own state, not a role.
    fn writes_own(&self, cell: CellId) -> bool {
        self.rec.events.iter().any(|event| {
            let caller = event.key.first().and_then(|part| part.single());
            event.cell == cell
                && matches!(event.did, Did::Write(_) | Did::Delete | Did::Append)
                && matches!(caller, Some(Term::Caller | Term::Origin))
        })
    }

    /// The contract's cells so far, names made unique.
    pub(crate) fn contract_cells(&self) -> Vec<Cell> {
        let mut cells = self.cells.list().to_vec();
        let names: Vec<String> = cells.iter().map(|cell| cell.name.clone()).collect();
        for (at, cell) in cells.iter_mut().enumerate() {
            if names.iter().enumerate().any(|(other, name)| other != at && *name == cell.name) {
                if let Some(tier) = &cell.tier {
                    cell.name = format!("{tier}.{}", cell.name);
                } else if let Some(prefix) = &cell.storage.prefix {
                    cell.name = format!("{}.{}", String::from_utf8_lossy(prefix), cell.name);
                }
            }
        }
        // Two forms of key with one name in one tier.
        for at in 1..cells.len() {
            let name = cells[at].name.clone();
            if cells[..at].iter().any(|other| other.name == name) {
                cells[at].name = format!("{name}.{}", cells[at].storage.kind);
            }
        }
        cells
    }

    /// Says that all cells of a tier are parts of one unit, which has an implicit cell of that name; gives the cell.
    pub(crate) fn shared_unit(&mut self, tier: &str, kind: &str, name: &str) -> CellId {
        let unit = Unit { kind: kind.to_owned(), id: name.to_owned() };
        self.cells.share(tier, unit.clone());
        let id = self.cells.implicit(name, Vec::new(), Type::Opaque(name.to_owned()), false);
        self.cells.place(id, tier, unit);
        id
    }

    /// How addresses are encoded.
    pub(crate) fn address_type(&self) -> Type {
        Type::Address(self.address_kind.to_owned())
    }

    /// An argument of an entry point.
    pub(crate) fn argument(&self, name: &str, ty: Ty) -> Val {
        Val::term(ty, Term::Arg(vec![Step::Field(name.to_owned())]))
    }

    /// A parameter of an entry point, and the argument that stands for it.
    pub(crate) fn parameter(&mut self, at: usize, name: Option<&str>, ty: Ty) -> (Param, Val) {
        let name = name.map_or_else(|| format!("arg{at}"), str::to_owned);
        let optional = self.is_option(&ty);
        let param = Param { name: name.clone(), ty: self.describe_type(&ty), optional, default: None, auth: false };
        (param, self.argument(&name, ty))
    }

    /// A field of a value.
    pub(crate) fn field_of(&mut self, value: &Val, name: &Name) -> Val {
        self.field(value, name)
    }

    /// A parameter's wire description.
    pub(crate) fn describe_type(&mut self, ty: &Ty) -> Type {
        self.describe(ty, 0)
    }

    /// The argument path below a parameter.
    pub(crate) fn value_of_term(ty: Ty, term: Term) -> Val {
        Val::term(ty, term)
    }

    /// A struct of which one field is known.
    pub(crate) fn with_known_field(ty: Ty, name: &str, value: crate::ir::Const) -> Val {
        let fields = vec![(Name::from(name), Val::term(Ty::Unknown, Term::Const(value)))];
        let base = Some(Rc::new(super::value::Sym::default()));
        Val { ty, kind: super::value::Kind::Struct(Rc::new(super::value::StructVal { fields, base })) }
    }

    /// A struct with these fields.
    pub(crate) fn struct_value(ty: Ty, fields: Vec<(Name, Val)>) -> Val {
        super::build::built(ty, None, fields)
    }

    /// A message that is one variant with these fields.
    pub(crate) fn variant_value(ty: Ty, variant: u32, fields: Vec<(Name, Val)>) -> Val {
        super::build::built(ty, Some(variant), fields)
    }
}

/// `uint(128)`, `address(bech32)`, …
fn shape(text: &str) -> Option<Type> {
    let (name, inner) = match text.split_once('(') {
        Some((name, rest)) => (name, rest.trim_end_matches(')')),
        None => (text, ""),
    };
    Some(match name {
        // `uint(_)`: as wide as the type's first argument says.
        "uint" if inner == "_" => Type::Uint(0),
        "int" if inner == "_" => Type::Int(0),
        "uint" => Type::Uint(inner.parse().ok()?),
        "int" => Type::Int(inner.parse().ok()?),
        "bool" => Type::Bool,
        "text" => Type::Text,
        "bytes" => Type::Bytes,
        "address" => Type::Address(inner.to_owned()),
        _ => return None,
    })
}
