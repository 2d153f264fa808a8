//! A circuit breaker: a provider that fails again and again is left alone, and asked with one
//! message after a while. Time is an argument.

use std::time::{Duration, Instant};

use super::CircuitSettings;

#[derive(Clone, Debug)]
pub(crate) struct Circuit {
    failures: u32,
    pause: Duration,
    longest: Duration,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// All go; so many failures have followed each other.
    Closed(u32),
    /// None go until then; then one does. The pause that led here.
    Open(Instant, Duration),
    /// The one is with the provider. The pause that led here.
    Probing(Duration),
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It has opened after so many failures.
    Opened { failures: u32, pause: Duration },
    /// The one message did not go; a longer pause.
    StaysOpen { pause: Duration },
    /// It is closed again.
    Closed,
}

impl Circuit {
    pub(crate) fn new(settings: &CircuitSettings) -> Self {
        Self {
            failures: settings.failures.max(1),
            pause: settings.pause.0,
            longest: settings.longest_pause.0.max(settings.pause.0),
            state: State::Closed(0),
        }
    }

    /// Until when nothing goes. A probe that is out ends it at no known time: the pause is taken.
    pub(crate) fn shut_until(&self, now: Instant) -> Option<Instant> {
        match self.state {
            State::Closed(_) => None,
            State::Open(until, _) => (until > now).then_some(until),
            State::Probing(pause) => Some(now + pause),
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed(_))
    }

    /// One goes; it is not shut. True: it is the probe.
    pub(crate) fn enter(&mut self) -> bool {
        match self.state {
            State::Open(_, pause) => {
                self.state = State::Probing(pause);
                true
            }
            State::Closed(_) | State::Probing(_) => false,
        }
    }

    /// One that entered was not handed over: another may be the probe.
    pub(crate) fn leave(&mut self, probe: bool, now: Instant) {
        if let (true, State::Probing(pause)) = (probe, self.state) {
            self.state = State::Open(now, pause);
        }
    }

    /// The provider has answered as it should.
    pub(crate) fn works(&mut self, probe: bool) -> Option<Change> {
        match self.state {
            State::Closed(_) => {
                self.state = State::Closed(0);
                None
            }
            State::Probing(_) if probe => {
                self.state = State::Closed(0);
                Some(Change::Closed)
            }
            // What had begun before it opened proves nothing of now.
            State::Open(..) | State::Probing(_) => None,
        }
    }

    /// The provider has not.
    pub(crate) fn fails(&mut self, probe: bool, now: Instant) -> Option<Change> {
        match self.state {
            State::Closed(failures) if failures + 1 >= self.failures => {
                let (failures, pause) = (failures + 1, self.pause);
                self.state = State::Open(now + pause, pause);
                Some(Change::Opened { failures, pause })
            }
            State::Closed(failures) => {
                self.state = State::Closed(failures + 1);
                None
            }
            State::Probing(pause) if probe => {
                let pause = pause.saturating_mul(2).min(self.longest);
                self.state = State::Open(now + pause, pause);
                Some(Change::StaysOpen { pause })
            }
            State::Open(..) | State::Probing(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Span;

    const SECOND: Duration = Duration::from_secs(1);

    fn circuit() -> Circuit {
        Circuit::new(&CircuitSettings {
            failures: 3,
            pause: Span(2 * SECOND),
            longest_pause: Span(5 * SECOND),
        })
    }

    #[test]
    fn it_opens_after_failures_that_follow_each_other() {
        let (mut circuit, now) = (circuit(), Instant::now());
        for _ in 0..10 {
            assert_eq!(circuit.fails(false, now), None);
            assert_eq!(circuit.fails(false, now), None);
            assert_eq!(circuit.works(false), None);
        }
        assert_eq!(circuit.shut_until(now), None);
        circuit.fails(false, now);
        circuit.fails(false, now);
        let opened = Change::Opened {
            failures: 3,
            pause: 2 * SECOND,
        };
        assert_eq!(circuit.fails(false, now), Some(opened));
        assert_eq!(circuit.shut_until(now), Some(now + 2 * SECOND));
        // What was on its way changes nothing, and is told once.
        assert_eq!(circuit.fails(false, now + SECOND), None);
        assert_eq!(circuit.works(false), None);
        assert_eq!(circuit.shut_until(now), Some(now + 2 * SECOND));
    }

    #[test]
    fn one_probe_goes_after_a_pause_that_grows_up_to_its_bound() {
        let (mut circuit, mut now) = (circuit(), Instant::now());
        let opened = (0..3).filter_map(|_| circuit.fails(false, now)).count();
        assert_eq!(opened, 1);
        for pause in [2, 4, 5, 5] {
            assert!(
                circuit
                    .shut_until(now + pause * SECOND - Duration::from_nanos(1))
                    .is_some()
            );
            now += pause * SECOND;
            assert_eq!(circuit.shut_until(now), None);
            assert!(circuit.enter(), "it is the probe");
            assert!(circuit.shut_until(now).is_some(), "one, and no second");
            let pause = (2 * pause).min(5) * SECOND;
            assert_eq!(circuit.fails(true, now), Some(Change::StaysOpen { pause }));
        }
        now += 5 * SECOND;
        assert!(circuit.enter());
        circuit.leave(true, now);
        assert!(circuit.enter(), "the first was not handed over");
        assert_eq!(circuit.works(false), None, "only the probe tells");
        assert_eq!(circuit.works(true), Some(Change::Closed));
        assert!(circuit.is_closed());
        // Closed for good: it takes three again, and the first pause.
        assert_eq!(circuit.fails(false, now), None);
        assert_eq!(circuit.fails(false, now), None);
        circuit.fails(false, now);
        assert_eq!(circuit.shut_until(now), Some(now + 2 * SECOND));
    }
}
