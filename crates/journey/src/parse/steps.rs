//! Steps: one verb each (rule 4).

use std::sync::Arc;

use super::{
    Fields, Reader,
    ast::{Action, Given, Step, Word},
    strayed,
};
use crate::{
    diagnostics::{names, yaml},
    machine::Target,
    source::{Kind, Node, Pair, Span},
    value::Value,
};

pub(super) const VERBS: [&str; 16] = [
    "send",
    "ask",
    "wait",
    "wait_for",
    "if",
    "choose",
    "split",
    "repeat",
    "set",
    "emit",
    "call",
    "hand_over",
    "start",
    "stop",
    "use",
    "exit",
];

impl Reader<'_> {
    /// A list of steps.
    pub(crate) fn steps(&mut self, node: &Node) -> Vec<Step> {
        match &node.kind {
            Kind::List(items) => strayed::rejoined(items, self)
                .iter()
                .filter_map(|n| self.step(n))
                .collect(),
            Kind::Map(pairs) if pairs.iter().any(|p| VERBS.contains(&&*p.name)) => {
                self.one_step(node);
                self.step(node).into_iter().collect()
            }
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
        let found: Vec<&Pair> = pairs.iter().filter(|p| VERBS.contains(&&*p.name)).collect();
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
        let Some(pairs) = strayed::inside(pairs, verb, self) else {
            return self.known_step(node, verb);
        };
        let verb = pairs.iter().find(|p| p.name == verb.name)?.clone();
        let node = Node {
            span: node.span.clone(),
            kind: Kind::Map(pairs),
        };
        self.known_step(&node, &verb)
    }

    fn known_step(&mut self, node: &Node, pair: &Pair) -> Option<Step> {
        let verb = VERBS.into_iter().find(|v| *v == &*pair.name)?;
        let mut f = Fields::of(node, article(verb), self)?;
        f.get(verb);
        let mut id = f.get("id").and_then(|n| self.name(n, "an id"));
        let value = &pair.value;
        let action = match verb {
            "send" => Action::Send(Box::new(self.send(value, &mut f))),
            "ask" => self.ask(value, &mut f),
            "wait" => self
                .wait(value)
                .map_or_else(|| Action::Unknown(Vec::new()), Action::Wait),
            "wait_for" => self.wait_for(value, &mut f),
            "if" => self.branch(value, &mut f),
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
            "repeat" => self.repeat(value),
            "set" => Action::Set(self.set(value)),
            "emit" => {
                let event = self.text(value, "the name of an event");
                Action::Emit(event, self.passed_on(&mut f))
            }
            "call" => Action::Call(Box::new(self.call(value, &mut f, false))),
            "hand_over" => Action::HandOver(Box::new(self.call(value, &mut f, true))),
            "start" => {
                let journey = self.text(value, "the name of a journey");
                Action::Start(journey, self.passed_on(&mut f))
            }
            "stop" => Action::Stop(self.text(value, "the name of a journey")),
            "use" => {
                let (action, named) = self.use_fragment(value, &mut f);
                id = id.or(named);
                action
            }
            _ => self.exit_step(value),
        };
        f.finish(self);
        Some(Step {
            id,
            verb,
            verb_span: pair.name_span.clone(),
            action,
        })
    }

    fn exit_step(&mut self, value: &Node) -> Action {
        if matches!(value.kind, Kind::Map(_)) {
            let span = self.first_line(&value.span);
            self.sink
                .error(yaml::WRONG_KIND, span, "a reason should stand here")
                .labelled("as a step, `exit` leaves at once")
                .noted("what ends the journey at any moment stands at its head: `exit: { event: order.placed }` beside `enter`; to wait for it here, write `wait_for: { event: order.placed, within: 2d }`");
            return Action::Unknown(Vec::new());
        }
        match self.name(value, "a reason") {
            Some(reason) => Action::Exit(Some(reason)),
            // Reported: what stands behind it is not to blame.
            None => Action::Exit(None),
        }
    }

    /// The fields behind `with`, where they become an event.
    fn passed_on(&mut self, f: &mut Fields<'_>) -> Option<Given> {
        let node = f.get("with")?;
        match &node.kind {
            Kind::Map(_) | Kind::Bad => self.given(node),
            _ => {
                self.wrong_kind(node, "named values, such as `{ score: run.score }`,");
                None
            }
        }
    }

    fn set(&mut self, node: &Node) -> Vec<(Target, Given, Span)> {
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
            set.push((target, given, pair.value.span.clone()));
        }
        set
    }

    fn target(&mut self, pair: &Pair) -> Target {
        self.target_of(&Word {
            text: pair.name.clone(),
            span: pair.name_span.clone(),
        })
    }

    /// `run.NAME` or `customer.NAME`.
    pub(super) fn target_of(&mut self, word: &Word) -> Target {
        let (root, name) = word.text.split_once('.').unwrap_or(("", &word.text));
        let part = Word {
            text: Arc::from(name),
            span: word.span.clone(),
        };
        match root {
            "run" if name == "key" || name == "event" => {
                self.sink
                    .error(
                        names::BAD_TARGET,
                        word.span.clone(),
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
            _ => self.bad_target(word, name),
        }
        Target::Run(part.text)
    }

    fn bad_target(&mut self, word: &Word, name: &str) {
        let diagnostic = self
            .sink
            .error(names::BAD_TARGET, word.span.clone(), format!("`{}` cannot be set", word.text))
            .noted("`set` sets variables of the run (`run.NAME`) and traits of the customer (`customer.NAME`)");
        // `event.gift`, `runs.gift`: what can be set is called by its last name.
        let name = name.rsplit('.').next().unwrap_or_default();
        if is_name(name) {
            diagnostic
                .labelled(format!("perhaps `run.{name}`"))
                .replaced(word.span.clone(), format!("run.{name}"));
        }
    }
}

/// Whether a text has the form of a variable's name.
fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(allowed)
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
        "ask" => "an `ask`",
        "repeat" => "a `repeat` step",
        "emit" => "an `emit`",
        "call" => "a `call`",
        "hand_over" => "a `hand_over`",
        "start" => "a `start`",
        "stop" => "a `stop`",
        "use" => "a `use`",
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
pub(super) fn ids(node: &Node) -> Vec<Word> {
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
