//! Compute units of Solana programs: logs of transactions (`.anchor/program-logs`, `solana logs`, test output), answers of
//! `getTransaction` and `getBlock`, and the tables of the mollusk benchmarks.
//! Source: agave `program-runtime/src/stable_log.rs` (`Program X invoke [n]`, `consumed n of m compute units`, `success`,
//! `failed: ..`); anchor `lang/syn/src/codegen/program/handlers.rs` (`Instruction: Name`); mollusk-svm-bencher `src/lib.rs`.

use super::{CostsError, Reader, Sample, documents};
use serde_json::Value;
use std::io::BufRead;

/// Nested calls in one transaction that are followed.
const MAX_DEPTH: usize = 16;

/// Text with lines of logs.
pub(crate) struct Logs;
/// JSON with `logMessages`.
pub(crate) struct Transactions;
/// A table in Markdown.
pub(crate) struct Bench;

impl Reader for Logs {
    fn name(&self) -> &'static str {
        "Solana program logs"
    }

    fn recognises(&self, head: &str) -> bool {
        let text = head.trim_start();
        !text.starts_with(['{', '[', '|', '#'])
            && (text.contains(" compute units") || (text.contains("Program ") && text.contains(" invoke [")))
    }

    fn read(&self, input: &mut dyn BufRead, sink: &mut dyn FnMut(Sample<'_>)) -> Result<(), CostsError> {
        let mut running = Running::default();
        let mut line = Vec::new();
        loop {
            line.clear();
            if input.read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            running.line(&String::from_utf8_lossy(&line), sink);
        }
    }
}

impl Reader for Transactions {
    fn name(&self) -> &'static str {
        "Solana transactions (JSON)"
    }

    fn recognises(&self, head: &str) -> bool {
        head.trim_start().starts_with(['{', '[']) && head.contains("\"logMessages\"")
    }

    fn read(&self, input: &mut dyn BufRead, sink: &mut dyn FnMut(Sample<'_>)) -> Result<(), CostsError> {
        for document in documents(input) {
            transactions(&document?, 0, sink);
        }
        Ok(())
    }
}

impl Reader for Bench {
    fn name(&self) -> &'static str {
        "mollusk benchmark"
    }

    fn recognises(&self, head: &str) -> bool {
        head.lines().any(|line| {
            let cells = cells(line);
            cells.len() >= 2 && cells[0].eq_ignore_ascii_case("name") && cells[1].eq_ignore_ascii_case("cus")
        })
    }

    fn read(&self, input: &mut dyn BufRead, sink: &mut dyn FnMut(Sample<'_>)) -> Result<(), CostsError> {
        // The newest table stands first; older runs follow under their own headings.
        let mut tables = 0;
        for line in input.lines() {
            let line = line?;
            let cells = cells(&line);
            if cells.first().is_some_and(|cell| cell.eq_ignore_ascii_case("name")) {
                tables += 1;
            }
            if tables != 1 {
                continue;
            }
            let cost = cells.get(1).and_then(|cell| cell.replace(['*', '_', ',', ' '], "").parse().ok());
            if let (Some(entry), Some(cost)) = (cells.first(), cost) {
                sink(Sample { contract: None, entry: entry.trim_matches('`'), cost, failed: false });
            }
        }
        Ok(())
    }
}

fn cells(line: &str) -> Vec<&str> {
    let line = line.trim();
    if !line.starts_with('|') {
        return Vec::new();
    }
    line.trim_matches('|').split('|').map(str::trim).collect()
}

/// Everything below a value that has the logs of a transaction.
fn transactions(value: &Value, depth: usize, sink: &mut dyn FnMut(Sample<'_>)) {
    if depth > MAX_DEPTH {
        return;
    }
    match value {
        Value::Object(fields) => {
            if let Some(Value::Array(lines)) = fields.get("logMessages") {
                let mut running = Running::default();
                lines.iter().filter_map(Value::as_str).for_each(|line| running.line(line, sink));
                return;
            }
            fields.values().for_each(|value| transactions(value, depth + 1, sink));
        }
        Value::Array(values) => values.iter().for_each(|value| transactions(value, depth + 1, sink)),
        _ => {}
    }
}

/// One program that runs.
struct Call {
    program: String,
    entry: Option<String>,
    cost: Option<u64>,
}

/// The programs that run, the outermost first. Only outermost calls are handed out: their units contain those of the
/// calls they make, and other programs' instructions may have the same names.
#[derive(Default)]
struct Running {
    stack: Vec<Call>,
}

impl Running {
    fn line(&mut self, line: &str, sink: &mut dyn FnMut(Sample<'_>)) {
        // Test output and subscriptions put something in front.
        let Some(at) = line.find("Program ") else { return };
        let text = line[at + "Program ".len()..].trim_end().trim_end_matches(['"', ',']);
        if let Some(log) = text.strip_prefix("log: ") {
            if let (Some(name), Some(call)) = (log.trim().strip_prefix("Instruction: "), self.stack.last_mut()) {
                call.entry.get_or_insert_with(|| name.trim().to_owned());
            }
            return;
        }
        let mut words = text.split_whitespace();
        let Some(program) = words.next() else { return };
        match words.next() {
            Some("invoke") => {
                // A log that was cut off: the next transaction begins.
                if words.next() == Some("[1]") {
                    self.stack.clear();
                }
                if self.stack.len() < MAX_DEPTH {
                    self.stack.push(Call { program: program.to_owned(), entry: None, cost: None });
                }
            }
            Some("consumed") => {
                let cost = words.next().and_then(|number| number.parse().ok());
                if let Some(call) = self.stack.iter_mut().rev().find(|call| call.program == program) {
                    call.cost = cost;
                }
            }
            Some(end) if end == "success" || end.starts_with("failed") => {
                let Some(at) = self.stack.iter().rposition(|call| call.program == program) else { return };
                self.stack.truncate(at + 1);
                let Some(call) = self.stack.pop() else { return };
                if let (true, Some(entry), Some(cost)) = (self.stack.is_empty(), &call.entry, call.cost) {
                    sink(Sample { contract: Some(&call.program), entry, cost, failed: end != "success" });
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Costs;

    const LOGS: &str = "\
Streaming transaction logs mentioning Vau1t. Confirmed
Transaction executed in slot 7:
  Log Messages:
    Program ComputeBudget111111111111111111111111111111 invoke [1]
    Program ComputeBudget111111111111111111111111111111 success
    Program Vau1t invoke [1]
    Program log: Instruction: OpenTicket
    Program Token invoke [2]
    Program log: Instruction: Transfer
    Program Token consumed 4645 of 180000 compute units
    Program Token success
    Program Vau1t consumed 24001 of 200000 compute units
    Program Vau1t success
    Program Vau1t invoke [1]
    Program log: Instruction: OpenTicket
    Program Vau1t consumed 900 of 200000 compute units
    Program Vau1t failed: custom program error: 0x1
";

    #[test]
    fn logs_of_transactions() {
        let mut costs = Costs::new();
        assert_eq!(costs.read(&mut LOGS.as_bytes()).unwrap(), "Solana program logs");
        assert_eq!(costs.of("open_ticket").unwrap().percentile(95), 24_001);
        assert_eq!(costs.of("open_ticket").unwrap().count(), 1);
        // What another program did inside is not the program's own `transfer`.
        assert!(costs.of("transfer").is_none());
    }

    #[test]
    fn answers_of_a_node() {
        let lines: Vec<String> = LOGS.lines().skip(3).map(|line| format!("{:?}", line.trim())).collect();
        let json =
            format!("{{\"result\":{{\"transactions\":[{{\"meta\":{{\"logMessages\":[{}]}}}}]}}}}", lines.join(","));
        let mut costs = Costs::new();
        assert_eq!(costs.read(&mut json.as_bytes()).unwrap(), "Solana transactions (JSON)");
        assert_eq!(costs.of("open_ticket").unwrap().count(), 1);
        assert!(Costs::new().read(&mut "{\"logMessages\": [".as_bytes()).is_err());
    }

    #[test]
    fn a_benchmark() {
        let text = "#### 2026-01-02\n\n| Name | CUs | Delta |\n|------|------|-------|\n| deposit | 1,204 | - new - |\n\n\
                    #### 2025-01-02\n\n| Name | CUs | Delta |\n|----|----|----|\n| deposit | 9000 | -- |\n";
        let mut costs = Costs::new();
        assert_eq!(costs.read(&mut text.as_bytes()).unwrap(), "mollusk benchmark");
        assert_eq!(costs.of("deposit").unwrap().percentile(95), 1_204);
    }

    #[test]
    fn half_a_log_is_no_panic() {
        for text in [
            "Program x invoke [1]\nProgram y success\n",
            "Program \n compute units",
            "Program x consumed y of compute units",
        ] {
            let mut costs = Costs::new();
            let _ = costs.read(&mut text.as_bytes());
            assert!(costs.is_empty());
        }
    }
}
