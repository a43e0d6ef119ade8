//! Values made of other values: the same with each part replaced.

use super::value::{Alt, Iter, Kind, SeqVal, StructVal, Val};
use std::rc::Rc;

impl Val {
    /// The value with each of its direct parts replaced. What closures and references lead to is no part.
    pub(super) fn with_parts(&self, each: &mut dyn FnMut(&Val) -> Val) -> Val {
        let kind = match &self.kind {
            Kind::Struct(all) => {
                let fields = all.fields.iter().map(|(name, value)| (name.clone(), each(value))).collect();
                Kind::Struct(Rc::new(StructVal { fields, base: all.base.clone() }))
            }
            Kind::Enum(alts) => {
                let mut alt = |alt: &Alt| {
                    let fields = alt.fields.iter().map(|(name, value)| (name.clone(), each(value))).collect();
                    Alt { variant: alt.variant, fields }
                };
                Kind::Enum(Rc::new(alts.iter().map(&mut alt).collect()))
            }
            Kind::Tuple(parts) => Kind::Tuple(Rc::new(parts.iter().map(each).collect())),
            Kind::Multi(parts) => Kind::Multi(Rc::new(parts.iter().map(each).collect())),
            Kind::Seq(seq) => {
                let exact = seq.exact.as_ref().map(|all| all.iter().map(&mut *each).collect());
                Kind::Seq(Rc::new(SeqVal { exact, elem: each(&seq.elem), ..seq.as_ref().clone() }))
            }
            Kind::Iter(iter) => match iter.as_ref() {
                Iter::Of(inner) => Kind::Iter(Rc::new(Iter::Of(each(inner)))),
                _ => self.kind.clone(),
            },
            Kind::Sym(_) | Kind::Ref(_) | Kind::Closure(_) | Kind::Func(_) | Kind::Cell(_) => self.kind.clone(),
        };
        Val { ty: self.ty.clone(), kind }
    }
}
