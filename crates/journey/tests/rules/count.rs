//! A counter of caps that shares nothing with the policies' own.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};
use journey::{
    ids::MessageId,
    message::Message,
    policies::{Cap, ConsentRule, Period, Policies, Window},
    policy, time,
    world::World,
};

/// Whether a cap is about such a message: written from rule 44 alone.
pub fn applies(cap: &Cap, world: &World, m: &Message) -> bool {
    let needs_none = world.policies.purposes[&m.purpose].consent_on(m.channel) == ConsentRule::None;
    let purpose = match &cap.purpose {
        Some(named) => *named == m.purpose,
        None => !needs_none,
    };
    let channel = cap.channel.is_none() || cap.channel == Some(m.channel);
    let journey = cap.journey.is_none() || cap.journey.as_ref() == Some(&m.journey);
    let tag = cap.tag.as_ref().is_none_or(|t| m.decision.tags.contains(t));
    purpose && channel && journey && tag
}

/// How many messages of the history a cap counts at `now`: written from rules 44 and 45 alone.
pub fn used(
    cap: &Cap,
    world: &World,
    history: &BTreeMap<MessageId, Message>,
    now: Timestamp,
    customers: &jiff::tz::TimeZone,
) -> usize {
    let inside = |then: Timestamp| match &cap.window {
        Window::Rolling { per } => then + *per > now,
        Window::Calendar { per, zone } => {
            let zone = match zone {
                journey::machine::Zone::Customer => customers.clone(),
                journey::machine::Zone::Named(name) => time::named(name).unwrap(),
            };
            let (a, b) = (
                then.to_zoned(zone.clone()).date(),
                now.to_zoned(zone).date(),
            );
            match per {
                Period::Day => a == b,
                Period::Week => {
                    let monday = |d: jiff::civil::Date| {
                        d - i64::from(d.weekday().to_monday_zero_offset()).days()
                    };
                    monday(a) == monday(b)
                }
                Period::Month => (a.year(), a.month()) == (b.year(), b.month()),
            }
        }
    };
    let sent = history
        .values()
        .filter(|m| m.refused.is_none() && m.at <= now);
    sent.filter(|m| applies(cap, world, m) && inside(m.at))
        .count()
}

/// Fatigue at its fullest as a cap: over all purposes that need consent.
pub fn full_pace(policies: &Policies) -> Option<Cap> {
    let fatigue = policies.fatigue.as_ref()?;
    Some(Cap {
        name: policy::FATIGUE.into(),
        purpose: None,
        channel: None,
        journey: None,
        tag: None,
        max: fatigue.max,
        window: Window::Rolling { per: fatigue.per },
        capped: fatigue.capped,
    })
}
