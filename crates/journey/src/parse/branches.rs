//! `if`, `choose` and `split`.

use std::sync::Arc;

use super::{
    Fields, Reader,
    ast::{Action, Arm, Formula, Split, Step, Word},
    steps::ids,
};
use crate::{
    diagnostics::{flow, yaml},
    source::{Kind, Node, Pair},
};

impl Reader<'_> {
    pub(super) fn branch(&mut self, value: &Node, f: &mut Fields<'_>) -> Action {
        let condition = self.formula(value);
        let then = f
            .need(
                "then",
                "it says what happens if the condition holds; nothing is written `then: []`",
                self,
            )
            .map_or_else(Vec::new, |n| self.steps(n));
        let otherwise = f.get("else").map_or_else(Vec::new, |n| self.steps(n));
        Action::Choose(vec![(condition, then)], otherwise)
    }

    pub(super) fn choices(&mut self, node: &Node) -> Vec<(Option<Formula>, Vec<Step>)> {
        let Kind::List(items) = &node.kind else {
            self.wrong_kind(node, "a list of `when` and `then`");
            return Vec::new();
        };
        let mut arms = Vec::new();
        for item in items {
            let Some(mut f) = Fields::of(item, "a choice", self) else {
                continue;
            };
            if item.get("else").is_some()
                && let Some(pair) = f.pair("else")
            {
                self.else_in_list(pair, node);
                let steps = self.steps(&pair.value);
                arms.push((None, steps));
                if item.get("when").is_none() {
                    continue;
                }
            }
            let when = f
                .need("when", "it is the condition of this choice; what happens otherwise stands in `else`, beside `choose`", self)
                .and_then(|n| self.formula(n));
            let then = f
                .need(
                    "then",
                    "it says what happens in this case; nothing is written `then: []`",
                    self,
                )
                .map_or_else(Vec::new, |n| self.steps(n));
            f.finish(self);
            arms.push((when, then));
        }
        arms
    }

    /// `- else: …` among the choices.
    fn else_in_list(&mut self, pair: &Pair, list: &Node) {
        let text = &self.file.text;
        let before = text.get(..pair.name_span.start).unwrap_or_default();
        let dash = before.strip_suffix("- ").map(str::len);
        let column = |at: usize| at - text[..at].rfind('\n').map_or(0, |n| n + 1);
        // The verb stands two to the left of a list that is indented, as far in as one that is not.
        let verb = text[..list.span.start].rfind("choose:").map(column);
        let cure = dash.zip(verb).filter(|(dash, _)| {
            let line = text[..*dash].rfind('\n').map_or(0, |n| n + 1);
            text[line..*dash].trim().is_empty()
        });
        let diagnostic = self
            .sink
            .error(
                yaml::UNKNOWN_WORD,
                pair.name_span.clone(),
                "`else` is none of the choices",
            )
            .labelled("it stands beside `choose`, not in its list")
            .noted("what happens where no choice holds: write `else` without a dash, in the column of `choose`");
        if let Some((dash, column)) = cure {
            let line = dash - (dash - text[..dash].rfind('\n').map_or(0, |n| n + 1));
            diagnostic.replaced(line..pair.name_span.start, " ".repeat(column));
        }
    }

    pub(super) fn split(&mut self, f: &mut Fields<'_>) -> Action {
        let salt = f
            .get("salt")
            .and_then(|n| self.text(n, "any text"))
            .map_or_else(|| Arc::from(""), |w| w.text);
        let Some(node) = f.need(
            "arms",
            "the arms are `{ NAME: { weight: 50, steps: […] } }`",
            self,
        ) else {
            return Action::Unknown(Vec::new());
        };
        let Kind::Map(pairs) = &node.kind else {
            self.wrong_kind(
                node,
                "named arms, such as `{ a: { weight: 1 }, b: { weight: 1 } }`,",
            );
            return Action::Unknown(ids(node));
        };
        let arms: Vec<Arm> = pairs.iter().filter_map(|p| self.arm(p)).collect();
        if arms.len() == pairs.len() && arms.iter().all(|a| a.weight == Some(0)) {
            self.sink
                .error(flow::WEIGHTS, self.first_line(&node.span), "no arm of this split can be taken")
                .labelled("all weights are zero")
                .noted("an arm's share is its weight by the sum of all weights: at least one must be above zero");
        }
        Action::Split(Split { salt, arms })
    }

    fn arm(&mut self, pair: &Pair) -> Option<Arm> {
        let name = Word {
            text: pair.name.clone(),
            span: pair.name_span.clone(),
        };
        self.named(&name, "the name of an arm", false);
        let mut f = Fields::of(&pair.value, "an arm", self)?;
        let weight = f
            .need(
                "weight",
                "its share is its weight by the sum of all weights",
                self,
            )
            .and_then(|n| self.whole(n, "a weight", 0, 1_000_000));
        let steps = f.get("steps").map_or_else(Vec::new, |n| self.steps(n));
        f.finish(self);
        Some(Arm {
            name,
            weight,
            steps,
        })
    }
}
