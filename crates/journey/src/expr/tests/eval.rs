use serde_json::json;

use super::{Fields, expr};
use crate::value::Value;

fn scope() -> Fields {
    let mut fields: Value = json!({
        "event": {
            "total": 50, "ratio": 0.5, "name": "Gift card", "a b": 7, "at": "2026-01-05T10:00:00+01:00",
            "items": [{"sku": "A-1", "price": 20}, {"sku": "B-2", "price": 120}], "tags": ["x", "y"],
            "big": i64::MAX, "day": "2026-01-04", "deep": {"er": {"still": true}},
        },
        "customer": {"country": "FR", "vip": true, "blocked": false, "signed_up_at": "2025-11-01T00:00:00Z"},
        "run": {"key": "c1"},
        "steps": {"nudge": {"opened": true}},
        "consent": {"marketing": {"email": true}},
    })
    .into();
    if let Value::Map(map) = &mut fields {
        let now = "2026-01-05T12:00:00Z".parse().unwrap();
        std::sync::Arc::make_mut(map).insert("now".into(), Value::Moment(now));
    }
    Fields(fields)
}

fn value(source: &str) -> Value {
    expr(source).eval(&scope())
}

fn assert_values(cases: &[(&str, serde_json::Value)]) {
    for (source, expected) in cases {
        let found = value(source).storable();
        assert_eq!(found, Value::from(expected.clone()), "{source}");
    }
}

#[test]
fn values_of_every_form() {
    assert_values(&[
        (
            "event.total >= 20 and customer.country in [\"FR\", \"BE\"]",
            json!(true),
        ),
        ("event.total > 50 or customer.country == 'FR'", json!(true)),
        (
            "event.total >= 50 && !(customer.blocked || false)",
            json!(true),
        ),
        ("not customer.blocked and steps.nudge.opened", json!(true)),
        ("not event.total == 3", json!(true)),
        ("consent.marketing.email", json!(true)),
        ("event[\"a b\"]", json!(7)),
        ("event['deep'].er[\"still\"]", json!(true)),
        ("event.items[1].sku", json!("B-2")),
        ("event.items[0 + 1].price / 2", json!(60)),
        ("event.items[9].sku", json!(null)),
        ("event.items[-1]", json!(null)),
        ("customer.country not in [\"DE\"]", json!(true)),
        (
            "size(event.items) == 2 and event.tags.size() == 2",
            json!(true),
        ),
        ("size('héé')", json!(3)),
        ("exists(event.items, i, i.price > 100)", json!(true)),
        ("event.items.exists(i, i.price > 500)", json!(false)),
        (
            "all(event.items, i, i.price > 10 and i.sku != run.key)",
            json!(true),
        ),
        (
            "event.items.all(i, event.tags.exists(t, t == 'y' and i.price > 20))",
            json!(false),
        ),
        ("[].all(i, false)", json!(true)),
        ("[].exists(i, true)", json!(false)),
        ("event.name.contains('card')", json!(true)),
        ("event.tags.contains('x')", json!(true)),
        (
            "event.name.startsWith('Gift') and event.name.endsWith('d')",
            json!(true),
        ),
        ("lower(event.name) + upper('é')", json!("gift cardÉ")),
        ("has(event.total) and not has(event.nothing)", json!(true)),
        ("has(customer.blocked)", json!(true)),
        ("2 + 3 * 4 - 6 / 4", json!(12.5)),
        ("(2 + 3) * 4", json!(20)),
        ("7 % 3", json!(1)),
        ("-event.total", json!(-50)),
        ("- 1 - -2", json!(1)),
        ("1.5e3", json!(1500.0)),
        ("[1, event.total]", json!([1, 50])),
        ("'it\\'s \\\\'", json!("it's \\")),
    ]);
}

#[test]
fn moments_and_durations() {
    assert_values(&[
        ("now - customer.signed_up_at > 30d", json!(true)),
        ("now - customer.signed_up_at < 30d", json!(false)),
        ("now - event.at", json!("PT3H")),
        ("now - 1d", json!("2026-01-04T12:00:00Z")),
        ("30m + now", json!("2026-01-05T12:30:00Z")),
        ("event.at + 1h == '2026-01-05T10:00:00Z'", json!(true)),
        ("event.at + 1h == now - 2h", json!(true)),
        ("now == '2026-01-05T13:00:00+01:00'", json!(true)),
        ("now > event.day", json!(true)),
        ("event.day < '2026-01-04T01:00:00+02:00'", json!(false)),
        ("event.at < '2026-01-05T09:30:00Z'", json!(true)), // as instants, not as texts
        ("'apple' < 'pear'", json!(true)),
        ("1h30m == 90m and 1w == 7d", json!(true)),
        ("2 * 1h == 2h", json!(true)),
        ("1d / 2 == 12h and 1d / 1h == 24", json!(true)),
        ("now > 'yesterday'", json!(null)),
        ("now - event.name", json!(null)),
    ]);
}

#[test]
fn rule_5_null_is_a_value_for_equality_and_false_elsewhere() {
    assert_values(&[
        ("event.nothing == null", json!(true)),
        ("null == null", json!(true)),
        ("event.nothing != null", json!(false)),
        ("event.nothing == 3", json!(false)),
        ("event.nothing != 3", json!(true)),
        ("event.nothing < 3", json!(false)),
        ("event.nothing >= 3", json!(false)),
        ("3 > event.nothing", json!(false)),
        ("null <= null", json!(false)),
        ("event.nothing in [null, 1]", json!(false)),
        ("event.total in event.nothing", json!(false)),
        ("event.nothing not in [1]", json!(true)),
        ("not event.nothing", json!(true)),
        ("not null", json!(true)),
        ("null and true", json!(false)),
        ("true and null", json!(false)),
        ("null or true", json!(true)),
        ("null or null", json!(false)),
        ("event.nothing.exists(i, true)", json!(false)),
        ("event.nothing.all(i, true)", json!(false)),
        ("event.nothing.deeper.still", json!(null)),
    ]);
    assert!(!value("event.nothing").holds());
}

#[test]
fn rule_7_type_errors_overflow_and_division_by_zero_are_null() {
    assert_values(&[
        ("event.name > 3", json!(null)),
        ("true > false", json!(null)),
        ("event.tags < event.tags", json!(null)),
        ("event.name + 3", json!(null)),
        ("event.total in 3", json!(null)),
        ("event.total / 0", json!(null)),
        ("event.total % 0", json!(null)),
        ("event.ratio / 0", json!(null)),
        ("event.big + 1", json!(null)),
        ("event.big * 2", json!(null)),
        ("-event.big - 2", json!(null)),
        ("1e308 * 10", json!(null)),
        ("now + 3650d * 1000000", json!(null)),
        ("not 3", json!(null)),
        ("-event.name", json!(null)),
        ("3 and true", json!(null)),
        ("true and 3", json!(null)),
        ("3 and false", json!(false)),
        ("3 or true", json!(true)),
        ("3 or false", json!(null)),
        ("size(3)", json!(null)),
        ("event.total.contains('5')", json!(null)),
        ("event.total.lower()", json!(null)),
    ]);
}

#[test]
fn numbers_compare_as_numbers_and_never_with_text() {
    assert_values(&[
        ("3 == 3.0", json!(true)),
        ("event.ratio < 1", json!(true)),
        ("\"3\" == 3", json!(false)),
        ("\"3\" != 3", json!(true)),
        ("3 in [\"3\"]", json!(false)),
        ("3.0 in [3]", json!(true)),
        ("[1, 2.0] == [1.0, 2]", json!(true)),
        ("1 == true", json!(false)),
    ]);
}

#[test]
fn nested_loops_end_when_the_fuel_does() {
    let many: Vec<_> = (0..1_000).collect();
    let scope = Fields(json!({"event": {"n": many}}).into());
    let nested = "event.n.all(a, event.n.all(b, event.n.all(c, a + b + c >= 0)))";
    assert_eq!(expr(nested).eval(&scope), Value::Null);
    let negated = format!("not {nested}");
    assert_eq!(expr(&negated).eval(&scope), Value::Null);
    assert_eq!(
        expr("event.n.all(a, a >= 0)").eval(&scope),
        Value::Bool(true)
    );
}

#[test]
fn texts_that_an_expression_makes_have_a_limit() {
    let scope = Fields(json!({"event": {"t": "x".repeat(40_000)}}).into());
    assert_eq!(expr("event.t + event.t").eval(&scope), Value::Null);
    assert_eq!(expr("size(event.t + 'y')").eval(&scope), Value::Int(40_001));
}
