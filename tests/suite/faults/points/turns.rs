//! The kinds of turns, and what makes each of them due.

use engine::{Engine, Error};
use jiff::SignedDuration;
use journey::ids::CustomerId;
use parcours_tests::kit::{Workspace, events};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::super::{
    outside::{Answer, Outside},
    stage::{Clock, Stage},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Enters,
    Moves,
    Timer,
    Taken,
    Throttled,
    Refused,
    Answered,
    Unanswered,
    Sweep,
    Passage,
    Retention,
    Erasure,
    Apply,
}

/// Two of three were there before.
const CUSTOMERS: [&str; 3] = ["ana", "ben", "eve"];

/// A send, a wait that an event or a timer ends, another send, and a call.
const STEPS: &str = "
  - { id: hi, send: sms, template: hello }
  - wait_for: { event: go, within: 2h }
    then: [ { id: went, send: push, template: hello } ]
  - { id: gift, call: vouchers, save: customer.gift }
  - { id: end, wait_for: { event: never } }
";

const HEAD: &str = "purpose: marketing
enter: { event: start, again: always, key: event.note }
exit: { event: stop }
";

fn workspace(endpoint: &str, later: bool) -> Workspace {
    let migrate = if later {
        "migrate: { from: any, in_flight: move }\n"
    } else {
        ""
    };
    let more = if later { "  - exit: later\n" } else { "" };
    let mut workspace = Workspace::new()
        .policies(
            "caps: [ { name: week, purpose: marketing, max: 2, per: 7d, window: rolling, capped: skip } ]
retention: { inputs: 40d, messages: 40d, runs: 40d, calls: 40d }
",
        )
        .file("config/endpoints.yaml", &format!("vouchers: {{ url: '{endpoint}', retries: 2 }}\n"))
        .file("config/segments/all.yaml", "if: customer.phone != null\n")
        .file("templates/hello/push.en.yaml", "title: Hello\nbody: Us\n")
        .journey("way", &format!("{HEAD}{migrate}steps:{STEPS}{more}"));
    if later {
        let circle = "purpose: service\nenter: { segment: all, backfill: true }
steps: [ { id: in, send: sms, template: hello } ]\n";
        workspace = workspace.journey("circle", circle);
    }
    workspace
}

impl Turn {
    /// Brings a database to where the turn is due.
    pub async fn prepare(self, stage: &Stage, clock: &Clock) {
        let endpoint = stage.outside.endpoint();
        stage
            .publish(&workspace(&endpoint, false), clock.now())
            .await;
        let engine = stage.engine(clock.settings()).await;
        for customer in &CUSTOMERS[..2] {
            let bodies = events::arrival_of(customer);
            events::take(&engine, &bodies, clock.now()).await;
            let push = json!({ "push_token": customer });
            let push = events::identify(customer, &format!("{customer}-push"), &push);
            events::take(&engine, &[push], clock.now()).await;
        }
        let stop = CancellationToken::new();
        let started = matches!(
            self,
            Self::Moves | Self::Timer | Self::Taken | Self::Throttled | Self::Refused
        );
        let far = matches!(
            self,
            Self::Answered
                | Self::Unanswered
                | Self::Sweep
                | Self::Passage
                | Self::Retention
                | Self::Erasure
        );
        if started || far {
            clock.advance(SignedDuration::from_secs(60));
            events::take(&engine, &all("start", "s"), clock.now()).await;
        }
        if matches!(self, Self::Moves) {
            // One message has gone, and one is taken back by what moves.
            engine.dispatch_once(&stop).await.unwrap();
            events::take(&engine, &[event("ben", "start", "again")], clock.now()).await;
        }
        if matches!(self, Self::Timer) || far {
            engine.dispatch_once(&stop).await.unwrap();
            clock.advance(SignedDuration::from_hours(2));
        }
        if far {
            engine.timers_once(clock.now()).await.unwrap();
        }
        if matches!(self, Self::Retention | Self::Erasure) {
            engine.calls_once(&stop).await.unwrap();
            events::take(&engine, &all("stop", "t"), clock.now()).await;
        }
        if matches!(self, Self::Retention) {
            clock.advance(SignedDuration::from_hours(24 * 60));
        }
        if matches!(self, Self::Sweep | Self::Passage) {
            stage
                .publish(&workspace(&endpoint, true), clock.now())
                .await;
            clock.advance(SignedDuration::from_secs(10));
        }
    }

    /// How people outside answer.
    pub fn outside(self, outside: &Outside) {
        let answer = match self {
            Self::Throttled => Answer::Throttle(5),
            Self::Refused | Self::Unanswered => Answer::Refuse,
            _ => Answer::Take,
        };
        outside.judge(move |_, _| answer);
    }

    /// Does it: all that is due of its kind.
    pub async fn act(self, engine: &Engine, stage: &Stage, clock: &Clock) -> Result<(), Error> {
        let (now, stop) = (clock.now(), CancellationToken::new());
        match self {
            Self::Enters => {
                let mut bodies = events::arrival_of("eve");
                bodies.extend(all("start", "s"));
                bodies.push(event("eve", "start", "eve-start"));
                take(engine, &bodies, clock).await
            }
            Self::Moves => {
                let mut bodies = all("go", "g");
                bodies.push(event("ben", "stop", "ben-stop"));
                take(engine, &bodies, clock).await
            }
            Self::Timer => engine.timers_once(now).await.map(drop),
            Self::Taken | Self::Throttled | Self::Refused => {
                engine.dispatch_once(&stop).await.map(drop)
            }
            Self::Answered | Self::Unanswered => engine.calls_once(&stop).await.map(drop),
            Self::Sweep => {
                engine.reload().await?;
                while engine.sweeps_once(now).await?.looked {}
                Ok(())
            }
            Self::Passage => {
                engine.reload().await?;
                // A round that goes over everybody, and one that finds nobody any more, a second later.
                for second in [0, 1, 2] {
                    let now = now + SignedDuration::from_secs(second);
                    for _ in 0..4 {
                        engine.passages_once(now).await?;
                    }
                }
                Ok(())
            }
            Self::Retention => {
                while engine.retention_once(now).await?.is_some() {}
                Ok(())
            }
            Self::Erasure => Ok(engine
                .store()
                .erase(CustomerId::of("ana"), now)
                .await
                .map(drop)?),
            Self::Apply => {
                let workspace = workspace(&stage.outside.endpoint(), true);
                match engine::publish(engine.store(), workspace.files(), now).await {
                    Ok(_) => Ok(()),
                    Err(engine::NotPublished::Store(error)) => Err(error.into()),
                    Err(other) => panic!("{other:?}"),
                }
            }
        }
    }

    /// Whoever was asked twice was asked under one key, and no more often than the turn was done.
    pub fn audit(self, outside: &Outside, after: &str) {
        let asked = outside.asked();
        for one in &asked {
            let times = asked.iter().filter(|other| other.key == one.key).count();
            assert!(
                times <= 2,
                "{self:?}, {after}: {} was asked for {times} times",
                one.key
            );
        }
    }
}

async fn take(engine: &Engine, bodies: &[bytes::Bytes], clock: &Clock) -> Result<(), Error> {
    let arrivals = bodies.iter().map(|body| events::arrival(body, clock.now()));
    let decided = engine.turn(arrivals.collect()).await?;
    assert!(decided.rejected.is_empty(), "{:?}", decided.rejected);
    Ok(())
}

fn event(customer: &str, name: &str, id: &str) -> bytes::Bytes {
    events::track(customer, name, id, &json!({ "note": id }))
}

/// The same for everybody who was there before.
fn all(name: &str, id: &str) -> Vec<bytes::Bytes> {
    let of = |customer: &&str| event(customer, name, &format!("{customer}-{id}"));
    CUSTOMERS[..2].iter().map(of).collect()
}
