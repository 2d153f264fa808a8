//! Notifications, with all that a phone shows.

use serde_json::json;

use super::{render, templates};
use crate::{
    content::{Action, Content, Push},
    message::Channel,
};

const RICH: &str = "title: Votre panier
body: {{ n }} articles
image: https://shop.example/{{ n }}.png
ttl: {{ wait }}
collapse: cart-{{ n }}
actions:
  # What a phone shows as a button.
  - name: buy
    label: \"Acheter : {{ n }}\"
    url: https://shop.example/buy?n={{ n }}
  -   name: later
      label: >
        Plus
        tard
data:
  screen: cart
  cart: \"{{ n }}\"
  note: |
    un
      deux
";

#[test]
fn a_notification_has_buttons_and_data() {
    let templates = templates(&[("t/push.en.yaml", RICH)]);
    let names = templates.variables("t", Channel::Push);
    assert!(names.contains("n") && names.contains("wait"), "{names:?}");
    let push = |wait: &str| {
        let with = json!({"n": 3, "wait": wait});
        render(&templates, Channel::Push, None, with)
    };
    let action = |name: &str, label: &str, url: Option<&str>| Action {
        name: name.into(),
        label: label.into(),
        url: url.map(Into::into),
    };
    let data = [("screen", "cart"), ("cart", "3"), ("note", "un\n  deux")];
    let expected = Content::Push(Push {
        title: "Votre panier".into(),
        body: "3 articles".into(),
        url: None,
        image: Some("https://shop.example/3.png".into()),
        ttl: Some(14_400),
        collapse: Some("cart-3".into()),
        actions: vec![
            action("buy", "Acheter : 3", Some("https://shop.example/buy?n=3")),
            action("later", "Plus tard", None),
        ],
        data: data.map(|(name, value)| (name.into(), value.into())).into(),
    });
    assert_eq!(push("4h"), Ok(expected.clone()));
    assert_eq!(push("14400"), Ok(expected.clone()));
    // What was kept before there was any of it is still read, and what is kept now as well.
    let json = serde_json::to_string(&expected).unwrap();
    assert_eq!(serde_json::from_str::<Content>(&json).unwrap(), expected);
    let old = r#"{"channel":"push","title":"a","body":"b","url":"https://x.example/"}"#;
    let Content::Push(read) = serde_json::from_str(old).unwrap() else {
        panic!("{old}")
    };
    assert_eq!((&*read.title, read.ttl, read.actions.len()), ("a", None, 0));
    assert_eq!(serde_json::to_string(&Content::Push(read)).unwrap(), old);
    let without = Content::Push(Push {
        ttl: None,
        ..match expected {
            Content::Push(push) => push,
            other => panic!("{other:?}"),
        }
    });
    assert_eq!(push(""), Ok(without));
}

#[test]
fn what_providers_would_refuse_of_a_notification_is_told_by_its_line() {
    let push = |text: &str, n: &str| {
        let templates = templates(&[("t/push.en.yaml", text)]);
        let error = render(&templates, Channel::Push, None, json!({"n": n})).unwrap_err();
        (error.line, error.message())
    };
    let ttl = "title: a\nbody: b\nttl: {{ n }}";
    let said = (
        Some(3),
        "`ttl` is no time of up to four weeks, such as 4h".to_owned(),
    );
    for wrong in ["soon", "5w", "-1h", "2419201", "1.5h"] {
        assert_eq!(push(ttl, wrong), said, "{wrong}");
    }
    let key = "title: a\nbody: b\n\ncollapse: {{ n }}";
    let said = (
        Some(4),
        "`collapse` has not 1 to 32 letters, digits, - and _".to_owned(),
    );
    for wrong in ["a b", "é", &"x".repeat(33)] {
        assert_eq!(push(key, wrong), said, "{wrong}");
    }
    let body = "title: a\nbody: \"{{ n }}\"";
    let said = "the notification has 4097 bytes, and providers carry 4096".to_owned();
    let frame = r#"{"channel":"push","title":"a","body":""}"#.len();
    assert_eq!(push(body, &"x".repeat(4_097 - frame)), (None, said));
    let most = json!({"n": "x".repeat(4_096 - frame)});
    let templates = templates(&[("t/push.en.yaml", body)]);
    assert!(render(&templates, Channel::Push, None, most).is_ok());
    let label = "title: a\nbody: b\nactions:\n  - name: x\n    label: \"{{ n }}\"";
    let said = "the label of an action comes out empty".to_owned();
    assert_eq!(push(label, " "), (None, said));
}
