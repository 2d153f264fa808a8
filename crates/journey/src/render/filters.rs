//! The filters and functions of our own, and bounded stand-ins for those of minijinja that can
//! use up the memory whatever the fuel.

use minijinja::{
    Environment, Error, ErrorKind, Value,
    value::{Kwargs, ValueKind},
};

use super::{
    local::{self, Style},
    output::LARGEST,
    said::Said,
};
use crate::explain::Language;

/// The longest `range`.
const LONGEST_RANGE: i64 = 1_000;

/// Names of filters and tests that a misspelt one may mean; not all are in every template.
pub(super) const NAMES: [&str; 52] = [
    "abs",
    "attr",
    "bool",
    "capitalize",
    "count",
    "date",
    "default",
    "defined",
    "dictsort",
    "divisibleby",
    "endingwith",
    "escape",
    "even",
    "first",
    "float",
    "groupby",
    "in",
    "int",
    "items",
    "iterable",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "mapping",
    "max",
    "min",
    "money",
    "none",
    "number",
    "odd",
    "reject",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "sequence",
    "sort",
    "split",
    "startingwith",
    "string",
    "sum",
    "title",
    "trim",
    "undefined",
    "unique",
    "upper",
];

/// Takes away what cannot be bounded, and puts in what templates need in `locale`.
pub(super) fn install(env: &mut Environment<'static>, locale: &str) {
    // `format`, `indent`, `batch` and `slice` make as much as a number asks for; `pprint` and
    // `debug` would show a customer's data; `namespace` lets a loop double a text each round.
    for filter in ["format", "indent", "batch", "slice", "pprint"] {
        env.remove_filter(filter);
    }
    for global in ["debug", "namespace"] {
        env.remove_global(global);
    }
    env.add_filter("replace", replace);
    env.add_filter("join", join);
    env.add_function("range", range);
    let here = locale.to_owned();
    env.add_filter("money", move |value: &Value, currency: &str| {
        let amount = number(value).ok_or_else(|| wrong(Said::MoneyNeedsNumber))?;
        Ok::<_, Error>(local::money(amount, currency, &here))
    });
    let here = locale.to_owned();
    env.add_filter(
        "date",
        move |value: &Value, style: Option<&str>, options: Kwargs| {
            let zone: Option<&str> = options.get("zone")?;
            options.assert_all_used()?;
            let style =
                Style::named(style.unwrap_or("long")).ok_or_else(|| wrong(Said::DateStyles))?;
            let text = value.as_str().ok_or_else(|| wrong(Said::DateNeedsDate))?;
            let at = local::local_time(text, zone).map_err(wrong)?;
            Ok::<_, Error>(local::date(at, style, &here))
        },
    );
}

/// An error whose words are ours, and so without a customer's data.
fn wrong(said: Said) -> Error {
    Error::new(ErrorKind::InvalidOperation, said.words(Language::English))
}

fn number(value: &Value) -> Option<f64> {
    let number = match value.kind() {
        ValueKind::Number => f64::try_from(value.clone()).ok()?,
        _ => value.as_str()?.parse().ok()?,
    };
    Some(number).filter(|n| n.is_finite() && n.abs() < 1e15)
}

fn replace(text: &str, from: &str, to: &str) -> Result<String, Error> {
    let grown = text.matches(from).count().saturating_mul(to.len());
    if grown.saturating_add(text.len()) > LARGEST {
        return Err(wrong(Said::ReplaceTooLong));
    }
    Ok(text.replace(from, to))
}

fn join(items: &Value, between: Option<&str>) -> Result<String, Error> {
    let mut joined = String::new();
    for (at, item) in items.try_iter()?.enumerate() {
        if at > 0 {
            joined.push_str(between.unwrap_or(""));
        }
        match item.as_str() {
            Some(text) => joined.push_str(text),
            None => joined.push_str(&item.to_string()),
        }
        if joined.len() > LARGEST {
            return Err(wrong(Said::JoinTooLong));
        }
    }
    Ok(joined)
}

fn range(from: i64, to: Option<i64>, step: Option<i64>) -> Result<Vec<i64>, Error> {
    let (from, to) = to.map_or((0, from), |to| (from, to));
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(wrong(Said::RangeByNothing));
    }
    let far = to.checked_sub(from).ok_or_else(too_many)?;
    let steps = far.checked_div(step).unwrap_or(0);
    if steps > LONGEST_RANGE || (steps == LONGEST_RANGE && far % step != 0) {
        return Err(too_many());
    }
    let inside = |at: &i64| if step > 0 { *at < to } else { *at > to };
    Ok(std::iter::successors(Some(from), |at| at.checked_add(step))
        .take_while(inside)
        .collect())
}

fn too_many() -> Error {
    wrong(Said::RangeTooLong)
}
