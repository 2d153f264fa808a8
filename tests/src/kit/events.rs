//! Events as producers send them, and as the turn takes them.

use bytes::Bytes;
use engine::Engine;
use jiff::Timestamp;
use journey::{
    ids::CustomerId,
    intake::{self, Parsed},
};
use serde_json::{Value, json};
use store::Arrival;

/// A `track` call of Segment's.
#[must_use]
pub fn track(customer: &str, event: &str, id: &str, properties: &Value) -> Bytes {
    let body = json!({
        "type": "track", "userId": customer, "event": event, "messageId": id,
        "properties": properties,
    });
    body.to_string().into()
}

/// The same with the time at which it happened.
#[must_use]
pub fn track_at(customer: &str, event: &str, id: &str, at: Timestamp) -> Bytes {
    let body = json!({
        "type": "track", "userId": customer, "event": event, "messageId": id,
        "timestamp": at.to_string(),
    });
    body.to_string().into()
}

/// An `identify` call of Segment's.
#[must_use]
pub fn identify(customer: &str, id: &str, traits: &Value) -> Bytes {
    let body = json!({
        "type": "identify", "userId": customer, "messageId": id, "traits": traits,
    });
    body.to_string().into()
}

/// What makes a customer reachable by text message and e-mail, with consent to marketing.
#[must_use]
pub fn arrival_of(customer: &str) -> Vec<Bytes> {
    let digits = CustomerId::of(customer).0.as_u128() % 100_000_000;
    let traits = json!({
        "phone": format!("+336{digits:08}"),
        "email": format!("{customer}@customer.example"),
        "first_name": customer,
    });
    let consent = json!({ "purpose": "marketing", "confirmed": true });
    vec![
        identify(customer, &format!("{customer}-traits"), &traits),
        track(
            customer,
            "consent.granted",
            &format!("{customer}-consent"),
            &consent,
        ),
    ]
}

/// Takes bodies straight into the turn, each at the time `now`. Returns how many took effect.
///
/// # Panics
/// One of them is refused, or the database fails.
pub async fn take(engine: &Engine, bodies: &[Bytes], now: Timestamp) -> usize {
    let arrivals = bodies.iter().map(|body| arrival(body, now)).collect();
    let decided = engine.turn(arrivals).await.expect("the turn is taken");
    assert!(decided.rejected.is_empty(), "{:?}", decided.rejected);
    decided.inputs
}

/// One body as the turn wants it, taken in at `now`.
///
/// # Panics
/// It is refused.
#[must_use]
pub fn arrival(body: &[u8], now: Timestamp) -> Arrival {
    let parsed: Parsed = intake::parse(body, now).expect("the event is well formed");
    let key = parsed.event.customer.clone();
    Arrival {
        customer: CustomerId::of(&key),
        key,
        input: intake::input(parsed, now),
    }
}
