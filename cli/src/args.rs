//! The command line as typed. Names of verbs and flags are fixed (they appear in docs, CI files and editors); what they
//! mean is in `commands/`.

use std::path::PathBuf;

use clap::builder::Styles;
use clap::builder::styling::{AnsiColor, Effects};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .usage(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .literal(AnsiColor::Cyan.on_default().effects(Effects::BOLD))
    .placeholder(AnsiColor::Cyan.on_default());

const EXIT: &str = "Exit status: 0 clean, 1 findings at deny level or a stale manifest, 2 could not run.";

/// Says which calls of a Rust smart contract can run at the same time, which cannot, why, and what to change.
///
/// Reads source only: nothing of the contract is built or run, nothing is downloaded, nothing is written unasked.
#[derive(Debug, Parser)]
#[command(name = "cargo crosslane", bin_name = "cargo crosslane", version, styles = STYLES, after_help = EXIT)]
pub(crate) struct Cli {
    /// What to do; `check` when left out.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Flags of every verb.
    #[command(flatten)]
    pub(crate) common: Common,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Entry points, what holds them back, findings (the default)
    Check,
    /// Write crosslane.json, the footprint of every entry point
    Manifest(commands::manifest::Args),
    /// Which pairs of entry points conflict
    Matrix(commands::matrix::Args),
    /// Why two entry points conflict: both call paths, the key, the lines
    Why(commands::why::Args),
    /// What changed between two manifests or two git revisions
    Diff(commands::diff::Args),
    /// Schedule a batch of calls over lanes, or verify a schedule
    Schedule(Box<commands::schedule::Args>),
    /// Calls of a workload on the chain's own workers and limits, and what each cure would yield
    Simulate(commands::simulate::Args),
    /// One HTML page: entry points, conflicts, room in a block, cures
    Report(commands::report::Args),
    /// A workload profile read off recorded calls, and what will be hot next
    Profile(commands::profile::Args),
    /// Blocks as nodes and explorers print them, as a batch
    Import(commands::import::Args),
    /// Keys placed on shards so that calls rarely cross
    Shards(Box<commands::shards::Args>),
    /// Compare the footprints with a recorded trace
    Audit(commands::audit::Args),
    /// What a lint means and how to cure it
    Explain(commands::explain::Args),
    /// All lints, frameworks and chain models
    List(commands::list::Args),
    /// What one entry point touches
    Footprint(commands::footprint::Args),
    /// Accounts of instructions: declared locks and what the code does
    Accounts(commands::accounts::Args),
    /// A transaction against the program: locks without need, missing accounts, one account twice
    CheckTx(commands::check_tx::Args),
    /// An interface description against what the program declares
    IdlCheck(commands::idl_check::Args),
    /// Storage slots of one call, as an EIP-2930 access list
    AccessList(commands::access_list::Args),
    /// Keep a file of known findings
    Baseline(commands::baseline::Args),
    /// Write a commented crosslane.toml and say what to do next
    Init(commands::init::Args),
    /// Serve an editor: findings, fixes, hovers and lenses while you type
    Lsp(commands::lsp::Args),
    /// Check again whenever a file changes
    Watch(commands::watch::Args),
    /// Print a JSON schema or a table
    Schema(commands::schema::Args),
    /// Print shell completions
    Completions(commands::completions::Args),
    /// Write man pages into a folder
    Man(commands::man::Args),
}

/// Flags of every verb.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Common {
    /// Level of detail: more about what was read and how
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", value_enum)]
    pub(crate) color: Option<Color>,
    /// How findings are printed
    #[arg(long, global = true, value_name = "FORMAT", value_enum)]
    pub(crate) message_format: Option<Format>,
    /// Show folded entry points and findings too
    #[arg(long, global = true)]
    pub(crate) all: bool,
    /// With cargo-json: another checker whose lines come first, such as "cargo clippy --message-format json"
    #[arg(long, global = true, value_name = "COMMAND")]
    pub(crate) with: Option<String>,
    /// Keep finished reports of `check` in target/crosslane and show them again while nothing has changed
    #[arg(long, global = true)]
    pub(crate) cache: bool,
    /// Flags that choose packages and features.
    #[command(flatten)]
    pub(crate) select: Select,
    /// Flags of the analysis.
    #[command(flatten)]
    pub(crate) analysis: AnalysisFlags,
}

/// Cargo's selection flags.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Package selection")]
pub(crate) struct Select {
    /// Path to the contract's Cargo.toml
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) manifest_path: Option<PathBuf>,
    /// Package to look at
    #[arg(short, long, global = true, value_name = "SPEC")]
    pub(crate) package: Vec<String>,
    /// All packages of the workspace
    #[arg(long, global = true)]
    pub(crate) workspace: bool,
    /// Packages to leave out
    #[arg(long, global = true, value_name = "SPEC")]
    pub(crate) exclude: Vec<String>,
    /// Features to turn on
    #[arg(short = 'F', long, global = true, value_name = "FEATURES")]
    pub(crate) features: Vec<String>,
    /// Turn on all features
    #[arg(long, global = true)]
    pub(crate) all_features: bool,
    /// Do not turn on the `default` feature
    #[arg(long, global = true)]
    pub(crate) no_default_features: bool,
    /// Accepted as cargo's; crosslane never changes a lock file
    #[arg(long, global = true)]
    pub(crate) locked: bool,
    /// Accepted as cargo's; crosslane never downloads
    #[arg(long, global = true)]
    pub(crate) offline: bool,
    /// Accepted as cargo's
    #[arg(long, global = true, hide = true)]
    pub(crate) frozen: bool,
}

/// Flags that change what is analysed and reported.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Analysis")]
pub(crate) struct AnalysisFlags {
    /// Take this framework instead of finding out
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) framework: Option<String>,
    /// Chain model: solana, soroban, occ, evm, account-serial, keyed, merge, merge:bounds=runtime
    #[arg(long, global = true, value_name = "MODEL")]
    pub(crate) chain: Option<String>,
    /// Another package whose code this one calls
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) also: Vec<PathBuf>,
    /// Measured costs of entry points
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) costs: Option<PathBuf>,
    /// What conflicts speak about: this contract's own state, or everything its calls reach
    #[arg(long, global = true, value_name = "SCOPE", value_enum)]
    pub(crate) external: Option<External>,
    /// Known findings to hide
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Fail on this lint
    #[arg(short = 'D', long, global = true, value_name = "LINT")]
    pub(crate) deny: Vec<String>,
    /// Warn of this lint
    #[arg(short = 'W', long, global = true, value_name = "LINT")]
    pub(crate) warn: Vec<String>,
    /// Do not report this lint
    #[arg(short = 'A', long, global = true, value_name = "LINT")]
    pub(crate) allow: Vec<String>,
    /// Apply fixes that keep behaviour as it is
    #[arg(long, global = true)]
    pub(crate) fix: bool,
    /// With --fix: also fixes that may change behaviour
    #[arg(long, global = true, requires = "fix")]
    pub(crate) unsafe_fixes: bool,
    /// With --fix: show the edits and write nothing
    #[arg(long, global = true, requires = "fix")]
    pub(crate) dry_run: bool,
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// `--message-format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// A table and findings with source
    #[default]
    Human,
    /// One line a finding
    Short,
    /// One JSON object
    Json,
    /// JSON lines as cargo prints them, for rust-analyzer
    CargoJson,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub's runners
    Github,
}

/// `--external`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum External {
    /// This contract's cells
    Own,
    /// Everything a transaction reaches
    Transaction,
}
