//! Findings for people: message, source with labels, remarks. One renderer (codespan-reporting) for all of them.

use std::io::{self, Write};
use std::ops::Range;

use anstyle::{AnsiColor, Style};
use codespan_reporting::diagnostic::{Diagnostic, Label, LabelStyle, Severity};
use codespan_reporting::files::{Error, Files};
use codespan_reporting::term::{self, WriteStyle};
use crosslane_analyzer::diagnostics::{Finding, Level};
use crosslane_analyzer::ir::{FileId, SourceMap, Span};

use crate::output;
use crate::session::Unit;

/// Renders one finding, with terminal styles (the stream strips them where there is no terminal).
pub(crate) fn finding(unit: &Unit, finding: &Finding) -> String {
    let severity = match finding.level {
        Level::Deny => Severity::Error,
        Level::Warn => Severity::Warning,
        Level::Note | Level::Allow => Severity::Note,
    };
    let mut labels = Vec::new();
    for (at, label) in std::iter::once(&finding.primary).chain(&finding.secondary).enumerate() {
        if let Some(range) = range(unit, label.span) {
            let style = if at == 0 { LabelStyle::Primary } else { LabelStyle::Secondary };
            labels.push(Label::new(style, label.span.file, range).with_message(label.text.clone()));
        }
    }
    let mut notes: Vec<String> = finding.notes.iter().map(|note| hang(&note.kind.head(), &note.text)).collect();
    if let Some(price) = &finding.price {
        notes.push(hang("price", &format!("{} ({})", price.text, price.source)));
    }
    if let Some(fix) = &finding.fix {
        let applied = if fix.applicable(false) { "   --fix does it" } else { "" };
        notes.push(hang(&fix.head(), &format!("{}{applied}", fix.title)));
    }
    let diagnostic = Diagnostic::new(severity)
        .with_code(finding.code)
        .with_message(&finding.message)
        .with_labels(labels)
        .with_notes(notes);
    render(unit, &diagnostic)
}

/// Renders something that could not be read.
pub(crate) fn problem(unit: &Unit, message: &str, span: Span) -> String {
    let mut diagnostic = Diagnostic::new(Severity::Warning).with_message(message);
    if let Some(range) = range(unit, span) {
        diagnostic = diagnostic.with_labels(vec![Label::primary(span.file, range)]);
    }
    render(unit, &diagnostic)
}

/// A span's bytes, cut to what the file has; `None` for a span that is nowhere.
fn range(unit: &Unit, span: Span) -> Option<Range<usize>> {
    let text = &unit.analysis.files.file(span.file)?.text;
    let floor = |at: u32| (0..=(at as usize).min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let (lo, hi) = (floor(span.lo), floor(span.hi));
    Some(lo..hi.max(lo))
}

fn render(unit: &Unit, diagnostic: &Diagnostic<FileId>) -> String {
    let mut out = Ansi::default();
    let config = term::Config { chars: term::Chars::box_drawing(), ..term::Config::default() };
    let files = UnitFiles { unit, files: &unit.analysis.files };
    if term::emit_to_write_style(&mut out, &config, &files, diagnostic).is_err() {
        // A span out of range must not lose the message.
        return format!("{}\n", diagnostic.message);
    }
    String::from_utf8_lossy(&out.text).into_owned()
}

/// `head: text`; the renderer indents further lines.
fn hang(head: &str, text: &str) -> String {
    format!("{head}: {text}")
}

/// The analysis' files as the renderer wants them.
struct UnitFiles<'a> {
    unit: &'a Unit,
    files: &'a SourceMap,
}

impl<'a> Files<'a> for UnitFiles<'a> {
    type FileId = FileId;
    type Name = String;
    type Source = &'a str;

    fn name(&'a self, id: FileId) -> Result<String, Error> {
        let location = self.files.locate(Span { file: id, lo: 0, hi: 0 }).ok_or(Error::FileMissing)?;
        Ok(self.unit.shown_path(&location))
    }

    fn source(&'a self, id: FileId) -> Result<&'a str, Error> {
        Ok(&self.files.file(id).ok_or(Error::FileMissing)?.text)
    }

    fn line_index(&'a self, id: FileId, byte_index: usize) -> Result<usize, Error> {
        let file = self.files.file(id).ok_or(Error::FileMissing)?;
        Ok(file.line_column(byte_index as u32).0 as usize - 1)
    }

    fn line_range(&'a self, id: FileId, line_index: usize) -> Result<Range<usize>, Error> {
        let text = self.source(id)?;
        let mut starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).skip(line_index);
        let missing = Error::LineTooLarge { given: line_index, max: text.matches('\n').count() };
        let start = starts.next().ok_or(missing)?;
        Ok(start..starts.next().unwrap_or(text.len()))
    }
}

/// Collects text with terminal styles.
#[derive(Default)]
struct Ansi {
    text: Vec<u8>,
    open: Option<Style>,
}

impl Ansi {
    fn set(&mut self, style: Style) -> io::Result<()> {
        self.reset()?;
        self.open = Some(style);
        write!(self.text, "{style}")
    }
}

impl Write for Ansi {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Style of a level.
fn style(severity: Severity) -> Style {
    match severity {
        Severity::Bug | Severity::Error => output::ERROR,
        Severity::Warning => output::WARN,
        Severity::Note | Severity::Help => output::NOTE,
    }
}

const FRAME: Style = AnsiColor::Blue.on_default();

impl WriteStyle for Ansi {
    fn set_header(&mut self, severity: Severity) -> io::Result<()> {
        self.set(style(severity))
    }

    fn set_header_message(&mut self) -> io::Result<()> {
        self.set(output::BOLD)
    }

    fn set_line_number(&mut self) -> io::Result<()> {
        self.set(FRAME)
    }

    fn set_note_bullet(&mut self) -> io::Result<()> {
        self.set(FRAME)
    }

    fn set_source_border(&mut self) -> io::Result<()> {
        self.set(FRAME)
    }

    fn set_label(&mut self, severity: Severity, label_style: LabelStyle) -> io::Result<()> {
        self.set(match label_style {
            LabelStyle::Primary => style(severity),
            LabelStyle::Secondary => FRAME,
        })
    }

    fn reset(&mut self) -> io::Result<()> {
        match self.open.take() {
            Some(style) => write!(self.text, "{style:#}"),
            None => Ok(()),
        }
    }
}
