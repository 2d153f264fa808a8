//! Fatigue: who heeds nothing, or has complained, gets less. A rolling cap whose size follows from what is kept of
//! the customer and the input's clock alone.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Action, Question, caps, own};
use crate::{
    customer::{ConsentState, Ledger, PastSend},
    message::{Channel, Reason, Refusal},
    policies::{Fatigue, Pace, Policies, Rest, Upset},
    time,
};

/// The name of the customer's pace among the rules.
pub const FATIGUE: &str = "fatigue";

/// How many messages a customer gets at the most now, and why; `None` where no fatigue is declared.
pub fn pace(policies: &Policies, ledger: &Ledger, now: Timestamp) -> Option<Pace> {
    let fatigue = policies.fatigue.as_ref()?;
    let unheeded = ledger.attention.unheeded(now);
    let rest = rest(fatigue, policies, ledger, now);
    let max = match rest {
        Some(_) => fatigue.least,
        None => fatigue.fit(unheeded),
    };
    Some(Pace {
        max,
        full: fatigue.max,
        per: fatigue.per,
        unheeded,
        rest,
    })
}

/// Why the customer's pace has no room for this send on this channel; `None`: it has, or does not count it. No word
/// of a step gets past it.
pub(super) fn refusal(question: Question<'_>, channel: Channel) -> Option<(Refusal, Action)> {
    let Question {
        policies,
        customer,
        send,
        now,
        ..
    } = question;
    let fatigue = policies.fatigue.as_ref()?;
    if !fatigue.covers(policies, &send.purpose, channel) {
        return None;
    }
    let pace = pace(policies, &customer.ledger, now)?;
    let after = time::plus(now, -fatigue.per);
    let counts = |s: &&PastSend| s.at > after && fatigue.covers(policies, &s.purpose, s.channel);
    let mut used: Vec<&PastSend> = customer.sends.iter().filter(counts).collect();
    used.sort_by_key(|s| (s.at, s.message));
    let refusal = Refusal {
        channel,
        reason: Reason::Capped,
        rule: Arc::from(FATIGUE),
        until: Some(opens(fatigue, &pace, &used)?),
        zone: None,
        used_by: used.iter().map(|s| s.message).collect(),
        pace: Some(pace),
    };
    Some((refusal, own::action(question, fatigue.capped)))
}

/// When there is room again; `None`: there is. The end of a rest may make some before the window does.
fn opens(fatigue: &Fatigue, pace: &Pace, used: &[&PastSend]) -> Option<Timestamp> {
    let opens = caps::rolls(used, pace.max, fatigue.per)?;
    let Some(rest) = pace.rest else {
        return Some(opens);
    };
    let rested = caps::rolls(used, fatigue.fit(pace.unheeded), fatigue.per);
    Some(opens.min(rested.map_or(rest.until, |at| at.max(rest.until))))
}

/// The time in which the customer is left in peace, if it is one: after the latest complaint, or the latest consent
/// that was withdrawn and not given again.
fn rest(fatigue: &Fatigue, policies: &Policies, ledger: &Ledger, now: Timestamp) -> Option<Rest> {
    let complaints = ledger.suppressed.values();
    let complaints = complaints.filter(|s| *s.reason == *"complained");
    let complaints = complaints.map(|s| (s.at, Upset::Complained));
    let consents = ledger.consents.iter();
    let consents = consents.flat_map(|(purpose, all)| all.iter().map(move |c| (purpose, c)));
    let withdrawn = consents.filter(|(purpose, (channel, consent))| {
        consent.state == ConsentState::Withdrawn && fatigue.covers(policies, purpose, **channel)
    });
    let withdrawn = withdrawn.map(|(_, (_, consent))| (consent.at, Upset::Withdrew));
    let (since, because) = complaints.chain(withdrawn).max()?;
    let until = time::plus(since, fatigue.rest);
    (now < until).then_some(Rest {
        because,
        since,
        until,
    })
}
