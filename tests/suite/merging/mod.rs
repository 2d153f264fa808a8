//! Two customers who turn out to be one person: what is decided, delivered and read, over a real PostgreSQL.

mod browser;
mod caps;
mod circles;
mod delivery;
mod http;
mod rights;

use std::sync::Arc;

use bytes::Bytes;
use engine::Engine;
use jiff::Timestamp;
use journey::{customer::Ledger, ids::CustomerId, value::Map};
use parcours_tests::kit::{self, Rig, Workspace, events};
use serde_json::{Value, json};

/// A shop with one letter a week, and a journey that waits.
fn shop() -> Workspace {
    Workspace::new()
        .policies(
            "caps: [ { name: week, purpose: marketing, max: 1, per: 7d, window: rolling, capped: skip } ]\n",
        )
        .journey(
            "letter",
            "purpose: marketing
enter: { event: wants }
steps: [ { id: s, send: sms, template: hello }, { wait: 1h } ]
",
        )
        .journey(
            "tea",
            "purpose: marketing
enter: { event: tea }
steps: [ { wait: 5d } ]
",
        )
}

async fn rig() -> (Rig, Arc<Engine>) {
    let rig = Rig::new(&shop()).await;
    let engine = rig.engine(kit::quick()).await;
    (rig, engine)
}

/// Segment's call by which `who` turns out to be `into`.
fn alias(who: &str, into: &str) -> Bytes {
    let body = json!({ "type": "alias", "previousId": who, "userId": into, "messageId": format!("{who}-is-{into}") });
    body.to_string().into()
}

fn event(who: &str, name: &str, id: &str) -> Bytes {
    events::track(who, name, id, &json!({}))
}

async fn take(engine: &Engine, bodies: &[Bytes]) -> usize {
    events::take(engine, bodies, Timestamp::now()).await
}

/// Delivers until nothing is left.
async fn deliver(engine: &Engine) -> usize {
    let mut delivered = 0;
    loop {
        let round = engine.forwards_once().await.expect("it is delivered");
        if round.leased == 0 {
            return delivered;
        }
        delivered += round.delivered;
    }
}

async fn profile(rig: &Rig, who: &str) -> (Map, Ledger) {
    let view = rig.reader().customer(who).await.unwrap();
    let view = view.unwrap_or_else(|| panic!("{who} is there"));
    (view.row.traits, view.ledger)
}

/// What was said of a customer's inputs, oldest first.
async fn told(rig: &Rig, who: &str) -> Vec<String> {
    let inputs = rig.store.inputs(CustomerId::of(who), 1_000).await.unwrap();
    let lines = inputs.into_iter().flat_map(|(_, lines)| lines);
    lines.map(|line| line.fact.sentence()).collect()
}

async fn waiting(rig: &Rig) -> i64 {
    rig.count("select count(*) from forward").await
}

fn identify(who: &str, traits: &Value) -> Bytes {
    events::identify(who, &format!("{who}-{traits}"), traits)
}
