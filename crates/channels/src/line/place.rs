//! A place at a provider: waited for, used once, given back.

use std::{sync::Arc, time::Duration};

use journey::failure::{Failure, Whom};
use tokio::{sync::SemaphorePermit, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{Provider, Wish};
use crate::{
    About, Outcome, Outgoing,
    limits::{News, Ticket, Verdict},
};

/// A place at a provider. Dropped unused, it is as if it had never been given.
#[derive(Debug)]
pub struct Place<'a> {
    pub(super) provider: &'a Provider,
    /// Until it is given back.
    pub(super) ticket: Option<Ticket>,
    /// When it was used.
    pub(super) begun: Option<Instant>,
    pub(super) _permit: SemaphorePermit<'a>,
}

impl Place<'_> {
    /// The provider's name in the configuration.
    pub fn provider(&self) -> &Arc<str> {
        &self.provider.name
    }

    /// Waits for the moment of the ticket. False if it is not to be used.
    pub(super) async fn comes(&self, at: Instant, wish: &Wish<'_>) -> bool {
        let shut = self.provider.shut.notified();
        if self
            .provider
            .gate()
            .is_shut_for(self.ticket.as_ref(), Instant::now().into_std())
        {
            return false;
        }
        tokio::select! {
            biased;
            () = wish.stop.cancelled() => false,
            () = shut => false,
            () = tokio::time::sleep_until(wish.until.min(at)) => at < wish.until,
        }
    }

    /// Hands the message over, within the provider's time-out and `within`. Once `stop` is
    /// cancelled the provider is waited for no longer than `patience`.
    pub async fn send(
        mut self,
        message: &Outgoing<'_>,
        within: Duration,
        stop: &CancellationToken,
        patience: Duration,
    ) -> Outcome {
        let begun = Instant::now();
        self.begun = Some(begun);
        let outcome = tokio::select! {
            biased;
            outcome = self.provider.adapter.send(message, within) => Some(outcome),
            () = given_up(stop, patience) => None,
        };
        let verdict = outcome.as_ref().map_or(Verdict::Unknown, verdict);
        let outcome = outcome.unwrap_or_else(|| {
            Outcome::unclear(Failure::Slow {
                whom: Whom::Provider,
                seconds: begun.elapsed().as_secs(),
            })
        });
        if let Some(news) = self.done(verdict, outcome.is_unclear()) {
            self.provider.tell(news, &outcome);
        }
        outcome.bounded(self.provider.longest_pause)
    }

    /// Gives the ticket back.
    pub(super) fn done(&mut self, verdict: Verdict, unclear: bool) -> Option<News> {
        let ticket = self.ticket.take()?;
        let now = Instant::now().into_std();
        let mut gate = self.provider.gate();
        match self.begun {
            Some(begun) => gate.done(&ticket, verdict, unclear, begun.into_std(), now),
            None => {
                gate.give_back(&ticket, now);
                None
            }
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.done(Verdict::Unknown, true);
    }
}

async fn given_up(stop: &CancellationToken, patience: Duration) {
    stop.cancelled().await;
    tokio::time::sleep(patience).await;
}

fn verdict(outcome: &Outcome) -> Verdict {
    match outcome {
        Outcome::Accepted { .. } => Verdict::Accepted,
        Outcome::RefusedForGood { .. } => Verdict::Refused,
        Outcome::RefusedForNow {
            about, retry_after, ..
        } => match about {
            About::Message => Verdict::Later,
            About::Trouble => Verdict::Troubled,
            About::Haste => Verdict::Hasty(*retry_after),
        },
    }
}
