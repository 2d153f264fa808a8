//! Article 5(1)(e): what is not kept any longer goes, and what is still needed does not.

use std::sync::Arc;

use engine::Engine;
use jiff::{SignedDuration, Timestamp};
use parcours_tests::kit::{self, Rig, Workspace, events};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{KEY, MARKERS, desk, dispatch};
use crate::calls::Desk;

const KEPT: &str = "retention: { inputs: 40d, messages: 50d, runs: 60d, calls: 20d }\n";

fn keeping(desk: &Desk, policies: &str) -> Workspace {
    let endpoints = format!("vouchers: {{ url: {}, retries: 2 }}\n", desk.url);
    Workspace::new()
        .policies(policies)
        .file("config/endpoints.yaml", &endpoints)
        .journey(
            "gift",
            "purpose: service
enter: { event: start, again: always, key: event.note }
exit: { event: stop }
steps:
  - { id: text, send: sms, template: hello }
  - { id: code, call: vouchers, save: customer.code, within: 1h, else: [] }
  - { wait: 500d }
",
        )
}

fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}

/// A person who was written to and asked about, ten minutes ago, and is in the journey.
async fn inside(engine: &Arc<Engine>, key: &str, at: Timestamp) {
    let traits = json!({ "phone": MARKERS[4] });
    let bodies = [
        events::identify(key, &format!("{key}1"), &traits),
        events::track(key, "start", &format!("{key}2"), &json!({ "note": "n" })),
    ];
    events::take(engine, &bodies, at).await;
    dispatch(engine).await;
    let stop = CancellationToken::new();
    engine.calls_once(&stop).await.expect("the call is made");
}

/// Rows of inputs, messages, ended runs and calls.
async fn rows(rig: &Rig) -> [i64; 4] {
    [
        rig.count("select count(*) from input").await,
        rig.count("select count(*) from message").await,
        rig.count("select count(*) from run_ended").await,
        rig.count("select count(*) from call").await,
    ]
}

async fn removed(engine: &Arc<Engine>, now: Timestamp) -> u64 {
    let page = engine.retention_once(now).await.unwrap();
    page.expect("a round is due").removed
}

#[tokio::test]
async fn each_kind_is_removed_when_its_own_time_is_over() {
    let rig = Rig::new(&keeping(&desk().await, KEPT)).await;
    let engine = rig.engine(kit::quick()).await;
    let at = super::earlier();
    inside(&engine, KEY, at).await;
    let stop = events::track(KEY, "stop", "3", &json!({}));
    events::take(&engine, &[stop], Timestamp::now()).await;
    assert_eq!(rows(&rig).await, [4, 1, 1, 1]);
    assert_eq!(removed(&engine, at + days(19)).await, 0);
    for (day, left) in [
        (21, [4, 1, 1, 0]),
        (41, [0, 1, 1, 0]),
        (51, [0, 0, 1, 0]),
        (61, [0, 0, 0, 0]),
    ] {
        removed(&engine, at + days(day)).await;
        assert_eq!(rows(&rig).await, left, "after {day} days");
    }
    let customer = rig.reader().customer(KEY).await.unwrap();
    assert!(customer.is_some(), "the profile is no history");
}

#[tokio::test]
async fn what_an_open_run_may_be_asked_about_stays() {
    let rig = Rig::new(&keeping(&desk().await, KEPT)).await;
    let engine = rig.engine(kit::quick()).await;
    let at = super::earlier();
    let before = events::track(KEY, "seen", "0", &json!({}));
    events::take(&engine, &[before], at - days(1)).await;
    inside(&engine, KEY, at).await;
    assert_eq!(rows(&rig).await, [4, 1, 0, 1]);
    assert_eq!(removed(&engine, at + days(400)).await, 1);
    assert_eq!(
        rows(&rig).await,
        [3, 1, 0, 1],
        "since it entered, all is there"
    );
}

#[tokio::test]
async fn what_waits_and_what_a_cap_counts_and_what_knows_an_event_again_stays() {
    let policies = "caps: [ { name: season, max: 1, per: 90d, window: rolling } ]
retention: { inputs: 1d, messages: 1d, calls: 1d }
";
    let rig = Rig::new(&keeping(&desk().await, policies)).await;
    let engine = rig.engine(kit::quick()).await;
    let at = super::earlier();
    inside(&engine, KEY, at).await;
    let again = events::track(KEY, "start", "again", &json!({ "note": "again" }));
    events::take(&engine, &[again], at).await;
    let stop = events::track(KEY, "stop", "3", &json!({}));
    sqlx::query("delete from run")
        .execute(rig.store.pool())
        .await
        .unwrap();
    events::take(&engine, &[stop], Timestamp::now()).await;
    let queued = rig
        .count("select count(*) from message where status = 'queued'")
        .await;
    assert_eq!(queued, 1, "and a call with it");
    let before = rows(&rig).await;
    removed(&engine, at + days(30)).await;
    let [inputs, messages, _, calls] = rows(&rig).await;
    assert_eq!(
        inputs, before[0],
        "an event that comes again within 31 days is known"
    );
    assert_eq!(messages, before[1], "the cap counts 90 days");
    assert_eq!(calls, before[3] - 1, "the one that is over");
    removed(&engine, at + days(91)).await;
    let [inputs, messages, ..] = rows(&rig).await;
    assert_eq!(
        (inputs, messages),
        (0, 1),
        "what is queued is still to be sent"
    );
}

#[tokio::test]
async fn a_round_goes_page_by_page_and_rests_until_the_next_day() {
    let rig = Rig::new(&keeping(&desk().await, KEPT)).await;
    let settings = engine::Settings {
        retention_page: 2,
        ..kit::quick()
    };
    let (first, second) = (
        rig.engine(settings.clone()).await,
        rig.engine(settings).await,
    );
    let at = super::earlier();
    for key in ["a", "b", "c"] {
        let seen = events::track(key, "seen", key, &json!({}));
        events::take(&first, &[seen], at).await;
    }
    let now = at + days(41);
    let pages = [
        first.retention_once(now).await.unwrap().unwrap(),
        second.retention_once(now).await.unwrap().unwrap(),
    ];
    assert_eq!(pages.map(|p| (p.removed, p.done)), [(2, false), (1, true)]);
    let soon = now + SignedDuration::from_hours(23);
    assert_eq!(first.retention_once(soon).await.unwrap(), None);
    assert!(
        second
            .retention_once(now + days(1))
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(rows(&rig).await[0], 0);
}

#[tokio::test]
async fn without_a_word_everything_is_kept() {
    let rig = Rig::new(&keeping(&desk().await, "")).await;
    let engine = rig.engine(kit::quick()).await;
    inside(&engine, KEY, super::earlier()).await;
    let before = rows(&rig).await;
    let late = Timestamp::now() + days(10_000);
    assert_eq!(engine.retention_once(late).await.unwrap(), None);
    assert_eq!(rows(&rig).await, before);
}
