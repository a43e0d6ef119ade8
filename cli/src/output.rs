//! Terminal streams: what was asked for goes to standard output, everything else to standard error.

use std::borrow::Cow;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::args::Color;
use crate::fail::Fail;

/// Bold.
pub(crate) const BOLD: Style = Style::new().bold();
/// Level error.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// Level warning.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// Level note, help.
pub(crate) const NOTE: Style = AnsiColor::Cyan.on_default().bold();

/// Applies `--color`; without it the terminal, `NO_COLOR` and `CARGO_TERM_COLOR` decide.
pub(crate) fn choose_color(choice: Option<Color>) {
    let choice = choice.or_else(|| match std::env::var("CARGO_TERM_COLOR").ok()?.as_str() {
        "always" => Some(Color::Always),
        "never" => Some(Color::Never),
        _ => None,
    });
    match choice {
        Some(Color::Always) => anstream::ColorChoice::AlwaysAnsi.write_global(),
        Some(Color::Never) => anstream::ColorChoice::Never.write_global(),
        Some(Color::Auto) | None => {}
    }
}

/// Text without what would change how other text is shown: control characters, and signs that turn the direction of
/// writing, become `\u202e` and the like, which in JSON is the same character again. Colours stay.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    let odd = |c: char| {
        (c.is_control() && c != '\n' && c != '\t' && c != '\r')
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.chars().any(odd) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let colour = colour(rest);
        if colour > 0 {
            out.push_str(&rest[..colour]);
            rest = &rest[colour..];
            continue;
        }
        if odd(c) {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
        rest = &rest[c.len_utf8()..];
    }
    Cow::Owned(out)
}

/// Length of a colour code that a text begins with, 0 without one.
fn colour(text: &str) -> usize {
    let Some(body) = text.strip_prefix("\u{1b}[") else { return 0 };
    let digits = body.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b';').count();
    if body.as_bytes().get(digits) == Some(&b'm') { digits + 3 } else { 0 }
}

/// Something that was printed, and where.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Printed {
    /// On standard output.
    Shown(String),
    /// On standard error.
    Told(String),
}

impl Printed {
    /// Prints it again.
    pub(crate) fn again(&self) -> anyhow::Result<()> {
        match self {
            Printed::Shown(text) => show(text),
            Printed::Told(text) => tell(text),
        }
    }
}

/// What has been printed, while somebody wants to know.
static TAPE: Mutex<Option<Vec<Printed>>> = Mutex::new(None);

/// Runs something and gives besides what it printed.
pub(crate) fn taped<R>(run: impl FnOnce() -> R) -> (R, Vec<Printed>) {
    let set = |tape| std::mem::replace(&mut *TAPE.lock().unwrap_or_else(PoisonError::into_inner), tape);
    set(Some(Vec::new()));
    let result = run();
    (result, set(None).unwrap_or_default())
}

fn tape(printed: impl FnOnce() -> Printed) {
    if let Some(tape) = &mut *TAPE.lock().unwrap_or_else(PoisonError::into_inner) {
        tape.push(printed());
    }
}

/// Writes to standard output what the user asked to see.
pub(crate) fn show(text: &str) -> anyhow::Result<()> {
    tape(|| Printed::Shown(text.to_owned()));
    let mut out = anstream::stdout().lock();
    out.write_all(visible(text).as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Writes text for people to standard error.
pub(crate) fn tell(text: &str) -> anyhow::Result<()> {
    tape(|| Printed::Told(text.to_owned()));
    anstream::stderr().lock().write_all(visible(text).as_bytes())?;
    Ok(())
}

/// Prints why the tool could not run.
pub(crate) fn error(error: &anyhow::Error) {
    let mut text = format!("{ERROR}error{ERROR:#}: ");
    match error.downcast_ref::<Fail>() {
        Some(fail) => text.push_str(&fail.to_string()),
        None => {
            text.push_str(&error.to_string());
            for cause in error.chain().skip(1) {
                text.push_str(&format!("\n  = because: {cause}"));
            }
        }
    }
    text.push('\n');
    // Nothing can be done if this cannot be written.
    let _ = anstream::stderr().lock().write_all(visible(&text).as_bytes());
}

/// True when the reader of our output went away (`| head`).
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe))
}

/// Writes a file so that a reader sees the old text or the new one, never a half. A device or a pipe is written to.
pub(crate) fn write_file(path: &Path, text: impl AsRef<[u8]>) -> anyhow::Result<()> {
    write_file_with(path, |file| file.write_all(text.as_ref()))
}

/// The same for text that is written piece by piece.
pub(crate) fn write_file_with(
    path: &Path,
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.is_dir() {
        return Err(Fail::new("this is a folder; give the path of a file").file(path).into());
    }
    let what = || format!("cannot write {}", path.display());
    // Through a link the file behind it is replaced, not the link.
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    // `/dev/null` is not to become a file.
    if fs::metadata(&real).is_ok_and(|meta| !meta.is_file()) {
        let mut device = fs::OpenOptions::new().write(true).open(&real).with_context(what)?;
        return write(&mut device).and_then(|()| device.flush()).with_context(what);
    }
    let dir = real.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(dir);
    let mut file = tempfile::Builder::new().prefix(".crosslane-").tempfile_in(dir).with_context(what)?;
    write(&mut file).with_context(what)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&real).map_or(0o644, |meta| meta.permissions().mode());
        file.as_file().set_permissions(fs::Permissions::from_mode(mode)).with_context(what)?;
    }
    file.persist(&real).with_context(what)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_written_to_and_not_replaced() {
        use std::os::unix::fs::FileTypeExt as _;
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        if !std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
            return;
        }
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read_to_string(pipe)
        });
        write_file(&pipe, "text").unwrap();
        assert_eq!(reader.join().unwrap().unwrap(), "text");
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    }

    #[test]
    fn only_colours_reach_a_terminal() {
        assert_eq!(visible("\u{1b}[1;31merror\u{1b}[0m: a\tb\n"), "\u{1b}[1;31merror\u{1b}[0m: a\tb\n");
        assert_eq!(visible("x\u{1b}[2Jy\u{1b}]0;t\u{7}z"), "x\\u001b[2Jy\\u001b]0;t\\u0007z");
        assert_eq!(visible("\u{202e}cba\u{2069}"), "\\u202ecba\\u2069");
        let json = visible("{\"a\":\"\u{202e}\"}").into_owned();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["a"], "\u{202e}");
        assert_eq!(visible("\u{1b}[31"), "\\u001b[31");
    }
}
