//! What holds for every event and for every body.

use proptest::prelude::*;

use super::{super::*, Json, cloud, now, with};
use crate::value::{Map, Value};

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
    let fields = prop::collection::btree_map(names.prop_map(Into::into), values(), 0..5);
    fields.prop_map(Map::from_iter)
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
    }

    #[test]
    fn no_json_makes_it_panic(value in values(), field in "specversion|type|userId|properties|data|time|timestamp|context|id") {
        let json = Json::from(&value);
        let _ = parse_value(json.clone(), None, now());
        let _ = parse_value(with(&field, json.clone()), None, now());
        let _ = parse_value(cloud(&field, json), Some(SegmentCall::Page), now());
    }
}
