//! Files of a git revision, through plumbing commands that run no filter, hook or helper of the repository.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::fail::Fail;

/// Files above this many bytes are left out of a checkout.
const FILE_LIMIT: u64 = 16 * 1024 * 1024;

/// A revision of the repository a folder is in.
#[derive(Debug)]
pub(crate) struct Revision {
    /// The repository's work tree.
    pub(crate) top: PathBuf,
    /// The commit's id.
    id: String,
}

fn git(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-optional-locks", "-C"])
        .arg(dir)
        .env("GIT_TERMINAL_PROMPT", "0")
        // In a partial clone git would run the remote's transport to get what is not there.
        .env("GIT_NO_LAZY_FETCH", "1")
        .stdin(Stdio::null());
    command
}

fn output(mut command: Command) -> anyhow::Result<Option<String>> {
    let output = command.output().context("cannot run git")?;
    Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned()))
}

impl Revision {
    /// Finds a revision (`main`, `HEAD~2`, a commit's id).
    pub(crate) fn find(dir: &Path, name: &str) -> anyhow::Result<Revision> {
        let mut command = git(dir);
        command.args(["rev-parse", "--show-toplevel"]);
        let top = output(command)?.ok_or_else(|| {
            Fail::new(format!("`{name}` is neither a file nor, outside of a git repository, a revision"))
        })?;
        let mut command = git(dir);
        command.args(["rev-parse", "--verify", "--quiet", "--end-of-options"]).arg(format!("{name}^{{commit}}"));
        let id = output(command)?.ok_or_else(|| {
            Fail::new(format!("`{name}` is neither a file nor a git revision"))
                .help("give two manifests, or a branch, tag or commit")
        })?;
        Ok(Revision { top: PathBuf::from(top), id })
    }

    /// Text of one file, path relative to the work tree; `None` when it is not there or no text.
    pub(crate) fn read(&self, path: &Path) -> anyhow::Result<Option<String>> {
        let spec = format!("{}:{}", self.id, path.to_string_lossy().replace('\\', "/"));
        let mut command = git(&self.top);
        command.args(["cat-file", "blob", &spec]).stderr(Stdio::null());
        let output = command.output().context("cannot run git")?;
        Ok(if output.status.success() { String::from_utf8(output.stdout).ok() } else { None })
    }

    /// Writes the revision's sources and manifests into a folder. Links and submodules are left out.
    pub(crate) fn checkout(&self, into: &Path) -> anyhow::Result<()> {
        let mut command = git(&self.top);
        command.args(["ls-tree", "-r", "-z", "-l", &self.id]);
        let listing = command.output().context("cannot run git")?;
        let listing = String::from_utf8_lossy(&listing.stdout).into_owned();
        let mut files: Vec<(&str, &str)> = Vec::new();
        for line in listing.split('\0') {
            let Some((head, path)) = line.split_once('\t') else { continue };
            let words: Vec<&str> = head.split_whitespace().collect();
            let [mode, "blob", id, size] = words.as_slice() else { continue };
            let wanted = Path::new(path).extension().is_some_and(|ext| ext == "rs" || ext == "toml" || ext == "lock");
            let inside = Path::new(path).components().all(|part| matches!(part, std::path::Component::Normal(_)));
            if mode.starts_with("100") && wanted && inside && size.parse::<u64>().is_ok_and(|size| size < FILE_LIMIT) {
                files.push((id, path));
            }
        }
        let mut command = git(&self.top);
        let mut child = command
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run git")?;
        let mut ask = child.stdin.take().context("git has no input")?;
        let mut answer = BufReader::new(child.stdout.take().context("git has no output")?);
        for (id, path) in files {
            writeln!(ask, "{id}")?;
            ask.flush()?;
            let mut head = String::new();
            answer.read_line(&mut head)?;
            let size: usize =
                head.trim_end().rsplit(' ').next().and_then(|size| size.parse().ok()).context("git says nonsense")?;
            let mut text = vec![0; size + 1];
            answer.read_exact(&mut text)?;
            text.pop();
            let file = into.join(path);
            if let Some(dir) = file.parent() {
                std::fs::create_dir_all(dir)?;
            }
            std::fs::write(file, text)?;
        }
        drop(ask);
        child.wait()?;
        Ok(())
    }
}
