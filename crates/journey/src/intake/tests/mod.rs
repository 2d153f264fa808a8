//! Intake: what is accepted, and what it becomes.

mod laws;
mod refusals;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::*;
use crate::{
    ids::InputId,
    machine::SUPPORT_ACTION,
    merge::{INTO, MERGE},
    value::Value,
};

fn now() -> Timestamp {
    "2026-03-14T09:26:53.123456789Z".parse().unwrap()
}

fn read(body: &Json) -> Event {
    parse(body.to_string().as_bytes(), now()).unwrap().event
}

fn refusal(body: &Json) -> Refused {
    parse(body.to_string().as_bytes(), now()).unwrap_err()
}

/// A good track body with `field` set to `value`.
fn with(field: &str, value: Json) -> Json {
    let mut body = json!({
        "type": "track", "messageId": "m1", "userId": "ada", "event": "cart.updated",
        "timestamp": "2026-03-14T09:00:00Z", "properties": {"total": 50},
    });
    body[field] = value;
    body
}

/// A good CloudEvent with `field` set to `value`.
fn cloud(field: &str, value: Json) -> Json {
    let mut body = json!({
        "specversion": "1.0", "id": "1", "source": "/shop", "type": "order.placed",
        "subject": "ada", "data": {"total": 50},
    });
    body[field] = value;
    body
}

/// `depth` lists within one another.
fn nested(depth: usize) -> Json {
    (0..depth).fold(Json::Null, |inner, _| json!([inner]))
}

#[test]
fn a_track_body_becomes_an_event() {
    let body = with(
        "context",
        json!({"traits": {"plan": "gold", "vat": null}, "ip": "::1"}),
    );
    let parsed = parse(body.to_string().as_bytes(), now()).unwrap();
    assert_eq!(parsed.id, InputId::of_event("", "m1"));
    let event = parsed.event;
    assert_eq!((&*event.customer, &*event.name), ("ada", "cart.updated"));
    assert_eq!(event.at.to_string(), "2026-03-14T09:00:00Z");
    assert_eq!(event.properties, Value::map([("total", Value::Int(50))]));
    assert_eq!(event.traits["plan"], Value::text("gold"));
    assert_eq!(event.traits["vat"], Value::Null, "null forgets a trait");
    assert_eq!((&*event.message_id, &*event.source), ("m1", ""));
}

#[test]
fn identify_page_and_screen_have_their_own_names() {
    let identify = json!({"type": "identify", "messageId": "m", "userId": "ada",
        "traits": {"email": "ada@example.com"}});
    let event = read(&identify);
    assert_eq!(&*event.name, "identify");
    assert_eq!(event.traits["email"], Value::text("ada@example.com"));
    assert_eq!(
        event.at,
        micros(now()),
        "no timestamp: the clock, in microseconds"
    );
    for call in ["page", "screen"] {
        let event = read(
            &json!({"type": call, "messageId": "m", "anonymousId": "a-1",
            "name": "Home", "properties": {"path": "/"}}),
        );
        assert_eq!((&*event.name, &*event.customer), (call, "a-1"));
        let expected = [("name", Value::text("Home")), ("path", Value::text("/"))];
        assert_eq!(event.properties, Value::map(expected));
    }
}

#[test]
fn a_cloudevent_becomes_an_event() {
    let parsed = parse(
        cloud("time", json!("2026-03-14T09:00:00+01:00"))
            .to_string()
            .as_bytes(),
        now(),
    );
    let parsed = parsed.unwrap();
    assert_eq!(parsed.id, InputId::of_event("/shop", "1"));
    assert_eq!(&*parsed.event.name, "order.placed");
    assert_eq!(parsed.event.at.to_string(), "2026-03-14T08:00:00Z");
    let mut body = cloud(
        "data",
        json!({"userId": "bob", "context": {"traits": {"a": 1}, "b": 2}}),
    );
    body["subject"] = Json::Null;
    let event = read(&body);
    assert_eq!(&*event.customer, "bob");
    assert_eq!(event.traits["a"], Value::Int(1));
    assert_eq!(event.properties.at(&["context", "b"]), Value::Int(2));
    assert!(event.properties.at(&["context", "traits"]).is_null());
}

#[test]
fn traits_of_something_else_are_no_traits_of_the_customer() {
    let event = read(&cloud("data", json!({"traits": {"colour": "black"}})));
    assert!(event.traits.is_empty());
    assert_eq!(
        event.properties.at(&["traits", "colour"]),
        Value::text("black")
    );
}

#[test]
fn user_ids_come_before_anonymous_ones_and_timestamps_before_the_original() {
    let mut body = with("anonymousId", json!("a-1"));
    body["originalTimestamp"] = json!("2026-03-01T00:00:00Z");
    let event = read(&body);
    assert_eq!(&*event.customer, "ada");
    assert_eq!(event.at.to_string(), "2026-03-14T09:00:00Z");
    body["userId"] = Json::Null;
    body["timestamp"] = Json::Null;
    let event = read(&body);
    assert_eq!(&*event.customer, "a-1");
    assert_eq!(event.at.to_string(), "2026-03-01T00:00:00Z");
}

#[test]
fn instants_are_cut_to_microseconds() {
    let event = read(&with("timestamp", json!("2026-03-14T09:00:00.123456789Z")));
    assert_eq!(event.at.to_string(), "2026-03-14T09:00:00.123456Z");
    let parsed = parse(with("type", json!("track")).to_string().as_bytes(), now()).unwrap();
    assert_eq!(
        input(parsed, now()).now.to_string(),
        "2026-03-14T09:26:53.123456Z"
    );
}

#[test]
fn ten_minutes_ahead_is_accepted_and_no_more() {
    let at = |ahead: SignedDuration| with("timestamp", json!((now() + ahead).to_string()));
    read(&at(MAX_AHEAD));
    let refused = refusal(&at(MAX_AHEAD + SignedDuration::from_secs(1)));
    assert_eq!(refused.code, "from_the_future");
}

#[test]
fn limits_are_reached_but_not_passed() {
    read(&with("properties", json!({"a": nested(31)})));
    read(&with("properties", json!({"a": vec![1; 999]})));
    read(&with("userId", json!("é".repeat(128))));
    read(&with("context", json!({"device": vec!["x"; 2_000]})));
}

#[test]
fn of_a_key_given_twice_the_last_one_counts() {
    let body = br#"{"type":"track","messageId":"m","userId":"ada","userId":"bob","event":"e"}"#;
    assert_eq!(&*parse(body, now()).unwrap().event.customer, "bob");
}

#[test]
fn numbers_keep_their_kind() {
    let body = br#"{"type":"track","messageId":"m","userId":"a","event":"e","properties":
        {"i":9223372036854775807,"u":18446744073709551615,"f":1.0,"x":0.1}}"#;
    let event = parse(body, now()).unwrap().event;
    let field = |name| event.properties.field(name);
    assert_eq!(field("i"), Value::Int(i64::MAX));
    assert_eq!(field("u"), Value::Float(18_446_744_073_709_551_615.0));
    assert_eq!(
        (field("f"), field("x")),
        (Value::Float(1.0), Value::Float(0.1))
    );
}

#[test]
fn the_address_gives_the_call() {
    let body = json!({"messageId": "m", "userId": "ada", "traits": {"a": 1}});
    let parsed = parse_value(body, Some(SegmentCall::Identify), now()).unwrap();
    assert_eq!(&*parsed.event.name, "identify");
    let body = with("type", json!("page"));
    let refused = parse_value(body, Some(SegmentCall::Track), now()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "`type` is `page`, but this address takes `track`"
    );
    let refused = parse_value(json!({}), Some(SegmentCall::Group), now()).unwrap_err();
    assert_eq!(refused.code, "unsupported_type");
}

#[test]
fn alias_is_of_the_customer_who_goes() {
    let body = json!({"type": "alias", "messageId": "m", "userId": "ada", "previousId": "anon-7",
        "traits": {"a": 1}, "properties": {"by": "somebody else"}});
    let event = parse_value(body, None, now()).unwrap().event;
    assert_eq!((&*event.customer, &*event.name), ("anon-7", MERGE));
    let said = Value::map([("by", Value::text("alias")), (INTO, Value::text("ada"))]);
    assert_eq!(event.properties, said);
    assert!(event.traits.is_empty());
    // As it is passed on, and read again.
    assert_eq!(parse(&to_json(&event), now()).unwrap().event, event);
    let itself = json!({"messageId": "m", "userId": "ada", "previousId": "ada"});
    let refused = parse_value(itself, Some(SegmentCall::Alias), now()).unwrap_err();
    assert_eq!(
        (refused.code, refused.field.as_deref()),
        ("itself", Some("previousId"))
    );
}

#[test]
fn producers_do_not_make_up_what_people_have_done() {
    for name in [MERGE, SUPPORT_ACTION] {
        assert_eq!(reserved(name).unwrap().code, "reserved_event");
    }
    assert_eq!(reserved("customer.restricted"), None);
}
