//! Through RabbitMQ: what cannot be read becomes a dead letter with its reason.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use broker::{Broker, Depth};
use bytes::Bytes;
use engine::{Engine, TakenIn};
use parcours_tests::kit::{self, Rig, Workspace, events};
use serde_json::json;

const SOON: Duration = Duration::from_secs(60);

/// An event `order.placed` that allows no field but a number.
const STRICT: &str = "
type: object
strict: true
required: [total]
properties: { total: { type: number } }
";

fn shop() -> Workspace {
    Workspace::new()
        .file("config/events/order.placed.yaml", STRICT)
        .journey(
            "thanks",
            "purpose: service\nenter: { event: order.placed }\nsteps: [ { send: sms, template: hello } ]\n",
        )
}

/// Every kind of bad body, by the words that its reason must hold.
fn bad() -> BTreeMap<&'static str, Bytes> {
    let order = |id: &str, properties| events::track("ana", "order.placed", id, &properties);
    let text = |body: &str| Bytes::from(body.to_owned());
    BTreeMap::from([
        ("the body is not JSON", text("{\"type\": \"track\", ")),
        ("the body is empty", text("")),
        ("an event must be a JSON object, found a list", text("[1]")),
        (
            "`userId` must be a text",
            text(r#"{"type":"track","event":"x","messageId":"w1","userId":["ana"]}"#),
        ),
        (
            "`properties` must be an object",
            text(r#"{"type":"track","event":"x","messageId":"w2","userId":"ana","properties":7}"#),
        ),
        (
            "`messageId` is missing",
            text(r#"{"type":"track","event":"x","userId":"ana"}"#),
        ),
        (
            "`userId` is missing",
            text(r#"{"type":"track","event":"x","messageId":"w3"}"#),
        ),
        (
            "`event` is missing",
            text(r#"{"type":"track","userId":"ana","messageId":"w4"}"#),
        ),
        (
            "the body has 5000000 bytes",
            Bytes::from(vec![b'x'; 5_000_000]),
        ),
        (
            "ahead of the clock",
            events::track_at("ana", "x", "w5", "2090-01-01T00:00:00Z".parse().unwrap()),
        ),
        (
            "`userId` is 10000 bytes long",
            events::track(&"k".repeat(10_000), "x", "w6", &json!({})),
        ),
        (
            "`properties.note` holds a NUL character",
            events::track("ana", "x", "w7", &json!({ "note": "a\0b" })),
        ),
        (
            "`userId` holds a NUL character",
            events::track("a\0na", "x", "w8", &json!({})),
        ),
        (
            "the body is not UTF-8 text, from byte 1",
            Bytes::from_static(b"{\xff\xfe}"),
        ),
        ("total", order("w9", json!({ "total": "fifty" }))),
        ("coupon", order("w10", json!({ "total": 1, "coupon": "X" }))),
    ])
}

/// A broker that publishes whatever it is given.
async fn roomy(rig: &Rig) -> Broker {
    rig.broker(broker::Settings {
        max_body: 6_000_000,
        ..broker::Settings::default()
    })
    .await
}

/// Takes in until that many deliveries were seen, and sums up.
async fn take_in(engine: &Arc<Engine>, broker: &Broker, deliveries: usize) -> TakenIn {
    let mut consumer = broker.consumer().await.unwrap();
    let mut sum = TakenIn::default();
    while sum.deliveries < deliveries {
        let taken = tokio::time::timeout(SOON, engine.intake_once(&mut consumer)).await;
        let taken = taken.expect("a batch comes").unwrap().expect("it is open");
        sum.deliveries += taken.deliveries;
        sum.inputs += taken.inputs;
        sum.duplicates += taken.duplicates;
        sum.dead += taken.dead;
    }
    sum
}

/// Promise 1, with bad events between good ones: every published message takes effect, is a
/// duplicate, or is a dead letter; none is two of these and none is lost.
#[tokio::test]
async fn promise_1_a_bad_event_is_a_dead_letter_with_its_reason_and_the_good_ones_count() {
    let rig = Rig::new(&shop()).await;
    let broker = roomy(&rig).await;
    let publisher = broker.publisher().await.unwrap();
    let bad = bad();
    for (n, body) in bad.values().enumerate() {
        let id = format!("good-{n}");
        let good = events::track("ana", "order.placed", &id, &json!({ "total": 50 }));
        publisher.publish("ana", good).await.unwrap();
        publisher.publish("ana", body.clone()).await.unwrap();
    }
    let engine = rig.engine(kit::quick()).await;
    let taken = take_in(&engine, &broker, 2 * bad.len()).await;
    let expected = TakenIn {
        deliveries: 2 * bad.len(),
        inputs: bad.len(),
        duplicates: 0,
        dead: bad.len(),
    };
    assert_eq!(taken, expected);
    let recorded = rig.count("select count(*) from input where kind = 0").await;
    assert_eq!(recorded, i64::try_from(bad.len()).unwrap());

    let letters = broker.dead_letters(100).await.unwrap();
    assert_eq!(letters.len(), bad.len());
    for (words, body) in &bad {
        let letter = letters.iter().find(|l| l.body == *body).unwrap();
        assert!(
            letter.reason.contains(words),
            "{words:?} in {:?}",
            letter.reason
        );
    }
}

/// Language, *Events and traits*: an undeclared event is accepted, and recorded though nobody
/// listens.
#[tokio::test]
async fn an_unknown_event_is_accepted_and_recorded() {
    let rig = Rig::new(&shop()).await;
    let broker = roomy(&rig).await;
    let body = events::track("ana", "moon.risen", "1", &json!({ "phase": "full" }));
    let publisher = broker.publisher().await.unwrap();
    publisher.publish("ana", body).await.unwrap();
    let engine = rig.engine(kit::quick()).await;
    assert_eq!(take_in(&engine, &broker, 1).await.inputs, 1);
    let recorded = rig
        .count("select count(*) from input where name = 'moon.risen'")
        .await;
    assert_eq!(recorded, 1);
}

/// Promise 1: however often it is delivered, within a batch or across batches.
#[tokio::test]
async fn promise_1_a_duplicate_takes_effect_once_in_one_batch_and_across_batches() {
    let rig = Rig::new(&shop()).await;
    let broker = roomy(&rig).await;
    let publisher = broker.publisher().await.unwrap();
    let engine = rig.engine(kit::quick()).await;
    let mut sum = (0, 0);
    for _ in 0..3 {
        for _ in 0..4 {
            let body = events::track("ana", "order.placed", "same", &json!({ "total": 5 }));
            publisher.publish("ana", body).await.unwrap();
        }
        let taken = take_in(&engine, &broker, 4).await;
        assert_eq!(taken.dead, 0);
        sum = (sum.0 + taken.inputs, sum.1 + taken.duplicates);
    }
    assert_eq!(sum, (1, 11));
    assert_eq!(rig.count("select count(*) from message").await, 1);
    kit::eventually(SOON, "both queues are empty", async || {
        broker.depth().await.unwrap() == Depth::default()
    })
    .await;
}

/// The path of one event, 6: what the database cannot read stands alone as a dead letter, and
/// the customers around it are not touched by it.
#[tokio::test]
async fn a_customer_who_cannot_be_read_holds_up_nobody_else() {
    let rig = Rig::new(&shop()).await;
    let broker = roomy(&rig).await;
    let publisher = broker.publisher().await.unwrap();
    let engine = rig.engine(kit::quick()).await;
    let names: Vec<String> = (0..9).map(|n| format!("c{n}")).collect();
    for round in ["first", "second"] {
        for name in &names {
            let body = events::track(name, "seen", &format!("{name}-{round}"), &json!({}));
            publisher.publish(name, body).await.unwrap();
        }
        let taken = take_in(&engine, &broker, 9).await;
        let dead = usize::from(round == "second");
        assert_eq!((taken.inputs, taken.dead), (9 - dead, dead));
        sqlx::query("update customer set ledger = '{' where key = 'c4'")
            .execute(rig.store.pool())
            .await
            .unwrap();
    }
    let letters = broker.dead_letters(10).await.unwrap();
    assert_eq!(letters[0].routing_key.as_deref(), Some("c4"));
    assert!(letters[0].reason.contains("cannot be understood"));
}
