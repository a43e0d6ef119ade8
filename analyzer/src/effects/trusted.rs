//! Functions with `#[crosslane::trusted(…)]`: the claim stands in for the body, which is not read. That the claim is true is
//! an assumption (`trusted`) that verdicts and manifests carry.

use super::record::{Did, Stored};
use super::value::{Kind, Sym, Val};
use super::{Engine, Ev, Frame, ty::Ty, ty::TyEnv};
use crate::claims::{self, Claimed, Word};
use crate::ir::hir::{Body, ItemId, ItemKind, ModId, Name, Pat};
use crate::ir::{CellId, Span, Term, UnknownReason};
use std::rc::Rc;
use std::sync::Arc;

/// More parts of a value than this are not searched for a container.
const MAX_PARTS: usize = 64;

impl Engine<'_> {
    /// What the claim says of a call, if the function has one.
    pub(super) fn trusted_call(
        &mut self,
        id: ItemId,
        env: &TyEnv,
        recv: Option<&Val>,
        args: &[Val],
        want: &Ty,
        span: Span,
    ) -> Option<Ev> {
        let item = self.item(id);
        let (groups, at) = claims::trusted(self, id.krate, &item)?;
        let ItemKind::Fn(function) = &item.kind else { return None };
        self.assumes.insert("trusted".to_owned());
        let module = ModId { krate: id.krate, idx: item.module };
        let names: Vec<Name> = function.params.iter().map(|(name, _)| name.clone().unwrap_or_default()).collect();
        for group in &groups {
            for place in &group.places {
                let place_span = Span { lo: at.lo + place.lo as u32, hi: at.lo + place.hi as u32, ..at };
                self.trusted_place(group.word, place, module, &names, args, place_span);
            }
        }
        // The claim is about state; what the body does with what it is given nobody said.
        let (state, given): (Vec<Val>, Vec<Val>) =
            recv.into_iter().chain(args).cloned().partition(|value| self.is_state(value));
        for value in &given {
            self.observe_value(value);
            self.run_escaping_closures(value, span);
        }
        let ret = self.lower_ty(&function.ret, env);
        let ret = if ret.is_unknown() { want.clone() } else { ret };
        let watched = self.unwatch();
        for value in &state {
            self.havoc(value, 0);
        }
        let result = self.computed(&given, &ret);
        self.watch(watched);
        Some(result)
    }

    fn trusted_place(&mut self, word: Word, place: &Claimed, module: ModId, names: &[Name], args: &[Val], span: Span) {
        let Some(cell) = self.trusted_cell(&place.cell, module, span) else {
            let what = format!("`trusted` names `{}`, which is no cell here", place.cell);
            self.unknown(UnknownReason::UnknownCell, what, span);
            return;
        };
        let components = self.cells.get(cell).keys.len();
        let mut key: Vec<Rc<Sym>> = Vec::new();
        for term in place.keys.iter().flatten() {
            match term.as_str() {
                "_" => key.push(Rc::default()),
                "caller" => key.push(Rc::new(Sym::term(Term::Caller))),
                "origin" => key.push(Rc::new(Sym::term(Term::Origin))),
                "self" => key.push(Rc::new(Sym::term(Term::SelfAddr))),
                text => {
                    let value = self.trusted_value(text, module, names, args, span);
                    match value {
                        Some(value) => key.extend(self.key_of(&value, &Ty::Unknown)),
                        None => key.push(Rc::default()),
                    }
                }
            }
        }
        if word != Word::Scans {
            key.resize_with(components.max(key.len()), Rc::default);
        }
        if matches!(word, Word::Reads | Word::Updates | Word::Commutes) {
            let seen = self.load(cell, key.clone(), span, true);
            self.rec.observe(&seen.loads);
        }
        let did = match word {
            Word::Reads => return,
            Word::Probes => Did::Probe,
            Word::Scans => Did::Scan,
            Word::Writes | Word::Updates | Word::Commutes => Did::Write(Stored::Whole),
            Word::Appends => Did::Append,
            Word::Deletes => Did::Delete,
        };
        // Nobody said that it happens on every path.
        self.conditions += 1;
        self.event(did, cell, key, span);
        self.conditions -= 1;
    }

    /// The cell a claim names: a path to a container, or the name of a cell that is known already.
    fn trusted_cell(&mut self, name: &str, module: ModId, span: Span) -> Option<CellId> {
        let mut path = name;
        loop {
            if let Some(value) = self.trusted_value(path, module, &[], &[], span) {
                if let Some(cell) = self.container(&value, span) {
                    return Some(cell);
                }
            }
            if let Some(at) = self.cells.list().iter().position(|cell| cell.name == path) {
                return Some(CellId(at as u32));
            }
            // `SUPPLY.total` is a field of what is stored in `SUPPLY`.
            path = path.rsplit_once('.')?.0;
        }
    }

    fn container(&mut self, value: &Val, span: Span) -> Option<CellId> {
        let mut parts = vec![value.clone()];
        for at in 0..MAX_PARTS {
            let part = self.settle(parts.get(at)?.clone());
            match &part.kind {
                Kind::Cell(cell) => return self.cell_id(cell, span),
                Kind::Struct(fields) => parts.extend(fields.fields.iter().map(|(_, value)| value.clone())),
                _ => {}
            }
        }
        None
    }

    /// The value of a piece of the claim's text, with the function's parameters in scope.
    fn trusted_value(&mut self, text: &str, module: ModId, names: &[Name], args: &[Val], span: Span) -> Option<Val> {
        let nowhere = Span { lo: span.lo, hi: span.lo, ..span };
        let body: Arc<Body> = self.world.parse_expr_body(text, nowhere, module, names)?;
        let root = body.root?;
        let env = Rc::new(TyEnv::root(module));
        let mut frame = Frame::new(body.clone(), env, Rc::from("trusted"), Ty::Unknown, &self.store);
        for (at, pat) in body.params.clone().into_iter().enumerate() {
            if let Pat::Bind(local, ..) = body.pat(pat) {
                let value = args.get(at).cloned().unwrap_or_else(|| Val::any(Ty::Unknown));
                self.set_local(&mut frame, *local, value);
            }
        }
        self.eval(&mut frame, root, &Ty::Unknown).ok()
    }
}
