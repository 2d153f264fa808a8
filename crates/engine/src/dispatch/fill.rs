//! What a message is filled in with besides what was decided: answers of content sources, and codes of
//! vouchers. Both are had outside of any transaction of the message, right before it is handed over.

use std::{sync::Arc, time::Duration};

use channels::{Ask, Fetched};
use futures::future::join_all;
use jiff::SignedDuration;
use journey::{
    failure::Failure,
    message::Reason,
    render::{Context, VOUCHERS, Wanted},
    sources::Unfit,
    value::{Map, Value},
};
use store::{Leased, Retry};
use tokio::time::Instant;

use super::{Done, Round, Stopped, receipt};
use crate::Engine;

/// Why a message is not handed over now.
pub(super) enum Unready {
    /// It never will be.
    Stopped(Stopped),
    /// It may be later.
    Later(Failure, Option<Duration>),
}

impl From<Stopped> for Unready {
    fn from(stopped: Stopped) -> Self {
        Self::Stopped(stopped)
    }
}

impl Engine {
    /// Asks the sources that the template names, and then draws the codes, so that none is drawn in vain.
    pub(super) async fn fill(
        &self,
        leased: &Leased,
        context: &Context<'_>,
        round: &Round,
    ) -> Result<Map, Unready> {
        let (templates, message) = (&round.loaded.templates, &leased.message);
        let (template, channel) = (&message.decision.template, message.channel);
        let locale = context.customer.get("locale").and_then(Value::as_text);
        let wanted = templates.wants(template, channel, locale, context);
        let wanted = wanted.map_err(|error| Stopped {
            reason: Reason::Unrenderable,
            detail: Failure::Template(error),
        })?;
        let pools = templates.vouchers(template, channel, locale);
        if wanted.is_empty() && pools.is_empty() {
            return Ok(Map::new());
        }
        let samples = || {
            let sources = &round.loaded.sources;
            templates.samples(template, channel, locale, sources, |_| None)
        };
        let mut more = Map::new();
        let asked = wanted
            .iter()
            .map(|wanted| self.ask_source(leased, wanted, round));
        for (wanted, answer) in wanted.iter().zip(join_all(asked).await) {
            let sample = || samples().get(&wanted.name).cloned().unwrap_or_default();
            let value = answer?.unwrap_or_else(sample);
            more.insert(wanted.name.clone(), value);
        }
        if self.channels.caller().is_local() {
            // Nobody gets what is captured here.
            more.extend(
                samples()
                    .into_iter()
                    .filter(|(name, _)| **name == *VOUCHERS),
            );
        } else if !pools.is_empty() {
            let codes = self.draw(leased, &pools, round).await?;
            more.insert(Arc::from(VOUCHERS), Value::Map(Arc::new(codes)));
        }
        Ok(more)
    }

    /// The answer of one source, or its default; `None`: it is elsewhere, where only this machine is asked.
    async fn ask_source(
        &self,
        leased: &Leased,
        wanted: &Wanted,
        round: &Round,
    ) -> Result<Option<Value>, Unready> {
        let name = &wanted.source;
        let failed = |why, wait| {
            let (name, why) = (name.clone(), Box::new(why));
            Unready::Later(Failure::Source { name, why }, wait)
        };
        let Some(source) = round.loaded.sources.0.get(name) else {
            let why = Failure::NoEndpoint { name: name.clone() };
            return Err(failed(why, None));
        };
        let fetched = match source.address(&wanted.parameters) {
            Ok(url) => {
                let ask = Ask {
                    name,
                    source,
                    url: &url,
                    id: leased.message.id.0,
                    now: self.wall(),
                    within: round.until.saturating_duration_since(Instant::now()),
                };
                Box::pin(self.channels.caller().fetch(&ask)).await
            }
            Err(Unfit(name)) => Fetched::Failed {
                detail: Failure::Parameter { name },
                retry_after: None,
            },
        };
        let (outcome, result) = match (fetched, &source.default) {
            (Fetched::Answered { value, kept: false }, _) => ("answered", Ok(Some(value))),
            (Fetched::Answered { value, kept: true }, _) => ("kept", Ok(Some(value))),
            (Fetched::Elsewhere, _) => return Ok(None),
            (Fetched::Failed { detail, .. }, Some(default)) => {
                tracing::debug!(source = %name, %detail, "a content source gave nothing: its default is taken");
                ("default", Ok(Some(default.clone())))
            }
            (
                Fetched::Failed {
                    detail,
                    retry_after,
                },
                None,
            ) => ("failed", Err(failed(detail, retry_after))),
        };
        self.metrics.fetched(name, outcome);
        result
    }

    /// A code of each pool: the same one whenever the message is tried again.
    async fn draw(
        &self,
        leased: &Leased,
        pools: &[Arc<str>],
        round: &Round,
    ) -> Result<Map, Unready> {
        let (customer, message) = (leased.customer.id, &leased.message);
        let mut codes = Map::new();
        for name in pools {
            let pool = name.clone();
            let Some(declared) = round.loaded.vouchers.0.get(name) else {
                return Err(Unready::Later(Failure::NoVouchers { pool }, None));
            };
            let owner = declared.each.owner(customer, message);
            let drawn = self.store.draw_voucher(name, customer, owner, self.wall());
            match drawn.await {
                Ok(Some(code)) => drop(codes.insert(pool, Value::text(code))),
                Ok(None) => return Err(Unready::Later(Failure::NoVouchers { pool }, None)),
                Err(error) => {
                    tracing::warn!(%error, pool = &**name, "no voucher can be drawn: the message is tried again");
                    let words = "the database did not answer".into();
                    return Err(Unready::Later(Failure::Words { words }, None));
                }
            }
        }
        Ok(codes)
    }

    /// A message that nothing could be filled in with waits, as one whose provider is in trouble does, and
    /// fails in the end.
    pub(super) fn not_yet(
        &self,
        leased: Leased,
        error: Failure,
        wait: Option<Duration>,
        now: jiff::Timestamp,
    ) -> Done {
        if leased.attempt >= self.settings.max_attempts {
            let detail = Failure::GaveUp {
                tries: leased.attempt,
                last: Box::new(error),
            };
            let stopped = Stopped {
                reason: Reason::Failed,
                detail,
            };
            return Done::Ended(receipt(leased, stopped, now), None, None);
        }
        let back_off = self.back_off(leased.attempt);
        let asked = wait.and_then(|d| SignedDuration::try_from(d).ok());
        let wait = asked.map_or(back_off, |asked| asked.max(back_off));
        let retry = Retry {
            key: leased.key(),
            due_at: self.due_in(&leased, wait),
            error,
            tied_to: leased.tied_to,
        };
        Done::Later(retry, None)
    }
}
