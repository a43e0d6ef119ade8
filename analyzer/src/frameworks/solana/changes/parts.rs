//! Parts of values: fields, elements, what is left of a list, what is inside of wrappers.

use super::value::{Handle, Value, What};
use super::{Changes, NodeKind};
use crate::effects::ty::Ty;
use crate::ir::hir::Name;

impl Changes<'_, '_> {
    /// What is inside `Option`, `Result` and their like, which are the same value here.
    pub(super) fn payload(&mut self, value: Value) -> Value {
        let ty = match &value.ty {
            ty if self.engine.is_option(ty) || self.engine.is_result(ty) => ty.arg(0),
            ty => ty.clone(),
        };
        value.with_type(ty)
    }

    /// A part of a struct, variant or tuple.
    pub(super) fn part(&mut self, value: &Value, name: &Name, variant: Option<u32>) -> Value {
        match variant {
            None => self.field(value, name, crate::ir::Span::NONE),
            Some(_) => {
                let ty = self.engine.field_types(&value.ty, variant);
                let ty = ty.iter().find(|(field, _)| field == name).map_or(Ty::Unknown, |(_, ty)| ty.clone());
                let base = value.clone().with_type(Ty::Unknown);
                self.field(&base, name, crate::ir::Span::NONE).with_type(ty)
            }
        }
    }

    /// `value.name`.
    pub(super) fn field(&mut self, value: &Value, name: &Name, span: crate::ir::Span) -> Value {
        let types = match &value.ty {
            Ty::Tuple(parts) => {
                name.parse::<usize>().ok().and_then(|at| parts.get(at).cloned()).map(|ty| vec![(name.clone(), ty)])
            }
            ty => Some(self.engine.field_types(&ty.clone(), None).to_vec()),
        };
        let declared = types.iter().flatten().find(|(field, _)| field == name).map(|(_, ty)| ty.clone());
        let mut out = Value::plain(declared.clone().unwrap_or(Ty::Unknown));
        out.unclear = value.unclear;
        out.roots = value.roots.clone();
        out.path = value.path.clone().map(|mut path| {
            path.push(name.to_string());
            path
        });
        for &handle in &value.own {
            if !handle.sure {
                out.own.insert(handle);
                continue;
            }
            let sure = |what: What| Handle { what, sure: true };
            match handle.what {
                What::Context => match name.as_str() {
                    "accounts" => {
                        out.join(&self.node(0));
                    }
                    "remaining_accounts" => {
                        self.remaining.get_or_insert(span);
                        out.own.insert(sure(What::Others));
                    }
                    _ => {}
                },
                What::Tree(node) => {
                    if let NodeKind::Tree(fields) = &self.nodes[node as usize].kind {
                        match fields.iter().find(|(field, _)| field == name) {
                            Some((_, child)) => {
                                let child = self.node(*child);
                                out.ty = child.ty.clone();
                                out.path = Some(Vec::new());
                                out.join(&child);
                            }
                            // What the struct leads to besides its fields.
                            None => {
                                out.own.insert(Handle { what: handle.what, sure: false });
                            }
                        }
                    }
                }
                What::Account(account, exclusive) => {
                    if exclusive {
                        out.own.insert(sure(What::Place(account)));
                    }
                }
                What::Info(account) => match name.as_str() {
                    "key" => {
                        out.own.insert(sure(What::Key(account)));
                    }
                    "is_signer" | "is_writable" | "executable" | "owner" | "rent_epoch" => {}
                    "data" | "lamports" => {
                        out.own.insert(sure(What::Cell(account)));
                    }
                    _ => {
                        out.own.insert(handle);
                    }
                },
                What::Place(account) | What::Mut(account) => {
                    out.own.insert(sure(What::Place(account)));
                }
                What::Others | What::Cell(_) | What::List(_) | What::Walk(_) => {
                    out.own.insert(handle);
                }
                What::Key(_) | What::Writes(_) | What::Reads(_) => {}
            }
        }
        match value.parts.get(name) {
            Some(part) => {
                if out.own.is_empty() {
                    let (roots, unclear) = (out.roots.clone(), out.unclear);
                    out = part.clone().typed(&out.ty);
                    out.roots.extend(roots);
                    out.unclear |= unclear;
                } else {
                    out.join(part);
                }
            }
            // A field that is not declared is reached through `Deref`, of anything inside.
            None if declared.is_none() && !value.parts.is_empty() => {
                out.absorb(&value.loose());
            }
            None => {}
        }
        out
    }

    /// An element; of which one nothing is known without a number.
    pub(super) fn nth(&mut self, value: &Value, at: Option<usize>) -> Value {
        let ty = value.ty.element();
        let mut out = Value::plain(ty.clone());
        out.unclear = value.unclear;
        out.roots = value.roots.clone();
        out.path = value.path.clone();
        for &handle in &value.own.clone() {
            if let (What::List(from), true) = (handle.what, handle.sure) {
                let at = at.and_then(|at| u32::try_from(at).ok()).map(|at| from + at);
                let found = self.position(at, crate::ir::Span::NONE);
                out.join(&found);
                continue;
            }
            if let (What::Walk(walk), true) = (handle.what, handle.sure) {
                let found = self.next_account(walk, crate::ir::Span::NONE);
                out.join(&found);
                continue;
            }
            out.own.insert(match handle.what {
                What::Mut(account) if handle.sure => Handle { what: What::Place(account), ..handle },
                What::Account(account, true) if handle.sure => Handle { what: What::Place(account), ..handle },
                _ => handle,
            });
        }
        match at.and_then(|at| value.parts.get(at.to_string().as_str())) {
            Some(part) => {
                out.join(part);
            }
            None => {
                let numbered = at.is_some() && value.parts.keys().all(|name| name.parse::<usize>().is_ok());
                if !numbered || value.parts.is_empty() {
                    for part in value.parts.values() {
                        let mut part = part.loose();
                        part.ty = ty.clone();
                        out.absorb(&part);
                    }
                }
            }
        }
        out
    }

    /// What is left of a list behind so many of its front.
    pub(super) fn rest_of(&mut self, value: &Value, from: Option<u32>, span: crate::ir::Span) -> Value {
        let mut out = Value::plain(value.ty.clone());
        for handle in &value.own {
            let what = match (handle.what, from) {
                (What::List(begin), Some(from)) => What::List(begin + from),
                (What::List(_), None) => {
                    self.remaining.get_or_insert(span);
                    What::Others
                }
                (what, _) => what,
            };
            out.own.insert(Handle { what, ..*handle });
        }
        out
    }
}
