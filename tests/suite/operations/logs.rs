//! Logs: in the format that is asked for, and without anything of a customer.

use parcours_tests::kit::{self, Answer};
use serde_json::{Value, json};

use super::{Scene, bytes};
use crate::process::binary::SOON;

/// What must not be in a log: each is found in one place only.
const PERSONAL: [&str; 9] = [
    "zoe-personal-key",
    "zoe@private.example",
    "+33698765432",
    "33698765432",
    "Zoedotte",
    "secret-gift",
    "poison-person",
    "Kiss from Zoedotte",
    "private.example",
];

fn person(event: &str, id: &str) -> Value {
    json!({
        "type": "track", "userId": "zoe-personal-key", "event": event, "messageId": id,
        "properties": { "id": id, "gift": "secret-gift" },
        "context": { "traits": {
            "phone": "+33698765432", "email": "zoe@private.example", "first_name": "Zoedotte",
        } },
    })
}

/// Everything that can go well and wrong with a customer, at the level at which libraries talk, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_customer_is_in_the_log_at_debug_level() {
    let scene = Scene::set("").await;
    let broken = "{{ customer.first_name.nothing.at.all }} Kiss from {{ customer.first_name }}\n";
    scene.workspace.write("templates/broken/sms.en.txt", broken);
    let talk = "journey: talk\npurpose: service\nenter: { event: talk }\n\
                steps:\n  - { send: sms, template: hello }\n  - { send: sms, template: broken }\n  \
                - { send: email, template: mail }\n  - { call: gifts, with: { to: customer.email } }\n";
    scene.workspace.write("journeys/talk/journey.yaml", talk);
    let mail =
        "---\nsubject: Kiss from {{ customer.first_name }}\n---\n<p>{{ customer.email }}</p>\n";
    scene.workspace.write("templates/mail/email.en.html", mail);
    scene
        .workspace
        .write("templates/mail/email.en.txt", "{{ customer.email }}\n");
    let endpoints = "gifts: { url: \"http://127.0.0.1:9/\", retries: 1 }\n";
    scene.workspace.write("config/endpoints.yaml", endpoints);
    scene.parcours(&["apply"]).output().expect(0);
    scene.provider.script([
        Answer::RetryAfter(503, 0),
        Answer::Refuse(400),
        Answer::AcceptThen(500),
    ]);
    let process = scene
        .start(scene.parcours(&["run"]).env("RUST_LOG", "debug"))
        .await;
    let publisher = scene.broker().await.publisher().await.unwrap();
    for body in [
        person("start", "1"),
        person("start", "1"),
        person("offer", "2"),
        person("offer", "3"),
        person("talk", "4"),
        json!({ "type": "track", "userId": "poison-person", "event": 7, "messageId": "zoe@private.example" }),
        json!({ "type": "track", "userId": "poison-person\u{0}", "event": "start", "messageId": "5" }),
        json!("poison-person zoe@private.example"),
    ] {
        publisher
            .publish("zoe-personal-key", bytes(&body))
            .await
            .unwrap();
    }
    // By HTTP: taken, refused, asked about.
    assert_eq!(process.track(&person("start", "6"), &[]).await, 200);
    let wrong = json!({ "userId": "poison-person", "event": "zoe@private.example" });
    assert_eq!(process.track(&wrong, &[]).await, 400);
    for path in [
        "/v1/customers/zoe-personal-key",
        "/v1/customers?q=zoe@private.example",
        "/console/customers/zoe-personal-key",
    ] {
        super::get(&format!("{}{path}", process.api())).await;
    }
    kit::eventually(SOON, "all has ended one way or another", async || {
        let open = "select count(*) from message where due_at is not null";
        let calls = "select count(*) from call where due_at is not null";
        scene.count("select count(*) from message").await >= 5
            && scene.count(open).await == 0
            && scene.count(calls).await == 0
            && scene.count("select count(*) from dead_letter").await >= 2
    })
    .await;
    let log = process.running.err();
    // It did talk: about batches at least, and about what went wrong.
    assert!(log.contains("took a batch in"), "{log}");
    assert!(log.lines().count() > 50, "{log}");
    for personal in PERSONAL {
        let line = log.lines().find(|line| line.contains(personal));
        assert_eq!(line, None, "{personal}");
    }
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(line["timestamp"].is_string() && line["level"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_format_is_what_the_flag_says_then_the_environment_then_the_file() {
    let scene = Scene::set("log_format: text\n").await;
    let first_line = async |command: super::Parcours, name: &str| {
        let running = command.start(scene.workspace.path(), name);
        kit::eventually_some(SOON, "the log says ready", async || {
            let log = running.err();
            log.lines().find(|l| l.contains("ready")).map(str::to_owned)
        })
        .await
    };
    let is_json = |line: &str| serde_json::from_str::<Value>(line).is_ok();
    let run = || scene.parcours(&["run"]);
    assert!(!is_json(&first_line(run(), "file").await));
    let environment = run().env("PARCOURS_LOG_FORMAT", "json");
    assert!(is_json(&first_line(environment, "environment").await));
    let flag = scene.parcours(&["run", "--log-format", "text"]);
    let flag = flag.env("PARCOURS_LOG_FORMAT", "json");
    let line = first_line(flag, "flag").await;
    assert!(!is_json(&line));
    // Nobody watches, so no colours.
    assert!(!line.contains('\u{1b}'), "{line:?}");
}
