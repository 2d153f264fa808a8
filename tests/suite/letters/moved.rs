//! From the queue into the table.

use broker::Depth;
use jiff::{SignedDuration, Timestamp};
use journey::ids::CustomerId;
use parcours_tests::kit::events;
use serde_json::json;
use sqlx::Row as _;

use super::{order, room, settings};

#[tokio::test]
async fn a_letter_says_whose_it_is_why_it_died_and_where_it_came_from() {
    let room = room().await;
    let engine = room.engine().await;
    room.publish("ana", order("ana", "1", &json!("fifty")))
        .await;
    room.publish("bo", "{\"type\": \"track\", ").await;
    room.publish(
        "cy",
        events::track("other", "x", "2", &json!({ "note": "a\0b" })),
    )
    .await;
    assert_eq!(room.take_in(&engine, 3).await, (0, 3));
    room.depth_becomes(Depth { ready: 0, dead: 3 }).await;
    assert_eq!(room.move_all(&engine).await, (3, 0));
    room.depth_becomes(Depth::default()).await;
    let letters = room.letters().await;
    let of = |cause: &str| letters.iter().find(|l| &*l.cause == cause).unwrap();
    let schema = of("schema");
    assert_eq!(
        schema.reason.to_string(),
        "event.total must be a number, and is text"
    );
    assert_eq!(schema.field.as_deref(), Some("properties.total"));
    assert_eq!(schema.name.as_deref(), Some("order.placed"));
    assert_eq!(schema.customer, Some(CustomerId::of("ana")));
    assert_eq!(
        (&*schema.exchange, &*schema.queue),
        ("parcours.events", "parcours.intake")
    );
    // Nobody can read whose it is, but who published it has said so.
    assert_eq!(of("not_json").key.as_deref(), Some("bo"));
    let nul = of("nul_character");
    assert_eq!(
        (nul.key.as_deref(), &*nul.routing_key),
        (Some("other"), "cy")
    );
    let causes = room.rig.reader().letter_causes().await.unwrap();
    assert_eq!(causes.iter().map(|c| c.open).sum::<i64>(), 3);
    // Whoever is named by either is erased with it.
    let erased = room
        .rig
        .store
        .erase(CustomerId::of("cy"), Timestamp::now())
        .await
        .unwrap();
    assert_eq!(erased.unwrap().rows["dead_letter"], 1);
    let erased = room
        .rig
        .store
        .erase(CustomerId::of("ana"), Timestamp::now())
        .await
        .unwrap();
    assert_eq!(erased.unwrap().rows["dead_letter"], 1);
    assert_eq!(room.rig.count("select count(*) from dead_letter").await, 1);
}

/// Killed between the commit and the acknowledgement, and again: kept once.
#[tokio::test]
async fn a_letter_is_kept_once_though_its_engine_is_killed_before_it_is_acknowledged() {
    let room = room().await;
    let engine = room.engine().await;
    for n in 0..5 {
        room.publish("ana", order("ana", &n.to_string(), &json!("fifty")))
            .await;
    }
    assert_eq!(room.take_in(&engine, 5).await, (0, 5));
    for _ in 0..2 {
        let mut letterbox = room.broker.letterbox();
        let taken = letterbox.take(100, 1 << 20).await.unwrap().unwrap();
        assert_eq!(taken.letters.len(), 5);
        drop((taken, letterbox));
        // They are there again before somebody else takes them.
        room.depth_becomes(Depth { ready: 0, dead: 5 }).await;
    }
    assert_eq!(room.move_all(&engine).await, (5, 0));
    // The same again, as if the acknowledgement had been lost.
    for n in 0..5 {
        room.publish("ana", order("ana", &n.to_string(), &json!("fifty")))
            .await;
    }
    assert_eq!(room.take_in(&engine, 5).await, (0, 5));
    assert_eq!(room.move_all(&engine).await, (0, 0));
    assert_eq!(room.rig.count("select count(*) from dead_letter").await, 5);
    room.depth_becomes(Depth::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_engines_move_each_letter_once() {
    let room = room().await;
    let (one, two) = (room.engine().await, room.rig.engine(settings()).await);
    let publisher = room.broker.publisher().await.unwrap();
    for n in 0..400 {
        let body = order(&format!("c{}", n % 40), &n.to_string(), &json!("fifty"));
        publisher.publish("x", body).await.unwrap();
    }
    assert_eq!(room.take_in(&one, 400).await, (0, 400));
    let (first, second) = tokio::join!(room.move_all(&one), room.move_all(&two));
    assert_eq!((first.0 + second.0, first.1 + second.1), (400, 0));
    assert_eq!(
        room.rig.count("select count(*) from dead_letter").await,
        400
    );
}

#[tokio::test]
async fn what_is_done_goes_first_and_then_the_oldest_and_what_is_too_old() {
    let room = room().await;
    let engine = room.engine().await;
    for n in 0..6 {
        room.publish("ana", order("ana", &n.to_string(), &json!("fifty")))
            .await;
    }
    assert_eq!(room.take_in(&engine, 6).await, (0, 6));
    room.move_all(&engine).await;
    let pool = room.rig.store.pool();
    // Each an hour older than the one before; the youngest is discarded.
    sqlx::query(
        "update dead_letter d set at = d.at - n * interval '1 hour' from
         (select id, row_number() over (order by id) - 1 as n from dead_letter) o where o.id = d.id",
    )
    .execute(pool)
    .await
    .unwrap();
    let ages = async || -> Vec<i64> {
        let rows = sqlx::query(
            "select round(extract(epoch from max(at) over () - at) / 3600)::bigint as age from dead_letter order by at desc",
        );
        let rows = rows.fetch_all(pool).await.unwrap();
        rows.iter().map(|row| row.get("age")).collect()
    };
    assert_eq!(ages().await, [0, 1, 2, 3, 4, 5]);
    let youngest = room.letters().await[0].id;
    assert!(
        room.rig
            .store
            .discard_letter(youngest, &super::by(), Timestamp::now())
            .await
            .unwrap()
    );
    let bounded = engine::Settings {
        letters_kept: 4,
        ..settings()
    };
    let bounded = room.rig.engine(bounded).await;
    assert_eq!(
        bounded.trim_letters_once(Timestamp::now()).await.unwrap(),
        2
    );
    assert_eq!(
        ages().await,
        [0, 1, 2, 3],
        "those of an hour to four hours ago"
    );
    assert!(room.rig.reader().letter(youngest).await.unwrap().is_none());
    let aged = engine::Settings {
        letters_age: SignedDuration::from_mins(150),
        ..settings()
    };
    let aged = room.rig.engine(aged).await;
    assert_eq!(aged.trim_letters_once(Timestamp::now()).await.unwrap(), 2);
    let small = engine::Settings {
        letters_bytes: 1,
        ..settings()
    };
    let small = room.rig.engine(small).await;
    assert_eq!(small.trim_letters_once(Timestamp::now()).await.unwrap(), 2);
    assert_eq!(room.letters().await.len(), 0);
}

/// A letter that was under way when its customer was erased does not bring them back.
#[tokio::test]
async fn a_letter_of_somebody_who_was_erased_since_is_not_kept() {
    let room = room().await;
    let engine = room.engine().await;
    room.publish(
        "ana",
        events::identify("ana", "0", &json!({ "city": "Gent" })),
    )
    .await;
    room.publish("ana", order("ana", "1", &json!("fifty")))
        .await;
    assert_eq!(room.take_in(&engine, 2).await, (1, 1));
    let later = Timestamp::now() + SignedDuration::from_secs(2);
    room.rig
        .store
        .erase(CustomerId::of("ana"), later)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(room.move_all(&engine).await, (0, 0));
    assert_eq!(room.letters().await.len(), 0);
    room.depth_becomes(Depth::default()).await;
}
