//! Where something stands in the source: byte ranges, and the map that turns them into lines and columns.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A file in the [`SourceMap`] of one analysis: the package's number and the file's in it, so that which package is read
/// first decides nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A half-open byte range of one file. `FileId(u32::MAX)` marks "nowhere" (something no source line wrote).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub lo: u32,
    /// One past the last byte.
    pub hi: u32,
}

impl Span {
    /// The span of things that no source line wrote (implicit accesses, built-in models).
    pub const NONE: Span = Span { file: FileId(u32::MAX), lo: 0, hi: 0 };

    /// True for [`Span::NONE`].
    pub fn is_none(self) -> bool {
        self.file.0 == u32::MAX
    }
}

impl Default for Span {
    fn default() -> Self {
        Span::NONE
    }
}

/// One file as read.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Package the file belongs to, as the caller of `analyze` named it (for example `cw2 2.0.0`).
    pub package: Arc<str>,
    /// True when the package is one that was asked about (not a dependency).
    pub analysed: bool,
    /// Path relative to the package root, with `/`.
    pub path: Arc<str>,
    /// The text.
    pub text: Arc<str>,
    line_starts: Vec<u32>,
}

/// All files of one analysis, in a reproducible order.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: BTreeMap<FileId, Arc<SourceFile>>,
}

/// Bits of a [`FileId`] that number the files of one package.
const FILE_BITS: u32 = 15;
/// Most packages with files: the two highest bits of an id are taken for texts that no file holds.
const MAX_PACKAGES: u32 = 1 << (30 - FILE_BITS);

/// A span as people read it: one-based lines, one-based columns counted in characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// Package the file belongs to.
    pub package: Arc<str>,
    /// True when the package was asked about.
    pub analysed: bool,
    /// Path relative to the package root.
    pub file: Arc<str>,
    /// First line.
    pub line: u32,
    /// First column.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// Column after the last character.
    pub end_column: u32,
}

impl SourceMap {
    /// Adds a file of the first package and returns its id.
    pub fn add(&mut self, package: Arc<str>, analysed: bool, path: Arc<str>, text: Arc<str>) -> FileId {
        self.add_of(0, package, analysed, path, text).unwrap_or(Span::NONE.file)
    }

    /// Adds a file of a package by its number and returns its id; `None` when there are too many (32,768 packages with
    /// as many files each).
    pub fn add_of(
        &mut self,
        number: u32,
        package: Arc<str>,
        analysed: bool,
        path: Arc<str>,
        text: Arc<str>,
    ) -> Option<FileId> {
        let known = self.of(number).next_back().map_or(0, |(id, _)| (id.0 & ((1 << FILE_BITS) - 1)) + 1);
        if number >= MAX_PACKAGES || known >> FILE_BITS != 0 {
            return None;
        }
        let id = FileId(number << FILE_BITS | known);
        let mut line_starts = vec![0];
        line_starts.extend(text.bytes().enumerate().filter(|&(_, b)| b == b'\n').map(|(at, _)| at as u32 + 1));
        self.files.insert(id, Arc::new(SourceFile { package, analysed, path, text, line_starts }));
        Some(id)
    }

    fn of(&self, number: u32) -> impl DoubleEndedIterator<Item = (&FileId, &Arc<SourceFile>)> {
        let number = number.min(MAX_PACKAGES);
        self.files.range(FileId(number << FILE_BITS)..FileId((number + 1) << FILE_BITS))
    }

    /// Puts a file back that another analysis of the same packages had added.
    #[cfg(feature = "source")]
    pub(crate) fn put(&mut self, id: FileId, file: Arc<SourceFile>) {
        self.files.insert(id, file);
    }

    /// The files of a package by its number.
    #[cfg(feature = "source")]
    pub(crate) fn of_package(&self, number: u32) -> Vec<(FileId, Arc<SourceFile>)> {
        self.of(number).map(|(id, file)| (*id, file.clone())).collect()
    }

    /// The file, or `None` for [`Span::NONE`]'s file.
    pub fn file(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(&id).map(Arc::as_ref)
    }

    /// All files with their ids.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files.iter().map(|(id, file)| (*id, file.as_ref()))
    }

    /// The text a span covers; empty when the span is nowhere or out of range.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).and_then(|file| file.text.get(span.lo as usize..span.hi as usize)).unwrap_or("")
    }

    /// Lines and columns of a span; `None` for [`Span::NONE`].
    pub fn locate(&self, span: Span) -> Option<Location> {
        let file = self.file(span.file)?;
        let (line, column) = file.line_column(span.lo);
        let (end_line, end_column) = file.line_column(span.hi);
        Some(Location {
            package: file.package.clone(),
            analysed: file.analysed,
            file: file.path.clone(),
            line,
            column,
            end_line,
            end_column,
        })
    }
}

impl SourceFile {
    /// One-based line and column (in characters) of a byte offset.
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let line = self.line_starts.partition_point(|&start| start <= offset).max(1) - 1;
        let start = self.line_starts[line] as usize;
        let end = (offset as usize).min(self.text.len());
        let column = self.text.get(start..end).map_or(0, |text| text.chars().count());
        (line as u32 + 1, column as u32 + 1)
    }
}
