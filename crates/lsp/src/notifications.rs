//! What the editor tells: documents, folders, files.

use std::path::PathBuf;

use lsp_server::{Message, Notification, Request};
use lsp_types::{
    DidChangeTextDocumentParams, DidChangeWatchedFilesParams,
    DidChangeWatchedFilesRegistrationOptions, DidChangeWorkspaceFoldersParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DidSaveTextDocumentParams,
    FileSystemWatcher, GlobPattern, LogMessageParams, MessageType, Registration,
    RegistrationParams, notification as note, notification::Notification as _, request as ask,
    request::Request as _,
};
use serde::de::DeserializeOwned;

use crate::{convert, publish, state::State};

/// Takes what the editor tells; what is to be sent for it.
pub fn take(state: &mut State, n: Notification) -> Vec<Message> {
    match n.method.as_str() {
        note::Initialized::METHOD => initialized(state),
        note::DidOpenTextDocument::METHOD => read(n).map_or_else(Vec::new, |p| opened(state, p)),
        note::DidChangeTextDocument::METHOD => {
            read(n).map_or_else(Vec::new, |p| changed(state, &p))
        }
        note::DidCloseTextDocument::METHOD => read(n).map_or_else(Vec::new, |p| closed(state, &p)),
        note::DidSaveTextDocument::METHOD => {
            read(n).map_or_else(Vec::new, |p: DidSaveTextDocumentParams| {
                state.reload(
                    &convert::path(&p.text_document.uri)
                        .into_iter()
                        .collect::<Vec<_>>(),
                );
                Vec::new()
            })
        }
        note::DidChangeWatchedFiles::METHOD => {
            read(n).map_or_else(Vec::new, |p| watched(state, &p))
        }
        note::DidChangeWorkspaceFolders::METHOD => {
            read(n).map_or_else(Vec::new, |p| folders(state, &p))
        }
        _ => Vec::new(),
    }
}

/// A notification has no answer: one that cannot be read is passed over, and said in the log.
fn read<P: DeserializeOwned>(n: Notification) -> Option<P> {
    serde_json::from_value(n.params)
        .inspect_err(|error| tracing::warn!("{}: {error}", n.method))
        .ok()
}

/// Asks the editor to tell of files that change on disk.
fn initialized(state: &State) -> Vec<Message> {
    if !state.watches {
        return Vec::new();
    }
    let watchers = ["**/journeys/**", "**/config/**", "**/templates/**"];
    let options = DidChangeWatchedFilesRegistrationOptions {
        watchers: watchers
            .iter()
            .map(|pattern| FileSystemWatcher {
                glob_pattern: GlobPattern::String((*pattern).to_owned()),
                kind: None,
            })
            .collect(),
    };
    let registration = Registration {
        id: "files".to_owned(),
        method: note::DidChangeWatchedFiles::METHOD.to_owned(),
        register_options: serde_json::to_value(options).ok(),
    };
    let params = RegistrationParams {
        registrations: vec![registration],
    };
    let id = "files".to_owned().into();
    vec![Request::new(id, ask::RegisterCapability::METHOD.to_owned(), params).into()]
}

fn opened(state: &mut State, p: DidOpenTextDocumentParams) -> Vec<Message> {
    let document = p.text_document;
    let Some(path) = convert::path(&document.uri) else {
        return Vec::new();
    };
    let uri = document.uri.as_str().to_owned();
    if !state
        .open
        .open(path.clone(), uri, document.version, &document.text)
    {
        let message = "too many documents are open: this one is not checked as you type".to_owned();
        let params = LogMessageParams {
            typ: MessageType::WARNING,
            message,
        };
        return vec![Notification::new(note::LogMessage::METHOD.to_owned(), params).into()];
    }
    state.touch(&path);
    Vec::new()
}

fn changed(state: &mut State, p: &DidChangeTextDocumentParams) -> Vec<Message> {
    if let Some(path) = convert::path(&p.text_document.uri) {
        let version = p.text_document.version;
        state
            .open
            .change(&path, version, &p.content_changes, state.encoding);
        state.touch(&path);
    }
    Vec::new()
}

fn closed(state: &mut State, p: &DidCloseTextDocumentParams) -> Vec<Message> {
    if let Some(path) = convert::path(&p.text_document.uri) {
        state.open.close(&path);
        // What counts now is what is on disk.
        state.reload(&[path]);
    }
    Vec::new()
}

fn watched(state: &mut State, p: &DidChangeWatchedFilesParams) -> Vec<Message> {
    let paths: Vec<PathBuf> = p
        .changes
        .iter()
        .filter_map(|c| convert::path(&c.uri))
        .collect();
    state.reload(&paths);
    Vec::new()
}

fn folders(state: &mut State, p: &DidChangeWorkspaceFoldersParams) -> Vec<Message> {
    let mut messages = Vec::new();
    for folder in p.event.removed.iter().filter_map(|f| convert::path(&f.uri)) {
        for root in state.leave(&folder) {
            messages.extend(
                publish::nothing(state, &root)
                    .into_iter()
                    .map(Message::from),
            );
        }
    }
    for folder in p.event.added.iter().filter_map(|f| convert::path(&f.uri)) {
        state.visit(&folder);
    }
    messages
}
