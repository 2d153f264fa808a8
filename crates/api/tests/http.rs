//! Intake, support and pages over a real PostgreSQL.

#[allow(dead_code, reason = "shared with examples/console.rs")]
mod kit;

use std::sync::Arc;

use api::{NotAccepted, State};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, Response, StatusCode, header},
};
use journey::content::Content;
use serde_json::{Value, json};
use store::read::Reader;
use tower::ServiceExt as _;

struct Server {
    router: Router,
    desk: Arc<kit::Desk>,
    shop: kit::shop::Shop,
}

async fn server() -> Server {
    server_with(|state| state).await
}

async fn server_with(change: impl FnOnce(State) -> State) -> Server {
    let pool = kit::shop::database().await;
    let shop = kit::shop::fill(&pool, 60).await;
    let desk = Arc::new(kit::Desk::default());
    let drawer = kit::drawer(Some(shop.nudge));
    let state = kit::state(Reader::new(pool), desk.clone(), Some(drawer));
    Server {
        router: api::router(change(state)),
        desk,
        shop,
    }
}

impl Server {
    async fn ask(&self, request: Request<Body>) -> Response<Body> {
        self.router
            .clone()
            .oneshot(request)
            .await
            .expect("infallible")
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        text(self.ask(request).await).await
    }

    async fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        serde_json::from_str(&body).expect("json")
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self
            .ask(request.body(body.into()).expect("a request"))
            .await;
        let kind = response.headers().get(header::CONTENT_TYPE).cloned();
        let retry = response.headers().contains_key(header::RETRY_AFTER);
        let (status, body) = text(response).await;
        Answer {
            status,
            kind: kind
                .and_then(|k| k.to_str().ok().map(str::to_owned))
                .unwrap_or_default(),
            retry,
            body: serde_json::from_str(&body).expect("json"),
        }
    }

    fn taken(&self) -> Vec<String> {
        let taken = self.desk.taken.lock().expect("a lock");
        taken.iter().map(|a| a.event.name.to_string()).collect()
    }
}

struct Answer {
    status: StatusCode,
    kind: String,
    retry: bool,
    body: Value,
}

impl Answer {
    fn refused(&self, status: StatusCode, code: &str) {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.kind, "application/problem+json");
        assert_eq!(self.body["code"], code, "{}", self.body);
        assert!(
            self.body["detail"]
                .as_str()
                .is_some_and(|d| d.ends_with('.'))
        );
    }
}

async fn text(response: Response<Body>) -> (StatusCode, String) {
    let status = response.status();
    let bytes = to_bytes(response.into_body(), usize::MAX)
        .await
        .expect("a body");
    (status, String::from_utf8(bytes.to_vec()).expect("utf-8"))
}

const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");

fn track(n: u32) -> Value {
    json!({ "userId": "ana", "event": "cart.updated", "messageId": format!("m-{n}"),
            "properties": { "total": 50 } })
}

#[tokio::test]
async fn every_segment_call_is_taken_and_passed_on_whole() {
    let server = server().await;
    let calls = [
        ("/v1/track", track(1)),
        (
            "/v1/identify",
            json!({ "userId": "ana", "messageId": "2", "traits": { "a": 1 } }),
        ),
        (
            "/v1/page",
            json!({ "userId": "ana", "messageId": "3", "name": "Home" }),
        ),
        (
            "/v1/screen",
            json!({ "userId": "ana", "messageId": "4", "name": "Home" }),
        ),
    ];
    for (path, body) in calls {
        let answer = server.post(path, &[JSON], body.to_string()).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        assert_eq!(answer.body, json!({ "success": true, "accepted": 1 }));
    }
    assert_eq!(server.taken()[..2], ["cart.updated", "identify"]);
    let taken = server.desk.taken.lock().expect("a lock");
    let passed_on: Value = serde_json::from_slice(&taken[0].body).expect("json");
    assert_eq!(passed_on["type"], "track");
    assert_eq!(passed_on["properties"]["total"], 50);
}

#[tokio::test]
async fn a_batch_takes_the_good_and_names_the_bad() {
    let server = server().await;
    let mut good = track(1);
    good["type"] = "track".into();
    let batch = json!({ "batch": [good, { "type": "track", "event": "x" }, 7] });
    let answer = server.post("/v1/batch", &[JSON], batch.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        (&answer.body["success"], &answer.body["accepted"]),
        (&json!(false), &json!(1))
    );
    let refused = answer.body["refused"].as_array().expect("a list");
    assert_eq!(
        refused.iter().map(|r| &r["index"]).collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!(server.taken(), ["cart.updated"]);

    let none = json!({ "batch": [{}, 1] }).to_string();
    let answer = server.post("/v1/batch", &[JSON], none).await;
    answer.refused(StatusCode::BAD_REQUEST, "all_refused");
    assert_eq!(answer.body["refused"].as_array().map(Vec::len), Some(2));
    let answer = server.post("/v1/batch", &[JSON], "[]").await;
    answer.refused(StatusCode::BAD_REQUEST, "no_batch");
    let many = json!({ "batch": vec![0; 5001] }).to_string();
    let answer = server.post("/v1/batch", &[JSON], many).await;
    answer.refused(StatusCode::PAYLOAD_TOO_LARGE, "too_many_events");
}

#[tokio::test]
async fn cloud_events_come_structured_batched_and_binary() {
    let server = server().await;
    let event = json!({ "specversion": "1.0", "id": "1", "source": "/shop", "subject": "ana",
                        "type": "order.placed", "data": { "total": 5 } });
    let structured = [("content-type", "application/cloudevents+json")];
    let answer = server
        .post("/v1/events", &structured, event.to_string())
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let batch = [("content-type", "application/cloudevents-batch+json")];
    let answer = server
        .post("/v1/events", &batch, json!([event, event]).to_string())
        .await;
    assert_eq!(answer.body["accepted"], 2);
    let binary = [
        JSON,
        ("ce-specversion", "1.0"),
        ("ce-id", "2"),
        ("ce-source", "/shop"),
        ("ce-type", "order.placed"),
        ("ce-subject", "Zo%C3%AB"),
    ];
    let answer = server.post("/v1/events", &binary, "{\"total\": 5}").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let taken = server.desk.taken.lock().expect("a lock");
    assert_eq!(&*taken[3].event.customer, "Zoë");
    assert_eq!(
        taken[3].event.properties.field("total").as_number(),
        Some(5.0)
    );
    assert_eq!(taken[0].id, taken[1].id);
    assert_ne!(taken[0].id, taken[3].id);
}

#[tokio::test]
async fn bad_input_gets_a_clear_refusal_and_reaches_nobody() {
    let server = server().await;
    let post = async |path, headers: &[(&str, &str)], body: Vec<u8>| {
        server.post(path, headers, body).await
    };
    let bad = StatusCode::BAD_REQUEST;
    post("/v1/track", &[JSON], b"{".into())
        .await
        .refused(bad, "not_json");
    post("/v1/track", &[JSON], b"".into())
        .await
        .refused(bad, "empty");
    post("/v1/track", &[JSON], b"\"\xff\"".into())
        .await
        .refused(bad, "not_utf8");
    post("/v1/track", &[JSON], vec![b'['; 200_000])
        .await
        .refused(bad, "not_json");
    let unsupported = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    let xml = ("content-type", "text/xml");
    post("/v1/track", &[xml], b"<a/>".into())
        .await
        .refused(unsupported, "content_type");
    post("/v1/events", &[xml], b"<a/>".into())
        .await
        .refused(unsupported, "content_type");
    let latin = ("content-type", "application/json; charset=iso-8859-1");
    post("/v1/track", &[latin], b"{}".into())
        .await
        .refused(unsupported, "content_type");
    let gzip = ("content-encoding", "gzip");
    post("/v1/track", &[gzip], b"{}".into())
        .await
        .refused(unsupported, "content_encoding");
    let missing = post("/v1/track", &[JSON], b"{}".into()).await;
    assert_eq!(missing.status, bad);
    assert!(missing.body["field"].is_string(), "{}", missing.body);
    let ce = [("ce-id", "1"), ("ce-source", "%ff")];
    post("/v1/events", &ce, b"".into())
        .await
        .refused(bad, "not_utf8");
    assert_eq!(server.taken(), [""; 0]);
}

#[tokio::test]
async fn a_body_over_its_limit_is_refused_announced_or_not() {
    let server = server().await;
    let too_large = StatusCode::PAYLOAD_TOO_LARGE;
    let body = || vec![b' '; (1 << 20) + 1];
    let answer = server.post("/v1/track", &[JSON], body()).await;
    answer.refused(too_large, "too_large");
    let announced = [JSON, ("content-length", "1048577")];
    let answer = server.post("/v1/track", &announced, Body::empty()).await;
    answer.refused(too_large, "too_large");
    let answer = server.post("/v1/batch", &[JSON], body()).await;
    assert_eq!(answer.body["code"], "not_json");
    let answer = server
        .post("/v1/batch", &[JSON], vec![b' '; (5 << 20) + 1])
        .await;
    answer.refused(too_large, "too_large");
}

#[tokio::test]
async fn while_the_broker_is_away_producers_are_asked_to_come_again() {
    let server = server().await;
    let refuse = |why| *server.desk.refusal.lock().expect("a lock") = Some(why);
    refuse(NotAccepted::Unavailable("amqp://user:secret@host".into()));
    let answer = server
        .post("/v1/track", &[JSON], track(1).to_string())
        .await;
    answer.refused(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
    assert!(answer.retry);
    assert!(!answer.body.to_string().contains("secret"));
    refuse(NotAccepted::Failed("secret".into()));
    let answer = server
        .post("/v1/track", &[JSON], track(1).to_string())
        .await;
    answer.refused(StatusCode::INTERNAL_SERVER_ERROR, "fault");
    assert!(!answer.body.to_string().contains("secret"));
}

#[tokio::test]
async fn a_write_key_that_is_set_is_asked_for() {
    let server = server_with(|state| State {
        write_key: Some("key".into()),
        ..state
    })
    .await;
    for wrong in ["", "Basic a2V5", "Basic a2V4Og==", "Bearer key"] {
        let headers = [JSON, ("authorization", wrong)];
        let answer = server
            .post("/v1/track", &headers, track(1).to_string())
            .await;
        answer.refused(StatusCode::UNAUTHORIZED, "write_key");
    }
    let headers = [JSON, ("authorization", "Basic a2V5Og==")];
    let answer = server
        .post("/v1/track", &headers, track(1).to_string())
        .await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn support_reads_a_customer_as_json() {
    let server = server().await;
    let ana = server.json("/v1/customers/ana").await;
    assert_eq!(ana["runs"]["open"][0]["step"]["id"], "last_call");
    let timeline = server.json("/v1/customers/ana/timeline?limit=2").await;
    assert_eq!(timeline["entries"].as_array().map(Vec::len), Some(2));
    let sentence = &timeline["entries"][0]["facts"][0]["sentence"];
    assert!(
        sentence
            .as_str()
            .is_some_and(|s| s.starts_with("held until"))
    );
    let next = timeline["next"].as_i64().expect("more");
    let rest = server
        .json(&format!("/v1/customers/ana/timeline?before={next}"))
        .await;
    assert_eq!(rest["entries"].as_array().map(Vec::len), Some(3));
    let messages = server
        .json("/v1/messages?customer=ben&status=suppressed")
        .await;
    assert_eq!(messages["messages"][0]["reason"], "capped");
    let id = server.shop.capped;
    let why = server.json(&format!("/v1/messages/{id}")).await;
    assert_eq!(why["decision"]["refusals"][0]["rule"], "marketing_week");
    assert_eq!(server.json("/v1/summary").await["entered"], 3);
    let page = server.json("/v1/customers?limit=10").await;
    let after = page["next"].as_str().expect("more");
    let second = server
        .json(&format!("/v1/customers?after={after}&limit=10"))
        .await;
    assert_ne!(page["customers"][9], second["customers"][0]);
    for path in ["/v1/customers/nobody", "/v1/messages/x", "/v1/nothing"] {
        assert_eq!(server.get(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    for path in [
        "/v1/messages?status=lost",
        "/v1/messages?before=x",
        "/v1/customers?after=x",
    ] {
        assert_eq!(server.get(path).await.0, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn nothing_that_a_customer_says_becomes_markup() {
    let server = server().await;
    let search = "/customers?q=%3Cscript%3Ealert(1)%3C/script%3E".to_owned();
    let eve = "/customers/eve%3Cb%3E".to_owned();
    for path in [
        search,
        eve,
        "/customers".to_owned(),
        "/messages?customer=%22%3E%3Cscript%3E".into(),
    ] {
        let (status, page) = server.get(&path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        for markup in ["<script", "<img", "<b>"] {
            assert!(!page.contains(markup), "{path}: {markup}");
        }
    }
    let (_, page) = server.get("/customers/eve%3Cb%3E").await;
    assert!(page.contains("&#60;script&#62;"), "{page}");
}

#[tokio::test]
async fn pages_forbid_scripts_and_a_captured_mail_is_sandboxed() {
    let server = server().await;
    let policy = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let response = server.ask(request).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let policy = &response.headers()[header::CONTENT_SECURITY_POLICY];
        policy.to_str().expect("text").to_owned()
    };
    let page = policy("/mailbox/20260105-110100-mail").await;
    assert!(
        page.starts_with("default-src 'none'") && !page.contains("unsafe"),
        "{page}"
    );
    let mail = policy("/mailbox/20260105-110100-mail/html").await;
    assert!(mail.starts_with("sandbox; default-src 'none'"), "{mail}");
    let (_, html) = server.get("/mailbox/20260105-110100-mail/html").await;
    assert_eq!(html, kit::MAIL);
    let (_, page) = server.get("/mailbox/20260105-110100-mail").await;
    assert!(page.contains("<iframe") && page.contains(" sandbox ") && !page.contains("<script"));
}

#[tokio::test]
async fn the_pages_say_what_is_so() {
    let server = server().await;
    let (_, overview) = server.get("/").await;
    for words in ["Frequency cap used up", "E-mail", "cart-rescue"] {
        assert!(overview.contains(words), "{words}");
    }
    let (_, ana) = server.get("/customers/ana").await;
    for words in [
        "Rescue an abandoned cart",
        "version 3",
        "Held: quiet hours night on sms",
        "6 Jan 2026, 07:00 UTC",
        "Decided to send by email",
        "No journey listened.",
        "Arm reminder",
    ] {
        assert!(ana.contains(words), "{words}");
    }
    let (_, why) = server
        .get(&format!("/messages/{}", server.shop.capped))
        .await;
    assert!(why.contains("The cap marketing_week is used up on email by 3 messages"));
    assert_eq!(why.matches("?of=").count(), 3);
    let (_, sent) = server
        .get(&format!("/messages/{}", server.shop.nudge))
        .await;
    assert!(sent.contains("What it said") && sent.contains("Your basket is waiting"));
    let (status, missing) = server.get("/customers/nobody").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(missing.contains("There is no such customer"));
}

#[tokio::test]
async fn a_search_with_one_answer_opens_it() {
    let server = server().await;
    let request = Request::get("/customers?q=ANA@shop.example").body(Body::empty());
    let response = server.ask(request.expect("a request")).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let ana = format!("/customers/{}", server.shop.ana);
    assert_eq!(response.headers()[header::LOCATION], ana.as_str());
    let (_, none) = server.get("/customers?q=nobody").await;
    assert!(none.contains("Nobody found"));
}

#[tokio::test]
async fn messages_are_captured_only_where_there_is_a_mailbox() {
    let server = server().await;
    let answer = server
        .post("/capture/sms", &[JSON], "{\"text\": \"hello\"}")
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    let name = answer.body["id"].as_str().expect("a name").to_owned();
    let (_, page) = server.get(&format!("/mailbox/{name}")).await;
    assert!(page.contains("hello"));
    let answer = server.post("/capture/fax", &[JSON], "{}").await;
    answer.refused(StatusCode::NOT_FOUND, "no_such_channel");
    let answer = server.post("/capture/sms", &[JSON], "x").await;
    answer.refused(StatusCode::BAD_REQUEST, "refused");
    for path in [
        "/mailbox/..%2Fsecret",
        "/mailbox/.hidden",
        "/mailbox/nothing",
    ] {
        assert_eq!(server.get(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let without = server_with(|state| State {
        mailbox: None,
        ..state
    })
    .await;
    assert_eq!(without.get("/mailbox").await.0, StatusCode::NOT_FOUND);
    let answer = without.post("/capture/sms", &[JSON], "{}").await;
    assert!(answer.status.is_client_error());
    assert!(!without.get("/").await.1.contains("/mailbox"));
}

#[tokio::test]
async fn health_and_readiness_are_two_things() {
    let parts = vec![api::Readiness {
        part: "broker",
        ready: false,
        detail: "not connected".into(),
    }];
    let server = server_with(|state| State {
        ready: Arc::new(move || parts.clone()),
        ..state
    })
    .await;
    assert_eq!(
        server.get("/healthz").await,
        (StatusCode::OK, "ok\n".into())
    );
    let (status, report) = server.get("/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(report.contains("\"database\",\"ready\":true") && report.contains("not connected"));
}

#[tokio::test]
async fn every_kind_of_message_has_its_look() {
    let drawer = kit::drawer(None);
    let kinds: Vec<&str> = drawer
        .0
        .lock()
        .expect("a lock")
        .iter()
        .map(|c| match c.content {
            Content::Email { .. } => "class=\"panel mail\"",
            Content::Sms { .. } => "class=\"panel phone\"",
            Content::Push { .. } => "class=\"panel lock\"",
            Content::Chat { .. } => "class=\"panel chat\"",
        })
        .collect();
    let server = server().await;
    let names = ["20260105-110100-mail", "note-1", "note-2", "note-3"];
    for (name, look) in names.iter().zip(kinds) {
        let (_, page) = server.get(&format!("/mailbox/{name}")).await;
        assert!(page.contains(look), "{name}");
    }
}
