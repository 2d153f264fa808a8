//! What is published: declared, bounded, confirmed.

use broker::{Broker, Error, Settings};
use bytes::Bytes;
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use parcours_tests::kit;

use super::{SOON, bodies, connect, drain, numbers, publish, raw_channel};

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

/// A producer goes on from the number that it was told, and what was refused in between is not among those.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_1_a_stream_that_is_refused_now_and_then_loses_nothing() {
    let vhost = kit::vhost().await;
    let settings = Settings {
        url: vhost.url.clone(),
        max_waiting: 20,
        prefetch: 10,
        batch: 10,
        ..Settings::default()
    };
    let broker = Broker::connect(&settings).await.unwrap();
    let publisher = broker.publisher().await.unwrap();
    let producing = tokio::spawn(async move {
        let (mut next, mut refused) = (0, 0);
        while next < 2_000 {
            let rest = (next..2_000).map(|n: u64| ("anna".to_owned(), n.to_string().into()));
            match publisher
                .publish_all(futures::stream::iter(rest), 50, |_| {})
                .await
            {
                Ok(count) => next += count,
                Err(Error::Interrupted { confirmed, source }) => {
                    assert!(matches!(*source, Error::Full), "{source:?}");
                    (next, refused) = (next + confirmed, refused + 1);
                }
                Err(error) => panic!("{error}"),
            }
        }
        refused
    });
    let mut consumer = broker.consumer().await.unwrap();
    let mut left: std::collections::BTreeSet<String> = numbers(0..2_000).into_iter().collect();
    while !left.is_empty() {
        let next = tokio::time::timeout(std::time::Duration::from_secs(20), consumer.next());
        let batch = next.await;
        let batch = batch.unwrap_or_else(|_| panic!("{} were lost", left.len()));
        let batch = batch.unwrap().unwrap();
        for body in bodies(&batch) {
            left.remove(&body);
        }
        batch.settle(Vec::new()).await.unwrap();
    }
    assert!(producing.await.unwrap() > 0, "nothing was refused");
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

/// An address with several hosts.
#[tokio::test]
async fn the_next_host_is_taken_where_one_does_not_answer() {
    let there = |url: &str| Settings {
        url: url.to_owned(),
        ..Settings::default()
    };
    let vhost = kit::vhost().await;
    let (before, at) = vhost.url.rsplit_once('@').unwrap();
    let (host, rest) = at.split_once('/').unwrap();
    let url = format!("{before}@127.0.0.1:1,{host},127.0.0.1:2/{rest}");
    let broker = Broker::connect(&there(&url)).await.unwrap();
    publish(&broker.publisher().await.unwrap(), 0..1).await;
    broker.close().await;
    let url = format!("{before}@127.0.0.1:1,127.0.0.1:2/{rest}");
    let error = Broker::connect(&there(&url)).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
}
