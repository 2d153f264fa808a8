//! An editor for tests: it speaks the protocol over two streams and keeps what it is told.
#![allow(
    dead_code,
    unused_imports,
    missing_docs,
    reason = "each test uses a part of it"
)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(
    clippy::needless_pass_by_value,
    reason = "messages are written where they are sent"
)]

use std::{
    collections::VecDeque,
    io::{BufReader, Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Value, json};

/// An editor with one server.
pub struct Client<W> {
    input: W,
    messages: std::sync::mpsc::Receiver<Value>,
    kept: VecDeque<Value>,
    next: i64,
}

impl<W: Write> Client<W> {
    /// Over these streams: what the server reads, and what it writes.
    pub fn new(input: W, output: impl Read + Send + 'static) -> Self {
        let (to, messages) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read(&mut output) {
                if to.send(message).is_err() {
                    break;
                }
            }
        });
        Self {
            input,
            messages,
            kept: VecDeque::new(),
            next: 1,
        }
    }

    /// Bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.input.write_all(bytes).unwrap();
        self.input.flush().unwrap();
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    /// Asks without waiting for the answer; the number of the request.
    pub fn begin(&mut self, method: &str, params: Value) -> i64 {
        let id = self.next;
        self.next += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// The answer to a request: `result`, or `error`.
    pub fn answer(&mut self, id: i64) -> Value {
        self.wait(&|m| m["id"] == id && m.get("method").is_none())
    }

    /// Asks, and waits for the result.
    #[track_caller]
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params);
        let answer = self.answer(id);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    pub fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// The first message that fits, the others are kept; fails after a long while.
    #[track_caller]
    pub fn wait(&mut self, fits: &dyn Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.kept.iter().position(fits) {
            return self.kept.remove(at).unwrap();
        }
        loop {
            let message = self
                .messages
                .recv_timeout(Duration::from_secs(60))
                .expect("no such message");
            if fits(&message) {
                return message;
            }
            self.kept.push_back(message);
        }
    }

    /// What is wrong with that version of a file.
    #[track_caller]
    pub fn diagnostics(&mut self, uri: &str, version: i64) -> Vec<Value> {
        let message = self.wait(&|m| {
            m["method"] == "textDocument/publishDiagnostics"
                && m["params"]["uri"] == uri
                && m["params"]["version"] == version
        });
        message["params"]["diagnostics"].as_array().unwrap().clone()
    }

    /// Begins with that folder open.
    pub fn initialize(&mut self, root: &Path, capabilities: Value) -> Value {
        let result = self.ask(
            "initialize",
            json!({
                "processId": null, "rootUri": null, "capabilities": capabilities,
                "workspaceFolders": [{ "uri": uri(root), "name": "w" }],
                "initializationOptions": { "docs": "https://docs.example/{code}" },
            }),
        );
        self.tell("initialized", json!({}));
        result
    }

    pub fn open(&mut self, uri: &str, text: &str) {
        self.tell(
            "textDocument/didOpen",
            json!({ "textDocument": { "uri": uri, "languageId": "yaml", "version": 1, "text": text } }),
        );
    }

    /// The whole text anew.
    pub fn change(&mut self, uri: &str, version: i64, text: &str) {
        self.tell(
            "textDocument/didChange",
            json!({ "textDocument": { "uri": uri, "version": version }, "contentChanges": [{ "text": text }] }),
        );
    }

    /// Asks about the place behind the first `marked` of a text.
    #[track_caller]
    pub fn at(&mut self, method: &str, uri: &str, text: &str, marked: &str, more: &Value) -> Value {
        let position = position(text, text.find(marked).unwrap() + marked.len());
        let mut params = json!({ "textDocument": { "uri": uri }, "position": position });
        for (key, value) in more.as_object().unwrap() {
            params[key] = value.clone();
        }
        self.ask(method, params)
    }
}

/// The position of a byte, in units of UTF-16.
pub fn position(text: &str, at: usize) -> Value {
    let before = &text[..at];
    let line = before.matches('\n').count();
    let column: usize = before[before.rfind('\n').map_or(0, |n| n + 1)..]
        .chars()
        .map(char::len_utf16)
        .sum();
    json!({ "line": line, "character": column })
}

pub fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

fn read(output: &mut impl std::io::BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some(("Content-Length", n)) => length = n.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// A workspace of its own in a folder that is removed at the end.
pub struct Workspace {
    pub root: PathBuf,
}

pub const JOURNEY: &str = "\
journey: hello
purpose: marketing
enter: { event: cart.updated, if: event.total > 20 }
steps:
  - id: nudge # é 🎁
    send: sms
    template: hi
    with: { cart: run.event }
  - wait: 1d
  - if: steps.nudge.delivered and customer.first_name == \"Léa 🎁\" and steps.nudge.clicked
    then: [ { exit: done } ]
";

impl Workspace {
    pub fn new(name: &str) -> Self {
        let folder = format!("parcours-lsp-{}-{name}", std::process::id());
        let workspace = Self {
            root: std::env::temp_dir().canonicalize().unwrap().join(folder),
        };
        workspace.write("journeys/hello/journey.yaml", JOURNEY);
        workspace.write("config/events/cart.updated.yaml", "properties:\n  total: { type: number, description: What it costs. }\n  url: { type: string }\n");
        workspace.write("config/traits.yaml", "properties:\n  first_name: { type: string }\n  loyalty: { type: string, enum: [silver, gold] }\n");
        workspace.write("config/policies.yaml", "purposes:\n  marketing: { consent: opt_in }\ndefaults: { zone: Europe/Paris, locale: en }\n");
        workspace.write(
            "templates/hi/sms.en.txt",
            "Hi {{ customer.first_name }}, {{ cart.total }}",
        );
        workspace
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn uri(&self, path: &str) -> String {
        uri(&self.root.join(path))
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}
