//! Intake: what is accepted, what is refused, and in which words.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::{
    ids::InputId,
    value::{Map, Value},
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
fn refusals_say_what_is_wrong() {
    let long = "x".repeat(257);
    let table = [
        (
            json!([]),
            "wrong_type",
            "an event must be a JSON object, found a list",
        ),
        (with("type", Json::Null), "missing", "`type` is missing"),
        (
            with("type", json!("trakc")),
            "unknown_type",
            "`type` must be one of `track`, `identify`, `page`, `screen`",
        ),
        (
            with("type", json!("alias")),
            "unsupported_type",
            "`alias` is not supported yet",
        ),
        (
            with("type", json!("group")),
            "unsupported_type",
            "`group` is not supported yet",
        ),
        (
            with("messageId", Json::Null),
            "missing",
            "`messageId` is missing",
        ),
        (
            with("messageId", json!("")),
            "empty",
            "`messageId` is empty",
        ),
        (
            with("messageId", json!(7)),
            "wrong_type",
            "`messageId` must be a text, found a number",
        ),
        (
            with("userId", json!(7)),
            "wrong_type",
            "`userId` must be a text, found a number",
        ),
        (
            with("userId", Json::Null),
            "missing",
            "`userId` is missing, and so is `anonymousId`; an event belongs to a customer",
        ),
        (
            with("userId", json!(long)),
            "too_long",
            "`userId` is 257 bytes long; at most 256 are accepted",
        ),
        (
            with("userId", json!("a\nb")),
            "control_character",
            "`userId` holds a control character",
        ),
        (
            with("userId", json!("a\0b")),
            "nul_character",
            "`userId` holds a NUL character (\\u0000), which cannot be kept",
        ),
        (with("event", Json::Null), "missing", "`event` is missing"),
        (
            with("event", json!("x".repeat(129))),
            "too_long",
            "`event` is 129 bytes long; at most 128 are accepted",
        ),
        (
            with("properties", json!([1])),
            "wrong_type",
            "`properties` must be an object, found a list",
        ),
        (
            with("context", json!("x")),
            "wrong_type",
            "`context` must be an object, found a text",
        ),
        (
            with("context", json!({"traits": true})),
            "wrong_type",
            "`context.traits` must be an object, found true or false",
        ),
        (
            with("properties", json!({"items": [{"name": "a\0"}]})),
            "nul_character",
            "`properties.items[0].name` holds a NUL character (\\u0000), which cannot be kept",
        ),
        (
            with("properties", json!({"a\0b": 1})),
            "nul_character",
            "`properties.a\u{fffd}b` holds a NUL character (\\u0000), which cannot be kept",
        ),
        (
            with("properties", json!({"a": nested(32)})),
            "too_deep",
            "the event nests more than 32 lists and maps into one another",
        ),
        (
            with("properties", json!({"a": vec![1; 1_000]})),
            "too_many_fields",
            "the event has more than 1000 fields and list items",
        ),
        (
            with("timestamp", json!("yesterday")),
            "bad_timestamp",
            "`timestamp` is not a date and time with an offset (RFC 3339), such as 2026-03-14T09:26:53Z",
        ),
        (
            with("timestamp", json!("2026-03-14T09:00:00")),
            "bad_timestamp",
            "`timestamp` is not a date and time with an offset (RFC 3339), such as 2026-03-14T09:26:53Z",
        ),
        (
            with("timestamp", json!("1969-12-31T23:59:59Z")),
            "before_1970",
            "`timestamp` is before 1970",
        ),
        (
            with("timestamp", json!("2026-03-14T10:26:53.123456789Z")),
            "from_the_future",
            "`timestamp` is 1h ahead of the clock; at most 10m are accepted",
        ),
        (
            cloud("specversion", json!("0.3")),
            "unsupported_version",
            "`specversion` must be `1.0`, the version of CloudEvents that is understood here",
        ),
        (cloud("id", Json::Null), "missing", "`id` is missing"),
        (
            cloud("source", Json::Null),
            "missing",
            "`source` is missing",
        ),
        (cloud("type", Json::Null), "missing", "`type` is missing"),
        (
            cloud("subject", Json::Null),
            "missing",
            "`subject` is missing, and so is `data.userId`; an event belongs to a customer",
        ),
        (
            cloud("time", json!(12)),
            "wrong_type",
            "`time` must be a text, found a number",
        ),
        (
            cloud("data", json!("x")),
            "wrong_type",
            "`data` must be an object, found a text",
        ),
        (
            cloud("data_base64", json!("eA==")),
            "unsupported_data",
            "`data_base64` is not accepted; `data` must be a JSON object",
        ),
        (
            cloud("datacontenttype", json!("text/xml")),
            "unsupported_data",
            "`datacontenttype` must be `application/json`",
        ),
        (
            cloud("data", json!({"context": {"traits": 1}})),
            "wrong_type",
            "`data.context.traits` must be an object, found a number",
        ),
    ];
    for (body, code, sentence) in table {
        let refused = refusal(&body);
        assert_eq!(
            (refused.code, refused.to_string().as_str()),
            (code, sentence)
        );
    }
}

#[test]
fn bodies_that_are_no_json_are_refused_with_the_place() {
    let huge = br#"{"type":"track","properties":{"n":1e999}}"#;
    let table: [(&[u8], &str, &str); 6] = [
        (b"", "not_json", "the body is empty"),
        (
            b"{\n  nope",
            "not_json",
            "the body is not JSON: key must be a string at line 2 column 3",
        ),
        (
            b"{} {}",
            "not_json",
            "the body is not JSON: trailing characters at line 1 column 4",
        ),
        (
            b"{\"a\":\"\xff\"}",
            "not_utf8",
            "the body is not UTF-8 text, from byte 6 on",
        ),
        (
            huge,
            "number_out_of_range",
            "the body holds a number out of range at line 1 column 39",
        ),
        (
            &[b'['; 5_000],
            "too_deep",
            "the event nests more than 32 lists and maps into one another",
        ),
    ];
    for (body, code, sentence) in table {
        let refused = parse(body, now()).unwrap_err();
        assert_eq!(
            (refused.code, refused.to_string().as_str()),
            (code, sentence)
        );
    }
    let refused = parse(&vec![b' '; MAX_BODY + 1], now()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the body has 1048577 bytes; at most 1048576 are accepted"
    );
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
    let refused = parse_value(json!({}), Some(SegmentCall::Alias), now()).unwrap_err();
    assert_eq!(refused.code, "unsupported_type");
}

#[test]
fn one_bad_event_of_a_batch_stands_alone() {
    let items = json!([
        with("userId", json!("bob")),
        with("userId", json!(1)),
        cloud("id", json!("9"))
    ]);
    for body in [json!({"batch": items, "sentAt": "x"}), items] {
        let read = parse_batch(body.to_string().as_bytes(), now()).unwrap();
        assert_eq!(read.len(), 3);
        assert_eq!(&*read[0].as_ref().unwrap().event.customer, "bob");
        assert_eq!(read[1].as_ref().unwrap_err().code, "wrong_type");
        assert_eq!(&*read[2].as_ref().unwrap().event.source, "/shop");
    }
}

#[test]
fn batches_are_refused_as_a_whole_where_they_are_none() {
    let many = json!(vec![0; 1_001]);
    let table = [
        (json!({}), "`batch` is missing"),
        (
            json!({"batch": 1}),
            "`batch` must be a list, found a number",
        ),
        (
            json!(1),
            "a batch must be a list of events or an object with `batch`, found a number",
        ),
        (many, "`batch` has 1001 events; at most 1000 are accepted"),
    ];
    for (body, sentence) in table {
        let refused = parse_batch(body.to_string().as_bytes(), now()).unwrap_err();
        assert_eq!(refused.to_string(), sentence);
    }
}

#[test]
fn a_long_field_name_is_cut_in_the_sentence() {
    let refused = refusal(&with("properties", json!({"n".repeat(5_000): "\0"})));
    assert!(refused.message.len() < 200, "{}", refused.message);
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>()
            .prop_filter("finite", |f| f.is_finite())
            .prop_map(Value::Float),
        "[^\\x00]{0,12}".prop_map(Value::text),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|l| Value::List(l.into())),
            prop::collection::vec(("[^\\x00]{0,8}", inner), 0..4).prop_map(Value::map),
        ]
    })
}

fn maps() -> impl Strategy<Value = Map> {
    let names = prop_oneof![
        "[a-z_]{1,8}",
        Just("context".to_owned()),
        Just("name".to_owned())
    ];
    prop::collection::btree_map(names.prop_map(Into::into), values(), 0..5)
}

fn events() -> impl Strategy<Value = Event> {
    let names = prop_oneof![
        Just("identify".to_owned()),
        Just("page".to_owned()),
        Just("screen".to_owned()),
        Just("track".to_owned()),
        "[a-z.é]{1,20}",
    ];
    let sources = prop_oneof![Just(String::new()), "/[a-z]{1,10}"];
    let at = 0..1_773_480_000_000_000_i64;
    (
        "[^\\p{Cc}]{1,20}",
        names,
        at,
        maps(),
        maps(),
        "[!-~]{1,20}",
        sources,
    )
        .prop_map(
            |(customer, name, at, properties, traits, message_id, source)| Event {
                customer: customer.into(),
                name: name.into(),
                at: Timestamp::from_microsecond(at).unwrap(),
                properties: Value::map(properties),
                traits,
                message_id: message_id.into(),
                source: source.into(),
            },
        )
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(event in events()) {
        // The image of `parse`: the first reading settles what CloudEvents keep under `context`.
        let once = parse(&to_json(&event), now()).unwrap();
        if event.source.is_empty() {
            prop_assert_eq!(&once.event, &event);
        }
        let again = parse(&to_json(&once.event), now()).unwrap();
        prop_assert_eq!(again, once);
    }

    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&body, now());
        let _ = parse_batch(&body, now());
    }

    #[test]
    fn no_json_makes_it_panic(value in values(), field in "specversion|type|userId|properties|data|time|timestamp|context|id") {
        let json = Json::from(&value);
        let _ = parse_value(json.clone(), None, now());
        let _ = parse_value(with(&field, json.clone()), None, now());
        let _ = parse_value(cloud(&field, json), Some(SegmentCall::Page), now());
    }
}
