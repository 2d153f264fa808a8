use std::{collections::BTreeSet, time::Duration};

use super::{EXPORTED, Metrics, Tally, TurnOf, Way};

fn metrics(names: usize) -> Metrics {
    Metrics::new(names).unwrap()
}

#[test]
fn the_list_is_what_prometheus_asks_of_names() {
    let mut names = BTreeSet::new();
    for metric in EXPORTED {
        assert!(names.insert(metric.name), "{} stands twice", metric.name);
        assert!(metric.name.starts_with("parcours_"), "{}", metric.name);
        let total = metric.name.ends_with("_total");
        assert_eq!(total, metric.kind == "counter", "{}", metric.name);
        assert!(!metric.help.ends_with('.'), "{}", metric.name);
    }
}

#[test]
fn counts_are_read_in_the_text_format() {
    let metrics = metrics(10);
    metrics.taken_in(Way::Amqp, 4, 1, 0);
    metrics.taken_in(Way::Amqp, 2, 0, 0);
    metrics.turn(TurnOf::Inputs, &Tally::default(), Duration::from_millis(3));
    let text = metrics.text();
    assert!(
        text.contains("# TYPE parcours_events_taken_in_total counter\nparcours_events_taken_in_total{way=\"amqp\"} 5\n"),
        "{text}"
    );
    assert!(text.contains("parcours_events_duplicate_total{way=\"amqp\"} 1\n"));
    assert!(!text.contains("parcours_events_dead_total{"), "{text}");
    assert!(text.contains("parcours_turn_seconds_bucket{kind=\"inputs\",le=\"0.005\"} 1\n"));
    assert!(text.contains("parcours_turn_seconds_bucket{kind=\"inputs\",le=\"0.0025\"} 0\n"));
}

#[test]
fn what_cannot_be_asked_is_no_number() {
    let metrics = metrics(10);
    metrics.queues(Some(broker::Depth { ready: 7, dead: 0 }));
    assert!(
        metrics
            .text()
            .contains("parcours_queue_messages{queue=\"ready\"} 7\n")
    );
    metrics.queues(None);
    assert!(
        metrics
            .text()
            .contains("parcours_queue_messages{queue=\"ready\"} NaN\n")
    );
}

#[test]
fn journeys_beyond_the_bound_are_counted_together() {
    let metrics = metrics(2);
    for name in ["a", "b", "c", "d"] {
        let mut tally = Tally::default();
        tally.journeys.entry(name.into()).or_default().entered = 2;
        metrics.turn(TurnOf::Inputs, &tally, Duration::ZERO);
    }
    let text = metrics.text();
    let counts: Vec<&str> = text
        .lines()
        .filter(|l| l.starts_with("parcours_runs_entered_total{"))
        .collect();
    assert_eq!(
        counts,
        [
            "parcours_runs_entered_total{journey=\"a\"} 2",
            "parcours_runs_entered_total{journey=\"b\"} 2",
            "parcours_runs_entered_total{journey=\"other\"} 4",
        ]
    );
}
