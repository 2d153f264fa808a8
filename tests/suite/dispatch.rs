//! Dispatch: each message leaves once, is tried again within bounds, or ends with a reason.

mod circuit;
mod endings;
mod failover;
mod hangs;
mod kept;
mod leases;
mod mail;
mod rates;
mod retries;

use std::{sync::Arc, time::Duration};

use channels::{AdapterSettings, Channels, Failover, Providers, WebhookSettings};
use engine::{Dispatched, Engine, Roles};
use jiff::{SignedDuration, Timestamp};
use journey::failure::Failure;
use parcours_tests::kit::{self, Provider, Rig, Workspace, events};
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

/// Text messages go by these providers, the first is preferred.
fn by(providers: Vec<WebhookSettings>, failover: Failover) -> Arc<Channels> {
    let all = providers.into_iter().map(AdapterSettings::Webhook);
    let settings = channels::Settings {
        sms: Providers(all.collect()),
        failover,
        ..channels::Settings::default()
    };
    Arc::new(Channels::new(&settings).unwrap())
}

/// Queues a text message to each of so many customers.
async fn queue(engine: &Arc<Engine>, messages: usize, now: Timestamp) {
    let mut bodies = Vec::new();
    for n in 0..messages {
        let name = format!("c{n}");
        bodies.extend(events::arrival_of(&name));
        bodies.push(events::track(&name, "a", &name, &json!({})));
    }
    events::take(engine, &bodies, now).await;
}

/// Dispatch as a process runs it, until it is told to stop.
struct Running {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    fn start(engine: &Arc<Engine>) -> Self {
        let (engine, stop) = (engine.clone(), CancellationToken::new());
        let stopped = stop.clone();
        let roles = Roles {
            intake: false,
            timers: false,
            dispatch: true,
        };
        let task = tokio::spawn(async move { engine.run(None, roles, stopped).await.unwrap() });
        Self { stop, task }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

/// Waits until the database counts so many messages.
async fn until(rig: &Rig, messages: i64, query: &'static str) {
    kit::eventually(Duration::from_secs(30), query, async || {
        rig.count(query).await == messages
    })
    .await;
}

const SENT: &str = "select count(*) from message where status = 'sent'";

/// Nothing is lost and nothing doubled: what stands as sent in the database was taken by exactly one
/// of the providers.
async fn nothing_is_lost_or_doubled(rig: &Rig, providers: &[&Provider], messages: usize) {
    assert_eq!(rig.count(SENT).await, i64::try_from(messages).unwrap());
    let mut taken: Vec<String> = Vec::new();
    for provider in providers {
        taken.extend(provider.taken().into_iter().map(|post| post.key));
    }
    assert_eq!(taken.len(), messages, "taken by somebody");
    taken.sort();
    taken.dedup();
    assert_eq!(taken.len(), messages, "taken once");
}
