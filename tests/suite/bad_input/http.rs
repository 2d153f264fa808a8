//! Through the HTTP interface: a refusal for the bad, and the good take effect.

use std::sync::Arc;

use api::Accept;
use cli::{
    intake::{IntoBroker, IntoTurn},
    service::{self, Http},
};
use engine::Engine;
use parcours_tests::kit::{self, Rig, Workspace};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Intake by HTTP, until it is dropped.
struct Server {
    url: String,
    client: reqwest::Client,
    stop: CancellationToken,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Server {
    async fn start(engine: &Arc<Engine>, accept: Arc<dyn Accept>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stop = CancellationToken::new();
        let http = Http::start(listener, service::state(engine, accept), &stop).unwrap();
        Self {
            url: format!("http://{}", http.address),
            client: kit::http(),
            stop,
        }
    }

    async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
        let request = self.client.post(format!("{}{path}", self.url)).body(body);
        let request = request.header("content-type", "application/json");
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap())
    }
}

fn track(n: u32) -> Value {
    json!({ "type": "track", "userId": "ana", "event": "seen", "messageId": format!("m{n}") })
}

fn with(mut event: Value, field: &str, value: Value) -> Value {
    event[field] = value;
    event
}

/// Promise 1 and the events producer's "a clear refusal for a bad event": of one batch, the good
/// ones are committed when the answer comes, and each bad one is named with its reason.
#[tokio::test]
async fn a_batch_takes_the_good_and_refuses_each_bad_one_with_its_reason() {
    let rig = Rig::new(&Workspace::new().file(
        "config/events/order.placed.yaml",
        "type: object\nstrict: true\nproperties: { total: { type: number } }\n",
    ))
    .await;
    let engine = rig.engine(kit::quick()).await;
    let server = Server::start(&engine, Arc::new(IntoTurn(engine.clone()))).await;
    let order = with(track(8), "event", json!("order.placed"));
    let batch = json!({ "batch": [
        track(0),
        with(track(1), "userId", json!(7)),
        with(track(2), "messageId", Value::Null),
        track(3),
        with(track(4), "timestamp", json!("2090-01-01T00:00:00Z")),
        with(track(5), "userId", json!("k".repeat(10_000))),
        with(track(6), "properties", json!({ "note": "a\0b" })),
        with(order, "properties", json!({ "coupon": "X" })),
        track(0),
        track(9),
    ]});
    let (status, body) = server.post("/v1/batch", batch.to_string()).await;
    assert_eq!((status, &body["accepted"]), (200, &json!(4)), "{body}");
    let refused: Vec<_> = body["refused"].as_array().unwrap().iter().collect();
    let codes: Vec<_> = refused.iter().map(|r| (&r["index"], &r["code"])).collect();
    let expected = json!([
        [1, "wrong_type"],
        [2, "missing"],
        [4, "from_the_future"],
        [5, "too_long"],
        [6, "nul_character"],
        [7, "schema"]
    ]);
    assert_eq!(json!(codes), expected);
    assert_eq!(rig.count("select count(*) from input").await, 3);
}

/// The same for single bodies: each has its status and code, and reaches nobody.
#[tokio::test]
async fn a_bad_body_is_refused_and_reaches_nobody() {
    let rig = Rig::new(&Workspace::new()).await;
    let engine = rig.engine(kit::quick()).await;
    let server = Server::start(&engine, Arc::new(IntoTurn(engine.clone()))).await;
    let bodies: [(u16, &str, Vec<u8>); 4] = [
        (400, "not_json", b"{".to_vec()),
        (400, "not_utf8", b"{\"a\":\"\xff\"}".to_vec()),
        (413, "too_large", vec![b' '; 5_000_000]),
        (400, "missing", b"{\"event\":\"x\"}".to_vec()),
    ];
    for (expected, code, body) in bodies {
        let (status, answer) = server.post("/v1/track", body).await;
        assert_eq!((status, &answer["code"]), (expected, &json!(code)));
    }
    assert_eq!(rig.count("select count(*) from input").await, 0);
}

/// Promise 1 through HTTP and RabbitMQ: what HTTP accepts, up to its own limit, the broker takes
/// and intake reads.
#[tokio::test]
async fn promise_1_an_event_as_large_as_http_accepts_is_taken_in() {
    let rig = Rig::new(&Workspace::new()).await;
    let engine = rig.engine(kit::quick()).await;
    let broker = rig.broker(broker::Settings::default()).await;
    let accept = IntoBroker {
        publisher: broker.publisher().await.unwrap(),
        traces: engine::traces::Traces::default(),
    };
    let server = Server::start(&engine, Arc::new(accept)).await;
    let large = |n, bytes| with(track(n), "properties", json!({ "note": "x".repeat(bytes) }));
    for (n, bytes) in [(0, 100_000), (1, 200_000), (2, (256 << 10) - 200)] {
        let (status, body) = server.post("/v1/track", large(n, bytes).to_string()).await;
        assert_eq!((status, &body["accepted"]), (200, &json!(1)), "{body}");
    }
    // A batch may be larger than an event, but an event in it may not.
    let batch = json!({ "batch": [track(3), large(4, 256 << 10)] });
    let (status, body) = server.post("/v1/batch", batch.to_string()).await;
    assert_eq!((status, &body["accepted"]), (200, &json!(1)), "{body}");
    assert_eq!(body["refused"][0]["code"], "too_large");

    let mut consumer = broker.consumer().await.unwrap();
    let mut inputs = 0;
    while inputs < 4 {
        let taken = engine.intake_once(&mut consumer).await.unwrap().unwrap();
        assert_eq!(taken.dead, 0);
        inputs += taken.inputs;
    }
}
