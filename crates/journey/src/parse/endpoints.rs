//! `config/endpoints.yaml`.

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;

use super::{Fields, Reader, ast::Word};
use crate::{
    diagnostics::{policy, time, yaml},
    endpoints::{Endpoint, Endpoints},
    policies::Label,
    source::{Kind, Node},
};

/// The file's endpoints. One with a mistake is there all the same, so that naming it is no second
/// mistake.
pub fn endpoints(root: &Node, labels: &BTreeMap<Arc<str>, Label>, r: &mut Reader<'_>) -> Endpoints {
    let mut found = BTreeMap::new();
    if root.is_empty() {
        return Endpoints(found);
    }
    let Kind::Map(pairs) = &root.kind else {
        r.wrong_kind(root, "the endpoints by name");
        return Endpoints(found);
    };
    for pair in pairs {
        let word = Word {
            text: pair.name.clone(),
            span: pair.name_span.clone(),
        };
        r.named(&word, "the name of an endpoint", true);
        found.insert(pair.name.clone(), r.endpoint(&pair.value, labels));
    }
    Endpoints(found)
}

impl Reader<'_> {
    fn endpoint(&mut self, node: &Node, labels: &BTreeMap<Arc<str>, Label>) -> Endpoint {
        let mut made = Endpoint {
            url: Arc::from(""),
            inbox: false,
            timeout: Endpoint::TIMEOUT,
            retries: Endpoint::RETRIES,
            secret: None,
            labels: None,
        };
        let Some(mut f) = Fields::of(node, "an endpoint", self) else {
            return made;
        };
        f.exclude(
            "url",
            "inbox",
            "an inbox is read in the console, and nobody is called",
            self,
        );
        let inbox = f.get("inbox").and_then(|n| self.truth(n));
        made.inbox = inbox.unwrap_or(false);
        let url = if made.inbox {
            f.get("url")
        } else {
            let why = "it says where: `url: https://shop.example/vouchers`; `inbox: true` is people in the console";
            f.need("url", why, self)
        };
        made.url = url.and_then(|n| self.url(n)).unwrap_or(made.url);
        if let Some(timeout) = f.get("timeout").and_then(|n| self.attempt(n)) {
            made.timeout = timeout;
        }
        if let Some(retries) = f
            .get("retries")
            .and_then(|n| self.whole(n, "a number of retries", 0, Endpoint::MAX_RETRIES))
        {
            made.retries = retries;
        }
        made.secret = f.get("secret").and_then(|n| self.variable(n));
        made.labels = f.get("labels").map(|n| self.label_names(n, labels));
        f.finish(self);
        made
    }

    pub(super) fn url(&mut self, node: &Node) -> Option<Arc<str>> {
        let word = self.text(node, "a URL, such as `https://shop.example/vouchers`,")?;
        let rest = word
            .text
            .strip_prefix("https://")
            .or_else(|| word.text.strip_prefix("http://"));
        let host = rest.map(|r| r.split(['/', '?', '#']).next().unwrap_or_default());
        let good = host.is_some_and(|h| !h.is_empty()) && !word.text.contains(char::is_whitespace);
        if !good {
            self.sink
                .error(
                    policy::BAD_URL,
                    word.span.clone(),
                    format!("`{}` is no URL to call", word.text),
                )
                .labelled("`https://…` is expected");
            let host = word.text.split(['/', ':']).next().unwrap_or_default();
            let bare = host.contains('.') && !word.text.contains("://");
            if let Some(diagnostic) = self.sink.last(policy::BAD_URL)
                && bare
                && !word.text.contains(char::is_whitespace)
            {
                diagnostic.rewritten(format!("https://{}", word.text));
            }
        }
        good.then_some(word.text)
    }

    fn attempt(&mut self, node: &Node) -> Option<SignedDuration> {
        let timeout = self.some_time(node)?;
        if timeout <= Endpoint::MAX_TIMEOUT {
            return Some(timeout);
        }
        self.sink
            .error(
                time::TOO_LONG,
                node.span.clone(),
                "one attempt cannot take that long",
            )
            .labelled("a minute at the most")
            .noted("what takes longer is answered at once and reported by an event later");
        None
    }

    /// The name of an environment variable: secrets do not stand in files.
    pub(super) fn variable(&mut self, node: &Node) -> Option<Arc<str>> {
        let word = self.text(node, "the name of an environment variable")?;
        let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        if word.text.chars().all(allowed) {
            return Some(word.text);
        }
        self.sink
            .error(
                yaml::UNKNOWN_VALUE,
                word.span.clone(),
                "the name of an environment variable should stand here",
            )
            .labelled("capital letters, digits and `_`")
            .noted("the secret itself does not belong into a file: `secret: VOUCHERS_SECRET` reads it from the environment");
        None
    }
}
