//! Actions as inputs of a customer's turn.

use journey::{
    advance,
    customer::Customer,
    ids::{MachineId, MessageId},
    input::InputKind,
    message::Channel,
};
use parcours_tests::kit::Answer;
use tokio_util::sync::CancellationToken;

use super::*;

/// Hands over what is queued.
async fn dispatch(engine: &Engine) -> usize {
    let stop = CancellationToken::new();
    engine.dispatch_once(&stop).await.unwrap().leased
}

async fn messages(rig: &Rig) -> Vec<(Uuid, String)> {
    sqlx::query_as("select id, status::text from message order by at, id")
        .fetch_all(rig.store.pool())
        .await
        .unwrap()
}

/// A place in which Ana's text message has failed; with `steps` she is still inside.
async fn failed(steps: &str) -> (Place, Uuid) {
    let place = place(steps).await;
    place.rig.provider.always(Channel::Sms, Answer::Refuse(400));
    assert_eq!(dispatch(&place.engine).await, 1);
    let all = messages(&place.rig).await;
    assert_eq!(all[0].1, "failed");
    place.rig.provider.always(Channel::Sms, Answer::Accept);
    (place, all[0].0)
}

async fn sentences(place: &Place, id: &str) -> Vec<String> {
    place.said("ana", &input_of(id).to_string()).await
}

/// Promise 5: the recorded inputs alone give the same decisions.
#[tokio::test]
async fn promise_5_what_people_do_replays_to_the_same_decisions() {
    let steps = format!("  - {{ id: first, send: sms, template: hello }}\n{STEPS}");
    let (place, message) = failed(&steps).await;
    let run = place.run("ana").await;
    let mut now = earlier();
    let all = [
        json!({ "action": "pause", "run": run }),
        json!({ "action": "pause", "run": run }),
        json!({ "action": "resend", "message": message }),
        json!({ "action": "resend", "message": message }),
        json!({ "action": "resume", "run": run }),
        json!({ "action": "advance", "run": run }),
        json!({ "action": "move", "run": run, "version": 7, "to": Uuid::nil() }),
        json!({ "action": "opt_out", "purpose": "marketing" }),
        json!({ "action": "exit", "run": run }),
        json!({ "action": "exit", "run": run }),
    ];
    for (n, fields) in all.into_iter().enumerate() {
        now += SignedDuration::from_mins(20);
        let id = format!("a{n}");
        events::take(&place.engine, &[action("ana", &id, fields)], now).await;
        dispatch(&place.engine).await;
    }
    let wanted = [
        ("a0", "paused since"),
        ("a1", "no effect: a person has paused the run before"),
        ("a2", "decided to send by sms"),
        (
            "a3",
            "no effect: the message was sent again within the last day",
        ),
        ("a4", "goes on"),
        ("a5", "the wait is over"),
        ("a6", "no effect: there is no such version of its journey"),
        (
            "a7",
            "consent for marketing on email, sms, push, chat is now withdrawn",
        ),
        ("a8", "left: by_hand"),
        (
            "a9",
            "no effect: the customer has no such run, or it is over",
        ),
    ];
    for (id, words) in wanted {
        let said = sentences(&place, id).await;
        assert!(said[0].starts_with("by hand, "), "{id}: {said:?}");
        assert!(said[1].starts_with(words), "{id}: {said:?}");
    }
    let id = CustomerId::of("ana");
    let recorded = place.rig.store.inputs(id, 1_000).await.unwrap();
    let receipts = recorded
        .iter()
        .filter(|(i, _)| matches!(i.kind, InputKind::Receipt(_)));
    assert_eq!(receipts.count(), 1);
    let world = &place.engine.loaded().world;
    let mut customer = Customer::new("ana");
    for (input, trace) in recorded {
        let turn = advance::advance(world, customer, input.clone());
        assert_eq!(turn.effects.inputs, [(input, trace)]);
        customer = turn.customer;
    }
    let stored = place.rig.reader().customer("ana").await.unwrap().unwrap();
    assert_eq!(customer.ledger, stored.ledger);
}

#[tokio::test]
async fn a_failed_message_goes_again_filled_in_with_what_is_known_by_now() {
    let (place, message) = failed("  - { id: hi, send: sms, template: hello }\n").await;
    assert_eq!(
        place.rig.count("select count(*) from run").await,
        0,
        "her run is over"
    );
    let named = events::identify("ana", "n", &json!({ "first_name": "Ana-Lena" }));
    let again = action(
        "ana",
        "again",
        json!({ "action": "resend", "message": message }),
    );
    events::take(&place.engine, &[named, again], Timestamp::now()).await;
    assert_eq!(dispatch(&place.engine).await, 1);
    let all = messages(&place.rig).await;
    assert_eq!(
        all.iter().map(|m| &*m.1).collect::<Vec<_>>(),
        ["failed", "sent"]
    );
    let view = place
        .rig
        .reader()
        .message(MessageId(all[1].0), None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(view.decision.unwrap().repeats, Some(MessageId(message)));
    let taken = place.rig.provider.taken();
    assert!(
        taken
            .last()
            .unwrap()
            .body
            .to_string()
            .contains("Hello Ana-Lena")
    );
}

/// Whoever may publish to RabbitMQ is trusted to ask, and not to say how a message was decided.
#[tokio::test]
async fn what_an_event_says_of_a_message_is_not_believed() {
    let (place, message) = failed("  - { id: hi, send: sms, template: hello }\n").await;
    let decision = json!({ "machine": Uuid::nil(), "node": 0, "template": "other", "priority": 1 });
    let kept = json!({ "run": Uuid::nil(), "journey": "x", "step": "y", "channel": "chat", "purpose": "service",
        "status": "failed", "decision": decision });
    let nobody = Uuid::from_u128(5);
    let forged = [
        action(
            "ana",
            "f1",
            json!({ "action": "resend", "message": message, "kept": kept }),
        ),
        action(
            "ana",
            "f2",
            json!({ "action": "resend", "message": nobody, "kept": kept }),
        ),
    ];
    events::take(&place.engine, &forged, Timestamp::now()).await;
    assert_eq!(sentences(&place, "f1").await[1], "decided to send by sms");
    let none = "no effect: the customer has no such message";
    assert_eq!(sentences(&place, "f2").await[1], none);
    // Neither does it reach a message of somebody else's.
    place.enters("ben").await;
    let theirs = action(
        "ben",
        "f3",
        json!({ "action": "resend", "message": message }),
    );
    events::take(&place.engine, &[theirs], Timestamp::now()).await;
    assert_eq!(
        place.said("ben", &input_of("f3").to_string()).await[1],
        none
    );
}

/// An engine that was started since knows the versions that runs are on, and learns the one that decided the message.
#[tokio::test]
async fn the_version_that_decided_a_message_is_learnt_if_nobody_is_on_it_any_more() {
    let (place, message) = failed("  - { id: hi, send: sms, template: hello }\n").await;
    place
        .rig
        .apply(&demo("  - { id: other, wait: 3d }\n"))
        .await;
    let engine = place.rig.engine(kit::quick()).await;
    let again = action(
        "ana",
        "again",
        json!({ "action": "resend", "message": message }),
    );
    events::take(&engine, &[again], Timestamp::now()).await;
    assert_eq!(
        sentences(&place, "again").await[1],
        "decided to send by sms"
    );
}

#[tokio::test]
async fn a_run_is_moved_to_a_version_that_an_engine_has_yet_to_learn() {
    let place = place(STEPS).await;
    place.rig.apply(&demo(&STEPS.replace("10h", "20h"))).await;
    let id: Uuid = sqlx::query_scalar("select id from machine where version = 2")
        .fetch_one(place.rig.store.pool())
        .await
        .unwrap();
    let run = place.run("ana").await;
    let moves = json!({ "action": "move", "run": run, "version": 2, "to": MachineId(id) });
    events::take(
        &place.engine,
        &[action("ana", "m", moves)],
        Timestamp::now(),
    )
    .await;
    let said = sentences(&place, "m").await;
    assert_eq!(said[1], "moved to version 2");
    assert!(said[2].starts_with("waits until"), "{said:?}");
    let runs = place
        .rig
        .reader()
        .runs(CustomerId::of("ana"))
        .await
        .unwrap();
    assert_eq!(runs.open[0].version, Some(2));
}

/// Two people press the same button on two machines: one of them has paused it, and the other is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_pauses_at_once_one_holds_and_the_other_says_so() {
    let place = place(STEPS).await;
    let other = place.rig.engine(kit::quick()).await;
    let run = place.run("ana").await;
    let pause = |id| [action("ana", id, json!({ "action": "pause", "run": run }))];
    let (one, two) = (pause("p1"), pause("p2"));
    let now = Timestamp::now();
    let (one, two) = tokio::join!(
        events::take(&place.engine, &one, now),
        events::take(&other, &two, now)
    );
    assert_eq!((one, two), (1, 1));
    let mut said = [sentences(&place, "p1").await, sentences(&place, "p2").await];
    said.sort_by_key(|said| said[1].starts_with("paused"));
    assert!(
        said[0][1].starts_with("no effect: a person has paused"),
        "{said:?}"
    );
    assert!(said[1][1].starts_with("paused since"), "{said:?}");
    // The same twice is one input.
    let again = events::take(&place.engine, &pause("p1"), now).await;
    assert_eq!(again, 0);
}

#[tokio::test]
async fn a_pause_by_hand_outlasts_its_journeys() {
    let place = place(STEPS).await;
    let engine = &place.engine;
    assert!(place.does("pause").await[1].starts_with("paused since"));
    let round = async |paused: bool| {
        let at = Timestamp::now() + SignedDuration::from_secs(1);
        place.rig.store.pause("demo", paused, at).await.unwrap();
        engine.reload().await.unwrap();
        // The last round through all customers begins a while after the word.
        for minutes in 1..4 {
            let at = at + SignedDuration::from_mins(minutes);
            while engine.passages_once(at).await.unwrap().looked {}
        }
    };
    round(true).await;
    round(false).await;
    let due = "select count(*) from run where due_at is not null";
    assert_eq!(place.rig.count(due).await, 0);
    let open = "select count(*) from passage where done_at is null";
    assert_eq!(
        place.rig.count(open).await,
        0,
        "no round finds it again and again"
    );
    let (status, customer) = place.get("/v1/customers/ana").await;
    assert_eq!(status, StatusCode::OK);
    let run = &customer["runs"]["open"][0];
    assert!(run["paused_by_person"].is_string(), "{run}");
    assert!(place.does("resume").await[1].starts_with("goes on"));
    assert_eq!(place.rig.count(due).await, 1);
}

#[tokio::test]
async fn an_action_makes_no_customer() {
    let place = place(STEPS).await;
    let out = json!({ "action": "opt_out", "purpose": "marketing" });
    let inputs = events::take(
        &place.engine,
        &[action("nobody", "n", out)],
        Timestamp::now(),
    )
    .await;
    assert_eq!(inputs, 0);
    assert_eq!(place.rig.count("select count(*) from customer").await, 1);
}
