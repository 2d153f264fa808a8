//! Fatigue: what is kept for it, and its rules told a second time, over whatever may happen.

use jiff::Timestamp;
use journey::{
    advance::Clock,
    customer::Ledger,
    message::{Channel, Message, Reason},
    policies::Pace,
    policy,
};
use proptest::prelude::*;

use crate::{
    fatigue::{POLICIES, heeds, is_sent, last, pace, shop},
    play::{Play, json, span},
};

/// As for every cap, messages are loaded from as far back as it counts, and the audit knows that somebody is limited.
#[test]
fn it_reaches_as_far_back_as_it_counts_and_limits_what_it_covers() {
    let play = shop("", POLICIES);
    assert_eq!(play.world.horizon(), span("7d"));
    let capped = |purpose: &str| {
        let policies = &play.world.policies;
        let mut machines = play.world.currents();
        machines.all(|m| policy::is_capped(policies, m, &purpose.into(), Channel::Email))
    };
    assert_eq!(
        ["marketing", "digest", "service"].map(capped),
        [true, false, false]
    );
}

#[test]
fn of_whoever_wants_nothing_personal_it_is_not_kept_what_they_heed() {
    let policies = POLICIES.replace("consent: opt_in }", "consent: opt_in, personal: false }");
    let mut play = shop("", &policies);
    is_sent(&mut play, 2);
    play.does("preferences.changed", json!({ "personalised": false }));
    assert!(play.ana().ledger.attention.is_empty());
    is_sent(&mut play, 2);
    assert_eq!((pace(&mut play).unheeded, pace(&mut play).max), (0, 4));
    assert!(play.ana().ledger.attention.is_empty());
    play.does("message.complained", json!({ "channel": "push" }));
    assert_eq!(pace(&mut play).max, 1, "what they say counts");
}

/// The hot path pays for nothing that nobody has asked for.
#[test]
fn where_no_fatigue_is_declared_nothing_is_kept_and_the_ledger_is_as_before() {
    let (policies, _) = POLICIES.split_once("fatigue").unwrap();
    let mut play = shop("", policies);
    is_sent(&mut play, 9);
    heeds(&mut play, "opened", 0);
    assert_eq!(last(&play, 9), ["-"; 9]);
    let ledger = serde_json::to_value(&play.ana().ledger).unwrap();
    assert_eq!(ledger.get("attention"), None);
    // And one that was written before there was such a thing is read.
    let old: Ledger = serde_json::from_value(ledger).unwrap();
    assert_eq!(old, play.ana().ledger);
}

#[test]
fn what_is_kept_is_bounded_and_survives_being_written() {
    let mut play = shop("", &POLICIES.replace("per: 7d", "per: 1h"));
    for _ in 0..60 {
        play.does("go", json!({})).waits("12h");
    }
    let ledger = serde_json::to_string(&play.ana().ledger).unwrap();
    assert!(ledger.len() < 1_600, "{} bytes", ledger.len());
    assert_eq!(play.ana().ledger, serde_json::from_str(&ledger).unwrap());
    assert_eq!(pace(&mut play).unheeded, 59, "all but the last");
}

/// What may happen to a customer.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// By mail, whose opens are reported, or by SMS, whose are not.
    Send(usize),
    /// The latest message that went.
    Heed(usize),
    Fail(usize),
    Complain,
    Hours(u8),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        8 => (0..2usize).prop_map(Act::Send),
        1 => (0..3usize).prop_map(Act::Heed),
        1 => any::<usize>().prop_map(Act::Fail),
        1 => Just(Act::Complain),
        6 => (1..90u8).prop_map(Act::Hours),
    ];
    prop::collection::vec(act, 1..120)
}

/// The same rules, told once more from all that happened.
struct Told {
    full: Pace,
    least: u32,
    after: u32,
    /// Messages before this one do not count: one was heeded since.
    from: usize,
    complained: Option<Timestamp>,
}

impl Told {
    fn does(&mut self, play: &mut Play, act: Act) {
        match act {
            Act::Send(n) => {
                play.does(["go", "text"][n], json!({}));
            }
            Act::Heed(what) => {
                let went = play.messages.iter().rposition(|m| m.refused.is_none());
                if let Some(n) = went {
                    let id = play.messages[n].id;
                    if play.ana().ledger.attention.knows(id) {
                        self.from = play.messages.len();
                    }
                    heeds(play, ["opened", "clicked", "replied"][what], n);
                }
            }
            Act::Fail(n) => {
                let n = n.checked_rem(play.messages.len()).unwrap_or_default();
                if play.messages.get(n).is_some_and(|m| m.refused.is_none()) {
                    play.fails(n, Reason::Failed);
                    play.messages[n].refused = Some(Reason::Failed);
                }
            }
            // Not by the channels that the journeys use: the address would be out of use.
            Act::Complain => {
                self.complained = Some(play.now);
                play.does("message.complained", json!({ "channel": "push" }));
            }
            Act::Hours(hours) => {
                play.waits(&format!("{hours}h"));
            }
        }
    }

    /// How many may go at that moment, after these.
    fn pace(&self, before: &[Message], now: Timestamp) -> u32 {
        if self.complained.is_some_and(|at| now < at + span("30d")) {
            return self.least;
        }
        let counts = |(n, m): &(usize, &Message)| {
            let old = m.at + span("24h") <= now;
            *n >= self.from && old && m.refused.is_none() && m.channel == Channel::Email
        };
        let unheeded = before.iter().enumerate().filter(counts).count();
        let halvings = unheeded / self.after as usize;
        let fit = (0..halvings).fold(self.full.max, |fit, _| fit - fit / 2);
        fit.max(self.least)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Promise 2: no message goes where the window holds the pace of that moment, and none is refused where it does
    /// not. Promise 5: what is told again, from a ledger that was written and read, comes out the same.
    #[test]
    fn promise_2_no_window_ever_holds_more_than_the_pace(
        acts in acts(), hold: bool, max in 1u32..6, least in 1u32..3, after in 1u32..4, days in 1u32..9, wall: bool
    ) {
        let least = least.min(max);
        let words = if hold { ", capped: hold" } else { "" };
        let fatigue = format!("max: {max}, least: {least}, per: {days}d, after: {after},");
        let policies = POLICIES.replace("max: 4, per: 7d, after: 2,", &fatigue);
        let per = span(&format!("{days}d"));
        let begin = || {
            let mut play = shop(words, &policies);
            play.clock = if wall { Clock::Wall } else { Clock::Recorded };
            let full = pace(&mut play);
            (play, Told { full, least, after, from: 0, complained: None })
        };
        let ((mut first, mut told), (mut second, mut again)) = (begin(), begin());
        for act in acts {
            let known = first.messages.len();
            told.does(&mut first, act);
            let ledger = serde_json::to_string(&second.ana().ledger).unwrap();
            second.ana().ledger = serde_json::from_str(&ledger).unwrap();
            again.does(&mut second, act);
            prop_assert_eq!(&first.messages, &second.messages);
            for (n, message) in first.messages.iter().enumerate().skip(known) {
                let before = &first.messages[..n];
                let counts = |m: &&Message| m.refused.is_none() && m.at > message.at - per;
                let used = before.iter().filter(counts).count();
                let fits = told.pace(before, message.at) as usize;
                prop_assert_eq!(message.refused.is_none(), used < fits, "{} of {}", used, fits);
                if let Some(refusal) = message.decision.refusals.first() {
                    let pace = refusal.pace.as_ref().unwrap();
                    prop_assert_eq!((pace.max as usize, pace.full), (fits, max));
                    prop_assert_eq!(refusal.used_by.len(), used);
                }
            }
        }
    }
}
