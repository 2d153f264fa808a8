//! Rules 51 to 54: who finishes, who moves, who leaves.

use journey::{ids::CustomerId, input::InputKind};
use parcours_tests::kit::{self, Rig, events};
use store::read::InputName;

use super::{event, journey, later, now, pass_all, runs, started, stop};

const OLD: &str = "  - { id: pause, wait: 2h }\n  - { id: hi, send: sms, template: hello }\n";
const NEW: &str =
    "  - { id: early, set: { run.a: 1 } }\n  - { id: pause, wait: 3h }\n  - exit: new\n";

/// Promise 7: they finish on their version unless the file says otherwise.
#[tokio::test]
async fn rule_51_promise_7_a_run_finishes_on_the_version_that_it_entered_with() {
    let rig = Rig::new(&journey("", OLD)).await;
    let engine = rig.engine(kit::quick()).await;
    started(&engine, 3).await;
    rig.apply(&journey("", NEW)).await;
    assert!(engine.reload().await.unwrap());
    assert_eq!(pass_all(&engine, later(1)).await, 0);
    events::take(&engine, &[event("late", "start", "l")], later(1)).await;
    assert_eq!(runs(&rig).await, ["version 1 3", "version 2 1"]);
    while engine.timers_once(later(9)).await.unwrap().timers > 0 {}
    // The old ones went on by their own steps: they sent, and completed.
    assert_eq!(runs(&rig).await, ["completed 3", "new 1"]);
    assert_eq!(
        rig.count("select count(*) from message where step = 'hi'")
            .await,
        3
    );
}

#[tokio::test]
async fn rule_51_migrate_acts_only_on_the_apply_that_first_publishes_the_machine() {
    let moving = journey("migrate: { from: any, in_flight: move }\n", NEW);
    let rig = Rig::new(&journey("", OLD)).await;
    rig.apply(&moving).await;
    rig.apply(&journey("", OLD)).await;
    let engine = rig.engine(kit::quick()).await;
    started(&engine, 2).await;
    // Version 2 again, with its order in the file: it has been carried out long since.
    rig.apply(&moving).await;
    engine.reload().await.unwrap();
    pass_all(&engine, later(1)).await;
    assert_eq!(runs(&rig).await, ["version 1 2"]);
}

#[tokio::test]
async fn rule_52_runs_move_to_the_same_step_and_their_wait_is_computed_anew() {
    let rig = Rig::new(&journey("", OLD)).await;
    let engine = rig.engine(kit::quick()).await;
    started(&engine, 5).await;
    let lost = journey("migrate: { from: 1, in_flight: move }\n", NEW);
    rig.apply(&lost).await;
    assert_eq!(pass_all(&engine, later(1)).await, 5);
    assert_eq!(runs(&rig).await, ["version 2 5"]);
    let due = "select count(*) from run where due_at = '2026-03-02T13:00:00Z'";
    assert_eq!(rig.count(due).await, 5);

    // It stands in the history and in the timeline, and the history replays (promise 5).
    let id = CustomerId::of("c0");
    let history = rig.store.inputs(id, 100).await.unwrap();
    let (input, trace) = history.last().unwrap();
    assert!(matches!(input.kind, InputKind::Passage { .. }));
    let said: Vec<_> = trace.iter().map(|l| l.fact.sentence()).collect();
    assert_eq!(
        said,
        ["moved to version 2", "waits until 2026-03-02T13:00:00Z"]
    );
    let page = rig.reader().timeline(id, None, 1).await.unwrap();
    assert_eq!(page.entries[0].kind, InputName::Passage);

    while engine.timers_once(later(4)).await.unwrap().timers > 0 {}
    assert_eq!(runs(&rig).await, ["new 5"]);
}

#[tokio::test]
async fn rule_52_a_run_whose_step_is_gone_finishes_unless_lost_says_exit() {
    let gone = "  - { id: other, wait: 3h }\n";
    for (lost, wanted) in [("finish", "version 1 4"), ("exit", "migrated 4")] {
        let rig = Rig::new(&journey("", OLD)).await;
        let engine = rig.engine(kit::quick()).await;
        started(&engine, 4).await;
        let head = format!("migrate: {{ from: any, in_flight: move, lost: {lost} }}\n");
        rig.apply(&journey(&head, gone)).await;
        assert_eq!(pass_all(&engine, later(1)).await, 4);
        assert_eq!(runs(&rig).await, [wanted]);
        // Once told, nobody is asked again: the next round finds nothing to do, and it is done.
        assert_eq!(pass_all(&engine, later(2)).await, 0);
        assert_eq!(
            rig.count("select count(*) from input where kind = 6").await,
            4
        );
        assert_eq!(
            rig.count("select count(*) from passage where done_at is null")
                .await,
            0
        );
    }
}

/// Rule 35: a message that is not handed over yet is taken back, and gives its cap back.
#[tokio::test]
async fn rule_51_exit_lets_runs_of_the_named_version_leave_and_recalls_marketing() {
    let marketing = |head: &str, steps: &str| {
        let text = format!(
            "purpose: marketing\nenter: {{ event: start, again: always }}\n{head}steps:\n{steps}"
        );
        kit::Workspace::new().journey("demo", &text)
    };
    let steps = "  - { id: hi, send: sms, template: hello }\n  - wait: 5d\n";
    let rig = Rig::new(&marketing("", steps)).await;
    let engine = rig.engine(kit::quick()).await;
    started(&engine, 2).await;
    rig.apply(&marketing(
        "migrate: { from: 1, in_flight: exit }\n",
        "  - wait: 6d\n",
    ))
    .await;
    assert_eq!(pass_all(&engine, later(1)).await, 2);
    assert_eq!(runs(&rig).await, ["migrated 2"]);
    assert_eq!(rig.messages().await, ["sms recalled recalled 0"; 2]);
}

#[tokio::test]
async fn rule_54_a_removed_journey_finishes_and_stop_ends_it() {
    let rig = Rig::new(&journey("", OLD)).await;
    let engine = rig.engine(kit::quick()).await;
    started(&engine, 3).await;
    let other = "purpose: service\nenter: { event: other }\nsteps: [ { wait: 1h } ]\n";
    let without = kit::Workspace::new().journey("other", other);
    rig.apply(&without).await;
    engine.reload().await.unwrap();
    pass_all(&engine, later(1)).await;
    let late = events::take(&engine, &[event("late", "start", "l")], later(1)).await;
    assert_eq!(
        (late, runs(&rig).await),
        (1, vec!["version 1 3".to_owned()])
    );

    stop(&rig, &without, "demo").await;
    assert_eq!(pass_all(&engine, later(1)).await, 3);
    assert_eq!(runs(&rig).await, ["stopped 3"]);
    // Published again, it is a journey like any other.
    rig.apply(&journey("", OLD)).await;
    engine.reload().await.unwrap();
    events::take(&engine, &[event("late", "start", "again")], later(2)).await;
    pass_all(&engine, later(9)).await;
    assert_eq!(runs(&rig).await, ["stopped 3", "version 1 1"]);
}

/// No lost event, no surprise: who is touched before the engine comes to them passes first.
#[tokio::test]
async fn an_event_that_comes_first_finds_its_run_on_the_new_version() {
    let old = "  - { id: w, wait_for: { event: a, within: 9h } }\n  - exit: old\n";
    let new = "  - { id: w, wait_for: { event: b, within: 9h } }\n  - exit: new\n";
    let rig = Rig::new(&journey("", old)).await;
    let engine = rig.engine(kit::quick()).await;
    started(&engine, 2).await;
    rig.apply(&journey("migrate: { from: 1, in_flight: move }\n", new))
        .await;
    engine.reload().await.unwrap();
    events::take(
        &engine,
        &[event("c0", "b", "1"), event("c1", "a", "2")],
        later(1),
    )
    .await;
    assert_eq!(runs(&rig).await, ["new 1", "version 2 1"]);
    assert_eq!(
        pass_all(&engine, later(1)).await,
        0,
        "nobody is left to pass"
    );
}

/// An engine that has not heard of the apply enters runs as before: they are found.
#[tokio::test]
async fn runs_that_an_unknowing_engine_enters_meanwhile_pass_too() {
    let rig = Rig::new(&journey("", OLD)).await;
    let unknowing = rig.engine(kit::quick()).await;
    let engine = rig.engine(kit::quick()).await;
    started(&unknowing, 2).await;
    rig.apply(&journey("migrate: { from: any, in_flight: move }\n", NEW))
        .await;
    let seconds = |n| now() + jiff::SignedDuration::from_secs(n);
    assert_eq!(pass_all(&engine, seconds(1)).await, 2);
    events::take(&unknowing, &[event("late", "start", "1")], seconds(1)).await;
    assert_eq!(runs(&rig).await, ["version 1 1", "version 2 2"]);
    assert_eq!(pass_all(&engine, seconds(3)).await, 1, "looked for again");
    assert_eq!(pass_all(&engine, seconds(9)).await, 0);
    assert_eq!(
        rig.count("select count(*) from passage where done_at is null")
            .await,
        0
    );
    // However late it comes: the next that happens to the customer moves the run first.
    events::take(&unknowing, &[event("later", "start", "2")], seconds(60)).await;
    assert_eq!(runs(&rig).await, ["version 1 1", "version 2 3"]);
    events::take(&engine, &[event("later", "x", "3")], seconds(61)).await;
    assert_eq!(runs(&rig).await, ["version 2 4"]);
}

/// A step back is an apply like any other: runs on what is current again stay there.
#[tokio::test]
async fn a_step_back_takes_back_what_was_in_store_for_runs_on_that_version() {
    let rig = Rig::new(&journey("", OLD)).await;
    let engine = rig.engine(kit::quick()).await;
    started(&engine, 3).await;
    rig.apply(&journey("migrate: { from: any, in_flight: exit }\n", NEW))
        .await;
    rig.apply(&journey("", OLD)).await;
    engine.reload().await.unwrap();
    assert_eq!(pass_all(&engine, later(1)).await, 0);
    assert_eq!(runs(&rig).await, ["version 1 3"]);
}
