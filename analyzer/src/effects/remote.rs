//! Generated handles of other contracts: values that stand for one at an address, whose methods are calls to it, and
//! functions that are such calls.

use super::value::{Kind, Val};
use super::{Engine, Ev, ty::Ty};
use crate::ir::Span;
use crate::ir::hir::Name;
use std::rc::Rc;

impl Engine<'_> {
    /// The value of a generated constructor of a stand-in for another contract.
    pub(super) fn stand_in(&mut self, path: &[Name], args: &[Val]) -> Option<Val> {
        let at = self.stand_ins.and_then(|known| known(path))?;
        let address = match args.get(at) {
            Some(address) => self.settle(address.clone()),
            None if at == super::OWN_ADDRESS => Val::term(Ty::Unknown, crate::ir::Term::SelfAddr),
            None => Val::any(Ty::Unknown),
        };
        let ty = Ty::External(path[..path.len() - 1].into());
        let fields = vec![(Name::new_static("address"), address)];
        Some(Val { ty, kind: Kind::Struct(Rc::new(super::value::StructVal { fields, base: None })) })
    }

    /// True for a value that stands for another contract.
    pub(super) fn is_stand_in(&self, value: &Val) -> bool {
        match (&value.ty, self.stand_ins) {
            (Ty::External(_), Some(_)) if matches!(&value.kind, Kind::Struct(fields) if fields.get("address").is_some()) => {
                true
            }
            (Ty::External(path), Some(known)) => {
                let mut path = path.to_vec();
                path.push(Name::new_static("new"));
                known(&path).is_some()
            }
            _ => false,
        }
    }

    /// A function that is a call to another contract.
    pub(super) fn remote_call(&mut self, path: &[Name], args: &[Val], want: &Ty, span: Span) -> Option<Ev> {
        let at = self.remote_calls.and_then(|known| known(path, args.len()))?;
        let target = args.get(at).cloned().unwrap_or_else(|| Val::any(Ty::Unknown));
        for arg in args {
            self.observe_value(arg);
        }
        let entry = path.last().map_or("", Name::as_str);
        let out = [target, Val::text(self.stand_in_mode), Val::text(entry), Val::bool(true)];
        self.host_external(&out, self.user_span(span));
        Some(Ok(self.remote_result(want)))
    }

    /// What a call to another contract gives: its value, or a handle of the call.
    pub(super) fn remote_result(&self, want: &Ty) -> Val {
        Val::any(if self.stand_in_result.is_unknown() { want.clone() } else { self.stand_in_result.clone() })
    }

    /// A method of a stand-in is a call to the contract it stands for. `try_f` calls `f`.
    pub(super) fn remote_method(&mut self, value: &Val, name: &Name, args: &[Val], want: &Ty, span: Span) -> Ev {
        if self.stand_in_builders.iter().any(|builder| name == builder) {
            for arg in args {
                self.observe_value(arg);
            }
            return Ok(value.clone());
        }
        let target = self.field(value, &Name::new_static("address"));
        for arg in args {
            self.observe_value(arg);
        }
        let entry = name.strip_prefix("try_").unwrap_or(name);
        let out = [target, Val::text(self.stand_in_mode), Val::text(entry), Val::bool(false)];
        self.host_external(&out, self.user_span(span));
        Ok(self.remote_result(want))
    }
}
