//! Two customers who are one person: `bea` turns out to be `ana`.

use journey::{
    customer::{Consent, ConsentState, Customer, MOST_DEVICES},
    ids::{CustomerId, InputId},
    input::InputKind,
    merge::{MAX_CARRIED, MAX_WAY, tell_way},
    message::{Channel, Reason},
    value::Value,
};

use crate::play::{FREE, Play, at, json};

/// A journey that waits, sends, and has a goal that is open for a week.
const SENDER: &str = "enter: { event: go }
goal: { event: buy, within: 7d }
steps: [ { id: s, send: email, template: t }, { wait: 2d } ]";
const ONE_A_WEEK: &str =
    "caps: [ { name: week, purpose: marketing, max: 1, per: 7d, window: rolling, capped: skip } ]";

fn play(journey: &str, policies: &str) -> Play {
    let mut play = Play::new(journey, policies);
    play.who("ana");
    play.who("bea");
    play
}

fn merged(journey: &str, policies: &str) -> Play {
    let mut play = play(journey, policies);
    play.merges("bea", "ana").delivers();
    play
}

fn consent(state: ConsentState, since: &str) -> Consent {
    Consent {
        state,
        at: at(since),
        how: None,
    }
}

fn gives(play: &mut Play, who: &str, consent: Consent) {
    let consents = &mut play.who(who).ledger.consents;
    consents
        .entry("marketing".into())
        .or_default()
        .insert(Channel::Email, consent);
}

fn holds(play: &mut Play) -> Consent {
    play.ana().ledger.consents["marketing"][&Channel::Email].clone()
}

#[test]
fn whoever_goes_leaves_every_journey_and_watches_for_no_goal() {
    let mut play = play(SENDER, FREE);
    play.someone_does("bea", "go", json!({}));
    play.log();
    play.merges("bea", "ana");
    assert_eq!(
        play.log(),
        ["left merged", "merged into ana", "passed on to ana"]
    );
    let bea = play.who("bea");
    assert!(bea.runs.is_empty(), "{:?}", bea.runs);
    let into = bea.ledger.merged_into.clone().unwrap();
    assert_eq!((&*into.key, into.id()), ("ana", CustomerId::of("ana")));
    assert_eq!(play.forwards.len(), 1);
}

#[test]
fn a_run_that_had_left_watches_for_its_goal_no_more() {
    let text = "enter: { event: go }\ngoal: { event: buy, within: 7d }\nsteps: [ { id: s, send: email, template: t } ]";
    let mut play = play(text, FREE);
    play.someone_does("bea", "go", json!({}));
    assert_eq!(play.who("bea").runs.len(), 1);
    play.log();
    play.merges("bea", "ana")
        .someone_does("bea", "buy", json!({}));
    assert!(play.log_of("goal").is_empty());
    assert!(play.who("bea").runs.is_empty());
}

#[test]
fn what_is_queued_is_taken_back_and_counts_for_nobody() {
    let mut play = play(SENDER, ONE_A_WEEK).on_the_wall_clock();
    play.someone_does("bea", "go", json!({}));
    play.merges("bea", "ana").delivers();
    assert_eq!(play.recalled, 1);
    assert!(play.ana().sends.is_empty());
    play.does("go", json!({}));
    assert_eq!(play.messages[1].refused, None, "the cap has room");
}

#[test]
fn what_was_sent_to_the_one_counts_for_the_other_until_the_cap_forgets_it() {
    let mut play = play(SENDER, ONE_A_WEEK);
    play.someone_does("bea", "go", json!({})).waits("1d");
    play.merges("bea", "ana").delivers();
    assert!(
        play.log()
            .contains(&"took over bea: [], messages: 1".to_owned())
    );
    play.does("go", json!({}));
    let last = |play: &Play| play.messages.last().unwrap().refused;
    assert_eq!(last(&play), Some(Reason::Capped));
    play.waits("6d").does("go", json!({}));
    assert_eq!(last(&play), None, "a week after the one that went to bea");
    // A profile that is written after the longest limit remembers nothing of it.
    play.waits("40d").is(json!({ "city": "Gent" }));
    assert!(play.ana().ledger.carried.is_empty());
}

#[test]
fn a_message_that_fails_later_gives_the_cap_of_the_other_back() {
    let policies = ONE_A_WEEK.replace("skip", "hold");
    let mut play = play(SENDER, &policies);
    play.someone_does("bea", "go", json!({}));
    play.merges("bea", "ana").delivers();
    play.does("go", json!({}));
    assert_eq!(play.sent().len(), 1, "ana's is held");
    play.log();
    let receipt = play.messages[0].clone();
    let input = journey::input::Input {
        id: InputId::of_receipt(receipt.id, 1),
        now: play.now,
        kind: InputKind::Receipt(Box::new(journey::input::Receipt {
            message: receipt,
            attempt: 1,
            reason: Reason::Failed,
            detail: "550".into(),
        })),
    };
    play.take("bea", vec![input]);
    assert_eq!(play.log().last().unwrap(), "passed on to ana");
    play.delivers();
    assert!(play.log().contains(&"given back".to_owned()));
    assert_eq!(play.sent().len(), 2, "and goes now");
    assert!(play.ana().ledger.carried.is_empty());
}

#[test]
fn delivered_twice_nothing_counts_twice() {
    let mut play = play(
        SENDER,
        "caps: [ { name: week, purpose: marketing, max: 2, per: 7d, window: rolling, capped: skip } ]",
    );
    play.someone_does("bea", "go", json!({}));
    play.merges("bea", "ana");
    let forward = play.forwards.remove(0);
    play.deliver(&forward).deliver(&forward);
    assert_eq!(play.ana().sends.len(), 1);
    assert_eq!(play.ana().ledger.carried.len(), 1);
}

#[test]
fn no_more_messages_are_carried_than_fit_and_the_newest_are() {
    let mut play = play(SENDER, ONE_A_WEEK);
    play.someone_does("bea", "go", json!({}));
    let one = play.who("bea").sends[0].clone();
    let bea = play.who("bea");
    for n in 0..MAX_CARRIED {
        let mut send = one.clone();
        send.message.0 = uuid::Uuid::from_u128(n as u128);
        send.at = one.at - jiff::SignedDuration::from_secs(1);
        bea.sends.insert(0, send);
    }
    play.merges("bea", "ana").delivers();
    let carried = &play.ana().ledger.carried;
    assert_eq!(carried.len(), MAX_CARRIED);
    assert_eq!(carried.last(), Some(&one));
}

#[test]
fn traits_are_taken_where_there_are_none_and_devices_of_both_are_kept() {
    let mut play = play(SENDER, FREE);
    let token = |n: usize| Value::text(format!("t{n}"));
    let own: Vec<_> = (0..2).map(token).collect();
    let others: Vec<_> = (1..=MOST_DEVICES + 5).map(token).collect();
    let ana = &mut play.ana().traits;
    ana.remove("phone");
    ana.insert("city".into(), Value::text("Gent"));
    ana.insert("push_tokens".into(), Value::List(own.into()));
    let bea = &mut play.who("bea").traits;
    bea.insert("city".into(), Value::text("Brugge"));
    bea.insert("phone".into(), Value::text("+32470000000"));
    bea.insert("push_tokens".into(), Value::List(others.into()));
    play.merges("bea", "ana").delivers();
    let ana = &play.ana().traits;
    assert_eq!(ana.get("city"), Some(&Value::text("Gent")));
    assert_eq!(ana.get("phone"), Some(&Value::text("+32470000000")));
    let Some(Value::List(devices)) = ana.get("push_tokens") else {
        panic!("{ana:?}");
    };
    assert_eq!(devices.len(), MOST_DEVICES);
    assert_eq!(devices[..3], [token(0), token(1), token(2)]);
    assert!(
        play.log()
            .contains(&"took over bea: [phone push_tokens], messages: 0".to_owned())
    );
}

#[test]
fn of_consents_the_later_holds_and_of_two_at_once_the_withdrawal() {
    use ConsentState::{Granted, Unconfirmed, Withdrawn};
    let (then, later) = ("2026-01-01T00:00Z", "2026-01-02T00:00Z");
    for (ana, bea, wanted) in [
        ((Granted, then), (Withdrawn, later), (Withdrawn, later)),
        ((Withdrawn, then), (Granted, later), (Granted, later)),
        ((Granted, later), (Withdrawn, then), (Granted, later)),
        ((Granted, then), (Withdrawn, then), (Withdrawn, then)),
        ((Withdrawn, then), (Granted, then), (Withdrawn, then)),
        // As in the life of one customer: what is not confirmed takes nothing away.
        ((Granted, then), (Unconfirmed, later), (Granted, then)),
        ((Unconfirmed, then), (Granted, later), (Granted, later)),
        ((Withdrawn, later), (Withdrawn, then), (Withdrawn, then)),
    ] {
        let mut play = play(SENDER, FREE);
        gives(&mut play, "ana", consent(ana.0, ana.1));
        gives(&mut play, "bea", consent(bea.0, bea.1));
        play.merges("bea", "ana").delivers();
        assert_eq!(
            holds(&mut play),
            consent(wanted.0, wanted.1),
            "{ana:?} {bea:?}"
        );
    }
}

#[test]
fn a_restriction_of_either_is_one_of_both_since_the_first() {
    for (ana, bea) in [
        (None, Some("2026-01-02T00:00Z")),
        (Some("2026-01-03T00:00Z"), Some("2026-01-02T00:00Z")),
    ] {
        let mut play = play(SENDER, FREE);
        play.ana().ledger.restricted = ana.map(at);
        play.who("bea").ledger.restricted = bea.map(at);
        play.merges("bea", "ana").delivers();
        assert_eq!(play.ana().ledger.restricted, bea.map(at));
        play.does("go", json!({}));
        assert_eq!(play.messages[0].refused, Some(Reason::Restricted));
    }
}

#[test]
fn an_address_that_was_refused_stays_so_where_it_is_used() {
    // Both have the same address: what bounced for the one is not used for the other.
    let mut same = play(SENDER, FREE);
    same.someone_does("bea", "message.bounced", json!({ "channel": "email" }));
    same.merges("bea", "ana").delivers().does("go", json!({}));
    assert_eq!(same.messages[0].refused, Some(Reason::SuppressionList));
    // Another address is none of its business.
    let mut other = play(SENDER, FREE);
    let mail = Value::text("b@shop.example");
    other.who("bea").traits.insert("email".into(), mail);
    other.someone_does("bea", "message.bounced", json!({ "channel": "email" }));
    other.merges("bea", "ana").delivers().does("go", json!({}));
    assert_eq!(other.messages[0].refused, None);
    // Nor is what was refused before lost for one that is not used.
    let mut used = play(SENDER, FREE);
    used.does("message.complained", json!({ "channel": "email" }));
    used.merges("bea", "ana").delivers().does("go", json!({}));
    assert_eq!(used.messages[0].refused, Some(Reason::SuppressionList));
}

#[test]
fn a_bounce_after_the_merge_is_of_the_address_that_it_went_to() {
    let mut play = play(SENDER, FREE);
    let mail = Value::text("b@shop.example");
    play.who("bea").traits.insert("email".into(), mail);
    play.merges("bea", "ana").delivers();
    play.log();
    play.someone_does("bea", "message.bounced", json!({ "channel": "email" }));
    assert_eq!(play.log(), ["address email bounced", "passed on to ana"]);
    play.delivers().does("go", json!({}));
    assert_eq!(play.messages[0].refused, None, "ana has another address");
    play.someone_does(
        "bea",
        "message.bounced",
        json!({ "channel": "email", "permanent": false }),
    );
    assert!(play.forwards.is_empty(), "nothing was learnt");
}

#[test]
fn what_the_one_went_through_counts_as_gone_through() {
    let text = "enter: { event: go, again: never }\nsteps: [ { id: s, send: email, template: t } ]";
    let mut play = play(text, FREE);
    play.someone_does("bea", "go", json!({}));
    play.merges("bea", "ana").delivers();
    play.log();
    play.does("go", json!({}));
    assert_eq!(play.log(), ["not entered: Again"]);
}

#[test]
fn choices_of_both_hold_and_the_stricter_wins() {
    let mut play = play(SENDER, FREE);
    play.does(
        "preferences.changed",
        json!({ "at_most": { "max": 3, "per": "week" }, "personalised": true }),
    );
    let chosen = json!({ "pause_until": "2026-02-01T00:00:00Z", "at_most": { "max": 1, "per": "day" }, "personalised": false });
    play.someone_does("bea", "preferences.changed", chosen);
    play.merges("bea", "ana").delivers();
    let chosen = &play.ana().ledger.preferences;
    assert_eq!(chosen.pause_until, Some(at("2026-02-01T00:00Z")));
    assert_eq!(chosen.at_most.map(|l| l.max), Some(3));
    assert_eq!(chosen.personalised, Some(false));
}

#[test]
fn what_happens_afterwards_is_recorded_begins_nothing_and_is_passed_on() {
    let mut play = merged(SENDER, FREE);
    play.log();
    play.someone_does("bea", "go", json!({ "cart": 7 }));
    assert_eq!(play.log(), ["passed on to ana"]);
    assert!(play.who("bea").runs.is_empty());
    let forward = play.forwards[0].clone();
    let InputKind::Event(event) = &forward.kind else {
        panic!("{forward:?}");
    };
    assert_eq!(&*event.customer, "ana");
    play.delivers();
    assert_eq!(play.log_of("entered"), ["entered"]);
    assert_eq!(play.run().state.event.field("cart"), Value::Int(7));
}

#[test]
fn traits_that_come_later_are_the_others() {
    let mut play = merged(SENDER, FREE);
    let mut input = play.input("bea", "identify", json!({}));
    if let InputKind::Event(event) = &mut input.kind {
        event.traits.insert("city".into(), Value::text("Gent"));
    }
    play.take("bea", vec![input]).delivers();
    assert_eq!(play.ana().traits.get("city"), Some(&Value::text("Gent")));
    assert_eq!(play.who("bea").traits.get("city"), None);
}

#[test]
fn a_withdrawal_holds_for_both_at_once() {
    let mut play = merged(SENDER, FREE);
    play.someone_does("bea", "consent.withdrawn", json!({ "channel": "email" }));
    let state = |play: &mut Play, who: &str| {
        play.who(who).ledger.consents["marketing"][&Channel::Email].state
    };
    assert_eq!(state(&mut play, "bea"), ConsentState::Withdrawn);
    play.delivers();
    assert_eq!(state(&mut play, "ana"), ConsentState::Withdrawn);
}

#[test]
fn a_chain_is_followed() {
    let mut play = play(SENDER, FREE);
    play.who("cleo").traits.remove("phone");
    play.who("bea")
        .traits
        .insert("city".into(), Value::text("Gent"));
    play.merges("ana", "cleo").merges("bea", "ana").delivers();
    assert_eq!(
        play.who("cleo").traits.get("city"),
        Some(&Value::text("Gent"))
    );
    assert_eq!(play.ana().traits.get("city"), None, "it went past ana");
    play.log();
    play.someone_does("bea", "go", json!({})).delivers();
    assert_eq!(play.who("cleo").runs.len(), 1);
    assert_eq!(
        play.log_of("passed on"),
        ["passed on to ana", "passed on to cleo"]
    );
}

#[test]
fn nobody_is_merged_into_themselves_twice_in_a_circle_or_by_a_journey() {
    let mut play = play(SENDER, FREE);
    let refused = |play: &mut Play| play.log_of("ignored").pop().unwrap_or_default();
    play.merges("ana", "ana");
    assert_eq!(
        refused(&mut play),
        "ignored: a customer is not merged into themselves"
    );
    for into in [
        json!({}),
        json!({ "into": "" }),
        json!({ "into": 7 }),
        json!({ "into": "x".repeat(257) }),
    ] {
        play.does("customer.merge", into);
        assert_eq!(
            refused(&mut play),
            "ignored: `into` is no key of a customer"
        );
    }
    assert!(play.ana().ledger.merged_into.is_none() && play.forwards.is_empty());
    // What the store tells of the way from the other.
    for (way, wanted) in [
        (
            vec![CustomerId::of("ana")],
            "bea was merged into this customer before: it would close a circle",
        ),
        (
            vec![CustomerId::of("x"); MAX_WAY],
            "bea was merged on 16 times already",
        ),
    ] {
        let mut input = play.input("ana", "customer.merge", json!({ "into": "bea" }));
        if let InputKind::Event(event) = &mut input.kind {
            tell_way(event, &way);
        }
        play.take("ana", vec![input]);
        assert_eq!(refused(&mut play), format!("ignored: {wanted}"));
    }
    play.merges("bea", "ana").merges("bea", "cleo");
    assert_eq!(
        refused(&mut play),
        "ignored: the customer was merged into ana before"
    );
    let emits = "enter: { event: go }\nsteps: [ { emit: customer.merge, with: { into: bea } } ]";
    let mut play = Play::new(emits, FREE);
    play.does("go", json!({}));
    assert!(play.ana().ledger.merged_into.is_none());
}

#[test]
fn what_a_producer_says_of_the_way_is_not_believed() {
    let mut play = play(SENDER, FREE);
    let own = CustomerId::of("ana").to_string();
    let mut input = play.input(
        "ana",
        "customer.merge",
        json!({ "into": "bea", "way": [own] }),
    );
    if let InputKind::Event(event) = &mut input.kind {
        tell_way(event, &[]);
    }
    play.take("ana", vec![input]);
    assert!(play.ana().ledger.merged_into.is_some());
}

#[test]
fn somebody_who_is_new_begins_as_the_other_was() {
    let mut play = Play::new(SENDER, FREE);
    play.who("bea")
        .traits
        .insert("city".into(), Value::text("Gent"));
    play.merges("bea", "nina").delivers();
    let nina: &Customer = &play.customers["nina"];
    assert_eq!(nina.traits, play.customers["bea"].traits);
    assert_eq!(nina.ledger.consents, play.customers["bea"].ledger.consents);
}

#[test]
fn taking_over_wakes_what_waits_for_it() {
    let text = "enter: { event: go }
steps:
  - wait_for: { if: customer.city == \"Gent\", within: 9d }
    then: [ { id: s, send: email, template: t } ]
    else: []
exit: [ { if: customer.vip, as: vip } ]";
    let mut play = play(text, FREE);
    play.does("go", json!({}));
    play.who("bea")
        .traits
        .insert("city".into(), Value::text("Gent"));
    play.merges("bea", "ana").delivers();
    assert_eq!(play.sent(), ["s email"]);
    let mut play = self::play(text, FREE);
    play.does("go", json!({}));
    play.who("bea")
        .traits
        .insert("vip".into(), Value::Bool(true));
    play.merges("bea", "ana").delivers();
    assert_eq!(play.log_of("left vip").len(), 1);
}

#[test]
fn the_history_of_whoever_stays_replays_by_itself() {
    use journey::advance::{self, Clock};
    let mut play = play(SENDER, ONE_A_WEEK);
    play.someone_does("bea", "go", json!({})).waits("1h");
    let begun = play.ana().clone();
    play.merges("bea", "ana");
    let forward = play.forwards.remove(0);
    let first = journey::input::Input {
        id: forward.id,
        now: play.now,
        kind: forward.kind,
    };
    let second = play.input("ana", "go", json!({}));
    let lived = advance::take(
        &play.world,
        begun.clone(),
        vec![first.clone(), second.clone()],
        Clock::Recorded,
    );
    // As the store would load it in between: nothing but what the ledger keeps.
    let between = advance::take(&play.world, begun, vec![first], Clock::Recorded);
    let mut loaded = between.customer;
    loaded.sends.clear();
    loaded.count_carried();
    let replayed = advance::take(&play.world, loaded, vec![second], Clock::Recorded);
    assert_eq!(lived.customer, replayed.customer);
    assert_eq!(lived.effects.inputs[1], replayed.effects.inputs[0]);
    assert_eq!(replayed.effects.messages[0].refused, Some(Reason::Capped));
}
