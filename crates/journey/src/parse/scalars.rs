//! Numbers, truth values, and values by rule 3.

use std::sync::Arc;

use super::{Reader, ast::Given};
use crate::{
    diagnostics::yaml,
    source::{Kind, Node, Style},
    value::Value,
};

const ROOTS: [&str; 7] = [
    "event", "run", "customer", "consent", "steps", "now", "param",
];

/// Whether a text is a path from a known name (rule 3).
pub(super) fn is_path(text: &str) -> bool {
    let mut parts = text.split('.');
    parts.next().is_some_and(|root| ROOTS.contains(&root))
        && parts.all(|part| {
            part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        })
}

/// An unquoted scalar as JSON would read it; everything else is text. A leading zero or plus
/// makes a text: telephone numbers and codes stay as they are written.
pub(crate) fn plain(text: &str) -> Value {
    match text {
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        _ => {}
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let zero = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    let form = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.ends_with(|c: char| c.is_ascii_digit())
        && digits.bytes().filter(|b| *b == b'.').count() <= 1
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if !form || zero {
        return Value::text(text);
    }
    if let Ok(whole) = text.parse() {
        return Value::Int(whole);
    }
    // Whole numbers too long to be exact are codes, not quantities.
    match text.parse::<f64>() {
        Ok(number) if digits.contains('.') => Value::number(number),
        _ => Value::text(text),
    }
}

impl Reader<'_> {
    /// A whole number within bounds.
    pub(crate) fn whole(&mut self, node: &Node, what: &str, min: u32, max: u32) -> Option<u32> {
        let word = self.text(node, &format!("{what}, a whole number,"))?;
        let number = word.text.parse().ok().filter(|n| (min..=max).contains(n));
        if number.is_none() || word.text.starts_with('+') {
            let range = if max == u32::MAX {
                format!("from {min} up")
            } else {
                format!("from {min} to {max}")
            };
            self.sink
                .error(
                    yaml::NUMBER,
                    word.span,
                    format!("`{}` cannot be {what}", word.text),
                )
                .labelled(format!("a whole number {range} is expected"));
            self.offer_number(node, what, min, max);
            return None;
        }
        number
    }

    /// What to write for `10%`, `3x` or `0.5`: to what was reported last.
    fn offer_number(&mut self, node: &Node, what: &str, min: u32, max: u32) {
        let text = node.scalar().map(|s| s.text.trim().to_owned());
        let text = text.unwrap_or_default();
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let number: Option<u32> = digits.parse().ok();
        let Some(diagnostic) = self.sink.last(yaml::NUMBER) else {
            return;
        };
        if what == "a weight" {
            diagnostic.noted(
                "an arm's share is its weight by the sum of all weights: 10 and 90, or 1 and 9",
            );
        }
        if let Some(number) =
            number.filter(|n| (min..=max).contains(n) && digits.len() < text.len())
        {
            diagnostic.rewritten(number.to_string());
        }
    }

    /// `true` or `false`.
    pub(crate) fn truth(&mut self, node: &Node) -> Option<bool> {
        self.one_of(node, "truth value", &[("true", true), ("false", false)])
    }

    /// A value by rule 3: a path is its value, a leading `=` computes, all else is as written.
    pub(crate) fn given(&mut self, node: &Node) -> Option<Given> {
        match &node.kind {
            Kind::Bad => None,
            Kind::List(items) => Some(Given::List(
                items.iter().filter_map(|i| self.given(i)).collect(),
            )),
            Kind::Map(pairs) => Some(Given::Map(
                pairs
                    .iter()
                    .filter_map(|p| Some((p.name.clone(), self.given(&p.value)?)))
                    .collect(),
            )),
            Kind::Scalar(_) => {
                let scalar = self.scalar(node, "a value")?;
                let text = scalar.text.trim();
                if self.is_jinja(node, text) {
                    return None;
                }
                let lead = scalar.text.len() - scalar.text.trim_start().len();
                if let Some(rest) = text.strip_prefix('=') {
                    let skipped = rest.len() - rest.trim_start().len();
                    let formula = self.parse(node, rest.trim(), lead + 1 + skipped)?;
                    return Some(Given::Computed(Box::new(formula)));
                }
                if is_path(text) {
                    return Some(Given::Computed(Box::new(self.parse(node, text, lead)?)));
                }
                Some(Given::Literal(match scalar.style {
                    Style::Plain => plain(text),
                    _ => Value::Text(Arc::clone(&scalar.text)),
                }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{is_path, plain};
    use crate::value::Value;

    #[test]
    fn unquoted_values_are_what_an_author_expects() {
        assert_eq!(plain("10"), Value::Int(10));
        assert_eq!(plain("-2.50"), Value::Float(-2.5));
        assert_eq!(plain("true"), Value::Bool(true));
        for text in [
            "0612345678",
            "+33",
            "1e5",
            "0x1F",
            "1_000",
            "12:30",
            "null",
            "~",
            "yes",
            "1.",
            ".5",
            "1.2.3",
        ] {
            assert_eq!(plain(text), Value::text(text));
        }
    }

    #[test]
    fn a_path_begins_with_a_known_name() {
        assert!(is_path("run.event") && is_path("now") && is_path("steps.a_1.opened"));
        assert!(
            !is_path("event.") && !is_path("eventual") && !is_path("run a") && !is_path("Run.x")
        );
    }
}
