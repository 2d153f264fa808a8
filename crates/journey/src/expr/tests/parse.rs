use super::{brief, expr, problems};
use crate::{
    expr::{Expr, Root, parse_duration},
    value::Value,
};

#[test]
fn mistakes_of_form_are_reported_once_with_their_place_and_cure() {
    for (source, expected) in [
        ("", "J201||"),
        ("   ", "J201|   |"),
        ("event.total = 5", "J202|=|=="),
        ("event.total => 5", "J203|=>|>="),
        ("event.total =< 5", "J203|=<|<="),
        ("event.total <> 5", "J203|<>|!="),
        ("event.a & event.b", "J203|&|and"),
        ("event.a | event.b", "J203|||or"),
        ("event.a ? 1 : 2", "J204|?|"),
        ("(event.a", "J205|(|"),
        ("event.a in [1, 2", "J205|[|"),
        ("size(event.a", "J205|(|"),
        ("event.a)", "J205|)|"),
        ("event.a == \"FR", "J206|\"FR|"),
        ("event.a == 'it\\q'", "J206|\\q|"),
        ("event.a == “FR”", "J201|“|\"FR\""),
        ("event.a ≥ 3", "J201|≥|>="),
        ("event.a AND event.b", "J201|AND|and"),
        ("event.a is 3", "J201|is|=="),
        ("event.a event.b", "J201|event|"),
        ("event.a == 3 4", "J201|4|"),
        ("event.a ==", "J201|==|"),
        ("event.a == and", "J201|and|"),
        ("event.", "J201|.|"),
        ("event.items.0", "J201|.0|[0]"),
        ("{}", "J201|{|"),
        ("siz(event.a)", "J207|siz|size"),
        ("event.a.starts_with('x')", "J207|starts_with|startsWith"),
        ("event.a.len()", "J207|len|size"),
        ("size(event.a, event.b)", "J208|size|"),
        ("event.a.contains()", "J208|contains|"),
        ("event.a.exists(3 > 2)", "J208|exists|"),
        ("event.a.exists(event, event > 2)", "J208|event|"),
        ("has(3)", "J208|has|"),
        ("now - event.at > 30min", "J210|30min|30m"),
        ("now - event.at > 2days", "J210|2days|2d"),
        ("now - event.at > 1.5h", "J210|1.5h|"),
        ("now - event.at > 99999d", "J210|99999d|"),
        ("event.a == 3x", "J210|3x|"),
        ("1 < event.a < 5", "J211|<|"),
        ("evnt.total > 3", "J110|evnt|event"),
        ("Customer.vip", "J110|Customer|customer"),
        ("customer.country == FR", "J110|FR|\"FR\""),
        ("customer.first-name == 'A'", "J110|name|"),
    ] {
        assert_eq!(brief(source, &problems(source)), [expected], "{source}");
    }
}

#[test]
fn all_mistakes_are_reported_in_one_go() {
    let source = "evnt.total = 5 and siz(custmer.x) => 3";
    assert_eq!(
        brief(source, &problems(source)),
        [
            "J110|evnt|event",
            "J202|=|==",
            "J110|custmer|customer",
            "J207|siz|size",
            "J203|=>|>="
        ]
    );
}

#[test]
fn a_name_with_a_hyphen_and_a_bare_word_are_explained() {
    let hyphen = problems("customer.first-name").remove(0);
    assert!(hyphen.notes[0].contains("customer[\"first-name\"]"));
    let bare = problems("customer.country == FR").remove(0);
    assert!(bare.notes[0].contains("\"FR\""));
}

#[test]
fn length_and_depth_have_a_limit() {
    let long = format!("event.a == '{}'", "x".repeat(9_000));
    assert_eq!(problems(&long)[0].code, "J209");
    for deep in [
        format!("{}true{}", "(".repeat(65), ")".repeat(65)),
        format!("{}true", "not ".repeat(200)),
        format!("{}1", "-".repeat(4_000)),
        format!("1{}", " + 1".repeat(1_000)),
        format!("event.a{}", ".lower()".repeat(500)),
        format!("{}1{}", "[".repeat(2_000), "]".repeat(2_000)),
    ] {
        assert_eq!(problems(&deep)[0].code, "J209", "{deep}");
    }
    // A long list of alternatives is not deep.
    expr(&format!("event.a == 0{}", " or event.a == 1".repeat(400)));
    expr(&format!("{}true{}", "(".repeat(50), ")".repeat(50)));
}

#[test]
fn paths_are_listed_with_their_places() {
    let source =
        "event.items.exists(i, i.price > run.event.total) and customer[\"first name\"] == now";
    let paths = expr(source).paths();
    let found: Vec<_> = paths
        .iter()
        .map(|(root, names, span)| (*root, names.join("/"), &source[span.clone()]))
        .collect();
    assert_eq!(
        found,
        [
            (Root::Event, "items".to_owned(), "event.items"),
            (Root::Run, "event/total".to_owned(), "run.event.total"),
            (
                Root::Customer,
                "first name".to_owned(),
                "customer[\"first name\"]"
            ),
            (Root::Now, String::new(), "now"),
        ]
    );
}

#[test]
fn an_expression_is_saved_as_its_text() {
    let parsed = expr("event.a in [1, 2]");
    let json = serde_json::to_string(&parsed).unwrap();
    assert_eq!(json, "\"event.a in [1, 2]\"");
    assert_eq!(serde_json::from_str::<Expr>(&json).unwrap(), parsed);
    assert!(serde_json::from_str::<Expr>("\"event.a =\"").is_err());
    assert_ne!(parsed, expr("event.a in [1,2]"));
}

#[test]
fn durations_are_whole_numbers_with_units_from_large_to_small() {
    for (text, seconds) in [
        ("30m", Some(1_800)),
        ("2d", Some(172_800)),
        ("1w", Some(604_800)),
        ("1h30m", Some(5_400)),
        ("90s", Some(90)),
        ("", None),
        ("30", None),
        ("30m1h", None),
        ("1.5h", None),
        ("m", None),
        ("3é", None),
        ("99999999999999999999s", None),
        ("9223372036854775807w", None),
    ] {
        let found = parse_duration(text).map(|d| d.as_secs());
        assert_eq!(found, seconds, "{text}");
    }
}

#[test]
fn lists_of_literals_are_built_once() {
    struct Nothing;
    impl crate::expr::Scope for Nothing {
        fn look_up(&self, _: Root, _: &[std::sync::Arc<str>]) -> Value {
            Value::Null
        }
    }
    let list = expr("[1, -2, 'x']");
    let (Value::List(a), Value::List(b)) = (list.eval(&Nothing), list.eval(&Nothing)) else {
        panic!("a list");
    };
    assert!(std::sync::Arc::ptr_eq(&a, &b));
}

#[test]
fn an_item_that_is_counted_by_a_dot_is_marked_from_its_dot_on() {
    for (source, marked, cured) in [
        ("run.items.0", ".0", "run.items[0]"),
        ("run.items. 0 == 1", ". 0", "run.items[0] == 1"),
        (
            "run.items.\u{2006}0 == 1",
            ".\u{2006}0",
            "run.items[0] == 1",
        ),
    ] {
        let problems = Expr::parse(source).expect_err("no such name");
        let problem = &problems[0];
        assert_eq!(&source[problem.span.clone()], marked);
        let (span, text) = problem.replacement.clone().expect("a cure");
        let mut whole = source.to_owned();
        whole.replace_range(span, &text);
        assert_eq!(whole, cured);
    }
}
