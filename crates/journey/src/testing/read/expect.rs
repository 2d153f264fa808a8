//! What a test expects.

use super::{Book, nodes};
use crate::{
    diagnostics::{testing as codes, yaml},
    message::Channel,
    parse::{Fields, ast::Word},
    source::{Kind, Node},
    testing::{
        outline,
        written::{Emitted, End, Expect, List, Placed, Refused, Sent, Stop},
    },
};

impl Book<'_, '_> {
    /// `expect`.
    pub(super) fn expect(&mut self, node: &Node) -> Expect {
        let Some(mut f) = Fields::of(node, "`expect`", self.r) else {
            return Expect::default();
        };
        let expect = Expect {
            sends: f.get("sends").and_then(|n| self.list(n, Self::sent)),
            suppressed: f
                .get("suppressed")
                .and_then(|n| self.list(n, Self::refused)),
            end: f.get("end").and_then(|n| self.end(n)),
            goal: f.get("goal").and_then(|n| self.truth(n)),
            entered: f.get("entered").and_then(|n| self.truth(n)),
            path: f.get("path").and_then(|n| self.list(n, Self::stop)),
            at_step: f.get("at_step").and_then(|n| self.step(n)),
            traits: f.get("traits").map_or_else(Vec::new, |n| {
                self.values(n, "traits by name, such as `{ lapsed: true }`,")
            }),
            vars: f.get("vars").map_or_else(Vec::new, |n| {
                self.values(n, "variables by name, such as `{ code: BACK10 }`,")
            }),
            events: f.get("events").and_then(|n| self.list(n, Self::emitted)),
        };
        let expect = match f.get("set") {
            Some(node) => self.set(node, expect),
            None => expect,
        };
        if matches!(&node.kind, Kind::Map(pairs) if pairs.is_empty()) {
            self.nothing(node);
        }
        f.finish(self.r);
        expect
    }

    fn nothing(&mut self, node: &Node) {
        self.r
            .sink
            .error(codes::NOTHING_EXPECTED, node.span.clone(), "this test expects nothing")
            .labelled("it can never fail")
            .noted("say what should come of it, such as `{ sends: [hello], end: completed }`; that nothing is sent is `{ sends: [] }`");
    }

    fn truth(&mut self, node: &Node) -> Option<Placed<bool>> {
        let value = self.r.truth(node)?;
        let span = node.span.clone();
        Some(Placed { value, span })
    }

    /// A list, or one item for a list of one.
    fn list<T>(
        &mut self,
        node: &Node,
        read: impl Fn(&mut Self, &Node) -> Option<T>,
    ) -> Option<List<T>> {
        if matches!(node.kind, Kind::Bad) || node.is_empty() {
            self.r.wrong_kind(node, "a list, such as `[]`,");
            return None;
        }
        let nodes = nodes(node);
        let items: Vec<T> = nodes.iter().filter_map(|n| read(self, n)).collect();
        // A list that could only be read in part would be held against what was found, and fail.
        (items.len() == nodes.len()).then(|| List {
            span: self.list_span(node),
            items,
        })
    }

    /// A list's place: its items, or its empty brackets; only one line of it.
    fn list_span(&self, node: &Node) -> crate::source::Span {
        self.r.first_line(&node.span)
    }

    /// The targets of the step `set`: `{ run.code: BACK10, customer.lapsed: true }`.
    fn set(&mut self, node: &Node, mut expect: Expect) -> Expect {
        let names = |pair: &crate::source::Pair| {
            pair.name
                .split_once('.')
                .map(|n| (n.0.to_owned(), n.1.to_owned()))
        };
        let Kind::Map(pairs) = &node.kind else {
            self.r
                .wrong_kind(node, "what was set, such as `{ run.code: BACK10 }`,");
            return expect;
        };
        for pair in pairs {
            let Some(value) = self.value(&pair.value) else {
                continue;
            };
            let span = self.r.first_line(&pair.value.span);
            match names(pair) {
                Some((root, name)) if root == "run" => {
                    expect.vars.push((
                        Word {
                            text: name.into(),
                            span,
                        },
                        value,
                    ));
                }
                Some((root, name)) if root == "customer" => {
                    expect.traits.push((
                        Word {
                            text: name.into(),
                            span,
                        },
                        value,
                    ));
                }
                _ => drop(
                    self.r
                        .sink
                        .error(
                            yaml::UNKNOWN_VALUE,
                            pair.name_span.clone(),
                            format!("`{}` is nothing that can be set", pair.name),
                        )
                        .noted("`run.NAME` is a variable of the run, `customer.NAME` a trait"),
                ),
            }
        }
        expect
    }

    /// One reason, or a list of those of all runs.
    fn end(&mut self, node: &Node) -> Option<End> {
        if matches!(node.kind, Kind::List(_)) {
            return self.list(node, Self::exit_reason).map(End::All);
        }
        self.exit_reason(node).map(End::Last)
    }

    /// A step's id, or `{ step, channel, … }`.
    fn sent(&mut self, node: &Node) -> Option<Sent> {
        if !matches!(node.kind, Kind::Map(_)) {
            let step = self.sending_step(node)?;
            return Some(bare(step));
        }
        let mut f = Fields::of(node, "an expected message", self.r)?;
        let step = f
            .need("step", "it says which step sends: `step: hello`", self.r)
            .and_then(|n| self.sending_step(n));
        let channel = f.get("channel").and_then(|n| self.channel(n));
        let template = f
            .get("template")
            .and_then(|n| self.r.text(n, "the name of a template"));
        let when = self.when(&mut f);
        let subject = f.get("subject").and_then(|n| self.r.text(n, "a subject"));
        let contains = f.get("contains").map_or_else(Vec::new, |n| self.texts(n));
        let lacks = f.get("lacks").map_or_else(Vec::new, |n| self.texts(n));
        let with = f.get("with").map_or_else(Vec::new, |n| {
            self.values(n, "values by name, such as `{ code: BACK10 }`,")
        });
        f.finish(self.r);
        let step = step?;
        if let Some(channel) = &channel {
            self.channel_of(&step, channel.value, &channel.span);
        }
        if let Some(template) = &template {
            self.template_of(&step, template);
        }
        Some(Sent {
            step,
            channel,
            template,
            when,
            subject,
            contains,
            lacks,
            with,
        })
    }

    fn channel(&mut self, node: &Node) -> Option<Placed<Channel>> {
        let value = self.r.channel(node)?;
        let span = node.span.clone();
        Some(Placed { value, span })
    }

    fn texts(&mut self, node: &Node) -> Vec<Word> {
        nodes(node)
            .iter()
            .filter_map(|n| self.r.text(n, "a text"))
            .collect()
    }

    fn template_of(&mut self, step: &Word, template: &Word) {
        let known = self.known;
        let node = known.machine.and_then(|m| outline::find(m, &step.text));
        let Some(send) = node.and_then(outline::message) else {
            return;
        };
        if send.template != template.text {
            self.contradiction(
                &template.span,
                format!(
                    "`{}` never sends the template `{}`",
                    step.text, template.text
                ),
            )
            .noted(format!("its template is `{}`", send.template));
        }
    }

    /// A step's id, or `{ step, reason, rule, channel }`.
    fn refused(&mut self, node: &Node) -> Option<Refused> {
        if !matches!(node.kind, Kind::Map(_)) {
            let step = self.sending_step(node)?;
            return Some(Refused {
                step,
                reason: None,
                rule: None,
                channel: None,
            });
        }
        let mut f = Fields::of(node, "a message that does not leave", self.r)?;
        let step = f
            .need("step", "it says whose message it is: `step: hello`", self.r)
            .and_then(|n| self.sending_step(n));
        let reason = f.get("reason").and_then(|n| {
            let value = self.refusal(n)?;
            let span = n.span.clone();
            Some(Placed { value, span })
        });
        let rule = f.get("rule").and_then(|n| self.rule(n));
        let channel = f.get("channel").and_then(|n| self.channel(n));
        f.finish(self.r);
        let step = step?;
        if let Some(channel) = &channel {
            self.channel_of(&step, channel.value, &channel.span);
        }
        if let (Some((word, Some(by))), Some(reason)) = (&rule, &reason)
            && *by != reason.value
        {
            self.contradiction(
                &word.span,
                format!(
                    "the rule `{}` never refuses with `{}`",
                    word.text, reason.value
                ),
            )
            .noted(format!("it refuses with `{by}`"));
        }
        Some(Refused {
            step,
            reason,
            rule: rule.map(|r| r.0),
            channel,
        })
    }

    /// A step's id, or `{ STEP: BRANCH }`.
    fn stop(&mut self, node: &Node) -> Option<Stop> {
        let Kind::Map(pairs) = &node.kind else {
            let step = self.step(node)?;
            return Some(Stop { step, branch: None });
        };
        let [pair] = pairs.as_slice() else {
            self.r.wrong_kind(
                node,
                "a step, or a step and the branch taken, such as `offer: reminder`,",
            );
            return None;
        };
        let step = Word {
            text: pair.name.clone(),
            span: pair.name_span.clone(),
        };
        let branch = self.r.text(&pair.value, "the name of a branch")?;
        if let Some(found) = self.known_step(&step) {
            let branches = outline::branches(found);
            self.branch_of(&step, &branch, branches.iter().map(|b| &*b.0));
        }
        Some(Stop {
            step,
            branch: Some(branch),
        })
    }

    fn branch_of<'n>(
        &mut self,
        step: &Word,
        branch: &Word,
        names: impl Iterator<Item = &'n str> + Clone,
    ) {
        if names.clone().any(|n| n == &*branch.text) {
            return;
        }
        self.r
            .sink
            .error(
                codes::NO_ARM,
                branch.span.clone(),
                format!("the step `{}` has no branch `{}`", step.text, branch.text),
            )
            .guessed(&branch.text, names.clone())
            .noted(format!("its branches: {}", super::listed(names)));
    }

    /// An event's name, or `{ event, with }`.
    fn emitted(&mut self, node: &Node) -> Option<Emitted> {
        if !matches!(node.kind, Kind::Map(_)) {
            let name = self.r.text(node, "the name of an event")?;
            return Some(Emitted {
                name,
                with: Vec::new(),
            });
        }
        let mut f = Fields::of(node, "an event of the journey's own", self.r)?;
        let name = f
            .need("event", "it says which event the journey emits", self.r)
            .and_then(|n| self.r.text(n, "the name of an event"));
        let with = f.get("with").map_or_else(Vec::new, |n| {
            self.values(n, "the event's fields, such as `{ total: 50 }`,")
        });
        f.finish(self.r);
        Some(Emitted { name: name?, with })
    }
}

fn bare(step: Word) -> Sent {
    Sent {
        step,
        channel: None,
        template: None,
        when: None,
        subject: None,
        contains: Vec::new(),
        lacks: Vec::new(),
        with: Vec::new(),
    }
}
