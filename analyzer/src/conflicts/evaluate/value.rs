//! Values of calls: from JSON by their type, and into the form that their place asks for (MODEL §1.2).

use serde_json::{Value as Json, json};

use super::address;
use crate::manifest::v1::{Const, Type};

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number: decimal digits without leading zeros, with a sign if negative.
    Number(String),
    /// A truth value.
    Bool(bool),
    /// Text as it is; an address until its place says of which kind.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A variant without fields, or the unit.
    Name(String),
    /// Nothing where something may be.
    None,
    /// Parts in order: list, tuple, fields of a struct; a variant's name and its fields.
    Parts(Vec<Value>),
    /// A function of values that is known only by its arguments; of equal functions equal arguments give equal values and,
    /// for those that come here, different arguments different ones.
    Function(String, Vec<Value>),
    /// Not known.
    Any,
}

impl Value {
    /// False only if the two are known to be different.
    pub fn may_equal(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Any, _) | (_, Value::Any) => true,
            (Value::Function(f, x), Value::Function(g, y)) if f == g && x.len() == y.len() => {
                x.iter().zip(y).all(|(x, y)| x.may_meet(y))
            }
            (Value::Function(..), _) | (_, Value::Function(..)) => true,
            (Value::Parts(x), Value::Parts(y)) if x.len() == y.len() => x.iter().zip(y).all(|(x, y)| x.may_equal(y)),
            _ => self == other,
        }
    }

    /// [`Self::may_equal`] where no type says what the values are: of different kinds nothing is known, their encodings may
    /// be equal.
    pub(super) fn may_meet(&self, other: &Value) -> bool {
        std::mem::discriminant(self) != std::mem::discriminant(other) || self.may_equal(other)
    }

    /// How the conformance suite writes a canonical value.
    pub fn to_json(&self) -> Json {
        let all = |values: &[Value]| values.iter().map(Value::to_json).collect::<Vec<_>>();
        match self {
            Value::Number(digits) => json!(format!("i:{digits}")),
            Value::Bool(value) => json!(format!("b:{value}")),
            Value::Text(text) => bytes_json(text.as_bytes()),
            Value::Bytes(bytes) => bytes_json(bytes),
            Value::Name(name) => json!(format!("n:{name}")),
            Value::None => json!("o"),
            Value::Parts(values) => json!(all(values)),
            Value::Function(name, of) => json!({ "fn": name, "of": all(of) }),
            Value::Any => Json::Null,
        }
    }

    /// The form a key component of a type has: equal places have equal forms.
    pub fn at(&self, ty: &Type) -> Value {
        match (ty, self) {
            (Type::Opaque(_), _) | (_, Value::Any) => Value::Any,
            (_, Value::None | Value::Function(..)) => self.clone(),
            (Type::Uint(_) | Type::Int(_), value) => match value {
                Value::Number(_) => value.clone(),
                Value::Text(text) => number(text).map_or(Value::Any, Value::Number),
                Value::Bool(value) => Value::Number(u8::from(*value).to_string()),
                _ => Value::Any,
            },
            (Type::Bool, Value::Bool(_)) => self.clone(),
            (Type::Text { fold }, Value::Text(text)) => Value::Bytes(match fold.as_deref() {
                Some("upper") => text.to_ascii_uppercase().into_bytes(),
                Some(_) => text.to_ascii_lowercase().into_bytes(),
                None => text.clone().into_bytes(),
            }),
            (Type::Bytes { .. }, Value::Text(text)) => Value::Bytes(text.clone().into_bytes()),
            (Type::Text { .. } | Type::Bytes { .. }, Value::Bytes(_) | Value::Name(_)) => self.clone(),
            (Type::Address { kind }, Value::Text(text)) => Value::Bytes(address::bytes(kind, text)),
            (Type::Address { .. }, Value::Bytes(_)) => self.clone(),
            (Type::Option(of), value) => value.at(of),
            (Type::List(of), Value::Parts(values)) => Value::Parts(values.iter().map(|value| value.at(of)).collect()),
            (Type::Tuple(of), Value::Parts(values)) if of.len() == values.len() => {
                Value::Parts(values.iter().zip(of).map(|(value, ty)| value.at(ty)).collect())
            }
            (Type::Struct { fields, .. }, Value::Parts(values)) if fields.len() == values.len() => {
                Value::Parts(values.iter().zip(fields).map(|(value, (_, ty))| value.at(ty)).collect())
            }
            (Type::Enum { .. }, Value::Name(_)) => self.clone(),
            (Type::Enum { variants, .. }, Value::Parts(values)) => match values.split_first() {
                Some((Value::Name(name), values)) => {
                    let Some((_, fields)) = variants.iter().find(|(variant, _)| variant == name) else {
                        return Value::Any;
                    };
                    let inner = values.iter().zip(fields).map(|(value, (_, ty))| value.at(ty));
                    Value::Parts(std::iter::once(Value::Name(name.clone())).chain(inner).collect())
                }
                _ => Value::Any,
            },
            _ => Value::Any,
        }
    }

    /// The form as an argument of a function, where no type says what the value is: texts are taken as addresses in any
    /// spelling, which can only make more of them equal.
    pub(super) fn neutral(&self) -> Value {
        match self {
            Value::Text(text) => Value::Bytes(address::bytes("", text)),
            Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Value::Bytes(address::bytes("", text)),
                Err(_) => self.clone(),
            },
            Value::Parts(values) => Value::Parts(values.iter().map(Value::neutral).collect()),
            other => other.clone(),
        }
    }

    /// The form of an instance's address.
    pub fn place(text: &str) -> Value {
        Value::Bytes(address::bytes("", text))
    }
}

/// Printable ASCII is shown as text, the rest in hexadecimal; both are bytes.
fn bytes_json(bytes: &[u8]) -> Json {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) => json!(format!("s:{text}")),
        _ => json!(format!("x:{}", crate::manifest::hex(bytes))),
    }
}

/// A constant of a manifest.
pub(super) fn constant(value: &Const) -> Value {
    match value {
        Const::Bool(value) => Value::Bool(*value),
        Const::Int(value) => Value::Number(value.to_string()),
        Const::Str(text) => Value::Text(text.clone()),
        Const::Bytes(bytes) => match String::from_utf8(bytes.clone()) {
            Ok(text) => Value::Text(text),
            Err(_) => Value::Bytes(bytes.clone()),
        },
        Const::Name(name) => Value::Name(name.clone()),
        Const::Other => Value::Any,
    }
}

/// The value of a function of known arguments. Joined bytes are computed; an injective function is known by its arguments;
/// of others only `any` can be said.
pub(super) fn function(name: &str, of: Vec<Value>, injective: bool) -> Value {
    if matches!(name, "concat" | "pda" | "seeds") {
        let bytes: Option<Vec<Vec<u8>>> = of
            .iter()
            .map(|value| match value {
                Value::Text(text) => Some(address::bytes("seed", text))
                    .filter(|bytes| bytes.len() == 32)
                    .or_else(|| Some(text.clone().into_bytes())),
                Value::Bytes(bytes) => Some(bytes.clone()),
                _ => None,
            })
            .collect();
        return match bytes {
            Some(bytes) => Value::Function(name.to_owned(), vec![Value::Bytes(bytes.concat())]),
            None => Value::Any,
        };
    }
    // The number of the slot of an element of which several share one.
    if let ("word", [Value::Number(index), Value::Number(many)]) = (name, of.as_slice()) {
        let word = index.parse::<u128>().ok().zip(many.parse::<u128>().ok());
        return word
            .and_then(|(index, many)| index.checked_div(many))
            .map_or(Value::Any, |word| Value::Number(word.to_string()));
    }
    let neutral = || of.iter().map(Value::neutral).collect();
    if injective { Value::Function(name.to_owned(), neutral()) } else { Value::Any }
}

/// Reads a JSON value of a type.
///
/// # Errors
/// What was expected, when the value is not of the type.
pub fn read(json: &Json, ty: &Type) -> Result<Value, String> {
    let wrong = |expected: &str| Err(format!("expected {expected}"));
    let fields = |json: &Json, fields: &[(String, Type)]| -> Result<Vec<Value>, String> {
        let one = |(at, (name, ty)): (usize, &(String, Type))| {
            let missing = Json::Null;
            let value = match json {
                Json::Array(items) => items.get(at),
                // A tuple struct or variant with one field may stand for that field.
                _ if fields.len() == 1 && name == "0" && json.get("0").is_none() => Some(json),
                other => other.get(name),
            };
            match (value, ty) {
                (None, ty) if !matches!(ty, Type::Option(_)) => Err(format!("field `{name}` is missing")),
                (value, ty) => read(value.unwrap_or(&missing), ty).map_err(|error| format!("field `{name}`: {error}")),
            }
        };
        fields.iter().enumerate().map(one).collect()
    };
    match ty {
        Type::Opaque(_) => Ok(Value::Any),
        Type::Uint(bits) | Type::Int(bits) => {
            let digits = match json {
                Json::Number(value) => number(&value.to_string()),
                Json::String(text) => number(text),
                _ => None,
            };
            match digits {
                Some(digits) if in_range(&digits, *bits, matches!(ty, Type::Int(_))) => Ok(Value::Number(digits)),
                _ => wrong(&format!("an integer of {bits} bits")),
            }
        }
        Type::Bool => json.as_bool().map(Value::Bool).ok_or_else(|| "expected true or false".to_owned()),
        Type::Text { .. } | Type::Address { .. } => match json {
            Json::String(text) => Ok(Value::Text(text.clone())),
            _ => wrong("text"),
        },
        Type::Bytes { form } => {
            let bytes = match json {
                Json::Array(items) => {
                    items.iter().map(|item| item.as_u64().and_then(|byte| u8::try_from(byte).ok())).collect()
                }
                Json::String(text) => match form.as_str() {
                    "hex" => crate::manifest::unhex(text.strip_prefix("0x").unwrap_or(text)),
                    "base64" => address::base64(text),
                    "base58" => address::base58(text),
                    "utf8" => Some(text.clone().into_bytes()),
                    _ => return Ok(Value::Any),
                },
                _ => None,
            };
            bytes.map(Value::Bytes).ok_or_else(|| format!("expected bytes as {form}"))
        }
        Type::Option(_) if json.is_null() => Ok(Value::None),
        Type::Option(of) => read(json, of),
        Type::List(of) => match json {
            Json::Array(items) => items.iter().map(|item| read(item, of)).collect::<Result<_, _>>().map(Value::Parts),
            _ => wrong("a list"),
        },
        Type::Map(key, value) => match json {
            Json::Object(map) => {
                for (name, item) in map {
                    read(&Json::String(name.clone()), key)?;
                    read(item, value)?;
                }
                // A map as a whole has no canonical order here.
                Ok(Value::Any)
            }
            _ => wrong("an object"),
        },
        Type::Tuple(of) if of.is_empty() => Ok(Value::Name("()".to_owned())),
        Type::Tuple(of) => match json {
            Json::Array(items) if items.len() == of.len() => {
                items.iter().zip(of).map(|(item, ty)| read(item, ty)).collect::<Result<_, _>>().map(Value::Parts)
            }
            _ => wrong(&format!("a list of {}", of.len())),
        },
        Type::Struct { fields: of, .. } => match json {
            Json::Object(_) | Json::Array(_) => fields(json, of).map(Value::Parts),
            _ => wrong("an object"),
        },
        Type::Enum { variants, tag, .. } => {
            if tag != "external" {
                return Ok(Value::Any);
            }
            let Some((name, payload)) = variant(json) else { return wrong("a variant") };
            let Some((_, of)) = variants.iter().find(|(known, _)| known == name) else {
                return Err(format!("there is no variant `{name}`"));
            };
            if of.is_empty() {
                return Ok(Value::Name(name.to_owned()));
            }
            let inner = fields(payload.unwrap_or(&Json::Null), of)?;
            Ok(Value::Parts(std::iter::once(Value::Name(name.to_owned())).chain(inner).collect()))
        }
    }
}

/// Name and payload of an externally tagged variant: `"name"` or `{"name": payload}`.
pub(super) fn variant(json: &Json) -> Option<(&str, Option<&Json>)> {
    match json {
        Json::String(name) => Some((name, None)),
        Json::Object(map) if map.len() == 1 => map.iter().next().map(|(name, payload)| (name.as_str(), Some(payload))),
        _ => None,
    }
}

/// Decimal (`5`, `05`, `-5`, `+5`) or hexadecimal (`0x5`) text of at most 100 digits, without leading zeros.
pub(super) fn number(text: &str) -> Option<String> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || digits.len() > 100 {
        return None;
    }
    let decimal = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) if !hex.is_empty() => from_radix(hex, 16)?,
        Some(_) => return None,
        None => from_radix(digits, 10)?,
    };
    Some(if negative && decimal != "0" { format!("-{decimal}") } else { decimal })
}

/// Decimal digits of a number in another radix.
fn from_radix(text: &str, radix: u32) -> Option<String> {
    let mut decimal = vec![0u8];
    for letter in text.chars() {
        let mut carry = letter.to_digit(radix)?;
        for digit in decimal.iter_mut().rev() {
            carry += u32::from(*digit) * radix;
            *digit = (carry % 10) as u8;
            carry /= 10;
        }
        while carry > 0 {
            decimal.insert(0, (carry % 10) as u8);
            carry /= 10;
        }
    }
    let text: String = decimal.iter().map(|digit| char::from(b'0' + digit)).collect();
    let trimmed = text.trim_start_matches('0');
    Some(if trimmed.is_empty() { "0".to_owned() } else { trimmed.to_owned() })
}

/// Whether decimal digits fit into an integer type.
fn in_range(digits: &str, bits: u16, signed: bool) -> bool {
    let negative = digits.starts_with('-');
    if negative && !signed {
        return false;
    }
    // 2^bits, or half of it for signed types.
    let exponent = usize::from(bits) - usize::from(signed && bits > 0);
    let limit = from_radix(&format!("1{}", "0".repeat(exponent)), 2).unwrap_or_default();
    let magnitude = digits.trim_start_matches('-');
    let order = (magnitude.len(), magnitude).cmp(&(limit.len(), limit.as_str()));
    order.is_lt() || (negative && order.is_eq())
}
