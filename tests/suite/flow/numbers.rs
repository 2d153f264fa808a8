//! Numbers, against what the traces of all inputs say.

use std::collections::BTreeMap;

use journey::trace::Fact;
use store::read::Flow;

use super::*;

/// What the traces say, counted one by one.
#[derive(Debug, Default, PartialEq, Eq)]
struct Recount {
    entered: u64,
    goals: u64,
    left: BTreeMap<Arc<str>, u64>,
    arms: BTreeMap<Arc<str>, u64>,
    woke: BTreeMap<bool, u64>,
    moved: u64,
}

async fn recount(site: &Site) -> Recount {
    let traces: Vec<Vec<u8>> =
        sqlx::query_scalar("select trace from input where trace is not null")
            .fetch_all(site.rig.store.pool())
            .await
            .unwrap();
    let mut found = Recount::default();
    for line in traces.iter().flat_map(|t| store::decode_trace(t).unwrap()) {
        match (line.fact, line.step.as_deref()) {
            (Fact::Entered { .. }, _) => found.entered += 1,
            (Fact::Goal, _) => found.goals += 1,
            (Fact::Left { reason }, _) => *found.left.entry(reason).or_default() += 1,
            (Fact::Split { arm }, Some("offer")) => *found.arms.entry(arm).or_default() += 1,
            (Fact::Woke { matched }, Some("rest")) => *found.woke.entry(matched).or_default() += 1,
            (Fact::Moved { .. }, _) => found.moved += 1,
            _ => {}
        }
    }
    found
}

async fn flow(site: &Site) -> Flow {
    // A reader of its own has counted nothing yet.
    site.rig.reader().flow("sale", None).await.unwrap().unwrap()
}

/// The flow holds what was recounted.
fn holds(flow: &Flow, found: &Recount) {
    let counted = &flow.counted;
    assert_eq!(counted.entered, found.entered);
    assert_eq!(counted.goals, found.goals);
    assert_eq!(counted.left, found.left);
    let (offer, rest) = (&counted.steps["offer"], &counted.steps["rest"]);
    assert_eq!(offer.came, found.entered);
    assert_eq!(offer.took, found.arms);
    let woke = |matched| found.woke.get(&matched).copied();
    assert_eq!(rest.took.get("then").copied(), woke(true));
    assert_eq!(rest.took.get("else").copied(), woke(false));
    // Whoever came to the wait has gone on, has left, or waits there.
    let by_head = found.left.get("asked").copied().unwrap_or_default();
    assert_eq!(
        rest.came,
        rest.took.values().sum::<u64>() + by_head + rest.inside
    );
    assert_eq!(
        counted.inside,
        counted.entered - found.left.values().sum::<u64>()
    );
    let days = |of: fn(&store::read::DayFlow) -> u64| counted.days.values().map(of).sum::<u64>();
    assert_eq!(days(|d| d.entered), found.entered);
    assert_eq!(days(|d| d.left), found.left.values().sum::<u64>());
    assert_eq!(days(|d| d.goals), found.goals);
}

#[tokio::test]
async fn numbers_are_those_of_a_recount_before_and_after_they_are_added_up() {
    let site = Site::busy(60).await;
    site.until(later(30)).await;
    let found = recount(&site).await;
    assert_eq!(found.entered, 60);
    assert!(found.goals == 10 && found.left["asked"] == 10 && found.left["looked"] == 10);
    assert_eq!(found.woke[&false], 40);
    let before = flow(&site).await;
    holds(&before, &found);
    let left = "select count(*) from journey_counted";
    assert!(site.rig.count(left).await > 0);
    while site.rig.store.fold_runs(7).await.unwrap() > 0 {}
    assert_eq!(site.rig.count(left).await, 0);
    let after = flow(&site).await;
    assert_eq!(before.fingerprint(), after.fingerprint());
    // What is taken in later is added to what was added up.
    site.take(&[site.event(60, "start")], later(31)).await;
    holds(&flow(&site).await, &recount(&site).await);
}

#[tokio::test]
async fn a_goal_counts_for_the_arm_that_was_taken_and_for_the_version_that_a_run_is_on() {
    let site = Site::busy(60).await;
    let bought: Vec<(String, i64)> = sqlx::query_as(
        "select journey, count(*) from (select journey, goal_at from run
             union all select journey, goal_at from run_ended) r where goal_at is not null group by 1",
    )
    .fetch_all(site.rig.store.pool())
    .await
    .unwrap();
    assert_eq!(bought, [("sale".to_owned(), 10)]);
    let counted = flow(&site).await.counted;
    let offer = &counted.steps["offer"];
    assert_eq!(offer.goals.values().sum::<u64>(), 10);
    for (arm, goals) in &offer.goals {
        assert!(goals <= &offer.took[arm], "{arm}");
    }
    site.rig.apply(&shorter()).await;
    site.engine.reload().await.unwrap();
    while site.engine.passages_once(later(4)).await.unwrap().looked {}
    let moved = recount(&site).await.moved;
    assert!(moved > 0);
    let counted = flow(&site).await.counted;
    let [new, old] = &counted.versions[..] else {
        panic!("two versions: {:?}", counted.versions)
    };
    assert_eq!((new.version, new.entered), (2, moved));
    assert_eq!((old.version, old.entered), (1, 60 - moved));
    // Of those who bought some are inside yet, and took their goal along.
    assert_eq!(new.goals + old.goals, 10);
    assert!(new.goals <= new.entered && old.goals <= old.entered);
    // A step that is gone keeps its name.
    assert_eq!(counted.steps["offer"].came, 60);
}

#[tokio::test]
async fn a_range_holds_those_who_entered_in_it() {
    let site = Site::busy(12).await;
    let long_ago = Timestamp::now() - SignedDuration::from_hours(24 * 40);
    site.take(&[site.event(100, "start")], long_ago).await;
    for (days, entered) in [("7", 12), ("30", 12), ("90", 13), ("all", 13)] {
        let told = site.json(&format!("/v1/journeys/sale?days={days}")).await;
        assert_eq!(told["entered"], entered, "{days}");
    }
    let (status, _) = site.get("/v1/journeys/sale?days=8").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let picture = site.page("/journeys/sale/picture.svg?days=all").await;
    assert!(picture.contains(">13<"), "{picture}");
}
