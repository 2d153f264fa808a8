//! Publishing: all or nothing, one after another, and only over what was planned.

use std::{collections::BTreeSet, sync::Arc};

use engine::{NotPublished, Order};
use jiff::Timestamp;
use parcours_tests::kit::Rig;

use super::{journey, runs, started};

fn version(hours: usize) -> parcours_tests::kit::Workspace {
    journey("", &format!("  - wait: {hours}h\n"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn applies_at_once_take_place_one_after_another_and_versions_have_no_gaps() {
    let rig = Arc::new(Rig::new(&version(1)).await);
    let mut racing = tokio::task::JoinSet::new();
    for n in 0..12 {
        let rig = rig.clone();
        // Every workspace is applied by two at once.
        racing.spawn(async move {
            let files = version(2 + n / 2);
            engine::publish(&rig.store, files.files(), Timestamp::now())
                .await
                .unwrap()
                .0
        });
    }
    let applied = racing.join_all().await;
    let new = applied.iter().flat_map(|a| &a.machines).filter(|m| m.new);
    let versions: BTreeSet<_> = new.map(|m| m.version).collect();
    assert_eq!(versions, (2..=7).collect());
    assert_eq!(rig.count("select count(*) from machine").await, 7);
    let revisions: BTreeSet<_> = applied
        .iter()
        .filter(|a| a.changed)
        .map(|a| a.revision)
        .collect();
    let stored = rig.count("select count(*) from workspace").await;
    assert_eq!(i64::try_from(revisions.len()).unwrap(), stored - 1);
}

#[tokio::test]
async fn of_two_applies_over_one_revision_one_wins_and_the_other_changes_nothing() {
    let rig = Rig::new(&version(1)).await;
    let over = Some(rig.store.news().await.unwrap().revision);
    let order = Order {
        over,
        ..Order::default()
    };
    let (two, three) = (version(2), version(3));
    let now = Timestamp::now();
    let (a, b) = tokio::join!(
        engine::publish_as(&rig.store, two.files(), &order, now),
        engine::publish_as(&rig.store, three.files(), &order, now),
    );
    let holds = rig.store.news().await.unwrap().revision.unwrap();
    let (won, lost) = match (a, b) {
        (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
        other => panic!("{other:?}"),
    };
    assert_eq!(won.0.revision, holds);
    assert!(
        matches!(lost, NotPublished::Store(store::Error::Moved { holds: h }) if h == holds),
        "{lost}"
    );
    assert_eq!(rig.count("select count(*) from machine").await, 2);
}

/// Killed before its commit, an apply has done nothing; the next one finds no gap.
#[tokio::test]
async fn an_apply_that_is_cut_off_leaves_nothing_behind() {
    let rig = Rig::new(&version(1)).await;
    let engine = rig.engine(parcours_tests::kit::quick()).await;
    started(&engine, 1).await;
    let before = rig.count("select count(*) from workspace").await;
    // The last statement of an apply fails: what came before it is taken back.
    sqlx::raw_sql(
        "create function refuse() returns trigger language plpgsql as
             $$ begin raise exception 'cut off'; end $$;
         create trigger refuse before insert on passage execute function refuse();",
    )
    .execute(rig.store.pool())
    .await
    .unwrap();
    let moving = journey(
        "migrate: { from: any, in_flight: exit }\n",
        "  - wait: 9h\n",
    );
    let cut_off = engine::publish(&rig.store, moving.files(), Timestamp::now()).await;
    assert!(cut_off.is_err());
    assert_eq!(rig.count("select count(*) from workspace").await, before);
    assert_eq!(rig.count("select count(*) from machine").await, 1);
    sqlx::raw_sql("drop trigger refuse on passage")
        .execute(rig.store.pool())
        .await
        .unwrap();
    rig.apply(&moving).await;
    assert_eq!(
        rig.count("select max(version)::bigint from machine").await,
        2
    );
    assert_eq!(runs(&rig).await, ["version 1 1"]);
}

/// What a plan is made against is one moment: what is entered meanwhile is not in it.
#[tokio::test]
async fn a_snapshot_counts_every_run_in_flight_at_its_step_once() {
    let rig = Rig::new(&version(1)).await;
    let engine = rig.engine(parcours_tests::kit::quick()).await;
    started(&engine, 40).await;
    let mut snapshot = rig
        .store
        .snapshot(std::time::Duration::from_secs(30))
        .await
        .unwrap();
    let (base, running) = snapshot.running().await.unwrap();
    let late = super::event("late", "start", "l");
    parcours_tests::kit::events::take(&engine, &[late], super::now()).await;
    assert_eq!(
        base.unwrap().revision,
        rig.store.news().await.unwrap().revision.unwrap()
    );
    let [flight] = running.flights[..] else {
        panic!("{:?}", running.flights);
    };
    assert_eq!(flight.runs, 40);
    let customers = snapshot
        .customers_at(flight.machine, flight.node, 100)
        .await
        .unwrap();
    assert_eq!(customers.len(), 40);
    let published = &running.published[0];
    assert!(published.current && published.machine.is_some());
}
