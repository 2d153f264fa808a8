//! Article 17: erased is gone from everywhere, whatever was under way, and does not come back by itself.

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;
use parcours_tests::kit::{self, Rig, events};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    KEY, MARKERS, desk, dispatch, earlier, id, lived, neighbour, of_neighbour, rig, scan::scan,
    workspace,
};
use crate::calls::Desk;

const SOON: Duration = Duration::from_secs(30);

async fn found(rig: &Rig) -> BTreeSet<String> {
    scan(rig.store.pool(), &MARKERS, &[id()]).await
}

async fn erase(rig: &Rig) {
    let erased = rig.store.erase(id(), Timestamp::now()).await.unwrap();
    assert!(erased.is_some(), "there was somebody to erase");
}

#[tokio::test]
async fn article_17_nothing_of_the_person_is_left_anywhere() {
    let (rig, engine) = rig().await;
    lived(&rig, &engine).await;
    neighbour(&engine).await;
    let before = found(&rig).await;
    for marker in MARKERS {
        assert!(
            before.iter().any(|place| place.starts_with(marker)),
            "the scan finds {marker} as long as it is there: {before:#?}"
        );
    }
    assert!(before.iter().any(|place| place.contains(&id().to_string())));
    let neighbour = of_neighbour(&rig).await;
    erase(&rig).await;
    assert_eq!(found(&rig).await, BTreeSet::new());
    assert_eq!(
        of_neighbour(&rig).await,
        neighbour,
        "nobody else is touched"
    );
    let count = rig.count("select customers from erasure").await;
    assert_eq!(count, 1, "counted, and nothing else");
    // The key, two e-mail addresses, a number and a token.
    assert_eq!(rig.count("select count(*) from erased").await, 5);
    let again = rig.store.erase(id(), Timestamp::now()).await.unwrap();
    assert_eq!(again, None, "there is nobody any more");
    assert_eq!(rig.count("select customers from erasure").await, 1);
}

#[tokio::test]
async fn article_17_a_table_of_tomorrow_is_not_forgotten() {
    let (rig, engine) = rig().await;
    lived(&rig, &engine).await;
    sqlx::raw_sql("create table stamp (customer uuid primary key, body text)")
        .execute(rig.store.pool())
        .await
        .unwrap();
    sqlx::query("insert into stamp values ($1, $2)")
        .bind(id().0)
        .bind(MARKERS[1])
        .execute(rig.store.pool())
        .await
        .unwrap();
    let erased = rig
        .store
        .erase(id(), Timestamp::now())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(erased.rows["stamp"], 1);
    assert_eq!(found(&rig).await, BTreeSet::new());
}

#[tokio::test]
async fn article_17_a_queued_message_is_not_sent_any_more() {
    let (rig, engine) = rig().await;
    lived(&rig, &engine).await;
    let taken = rig.provider.taken().len();
    let start = events::track(KEY, "start", "again", &json!({ "note": "second" }));
    events::take(&engine, &[start], earlier()).await;
    let queued = rig
        .count("select count(*) from message where status = 'queued'")
        .await;
    assert!(queued >= 2, "{queued} wait to be sent");
    erase(&rig).await;
    assert_eq!(dispatch(&engine).await, 0);
    assert_eq!(rig.provider.taken().len(), taken);
    assert_eq!(found(&rig).await, BTreeSet::new());
}

/// Erased while providers have the messages and the endpoint has the call: what they say writes nothing back.
#[tokio::test]
async fn article_17_what_is_with_a_provider_does_not_write_the_person_back() {
    let desk = Desk::holding(vec![(200, json!({ "code": MARKERS[8] }))]).await;
    let rig = Rig::new(&workspace(&desk)).await;
    // Of mail, push and text one is accepted, one refused for good, one to be tried again.
    rig.provider
        .script([kit::Answer::Refuse(400), kit::Answer::Refuse(503)]);
    rig.provider.hold();
    let engine = rig.engine(kit::quick()).await;
    let traits = json!({ "first_name": MARKERS[1], "phone": MARKERS[4], "push_token": MARKERS[5] });
    let bodies = [
        events::identify(KEY, "1", &traits),
        events::track(KEY, "start", "2", &json!({ "note": MARKERS[6] })),
        events::track(KEY, "start", "3", &json!({ "note": "another" })),
    ];
    events::take(&engine, &bodies, earlier()).await;
    let stop = CancellationToken::new();
    let (sends, calls) = {
        let (engine, stop) = (engine.clone(), stop.clone());
        let (other, until) = (engine.clone(), stop.clone());
        (
            tokio::spawn(async move { engine.dispatch_once(&stop).await.map(|d| d.leased) }),
            tokio::spawn(async move { other.calls_once(&until).await.map(|c| c.leased) }),
        )
    };
    kit::eventually(SOON, "providers have the messages", async || {
        rig.provider.posts().len() >= 4
    })
    .await;
    desk.until_asked(1).await;
    let leased = "select (select count(*) from message where status = 'leased')
                       + (select count(*) from call where status = 'leased')";
    assert!(rig.count(leased).await >= 5);
    erase(&rig).await;
    rig.provider.resume();
    desk.go.notify_one();
    assert!(sends.await.unwrap().unwrap() >= 4);
    assert!(calls.await.unwrap().unwrap() >= 1);
    assert_eq!(found(&rig).await, BTreeSet::new());
    assert_eq!(rig.count("select count(*) from customer").await, 0);
    assert_eq!(rig.count("select count(*) from input").await, 0);
}

/// The same where the person is back by new data of their own before the old answer comes.
#[tokio::test]
async fn article_17_an_old_answer_is_not_for_the_new_customer() {
    let desk = Desk::holding(vec![(200, json!({ "code": MARKERS[8] }))]).await;
    let rig = Rig::new(&workspace(&desk)).await;
    let engine = rig.engine(kit::quick()).await;
    let bodies = [events::track(
        KEY,
        "start",
        "1",
        &json!({ "note": MARKERS[6] }),
    )];
    events::take(&engine, &bodies, earlier()).await;
    let calls = tokio::spawn({
        let engine = engine.clone();
        async move {
            engine
                .calls_once(&CancellationToken::new())
                .await
                .map(|c| c.leased)
        }
    });
    desk.until_asked(1).await;
    erase(&rig).await;
    let back = events::track(KEY, "seen", "2", &json!({}));
    assert_eq!(events::take(&engine, &[back], Timestamp::now()).await, 1);
    desk.go.notify_one();
    assert_eq!(calls.await.unwrap().unwrap(), 1);
    let places = scan(rig.store.pool(), &MARKERS[1..], &[]).await;
    assert_eq!(
        places,
        BTreeSet::new(),
        "their own new data, and nothing else"
    );
    assert_eq!(rig.count("select count(*) from input").await, 1);
}

#[tokio::test]
async fn article_17_an_event_from_before_does_not_bring_them_back_and_one_from_after_does() {
    let (rig, engine) = rig().await;
    lived(&rig, &engine).await;
    let before = Timestamp::now();
    erase(&rig).await;
    let late = events::track_at(KEY, "start", "5", before);
    assert_eq!(events::take(&engine, &[late], Timestamp::now()).await, 0);
    assert_eq!(rig.count("select count(*) from customer").await, 0);
    let new = events::identify(KEY, "n", &json!({ "first_name": "Zoe" }));
    assert_eq!(events::take(&engine, &[new], Timestamp::now()).await, 1);
    let back = rig.reader().customer(KEY).await.unwrap().unwrap();
    assert_eq!(back.row.traits.len(), 1, "only what is new is known");
    assert!(back.ledger.consents.is_empty());
}

#[tokio::test]
async fn article_17_an_import_does_not_write_to_an_erased_address() {
    let (rig, engine) = rig().await;
    lived(&rig, &engine).await;
    erase(&rig).await;
    let taken = rig.provider.taken().len();
    // The shop's list is imported anew, under another key, and written as people write numbers.
    let consent = json!({ "purpose": "marketing", "confirmed": true });
    let bodies = [
        events::identify("imported", "i1", &json!({ "phone": "+33 6 99 88 77 01" })),
        events::track_at("imported", "consent.granted", "i2", earlier()),
        events::track("imported", "news", "i3", &json!({})),
    ];
    rig.apply(&workspace(&desk().await).journey(
        "news",
        "purpose: marketing
enter: { event: news, again: always }
steps:
  - { id: news, send: sms, template: hello }
",
    ))
    .await;
    engine.reload().await.unwrap();
    let past = earlier();
    events::take(&engine, &bodies, past).await;
    assert_eq!(dispatch(&engine).await, 1);
    assert_eq!(rig.messages().await, ["sms suppressed suppression_list 1"]);
    assert_eq!(rig.provider.taken().len(), taken, "nothing left");
    // Consent that is newer than the erasure is the person's own word.
    let now = Timestamp::now();
    let bodies = [
        events::track("imported", "consent.granted", "i4", &consent),
        events::track("imported", "news", "i5", &json!({})),
    ];
    events::take(&engine, &bodies, now).await;
    assert_eq!(dispatch(&engine).await, 1);
    assert_eq!(rig.provider.taken().len(), taken + 1);
}

#[tokio::test]
async fn without_a_secret_nobody_is_erased_and_it_says_so() {
    let store = crate::fixture::store().await;
    let error = store.erase(id(), Timestamp::now()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no secret to hash what is erased with"
    );
}
