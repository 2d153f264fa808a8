//! Versions (rules 51 to 54, promise 7): what becomes of customers in flight when a workspace is
//! published over one that runs.

mod apply;
mod news;
mod passing;
mod pausing;
mod processes;

use std::sync::Arc;

use bytes::Bytes;
use engine::{Engine, Order};
use jiff::{SignedDuration, Timestamp};
use parcours_tests::kit::{Rig, Workspace, events};
use serde_json::json;

/// A journey `wait` with that head and steps, in the service purpose.
fn journey(head: &str, steps: &str) -> Workspace {
    let text = format!(
        "purpose: service\nenter: {{ event: start, again: always }}\n{head}steps:\n{steps}"
    );
    Workspace::new().journey("demo", &text)
}

fn now() -> Timestamp {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

fn later(hours: i64) -> Timestamp {
    now() + SignedDuration::from_hours(hours)
}

/// An event without fields.
fn event(customer: &str, name: &str, id: &str) -> Bytes {
    events::track(customer, name, id, &json!({}))
}

/// Customers `c0`, `c1`, … who can be reached and have started.
async fn started(engine: &Arc<Engine>, count: usize) {
    let names: Vec<String> = (0..count).map(|n| format!("c{n}")).collect();
    for names in names.chunks(250) {
        let mut bodies = Vec::new();
        for name in names {
            bodies.extend(events::arrival_of(name));
            bodies.push(event(name, "start", &format!("{name}-start")));
        }
        events::take(engine, &bodies, now()).await;
    }
}

/// Carries orders out at that time until there is nothing more to do now. Returns how many passed.
async fn pass_all(engine: &Engine, at: Timestamp) -> u64 {
    let mut runs = 0;
    loop {
        let passed = engine.passages_once(at).await.unwrap();
        runs += passed.runs;
        if !passed.looked {
            return runs;
        }
    }
}

/// How many runs are inside on each version, and how many have left, by reason.
async fn runs(rig: &Rig) -> Vec<String> {
    sqlx::query_scalar(
        "select concat_ws(' ', 'version', m.version, count(*)) from run r
         join machine m on m.id = r.machine where r.left_at is null group by m.version
         union all
         select concat_ws(' ', reason, count(*)) from run_ended group by reason
         order by 1",
    )
    .fetch_all(rig.store.pool())
    .await
    .unwrap()
}

async fn stop(rig: &Rig, workspace: &Workspace, journey: &str) {
    let order = Order {
        stop: vec![Arc::from(journey)],
        over: None,
    };
    let published = engine::publish_as(&rig.store, workspace.files(), &order, Timestamp::now());
    published.await.unwrap();
}
