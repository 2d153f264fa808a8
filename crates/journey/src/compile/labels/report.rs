//! What is said where labelled data goes where it may not.

use std::{collections::BTreeSet, sync::Arc};

use super::marks::{Marks, Origin, Place};
use crate::{
    diagnostic::Diagnostic,
    diagnostics::{Sink, policy},
    message::Channel,
    policies::{Label, Policies},
};

/// Where labelled data is used.
pub(super) struct Use<'u> {
    pub(super) place: Place,
    /// What happens to it there: `told in this message`.
    pub(super) said: &'u str,
}

pub(super) struct Report<'r> {
    policies: &'r Policies,
    sink: &'r mut Sink,
    /// Once for each thing that is read and each purpose, channel or endpoint: the first use is shown.
    told: BTreeSet<(&'static str, Arc<str>, Place, String)>,
}

impl<'r> Report<'r> {
    pub(super) fn new(policies: &'r Policies, sink: &'r mut Sink) -> Self {
        Self {
            policies,
            sink,
            told: BTreeSet::new(),
        }
    }

    /// Data that is used for a purpose.
    pub(super) fn serves(&mut self, marks: &Marks, purpose: &str, used: &Use<'_>) {
        for (label, origin) in &marks.0 {
            let declared = self.policies.labels.get(label);
            if declared.is_none_or(|l| l.serves(purpose)) {
                continue;
            }
            let message = format!(
                "{} is labelled `{label}`, which is not for `{purpose}`",
                origin.what
            );
            self.error(policy::NOT_FOR, label, origin, purpose, message, used);
        }
    }

    /// Data that a message tells.
    pub(super) fn goes_out(&mut self, marks: &Marks, channel: Channel, used: &Use<'_>) {
        for (label, origin) in &marks.0 {
            let declared = self.policies.labels.get(label);
            if declared.is_none_or(|l| !l.not_in.contains(&channel)) {
                continue;
            }
            let message = format!(
                "{} is labelled `{label}`, which does not go out by {channel}",
                origin.what
            );
            let name = channel.as_str();
            self.error(policy::NOT_IN, label, origin, name, message, used);
        }
    }

    /// Data that an endpoint is told.
    pub(super) fn goes_to(&mut self, marks: &Marks, endpoint: &str, used: &Use<'_>) {
        for (label, origin) in &marks.0 {
            let declared = self.policies.labels.get(label);
            if declared.is_none_or(|l| l.goes_to(endpoint)) {
                continue;
            }
            let message = format!(
                "{} is labelled `{label}`, which is not passed on to `{endpoint}`",
                origin.what
            );
            self.error(policy::NOT_TO, label, origin, endpoint, message, used);
        }
    }

    /// Data that is kept where no label says what it is; `target`: there, and how to label it.
    pub(super) fn keeps(
        &mut self,
        marks: &Marks,
        has: &BTreeSet<Arc<str>>,
        target: (&Place, &str, &str),
        decides: bool,
    ) {
        let (place, name, cure) = target;
        for (label, origin) in marks.0.iter().filter(|(label, _)| !has.contains(*label)) {
            let key = (
                policy::UNLABELLED,
                label.clone(),
                place.clone(),
                name.to_owned(),
            );
            if !self.told.insert(key) {
                continue;
            }
            let message = format!(
                "{name} is not labelled `{label}`, and {}",
                if decides {
                    format!("{} decides about it", origin.what)
                } else {
                    format!("{} goes into it", origin.what)
                }
            );
            let file = place.file.clone();
            let found = self
                .sink
                .error_in(file, policy::UNLABELLED, place.span(), message)
                .labelled("the label is lost here");
            if origin.place != *place {
                show(found, &origin.place, origin.said);
            }
            found.noted(format!("{cure}: `labels: [{label}]`"));
        }
    }

    fn error(
        &mut self,
        code: &'static str,
        label: &Arc<str>,
        origin: &Origin,
        what: &str,
        message: String,
        used: &Use<'_>,
    ) {
        let key = (code, label.clone(), origin.place.clone(), what.to_owned());
        if !self.told.insert(key) {
            return;
        }
        let (file, span) = (origin.place.file.clone(), origin.place.span());
        let found = self.sink.error_in(file, code, span, message);
        if used.place == origin.place {
            found.labelled(used.said);
        } else {
            found.labelled(origin.said);
            show(found, &used.place, used.said);
        }
        let declared = self.policies.labels.get(label);
        found.noted(declared.map_or_else(String::new, |declared| rule(label, declared, code)));
    }
}

/// Another place, in whichever file.
fn show(found: &mut Diagnostic, place: &Place, said: &str) {
    if place.file == found.file {
        found.shown(place.span(), said);
    } else {
        found.shown_in(place.file.clone(), place.span(), said);
    }
}

/// What a label says of such uses, in a line.
fn rule(label: &str, rule: &Label, code: &str) -> String {
    let list = |names: &[Arc<str>]| match names {
        [] => "nothing".to_owned(),
        names => names.join(", "),
    };
    let allowed = match code {
        policy::NOT_IN => {
            let channels: Vec<&str> = rule.not_in.iter().map(|c| c.as_str()).collect();
            format!("is not told by {}", channels.join(", "))
        }
        policy::NOT_TO => match rule.only_to.as_deref().unwrap_or_default() {
            [] => "is passed on to no endpoint".to_owned(),
            names => format!("is passed on to {} alone", list(names)),
        },
        _ => match &rule.only_for {
            Some(purposes) => format!("is only for {}", list(purposes)),
            None => format!("is not for {}", list(&rule.not_for)),
        },
    };
    let about = rule.about.as_ref();
    let about = about.map_or_else(String::new, |about| format!(" ({about})"));
    format!("what is labelled `{label}`{about} {allowed}")
}
