//! Labels: what data of some kinds may be used for.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    diagnostics::policy,
    parse::{Fields, Reader, ast::Word},
    policies::{Label, Purpose},
    source::{Kind, Node},
};

impl Reader<'_> {
    pub(super) fn labels(
        &mut self,
        node: &Node,
        purposes: &BTreeMap<Arc<str>, Purpose>,
    ) -> BTreeMap<Arc<str>, Label> {
        let Kind::Map(pairs) = &node.kind else {
            self.wrong_kind(node, "the labels by name");
            return BTreeMap::new();
        };
        // A label with a mistake is there all the same: carrying it is no second mistake.
        let mut labels = BTreeMap::new();
        for pair in pairs {
            let word = Word {
                text: pair.name.clone(),
                span: pair.name_span.clone(),
            };
            self.named(&word, "a label", false);
            let label = self.label(&pair.value, purposes);
            labels.insert(pair.name.clone(), label);
        }
        labels
    }

    fn label(&mut self, node: &Node, purposes: &BTreeMap<Arc<str>, Purpose>) -> Label {
        let mut label = Label::default();
        // One that allows everything: it is told of, and nothing more.
        if node.is_empty() {
            return label;
        }
        let Some(mut f) = Fields::of(node, "a label", self) else {
            return label;
        };
        let about = f.get("about").and_then(|n| self.text(n, "what it means"));
        label.about = about.map(|word| word.text);
        let only = f.get("only_for");
        label.only_for = only.map(|n| self.purpose_names(n, purposes));
        if let Some(node) = f.get("not_for") {
            label.not_for = self.purpose_names(node, purposes);
        }
        f.exclude(
            "only_for",
            "not_for",
            "what is not named by `only_for` is forbidden already",
            self,
        );
        if let Some(node) = f.get("not_in") {
            label.not_in = self.channels(node).into_iter().map(|c| c.0).collect();
        }
        if let Some(node) = f.get("only_to") {
            let words = self.words(node, "the name of an endpoint").into_iter();
            label.only_to = Some(words.map(|w| w.text).collect());
        }
        f.finish(self);
        label
    }

    /// One label or a list of them, which must be declared.
    pub(crate) fn label_names(
        &mut self,
        node: &Node,
        known: &BTreeMap<Arc<str>, Label>,
    ) -> Vec<Arc<str>> {
        let words = self.words(node, "a label");
        for word in &words {
            if known.contains_key(&word.text) {
                continue;
            }
            let all: Vec<&str> = known.keys().map(|k| &**k).collect();
            let note = match all.as_slice() {
                [] => format!(
                    "labels are declared in config/policies.yaml: `labels: {{ {}: {{ not_for: marketing }} }}`",
                    word.text
                ),
                all => format!(
                    "labels are declared in config/policies.yaml; there are: {}",
                    all.join(", ")
                ),
            };
            self.sink
                .error(
                    policy::NO_LABEL,
                    word.span.clone(),
                    format!("no label is called `{}`", word.text),
                )
                .guessed(&word.text, all.iter().copied())
                .noted(note);
        }
        words.into_iter().map(|w| w.text).collect()
    }
}
