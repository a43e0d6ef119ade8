//! Calls: functions of the program, of libraries, of other programs.

use super::super::cpi::{BUILDERS, ROWS};
use super::value::{Handle, Value, What};
use super::{Changes, Frame, MAX_CALLS};
use crate::effects::ty::{Ty, TyEnv, unify};
use crate::effects::value::FuncVal;
use crate::ir::Span;
use crate::ir::hir::{Expr, ExprId, ItemId, ItemKind, ModId, Name, TypeRef};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Crates whose functions are described by tables, not by their source.
const SDK: &[&str] =
    &["solana", "anchor", "spl_", "pinocchio", "mpl_", "steel", "borsh", "bytemuck", "bincode", "arrayref"];

impl Changes<'_, '_> {
    pub(super) fn call(&mut self, f: &mut Frame, callee: ExprId, args: &[ExprId], span: Span) -> Value {
        let body = f.body.clone();
        let values: Vec<Value> = args.iter().map(|&arg| self.value(f, arg)).collect();
        let given = all_of(&values);
        self.feed(f, &values, &Value { code: BTreeSet::new(), ..given.clone() }, span);
        let result = match body.expr(callee) {
            Expr::Path(path) => {
                let env = f.env.clone();
                match self.engine.named_code(&body, &env, path, body.expr_span(callee)) {
                    Some(func) => self.function(&func, values.clone(), span),
                    // A tuple struct or a constant: built, not called.
                    None => {
                        let ty = self.engine.named_type(&body, &env, path).0;
                        self.built(ty, values.clone(), span)
                    }
                }
            }
            _ => {
                let code = self.value(f, callee);
                if code.code.is_empty() {
                    let mut out = code.loose();
                    for value in &values {
                        self.escape(value, span);
                        out.absorb(&value.loose());
                    }
                    self.escape(&code, span);
                    out.unclear = true;
                    out
                } else {
                    let mut given = given.clone();
                    if let [only] = values.as_slice() {
                        given = only.clone();
                    }
                    given.code.clear();
                    if code.is_unclear() {
                        values.iter().for_each(|value| self.escape(value, span));
                    }
                    let callables = code.callables();
                    let mut out = code.loose();
                    for e in callables {
                        out.join(&self.feed_one(f, e, &given, span));
                    }
                    out
                }
            }
        };
        self.filled(f, &values, &given);
        result
    }

    /// What a callee may have put into bindings that it could change.
    pub(super) fn filled(&mut self, f: &mut Frame, values: &[Value], given: &Value) {
        if values.iter().all(|value| value.roots.is_empty()) {
            return;
        }
        let mut loose = given.loose();
        loose.ty = Ty::Unknown;
        for value in values {
            if given.matters() || !given.code.is_empty() {
                for &root in &value.roots {
                    self.set_local(f, crate::ir::hir::LocalId(root), &loose);
                }
            }
            self.obscure(f, &value.roots);
        }
    }

    /// Code among the arguments may be called with anything that stands beside it.
    pub(super) fn feed(&mut self, f: &mut Frame, values: &[Value], given: &Value, span: Span) {
        let mut code: BTreeSet<ExprId> = BTreeSet::new();
        values.iter().for_each(|value| code.extend(value.callables()));
        for e in code {
            self.feed_one(f, e, given, span);
        }
    }

    fn feed_one(&mut self, f: &mut Frame, e: ExprId, given: &Value, span: Span) -> Value {
        let body = f.body.clone();
        match body.expr(e) {
            Expr::Closure(closure) => {
                let known = f.closures.entry(e).or_insert_with(|| Value::plain(Ty::Unknown));
                let grew = known.join(given);
                f.changed |= grew;
                // It is running: what it is given now it gets in the next round.
                if !f.feeding.insert(e) {
                    return given.loose();
                }
                if grew {
                    // Evaluated again now, for its result.
                    let bound = known.clone();
                    for (pat, ty) in &closure.params {
                        let mut bound = bound.clone();
                        if let Some(ty) = ty {
                            let env = f.env.clone();
                            bound = bound.typed(&self.engine.lower_ty(ty, &env));
                        }
                        self.bind(f, *pat, bound, false);
                    }
                }
                let result = self.value(f, closure.body);
                f.feeding.remove(&e);
                result.loose()
            }
            Expr::Path(path) if given.leads() => {
                let env = f.env.clone();
                match self.engine.named_code(&body, &env, path, span) {
                    Some(func) => self.function(&func, vec![given.clone()], span),
                    None => given.loose(),
                }
            }
            _ => given.loose(),
        }
    }

    /// A value built from its parts.
    fn built(&mut self, ty: Ty, values: Vec<Value>, span: Span) -> Value {
        let mut whole = Value::plain(ty);
        for (at, value) in values.into_iter().enumerate() {
            if value.matters() || !value.code.is_empty() {
                whole.parts.insert(Name::from(at.to_string()), value);
            }
        }
        if whole.leads() {
            self.dropped(&whole, span);
        }
        whole
    }

    fn function(&mut self, func: &Rc<FuncVal>, values: Vec<Value>, span: Span) -> Value {
        match func.as_ref() {
            FuncVal::Ctor { ty, .. } => {
                if self.engine.is_option(ty) || self.engine.is_result(ty) {
                    return values.into_iter().next().unwrap_or_else(|| Value::plain(Ty::Unknown));
                }
                self.built(ty.clone(), values, span)
            }
            FuncVal::Item { item, args, self_ty, env } => {
                let info = self.engine.item(*item);
                let ItemKind::Fn(function) = &info.kind else { return Value::plain(Ty::Unknown) };
                let mut env = match env {
                    Some(env) => env.as_ref().clone(),
                    None => TyEnv::root(ModId { krate: item.krate, idx: info.module }),
                };
                if env.self_ty.is_none() {
                    env.self_ty.clone_from(self_ty);
                }
                for (param, arg) in function.generics.params.iter().zip(args) {
                    env.generics.retain(|(name, _)| *name != param.name);
                    env.generics.push((param.name.clone(), arg.clone()));
                }
                let analysed = self.engine.world.packages()[item.krate.0 as usize].analysed;
                if !analysed {
                    let names = self.names(*item, self_ty.as_ref());
                    if self.engine.is_model(item.krate) || is_sdk(&names) {
                        return self.foreign(&names, values, span);
                    }
                }
                let mut values = values;
                if function.receiver.is_some() {
                    if let Some(first) = values.first_mut() {
                        *first = self.received(*item, first);
                    }
                }
                self.enter(*item, env, values, span)
            }
            FuncVal::TraitMethod { item, self_ty, .. } => {
                let info = self.engine.item(*item);
                let name = info.name.clone();
                let ty = match self_ty {
                    Some(ty) if !ty.is_unknown() => ty.clone(),
                    _ => values.first().map_or(Ty::Unknown, |value| value.ty.clone()),
                };
                match self.engine.find_method(&ty, &name) {
                    Some(found) if !self.engine.is_model(found.item.krate) => {
                        let mut values = values;
                        if let Some(first) = values.first_mut() {
                            *first = self.received(found.item, first);
                        }
                        self.enter(found.item, found.env.as_ref().clone(), values, span)
                    }
                    _ => {
                        let of = self.associated(&ty, &name);
                        match of {
                            Some((item, env)) => self.enter(item, env, values, span),
                            None => self.foreign(&[name], values, span),
                        }
                    }
                }
            }
            FuncVal::NativeMethod { ty, name } => {
                let mut names = match ty {
                    Ty::External(path) => path.to_vec(),
                    Ty::Adt(id, _) => vec![self.engine.item(*id).name.clone()],
                    _ => Vec::new(),
                };
                names.push(name.clone());
                self.foreign(&names, values, span)
            }
            FuncVal::External(names) => self.foreign(names, values, span),
            FuncVal::Native(name, _) => self.foreign(std::slice::from_ref(name), values, span),
        }
    }

    /// A function without receiver in an impl for this type.
    fn associated(&mut self, ty: &Ty, name: &Name) -> Option<(ItemId, TyEnv)> {
        for info in self.engine.impls_of(ty).iter() {
            if let Some(&item) = info.assoc.get(name) {
                return self.engine.impl_env(info, ty).map(|env| (item, env));
            }
        }
        None
    }

    /// Crate, type and name of a function.
    fn names(&self, item: ItemId, self_ty: Option<&Ty>) -> Vec<Name> {
        let package = &self.engine.world.packages()[item.krate.0 as usize];
        let mut names = vec![Name::from(package.crate_name.as_str())];
        let info = self.engine.item(item);
        let module = self.engine.world.module(ModId { krate: item.krate, idx: info.module });
        names.push(module.name.clone());
        if let Some(Ty::Adt(id, _)) = self_ty {
            names.push(self.engine.item(*id).name.clone());
        }
        names.push(info.name.clone());
        names
    }

    /// A function of a library or of another program's interface.
    fn foreign(&mut self, names: &[Name], values: Vec<Value>, span: Span) -> Value {
        let last = names.last().map(Name::as_str).unwrap_or("");
        let owner = names.len().checked_sub(2).map(|at| names[at].as_str()).unwrap_or("");
        let first = |values: &[Value]| values.first().cloned().unwrap_or_else(|| Value::plain(Ty::Unknown));
        match (owner, last) {
            ("CpiContext", "new" | "new_with_signer") => {
                let mut whole = Value::plain(Ty::Unknown);
                for (at, name) in [(0, "program"), (1, "accounts")] {
                    if let Some(value) = values.get(at) {
                        whole.parts.insert(Name::new_static(name), value.clone());
                    }
                }
                return whole;
            }
            ("AccountMeta" | "InstructionAccount", _) => {
                let writes = match last {
                    "new" | "writable" | "writable_signer" => true,
                    "new_readonly" | "readonly" | "readonly_signer" => false,
                    _ => return self.library(values, span),
                };
                // An address leads nowhere: this is another type of that name.
                if values.iter().any(Value::leads) {
                    return self.library(values, span);
                }
                // Pinocchio spells all flags: `AccountMeta::new(key, is_writable, is_signer)`.
                let writes = Some(writes).filter(|_| values.len() < 3);
                return self.flagged(&first(&values), writes);
            }
            (
                _,
                "invoke"
                | "invoke_signed"
                | "invoke_unchecked"
                | "invoke_signed_unchecked"
                | "slice_invoke"
                | "slice_invoke_signed",
            ) => {
                self.invoke(&values, span);
                return Value::plain(Ty::Unknown);
            }
            ("Some" | "Ok" | "Err" | "Box" | "Rc" | "Arc" | "RefCell" | "Cow" | "Pin", _) if values.len() == 1 => {
                return first(&values);
            }
            (_, "from" | "into" | "try_from" | "clone" | "to_owned" | "identity" | "from_ref") if values.len() == 1 => {
                return first(&values).loose();
            }
            ("Ref" | "RefMut", "map" | "filter_map") => return first(&values),
            // Only the cell counts the borrows.
            (_, "drop" | "forget" | "size_of_val") => return Value::plain(Ty::Unknown),
            (_, "next_account_info" | "next_account") => {
                let iter = first(&values);
                let walk = iter.own.iter().find_map(|handle| match handle.what {
                    What::Walk(walk) => Some(walk),
                    _ => None,
                });
                return match walk {
                    Some(walk) if iter.own.len() == 1 && iter.is_account() => self.next_account(walk, span),
                    _ => {
                        self.astray(&iter);
                        iter.loose()
                    }
                };
            }
            // A value is written into bytes.
            (_, "pack" | "pack_into_slice" | "serialize" | "serialize_into" | "to_writer" | "write")
                if values.iter().any(|value| value.own.iter().any(|handle| matches!(handle.what, What::Mut(_)))) =>
            {
                for value in &values {
                    if value.own.iter().all(|handle| matches!(handle.what, What::Mut(_))) {
                        self.write(value, span);
                    } else {
                        self.escape(value, span);
                    }
                }
                return Value::plain(Ty::Unknown);
            }
            ("mem", "take" | "replace" | "swap") => {
                for value in &values {
                    if value.own.iter().any(|handle| matches!(handle.what, What::Mut(_))) {
                        self.write(value, span);
                    } else if value.leads() {
                        self.escape(value, span);
                    }
                }
                return all_of(&values);
            }
            _ => {}
        }
        if let Some(row) = ROWS.iter().find(|row| row.function == last && row.modules.contains(&owner) && is_sdk(names))
        {
            let context = first(&values);
            let accounts = context.parts.get("accounts").cloned();
            if let Some(accounts) = accounts.filter(|accounts| !accounts.parts.is_empty()) {
                self.by_row(&accounts, row.writes, row.reads, span);
                if let Some(rest) = context.parts.get("#rest") {
                    self.escape(rest, span);
                }
                self.escape(&Value { parts: Default::default(), ..context }, span);
                return Value::plain(Ty::Unknown);
            }
        }
        let within = |modules: &[&str]| names.iter().rev().skip(1).any(|name| modules.contains(&name.as_str()));
        if let Some(row) = BUILDERS.iter().find(|row| row.function == last && within(row.modules) && is_sdk(names)) {
            if !values.iter().any(Value::leads) {
                return built_instruction(row.writes, row.reads, row.more, &values);
            }
        }
        self.library(values, span)
    }

    fn library(&mut self, values: Vec<Value>, span: Span) -> Value {
        let mut out = Value::plain(Ty::Unknown);
        for value in &values {
            self.escape(value, span);
            out.absorb(&value.loose());
        }
        out.unclear = true;
        out
    }

    /// Accounts by the names of the fields they are passed in.
    fn by_row(&mut self, accounts: &Value, writes: &[&str], reads: &[&str], span: Span) {
        for (name, value) in &accounts.parts {
            if writes.contains(&name.as_str()) {
                let whole = Value { path: Some(Vec::new()), ..value.clone() };
                self.write(&whole, span);
                for part in value.parts.values() {
                    self.escape(part, span);
                }
            } else if !reads.contains(&name.as_str()) {
                self.escape(value, span);
            }
        }
        self.escape(&Value { parts: Default::default(), ..accounts.clone() }, span);
    }

    /// `Transfer { from, to, authority, amount }.invoke()`.
    pub(super) fn invoked(&mut self, whole: &Value, name: &Name, values: &[Value], span: Span) -> Option<Value> {
        if !matches!(name.as_str(), "invoke" | "invoke_signed") {
            return None;
        }
        let ty = match &whole.ty {
            Ty::External(path) => path.to_vec(),
            Ty::Adt(id, _) if !self.engine.world.packages()[id.krate.0 as usize].analysed => {
                let package = &self.engine.world.packages()[id.krate.0 as usize];
                vec![Name::from(package.crate_name.as_str()), self.engine.item(*id).name.clone()]
            }
            _ => return None,
        };
        let last = ty.last().filter(|_| is_sdk(&ty))?;
        let row = ROWS
            .iter()
            .find(|row| row.accounts == *last && ty.iter().any(|name| row.modules.contains(&name.as_str())))?;
        self.by_row(whole, row.writes, row.reads, span);
        values.iter().for_each(|value| self.escape(value, span));
        Some(Value::plain(Ty::Unknown))
    }

    /// An address with what a call may do to its account, as far as that is known.
    pub(super) fn flagged(&mut self, key: &Value, writes: Option<bool>) -> Value {
        let mut out = Value::plain(Ty::Unknown);
        key.each(&mut |handle| {
            if let What::Key(account) = handle.what {
                let what = if writes == Some(false) { What::Reads(account) } else { What::Writes(account) };
                out.own.insert(Handle { what, sure: handle.sure && writes.is_some() });
            }
        });
        out.unclear = key.is_unclear() || out.own.is_empty() || writes.is_none();
        out
    }

    /// A call of another program: an instruction, then the accounts handed over.
    fn invoke(&mut self, values: &[Value], span: Span) {
        let Some(instruction) = values.first() else { return };
        let mut writes: BTreeSet<(u32, bool)> = BTreeSet::new();
        instruction.each(&mut |handle| {
            if let What::Writes(account) = handle.what {
                writes.insert((account, handle.sure));
            }
        });
        let unclear = !all_told(instruction) || instruction.leads();
        let mut handed: BTreeSet<u32> = BTreeSet::new();
        let mut rest = Value::plain(Ty::Unknown);
        for value in values.iter().skip(1) {
            value.each(&mut |handle| match handle.what {
                What::Account(account, _) | What::Info(account) => {
                    handed.insert(account);
                }
                _ if handle.changes() => {
                    rest.own.insert(handle);
                }
                _ => {}
            });
        }
        for account in handed {
            let sure = writes.contains(&(account, true));
            if sure {
                let whole = Value::of(Ty::Unknown, Handle { what: What::Info(account), sure: true });
                self.write(&whole, span);
            } else if unclear || writes.contains(&(account, false)) {
                self.may(account, span);
            }
        }
        if unclear || !writes.is_empty() {
            self.escape(&rest, span);
        }
        self.escape(instruction, span);
    }

    /// Runs a function's body.
    pub(super) fn enter(&mut self, item: ItemId, mut env: TyEnv, values: Vec<Value>, span: Span) -> Value {
        let info = self.engine.item(item);
        let ItemKind::Fn(function) = &info.kind else { return Value::plain(Ty::Unknown) };
        let values: Vec<Value> = values.into_iter().map(Value::outside).collect();
        // Generics from the arguments.
        let skip = usize::from(function.receiver.is_some());
        if !function.generics.params.is_empty() {
            let mut pattern = env.clone();
            for param in &function.generics.params {
                if pattern.get(&param.name).is_none_or(Ty::is_unknown) {
                    pattern.generics.retain(|(name, _)| *name != param.name);
                    pattern.generics.push((param.name.clone(), Ty::Param(param.name.clone(), Rc::from([]))));
                }
            }
            let mut binds = Vec::new();
            for ((_, ty), value) in function.params.iter().zip(values.iter().skip(skip)) {
                let ty = self.engine.lower_ty(ty, &pattern);
                unify(&ty, &value.ty, &mut binds);
            }
            for param in &function.generics.params {
                let bound = binds.iter().find(|(name, _)| *name == param.name).map(|(_, ty)| ty.clone());
                if let Some(bound) = bound.filter(|bound| !bound.is_unknown()) {
                    env.generics.retain(|(name, _)| *name != param.name);
                    env.generics.push((param.name.clone(), bound));
                }
            }
        }
        let ret = function.ret.clone();
        let ret = self.engine.lower_ty(&ret, &env);
        let matters = values.iter().any(Value::matters);
        if !matters {
            return Value { unclear: is_call(&function.ret), ..Value::plain(ret) };
        }
        let harmless = |path: &str| {
            let last = path.rsplit("::").next().unwrap_or(path).trim();
            let known = &self.engine.harmless_attributes;
            known.contains(path) || known.contains(last) || matches!(last, "instruction" | "access_control" | "discrim")
        };
        if !info.attrs.iter().all(|attr| harmless(&attr.path)) {
            let mut out = Value::plain(ret);
            for value in &values {
                self.escape(value, info.name_span);
                out.absorb(&value.loose());
            }
            return out;
        }
        let mut key_values = values.clone();
        // The types of `Self` and of generics decide what is called.
        let mut types = Value::plain(env.self_ty.clone().unwrap_or(Ty::Unknown));
        types.parts = env.generics.iter().map(|(name, ty)| (name.clone(), Value::plain(ty.clone()))).collect();
        key_values.push(types);
        let key = (item, self.inside, key_values);
        // What goes through the list of accounts moves on in the callee.
        let walks = values.iter().any(|value| {
            let mut walks = false;
            value.each(&mut |handle| walks |= matches!(handle.what, What::Walk(_)));
            walks
        });
        if let Some(done) = self.done.get(&key).filter(|_| !walks) {
            return done.clone();
        }
        let Some(body) = self.engine.world.body(item).filter(|body| body.root.is_some()) else {
            return self.library(values, span).with_type(ret);
        };
        self.by_feature |= body.by_feature && self.engine.world.packages()[item.krate.0 as usize].analysed;
        if self.depth >= MAX_CALLS {
            return self.library(values, span).with_type(ret);
        }
        if !self.running.insert(key.clone()) {
            values.iter().for_each(|value| self.astray(value));
            return all_of(&values).with_type(ret);
        }
        let Some(root) = body.root else { return Value::plain(ret) };
        if let Some(module) = body.module {
            env.module = module;
        }
        self.depth += 1;
        let env = Rc::new(env);
        let mut frame = self.frame(body.clone(), env.clone(), ret.clone());
        for (at, pat) in body.params.iter().enumerate() {
            let Some(value) = values.get(at).cloned() else { continue };
            let value = match at.checked_sub(skip).and_then(|at| function.params.get(at)) {
                Some((_, ty)) => {
                    let ty = self.lowered(&ty.clone(), &env);
                    value.typed(&ty)
                }
                None => match &env.self_ty {
                    Some(ty) => value.typed(ty),
                    None => value,
                },
            };
            self.bind(&mut frame, *pat, value, false);
        }
        let before = self.walks.clone();
        self.calls.push(span);
        let result = self.rounds(&mut frame, root).outside();
        self.calls.pop();
        self.depth -= 1;
        let may_fail =
            self.engine.is_result(&ret) || self.engine.is_option(&ret) || matches!(ret, Ty::Unknown | Ty::External(_));
        if may_fail && (self.doubt > 0 || !self.tried.contains(&span)) {
            // It may have failed halfway, and the code goes on.
            for (slot, before) in self.walks.iter_mut().zip(&before) {
                if slot != before {
                    *slot = None;
                }
            }
        }
        self.running.remove(&key);
        let result = if matches!(result.ty, Ty::Unknown | Ty::Never)
            || self.engine.is_result(&ret)
            || self.engine.is_option(&ret)
        {
            result.with_type(ret)
        } else {
            result
        };
        let mut walks = false;
        result.each(&mut |handle| walks |= matches!(handle.what, What::Walk(_)));
        if !walks {
            self.done.insert(key, result.clone());
        }
        result
    }
}

/// True if every account that an instruction names was seen, with what the call may do to it.
fn all_told(instruction: &Value) -> bool {
    let list = instruction.parts.get("accounts").unwrap_or(instruction);
    let (mut any, mut all) = (false, !instruction.is_unclear());
    list.each(&mut |handle| match handle.what {
        What::Writes(_) | What::Reads(_) => any = true,
        _ => all = false,
    });
    any && all
}

/// True for instructions and the accounts they name, alone or in lists.
pub(super) fn is_call(ty: &TypeRef) -> bool {
    match ty {
        TypeRef::Ref(_, inner) | TypeRef::Slice(inner) | TypeRef::Array(inner, _) => is_call(inner),
        TypeRef::Tuple(parts) => parts.iter().any(is_call),
        TypeRef::Path(path) => path.segments.last().is_some_and(|last| {
            matches!(last.name.as_str(), "Instruction" | "AccountMeta" | "InstructionAccount")
                || last.args.iter().any(is_call)
        }),
        _ => false,
    }
}

fn all_of(values: &[Value]) -> Value {
    let mut all = Value::plain(Ty::Unknown);
    for value in values {
        all.absorb(&value.loose());
    }
    all.path = None;
    all
}

fn is_sdk(names: &[Name]) -> bool {
    names.first().is_some_and(|first| SDK.iter().any(|sdk| first.starts_with(sdk)))
}

fn built_instruction(writes: &[usize], reads: &[usize], more: bool, values: &[Value]) -> Value {
    let mut out = Value::plain(Ty::Unknown);
    out.unclear = more;
    for (at, value) in values.iter().enumerate() {
        let mut any = false;
        value.each(&mut |handle| {
            if let What::Key(account) = handle.what {
                any = true;
                if writes.contains(&at) {
                    out.own.insert(Handle { what: What::Writes(account), sure: handle.sure });
                } else if reads.contains(&at) {
                    out.own.insert(Handle { what: What::Reads(account), sure: handle.sure });
                }
            }
        });
        // An address nobody can tell may be that of any account handed over.
        out.unclear |= writes.contains(&at) && (!any || value.is_unclear());
    }
    out
}
