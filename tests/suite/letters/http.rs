//! The API and the console, for every role, over a real engine.

use std::sync::Arc;

use api::{State, access};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use engine::{Door, Engine};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::access::{Access, AuditFilter};
use tower::ServiceExt as _;

use super::{Room, events_of, order, room};

pub(super) struct Front {
    pub(super) router: Router,
    access: Access,
}

/// The console and the API of an engine that submits straight into the turn.
pub(super) fn front(engine: &Arc<Engine>) -> Front {
    let users = engine.store().access();
    let accept = Arc::new(cli::intake::IntoTurn(engine.clone()));
    let state = State {
        letters: Some(Arc::new(cli::letters::OfEngine::new(engine, Door::Turn))),
        access: Some(access::Access::new(users.clone(), false)),
        ..cli::service::state(engine, accept)
    };
    Front {
        router: api::router(state),
        access: users,
    }
}

impl Front {
    /// The cookie of somebody with that role.
    async fn cookie(&self, role: &str) -> String {
        let email = format!("{role}@shop.example");
        let now = Timestamp::now();
        let id = self
            .access
            .add_user(&email, "", &[role.to_owned()], now)
            .await;
        let token = access::token().unwrap();
        let hash = access::hash_of(&token);
        self.access
            .open_session(&hash, id.unwrap().unwrap(), now)
            .await
            .unwrap();
        format!("parcours={token}")
    }

    async fn ask(
        &self,
        method: &str,
        path: &str,
        cookie: &str,
        body: &Value,
    ) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("sec-fetch-site", "same-origin")
            .header("cookie", cookie);
        let body = match body {
            Value::Null => Body::empty(),
            body => Body::from(body.to_string()),
        };
        let response = self
            .router
            .clone()
            .oneshot(request.body(body).unwrap())
            .await
            .unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }
}

async fn three(room: &Room, engine: &Arc<Engine>) {
    room.publish("lea", events_of("lea@shop.example", "1"))
        .await;
    room.publish("bo", "{ bo@shop.example").await;
    room.publish("cy", order("cy", "3", &json!("x"))).await;
    assert_eq!(room.take_in(engine, 3).await, (0, 3));
    room.move_all(engine).await;
}

#[tokio::test]
async fn operators_read_without_addresses_mend_and_discard_and_it_is_audited() {
    let room = room().await;
    let engine = room.engine().await;
    three(&room, &engine).await;
    let front = front(&engine);
    let operator = front.cookie("operator").await;
    let none = Value::Null;
    let (status, page) = front
        .ask("GET", "/v1/dead-letters?cause=schema", &operator, &none)
        .await;
    assert_eq!(status, StatusCode::OK);
    let letters = page["items"].as_array().unwrap();
    assert_eq!(letters.len(), 2);
    let lea = letters.iter().find(|l| l["routing_key"] == "lea").unwrap();
    assert_eq!(lea["key"], "l…@shop.example");
    let path = format!("/v1/dead-letters/{}", lea["id"].as_str().unwrap());
    let (_, letter) = front.ask("GET", &path, &operator, &none).await;
    let mut body = letter["body"]["json"].clone();
    assert_eq!(
        (&letter["body"]["hidden"], &body["userId"]),
        (&json!(true), &json!("l…@shop.example"))
    );
    assert_eq!(body["properties"]["email"], "l…@shop.example");
    // Mended wrongly, at the field; then rightly, by somebody who never saw the address.
    body["properties"]["total"] = json!("sixty");
    let replay = format!("{path}/replay");
    let (status, wrong) = front
        .ask("POST", &replay, &operator, &json!({ "body": body }))
        .await;
    assert_eq!(
        (status, &wrong["code"], &wrong["field"]),
        (
            StatusCode::BAD_REQUEST,
            &json!("schema"),
            &json!("properties.total")
        )
    );
    body["properties"]["total"] = json!(60);
    let given = json!({ "body": body, "note": "the shop sent text" });
    let (status, done) = front.ask("POST", &replay, &operator, &given).await;
    assert_eq!(
        (status, &done["status"]),
        (StatusCode::OK, &json!("replayed"))
    );
    let customer = room
        .rig
        .reader()
        .customer("lea@shop.example")
        .await
        .unwrap();
    assert!(customer.is_some(), "what was hidden stayed as it was");
    let (status, again) = front.ask("POST", &replay, &operator, &json!({})).await;
    assert_eq!(
        (status, &again["code"]),
        (StatusCode::CONFLICT, &json!("not_open"))
    );
    // What is no JSON is shown to those alone who may read addresses.
    let (_, page) = front
        .ask("GET", "/v1/dead-letters?cause=not_json", &operator, &none)
        .await;
    let path = format!(
        "/v1/dead-letters/{}",
        page["items"][0]["id"].as_str().unwrap()
    );
    let (_, letter) = front.ask("GET", &path, &operator, &none).await;
    assert_eq!(letter["body"], json!({ "hidden": true }));
    let discard = format!("{path}/discard");
    let (status, why) = front.ask("POST", &discard, &operator, &json!({})).await;
    assert_eq!(
        (status, &why["code"]),
        (StatusCode::BAD_REQUEST, &json!("no_reason"))
    );
    let (status, _) = front
        .ask("POST", &discard, &operator, &json!({ "reason": "a probe" }))
        .await;
    assert_eq!(status, StatusCode::OK);
    let (_, causes) = front
        .ask("GET", "/v1/dead-letters/causes", &operator, &none)
        .await;
    let open = |code: &str| {
        causes["causes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|c| c["cause"] == code)
            .unwrap()["open"]
            .clone()
    };
    assert_eq!((open("schema"), open("not_json")), (json!(1), json!(0)));
    let log = front.access.audit(&AuditFilter::default()).await.unwrap();
    let told = |action: &str, reason: &str| {
        log.iter()
            .any(|e| e.action == action && e.reason == reason && e.ok && e.what.starts_with("id="))
    };
    assert!(
        told("POST /v1/dead-letters/{id}/replay", "the shop sent text"),
        "{log:?}"
    );
    assert!(
        told("POST /v1/dead-letters/{id}/discard", "a probe"),
        "{log:?}"
    );
}

#[tokio::test]
async fn all_of_a_cause_are_submitted_by_a_job_that_says_how_far_it_is() {
    let room = room().await;
    let engine = room.engine().await;
    three(&room, &engine).await;
    let front = front(&engine);
    let admin = front.cookie("admin").await;
    let given = json!({ "cause": "schema", "note": "again" });
    let (status, job) = front
        .ask("POST", "/v1/dead-letters/replay", &admin, &given)
        .await;
    assert_eq!((status, &job["total"]), (StatusCode::ACCEPTED, &json!(2)));
    let (status, second) = front
        .ask("POST", "/v1/dead-letters/replay", &admin, &json!({}))
        .await;
    assert_eq!(
        (status, &second["code"]),
        (StatusCode::CONFLICT, &json!("replay_running"))
    );
    let path = format!("/v1/dead-letters/jobs/{}", job["id"].as_str().unwrap());
    let (_, before) = front.ask("GET", &path, &admin, &Value::Null).await;
    assert_eq!(
        (&before["status"], &before["done"]),
        (&json!("running"), &json!(0))
    );
    while engine
        .replays_once(&Door::Turn, Timestamp::now())
        .await
        .unwrap()
        .is_some()
    {}
    let (_, after) = front.ask("GET", &path, &admin, &Value::Null).await;
    assert_eq!(
        (&after["status"], &after["failed"]),
        (&json!("done"), &json!(2))
    );
    let (status, over) = front
        .ask("POST", &format!("{path}/cancel"), &admin, &Value::Null)
        .await;
    assert_eq!(
        (status, &over["code"]),
        (StatusCode::CONFLICT, &json!("not_running"))
    );
    let (status, gone) = front
        .ask(
            "POST",
            "/v1/dead-letters/discard",
            &admin,
            &json!({ "reason": "old" }),
        )
        .await;
    assert_eq!((status, &gone["discarded"]), (StatusCode::OK, &json!(3)));
    // Others see them, or do not, and change none.
    let marketer = front.cookie("marketer").await;
    for (method, path) in [
        ("GET", "/v1/dead-letters"),
        ("GET", "/dead-letters"),
        ("POST", "/v1/dead-letters/replay"),
    ] {
        let (status, _) = front.ask(method, path, &marketer, &Value::Null).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{method} {path}");
    }
}
