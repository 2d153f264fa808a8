//! Laws of the turn over generated sequences of events, receipts and timers.

use std::{collections::BTreeMap, sync::LazyLock};

use journey::{
    advance::{self, Clock},
    customer::Customer,
    message::Reason,
    world::World,
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use crate::{
    play::json,
    samples::{samples, talkative, tangled},
    watched::Watched,
};

static SAMPLES: LazyLock<World> = LazyLock::new(samples);
static TANGLED: LazyLock<World> = LazyLock::new(tangled);
static TALKATIVE: LazyLock<World> = LazyLock::new(talkative);

/// What may happen to a customer.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    Event(usize, u8),
    Trait(usize),
    /// One of the messages that are still queued ends.
    Receipt(u8, bool),
    /// One of the calls that were decided is answered, or fails.
    Answer(u8, bool),
    /// The customer's part in a tick, a backfill, or dates of a journey that was just published.
    Sweep(u8),
    /// A journey is paused, or goes on if it is; its runs hear of it now, or when they are touched.
    Pause(u8),
    /// The provider takes what is queued.
    HandedOver,
    /// What is due next fires, when it is due.
    Timer,
    Minutes(u16),
}

pub const EVENTS: [&str; 14] = [
    "cart.updated",
    "cart.updated",
    "cart.emptied",
    "checkout.started",
    "order.placed",
    "customer.signed_up",
    "consent.granted",
    "consent.withdrawn",
    "message.opened",
    "message.clicked",
    "message.bounced",
    "message.replied",
    "message.replied",
    "hand_over.ended",
];

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        6 => (0..EVENTS.len(), any::<u8>()).prop_map(|(e, n)| Act::Event(e, n)),
        2 => (0..traits().len()).prop_map(Act::Trait),
        1 => any::<(u8, bool)>().prop_map(|(n, b)| Act::Receipt(n, b)),
        3 => any::<(u8, bool)>().prop_map(|(n, b)| Act::Answer(n, b)),
        1 => any::<u8>().prop_map(Act::Sweep),
        1 => any::<u8>().prop_map(Act::Pause),
        1 => Just(Act::HandedOver),
        5 => Just(Act::Timer),
        4 => (0u16..3_000).prop_map(Act::Minutes),
    ];
    prop::collection::vec(act, 1..80)
}

pub fn traits() -> Vec<serde_json::Value> {
    vec![
        json!({ "timezone": "America/New_York" }),
        json!({ "timezone": "Australia/Lord_Howe" }),
        json!({ "timezone": null, "phone": "+81312345678" }),
        json!({ "phone": null }),
        json!({ "email": "b@shop.example", "phone": "+33639980101" }),
        json!({ "do_not_disturb": true }),
        json!({ "do_not_disturb": null, "country": "FR" }),
        json!({ "renews_at": "2026-03-29T01:30:00Z" }),
        json!({ "renews_at": "2026-04-02", "level": 1 }),
        json!({ "renews_at": null, "level": 3.5, "lapsed": false }),
        json!({ "level": 0, "loyalty": "gold" }),
    ]
}

pub fn properties(event: usize, n: u8) -> serde_json::Value {
    let steps = ["nudge", "story", "first", "up", "last", "account"];
    let journeys = [
        "cart-rescue",
        "welcome",
        "knot",
        "ladder",
        "holder",
        "welcome",
    ];
    match EVENTS[event] {
        "message.replied" => {
            let words = ["7", "yes", "nope", "what?", "3", "STOP"];
            let channel = ["chat", "sms"][usize::from(n / 6 % 2)];
            json!({ "channel": channel, "text": words[usize::from(n % 6)] })
        }
        "hand_over.ended" => json!({ "answer": n }),
        "consent.granted" | "consent.withdrawn" => {
            let channel = ["email", "sms", "push", "chat"][usize::from(n % 4)];
            json!({ "channel": channel, "confirmed": !n.is_multiple_of(3) })
        }
        name if name.starts_with("message.") => {
            let which = usize::from(n % 6);
            json!({ "journey": journeys[which], "step": steps[which], "channel": "email", "permanent": n.is_multiple_of(2) })
        }
        _ => json!({ "cart_id": format!("c{}", n % 3), "total": n % 100, "n": n % 2 }),
    }
}

fn watch(world: &World, clock: Clock, acts: Vec<Act>) -> BTreeMap<String, usize> {
    let mut watched = Watched::new(world, clock);
    for act in acts {
        watched.act(act);
    }
    watched.goes_on();
    // A birthday comes every year, for ever.
    watched.customer.ledger.dates.clear();
    // At the end everything that is due comes to its end, and nothing is due for ever.
    for _ in 0..5_000 {
        if advance::next_due(world, &watched.customer).is_none() {
            return watched.facts;
        }
        watched.act(Act::Timer);
    }
    panic!("a timer that never ends: {:#?}", watched.customer.runs);
}

/// Events alone, taken in batches of `size`: what became of the customer and of every message.
fn in_batches(world: &World, clock: Clock, acts: &[Act], size: usize) -> (Customer, String) {
    let mut watched = Watched::new(world, clock);
    let mut inputs = Vec::new();
    for act in acts {
        match act {
            Act::Minutes(_) => watched.act(*act),
            Act::Event(..) | Act::Trait(_) => inputs.extend(watched.input(*act)),
            _ => {}
        }
    }
    let mut trace = Vec::new();
    for batch in inputs.chunks(size) {
        let turn = advance::take(world, watched.customer, batch.to_vec(), clock);
        watched.customer = turn.customer;
        for message in turn.effects.messages {
            watched.history.insert(message.id, message);
        }
        for send in turn.effects.recalled {
            watched.give_back(send.message, Reason::Recalled);
        }
        trace.extend(turn.effects.inputs);
    }
    (watched.customer, format!("{:?}{trace:?}", watched.history))
}

/// The laws are worth nothing if nothing happens: every kind of fact does, and often.
#[test]
fn generated_inputs_reach_every_kind_of_fact() {
    let mut runner = TestRunner::deterministic();
    let mut facts: BTreeMap<String, usize> = BTreeMap::new();
    for n in 0..1_200 {
        let acts = acts().new_tree(&mut runner).unwrap().current();
        let world = [&*SAMPLES, &*TANGLED, &*TALKATIVE, &*TALKATIVE][n % 4];
        for (kind, count) in watch(world, Clock::Wall, acts) {
            *facts.entry(kind).or_default() += count;
        }
    }
    let kinds = "Entered NotEntered Refreshed Waits Woke Chose Split Set Sends Suppressed Held Recalled Failed Noted Goal Left Profile Consent Queued Answered NotUnderstood Stopped Calls CallAnswered CallFailed HandedOver HandedBack Round RoundsOver Emits Starts Stops Expects Paused Resumed Heeds";
    for kind in kinds.split(' ') {
        let count = facts.get(kind).copied().unwrap_or_default();
        assert!(count > 5, "{kind}: {count} of {facts:?}");
    }
    eprintln!("{facts:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_samples_keep_the_laws(acts in acts(), wall: bool) {
        watch(&SAMPLES, if wall { Clock::Wall } else { Clock::Recorded }, acts);
    }

    #[test]
    fn tangled_journeys_keep_the_laws(acts in acts(), wall: bool) {
        watch(&TANGLED, if wall { Clock::Wall } else { Clock::Recorded }, acts);
    }

    #[test]
    fn talkative_journeys_keep_the_laws(acts in acts(), wall: bool) {
        watch(&TALKATIVE, if wall { Clock::Wall } else { Clock::Recorded }, acts);
    }

    #[test]
    fn batches_mean_nothing(acts in acts(), wall: bool, size in 2usize..20) {
        let clock = if wall { Clock::Wall } else { Clock::Recorded };
        for world in [&*SAMPLES, &*TANGLED, &*TALKATIVE] {
            prop_assert_eq!(in_batches(world, clock, &acts, 1), in_batches(world, clock, &acts, size));
        }
    }
}
