//! Over HTTP: what is taken, what is refused at once, and where what was decided can be read.

use std::time::Duration;

use axum::http::StatusCode as S;
use cli::intake::IntoBroker;

use super::*;

fn because() -> Value {
    json!({ "reason": "she called" })
}

#[tokio::test]
async fn a_run_is_paused_goes_on_skips_its_wait_and_leaves() {
    let place = place(STEPS).await;
    assert_eq!(
        place.does("pause").await[0],
        "by hand, a pause was asked for: she called"
    );
    assert!(place.does("resume").await[1].starts_with("goes on"));
    assert_eq!(
        place.does("advance").await[1..3],
        ["the wait is over", "decided to send by sms"]
    );
    assert_eq!(place.does("exit").await[1], "left: by_hand");
    let (_, customer) = place.get("/v1/customers/ana").await;
    assert_eq!(customer["runs"]["ended"][0]["reason"], "by_hand");
    let french = place
        .get("/v1/customers/ana/timeline?lang=fr&limit=1")
        .await
        .1;
    let said = french["items"][0]["facts"][0]["sentence"].as_str().unwrap();
    assert_eq!(said, "demande à la main, la sortie\u{a0}: she called");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_at_once() {
    let place = place(STEPS).await;
    let run = place.run("ana").await;
    let refused = async |path: &str, body: Value, status: S, code: &str| {
        let path = format!("/v1/customers/{path}");
        let (is, answer) = place.post(&path, &body).await;
        assert_eq!(
            (is, &answer["code"]),
            (status, &json!(code)),
            "{path} {answer}"
        );
    };
    let of = |action: &str| format!("ana/runs/{run}/{action}");
    let nowhere = Uuid::from_u128(1);
    let unknown = format!("nobody/runs/{run}/pause");
    refused(&unknown, because(), S::NOT_FOUND, "not_found").await;
    refused("ana/runs/x/pause", because(), S::BAD_REQUEST, "bad_path").await;
    refused(
        &format!("ana/runs/{nowhere}/exit"),
        because(),
        S::NOT_FOUND,
        "not_found",
    )
    .await;
    refused(
        &format!("ana/messages/{nowhere}/resend"),
        because(),
        S::NOT_FOUND,
        "not_found",
    )
    .await;
    refused(&of("resume"), because(), S::CONFLICT, "not_paused").await;
    for reason in ["", "  ", &"x".repeat(501)] {
        refused(
            &of("pause"),
            json!({ "reason": reason }),
            S::BAD_REQUEST,
            "reason",
        )
        .await;
    }
    for body in [
        json!({}),
        json!([]),
        json!({ "reason": "x", "more": 1 }),
        json!({ "reason": 7 }),
    ] {
        refused(&of("pause"), body, S::BAD_REQUEST, "bad_body").await;
    }
    let to = |version: i64| json!({ "reason": "x", "version": version });
    refused(
        &of("move"),
        to(7),
        S::UNPROCESSABLE_ENTITY,
        "no_such_version",
    )
    .await;
    refused(&of("move"), to(1), S::CONFLICT, "same_version").await;
    refused(&of("move"), to(-1), S::BAD_REQUEST, "bad_body").await;
    let out = |purpose: &str| json!({ "reason": "x", "purpose": purpose });
    let unprocessable = S::UNPROCESSABLE_ENTITY;
    refused(
        "ana/opt-out",
        out("nothing"),
        unprocessable,
        "no_such_purpose",
    )
    .await;
    refused(
        "ana/opt-out",
        out("service"),
        unprocessable,
        "needs_no_consent",
    )
    .await;
    let fax = json!({ "reason": "x", "purpose": "marketing", "channel": "fax" });
    refused("ana/opt-out", fax, S::BAD_REQUEST, "bad_body").await;

    place.does("pause").await;
    refused(&of("pause"), because(), S::CONFLICT, "paused").await;
    refused(&of("advance"), because(), S::CONFLICT, "paused").await;
    place.does("exit").await;
    for action in ["pause", "resume", "advance", "exit"] {
        refused(&of(action), because(), S::CONFLICT, "run_over").await;
    }
    // Nothing of all that became an input.
    let inputs = "select count(*) from input where name = 'support.action'";
    assert_eq!(place.rig.count(inputs).await, 2);
}

#[tokio::test]
async fn a_message_that_is_on_its_way_is_not_sent_again() {
    let place = place("  - { id: hi, send: sms, template: hello }\n").await;
    let id: Uuid = sqlx::query_scalar("select id from message")
        .fetch_one(place.rig.store.pool())
        .await
        .unwrap();
    let (status, answer) = place
        .post(
            &format!("/v1/customers/ana/messages/{id}/resend"),
            &because(),
        )
        .await;
    assert_eq!(
        (status, &answer["code"]),
        (S::CONFLICT, &json!("not_failed"))
    );
}

#[tokio::test]
async fn an_opt_out_is_kept_as_the_customers_word_to_support() {
    let place = place(STEPS).await;
    let body = json!({ "purpose": "marketing", "channel": "email", "reason": "by telephone" });
    let (status, asked) = place.post("/v1/customers/ana/opt-out", &body).await;
    assert_eq!(status, S::ACCEPTED, "{asked}");
    let said = place.said("ana", asked["id"].as_str().unwrap()).await;
    assert_eq!(said[1], "consent for marketing on email is now withdrawn");
    let kept: (String, String, Vec<u8>) =
        sqlx::query_as("select channel, how, proof from consent where state = 'withdrawn'")
            .fetch_one(place.rig.store.pool())
            .await
            .unwrap();
    assert_eq!((&*kept.0, &*kept.1), ("email", "support"));
    let proof: Value = serde_json::from_slice(&kept.2).unwrap();
    assert_eq!(proof, json!({ "by": "nobody", "reason": "by telephone" }));
}

#[tokio::test]
async fn the_same_key_twice_is_one_action_and_no_other_action() {
    let place = place(STEPS).await;
    let run = place.run("ana").await;
    let path = format!("/v1/customers/ana/runs/{run}/pause");
    let keyed = async |path: &str, key: &str, body: &Value| {
        let key = [("idempotency-key", key)];
        place.ask(Method::POST, path, &key, body.to_string()).await
    };
    let first = keyed(&path, "k1", &because()).await;
    assert_eq!(first.0, S::ACCEPTED);
    let id = first.1["messageId"].as_str().unwrap();
    assert!(id.starts_with("action:"), "{id}");
    assert_eq!(first.1["id"], json!(input_of(id)));
    // It is paused by now, which a second action would be told.
    assert_eq!(keyed(&path, "k1", &because()).await, first);
    let (status, answer) = keyed(&path, "k1", &json!({ "reason": "other" })).await;
    assert_eq!(
        (status, &answer["code"]),
        (S::UNPROCESSABLE_ENTITY, &json!("idempotency_key_reused"))
    );
    let other = format!("/v1/customers/ana/runs/{run}/exit");
    assert_eq!(
        keyed(&other, "k1", &because()).await.1["code"],
        "idempotency_key_reused"
    );
    for key in ["", &"k".repeat(256)] {
        assert_eq!(
            keyed(&path, key, &because()).await.1["code"],
            "idempotency_key"
        );
    }
    assert_eq!(
        place
            .rig
            .count("select count(*) from input where name = 'support.action'")
            .await,
        1
    );
}

#[tokio::test]
async fn producers_do_not_act_by_hand() {
    let place = place(STEPS).await;
    let run = place.run("ana").await;
    let event = json!({ "type": "track", "userId": "ana", "event": "support.action", "messageId": "x",
        "properties": { "action": "exit", "run": run, "by": "me", "reason": "because" } });
    let cloud = json!({ "specversion": "1.0", "id": "x", "source": "/shop", "type": "support.action",
        "subject": "ana", "data": event["properties"] });
    for (path, kind, body) in [
        ("/v1/track", "application/json", &event),
        ("/v1/events", "application/cloudevents+json", &cloud),
    ] {
        let (status, answer) = place
            .ask(
                Method::POST,
                path,
                &[("content-type", kind)],
                body.to_string(),
            )
            .await;
        assert_eq!(
            (status, &answer["code"]),
            (S::BAD_REQUEST, &json!("reserved_event")),
            "{path}"
        );
    }
    let fine = json!({ "type": "track", "userId": "ana", "event": "seen", "messageId": "y" });
    let batch = json!({ "batch": [event, fine] });
    let (status, answer) = place.post("/v1/batch", &batch).await;
    assert_eq!((status, &answer["accepted"]), (S::OK, &json!(1)));
    assert_eq!(answer["refused"][0]["code"], "reserved_event");
    assert_eq!(place.run("ana").await, run);
}

/// In `run`, an action travels through RabbitMQ in its customer's order.
#[tokio::test]
async fn an_action_goes_through_rabbitmq_and_is_read_once_it_is_decided() {
    let place = place(STEPS).await;
    let broker = place.rig.broker(broker::Settings::default()).await;
    let accept = IntoBroker {
        publisher: broker.publisher().await.unwrap(),
        traces: engine::traces::Traces::default(),
    };
    let state = cli::service::state(&place.engine, Arc::new(accept));
    let place = Place {
        router: router(state),
        ..place
    };
    let run = place.run("ana").await;
    let (status, asked) = place
        .post(&format!("/v1/customers/ana/runs/{run}/pause"), &because())
        .await;
    assert_eq!(status, S::ACCEPTED, "{asked}");
    let id = asked["id"].as_str().unwrap();
    let path = format!("/v1/customers/ana/inputs/{id}");
    assert_eq!(place.get(&path).await.0, S::NOT_FOUND);
    let mut consumer = broker.consumer().await.unwrap();
    let taken = tokio::time::timeout(
        Duration::from_secs(60),
        place.engine.intake_once(&mut consumer),
    );
    assert_eq!(taken.await.unwrap().unwrap().unwrap().inputs, 1);
    assert!(place.said("ana", id).await[1].starts_with("paused since"));
}
