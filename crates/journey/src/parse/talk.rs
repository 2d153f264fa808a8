//! `ask`, `call` and `hand_over`.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Fields, Reader,
    ast::{Action, Ask, Call, Choice, Expect, Word},
};
use crate::{
    answer::normal,
    diagnostics::{names, yaml},
    localized::Localized,
    machine::Target,
    source::{Kind, Node, Pair},
};

/// How often a question can be repeated.
const MAX_RETRIES: u32 = 10;
/// How many options one question can have.
const MAX_OPTIONS: usize = 50;

impl Reader<'_> {
    pub(super) fn ask(&mut self, node: &Node, f: &mut Fields<'_>) -> Action {
        let send = self.send(node, f);
        let options = f.get("options").map(|n| self.options(n));
        let expect = f.get("expect").map(|n| self.expect(n));
        f.exclude(
            "options",
            "expect",
            "an answer is one of the options, or of the kind that `expect` says",
            self,
        );
        if options.is_none() && expect.is_none() {
            f.need(
                "options",
                "it says which answers there are; `expect: text` takes any",
                self,
            );
        }
        let retry = f
            .get("retry")
            .and_then(|n| self.whole(n, "a number of retries", 0, MAX_RETRIES));
        Action::Ask(Box::new(Ask {
            send,
            expect: options.or(expect.flatten()),
            save: f.get("save").and_then(|n| self.saved(n)),
            within: f.get("within").and_then(|n| self.some_time(n)),
            bounded: f.get("within").is_some(),
            retry: retry.unwrap_or(0),
            not_understood: f
                .get("not_understood")
                .map_or_else(Vec::new, |n| self.steps(n)),
            otherwise: f
                .pair("else")
                .map(|p| (p.name_span.clone(), self.steps(&p.value))),
        }))
    }

    pub(super) fn call(&mut self, node: &Node, f: &mut Fields<'_>, to_a_person: bool) -> Call {
        let with = f.get("with").and_then(|n| match &n.kind {
            Kind::Map(_) | Kind::Bad => self.given(n),
            _ => {
                self.wrong_kind(n, "named values, such as `{ kind: birthday }`,");
                None
            }
        });
        Call {
            endpoint: self.text(node, "the name of an endpoint"),
            with,
            save: f.get("save").and_then(|n| self.saved(n)),
            within: f.get("within").and_then(|n| self.some_time(n)),
            bounded: f.get("within").is_some(),
            due: f.get("due").and_then(|n| self.some_time(n)),
            purpose: if to_a_person {
                f.get("purpose").and_then(|n| self.text(n, "a purpose"))
            } else {
                None
            },
            otherwise: f.get("else").map_or_else(Vec::new, |n| self.steps(n)),
        }
    }

    /// `run.NAME` or `customer.NAME`, into which an answer goes.
    fn saved(&mut self, node: &Node) -> Option<Target> {
        let word = self.text(node, "a variable, such as `run.answer`,")?;
        Some(self.target_of(&word))
    }

    fn options(&mut self, node: &Node) -> Expect {
        let Kind::Map(pairs) = &node.kind else {
            self.wrong_kind(
                node,
                "the answers by name, such as `{ ok: { label: \"OK\" } }`,",
            );
            self.offer_options(node);
            // Which answers there are is not known: that none can come is no second mistake.
            return Expect::Text;
        };
        if pairs.is_empty() || pairs.len() > MAX_OPTIONS {
            let place = self.first_line(&node.span);
            self.sink
                .error(
                    yaml::NUMBER,
                    place,
                    format!("a question has 1 to {MAX_OPTIONS} answers"),
                )
                .labelled(format!("there are {} here", pairs.len()));
        }
        let choices: Vec<Choice> = pairs.iter().filter_map(|p| self.choice(p)).collect();
        self.same_words(&choices);
        Expect::Options(choices)
    }

    /// `[yes, no]` as answers with labels: to what was reported last.
    fn offer_options(&mut self, node: &Node) {
        let Kind::List(items) = &node.kind else {
            return;
        };
        let name = |n: &Node| {
            let text = n.scalar()?.text.trim();
            let simple = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            let fits = text.starts_with(|c: char| c.is_ascii_lowercase());
            (fits && text.chars().all(simple)).then(|| format!("{text}: {{ label: {text} }}"))
        };
        let names: Option<Vec<String>> = items.iter().map(name).collect();
        let flow = self
            .file
            .text
            .get(node.span.clone())
            .is_some_and(|t| t.starts_with('['));
        if let (Some(names), true, Some(diagnostic)) =
            (names, flow, self.sink.last(yaml::WRONG_KIND))
        {
            diagnostic.rewritten(format!("{{ {} }}", names.join(", ")));
        }
    }

    fn choice(&mut self, pair: &Pair) -> Option<Choice> {
        let name = Word {
            text: pair.name.clone(),
            span: pair.name_span.clone(),
        };
        self.named(&name, "the name of an answer", false);
        let mut f = Fields::of(&pair.value, "an answer", self)?;
        let label = f
            .need(
                "label",
                "it is what the customer reads; `{ en: \"Yes\", fr: \"Oui\" }` where they read several languages",
                self,
            )
            .map_or_else(BTreeMap::new, |n| self.localized(n));
        let synonyms = f.get("synonyms").map_or_else(Vec::new, |n| {
            let nodes = match &n.kind {
                Kind::List(items) => items.as_slice(),
                _ => std::slice::from_ref(n),
            };
            nodes
                .iter()
                .filter_map(|n| self.text(n, "another word for this answer"))
                .collect()
        });
        let then = f.get("then").map_or_else(Vec::new, |n| self.steps(n));
        f.finish(self);
        Some(Choice {
            name,
            label,
            synonyms,
            then,
        })
    }

    /// A text for all, or one per locale.
    pub(super) fn localized(&mut self, node: &Node) -> Localized {
        let Kind::Map(pairs) = &node.kind else {
            let word = self.text(node, "what the customer reads");
            return word.map(|w| (Arc::from(""), w.text)).into_iter().collect();
        };
        pairs
            .iter()
            .filter_map(|p| {
                let word = self.text(&p.value, "what the customer reads")?;
                Some((Arc::from(p.name.to_lowercase()), word.text))
            })
            .collect()
    }

    /// Two answers that one word would mean.
    fn same_words(&mut self, choices: &[Choice]) {
        let mut taken: BTreeMap<String, &Word> = BTreeMap::new();
        for choice in choices {
            let mut own: Vec<(String, &Word)> = vec![(normal(&choice.name.text), &choice.name)];
            own.extend(choice.label.values().map(|l| (normal(l), &choice.name)));
            own.extend(choice.synonyms.iter().map(|s| (normal(&s.text), s)));
            own.sort_by(|a, b| a.0.cmp(&b.0));
            own.dedup_by(|a, b| a.0 == b.0);
            for (word, place) in own {
                let Some(first) = taken.insert(word.clone(), place) else {
                    continue;
                };
                self.sink
                    .error(
                        names::TAKEN_ANSWER,
                        place.span.clone(),
                        format!("`{word}` means two answers"),
                    )
                    .labelled("the second")
                    .shown(first.span.clone(), "the first")
                    .noted("capital letters, accents and punctuation make no difference; nobody could tell which one is meant");
            }
        }
    }

    fn expect(&mut self, node: &Node) -> Option<Expect> {
        let Kind::Map(_) = &node.kind else {
            return self.expect_word(node);
        };
        let mut f = Fields::of(node, "`expect`", self)?;
        let number = f.need(
            "number",
            "`text`, `number`, `date` and `email` stand alone; `{ number: { min: 0, max: 10 } }` has bounds",
            self,
        );
        let bounds = number.and_then(|n| {
            let mut f = Fields::of(n, "a number", self)?;
            let min = f.get("min").map(|n| self.number(n));
            let max = f.get("max").map(|n| self.number(n));
            f.finish(self);
            Some((min.flatten(), max.flatten(), n))
        });
        f.finish(self);
        let (min, max, node) = bounds?;
        if let (Some(low), Some(high)) = (min, max)
            && low > high
        {
            let place = self.first_line(&node.span);
            self.sink
                .error(yaml::NUMBER, place, "no number lies between these bounds")
                .labelled(format!("`min` {low} is above `max` {high}"));
        }
        Some(Expect::Number { min, max })
    }

    fn expect_word(&mut self, node: &Node) -> Option<Expect> {
        let words = [("text", 0), ("number", 1), ("date", 2), ("email", 3)];
        Some(match self.one_of(node, "kind of answer", &words)? {
            0 => Expect::Text,
            1 => Expect::Number {
                min: None,
                max: None,
            },
            2 => Expect::Date,
            _ => Expect::Email,
        })
    }

    fn number(&mut self, node: &Node) -> Option<f64> {
        let word = self.text(node, "a number")?;
        let number = word.text.parse().ok().filter(|n: &f64| n.is_finite());
        if number.is_none() {
            self.sink.error(
                yaml::NUMBER,
                word.span,
                format!("`{}` is no number", word.text),
            );
        }
        number
    }
}
