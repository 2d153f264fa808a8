//! The rights of the customer: what is held is told whole, and what is erased is gone.

mod erase;
mod export;
mod http;
mod list;
mod races;
mod restrict;
mod retention;
mod scan;

use std::sync::Arc;

use engine::Engine;
use jiff::{SignedDuration, Timestamp};
use journey::ids::CustomerId;
use parcours_tests::kit::{self, Answer, Rig, Workspace, events};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::calls::Desk;

/// The person's words, each of which stands for itself alone.
const MARKERS: [&str; 11] = [
    "key-zebulonia",
    "Zebulonia Quagmire",
    "old.zebulonia@quagmire.example",
    "new.zebulonia@quagmire.example",
    "+33699887701",
    "token-of-zebulonia",
    "note-of-zebulonia",
    "reply-of-zebulonia",
    "answer-for-zebulonia",
    "error-about-zebulonia",
    "line-of-zebulonia",
];
const KEY: &str = MARKERS[0];

fn id() -> CustomerId {
    CustomerId::of(KEY)
}

/// A little ago: what was decided then is due, and calls are still waited for.
fn earlier() -> Timestamp {
    Timestamp::now() - SignedDuration::from_mins(10)
}

/// Journeys that send, ask, call, are left, and go on.
fn workspace(desk: &Desk) -> Workspace {
    let endpoints = format!("vouchers: {{ url: {}, retries: 2 }}\n", desk.url);
    Workspace::new()
        .file("config/endpoints.yaml", &endpoints)
        .file(
            "templates/hello/push.en.yaml",
            "title: Hello\nbody: Hello {{ customer.first_name }}\n",
        )
        .journey(
            "gift",
            "purpose: service
enter: { event: start, again: always, key: event.note }
exit: { event: stop }
steps:
  - { id: text, send: sms, template: hello, with: { note: event.note } }
  - { id: token, send: push, template: hello }
  - id: code
    call: vouchers
    with: { name: customer.first_name }
    save: customer.code
    within: 1h
    else: []
  - { wait: 30d }
",
        )
        .journey(
            "letter",
            "purpose: marketing
enter: { event: start, again: always }
goal: { event: bought, within: 60d }
steps:
  - { id: unwanted, send: email, template: mail }
  - { wait: 1h }
",
        )
        .file("templates/mail/email.en.mjml", "---\nsubject: Hello\n---\n<mjml><mj-body><mj-section><mj-column><mj-text>Hello <a href=\"{{ links.unsubscribe }}\">stop</a></mj-text></mj-column></mj-section></mj-body></mjml>\n")
        .file("templates/mail/email.en.txt", "Hello {{ links.unsubscribe }}\n")
}

/// The person's life so far: known, named, bounced, written to, answered, asked about at an endpoint.
async fn lived(rig: &Rig, engine: &Arc<Engine>) {
    let traits = |email: &str| json!({ "first_name": MARKERS[1], "email": email, "phone": MARKERS[4], "push_token": MARKERS[5] });
    let fields = json!({ "note": MARKERS[6] });
    let reply = json!({ "channel": "sms", "text": MARKERS[7] });
    let bodies = [
        events::identify(KEY, "1", &traits(MARKERS[2])),
        events::track(KEY, "message.bounced", "2", &json!({ "channel": "email" })),
        events::identify(KEY, "3", &traits(MARKERS[3])),
        events::track(
            KEY,
            "consent.granted",
            "4",
            &json!({ "purpose": "marketing" }),
        ),
        events::track(KEY, "start", "5", &fields),
        events::track(KEY, "message.replied", "6", &reply),
    ];
    assert_eq!(events::take(engine, &bodies, earlier()).await, 6);
    assert!(dispatch(engine).await >= 3, "text, push and mail");
    engine
        .calls_once(&CancellationToken::new())
        .await
        .expect("calls are made");
    // An address in a text message.
    let short = [store::ShortLink {
        code: "Zq7mK2xW9a".to_owned(),
        url: format!("https://shop.example/?note={}", MARKERS[6]),
        told: false,
    }];
    let message = journey::ids::MessageId(id().0);
    let kept = rig.store.keep_short(id(), message, &short, earlier());
    assert!(kept.await.expect("a short link"));
    let codes = ["SPRING-1".to_owned()];
    let store = &rig.store;
    store.add_vouchers("spring", &codes).await.expect("a code");
    let drawn = store.draw_voucher("spring", id(), id().0, earlier()).await;
    drawn.expect("a draw");
    // A provider that says too much.
    sqlx::query("update message set error = $1 where channel = 'sms' and customer = $2")
        .bind(MARKERS[9])
        .bind(id().0)
        .execute(rig.store.pool())
        .await
        .expect("an error");
    talked(rig).await;
    // One run is over, one is watched for its goal.
    let over = events::track(KEY, "stop", "7", &fields);
    events::take(engine, &[over], earlier()).await;
    let later = Timestamp::now() + SignedDuration::from_hours(2);
    engine.timers_once(later).await.expect("timers");
}

/// The person was a stranger in the chat widget first.
async fn talked(rig: &Rig) {
    let chat = rig.store.chat();
    let line = store::chat::NewLine {
        id: uuid::Uuid::from_u128(1),
        at: earlier(),
        who: store::chat::Who::Customer,
        said: store::chat::Said {
            text: MARKERS[10].to_owned(),
            ..store::chat::Said::default()
        },
    };
    assert!(chat.put(id(), &line).await.expect("a line"));
    let stranger = CustomerId::of("stranger");
    let adopted = chat.adopt(stranger, id(), earlier()).await;
    assert!(adopted.expect("adopted"));
}

async fn dispatch(engine: &Arc<Engine>) -> usize {
    let done = engine.dispatch_once(&CancellationToken::new()).await;
    done.expect("dispatch").leased
}

/// What the endpoint answers.
async fn desk() -> Desk {
    Desk::answering(vec![(200, json!({ "code": MARKERS[8] }))]).await
}

/// Somebody else, with messages and a call on their way, who must not notice.
async fn neighbour(engine: &Arc<Engine>) {
    let mut bodies = events::arrival_of("neighbour");
    bodies.push(events::track(
        "neighbour",
        "start",
        "n1",
        &json!({ "note": "n" }),
    ));
    assert_eq!(events::take(engine, &bodies, earlier()).await, 3);
}

/// Everything of the neighbour, as an export says it.
async fn of_neighbour(rig: &Rig) -> Value {
    let export = rig
        .reader()
        .export("neighbour", Timestamp::UNIX_EPOCH)
        .await;
    serde_json::to_value(export.expect("read").expect("the neighbour")).expect("json")
}

async fn rig() -> (Rig, Arc<Engine>) {
    let desk = desk().await;
    let rig = Rig::new(&workspace(&desk)).await;
    // Nobody serves mail: it fails for good, and that is told as a receipt.
    rig.provider.script([Answer::Accept]);
    let engine = rig.engine(kit::quick()).await;
    (rig, engine)
}
