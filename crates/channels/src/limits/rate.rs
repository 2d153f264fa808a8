//! How many may go in a time: the generic cell rate algorithm, in which the whole state is one
//! instant. Time is an argument.

use std::time::{Duration, Instant};

use super::RateSettings;

/// A rate that is held exactly: in no stretch of `per` do more than `max + burst - 1` go.
#[derive(Clone, Debug)]
pub(crate) struct Rate {
    /// The time that one takes up.
    every: Duration,
    /// How far ahead of the pace a burst may be.
    ahead: Duration,
    /// When all that has gone is used up; `None`: nothing has gone yet.
    used_up: Option<Instant>,
}

impl Rate {
    pub(crate) fn new(settings: &RateSettings) -> Self {
        let max = u128::from(settings.max.max(1));
        // Rounded up, for the rate must not be passed.
        let every = settings.per.0.as_nanos().div_ceil(max);
        let every = Duration::from_nanos(u64::try_from(every).unwrap_or(u64::MAX));
        Self {
            every,
            ahead: every.saturating_mul(settings.burst.max(1) - 1),
            used_up: None,
        }
    }

    /// The time between two, at the rate.
    pub(crate) fn every(&self) -> Duration {
        self.every
    }

    /// When the next may go: `now`, or later.
    pub(crate) fn free_at(&self, now: Instant) -> Instant {
        let earliest = self.used_up.and_then(|t| t.checked_sub(self.ahead));
        earliest.map_or(now, |earliest| earliest.max(now))
    }

    /// One goes at `at`, which is no earlier than [`Rate::free_at`].
    pub(crate) fn take(&mut self, at: Instant) {
        let from = self.used_up.map_or(at, |t| t.max(at));
        self.used_up = Some(from + self.every);
    }

    /// The one that was taken for `at` does not go after all. Its time is free again if nothing
    /// was taken behind it.
    pub(crate) fn give_back(&mut self, at: Instant) {
        if self.used_up == Some(at + self.every) {
            self.used_up = Some(at);
        }
    }

    /// How many could go from now until `span` from now.
    pub(crate) fn within(&self, now: Instant, span: Duration) -> usize {
        let from = self.used_up.map_or(now, |t| t.max(now));
        let until = now + span + self.ahead;
        let Some(left) = until.checked_duration_since(from) else {
            return 0;
        };
        let more = left.as_nanos() / self.every.as_nanos().max(1);
        usize::try_from(more).map_or(usize::MAX, |more| more.saturating_add(1))
    }

    /// Whether nothing is used up any more: a rate that is forgotten then is as good as new.
    pub(crate) fn is_idle(&self, now: Instant) -> bool {
        self.used_up.is_none_or(|t| t <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Span;

    fn rate(max: u32, burst: u32) -> Rate {
        Rate::new(&RateSettings {
            max,
            per: Span(Duration::from_secs(1)),
            burst,
        })
    }

    /// The moments, in microseconds from the start, at which a crowd that always waits goes.
    fn goes(mut rate: Rate, seconds: u64) -> Vec<u128> {
        let start = Instant::now();
        let (mut now, mut gone) = (start, Vec::new());
        while now < start + Duration::from_secs(seconds) {
            now = rate.free_at(now);
            rate.take(now);
            gone.push((now - start).as_micros());
        }
        gone
    }

    /// The most that go in any second of it.
    fn most_in_a_second(gone: &[u128]) -> usize {
        let second = |from: u128| from..from + 1_000_000;
        let within = |from| gone.iter().filter(|t| second(from).contains(t)).count();
        gone.iter().map(|from| within(*from)).max().unwrap()
    }

    #[test]
    fn the_rate_is_held_in_every_second_and_used_up() {
        for max in [1, 3, 7, 100, 333] {
            let gone = goes(rate(max, 1), 10);
            assert_eq!(most_in_a_second(&gone), max as usize, "{max}");
            assert!(gone.len() >= max as usize * 10 - 1, "{max}: {}", gone.len());
        }
    }

    #[test]
    fn a_burst_goes_at_once_and_no_more_than_it_on_top() {
        let gone = goes(rate(10, 5), 10);
        assert_eq!(gone.iter().filter(|t| **t == 0).count(), 5);
        assert_eq!(most_in_a_second(&gone), 14);
    }

    #[test]
    fn what_could_go_is_counted_ahead() {
        let (mut rate, now) = (rate(10, 1), Instant::now());
        assert_eq!(rate.within(now, Duration::ZERO), 1);
        assert_eq!(rate.within(now, Duration::from_secs(1)), 11);
        for _ in 0..20 {
            let at = rate.free_at(now);
            rate.take(at);
        }
        assert_eq!(rate.within(now, Duration::from_secs(1)), 0);
        assert_eq!(rate.within(now, Duration::from_secs(2)), 1);
        assert!(!rate.is_idle(now) && rate.is_idle(now + Duration::from_secs(2)));
    }

    #[test]
    fn what_does_not_go_gives_its_time_back_to_whoever_is_next() {
        let (mut rate, now) = (rate(10, 1), Instant::now());
        rate.take(now);
        rate.give_back(now);
        assert_eq!(rate.free_at(now), now);
        rate.take(now);
        let second = rate.free_at(now);
        rate.take(second);
        rate.give_back(now);
        assert!(rate.free_at(now) > second, "one is behind it");
    }
}
