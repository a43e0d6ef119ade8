//! The recursive wire values of manifest version 1: terms, argument paths, constants and types, in the JSON shapes of
//! DESIGN §6. Each is read from any JSON value: what is not understood is [`Term::Any`], [`Type::Opaque`] or
//! [`Const::Other`].

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

/// Integers up to here are JSON numbers, beyond they are strings: many readers hold numbers as doubles.
const EXACT: i128 = 1 << 53;

/// A value known before any call. `bool`, number and string stand for themselves; a string also stands for a large integer
/// where the type says so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Const {
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i128),
    /// Text.
    Str(String),
    /// Raw bytes: `{"bytes": "hexadecimal"}`.
    Bytes(Vec<u8>),
    /// A variant without fields, or `()`: `{"name": "Foo"}`.
    Name(String),
    /// Something this version does not know: equal to nothing and different from nothing.
    Other,
}

/// One step of an argument path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// `.name`
    Field(String),
    /// `[]`: every element of a list.
    Elem,
    /// `{}`: every key of a map.
    MapKey,
    /// `#variant`: the payload of an enum variant.
    Variant(String),
    /// `?`: the value inside an option.
    Some,
}

/// A path into an entry's parameters, `members[].addr`. The first step is a field: a parameter's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// Reads the grammar `a.b`, `a[]`, `a{}`, `a#variant.b`, `a?`; `None` when the text is not of it.
    pub fn parse(text: &str) -> Option<Path> {
        let mut steps = Vec::new();
        let mut rest = text;
        let name = |rest: &str| rest.find(['.', '[', '{', '#', '?', ']', '}']).unwrap_or(rest.len());
        let end = name(rest);
        if end == 0 {
            return None;
        }
        steps.push(Step::Field(rest[..end].to_owned()));
        rest = &rest[end..];
        while !rest.is_empty() {
            if let Some(next) = rest.strip_prefix("[]") {
                steps.push(Step::Elem);
                rest = next;
            } else if let Some(next) = rest.strip_prefix("{}") {
                steps.push(Step::MapKey);
                rest = next;
            } else if let Some(next) = rest.strip_prefix('?') {
                steps.push(Step::Some);
                rest = next;
            } else {
                let next = rest.strip_prefix(['.', '#'])?;
                let end = name(next);
                if end == 0 {
                    return None;
                }
                let word = next[..end].to_owned();
                steps.push(if rest.starts_with('.') { Step::Field(word) } else { Step::Variant(word) });
                rest = &next[end..];
            }
        }
        Some(Path(steps))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if at == 0 => f.write_str(name)?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Elem => f.write_str("[]")?,
                Step::MapKey => f.write_str("{}")?,
                Step::Variant(name) => write!(f, "#{name}")?,
                Step::Some => f.write_str("?")?,
            }
        }
        Ok(())
    }
}

/// A symbolic value of one call (MODEL §1).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Term {
    /// `{"const": v}`
    Const(Const),
    /// `{"arg": "members[].addr", "elem": 1}`
    Arg {
        /// The path.
        path: Path,
        /// Correlation ids of the path's `[]`, outermost first; two terms of one call speak of the same element only where
        /// their ids are equal. Empty: not correlated.
        elem: Vec<u32>,
    },
    /// `"caller"`
    Caller,
    /// `"origin"`
    Origin,
    /// `"self"`
    SelfAddr,
    /// `{"env": "block.height", "scope": "block"}`
    Env {
        /// Name.
        name: String,
        /// How long it stays the same.
        scope: EnvScope,
    },
    /// `{"account": "pool"}`: the address of an account parameter.
    Account(String),
    /// `{"load": {"cell": "CONFIG", "key": [], "field": "owner"}}`: the stored value in the state the call starts in.
    Load {
        /// The cell.
        cell: String,
        /// The key.
        key: Vec<Term>,
        /// Path of fields inside the value, dotted.
        field: Option<String>,
    },
    /// `{"fn": "hash", "of": [..], "injective": true}`
    Fn {
        /// Name of the function.
        name: String,
        /// Arguments.
        of: Vec<Term>,
        /// Different arguments give different values.
        injective: bool,
    },
    /// `{"coalesce": [..]}`: the first that is present.
    Coalesce(Vec<Term>),
    /// `{"prefix": [..]}`: every continuation of a key.
    Prefix(Vec<Term>),
    /// `"any"`, and everything that is not understood.
    #[default]
    Any,
}

/// How long an environment value stays the same. A scope that is not known counts as `call`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EnvScope {
    /// Everywhere on the chain.
    Chain,
    /// In one block.
    Block,
    /// In one transaction.
    Tx,
    /// Nowhere.
    Call,
}

impl EnvScope {
    /// The word in manifests.
    pub fn as_str(self) -> &'static str {
        match self {
            EnvScope::Chain => "chain",
            EnvScope::Block => "block",
            EnvScope::Tx => "tx",
            EnvScope::Call => "call",
        }
    }
}

/// The shape of a stored value, key component or parameter: how a value of a batch becomes canonical (MODEL §1.2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// `{"uint": 128}`
    Uint(u16),
    /// `{"int": 64}`
    Int(u16),
    /// `"bool"`
    Bool,
    /// `"string"`, or `{"string": "lower"}` where the contract folds case before it uses the text.
    Text {
        /// `lower` or `upper`.
        fold: Option<String>,
    },
    /// `{"bytes": "base64"}`; the text form of a value: `base64`, `hex`, `base58`, `utf8`.
    Bytes {
        /// The form.
        form: String,
    },
    /// `{"address": "bech32"}`; kinds: `bech32`, `base58`, `strkey`, `evm`, `ss58`, `near`, `text`.
    Address {
        /// The kind.
        kind: String,
    },
    /// `{"option": type}`
    Option(Box<Type>),
    /// `{"list": type}`
    List(Box<Type>),
    /// `{"map": [key, value]}`
    Map(Box<Type>, Box<Type>),
    /// `{"tuple": [..]}`; the empty tuple is the unit.
    Tuple(Vec<Type>),
    /// `{"struct": "Name", "fields": [{"name", "type"}]}`
    Struct {
        /// Name.
        name: String,
        /// Fields.
        fields: Vec<(String, Type)>,
    },
    /// `{"enum": "Name", "tag": "external", "variants": [{"name", "fields"}]}`
    Enum {
        /// Name.
        name: String,
        /// How a value names its variant; `external` is `{"variant": {..}}` or `"variant"`.
        tag: String,
        /// Variants with their fields.
        variants: Vec<(String, Vec<(String, Type)>)>,
    },
    /// `{"opaque": "Name"}`: the encoding is not known, so values are `any`.
    Opaque(String),
}

impl Default for Type {
    fn default() -> Self {
        Type::Opaque(String::new())
    }
}

impl Const {
    /// The JSON value.
    pub fn to_json(&self) -> Value {
        match self {
            Const::Bool(value) => json!(value),
            Const::Int(value) => int_json(*value),
            Const::Str(value) => json!(value),
            Const::Bytes(bytes) => json!({ "bytes": hex(bytes) }),
            Const::Name(name) => json!({ "name": name }),
            Const::Other => Value::Null,
        }
    }

    /// Reads any JSON value.
    pub fn from_json(value: &Value) -> Const {
        match value {
            Value::Bool(value) => Const::Bool(*value),
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => Const::Int(value.into()),
                (None, Some(value)) => Const::Int(value.into()),
                (None, None) => Const::Other,
            },
            Value::String(text) => Const::Str(text.clone()),
            Value::Object(map) if map.len() == 1 => {
                let text = |name: &str| map.get(name).and_then(Value::as_str);
                if let Some(bytes) = text("bytes").and_then(unhex) {
                    Const::Bytes(bytes)
                } else if let Some(name) = text("name") {
                    Const::Name(name.to_owned())
                } else {
                    Const::Other
                }
            }
            _ => Const::Other,
        }
    }
}

fn int_json(value: i128) -> Value {
    if (-EXACT..=EXACT).contains(&value) { json!(value as i64) } else { json!(value.to_string()) }
}

/// Lower-case hexadecimal without a prefix.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes of hexadecimal text of either case, without a prefix.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits?;
    if digits.len() % 2 != 0 {
        return None;
    }
    Some(digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect())
}

impl Term {
    /// The JSON value.
    pub fn to_json(&self) -> Value {
        let list = |terms: &[Term]| Value::Array(terms.iter().map(Term::to_json).collect());
        match self {
            Term::Const(value) => json!({ "const": value.to_json() }),
            Term::Arg { path, elem } => {
                let mut map = Map::new();
                map.insert("arg".into(), json!(path.to_string()));
                match elem.as_slice() {
                    [] => {}
                    [one] => drop(map.insert("elem".into(), json!(one))),
                    more => drop(map.insert("elem".into(), json!(more))),
                }
                Value::Object(map)
            }
            Term::Caller => json!("caller"),
            Term::Origin => json!("origin"),
            Term::SelfAddr => json!("self"),
            Term::Env { name, scope } => json!({ "env": name, "scope": scope.as_str() }),
            Term::Account(name) => json!({ "account": name }),
            Term::Load { cell, key, field } => {
                let mut map = Map::new();
                map.insert("cell".into(), json!(cell));
                map.insert("key".into(), list(key));
                if let Some(field) = field {
                    map.insert("field".into(), json!(field));
                }
                json!({ "load": map })
            }
            Term::Fn { name, of, injective } => json!({ "fn": name, "of": list(of), "injective": injective }),
            Term::Coalesce(of) => json!({ "coalesce": list(of) }),
            Term::Prefix(of) => json!({ "prefix": list(of) }),
            Term::Any => json!("any"),
        }
    }

    /// Reads any JSON value; what is not understood is `any`.
    pub fn from_json(value: &Value) -> Term {
        match value {
            Value::String(word) => match word.as_str() {
                "caller" => Term::Caller,
                "origin" => Term::Origin,
                "self" => Term::SelfAddr,
                _ => Term::Any,
            },
            Value::Object(map) => object_term(map).unwrap_or(Term::Any),
            _ => Term::Any,
        }
    }
}

/// A term written as an object; `None` when a part of it is not understood, in which case nothing may be concluded from the
/// rest.
fn object_term(map: &Map<String, Value>) -> Option<Term> {
    let only = |names: &[&str]| map.keys().all(|key| names.contains(&key.as_str()));
    let list = |value: &Value| Some(value.as_array()?.iter().map(Term::from_json).collect::<Vec<_>>());
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let (kind, first) = map.iter().next()?;
    match kind.as_str() {
        "const" if only(&["const"]) => match Const::from_json(first) {
            Const::Other => None,
            value => Some(Term::Const(value)),
        },
        "arg" if only(&["arg", "elem"]) => {
            let id = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
            let elem = match map.get("elem") {
                None => Vec::new(),
                Some(Value::Array(ids)) => ids.iter().map(id).collect::<Option<Vec<_>>>()?,
                Some(one) => vec![id(one)?],
            };
            Some(Term::Arg { path: Path::parse(first.as_str()?)?, elem })
        }
        "env" if only(&["env", "scope"]) => {
            let scope = match map.get("scope").and_then(Value::as_str) {
                Some("chain") => EnvScope::Chain,
                Some("block") => EnvScope::Block,
                Some("tx") => EnvScope::Tx,
                _ => EnvScope::Call,
            };
            Some(Term::Env { name: text(first)?, scope })
        }
        "account" if only(&["account"]) => Some(Term::Account(text(first)?)),
        "load" if only(&["load"]) => {
            let load = first.as_object()?;
            if !load.keys().all(|key| ["cell", "key", "field"].contains(&key.as_str())) {
                return None;
            }
            let field = match load.get("field") {
                None => None,
                Some(field) => Some(text(field)?),
            };
            let key = load.get("key").map_or(Some(Vec::new()), list)?;
            Some(Term::Load { cell: text(load.get("cell")?)?, key, field })
        }
        "fn" if only(&["fn", "of", "injective"]) => Some(Term::Fn {
            name: text(first)?,
            of: list(map.get("of")?)?,
            injective: map.get("injective").and_then(Value::as_bool).unwrap_or(false),
        }),
        "coalesce" if only(&["coalesce"]) => Some(Term::Coalesce(list(first)?)),
        "prefix" if only(&["prefix"]) => Some(Term::Prefix(list(first)?)),
        _ => None,
    }
}

impl Type {
    /// The type of a field of a struct, by the names that lead to it.
    #[cfg(feature = "workload")]
    pub(crate) fn at<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> Option<&Type> {
        names.try_fold(self, |ty, name| match ty {
            Type::Struct { fields, .. } => fields.iter().find(|(field, _)| field == name).map(|(_, ty)| ty),
            _ => None,
        })
    }

    /// The JSON value.
    pub fn to_json(&self) -> Value {
        match self {
            Type::Uint(bits) => json!({ "uint": bits }),
            Type::Int(bits) => json!({ "int": bits }),
            Type::Bool => json!("bool"),
            Type::Text { fold: None } => json!("string"),
            Type::Text { fold: Some(fold) } => json!({ "string": fold }),
            Type::Bytes { form } => json!({ "bytes": form }),
            Type::Address { kind } => json!({ "address": kind }),
            Type::Option(of) => json!({ "option": of.to_json() }),
            Type::List(of) => json!({ "list": of.to_json() }),
            Type::Map(key, value) => json!({ "map": [key.to_json(), value.to_json()] }),
            Type::Tuple(of) => json!({ "tuple": of.iter().map(Type::to_json).collect::<Vec<_>>() }),
            Type::Struct { name, fields } => json!({ "struct": name, "fields": fields_json(fields) }),
            Type::Enum { name, tag, variants } => {
                let variants: Vec<Value> = variants
                    .iter()
                    .map(|(name, fields)| match fields.is_empty() {
                        true => json!({ "name": name }),
                        false => json!({ "name": name, "fields": fields_json(fields) }),
                    })
                    .collect();
                json!({ "enum": name, "tag": tag, "variants": variants })
            }
            Type::Opaque(name) => json!({ "opaque": name }),
        }
    }

    /// Reads any JSON value; what is not understood is opaque.
    pub fn from_json(value: &Value) -> Type {
        match value {
            Value::String(word) => match word.as_str() {
                "bool" => Type::Bool,
                "string" => Type::Text { fold: None },
                other => Type::Opaque(other.to_owned()),
            },
            Value::Object(map) => object_type(map).unwrap_or_default(),
            _ => Type::default(),
        }
    }
}

fn fields_json(fields: &[(String, Type)]) -> Value {
    fields.iter().map(|(name, ty)| json!({ "name": name, "type": ty.to_json() })).collect()
}

fn object_type(map: &Map<String, Value>) -> Option<Type> {
    let (kind, first) = map.iter().next()?;
    let only = |names: &[&str]| map.keys().all(|key| names.contains(&key.as_str()));
    let bits = || first.as_u64().and_then(|bits| u16::try_from(bits).ok());
    let text = || first.as_str().map(str::to_owned);
    let list = || Some(first.as_array()?.iter().map(Type::from_json).collect::<Vec<_>>());
    let one = || Box::new(Type::from_json(first));
    let single = map.len() == 1;
    match kind.as_str() {
        "uint" if single => Some(Type::Uint(bits()?)),
        "int" if single => Some(Type::Int(bits()?)),
        "string" if single => Some(Type::Text { fold: Some(text()?) }),
        "bytes" if single => Some(Type::Bytes { form: text()? }),
        "address" if single => Some(Type::Address { kind: text()? }),
        "option" if single => Some(Type::Option(one())),
        "list" if single => Some(Type::List(one())),
        "map" if single => match list()?.as_slice() {
            [key, value] => Some(Type::Map(Box::new(key.clone()), Box::new(value.clone()))),
            _ => None,
        },
        "tuple" if single => Some(Type::Tuple(list()?)),
        "struct" if only(&["struct", "fields"]) => {
            Some(Type::Struct { name: text()?, fields: object_fields(map.get("fields"))? })
        }
        "enum" if only(&["enum", "tag", "variants"]) => {
            let tag = map.get("tag").and_then(Value::as_str).unwrap_or("external").to_owned();
            let variants = map.get("variants")?.as_array()?.iter().map(|variant| {
                Some((variant.get("name")?.as_str()?.to_owned(), object_fields(variant.get("fields"))?))
            });
            Some(Type::Enum { name: text()?, tag, variants: variants.collect::<Option<Vec<_>>>()? })
        }
        "opaque" if single => Some(Type::Opaque(text()?)),
        _ => None,
    }
}

fn object_fields(fields: Option<&Value>) -> Option<Vec<(String, Type)>> {
    let Some(fields) = fields else { return Some(Vec::new()) };
    let field = |field: &Value| {
        Some((field.get("name")?.as_str()?.to_owned(), field.get("type").map(Type::from_json).unwrap_or_default()))
    };
    fields.as_array()?.iter().map(field).collect()
}

macro_rules! through_json {
    ($($name:ident $schema:tt)+) => { $(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.to_json().serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok($name::from_json(&Value::deserialize(deserializer)?))
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> { stringify!($name).into() }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema { schemars::json_schema!($schema) }
        }
    )+ };
}

// The schemas describe what this version writes; readers accept more (MODEL §7).
through_json! {
    Const {
        "description": "A value known before any call. Integers beyond 2^53 are strings.",
        "anyOf": [
            { "type": ["boolean", "integer", "string"] },
            { "type": "object", "properties": { "bytes": { "type": "string" } }, "required": ["bytes"] },
            { "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] }
        ]
    }
    Term {
        "description": "A symbolic value of one call. Anything else reads as \"any\".",
        "anyOf": [
            { "enum": ["caller", "origin", "self", "any"] },
            { "type": "object", "properties": { "const": { "$ref": "#/$defs/Const" } }, "required": ["const"] },
            { "type": "object", "required": ["arg"], "properties": {
                "arg": { "type": "string", "description": "Path: a.b, a[], a{}, a#variant.b, a?" },
                "elem": { "anyOf": [{ "type": "integer" }, { "type": "array", "items": { "type": "integer" } }] } } },
            { "type": "object", "required": ["env", "scope"], "properties": {
                "env": { "type": "string" }, "scope": { "enum": ["chain", "block", "tx", "call"] } } },
            { "type": "object", "properties": { "account": { "type": "string" } }, "required": ["account"] },
            { "type": "object", "required": ["load"], "properties": { "load": { "type": "object",
                "required": ["cell", "key"], "properties": { "cell": { "type": "string" },
                "key": { "type": "array", "items": { "$ref": "#/$defs/Term" } }, "field": { "type": "string" } } } } },
            { "type": "object", "required": ["fn", "of", "injective"], "properties": { "fn": { "type": "string" },
                "of": { "type": "array", "items": { "$ref": "#/$defs/Term" } }, "injective": { "type": "boolean" } } },
            { "type": "object", "required": ["coalesce"], "properties": {
                "coalesce": { "type": "array", "items": { "$ref": "#/$defs/Term" } } } },
            { "type": "object", "required": ["prefix"], "properties": {
                "prefix": { "type": "array", "items": { "$ref": "#/$defs/Term" } } } }
        ]
    }
    Type {
        "description": "How a value becomes canonical. Anything else reads as opaque.",
        "anyOf": [
            { "enum": ["bool", "string"] },
            { "type": "object", "properties": { "uint": { "type": "integer" } }, "required": ["uint"] },
            { "type": "object", "properties": { "int": { "type": "integer" } }, "required": ["int"] },
            { "type": "object", "properties": { "string": { "enum": ["lower", "upper"] } }, "required": ["string"] },
            { "type": "object", "properties": { "bytes": { "enum": ["base64", "hex", "base58", "utf8"] } },
                "required": ["bytes"] },
            { "type": "object", "properties": { "address": { "type": "string" } }, "required": ["address"] },
            { "type": "object", "properties": { "option": { "$ref": "#/$defs/Type" } }, "required": ["option"] },
            { "type": "object", "properties": { "list": { "$ref": "#/$defs/Type" } }, "required": ["list"] },
            { "type": "object", "properties": { "map": { "type": "array", "minItems": 2, "maxItems": 2,
                "items": { "$ref": "#/$defs/Type" } } }, "required": ["map"] },
            { "type": "object", "properties": { "tuple": { "type": "array", "items": { "$ref": "#/$defs/Type" } } },
                "required": ["tuple"] },
            { "type": "object", "required": ["struct", "fields"], "properties": { "struct": { "type": "string" },
                "fields": { "$ref": "#/$defs/Fields" } } },
            { "type": "object", "required": ["enum", "variants"], "properties": { "enum": { "type": "string" },
                "tag": { "type": "string" }, "variants": { "type": "array", "items": { "type": "object",
                "required": ["name"], "properties": { "name": { "type": "string" },
                "fields": { "$ref": "#/$defs/Fields" } } } } } },
            { "type": "object", "properties": { "opaque": { "type": "string" } }, "required": ["opaque"] }
        ]
    }
}
