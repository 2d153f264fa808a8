//! One of every fact, and of each way in which it is said.

use std::sync::Arc;

use jiff::Timestamp;
use journey::{
    action::{Asked, Undone},
    failure::Failure,
    ids::{CallId, MessageId},
    message::{Channel, Reason, Refusal},
    policies::{Pace, Rest, Upset},
    policy::FATIGUE,
    trace::{Fact, NOTHING_LISTENED, NotEntered},
    value::Value,
};
use uuid::Uuid;

pub fn at() -> Timestamp {
    "2026-01-06T08:00:00Z".parse().unwrap()
}

pub fn refusal(reason: Reason, rule: &str) -> Refusal {
    let timed = [Reason::Capped, Reason::Quiet, Reason::CustomerPaused].contains(&reason);
    let zone = (reason == Reason::Quiet).then(|| Arc::from("Europe/Paris, the default"));
    Refusal {
        channel: Channel::Sms,
        reason,
        rule: Arc::from(rule),
        until: timed.then(at),
        zone,
        used_by: match reason {
            Reason::Capped => (1..=3).map(|n| MessageId(Uuid::from_u128(n))).collect(),
            _ => Vec::new(),
        },
        pace: None,
    }
}

/// What fatigue refuses, to customers of every kind: attentive, silent, and upset.
pub fn tired() -> Vec<Refusal> {
    let upset = |because| {
        Some(Rest {
            because,
            since: at(),
            until: at() + jiff::SignedDuration::from_hours(24 * 60),
        })
    };
    let paces = [
        (4, 2, None),
        (2, 1, None),
        (1, 6, None),
        (1, 0, upset(Upset::Complained)),
        (1, 8, upset(Upset::Withdrew)),
    ];
    let refused = paces.map(|(max, unheeded, rest)| Refusal {
        pace: Some(Pace {
            max,
            full: 4,
            per: jiff::SignedDuration::from_hours(24 * 7),
            unheeded,
            rest,
        }),
        used_by: (1..=u128::from(max))
            .map(|n| MessageId(Uuid::from_u128(n)))
            .collect(),
        ..refusal(Reason::Capped, FATIGUE)
    });
    refused.into()
}

fn words(word: &str) -> Arc<str> {
    Arc::from(word)
}

pub fn all() -> Vec<Fact> {
    let mut all = entries();
    all.extend(steps());
    all.extend(messages());
    all.extend(talks());
    all.extend(ways());
    all.extend(profiles());
    all
}

fn entries() -> Vec<Fact> {
    use NotEntered as N;
    let mut all = vec![
        Fact::Entered { key: words("") },
        Fact::Entered { key: words("c-17") },
        Fact::Refreshed,
    ];
    let whys = [
        N::Condition,
        N::NullKey,
        N::Inside,
        N::Again,
        N::Stale,
        N::ExitHolds,
        N::TooManyRuns,
        N::TooManyKeys,
        N::KeyTooLong,
        N::NotInSegment,
        N::NotStartable,
        N::Paused,
    ];
    let kept_out = |why, what: Option<&str>, until| Fact::NotEntered {
        why,
        what: what.map(words),
        until,
    };
    all.extend(whys.map(|why| kept_out(why, None, None)));
    for (why, what) in [
        (N::Condition, "event.total >= 20"),
        (N::NullKey, "event.cart_id"),
        (N::ExitHolds, "bought"),
        (N::NotInSegment, "gold"),
    ] {
        all.push(kept_out(why, Some(what), None));
    }
    all.push(kept_out(N::Again, None, Some(at())));
    all
}

fn steps() -> Vec<Fact> {
    let zones = [
        "as written",
        "from the trait timezone",
        "from the phone's country",
        "the default",
    ];
    let waits = |event, zone: Option<&str>| Fact::Waits {
        until: Some(at()),
        event,
        zone: zone.map(words),
    };
    let mut all: Vec<Fact> = zones
        .map(|source| waits(None, Some(&format!("Europe/Paris, {source}"))))
        .into();
    all.extend([
        waits(Some(words("checkout.started")), None),
        Fact::Woke { matched: true },
        Fact::Woke { matched: false },
        Fact::Chose { arm: Some(0) },
        Fact::Chose { arm: None },
        Fact::Split { arm: words("a") },
        Fact::Set {
            name: words("run.code"),
            value: Value::text("BACK10"),
        },
        Fact::Round { number: 2 },
        Fact::RoundsOver { until: true },
        Fact::RoundsOver { until: false },
        Fact::Emits {
            event: words("cart.saved"),
        },
        Fact::Starts {
            journey: words("digest"),
        },
        Fact::Stops {
            journey: words("digest"),
        },
        Fact::Expects { at: Some(at()) },
        Fact::Expects { at: None },
    ]);
    all
}

fn messages() -> Vec<Fact> {
    let message = MessageId(Uuid::nil());
    let capped = refusal(Reason::Capped, "marketing_week");
    let night = refusal(Reason::Quiet, "night");
    let send = |refusals| Fact::Sends {
        message,
        channel: Channel::Push,
        refusals,
    };
    let held = |until, refusals| Fact::Held { until, refusals };
    let later = at() + jiff::SignedDuration::from_hours(2);
    let mut all = vec![
        send(Vec::new()),
        send(vec![capped.clone()]),
        held(at(), vec![night.clone()]),
        held(later, vec![capped, night]),
        Fact::Recalled { message },
        held(at(), tired().split_off(2)),
    ];
    for reason in Reason::ALL {
        let refusals = vec![refusal(reason, "bounced")];
        all.push(Fact::Suppressed {
            message,
            reason,
            refusals,
        });
    }
    all.push(Fact::Failed {
        message,
        reason: Reason::Failed,
        detail: Failure::from("550"),
    });
    let reason = Reason::Expired;
    all.push(Fact::Suppressed {
        message,
        reason,
        refusals: Vec::new(),
    });
    let noted = ["delivered", "opened", "clicked", "replied"];
    all.extend(noted.map(|what| Fact::Noted {
        message,
        what: words(what),
    }));
    all
}

fn talks() -> Vec<Fact> {
    let call = CallId(Uuid::nil());
    let calls = |until| Fact::Calls {
        call,
        endpoint: words("vouchers"),
        until,
    };
    let per = jiff::SignedDuration::from_hours(24 * 7);
    vec![
        Fact::Heeds { max: 4, per },
        Fact::Queued,
        Fact::Answered {
            answer: Value::text("ok"),
        },
        Fact::NotUnderstood { repeated: true },
        Fact::NotUnderstood { repeated: false },
        Fact::Stopped {
            channel: Channel::Sms,
        },
        calls(Some(at())),
        calls(None),
        Fact::CallAnswered { call },
        Fact::CallFailed {
            call,
            why: Failure::Restricted,
        },
        Fact::HandedOver { call },
        Fact::HandedBack { call },
    ]
}

fn ways() -> Vec<Fact> {
    let moved = |forgotten| Fact::Moved {
        version: 4,
        forgotten,
    };
    let mut all = vec![
        Fact::Goal,
        moved(Vec::new()),
        moved(vec![words("code")]),
        Fact::Kept { version: 4 },
        Fact::Paused { since: at() },
        Fact::Resumed { paused: at() },
    ];
    let own = [
        "completed",
        "missed",
        "restarted",
        "stopped",
        "migrated",
        "by_hand",
    ];
    all.extend(own.map(|reason| Fact::Left {
        reason: words(reason),
    }));
    all
}

fn profiles() -> Vec<Fact> {
    let consent = |state| Fact::Consent {
        purpose: words("marketing"),
        channels: vec![Channel::Email, Channel::Sms],
        state: words(state),
    };
    let mut all = vec![Fact::Profile {
        traits: vec![words("country"), words("email")],
    }];
    all.extend(["granted", "unconfirmed", "withdrawn"].map(consent));
    all.push(Fact::Preferences);
    all.extend([true, false].map(|is| Fact::Restricted { is }));
    for reason in ["bounced", "complained"] {
        let reason = words(reason);
        all.push(Fact::AddressSuppressed {
            channel: Channel::Email,
            reason,
        });
    }
    all.push(Fact::AddressUsed {
        channel: Channel::Chat,
    });
    all.extend(Asked::ALL.map(|asked| Fact::Acted {
        asked,
        by: words("user:1"),
        reason: words("42"),
    }));
    let undone = Undone::ALL.iter().map(|undone| words(undone.as_str()));
    all.extend(undone.map(|why| Fact::Ignored { why }));
    all.push(Fact::Ignored {
        why: words(NOTHING_LISTENED),
    });
    all
}
