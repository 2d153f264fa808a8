//! The crash table of the architecture: `parcours run` killed with -9 at random moments, and
//! stopped in order, while thousands of events go through it.
//!
//! `torture` does worse.

use std::time::Duration;

use parcours_tests::kit;

use super::{
    audit::Audit,
    binary::{Running, SOON},
    scene::{Scene, stop},
};

/// Kills one of `engines` processes after another, and the first publisher, until `kills` are
/// done; then lets them finish, and audits.
async fn killed(events: usize, engines: usize, kills: usize) {
    let mut random = kit::Random::new(42);
    let mut scene = Scene::set(events).await;
    let mut publisher = scene.start(&["event", "stream.ndjson"], "event");
    let mut running: Vec<Running> = (0..engines).map(|_| scene.engine()).collect();
    for kill in 0..kills {
        tokio::time::sleep(Duration::from_millis(300 + random.below(1_700))).await;
        let which = random.index(engines);
        running[which].kill();
        running[which] = scene.engine();
        if kill == 0 {
            // A producer that does not know what has arrived sends all of it again.
            publisher.kill();
            publisher = scene.start(&["event", "stream.ndjson"], "event");
        }
    }
    assert_eq!(publisher.ends(SOON).code(), Some(0), "{}", publisher.err());
    scene.through().await;
    running.iter_mut().for_each(stop);
    let audit: Audit = scene.audit().await;
    assert!(audit.tells(), "the load tests nothing: {audit}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_nothing_is_lost_or_decided_twice() {
    killed(20_000, 1, 8).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_engines_killed_in_turn_share_the_work_without_doubling_it() {
    killed(12_000, 2, 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orderly_stop_finishes_the_batch_and_leaves_no_lease() {
    let mut scene = Scene::set(5_000).await;
    scene
        .parcours(&["event", "stream.ndjson"])
        .output()
        .expect(0);
    for part in 1..=2 {
        let mut engine = scene.engine();
        scene.decided(part * 1_500).await;
        stop(&mut engine);
        let leased = "select count(*) from message where status = 'leased'";
        assert_eq!(scene.count(leased).await, 0, "leases were not given back");
    }
    assert!(
        scene.count("select count(*) from run").await > 0,
        "it was stopped too late to tell"
    );
    let mut engine = scene.engine();
    scene.through().await;
    stop(&mut engine);
    let audit = scene.audit().await;
    assert_eq!(
        audit.twice, 0,
        "nobody was killed, and providers got a message twice"
    );
}
