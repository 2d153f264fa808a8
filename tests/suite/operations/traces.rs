//! One trace from the producer's event to the provider's request.

use std::collections::BTreeMap;

use broker::Publication;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use parcours_tests::kit::{self, Post};
use serde_json::json;

use super::{
    Process, Scene, bytes,
    collector::{Collector, Span},
    track,
};
use crate::process::binary::SOON;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PRODUCER: &str = "b7ad6b7169203331";

fn traceparent(flags: &str) -> String {
    format!("00-{TRACE}-{PRODUCER}-{flags}")
}

async fn traced(scene: &Scene, collector: &Collector) -> Process {
    let command = scene
        .parcours(&["run"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .env("OTEL_BSP_SCHEDULE_DELAY", "50");
    scene.start(command).await
}

/// The one request that the provider got.
async fn request(scene: &Scene) -> Post {
    kit::eventually_some(SOON, "the provider has a message", async || {
        scene.provider.posts().pop()
    })
    .await
}

/// The steps of our trace by their names, once the last of them is there.
async fn steps(collector: &Collector) -> BTreeMap<String, Span> {
    kit::eventually_some(SOON, "the trace is exported", async || {
        let spans = collector.spans();
        let ours = spans.into_iter().filter(|s| s.trace == TRACE);
        let ours: BTreeMap<String, Span> = ours.map(|s| (s.name.clone(), s)).collect();
        (ours.contains_key("parcours dispatch") && ours.contains_key("parcours turn"))
            .then_some(ours)
    })
    .await
}

/// Each step is below the one before it, and the provider below the last.
fn in_order(steps: &BTreeMap<String, Span>, way: &[(&str, SpanKind)], provider: &Post) {
    let mut parent = PRODUCER.to_owned();
    for (name, kind) in way {
        let step = &steps[*name];
        assert_eq!(step.parent, parent, "{name}: {steps:#?}");
        assert_eq!(step.kind, *kind, "{name}");
        assert!(step.begin <= step.end, "{name}");
        assert_eq!(step.service, "parcours");
        parent.clone_from(&step.id);
    }
    assert_eq!(steps.len(), way.len(), "{steps:#?}");
    let expected = format!("00-{TRACE}-{parent}-01");
    assert_eq!(provider.traceparent.as_deref(), Some(expected.as_str()));
}

const FROM_AMQP: [(&str, SpanKind); 4] = [
    ("parcours take in", SpanKind::Consumer),
    ("parcours turn", SpanKind::Internal),
    ("parcours dispatch", SpanKind::Internal),
    ("parcours send", SpanKind::Client),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_goes_from_the_producers_request_to_the_providers() {
    let (scene, collector) = tokio::join!(Scene::set(""), Collector::start());
    let process = traced(&scene, &collector).await;
    let body = track("ana", "start", "1");
    let header = traceparent("01");
    assert_eq!(process.track(&body, &[("traceparent", &header)]).await, 200);
    let request = request(&scene).await;
    let steps = steps(&collector).await;
    let way = [&[("parcours accept", SpanKind::Producer)], &FROM_AMQP[..]].concat();
    in_order(&steps, &way, &request);
    // Time does not go back along the way.
    let begins: Vec<u64> = way.iter().map(|(name, _)| steps[*name].begin).collect();
    assert!(begins.is_sorted(), "{begins:?}");
    let notes = &steps["parcours send"].notes;
    assert!(notes.contains(&("parcours.provider".into(), "stand-in".into())));
    let all = format!("{steps:?}");
    assert!(!all.contains("ana") && !all.contains("+336"), "{all}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn amqp_headers_and_cloud_events_carry_it_as_well() {
    let (scene, collector) = tokio::join!(Scene::set(""), Collector::start());
    let process = traced(&scene, &collector).await;
    let publisher = scene.broker().await.publisher().await.unwrap();
    let event = Publication {
        key: "ana".to_owned(),
        body: bytes(&track("ana", "start", "1")),
        traceparent: Some(traceparent("01")),
    };
    let one = futures::stream::iter([event]);
    publisher.publish_all(one, 1, |_| ()).await.unwrap();
    let first = request(&scene).await;
    in_order(&steps(&collector).await, &FROM_AMQP, &first);

    // A CloudEvent says it by itself, over AMQP without a header and over HTTP.
    let other = "11111111111111111111111111111111";
    let cloud = json!({
        "specversion": "1.0", "id": "2", "source": "shop", "type": "start", "subject": "ana",
        "traceparent": format!("00-{other}-{PRODUCER}-01"), "data": {},
    });
    publisher.publish("ana", bytes(&cloud)).await.unwrap();
    let goes_on = async |trace: &str| {
        kit::eventually(SOON, "the provider is told the trace", async || {
            let posts = scene.provider.posts();
            let of_it = |p: &Post| p.traceparent.as_ref().is_some_and(|t| t.contains(trace));
            posts.iter().any(of_it)
        })
        .await;
    };
    goes_on(other).await;
    let third = "22222222222222222222222222222222";
    let sent = kit::http()
        .post(format!("{}/v1/events", process.api()))
        .header("ce-specversion", "1.0")
        .header("ce-id", "3")
        .header("ce-source", "shop")
        .header("ce-type", "start")
        .header("ce-subject", "ana")
        .header("ce-traceparent", format!("00-{third}-{PRODUCER}-01"))
        .send();
    assert_eq!(sent.await.unwrap().status(), 200);
    goes_on(third).await;
}

/// The parent's flag decides: nothing is recorded, and the flag is passed on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_that_is_not_sampled_is_handed_on_and_not_recorded() {
    let (scene, collector) = tokio::join!(Scene::set(""), Collector::start());
    let mut process = traced(&scene, &collector).await;
    let body = track("ana", "start", "1");
    let header = traceparent("00");
    assert_eq!(process.track(&body, &[("traceparent", &header)]).await, 200);
    let told = request(&scene).await.traceparent.unwrap();
    assert!(
        told.starts_with(&format!("00-{TRACE}-")) && told.ends_with("-00"),
        "{told}"
    );
    process.running.signal("TERM");
    process.running.ends(SOON);
    let spans = collector.spans();
    assert!(spans.iter().all(|s| s.trace != TRACE), "{spans:?}");
}

/// What has no trace gets one of its own only if the sampler wants it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sampler_decides_about_what_has_no_parent() {
    let (scene, collector) = tokio::join!(Scene::set(""), Collector::start());
    let command = scene
        .parcours(&["run"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .env("OTEL_TRACES_SAMPLER", "parentbased_always_off");
    let process = scene.start(command).await;
    assert_eq!(process.track(&track("ana", "start", "1"), &[]).await, 200);
    assert_eq!(request(&scene).await.traceparent, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_collector_nothing_is_kept_or_sent_on() {
    let scene = Scene::set("").await;
    let process = scene.run().await;
    let header = traceparent("01");
    let body = track("ana", "start", "1");
    assert_eq!(process.track(&body, &[("traceparent", &header)]).await, 200);
    assert_eq!(request(&scene).await.traceparent, None);
    let kept = "select count(*) from message where traceparent is not null";
    assert_eq!(scene.count(kept).await, 0);
}

/// The last steps leave before the process does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_recorded_leaves_with_an_orderly_stop() {
    let (scene, collector) = tokio::join!(Scene::set(""), Collector::start());
    let command = scene
        .parcours(&["run"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .env("OTEL_BSP_SCHEDULE_DELAY", "600000");
    let mut process = scene.start(command).await;
    let header = traceparent("01");
    let body = track("ana", "start", "1");
    assert_eq!(process.track(&body, &[("traceparent", &header)]).await, 200);
    request(&scene).await;
    scene
        .counts("select count(*) from message where status = 'sent'", 1)
        .await;
    process.running.signal("TERM");
    assert!(process.running.ends(SOON).success());
    let names: Vec<String> = collector.spans().into_iter().map(|s| s.name).collect();
    assert!(
        names.contains(&"parcours send".to_owned()),
        "{names:?} {}",
        process.running.err()
    );
}
