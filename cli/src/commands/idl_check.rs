//! `idl-check`: an interface description (Anchor of either form, Shank, Codama) against what the program declares.

use std::fmt::Write as _;
use std::path::PathBuf;

use crosslane_analyzer::costs::plain;
use crosslane_analyzer::ir::{AccountParam, Entry};
use serde_json::Value;

use super::Exit;
use crate::args::Common;
use crate::fail::Fail;
use crate::output;
use crate::session;

/// Flags of `idl-check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The interface description, of any version of Anchor, Shank or Codama
    #[arg(value_name = "IDL.json")]
    idl: PathBuf,
}

/// One account of a description: name as it spells it, structs' names in front, writable, signer.
type Described = (String, bool, bool);

/// Accounts of an instruction, structs in structs flattened.
fn accounts(list: &Value, prefix: &str, out: &mut Vec<Described>) {
    for one in list.as_array().into_iter().flatten() {
        let name = one.get("name").and_then(Value::as_str).unwrap_or("");
        let path = format!("{prefix}{name}");
        if let Some(inner) = one.get("accounts") {
            accounts(inner, &format!("{path}."), out);
            continue;
        }
        let flag = |names: &[&str]| {
            names
                .iter()
                .filter_map(|name| one.get(*name))
                .any(|value| value.as_bool() == Some(true) || value.as_str() == Some("either"))
        };
        out.push((path, flag(&["writable", "isMut", "isWritable"]), flag(&["signer", "isSigner"])));
    }
}

fn name_of(instruction: &Value) -> Option<&str> {
    instruction.get("name").and_then(Value::as_str)
}

/// Without case and underscores, which the forms of descriptions set differently.
fn path(name: &str) -> String {
    name.split('.').map(plain).collect::<Vec<_>>().join(".")
}

/// Runs `idl-check`.
pub(crate) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let value = super::json_of(&args.idl)?;
    let program = value.get("program").unwrap_or(&value);
    let Some(instructions) = program.get("instructions").and_then(Value::as_array) else {
        return Err(Fail::new("this is no interface description: it has no list `instructions`")
            .file(&args.idl)
            .into());
    };
    let units = session::load(common)?;
    let (mut out, mut known) = (String::new(), 0);
    let mut theirs: Vec<Option<&str>> = instructions.iter().map(name_of).collect();
    for judged in session::judged(&units)? {
        for entry in &judged.contract.entries {
            let Some(ours) = &entry.accounts else { continue };
            let name = plain(&entry.name);
            let Some(at) = instructions.iter().position(|one| name_of(one).map(plain).as_ref() == Some(&name)) else {
                let _ = writeln!(out, "{}: not in the description", entry.name);
                continue;
            };
            known += 1;
            theirs[at] = None;
            let mut described = Vec::new();
            accounts(instructions[at].get("accounts").unwrap_or(&Value::Null), "", &mut described);
            differences(entry, ours, &described, &mut out);
        }
    }
    if known == 0 {
        return Err(Fail::new("no instruction of this description is one of the program's")
            .file(&args.idl)
            .help("is it the description of another program?")
            .into());
    }
    for name in theirs.into_iter().flatten() {
        let _ = writeln!(out, "{name}: only in the description");
    }
    if out.is_empty() {
        let noun = if known == 1 { "instruction" } else { "instructions" };
        output::show(&format!("{known} {noun}, as the program declares them\n"))?;
        return Ok(Exit::Clean);
    }
    output::show(&format!("XL306 idl-drift\n{out}"))?;
    Ok(Exit::Findings)
}

fn differences(entry: &Entry, ours: &[AccountParam], theirs: &[Described], out: &mut String) {
    let flags = |writable: bool, signer: bool| match (writable, signer) {
        (true, true) => "writable signer",
        (true, false) => "writable",
        (false, true) => "signer",
        (false, false) => "read-only",
    };
    if ours.len() != theirs.len() {
        let _ = writeln!(out, "{}: {} accounts, the description has {}", entry.name, ours.len(), theirs.len());
    }
    for (at, (one, (name, writable, signer))) in ours.iter().zip(theirs).enumerate() {
        if path(&one.name) != path(name) {
            let _ = writeln!(out, "{}: account {at} is `{}`, in the description `{name}`", entry.name, one.name);
        } else if (one.writable, one.signer) != (*writable, *signer) {
            let (ours, theirs) = (flags(one.writable, one.signer), flags(*writable, *signer));
            let _ = writeln!(out, "{}: `{}` is {ours}, in the description {theirs}", entry.name, one.name);
        }
    }
}
