//! When things happen in a test.

use jiff::Timestamp;

use super::Book;
use crate::{
    diagnostics::testing as codes,
    parse::Fields,
    source::{Node, Span},
    testing::{
        stage,
        stamp::Stamp,
        written::{Placed, Test, When},
    },
};

const FORMS: &str = "a time is written with its offset (`2026-01-05T10:00+01:00`), on the customer's clock (`2026-01-05 10:00`), or as the next such time (`10:00`, `tue 10:00`)";

/// No test begins before or ends after these.
const FIRST: Timestamp = Timestamp::UNIX_EPOCH;
/// 1 January 2500.
const LAST: i64 = 16_725_225_600;

impl Book<'_, '_> {
    /// When a test begins.
    pub(super) fn start(&mut self, node: &Node) -> Option<Placed<Stamp>> {
        let value = self.stamp(node)?;
        let span = node.span.clone();
        Some(Placed { value, span })
    }

    fn stamp(&mut self, node: &Node) -> Option<Stamp> {
        let word = self
            .r
            .text(node, "a time, such as `2026-01-05T10:00+01:00`,")?;
        let stamp = Stamp::parse(&word.text);
        if stamp.is_none() {
            self.r
                .sink
                .error(
                    codes::BAD_TIME,
                    word.span,
                    format!("`{}` is no time", word.text),
                )
                .noted(FORMS);
        }
        stamp
    }

    /// `after` or `at`, if one of them is written.
    pub(super) fn when(&mut self, f: &mut Fields<'_>) -> Option<Placed<When>> {
        let after = f.get("after");
        let at = f.get("at");
        f.exclude(
            "after",
            "at",
            "say how long after the start, or at what time",
            self.r,
        );
        let placed = |value: When, span: &Span| Placed {
            value,
            span: span.clone(),
        };
        match (after, at) {
            (Some(node), _) => self
                .r
                .duration(node)
                .map(|d| placed(When::After(d), &node.span)),
            (None, Some(node)) => self.stamp(node).map(|s| placed(When::At(s), &node.span)),
            (None, None) => None,
        }
    }

    /// Reports what happens before the test begins or after it ends.
    pub(super) fn possible_times(&mut self, test: &Test) {
        let policies = self.known.policies;
        let (start, moments) = stage::schedule(test, policies);
        let end = test.run_for.map(|d| crate::time::plus(start, d));
        let far = Timestamp::from_second(LAST).unwrap_or(Timestamp::MAX);
        if start < FIRST || start > far {
            let span = test.at.as_ref().map_or(&test.name.span, |at| &at.span);
            self.bad_time(span, "this test begins outside the years 1970 to 2499");
            return;
        }
        for (happening, at) in test.events.iter().zip(moments) {
            if at < start {
                self.bad_time(&happening.span, "this happens before the test begins");
            } else if at > far {
                self.bad_time(&happening.span, "this happens after the year 2499");
            } else if end.is_some_and(|end| at > end) {
                self.bad_time(&happening.span, "this happens after the test has ended")
                    .noted("`run_for` counts from the start of the test: make it longer");
            }
        }
    }

    fn bad_time(&mut self, span: &Span, says: &str) -> &mut crate::diagnostic::Diagnostic {
        let span = self.r.first_line(span);
        self.r.sink.error(codes::BAD_TIME, span, says)
    }
}
