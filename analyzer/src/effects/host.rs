//! The intrinsics of the model language: what a table's row says a real function does to state.

use super::record::{Did, Event, Load, Stored, changed_fields, part};
use super::value::{CellVal, Delta, Dep, Kind, Sym, Val};
use super::{Div, Engine, Ev, Frame, ty::Ty};
use crate::ir::hir::{BinOp, ItemKind, Name};
use crate::ir::{CellId, Const, EnvScope, Span, Term, Type, UnknownReason};
use std::rc::Rc;

impl Engine<'_> {
    /// Calls `host::name`.
    pub(super) fn host_call(
        &mut self,
        f: Option<&mut Frame>,
        path: &Name,
        generic: &[Ty],
        args: Vec<Val>,
        want: &Ty,
        span: Span,
    ) -> Ev {
        let name = path.strip_prefix("host::").unwrap_or(path).to_owned();
        let span = self.user_span(span);
        let ty = generic.first().filter(|ty| !ty.is_unknown()).unwrap_or(want).clone();
        let arg = |at: usize| args.get(at).cloned().unwrap_or_else(Val::unit);
        Ok(match name.as_str() {
            "cell" => {
                let namespace = self.bytes_of(&arg(0));
                let kind = match self.text_of(&arg(1)) {
                    Some(kind) => Name::from(kind),
                    None => Name::new_static("item"),
                };
                let (mut key, mut value) = match want {
                    Ty::Cell(key, value) => (key.as_ref().clone(), value.as_ref().clone()),
                    _ => (Ty::Unknown, Ty::Unknown),
                };
                if let [k, v] = generic {
                    key = if k.is_unknown() { key } else { k.clone() };
                    value = if v.is_unknown() { value } else { v.clone() };
                }
                let ty = Ty::Cell(Rc::new(key.clone()), Rc::new(value.clone()));
                let label = self.rooted_label(namespace.as_deref());
                let cell = CellVal { namespace, kind, tier: None, label, shape: None, key, value, span };
                Val { ty, kind: Kind::Cell(Rc::new(cell)) }
            }
            "prefixed" => match self.bytes_of(&arg(0)).map(|bytes| (u16::try_from(bytes.len()), bytes)) {
                Some((Ok(length), bytes)) => {
                    let bytes = [&length.to_be_bytes()[..], &bytes].concat();
                    Val::term(ty, Term::Const(Const::Bytes(bytes)))
                }
                _ => Val::any(ty),
            },
            "shared" => self.host_shared(&arg(0)),
            "read" => self.on_cells(&args, generic, want, span, Self::host_read)?,
            "probe" => self.on_cells(&args, generic, want, span, Self::host_probe)?,
            "write" => self.on_cells(&args, generic, want, span, Self::host_write)?,
            "delete" => self.on_cells(&args, generic, want, span, Self::host_delete)?,
            "append" => self.on_cells(&args, generic, want, span, Self::host_append)?,
            "touch" => self.on_cells(&args, generic, want, span, Self::host_touch)?,
            "named" => {
                let value = generic.first().cloned().unwrap_or(Ty::Unknown);
                self.host_named(&arg(0), &arg(1), &value, span)
            }
            "value" => self.host_value(&args, &ty, want, span)?,
            "slot" => self.host_slot(&arg(0)),
            "fields" => self.host_fields(&arg(0)),
            "at" => self.host_at(&arg(0), &ty)?,
            "entry" => self.host_below(&arg(0), &arg(1), &ty)?,
            "part" => self.host_part(&arg(0), &arg(1), &ty)?,
            "authorize" => {
                self.host_authorize(&arg(0), span);
                Val::unit()
            }
            "stored" => self.host_stored(&arg(0), &arg(1), &ty),
            "latent" => self.host_latent(&arg(0), &arg(1), &ty, span),
            "below" => match (self.text_of(&arg(0)), self.text_of(&arg(1))) {
                (Some(path), Some(part)) => Val::text(&format!("{path}.{part}")),
                _ => Val::any(Ty::str()),
            },
            "fresh" => {
                let kind = self.text_of(&arg(0)).map_or(Name::new_static("item"), Name::from);
                let part = |at: usize| generic.get(at).cloned().unwrap_or(Ty::Unknown);
                let cell = self.host_fresh(kind, (part(0), part(1)), &arg(1), span);
                let ty = Ty::Cell(Rc::new(cell.key.clone()), Rc::new(cell.value.clone()));
                Val { ty, kind: Kind::Cell(Rc::new(cell)) }
            }
            "guard" => self.host_guard(&arg(0), &arg(1), &arg(2), arg(3).as_bool() != Some(false), span)?,
            "fresh_at" => self.host_fresh_at(&arg(0), span),
            "nested" => self.host_nested(&arg(0), &arg(1), &arg(2), &ty),
            "root" => self.root_value(&ty),
            "save_root" => {
                let value = self.settle(arg(0));
                let ty = value.ty.clone();
                self.keep_root(&ty, &value, span);
                Val::unit()
            }
            "scan" => self.on_cells(&args, generic, want, span, Self::host_scan)?,
            "scan_keys" => self.on_cells(&args, generic, want, span, Self::host_scan_keys)?,
            // A reference stays one: what holds it lends the same place.
            "same" => self.retype(arg(0), &ty),
            "inject" | "pure" => {
                let function = self.text_of(&arg(0)).unwrap_or_else(|| "f".to_owned());
                let parts = self.parts_of(&arg(1));
                let sym = self.function_sym(&function, name == "inject", &parts);
                Val::sym(ty, sym)
            }
            "decode" => {
                let value = self.settle(arg(0));
                let part = self.whole_sym(&value);
                let sym = self.function_sym("decode", false, &[part]);
                Val::sym(ty, sym)
            }
            "any" => Val::any(ty),
            "opaque" => {
                let value = self.settle(arg(0));
                let loads = self.loads_of(&value);
                self.rec.observe(&loads);
                Val::sym(ty, Sym { loads, ..Sym::default() })
            }
            "capability" => Val::sym(ty, Sym { cap: true, ..Sym::default() }),
            "add" | "sub" => {
                let op = if name == "add" { BinOp::Add } else { BinOp::Sub };
                let (a, b) = (self.settle(arg(0)), self.settle(arg(1)));
                let (x, y) = (self.whole_sym(&a), self.whole_sym(&b));
                let sum = self.arithmetic(op, &x, &y, &a.ty, true);
                Val::sym(if a.ty.is_unknown() { ty } else { a.ty }, sum)
            }
            "checked_add" | "checked_sub" => {
                let op = if name == "checked_add" { BinOp::Add } else { BinOp::Sub };
                let (a, b) = (self.settle(arg(0)), self.settle(arg(1)));
                let (x, y) = (self.whole_sym(&a), self.whole_sym(&b));
                let sum = self.arithmetic(op, &x, &y, &a.ty, true);
                self.maybe_checked(Val::sym(a.ty, sum))
            }
            "min" | "max" | "or" | "and" | "xor" => {
                let (a, b) = (self.settle(arg(0)), self.settle(arg(1)));
                self.implied(&a, super::implied::ORDERED, span);
                self.implied(&b, super::implied::ORDERED, span);
                let (x, y) = (self.whole_sym(&a), self.whole_sym(&b));
                let mut sym = Sym::computed([&x, &y]);
                sym.cap = false;
                Val::sym(a.ty, sym)
            }
            "env" => {
                let name = self.text_of(&arg(0)).unwrap_or_default();
                let scope = match self.text_of(&arg(1)).as_deref() {
                    Some("chain") => EnvScope::Chain,
                    Some("block") => EnvScope::Block,
                    Some("tx") => EnvScope::Tx,
                    _ => EnvScope::Call,
                };
                Val::term(ty, Term::Env { name, scope })
            }
            "attached" => {
                // What a call attaches although nothing looks at it moves money all the same.
                self.assumes.insert("no-unread-funds".to_owned());
                Val::term(ty, Term::Env { name: super::balance::ATTACHED.to_owned(), scope: EnvScope::Call })
            }
            "assume" | "name_of" | "role" => self.host_outside(&name, &ty, &arg(0), span),
            "caller" => Val::term(ty, Term::Caller),
            "origin" => Val::term(ty, Term::Origin),
            "this" => Val::term(ty, Term::SelfAddr),
            "maybe" => Val::any(Ty::bool()),
            "fail" => return Err(Div { fail: true }),
            "external" => {
                self.host_external(&args, span);
                Val::unit()
            }
            "callback" => {
                // A number that is not known stands for every one.
                let id = self.whole_sym(&arg(0)).constant().cloned();
                if !self.rec.callbacks.contains(&id) {
                    self.rec.callbacks.push(id);
                }
                Val::unit()
            }
            "balance" => {
                self.host_balance(&args, span);
                Val::unit()
            }
            "send" => {
                self.host_send(&arg(0), span, 0);
                Val::unit()
            }
            "unknown" => {
                let reason = self.text_of(&arg(0)).unwrap_or_default();
                self.unknown(reason_of(&reason), reason, span);
                Val::any(ty)
            }
            "elements" => match f {
                Some(f) => {
                    let source = arg(0);
                    self.next_element(f, &source)?.unwrap_or_else(|| Val::any(ty))
                }
                None => self.element(&arg(0)),
            },
            "observe" => {
                for arg in &args {
                    self.observe_value(arg);
                }
                Val::unit()
            }
            _ => {
                self.unknown(UnknownReason::UnresolvedCall, path.to_string(), span);
                Val::any(ty)
            }
        })
    }

    /// The expression of the contract that led into a table's row.
    pub(super) fn user_span(&self, span: Span) -> Span {
        if let Some(outer) = self.construct_span {
            return outer;
        }
        self.row_span.unwrap_or(span)
    }

    fn retype(&mut self, value: Val, ty: &Ty) -> Val {
        if ty.is_unknown() {
            return value;
        }
        match (&value.kind, ty) {
            // A list literal as the empty or given content of a collection.
            (Kind::Seq(_), Ty::Seq(_) | Ty::Set(_) | Ty::Dict(..)) => value.retyped(ty),
            (Kind::Seq(_) | Kind::Iter(_) | Kind::Closure(_) | Kind::Func(_) | Kind::Cell(_) | Kind::Ref(_), _) => {
                value
            }
            // Behind a pointer a value keeps its code.
            (Kind::Struct(_) | Kind::Enum(_), Ty::Seq(_) | Ty::Set(_) | Ty::Dyn(_) | Ty::Func(..) | Ty::Param(..))
                if matches!(&value.ty, Ty::Adt(id, _) if !self.is_model(id.krate)) =>
            {
                value
            }
            (Kind::Struct(_) | Kind::Enum(_) | Kind::Tuple(_), _) if !value.ty.same_head(ty) => {
                let sym = self.whole_sym(&value);
                Val::sym(ty.clone(), sym)
            }
            _ => value.retyped(ty),
        }
    }

    pub(super) fn text_of(&mut self, value: &Val) -> Option<String> {
        match self.whole_sym(value).constant() {
            Some(Const::Str(text)) => Some(text.clone()),
            Some(Const::Bytes(bytes)) => String::from_utf8(bytes.clone()).ok(),
            _ => None,
        }
    }

    fn bytes_of(&mut self, value: &Val) -> Option<Vec<u8>> {
        match self.whole_sym(value).constant() {
            Some(Const::Str(text)) => Some(text.clone().into_bytes()),
            Some(Const::Bytes(bytes)) => Some(bytes.clone()),
            _ => None,
        }
    }

    /// The parts of a tuple (nested ones flattened) as symbols.
    fn parts_of(&mut self, value: &Val) -> Vec<Sym> {
        let value = self.settle(value.clone());
        match &value.kind {
            Kind::Tuple(parts) => parts.iter().flat_map(|part| self.parts_of(part)).collect(),
            Kind::Struct(fields) if fields.base.is_none() && fields.fields.len() == 1 => {
                let inner = fields.fields[0].1.clone();
                self.parts_of(&inner)
            }
            _ => vec![self.whole_sym(&value)],
        }
    }

    /// Key components of a value of the cell's key type.
    pub(super) fn key_of(&mut self, value: &Val, declared: &Ty) -> Vec<Rc<Sym>> {
        let value = self.settle(value.clone());
        if let (Kind::Sym(sym), Ty::Tuple(parts)) =
            (&value.kind, if value.ty.is_unknown() { declared } else { &value.ty })
        {
            // A tuple known only by name has one component per part.
            let mut keys = Vec::new();
            for (at, part) in parts.iter().enumerate() {
                let inner = super::value::project(sym, &Name::from(at.to_string()));
                keys.extend(self.key_of(&Val::sym(part.clone(), inner), &Ty::Unknown));
            }
            return keys;
        }
        if let Ty::Adt(id, _) = &value.ty {
            if !self.is_model(id.krate) {
                // A key type of the contract's own: its encoding is not known (MODEL §1.3), but it is one component.
                let sym = match &value.kind {
                    Kind::Enum(alts) if alts.len() == 1 && alts[0].fields.is_empty() => self.whole_sym(&value),
                    Kind::Sym(sym) => {
                        let part = sym.as_ref().clone();
                        self.function_sym("key", false, &[part])
                    }
                    _ => self.whole_sym(&value).widened(),
                };
                return vec![Rc::new(sym)];
            }
        }
        self.parts_of(&value).into_iter().map(Rc::new).collect()
    }

    /// Runs an intrinsic for the cell, or for each of several cells of which one is meant.
    pub(super) fn on_cells(
        &mut self,
        args: &[Val],
        generic: &[Ty],
        want: &Ty,
        span: Span,
        run: fn(&mut Self, &CellVal, &[Val], &Ty, &Ty, Span) -> Ev,
    ) -> Ev {
        let Some(place) = args.get(1) else { return Ok(Val::any(want.clone())) };
        if let Some(store) = args.first() {
            self.check_store(store, span);
        }
        let place = self.settle(place.clone());
        // A place of `host::named` comes with its key.
        let cell_of = |value: &Val| match &value.kind {
            Kind::Cell(cell) => Some((cell.clone(), None)),
            Kind::Tuple(parts) => match parts.as_slice() {
                [Val { kind: Kind::Cell(cell), .. }, key, ..] => Some((cell.clone(), Some(key.clone()))),
                _ => None,
            },
            _ => None,
        };
        #[allow(clippy::type_complexity)]
        let (cells, complete): (Vec<(Rc<CellVal>, Option<Val>)>, bool) = match &place.kind {
            Kind::Multi(values) => {
                let cells: Vec<_> = values.iter().filter_map(cell_of).collect();
                let complete = cells.len() == values.len();
                (cells, complete)
            }
            _ => {
                let cells: Vec<_> = cell_of(&place).into_iter().collect();
                let complete = !cells.is_empty();
                (cells, complete)
            }
        };
        let value_ty = generic.last().filter(|ty| !ty.is_unknown()).cloned().unwrap_or(Ty::Unknown);
        if !complete {
            self.unknown(UnknownReason::UnknownCell, "a storage place that is not a constant".to_owned(), span);
            if let Some(stored) = args.get(3) {
                self.observe_value(stored);
            }
            if cells.is_empty() {
                return Ok(Val::any(want.clone()));
            }
        }
        let count = cells.len();
        self.any_of(count, &mut |engine, at| {
            let (cell, key) = &cells[at];
            match key {
                Some(key) => {
                    let mut args = args.to_vec();
                    args.resize(args.len().max(3), Val::unit());
                    args[2] = key.clone();
                    run(engine, cell, &args, &value_ty, want, span)
                }
                None => run(engine, cell, args, &value_ty, want, span),
            }
        })
    }

    /// A store that is a struct around the real one changes keys in a way nobody knows.
    fn check_store(&mut self, store: &Val, span: Span) {
        let store = self.settle(store.clone());
        if !matches!(store.ty, Ty::Adt(..)) {
            return;
        }
        let wrapped = self
            .impls_of(&store.ty)
            .iter()
            .any(|info| info.of_trait.is_some_and(|id| self.capability_items.contains(&id)));
        if wrapped {
            self.unknown(UnknownReason::UnknownCell, "a store inside another".to_owned(), span);
        }
    }

    /// `host::shared(x)`: what is there now, where others that hold it may have put something else; `x` counts as seen.
    fn host_shared(&mut self, value: &Val) -> Val {
        let value = self.settle(value.clone());
        self.observe_value(&value);
        let cap = self.carries_cap(&value, 0);
        Val::sym(value.ty, Sym { cap, ..Sym::default() })
    }

    /// The contract's cell for a storage place; `None` records an unknown.
    pub(super) fn cell_id(&mut self, cell: &CellVal, span: Span) -> Option<CellId> {
        let keys = self.key_types(&cell.key.clone());
        let value = self.describe(&cell.value.clone(), 0);
        let encoding = self.encoding;
        match self.cells.intern(cell, encoding, keys, value) {
            Some(id) => Some(id),
            None => {
                self.note_homeless(cell);
                let name = cell.label.as_ref().map_or_else(|| "a storage place".to_owned(), |label| label.to_string());
                self.unknown(UnknownReason::UnknownCell, format!("{name}: its namespace is not a constant"), span);
                None
            }
        }
    }

    pub(super) fn key_types(&mut self, ty: &Ty) -> Vec<Type> {
        match ty {
            Ty::Tuple(parts) => parts.iter().flat_map(|part| self.key_types(part)).collect(),
            ty => vec![self.describe(ty, 0)],
        }
    }

    pub(super) fn event(&mut self, did: Did, cell: CellId, key: Vec<Rc<Sym>>, span: Span) {
        if matches!(did, Did::Write(_) | Did::Delete | Did::Append) {
            self.forget(cell, &key);
        }
        // A key that depends on state makes that state matter.
        for part in &key {
            self.rec.observe(&part.loads.clone());
        }
        let event = Event {
            did,
            cell,
            key,
            span,
            via: self.via.clone(),
            conditions: self.conditions,
            repeat: self.repeats > 0,
            implicit: false,
        };
        self.rec.events.push(event);
    }

    pub(super) fn host_read(&mut self, cell: &CellVal, args: &[Val], ty: &Ty, want: &Ty, span: Span) -> Ev {
        let value_ty = if !cell.value.is_unknown() {
            cell.value.clone()
        } else if !ty.is_unknown() {
            ty.clone()
        } else {
            want.arg(0)
        };
        let option = self.option_of(value_ty.clone());
        let Some(id) = self.cell_id(cell, span) else { return Ok(Val::any(option)) };
        let key = self.key_of(&args.get(2).cloned().unwrap_or_else(Val::unit), &cell.key);
        let sym = self.load(id, key, span, true);
        Ok(Val::sym(option, sym))
    }

    /// Records a read and gives its value as an optional one.
    pub(super) fn load(&mut self, cell: CellId, key: Vec<Rc<Sym>>, span: Span, reads: bool) -> Sym {
        let initial = !self.rec.may_have_written(cell, &key);
        let load = self.rec.loads.len() as u32;
        let mut terms: Vec<Term>;
        if initial {
            let mut keys: Vec<Vec<Term>> = vec![Vec::new()];
            for part in &key {
                let options = part.key_terms();
                keys = keys
                    .iter()
                    .flat_map(|key| options.iter().map(|term| [key.as_slice(), std::slice::from_ref(term)].concat()))
                    .collect();
                if keys.len() > super::value::MAX_TERMS {
                    keys.clear();
                    break;
                }
            }
            terms = keys.into_iter().map(|key| Term::Load { cell, key, field: Vec::new() }).collect();
            terms.sort();
            terms.dedup();
            if terms.iter().any(|term| term.size() > super::value::MAX_TERM_SIZE) {
                terms.clear();
            }
        } else {
            terms = self.remembered(cell, &key);
        }
        let seq = self.rec.events.len() as u32;
        self.rec.loads.push(Load::new(cell, key.clone(), seq));
        if reads {
            self.event(Did::Read(load), cell, key, span);
        }
        let delta = Delta { load, path: Vec::new(), option: true, op: None, default: None, bounds: Vec::new() };
        Sym {
            terms,
            loads: vec![Dep::whole(load)],
            quiet: Vec::new(),
            delta: Some(Rc::new(delta)),
            cond: None,
            cap: false,
        }
    }

    fn host_probe(&mut self, cell: &CellVal, args: &[Val], _: &Ty, _: &Ty, span: Span) -> Ev {
        let Some(id) = self.cell_id(cell, span) else { return Ok(Val::any(Ty::bool())) };
        let key = self.key_of(&args.get(2).cloned().unwrap_or_else(Val::unit), &cell.key);
        let load = self.rec.loads.len() as u32;
        let seq = self.rec.events.len() as u32;
        self.rec.loads.push(Load::new(id, key.clone(), seq).seen());
        self.event(Did::Probe, id, key, span);
        let cond = Some(Rc::new(super::value::Cond::Present(load)));
        Ok(Val::sym(Ty::bool(), Sym { loads: vec![Dep::whole(load)], cond, ..Sym::default() }))
    }

    fn host_write(&mut self, cell: &CellVal, args: &[Val], _: &Ty, _: &Ty, span: Span) -> Ev {
        let value = self.settle(args.get(3).cloned().unwrap_or_else(Val::unit));
        let Some(id) = self.cell_id(cell, span) else {
            self.observe_value(&value);
            let whole = args.get(2).cloned().unwrap_or_else(Val::unit);
            self.keep_nested(cell, &whole, &value, span);
            return Ok(Val::unit());
        };
        let key = self.key_of(&args.get(2).cloned().unwrap_or_else(Val::unit), &cell.key);
        let whole = args.get(2).cloned().unwrap_or_else(Val::unit);
        self.keep_nested(cell, &whole, &value, span);
        self.record_write(id, key, &value, span);
        Ok(Val::unit())
    }

    /// Records that a value is stored.
    pub(super) fn record_write(&mut self, id: CellId, key: Vec<Rc<Sym>>, value: &Val, span: Span) {
        let stored = self.stored(id, &key, value);
        match &stored {
            Stored::Whole => self.observe_value(value),
            Stored::Same => {}
            Stored::Delta(delta) => {
                let loads: Vec<Dep> = self.loads_of(value).into_iter().filter(|dep| !dep.meets(delta)).collect();
                self.rec.observe(&loads);
            }
            Stored::Fields(_, changed) => {
                // A changed field tells what decided it; for a delta that is not the old value. Fields that are stored
                // as they were loaded tell nothing.
                for (path, delta) in changed {
                    let Some(new) = part(value, path) else { continue };
                    let mut loads = self.loads_of(&new);
                    if let Some(delta) = delta {
                        loads.retain(|dep| !dep.meets(delta));
                    }
                    self.rec.observe(&loads);
                }
            }
        }
        let before = self.before_write(id, &key);
        self.event(Did::Write(stored), id, key.clone(), span);
        self.keep_write(before, &key, value);
    }

    /// How a stored value relates to what was loaded from the same place.
    pub(super) fn stored(&mut self, cell: CellId, key: &[Rc<Sym>], value: &Val) -> Stored {
        let own = |engine: &Self, load: u32| {
            let known = &engine.rec.loads[load as usize];
            known.cell == cell && super::record::same_key(&known.key, key)
        };
        match &value.kind {
            Kind::Sym(sym) => match &sym.delta {
                Some(delta) if !delta.option && delta.path.is_empty() && own(self, delta.load) => match delta.op {
                    Some(_) => Stored::Delta(delta.clone()),
                    None if delta.default.is_none() => Stored::Same,
                    None => Stored::Whole,
                },
                _ => Stored::Whole,
            },
            Kind::Struct(fields) => {
                let base = match &fields.base {
                    Some(base) => base,
                    None => return Stored::Whole,
                };
                let load = match &base.delta {
                    Some(delta)
                        if !delta.option && delta.op.is_none() && delta.path.is_empty() && own(self, delta.load) =>
                    {
                        delta.load
                    }
                    _ => return Stored::Whole,
                };
                let mut changed = Vec::new();
                changed_fields(fields, load, &mut Vec::new(), &mut changed);
                if changed.is_empty() { Stored::Same } else { Stored::Fields(load, changed) }
            }
            _ => Stored::Whole,
        }
    }

    fn host_delete(&mut self, cell: &CellVal, args: &[Val], _: &Ty, _: &Ty, span: Span) -> Ev {
        if let Some(id) = self.cell_id(cell, span) {
            let key = self.key_of(&args.get(2).cloned().unwrap_or_else(Val::unit), &cell.key);
            self.event(Did::Delete, id, key, span);
        }
        Ok(Val::unit())
    }

    fn host_append(&mut self, cell: &CellVal, args: &[Val], _: &Ty, _: &Ty, span: Span) -> Ev {
        if let Some(value) = args.get(3) {
            self.observe_value(value);
        }
        if let Some(id) = self.cell_id(cell, span) {
            let key = self.key_of(&args.get(2).cloned().unwrap_or_else(Val::unit), &cell.key);
            self.event(Did::Append, id, key, span);
        }
        Ok(Val::unit())
    }

    fn host_scan(&mut self, cell: &CellVal, args: &[Val], _: &Ty, want: &Ty, span: Span) -> Ev {
        self.scan(cell, args, want, span, false)
    }

    fn host_scan_keys(&mut self, cell: &CellVal, args: &[Val], _: &Ty, want: &Ty, span: Span) -> Ev {
        self.scan(cell, args, want, span, true)
    }

    fn scan(&mut self, cell: &CellVal, args: &[Val], want: &Ty, span: Span, keys_only: bool) -> Ev {
        let Some(id) = self.cell_id(cell, span) else { return Ok(Val::any(want.clone())) };
        let prefix = self.key_of(&args.get(2).cloned().unwrap_or_else(Val::unit), &cell.key);
        let load = self.rec.loads.len() as u32;
        let seq = self.rec.events.len() as u32;
        self.rec.loads.push(Load::new(id, prefix.clone(), seq).seen());
        let fixed = prefix.len();
        let did = if keys_only { Did::ScanKeys } else { Did::Scan };
        self.event(did, id, prefix, span);
        let found = Sym { loads: vec![Dep::whole(load)], ..Sym::default() };
        let key = self.rest_of_key(&cell.key.clone(), fixed, &found);
        let element = if keys_only { key } else { Val::tuple(vec![key, Val::sym(cell.value.clone(), found.clone())]) };
        Ok(Val::seq(element.ty.clone(), None, element, found))
    }

    /// The part of a key that a scan below a prefix gives.
    fn rest_of_key(&mut self, ty: &Ty, fixed: usize, found: &Sym) -> Val {
        match ty {
            Ty::Tuple(parts) if fixed < parts.len() => {
                let rest: Vec<Val> = parts[fixed..].iter().map(|part| Val::sym(part.clone(), found.clone())).collect();
                match rest.len() {
                    1 => rest.into_iter().next().unwrap_or_else(Val::unit),
                    _ => Val::tuple(rest),
                }
            }
            ty => Val::sym(ty.clone(), found.clone()),
        }
    }

    /// The wire description of a type.
    pub(crate) fn describe(&mut self, ty: &Ty, depth: usize) -> Type {
        if depth > 4 {
            return Type::Opaque("…".to_owned());
        }
        match ty {
            Ty::Prim(name) => match name.as_str() {
                "bool" => Type::Bool,
                "str" => Type::Text,
                "char" => Type::Uint(32),
                "f32" | "f64" => Type::Opaque(name.to_string()),
                "usize" => Type::Uint(64),
                "isize" => Type::Int(64),
                other => {
                    let bits = other.get(1..).and_then(|bits| bits.parse().ok()).unwrap_or(64);
                    if other.starts_with('i') { Type::Int(bits) } else { Type::Uint(bits) }
                }
            },
            Ty::Seq(elem) | Ty::Set(elem) if **elem == Ty::Prim(Name::new_static("u8")) => Type::Bytes,
            Ty::Seq(elem) | Ty::Set(elem) => Type::List(Box::new(self.describe(elem, depth + 1))),
            Ty::Dict(key, value) => {
                Type::Map(Box::new(self.describe(key, depth + 1)), Box::new(self.describe(value, depth + 1)))
            }
            Ty::Tuple(parts) => Type::Tuple(parts.iter().map(|part| self.describe(part, depth + 1)).collect()),
            Ty::Adt(id, args) => {
                if self.is_option(ty) {
                    return Type::Option(Box::new(
                        self.describe(&args.first().cloned().unwrap_or(Ty::Unknown), depth + 1),
                    ));
                }
                let item = self.item(*id);
                if self.is_model(id.krate) {
                    let name = item.name.to_string();
                    if let Some(shape) = self.type_rows.get(&(id.krate, name.clone())) {
                        // A number whose width is the type's first argument.
                        let bits = |ty: &Ty| if let Ty::Prim(bits) = ty { bits.parse().ok() } else { None };
                        let width = || args.first().and_then(bits).unwrap_or(256);
                        return match shape {
                            Type::Uint(0) => Type::Uint(width()),
                            Type::Int(0) => Type::Int(width()),
                            shape => shape.clone(),
                        };
                    }
                    return Type::Opaque(name);
                }
                let name = item.name.to_string();
                if self.wire_names(id) == Some(None) {
                    return Type::Opaque(name);
                }
                match &item.kind {
                    ItemKind::Struct(_) => {
                        let fields = self.field_types(ty, None);
                        Type::Struct(
                            name,
                            fields
                                .iter()
                                .map(|(field, ty)| (field.to_string(), self.describe(ty, depth + 1)))
                                .collect(),
                        )
                    }
                    ItemKind::Enum(def) => {
                        let variants: Vec<String> =
                            (0..def.variants.len() as u32).map(|at| self.spelled_variant(ty, at)).collect();
                        let described = variants
                            .into_iter()
                            .enumerate()
                            .map(|(at, variant)| {
                                let fields = self.field_types(ty, Some(at as u32));
                                let fields = fields
                                    .iter()
                                    .map(|(field, ty)| (field.to_string(), self.describe(ty, depth + 1)))
                                    .collect();
                                (variant, fields)
                            })
                            .collect();
                        Type::Enum(name, described)
                    }
                    _ => Type::Opaque(name),
                }
            }
            Ty::External(path) => Type::Opaque(path.last().map_or_else(|| "?".to_owned(), |name| name.to_string())),
            Ty::Param(name, _) => {
                let last = name.rsplit("::").next().unwrap_or(name);
                let known =
                    self.type_rows.iter().find(|((_, row), _)| *row == *name || row == last && name.contains("::"));
                known.map_or_else(|| Type::Opaque(last.to_owned()), |(_, shape)| shape.clone())
            }
            _ => Type::Opaque("?".to_owned()),
        }
    }
}

fn reason_of(text: &str) -> UnknownReason {
    match text {
        "unsupported" => UnknownReason::Unsupported,
        "unknown-cell" => UnknownReason::UnknownCell,
        "unknown-function" => UnknownReason::UnknownFunction,
        "missing-dependency" => UnknownReason::MissingDependency,
        "open-trait" => UnknownReason::OpenTrait,
        _ => UnknownReason::UnresolvedCall,
    }
}
