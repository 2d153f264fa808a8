//! What customers chose for themselves, and the control group. None of it touches what needs no
//! consent, and no word of a step gets past it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Action, Question, capped, caps};
use crate::{
    customer::{AtMost, Customer},
    ids::{self, CustomerId},
    machine::Capped,
    message::{Channel, Reason, Refusal},
    policies::{Cap, ConsentRule, ControlGroup, Period, Policies, Window},
};

/// The name of the customer's own limit among the rules.
pub const OWN_LIMIT: &str = "own_limit";
/// The name of their other choices.
pub const PREFERENCES: &str = "preferences";
/// The name of the control group.
const CONTROL: &str = "control_group";

/// What the customer's choices say of a purpose on a channel, at dispatch as at the decision.
pub fn withheld(
    policies: &Policies,
    customer: &Customer,
    purpose: &str,
    channel: Channel,
    now: Timestamp,
) -> Option<Reason> {
    let rule = policies.purposes.get(purpose)?;
    if rule.consent_on(channel) == ConsentRule::None {
        return None;
    }
    let own = &customer.ledger.preferences;
    if own.personalised == Some(false) && rule.is_personal() {
        return Some(Reason::NotPersonalised);
    }
    let paused = own.pause_until.is_some_and(|until| until > now);
    paused.then_some(Reason::CustomerPaused)
}

/// Whether the customer is one of those who get none of a purpose, so that others can be compared
/// with them. By a hash of who they are: nobody is moved in or out by anything they do.
pub fn in_control(group: &ControlGroup, customer: &Customer) -> bool {
    let drawn = |id: CustomerId| ids::sticky(id, "", CONTROL, &group.salt, 10_000);
    let assumed = customer.ledger.assumed_control;
    assumed.unwrap_or_else(|| drawn(customer.id) < u64::from(group.basis_points))
}

/// Choices that time alone does not lift, and the control group.
pub(super) fn forbids(question: Question<'_>, channel: Channel) -> Option<(Reason, &'static str)> {
    let Question {
        policies,
        customer,
        send,
        now,
        ..
    } = question;
    let withheld = withheld(policies, customer, &send.purpose, channel, now);
    if withheld == Some(Reason::NotPersonalised) {
        return Some((Reason::NotPersonalised, PREFERENCES));
    }
    let group = policies.control_group.as_ref()?;
    let held_out = group.holds_out(policies, &send.purpose, channel) && in_control(group, customer);
    held_out.then_some((Reason::ControlGroup, CONTROL))
}

/// A pause, and the customer's own limit.
pub(super) fn limits(question: Question<'_>, channel: Channel) -> Vec<(Refusal, Action)> {
    let Question {
        policies,
        customer,
        send,
        now,
        ..
    } = question;
    let own = &customer.ledger.preferences;
    let mut found = Vec::new();
    let withheld = withheld(policies, customer, &send.purpose, channel, now);
    if withheld == Some(Reason::CustomerPaused) {
        let refusal = Refusal {
            channel,
            reason: Reason::CustomerPaused,
            rule: Arc::from(PREFERENCES),
            until: own.pause_until,
            zone: None,
            used_by: Vec::new(),
            pace: None,
        };
        found.push((refusal, action(question, None)));
    }
    if let Some(cap) = own.at_most.map(cap) {
        let refusal = caps::refusal(&cap, question, channel);
        found.extend(refusal.map(|refusal| (refusal, action(question, None))));
    }
    found
}

/// As for a cap with that word of its own, but that nothing overrides it.
pub(super) fn action(question: Question<'_>, rule: Option<Capped>) -> Action {
    match capped(question, rule) {
        Action::Hold => Action::Hold,
        Action::Skip | Action::Override => Action::Skip,
    }
}

/// The limit as a cap over everything that needs consent. It rolls: two messages of "once a week" are
/// never less than seven days apart, whatever the calendar says.
fn cap(limit: AtMost) -> Cap {
    Cap {
        name: Arc::from(OWN_LIMIT),
        purpose: None,
        channel: None,
        journey: None,
        tag: None,
        max: limit.max,
        window: Window::Rolling {
            per: rolling(limit.per),
        },
        capped: None,
    }
}

/// How long a period is where it rolls.
pub fn rolling(per: Period) -> SignedDuration {
    let days = match per {
        Period::Day => 1,
        Period::Week => 7,
        Period::Month => 30,
    };
    SignedDuration::from_hours(24 * days)
}
