//! Workspaces that change under a running engine.

use std::{sync::Arc, time::Duration};

use engine::{Engine, Roles, Settings};
use jiff::{SignedDuration, Timestamp};
use parcours_tests::kit::{self, Rig, Workspace, events};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::event;

/// A journey that sends `text` at once.
fn greeting(text: &str) -> Workspace {
    Workspace::new().sms("hello", text).journey(
        "greeting",
        "purpose: service
enter: { event: start, again: always }
steps:
  - { send: sms, template: hello }
",
    )
}

fn run(engine: &Arc<Engine>, stop: &CancellationToken) -> JoinHandle<Result<(), engine::Error>> {
    let (engine, stop) = (engine.clone(), stop.clone());
    tokio::spawn(async move { engine.run(None, Roles::ALL, stop).await })
}

/// Whoever publishes need not wait for the poll.
#[tokio::test]
async fn news_of_a_workspace_wakes_a_running_engine() {
    let rig = Rig::new(&greeting("0")).await;
    let settings = Settings {
        workspace_poll: SignedDuration::from_hours(1),
        ..kit::quick()
    };
    let engine = rig.engine(settings).await;
    let stop = CancellationToken::new();
    let running = run(&engine, &stop);
    let before = engine.loaded().revision;
    let mut round = 0;
    // What is published before it listens is seen only by the poll: so until it does.
    kit::eventually(Duration::from_secs(30), "the news", async || {
        round += 1;
        rig.apply(&greeting(&round.to_string())).await;
        engine.loaded().revision > before
    })
    .await;
    stop.cancel();
    running.await.unwrap().unwrap();
}

/// Promise 8, upgrades: a journey was checked when it was published. What a newer checker would say
/// of it keeps no engine from starting.
#[tokio::test]
async fn promise_8_a_published_journey_runs_though_todays_checker_would_refuse_it() {
    let rig = Rig::new(&greeting("Hi")).await;
    let published = rig.store.machines().await.unwrap();
    let machine = published[0].machine.clone();
    let refused = greeting("Hi").journey("greeting", "purpose: nobody_knows\nsteps: 7\n");
    let source = Arc::from("purpose: nobody_knows");
    rig.store
        .apply(refused.files(), &[(machine, source)], Timestamp::now())
        .await
        .unwrap();

    let engine = rig.engine(kit::quick()).await;
    let arrival = [event("ana", "start", "1")];
    events::take(&engine, &arrival, Timestamp::now()).await;
    assert_eq!(
        rig.count("select count(*) from message where journey = 'greeting'")
            .await,
        1
    );
}

/// Architecture, *apply*: a running engine has a new workspace within a second.
#[tokio::test]
async fn a_running_engine_picks_up_what_was_applied() {
    let rig = Rig::new(&greeting("hello")).await;
    let engine = rig.engine(kit::quick()).await;
    let stop = CancellationToken::new();
    let running = run(&engine, &stop);
    let before = engine.loaded().revision;
    rig.apply(&greeting("bye")).await;
    // It looks every 0.9 s; the rest is for a busy machine.
    kit::eventually(Duration::from_secs(5), "the new workspace", async || {
        engine.loaded().revision > before
    })
    .await;
    stop.cancel();
    running.await.unwrap().unwrap();
}
