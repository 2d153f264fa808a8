//! Several shards: everybody's events in order, whoever reads, and while their number changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use broker::{Broker, Consumer, Depth, Error, Publisher, Settings, Shard};
use parcours_tests::kit;
use tokio::task::JoinSet;

use super::{SOON, bodies, depth_becomes, raw_channel};

/// Customers of these tests.
const CUSTOMERS: u32 = 40;

fn settings(url: &str, shards: u32) -> Settings {
    Settings {
        url: url.to_owned(),
        shards: Some(shards),
        batch: 7,
        prefetch: 50,
        overlap: Duration::from_millis(150),
        rebalance: Duration::from_millis(100),
        ..Settings::default()
    }
}

/// One delivery: who read it where, whose it is, and which of theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    process: usize,
    shard: Shard,
    customer: u32,
    number: u32,
}

type Book = Arc<Mutex<Vec<Seen>>>;

/// What a process of ours does: reads all shards that it gets, and writes down what comes.
struct Process(JoinSet<()>);

impl Process {
    fn start(number: usize, broker: &Broker, book: &Book) -> Process {
        let (mut shards, book) = (broker.shards(), book.clone());
        let mut own = JoinSet::new();
        own.spawn(async move {
            let mut readers = JoinSet::new();
            while let Some(consumer) = shards.next().await {
                readers.spawn(read(number, consumer, book.clone()));
            }
        });
        Process(own)
    }

    /// Ends it with all that it has not settled, and its connections.
    async fn kill(mut self, own: Broker) {
        self.0.shutdown().await;
        own.close().await;
    }
}

async fn read(process: usize, mut consumer: Consumer, book: Book) {
    let shard = consumer.shard();
    while let Ok(Some(batch)) = consumer.next().await {
        for body in bodies(&batch) {
            let (customer, number) = body.split_once(' ').unwrap();
            let (customer, number) = (customer.parse().unwrap(), number.parse().unwrap());
            let seen = Seen {
                process,
                shard,
                customer,
                number,
            };
            book.lock().unwrap().push(seen);
        }
        // Lost if it is killed or the connection is: then it comes again.
        let _ = batch.settle(Vec::new()).await;
    }
}

/// Publishes the next event of every customer, `rounds` times. What RabbitMQ refuses is published again, as producers do.
async fn publish(publisher: &Publisher, rounds: std::ops::Range<u32>) {
    for number in rounds {
        let (mut from, begun) = (0, std::time::Instant::now());
        while from < CUSTOMERS {
            let items = (from..CUSTOMERS)
                .map(|c| (format!("customer {c}"), format!("{c} {number}").into()));
            let published = publisher.publish_all(futures::stream::iter(items), 100, |_| {});
            from += match published.await {
                Ok(all) => u32::try_from(all).unwrap(),
                Err(Error::Interrupted { confirmed, source }) => {
                    assert!(begun.elapsed() < SOON, "{source}");
                    u32::try_from(confirmed).unwrap()
                }
                Err(error) => panic!("{error:?}"),
            };
        }
    }
}

/// The events of each customer in the order in which they took effect: repetitions take none.
fn decided(book: &Book) -> BTreeMap<u32, Vec<u32>> {
    let mut known = BTreeSet::new();
    let mut decided: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for seen in book.lock().unwrap().iter() {
        if known.insert((seen.customer, seen.number)) {
            decided.entry(seen.customer).or_default().push(seen.number);
        }
    }
    decided
}

async fn all_are_decided(book: &Book, rounds: u32) {
    let all = (CUSTOMERS * rounds) as usize;
    let count = || decided(book).values().map(Vec::len).sum::<usize>();
    kit::eventually(SOON, "all events have come", async || count() >= all).await;
    for (customer, numbers) in decided(book) {
        let expected: Vec<u32> = (0..rounds).collect();
        assert_eq!(numbers, expected, "customer {customer}");
    }
}

#[tokio::test]
async fn promise_1_a_customers_events_are_in_one_shard_and_come_in_order() {
    let vhost = kit::vhost().await;
    let broker = Broker::connect(&settings(&vhost.url, 4)).await.unwrap();
    publish(&broker.publisher().await.unwrap(), 0..10).await;
    let all = Depth {
        ready: CUSTOMERS * 10,
        dead: 0,
    };
    depth_becomes(&broker, all).await;
    let book = Book::default();
    let process = Process::start(0, &broker, &book);
    all_are_decided(&book, 10).await;
    let seen = book.lock().unwrap().clone();
    assert_eq!(seen.len(), 400, "nothing comes twice");
    let mut used: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for seen in &seen {
        used.entry(seen.customer)
            .or_default()
            .insert(seen.shard.shard);
    }
    assert!(used.values().all(|shards| shards.len() == 1), "{used:?}");
    let shards: BTreeSet<u32> = used.into_values().flatten().collect();
    assert_eq!(shards, (0..4).collect(), "40 customers are in 4 shards");
    drop(process);
    depth_becomes(&broker, Depth::default()).await;
}

/// Who read which shard among the last of everybody's events.
fn readers(book: &Book) -> BTreeMap<usize, BTreeSet<u32>> {
    let mut readers: BTreeMap<usize, BTreeSet<u32>> = BTreeMap::new();
    let seen = book.lock().unwrap();
    for seen in seen.iter().rev().take(CUSTOMERS as usize) {
        readers
            .entry(seen.process)
            .or_default()
            .insert(seen.shard.shard);
    }
    readers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_8_processes_share_the_shards_and_take_over_from_one_that_is_killed() {
    let vhost = kit::vhost().await;
    let book = Book::default();
    let mut processes = Vec::new();
    let broker = Broker::connect(&settings(&vhost.url, 4)).await.unwrap();
    let publisher = broker.publisher().await.unwrap();
    let mut rounds = 0;
    let mut balance = async |expected: &[(usize, usize)]| {
        kit::eventually(SOON, &format!("{expected:?}"), async || {
            publish(&publisher, rounds..rounds + 1).await;
            rounds += 1;
            all_are_decided(&book, rounds).await;
            let parts = readers(&book);
            let parts: Vec<_> = parts.iter().map(|(p, shards)| (*p, shards.len())).collect();
            parts == expected
        })
        .await;
    };
    for number in 0..2 {
        let own = Broker::connect(&settings(&vhost.url, 4)).await.unwrap();
        let process = Process::start(number, &own, &book);
        processes.push((own, process));
        match number {
            0 => balance(&[(0, 4)]).await,
            _ => balance(&[(0, 2), (1, 2)]).await,
        }
    }
    let (own, process) = processes.remove(0);
    process.kill(own).await;
    balance(&[(1, 4)]).await;
}

/// The old queues, by what RabbitMQ knows.
async fn exists(url: &str, queue: &str) -> bool {
    let options = lapin::options::QueueDeclareOptions {
        passive: true,
        ..Default::default()
    };
    let channel = raw_channel(url).await;
    let asked = channel.queue_declare(queue.into(), options, Default::default());
    asked.await.is_ok()
}

async fn has_moved(broker: &Broker, shards: u32) {
    let start = std::time::Instant::now();
    loop {
        let plan = broker.plan().await.unwrap();
        if plan.next.is_none() && plan.current.shards == shards {
            return;
        }
        let depth = broker.depth().await;
        assert!(start.elapsed() < SOON, "{plan:?} {depth:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Events come in all the time, two processes read, and one of them is killed now and then and started again: before,
/// between and after the steps of a re-sharding.
async fn moved_under_load(from: u32, to: &[u32], kills: bool) {
    let vhost = kit::vhost().await;
    let broker = Broker::connect(&settings(&vhost.url, from)).await.unwrap();
    let publisher = broker.publisher().await.unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let stopped = stop.clone();
    let producer = tokio::spawn(async move {
        let mut rounds = 0;
        while !stopped.is_cancelled() {
            publish(&publisher, rounds..rounds + 1).await;
            rounds += 1;
        }
        rounds
    });
    let book = Book::default();
    let start = async |number| {
        let own = Broker::connect(&settings(&vhost.url, from)).await.unwrap();
        let process = Process::start(number, &own, &book);
        (own, process)
    };
    let mut processes = [start(0).await, start(1).await];
    let killing = async {
        for turn in 0.. {
            // Now within an overlap, now after it.
            tokio::time::sleep(Duration::from_millis(150 + 137 * (turn % 7))).await;
            let which = usize::try_from(turn % 2).unwrap();
            let (own, process) = std::mem::replace(&mut processes[which], start(which).await);
            process.kill(own).await;
        }
    };
    let moving = async {
        for shards in to {
            let plan = broker.reshard(*shards).await.unwrap();
            assert_eq!(plan.next.map(|next| next.shards), Some(*shards));
            has_moved(&broker, *shards).await;
        }
    };
    if kills {
        tokio::select! {
            () = moving => {}
            () = killing => unreachable!("it never ends"),
        }
    } else {
        moving.await;
    }
    stop.cancel();
    let rounds = producer.await.unwrap();
    all_are_decided(&book, rounds).await;
    let generations = u32::try_from(to.len()).unwrap();
    let first = u32::from(from > 1);
    let last = book
        .lock()
        .unwrap()
        .iter()
        .map(|s| s.shard.generation.number)
        .max();
    assert_eq!(last, Some(first + generations), "the last shards were used");
    for queue in ["parcours.intake", "parcours.intake.1.0"]
        .iter()
        .take(to.len())
    {
        assert!(!exists(&vhost.url, queue).await, "{queue} is still there");
    }
    depth_becomes(&broker, Depth::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_1_shards_change_under_load_without_loss_or_disorder() {
    moved_under_load(1, &[3, 2], false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_8_processes_killed_while_shards_change_leave_it_to_others() {
    moved_under_load(1, &[4, 1], true).await;
}

/// What waits in an old shard is decided before what came after it, however long nobody reads there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_1_nobody_reads_a_new_shard_while_something_is_left_in_an_old_one() {
    let vhost = kit::vhost().await;
    let broker = Broker::connect(&settings(&vhost.url, 2)).await.unwrap();
    let publisher = broker.publisher().await.unwrap();
    publish(&publisher, 0..5).await;
    broker.reshard(5).await.unwrap();
    // It moves customers, reads one old shard, and leaves what the other one holds unsettled.
    let mut shards = broker.shards();
    let (one, mut other) = (shards.next().await.unwrap(), shards.next().await.unwrap());
    let book = Book::default();
    let reading = tokio::spawn(read(0, one, book.clone()));
    let held = other.next().await.unwrap().unwrap();
    kit::eventually(SOON, "one of the old shards is empty", async || {
        broker.plan().await.unwrap().drained.len() == 1
    })
    .await;
    publish(&publisher, 5..8).await;
    // Time enough for a new shard to be given out, if it could be.
    let early = tokio::time::timeout(Duration::from_secs(1), shards.next()).await;
    assert!(early.is_err(), "{early:?}");
    drop(held);
    drop(other);
    drop(shards);
    reading.abort();
    let process = Process::start(1, &broker, &book);
    all_are_decided(&book, 8).await;
    has_moved(&broker, 5).await;
    drop(process);
}

#[tokio::test]
async fn a_rabbitmq_keeps_the_shards_it_has_whatever_is_set() {
    let vhost = kit::vhost().await;
    let shards = async |set: Option<u32>| {
        let set = Settings {
            shards: set,
            ..settings(&vhost.url, 1)
        };
        let broker = Broker::connect(&set).await.unwrap();
        let plan = broker.plan().await.unwrap();
        (plan.current.shards, plan.next)
    };
    assert_eq!(shards(None).await, (1, None));
    assert_eq!(
        shards(Some(4)).await,
        (1, None),
        "events may wait in the one"
    );
    assert!(matches!(
        Broker::connect(&settings(&vhost.url, 65)).await,
        Err(Error::Shards(65))
    ));
}

/// A RabbitMQ from before there were shards has a queue and no log.
#[tokio::test]
async fn what_waits_where_there_was_no_log_is_kept() {
    let vhost = kit::vhost().await;
    let broker = Broker::connect(&settings(&vhost.url, 1)).await.unwrap();
    publish(&broker.publisher().await.unwrap(), 0..1).await;
    let channel = raw_channel(&vhost.url).await;
    let options = lapin::options::QueueDeleteOptions::default();
    let deleted = channel.queue_delete("parcours.shards".into(), options);
    deleted.await.unwrap();
    let later = Broker::connect(&settings(&vhost.url, 4)).await.unwrap();
    let plan = later.plan().await.unwrap();
    assert_eq!((plan.current.number, plan.current.shards), (0, 1));
    let all = Depth {
        ready: CUSTOMERS,
        dead: 0,
    };
    depth_becomes(&later, all).await;
}

#[tokio::test]
async fn of_two_orders_one_holds() {
    let vhost = kit::vhost().await;
    let broker = Broker::connect(&settings(&vhost.url, 1)).await.unwrap();
    let other = Broker::connect(&settings(&vhost.url, 1)).await.unwrap();
    let (two, three) = tokio::join!(broker.reshard(2), other.reshard(3));
    let next = broker.plan().await.unwrap().next.unwrap();
    assert_eq!(next, other.plan().await.unwrap().next.unwrap());
    match next.shards {
        2 => assert!(
            two.is_ok() && matches!(three, Err(Error::Moving(2))),
            "{three:?}"
        ),
        3 => assert!(
            three.is_ok() && matches!(two, Err(Error::Moving(3))),
            "{two:?}"
        ),
        n => panic!("{n} shards"),
    }
    assert!(broker.reshard(next.shards).await.is_ok(), "it is ordered");
    assert!(matches!(broker.reshard(7).await, Err(Error::Moving(_))));
    assert!(matches!(broker.reshard(0).await, Err(Error::Shards(0))));
}
