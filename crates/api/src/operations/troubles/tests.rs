use std::{fs, path::Path};

use jiff::{SignedDuration, Timestamp};
use store::{
    EngineRow, EngineSeen, LoopSeen, ProviderSeen,
    read::{Point, Series},
};
use uuid::Uuid;

use super::{Limits, of};
use crate::{
    Readiness,
    operations::view::{Kept, View},
};

fn at() -> Timestamp {
    "2026-03-02T09:00:30Z".parse().unwrap()
}

fn engine(change: impl FnOnce(&mut EngineRow)) -> EngineRow {
    let mut engine = EngineRow {
        id: Uuid::from_u128(1),
        started_at: at() - SignedDuration::from_hours(1),
        seen_at: at(),
        host: "a".to_owned(),
        version: "0".to_owned(),
        roles: ["intake", "timers", "dispatch", "api"]
            .map(str::to_owned)
            .into(),
        seen: EngineSeen {
            broker: true,
            connections_max: 8,
            ..EngineSeen::default()
        },
    };
    change(&mut engine);
    engine
}

fn view(engines: Vec<EngineRow>, hour: Vec<Series>) -> View {
    View {
        at: at(),
        parts: vec![
            Readiness::of("database", None),
            Readiness::of("broker", None),
        ],
        kept: Some(Kept {
            engines,
            hour,
            database: None,
        }),
    }
}

fn counted(name: &str, minutes_ago: i64, value: f64) -> Series {
    let at = at() - SignedDuration::from_mins(minutes_ago);
    Series {
        name: name.to_owned(),
        counts: true,
        points: vec![Point { at, value }],
    }
}

fn alerts(view: &View) -> Vec<&'static str> {
    of(view).iter().map(|t| t.alert).collect()
}

#[test]
fn all_is_well_where_nothing_is_wrong() {
    let calm = engine(|e| {
        e.seen
            .values
            .insert("late/timers".to_owned(), Limits::TIMERS);
        e.seen.values.insert("queue/ready".to_owned(), 40_000.0);
    });
    assert_eq!(
        of(&view(vec![calm], vec![counted("sent/sms/acme", 1, 9.0)])),
        []
    );
}

#[test]
fn a_part_that_is_not_ready_is_said_in_words_and_with_what_to_do() {
    let mut view = view(vec![engine(|_| {})], Vec::new());
    view.parts[1] = Readiness::of("broker", Some("nobody answers".to_owned()));
    let all = of(&view);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].what, "RabbitMQ is not ready: nobody answers");
    assert!(all[0].cure.contains("kept"));
}

#[test]
fn an_engine_that_is_gone_is_missed_and_so_is_its_role() {
    let gone = engine(|e| e.seen_at = at() - SignedDuration::from_secs(61));
    let other = engine(|e| {
        e.id = Uuid::from_u128(2);
        e.roles = vec!["intake".to_owned(), "api".to_owned()];
    });
    let view = view(vec![gone, other], Vec::new());
    assert_eq!(alerts(&view), ["ParcoursDown"; 3]);
    let all = of(&view);
    assert!(
        all[0]
            .what
            .contains("has not been seen since 2 Mar 2026, 08:59 UTC"),
        "{all:?}"
    );
    assert_eq!(all[1].what, "No process fires timers");
}

#[test]
fn without_rabbitmq_nobody_has_to_read_from_it() {
    let alone = engine(|e| {
        e.roles = vec!["timers".to_owned(), "dispatch".to_owned()];
        e.seen.broker = false;
    });
    let mut view = view(vec![alone], Vec::new());
    view.parts.retain(|p| p.part != "broker");
    assert_eq!(of(&view), []);
}

#[test]
fn what_passes_the_bounds_of_the_alerts_is_told() {
    let busy = engine(|e| {
        let values = &mut e.seen.values;
        values.insert("queue/ready".to_owned(), 50_001.0);
        values.insert("late/timers".to_owned(), 61.0);
        values.insert("late/messages".to_owned(), 121.0);
        values.insert("late/calls".to_owned(), 121.0);
        e.seen.connections_used = 8;
        e.seen.broker_refuses = "low on memory".to_owned();
        e.seen.loops = vec![LoopSeen {
            name: "calls".to_owned(),
            failing_seconds: 15,
            error: "no".to_owned(),
            well: false,
        }];
        e.seen.providers = vec![ProviderSeen {
            channel: "sms".to_owned(),
            provider: "acme".to_owned(),
            ..ProviderSeen::default()
        }];
    });
    let hour = vec![
        counted("dead", 14, 2.0),
        counted("failed/sms/acme/failed", 10, 37.0),
        counted("failed/sms/acme/expired", 10, 900.0),
    ];
    assert_eq!(
        alerts(&view(vec![busy], hour)),
        [
            "ParcoursLoopErrors",
            "ParcoursNotReady",
            "ParcoursIntakeBehind",
            "ParcoursDeadLetters",
            "ParcoursOutboxOld",
            "ParcoursTimersLate",
            "ParcoursCallsOld",
            "ParcoursProviderLeftAlone",
            "ParcoursMessagesFail",
            "ParcoursConnectionsShort",
        ]
    );
    let past = vec![
        counted("dead", 16, 2.0),
        counted("failed/sms/acme/failed", 31, 99.0),
    ];
    assert_eq!(of(&view(vec![engine(|_| {})], past)), []);
}

#[test]
fn the_bounds_are_those_of_the_alert_rules_and_every_alert_has_its_section() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let rules = fs::read_to_string(root.join("deploy/prometheus/alerts.yaml")).unwrap();
    for rule in [
        format!(
            "parcours_queue_messages{{queue=\"ready\"}}) > {}'",
            Limits::QUEUE
        ),
        format!(
            "parcours_oldest_due_seconds{{work=\"timers\"}}) > {}'",
            Limits::TIMERS
        ),
        format!(
            "parcours_oldest_due_seconds{{work=\"messages\"}}) > {}'",
            Limits::MESSAGES
        ),
        format!(
            "parcours_oldest_due_seconds{{work=\"calls\"}}) > {}'",
            Limits::CALLS
        ),
        format!("[{}m])) > {}'", Limits::FAILED_MINUTES, Limits::FAILED),
        "max by (cause) (parcours_dead_letters) > 0".to_owned(),
    ] {
        assert!(rules.contains(&rule), "{rule}");
    }
    let manual = fs::read_to_string(root.join("docs/operations.md")).unwrap();
    let source = fs::read_to_string(root.join("crates/api/src/operations/troubles.rs")).unwrap();
    let named = source
        .split("\"Parcours")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap());
    for alert in named {
        assert!(
            manual.contains(&format!("#### Parcours{alert}\n")),
            "{alert}"
        );
    }
}
