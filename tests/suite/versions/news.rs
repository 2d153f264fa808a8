//! How running engines hear of an apply.

use std::time::{Duration, Instant};

use engine::{Roles, Settings};
use jiff::Timestamp;
use parcours_tests::kit::{self, Rig};
use store::Store;
use tokio_util::sync::CancellationToken;

use super::{journey, runs, started};

/// The poll is what is relied on: news that is lost costs less than a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_engines_pick_an_apply_up_though_its_news_is_lost() {
    let rig = Rig::new(&journey("", "  - { id: p, wait: 3000d }\n")).await;
    let settings = || Settings {
        passage_batch: 7,
        ..kit::quick()
    };
    let engines = [rig.engine(settings()).await, rig.engine(settings()).await];
    started(&engines[0], 60).await;
    let dumb = without_news(&rig).await;
    let stop = CancellationToken::new();
    let running: Vec<_> = engines
        .iter()
        .map(|engine| {
            let (engine, stop) = (engine.clone(), stop.clone());
            let roles = Roles {
                intake: false,
                timers: true,
                dispatch: false,
            };
            tokio::spawn(async move { engine.run(None, roles, stop).await })
        })
        .collect();
    let head = "migrate: { from: 1, in_flight: move, lost: exit }\n";
    let files = journey(head, "  - { id: p, wait: 3001d }\n");
    let applied = engine::publish(&dumb, files.files(), Timestamp::now())
        .await
        .unwrap()
        .0;
    let begin = Instant::now();
    kit::eventually(Duration::from_secs(10), "both know it", async || {
        engines
            .iter()
            .all(|e| e.loaded().revision == Some(applied.revision))
    })
    .await;
    let took = begin.elapsed();
    report(&format!(
        "two engines without news: {} ms",
        took.as_millis()
    ));
    // The poll is 0.9 s; the rest is for a busy machine.
    assert!(took < Duration::from_millis(2_500), "{took:?}");
    kit::eventually(Duration::from_secs(20), "the runs pass", async || {
        rig.count(
            "select count(*) from run r join machine m on m.id = r.machine where m.version = 1",
        )
        .await
            == 0
    })
    .await;
    stop.cancel();
    for running in running {
        running.await.unwrap().unwrap();
    }
    // Each run passed once, however many engines were at it.
    let twice = "select count(*) from (select customer from input where kind = 6
                 group by customer having count(*) > 1) twice";
    assert_eq!(rig.count(twice).await, 0);
    assert_eq!(runs(&rig).await, ["version 2 60"]);
}

/// Figures for whoever asks with `--nocapture`.
#[expect(clippy::print_stderr, reason = "a measurement")]
fn report(line: &str) {
    eprintln!("{line}");
}

/// Connections whose news reach nobody.
async fn without_news(rig: &Rig) -> Store {
    let name: String = sqlx::query_scalar("select current_database()::text")
        .fetch_one(rig.store.pool())
        .await
        .unwrap();
    let mute = format!(
        "create function public.pg_notify(text, text) returns void language sql as 'select null::void';
         alter database \"{name}\" set search_path = public, pg_catalog;"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(mute))
        .execute(rig.store.pool())
        .await
        .unwrap();
    rig.another_store().await
}
