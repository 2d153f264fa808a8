//! One message and the providers of its channel: who is asked, and what the answer means.
//!
//! A provider that certainly did not take the message, for reasons of its own, is passed over for the
//! next one at once. One that may have it is asked again later, under the same key, and nobody else
//! is: the row names it (`tied_to`), from before it is asked until it has said no.

use std::{sync::Arc, time::Duration};

use channels::{Callback, Outcome, Outgoing, Turn, Wish};
use jiff::{SignedDuration, Timestamp};
use journey::{content::Content, failure::Failure, message::Reason, value::Value};
use store::{Accepted, Leased, Retry};
use tokio::time::Instant;

use super::{
    Done, Rendered, Round, Stopped, devices::gone_news, given_back, observed::ends, receipt,
};
use crate::{Engine, traces::Step};

/// What a provider said.
pub(super) struct Said {
    pub(super) provider: Arc<str>,
    pub(super) outcome: Outcome,
}

impl Engine {
    pub(super) async fn send(&self, rendered: Rendered, now: Timestamp, round: &Round) -> Done {
        let Rendered {
            leased,
            addresses,
            content,
            for_browsers,
            unsubscribe,
            step,
        } = rendered;
        let text = |name| leased.customer.traits.get(name).and_then(Value::as_text);
        let reports = self.channels.reports(leased.message.channel);
        let token = reports.then(|| self.linker.report(&leased, self.wall()));
        let outgoing = Outgoing {
            id: leased.message.id.0,
            at: now,
            channel: leased.message.channel,
            to: "",
            content: &content,
            purpose: &leased.message.purpose,
            journey: &leased.message.journey,
            locale: text("locale"),
            unsubscribe_url: unsubscribe.as_ref().map(|u| &*u.url),
            unsubscribe_mailto: unsubscribe.as_ref().and_then(|u| u.mailto.as_deref()),
            report: token.as_deref().map(|token| Callback {
                base: self.linker.providers(),
                token,
            }),
            country: text("country"),
            traceparent: None,
        };
        let reached = self.reach(
            &leased,
            &addresses,
            [&content, for_browsers.as_ref().unwrap_or(&content)],
            &outgoing,
            step.as_ref(),
            round,
        );
        match reached.await {
            Ok((said, gone)) => {
                if !self.is_noted_who_refused(&leased, &said).await {
                    return Done::Released(given_back(&leased, self.wall()));
                }
                let kept = round.loaded.world.policies.retention.content;
                let kept = kept.map(|_| content.without_files());
                self.conclude(leased, said, &gone, kept, now)
            }
            Err(Unasked::Later(wait)) => {
                Done::PutOff(given_back(&leased, self.back_in(&leased, wait)))
            }
            Err(Unasked::NotNow) => Done::Released(given_back(&leased, self.wall())),
            Err(Unasked::Nobody) => {
                let channel = leased.message.channel;
                let stopped = Stopped {
                    reason: Reason::Failed,
                    detail: Failure::NoProvider { channel },
                };
                Done::Ended(receipt(leased, stopped, now), None, None)
            }
        }
    }

    /// Asks one provider after another, until one has taken it, or may have.
    pub(super) async fn ask(
        &self,
        leased: &Leased,
        outgoing: &Outgoing<'_>,
        step: Option<&Step>,
        round: &Round,
    ) -> Result<Said, Unasked> {
        let patience = Duration::try_from(self.settings.dispatch_patience).unwrap_or_default();
        let (by_address, to) = self.channels.route(outgoing.channel, outgoing.to);
        let outgoing = &Outgoing { to, ..*outgoing };
        let mut named = leased.tied_to.clone().or_else(|| round.asked.clone());
        let mut passed: Vec<Arc<str>> = Vec::new();
        let mut last = None;
        loop {
            let wish = Wish {
                channel: outgoing.channel,
                to: outgoing.to,
                tied_to: leased.tied_to.as_deref().or(by_address),
                passed: &passed,
                until: round.until,
                stop: &round.stop,
            };
            let place = match self.channels.place(&wish).await {
                Turn::Place(place) => place,
                Turn::Later(wait) => return last.ok_or(Unasked::of(wait)),
                Turn::Nobody => return Err(Unasked::Nobody),
            };
            if round.is_late(self.wall()) {
                return last.ok_or(Unasked::NotNow);
            }
            let provider = place.provider().clone();
            if named.as_ref().is_some_and(|named| *named != provider) {
                // Whoever finds this lease expired must know who may have the message.
                if !self.is_noted(leased, &provider).await {
                    return last.ok_or(Unasked::NotNow);
                }
                named = Some(provider.clone());
            }
            if passed.is_empty() {
                self.first_attempt(leased);
            }
            let call = self.step_of_call(step, outgoing.channel, &provider);
            let traceparent = call.as_ref().map(Step::traceparent);
            let outgoing = Outgoing {
                traceparent: traceparent.as_deref(),
                ..*outgoing
            };
            let begun = Instant::now();
            let within = round.ends.saturating_duration_since(begun);
            let sending = place.send(&outgoing, within, &round.hurry, patience);
            let outcome = Box::pin(sending).await;
            self.metrics
                .provider(outgoing.channel, &provider, &outcome, begun.into_std());
            ends(call, &outcome);
            let next = outcome.is_not_me();
            let said = Said {
                provider: provider.clone(),
                outcome,
            };
            if !next {
                return Ok(said);
            }
            passed.push(provider);
            last = Some(said);
        }
    }

    /// Notes who is asked; false if the lease is lost, or that cannot be known.
    async fn is_noted(&self, leased: &Leased, provider: &str) -> bool {
        let noted = self.store.ask(leased.key(), provider).await;
        noted.unwrap_or_else(|error| {
            tracing::warn!(%error, "it cannot be noted who is asked, so nobody is");
            false
        })
    }

    /// Notes who refused a message for good, for its row names nobody else. False: that could not be noted, and somebody has to
    /// ask again; what is counted would name nobody.
    async fn is_noted_who_refused(&self, leased: &Leased, said: &Said) -> bool {
        let over = match said.outcome {
            Outcome::Accepted { .. } => false,
            Outcome::RefusedForNow { .. } => leased.attempt >= self.settings.max_attempts,
            Outcome::RefusedForGood { .. } => true,
        };
        !over || self.is_noted(leased, &said.provider).await
    }

    fn conclude(
        &self,
        leased: Leased,
        said: Said,
        gone: &[String],
        content: Option<Content>,
        now: Timestamp,
    ) -> Done {
        let news = gone_news(&leased, gone, now);
        let failed = |detail| Stopped {
            reason: Reason::Failed,
            detail,
        };
        match said.outcome {
            Outcome::Accepted { provider_id } => {
                let accepted = Accepted {
                    key: leased.key(),
                    provider: said.provider,
                    provider_id,
                    content,
                };
                Done::Sent(accepted, news)
            }
            Outcome::RefusedForNow {
                detail,
                retry_after,
                unclear,
                ..
            } if leased.attempt < self.settings.max_attempts => {
                let wait = retry_after
                    .and_then(|d| SignedDuration::try_from(d).ok())
                    .unwrap_or_else(|| self.back_off(leased.attempt));
                let tied_to = unclear.then(|| said.provider.clone());
                let retry = Retry {
                    key: leased.key(),
                    due_at: self.due_in(&leased, wait),
                    error: detail,
                    tied_to: tied_to.or(leased.tied_to),
                };
                Done::Later(retry, Some(said.provider))
            }
            Outcome::RefusedForNow { detail, .. } => {
                let detail = Failure::GaveUp {
                    tries: leased.attempt,
                    last: Box::new(detail),
                };
                Done::Ended(
                    receipt(leased, failed(detail), now),
                    Some(said.provider),
                    news,
                )
            }
            Outcome::RefusedForGood { detail, .. } => Done::Ended(
                receipt(leased, failed(detail), now),
                Some(said.provider),
                news,
            ),
        }
    }

    /// When a message that found no room comes back.
    fn back_in(&self, leased: &Leased, wait: Duration) -> Timestamp {
        let wait = SignedDuration::try_from(wait).unwrap_or(self.settings.longest_retry);
        self.due_in(leased, wait)
    }

    /// So long from now, but no later than it expires, so that its cap is given back in time.
    pub(super) fn due_in(&self, leased: &Leased, wait: SignedDuration) -> Timestamp {
        let due_at = journey::time::plus(self.wall(), wait);
        let expires_at = leased.message.decision.expires_at;
        expires_at.map_or(due_at, |at| at.min(due_at))
    }

    /// The wait after the attempt of that number, from 1.
    pub(crate) fn back_off(&self, attempt: u16) -> SignedDuration {
        let doubled = self
            .settings
            .first_retry
            .checked_mul(1 << i32::from(attempt.clamp(1, 20) - 1));
        doubled
            .unwrap_or(self.settings.longest_retry)
            .min(self.settings.longest_retry)
    }
}

/// Why nobody was asked.
pub(super) enum Unasked {
    /// No provider has room for so long.
    Later(Duration),
    /// The engine stops, or the lease is over half of its time.
    NotNow,
    /// Nobody is set up for the channel.
    Nobody,
}

impl Unasked {
    fn of(wait: Duration) -> Self {
        match wait.is_zero() {
            true => Self::NotNow,
            false => Self::Later(wait),
        }
    }
}
