//! What endpoints answer in a test.

use std::sync::Arc;

use super::{Book, listed};
use crate::{
    diagnostics::testing as codes,
    source::{Kind, Node, Pair, Style},
    testing::{outline, written::Answers},
};

impl Book<'_, '_> {
    /// `{ voucher: { code: X1 }, crm: fail, sales: never }`, by endpoint or by step.
    pub(super) fn calls(&mut self, node: &Node) -> Vec<(Arc<str>, Answers)> {
        let Kind::Map(pairs) = &node.kind else {
            self.r.wrong_kind(
                node,
                "answers by endpoint or step, such as `{ voucher: { code: X1 } }`,",
            );
            return Vec::new();
        };
        pairs
            .iter()
            .filter_map(|p| Some((p.name.clone(), self.call(p)?)))
            .collect()
    }

    fn call(&mut self, pair: &Pair) -> Option<Answers> {
        self.is_called(pair);
        let word = pair
            .value
            .scalar()
            .filter(|s| s.style == Style::Plain)
            .map(|s| &*s.text);
        match word {
            Some("fail" | "fails") => Some(Answers::Fails),
            Some("never") => Some(Answers::Never),
            _ => self.value(&pair.value).map(Answers::With),
        }
    }

    fn is_called(&mut self, pair: &Pair) {
        let Some(machine) = self.known.machine else {
            return;
        };
        let calling = machine
            .nodes
            .iter()
            .filter_map(|n| Some((&n.id, outline::endpoint(n)?)));
        let mut names: Vec<&str> = calling
            .flat_map(|(id, endpoint)| [&**id, &**endpoint])
            .collect();
        names.sort_unstable();
        names.dedup();
        let sources = &self.known.sources.0;
        if names.contains(&&*pair.name) || sources.contains_key(&pair.name) {
            return;
        }
        self.r
            .sink
            .error(
                codes::NO_STEP,
                pair.name_span.clone(),
                format!("the journey calls nothing of the name `{}`", pair.name),
            )
            .guessed(&pair.name, names.iter().copied())
            .noted(format!(
                "an answer is given for an endpoint, for the step that calls it, or for a content source; here: {}",
                listed(names.iter().copied().chain(sources.keys().map(|k| &**k)))
            ));
    }
}
