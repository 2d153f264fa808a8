//! What is refused, and in which words.

use serde_json::{Value as Json, json};

use super::{super::*, cloud, nested, now, refusal, with};

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
            "`type` must be one of `track`, `identify`, `page`, `screen`, `alias`",
        ),
        (
            with("type", json!("alias")),
            "missing",
            "`previousId` is missing",
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
        "the body has 262145 bytes; at most 262144 are accepted"
    );
}

#[test]
fn a_long_field_name_is_cut_in_the_sentence() {
    let refused = refusal(&with("properties", json!({"n".repeat(5_000): "\0"})));
    assert!(refused.message.len() < 200, "{}", refused.message);
}
