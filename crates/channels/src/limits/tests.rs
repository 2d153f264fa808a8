//! One provider, told the time.

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const TO: &str = "ana@gmail.com";

fn rate(max: u32) -> Option<RateSettings> {
    let per = Span(SECOND);
    Some(RateSettings { max, per, burst: 1 })
}

/// Hands one over, and says what came of it.
fn one(gate: &mut Gate, verdict: Verdict, now: Instant) -> Option<News> {
    let ticket = gate.enter(TO, now).unwrap();
    gate.done(&ticket, verdict, false, now, now)
}

#[test]
fn a_provider_that_asks_for_time_gets_it_from_all() {
    let (mut gate, now) = (Gate::new(&Limits::default()), Instant::now());
    let on_its_way = gate.enter(TO, now).unwrap();
    let pause = 30 * SECOND;
    let news = one(&mut gate, Verdict::Hasty(Some(pause)), now);
    assert_eq!(news, Some(News::Paused { pause }));
    assert_eq!(gate.enter(TO, now).unwrap_err(), Full::Shut(now + pause));
    assert_eq!(gate.room(now), 0);
    let news = gate.done(&on_its_way, Verdict::Hasty(Some(SECOND)), false, now, now);
    assert_eq!(news, None, "it is told once");
    assert_eq!(gate.shut_until(now), Some(now + pause), "and not shortened");
    assert!(gate.enter(TO, now + pause).is_ok());
    assert!(gate.circuit_is_closed());
}

#[test]
fn a_pause_has_a_bound_and_grows_where_the_provider_names_none() {
    let mut gate = Gate::new(&Limits {
        longest_pause: Span(3 * SECOND),
        ..Limits::default()
    });
    let mut now = Instant::now();
    for (pause, named) in [(1, None), (2, Some(Duration::ZERO)), (3, None), (3, None)] {
        let pause = pause * SECOND;
        let news = one(&mut gate, Verdict::Hasty(named), now);
        assert_eq!(news, Some(News::Paused { pause }));
        now += pause;
    }
    let news = one(&mut gate, Verdict::Hasty(Some(9 * SECOND)), now);
    let pause = 3 * SECOND;
    assert_eq!(news, Some(News::Paused { pause }));
    one(&mut gate, Verdict::Accepted, now + pause);
    let news = one(&mut gate, Verdict::Hasty(None), now + pause);
    assert_eq!(news, Some(News::Paused { pause: SECOND }));
}

#[test]
fn refused_messages_are_not_the_providers_fault() {
    let (mut gate, now) = (Gate::new(&Limits::default()), Instant::now());
    for _ in 0..100 {
        one(&mut gate, Verdict::Refused, now);
        one(&mut gate, Verdict::Later, now);
    }
    assert_eq!(gate.shut_until(now), None);
    let opened = (0..5).filter_map(|_| one(&mut gate, Verdict::Troubled, now));
    assert_eq!(opened.count(), 1);
    assert!(gate.shut_until(now).is_some());
    let tally = gate.tally();
    assert_eq!((tally.asked, tally.opened, tally.troubled), (205, 1, 5));
}

#[test]
fn messages_take_their_moments_one_after_another() {
    let mut gate = Gate::new(&Limits {
        rate: rate(2),
        ..Limits::default()
    });
    let now = Instant::now();
    assert_eq!(gate.room(now), 3);
    let moments: Vec<_> = (0..5)
        .map(|_| gate.enter(TO, now).unwrap().at - now)
        .collect();
    assert_eq!(moments, [0, 1, 2, 3, 4].map(|n| n * SECOND / 2));
    let late = Full::Busy(now + 5 * SECOND / 2);
    assert_eq!(gate.enter(TO, now).unwrap_err(), late);
    assert_eq!(gate.room(now), 0);
}

/// The domain's rate is held at the moments at which messages leave, not at those at which
/// they were let in.
#[test]
fn a_domain_at_its_limit_takes_nothing_from_the_others() {
    let gmail = DomainSettings {
        rate: rate(1),
        concurrency: None,
    };
    let mut gate = Gate::new(&Limits {
        rate: rate(10),
        domains: [("gmail.com".to_owned(), gmail)].into(),
        ..Limits::default()
    });
    let now = Instant::now();
    assert_eq!(gate.enter(TO, now).unwrap().at, now);
    assert_eq!(gate.enter(TO, now).unwrap_err(), Full::Busy(now + SECOND));
    for n in 1..=9 {
        let at = gate.enter("bo@x.example", now).unwrap().at;
        assert_eq!(at, now + n * SECOND / 10);
    }
    assert_eq!(gate.enter(TO, now).unwrap().at, now + SECOND);
}

#[test]
fn a_ticket_that_is_not_used_leaves_nothing_behind() {
    let gmail = DomainSettings {
        rate: rate(1),
        concurrency: Some(1),
    };
    let mut gate = Gate::new(&Limits {
        rate: rate(1),
        domains: [("gmail.com".to_owned(), gmail)].into(),
        circuit: CircuitSettings {
            failures: 1,
            ..CircuitSettings::default()
        },
        ..Limits::default()
    });
    let now = Instant::now();
    let ticket = gate.enter(TO, now).unwrap();
    gate.give_back(&ticket, now);
    one(&mut gate, Verdict::Troubled, now);
    let then = now + 2 * SECOND;
    assert_eq!(gate.room(then), 1);
    let probe = gate.enter(TO, then).unwrap();
    assert!(matches!(gate.enter(TO, then), Err(Full::Shut(_))));
    gate.give_back(&probe, then);
    assert_eq!(one(&mut gate, Verdict::Accepted, then), Some(News::Closed));
}
