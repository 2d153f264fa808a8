//! Batches that are taken in side by side: everybody's events are decided in their order, whatever fails.

use std::{collections::BTreeMap, time::Duration};

use engine::{Intake, Settings};
use jiff::Timestamp;
use journey::{
    ids::{CustomerId, InputId},
    input::InputKind,
};
use parcours_tests::kit::{self, Rig, Workspace, events};
use sqlx::PgPool;

use super::event;

const SOON: Duration = Duration::from_secs(60);

fn lanes() -> Settings {
    Settings {
        intake_lanes: 4,
        turn_retries: 2,
        ..kit::quick()
    }
}

fn workspace() -> Workspace {
    Workspace::new().journey(
        "greet",
        "purpose: service\nenter: { event: start, again: always }\nsteps: [ { wait: 1h } ]\n",
    )
}

/// The events of each customer, in the order in which they were decided.
async fn decided(pool: &PgPool) -> BTreeMap<String, Vec<u32>> {
    let rows: Vec<(String, String, Vec<u8>)> = sqlx::query_as(
        "select c.key, i.name, i.body
         from input i join customer c on c.id = i.customer where i.kind = 0 order by i.seq",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut by_customer: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (key, name, body) in rows {
        let InputKind::Event(event) = store::decode(0, &name, &key, &body).unwrap() else {
            panic!("kind 0 is an event");
        };
        let number = event.message_id.parse().unwrap();
        by_customer.entry(key).or_default().push(number);
    }
    by_customer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn promise_1_batches_side_by_side_keep_everybodys_order() {
    let rig = Rig::new(&workspace()).await;
    let small = broker::Settings {
        batch: 3,
        ..broker::Settings::default()
    };
    let broker = rig.broker(small).await;
    let publisher = broker.publisher().await.unwrap();
    for n in 0..400_u32 {
        // Now the same customer in a row, now many.
        let name = format!("c{}", (n * n / 7) % 11);
        let body = event(&name, "start", &n.to_string());
        publisher.publish(&name, body).await.unwrap();
    }
    let engine = rig.engine(lanes()).await;
    let mut intake = Intake::new(&engine, broker.consumer().await.unwrap());
    let mut taken = 0;
    while taken < 400 {
        let next = tokio::time::timeout(SOON, intake.next()).await;
        taken += next.expect("a batch comes").unwrap().unwrap().inputs;
    }
    intake.close().await.unwrap();
    let pool = rig.store.pool();
    let decided = decided(pool).await;
    assert_eq!(decided.values().map(Vec::len).sum::<usize>(), 400);
    for (customer, events) in decided {
        assert!(events.is_sorted(), "{customer}: {events:?}");
    }
}

/// Two batches have a customer in common, and the first stands at another one: the second does not go ahead.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn promise_1_a_batch_waits_for_the_one_before_it_that_has_the_same_customer() {
    let rig = Rig::new(&workspace()).await;
    let pairs = broker::Settings {
        batch: 2,
        ..broker::Settings::default()
    };
    let broker = rig.broker(pairs).await;
    let publisher = broker.publisher().await.unwrap();
    // Customers are locked in order of id: the first is the one that the batch stands at.
    let mut names = ["ana", "bob"];
    names.sort_by_key(|name| CustomerId::of(name));
    let [first, second] = names;
    let engine = rig.engine(lanes()).await;
    let known: Vec<_> = names.iter().map(|n| event(n, "start", "1")).collect();
    events::take(&engine, &known, Timestamp::now()).await;
    let pool = rig.store.pool();
    let mut held = pool.begin().await.unwrap();
    sqlx::query("select 1 from customer where key = $1 for update")
        .bind(first)
        .execute(&mut *held)
        .await
        .unwrap();

    for (name, id) in [(first, "2"), (second, "3")] {
        publisher
            .publish(name, event(name, "start", id))
            .await
            .unwrap();
    }
    let consumer = broker.consumer().await.unwrap();
    let read = async || broker.depth().await.unwrap().ready == 0;
    kit::eventually(SOON, "both have come", read).await;
    let mut intake = Intake::new(&engine, consumer);
    let task = tokio::spawn(async move {
        let mut taken = 0;
        while taken < 3 {
            taken += intake.next().await.unwrap().unwrap().inputs;
        }
        intake.close().await.unwrap();
    });
    let stands = "select count(*) from pg_locks where not granted";
    kit::eventually(SOON, "a batch stands", async || rig.count(stands).await > 0).await;
    publisher
        .publish(second, event(second, "start", "4"))
        .await
        .unwrap();
    kit::eventually(SOON, "the next has come", read).await;
    // Time enough for it to go ahead, if it could.
    for _ in 0..100 {
        assert_eq!(rig.count("select count(*) from input").await, 2);
    }
    held.rollback().await.unwrap();
    tokio::time::timeout(SOON, task).await.unwrap().unwrap();
    let decided = decided(pool).await;
    assert_eq!(
        (&decided[first][..], &decided[second][..]),
        (&[1, 2][..], &[1, 3, 4][..])
    );
}

/// Refuses the input of one event for as long as the table `refused` names it.
const REFUSES: &str = "
create table refused (id uuid);
create function refuse() returns trigger language plpgsql as $$
begin
    if exists (select from refused where id = new.id) then
        raise exception 'not now' using errcode = '40001';
    end if;
    return new;
end $$;
create trigger refuse before insert on input for each row execute function refuse();
";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn promise_1_what_comes_after_a_batch_that_failed_waits_for_it() {
    let rig = Rig::new(&workspace()).await;
    let pool = rig.store.pool();
    sqlx::raw_sql(REFUSES).execute(pool).await.unwrap();
    sqlx::query("insert into refused values ($1)")
        .bind(InputId::of_event("", "1").0)
        .execute(pool)
        .await
        .unwrap();
    let single = broker::Settings {
        batch: 1,
        ..broker::Settings::default()
    };
    let broker = rig.broker(single).await;
    let publisher = broker.publisher().await.unwrap();
    for (n, name) in ["ana", "ana", "bob", "ana", "cy", "bob"].iter().enumerate() {
        let body = event(name, "start", &(n + 1).to_string());
        publisher.publish(name, body).await.unwrap();
    }
    let engine = rig.engine(lanes()).await;
    let mut intake = Intake::new(&engine, broker.consumer().await.unwrap());
    let mut failed = 0;
    while rig.count("select count(*) from input").await < 6 {
        let next = tokio::time::timeout(SOON, intake.next()).await;
        match next.expect("something comes of it") {
            Ok(done) => assert!(done.is_some(), "the queue is open"),
            Err(_) => {
                failed += 1;
                assert_eq!(
                    decided(pool).await.get("ana"),
                    None,
                    "none of hers overtakes"
                );
                if failed == 3 {
                    sqlx::raw_sql("delete from refused")
                        .execute(pool)
                        .await
                        .unwrap();
                }
            }
        }
    }
    intake.close().await.unwrap();
    assert!(failed >= 3, "the first one was refused");
    let decided = decided(pool).await;
    assert_eq!(decided["ana"], [1, 2, 4]);
    assert_eq!(decided["bob"], [3, 6]);
    assert_eq!(decided["cy"], [5]);
    kit::eventually(SOON, "the queue is empty", async || {
        broker.depth().await.unwrap() == broker::Depth::default()
    })
    .await;
}
