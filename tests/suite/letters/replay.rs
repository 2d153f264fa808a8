//! Submitted again: once in effect, whatever is killed.

use std::sync::Arc;

use engine::{Door, Engine, NotEdited, Replayed};
use jiff::Timestamp;
use journey::ids::{CustomerId, LetterId};
use parcours_tests::kit;
use serde_json::json;
use store::{EditedLetter, JobBegun, LetterFilter, NewJob};
use uuid::Uuid;

use super::{SOON, by, order, room, settings};

const ORDERS: &str = "select count(*) from input where name = 'order.placed'";

async fn edited(
    engine: &Arc<Engine>,
    id: LetterId,
    body: &[u8],
) -> Result<EditedLetter, NotEdited> {
    let original = engine.store().letter_body(id).await.unwrap().unwrap();
    let schemas = &engine.loaded().schemas;
    engine::edited(&original, body.to_vec(), schemas, Timestamp::now())
}

#[tokio::test]
async fn a_letter_that_was_mended_takes_effect_once_through_rabbitmq() {
    let room = room().await;
    let (engine, door) = (room.engine().await, room.door().await);
    let id = room.bad_order(&engine, "1").await;
    // Neither what does not fit, nor another event.
    let wrong = edited(&engine, id, &order("ana", "1", &json!("sixty")))
        .await
        .unwrap_err();
    assert_eq!(wrong.0.field.as_deref(), Some("properties.total"));
    let other = edited(&engine, id, &order("ana", "2", &json!(60)))
        .await
        .unwrap_err();
    assert_eq!(other.0.field.as_deref(), Some("messageId"));
    let mended = edited(&engine, id, &order("ana", "1", &json!(60)))
        .await
        .unwrap();
    let now = Timestamp::now();
    let replayed = engine
        .replay_letter(&door, id, Some(&mended), &by(), now)
        .await
        .unwrap();
    assert_eq!(replayed, Replayed::Taken);
    assert_eq!(room.status(id).await, "replayed schema 1");
    assert_eq!(room.take_in(&engine, 1).await, (1, 0));
    assert_eq!(room.rig.count(ORDERS).await, 1);
    let letter = room.rig.reader().letter(id).await.unwrap().unwrap();
    assert_eq!(
        letter.body,
        order("ana", "1", &json!("fifty")),
        "as it came"
    );
    assert_eq!(letter.edited.unwrap(), mended.body);
    assert_eq!(letter.row.note.as_deref(), Some("the schema was wrong"));
    // It is not open any more.
    let again = engine
        .replay_letter(&door, id, None, &by(), now)
        .await
        .unwrap();
    assert_eq!(again, Replayed::NotOpen);
}

#[tokio::test]
async fn a_letter_that_is_refused_again_stays_open_and_is_no_second_one() {
    let room = room().await;
    let (engine, door) = (room.engine().await, room.door().await);
    let id = room.bad_order(&engine, "1").await;
    let now = Timestamp::now();
    let replayed = engine
        .replay_letter(&door, id, None, &by(), now)
        .await
        .unwrap();
    let Replayed::Refused(cause) = replayed else {
        panic!("{replayed:?}");
    };
    assert_eq!(cause.code, "schema");
    assert_eq!(room.status(id).await, "open schema 1");
    // Mended, but the customer cannot be read: it comes back from RabbitMQ.
    room.publish("ana", order("ana", "0", &json!(1))).await;
    assert_eq!(room.take_in(&engine, 1).await, (1, 0));
    let spoil = "update customer set ledger = '{' where key = 'ana'";
    sqlx::query(spoil)
        .execute(room.rig.store.pool())
        .await
        .unwrap();
    let mended = edited(&engine, id, &order("ana", "1", &json!(60)))
        .await
        .unwrap();
    engine
        .replay_letter(&door, id, Some(&mended), &by(), now)
        .await
        .unwrap();
    assert_eq!(room.status(id).await, "replayed schema 2");
    assert_eq!(room.take_in(&engine, 1).await, (0, 1));
    assert_eq!(room.move_all(&engine).await, (0, 1));
    assert_eq!(room.status(id).await, "open quarantined 2");
    assert_eq!(room.letters().await.len(), 1);
    // The same straight into the turn says so at once.
    let into_turn = engine
        .replay_letter(&Door::Turn, id, None, &by(), now)
        .await
        .unwrap();
    assert!(matches!(into_turn, Replayed::Refused(cause) if cause.code == "quarantined"));
    assert_eq!(room.status(id).await, "open quarantined 3");
}

/// A letter nobody could read is another customer's, and another event, once it is mended; what comes back is the same.
#[tokio::test]
async fn a_letter_that_could_not_be_read_is_known_by_what_it_was_mended_to() {
    let room = room().await;
    let (engine, door) = (room.engine().await, room.door().await);
    room.publish("ana", "{").await;
    assert_eq!(room.take_in(&engine, 1).await, (0, 1));
    room.move_all(&engine).await;
    let id = room.letters().await[0].id;
    let mended = edited(&engine, id, &order("bo", "1", &json!(60)))
        .await
        .unwrap();
    let now = Timestamp::now();
    engine
        .replay_letter(&door, id, Some(&mended), &by(), now)
        .await
        .unwrap();
    // The schema has become stricter meanwhile.
    let workspace = super::shop().file(
        "config/events/order.placed.yaml",
        "type: object\nproperties: { total: { type: string } }\n",
    );
    room.rig.apply(&workspace).await;
    engine.reload().await.unwrap();
    assert_eq!(room.take_in(&engine, 1).await, (0, 1));
    assert_eq!(room.move_all(&engine).await, (0, 1));
    assert_eq!(room.status(id).await, "open schema 1");
    assert_eq!(room.letters().await.len(), 1);
    // Both customers whom it names are erased with it.
    let erased = room
        .rig
        .store
        .erase(CustomerId::of("ana"), now)
        .await
        .unwrap();
    assert_eq!(erased.unwrap().rows["dead_letter"], 1);
}

/// 5,000 letters; the engine is killed before it has recorded what it had submitted, again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_of_all_that_is_killed_in_the_middle_has_each_take_effect_once() {
    const LETTERS: usize = 5_000;
    let room = room().await;
    let engine = room.engine().await;
    // The shop has declared a number, and producers send text.
    let publisher = room.broker.publisher().await.unwrap();
    let bodies = (0..LETTERS).map(|n| {
        let key = format!("c{}", n % 500);
        (key.clone(), order(&key, &n.to_string(), &json!("12")))
    });
    publisher
        .publish_all(futures::stream::iter(bodies), 500, |_| ())
        .await
        .unwrap();
    assert_eq!(room.take_in(&engine, LETTERS).await, (0, LETTERS));
    assert_eq!(room.move_all(&engine).await, (LETTERS as u64, 0));
    let job = room
        .begin(LetterFilter {
            cause: Some("schema".into()),
            ..LetterFilter::default()
        })
        .await;
    // One at a time.
    let second = NewJob {
        id: Uuid::new_v4(),
        filter: LetterFilter::default(),
        letter: None,
        by: by(),
    };
    let second = room
        .rig
        .store
        .begin_letter_job(&second, Timestamp::now())
        .await
        .unwrap();
    assert_eq!(second, JobBegun::Running);
    let workspace = super::shop().file(
        "config/events/order.placed.yaml",
        "type: object\nproperties: { total: { type: [number, string] } }\n",
    );
    room.rig.apply(&workspace).await;
    let mut rounds = 0;
    loop {
        let engine = room.rig.engine(settings()).await;
        let door = room.door().await;
        rounds += 1;
        if rounds % 7 == 3 {
            // Everything is submitted and nothing recorded, as if it were killed there.
            let store = &room.rig.store;
            let lease = settings().replay_lease;
            let batch = store
                .take_letter_job(Timestamp::now(), lease, 200)
                .await
                .unwrap();
            for letter in batch.iter().flat_map(|b| &b.letters) {
                publisher
                    .publish("x", letter.body.clone().into())
                    .await
                    .unwrap();
            }
            continue;
        }
        match engine.replays_once(&door, Timestamp::now()).await.unwrap() {
            Some(batch) if batch.last => break,
            Some(_) => {}
            None => panic!("it is there"),
        }
    }
    let engine = room.engine().await;
    let mut consumer = room.broker.consumer().await.unwrap();
    kit::eventually(SOON, "all are taken in", async || {
        let taking = engine.intake_once(&mut consumer);
        let _ = tokio::time::timeout(std::time::Duration::from_millis(500), taking).await;
        room.rig.count(ORDERS).await == LETTERS as i64
    })
    .await;
    let job = room.rig.reader().letter_job(job).await.unwrap().unwrap();
    assert_eq!(
        (&*job.status, job.total, job.done, job.failed),
        ("done", 5_000, 5_000, 0)
    );
    assert_eq!(
        room.rig
            .count("select count(*) from dead_letter where status = 'replayed'")
            .await,
        LETTERS as i64
    );
    assert_eq!(
        room.rig.count("select count(*) from message").await,
        LETTERS as i64
    );
}

#[tokio::test]
async fn a_replay_goes_on_past_what_is_refused_again_and_can_be_cancelled() {
    let room = room().await;
    let engine = room
        .rig
        .engine(engine::Settings {
            replay_batch: 2,
            ..settings()
        })
        .await;
    for n in 0..5 {
        room.publish("ana", order("ana", &n.to_string(), &json!("fifty")))
            .await;
    }
    assert_eq!(room.take_in(&engine, 5).await, (0, 5));
    room.move_all(&engine).await;
    let job = room.begin(LetterFilter::default()).await;
    let state = async |job| {
        let job = room.rig.reader().letter_job(job).await.unwrap().unwrap();
        (job.status.to_string(), job.done, job.failed)
    };
    while engine
        .replays_once(&Door::Turn, Timestamp::now())
        .await
        .unwrap()
        .is_some()
    {}
    assert_eq!(state(job).await, ("done".into(), 0, 5));
    assert_eq!(
        room.rig
            .count("select count(*) from dead_letter where status = 'open' and tries = 1")
            .await,
        5
    );
    let job = room.begin(LetterFilter::default()).await;
    engine
        .replays_once(&Door::Turn, Timestamp::now())
        .await
        .unwrap();
    assert!(
        room.rig
            .store
            .cancel_letter_job(job, Timestamp::now())
            .await
            .unwrap()
    );
    assert_eq!(
        engine
            .replays_once(&Door::Turn, Timestamp::now())
            .await
            .unwrap(),
        None
    );
    assert_eq!(state(job).await, ("cancelled".into(), 0, 2));
}
