//! How long an author waits.
#![allow(
    clippy::unwrap_used,
    reason = "a measurement that cannot go on has failed"
)]

#[path = "../tests/client/mod.rs"]
mod client;
#[path = "../tests/server/mod.rs"]
mod server;

use std::path::Path;

use client::Workspace;
use serde_json::json;
use server::{begun, end, read};

/// How long an author waits, in the samples and in a workspace of 200 journeys:
/// `cargo bench -p parcours-lsp`.
#[allow(clippy::print_stderr, reason = "its figures are for people")]
fn main() {
    for copies in [1, 67] {
        let workspace = copied(copies);
        let (mut client, server) = begun(&workspace);
        let uri = workspace.uri("journeys/cart-rescue/journey.yaml");
        let text =
            std::fs::read_to_string(workspace.root.join("journeys/cart-rescue/journey.yaml"))
                .unwrap();
        client.open(&uri, &text);
        client.diagnostics(&uri, 1);
        let (mut checks, mut lists) = (Vec::new(), Vec::new());
        for version in 2..42 {
            let typed = text.replace("steps.nudge.sent", &format!("steps.nudge{version}.sent"));
            let start = std::time::Instant::now();
            client.change(&uri, version, &typed);
            client.at(
                "textDocument/completion",
                &uri,
                &typed,
                "and not steps.",
                &json!({}),
            );
            lists.push(start.elapsed());
            assert_eq!(client.diagnostics(&uri, version).len(), 1);
            checks.push(start.elapsed());
        }
        checks.sort();
        lists.sort();
        eprintln!(
            "{} journeys: completion behind a key {:?} (worst {:?}), diagnostics {:?} (worst {:?})",
            copies * 3,
            lists[20],
            lists[39],
            checks[20],
            checks[39]
        );
        end(client, server);
    }
}

/// The samples, with every journey so many times.
fn copied(copies: usize) -> Workspace {
    let workspace = Workspace::new(&format!("copied-{copies}"));
    std::fs::remove_dir_all(&workspace.root).unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for folder in ["journeys", "config/events", "templates"] {
        for file in read(&samples.join(folder)).files {
            workspace.write(&format!("{folder}/{}", file.path), &file.text);
        }
    }
    for file in ["config/policies.yaml", "config/traits.yaml"] {
        workspace.write(file, &std::fs::read_to_string(samples.join(file)).unwrap());
    }
    for name in ["cart-rescue", "welcome", "win-back"] {
        let text =
            std::fs::read_to_string(workspace.root.join(format!("journeys/{name}/journey.yaml")))
                .unwrap();
        for copy in 1..copies {
            let text = text.replace(
                &format!("journey: {name}"),
                &format!("journey: {name}-{copy}"),
            );
            workspace.write(&format!("journeys/{name}-{copy}/journey.yaml"), &text);
        }
    }
    workspace
}
