//! `parcours lsp`, as an editor starts it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../../lsp/tests/client/mod.rs"]
mod client;

use std::process::{Child, ChildStdin, Command, Stdio};

use client::{Client, JOURNEY, Workspace};
use serde_json::{Value, json};

fn start(arguments: &[&str]) -> (Client<ChildStdin>, Child) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_parcours"))
        .arg("lsp")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    (Client::new(input, output), child)
}

#[test]
fn the_binary_serves_an_editor_and_ends_with_it() {
    let workspace = Workspace::new("binary");
    // A file that cannot be read says so, and costs nothing else.
    workspace.write("templates/hi/email.en.txt", "x");
    std::fs::write(
        workspace.root.join("templates/hi/email.en.txt"),
        b"\xff\xfe",
    )
    .unwrap();
    // Some editors say how they talk.
    let (mut client, mut child) = start(&["--stdio"]);
    client.initialize(&workspace.root, json!({}));
    let uri = workspace.uri("journeys/hello/journey.yaml");
    client.open(&uri, &JOURNEY.replace("send: sms", "send: smss"));
    let found = client.diagnostics(&uri, 1);
    assert_eq!(found[0]["code"], "J011", "{found:?}");
    let unreadable = workspace.uri("templates/hi/email.en.txt");
    let said = client.wait(&|m| m["params"]["uri"] == unreadable.as_str());
    let message = said["params"]["diagnostics"][0]["message"]
        .as_str()
        .unwrap();
    assert!(message.contains("not UTF-8"), "{message}");

    client.ask("shutdown", Value::Null);
    client.tell("exit", Value::Null);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn an_editor_that_is_gone_leaves_no_server_behind() {
    let (client, mut child) = start(&[]);
    drop(client);
    assert_eq!(child.wait().unwrap().code(), Some(1));
}
