//! Sends behind a condition that denies the consent they need.

use super::env::branches;
use crate::{
    diagnostics::{Sink, policy},
    message::Channel,
    parse::ast::{Action, Formula, Journey, Step},
    policies::{ConsentRule, Policies},
};

/// One consent that is known not to be there.
struct Denied<'f> {
    purpose: String,
    channel: Channel,
    by: &'f Formula,
}

/// Reports messages that stand behind `not consent.PURPOSE.CHANNEL`, with nothing between that
/// could change it.
pub(super) fn check(journey: &Journey, policies: &Policies, sink: &mut Sink) {
    walk(journey, &journey.steps, policies, sink);
}

fn walk(journey: &Journey, steps: &[Step], policies: &Policies, sink: &mut Sink) {
    for step in steps {
        if let Action::Choose(arms, _) = &step.action {
            for (condition, then) in arms {
                if let Some(formula) = condition {
                    for denied in denials(formula) {
                        within(journey, then, &denied, policies, sink);
                    }
                }
            }
        }
        for list in branches(step) {
            walk(journey, list, policies, sink);
        }
    }
}

/// The consents that a condition denies: its parts between `and`, of the form `not consent.A.B`.
fn denials(formula: &Formula) -> Vec<Denied<'_>> {
    let source = formula.expr.source();
    if source.contains(" or ") || source.contains("||") || source.contains('(') {
        return Vec::new();
    }
    source
        .split(" and ")
        .flat_map(|part| part.split("&&"))
        .filter_map(|part| {
            let part = part.trim();
            let path = part
                .strip_prefix("not ")
                .or_else(|| part.strip_prefix('!'))?;
            let (purpose, channel) = path.trim().strip_prefix("consent.")?.split_once('.')?;
            Some(Denied {
                purpose: purpose.to_owned(),
                channel: channel.parse().ok()?,
                by: formula,
            })
        })
        .collect()
}

/// The steps at once behind the condition: until one waits.
fn within(
    journey: &Journey,
    steps: &[Step],
    denied: &Denied<'_>,
    policies: &Policies,
    sink: &mut Sink,
) {
    for step in steps {
        let send = match &step.action {
            Action::Send(send) => send,
            Action::Ask(ask) => &ask.send,
            Action::Set(_) | Action::Emit(..) => continue,
            _ => return,
        };
        let purpose = send.purpose.as_ref().or(journey.purpose.as_ref());
        let needs = purpose
            .filter(|p| *p.text == *denied.purpose)
            .and_then(|p| policies.purposes.get(&p.text))
            .is_some_and(|p| p.consent_on(denied.channel) != ConsentRule::None);
        let only = matches!(send.channels.as_slice(), [(channel, _)] if *channel == denied.channel);
        if needs && only {
            let place = send.channels[0].1.clone();
            sink.error(
                policy::DENIED,
                place,
                format!("this {} is never sent", denied.channel),
            )
            .labelled(format!("needs the consent for `{}`", denied.purpose))
            .shown(
                denied.by.node.span.clone(),
                "here it is known not to be there",
            )
            .noted(
                "send it by another channel or for another purpose, or turn the condition around",
            );
        }
        // A send may be held, and much can change until it goes.
        return;
    }
}
