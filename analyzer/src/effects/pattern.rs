//! Patterns: whether a value can match, and what the bindings become. Matching through a mutable reference binds
//! references to parts of what it points to.

use super::value::{Alt, Cond, Kind, Place, Proj, Sym, Val, join};
use super::{Engine, Frame, ty::Ty};
use crate::ir::hir::{BindMode, ItemKind, Lit, LocalId, Name, Pat, PatId, Path};
use crate::ir::{Const, Span, Term};
use crate::source::{Ns, Resolved};
use std::rc::Rc;

/// Whether a value matches a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    Yes,
    No,
    Maybe,
}

/// What a pattern's path names.
enum Named {
    Variant(Ty, u32),
    Struct(Ty),
    Const(Val),
    Nothing,
}

impl Match {
    fn and(self, other: Match) -> Match {
        match (self, other) {
            (Match::No, _) | (_, Match::No) => Match::No,
            (Match::Yes, Match::Yes) => Match::Yes,
            _ => Match::Maybe,
        }
    }
}

impl Engine<'_> {
    fn named(&mut self, f: &Frame, path: &Path) -> Named {
        if let Some((ty, Some(variant))) = self.variant_path(f, path) {
            return Named::Variant(ty, variant);
        }
        if path.segments.first().is_some_and(|first| first.name == "Self") && path.segments.len() == 1 {
            return match &f.env.self_ty {
                Some(ty) => Named::Struct(ty.clone()),
                None => Named::Nothing,
            };
        }
        match self.world.resolve(f.env.module, path, Ns::Value) {
            Resolved::Item(id) => match &self.item(id).kind {
                ItemKind::Struct(_) => Named::Struct(self.item_ty_with(id, Vec::new(), 0)),
                ItemKind::Const(_) => Named::Const(self.const_value(id, None)),
                _ => Named::Nothing,
            },
            Resolved::Partial(..) => match self.path_value(f, path, &Ty::Unknown, Span::NONE) {
                Ok(value) if matches!(value.kind, Kind::Sym(_)) => Named::Const(value),
                _ => Named::Nothing,
            },
            Resolved::Unresolved => {
                let env = f.env.clone();
                match self.path_ty(path, &env, 0) {
                    ty @ Ty::Adt(..) => Named::Struct(ty),
                    _ => Named::Nothing,
                }
            }
            _ => match self.world.resolve(f.env.module, path, Ns::Type) {
                Resolved::Item(id) => match self.item_ty_with(id, Vec::new(), 0) {
                    ty @ Ty::Adt(..) => Named::Struct(ty),
                    _ => Named::Nothing,
                },
                _ => Named::Nothing,
            },
        }
    }

    /// The type and variant a path names, also through aliases and `Self`.
    pub(super) fn variant_path(&mut self, f: &Frame, path: &Path) -> Option<(Ty, Option<u32>)> {
        let env = f.env.clone();
        let first = path.segments.first()?;
        let is_generic = first.name == "Self" || env.get(&first.name).is_some();
        if !is_generic || path.qself.is_some() {
            match self.world.resolve(env.module, path, Ns::Value) {
                Resolved::Variant(id, variant) => {
                    // Arguments may stand on the enum's segment or on the variant's.
                    let n = path.segments.len();
                    let args = path
                        .segments
                        .get(n.wrapping_sub(2))
                        .filter(|segment| !segment.args.is_empty())
                        .or_else(|| path.segments.last())
                        .map(|segment| segment.args.clone())
                        .unwrap_or_default();
                    let args = args.iter().map(|arg| self.lower_ty(arg, &env)).collect();
                    return Some((self.item_ty_with(id, args, 0), Some(variant)));
                }
                Resolved::Partial(_, at) if at + 1 == path.segments.len() => {}
                _ => return None,
            }
        }
        if path.segments.len() < 2 {
            return None;
        }
        let mut base = path.clone();
        let last = base.segments.pop()?;
        let ty = self.path_ty(&base, &env, 0);
        let variant = self.variant_index(&ty, &last.name)?;
        Some((ty, Some(variant)))
    }

    pub(super) fn variant_index(&self, ty: &Ty, name: &str) -> Option<u32> {
        let Ty::Adt(id, _) = ty else { return None };
        match &self.item(*id).kind {
            ItemKind::Enum(item) => item.variants.iter().position(|variant| variant.name == name).map(|at| at as u32),
            _ => None,
        }
    }

    pub(super) fn variant_name(&self, ty: &Ty, variant: u32) -> String {
        let Ty::Adt(id, _) = ty else { return format!("#{variant}") };
        match &self.item(*id).kind {
            ItemKind::Enum(item) => item
                .variants
                .get(variant as usize)
                .map_or_else(|| format!("#{variant}"), |known| known.name.to_string()),
            _ => format!("#{variant}"),
        }
    }

    /// The name of a variant in a message.
    pub(super) fn spelled_variant(&self, ty: &Ty, variant: u32) -> String {
        let names = match ty {
            Ty::Adt(id, _) => self.wire_names(id).flatten(),
            _ => None,
        };
        match names.as_ref().and_then(|names| names.get(variant as usize)) {
            Some(name) => name.clone(),
            None => self.variant_name(ty, variant).to_string(),
        }
    }

    /// How a type of the contract looks inside a message, where that is not as in the source.
    pub(super) fn wire_names(&self, id: &super::ItemId) -> Option<super::WireNames> {
        let look = self.on_the_wire.filter(|_| !self.is_model(id.krate))?;
        if let Some(known) = self.wire_names.borrow().get(id) {
            return Some(known.clone());
        }
        let found: super::WireNames = look(&self.item(*id)).map(Into::into);
        self.wire_names.borrow_mut().insert(*id, found.clone());
        Some(found)
    }

    pub(super) fn discriminant(&self, ty: &Ty, variant: u32) -> Option<i128> {
        let Ty::Adt(id, _) = ty else { return None };
        let item = self.item(*id);
        let ItemKind::Enum(item) = &item.kind else { return None };
        let mut next = 0;
        for (at, known) in item.variants.iter().enumerate() {
            next = known.discriminant.unwrap_or(next);
            if at as u32 == variant {
                return Some(next);
            }
            next += 1;
        }
        None
    }

    fn variant_count(&self, ty: &Ty) -> usize {
        let Ty::Adt(id, _) = ty else { return usize::MAX };
        match &self.item(*id).kind {
            ItemKind::Enum(item) => item.variants.len(),
            _ => usize::MAX,
        }
    }

    /// The type a pattern is written for, as far as its own paths say.
    pub(super) fn pattern_ty(&mut self, f: &Frame, pat: PatId) -> Ty {
        let body = f.body.clone();
        match body.pat(pat) {
            Pat::Path(path, _) | Pat::TupleStruct(path, ..) | Pat::Struct(path, ..) => match self.named(f, path) {
                Named::Variant(ty, _) | Named::Struct(ty) => {
                    if let Pat::TupleStruct(_, parts, _) = body.pat(pat) {
                        if let (Ty::Adt(id, args), [only]) = (&ty, parts.as_slice()) {
                            // `Some(Msg::A)`, `Ok(..)`: the payload's pattern tells the argument.
                            if self.known.is_wrapper(*id) {
                                let inner = self.pattern_ty(f, *only);
                                let mut args = args.to_vec();
                                let at = usize::from(Some(*id) == self.known.result && path_ends(path, "Err"));
                                if let Some(slot) = args.get_mut(at) {
                                    *slot = inner;
                                }
                                return Ty::Adt(*id, args.into());
                            }
                        }
                    }
                    ty
                }
                _ => Ty::Unknown,
            },
            Pat::Ref(inner) => self.pattern_ty(f, *inner),
            Pat::Bind(_, _, Some(inner)) => self.pattern_ty(f, *inner),
            Pat::Or(parts) => {
                let parts = parts.clone();
                parts.iter().map(|part| self.pattern_ty(f, *part)).find(|ty| !ty.is_unknown()).unwrap_or(Ty::Unknown)
            }
            Pat::Tuple(parts, None) => {
                let parts = parts.clone();
                Ty::Tuple(parts.iter().map(|part| self.pattern_ty(f, *part)).collect())
            }
            Pat::Lit(Lit::Str(_)) => Ty::str(),
            Pat::Lit(Lit::Bool(_)) => Ty::bool(),
            _ => Ty::Unknown,
        }
    }

    pub(super) fn test_pattern(&mut self, f: &Frame, pat: PatId, value: &Val) -> Match {
        let body = f.body.clone();
        let settled = self.settle(value.clone());
        match body.pat(pat) {
            Pat::Wild => Match::Yes,
            Pat::Bind(_, _, inner) => match inner {
                Some(inner) => self.test_pattern(f, *inner, value),
                None => Match::Yes,
            },
            Pat::Ref(inner) => self.test_pattern(f, *inner, value),
            Pat::Path(path, local) => match self.named(f, path) {
                Named::Variant(ty, variant) => self.test_variant(&settled, &ty, variant),
                Named::Struct(_) => Match::Yes,
                Named::Const(constant) => self.test_const(&settled, &constant),
                Named::Nothing => {
                    if local.is_some() {
                        Match::Yes
                    } else {
                        Match::Maybe
                    }
                }
            },
            Pat::TupleStruct(path, before, after) => {
                let (ty, variant) = match self.named(f, path) {
                    Named::Variant(ty, variant) => (ty, Some(variant)),
                    Named::Struct(ty) => (ty, None),
                    _ => return Match::Maybe,
                };
                let mut outcome = match variant {
                    Some(variant) => self.test_variant(&settled, &ty, variant),
                    None => Match::Yes,
                };
                if outcome == Match::No {
                    return outcome;
                }
                let count = self.field_count(&ty, variant).max(before.len());
                for (at, sub) in positions(before, after.as_deref(), count) {
                    let name = Name::from(at.to_string());
                    let part = self.part(&settled, variant, &name);
                    outcome = outcome.and(self.test_pattern(f, sub, &part));
                }
                outcome
            }
            Pat::Struct(path, fields, _) => {
                let (ty, variant) = match self.named(f, path) {
                    Named::Variant(ty, variant) => (ty, Some(variant)),
                    Named::Struct(ty) => (ty, None),
                    _ => return Match::Maybe,
                };
                let mut outcome = match variant {
                    Some(variant) => self.test_variant(&settled, &ty, variant),
                    None => Match::Yes,
                };
                for (name, sub) in fields {
                    if outcome == Match::No {
                        return outcome;
                    }
                    let part = self.part(&settled, variant, name);
                    outcome = outcome.and(self.test_pattern(f, *sub, &part));
                }
                outcome
            }
            Pat::Tuple(before, after) => {
                let count = match &settled.kind {
                    Kind::Tuple(parts) => parts.len(),
                    _ => before.len() + after.as_ref().map_or(0, Vec::len),
                };
                let mut outcome = Match::Yes;
                for (at, sub) in positions(before, after.as_deref(), count) {
                    let part = self.field(&settled, &Name::from(at.to_string()));
                    outcome = outcome.and(self.test_pattern(f, sub, &part));
                }
                outcome
            }
            Pat::Slice(before, _, after, rest) => match &settled.kind {
                Kind::Seq(seq) => match &seq.exact {
                    Some(exact) => {
                        let exact = exact.clone();
                        let n = before.len() + after.len();
                        if exact.len() < n || (!*rest && exact.len() != n) {
                            return Match::No;
                        }
                        let mut outcome = Match::Yes;
                        for (sub, element) in before.iter().zip(&exact) {
                            outcome = outcome.and(self.test_pattern(f, *sub, element));
                        }
                        for (sub, element) in after.iter().rev().zip(exact.iter().rev()) {
                            outcome = outcome.and(self.test_pattern(f, *sub, element));
                        }
                        outcome
                    }
                    None => Match::Maybe,
                },
                _ => Match::Maybe,
            },
            Pat::Lit(lit) => {
                let constant = super::eval::literal(lit, &settled.ty);
                self.test_const(&settled, &constant)
            }
            Pat::Range(..) | Pat::Opaque => Match::Maybe,
            Pat::Or(parts) => {
                let mut outcome = Match::No;
                for part in parts {
                    match self.test_pattern(f, *part, value) {
                        Match::Yes => return Match::Yes,
                        Match::Maybe => outcome = Match::Maybe,
                        Match::No => {}
                    }
                }
                outcome
            }
        }
    }

    fn test_variant(&mut self, value: &Val, ty: &Ty, variant: u32) -> Match {
        match &value.kind {
            Kind::Enum(alts) => {
                let fits = value.ty.is_unknown() || value.ty.same_head(ty);
                if !fits {
                    return Match::Maybe;
                }
                match alts.iter().any(|alt| alt.variant == variant) {
                    false => Match::No,
                    true if alts.len() == 1 => Match::Yes,
                    true => Match::Maybe,
                }
            }
            _ => {
                if let Kind::Sym(sym) = &value.kind {
                    if let Some(Const::Name(name)) = sym.constant() {
                        let same = self.variant_index(ty, name) == Some(variant);
                        return if same { Match::Yes } else { Match::No };
                    }
                    // Tables match on what a function of theirs made of bytes: bytes as they are were not made by it.
                    let of_table = matches!(ty, Ty::Adt(id, _) if self.is_model(id.krate));
                    let plain = matches!(sym.constant(), Some(Const::Str(_) | Const::Bytes(_)));
                    if of_table && plain && !value.ty.is_unknown() && !value.ty.same_head(ty) {
                        return Match::No;
                    }
                }
                if self.variant_count(ty) == 1 { Match::Yes } else { Match::Maybe }
            }
        }
    }

    fn test_const(&mut self, value: &Val, constant: &Val) -> Match {
        let (a, b) = (self.whole_sym(value), self.whole_sym(constant));
        match (a.constant(), b.constant()) {
            (Some(x), Some(y)) if x == y => Match::Yes,
            (Some(_), Some(_)) => Match::No,
            _ => Match::Maybe,
        }
    }

    fn field_count(&mut self, ty: &Ty, variant: Option<u32>) -> usize {
        self.field_types(ty, variant).len()
    }

    fn part(&mut self, value: &Val, variant: Option<u32>, name: &Name) -> Val {
        match variant {
            Some(variant) => self.payload(value, variant, name),
            None => self.field(value, name),
        }
    }

    /// Gives every binding of a pattern its value.
    pub(super) fn bind(&mut self, f: &mut Frame, pat: PatId, value: Val) {
        let body = f.body.clone();
        match body.pat(pat) {
            Pat::Wild | Pat::Lit(_) | Pat::Range(..) | Pat::Opaque => {}
            Pat::Bind(local, mode, inner) => {
                if let Some(inner) = inner {
                    self.bind(f, *inner, value.clone());
                }
                match mode {
                    BindMode::Move | BindMode::Ref => self.set_local(f, *local, value),
                    BindMode::RefMut => {
                        let places = self.as_places(value.clone());
                        let reference = Val { ty: value.ty, kind: Kind::Ref(Rc::new(places)) };
                        self.set_local(f, *local, reference);
                    }
                }
            }
            Pat::Path(path, local) => {
                if let Some(local) = local {
                    if matches!(self.named(f, path), Named::Nothing) {
                        self.set_local(f, *local, value);
                    }
                }
            }
            Pat::Ref(inner) => {
                let value = self.settle(value);
                self.bind(f, *inner, value);
            }
            Pat::TupleStruct(path, before, after) => {
                let (ty, variant) = match self.named(f, path) {
                    Named::Variant(ty, variant) => (ty, Some(variant)),
                    Named::Struct(ty) => (ty, None),
                    _ => {
                        self.bind_unknown(f, pat, &value);
                        return;
                    }
                };
                let value = value.retyped_if_unknown(&ty);
                let count = self.field_count(&ty, variant).max(before.len() + after.as_ref().map_or(0, Vec::len));
                for (at, sub) in positions(before, after.as_deref(), count) {
                    let part = self.bound_part(&value, variant, &Name::from(at.to_string()));
                    self.bind(f, sub, part);
                }
            }
            Pat::Struct(path, fields, _) => {
                let (ty, variant) = match self.named(f, path) {
                    Named::Variant(ty, variant) => (ty, Some(variant)),
                    Named::Struct(ty) => (ty, None),
                    _ => {
                        self.bind_unknown(f, pat, &value);
                        return;
                    }
                };
                let value = value.retyped_if_unknown(&ty);
                for (name, sub) in fields {
                    let part = self.bound_part(&value, variant, name);
                    self.bind(f, *sub, part);
                }
            }
            Pat::Tuple(before, after) => {
                let settled = self.settle(value.clone());
                let count = match &settled.kind {
                    Kind::Tuple(parts) => parts.len(),
                    _ => before.len() + after.as_ref().map_or(0, Vec::len),
                };
                for (at, sub) in positions(before, after.as_deref(), count) {
                    let part = self.bound_part(&value, None, &Name::from(at.to_string()));
                    self.bind(f, sub, part);
                }
            }
            Pat::Slice(before, rest, after, _) => {
                let settled = self.settle(value.clone());
                let exact = match &settled.kind {
                    Kind::Seq(seq) => seq.exact.clone(),
                    _ => None,
                };
                let through = matches!(value.kind, Kind::Ref(_));
                let n = exact.as_ref().map(Vec::len);
                let given = matches!(settled.kind, Kind::Sym(_)) && matches!(settled.ty, Ty::Seq(_));
                for (at, sub) in before.iter().enumerate() {
                    let nth = Some(at).filter(|at| given || n.is_some_and(|n| *at < n));
                    let part = self.apart(at as u64, |engine| engine.element_at(&value, through, nth));
                    self.bind(f, *sub, part);
                }
                for (at, sub) in after.iter().rev().enumerate() {
                    let nth = n.and_then(|n| n.checked_sub(at + 1));
                    let part = self.apart(!(at as u64), |engine| engine.element_at(&value, through, nth));
                    self.bind(f, *sub, part);
                }
                if let Some(rest) = rest {
                    let part = match exact {
                        Some(exact) if exact.len() >= before.len() + after.len() && !through => {
                            let middle = exact[before.len()..exact.len() - after.len()].to_vec();
                            self.list(middle, &settled.ty.element())
                        }
                        // The first of what is left is not the first of all.
                        _ if through => self.below(&value, Proj::Part),
                        _ => self.unordered(&settled),
                    };
                    self.bind(f, *rest, part);
                }
            }
            Pat::Or(parts) => {
                // Whichever alternative matches binds the same names.
                let mut seen: Vec<(LocalId, Val)> = Vec::new();
                for part in parts {
                    if self.test_pattern(f, *part, &value) == Match::No {
                        continue;
                    }
                    self.bind(f, *part, value.clone());
                    for local in bindings(&body, *part) {
                        let Some(slot) = f.slot(local) else { continue };
                        let new = self.store.get(slot).clone();
                        match seen.iter_mut().find(|(known, _)| *known == local) {
                            Some((_, old)) => *old = join(old, &new, 0),
                            None => seen.push((local, new)),
                        }
                    }
                }
                for (local, value) in seen {
                    self.set_local(f, local, value);
                }
            }
        }
    }

    fn element_at(&mut self, value: &Val, through: bool, at: Option<usize>) -> Val {
        let step = at.map_or(Proj::Elem, Proj::Nth);
        if through {
            return self.below(value, step);
        }
        let slot = self.store.alloc(value.clone());
        self.read(&[Place { slot, path: vec![step] }])
    }

    /// A part of a matched value: a reference when the value is one.
    fn bound_part(&mut self, value: &Val, variant: Option<u32>, name: &Name) -> Val {
        match &value.kind {
            Kind::Ref(_) => {
                let step = match variant {
                    Some(variant) => Proj::Payload(variant, name.clone()),
                    None => Proj::Field(name.clone()),
                };
                self.below(value, step)
            }
            _ => self.part(value, variant, name),
        }
    }

    fn below(&mut self, value: &Val, step: Proj) -> Val {
        let Kind::Ref(places) = &value.kind else { return value.clone() };
        let mut places = self.follow(places.as_ref().clone());
        for place in &mut places {
            place.path.push(step.clone());
        }
        let inner = self.read_unsettled(&places);
        if matches!(inner.kind, Kind::Ref(_)) {
            return inner;
        }
        Val { ty: inner.ty, kind: Kind::Ref(Rc::new(places)) }
    }

    fn bind_unknown(&mut self, f: &mut Frame, pat: PatId, value: &Val) {
        let sym = self.whole_sym(value).widened();
        let body = f.body.clone();
        for local in bindings(&body, pat) {
            self.set_local(f, local, Val::sym(Ty::Unknown, sym.clone()));
        }
    }

    pub(super) fn set_local(&mut self, f: &mut Frame, local: LocalId, value: Val) {
        let slot = self.store.alloc(value);
        f.set_slot(local, slot);
    }

    /// `let x;`
    pub(super) fn declare(&mut self, f: &mut Frame, pat: PatId, ty: &Ty) {
        let body = f.body.clone();
        for local in bindings(&body, pat) {
            self.set_local(f, local, Val::any(ty.clone()));
        }
    }

    /// Notes what was written as the type of a pattern's variables.
    pub(super) fn declared(&mut self, f: &Frame, pat: PatId, ty: &Ty) {
        if ty.has_dyn() {
            let body = f.body.clone();
            self.behind_dyn.extend(bindings(&body, pat).into_iter().filter_map(|local| f.slot(local)));
        }
    }

    /// What a successful `let Some(_) = loaded` means.
    pub(super) fn presence_of(&mut self, value: &Val, pat: PatId, f: &Frame) -> Option<Rc<Cond>> {
        let body = f.body.clone();
        let Pat::TupleStruct(path, ..) = body.pat(pat) else { return None };
        let Kind::Sym(sym) = &value.kind else { return None };
        let delta = sym.delta.as_ref().filter(|delta| delta.option && delta.op.is_none())?;
        let present = Rc::new(Cond::Present(delta.load));
        if path_ends(path, "Some") { Some(present) } else { Some(Rc::new(Cond::Not(present))) }
    }

    /// `match` whose other arms fail: the scrutinee is present.
    pub(super) fn presence_guard(&mut self, sym: &Rc<Sym>, span: Span) {
        if let Some(delta) = sym.delta.as_ref().filter(|delta| delta.option && delta.op.is_none()) {
            let sym = Sym { cond: Some(Rc::new(Cond::Present(delta.load))), ..Sym::default() };
            self.assume(&Rc::new(sym), true, span);
        }
    }

    /// A match on a value that an assumption of this run fixes (nested messages).
    pub(super) fn refine(&mut self, value: Val) -> Val {
        let Kind::Sym(sym) = &value.kind else { return value };
        let Ty::Adt(id, _) = &value.ty else { return value };
        if !matches!(self.item(*id).kind, ItemKind::Enum(_)) || self.known.is_wrapper(*id) {
            return value;
        }
        let Some(term) = sym.single() else { return value };
        if !matches!(term, Term::Fn { name, .. } if name == "decode") {
            return value;
        }
        if let Some((_, variant)) = self.assumptions.iter().find(|(known, _)| known == term) {
            let variant = *variant;
            let types = self.field_types(&value.ty, Some(variant));
            let name = self.spelled_variant(&value.ty, variant);
            let fields = types
                .iter()
                .cloned()
                .map(|(field, ty)| {
                    let inner = super::native::variant_payload(sym, &name, &field);
                    (field, Val::sym(ty, inner))
                })
                .collect();
            return Val { ty: value.ty.clone(), kind: Kind::Enum(Rc::new(vec![Alt { variant, fields }])) };
        }
        let found = (term.clone(), value.ty.clone());
        if !self.nested.contains(&found) {
            self.nested.push(found);
        }
        value
    }
}

fn path_ends(path: &Path, name: &str) -> bool {
    path.segments.last().is_some_and(|last| last.name == name)
}

/// Sub-patterns with the positions they match: `(a, .., z)` counts from both ends.
fn positions(before: &[PatId], after: Option<&[PatId]>, count: usize) -> Vec<(usize, PatId)> {
    let mut found: Vec<(usize, PatId)> = before.iter().copied().enumerate().collect();
    if let Some(after) = after {
        let start = count.saturating_sub(after.len());
        found.extend(after.iter().copied().enumerate().map(|(at, sub)| (start + at, sub)));
    }
    found
}

/// True when part of what is matched is bound by mutable reference (`ref mut x`).
pub(super) fn lends(body: &crate::ir::hir::Body, pat: PatId) -> bool {
    match body.pat(pat) {
        Pat::Wild | Pat::Lit(_) | Pat::Range(..) | Pat::Opaque | Pat::Path(..) => false,
        Pat::Bind(_, mode, inner) => matches!(mode, BindMode::RefMut) || inner.is_some_and(|pat| lends(body, pat)),
        Pat::TupleStruct(_, before, after) | Pat::Tuple(before, after) => {
            before.iter().chain(after.iter().flatten()).any(|pat| lends(body, *pat))
        }
        Pat::Struct(_, fields, _) => fields.iter().any(|(_, pat)| lends(body, *pat)),
        Pat::Slice(before, rest, after, _) => {
            before.iter().chain(rest.iter()).chain(after.iter()).any(|pat| lends(body, *pat))
        }
        Pat::Ref(inner) => lends(body, *inner),
        Pat::Or(parts) => parts.iter().any(|pat| lends(body, *pat)),
    }
}

/// All bindings of a pattern.
pub(super) fn bindings(body: &crate::ir::hir::Body, pat: PatId) -> Vec<LocalId> {
    let mut found = Vec::new();
    let mut todo = vec![pat];
    while let Some(pat) = todo.pop() {
        match body.pat(pat) {
            Pat::Wild | Pat::Lit(_) | Pat::Range(..) | Pat::Opaque => {}
            Pat::Bind(local, _, inner) => {
                found.push(*local);
                todo.extend(inner.iter().copied());
            }
            Pat::Path(_, local) => found.extend(local.iter().copied()),
            Pat::TupleStruct(_, before, after) | Pat::Tuple(before, after) => {
                todo.extend(before.iter().copied());
                todo.extend(after.iter().flatten().copied());
            }
            Pat::Struct(_, fields, _) => todo.extend(fields.iter().map(|(_, sub)| *sub)),
            Pat::Slice(before, rest, after, _) => {
                todo.extend(before.iter().copied());
                todo.extend(rest.iter().copied());
                todo.extend(after.iter().copied());
            }
            Pat::Ref(inner) => todo.push(*inner),
            Pat::Or(parts) => todo.extend(parts.iter().copied()),
        }
    }
    found.sort();
    found.dedup();
    found
}
