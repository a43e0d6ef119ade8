//! The language server: findings while you type, from unsaved buffers, on code that does not compile.
//!
//! One thread speaks with the editor and never waits for an analysis; another one analyses, one package at a time, always
//! the newest text. While it works, edits pile up and are taken together, which is all the debouncing there is. What it
//! hands back (`answers`) is ready-made for hovers, lenses and actions. A request that needs newer answers than there are
//! waits for them, and can be cancelled while it does.

mod answers;
mod documents;
mod position;
#[cfg(test)]
mod tests;
mod worker;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use serde_json::{Value, json};

use crate::args::Common;
use answers::Answers;
use documents::Documents;
use position::{Encoding, path_of, uri_of};
use worker::{Done, Worker};

/// Speaks the protocol on standard input and output until the editor ends it.
pub(crate) fn serve(common: &Common) -> anyhow::Result<()> {
    let (connection, threads) = Connection::stdio();
    let ended = session(&connection, common)?;
    drop(connection);
    // The reader ends with an error on text that is no message: that is the reason to tell.
    let pipes = threads.join().context("the editor sent something that is no message of the protocol");
    if ended == Ended::Orderly { Ok(()) } else { pipes }
}

/// How a session ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// By `shutdown` and `exit`.
    Orderly,
    /// The other side went away.
    Closed,
}

/// One session over a connection.
pub(crate) fn session(connection: &Connection, common: &Common) -> anyhow::Result<Ended> {
    let Ok((id, params)) = connection.initialize_start() else { return Ok(Ended::Closed) };
    let offered = &params["capabilities"]["general"]["positionEncodings"];
    let encoding = Encoding::choose(offered);
    let capabilities = json!({
        "capabilities": {
            "positionEncoding": encoding.name(),
            "textDocumentSync": { "openClose": true, "change": 2, "save": { "includeText": false } },
            "hoverProvider": true,
            "codeActionProvider": { "codeActionKinds": ["quickfix"] },
            "codeLensProvider": { "resolveProvider": false }
        },
        "serverInfo": { "name": "crosslane", "version": env!("CARGO_PKG_VERSION") }
    });
    if connection.initialize_finish(id, capabilities).is_err() {
        return Ok(Ended::Closed);
    }
    let (worker, results) = Worker::start(common.clone(), encoding)?;
    let mut server = Server {
        connection,
        worker,
        documents: Documents::default(),
        packages: BTreeMap::new(),
        waiting: Vec::new(),
        clock: 0,
        encoding,
        shutting_down: false,
    };
    server.run(&results)
}

/// What is known about a package.
#[derive(Default)]
struct Package {
    /// Edits so far.
    wanted: u64,
    /// Edits that the answers know.
    known: u64,
    /// The answers; shared with nobody else.
    answers: Arc<Answers>,
}

/// A request that waits for newer answers.
struct Waiting {
    request: Request,
    package: PathBuf,
    since: u64,
}

struct Server<'a> {
    connection: &'a Connection,
    worker: Worker,
    documents: Documents,
    packages: BTreeMap<PathBuf, Package>,
    waiting: Vec<Waiting>,
    clock: u64,
    encoding: Encoding,
    shutting_down: bool,
}

impl Server<'_> {
    fn run(&mut self, results: &crossbeam_channel::Receiver<Done>) -> anyhow::Result<Ended> {
        loop {
            crossbeam_channel::select! {
                recv(self.connection.receiver) -> message => match message {
                    Err(_) => return Ok(Ended::Closed),
                    Ok(Message::Request(request)) => self.request(request),
                    Ok(Message::Notification(note)) if note.method == "exit" => {
                        return Ok(if self.shutting_down { Ended::Orderly } else { Ended::Closed });
                    }
                    Ok(Message::Notification(note)) => self.notification(&note),
                    Ok(Message::Response(_)) => {}
                },
                recv(results) -> done => match done {
                    Ok(done) => self.done(done),
                    Err(_) => anyhow::bail!("the analysis thread ended"),
                }
            }
        }
    }

    fn send(&self, message: impl Into<Message>) {
        // The editor may be gone; the receiver notices.
        let _ = self.connection.sender.send(message.into());
    }

    fn notification(&mut self, note: &Notification) {
        let params = &note.params;
        let document = &params["textDocument"];
        let Some(path) = document["uri"].as_str().and_then(path_of) else {
            match note.method.as_str() {
                "workspace/didChangeWatchedFiles" => self.changed_on_disk(params),
                "$/cancelRequest" => self.cancel(params),
                _ => {}
            }
            return;
        };
        match note.method.as_str() {
            "textDocument/didOpen" => {
                self.documents.open(path.clone(), document["text"].as_str().unwrap_or(""));
                self.touch(&path, false);
            }
            "textDocument/didChange" => {
                for change in params["contentChanges"].as_array().into_iter().flatten() {
                    self.documents.change(&path, change, self.encoding);
                }
                self.touch(&path, false);
            }
            "textDocument/didSave" => self.touch(&path, true),
            "textDocument/didClose" => {
                self.documents.close(&path);
                self.touch(&path, true);
            }
            _ => {}
        }
    }

    /// Asks for an analysis of the package a file belongs to. `disk`: files may have changed there.
    fn touch(&mut self, path: &Path, disk: bool) {
        let Some(package) = package_of(path) else { return };
        self.clock += 1;
        self.packages.entry(package.clone()).or_default().wanted = self.clock;
        self.worker.ask(package, self.clock, self.documents.texts(), disk);
    }

    fn changed_on_disk(&mut self, params: &Value) {
        let changes = params["changes"].as_array().into_iter().flatten();
        let paths: Vec<PathBuf> = changes.filter_map(|change| path_of(change["uri"].as_str()?)).collect();
        for path in paths {
            self.touch(&path, true);
        }
    }

    fn cancel(&mut self, params: &Value) {
        let id = match &params["id"] {
            Value::String(text) => RequestId::from(text.clone()),
            number => RequestId::from(number.as_i64().unwrap_or_default() as i32),
        };
        if let Some(at) = self.waiting.iter().position(|waiting| waiting.request.id == id) {
            let waiting = self.waiting.remove(at);
            let code = ErrorCode::RequestCanceled as i32;
            self.send(Response::new_err(waiting.request.id, code, "cancelled".to_owned()));
        }
    }

    fn request(&mut self, request: Request) {
        if request.method == "shutdown" {
            self.shutting_down = true;
            self.send(Response::new_ok(request.id, Value::Null));
            return;
        }
        if self.shutting_down {
            let code = ErrorCode::InvalidRequest as i32;
            self.send(Response::new_err(request.id, code, "the server is shutting down".to_owned()));
            return;
        }
        const KNOWN: &[&str] = &["textDocument/hover", "textDocument/codeLens", "textDocument/codeAction"];
        if !KNOWN.contains(&request.method.as_str()) {
            let code = ErrorCode::MethodNotFound as i32;
            let message = format!("no such request: {}", request.method);
            self.send(Response::new_err(request.id, code, message));
            return;
        }
        let path = request.params["textDocument"]["uri"].as_str().and_then(path_of);
        let package = path.as_deref().and_then(package_of);
        let Some((path, package)) = path.zip(package) else {
            self.send(Response::new_ok(request.id, Value::Null));
            return;
        };
        let state = self.packages.entry(package.clone()).or_default();
        if state.known < state.wanted {
            self.waiting.push(Waiting { request, package, since: state.wanted });
            return;
        }
        let answers = state.answers.clone();
        self.answer(&request, &answers, &path);
    }

    fn answer(&self, request: &Request, answers: &Answers, path: &Path) {
        let params = &request.params;
        let result = match request.method.as_str() {
            "textDocument/hover" => answers.hover(path, &params["position"]),
            "textDocument/codeLens" => answers.lenses(path),
            _ => answers.actions(path, &params["range"]),
        };
        self.send(Response::new_ok(request.id.clone(), result));
    }

    /// Shows what an analysis found, unless a newer text is being analysed already.
    fn done(&mut self, done: Done) {
        let Some(state) = self.packages.get_mut(&done.package) else { return };
        if done.clock <= state.known {
            return;
        }
        state.known = done.clock;
        let old = std::mem::replace(&mut state.answers, Arc::new(done.answers));
        let new = state.answers.clone();
        let (wanted, known) = (state.wanted, state.known);
        if known == wanted {
            for (path, diagnostics) in new.diagnostics() {
                self.publish(path, diagnostics);
            }
            for (path, _) in old.diagnostics() {
                if !new.has(path) {
                    self.publish(path, &[]);
                }
            }
        } else {
            // What was shown stays shown until the newest text is known: keep its list of files.
            if let Some(state) = self.packages.get_mut(&done.package) {
                state.answers = old;
            }
        }
        if let Some(problem) = done.problem.filter(|_| known == wanted) {
            let params = json!({ "type": 2, "message": problem });
            self.send(Notification::new("window/logMessage".to_owned(), params));
        }
        let ready: Vec<Waiting> = {
            let (ready, still) = std::mem::take(&mut self.waiting)
                .into_iter()
                .partition(|waiting| waiting.package == done.package && waiting.since <= known);
            self.waiting = still;
            ready
        };
        for waiting in ready {
            if let Some(path) = waiting.request.params["textDocument"]["uri"].as_str().and_then(path_of) {
                self.answer(&waiting.request, &new, &path);
            }
        }
    }

    fn publish(&self, path: &Path, diagnostics: &[Value]) {
        let params = json!({ "uri": uri_of(path), "diagnostics": diagnostics });
        self.send(Notification::new("textDocument/publishDiagnostics".to_owned(), params));
    }
}

/// The folder of the package a file belongs to: the nearest one with a manifest that names a package.
fn package_of(path: &Path) -> Option<PathBuf> {
    path.ancestors().skip(1).find(|dir| dir.join("Cargo.toml").is_file()).map(Path::to_path_buf)
}
