//! The crash table of the architecture: `parcours run` killed with -9 at random moments, and
//! stopped in order, while thousands of events go through it.
//!
//! `make torture` runs the same for longer: kills for `TORTURE_SECONDS`, `TORTURE_EVENTS` events,
//! moments by `TORTURE_SEED`.

use std::time::{Duration, Instant};

use super::{
    audit::Audit,
    binary::{Running, SOON},
    scene::{Scene, stop},
};

/// SplitMix64: the same seed, the same moments.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }
}

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(default)
}

/// Kills one of `engines` processes after another, and the first publisher, until `kills` are
/// done and as long as `TORTURE_SECONDS` says; then lets them finish, and audits.
async fn torture(events: u64, engines: usize, kills: usize) {
    let mut random = Random(from_environment("TORTURE_SEED", 42));
    let longer = Duration::from_secs(from_environment("TORTURE_SECONDS", 0));
    let events = usize::try_from(from_environment("TORTURE_EVENTS", events)).unwrap();
    let mut scene = Scene::set(events).await;
    let mut publisher = scene.start(&["event", "stream.ndjson"], "event");
    let mut running: Vec<Running> = (0..engines).map(|_| scene.engine()).collect();
    let (start, mut killed) = (Instant::now(), 0);
    while killed < kills || start.elapsed() < longer {
        tokio::time::sleep(Duration::from_millis(300 + random.below(1_700))).await;
        let which = usize::try_from(random.below(engines as u64)).unwrap();
        running[which].kill();
        running[which] = scene.engine();
        killed += 1;
        if killed == 1 {
            // A producer that does not know what has arrived sends all of it again.
            publisher.kill();
            publisher = scene.start(&["event", "stream.ndjson"], "event");
        }
    }
    assert_eq!(publisher.ends(SOON).code(), Some(0), "{}", publisher.err());
    scene.through().await;
    running.iter_mut().for_each(stop);
    let audit = scene.audit().await;
    let seconds = start.elapsed().as_secs();
    report(&format!(
        "{events} events, {engines} engines, {killed} kills, {seconds} s: {audit}"
    ));
    assert_eq!(
        audit.disordered, 0,
        "a customer's events are decided in their order"
    );
    let Audit {
        sent,
        capped,
        bought,
        ..
    } = audit;
    assert!(
        sent > 0 && capped > 0 && bought > 0,
        "the load tests nothing: {audit}"
    );
}

/// Figures for whoever asks with `--nocapture`.
#[expect(clippy::print_stderr, reason = "the figures of `make torture`")]
fn report(line: &str) {
    eprintln!("{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_nothing_is_lost_or_decided_twice() {
    torture(20_000, 1, 8).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_engines_killed_in_turn_share_the_work_without_doubling_it() {
    torture(12_000, 2, 6).await;
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
