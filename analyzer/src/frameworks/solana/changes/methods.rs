//! Method calls: on accounts, on their data, on values that hold them.

use super::calls::is_call;
use super::value::{Handle, Held, Value, What};
use super::words::{CATCHES, CHANGES, DEMANDS, LOOKS, NUMBERS, OPENS, READS, VIEWS, WRITES};
use super::{Changes, Frame};
use crate::effects::method::Found;
use crate::effects::ty::Ty;
use crate::ir::Span;
use crate::ir::hir::{Body, Expr, ExprId, ItemId, ItemKind, Name, Receiver, TypeRef};
use crate::source::{Ns, Resolved};
use std::rc::Rc;

/// Types that hold an account.
const HOLDERS: &[&str] = &[
    "Account",
    "AccountInfo",
    "AccountLoader",
    "AccountView",
    "BorshAccount",
    "Context",
    "InterfaceAccount",
    "LazyAccount",
    "Migration",
    "Signer",
    "Slab",
    "SystemAccount",
    "UncheckedAccount",
];

impl Changes<'_, '_> {
    pub(super) fn method(&mut self, f: &mut Frame, recv: ExprId, name: &Name, args: &[ExprId], span: Span) -> Value {
        let caught = CATCHES.contains(&name.as_str());
        if matches!(name.as_str(), "unwrap" | "expect") {
            let body = f.body.clone();
            self.tried(&body, recv);
        }
        self.doubt += u32::from(caught);
        let (before, field) = (self.remaining, is_field_of_local(&f.body, recv));
        let place = self.place(f, recv);
        self.doubt -= u32::from(caught);
        // How many more there are is no look at them.
        let counted = matches!(name.as_str(), "is_empty" | "len") && args.is_empty();
        let others = |handle: &Handle| handle.sure && handle.what == What::Others;
        if counted && field && place.parts.is_empty() && !place.own.is_empty() && place.own.iter().all(others) {
            self.remaining = before;
            return Value::plain(Ty::Unknown);
        }
        let values: Vec<Value> = args.iter().map(|&arg| self.value(f, arg)).collect();
        let walks = |value: &Value| value.own.iter().any(|handle| matches!(handle.what, What::Walk(_) | What::List(_)));
        let mut given = if walks(&place) {
            let mut any = Value::plain(Ty::Unknown);
            any.own.insert(Handle { what: What::Others, sure: false });
            if values.iter().any(|value| !value.code.is_empty()) { any } else { Value::plain(Ty::Unknown) }
        } else if place.leads() {
            let next = self.next_of(&place, span);
            self.payload(next)
        } else {
            Value::plain(Ty::Unknown)
        };
        for value in &values {
            given.absorb(&value.loose());
        }
        given.code.clear();
        self.feed(f, &values, &given, span);
        let literal = match args.first().map(|&arg| f.body.expr(arg)) {
            Some(Expr::Lit(crate::ir::hir::Lit::Int(at, _))) => u32::try_from(*at).ok(),
            _ => None,
        };
        let leads = place.leads() || values.iter().any(Value::leads);
        let mut all = place.loose();
        values.iter().for_each(|value| {
            all.absorb(&value.loose());
        });
        self.filled(f, &values, &all);
        // Through these the accounts of an instruction that is being built can be changed.
        let opens = matches!(
            name.as_str(),
            "iter_mut" | "get_mut" | "first_mut" | "last_mut" | "as_mut" | "as_mut_slice" | "for_each" | "values_mut"
        );
        if place.tells() && (opens || (WRITES.contains(&name.as_str()) && values.iter().any(|value| !value.tells()))) {
            let roots = self.root(f, recv);
            self.obscure(f, &roots);
        }
        let mut result = Value::plain(Ty::Unknown);
        // A method of the program's own on a value of a known type.
        let wrapped =
            place.own.iter().any(|handle| handle.sure && matches!(handle.what, What::Account(..) | What::Info(_)));
        let table = wrapped
            && (is_table(name) || name == "key" || name == "to_account_info" || name == "clone" || name == "to_owned");
        let found = if table { None } else { self.engine.find_method(&place.ty, name) };
        let found = found.filter(|found| !self.engine.is_model(found.item.krate));
        if let Some(found) = found {
            if !leads && !place.matters() && !values.iter().any(Value::matters) {
                return self.returned(&found);
            }
            result = self.own_method(f, recv, &found, &place, &values, span);
            return result;
        }
        if !leads {
            // Addresses stay what they are under conversions; what is computed from them may be anything.
            if place.matters() && VIEWS.contains(&name.as_str()) || matches!(name.as_str(), "to_bytes" | "key") {
                let mut out = place.copied();
                values.iter().for_each(|value| {
                    out.absorb(&value.loose());
                });
                return out;
            }
            result.absorb(&place.loose());
            values.iter().for_each(|value| {
                result.absorb(&value.loose());
            });
            if WRITES.contains(&name.as_str()) || VIEWS.contains(&name.as_str()) || matches!(place.ty, Ty::Seq(_)) {
                self.store(f, recv, &place, &values);
            }
            if place.ty.is_number() && READS.contains(&name.as_str()) {
                result.ty = place.ty;
            }
            return result;
        }
        // A value is written into bytes of an account.
        if !place.leads()
            && matches!(name.as_str(), "serialize" | "pack_into_slice" | "try_serialize" | "serialize_into" | "pack")
        {
            for value in &values {
                if !value.own.is_empty() && value.own.iter().all(|handle| matches!(handle.what, What::Mut(_))) {
                    self.write(value, span);
                } else {
                    self.escape(value, span);
                }
            }
            return result;
        }
        for &handle in &place.own {
            let one = Value { own: [handle].into(), parts: Default::default(), ..place.clone() };
            self.literal = literal;
            let way = self.on_handle(handle, &one, name, &values, args.len(), span);
            result.join(&way);
        }
        if !place.parts.is_empty() || place.own.is_empty() {
            let structural = VIEWS.contains(&name.as_str())
                || WRITES.contains(&name.as_str())
                || READS.contains(&name.as_str())
                || matches!(
                    name.as_str(),
                    "with_signer" | "with_remaining_accounts" | "to_account_info" | "take" | "cpi_context"
                );
            let own_type = matches!(&place.ty, Ty::Adt(id, _) if !self.engine.is_model(id.krate))
                || (matches!(place.ty, Ty::Unknown | Ty::Tuple(_) | Ty::Param(..) | Ty::Dyn(_))
                    && self.defined(name, false));
            if let (true, Some(done)) = (!place.parts.is_empty(), self.invoked(&place, name, &values, span)) {
                return done;
            }
            if structural && !own_type {
                if name == "with_signer"
                    || matches!(
                        name.as_str(),
                        "unwrap" | "expect" | "as_ref" | "as_mut" | "clone" | "to_owned" | "ok_or" | "ok_or_else"
                    )
                {
                    let mut same = place.clone();
                    same.own.clear();
                    result.join(&same);
                } else if name == "with_remaining_accounts" {
                    let mut same = place.clone();
                    let mut rest = Value::plain(Ty::Unknown);
                    values.iter().for_each(|value| {
                        rest.absorb(&value.loose());
                    });
                    same.parts.insert(Name::new_static("#rest"), rest);
                    result.join(&same);
                } else if !READS.contains(&name.as_str()) {
                    let mut out = place.loose();
                    if matches!(
                        name.as_str(),
                        "iter"
                            | "iter_mut"
                            | "into_iter"
                            | "collect"
                            | "cloned"
                            | "to_vec"
                            | "as_slice"
                            | "concat"
                            | "chain"
                    ) {
                        out.ty = place.ty.clone();
                        out.parts = place.parts.clone();
                        out.own.retain(|handle| place.own.contains(handle));
                    }
                    values.iter().for_each(|value| {
                        out.absorb(&value.loose());
                    });
                    result.join(&out);
                }
            } else {
                self.escape(&Value { own: Default::default(), ..place.clone() }, span);
                values.iter().for_each(|value| self.escape(value, span));
                result.absorb(&place.loose());
                values.iter().for_each(|value| {
                    result.absorb(&value.loose());
                });
                result.unclear = true;
            }
            self.store(f, recv, &place, &values);
        } else if place.own.iter().any(|handle| !handle.sure) {
            self.store(f, recv, &place, &values);
        }
        result
    }

    /// What goes into a value that a binding holds can be found there afterwards.
    fn store(&mut self, f: &mut Frame, recv: ExprId, place: &Value, values: &[Value]) {
        if place.is_account() || !values.iter().any(|value| value.matters() || !value.code.is_empty()) {
            return;
        }
        let mut roots = place.roots.clone();
        roots.extend(self.root(f, recv));
        for root in roots {
            for value in values {
                let mut loose = value.loose();
                loose.ty = Ty::Unknown;
                self.set_local(f, crate::ir::hir::LocalId(root), &loose);
            }
        }
    }

    /// The result of a method that nothing is known of besides its type.
    fn returned(&mut self, found: &Found) -> Value {
        let item = self.engine.item(found.item);
        let ItemKind::Fn(function) = &item.kind else { return Value::plain(Ty::Unknown) };
        let ret = function.ret.clone();
        let ty = self.engine.lower_ty(&ret, &found.env);
        Value { unclear: is_call(&ret), ..Value::plain(ty) }
    }

    /// True if the program, or a library that is read, has a method of this name; `changing` asks for one that can change
    /// what it is called on.
    pub(super) fn defined(&mut self, name: &str, changing: bool) -> bool {
        self.engine.index_impls();
        let all = self.engine.impls.methods.get(name).cloned().unwrap_or_default();
        all.into_iter().any(|item| !self.engine.is_model(item.krate) && (!changing || self.may_change(item)))
    }

    /// True unless a method takes its receiver by a shared reference, or by value where that is a value of its own: `self`
    /// of an impl for `&mut T` is the reference.
    fn may_change(&self, item: ItemId) -> bool {
        let ItemKind::Fn(function) = &self.engine.item(item).kind else { return false };
        match function.receiver {
            Some(Receiver::Ref) | None => return false,
            Some(Receiver::RefMut) => return true,
            Some(Receiver::Value) => {}
        }
        let Some(owner) = function.owner else { return true };
        let owner = self.engine.item(ItemId { krate: item.krate, idx: owner });
        // Of a trait: what nobody replaced.
        let ItemKind::Impl(block) = &owner.kind else { return function.has_body };
        match &block.self_ty {
            TypeRef::Path(path) => {
                let [only] = path.segments.as_slice() else { return false };
                let module = self.engine.module_of(item);
                let alias = match self.engine.world.resolve(module, path, Ns::Type) {
                    Resolved::Item(id) => matches!(self.engine.item(id).kind, ItemKind::TypeAlias(..)),
                    _ => false,
                };
                alias || block.generics.params.iter().any(|param| param.name == only.name)
            }
            TypeRef::Ref(exclusive, _) => *exclusive,
            TypeRef::Slice(_) | TypeRef::Const(_) | TypeRef::Never => false,
            _ => true,
        }
    }

    fn own_method(
        &mut self,
        f: &mut Frame,
        recv: ExprId,
        found: &Found,
        place: &Value,
        values: &[Value],
        span: Span,
    ) -> Value {
        let receiver = self.received(found.item, place);
        let mut args = vec![receiver];
        args.extend(values.iter().cloned());
        let result = self.enter(found.item, found.env.as_ref().clone(), args, span);
        self.store(f, recv, place, values);
        let roots = self.root(f, recv);
        self.obscure(f, &roots);
        result
    }

    /// The receiver as the function takes it.
    pub(super) fn received(&mut self, item: ItemId, place: &Value) -> Value {
        let changes = self.may_change(item);
        let item = self.engine.item(item);
        let ItemKind::Fn(function) = &item.kind else { return place.clone() };
        match function.receiver {
            Some(Receiver::Ref) => place.clone().shared(),
            Some(_) if changes => {
                let mut value = place.clone().borrowed();
                // Below the account itself stands its data.
                value.own = value
                    .own
                    .into_iter()
                    .map(|handle| match handle.what {
                        What::Account(account, true) if handle.sure => Handle { what: What::Mut(account), sure: true },
                        _ => handle,
                    })
                    .collect();
                value
            }
            _ => place.clone().copied(),
        }
    }

    /// A method on one way to an account.
    fn on_handle(
        &mut self,
        handle: Handle,
        one: &Value,
        name: &Name,
        values: &[Value],
        count: usize,
        span: Span,
    ) -> Value {
        let word = name.as_str();
        let as_is =
            |what: What| Value { path: Some(Vec::new()), ..Value::of(Ty::Unknown, Handle { what, sure: handle.sure }) };
        let nothing = Value::plain(Ty::Unknown);
        let known = VIEWS.contains(&word) || READS.contains(&word) || WRITES.contains(&word);
        // A name of the standard library's that the program gives a method of its own: the type does not say which.
        let borrowed_name = known || NUMBERS.contains(&word);
        let unknown_type = matches!(one.ty, Ty::Unknown | Ty::Param(..) | Ty::Dyn(_) | Ty::External(_));
        if borrowed_name && !is_table(word) {
            let own = match handle.what {
                What::Account(..) | What::Info(_) | What::Others => {
                    if self.defined(word, false) {
                        if let Some(done) = self.extension(one, name, values, span) {
                            return done;
                        }
                    }
                    matches!(handle.what, What::Account(_, true)) && unknown_type && self.defined(word, true)
                }
                What::Place(_) | What::Mut(_) => {
                    (unknown_type || matches!(one.ty, Ty::Prim(_))) && self.defined(word, true)
                }
                What::Context | What::Tree(_) => unknown_type && self.defined(word, false),
                _ => false,
            };
            if own {
                return self.unseen(one, values, span);
            }
        }
        if let (What::Walk(_), false) = (handle.what, handle.sure) {
            self.astray(one);
        }
        if matches!(word, "into" | "try_into") && !matches!(handle.what, What::Key(_) | What::Walk(_) | What::List(_)) {
            let from = if word == "into" { "from" } else { "try_from" };
            if let Some(done) = self.conversions(one, &Name::new_static(from), span) {
                return done;
            }
        }
        // A container of accounts: what it holds stays what it is.
        if !handle.sure && known && word != "borrow_mut" {
            if WRITES.contains(&word) && matches!(handle.what, What::Mut(_) | What::Place(_)) {
                self.escape(one, span);
            }
            return if READS.contains(&word) { nothing } else { one.clone() };
        }
        match handle.what {
            What::Context => match word {
                "remaining_accounts" => {
                    self.remaining.get_or_insert(span);
                    as_is(What::Others)
                }
                _ => self.unseen(one, values, span),
            },
            What::Tree(_) => match word {
                "to_account_infos" => one.loose(),
                "to_account_metas" => Value { unclear: true, ..nothing },
                _ if word != "into" && VIEWS.contains(&word) => one.clone(),
                _ => self.unseen(one, values, span),
            },
            What::Account(account, exclusive) => {
                if let Some(done) = self.table(account, handle.sure, one, word, values, span) {
                    return done;
                }
                let held = self.held[account as usize];
                match word {
                    "as_ref" | "as_deref" => as_is(What::Account(account, false)).with_type(one.ty.clone()),
                    // A copy of the data, and the account it came from.
                    "clone" | "into_inner" | "to_owned" => as_is(What::Info(account)).loose(),
                    _ if VIEWS.contains(&word) => one.clone(),
                    _ if READS.contains(&word) => nothing,
                    // Of the data: a list that is the whole account.
                    _ if held == Held::Typed && WRITES.contains(&word) && exclusive => {
                        self.write(one, span);
                        nothing
                    }
                    _ => match self.extension(one, name, values, span) {
                        Some(done) => done,
                        None => self.unseen(one, values, span),
                    },
                }
            }
            What::Info(account) => {
                if let Some(done) = self.table(account, handle.sure, one, word, values, span) {
                    return done;
                }
                match word {
                    _ if VIEWS.contains(&word) || matches!(word, "assume_account" | "account" | "info") => one.clone(),
                    _ if READS.contains(&word) => nothing,
                    _ => match self.extension(one, name, values, span) {
                        Some(done) => done,
                        None => self.unseen(one, values, span),
                    },
                }
            }
            What::Cell(account) => match word {
                "borrow" | "try_borrow" | "len" | "is_empty" => nothing,
                "borrow_mut" | "try_borrow_mut" => as_is(What::Mut(account)),
                _ if VIEWS.contains(&word) => one.clone(),
                _ => self.unseen(one, values, span),
            },
            What::Place(account) | What::Mut(account) => {
                let below = |ty: Ty| Value { path: None, ..as_is(What::Mut(account)).with_type(ty) };
                // `n.add_assign(1)`: an operator by its name.
                if word.ends_with("_assign") || word.starts_with("make_ascii") {
                    self.write(one, span);
                    return nothing;
                }
                match &one.ty {
                    Ty::Prim(prim) if prim != "str" => {
                        // Of traits nobody sees, a method may change the number.
                        if !borrowed_name {
                            return self.unseen(one, values, span);
                        }
                        return Value::plain(one.ty.clone());
                    }
                    _ => {}
                }
                if word == "take" && count == 0 || WRITES.contains(&word) {
                    // `set` of a type nobody knows may be anything.
                    match &one.ty {
                        Ty::Seq(_) | Ty::Dict(..) | Ty::Prim(_) => self.write(one, span),
                        ty if self.engine.is_option(&ty.clone()) => self.write(one, span),
                        _ => self.escape(one, span),
                    }
                    values.iter().filter(|value| value.leads()).for_each(|value| self.escape(value, span));
                    return nothing;
                }
                match word {
                    _ if READS.contains(&word) => nothing,
                    "iter" | "first" | "last" | "get" | "as_ref" | "as_deref" | "windows" | "chunks" | "values"
                    | "clone" | "cloned" | "copied" | "split_at" | "split_first" | "split_last" | "peek" | "borrow"
                    | "deref" | "chunks_exact" | "as_slice" | "to_owned" | "to_vec" => {
                        // A look, unless it is an iteration of mutable references that goes on.
                        if matches!(handle.what, What::Place(_))
                            || matches!(
                                word,
                                "iter"
                                    | "as_ref"
                                    | "clone"
                                    | "cloned"
                                    | "as_deref"
                                    | "get"
                                    | "as_slice"
                                    | "to_owned"
                                    | "to_vec"
                            )
                        {
                            Value::plain(one.ty.clone())
                        } else {
                            below(one.ty.element())
                        }
                    }
                    "iter_mut" | "as_mut" | "as_mut_slice" | "deref_mut" | "borrow_mut" | "by_ref" | "enumerate"
                    | "skip" | "take" | "rev" | "filter" | "into_iter" | "as_deref_mut" | "skip_while"
                    | "take_while" | "step_by" => below(one.ty.clone()),
                    "get_mut" | "first_mut" | "last_mut" | "next" | "find" | "nth" | "peek_mut" => {
                        below(one.ty.element())
                    }
                    "unwrap" | "expect" | "ok_or" | "ok_or_else" | "unwrap_or_else" | "ok" => {
                        let value = self.payload(one.clone());
                        // Of a place, a copy of what is there; of a reference, the reference.
                        if matches!(handle.what, What::Place(_)) { value.copied() } else { value }
                    }
                    _ if VIEWS.contains(&word) => {
                        let mut out = below(Ty::Unknown).loose();
                        values.iter().for_each(|value| {
                            out.absorb(&value.loose());
                        });
                        out
                    }
                    _ => self.unseen(one, values, span),
                }
            }
            What::Others => match word {
                _ if VIEWS.contains(&word) || READS.contains(&word) || LOOKS.contains(&word) => one.clone(),
                "key" | "address" | "to_vec" | "len" | "to_account_info" | "to_account_metas" => one.clone(),
                _ => self.unseen(one, values, span),
            },
            What::List(from) => match word {
                "iter" | "iter_mut" | "into_iter" => self.walk(span, from),
                "first" | "first_mut" => self.position(Some(from), span),
                "get" | "get_mut" | "split_at" | "split_at_mut" | "split_first" | "split_at_checked" => {
                    let at = match word {
                        "split_first" => Some(1),
                        _ => self.literal,
                    };
                    match (word, at) {
                        ("get" | "get_mut", at) => self.position(at.map(|at| from + at), span),
                        (_, at) => {
                            let mut whole = Value::plain(Ty::Unknown);
                            let front =
                                if word == "split_first" { self.position(Some(from), span) } else { one.clone() };
                            whole.parts.insert(Name::new_static("0"), front);
                            let rest = self.rest_of(one, at, span);
                            whole.parts.insert(Name::new_static("1"), rest);
                            whole
                        }
                    }
                }
                "as_ref" | "as_mut" | "as_slice" => one.clone(),
                "len" | "is_empty" => nothing,
                _ if VIEWS.contains(&word) => self.rest_of(one, None, span),
                _ => self.unseen(one, values, span),
            },
            What::Walk(walk) => match word {
                "next" | "next_account" | "next_account_unchecked" | "next_account_info" => {
                    self.next_account(walk, span)
                }
                "by_ref" | "as_ref" | "as_mut" | "peekable" | "iter" | "into_iter" => one.clone(),
                "len" | "count" => nothing,
                "as_slice" => as_is(What::Others),
                _ if VIEWS.contains(&word) => {
                    self.remaining.get_or_insert(span);
                    if let Some(slot) = self.walks.get_mut(walk as usize) {
                        *slot = None;
                    }
                    as_is(What::Others)
                }
                _ => self.unseen(one, values, span),
            },
            What::Key(_) => one.clone(),
            What::Writes(_) | What::Reads(_) => one.clone(),
        }
    }

    /// Methods that every way of holding an account has.
    fn table(
        &mut self,
        account: u32,
        sure: bool,
        one: &Value,
        word: &str,
        values: &[Value],
        span: Span,
    ) -> Option<Value> {
        let nothing = Value::plain(Ty::Unknown);
        let as_is = |what: What| Value::of(Ty::Unknown, Handle { what, sure });
        let held = self.held[account as usize];
        Some(match word {
            "key" | "address" => as_is(What::Key(account)),
            "to_account_info" | "as_account_info" => as_is(What::Info(account)),
            _ if DEMANDS.contains(&word) => {
                self.write(one, span);
                as_is(What::Mut(account)).with_type(one.ty.clone())
            }
            "load" if held == Held::Loader => Value::plain(one.ty.clone()),
            // Checks that give back the account, to be chained.
            "is_signer" | "is_writable" | "is_executable" | "is_empty" | "has_seeds" | "has_address" | "has_owner"
            | "is_program" | "is_sysvar" | "is_type" | "assert_address" | "assert_signer" | "assert_writable" => {
                one.clone()
            }
            _ if LOOKS.contains(&word) => nothing,
            _ if OPENS.contains(&word) => {
                let bytes = Ty::seq(Ty::Prim(Name::new_static("u8")));
                as_is(What::Mut(account)).with_type(if word.contains("lamports") { Ty::Unknown } else { bytes })
            }
            // Stored again, changed or not.
            "exit" | "exit_with_expected_owner" | "unload" => {
                self.escape(one, span);
                nothing
            }
            _ if CHANGES.contains(&word) => {
                let whole = Value { path: Some(Vec::new()), ..one.clone() };
                self.write(&whole, span);
                // What is closed pays somebody.
                for value in values.iter().filter(|value| value.leads()) {
                    if matches!(word, "close" | "send") {
                        self.write(value, span);
                    } else {
                        self.escape(value, span);
                    }
                }
                nothing
            }
            _ => return None,
        })
    }

    /// Methods that the program itself gives the types of accounts.
    fn extension(&mut self, one: &Value, name: &Name, values: &[Value], span: Span) -> Option<Value> {
        self.engine.index_impls();
        let all = self.engine.impls.methods.get(name.as_str()).cloned().unwrap_or_default();
        let mut result: Option<Value> = None;
        for item in all {
            if self.engine.is_model(item.krate) {
                continue;
            }
            let info = self.engine.item(item);
            let ItemKind::Fn(function) = &info.kind else { continue };
            let Some(owner) = function.owner else { continue };
            let block = self.engine.item(ItemId { krate: item.krate, idx: owner });
            let ItemKind::Impl(block) = &block.kind else { continue };
            if block.of_trait.is_none() || !function.has_body {
                continue;
            }
            let Some(wrapper) = held_type(&block.self_ty) else { continue };
            let blanket = block.generics.params.iter().any(|param| param.name == wrapper);
            let fits = blanket || HOLDERS.contains(&wrapper.as_str());
            if !fits || function.params.len() != values.len() {
                continue;
            }
            let module = self.engine.module_of(item);
            let env = crate::effects::ty::TyEnv::root(module);
            let mut args = vec![one.clone()];
            args.extend(values.iter().cloned());
            let way = self.enter(item, env, args, span);
            match &mut result {
                Some(all) => {
                    all.join(&way);
                }
                None => result = Some(way),
            }
        }
        result
    }

    /// `(&*ctx.accounts).into()`: every conversion from such a value that the program writes out.
    fn conversions(&mut self, one: &Value, from: &Name, span: Span) -> Option<Value> {
        self.engine.index_impls();
        let all: Vec<ItemId> =
            self.engine.impls.impls.iter().filter_map(|info| info.assoc.get(from).copied()).collect();
        let mut result: Option<Value> = None;
        let mut unclear = false;
        for item in all {
            if self.engine.is_model(item.krate) {
                continue;
            }
            let info = self.engine.item(item);
            let ItemKind::Fn(function) = &info.kind else { continue };
            let [(_, written)] = function.params.as_slice() else { continue };
            let module = self.engine.module_of(item);
            let env = crate::effects::ty::TyEnv::root(module);
            let ty = self.lowered(&written.clone(), &Rc::new(env.clone()));
            if !function.has_body {
                continue;
            }
            // A wrapper of accounts stands for what it holds.
            let wrapper = held_type(written).is_some_and(|name| HOLDERS.contains(&name.as_str()));
            if !wrapper && (ty.is_unknown() || one.ty.is_unknown()) {
                // It may be the one; all of them together would be too much to follow.
                let analysed = self.engine.world.packages()[item.krate.0 as usize].analysed;
                unclear |= analysed && !matches!(ty, Ty::Prim(_) | Ty::Func(..));
                continue;
            }
            if !wrapper && !ty.same_head(&one.ty) {
                continue;
            }
            let way = self.enter(item, env, vec![one.clone()], span);
            match &mut result {
                Some(all) => {
                    all.join(&way);
                }
                None => result = Some(way),
            }
        }
        if unclear {
            let mut all = self.unseen(one, &[], span);
            if let Some(result) = &result {
                all.absorb(&result.loose());
            }
            return Some(all);
        }
        // Or a conversion nobody sees, that holds what it is given.
        result.map(|mut result| {
            result.absorb(&one.loose());
            result
        })
    }

    /// Code nobody sees got a way to accounts.
    pub(super) fn unseen(&mut self, one: &Value, values: &[Value], span: Span) -> Value {
        self.escape(one, span);
        let mut out = one.loose();
        for value in values {
            self.escape(value, span);
            out.absorb(&value.loose());
        }
        out.unclear = true;
        out
    }
}

/// The name of a type, or of what a reference or a list holds.
fn held_type(ty: &TypeRef) -> Option<Name> {
    match ty {
        TypeRef::Path(path) => path.segments.last().map(|segment| segment.name.clone()),
        TypeRef::Ref(_, inner) | TypeRef::Slice(inner) | TypeRef::Array(inner, _) => held_type(inner),
        _ => None,
    }
}

/// `ctx.accounts.x`: nothing runs.
fn is_field_of_local(body: &Body, mut e: ExprId) -> bool {
    let mut field = false;
    while let Expr::Field(inner, _) = body.expr(e) {
        (e, field) = (*inner, true);
    }
    field && matches!(body.expr(e), Expr::Local(_))
}

fn is_table(name: &str) -> bool {
    [LOOKS, CHANGES, OPENS, DEMANDS].iter().any(|list| list.contains(&name))
}
