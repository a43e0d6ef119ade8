//! Programs that use the standard library, compiled and run: the compiler is the interpreter, so nobody has to guess what
//! `retain` or `Entry` do. Each is judged like the interpreted ones.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::common::analyse_text;
use super::program::Rng;
use super::run::{Args, Did, State, Trace};
use super::{random_args, random_state, violation};

/// A program: name, items beside the function, its body. In scope: `s` (the store), `n`, `k`, `flag`, `opt`, `list`.
pub(crate) type Source<'a> = (&'a str, &'a str, &'a str);

const FIELDS: &str = "n: u64, k: u64, flag: bool, opt: Option<u64>, list: Vec<u64>";
const NAMES: &str = "n, k, flag, opt, list";

/// What all programs share. `at` and `put` are one read and one write of `M`.
const SHARED: &str = "
use cosmwasm_std::*;
use cw_storage_plus::*;
pub const A: Item<u64> = Item::new(\"a\");
pub const B: Item<u64> = Item::new(\"b\");
pub const M: Map<u64, u64> = Map::new(\"m\");
pub const N: Map<(u64, u64), u64> = Map::new(\"n\");
pub fn at(s: &dyn Storage, key: u64) -> u64 { M.may_load(s, key).ok().flatten().unwrap_or(0) }
pub fn put(s: &mut dyn Storage, key: u64) { M.save(s, key, &1).unwrap(); }
pub use std::borrow::Cow;
pub use std::cell::*;
pub use std::collections::*;
pub use std::rc::Rc;
";

fn module(out: &mut String, number: usize, (_, items, body): Source) {
    let _ = write!(
        out,
        "mod p{number} {{\nuse super::*;\n{items}\n\
         pub fn go(deps: DepsMut, {FIELDS}) -> StdResult<Response> {{\nlet s = deps.storage;\nlet mut seen: Vec<u64> = Vec::new();\n{body}\n\
         Ok(Response::new().add_attribute(\"seen\", format!(\"{{seen:?}}\")))\n}}\n}}\n"
    );
}

/// Programs as one contract for the analyzer.
fn contract(programs: &[Source]) -> String {
    let mut out = SHARED.to_owned();
    let (mut arms, mut variants) = (String::new(), String::new());
    for (number, program) in programs.iter().enumerate() {
        module(&mut out, number, *program);
        let _ = writeln!(arms, "ExecuteMsg::Go{number} {{ {NAMES} }} => p{number}::go(deps, {NAMES}),");
        let _ = write!(variants, "Go{number} {{ {FIELDS} }}, ");
    }
    let _ = write!(
        out,
        "pub enum ExecuteMsg {{ {variants} }}\n#[entry_point]\n\
         pub fn execute(deps: DepsMut, _env: Env, _info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {{\nmatch msg {{\n{arms}}}\n}}\n"
    );
    out
}

/// The same programs as one that runs.
fn executable(programs: &[Source]) -> String {
    let mut out = include_str!("prelude.rs").to_owned() + SHARED;
    let mut arms = String::new();
    for (number, program) in programs.iter().enumerate() {
        module(&mut out, number, *program);
        let _ = writeln!(arms, "{number} => p{number}::go(deps, {NAMES}),");
    }
    let _ = write!(
        out,
        "fn run(program: usize, deps: DepsMut, {FIELDS}) -> StdResult<Response> {{ match program {{ {arms} _ => unreachable!() }} }}\n\
         fn main() {{ serve(run); }}\n"
    );
    out
}

/// A running executable of some programs.
struct Machine {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Machine {
    fn new(programs: &[Source], name: &str) -> Machine {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        std::fs::create_dir_all(&folder).expect("a folder of its own");
        let (text, binary) = (folder.join(format!("{name}.rs")), folder.join(name));
        std::fs::write(&text, executable(programs)).expect("written");
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let built = Command::new(rustc)
            .args(["--edition", "2021", "-Cdebuginfo=0", "-Cdebug-assertions=on", "-Ccodegen-units=16", "-o"])
            .args([&binary, &text])
            .output()
            .expect("the compiler runs");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let mut child =
            Command::new(&binary).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the programs run");
        let (input, output) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        Machine { child, input, output: BufReader::new(output) }
    }

    fn run(&mut self, program: usize, args: &Args, state: &State) -> Trace {
        let opt = args.opt.map_or("-".to_owned(), |value| value.to_string());
        let mut line = format!("{program} {} {} {} {opt}", args.n, args.k, args.flag);
        for each in &args.list {
            let _ = write!(line, " {each}");
        }
        for ((cell, key), value) in state {
            let _ = write!(line, "|{cell}");
            key.iter().for_each(|part| {
                let _ = write!(line, " {part}");
            });
            let _ = write!(line, " {value}");
        }
        writeln!(self.input, "{line}").expect("sent");
        let mut answer = String::new();
        self.output.read_line(&mut answer).expect("answered");
        let mut parts = answer.trim_end().split('|');
        let (end, seen) = parts.next().and_then(|first| first.split_once(' ')).expect("how it ended");
        let (mut accesses, mut after) = (Vec::new(), BTreeMap::new());
        for part in parts {
            let (kind, rest) = part.split_once(' ').expect("a kind");
            let mut numbers: Vec<u64> = rest.split_whitespace().map(|word| word.parse().expect("a number")).collect();
            let cell = numbers.remove(0) as usize;
            match kind {
                "g" => accesses.push((Did::Get, cell, numbers)),
                "s" => accesses.push((Did::Set, cell, numbers)),
                "r" => accesses.push((Did::Remove, cell, numbers)),
                _ => {
                    let value = numbers.pop().expect("a value");
                    after.insert((cell, numbers), value);
                }
            }
        }
        Trace { accesses, state: (end == "ok").then_some(after), seen: seen.bytes().map(u64::from).collect() }
    }
}

/// What judging programs gave.
#[derive(Default)]
pub(crate) struct Judged {
    pub(crate) runs: usize,
    pub(crate) succeeded: usize,
    /// Accesses that runs made.
    pub(crate) accesses: usize,
    /// Programs with an unknown: nothing is claimed of them.
    pub(crate) unknown: Vec<usize>,
    pub(crate) wrong: Vec<(usize, String)>,
}

/// Compiles programs, runs each some times and compares with what is stated of it.
pub(crate) fn judge(programs: &[Source], name: &str, runs: usize, seed: u64) -> Judged {
    let analysis = analyse_text(&contract(programs));
    let contract = analysis.contracts.first().expect("a contract");
    let machine = std::cell::RefCell::new(Machine::new(programs, name));
    let mut judged = Judged::default();
    'programs: for (number, program) in programs.iter().enumerate() {
        let entry = contract.entries.iter().find(|entry| entry.name == format!("execute::go{number}"));
        let entry = entry.expect("the entry point");
        if !entry.unknowns.is_empty() {
            judged.unknown.push(number);
        }
        let mut rng = Rng(seed.wrapping_add(number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..runs {
            let (args, state) = (random_args(&mut rng), random_state(&mut rng));
            let trace = machine.borrow_mut().run(number, &args, &state);
            judged.runs += 1;
            judged.succeeded += usize::from(trace.state.is_some());
            judged.accesses += trace.accesses.len();
            let again = |state: &State| Some(machine.borrow_mut().run(number, &args, state));
            if let Some(what) = violation(&again, contract, entry, &args, &state, &trace) {
                let lines = super::common::lines(&analysis, &entry.name).join("\n");
                let (name, items, body) = program;
                judged.wrong.push((
                    number,
                    format!("---- {name}: {what}\nwith {args:?}\nat {state:?}\n{items}\n{body}\n{lines}"),
                ));
                continue 'programs;
            }
        }
    }
    judged
}

/// Prints what is stated of a program, elements with their correlation.
pub(crate) fn show(program: &[Source]) {
    let analysis = analyse_text(&contract(program));
    let contract = &analysis.contracts[0];
    super::common::lines(&analysis, "execute::go0").iter().for_each(|line| println!("{line}"));
    for access in contract.entries.iter().flat_map(|entry| &entry.accesses) {
        println!("{:?} {} {:?}", access.mode, contract.cell(access.cell).name, access.key);
    }
}
