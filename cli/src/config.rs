//! Configuration: `crosslane.toml` beside the package or at the workspace root, and `[package.metadata.crosslane]` or
//! `[workspace.metadata.crosslane]`. The nearest place wins, setting by setting; the command line wins over all.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crosslane_analyzer::diagnostics::Level;
use crosslane_analyzer::{chains, frameworks, lints};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::args::{Common, External};
use crate::fail::{Fail, did_you_mean};
use crate::project::read_regular;

/// What is configured for one package.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Config {
    /// Framework to take.
    pub(crate) framework: Option<String>,
    /// Chain model to take.
    pub(crate) chain: Option<String>,
    /// Scope of conflicts.
    pub(crate) external: Option<Scope>,
    /// Packages whose code belongs to the analysis.
    pub(crate) also: Vec<PathBuf>,
    /// Measured costs.
    pub(crate) costs: Option<PathBuf>,
    /// Known findings.
    pub(crate) baseline: Option<PathBuf>,
    /// Levels by lint name.
    pub(crate) levels: BTreeMap<String, Level>,
    /// What entry points are expected to be.
    pub(crate) expect: Vec<Expect>,
    /// Most unknowns that are accepted.
    pub(crate) max_unknowns: Option<(usize, Place)>,
    /// Storage models of the user: files, and texts with `[crate]` and `[[row]]`.
    pub(crate) models: Vec<(PathBuf, String)>,
}

/// What conflicts speak about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The contract's own cells.
    Own,
    /// All that a transaction reaches.
    Transaction,
}

impl From<External> for Scope {
    fn from(external: External) -> Scope {
        match external {
            External::Own => Scope::Own,
            External::Transaction => Scope::Transaction,
        }
    }
}

/// One line of `[expect]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expect {
    /// Entry point, by its full name or the part behind the kind.
    pub(crate) entry: String,
    /// `parallel` or `sharded`: at least that good. `serial`: exactly that.
    pub(crate) class: String,
    /// Where it says so.
    pub(crate) place: Place,
}

/// Where something is configured.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    /// File.
    pub(crate) file: PathBuf,
    /// One-based line.
    pub(crate) line: usize,
}

const KEYS: &[&str] =
    &["framework", "chain", "external", "also", "costs", "baseline", "lints", "expect", "models", "crate", "row"];
const LEVELS: &[&str] = &["allow", "note", "warn", "deny"];
const CLASSES: &[&str] = &["parallel", "sharded", "serial"];

impl Config {
    /// Reads everything that is configured for a package.
    pub(crate) fn load(package: &Path, workspace: &Path, common: &Common) -> Result<Config, Fail> {
        let mut config = Config::default();
        let mut places = vec![(workspace.join("Cargo.toml"), "workspace"), (package.join("Cargo.toml"), "package")];
        places.retain(|(file, _)| file.exists());
        for (file, section) in places {
            config.read(&file, &[section, "metadata", "crosslane"])?;
        }
        let mut files = vec![workspace.join("crosslane.toml")];
        if package != workspace {
            files.push(package.join("crosslane.toml"));
        }
        for file in files {
            if file.exists() {
                config.read(&file, &[])?;
            }
        }
        config.flags(common)?;
        Ok(config)
    }

    /// Puts the command line on top.
    fn flags(&mut self, common: &Common) -> Result<(), Fail> {
        let flags = &common.analysis;
        if let Some(chain) = &flags.chain {
            known_chain(chain)?;
            self.chain = Some(chain.clone());
        }
        if let Some(framework) = &flags.framework {
            known_framework(framework)?;
            self.framework = Some(framework.clone());
        }
        self.external = flags.external.map(Scope::from).or(self.external);
        let cwd = std::env::current_dir().unwrap_or_default();
        self.also.extend(flags.also.iter().map(|path| cwd.join(path)));
        self.costs = flags.costs.as_ref().map(|path| cwd.join(path)).or(self.costs.take());
        self.baseline = flags.baseline.as_ref().map(|path| cwd.join(path)).or(self.baseline.take());
        for (names, level) in [(&flags.allow, Level::Allow), (&flags.warn, Level::Warn), (&flags.deny, Level::Deny)] {
            for name in names {
                if name == "all" {
                    let all = lints::all().iter().map(|lint| (lint.info.name.to_owned(), level));
                    self.levels.extend(all);
                } else if name != "warnings" {
                    self.levels.insert(crate::commands::explain::find(name)?.name.to_owned(), level);
                }
            }
        }
        Ok(())
    }

    /// Reads one file; `path` leads to the table in it.
    fn read(&mut self, file: &Path, path: &[&str]) -> Result<(), Fail> {
        let text = read_regular(file)
            .map_err(|error| Fail::new(format!("cannot be read: {error}")).file(file))?
            .ok_or_else(|| Fail::new("this is not a text file that can be read as configuration").file(file))?;
        let root = DeTable::parse(&text).map_err(|error| {
            let fail = Fail::new(error.message().trim().replace('\n', ", ")).file(file);
            match error.span() {
                Some(span) => fail.span(&text, span),
                None => fail,
            }
        })?;
        let mut table: &DeTable<'_> = root.get_ref();
        for key in path {
            match table.get(*key).and_then(|value| value.get_ref().as_table()) {
                Some(inner) => table = inner,
                None => return Ok(()),
            }
        }
        let reader = Reader { file, text: &text };
        if table.contains_key("crate") || table.contains_key("row") {
            self.models.push((file.to_path_buf(), only_rows(&text)));
        }
        for (key, value) in table {
            self.setting(&reader, key, value)?;
        }
        Ok(())
    }

    fn setting(
        &mut self,
        reader: &Reader<'_>,
        key: &Spanned<toml::de::DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<(), Fail> {
        let base = reader.file.parent().unwrap_or(Path::new(""));
        match key.get_ref().as_ref() {
            "framework" => {
                let framework = reader.string(value)?;
                known_framework(&framework).map_err(|fail| reader.at(fail, value))?;
                self.framework = Some(framework);
            }
            "chain" => {
                let chain = reader.string(value)?;
                known_chain(&chain).map_err(|fail| reader.at(fail, value))?;
                self.chain = Some(chain);
            }
            "external" => {
                self.external = Some(match reader.one_of(value, &["own", "transaction"])?.as_str() {
                    "own" => Scope::Own,
                    _ => Scope::Transaction,
                });
            }
            "also" => self.also = reader.strings(value)?.into_iter().map(|path| base.join(path)).collect(),
            "costs" => self.costs = Some(reader.inside(value, &reader.string(value)?)?),
            "baseline" => self.baseline = Some(reader.inside(value, &reader.string(value)?)?),
            "models" => {
                for path in reader.strings(value)? {
                    let file = reader.inside(value, &path)?;
                    let text = read_regular(&file).ok().flatten();
                    let missing = || reader.at(Fail::new(format!("cannot read the model {}", file.display())), value);
                    let text = text.ok_or_else(missing)?;
                    self.models.push((file, text));
                }
            }
            "lints" => {
                for (name, level) in reader.table(value)? {
                    let lint = crate::commands::explain::find(name.get_ref())
                        .map_err(|fail| fail.file(reader.file).span(reader.text, name.span()))?;
                    let word = reader.one_of(level, LEVELS)?;
                    self.levels.insert(lint.name.to_owned(), Level::parse(&word).unwrap_or(Level::Warn));
                }
            }
            "expect" => {
                for (entry, class) in reader.table(value)? {
                    let place = reader.place(&entry.span());
                    if entry.get_ref() == "max-unknowns" {
                        let number = class.get_ref().as_integer().and_then(|n| n.as_str().parse().ok());
                        let number =
                            number.ok_or_else(|| reader.at(Fail::new("expected a number, 0 or more"), class))?;
                        self.max_unknowns = Some((number, place));
                        continue;
                    }
                    let class = reader.one_of(class, CLASSES)?;
                    let entry = entry.get_ref().to_string();
                    self.expect.retain(|known| known.entry != entry);
                    self.expect.push(Expect { entry, class, place });
                }
            }
            // A table of storage models; the whole text was kept.
            "crate" | "row" => {}
            unknown => {
                let fail = Fail::new(format!("there is no setting `{unknown}`"));
                let fail = match did_you_mean(unknown, KEYS.iter().copied()) {
                    Some(close) => fail.help(format!("did you mean `{close}`?")),
                    None => fail.help(format!("settings: {}", KEYS[..9].join(", "))),
                };
                return Err(fail.file(reader.file).span(reader.text, key.span()));
            }
        }
        Ok(())
    }
}

/// The storage model in a configuration: the text with every line of other settings blank, so that lines stay where they are.
fn only_rows(text: &str) -> String {
    let mut mine = false;
    let mut out = String::new();
    for line in text.lines() {
        let head = line.trim_start();
        if let Some(name) = head.strip_prefix('[').filter(|_| !head.starts_with("[\"")) {
            let name = name.trim_start_matches('[').split([']', '.']).next().unwrap_or("").trim();
            if KEYS.contains(&name) {
                mine = name == "crate" || name == "row";
            }
        }
        out.push_str(if mine { line } else { "" });
        out.push('\n');
    }
    out
}

/// An id of `--framework` that exists.
fn known_framework(id: &str) -> Result<(), Fail> {
    if frameworks::names().any(|(known, _)| known == id) {
        return Ok(());
    }
    let fail = Fail::new(format!("there is no framework `{id}`"));
    Err(match did_you_mean(id, frameworks::names().map(|(known, _)| known)) {
        Some(close) => fail.help(format!("did you mean `{close}`?")),
        None => {
            fail.help(format!("frameworks: {}", frameworks::names().map(|(id, _)| id).collect::<Vec<_>>().join(", ")))
        }
    })
}

/// An id of `--chain` that exists.
fn known_chain(id: &str) -> Result<(), Fail> {
    if chains::get(id).is_some() {
        return Ok(());
    }
    let ids = || chains::all().iter().map(|chain| chain.id.as_str());
    let fail = Fail::new(format!("there is no chain model `{id}`"));
    Err(match did_you_mean(id, ids()) {
        Some(close) => fail.help(format!("did you mean `{close}`?")),
        None => fail.help(format!("chain models: {}, merge:bounds=runtime", ids().collect::<Vec<_>>().join(", "))),
    })
}

/// Takes values of the expected kind out of a file, or points at them.
struct Reader<'a> {
    file: &'a Path,
    text: &'a str,
}

impl Reader<'_> {
    fn at(&self, fail: Fail, value: &Spanned<DeValue<'_>>) -> Fail {
        fail.file(self.file).span(self.text, value.span())
    }

    fn place(&self, span: &std::ops::Range<usize>) -> Place {
        let before = self.text.get(..span.start).unwrap_or("");
        Place { file: self.file.to_path_buf(), line: before.matches('\n').count() + 1 }
    }

    fn wrong(&self, value: &Spanned<DeValue<'_>>, expected: &str) -> Fail {
        self.at(Fail::new(format!("expected {expected}, found {}", value.get_ref().type_str())), value)
    }

    fn string(&self, value: &Spanned<DeValue<'_>>) -> Result<String, Fail> {
        value.get_ref().as_str().map(str::to_owned).ok_or_else(|| self.wrong(value, "a text"))
    }

    /// A file below the configuration's folder. What a package's configuration names must not lead elsewhere; the command
    /// line may.
    fn inside(&self, value: &Spanned<DeValue<'_>>, path: &str) -> Result<PathBuf, Fail> {
        let base = self.file.parent().unwrap_or(Path::new(""));
        let joined = base.join(path);
        let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let leaves = Path::new(path).components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir));
        if leaves || !real(&joined).starts_with(real(base)) && joined.exists() {
            let fail = Fail::new(format!("`{path}` is not below the folder of this file"));
            return Err(self.at(fail, value).help("files elsewhere can be given on the command line"));
        }
        Ok(joined)
    }

    fn strings(&self, value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, Fail> {
        let items = value.get_ref().as_array().ok_or_else(|| self.wrong(value, "a list of texts"))?;
        items.iter().map(|item| self.string(item)).collect()
    }

    fn table<'v>(&self, value: &'v Spanned<DeValue<'v>>) -> Result<&'v DeTable<'v>, Fail> {
        value.get_ref().as_table().ok_or_else(|| self.wrong(value, "a table"))
    }

    fn one_of(&self, value: &Spanned<DeValue<'_>>, words: &[&str]) -> Result<String, Fail> {
        let word = self.string(value)?;
        if words.contains(&word.as_str()) {
            return Ok(word);
        }
        let fail = self.at(Fail::new(format!("`{word}` is not one of {}", words.join(", "))), value);
        Err(match did_you_mean(&word, words.iter().copied()) {
            Some(close) => fail.help(format!("did you mean `{close}`?")),
            None => fail,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, Fail> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("crosslane.toml");
        std::fs::write(&file, text).unwrap();
        let mut config = Config::default();
        config.read(&file, &[]).map(|()| config)
    }

    #[test]
    fn everything_at_once() {
        let config = read(
            "chain = \"occ\"\nexternal = \"transaction\"\n[lints]\nhot-counter = \"deny\"\n[expect]\n\
             \"execute::transfer\" = \"sharded\"\nmax-unknowns = 0\n",
        )
        .unwrap();
        assert_eq!(config.chain.as_deref(), Some("occ"));
        assert_eq!(config.external, Some(Scope::Transaction));
        assert_eq!(config.levels["hot-counter"], Level::Deny);
        assert_eq!(config.expect[0].place.line, 6);
        assert_eq!(config.max_unknowns.unwrap().0, 0);
    }

    #[test]
    fn storage_models_keep_their_lines() {
        let config =
            read("chain = \"occ\"\n[crate]\nname = \"x\"\n[lints]\nhot-counter = \"deny\"\n[[row]]\nrust = 'a'\n")
                .unwrap();
        assert_eq!(config.models[0].1, "\n[crate]\nname = \"x\"\n\n\n[[row]]\nrust = 'a'\n");
    }

    #[test]
    fn mistakes_point_at_the_line_and_say_what_was_meant() {
        for (text, message, place) in [
            ("chian = \"occ\"", "did you mean `chain`?", ":1:1"),
            ("\n[lints]\nhot-countr = \"deny\"", "did you mean `hot-counter`?", ":3:1"),
            ("[lints]\nhot-counter = \"dney\"", "did you mean `deny`?", ":2:15"),
            ("chain = \"solanna\"", "did you mean `solana`?", ":1:9"),
            ("chain = 3", "expected a text, found integer", ":1:9"),
            ("[expect]\nmax-unknowns = -1", "expected a number", ":2:16"),
            ("chain = ", "", ":1:9"),
            ("baseline = \"/etc/passwd\"", "is not below the folder of this file", ":1:12"),
            ("costs = \"../x\"", "is not below the folder of this file", ":1:9"),
        ] {
            let text = read(text).unwrap_err().to_string();
            assert!(text.contains(message) && text.contains(place), "{text}");
        }
    }
}
