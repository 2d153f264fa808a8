//! What a provider is spared: rate, domains, pauses that it asks for, and a circuit breaker.
//!
//! Everything here is told the time and waits for nothing; `crate::line` waits. A message takes a
//! [`Ticket`] and gives it back with what it has learnt of the provider.

mod circuit;
mod domains;
mod rate;
mod settings;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

pub use self::settings::{CircuitSettings, DomainSettings, Limits, RateSettings, Span};
use self::{
    circuit::{Change, Circuit},
    domains::Domains,
    rate::Rate,
};

/// How far ahead messages are taken for a rate: they wait in memory for their moment.
pub(crate) const AHEAD: Duration = Duration::from_secs(1);
/// The longest that a message waits in memory for its moment.
const PATIENCE: Duration = Duration::from_secs(2);
/// The first pause of a provider that is asked too often and does not say for how long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The state of one provider.
#[derive(Debug)]
pub(crate) struct Gate {
    rate: Option<Rate>,
    domains: Option<Domains>,
    circuit: Circuit,
    longest_pause: Duration,
    /// Until when it asks to be left alone.
    paused: Option<Instant>,
    /// How often in a row it has asked to be left alone.
    asked: u32,
    tally: Tally,
}

/// What a provider was asked and said, since the process began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages that were handed over, each time.
    pub asked: u64,
    /// It took them.
    pub accepted: u64,
    /// It refused them for good.
    pub refused: u64,
    /// It refused them for now, for a reason that lies in the message or its address.
    pub later: u64,
    /// It had trouble of its own, did not answer, or could not be reached.
    pub troubled: u64,
    /// It was asked too often.
    pub hasty: u64,
    /// Nobody knows whether it took them; counted beside one of the above.
    pub unclear: u64,
    /// Messages that found no room and were put off.
    pub put_off: u64,
    /// Times that its circuit opened.
    pub opened: u64,
}

/// The right of one message to be handed over.
#[derive(Debug)]
pub(crate) struct Ticket {
    /// When.
    pub(crate) at: Instant,
    probe: bool,
    domain: Option<Box<str>>,
}

/// Why a message gets no ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// The provider is left alone until then; another may take its place.
    Shut(Instant),
    /// The message has to wait until then.
    Busy(Instant),
}

/// What an attempt says of the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted,
    Refused,
    /// It is about the message or its address.
    Later,
    Troubled,
    /// It asks to be left alone, and maybe for how long.
    Hasty(Option<Duration>),
    /// It was not waited for.
    Unknown,
}

/// What is worth a line in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    Opened { failures: u32, pause: Duration },
    StaysOpen { pause: Duration },
    Closed,
    Paused { pause: Duration },
}

impl Gate {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            rate: limits.rate.as_ref().map(Rate::new),
            domains: Domains::new(limits),
            circuit: Circuit::new(&limits.circuit),
            longest_pause: limits.longest_pause.0,
            paused: None,
            asked: 0,
            tally: Tally::default(),
        }
    }

    /// Until when it is left alone; `None`: it can be asked.
    pub(crate) fn shut_until(&self, now: Instant) -> Option<Instant> {
        let paused = self.paused.filter(|until| *until > now);
        paused.max(self.circuit.shut_until(now))
    }

    /// How many more can be handed over soon, as far as rate and circuit go.
    pub(crate) fn room(&self, now: Instant) -> usize {
        if self.shut_until(now).is_some() {
            return 0;
        }
        let by_rate = self.rate.as_ref().map(|rate| rate.within(now, AHEAD));
        let by_circuit = if self.circuit.is_closed() {
            usize::MAX
        } else {
            1
        };
        by_rate.unwrap_or(usize::MAX).min(by_circuit)
    }

    /// Whether it is left alone, but for the probe.
    pub(crate) fn is_shut_for(&self, ticket: Option<&Ticket>, now: Instant) -> bool {
        let probe = ticket.is_some_and(|t| t.probe);
        self.paused.is_some_and(|until| until > now)
            || !probe && self.circuit.shut_until(now).is_some()
    }

    /// Whether all that come are let in, but for the rate.
    pub(crate) fn is_open(&self, now: Instant) -> bool {
        self.circuit.is_closed() && self.shut_until(now).is_none()
    }

    /// A ticket for a message to that address.
    pub(crate) fn enter(&mut self, to: &str, now: Instant) -> Result<Ticket, Full> {
        if let Some(until) = self.shut_until(now) {
            return Err(Full::Shut(until));
        }
        let at = self.rate.as_ref().map_or(now, |rate| rate.free_at(now));
        if at > now + PATIENCE {
            self.tally.put_off += 1;
            return Err(Full::Busy(at));
        }
        let domain = match &mut self.domains {
            Some(domains) => domains.take(to, at, now),
            None => Ok(None),
        };
        let domain = domain.map_err(|until| {
            self.tally.put_off += 1;
            Full::Busy(until)
        })?;
        if let Some(rate) = &mut self.rate {
            rate.take(at);
        }
        let probe = self.circuit.enter();
        Ok(Ticket { at, probe, domain })
    }

    /// The message was not handed over.
    pub(crate) fn give_back(&mut self, ticket: &Ticket, now: Instant) {
        if let Some(rate) = &mut self.rate {
            rate.give_back(ticket.at);
        }
        if let (Some(domains), Some(name)) = (&mut self.domains, &ticket.domain) {
            domains.give_back(name, ticket.at);
        }
        self.circuit.leave(ticket.probe, now);
    }

    /// The message was handed over at `begun`, and that came of it. `unclear`: nobody knows whether
    /// the provider took it.
    pub(crate) fn done(
        &mut self,
        ticket: &Ticket,
        verdict: Verdict,
        unclear: bool,
        begun: Instant,
        now: Instant,
    ) -> Option<News> {
        if let (Some(domains), Some(name)) = (&mut self.domains, &ticket.domain) {
            domains.done(name, now.saturating_duration_since(begun));
        }
        self.count(verdict);
        self.tally.unclear += u64::from(unclear);
        let change = match verdict {
            Verdict::Accepted | Verdict::Refused | Verdict::Later => {
                self.asked = 0;
                self.circuit.works(ticket.probe)
            }
            Verdict::Troubled => self.circuit.fails(ticket.probe, now),
            Verdict::Hasty(wait) => return self.pause(ticket, wait, now),
            Verdict::Unknown => {
                self.circuit.leave(ticket.probe, now);
                None
            }
        };
        change.map(|change| match change {
            Change::Opened { failures, pause } => {
                self.tally.opened += 1;
                News::Opened { failures, pause }
            }
            Change::StaysOpen { pause } => News::StaysOpen { pause },
            Change::Closed => News::Closed,
        })
    }

    /// It asks to be left alone: news, unless it was already.
    fn pause(&mut self, ticket: &Ticket, wait: Option<Duration>, now: Instant) -> Option<News> {
        // It is there, and says so: no reason to open the circuit, nor to keep it open.
        let closed = self.circuit.works(ticket.probe);
        let paused = self.paused.filter(|until| *until > now);
        if paused.is_none() {
            self.asked = self.asked.saturating_add(1);
        }
        let grown = FIRST_PAUSE.saturating_mul(1 << (self.asked.clamp(1, 16) - 1));
        let pause = wait.filter(|w| !w.is_zero()).unwrap_or(grown);
        let pause = pause.min(self.longest_pause);
        // What was on its way when it first said so does not shorten it.
        self.paused = paused.max(Some(now + pause));
        match (closed, paused) {
            (_, None) => Some(News::Paused { pause }),
            (Some(_), Some(_)) => Some(News::Closed),
            (None, Some(_)) => None,
        }
    }

    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }

    pub(crate) fn circuit_is_closed(&self) -> bool {
        self.circuit.is_closed()
    }

    fn count(&mut self, verdict: Verdict) {
        self.tally.asked += 1;
        let count = match verdict {
            Verdict::Accepted => &mut self.tally.accepted,
            Verdict::Refused => &mut self.tally.refused,
            Verdict::Later => &mut self.tally.later,
            Verdict::Troubled => &mut self.tally.troubled,
            Verdict::Hasty(_) => &mut self.tally.hasty,
            Verdict::Unknown => return,
        };
        *count += 1;
    }
}
