//! `inside` and `again`, which stand in the entry or beside `enter` (rule 17).

use super::{Fields, Reader};
use crate::{
    diagnostics::yaml,
    machine::{Again, Inside},
    source::{Kind, Node, Span},
};

#[derive(Default)]
pub(super) struct Gate {
    pub(super) inside: Option<(Inside, Span)>,
    pub(super) again: Option<(Again, Span)>,
}

impl Gate {
    pub(super) fn read(&mut self, f: &mut Fields<'_>, r: &mut Reader<'_>) {
        if let Some(pair) = f.pair("inside") {
            let words = [
                ("ignore", Inside::Ignore),
                ("refresh", Inside::Refresh),
                ("restart", Inside::Restart),
            ];
            let first = self.inside.take();
            twice("inside", first.as_ref().map(|i| &i.1), &pair.name_span, r);
            self.inside = r
                .one_of(&pair.value, "way to treat the same key again", &words)
                .map(|i| (i, pair.name_span.clone()));
        }
        if let Some(pair) = f.pair("again") {
            let first = self.again.take();
            twice("again", first.as_ref().map(|a| &a.1), &pair.name_span, r);
            self.again = r.again(&pair.value).map(|a| (a, pair.name_span.clone()));
        }
    }
}

fn twice(word: &str, first: Option<&Span>, second: &Span, r: &mut Reader<'_>) {
    if let Some(first) = first {
        r.sink
            .error(
                yaml::EXCLUDES,
                second.clone(),
                format!("`{word}` is said twice"),
            )
            .labelled("the second time")
            .shown(first.clone(), "the first time")
            .noted("it holds for the whole journey: say it once, in the entry or beside `enter`");
    }
}

impl Reader<'_> {
    fn again(&mut self, node: &Node) -> Option<Again> {
        if !matches!(node.kind, Kind::Map(_)) {
            if let Some(text) = node
                .scalar()
                .map(|s| s.text.trim().trim_start_matches("after ").to_owned())
                .filter(|t| t.starts_with(|c: char| c.is_ascii_digit()))
            {
                let mended = format!("{{ after: {text} }}");
                let written = node.scalar().map_or("", |s| s.text.trim());
                self.sink
                    .error(yaml::UNKNOWN_VALUE, node.span.clone(), format!("`again: {written}` does not say enough"))
                    .labelled(format!("write `{mended}`"))
                    .noted("`again` is `never`, `always`, or `{ after: 7d }`, which counts per key unless `per: customer` is said")
                    .replaced(node.span.clone(), mended);
                return None;
            }
            let words = [("never", Again::Never), ("always", Again::Always)];
            let found = self.one_of(node, "word for `again`", &words);
            if let Some(diagnostic) = self
                .sink
                .last(yaml::UNKNOWN_VALUE)
                .filter(|_| found.is_none())
            {
                diagnostic.noted("or `{ after: 30d }`, which says how long after the last entry");
            }
            return found;
        }
        let mut f = Fields::of(node, "`again`", self)?;
        let after = f
            .need(
                "after",
                "it says how long after the last entry: `again: { after: 7d }`",
                self,
            )
            .and_then(|n| self.some_time(n));
        let per_customer = f.get("per").map_or(Some(false), |n| {
            self.one_of(n, "way to count", &[("key", false), ("customer", true)])
        });
        f.finish(self);
        Some(Again::After {
            after: after?,
            per_customer: per_customer?,
        })
    }
}
