//! Dispatch: leased messages are looked at once more, rendered, handed to a provider outside any
//! transaction, and recorded under the fence of their attempt.

use std::sync::Arc;

use channels::{Outcome, Outgoing};
use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use journey::{
    advance::Clock,
    content::Content,
    failure::Failure,
    ids::InputId,
    input::{Input, InputKind, Receipt},
    message::{Channel, Reason},
    policies::ConsentRule,
    policy,
    render::Context,
    value::Value,
};
use store::{Accepted, Arrival, LeaseKey, Leased, OffLimits, Retry};
use tokio_util::sync::CancellationToken;

use crate::{Engine, Error, Sent, Settings, Unsubscribe, turn, world::Loaded};

/// What one round of dispatch did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dispatched {
    /// Messages that were leased.
    pub leased: usize,
    /// Accepted by a provider.
    pub sent: usize,
    /// To be tried again later.
    pub retried: usize,
    /// Failed for good, or stopped because consent, address or time was gone.
    pub ended: usize,
    /// Given back untouched because the engine stops.
    pub released: usize,
}

/// What the messages of one round have in common.
struct Round {
    loaded: Arc<Loaded>,
    /// From when on nothing more is handed over.
    until: Timestamp,
    /// Cancelled: nothing more is handed over either.
    stop: CancellationToken,
}

/// What became of one message, to be recorded.
enum Done {
    Sent(Accepted),
    Later(Retry),
    Ended(Arrival),
    Released(LeaseKey),
}

/// A message with its content, ready to be handed over.
struct Rendered {
    leased: Leased,
    address: String,
    content: Content,
    unsubscribe: Option<Unsubscribe>,
}

/// Why a message is not handed over.
struct Stopped {
    reason: Reason,
    detail: Failure,
}

impl Engine {
    /// Leases messages that are due and hands them over. Nothing due: all counts are 0.
    ///
    /// # Errors
    /// If the database is away; leases then expire, and the messages are tried again.
    pub async fn dispatch_once(&self, stop: &CancellationToken) -> Result<Dispatched, Error> {
        let now = self.wall();
        let Settings {
            dispatch_batch,
            dispatch_concurrency,
            lease,
            ..
        } = self.settings;
        let leased = self.store.lease(now, dispatch_batch, lease).await?;
        let mut counts = Dispatched {
            leased: leased.len(),
            ..Dispatched::default()
        };
        let off_limits = self.off_limits(&leased).await?;
        let round = Round {
            loaded: self.loaded(),
            until: journey::time::plus(now, lease / 2),
            stop: stop.child_token(),
        };
        let mut done = stream::iter(leased.into_iter().zip(off_limits))
            .map(|(leased, off_limits)| self.hand_over(leased, off_limits, &round))
            .buffer_unordered(dispatch_concurrency)
            .ready_chunks(dispatch_concurrency);
        let mut result = Ok(());
        while let Some(chunk) = done.next().await {
            if let Err(error) = self.record_dispatch(chunk, &mut counts).await {
                // What is with a provider is still waited for and recorded; nothing new begins.
                round.stop.cancel();
                result = result.and(Err(error));
            }
        }
        result.map(|()| counts)
    }

    /// Whether each message's address is off limits: somebody has imported it again.
    async fn off_limits(&self, leased: &[Leased]) -> Result<Vec<Option<OffLimits>>, Error> {
        let addresses: Vec<_> = leased
            .iter()
            .map(|l| Some((l.message.channel, l.customer.address(l.message.channel)?)))
            .collect();
        let texts: Vec<_> = addresses
            .iter()
            .map(|a| a.as_ref().and_then(|(c, a)| Some((*c, a.as_text()?))))
            .collect();
        Ok(self.store.off_limits(&texts).await?)
    }

    async fn hand_over(
        &self,
        leased: Leased,
        off_limits: Option<OffLimits>,
        round: &Round,
    ) -> Done {
        // The provider must have answered before somebody else may take the message.
        if round.stop.is_cancelled() || self.wall() >= round.until {
            return Done::Released(leased.key());
        }
        let now = match self.clock() {
            Clock::Wall => self.wall(),
            Clock::Recorded => leased.message.at,
        };
        match self.prepare(&leased, off_limits, &round.loaded, now) {
            Ok((address, content, unsubscribe)) => {
                self.send(
                    Rendered {
                        leased,
                        address,
                        content,
                        unsubscribe,
                    },
                    now,
                )
                .await
            }
            Err(stopped) => Done::Ended(receipt(leased, stopped, now)),
        }
    }

    /// Looks at restriction, consent, address and time once more (rule 50), and renders.
    fn prepare(
        &self,
        leased: &Leased,
        off_limits: Option<OffLimits>,
        loaded: &Loaded,
        now: Timestamp,
    ) -> Result<(String, Content, Option<Unsubscribe>), Stopped> {
        let Leased {
            customer, message, ..
        } = leased;
        let stopped = |reason, detail| Stopped { reason, detail };
        let policies = &loaded.world.policies;
        if policy::restricted(policies, customer, &message.purpose) {
            return Err(stopped(Reason::Restricted, Failure::Restricted));
        }
        if !policy::consents(policies, customer, &message.purpose, message.channel) {
            return Err(stopped(Reason::NoConsent, Failure::ConsentTakenBack));
        }
        let (purpose, channel) = (&message.purpose, message.channel);
        if let Some(reason) = policy::withheld(policies, customer, purpose, channel, now) {
            return Err(stopped(reason, Failure::Chosen));
        }
        let suppressed = |why| stopped(Reason::SuppressionList, Failure::Suppressed { why });
        if let Some(why) = policy::suppressed(customer, message.channel) {
            return Err(suppressed(why));
        }
        if policy::to_a_role(policies, customer, purpose, channel) {
            return Err(suppressed(Arc::from(policy::ROLE)));
        }
        let since =
            |off: &OffLimits| policy::erased(policies, customer, purpose, channel, off.at());
        if let Some(off) = off_limits.filter(since) {
            let why = match off {
                OffLimits::Erased(_) => Failure::Erased,
                OffLimits::Listed(_) => Failure::Listed,
            };
            return Err(stopped(Reason::SuppressionList, why));
        }
        if message.decision.expires_at.is_some_and(|at| at <= now) {
            return Err(stopped(Reason::Expired, Failure::Expired));
        }
        let address = customer.address(message.channel);
        let Some(address) = address.as_ref().and_then(Value::as_text) else {
            return Err(stopped(Reason::Unreachable, Failure::AddressGone));
        };
        let sent = Sent {
            customer: customer.id,
            message: message.id,
            purpose: &message.purpose,
            channel: message.channel,
        };
        let links = self.linker.links(sent, self.wall());
        let purpose = policies.purposes.get(&message.purpose);
        // What needs no consent cannot be unsubscribed from.
        let needed = purpose.is_some_and(|p| p.consent_on(message.channel) != ConsentRule::None);
        let unsubscribe = (message.channel == Channel::Email && needed)
            .then(|| self.linker.unsubscribe(sent, self.wall()));
        let locale = customer.traits.get("locale").and_then(Value::as_text);
        let context = Context {
            with: &message.decision.with,
            customer: &customer.traits,
            links: &links,
            options: &loaded.world.offers(message, locale),
        };
        let content = loaded
            .templates
            .render(
                &message.decision.template,
                message.channel,
                locale,
                &context,
            )
            .map_err(|error| stopped(Reason::Unrenderable, Failure::Template(error)))?;
        Ok((address.to_owned(), content, unsubscribe))
    }

    async fn send(&self, rendered: Rendered, now: Timestamp) -> Done {
        let Rendered {
            leased,
            address,
            content,
            unsubscribe,
        } = rendered;
        let outgoing = Outgoing {
            id: leased.message.id.0,
            at: now,
            channel: leased.message.channel,
            to: &address,
            content: &content,
            purpose: &leased.message.purpose,
            journey: &leased.message.journey,
            locale: leased
                .customer
                .traits
                .get("locale")
                .and_then(Value::as_text),
            unsubscribe_url: unsubscribe.as_ref().map(|u| &*u.url),
            unsubscribe_mailto: unsubscribe.as_ref().and_then(|u| u.mailto.as_deref()),
        };
        let outcome = self.channels.send(&outgoing).await;
        let provider = self
            .channels
            .serves(leased.message.channel)
            .unwrap_or_default();
        match outcome {
            Outcome::Accepted { provider_id } => Done::Sent(Accepted {
                key: leased.key(),
                provider: Arc::from(provider),
                provider_id,
            }),
            Outcome::RefusedForNow {
                detail,
                retry_after,
            } if leased.attempt < self.settings.max_attempts => {
                let wait = retry_after
                    .and_then(|d| SignedDuration::try_from(d).ok())
                    .unwrap_or_else(|| self.back_off(leased.attempt));
                let due_at = journey::time::plus(self.wall(), wait);
                // No later than it expires, so that its cap is given back in time.
                let expires_at = leased.message.decision.expires_at;
                let due_at = expires_at.map_or(due_at, |at| at.min(due_at));
                Done::Later(Retry {
                    key: leased.key(),
                    due_at,
                    error: detail,
                })
            }
            Outcome::RefusedForNow { detail, .. } => {
                let detail = Failure::GaveUp {
                    tries: leased.attempt,
                    last: Box::new(detail),
                };
                Done::Ended(receipt(
                    leased,
                    Stopped {
                        reason: Reason::Failed,
                        detail,
                    },
                    now,
                ))
            }
            Outcome::RefusedForGood { detail } => Done::Ended(receipt(
                leased,
                Stopped {
                    reason: Reason::Failed,
                    detail,
                },
                now,
            )),
        }
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

    async fn record_dispatch(
        &self,
        chunk: Vec<Done>,
        counts: &mut Dispatched,
    ) -> Result<(), Error> {
        let (mut sent, mut later, mut ended, mut released) = (vec![], vec![], vec![], vec![]);
        for done in chunk {
            match done {
                Done::Sent(accepted) => sent.push(accepted),
                Done::Later(retry) => later.push(retry),
                Done::Ended(arrival) => ended.push(arrival),
                Done::Released(key) => released.push(key),
            }
        }
        counts.sent += sent.len();
        counts.retried += later.len();
        counts.ended += ended.len();
        counts.released += released.len();
        self.record_sent(&sent).await?;
        self.store.retry_later(&later).await?;
        self.store.release(&released, self.wall()).await?;
        self.record_ended(ended).await
    }

    /// What a provider has must not go again: the record is tried more than once.
    async fn record_sent(&self, sent: &[Accepted]) -> Result<(), Error> {
        let mut attempt = 0;
        let recorded = loop {
            match self.store.record_sent(sent, self.wall()).await {
                Err(error) if error.is_retryable() && attempt < self.settings.turn_retries => {
                    tracing::debug!(%error, attempt, "the record of sends is tried again");
                    turn::pause(attempt).await;
                    attempt += 1;
                }
                other => break other?,
            }
        };
        if recorded < sent.len() as u64 {
            let sent = sent.len();
            tracing::warn!(
                sent,
                recorded,
                "some leases had run out before the provider answered"
            );
        }
        Ok(())
    }

    async fn record_ended(&self, ended: Vec<Arrival>) -> Result<(), Error> {
        if ended.is_empty() {
            return Ok(());
        }
        let customers: Vec<_> = ended.iter().map(|e| e.customer).collect();
        for rejected in self.turn(ended).await?.rejected {
            let (customer, error) = (customers[rejected.index], rejected.reason);
            tracing::error!(customer.id = %customer, %error, "the end of a message cannot be kept");
        }
        Ok(())
    }
}

/// The news that a message will not arrive, as an input of its customer.
fn receipt(leased: Leased, stopped: Stopped, now: Timestamp) -> Arrival {
    let Leased {
        customer,
        message,
        attempt,
    } = leased;
    let id = InputId::of_receipt(message.id, attempt);
    let receipt = Receipt {
        message,
        attempt,
        reason: stopped.reason,
        detail: stopped.detail,
    };
    let input = Input {
        id,
        now,
        kind: InputKind::Receipt(Box::new(receipt)),
    };
    Arrival {
        customer: customer.id,
        key: customer.key,
        input,
    }
}
