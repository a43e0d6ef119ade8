//! A folder with a project in it, and the binary run there.
#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A temporary folder; no registry lies in it.
pub(crate) struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    /// With these files.
    pub(crate) fn new(files: &[(&str, &str)]) -> Place {
        let place = Place { dir: tempfile::tempdir().unwrap() };
        for (path, text) in files {
            place.write(path, text);
        }
        place
    }

    /// With a package of one file.
    pub(crate) fn package(manifest: &str, source: &str) -> Place {
        Place::new(&[("Cargo.toml", manifest), ("src/lib.rs", source)])
    }

    /// The path of a file here, without symbolic links above it.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        fs::canonicalize(self.dir.path()).unwrap().join(path)
    }

    /// Writes a file, and makes the folders above it.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The binary with these arguments, to be run here.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-crosslane"));
        command.args(args).current_dir(self.path("")).env("CARGO_HOME", self.path("cargo-home"));
        command.env_remove("CARGO_TERM_COLOR");
        command
    }

    /// What comes of these arguments.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.run_in("", args)
    }

    /// What comes of these arguments in a folder below.
    pub(crate) fn run_in(&self, dir: &str, args: &[&str]) -> Run {
        Run::new(&self.command(args).current_dir(self.path(dir)).output().unwrap(), self.dir.path())
    }

    /// Exit status, and what is printed to either stream.
    pub(crate) fn both(&self, args: &[&str]) -> (i32, String) {
        let run = self.run(args);
        (run.code, run.out + &run.err)
    }

    /// What is printed, as JSON.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let run = self.run(args);
        serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err))
    }

    /// Paths of all files, sorted.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        fn walk(dir: &Path, out: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(dir).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() { walk(&path, out) } else { out.push(path) }
            }
        }
        let mut out = Vec::new();
        walk(self.dir.path(), &mut out);
        out.sort();
        out
    }
}

/// What a run left: exit status and both streams, the folder's path as `DIR`.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    fn new(output: &Output, dir: &Path) -> Run {
        let real = fs::canonicalize(dir).unwrap();
        let text = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            text.replace(real.to_str().unwrap(), "DIR").replace(dir.to_str().unwrap(), "DIR")
        };
        Run { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Both streams and the exit status, for a snapshot.
    pub(crate) fn transcript(&self) -> String {
        format!("{}--- stderr\n{}--- exit {}\n", self.out, self.err, self.code)
    }

    /// It failed with a message that has all of these parts, and nothing else.
    #[track_caller]
    pub(crate) fn fails_with(&self, parts: &[&str]) {
        assert_eq!(self.code, 2, "{self:?}");
        assert_eq!(self.out, "", "nothing on standard output");
        for part in parts {
            assert!(self.err.contains(part), "{part:?} is not in\n{}", self.err);
        }
        assert!(!self.err.contains("panicked"), "{}", self.err);
    }
}
