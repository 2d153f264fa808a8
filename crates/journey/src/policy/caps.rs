//! Frequency caps: how many sends a window already holds, and when it has room again.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Action, Question, capped};
use crate::{
    customer::{Customer, PastSend},
    machine::Machine,
    message::{Channel, Reason, Refusal},
    policies::{Cap, ConsentRule, Policies, Window},
    time,
};

/// The caps that have no room for this send on this channel.
pub(super) fn refusals<'a>(
    question: Question<'a>,
    channel: Channel,
) -> impl Iterator<Item = (Refusal, Action)> + 'a {
    let caps = question.policies.caps.iter();
    caps.filter_map(move |cap| {
        let refusal = refusal(cap, question, channel)?;
        Some((refusal, capped(question, cap.capped)))
    })
}

/// Why that cap has no room for this send on this channel; `None`: it has, or does not count it.
pub(super) fn refusal(cap: &Cap, question: Question<'_>, channel: Channel) -> Option<Refusal> {
    let Question {
        policies,
        machine,
        send,
        ..
    } = question;
    let subject = Subject::of(machine, &send.purpose, channel);
    if !counts(cap, policies, &subject) {
        return None;
    }
    let (used, until) = full(cap, question)?;
    Some(Refusal {
        channel,
        reason: Reason::Capped,
        rule: cap.name.clone(),
        until,
        zone: None,
        used_by: used.iter().map(|s| s.message).collect(),
        pace: None,
    })
}

/// Whether any cap, or fatigue, counts what that journey sends for `purpose` by `channel`.
pub fn is_capped(
    policies: &Policies,
    machine: &Machine,
    purpose: &Arc<str>,
    channel: Channel,
) -> bool {
    let subject = Subject::of(machine, purpose, channel);
    let mut caps = policies.caps.iter();
    let fatigue = policies.fatigue.as_ref();
    fatigue.is_some_and(|f| f.covers(policies, purpose, channel))
        || caps.any(|cap| counts(cap, policies, &subject))
}

/// Where a message that was decided to go stands in a cap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing<'a> {
    /// The cap.
    pub cap: &'a Cap,
    /// Which one it is of those that the cap counts in its window, from 1.
    pub nth: usize,
    /// From when on the window counted: what was decided later, and this.
    pub after: Timestamp,
}

/// After which moment the caps of a send at `now` count, the earliest of them; `None`: there are none.
pub fn counted_after(
    policies: &Policies,
    customer: &Customer,
    now: Timestamp,
) -> Option<Timestamp> {
    let caps = policies.caps.iter();
    caps.map(|cap| window(cap, policies, customer, now).0).min()
}

/// Where `send` stands in each cap that counts it, among the customer's sends that were not given back: by
/// the policies and the sends that are handed in, which need not be those that it was decided with.
pub fn standings<'a>(
    policies: &'a Policies,
    customer: &Customer,
    send: &PastSend,
) -> Vec<Standing<'a>> {
    let counted = |cap: &Cap, send| counts(cap, policies, &Subject::from(send));
    let caps = policies.caps.iter().filter(|cap| counted(cap, send));
    caps.map(|cap| {
        let (after, _) = window(cap, policies, customer, send.at);
        let up_to = (send.at, send.message);
        let sends = customer.sends.iter();
        let before = sends.filter(|s| s.at > after && (s.at, s.message) < up_to && counted(cap, s));
        let nth = before.count() + 1;
        Standing { cap, nth, after }
    })
    .collect()
}

/// What a cap looks at, of a send to be decided or one that was.
struct Subject<'a> {
    channel: Channel,
    purpose: &'a Arc<str>,
    journey: &'a Arc<str>,
    tags: &'a [Arc<str>],
}

impl<'a> Subject<'a> {
    fn of(machine: &'a Machine, purpose: &'a Arc<str>, channel: Channel) -> Self {
        Self {
            channel,
            purpose,
            journey: &machine.journey,
            tags: &machine.tags,
        }
    }
}

impl<'a> From<&'a PastSend> for Subject<'a> {
    fn from(send: &'a PastSend) -> Self {
        Self {
            channel: send.channel,
            purpose: &send.purpose,
            journey: &send.journey,
            tags: &send.tags,
        }
    }
}

/// Whether the cap counts such a send (rule 44): all its filters fit, and a purpose that needs no
/// consent is counted only by its own name.
fn counts(cap: &Cap, policies: &Policies, subject: &Subject<'_>) -> bool {
    let consented = policies
        .purposes
        .get(subject.purpose)
        .is_some_and(|p| p.consent_on(subject.channel) != ConsentRule::None);
    cap.purpose
        .as_ref()
        .map_or(consented, |p| p == subject.purpose)
        && cap.channel.is_none_or(|c| c == subject.channel)
        && cap.journey.as_ref().is_none_or(|j| j == subject.journey)
        && cap.tag.as_ref().is_none_or(|t| subject.tags.contains(t))
}

/// After which moment the cap's window at `now` counts, and when it begins anew if the calendar says so.
fn window(
    cap: &Cap,
    policies: &Policies,
    customer: &Customer,
    now: Timestamp,
) -> (Timestamp, Option<Timestamp>) {
    match &cap.window {
        Window::Rolling { per } => (time::plus(now, -*per), None),
        Window::Calendar { per, zone } => {
            let zone = time::resolve(zone, customer, &policies.defaults).zone;
            let (start, end) = time::period(now, *per, &zone);
            // "At or after the start": the clock's smallest step before it is outside.
            (time::plus(start, SignedDuration::from_nanos(-1)), Some(end))
        }
    }
}

/// The sends that fill the cap's window, and when it has room again; `None` while there is room.
fn full<'a>(cap: &Cap, question: Question<'a>) -> Option<(Vec<&'a PastSend>, Option<Timestamp>)> {
    let Question {
        policies,
        customer,
        now,
        ..
    } = question;
    let (after, resets) = window(cap, policies, customer, now);
    let mut used: Vec<&PastSend> = customer
        .sends
        .iter()
        .filter(|s| s.at > after && counts(cap, policies, &Subject::from(*s)))
        .collect();
    let max = cap.max as usize;
    if used.len() < max {
        return None;
    }
    used.sort_by_key(|s| (s.at, s.message));
    let until = match &cap.window {
        Window::Calendar { .. } => resets.filter(|_| max > 0),
        Window::Rolling { per } => rolls(&used, cap.max, *per),
    };
    Some((used, until))
}

/// When a rolling window that holds these, oldest first, has room for one more; `None`: at once, or never.
pub(super) fn rolls(used: &[&PastSend], max: u32, per: SignedDuration) -> Option<Timestamp> {
    let max = max as usize;
    // There is room once only `max - 1` are left: when the one that is `max` from the end leaves.
    let leaves = used.len().checked_sub(max).and_then(|n| used.get(n))?;
    Some(time::plus(leaves.at, per))
}
