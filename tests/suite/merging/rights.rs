//! The rights of a person are those of all whom they are known as.

use jiff::{SignedDuration, Timestamp};
use journey::{ids::CustomerId, message::Channel};
use parcours_tests::kit::{Rig, events};
use serde_json::json;
use store::read::Depth;

use super::{alias, deliver, event, identify, rig, take, waiting};

/// `c` stays; `a` and `d` are merged into them, and `b` into `a`.
async fn person(rig: &Rig, engine: &engine::Engine) {
    for who in ["a", "b", "c", "d", "other"] {
        take(
            engine,
            &[
                identify(who, &json!({ "email": format!("{who}@shop.example") })),
                event(who, "tea", who),
            ],
        )
        .await;
    }
    take(engine, &[alias("b", "a"), alias("a", "c"), alias("d", "c")]).await;
    deliver(engine).await;
    assert_eq!(waiting(rig).await, 0);
}

async fn customers(rig: &Rig) -> Vec<String> {
    sqlx::query_scalar("select key from customer order by key")
        .fetch_all(rig.store.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn article_17_erased_is_the_whole_person_by_whatever_name() {
    for name in ["c", "b"] {
        let (rig, engine) = rig().await;
        person(&rig, &engine).await;
        let erased = rig
            .store
            .erase(CustomerId::of(name), Timestamp::now())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(erased.rows["customer"], 4, "{name}");
        assert_eq!(customers(&rig).await, ["other"]);
        assert_eq!(
            rig.count("select count(distinct customer) from input")
                .await,
            1
        );
        // Nothing of it comes back by itself: an event from before, of whoever was merged or was not.
        let before = Timestamp::now() - SignedDuration::from_hours(1);
        for who in ["a", "b", "c"] {
            let late = events::track_at(who, "tea", &format!("late {who}"), before);
            assert_eq!(take(&engine, &[late]).await, 0, "{name} {who}");
        }
        let known = rig
            .store
            .off_limits(&[Some((Channel::Email, "b@shop.example"))])
            .await
            .unwrap();
        assert!(known[0].is_some());
    }
}

/// What was on its way to somebody who is yet to come does not make them.
#[tokio::test]
async fn article_17_what_is_in_the_hands_of_an_engine_makes_nobody() {
    let (rig, engine) = rig().await;
    take(
        &engine,
        &[identify("b", &json!({ "city": "Gent" })), alias("b", "a")],
    )
    .await;
    let now = Timestamp::now();
    let leased = rig
        .store
        .lease_forwards(now, 10, SignedDuration::from_secs(30))
        .await
        .unwrap();
    assert_eq!(leased.len(), 1);
    assert!(
        rig.store
            .erase(CustomerId::of("b"), Timestamp::now())
            .await
            .unwrap()
            .is_some()
    );
    let decided = engine.turn(vec![leased[0].arrival.clone()]).await.unwrap();
    assert_eq!((decided.inputs, decided.duplicates), (0, 1));
    assert!(customers(&rig).await.is_empty());
    assert_eq!(waiting(&rig).await, 0);
}

#[tokio::test]
async fn article_15_the_export_holds_everybody_by_whatever_name() {
    let (rig, engine) = rig().await;
    person(&rig, &engine).await;
    for name in ["c", "a", "b"] {
        let export = rig
            .reader()
            .export(name, Timestamp::now())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(&*export.customer.key, "c");
        let mut others: Vec<_> = export
            .merged
            .iter()
            .map(|e| e.customer.key.to_string())
            .collect();
        others.sort();
        assert_eq!(others, ["a", "b", "d"], "{name}");
        let ended = export.merged.iter().map(|e| e.ended.len());
        assert_eq!(
            ended.collect::<Vec<_>>(),
            [1, 1, 1],
            "each with all that is held"
        );
        let page = api::export_page(&export, api::Language::English).unwrap();
        assert!(page.contains("b@shop.example"), "{name}");
    }
    let other = rig
        .reader()
        .export("other", Timestamp::now())
        .await
        .unwrap()
        .unwrap();
    assert!(other.merged.is_empty());
}

#[tokio::test]
async fn support_finds_who_stays_by_whatever_name_or_address() {
    let (rig, engine) = rig().await;
    person(&rig, &engine).await;
    let reader = rig.reader();
    for query in ["b", "b@shop.example"] {
        let found = reader.find(query, Depth::Beginnings).await.unwrap();
        let keys: Vec<_> = found.customers.iter().map(|c| &*c.row.key).collect();
        assert_eq!(keys, ["b", "c"], "{query}");
        let merged_into = found.customers[0].row.merged_into;
        assert_eq!(merged_into, Some(CustomerId::of("a")));
    }
    assert_eq!(
        reader.stays(CustomerId::of("b")).await.unwrap(),
        CustomerId::of("c")
    );
    assert_eq!(
        reader.stays(CustomerId::of("other")).await.unwrap(),
        CustomerId::of("other")
    );
    let took = reader.taken_over(CustomerId::of("c")).await.unwrap();
    let mut took: Vec<_> = took.iter().map(|t| &*t.key).collect();
    took.sort_unstable();
    assert_eq!(took, ["a", "d"]);
    // A reply from an address that only the one had is one of whoever stays.
    let reached = reader
        .reached_at(Channel::Email, &["b@shop.example".to_owned()])
        .await
        .unwrap();
    assert_eq!(reached.iter().map(|k| &**k).collect::<Vec<_>>(), ["c"]);
}

#[tokio::test]
async fn a_conversation_goes_on_with_whoever_stays() {
    let (rig, engine) = rig().await;
    take(&engine, &[event("b", "seen", "b"), event("a", "seen", "a")]).await;
    let line = |id: u128| store::chat::NewLine {
        id: uuid::Uuid::from_u128(id),
        at: Timestamp::now(),
        who: store::chat::Who::Customer,
        said: store::chat::Said {
            text: format!("line {id}"),
            ..store::chat::Said::default()
        },
    };
    let chat = rig.store.chat();
    assert!(chat.put(CustomerId::of("b"), &line(1)).await.unwrap());
    take(&engine, &[alias("b", "a")]).await;
    deliver(&engine).await;
    // Whoever has it open as the one, and whoever as the other.
    assert!(chat.put(CustomerId::of("b"), &line(2)).await.unwrap());
    assert!(chat.put(CustomerId::of("a"), &line(3)).await.unwrap());
    let owners: Vec<uuid::Uuid> = sqlx::query_scalar("select customer from chat_line")
        .fetch_all(rig.store.pool())
        .await
        .unwrap();
    assert_eq!(owners, [CustomerId::of("a").0; 3]);
}
