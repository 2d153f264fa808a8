use proptest::prelude::*;
use serde_json::json;

use super::Fields;
use crate::{
    expr::{Expr, types::Env},
    value::Value,
};

/// Texts that look like expressions more often than chance would make them.
fn soup() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "event|run|customer|steps|now|consent|and|or|not|in|true|null|exists|all|size|has|has\\(event.a\\)",
        "[a-zé_]{1,4}|[0-9]{1,3}|[0-9]{1,19}[smhdwx]|[0-9]\\.[0-9]e[0-9]{1,3}",
        "==|!=|<=|>=|<|>|=|&&|\\|\\||\\||&|\\?|:|\\(|\\)|\\[|\\]|,|\\.|\\+|-|\\*|/|%|!|\"|'|\\\\",
        "\"[a-z ]{0,5}\"|'FR'|\"2026-01-31\"",
        any::<char>().prop_map(|c| c.to_string()),
    ];
    proptest::collection::vec((word, prop_oneof![Just(" "), Just("")]), 0..40)
        .prop_map(|words| words.into_iter().map(|(w, s)| w + s).collect())
}

/// Expressions whose form is right, whatever their types.
fn well_formed() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "event\\.[abc]|customer\\[\"d e\"\\]|run\\.x\\.y|now|steps\\.s\\.sent|i",
        "-?[0-9]{1,3}|[0-9]\\.[0-9]|9223372036854775807|1e308|[1-9][0-9]?[smhdw]",
        "true|false|null|\"\"|'FR'|\"2026-01-31\"|'9999-12-31T23:59:59Z'|'PT5M'",
    ];
    leaf.prop_recursive(5, 40, 3, |inner| {
        let op = "==|!=|<|<=|>|>=|\\+|-|\\*|/|%|in|and|or";
        prop_oneof![
            (inner.clone(), op, inner.clone()).prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
            inner.clone().prop_map(|a| format!("not ({a})")),
            inner.clone().prop_map(|a| format!("-({a})")),
            proptest::collection::vec(inner.clone(), 0..3)
                .prop_map(|a| format!("[{}]", a.join(", "))),
            (inner.clone(), "contains|startsWith|endsWith", inner.clone())
                .prop_map(|(a, f, b)| format!("({a}).{f}({b})")),
            (inner.clone(), "size|lower|upper").prop_map(|(a, f)| format!("{f}({a})")),
            (inner.clone(), "exists|all", inner.clone())
                .prop_map(|(a, f, b)| format!("({a}).{f}(i, {b})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("({a})[{b}]")),
        ]
    })
    // A variable stands for something everywhere.
    .prop_map(|body| format!("[1, 'x'].exists(i, {body}) or [2].all(i, {body})"))
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_map(Value::number),
        "[a-z0-9é]{0,6}|2026-01-[0-3][0-9]|-?PT[0-9]{1,19}S|[0-9]{4}-.{0,12}".prop_map(Value::text),
        (-377_705_023_201_i64..253_402_207_200)
            .prop_map(|s| Value::Moment(jiff::Timestamp::from_second(s).unwrap())),
        any::<i64>().prop_map(|s| Value::Span(jiff::SignedDuration::from_secs(s))),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|v| Value::List(v.into())),
            proptest::collection::btree_map("[abcxy]|d e", inner, 0..4).prop_map(Value::map),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic_and_spans_lie_in_it(source in soup()) {
        assert_spans(&source);
    }

    #[test]
    fn no_bytes_make_the_parser_panic(source in ".{0,60}") {
        assert_spans(&source);
    }

    #[test]
    fn evaluation_never_panics_and_gives_the_same_twice(
        source in well_formed(),
        event in any_value(),
        customer in any_value(),
        now in any_value(),
    ) {
        let expr = Expr::parse(&source).unwrap_or_else(|p| panic!("{source}: {p:?}"));
        let fields = Value::map([("event", event), ("customer", customer), ("now", now)]);
        let scope = Fields(fields);
        let first = expr.eval(&scope);
        prop_assert_eq!(&first, &expr.eval(&scope));
        prop_assert_eq!(&first.storable(), &first.storable().storable());
        expr.check(&Env::default());
        let again: Expr = serde_json::from_value(json!(source)).unwrap();
        prop_assert_eq!(again.eval(&scope), first);
    }
}

fn assert_spans(source: &str) {
    let problems = match Expr::parse(source) {
        Ok(expr) => expr.check(&Env::default()).1,
        Err(problems) => {
            assert!(!problems.is_empty());
            problems
        }
    };
    for problem in problems {
        assert!(source.get(problem.span.clone()).is_some(), "{problem:?}");
        if let Some((span, _)) = problem.replacement {
            assert!(source.get(span).is_some());
        }
    }
}
