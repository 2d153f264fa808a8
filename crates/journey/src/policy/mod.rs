//! Whether a message may go: restriction, consent, reachability, suppression list, what customers chose for
//! themselves, caps, fatigue and quiet hours, in that order (rule 38). Pure: the same customer and clock give the same verdict.

mod caps;
mod fatigue;
mod own;

use std::{collections::BTreeSet, sync::Arc};

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    customer::{ConsentState, Customer},
    machine::{Capped, Machine, Quiet, Send},
    message::{Channel, Reason, Refusal},
    policies::{ConsentRule, Policies, Purpose, QuietHours, Track},
    suppression, time,
    value::Value,
};

pub use caps::{Standing, counted_after, is_capped, standings};
pub use fatigue::{FATIGUE, pace};
pub use own::{OWN_LIMIT, PREFERENCES, in_control, rolling, withheld};

/// What may become of a send now.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It goes.
    Go {
        /// By this channel.
        channel: Channel,
        /// What was passed over: other channels' refusals, and rules that `send` overrides.
        refusals: Vec<Refusal>,
    },
    /// It waits, reserving nothing, and is then decided anew from the top (rule 39).
    Hold {
        /// Until the earliest moment at which a channel may be open.
        until: Timestamp,
        /// Why; at least one.
        refusals: Vec<Refusal>,
    },
    /// It does not go.
    Refuse {
        /// The first refusal's reason.
        reason: Reason,
        /// All of them.
        refusals: Vec<Refusal>,
    },
}

/// Everything a verdict depends on.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The limits.
    pub policies: &'a Policies,
    /// The customer, with the sends that caps count.
    pub customer: &'a Customer,
    /// The deciding machine: journey, tags.
    pub machine: &'a Machine,
    /// The send.
    pub send: &'a Send,
    /// The input's clock.
    pub now: Timestamp,
}

/// Decides a send over `channels`, in their order (rule 46): the first that may go, goes; if none
/// may and some may later, it holds for the earliest; else it is refused for the first reason.
pub fn decide(question: Question<'_>, channels: &[Channel]) -> Verdict {
    let mut refusals = Vec::new();
    let mut earliest: Option<Timestamp> = None;
    for &channel in channels {
        match on_channel(question, channel) {
            OnChannel::Go { overridden } => {
                refusals.extend(overridden);
                return Verdict::Go { channel, refusals };
            }
            OnChannel::Later { until, because } => {
                earliest = Some(earliest.map_or(until, |e| e.min(until)));
                refusals.extend(because);
            }
            OnChannel::No { because } => refusals.extend(because),
        }
    }
    match (earliest, refusals.first()) {
        (Some(until), _) => Verdict::Hold { until, refusals },
        (None, first) => Verdict::Refuse {
            reason: first.map_or(Reason::Unreachable, |r| r.reason),
            refusals,
        },
    }
}

/// What one channel says.
enum OnChannel {
    Go {
        overridden: Vec<Refusal>,
    },
    Later {
        until: Timestamp,
        because: Vec<Refusal>,
    },
    No {
        because: Vec<Refusal>,
    },
}

/// What a rule that refuses does to the send.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Skip,
    Hold,
    Override,
}

fn on_channel(question: Question<'_>, channel: Channel) -> OnChannel {
    let mut because = permission(question, channel);
    let forbidden = !because.is_empty();
    let limits: Vec<(Refusal, Action)> = own::limits(question, channel)
        .into_iter()
        .chain(caps::refusals(question, channel))
        .chain(fatigue::refusal(question, channel))
        .chain(quiet(question, channel))
        .collect();
    let decisive = |action| limits.iter().filter(move |(_, a)| *a == action);
    let skipped = decisive(Action::Skip).next().is_some();
    // Of holds the latest moment rules (rule 42); a rule that time alone cannot lift holds nothing.
    let hold = decisive(Action::Hold)
        .map(|(r, _)| r.until)
        .try_fold(None, |latest, until| Some(latest.max(Some(until?))));
    let held = decisive(Action::Hold).next().is_some();
    because.extend(limits.into_iter().map(|(refusal, _)| refusal));
    match hold {
        _ if forbidden || skipped => OnChannel::No { because },
        _ if !held => OnChannel::Go {
            overridden: because,
        },
        Some(Some(until)) => OnChannel::Later { until, because },
        _ => OnChannel::No { because },
    }
}

/// Restriction, purpose and consent, reachability, suppression list: what no word of a step can override.
fn permission(question: Question<'_>, channel: Channel) -> Vec<Refusal> {
    let Question {
        policies,
        customer,
        send,
        ..
    } = question;
    let refusal = |reason, rule: Arc<str>| Refusal {
        channel,
        reason,
        rule,
        until: None,
        zone: None,
        used_by: Vec::new(),
        pace: None,
    };
    let mut refusals = Vec::new();
    if restricted(policies, customer, &send.purpose) {
        refusals.push(refusal(Reason::Restricted, send.purpose.clone()));
    }
    if !consents(policies, customer, &send.purpose, channel) {
        refusals.push(refusal(Reason::NoConsent, send.purpose.clone()));
    }
    if !reachable(customer, channel) {
        refusals.push(refusal(Reason::Unreachable, Arc::from(channel.as_str())));
    }
    if let Some(reason) = suppressed(customer, channel) {
        refusals.push(refusal(Reason::SuppressionList, reason));
    }
    if to_a_role(policies, customer, &send.purpose, channel) {
        refusals.push(refusal(Reason::SuppressionList, Arc::from(ROLE)));
    }
    if let Some((reason, rule)) = own::forbids(question, channel) {
        refusals.push(refusal(reason, Arc::from(rule)));
    }
    refusals
}

/// Whether `purpose` is not for this customer at present, for their processing is restricted.
pub fn restricted(policies: &Policies, customer: &Customer, purpose: &str) -> bool {
    let goes = policies
        .purposes
        .get(purpose)
        .is_some_and(|p| p.while_restricted);
    customer.ledger.restricted.is_some() && !goes
}

/// What the customer does with a mail of `purpose` that is told: as much as its policy says, where they have said yes
/// themselves and do not want to be left alone. That nobody objects, or that no consent is needed, is not enough: reading along is not
/// what the mail is for.
pub fn tracked<'p>(
    policies: &'p Policies,
    customer: &Customer,
    purpose: &str,
    channel: Channel,
) -> Option<&'p BTreeSet<Track>> {
    let track = &policies.purposes.get(purpose)?.track;
    let ledger = &customer.ledger;
    let given = ledger.consents.get(purpose).and_then(|c| c.get(&channel));
    let said_yes = given.is_some_and(|c| c.state != ConsentState::Withdrawn)
        && consents(policies, customer, purpose, channel);
    let watched = ledger.preferences.personalised != Some(false);
    (said_yes && watched && !track.is_empty()).then_some(track)
}

/// Whether the customer's consents allow `purpose` on `channel`. A purpose that the policies do
/// not know is never allowed.
pub fn consents(policies: &Policies, customer: &Customer, purpose: &str, channel: Channel) -> bool {
    let Some(rule) = policies
        .purposes
        .get(purpose)
        .map(|p| p.consent_on(channel))
    else {
        return false;
    };
    let given = customer
        .ledger
        .consents
        .get(purpose)
        .and_then(|c| c.get(&channel))
        .map(|c| c.state);
    match rule {
        ConsentRule::None => true,
        ConsentRule::OptOut => given != Some(ConsentState::Withdrawn),
        ConsentRule::OptIn => {
            matches!(
                given,
                Some(ConsentState::Granted | ConsentState::Unconfirmed)
            )
        }
        ConsentRule::DoubleOptIn => given == Some(ConsentState::Granted),
    }
}

/// Whether there is an address for `channel`.
pub fn reachable(customer: &Customer, channel: Channel) -> bool {
    customer.address(channel).is_some() || customer.ledger.assumed_reachable.contains(&channel)
}

/// Why the current address of `channel` must not be used, if so. A new address lifts it.
pub fn suppressed(customer: &Customer, channel: Channel) -> Option<Arc<str>> {
    let suppression = customer.ledger.suppressed.get(&channel)?;
    let address = customer.address(channel)?;
    (address.as_text() == Some(&suppression.address)).then(|| suppression.reason.clone())
}

/// What the suppression list calls a role's mailbox.
pub const ROLE: &str = "role_address";

/// Whether the mail would go to a role and not to a person (`info@`, `postmaster@`) for a purpose that needs
/// consent: whoever reads it there has not given any, unless one was confirmed from that very mailbox.
pub fn to_a_role(
    policies: &Policies,
    customer: &Customer,
    purpose: &str,
    channel: Channel,
) -> bool {
    let rule = policies
        .purposes
        .get(purpose)
        .map(|p| p.consent_on(channel));
    if channel != Channel::Email || rule.is_none_or(|rule| rule == ConsentRule::None) {
        return false;
    }
    let consents = customer.ledger.consents.get(purpose);
    let consent = consents.and_then(|c| c.get(&channel)).map(|c| c.state);
    let address = customer.address(channel);
    let is_role = address
        .as_ref()
        .and_then(Value::as_text)
        .is_some_and(suppression::is_role);
    is_role && consent != Some(ConsentState::Granted)
}

/// Whether an address of somebody who was erased at that moment may not be written to for `purpose`: an
/// import has brought it back, and a consent from before says nothing any more. What needs no consent goes,
/// for a contract was made since; and so does what was consented to since and confirmed: imports claim
/// consents, and do not confirm them.
pub fn erased(
    policies: &Policies,
    customer: &Customer,
    purpose: &str,
    channel: Channel,
    at: Timestamp,
) -> bool {
    let rule = policies.purposes.get(purpose);
    let needs = rule.is_none_or(|p| p.consent_on(channel) != ConsentRule::None);
    let consents = customer.ledger.consents.get(purpose);
    let since = consents.and_then(|c| c.get(&channel));
    let since = since.is_some_and(|c| c.state == ConsentState::Granted && c.at > at);
    needs && !since
}

/// The quiet hours that `now` lies in.
fn quiet<'a>(
    question: Question<'a>,
    channel: Channel,
) -> impl Iterator<Item = (Refusal, Action)> + 'a {
    let Question {
        policies,
        customer,
        send,
        ..
    } = question;
    let applies = move |rule: &&QuietHours| {
        (rule.channels.is_empty() || rule.channels.contains(&channel))
            && !rule.except.contains(&send.purpose)
    };
    policies
        .quiet_hours
        .iter()
        .filter(applies)
        .filter_map(move |rule| {
            let zone = time::resolve(&rule.zone, customer, &policies.defaults);
            let until = quiet_until(rule, question, &zone.zone)?;
            let word = send.quiet.or(rule.quiet).unwrap_or(policies.defaults.quiet);
            let action = match word {
                Quiet::Hold => Action::Hold,
                Quiet::Send if permits_override(question) => Action::Override,
                Quiet::Skip | Quiet::Fallback | Quiet::Send => Action::Skip,
            };
            let refusal = Refusal {
                channel,
                reason: Reason::Quiet,
                rule: rule.name.clone(),
                until,
                zone: Some(zone.explained()),
                used_by: Vec::new(),
                pace: None,
            };
            Some((refusal, action))
        })
}

/// Until when a rule keeps quiet now; within `Some`, `None`: for longer than anybody can say. `None`: it does
/// not.
fn quiet_until(
    rule: &QuietHours,
    question: Question<'_>,
    zone: &TimeZone,
) -> Option<Option<Timestamp>> {
    let Question {
        policies,
        customer,
        now,
        ..
    } = question;
    let country = time::country_of(customer, &policies.defaults);
    let holidays = country.and_then(|country| policies.holidays.get(&country));
    let holiday = |date| holidays.is_some_and(|all| all.contains(&date));
    let on = |date| rule.on(time::weekday(date), holiday(date));
    if rule.window {
        let open = time::next_window(now, rule.from, rule.to, zone, on);
        return (open != Some(now)).then_some(open);
    }
    time::closing(now, rule.from, rule.to, zone, on).map(Some)
}

fn permits_override(question: Question<'_>) -> bool {
    question
        .policies
        .purposes
        .get(&question.send.purpose)
        .is_some_and(Purpose::permits_override)
}

/// What a used-up cap does: the send's word beats the rule's, the rule's the default (rule 42).
fn capped(question: Question<'_>, rule: Option<Capped>) -> Action {
    let word = question
        .send
        .capped
        .or(rule)
        .unwrap_or(question.policies.defaults.capped);
    match word {
        Capped::Hold => Action::Hold,
        Capped::Send if permits_override(question) => Action::Override,
        Capped::Skip | Capped::Fallback | Capped::Send => Action::Skip,
    }
}

#[cfg(test)]
mod tests;
