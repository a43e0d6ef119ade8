//! Texts of open files as the editor has them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crosslane_analyzer::source::{PackageId, Sources};
use serde_json::Value;

use super::position::Encoding;
use crate::project::DiskSources;

/// Open files.
pub(crate) type Texts = BTreeMap<PathBuf, Arc<str>>;

/// All open files; cheap to hand to another thread.
#[derive(Default)]
pub(crate) struct Documents {
    texts: Arc<Texts>,
}

impl Documents {
    /// The texts as they are now.
    pub(crate) fn texts(&self) -> Arc<Texts> {
        self.texts.clone()
    }

    /// A file was opened.
    pub(crate) fn open(&mut self, path: PathBuf, text: &str) {
        Arc::make_mut(&mut self.texts).insert(path, text.into());
    }

    /// A file was closed: from now on it is what is on disk.
    pub(crate) fn close(&mut self, path: &Path) {
        Arc::make_mut(&mut self.texts).remove(path);
    }

    /// One edit: a range and what stands there now, or the whole text.
    pub(crate) fn change(&mut self, path: &Path, change: &Value, encoding: Encoding) {
        let new = change["text"].as_str().unwrap_or("");
        let texts = Arc::make_mut(&mut self.texts);
        let old = texts.get(path).cloned().unwrap_or_default();
        let range = &change["range"];
        let text: Arc<str> = match range.is_object() {
            false => new.into(),
            true => {
                let lo = encoding.offset(&old, &range["start"]);
                let hi = encoding.offset(&old, &range["end"]).max(lo);
                format!("{}{new}{}", &old[..lo], &old[hi..]).into()
            }
        };
        texts.insert(path.to_path_buf(), text);
    }
}

/// Open files in front of those on disk.
pub(crate) struct Overlay<'a> {
    /// On disk.
    pub(crate) disk: &'a DiskSources,
    /// In the editor.
    pub(crate) open: &'a Texts,
}

impl Sources for Overlay<'_> {
    fn read(&self, package: PackageId, path: &str) -> Option<Arc<str>> {
        if !self.open.is_empty()
            && let Some(root) = self.disk.root(package)
            && let Some(text) = self.open.get(&root.join(path))
        {
            return Some(text.clone());
        }
        self.disk.read(package, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn edits_apply_in_order() {
        let mut documents = Documents::default();
        let path = Path::new("/x.rs");
        documents.open(path.to_path_buf(), "fn a() {}\nfn ö() {}\n");
        let before = documents.texts();
        let range = json!({ "start": { "line": 1, "character": 3 }, "end": { "line": 1, "character": 4 } });
        documents.change(path, &json!({ "range": range, "text": "b" }), Encoding::Utf16);
        assert_eq!(&*documents.texts()[path], "fn a() {}\nfn b() {}\n");
        assert_eq!(&*before[path], "fn a() {}\nfn ö() {}\n", "who analyses sees one text throughout");
        // A client that is out of step does not bring the server down.
        let range = json!({ "start": { "line": 9, "character": 3 }, "end": { "line": 0, "character": 4 } });
        documents.change(path, &json!({ "range": range, "text": "x" }), Encoding::Utf16);
        assert!(documents.texts()[path].ends_with('x'));
        documents.change(path, &json!({ "text": "all" }), Encoding::Utf16);
        assert_eq!(&*documents.texts()[path], "all");
        documents.close(path);
        assert!(documents.texts().is_empty());
    }
}
