//! What a process tells of itself, and of what it saw, to all who look at the database: a row of its own, and values
//! that join those of the other processes. Nothing rests on it; where the database does not take it, the next look
//! tells what has come about since.

use std::sync::Arc;

use broker::Broker;
use channels::Health;
use jiff::Timestamp;
use store::{EngineRow, EngineSeen, LoopSeen, ProviderSeen, Sample, Told};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{Engine, LoopHealth, Roles, metrics::Counted};

/// What is known of this process from one look to the next.
#[derive(Debug)]
pub(crate) struct Process {
    id: Uuid,
    started_at: Timestamp,
    /// As was told last.
    counted: Counted,
}

impl Process {
    pub(crate) fn new(started_at: Timestamp) -> Self {
        Self {
            id: Uuid::new_v4(),
            started_at,
            counted: Counted::default(),
        }
    }
}

impl Engine {
    /// Looks once ([`Engine::sample_once`]), and writes down what was seen. Says whether the database has taken it.
    pub async fn tell_once(
        self: &Arc<Self>,
        broker: Option<&Broker>,
        roles: Roles,
        now: Timestamp,
    ) -> bool {
        let mut samples = self.sample_once(broker, now).await;
        let mut process = self.process.lock().await;
        let counted = self.metrics.counted();
        let values = samples.iter().map(|s| (s.name.clone(), s.value)).collect();
        samples.extend(counted.since(&process.counted));
        let told = Told {
            engine: EngineRow {
                id: process.id,
                started_at: process.started_at,
                seen_at: now,
                host: self.settings.host.to_string(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                roles: self.words_of(roles),
                seen: EngineSeen {
                    values,
                    ..self.seen(broker)
                },
            },
            samples: in_order(samples),
        };
        match timeout(self.sample_patience(), self.store.tell(&told)).await {
            Ok(Ok(())) => {
                process.counted = counted;
                true
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, "what was seen could not be written down");
                false
            }
            Err(_) => false,
        }
    }

    /// The process stops in order, and is not to be missed.
    pub(crate) async fn farewell(&self) {
        let id = self.process.lock().await.id;
        match timeout(self.sample_patience(), self.store.farewell(id)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "nobody was told that this process stops"),
            Err(_) => tracing::debug!("nobody was told that this process stops"),
        }
    }

    fn words_of(&self, roles: Roles) -> Vec<String> {
        let serves = self.settings.serves.then_some("api");
        roles.words().chain(serves).map(str::to_owned).collect()
    }

    fn seen(&self, broker: Option<&Broker>) -> EngineSeen {
        let (health, pool) = (self.channels.health(), self.store.pool_use());
        let refuses = broker.and_then(Broker::refuses);
        EngineSeen {
            handed_over: health.iter().map(|h| h.busy as u64).sum(),
            revision: self.loaded().revision,
            connections_used: pool.used,
            connections_max: pool.max,
            broker: broker.is_some(),
            broker_refuses: refuses.map(|why| why.to_string()).unwrap_or_default(),
            loops: self.loops().into_iter().map(one_loop).collect(),
            providers: health.iter().map(provider).collect(),
            ..EngineSeen::default()
        }
    }
}

/// Those of the fewest parts first: where there are too many, the sums are kept.
fn in_order(mut samples: Vec<Sample>) -> Vec<Sample> {
    samples.sort_by_key(|s| s.name.matches('/').count());
    samples
}

fn one_loop(health: LoopHealth) -> LoopSeen {
    LoopSeen {
        name: health.name.to_owned(),
        well: health.begun && !health.ended && health.failing_for.is_none(),
        failing_seconds: health.failing_for.unwrap_or_default().as_secs(),
        error: health.error,
    }
}

fn provider(health: &Health) -> ProviderSeen {
    let alone = health.shut_for.unwrap_or_default();
    ProviderSeen {
        channel: health.channel.as_str().to_owned(),
        provider: health.provider.to_string(),
        closed: health.closed,
        left_alone_seconds: alone.as_secs() + u64::from(alone.subsec_nanos() > 0),
        busy: health.busy as u64,
    }
}
