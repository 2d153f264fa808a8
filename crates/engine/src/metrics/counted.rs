//! What was counted, read back: so that two looks make the values of the time between them.

use std::collections::BTreeMap;

use prometheus::{
    HistogramVec, IntCounterVec,
    core::Collector,
    proto::{Bucket, LabelPair, Metric, MetricFamily},
};
use store::Sample;

use super::exported::Families;

/// Which share of what took place was quicker, beside the word for it.
const SHARES: [(&str, f64); 2] = [("p50", 0.5), ("p95", 0.95)];

/// Counters and spreads as they stood at a moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Counted {
    counts: BTreeMap<String, f64>,
    spreads: BTreeMap<String, Spread>,
}

/// How many took up to so many seconds: bounds that rise, and how many lie within each.
type Spread = Vec<(f64, u64)>;

impl Counted {
    pub(super) fn of(families: &Families) -> Self {
        let mut counted = Self::default();
        for (name, family, labels) in [
            ("events", &families.taken_in, &[][..]),
            ("duplicates", &families.duplicates, &[]),
            ("dead", &families.dead, &[]),
            ("inputs", &families.inputs, &[]),
            ("turns_again", &families.turn_retries, &[]),
            ("decided", &families.decided, &[]),
            ("sent", &families.sent, &[]),
            ("sent", &families.sent, &["channel", "provider"]),
            ("failed", &families.failed, &[]),
            (
                "failed",
                &families.failed,
                &["channel", "provider", "reason"],
            ),
            ("retried", &families.retried, &["channel", "provider"]),
            ("loop_errors", &families.loop_errors, &["loop"]),
        ] {
            counted.counters(name, family, labels);
        }
        counted.spread("turn_seconds", &families.turns, &[]);
        counted.spread("dispatch_seconds", &families.lag, &[]);
        counted.spread(
            "provider_seconds",
            &families.provider,
            &["channel", "provider"],
        );
        let turns = counted.spreads.get("turn_seconds").and_then(|s| s.last());
        let turns = turns.map_or(0.0, |(_, count)| float(*count));
        counted.counts.insert("turns".to_owned(), turns);
        counted
    }

    /// Adds up what has the same values of these labels.
    fn counters(&mut self, name: &str, family: &IntCounterVec, labels: &[&str]) {
        if labels.is_empty() {
            self.counts.insert(name.to_owned(), 0.0);
        }
        for metric in family.collect().iter().flat_map(MetricFamily::get_metric) {
            let name = named(name, metric, labels);
            *self.counts.entry(name).or_default() += metric.get_counter().get_value();
        }
    }

    fn spread(&mut self, name: &str, family: &HistogramVec, labels: &[&str]) {
        for metric in family.collect().iter().flat_map(MetricFamily::get_metric) {
            let histogram = metric.get_histogram();
            let all = (f64::INFINITY, histogram.get_sample_count());
            let bounds = histogram.get_bucket().iter().map(bound).chain([all]);
            let spread = self.spreads.entry(named(name, metric, labels)).or_default();
            for (at, (bound, count)) in bounds.enumerate() {
                match spread.get_mut(at) {
                    Some((_, sum)) => *sum += count,
                    None => spread.push((bound, count)),
                }
            }
        }
    }

    /// What came about since `before`: counts without a `/` in any case, the others where there is something, and how
    /// long it took (`NAME/p50`, `NAME/p95`, in seconds) where something took place.
    pub(crate) fn since(&self, before: &Self) -> Vec<Sample> {
        let mut all = Vec::new();
        for (name, count) in &self.counts {
            let more = count - before.counts.get(name).copied().unwrap_or_default();
            if more > 0.0 || !name.contains('/') {
                all.push(Sample::count(name, more.max(0.0)));
            }
        }
        for (name, spread) in &self.spreads {
            let earlier = before.spreads.get(name).map_or(&[][..], Vec::as_slice);
            let between = less(spread, earlier);
            for (word, share) in SHARES {
                if let Some(seconds) = quicker(&between, share) {
                    all.push(Sample::level(format!("{name}/{word}"), seconds));
                }
            }
        }
        all
    }
}

fn named(name: &str, metric: &Metric, labels: &[&str]) -> String {
    let value = |label: &&str| {
        let pair = metric.get_label().iter().find(|p| p.name() == *label);
        pair.map_or("", LabelPair::value)
    };
    let parts = labels.iter().map(value);
    std::iter::once(name)
        .chain(parts)
        .collect::<Vec<_>>()
        .join("/")
}

fn bound(bucket: &Bucket) -> (f64, u64) {
    (bucket.upper_bound(), bucket.cumulative_count())
}

fn less(spread: &[(f64, u64)], earlier: &[(f64, u64)]) -> Spread {
    let count = |at: usize| earlier.get(at).map_or(0, |(_, count)| *count);
    let each = spread.iter().enumerate();
    each.map(|(at, (bound, n))| (*bound, n.saturating_sub(count(at))))
        .collect()
}

/// Within how many seconds that share lies: between the bounds of a bucket its values are taken to lie evenly, and
/// those beyond the last bound at it. `None`: there are none.
fn quicker(spread: &[(f64, u64)], share: f64) -> Option<f64> {
    let all = spread.last().map(|(_, count)| *count).filter(|n| *n > 0)?;
    let wanted = float(all) * share;
    let (mut from, mut below) = (0.0, 0);
    for (bound, count) in spread {
        if float(*count) >= wanted {
            if bound.is_infinite() {
                break;
            }
            let within = float(count - below).max(1.0);
            return Some(from + (bound - from) * (wanted - float(below)) / within);
        }
        (from, below) = (*bound, *count);
    }
    Some(from)
}

#[expect(clippy::cast_precision_loss, reason = "a picture needs no more")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use store::Sample;

    use super::{Counted, quicker};
    use crate::metrics::{Metrics, Tally, TurnOf, Way};

    fn value(samples: &[Sample], name: &str) -> Option<f64> {
        samples.iter().find(|s| s.name == name).map(|s| s.value)
    }

    #[test]
    fn what_happened_between_two_looks_is_the_difference() {
        let metrics = Metrics::new(10).unwrap();
        metrics.taken_in(Way::Amqp, 4, 1, 0);
        let first = metrics.counted();
        assert_eq!(
            value(&first.since(&Counted::default()), "events"),
            Some(3.0)
        );
        metrics.taken_in(Way::Http, 2, 0, 0);
        metrics.sent(journey::message::Channel::Sms, "acme");
        let second = metrics.counted().since(&first);
        assert_eq!(value(&second, "events"), Some(2.0));
        assert_eq!(value(&second, "sent"), Some(1.0));
        assert_eq!(value(&second, "sent/sms/acme"), Some(1.0));
        let third = metrics.counted().since(&metrics.counted());
        assert_eq!(value(&third, "sent"), Some(0.0), "nothing is no gap");
        assert_eq!(value(&third, "sent/sms/acme"), None);
    }

    #[test]
    fn how_long_it_took_is_of_the_time_between_two_looks() {
        let metrics = Metrics::new(10).unwrap();
        let turn = |ms| {
            let took = Duration::from_millis(ms);
            metrics.turn(TurnOf::Inputs, &Tally::default(), took);
        };
        (0..100).for_each(|_| turn(2_000));
        let before = metrics.counted();
        (0..100).for_each(|_| turn(3));
        let between = metrics.counted().since(&before);
        let p95 = value(&between, "turn_seconds/p95").unwrap();
        assert!((0.0025..=0.005).contains(&p95), "{p95}");
        assert_eq!(value(&between, "turns"), Some(100.0));
        let none = metrics.counted().since(&metrics.counted());
        assert_eq!(value(&none, "turn_seconds/p95"), None);
    }

    #[test]
    fn a_share_lies_between_the_bounds_of_its_bucket() {
        let spread = [(1.0, 10), (2.0, 20), (f64::INFINITY, 20)];
        assert_eq!(quicker(&spread, 0.5), Some(1.0));
        assert_eq!(quicker(&spread, 0.75), Some(1.5));
        assert_eq!(quicker(&[(1.0, 0), (f64::INFINITY, 7)], 0.5), Some(1.0));
        assert_eq!(quicker(&[(1.0, 0), (f64::INFINITY, 0)], 0.5), None);
        assert_eq!(quicker(&[], 0.5), None);
    }
}
