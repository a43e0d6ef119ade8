//! `import`: what nodes and explorers print, as a batch.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use crosslane_analyzer::workload::import::{Imported, Kind, Known, RAW, import, raw_manifest};

use super::Exit;
use super::schedule::{plural, read_manifest};
use crate::args::Common;
use crate::fail::Fail;
use crate::output;

/// Flags of `import`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What the files are
    #[arg(value_name = "KIND", value_enum)]
    kind: KindFlag,
    /// The files; `-` for standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Manifests of contracts that are called
    #[arg(long, value_name = "FILE")]
    manifest: Vec<PathBuf>,
    /// Which contract is at which address: ADDRESS=NAME
    #[arg(long, value_name = "ADDRESS=NAME")]
    contract: Vec<String>,
    /// Where the batch goes; standard output when left out
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Also write the manifest of calls that are known by their locks only
    #[arg(long, value_name = "FILE")]
    raw_manifest: Option<PathBuf>,
}

/// `KIND`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KindFlag {
    /// Answers of Solana's getBlock
    SolanaBlock,
    /// Answers of Stellar's getTransactions, in JSON
    StellarLedger,
    /// Transactions of a Cosmos chain
    CosmosBlock,
}

impl KindFlag {
    fn kind(self) -> (Kind, &'static str) {
        match self {
            KindFlag::SolanaBlock => (Kind::SolanaBlock, "solana"),
            KindFlag::StellarLedger => (Kind::StellarLedger, "soroban"),
            KindFlag::CosmosBlock => (Kind::CosmosBlock, "keyed"),
        }
    }
}

/// Runs `import`.
pub(crate) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let (kind, model) = args.kind.kind();
    let manifests = args.manifest.iter().map(|path| read_manifest(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let contracts: Vec<_> = manifests.iter().flat_map(|manifest| &manifest.contracts).collect();
    let mut known = Known::default();
    for code in contracts.iter().flat_map(|contract| contract.code.iter().map(move |code| (*contract, code))) {
        if let Some(program) = &code.1.program_id {
            known.contracts.insert(program.clone(), code.0);
        }
    }
    for pair in &args.contract {
        let Some((address, name)) = pair.split_once('=') else {
            return Err(Fail::new(format!("`--contract {pair}`: expected ADDRESS=NAME")).into());
        };
        let Some(contract) = contracts.iter().find(|contract| contract.name == name) else {
            return Err(Fail::new(format!("there is no manifest of `{name}`")).help("give it with --manifest").into());
        };
        known.contracts.insert(address.to_owned(), contract);
    }
    known.only =
        if let ([only], true) = (contracts.as_slice(), known.contracts.is_empty()) { Some(*only) } else { None };
    let mut done = Imported::default();
    let mut out: Box<dyn Write> = match &args.output {
        Some(path) if path != Path::new("-") => {
            let file =
                File::create(path).map_err(|error| Fail::new(format!("cannot be written: {error}")).file(path))?;
            Box::new(BufWriter::new(file))
        }
        _ => Box::new(BufWriter::new(io::stdout().lock())),
    };
    for path in &args.files {
        let fail = |error: io::Error| Fail::new(format!("cannot be read: {error}")).file(path);
        let input: Box<dyn Read> = if path == Path::new("-") {
            Box::new(io::stdin().lock())
        } else {
            Box::new(File::open(path).map_err(fail)?)
        };
        // One document after the other: blocks may come one a line.
        for document in serde_json::Deserializer::from_reader(BufReader::new(input)).into_iter() {
            let document: serde_json::Value = document.map_err(|error| {
                let place = format!("{}:{}", path.display(), error.line());
                Fail::new(format!("this is no JSON ({error})")).file(Path::new(&place))
            })?;
            let mut broken: Option<io::Error> = None;
            import(kind, &document, &known, &mut done, &mut |line| {
                if broken.is_none() {
                    broken = writeln!(out, "{line}").err();
                }
            })
            .map_err(|message| Fail::new(message).file(path))?;
            if let Some(error) = broken {
                return Err(error.into());
            }
        }
    }
    if done.blocks == 0 {
        let files: Vec<String> = args.files.iter().map(|path| path.display().to_string()).collect();
        return Err(Fail::new(format!("there is no block in {}", files.join(", "))).into());
    }
    out.flush()?;
    if let Some(path) = &args.raw_manifest {
        output::write_file(path, format!("{}\n", serde_json::to_string_pretty(&raw_manifest(model))?))?;
    }
    if !common.quiet {
        output::tell(&summary(&done, args))?;
    }
    Ok(Exit::Clean)
}

fn summary(done: &Imported, args: &Args) -> String {
    let mut out = format!(
        "{} in {}: {} of contracts with a manifest, {} by locks or name only, {} without calls\n",
        plural(done.transactions, "transaction", "transactions"),
        plural(done.blocks, "document", "documents"),
        plural(done.calls, "call", "calls"),
        done.raw,
        done.skipped
    );
    for (block, account, share) in done.full.iter().take(20) {
        let _ = writeln!(out, "block {block}: account {account} used {:.0} % of its limit", share * 100.0);
    }
    if done.full.len() > 20 {
        let _ = writeln!(out, "and {} more accounts at 90 % or more", done.full.len() - 20);
    }
    if done.raw > 0 && args.raw_manifest.is_none() && args.kind != KindFlag::CosmosBlock {
        let _ = writeln!(
            out,
            "calls by locks are of the contract `{RAW}`: `--raw-manifest FILE` writes its manifest for `schedule --manifest`"
        );
    }
    out
}
