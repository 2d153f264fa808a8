//! The fields of maps: names that stand twice, that are no names, or that a comma has made.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Kind, Node, Pair, Scalar, Span, Style,
    load::{Loader, bad},
    mistakes,
};
use crate::diagnostics::yaml;

impl Loader<'_, '_> {
    pub(super) fn pairs(&mut self, entries: Vec<(Node, Node)>) -> Vec<Pair> {
        let mut pairs: Vec<Pair> = Vec::with_capacity(entries.len());
        let mut seen: BTreeMap<Arc<str>, Span> = BTreeMap::new();
        let mut merged = Vec::new();
        for (key, value) in entries {
            let Kind::Scalar(name) = &key.kind else {
                if !matches!(key.kind, Kind::Bad) {
                    self.not_a_name(&key);
                }
                continue;
            };
            if value.is_empty()
                && let Some(pair) = self.no_space(&key, name)
            {
                seen.insert(pair.name.clone(), pair.name_span.clone());
                pairs.push(pair);
                continue;
            }
            if value.is_empty() && self.equals_sign(&key, name) {
                let text = name.text.split('=').next().unwrap_or_default().trim();
                seen.insert(Arc::from(text), key.span.clone());
                pairs.push(Pair {
                    name: Arc::from(text),
                    name_span: key.span.clone(),
                    value: bad(key.span.clone()),
                });
                continue;
            }
            if &*name.text == "<<" && name.style == Style::Plain {
                merged.push(value);
                continue;
            }
            // Its `then` is the second: reported where `elif` is read.
            if &*name.text == "then" && pairs.iter().any(|p| is_else_if(&p.name)) {
                continue;
            }
            if let Some(place) = seen.get(&name.text).cloned() {
                self.sink
                    .error(
                        yaml::DUPLICATE,
                        key.span.clone(),
                        format!("`{}` stands here twice", name.text),
                    )
                    .labelled("the second time")
                    .shown(place, "the first time")
                    .noted("YAML would silently keep one of them; remove or rename the other");
                continue;
            }
            seen.insert(name.text.clone(), key.span.clone());
            pairs.push(Pair {
                name: name.text.clone(),
                name_span: key.span.clone(),
                value,
            });
        }
        for value in merged {
            self.merge(&mut pairs, value);
        }
        pairs
    }

    /// `{{ … }}` is a map within a map to YAML.
    fn not_a_name(&mut self, key: &Node) {
        let whole = key.span.start.saturating_sub(1)..key.span.end + 1;
        let written = self.text.get(whole.clone()).unwrap_or_default();
        let inner = written
            .strip_prefix("{{")
            .and_then(|t| t.strip_suffix("}}"));
        let inner = inner.map(|t| t.trim().to_owned());
        let (message, span) = match &inner {
            Some(_) => ("`{{ … }}` belongs into templates".to_owned(), whole),
            None => (format!("{} cannot be a name", key.what()), key.span.clone()),
        };
        let diagnostic = self.sink.error(yaml::WRONG_KIND, span, message);
        match inner {
            Some(inner) => {
                diagnostic
                    .rewritten(inner)
                    .noted("in a journey a name stands by itself, as in `code: run.code`");
            }
            None => {
                diagnostic.labelled("a name is expected before the colon");
            }
        }
    }

    /// Reports `name:value`, which is one long name to YAML, and reads it as is meant.
    fn no_space(&mut self, key: &Node, name: &Scalar) -> Option<Pair> {
        let written = self.text.get(key.span.clone())?;
        let colon = mistakes::glued(written).filter(|_| name.style == Style::Plain)?;
        let (left, right) = (&written[..colon], &written[colon + 1..]);
        self.sink
            .error(
                yaml::WRONG_KIND,
                key.span.clone(),
                "a space is missing behind the colon",
            )
            .rewritten(format!("{left}: {right}"))
            .noted("to YAML this is one long name");
        let text = right.trim_matches(['"', '\'']);
        let scalar = Scalar {
            text: Arc::from(text),
            style: if text == right {
                Style::Plain
            } else {
                Style::Double
            },
            anchor: None,
            comment: None,
        };
        let at = key.span.start + colon;
        Some(Pair {
            name: Arc::from(left),
            name_span: key.span.start..at,
            value: Node {
                span: at + 1..key.span.end,
                kind: Kind::Scalar(scalar),
            },
        })
    }

    /// Reports `name = value`, where `name: value` is meant.
    fn equals_sign(&mut self, key: &Node, name: &Scalar) -> bool {
        let Some((left, right)) = name.text.split_once('=') else {
            return false;
        };
        let (left, right) = (left.trim(), right.trim_start_matches('=').trim());
        let simple = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        let plain = name.style == Style::Plain && !left.is_empty() && left.chars().all(simple);
        if !plain || right.is_empty() {
            return false;
        }
        self.sink
            .error(
                yaml::WRONG_KIND,
                key.span.clone(),
                "a colon should stand here, not `=`",
            )
            .rewritten(format!("{left}: {right}"));
        true
    }

    /// `<<: *defaults`: fields that are not there yet.
    fn merge(&mut self, pairs: &mut Vec<Pair>, value: Node) {
        match value.kind {
            Kind::Map(more) => {
                for pair in more {
                    if !pairs.iter().any(|p| p.name == pair.name) {
                        pairs.push(pair);
                    }
                }
            }
            Kind::List(list) => list.into_iter().for_each(|v| self.merge(pairs, v)),
            Kind::Bad => {}
            Kind::Scalar(_) => {
                self.sink
                    .error(yaml::WRONG_KIND, value.span, "`<<` merges named fields")
                    .labelled("these are none");
            }
        }
    }

    /// Finds values in `{ … }` that a comma has cut in two: the rest looks like a field without
    /// a colon. The value becomes [`Kind::Bad`] and the rest is dropped.
    pub(super) fn rejoin(&mut self, entries: &mut Vec<(Node, Node)>) {
        let mut whole: Vec<(Node, Node)> = Vec::with_capacity(entries.len());
        let mut cut: Option<Span> = None;
        for (key, value) in entries.drain(..) {
            let bare = value.span.is_empty()
                && value.is_empty()
                && !self.text[key.span.end..].trim_start().starts_with(':');
            let plain = |n: &Node| n.scalar().is_some_and(|s| s.style == Style::Plain);
            match (&mut cut, whole.last_mut()) {
                (Some(span), _) if bare => span.end = key.span.end,
                (None, Some((_, last))) if bare && plain(last) => {
                    cut = Some(last.span.start..key.span.end);
                    last.kind = Kind::Bad;
                }
                _ => {
                    self.report_cut(cut.take());
                    whole.push((key, value));
                }
            }
        }
        self.report_cut(cut);
        *entries = whole;
    }

    fn report_cut(&mut self, cut: Option<Span>) {
        let Some(span) = cut else { return };
        let written = self.text.get(span.clone()).unwrap_or_default();
        // `1,5h` is no duration in quotes either.
        let (note, text) = match crate::parse::mended_duration(written) {
            Some(mended) => (format!("durations are whole numbers: {mended}"), mended),
            None => {
                let quoted = mistakes::quoted(written);
                (format!("put the value in quotes: {quoted}"), quoted)
            }
        };
        self.sink
            .error(yaml::COMMA, span.clone(), "a comma cuts this value in two")
            .labelled("inside `{ … }` a comma begins the next field")
            .noted(note)
            .replaced(span, text);
    }
}

/// Whether a word is what other languages have for a second `if`.
pub(crate) fn is_else_if(word: &str) -> bool {
    ["elif", "elsif", "elseif", "else if", "else_if", "sinon si"].contains(&word)
}
