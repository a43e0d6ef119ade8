//! Generated handles of other contracts: values that stand for one at an address, whose methods are calls to it, and
//! functions that are such calls.

use super::value::{Kind, Val};
use super::{Engine, Ev, ty::Ty};
use crate::ir::hir::{Attr, ItemId, ModId, Name};
use crate::ir::{Callee, External, Span, Term};
use crate::source::{Ns, Resolved};
use std::rc::Rc;

impl Engine<'_> {
    /// The value of a generated constructor of a stand-in for another contract.
    pub(super) fn stand_in(&mut self, path: &[Name], args: &[Val]) -> Option<Val> {
        let ty = Ty::External(path[..path.len() - 1].into());
        self.stand_in_of(ty, path, args)
    }

    /// The value of a constructor of a generated type that is a handle of a contract.
    pub(super) fn made_handle(&mut self, ty: &Ty, name: &Name, args: &[Val]) -> Option<Val> {
        let (Ty::Adt(id, _), Some(_)) = (ty, self.handle_for(ty)) else { return None };
        let path = [self.item(*id).name.clone(), name.clone()];
        self.stand_in_of(ty.clone(), &path, args)
    }

    /// What a generated type is a handle of, as it is written: a table's row marks it `#[stands_for(X)]`.
    pub(super) fn handle_for(&self, ty: &Ty) -> Option<(ItemId, String)> {
        let (Ty::Adt(id, _), Some(_)) = (ty, self.stand_ins) else { return None };
        let item = self.item(*id);
        let mark = item.attrs.iter().find(|attr: &&Attr| attr.path == "stands_for")?;
        Some((*id, mark.tokens.clone()))
    }

    /// The contract behind a handle, if one can be told.
    fn callee_of(&mut self, ty: &Ty) -> Option<Callee> {
        let (id, name) = self.handle_for(ty)?;
        let scope = ModId { krate: id.krate, idx: self.item(id).module };
        match self.world.resolve_names(scope, &[Name::from(name.trim())], Ns::Type) {
            Resolved::Item(of) => self.callee.and_then(|known| known(self, of)),
            _ => None,
        }
    }

    fn stand_in_of(&mut self, ty: Ty, path: &[Name], args: &[Val]) -> Option<Val> {
        let at = self.stand_ins.and_then(|known| known(path))?;
        let address = match args.get(at) {
            Some(address) => self.settle(address.clone()),
            None if at == super::OWN_ADDRESS => Val::term(Ty::Unknown, crate::ir::Term::SelfAddr),
            None => Val::any(Ty::Unknown),
        };
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
            (ty, _) => self.handle_for(ty).is_some(),
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
        let mode = super::external::mode_of(self.stand_in_mode);
        let callee = self.callee_of(&value.ty);
        // What the callee calls its parameters is known when it is linked.
        let given = if callee.is_some() { args } else { &[] };
        let given = given.iter().map(|arg| match &self.settle(arg.clone()).kind {
            // Of what the caller puts together itself, parts of it are not parts of a term.
            Kind::Sym(sym) if sym.terms.len() == 1 => sym.terms[0].clone(),
            _ => Term::Any,
        });
        let args = given.enumerate().map(|(at, term)| (at.to_string(), term)).collect();
        self.observe_value(&target);
        let entry = Some(entry.to_owned());
        let (span, via) = (self.user_span(span), self.via.to_vec());
        let call = External { target: Term::Any, mode, entry, args, callee, linked: false, value: false, span, via };
        let targets = self.whole_sym(&target).key_terms();
        self.goes_out(targets, &call);
        Ok(self.remote_result(want))
    }
}
