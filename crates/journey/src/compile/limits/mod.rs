//! What sends say about caps and quiet hours, and what caps say about journeys.

pub(super) mod rounds;
pub(super) mod too_close;
pub mod useless;

use std::{collections::BTreeSet, sync::Arc};

use super::World;
use crate::{
    diagnostics::{Sink, policy},
    machine::{Capped, Quiet},
    parse::{
        Reader,
        ast::{By, Journey, Send, Word},
    },
    source::{Kind, Node, Span},
};

/// Checks the words `capped` and `quiet` of a send.
pub(super) fn check(send: &Send, purpose: Option<&Word>, world: World<'_>, r: &mut Reader<'_>) {
    let capped = send.capped.as_ref();
    let quiet = send.quiet.as_ref();
    let overriding = [
        (
            "capped",
            capped.filter(|c| c.0 == Capped::Send).map(|c| &c.1),
        ),
        ("quiet", quiet.filter(|q| q.0 == Quiet::Send).map(|q| &q.1)),
    ];
    for (word, place) in overriding {
        if let (Some(place), Some(purpose)) = (place, purpose) {
            overrides(word, place, purpose, world, r);
        }
    }
    let falling = [
        (
            "capped",
            capped.filter(|c| c.0 == Capped::Fallback).map(|c| &c.1),
        ),
        (
            "quiet",
            quiet.filter(|q| q.0 == Quiet::Fallback).map(|q| &q.1),
        ),
    ];
    for (word, place) in falling {
        if let (Some(place), [(channel, only)]) = (place, send.channels.as_slice()) {
            r.sink
                .error(
                    policy::NO_FALLBACK,
                    place.clone(),
                    "there is no next channel to fall back to",
                )
                .labelled(format!("the same as `{word}: skip` here"))
                .shown(only.clone(), "the only channel")
                .noted(format!(
                    "list others behind it, such as `[{channel}, …]`, or write `skip`"
                ))
                .warns();
        }
    }
}

fn overrides(word: &str, place: &Span, purpose: &Word, world: World<'_>, r: &mut Reader<'_>) {
    let known = world.policies.purposes.get(&purpose.text);
    if known.is_none_or(crate::policies::Purpose::permits_override) {
        return;
    }
    r.sink
        .error(
            policy::NO_OVERRIDE,
            place.clone(),
            format!("messages for `{}` cannot go past the limits", purpose.text),
        )
        .labelled(format!("`{word}: send` is not allowed for this purpose"))
        .shown(purpose.span.clone(), "the purpose")
        .noted("by default only purposes without consent may; config/policies.yaml can say `overrides: true` for another");
}

/// The journeys of a workspace, as far as caps can name them.
#[derive(Debug, Default)]
pub struct Names {
    journeys: BTreeSet<Arc<str>>,
    /// Those that `start` and the API can start.
    startable: BTreeSet<Arc<str>>,
    tags: BTreeSet<Arc<str>>,
    /// The events that journeys make.
    emitted: BTreeSet<Arc<str>>,
    /// Whether some journey could not be read.
    unread: bool,
}

impl Names {
    /// Adds a journey; `None`: one that could not be read.
    pub fn add(&mut self, journey: Option<&Journey>) {
        let name = journey.and_then(|j| j.name.as_ref());
        self.journeys.extend(name.map(|n| n.text.clone()));
        let tags = journey.into_iter().flat_map(|j| &j.tags);
        self.tags.extend(tags.map(|t| t.text.clone()));
        let api = |j: &Journey| {
            j.entries
                .iter()
                .any(|e| matches!(e.by, Some(By::Api) | None))
        };
        self.startable.extend(
            name.filter(|_| journey.is_some_and(api))
                .map(|n| n.text.clone()),
        );
        let steps = journey.map_or(&[][..], |j| &j.steps);
        self.emitted.extend(super::env::emitted(steps));
        self.unread |= name.is_none();
    }

    /// Whether some journey makes that event, or may.
    pub(super) fn emits(&self, event: &str) -> bool {
        self.unread || self.emitted.contains(event)
    }

    /// Whether there is a journey of that name, or may be one.
    pub(super) fn has(&self, journey: &str) -> bool {
        self.unread || self.journeys.contains(journey)
    }

    /// Whether that journey has an entry by `start`.
    pub(super) fn starts(&self, journey: &str) -> bool {
        self.startable.contains(journey) || !self.journeys.contains(journey)
    }

    /// The journeys' names, in order.
    pub(super) fn journeys(&self) -> impl Iterator<Item = &str> {
        self.journeys.iter().map(|j| &**j)
    }

    /// Whether all journeys are known, and there are any.
    pub fn complete(&self) -> bool {
        !self.unread && !self.journeys.is_empty()
    }
}

/// Caps of `config/policies.yaml` that name journeys or tags that no file has.
pub fn strangers(policies: &Node, names: &Names, sink: &mut Sink) {
    let Some(Kind::List(caps)) = policies.get("caps").map(|c| &c.kind) else {
        return;
    };
    for cap in caps {
        stranger(cap.get("journey"), "journey", &names.journeys, sink);
        stranger(cap.get("tag"), "tag", &names.tags, sink);
    }
}

fn stranger(named: Option<&Node>, what: &str, known: &BTreeSet<Arc<str>>, sink: &mut Sink) {
    let Some((node, scalar)) = named.and_then(|n| Some((n, n.scalar()?))) else {
        return;
    };
    let name = scalar.text.trim();
    if known.contains(name) {
        return;
    }
    let all: Vec<&str> = known.iter().map(|k| &**k).collect();
    let message = match what {
        "tag" => format!("no journey has the tag `{name}`"),
        _ => format!("no journey is called `{name}`"),
    };
    let diagnostic = sink
        .error(policy::STRANGER, node.span.clone(), message)
        .labelled("this cap never counts anything")
        .guessed(name, all.iter().copied());
    if !all.is_empty() {
        diagnostic.noted(format!("there are: {}", all.join(", ")));
    }
}
