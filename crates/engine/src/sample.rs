//! What no loop states as it happens is looked at now and then: what waits in RabbitMQ, what is due in the
//! database, how connections are used, which providers are left alone.

use std::{sync::Arc, time::Duration};

use broker::Broker;
use jiff::Timestamp;
use journey::vouchers::Pool;
use store::{Due, DueWork};
use tokio::time::timeout;

use crate::Engine;

/// The most pools that are looked at.
const MOST_POOLS: usize = 100;

impl Engine {
    /// Looks once, at the broker and at the database, each no longer than `sample_patience`. What does not
    /// answer is shown as no number.
    pub async fn sample_once(self: &Arc<Self>, broker: Option<&Broker>, now: Timestamp) {
        let (metrics, settings) = (self.metrics(), &self.settings);
        let patience = Duration::try_from(settings.sample_patience).unwrap_or_default();
        if let Some(broker) = broker {
            let depth = timeout(patience, broker.depth()).await;
            metrics.queues(depth.ok().and_then(Result::ok));
        }
        for work in DueWork::ALL {
            let asked = self.store.due_work(work, now, settings.sample_count);
            let due = timeout(patience, asked).await.ok().and_then(Result::ok);
            metrics.due(work, due.map(|due| (due, age(due, now))));
        }
        for health in self.channels.health() {
            metrics.provider_health(&health);
        }
        self.look_at_vouchers(patience).await;
        let letters = timeout(patience, self.store.open_letters()).await;
        metrics.letters(letters.ok().and_then(Result::ok));
        metrics.connections(self.store.pool_use());
        metrics.revision(self.loaded().revision);
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
