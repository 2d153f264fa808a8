//! Metrics, as Prometheus reads them from the real binary.

use std::collections::BTreeMap;

use engine::metrics::EXPORTED;
use parcours_tests::kit::{self, Answer};

use super::{Process, Scene, bytes, track};
use crate::process::binary::SOON;

/// The samples of a scrape by their names and labels as they are written. It is held against the format on the way.
pub fn samples(text: &str) -> BTreeMap<String, f64> {
    let mut found = BTreeMap::new();
    let mut kinds = BTreeMap::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(kinds.insert(name, kind).is_none(), "{name} comes twice");
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        let name = sample.split('{').next().unwrap();
        let family = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .filter(|family| kinds.get(family) == Some(&"histogram"))
            .unwrap_or(name);
        assert!(kinds.contains_key(family), "{line} has no TYPE before it");
        let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
        let twice = found.insert(sample.to_owned(), value);
        assert!(twice.is_none(), "{sample} comes twice");
    }
    for (name, kind) in kinds {
        let listed = EXPORTED.iter().find(|m| m.name == name);
        assert_eq!(listed.map(|m| m.kind), Some(kind), "{name}");
    }
    found
}

async fn scraped(process: &Process) -> BTreeMap<String, f64> {
    let (status, text) = process.get("/metrics").await;
    assert_eq!(status, 200);
    samples(&text)
}

/// Waits until a sample has that value.
async fn says(process: &Process, sample: &str, wanted: f64) {
    let mut last = None;
    kit::eventually(SOON, &format!("{sample} {wanted}"), async || {
        let all = scraped(process).await;
        last = all.get(sample).copied();
        last == Some(wanted)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_is_counted_by_the_process_in_which_it_does() {
    let scene = Scene::set("").await;
    // Refused once for now, then taken; the fourth is refused for good.
    scene.provider.script([
        Answer::RetryAfter(503, 0),
        Answer::Accept,
        Answer::Accept,
        Answer::Accept,
    ]);
    let deciding = scene
        .start(scene.parcours(&["run", "--roles", "intake,timers,api"]))
        .await;
    let sending = scene
        .parcours(&["run", "--roles", "dispatch"])
        .env("PARCOURS_METRICS_HTTP", "127.0.0.1:0");
    let sending = scene.start(sending).await;
    assert!(sending.api.is_none(), "no role `api`, no API");

    let publisher = scene.broker().await.publisher().await.unwrap();
    let bodies = [
        track("ana", "start", "1"),
        track("ana", "start", "1"),
        track("ben", "offer", "2"),
        track("ben", "offer", "3"),
        serde_json::json!({ "no": "event" }),
    ];
    for body in &bodies {
        publisher.publish("x", bytes(body)).await.unwrap();
    }
    for (sample, wanted) in [
        ("parcours_events_dead_total{way=\"amqp\"}", 1.0),
        ("parcours_events_taken_in_total{way=\"amqp\"}", 3.0),
        ("parcours_events_duplicate_total{way=\"amqp\"}", 1.0),
        ("parcours_inputs_total{kind=\"event\"}", 3.0),
        ("parcours_turn_inputs_sum{kind=\"inputs\"}", 3.0),
        ("parcours_runs_entered_total{journey=\"hello\"}", 1.0),
        ("parcours_runs_entered_total{journey=\"offer\"}", 2.0),
        ("parcours_runs_left_total{journey=\"offer\"}", 2.0),
        (
            "parcours_messages_decided_total{channel=\"sms\",journey=\"hello\"}",
            1.0,
        ),
        (
            "parcours_messages_decided_total{channel=\"sms\",journey=\"offer\"}",
            1.0,
        ),
        (
            "parcours_messages_suppressed_total{channel=\"sms\",reason=\"capped\"}",
            1.0,
        ),
        ("parcours_caps_hit_total{cap=\"one_a_day\"}", 1.0),
        ("parcours_dead_letters{cause=\"refused\"}", 1.0),
        ("parcours_dead_letters{cause=\"schema\"}", 0.0),
        ("parcours_queue_messages{queue=\"dead\"}", 0.0),
        ("parcours_queue_messages{queue=\"ready\"}", 0.0),
        ("parcours_ready{part=\"intake\"}", 1.0),
        ("parcours_workspace_revision", 1.0),
    ] {
        says(&deciding, sample, wanted).await;
    }
    let of = "{channel=\"sms\",provider=\"stand-in\"}";
    says(&sending, &format!("parcours_messages_sent_total{of}"), 2.0).await;
    says(
        &sending,
        &format!("parcours_messages_retried_total{of}"),
        1.0,
    )
    .await;
    scene
        .provider
        .always(journey::message::Channel::Sms, Answer::Refuse(400));
    let last = bytes(&track("cleo", "start", "4"));
    publisher.publish("cleo", last).await.unwrap();
    let failed =
        "parcours_messages_failed_total{channel=\"sms\",provider=\"stand-in\",reason=\"failed\"}";
    says(&sending, failed, 1.0).await;
    let all = scraped(&sending).await;
    let outcome = |o: &str| {
        all[&format!(
            "parcours_provider_seconds_count{{channel=\"sms\",outcome=\"{o}\",provider=\"stand-in\"}}"
        )]
    };
    assert_eq!(
        [outcome("accepted"), outcome("for_now"), outcome("for_good")],
        [2.0, 1.0, 1.0]
    );
    // Three messages were handed over for the first time.
    assert_eq!(
        all["parcours_dispatch_lag_seconds_count{channel=\"sms\"}"],
        3.0
    );
    assert_eq!(all["parcours_database_connections_max"], 8.0);
    assert!(
        !all.keys().any(|k| k.starts_with("parcours_events_")),
        "nothing is taken in here"
    );
    let text = format!("{all:?}");
    assert!(!text.contains("ana") && !text.contains("+336"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn timers_say_how_late_they_are_and_the_outbox_how_old() {
    let scene = Scene::set("").await;
    let later = "journey: later\npurpose: service\nenter: { event: wait }\n\
                 steps: [ { wait: 1s }, { send: sms, template: hello } ]\n";
    scene.workspace.write("journeys/later/journey.yaml", later);
    scene.parcours(&["apply"]).output().expect(0);
    let process = scene
        .start(scene.parcours(&["run", "--roles", "intake,api"]))
        .await;
    assert_eq!(process.track(&track("ana", "wait", "1"), &[]).await, 200);
    // Nobody fires the timer, so it becomes due and older.
    says(&process, "parcours_due{work=\"timers\"}", 1.0).await;
    kit::eventually(SOON, "the oldest timer is two seconds old", async || {
        scraped(&process).await["parcours_oldest_due_seconds{work=\"timers\"}"] >= 2.0
    })
    .await;
    let timers = scene.parcours(&["run", "--roles", "timers"]);
    let timers = scene
        .start(timers.env("PARCOURS_METRICS_HTTP", "127.0.0.1:0"))
        .await;
    says(&timers, "parcours_timer_lateness_seconds_count", 1.0).await;
    let all = scraped(&timers).await;
    assert!(
        all["parcours_timer_lateness_seconds_sum"] >= 1.9,
        "{}",
        all["parcours_timer_lateness_seconds_sum"]
    );
    assert_eq!(all["parcours_inputs_total{kind=\"timer\"}"], 1.0);
    // Nobody dispatches, so the message waits.
    says(&timers, "parcours_due{work=\"messages\"}", 1.0).await;
    assert!(scraped(&timers).await["parcours_oldest_due_seconds{work=\"messages\"}"] > 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn journeys_beyond_the_bound_are_counted_as_other() {
    let scene = Scene::set("metrics_journeys: 1\n").await;
    let process = scene.run().await;
    assert_eq!(process.track(&track("ana", "start", "1"), &[]).await, 200);
    says(
        &process,
        "parcours_runs_entered_total{journey=\"hello\"}",
        1.0,
    )
    .await;
    assert_eq!(process.track(&track("ben", "offer", "2"), &[]).await, 200);
    says(
        &process,
        "parcours_runs_entered_total{journey=\"other\"}",
        1.0,
    )
    .await;
    let all = scraped(&process).await;
    assert!(!all.keys().any(|k| k.contains("offer")), "{all:?}");
}

/// With an address of their own they are not where the API is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_of_their_own_keeps_metrics_from_the_api() {
    let scene = Scene::set("metrics_http: 127.0.0.1:0\n").await;
    let process = scene.run().await;
    assert_eq!(process.get("/metrics").await.0, 200);
    assert_eq!(process.get("/healthz").await, (200, "ok\n".to_owned()));
    assert_eq!(process.get("/v1/messages").await.0, 404);
    let beside = super::get(&format!("{}/metrics", process.api())).await;
    assert_eq!(beside.0, 404);
    assert_eq!(
        super::get(&format!("{}/healthz", process.api())).await.0,
        200
    );
}
