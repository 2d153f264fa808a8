//! Calls against a small HTTP server.

use std::{net::SocketAddr, sync::Arc};

use jiff::SignedDuration;
use journey::{
    call::Call,
    endpoints::Endpoint,
    failure::Failure,
    ids::{CallId, RunId},
    value::Value,
};
use serde_json::{Value as Json, json};

use super::{Called, Caller, Reach};
use crate::{
    ReachSettings,
    testing::{at, http, id},
};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// This machine counts as a network of ours.
pub(super) fn here() -> Reach {
    private("127.0.0.0/8")
}

fn private(what: &str) -> Reach {
    let settings = ReachSettings {
        private: vec![what.to_owned()],
        ..ReachSettings::default()
    };
    Reach::new(&settings).unwrap()
}

fn endpoint(server: SocketAddr) -> Endpoint {
    Endpoint {
        url: format!("http://{server}/vouchers").into(),
        inbox: false,
        timeout: SignedDuration::from_secs(20),
        retries: 0,
        secret: Some("KEY".into()),
        labels: None,
    }
}

fn call() -> Call {
    Call {
        id: CallId(id(7)),
        at: at("2026-01-05T08:00:00Z"),
        run: RunId(id(8)),
        journey: "birthday".into(),
        step: "gift".into(),
        endpoint: "vouchers".into(),
        hand_over: false,
        with: Value::from(json!({ "percent": 15 })),
        wanted_at: None,
        expires_at: None,
    }
}

fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

async fn called(answer: Vec<u8>) -> Called {
    let (server, _) = http(answer).await;
    let caller = Caller::new(|_| Some(KEY.to_owned()), here());
    let now = at("2026-01-05T08:00:01Z");
    caller.call(&endpoint(server), &call(), "ana", now).await
}

fn answered(value: Json) -> Called {
    Called::Answered(Value::from(value))
}

#[tokio::test]
async fn a_call_tells_what_its_step_says_and_nothing_else_of_the_person() {
    let (server, requests) = http(answer("200 OK", "", r#"{"code":"XY"}"#)).await;
    let caller = Caller::new(|name| (name == "KEY").then(|| KEY.to_owned()), here());
    let now = at("2026-01-05T08:00:01Z");
    let called = caller.call(&endpoint(server), &call(), "ana", now).await;
    assert_eq!(called, answered(json!({ "code": "XY" })));
    let request = requests.lock().unwrap()[0].clone();
    let body: Json = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        body,
        json!({
            "id": id(7), "at": "2026-01-05T08:00:00Z", "journey": "birthday", "step": "gift",
            "customer": "ana", "hand_over": false, "with": { "percent": 15 },
        })
    );
    let id = id(7).to_string();
    assert_eq!(request.header("idempotency-key"), Some(&*id));
    assert_eq!(request.header("webhook-id"), Some(&*id));
    assert_eq!(request.header("webhook-timestamp"), Some("1767600001"));
    let key = crate::webhook::Key::new(&crate::Secret::new(KEY)).unwrap();
    let signature = key.sign(&id, 1_767_600_001, &request.body);
    assert_eq!(request.header("webhook-signature"), Some(&*signature));
}

#[tokio::test]
async fn an_answer_is_json_or_text_or_nothing() {
    for (body, value) in [
        (r#"{"a":[1,null]}"#, json!({ "a": [1, null] })),
        ("3", json!(3)),
        (" plain words\n", json!("plain words")),
        ("{ not json", json!("{ not json")),
        ("", json!(null)),
    ] {
        assert_eq!(
            called(answer("200 OK", "", body)).await,
            answered(value),
            "{body}"
        );
    }
    assert_eq!(
        called(answer("204 No Content", "", "")).await,
        answered(json!(null))
    );
}

#[tokio::test]
async fn an_answer_that_cannot_be_kept_fails_for_good() {
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    let many = format!("[{}0]", "0,".repeat(1_000));
    let long = "x".repeat(64 * 1024 + 1);
    for body in [&*deep, &many, &long, r#"{"a":"\u0000"}"#] {
        let called = called(answer("200 OK", "", body)).await;
        assert!(
            matches!(called, Called::RefusedForGood { .. }),
            "{called:?}"
        );
    }
    let just = "x".repeat(64 * 1024);
    assert_eq!(
        called(answer("200 OK", "", &just)).await,
        answered(json!(just))
    );
}

#[tokio::test]
async fn a_status_says_whether_to_try_again() {
    for status in ["408 T", "425 E", "429 M", "500 I", "503 U"] {
        let called = called(answer(status, "Retry-After: 7\r\n", "")).await;
        let Called::RefusedForNow { retry_after, .. } = called else {
            panic!("{status}: {called:?}");
        };
        assert_eq!(retry_after.map(|d| d.as_secs()), Some(7));
    }
    for status in ["301 M", "400 B", "401 U", "404 N", "422 U"] {
        let called = called(answer(status, "", "")).await;
        assert!(
            matches!(called, Called::RefusedForGood { .. }),
            "{status}: {called:?}"
        );
    }
}

#[tokio::test]
async fn half_an_answer_and_none_are_tried_again() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":".to_vec();
    assert!(matches!(called(half).await, Called::RefusedForNow { .. }));
    // An empty answer stays silent.
    let (server, _) = http(Vec::new()).await;
    let endpoint = Endpoint {
        timeout: SignedDuration::from_millis(50),
        ..endpoint(server)
    };
    let caller = Caller::new(|_| Some(KEY.to_owned()), here());
    let called = caller
        .call(&endpoint, &call(), "ana", at("2026-01-05T08:00:01Z"))
        .await;
    assert!(matches!(called, Called::RefusedForNow { .. }), "{called:?}");
}

#[tokio::test]
async fn without_its_secret_a_call_is_made_only_on_ones_own_machine() {
    let (server, requests) = http(answer("200 OK", "", "1")).await;
    let now = at("2026-01-05T08:00:01Z");
    let served = Caller::new(|_| None, here());
    let called = served.call(&endpoint(server), &call(), "ana", now).await;
    let Called::RefusedForNow { detail, .. } = called else {
        panic!("{called:?}");
    };
    assert_eq!(
        detail.to_string(),
        "the environment variable KEY is not set"
    );
    assert!(requests.lock().unwrap().is_empty());
    let local = Caller::new(|_| None, Reach::local());
    let called = local.call(&endpoint(server), &call(), "ana", now).await;
    assert_eq!(called, answered(json!(1)));
    assert_eq!(
        requests.lock().unwrap()[0].header("webhook-signature"),
        None
    );
}

#[tokio::test]
async fn in_development_no_call_leaves_the_machine() {
    let local = Caller::new(|_| None, Reach::local());
    for url in [
        "https://shop.example/",
        "http://localhost.shop.example/",
        "http://10.0.0.1/",
    ] {
        let endpoint = Endpoint {
            url: Arc::from(url),
            inbox: false,
            timeout: SignedDuration::from_secs(1),
            retries: 0,
            secret: None,
            labels: None,
        };
        let called = local
            .call(&endpoint, &call(), "ana", at("2026-01-05T08:00:01Z"))
            .await;
        assert_eq!(called, answered(json!({})), "{url}");
    }
}

#[tokio::test]
async fn no_call_leads_into_our_own_network_unless_it_is_named() {
    let (server, requests) = http(answer("200 OK", "", "1")).await;
    let (now, port) = (at("2026-01-05T08:00:01Z"), server.port());
    let asked = async |host: &str, reach: Reach| {
        let endpoint = Endpoint {
            url: format!("http://{host}:{port}/").into(),
            ..endpoint(server)
        };
        let caller = Caller::new(|_| Some(KEY.to_owned()), reach);
        caller.call(&endpoint, &call(), "ana", now).await
    };
    // `localhost` is looked up when the connection is made.
    for host in ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"] {
        let Called::RefusedForNow { detail, .. } = asked(host, Reach::default()).await else {
            panic!("{host}");
        };
        assert!(matches!(detail, Failure::OwnNetwork { .. }), "{detail:?}");
    }
    assert!(requests.lock().unwrap().is_empty());
    let only = ReachSettings {
        allow: vec!["shop.example".to_owned()],
        ..ReachSettings::default()
    };
    let Called::RefusedForNow { detail, .. } = asked("localhost", Reach::new(&only).unwrap()).await
    else {
        panic!();
    };
    assert!(matches!(detail, Failure::NotAllowed { .. }), "{detail:?}");
    assert!(requests.lock().unwrap().is_empty());
    assert_eq!(
        asked("localhost", private("localhost")).await,
        answered(json!(1))
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (inner, met) = http(answer("200 OK", "", "1")).await;
    let to = format!("Location: http://{inner}/\r\n");
    let (server, _) = http(answer("307 Temporary Redirect", &to, "")).await;
    let caller = Caller::new(|_| Some(KEY.to_owned()), here());
    let called = caller
        .call(
            &endpoint(server),
            &call(),
            "ana",
            at("2026-01-05T08:00:01Z"),
        )
        .await;
    assert!(
        matches!(called, Called::RefusedForGood { .. }),
        "{called:?}"
    );
    assert!(met.lock().unwrap().is_empty());
}
