//! Patterns: what a binding is of the value that is taken apart.

use super::value::{Value, What};
use super::{Changes, Frame};
use crate::effects::ty::Ty;
use crate::ir::hir::{BindMode, Name, Pat, PatId, Path};

impl Changes<'_, '_> {
    /// Binds a pattern. `by_ref`: some reference was looked through, so bindings are references.
    pub(super) fn bind(&mut self, f: &mut Frame, pat: PatId, value: Value, by_ref: bool) {
        let body = f.body.clone();
        match body.pat(pat) {
            Pat::Wild | Pat::Lit(_) | Pat::Range(..) => {}
            Pat::Bind(local, mode, inner) => {
                let bound = match mode {
                    BindMode::Ref => value.clone().shared(),
                    BindMode::RefMut => value.clone().borrowed(),
                    BindMode::Move if by_ref => value.clone().borrowed(),
                    BindMode::Move => value.clone().copied(),
                };
                self.called(&bound, &body.locals[local.0 as usize]);
                self.set_local(f, *local, &bound);
                if let Some(inner) = inner {
                    self.bind(f, *inner, value, by_ref);
                }
            }
            Pat::Path(_, local) => {
                if let Some(local) = local {
                    let bound = if by_ref { value.borrowed() } else { value.copied() };
                    self.set_local(f, *local, &bound);
                }
            }
            Pat::Ref(inner) => self.bind(f, *inner, value.followed(), false),
            Pat::Or(parts) => {
                for part in parts {
                    self.bind(f, *part, value.clone(), by_ref);
                }
            }
            Pat::TupleStruct(path, before, after) => {
                let by_ref = by_ref || is_reference(&value);
                let wrapper = path
                    .segments
                    .last()
                    .is_some_and(|last| matches!(last.name.as_str(), "Some" | "Ok" | "Err" | "Left" | "Right"));
                if wrapper {
                    let inner = self.payload(value);
                    for part in before.iter().chain(after.iter().flatten()) {
                        self.bind(f, *part, inner.clone(), by_ref);
                    }
                    return;
                }
                let (ty, variant) = self.pattern_type(f, path, &value);
                let value = value.with_type(ty);
                self.bind_parts(f, &value, variant, before, after.as_deref(), by_ref);
            }
            Pat::Struct(path, fields, _) => {
                let by_ref = by_ref || is_reference(&value);
                let (ty, variant) = self.pattern_type(f, path, &value);
                let value = if value.ty.is_unknown() { value.with_type(ty) } else { value };
                for (name, inner) in fields {
                    let part = self.part(&value, name, variant);
                    self.bind(f, *inner, part, by_ref);
                }
            }
            Pat::Tuple(before, after) => {
                let by_ref = by_ref || is_reference(&value);
                self.bind_parts(f, &value, None, before, after.as_deref(), by_ref);
            }
            Pat::Slice(before, rest, after, _) => {
                let by_ref = by_ref || is_reference(&value);
                for (at, part) in before.iter().enumerate() {
                    let element = self.nth(&value, Some(at));
                    self.bind(f, *part, element, by_ref);
                }
                let list = value.own.iter().any(|handle| matches!(handle.what, What::List(_)));
                if let (Some(rest), true) = (rest, list) {
                    let left = self.rest_of(&value, u32::try_from(before.len()).ok(), body.pat_span(pat));
                    self.bind(f, *rest, left, by_ref);
                    return;
                }
                for part in after {
                    let element = self.nth(&value, None);
                    self.bind(f, *part, element, by_ref);
                }
                if let Some(rest) = rest {
                    self.bind(f, *rest, value.loose().with_type(value.ty.clone()), by_ref);
                }
            }
            Pat::Opaque => {
                if value.leads() {
                    self.escape(&value, body.pat_span(pat));
                    self.lose(body.pat_span(pat));
                }
            }
        }
    }

    fn pattern_type(&mut self, f: &Frame, path: &Path, value: &Value) -> (Ty, Option<u32>) {
        let (body, env) = (f.body.clone(), f.env.clone());
        let (ty, variant) = self.engine.named_type(&body, &env, path);
        (if value.ty.same_head(&ty) && !value.ty.is_unknown() { value.ty.clone() } else { ty }, variant)
    }

    fn bind_parts(
        &mut self,
        f: &mut Frame,
        value: &Value,
        variant: Option<u32>,
        before: &[PatId],
        after: Option<&[PatId]>,
        by_ref: bool,
    ) {
        for (at, part) in before.iter().enumerate() {
            let element = self.part(value, &Name::from(at.to_string()), variant);
            self.bind(f, *part, element, by_ref);
        }
        for part in after.unwrap_or_default() {
            let mut any = value.loose();
            any.ty = Ty::Unknown;
            self.bind(f, *part, any, by_ref);
        }
    }
}

/// True if some reference is looked through when the value is taken apart.
fn is_reference(value: &Value) -> bool {
    value.own.iter().any(|handle| {
        matches!(
            handle.what,
            What::Mut(_)
                | What::Account(..)
                | What::Info(_)
                | What::Cell(_)
                | What::Tree(_)
                | What::Context
                | What::List(_)
        ) || !handle.sure
    })
}
