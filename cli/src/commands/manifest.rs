//! `manifest`: writes `crosslane.json`, or says whether it is up to date.

use std::path::PathBuf;

use crosslane_analyzer::manifest::{self, Manifest};

use super::Exit;
use crate::args::Common;
use crate::fail::Fail;
use crate::project::read_regular;
use crate::session::{self, Unit};
use crate::{binary, output, project};

/// Name of the file in a package's folder.
pub(crate) const FILE: &str = "crosslane.json";

/// Flags of `manifest`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write nothing; exit 1 if the file is not what would be written
    #[arg(long)]
    check: bool,
    /// Where to write; `-` is standard output [default: crosslane.json in the package's folder]
    #[arg(short, long, value_name = "FILE|-")]
    output: Option<PathBuf>,
    /// Take the manifest out of a binary that was built with `#[crosslane::contract(embed)]`, and note the binary's hash
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    binary: Option<PathBuf>,
}

/// Runs `manifest`.
pub(crate) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    if let Some(file) = &args.binary {
        return from_binary(args, file);
    }
    let units = session::load(common)?;
    let stdout = args.output.as_ref().is_some_and(|path| path.as_os_str() == "-");
    if let (Some(path), false) = (&args.output, stdout) {
        let target = project::absolute(path);
        return one(args, common, &units.iter().collect::<Vec<_>>(), &target);
    }
    if stdout {
        let all: Vec<&Unit> = units.iter().collect();
        output::show(&manifest::write(&session::manifest(&all)))?;
        return Ok(Exit::Clean);
    }
    let mut exit = Exit::Clean;
    let several = units.len() > 1;
    for unit in &units {
        // In a workspace only packages with a contract get a file.
        if several && unit.analysis.contracts.is_empty() {
            continue;
        }
        exit = exit.max(one(args, common, &[unit], &unit.project.dir.join(FILE))?);
    }
    Ok(exit)
}

fn one(args: &Args, common: &Common, units: &[&Unit], path: &std::path::Path) -> anyhow::Result<Exit> {
    let new = session::manifest(units);
    if !args.check {
        output::write_file(path, manifest::write(&new))?;
        if !common.quiet {
            let entries: usize = new.contracts.iter().map(|contract| contract.entries.len()).sum();
            output::tell(&format!("wrote {} ({entries} entry points)\n", path.display()))?;
        }
        return Ok(Exit::Clean);
    }
    let old = load(path)?;
    if manifest::same_ignoring_tool(&old, &new) {
        return Ok(Exit::Clean);
    }
    let mut text = format!(
        "{}error{:#}: {} is stale; run `cargo crosslane manifest` and commit it\n",
        output::ERROR,
        output::ERROR,
        path.display()
    );
    text.push_str(&super::diff::text(&old, &new, false));
    output::tell(&text)?;
    Ok(Exit::Findings)
}

/// Files above this many bytes are no contract.
const BINARY_LIMIT: u64 = 256 * 1024 * 1024;

/// Shows or writes what a binary says about itself.
fn from_binary(args: &Args, file: &std::path::Path) -> anyhow::Result<Exit> {
    let path = project::absolute(file);
    let fail = |why: String| Fail::new(why).file(&path);
    let data = std::fs::metadata(&path).map_err(|error| fail(format!("cannot be read: {error}")))?;
    if !data.is_file() || data.len() > BINARY_LIMIT {
        return Err(fail("this is no regular file, or larger than any contract".to_owned()).into());
    }
    let bytes = std::fs::read(&path).map_err(|error| fail(format!("cannot be read: {error}")))?;
    let section = binary::section(&bytes).map_err(|why| {
        fail(why).help("`#[crosslane::contract(embed)]` puts a manifest there; strip with a tool that keeps sections")
    })?;
    let text = std::str::from_utf8(section).map_err(|_| fail("its manifest is no text".to_owned()))?;
    let mut manifest =
        manifest::read(text.trim_end_matches('\0')).map_err(|error| fail(format!("its manifest: {error}")))?;
    let hash = binary::sha256(&bytes);
    for contract in &mut manifest.contracts {
        let (wasm_sha256, sha256) =
            if binary::is_wasm(&bytes) { (Some(hash.clone()), None) } else { (None, Some(hash.clone())) };
        let chain = contract.chain.model.clone();
        contract.code.push(manifest::v1::Code { chain, wasm_sha256, sha256, ..manifest::v1::Code::default() });
    }
    let text = manifest::write(&manifest);
    match &args.output {
        Some(path) if path.as_os_str() != "-" => output::write_file(&project::absolute(path), &text)?,
        _ => output::show(&text)?,
    }
    Ok(Exit::Clean)
}

/// Reads a manifest, or says what is wrong with it.
pub(crate) fn load(path: &std::path::Path) -> Result<Manifest, Fail> {
    let text = read_regular(path)
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Fail::new("there is no such file").file(path).help("`cargo crosslane manifest` writes it")
            }
            _ => Fail::new(format!("cannot be read: {error}")).file(path),
        })?
        .ok_or_else(|| Fail::new("this is not a text file").file(path))?;
    manifest::read(&text).map_err(|error| Fail::new(error.to_string()).file(path))
}
