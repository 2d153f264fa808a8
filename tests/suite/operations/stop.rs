//! SIGTERM: the process ends within ten seconds whatever hangs, and nothing is lost.

use std::time::{Duration, Instant};

use parcours_tests::kit;

use super::{
    Process, Scene, bytes,
    proxy::{Proxy, Wire, through},
    track,
};
use crate::process::binary::SOON;

const LIMIT: Duration = Duration::from_secs(10);

fn stops(process: &mut Process) {
    let begun = Instant::now();
    process.running.signal("TERM");
    let status = process.running.ends(SOON);
    let took = begun.elapsed();
    assert!(took < LIMIT, "it took {took:?}: {}", process.running.err());
    assert!(status.success(), "{status:?}: {}", process.running.err());
}

async fn publish(scene: &Scene, customers: std::ops::Range<usize>) {
    let publisher = scene.broker().await.publisher().await.unwrap();
    for n in customers {
        let name = format!("c{n}");
        let body = bytes(&track(&name, "start", &n.to_string()));
        publisher.publish(&name, body).await.unwrap();
    }
}

/// A process that takes over does all of it, each message to the provider once.
async fn nothing_is_lost(scene: &Scene, customers: i64) {
    let successor = scene.run().await;
    scene
        .counts(
            "select count(*) from message where status = 'sent'",
            customers,
        )
        .await;
    assert_eq!(scene.count("select count(*) from message").await, customers);
    assert_eq!(
        scene
            .count("select count(*) from input where name = 'start'")
            .await,
        customers
    );
    let taken = scene.provider.taken().len();
    assert_eq!(taken, usize::try_from(customers).unwrap());
    let depth = scene.broker().await.depth().await.unwrap();
    assert_eq!((depth.ready, depth.dead), (0, 0));
    drop(successor);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_hangs_does_not_hold_the_stop_up() {
    let scene = Scene::set("lease_seconds: 5\nstop_seconds: 2\n").await;
    scene.provider.hold();
    let mut process = scene.run().await;
    publish(&scene, 0..20).await;
    kit::eventually(SOON, "messages are with the provider", async || {
        scene.provider.posts().len() >= 5
    })
    .await;
    stops(&mut process);
    assert!(
        process.running.err().contains("took too long and was left"),
        "{}",
        process.running.err()
    );
    // What is with the provider may have been taken: nobody else has it before its lease runs out.
    assert!(
        scene
            .count("select count(*) from message where status = 'leased'")
            .await
            >= 5
    );
    scene.provider.resume();
    nothing_is_lost(&scene, 20).await;
}

/// What the manual says to do about messages that a restored database would send again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restore_the_manuals_statement_keeps_messages_from_going_again() {
    let manual = kit::workspace_root().join("docs/operations.md");
    let manual = std::fs::read_to_string(manual).unwrap();
    let (_, statement) = manual.split_once("`update message").unwrap();
    let (statement, _) = statement.split_once('`').unwrap();
    let statement = format!("update message{statement}");
    let scene = Scene::set("stop_seconds: 1\n").await;
    scene.provider.hold();
    let mut process = scene.run().await;
    publish(&scene, 0..5).await;
    scene.counts("select count(*) from message", 5).await;
    stops(&mut process);
    let done = sqlx::query(sqlx::AssertSqlSafe(statement))
        .execute(&scene.pool)
        .await
        .unwrap();
    assert_eq!(done.rows_affected(), 5);
    let due = "select count(*) from message where due_at is not null";
    assert_eq!(scene.count(due).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_in_order_waits_for_providers_and_says_so() {
    let scene = Scene::set("").await;
    let mut process = scene.run().await;
    publish(&scene, 0..20).await;
    scene
        .counts("select count(*) from message where status = 'sent'", 20)
        .await;
    stops(&mut process);
    let log = process.running.err();
    assert!(log.contains("stopped in order"), "{log}");
    nothing_is_lost(&scene, 20).await;
}

async fn with_a_wire(which: &str, state: Wire) {
    // As long as it takes unless told otherwise.
    let scene = Scene::set("lease_seconds: 5\n").await;
    let url = match which {
        "DATABASE_URL" => scene.database.url.clone(),
        _ => scene.vhost.url.clone(),
    };
    let (server, with) = through(&url);
    let proxy = Proxy::to(&server).await;
    let command = scene.parcours(&["run"]).env(which, &with(proxy.port));
    let mut process = scene.start(command).await;
    publish(&scene, 0..100).await;
    scene
        .counts("select (count(*) > 0)::int::bigint from message", 1)
        .await;
    proxy.set(state);
    publish(&scene, 100..150).await;
    stops(&mut process);
    nothing_is_lost(&scene, 150).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_away_does_not_hold_the_stop_up() {
    with_a_wire("AMQP_URL", Wire::Cut).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_silent_does_not_hold_the_stop_up() {
    with_a_wire("AMQP_URL", Wire::Silent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_does_not_hold_the_stop_up() {
    with_a_wire("DATABASE_URL", Wire::Cut).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_silent_does_not_hold_the_stop_up() {
    with_a_wire("DATABASE_URL", Wire::Silent).await;
}

/// As the first process of a container it would otherwise not end at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_still_waits_for_its_servers_stops_in_order() {
    let scene = Scene::set("").await;
    let (server, with) = through(&scene.database.url);
    let proxy = Proxy::to(&server).await;
    proxy.set(Wire::Silent);
    let command = scene
        .parcours(&["run"])
        .env("DATABASE_URL", &with(proxy.port));
    let mut running = command.start(scene.workspace.path(), "waiting");
    kit::eventually(SOON, "it listens to signals", async || listens(&running)).await;
    let begun = Instant::now();
    running.signal("TERM");
    assert!(running.ends(SOON).success(), "{}", running.err());
    assert!(begun.elapsed() < LIMIT);
}

/// Whether the process catches SIGTERM (15), by what `/proc` knows; after a second where there is none.
fn listens(running: &crate::process::binary::Running) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.id()));
    let caught = status.ok().and_then(|status| {
        let line = status.lines().find_map(|l| l.strip_prefix("SigCgt:"))?;
        u64::from_str_radix(line.trim(), 16).ok()
    });
    caught.is_none_or(|mask| mask & (1 << 14) != 0)
}

/// systemd is told when the work begins and when it ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_supervisor_is_told() {
    let scene = Scene::set("").await;
    let path = scene.workspace.path().join("notify.sock");
    let socket = tokio::net::UnixDatagram::bind(&path).unwrap();
    let command = scene
        .parcours(&["run"])
        .env("NOTIFY_SOCKET", path.to_str().unwrap());
    let mut process = scene.start(command).await;
    let told = async || {
        let mut buffer = vec![0; 1024];
        let read = tokio::time::timeout(SOON, socket.recv(&mut buffer)).await;
        String::from_utf8(buffer[..read.unwrap().unwrap()].to_vec()).unwrap()
    };
    assert_eq!(told().await.trim(), "READY=1");
    stops(&mut process);
    assert_eq!(told().await.trim(), "STOPPING=1");
}
