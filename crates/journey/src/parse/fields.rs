//! A map read field by field; what is left over is unknown.

use super::{
    Reader,
    foreign::{called, is_ours, meant},
};
use crate::{
    diagnostics::yaml,
    source::{Kind, Node, Pair, Span, is_else_if},
};

/// What may be little more than an event.
const EVENTS: [&str; 4] = ["a `wait_for`", "an entry", "a goal", "an exit"];

/// What is often written as the one field that matters: which, and what such values begin with.
const SHORT: [(&str, &str, &[&str]); 2] = [
    (
        "a purpose",
        "consent",
        &["opt_in", "opt_out", "double_opt_in", "none"],
    ),
    ("an endpoint", "url", &["https://", "http://"]),
];

/// The fields of one map.
pub(crate) struct Fields<'n> {
    /// What the map is, for messages: `a journey`, `a send`.
    what: &'static str,
    pairs: &'n [Pair],
    span: Span,
    asked: Vec<&'static str>,
    /// Words that were reported: not offered to anybody.
    later: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// The fields of `node`, or `None` (reported) where it is no map.
    pub(crate) fn of(node: &'n Node, what: &'static str, r: &mut Reader<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Map(pairs) => Some(Self {
                what,
                pairs,
                span: node.span.clone(),
                asked: Vec::new(),
                later: Vec::new(),
            }),
            _ => {
                r.wrong_kind(node, &format!("the named fields of {what}"));
                if let Some((_, field, fits)) = SHORT.iter().find(|s| s.0 == what) {
                    r.offer_field(node, field, fits);
                }
                if EVENTS.contains(&what) {
                    r.offer_event(node);
                }
                None
            }
        }
    }

    /// The value of that field, if it is written.
    pub(crate) fn get(&mut self, name: &'static str) -> Option<&'n Node> {
        self.pair(name).map(|p| &p.value)
    }

    /// The same with its name's place.
    pub(crate) fn pair(&mut self, name: &'static str) -> Option<&'n Pair> {
        self.asked.push(name);
        self.pairs.iter().find(|p| &*p.name == name)
    }

    /// The value of that field; reported where it is missing.
    pub(crate) fn need(
        &mut self,
        name: &'static str,
        why: &str,
        r: &mut Reader<'_>,
    ) -> Option<&'n Node> {
        let found = self.get(name).or_else(|| self.misspelt(name));
        if found.is_none() {
            // At the verb, where there is one: it was asked for first.
            let mut asked = self.asked.iter();
            let verb = asked.find_map(|a| self.pairs.iter().find(|p| &*p.name == *a));
            let place = verb
                .or(self.pairs.first())
                .map_or_else(|| self.span.clone(), |p| p.name_span.clone());
            r.sink
                .error(
                    yaml::MISSING,
                    place,
                    format!("{} needs `{name}`", self.what),
                )
                .labelled(format!("there is no `{name}` here"))
                .noted(why);
        }
        found
    }

    /// The value of an unknown field that is probably that one: one mistake, one diagnostic, and
    /// what stands in it is read all the same. A word of the language is meant as it stands.
    fn misspelt(&self, name: &str) -> Option<&'n Node> {
        let unknown = |p: &&Pair| !self.asked.contains(&&*p.name);
        let is_it = |p: &&Pair| {
            called(&p.name, name) || (!is_ours(&p.name) && meant(&p.name, &[name]).is_some())
        };
        let found = self.pairs.iter().filter(unknown).find(is_it);
        found.map(|p| &p.value)
    }

    /// The same for a second field that has no meaning beside the first, and is not asked for.
    pub(crate) fn exclude_unasked(
        &mut self,
        first: &str,
        second: &'static str,
        why: &str,
        r: &mut Reader<'_>,
    ) {
        self.exclude(first, second, why, r);
        if self.pairs.iter().any(|p| &*p.name == second) {
            self.asked.push(second);
            self.later.push(second);
        }
    }

    /// Reports a field that excludes another.
    pub(crate) fn exclude(&self, first: &str, second: &str, why: &str, r: &mut Reader<'_>) {
        let find = |name: &str| self.pairs.iter().find(|p| &*p.name == name);
        if let (Some(a), Some(b)) = (find(first), find(second)) {
            r.sink
                .error(
                    yaml::EXCLUDES,
                    b.name_span.clone(),
                    format!("`{second}` cannot stand beside `{first}`"),
                )
                .labelled("one of them must go")
                .shown(a.name_span.clone(), "the other")
                .noted(why);
        }
    }

    /// The word that is meant by an unknown one: none that is there already.
    fn meant<'w>(&self, unknown: &str, words: &[&'w str]) -> Option<&'w str> {
        let there = |word: &&str| self.pairs.iter().any(|p| &*p.name == *word);
        let free: Vec<&str> = words.iter().copied().filter(|w| !there(w)).collect();
        meant(unknown, &free)
    }

    /// Reports the fields that nobody asked for.
    pub(crate) fn finish(self, r: &mut Reader<'_>) {
        for pair in self.pairs {
            if self.asked.contains(&&*pair.name) {
                continue;
            }
            if is_else_if(&pair.name) {
                r.sink
                    .error(
                        yaml::UNKNOWN_WORD,
                        pair.name_span.clone(),
                        format!("{} has no `{}`", self.what, pair.name),
                    )
                    .labelled("several ways stand in `choose`")
                    .noted("write `choose: [ { when: …, then: … }, { when: …, then: … } ]`, with `else` beside it; the first that holds is taken");
                continue;
            }
            let mut words = self.asked.clone();
            words.retain(|w| !self.later.contains(w));
            words.sort_unstable();
            words.dedup();
            r.sink
                .error(
                    yaml::UNKNOWN_WORD,
                    pair.name_span.clone(),
                    format!("{} has no `{}`", self.what, pair.name),
                )
                .labelled("not a word of the language here")
                .offered(self.meant(&pair.name, &words))
                .noted(format!("{} may have: {}", self.what, words.join(", ")));
        }
    }
}
