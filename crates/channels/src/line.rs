//! The providers of one channel, in order of preference, and the places at them.
//!
//! Whoever hands a message over asks for a place first ([`Line::place`]), which waits for one, or
//! says when to come back: a message that finds no room is no attempt. A provider that is left
//! alone (its circuit is open, or it asked for it) is passed over; one that is merely busy is
//! waited for. A message that one provider may have is kept from all others.

mod place;
#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use journey::{failure::Failure, message::Channel};
use tokio::{
    sync::{Notify, Semaphore},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

pub use self::place::Place;
use crate::{
    Adapter, Outcome,
    limits::{Full, Gate, Limits, News, Tally},
    settings::Failover,
};

/// Messages that are taken from the outbox for each that can be with a provider: enough that no
/// place stands empty.
const FOR_EACH_PLACE: usize = 8;

/// The providers of one channel.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) channel: Channel,
    pub(crate) providers: Vec<Provider>,
    pub(crate) failover: Failover,
}

/// One provider: how it is spoken to, and how often.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) name: Arc<str>,
    channel: Channel,
    pub(crate) adapter: Adapter,
    concurrency: usize,
    places: Semaphore,
    longest_pause: Duration,
    gate: Mutex<Gate>,
    /// Told when it is to be left alone, so that nobody waits for a place at it.
    shut: Notify,
}

/// How a provider is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Of which channel.
    pub channel: Channel,
    /// Its name in the configuration.
    pub provider: Arc<str>,
    /// Whether its circuit is closed: it does what it should.
    pub closed: bool,
    /// For how long it is still left alone.
    pub shut_for: Option<Duration>,
    /// Messages that are with it.
    pub busy: usize,
    /// What it was asked and said.
    pub tally: Tally,
}

/// Who asks for a place.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// By which channel.
    pub channel: Channel,
    /// To which address.
    pub to: &'a str,
    /// The provider that may have the message already.
    pub tied_to: Option<&'a str>,
    /// Providers that certainly did not take it this time.
    pub passed: &'a [Arc<str>],
    /// From when on it is not begun any more.
    pub until: Instant,
    /// Cancelled: it is not begun any more either.
    pub stop: &'a CancellationToken,
}

/// The answer.
#[derive(Debug)]
pub enum Turn<'a> {
    /// It can be handed over.
    Place(Place<'a>),
    /// Nobody can take it now. Come back in so long.
    Later(Duration),
    /// Nobody is set up for the channel.
    Nobody,
}

impl Line {
    /// How many messages of the channel are worth taking from the outbox.
    pub(crate) fn room(&self, now: Instant) -> usize {
        if self.providers.is_empty() {
            // They fail at once.
            return usize::MAX;
        }
        let mut room = 0_usize;
        for provider in &self.providers {
            let gate = provider.gate();
            let by_places = provider.concurrency.saturating_mul(FOR_EACH_PLACE);
            room = room.saturating_add(gate.room(now.into_std()).min(by_places));
            if gate.is_open(now.into_std()) {
                break;
            }
        }
        room
    }

    /// The provider that takes the next message, by what is known now; `None` unless there are
    /// several to choose from and it matters who was asked.
    pub(crate) fn preferred(&self, now: Instant) -> Option<&Arc<str>> {
        if self.providers.len() < 2 || self.failover == Failover::Always {
            return None;
        }
        let open = |p: &&Provider| p.gate().is_open(now.into_std());
        let first = self.providers.iter().find(open);
        first.or(self.providers.first()).map(|p| &p.name)
    }

    pub(crate) async fn place<'a>(&'a self, wish: &Wish<'_>) -> Turn<'a> {
        if self.providers.is_empty() {
            return Turn::Nobody;
        }
        loop {
            let now = Instant::now();
            let Some(provider) = self.next(wish, now) else {
                return Turn::Later(self.opens_in(wish, now));
            };
            let shut = provider.shut.notified();
            let permit = match provider.places.try_acquire() {
                Ok(permit) => permit,
                Err(_) => tokio::select! {
                    biased;
                    () = wish.stop.cancelled() => return Turn::Later(Duration::ZERO),
                    () = shut => continue,
                    () = tokio::time::sleep_until(wish.until) => return Turn::Later(Duration::ZERO),
                    permit = provider.places.acquire() => match permit {
                        Ok(permit) => permit,
                        // Never: nobody closes it.
                        Err(_) => return Turn::Nobody,
                    },
                },
            };
            let now = Instant::now();
            let entered = provider.gate().enter(wish.to, now.into_std());
            match entered {
                Err(Full::Shut(_)) => {}
                Err(Full::Busy(until)) => {
                    return Turn::Later(until.saturating_duration_since(now.into_std()));
                }
                Ok(ticket) => {
                    let at = Instant::from_std(ticket.at);
                    let place = Place {
                        provider,
                        ticket: Some(ticket),
                        begun: None,
                        _permit: permit,
                    };
                    if at <= now || place.comes(at, wish).await {
                        return Turn::Place(place);
                    }
                    if wish.stop.is_cancelled() || Instant::now() >= wish.until {
                        return Turn::Later(Duration::ZERO);
                    }
                }
            }
        }
    }

    /// The first that may have it and is not left alone.
    fn next<'a>(&'a self, wish: &Wish<'_>, now: Instant) -> Option<&'a Provider> {
        self.candidates(wish)
            .find(|p| p.gate().shut_until(now.into_std()).is_none())
    }

    /// For how long all are still left alone.
    fn opens_in(&self, wish: &Wish<'_>, now: Instant) -> Duration {
        let opens = self.candidates(wish);
        let opens = opens.filter_map(|p| p.gate().shut_until(now.into_std()));
        let first = opens.min();
        first.map_or(Duration::ZERO, |at| {
            at.saturating_duration_since(now.into_std())
        })
    }

    fn candidates<'a, 'w>(
        &'a self,
        wish: &Wish<'w>,
    ) -> impl Iterator<Item = &'a Provider> + use<'a, 'w> {
        // One that is not configured any more ties nobody.
        let tied = wish.tied_to.filter(|_| self.failover == Failover::Certain);
        let tied = tied.filter(|name| self.providers.iter().any(|p| *p.name == **name));
        let passed = wish.passed;
        self.providers
            .iter()
            .filter(move |p| tied.is_none_or(|name| *p.name == *name) && !passed.contains(&p.name))
    }
}

impl Provider {
    pub(crate) fn new(
        channel: Channel,
        adapter: Adapter,
        concurrency: usize,
        limits: &Limits,
    ) -> Self {
        let concurrency = concurrency.clamp(1, 1_000);
        Self {
            name: Arc::from(adapter.name()),
            channel,
            adapter,
            concurrency,
            places: Semaphore::new(concurrency),
            longest_pause: limits.longest_pause.0,
            gate: Mutex::new(Gate::new(limits)),
            shut: Notify::new(),
        }
    }

    pub(crate) fn health(&self, now: Instant) -> Health {
        let gate = self.gate();
        let opens = gate.shut_until(now.into_std());
        Health {
            channel: self.channel,
            provider: self.name.clone(),
            closed: gate.circuit_is_closed(),
            shut_for: opens.map(|at| at.saturating_duration_since(now.into_std())),
            busy: self.concurrency - self.places.available_permits().min(self.concurrency),
            tally: gate.tally(),
        }
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says once what operators want to know.
    fn tell(&self, news: News, outcome: &Outcome) {
        let (channel, provider) = (self.channel.as_str(), &*self.name);
        match news {
            News::Opened { failures, pause } => {
                let last = outcome.failure().map(plainly);
                tracing::warn!(
                    channel,
                    provider,
                    failures,
                    last,
                    pause_ms = pause.as_millis(),
                    "the provider fails again and again: it is left alone for a while, and its messages wait"
                );
            }
            News::StaysOpen { pause } => {
                tracing::debug!(
                    channel,
                    provider,
                    pause_ms = pause.as_millis(),
                    "the provider still fails"
                );
            }
            News::Closed => {
                tracing::info!(channel, provider, "the provider works again");
            }
            News::Paused { pause } => {
                tracing::warn!(
                    channel,
                    provider,
                    pause_ms = pause.as_millis(),
                    "the provider asks to be left alone: its messages wait"
                );
            }
        }
        if !matches!(news, News::Closed) {
            self.shut.notify_waiters();
        }
    }
}

/// What went wrong, without anybody else's words: those may name whom they like.
fn plainly(failure: &Failure) -> String {
    let without = match failure.clone() {
        Failure::Http { whom, status, .. } => Failure::Http {
            whom,
            status,
            words: None,
        },
        Failure::LetsNobodyIn { .. } => Failure::LetsNobodyIn { words: "".into() },
        Failure::Smtp { code, .. } => Failure::Smtp {
            code,
            words: "".into(),
        },
        other => other,
    };
    without.to_string()
}
