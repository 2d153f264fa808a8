//! `parcours demo`: what a newcomer sees first.

use std::time::Duration;

use serde_json::json;

use super::binary::Workspace;

#[tokio::test]
async fn the_demo_does_what_it_should_and_does_it_once() {
    let workspace = Workspace::of_samples();
    let demo = || {
        workspace
            .parcours(["demo", "--exit", "--http", "127.0.0.1:0"])
            .output()
    };
    let first = demo().expect(0);
    let expected = json!({
        "entered": 80,
        "sent": { "chat": 1, "email": 105, "push": 8, "sms": 6 },
        "suppressed": { "capped": 4, "no_consent": 9, "suppression_list": 3, "unreachable": 2 },
        "errors": 0,
    });
    assert_eq!(first.json(), expected);
    assert!(!first.err().contains("ERROR"), "{}", first.err());
    assert!(first.out().contains("cart-rescue") && first.out().contains("no_consent"));
    workspace.is_left().await;

    let again = demo().expect(0);
    assert_eq!(again.json(), expected, "the same stream took effect twice");
    assert!(!again.err().contains("ERROR"), "{}", again.err());
    workspace.is_left().await;
}

#[tokio::test]
async fn an_interrupted_demo_leaves_nothing_running_and_can_be_reset() {
    let workspace = Workspace::of_samples();
    let args = ["demo", "--reset", "--http", "127.0.0.1:0"];
    let left_over = workspace.write(".parcours/demo/left_over", "");
    let mut demo = workspace.parcours(args).start(workspace.path(), "demo");
    demo.says("the console's address", |out| {
        out.contains("console: http").then_some(())
    })
    .await;
    assert!(!left_over.exists(), "--reset forgets what was there");
    assert!(
        !workspace.processes().is_empty(),
        "the check below must be able to fail"
    );
    demo.signal("INT");
    let status = demo.ends(Duration::from_secs(30));
    assert_eq!(status.code(), Some(0), "{}", demo.err());
    assert!(!demo.err().contains("ERROR"), "{}", demo.err());
    workspace.is_left().await;
}
