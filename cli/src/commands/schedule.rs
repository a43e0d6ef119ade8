//! `schedule`: a batch of calls over lanes; `schedule verify`: does a schedule respect every conflict.
//!
//! Blocks are independent of each other, so several batches (or a folder of them) are scheduled side by side.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use clap::ValueEnum;
use crosslane_analyzer::manifest::{self, Manifest};
use crosslane_analyzer::schedule::io::{
    Again, Format as BatchFormat, IngestOptions, InputError, LeftOut, Loaded, Report, read_batch, read_state,
    write_schedule,
};
use crosslane_analyzer::schedule::{
    Batch, Budget, Evaluator, EvaluatorOptions, Full, Limits, Method, Order, Request, Scope, Selection, State,
    percentiles, plan, select, stages, stages_within, verify_stages,
};

use super::Exit;
use crate::args::{Common, External, Format};
use crate::fail::Fail;
use crate::output;

/// Flags of `schedule`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// What is scheduled.
    #[command(flatten)]
    input: Input,
    /// Lanes (workers, clusters); the chain model's number when left out
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    lanes: Option<u32>,
    /// What the schedule is written as
    #[arg(long, value_name = "SHAPE", value_enum, default_value_t)]
    shape: Shape,
    /// How lanes are filled: best, streaming, or window=N to look N calls ahead
    #[arg(long, value_name = "METHOD", default_value = "best", value_parser = method)]
    method: Method,
    /// In free order: no call overtakes a waiting one of higher priority
    #[arg(long)]
    reserve: bool,
    /// Leave calls out by the chain's own limits; costs must be in the chain's unit
    #[arg(long, conflicts_with_all = ["block_limit", "lane_limit", "unit_limit"])]
    chain_limits: bool,
    /// Leave calls out once the block costs this much
    #[arg(long, value_name = "COST")]
    block_limit: Option<u64>,
    /// Leave calls out that would end later than this on their lane
    #[arg(long, value_name = "COST")]
    lane_limit: Option<u64>,
    /// Leave calls out once the calls that write one unit cost this much
    #[arg(long, value_name = "COST")]
    unit_limit: Option<u64>,
    /// Where the schedule goes: a file, `-` for standard output, with several batches a folder
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Verbs below `schedule`.
#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Check a schedule against its manifest and batch
    Verify(super::verify::Args),
}

/// What calls mean.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Meaning {
    /// Manifest of a contract; repeat for several contracts
    #[arg(long, value_name = "FILE", default_value = "crosslane.json")]
    pub(super) manifest: Vec<PathBuf>,
    /// State the block starts in, for keys that are read from state
    #[arg(long, value_name = "FILE")]
    pub(super) state: Option<PathBuf>,
    /// Contracts by address, for calls out: a JSON object
    #[arg(long, value_name = "FILE")]
    pub(super) deployments: Option<PathBuf>,
}

/// A batch and what its calls mean.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Input {
    /// Manifests and what belongs to them.
    #[command(flatten)]
    pub(super) meaning: Meaning,
    /// Calls, one a line (.jsonl, .csv), `-` for standard input, or a folder of such files; may be repeated
    #[arg(long, value_name = "FILE", required = true)]
    batch: Vec<PathBuf>,
    /// Order of conflicting calls
    #[arg(long, value_name = "ORDER", value_enum, default_value_t)]
    order: OrderFlag,
    /// How the batch is written, when its name does not say
    #[arg(long, value_name = "FORMAT", value_enum)]
    input_format: Option<InputFormat>,
    /// Calls that cannot be read conflict with everything instead of stopping the run
    #[arg(long)]
    keep_going: bool,
    /// Most calls of one batch
    #[arg(long, value_name = "N", default_value_t = 1 << 24)]
    max_calls: u32,
}

/// `--order`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum OrderFlag {
    /// Conflicting calls keep block order
    #[default]
    Preserve,
    /// They may change order; by priority where calls have one
    Free,
}

/// `--shape`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Shape {
    /// A lane, a start and an end for every call
    #[default]
    Lanes,
    /// Groups of calls that do not conflict, one after the other
    Waves,
    /// Lanes, and the waits between calls
    Dag,
    /// Stages and clusters as CAP-0063 has them
    Stages,
}

/// `--input-format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum InputFormat {
    /// One JSON object a line
    Jsonl,
    /// Comma-separated with a header
    Csv,
    /// Parquet with the same columns, where the command was built with it
    Parquet,
}

fn method(text: &str) -> Result<Method, String> {
    match text {
        "best" => Ok(Method::Best),
        "streaming" => Ok(Method::Streaming),
        _ => {
            let window =
                text.strip_prefix("window=").and_then(|number| number.parse().ok()).filter(|&number| number > 0);
            window.map(Method::Window).ok_or_else(|| "expected best, streaming, or window=N with N from 1".to_owned())
        }
    }
}

/// Runs `schedule` or `schedule verify`.
pub(crate) fn run(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    match &args.verb {
        Some(Verb::Verify(verify)) => super::verify::run(verify, common),
        None => schedule(args, common),
    }
}

/// Everything that is the same for all batches of a run.
pub(super) struct Setting {
    pub(super) evaluator: Evaluator,
    pub(super) state: State,
    pub(super) order: Order,
}

pub(super) fn setting(input: &Input, common: &Common) -> anyhow::Result<Setting> {
    let (evaluator, state) = meaning(&input.meaning, common)?;
    let order = match input.order {
        OrderFlag::Preserve => Order::Preserve,
        OrderFlag::Free => Order::Free,
    };
    Ok(Setting { evaluator, state, order })
}

/// Manifests, compiled, and the state.
pub(crate) fn meaning(input: &Meaning, common: &Common) -> anyhow::Result<(Evaluator, State)> {
    compiled(&manifests(input)?, input, common)
}

/// The manifests.
pub(super) fn manifests(input: &Meaning) -> anyhow::Result<Vec<Manifest>> {
    input.manifest.iter().map(|path| read_manifest(path)).collect()
}

/// Manifests that are read already, compiled, and the state.
pub(super) fn compiled(manifests: &[Manifest], input: &Meaning, common: &Common) -> anyhow::Result<(Evaluator, State)> {
    let deployments = deployments(input)?;
    let options = EvaluatorOptions {
        chain: common.analysis.chain.clone(),
        scope: match common.analysis.external {
            Some(External::Own) => Scope::Own,
            Some(External::Transaction) | None => Scope::Transaction,
        },
        deployments,
    };
    let evaluator = Evaluator::new(manifests, &options).map_err(|error| Fail::new(error.to_string()))?;
    let state = match &input.state {
        Some(path) => {
            let mut file = File::open(path).map_err(|error| Fail::new(format!("cannot read: {error}")).file(path))?;
            read_state(&mut file, &evaluator).map_err(|error| input_fail(&error, path))?
        }
        None => State::new(),
    };
    Ok((evaluator, state))
}

pub(super) fn deployments(input: &Meaning) -> anyhow::Result<BTreeMap<String, String>> {
    let Some(path) = &input.deployments else { return Ok(BTreeMap::new()) };
    let text = read_text(path)?;
    Ok(serde_json::from_str(&text).map_err(|error| Fail::new(format!("{error}")).file(path))?)
}

pub(super) fn read_text(path: &Path) -> anyhow::Result<String> {
    Ok(fs::read_to_string(path).map_err(|error| Fail::new(format!("cannot read: {error}")).file(path))?)
}

pub(super) fn read_manifest(path: &Path) -> anyhow::Result<Manifest> {
    let text = fs::read_to_string(path).map_err(|error| {
        let fail = Fail::new(format!("cannot read the manifest: {error}")).file(path);
        fail.help("`cargo crosslane manifest` writes one; `--manifest FILE` names another")
    })?;
    Ok(manifest::read(&text).map_err(|error| Fail::new(error.to_string()).file(path))?)
}

fn input_fail(error: &InputError, path: &Path) -> Fail {
    match error {
        InputError::Io(error) => Fail::new(format!("cannot read: {error}")).file(path),
        InputError::Line(bad) => {
            let shown = format!("{}:{}", path.display(), bad.line);
            let fail = Fail::new(bad.message.clone()).file(Path::new(&shown));
            fail.help("`--keep-going` schedules a call that cannot be read as one that conflicts with everything")
        }
    }
}

/// A file of calls, for those of which more has to be told than stands in the schedule.
#[derive(Debug)]
struct Reread(Mutex<File>);

impl Reread {
    /// `None` for what can be read only once.
    fn open(path: &Path) -> Option<Arc<dyn Again>> {
        let file = File::open(path).ok().filter(|file| file.metadata().is_ok_and(|found| found.is_file()))?;
        Some(Arc::new(Reread(Mutex::new(file))))
    }
}

impl Again for Reread {
    fn bytes(&self, from: u64, length: usize) -> Option<Vec<u8>> {
        let mut file = self.0.lock().ok()?;
        let mut out = vec![0; length];
        file.seek(SeekFrom::Start(from)).ok()?;
        file.read_exact(&mut out).ok()?;
        Some(out)
    }
}

/// Reads a batch; without `keep_text` the texts of a file's calls are read again where they are needed.
pub(super) fn load(
    path: &Path,
    input: &Input,
    setting: &Setting,
    threads: usize,
    keep_text: bool,
) -> anyhow::Result<Loaded> {
    let ends = |wanted: &str| path.extension().is_some_and(|end| end.eq_ignore_ascii_case(wanted));
    let written = input.input_format.unwrap_or(match () {
        () if ends("csv") => InputFormat::Csv,
        () if ends("parquet") => InputFormat::Parquet,
        () => InputFormat::Jsonl,
    });
    let columns = written == InputFormat::Parquet;
    let format = if written == InputFormat::Csv { BatchFormat::Csv } else { BatchFormat::JsonLines };
    let options = IngestOptions {
        format,
        order: setting.order,
        keep_going: input.keep_going,
        limits: Limits { calls: input.max_calls, ..Limits::default() },
        threads,
        keep_text: true,
        again: if keep_text || columns { None } else { Reread::open(path) },
        bytes: fs::metadata(path).ok().map(|found| found.len()).filter(|_| !columns),
        ..IngestOptions::default()
    };
    let mut reader: Box<dyn Read> = if columns {
        rows(path)?
    } else if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).map_err(|error| Fail::new(format!("cannot read the batch: {error}")).file(path))?)
    };
    Ok(read_batch(&mut *reader, &setting.evaluator, &setting.state, &options)
        .map_err(|error| input_fail(&error, path))?)
}

/// The rows of a Parquet file as lines of JSON.
#[cfg(feature = "parquet")]
fn rows(path: &Path) -> anyhow::Result<Box<dyn Read>> {
    Ok(Box::new(super::parquet::Rows::open(path)?))
}

#[cfg(not(feature = "parquet"))]
fn rows(path: &Path) -> anyhow::Result<Box<dyn Read>> {
    let fail = Fail::new("this build does not read Parquet").file(path);
    Err(fail.help("`cargo install cargo-crosslane --features parquet` makes one that does").into())
}

/// Files of all `--batch`, those of a folder by name.
pub(super) fn batches(input: &Input) -> anyhow::Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    for path in &input.batch {
        if path.is_dir() {
            let mut found = Vec::new();
            for entry in fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))? {
                let file = entry?.path();
                if file.extension().is_some_and(|end| end == "jsonl" || end == "csv" || end == "parquet") {
                    found.push(file);
                }
            }
            if found.is_empty() {
                return Err(Fail::new("there is no .jsonl, .csv or .parquet file in this folder").file(path).into());
            }
            found.sort();
            out.extend(found);
        } else {
            out.push(path.clone());
        }
    }
    Ok(out)
}

/// Where a schedule goes.
enum To<'a> {
    Nowhere,
    Memory,
    /// A file, as it is made.
    File(&'a Path),
}

impl To<'_> {
    /// Puts there what `write` writes; what is in memory is returned.
    fn put(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<Option<Vec<u8>>> {
        let mut out = Vec::new();
        match self {
            To::Nowhere => return Ok(None),
            To::Memory => write(&mut out)?,
            To::File(path) => {
                output::write_file_with(path, |file| {
                    let mut file = BufWriter::with_capacity(1 << 16, file);
                    write(&mut file)?;
                    file.flush()
                })?;
                return Ok(None);
            }
        }
        Ok(Some(out))
    }
}

/// What became of one batch.
struct Done {
    summary: String,
    json: Option<Vec<u8>>,
    bad: Vec<String>,
}

fn schedule(args: &Args, common: &Common) -> anyhow::Result<Exit> {
    let setting = setting(&args.input, common)?;
    let files = batches(&args.input)?;
    let json_format = common.message_format == Some(Format::Json);
    let to_stdout = args.output.as_deref() == Some(Path::new("-")) || (args.output.is_none() && json_format);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if let [file] = files.as_slice() {
        let to = match &args.output {
            _ if to_stdout => To::Memory,
            Some(path) => To::File(path),
            None => To::Nowhere,
        };
        let done = one(file, args, &setting, cores, &to)?;
        tell_bad(&done, common)?;
        match (to, done.json) {
            (To::File(_), _) => show_summary(&done.summary, common)?,
            (_, Some(json)) => {
                let mut out = BufWriter::new(io::stdout().lock());
                out.write_all(&json)?;
                out.flush()?;
                if !common.quiet {
                    output::tell(&done.summary)?;
                }
            }
            (_, None) => output::show(&done.summary)?,
        }
        return Ok(Exit::Clean);
    }
    several(&files, args, &setting, common, cores, to_stdout)
}

fn show_summary(summary: &str, common: &Common) -> anyhow::Result<()> {
    if common.quiet { Ok(()) } else { output::show(summary) }
}

fn tell_bad(done: &Done, common: &Common) -> anyhow::Result<()> {
    if common.quiet || done.bad.is_empty() {
        return Ok(());
    }
    let mut text = String::new();
    for line in done.bad.iter().take(20) {
        let _ = writeln!(text, "warning: {line}");
    }
    if done.bad.len() > 20 {
        let _ = writeln!(text, "warning: and {} more lines", done.bad.len() - 20);
    }
    output::tell(&text)
}

/// Schedules files side by side; results are told in the order of the files.
fn several(
    files: &[PathBuf],
    args: &Args,
    setting: &Setting,
    common: &Common,
    cores: usize,
    to_stdout: bool,
) -> anyhow::Result<Exit> {
    if let Some(folder) = args.output.as_deref().filter(|_| !to_stdout) {
        if folder.is_file() {
            return Err(Fail::new("with several batches `--output` is a folder").file(folder).into());
        }
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let to = if to_stdout || args.output.is_some() { To::Memory } else { To::Nowhere };
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<anyhow::Result<Done>>>> = files.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for _ in 0..cores.min(files.len()) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let (Some(file), Some(slot)) = (files.get(at), results.get(at)) else { return };
                    let done = one(file, args, setting, 1, &to);
                    if let Ok(mut slot) = slot.lock() {
                        *slot = Some(done);
                    }
                }
            });
        }
    });
    let mut stdout = BufWriter::new(io::stdout().lock());
    for (file, result) in files.iter().zip(results) {
        let done = result.into_inner().ok().flatten().context("a batch was not scheduled")??;
        tell_bad(&done, common)?;
        if let Some(json) = &done.json {
            match args.output.as_deref().filter(|_| !to_stdout) {
                Some(folder) => {
                    let name = file.file_stem().map_or_else(|| "batch".into(), |stem| stem.to_string_lossy());
                    output::write_file(&folder.join(format!("{name}.schedule.json")), json)?;
                }
                None => stdout.write_all(json)?,
            }
        }
        if !common.quiet {
            let text = format!("{}\n{}", file.display(), done.summary);
            if to_stdout { output::tell(&text)? } else { stdout.write_all(text.as_bytes())? }
        }
    }
    stdout.flush()?;
    Ok(Exit::Clean)
}

/// Reads, schedules and reports one batch.
fn one(path: &Path, args: &Args, setting: &Setting, threads: usize, to: &To<'_>) -> anyhow::Result<Done> {
    let loaded = load(path, &args.input, setting, threads, false)?;
    let chain = setting.evaluator.chain();
    let lanes = args.lanes.or(chain.workers).unwrap_or(4);
    let bad: Vec<String> =
        loaded.bad.iter().map(|bad| format!("{}:{}: {}", path.display(), bad.line, bad.message)).collect();
    let (mut budget, mut limited) = (
        Budget { block: args.block_limit, lane: args.lane_limit, unit: args.unit_limit, resources: Vec::new() },
        args.block_limit.or(args.lane_limit).or(args.unit_limit).is_some(),
    );
    if args.chain_limits {
        budget = Budget::of_chain(chain, &loaded.batch).ok_or_else(|| {
            Fail::new(format!("the model `{}` states no limits of a {}", chain.id, chain.nouns.block))
        })?;
        limited = true;
    }
    let priced = loaded.priorities.iter().any(|&priority| priority != 0);
    // Stages have no order of their own, so what comes in is chosen by priority.
    let by_priority = (setting.order == Order::Free || args.shape == Shape::Stages) && priced;
    if args.shape == Shape::Stages {
        return staged(&loaded, lanes, setting, limited.then_some(&budget), by_priority, bad, to);
    }
    let selection = limited.then(|| {
        let priorities: &[u64] = if by_priority { &loaded.priorities } else { &[] };
        select(&loaded.batch, lanes, priorities, &budget)
    });
    let part: Option<Batch> = selection.as_ref().map(|selection| loaded.batch.permuted(&selection.included));
    let batch = part.as_ref().unwrap_or(&loaded.batch);
    let included = selection.as_ref().map(|selection| selection.included.as_slice());
    let priorities = match included {
        _ if !by_priority => Vec::new(),
        Some(nodes) => nodes.iter().map(|&node| loaded.priorities[node as usize]).collect(),
        None => loaded.priorities.clone(),
    };
    let request =
        Request { lanes, order: setting.order, method: args.method, priorities, reserve: args.reserve, threads };
    let planned = plan(batch, &request);
    let left_out = selection.as_ref().map(|selection| left_out(&loaded, selection, setting)).unwrap_or_default();
    let report = Report {
        loaded: &loaded,
        included,
        batch,
        planned: &planned,
        evaluator: &setting.evaluator,
        order: setting.order,
        left_out: &left_out,
        edges: args.shape == Shape::Dag,
    };
    let mut summary = summary(&report, lanes);
    if let Some(selection) = &selection {
        budget_lines(&loaded, selection, setting, &mut summary);
    }
    let json = to.put(|out| match args.shape {
        Shape::Waves => out.write_all(waves(&report).as_bytes()),
        _ => write_schedule(&report, threads, out),
    })?;
    Ok(Done { summary, json, bad })
}

fn left_out(loaded: &Loaded, selection: &Selection, setting: &Setting) -> Vec<LeftOut> {
    let mut names: BTreeMap<u64, String> = BTreeMap::new();
    let mut out = Vec::new();
    for &(node, full) in &selection.left_out {
        let what = match full {
            Full::Block => "block".to_owned(),
            Full::Lanes => "lanes".to_owned(),
            Full::Resource(at) => format!("resource {at}"),
            Full::Unit(unit) => names.entry(unit).or_insert_with(|| unit_text(loaded, setting, node, unit)).clone(),
        };
        let from = loaded.first_line(node);
        for line in (from..loaded.len()).take_while(|&line| loaded.nodes[line] == node) {
            out.push(LeftOut { id: loaded.id(line).to_owned(), full: what.clone() });
        }
    }
    out
}

fn unit_text(loaded: &Loaded, setting: &Setting, node: u32, unit: u64) -> String {
    let name = loaded.unit_name(&setting.evaluator, node, unit);
    // An account is known by its address; people know it by what the program calls it.
    match loaded.account_name(node, &name.address).filter(|_| name.cell.is_empty()) {
        Some(account) => format!("{account} {}", name.address),
        None => spelled(&name.address, &name.cell, &name.key),
    }
}

/// `token BALANCES[alice]`.
fn spelled(address: &str, cell: &str, key: &[String]) -> String {
    let key = if key.is_empty() { String::new() } else { format!("[{}]", key.join(", ")) };
    match (address, cell) {
        ("", "") => "everything".to_owned(),
        (address, "") => address.to_owned(),
        ("", cell) => format!("{cell}{key}"),
        (address, cell) => format!("{address} {cell}{key}"),
    }
}

/// `1234567` as `1,234,567`.
pub(super) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

pub(super) fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

fn summary(report: &Report<'_>, lanes: u32) -> String {
    let Report { loaded, batch, planned, evaluator, .. } = report;
    let chain = evaluator.chain();
    let order = if report.order == Order::Free { "order free" } else { "order preserved" };
    let workers = if lanes == 1 { &chain.nouns.worker } else { &chain.nouns.workers };
    let mut out = String::new();
    let calls = loaded.len() - report.left_out.len();
    let _ = writeln!(
        out,
        "  {} · {} {workers} · {order} · model {}",
        plural(calls as u64, "call", "calls"),
        grouped(u64::from(lanes)),
        chain.id
    );
    if !chain.parallel_today {
        let _ = writeln!(out, "  {}", chain.today);
    }
    let bound = if planned.lower_bound == 0 { 1.0 } else { batch.total() as f64 / planned.lower_bound as f64 };
    let _ = writeln!(
        out,
        "  serial {} · makespan {} · {:.2}× of at most {bound:.2}×",
        grouped(batch.total()),
        grouped(planned.lanes.makespan),
        planned.lanes.speedup(batch),
    );
    let chain_text = plural(planned.critical_path.len() as u64, "call", "calls");
    match report.hot_units().first() {
        Some(unit) => {
            let name = spelled(&unit.address, &unit.cell, &unit.key);
            let _ = write!(out, "  longest chain {chain_text}, {:.0} % of it through `{name}`", unit.share * 100.0);
            if let Some(after) =
                unit.as_delta.filter(|&after| after > 1.1 * batch.total() as f64 / planned.critical.max(1) as f64)
            {
                let before = if planned.critical == 0 { 1.0 } else { batch.total() as f64 / planned.critical as f64 };
                let _ =
                    write!(out, "; as a delta {before:.1}× becomes {after:.1}× with enough {}", chain.nouns.workers);
            }
            out.push('\n');
        }
        None => {
            let _ = writeln!(out, "  longest chain {chain_text}");
        }
    }
    if let Some(price) = planned.window_price {
        let _ = writeln!(
            out,
            "  the window makes the schedule {:.1} % longer than looking at the whole batch",
            (price - 1.0) * 100.0
        );
    }
    let held = planned.held_by.iter().flatten().count() as u64;
    if held > 0 {
        let waits = percentiles(planned.lanes.start.clone());
        let _ = writeln!(
            out,
            "  {} wait for a {}; starts: half by {}, 99 % by {}, last {}",
            plural(held, "call", "calls"),
            chain.nouns.unit,
            grouped(waits[0]),
            grouped(waits[2]),
            grouped(waits[3])
        );
    }
    if !loaded.bad.is_empty() {
        let _ = writeln!(
            out,
            "  {} could not be read and {} with everything",
            plural(loaded.bad.len() as u64, "call", "calls"),
            if loaded.bad.len() == 1 { "conflicts" } else { "conflict" }
        );
    }
    let _ = writeln!(out, "  {} unresolved", plural(loaded.unresolved, "term", "terms"));
    out
}

fn budget_lines(loaded: &Loaded, selection: &Selection, setting: &Setting, out: &mut String) {
    let nouns = &setting.evaluator.chain().nouns;
    let mut by_full: BTreeMap<Full, (u64, u32)> = BTreeMap::new();
    for &(node, full) in &selection.left_out {
        let entry = by_full.entry(full).or_insert((0, node));
        entry.0 += 1;
    }
    let mut all: Vec<(Full, (u64, u32))> = by_full.into_iter().collect();
    all.sort_by_key(|(full, (count, _))| (std::cmp::Reverse(*count), *full));
    for (full, (count, node)) in all.into_iter().take(10) {
        let what = match full {
            Full::Block => format!("the {}", nouns.block),
            Full::Lanes => format!("all {}", nouns.workers),
            Full::Resource(at) => format!("resource {at}"),
            Full::Unit(unit) => format!("`{}`", unit_text(loaded, setting, node, unit)),
        };
        let _ = write!(out, "  left out of the {}: {}, {what} full", nouns.block, plural(count, "call", "calls"));
        if let Full::Unit(unit) = full
            && let Some(lowest) = selection.lowest.get(&unit).filter(|&&lowest| lowest > 0)
        {
            let _ = write!(out, "; lowest priority with room {}", grouped(*lowest));
        }
        out.push('\n');
    }
}

fn waves(report: &Report<'_>) -> String {
    let planned = report.planned;
    let mut groups: Vec<Vec<&str>> = Vec::new();
    let mut call_of = vec![u32::MAX; report.loaded.batch.len()];
    for call in 0..report.batch.len() as u32 {
        let node = report.included.map_or(call, |nodes| nodes[call as usize]);
        call_of[node as usize] = call;
    }
    for line in 0..report.loaded.len() {
        let call = call_of[report.loaded.nodes[line] as usize];
        let Some(&wave) = planned.waves.get(call as usize) else { continue };
        while groups.len() <= wave as usize {
            groups.push(Vec::new());
        }
        groups[wave as usize].push(report.loaded.id(line));
    }
    let mut out = format!(
        "{{\"version\":1,\"model\":{},\"waves\":[\n",
        serde_json::Value::from(report.evaluator.chain().id.as_str())
    );
    for (at, group) in groups.iter().enumerate() {
        let ids = serde_json::to_string(group).unwrap_or_default();
        let _ = writeln!(out, "{ids}{}", if at + 1 == groups.len() { "" } else { "," });
    }
    out.push_str("]}\n");
    out
}

/// Stages and clusters. What a lane may take is what all stages together may take.
fn staged(
    loaded: &Loaded,
    lanes: u32,
    setting: &Setting,
    budget: Option<&Budget>,
    by_priority: bool,
    bad: Vec<String>,
    to: &To<'_>,
) -> anyhow::Result<Done> {
    let (included, found, selection) = match budget {
        None => ((0..loaded.batch.len() as u32).collect(), stages(&loaded.batch, lanes), None),
        Some(budget) => {
            let priorities: &[u64] = if by_priority { &loaded.priorities } else { &[] };
            let (selection, found) = stages_within(&loaded.batch, lanes, priorities, budget);
            (selection.included.clone(), found, Some(selection))
        }
    };
    let part = loaded.batch.permuted(&included);
    if let Some(problem) = verify_stages(&part, &found, lanes).first() {
        anyhow::bail!("the stages are wrong: {problem}");
    }
    let ids = |calls: &[u32]| -> Vec<&str> {
        let lines = calls.iter().flat_map(|&call| {
            let node = included[call as usize];
            let from = loaded.first_line(node);
            (from..loaded.len()).take_while(move |&line| loaded.nodes[line] == node)
        });
        lines.map(|line| loaded.id(line)).collect()
    };
    let list: Vec<serde_json::Value> = found
        .stages
        .iter()
        .map(|stage| {
            let clusters: Vec<serde_json::Value> = stage
                .clusters
                .iter()
                .map(|cluster| serde_json::json!({ "cost": cluster.cost, "calls": ids(&cluster.calls) }))
                .collect();
            serde_json::json!({ "cost": stage.cost(), "clusters": clusters })
        })
        .collect();
    let total = part.total();
    let mut json = serde_json::json!({ "version": 1, "model": setting.evaluator.chain().id, "clusters": lanes,
        "stages": list, "cost": found.cost(), "serial_cost": total });
    let speedup = if found.cost() == 0 { 1.0 } else { total as f64 / found.cost() as f64 };
    let out = selection.as_ref().map(|selection| left_out(loaded, selection, setting)).unwrap_or_default();
    let mut summary = format!(
        "  {} · {} · at most {lanes} clusters each\n  serial {} · all stages {} · {speedup:.2}×\n",
        plural((loaded.len() - out.len()) as u64, "call", "calls"),
        plural(found.stages.len() as u64, "stage", "stages"),
        grouped(total),
        grouped(found.cost()),
    );
    if let Some(selection) = &selection {
        budget_lines(loaded, selection, setting, &mut summary);
        let rows = out.iter().map(|left| serde_json::json!({ "id": left.id, "full": left.full }));
        json["left_out"] = rows.collect();
    }
    let json = to.put(|out| writeln!(out, "{json}"))?;
    Ok(Done { summary, json, bad })
}
