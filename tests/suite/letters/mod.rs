//! Dead letters: moved to where they can be found, mended, submitted again and discarded.

mod browser;
mod command;
mod http;
mod moved;
mod replay;

use std::{sync::Arc, time::Duration};

use broker::{Broker, Depth};
use engine::{Door, Engine, Moved, Settings};
use jiff::{SignedDuration, Timestamp};
use journey::ids::LetterId;
use parcours_tests::kit::{self, Rig, Workspace, events};
use serde_json::json;
use store::{LetterFilter, NewJob, Sender, read::LetterRow};
use uuid::Uuid;

const SOON: Duration = Duration::from_secs(60);

/// An event `order.placed` whose total is a number.
const STRICT: &str = "
type: object
strict: true
required: [total]
properties: { total: { type: number }, email: { type: string } }
";

/// One text message for each order.
fn shop() -> Workspace {
    Workspace::new()
        .file("config/events/order.placed.yaml", STRICT)
        .journey(
            "thanks",
            "purpose: service\nenter: { event: order.placed, again: always }\nsteps: [ { send: sms, template: hello } ]\n",
        )
}

/// A shop with RabbitMQ, whose engines are driven step by step.
struct Room {
    rig: Rig,
    broker: Broker,
}

async fn room() -> Room {
    let rig = Rig::new(&shop()).await;
    let broker = rig.broker(broker::Settings::default()).await;
    Room { rig, broker }
}

fn settings() -> Settings {
    Settings {
        replay_lease: SignedDuration::ZERO,
        ..kit::quick()
    }
}

impl Room {
    async fn engine(&self) -> Arc<Engine> {
        self.rig.engine(settings()).await
    }

    async fn door(&self) -> Door {
        Door::Broker(self.broker.publisher().await.unwrap())
    }

    async fn depth_becomes(&self, depth: Depth) {
        kit::eventually(SOON, "the queues are as they should be", async || {
            self.broker.depth().await.unwrap() == depth
        })
        .await;
    }

    async fn publish(&self, key: &str, body: impl Into<bytes::Bytes>) {
        let publisher = self.broker.publisher().await.unwrap();
        publisher.publish(key, body.into()).await.unwrap();
    }

    /// Takes in until that many deliveries were seen; how many took effect, and how many died.
    async fn take_in(&self, engine: &Arc<Engine>, deliveries: usize) -> (usize, usize) {
        let mut consumer = self.broker.consumer().await.unwrap();
        let (mut seen, mut inputs, mut dead) = (0, 0, 0);
        while seen < deliveries {
            let taken = tokio::time::timeout(SOON, engine.intake_once(&mut consumer)).await;
            let taken = taken.expect("a batch comes").unwrap().expect("it is open");
            seen += taken.deliveries;
            inputs += taken.inputs;
            dead += taken.dead;
        }
        consumer.close().await.unwrap();
        (inputs, dead)
    }

    /// Moves letters until the queue is empty; how many were new, and how many came again.
    async fn move_all(&self, engine: &Engine) -> (u64, u64) {
        let (mut letterbox, mut sum) = (self.broker.letterbox(), (0, 0));
        loop {
            let moved: Moved = engine
                .letters_once(&mut letterbox, Timestamp::now())
                .await
                .unwrap();
            if moved.letters == 0 {
                return sum;
            }
            sum = (sum.0 + moved.new, sum.1 + moved.again);
        }
    }

    /// An order whose total is no number, refused and moved.
    async fn bad_order(&self, engine: &Arc<Engine>, id: &str) -> LetterId {
        self.publish("ana", order("ana", id, &json!("fifty"))).await;
        assert_eq!(self.take_in(engine, 1).await, (0, 1));
        assert_eq!(self.move_all(engine).await, (1, 0));
        self.letters().await[0].id
    }

    /// The newest first.
    async fn letters(&self) -> Vec<LetterRow> {
        let filter = LetterFilter::default();
        self.rig
            .reader()
            .letters(&filter, None, 200)
            .await
            .unwrap()
            .letters
    }

    async fn status(&self, id: LetterId) -> String {
        let letter = self.rig.reader().letter(id).await.unwrap().unwrap().row;
        format!("{} {} {}", letter.status, letter.cause, letter.tries)
    }

    async fn begin(&self, filter: LetterFilter) -> Uuid {
        let id = Uuid::new_v4();
        let job = NewJob {
            id,
            filter,
            letter: None,
            by: by(),
        };
        let begun = self
            .rig
            .store
            .begin_letter_job(&job, Timestamp::now())
            .await;
        assert!(matches!(begun.unwrap(), store::JobBegun::Begun { .. }));
        id
    }
}

fn by() -> Sender {
    Sender {
        who: "cli".into(),
        note: "the schema was wrong".into(),
    }
}

fn order(customer: &str, id: &str, total: &serde_json::Value) -> bytes::Bytes {
    events::track(customer, "order.placed", id, &json!({ "total": total }))
}

/// An order of somebody who is called by their address, and names it.
fn events_of(email: &str, id: &str) -> bytes::Bytes {
    let properties = json!({ "total": "fifty", "email": email });
    events::track(email, "order.placed", id, &properties)
}
