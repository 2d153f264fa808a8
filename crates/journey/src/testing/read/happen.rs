//! What happens in a test: events, and what the customer does with messages.

use std::sync::Arc;

use super::{Book, listed};
use crate::{
    diagnostics::{nearest, testing as codes, yaml},
    intake::MAX_NAME,
    machine::is_of_the_engine,
    parse::{Fields, ast::Word},
    source::{Kind, Node, Pair},
    testing::{
        outline, stage,
        written::{By, Happening, What},
    },
};

/// The words of which each entry has one.
const VERBS: [&str; 11] = [
    "event",
    "opens",
    "clicks",
    "delivered",
    "replies",
    "bounces",
    "complains",
    "grants",
    "withdraws",
    "hands_back",
    "starts",
];

impl Book<'_, '_> {
    /// The list of what happens.
    pub(super) fn happenings(&mut self, node: &Node) -> Vec<Happening> {
        let Kind::List(items) = &node.kind else {
            self.r.wrong_kind(
                node,
                "a list of what happens, such as `[ { event: order.placed } ]`,",
            );
            return Vec::new();
        };
        items.iter().filter_map(|n| self.happening(n)).collect()
    }

    fn happening(&mut self, node: &Node) -> Option<Happening> {
        let mut f = Fields::of(node, "an entry of `events`", self.r)?;
        let Kind::Map(pairs) = &node.kind else {
            return None;
        };
        let when = self.when(&mut f).map(|w| w.value);
        let mut verbs = pairs.iter().filter(|p| VERBS.contains(&&*p.name));
        let verb = verbs.next();
        if let (Some(verb), Some(second)) = (verb, verbs.next()) {
            self.two_verbs(verb, second);
            return None;
        }
        for word in VERBS {
            f.get(word);
        }
        let what = match verb {
            Some(pair) => self.what(pair, &mut f),
            None => self.only_traits(node, pairs, &mut f),
        };
        f.finish(self.r);
        let span = verb.or(pairs.first()).map_or_else(
            || node.span.clone(),
            |p| p.name_span.start..self.r.first_line(&p.value.span).end,
        );
        let what = what?;
        self.fits(&what, verb);
        Some(Happening { when, what, span })
    }

    fn two_verbs(&mut self, first: &Pair, second: &Pair) {
        self.r
            .sink
            .error(
                yaml::ONE_VERB,
                second.name_span.clone(),
                format!(
                    "one entry is one thing that happens: `{}` or `{}`",
                    first.name, second.name
                ),
            )
            .labelled(format!(
                "begin a new entry here: `- {{ {}: … }}`",
                second.name
            ))
            .shown(first.name_span.clone(), "this is what happens");
    }

    fn what(&mut self, pair: &Pair, f: &mut Fields<'_>) -> Option<What> {
        let node = &pair.value;
        let message = |what, step: Option<Word>, text| {
            let step = step?.text;
            Some(What::Message { what, step, text })
        };
        match &*pair.name {
            "event" => self.event(node, f),
            "opens" => message("opened", self.remembered_step(node), None),
            "clicks" => message("clicked", self.remembered_step(node), None),
            "delivered" => message("delivered", self.remembered_step(node), None),
            "replies" => self.reply(node),
            "bounces" => self.address("bounced", node),
            "complains" => self.address("complained", node),
            "hands_back" => self.hand_back(node),
            "starts" => self.starts(node),
            "grants" => self.consent_changes(node, true),
            _ => self.consent_changes(node, false),
        }
    }

    fn event(&mut self, node: &Node, f: &mut Fields<'_>) -> Option<What> {
        let fields = "the event's fields, such as `{ total: 50 }`,";
        let with = f
            .get("with")
            .map_or_else(Vec::new, |n| self.fields(n, fields));
        let traits = f.get("traits").map_or_else(Vec::new, |n| self.traits(n));
        let name = self.r.text(node, "the name of an event")?;
        if name.text.len() > MAX_NAME {
            self.r
                .sink
                .error(codes::REFUSED, name.span, "this name is too long")
                .labelled(format!("the name of an event has at most {MAX_NAME} bytes"));
            return None;
        }
        self.known_event(&name);
        let name = name.text;
        Some(What::Event { name, with, traits })
    }

    /// An event that nothing declares and nobody listens to does nothing: a slip of the pen.
    pub(super) fn known_event(&mut self, name: &Word) {
        let known = self.known;
        if known.machine.is_none() || !known.complete || is_of_the_engine(&name.text) {
            return;
        }
        let mut names: Vec<Arc<str>> = known.schemas.events().map(Arc::from).collect();
        names.extend(known.machines.values().flat_map(|m| m.listens()));
        names.sort();
        names.dedup();
        if names.contains(&name.text) {
            return;
        }
        self.r
            .sink
            .error(
                codes::NO_EVENT,
                name.span.clone(),
                format!(
                    "no journey listens to `{}`, and nothing declares it",
                    name.text
                ),
            )
            .guessed(&name.text, names.iter().map(|n| &**n))
            .noted(format!(
                "known events: {}",
                listed(names.iter().map(|n| &**n))
            ));
    }

    fn only_traits(&mut self, node: &Node, pairs: &[Pair], f: &mut Fields<'_>) -> Option<What> {
        if let Some(node) = f.get("traits") {
            return Some(What::Event {
                name: Arc::from("identify"),
                with: Vec::new(),
                traits: self.traits(node),
            });
        }
        // A misspelt word is reported as such.
        let misspelt = pairs.iter().any(|p| nearest(&p.name, VERBS).is_some());
        if !misspelt {
            let span = self.r.first_line(&node.span);
            self.r
                .sink
                .error(yaml::MISSING, span, "this entry does not say what happens")
                .noted(format!(
                    "it has `event`, `traits`, or one of: {}",
                    listed(VERBS.into_iter().skip(1))
                ));
        }
        None
    }

    /// A step that hands over, or `{ step, answer }`.
    fn hand_back(&mut self, node: &Node) -> Option<What> {
        if !matches!(node.kind, Kind::Map(_)) {
            let step = self.handing_step(node)?.text;
            return Some(What::HandsBack { step, answer: None });
        }
        let mut f = Fields::of(node, "a hand-back", self.r)?;
        let step = f
            .need("step", "it says which step had handed over", self.r)
            .and_then(|n| self.handing_step(n));
        let answer = f.get("answer").and_then(|n| self.value(n));
        f.finish(self.r);
        Some(What::HandsBack {
            step: step?.text,
            answer,
        })
    }

    /// The fields with which the shop starts the journey.
    fn starts(&mut self, node: &Node) -> Option<What> {
        let with = self.fields(
            node,
            "what the journey is started with, such as `{ cart_id: c1 }`,",
        );
        let closed = self
            .known
            .machine
            .is_some_and(|m| !outline::can_be_started(m));
        if closed {
            let span = self.r.first_line(&node.span);
            self.contradiction(&span, "this journey cannot be started from outside")
                .noted("a journey that can be has `enter: { api: true }`, alone or in its list of entries");
        }
        Some(What::Starts { with })
    }

    /// What the customer writes, or `{ to: STEP, text: … }`.
    fn reply(&mut self, node: &Node) -> Option<What> {
        if !matches!(node.kind, Kind::Map(_)) {
            let text = self.r.text(node, "what the customer writes")?.text;
            return Some(What::Writes { text });
        }
        let mut f = Fields::of(node, "a reply", self.r)?;
        let step = f
            .need("to", "it says which step's message is answered", self.r)
            .and_then(|n| self.remembered_step(n));
        let text = f
            .get("text")
            .and_then(|n| self.r.text(n, "what the customer writes"));
        f.finish(self.r);
        Some(What::Message {
            what: "replied",
            step: step?.text,
            text: text.map(|t| t.text),
        })
    }

    /// A channel, or the step whose message came back.
    fn address(&mut self, what: &'static str, node: &Node) -> Option<What> {
        let word = self.r.text(node, "a channel, or a step that sends,")?;
        if let Ok(channel) = word.text.parse() {
            let by = By::Channel(channel);
            return Some(What::Address { what, by });
        }
        self.sends(&word);
        let by = By::Step(word.text);
        Some(What::Address { what, by })
    }

    /// A purpose, or `{ purpose, channels, confirmed }`.
    fn consent_changes(&mut self, node: &Node, granted: bool) -> Option<What> {
        let (mut channels, mut confirmed) = (Vec::new(), true);
        let purpose = if matches!(node.kind, Kind::Map(_)) {
            let mut f = Fields::of(node, "a consent", self.r)?;
            let purpose = f.need("purpose", "it says what the consent is for", self.r);
            if let Some(node) = f.get("channels") {
                channels = self.all_or_some(node);
            }
            if granted && let Some(node) = f.get("confirmed") {
                confirmed = self.r.truth(node)?;
            }
            f.finish(self.r);
            self.r.text(purpose?, "a purpose")?
        } else {
            self.r.text(node, "a purpose")?
        };
        self.r
            .known_purpose(&purpose, &self.known.policies.purposes);
        Some(What::Consent {
            granted,
            purpose: purpose.text,
            channels,
            confirmed,
        })
    }

    /// Reports an event that intake would refuse, as far as that can be told beforehand.
    fn fits(&mut self, what: &What, verb: Option<&Pair>) {
        let (What::Event { name, with, .. }, Some(verb)) = (what, verb) else {
            return;
        };
        let Some(why) = stage::refused_event(self.known.schemas, name, with) else {
            return;
        };
        self.r
            .sink
            .error(
                codes::REFUSED,
                verb.value.span.clone(),
                format!("the schema of `{name}` refuses this event"),
            )
            .labelled(why)
            .noted(format!("config/events/{name}.yaml says what such an event holds; in production it would be refused"));
    }
}
