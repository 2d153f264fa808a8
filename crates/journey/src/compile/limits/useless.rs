//! Policies that can never apply, or never let anything through: looked at over the whole workspace.

use std::{collections::BTreeSet, sync::Arc};

use jiff::civil;

use crate::{
    diagnostics::{Sink, policy},
    machine::{Machine, Quiet, Send},
    message::Channel,
    policies::{Cap, ConsentRule, Holidays, Policies, QuietHours, Window},
    source::{Kind, Node, Span},
};

/// One message that some journey may send.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Sent {
    purpose: Arc<str>,
    channel: Channel,
    journey: Arc<str>,
    tags: Vec<Arc<str>>,
    /// Whether quiet hours hold it where they do not say themselves.
    held: bool,
}

/// Reports caps and quiet hours that no message of any journey meets though their purposes and
/// channels are in use, caps that another makes
/// useless, and quiet hours that never end. `root`: the policies' file.
pub fn check<'m>(
    root: &Node,
    policies: &Policies,
    machines: impl IntoIterator<Item = &'m Machine>,
    sink: &mut Sink,
) {
    let sent: BTreeSet<Sent> = machines
        .into_iter()
        .flat_map(|m| messages(m, policies))
        .collect();
    if sent.is_empty() {
        return;
    }
    for (n, cap) in policies.caps.iter().enumerate() {
        let Some(place) = place(root, "caps", &cap.name) else {
            continue;
        };
        if !sent.iter().any(|s| counts(cap, s, policies)) {
            if !awaits(cap, &sent) {
                never(place, "this cap never counts anything", sink);
            }
        } else if let Some(other) = stricter(cap, n, &policies.caps) {
            useless(place, other, sink);
        }
    }
    for quiet in &policies.quiet_hours {
        // Of purposes that are only declared there may be messages tomorrow.
        let mut purposes = policies.purposes.keys();
        if let Some(place) = place(root, "quiet_hours", &quiet.name)
            && purposes.all(|p| quiet.except.contains(p))
        {
            never(place, "these quiet hours never keep anything quiet", sink);
        }
    }
    all_day(root, policies, &sent, sink);
}

/// Whether nothing is wrong with a cap that counts no message: it says too little to be a mistake, or
/// is about a purpose or a channel of which none is sent at all, and waits for the journeys to come.
fn awaits(cap: &Cap, sent: &BTreeSet<Sent>) -> bool {
    let precise = cap.journey.is_some() || cap.tag.is_some() || cap.purpose.is_some();
    !precise
        || cap
            .purpose
            .as_ref()
            .is_some_and(|p| !sent.iter().any(|s| s.purpose == *p))
        || cap
            .channel
            .is_some_and(|c| !sent.iter().any(|s| s.channel == c))
}

fn messages<'m>(machine: &'m Machine, policies: &'m Policies) -> Vec<Sent> {
    let sends = machine.nodes.iter().filter_map(|node| node.op.send());
    sends
        .flat_map(|send: &Send| {
            send.channels.iter().map(move |channel| Sent {
                purpose: send.purpose.clone(),
                channel: *channel,
                journey: machine.journey.clone(),
                tags: machine.tags.clone(),
                held: send.quiet.unwrap_or(policies.defaults.quiet) == Quiet::Hold,
            })
        })
        .collect()
}

fn counts(cap: &Cap, sent: &Sent, policies: &Policies) -> bool {
    let purpose = match &cap.purpose {
        Some(purpose) => *purpose == sent.purpose,
        None => policies
            .purposes
            .get(&sent.purpose)
            .is_some_and(|p| p.consent_on(sent.channel) != ConsentRule::None),
    };
    purpose
        && cap.channel.is_none_or(|c| c == sent.channel)
        && cap.journey.as_ref().is_none_or(|j| *j == sent.journey)
        && cap.tag.as_ref().is_none_or(|t| sent.tags.contains(t))
}

fn touches(quiet: &QuietHours, sent: &Sent) -> bool {
    (quiet.channels.is_empty() || quiet.channels.contains(&sent.channel))
        && !quiet.except.contains(&sent.purpose)
}

/// Another cap of the same filters that lets no more through in no less time.
fn stricter<'c>(cap: &Cap, number: usize, all: &'c [Cap]) -> Option<&'c Cap> {
    let filters = |c: &Cap| {
        (
            c.purpose.clone(),
            c.channel,
            c.journey.clone(),
            c.tag.clone(),
        )
    };
    let Window::Rolling { per } = &cap.window else {
        return None;
    };
    all.iter().enumerate().find_map(|(n, other)| {
        let Window::Rolling { per: longer } = &other.window else {
            return None;
        };
        let same = n != number && filters(cap) == filters(other) && cap.capped == other.capped;
        let covers = other.max <= cap.max && longer >= per;
        // Of two that are equal, the second is one too many.
        let equal = other.max == cap.max && longer == per;
        (same && covers && (!equal || n < number)).then_some(other)
    })
}

/// Quiet hours that together leave a channel and purpose no minute of the day.
fn all_day(root: &Node, policies: &Policies, sent: &BTreeSet<Sent>, sink: &mut Sink) {
    let mut reported = BTreeSet::new();
    for message in sent {
        let touching: Vec<&QuietHours> = policies
            .quiet_hours
            .iter()
            .filter(|q| touches(q, message))
            .filter(|q| q.quiet.map_or(message.held, |w| w == Quiet::Hold))
            .collect();
        // On some days other times are left.
        let daily =
            |q: &&QuietHours| !q.window && q.days.is_empty() && q.holidays == Holidays::AnyDay;
        let touching: Vec<&QuietHours> = touching.into_iter().filter(daily).collect();
        let Some(last) = touching.last() else {
            continue;
        };
        let one_clock = touching.iter().all(|q| q.zone == last.zone);
        if !one_clock || !covers_a_day(&touching) || !reported.insert(last.name.clone()) {
            continue;
        }
        if let Some(place) = place(root, "quiet_hours", &last.name) {
            let names: Vec<&str> = touching.iter().map(|q| &*q.name).collect();
            sink.error(
                policy::QUIET_ALL_DAY,
                place,
                format!("{} for {} is never sent", message.channel, message.purpose),
            )
            .labelled("with these, no time of the day is left")
            .noted(format!(
                "quiet hours that hold it: {}; what they hold would wait for ever",
                names.join(", ")
            ));
        }
    }
}

fn covers_a_day(quiet: &[&QuietHours]) -> bool {
    let minute = |t: civil::Time| i32::from(t.hour()) * 60 + i32::from(t.minute());
    (0..24 * 60).all(|now| {
        quiet.iter().any(|q| {
            let (from, to) = (minute(q.from), minute(q.to));
            if from < to {
                (from..to).contains(&now)
            } else {
                now >= from || now < to
            }
        })
    })
}

/// Where the policy of that name stands: its name.
fn place(root: &Node, list: &str, name: &str) -> Option<Span> {
    let Kind::List(items) = &root.get(list)?.kind else {
        return None;
    };
    items
        .iter()
        .filter_map(|item| item.get("name"))
        .find(|node| node.scalar().is_some_and(|s| s.text.trim() == name))
        .map(|node| node.span.clone())
}

fn never(place: Span, message: &str, sink: &mut Sink) {
    sink.error(policy::NEVER_APPLIES, place, message)
        .labelled("no journey sends such a message")
        .noted("its purpose, channel, journey or tag fits no `send` of this workspace: take it out, or mend it")
        .warns();
}

fn useless(place: Span, other: &Cap, sink: &mut Sink) {
    sink.error(
        policy::USELESS_CAP,
        place,
        format!("`{}` stops everything before this cap does", other.name),
    )
    .labelled("never the one that refuses")
    .noted("it counts the same messages, and lets no more of them through in no less time: take one of the two out")
    .warns();
}
