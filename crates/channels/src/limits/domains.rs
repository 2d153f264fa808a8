//! Limits by the domain of an address: so many in a time, so many at a time. Time is an argument,
//! memory is bounded.
//!
//! A message that finds no room is put off to a moment of its own, each a little later than the
//! last, so that a crowd comes back at the pace at which it can go.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::{DomainSettings, Limits, rate::Rate};

/// What one message takes, before any was measured.
const FIRST_PACE: Duration = Duration::from_millis(100);
/// How long it is not looked again for domains that can be forgotten.
const SWEEP: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Domains {
    named: HashMap<Box<str>, DomainSettings>,
    others: Option<DomainSettings>,
    most: usize,
    longest: Duration,
    kept: HashMap<Box<str>, Domain>,
    swept: Option<Instant>,
}

#[derive(Debug)]
struct Domain {
    rate: Option<Rate>,
    most: Option<usize>,
    busy: usize,
    /// When the next that finds no room is told to come back, at the earliest.
    queue: Option<Instant>,
    /// How long one takes at its provider: a moving average.
    takes: Duration,
}

impl Domains {
    /// `None` where no domain is limited.
    pub(crate) fn new(limits: &Limits) -> Option<Self> {
        let named = limits.domains.iter().filter(|(name, _)| *name != "*");
        (!limits.domains.is_empty()).then(|| Self {
            named: named
                .map(|(name, limit)| (name.to_ascii_lowercase().into(), *limit))
                .collect(),
            others: limits.domains.get("*").copied(),
            most: limits.most_domains,
            longest: limits.longest_put_off.0,
            kept: HashMap::new(),
            swept: None,
        })
    }

    /// Takes a place for a message that goes at `at`. Returns the domain to give it back for,
    /// `None` where it has no limit.
    ///
    /// # Errors
    /// There is no room: when to come back.
    pub(crate) fn take(
        &mut self,
        to: &str,
        at: Instant,
        now: Instant,
    ) -> Result<Option<Box<str>>, Instant> {
        let name = to.rsplit_once('@').map_or(to, |(_, domain)| domain);
        let name: Box<str> = name.to_ascii_lowercase().into();
        let Some(limit) = self.named.get(&name).or(self.others.as_ref()) else {
            return Ok(None);
        };
        if !self.kept.contains_key(&name) {
            let fresh = Domain::new(limit);
            if !self.has_room(now) {
                return Err(now + SWEEP);
            }
            self.kept.insert(name.clone(), fresh);
        }
        let longest = now + self.longest;
        match self.kept.get_mut(&name) {
            Some(domain) if domain.is_free(at) => {
                domain.busy += 1;
                if let Some(rate) = &mut domain.rate {
                    rate.take(at);
                }
                Ok(Some(name))
            }
            Some(domain) => Err(domain.put_off(now, longest)),
            None => Ok(None),
        }
    }

    /// The message of that domain was handed over, which took so long.
    pub(crate) fn done(&mut self, name: &str, took: Duration) {
        if let Some(domain) = self.kept.get_mut(name) {
            domain.busy = domain.busy.saturating_sub(1);
            domain.takes = (domain.takes * 7 + took) / 8;
        }
    }

    /// The message was not handed over.
    pub(crate) fn give_back(&mut self, name: &str, at: Instant) {
        if let Some(domain) = self.kept.get_mut(name) {
            domain.busy = domain.busy.saturating_sub(1);
            if let Some(rate) = &mut domain.rate {
                rate.give_back(at);
            }
        }
    }

    /// Whether one more can be remembered; forgets those that would be the same if they came anew.
    fn has_room(&mut self, now: Instant) -> bool {
        if self.kept.len() >= self.most && self.swept.is_none_or(|at| now >= at + SWEEP) {
            self.swept = Some(now);
            self.kept.retain(|_, domain| !domain.is_idle(now));
        }
        self.kept.len() < self.most
    }
}

impl Domain {
    fn new(limit: &DomainSettings) -> Self {
        Self {
            rate: limit.rate.as_ref().map(Rate::new),
            most: limit.concurrency,
            busy: 0,
            queue: None,
            takes: FIRST_PACE,
        }
    }

    fn is_free(&self, at: Instant) -> bool {
        let free = self.most.is_none_or(|most| self.busy < most);
        free && self.rate.as_ref().is_none_or(|rate| rate.free_at(at) <= at)
    }

    fn is_idle(&self, now: Instant) -> bool {
        let idle = self.rate.as_ref().is_none_or(|rate| rate.is_idle(now));
        idle && self.busy == 0 && self.queue.is_none_or(|at| at <= now)
    }

    /// The end of the queue, which grows at the pace of the domain; no later than `longest`.
    fn put_off(&mut self, now: Instant, longest: Instant) -> Instant {
        let by_rate = self.rate.as_ref().map_or(Duration::ZERO, Rate::every);
        let places = u32::try_from(self.most.unwrap_or(1)).unwrap_or(u32::MAX);
        let by_places = self.most.map_or(Duration::ZERO, |_| self.takes / places);
        let pace = by_rate.max(by_places).max(Duration::from_millis(1));
        let free = self.rate.as_ref().map_or(now, |rate| rate.free_at(now));
        let free = free.max(now + by_places);
        let at = self.queue.map_or(free, |queue| queue.max(free));
        if at > longest {
            return longest;
        }
        self.queue = Some(at + pace);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{RateSettings, Span};

    const SECOND: Duration = Duration::from_secs(1);

    fn domains(of: &[(&str, Option<u32>, Option<usize>)], most: usize) -> Domains {
        let limit = |(name, rate, concurrency): &(&str, Option<u32>, Option<usize>)| {
            let rate = rate.map(|max| RateSettings {
                max,
                per: Span(SECOND),
                burst: 1,
            });
            let concurrency = *concurrency;
            ((*name).to_owned(), DomainSettings { rate, concurrency })
        };
        Domains::new(&Limits {
            domains: of.iter().map(limit).collect(),
            most_domains: most,
            longest_put_off: Span(60 * SECOND),
            ..Limits::default()
        })
        .unwrap()
    }

    #[test]
    fn a_domain_has_its_own_rate_whatever_the_case_and_the_others_theirs() {
        let mut domains = domains(&[("Gmail.com", Some(2), None), ("*", Some(1), None)], 10);
        let now = Instant::now();
        let take = |d: &mut Domains, to: &str| d.take(to, now, now);
        assert_eq!(
            take(&mut domains, "a@gmail.com"),
            Ok(Some("gmail.com".into()))
        );
        let half = now + SECOND / 2;
        assert_eq!(take(&mut domains, "b@GMAIL.com"), Err(half));
        assert!(take(&mut domains, "a@x.example").is_ok());
        assert!(take(&mut domains, "b@x.example").is_err());
        assert!(
            take(&mut domains, "a@y.example").is_ok(),
            "each other one for itself"
        );
    }

    #[test]
    fn domains_without_a_limit_are_not_remembered() {
        let mut domains = domains(&[("gmail.com", Some(2), None)], 10);
        let now = Instant::now();
        assert_eq!(domains.take("a@x.example", now, now), Ok(None));
        assert!(domains.kept.is_empty());
    }

    /// The crowd comes back at the pace at which it can go, and then everybody does.
    #[test]
    fn whoever_is_put_off_comes_back_once_and_goes() {
        let mut domains = domains(&[("gmail.com", Some(10), None)], 10);
        let now = Instant::now();
        let take = |d: &mut Domains, at| d.take("a@gmail.com", at, at);
        assert!(take(&mut domains, now).is_ok());
        let mut back: Vec<Instant> = (0..100)
            .map(|_| take(&mut domains, now).unwrap_err())
            .collect();
        back.sort();
        assert_eq!(back[99] - now, 10 * SECOND);
        assert!(back.into_iter().all(|at| take(&mut domains, at).is_ok()));
    }

    #[test]
    fn nobody_is_put_off_for_longer_than_the_bound() {
        let mut domains = domains(&[("gmail.com", Some(1), None)], 10);
        let now = Instant::now();
        let take = |d: &mut Domains| d.take("a@gmail.com", now, now);
        assert!(take(&mut domains).is_ok());
        let last = (0..500).map(|_| take(&mut domains).unwrap_err()).max();
        assert_eq!(last, Some(now + 60 * SECOND));
    }

    #[test]
    fn so_many_at_a_time_at_the_pace_that_was_measured() {
        let mut domains = domains(&[("gmail.com", None, Some(2))], 10);
        let now = Instant::now();
        let take = |d: &mut Domains| d.take("a@gmail.com", now, now);
        assert!(take(&mut domains).is_ok() && take(&mut domains).is_ok());
        let soon = take(&mut domains).unwrap_err();
        assert_eq!(soon - now, FIRST_PACE / 2);
        domains.done("gmail.com", 40 * SECOND);
        assert!(take(&mut domains).is_ok(), "one place is free");
        let later = take(&mut domains).unwrap_err();
        assert!(
            later - now > 2 * SECOND,
            "it has become slow: {:?}",
            later - now
        );
        domains.give_back("gmail.com", now);
        assert!(take(&mut domains).is_ok());
    }

    #[test]
    fn memory_is_bounded_and_no_limit_is_forgotten_for_it() {
        let mut domains = domains(&[("*", Some(1), None)], 3);
        let now = Instant::now();
        for n in 0..3 {
            assert!(domains.take(&format!("a@{n}.example"), now, now).is_ok());
            domains.done(&format!("{n}.example"), SECOND);
        }
        assert!(
            domains.take("a@3.example", now, now).is_err(),
            "all three count"
        );
        assert_eq!(domains.kept.len(), 3);
        let later = now + 2 * SECOND;
        assert!(domains.take("a@3.example", later, later).is_ok());
        assert_eq!(
            domains.kept.len(),
            1,
            "those that had their time are forgotten"
        );
    }
}
