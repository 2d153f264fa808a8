//! `config/content.yaml` and `config/vouchers.yaml`.

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;

use super::{Fields, Reader, ast::Word};
use crate::{
    diagnostics::{policy, time},
    policies::Label,
    source::{Kind, Node, Pair},
    sources::{self, Source, Sources},
    vouchers::{Each, Pool, Pools},
};

/// The file's sources. One with a mistake is there all the same, so that naming it is no second mistake.
pub fn sources(root: &Node, labels: &BTreeMap<Arc<str>, Label>, r: &mut Reader<'_>) -> Sources {
    let pairs = named(root, "the sources by name", "the name of a source", r);
    let read = pairs.iter().map(|pair| {
        let source = r.source(&pair.value, labels);
        (pair.name.clone(), source)
    });
    Sources(read.collect())
}

/// The file's pools.
pub fn vouchers(root: &Node, r: &mut Reader<'_>) -> Pools {
    let pairs = named(root, "the pools by name", "the name of a pool", r);
    let read = pairs
        .iter()
        .map(|pair| (pair.name.clone(), r.pool(&pair.value)));
    Pools(read.collect())
}

/// The declarations of a file, whose names templates write: without dashes.
fn named<'n>(root: &'n Node, what: &str, name: &str, r: &mut Reader<'_>) -> &'n [Pair] {
    if root.is_empty() {
        return &[];
    }
    let Kind::Map(pairs) = &root.kind else {
        r.wrong_kind(root, what);
        return &[];
    };
    for pair in pairs {
        let word = Word {
            text: pair.name.clone(),
            span: pair.name_span.clone(),
        };
        r.named(&word, name, false);
    }
    pairs
}

impl Reader<'_> {
    fn source(&mut self, node: &Node, labels: &BTreeMap<Arc<str>, Label>) -> Source {
        let mut made = Source {
            url: Arc::from(""),
            timeout: Source::TIMEOUT,
            cache: SignedDuration::ZERO,
            default: None,
            secret: None,
            labels: None,
        };
        let Some(mut f) = Fields::of(node, "a source", self) else {
            return made;
        };
        let url = f.need(
            "url",
            "it says where: `url: https://shop.example/stock/{sku}`",
            self,
        );
        made.url = url.and_then(|n| self.pattern(n)).unwrap_or(made.url);
        let why = "a message that waits for it holds up others; what takes longer is asked by `call`, before";
        let most = Source::MAX_TIMEOUT;
        let timeout = f.get("timeout").and_then(|n| self.within(n, most, why));
        made.timeout = timeout.unwrap_or(made.timeout);
        let why = "what is older than a day is no answer to what is asked now";
        let cache = f.get("cache");
        let cache = cache.and_then(|n| self.within(n, Source::MAX_CACHE, why));
        made.cache = cache.unwrap_or(made.cache);
        made.default = f.get("default").and_then(crate::schema::sample_value);
        made.secret = f.get("secret").and_then(|n| self.variable(n));
        made.labels = f.get("labels").map(|n| self.label_names(n, labels));
        f.finish(self);
        made
    }

    /// A URL in which parameters may stand.
    fn pattern(&mut self, node: &Node) -> Option<Arc<str>> {
        let url = self.url(node)?;
        let Some(fault) = sources::fault(&url) else {
            return Some(url);
        };
        let span = node.span.clone();
        self.sink
            .error(policy::BAD_URL, span, format!("`{url}` is no URL to ask"))
            .labelled(fault);
        None
    }

    fn within(&mut self, node: &Node, most: SignedDuration, why: &str) -> Option<SignedDuration> {
        let time = self.some_time(node)?;
        if time <= most {
            return Some(time);
        }
        let span = node.span.clone();
        self.sink
            .error(time::TOO_LONG, span, "this is too long")
            .labelled(format!("{} seconds at the most", most.as_secs()))
            .noted(why);
        None
    }

    fn pool(&mut self, node: &Node) -> Pool {
        let mut made = Pool {
            each: Each::default(),
            low: 0,
        };
        if node.is_empty() {
            return made;
        }
        let Some(mut f) = Fields::of(node, "a pool", self) else {
            return made;
        };
        let words = [
            ("customer", Each::Customer),
            ("run", Each::Run),
            ("message", Each::Message),
        ];
        let each = f.get("each");
        let each = each.and_then(|n| self.one_of(n, "owner of a code", &words));
        made.each = each.unwrap_or_default();
        let low = f.get("low");
        let low = low.and_then(|n| self.whole(n, "a number of codes", 0, Pool::MAX_LOW));
        made.low = low.unwrap_or_default();
        f.finish(self);
        made
    }
}
