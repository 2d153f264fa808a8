//! What is delivered: in batches, again after a loss, or put aside.

use broker::{Broker, Depth, Error, Settings};
use bytes::Bytes;
use cli::servers::{RabbitMq, RabbitMqOptions};
use lapin::options::QueueDeleteOptions;
use parcours_tests::kit;

use super::{SOON, bodies, connect, depth_becomes, drain, numbers, publish, raw_channel, take};

#[tokio::test]
async fn what_is_published_comes_in_batches_and_in_order() {
    let vhost = kit::vhost().await;
    let settings = Settings {
        url: vhost.url.clone(),
        batch: 10,
        ..Settings::default()
    };
    let broker = Broker::connect(&settings).await.unwrap();
    publish(&broker.publisher().await.unwrap(), 0..25).await;
    depth_becomes(&broker, Depth { ready: 25, dead: 0 }).await;

    let mut consumer = broker.consumer().await.unwrap();
    let mut sizes = Vec::new();
    let mut seen = Vec::new();
    while seen.len() < 25 {
        let batch = take(&mut consumer).await;
        sizes.push(batch.deliveries.len());
        assert!(
            batch
                .deliveries
                .iter()
                .all(|delivery| !delivery.redelivered)
        );
        seen.extend(bodies(&batch));
        batch.settle(Vec::new()).await.unwrap();
    }
    assert_eq!(seen, numbers(0..25));
    assert!(
        sizes.iter().all(|size| (1..=10).contains(size)),
        "{sizes:?}"
    );
    drop(consumer);
    depth_becomes(&broker, Depth::default()).await;
    broker.close().await;
}

/// Batches are settled side by side, in any order: nothing is acknowledged twice, which would end the channel.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn promise_1_batches_that_are_settled_at_once_are_acknowledged_once() {
    let vhost = kit::vhost().await;
    let settings = Settings {
        url: vhost.url.clone(),
        batch: 20,
        ..Settings::default()
    };
    let broker = Broker::connect(&settings).await.unwrap();
    publish(&broker.publisher().await.unwrap(), 0..1_000).await;
    let mut consumer = broker.consumer().await.unwrap();
    let (mut batches, mut taken) = (Vec::new(), 0);
    while taken < 1_000 {
        let batch = take(&mut consumer).await;
        taken += batch.deliveries.len();
        batches.push(batch);
    }
    // The first of each four last: the three behind it go one by one, and are met by "all up to here".
    for four in 0..batches.len() / 4 {
        batches[4 * four..4 * four + 4].reverse();
    }
    let tasks: Vec<_> = batches
        .into_iter()
        .map(|batch| tokio::spawn(batch.settle(Vec::new())))
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    publish(&broker.publisher().await.unwrap(), 1_000..1_001).await;
    let last = take(&mut consumer).await;
    assert_eq!(bodies(&last), ["1000"], "nothing comes again");
    assert!(!last.deliveries[0].redelivered);
    last.settle(Vec::new()).await.unwrap();
    drop(consumer);
    depth_becomes(&broker, Depth::default()).await;
}

#[tokio::test]
async fn a_batch_does_not_wait_to_be_filled() {
    let vhost = kit::vhost().await;
    let broker = connect(&vhost.url).await;
    let mut consumer = broker.consumer().await.unwrap();
    publish(&broker.publisher().await.unwrap(), 0..1).await;
    assert_eq!(bodies(&take(&mut consumer).await), ["0"]);
}

#[tokio::test]
async fn what_a_lost_consumer_held_is_delivered_again() {
    let vhost = kit::vhost().await;
    let broker = connect(&vhost.url).await;
    publish(&broker.publisher().await.unwrap(), 0..5).await;
    let mut lost = broker.consumer().await.unwrap();
    let batch = take(&mut lost).await;
    drop((batch, lost));

    let mut other = broker.consumer().await.unwrap();
    let batch = take(&mut other).await;
    assert!(batch.deliveries[0].redelivered);
    batch.give_back().await.unwrap();
    let mut again = drain(&mut other, 5).await;
    again.sort();
    assert_eq!(again, numbers(0..5));
}

#[tokio::test]
async fn a_batch_that_is_dropped_comes_again_to_the_same_consumer() {
    let vhost = kit::vhost().await;
    let settings = Settings {
        url: vhost.url.clone(),
        prefetch: 2,
        ..Settings::default()
    };
    let broker = Broker::connect(&settings).await.unwrap();
    publish(&broker.publisher().await.unwrap(), 0..6).await;
    let mut consumer = broker.consumer().await.unwrap();
    for _ in 0..3 {
        // With a prefetch of 2, dropped batches would soon leave nothing to take.
        drop(take(&mut consumer).await);
    }
    let seen = drain(&mut consumer, 6).await;
    assert_eq!(seen, numbers(0..6), "in their order");
}

#[tokio::test]
async fn settling_a_later_batch_leaves_the_earlier_one_open() {
    let vhost = kit::vhost().await;
    let settings = Settings {
        url: vhost.url.clone(),
        batch: 3,
        ..Settings::default()
    };
    let broker = Broker::connect(&settings).await.unwrap();
    publish(&broker.publisher().await.unwrap(), 0..6).await;
    let mut consumer = broker.consumer().await.unwrap();
    let earlier = take(&mut consumer).await;
    let later = take(&mut consumer).await;
    let settled = bodies(&later);
    later.settle(Vec::new()).await.unwrap();
    drop(earlier);
    let mut seen = drain(&mut consumer, 6 - settled.len()).await;
    seen.extend(settled);
    seen.sort();
    assert_eq!(seen, numbers(0..6), "each came once to be settled");
}

#[tokio::test]
async fn a_dead_letter_keeps_its_body_and_its_reason_and_the_rest_is_acknowledged() {
    let vhost = kit::vhost().await;
    let settings = Settings {
        url: vhost.url.clone(),
        prefetch: 3,
        ..Settings::default()
    };
    let broker = Broker::connect(&settings).await.unwrap();
    publish(&broker.publisher().await.unwrap(), 0..3).await;
    let mut consumer = broker.consumer().await.unwrap();
    let mut seen = 0;
    while seen < 3 {
        let batch = take(&mut consumer).await;
        let poison = bodies(&batch).iter().position(|body| body == "1");
        let dead = poison.map(|index| (index, "not an event: 1".to_owned().into()));
        seen += batch.deliveries.len();
        batch.settle(dead.into_iter().collect()).await.unwrap();
    }
    depth_becomes(&broker, Depth { ready: 0, dead: 1 }).await;
    // Looking does not take it away.
    for _ in 0..2 {
        let letters = broker.dead_letters(10).await.unwrap();
        assert_eq!(letters.len(), 1);
        assert_eq!(letters[0].reason, "not an event: 1");
        assert_eq!(letters[0].body, "1");
        assert_eq!(letters[0].routing_key.as_deref(), Some("anna"));
        assert!(letters[0].at.is_some());
        depth_becomes(&broker, Depth { ready: 0, dead: 1 }).await;
    }
    drop(consumer);
    depth_becomes(&broker, Depth { ready: 0, dead: 1 }).await;
}

#[tokio::test]
async fn a_body_of_five_megabytes_can_be_read_and_put_aside() {
    let vhost = kit::vhost().await;
    let roomy = Settings {
        url: vhost.url.clone(),
        max_body: 6_000_000,
        ..Settings::default()
    };
    let broker = Broker::connect(&roomy).await.unwrap();
    let body = Bytes::from(vec![b'x'; 5_000_000]);
    broker
        .publisher()
        .await
        .unwrap()
        .publish("anna", body.clone())
        .await
        .unwrap();

    let mut consumer = broker.consumer().await.unwrap();
    let batch = take(&mut consumer).await;
    assert_eq!(batch.deliveries[0].body, body);
    batch
        .settle(vec![(0, "larger than 262144 bytes".to_owned().into())])
        .await
        .unwrap();
    assert_eq!(broker.dead_letters(1).await.unwrap()[0].body, body);
}

#[tokio::test]
async fn a_stopped_consumer_finishes_its_batch_and_leaves_the_rest() {
    let vhost = kit::vhost().await;
    let settings = Settings {
        url: vhost.url.clone(),
        batch: 2,
        ..Settings::default()
    };
    let broker = Broker::connect(&settings).await.unwrap();
    publish(&broker.publisher().await.unwrap(), 0..6).await;
    let mut consumer = broker.consumer().await.unwrap();
    let batch = take(&mut consumer).await;
    let taken = u32::try_from(batch.deliveries.len()).unwrap();
    consumer.stop().await.unwrap();
    batch.settle(Vec::new()).await.unwrap();
    assert!(consumer.next().await.unwrap().is_none());
    drop(consumer);
    depth_becomes(
        &broker,
        Depth {
            ready: 6 - taken,
            dead: 0,
        },
    )
    .await;
}

#[tokio::test]
async fn closing_the_broker_ends_a_waiting_consumer() {
    let vhost = kit::vhost().await;
    let broker = connect(&vhost.url).await;
    let mut consumer = broker.consumer().await.unwrap();
    let publisher = broker.publisher().await.unwrap();
    let waiting = tokio::spawn(async move { consumer.next().await.unwrap().is_none() });
    broker.close().await;
    assert!(
        tokio::time::timeout(SOON, waiting)
            .await
            .expect("it ends")
            .unwrap()
    );
    assert!(matches!(
        publisher.publish("anna", "0".into()).await,
        Err(Error::Closed)
    ));
}

#[tokio::test]
async fn a_consumer_survives_the_loss_of_its_queue() {
    let vhost = kit::vhost().await;
    let broker = connect(&vhost.url).await;
    let mut consumer = broker.consumer().await.unwrap();
    let channel = raw_channel(&vhost.url).await;
    channel
        .queue_delete("parcours.intake".into(), QueueDeleteOptions::default())
        .await
        .unwrap();
    let reading = tokio::spawn(async move { bodies(&take(&mut consumer).await) });
    let publisher = broker.publisher().await.unwrap();
    kit::eventually(SOON, "the queue is there again", async || {
        publisher.publish("anna", "0".into()).await.is_ok()
    })
    .await;
    assert_eq!(reading.await.unwrap(), ["0"]);
}

/// Promise 8: RabbitMQ goes away and returns; nothing that was confirmed is lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_rabbitmq_loses_nothing_that_was_confirmed() {
    let directory = kit::scratch("parcours-restart");
    let port = free_port();
    let options = RabbitMqOptions {
        port: Some(port),
        ..RabbitMqOptions::default()
    };
    let start = {
        let directory = directory.clone();
        move || RabbitMq::start(&directory, &options).unwrap_or_else(|error| panic!("{error}"))
    };
    let server = tokio::task::spawn_blocking(start.clone()).await.unwrap();
    let broker = connect(&server.url()).await;
    let publisher = broker.publisher().await.unwrap();
    publish(&publisher, 0..20).await;
    let mut consumer = broker.consumer().await.unwrap();
    let held = take(&mut consumer).await;

    tokio::task::spawn_blocking(move || server.stop())
        .await
        .unwrap();
    let lost = publisher.publish("anna", "lost".into()).await;
    assert!(
        matches!(lost, Err(Error::Lost(_) | Error::Connect { .. })),
        "{lost:?}"
    );
    assert!(
        held.settle(Vec::new()).await.is_err(),
        "an acknowledgement that nobody heard"
    );

    let reading = tokio::spawn(async move { drain(&mut consumer, 21).await });
    let server = tokio::task::spawn_blocking(start).await.unwrap();
    kit::eventually(SOON, "the publisher works again", async || {
        publisher.publish("anna", "20".into()).await.is_ok()
    })
    .await;
    let mut seen = tokio::time::timeout(SOON, reading)
        .await
        .expect("all come")
        .unwrap();
    seen.sort_by_key(|body| body.parse::<u32>().unwrap());
    seen.dedup();
    assert_eq!(seen, numbers(0..21));
    broker.close().await;
    tokio::task::spawn_blocking(move || server.stop())
        .await
        .unwrap();
    std::fs::remove_dir_all(directory).unwrap();
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// One customer's events are handled in order, also when a consumer stops with some of them ahead.
#[tokio::test]
async fn what_a_stopped_consumer_leaves_comes_again_in_order() {
    let vhost = kit::vhost().await;
    let settings = Settings {
        url: vhost.url.clone(),
        batch: 2,
        prefetch: 10,
        ..Settings::default()
    };
    let broker = Broker::connect(&settings).await.unwrap();
    publish(&broker.publisher().await.unwrap(), 0..60).await;
    let mut seen = Vec::new();
    while seen.len() < 60 {
        let mut consumer = broker.consumer().await.unwrap();
        for _ in 0..3 {
            if seen.len() < 60 {
                let batch = take(&mut consumer).await;
                seen.extend(bodies(&batch));
                batch.settle(Vec::new()).await.unwrap();
            }
        }
        consumer.close().await.unwrap();
        let left = 60 - u32::try_from(seen.len()).unwrap();
        let ready = Depth {
            ready: left,
            dead: 0,
        };
        depth_becomes(&broker, ready).await;
    }
    assert_eq!(seen, numbers(0..60));
}
