//! The audit of a workspace, for whoever answers for it: journeys without an exit or a cap, purposes without
//! recent consent, and differences in who is written to ([`groups`]).

pub mod groups;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    customer::ConsentState,
    machine::{Machine, Send},
    message::Channel,
    policies::{ConsentRule, Policies},
    policy,
};

/// What a journey lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lacking {
    /// Its name.
    pub journey: Arc<str>,
    /// Nothing ends it but its last step: no `exit`, and no longest `stay`.
    pub exit: bool,
    /// What it sends that no cap counts, by purpose. Only purposes that need consent: what does not is
    /// owed to the customer, and no cap should stop it.
    pub cap: BTreeMap<Arc<str>, BTreeSet<Channel>>,
}

/// The journeys that lack something, in the order of `machines`.
pub fn lacking<'a>(
    policies: &Policies,
    machines: impl IntoIterator<Item = &'a Machine>,
) -> Vec<Lacking> {
    let each = machines.into_iter().map(|machine| Lacking {
        journey: machine.journey.clone(),
        exit: machine.exits.is_empty() && machine.stay.is_none(),
        cap: uncapped(policies, machine),
    });
    each.filter(|l| l.exit || !l.cap.is_empty()).collect()
}

fn uncapped(policies: &Policies, machine: &Machine) -> BTreeMap<Arc<str>, BTreeSet<Channel>> {
    let mut found: BTreeMap<Arc<str>, BTreeSet<Channel>> = BTreeMap::new();
    for (send, channel) in sends(machine) {
        let asked = needs(policies, &send.purpose, channel) != ConsentRule::None;
        if asked && !policy::is_capped(policies, machine, &send.purpose, channel) {
            let channels = found.entry(send.purpose.clone()).or_default();
            channels.insert(channel);
        }
    }
    found
}

fn sends(machine: &Machine) -> impl Iterator<Item = (&Send, Channel)> {
    let sends = machine.nodes.iter().filter_map(|node| node.op.send());
    sends.flat_map(|send| send.channels.iter().map(move |&channel| (send, channel)))
}

fn needs(policies: &Policies, purpose: &str, channel: Channel) -> ConsentRule {
    let purpose = policies.purposes.get(purpose);
    purpose.map_or(ConsentRule::OptIn, |p| p.consent_on(channel))
}

/// How many customers last said the same of a purpose on a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What for.
    pub purpose: Arc<str>,
    /// Where.
    pub channel: Channel,
    /// What they said.
    pub state: ConsentState,
    /// How many they are.
    pub customers: u64,
    /// How many of them said it in the time that counts as recent.
    pub recent: u64,
    /// When the last of them did.
    pub newest: Timestamp,
}

/// The consents behind what journeys send for a purpose by a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Consents {
    /// What for.
    pub purpose: Arc<str>,
    /// Where.
    pub channel: Channel,
    /// What the policies ask for.
    pub rule: ConsentRule,
    /// How many customers consent, as the rule asks.
    pub customers: u64,
    /// How many of them did so in the time that counts as recent.
    pub recent: u64,
    /// When the last of them did.
    pub newest: Option<Timestamp>,
}

/// The consents behind everything that `machines` send and that has to be consented to before, by purpose
/// and channel. One without `recent` consents is a purpose that lives off the past.
pub fn consents<'a>(
    policies: &Policies,
    machines: impl IntoIterator<Item = &'a Machine>,
    said: &[Said],
) -> Vec<Consents> {
    let mut used = BTreeSet::new();
    for machine in machines {
        used.extend(sends(machine).map(|(send, channel)| (send.purpose.clone(), channel)));
    }
    let asked = |rule| matches!(rule, ConsentRule::OptIn | ConsentRule::DoubleOptIn);
    let mut found = Vec::new();
    for (purpose, channel) in used {
        let rule = needs(policies, &purpose, channel);
        if !asked(rule) {
            continue;
        }
        let counts = |state| match state {
            ConsentState::Granted => true,
            ConsentState::Unconfirmed => rule == ConsentRule::OptIn,
            ConsentState::Withdrawn => false,
        };
        let said = said
            .iter()
            .filter(|s| s.purpose == purpose && s.channel == channel && counts(s.state));
        found.push(Consents {
            customers: said.clone().map(|s| s.customers).sum(),
            recent: said.clone().map(|s| s.recent).sum(),
            newest: said.map(|s| s.newest).max(),
            purpose,
            channel,
            rule,
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        diagnostic::SourceFile,
        workspace::{self, Workspace},
    };

    fn shop() -> Workspace {
        let journey = |name: &str, rest: &str| {
            let text = format!(
                "journey: {name}\npurpose: news\nenter: {{ event: e, again: always }}\n{rest}"
            );
            (format!("journeys/{name}/journey.yaml"), text)
        };
        let mut files = vec![
            journey(
                "bare",
                "steps:\n  - { id: a, send: [sms, push], template: hi }\n",
            ),
            journey(
                "kind",
                "exit: { event: left }\nsteps:\n  - { id: a, send: push, template: hi }\n",
            ),
            journey(
                "brief",
                "exit: [ { after: 30d } ]\nsteps:\n  - { id: a, send: sms, template: hi, purpose: orders }\n",
            ),
        ];
        for (path, text) in [
            (
                "config/policies.yaml",
                "purposes: { news: { consent: opt_in, channels: { sms: double_opt_in } }, orders: { consent: none } }
caps: [ { name: push_week, channel: push, max: 3, per: 7d, window: rolling } ]
defaults: { locale: en }
",
            ),
            ("templates/hi/sms.en.txt", "Hi. Reply STOP."),
            ("templates/hi/push.en.yaml", "title: Hi\nbody: Hi\n"),
        ] {
            files.push((path.to_owned(), text.to_owned()));
        }
        let files: Vec<SourceFile> = files
            .into_iter()
            .map(|(path, text)| SourceFile {
                path: Arc::from(path),
                text: Arc::from(text),
            })
            .collect();
        let (workspace, found) = workspace::compile(&files, &workspace::Options::default());
        workspace.unwrap_or_else(|| panic!("{found:#?}"))
    }

    fn machines(workspace: &Workspace) -> impl Iterator<Item = &Machine> {
        workspace.machines.iter().map(|m| &*m.machine)
    }

    #[test]
    fn a_journey_without_an_exit_or_a_cap_is_found() {
        let shop = shop();
        let found = lacking(&shop.policies, machines(&shop));
        let [bare] = &found[..] else {
            panic!("one alone: {found:#?}");
        };
        assert_eq!((&*bare.journey, bare.exit), ("bare", true));
        let sms = BTreeSet::from([Channel::Sms]);
        assert_eq!(
            bare.cap,
            BTreeMap::from([(Arc::from("news"), sms)]),
            "push has a cap"
        );
    }

    #[test]
    fn consents_count_as_the_purpose_asks() {
        let shop = shop();
        let said = |channel, state, customers, recent, newest: &str| Said {
            purpose: Arc::from("news"),
            channel,
            state,
            customers,
            recent,
            newest: newest.parse().unwrap(),
        };
        let (old, new) = ("2020-05-01T00:00Z", "2026-05-01T00:00Z");
        let all = [
            said(Channel::Sms, ConsentState::Granted, 4, 0, old),
            said(Channel::Sms, ConsentState::Unconfirmed, 7, 7, new),
            said(Channel::Push, ConsentState::Unconfirmed, 5, 2, new),
            said(Channel::Push, ConsentState::Granted, 3, 1, old),
            said(Channel::Push, ConsentState::Withdrawn, 9, 9, new),
            said(Channel::Email, ConsentState::Granted, 9, 9, new),
        ];
        let found = consents(&shop.policies, machines(&shop), &all);
        let told: Vec<_> = found
            .iter()
            .map(|c| (c.channel, c.customers, c.recent))
            .collect();
        assert_eq!(
            told,
            [(Channel::Sms, 4, 0), (Channel::Push, 8, 3)],
            "no mail is sent, and orders need no consent"
        );
        assert_eq!(found[0].newest, Some(old.parse().unwrap()));
        assert_eq!(found[1].newest, Some(new.parse().unwrap()));
        let nobody = consents(&shop.policies, machines(&shop), &[]);
        assert!(
            nobody
                .iter()
                .all(|c| c.customers == 0 && c.newest.is_none())
        );
    }
}
