//! Whether a process can work, part by part, and what happened in it, in numbers.

use std::{sync::Arc, time::Duration};

use api::{Ops, Readiness};
use broker::Broker;
use engine::{Engine, LoopHealth, metrics::Metrics};
use store::{Schema, read::Reader};
use tokio::time::timeout;

/// What an operator's tools are answered.
pub fn ops(engine: &Arc<Engine>, broker: Option<&Broker>) -> Ops {
    let (asked, numbers) = (engine.clone(), engine.clone());
    let (of, beside) = (broker.cloned(), broker.cloned());
    Ops {
        ready: Arc::new(move || {
            let (engine, broker) = (asked.clone(), of.clone());
            Box::pin(async move { look(&engine, broker.as_ref()).await })
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
