//! Expressions and patterns.

use super::value::{Handle, Value, What};
use super::{BUDGET, Changes, Frame};
use crate::effects::children;
use crate::effects::ty::Ty;
use crate::ir::hir::{BinOp, Body, Expr, ExprId, Lit, LocalId, Name, Pat, Path, Stmt, TypeRef};
use std::collections::BTreeMap;
use std::rc::Rc;

impl Changes<'_, '_> {
    /// What an expression gives.
    pub(super) fn value(&mut self, f: &mut Frame, e: ExprId) -> Value {
        let value = self.place(f, e);
        match f.body.expr(e) {
            Expr::Field(..) | Expr::Index(..) => value.copied(),
            Expr::Deref(inner) => {
                // A reference that stands there is lent on and not copied: `*info.data.borrow_mut()`.
                let twice = matches!(f.body.expr(*inner), Expr::Deref(_));
                let lent = !twice && matches!(value.ty, Ty::Unknown | Ty::Seq(_) | Ty::Param(..) | Ty::Dyn(_));
                let mut value = if lent { Value { path: None, ..value.borrowed() } } else { value.copied() };
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
                self.operator(&["index", "index_mut"], &base, &index_value, span);
                match body.expr(*index) {
                    Expr::Lit(Lit::Int(at, _)) => self.nth(&base, usize::try_from(*at).ok()),
                    Expr::Range(from, ..) if base.own.iter().any(|handle| matches!(handle.what, What::List(_))) => {
                        let from = match from.map(|from| body.expr(from)) {
                            None => Some(0),
                            Some(Expr::Lit(Lit::Int(at, _))) => u32::try_from(*at).ok(),
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
                self.operator(&["neg", "not"], &inner, &plain, span);
                Value::plain(inner.ty)
            }
            Expr::Deref(inner) => self.place(f, *inner).followed(),
            Expr::Binary(BinOp::And | BinOp::Or, a, b) => {
                self.value(f, *a);
                let before = self.walks.clone();
                let right = self.value(f, *b);
                // The right side may not run.
                let mut ways = vec![before];
                if right.ty != Ty::Never {
                    ways.push(self.walks.clone());
                }
                self.meet(ways);
                Value::plain(Ty::bool())
            }
            Expr::Binary(op, a, b) => {
                let left = self.value(f, *a);
                let right = self.value(f, *b);
                self.operator(operators(*op), &left, &right, span);
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
                    if (value.leads() && !value.ty.is_number()) || (place.leads() && !place.ty.is_number()) {
                        self.escape(&value, span);
                        self.escape(&place, span);
                    }
                } else {
                    self.write(&place, span);
                    if value.leads() && !value.ty.is_number() {
                        self.escape(&value, span);
                    }
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
                match self.holds(f, *cond) {
                    Some(true) => return self.value(f, *then),
                    Some(false) => return otherwise.map_or(Value::plain(Ty::unit()), |e| self.value(f, e)),
                    None => {}
                }
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
                    value = if value.ty == Ty::Never { other } else { value.or(&other) };
                } else {
                    ways.push(self.walks.clone());
                    let mut all = Value::plain(Ty::Unknown);
                    all.join(&value);
                    value = all;
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
                let mut before = self.walks.clone();
                let mut ways = Vec::new();
                let here = !self.inside && self.chosen.as_ref().is_some_and(|chosen| chosen.place == span);
                for (at, arm) in arms.iter().enumerate() {
                    if !self.takes(f, span, *scrutinee, at, arm.pat) {
                        continue;
                    }
                    self.inside |= here;
                    self.walks.clone_from(&before);
                    self.bind(f, arm.pat, value.clone(), by_ref);
                    if let Some(guard) = arm.guard {
                        self.value(f, guard);
                        // It may have moved a walk and then not held.
                        let moved = self.walks.clone();
                        self.meet(vec![before, moved.clone()]);
                        before = std::mem::replace(&mut self.walks, moved);
                    }
                    let way = self.value(f, arm.body);
                    if way.ty != Ty::Never {
                        ways.push(self.walks.clone());
                    }
                    if result.ty == Ty::Never && !result.matters() {
                        result = way;
                    } else {
                        result = result.or(&way);
                    }
                    self.inside &= !here;
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
                self.jumps.push(self.walks.clone());
                Value::plain(Ty::Never)
            }
            Expr::Continue(_) => {
                self.jumps.push(self.walks.clone());
                Value::plain(Ty::Never)
            }
            Expr::Return(value) => {
                // A failure ends the caller too, unless that catches it: then the call is one that may fail.
                let mut fails = false;
                if let Some(value) = value {
                    fails = is_failure(&body, *value);
                    let value = self.value(f, *value);
                    f.ret.join(&value);
                }
                if !fails {
                    self.returns.push(self.walks.clone());
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
                let mut ended = false;
                let outer = block.label.is_some().then(|| std::mem::take(&mut self.jumps));
                for stmt in &block.stmts {
                    match stmt {
                        Stmt::Expr(e) => ended |= self.value(f, *e).ty == Ty::Never,
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
                                // It never comes back.
                                let walks = self.walks.clone();
                                self.value(f, *otherwise);
                                self.walks[..walks.len()].clone_from_slice(&walks);
                            }
                        }
                    }
                }
                let mut result = match block.tail {
                    Some(tail) => self.value(f, tail),
                    None => Value::plain(Ty::unit()),
                };
                if ended {
                    result.ty = Ty::Never;
                }
                if let Some(outer) = outer {
                    let mut ways = std::mem::replace(&mut self.jumps, outer);
                    if !ways.is_empty() && result.ty == Ty::Never {
                        result.ty = Ty::Unknown;
                    } else {
                        ways.push(self.walks.clone());
                    }
                    self.meet(ways);
                }
                result
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
                let mut silent = false;
                for (at, value) in values.into_iter().enumerate() {
                    silent |= !value.tells();
                    if value.matters() {
                        whole.parts.insert(Name::from(at.to_string()), value);
                    }
                }
                // A list in which only some elements say which account they are.
                whole.unclear |= silent && whole.tells() && matches!(body.expr(e), Expr::Array(..));
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
                // A number is one, unless it is an address: of a reference, or of what nobody knows to be a number.
                let address = value.is_account() || (value.leads() && !value.ty.is_number() && value.ty != Ty::bool());
                match ty {
                    TypeRef::Ptr(..) => value.loose(),
                    _ if lowered.is_number() && !address => Value::plain(lowered),
                    _ => value.loose().with_type(lowered),
                }
            }
            Expr::Try(inner) => {
                self.tried(&body, *inner);
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
            Expr::Local(local) => {
                let mixed = f.locals.get(local.0 as usize).is_some_and(|known| known.tells() != value.tells());
                let mut value = value.clone();
                value.unclear |= mixed;
                return self.set_local(f, *local, &value);
            }
            Expr::Path(_) => return,
            _ => {}
        }
        let mut place = self.place(f, target);
        // An account as it is changes only through its cells: this may be a copy.
        place.own = place
            .own
            .iter()
            .map(|handle| Handle { sure: handle.sure && !matches!(handle.what, What::Info(_)), ..*handle })
            .collect();
        self.write(&place, span);
        let harmless =
            matches!(body.expr(target), Expr::Field(_, name) if matches!(name.as_str(), "data" | "program_id"));
        if !harmless && !value.tells() {
            let roots = self.root(f, target);
            self.obscure(f, &roots);
        }
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

    /// What these bindings say of accounts in calls may be changed.
    pub(super) fn obscure(&mut self, f: &mut Frame, roots: &std::collections::BTreeSet<u32>) {
        for root in roots {
            if f.locals.get(*root as usize).is_some_and(Value::tells) {
                let unclear = Value { unclear: true, ..Value::plain(Ty::Unknown) };
                self.set_local(f, LocalId(*root), &unclear);
            }
        }
    }

    /// An operator that the program itself gives a type may do anything with what it is given.
    fn operator(&mut self, names: &[&str], left: &Value, right: &Value, span: crate::ir::Span) {
        for one in [left, right] {
            if one.leads() && !one.ty.is_number() && names.iter().any(|name| self.defined(name, false)) {
                self.escape(left, span);
                self.escape(right, span);
            }
        }
    }

    /// The call of which the failure ends the function: `call(..)?`, `call(..).map_err(..)?`.
    pub(super) fn tried(&mut self, body: &Body, e: ExprId) {
        let mut at = e;
        for _ in 0..16 {
            match body.expr(at) {
                Expr::Call(..) => break,
                Expr::MethodCall(recv, name, ..)
                    if matches!(
                        name.as_str(),
                        "map_err" | "ok_or" | "ok_or_else" | "unwrap" | "expect" | "inspect_err" | "context"
                    ) =>
                {
                    self.tried.insert(body.expr_span(at));
                    at = *recv;
                }
                _ => break,
            }
        }
        self.tried.insert(body.expr_span(at));
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
        // What is told apart in each round may be another instruction each time.
        let inside = std::mem::replace(&mut self.inside, true);
        let outer = std::mem::take(&mut self.jumps);
        run(self);
        let mut ways = std::mem::take(&mut self.jumps);
        ways.push(self.walks.clone());
        self.meet(ways);
        let moved: Vec<usize> = (0..before.len()).filter(|&at| self.walks.get(at) != before.get(at)).collect();
        if !moved.is_empty() {
            for at in moved {
                self.walks[at] = None;
            }
            run(self);
        }
        self.jumps = outer;
        self.inside = inside;
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
        let last = path.segments.last().map(|last| last.name.as_str()).unwrap_or("");
        let flags = matches!(last, "AccountMeta" | "InstructionAccount");
        let mut writes = None;
        for (name, value) in fields {
            let of = *value;
            let value = self.value(f, of);
            if let ("is_writable", Expr::Lit(Lit::Bool(flag))) = (name.as_str(), body.expr(of)) {
                writes = Some(*flag);
            }
            if value.matters() || !value.code.is_empty() {
                parts.insert(name.clone(), value);
            }
        }
        // Flags of an account name it by its address; a type of that name that holds more is one of the program's own.
        if flags && !parts.values().any(Value::leads) {
            let key = Value { parts, ..Value::plain(Ty::Unknown) };
            return self.flagged(&key, writes.filter(|_| base.is_none()));
        }
        let mut whole = Value { parts, unclear: flags, ..Value::plain(ty) };
        if let Some(base) = base {
            let base = self.value(f, base);
            whole.absorb(&base.loose());
        }
        if whole.leads() {
            self.dropped(&whole, span);
        }
        whole
    }

    /// A type with a destructor does with its parts what that does; what dereferences it may run unseen, too.
    pub(super) fn dropped(&mut self, whole: &Value, span: crate::ir::Span) {
        if !matches!(whole.ty, Ty::Adt(..)) {
            return;
        }
        for name in ["drop", "deref", "deref_mut"] {
            if let Some(found) = self.engine.find_method(&whole.ty, &Name::new_static(name)) {
                if !self.engine.is_model(found.item.krate) {
                    self.doubt += u32::from(name != "drop");
                    self.enter(found.item, found.env.as_ref().clone(), vec![whole.clone()], span);
                    self.doubt -= u32::from(name != "drop");
                }
            }
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
        let mut iter = iter.clone();
        for name in ["into_iter", "next"] {
            if let Ty::Adt(..) = &iter.ty {
                let found = self.engine.find_method(&iter.ty, &Name::new_static(name));
                if let Some(found) = found.filter(|found| !self.engine.is_model(found.item.krate)) {
                    let result = self.enter(found.item, found.env.as_ref().clone(), vec![iter.clone()], span);
                    if name == "next" {
                        return self.payload(result);
                    }
                    iter = result;
                }
            }
        }
        let iter = &iter;
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

/// Methods that mean an operator between values that may be of a type of the program.
fn operators(op: BinOp) -> &'static [&'static str] {
    match op {
        BinOp::Eq | BinOp::Ne => &["eq", "ne"],
        BinOp::Lt | BinOp::Le | BinOp::Gt | BinOp::Ge => &["partial_cmp", "lt", "le", "gt", "ge"],
        _ => &["add", "sub", "mul", "div", "rem", "shl", "shr", "bitand", "bitor", "bitxor"],
    }
}

/// `Err(..)`.
fn is_failure(body: &Body, e: ExprId) -> bool {
    let Expr::Call(callee, _) = body.expr(e) else { return false };
    matches!(body.expr(*callee), Expr::Path(path) if path.segments.last().is_some_and(|last| last.name == "Err"))
}
