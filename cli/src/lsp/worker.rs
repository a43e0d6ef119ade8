//! The thread that analyses. It takes the newest wish for each package and forgets the older ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use crossbeam_channel::{Receiver, Sender, unbounded};
use crosslane_analyzer::source::{Cache, with_big_stack};

use super::answers::{self, Answers};
use super::documents::{Overlay, Texts};
use super::position::Encoding;
use crate::args::Common;
use crate::commands::check;
use crate::session::{self, Caches, Unit};

/// A wish for an analysis.
struct Job {
    package: PathBuf,
    clock: u64,
    texts: Arc<Texts>,
    /// Files may have changed on disk: forget what was read.
    disk: bool,
}

/// What came of it.
pub(crate) struct Done {
    /// Folder of the package.
    pub(crate) package: PathBuf,
    /// Of the wish.
    pub(crate) clock: u64,
    /// Ready-made answers.
    pub(crate) answers: Answers,
    /// Why there are none, when something is wrong with the package.
    pub(crate) problem: Option<String>,
}

/// The way to the thread; it ends when this is dropped.
pub(crate) struct Worker {
    jobs: Sender<Job>,
}

impl Worker {
    /// Starts the thread.
    pub(crate) fn start(common: Common, encoding: Encoding) -> anyhow::Result<(Worker, Receiver<Done>)> {
        let (jobs, wishes) = unbounded::<Job>();
        let (results, done) = unbounded();
        std::thread::Builder::new()
            .name("analysis".to_owned())
            .spawn(move || with_big_stack(|| work(&common, encoding, &wishes, &results)))
            .context("no thread for the analysis")?;
        Ok((Worker { jobs }, done))
    }

    /// Asks for an analysis.
    pub(crate) fn ask(&self, package: PathBuf, clock: u64, texts: Arc<Texts>, disk: bool) {
        let _ = self.jobs.send(Job { package, clock, texts, disk });
    }
}

fn work(common: &Common, encoding: Encoding, wishes: &Receiver<Job>, results: &Sender<Done>) {
    let mut units: BTreeMap<PathBuf, Unit> = BTreeMap::new();
    let mut caches = Caches::default();
    while let Ok(first) = wishes.recv() {
        let mut newest: BTreeMap<PathBuf, Job> = BTreeMap::new();
        for job in std::iter::once(first).chain(wishes.try_iter()) {
            let forget = job.disk || newest.get(&job.package).is_some_and(|older| older.disk);
            newest.insert(job.package.clone(), Job { disk: forget, ..job });
        }
        for (package, job) in newest {
            let outcome = analyse(common, encoding, &mut units, caches.of(&package), &job);
            let (answers, problem) = match outcome {
                Ok(answers) => (answers, None),
                Err(error) => (Answers::default(), Some(format!("{error:#}"))),
            };
            let done = Done { package, clock: job.clock, answers, problem };
            if results.send(done).is_err() {
                return;
            }
        }
    }
}

fn analyse(
    common: &Common,
    encoding: Encoding,
    units: &mut BTreeMap<PathBuf, Unit>,
    cache: &mut Cache,
    job: &Job,
) -> anyhow::Result<Answers> {
    if job.disk {
        units.remove(&job.package);
    }
    if !units.contains_key(&job.package) {
        units.insert(job.package.clone(), unit(common, &job.package)?);
    }
    let Some(unit) = units.get_mut(&job.package) else { return Ok(Answers::default()) };
    let overlay = Overlay { disk: &unit.project.sources, open: &job.texts };
    unit.analysis = session::analyse(&overlay, &unit.project, &unit.config, Some(cache))?;
    let report = check::examine(unit, common)?;
    answers::prepare(&report, encoding)
}

/// A package with everything but its analysis.
fn unit(common: &Common, dir: &Path) -> anyhow::Result<Unit> {
    let mut common = common.clone();
    common.quiet = true;
    common.select.manifest_path = Some(dir.join("Cargo.toml"));
    let mut units = session::find(&common)?;
    anyhow::ensure!(!units.is_empty(), "no package in {}", dir.display());
    Ok(units.swap_remove(0))
}
