//! Packages in memory, and short questions about what they lower to.

use crosslane_analyzer::ir::hir::*;
use crosslane_analyzer::source::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Packages whose files are in memory.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) packages: Vec<Package>,
    pub(crate) models: Vec<ModelCrate>,
    files: BTreeMap<(u32, String), Arc<str>>,
}

impl Sources for Memory {
    fn read(&self, package: PackageId, path: &str) -> Option<Arc<str>> {
        self.files.get(&(package.0, path.to_string())).cloned()
    }
}

impl Memory {
    /// One package `demo` whose root file has this text.
    pub(crate) fn new(text: &str) -> Self {
        Memory::default().package("demo", &[("src/lib.rs", text)])
    }

    /// Adds a package; the first one depends on all later ones.
    pub(crate) fn package(mut self, name: &str, files: &[(&str, &str)]) -> Self {
        let id = self.packages.len() as u32;
        for (path, text) in files {
            self.files.insert((id, path.to_string()), Arc::from(*text));
        }
        if let Some(first) = self.packages.first_mut() {
            first.deps.push((name.replace('-', "_"), PackageId(id)));
        }
        self.packages.push(Package {
            name: name.into(),
            version: "1.0.0".into(),
            crate_name: name.replace('-', "_"),
            root: "src/lib.rs".into(),
            edition: 2021,
            analysed: id == 0,
            ..Package::default()
        });
        self
    }

    /// Adds a file to the first package.
    pub(crate) fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert((0, path.to_string()), Arc::from(text));
        self
    }

    /// Adds a model.
    pub(crate) fn model(mut self, text: &str) -> Self {
        self.models.push(parse_model("model.toml", text).unwrap());
        self
    }

    pub(crate) fn world(&self) -> World<'_> {
        World::new(self, self.packages.clone(), self.models.clone())
    }
}

pub(crate) const DEMO: CrateId = CrateId(0);
pub(crate) const ROOT: ModId = ModId { krate: DEMO, idx: 0 };

/// The item with this path below the crate's root, associated items included (`Type::method`).
pub(crate) fn item(world: &World<'_>, path: &str) -> ItemId {
    let krate = world.krate(DEMO);
    let last = path.rsplit("::").next().unwrap();
    let found: Vec<u32> = (0..krate.items.len() as u32).filter(|&idx| krate.items[idx as usize].name == last).collect();
    assert!(!found.is_empty(), "no item {path}");
    ItemId { krate: DEMO, idx: *found.last().unwrap() }
}

/// The body of a function of the demo crate, written out.
pub(crate) fn body(world: &World<'_>, name: &str) -> String {
    let body = world.body(item(world, name)).unwrap();
    let params: Vec<String> = body.params.iter().map(|&pat| show_pat(&body, pat)).collect();
    let root = show(&body, body.root.unwrap());
    if params.is_empty() { root } else { format!("|{}| {root}", params.join(", ")) }
}

/// What a path means, in words.
pub(crate) fn resolve(world: &World<'_>, scope: ModId, path: &str, ns: Ns) -> String {
    let names: Vec<Name> = path.split("::").map(Name::new).collect();
    told(world, &world.resolve_names(scope, &names, ns))
}

/// A resolution in words.
pub(crate) fn told(world: &World<'_>, found: &Resolved) -> String {
    let named = |id: ItemId| {
        let module = module_path(world, world.module_of(id));
        format!("{module}{}", world.item(id).name)
    };
    match found {
        Resolved::Item(id) => named(*id),
        Resolved::Variant(id, at) => format!("{} variant {at}", named(*id)),
        Resolved::Mod(id) => format!("mod {}", module_path(world, *id)),
        Resolved::Partial(id, at) => format!("{} then {at}", named(*id)),
        Resolved::Builtin(name, at) => format!("builtin {name} then {at}"),
        Resolved::External(path) => format!("external {}", path.join("::")),
        Resolved::Unresolved => "nothing".into(),
    }
}

fn module_path(world: &World<'_>, mut id: ModId) -> String {
    let mut out = String::new();
    loop {
        let module = world.module(id);
        match module.parent {
            Some(parent) => {
                out = format!("{}::{out}", module.name);
                id.idx = parent;
            }
            None => return format!("{}::{out}", world.krate(id.krate).name),
        }
    }
}

fn local(body: &Body, id: LocalId) -> String {
    format!("{}#{}", body.locals[id.0 as usize], id.0)
}

pub(crate) fn show_path(path: &Path) -> String {
    let mut out = String::new();
    if let Some((ty, len)) = &path.qself {
        out.push_str(&format!("<{} as {len}>::", show_type(ty)));
    }
    if path.global {
        out.push_str("::");
    }
    if let Some(krate) = path.dollar_crate {
        out.push_str(&format!("$crate{}::", krate.0));
    }
    let segments: Vec<String> = path
        .segments
        .iter()
        .map(|segment| {
            let mut args: Vec<String> = segment.args.iter().map(show_type).collect();
            args.extend(segment.bindings.iter().map(|(name, ty)| format!("{name}={}", show_type(ty))));
            if args.is_empty() { segment.name.to_string() } else { format!("{}<{}>", segment.name, args.join(",")) }
        })
        .collect();
    out + &segments.join("::")
}

pub(crate) fn show_type(ty: &TypeRef) -> String {
    let list = |types: &[TypeRef]| types.iter().map(show_type).collect::<Vec<_>>().join(",");
    match ty {
        TypeRef::Path(path) => show_path(path),
        TypeRef::Ref(false, ty) => format!("&{}", show_type(ty)),
        TypeRef::Ref(true, ty) => format!("&mut {}", show_type(ty)),
        TypeRef::Ptr(_, ty) => format!("*{}", show_type(ty)),
        TypeRef::Tuple(types) => format!("({})", list(types)),
        TypeRef::Slice(ty) => format!("[{}]", show_type(ty)),
        TypeRef::Array(ty, len) => format!("[{};{len:?}]", show_type(ty)),
        TypeRef::Fn(args, ret) => format!("fn({})->{}", list(args), show_type(ret)),
        TypeRef::Impl(bounds) => format!("impl {}", list(bounds)),
        TypeRef::Dyn(bounds) => format!("dyn {}", list(bounds)),
        TypeRef::Const(lit) => show_lit(lit),
        TypeRef::Never => "!".into(),
        TypeRef::Infer => "_".into(),
        TypeRef::Opaque => "?".into(),
    }
}

fn show_lit(lit: &Lit) -> String {
    match lit {
        Lit::Int(value, suffix) => format!("{value}{}", suffix.as_deref().unwrap_or("")),
        Lit::Str(text) => format!("{text:?}"),
        Lit::Bytes(bytes) => format!("b{:?}", String::from_utf8_lossy(bytes)),
        Lit::Byte(byte) => format!("b'{}'", *byte as char),
        Lit::Char(char) => format!("{char:?}"),
        Lit::Bool(bool) => bool.to_string(),
        Lit::Float(text) => text.to_string(),
        Lit::Other => "lit?".into(),
    }
}

pub(crate) fn show(body: &Body, id: ExprId) -> String {
    let list = |ids: &[ExprId]| ids.iter().map(|&id| show(body, id)).collect::<Vec<_>>().join(", ");
    let opt = |id: &Option<ExprId>| id.map(|id| show(body, id)).unwrap_or_default();
    match body.expr(id) {
        Expr::Local(id) => local(body, *id),
        Expr::Path(path) => show_path(path),
        Expr::Lit(lit) => show_lit(lit),
        Expr::Call(func, args) => format!("{}({})", show(body, *func), list(args)),
        Expr::MethodCall(recv, name, types, args, _) => {
            let types: Vec<String> = types.iter().map(show_type).collect();
            let types = if types.is_empty() { String::new() } else { format!("::<{}>", types.join(",")) };
            format!("{}.{name}{types}({})", show(body, *recv), list(args))
        }
        Expr::Field(base, name) => format!("{}.{name}", show(body, *base)),
        Expr::Index(base, index) => format!("{}[{}]", show(body, *base), show(body, *index)),
        Expr::Unary(UnOp::Not, inner) => format!("!{}", show(body, *inner)),
        Expr::Unary(UnOp::Neg, inner) => format!("-{}", show(body, *inner)),
        Expr::Deref(inner) => format!("*{}", show(body, *inner)),
        Expr::Binary(op, left, right) => format!("({} {op:?} {})", show(body, *left), show(body, *right)),
        Expr::Assign(place, value) => format!("{} = {}", show(body, *place), show(body, *value)),
        Expr::AssignOp(op, place, value) => format!("{} {op:?}= {}", show(body, *place), show(body, *value)),
        Expr::Ref(false, inner) => format!("&{}", show(body, *inner)),
        Expr::Ref(true, inner) => format!("&mut {}", show(body, *inner)),
        Expr::If(cond, then, None) => format!("if {} {}", show(body, *cond), show(body, *then)),
        Expr::If(cond, then, Some(other)) => {
            format!("if {} {} else {}", show(body, *cond), show(body, *then), show(body, *other))
        }
        Expr::Let(pat, value) => format!("let {} = {}", show_pat(body, *pat), show(body, *value)),
        Expr::Match(value, arms) => {
            let arms: Vec<String> = arms
                .iter()
                .map(|arm| {
                    let guard = arm.guard.map(|guard| format!(" if {}", show(body, guard))).unwrap_or_default();
                    format!("{}{guard} => {}", show_pat(body, arm.pat), show(body, arm.body))
                })
                .collect();
            format!("match {} {{ {} }}", show(body, *value), arms.join(", "))
        }
        Expr::Loop(label, inner) => format!("loop{} {}", tick(label), show(body, *inner)),
        Expr::While(label, cond, inner) => format!("while{} {} {}", tick(label), show(body, *cond), show(body, *inner)),
        Expr::For(label, pat, iter, inner) => {
            format!("for{} {} in {} {}", tick(label), show_pat(body, *pat), show(body, *iter), show(body, *inner))
        }
        Expr::Break(label, value) => format!("break{} {}", tick(label), opt(value)).trim().to_string(),
        Expr::Continue(label) => format!("continue{}", tick(label)),
        Expr::Return(value) => format!("return {}", opt(value)).trim().to_string(),
        Expr::Block(block) => {
            let mut parts: Vec<String> = Vec::new();
            for stmt in &block.stmts {
                parts.push(match stmt {
                    Stmt::Let(pat, ty, value, other) => {
                        let ty = ty.as_ref().map(|ty| format!(": {}", show_type(ty))).unwrap_or_default();
                        let value = value.map(|value| format!(" = {}", show(body, value))).unwrap_or_default();
                        let other = other.map(|other| format!(" else {}", show(body, other))).unwrap_or_default();
                        format!("let {}{ty}{value}{other};", show_pat(body, *pat))
                    }
                    Stmt::Expr(id) => format!("{};", show(body, *id)),
                });
            }
            parts.extend(block.tail.map(|tail| show(body, tail)));
            let mut head = String::new();
            if let Some(label) = &block.label {
                head.push_str(&format!("'{label}: "));
            }
            if block.is_unsafe {
                head.push_str("unsafe ");
            }
            if block.is_async {
                head.push_str("async ");
            }
            format!("{head}{{ {} }}", parts.join(" "))
        }
        Expr::Closure(closure) => {
            let params: Vec<String> = closure.params.iter().map(|(pat, _)| show_pat(body, *pat)).collect();
            let captures: Vec<String> = closure.captures.iter().map(|&id| local(body, id)).collect();
            let captures = if captures.is_empty() { String::new() } else { format!("[{}]", captures.join(",")) };
            format!("{captures}|{}| {}", params.join(", "), show(body, closure.body))
        }
        Expr::Struct(path, fields, base) => {
            let mut parts: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name}: {}", show(body, *value))).collect();
            parts.extend(base.map(|base| format!("..{}", show(body, base))));
            format!("{} {{ {} }}", show_path(path), parts.join(", "))
        }
        Expr::Tuple(ids) => format!("({})", list(ids)),
        Expr::Array(ids, vec) => format!("{}[{}]", if *vec { "vec" } else { "" }, list(ids)),
        Expr::Repeat(value, len, vec) => {
            format!("{}[{}; {}]", if *vec { "vec" } else { "" }, show(body, *value), show(body, *len))
        }
        Expr::Range(start, end, inclusive) => {
            format!("{}..{}{}", opt(start), if *inclusive { "=" } else { "" }, opt(end))
        }
        Expr::Cast(value, ty) => format!("{} as {}", show(body, *value), show_type(ty)),
        Expr::Try(value) => format!("{}?", show(body, *value)),
        Expr::Await(value) => format!("{}.await", show(body, *value)),
        Expr::Format(text, args) => format!("format({text:?}; {})", list(args)),
        Expr::Panic(args) => format!("panic({})", list(args)),
        Expr::Eval(args) => format!("eval({})", list(args)),
        Expr::UnknownMacro(name, args, captures) => {
            let captures: Vec<String> = captures.iter().map(|&id| local(body, id)).collect();
            format!("{name}!({}; {})", list(args), captures.join(","))
        }
        Expr::Opaque(reason) => format!("opaque:{reason}"),
    }
}

fn tick(label: &Option<Name>) -> String {
    label.as_ref().map(|label| format!(" '{label}")).unwrap_or_default()
}

pub(crate) fn show_pat(body: &Body, id: PatId) -> String {
    let list = |ids: &[PatId]| ids.iter().map(|&id| show_pat(body, id)).collect::<Vec<_>>().join(", ");
    let rest = |before: &[PatId], after: &Option<Vec<PatId>>| match after {
        Some(after) => format!("{}, .., {}", list(before), list(after)),
        None => list(before),
    };
    match body.pat(id) {
        Pat::Wild => "_".into(),
        Pat::Bind(id, mode, sub) => {
            let mode = match mode {
                BindMode::Move => "",
                BindMode::Ref => "ref ",
                BindMode::RefMut => "ref mut ",
            };
            let sub = sub.map(|sub| format!(" @ {}", show_pat(body, sub))).unwrap_or_default();
            format!("{mode}{}{sub}", local(body, *id))
        }
        Pat::Path(path, None) => show_path(path),
        Pat::Path(path, Some(id)) => format!("{} or {}", show_path(path), local(body, *id)),
        Pat::TupleStruct(path, before, after) => format!("{}({})", show_path(path), rest(before, after)),
        Pat::Struct(path, fields, more) => {
            let mut parts: Vec<String> =
                fields.iter().map(|(name, pat)| format!("{name}: {}", show_pat(body, *pat))).collect();
            if *more {
                parts.push("..".into());
            }
            format!("{} {{ {} }}", show_path(path), parts.join(", "))
        }
        Pat::Tuple(before, after) => format!("({})", rest(before, after)),
        Pat::Slice(before, binding, after, more) => {
            let binding = binding.map(|pat| format!("{} @ ", show_pat(body, pat))).unwrap_or_default();
            let more = if *more { format!(", {binding}.., ") } else { String::new() };
            format!("[{}{more}{}]", list(before), list(after))
        }
        Pat::Ref(inner) => format!("&{}", show_pat(body, *inner)),
        Pat::Lit(lit) => show_lit(lit),
        Pat::Range(start, end) => {
            let end_of = |end: &Option<Lit>| end.as_ref().map(show_lit).unwrap_or_default();
            format!("{}..{}", end_of(start), end_of(end))
        }
        Pat::Or(cases) => cases.iter().map(|&case| show_pat(body, case)).collect::<Vec<_>>().join(" | "),
        Pat::Opaque => "pattern?".into(),
    }
}

/// The text of every expression's span, for the expressions that `wanted` picks.
pub(crate) fn texts(world: &World<'_>, body: &Body, wanted: impl Fn(&Expr) -> bool) -> Vec<String> {
    body.exprs.iter().filter(|(expr, _)| wanted(expr)).map(|(_, span)| world.text(*span)).collect()
}

/// Problems as messages.
pub(crate) fn problems(world: &World<'_>) -> Vec<String> {
    world.problems().into_iter().map(|problem| problem.message).collect()
}
