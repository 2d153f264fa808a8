//! Turns: each input once, caps exact, timers in time, whoever works at it.

mod caps;
mod fatigue;
mod lanes;
mod stop;
mod together;
mod workspaces;

use std::sync::Arc;

use bytes::Bytes;
use engine::Engine;
use jiff::Timestamp;
use parcours_tests::kit::events;
use serde_json::json;

/// An event without fields.
pub fn event(customer: &str, name: &str, id: &str) -> Bytes {
    events::track(customer, name, id, &json!({}))
}

/// Makes customers `PREFIX0`, `PREFIX1`, … whom marketing may write to.
async fn customers(
    engine: &Arc<Engine>,
    prefix: &str,
    count: usize,
    now: Timestamp,
) -> Vec<String> {
    let names: Vec<String> = (0..count).map(|n| format!("{prefix}{n}")).collect();
    let bodies: Vec<Bytes> = names.iter().flat_map(|n| events::arrival_of(n)).collect();
    assert_eq!(events::take(engine, &bodies, now).await, 2 * count);
    names
}
