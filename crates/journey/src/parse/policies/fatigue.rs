//! Fatigue: the pace of customers.

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;

use crate::{
    diagnostics::{policy, yaml},
    machine::Capped,
    message::Channel,
    parse::{Fields, Reader, ast::Word},
    policies::{ConsentRule, Fatigue, Heed, Purpose},
    source::{Kind, Node},
};

/// The most messages that a pace lets through, and the most in a row that it waits for.
const MOST: u32 = 100;
/// How long a complaint is remembered where nothing else is said.
const REST: SignedDuration = SignedDuration::from_hours(90 * 24);
/// What a message too many can do: nothing sends it all the same.
const CAPPED: [(&str, Capped); 3] = [
    ("skip", Capped::Skip),
    ("hold", Capped::Hold),
    ("fallback", Capped::Fallback),
];

impl Reader<'_> {
    pub(super) fn fatigue(
        &mut self,
        node: &Node,
        known: &BTreeMap<Arc<str>, Purpose>,
    ) -> Option<Fatigue> {
        let mut f = Fields::of(node, "fatigue", self)?;
        let max = f
            .need("max", "it is the number of messages that fit", self)
            .and_then(|n| self.whole(n, "the full pace", 1, MOST));
        let per = f
            .need("per", "it is the time in which messages are counted", self)
            .and_then(|n| self.some_time(n));
        let after = f
            .need(
                "after",
                "it is how many messages in a row may go unheeded before the pace halves",
                self,
            )
            .and_then(|n| self.whole(n, "the number of messages in a row", 1, MOST));
        let least_node = f.get("least");
        let least = least_node.map_or(Some(1), |n| self.whole(n, "the least pace", 1, MOST));
        let rest = f.get("rest").map_or(Some(REST), |n| self.some_time(n));
        let purposes = f
            .get("purposes")
            .map_or_else(Vec::new, |n| self.tiring(n, known));
        let channels = f.get("channels").map_or_else(
            || vec![Channel::Email],
            |n| self.channels(n).into_iter().map(|c| c.0).collect(),
        );
        let heeds = f
            .get("heeds")
            .map_or_else(|| Heed::ALL.to_vec(), |n| self.heeds(n));
        let capped = f
            .get("capped")
            .and_then(|n| self.one_of(n, "word for `capped` here", &CAPPED));
        if let (Some(max), Some(least)) = (max, least) {
            self.slows(max, least, least_node.unwrap_or(node));
        }
        f.finish(self);
        Some(Fatigue {
            max: max?,
            per: per?,
            least: least?,
            after: after?,
            rest: rest?,
            purposes,
            channels,
            heeds,
            capped,
        })
    }

    /// The least pace must be below the full one.
    fn slows(&mut self, max: u32, least: u32, place: &Node) {
        let span = self.first_line(&place.span);
        if least > max {
            self.sink
                .error(
                    policy::PACE,
                    span,
                    format!("the least pace, {least}, is more than the full one, {max}"),
                )
                .labelled(format!("from 1 to {max} messages"))
                .noted("`max` is for those who heed what they get, `least` for those who do not");
        } else if least == max {
            self.sink
                .error(policy::PACE, span, "nobody ever gets fewer messages")
                .labelled(format!("the least pace is the full one, {max}"))
                .noted("write a `least` below `max`, or a cap under `caps:`, which is the same for everybody")
                .warns();
        }
    }

    /// Purposes that need consent, on one channel at least.
    fn tiring(&mut self, node: &Node, known: &BTreeMap<Arc<str>, Purpose>) -> Vec<Arc<str>> {
        let words = self.purpose_words(node, known);
        for word in &words {
            let purpose = known.get(&word.text);
            let asks = |p: &Purpose| {
                let mut channels = Channel::ALL.into_iter();
                channels.any(|c| p.consent_on(c) != ConsentRule::None)
            };
            if purpose.is_some_and(|p| !asks(p)) {
                self.sink
                    .error(
                        policy::PACE,
                        word.span.clone(),
                        format!("`{}` needs no consent, so nothing slows it down", word.text),
                    )
                    .labelled("customers are owed it, whatever they do")
                    .noted(
                        "fatigue counts purposes that need consent; without `purposes` all of them",
                    );
            }
        }
        words.into_iter().map(|w| w.text).collect()
    }

    fn heeds(&mut self, node: &Node) -> Vec<Heed> {
        let words = Heed::ALL.map(|h| (h.as_str(), h));
        let one = |r: &mut Self, n: &Node| r.one_of(n, "way to heed a message", &words);
        match &node.kind {
            Kind::List(items) if items.is_empty() => {
                self.sink
                    .error(
                        yaml::MISSING,
                        node.span.clone(),
                        "a way to heed a message should stand here",
                    )
                    .labelled("this list is empty");
                Vec::new()
            }
            Kind::List(items) => items.iter().filter_map(|n| one(self, n)).collect(),
            _ => one(self, node).into_iter().collect(),
        }
    }

    /// A cap of that name could not be told from fatigue.
    pub(super) fn named_like_fatigue(&mut self, node: &Node, names: &[Word]) {
        let taken = names.iter().find(|w| *w.text == *crate::policy::FATIGUE);
        if let Some(cap) = taken {
            let span = self.first_line(&node.span);
            self.sink
                .error(
                    policy::TAKEN_NAME,
                    cap.span.clone(),
                    "a cap cannot be called `fatigue` beside `fatigue`",
                )
                .shown(span, "fatigue")
                .noted("the name is what support sees when a message is held back: it must say which rule it was");
        }
    }
}
