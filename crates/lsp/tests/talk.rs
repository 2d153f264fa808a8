//! A whole conversation with the server, over pipes in this process.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod client;
mod server;

use client::{JOURNEY, Workspace, position};
use lsp::Ending;
use serde_json::{Value, json};
use server::{begun, end, start};

const FILE: &str = "journeys/hello/journey.yaml";

#[test]
fn what_is_typed_is_checked_and_mended() {
    let workspace = Workspace::new("typed");
    let (mut client, server) = begun(&workspace);
    let uri = workspace.uri(FILE);
    client.open(&uri, JOURNEY);
    assert_eq!(client.diagnostics(&uri, 1), Vec::<Value>::new());

    let wrong = JOURNEY.replace("steps.nudge.clicked", "steps.nudgee.clicked");
    client.change(&uri, 2, &wrong);
    let found = client.diagnostics(&uri, 2);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["code"], "J101");
    assert_eq!(found[0]["source"], "parcours");
    assert_eq!(
        found[0]["codeDescription"]["href"],
        "https://docs.example/J101"
    );
    let start = wrong.find("nudgee").unwrap();
    let range = json!({ "start": position(&wrong, start), "end": position(&wrong, start + 6) });
    assert_eq!(found[0]["range"], range);

    let asked = json!({ "textDocument": { "uri": uri }, "range": range, "context": { "diagnostics": found } });
    let actions = client.ask("textDocument/codeAction", asked);
    assert_eq!(actions[0]["title"], "Change `nudgee` to `nudge`");
    assert_eq!(actions[0]["kind"], "quickfix");
    let edit = &actions[0]["edit"]["changes"][&uri][0];
    assert_eq!(
        (&edit["range"], &edit["newText"]),
        (&range, &json!("nudge"))
    );
    end(client, server);
}

#[test]
fn edits_by_range_are_applied_in_utf_16() {
    let workspace = Workspace::new("ranges");
    let (mut client, server) = begun(&workspace);
    let uri = workspace.uri(FILE);
    let text = JOURNEY.replace('\n', "\r\n");
    client.open(&uri, &text);
    assert_eq!(client.diagnostics(&uri, 1), Vec::<Value>::new());
    // Behind an emoji on the same line: a column that counts bytes or characters would be wrong.
    let at = text.rfind("clicked").unwrap();
    let range = json!({ "start": position(&text, at), "end": position(&text, at + 7) });
    let changes = json!([{ "range": range, "text": "klicked" }]);
    client.tell(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": changes }),
    );
    let found = client.diagnostics(&uri, 2);
    assert_eq!(
        (&found[0]["code"], &found[0]["range"]),
        (&json!("J106"), &range)
    );
    end(client, server);
}

#[test]
fn places_are_explained_found_and_renamed() {
    let workspace = Workspace::new("places");
    let (mut client, server) = begun(&workspace);
    let uri = workspace.uri(FILE);
    client.open(&uri, JOURNEY);
    let nothing = json!({});

    let hover = client.at("textDocument/hover", &uri, JOURNEY, "event.tot", &nothing);
    assert!(
        hover["contents"]["value"]
            .as_str()
            .unwrap()
            .contains("What it costs."),
        "{hover}"
    );

    let found = client.at(
        "textDocument/definition",
        &uri,
        JOURNEY,
        "event.tot",
        &nothing,
    );
    assert_eq!(
        found[0]["targetUri"],
        workspace.uri("config/events/cart.updated.yaml")
    );
    assert_eq!(
        found[0]["targetSelectionRange"]["start"],
        json!({ "line": 1, "character": 2 })
    );
    let found = client.at(
        "textDocument/definition",
        &uri,
        JOURNEY,
        "template: h",
        &nothing,
    );
    assert_eq!(
        found[0]["targetUri"],
        workspace.uri("templates/hi/sms.en.txt")
    );

    let more = json!({ "context": { "includeDeclaration": true } });
    let found = client.at("textDocument/references", &uri, JOURNEY, "steps.nud", &more);
    assert_eq!(found.as_array().unwrap().len(), 3, "{found}");

    let may = client.at(
        "textDocument/prepareRename",
        &uri,
        JOURNEY,
        "id: nud",
        &nothing,
    );
    assert_eq!(may["placeholder"], "nudge");
    let edit = client.at(
        "textDocument/rename",
        &uri,
        JOURNEY,
        "id: nud",
        &json!({ "newName": "push_1" }),
    );
    let mut renamed = JOURNEY.to_owned();
    let mut edits: Vec<Value> = edit["changes"][&uri].as_array().unwrap().clone();
    edits.sort_by_key(|e| {
        (
            e["range"]["start"]["line"].as_u64(),
            e["range"]["start"]["character"].as_u64(),
        )
    });
    assert_eq!(edits.len(), 3);
    renamed = renamed.replace("nudge", "push_1");
    let last = edits[2]["range"]["start"].clone();
    assert_eq!(last, position(JOURNEY, JOURNEY.rfind("nudge").unwrap()));
    client.change(&uri, 2, &renamed);
    assert_eq!(client.diagnostics(&uri, 2), Vec::<Value>::new());

    let id = client.begin("textDocument/rename", json!({ "textDocument": { "uri": uri }, "position": position(&renamed, renamed.find("push_1").unwrap()), "newName": "Not a name" }));
    assert!(
        client.answer(id)["error"]["message"]
            .as_str()
            .unwrap()
            .contains("cannot be a name")
    );

    let symbols = client.ask(
        "textDocument/documentSymbol",
        json!({ "textDocument": { "uri": uri } }),
    );
    let steps = symbols
        .as_array()
        .unwrap()
        .iter()
        .find(|s| s["name"] == "steps")
        .unwrap();
    let names: Vec<&str> = steps["children"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["name"].as_str().unwrap())
        .collect();
    assert_eq!(names[..2], ["push_1", "wait 1d"]);
    end(client, server);
}

#[test]
fn half_a_word_is_completed() {
    let workspace = Workspace::new("completed");
    let (mut client, server) = begun(&workspace);
    let uri = workspace.uri(FILE);
    let text = JOURNEY.replace("steps.nudge.clicked", "steps.nu");
    client.open(&uri, &text);
    let list = client.at(
        "textDocument/completion",
        &uri,
        &text,
        "and steps.nu",
        &json!({}),
    );
    let item = &list["items"][0];
    assert_eq!(item["label"], "nudge");
    let behind = position(&text, text.find("and steps.nu").unwrap() + 12);
    assert_eq!(item["textEdit"]["range"]["end"], behind);
    end(client, server);
}

#[test]
fn files_on_disk_and_files_of_others() {
    let workspace = Workspace::new("disk");
    let (mut client, server) = start();
    let watching =
        json!({ "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } } });
    client.initialize(&workspace.root, watching);
    let asked = client.wait(&|m| m["method"] == "client/registerCapability");
    assert_eq!(
        asked["params"]["registrations"][0]["method"],
        "workspace/didChangeWatchedFiles"
    );

    // What no journey of ours is gets no diagnostics of ours.
    let other = workspace.uri("compose.yaml");
    client.open(&other, "services: { db: {} }\n");
    let uri = workspace.uri(FILE);
    client.open(&uri, JOURNEY);
    assert_eq!(client.diagnostics(&uri, 1), Vec::<Value>::new());

    // A file that is not open has its diagnostics too, and loses them.
    let policies = workspace.uri("config/policies.yaml");
    let is = |m: &Value, empty: bool| {
        m["method"] == "textDocument/publishDiagnostics"
            && m["params"]["uri"] == policies.as_str()
            && m["params"]["diagnostics"].as_array().unwrap().is_empty() == empty
    };
    let right = std::fs::read_to_string(workspace.root.join("config/policies.yaml")).unwrap();
    let watched = json!({ "changes": [{ "uri": policies, "type": 2 }] });
    workspace.write("config/policies.yaml", &right.replace("opt_in", "optin"));
    client.tell("workspace/didChangeWatchedFiles", watched.clone());
    client.wait(&|m| is(m, false));
    workspace.write("config/policies.yaml", &right);
    client.tell("workspace/didChangeWatchedFiles", watched);
    client.wait(&|m| is(m, true));
    end(client, server);
}

#[test]
fn the_newest_of_many_quick_keys_is_checked() {
    let workspace = Workspace::new("quick");
    let (mut client, server) = begun(&workspace);
    let uri = workspace.uri(FILE);
    client.open(&uri, JOURNEY);
    for version in 2..=40 {
        client.change(&uri, version, &format!("{JOURNEY}# {version}\n"));
    }
    // The newest version is the one that is published in the end.
    assert_eq!(client.diagnostics(&uri, 40), Vec::<Value>::new());
    end(client, server);
}

#[test]
fn the_order_of_the_conversation_is_kept() {
    let workspace = Workspace::new("order");
    let (mut client, server) = start();
    let id = client.begin("textDocument/hover", json!({}));
    assert_eq!(client.answer(id)["error"]["code"], -32002);
    client.initialize(&workspace.root, json!({}));
    let id = client.begin("no/such", json!({}));
    assert_eq!(client.answer(id)["error"]["code"], -32601);
    let id = client.begin("textDocument/hover", json!({ "textDocument": 3 }));
    assert_eq!(client.answer(id)["error"]["code"], -32602);
    client.ask("shutdown", Value::Null);
    let id = client.begin("textDocument/hover", json!({}));
    assert_eq!(client.answer(id)["error"]["code"], -32600);
    client.tell("exit", Value::Null);
    assert_eq!(server.join().unwrap(), Ending::Orderly);
}

#[test]
fn an_editor_that_is_gone_is_no_orderly_end() {
    let (client, server) = start();
    drop(client);
    assert_eq!(server.join().unwrap(), Ending::Lost);
    let (mut client, server) = start();
    client.tell("exit", Value::Null);
    assert_eq!(server.join().unwrap(), Ending::Lost);
}

#[test]
fn garbage_costs_nobody_the_server() {
    let workspace = Workspace::new("garbage");
    let (mut client, server) = begun(&workspace);
    for body in [
        "",
        "{",
        "[]",
        "null",
        "{\"id\":{}}",
        "\u{fffd}",
        "{\"jsonrpc\":\"2.0\",\"id\":99999999999999,\"method\":\"x\"}",
    ] {
        client.raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }
    client.raw(b"Content-Length: 2\r\nContent-Type: x\r\n\r\n\xff\xfe");
    let uri = workspace.uri(FILE);
    client.tell("textDocument/didChange", json!({ "textDocument": { "uri": uri, "version": 9 }, "contentChanges": [{ "text": "x" }] }));
    client.tell("textDocument/didOpen", json!({ "textDocument": 1 }));
    for strange in [
        "untitled:Untitled-1",
        "file:///",
        "http://x/journeys/a/journey.yaml",
    ] {
        client.open(strange, JOURNEY);
        client.at("textDocument/hover", strange, JOURNEY, "id", &json!({}));
    }
    let backwards = json!([{ "range": { "start": { "line": 9, "character": 9 }, "end": { "line": 0, "character": 0 } }, "text": "é" }]);
    client.open(&uri, JOURNEY);
    client.tell(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": backwards }),
    );
    client.change(&uri, 3, &"[".repeat(100_000));
    assert!(!client.diagnostics(&uri, 3).is_empty());
    client.change(&uri, 4, &"a: ".repeat(3_000_000));
    assert_eq!(client.diagnostics(&uri, 4)[0]["code"], "J008");
    client.change(&uri, 5, JOURNEY);
    assert_eq!(client.diagnostics(&uri, 5), Vec::<Value>::new());
    end(client, server);
}

#[test]
fn other_places_and_what_is_there_for_nothing_are_shown() {
    let workspace = Workspace::new("shown");
    let (mut client, server) = begun(&workspace);
    let uri = workspace.uri(FILE);
    let twice = JOURNEY.replace("  - wait: 1d", "  - id: nudge\n    wait: 1d");
    client.open(&uri, &twice);
    let found = client.diagnostics(&uri, 1);
    let also = &found[0]["relatedInformation"][0];
    assert_eq!(
        (&found[0]["code"], &also["message"]),
        (&json!("J121"), &json!("the first"))
    );
    assert_eq!(also["location"]["uri"], uri);
    let unused = JOURNEY.replace("cart: run.event }", "cart: run.event, x: y }");
    client.change(&uri, 2, &unused);
    let found = client.diagnostics(&uri, 2);
    assert_eq!(
        (&found[0]["code"], &found[0]["tags"]),
        (&json!("J615"), &json!([1]))
    );
    assert_eq!(found[0]["severity"], 2);
    client.change(&uri, 3, JOURNEY);
    let misspelt = workspace.uri("templates/hi/sms.en.txt");
    client.open(&misspelt, "Your cart of {{ cart.totl }} waits.\n");
    let found = client.diagnostics(&misspelt, 1);
    let also = &found[0]["relatedInformation"][0];
    assert_eq!(
        (&found[0]["code"], &also["message"]),
        (&json!("J613"), &json!("sent here"))
    );
    assert_eq!(also["location"]["uri"], uri);
    end(client, server);
}
