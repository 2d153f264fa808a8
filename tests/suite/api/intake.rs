//! Intake: what is taken, and what is refused with which words.

use std::sync::Arc;

use api::{NotAccepted, State};
use axum::{body::Body, http::StatusCode};
use journey::world::Startable;
use serde_json::{Value, json};

use super::{JSON, server, server_with};

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
async fn a_journey_that_cannot_be_entered_by_the_api_is_refused_with_the_nearest_name() {
    let server = server_with(|state| State {
        startable: Arc::new(|journey| {
            Box::pin(async move {
                match &*journey {
                    "nps" => Startable::Yes,
                    "welcome" => Startable::NoEntry,
                    "sleeper" => Startable::Paused,
                    _ => Startable::Unknown {
                        meant: Some(Arc::from("nps")),
                    },
                }
            })
        }),
        ..state
    })
    .await;
    let call = r#"{"messageId":"1","userId":"ana","properties":{"order":"o-1"}}"#;
    let enter = async |journey: &str| {
        let path = format!("/v1/journeys/{journey}/enter");
        server.post(&path, &[JSON], call).await
    };
    let unknown = enter("npss").await;
    unknown.refused(StatusCode::NOT_FOUND, "no_such_journey");
    let detail = unknown.body["detail"].as_str().expect("words");
    assert_eq!(detail, "No journey is published as `npss`. There is `nps`.");
    let closed = enter("welcome").await;
    closed.refused(StatusCode::UNPROCESSABLE_ENTITY, "no_api_entry");
    let paused = enter("sleeper").await;
    paused.refused(StatusCode::CONFLICT, "journey_paused");
    assert_eq!(server.taken(), [""; 0]);
    assert_eq!(enter("nps").await.status, StatusCode::OK);
    let taken = server.desk.taken.lock().expect("a lock");
    let event = &taken[0].event;
    assert_eq!((&*event.name, &*event.customer), ("journey.start", "ana"));
    assert_eq!(event.properties.at(&["journey"]).as_text(), Some("nps"));
    assert_eq!(
        event.properties.at(&["with", "order"]).as_text(),
        Some("o-1")
    );
}
