//! Messages as serde spells them: which JSON field a field of a Rust type is, and what stands in for one that is left out
//! (serde.rs/field-attrs.html). Fields of types inside a message keep the names that the code gives them.

use crate::effects::ty::Ty;
use crate::effects::{Engine, Value};
use crate::ir::hir::{self, Attr, Field, Fields, Item, ItemKind, Name};
use crate::ir::{Const, Param, Step, Term, Type};

/// Fields of a message: their values as terms of the call's arguments, and the parameters they are.
pub(super) type Arguments = (Vec<(Name, Value)>, Vec<Param>);

/// `key` or `key = "value"` of the attributes `#[serde(..)]`.
fn options(attrs: &[Attr]) -> impl Iterator<Item = (&str, Option<&str>)> {
    attrs.iter().filter(|attr| attr.path == "serde").flat_map(|attr| attr.tokens.split(',')).map(|part| {
        match part.split_once('=') {
            Some((key, value)) => (key.trim(), Some(value.trim().trim_matches('"'))),
            None => (part.trim(), None),
        }
    })
}

/// `#[serde(rename = "x")]`.
pub(super) fn renamed(attrs: &[Attr]) -> Option<String> {
    options(attrs).find_map(|(key, value)| (key == "rename").then_some(value).flatten()).map(str::to_owned)
}

/// `#[serde(untagged)]`.
pub(super) fn untagged(attrs: &[Attr]) -> bool {
    options(attrs).any(|(key, _)| key == "untagged")
}

/// `snake_case` as serde spells variants.
pub(super) fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for (at, c) in name.char_indices() {
        if at > 0 && c.is_uppercase() {
            text.push('_');
        }
        text.extend(c.to_lowercase());
    }
    text
}

/// `FooBar` by a rule of `#[serde(rename_all = "..")]`; `None` for a rule that is not known.
fn cased(name: &str, rule: &str) -> Option<String> {
    let snake = snake_case(name);
    Some(match rule {
        "snake_case" => snake,
        "SCREAMING_SNAKE_CASE" => snake.to_uppercase(),
        "kebab-case" => snake.replace('_', "-"),
        "SCREAMING-KEBAB-CASE" => snake.to_uppercase().replace('_', "-"),
        "lowercase" => name.to_lowercase(),
        "UPPERCASE" => name.to_uppercase(),
        "PascalCase" => name.to_owned(),
        "camelCase" => {
            let mut chars = name.chars();
            chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
        }
        _ => return None,
    })
}

/// How a type looks inside a message: the names of an enum's variants (none for a struct). `None` where its parts are not
/// where its declaration has them, so that no path leads into it.
pub(super) fn on_the_wire(item: &Item) -> Option<Vec<String>> {
    let moved = |attrs: &[Attr], words: &[&str]| options(attrs).any(|(key, _)| words.contains(&key));
    if moved(&item.attrs, &["untagged", "tag", "content", "from", "try_from", "remote"]) {
        return None;
    }
    let rule = options(&item.attrs).find_map(|(key, value)| (key == "rename_all").then_some(value));
    let kept = |fields: &Fields| {
        let named = |field: &Field| field.name.chars().next().is_some_and(|c| !c.is_ascii_digit());
        fields.fields.iter().all(|field| {
            !moved(&field.attrs, &["rename", "flatten", "with", "deserialize_with", "skip", "skip_deserializing"])
        }) && (rule.is_none() || !matches!(item.kind, ItemKind::Struct(_)) || !fields.fields.iter().any(named)
            // Fields are in snake case already.
            || rule == Some(Some("snake_case")))
    };
    match &item.kind {
        ItemKind::Struct(of) => kept(&of.fields).then(Vec::new),
        ItemKind::Enum(of) => {
            let derives = |attr: &Attr| attr.path == "derive" && attr.tokens.contains("Deserialize");
            let as_written = rule.is_none() && item.attrs.iter().any(derives);
            let spelled = |variant: &hir::Variant| {
                if !kept(&variant.fields) || moved(&variant.attrs, &["untagged", "rename_all", "with", "other"]) {
                    return None;
                }
                renamed(&variant.attrs).or_else(|| match rule {
                    Some(rule) => cased(&variant.name, rule?),
                    None if as_written => Some(variant.name.to_string()),
                    None => Some(snake_case(&variant.name)),
                })
            };
            of.variants.iter().map(spelled).collect()
        }
        _ => Some(Vec::new()),
    }
}

/// What a field that is left out is, where its type's own `Default` is a constant.
fn default_of(ty: &Type) -> Option<Const> {
    match ty {
        Type::Uint(_) | Type::Int(_) => Some(Const::Int(0)),
        Type::Bool => Some(Const::Bool(false)),
        Type::Text => Some(Const::Str(String::new())),
        _ => None,
    }
}

impl Engine<'_> {
    /// The fields of a struct, or of a variant of an enum, as arguments of the call. Fields of a flattened field stand
    /// among the others.
    pub(super) fn message_fields(&mut self, ty: &Ty, variant: Option<u32>) -> Arguments {
        let (own, all) = self.field_attrs(ty, variant);
        let whole = options(&own).any(|(key, _)| key == "default");
        let (mut values, mut params) = (Vec::new(), Vec::new());
        let fields = self.field_types(ty, variant);
        for (at, (name, ty)) in fields.iter().enumerate() {
            let attrs = all.get(at).map_or(&[][..], Vec::as_slice);
            let has = |wanted: &str| options(attrs).any(|(key, _)| key == wanted);
            if has("flatten") {
                let inner = self.struct_params(ty);
                if !inner.is_empty() {
                    values.push((name.clone(), Engine::value_of_term(ty.clone(), Term::Arg(Vec::new()))));
                    params.extend(inner);
                    continue;
                }
            }
            let spelled = renamed(attrs).unwrap_or_else(|| name.to_string());
            let term = Term::Arg(vec![Step::Field(spelled.clone())]);
            values.push((name.clone(), Engine::value_of_term(ty.clone(), term)));
            let described = self.describe_type(ty);
            // A function that gives the default is not run.
            let default = options(attrs).find(|(key, _)| *key == "default");
            let default = match default {
                Some((_, None)) => default_of(&described),
                _ => None,
            };
            let may_lack = whole || has("default") || has("skip") || has("skip_deserializing");
            let optional = may_lack || self.is_option(ty);
            params.push(Param { name: spelled, ty: described, optional, default, auth: false });
        }
        (values, params)
    }

    /// The fields of a struct as parameters; none for other types.
    pub(super) fn struct_params(&mut self, ty: &Ty) -> Vec<Param> {
        let Ty::Adt(id, _) = ty else { return Vec::new() };
        if !matches!(self.item(*id).kind, ItemKind::Struct(_)) || self.is_model(id.krate) {
            return Vec::new();
        }
        self.message_fields(ty, None).1
    }

    /// A struct as the arguments of a call. Where the code's names are those of the message it is the arguments as a whole.
    pub(super) fn struct_argument(&mut self, ty: &Ty) -> Value {
        let (values, params) = self.message_fields(ty, None);
        let plain =
            values.len() == params.len() && values.iter().zip(&params).all(|((name, _), param)| name == &param.name);
        match plain {
            true => Engine::value_of_term(ty.clone(), Term::Arg(Vec::new())),
            false => Engine::struct_value(ty.clone(), values),
        }
    }

    /// Attributes of a type and of its fields, or of the fields of one variant.
    fn field_attrs(&self, ty: &Ty, variant: Option<u32>) -> (Vec<Attr>, Vec<Vec<Attr>>) {
        let Ty::Adt(id, _) = ty else { return Default::default() };
        let item = self.item(*id);
        let (own, fields) = match (&item.kind, variant) {
            (ItemKind::Struct(of), _) => (item.attrs.clone(), Some(&of.fields)),
            (ItemKind::Enum(of), Some(at)) => (Vec::new(), of.variants.get(at as usize).map(|variant| &variant.fields)),
            _ => (Vec::new(), None),
        };
        (own, fields.map(|fields| fields.fields.iter().map(|field| field.attrs.clone()).collect()).unwrap_or_default())
    }
}
