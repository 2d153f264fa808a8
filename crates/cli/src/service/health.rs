//! Whether a process can work, part by part, and what happened in it, in numbers.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use api::{Ops, Readiness};
use broker::Broker;
use engine::{Engine, LoopHealth, metrics::Metrics};
use jiff::Timestamp;
use store::{Schema, read::Reader};
use tokio::time::timeout;

/// What an operator's tools are answered.
pub fn ops(engine: &Arc<Engine>, broker: Option<&Broker>) -> Ops {
    let (asked, numbers) = (engine.clone(), engine.clone());
    let (of, beside) = (broker.cloned(), broker.cloned());
    let changes = Arc::new(Changes::default());
    Ops {
        ready: Arc::new(move || {
            let (engine, broker, changes) = (asked.clone(), of.clone(), changes.clone());
            Box::pin(async move {
                let parts = look(&engine, broker.as_ref()).await;
                changes.noted(parts, Timestamp::now())
            })
        }),
        metrics: Some(Arc::new(move || {
            let (engine, broker) = (numbers.clone(), beside.clone());
            Box::pin(async move {
                // Whoever reads metrics alone is to see what is not ready, too.
                look(&engine, broker.as_ref()).await;
                (engine.metrics().text(), Metrics::MEDIA_TYPE)
            })
        })),
    }
}

/// Since when each part has been as it is: from when a look first found it so.
#[derive(Default)]
struct Changes(Mutex<BTreeMap<&'static str, (bool, Timestamp)>>);

impl Changes {
    fn noted(&self, parts: Vec<Readiness>, now: Timestamp) -> Vec<Readiness> {
        // What a thread that died has left is whole: every change is one assignment.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let noted = |part: Readiness| {
            let before = known
                .get(part.part)
                .filter(|(ready, _)| *ready == part.ready);
            let since = before.map_or(now, |(_, since)| *since);
            known.insert(part.part, (part.ready, since));
            part.since(since)
        };
        parts.into_iter().map(noted).collect()
    }
}

/// Looks at every part, at each no longer than a look of the samples may take.
async fn look(engine: &Engine, broker: Option<&Broker>) -> Vec<Readiness> {
    let patience = Duration::try_from(engine.settings().sample_patience).unwrap_or_default();
    let (mut parts, broker) = tokio::join!(database(engine, patience), async {
        match broker {
            Some(broker) => Some(rabbitmq(broker, patience).await),
            None => None,
        }
    });
    let none = "nothing is published: `parcours apply` does it";
    let unpublished = engine.loaded().revision.is_none();
    parts.push(Readiness::of(
        "workspace",
        unpublished.then(|| none.to_owned()),
    ));
    parts.extend(broker);
    let failing = engine.settings().loop_patience;
    let longest = Duration::try_from(failing).unwrap_or_default();
    parts.extend(engine.loops().iter().map(|l| one_loop(l, longest)));
    for part in &parts {
        engine.metrics().ready(part.part, part.ready);
    }
    parts
}

/// `database` and, if that answers, `schema`.
async fn database(engine: &Engine, patience: Duration) -> Vec<Readiness> {
    let store = engine.store();
    let reader = Reader::new(store.pool().clone());
    let missing = match timeout(patience, reader.ping()).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some(silent("PostgreSQL", patience)),
    };
    let mut parts = vec![Readiness::of("database", missing)];
    if parts.iter().all(|p| p.ready) {
        let missing = match timeout(patience, store.schema()).await {
            Ok(Ok(Schema { missing: 0, .. })) => None,
            Ok(Ok(Schema { newest, missing })) => Some(format!(
                "the database is at {newest:04}, and {missing} of this version's migrations are missing: \
                 `parcours migrate` applies them"
            )),
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(silent("PostgreSQL", patience)),
        };
        parts.push(Readiness::of("schema", missing));
    }
    parts
}

async fn rabbitmq(broker: &Broker, patience: Duration) -> Readiness {
    let missing = match timeout(patience, broker.depth()).await {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some(silent("RabbitMQ", patience)),
    };
    Readiness::of("broker", missing)
}

fn silent(who: &str, patience: Duration) -> String {
    format!("{who} has not answered within {} s", patience.as_secs())
}

fn one_loop(health: &LoopHealth, longest: Duration) -> Readiness {
    let missing = match health.failing_for {
        _ if !health.begun => Some("the loop has not begun yet".to_owned()),
        _ if health.ended => Some("the loop has ended".to_owned()),
        Some(since) if since >= longest => {
            let seconds = since.as_secs();
            Some(format!("failing for {seconds} s: {}", health.error))
        }
        _ => None,
    };
    Readiness::of(health.name, missing)
}

#[cfg(test)]
mod tests {
    use api::Readiness;
    use jiff::Timestamp;

    use super::Changes;

    #[test]
    fn a_part_is_as_it_is_since_it_last_changed() {
        let (changes, at) = (Changes::default(), |s| Timestamp::from_second(s).unwrap());
        let since = |missing: Option<&str>, now| {
            let part = Readiness::of("broker", missing.map(str::to_owned));
            changes.noted(vec![part], at(now))[0].since
        };
        assert_eq!(since(None, 1), Some(at(1)));
        assert_eq!(since(None, 2), Some(at(1)));
        assert_eq!(since(Some("gone"), 3), Some(at(3)));
        assert_eq!(since(Some("still gone"), 4), Some(at(3)));
        assert_eq!(since(None, 5), Some(at(5)));
    }
}
