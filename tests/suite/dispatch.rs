//! Dispatch: each message leaves once, is tried again within bounds, or ends with a reason.

mod endings;
mod leases;
mod mail;
mod retries;

use std::sync::Arc;

use engine::{Dispatched, Engine};
use jiff::{SignedDuration, Timestamp};
use journey::failure::Failure;
use parcours_tests::kit::{Rig, Workspace, events};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Journeys `a` and `b` that each send on the event of their name; one marketing message a day.
fn workspace(send: &str) -> Workspace {
    let journey = |event: &str| {
        format!(
            "purpose: marketing
enter: {{ event: {event}, again: always }}
steps:
  - {{ id: nudge, {send} }}
  - {{ wait: 30d }}
"
        )
    };
    Workspace::new()
        .policies("caps: [ { name: one, purpose: marketing, max: 1, per: 1d, window: rolling, capped: skip } ]\n")
        .journey("a", &journey("a"))
        .journey("b", &journey("b"))
}

const SMS: &str = "send: sms, template: hello";

/// A minute ago, so that what is decided a little later may leave at once.
fn recently() -> Timestamp {
    Timestamp::now() - SignedDuration::from_mins(1)
}

/// Makes customer `ana`, and has `a` decide a message at `now`.
async fn queue_one(engine: &Arc<Engine>, now: Timestamp) {
    events::take(engine, &events::arrival_of("ana"), now).await;
    happens(engine, "a", now).await;
}

/// An event of Ana's.
async fn happens(engine: &Arc<Engine>, name: &str, now: Timestamp) {
    let body = events::track("ana", name, &format!("{name} {now}"), &json!({}));
    assert_eq!(events::take(engine, &[body], now).await, 1);
}

async fn traits(engine: &Arc<Engine>, traits: &Value, now: Timestamp) {
    let body = events::identify("ana", &format!("t{now}"), traits);
    assert_eq!(events::take(engine, &[body], now).await, 1);
}

async fn dispatch(engine: &Arc<Engine>) -> Dispatched {
    engine
        .dispatch_once(&CancellationToken::new())
        .await
        .unwrap()
}

/// The last error of the only message that has one, as support reads it.
async fn error(rig: &Rig) -> String {
    let kept: String = sqlx::query_scalar("select error from message where error is not null")
        .fetch_one(rig.store.pool())
        .await
        .unwrap();
    Failure::read(&kept).to_string()
}
