//! Dispatch: leased messages are looked at once more, rendered, handed to a provider outside any
//! transaction, and recorded under the fence of their attempt.

mod devices;
mod fill;
mod observed;
mod record;
mod rounds;
mod send;
mod short;

use std::sync::Arc;

use futures::{StreamExt, stream};
use jiff::Timestamp;
use journey::{
    advance::Clock,
    content::Content,
    failure::Failure,
    message::{Channel, Reason},
    policies::ConsentRule,
    policy,
    render::Context,
    value::{Map, Value},
};
use store::{Accepted, Arrival, Leased, OffLimits, Release, Retry};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

pub(crate) use self::rounds::Rounds;
use self::{fill::Unready, record::receipt};
use crate::{Engine, Error, Sent, Unsubscribe, traces::Step, world::Loaded};

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
    /// Given back untouched because the engine stops, or their turn did not come in time.
    pub released: usize,
    /// Given back untouched because no provider has room for them now.
    pub put_off: usize,
}

/// What the messages of one round have in common. They are of one channel.
struct Round {
    loaded: Arc<Loaded>,
    /// The provider that their leases name, where it matters who is asked.
    asked: Option<Arc<str>>,
    /// From when on nothing more is handed over.
    until: Instant,
    /// The same by the time of day, which is what others go by who look whether the lease has run out.
    until_at: Timestamp,
    /// When a provider is waited for no longer: its answer must be recorded before somebody else
    /// may take the message.
    ends: Instant,
    /// Cancelled: nothing more is handed over either.
    stop: CancellationToken,
    /// Cancelled: the engine stops, and no provider is waited for much longer.
    hurry: CancellationToken,
}

impl Round {
    /// Whether it is too late to hand anything over.
    fn is_late(&self, now: Timestamp) -> bool {
        Instant::now() >= self.until || now >= self.until_at
    }
}

/// What became of one message, to be recorded.
enum Done {
    /// With the news of addresses that turned out to be nobody's, if there are such.
    Sent(Accepted, Option<Arrival>),
    /// With the provider that was asked last, if one was.
    Later(Retry, Option<Arc<str>>),
    /// With the provider that was asked last, if one was, and the news of addresses that are nobody's.
    Ended(Arrival, Option<Arc<str>>, Option<Arrival>),
    Released(Release),
    PutOff(Release),
}

/// A message with its content, ready to be handed over.
struct Rendered {
    leased: Leased,
    /// At least one: several devices, where it is a push notification.
    addresses: Vec<String>,
    content: Content,
    /// What browsers get instead, of a notification.
    for_browsers: Option<Content>,
    unsubscribe: Option<Unsubscribe>,
    step: Option<Step>,
}

/// Why a message is not handed over.
struct Stopped {
    reason: Reason,
    detail: Failure,
}

impl Engine {
    /// Hands leased messages of one channel over and records what became of them.
    async fn round(&self, leased: Vec<Leased>, round: Round) -> Result<Dispatched, Error> {
        let mut counts = Dispatched {
            leased: leased.len(),
            ..Dispatched::default()
        };
        let off_limits = self.off_limits(&leased).await?;
        let concurrency = self.settings.dispatch_concurrency.max(1);
        let each = leased.into_iter().zip(off_limits);
        if concurrency == 1 {
            // Each is recorded before the next is handed over.
            let mut result = Ok(());
            for (leased, off_limits) in each {
                let done = self.hand_over(leased, off_limits, &round).await;
                if let Err(error) = self.record_dispatch(vec![done], &mut counts).await {
                    round.stop.cancel();
                    result = result.and(Err(error));
                }
            }
            return result.map(|()| counts);
        }
        let (told, mut done) = mpsc::channel(counts.leased.max(1));
        // Side by side: what is with a provider goes on while others are recorded. A message that
        // waits for a connection to the database must not be left alone with it.
        let hand_over = async {
            let mut all = stream::iter(each)
                .map(|(leased, off_limits)| self.hand_over(leased, off_limits, &round))
                .buffer_unordered(concurrency);
            while let Some(done) = all.next().await {
                // There is room for all, and the other end listens until this one is dropped.
                let _ = told.try_send(done);
            }
            drop(told);
        };
        let record = async {
            let mut result = Ok(());
            let mut chunk = Vec::with_capacity(concurrency);
            while done.recv_many(&mut chunk, concurrency).await > 0 {
                let chunk = std::mem::take(&mut chunk);
                if let Err(error) = self.record_dispatch(chunk, &mut counts).await {
                    // What is with a provider is still waited for and recorded; nothing new begins.
                    round.stop.cancel();
                    result = result.and(Err(error));
                }
            }
            result
        };
        let ((), result) = tokio::join!(hand_over, record);
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
        if round.stop.is_cancelled() || round.is_late(self.wall()) {
            return Done::Released(given_back(&leased, self.wall()));
        }
        let now = match self.clock() {
            Clock::Wall => self.wall(),
            Clock::Recorded => leased.message.at,
        };
        let (step, channel) = (self.step(&leased), leased.message.channel);
        let done = match Box::pin(self.prepare(&leased, off_limits, round, now)).await {
            Ok((addresses, content, unsubscribe)) => {
                let content = match self.with_short_links(&leased, content, &round.loaded).await {
                    Ok(content) => content,
                    Err(error) => {
                        tracing::warn!(%error, "short links cannot be kept, so the message waits");
                        return Done::Released(given_back(&leased, self.wall()));
                    }
                };
                let rendered = Rendered {
                    for_browsers: self.for_browsers(&leased, &content, &round.loaded),
                    leased,
                    addresses,
                    content,
                    unsubscribe,
                    step,
                };
                self.send(rendered, now, round).await
            }
            Err(Unready::Stopped(stopped)) => {
                Done::Ended(receipt(leased, stopped, now), None, None)
            }
            Err(Unready::Later(error, wait)) => self.not_yet(leased, error, wait, now),
        };
        self.count(channel, &done);
        done
    }

    /// Looks at restriction, consent, address and time once more (rule 50). The addresses that are left.
    fn look_again(
        &self,
        leased: &Leased,
        off_limits: Option<OffLimits>,
        loaded: &Loaded,
        now: Timestamp,
    ) -> Result<Vec<String>, Stopped> {
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
        let addresses = customer.addresses(message.channel).into_iter();
        let mut addresses: Vec<String> = addresses.map(str::to_owned).collect();
        if addresses.is_empty() {
            return Err(stopped(Reason::Unreachable, Failure::AddressGone));
        }
        addresses.retain(|address| self.channels.may_go_to(channel, address));
        if addresses.is_empty() {
            return Err(stopped(Reason::Failed, Failure::OnlyTo));
        }
        Ok(addresses)
    }

    /// Asks for what is not known yet, and fills the template in.
    async fn rendered(
        &self,
        leased: &Leased,
        context: Context<'_>,
        round: &Round,
    ) -> Result<Content, Unready> {
        let message = &leased.message;
        let more = Box::pin(self.fill(leased, &context, round)).await?;
        let locale = context.customer.get("locale").and_then(Value::as_text);
        let context = Context {
            more: &more,
            ..context
        };
        let template = &message.decision.template;
        let templates = &round.loaded.templates;
        let rendered = templates.render(template, message.channel, locale, &context);
        rendered.map_err(|error| {
            Unready::Stopped(Stopped {
                reason: Reason::Unrenderable,
                detail: Failure::Template(error),
            })
        })
    }

    /// Looks once more, asks for what is not known yet, and renders.
    async fn prepare(
        &self,
        leased: &Leased,
        off_limits: Option<OffLimits>,
        round: &Round,
        now: Timestamp,
    ) -> Result<(Vec<String>, Content, Option<Unsubscribe>), Unready> {
        let loaded = &round.loaded;
        let addresses = self.look_again(leased, off_limits, loaded, now)?;
        let Leased {
            customer, message, ..
        } = leased;
        let (policies, channel) = (&loaded.world.policies, message.channel);
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
            more: &Map::new(),
        };
        let mut content = match message.decision.words() {
            Some(words) => Content::spoken(channel, words).map_err(|words| Stopped {
                reason: Reason::Failed,
                detail: Failure::Content { words },
            })?,
            None => Box::pin(self.rendered(leased, context, round)).await?,
        };
        if let Content::Email { html, .. } = &mut content
            && let Some(track) = policy::tracked(policies, customer, &message.purpose, channel)
        {
            *html = self.linker.tracked(html, track, sent, self.wall());
        }
        Ok((addresses, content, unsubscribe))
    }
}

/// A lease to be given back untried.
fn given_back(leased: &Leased, due_at: Timestamp) -> Release {
    Release {
        key: leased.key(),
        due_at,
        tied_to: leased.tied_to.clone(),
    }
}
