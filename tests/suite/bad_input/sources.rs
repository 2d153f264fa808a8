//! Bad sources: refused at the check, or a failed message that support can explain.

use engine::NotPublished;
use jiff::Timestamp;
use parcours_tests::kit::{self, Rig, Workspace, events};
use serde_json::json;
use store::read::MessageFilter;
use tokio_util::sync::CancellationToken;

/// Aliases that would unfold into 10^10 values.
fn bomb() -> String {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..10 {
        let aliases = vec![format!("*a{}", n - 1); 10].join(", ");
        text.push_str(&format!("a{n}: &a{n} [{aliases}]\n"));
    }
    text
}

/// Language, *Diagnostics*: never a panic, whatever the bytes; nothing of it is stored.
#[tokio::test]
async fn a_yaml_bomb_is_refused_at_the_check_and_nothing_is_published() {
    let rig = Rig::new(&Workspace::new()).await;
    let before = rig.store.news().await.unwrap().revision;
    let bombs = [
        "journeys/boom/journey.yaml",
        "config/policies.yaml",
        "config/events/x.yaml",
    ];
    for path in bombs {
        let files = Workspace::new().file(path, &bomb());
        let published = engine::publish(&rig.store, files.files(), Timestamp::now()).await;
        let Err(NotPublished::Errors(errors)) = published else {
            panic!("{path}: {published:?}");
        };
        assert!(errors.iter().any(|e| &*e.file == path), "{path}");
    }
    assert_eq!(rig.store.news().await.unwrap().revision, before);
}

/// Language, rule 47 and *Templates*: a template that runs away is a failed message with its
/// reason, and the messages beside it leave.
#[tokio::test]
async fn a_template_that_loops_fails_its_message_with_a_reason_and_no_other() {
    let looping = "{% for a in range(1000) %}{% for b in range(1000) %}x{% endfor %}{% endfor %}";
    let journey = |template: &str| {
        format!(
            "purpose: service\nenter: {{ event: {template} }}\n\
             steps: [ {{ send: sms, template: {template} }} ]\n"
        )
    };
    let rig = Rig::new(
        &Workspace::new()
            .sms("looping", looping)
            .journey("looping", &journey("looping"))
            .journey("hello", &journey("hello")),
    )
    .await;
    let engine = rig.engine(kit::quick()).await;
    let now = Timestamp::now();
    for name in ["ana", "ben", "cem"] {
        events::take(&engine, &events::arrival_of(name), now).await;
        for event in ["looping", "hello"] {
            let body = events::track(name, event, &format!("{name}-{event}"), &json!({}));
            events::take(&engine, &[body], now).await;
        }
    }
    let done = engine.dispatch_once(&CancellationToken::new()).await;
    let done = done.unwrap();
    assert_eq!((done.sent, done.ended), (3, 3));
    assert_eq!(rig.provider.taken().len(), 3);

    let failed = MessageFilter {
        status: Some("failed".into()),
        ..MessageFilter::default()
    };
    let reader = rig.reader();
    let page = reader.messages(&failed, None, 10).await.unwrap();
    assert_eq!(page.messages.len(), 3);
    for row in page.messages {
        assert_eq!(row.reason.as_deref(), Some("unrenderable"));
        let message = reader.message(row.id, Some(row.customer)).await.unwrap();
        let error = message.unwrap().error.unwrap();
        assert!(error.to_string().contains("too"), "{error}");
    }
}
