//! Reads the arguments of one call: a single pass over the JSON, guided by the parameters' types, that keeps only the parts
//! some key needs, in the form it needs them.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::manifest::v1::Type;

use super::plan::{EntryPlan, SlotPlan, Trie, same_name};
use super::value::{Raw, decode_bytes, encode, encode_const, fits, magnitude, parse_number, part};

/// Values of the slots of one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots {
    pub(crate) bytes: Vec<u8>,
    pub(crate) items: Vec<Item>,
    /// Per slot its first and last item, `u32::MAX` for none.
    heads: Vec<(u32, u32)>,
    scratch: Vec<u8>,
}

/// One value of a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    from: u32,
    to: u32,
    /// Positions in the lists on the way, outermost first.
    pub(crate) at: [u32; 2],
    next: u32,
}

const NONE: u32 = u32::MAX;

impl Slots {
    /// Empties all slots of an entry.
    pub(crate) fn reset(&mut self, slots: usize) {
        self.bytes.clear();
        self.items.clear();
        self.heads.clear();
        self.heads.resize(slots, (NONE, NONE));
    }

    /// Values of a slot.
    #[inline]
    pub(crate) fn of(&self, slot: u16) -> impl Iterator<Item = (&Item, &[u8])> + '_ {
        let mut at = self.heads.get(slot as usize).map_or(NONE, |head| head.0);
        std::iter::from_fn(move || {
            let item = self.items.get(at as usize)?;
            at = item.next;
            Some((item, &self.bytes[item.from as usize..item.to as usize]))
        })
    }

    /// The only value of a slot.
    #[inline]
    pub(crate) fn one(&self, slot: u16) -> Option<&[u8]> {
        let (first, last) = *self.heads.get(slot as usize)?;
        if first != last {
            return None;
        }
        let item = self.items.get(first as usize)?;
        Some(&self.bytes[item.from as usize..item.to as usize])
    }

    fn add(&mut self, slot: u16, from: usize, at: [u32; 2]) {
        let item = Item { from: from as u32, to: self.bytes.len() as u32, at, next: NONE };
        let index = self.items.len() as u32;
        let head = &mut self.heads[slot as usize];
        if head.0 == NONE {
            head.0 = index;
        } else {
            self.items[head.1 as usize].next = index;
        }
        head.1 = index;
        self.items.push(item);
    }

    /// Puts a value into a slot. `false` if it has no form there.
    pub(crate) fn put(&mut self, slot: u16, plan: &SlotPlan, raw: Raw<'_>, at: [u32; 2]) -> bool {
        if raw == Raw::None && plan.skip_none {
            return true;
        }
        let from = self.bytes.len();
        if !encode(raw, &plan.target, &mut self.bytes) {
            return false;
        }
        self.add(slot, from, at);
        true
    }
}

/// Most values of all slots of one call together.
const MOST: usize = 1 << 16;

/// Reads `args` into `slots`, which must have been reset for the entry. The error names the field.
pub(crate) fn arguments<'de, D: Deserializer<'de>>(
    entry: &EntryPlan,
    args: D,
    slots: &mut Slots,
) -> Result<(), D::Error> {
    args.deserialize_map(Arguments { entry, slots })
}

struct Arguments<'a> {
    entry: &'a EntryPlan,
    slots: &'a mut Slots,
}

impl<'de> Visitor<'de> for Arguments<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the arguments by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let params = &self.entry.params;
        let mut seen = 0u64;
        let mut seen_more: Vec<usize> = Vec::new();
        let mut guess = 0;
        while let Some(found) = map.next_key_seed(Name { params: self.entry, guess })? {
            let Some(at) = found else {
                return Err(A::Error::custom(format!("`args`: `{}` has no such parameter", self.entry.name)));
            };
            guess = at + 1;
            let twice = if at < 64 { seen >> at & 1 == 1 } else { seen_more.contains(&at) };
            if twice {
                return Err(A::Error::custom(format!("`args.{}`: given twice", params[at].name)));
            }
            if at < 64 {
                seen |= 1 << at;
            } else {
                seen_more.push(at);
            }
            let param = &params[at];
            let place = Place { parent: None, step: Step::Name(&param.name) };
            map.next_value_seed(In {
                ty: &param.ty,
                trie: Some(&param.trie),
                place: &place,
                plans: &self.entry.slots,
                slots: self.slots,
                at: [0; 2],
                depth: 0,
                optional: param.optional,
                whole_done: false,
            })?;
        }
        for (at, param) in params.iter().enumerate() {
            if if at < 64 { seen >> at & 1 == 1 } else { seen_more.contains(&at) } {
                continue;
            }
            if !param.optional {
                return Err(A::Error::custom(format!("`args.{}` is missing", param.name)));
            }
            for &slot in &param.trie.slots {
                let plan = &self.entry.slots[slot as usize];
                let from = self.slots.bytes.len();
                match &param.default {
                    Some(value) if encode_const(value, &plan.target, &mut self.slots.bytes) => {
                        self.slots.add(slot, from, [0; 2]);
                    }
                    _ => {
                        self.slots.put(slot, plan, Raw::None, [0; 2]);
                    }
                }
            }
        }
        Ok(())
    }
}

/// The index of a parameter, read without keeping the name.
struct Name<'a> {
    params: &'a EntryPlan,
    guess: usize,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a parameter")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        let params = &self.params.params;
        if params.get(self.guess).is_some_and(|param| param.name == name) {
            return Ok(Some(self.guess));
        }
        Ok(params.iter().position(|param| param.name == name))
    }
}

/// Where in the arguments a value stands; only spelled out in errors.
struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    step: Step<'a>,
}

enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parent {
            Some(parent) => write!(f, "{parent}")?,
            None => f.write_str("args")?,
        }
        match self.step {
            Step::Name(name) => write!(f, ".{name}"),
            Step::Index(at) => write!(f, "[{at}]"),
        }
    }
}

/// A value of a type at a place.
struct In<'a> {
    ty: &'a Type,
    trie: Option<&'a Trie>,
    place: &'a Place<'a>,
    plans: &'a [SlotPlan],
    slots: &'a mut Slots,
    at: [u32; 2],
    /// Number of lists on the way.
    depth: usize,
    optional: bool,
    /// The value as a whole has been put into its slots.
    whole_done: bool,
}

impl<'de> DeserializeSeed<'de> for In<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if !self.whole_done && structured(self.ty) && self.trie.is_some_and(|trie| !trie.slots.is_empty()) {
            // Rare: something structured is a key as a whole. Read it, encode it, then look inside.
            let value: serde_json::Value = serde::Deserialize::deserialize(deserializer)?;
            return self.whole(&value).map_err(D::Error::custom);
        }
        if opaque(self.ty) {
            deserializer.deserialize_ignored_any(IgnoredAny)?;
            return Ok(());
        }
        deserializer.deserialize_any(self)
    }
}

/// Types that say nothing of their values, options of them included.
fn opaque(ty: &Type) -> bool {
    match ty {
        Type::Option(inner) => opaque(inner),
        other => matches!(other, Type::Opaque(_)),
    }
}

/// Types whose values have parts, options of them included.
fn structured(ty: &Type) -> bool {
    match ty {
        Type::Option(inner) => structured(inner),
        Type::Tuple(_) | Type::Struct { .. } | Type::List(_) | Type::Enum { .. } => true,
        _ => false,
    }
}

impl In<'_> {
    fn whole(mut self, value: &serde_json::Value) -> Result<(), String> {
        if !value.is_null() {
            let mut ty = self.ty;
            while let Type::Option(inner) = ty {
                ty = inner;
            }
            let mut bytes = std::mem::take(&mut self.slots.scratch);
            bytes.clear();
            let name = match (ty, value) {
                (Type::Enum { variants, .. }, serde_json::Value::String(name)) => variants
                    .iter()
                    .find(|(other, fields)| fields.is_empty() && same_name(other, name))
                    .map(|(name, _)| name.as_str()),
                _ => None,
            };
            let known = name.is_some() || neutral(ty, value, &mut bytes, 0);
            if known {
                self.put(name.map_or(Raw::Tree(&bytes), Raw::Name))?;
            }
            self.slots.scratch = bytes;
            if !known {
                return Err(self.wrong());
            }
        }
        self.whole_done = true;
        self.deserialize(value).map_err(|error: serde_json::Error| error.to_string())
    }

    /// Puts a value into all slots of this place.
    fn put(&mut self, raw: Raw<'_>) -> Result<(), String> {
        let Some(trie) = self.trie else { return Ok(()) };
        for &slot in &trie.slots {
            if self.slots.items.len() >= MOST {
                return Err(format!("`{}`: more than {MOST} values for keys in one call", self.place));
            }
            if !self.slots.put(slot, &self.plans[slot as usize], raw, self.at) {
                return Err(self.wrong());
            }
        }
        Ok(())
    }

    fn wrong(&self) -> String {
        format!("`{}`: expected {}", self.place, describe(self.ty))
    }

    fn error<T, E: serde::de::Error>(&self, found: &str) -> Result<T, E> {
        Err(E::custom(format!("{}, found {found}", self.wrong())))
    }

    fn inner(&mut self) {
        while let Type::Option(inner) = self.ty {
            self.ty = inner;
        }
    }

    fn number<E: serde::de::Error>(mut self, negative: bool, digits: &[u8]) -> Result<(), E> {
        self.inner();
        let fine = match self.ty {
            Type::Uint(bits) => fits(negative, digits, *bits, false),
            Type::Int(bits) => fits(negative, digits, *bits, true),
            _ => return self.error("a number"),
        };
        if !fine {
            return self.error("a number out of range");
        }
        self.put(Raw::Number(negative, digits)).map_err(E::custom)
    }

    /// The payload of a variant.
    fn payload<'de, A: MapAccess<'de>>(
        &mut self,
        map: &mut A,
        name: &str,
        fields: &[(String, Type)],
    ) -> Result<(), A::Error> {
        let trie = self.trie.and_then(|trie| trie.variants.iter().find(|(other, _)| same_name(other, name)));
        let trie = trie.map(|(_, trie)| trie);
        let place = Place { parent: Some(self.place), step: Step::Name(name) };
        let single = fields.len() == 1 && fields[0].0 == "0";
        if single {
            let trie = trie.and_then(|trie| trie.fields.iter().find(|(other, _)| other == "0")).map(|(_, trie)| trie);
            return map.next_value_seed(self.at_part(&fields[0].1, trie, &place));
        }
        let ty = if fields.first().is_some_and(|(name, _)| name == "0") {
            Type::Tuple(fields.iter().map(|(_, ty)| ty.clone()).collect())
        } else {
            Type::Struct { name: name.to_owned(), fields: fields.to_vec() }
        };
        map.next_value_seed(In {
            ty: &ty,
            trie,
            place: &place,
            plans: self.plans,
            slots: self.slots,
            at: self.at,
            depth: self.depth,
            optional: false,
            whole_done: true,
        })
    }

    fn at_part<'b>(&'b mut self, ty: &'b Type, trie: Option<&'b Trie>, place: &'b Place<'b>) -> In<'b> {
        In {
            ty,
            trie,
            place,
            plans: self.plans,
            slots: self.slots,
            at: self.at,
            depth: self.depth,
            optional: false,
            whole_done: false,
        }
    }
}

impl<'de> Visitor<'de> for In<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&describe(self.ty))
    }

    fn visit_bool<E: serde::de::Error>(mut self, value: bool) -> Result<(), E> {
        self.inner();
        match self.ty {
            Type::Bool => self.put(Raw::Truth(value)).map_err(E::custom),
            _ => self.error("a truth value"),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        let bytes = value.to_be_bytes();
        self.number(false, &bytes[value.leading_zeros() as usize / 8..])
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        let bytes = value.unsigned_abs().to_be_bytes();
        self.number(value < 0, &bytes[value.unsigned_abs().leading_zeros() as usize / 8..])
    }

    fn visit_u128<E: serde::de::Error>(self, value: u128) -> Result<(), E> {
        let mut digits = Vec::new();
        magnitude(value, &mut digits);
        self.number(false, &digits)
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        self.error("a number with a fraction or too many digits (write large integers as text)")
    }

    fn visit_str<E: serde::de::Error>(mut self, text: &str) -> Result<(), E> {
        self.inner();
        match self.ty {
            Type::Text { .. } | Type::Address { .. } => self.put(Raw::Text(text)).map_err(E::custom),
            Type::Uint(_) | Type::Int(_) => {
                let mut digits = Vec::new();
                match parse_number(text, &mut digits) {
                    Some(negative) => self.number(negative, &digits),
                    None => self.error("text that is no number"),
                }
            }
            Type::Bytes { form } => {
                let mut bytes = std::mem::take(&mut self.slots.scratch);
                bytes.clear();
                let done = match decode_bytes(form, text, &mut bytes) {
                    Some(true) => self.put(Raw::Bytes(&bytes)).map_err(E::custom),
                    Some(false) => self.error("text in another form"),
                    None => Ok(()),
                };
                self.slots.scratch = bytes;
                done
            }
            Type::Enum { variants, .. } => {
                if !variants.iter().any(|(name, fields)| fields.is_empty() && same_name(name, text)) {
                    return self.error("a variant that it does not have or that has fields");
                }
                Ok(())
            }
            Type::Bool => self.error("text"),
            _ => self.error("text"),
        }
    }

    fn visit_unit<E: serde::de::Error>(mut self) -> Result<(), E> {
        if self.optional || matches!(self.ty, Type::Option(_)) {
            return self.put(Raw::None).map_err(E::custom);
        }
        match self.ty {
            Type::Tuple(of) if of.is_empty() => Ok(()),
            _ => self.error("null"),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        self.inner();
        match self.ty {
            Type::List(of) => {
                let trie = self.trie.and_then(|trie| trie.elem.as_deref());
                let mut index = 0usize;
                loop {
                    let place = Place { parent: Some(self.place), step: Step::Index(index) };
                    let mut at = self.at;
                    if let Some(slot) = at.get_mut(self.depth) {
                        *slot = index as u32;
                    }
                    let seed = In { at, depth: self.depth + 1, ..self.at_part(of, trie, &place) };
                    if seq.next_element_seed(seed)?.is_none() {
                        return Ok(());
                    }
                    index += 1;
                }
            }
            Type::Tuple(of) => {
                for (index, ty) in of.iter().enumerate() {
                    let name = index.to_string();
                    let trie = self.trie.and_then(|trie| trie.fields.iter().find(|(other, _)| *other == name));
                    let place = Place { parent: Some(self.place), step: Step::Index(index) };
                    let seed = self.at_part(ty, trie.map(|(_, trie)| trie), &place);
                    if seq.next_element_seed(seed)?.is_none() {
                        return self.error("a shorter list");
                    }
                }
                if seq.next_element::<IgnoredAny>()?.is_some() {
                    return self.error("a longer list");
                }
                Ok(())
            }
            Type::Bytes { .. } => {
                let mut bytes = Vec::new();
                while let Some(byte) = seq.next_element::<u8>()? {
                    bytes.push(byte);
                }
                self.put(Raw::Bytes(&bytes)).map_err(A::Error::custom)
            }
            // A map as a list of pairs.
            Type::Map(key, value) => {
                let pair = Type::Tuple(vec![(**key).clone(), (**value).clone()]);
                let mut trie = Trie::default();
                if let Some(node) = self.trie {
                    trie.fields.extend(node.map_key.iter().map(|node| ("0".to_owned(), (**node).clone())));
                    trie.fields.extend(node.elem.iter().map(|node| ("1".to_owned(), (**node).clone())));
                }
                let mut index = 0usize;
                loop {
                    let place = Place { parent: Some(self.place), step: Step::Index(index) };
                    let mut at = self.at;
                    if let Some(slot) = at.get_mut(self.depth) {
                        *slot = index as u32;
                    }
                    let seed = In { at, depth: self.depth + 1, ..self.at_part(&pair, Some(&trie), &place) };
                    if seq.next_element_seed(seed)?.is_none() {
                        return Ok(());
                    }
                    index += 1;
                }
            }
            _ => self.error("a list"),
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.inner();
        match self.ty {
            Type::Struct { fields, .. } => {
                let mut seen = vec![false; fields.len()];
                while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                    let place = Place { parent: Some(self.place), step: Step::Name(&name) };
                    let Some(at) = fields.iter().position(|(other, _)| *other == name) else {
                        return Err(A::Error::custom(format!("`{place}`: there is no such field")));
                    };
                    if std::mem::replace(&mut seen[at], true) {
                        return Err(A::Error::custom(format!("`{place}`: given twice")));
                    }
                    let trie = self.trie.and_then(|trie| trie.fields.iter().find(|(other, _)| *other == name));
                    map.next_value_seed(self.at_part(&fields[at].1, trie.map(|(_, trie)| trie), &place))?;
                }
                for ((name, ty), seen) in fields.iter().zip(seen) {
                    if seen {
                        continue;
                    }
                    let place = Place { parent: Some(self.place), step: Step::Name(name) };
                    if !matches!(ty, Type::Option(_)) {
                        return Err(A::Error::custom(format!("`{place}` is missing")));
                    }
                    let trie = self.trie.and_then(|trie| trie.fields.iter().find(|(other, _)| other == name));
                    self.at_part(ty, trie.map(|(_, trie)| trie), &place).put(Raw::None).map_err(A::Error::custom)?;
                }
                Ok(())
            }
            Type::Enum { variants, .. } => {
                let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? else {
                    return self.error("an empty object");
                };
                let Some((name, fields)) = variants.iter().find(|(other, _)| same_name(other, &name)) else {
                    return self.error(&format!("variant `{name}`"));
                };
                self.payload(&mut map, name, fields)?;
                if map.next_key::<IgnoredAny>()?.is_some() {
                    return self.error("more than one variant");
                }
                Ok(())
            }
            Type::Map(key, value) => {
                let mut index = 0u32;
                while let Some(text) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                    let place = Place { parent: Some(self.place), step: Step::Name(&text) };
                    let mut at = self.at;
                    if let Some(slot) = at.get_mut(self.depth) {
                        *slot = index;
                    }
                    let depth = self.depth + 1;
                    let trie = self.trie;
                    let node = trie.and_then(|trie| trie.map_key.as_deref());
                    In { at, depth, ..self.at_part(key, node, &place) }.visit_str::<A::Error>(&text)?;
                    let node = trie.and_then(|trie| trie.elem.as_deref());
                    map.next_value_seed(In { at, depth, ..self.at_part(value, node, &place) })?;
                    index += 1;
                }
                Ok(())
            }
            _ => self.error("an object"),
        }
    }
}

/// Appends the neutral form of a structured value; `false` if it is not of the type.
fn neutral(ty: &Type, value: &serde_json::Value, out: &mut Vec<u8>, depth: usize) -> bool {
    use serde_json::Value;
    if depth > 64 {
        return false;
    }
    let mut inner = Vec::new();
    let fine = match (ty, value) {
        (Type::Option(of), value) => {
            if value.is_null() {
                encode(Raw::None, &super::value::Target::Neutral, &mut inner)
            } else {
                neutral(of, value, &mut inner, depth + 1)
            }
        }
        (Type::Tuple(of), Value::Array(values)) => {
            of.len() == values.len()
                && of.iter().zip(values).all(|(ty, value)| neutral(ty, value, &mut inner, depth + 1))
        }
        (Type::List(of), Value::Array(values)) => values.iter().all(|value| neutral(of, value, &mut inner, depth + 1)),
        (Type::Struct { fields, .. }, Value::Object(map)) => {
            fields.iter().all(|(name, ty)| neutral(ty, map.get(name).unwrap_or(&Value::Null), &mut inner, depth + 1))
        }
        (Type::Enum { variants, .. }, value) => {
            let (name, payload) = match value {
                Value::String(name) => (name.as_str(), &Value::Null),
                Value::Object(map) => match map.iter().next() {
                    Some((name, payload)) if map.len() == 1 => (name.as_str(), payload),
                    _ => return false,
                },
                _ => return false,
            };
            let Some((name, fields)) = variants.iter().find(|(other, _)| same_name(other, name)) else { return false };
            encode(Raw::Name(name), &super::value::Target::Neutral, &mut inner);
            match fields.as_slice() {
                [] => true,
                [(only, ty)] if only == "0" => neutral(ty, payload, &mut inner, depth + 1),
                fields => fields.iter().enumerate().all(|(at, (name, ty))| {
                    let value = payload.get(name).or_else(|| payload.get(at)).unwrap_or(&Value::Null);
                    neutral(ty, value, &mut inner, depth + 1)
                }),
            }
        }
        (Type::Bool, Value::Bool(value)) => encode(Raw::Truth(*value), &super::value::Target::Neutral, &mut inner),
        (Type::Uint(_) | Type::Int(_), value) => {
            let text = match value {
                Value::Number(number) => number.to_string(),
                Value::String(text) => text.clone(),
                _ => return false,
            };
            encode(Raw::Text(&text), &super::value::Target::Number, &mut inner)
        }
        (Type::Bytes { form }, Value::String(text)) => {
            let mut bytes = Vec::new();
            decode_bytes(form, text, &mut bytes) == Some(true)
                && encode(Raw::Bytes(&bytes), &super::value::Target::Neutral, &mut inner)
        }
        (Type::Text { .. } | Type::Address { .. }, Value::String(text)) => {
            encode(Raw::Text(text), &super::value::Target::Neutral, &mut inner)
        }
        _ => false,
    };
    part(&inner, out);
    fine
}

/// A type in words, for messages.
pub(crate) fn describe(ty: &Type) -> String {
    match ty {
        Type::Uint(bits) => format!("an unsigned integer of {bits} bits"),
        Type::Int(bits) => format!("an integer of {bits} bits"),
        Type::Bool => "true or false".to_owned(),
        Type::Text { .. } => "text".to_owned(),
        Type::Bytes { form } => format!("bytes as {form}"),
        Type::Address { kind } => format!("an address ({kind})"),
        Type::Option(of) => format!("{} or null", describe(of)),
        Type::List(of) => format!("a list, each element {}", describe(of)),
        Type::Map(..) => "an object or a list of pairs".to_owned(),
        Type::Tuple(of) => format!("a list of {} values", of.len()),
        Type::Struct { name, .. } => format!("an object (`{name}`)"),
        Type::Enum { name, .. } => format!("a variant of `{name}`"),
        Type::Opaque(_) => "a value".to_owned(),
    }
}
