//! CSV batches: a header of the fields of a call, arguments as columns `args.<name>`, accounts as `accounts.<name>`. Every
//! row becomes a line of JSON, so both formats have one meaning and one set of errors. Quoting as in RFC 4180; a quoted
//! field does not span lines.

use super::ingest::BadLine;

/// Turns rows into lines of JSON.
#[derive(Debug, Default)]
pub(crate) struct CsvReader {
    header: Vec<String>,
}

const FIELDS: [&str; 11] =
    ["id", "tx", "contract", "address", "entry", "caller", "origin", "fee_payer", "args", "cost", "priority"];

impl CsvReader {
    /// Lines of JSON for a block of whole rows; `before` is the number of lines read earlier, the header among them.
    pub(crate) fn rows(&mut self, block: &[u8], before: u64) -> Result<Vec<u8>, BadLine> {
        let bad =
            |line: u64, field: &str, message: String| BadLine { line: before + line, field: field.to_owned(), message };
        let text = std::str::from_utf8(block).map_err(|_| bad(1, "", "this is not UTF-8".to_owned()))?;
        let mut out = String::with_capacity(text.len() * 2);
        for (at, line) in text.lines().enumerate() {
            let number = at as u64 + 1;
            let cells = split(line).map_err(|message| bad(number, "", message))?;
            if self.header.is_empty() {
                for name in &cells {
                    let known = FIELDS.contains(&name.as_str())
                        || name
                            .strip_prefix("args.")
                            .or(name.strip_prefix("accounts."))
                            .is_some_and(|rest| !rest.is_empty());
                    if !known {
                        return Err(bad(
                            number,
                            name,
                            format!(
                                "`{name}` is no column of a batch; known are {}, args.<name>, accounts.<name>",
                                FIELDS.join(", ")
                            ),
                        ));
                    }
                }
                self.header = cells;
                // An empty line keeps line numbers right.
                out.push('\n');
                continue;
            }
            if !line.trim().is_empty() {
                if cells.len() != self.header.len() {
                    let message = format!("{} fields, the header has {}", cells.len(), self.header.len());
                    return Err(bad(number, "", message));
                }
                self.row(&cells, &mut out);
            }
            out.push('\n');
        }
        Ok(out.into_bytes())
    }

    fn row(&self, cells: &[String], out: &mut String) {
        out.push('{');
        let mut first = true;
        let mut field = |out: &mut String, name: &str, value: &str| {
            if !std::mem::take(&mut first) {
                out.push(',');
            }
            out.push_str(&quoted(name));
            out.push(':');
            out.push_str(value);
        };
        for group in ["args", "accounts"] {
            let mut members = String::new();
            for (name, cell) in self.header.iter().zip(cells) {
                let Some(name) = name.strip_prefix(group).and_then(|rest| rest.strip_prefix('.')) else { continue };
                if cell.is_empty() {
                    continue;
                }
                if !members.is_empty() {
                    members.push(',');
                }
                members.push_str(&quoted(name));
                members.push(':');
                // Objects and lists are given as JSON; everything else is text, which types make of it what they need.
                let json = cell.starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(cell).is_ok();
                let word = matches!(cell.as_str(), "true" | "false" | "null");
                members.push_str(&if json || word { cell.clone() } else { quoted(cell) });
            }
            if !members.is_empty() {
                field(out, group, &format!("{{{members}}}"));
            }
        }
        for (name, cell) in self.header.iter().zip(cells) {
            if name.contains('.') || (cell.is_empty() && name != "id" && name != "entry") {
                continue;
            }
            if name == "args" {
                field(out, name, cell);
            } else {
                field(out, name, &quoted(cell));
            }
        }
        out.push('}');
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

fn split(line: &str) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    let mut rest = line;
    loop {
        if let Some(inner) = rest.strip_prefix('"') {
            let mut cell = String::new();
            let mut tail = inner;
            loop {
                let Some(at) = tail.find('"') else {
                    return Err("a quoted field is not closed on its line".to_owned());
                };
                cell.push_str(&tail[..at]);
                tail = &tail[at + 1..];
                match tail.strip_prefix('"') {
                    Some(more) => {
                        cell.push('"');
                        tail = more;
                    }
                    None => break,
                }
            }
            out.push(cell);
            rest = tail;
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            out.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None if rest.is_empty() => return Ok(out),
            None => return Err("text behind a closing quote".to_owned()),
        }
    }
}
