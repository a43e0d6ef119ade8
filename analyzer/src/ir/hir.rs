//! The lowered program: items of a crate and bodies of functions, free of `syn`.
//!
//! Names in bodies are not values (MODEL §6.1): every binding has its own [`LocalId`], so shadowing is gone, and a
//! mutation is an explicit [`Expr::Assign`] on a place. Macros are gone too: `macro_rules!` invocations are expanded
//! where they stand, macros of the table become the expressions they mean, and the rest is [`Expr::UnknownMacro`]
//! with whatever expressions its tokens contain.
//!
//! Items are lowered with their file; bodies are lowered on demand (`source::World::body`).

use super::span::Span;
use smol_str::SmolStr;
use std::sync::Arc;

/// An identifier, without `r#`.
pub type Name = SmolStr;

/// A crate in the [`crate::source::World`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrateId(pub u32);

/// A module of a crate; 0 is the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModId {
    /// The crate.
    pub krate: CrateId,
    /// Index in the crate's modules.
    pub idx: u32,
}

/// An item of a crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemId {
    /// The crate.
    pub krate: CrateId,
    /// Index in the crate's items.
    pub idx: u32,
}

/// One crate under one cfg. Items stand in source order; ids are stable for one input.
#[derive(Clone, Debug, Default)]
pub struct Crate {
    /// Name as written in paths (underscores).
    pub name: Name,
    /// Package name and version, for messages.
    pub package: Arc<str>,
    /// Modules; the first is the root.
    pub modules: Vec<Module>,
    /// Items of all modules and, for functions in `impl` and `trait` blocks, the associated items.
    pub items: Vec<Item>,
    /// Things that could not be read: `(reason, span)`. They become unknowns when something reaches into them.
    pub problems: Vec<(String, Span)>,
}

/// A module.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// Name; empty for the root.
    pub name: Name,
    /// Enclosing module's index.
    pub parent: Option<u32>,
    /// Items declared here, in source order (also unnamed ones such as impls), as indexes into [`Crate::items`].
    pub items: Vec<u32>,
    /// Flattened imports.
    pub imports: Vec<Import>,
    /// Attributes of the module.
    pub attrs: Vec<Attr>,
    /// False when its file is missing or could not be parsed: names inside are unknown rather than absent.
    pub complete: bool,
    /// Where it is declared.
    pub span: Span,
}

/// One leaf of a `use` tree.
#[derive(Clone, Debug)]
pub struct Import {
    /// The path, without the glob.
    pub path: Path,
    /// Name it gets here; `None` for a glob, `_` for an anonymous trait import.
    pub alias: Option<Name>,
    /// Visible outside the module.
    pub public: bool,
}

/// An item.
#[derive(Clone, Debug)]
pub struct Item {
    /// Name; empty for impls.
    pub name: Name,
    /// The module it stands in (for associated items the module of the block).
    pub module: u32,
    /// Visible outside the crate's module (`pub` of any kind).
    pub public: bool,
    /// Attributes that stay after cfg evaluation (`cfg_attr` resolved, `cfg` and docs dropped).
    pub attrs: Vec<Attr>,
    /// The whole item.
    pub span: Span,
    /// The name's own span (the whole item's for impls).
    pub name_span: Span,
    /// What it is.
    pub kind: ItemKind,
}

/// What an item is.
#[derive(Clone, Debug)]
pub enum ItemKind {
    /// A module, by its index.
    Mod(u32),
    /// `extern crate a as b`.
    ExternCrate(Name),
    /// A function, free or associated.
    Fn(Box<Function>),
    /// A struct or union.
    Struct(Box<Struct>),
    /// An enum.
    Enum(Box<Enum>),
    /// A trait.
    Trait(Box<Trait>),
    /// An impl block.
    Impl(Box<Impl>),
    /// A constant or static, free or associated.
    Const(Box<ConstItem>),
    /// A type alias, free or associated.
    TypeAlias(Box<TypeAlias>),
    /// A `macro_rules!` definition.
    MacroRules(Arc<MacroDef>),
    /// An item-position macro call that could not be expanded.
    MacroCall(MacroInvocation),
}

/// An attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attr {
    /// Path as written, `must_use`, `some_crate::some_macro`.
    pub path: String,
    /// The text between the delimiters, or after `=`; empty when there is none. As written in the source.
    pub tokens: String,
    /// Where `tokens` begins (byte range in the file).
    pub span: Span,
}

impl Attr {
    /// The last segment of the path: `some_macro` of `some_crate::some_macro`.
    pub fn name(&self) -> &str {
        self.path.rsplit("::").next().unwrap_or(&self.path).trim()
    }

    /// True when one of these has that last segment.
    pub fn among(attrs: &[Attr], name: &str) -> bool {
        attrs.iter().any(|attr| attr.name() == name)
    }

    /// True for `#[no_mangle]` and `#[unsafe(no_mangle)]`: the function's name is its symbol.
    pub fn unmangled(attrs: &[Attr]) -> bool {
        attrs.iter().any(|attr| attr.path == "no_mangle" || attr.path == "unsafe" && attr.tokens.trim() == "no_mangle")
    }
}

/// Generic parameters.
#[derive(Clone, Debug, Default)]
pub struct Generics {
    /// Type and const parameters in order, lifetimes dropped.
    pub params: Vec<GenericParam>,
    /// `where` clauses, inline bounds not included.
    pub wheres: Vec<(TypeRef, Vec<TypeRef>)>,
}

impl Generics {
    /// The traits that a parameter has by its declaration and by `where` clauses about it alone.
    pub fn bounds_of(&self, name: &Name) -> Vec<TypeRef> {
        let declared = self.params.iter().filter(|param| param.name == *name).flat_map(|param| &param.bounds);
        let about = |subject: &TypeRef| matches!(subject, TypeRef::Path(path) if path.segments.len() == 1 && path.segments[0].name == *name);
        let added = self.wheres.iter().filter(|(subject, _)| about(subject)).flat_map(|(_, bounds)| bounds);
        declared.chain(added).cloned().collect()
    }
}

/// A type or const parameter.
#[derive(Clone, Debug)]
pub struct GenericParam {
    /// Name.
    pub name: Name,
    /// Inline bounds (traits as path types).
    pub bounds: Vec<TypeRef>,
    /// Default.
    pub default: Option<TypeRef>,
    /// True for a const parameter.
    pub is_const: bool,
}

/// A function's signature and the way to its body.
#[derive(Clone, Debug)]
pub struct Function {
    /// Generics of the function itself.
    pub generics: Generics,
    /// Receiver.
    pub receiver: Option<Receiver>,
    /// Parameters after the receiver: the pattern's name if it is a plain identifier, and the type.
    pub params: Vec<(Option<Name>, TypeRef)>,
    /// Return type; the empty tuple when left out.
    pub ret: TypeRef,
    /// True when there is a body (`false`: required trait method, extern).
    pub has_body: bool,
    /// `async fn`.
    pub is_async: bool,
    /// `unsafe fn`.
    pub is_unsafe: bool,
    /// The block this function belongs to: an impl or trait item.
    pub owner: Option<u32>,
    /// A feature of the package decides whether it is there.
    pub by_feature: bool,
    /// Byte range of the whole `fn` item in its file; the body is lowered from it on demand.
    pub source: Span,
}

/// `self`, `&self`, `&mut self`, `self: T`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// By value, or with an explicit type.
    Value,
    /// `&self`.
    Ref,
    /// `&mut self`.
    RefMut,
}

/// Fields of a struct or variant.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    /// Fields; tuple fields are named `0`, `1`, ….
    pub fields: Vec<Field>,
    /// True for `S(..)`.
    pub tuple: bool,
    /// True for `S;`.
    pub unit: bool,
}

/// A field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Name or number.
    pub name: Name,
    /// Type.
    pub ty: TypeRef,
    /// Attributes.
    pub attrs: Vec<Attr>,
    /// The field.
    pub span: Span,
}

/// A struct.
#[derive(Clone, Debug)]
pub struct Struct {
    /// Generics.
    pub generics: Generics,
    /// Fields.
    pub fields: Fields,
    /// True for a union, whose fields are one place.
    pub is_union: bool,
}

/// An enum.
#[derive(Clone, Debug)]
pub struct Enum {
    /// Generics.
    pub generics: Generics,
    /// Variants in order.
    pub variants: Vec<Variant>,
}

/// A variant.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Name.
    pub name: Name,
    /// Payload.
    pub fields: Fields,
    /// Attributes.
    pub attrs: Vec<Attr>,
    /// Explicit discriminant, as an integer when it is a literal.
    pub discriminant: Option<i128>,
    /// The variant.
    pub span: Span,
}

/// A trait.
#[derive(Clone, Debug)]
pub struct Trait {
    /// Generics.
    pub generics: Generics,
    /// Supertraits.
    pub supers: Vec<TypeRef>,
    /// Associated items as indexes into [`Crate::items`].
    pub items: Vec<u32>,
}

/// An impl block.
#[derive(Clone, Debug)]
pub struct Impl {
    /// Generics.
    pub generics: Generics,
    /// The trait, for `impl Trait for T`.
    pub of_trait: Option<Path>,
    /// The self type.
    pub self_ty: TypeRef,
    /// Associated items as indexes into [`Crate::items`].
    pub items: Vec<u32>,
}

/// A constant or static.
#[derive(Clone, Debug)]
pub struct ConstItem {
    /// Type.
    pub ty: TypeRef,
    /// True when there is an initializer.
    pub has_value: bool,
    /// True for statics, `static mut` included.
    pub is_static: bool,
    /// True for `static mut`.
    pub is_mut: bool,
    /// Impl or trait item it belongs to.
    pub owner: Option<u32>,
    /// Byte range of the item in its file.
    pub source: Span,
}

/// A type alias.
#[derive(Clone, Debug)]
pub struct TypeAlias {
    /// Generics.
    pub generics: Generics,
    /// The type; `None` for an associated type without default.
    pub ty: Option<TypeRef>,
    /// Bounds of an associated type.
    pub bounds: Vec<TypeRef>,
    /// Impl or trait item it belongs to.
    pub owner: Option<u32>,
}

/// A `macro_rules!` definition, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MacroDef {
    /// Name.
    pub name: Name,
    /// Crate of the definition, for `$crate`.
    pub krate: CrateId,
    /// The rules as written, without the outer delimiters.
    pub rules: String,
    /// `#[macro_export]`.
    pub exported: bool,
}

/// A macro call that was not expanded. An empty path marks the place of one that was: its items are in the crate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MacroInvocation {
    /// Path as written.
    pub path: String,
    /// Tokens between the delimiters, as written.
    pub tokens: String,
    /// The whole call.
    pub span: Span,
    /// Where `tokens` begins.
    pub tokens_span: Span,
}

/// A path in an expression, pattern or type.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Path {
    /// Leading `::`.
    pub global: bool,
    /// `<T>::a` or `<T as Trait>::a`: the self type; with `as`, the first `trait_len` segments name the trait.
    pub qself: Option<(Box<TypeRef>, usize)>,
    /// The crate `$crate` stands for, when the path begins with it.
    pub dollar_crate: Option<CrateId>,
    /// Segments.
    pub segments: Vec<Segment>,
    /// The path.
    pub span: Span,
}

/// A path segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Name.
    pub name: Name,
    /// Type and const arguments, lifetimes dropped; `Fn(A) -> B` gives one tuple argument and a binding `Output`.
    pub args: Vec<TypeRef>,
    /// `Item = T`.
    pub bindings: Vec<(Name, TypeRef)>,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeRef {
    /// A path.
    Path(Box<Path>),
    /// `&T`, `&mut T`.
    Ref(bool, Box<TypeRef>),
    /// `*const T`, `*mut T`.
    Ptr(bool, Box<TypeRef>),
    /// `(A, B)`.
    Tuple(Vec<TypeRef>),
    /// `[T]`.
    Slice(Box<TypeRef>),
    /// `[T; N]`; the length when it is a literal.
    Array(Box<TypeRef>, Option<u64>),
    /// `fn(A) -> B`.
    Fn(Vec<TypeRef>, Box<TypeRef>),
    /// `impl A + B`.
    Impl(Vec<TypeRef>),
    /// `dyn A + B`.
    Dyn(Vec<TypeRef>),
    /// A const generic argument that is a literal or block.
    Const(Lit),
    /// `!`.
    Never,
    /// `_`.
    Infer,
    /// Anything else.
    Opaque,
}

/// A literal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lit {
    /// Integer and its suffix, if any.
    Int(i128, Option<Name>),
    /// Text.
    Str(Arc<str>),
    /// Byte string.
    Bytes(Arc<[u8]>),
    /// Byte.
    Byte(u8),
    /// Character.
    Char(char),
    /// Truth value.
    Bool(bool),
    /// Float, as written.
    Float(Name),
    /// Does not fit the above.
    Other,
}

/// A binding in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalId(pub u32);
/// An expression in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExprId(pub u32);
/// A pattern in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatId(pub u32);

/// A lowered function body or initializer.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// One pattern per parameter; the receiver is the first when there is one.
    pub params: Vec<PatId>,
    /// The body.
    pub root: Option<ExprId>,
    /// Expressions with their spans.
    pub exprs: Vec<(Expr, Span)>,
    /// Patterns with their spans.
    pub pats: Vec<(Pat, Span)>,
    /// Names of bindings, for messages.
    pub locals: Vec<Name>,
    /// Items declared inside the body (functions, consts, structs, uses): an extra module whose parent is the
    /// function's module; paths of this body resolve from it.
    pub module: Option<ModId>,
    /// The function, or a statement or an arm in it, is there or not as a feature of the package says: what is read here is
    /// what it does with the features that were chosen.
    pub by_feature: bool,
}

impl Body {
    /// An expression.
    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.0 as usize].0
    }
    /// Span of an expression.
    pub fn expr_span(&self, id: ExprId) -> Span {
        self.exprs[id.0 as usize].1
    }
    /// A pattern.
    pub fn pat(&self, id: PatId) -> &Pat {
        &self.pats[id.0 as usize].0
    }
    /// Span of a pattern.
    pub fn pat_span(&self, id: PatId) -> Span {
        self.pats[id.0 as usize].1
    }
}

/// An expression. Sub-expressions are evaluated in the order of their fields unless said otherwise.
#[derive(Clone, Debug)]
pub enum Expr {
    /// A binding.
    Local(LocalId),
    /// Anything else a path can mean.
    Path(Path),
    /// A literal.
    Lit(Lit),
    /// `f(a, b)`.
    Call(ExprId, Vec<ExprId>),
    /// `recv.name::<T>(a, b)`; the last field is the span of the method's name.
    MethodCall(ExprId, Name, Vec<TypeRef>, Vec<ExprId>, Span),
    /// `base.name`, `base.0`.
    Field(ExprId, Name),
    /// `base[index]`.
    Index(ExprId, ExprId),
    /// `!x`, `-x`.
    Unary(UnOp, ExprId),
    /// `*x`.
    Deref(ExprId),
    /// `a + b`, comparisons included; `&&` and `||` evaluate the right side conditionally.
    Binary(BinOp, ExprId, ExprId),
    /// `place = value`; the value is evaluated first. Destructuring assignment is lowered to a `let` and assignments.
    Assign(ExprId, ExprId),
    /// `place += value`.
    AssignOp(BinOp, ExprId, ExprId),
    /// `&x`, `&mut x`.
    Ref(bool, ExprId),
    /// `if cond { a } else { b }`; `cond` may contain [`Expr::Let`] under `&&`.
    If(ExprId, ExprId, Option<ExprId>),
    /// `let pat = value` as a condition.
    Let(PatId, ExprId),
    /// `match`.
    Match(ExprId, Vec<Arm>),
    /// `loop`.
    Loop(Option<Name>, ExprId),
    /// `while cond`; `cond` may contain [`Expr::Let`].
    While(Option<Name>, ExprId, ExprId),
    /// `for pat in iter`.
    For(Option<Name>, PatId, ExprId, ExprId),
    /// `break 'label value`.
    Break(Option<Name>, Option<ExprId>),
    /// `continue 'label`.
    Continue(Option<Name>),
    /// `return value`.
    Return(Option<ExprId>),
    /// `{ .. }`, also labelled and `unsafe` ones.
    Block(Box<Block>),
    /// A closure.
    Closure(Box<Closure>),
    /// `S { a: 1, ..base }`, tuple fields by number. Path may name a struct, variant or `Self`.
    Struct(Path, Vec<(Name, ExprId)>, Option<ExprId>),
    /// `(a, b)`; the unit is the empty tuple.
    Tuple(Vec<ExprId>),
    /// `[a, b]` and `vec![a, b]` (true).
    Array(Vec<ExprId>, bool),
    /// `[x; n]` and `vec![x; n]` (true).
    Repeat(ExprId, ExprId, bool),
    /// `a..b`, `a..=b` (true).
    Range(Option<ExprId>, Option<ExprId>, bool),
    /// `x as T`.
    Cast(ExprId, TypeRef),
    /// `x?`.
    Try(ExprId),
    /// `x.await`.
    Await(ExprId),
    /// `format!` and its kin: text made of the literal and the arguments.
    Format(Arc<str>, Vec<ExprId>),
    /// A panic, `unreachable!`, `todo!`: evaluates the arguments and diverges.
    Panic(Vec<ExprId>),
    /// A macro with no effect on state that evaluates its arguments (`println!`, `debug_assert!` conditions …) and
    /// gives the unit value.
    Eval(Vec<ExprId>),
    /// A macro nobody knows: its path, and the expressions its tokens contain when they parse. Its value is unknown; if
    /// any captured binding carries state it is an unknown.
    UnknownMacro(Name, Vec<ExprId>, Vec<LocalId>),
    /// Inline assembly, `yield`, unparsable text, nesting that is too deep: the text says which.
    Opaque(&'static str),
}

/// A block.
#[derive(Clone, Debug)]
pub struct Block {
    /// Label.
    pub label: Option<Name>,
    /// Statements.
    pub stmts: Vec<Stmt>,
    /// Value.
    pub tail: Option<ExprId>,
    /// `unsafe`.
    pub is_unsafe: bool,
    /// `async` (evaluated where awaited; treated as evaluated here).
    pub is_async: bool,
}

/// A statement.
#[derive(Clone, Debug)]
pub enum Stmt {
    /// `let pat: T = value else { .. };`
    Let(PatId, Option<TypeRef>, Option<ExprId>, Option<ExprId>),
    /// An expression whose value is dropped.
    Expr(ExprId),
}

/// A closure.
#[derive(Clone, Debug)]
pub struct Closure {
    /// Parameters with their types when written.
    pub params: Vec<(PatId, Option<TypeRef>)>,
    /// Return type when written.
    pub ret: Option<TypeRef>,
    /// Body.
    pub body: ExprId,
    /// `move`.
    pub is_move: bool,
    /// Bindings of the enclosing body it mentions.
    pub captures: Vec<LocalId>,
}

/// A match arm.
#[derive(Clone, Debug)]
pub struct Arm {
    /// Pattern.
    pub pat: PatId,
    /// Guard; may contain [`Expr::Let`].
    pub guard: Option<ExprId>,
    /// Value.
    pub body: ExprId,
}

/// A pattern.
#[derive(Clone, Debug)]
pub enum Pat {
    /// `_`, `..`.
    Wild,
    /// `x`, `ref x`, `ref mut x`, `x @ pat`. A plain identifier that names a constant or unit variant is lowered as
    /// [`Pat::Path`] only if it begins with an upper-case letter; the engine resolves it and falls back to a binding
    /// through the second field of [`Pat::Path`].
    Bind(LocalId, BindMode, Option<PatId>),
    /// `A::B`, `CONST`; the local is what it binds when the path resolves to nothing.
    Path(Path, Option<LocalId>),
    /// `A::B(p, ..)`: patterns before the rest, patterns after it; `None` when there is no `..`.
    TupleStruct(Path, Vec<PatId>, Option<Vec<PatId>>),
    /// `A::B { x: p, .. }`; true when `..` stands there.
    Struct(Path, Vec<(Name, PatId)>, bool),
    /// `(p, ..)`, like `TupleStruct`.
    Tuple(Vec<PatId>, Option<Vec<PatId>>),
    /// `[p, rest @ .., q]`: patterns before, the binding of the rest, patterns after; true when there is a rest.
    Slice(Vec<PatId>, Option<PatId>, Vec<PatId>, bool),
    /// `&p`.
    Ref(PatId),
    /// A literal.
    Lit(Lit),
    /// `1..=5`; ends when literal.
    Range(Option<Lit>, Option<Lit>),
    /// `p | q`.
    Or(Vec<PatId>),
    /// Anything else.
    Opaque,
}

/// How a binding takes its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindMode {
    /// `x`.
    Move,
    /// `ref x`.
    Ref,
    /// `ref mut x`.
    RefMut,
}

/// A unary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnOp {
    /// `!`.
    Not,
    /// `-`.
    Neg,
}

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum BinOp {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    BitAnd,
    BitOr,
    BitXor,
    Shl,
    Shr,
    And,
    Or,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}
