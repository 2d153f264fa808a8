//! Whatever text an expression is: it is parsed, checked and evaluated without a panic, and its
//! problems point into it.

#![no_main]

use std::sync::Arc;

use jiff::Timestamp;
use journey::{
    expr::{Expr, Root, Scope, types::Env},
    value::Value,
};
use libfuzzer_sys::fuzz_target;

/// Something at every path.
struct Everything(Value);

impl Scope for Everything {
    fn look_up(&self, root: Root, path: &[Arc<str>]) -> Value {
        match root {
            Root::Now => Value::Moment(Timestamp::UNIX_EPOCH),
            _ => self.0.at(path),
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let problems = match Expr::parse(text) {
        Err(problems) => {
            assert!(!problems.is_empty());
            problems
        }
        Ok(expr) => {
            let value = Value::from(serde_json::json!({
                "a": 1, "b": "FR", "c": [1, 2.5, "x"], "d": { "a": true, "b": null }, "total": i64::MAX,
                "at": "2026-03-29T02:30:00+02:00", "key": "", "sent": false
            }));
            let first = expr.eval(&Everything(value.clone()));
            assert_eq!(first, expr.eval(&Everything(value)));
            let _ = first.storable();
            expr.check(&Env::default()).1
        }
    };
    for problem in problems {
        assert!(text.get(problem.span.clone()).is_some());
        if let Some((span, _)) = problem.replacement {
            assert!(text.get(span).is_some());
        }
    }
});
