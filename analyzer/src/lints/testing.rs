//! Hand-built contracts for the lints' unit tests, and a plain rendering of findings for snapshots.
//!
//! ```text
//! let report = Build::new()
//!     .item("TOTAL", uint(128)).map("BALANCES", uint(128))
//!     .entry("execute::burn").update("TOTAL", "TOTAL.update(…)").at("BALANCES", [Term::Caller], Mode::Update)
//!     .run();
//! ```

use std::sync::Arc;

use super::{LintOptions, run};
use crate::Analysis;
use crate::diagnostics::Finding;
use crate::ir::*;

/// Builds a contract with one source file, in which every access has a line of its own.
pub(crate) struct Build {
    contract: Contract,
    text: String,
    options: LintOptions,
}

/// An unsigned integer type.
pub(crate) fn uint(bits: u16) -> Type {
    Type::Uint(bits)
}

/// A struct type with these fields.
pub(crate) fn record(name: &str, fields: &[(&str, Type)]) -> Type {
    Type::Struct(name.to_owned(), fields.iter().map(|(name, ty)| ((*name).to_owned(), ty.clone())).collect())
}

/// An argument term.
pub(crate) fn arg(name: &str) -> Term {
    Term::arg(name)
}

/// The value of an item cell at the start of the call; `cell` counts declarations.
pub(crate) fn load(cell: u32) -> Term {
    Term::Load { cell: CellId(cell), key: Vec::new(), field: Vec::new() }
}

impl Build {
    pub(crate) fn new() -> Build {
        let contract = Contract {
            name: "token".to_owned(),
            package: "token".to_owned(),
            package_version: "1.0.0".to_owned(),
            framework: priced(),
            framework_title: "Test".to_owned(),
            chain: "keyed".to_owned(),
            entry_noun: "message".to_owned(),
            cells: Vec::new(),
            entries: Vec::new(),
            assumes: Vec::new(),
            dependencies: "all".to_owned(),
            features: Vec::new(),
            models: Vec::new(),
            source_hash: String::new(),
        };
        Build { contract, text: String::new(), options: LintOptions::default() }
    }

    /// Sets the chain model.
    pub(crate) fn chain(mut self, id: &str) -> Build {
        self.options.chain = Some(id.to_owned());
        self
    }

    /// Appends a line of source and returns its span.
    fn line(&mut self, text: &str) -> Span {
        let lo = self.text.len() as u32;
        self.text.push_str(text);
        self.text.push('\n');
        Span { file: FileId(0), lo, hi: lo + text.len() as u32 }
    }

    /// Adds a line of source that no access stands on.
    pub(crate) fn source(mut self, text: &str) -> Build {
        self.line(text);
        self
    }

    /// Adds a cell with these key components.
    pub(crate) fn cell(mut self, name: &str, keys: &[Type], value: Type) -> Build {
        let span = self.line(&format!("const {name}"));
        self.contract.cells.push(Cell {
            name: name.to_owned(),
            storage: Storage { kind: "item".to_owned(), prefix: None, encoding: "test".to_owned(), slot: None },
            keys: keys.to_vec(),
            value,
            unit: Unit { kind: "key".to_owned(), id: "own".to_owned() },
            tier: None,
            shapes: Vec::new(),
            global: false,
            implicit: false,
            span,
        });
        self
    }

    /// Changes the last cell.
    pub(crate) fn with_cell(mut self, change: impl FnOnce(&mut Cell)) -> Build {
        change(self.contract.cells.last_mut().unwrap());
        self
    }

    /// Adds an item.
    pub(crate) fn item(self, name: &str, value: Type) -> Build {
        self.cell(name, &[], value)
    }

    /// Adds a map from addresses.
    pub(crate) fn map(self, name: &str, value: Type) -> Build {
        self.cell(name, &[Type::Address("bech32".to_owned())], value)
    }

    fn any_entry(mut self, name: &str, kind: EntryKind) -> Build {
        let span = self.line(&format!("fn {name}"));
        self.contract.entries.push(Entry {
            name: name.to_owned(),
            kind,
            refines: None,
            callers: Callers::Anyone,
            callers_span: Span::NONE,
            params: Vec::new(),
            accesses: Vec::new(),
            externals: Vec::new(),
            unknowns: Vec::new(),
            accounts: None,
            span,
        });
        self
    }

    /// Adds a message.
    pub(crate) fn entry(self, name: &str) -> Build {
        self.any_entry(&format!("execute::{name}"), EntryKind::Call)
    }

    /// Adds a view.
    pub(crate) fn view(self, name: &str) -> Build {
        self.any_entry(&format!("query::{name}"), EntryKind::View)
    }

    /// Changes the last entry point.
    pub(crate) fn with_entry(mut self, change: impl FnOnce(&mut Entry)) -> Build {
        change(self.contract.entries.last_mut().unwrap());
        self
    }

    /// Restricts the last entry point to one stored address.
    pub(crate) fn admin(self) -> Build {
        self.with_entry(|entry| entry.callers = Callers::Address("CONFIG.owner".to_owned()))
    }

    /// Adds an access of the last entry point.
    pub(crate) fn at(mut self, cell: &str, key: &[Term], mode: Mode) -> Build {
        let id = self.contract.cells.iter().position(|known| known.name == cell).expect("declared before");
        let key_text = key.iter().map(|_| "key").collect::<Vec<_>>().join(", ");
        let span =
            self.line(&format!("    {cell}.{mode:?}({key_text})").to_lowercase().replace(&cell.to_lowercase(), cell));
        let op = (mode == Mode::Commute).then(|| Op { group: OpGroup::Add, name: "add".to_owned(), default: None });
        self.contract.entries.last_mut().unwrap().accesses.push(Access {
            cell: CellId(id as u32),
            key: key.to_vec(),
            field: None,
            mode,
            op,
            bounds: Vec::new(),
            keeps_presence: false,
            at: None,
            certainty: Certainty::Always,
            repeat: false,
            implicit: false,
            ttl: false,
            span,
            via: Vec::new(),
        });
        self
    }

    /// Changes the last access.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Access)) -> Build {
        change(self.contract.entries.last_mut().unwrap().accesses.last_mut().unwrap());
        self
    }

    /// Names the field of the last access.
    pub(crate) fn field(self, name: &str) -> Build {
        self.with(|access| access.field = Some(name.to_owned()))
    }

    /// Adds an unknown to the last entry point.
    pub(crate) fn unknown(mut self, reason: UnknownReason, what: &str, reach: Reach) -> Build {
        let span = self.line(&format!("    {what}"));
        let unknown = Unknown { reason, what: what.to_owned(), reach, span, via: Vec::new() };
        self.with_entry(|entry| entry.unknowns.push(unknown))
    }

    /// Adds a call out to the last entry point.
    pub(crate) fn external(mut self, target: Term, mode: ExternalMode, linked: bool) -> Build {
        let span = self.line(&format!("    call {mode:?}").to_lowercase());
        let external = External { linked, span, ..crate::conflicts::samples::external(target, mode) };
        self.with_entry(|entry| entry.externals.push(external))
    }

    /// Adds an account to the last entry point; `source` is its declaration.
    pub(crate) fn account(
        mut self,
        source: &str,
        name: &str,
        identity: Term,
        writable: bool,
        written: Written,
    ) -> Build {
        let span = self.line(source);
        let why = self.line(&format!("    accounts.{name}"));
        let account = AccountParam {
            name: name.to_owned(),
            writable,
            signer: false,
            optional: false,
            identity,
            written,
            why: vec![why],
            span,
        };
        self.with_entry(|entry| entry.accounts.get_or_insert_with(Vec::new).push(account))
    }

    /// Reads an item.
    pub(crate) fn read(self, cell: &str) -> Build {
        self.at(cell, &[], Mode::Read)
    }

    /// Updates an item.
    pub(crate) fn update(self, cell: &str) -> Build {
        self.at(cell, &[], Mode::Update)
    }

    /// The analysis.
    pub(crate) fn analysis(self) -> (Analysis, LintOptions) {
        let mut files = SourceMap::default();
        files.add(Arc::from("token 1.0.0"), true, Arc::from("src/lib.rs"), Arc::from(self.text));
        (Analysis { contracts: vec![self.contract], files, ..Analysis::default() }, self.options)
    }

    /// Findings of one lint, rendered.
    pub(crate) fn run(self, code: &str) -> String {
        let (analysis, options) = self.analysis();
        let findings = run(&analysis, &options);
        findings.iter().filter(|finding| finding.code == code).map(|finding| render(finding, &analysis.files)).collect()
    }

    /// Codes of all findings.
    pub(crate) fn codes(self) -> Vec<&'static str> {
        let (analysis, options) = self.analysis();
        run(&analysis, &options).iter().map(|finding| finding.code).collect()
    }
}

/// A finding as plain text.
pub(crate) fn render(finding: &Finding, files: &SourceMap) -> String {
    let mut out = format!("{}[{}]: {}\n", finding.level.word(), finding.code, finding.message);
    let mut label = |mark: &str, span: Span, text: &str| {
        let line = files.locate(span).map_or(0, |at| at.line);
        out.push_str(&format!("  {mark} {line}: {} {}\n", files.text(span).trim(), text).replace(" \n", "\n"));
    };
    label(">", finding.primary.span, &format!("<- {}", finding.primary.text));
    for other in &finding.secondary {
        label("-", other.span, &format!("<- {}", other.text));
    }
    for note in &finding.notes {
        out.push_str(&format!("  = {}: {}\n", note.kind.head(), note.text));
    }
    if let Some(fix) = &finding.fix {
        out.push_str(&format!("  = {}: {}\n", fix.head(), fix.title));
    }
    if let Some(aside) = finding.aside {
        out.push_str(&format!("  ({aside:?})\n"));
    }
    out
}

/// A framework whose chains have the default model's price of a write.
fn priced() -> String {
    let limit = crate::chains::get("keyed").and_then(|model| model.limit("write-flat"));
    limit.and_then(|limit| limit.frameworks.first()).cloned().unwrap_or_default()
}
