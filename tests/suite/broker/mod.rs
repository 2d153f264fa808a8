//! The broker against a real RabbitMQ.

mod consume;
mod publish;
mod shards;

use std::time::Duration;

use broker::{Batch, Broker, Consumer, Depth, Publisher, Settings};
use bytes::Bytes;
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

async fn raw_channel(url: &str) -> lapin::Channel {
    let properties = lapin::ConnectionProperties::default();
    let connection = lapin::Connection::connect(url, properties).await.unwrap();
    connection.create_channel().await.unwrap()
}
