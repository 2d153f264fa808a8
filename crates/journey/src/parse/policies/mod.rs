//! `config/policies.yaml`.

mod caps;
mod fatigue;
mod labels;
mod purposes;
mod quiet;

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    diagnostics::policy,
    parse::{Fields, Reader, ast::Word},
    policies::{Defaults, Policies, Retention},
    source::{Kind, Node, Span},
};

/// The file's policies; what it does not say is as without a file.
pub fn policies(root: &Node, r: &mut Reader<'_>) -> Policies {
    let mut found = Policies::default();
    if root.is_empty() {
        return found;
    }
    let Some(mut f) = Fields::of(root, "the policies", r) else {
        return found;
    };
    let mut names = Vec::new();
    if let Some(node) = f.get("purposes") {
        found.purposes = r.purposes(node);
    }
    if let Some(node) = f.get("caps") {
        let caps = r.each(node, "a list of caps", |r, n| r.cap(n, &found.purposes));
        names = caps.iter().map(|(word, _)| word.clone()).collect();
        found.caps = r.unique(caps, "cap");
    }
    if let Some(node) = f.get("quiet_hours") {
        let quiet = r.each(node, "a list of quiet hours", |r, n| {
            r.quiet_hours(n, &found.purposes)
        });
        found.quiet_hours = r.unique(quiet, "quiet hours");
    }
    if let Some(node) = f.get("send_windows") {
        let windows = r.each(node, "a list of send windows", |r, n| {
            r.send_window(n, &found.purposes)
        });
        found.quiet_hours.extend(r.unique(windows, "send windows"));
    }
    if let Some(node) = f.get("holidays") {
        found.holidays = r.holidays(node);
    }
    if let Some(node) = f.get("control_group") {
        found.control_group = r.control_group(node, &found.purposes);
    }
    if let Some(node) = f.get("labels") {
        found.labels = r.labels(node, &found.purposes);
    }
    if let Some(node) = f.get("fatigue") {
        found.fatigue = r.fatigue(node, &found.purposes);
        r.named_like_fatigue(node, &names);
    }
    if let Some(node) = f.get("defaults") {
        r.defaults(node, &mut found.defaults);
    }
    if let Some(node) = f.get("retention") {
        found.retention = r.retention(node);
    }
    f.finish(r);
    found
}

impl Reader<'_> {
    fn each<T>(
        &mut self,
        node: &Node,
        expected: &str,
        read: impl Fn(&mut Self, &Node) -> Option<T>,
    ) -> Vec<T> {
        match &node.kind {
            Kind::List(items) => items.iter().filter_map(|n| read(self, n)).collect(),
            _ => {
                self.wrong_kind(node, expected);
                Vec::new()
            }
        }
    }

    /// One word or a list of them.
    fn words(&mut self, node: &Node, what: &str) -> Vec<Word> {
        match &node.kind {
            Kind::List(_) => self.each(node, "", |r, n| r.text(n, what)),
            _ => self.text(node, what).into_iter().collect(),
        }
    }

    fn unique<T>(&mut self, named: Vec<(Word, T)>, what: &str) -> Vec<T> {
        let mut seen: BTreeMap<Arc<str>, Span> = BTreeMap::new();
        for (word, _) in &named {
            if let Some(first) = seen.get(&word.text) {
                self.sink
                    .error(policy::TAKEN_NAME, word.span.clone(), format!("two {what} are called `{}`", word.text))
                    .labelled("the second")
                    .shown(first.clone(), "the first")
                    .noted("the name is what support sees when a message is held back: it must say which rule it was");
            } else {
                seen.insert(word.text.clone(), word.span.clone());
            }
        }
        named.into_iter().map(|n| n.1).collect()
    }

    /// Two capital letters.
    fn country(&mut self, word: &Word) -> Option<Arc<str>> {
        let letters = word.text.len() == 2 && word.text.bytes().all(|b| b.is_ascii_alphabetic());
        let upper = word.text.to_ascii_uppercase();
        if letters && *word.text == *upper {
            return Some(word.text.clone());
        }
        let diagnostic = self
            .sink
            .error(
                policy::HOLIDAY,
                word.span.clone(),
                format!("`{}` is no country", word.text),
            )
            .noted(
                "a country is written by its two letters of ISO 3166-1, in capitals: `FR`, `GB`",
            );
        if letters {
            diagnostic.rewritten(upper);
        }
        None
    }

    fn retention(&mut self, node: &Node) -> Retention {
        let mut kept = Retention::default();
        let Some(mut f) = Fields::of(node, "the retention", self) else {
            return kept;
        };
        for (name, span) in [
            ("inputs", &mut kept.inputs),
            ("messages", &mut kept.messages),
            ("content", &mut kept.content),
            ("runs", &mut kept.runs),
            ("calls", &mut kept.calls),
        ] {
            *span = f.get(name).and_then(|n| self.some_time(n));
        }
        f.finish(self);
        kept
    }

    fn defaults(&mut self, node: &Node, defaults: &mut Defaults) {
        let Some(mut f) = Fields::of(node, "the defaults", self) else {
            return;
        };
        let zone = f
            .get("zone")
            .and_then(|n| self.text(n, "the name of a time zone"));
        if let Some(zone) = zone.and_then(|w| self.zone_name(&w)) {
            defaults.zone = zone;
        }
        let country = f
            .get("country")
            .and_then(|n| self.text(n, "a country, such as `FR`"));
        defaults.country = country.and_then(|w| self.country(&w));
        if let Some(locale) = f
            .get("locale")
            .and_then(|n| self.text(n, "a locale, such as `fr` or `en`"))
        {
            defaults.locale = locale.text;
        }
        if let Some(capped) = f.get("capped").and_then(|n| self.capped(n)) {
            defaults.capped = capped;
        }
        if let Some(quiet) = f.get("quiet").and_then(|n| self.quiet(n)) {
            defaults.quiet = quiet;
        }
        f.finish(self);
    }
}
