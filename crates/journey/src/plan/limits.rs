//! What changes in policies and templates, which hold for everybody in flight at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::Serialize;

use super::{
    diff::{Change, changes},
    facets::{Facet, Facets, duration, time, word, zone},
};
use crate::{
    diagnostic::SourceFile,
    machine::Machine,
    policies::{Basis, Cap, Fatigue, Holidays, Policies, Purpose, QuietHours, Window},
};

/// What is another now between two workspaces' policies.
pub fn policies(old: &Policies, new: &Policies) -> Vec<Change> {
    changes(&said(old), &said(new))
}

fn said(policies: &Policies) -> Vec<Facet> {
    let mut facets = Facets::default();
    for (name, purpose) in &policies.purposes {
        facets.purpose(name, purpose);
    }
    for cap in &policies.caps {
        facets.cap(cap);
    }
    for hours in &policies.quiet_hours {
        facets.quiet_hours(hours);
    }
    for (country, dates) in &policies.holidays {
        let dates: Vec<String> = dates.iter().map(ToString::to_string).collect();
        facets.add(format!("holidays of {country}"), dates.join(", "));
    }
    if let Some(group) = &policies.control_group {
        let percent = f64::from(group.basis_points) / 100.0;
        facets.add("control group", format!("{percent} %"));
        let purposes = (!group.purposes.is_empty()).then(|| group.purposes.join(", "));
        facets.maybe("control group, purposes".to_owned(), purposes);
        let salt = (!group.salt.is_empty()).then(|| group.salt.to_string());
        facets.maybe("control group, salt".to_owned(), salt);
    }
    if let Some(fatigue) = &policies.fatigue {
        facets.fatigue(fatigue);
    }
    let defaults = &policies.defaults;
    facets.maybe("default country".to_owned(), defaults.country.as_deref());
    facets.add("default zone", &*defaults.zone);
    facets.add("default locale", &*defaults.locale);
    facets.add("default capped", word(defaults.capped));
    facets.add("default quiet", word(defaults.quiet));
    facets.0
}

impl Facets {
    fn purpose(&mut self, name: &str, purpose: &Purpose) {
        let name = format!("purpose {name}");
        self.add(name.clone(), word(purpose.consent));
        for (channel, rule) in &purpose.channels {
            self.add(format!("{name}, {channel}"), word(rule));
        }
        self.maybe(
            format!("{name}, overrides"),
            purpose.overrides.map(|o| o.to_string()),
        );
        if purpose.basis != Basis::of(purpose.consent) {
            self.add(format!("{name}, basis"), purpose.basis.as_str());
        }
        let personal = purpose.personal.map(|p| p.to_string());
        self.maybe(format!("{name}, personal"), personal);
        let goes = purpose.while_restricted.then(|| "true".to_owned());
        self.maybe(format!("{name}, while restricted"), goes);
        for track in &purpose.track {
            self.add(format!("{name}, track"), word(track));
        }
    }

    fn cap(&mut self, cap: &Cap) {
        let name = format!("cap {}", cap.name);
        self.add(name.clone(), "");
        self.add(format!("{name}, max"), cap.max.to_string());
        let window = match &cap.window {
            Window::Rolling { per } => format!("{} rolling", duration(*per)),
            Window::Calendar { per, zone: of } => {
                format!("{} of the calendar, zone {}", word(per), zone(of))
            }
        };
        self.add(format!("{name}, per"), window);
        self.maybe(format!("{name}, purpose"), cap.purpose.as_deref());
        self.maybe(
            format!("{name}, channel"),
            cap.channel.map(crate::message::Channel::as_str),
        );
        self.maybe(format!("{name}, journey"), cap.journey.as_deref());
        self.maybe(format!("{name}, tag"), cap.tag.as_deref());
        self.maybe(format!("{name}, capped"), cap.capped.map(word));
    }

    fn fatigue(&mut self, fatigue: &Fatigue) {
        let listed = |words: Vec<&str>| (!words.is_empty()).then(|| words.join(", "));
        self.add("fatigue, max", fatigue.max.to_string());
        self.add("fatigue, per", duration(fatigue.per));
        self.add("fatigue, least", fatigue.least.to_string());
        self.add("fatigue, after", fatigue.after.to_string());
        self.add("fatigue, rest", duration(fatigue.rest));
        let purposes = fatigue.purposes.iter().map(|p| &**p).collect();
        self.maybe("fatigue, purposes", listed(purposes));
        let channels = fatigue.channels.iter().map(|c| c.as_str()).collect();
        self.maybe("fatigue, channels", listed(channels));
        let heeds = fatigue.heeds.iter().map(|h| h.as_str()).collect();
        self.maybe("fatigue, heeds", listed(heeds));
        self.maybe("fatigue, capped", fatigue.capped.map(word));
    }

    fn quiet_hours(&mut self, hours: &QuietHours) {
        let kind = if hours.window {
            "send window"
        } else {
            "quiet hours"
        };
        let name = format!("{kind} {}", hours.name);
        self.add(
            name.clone(),
            format!("{}-{}", time(hours.from), time(hours.to)),
        );
        let channels: Vec<_> = hours.channels.iter().map(|c| c.as_str()).collect();
        let all = || "all".to_owned();
        let channels = match channels.is_empty() {
            true => all(),
            false => channels.join(", "),
        };
        self.add(format!("{name}, channels"), channels);
        let days: Vec<String> = hours.days.iter().map(word).collect();
        self.maybe(
            format!("{name}, days"),
            (!days.is_empty()).then(|| days.join(", ")),
        );
        let holidays = (hours.holidays != Holidays::AnyDay).then(|| word(hours.holidays));
        self.maybe(format!("{name}, holidays"), holidays);
        self.add(format!("{name}, zone"), zone(&hours.zone));
        self.maybe(format!("{name}, quiet"), hours.quiet.map(word));
        let except = (!hours.except.is_empty()).then(|| hours.except.join(", "));
        self.maybe(format!("{name}, except"), except);
    }
}

/// A file of the workspace that is new, gone or another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FileState {
    /// It was not there.
    New,
    /// It has another text.
    Changed,
    /// It is not there any more.
    Removed,
}

/// A template that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TemplateChange {
    /// Its name: the folder under `templates/`.
    pub template: Arc<str>,
    /// Its files that change: the name within the folder, and how.
    pub files: BTreeMap<Arc<str>, FileState>,
    /// The journeys that send it, as they will be published.
    pub journeys: BTreeSet<Arc<str>>,
}

/// What changes among the files below `folder`, in order of path.
pub fn files<'f>(
    old: &'f [SourceFile],
    new: &'f [SourceFile],
    folder: &str,
) -> Vec<(&'f str, FileState)> {
    let below = |files: &'f [SourceFile]| -> BTreeMap<&'f str, &'f str> {
        let inside = files.iter().filter(|f| f.path.starts_with(folder));
        inside.map(|f| (&*f.path, &*f.text)).collect()
    };
    let (old, new) = (below(old), below(new));
    let all: BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
    let state = |path: &'f str| match (old.get(path), new.get(path)) {
        (None, _) => Some(FileState::New),
        (_, None) => Some(FileState::Removed),
        (a, b) => (a != b).then_some(FileState::Changed),
    };
    all.into_iter()
        .filter_map(|path| Some((path, state(path)?)))
        .collect()
}

/// What changes among templates.
pub(super) fn templates(
    old: &[SourceFile],
    new: &[SourceFile],
    machines: &[&Machine],
) -> Vec<TemplateChange> {
    let mut found: BTreeMap<&str, TemplateChange> = BTreeMap::new();
    for (path, state) in files(old, new, "templates/") {
        let inside = path.strip_prefix("templates/").unwrap_or(path);
        // What lies beside the folders is no template of its own.
        let (template, file) = inside.rsplit_once('/').unwrap_or((inside, ""));
        let change = found.entry(template).or_insert_with(|| TemplateChange {
            template: Arc::from(template),
            files: BTreeMap::new(),
            journeys: senders(machines, template),
        });
        change.files.insert(Arc::from(file), state);
    }
    found.into_values().collect()
}

fn senders(machines: &[&Machine], template: &str) -> BTreeSet<Arc<str>> {
    let sending = machines.iter();
    let sending = sending.filter(|m| sends(m).any(|(name, _)| name == template));
    sending.map(|m| m.journey.clone()).collect()
}

/// The templates and purposes of a machine's sends.
pub(super) fn sends(machine: &Machine) -> impl Iterator<Item = (&str, &str)> {
    let sends = machine.nodes.iter().filter_map(|node| node.op.send());
    sends.map(|send| (&*send.template, &*send.purpose))
}
