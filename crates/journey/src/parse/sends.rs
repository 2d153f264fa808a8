//! Sends, and the words that they share with policies.

use super::{
    Fields, Reader,
    ast::{Given, Send, Word},
    foreign::meant,
};
use crate::{
    diagnostics::{policy, yaml},
    machine::{Capped, Quiet},
    message::Channel,
    source::{Kind, Node, Pair, Span},
};

const CAPPED: [(&str, Capped); 4] = [
    ("skip", Capped::Skip),
    ("hold", Capped::Hold),
    ("fallback", Capped::Fallback),
    ("send", Capped::Send),
];
const QUIET: [(&str, Quiet); 4] = [
    ("skip", Quiet::Skip),
    ("hold", Quiet::Hold),
    ("fallback", Quiet::Fallback),
    ("send", Quiet::Send),
];

/// The names of fields.
fn names(node: &Node) -> Option<Vec<Word>> {
    let Kind::Map(pairs) = &node.kind else {
        return None;
    };
    let word = |pair: &Pair| Word {
        text: pair.name.clone(),
        span: pair.name_span.clone(),
    };
    Some(pairs.iter().map(word).collect())
}

impl Reader<'_> {
    pub(super) fn send(&mut self, node: &Node, f: &mut Fields<'_>) -> Send {
        let channels = self.channels(node);
        let template = f
            .need(
                "template",
                "it is the folder under `templates/` that holds the message",
                self,
            )
            .and_then(|n| self.text(n, "the name of a template"));
        Send {
            channels,
            template,
            with: f.get("with").and_then(|n| match &n.kind {
                Kind::Map(_) | Kind::Bad => self.given(n),
                _ => {
                    self.wrong_kind(n, "named values, such as `{ code: run.code }`,");
                    None
                }
            }),
            fields: f.get("with").map_or(Some(Vec::new()), names),
            purpose: f.get("purpose").and_then(|n| self.text(n, "a purpose")),
            capped: f
                .get("capped")
                .and_then(|n| Some((self.capped(n)?, n.span.clone()))),
            quiet: f
                .get("quiet")
                .and_then(|n| Some((self.quiet(n)?, n.span.clone()))),
            expires: f.get("expires").and_then(|n| self.some_time(n)),
            key: f.get("key").and_then(|n| self.send_key(n)),
        }
    }

    /// Rule 3 makes a key that is no expression text: it would be the same for everything.
    fn send_key(&mut self, node: &Node) -> Option<Given> {
        let given = match &node.kind {
            Kind::Scalar(_) => self.given(node),
            _ => {
                self.wrong_kind(node, "a key, such as `run.event.order_id`,");
                None
            }
        };
        given.filter(|g| !matches!(g, Given::Literal(crate::value::Value::Null)))
    }

    /// One channel or several.
    pub(crate) fn channels(&mut self, node: &Node) -> Vec<(Channel, Span)> {
        let nodes = match &node.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        if nodes.is_empty() {
            self.sink
                .error(
                    yaml::MISSING,
                    node.span.clone(),
                    "a channel should stand here",
                )
                .labelled("this list is empty");
        }
        let mut found: Vec<(Channel, Span)> = Vec::new();
        for node in nodes {
            let Some(channel) = self.channel(node) else {
                continue;
            };
            if let Some((_, first)) = found.iter().find(|c| c.0 == channel) {
                let first = first.clone();
                self.sink
                    .error(
                        policy::TAKEN_NAME,
                        node.span.clone(),
                        format!("`{channel}` is listed twice"),
                    )
                    .labelled("the second time")
                    .shown(first, "the first time");
                continue;
            }
            found.push((channel, node.span.clone()));
        }
        found
    }

    /// What to write for `mail` or `email, sms`: to what was reported last.
    fn offer_channels(&mut self, node: &Node) {
        let Some(text) = node.scalar().map(|s| s.text.trim().to_owned()) else {
            return;
        };
        let names = Channel::ALL.map(Channel::as_str);
        let parts: Option<Vec<&str>> = text
            .split([',', '/', '+', ' '])
            .filter(|p| !p.is_empty() && !["and", "or", "then"].contains(p))
            .map(|part| {
                names
                    .into_iter()
                    .find(|n| *n == part)
                    .or_else(|| meant(part, &names))
            })
            .collect();
        let (Some(parts), Some(diagnostic)) = (parts, self.sink.last(yaml::UNKNOWN_VALUE)) else {
            return;
        };
        match parts.as_slice() {
            [] => {}
            [one] => drop(diagnostic.offered(Some(one))),
            several => drop(diagnostic.rewritten(format!("[{}]", several.join(", ")))),
        }
    }

    /// One channel.
    pub(crate) fn channel(&mut self, node: &Node) -> Option<Channel> {
        let found = self.one_of(node, "channel", &Channel::ALL.map(|c| (c.as_str(), c)));
        if found.is_none() {
            self.offer_channels(node);
        }
        found
    }

    /// `capped`'s words.
    pub(crate) fn capped(&mut self, node: &Node) -> Option<Capped> {
        self.one_of(node, "word for `capped`", &CAPPED)
    }

    /// `quiet`'s words.
    pub(crate) fn quiet(&mut self, node: &Node) -> Option<Quiet> {
        self.one_of(node, "word for `quiet`", &QUIET)
    }
}
