//! The back-test against plain re-implementations of two journeys, written from the rules.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use journey::backtest::{Backtest, Report};

use crate::play::{at, customer, event, json, span, world};

/// Somebody did something at some time.
pub struct Happened {
    pub who: String,
    pub what: &'static str,
    pub at: Timestamp,
}

pub const CART: &str = "
enter: { event: add_to_cart }
exit: [ { event: purchase, as: bought } ]
steps: [ { wait: 2h }, { id: nudge, send: email, template: t } ]
";
pub const CAP: &str =
    "caps: [ { name: one, purpose: marketing, max: 1, per: 3d, window: rolling } ]";
pub const WIN_BACK: &str = "
enter: { event: purchase, inside: restart }
goal: { event: purchase, within: 90d }
steps: [ { wait: 60d }, { id: miss_you, send: email, template: t }, { wait: 7d }, { id: deal, send: sms, template: t }, { exit: lost } ]
";

/// What a back-test of `journey` says.
pub fn tested(journey: &str, policies: &str, events: &[Happened]) -> Report {
    let world = world(&[journey], policies);
    let mut backtest = Backtest::new(&world);
    for (n, happened) in events.iter().enumerate() {
        let Happened { who, what, at } = happened;
        backtest.play(event(who, what, json!({}), *at, n), who, customer);
    }
    backtest.finish()
}

fn by_customer(events: &[Happened]) -> BTreeMap<&str, Vec<&Happened>> {
    let mut found: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for event in events {
        found.entry(&event.who).or_default().push(event);
    }
    found
}

fn report(events: &[Happened]) -> Report {
    Report {
        events: events.len() as u64,
        customers: by_customer(events).len() as u64,
        ..Report::default()
    }
}

fn add(counts: &mut BTreeMap<Arc<str>, u64>, name: &str) {
    *counts.entry(name.into()).or_default() += 1;
}

/// The cart journey by hand: whoever fills a cart and does not buy in two hours hears from us,
/// unless they did in the `pause` before.
pub fn carts_by_hand(events: &[Happened], pause: Option<SignedDuration>) -> Report {
    let mut report = report(events);
    for events in by_customer(events).values() {
        let mut due: Option<Timestamp> = None;
        let mut last: Option<Timestamp> = None;
        let mut nudge = |due: Timestamp, report: &mut Report| {
            add(&mut report.left, "completed");
            if last
                .zip(pause)
                .is_some_and(|(last, pause)| last + pause > due)
            {
                add(
                    report.suppressed.entry("nudge".into()).or_default(),
                    "capped",
                );
            } else {
                add(&mut report.sent, "nudge");
                last = Some(due);
            }
        };
        for event in events {
            // At the very moment at which it is due, the event comes first.
            if let Some(was) = due.take_if(|due| *due < event.at) {
                nudge(was, &mut report);
            }
            match event.what {
                "purchase" if due.is_some() => {
                    add(&mut report.left, "bought");
                    due = None;
                }
                "add_to_cart" if due.is_none() => {
                    report.entered += 1;
                    due = Some(event.at + span("2h"));
                }
                _ => {}
            }
        }
        if let Some(due) = due {
            nudge(due, &mut report);
        }
    }
    report
}

/// The win-back journey by hand: every purchase is looked at with the one after it.
pub fn win_back_by_hand(events: &[Happened]) -> Report {
    let mut report = report(events);
    for events in by_customer(events).values() {
        let purchases: Vec<_> = events.iter().filter(|e| e.what == "purchase").collect();
        for (n, purchase) in purchases.iter().enumerate() {
            report.entered += 1;
            let next = purchases.get(n + 1).map(|next| next.at);
            let before_next = |days: i64| {
                let moment = purchase.at + SignedDuration::from_hours(24 * days);
                next.is_none_or(|next| moment < next)
            };
            if before_next(60) {
                add(&mut report.sent, "miss_you");
            }
            if before_next(67) {
                add(&mut report.sent, "deal");
                add(&mut report.left, "lost");
            } else {
                add(&mut report.left, "restarted");
            }
            if !before_next(90) {
                report.goals += 1;
            }
        }
    }
    report
}

/// Events of 150 customers over so many days, the same in every run.
fn generated(count: usize, days: u64) -> Vec<Happened> {
    let mut seed = 20_260_105_u64;
    let mut draw = move |below: u64| {
        // Knuth's multiplier; the upper bits are the random ones.
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let start = at("2023-01-01T00:00Z");
    let mut events: Vec<_> = (0..count)
        .map(|_| Happened {
            who: format!("c{}", draw(150)),
            what: ["add_to_cart", "purchase", "browse"][usize::try_from(draw(3)).unwrap()],
            at: start
                + SignedDuration::from_hours(24 * i64::try_from(draw(days)).unwrap())
                // Half hours of one morning: two hours later is often an event's very moment.
                + SignedDuration::from_mins(30 * i64::try_from(draw(12)).unwrap()),
        })
        .collect();
    events.sort_by_key(|e| e.at);
    events
}

#[test]
fn the_backtest_counts_carts_as_by_hand() {
    let events = generated(6_000, 60);
    let found = tested(CART, "", &events);
    assert_eq!(found, carts_by_hand(&events, None));
    assert!(found.left.values().all(|n| *n > 50), "{found:?}");
}

#[test]
fn the_backtest_counts_capped_carts_as_by_hand() {
    let events = generated(5_000, 60);
    let found = tested(CART, CAP, &events);
    assert_eq!(found, carts_by_hand(&events, Some(span("3d"))));
    assert!(found.suppressed["nudge"]["capped"] > 50, "{found:?}");
}

#[test]
fn the_backtest_counts_win_backs_as_by_hand() {
    let events = generated(3_000, 1_000);
    let found = tested(WIN_BACK, "", &events);
    assert_eq!(found, win_back_by_hand(&events));
    assert!(
        found.left.values().all(|n| *n > 50) && found.goals > 50,
        "{found:?}"
    );
}
