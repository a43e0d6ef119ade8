//! What one analysis leaves for the next: dependencies as they were read and lowered, and the items of texts.
//!
//! **What is kept** is a pure function of the packages, the tables and the texts of the packages that are not analysed;
//! when any of these differs, all of it is forgotten. Of analysed packages only the items of single texts are kept, by
//! the text itself. **What is seen** must not depend on what is kept: reading a crate or lowering a body asks for other
//! crates and finds problems, and both show in a result. So the first time is noted ([`Notes`]), and taking something
//! from the cache repeats what was noted, in its order. Something that turns out to rest on an analysed package spoils
//! the cache: it is empty after the run.

use super::items::Fragment;
use super::{CrateData, Package, PackageId, Virtual, World, macros};
use crate::Problem;
use crate::ir::hir::{Body, CrateId, ItemId, ModId};
use crate::ir::{FileId, SourceFile, Span};
use rustc_hash::FxHashMap;
use std::any::Any;
use std::hash::Hash;
use std::rc::Rc;
use std::sync::Arc;

/// Keeps what analyses of the same packages have in common; see [`crate::analyze_again`]. It stays on its thread.
///
/// It holds the lowered dependencies of one set of packages: some ten MiB for a contract, however often it is used.
#[derive(Default)]
pub struct Cache {
    packages: Vec<Package>,
    /// Names and texts of the tables.
    tables: Vec<(String, Arc<str>)>,
    crates: FxHashMap<CrateId, Kept<Rc<CrateData>>>,
    files: FxHashMap<PackageId, Files>,
    bodies: FxHashMap<ItemId, Kept<Option<Arc<Body>>>>,
    exprs: FxHashMap<Excerpt, Kept<Option<Arc<Body>>>>,
    /// What else was worked out about crates.
    facts: FxHashMap<CrateId, Kept<Rc<dyn Any>>>,
    pub(super) rules: FxHashMap<ItemId, Rc<macros::Rules>>,
    pub(super) virtuals: Vec<Virtual>,
    fragments: FxHashMap<FileId, (Arc<str>, Fragment)>,
    spoilt: bool,
}

/// A text that stands in an attribute or a table: its module, its place and what it says.
pub(super) type Excerpt = (ModId, Span, String);

/// The files a crate was read from, and paths where there was none.
#[derive(Default)]
struct Files {
    found: Vec<(FileId, Arc<SourceFile>)>,
    absent: Vec<Arc<str>>,
}

/// Something kept, and what making it asked for and found.
#[derive(Clone)]
struct Kept<T> {
    made: T,
    notes: Rc<Notes>,
}

/// What happened while something was made.
#[derive(Default)]
pub(super) struct Notes(Vec<Note>);

enum Note {
    Asked(CrateId),
    Found(Problem),
}

impl Notes {
    fn ask(&mut self, id: CrateId) {
        if !self.0.iter().any(|note| matches!(note, Note::Asked(known) if *known == id)) {
            self.0.push(Note::Asked(id));
        }
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Cache({} crates, {} bodies)", self.crates.len(), self.bodies.len())
    }
}

impl<'s> World<'s> {
    /// The same world with what an earlier one left. Nothing may have been looked up before.
    pub(crate) fn with_cache(self, mut cache: Cache) -> World<'s> {
        let tables: Vec<_> = self.models.iter().map(|model| (model.file_name.clone(), model.text.clone())).collect();
        if cache.packages != self.packages || cache.tables != tables {
            cache = Cache { packages: self.packages.clone(), tables, ..Cache::default() };
        } else if !cache.files.iter().all(|(&package, files)| self.is_as_before(package, files)) {
            let fragments = std::mem::take(&mut cache.fragments);
            cache = Cache { packages: cache.packages, tables, fragments, ..Cache::default() };
        }
        World { cache: cache.into(), keeping: true, ..self }
    }

    fn is_as_before(&self, package: PackageId, files: &Files) -> bool {
        if self.is_model(CrateId(package.0)) {
            return true;
        }
        let same = |(_, file): &(FileId, Arc<SourceFile>)| {
            self.sources
                .read(package, &file.path)
                .is_some_and(|text| Arc::ptr_eq(&text, &file.text) || *text == *file.text)
        };
        files.found.iter().all(same) && files.absent.iter().all(|path| self.sources.read(package, path).is_none())
    }

    /// What is left for the next analysis.
    pub(crate) fn into_cache(self) -> Cache {
        let cache = self.cache.into_inner();
        if cache.spoilt { Cache::default() } else { cache }
    }

    /// True when what belongs to this crate stays.
    pub(super) fn keeps(&self, id: CrateId) -> bool {
        self.keeping && self.packages.get(id.0 as usize).is_some_and(|package| !package.analysed)
    }

    /// True while something is made that stays.
    pub(super) fn is_noting(&self) -> bool {
        self.noting.get() > 0
    }

    /// Something asks for a crate.
    pub(super) fn note_crate(&self, id: CrateId) {
        if !self.is_noting() {
            return;
        }
        if !self.keeps(id) {
            self.cache.borrow_mut().spoilt = true;
        }
        if let Some(notes) = self.notes.borrow_mut().last_mut() {
            notes.ask(id);
        }
    }

    pub(super) fn note_problem(&self, problem: &Problem) {
        if let Some(notes) = self.notes.borrow_mut().last_mut() {
            notes.0.push(Note::Found(problem.clone()));
        }
    }

    /// Makes something that stays, and notes what that takes. What was looked up before is forgotten for so long: an
    /// answer that is known asks for no crate.
    fn noting<T>(&self, make: impl FnOnce() -> T) -> Kept<T> {
        let memo = std::mem::take(&mut *self.memo.borrow_mut());
        self.notes.borrow_mut().push(Notes::default());
        self.noting.set(self.noting.get() + 1);
        let made = make();
        self.noting.set(self.noting.get() - 1);
        let notes = self.notes.borrow_mut().pop().unwrap_or_default();
        *self.memo.borrow_mut() = memo;
        Kept { made, notes: Rc::new(notes) }
    }

    /// Lets happen again what happened when something was made.
    fn repeat(&self, notes: &Notes) {
        for note in &notes.0 {
            match note {
                Note::Asked(id) => drop(self.data(*id)),
                Note::Found(problem) => self.problem(problem.message.clone(), problem.span),
            }
        }
    }

    /// A crate from the cache, or made; `begin` makes it known to the world before anything else happens.
    pub(super) fn crate_or(
        &self,
        id: CrateId,
        begin: impl FnOnce(&Rc<CrateData>),
        make: impl FnOnce() -> Rc<CrateData>,
    ) -> Rc<CrateData> {
        if !self.keeps(id) {
            return make();
        }
        let kept = self.cache.borrow().crates.get(&id).cloned();
        if let Some(kept) = kept {
            begin(&kept.made);
            self.take_files(PackageId(id.0));
            self.repeat(&kept.notes);
            return kept.made;
        }
        let kept = self.noting(make);
        self.keep_files(PackageId(id.0));
        // What was answered before the crate was there may have another answer now.
        self.memo.borrow_mut().clear();
        self.cache.borrow_mut().crates.insert(id, kept.clone());
        kept.made
    }

    fn take_files(&self, package: PackageId) {
        let cache = self.cache.borrow();
        let Some(known) = cache.files.get(&package) else { return };
        let (mut files, mut ids) = (self.files.borrow_mut(), self.file_ids.borrow_mut());
        for (id, file) in &known.found {
            files.put(*id, file.clone());
            ids.insert((package, file.path.clone()), Some(*id));
        }
        ids.extend(known.absent.iter().map(|path| ((package, path.clone()), None)));
    }

    fn keep_files(&self, package: PackageId) {
        let (files, ids) = (self.files.borrow(), self.file_ids.borrow());
        let mut absent: Vec<Arc<str>> = ids
            .iter()
            .filter(|((of, _), id)| *of == package && id.is_none())
            .map(|((_, path), _)| path.clone())
            .collect();
        absent.sort();
        self.cache.borrow_mut().files.insert(package, Files { found: files.of_package(package.0), absent });
    }

    /// A body of an item from the cache, or made.
    pub(super) fn body_or(&self, id: ItemId, make: impl FnOnce() -> Option<Arc<Body>>) -> Option<Arc<Body>> {
        self.kept_or(id.krate, id, |cache| &mut cache.bodies, make)
    }

    /// A body made of a text, from the cache, or made.
    pub(super) fn expr_or(&self, at: Excerpt, make: impl FnOnce() -> Option<Arc<Body>>) -> Option<Arc<Body>> {
        self.kept_or(at.0.krate, at, |cache| &mut cache.exprs, make)
    }

    /// Something that belongs to a crate, from a part of the cache, or made.
    fn kept_or<K: Eq + Hash, T: Clone>(
        &self,
        krate: CrateId,
        key: K,
        part: impl Fn(&mut Cache) -> &mut FxHashMap<K, Kept<T>>,
        make: impl FnOnce() -> T,
    ) -> T {
        if !self.keeps(krate) {
            return make();
        }
        let kept = part(&mut self.cache.borrow_mut()).get(&key).cloned();
        if let Some(kept) = kept {
            self.repeat(&kept.notes);
            return kept.made;
        }
        let kept = self.noting(make);
        part(&mut self.cache.borrow_mut()).insert(key, kept.clone());
        kept.made
    }

    /// What was remembered about a crate. There is one kind of thing to remember.
    pub(crate) fn remembered<T: 'static>(&self, id: CrateId) -> Option<Rc<T>> {
        let kept = self.cache.borrow().facts.get(&id).cloned()?;
        self.repeat(&kept.notes);
        kept.made.downcast().ok()
    }

    /// Works something out about a crate and remembers it, unless it is `None` or the crate does not stay.
    pub(crate) fn remember<T: 'static>(&self, id: CrateId, make: impl FnOnce() -> Option<T>) {
        if !self.keeps(id) {
            make();
            return;
        }
        let kept = self.noting(make);
        if let Some(made) = kept.made {
            let kept = Kept { made: Rc::new(made) as Rc<dyn Any>, notes: kept.notes };
            self.cache.borrow_mut().facts.insert(id, kept);
        }
    }

    /// The items of a file that was lowered before with the same text.
    pub(super) fn fragment(&self, file: FileId, text: &Arc<str>) -> Option<Fragment> {
        if !self.keeping || self.is_noting() {
            return None;
        }
        let cache = self.cache.borrow();
        let (known, fragment) = cache.fragments.get(&file)?;
        (Arc::ptr_eq(known, text) || known == text).then(|| fragment.clone())
    }

    /// Keeps the items of a file of an analysed package.
    pub(super) fn keep_fragment(&self, file: FileId, text: &Arc<str>, fragment: &Fragment) {
        if self.keeping && !self.is_noting() {
            self.cache.borrow_mut().fragments.insert(file, (text.clone(), fragment.clone()));
        }
    }
}
