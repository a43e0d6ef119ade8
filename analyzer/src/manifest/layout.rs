//! Layouts of keys that name their cells (`vec('Balance,address)`), and the keys they make in the network's own JSON.
//!
//! Grammar: `vec(..)`, `map(name:..,..)`, `'symbol`, or a leaf with the kind of its value. Leaves are the components of
//! the cell's key in order.

use serde_json::{Value as Json, json};

/// The kinds of values after the name of a key (`address,u32`); `None` for keys that are only a name, or no name.
pub fn payload(layout: &str) -> Option<String> {
    let parts = split(layout.strip_prefix("vec(")?.strip_suffix(')')?);
    let [name, rest @ ..] = parts.as_slice() else { return None };
    if !name.starts_with('\'') || rest.is_empty() {
        return None;
    }
    let kind = |part: &&str| match part.split('(').next().unwrap_or(part) {
        "enum" | "list" => "vec".to_owned(),
        "dict" => "map".to_owned(),
        kind => kind.to_owned(),
    };
    Some(rest.iter().map(kind).collect::<Vec<_>>().join(","))
}

/// Number of components.
pub fn arity(layout: &str) -> usize {
    let mut count = 0;
    leaves(layout, &mut |_| count += 1);
    count
}

/// The key with these components (as arguments are written: texts, numbers, digits); `None` in the place of one that is
/// not known, which is written `"*"`. The second value is true when the whole key is known.
pub fn key(layout: &str, components: &[Option<Json>]) -> (Json, bool) {
    let mut rest = components.iter();
    let mut complete = true;
    let key = build(layout, &mut rest, &mut complete, 0);
    (key, complete)
}

fn leaves<'a>(layout: &'a str, each: &mut dyn FnMut(&'a str)) {
    if layout.starts_with('\'') {
        return;
    }
    match layout.split_once('(') {
        Some((kind, inner)) => {
            for part in split(inner.strip_suffix(')').unwrap_or(inner)) {
                let part = if kind == "map" { part.split_once(':').map_or(part, |(_, ty)| ty) } else { part };
                leaves(part, each);
            }
        }
        None => each(layout),
    }
}

fn build<'a>(
    layout: &str,
    rest: &mut impl Iterator<Item = &'a Option<Json>>,
    complete: &mut bool,
    depth: usize,
) -> Json {
    if depth > 16 {
        *complete = false;
        return json!("*");
    }
    if let Some(symbol) = layout.strip_prefix('\'') {
        return json!({ "symbol": symbol });
    }
    if let Some((kind, inner)) = layout.split_once('(') {
        let parts = split(inner.strip_suffix(')').unwrap_or(inner));
        if kind == "map" {
            let mut entries = Vec::new();
            for part in parts {
                let (name, ty) = part.split_once(':').unwrap_or(("", part));
                let val = build(ty, rest, complete, depth + 1);
                entries.push(json!({ "key": { "symbol": name }, "val": val }));
            }
            return json!({ "map": entries });
        }
        let mut items = Vec::new();
        for part in parts {
            items.push(build(part, rest, complete, depth + 1));
        }
        return json!({ "vec": items });
    }
    let value = rest.next().and_then(Option::as_ref).and_then(|value| leaf(layout, value));
    *complete &= value.is_some();
    value.unwrap_or_else(|| json!("*"))
}

/// A value of a kind as the network writes it.
fn leaf(kind: &str, value: &Json) -> Option<Json> {
    let text = || match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    };
    Some(match kind {
        "bool" => json!({ "bool": value.as_bool()? }),
        "u32" => json!({ "u32": text()?.parse::<u32>().ok()? }),
        "i32" => json!({ "i32": text()?.parse::<i32>().ok()? }),
        // 64 bits and more are written as digits.
        "u64" | "timepoint" | "duration" => json!({ kind: text()?.parse::<u64>().ok()?.to_string() }),
        "i64" => json!({ kind: text()?.parse::<i64>().ok()?.to_string() }),
        "u128" => json!({ kind: text()?.parse::<u128>().ok()?.to_string() }),
        "i128" => json!({ kind: text()?.parse::<i128>().ok()?.to_string() }),
        "address" => {
            let address = text()?;
            // A multiplexed address is no key; which address it stands for is not written in it in clear.
            if address.starts_with('M') {
                return None;
            }
            json!({ "address": address })
        }
        "symbol" | "string" => json!({ kind: text()? }),
        "bytes" | "bytesn" => {
            let hex = text()?.trim_start_matches("0x").to_ascii_lowercase();
            let valid = hex.len() % 2 == 0 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
            json!({ "bytes": valid.then_some(hex)? })
        }
        _ => return None,
    })
}

/// Parts at commas outside of parentheses.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0usize, 0);
    for (at, char) in text.char_indices() {
        match char {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    if from < text.len() {
        parts.push(&text[from..]);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_kinds_of_values() {
        assert_eq!(payload("vec('Balance,address)").as_deref(), Some("address"));
        assert_eq!(payload("vec('Allowance,map(from:address,spender:address))").as_deref(), Some("map"));
        assert_eq!(payload("vec('Admin)"), None);
        assert_eq!(payload("'CAP"), None);
        assert_eq!(payload("vec(address,u32)"), None);
    }

    #[test]
    fn keys_are_those_of_the_network() {
        let layout = "vec('Allowance,map(from:address,spender:address),u32)";
        let known = [Some(json!("GA")), Some(json!("CB")), Some(json!("7"))];
        let expected = json!({ "vec": [{ "symbol": "Allowance" }, { "map": [
            { "key": { "symbol": "from" }, "val": { "address": "GA" } },
            { "key": { "symbol": "spender" }, "val": { "address": "CB" } }] }, { "u32": 7 }] });
        assert_eq!(key(layout, &known), (expected, true));
        assert_eq!(arity(layout), 3);
        let (_, complete) = key(layout, &[Some(json!("GA")), None, Some(json!(7))]);
        assert!(!complete);
        assert_eq!(key("'CAP", &[]), (json!({ "symbol": "CAP" }), true));
    }
}
