//! What no loop states as it happens is looked at now and then: what waits in RabbitMQ, what is due in the
//! database, how connections are used, which providers are left alone.

mod process;

use std::{sync::Arc, time::Duration};

use broker::Broker;
use jiff::Timestamp;
use journey::vouchers::Pool;
use store::{Due, DueWork, Sample};
use tokio::time::timeout;

pub(crate) use self::process::Process;
use crate::Engine;

/// The most pools that are looked at.
const MOST_POOLS: usize = 100;

impl Engine {
    /// Looks once, at the broker and at the database, each no longer than `sample_patience`. What does not
    /// answer is shown as no number, and is none of the values that are answered.
    pub async fn sample_once(
        self: &Arc<Self>,
        broker: Option<&Broker>,
        now: Timestamp,
    ) -> Vec<Sample> {
        let metrics = self.metrics();
        let patience = self.sample_patience();
        let mut seen = Vec::new();
        if let Some(broker) = broker {
            self.look_at_queues(broker, patience, &mut seen).await;
        }
        for work in DueWork::ALL {
            self.look_at_work(work, now, patience, &mut seen).await;
        }
        for health in self.channels.health() {
            let alone = metrics.provider_health(&health);
            let name = format!("left_alone/{}/{}", health.channel.as_str(), health.provider);
            seen.push(Sample::level(name, f64::from(u8::from(alone))));
        }
        self.look_at_vouchers(patience).await;
        let pool = self.store.pool_use();
        let letters = timeout(patience, self.store.open_letters()).await;
        metrics.letters(letters.ok().and_then(Result::ok).as_deref());
        metrics.connections(pool);
        seen.push(Sample::level("connections/used", pool.used.into()));
        metrics.revision(self.loaded().revision);
        seen
    }

    fn sample_patience(&self) -> Duration {
        Duration::try_from(self.settings.sample_patience).unwrap_or_default()
    }

    async fn look_at_queues(&self, broker: &Broker, patience: Duration, seen: &mut Vec<Sample>) {
        let depth = timeout(patience, broker.depth()).await;
        let depth = depth.ok().and_then(Result::ok);
        self.metrics.queues(depth);
        if let Some(depth) = depth {
            seen.push(Sample::level("queue/ready", depth.ready.into()));
            seen.push(Sample::level("queue/dead", depth.dead.into()));
        }
    }

    async fn look_at_work(
        &self,
        work: DueWork,
        now: Timestamp,
        patience: Duration,
        seen: &mut Vec<Sample>,
    ) {
        let asked = self.store.due_work(work, now, self.settings.sample_count);
        let due = timeout(patience, asked).await.ok().and_then(Result::ok);
        let due = due.map(|due| (due, age(due, now)));
        self.metrics.due(work, due);
        if let Some((due, age)) = due {
            let word = work.as_str();
            #[expect(clippy::cast_precision_loss, reason = "it is counted up to a bound")]
            let count = due.count as f64;
            seen.push(Sample::level(format!("due/{word}"), count));
            seen.push(Sample::level(format!("late/{word}"), age.as_secs_f64()));
        }
    }
}

impl Engine {
    /// How many codes are left, and whether they have begun to run low since the last look.
    async fn look_at_vouchers(&self, patience: Duration) {
        let loaded = self.loaded();
        let pools = || loaded.vouchers.0.iter().take(MOST_POOLS);
        let names: Vec<String> = pools().map(|(name, _)| name.to_string()).collect();
        if names.is_empty() {
            return;
        }
        let asked = self.store.vouchers_left(&names, Pool::MAX_LOW);
        let Ok(Ok(left)) = timeout(patience, asked).await else {
            return;
        };
        let counted = pools().zip(&left);
        let counted = counted.map(|((name, pool), left)| (&**name, *left, pool.low));
        self.metrics.vouchers(counted);
        let mut low = self.low_pools.lock().await;
        for ((name, pool), left) in pools().zip(left) {
            if left >= u64::from(pool.low) {
                low.remove(name);
            } else if low.insert(name.clone()) {
                tracing::warn!(pool = &**name, left, low = pool.low, "vouchers run low");
            }
        }
        low.retain(|name| loaded.vouchers.0.contains_key(name));
    }
}

fn age(due: Due, now: Timestamp) -> Duration {
    let age = due.oldest.map(|oldest| now.duration_since(oldest));
    age.and_then(|age| Duration::try_from(age).ok())
        .unwrap_or_default()
}
