//! Expressions and patterns.

use super::value::{Handle, Value, What};
use super::{BUDGET, Changes, Frame, NodeKind};
use crate::effects::children;
use crate::effects::ty::Ty;
use crate::ir::hir::{Body, Expr, ExprId, LocalId, Name, Pat, Path, Stmt, TypeRef};
use std::collections::BTreeMap;
use std::rc::Rc;

impl Changes<'_, '_> {
    /// What an expression gives.
    pub(super) fn value(&mut self, f: &mut Frame, e: ExprId) -> Value {
        let value = self.place(f, e);
        match f.body.expr(e) {
            Expr::Field(..) | Expr::Index(..) => value.copied(),
            Expr::Deref(_) => {
                let mut value = value.copied();
                // `*account` copies the data.
                value.own.retain(|handle| !(handle.sure && matches!(handle.what, What::Account(..))));
                value
            }
            _ => value,
        }
    }

    fn all(&mut self, f: &mut Frame, exprs: &[ExprId]) -> Vec<Value> {
        exprs.iter().map(|&e| self.value(f, e)).collect()
    }

    /// The place an expression is; of an expression that is no place, its value.
    pub(super) fn place(&mut self, f: &mut Frame, e: ExprId) -> Value {
        self.steps += 1;
        let body = f.body.clone();
        let span = body.expr_span(e);
        if self.steps > BUDGET {
            self.lose(span);
            return Value::plain(Ty::Unknown);
        }
        let plain = Value::plain(Ty::Unknown);
        match body.expr(e) {
            Expr::Local(local) => f.locals.get(local.0 as usize).cloned().unwrap_or(plain),
            Expr::Path(path) => self.constant(f, e, path),
            Expr::Lit(_) => plain,
            Expr::Call(callee, args) => self.call(f, *callee, args, span),
            Expr::MethodCall(recv, name, _, args, _) => self.method(f, *recv, name, args, span),
            Expr::Field(base, name) => {
                let base = self.place(f, *base);
                self.field(&base, name, span)
            }
            Expr::Index(base, index) => {
                let index_value = self.value(f, *index);
                let base = self.place(f, *base);
                if index_value.leads() {
                    self.escape(&index_value, span);
                }
                match body.expr(*index) {
                    Expr::Lit(crate::ir::hir::Lit::Int(at, _)) => self.nth(&base, usize::try_from(*at).ok()),
                    Expr::Range(from, ..) if base.own.iter().any(|handle| matches!(handle.what, What::List(_))) => {
                        let from = match from.map(|from| body.expr(from)) {
                            None => Some(0),
                            Some(Expr::Lit(crate::ir::hir::Lit::Int(at, _))) => u32::try_from(*at).ok(),
                            _ => None,
                        };
                        self.rest_of(&base, from, span)
                    }
                    Expr::Range(..) => base.followed(),
                    _ => self.nth(&base, None),
                }
            }
            Expr::Unary(_, inner) => {
                let inner = self.value(f, *inner);
                Value::plain(inner.ty)
            }
            Expr::Deref(inner) => self.place(f, *inner).followed(),
            Expr::Binary(_, a, b) => {
                let left = self.value(f, *a);
                self.value(f, *b);
                Value::plain(if left.ty.is_number() { left.ty } else { Ty::Unknown })
            }
            Expr::Assign(target, value) => {
                let value = self.value(f, *value);
                self.assign(f, *target, &value, span);
                Value::plain(Ty::unit())
            }
            Expr::AssignOp(_, target, value) => {
                let value = self.value(f, *value);
                let place = self.place(f, *target);
                let local = matches!(body.expr(*target), Expr::Local(_));
                if local {
                    // An operator of a type of the program may do anything with its operands.
                    if value.leads() || place.parts.values().any(Value::leads) {
                        self.escape(&value, span);
                        self.escape(&place, span);
                    }
                } else {
                    self.write(&place, span);
                }
                Value::plain(Ty::unit())
            }
            Expr::Ref(mutable, inner) => {
                let place = self.place(f, *inner);
                if *mutable {
                    let own = place.is_account();
                    let mut value = place.borrowed();
                    if !own {
                        value.roots.extend(self.root(f, *inner));
                    }
                    value
                } else {
                    place.shared()
                }
            }
            Expr::If(cond, then, otherwise) => {
                self.value(f, *cond);
                let before = self.walks.clone();
                let mut value = self.value(f, *then);
                let mut ways = Vec::new();
                if value.ty != Ty::Never {
                    ways.push(self.walks.clone());
                }
                self.walks = before;
                if let Some(otherwise) = otherwise {
                    let other = self.value(f, *otherwise);
                    if other.ty != Ty::Never {
                        ways.push(self.walks.clone());
                    }
                    value = if value.ty == Ty::Never { other } else { joined(value, &other) };
                } else {
                    ways.push(self.walks.clone());
                    value = joined(Value::plain(Ty::Unknown), &value);
                }
                self.meet(ways);
                value
            }
            Expr::Let(pat, init) => {
                let (value, by_ref) = self.scrutinee(f, *init, true);
                self.bind(f, *pat, value, by_ref);
                Value::plain(Ty::bool())
            }
            Expr::Match(scrutinee, arms) => {
                let (value, by_ref) = self.scrutinee(f, *scrutinee, true);
                let mut result = Value::plain(Ty::Never);
                let before = self.walks.clone();
                let mut ways = Vec::new();
                for (at, arm) in arms.iter().enumerate() {
                    if self.chosen.is_some_and(|(place, chosen)| place == span && chosen != at) {
                        continue;
                    }
                    self.walks.clone_from(&before);
                    self.bind(f, arm.pat, value.clone(), by_ref);
                    if let Some(guard) = arm.guard {
                        self.value(f, guard);
                    }
                    let way = self.value(f, arm.body);
                    if way.ty != Ty::Never {
                        ways.push(self.walks.clone());
                    }
                    if result.ty == Ty::Never && !result.matters() {
                        result = way;
                    } else {
                        result.join(&way);
                    }
                }
                self.meet(ways);
                result
            }
            Expr::Loop(_, inner) => {
                let inner = *inner;
                self.repeated(&mut |this| {
                    this.value(f, inner);
                });
                f.breaks.clone()
            }
            Expr::While(_, cond, inner) => {
                let (cond, inner) = (*cond, *inner);
                self.repeated(&mut |this| {
                    this.value(f, cond);
                    this.value(f, inner);
                });
                plain
            }
            Expr::For(_, pat, iter, inner) => {
                let iter = self.value(f, *iter);
                let (pat, inner) = (*pat, *inner);
                self.repeated(&mut |this| {
                    let element = this.next_of(&iter, span);
                    this.bind(f, pat, element, false);
                    this.value(f, inner);
                });
                plain
            }
            Expr::Break(_, value) => {
                if let Some(value) = value {
                    let value = self.value(f, *value);
                    f.breaks.join(&value);
                }
                Value::plain(Ty::Never)
            }
            Expr::Continue(_) => Value::plain(Ty::Never),
            Expr::Return(value) => {
                if let Some(value) = value {
                    let value = self.value(f, *value);
                    f.ret.join(&value);
                }
                Value::plain(Ty::Never)
            }
            Expr::Block(block) => {
                if block.is_unsafe {
                    // What such code mentions may change in any way.
                    let mut mentioned = std::collections::BTreeSet::new();
                    locals(&body, e, &mut mentioned);
                    for local in mentioned {
                        if let Some(value) = f.locals.get(local.0 as usize).cloned() {
                            self.escape(&value, span);
                        }
                    }
                }
                for stmt in &block.stmts {
                    match stmt {
                        Stmt::Expr(e) => {
                            self.value(f, *e);
                        }
                        Stmt::Let(pat, ty, init, otherwise) => {
                            if let Some(init) = init {
                                let (mut value, by_ref) = self.scrutinee(f, *init, false);
                                if let Some(ty) = ty {
                                    let env = f.env.clone();
                                    let ty = self.engine.lower_ty(ty, &env);
                                    value = value.typed(&ty);
                                }
                                self.bind(f, *pat, value, by_ref);
                            } else if let (Some(ty), Pat::Bind(local, ..)) = (ty, body.pat(*pat)) {
                                let env = f.env.clone();
                                let ty = self.engine.lower_ty(ty, &env);
                                self.set_local(f, *local, &Value::plain(ty));
                            }
                            if let Some(otherwise) = otherwise {
                                self.value(f, *otherwise);
                            }
                        }
                    }
                }
                match block.tail {
                    Some(tail) => self.value(f, tail),
                    None => Value::plain(Ty::unit()),
                }
            }
            Expr::Closure(closure) => {
                let bound = f.closures.get(&e).cloned().unwrap_or_else(|| Value::plain(Ty::Unknown));
                let before = self.walks.clone();
                for (pat, ty) in &closure.params {
                    let mut bound = bound.clone();
                    if let Some(ty) = ty {
                        let env = f.env.clone();
                        bound = bound.typed(&self.engine.lower_ty(ty, &env));
                    }
                    self.bind(f, *pat, bound, false);
                }
                let result = self.value(f, closure.body);
                // It may run never or often.
                let after = self.walks.clone();
                self.meet(vec![before, after]);
                let mut value = result.loose();
                value.code.insert(e);
                value
            }
            Expr::Struct(path, fields, base) => self.construct(f, path, fields, *base, span),
            Expr::Tuple(parts) | Expr::Array(parts, _) => {
                let values = self.all(f, parts);
                let ty = match body.expr(e) {
                    Expr::Tuple(_) => Ty::Tuple(values.iter().map(|value| value.ty.clone()).collect()),
                    _ => Ty::seq(values.first().map_or(Ty::Unknown, |value| value.ty.clone())),
                };
                let mut whole = Value::plain(ty);
                for (at, value) in values.into_iter().enumerate() {
                    if value.matters() {
                        whole.parts.insert(Name::from(at.to_string()), value);
                    }
                }
                if whole.parts.len() > 40 {
                    whole = whole.loose().with_type(whole.ty.clone());
                }
                whole
            }
            Expr::Repeat(value, count, _) => {
                self.value(f, *count);
                let value = self.value(f, *value);
                value.loose().with_type(Ty::seq(value.ty))
            }
            Expr::Range(from, to, _) => {
                let mut ty = Ty::Unknown;
                for part in [from, to].into_iter().flatten() {
                    ty = self.value(f, *part).ty;
                }
                Value::plain(Ty::seq(ty))
            }
            Expr::Cast(inner, ty) => {
                let value = self.value(f, *inner);
                let env = f.env.clone();
                let lowered = self.engine.lower_ty(ty, &env);
                match ty {
                    TypeRef::Ptr(..) | TypeRef::Infer => value.loose().with_type(lowered),
                    _ if lowered.is_number() || lowered == Ty::bool() => Value::plain(lowered),
                    _ => value.loose().with_type(lowered),
                }
            }
            Expr::Try(inner) => {
                let value = self.value(f, *inner);
                self.payload(value)
            }
            Expr::Await(inner) => self.value(f, *inner),
            Expr::Format(_, args) => {
                for arg in args {
                    self.value(f, *arg);
                }
                Value::plain(Ty::str())
            }
            Expr::Panic(args) => {
                self.all(f, args);
                Value::plain(Ty::Never)
            }
            Expr::Eval(args) => {
                self.all(f, args);
                Value::plain(Ty::unit())
            }
            Expr::UnknownMacro(_, args, captured) => {
                let mut all = Value::plain(Ty::Unknown);
                for value in self.all(f, args) {
                    all.absorb(&value.loose());
                }
                for local in captured {
                    if let Some(value) = f.locals.get(local.0 as usize) {
                        all.absorb(&value.loose());
                    }
                }
                self.escape(&all, span);
                all.unclear = true;
                all
            }
            Expr::Opaque(_) => {
                self.lose(span);
                plain
            }
        }
    }

    fn assign(&mut self, f: &mut Frame, target: ExprId, value: &Value, span: crate::ir::Span) {
        let body = f.body.clone();
        match body.expr(target) {
            Expr::Local(local) => return self.set_local(f, *local, value),
            Expr::Path(_) => return,
            _ => {}
        }
        let place = self.place(f, target);
        self.write(&place, span);
        if place.is_account() || (!value.matters() && value.code.is_empty()) {
            return;
        }
        // What is stored somewhere in a binding can be found anywhere in it.
        let mut roots = place.roots.clone();
        roots.extend(self.root(f, target));
        for root in roots {
            self.set_local(f, LocalId(root), &value.loose());
        }
    }

    /// The bindings that change when a place does.
    pub(super) fn root(&self, f: &Frame, e: ExprId) -> std::collections::BTreeSet<u32> {
        let mut at = e;
        for _ in 0..64 {
            match f.body.expr(at) {
                Expr::Local(local) => {
                    let mut roots = std::collections::BTreeSet::from([local.0]);
                    if let Some(value) = f.locals.get(local.0 as usize) {
                        roots.extend(value.roots.iter().copied());
                    }
                    return roots;
                }
                Expr::Field(base, _) | Expr::Index(base, _) => at = *base,
                Expr::Deref(base) | Expr::Try(base) | Expr::Ref(_, base) => at = *base,
                Expr::MethodCall(base, ..) => at = *base,
                Expr::Block(block) => match block.tail {
                    Some(tail) => at = tail,
                    None => break,
                },
                _ => break,
            }
        }
        std::collections::BTreeSet::new()
    }

    /// A value that is taken apart: places stay places, so that `ref mut` can borrow them.
    fn scrutinee(&mut self, f: &mut Frame, e: ExprId, tested: bool) -> (Value, bool) {
        // A call that may fail, and the code goes on.
        let caught = match f.body.expr(e) {
            Expr::Call(..) => tested,
            Expr::MethodCall(_, name, ..) => tested || super::words::CHANGES.contains(&name.as_str()),
            _ => false,
        };
        self.doubt += u32::from(caught);
        let value = self.place(f, e);
        self.doubt -= u32::from(caught);
        (value, false)
    }

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

    /// The first name that an account of a list gets.
    pub(super) fn called(&mut self, value: &Value, name: &Name) {
        if let [Handle { what: What::Info(account), sure: true }] = value.own.iter().copied().collect::<Vec<_>>()[..] {
            if let Some(slot) = self.names.get_mut(account as usize) {
                if slot.as_ref().is_some_and(|known| known.is_empty()) {
                    *slot = Some(name.clone());
                }
            }
        }
    }

    /// Code that may run any number of times: a walk that goes on in it stands nowhere afterwards.
    fn repeated(&mut self, run: &mut dyn FnMut(&mut Self)) {
        let before = self.walks.clone();
        run(self);
        let moved: Vec<usize> = (0..before.len()).filter(|&at| self.walks.get(at) != before.get(at)).collect();
        if !moved.is_empty() {
            for at in moved {
                self.walks[at] = None;
            }
            run(self);
        }
    }

    fn construct(
        &mut self,
        f: &mut Frame,
        path: &Path,
        fields: &[(Name, ExprId)],
        base: Option<ExprId>,
        span: crate::ir::Span,
    ) -> Value {
        let (body, env) = (f.body.clone(), f.env.clone());
        let (ty, _) = self.engine.named_type(&body, &env, path);
        let mut parts = BTreeMap::new();
        for (name, value) in fields {
            let value = self.value(f, *value);
            if value.matters() || !value.code.is_empty() {
                parts.insert(name.clone(), value);
            }
        }
        let mut whole = Value { parts, ..Value::plain(ty) };
        if let Some(base) = base {
            let base = self.value(f, base);
            whole.absorb(&base.loose());
        }
        if whole.leads() {
            self.dropped(&whole, span);
        }
        whole
    }

    /// A type with a destructor does with its parts what that does.
    fn dropped(&mut self, whole: &Value, span: crate::ir::Span) {
        if !matches!(whole.ty, Ty::Adt(..)) {
            return;
        }
        if let Some(found) = self.engine.find_method(&whole.ty, &Name::new_static("drop")) {
            self.enter(found.item, found.env.as_ref().clone(), vec![whole.clone()], span);
        }
    }

    /// A path as a value.
    fn constant(&mut self, f: &mut Frame, e: ExprId, path: &Path) -> Value {
        let (body, env) = (f.body.clone(), f.env.clone());
        let last = path.segments.last().map(|segment| segment.name.as_str()).unwrap_or("");
        let is_code = last.chars().next().is_some_and(char::is_lowercase) || path.qself.is_some();
        let mut value = Value::plain(Ty::Unknown);
        if is_code {
            value.code.insert(e);
        } else {
            value.ty = self.engine.named_type(&body, &env, path).0;
            // A tuple struct's name is its constructor.
            value.code.insert(e);
        }
        value
    }

    /// What an iteration gives.
    pub(super) fn next_of(&mut self, iter: &Value, span: crate::ir::Span) -> Value {
        if !iter.leads() {
            return Value::plain(iter.ty.element());
        }
        if let Ty::Adt(..) = &iter.ty {
            if let Some(found) = self.engine.find_method(&iter.ty, &Name::new_static("next")) {
                let result = self.enter(found.item, found.env.as_ref().clone(), vec![iter.clone()], span);
                return self.payload(result);
            }
        }
        let mut element = self.nth(iter, None);
        // The elements of `&mut x` are references.
        element = element.borrowed();
        element
    }

    /// Lowers a written type in a frame.
    pub(super) fn lowered(&mut self, ty: &TypeRef, env: &Rc<crate::effects::ty::TyEnv>) -> Ty {
        self.engine.lower_ty(ty, env)
    }
}

/// Bindings that an expression mentions.
fn locals(body: &Body, e: ExprId, into: &mut std::collections::BTreeSet<LocalId>) {
    if let Expr::Local(local) = body.expr(e) {
        into.insert(*local);
    }
    children(body.expr(e), &mut |child| locals(body, child, into));
}

fn joined(mut a: Value, b: &Value) -> Value {
    a.join(b);
    a
}
