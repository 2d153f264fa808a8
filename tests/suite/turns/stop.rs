//! Promise 8: stopping in order, in the middle of everything.

use std::{sync::Arc, time::Duration};

use engine::{Engine, Roles};
use parcours_tests::kit::{self, Rig, Workspace, events};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::event;

const SOON: Duration = Duration::from_secs(20);
const CUSTOMERS: usize = 120;

fn running(engine: &Arc<Engine>, broker: &broker::Broker) -> (CancellationToken, JoinHandle<()>) {
    let stop = CancellationToken::new();
    let (engine, broker, token) = (engine.clone(), broker.clone(), stop.clone());
    let task = tokio::spawn(async move {
        engine.run(Some(&broker), Roles::ALL, token).await.unwrap();
    });
    (stop, task)
}

/// Promise 8: the batch at hand is finished and acknowledged, what is with a provider is waited
/// for and recorded, leases go back untried, and a successor does the rest once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn promise_8_a_graceful_stop_finishes_what_is_at_hand_and_doubles_nothing() {
    let journey =
        "purpose: marketing\nenter: { event: start }\nsteps: [ { send: sms, template: hello } ]\n";
    let rig = Rig::new(&Workspace::new().journey("greet", journey)).await;
    let small = broker::Settings {
        batch: 5,
        prefetch: 10,
        ..broker::Settings::default()
    };
    let broker = rig.broker(small).await;
    let publisher = broker.publisher().await.unwrap();
    for n in 0..CUSTOMERS {
        let name = format!("c{n}");
        for body in events::arrival_of(&name) {
            publisher.publish(&name, body).await.unwrap();
        }
        publisher
            .publish(&name, event(&name, "start", &n.to_string()))
            .await
            .unwrap();
    }
    rig.provider.hold();
    let settings = engine::Settings {
        dispatch_concurrency: 4,
        ..kit::quick()
    };
    let first = rig.engine(settings).await;
    let (stop, task) = running(&first, &broker);
    // The first lease may be of one message; all that is asked for is that one is in flight.
    kit::eventually(SOON, "a message is with the provider", async || {
        !rig.provider.posts().is_empty()
    })
    .await;
    kit::eventually(SOON, "some are decided", async || {
        rig.count("select count(*) from message").await > 8
    })
    .await;
    stop.cancel();
    rig.provider.resume();
    task.await.unwrap();

    assert_eq!(
        rig.count("select count(*) from message where status = 'leased'")
            .await,
        0
    );
    let (sent, taken) = (
        rig.count("select count(*) from message where status = 'sent'")
            .await,
        rig.provider.taken().len(),
    );
    assert_eq!(
        sent,
        i64::try_from(taken).unwrap(),
        "what was in flight is recorded"
    );
    let decided = rig.count("select count(*) from input").await;
    kit::eventually(
        SOON,
        "what was not taken in is back in the queue",
        async || {
            i64::from(broker.depth().await.unwrap().ready)
                == 3 * i64::try_from(CUSTOMERS).unwrap() - decided
        },
    )
    .await;

    let second = rig.engine(kit::quick()).await;
    let (stop, task) = running(&second, &broker);
    kit::eventually(SOON, "all are sent", async || {
        rig.provider.taken().len() == CUSTOMERS
    })
    .await;
    stop.cancel();
    task.await.unwrap();
    let requests = rig.provider.requests();
    assert!(requests.values().all(|n| *n == 1), "{requests:?}");
    assert_eq!(
        rig.count("select count(*) from input").await,
        3 * i64::try_from(CUSTOMERS).unwrap()
    );
    assert_eq!(
        rig.count("select count(*) from message where status <> 'sent'")
            .await,
        0
    );
}
