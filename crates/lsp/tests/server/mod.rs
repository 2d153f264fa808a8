//! The server in this process, over pipes.
#![allow(dead_code, missing_docs, reason = "each test uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{io::PipeWriter, path::Path, sync::Arc, thread::JoinHandle};

use journey::diagnostic::SourceFile;
use lsp::{Ending, Sources};
use serde_json::{Value, json};

use crate::client::{Client, Workspace};

pub fn read(root: &Path) -> Sources {
    let mut sources = Sources::default();
    let mut open = vec![root.to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
            continue;
        }
        let known = path.strip_prefix(root).unwrap().to_str().unwrap();
        match std::fs::read_to_string(&path) {
            Ok(text) => sources.files.push(SourceFile {
                path: known.into(),
                text: Arc::from(text),
            }),
            Err(error) => sources
                .unreadable
                .push((known.to_owned(), error.to_string())),
        }
    }
    sources.files.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

pub fn start() -> (Client<PipeWriter>, JoinHandle<Ending>) {
    let (server_reads, editor_writes) = std::io::pipe().unwrap();
    let (editor_reads, server_writes) = std::io::pipe().unwrap();
    let server = std::thread::spawn(move || lsp::serve(server_reads, server_writes, read).unwrap());
    (Client::new(editor_writes, editor_reads), server)
}

pub fn begun(workspace: &Workspace) -> (Client<PipeWriter>, JoinHandle<Ending>) {
    let (mut client, server) = start();
    client.initialize(&workspace.root, json!({}));
    (client, server)
}

pub fn end(mut client: Client<PipeWriter>, server: JoinHandle<Ending>) {
    assert_eq!(client.ask("shutdown", Value::Null), Value::Null);
    client.tell("exit", Value::Null);
    assert_eq!(server.join().unwrap(), Ending::Orderly);
}
