//! The customer of a test: traits, consents, and what they were sent before.

use std::sync::Arc;

use super::{Book, nodes};
use crate::{
    customer::ConsentState,
    diagnostics::testing as codes,
    expr::{Operand, types::Type},
    intake::MAX_ID,
    message::Channel,
    parse::{Fields, ast::Word},
    source::{Kind, Node, Pair},
    testing::{
        stage,
        written::{Consents, Past, Person},
    },
};

/// The fields of a customer that are no traits.
const OWN: [&str; 6] = ["id", "consent", "sent", "reachable", "control", "traits"];

const STATES: [(&str, ConsentState); 3] = [
    ("granted", ConsentState::Granted),
    ("unconfirmed", ConsentState::Unconfirmed),
    ("withdrawn", ConsentState::Withdrawn),
];

impl Book<'_, '_> {
    /// `{ id, consent, sent, reachable, control, traits }`; whatever else stands there is a trait.
    pub(super) fn customer(&mut self, node: &Node) -> Person {
        let mut person = Person::default();
        let Some(mut f) = Fields::of(node, "a customer", self.r) else {
            return person;
        };
        person.id = f.get("id").and_then(|n| self.id(n));
        person.consents = f.get("consent").map_or_else(Vec::new, |n| self.consents(n));
        person.sent = f.get("sent").map_or_else(Vec::new, |n| self.past(n));
        person.reachable = f.get("reachable").map(|n| self.reachable(n));
        person.control = f
            .get("control")
            .and_then(|n| self.r.truth(n))
            .unwrap_or(false);
        person.traits = f.get("traits").map_or_else(Vec::new, |n| self.traits(n));
        if let Kind::Map(pairs) = &node.kind {
            let traits = pairs.iter().filter(|p| !OWN.contains(&&*p.name));
            person.traits.extend(traits.filter_map(|p| self.a_trait(p)));
        }
        person
    }

    fn id(&mut self, node: &Node) -> Option<Arc<str>> {
        let word = self.r.text(node, "the customer's id")?;
        if word.text.len() > MAX_ID {
            self.r
                .sink
                .error(codes::REFUSED, word.span, "this id is too long")
                .labelled(format!("an id has at most {MAX_ID} bytes"));
            return None;
        }
        Some(word.text)
    }

    /// Named traits.
    pub(super) fn traits(&mut self, node: &Node) -> Vec<(Arc<str>, Operand)> {
        match &node.kind {
            Kind::Map(pairs) => pairs.iter().filter_map(|p| self.a_trait(p)).collect(),
            _ => {
                self.r
                    .wrong_kind(node, "traits by name, such as `{ country: FR }`,");
                Vec::new()
            }
        }
    }

    fn a_trait(&mut self, pair: &Pair) -> Option<(Arc<str>, Operand)> {
        self.known_trait(pair);
        // Written and empty: there is no such address.
        let value = if pair.value.is_empty() {
            Operand::Literal(crate::value::Value::Null)
        } else {
            self.value(&pair.value)?
        };
        if let Operand::Literal(value) = &value
            && let Some(why) = stage::refused_trait(self.known.schemas, &pair.name, value)
        {
            let span = self.r.first_line(&pair.value.span);
            self.r
                .sink
                .error(
                    codes::REFUSED,
                    span,
                    "the schema of traits refuses this value",
                )
                .labelled(why)
                .noted("config/traits.yaml says what a trait can be");
        }
        Some((pair.name.clone(), value))
    }

    fn known_trait(&mut self, pair: &Pair) {
        let Type::Map {
            fields,
            open: false,
        } = self.known.schemas.traits()
        else {
            return;
        };
        let set = self
            .known
            .machine
            .is_some_and(|m| stage::sets_trait(m, &pair.name));
        if fields.contains_key(&pair.name) || set {
            return;
        }
        let names = fields.keys().map(|k| &**k).chain(OWN);
        self.r
            .sink
            .error(
                "J103",
                pair.name_span.clone(),
                format!("there is no trait `{}`", pair.name),
            )
            .guessed(&pair.name, names)
            .noted("config/traits.yaml lists the traits of a customer");
    }

    /// `{ marketing: [email, sms] }`, `{ marketing: all }` or `{ marketing: { email: unconfirmed } }`.
    fn consents(&mut self, node: &Node) -> Vec<(Arc<str>, Consents)> {
        let Kind::Map(pairs) = &node.kind else {
            self.r.wrong_kind(
                node,
                "consents by purpose, such as `{ marketing: [email] }`,",
            );
            return Vec::new();
        };
        pairs
            .iter()
            .map(|pair| (pair.name.clone(), self.consent(pair)))
            .collect()
    }

    fn consent(&mut self, pair: &Pair) -> Consents {
        let word = Word {
            text: pair.name.clone(),
            span: pair.name_span.clone(),
        };
        self.r.known_purpose(&word, &self.known.policies.purposes);
        match &pair.value.kind {
            Kind::Map(channels) => channels.iter().filter_map(|p| self.state(p)).collect(),
            _ => {
                let channels = self.all_or_some(&pair.value);
                channels
                    .into_iter()
                    .map(|c| (c, ConsentState::Granted))
                    .collect()
            }
        }
    }

    fn state(&mut self, pair: &Pair) -> Option<(Channel, ConsentState)> {
        let state = self.r.one_of(&pair.value, "state of a consent", &STATES)?;
        let Ok(channel) = pair.name.parse() else {
            let channels = Channel::ALL.map(Channel::as_str);
            self.r
                .sink
                .error(
                    crate::diagnostics::yaml::UNKNOWN_VALUE,
                    pair.name_span.clone(),
                    format!("`{}` is no channel", pair.name),
                )
                .guessed(&pair.name, channels)
                .noted(format!("it can be {}", channels.join(", ")));
            return None;
        };
        Some((channel, state))
    }

    /// `all`, one channel, or a list of them; a list may be empty.
    pub(super) fn all_or_some(&mut self, node: &Node) -> Vec<Channel> {
        match &node.kind {
            Kind::Scalar(s) if &*s.text == "all" => Channel::ALL.to_vec(),
            Kind::List(items) if items.is_empty() => Vec::new(),
            _ => self.r.channels(node).into_iter().map(|c| c.0).collect(),
        }
    }

    fn reachable(&mut self, node: &Node) -> Vec<Channel> {
        match &node.kind {
            Kind::Scalar(s) if &*s.text == "none" => Vec::new(),
            _ => self.all_or_some(node),
        }
    }

    fn past(&mut self, node: &Node) -> Vec<Past> {
        nodes(node)
            .iter()
            .filter_map(|n| self.past_message(n))
            .collect()
    }

    fn past_message(&mut self, node: &Node) -> Option<Past> {
        let mut f = Fields::of(node, "a message of before", self.r)?;
        let channel = f
            .need(
                "channel",
                "it says how the message went: `channel: email`",
                self.r,
            )
            .and_then(|n| self.r.channel(n));
        let purpose = f
            .need(
                "purpose",
                "it says what the message was for: `purpose: marketing`",
                self.r,
            )
            .and_then(|n| self.r.text(n, "a purpose"));
        let ago = f
            .need(
                "ago",
                "it says how long before the test it went: `ago: 2d`",
                self.r,
            )
            .and_then(|n| self.r.duration(n));
        let journey = f
            .get("journey")
            .and_then(|n| self.r.text(n, "the name of a journey"));
        let heeded = f.get("heeded").and_then(|n| self.r.truth(n));
        f.finish(self.r);
        if let Some(purpose) = &purpose {
            self.r.known_purpose(purpose, &self.known.policies.purposes);
        }
        Some(Past {
            channel: channel?,
            purpose: purpose?.text,
            ago: ago?,
            journey: journey.map(|j| j.text),
            heeded: heeded.unwrap_or(false),
        })
    }
}
