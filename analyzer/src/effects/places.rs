//! Values that are storage: a contract's `self` is a struct whose fields lie in storage, each in a cell named by the
//! path of fields that leads to it, under the keys met on the way (`users.dogs` under an address and an index).
//!
//! [`Engine::placed`] gives a value of a type that lies at a *place*: the fields of a struct lie below the struct, a
//! field of type `host::Cell` in a table's struct is the place itself. Containers of tables go further down with
//! `host::entry(place, key)`, beside with `host::part(place, name)`, and make the content's value with
//! `host::at::<T>(place)`. Whatever has no structure the tables know gives access to state, so that code that gets it is
//! an unknown and never free of effects.

use super::ty::Ty;
use super::value::{CellVal, Kind, StructVal, Sym, Val};
use super::{Engine, Ev};
use crate::ir::hir::{ItemKind, Name};
use crate::ir::{Const, Span, Term, UnknownReason};
use std::rc::Rc;

/// Structs inside each other are followed this deep.
const MAX_DEPTH: usize = 16;
/// Fields in all of one value.
const MAX_FIELDS: usize = 2_000;

/// A place in storage: the path of fields, and the keys met on the way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spot {
    path: String,
    keys: Vec<Val>,
    span: Span,
}

impl Spot {
    fn field(&self, name: &str, span: Span) -> Spot {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Spot { path, keys: self.keys.clone(), span: if span == Span::NONE { self.span } else { span } }
    }
}

impl Engine<'_> {
    /// The contract's state as a value: a struct of this type that lies in storage, from the root on.
    pub(crate) fn placed_self(&mut self, ty: &Ty) -> Val {
        self.placed(ty, &Spot::default(), 0, &mut 0)
    }

    /// A value of this type that lies there.
    fn placed(&mut self, ty: &Ty, spot: &Spot, depth: usize, made: &mut usize) -> Val {
        *made += 1;
        if depth <= MAX_DEPTH && *made <= MAX_FIELDS {
            match ty {
                Ty::Cell(_, value) => return place(spot, value),
                Ty::Tuple(parts) => {
                    let parts = parts.iter().map(|part| self.placed(part, spot, depth + 1, made)).collect();
                    return Val { ty: ty.clone(), kind: Kind::Tuple(Rc::new(parts)) };
                }
                Ty::Adt(id, _) if matches!(self.item(*id).kind, ItemKind::Struct(_)) => {
                    let model = self.is_model(id.krate);
                    let item = self.item(*id);
                    let ItemKind::Struct(def) = &item.kind else { return opaque(ty) };
                    let types = self.field_types(ty, None);
                    let mut fields = Vec::new();
                    for ((name, ty), written) in types.iter().zip(&def.fields.fields) {
                        let number = name.starts_with(|c: char| c.is_ascii_digit());
                        let inside = if model && (number || name == "cell" || name == "primary") {
                            spot.clone()
                        } else {
                            spot.field(name, if model { Span::NONE } else { written.span })
                        };
                        fields.push((name.clone(), self.placed(ty, &inside, depth + 1, made)));
                    }
                    return Val { ty: ty.clone(), kind: Kind::Struct(Rc::new(StructVal { fields, base: None })) };
                }
                _ => {}
            }
        }
        opaque(ty)
    }

    /// `host::at::<T>(place)`: the value of type `T` that lies there.
    pub(super) fn host_at(&mut self, at: &Val, ty: &Ty) -> Ev {
        Ok(self.on_spots(at, &mut |engine, spot| engine.placed(ty, spot, 0, &mut 0)).unwrap_or_else(|| opaque(ty)))
    }

    /// `host::entry(place, key)`: the place of an entry.
    pub(super) fn host_below(&mut self, at: &Val, key: &Val, value: &Ty) -> Ev {
        let key = self.settle(key.clone());
        let parts: Vec<Val> = self
            .key_of(&key, &Ty::Unknown)
            .into_iter()
            .map(|part| Val::sym(key.ty.clone(), part.as_ref().clone()))
            .collect();
        let found = self.on_spots(at, &mut |_, spot| {
            let mut spot = spot.clone();
            spot.keys.extend(parts.iter().cloned());
            place(&spot, value)
        });
        Ok(found.unwrap_or_else(|| opaque(&Ty::Unknown)))
    }

    /// `host::part(place, name)`: a place beside, such as a list's length.
    pub(super) fn host_part(&mut self, at: &Val, name: &Val, value: &Ty) -> Ev {
        let name = self.text_of(name).unwrap_or_default();
        let found = self.on_spots(at, &mut |_, spot| place(&spot.field(&name, Span::NONE), value));
        Ok(found.unwrap_or_else(|| opaque(&Ty::Unknown)))
    }

    /// `host::value(store, &cell, key, absent)`: like `read`, where nothing stored and `absent` are the same thing.
    pub(super) fn host_value(&mut self, args: &[Val], ty: &Ty, want: &Ty, span: Span) -> Ev {
        let read = self.on_cells(args, std::slice::from_ref(ty), want, span, Self::host_read)?;
        let found = if read.ty.arg(0).is_unknown() { ty.clone() } else { read.ty.arg(0) };
        let absent = match args.get(3) {
            Some(absent) => self.whole_sym(absent).constant().cloned(),
            None => None,
        };
        let Kind::Sym(sym) = &read.kind else { return Ok(read.retyped(&found)) };
        let mut sym = super::native::option_payload(sym);
        if let Some(delta) = &mut sym.delta {
            Rc::make_mut(delta).default = absent;
        }
        Ok(Val::sym(found, sym))
    }

    /// True for a value through which code elsewhere could call back into code of the contract.
    pub(super) fn calls_back(&mut self, value: &Val) -> bool {
        let code = matches!(value.kind, Kind::Closure(_) | Kind::Func(_) | Kind::Multi(_) | Kind::Iter(_));
        code || match &value.ty {
            Ty::Adt(id, _) => {
                let analysed = self.world.packages()[id.krate.0 as usize].analysed;
                analysed || !self.is_model(id.krate) && self.reaches_state(id.krate)
            }
            _ => false,
        }
    }

    /// `host::slot(number)`: the place with this number, without a name in the code. A number that the code makes of
    /// constants alone is named by how it is made.
    pub(super) fn host_slot(&mut self, number: &Val) -> Val {
        let sym = self.whole_sym(number);
        let path = match sym.single() {
            Some(Term::Const(Const::Int(number))) => format!("slot {number}"),
            Some(term) if closed(term) => format!("slot {}", spelled(term)),
            _ => return opaque(&Ty::Unknown),
        };
        place(&Spot { path, ..Spot::default() }, &Ty::Unknown)
    }

    /// `host::fields(value)`: the fields of a struct, of which one is meant.
    pub(super) fn host_fields(&mut self, value: &Val) -> Val {
        let value = self.settle(value.clone());
        let types = self.field_types(&value.ty, None);
        if !matches!(value.kind, Kind::Struct(_)) {
            if self.carries_cap(&value, 0) {
                self.unknown(
                    UnknownReason::UnresolvedCall,
                    "a stored value of unknown type".to_owned(),
                    self.user_span(Span::NONE),
                );
            }
            return Val::seq(Ty::Unknown, Some(Vec::new()), Val::any(Ty::Unknown), Sym::default());
        }
        let parts: Vec<Val> = types.iter().map(|(name, _)| self.field(&value, name)).collect();
        Val::seq(Ty::Unknown, Some(parts), Val::any(Ty::Unknown), Sym::default())
    }

    /// What comes of a place, or of each of several of which one is meant; `None` when some of it is no place.
    fn on_spots(&mut self, at: &Val, run: &mut dyn FnMut(&mut Self, &Spot) -> Val) -> Option<Val> {
        let at = self.settle(at.clone());
        let spots = self.spots(&at)?;
        let mut made: Vec<Val> = Vec::new();
        for spot in &spots {
            made.push(run(self, spot));
        }
        match made.len() {
            0 => None,
            1 => made.pop(),
            _ => Some(Val { ty: made[0].ty.clone(), kind: Kind::Multi(Rc::new(made)) }),
        }
    }

    fn spots(&mut self, at: &Val) -> Option<Vec<Spot>> {
        match &at.kind {
            Kind::Multi(values) => {
                let mut all = Vec::new();
                for value in values.clone().iter() {
                    let value = self.settle(value.clone());
                    all.extend(self.spots(&value)?);
                }
                Some(all)
            }
            Kind::Tuple(parts) => {
                let [Val { kind: Kind::Cell(cell), .. }, Val { kind: Kind::Tuple(keys), .. }, ..] = parts.as_slice()
                else {
                    return None;
                };
                let path = cell.label.as_ref()?.to_string();
                Some(vec![Spot { path, keys: keys.to_vec(), span: cell.span }])
            }
            _ => None,
        }
    }
}

/// True for a term that no call and no state can change.
fn closed(term: &Term) -> bool {
    match term {
        Term::Const(_) => true,
        Term::Fn { of, .. } => of.iter().all(closed),
        _ => false,
    }
}

fn spelled(term: &Term) -> String {
    match term {
        Term::Const(Const::Int(number)) => number.to_string(),
        Term::Const(Const::Str(text) | Const::Name(text)) => format!("\"{text}\""),
        Term::Const(Const::Bytes(bytes)) => match std::str::from_utf8(bytes) {
            Ok(text) if !text.chars().any(char::is_control) => format!("\"{text}\""),
            _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        },
        Term::Const(Const::Bool(value)) => value.to_string(),
        Term::Fn { name, of, .. } => format!("{name}({})", of.iter().map(spelled).collect::<Vec<_>>().join(", ")),
        _ => "?".to_owned(),
    }
}

/// A place as tables hold it: the cell, its key, and a mark that it gives access to state.
fn place(spot: &Spot, value: &Ty) -> Val {
    let key = Ty::Tuple(spot.keys.iter().map(|part| part.ty.clone()).collect());
    let cell = CellVal {
        namespace: Some(spot.path.clone().into_bytes()),
        kind: Name::new_static(if spot.keys.is_empty() { "item" } else { "map" }),
        tier: None,
        shape: None,
        label: Some(Rc::from(spot.path.as_str())),
        key: key.clone(),
        value: value.clone(),
        span: spot.span,
    };
    let ty = Ty::Cell(Rc::new(key), Rc::new(value.clone()));
    let cell = Val { ty: ty.clone(), kind: Kind::Cell(Rc::new(cell)) };
    let access = Val::sym(Ty::Unknown, Sym { cap: true, ..Sym::default() });
    Val { ty, kind: Kind::Tuple(Rc::new(vec![cell, Val::tuple(spot.keys.clone()), access])) }
}

/// A value whose place nobody knows.
fn opaque(ty: &Ty) -> Val {
    Val::sym(ty.clone(), Sym { cap: true, ..Sym::default() })
}
