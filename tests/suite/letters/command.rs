//! `parcours dead-letters`, with a real `parcours run` that moves and submits.

use parcours_tests::kit;
use serde_json::Value;

use super::SOON;
use crate::process::scene::Scene;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_are_listed_shown_mended_submitted_and_discarded() {
    let mut scene = Scene::set(0).await;
    let broker = scene.broker().await;
    let publisher = broker.publisher().await.unwrap();
    for body in [
        "{",
        r#"{"type":"track","userId":"ana","event":"order.placed"}"#,
        "[1]",
    ] {
        publisher
            .publish("ana", body.as_bytes().to_vec().into())
            .await
            .unwrap();
    }
    let _engine = scene.engine();
    kit::eventually(SOON, "they are moved", async || {
        scene.count("select count(*) from dead_letter").await == 3
    })
    .await;
    let run = |args: &[&str]| {
        let all: Vec<&str> = std::iter::once("dead-letters")
            .chain(args.iter().copied())
            .collect();
        scene.parcours(&all).output()
    };
    let text = run(&[]).expect(0).out();
    assert!(
        text.contains("A field is missing") && text.contains("Open, by cause"),
        "{text}"
    );
    assert!(
        text.lines().all(|line| line.chars().count() <= 120),
        "{text}"
    );
    let listed = run(&["list", "--cause", "missing", "--format", "json"])
        .expect(0)
        .out();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let id = listed["letters"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(listed["letters"].as_array().unwrap().len(), 1);
    let shown = run(&["show", &id[..8]]).expect(0).out();
    assert!(
        shown.contains("`messageId` is missing") && shown.contains("\"userId\": \"ana\""),
        "{shown}"
    );
    // Not as it is, nor with a file that is no event; then mended.
    let refused = run(&["replay", &id]).expect(1);
    assert!(
        refused.err().contains("`messageId` is missing"),
        "{}",
        refused.err()
    );
    scene.workspace.write("mended.json", "{}");
    let wrong = run(&["replay", &id, "--with", "mended.json"])
        .expect(1)
        .err();
    assert!(wrong.contains("nothing was changed"), "{wrong}");
    scene.workspace.write(
        "mended.json",
        r#"{"type":"track","userId":"ana","event":"order.placed","messageId":"m1"}"#,
    );
    let done = run(&[
        "replay",
        &id,
        "--with",
        "mended.json",
        "--note",
        "the shop was at fault",
    ])
    .expect(0)
    .out();
    assert_eq!(done, "1 letter submitted again, 0 refused again\n");
    kit::eventually(SOON, "it takes effect", async || {
        scene
            .count("select count(*) from input where name = 'order.placed'")
            .await
            == 1
    })
    .await;
    let all = run(&["replay", "--all"]).expect(0).out();
    assert_eq!(all, "0 letters submitted again, 2 refused again\n");
    assert!(
        run(&["cancel"])
            .expect(1)
            .err()
            .contains("no replay is under way")
    );
    let gone = run(&[
        "discard", "--all", "--cause", "not_json", "--reason", "probes",
    ])
    .expect(0)
    .out();
    assert_eq!(gone, "1 letter discarded\n");
    let any = run(&["--status", "any", "--format", "json"])
        .expect(0)
        .out();
    let any: Value = serde_json::from_str(&any).unwrap();
    let mut states: Vec<&str> = any["letters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["status"].as_str().unwrap())
        .collect();
    states.sort_unstable();
    assert_eq!(states, ["discarded", "open", "replayed"]);
    assert!(
        run(&["show", "ffffffff"])
            .expect(1)
            .err()
            .contains("there is no dead letter")
    );
    let audited = scene
        .count("select count(*) from audit where who = 'cli' and action like 'dead-letters %'")
        .await;
    assert_eq!(audited, 4);
}
