//! The record of processing activities (GDPR, article 30), as far as the configuration of a workspace tells
//! it: for each purpose its basis, the journeys that serve it, what they read, and whom it goes to.

mod reads;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::Serialize;

use crate::{
    endpoints::Endpoint,
    machine::{Machine, Op, Send},
    message::Channel,
    policies::{Basis, ConsentRule, Fatigue, Heed, Policies, Purpose, Retention},
    schema::LabelsOf,
    workspace::Workspace,
};

/// All of a field, or of an event.
pub const ALL: &str = "*";

/// The record of one workspace.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    /// One for each purpose, by name; also those that no journey serves.
    pub purposes: Vec<Activity>,
    /// Journeys that send nothing, and what they process all the same; `None` without any.
    pub without_messages: Option<Activity>,
    /// What kind of data traits and fields of events are.
    #[serde(skip_serializing_if = "Labelled::is_empty")]
    pub labels: Labelled,
    /// How long what happened is kept.
    pub kept: Kept,
}

/// The labels of data that carry any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Labelled {
    /// By trait.
    pub traits: LabelsOf,
    /// By event and field.
    pub events: BTreeMap<Arc<str>, LabelsOf>,
}

impl Labelled {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// A trait's name as people read it, with its labels.
    pub fn trait_name(&self, name: &str) -> String {
        labelled(name, self.traits.get(name))
    }

    /// The same of an event's field.
    pub fn field_name(&self, event: &str, name: &str) -> String {
        labelled(name, self.events.get(event).and_then(|e| e.get(name)))
    }
}

/// A name with its labels: `allergies [health]`.
fn labelled(name: &str, labels: Option<&BTreeSet<Arc<str>>>) -> String {
    let labels: Vec<&str> = labels.into_iter().flatten().map(|l| &**l).collect();
    match labels.as_slice() {
        [] => name.to_owned(),
        labels => format!("{name} [{}]", labels.join(", ")),
    }
}

/// What is done for one purpose.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Activity {
    /// Its name; empty for journeys that send nothing.
    pub purpose: Arc<str>,
    /// What makes it lawful; none for journeys that send nothing.
    pub basis: Option<Basis>,
    /// What consent each channel needs.
    pub consent: BTreeMap<Channel, ConsentRule>,
    /// Whether it goes also to customers whose processing is restricted.
    pub while_restricted: bool,
    /// The journeys, by name, with their titles.
    pub journeys: BTreeMap<Arc<str>, Arc<str>>,
    /// Traits that conditions, templates and channels read.
    pub traits: BTreeSet<Arc<str>>,
    /// Fields of events that conditions and steps read, by event; `*`: all of them.
    pub events: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    /// Channels that messages leave by.
    pub channels: BTreeSet<Channel>,
    /// Endpoints that are called and content sources that are asked, by name, with their hosts.
    pub endpoints: BTreeMap<Arc<str>, Arc<str>>,
}

/// How long data of each kind are kept, as `400d`; `None`: for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Events, and what was decided on them.
    pub inputs: Option<String>,
    /// Messages.
    pub messages: Option<String>,
    /// What messages said; `None`: that is not kept.
    pub content: Option<String>,
    /// Runs that are over.
    pub runs: Option<String>,
    /// Calls of endpoints.
    pub calls: Option<String>,
}

impl Record {
    /// For which purposes each trait is read.
    pub fn uses(&self) -> BTreeMap<Arc<str>, BTreeSet<Arc<str>>> {
        let mut uses: BTreeMap<Arc<str>, BTreeSet<Arc<str>>> = BTreeMap::new();
        for activity in &self.purposes {
            for name in &activity.traits {
                let purposes = uses.entry(name.clone()).or_default();
                purposes.insert(activity.purpose.clone());
            }
        }
        uses
    }
}

/// The record of a workspace without errors.
pub fn record(workspace: &Workspace) -> Record {
    let declared = workspace.policies.purposes.iter();
    let mut purposes: BTreeMap<Arc<str>, Activity> = declared
        .map(|(name, purpose)| {
            (
                name.clone(),
                declared_as(name, purpose, &workspace.policies),
            )
        })
        .collect();
    let mut silent = Activity::default();
    for compiled in &workspace.machines {
        let machine = &compiled.machine;
        let read = reads::of(machine, &workspace.schemas);
        let sends: Vec<&Send> = machine.nodes.iter().filter_map(|n| n.op.send()).collect();
        if sends.is_empty() {
            serve(&mut silent, machine, &read, workspace);
        }
        let served: BTreeSet<&Arc<str>> = sends.iter().map(|s| &s.purpose).collect();
        for purpose in served {
            let activity = purposes.entry(purpose.clone()).or_default();
            serve(activity, machine, &read, workspace);
        }
        for send in sends {
            let activity = purposes.entry(send.purpose.clone()).or_default();
            message(activity, send, workspace);
        }
    }
    Record {
        purposes: purposes.into_values().collect(),
        labels: Labelled {
            traits: workspace.schemas.labelled_traits(),
            events: workspace.schemas.labelled_fields(),
        },
        without_messages: (!silent.journeys.is_empty()).then_some(silent),
        kept: kept(&workspace.policies.retention),
    }
}

fn declared_as(name: &Arc<str>, purpose: &Purpose, policies: &Policies) -> Activity {
    let consent = Channel::ALL.map(|channel| (channel, purpose.consent_on(channel)));
    Activity {
        purpose: name.clone(),
        basis: Some(purpose.basis),
        consent: consent.into(),
        while_restricted: purpose.while_restricted,
        events: heeded(name, policies),
        ..Activity::default()
    }
}

/// What fatigue looks at: that customers open what they are sent, and the like.
fn heeded(purpose: &str, policies: &Policies) -> BTreeMap<Arc<str>, BTreeSet<Arc<str>>> {
    let covers = |f: &&Fatigue| {
        let mut channels = Channel::ALL.into_iter();
        channels.any(|channel| f.covers(policies, purpose, channel))
    };
    let fatigue = policies.fatigue.as_ref().filter(covers);
    let heeds = fatigue.into_iter().flat_map(|f| &f.heeds);
    let events = heeds.filter_map(|heed| match heed {
        Heed::Opened => Some("message.opened"),
        Heed::Clicked => Some("message.clicked"),
        Heed::Replied => Some(crate::machine::REPLIED),
        Heed::Goal => None,
    });
    events
        .map(|event| (Arc::from(event), BTreeSet::new()))
        .collect()
}

/// What a journey does for a purpose, whichever of its messages is for it.
fn serve(activity: &mut Activity, machine: &Machine, read: &reads::Read, workspace: &Workspace) {
    let journey = (machine.journey.clone(), machine.title.clone());
    activity.journeys.extend([journey]);
    activity.traits.extend(read.traits.iter().cloned());
    for (event, fields) in &read.events {
        let known = activity.events.entry(event.clone()).or_default();
        known.extend(fields.iter().cloned());
    }
    for node in &machine.nodes {
        let (Op::Call(crate::machine::Call { endpoint, .. })
        | Op::HandOver(crate::machine::HandOver { endpoint, .. })) = &node.op
        else {
            continue;
        };
        let host = workspace.endpoints.0.get(endpoint).map(place);
        activity
            .endpoints
            .insert(endpoint.clone(), host.unwrap_or_default());
    }
}

/// What one message reads, and where it leaves by.
fn message(activity: &mut Activity, send: &Send, workspace: &Workspace) {
    // The language is chosen by it.
    activity.traits.insert(Arc::from("locale"));
    for &channel in &send.channels {
        activity.channels.insert(channel);
        activity
            .traits
            .extend(address(channel).iter().map(|t| Arc::from(*t)));
        for name in workspace.templates.variables(&send.template, channel) {
            if name == "customer" {
                activity.traits.insert(Arc::from(ALL));
            } else if let Some(rest) = name.strip_prefix("customer.") {
                activity.traits.insert(reads::first(rest));
            }
        }
        for fetched in workspace.templates.fetched(&send.template, channel) {
            let host = workspace
                .sources
                .0
                .get(fetched.source)
                .map(|s| host(&s.url));
            let host = host.unwrap_or_default();
            activity.endpoints.insert(fetched.source.clone(), host);
        }
    }
}

/// The traits that hold a channel's address.
pub(crate) fn address(channel: Channel) -> &'static [&'static str] {
    match channel {
        Channel::Email => &["email"],
        Channel::Sms => &["phone"],
        Channel::Push => &["push_token", "push_tokens"],
        Channel::Chat => &["chat_id"],
    }
}

/// Where an endpoint stands.
fn place(endpoint: &Endpoint) -> Arc<str> {
    match endpoint.inbox {
        true => Arc::from("the console's inbox"),
        false => host(&endpoint.url),
    }
}

/// Where an endpoint or a source stands: its host, without account, port and path.
fn host(url: &str) -> Arc<str> {
    let after = url.split_once("://").map_or(url, |(_, after)| after);
    let authority = after.split(['/', '?', '#']).next().unwrap_or_default();
    let place = authority.rsplit_once('@').map_or(authority, |(_, p)| p);
    let end = match place.rfind(']') {
        Some(bracket) => bracket + 1,
        None => place.find(':').unwrap_or(place.len()),
    };
    Arc::from(&place[..end])
}

fn kept(retention: &Retention) -> Kept {
    let text = |span: Option<jiff::SignedDuration>| {
        let hours = span?.as_hours();
        Some(match hours % 24 {
            0 => format!("{}d", hours / 24),
            _ => format!("{hours}h"),
        })
    };
    Kept {
        inputs: text(retention.inputs),
        messages: text(retention.messages),
        content: text(retention.content),
        runs: text(retention.runs),
        calls: text(retention.calls),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{diagnostic::SourceFile, workspace};

    fn of(files: &[(&str, &str)]) -> Record {
        let files: Vec<SourceFile> = files
            .iter()
            .map(|(path, text)| SourceFile {
                path: Arc::from(*path),
                text: Arc::from(*text),
            })
            .collect();
        let (workspace, found) = workspace::compile(&files, &workspace::Options::default());
        record(&workspace.unwrap_or_else(|| panic!("{found:#?}")))
    }

    const SHOP: [(&str, &str); 6] = [
        (
            "config/policies.yaml",
            "purposes: { news: { consent: opt_in, channels: { sms: double_opt_in } }, orders: { consent: none }, unused: { consent: none } }
retention: { inputs: 400d, calls: 36h }
fatigue: { max: 3, per: 7d, after: 4, heeds: [clicked, goal] }
defaults: { locale: en }
",
        ),
        (
            "config/endpoints.yaml",
            "vouchers: { url: https://user@vouchers.example/new }
",
        ),
        ("templates/hi/sms.en.txt", "Hi {{ customer.first_name }}, {{ code }}"),
        ("templates/paid/sms.en.txt", "Paid: {{ customer.last_order.total }}"),
        (
            "journeys/welcome/journey.yaml",
            "journey: welcome
title: Welcome
purpose: news
enter: { event: signed_up, if: event.age > 17, again: always }
exit: { event: left, if: event.really }
steps:
  - { id: code, call: vouchers, with: { city: customer.city }, save: run.code, within: 1h, else: [] }
  - { wait: { until: \"09:00\" } }
  - { id: hi, send: sms, template: hi, with: { code: run.event.plan } }
  - { id: paid, send: sms, template: paid, purpose: orders }
",
        ),
        (
            "journeys/count/journey.yaml",
            "journey: count
enter: { event: seen, again: always }
steps: [ { set: { customer.pages: event.pages } } ]
",
        ),
    ];

    fn texts(set: &BTreeSet<Arc<str>>) -> Vec<&str> {
        set.iter().map(|t| &**t).collect()
    }

    #[test]
    fn article_30_each_purpose_has_its_journeys_data_recipients_and_times() {
        let record = of(&SHOP);
        let names: Vec<&str> = record.purposes.iter().map(|p| &*p.purpose).collect();
        assert_eq!(
            names,
            ["news", "orders", "unused"],
            "also one that nobody serves"
        );
        let [news, orders, unused] = &record.purposes[..] else {
            panic!("three");
        };
        assert_eq!(news.consent[&Channel::Sms], ConsentRule::DoubleOptIn);
        assert_eq!(news.consent[&Channel::Email], ConsentRule::OptIn);
        assert_eq!(&*news.journeys["welcome"], "Welcome");
        assert_eq!(
            texts(&news.traits),
            ["city", "first_name", "locale", "phone", "timezone"]
        );
        assert_eq!(texts(&news.events["signed_up"]), ["age", "plan"]);
        assert_eq!(texts(&news.events["left"]), ["really"]);
        assert!(
            news.events.contains_key("message.clicked"),
            "fatigue looks at it"
        );
        assert!(!news.events.contains_key("message.opened"));
        assert!(
            !orders.events.contains_key("message.clicked"),
            "it needs no consent"
        );
        assert_eq!(news.channels, BTreeSet::from([Channel::Sms]));
        assert_eq!(&*news.endpoints["vouchers"], "vouchers.example");
        // The other message's template is read for its own purpose alone.
        assert!(orders.traits.contains("last_order") && !orders.traits.contains("first_name"));
        assert!(unused.journeys.is_empty() && unused.traits.is_empty());
        let silent = record.without_messages.expect("a journey without messages");
        assert_eq!(texts(&silent.events["seen"]), ["pages"]);
        assert_eq!(record.kept.inputs.as_deref(), Some("400d"));
        assert_eq!(record.kept.calls.as_deref(), Some("36h"));
        assert_eq!(record.kept.messages, None);
    }

    #[test]
    fn an_endpoint_is_named_by_its_host_alone() {
        for (url, expected) in [
            ("https://crm.example/a?b", "crm.example"),
            ("https://user:secret@crm.example:8443/", "crm.example"),
            ("http://[::1]:80/x", "[::1]"),
        ] {
            assert_eq!(&*host(url), expected);
        }
    }
}
