//! Expectations that exclude each other, or what the journey can do.

use super::Book;
use crate::{
    message::Channel,
    parse::ast::Word,
    source::{Node, Span},
    testing::{
        outline,
        written::{End, Expect, Fails, Sent, Test},
    },
};

impl Book<'_, '_> {
    pub(super) fn no_contradiction(&mut self, test: &Test, node: &Node) {
        let expect = &test.expect;
        self.not_entered(expect, node);
        self.left_and_there(expect);
        self.goal(expect);
        for sent in expect.sends.iter().flat_map(|l| &l.items) {
            self.arrives(sent, &test.fails);
            self.has_a_subject(sent);
        }
    }

    /// Who never enters does nothing.
    fn not_entered(&mut self, expect: &Expect, node: &Node) {
        let Some(entered) = expect.entered.as_ref().filter(|e| !e.value) else {
            return;
        };
        let is_some = |word: &str| match word {
            "sends" => expect.sends.as_ref().is_some_and(|l| !l.items.is_empty()),
            "suppressed" => expect
                .suppressed
                .as_ref()
                .is_some_and(|l| !l.items.is_empty()),
            "path" => expect.path.as_ref().is_some_and(|l| !l.items.is_empty()),
            "events" => expect.events.as_ref().is_some_and(|l| !l.items.is_empty()),
            "end" => match &expect.end {
                Some(End::All(list)) => !list.items.is_empty(),
                end => end.is_some(),
            },
            "goal" => expect.goal.as_ref().is_some_and(|g| g.value),
            _ => expect.at_step.is_some(),
        };
        for word in [
            "sends",
            "suppressed",
            "path",
            "events",
            "end",
            "goal",
            "at_step",
        ] {
            if let Some(value) = node.get(word).filter(|_| is_some(word)) {
                let span = self.r.first_line(&value.span);
                self.contradiction(&span, format!("`{word}` needs a customer who enters"))
                    .shown(entered.span.clone(), "nobody enters");
                return;
            }
        }
    }

    fn left_and_there(&mut self, expect: &Expect) {
        if let (Some(End::Last(end)), Some(step)) = (&expect.end, &expect.at_step) {
            self.contradiction(&step.span, "a customer who has left stands at no step")
                .shown(end.span.clone(), "has left")
                .noted("keep `end`, or `at_step`; where one run has left and another goes on, write `end` as a list");
        }
    }

    fn goal(&mut self, expect: &Expect) {
        let no_goal = self.known.machine.is_some_and(|m| !outline::has_goal(m));
        if let Some(goal) = expect.goal.as_ref().filter(|g| g.value && no_goal) {
            self.contradiction(&goal.span, "this journey has no goal to reach")
                .noted("a goal is declared at the head of the journey: `goal: { event: order.placed, within: 14d }`, or by an exit `as: goal`");
        }
    }

    /// A message that the provider refuses on every channel cannot be sent.
    fn arrives(&mut self, sent: &Sent, fails: &[Fails]) {
        let of_step: Vec<&Fails> = fails.iter().filter(|f| f.step == sent.step.text).collect();
        let fails_by = |c: Channel| of_step.iter().any(|f| f.channel.is_none_or(|f| f == c));
        let channels = match &sent.channel {
            Some(channel) => vec![channel.value],
            None => self.channels(&sent.step),
        };
        if !channels.is_empty() && channels.into_iter().all(fails_by) {
            self.contradiction(&sent.step.span, format!("`{}` fails in this test", sent.step.text))
                .noted("`fails` says that the provider refuses it; a message that failed is listed under `suppressed`, with `reason: failed`");
        }
    }

    fn channels(&self, step: &Word) -> Vec<Channel> {
        let node = self
            .known
            .machine
            .and_then(|m| outline::find(m, &step.text));
        node.and_then(outline::message)
            .map_or_else(Vec::new, |s| s.channels.clone())
    }

    fn has_a_subject(&mut self, sent: &Sent) {
        let Some(subject) = &sent.subject else {
            return;
        };
        let channels = match &sent.channel {
            Some(channel) => vec![channel.value],
            None => self.channels(&sent.step),
        };
        let titled = |c: &Channel| matches!(c, Channel::Email | Channel::Push);
        if !channels.is_empty() && !channels.iter().any(titled) {
            let span: Span = subject.span.clone();
            self.contradiction(&span, "such a message has no subject")
                .noted("a mail has a subject and a push notification a title; use `contains` for the others");
        }
    }
}
