//! Manifests: the wire types of version 1, reading and writing them, and what a reader must refuse.

mod build;
mod diff;
pub mod footprint;
pub mod layout;
mod load;
mod value;

pub(crate) use value::{hex, unhex};

pub mod v1;

use serde::Deserialize;

pub use build::{BuildOptions, MAX_CONFLICTS, build, contract_with};
pub use diff::{
    CellChange, ClassChange, ConflictChange, ContractDiff, Layout, LockChange, ManifestDiff, Presence, diff, locks,
    same_ignoring_tool, type_text,
};
pub use load::contract as to_ir;
pub use v1::Manifest;

/// Values of a contract's `requires` that this version understands. Everything in the format of version 1 is understood
/// without being listed, so there is none yet.
pub const KNOWN_REQUIRES: &[&str] = &[];

/// Why a manifest cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON, or not of the manifest's shape.
    #[error("line {line}, column {column}: {message}; regenerate it with `cargo crosslane manifest`")]
    Syntax {
        /// One-based line.
        line: usize,
        /// One-based column.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A version this program does not know.
    #[error("the manifest is of version {found} and this crosslane reads version 1; install a newer crosslane")]
    Version {
        /// The version in the file.
        found: u64,
    },
    /// A contract needs a feature of the format that this program does not know.
    #[error(
        "contract `{contract}` requires `{feature}`, which this crosslane does not know; install a newer crosslane, or \
         regenerate the manifest with this one"
    )]
    Requires {
        /// The contract.
        contract: String,
        /// The feature.
        feature: String,
    },
    /// The parts do not fit together.
    #[error("contract `{contract}`: {message}; regenerate it with `cargo crosslane manifest`")]
    Inconsistent {
        /// The contract.
        contract: String,
        /// What is wrong.
        message: String,
    },
}

/// Reads a manifest.
///
/// # Errors
/// [`ManifestError`] when the text is no manifest of version 1, a contract requires what is not known, or an access names a
/// cell that the contract does not list.
pub fn read(text: &str) -> Result<Manifest, ManifestError> {
    #[derive(Deserialize)]
    struct Probe {
        version: serde_json::Value,
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let probe: Probe = serde_json::from_str(text).map_err(|error| syntax(&error))?;
    match probe.version.as_u64() {
        Some(version) if version == u64::from(v1::VERSION) => {}
        Some(found) => return Err(ManifestError::Version { found }),
        None => {
            let message = "`version` must be the number 1".to_owned();
            return Err(ManifestError::Syntax { line: 1, column: 1, message });
        }
    }
    let manifest: Manifest = serde_json::from_str(text).map_err(|error| syntax(&error))?;
    for (at, contract) in manifest.contracts.iter().enumerate() {
        if let Some(feature) = contract.requires.iter().find(|name| !KNOWN_REQUIRES.contains(&name.as_str())) {
            return Err(ManifestError::Requires { contract: contract.name.clone(), feature: feature.clone() });
        }
        let inconsistent = |message| ManifestError::Inconsistent { contract: contract.name.clone(), message };
        if manifest.contracts[..at].iter().any(|other| other.name == contract.name) {
            return Err(inconsistent("there are two contracts of this name".to_owned()));
        }
        check(contract).map_err(inconsistent)?;
    }
    Ok(manifest)
}

/// What a reader relies on: cells and entries have unique names, and every access names a cell. An access to a cell that is
/// not there cannot be read as nothing.
fn check(contract: &v1::Contract) -> Result<(), String> {
    let mut cells = std::collections::BTreeSet::new();
    for cell in &contract.cells {
        if !cells.insert(cell.id.as_str()) {
            return Err(format!("there are two cells `{}`", cell.id));
        }
    }
    let mut entries = std::collections::BTreeSet::new();
    for entry in &contract.entries {
        if !entries.insert(entry.name.as_str()) {
            return Err(format!("there are two entries `{}`", entry.name));
        }
        if let Some(access) = entry.accesses.iter().find(|access| !cells.contains(access.cell.as_str())) {
            return Err(format!("entry `{}` touches `{}`, which is no cell of it", entry.name, access.cell));
        }
    }
    match contract.entries.iter().find(|entry| entry.refines.as_ref().is_some_and(|of| !entries.contains(of.as_str())))
    {
        Some(entry) => Err(format!("entry `{}` refines an entry that is not there", entry.name)),
        None => Ok(()),
    }
}

fn syntax(error: &serde_json::Error) -> ManifestError {
    let text = error.to_string();
    // serde_json appends " at line L column C"; the position is told in our own words.
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message).to_owned();
    ManifestError::Syntax { line: error.line(), column: error.column(), message }
}

/// The JSON schema of manifest version 1: what this version writes.
#[cfg(feature = "schema")]
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Manifest);
    // Terms, types and constants are written by hand and refer to each other.
    schema.insert("title".to_owned(), "Crosslane manifest, version 1".into());
    let mut value = schema.to_value();
    if let Some(definitions) = value.get_mut("$defs").and_then(serde_json::Value::as_object_mut) {
        let fields = serde_json::json!({ "type": "array", "items": { "type": "object", "required": ["name", "type"],
            "properties": { "name": { "type": "string" }, "type": { "$ref": "#/$defs/Type" } } } });
        definitions.insert("Fields".to_owned(), fields);
    }
    value
}

/// Text of a JSON schema, laid out like manifests.
#[cfg(feature = "schema")]
pub fn schema_text() -> String {
    pretty(&schema())
}

/// The text on one line, as in binaries: every byte costs there.
pub fn write_compact(manifest: &Manifest) -> String {
    serde_json::to_string(manifest).unwrap_or_default()
}

/// Text of a manifest: UTF-8, keys in the order of the types, small values on one line, a newline at the end.
pub fn write(manifest: &Manifest) -> String {
    let mut out = String::new();
    match serde_json::to_value(manifest) {
        Ok(value) => print(&value, 0, 0, &mut out),
        // Every type here turns into JSON; there are no maps with keys that are not text.
        Err(error) => out.push_str(&error.to_string()),
    }
    out.push('\n');
    out
}

/// Any JSON value laid out like manifests: small values on one line, a newline at the end.
pub fn pretty(value: &serde_json::Value) -> String {
    let mut out = String::new();
    print(value, 0, 0, &mut out);
    out.push('\n');
    out
}

/// Widest line that holds a whole value.
const WIDTH: usize = 120;

/// Writes a value on one line if it fits after `used` characters, else spread over lines.
fn print(value: &serde_json::Value, indent: usize, used: usize, out: &mut String) {
    use serde_json::Value;
    let flat = flat(value);
    let spread = match value {
        Value::Array(items) => !items.is_empty() && used + flat.chars().count() > WIDTH,
        // The manifest itself and its contracts, entries and so on always spread: diffs of them read better.
        Value::Object(map) => {
            // A span stays on one line: it says one thing.
            let width = if map.get("end_column").is_some_and(Value::is_number) { usize::MAX } else { WIDTH };
            !map.is_empty() && (indent < 6 || used + flat.chars().count() > width)
        }
        _ => false,
    };
    if !spread {
        out.push_str(&flat);
        return;
    }
    let pad = |out: &mut String, depth: usize| {
        out.push('\n');
        (0..depth).for_each(|_| out.push(' '));
    };
    match value {
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                pad(out, indent + 2);
                print(item, indent + 2, indent + 3, out);
            }
            pad(out, indent);
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (at, (key, item)) in map.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                pad(out, indent + 2);
                let key = Value::String(key.clone()).to_string();
                out.push_str(&key);
                out.push_str(": ");
                print(item, indent + 2, indent + 5 + key.chars().count(), out);
            }
            pad(out, indent);
            out.push('}');
        }
        _ => {}
    }
}

/// A value on one line, with a space after `:` and `,`.
fn flat(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(flat).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let fields: Vec<String> =
                map.iter().map(|(key, item)| format!("{}: {}", Value::String(key.clone()), flat(item))).collect();
            format!("{{ {} }}", fields.join(", ")).replace("{  }", "{}")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod build_tests;

#[cfg(test)]
mod tests {
    use super::v1::*;
    use super::*;

    #[test]
    fn terms_survive_a_round_trip() {
        for text in [
            r#"{"const":5}"#,
            r#"{"const":"x"}"#,
            r#"{"const":true}"#,
            r#"{"const":{"bytes":"00ff"}}"#,
            r#"{"const":{"name":"Foo"}}"#,
            r#"{"arg":"recipient"}"#,
            r#"{"arg":"members[].addr","elem":3}"#,
            r#"{"arg":"a{}.b#c.0?"}"#,
            r#""caller""#,
            r#""origin""#,
            r#""self""#,
            r#"{"env":"block.height","scope":"block"}"#,
            r#"{"account":"pool"}"#,
            r#"{"load":{"cell":"C","key":["caller"],"field":"owner"}}"#,
            r#"{"fn":"hash","of":["caller"],"injective":true}"#,
            r#"{"coalesce":["caller","self"]}"#,
            r#"{"prefix":[]}"#,
            r#""any""#,
        ] {
            let term: Term = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&term).unwrap(), text);
            assert_eq!(term == Term::Any, text == r#""any""#, "{text}");
        }
    }

    #[test]
    fn unknown_terms_modes_and_types_are_the_widest() {
        for text in [
            r#"{"zk":1}"#,
            r#""sender""#,
            "7",
            "null",
            r#"{"arg":"a..b"}"#,
            r#"{"arg":"a","slice":2}"#,
            r#"{"const":1.5}"#,
        ] {
            assert_eq!(serde_json::from_str::<Term>(text).unwrap(), Term::Any, "{text}");
        }
        assert_eq!(serde_json::from_str::<Mode>(r#""peek""#).unwrap(), Mode::Update);
        assert_eq!(serde_json::from_str::<OpGroup>(r#""mul""#).unwrap(), OpGroup::Other);
        assert!(matches!(serde_json::from_str::<Type>(r#"{"decimal":18}"#).unwrap(), Type::Opaque(_)));
        assert!(matches!(serde_json::from_str::<Type>(r#"{"uint":8,"encoding":"gray"}"#).unwrap(), Type::Opaque(_)));
        let env: Term = serde_json::from_str(r#"{"env":"x","scope":"epoch"}"#).unwrap();
        assert!(matches!(env, Term::Env { scope: EnvScope::Call, .. }));
    }

    #[test]
    fn types_survive_a_round_trip() {
        for text in [
            r#"{"uint":128}"#,
            r#"{"int":8}"#,
            r#""bool""#,
            r#""string""#,
            r#"{"string":"lower"}"#,
            r#"{"bytes":"base64"}"#,
            r#"{"address":"bech32"}"#,
            r#"{"option":{"list":"bool"}}"#,
            r#"{"map":["string",{"uint":8}]}"#,
            r#"{"tuple":[]}"#,
            r#"{"struct":"S","fields":[{"name":"a","type":"bool"}]}"#,
            r#"{"enum":"E","tag":"external","variants":[{"name":"a"},{"name":"b","fields":[{"name":"0","type":"bool"}]}]}"#,
            r#"{"opaque":"T"}"#,
        ] {
            let ty: Type = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&ty).unwrap(), text);
        }
    }

    #[test]
    fn large_integers_are_strings() {
        assert_eq!(Const::Int(1 << 53).to_json().to_string(), "9007199254740992");
        assert_eq!(Const::Int((1 << 53) + 1).to_json().to_string(), "\"9007199254740993\"");
        assert_eq!(Const::Int(i128::MIN).to_json().to_string(), format!("\"{}\"", i128::MIN));
    }

    #[test]
    fn errors_name_the_place_and_the_way_out() {
        let error = read("{\n  \"version\": 1,\n  \"contracts\": [ { } ]\n}").unwrap_err();
        let ManifestError::Syntax { line, .. } = &error else { panic!("{error}") };
        assert_eq!(*line, 3);
        assert!(error.to_string().contains("name"), "{error}");
        assert!(read("").unwrap_err().to_string().contains("line 1"));
        assert_eq!(read(r#"{"version":2,"contracts":7}"#).unwrap_err(), ManifestError::Version { found: 2 });
        assert!(read(r#"{"version":"one"}"#).is_err());
        let error = read(r#"{"version":1,"contracts":[{"name":"c","requires":["time-travel"]}]}"#).unwrap_err();
        assert!(error.to_string().contains("`c` requires `time-travel`"), "{error}");
        let text = r#"{"version":1,"contracts":[{"name":"c","entries":[{"name":"e","accesses":[{"cell":"X"}]}]}]}"#;
        assert!(read(text).unwrap_err().to_string().contains("touches `X`"));
    }

    #[test]
    fn written_text_reads_back() {
        let text = r#"{"version":1,"tool":"t","contracts":[{"name":"c","cells":[{"id":"A","keys":["string"]}],
            "entries":[{"name":"e","accesses":[{"cell":"A","key":["caller"],"mode":"commute","op":{"group":"add","name":"sub"},
            "bounds":[{"side":"lower","limit":{"const":0}}]}]}]}]}"#;
        let manifest = read(text).unwrap();
        let written = write(&manifest);
        assert!(written.ends_with("}\n"));
        assert!(written.lines().all(|line| line.chars().count() <= WIDTH + 1), "{written}");
        assert_eq!(read(&written).unwrap(), manifest);
        assert_eq!(write(&read(&written).unwrap()), written);
    }
}
