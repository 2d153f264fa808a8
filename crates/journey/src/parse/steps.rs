//! Steps: one verb each (rule 4).

use std::sync::Arc;

use super::{
    Fields, Reader,
    ast::{Action, Arm, Formula, Given, Split, Step, WaitFor, Word},
};
use crate::{
    diagnostics::{names, nearest, yaml},
    machine::Target,
    source::{Kind, Node, Pair},
    value::Value,
};

const VERBS: [&str; 8] = [
    "send", "wait", "wait_for", "if", "choose", "split", "set", "exit",
];
const LATER: [&str; 8] = [
    "ask",
    "hand_over",
    "repeat",
    "emit",
    "call",
    "start",
    "stop",
    "use",
];

impl Reader<'_> {
    /// A list of steps.
    pub(crate) fn steps(&mut self, node: &Node) -> Vec<Step> {
        match &node.kind {
            Kind::List(items) => items.iter().filter_map(|n| self.step(n)).collect(),
            _ => {
                self.wrong_kind(node, "a list of steps, each behind `- `,");
                Vec::new()
            }
        }
    }

    fn step(&mut self, node: &Node) -> Option<Step> {
        let Kind::Map(pairs) = &node.kind else {
            self.not_a_step(node);
            return None;
        };
        let found: Vec<&Pair> = pairs
            .iter()
            .filter(|p| VERBS.contains(&&*p.name) || LATER.contains(&&*p.name))
            .collect();
        let Some(verb) = found.first() else {
            return Some(self.without_verb(node, pairs));
        };
        if let Some(second) = found.get(1) {
            self.sink
                .error(
                    yaml::ONE_VERB,
                    second.name_span.clone(),
                    format!(
                        "a step does one thing: `{}` or `{}`",
                        verb.name, second.name
                    ),
                )
                .labelled(format!("begin a new step here: `- {}: …`", second.name))
                .shown(verb.name_span.clone(), "this step's verb")
                .noted("each step begins with its own dash");
            return Some(unknown(node, verb));
        }
        if LATER.contains(&&*verb.name) {
            self.not_yet(&verb.name, &verb.name_span);
            return Some(unknown(node, verb));
        }
        self.known_step(node, verb)
    }

    fn known_step(&mut self, node: &Node, pair: &Pair) -> Option<Step> {
        let verb = VERBS.into_iter().find(|v| *v == &*pair.name)?;
        let mut f = Fields::of(node, article(verb), self)?;
        f.get(verb);
        let mut id = f.get("id").and_then(|n| self.name(n, "an id"));
        let value = &pair.value;
        let action = match verb {
            "send" => Action::Send(Box::new(self.send(value, &mut f))),
            "wait" => self
                .wait(value)
                .map_or_else(|| Action::Unknown(Vec::new()), Action::Wait),
            "wait_for" => self.wait_for(value, &mut f),
            "if" => {
                let condition = self.formula(value);
                let then = f
                    .need("then", "it says what happens if the condition holds; nothing is written `then: []`", self)
                    .map_or_else(Vec::new, |n| self.steps(n));
                let otherwise = f.get("else").map_or_else(Vec::new, |n| self.steps(n));
                Action::Choose(vec![(condition, then)], otherwise)
            }
            "choose" => {
                let arms = self.choices(value);
                let otherwise = f.get("else").map_or_else(Vec::new, |n| self.steps(n));
                Action::Choose(arms, otherwise)
            }
            "split" => {
                f.exclude(
                    "split",
                    "id",
                    "the name behind `split` is the step's id",
                    self,
                );
                id = self.name(value, "the name of a split");
                self.split(&mut f)
            }
            "set" => Action::Set(self.set(value)),
            _ => Action::Exit(self.name(value, "a reason")),
        };
        f.finish(self);
        Some(Step {
            id,
            verb,
            verb_span: pair.name_span.clone(),
            action,
        })
    }

    fn not_a_step(&mut self, node: &Node) {
        match node.scalar().map(|s| s.text.clone()) {
            Some(text) if VERBS.contains(&&*text) => {
                self.sink
                    .error(
                        yaml::ONE_VERB,
                        node.span.clone(),
                        format!("`{text}` says too little"),
                    )
                    .labelled(format!("write `{text}: …`"));
            }
            _ => self.wrong_kind(node, "a step, such as `wait: 1d`,"),
        }
    }

    fn without_verb(&mut self, node: &Node, pairs: &[Pair]) -> Step {
        let typo = pairs.iter().find_map(|p| {
            let near = nearest(&p.name, VERBS.into_iter().chain(LATER))?;
            (p.name.len() > 2).then_some((p, near))
        });
        let verbs = VERBS.join(", ");
        let place = pairs
            .first()
            .map_or(node.span.clone(), |p| p.name_span.clone());
        if let Some((pair, _)) = typo {
            self.sink
                .error(
                    yaml::UNKNOWN_WORD,
                    pair.name_span.clone(),
                    format!("`{}` is no verb", pair.name),
                )
                .guessed(&pair.name, VERBS.into_iter().chain(LATER))
                .noted(format!("a step does one of: {verbs}"));
        } else {
            self.sink
                .error(yaml::ONE_VERB, place.clone(), "this step has no verb")
                .labelled("what should it do?")
                .noted(format!("a step does one of: {verbs}"));
        }
        Step {
            id: None,
            verb: "step",
            verb_span: place,
            action: Action::Unknown(ids(node)),
        }
    }

    fn choices(&mut self, node: &Node) -> Vec<(Option<Formula>, Vec<Step>)> {
        let Kind::List(items) = &node.kind else {
            self.wrong_kind(node, "a list of `when` and `then`");
            return Vec::new();
        };
        let mut arms = Vec::new();
        for item in items {
            let Some(mut f) = Fields::of(item, "a choice", self) else {
                continue;
            };
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

    fn wait_for(&mut self, node: &Node, step: &mut Fields<'_>) -> Action {
        let then = step.get("then").map_or_else(Vec::new, |n| self.steps(n));
        let otherwise = step
            .pair("else")
            .map(|p| (p.name_span.clone(), self.steps(&p.value)));
        let Some(mut f) = Fields::of(node, "a `wait_for`", self) else {
            return Action::Unknown(Vec::new());
        };
        f.not_yet(&["any"], self);
        let wait = WaitFor {
            event: f
                .get("event")
                .and_then(|n| self.text(n, "the name of an event")),
            condition: f.get("if").and_then(|n| self.formula(n)),
            within: f.get("within").and_then(|n| self.some_time(n)),
            bounded: f.get("within").is_some(),
            then,
            otherwise,
        };
        if ["event", "if", "any"].iter().all(|w| node.get(w).is_none()) {
            f.need(
                "event",
                "a run waits for an event, a condition (`if`), or both",
                self,
            );
        }
        f.finish(self);
        Action::WaitFor(wait)
    }

    fn split(&mut self, f: &mut Fields<'_>) -> Action {
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
                .error(crate::diagnostics::flow::WEIGHTS, self.first_line(&node.span), "no arm of this split can be taken")
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

    fn set(&mut self, node: &Node) -> Vec<(Target, Given)> {
        let Kind::Map(pairs) = &node.kind else {
            self.wrong_kind(node, "what to set, such as `{ run.code: BACK10 }`,");
            return Vec::new();
        };
        let mut set = Vec::new();
        for pair in pairs {
            // Also where something is wrong, so that naming the variable is no second error.
            let target = self.target(pair);
            let given = self
                .given(&pair.value)
                .unwrap_or(Given::Literal(Value::Null));
            set.push((target, given));
        }
        set
    }

    fn target(&mut self, pair: &Pair) -> Target {
        let word = Word {
            text: pair.name.clone(),
            span: pair.name_span.clone(),
        };
        let (root, name) = pair.name.split_once('.').unwrap_or(("", &pair.name));
        let part = Word {
            text: Arc::from(name),
            span: word.span.clone(),
        };
        match root {
            "run" if name == "key" || name == "event" => {
                self.sink
                    .error(
                        names::BAD_TARGET,
                        word.span,
                        format!("`run.{name}` cannot be set"),
                    )
                    .labelled("it comes from the event that entered")
                    .noted("choose another name for the variable");
            }
            "run" => {
                self.named(&part, "a variable of the run", false);
            }
            // Traits come from producers, who name them in their own way.
            "customer" if !name.is_empty() && !name.contains('.') => {
                return Target::Customer(part.text);
            }
            _ => self.bad_target(&word, root, name),
        }
        Target::Run(part.text)
    }

    fn bad_target(&mut self, word: &Word, root: &str, name: &str) {
        let diagnostic = self
            .sink
            .error(names::BAD_TARGET, word.span.clone(), format!("`{}` cannot be set", word.text))
            .noted("`set` sets variables of the run (`run.NAME`) and traits of the customer (`customer.NAME`)");
        if root.is_empty() && !name.is_empty() {
            diagnostic
                .labelled(format!("perhaps `run.{name}`"))
                .replaced(word.span.clone(), format!("run.{name}"));
        }
    }
}

fn article(verb: &'static str) -> &'static str {
    match verb {
        "send" => "a `send`",
        "wait" => "a `wait`",
        "wait_for" => "a `wait_for` step",
        "if" => "an `if`",
        "choose" => "a `choose`",
        "split" => "a `split`",
        "set" => "a `set`",
        _ => "an `exit`",
    }
}

fn unknown(node: &Node, verb: &Pair) -> Step {
    Step {
        id: None,
        verb: "step",
        verb_span: verb.name_span.clone(),
        action: Action::Unknown(ids(node)),
    }
}

/// Every id inside something that was reported, so that naming it is no second error.
fn ids(node: &Node) -> Vec<Word> {
    let mut found = Vec::new();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        match &node.kind {
            Kind::List(items) => open.extend(items),
            Kind::Map(pairs) => {
                for pair in pairs {
                    let names_it = ["id", "split"].contains(&&*pair.name);
                    if let Some(scalar) = pair.value.scalar().filter(|_| names_it) {
                        found.push(Word {
                            text: scalar.text.clone(),
                            span: pair.value.span.clone(),
                        });
                    }
                    open.push(&pair.value);
                }
            }
            _ => {}
        }
    }
    found
}
