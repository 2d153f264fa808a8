//! The broker against a real RabbitMQ.

use std::time::Duration;

use broker::{Batch, Broker, Consumer, Depth, Error, Publisher, Settings};
use bytes::Bytes;
use cli::servers::{RabbitMq, RabbitMqOptions};
use lapin::options::{QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use parcours_tests::kit;

/// Long enough for a RabbitMQ to start on a busy machine.
const SOON: Duration = Duration::from_secs(90);

async fn connect(url: &str) -> Broker {
    let settings = Settings {
        url: url.to_owned(),
        ..Settings::default()
    };
    Broker::connect(&settings).await.unwrap()
}

/// Publishes `0`, `1`, … as events of one customer.
async fn publish(publisher: &Publisher, numbers: std::ops::Range<u32>) {
    for number in numbers {
        publisher
            .publish("anna", number.to_string().into())
            .await
            .unwrap();
    }
}

fn bodies(batch: &Batch) -> Vec<String> {
    let text = |body: &Bytes| String::from_utf8(body.to_vec()).unwrap();
    batch
        .deliveries
        .iter()
        .map(|delivery| text(&delivery.body))
        .collect()
}

async fn take(consumer: &mut Consumer) -> Batch {
    let next = tokio::time::timeout(SOON, consumer.next()).await;
    next.expect("a batch comes")
        .unwrap()
        .expect("the consumer is open")
}

/// Settles batches until `count` deliveries were seen.
async fn drain(consumer: &mut Consumer, count: usize) -> Vec<String> {
    let mut seen = Vec::new();
    while seen.len() < count {
        let batch = take(consumer).await;
        seen.extend(bodies(&batch));
        batch.settle(Vec::new()).await.unwrap();
    }
    seen
}

async fn depth_becomes(broker: &Broker, expected: Depth) {
    let what = format!("the queues hold {expected:?}");
    kit::eventually(SOON, &what, async || {
        broker.depth().await.unwrap() == expected
    })
    .await;
}

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

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

#[tokio::test]
async fn a_batch_does_not_wait_to_be_filled() {
    let vhost = kit::vhost().await;
    let broker = connect(&vhost.url).await;
    let mut consumer = broker.consumer().await.unwrap();
    publish(&broker.publisher().await.unwrap(), 0..1).await;
    assert_eq!(bodies(&take(&mut consumer).await), ["0"]);
}

#[tokio::test]
async fn connecting_twice_finds_the_same_queues() {
    let vhost = kit::vhost().await;
    let first = connect(&vhost.url).await;
    publish(&first.publisher().await.unwrap(), 0..3).await;
    first.close().await;
    let second = connect(&vhost.url).await;
    assert_eq!(
        drain(&mut second.consumer().await.unwrap(), 3).await,
        numbers(0..3)
    );
}

#[tokio::test]
async fn a_queue_with_other_arguments_is_named() {
    let vhost = kit::vhost().await;
    let channel = raw_channel(&vhost.url).await;
    let options = QueueDeclareOptions::durable();
    channel
        .queue_declare("parcours.intake".into(), options, FieldTable::default())
        .await
        .unwrap();
    let settings = Settings {
        url: vhost.url.clone(),
        ..Settings::default()
    };
    let error = Broker::connect(&settings).await.unwrap_err();
    assert!(matches!(&error, Error::Topology { what, .. } if what.contains("parcours.intake")));
}

async fn raw_channel(url: &str) -> lapin::Channel {
    let properties = lapin::ConnectionProperties::default();
    let connection = lapin::Connection::connect(url, properties).await.unwrap();
    connection.create_channel().await.unwrap()
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
    let mut seen = drain(&mut consumer, 6).await;
    seen.sort();
    assert_eq!(seen, numbers(0..6));
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
        let dead = poison.map(|index| (index, "not an event: 1".to_owned()));
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
        .settle(vec![(0, "larger than 262144 bytes".to_owned())])
        .await
        .unwrap();
    assert_eq!(broker.dead_letters(1).await.unwrap()[0].body, body);
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_published() {
    let vhost = kit::vhost().await;
    let broker = connect(&vhost.url).await;
    let limit = Settings::default().max_body;
    let publisher = broker.publisher().await.unwrap();
    let result = publisher.publish("anna", vec![0; limit + 1].into()).await;
    assert!(matches!(result, Err(Error::TooLarge { bytes, .. }) if bytes == limit + 1));
    publisher
        .publish("anna", vec![0; limit].into())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_key_longer_than_the_protocol_allows_is_still_published() {
    let vhost = kit::vhost().await;
    let broker = connect(&vhost.url).await;
    let key = "ä".repeat(5_000);
    broker
        .publisher()
        .await
        .unwrap()
        .publish(&key, "0".into())
        .await
        .unwrap();
    assert_eq!(drain(&mut broker.consumer().await.unwrap(), 1).await, ["0"]);
}

#[tokio::test]
async fn a_message_that_no_queue_takes_is_refused() {
    let vhost = kit::vhost().await;
    let broker = connect(&vhost.url).await;
    let publisher = broker.publisher().await.unwrap();
    let channel = raw_channel(&vhost.url).await;
    let (queue, exchange) = ("parcours.intake", "parcours.events");
    channel
        .queue_unbind(
            queue.into(),
            exchange.into(),
            "#".into(),
            FieldTable::default(),
        )
        .await
        .unwrap();
    let result = publisher.publish("anna", "0".into()).await;
    assert!(
        matches!(&result, Err(Error::Unroutable(name)) if name == exchange),
        "{result:?}"
    );
}

#[tokio::test]
async fn a_full_queue_refuses_and_forgets_nothing() {
    let vhost = kit::vhost().await;
    let settings = Settings {
        url: vhost.url.clone(),
        max_waiting: 5,
        ..Settings::default()
    };
    let broker = Broker::connect(&settings).await.unwrap();
    let publisher = broker.publisher().await.unwrap();
    let mut kept = Vec::new();
    // A quorum queue notices its bound a little late.
    let refused = kit::eventually_some(SOON, "a publish is refused", async || {
        let body = kept.len().to_string();
        match publisher.publish("anna", body.clone().into()).await {
            Ok(()) => kept.push(body),
            Err(error) => return Some(error),
        }
        None
    })
    .await;
    assert!(matches!(refused, Error::Full), "{refused:?}");
    assert!(kept.len() >= 5);
    let seen = drain(&mut broker.consumer().await.unwrap(), kept.len()).await;
    assert_eq!(seen, kept);
}

#[tokio::test]
async fn a_stream_is_published_in_order_and_counted() {
    let vhost = kit::vhost().await;
    let broker = connect(&vhost.url).await;
    let publisher = broker.publisher().await.unwrap();
    let items = (0..2_000).map(|number| ("anna".to_owned(), Bytes::from(number.to_string())));
    let mut last = 0;
    let count = publisher
        .publish_all(futures::stream::iter(items), 100, |confirmed| {
            assert_eq!(confirmed, last + 1);
            last = confirmed;
        })
        .await
        .unwrap();
    assert_eq!((count, last), (2_000, 2_000));
    let seen = drain(&mut broker.consumer().await.unwrap(), 2_000).await;
    assert_eq!(seen, numbers(0..2_000));
}

#[tokio::test]
async fn an_interrupted_stream_says_how_many_are_safe() {
    let vhost = kit::vhost().await;
    let settings = Settings {
        url: vhost.url.clone(),
        max_body: 4,
        ..Settings::default()
    };
    let broker = Broker::connect(&settings).await.unwrap();
    let publisher = broker.publisher().await.unwrap();
    let items = ["0", "1", "2", "too long", "4"].map(|body| ("anna".to_owned(), body.into()));
    let result = publisher
        .publish_all(futures::stream::iter(items), 10, |_| {})
        .await;
    let Err(Error::Interrupted { confirmed, source }) = result else {
        panic!("{result:?}");
    };
    assert_eq!(confirmed, 3);
    assert!(matches!(*source, Error::TooLarge { .. }));
    assert_eq!(
        drain(&mut broker.consumer().await.unwrap(), 3).await,
        numbers(0..3)
    );
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

#[tokio::test]
async fn a_rabbitmq_that_cannot_be_reached_is_named_without_its_password() {
    let url = "amqp://user:secret@127.0.0.1:1/%2f".to_owned();
    let error = Broker::connect(&Settings {
        url,
        ..Settings::default()
    })
    .await
    .unwrap_err();
    assert!(error.to_string().contains("127.0.0.1:1"), "{error}");
    assert!(!format!("{error:?} {error}").contains("secret"));
    let bad = Settings {
        url: "http://x".to_owned(),
        ..Settings::default()
    };
    assert!(matches!(
        Broker::connect(&bad).await,
        Err(Error::Address(_))
    ));
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
