//! Metrics: what the loops state of what happened, in Prometheus' text format.
//!
//! The hot path counts a batch at a time; what is kept elsewhere (queues, the outbox, connections) is looked at
//! now and then by a loop of its own (`sample`), whatever asks for it and however often. No label holds
//! anything about a customer.

mod counted;
mod exported;
mod names;
mod tally;

use std::time::{Duration, Instant};

use broker::Depth;
use channels::{Health, Outcome};
use journey::{
    call::Outcome as Ended,
    intake::{Cause, CauseClass},
    message::{Channel, Reason},
};
use prometheus::{Registry, TextEncoder};
use store::{Due, DueWork, PoolUse};

pub(crate) use self::counted::Counted;
pub use self::exported::{EXPORTED, Exported};
pub(crate) use self::tally::Tally;
use self::{exported::Families, names::Names};
use crate::calls::Next;

/// What a turn is for, as a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TurnOf {
    /// Inputs that came: events, receipts, answers, parts in sweeps.
    Inputs,
    /// Timers.
    Timers,
    /// Passages to other versions.
    Passages,
}

impl TurnOf {
    fn as_str(self) -> &'static str {
        match self {
            Self::Inputs => "inputs",
            Self::Timers => "timers",
            Self::Passages => "passages",
        }
    }
}

/// By which way events came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From RabbitMQ.
    Amqp,
    /// By HTTP, straight into the turn.
    Http,
}

impl Way {
    fn as_str(self) -> &'static str {
        match self {
            Self::Amqp => "amqp",
            Self::Http => "http",
        }
    }
}

/// The metrics of one engine.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    families: Families,
    journeys: Names,
    /// Of caps and endpoints.
    others: Names,
}

impl Metrics {
    /// None counted yet; at most `names` journeys, and as many caps and endpoints, keep a label of their own.
    ///
    /// # Errors
    /// If two metrics of the list have one name: a fault of the list.
    pub(crate) fn new(names: usize) -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let families = Families::registered(&registry)?;
        let none: [&str; 0] = [];
        families.turn_retries.with_label_values(&none);
        families.lateness.with_label_values(&none);
        families
            .build
            .with_label_values(&[env!("CARGO_PKG_VERSION")])
            .set(1.0);
        Ok(Self {
            registry,
            families,
            journeys: Names::new(names),
            others: Names::new(names),
        })
    }

    /// All of them in Prometheus' text format.
    pub fn text(&self) -> String {
        let encoded = TextEncoder::new().encode_to_string(&self.registry.gather());
        encoded.unwrap_or_else(|error| {
            tracing::error!(%error, "metrics cannot be written");
            String::new()
        })
    }

    /// The media type of [`Metrics::text`].
    pub const MEDIA_TYPE: &'static str = prometheus::TEXT_FORMAT;

    /// A batch of so many events came, of which so many took no effect.
    pub fn taken_in(&self, way: Way, events: usize, duplicates: usize, dead: usize) {
        let f = &self.families;
        for (family, count) in [
            (&f.taken_in, events.saturating_sub(duplicates + dead)),
            (&f.duplicates, duplicates),
            (&f.dead, dead),
        ] {
            if count > 0 {
                family
                    .with_label_values(&[way.as_str()])
                    .inc_by(count as u64);
            }
        }
    }

    /// A turn was committed.
    pub(crate) fn turn(&self, of: TurnOf, tally: &Tally, took: Duration) {
        let (f, kind) = (&self.families, [of.as_str()]);
        let inputs: u64 = tally.inputs.values().sum();
        f.turns.with_label_values(&kind).observe(took.as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "a batch is small")]
        f.turn_inputs
            .with_label_values(&kind)
            .observe(inputs as f64);
        for (kind, count) in &tally.inputs {
            f.inputs.with_label_values(&[*kind]).inc_by(*count);
        }
        for (name, counted) in &tally.journeys {
            let journey = self.journeys.label(name);
            for (family, count) in [
                (&f.entered, counted.entered),
                (&f.left, counted.left),
                (&f.moved, counted.moved),
                (&f.goals, counted.goals),
            ] {
                if count > 0 {
                    family.with_label_values(&[journey]).inc_by(count);
                }
            }
            for (channel, count) in &counted.decided {
                let labels = [journey, channel.as_str()];
                f.decided.with_label_values(&labels).inc_by(*count);
            }
        }
        for ((channel, reason), count) in &tally.suppressed {
            let labels = [channel.as_str(), reason.as_str()];
            f.suppressed.with_label_values(&labels).inc_by(*count);
        }
        for (reason, count) in &tally.held {
            f.held.with_label_values(&[reason.as_str()]).inc_by(*count);
        }
        for (cap, count) in &tally.caps {
            let cap = self.others.label(cap);
            f.caps.with_label_values(&[cap]).inc_by(*count);
        }
    }

    /// A turn is begun again.
    pub(crate) fn turn_again(&self) {
        let none: [&str; 0] = [];
        self.families.turn_retries.with_label_values(&none).inc();
    }

    /// Timers fired so long after their moments.
    pub(crate) fn late(&self, by: &[Duration]) {
        let none: [&str; 0] = [];
        let lateness = self.families.lateness.with_label_values(&none);
        by.iter().for_each(|by| lateness.observe(by.as_secs_f64()));
    }

    /// A message is handed to a provider for the first time, so long after its decision.
    pub(crate) fn handed_over(&self, channel: Channel, lag: Duration) {
        let lags = &self.families.lag;
        lags.with_label_values(&[channel.as_str()])
            .observe(lag.as_secs_f64());
    }

    /// A provider has answered.
    pub(crate) fn provider(
        &self,
        channel: Channel,
        provider: &str,
        outcome: &Outcome,
        since: Instant,
    ) {
        let outcome = match outcome {
            Outcome::Accepted { .. } => "accepted",
            Outcome::RefusedForNow { .. } => "for_now",
            Outcome::RefusedForGood { .. } => "for_good",
        };
        let labels = [channel.as_str(), provider, outcome];
        let took = since.elapsed().as_secs_f64();
        self.families
            .provider
            .with_label_values(&labels)
            .observe(took);
    }

    /// A provider took a message.
    pub(crate) fn sent(&self, channel: Channel, provider: &str) {
        let labels = [channel.as_str(), provider];
        self.families.sent.with_label_values(&labels).inc();
    }

    /// An attempt is made again later.
    pub(crate) fn retried(&self, channel: Channel, provider: &str) {
        let labels = [channel.as_str(), provider];
        self.families.retried.with_label_values(&labels).inc();
    }

    /// A message found no room.
    pub(crate) fn put_off(&self, channel: Channel) {
        let labels = [channel.as_str()];
        self.families.put_off.with_label_values(&labels).inc();
    }

    /// How a provider is doing. Says whether it is left alone.
    pub(crate) fn provider_health(&self, health: &Health) -> bool {
        let labels = [health.channel.as_str(), &*health.provider];
        let alone = health.shut_for.is_some() || !health.closed;
        let gauge = self.families.left_alone.with_label_values(&labels);
        gauge.set(f64::from(u8::from(alone)));
        alone
    }

    /// A message ended unsent.
    pub(crate) fn failed(&self, channel: Channel, provider: &str, reason: Reason) {
        let labels = [channel.as_str(), provider, reason.as_str()];
        self.families.failed.with_label_values(&labels).inc();
    }

    /// An endpoint has answered, or has not in time.
    pub(crate) fn called(&self, endpoint: &str, took: Duration) {
        let endpoint = self.others.label(endpoint);
        let seconds = self.families.call_seconds.with_label_values(&[endpoint]);
        seconds.observe(took.as_secs_f64());
    }

    /// A message was to be filled in from a source.
    pub(crate) fn fetched(&self, source: &str, outcome: &str) {
        let labels = [self.others.label(source), outcome];
        self.families.fetches.with_label_values(&labels).inc();
    }

    /// How many codes of each pool are free, and below how many it runs low; other pools are gone.
    pub(crate) fn vouchers<'p>(&self, pools: impl Iterator<Item = (&'p str, u64, u32)>) {
        let families = &self.families;
        families.vouchers_left.reset();
        families.vouchers_low.reset();
        for (pool, left, low) in pools {
            #[expect(clippy::cast_precision_loss, reason = "counted up to a bound")]
            let left = left as f64;
            families.vouchers_left.with_label_values(&[pool]).set(left);
            let below = families.vouchers_low.with_label_values(&[pool]);
            below.set(f64::from(low));
        }
    }

    /// What becomes of a call.
    pub(crate) fn call(&self, endpoint: &str, next: &Next) {
        let result = match next {
            Next::Ends(Ended::Answered(_)) => "answered",
            Next::Ends(Ended::Failed(_)) => "failed",
            Next::Again(..) => "retried",
            Next::Opens => "inbox",
            Next::Released => return,
        };
        let labels = [self.others.label(endpoint), result];
        self.families.calls.with_label_values(&labels).inc();
    }

    /// A round of a loop has failed.
    pub(crate) fn loop_error(&self, name: &str) {
        self.families.loop_errors.with_label_values(&[name]).inc();
    }

    /// What waits in RabbitMQ; `None`: it cannot be asked.
    pub(crate) fn queues(&self, depth: Option<Depth>) {
        let queue = &self.families.queue;
        let set = |name, count: Option<u32>| {
            queue
                .with_label_values(&[name])
                .set(count.map_or(f64::NAN, f64::from));
        };
        set("ready", depth.map(|d| d.ready));
        set("dead", depth.map(|d| d.dead));
    }

    /// How many dead letters are open, by the code of their cause; `None`: the database cannot be asked.
    pub(crate) fn letters(&self, open: Option<&[(String, u64)]>) {
        for class in CauseClass::ALL {
            let of = |open: &[(String, u64)]| -> u64 {
                let of_class = open.iter().filter(|(code, _)| Cause::class(code) == class);
                of_class.map(|(_, count)| count).sum()
            };
            #[expect(
                clippy::cast_precision_loss,
                reason = "no more are kept than a setting says"
            )]
            let count = open.map_or(f64::NAN, |open| of(open) as f64);
            let gauge = self.families.letters.with_label_values(&[class.as_str()]);
            gauge.set(count);
        }
    }

    /// How much work is due, and how old the oldest is; `None`: the database cannot be asked.
    pub(crate) fn due(&self, work: DueWork, due: Option<(Due, Duration)>) {
        let (count, age) = match due {
            #[expect(clippy::cast_precision_loss, reason = "it is counted up to a bound")]
            Some((due, age)) => (due.count as f64, age.as_secs_f64()),
            // Not the last figures: they would look as if all went well.
            None => (f64::NAN, f64::NAN),
        };
        let label = [work.as_str()];
        self.families.due.with_label_values(&label).set(count);
        self.families.oldest.with_label_values(&label).set(age);
    }

    /// How the connections to the database are used.
    pub(crate) fn connections(&self, pool: PoolUse) {
        let connections = &self.families.connections;
        let set = |state, count| {
            connections
                .with_label_values(&[state])
                .set(f64::from(count));
        };
        set("used", pool.used);
        set("idle", pool.idle);
        let none: [&str; 0] = [];
        let max = self.families.connections_max.with_label_values(&none);
        max.set(f64::from(pool.max));
    }

    /// Whether a part can work.
    pub fn ready(&self, part: &str, ready: bool) {
        let family = &self.families.ready;
        family
            .with_label_values(&[part])
            .set(f64::from(u8::from(ready)));
    }

    /// What was counted so far.
    pub(crate) fn counted(&self) -> Counted {
        Counted::of(&self.families)
    }

    /// Which workspace is in force.
    pub(crate) fn revision(&self, revision: Option<i64>) {
        let none: [&str; 0] = [];
        let family = self.families.revision.with_label_values(&none);
        #[expect(clippy::cast_precision_loss, reason = "revisions are few")]
        family.set(revision.unwrap_or_default() as f64);
    }
}

#[cfg(test)]
mod tests;
