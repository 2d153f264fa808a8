//! Values over time.

use axum::{Json, extract::State as Shared};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::read::{Series, Span};

use crate::{State, extract::Query, problem::Problem};

/// The longest time that can be asked for, in seconds: a week and an hour, as long as values are kept.
const LONGEST: i64 = (7 * 24 + 1) * 3_600;
/// For how long every minute is kept, in seconds.
const FINE: i64 = 25 * 3_600;
/// The most names of one question.
const MOST_NAMES: usize = 20;

/// What is asked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SamplesQuery")]
pub(crate) struct Asked {
    /// Names with commas between them; one that ends with `/` stands for all that begin so.
    name: Option<String>,
    /// From when, in RFC 3339; an hour before `to` unless it is said.
    from: Option<Timestamp>,
    /// Until when, exclusive; now unless it is said.
    to: Option<Timestamp>,
}

/// Values over time.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Samples {
    /// From when: the beginning of a step.
    from: Timestamp,
    /// Until when, exclusive.
    to: Timestamp,
    /// How long one step is.
    step_seconds: u32,
    /// In order of name. A step of which nothing is known has no point.
    series: Vec<Series>,
}

pub(super) async fn samples(
    Shared(state): Shared<State>,
    Query(asked): Query<Asked>,
) -> Result<Json<Samples>, Problem> {
    let names = asked.name.as_deref().unwrap_or_default();
    let names: Vec<&str> = names
        .split(',')
        .map(str::trim)
        .filter(|n| !n.is_empty())
        .collect();
    if names.is_empty() || names.len() > MOST_NAMES {
        let detail = "Say which values: name=events, or up to 20 with commas between them.";
        return Err(Problem::bad("name", detail));
    }
    let now = state.now();
    let to = asked.to.unwrap_or(now);
    let hour_before = to.as_second().saturating_sub(3_600);
    let from = asked.from.map_or(hour_before, Timestamp::as_second);
    let span = span(from, to.as_second(), now.as_second())?;
    let series = state.reader.samples(&names, span).await?;
    Ok(Json(Samples {
        from: span.from,
        to: span.to,
        step_seconds: span.step,
        series,
    }))
}

/// In steps of a minute up to two hours, of ten minutes up to a day, and of an hour beyond, as long as minutes are
/// kept; of quarters of an hour at the least before.
fn span(from: i64, to: i64, now: i64) -> Result<Span, Problem> {
    let long = to.saturating_sub(from);
    if long <= 0 || long > LONGEST {
        let detail = "`from` comes before `to`, and there are seven days at the most between them.";
        return Err(Problem::bad("span", detail));
    }
    let old = now.saturating_sub(from) > FINE;
    let step: u32 = match long {
        ..=7_200 if !old => 60,
        ..=90_000 if !old => 600,
        ..=90_000 => 900,
        _ => 3_600,
    };
    let from = from - from.rem_euclid(step.into());
    let moment = |second| {
        Timestamp::from_second(second).map_err(|_| Problem::bad("span", "There is no such time."))
    };
    Ok(Span {
        from: moment(from)?,
        to: moment(to)?,
        step,
    })
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn steps_are_as_fine_as_the_time_is_short_and_near() {
        let now = 1_000_000_000;
        let step = |from, to| span(now - from, now - to, now).map(|s| s.step).ok();
        assert_eq!(step(3_600, 0), Some(60));
        assert_eq!(step(86_400, 0), Some(600));
        assert_eq!(step(7 * 86_400, 0), Some(3_600));
        assert_eq!(step(3 * 86_400, 3 * 86_400 - 3_600), Some(900));
        assert_eq!(step(0, 0), None);
        assert_eq!(step(0, 60), None, "backwards");
        assert_eq!(step(8 * 86_400, 0), None, "longer than anything is kept");
        assert!(span(i64::MIN, i64::MAX, now).is_err());
        assert!(span(i64::MAX - 60, i64::MAX, now).is_err());
    }
}
