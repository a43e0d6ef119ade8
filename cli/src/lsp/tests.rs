//! A session as an editor leads it, in this process: open, edit, look, fix, and what a rude client does.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use lsp_server::{Connection, Message, Notification, Request, Response};
use serde_json::{Value, json};

use super::position::uri_of;
use super::{Ended, session};
use crate::args::Common;

const MANIFEST: &str = "[package]\nname = \"counter\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\n\
                        cosmwasm-std = \"2\"\ncw-storage-plus = \"2\"\n";

const SOURCE: &str = "use cosmwasm_std::*;
use cw_storage_plus::*;
const COUNT: Item<u64> = Item::new(\"count\");
const SEEN: Map<&Addr, u64> = Map::new(\"seen\");
pub enum ExecuteMsg { Count {}, See {} }
#[entry_point]
pub fn execute(deps: DepsMut, _env: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {
    match msg {
        ExecuteMsg::Count {} => {
            /* größe */ COUNT.update(deps.storage, |n| -> StdResult<_> { Ok(n + 1) })?;
        }
        ExecuteMsg::See {} => SEEN.save(deps.storage, &info.sender, &1)?,
    }
    Ok(Response::new())
}
";

struct Editor {
    dir: tempfile::TempDir,
    client: Connection,
    server: Option<std::thread::JoinHandle<anyhow::Result<Ended>>>,
    next: i32,
    shown: Vec<(String, Value)>,
}

impl Editor {
    fn start() -> Editor {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("src")).unwrap();
        fs::write(dir.path().join("Cargo.toml"), MANIFEST).unwrap();
        fs::write(dir.path().join("src/lib.rs"), SOURCE).unwrap();
        let (client, server) = Connection::memory();
        let server = std::thread::spawn(move || session(&server, &Common::default()));
        let mut editor = Editor { dir, client, server: Some(server), next: 0, shown: Vec::new() };
        let result = editor.request("initialize", json!({ "capabilities": {} }));
        assert_eq!(result["capabilities"]["positionEncoding"], "utf-16");
        editor.notify("initialized", json!({}));
        editor
    }

    fn path(&self) -> PathBuf {
        fs::canonicalize(self.dir.path()).unwrap().join("src/lib.rs")
    }

    fn uri(&self) -> String {
        uri_of(&self.path())
    }

    fn notify(&self, method: &str, params: Value) {
        let _ = self.client.sender.send(Notification::new(method.to_owned(), params).into());
    }

    fn ask(&mut self, method: &str, params: Value) -> i32 {
        self.next += 1;
        let _ = self.client.sender.send(Request::new(self.next.into(), method.to_owned(), params).into());
        self.next
    }

    fn receive(&mut self) -> Message {
        let message = self.client.receiver.recv_timeout(Duration::from_secs(120)).unwrap();
        if let Message::Notification(note) = &message
            && note.method == "textDocument/publishDiagnostics"
        {
            let uri = note.params["uri"].as_str().unwrap().to_owned();
            self.shown.retain(|(known, _)| *known != uri);
            self.shown.push((uri, note.params["diagnostics"].clone()));
        }
        message
    }

    fn response(&mut self, id: i32) -> Response {
        loop {
            if let Message::Response(response) = self.receive()
                && response.id == id.into()
            {
                return response;
            }
        }
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        self.response(id).response_result.unwrap_or_else(|error| panic!("{method}: {}", error.message))
    }

    /// Waits until the answers know the newest text.
    fn settle(&mut self) {
        let params = json!({ "textDocument": { "uri": self.uri() } });
        self.request("textDocument/codeLens", params);
    }

    fn codes(&self) -> Vec<String> {
        let uri = self.uri();
        let of_file = self.shown.iter().filter(|(known, _)| *known == uri);
        of_file
            .flat_map(|(_, all)| all.as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap().to_owned()))
            .collect()
    }

    fn open(&mut self, text: &str) {
        let document = json!({ "uri": self.uri(), "languageId": "rust", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
        self.settle();
    }

    fn replace(&mut self, text: &str) {
        let document = json!({ "uri": self.uri(), "version": 2 });
        self.notify(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [{ "text": text }] }),
        );
    }

    fn goodbye(mut self) -> Ended {
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        self.server.take().unwrap().join().unwrap().unwrap()
    }
}

#[test]
fn findings_follow_unsaved_text() {
    let mut editor = Editor::start();
    editor.open(SOURCE);
    let before = editor.codes();
    assert!(before.contains(&"XL101".to_owned()), "{before:?}");
    let uri = editor.uri();
    let (_, all) = editor.shown.iter().find(|(known, _)| *known == uri).unwrap().clone();
    let found = all.as_array().unwrap().iter().find(|it| it["code"] == "XL101").unwrap();
    // Two bytes for each of ö and ß, one code unit.
    assert_eq!(found["range"]["start"], json!({ "line": 9, "character": 30 }), "{found}");
    editor.replace(&SOURCE.replace("COUNT.update(deps.storage, |n| -> StdResult<_> { Ok(n + 1) })?;", ""));
    editor.settle();
    assert!(!editor.codes().contains(&"XL101".to_owned()));
    // Code that does not compile.
    editor.replace(&SOURCE.replace("Ok(Response::new())", "Ok(Response::"));
    editor.settle();
    // The file on disk never changed; closing brings its findings back.
    editor.notify("textDocument/didClose", json!({ "textDocument": { "uri": editor.uri() } }));
    editor.settle();
    assert_eq!(editor.codes(), before);
    assert_eq!(editor.goodbye(), Ended::Orderly);
}

#[test]
fn actions_hovers_and_lenses() {
    let mut editor = Editor::start();
    editor.open(SOURCE);
    let uri = editor.uri();
    let at = |line: usize, character: usize| json!({ "line": line, "character": character });
    let lenses = editor.request("textDocument/codeLens", json!({ "textDocument": { "uri": uri } }));
    let titles: Vec<&str> =
        lenses.as_array().unwrap().iter().map(|it| it["command"]["title"].as_str().unwrap()).collect();
    assert_eq!(titles.len(), 2, "{titles:?}");
    assert!(titles[0].contains("no: every call"), "{titles:?}");
    let lens = lenses[0]["range"]["start"].clone();
    let hover = editor.request("textDocument/hover", json!({ "textDocument": { "uri": uri }, "position": lens }));
    assert!(hover["contents"]["value"].as_str().unwrap().contains("`COUNT`"), "{hover}");
    let cell = editor.request("textDocument/hover", json!({ "textDocument": { "uri": uri }, "position": at(2, 7) }));
    assert!(cell["contents"]["value"].as_str().unwrap().contains("changed by count"), "{cell}");
    let range = json!({ "start": at(9, 30), "end": at(9, 30) });
    let context = json!({ "diagnostics": [] });
    let params = json!({ "textDocument": { "uri": uri }, "range": range, "context": context });
    let actions = editor.request("textDocument/codeAction", params);
    let allow = actions.as_array().unwrap().iter().find(|it| it["title"] == "allow hot-counter here").unwrap();
    let edit = &allow["edit"]["changes"][&uri][0];
    assert_eq!(edit["newText"], "            // crosslane: allow(hot-counter) reason\n");
    let document = json!({ "uri": uri, "version": 3 });
    let change = json!({ "range": edit["range"], "text": edit["newText"] });
    editor.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [change] }));
    editor.settle();
    assert!(!editor.codes().contains(&"XL101".to_owned()), "applied and gone");
    assert_eq!(editor.goodbye(), Ended::Orderly);
}

#[test]
fn rude_clients() {
    let mut editor = Editor::start();
    // Files that are nowhere, unknown requests, odd parameters.
    editor.notify("textDocument/didOpen", json!({ "textDocument": { "uri": "untitled:1", "text": "x" } }));
    editor
        .notify("textDocument/didOpen", json!({ "textDocument": { "uri": "file:///nowhere/at/all.rs", "text": "x" } }));
    editor.notify("textDocument/didChange", json!({ "nonsense": 1 }));
    editor.notify("workspace/didChangeWatchedFiles", json!({ "changes": [{ "uri": 7 }] }));
    assert_eq!(editor.request("textDocument/hover", json!({})), Value::Null);
    let id = editor.ask("textDocument/rename", json!({}));
    assert!(editor.response(id).response_result.is_err());
    // A request that waits for an analysis can be cancelled.
    editor.notify("textDocument/didOpen", json!({ "textDocument": { "uri": editor.uri(), "text": SOURCE } }));
    let uri = editor.uri();
    let id = editor.ask("textDocument/codeLens", json!({ "textDocument": { "uri": uri } }));
    editor.notify("$/cancelRequest", json!({ "id": id }));
    assert_eq!(editor.response(id).response_result.unwrap_err().code, -32800);
    // The editor goes away in the middle of an analysis.
    editor.replace("fn broken( {");
    let Editor { client, server, .. } = editor;
    drop(client);
    assert_eq!(server.unwrap().join().unwrap().unwrap(), Ended::Closed);
}
