//! Why a customer is in a journey, left it, or did not enter, on running engines.

use std::sync::Arc;

use engine::Engine;
use jiff::{Timestamp, ToSpan as _};
use journey::{
    explain::{Explanation, Language},
    ids::CustomerId,
    trace::{Fact, NotEntered},
};
use parcours_tests::kit::{self, Rig, Workspace, events};
use serde_json::{Value, json};
use store::read::{JourneyWhy, MessageFilter};

const CART: &str = "title: Rescue a cart
purpose: service
enter:
  event: cart
  if: event.total >= 20 and customer.country == 'FR'
  key: event.id
again: { after: 7d, per: customer }
goal: { event: paid, within: 14d }
exit:
  - { event: bought, if: event.id == run.key }
  - { if: customer.unwilling, as: peace }
  - { after: 30d, as: too_long }
steps:
  - id: resumed
    wait_for: { event: checkout, if: event.id == run.key, within: 2h }
    then: [ { exit: resumed } ]
  - { id: patience, wait: 40d }
";

/// Tuesday, 3 March 2026, at that hour, UTC.
fn at(hours: i64) -> Timestamp {
    let start: Timestamp = "2026-03-03T00:00:00Z".parse().unwrap();
    start + hours.hours()
}

async fn engine(rig: &Rig) -> Arc<Engine> {
    rig.engine(kit::quick()).await
}

async fn happens(engine: &Arc<Engine>, name: &str, fields: Value, hours: i64) {
    let id = format!("{name}-{hours}");
    let body = match name {
        "identify" => events::identify("ana", &id, &fields),
        name => events::track("ana", name, &id, &fields),
    };
    events::take(engine, &[body], at(hours)).await;
}

async fn asked(rig: &Rig, journey: &str, language: Language) -> Option<JourneyWhy> {
    let reader = rig.reader();
    let ana = reader.customer("ana").await.unwrap().unwrap();
    assert_eq!(ana.row.id, CustomerId::of("ana"));
    reader.why_journey(&ana, journey, language).await.unwrap()
}

async fn told(rig: &Rig) -> Vec<Explanation> {
    let why = asked(rig, "cart", Language::English).await.unwrap();
    assert_eq!(&*why.title, "Rescue a cart");
    why.explanations
}

async fn one(rig: &Rig) -> Explanation {
    let mut all = told(rig).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn has(why: &Explanation, line: &str) {
    let found = why.evidence.iter().any(|e| e.text == line);
    assert!(found, "{line}: {}", why.text());
}

#[tokio::test]
async fn who_did_not_enter_is_told_which_part_of_the_condition_and_what_it_read() {
    let rig = Rig::new(&Workspace::new().journey("cart", CART)).await;
    let engine = engine(&rig).await;
    happens(&engine, "identify", json!({ "country": "FR" }), 8).await;
    let never = one(&rig).await;
    assert!(never.sentence.contains("nothing that lets customers in"));
    has(
        &never,
        "Lets in: cart if `event.total >= 20 and customer.country == 'FR'`",
    );
    happens(&engine, "cart", json!({ "id": "c", "total": 12 }), 9).await;
    let why = one(&rig).await;
    assert_eq!(
        why.sentence,
        "Did not enter the journey “Rescue a cart” on Tuesday 3 March 2026, 09:00: `event.total >= 20` does not hold."
    );
    assert_eq!(why.rule.as_deref(), Some("event.total >= 20"));
    has(&why, "It was the event cart: Tuesday 3 March 2026, 09:00");
    has(&why, "`event.total` was 12");
    assert!(why.evidence[0].input.is_some());

    happens(&engine, "identify", json!({ "country": "BE" }), 10).await;
    happens(&engine, "cart", json!({ "id": "c", "total": 30 }), 11).await;
    let why = one(&rig).await;
    assert!(why.sentence.contains("`customer.country == 'FR'` does"));
    has(&why, "`customer.country` is now \"BE\"");
    let before = "Before that, Tuesday 3 March 2026, 09:00, the event cart: `event.total >= 20` does not hold";
    has(&why, before);

    happens(&engine, "identify", json!({ "country": "FR" }), 12).await;
    happens(&engine, "cart", json!({ "total": 30 }), 13).await;
    let why = one(&rig).await;
    assert!(why.sentence.contains("its key `event.id` has no value"));
    has(&why, "`event.id` had no value");

    happens(&engine, "identify", json!({ "unwilling": true }), 14).await;
    happens(&engine, "cart", json!({ "id": "c", "total": 30 }), 15).await;
    let why = one(&rig).await;
    assert!(why.sentence.contains("the condition of its exit peace"));

    happens(&engine, "identify", json!({ "unwilling": false }), 16).await;
    rig.store.pause("cart", true, at(17)).await.unwrap();
    assert!(engine.reload().await.unwrap());
    happens(&engine, "cart", json!({ "id": "c", "total": 30 }), 18).await;
    let why = one(&rig).await;
    assert!(why.sentence.ends_with("the journey is paused."), "{why:?}");
    has(
        &why,
        "The journey is paused since Tuesday 3 March 2026, 17:00: nobody enters",
    );
}

#[tokio::test]
async fn an_open_run_says_where_it_waits_for_what_and_until_when() {
    let rig = Rig::new(&Workspace::new().journey("cart", CART)).await;
    let engine = engine(&rig).await;
    let traits = json!({ "country": "FR", "timezone": "Europe/Paris" });
    happens(&engine, "identify", traits, 8).await;
    happens(&engine, "cart", json!({ "id": "c-17", "total": 84 }), 9).await;
    let why = one(&rig).await;
    assert_eq!(
        why.sentence,
        "In the journey “Rescue a cart”, at the step resumed: waits for checkout if `event.id == run.key`, until \
         Tuesday 3 March 2026, 12:00 (Europe/Paris)."
    );
    has(
        &why,
        "Entered with the key c-17: Tuesday 3 March 2026, 10:00 (Europe/Paris), the event cart",
    );
    has(
        &why,
        "Would leave as bought: bought if `event.id == run.key`",
    );
    has(&why, "Would leave as peace: `customer.unwilling`");
    assert!(why.evidence[0].input.is_some());
    let next = "Goes on by itself: Tuesday 3 March 2026, 12:00 (Europe/Paris).";
    assert_eq!(why.next.as_deref(), Some(next));
    let french = asked(&rig, "cart", Language::French).await.unwrap();
    assert!(french.text().starts_with(
        "Dans le parcours «\u{a0}Rescue a cart\u{a0}», à l’étape resumed\u{a0}: attend checkout si"
    ));
    // A refusal of the same key is told by the run that is inside.
    happens(&engine, "cart", json!({ "id": "c-17", "total": 90 }), 9).await;
    assert_eq!(told(&rig).await.len(), 1);

    while engine.timers_once(at(12)).await.unwrap().timers > 0 {}
    let why = one(&rig).await;
    assert!(
        why.sentence
            .contains("at the step patience: waits for its time, until Sunday 12 April")
    );
    assert!(
        why.text()
            .contains(", its time had come: the wait is over; waits until")
    );
    rig.store.pause("cart", true, at(13)).await.unwrap();
    assert!(engine.reload().await.unwrap());
    happens(&engine, "page", json!({}), 14).await;
    let why = one(&rig).await;
    assert!(
        why.sentence
            .contains("and is paused since Tuesday 3 March 2026, 14:00")
    );
    assert_eq!(why.next.as_deref(), Some("Goes on when its journey does."));
}

#[tokio::test]
async fn who_left_is_told_by_which_way_and_whether_they_may_come_again() {
    let rig = Rig::new(&Workspace::new().journey("cart", CART)).await;
    let engine = engine(&rig).await;
    happens(&engine, "identify", json!({ "country": "FR" }), 8).await;
    happens(&engine, "cart", json!({ "id": "c", "total": 84 }), 9).await;
    happens(&engine, "bought", json!({ "id": "c" }), 10).await;
    let why = one(&rig).await;
    assert_eq!(
        why.sentence,
        "Left the journey “Rescue a cart” on Tuesday 3 March 2026, 10:00: its exit bought took it (bought if \
         `event.id == run.key`)."
    );
    assert_eq!(why.rule.as_deref(), Some("bought"));
    let goal = "Only its goal is still looked out for, until Tuesday 17 March 2026, 09:00.";
    assert_eq!(why.next.as_deref(), Some(goal));

    // Too early for another: both are told, and from when on it is possible.
    happens(&engine, "cart", json!({ "id": "d", "total": 84 }), 20).await;
    let all = told(&rig).await;
    assert_eq!(all.len(), 2);
    assert!(
        all[1]
            .sentence
            .ends_with("`again` does not allow another entry before Tuesday 10 March 2026, 09:00.")
    );
    let next = "Possible again from Tuesday 10 March 2026, 09:00.";
    assert_eq!(all[1].next.as_deref(), Some(next));

    happens(&engine, "paid", json!({}), 21).await;
    let all = told(&rig).await;
    has(&all[0], "Goal reached: Tuesday 3 March 2026, 21:00");
    assert_eq!(all[0].next, None);

    happens(&engine, "cart", json!({ "id": "e", "total": 84 }), 24 * 8).await;
    while engine.timers_once(at(24 * 60)).await.unwrap().timers > 0 {}
    let why = one(&rig).await;
    assert!(
        why.sentence
            .ends_with("its longest stay of 30 days was over (too_long)."),
        "{}",
        why.sentence
    );
    happens(&engine, "cart", json!({ "id": "f", "total": 84 }), 24 * 61).await;
    happens(&engine, "checkout", json!({ "id": "f" }), 24 * 61 + 1).await;
    let why = one(&rig).await;
    assert!(
        why.sentence.contains("ends it as resumed."),
        "{}",
        why.sentence
    );
}

#[tokio::test]
async fn a_journey_that_never_was_is_no_journey() {
    let rig = Rig::new(&Workspace::new().journey("cart", CART)).await;
    let engine = engine(&rig).await;
    happens(&engine, "identify", json!({ "country": "FR" }), 8).await;
    assert_eq!(asked(&rig, "carts", Language::English).await, None);
    let names = rig.reader().journeys().await.unwrap();
    assert_eq!(&*names[0].journey, "cart");
}

/// What a cap stands at is counted as the page is read: by what was not given back, and only while all of its
/// window is kept.
#[tokio::test]
async fn a_message_that_went_says_where_it_stands_in_the_caps_that_count_it() {
    let caps = "caps: [ { name: week, purpose: marketing, max: 3, per: 7d, window: rolling, capped: skip } ]\n";
    let send = "purpose: marketing
enter: { event: nudge, again: always }
steps: [ { id: hi, send: sms, template: hello } ]
";
    let workspace = Workspace::new().policies(caps).journey("nudging", send);
    let rig = Rig::new(&workspace).await;
    let engine = engine(&rig).await;
    events::take(&engine, &events::arrival_of("ana"), at(0)).await;
    for hour in 1..=4 {
        happens(&engine, "nudge", json!({}), 24 * hour).await;
    }
    let reader = rig.reader();
    let page = reader.messages(&MessageFilter::default(), None, 10).await;
    let ids: Vec<_> = page.unwrap().messages.iter().map(|m| m.id).collect();
    let lines = async |id, language| {
        let message = reader.message(id, None).await.unwrap().unwrap();
        let why = reader.why(&message, language).await.unwrap();
        let caps = why.evidence.into_iter().map(|e| e.text);
        caps.filter(|text| text.contains("week"))
            .collect::<Vec<_>>()
    };
    // The newest first: the fourth was refused, and says so by its sentence.
    let stands = "The cap week counts it as the 3rd of 3 in 7 days";
    assert_eq!(lines(ids[1], Language::English).await, [stands]);
    let stands = "Le plafond week le compte comme 1er sur 3 en 7 jours";
    assert_eq!(lines(ids[3], Language::French).await, [stands]);
    assert!(lines(ids[0], Language::English).await.is_empty());
    // The first failed in the end: its place is free again.
    let fails =
        "update message set status = 'failed', due_at = null, reason = 'failed' where id = $1";
    let pool = rig.store.pool();
    sqlx::query(fails)
        .bind(ids[3].0)
        .execute(pool)
        .await
        .unwrap();
    let stands = "The cap week counts it as the 2nd of 3 in 7 days";
    assert_eq!(lines(ids[1], Language::English).await, [stands]);
    assert!(lines(ids[3], Language::English).await.is_empty());
    // What the window counts may have been removed meanwhile: then nothing is said.
    let files = Workspace::new()
        .policies(&format!("{caps}retention: {{ messages: 1d }}\n"))
        .journey("nudging", send);
    rig.apply(&files).await;
    assert!(lines(ids[1], Language::English).await.is_empty());
}

/// CTIA 5.1: HELP and STOP are answered, on whichever of two engines they arrive, once, at night, past caps and
/// without consent; support reads why.
#[tokio::test]
async fn a_word_is_answered_once_and_the_answer_is_explained() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let read = |path: &str| std::fs::read_to_string(format!("{root}/{path}")).unwrap();
    let limits =
        "caps: [ { name: one, purpose: service, max: 1, per: 30d, window: rolling, capped: skip } ]
quiet_hours: [ { name: night, from: \"21:00\", to: \"08:00\", quiet: hold } ]
";
    let mut workspace = Workspace::new().policies(limits);
    let journey = "journeys/keywords/journey.yaml";
    workspace = workspace.file(journey, &read(journey));
    for name in ["help", "stopped", "started"] {
        let path = format!("templates/keywords/{name}/sms.en.txt");
        workspace = workspace.file(&path, &read(&path));
    }
    let rig = Rig::new(&workspace).await;
    let engines = [engine(&rig).await, engine(&rig).await];
    events::take(&engines[0], &events::arrival_of("ana"), at(0)).await;
    let reply = |id: &str, text: &str| {
        let fields = json!({ "channel": "sms", "text": text });
        events::track("ana", "message.replied", id, &fields)
    };
    // The same event twice, and another a minute later: three in the morning.
    let (first, second) = (reply("1", "HELP"), reply("2", "info"));
    let night = at(3);
    tokio::join!(
        events::take(&engines[0], std::slice::from_ref(&first), night),
        events::take(&engines[1], std::slice::from_ref(&first), night),
    );
    events::take(&engines[1], &[second], night + 1.minutes()).await;
    events::take(&engines[0], &[reply("3", "STOP")], night + 2.minutes()).await;
    assert_eq!(rig.messages().await, ["sms queued - 0", "sms queued - 0"]);
    let consents = "select count(*) from consent where how = 'keyword' and state = 'withdrawn'";
    assert_eq!(
        rig.count(consents).await,
        1,
        "STOP took effect before it was confirmed"
    );

    let reader = rig.reader();
    let page = reader.messages(&MessageFilter::default(), None, 10).await;
    let newest_first = page.unwrap().messages;
    let steps: Vec<&str> = newest_first.iter().map(|m| &*m.step).collect();
    assert_eq!(steps, ["stopped", "help"]);
    let message = reader.message(newest_first[0].id, None).await.unwrap();
    let why = reader
        .why(&message.unwrap(), Language::English)
        .await
        .unwrap();
    has(&why, "“service” needs no consent by SMS");
    let passed_over = |word: &str| why.evidence.iter().any(|e| e.text.starts_with(word));
    assert!(passed_over("Passed over: the cap one"), "{}", why.text());
    assert!(
        passed_over("Passed over: quiet hours night"),
        "{}",
        why.text()
    );
    let again = asked(&rig, "keywords", Language::English).await.unwrap();
    assert!(
        again
            .text()
            .starts_with("Went through the journey “Answer STOP, HELP and START” to its end")
    );
    let history = rig.store.inputs(CustomerId::of("ana"), 100).await.unwrap();
    let kept_out = history.iter().flat_map(|(_, trace)| trace);
    let kept_out = kept_out.filter(|l| {
        matches!(
            l.fact,
            Fact::NotEntered {
                why: NotEntered::Again,
                ..
            }
        )
    });
    assert_eq!(kept_out.count(), 1, "the second word for help");
}
