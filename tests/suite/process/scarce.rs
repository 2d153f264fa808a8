//! Resources that run out under a running engine: nothing is lost, events wait in the broker, the log
//! says what is wrong, and the engine goes on by itself once there is room again.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use parcours_tests::kit;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};

use super::{
    binary::{Running, SOON},
    pair::{Pair, Server},
    scene::{Scene, stop_in_order},
};

const EVENTS: usize = 4_000;
/// What the log has to do without.
const PERSONAL: [&str; 3] = ["@example.com", "customer-1", "+336"];

async fn execute(pool: &PgPool, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    sqlx::raw_sql(sql).execute(pool).await.unwrap();
}

/// An engine that is ready.
async fn ready(scene: &mut Scene) -> Running {
    let engine = scene.engine();
    kit::eventually(SOON, "the engine is ready", async || {
        engine.err().contains("\"ready\"")
    })
    .await;
    engine
}

/// Publishes everything, and waits for the log to say `words`, as an error that is tried again.
async fn suffers(scene: &Scene, engine: &mut Running, words: &str) {
    scene
        .parcours(&["event", "stream.ndjson"])
        .output()
        .expect(0);
    let start = Instant::now();
    loop {
        let err = engine.err();
        let mut lines = err
            .lines()
            .filter(|line| line.contains("\"will try again\""));
        if lines.any(|line| line.contains("\"ERROR\"") && line.contains(words)) {
            return;
        }
        let waited = start.elapsed();
        assert!(
            engine.is_running() && waited < SOON,
            "{words} is not said in {waited:?}: {err}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// There is room again: everything comes to its end, each thing once, and the log tells on nobody.
async fn recovers(scene: &Scene, mut engine: Running) {
    scene.through().await;
    stop_in_order(&mut engine);
    let (audit, err) = (scene.audit().await, engine.err());
    assert!(audit.sent > 0, "the load tests nothing: {audit}");
    assert_eq!(audit.twice, 0, "nobody was killed: {audit}");
    for word in PERSONAL {
        assert!(!err.contains(word), "the log says {word}: {err}");
    }
}

/// Somebody alters a table, and is in no hurry.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_somebody_holds() {
    let mut scene = Scene::set(EVENTS).await;
    let mut engine = ready(&mut scene).await;
    let mut holder = scene.pool.begin().await.unwrap();
    sqlx::query("lock table customer in access exclusive mode")
        .execute(&mut *holder)
        .await
        .unwrap();
    suffers(
        &scene,
        &mut engine,
        "canceling statement due to lock timeout (55P03)",
    )
    .await;
    holder.rollback().await.unwrap();
    recovers(&scene, engine).await;
}

/// Every statement that writes is slow, and most are given up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_that_take_too_long() {
    let mut scene = Scene::set(EVENTS).await;
    execute(
        &scene.pool,
        "create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(60); return null; end';
         create trigger slow before insert on input for each statement execute function slow()",
    )
    .await;
    let mut engine = ready(&mut scene).await;
    // A time-out would come after half a minute; this is the same to the one who waits.
    let pool = scene.pool.clone();
    let gives_up = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let cancel = "select pg_cancel_backend(pid) from pg_stat_activity
                          where datname = current_database() and wait_event = 'PgSleep'";
            sqlx::query(cancel).execute(&pool).await.unwrap();
        }
    });
    suffers(
        &scene,
        &mut engine,
        "canceling statement due to user request (57014)",
    )
    .await;
    let decided = scene.count("select count(*) from input").await;
    assert_eq!(decided, 0, "a turn that was given up left something behind");
    // Those that sleep are given up until nobody begins to sleep any more.
    execute(&scene.pool, "alter table input disable trigger slow").await;
    recovers(&scene, engine).await;
    gives_up.abort();
}

/// A role that may have no more connections.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_used_up() {
    let mut scene = Scene::set(EVENTS).await;
    let role = format!("role_{}", std::process::id());
    execute(
        &scene.pool,
        &format!(
            "create role {role} login password 'secret';
             grant all on all tables in schema public to {role};
             grant all on all sequences in schema public to {role};
             grant all on schema public to {role}"
        ),
    )
    .await;
    scene.log_in_as(&role, "secret");
    let mut engine = ready(&mut scene).await;
    execute(
        &scene.pool,
        &format!(
            "alter role {role} connection limit 0;
             select pg_terminate_backend(pid) from pg_stat_activity where usename = '{role}'"
        ),
    )
    .await;
    suffers(&scene, &mut engine, "no connection was to be had in time").await;
    execute(
        &scene.pool,
        &format!("alter role {role} connection limit -1"),
    )
    .await;
    recovers(&scene, engine).await;
    execute(
        &scene.pool,
        &format!("drop owned by {role}; drop role {role}"),
    )
    .await;
}

/// A small file system in the place of the directory that holds the tables; unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where this process has no right to mount.
    fn over(directory: &Path, megabytes: u32) -> Option<Self> {
        let aside = directory.with_extension("aside");
        let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(directory).unwrap());
        std::fs::rename(directory, &aside).unwrap();
        std::fs::create_dir(directory).unwrap();
        let options = format!("size={megabytes}m,uid={owner},mode=700");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(directory)
            .output();
        if !mounted.is_ok_and(|done| done.status.success()) {
            std::fs::remove_dir(directory).unwrap();
            std::fs::rename(&aside, directory).unwrap();
            return None;
        }
        let disk = Self(directory.to_owned());
        let copied = Command::new("cp")
            .arg("-a")
            .arg(aside.join("."))
            .arg(directory)
            .status();
        assert!(copied.unwrap().success(), "the tables fit");
        Some(disk)
    }

    /// Leaves no room.
    fn fill(&self) {
        let ballast = self.0.join("ballast");
        let done = Command::new("dd")
            .args(["if=/dev/zero", "bs=8k"])
            .arg(format!("of={}", ballast.display()))
            .output();
        assert!(!done.unwrap().status.success(), "it is full");
    }

    fn make_room(&self) {
        std::fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full() {
    let pair = Pair::start().await;
    let base = pair.postgres_data().join("base");
    let Some(disk) = pair
        .while_stopped(Server::Postgres, move || SmallDisk::over(&base, 200))
        .await
    else {
        skipped("file systems cannot be mounted here");
        return;
    };
    let (database, amqp) = (pair.database_url(), pair.amqp_url());
    let mut scene = Scene::on(&database, &amqp, Box::new(pair), EVENTS, "").await;
    // Unmounted before the servers' directory is removed, also when something below fails.
    let disk = disk;
    let mut engine = ready(&mut scene).await;
    disk.fill();
    suffers(&scene, &mut engine, "No space left on device (53100)").await;
    disk.make_room();
    recovers(&scene, engine).await;
    drop(disk);
}

#[expect(clippy::print_stderr, reason = "whoever runs the tests must see it")]
fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

/// RabbitMQ takes nothing in while it is short of memory, and goes on giving out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_short_of_memory() {
    let pair = Pair::start().await;
    let (database, amqp) = (pair.database_url(), pair.amqp_url());
    let mut scene = Scene::on(&database, &amqp, Box::new(pair.clone()), EVENTS, "").await;
    scene
        .parcours(&["event", "stream.ndjson"])
        .output()
        .expect(0);
    pair.ctl(&["set_vm_memory_high_watermark", "0.0001"]).await;
    let settings = broker::Settings {
        url: amqp,
        patience: Duration::from_secs(2),
        ..broker::Settings::default()
    };
    let broker = broker::Broker::connect(&settings).await.unwrap();
    let publisher = broker.publisher().await.unwrap();
    let refused = publisher.publish("customer", "{}".into()).await;
    assert!(
        matches!(refused, Err(broker::Error::Slow(_))),
        "{refused:?}"
    );
    // What is in the queue is given out and acknowledged all the same.
    let engine = ready(&mut scene).await;
    turned_away(&engine, &scene.stream.ndjson).await;
    let all = scene.stream.ids.len() as u64;
    kit::eventually(SOON, "the queue is worked off", async || {
        scene
            .count("select count(*) from input where kind = 0")
            .await
            >= all
    })
    .await;
    pair.ctl(&["set_vm_memory_high_watermark", "0.4"]).await;
    broker.close().await;
    // What was published during the alarm may have arrived since: it is no event, and a dead letter.
    scene.forget_dead_letters().await;
    recovers(&scene, engine).await;
}

/// A producer is told at once to come again, and the log says why.
async fn turned_away(engine: &Running, stream: &str) {
    let err = engine.err();
    let ready = err.lines().find(|line| line.contains("\"ready\""));
    let ready: serde_json::Value = serde_json::from_str(ready.unwrap()).unwrap();
    let address = ready["fields"]["http.address"].as_str().unwrap();
    // It may arrive all the same, once there is room: as one that is known already.
    let event = stream.lines().next().unwrap();
    let batch = format!(r#"{{"batch":[{event}]}}"#);
    let post = || {
        let request = kit::http().post(format!("http://{address}/v1/batch"));
        let request = request.header("content-type", "application/json");
        request.body(batch.clone())
    };
    for _ in 0..2 {
        let start = Instant::now();
        let answer = post().send().await.unwrap();
        let took = start.elapsed();
        assert_eq!(answer.status().as_u16(), 503, "{}", engine.err());
        assert!(answer.headers().contains_key("retry-after"));
        let patience = broker::Settings::default().patience;
        assert!(took < patience / 2, "a producer waited for {took:?}");
    }
    let err = engine.err();
    assert!(err.contains("RabbitMQ takes nothing for now"), "{err}");
}

/// The server is restarted: the engine stays, says so once or twice, and goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_ended() {
    let mut scene = Scene::set(EVENTS).await;
    let mut engine = ready(&mut scene).await;
    let url = scene.database_url().to_owned();
    let ends = tokio::spawn(async move {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        loop {
            let end = "select pg_terminate_backend(pid) from pg_stat_activity
                       where datname = current_database() and application_name = 'parcours'";
            sqlx::query(end).execute(&mut connection).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    suffers(
        &scene,
        &mut engine,
        "terminating connection due to administrator command (57P01)",
    )
    .await;
    ends.abort();
    let _ = ends.await;
    recovers(&scene, engine).await;
}
