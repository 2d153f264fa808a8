use proptest::prelude::*;
use serde_json::json;

use super::{Facts, Ground, NoGround, Values};
use crate::{
    expr::{
        Expr, Root,
        tests::{Fields, expr},
    },
    value::Value,
};

/// Whether the second condition holds always, never or sometimes, where the first holds.
fn then(first: &str, second: &str) -> &'static str {
    let facts = Facts::default()
        .assume(&expr(first), true, 0, &NoGround)
        .unwrap_or_else(|| panic!("{first} cannot hold"));
    decided(&facts, second)
}

/// The same where the first does not hold.
fn otherwise(first: &str, second: &str) -> &'static str {
    let facts = Facts::default()
        .assume(&expr(first), false, 0, &NoGround)
        .unwrap_or_else(|| panic!("{first} always holds"));
    decided(&facts, second)
}

fn decided(facts: &Facts, condition: &str) -> &'static str {
    let condition = expr(condition);
    let can = |holds| facts.assume(&condition, holds, 1, &NoGround).is_some();
    match (can(true), can(false)) {
        (true, true) => "sometimes",
        (true, false) => "always",
        (false, true) => "never",
        (false, false) => "nonsense",
    }
}

#[test]
fn constants_and_conditions_that_contradict_themselves() {
    for (condition, expected) in [
        ("true", "always"),
        ("1 > 2", "never"),
        ("size('abc') == 3", "always"),
        ("not null", "always"),
        ("event.x > 5 and event.x < 3", "never"),
        ("event.x > 5 and event.x <= 5", "never"),
        ("event.x >= 5 and event.x <= 5", "sometimes"),
        ("event.x >= 5 and event.x <= 5 and event.x != 5", "never"),
        ("customer.c == 'FR' and customer.c == 'BE'", "never"),
        ("customer.c != 'FR' or customer.c != 'BE'", "always"),
        ("customer.c in ['FR', 'BE'] and customer.c == 'DE'", "never"),
        ("customer.vip and not customer.vip", "never"),
        ("customer.vip or not customer.vip", "sometimes"),
        ("customer.vip == true or customer.vip != true", "always"),
        ("event.x > 5 or event.x <= 5", "sometimes"),
        ("not (event.x > 5) and event.x > 5", "never"),
        ("size(event.items) < 0", "never"),
        ("size(event.items) >= 0", "sometimes"),
        ("event.a < event.b and event.b > event.a", "sometimes"),
        ("event.a == event.b and event.b != event.a", "never"),
        ("has(event.x) and event.x == null", "never"),
        ("event['a.b'] and not event.a.b", "sometimes"),
        (
            "now - customer.seen > 30d and now - customer.seen < 7d",
            "never",
        ),
        (
            "event.tags.contains('a') and not event.tags.contains('a')",
            "never",
        ),
        // The list may be longer than one evaluation can look through.
        (
            "event.tags.contains('a') or not event.tags.contains('a')",
            "sometimes",
        ),
    ] {
        assert_eq!(
            decided(&Facts::default(), condition),
            expected,
            "{condition}"
        );
    }
}

#[test]
fn one_condition_decides_another_with_null_as_rule_5_has_it() {
    for (first, second, expected) in [
        ("event.x > 10", "event.x > 5", "always"),
        ("event.x > 5", "event.x > 10", "sometimes"),
        ("event.x > 5 and customer.vip", "customer.vip", "always"),
        ("customer.vip", "customer.vip and event.x > 5", "sometimes"),
        ("event.x == 5", "event.x in [4, 5]", "always"),
        ("event.x in [4, 5]", "event.x == 6", "never"),
        ("event.x in [4, 5]", "event.x >= 4", "always"),
        ("event.x != null", "has(event.x)", "always"),
        ("event.x > 5", "has(event.x)", "always"),
        ("customer.vip", "not customer.vip", "never"),
        ("not customer.vip", "customer.vip", "never"),
        ("event.a < event.b", "event.b > event.a", "sometimes"),
        ("event.a < event.b", "event.b <= event.a", "sometimes"),
    ] {
        assert_eq!(then(first, second), expected, "{first}, then {second}");
    }
    for (first, second, expected) in [
        ("event.x > 5", "event.x > 10", "never"),
        // Null is neither.
        ("event.x > 5", "event.x <= 5", "sometimes"),
        ("customer.vip", "not customer.vip", "sometimes"),
        ("not customer.vip", "customer.vip", "sometimes"),
        ("customer.vip == true", "customer.vip", "never"),
        ("customer.vip or event.x > 5", "event.x > 7", "never"),
        ("customer.vip and event.x > 5", "event.x > 7", "sometimes"),
        ("customer.vip", "customer.vip and event.x > 5", "never"),
    ] {
        assert_eq!(
            otherwise(first, second),
            expected,
            "not {first}, then {second}"
        );
    }
}

#[test]
fn an_event_that_entered_is_known_by_both_its_names() {
    struct Entering;
    impl Ground for Entering {
        fn values(&self, _: Root, _: &[std::sync::Arc<str>]) -> Values {
            Values::any()
        }
        fn entering(&self) -> bool {
            true
        }
    }
    let facts = Facts::default().assume(&expr("event.x > 5"), true, 0, &Entering);
    let later = facts
        .unwrap()
        .assume(&expr("run.event.x < 3"), true, 1, &NoGround);
    assert_eq!(later, None);
}

#[test]
fn what_is_forgotten_decides_nothing_and_what_is_set_does() {
    let mut facts = Facts::default()
        .assume(
            &expr("customer.vip and run.code == 'A'"),
            true,
            0,
            &NoGround,
        )
        .unwrap();
    facts.forget(|root, _| root == Root::Customer);
    assert_eq!(decided(&facts, "customer.vip"), "sometimes");
    assert_eq!(decided(&facts, "run.code == 'B'"), "never");
    facts.set(Root::Run, &["code".into()], &Value::text("B"), 2);
    assert_eq!(decided(&facts, "run.code == 'B'"), "always");
    assert_eq!(facts.taught(&expr("run.code == 'B'"), &NoGround), [2]);
}

#[test]
fn where_ways_meet_only_what_all_know_is_known() {
    let of = |condition| {
        Facts::default()
            .assume(&expr(condition), true, 0, &NoGround)
            .unwrap()
    };
    let met = of("event.x > 5 and customer.vip").join(&of("event.x > 10"));
    assert_eq!(decided(&met, "event.x > 5"), "always");
    assert_eq!(decided(&met, "event.x > 10"), "sometimes");
    assert_eq!(decided(&met, "customer.vip"), "sometimes");
}

/// Conditions over few names and values, so that chance makes them decide one another.
fn condition() -> impl Strategy<Value = String> {
    let term = "event\\.[ab]|customer\\.[ab]|size\\(event\\.a\\)|event\\.a - event\\.b";
    let value = "[0-3]|-1|1\\.5|'x'|'y'|'2026-01-31'|'PT5M'|true|false|null|5m|10m";
    let leaf = prop_oneof![
        (term, "==|!=|<|<=|>|>=", value).prop_map(|(t, op, v)| format!("{t} {op} {v}")),
        (value, "==|!=|<|<=|>|>=", term).prop_map(|(v, op, t)| format!("{v} {op} {t}")),
        (term, "==|!=|<|<=|>|>=", term).prop_map(|(v, op, t)| format!("{v} {op} {t}")),
        (term, value, value).prop_map(|(t, a, b)| format!("{t} in [{a}, {b}]")),
        (term, value, value).prop_map(|(t, a, b)| format!("{t} not in [{a}, {b}]")),
        (value, "event\\.[ab]").prop_map(|(v, t)| format!("{v} in {t}")),
        "has\\(event\\.[ab]\\)|event\\.[ab]|customer\\.a|event\\.a\\.exists\\(i, i == 1\\)"
            .prop_map(String::from),
        "event\\.a\\.(contains|startsWith)\\('x'\\)".prop_map(String::from),
        value.prop_map(String::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(({a}) and ({b}))")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(({a}) or ({b}))")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    })
}

fn value() -> impl Strategy<Value = Value> {
    let at = |text: &str| Value::Moment(text.parse().unwrap());
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-2_i64..5).prop_map(Value::Int),
        Just(Value::Float(1.5)),
        Just(Value::Int(i64::MAX)),
        "x|y|xy|2026-01-31|2026-01-31T00:00:00Z|PT5M|PT10M".prop_map(Value::text),
        Just(at("2026-01-31T00:00:00Z")),
        Just(at("2026-01-31T00:05:00Z")),
        (0_i64..12).prop_map(|m| Value::Span(jiff::SignedDuration::from_mins(m))),
        Just(Value::from(json!([1, "x"]))),
        Just(Value::from(json!({"a": 1}))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]
    /// What is called impossible does not happen: whatever conditions were passed on the way, as
    /// they came out for some values, each further one is found possible as it comes out for them.
    #[test]
    fn nothing_that_happens_is_called_impossible(
        conditions in proptest::collection::vec(condition(), 1..5),
        others in proptest::collection::vec(condition(), 1..3),
        (a, b, c, d) in (value(), value(), value(), value()),
    ) {
        let event = Value::map([("a", a), ("b", b)]);
        let customer = Value::map([("a", c), ("b", d)]);
        let scope = Fields(Value::map([("event", event), ("customer", customer)]));
        let way = |conditions: &[String]| {
            let mut facts = Facts::default();
            for source in conditions {
                let condition: Expr = expr(source);
                let holds = condition.eval(&scope).holds();
                facts = facts
                    .assume(&condition, holds, 0, &NoGround)
                    .ok_or_else(|| TestCaseError::fail(format!("{source} is {holds}")))?;
            }
            Ok::<_, TestCaseError>(facts)
        };
        let met = way(&conditions)?.join(&way(&others)?);
        for source in conditions.iter().chain(&others) {
            let condition = expr(source);
            let holds = condition.eval(&scope).holds();
            prop_assert!(met.assume(&condition, holds, 0, &NoGround).is_some(), "{source}");
        }
    }
}
